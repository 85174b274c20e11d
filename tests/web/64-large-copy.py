# A copy of more than 64 MiB at the desk: the page does not take it apart; it is
# verified, and then saved as it comes.
import base64
import hashlib
import os
import pathlib
import time

import proof
from proof import DIR, row

SAY = proof.catalogue("en")
MEMORY_KIB = 64 * 1024


def deposit():
    for name in ("lo", "en"):
        text = base64.encodebytes(os.urandom(40_000_000))
        (DIR / f"work/whole.{name}.txt").write_bytes(text)
    told = proof.valise("mofa", "push", "agreement/whole", "--text", "lo=work/whole.lo.txt", "--text",
                        "en=work/whole.en.txt", "--title", "en=A whole one", "--yes")
    row("two texts of 54 MB are deposited", told.returncode == 0, told.stderr)


def saved(page, pattern, patience=120):
    """Once the browser has written it to its end."""
    folder = pathlib.Path(page.downloads)
    until = time.monotonic() + patience
    while time.monotonic() < until:
        found = list(folder.glob(pattern))
        if found and not list(folder.glob("*.crdownload")):
            return found[0]
        page.wait("return true")
    raise proof.browser.Failed(f"nothing was saved as {pattern}")


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test(driver, desks):
    deposit()
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    page.size(1280)
    proof.go(page, "#/document/agreement/whole?version=1")
    page.click_text(SAY["document.open"].replace("{version}", "1"))
    page.wait("return document.querySelector('#texts .problem')", what="that it is too large", patience=120)
    said = page.text("#texts")
    row("a copy of more than 64 MiB is not taken apart", SAY["next.copy-large"] in said, said)
    row("it is verified before it is offered", "VALID" in said, said)
    page.click_text(SAY["document.download"])
    path = saved(page, "agreement-whole-1.asice")
    size = path.stat().st_size
    row("and saved by its name", size > 64 * 1024 * 1024, size)
    own = proof.valise("mofa", "fetch", "agreement/whole@1", "-o", "work/own.asice")
    row("whole", digest(path) == digest(DIR / "work/own.asice"), own.stderr)
    row("in flat memory", 0 < desk.peak_kib() <= MEMORY_KIB, desk.peak_kib())
    page.console()
    path.unlink()
    page.click_text(SAY["document.download"])
    row("it can be saved again", saved(page, "agreement-whole-1.asice").stat().st_size == size)


proof.main(test)
