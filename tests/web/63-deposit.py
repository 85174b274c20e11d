# A deposit of 50 MB over a line that is cut; a folder dropped; a tab closed, and a
# disk that is full, in the middle of a file.
import base64
import os
import signal
import subprocess
import time

import proof
from proof import DIR, row

SIZE = 50_000_000
# So many that a tab is closed before they have come.
SPARSE = 1_500_000_000
MEMORY_KIB = 64 * 1024


def bad_line(office, *words):
    """What that office asks goes over a line of this kind (tests/lib/line.c)."""
    port = subprocess.run([proof.BUILD / "free-port"], check=True, capture_output=True,
                          text=True).stdout.strip()
    target = (DIR / "url").read_text().strip().rpartition(":")[2].strip("/")
    line = subprocess.Popen([proof.BUILD / "line", port, target, *words], cwd=DIR,
                            stdout=subprocess.PIPE)
    line.stdout.readline()
    for path in (DIR / "offices" / office / "state").glob("*/enrolment.yaml"):
        text = path.read_text().splitlines()
        path.write_text("\n".join(f"address: https://127.0.0.1:{port}" if one.startswith("address: ")
                                  else one for one in text) + "\n")
    return line


def large(name):
    path = DIR / "work" / name
    path.write_bytes(base64.encodebytes(os.urandom(SIZE * 3 // 4))[:SIZE])
    return path


def spooled(desk):
    """Bytes of dropped files that the desk keeps."""
    return sum(one.stat().st_size for root in (desk.home / "run", DIR / "offices/mofa/state")
               for one in root.rglob("*") if one.is_file() and one.stat().st_size > 1_000_000)


def fill(page, document, path):
    proof.go(page, "#/deposit")
    page.type("#d-files", f"{path}\n{DIR / 'work/agreement.lo.txt'}")
    page.js("document.getElementById('d-language-0').value = 'en';"
            "document.getElementById('d-language-0').dispatchEvent(new Event('input'))")
    proof.name_document(page, document)
    page.type("#d-title-en", "A large one")


def cut(page, desk, path, line):
    fill(page, "agreement/large", path)
    page.wait("return document.querySelectorAll('.deposit .digest').length === 2", what="both digests")
    page.click(".deposit button.main")
    page.wait("return document.querySelector('section.ask h2, .deposit .problem')",
              what="version.yaml", patience=60)
    row("the deposit is shown before it is signed", "large.txt" in page.text("section.ask"),
        page.text(".deposit .problem"))
    tries = 0
    while True:
        tries += 1
        page.js("document.querySelectorAll('section.ask .problem').forEach((e) => e.remove())")
        page.click("section.ask button.main")
        said = page.wait("return document.querySelector('h2.done, section.ask .problem')?.innerText",
                         what="the deposit's end", patience=120)
        if "It is deposited." in said or tries == 6:
            break
    row("50 MB are deposited over a line that is cut", "It is deposited." in said, said)
    row("the same button goes on with what was cut", tries <= 4, tries)
    row("the desk's memory stays flat", desk.peak_kib() <= MEMORY_KIB, desk.peak_kib())
    line.send_signal(signal.SIGHUP)
    page.console()


def folder(page):
    """Dropped as a browser has it: by its path, with all that is in it."""
    proof.go(page, "#/deposit")
    (DIR / "work/a folder").mkdir()
    (DIR / "work/a folder/a.txt").write_text("Article 1\n")
    box = page.js("const b = document.querySelector('.drop').getBoundingClientRect();"
                  "return [b.x + b.width / 2, b.y + b.height / 2]")
    data = {"items": [], "files": [str(DIR / "work/a folder")], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        page.cdp("Input.dispatchDragEvent", type=kind, x=box[0], y=box[1], data=data)
    page.wait_text("a folder", ".drop [role=alert]")
    row("a folder is refused by its name", "is a folder" in page.text(".drop [role=alert]"))
    row("nothing of it is taken", not page.js("return document.querySelector('.deposit table')"))
    data["files"] = [str(DIR / "work/agreement.lo.txt"), str(DIR / "work/agreement.en.txt")]
    for kind in ("dragEnter", "dragOver", "drop"):
        page.cdp("Input.dispatchDragEvent", type=kind, x=box[0], y=box[1], data=data)
    page.wait("return document.querySelectorAll('.deposit .digest').length === 2", what="two dropped files")
    row("files are dropped too", True)
    proof.go(page, "#/documents")


def full(page, desk, mounted):
    """The disk of the desk's folder is full when a part of a file has come."""
    proof.go(page, "#/deposit")
    path = DIR / "work/fills.txt"
    path.write_bytes(b"a" * 12_000_000)
    # So slow that there is time to fill it.
    page.cdp("Network.enable")
    page.cdp("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1,
             uploadThroughput=2_000_000)
    page.type("#d-files", str(path))
    page.wait("return document.querySelector('.deposit progress')?.value > 1000000", what="a part of it")
    filler = mounted / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            pass
    said = page.wait("return document.querySelector('.deposit .problem')?.innerText", what="a full disk told",
                     patience=60)
    row("a disk that is full in the middle of a file is told, with its name", "fills.txt" in said and
        proof.catalogue("en")["kind.full"] in said, said)
    row("and nothing of the file stays", not [one for one in mounted.rglob("fills.txt")])
    filler.unlink()
    page.cdp("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1,
             uploadThroughput=-1)
    page.click_text(proof.catalogue("en")["deposit.again"])
    page.wait("return document.querySelectorAll('.deposit .digest').length === 1", what="its digest")
    row("with room it comes by the button beside it", True)
    page.console()


def full_disk(driver, desks):
    mounted = DIR / "offices/iom-vientiane/state/desk"
    mounted.mkdir(parents=True, exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m,mode=700", "tmpfs", mounted], check=False,
                      capture_output=True).returncode:
        print("  skipped: a full disk (mounting a tmpfs needs root)")
        return
    try:
        desk = proof.Desk("iom-vientiane")
        page = driver.open()
        try:
            proof.enter(page, desk)
            page.size(1280)
            full(page, desk, mounted)
        finally:
            page.close()
            desk.close()
    finally:
        subprocess.run(["umount", "-l", mounted], check=False)


def closed(page, desk):
    origin = page.js("return location.origin")
    first = page.tabs()[0]
    page.new_tab()
    page.get(f"{origin}/#/deposit")
    proof.settled(page)
    path = DIR / "work/sparse.txt"
    path.touch()
    os.truncate(path, SPARSE)
    page.type("#d-files", str(path))
    page.wait("return document.querySelector('.deposit progress')?.value > 0", what="progress")
    row("a file's progress is shown", True)
    kept = spooled(desk)
    row("it comes to the desk's folder", 0 < kept < SPARSE, kept)
    page.close_tab()
    page.switch(first)
    until = time.monotonic() + 15
    while spooled(desk) and time.monotonic() < until:
        time.sleep(0.1)
    row("nothing stays of a file whose tab was closed", spooled(desk) == 0, spooled(desk))


def test(driver, desks):
    line = bad_line("mofa", "cut=20000000", "cuts=3")
    desk = proof.Desk("mofa")
    desks.append(desk)
    page = driver.open()
    try:
        proof.enter(page, desk)
        page.size(1280)
        path = large("large.txt")
        folder(page)
        closed(page, desk)
        cut(page, desk, path, line)
        full_disk(driver, desks)
    finally:
        line.kill()


proof.main(test)
