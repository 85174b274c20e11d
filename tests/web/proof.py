# proof.py - what the tests of the pages share: rows, the desk, the pages.
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import browser

TOP = pathlib.Path(os.environ["VALISE_TOP"])
BUILD = pathlib.Path(os.environ["VALISE_BUILD"])
DIR = pathlib.Path(sys.argv[1])
LANGUAGES = tuple(os.environ.get("VALISE_LANGUAGES", "en fr lo th").split())
COOPERATION = "agreement/lao-iom-cooperation-2021"
# The pages of a desk, by name; those that begin with / are the register's too.
PAGES = {
    "register": "#/documents",
    "document": f"#/document/{COOPERATION}",
    "texts": "#/document/agreement/rules-of-procedure?view=texts",
    "evidence": f"#/evidence/{COOPERATION}",
    "journal": "#/journal",
    "policy": "#/policy",
    "health": "#/health",
    "verify": "#/verify",
    "deposit": "#/deposit",
    "sign": "#/sign",
    "bags": "#/bags",
}
counts = {"passed": 0, "failed": 0}


def row(name, good, why=""):
    """One row: it is so, or why not."""
    counts["passed" if good else "failed"] += 1
    if not good:
        print(f"  FAILED: {name}{': ' + str(why)[:1500] if why != '' else ''}", file=sys.stderr)
    elif os.environ.get("VERBOSE"):
        print(f"  ok: {name}")
    sys.stdout.flush()
    return good


def same(name, got, want):
    return row(name, got == want, f"{got!r}, not {want!r}")


def catalogue(language):
    return json.loads((TOP / "web/lang" / f"{language}.json").read_text(encoding="utf-8"))


def valise(office, *arguments):
    """The command, as that office."""
    return subprocess.run([BUILD / "valise", "--config", f"offices/{office}/config.yaml", *arguments],
                          cwd=DIR, capture_output=True, text=True, check=False)


LOADING = [catalogue(language)["view.loading"] for language in ("en", "fr", "lo", "th")]


class Desk:
    """valise desk of an office.  What would open a browser is recorded."""

    def __init__(self, office, options=(), environment=None, config=None):
        self.office = office
        self.home = DIR / f"desk-{office}-{time.monotonic_ns()}"
        bin_folder = self.home / "bin"
        bin_folder.mkdir(parents=True)
        self.opened = self.home / "opened"
        for name in ("xdg-open", "sensible-browser"):
            script = bin_folder / name
            script.write_text(f'#!/bin/sh\necho "$1" >"{self.opened}.new"\n'
                              f'cp "$1" "{self.home}/door.html"\nmv "{self.opened}.new" "{self.opened}"\n')
            script.chmod(0o755)
        runtime = self.home / "run"
        runtime.mkdir(mode=0o700)
        self.log_path = self.home / "log"
        # What asks outside the page, and what it answers there.
        self.asked = self.home / "asked"
        self.answer("yes")
        env = dict(os.environ, PATH=f"{bin_folder}:{os.environ['PATH']}",
                   BROWSER=str(bin_folder / "xdg-open"), DISPLAY=":none",
                   XDG_RUNTIME_DIR=str(runtime), PINENTRY_SAID=str(self.asked),
                   PINENTRY_ANSWER=str(self.home / "answer"),
                   VALISE_PINENTRY=str(TOP / "tests/web/pinentry"))
        env.update(environment or {})
        env = {name: value for name, value in env.items() if value is not None}
        self.log = open(self.log_path, "wb")
        config = config or f"offices/{office}/config.yaml"
        self.process = subprocess.Popen(
            [BUILD / "valise", "--config", config, "desk", *options], cwd=DIR,
            env=env, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        until = time.monotonic() + browser.PATIENCE_S
        while not self.opened.exists():
            if self.process.poll() is not None or time.monotonic() > until:
                raise browser.Failed(f"the desk of {office}: {self.said()}")
            time.sleep(0.02)
        self.file = self.opened.read_text().strip()

    def peak_kib(self):
        """The most memory that its process has had, in KiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))

    def answer(self, word):
        (self.home / "answer").write_text(word)

    def asked_for(self):
        return self.asked.read_text() if self.asked.exists() else ""

    def said(self):
        return self.log_path.read_text(errors="replace")

    def door(self):
        """What the browser is given, as an address."""
        return self.file if "://" in self.file else f"file://{self.file}"

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                row(f"the desk of {self.office} ends with Ctrl-C", False)
        self.log.close()


def enter(page, desk):
    """The browser goes in by the desk's door; the desk's address."""
    page.get(desk.door())
    page.wait("return location.protocol === 'http:' && sessionStorage.getItem('valise-desk')",
              what=f"a session with the desk ({desk.said()})")
    settled(page)
    return page.js("return location.origin")


def name_document(page, document):
    """In the form of a deposit; it is of a type that this office may deposit."""
    kind, name = document.split("/")
    page.wait("return document.querySelector('select#d-type')", what="the list of types")
    page.js("const e = document.getElementById('d-type'); e.value = arguments[0];"
            " e.dispatchEvent(new Event('input'));"
            " document.getElementById('d-name').value = ''", kind)
    page.type("#d-name", name)


def settled(page):
    """Until the page is filled."""
    page.wait("const m = document.querySelector('main'); return m &&"
              " m.ariaBusy !== 'true' && m.querySelector('h1') &&"
              " !arguments[0].some((said) => m.innerText.includes(said))", LOADING, what="a page with its h1")
    page.wait("return document.fonts.status === 'loaded'")


def go(page, route):
    """Show another page of the same server, anew, and wait until it stands."""
    path = page.js("return location.hash.split('?')[0] || '#/documents'")
    if path == route.split("?")[0]:
        go(page, "#/policy" if path != "#/policy" else "#/documents")
    page.js("document.querySelector('main').ariaBusy = 'true'; location.hash = arguments[0]", route)
    settled(page)


def speak(page, language):
    """From now on in that language, as its selector does."""
    page.js("localStorage.setItem('valise-language', arguments[0]); location.reload()", language)
    page.wait("return document.documentElement.lang === arguments[0]", language)
    settled(page)


def quiet(page, name):
    """Nothing was said on the console."""
    said = page.console()
    row(f"{name}: the console is empty", not said, "\n".join(said))


def end():
    (DIR / "work/counts").write_text(f"{counts['passed']} {counts['failed']}\n")
    sys.exit(0)


def main(test):
    """Run test(driver); what it opened is closed, whatever happens."""
    driver = browser.Driver()
    desks = []
    try:
        test(driver, desks)
    except browser.Failed as e:
        row("it goes on", False, e)
        for page in driver.browsers:
            for told in (page.where, page.text, page.console):
                try:
                    print(f"  {str(told())[:600]}", file=sys.stderr)
                except browser.Failed as more:
                    print(f"  {more}", file=sys.stderr)
    finally:
        driver.close()
        for desk in desks:
            desk.close()
    end()
