"""Copies that are made from nothing, with the parties' own keys and a journal of ours.

Each is good but for a few things that a party, or the depositary, did otherwise.
"""
import base64
import glob
import hashlib
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mutate
import persons

def people(folder):
    """Of each office its signer, 'OFFICE connect', who may not sign, and 'OFFICE KIND', with another kind of key."""
    out = {}
    for path in sorted(glob.glob(os.path.join(folder, 'offices', '*'))):
        name = os.path.basename(path)
        out[name] = persons.Person(path + '/sign-cert.pem', path + '/sign-key.pem')
        out[name + ' connect'] = persons.Person(path + '/cert.pem', path + '/key.pem')
    out['depositary'] = persons.Person(os.path.join(folder, 'depositary/cert.pem'), os.path.join(folder, 'depositary/key.pem'))
    for path in sorted(glob.glob(os.path.join(folder, 'keys', '*.key'))):
        name, kind = os.path.basename(path)[:-4].rsplit('.', 1)
        out['%s %s' % (name, kind)] = persons.Person(path[:-3] + 'pem', path)
    return out


def manifest(files, signature, paths):
    rows = ''.join('<asic:DataObjectReference URI="%s"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
                   '<ds:DigestValue>%s</ds:DigestValue></asic:DataObjectReference>' % (
                       p, base64.b64encode(hashlib.sha256(files[p]).digest()).decode()) for p in paths)
    return ('<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
            '<asic:SigReference URI="%s"/>%s</asic:ASiCManifest>' % (signature, rows)).encode()


def stamp(when, milliseconds=True):
    return time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(when)) + ('.000Z' if milliseconds else 'Z')


SIGNERS = {'mofa-minister': 'mofa', 'iom-chief-of-mission': 'iom-vientiane', 'mofa-vice-minister': 'mofa', 'iom-geneva': 'iom-geneva',
           'mofa': 'mofa', 'mofa-minister connect': 'mofa', 'depositary': 'mofa'}


class Forged:
    """One copy; odd(n) is true once in n times: something is done otherwise."""

    def __init__(self, rng, world, now):
        self.rng, self.world, self.persons, self.what = rng, world, world.persons, []
        self.base = {'valise': 1, 'crls': world.crls, 'commit': '0' * 40}
        self.now, self.index = now, rng.randrange(1, world.life.last)
        self.files = {'mimetype': mimetype()}
        self.acts, self.dispatches = {}, {}
        if self.odd(8, 'at midnight'):
            self.now += -self.now % 86400 - rng.randrange(3)

    def odd(self, rarity, what):
        if self.rng.randrange(rarity):
            return False
        self.what.append(what)
        return True

    def edited(self, rarity, data, edits):
        """The same text, or one that somebody wrote otherwise."""
        if self.odd(rarity, 'edited'):
            old, new = self.rng.choice(edits)
            data = data.replace(old.encode(), new.encode(), self.rng.choice((1, 1, -1)))
        return data

    def key(self, who):
        """The person, perhaps with another kind of key."""
        kinds = [n for n in self.persons if n.startswith(who + ' ') and not n.endswith(' connect')]
        if kinds and not self.rng.randrange(8):
            who = self.rng.choice(kinds)
            self.what.append(who)
        return self.persons[who]

    def signed(self, person, content, when, commitment):
        """CAdES, as it should be or not, perhaps with timestamps."""
        changes = [self.rng.choice(persons.OTHERWISE) for _ in range(self.rng.choice((0,) * 40 + (1, 1, 2)))]
        self.what += [c.__name__ for c in changes]
        stamps = self.stamps if self.rng.randrange(7) == 0 else None
        data, value = person.sign(content, when, commitment, changes, self.rng, self.world.others, stamps)
        if self.odd(120, 'a byte of a signature'):
            at = self.rng.randrange(len(data))
            data = data[:at] + bytes([data[at] ^ 1 << self.rng.randrange(8)]) + data[at + 1:]
        return data, value

    def stamps(self, value):
        """A signature-time-stamp with some tokens."""
        rng, out = self.rng, []
        for _ in range(rng.choice((1,) * 12 + (0, 2, 3, 4, 5))):
            how = rng.choice(['good'] * 90 + ['openssl', 'a byte', 'cut', 'none'] + sorted(persons.INFOS) + sorted(persons.TOKENS))
            self.what.append('timestamp: ' + how)
            out.append(self.token(value, how))
        rows = [persons.tlv(0x30, persons.oid(persons.P9 + '16.2.14'), persons.tlv(0x31, *(sorted(out) if rng.randrange(9) else out)))]
        return rows * 2 if self.odd(40, 'timestamps: two attributes') else rows

    def token(self, value, how):
        rng = self.rng
        if how == 'openssl':
            return self.world.authority.by_openssl(*self.world.tsa, value, rng.choice(('sha256', 'sha384', 'sha512')))
        if how == 'none':
            return rng.choice((persons.NULL, persons.tlv(0x30), persons.tlv(4, b'x')))
        data = rng.choice(self.world.authorities).token(value, self.now, rng, how)
        if how == 'a byte':
            at = rng.randrange(len(data))
            return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]
        return data[:-9] if how == 'cut' else data

    def version(self):
        self.texts = {'texts/en/a.txt': b'Article 1\n', 'texts/lo/a.txt': b'1\n'}
        kind = 'health-protocol' if self.odd(12, 'another type') else 'none' if self.odd(60, 'no type') else 'agreement'
        if self.odd(15, 'one language'):
            self.texts.pop('texts/lo/a.txt')
        self.number = 2 if self.odd(6, 'version 2') else 1
        self.document = kind + '/forged'
        office = 'iom-vientiane' if kind == 'health-protocol' else 'mofa'
        depositor = 'iom-vientiane' if office != 'mofa' else 'mofa'
        if self.odd(15, 'another depositor'):
            depositor = self.rng.choice(('iom-geneva', 'mofa-minister', 'depositary', 'iom-vientiane'))
        self.depositor, self.office = depositor, office
        rows = ['valise: 1', 'document: ' + self.document, 'version: %d' % self.number]
        if self.number > 1:
            rows.append('previous: "%s"' % ('1' * 64))
        rows += ['title:', '  en: Forged', 'office: ' + office, 'person: ' + self.persons[office].email,
                 'created: "%s"' % stamp(self.now + (301 if self.odd(30, 'made later') else 0), False), 'texts:']
        media = 'image/png' if self.odd(30, 'another medium') else 'text/plain'
        for path, data in self.texts.items():
            rows.append('  - {file: %s, language: %s, authentic: %s, media: %s, size: %d, sha256: "%s"}' % (
                path, path.split('/')[1], 'false' if self.odd(40, 'not authentic') else 'true', media, len(data), hashlib.sha256(data).hexdigest()))
        rows.append('annexes: []')
        self.files['version.yaml'] = self.edited(15, ('\n'.join(rows) + '\n').encode(), mutate.YAML_EDITS)
        self.files.update(self.texts)
        self.digest = hashlib.sha256(self.files['version.yaml']).hexdigest()

    def act(self, kind, **more):
        """The next entry."""
        self.index += self.rng.choice((1, 1, 2, 2, 7, 15)) if kind != 'force' else 1
        while kind != 'force' and {self.index, self.index + 1} & self.world.taken:
            self.index += 1
        self.now += self.rng.randrange(3)
        prior = max(self.acts) if self.acts else 5 if self.number > 1 else None
        policy = self.world.life.policy_at(self.index if not self.odd(60, 'another policy') else self.rng.randrange(150))
        if self.world.history:
            history = self.world.history
            self.base['crls'] = history.at(max(self.index, 1)) if not self.odd(15, 'another set') else self.rng.choice(history.digests)
        entry = {**self.base, 'policy': policy, 'act': kind, 'document': self.document, 'version': self.number, 'digest': self.digest,
                 'salt': '%032x' % self.rng.getrandbits(128), 'time': stamp(self.now), 'contents': '%064x' % self.index, **more}
        if prior is not None:
            entry['prior'] = prior
        if kind == 'force':
            entry['contents'] = self.acts[prior]['contents']
            del entry['crls'], entry['commit']
        self.acts[self.index] = entry
        return entry

    def sign(self, kind, who, office):
        """A signature and its act, perhaps by bag."""
        person, name = self.key(who), {'deposit': 'origin', 'sign': '', 'terminate': 'terminate-'}[kind]
        if kind != 'deposit':
            name += person.id if not self.odd(40, 'another name') else '0' * 32
        file = 'META-INF/signature-%s.p7s' % name
        listed = [p for p in self.files if not p.startswith('META-INF/') and p != 'mimetype'
                  and (p != 'termination.yaml' or kind == 'terminate')]
        if self.odd(40, 'a file not listed'):
            listed.pop()
        self.files['META-INF/ASiCManifest-%s.xml' % name] = xml = self.edited(
            60, manifest(self.files, file, listed), mutate.XML_EDITS)
        bag = kind != 'terminate' and self.rng.randrange(5) == 0
        when = self.now - (3 * 86400 if bag else 86400 + 60 if self.odd(25, 'signed long before') else 0)
        when += 302 if self.odd(40, 'signed later') else 0
        commitment = {'deposit': 1}.get(kind, 5) if not self.odd(40, 'another commitment') else self.rng.choice((0, 1, 2, 5))
        self.files[file], value = self.signed(person, xml, when, commitment)
        more = {'office': office if not self.odd(40, 'another office') else 'iom-bangkok', 'person': person.email,
                'manifest': hashlib.sha256(xml).hexdigest(), 'signature': value}
        if bag:
            more.update(self.bag(kind, name, who, office, value, when))
        self.act(kind, **more)
        return value

    def bag(self, kind, name, who, office, value, when):
        self.what.append('by bag')
        slip = self.edited(20, ('valise: 1\nact: %s\ndocument: %s\nversion: %d\ndigest: "%s"\nbody: "%s"\nsignature: "%s"\nsalt: "%s"\n' % (
            kind if not self.odd(20, 'slip: act') else 'sign', self.document, self.number,
            self.digest if not self.odd(20, 'slip: digest') else '0' * 64, '1' * 64,
            value if not self.odd(20, 'slip: signature') else '2' * 64, '3' * 32)).encode(), mutate.YAML_EDITS + SLIP_EDITS)
        slips = [hashlib.sha256(slip).hexdigest() if not self.odd(20, 'slip: not listed') else '4' * 64]
        sent = when + (600 if self.odd(20, 'dispatched later') else 0) - (90000 if self.odd(20, 'dispatched before') else 0)
        bill = self.edited(20, ('valise: 1\nnumber: 1\nfrom: %s\nperson: %s\nto: mofa\ndispatched: "%s"\nslips: ["%s"]\n' % (
            office if not self.odd(20, 'waybill: from') else 'iom-bangkok', self.persons[who].email, stamp(sent, False), slips[0])).encode(), mutate.YAML_EDITS + SLIP_EDITS)
        by = self.key(who if not self.odd(15, 'waybill: signer') else self.rng.choice(sorted(self.persons)))
        proof, _ = self.signed(by, bill, sent + (400 if self.odd(20, 'waybill: signing-time') else 0), 1 if not self.odd(20, 'waybill: commitment') else 5)
        for path, data in (('slip-%s.yaml', slip), ('waybill-%s.yaml', bill), ('waybill-%s.p7s', proof)):
            if not self.odd(25, 'no ' + path):
                self.files['META-INF/' + path % name] = data
        digest = hashlib.sha256(bill).hexdigest()
        self.index += 1
        if not self.odd(10, 'no dispatch'):
            self.dispatches[self.index] = {
                'act': 'dispatch', 'valise': 1, 'policy': '7' * 64, 'salt': '5' * 32, 'office': office, 'person': self.persons[who].email,
                'to': 'mofa' if not self.odd(20, 'dispatch: to') else 'iom-geneva', 'number': 1 if not self.odd(20, 'dispatch: number') else 2,
                'digest': digest, 'time': stamp(sent + (-400 if self.odd(20, 'dispatch: before') else 2))}
        return {} if self.odd(15, 'act: no waybill') else {
            'waybill': digest, 'dispatched': stamp(sent + (1 if self.odd(20, 'act: dispatched') else 0))}

    def some_signers(self):
        out = [w for w in ('mofa-minister', 'iom-chief-of-mission') if not self.odd(8, 'no ' + w)]
        for who in SIGNERS:
            if who not in out and self.odd(25, 'also ' + who):
                out.append(who)
        self.rng.shuffle(out)
        return out

    def make(self, journal):
        self.version()
        self.sign('deposit', self.depositor, self.office)
        far = self.rng.randrange(4)
        for kind in ('sign', 'terminate')[:far]:
            signers = self.some_signers()
            if kind == 'terminate' and signers:
                self.files['termination.yaml'] = self.edited(12, ('valise: 1\ndocument: %s\nversion: %d\ndigest: "%s"\nreason: Over\n' % (
                    self.document, self.number, self.digest if not self.odd(20, 'terminated: digest') else '6' * 64)).encode(), mutate.YAML_EDITS)
            values = []
            for num, who in enumerate(signers):
                values.append(self.sign(kind, who, SIGNERS[who]))
                if (num == len(signers) - 1 and (far > 1 or len(signers) > 1) and not self.odd(10, 'no force')) or self.odd(30, 'a force early'):
                    self.act('force', signatures=values[:] if not self.odd(25, 'force: names fewer') else values[1:])
        if not self.odd(40, 'no seal'):
            listed = [p for p in self.files if p != 'mimetype']
            self.files['META-INF/ASiCManifest-seal.xml'] = xml = manifest(self.files, 'META-INF/signature-seal.p7s', listed)
            sealer = self.key('depositary' if not self.odd(40, 'another sealer') else 'mofa')
            self.files['META-INF/signature-seal.p7s'], _ = self.signed(sealer, xml, self.now, 2)
        contents = mutate.contents(self.files)
        newest = self.acts[max(self.acts)]
        if newest['act'] == 'force':
            self.acts[newest['prior']]['contents'] = contents
        newest['contents'] = contents
        acts = {**self.acts, **self.dispatches}
        if self.odd(12, 'another act'):
            mutate.field(self.rng, acts)
        return ', '.join(self.what), mutate.pack(mutate.with_acts(self.files, acts, journal))


def mimetype():
    return b'application/vnd.etsi.asic-e+zip'


SLIP_EDITS = (('act: sign', 'act: deposit'), ('act: sign', 'act: terminate'), ('salt: "3', 'salt: "'), ('salt: "3', 'onto: 1\nsalt: "3'), ('number: 1', 'number: 0'),
              ('number: 1', 'number: 01'), ('number: 1', 'number: 9007199254740993'), ('to: mofa', 'to: Mofa'), ('slips: [', 'slips: ["%s", ' % ('8' * 64)),
              ('slips: [', 'files: []\nslips: ['), ('slips: [', 'list: "%s"\nslips: [' % ('9' * 64)), ('body: "1', 'body: "'), ('Z"', '.000Z"'), ('slips: ["', 'slips: ["A'))


class World:
    """What all copies have in common: the people, the policies, the journal."""

    def __init__(self, folder, office, life, journal, history=None):
        self.persons, self.life, self.journal, self.history = people(folder), life, journal, history
        self.crls = sorted(office.sets)[-1]
        self.taken = {i for i, _, _ in history.entries} if history else set()
        self.others = [p.raw for n, p in sorted(self.persons.items())] + [persons.tlv(0x30, persons.integer(i)) for i in range(20)]
        self.tsa = os.path.join(folder, 'keys/tsa.pem'), os.path.join(folder, 'keys/tsa-key.pem')
        self.authority = persons.Authority(*self.tsa)
        self.authorities = [self.authority] * 3 + [persons.Authority(p[:-3] + 'pem', p) for p in glob.glob(os.path.join(folder, 'keys/*.key'))]


def forgeries(world, seed, number, now):
    for num in range(number):
        rng = random.Random('%s forged %d' % (seed, num))
        world.journal.rng, world.journal.what = rng, []
        forged = Forged(rng, world, now)
        what, data = forged.make(world.journal)
        yield 'forged %d: %s' % (num, ', '.join([what] + world.journal.what)), data
