# The pictures of docs/images: the six main pages, as a clerk of the ministry
# sees them.  "tests/web/run screenshots" renews them.
import proof
from proof import TOP, catalogue, row

SAY = catalogue("en")
LARGEST = 150 * 1024
IMAGES = TOP / "docs/images"


def take(page, name, height=800):
    page.size(1280, height)
    page.js("document.activeElement?.blur(); scrollTo(0, 0)")
    path = IMAGES / f"{name}.png"
    page.screenshot(path)
    row(f"{name}.png is at most {LARGEST} bytes", path.stat().st_size <= LARGEST, path.stat().st_size)


def open_document(page):
    proof.go(page, "#/document/agreement/rules-of-procedure")
    page.click_text(SAY["document.open"].replace("{version}", "1"))
    page.wait("return [...document.querySelectorAll('main button')].some((b) => b.innerText === arguments[0])",
              SAY["text.save"], what="the texts")
    page.js("[...document.querySelectorAll('main button')].find((b) => b.innerText === arguments[0])"
            ".closest('section, div.beside')?.scrollIntoView()", SAY["text.save"])


def verify(page):
    proof.go(page, "#/verify")
    page.type("#v-file", str(proof.DIR / "work/geneva.asice"))
    page.wait("return document.querySelectorAll('main .digest').length > 0", what="a verdict")


def test(driver, desks):
    IMAGES.mkdir(exist_ok=True)
    desk = proof.Desk("mofa-minister")
    desks.append(desk)
    page = driver.open()
    page.size(1280, 800)
    proof.enter(page, desk)
    page.wait("const said = document.querySelector('main tbody')?.innerText;"
              " return said?.includes(arguments[0]) && !said.includes(arguments[1])",
              SAY["proof.proved"], SAY["proof.proving"], what="proved rows")
    take(page, "register", 720)
    proof.go(page, f"#/document/{proof.COOPERATION}")
    take(page, "document")
    verify(page)
    take(page, "verify")
    for name in ("journal", "policy", "health"):
        proof.go(page, proof.PAGES[name])
        take(page, name)
    proof.quiet(page, "the pictures")


proof.main(test)
