# A desk without configuration: the files that it needs are dropped, and the
# fingerprint is typed as it was read out.
import re
import shutil

import proof
from proof import DIR, row


def test(driver, desks):
    home = DIR / "work/new"
    config = home / "config.yaml"
    # As a desk leaves it that was killed: with its list, and one of its files.
    home.mkdir()
    shutil.copy(DIR / "offices/iom-bangkok/cert.pem", home / "cert.pem")
    (home / "config.yaml.enrolling").write_text("cert.pem\n")
    desk = proof.Desk("new", config=str(config))
    desks.append(desk)
    page = driver.open()
    origin = proof.enter(page, desk)
    page.size(1280)
    row("a desk that is not set up says how", "Enrol" in page.text("h1") and
        page.where().startswith(f"{origin}/#/enrol"), page.where() + page.text("h1"))
    row("and that an enrolment was cut off", proof.catalogue("en")["enrol.cut"] in page.text("#main"),
        page.text("#main"))
    row("only that and verifying is offered", page.js(
        "return [...document.querySelectorAll('#nav a')].map((a) => a.getAttribute('href')).join()")
        == "#/verify,#/enrol", page.text("#nav"))
    office = DIR / "offices/iom-bangkok"
    folder = DIR / "work/parts"
    folder.mkdir()
    for name in ("cert.pem", "key.pem", "sign-cert.pem", "sign-key.pem"):
        shutil.copy(office / name, folder / name)
    page.type("#e-files", "\n".join(str(folder / name) for name in
                                    ("cert.pem", "key.pem", "sign-cert.pem")))
    page.wait("return document.querySelectorAll('#e-part-2').length", what="three files")
    page.wait_text("sign-key.pem", "#main")
    row("what is missing is said", "enrolment.yaml" in page.text("#main form"))
    page.type("#e-files", f"{folder / 'sign-key.pem'}\n{DIR / 'enrolment.yaml'}")
    page.wait_text("Compare the fingerprint", "#main")
    digits = re.sub("[^0-9a-f]", "", page.text("section .digest"))
    row("its fingerprint is shown", len(digits) == 64, digits)
    press = "return !document.querySelector('p.actions button.main').disabled"
    row("nothing goes on before it was compared", not page.js(press))
    page.type("#e-typed", "0000 0000")
    row("nor with another one", not page.js(press))
    page.js("document.getElementById('e-typed').value = ''")
    page.type("#e-typed", f"{digits[:4].upper()} {digits[4:8]}")
    row("with its first groups it does", page.js(press))
    page.click("p.actions button.main")
    said = page.wait("return document.querySelector('.done, .problem')?.innerText", what="the end")
    row("the computer is set up", "is set up" in said, said)
    row("and says that it took up what was there", proof.catalogue("en")["enrol.resumed"] in
        page.text("#main"), page.text("#main"))
    row("with a configuration", config.exists() and "iom-bangkok" not in said)
    proof.quiet(page, "enrol")
    page.click_text("Go to the register")
    page.wait("return document.querySelector('h1')?.innerText === 'Register'", what="the register")
    page.wait_text("bangkok@iom.example", "#who")
    row("and the desk is that office's", True)


proof.main(test)
