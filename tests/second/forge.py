"""Copies that are made from nothing, with the parties' own keys and a journal of ours.

Each is good but for a few things that a party, or the depositary, did otherwise.
"""
import base64
import glob
import hashlib
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import curves
import mutate
import pki

P256 = '1.2.840.10045.3.1.7'


def tlv(tag, *parts):
    body = b''.join(parts)
    size = bytes([len(body)]) if len(body) < 128 else bytes([0x80 + (len(body).bit_length() + 7) // 8]) + \
        len(body).to_bytes((len(body).bit_length() + 7) // 8, 'big')
    return bytes([tag]) + size + body


def oid(text):
    numbers = [int(n) for n in text.split('.')]
    out = b''
    for number in [numbers[0] * 40 + numbers[1]] + numbers[2:]:
        part = bytes([number & 127])
        while number := number >> 7:
            part = bytes([128 | number & 127]) + part
        out += part
    return tlv(6, out)


def integer(number):
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, 'big'))


class Person:
    def __init__(self, cert, key):
        with open(cert) as f:
            self.raw = pki.pem(f.read(), 'CERTIFICATE')[0]
        self.cert = pki.certificate(self.raw)
        made = subprocess.run(['openssl', 'pkey', '-in', key, '-outform', 'DER'], capture_output=True, check=True).stdout
        whole = pki.der(made, strict=False)
        inner = pki.der(whole.children[2].body, strict=False) if whole.children[1].tag == 0x30 else whole
        self.scalar = int.from_bytes(inner.children[1].body, 'big')
        self.email, self.id = self.cert.email, self.cert.sha256[:32]

    def sign(self, content, when, commitment, others=()):
        """CAdES over content; the value of it too."""
        p9, sha = '1.2.840.113549.1.9.', tlv(0x30, oid('2.16.840.1.101.3.4.2.1'))

        def attribute(kind, value):
            return tlv(0x30, oid(p9 + kind), tlv(0x31, value))
        rows = [attribute('3', oid('1.2.840.113549.1.7.1')), attribute('4', tlv(4, hashlib.sha256(content).digest())),
                attribute('5', tlv(0x17, time.strftime('%y%m%d%H%M%SZ', time.gmtime(when)).encode())),
                attribute('16.2.47', tlv(0x30, tlv(0x30, tlv(0x30, tlv(4, bytes.fromhex(self.cert.sha256))))))]
        if commitment:
            rows.append(attribute('16.2.16', tlv(0x30, oid(p9 + '16.6.%d' % commitment))))
        rows = b''.join(sorted(rows))
        r, s = curves.ecdsa_sign(P256, self.scalar, hashlib.sha256(tlv(0x31, rows)).digest())
        value = tlv(0x30, integer(r), integer(s))
        info = tlv(0x30, integer(1), tlv(0x30, self.cert.issuer, integer(self.cert.serial)), sha, tlv(0xa0, rows),
                   tlv(0x30, oid('1.2.840.10045.4.3.2')), tlv(4, value))
        data = tlv(0x30, integer(1), tlv(0x31, sha), tlv(0x30, oid('1.2.840.113549.1.7.1')),
                   tlv(0xa0, *sorted([self.raw, *others])), tlv(0x31, info))
        return tlv(0x30, oid('1.2.840.113549.1.7.2'), tlv(0xa0, data)), hashlib.sha256(value).hexdigest()


def people(folder):
    """Of each office its signer, and 'OFFICE connect', who may not sign."""
    out = {}
    for path in sorted(glob.glob(os.path.join(folder, 'offices', '*'))):
        name = os.path.basename(path)
        out[name] = Person(path + '/sign-cert.pem', path + '/sign-key.pem')
        out[name + ' connect'] = Person(path + '/cert.pem', path + '/key.pem')
    out['depositary'] = Person(os.path.join(folder, 'depositary/cert.pem'), os.path.join(folder, 'depositary/key.pem'))
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

    def __init__(self, rng, persons, policy, crls, start, now):
        self.rng, self.persons, self.what = rng, persons, []
        self.base = {'valise': 1, 'policy': policy, 'crls': crls, 'commit': '0' * 40}
        self.now, self.index = now, start
        self.files = {'mimetype': mimetype()}
        self.acts, self.dispatches = {}, {}

    def odd(self, rarity, what):
        if self.rng.randrange(rarity):
            return False
        self.what.append(what)
        return True

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
        self.files['version.yaml'] = ('\n'.join(rows) + '\n').encode()
        self.files.update(self.texts)
        self.digest = hashlib.sha256(self.files['version.yaml']).hexdigest()

    def act(self, kind, **more):
        """The next entry."""
        self.index += self.rng.choice((1, 1, 2)) if kind != 'force' else 1
        self.now += self.rng.randrange(3)
        prior = max(self.acts) if self.acts else 5 if self.number > 1 else None
        entry = {**self.base, 'act': kind, 'document': self.document, 'version': self.number, 'digest': self.digest,
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
        person, name = self.persons[who], {'deposit': 'origin', 'sign': '', 'terminate': 'terminate-'}[kind]
        if kind != 'deposit':
            name += person.id if not self.odd(40, 'another name') else '0' * 32
        file = 'META-INF/signature-%s.p7s' % name
        listed = [p for p in self.files if not p.startswith('META-INF/') and p != 'mimetype'
                  and (p != 'termination.yaml' or kind == 'terminate')]
        if self.odd(40, 'a file not listed'):
            listed.pop()
        self.files['META-INF/ASiCManifest-%s.xml' % name] = xml = manifest(self.files, file, listed)
        bag = kind != 'terminate' and self.rng.randrange(5) == 0
        when = self.now - (3 * 86400 if bag else 86400 + 60 if self.odd(25, 'signed long before') else 0)
        when += 302 if self.odd(40, 'signed later') else 0
        commitment = {'deposit': 1}.get(kind, 5) if not self.odd(40, 'another commitment') else self.rng.choice((0, 1, 2, 5))
        self.files[file], value = person.sign(xml, when, commitment)
        more = {'office': office if not self.odd(40, 'another office') else 'iom-bangkok', 'person': person.email,
                'manifest': hashlib.sha256(xml).hexdigest(), 'signature': value}
        if bag:
            more.update(self.bag(kind, name, who, office, value, when))
        self.act(kind, **more)
        return value

    def bag(self, kind, name, who, office, value, when):
        self.what.append('by bag')
        slip = ('valise: 1\nact: %s\ndocument: %s\nversion: %d\ndigest: "%s"\nbody: "%s"\nsignature: "%s"\nsalt: "%s"\n' % (
            kind if not self.odd(20, 'slip: act') else 'sign', self.document, self.number,
            self.digest if not self.odd(20, 'slip: digest') else '0' * 64, '1' * 64,
            value if not self.odd(20, 'slip: signature') else '2' * 64, '3' * 32)).encode()
        slips = [hashlib.sha256(slip).hexdigest() if not self.odd(20, 'slip: not listed') else '4' * 64]
        sent = when + (600 if self.odd(20, 'dispatched later') else 0) - (90000 if self.odd(20, 'dispatched before') else 0)
        bill = ('valise: 1\nnumber: 1\nfrom: %s\nperson: %s\nto: mofa\ndispatched: "%s"\nslips: ["%s"]\n' % (
            office if not self.odd(20, 'waybill: from') else 'iom-bangkok', self.persons[who].email, stamp(sent, False), slips[0])).encode()
        by = self.persons[who if not self.odd(15, 'waybill: signer') else self.rng.choice(sorted(self.persons))]
        proof, _ = by.sign(bill, sent + (400 if self.odd(20, 'waybill: signing-time') else 0), 1 if not self.odd(20, 'waybill: commitment') else 5)
        for path, data in (('slip-%s.yaml', slip), ('waybill-%s.yaml', bill), ('waybill-%s.p7s', proof)):
            if not self.odd(25, 'no ' + path):
                self.files['META-INF/' + path % name] = data
        digest = hashlib.sha256(bill).hexdigest()
        self.index += 1
        if not self.odd(10, 'no dispatch'):
            self.dispatches[self.index] = {
                'act': 'dispatch', 'valise': 1, 'policy': self.base['policy'], 'salt': '5' * 32, 'office': office, 'person': self.persons[who].email,
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
                self.files['termination.yaml'] = ('valise: 1\ndocument: %s\nversion: %d\ndigest: "%s"\nreason: Over\n' % (
                    self.document, self.number, self.digest if not self.odd(20, 'terminated: digest') else '6' * 64)).encode()
            values = []
            for num, who in enumerate(signers):
                values.append(self.sign(kind, who, SIGNERS[who]))
                if (num == len(signers) - 1 and (far > 1 or len(signers) > 1) and not self.odd(10, 'no force')) or self.odd(30, 'a force early'):
                    self.act('force', signatures=values[:] if not self.odd(25, 'force: names fewer') else values[1:])
        if not self.odd(40, 'no seal'):
            listed = [p for p in self.files if p != 'mimetype']
            self.files['META-INF/ASiCManifest-seal.xml'] = xml = manifest(self.files, 'META-INF/signature-seal.p7s', listed)
            sealer = self.persons['depositary' if not self.odd(40, 'another sealer') else 'mofa']
            self.files['META-INF/signature-seal.p7s'], _ = sealer.sign(xml, self.now, 2)
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


def forgeries(folder, office, seed, number, journal, now):
    persons = people(folder)
    entry = [e for e in office.entries if e[2]][-1]
    for num in range(number):
        rng = random.Random('%s forged %d' % (seed, num))
        forged = Forged(rng, persons, entry[1], sorted(office.sets)[-1], entry[0] + 3, now)
        what, data = forged.make(journal)
        yield 'forged %d: %s' % (num, what), data
