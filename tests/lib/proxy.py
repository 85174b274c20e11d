"""proxy.py - an HTTP proxy for tests.

	proxy.py PORT TARGET-PORT LOG [status=N] [auth=NAME:PASSWORD] [file=F]

Whatever host CONNECT names, it connects to TARGET-PORT of this machine.  A GET
of a plain address is answered with the file.  The log has each request's first
line, and "ready" once it listens.
"""
import base64
import select
import socket
import sys
import threading

port, target, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
options = dict(one.split("=", 1) for one in sys.argv[4:])
lock = threading.Lock()


def log(line):
    with lock, open(path, "a") as file:
        file.write(line + "\n")


def head_of(conn):
    head = b""
    while b"\r\n\r\n" not in head:
        piece = conn.recv(65536)
        if not piece:
            return ""
        head += piece
    return head.decode("latin-1")


def carry(one, other):
    while True:
        for end in select.select([one, other], [], [])[0]:
            piece = end.recv(65536)
            if not piece:
                return
            (other if end is one else one).sendall(piece)


def serve(conn):
    while True:
        head = head_of(conn)
        if not head:
            return
        log(head.split("\r\n")[0])
        if "auth" in options:
            word = base64.b64encode(options["auth"].encode()).decode()
            if "Proxy-Authorization: Basic " + word not in head:
                conn.sendall(b"HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n"
                             b"Proxy-Authenticate: Basic realm=\"x\"\r\n\r\n")
                continue
        if "status" in options:
            conn.sendall(("HTTP/1.1 %s No\r\nContent-Length: 0\r\n\r\n" %
                          options["status"]).encode())
            continue
        if head.startswith("CONNECT "):
            far = socket.create_connection(("127.0.0.1", target))
            conn.sendall(b"HTTP/1.1 200 Yes\r\n\r\n")
            carry(conn, far)
            far.close()
            return
        with open(options["file"], "rb") as file:
            body = file.read()
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" %
                     len(body) + body)


def take(conn):
    try:
        serve(conn)
    except OSError:
        pass
    conn.close()


listener = socket.create_server(("127.0.0.1", port))
log("ready")
while True:
    threading.Thread(target=take, args=(listener.accept()[0],),
                     daemon=True).start()
