# Every page at 320, 768 and 1280 pixels, and at 400 %: no scrolling sideways.
import layout
import proof
from proof import PAGES, row

# Width, height and how many pixels a CSS pixel has: 1280 x 1024 at 400 % is the last.
WIDTHS = [(320, 640, 1), (768, 1024, 1), (1280, 900, 1), (320, 256, 4)]


# WCAG 2.2, 1.4.12.
SPACED = """
const sheet = new CSSStyleSheet();
sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; " +
	"word-spacing: 0.16em !important; } p { margin-block-end: 2em !important; }");
document.adoptedStyleSheets = arguments[0] ? [sheet] : [];
"""


def spaced(page, language):
    """With the spaces between letters, words and lines that a reader may want."""
    page.size(768, 1024)
    page.js(SPACED, True)
    for name, route in PAGES.items():
        proof.go(page, route)
        cut = page.js(layout.CUT) + page.js(layout.BESIDE)
        row(f"{name} in {language}, with wide text: nothing is cut", not cut, "\n".join(cut))
    page.js(SPACED, False)


def test(driver, desks):
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    for language in proof.LANGUAGES:
        proof.speak(page, language)
        for width, height, scale in WIDTHS:
            page.size(width, height, scale)
            for name, route in PAGES.items():
                proof.go(page, route)
                where = f"{name} in {language}, {width} pixels{' at 400 %' if scale == 4 else ''}"
                beside = page.js(layout.BESIDE)
                row(f"{where}: no scrolling sideways", not beside, beside)
                cut = page.js(layout.CUT)
                row(f"{where}: nothing is cut", not cut, "\n".join(cut))
                small = page.js(layout.SMALL)
                row(f"{where}: what is pressed is large enough", not small, small)
        spaced(page, language)
    proof.quiet(page, "all widths")


proof.main(test)
