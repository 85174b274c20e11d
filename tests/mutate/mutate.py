#!/usr/bin/env python3
"""Switch off one check after another, build, and run the unit tests: a check
that can be switched off unnoticed is no check.

    mutate.py SRC BUILD [-n SAMPLE] [-s SEED] [-t TEST…] FOLDER…

SRC is a clone that nobody else works in, BUILD its build folder.  Prints how
many checks there are of each kind, each that survives, and the share that was
noticed.  A check is

    if       an `if` whose branch refuses: it returns false or NULL, or sets an
             error or a finding; it is never taken
    or       `A || error_set(…)`, judge_find(…) and kin: A is always true
    and      a link of `ok = … && A && …` that calls a check: it is always true
    not-one  `!= 1` or `<= 0` of an OpenSSL call within an `if`: never so
"""
import argparse
import glob
import os
import random
import re
import subprocess
import sys
import tempfile

REFUSES = re.compile(r"return (false|NULL|-1)\b|error_\w+\(|_find(_error)?\(|"
                     r"\bfind\(|\b(form|weak|broken|bad|wrong|refuse|differs|"
                     r"contradicts)\(|goto (fail|bad|done|out)\b")
OR = re.compile(r"\|\|\s*(error_\w+|judge_find\w*|form|weak|broken|bad|wrong|"
                r"refuse|contradicts|differs)\(")
AND = re.compile(r"&&\s*(?=(!?\w*(check|verify|judge|is_|has_|eq|valid|parse|"
                 r"match)\w*)\()")
NOT_ONE = re.compile(r"(!=\s*1|<=\s*0)\b")


def match(text, at):
    """The place of the bracket that closes the one at a place, or -1."""
    depth, quote = 0, None
    while at < len(text):
        c = text[at]
        if quote:
            if c == "\\":
                at += 1
            elif c == quote:
                quote = None
        elif c in "\"'":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1


def operand_before(text, at):
    """Where the operand that ends before a place begins."""
    depth = 0
    i = at - 1
    while i > 0:
        c = text[i]
        if c in ")]":
            depth += 1
        elif c in "([":
            if depth == 0:
                return i + 1
            depth -= 1
        elif depth == 0 and (c in ";{}?:," or text[i - 1:i + 1] in ("&&", "||")
                             or (c == "=" and text[i - 1] not in "=!<>" and
                                 text[i + 1] != "=")
                             or text[i - 5:i + 1] == "return"):
            return i + 1
        i -= 1
    return 0


def sites_of(path):
    text = open(path).read()
    found = []
    for m in re.finditer(r"\bif \(", text):
        start = m.end() - 1
        end = match(text, start)
        after = end + 1
        while after < len(text) and text[after].isspace():
            after += 1
        stop = match(text, after) if text[after] == "{" else \
            text.find(";", after)
        body = text[after:stop + 1]
        condition = text[start + 1:end]
        if not REFUSES.search(body) or re.fullmatch(
                r"\(?\s*\(?\w+ = [cm]alloc.*|.*realloc.*", condition, re.S):
            continue
        found.append(("if", start, end + 1,
                      f"(0 && {text[start:end + 1]})"))
        for one in NOT_ONE.finditer(condition):
            place = start + 1 + one.start()
            found.append(("not-one", place, start + 1 + one.end(),
                          "== -123456"))
    for m in OR.finditer(text):
        start = operand_before(text, m.start())
        operand = text[start:m.start()]
        if operand.strip():
            found.append(("or", start, m.start(), f" (1 || ({operand})) "))
    for m in AND.finditer(text):
        start = m.end()
        paren = text.find("(", start)
        end = match(text, paren)
        if end > 0:
            found.append(("and", start, end + 1,
                          f"(1 || {text[start:end + 1]})"))
    return [(path, *one) for one in found]


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("src")
    arguments.add_argument("build")
    arguments.add_argument("-n", type=int, default=100)
    arguments.add_argument("-s", type=int, default=1)
    arguments.add_argument("-t", action="append", default=[])
    arguments.add_argument("folders", nargs="+")
    a = arguments.parse_args()
    sites = []
    for folder in a.folders:
        whole = os.path.join(a.src, folder)
        for path in sorted(glob.glob(whole + "/**/*.c", recursive=True)) \
                if os.path.isdir(whole) else [whole]:
            sites += sites_of(path)
    kinds = {}
    for site in sites:
        kinds[site[1]] = kinds.get(site[1], 0) + 1
    print("checks:", ", ".join(f"{kinds[k]} {k}" for k in sorted(kinds)),
          flush=True)
    random.Random(a.s).shuffle(sites)
    tests = [t for t in sorted(glob.glob(a.build + "/test_*"))
             if os.path.isfile(t) and os.access(t, os.X_OK)]
    if a.t:
        tests = [t for t in tests if os.path.basename(t)[5:] in a.t]
    with tempfile.TemporaryDirectory() as pki:
        env = dict(os.environ, VALISE_BUILD=a.build, VALISE_TOP=a.src,
                   VALISE_PKI=pki)
        run(a, sites[:a.n], tests, env)


def run(a, sites, tests, env):
    killed = broken = 0
    left = []
    for path, kind, start, end, instead in sites:
        text = open(path).read()
        line = text.count("\n", 0, start) + 1
        try:
            open(path, "w").write(text[:start] + instead + text[end:])
            built = subprocess.run(
                ["ninja", "-C", a.build] +
                [os.path.relpath(t, a.build) for t in tests],
                capture_output=True)
            if built.returncode:
                broken += 1
                continue
            stem = os.path.basename(os.path.dirname(path))
            dead = False
            for test in sorted(tests, key=lambda t: stem not in t):
                try:
                    dead = subprocess.run([test], capture_output=True, env=env,
                                          timeout=300).returncode != 0
                except subprocess.TimeoutExpired:
                    dead = True
                if dead:
                    break
        finally:
            open(path, "w").write(text)
        if dead:
            killed += 1
        else:
            left.append(path)
            print("survived", f"{os.path.relpath(path, a.src)}:{line}", kind,
                  " ".join(text[start:end].split())[:120], sep="\t",
                  flush=True)
    done = killed + len(left)
    print(f"tried {done} (and {broken} that do not compile), noticed {killed}:"
          f" {100 * killed / max(done, 1):.0f} %", flush=True)


if __name__ == "__main__":
    sys.exit(main())
