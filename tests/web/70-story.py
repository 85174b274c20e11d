# The story of ./demo in browsers: an office deposits, the minister signs, the
# chief of mission signs, and a third watches it enter into force, live.  The office
# and the minister do it in Lao, the chief of mission in Thai, each by the words that
# the page and the dialog have in that language.  What binds is confirmed outside the
# page; who says no there, or has no way to be asked, signs nothing.
import re

import proof
from proof import catalogue, row

SAY = catalogue("en")
DOCUMENT = "agreement/by-browser"
# What the button of the dialog says (cli/desk/sentences.c).
SIGN = {"lo": "SETOK ລົງນາມ\n", "th": "SETOK ลงนาม\n"}


def say(page):
    """The sentences of the page's language."""
    return catalogue(page.js("return document.documentElement.lang"))


def enter(page, desk, language):
    proof.enter(page, desk)
    proof.speak(page, language)
    proof.settled(page)


def deposit(page):
    proof.go(page, "#/deposit")
    for language in ("lo", "en"):
        page.type("#d-files", str(proof.DIR / f"work/agreement.{language}.txt"))
    proof.name_document(page, DOCUMENT)
    page.type("#d-title-en", "By browser")
    page.type("#d-title-lo", "ໂດຍໂປຣແກຣມທ່ອງເວັບ")
    page.wait("return document.querySelectorAll('main .digest').length === 2", what="two files handed over")
    page.click_text(say(page)["deposit.look"])
    page.wait_text(say(page)["deposit.before"], "section.ask h2")
    shown = page.text("main")
    row("what is signed is shown before", DOCUMENT in shown and "ໂດຍໂປຣແກຣມທ່ອງເວັບ" in shown, shown[-800:])
    row("and nothing is sent by that", proof.valise("mofa", "show", DOCUMENT).returncode != 0)
    page.click_text(say(page)["deposit.press"])
    page.wait_text(say(page)["deposit.done"], "h2.done")
    row("every word of it was in Lao", not page.js(
        "return [...document.querySelectorAll('main label, main button, main h1, main h2, main legend, main th')]"
        ".some((e) => !e.closest('[lang=en]') && /^[A-Z][a-z]+ [a-z]+/.test(e.innerText))"), page.text("main"))
    row("a version is deposited", proof.valise("mofa", "show", DOCUMENT).returncode == 0)
    proof.quiet(page, "the deposit")


def ask(page):
    """Up to the button that signs; what the page shows of it."""
    proof.go(page, f"#/document/{DOCUMENT}")
    page.click_text(say(page)["do.sign-open"])
    page.find("main form.ask")
    return page.text("main form.ask")


def sign(page, desk, name):
    shown = ask(page)
    page.click_text(say(page)["do.sign-press"])
    page.wait_text(say(page)["do.signed"], "main .done")
    asked = desk.asked_for()
    digits = re.search(r"(?:[0-9a-f]{4}[-\s]?){16}", shown)[0]
    digest = "-".join(re.findall("[0-9a-f]{4}", digits)[:8])
    row(f"{name}: the dialog outside shows the document", DOCUMENT in asked, asked)
    row(f"{name}: in the page's language", SIGN[page.js("return document.documentElement.lang")] in asked, asked)
    row(f"{name}: and its digest in groups, as the page", digest in asked, f"{digest} in {asked}")
    proof.quiet(page, name)


def refuse(page, desk):
    desk.answer("no")
    ask(page)
    page.click_text(say(page)["do.sign-press"])
    page.find("main .problem")
    told = proof.valise("mofa", "show", DOCUMENT).stdout
    row("who says no in the dialog signs nothing", "draft" in told, told)
    page.console()
    # No request of a page alone signs.
    got = page.run("""const r = await fetch("/desk/sign", { method: "POST", headers: { "Content-Type": "application/json",
        "Valise-Desk": sessionStorage.getItem("valise-desk") }, body: JSON.stringify(arguments[0]) });
        return await r.text();""", {"document": DOCUMENT, "version": 1, "yes": True})
    row("nor does a request of a page alone", '"result"' not in got and "draft" in proof.valise("mofa", "show", DOCUMENT).stdout, got)
    desk.answer("yes")
    page.console()


def nobody_to_ask(driver, desks):
    """No pinentry and no terminal: it only reads."""
    desk = proof.Desk("mofa-minister", environment={"VALISE_PINENTRY": None, "DISPLAY": None, "WAYLAND_DISPLAY": None})
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    proof.go(page, f"#/document/{DOCUMENT}")
    row("a desk that can ask nobody says that it only reads", SAY["do.only-reads"] in page.text("main"), page.text("main"))
    row("and its button does nothing", page.js("return [...document.querySelectorAll('main button')].find((b) =>"
                                               " b.innerText === arguments[0])?.disabled", SAY["do.sign-open"]))
    got = page.run("""const r = await fetch("/desk/sign", { method: "POST", headers: { "Content-Type": "application/json",
        "Valise-Desk": sessionStorage.getItem("valise-desk") }, body: JSON.stringify(arguments[0]) });
        return await r.text();""", {"document": DOCUMENT, "version": 1})
    row("nor does its desk", '"result"' not in got, got)
    page.close()
    desk.close()


def test(driver, desks):
    clerk, minister, chief, geneva = [proof.Desk(office) for office in
                                      ("mofa", "mofa-minister", "iom-chief-of-mission", "iom-geneva")]
    desks += [clerk, minister, chief, geneva]
    page = driver.open()
    enter(page, clerk, "lo")
    deposit(page)
    page.close()

    watcher = driver.open()
    proof.enter(watcher, geneva)
    proof.go(watcher, f"#/document/{DOCUMENT}")
    row("the third sees a draft", SAY["status.draft"] in watcher.text("main"), watcher.text("main"))
    watcher.js("window.same = true")

    nobody_to_ask(driver, desks)
    page = driver.open()
    enter(page, minister, "lo")
    refuse(page, minister)
    sign(page, minister, "the minister")
    page.close()
    watcher.wait_text(SAY["status.signed-in-part"], "main")
    row("the third sees the first signature, live", True)

    page = driver.open()
    enter(page, chief, "th")
    sign(page, chief, "the chief of mission")
    page.close()
    watcher.wait_text(SAY["status.in-force"], "main")
    row("and the entry into force", True)
    row("without loading the page again", watcher.js("return window.same === true"))
    row("told to who listens", watcher.wait("return document.getElementById('live').textContent"))
    proof.quiet(watcher, "the third's page")
    proof.go(watcher, f"#/evidence/{DOCUMENT}")
    sheet = watcher.text("main")
    row("the evidence sheet names both who signed", "minister@mofa.example" in sheet and "chief-of-mission@iom.example" in sheet, sheet)


proof.main(test)
