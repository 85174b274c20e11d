#!/usr/bin/env python3
"""What comes of each kind of damage to each file of a data folder.

    table.py WORLD PARTS

WORLD is a stopped depositary with its offices (tests/lib/office.sh): data is its
data folder, older one from before, backup a backup of data with the keys.  PARTS
is the output of build/parts.  Each cell is tried on a copy of its own: what
`valised fsck` says, what a start says, whether an office finds anything lost
after it, and what mends it.  Prints the table of docs/operations.md.
"""
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ["VALISE_BUILD"]
WORKERS = 2
OFFICE = "offices/mofa"
DAMAGES = ["absent", "empty", "cut", "lengthened", "a byte flipped",
           "unreadable", "an older one"]
# What the table calls files of which there are many.
KINDS = [(r"pack-[0-9a-f]{40}\.(\w+)$", r"*.\1"), (r"hashes-\d$", "hashes-L"),
         (r"^cache/.*", "cache/*"), (r"^crls/.*", "crls/*"),
         (r"^spool/uploads/.*", "spool/uploads/*"),
         (r"^spool/bags/.*", "spool/bags/*"),
         (r"^store.git/refs/valise/.*", "store.git/refs/valise/*")]


# What no program can tell, and what is seldom there.
WITNESSED = "lines of witnesses, who sign the next checkpoint again"
UNSAID = {("journal/cosignatures", how): WITNESSED
          for how in ("absent", "empty", "cut", "an older one")}
UNSAID.update((("journal/heads", how), "heads: receipts lead to a later one")
              for how in ("empty", "cut", "an older one"))
SELDOM = {
    "reload": "a socket; each start makes it",
    "backup": "in a backup, and in what an interrupted restore left, which is"
              " not started",
    "journal/evidence": "if it is there nothing starts: \"A journal that was"
                        " rolled back\"",
    "database": "only where the record is in a database: without it, or with"
                " another, nothing starts",
    "signer/journal.key.next": "while a key is being replaced; without it"
                               " nothing starts: replace the key again",
}


def kind_of(name):
    for pattern, kind in KINDS:
        name = re.sub(pattern, kind, name)
    return name


class World:
    """A depositary of its own for one worker."""

    def __init__(self, source, number):
        self.dir = os.path.join(source, f"worker-{number}")
        os.mkdir(self.dir)
        for name in ("offices", "policies", "crls", "certs"):
            shutil.copytree(os.path.join(source, name),
                            os.path.join(self.dir, name))
        port = subprocess.run([BUILD + "/free-port"], check=True, text=True,
                              capture_output=True).stdout.strip()
        old = open(os.path.join(source, "port")).read().strip()
        self.files = ["valised.yaml", OFFICE + "/config.yaml"] + [
            os.path.join(OFFICE, "state", d, "enrolment.yaml")
            for d in os.listdir(os.path.join(source, OFFICE, "state"))]
        shutil.copy(os.path.join(source, "valised.yaml"), self.dir)
        for name in self.files:
            path = os.path.join(self.dir, name)
            if os.path.exists(path):
                text = open(path).read().replace(":" + old, ":" + port)
                text = text.replace(source + "/", self.dir + "/")
                text = text.replace("data: data", f"data: {self.dir}/data")
                open(path, "w").write(text)
        shutil.move(os.path.join(self.dir, OFFICE, "state"),
                    os.path.join(self.dir, "state"))
        self.source = source
        self.data = os.path.join(self.dir, "data")
        self.log = os.path.join(self.dir, "log")
        self.env = dict(os.environ, VALISE_PATIENCE="1", HOME=self.dir)

    def reset(self):
        for name, source in ((self.data, os.path.join(self.source, "data")),
                             (os.path.join(self.dir, OFFICE, "state"),
                              os.path.join(self.dir, "state"))):
            subprocess.run(["rm", "-rf", name], check=True)
            subprocess.run(["cp", "-a", source, name], check=True)
        self.unreadable = None

    def environment(self):
        if self.unreadable is None:
            return self.env
        return dict(self.env, LD_PRELOAD=BUILD + "/fault.so",
                    FAULT_UNREADABLE=self.unreadable)

    def run(self, *command):
        done = subprocess.run(command, cwd=self.dir, text=True, errors="replace",
                              env=self.environment(), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def fsck(self, *more):
        code, text = self.run(BUILD + "/valised", "fsck", self.data, *more)
        found = sorted(set(re.findall(r"^([A-Z]+_[A-Z_]+)\b", text, re.M)))
        if code != 0 and not found:
            found = [clean(text.strip().split("\n")[-1])]
        return code, found

    def start(self):
        """Returns the daemon, or None and why it did not start; events."""
        with open(self.log, "w") as log:
            daemon = subprocess.Popen(
                [BUILD + "/valised", "--config", "valised.yaml"], cwd=self.dir,
                env=self.environment(), stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT)
        waiting = threading.Event()
        while "event=start " not in self.told():
            if daemon.poll() is not None:
                return None, self.told()
            waiting.wait(0.005)
        return daemon, ""

    def told(self):
        return open(self.log, errors="replace").read()

    def stop(self, daemon):
        if daemon.poll() is None:
            daemon.send_signal(signal.SIGTERM)
        return daemon.wait(30)

    def office(self, *command):
        return subprocess.run(
            [BUILD + "/valise", "--config", OFFICE + "/config.yaml", *command],
            cwd=self.dir, env=self.env, stdin=subprocess.DEVNULL, text=True,
            errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def use(self):
        """Start, have an office audit and deposit, stop.

        Returns (why it did not start or None, events, what the audit found).
        """
        daemon, why = self.start()
        if daemon is None:
            return reason_of(why), [], []
        audit = self.office("audit", "--full")
        lost = sorted(set(re.findall(r"^ *([A-Z]+_[A-Z_]+)\b", audit.stdout,
                                     re.M)))
        if audit.returncode != 0 and not lost:
            lost = [clean(audit.stdout.strip().split("\n")[-1])]
        lost = ["what is in it, until it is back" if "daemon failed" in one
                else one for one in lost]
        act = self.office("push", "agreement/after", "--text", "lo=valised.yaml",
                          "--text", "en=valised.yaml", "--title", "en=After")
        if act.returncode != 0:
            lost.append("no act is taken")
        code = self.stop(daemon)
        if code != 0:
            lost.append(f"the daemon ended: {reason_of(self.told())}")
        return None, events_of(self.told()), lost


def clean(text):
    """A sentence without what differs from one run to the next."""
    text = re.sub(r"^valised?: ", "", text).replace('\\"', '"')
    text = re.split(r"; |\. |: this user may not", text)[0]
    text = re.sub(r"/\S*/data/?", "", text)
    text = re.sub(r"pack-[0-9a-f]{40}", "pack-NAME", text)
    text = re.sub(r"\b[0-9a-f]{40,64}\b", "NAME", text)
    text = re.sub(r"\b\d+\b", "N", text)
    return text


def reason_of(log):
    found = re.findall(r'event=fatal .*?reason=(?:"((?:[^"\\]|\\.)*)"|(\S+))',
                       log)
    if found:
        return clean(found[-1][0] or found[-1][1])
    lines = log.strip().split("\n")
    return clean(lines[-1]) if lines else ""


def events_of(log):
    found = []
    for line in log.split("\n"):
        match = re.search(r"level=(warning|error) event=(\S+)", line)
        if match and match[2] not in ("crl", "soon"):
            found.append(match[2])
        elif "event=journal heads_completed" in line:
            found.append("journal")
    return sorted(set(found))


def flip(path):
    with open(path, "r+b") as file:
        data = file.read()
        at = len(data) // 2
        # A digit of a digest, or of a key: another digit is one too. A letter of
        # base64: it stays one.
        digit = (rb"[0-9b-yB-Y]" if path.endswith(("/journal.key", "/keys")) else
                 rb"[0-9]" if path.endswith("key") else
                 rb"(?<=[0-9a-f]{8})[0-9](?=[0-9a-f]{8})")
        if path.endswith(("/vkey", "/entries", "/packed-refs", "/keys",
                          "/journal.key")):
            found = re.compile(digit).search(data, at)
            at = found.start() if found else at
        if path.endswith("/memory"):
            # The newer of the signer's two slots.
            newer = [int.from_bytes(data[s + 8:s + 16], "big") for s in (0, 512)]
            at = 100 if newer[0] > newer[1] else 612
        file.seek(at)
        file.write(bytes([data[at] ^ 1]))


def damage(world, name, how):
    """Returns false if that is nothing to this file."""
    path = os.path.join(world.data, name)
    older = os.path.join(world.source, "older", name)
    is_folder = os.path.isdir(path)
    if not is_folder and not path.endswith("/lock"):
        os.chmod(path, os.stat(path).st_mode | 0o200)
    if how == "absent":
        shutil.rmtree(path) if is_folder else os.unlink(path)
    elif how == "unreadable":
        world.unreadable = path
    elif how == "empty" and is_folder:
        for entry in os.listdir(path):
            subprocess.run(["rm", "-rf", os.path.join(path, entry)], check=True)
    elif is_folder:
        return False
    elif how == "an older one":
        if not os.path.exists(older) or same(older, path):
            return False
        shutil.copy(older, path)
    elif how == "lengthened":
        with open(path, "ab") as file:
            file.write(b"garbage after the end\n\x00\x01 of it, of 77 bytes")
    elif os.path.getsize(path) == 0:
        return False
    elif how == "empty":
        os.truncate(path, 0)
    elif how == "cut":
        # Never between two records, however many there are.
        size = os.path.getsize(path)
        os.truncate(path, max(0, min(size - 1, size // 2 - 1 | 1)))
    else:
        flip(path)
    return True


def same(a, b):
    return open(a, "rb").read() == open(b, "rb").read()


def prepare(world, name, how):
    world.reset()
    return damage(world, name, how)


def is_well(world):
    """Does it start, does an office find all, and fsck nothing?"""
    why, _, lost = world.use()
    return why is None and not lost and world.fsck()[0] == 0


def mend_of(world, name, how):
    """The first command that mends it."""
    prepare(world, name, how)
    if how == "unreadable":
        world.unreadable = None
        if is_well(world):
            return "give the right back"
        prepare(world, name, how)
    world.run(BUILD + "/valised", "fsck", world.data, "--repair")
    if is_well(world):
        return "`fsck --repair`"
    prepare(world, name, how)
    world.unreadable = None
    for source in ("backup",):
        kept = os.path.join(world.source, source, name)
        path = os.path.join(world.data, name)
        if os.path.exists(kept):
            subprocess.run(["rm", "-rf", path], check=True)
            subprocess.run(["cp", "-a", kept, path], check=True)
            if is_well(world):
                return "the backup's"
            if world.run(BUILD + "/valised", "fsck", world.data,
                         "--repair") and is_well(world):
                return "the backup's, `fsck --repair`"
    if name.startswith("signer") and remember(world, name, how):
        return 'the recipe "memory"'
    return "NONE"


def remember(world, name, how):
    """The recipe "memory" of the manual: from a last backup, without it."""
    prepare(world, name, how)
    world.unreadable = None
    last = os.path.join(world.dir, "last")
    subprocess.run(["rm", "-rf", last, world.data + ".old"], check=True)
    if world.run(BUILD + "/valised", "--config", "valised.yaml", "backup",
                 last)[0] != 0:
        return False
    os.rename(world.data, world.data + ".old")
    if world.run(BUILD + "/valised", "--config", "valised.yaml", "restore", last,
                 "--nobody-has-seen-more")[0] != 0:
        return False
    for key in ("signer/journal.key", "signer/depositary.key",
                "server/server.key"):
        for source in (world.data + ".old", os.path.join(world.source, "backup")):
            if os.path.exists(os.path.join(source, key)):
                shutil.copy2(os.path.join(source, key),
                             os.path.join(world.data, key))
                break
    return is_well(world)


def cell(world, name, how):
    """(start, fsck, lost, mend), or None if that is nothing to this file."""
    if not prepare(world, name, how):
        return None
    code, found = world.fsck()
    why, events, lost = world.use()
    start = "serves" if why is None else "no: " + why
    if events:
        start += ", `" + "`, `".join(events) + "`"
    after = world.fsck() if why is None else (1, [])
    if after[0] != 0 and why is None and how != "unreadable":
        start += "; fsck then: " + ", ".join(after[1])
    mend = ("nothing to do" if why is None and code == 0 and not lost else
            "a start" if why is None and not lost and after[0] == 0 else
            mend_of(world, name, how))
    if not lost and (kind_of(name), how) in UNSAID:
        lost = [UNSAID[kind_of(name), how]]
    return (start, ", ".join(found) if code != 0 else "nothing",
            ", ".join(lost) if lost else "nothing", mend)


def rows_of(data, parts):
    """The file or folder to damage for each kind, in the order of PARTS."""
    known = [line.rstrip("\n").split("\t") for line in open(parts)]
    rows = {}
    for what, name in known:
        path = os.path.join(data, name)
        if what == "d" and os.path.isdir(path):
            rows[name + "/"] = name
        elif what == "f" and os.path.isfile(path):
            rows[name] = name
        newest = {}
        if what == "d" or name.endswith("-"):
            for root, _, files in os.walk(path if what == "d"
                                          else os.path.dirname(path)):
                for file in sorted(files):
                    full = os.path.join(root, file)
                    kind = kind_of(os.path.relpath(full, data))
                    if "*" in kind or kind.endswith("-L"):
                        at = newest.get(kind)
                        if at is None or os.stat(full).st_mtime_ns > os.stat(
                                at).st_mtime_ns:
                            newest[kind] = full
        for kind in sorted(newest):
            rows.setdefault(kind, os.path.relpath(newest[kind], data))
        if what == "f" and name not in rows and not name.endswith("-"):
            rows[name] = None
    # Every file is one of these.
    for root, _, files in os.walk(data):
        for file in files:
            kind = kind_of(os.path.relpath(os.path.join(root, file), data))
            if kind not in rows and kind not in (
                    "store.git/description", "vkey"):
                sys.exit(f"table.py: lib/record/data does not know {kind}")
    return rows


def main():
    source, parts = sys.argv[1:3]
    only = sys.argv[3:]
    rows = rows_of(os.path.join(source, "data"), parts)
    worlds = [World(source, n) for n in range(WORKERS)]
    free = list(worlds)

    def work(job):
        world = free.pop()
        try:
            return cell(world, rows[job[0]], job[1])
        finally:
            free.append(world)

    jobs = [(kind, how) for kind in rows for how in DAMAGES
            if rows[kind] is not None and (not only or kind in only)]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        done = dict(zip(jobs, pool.map(work, jobs)))
    print("| file | damage | a start | `fsck` | lost | mended by |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind in rows:
        together = {}
        for how in DAMAGES:
            result = done.get((kind, how))
            if result is not None:
                together.setdefault(result, []).append(how)
        for result, hows in together.items():
            print(f"| `{kind}` | {', '.join(hows)} | " + " | ".join(result)
                  + " |")
        if not together and not only:
            print(f"| `{kind}` | | {SELDOM[kind]} | | | |")


main()
