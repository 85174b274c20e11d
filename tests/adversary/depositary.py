"""A dishonest depositary: it holds the server's key, stands between an office
and two daemons that were forked from one data folder, and answers each request
as a plan says.

A plan is a function of a Request; it returns "A" or "B", the daemon to which
the request goes and whose answer is given.
"""
import http.client
import http.server
import socketserver
import ssl
import threading


class Answer:
    def __init__(self, status, body, headers=()):
        self.status, self.body, self.headers = status, body, list(headers)

    def header(self, name):
        for key, value in self.headers:
            if key.lower() == name.lower():
                return value
        return None


class Request:
    """One request of the office; number counts from 1 for each plan."""

    def __init__(self, depositary, number, method, path, headers, body):
        self.depositary, self.number = depositary, number
        self.method, self.path = method, path
        self.headers, self.body = headers, body

    def forward(self, which, method=None, path=None, body=None, headers=None):
        return self.depositary.ask(
            which, method or self.method, path or self.path,
            self.headers if headers is None else headers,
            self.body if body is None and method is None else body)


class Depositary:
    """DIR has certs/ and offices/, as tests/lib/office.sh makes them; ports
    are those of the daemons A and B."""

    def __init__(self, folder, office, ports):
        self.folder, self.office, self.ports = folder, office, ports
        self.plan = lambda request: "A"
        self.number = 0
        self.log = []
        self.lock = threading.Lock()
        handler = type("Bound", (Handler,), {"depositary": self})
        self.server = Server(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(f"{folder}/certs/server.pem",
                                f"{folder}/data/server/server.key")
        for ca in ("mofa", "iom"):
            context.load_verify_locations(f"{folder}/certs/{ca}-ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self.server.tls = context
        threading.Thread(target=self.server.serve_forever,
                         kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def begin(self, plan):
        """Answer by this plan from now on."""
        with self.lock:
            self.plan, self.number, self.log = plan, 0, []

    def ask(self, which, method, path, headers=(), body=None):
        """A daemon asks for a client's certificate; the office's own will do
        (a depositary's own program would not need it)."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        person = f"{self.folder}/offices/{self.office}"
        context.load_cert_chain(f"{person}/cert.pem", f"{person}/key.pem")
        line = http.client.HTTPSConnection("127.0.0.1", self.ports[which],
                                           context=context, timeout=30)
        line.request(method, path, body=body, headers=dict(headers))
        got = line.getresponse()
        answer = Answer(got.status, got.read(), got.getheaders())
        line.close()
        return answer


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    tls = None

    def finish_request(self, request, client_address):
        request.settimeout(30)
        try:
            with self.tls.wrap_socket(request, server_side=True) as line:
                super().finish_request(line, client_address)
        except (OSError, ssl.SSLError):
            pass  # the office went away


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    depositary = None
    DROPPED = ("host", "connection", "content-length", "transfer-encoding",
               "expect")

    def log_message(self, *args):
        pass

    def read_body(self):
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            body = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return body
        length = int(self.headers.get("Content-Length") or 0)
        return self.rfile.read(length) if length else None

    def answer(self):
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        body = self.read_body()
        headers = {key: value for key, value in self.headers.items()
                   if key.lower() not in self.DROPPED}
        depositary = self.depositary
        with depositary.lock:
            depositary.number += 1
            request = Request(depositary, depositary.number, self.command,
                              self.path, headers, body)
            plan = depositary.plan
        what = plan(request)
        depositary.log.append((request.number, self.command, self.path, what))
        answer = request.forward(what)
        self.send_response_only(answer.status)
        for key, value in answer.headers:
            if key.lower() not in self.DROPPED:
                self.send_header(key, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_HEAD = do_PATCH = do_DELETE = answer
    do_OPTIONS = answer
