# Every page of the desk in each language, light and dark: nothing on the
# console, every sentence there, nothing cut, and nothing for axe-core to say.
import axe
import layout
import proof
from proof import PAGES, row

# An id that is shown is a sentence that is missing; so is an argument.
UNSAID = r"""
const ids = new Set(arguments[0]);
return document.body.innerText.split(/\s+/).filter((word) => ids.has(word) ||
	/^(undefined|null|NaN|\[object)/.test(word) || /^\{[a-z-]+\}$/.test(word));
"""


def look(page, name, language, ids, checker):
    proof.quiet(page, name)
    row(f"{name}: lang is set", page.js("return document.documentElement.lang") == language)
    unsaid = page.js(UNSAID, ids)
    row(f"{name}: every sentence is said", not unsaid, unsaid)
    cut = page.js(layout.CUT)
    row(f"{name}: nothing is cut", not cut, "\n".join(cut))
    if checker:
        wrong = axe.violations(page, checker)
        row(f"{name}: axe-core has nothing to say", not wrong, "\n".join(wrong))


def words(page, language):
    """The frame is in the language, not in English."""
    said = page.text("nav")
    row(f"{language}: the navigation is in it", proof.catalogue(language)["nav.journal"] in said, said)


def test(driver, desks):
    try:
        checker = axe.source()
    except axe.Unreachable as e:
        print(f"  skipped: axe-core on each page ({e})")
        checker = None
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    for language in proof.LANGUAGES:
        proof.speak(page, language)
        words(page, language)
        ids = list(proof.catalogue(language))
        for scheme in ("light", "dark"):
            page.media(prefers_color_scheme=scheme)
            for name, route in PAGES.items():
                proof.go(page, route)
                look(page, f"{name} in {language}, {scheme}", language, ids, checker)


proof.main(test)
