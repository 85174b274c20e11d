# axe.py - axe-core, which looks for what keeps people out of a page.
#
# It is fetched once from the npm registry by npm, into a cache, and is used
# only if it has the bytes that are expected.  It is no part of this project.
import hashlib
import os
import pathlib
import subprocess
import tarfile
import tempfile

VERSION = "4.14.1"
SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
CACHE = pathlib.Path(os.environ.get("VALISE_CACHE") or
                     pathlib.Path.home() / ".cache/valise")
# WCAG 2.2, A and AA, and what axe-core holds good practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Unreachable(Exception):
    pass


def source():
    """axe-core as text; Unreachable says why there is none."""
    path = CACHE / f"axe-core-{VERSION}.min.js"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            try:
                told = subprocess.run(
                    ["npm", "pack", "--silent", f"axe-core@{VERSION}"], cwd=folder,
                    capture_output=True, text=True, timeout=120, check=False)
            except (OSError, subprocess.TimeoutExpired) as e:
                raise Unreachable(f"npm: {e}") from None
            packed = list(pathlib.Path(folder).glob("*.tgz"))
            if not packed:
                raise Unreachable(f"the npm registry gives no axe-core: {told.stderr.strip()[-300:]}")
            with tarfile.open(packed[0]) as tar:
                data = tar.extractfile("package/axe.min.js").read()
            new = pathlib.Path(folder) / "axe"
            new.write_bytes(data)
            new.replace(path)
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        path.unlink()
        raise ValueError(f"{path} had not the bytes of axe-core {VERSION}")
    return data.decode()


def violations(page, text):
    """What is wrong on the page that is shown, a line each."""
    page.cdp("Runtime.evaluate", expression=f"if (!window.axe) {{ {text} }}")
    told = page.cdp("Runtime.evaluate", awaitPromise=True, returnByValue=True, expression="""
        axe.run(document, { runOnly: { type: "tag", values: %s },
            resultTypes: ["violations"] }).then((r) => r.violations.flatMap((v) =>
            v.nodes.map((n) => `${v.id} (${v.impact}): ${n.target.join(" ")}: ` +
                n.failureSummary.replace(/\\s+/g, " ") + ` ${n.html.slice(0, 160)}`)))
        """ % TAGS)
    if "exceptionDetails" in told:
        raise ValueError(f"axe-core: {told['exceptionDetails']['exception']['description']}")
    return told["result"]["value"]
