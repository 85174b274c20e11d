# An agreement is ended by two persons who go by the pages alone: one begins,
# the page says for whom a signature is missing, and the other signs the same.
# A document's page asks for the policy once.
import os
import signal
import time

import proof
from proof import COOPERATION, DIR, catalogue, row, same

SAY = catalogue("en")
ROUTE = f"#/document/{COOPERATION}"
CHIEF = "chief-of-mission@iom.example"
ASKED = """return performance.getEntriesByType('resource').map((e) => new URL(e.name))
    .filter((url) => url.pathname === '/desk/policy').map((url) => url.search)"""


def person(driver, desks, office):
    desk = proof.Desk(office)
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    return page, desk


def lead(page):
    return page.text("main .lead")


def end(page, reason):
    page.click_text(SAY["do.end-open"])
    field = page.js("return !!document.querySelector('form.ask input')")
    if reason:
        page.type("form.ask input", reason)
    page.click("form.ask button.main")
    page.wait_text(SAY["do.ended"], "main")
    return field


def once(page):
    page.js("performance.clearResourceTimings(); location.reload()")
    proof.settled(page)
    same("a document's page asks for the policy once", page.js(ASKED), [""])


def current(page, due):
    """A copy of before: the depositary is asked what became of it, on demand."""
    if page.where().split("#")[1] != "/verify":
        proof.go(page, "#/verify")
        page.type("#v-file", str(DIR / "work/geneva.asice"))
        page.wait_text("VALID", ".verdict h2")
        row("a copy has its own status", SAY["status.in-force"] in page.text(".verdict"), page.text(".verdict"))
        row("and says that more may have come", SAY["verify.current-told"] in page.text("main"))
        page.click_text(SAY["verify.ask"])
    else:
        page.click_text(SAY["verify.ask-again"])
    page.wait_text(due, "main .lead")


def stop_daemon():
    pid = int((DIR / "pid").read_text())
    os.kill(pid, signal.SIGTERM)
    while os.path.exists(f"/proc/{pid}/fd"):
        time.sleep(0.02)


def asked(page, watcher):
    """The verdict on a copy, before and after the end, and without a line."""
    current(page, "version 2 has the status in force")
    row("it is proved", "checkpoint of size" in page.text("main .lead"), page.text("main .lead"))
    yield
    current(page, "version 2 has the status terminated")
    row("the copy's own status stays", SAY["status.in-force"] in page.text(".verdict"), page.text(".verdict"))
    proof.quiet(watcher, "who watches")
    stop_daemon()
    current(page, SAY["verify.not-asked"])
    row("who cannot be asked is said with a word", SAY["verify.not-known"] in page.text("main .lead"),
        page.text("main"))
    row("and nothing is called in force now", "version 2 has the status" not in page.text("main"))
    yield


def test(driver, desks):
    verifier, _ = person(driver, desks, "iom-geneva")
    minister, asks = person(driver, desks, "mofa-minister")
    watcher, _ = person(driver, desks, "mofa")
    proof.go(watcher, ROUTE)
    once(watcher)
    copy = asked(verifier, watcher)
    next(copy)
    row("before, nothing of an end is said", CHIEF not in lead(watcher), lead(watcher))
    proof.go(minister, ROUTE)
    row("the first is asked why", end(minister, "The project is over"))
    row("and confirms it outside the page", "The project is over" in asks.asked_for(), asks.asked_for())
    watcher.wait_text(CHIEF, "main .lead")
    said = lead(watcher)
    row("the status says who began, and for whom a signature is missing",
        "minister@mofa.example signed that it is to end" in said and "missing for iom: 1" in said and
        "in force" in said, said)
    row("who does not sign is not offered to", SAY["do.end-open"] not in watcher.text("main"))
    proof.go(minister, ROUTE)
    row("who has signed is not asked again", SAY["do.end-open"] not in minister.text("main"))

    chief, asks = person(driver, desks, "iom-chief-of-mission")
    row("the register says that it waits", SAY["register.waits"] in chief.text("main tbody tr"), chief.text("main tbody"))
    chief.wait("return [...document.querySelectorAll('main tbody a')].some((a) => a.href.includes(arguments[0]))", COOPERATION)
    proof.go(chief, ROUTE)
    row("so does its page", CHIEF in lead(chief), lead(chief))
    asks.answer("no")
    chief.click_text(SAY["do.end-open"])
    row("the second gives no reason", not chief.js("return !!document.querySelector('form.ask input')"))
    chief.click("form.ask button.main")
    chief.wait("return document.querySelector('form.ask') && !document.querySelector('[aria-busy=true]') &&"
               " arguments[0] !== ''", SAY["do.declined"] if "do.declined" in SAY else "x")
    row("a no ends nothing", "in force" in proof.valise("mofa", "show", COOPERATION).stdout)
    row("the dialog shows the reason", "The project is over" in asks.asked_for(), asks.asked_for())
    asks.answer("yes")
    chief.click("form.ask button.main")
    chief.wait_text(SAY["do.ended"], "main")
    watcher.wait_text("was terminated on", "main .lead")
    row("a yes ends it, and who watches sees it", CHIEF not in lead(watcher), lead(watcher))
    same("the command says so", "terminated" in proof.valise("mofa", "show", COOPERATION).stdout, True)
    for page in (minister, chief):
        proof.quiet(page, "a termination")
    next(copy)


proof.main(test)
