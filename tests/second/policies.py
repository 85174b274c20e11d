"""What changes in a copy's life: the policy, the journal's key, the witnesses."""
import base64
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import curves
import mutate

MINISTER = 'types: [agreement, mou, health-protocol, note-verbale], from: 2021-08-01, until: 2031-12-31'
PEOPLE = '{person: minister@mofa.example, party: lao-pdr, '
# What is otherwise in a policy: (file, what was there, what is there now)...; DAY is that of the acts.
CHANGES = {
    'as before': (),
    'two of one party': (('agreement', 'quorum: {lao-pdr: 1,', 'quorum: {lao-pdr: 2,'), ('offices', 'types: [health-protocol],', 'types: [agreement, health-protocol],')),
    'one party will do': (('agreement', 'quorum: {lao-pdr: 1, iom: 1}', 'quorum: {lao-pdr: 1}'), ('agreement', 'terminate: {lao-pdr: 1, iom: 1}', 'terminate: {iom: 1}')),
    'two to terminate': (('agreement', 'terminate: {lao-pdr: 1,', 'terminate: {lao-pdr: 2,'), ('offices', 'types: [health-protocol],', 'types: [agreement, health-protocol],')),
    'others deposit': (('agreement', 'deposit: [mofa, iom-vientiane]', 'deposit: [iom-vientiane]'),),
    'full powers are over': (('offices', PEOPLE + MINISTER, PEOPLE + MINISTER.replace('2031-12-31', '2026-01-01')),),
    'full powers end that day': (('offices', PEOPLE + MINISTER, PEOPLE + MINISTER.replace('2031-12-31', 'DAY')),),
    'full powers begin that day': (('offices', PEOPLE + MINISTER, PEOPLE + MINISTER.replace('2021-08-01', 'DAY')),),
    'full powers for another type': (('offices', PEOPLE + MINISTER, PEOPLE + MINISTER.replace('agreement, ', '')),),
    'units are exchanged': (('offices', 'unit: Vientiane', 'unit: Elsewhere'), ('offices', 'unit: Bangkok', 'unit: Vientiane'), ('offices', 'unit: Elsewhere', 'unit: Bangkok')),
    'two offices have one person': (('offices', 'unit: Bangkok', 'unit: Vientiane'),),
    'no units': (('offices', ', unit: Vientiane', ''),),
    'fewer addresses': (('offices', '["*@mofa.example"]', '["treaties@mofa.example", "*r@mofa.example"]'),),
    'another depositary': (('offices', 'email: depositary@mofa.example', 'email: other@mofa.example'),),
    'the treaties office is depositary': (('offices', 'email: depositary@mofa.example', 'email: treaties@mofa.example'),),
    'CAs in another order': (('offices', 'cas: {mofa: cas/mofa.pem, iom: cas/iom.pem}', 'cas: {iom: cas/iom.pem, mofa: cas/mofa.pem}'),),
    'one language': (('agreement', 'authentic: [lo, en]', 'authentic: [en]'),),
    'lo is no original': (('agreement', 'authentic: [lo, en], also: [', 'authentic: [en], also: [lo, '),),
    'another medium': (('agreement', 'text/plain, ', ''),),
    'small texts': (('agreement', 'text: 64 MiB', 'text: 9 bytes'),),
    'one text': (('agreement', 'texts: 16}', 'texts: 1}'),),
    'no such type': (('agreement', '', None), ('offices', '[agreement, mou,', '[mou,'), ('offices', '[agreement, mou,', '[mou,')),
}


def changed(files, changes, day):
    out = dict(files)
    for name, old, new in changes:
        path = name + '.yaml'
        if new is None:
            del out[path]
            continue
        assert old.encode() in out[path], (name, old)
        out[path] = out[path].replace(old.encode(), new.replace('DAY', day).encode(), 1)
    return out


def digest_of(files):
    return hashlib.sha256(b''.join(b'%s  %s\n' % (hashlib.sha256(files[p]).hexdigest().encode(), p.encode())
                                   for p in sorted(files, key=str.encode))).hexdigest()


class Witness:
    def __init__(self, name):
        self.name, self.seed = name, hashlib.sha256(name.encode()).digest()
        key = b'\4' + curves.ed25519_public(self.seed)
        self.id = hashlib.sha256(name.encode() + b'\n' + key).digest()[:4]
        self.vkey = '%s+%s+%s' % (name, self.id.hex(), base64.b64encode(key).decode())

    def line(self, text, when, wrong=False):
        said = 'cosignature/v1\ntime %d\n%s' % (when, 'x' if wrong else '')
        value = self.id + when.to_bytes(8, 'big') + curves.ed25519_sign(self.seed, (said + text).encode())
        return '— %s %s\n' % (self.name, base64.b64encode(value).decode())


class Journal(mutate.Journal):
    """A journal whose key was replaced twice; what its notes say is drawn from rng."""

    UNTILS = (60, 110)

    def __init__(self, name):
        super().__init__(name, b'second' + b'\1' * 26)
        self.before = mutate.Journal(name, b'before' + b'\0' * 26)
        self.after = mutate.Journal(name, b'after' + b'\0' * 27)
        self.other = mutate.Journal(name, b'other' + b'\0' * 27)
        self.witnesses = [Witness('witness.example/' + n) for n in ('one', 'two', 'three')]
        self.rng, self.what = random.Random(0), []

    def key_of(self, size):
        return self.before if size <= self.UNTILS[0] else self if size <= self.UNTILS[1] else self.after

    def size(self, acts):
        return acts + self.rng.choice((0, 0, 0, 1, 9, 40))

    def note(self, size, root):
        rng, keys = self.rng, [self.key_of(size)]
        odd = rng.randrange(12)
        if odd == 0:
            keys = [rng.choice((self.before, self, self.after, self.other))]
        elif odd == 1:
            keys = rng.sample([self.before, self, self.after, self.other], 2)
        elif odd == 2:
            keys += [self.other, keys[0]]
        notes = [mutate.Journal.note(k, size, root).decode() for k in keys]
        out = notes[0]
        text = out[:out.index('\n\n') + 1]
        for note in notes[1:]:
            row = note[note.index('\n\n') + 2:]
            out += row.replace(row[-9:-5], 'AAAA') if rng.randrange(4) == 0 else row
        for witness in rng.sample(self.witnesses, rng.choice((0, 1, 2, 2, 3))):
            when = 0 if rng.randrange(40) == 0 else 1790000000
            wrong = rng.randrange(40) == 0
            out += witness.line(text, when, wrong)
            if rng.randrange(20) == 0:
                out += witness.line(text, when, not wrong)
        if odd in (0, 1, 2):
            self.what.append('keys %s' % '+'.join({self.before: 'before', self: 'now', self.after: 'after', self.other: 'other'}[k] for k in keys))
        return out.encode()


class Life:
    """The policies of a journal, and what an office knows of them."""

    def __init__(self, valise, office_files, journal, seed, now):
        rng = random.Random('%s policies' % seed)
        day = time.strftime('%Y-%m-%d', time.gmtime(now))
        self.policies, self.names, rows = {}, {}, []
        witnesses = 'witnesses: {one: "%s", two: "%s"}\nquorum: %%d\n' % tuple(w.vkey for w in journal.witnesses[:2])
        for name, change in CHANGES.items():
            files = changed(office_files, change, day)
            if rng.randrange(9):
                files['offices.yaml'] += (witnesses % rng.choice((1, 1, 2))).encode()
            check(valise, name, files)
            self.policies[digest_of(files)] = files
            self.names[digest_of(files)] = name
            rows.append(digest_of(files))
        plain = rows.pop(0)
        rng.shuffle(rows)
        self.entries, index = [(0, plain, 'accepted')], 4
        for num, digest in enumerate(rows):
            for one in (digest, plain)[:1 + num % 2]:
                self.entries.append((index, one, 'seen' if num == 6 and one == digest else 'accepted'))
                index += rng.choice((3, 5, 8, 13))
        self.last = index

    def policy_at(self, index):
        return [d for i, d, _ in self.entries if i <= index][-1]

    def write(self, folder, journal):
        """Into an office's state folder."""
        for digest, files in self.policies.items():
            with open(os.path.join(folder, 'policies', digest + '.zip'), 'wb') as f:
                f.write(mutate.pack(files))
        with open(os.path.join(folder, 'policy-entries'), 'w') as f:
            f.writelines('%d %s %s\n' % e for e in self.entries)
        with open(os.path.join(folder, 'keys'), 'w') as f:
            f.write('%d %s\n' % (journal.UNTILS[1], journal.after.vkey))
        with open(os.path.join(folder, 'enrolment.yaml'), 'a') as f:
            f.write('journal-before:\n  - "%d %s"\n' % (journal.UNTILS[0], journal.before.vkey))


def check(valise, name, files):
    """A policy that is none proves nothing."""
    with tempfile.TemporaryDirectory() as folder:
        for path, data in files.items():
            os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
            with open(os.path.join(folder, path), 'wb') as f:
                f.write(data)
        run = subprocess.run([valise, 'policy', 'check', folder], capture_output=True, text=True)
        if run.returncode:
            sys.exit('the policy "%s" is none: %s%s' % (name, run.stdout, run.stderr))
