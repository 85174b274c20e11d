#!/usr/bin/env python3
"""Switch off one check after another and run the unit tests: a check that can
be switched off unnoticed is no check.

    mutate.py [-n SAMPLE] [-s SEED] [--least PERCENT] [-w WORK] FOLDER…

A check is

    if       an `if` whose branch refuses: it returns false or NULL, or sets an
             error or a finding; off, it is never taken
    or       `A || error_set(…)`, judge_find(…) and kin; off, A is true
    and      a link of `ok = … && A && …` that calls a check; off, A is true
    not-one  `!= 1` or `<= 0`, as OpenSSL's calls are asked; off, never so

but for one that only asks whether there was memory.

All checks get a switch (mutant.h) in a copy of the sources, which is built
once, in WORK (build-mutate).  Each unit test runs once to see which checks it
reaches; then each check is off in a run of those tests that reach it, until
one of them fails.  A check that none reaches survives at once.

It prints each survivor, the share that was noticed, by folder and kind, and
"N passed, M failed", where those passed that were noticed or whose reason to
be there anyway stands in reasons.txt.  It exits with 1 if the share is under
--least, a survivor has no reason, or a reason has no survivor.
"""
import argparse
import concurrent.futures
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
MUTANT_MAX = 65536

# What says no: the functions that set an error, a complaint or a finding.
REFUSAL = (r"\b(error_\w+|(judge_|audit_)?find|complain\w*|form|weak|too_weak|"
           r"bad\w*|broken|wrong|refuse\w*|differs|contradict\w+|damaged|"
           r"not_allowed|say)\(")
REFUSES = re.compile(r"return (false|NULL|-1)\b|goto (fail|bad|done|out)\b|" +
                     REFUSAL)
OR = re.compile(r"\|\|\s*" + REFUSAL)
AND = re.compile(r"&&\s*(?=(!?\w*(check|verify|judge|is_|has_|eq|valid|parse|"
                 r"match)\w*)\()")
NOT_ONE = re.compile(r"(!=\s*1|<=\s*0)\b")
COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|'
                             r"'(?:\\.|[^'\\])*'", re.S)
MEMORY = re.compile(r"alloc\(|^\(\w+(->\w+)? = \w+_(new|dup)\(\w*\)\) == NULL$")


class Site:
    """A check: its kind, where it is, and what goes before and after it."""

    def __init__(self, path, kind, start, end, before, after):
        self.path, self.kind, self.start, self.end = path, kind, start, end
        self.before, self.after = before, after

    def locate(self, text):
        self.line = text.count("\n", 0, self.start) + 1
        code = text[self.start:self.end]
        if self.kind == "not-one":  # the call that is asked, too
            code = text[text.rfind("\n", 0, self.start) + 1:self.end]
        self.code = " ".join(code.split())[:100]


def blank(text):
    """The text with spaces for comments, and for what strings contain."""
    def spaces(m):
        found = m.group(0)
        inner = re.sub(r"[^\n]", " ", found)
        return inner if found[0] == "/" else found[0] + inner[1:-1] + found[0]
    return COMMENT_OR_TEXT.sub(spaces, text)


def closing(text, at):
    """The place of the bracket that closes the one at a place."""
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] in "([{") - (text[i] in ")]}")
        if depth == 0:
            return i
    return -1


def operand_before(text, end):
    """Where the operand that ends before a place begins."""
    depth, i = 0, end - 1
    while i > 0:
        c = text[i]
        if c in ")]":
            depth += 1
        elif c in "([" and depth > 0:
            depth -= 1
        elif depth == 0 and (c in "([;{}?:," or
                             text[i - 1:i + 1] in ("&&", "||") or
                             (c == "=" and text[i - 1] not in "=!<>" and
                              text[i + 1] != "=") or
                             text[i - 5:i + 1] == "return"):
            break
        i -= 1
    i += 1
    return i + len(text[i:end]) - len(text[i:end].lstrip())


def operand_end(text, start):
    """Where the operand that begins at a place ends."""
    i = start
    while i < len(text):
        if text[i] in "([":
            i = closing(text, i)
        elif text[i] in ");,?:]" or text[i:i + 2] in ("&&", "||"):
            break
        i += 1
    return start + len(text[start:i].rstrip())


def asks_memory(text, start, end, body):
    """Whether it only asks for memory, there or in the lines before."""
    condition = " ".join(text[start:end].split())
    if MEMORY.search(condition) or re.search(r"no.memory", body):
        return True
    names = re.findall(r"([\w>.-]+) [=!]= NULL", condition)
    before = text[max(0, start - 500):start]
    return re.fullmatch(r"[(]?([\w>.-]+ [=!]= NULL( (&&|\|\|) )?)+[)]?",
                        condition) is not None and \
        all(re.search(rf"\b{n} =\s[^;]*?(alloc|dup|_new|\bnew_\w+)\(", before)
            for n in (re.split(r"\W", n)[-1] for n in names))


def sites_of(path, source):
    text = blank(source)
    found = []

    def add(kind, start, end, before, after):
        found.append(Site(path, kind, start, end, before, after))

    for m in re.finditer(r"\bif \(", text):
        start, end = m.end(), closing(text, m.end() - 1)
        after = end + 1 + len(text[end + 1:]) - len(text[end + 1:].lstrip())
        stop = closing(text, after) if text[after] == "{" else \
            text.find(";", after)
        if not REFUSES.search(text[after:stop + 1]) or \
                asks_memory(text, start, end, source[after:stop + 1]):
            continue
        add("if", start, end, "!mutant(%d) && (", ")")
        for one in NOT_ONE.finditer(text, start, end):
            if re.search(r"\bsk_\w+_push\([^()]*\)\s*$",
                         text[start:one.start()]):
                continue
            add("not-one", one.start(), one.end(), "", " && !mutant(%d)")
    for m in OR.finditer(text):
        start = operand_before(text, m.start())
        end = start + len(text[start:m.start()].rstrip())
        body = source[m.end():text.find(";", m.end())]
        if end > start and not asks_memory(text, start, end, body):
            add("or", start, end, "(mutant(%d) || (", "))")
    for m in AND.finditer(text):
        add("and", m.end(), operand_end(text, m.end()),
            "(mutant(%d) || ", ")")
    for site in found:
        site.locate(source)
    return sorted(found, key=lambda s: (s.start, -s.end))


def with_switches(source, sites):
    """The source in which each of the sites has its switch."""
    inserts = []
    for s in sites:
        length = s.end - s.start
        inserts.append((s.start, 1, -length, s.before.replace("%d", s.id)))
        inserts.append((s.end, 0, length, s.after.replace("%d", s.id)))
    out, last = [], 0
    for at, _, _, insert in sorted(inserts):
        out += [source[last:at], insert]
        last = at
    return "".join(out) + source[last:]


def write(path, data):
    """Not if it is there already: ninja looks at the time."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.exists(path) and open(path, "rb").read() == data:
        return
    with open(path, "wb") as f:
        f.write(data)


def build(work, folders):
    """The sites in those folders, and the unit tests with their switches."""
    src, sites = os.path.join(work, "src"), []
    paths = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"],
                           cwd=TOP, capture_output=True, text=True,
                           check=True).stdout.split("\n")
    temporary = os.path.join(work, "tmp")
    os.makedirs(temporary, exist_ok=True)
    for path in sorted(filter(None, paths)):
        if not os.path.isfile(os.path.join(TOP, path)):
            continue
        with open(os.path.join(TOP, path), "rb") as f:
            data = f.read()
        if path.endswith(".c") and path.startswith(tuple(folders)):
            text = data.decode()
            here = sites_of(path, text)
            for number, site in enumerate(here, len(sites)):
                site.id = str(number)
            sites += here
            data = with_switches(text, here).encode()
        elif path.startswith("tests/unit/"):
            data = data.replace(b'"/tmp', f'"{temporary}'.encode())
        write(os.path.join(src, path), data)
        if os.access(os.path.join(TOP, path), os.X_OK):
            os.chmod(os.path.join(src, path), 0o755)
    assert len(sites) < MUTANT_MAX
    out = os.path.join(work, "build")
    if not os.path.exists(os.path.join(out, "build.ninja")):
        header = os.path.join(HERE, "mutant.h")
        subprocess.run(["meson", "setup", out, src,
                        f"-Dc_args=-w -include {shlex.quote(header)}",
                        "-Dc_link_args=-Wl,--wrap=_ck_assert_failed"],
                       check=True, stdout=subprocess.DEVNULL)
    # Regenerates build.ninja where it must.
    subprocess.run(["ninja", "-C", out, "build.ninja"], check=True,
                   stdout=subprocess.DEVNULL)
    targets = subprocess.run(["ninja", "-C", out, "-t", "targets", "all"],
                             capture_output=True, text=True).stdout
    tests = sorted(set(re.findall(r"^(test_\w+):", targets, re.M)))
    # Some read man pages and completions, as the build makes them.
    pages = re.findall(r"^(valised?\.(?:1|8|bash)):", targets, re.M)
    made = subprocess.run(["ninja", "-C", out, *tests, *pages],
                          capture_output=True, text=True)
    if made.returncode != 0:
        sys.exit(made.stdout[-5000:])
    return sites, [os.path.join(out, t) for t in tests]


def run_test(test, work, seconds, **more):
    """Whether it passes, within so many seconds."""
    env = dict(os.environ, CK_FORK="no", VALISE_TOP=os.path.join(work, "src"),
               VALISE_BUILD=os.path.join(work, "build"),
               TMPDIR=os.path.join(work, "tmp"), **more)
    with subprocess.Popen([test], env=env, cwd=os.path.join(work, "tmp"),
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL,
                          start_new_session=True) as process:
        try:
            return process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def reach(test, work):
    """What it reaches, and how many seconds it takes."""
    with tempfile.NamedTemporaryFile(dir=work) as f:
        f.truncate(MUTANT_MAX)
        begun = time.monotonic()
        if not run_test(test, work, 600, MUTANT_REACHED=f.name):
            sys.exit(f"{os.path.basename(test)} fails with all checks on")
        return f.read(), time.monotonic() - begun


def read_reasons():
    """{(file, kind, code): reason}: a reason is the comment before it."""
    reasons, reason = {}, []
    for line in open(os.path.join(HERE, "reasons.txt"), encoding="utf-8"):
        line = line.strip()
        if line.startswith("#"):
            reason.append(line[1:].strip())
        elif line:
            reasons[tuple(line.split("\t"))] = " ".join(reason)
        else:
            reason = []
    return reasons


def table(sites, noticed):
    rows = {}
    for s in sites:
        for row in (os.path.dirname(s.path), s.kind, "all"):
            good, of = rows.get(row, (0, 0))
            rows[row] = good + noticed[s], of + 1
    for row in sorted(rows, key=lambda r: (r == "all", "/" not in r, r)):
        good, of = rows[row]
        print(f"{row:16} {of:5} checks {good:5} noticed "
              f"{100 * good / of:6.1f} %")
    good, of = rows["all"]
    return 100 * good / of


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("-n", type=int, help="only so many, at random")
    arguments.add_argument("-s", type=int, default=1, help="which ones")
    arguments.add_argument("-j", type=int, default=os.cpu_count())
    arguments.add_argument("-w", default=os.path.join(TOP, "build-mutate"))
    arguments.add_argument("--least", type=float, default=0)
    arguments.add_argument("folders", nargs="+")
    a = arguments.parse_args()
    work = os.path.abspath(a.w)
    sites, tests = build(work, [os.path.normpath(f) for f in a.folders])
    if not sites:
        sys.exit("no checks there")
    chosen = sites
    if a.n is not None and a.n < len(sites):
        chosen = random.Random(a.s).sample(sites, a.n)
    reasons, seen = read_reasons(), set()
    with concurrent.futures.ThreadPoolExecutor(a.j) as pool:
        runs = dict(zip(tests, pool.map(lambda t: reach(t, work), tests)))

        def notices(site):
            """The test that fails without it, or None."""
            for test in sorted(tests, key=lambda t: runs[t][1]):
                reached, seconds = runs[test]
                if reached[int(site.id)] and not run_test(
                        test, work, 10 + 10 * seconds, MUTANT=site.id):
                    return test
            return None

        noticed = {}
        for site, by in zip(chosen, pool.map(notices, chosen)):
            noticed[site] = by is not None
            if by is not None:
                continue
            key = site.path, site.kind, site.code
            seen.add(key)
            how = "" if any(runs[t][0][int(site.id)] for t in tests) else \
                "\t(not reached)"
            print(f"{site.path}:{site.line}\t{site.kind}\t{site.code}{how}" +
                  (f"\n\t{reasons[key]}" if key in reasons else ""),
                  flush=True)
    shutil.rmtree(os.path.join(work, "tmp"), ignore_errors=True)
    share = table(chosen, noticed)
    failed = sum(not noticed[s] and (s.path, s.kind, s.code) not in reasons
                 for s in chosen)
    stale = [k for k in reasons if chosen is sites and k not in seen and
             k[0].startswith(tuple(a.folders))]
    for path, kind, code in stale:
        print(f"reasons.txt: no such survivor: {path}\t{kind}\t{code}")
    print(f"{len(chosen) - failed} passed, {failed + len(stale)} failed")
    sys.exit(share < a.least or failed + len(stale) > 0)


if __name__ == "__main__":
    main()
