# Every page at 320, 768 and 1280 pixels, and at 400 %: no scrolling sideways.
import layout
import proof
from proof import PAGES, row

# Width, height and how many pixels a CSS pixel has: 1280 x 1024 at 400 % is the last.
WIDTHS = [(320, 640, 1), (768, 1024, 1), (1280, 900, 1), (320, 256, 4)]


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
    proof.quiet(page, "all widths")


proof.main(test)
