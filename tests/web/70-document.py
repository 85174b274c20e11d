# A document's page: what is opened is recorded and opened once, texts stand
# beside each other, versions are compared by word, what others do is shown as
# it comes, and the evidence sheet fits on A4.
import base64
import json
import os
import pathlib
import signal
import subprocess
import time

import proof
from proof import COOPERATION, DIR, row, same, valise

EXCHANGE = "agreement/technical-exchange"
RULES = "agreement/rules-of-procedure"


def deliveries(document):
    """How often the journal says that the desk's person was given it."""
    told = json.loads(valise("mofa", "--json", "history", document).stdout)
    return sum(e["entry"].get("times", 1) for e in told["entries"]
               if e["entry"]["act"] in ("deliver", "deliveries") and
               e["entry"]["person"] == "treaties@mofa.example")


def opened(page):
    page.click("#texts button.main")
    page.wait("return document.querySelector('#texts .text, #texts iframe')", what="the texts")


def recorded_once(page):
    before = deliveries(RULES)
    proof.go(page, f"#/document/{RULES}")
    same("a version that is not opened is not fetched", deliveries(RULES), before)
    row("the page says that opening is recorded", "records your name" in page.text("#texts"), page.text("#texts"))
    opened(page)
    same("opening it is one delivery", deliveries(RULES), before + 1)
    same("the focus goes to the texts", page.focus(), "H2||Texts")
    proof.go(page, "#/journal")
    proof.go(page, f"#/document/{RULES}")
    row("it stays open in the tab", page.js("return !!document.querySelector('#texts .text')"))
    same("and is not fetched again", deliveries(RULES), before + 1)


def side_by_side(page):
    """Markdown in two languages, article by article; its source one click away."""
    told = page.js("return [...document.querySelectorAll('#texts .article')].map((a) =>"
                   " [...a.children].map((c) => [c.lang, c.innerText]))")
    row("there is a row for each article", len(told) == 3, told)
    for number, (left, right) in enumerate(told[1:], 1):
        same(f"article {number} is in two languages", [left[0], right[0]], ["en", "lo"])
        row(f"article {number} is beside its own",
            f"Article {number}" in left[1] and f"ມາດຕາ {number}" in right[1], (left, right))
    same("what is strong is an element", page.text("#texts .article strong"), "twice a year")
    same("a link is text", page.js("return document.querySelectorAll('#texts .article a').length"), 0)
    page.click_text("Show the source")
    page.wait("return document.querySelector('#texts pre')?.innerText.includes('**twice a year**')",
              what="the source")


def pdfs(page):
    proof.go(page, f"#/document/{COOPERATION}")
    opened(page)
    frames = page.wait("const f = [...document.querySelectorAll('#texts iframe')];"
                       " return f.length === 2 && f.map((e) => [e.src.slice(0, 5), e.title])", what="two frames")
    row("two PDFs are beside each other, as bytes of the tab",
        all(src == "blob:" and title for src, title in frames), frames)


def compared(page):
    proof.go(page, f"#/document/{EXCHANGE}?version=2")
    page.js("document.querySelector('#diff-from').value = 1; document.querySelector('#diff-to').value = 2")
    page.click_text("Open both and compare")
    page.wait("return document.querySelector('#compare ins')", what="a difference")
    removed = page.js("return [...document.querySelectorAll('#compare del')].map((e) => e.innerText)")
    added = page.js("return [...document.querySelectorAll('#compare ins')].map((e) => e.innerText)")
    row("the English differs by words", "once" in removed and "twice" in added, (removed, added))
    row("the Lao differs in its own words", any("ສອງ" in one for one in added), added)


def life(page):
    """The life, as sentences beside the picture."""
    proof.go(page, f"#/document/{EXCHANGE}")
    told = page.js("return [...document.querySelectorAll('#life li')].map((e) => e.innerText)")
    row("the life tells that one superseded the other",
        any("came into force and superseded version 1" in one for one in told), told)
    row("and for which party each signed", any("signed version 1 for lao-pdr" in one for one in told), told)
    row("each act has what proves it", all("proved to be in the checkpoint" in one for one in told), told)
    row("the picture has a mark for each act", page.js(
        "return [...document.querySelectorAll('#life li')].every((e) => e.querySelector('svg .mark'))"))
    proof.go(page, "#/document/mou/ended")
    row("an end is told", "was terminated on" in page.text(".lead"), page.text(".lead"))


def live(page):
    proof.go(page, "#/document/mou/training")
    page.js("document.querySelector('#versions a').focus()")
    focus = page.focus()
    signed = valise("mofa-minister", "sign", "mou/training", "--yes")
    row("the minister signs elsewhere", signed.returncode == 0, signed.stderr)
    page.wait_text("is in force since", ".lead")
    same("the focus stays where it was", page.focus(), focus)
    page.wait("return document.getElementById('live').innerText.includes('in force')", what="what is told to who listens")


def evidence(page):
    proof.go(page, f"#/evidence/{COOPERATION}?version=2")
    page.wait("return document.querySelectorAll('.signer').length === 4", what="four signers")
    same("each signer has a certificate", page.js(
        "return document.querySelectorAll('.signer .beside dl:last-child .digest').length"), 8)
    same("digests are in groups of four", page.js(
        "return [...document.querySelectorAll('.sheet .digest span')].filter((e) => e.innerText.length > 4).length"), 0)
    row("there is a code of document, version and digest",
        f"{COOPERATION}@2 " in page.js("return document.querySelector('.qr').getAttribute('aria-label')"))
    row("who received it is told", "geneva@iom.example" in page.text(".sheet"))
    pdf = base64.b64decode(page.cdp("Page.printToPDF", preferCSSPageSize=True)["data"])
    (DIR / "work/sheet.pdf").write_bytes(pdf)
    told = subprocess.run(["pdfinfo", DIR / "work/sheet.pdf"], capture_output=True, text=True, check=False).stdout
    row("it prints on A4", "(A4)" in told, told)
    text = subprocess.run(["pdftotext", DIR / "work/sheet.pdf", "-"], capture_output=True, text=True, check=False).stdout
    row("the print has no buttons and no navigation", "Evidence sheet" in text and
        not any(said in text for said in ("Skip to", "Print\n", "Back to the document", "Journal\n")), text[:400])


def copied(page, desk):
    proof.go(page, f"#/document/{COOPERATION}")
    page.js("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.click_text("Copy link")
    link = page.wait("return window.copied", what="a link")
    url = (DIR / "url").read_text().strip()
    same("the link is the register's address", link, f"{url}/#/document/{COOPERATION}?version=2")


def without_a_line(driver, desks):
    """A desk whose depositary does not answer shows its local copy."""
    told = valise("iom-geneva", "pull", str(DIR / "work/local"))
    row("Geneva has a local copy", told.returncode == 0, told.stderr)
    pid = int((DIR / "pid").read_text())
    os.kill(pid, signal.SIGTERM)
    while pathlib.Path(f"/proc/{pid}").exists() and "Z" not in pathlib.Path(f"/proc/{pid}/stat").read_text():
        time.sleep(0.02)
    desk = proof.Desk("iom-geneva")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    page.wait_text("Documents of the local copy", "main")
    row("its rows are proved by the copies", page.js(
        "return [...document.querySelectorAll('td.proof')].every((e) => e.innerText === 'proved')"))
    proof.go(page, f"#/document/{EXCHANGE}?version=2")
    row("a document says that it is of the local copy", "local copy of this office" in page.text("main"), page.text("main"))
    opened(page)
    row("its texts are there to read", "twice a year" in page.text("#texts"), page.text("#texts"))


def test(driver, desks):
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    recorded_once(page)
    side_by_side(page)
    pdfs(page)
    compared(page)
    life(page)
    live(page)
    evidence(page)
    copied(page, desk)
    proof.quiet(page, "the document's page")
    without_a_line(driver, desks)


proof.main(test)
