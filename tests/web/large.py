# A sparse file of 4 GB through a page: refused before its first byte where the
# type of the document has a limit; where none is chosen, streamed to the desk's
# folder and hashed as it comes, in flat memory.  It takes minutes and 12 GB of
# disk, so it is no part of the tests: ./test web large
import hashlib
import os
import time

import proof
from proof import DIR, row

SIZE = 4_000_000_000
MEMORY_KIB = 64 * 1024


def spooled():
    return sum(one.stat().st_size for one in (DIR / "offices/mofa/state/desk").rglob("*") if one.is_file())


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test(driver, desks):
    free = os.statvfs(DIR)
    if free.f_bavail * free.f_frsize < 3 * SIZE:
        print(f"  skipped: a file of {SIZE} bytes (three times as many are to be free)")
        return
    path = DIR / "work/sparse.txt"
    path.touch()
    os.truncate(path, SIZE)
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    proof.enter(page, desk)
    page.size(1280)
    proof.go(page, "#/deposit")
    page.wait("return document.querySelector('select#d-type')", what="the list of types")
    page.js("document.getElementById('d-type').value = 'agreement'")
    page.type("#d-files", str(path))
    said = page.wait("return document.querySelector('.deposit .problem')?.innerText", what="its refusal")
    row("the type's limit refuses it by its name", "sparse.txt" in said and "a text of agreement" in said, said)
    row("before a byte of it comes", spooled() == 0, spooled())
    page.click_text(proof.catalogue("en")["deposit.remove"])
    page.js("document.getElementById('d-type').value = ''")
    before, began = desk.peak_kib(), time.monotonic()
    page.type("#d-files", str(path))
    got = page.wait("return document.querySelector('.deposit .digest, .deposit .problem')?.innerText",
                    what="the file's digest", patience=300)
    print(f"  4 GB came in {time.monotonic() - began:.0f} s; the desk's memory was {before} KiB, then {desk.peak_kib()} KiB")
    row("without a limit all of it comes", spooled() == SIZE, spooled())
    row("in flat memory", desk.peak_kib() <= MEMORY_KIB and desk.peak_kib() - before < 8192, desk.peak_kib())
    row("hashed as it comes", "".join(c for c in got if c in "0123456789abcdef") == digest(path), got)
    page.click_text(proof.catalogue("en")["deposit.remove"])
    until = time.monotonic() + 15
    while spooled() and time.monotonic() < until:
        time.sleep(0.1)
    row("and goes with the button", spooled() == 0, spooled())
    page.console()


proof.main(test)
