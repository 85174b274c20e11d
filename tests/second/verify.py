#!/usr/bin/env python3
"""A second verifier of delivered copies, written from docs/formats.md alone.

    verify.py STATE-FOLDER FILE...

STATE-FOLDER is STATE/KEYID of an office.  For each file a line of JSON: file,
outcome, status, codes (of the findings, in their order), and damaged: whether the
file was read as any ZIP, where formats.md fixes little.
"""
import base64
import hashlib
import json
import os
import re
import sys
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import curves
import pki
import words
from container import Container, Manifest, OverLimit
from words import Bad, need

INDETERMINATE = {'NOT_A_DOCUMENT', 'KEY_UNKNOWN', 'NOT_IN_JOURNAL', 'NOT_WITNESSED', 'POLICY_UNKNOWN',
                 'REVOCATION_UNKNOWN', 'OVER_LIMIT', 'NOT_CHECKED', 'WAYBILL_MISSING'}
ACTS = ('deposit', 'sign', 'force', 'terminate')
HOUR = 3600


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def base64_of(text):
    need(re.fullmatch('[A-Za-z0-9+/]*={0,2}', text))
    try:
        out = base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad
    need(base64.b64encode(out).decode() == text)
    return out


# ------------------------------------------------------------------ the policy

class Policy:
    def __init__(self, files):
        self.offices = words.yaml(files['offices.yaml'])
        self.types = {name[:-5]: words.yaml(data) for name, data in files.items()
                      if name.endswith('.yaml') and name != 'offices.yaml'}
        self.cas = {name: [pki.certificate(c) for c in pki.pem(files[path].decode('latin-1'), 'CERTIFICATE')]
                    for name, path in self.offices['cas'].items()}
        self.witnesses = [vkey(v, 4) for v in self.offices.get('witnesses', {}).values()]
        self.quorum = int(self.offices.get('quorum', '0'))

    def ca_of(self, cert):
        """The CA's name and those of its certificates that verify this one; None."""
        for name, certs in self.cas.items():
            good = [c for c in certs if c.subject == cert.issuer and pki.issued(cert.raw, c.raw)]
            if good:
                return name, good
        return None

    def is_depositary(self, cert, ca):
        row = self.offices['depositary']
        return ca == row['ca'] and cert.email == row['email']

    def office_of(self, cert, ca):
        if self.is_depositary(cert, ca):
            return None
        found = [name for name, row in self.offices['offices'].items() if ca == row['ca'] and cert.email
                 and any(matches(p, cert.email) for p in row['emails'])
                 and ('unit' not in row or row['unit'] == cert.unit)]
        return found[0] if len(found) == 1 else None

    def party_of(self, office):
        return self.offices['offices'][office]['party'] if office else None

    def full_powers(self, person, party, kind, key, when):
        if kind not in self.types or party not in self.types[kind][key]:
            return False
        return any(row['person'] == person and row['party'] == party and kind in row['types']
                   and words.time(row['from'] + 'T00:00:00Z') <= when < words.time(row['until'] + 'T00:00:00Z') + 24 * HOUR
                   for row in self.offices.get('full-powers', []))

    def suits(self, kind, version):
        row = self.types[kind]
        authentic, also = row['languages']['authentic'], row['languages'].get('also', [])
        num, unit = row['limits']['text'].split(' ')
        most = int(num) << {'bytes': 0, 'KiB': 10, 'MiB': 20, 'GiB': 30}[unit]
        texts = version['texts']
        name = int(row['limits'].get('name', '100'))
        for file in texts + version['annexes']:
            path = file['file'].encode()
            if len(path) > max(180, name + 60) or any(len(part) > name for part in path.split(b'/')):
                return False
        if len(texts) > int(row['limits']['texts']):
            return False
        if any(not any(t['language'] == lang and t['authentic'] == 'true' for t in texts) for lang in authentic):
            return False
        if any(t['language'] not in authentic + also or (t['authentic'] == 'true') != (t['language'] in authentic)
               for t in texts):
            return False
        return all(t['media'] in row['media'] and int(t['size']) <= most for t in texts + version['annexes'])


def matches(pattern, address):
    if pattern.startswith('*'):
        return address.endswith(pattern[1:]) and len(address) > len(pattern) - 1
    return pattern == address


def vkey(text, kind):
    name, ident, body = text.split('+', 2)
    body = base64_of(body)
    need(words.origin(name) and body[0] == kind and len(body) == 33)
    full = hashlib.sha256(name.encode() + b'\n' + body).digest()[:4]
    need(full.hex() == ident)
    return name, full, body[1:]


# ------------------------------------------------------------- an office's state

def unzip(path):
    with zipfile.ZipFile(path) as archive:
        return {i.filename: archive.read(i) for i in archive.infolist()}


def digest_of(files):
    return sha256(b''.join(b'%s  %s\n' % (sha256(files[p]).encode(), p.encode())
                           for p in sorted(files, key=str.encode)))


class Office:
    """What formats.md says that a copy is judged with."""

    def __init__(self, folder):
        def lines(name):
            path = os.path.join(folder, name)
            return open(path).read().splitlines() if os.path.exists(path) else None
        with open(os.path.join(folder, 'enrolment.yaml'), 'rb') as f:
            enrolment = words.yaml(f.read())
        rows = [r.split(' ', 1) for r in enrolment.get('journal-before', []) or []]
        after = [r.split(' ', 1) for r in lines('keys') or []]
        untils = [int(r[0]) for r in rows + after] + [2**63]
        self.keys = list(zip(untils, [vkey(v, 1) for v in
                                      [r[1] for r in rows] + [enrolment['journal']] + [r[1] for r in after]]))
        self.policies = {name[:-4]: Policy(unzip(os.path.join(folder, 'policies', name)))
                         for name in os.listdir(os.path.join(folder, 'policies')) if name.endswith('.zip')}
        self.pinned = lines('policy-entries') is None
        rows = [r.split(' ') for r in lines('pins' if self.pinned else 'policy-entries') or []]
        self.entries = [(int(r[0]), r[1], r[2:] != ['seen']) for r in rows if r[0] != 'awaited']
        accepted = [d for _, d, good in self.entries if good and d in self.policies]
        self.newest = self.policies[accepted[-1]] if accepted else None
        self.sets, self.lists = {}, []
        for data in enrolment.get('crls', {}).values():
            self.lists += pki.crls(data.encode())
        names = os.listdir(os.path.join(folder, 'crls')) if os.path.isdir(os.path.join(folder, 'crls')) else []
        for name in sorted(names):
            if not name.endswith('.zip'):
                continue
            files = unzip(os.path.join(folder, 'crls', name))
            found = [pki.crls(data) for data in files.values()]
            if all(found) and digest_of(files) == name[:-4]:
                self.sets[name[:-4]] = sum(found, [])
        self.read_crl_entries(lines('crl-entries'))

    def read_crl_entries(self, rows):
        """Those that are known: up to the first whose set is not here."""
        self.crl_entries, self.crl_size = [], None
        if rows and rows[0].startswith('size '):
            self.crl_size = int(rows[0][5:])
            for row in rows[1:]:
                index, _, line = row.partition(' ')
                act = entry(line.encode())
                if act['crls'] not in self.sets:
                    self.crl_size = int(index)
                    break
                self.crl_entries.append((int(index), act['ms'], act['crls']))

    def policy_at(self, index):
        before = [e for e in self.entries if e[0] <= index]
        return self.policies.get(before[-1][1]) if before and before[-1][2] else None

    def policy(self, act):
        before = [e for e in self.entries if e[0] <= act['index']]
        if not before or not before[-1][2] or before[-1][1] != act['policy']:
            return None
        return self.policies.get(act['policy'])

    def key_of(self, size):
        return next(key for until, key in self.keys if size <= until)


# ------------------------------------------------------------- entries, receipts

DIGESTS = 'contents crls digest manifest policy signature waybill'.split()
NEEDED = {
    'deposit': 'office person document version digest manifest signature contents commit crls',
    'force': 'document version digest contents prior signatures',
    'deliver': 'office person document version contents',
    'deliveries': 'office person document version contents prior times',
    'refuse': 'office person document wanted rule',
    'policy': 'changed', 'crl': 'crls', 'start': 'software',
    'dispatch': 'office person to number digest',
    'acknowledge': 'office person to number waybill digest',
    'key': 'key'}
NEEDED['sign'] = NEEDED['terminate'] = NEEDED['deposit'] + ' prior'
OPTIONAL = {'deposit': 'prior waybill dispatched', 'sign': 'waybill dispatched', 'refuse': 'times',
            'policy': 'prior', 'crl': 'prior', 'start': 'prior', 'key': 'prior'}
TEXTS = {'act': 31, 'wanted': 31, 'document': 129, 'office': 64, 'to': 64, 'person': 254, 'key': 191, 'rule': 255,
         'software': 63}


def entry(line):
    need(len(line) <= 16384)
    text = rb'"(?:[ !#-\[\]-~]|\\["\\])*"'
    value = rb'(?:%s|0|[1-9][0-9]{0,15}|\[(?:%s(?:,%s)*)?\])' % (text, text, text)
    need(re.fullmatch(rb'\{%s:%s(?:,%s:%s)*\}' % (text, value, text, value), line))
    pairs = json.loads(line, object_pairs_hook=list)
    keys = [k for k, _ in pairs]
    need(keys == sorted(set(keys)))
    out = dict(pairs)
    need(out.get('valise') == 1 and type(out['valise']) is int and isinstance(out.get('act'), str) and out['act'] in NEEDED)
    need('time' in out and 'salt' in out and 'policy' in out)
    needed = set(NEEDED[out['act']].split()) | {'valise', 'act', 'time', 'salt', 'policy'}
    need(needed <= set(out) <= needed | set(OPTIONAL.get(out['act'], '').split()))
    for key, v in out.items():
        if key in TEXTS:
            need(isinstance(v, str) and len(v) <= TEXTS[key])
        elif key in ('valise', 'version', 'prior', 'number', 'times'):
            need(type(v) is int and v <= 2**53)
        elif key in ('time', 'dispatched'):
            need(words.time(v, True) is not None)
        elif key in DIGESTS:
            need(words.digest(v))
        elif key in ('commit', 'salt'):
            need(isinstance(v, str) and re.fullmatch('[0-9a-f]{%d}' % (40 if key == 'commit' else 32), v))
        elif key == 'signatures':
            need(isinstance(v, list) and len(v) <= 64 and all(map(words.digest, v)))
        else:
            need(key == 'changed' and isinstance(v, list))
    out['ms'] = words.time(out['time'], True)
    return out


class Note:
    """A checkpoint.  Raises Bad; office is whose journal it must be."""

    def __init__(self, data, office):
        need(len(data) <= 131072)
        try:
            text = data.decode('utf-8')
        except UnicodeDecodeError:
            raise Bad
        need(not re.search('[\0-\x09\x0b-\x1f\x7f-\x9f]', text))
        cut = text.rfind('\n\n')
        need(cut >= 0)
        self.text, rest = text[:cut + 1], text[cut + 2:]
        need(len(self.text.encode()) <= 4096 and rest.endswith('\n'))
        rows = rest[:-1].split('\n')
        need(1 <= len(rows) <= 100)
        self.signatures = []
        for row in rows:
            match = re.fullmatch('— ([^ ]+) ([^ ]+)', row)
            need(match and words.origin(match[1]))
            value = base64_of(match[2])
            need(len(value) >= 5)
            self.signatures.append((match[1], value[:4], value[4:]))
        lines = self.text[:-1].split('\n')
        need(len(lines) == 3 and words.origin(lines[0]) and words.number(lines[1], 2**63 - 1))
        self.origin, self.size, self.root = lines[0], int(lines[1]), base64_of(lines[2])
        need(len(self.root) == 32)
        key = office.key_of(self.size)
        need(self.origin == key[0])
        known, signed = {(k[0], k[1]): k[2] for _, k in office.keys}, set()
        for name, ident, value in self.signatures:
            if (name, ident) in known and (name, ident) not in signed:
                need(len(value) == 64 and curves.ed25519(known[name, ident], self.text.encode(), value))
                signed.add((name, ident))
        if not signed:
            raise pki.Found('KEY_UNKNOWN')
        need(key[:2] in signed)

    def witnesses(self, policy):
        """How many witnesses' lines verify; Bad if one does not."""
        seen = set()
        for name, ident, value in self.signatures:
            key = next((w for w in policy.witnesses if w[:2] == (name, ident)), None)
            if key is None or key in seen:
                continue
            need(len(value) == 72 and any(value[:8]))
            head = 'cosignature/v1\ntime %d\n' % int.from_bytes(value[:8], 'big')
            need(curves.ed25519(key[2], (head + self.text).encode(), value[8:]))
            seen.add(key)
        return len(seen)


def receipt(data):
    """The entry's bytes, the index, the hashes, the note's bytes."""
    need(len(data) <= 196608)
    head, gap, note = data.partition(b'\n\n')
    need(gap)
    try:
        rows = head.decode('ascii').split('\n')
    except UnicodeDecodeError:
        raise Bad
    need(len(rows) >= 3 and rows[0] == 'c2sp.org/tlog-proof@v1' and len(rows) <= 67)
    need(rows[1].startswith('extra ') and rows[2].startswith('index ') and words.number(rows[2][6:], 2**63 - 1))
    hashes = [base64_of(r) for r in rows[3:]]
    need(all(len(h) == 32 for h in hashes))
    return base64_of(rows[1][6:]), int(rows[2][6:]), hashes, note


def root_of(leaf, index, size, hashes):
    """RFC 9162, 2.1.3.2."""
    need(index < size)
    fn, sn, r = index, size - 1, hashlib.sha256(b'\0' + leaf).digest()
    for p in hashes:
        need(sn)
        if fn & 1 or fn == sn:
            r = hashlib.sha256(b'\1' + p + r).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = hashlib.sha256(b'\1' + r + p).digest()
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0)
    return r


# ------------------------------------------------------------------- judging

class End(Exception):
    """There are no more steps."""


class Signature:
    """One signature of the copy, and what was found of it."""

    def __init__(self, name):
        self.id = name
        self.terminates = name.startswith('terminate-')
        self.approves = not self.terminates and name not in ('origin', 'seal')
        self.file = 'META-INF/signature-%s.p7s' % name
        self.manifest = 'META-INF/ASiCManifest-%s.xml' % name
        self.codes, self.intact, self.cms, self.act, self.office, self.disputed = [], False, None, None, None, False

    @property
    def counts(self):
        return self.id not in ('origin', 'seal') and not set(self.codes) - {'SIGNER_DOUBTED'}

    @property
    def undecided(self):
        return bool(self.intact and self.codes and set(self.codes) <= INDETERMINATE)

    @property
    def value(self):
        return self.cms.value if self.cms else None


class Judge:
    def __init__(self, office, data, witnessed=False):
        self.want_witnesses, self.witnessed = witnessed, 0
        self.office, self.codes, self.status, self.damaged = office, [], '', False
        self.acts, self.dispatches, self.signatures, self.note = [], [], [], None
        self.proved = {'in force': False, 'terminated': False}
        self.version = None
        try:
            self.judge(data)
        except End:
            pass
        if self.version and not self.status:
            self.status = 'signed in part' if any(s.approves and s.counts for s in self.signatures) else 'draft'
        if any(s.disputed for s in self.signatures):
            self.status = 'disputed'
        codes = set(self.codes) - {'SIGNER_DOUBTED'}
        self.outcome = 'VALID' if not codes else 'INDETERMINATE' if codes <= INDETERMINATE else 'INVALID'

    def found(self, code):
        self.codes.append(code)

    def judge(self, data):
        try:
            self.container = Container(data)
        except Bad:
            self.damaged = True
            return self.found('CONTAINER_MALFORMED')
        except OverLimit:
            self.damaged = True
            return self.found('OVER_LIMIT')
        self.files, self.damaged = self.container.files, self.container.malformed
        if 'version.yaml' not in self.files:
            return self.found('NOT_A_DOCUMENT')
        try:
            self.check_files()
            self.check_receipts()
            self.check_signatures()
            self.check_acts()
            self.check_end()
        finally:
            if self.damaged:
                self.found('CONTAINER_MALFORMED')

    def get(self, path):
        return self.files.get(path)

    # -- 2

    def check_files(self):
        paths = self.container.paths()
        for path in paths:
            if self.files[path] is None:
                self.found('TEXT_DIGEST' if path.startswith(('texts/', 'annexes/')) else 'FILE_DIGEST')
        for path in paths:
            if not (path in ('mimetype', 'version.yaml', 'termination.yaml') or path.startswith(('texts/', 'annexes/'))
                    or re.fullmatch(r'META-INF/(ASiCManifest-.{1,100}\.xml|signature-.{1,100}\.p7s|slip-.{1,100}\.yaml|'
                                    r'waybill-.{1,100}\.(yaml|p7s)|receipt-.+\.tlog-proof)', path, re.S)):
                self.found('FILE_UNSIGNED')
        try:
            need(self.files['version.yaml'] is not None)
            self.version = words.version_yaml(self.files['version.yaml'])
        except Bad:
            self.found('VERSION_MALFORMED')
            raise End
        self.version_digest = sha256(self.files['version.yaml'])
        listed = self.version['texts'] + self.version['annexes']
        for row in listed:
            if row['file'] not in self.files:
                self.found('TEXT_MISSING')
            elif self.files[row['file']] is not None and (
                    len(self.files[row['file']]) != int(row['size']) or sha256(self.files[row['file']]) != row['sha256']):
                self.found('TEXT_DIGEST')
        names = {row['file'] for row in listed}
        for path in paths:
            if path.startswith(('texts/', 'annexes/')) and path not in names:
                self.found('FILE_UNSIGNED')

    # -- 3

    def check_receipts(self):
        paths = [p for p in self.container.paths() if re.fullmatch(r'META-INF/receipt-.+\.tlog-proof', p, re.S)]
        if len(paths) > 256:
            self.found('OVER_LIMIT')
            raise End
        self.note_bytes = None
        self.waybills = {sha256(d) for p, d in self.files.items()
                         if d is not None and re.fullmatch(r'META-INF/waybill-.{1,100}\.yaml', p, re.S)}
        for path in paths:
            try:
                self.check_receipt(path)
            except Bad:
                self.found('RECEIPT_BROKEN')
            except pki.Found as found:
                self.found(str(found))
        self.acts.sort(key=lambda a: a['index'])
        self.witnessed = 0
        if self.note and self.office.newest:
            try:
                self.witnessed = self.note.witnesses(self.office.newest)
            except Bad:
                self.found('RECEIPT_BROKEN')

    def check_receipt(self, path):
        need(self.files[path] is not None)
        leaf, index, hashes, note = receipt(self.files[path])
        if self.note:
            need(note == self.note_bytes)
        else:
            self.note, self.note_bytes = Note(note, self.office), note
        need(root_of(leaf, index, self.note.size, hashes) == self.note.root)
        act = entry(leaf)
        act['index'] = index
        if act['act'] == 'dispatch':
            need(act['digest'] in self.waybills)
        else:
            need(act['act'] in ACTS and act['document'] == self.version['document'] and
                 act['version'] == int(self.version['version']) and act['digest'] == self.version_digest)
        need(path[len('META-INF/receipt-'):-len('.tlog-proof')] == str(index))
        (self.dispatches if act['act'] == 'dispatch' else self.acts).append(act)

    # -- 4

    def check_signatures(self):
        alone, whole = [], []
        for path in self.container.paths():
            if match := re.fullmatch(r'META-INF/signature-(.{1,100})\.p7s', path, re.S):
                whole.append(match[1])
            elif match := re.fullmatch(r'META-INF/ASiCManifest-(.{1,100})\.xml', path, re.S):
                if 'META-INF/signature-%s.p7s' % match[1] not in self.files:
                    alone.append(match[1])
        order = ['origin'] + [i for i in alone + whole if i not in ('origin', 'seal')]
        sealed = 'seal' in alone + whole
        if len(order) + sealed > 66:
            self.found('OVER_LIMIT')
            raise End
        self.signatures = [Signature(i) for i in order]
        for signature in self.signatures:
            self.check_signature(signature)
        for i, one in enumerate(self.signatures):
            for other in self.signatures[i + 1:]:
                if one.intact and other.intact and one.cms.certificate.email == other.cms.certificate.email and \
                        one.cms.certificate.email and \
                        ((one.approves and other.approves) or (one.terminates and other.terminates)):
                    self.found('SIGNED_TWICE')
        self.check_termination()
        for path in self.container.paths():
            match = re.fullmatch(r'META-INF/(?:slip-(.{1,100})\.yaml|waybill-(.{1,100})\.(?:yaml|p7s))', path, re.S)
            if match and (match[1] or match[2]) not in order:
                self.found('FILE_UNSIGNED')
        if sealed:
            self.signatures.append(Signature('seal'))
            self.check_signature(self.signatures[-1])
        else:
            self.found('SEAL_MISSING')

    def check_termination(self):
        there = 'termination.yaml' in self.files
        if not there and any(s.terminates for s in self.signatures):
            self.found('FILE_MISSING')
        elif there and not any(s.terminates for s in self.signatures):
            self.found('FILE_UNSIGNED')
        elif there:
            try:
                need(self.files['termination.yaml'] is not None)
                row = words.termination_yaml(self.files['termination.yaml'])
            except Bad:
                return self.found('VERSION_MALFORMED')
            if (row['document'], row['version'], row['digest']) != (
                    self.version['document'], self.version['version'], self.version_digest):
                self.found('VERSION_DIFFERS')

    def check_signature(self, s):
        start = len(self.codes)
        try:
            self.check_one(s)
        except pki.Found as found:
            self.found(str(found))
        s.codes = self.codes[start:]

    def check_one(self, s):
        if s.file not in self.files or s.manifest not in self.files:
            raise pki.Found('SIGNATURE_MISSING')
        self.check_manifest(s)
        s.cms = pki.Signature(self.get(s.file) or b'')
        s.cms.verify(self.get(s.manifest) or b'')
        s.intact = True
        self.find_act(s)
        cert = s.cms.certificate
        if s.cms.commitment != {'origin': 'origin', 'seal': 'receipt'}.get(s.id, 'approval'):
            self.found('SIGNATURE_COMMITMENT')
        if s.id not in ('origin', 'seal') and s.id.removeprefix('terminate-') != cert.sha256[:32]:
            self.found('MANIFEST_BROKEN')
        if cert.usage != {1}:
            self.found('SIGNER_UNFIT')
        basis = s.act if s.id != 'seal' else self.acts[-1] if self.acts else None
        if basis is None:
            raise pki.Found('NOT_IN_JOURNAL')
        policy = self.office.policy(basis)
        if policy is None:
            raise pki.Found('POLICY_UNKNOWN')
        when = basis['ms'] // 1000
        ca, code = self.certificate_at(policy, cert, when)
        if code:
            self.found(code)
        s.disputed = code == 'SIGNER_REVOKED' and s.id != 'seal' and all(i > basis['index'] for i in self.revoked_by)
        if ca:
            if s.id == 'seal':
                if not policy.is_depositary(cert, ca):
                    self.found('SIGNER_UNTRUSTED')
            else:
                s.office = policy.office_of(cert, ca)
                if s.office is None:
                    self.found('SIGNER_UNKNOWN')
        code = self.sent(s, policy, basis, when)
        if code:
            self.found(code)
        if s.id != 'seal' and s.office:
            self.check_rights(s, policy, when)

    def check_rights(self, s, policy, when):
        kind, email = self.version['document'].split('/')[0], s.cms.certificate.email
        if s.id == 'origin':
            if (email, s.office) != (self.version['person'], self.version['office']):
                self.found('SIGNER_DIFFERS')
            elif kind not in policy.types or s.office not in policy.types[kind]['deposit']:
                self.found('NOT_ALLOWED')
            elif not policy.suits(kind, self.version):
                self.found('TEXT_NOT_ALLOWED')
        elif not policy.full_powers(email, policy.party_of(s.office), kind, 'terminate' if s.terminates else 'quorum', when):
            self.found('NO_FULL_POWERS')

    def find_act(self, s):
        kind = 'deposit' if s.id == 'origin' else 'terminate' if s.terminates else 'sign'
        manifest = sha256(self.get(s.manifest) or b'')
        s.act = next((a for a in self.acts if a['act'] == kind and a['manifest'] == manifest and
                      a['signature'] == s.value), None)

    def check_manifest(self, s):
        try:
            need(self.get(s.manifest) is not None)
            manifest = Manifest(self.files[s.manifest])
        except Bad:
            return self.found('MANIFEST_BROKEN')
        if manifest.signature != s.file:
            self.found('MANIFEST_BROKEN')

        def may(path):
            if s.id == 'seal':
                return path not in ('mimetype', s.file, s.manifest) and \
                    not re.fullmatch(r'META-INF/receipt-.+\.tlog-proof', path, re.S)
            return not path.startswith('META-INF/') and path != 'mimetype' and \
                (path != 'termination.yaml' or s.terminates)
        for path, algorithm, digest in manifest.references:
            text = path.startswith(('texts/', 'annexes/'))
            if not may(path):
                self.found('MANIFEST_BROKEN')
            elif path not in self.files:
                if not text:
                    self.found('FILE_MISSING')
            elif self.files[path] is not None and (algorithm != 'sha256' or digest != self.container.sha256(path)):
                self.found('TEXT_DIGEST' if text else 'FILE_DIGEST')
        listed = {r[0] for r in manifest.references}
        for path in self.container.paths():
            if may(path) and path not in listed:
                self.found('FILE_UNSIGNED')

    def certificate_at(self, policy, cert, when):
        """The CA of a certificate, or None, and what is found of it."""
        found = policy.ca_of(cert)
        if not found:
            return None, 'SIGNER_UNTRUSTED'
        ca, verifiers = found
        if not cert.start <= when <= cert.end or not any(c.start <= when <= c.end for c in verifiers):
            return ca, 'SIGNER_EXPIRED'
        return ca, self.revocation(cert, when)

    # -- Revocation

    def namings(self):
        """(index, seconds, the lists of its set), of all that name one, in order."""
        office, out = self.office, []
        named = {digest for _, _, digest in office.crl_entries}
        if office.crl_entries is not None and office.crl_size is not None:
            rows = [(i, ms // 1000, d) for i, ms, d in office.crl_entries]
        else:
            rows = []
            out.append((0, None, office.lists))
        rows += [(a['index'], a['ms'] // 1000, a['crls']) for a in self.acts if 'crls' in a and a['crls'] not in named]
        rows += [(i, None, None) for i, _, _ in office.entries if not office.pinned]
        last = (None, out[0][2]) if out else None
        for index, when, digest in sorted(rows, key=lambda r: (r[0], r[2] is not None)):
            if digest is not None:
                if digest not in office.sets:
                    continue
                last = (when, office.sets[digest])
            if last:
                out.append((index, *last))
        return out

    def judged_lists(self, cert):
        """Of its issuer: those that count, as (list, index, seconds), and those that are unjudged."""
        counting, unjudged = {}, {}
        for index, when, lists in self.namings():
            policy = self.office.policy_at(index)
            for li in lists:
                if li.issuer != cert.issuer or li.raw in counting:
                    continue
                if policy is None:
                    unjudged.setdefault(li.raw, (li, index, when))
                elif any(li.by(c) for certs in policy.cas.values() for c in certs):
                    counting[li.raw] = (li, index, when)
        return list(counting.values()), list(unjudged.values())

    def revocation(self, cert, when):
        """A code, or None."""
        counting, unjudged = self.judged_lists(cert)
        self.revoked_by = []
        if not unjudged:
            return self.weighed(cert, when, counting, counting, counting)
        bad = self.weighed(cert, when, counting + unjudged, counting, counting)
        good = self.weighed(cert, when, counting, counting + unjudged, counting + unjudged)
        if bad != good and {bad, good} & {'SIGNER_REVOKED', 'REVOCATION_UNKNOWN'}:
            return 'POLICY_UNKNOWN'
        return bad

    def weighed(self, cert, when, listing, clearing, later):
        def newness(row):
            return (row[0].this, row[0].number, row[1])

        def clears(row):
            li, _, named = row
            return li.complete and li.covers(cert, False) and cert.serial not in li.listings and \
                (li.this <= cert.end or (li.expired is not None and li.expired <= cert.end)) and \
                (named is None or li.this <= named + HOUR)

        def same_scope(one, two):
            if not one.distributes or not two.distributes:
                return one.distributes == two.distributes
            points = (one.point is None and two.point is None) or bool(one.point and two.point and one.point & two.point)
            return one.only == two.only and points
        clearing = sorted(filter(clears, clearing), key=newness)
        later = any(r[0].listings.get(cert.serial, (when, 0))[0] > when for r in later)
        self.revoked_by, doubted = [], False
        for row in listing:
            if cert.serial in row[0].listings:
                since, hold = row[0].listings[cert.serial]
                if when < since:
                    continue
                ends = [c for c in clearing if newness(c) > newness(row) and same_scope(c[0], row[0])] if hold else []
                if ends and when >= ends[0][0].this:
                    continue
                if any(c[0].this > when and (c[1] < row[1] or (c[1] == row[1] and newness(c) < newness(row))) for c in clearing):
                    doubted = True
                else:
                    self.revoked_by.append(row[1])
        if self.revoked_by:
            return 'SIGNER_REVOKED'
        if doubted:
            return 'SIGNER_DOUBTED'
        if later or any(c[0].this >= when or c[0].this <= when <= c[0].next for c in clearing):
            return None
        return 'REVOCATION_UNKNOWN'

    def sent(self, s, policy, basis, when):
        slip, waybill, proof = (self.files.get('META-INF/' + n % s.id, 0) for n in
                                ('slip-%s.yaml', 'waybill-%s.yaml', 'waybill-%s.p7s'))
        there = [f for f in (slip, waybill, proof) if f != 0]
        missing = s.act is not None and 'waybill' in s.act
        if there:
            if len(there) < 3 or None in there or not missing or s.act['waybill'] != sha256(waybill):
                return 'WAYBILL_DIFFERS'
            try:
                dispatched = self.slip_says(s, policy, basis, when, slip, waybill, proof)
            except Bad:
                return 'WAYBILL_DIFFERS'
            except pki.Found as found:
                return str(found)
            if dispatched is not None:
                when, missing = dispatched, False
        if missing and s.cms.time < when - 24 * HOUR:
            return 'WAYBILL_MISSING'
        if not when - 24 * HOUR <= s.cms.time <= when + 300:
            return 'SIGNING_TIME'
        return None

    def slip_says(self, s, policy, basis, when, slip, waybill, proof):
        bill = words.waybill_yaml(waybill)
        need(sha256(slip) in bill.get('slips', []))
        row = words.slip_yaml(slip)
        need(row['act'] == ('deposit' if s.id == 'origin' else 'sign') and not s.terminates)
        need((row['document'], row['version'], row['digest'], row['signature']) ==
             (self.version['document'], self.version['version'], self.version_digest, s.value))
        need((bill['person'], bill['from']) == (s.cms.certificate.email, s.office))
        cms = pki.Signature(proof)
        cms.verify(waybill)
        if cms.commitment != 'origin' or cms.certificate.usage != {1}:
            raise pki.Found('SIGNATURE_COMMITMENT')
        dispatched = words.time(bill['dispatched'])
        ca, code = self.certificate_at(policy, cms.certificate, dispatched)
        if code:
            raise pki.Found(code)
        if self.certificate_at(policy, cms.certificate, when)[1] == 'SIGNER_REVOKED':
            raise pki.Found('SIGNER_REVOKED')
        if (cms.certificate.email, policy.office_of(cms.certificate, ca)) != (bill['person'], bill['from']):
            raise pki.Found('SIGNER_DIFFERS')
        if abs(cms.time - dispatched) > 300:
            raise pki.Found('SIGNING_TIME')
        act = next((d for d in self.dispatches if d['digest'] == sha256(waybill) and d['index'] < basis['index']), None)
        if act:
            need((act['office'], act['person'], act['to'], act['number']) ==
                 (bill['from'], bill['person'], bill['to'], int(bill['number'])))
            need(act['ms'] // 1000 >= dispatched - 300)
        need(words.time(basis['dispatched'], True) == dispatched * 1000)
        return dispatched if act else None

    # -- 5

    def of(self, act):
        return next((s for s in self.signatures if s.act is act), None)

    def quorum(self, kind, last):
        """Whether the quorum of approvals or terminations is made up to this act."""
        rows = [s for s in self.signatures if s.counts and s.act and s.act['index'] <= last['index'] and
                (s.terminates if kind == 'terminate' else s.approves)]
        if not rows:
            return False
        newest = max((s.act for s in rows), key=lambda a: a['index'])
        policy, name = self.office.policy(newest), self.version['document'].split('/')[0]
        if not policy or name not in policy.types:
            return False
        wanted = policy.types[name]['terminate' if kind == 'terminate' else 'quorum']
        persons = {(policy.party_of(s.office), s.cms.certificate.email) for s in rows}
        return all(sum(1 for p in persons if p[0] == party) >= int(num) for party, num in wanted.items())

    def undecided(self, kind):
        """Is a signature of this kind undecided or disputed, or of approvals the deposit disputed?"""
        ends = kind == 'terminate'
        return any(s.terminates == ends and s.id != 'seal' and (s.disputed or (s.undecided and s.id != 'origin'))
                   for s in self.signatures)

    def check_acts(self):
        acts = self.acts
        for num, act in enumerate(acts):
            if act['act'] != 'force' and not self.of(act):
                later = [a for a in acts[num + 1:] if self.same(a, act)]
                if self.replaced(num, later):
                    continue
                self.found('SIGNED_TWICE' if later else 'SIGNATURE_MISSING')
        self.force, self.ended, self.missing = False, False, False
        self.crls = None
        for num, act in enumerate(acts):
            self.check_order(num, act)
            if act['act'] in ('sign', 'terminate'):
                self.check_sign(num, act)
            elif act['act'] == 'force':
                self.check_force(num, act)
            self.check_fields(num, act)

    def same(self, a, b):
        return (a['act'], a.get('person'), a.get('office')) == (b['act'], b.get('person'), b.get('office'))

    def replaced(self, num, later):
        if not later or not self.of(later[0]):
            return False
        place = next(i for i, a in enumerate(self.acts) if a is later[0])
        after = self.acts[place + 1:place + 2]
        return bool(after and after[0]['act'] == 'force' and after[0]['prior'] == later[0]['index'] and
                    not any(a['act'] == 'force' for a in self.acts[num + 1:place]))

    def check_order(self, num, act):
        prior = act.get('prior')
        if num == 0 and act['act'] == 'deposit' and act['version'] == 1:
            wrong = prior is not None
        else:
            wrong = prior is None or prior >= act['index'] or (num > 0 and prior < self.acts[num - 1]['index'])
        if wrong:
            self.found('OUT_OF_ORDER')
        if act['act'] == 'deposit' and num:
            self.found('OUT_OF_ORDER')

    def excused(self):
        return self.undecided('sign') or self.missing

    def check_sign(self, num, act):
        if self.ended:
            self.found('OUT_OF_ORDER')
        elif act['act'] == 'terminate' and not self.force and not self.excused():
            self.found('OUT_OF_ORDER')
        after = self.acts[num + 1] if num + 1 < len(self.acts) else None
        if after and after['act'] == 'force' and after['prior'] == act['index']:
            return
        if act['act'] == 'sign' and self.force:
            return
        if self.quorum(act['act'], act):
            self.found('NOT_IN_JOURNAL')
            self.missing = self.missing or act['act'] == 'sign'

    def check_force(self, num, act):
        mine = [s for s in self.signatures if s.intact and s.value in act['signatures']]
        if len(mine) < len(act['signatures']):
            self.found('SIGNATURE_MISSING')
        whole = all(s.act for s in mine)
        last = next((a for a in reversed(self.acts[:num]) if a['act'] in ('sign', 'terminate') and
                     a['signature'] in act['signatures']), None)
        if last is None:
            if whole:
                self.found('QUORUM_MISSING')
            return
        ends = last['act'] == 'terminate'
        if self.ended or (ends and not self.force and not self.excused()) or (not ends and self.force):
            self.found('OUT_OF_ORDER')
        if whole:
            named = [a for a in self.acts[:num] if a['act'] == last['act'] and self.of(a)]
            if any(a['signature'] not in act['signatures'] for a in named) or len(act['signatures']) != len(named):
                self.found('QUORUM_MISSING')
            if act['prior'] != last['index']:
                self.found('OUT_OF_ORDER')
        if ends:
            self.ended = True
        else:
            self.force = True
        proved = self.quorum(last['act'], last)
        self.proved['terminated' if ends else 'in force'] = proved
        if not proved and not self.undecided(last['act']):
            self.found('QUORUM_MISSING')

    def check_fields(self, num, act):
        if num and act['ms'] < self.acts[num - 1]['ms']:
            self.found('TIME_BACKWARDS')
        if act['ms'] < (words.time(self.version['created']) - 300) * 1000:
            self.found('TIME_BACKWARDS')
        s, policy = self.of(act), self.office.policy(act)
        if policy is None and s is None:
            self.found('POLICY_UNKNOWN')
        if s and s.intact:
            if act['person'] != s.cms.certificate.email:
                self.found('SIGNER_DIFFERS')
            if s.office and act['office'] != s.office:
                self.found('SIGNER_DIFFERS')
        if act['act'] == 'force':
            before = next((a for a in self.acts[:num] if a['index'] == act['prior']), None)
            if before and before['contents'] != act['contents']:
                self.found('CONTENTS_DIFFER')
        if 'crls' in act:
            if self.crls and self.crls['crls'] != act['crls'] and policy:
                self.check_crls(self.crls, act, policy)
            self.crls = act

    def check_crls(self, before, act, policy):
        old, new = (self.office.sets.get(a['crls']) for a in (before, act))
        if old is None or new is None:
            return
        for certs in policy.cas.values():
            newest = [max((li.this for li in rows if li.complete and any(li.by(c) for c in certs)), default=None) for rows in (old, new)]
            if newest[0] is not None and newest[0] <= before['ms'] // 1000 + 300 and \
                    (newest[1] is None or newest[1] < newest[0]):
                return self.found('CRLS_BACKWARDS')

    # -- 6

    def check_end(self):
        newest = self.office.newest
        if self.want_witnesses and (not newest or not newest.quorum or self.witnessed < newest.quorum):
            self.found('NOT_WITNESSED')
        if self.acts and self.acts[-1]['contents'] != self.container.digest():
            self.found('CONTENTS_DIFFER')
        self.status = 'terminated' if self.proved['terminated'] else 'in force' if self.proved['in force'] else ''


def verify(office, data, witnessed=False):
    """What valise --json verify says: outcome, status, codes; and whether it was damaged."""
    judge = Judge(office, data, witnessed)
    return {'outcome': judge.outcome, 'status': judge.status, 'codes': judge.codes, 'damaged': judge.damaged}


def main():
    office = Office(sys.argv[1])
    bad = 0
    for path in sys.argv[2:]:
        with open(path, 'rb') as f:
            out = verify(office, f.read())
        bad |= out['outcome'] != 'VALID'
        print(json.dumps({'file': path, **out}))
    sys.exit(bad)


if __name__ == '__main__':
    main()
