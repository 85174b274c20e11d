"""DER, certificates, CRLs and CAdES signatures, as formats.md tells of them."""
import calendar
import functools
import hashlib
import os
import re
import subprocess
import tempfile

import curves
from words import Bad, email, need


class Found(Exception):
    """What a signature is found to be: a code."""


class Node:
    def __init__(self, tag, body, raw):
        self.tag, self.body, self.raw, self.children = tag, body, raw, []

    def oid(self):
        need(self.tag == 6 and self.body)
        out, value = [], 0
        for byte in self.body:
            value = value << 7 | byte & 127
            if not byte & 128:
                out.append(value)
                value = 0
        first = min(out[0] // 40, 2)
        return '.'.join(map(str, [first, out[0] - 40 * first] + out[1:]))

    def integer(self):
        need(self.tag == 2 and self.body)
        return int.from_bytes(self.body, 'big', signed=True)


STRINGS = {3, 4, 12, 18, 19, 20, 21, 22, 25, 26, 27, 28, 30, 23, 24}


def der(data, strict=True, level=0):
    """One element that is all of data."""
    node, end = element(data, 0, strict, level)
    need(end == len(data))
    return node


def element(data, at, strict, level):
    need(at + 2 <= len(data) and level <= 32)
    tag, size, start = data[at], data[at + 1], at + 2
    need(tag & 31 != 31)
    if size & 128:
        num = size & 127
        need(1 <= num <= 4 and start + num <= len(data))
        size = int.from_bytes(data[start:start + num], 'big')
        need(size >= 128 and data[start] != 0)
        start += num
    need(start + size <= len(data))
    node = Node(tag, data[start:start + size], data[at:start + size])
    if tag & 32:
        need(tag & 0xc0 or tag in (0x30, 0x31))
        pos = 0
        while pos < size:
            child, pos = element(node.body, pos, strict, level + 1)
            node.children.append(child)
        if tag == 0x31 and strict:
            need(all(a.raw <= b.raw for a, b in zip(node.children, node.children[1:])))
    elif strict:
        primitive(node)
    return node, start + size


UTC = re.compile(rb'(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z')
GENERALIZED = re.compile(rb'(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d*[1-9])?Z')


def primitive(node):
    body = node.body
    if node.tag == 1:
        need(body in (b'\0', b'\xff'))
    elif node.tag in (2, 10):
        need(body and not (len(body) > 1 and ((body[0] == 0 and body[1] < 128) or (body[0] == 255 and body[1] > 127))))
    elif node.tag == 3:
        need(body and body[0] < 8 and not (len(body) == 1 and body[0]) and not body[-1] & (1 << body[0]) - 1)
    elif node.tag == 5:
        need(not body)
    elif node.tag == 6:
        need(body and not body[-1] & 128)
        need(not re.search(rb'(?:\A|[\0-\x7f])\x80', body, re.S))
    elif node.tag == 0x17:
        need(UTC.fullmatch(body))
    elif node.tag == 0x18:
        need(GENERALIZED.fullmatch(body))
    elif node.tag in (8, 11, 0x10, 0x11, 0x1d):
        raise Bad


def seconds(node):
    """A UTCTime or GeneralizedTime in seconds since 1970."""
    need(node.tag in (0x17, 0x18))
    match = (UTC if node.tag == 0x17 else GENERALIZED).fullmatch(node.body)
    need(match)
    year, month, day, hour, minute, second = (int(g) for g in match.groups()[:6])
    if node.tag == 0x17:
        year += 1900 if year >= 50 else 2000
    need(1 <= month <= 12 and 1 <= day <= calendar.monthrange(max(year, 1), month)[1])
    need(hour < 24 and minute < 60 and second < 60)
    return calendar.timegm((max(year, 1), month, day, hour, minute, second))


class Key:
    """A subjectPublicKeyInfo: fit says whether it may sign here."""

    def __init__(self, spki):
        algorithm, bits = spki.children
        self.type, self.fit = algorithm.children[0].oid(), False
        need(bits.tag == 3 and bits.body[0] == 0)
        self.bits = bits.body[1:]
        if self.type == '1.2.840.10045.2.1':
            self.curve = algorithm.children[1].oid() if len(algorithm.children) > 1 and algorithm.children[1].tag == 6 else ''
            need(self.curve not in curves.CURVES or curves.point_of(curves.CURVES[self.curve], self.bits))
            self.fit = self.curve in curves.CURVES
        elif self.type in ('1.2.840.113549.1.1.1', '1.2.840.113549.1.1.10'):
            n, e = der(self.bits).children
            self.n, self.e = n.integer(), e.integer()
            self.fit = self.n.bit_length() >= 3072

    def verify(self, scheme, name, digest, value):
        if self.type == '1.2.840.10045.2.1' and scheme == 'ecdsa':
            try:
                both = der(value)
                need(both.tag == 0x30 and len(both.children) == 2)
                r, s = both.children[0].integer(), both.children[1].integer()
            except Bad:
                return False
            return self.fit and curves.ecdsa(self.curve, self.bits, digest, r, s)
        if self.type.startswith('1.2.840.113549.1.1') and scheme in ('rsa', 'pss'):
            if self.type.endswith('.10') and scheme == 'rsa':
                return False
            return curves.rsa(self.n, self.e, name, digest, value, scheme == 'pss')
        return False


class Certificate:
    def __init__(self, raw):
        need(len(raw) <= 16384)
        self.raw, self.sha256 = raw, hashlib.sha256(raw).hexdigest()
        whole = der(raw)
        need(whole.tag == 0x30 and len(whole.children) == 3)
        tbs = whole.children[0]
        rows = tbs.children[:]
        need(rows and tbs.tag == 0x30)
        if rows[0].tag == 0xa0:
            rows = rows[1:]
        need(len(rows) >= 6)
        self.serial, self.issuer, self.subject = rows[0].integer(), rows[2].raw, rows[4].raw
        need(len(rows[3].children) == 2)
        for name in (rows[2], rows[4]):
            need(name.tag == 0x30 and all(n.tag == 0x31 and n.children for n in name.children))
            need(all(p.tag == 0x30 and len(p.children) == 2 and p.children[0].tag == 6
                     for n in name.children for p in n.children))
        self.start, self.end = map(seconds, rows[3].children)
        self.key = Key(rows[5])
        self.extensions = {}
        for row in rows[6:]:
            if row.tag == 0xa3:
                for ext in row.children[0].children:
                    self.extensions[ext.children[0].oid()] = ext.children[-1].body
        self.usage = self.email = None
        bits = self.inside('2.5.29.15')
        if bits and bits.tag == 3:
            self.usage = {8 * i + j for i, byte in enumerate(bits.body[1:]) for j in range(8) if byte & 128 >> j}
        elif '2.5.29.15' in self.extensions:
            self.usage = set()
        alternative = self.inside('2.5.29.17')
        if alternative:
            names = [n.body for n in alternative.children if n.tag == 0x81]
            need(len(names) <= 1)
            if names:
                self.email = names[0].decode('latin-1')
                need(email(self.email))
        ski = self.inside('2.5.29.14')
        self.identifier = ski.body if ski else None
        self.unit = next((pair.children[1].body.decode('utf-8', 'replace') for name in rows[4].children
                          for pair in name.children if pair.children[0].oid() == '2.5.4.11'), None)
        self.points = names_of_points(self.inside('2.5.29.31'))

    def inside(self, oid):
        """What an extension has; None, too, where that does not parse."""
        try:
            return der(self.extensions[oid]) if oid in self.extensions else None
        except (Bad, IndexError):
            return None


def names_of_points(points):
    if points is None:
        return set()
    return {name.raw for point in points.children for part in point.children if part.tag == 0xa0
            for full in part.children if full.tag == 0xa0 for name in full.children}


@functools.lru_cache(maxsize=None)
def certificate(raw):
    """None if it does not parse."""
    try:
        return Certificate(raw) if openssl('x509', '-inform', 'DER', '-noout', '-pubkey', data=raw) else None
    except (Bad, IndexError, ValueError):
        return None


def pem(text, label):
    import base64
    out = []
    for match in re.finditer('-----BEGIN %s-----\n(.*?)-----END' % label, text, re.S):
        try:
            out.append(base64.b64decode(re.sub(r'\s', '', match[1]), validate=True))
        except ValueError:
            pass
    return out


@functools.lru_cache(maxsize=None)
def issued(raw, ca_raw):
    """Whether OpenSSL says that this CA certificate verifies that one."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, data in (('cert', raw), ('ca', ca_raw)):
            paths.append(os.path.join(folder, name))
            import base64
            with open(paths[-1], 'w') as f:
                f.write('-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n' %
                        base64.encodebytes(data).decode())
        return subprocess.run(
            ['openssl', 'verify', '-partial_chain', '-x509_strict', '-no_check_time', '-purpose', 'any',
             '-auth_level', '2', '-no-CAfile', '-no-CApath', '-no-CAstore', '-trusted', paths[1], paths[0]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


ECDSA = {'1.2.840.10045.4.3.2': 'sha256', '1.2.840.10045.4.3.3': 'sha384', '1.2.840.10045.4.3.4': 'sha512'}
RSA = {'1.2.840.113549.1.1.11': 'sha256', '1.2.840.113549.1.1.12': 'sha384', '1.2.840.113549.1.1.13': 'sha512'}
HASHES = {'2.16.840.1.101.3.4.2.1': 'sha256', '2.16.840.1.101.3.4.2.2': 'sha384', '2.16.840.1.101.3.4.2.3': 'sha512'}
PSS = '1.2.840.113549.1.1.10'


def hash_of(node):
    """A digest's name: WEAK if it is none of ours, or has other parameters than NULL."""
    name = HASHES.get(node.children[0].oid())
    if not name or [c.raw for c in node.children[1:]] not in ([], [b'\5\0']):
        raise Found('SIGNATURE_WEAK')
    return name


def scheme_of(node, wanted):
    """ecdsa, rsa or pss, of the digest wanted (None: of any that is accepted), and the digest."""
    oid, rest = node.children[0].oid(), [c.raw for c in node.children[1:]]
    if oid in ECDSA:
        need(not rest)
        scheme, name = 'ecdsa', ECDSA[oid]
    elif oid in RSA:
        need(rest == [b'\5\0'])
        scheme, name = 'rsa', RSA[oid]
    elif oid == '1.2.840.113549.1.1.1' and wanted:
        need(rest == [b'\5\0'])
        scheme, name = 'rsa', wanted
    elif oid == PSS:
        return 'pss', pss_hash(node.children[1:], wanted)
    else:
        raise Found('SIGNATURE_WEAK')
    need(not wanted or name == wanted)
    return scheme, name


def pss_hash(rest, wanted):
    """The hash of RSASSA-PSS-params; what is not accepted of them is WEAK."""
    try:
        parts = {c.tag: c.children[0] for c in rest[0].children}
        need(len(rest) == 1 and rest[0].tag == 0x30 and list(parts) == [0xa0, 0xa1, 0xa2] and len(rest[0].children) == 3)
        name, mask = hash_of(parts[0xa0]), parts[0xa1]
        need(mask.children[0].oid() == '1.2.840.113549.1.1.8' and hash_of(mask.children[1]) == name)
        need(parts[0xa2].integer() == hashlib.new(name).digest_size and name == (wanted or name))
        return name
    except (Bad, IndexError):
        raise Found('SIGNATURE_WEAK')


class Crl:
    """A list of revoked certificates; raises Bad if it is none."""

    def __init__(self, raw):
        whole = der(raw, strict=False)
        need(whole.tag == 0x30 and len(whole.children) == 3)
        tbs, algorithm, value = whole.children
        rows = tbs.children[:]
        if rows[0].tag == 2:
            rows = rows[1:]
        self.tbs, self.algorithm, self.value = tbs.raw, algorithm, value.body[1:]
        self.issuer, self.this, self.next = rows[1].raw, seconds(rows[2]), seconds(rows[3])
        self.listings, self.complete, self.point, self.only = {}, True, None, set()
        self.raw, self.distributes, self.number, self.expired = raw, False, 0, None
        rest = rows[4:]
        if rest and rest[0].tag == 0x30:
            for row in rest[0].children:
                removed, hold, invalid = False, False, None
                for ext in (row.children[2].children if len(row.children) > 2 else []):
                    oid = ext.children[0].oid()
                    critical = len(ext.children) == 3 and ext.children[1].body == b'\xff'
                    if oid == '2.5.29.21':
                        reason = der(ext.children[-1].body).body
                        removed, hold = reason == b'\x08', reason == b'\x06'
                    elif oid == '2.5.29.24':
                        invalid = seconds(der(ext.children[-1].body))
                    elif critical:
                        self.complete = False
                if not removed:
                    serial, when = row.children[0].integer(), seconds(row.children[1])
                    since = when if hold or invalid is None else min(when, invalid)
                    first, held = self.listings.get(serial, (since, hold))
                    self.listings[serial] = min(first, since), held and hold
            rest = rest[1:]
        for ext in (rest[0].children[0].children if rest and rest[0].tag == 0xa0 else []):
            self.extension(ext.children[0].oid(), len(ext.children) == 3 and ext.children[1].body == b'\xff',
                           ext.children[-1].body)

    def extension(self, oid, critical, body):
        if oid == '2.5.29.28':
            self.distributes = True
            for part in der(body).children:
                if part.tag == 0xa0:
                    self.point = {n.raw for full in part.children if full.tag == 0xa0 for n in full.children}
                elif part.tag == 0x83:
                    self.complete = False
                elif part.body != b'\0':
                    need(part.tag != 0x84)
                    self.only.add(part.tag)
        elif oid == '2.5.29.27':
            self.complete = False
        elif oid == '2.5.29.20':
            need(len(der(body).body) <= 20)
            self.number = der(body).integer()
        elif oid == '2.5.29.60':
            self.expired = seconds(der(body))
        elif oid not in ('2.5.29.35', '2.5.29.46', '2.5.29.18', '2.5.29.60') and critical:
            self.complete = False

    def by(self, cert):
        """Whether this CA certificate's key verifies the list."""
        if self.issuer != cert.subject:
            return False
        try:
            scheme, name = scheme_of(self.algorithm, None)
        except (Found, Bad, IndexError):
            return False
        return cert.key.verify(scheme, name, hashlib.new(name, self.tbs).digest(), self.value)

    def covers(self, cert, is_ca):
        if 0x85 in self.only or (0x81 in self.only and is_ca) or (0x82 in self.only and not is_ca):
            return False
        return self.point is None or bool(self.point & cert.points)


def crls(data):
    """The lists in a file: PEM blocks, or one in DER."""
    blocks = pem(data.decode('latin-1'), 'X509 CRL') if b'-----BEGIN' in data else [data]
    out = []
    for block in blocks:
        try:
            out.append(Crl(block))
        except (Bad, IndexError, ValueError):
            pass
    return out


COMMITMENTS = {'1.2.840.113549.1.9.16.6.1': 'origin', '1.2.840.113549.1.9.16.6.2': 'receipt',
               '1.2.840.113549.1.9.16.6.5': 'approval'}


class Signature:
    """A CAdES signature; parse() finds its form, check() what it says of content."""

    def __init__(self, data):
        self.value = self.certificate = self.commitment = None
        self.data = data

    def verify(self, content):
        """Raise Found with the first of the codes of step 4.3."""
        try:
            self.form()
            self.algorithms()
            self.rest()
            self.signer()
            if not self.key.fit:
                raise Found('SIGNATURE_WEAK')
            self.names_it()
        except (Bad, IndexError, ValueError):
            raise Found('SIGNATURE_FORM')
        digest = hashlib.new(self.hash, content).digest()
        signed = b'\x31' + self.attributes.raw[1:]
        if digest != self.message_digest or not self.key.verify(
                self.scheme, self.hash, hashlib.new(self.hash, signed).digest(), self.value_bytes):
            raise Found('SIGNATURE_BROKEN')
        for token in self.tokens:
            check_token(token, self.value_bytes)

    def form(self):
        need(len(self.data) <= 131072)
        kind, wrapped = der(self.data).children
        need(kind.oid() == '1.2.840.113549.1.7.2' and wrapped.tag == 0xa0 and len(wrapped.children) == 1)
        rows = wrapped.children[0].children[:]
        version, digests, content = rows[:3]
        need(digests.tag == 0x31)
        need(content.tag == 0x30 and len(content.children) == 1 and content.children[0].oid() == '1.2.840.113549.1.7.1')
        rows = rows[3:]
        self.certificates = []
        for tag in (0xa0, 0xa1):
            if rows[0].tag == tag:
                need(all(a.raw <= b.raw for a, b in zip(rows[0].children, rows[0].children[1:])))
                if tag == 0xa0:
                    self.certificates = [c.raw for c in rows[0].children]
                    need(all(c.tag == 0x30 for c in rows[0].children))
                rows = rows[1:]
        need(len(self.certificates) <= 16 and all(len(c) <= 16384 for c in self.certificates))
        need(len(rows) == 1 and rows[0].tag == 0x31 and len(rows[0].children) == 1)
        self.info(rows[0].children[0].children[:], version.integer(), digests)

    def info(self, rows, version, digests):
        self.sid, number = rows[1], rows[0].integer()
        need((number, self.sid.tag) in ((1, 0x30), (3, 0x80)))
        self.digest_algorithm, self.attributes, self.signature_algorithm, value = rows[2:6]
        need(self.digest_algorithm.tag == 0x30 and self.signature_algorithm.tag == 0x30)
        need(self.attributes.tag == 0xa0 and value.tag == 4)
        self.value_bytes, self.value = value.body, hashlib.sha256(value.body).hexdigest()
        need(len(rows) == 6 or (len(rows) == 7 and rows[6].tag == 0xa1))
        self.unsigned, self.later = rows[6:], (version == number, digests)

    def rest(self):
        """Attributes, digestAlgorithms, the SignedData's version."""
        self.tokens, found = [], {}
        need(all(a.raw <= b.raw for a, b in zip(self.attributes.children, self.attributes.children[1:])))
        for row in self.attributes.children:
            kind, values = row.children
            need(row.tag == 0x30 and values.tag == 0x31 and len(values.children) == 1 and kind.oid() not in found)
            found[kind.oid()] = values.children[0]
        self.attribute_values(found)
        if self.unsigned:
            need(len(self.unsigned[0].children) == 1)
            kind, values = self.unsigned[0].children[0].children
            need(kind.oid() == '1.2.840.113549.1.9.16.2.14' and 1 <= len(values.children) <= 4)
            self.tokens = [v.raw for v in values.children]
            need(all(v.tag == 0x30 and len(v.raw) <= 16384 for v in values.children))
        right, digests = self.later
        need(right and len(digests.children) == 1)
        named = digests.children[0]
        need(HASHES.get(named.children[0].oid()) == self.hash and [c.raw for c in named.children[1:]] in ([], [b'\5\0']))

    def attribute_values(self, found):
        p9 = '1.2.840.113549.1.9.'
        need(found.pop(p9 + '3').oid() == '1.2.840.113549.1.7.1' if p9 + '3' in found else False)
        need(p9 + '4' in found and found[p9 + '4'].tag == 4)
        self.message_digest = found.pop(p9 + '4').body
        need(len(self.message_digest) == hashlib.new(self.hash).digest_size)
        need(p9 + '5' in found)
        when = found.pop(p9 + '5')
        self.time = seconds(when)
        year = int(when.body[:4])
        need(len(when.body) == (13 if when.tag == 0x17 else 15) and (when.tag == 0x17 or not 1950 <= year <= 2049))
        need(p9 + '16.2.47' in found)
        self.ess = found.pop(p9 + '16.2.47')
        need(self.ess.tag == 0x30 and len(self.ess.children) == 1 and len(self.ess.children[0].children) == 1)
        if p9 + '16.2.16' in found:
            rows = found.pop(p9 + '16.2.16').children
            need(len(rows) == 1)
            self.commitment = COMMITMENTS.get(rows[0].oid(), 'other')
        if p9 + '52' in found:
            rows = found.pop(p9 + '52').children
            need(len(rows) == 2 and rows[0].raw == self.digest_algorithm.raw)
            need(rows[1].tag == 0xa1 and rows[1].raw[1:] == self.signature_algorithm.raw[1:])
        need(not found)
        self.essential()

    def algorithms(self):
        self.hash = hash_of(self.digest_algorithm)
        self.scheme = scheme_of(self.signature_algorithm, self.hash)[0]

    def signer(self):
        for raw in self.certificates:
            cert = certificate(raw)
            if cert is None:
                raise Found('SIGNATURE_FORM')
            if self.sid.tag == 0x80:
                mine = cert.identifier == self.sid.body
            else:
                mine = self.sid.children[0].raw == cert.issuer and self.sid.children[1].integer() == cert.serial
            if mine:
                self.certificate, self.key = cert, cert.key
                return
        raise Found('SIGNATURE_FORM')

    def essential(self):
        rows = self.ess.children[0].children[0].children[:]
        name = 'sha256'
        if rows[0].tag == 0x30:
            need([c.raw for c in rows[0].children[1:]] in ([], [b'\5\0']))
            name = HASHES.get(rows[0].children[0].oid())
            need(name in ('sha384', 'sha512'))
            rows = rows[1:]
        need(len(rows) in (1, 2) and rows[0].tag == 4 and len(rows[0].body) == hashlib.new(name).digest_size)
        self.named, self.named_issuer = (name, rows[0].body), None
        if len(rows) > 1:
            names, serial = rows[1].children
            need(len(names.children) == 1 and names.children[0].tag == 0xa4 and len(names.children[0].children) == 1)
            self.named_issuer = (names.children[0].children[0].raw, serial.integer())

    def names_it(self):
        """signing-certificate-v2 is of the certificate."""
        cert, (name, value) = self.certificate, self.named
        if value != hashlib.new(name, cert.raw).digest() or self.named_issuer not in (None, (cert.issuer, cert.serial)):
            raise Found('SIGNATURE_BROKEN')


TST_INFO = '1.2.840.113549.1.9.16.1.4'


@functools.lru_cache(maxsize=None)
def openssl(*args, data):
    """Whether openssl takes this from its standard input."""
    return subprocess.run(['openssl', *args], input=data, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def tst_info(data):
    """The digest and the imprint of a TSTInfo."""
    info = der(data)
    need(info.tag == 0x30)
    version, policy, imprint, serial, when = info.children[:5]
    need(version.integer() == 1 and policy.tag == 6 and serial.tag == 2 and when.tag == 0x18)
    need(seconds(when) >= 0)
    rest = [n.tag for n in info.children[5:]]
    for tag in (0x30, 1, 2, 0xa0, 0xa1):
        if rest[:1] == [tag]:
            rest = rest[1:]
    need(not rest and imprint.tag == 0x30 and len(imprint.children) == 2)
    algorithm, value = imprint.children
    name = HASHES.get(algorithm.children[0].oid())
    need(name and [c.raw for c in algorithm.children[1:]] in ([], [b'\5\0']))
    need(value.tag == 4 and len(value.body) == hashlib.new(name).digest_size)
    return name, value.body


def token(raw):
    """The same of an RFC 3161 token; raises Bad if it is none."""
    kind, wrapped = der(raw).children
    need(kind.oid() == '1.2.840.113549.1.7.2' and wrapped.tag == 0xa0 and len(wrapped.children) == 1)
    rows = wrapped.children[0].children
    need(openssl('cms', '-cmsout', '-noout', '-inform', 'DER', data=raw))
    content, infos = rows[2], rows[-1]
    need(len(content.children) == 2 and content.children[0].oid() == TST_INFO and content.children[1].tag == 0xa0)
    need(len(infos.children) == 1 and infos.children[0].children[3].tag == 0xa0)
    kinds = [a.children[1].children for a in infos.children[0].children[3].children
             if a.children[0].oid() == '1.2.840.113549.1.9.3']
    need(len(kinds) == 1 and len(kinds[0]) == 1 and kinds[0][0].oid() == TST_INFO)
    return tst_info(content.children[1].children[0].body)


def check_token(raw, value):
    try:
        name, imprint = token(raw)
    except (Bad, IndexError, ValueError):
        raise Found('SIGNATURE_FORM')
    if not openssl('cms', '-verify', '-noverify', '-inform', 'DER', data=raw) or hashlib.new(name, value).digest() != imprint:
        raise Found('SIGNATURE_BROKEN')
