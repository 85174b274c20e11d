# The whole story by keyboard alone: find a document, read it, deposit one, sign
# it; on every page each thing that can be pressed is reached, in order, has a
# name, shows that it has the focus, and is not under something else.
import proof
from proof import PAGES, row

# All that Tab should reach, and what is wrong with each as it has the focus.
REACH = """
return [...document.querySelectorAll("a[href], button, input, select, textarea, summary, iframe, [tabindex]")]
	.filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }) &&
		!(e.type === "radio" && !e.checked)).length;
"""
FOCUS = """
const e = document.activeElement;
if (!e || e === document.body) return null;
if (e.dataset.seen) return { again: true };
e.dataset.seen = "yes";
const style = getComputedStyle(e), box = e.getBoundingClientRect(), wrong = [];
if (!e.matches(":focus-visible")) wrong.push("the focus does not show");
const shows = (s) => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1 || s.boxShadow !== "none";
if (!shows(style) && e.tagName !== "IFRAME") wrong.push("no outline");
const x = Math.min(innerWidth - 1, Math.max(0, box.left + Math.min(box.width, 20) / 2));
const y = Math.min(innerHeight - 1, Math.max(0, box.top + box.height / 2));
const top = document.elementFromPoint(x, y);
if (top && !e.contains(top) && !top.contains(e)) wrong.push(`under ${top.tagName} ${top.className}`);
if (box.bottom < 0 || box.top > innerHeight) wrong.push("outside the window");
const name = e.ariaLabel || e.innerText?.trim() || e.labels?.[0]?.innerText?.trim() || e.title ||
	document.getElementById(e.getAttribute("aria-labelledby"))?.innerText || "";
if (!name) wrong.push("no name");
if (e.tabIndex > 0) wrong.push("an order of its own");
return { told: `${e.tagName} ${e.id} ${name.slice(0, 40)}`, wrong, at: [Math.round(box.top + scrollY), Math.round(box.left)] };
"""


def begin(page):
    """The next Tab goes to the first stop of the page."""
    page.js("const e = document.createElement('span'); e.tabIndex = -1; document.body.prepend(e);"
            "e.focus(); e.remove(); scrollTo(0, 0);")


def walk(page, name):
    """Tab through the page, from its beginning until it leaves it."""
    page.js("for (const e of document.querySelectorAll('[data-seen]')) delete e.dataset.seen;")
    begin(page)
    wanted = page.js(REACH)
    seen = []
    for _ in range(wanted + 20):
        page.press("Tab")
        told = page.js(FOCUS)
        if told is None or told.get("again"):
            break
        seen.append(told)
    wrong = [f"{one['told']}: {', '.join(one['wrong'])}" for one in seen if one["wrong"]]
    row(f"{name}: each stop has a name, shows, and is not covered", not wrong, wrong)
    row(f"{name}: Tab reaches all of it", len(seen) >= wanted,
        f"{len(seen)} of {wanted}: {[one['told'] for one in seen]}")


def until(page, what, key="Tab", most=120):
    """Press Tab until what (an expression of e) has the focus."""
    for _ in range(most):
        if page.js(f"const e = document.activeElement; return !!(e && ({what}))"):
            return
        page.press(key)
    raise proof.browser.Failed(f"Tab does not reach {what}")


def find_and_read(page):
    proof.go(page, "#/documents")
    begin(page)
    page.press("Tab")
    row("the first stop is the way past the navigation", page.js("return document.activeElement.id") == "skip")
    page.press("Enter")
    row("which leads to the content", page.js("return document.activeElement.tagName") == "H1")
    until(page, "e.tagName === 'INPUT' && e.name === 'q'")
    page.press(*"exchange", "Enter")
    page.wait("return location.hash.includes('q=exchange') && document.querySelectorAll('main tbody tr').length === 1",
              what="one row")
    until(page, "e.tagName === 'A' && e.closest('main td, main th')")
    page.press("Enter")
    page.wait("return location.hash.startsWith('#/document/agreement/technical-exchange')")
    proof.settled(page)
    row("a new page has the focus on its heading", page.js("return document.activeElement.tagName") == "H1")


def deposit(page):
    until(page, "e.getAttribute('href') === '#/deposit'", "Shift+Tab")
    page.press("Enter")
    page.wait("return document.querySelector('#d-type')?.options.length > 1", what="the form")
    # A file chooser is the browser's own; this is what it hands to the page.
    for language in ("lo", "en"):
        page.type("#d-files", str(proof.DIR / f"work/agreement.{language}.txt"))
    page.wait("return document.querySelectorAll('main .digest').length === 2", what="two files handed over")
    until(page, "e.id === 'd-type'")
    page.press(*"agr")
    row("a type is chosen by its first letters", page.js("return document.getElementById('d-type').value") == "agreement")
    until(page, "e.id === 'd-title-en'")
    page.press(*"By keyboard")
    until(page, "e.id === 'd-name'")
    row("a name is suggested", page.js("return document.getElementById('d-name').value") == "by-keyboard")
    until(page, "e.tagName === 'BUTTON' && e.closest('form') && e.classList.contains('main')")
    page.press("Enter")
    page.wait("return document.activeElement.tagName === 'H2'", what="what will be signed")
    until(page, "e.tagName === 'BUTTON' && e.classList.contains('main')")
    page.press("Enter")
    page.wait_text(proof.catalogue("en")["deposit.done"], "main")
    row("a document is deposited by keyboard", True)


def sign(page, desk):
    proof.go(page, "#/document/agreement/by-keyboard")
    until(page, f"e.tagName === 'BUTTON' && e.innerText === {proof.catalogue('en')['do.sign-open']!r}")
    page.press("Enter")
    until(page, f"e.tagName === 'BUTTON' && e.innerText === {proof.catalogue('en')['do.sign-press']!r}")
    page.press("Enter")
    page.wait_text(proof.catalogue("en")["do.signed"], "main")
    row("and signed", "agreement/by-keyboard" in desk.asked_for(), desk.asked_for())


def test(driver, desks):
    desk = proof.Desk("mofa")
    minister = proof.Desk("mofa-minister")
    desks += [desk, minister]
    page = driver.open()
    page.media(prefers_reduced_motion="reduce")
    proof.enter(page, desk)
    for name, route in PAGES.items():
        proof.go(page, route)
        walk(page, name)
    find_and_read(page)
    deposit(page)
    proof.quiet(page, "the story by keyboard")
    page.close()
    page = driver.open()
    proof.enter(page, minister)
    sign(page, minister)
    proof.quiet(page, "signing by keyboard")


proof.main(test)
