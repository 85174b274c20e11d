#!/usr/bin/env python3
"""What each role learns of a document that it may not read: asks for each route of
the daemon twice, once about a document that exists and once about one that does not.

    roles.py DIR ROUTES TABLE

DIR has url, offices/ROLE/{ca,cert,key}.pem, and facts, made by
tests/scenario/043-roles.sh: NAME VALUE a line.  ROUTES has the daemon's table, METHOD
PATH a line.  The table that is written is that of docs/security.md.  Each line that is
printed is a role that can tell the two apart; there should be none.
"""
import base64
import http.client
import re
import ssl
import statistics
import sys
import time
import urllib.parse

top, routes_file, table_file = sys.argv[1:]
host = urllib.parse.urlsplit(open(top + "/url").read().strip())
facts = dict(line.split(" ", 1) for line in open(top + "/facts").read().splitlines())

# In the order of the table; the last is the depositary's own office, which makes what
# the others may not read.  (role, its word in the table, may it read the document?)
ROLES = [
    ("nobody", "no certificate", False),
    ("stranger", "unknown CA", False),
    ("officeless", "of no office", False),
    ("monitor", "monitor", False),
    ("iom-bangkok", "reads other types", False),
    ("iom-geneva", "reader", True),
    ("iom-vientiane", "depositor", True),
    ("iom-chief-of-mission", "signatory", True),
    ("mofa", "depositary's own", True),
]
SECRET, ABSENT = "note-verbale/one", "note-verbale/none"
NONE64 = "0" * 64


class Refused(Exception):
    """There was no connection."""


class Client:
    def __init__(self, role):
        self.role = role
        self.line = None

    def connect(self):
        here = "%s/offices/%s/" % (top, self.role)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.minimum_version = ssl.TLSVersion.TLSv1_3
        tls.load_verify_locations(top + "/certs/mofa-ca.pem")
        if self.role != "nobody":
            tls.load_cert_chain(here + "cert.pem", here + "key.pem")
        return http.client.HTTPSConnection(host.hostname, host.port, context=tls, timeout=20)

    def ask(self, method, path, body=None, headers=None):
        """Status, fields and body.  TLS 1.3 refuses a certificate at the first read."""
        for fresh in (False, True):
            if self.line is None or fresh:
                self.line = self.connect()
            try:
                self.line.request(method, path, body=body, headers=headers or {})
                sock = self.line.sock
                answer = self.line.getresponse()
                if answer.getheader("Content-Type", "").startswith("text/event-stream"):
                    sock.settimeout(2)
                    return answer.status, {}, self.stream(answer)
                return answer.status, dict(answer.getheaders()), answer.read()
            except (ssl.SSLError, OSError, http.client.HTTPException):
                self.line = None
        raise Refused

    def stream(self, answer):
        """The events of all that is there; then the connection is given up."""
        text = b""
        try:
            while True:
                piece = answer.read1(65536)
                if not piece:
                    break
                text += piece
        except OSError:
            pass
        self.line = None
        return text


clients = {role: Client(role) for role, _, _ in ROLES}


def size():
    """How many entries there are, but for those that the daemon makes a minute later."""
    text = clients["mofa"].ask("GET", "/v1/journal/entries?proof=none")[2].decode()
    return text.count('{\\"act\\":') - text.count('{\\"act\\":\\"deliveries\\"')


def pkt(line):
    return b"%04x" % (len(line) + 4) + line


def fetch(oid):
    return pkt(b"command=fetch") + b"0001" + pkt(b"want %s\n" % oid.encode()) + pkt(b"done\n") + b"0000"


V2 = {"Git-Protocol": "version=2", "Content-Type": "application/x-git-upload-pack-request"}
TUS = {"Tus-Resumable": "1.0.0"}
PART = dict(TUS, **{"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})


def documents(tail, body=None, headers=None):
    return [("/v1/documents/%s%s" % (name, tail), body, headers) for name in (SECRET, ABSENT)]


def same(path, body=None, headers=None):
    """A question that names no document: what is shown tells."""
    return [(path, body, headers)]


# For each route, what is asked: about what exists, then about what does not.
ASKED = {
    "PUT v1/documents/*/*/versions/*": documents("/versions/1", b"x"),
    "POST v1/documents/*/*/versions/*/signatures": documents("/versions/1/signatures", b"x"),
    "POST v1/documents/*/*/termination": documents("/termination", b"x"),
    "GET /": same("/"),
    "GET v1/documents": same("/v1/documents"),
    "GET v1/documents/*/*": documents(""),
    "GET v1/documents/*/*/versions/*": documents("/versions/1"),
    "GET v1/documents/*/*/versions/*/version.yaml": documents("/versions/1/version.yaml"),
    "GET v1/journal/entries": same("/v1/journal/entries"),
    "GET v1/journal/entries/*/receipt": [
        ("/v1/journal/entries/%s/receipt" % facts["entry"], None, None),
        ("/v1/journal/entries/4711/receipt", None, None)],
    "GET v1/journal/checkpoint": same("/v1/journal/checkpoint"),
    "GET v1/journal/keys/*": same("/v1/journal/keys/00000000"),
    "GET v1/journal/tile/**": [
        ("/v1/journal/tile/entries/000.p/%s" % facts["size"], None, None),
        ("/v1/journal/tile/entries/001", None, None)],
    "POST v1/journal/add-cosignature": same("/v1/journal/add-cosignature", b"x"),
    "GET v1/policy": same("/v1/policy"),
    "GET v1/policy/*": same("/v1/policy/" + facts["policy"]),
    "GET v1/crls/*": same("/v1/crls/latest"),
    "POST v1/crls": same("/v1/crls", b"x"),
    "POST v1/bags": same("/v1/bags", b"x"),
    "GET v1/events": same("/v1/events?from=0"),
    "OPTIONS v1/uploads": same("/v1/uploads"),
    "POST v1/uploads": same("/v1/uploads", b"", dict(TUS, **{"Upload-Length": "5"})),
    "GET v1/uploads/*": [("/v1/uploads/" + facts["upload"], None, TUS), ("/v1/uploads/" + "0" * 32, None, TUS)],
    "PATCH v1/uploads/*": [("/v1/uploads/" + facts["upload"], b"x", PART), ("/v1/uploads/" + "0" * 32, b"x", PART)],
    "DELETE v1/uploads/*": [("/v1/uploads/" + facts["upload"], None, TUS), ("/v1/uploads/" + "0" * 32, None, TUS)],
    "GET git/info/refs": same("/git/info/refs?service=git-upload-pack"),
    "POST git/git-upload-pack": [
        ("/git/git-upload-pack", fetch(facts["commit"]), V2),
        ("/git/git-upload-pack", fetch("0123456789" * 4), V2)],
    "GET v1/packs/*": [("/v1/packs/" + facts["pack"], None, None), ("/v1/packs/" + "0" * 32, None, None)],
    "GET health": same("/health"),
    "GET metrics": same("/metrics"),
}
# Asked beside the routes, of one filter, cursor or condition each: only those may differ
# who may read the document.
BESIDE = [
    ("GET", ["/v1/documents?document=" + name.replace("/", "%2F") for name in (SECRET, ABSENT)], {}),
    ("GET", ["/v1/journal/entries?document=" + name.replace("/", "%2F") for name in (SECRET, ABSENT)], {}),
    ("GET", ["/v1/documents/%s/versions/latest" % name for name in (SECRET, ABSENT)], {}),
    ("GET", ["/v1/documents/%s/versions/in-force" % name for name in (SECRET, ABSENT)], {}),
    ("GET", ["/v1/documents/%s/versions/latest/version.yaml" % name for name in (SECRET, ABSENT)], {}),
    ("GET", ["/v1/documents/%s/versions/2" % name for name in (SECRET, ABSENT)], {}),
    ("HEAD", ["/v1/documents/%s/versions/1" % name for name in (SECRET, ABSENT)], {}),
    ("GET", ["/v1/documents/%s/versions/1" % name for name in (SECRET, ABSENT)], {"Range": "bytes=0-9"}),
    ("GET", ["/v1/documents/%s/versions/1" % name for name in (SECRET, ABSENT)], {"If-None-Match": "*"}),
    ("PUT", ["/v1/documents/%s/versions/1?upload=%s" % (name, "0" * 32) for name in (SECRET, ABSENT)], {}),
    ("PUT", ["/v1/documents/%s/versions/1?bag=%s" % (name, NONE64) for name in (SECRET, ABSENT)], {}),
    ("DELETE", ["/v1/documents/%s" % name for name in (SECRET, ABSENT)], {}),
    ("GET", ["/v1/documents/%s/x" % name for name in (SECRET, ABSENT)], {}),
]


def plain(answer):
    """An answer without what stands in the question, and what is in no two answers alike."""
    status, fields, body = answer
    text = body.decode("latin-1")
    for word in (SECRET, ABSENT, SECRET.replace("/", "%2F"), ABSENT.replace("/", "%2F"), facts["upload"], "0" * 32, facts["pack"], facts["commit"], "0123456789" * 4):
        text = text.replace(word, "IT")
    text = re.sub(r'"request":"[^"]*"', "", text)
    text = re.sub(r"entry (%s|4711) " % facts["entry"], "entry IT ", text)
    kept = sorted((name, value) for name, value in fields.items()
                  if name not in ("Date", "Content-Length", "Request-Id", "Upload-Expires", "Location"))
    return status, kept, text


def shows(body, asked=b""):
    """Does it tell of the document what was not in the question, or of one like it?"""
    return any(word.encode() in body and word.encode() not in asked
               for word in (facts["unasked"], facts["digest"], facts["commit"], facts["title"]))


problems = []


def tell(role, route, what):
    problems.append("%s, %s: %s" % (role, route, what))


def cell(role, route, may_read):
    """One word or two of the table."""
    method = route.split(" ")[0]
    told, grown = [], []
    try:
        for path, body, headers in ASKED[route]:
            before = size()
            answer = clients[role].ask(method, path, body, headers)
            told.append((answer, path, body))
            grown.append(size() - before)
    except Refused:
        return "–"
    statuses = [str(answer[0]) for answer, _, _ in told]
    text = " / ".join(dict.fromkeys(statuses))
    answers = [plain(answer) for answer, _, _ in told]
    if len(told) == 2 and not may_read:
        if answers[0] != answers[1]:
            tell(role, route, "one that exists and one that does not: %r, %r" % (answers[0], answers[1]))
        if grown[0] != grown[1]:
            tell(role, route, "%d entries, and %d" % tuple(grown))
    if any(shows(answer[2], path.encode() + (body or b"")) for answer, path, body in told):
        text += " shown"
        if not may_read:
            tell(role, route, "it shows the document")
    if grown[0] > 0 and told[0][0][0] == 403:
        text += " e"
    return text


def beside(role, may_read):
    for method, paths, headers in BESIDE:
        try:
            answers = [plain(clients[role].ask(method, path, b"" if method == "PUT" else None, headers))
                       for path in paths]
        except Refused:
            return
        if "entries?" in paths[0]:
            # Of its own refusals, as many of one as of the other, with another salt and time.
            answers = [(status, kept, re.findall(r'\\"(act|office)\\":\\"([^\\]*)', text))
                       for status, kept, text in answers]
        if not may_read and answers[0] != answers[1]:
            tell(role, "%s %s" % (method, paths[0]), "%r, %r" % tuple(answers))


def middle(role, path):
    """The median time of an answer, in ms."""
    times = []
    for _ in range(15):
        begun = time.perf_counter()
        clients[role].ask("GET", path)
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def clock(role):
    """Refusals beyond the sixtieth of an hour make no entry: nothing but the look-up is timed."""
    for tail in ("", "/versions/1"):
        paths = ["/v1/documents/%s%s" % (name, tail) for name in (SECRET, ABSENT)]
        for path in paths * 20:
            clients[role].ask("GET", path)
        # A busy machine may delay one of the two: in five tries they are alike once.
        apart = [abs(middle(role, paths[0]) - middle(role, paths[1])) for _ in range(5)]
        if min(apart) > 1.0:
            tell(role, "GET " + paths[0], "it takes %.1f ms longer or shorter" % min(apart))


routes = [line.strip() for line in open(routes_file) if line.strip()]
for route in routes:
    if route not in ASKED:
        tell("-", route, "this route is not asked for: add it to ASKED")
with open(table_file, "w") as table:
    table.write("| route | %s |\n" % " | ".join(word for _, word, _ in ROLES))
    table.write("| --- |%s\n" % (" --- |" * len(ROLES)))
    for route in routes:
        if route in ASKED:
            cells = [cell(role, route, may_read) for role, _, may_read in ROLES]
            table.write("| `%s` | %s |\n" % (route, " | ".join(cells)))
for role, _, may_read in ROLES:
    beside(role, may_read)
for role in ("officeless", "monitor", "iom-bangkok"):
    clock(role)
for problem in problems:
    print(problem[:400])
