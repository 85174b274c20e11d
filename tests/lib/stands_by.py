"""stands_by.py - a daemon that stands by, for tests: by TLS it answers 503 with
STANDS_BY to whatever is asked.

	stands_by.py PORT CERTIFICATE KEY LOG [hangs]

hangs: it answers no handshake instead.  The log has each request's first line,
and "ready" once it listens.
"""
import json
import socket
import ssl
import sys
import threading

port, certificate, key, path = sys.argv[1:5]
lock = threading.Lock()
body = json.dumps({
    "type": "about:blank", "title": "Not available", "status": 503,
    "code": "STANDS_BY", "exit": 6, "detail": "this daemon stands by: another"
    " one answers"}).encode()


def log(line):
    with lock, open(path, "a") as file:
        file.write(line + "\n")


def serve(tls, conn):
    try:
        conn = tls.wrap_socket(conn, server_side=True)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = conn.recv(65536)
            if not piece:
                return
            head += piece
        line = head.split(b"\r\n")[0].decode("latin-1")
        log(line)
        answer = ("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
                  "Content-Type: application/problem+json\r\n"
                  "Content-Length: %d\r\n\r\n" % len(body)).encode()
        if not line.startswith("HEAD "):
            answer += body
        conn.sendall(answer)
        # What is sent after that is read, so that the answer arrives.
        conn.settimeout(5)
        while conn.recv(65536):
            pass
    except OSError:
        pass
    finally:
        conn.close()


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(port)))
listener.listen(64)
log("ready")
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.minimum_version = ssl.TLSVersion.TLSv1_3
tls.load_cert_chain(certificate, key)
held = []
while True:
    conn, _ = listener.accept()
    if "hangs" in sys.argv:
        held.append(conn)
    else:
        threading.Thread(target=serve, args=(tls, conn), daemon=True).start()
