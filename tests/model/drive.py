"""Drive a real daemon at random by all offices, and compare it with the model
after each step.

    drive.py DIR [--seed N] [--steps N]

DIR is a depositary as tests/lib/office.sh makes it, every office enrolled, the
daemon stopped.  $VALISE_BUILD has the programs.  A run is the same for the same
seed, but for what is done at once.
"""
import argparse
import datetime
import glob
import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import time

from model import (CONFLICT, NOT_ALLOWED, NOT_THERE, TERMINATED, WITHDRAWN,
                   Document, Policy)

EXITS = {NOT_ALLOWED: 3, NOT_THERE: 4, CONFLICT: 5}

# folder: (office by the policy, person)
PEOPLE = {
    "mofa": ("mofa", "treaties@mofa.example"),
    "mofa-minister": ("mofa", "minister@mofa.example"),
    "mofa-vice-minister": ("mofa", "vice-minister@mofa.example"),
    "iom-vientiane": ("iom-vientiane", "vientiane@iom.example"),
    "iom-chief-of-mission": ("iom-vientiane", "chief-of-mission@iom.example"),
    "iom-bangkok": ("iom-bangkok", "bangkok@iom.example"),
    "iom-geneva": ("iom-geneva", "geneva@iom.example"),
}
OFFICES = {"mofa": "lao-pdr", "iom-vientiane": "iom", "iom-bangkok": "iom",
           "iom-geneva": "iom"}
SIGNERS = ["minister@mofa.example", "vice-minister@mofa.example",
           "chief-of-mission@iom.example", "bangkok@iom.example"]
DEPOSIT = {"mou": ["mofa", "iom-vientiane"],
           "health-protocol": ["iom-vientiane", "iom-bangkok"]}
READ = {"mou": list(OFFICES),
        "health-protocol": ["mofa", "iom-vientiane", "iom-bangkok"]}
AUDITORS = ["mofa", "iom-bangkok", "iom-geneva"]
DOCUMENTS = ["mou/one", "mou/two", "mou/three", "health-protocol/four"]
# A bag goes to an office that has a key for it.
BEARERS = ["mofa", "iom-vientiane", "iom-bangkok", "iom-geneva"]


class Wrong(Exception):
    pass


class Daemon:
    def __init__(self, folder, build):
        self.folder, self.build = folder, build
        self.process = None

    def log(self):
        with open(self.folder + "/log", "rb") as file:
            return file.read()

    def start(self):
        before = len(self.log())
        with open(self.folder + "/log", "ab") as log:
            self.process = subprocess.Popen(
                [self.build + "/valised", "--config",
                 self.folder + "/valised.yaml"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        with open(self.folder + "/pid", "w") as file:
            file.write("%d\n" % self.process.pid)
        self.until(before, b"event=start ")

    def until(self, before, words):
        while words not in self.log()[before:]:
            if self.process.poll() is not None:
                raise Wrong("the daemon ended with %d: %s" % (
                    self.process.returncode, self.log()[-600:].decode()))
            time.sleep(0.01)

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait()
        self.process = None
        os.unlink(self.folder + "/pid")

    def reload(self):
        before = len(self.log())
        self.process.send_signal(signal.SIGHUP)
        self.until(before, b"event=reload")


class Pending:
    """An act that was made without a line, on its way by bag."""

    def __init__(self, who, document, number, onto, bag, bearer, is_deposit):
        self.who, self.document, self.number = who, document, number
        self.onto, self.bag, self.bearer = onto, bag, bearer
        self.is_deposit, self.done = is_deposit, False


class Drive:
    def __init__(self, folder, build, seed):
        self.folder, self.build = folder, build
        self.random = random.Random(seed)
        self.daemon = Daemon(folder, build)
        self.documents = {name: Document(name) for name in DOCUMENTS}
        one = {"lao-pdr": 1, "iom": 1}
        self.policy = Policy(OFFICES, DEPOSIT, READ,
                             {kind: SIGNERS for kind in DEPOSIT},
                             {kind: {"sign": dict(one),
                                     "terminate": dict(one)}
                              for kind in DEPOSIT})
        self.pulled = {}   # folder: {document: Document}
        self.pending = []
        self.count = 0
        self.story = []
        self.past = []     # (size, {(document, number): status})
        self.checks = 0
        self.fetched = {}  # (person, document, number): how often
        self.killed = False

    # --- Running the command. ---

    def begin(self, who, *args):
        return subprocess.Popen(
            [self.build + "/valise", "--config",
             "offices/%s/config.yaml" % who, *args],
            cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def end(self, process):
        out = process.communicate(timeout=60)[0].decode(errors="replace")
        return process.returncode, out

    def run(self, who, *args):
        return self.end(self.begin(who, *args))

    def expect(self, who, *args, code=0):
        got, out = self.run(who, *args)
        self.checks += 1
        if got != code:
            raise Wrong("%s: valise %s: exit %d, not %d: %s" % (
                who, " ".join(args), got, code, out))
        return out

    @staticmethod
    def parsed(out):
        """The JSON in what a command said; its notes for people are there
        too."""
        return json.loads(next(line for line in out.splitlines()
                               if line.startswith("{")))

    def told(self, what, got, out, why):
        """Refused for one of these reasons, or done if there is none."""
        self.checks += 1
        codes = {EXITS[one] for one in why} or {0}
        if got not in codes:
            raise Wrong("%s: exit %d; the model says %s: %s" % (
                what, got, " or ".join(sorted(why)) or "it is done", out))
        return not why

    # --- Steps. ---

    def text(self):
        self.count += 1
        path = "work/text-%d.txt" % self.count
        with open(self.folder + "/" + path, "w") as file:
            file.write("Text %d\n" % self.count)
        return path

    def push_command(self, document, onto):
        return ["push", document.name, "--text", "en=" + self.text(),
                "--title", "en=" + document.name] + (
                    ["--onto", str(onto)] if onto else [])

    def choose_onto(self, number):
        return self.random.choice([0, 0, number, max(1, number - 1)])

    def against_push(self, document, office, number, onto):
        why = document.against_deposit(self.policy, office, number, onto)
        if onto and onto != number - 1:
            why.add(CONFLICT)
        # Who cannot read it does not know what there is.
        if office not in self.policy.read[document.kind]:
            why |= {NOT_ALLOWED, CONFLICT}
        return why

    def step_push(self, document, who=None):
        who = who or self.random.choice(
            ["mofa", "iom-vientiane", "iom-bangkok"] * 3 + list(PEOPLE))
        office, person = PEOPLE[who]
        number = len(document.versions)
        onto = self.choose_onto(number) if number else 0
        what = "%s pushes %s@%d%s" % (who, document.name, number + 1,
                                      " onto %d" % onto if onto else "")
        self.story.append(what)
        why = self.against_push(document, office, number + 1, onto)
        # Nobody replaces a version that they have not seen.
        if number:
            self.run(who, "show", document.name)
        got, out = self.run(who, *self.push_command(document, onto))
        if self.told(what, got, out, why):
            document.deposit(office, person)

    def choose_number(self, document):
        newest = max(1, len(document.versions))
        return self.random.choice([newest] * 6 + list(range(1, newest + 2)))

    def step_sign(self, document):
        who = self.random.choice(
            [w for w in PEOPLE if PEOPLE[w][1] in SIGNERS] * 4 + list(PEOPLE))
        office, person = PEOPLE[who]
        number = self.choose_number(document)
        what = "%s signs %s@%d" % (who, document.name, number)
        self.story.append(what)
        why = document.against_sign(self.policy, office, person, number)
        got, out = self.run(who, "sign", "%s@%d" % (document.name, number),
                            "--yes")
        if self.told(what, got, out, why):
            document.sign(self.policy, office, person, number)

    def step_terminate(self, document):
        who = self.random.choice(
            [w for w in PEOPLE if PEOPLE[w][1] in SIGNERS] * 4 + list(PEOPLE))
        office, person = PEOPLE[who]
        what = "%s terminates %s" % (who, document.name)
        self.story.append(what)
        why = document.against_terminate(self.policy, office, person)
        reason = [] if document.begun() else ["--reason", "over"]
        got, out = self.run(who, "terminate", document.name, "--yes", *reason)
        if self.told(what, got, out, why):
            document.terminate(self.policy, office, person)

    def step_policy(self, _):
        kind = self.random.choice(list(DEPOSIT))
        act = self.random.choice(["sign", "terminate"])
        least = {party: self.random.choice([1, 1, 2])
                 for party in ("lao-pdr", "iom")}
        self.story.append("the policy asks for %r to %s a %s" % (
            least, act, kind))
        self.policy.quorum[kind][act] = least
        self.write_policy(kind)
        self.daemon.reload()
        self.accept()

    def write_policy(self, kind):
        path = "%s/policies/%s.yaml" % (self.folder, kind)
        with open(path) as file:
            text = file.read()
        for key, act in (("quorum", "sign"), ("terminate", "terminate")):
            least = self.policy.quorum[kind][act]
            text = re.sub(r"(?m)^%s: .*" % key,
                          "%s: {lao-pdr: %d, iom: %d}" % (
                              key, least["lao-pdr"], least["iom"]), text)
        # Sometimes it is a policy that there was before.
        if self.random.random() < 0.7:
            self.count += 1
            text += "# %d\n" % self.count
        with open(path, "w") as file:
            file.write(text)

    def accept(self):
        for who in PEOPLE:
            told = self.parsed(self.expect(who, "--json", "policy", "show"))
            self.expect(who, "policy", "accept", told["daemon"])

    def step_restart(self, _):
        how = self.random.choice([signal.SIGTERM, signal.SIGKILL])
        self.story.append("the daemon is restarted (%s)" % how.name)
        self.killed = self.killed or how == signal.SIGKILL
        self.daemon.stop(how)
        self.daemon.start()

    # --- By bag. ---

    def pull(self, who):
        self.expect(who, "pull", "work/copy-" + who)
        office = PEOPLE[who][0]
        self.pulled[who] = {
            name: document.copy()
            for name, document in self.documents.items()
            if document.versions and office in READ[document.kind]}

    def clear_outbox(self, who):
        """What goes by bag is not sent by a line as well."""
        for path in glob.glob("%s/offices/%s/state/*/outbox/*" % (
                self.folder, who)):
            os.unlink(path)

    def pack(self, who, document, number, onto, is_deposit):
        self.count += 1
        bag = "work/bag-%d" % self.count
        bearer = self.random.choice(
            [b for b in BEARERS if b != who])
        self.expect(who, "--local", "bag", "pack", "-o", bag, "--to", bearer,
                    "--outbox")
        self.clear_outbox(who)
        self.pending.append(Pending(who, document, number, onto, bag, bearer,
                                    is_deposit))

    def step_made(self, document):
        """Make a deposit or a signature without a line."""
        who = self.random.choice(["mofa", "iom-vientiane", "iom-bangkok",
                                  "mofa-minister", "iom-chief-of-mission"])
        office, person = PEOPLE[who]
        if self.random.random() < 0.5 or who not in self.pulled:
            self.pull(who)
        seen = self.pulled[who].get(document.name)
        number = len(seen.versions) if seen else 0
        if self.random.random() < 0.5:
            onto = self.choose_onto(number) if number else 0
            what = "%s makes %s@%d%s for a bag" % (
                who, document.name, number + 1,
                " onto %d" % onto if onto else "")
            self.story.append(what)
            why = self.seen_against(seen, office, number, onto)
            got, out = self.run(who, "--local",
                                *self.push_command(document, onto))
            if self.told(what, got, out, why):
                self.pack(who, document, number + 1, onto, True)
            return
        if number == 0:
            return
        what = "%s signs %s@%d for a bag" % (who, document.name, number)
        self.story.append(what)
        version = seen.newest()
        signed = any(s.person == person for s in version.live("sign"))
        why = set()
        if signed and (version.alone() != "signed in part" or
                       not seen._again(self.policy, version, "sign", person)):
            why.add(CONFLICT)
        got, out = self.run(who, "--local", "sign", "%s@%d" % (
            document.name, number), "--yes")
        if self.told(what, got, out, why):
            self.pack(who, document, number, 0, False)

    def seen_against(self, seen, office, number, onto):
        """What the command alone refuses, by its local copy."""
        why = set()
        if onto and onto != number:
            why.add(CONFLICT)
        if seen and seen.newest().alone() == "signed in part" and not onto:
            if any(s.party != OFFICES[office]
                   for s in seen.newest().live("sign")):
                why.add(CONFLICT)
        return why

    def step_handed_in(self, _):
        if not self.pending:
            return
        act = self.random.choice(self.pending)
        office, person = PEOPLE[act.who]
        document = act.document
        what = "%s hands in what %s made: %s %s@%d" % (
            act.bearer, act.who, "deposit" if act.is_deposit else "signature",
            document.name, act.number)
        self.story.append(what)
        if act.done:
            why = set()
        elif act.is_deposit:
            why = document.against_deposit(self.policy, office, act.number,
                                           act.onto)
        else:
            why = document.against_sign(self.policy, office, person,
                                        act.number)
        got, out = self.run(act.bearer, "bag", "push", act.bag)
        if not self.told(what, got, out, why) or act.done:
            return
        act.done = True
        if act.is_deposit:
            document.deposit(office, person)
        else:
            document.sign(self.policy, office, person, act.number)

    # --- Two at once. ---

    def step_race(self, document):
        """A version and a signature: as if one came after the other."""
        if not document.versions:
            return
        pusher = self.random.choice(DEPOSIT[document.kind])
        signer = self.random.choice(
            [w for w in PEOPLE if PEOPLE[w][1] in SIGNERS])
        number = len(document.versions)
        self.story.append("at once: %s pushes %s@%d, %s signs @%d" % (
            pusher, document.name, number + 1, signer, number))
        self.run(pusher, "show", document.name)
        first = self.begin(pusher, *self.push_command(document, 0))
        second = self.begin(signer, "sign",
                            "%s@%d" % (document.name, number), "--yes")
        results = [self.end(first), self.end(second)]
        got = tuple(code for code, _ in results)
        self.checks += 1
        for order in ((0, 1), (1, 0)):
            trial = document.copy()
            codes = [None, None]
            for which in order:
                codes[which] = self.try_one(trial, which, pusher, signer,
                                            number)
            if got[0] in codes[0] and got[1] in codes[1]:
                if self.shown(trial, self.reader(document)) is None:
                    self.documents[document.name] = trial
                    for act in self.pending:
                        if act.document is document:
                            act.document = trial
                    return
        raise Wrong("no order of the two leads to this: %r" % (results,))

    def try_one(self, trial, which, pusher, signer, number):
        if which == 0:
            office, person = PEOPLE[pusher]
            why = trial.against_deposit(self.policy, office, number + 1, 0)
            if not why:
                trial.deposit(office, person)
        else:
            office, person = PEOPLE[signer]
            why = trial.against_sign(self.policy, office, person, number)
            if not why:
                trial.sign(self.policy, office, person, number)
        return {EXITS[one] for one in why} or {0}

    # --- Comparing. ---

    def reader(self, document):
        return self.random.choice(
            [w for w in PEOPLE if PEOPLE[w][0] in READ[document.kind]])

    def shown(self, document, who, *options):
        """What "show" says against the model: None, or the difference."""
        told = self.parsed(self.expect(who, *options, "--json", "show",
                                      document.name))
        if told["status"] != document.status():
            return "the document is %s, not %s" % (told["status"],
                                                   document.status())
        for version, one in zip(document.versions, told["versions"]):
            has = (one["version"], one["status"], one["person"],
                   [(s["act"], s["person"]) for s in one["signatures"]])
            due = (version.number, version.status, version.person,
                   [(s.act, s.person) for s in version.signatures])
            if has != due:
                return "%r, not %r" % (has, due)
            by = one.get("withdrawn")
            if (by is None) != (version.status != WITHDRAWN):
                return "withdrawn: %r" % (by,)
            if by and by["person"] != document.versions[
                    version.number].person:
                return "withdrawn by %s" % by["person"]
        if len(told["versions"]) != len(document.versions):
            return "%d versions, not %d" % (len(told["versions"]),
                                            len(document.versions))
        return None

    def check_shown(self, document):
        who = self.reader(document)
        difference = self.shown(document, who)
        if difference:
            raise Wrong("%s shows %s: %s" % (who, document.name, difference))

    def check_list(self):
        who = self.random.choice(list(PEOPLE))
        told = self.parsed(self.expect(who, "--json", "list"))
        has = {d["document"]: (d["version"], d["status"])
               for d in told["documents"]}
        due = {name: (len(d.versions), d.status())
               for name, d in self.documents.items()
               if d.versions and PEOPLE[who][0] in READ[d.kind]}
        self.checks += 1
        if has != due:
            raise Wrong("%s lists %r, not %r" % (who, has, due))

    def remember(self):
        """The size of the journal, and what every version is at it."""
        with open(self.folder + "/data/journal/heads", "rb") as file:
            file.seek(-160, os.SEEK_END)
            size = struct.unpack(">Q", file.read(160)[8:16])[0]
        self.past.append((size, {
            (name, version.number): version.status
            for name, document in self.documents.items()
            for version in document.versions}))

    def as_of(self, size, document, version):
        """What it may have been at a size of the journal."""
        key = (document.name, version.number)
        after = [i for i, (at, _) in enumerate(self.past) if at > size]
        first = after[0] if after else len(self.past)
        return {statuses.get(key) for _, statuses in
                self.past[max(0, first - 1):first + 1]}

    def check_copy(self, document, version):
        """It can be fetched, and verified by somebody else, offline."""
        who = self.reader(document)
        name = "%s@%d" % (document.name, version.number)
        key = (PEOPLE[who][1], document.name, version.number)
        self.fetched[key] = self.fetched.get(key, 0) + 1
        told = self.parsed(self.expect(who, "--json", "fetch", name, "--force",
                                      "-o", "work/copy.asice"))
        if (told["outcome"], told["status"]) != ("VALID", version.status):
            raise Wrong("%s fetches %s, which is %s: %r" % (
                who, name, version.status, told))
        other = self.reader(document)
        told = self.parsed(self.expect(other, "--json", "verify",
                                      "work/copy.asice"))
        size = told["as-of"]["size"]
        due = ({version.alone()} if size is None
               else self.as_of(size, document, version))
        if told["outcome"] != "VALID" or told["status"] not in due:
            raise Wrong("%s verifies %s, which is %s: %r" % (
                other, name, " or ".join(map(str, due)), told))

    def check_all(self):
        """Once in a while: every version, the local copy, the audit."""
        for document in self.documents.values():
            for version in document.versions:
                self.check_copy(document, version)
        who = self.random.choice(list(PEOPLE))
        self.pull(who)
        for document in self.pulled[who].values():
            difference = self.shown(document, who, "--local")
            if difference:
                raise Wrong("%s has %s: %s" % (who, document.name,
                                               difference))
        self.check_audit()

    def check_audit(self, *options):
        for who in AUDITORS:
            out = self.expect(who, "audit", *options)
            if "nothing is wrong" not in out:
                raise Wrong("%s audits: %s" % (who, out))

    def check_deliveries(self):
        """Each copy that left is journaled, or counted under an entry."""
        told = self.parsed(self.expect("mofa", "--json", "log"))
        left, counted, last, starts = {}, set(), {}, 0
        times = {}
        for one in told["entries"]:
            index, entry = one["index"], one["entry"]
            if entry["act"] == "start":
                starts += 1
            if entry["act"] not in ("deliver", "deliveries"):
                continue
            what = tuple(entry[key] for key in (
                "office", "person", "document", "version", "contents"))
            key = what[1:4]
            if entry["act"] == "deliver":
                at = datetime.datetime.fromisoformat(
                    entry["time"].replace("Z", "+00:00")).timestamp()
                before = last.get(what)
                if before and before[1] == starts and at - before[0] < 58:
                    raise Wrong("entry %d is of %r once more, %d s later" % (
                        index, what, at - before[0]))
                last[what] = (at, starts)
                left[index] = what
                times[key] = times.get(key, 0) + 1
                continue
            if left.get(entry["prior"]) != what or entry["times"] < 1:
                raise Wrong("entry %d counts %r, not %r" % (
                    index, what, left.get(entry["prior"])))
            if entry["prior"] in counted:
                raise Wrong("entry %d counts %d again" % (
                    index, entry["prior"]))
            counted.add(entry["prior"])
            times[key] += entry["times"]
        self.checks += 1
        for key, num in self.fetched.items():
            # A kill may lose a count, and no delivery.
            if key not in times or (not self.killed and times[key] < num):
                raise Wrong("%r was given %d times, not %d" % (
                    key, times.get(key, 0), num))

    def check_fsck(self):
        done = subprocess.run([self.build + "/valised", "fsck", "data"],
                              cwd=self.folder, capture_output=True, text=True,
                              check=False)
        self.checks += 1
        if done.returncode != 0:
            raise Wrong("fsck: %s%s" % (done.stdout, done.stderr))

    # --- All of it. ---

    def give_powers(self):
        path = self.folder + "/policies/offices.yaml"
        with open(path) as file:
            text = file.read()
        text = text.replace(
            "{person: vice-minister@mofa.example, party: lao-pdr,"
            " types: [health-protocol]",
            "{person: bangkok@iom.example, party: iom,"
            " types: [mou, health-protocol], from: 2021-08-01,"
            " until: 2031-12-31}\n"
            "  - {person: vice-minister@mofa.example, party: lao-pdr,"
            " types: [mou, health-protocol]")
        with open(path, "w") as file:
            file.write(text)

    def one_step(self):
        steps = ([self.step_push] * 6 + [self.step_sign] * 12 +
                 [self.step_terminate] * 3 + [self.step_policy] +
                 [self.step_restart] + [self.step_made] * 3 +
                 [self.step_handed_in] * 3 + [self.step_race] * 2)
        live = [d for d in self.documents.values()
                if not d.versions or d.status() != TERMINATED]
        document = self.random.choice(
            live * 3 + list(self.documents.values()))
        if len(live) <= 2:
            self.count += 1
            name = "%s/n%d" % (self.random.choice(list(DEPOSIT)), self.count)
            document = self.documents[name] = Document(name)
            self.step_push(document, self.random.choice(
                DEPOSIT[document.kind]))
        else:
            self.random.choice(steps)(document)
        self.remember()
        document = self.documents[document.name]
        if document.versions:
            self.check_shown(document)
            self.check_copy(document, document.newest())
            self.check_copy(document,
                            self.random.choice(document.versions))
        self.check_list()

    def go(self, steps):
        self.give_powers()
        self.daemon.start()
        try:
            self.accept()
            for step in range(1, steps + 1):
                self.one_step()
                if step % 20 == 0:
                    self.check_all()
            self.check_all()
            self.check_audit("--full")
            self.daemon.stop()
            self.check_fsck()
            self.daemon.start()
            self.check_deliveries()
        finally:
            self.daemon.stop(signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int,
                        default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--steps", type=int, default=60)
    args = parser.parse_args()
    drive = Drive(os.path.abspath(args.folder), os.environ["VALISE_BUILD"],
                  args.seed)
    print("seed %d, %d steps" % (args.seed, args.steps), flush=True)
    try:
        drive.go(args.steps)
    except Wrong as wrong:
        for number, line in enumerate(drive.story, 1):
            print("  %d. %s" % (number, line))
        print("WRONG (seed %d): %s" % (args.seed, wrong))
        return 1
    print("%d acts, %d answers as the model says" % (
        len(drive.story), drive.checks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
