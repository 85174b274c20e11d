# The register at the daemon: a browser with a certificate, from its own store,
# sees the same pages, read only, and each says that the server could lie.
import json
import os
import pathlib
import subprocess

import axe
import layout
import proof
from proof import row

# What a machine's administrator sets for its browsers.
POLICY = pathlib.Path("/etc/chromium/policies/managed") / f"valise-test-{os.getpid()}.json"


def store(office):
    """A person's home with the certificate and its CA in the browser's store."""
    home = proof.DIR / f"home-{office}"
    nss = home / ".pki/nssdb"
    nss.mkdir(parents=True)
    files = proof.DIR / "offices" / office
    packed = home / "person.p12"

    def run(*words):
        told = subprocess.run(words, capture_output=True, text=True, check=False)
        if told.returncode:
            raise proof.browser.Failed(f"{words[0]}: {told.stderr}")

    run("certutil", "-d", f"sql:{nss}", "-N", "--empty-password")
    run("openssl", "pkcs12", "-export", "-inkey", str(files / "key.pem"), "-in", str(files / "cert.pem"),
        "-name", office, "-passout", "pass:x", "-out", str(packed))
    run("pk12util", "-i", str(packed), "-d", f"sql:{nss}", "-W", "x")
    run("certutil", "-d", f"sql:{nss}", "-A", "-t", "C,,", "-n", "ca", "-i", str(files / "ca.pem"))
    return home


def deliveries():
    """How many entries of the journal tell that somebody was given a copy."""
    return proof.valise("mofa", "--json", "log", "--act", "deliver").stdout.count('"deliver"')


def look(page, address):
    page.get(address + "/")
    proof.settled(page)
    said = page.text()
    row("the register is shown", "agreement/technical-exchange" in said, said)
    row("it says that the server could lie", proof.catalogue("en")["app.register"][:60] in said, said)
    row("and how to check: the command", "valise verify" in said)
    row("nothing is called proved", proof.catalogue("en")["proof.proved"] not in page.text("main tbody"))
    for name in ("deposit", "verify", "bags", "enrol", "sign"):
        row(f"there is no page {name}", not page.js(
            "return !!document.querySelector(`nav a[href='#/${arguments[0]}']`)", name))
    proof.quiet(page, "the register")


def pages(page, checker):
    for name in ("register", "document", "evidence", "journal", "policy"):
        proof.go(page, proof.PAGES[name])
        proof.quiet(page, f"the register's {name}")
        cut = page.js(layout.CUT)
        row(f"the register's {name}: nothing is cut", not cut, cut)
        if checker:
            wrong = axe.violations(page, checker)
            row(f"the register's {name}: axe-core has nothing to say", not wrong, "\n".join(wrong))


def policy(page):
    """The policy as a table, what a person may do, and what changed."""
    file = proof.DIR / "policies/offices.yaml"
    file.write_text(file.read_text().replace("2031-12-31", "2030-12-31"))
    subprocess.run(["kill", "-HUP", (proof.DIR / "pid").read_text().strip()], check=True)
    for _ in range(200):
        if "2030-12-31" in proof.valise("mofa", "policy", "show").stdout:
            break
    proof.go(page, "#/policy")
    cells = page.js("""const [table] = document.querySelectorAll('main table');
        const at = [...table.querySelectorAll('thead th')].findIndex((e) => e.innerText.trim() === 'mou');
        return [...table.querySelectorAll('tbody tr')].map((row) => [row.cells[0].innerText.trim(),
            row.cells[at].innerText.trim()])""")
    row("who may do what is a table of offices and types", dict(cells).get("mofa", "").startswith(
        proof.catalogue("en")["policy.deposit"]) and len(cells) >= 4, cells)
    page.js("const p = document.getElementById('p-person'); p.value = 'minister@mofa.example'; p.form.requestSubmit()")
    page.wait("return document.querySelector('main [role=status]').innerText.includes('2030-12-31')",
              what="what the minister may do")
    row("what a person may do is said", True)
    history = page.js("return [...document.querySelectorAll('main table')].at(-1).innerText")
    row("what changed is said in words", "minister@mofa.example" in history and "2030-12-31" in history, history)
    row("and the first one is the first", proof.catalogue("en")["policy.first"] in history, history)
    proof.quiet(page, "the register's policy")


def open_copy(page):
    before = deliveries()
    proof.go(page, "#/document/agreement/rules-of-procedure")
    row("nothing is fetched before it is opened", deliveries() == before)
    page.click_text(proof.catalogue("en")["document.open"].replace("{version}", "1"))
    page.wait_text("Joint Committee", "main")
    row("a copy is taken apart in the page", True)
    row("and that is in the journal", deliveries() == before + 1, f"{before} and {deliveries()}")
    proof.quiet(page, "a copy at the register")


def cross_site(page, address):
    """A link from elsewhere shows the page, and journals nothing."""
    before = deliveries()
    file = proof.DIR / "link.html"
    file.write_text(f'<img src="{address}/v1/documents/{proof.COOPERATION}/versions/1">'
                    f'<a id="a" href="{address}/">register</a>')
    page.get(f"file://{file}")
    page.wait("return document.images[0].complete")
    row("an image of another site's journals nothing", deliveries() == before)
    page.click("#a")
    proof.settled(page)
    row("a link from another site shows the register", "agreement/technical-exchange" in page.text())
    page.console()


def stranger(driver, address):
    """Without a certificate nothing of ours is shown."""
    home = proof.DIR / "home-stranger"
    home.mkdir()
    page = driver.open(home=str(home), flags=["--ignore-certificate-errors"])
    try:
        page.get(address + "/")
    except proof.browser.Failed as e:
        row("who has no certificate sees the browser's own page", "ERR_" in str(e), e)
    else:
        row("who has no certificate is shown nothing", "technical-exchange" not in page.text(), page.text())
    page.close()


def test(driver, desks):
    try:
        POLICY.parent.mkdir(parents=True, exist_ok=True)
        POLICY.write_text(json.dumps({"AutoSelectCertificateForUrls": [
            json.dumps({"pattern": "https://127.0.0.1", "filter": {}})]}))
    except OSError as e:
        print(f"  skipped: the register in a browser (only root may say which certificate it uses: {e})")
        return
    try:
        address = (proof.DIR / "url").read_text().strip()
        page = driver.open(home=str(store("iom-geneva")))
        look(page, address)
        try:
            checker = axe.source()
        except axe.Unreachable:
            checker = None
        pages(page, checker)
        open_copy(page)
        policy(page)
        cross_site(page, address)
        stranger(driver, address)
    finally:
        POLICY.unlink()


proof.main(test)
