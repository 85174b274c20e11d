# What a person does at the desk: verify a copy, deposit, sign, end, accept a
# policy, pack and open a bag, hand its acknowledgement in.
import contextlib
import json
import os
import pathlib
import re
import subprocess
import time
import zipfile

import proof
from proof import DIR, row

WORK = DIR / "work"


def command(office, *words, check=True):
    return subprocess.run([proof.BUILD / "valise", "--config", f"offices/{office}/config.yaml",
                           *words], cwd=DIR, check=check, capture_output=True, text=True)


def drop(page, css, *files):
    page.type(css, "\n".join(str(file) for file in files))


def over(page, css=".done, .problem", patience=30):
    """Until an act is over; what it says."""
    return page.wait("return document.querySelector(arguments[0])?.innerText", css,
                     what=f"{css}: {page.text('#main')[-400:]}", patience=patience)


def verify(page):
    copy = (WORK / "geneva.asice").read_bytes()
    at = copy.index(b"texts/en/agreement-2.en.pdf") + 1000
    (WORK / "altered.asice").write_bytes(copy[:at] + bytes([copy[at] ^ 1]) + copy[at + 1:])
    (WORK / "none.asice").write_bytes(b"no container")
    proof.go(page, "#/verify")
    drop(page, "#v-file", WORK / "geneva.asice")
    page.wait_text("Valid", ".verdict h2")
    said = page.text("#main")
    row("a copy is judged", "VALID" in said and "minister@mofa.example" in said, said)
    row("its signers' certificates are told then and now", "Certificate then" in said)
    row("its texts are named with their languages", "agreement-2.lo.pdf" in said and "Lao" in said)
    drop(page, "#v-file", WORK / "altered.asice")
    page.wait_text("Not valid", ".verdict h2")
    said = page.text(".findings")
    row("a finding says what it means", proof.catalogue("en")["means.TEXT_DIGEST"] in said, said)
    row("and what to do", proof.catalogue("en")["remedy.TEXT_DIGEST"] in said, said)
    drop(page, "#v-file", WORK / "none.asice")
    page.wait("return document.querySelector('.verdict.bad, .problem')", what="a verdict on no container")
    row("a file that is no container is no copy", "geneva" not in page.text("#main"))
    with zipfile.ZipFile(WORK / "foreign.asice", "w") as foreign:
        foreign.writestr("mimetype", "application/vnd.etsi.asic-e+zip")
        foreign.writestr("contract.txt", "Article 1")
    drop(page, "#v-file", WORK / "foreign.asice")
    page.wait_text("Not decided", ".verdict h2")
    said = page.text("#main")
    row("another maker's container is said to be one",
        proof.catalogue("en")["means.NOT_A_DOCUMENT"] in said, said)
    proof.quiet(page, "verify")


def value(page, css):
    return page.js("return document.querySelector(arguments[0]).value", css)


def naming(page):
    """What is wrong with a name is said while it is typed."""
    for name, wrong in (("Agreement", "letters"), ("-a", "hyphens"), ("a", "short"),
                        ("a" * 65, "long"), ("nul", "reserved")):
        page.js("document.getElementById('d-name').value = ''")
        page.type("#d-name", name)
        said = page.text("#d-name-wrong")
        row(f"a name is wrong at once: {wrong}", said == proof.catalogue("en")[f"deposit.name-{wrong}"] and
            page.js("return document.getElementById('d-name').ariaInvalid") == "true", said)
    page.js("document.getElementById('d-name').value = ''")
    page.type("#d-name", "good")
    row("and right at once", "agreement/good" not in page.text("#d-name-wrong") and
        page.js("return document.getElementById('d-name').ariaInvalid") == "false")


def deposit(page):
    proof.go(page, "#/deposit")
    page.click(".deposit button.main")
    page.wait("return document.querySelectorAll('.deposit .problem li').length === 4",
              what="what is missing")
    row("what is missing is said, before anything is asked", True)
    drop(page, "#d-files", WORK / "agreement.lo.txt", WORK / "agreement.en.txt")
    page.wait("return document.querySelectorAll('.deposit .digest').length === 2", what="two digests")
    page.wait("return [...document.querySelectorAll('[id^=d-language-]')].map((e) => e.value).join() === 'lo,en'",
              what="languages by the names")
    row("files are handed over and hashed, with their languages", True)
    row("a name is suggested, from a file's", value(page, "#d-name") == "agreement", value(page, "#d-name"))
    page.type("#d-title-en", "By the <b>page</b>")
    row("and from the title", value(page, "#d-name") == "by-the-b-page-b", value(page, "#d-name"))
    types = page.js("return [...document.getElementById('d-type').options].map((e) => e.value).join()")
    row("the types are those that this office may deposit", types.startswith(",agreement,") and
        "health-protocol" not in types, types)
    naming(page)
    proof.name_document(page, "agreement/by-the-page")
    row("the document's whole name is shown", "agreement/by-the-page" in page.text("#d-name-wrong"),
        page.text("#d-name-wrong"))
    page.type("#d-title-lo", "ສັນຍາ")
    page.click(".deposit button.main")
    page.wait("return document.querySelector('section.ask h2, .problem')", what="version.yaml")
    said = page.text("section.ask")
    row("what is to be signed is shown", "agreement/by-the-page" in said and "By the <b>page</b>" in said, page.text("#main"))
    yaml = page.js("return document.querySelector('section.ask pre').textContent")
    row("as version.yaml itself", yaml.startswith("valise: 1\ndocument: ") and "sha256: " in yaml, yaml)
    row("nothing is deposited by that", command("mofa", "show", "agreement/by-the-page", check=False).returncode == 4)
    page.click("section.ask button.main")
    said = over(page)
    row("then it is deposited", "It is deposited." in said, said)
    row("as the command sees", "By the <b>page</b>" in command("mofa", "show", "agreement/by-the-page").stdout)
    proof.quiet(page, "deposit")


def onto(page):
    """Another office's version that this one has not seen stands in the way."""
    command("iom-vientiane", "push", "mou/other", "--text", "en=work/agreement.en.txt",
            "--title", "en=Other", "--yes")
    proof.go(page, "#/deposit")
    drop(page, "#d-files", WORK / "agreement-2.en.txt")
    page.wait("return document.querySelectorAll('.deposit .digest').length === 1", what="its digest")
    page.js("document.getElementById('d-language-0').value = 'en';"
            "document.getElementById('d-language-0').dispatchEvent(new Event('input'))")
    proof.name_document(page, "mou/other")
    page.type("#d-title-en", "Other")
    page.click(".deposit button.main")
    said = page.wait("return document.querySelector('.deposit .problem')?.innerText")
    row("what to do is said by the code", proof.catalogue("en")["remedy.VERSION_NOT_SEEN"] in said, said)
    page.click_text("Go on, and end the signing of version 1")
    page.wait("return document.querySelector('section.ask h2')", what="version.yaml")
    page.click("section.ask button.main")
    said = over(page)
    row("then it is deposited onto that", "It is deposited." in said and
        "mou/other@2" in page.text("#main"), said)


def refused(page):
    proof.go(page, "#/deposit")
    page.wait("return document.querySelector('select#d-type')", what="the list of types")
    (WORK / "big.pdf").touch()
    os.truncate(WORK / "big.pdf", 5_000_000_000)
    (WORK / "page.html").write_text("<p>Article 1")
    (WORK / "long.pdf").touch()
    os.truncate(WORK / "long.pdf", 70_000_000)
    for kind, name, why in (("", "big.pdf", "no file here has more than"),
                            ("agreement", "long.pdf", "a text of agreement at most"),
                            ("agreement", "page.html", "which agreement does not take")):
        page.js("document.getElementById('d-type').value = arguments[0]", kind)
        drop(page, "#d-files", WORK / name)
        said = over(page, ".deposit .problem")
        row(f"refused by its name, before a byte of it comes: {name}", name in said and why in said, said)
        page.click_text("Remove")
        page.wait("return !document.querySelector('.deposit .problem')")
    # The browser says on its console that it was answered 4xx.
    page.console()


def sign(driver, desks):
    desk = proof.Desk("mofa-minister")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    proof.go(page, "#/sign")
    page.wait_text("Training of Border Officers", "#main")
    row("what waits for a signature is listed", True)
    page.js("""const link = document.querySelector("#main h2 a[href*='mou/training']");
        link.closest("section").querySelector(".act button").click()""")
    said = page.text(".ask")
    row("what is to be signed is shown", "mou/training" in said, said)
    desk.answer("no")
    page.click(".ask button.main")
    said = over(page, ".problem")
    row("a no outside the page is a no", "mou/training" in desk.asked_for() and
        proof.catalogue("en")["do.declined"] in said, said)
    row("and nothing is signed", "in force" not in command("mofa", "show", "mou/training").stdout)
    desk.answer("yes")
    page.click(".ask button.main")
    said = over(page)
    row("a yes signs", "It is signed." in said, said)
    row("and puts it in force", "in force" in command("mofa", "show", "mou/training").stdout)
    proof.quiet(page, "sign")
    page.close()


def accept(page, desk):
    path = DIR / "policies/offices.yaml"
    was = path.read_text()
    path.write_text(was.replace("2031-12-31", "2030-12-31"))
    row("the policy is another one", path.read_text() != was)
    subprocess.run(["kill", "-HUP", (DIR / "pid").read_text().strip()], check=True)
    for _ in range(200):
        told = command("mofa", "--json", "policy", "show").stdout
        if '"same":false' in told.replace(" ", ""):
            break
    proof.go(page, "#/policy")
    page.wait_text("A newer policy is in force", "#main")
    said = page.text("#main section.problem")
    row("a newer policy is shown with what it changes", "2030-12-31" in said, said)
    desk.answer("yes")
    page.click("section.problem button.main")
    page.wait_text("Your office has accepted the policy that is in force.", "#main")
    row("and is accepted, confirmed outside the page", '"same":true' in
        command("mofa", "--json", "policy", "show").stdout.replace(" ", "") and desk.asked_for() != "")
    row("its history says so", "The first policy." in page.text("#main"))
    said = page.js("return [...document.querySelectorAll('#main tbody tr')].map((e) => e.innerText)"
                   ".filter((text) => text.includes('by this computer'))")
    row("and when each was accepted", len(said) == 2 and all(
        f"{time.strftime('%Y-%m-%d', time.gmtime())}" in one for one in said), said)
    kept = next((DIR / "offices/mofa/state").glob("*/accepted-at"))
    kept.rename(f"{kept}.aside")
    proof.go(page, "#/policy")
    row("where that is not kept it is said", page.text("#main").count(proof.catalogue("en")["policy.accepted-unknown"]) == 2,
        page.text("#main")[-600:])
    page.js("const p = document.getElementById('p-person'); p.value = 'minister@mofa.example';"
            " p.form.requestSubmit()")
    page.wait("return document.querySelector('#main [role=status]').innerText.includes('2030-12-31')",
              what="what the minister may do")
    row("what a person may do is said", True)
    proof.quiet(page, "policy")


@contextlib.contextmanager
def no_line(office):
    """Where that office asks, nobody answers."""
    paths = list((DIR / "offices" / office / "state").glob("*/enrolment.yaml"))
    was = [path.read_text() for path in paths]
    for path, text in zip(paths, was):
        path.write_text(re.sub("(?m)^address: .*", "address: https://127.0.0.1:1", text))
    try:
        yield
    finally:
        for path, text in zip(paths, was):
            path.write_text(text)


def bags(page, other):
    digest = json.loads(command("iom-vientiane", "--json", "policy", "show").stdout)["daemon"]
    command("iom-vientiane", "policy", "accept", digest)
    proof.go(page, "#/bags")
    page.js("document.getElementById('b-to').value = 'iom-vientiane';"
            " document.getElementById('b-documents').value = 'mou/ended'")
    page.click(".ask button.main")
    said = over(page)
    row("a bag is packed", "The bag is packed." in said, page.text("#main"))
    page.click_text("Save the file")
    bag = saved(page, "*.bag")
    row("and saved", bag.stat().st_size > 1000)
    page.wait_text("iom-vientiane", "#main section:last-of-type table")
    row("it is in the list", True)
    with no_line("iom-vientiane"):
        proof.go(other, "#/bags")
        drop(other, "#b-bag", bag)
        said = over(other, "#main section .done")
        row("the other office opens it, which has no line", "The bag is opened" in said, other.text("#main"))
        row("and is told that it cannot pack one", proof.catalogue("en")["kind.unavailable"] in other.text("#main"))
    # The browser says on its console what was answered 503.
    other.console()
    other.click_text("Save the file")
    ack = saved(other, "*.ack")
    drop(page, "#b-ack", ack)
    page.wait_text("The acknowledgement is handed in.", "#main")
    page.wait_text("acknowledged", "#main section:last-of-type table")
    row("its acknowledgement comes back", True)
    proof.quiet(page, "bags")
    proof.quiet(other, "bags opened")


def saved(page, pattern):
    folder = pathlib.Path(page.downloads)
    for _ in range(400):
        found = [one for one in folder.glob(pattern) if one.stat().st_size]
        if found:
            return found[0]
        page.wait("return true")
    raise proof.browser.Failed(f"nothing was saved as {pattern}")


def test(driver, desks):
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    page.size(1280)
    verify(page)
    deposit(page)
    onto(page)
    refused(page)
    sign(driver, desks)
    accept(page, desk)
    desks.append(proof.Desk("iom-vientiane"))
    other = driver.open()
    proof.enter(other, desks[-1])
    other.size(1280)
    bags(page, other)


proof.main(test)
