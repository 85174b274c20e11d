# The desk is closed from a page, by who has no terminal.
import proof
from proof import row


def test(driver, desks):
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    words = proof.catalogue("en")
    page.js("document.querySelector('#close button').click()")
    page.wait_text(words["app.closed-told"], "main")
    row("the page says that it is closed", True)
    row("what closed it is gone", page.js("return document.querySelectorAll('header button, nav a').length") == 0)
    row("its secret is forgotten", page.js("return sessionStorage.getItem('valise-desk')") is None)
    row("the desk has ended", desk.process.wait(timeout=20) == 0)
    # The stream of events ends with the desk, which the browser may say.
    said = [line for line in page.console() if "/v1/events" not in line]
    proof.row("a desk that was closed: the console is empty", not said, said)


proof.main(test)
