# The journal: live in eight windows over one stream, none while no window is
# visible, filters, and acts that nobody made up.
import os
import pathlib
import subprocess
import time

import browser
import proof
from proof import row

ROWS = "return document.querySelectorAll('#main table tbody tr[id^=entry-]').length"
FIRST = "return document.querySelector('#main tbody tr').innerText"


def deposit(name):
    """Another office deposits; the desk is not asked."""
    subprocess.run(
        [proof.BUILD / "valise", "--config", "offices/iom-vientiane/config.yaml", "push",
         f"mou/{name}", "--text", "en=work/protocol.en.txt", "--title", "en=Live", "--yes"],
        cwd=proof.DIR, check=True, capture_output=True)


def streams(desk):
    """How many processes follow events for the desk."""
    found = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if int(fields[1]) == desk.process.pid and fields[0] != "Z":
            found += 1
    return found


def becomes(desk, number, patience=browser.PATIENCE_S):
    """Until there are so many, and a second more of it."""
    until = time.monotonic() + patience
    while streams(desk) != number and time.monotonic() < until:
        time.sleep(0.05)
    return streams(desk)


def windows(page, desk):
    """Eight windows of one browser, with the journal in each."""
    origin = proof.enter(page, desk)
    proof.go(page, "#/journal")
    handles = [page.tabs()[0]]
    for _ in range(7):
        handle = page.call("POST", "/window/new", {"type": "window"})["handle"]
        page.switch(handle)
        page.get(f"{origin}/#/journal")
        proof.settled(page)
        handles.append(handle)
    return handles


def live(page, desk, handles):
    row("eight windows have one stream", becomes(desk, 1) == 1, streams(desk))
    deposit("live-first")
    for number, handle in enumerate(handles):
        page.switch(handle)
        page.wait("return document.querySelector('#main tbody').innerText.includes('mou/live-first@1')",
                  what=f"the act in window {number}")
    row("each shows an act as it comes", True)
    row("marked as proved", "proved" in page.js(FIRST), page.js(FIRST))
    row("and it was told to who listens",
        page.js("return document.getElementById('live').textContent") != "")
    # Who holds the stream goes away: another takes it up.
    for handle in handles[:4]:
        page.switch(handle)
        page.close_tab()
    rest = handles[4:]
    page.switch(rest[0])
    row("four windows have one stream too", becomes(desk, 1) == 1, streams(desk))
    time.sleep(0.5)
    deposit("live-second")
    for handle in rest:
        page.switch(handle)
        page.wait("return document.querySelector('#main tbody').innerText.includes('mou/live-second@1')",
                  what="the act after the stream's holder went")
    row("and all show what comes", True)
    return rest


def unseen(page, desk, handles):
    """Windows that nobody sees need no stream."""
    for handle in handles:
        page.switch(handle)
        page.call("POST", "/window/minimize", {})
    hidden = page.js("return document.visibilityState") == "hidden"
    if not hidden:
        print("  skipped: this browser does not say that a window is hidden")
        return
    row("there is none while no window is visible", becomes(desk, 0) == 0, streams(desk))
    deposit("live-third")
    page.call("POST", "/window/rect", {"width": 1200, "height": 900})
    page.wait("return document.visibilityState === 'visible'")
    page.wait("return document.querySelector('#main tbody').innerText.includes('mou/live-third@1')",
              what="what came while nobody looked")
    row("what came meanwhile is shown then", True)


def filters(page):
    proof.go(page, "#/journal?act=sign")
    acts = page.js("return [...document.querySelectorAll('#main tbody tr[id^=entry-] td.act')]"
                   ".map((cell) => cell.innerText.trim())")
    row("a filter is in the address", acts and set(acts) == {"signature"}, acts)
    page.js("const f = document.getElementById('j-office'); f.value = 'mofa';"
            " f.form.requestSubmit()")
    page.wait("return location.hash.includes('office=mofa')")
    proof.settled(page)
    page.wait("return [...document.querySelectorAll('#main tbody tr[id^=entry-] td.person')]"
              ".every((cell) => cell.innerText.includes('mofa'))", what="acts of one office")
    row("two are too", True)
    proof.go(page, "#/journal?document=agreement/nothing")
    row("nothing that fits is said", "No act fits" in page.text("#main"), page.text("#main")[:200])


def picture(page):
    proof.go(page, "#/journal")
    row("the picture has a name", page.js(
        "return document.querySelector('svg.chart').getAttribute('aria-label')"))
    page.click("details summary")
    row("and its numbers are a table", "iom-vientiane" in page.text("#main details"))


def test(driver, desks):
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    rest = live(page, desk, windows(page, desk))
    unseen(page, desk, rest)
    filters(page)
    picture(page)
    proof.quiet(page, "the journal")


proof.main(test)
