#!/usr/bin/env python3
"""flood.py - connections without end, as somebody makes them who means harm.

    flood.py HOW FROM PORT SECONDS [CERT KEY]

It connects from the loopback address FROM to PORT of 127.0.0.1, for so many
seconds, and prints "flooding" once the flood is there.  HOW is one of

    silent    connections that say nothing, 14,000 if there may be as many files;
              who is cut off comes again
    hello     as silent, 2,000 that send a ClientHello, and then nothing
    part      as silent, with half of a ClientHello
    whole     handshakes with the certificate CERT, one after the other on each
              of 16 threads; so whether it is accepted decides what they are
    hold      as whole, and each connection is kept: until none comes any more
    streams   as hold, and on each of them a stream of events is asked for
"""
import os
import resource
import socket
import ssl
import sys
import threading
import time

HOW, FROM, PORT, SECONDS = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
END = time.time() + SECONDS


def flooding():
    print("flooding", flush=True)


def client_hello():
    """The bytes of a ClientHello."""
    out = ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    try:
        context.wrap_bio(ssl.MemoryBIO(), out).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


def begin():
    s = socket.socket()
    s.setblocking(False)
    s.bind((FROM, 0))
    try:
        s.connect(("127.0.0.1", PORT))
    except BlockingIOError:
        pass
    return s


def half_open(wanted, say):
    fresh, open_ = [], []
    told = False
    while time.time() < END:
        for _ in range(min(500, wanted - len(open_) - len(fresh))):
            try:
                fresh.append(begin())
            except OSError:
                break
        waiting = []
        for s in fresh:
            try:
                if say:
                    s.send(say)
                open_.append(s)
            except BlockingIOError:
                waiting.append(s)
            except OSError:
                s.close()
        fresh, alive = waiting, []
        for s in open_:
            try:
                if s.recv(4096) == b"":
                    s.close()
                    continue
            except BlockingIOError:
                pass
            except OSError:
                s.close()
                continue
            alive.append(s)
        # All are there, or some had to go.
        if not told and (len(open_) >= wanted or len(alive) < len(open_)):
            told = True
            flooding()
        open_ = alive


def context():
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname = False
    c.verify_mode = ssl.CERT_NONE
    c.load_cert_chain(sys.argv[5], sys.argv[6])
    return c


def connect(c):
    s = socket.create_connection(("127.0.0.1", PORT), timeout=20, source_address=(FROM, 0))
    return c.wrap_socket(s)


def whole():
    c = context()

    def run():
        while time.time() < END:
            try:
                s = connect(c)
                s.recv(1) if "stranger" in sys.argv[5] else None
                s.close()
            except OSError:
                pass
    threads = [threading.Thread(target=run, daemon=True) for _ in range(16)]
    for t in threads:
        t.start()
    time.sleep(1)
    flooding()
    time.sleep(max(0, END - time.time()))


def hold(streams):
    """Connections until one is answered 429; it is told what each was told."""
    c, kept, statuses = context(), [], {}
    lock = threading.Lock()
    full = threading.Event()

    def run():
        while not full.is_set() and time.time() < END:
            try:
                s = connect(c)
                path = b"/v1/events" if streams else b"/health"
                s.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n\r\n")
                head = s.recv(4096)
                status = head.split(b" ")[1].decode() if head else "none"
            except OSError:
                status = "none"
            with lock:
                statuses[status] = statuses.get(status, 0) + 1
                kept.append(s)
            if status in ("429", "503"):
                print(head.decode(errors="replace"))
                full.set()
    threads = [threading.Thread(target=run, daemon=True) for _ in range(16)]
    for t in threads:
        t.start()
    full.wait(SECONDS)
    for t in threads:
        t.join()
    print(statuses)
    flooding()
    time.sleep(max(0, END - time.time()))


if HOW in ("silent", "hello", "part"):
    hello = client_hello()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    half_open(2000 if HOW == "hello" else min(14000, hard - 64),
              b"" if HOW == "silent" else hello if HOW == "hello" else hello[:100])
elif HOW == "whole":
    whole()
else:
    hold(HOW == "streams")
os._exit(0)
