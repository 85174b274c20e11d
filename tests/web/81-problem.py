# A problem is told in the reader's language: what kind it is and what to do; the
# program's own sentence is English, and marked as that.
import proof
from proof import row


def test(driver, desks):
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    for language in ("fr", "lo", "th", "en"):
        words = proof.catalogue(language)
        proof.speak(page, language)
        page.js("location.hash = '#/document/agreement/nothing-' + arguments[0]", language)
        page.wait_text(words["kind.not-found"], ".problem")
        row(f"{language}: what kind of problem it is", True)
        row(f"{language}: what to do", words["next.not-found"] in page.js("return document.querySelector('.problem').innerText"))
        row(f"{language}: the English sentence says so",
            "no document" in page.js("return document.querySelector('.problem [lang=en]')?.innerText ?? ''"))


proof.main(test)
