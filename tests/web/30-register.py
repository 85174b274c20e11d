# The register at the daemon: with a certificate, by a link of another site, and
# what a browser without one shows.
import http.server
import json
import subprocess
import threading

import proof
from proof import COOPERATION, DIR, row, same

URL = (DIR / "url").read_text().strip()
PAGES = {
    "register": "#/documents",
    "a search": "#/documents?q=tub",
    "document": f"#/document/{COOPERATION}",
    "texts": "#/document/agreement/rules-of-procedure?view=texts",
    "evidence": f"#/evidence/{COOPERATION}",
    "journal": "#/journal",
    "policy": "#/policy",
    "health": "#/health",
}
# What another site tries, without a click.
TRIES = f"""<!DOCTYPE html><title>Another site</title>
<img src="{URL}/v1/documents/{COOPERATION}/versions/1">
<img src="{URL}/icon.svg">
<script src="{URL}/app.js"></script>
<link rel="stylesheet" href="{URL}/style.css">
<iframe src="{URL}/"></iframe>
<iframe src="{URL}/v1/documents/{COOPERATION}/versions/1"></iframe>
<object data="{URL}/"></object>
"""
LINKS = f"""<!DOCTYPE html><title>Links</title>
<a id="page" href="{URL}/#/document/{COOPERATION}?view=texts">the register</a>
<a id="copy" href="{URL}/v1/documents/{COOPERATION}/versions/1">a copy</a>
"""


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def home(name, ca=True, office=None):
    """A $HOME with certificates in the store that chromium reads."""
    place = DIR / f"home-{name}"
    store = place / ".pki/nssdb"
    store.mkdir(parents=True)
    run("certutil", "-d", f"sql:{store}", "-N", "--empty-password")
    if ca:
        run("certutil", "-d", f"sql:{store}", "-A", "-t", "C,,", "-n", "ca", "-i", DIR / "offices/mofa/ca.pem")
    if office:
        mine = DIR / "offices" / office
        run("openssl", "pkcs12", "-export", "-in", mine / "cert.pem", "-inkey", mine / "key.pem",
            "-out", place / "person.p12", "-passout", "pass:x")
        run("pk12util", "-i", place / "person.p12", "-d", f"sql:{store}", "-W", "x")
    return place


def visitor(driver, name, **options):
    """Its browser shows the certificate that it has, and asks nobody which."""
    rule = {f"{URL},*": {"setting": {"filters": [{}]}}}
    return driver.open(home=home(name, **options), prefs={
        "profile.content_settings.exceptions.auto_select_certificate": rule})


def deliveries():
    """How many the journal has."""
    told = subprocess.run(
        [proof.BUILD / "valise", "--config", "offices/mofa/config.yaml", "--json", "log", "--act", "deliver"],
        cwd=DIR, check=True, capture_output=True, text=True)
    return len(json.loads(told.stdout)["entries"])


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (LINKS if self.path == "/links" else TRIES if self.path == "/tries" else "").encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def requests(path):
    """The statuses that the daemon's log has for a target."""
    lines = (DIR / "log").read_text().splitlines()
    return [line.split(" status=")[1].split()[0] for line in lines
            if "event=request" in line and f'target="{path}"' in line]


def look(page):
    page.get(URL + "/")
    proof.settled(page)
    proof.quiet(page, "the first page")
    proof.go(page, "#/policy")
    for name, route in PAGES.items():
        proof.go(page, route)
        proof.quiet(page, name)
        row(f"{name}: its server could lie", proof.catalogue("en")["app.register"].split(".")[0]
            in page.text(), page.text()[:300])
    row("there is no page to verify at", "verify" not in page.text("nav").lower(), page.text("nav"))


def live(page):
    """What happens meanwhile is shown."""
    proof.go(page, "#/journal")
    subprocess.run([proof.BUILD / "valise", "--config", "offices/mofa/config.yaml", "push",
                    "agreement/live", "--text", "lo=work/lo.txt", "--text", "en=work/en.txt", "--title", "en=Live"],
                   cwd=DIR, check=True, capture_output=True)
    page.wait_text("agreement/live", "main")
    row("an act of now is shown by itself", True)


def opened(page):
    """A version is fetched when the person opens it, and that is an entry."""
    before = deliveries()
    proof.go(page, "#/document/agreement/live?view=texts")
    same("to look at a document delivers nothing", deliveries(), before)
    page.click_text("Open version 1")
    page.wait_text("Article 1", "main")
    same("to open it is a delivery", deliveries(), before + 1)
    proof.go(page, f"#/document/{COOPERATION}?view=texts")
    page.click_text("Open version 2")
    page.wait("return document.querySelector('main iframe')?.src.startsWith('blob:')", what="a PDF in a frame")
    proof.quiet(page, "texts that were opened")


def elsewhere(page, site):
    before = deliveries()
    page.get(f"{site}/tries")
    page.wait("return document.readyState === 'complete'")
    statuses = requests(f"/v1/documents/{COOPERATION}/versions/1")
    row("another site's page asked for a copy", len(statuses) >= 2, statuses)
    row("and was refused each time", set(statuses) == {"403"}, statuses)
    same("nothing is in a frame", page.js("return window.frames.length && [...document.querySelectorAll('iframe')]"
         ".some((f) => { try { return f.contentDocument?.body?.innerText.includes('Register'); }"
         " catch { return false; } })"), False)
    page.console()
    page.get(f"{site}/links")
    page.click("#page")
    page.wait("return location.origin === arguments[0]", URL)
    proof.settled(page)
    proof.quiet(page, "by a link of another site")
    row("it leads to the page", "Cooperation Agreement" in page.text("h1"), page.text("h1"))
    page.js("location.reload()")
    proof.settled(page)
    proof.quiet(page, "and again")
    page.get(f"{site}/links")
    page.click("#copy")
    page.wait_text('"status":403')
    same("no copy was delivered by all of this", deliveries(), before)


def link(driver, desks):
    """A desk's link to a document is the register's, for who has no desk."""
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    proof.go(page, f"#/document/{COOPERATION}")
    page.js("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.click_text(proof.catalogue("en")["document.copy-link"])
    same("the link that a desk copies", page.wait("return window.copied").split("?")[0],
         f"{URL}/#/document/{COOPERATION}")
    page.close()


def test(driver, desks):
    page = visitor(driver, "auditor", office="iom-geneva")
    look(page)
    live(page)
    opened(page)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    elsewhere(page, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    page.close()
    row("no handshake of a visitor with a certificate was refused",
        "event=handshake" not in (DIR / "log").read_text())
    link(driver, desks)
    for name, options, said in (
            ("nobody", {}, "ERR_BAD_SSL_CLIENT_AUTH_CERT"),
            ("no CA", {"ca": False}, "ERR_CERT_AUTHORITY_INVALID")):
        page = visitor(driver, name.replace(" ", "-"), **options)
        page.visit(URL + "/")
        row(f"{name}: the browser says why", said in page.text(), page.text()[:300])
        page.close()


proof.main(test)
