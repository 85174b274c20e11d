"""Every command against a depositary that answers, at one request or from one
request on, from another history than before.

    drive.py DIR PORT-A PORT-B [COMMAND…]
    drive.py --table     the table of docs/security.md

DIR is a depositary with its offices; the daemons A and B were forked from one
data folder and each went on by itself (tests/scenario/160-adversary.sh).  A
command ends with exit 0 only if all that it called proved holds in the one
history that it kept; else it says JOURNAL_ROLLED_BACK.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

from depositary import Depositary

# What only one of the histories has: in texts, titles and names.
MARKS = {"A": ("The A text", "only-a"), "B": ("The B text", "only-b")}
# A command that fails accuses the depositary: of two histories, or, where what
# it says of itself is not signed, of an answer that its own acts contradict.
ROLLED_BACK = ("JOURNAL_ROLLED_BACK", "was rolled back")
ACCUSES = ROLLED_BACK + ("ANSWER_DIFFERS",)

COMMANDS = {
    "list": ["list"],
    "list-proved": ["list", "--proved", "agreement"],
    "show": ["show", "agreement/one"],
    "history": ["history", "agreement/one"],
    "log": ["log"],
    "log-filtered": ["log", "--act", "deposit"],
    "fetch": ["fetch", "agreement/one", "-o", "{work}/copy.asice"],
    "fetch-1": ["fetch", "agreement/one@1", "-o", "{work}/copy.asice"],
    "pull": ["pull", "{work}/pulled"],
    "diff": ["diff", "agreement/one@1", "agreement/one@2"],
    "audit": ["audit"],
    "audit-full": ["audit", "--full"],
    "policy": ["policy", "show"],
    "policy-accept": ["policy", "accept", "{policy}"],
    "current": ["verify", "--current", "{folder}/work/one.asice"],
    "bag": ["bag", "pack", "-o", "{work}/out.bag", "--to", "iom-bangkok",
            "agreement/one"],
    "ack": ["bag", "ack", "work/ack-{try}.bag.ack"],
    "push": ["push", "agreement/pushed-{try}", "--text", "lo=work/lo.txt", "--text",
             "en=work/en.txt", "--title", "en=Pushed"],
    "sign": ["sign", "mou/draft-{try}", "--yes"],
    "terminate": ["terminate", "mou/force-{try}", "--reason", "over",
                  "--yes"],
    "witness": ["witness"],
}
# A difference is for people to read.
PLAIN = ("diff",)
WHO = {"sign": "mofa-minister", "terminate": "mofa-minister"}


# Of more requests than this not each is tried.
MANY = 16


class Office:
    """An office whose line leads to the depositary, and its state as it was
    when it last saw history A."""

    def __init__(self, folder, name, port):
        self.folder, self.name, self.tries = folder, name, 0
        self.policy = None
        self.place = f"{folder}/offices/{name}"
        for path in glob.glob(f"{self.place}/state/*/enrolment.yaml"):
            text = open(path).read()
            text = re.sub(r"(?m)^address: .*", f"address: https://127.0.0.1:"
                          f"{port}", text)
            open(path, "w").write(text)

    def keep(self):
        shutil.rmtree(f"{self.place}/kept", ignore_errors=True)
        shutil.copytree(f"{self.place}/state", f"{self.place}/kept")

    def restore(self):
        shutil.rmtree(f"{self.place}/state")
        shutil.copytree(f"{self.place}/kept", f"{self.place}/state")

    def run(self, words):
        work = f"{self.folder}/work/adversary"
        shutil.rmtree(work, ignore_errors=True)
        os.makedirs(work)
        self.tries += 1
        words = [word.format_map({"work": work, "folder": self.folder,
                                  "policy": self.policy,
                                  "try": self.tries}) for word in words]
        done = subprocess.run(
            [os.environ["VALISE_BUILD"] + "/valise", "--config",
             f"{self.place}/config.yaml"]
            + ([] if words[0] in PLAIN else ["--json"]) + words,
            cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def checkpoint(self):
        """What it keeps: size and root."""
        (path,) = glob.glob(f"{self.place}/state/*/checkpoint")
        lines = open(path).read().split("\n")
        return int(lines[1]), lines[2]


def some_of(asked):
    """A long command's requests are much alike: the first, and some of the
    others; $VALISE_ALL: each."""
    if len(asked) <= MANY or os.environ.get("VALISE_ALL"):
        return asked
    step = len(asked) / MANY
    return asked[:MANY // 2] + [asked[int(i * step)]
                                for i in range(MANY // 2, MANY)]


def other_history(number, tail):
    """Request number, or each from it on, is answered from B."""
    def plan(request):
        # A witness's signature stops the daemon that does not have its size.
        if "add-cosignature" in request.path:
            return "A"
        return "B" if request.number == number or \
            (tail and request.number > number) else "A"
    return plan


class Driver:
    def __init__(self, folder, ports):
        self.folder = folder
        self.depositaries, self.offices = {}, {}
        for name in ("mofa", "mofa-minister"):
            self.depositaries[name] = Depositary(folder, name, ports)
            self.offices[name] = Office(folder, name,
                                        self.depositaries[name].port)
        self.wrong = self.tried = 0

    def holds(self, which, checkpoint, office):
        """Is a checkpoint of a history?"""
        size, root = checkpoint
        answer = self.depositaries[office].ask(
            which, "GET", f"/v1/journal/checkpoint?old=0&at={size}")
        return answer.status == 200 and f"\n{size}\n{root}\n" in \
            answer.body.decode()

    def fault(self, name, why, exit, out, err):
        self.wrong += 1
        print(f"WRONG {name}: {why} (exit {exit})")
        for line in (out.splitlines() + err.splitlines())[-6:]:
            print("   ", line[:300])

    def found(self, out):
        """Has an audit found anything?"""
        try:
            return bool(json.loads(out).get("findings"))
        except ValueError:
            return False

    def called_proved(self, out):
        """What is printed, but for rows that say that they are not proved."""
        def strip(value):
            if isinstance(value, dict):
                if value.get("proved") is False:
                    return None
                # "title-proved" is of the titles of each language as well.
                return {k: strip(v) for k, v in value.items()
                        if value.get(k.removesuffix("s") + "-proved") is not False
                        and value.get(k + "-proved") is not False}
            if isinstance(value, list):
                return [strip(one) for one in value]
            return value
        try:
            return "\n".join(json.dumps(strip(json.loads(line)),
                                        ensure_ascii=False)
                             for line in out.splitlines())
        except ValueError:
            return out

    def check(self, name, office, exit, out, err):
        self.tried += 1
        both = out + err
        if exit != 0:
            if not any(word in both for word in ACCUSES) and \
                    not self.found(out):
                self.fault(name, "it fails, and accuses nobody", exit, out,
                           err)
            return
        kept = self.offices[office].checkpoint()
        of = [which for which in "AB" if self.holds(which, kept, office)]
        said = self.called_proved(out)
        for which in "AB":
            if which in of:
                continue
            for mark in MARKS[which]:
                if mark in said:
                    self.fault(name, f"it keeps {'/'.join(of)} and proves"
                               f" \"{mark}\"", exit, out, err)
                    return
        if not of:
            self.fault(name, "what it keeps is of neither history", exit, out,
                       err)

    def command(self, name, words):
        office_name = WHO.get(name, "mofa")
        office = self.offices[office_name]
        depositary = self.depositaries[office_name]
        office.restore()
        office.tries = 0
        depositary.begin(lambda request: "A")
        exit, out, err = office.run(words)
        if exit != 0:
            self.fault(name, "it fails in one history", exit, out, err)
            return
        asked = list(depositary.log)
        for number, method, path, _ in some_of(asked):
            # An act that was sent stays: in A it would be there already.
            for tail in (False, True):
                office.restore()
                depositary.begin(other_history(number, tail))
                exit, out, err = office.run(words)
                told = (f"{name}, {'from ' if tail else ''}request {number}"
                        f" ({method} {path.split('?')[0]})")
                self.check(told, office_name, exit, out, err)
                # All of it is of the other history: nothing is left to doubt.
                if number == 1 and tail and \
                        not any(word in out + err for word in ROLLED_BACK):
                    self.fault(told, "it is not JOURNAL_ROLLED_BACK", exit,
                               out, err)


def table():
    print("| what it answers | to which command | finding |\n"
          "| --- | --- | --- |")
    for words in COMMANDS.values():
        told = [words[0]] + [word for word in words[1:2]
                             if words[0] in ("bag", "policy")]
        told += [word for word in words if word in (
            "--proved", "--act", "--current", "--full")]
        told += ["DOC@1"] if words[0] == "fetch" and "@1" in words[1] else []
        print("| another history, at one request or from one on |"
              f" `valise {' '.join(told)}` | `JOURNAL_ROLLED_BACK`,"
              " `ANSWER_DIFFERS`, or nothing of it is called proved |")


def main():
    if sys.argv[1:] == ["--table"]:
        return table()
    folder, port_a, port_b = sys.argv[1:4]
    driver = Driver(folder, {"A": int(port_a), "B": int(port_b)})
    for office in driver.offices.values():
        office.run(["list"])
        office.policy = json.loads(office.run(["policy", "show"])[1])["daemon"]
        office.keep()
    for name in sys.argv[4:] or COMMANDS:
        before, began = driver.tried, time.monotonic()
        driver.command(name, COMMANDS[name])
        print(f"{name}: {driver.tried - before} tried in"
              f" {time.monotonic() - began:.1f} s", flush=True)
    print(f"{driver.tried} tried, {driver.wrong} wrong")
    return driver.wrong != 0


if __name__ == "__main__":
    sys.exit(main())
