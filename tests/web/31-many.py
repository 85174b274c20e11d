# A register of more documents than a page has: what waits for the person and
# what is unread comes first of all, filters page and count rightly, and a first
# page takes as many requests and bytes as one of few documents.
import json
import subprocess

import proof
from proof import DIR, catalogue, row, same

SAY = catalogue("en")
MANY = 130
LIMIT = 100
WAITING = "health-protocol/tuberculosis-screening"
# What the last page took: the API's answers, and their bytes.
TOOK = """return performance.getEntriesByType('resource').map((e) => [new URL(e.name), e.encodedBodySize])
    .filter(([url]) => url.pathname === '/v1/documents').map(([url, size]) => [url.search, size])"""


def enrol(office):
    """The vice-minister, who signs health protocols alone."""
    place = DIR / "offices" / office
    (place / "state").mkdir()
    subprocess.run([proof.BUILD / "valise", "--config", "config.yaml", "init", DIR / "enrolment.yaml",
                    "--cert", "cert.pem", "--key", "key.pem", "--sign-cert", "sign-cert.pem",
                    "--sign-key", "sign-key.pem", "--yes", "--state", "state"],
                   cwd=place, check=True, capture_output=True)


def push(*names, text="en.txt"):
    (DIR / "work/many.yaml").write_text("".join(
        f"- {{document: {name}, title: {{en: Border post {name[-3:]}}}, texts: {{lo: lo.txt, en: {text}}}}}\n"
        for name in names))
    told = proof.valise("mofa", "push", "--batch", "work/many.yaml")
    row("they are deposited", told.returncode == 0, told.stderr)


def listed(*options):
    return json.loads(proof.valise("mofa-vice-minister", "--json", "list", *options).stdout)["documents"]


def names(page):
    return page.js("return [...document.querySelectorAll('main tbody tr td code')].map((e) => e.innerText)")


def proved(page):
    """Until the rows are proved."""
    page.wait("return document.querySelector('main .list')?.ariaBusy === 'false' &&"
              " ![...document.querySelectorAll('main tbody tr')].some((e) => e.innerText.includes(arguments[0]))",
              SAY["proof.proving"], what="proved rows")


def show(page, route="#/documents"):
    proof.go(page, route)
    proved(page)
    return names(page)


def next_page(page):
    before = names(page)
    page.click("main nav.pages a[rel=next]")
    page.wait("return document.querySelector('main .list')?.ariaBusy === 'false' &&"
              " document.querySelector('main tbody code')?.innerText !== arguments[0]", before[0], what="another page")
    proved(page)
    return names(page)


def waiting(page, total):
    got = show(page)
    same("a page has 100 rows", len(got), LIMIT)
    due = [one["document"] for one in listed("--sort=-date")]
    row("what waits is on another page by date, and by name",
        due.index(WAITING) >= LIMIT and sorted(due).index(WAITING) >= LIMIT, due.index(WAITING))
    same("but stands first", got[0], WAITING)
    row("and says so", SAY["register.waits"] in page.text("main tbody tr"), page.text("main tbody tr"))
    row("the count is of all", str(total) in page.text("main .list p.small"), page.text("main .list p.small"))
    rest = next_page(page)
    same("each document is on one page", sorted(got + rest), sorted(due))
    page.click("main nav.pages a[rel=prev]")
    page.wait("return document.querySelector('main tbody code')?.innerText === arguments[0]", WAITING)
    row("and back", True)


def unread(page):
    proof.valise("mofa-vice-minister", "pull", "work/copy")
    push("agreement/many-077", text="agreement.en.txt")
    for sort in ("title", "date", "-date"):
        got = show(page, f"#/documents?sort={sort}")
        same(f"sorted by {sort}, what waits and what is unread come first", got[:2], [WAITING, "agreement/many-077"])
    marks = page.js("return [...document.querySelectorAll('main tbody tr')].map((e) => e.innerText)"
                    ".filter((text) => text.includes(arguments[0])).length", SAY["register.unread"])
    same("one is unread", marks, 1)


def filtered(page):
    got = show(page, "#/documents?q=border%20post&sort=name")
    same("a filter's page has 100 rows", len(got), LIMIT)
    row("its count is its own", str(MANY) in page.text("main .list p.small"), page.text("main .list p.small"))
    rest = next_page(page)
    same("the next page has the others", len(rest), MANY - LIMIT)
    same("in all those that fit, once", sorted(got + rest), [f"agreement/many-{n:03}" for n in range(MANY)])
    row("and the filter stays", "q=border" in page.where(), page.where())
    row("of the last page there is no next one", not page.js("return !!document.querySelector('a[rel=next]')"))
    got = show(page, "#/documents?q=border%20post&type=mou")
    same("two filters: none fits both", got, [])


def took(page):
    """What a first page asks for, and the daemon is asked."""
    proof.go(page, "#/policy")
    page.js("performance.clearResourceTimings()")
    asked = (DIR / "log").read_text().count("event=request")
    show(page)
    return page.js(TOOK), (DIR / "log").read_text().count("event=request") - asked


def test(driver, desks):
    enrol("mofa-vice-minister")
    desk = proof.Desk("mofa-vice-minister")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    proved(page)
    few, few_asked = took(page)
    push(*(f"agreement/many-{n:03}" for n in range(MANY)))
    total = len(listed())
    waiting(page, total)
    many, many_asked = took(page)
    same("the first page of many is as many requests as of few", len(many), len(few))
    row("of 100 rows each, in 100 KiB", all("limit=100" in query and 0 < size <= 100 * 1024 for query, size in many), many)
    row("and the daemon is asked hardly more", many_asked <= few_asked + 4, f"{many_asked}, not {few_asked}")
    unread(page)
    filtered(page)
    proof.quiet(page, "the register of many")


proof.main(test)
