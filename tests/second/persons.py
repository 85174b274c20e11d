"""Who signs copies that are made from nothing: CAdES and timestamps, good ones and
those that are made otherwise.
"""
import hashlib
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import curves
import pki

P9 = '1.2.840.113549.1.9.'
DATA, SIGNED_DATA, TST_INFO = '1.2.840.113549.1.7.1', '1.2.840.113549.1.7.2', P9 + '16.1.4'
HASHES = {'sha1': '1.3.14.3.2.26', 'sha224': '2.16.840.1.101.3.4.2.4', 'sha256': '2.16.840.1.101.3.4.2.1',
          'sha384': '2.16.840.1.101.3.4.2.2', 'sha512': '2.16.840.1.101.3.4.2.3', 'sha3_256': '2.16.840.1.101.3.4.2.8'}
ECDSA = {'sha1': '1.2.840.10045.4.1', 'sha224': '1.2.840.10045.4.3.1', 'sha256': '1.2.840.10045.4.3.2',
         'sha384': '1.2.840.10045.4.3.3', 'sha512': '1.2.840.10045.4.3.4', 'sha3_256': '2.16.840.1.101.3.4.3.10'}
RSA = {'sha1': '1.2.840.113549.1.1.5', 'sha224': '1.2.840.113549.1.1.14', 'sha256': '1.2.840.113549.1.1.11',
       'sha384': '1.2.840.113549.1.1.12', 'sha512': '1.2.840.113549.1.1.13', 'sha3_256': '2.16.840.1.101.3.4.3.14'}
NULL = b'\5\0'


def tlv(tag, *parts):
    body = b''.join(parts)
    length = len(body).to_bytes(4, 'big').lstrip(b'\0')
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else bytes([0x80 + len(length)]) + length) + body


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
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, 'big', signed=True))


def digest_of(name, *params):
    return tlv(0x30, oid(HASHES[name]), *params)


def pss_params(name, mask=None, salt=None):
    return tlv(0x30, tlv(0xa0, digest_of(name, NULL)),
               tlv(0xa1, tlv(0x30, oid('1.2.840.113549.1.1.8'), digest_of(mask or name, NULL))),
               tlv(0xa2, integer(hashlib.new(name).digest_size if salt is None else salt)))


class Key:
    """A private key: it signs as its kind does."""

    def __init__(self, path, public):
        made = subprocess.run(['openssl', 'pkey', '-in', path, '-outform', 'DER'], capture_output=True, check=True).stdout
        whole = pki.der(made, strict=False)
        self.public, self.kind = public, 'other'
        if public.type == '1.2.840.10045.2.1':
            inner = pki.der(whole.children[2].body, strict=False) if whole.children[1].tag == 0x30 else whole
            self.scalar, self.kind = int.from_bytes(inner.children[1].body, 'big'), 'ec'
            if public.curve not in curves.CURVES:
                self.kind = 'other'
        elif public.type.startswith('1.2.840.113549.1.1.'):
            inner = pki.der(whole.children[2].body, strict=False) if whole.children[1].tag == 0x30 else whole
            self.primes = [n.integer() for n in inner.children[4:9]]
            self.kind = 'pss' if public.type.endswith('.10') else 'rsa'

    def algorithm(self, name):
        if self.kind == 'pss':
            return tlv(0x30, oid(pki.PSS), pss_params(name))
        return tlv(0x30, oid(RSA[name]), NULL) if self.kind == 'rsa' else tlv(0x30, oid(ECDSA[name]))

    def sign(self, name, data, pss=None):
        digest = hashlib.new(name, data).digest()
        if self.kind == 'ec':
            return tlv(0x30, *map(integer, curves.ecdsa_sign(self.public.curve, self.scalar, digest)))
        if self.kind == 'other':
            return digest
        return curves.rsa_sign(self.primes, name, digest, self.kind == 'pss' if pss is None else pss)


class Cms:
    """A SignedData in the making.  What is None is as it should be."""

    def __init__(self, person, kind=DATA, inside=None):
        self.person, self.kind, self.inside = person, kind, inside
        self.hash, self.certificates, self.crls = 'sha256', [person.raw], b''
        self.attributes, self.unsigned, self.infos = {}, [], 1
        self.version = self.info_version = 1
        self.sid = tlv(0x30, person.cert.issuer, integer(person.cert.serial))
        self.digests = self.digest = self.algorithm = self.pss = self.value = self.type = None
        self.sort, self.attributes_there, self.whole, self.outer = True, True, None, SIGNED_DATA
        self.late = []

    def essential(self, name='sha256', *more, cert=None):
        """A signing-certificate-v2's ESSCertIDv2."""
        value = hashlib.new(name, cert or self.person.raw).digest()
        return tlv(0x30, *([] if name == 'sha256' else [digest_of(name)]), tlv(4, value), *more)

    def put(self, kind, *values):
        self.attributes[kind] = [(kind, values)]

    def usual(self, content, when, commitment):
        self.put('3', oid(self.kind))
        self.put('4', tlv(4, hashlib.new(self.hash, content).digest()))
        if when is not None:
            self.put('5', tlv(0x17, time.strftime('%y%m%d%H%M%SZ', time.gmtime(when)).encode()))
        self.put('16.2.47', tlv(0x30, tlv(0x30, self.essential())))
        if commitment:
            self.put('16.2.16', tlv(0x30, oid(P9 + '16.6.%d' % commitment)))

    def build(self):
        """The bytes, and those of the signature's value."""
        for change in self.late:
            change(self)
        rows = [tlv(0x30, oid(P9 + k), tlv(0x31, *v)) for pairs in self.attributes.values() for k, v in pairs]
        rows = b''.join(sorted(rows) if self.sort else rows)
        value = self.value or self.person.key.sign(self.hash, tlv(0x31, rows), self.pss)
        digest = self.digest or digest_of(self.hash)
        unsigned = self.unsigned(value) if callable(self.unsigned) else self.unsigned
        info = tlv(0x30, integer(self.info_version), self.sid, digest, *([tlv(0xa0, rows)] if self.attributes_there else []),
                   self.algorithm or self.person.key.algorithm(self.hash), tlv(4, value),
                   *([tlv(0xa1, *unsigned)] if unsigned else []))
        content = tlv(0x30, oid(self.type or self.kind), *([] if self.inside is None else [tlv(0xa0, tlv(4, self.inside))]))
        certs = sorted(self.certificates) if self.sort else self.certificates
        data = tlv(0x30, integer(self.version), tlv(0x31, *(self.digests if self.digests is not None else [digest])), content,
                   *([tlv(0xa0, *certs)] if certs else []), self.crls, tlv(0x31, *[info] * self.infos))
        out = tlv(0x30, oid(self.outer), tlv(0xa0, data))
        return self.whole(out) if self.whole else out, value


# ------------------------------------------------- what is made otherwise

def key_identifier(cms, rng):
    cms.sid = tlv(0x80, rng.choice((cms.person.cert.identifier, b'12345678')))
    cms.version = cms.info_version = 3
    if rng.randrange(3) == 0:
        cms.version = 1


def versions(cms, rng):
    cms.version, cms.info_version = rng.choice(((3, 3), (1, 3), (3, 1), (4, 1), (5, 5), (0, 0)))


def hashes(cms, rng):
    """Another digest: in all places, or not in all."""
    cms.hash, old = rng.choice(('sha384', 'sha512', 'sha1', 'sha224', 'sha3_256')), cms.hash
    if cms.person.key.kind == 'rsa' and cms.hash not in curves.DIGEST_INFO:
        cms.hash = 'sha512'
    cms.attributes['4'] = [('4', [tlv(4, hashlib.new(cms.hash, cms.content).digest())])]
    if rng.randrange(3) == 0:
        rng.choice((lambda: setattr(cms, 'digest', digest_of(old)), lambda: setattr(cms, 'digests', [digest_of(old)]),
                    lambda: setattr(cms, 'algorithm', cms.person.key.algorithm(old)),
                    lambda: cms.put('4', tlv(4, hashlib.new(old, cms.content).digest()))))()


def digest_parameters(cms, rng):
    name = digest_of(cms.hash, rng.choice((NULL, NULL, integer(1), NULL + NULL, tlv(0x30))))
    rng.choice((lambda: setattr(cms, 'digest', name), lambda: setattr(cms, 'digests', [name]),
                lambda: (setattr(cms, 'digest', name), setattr(cms, 'digests', [name]))))()


def digest_list(cms, rng):
    cms.digests = rng.choice(([], [digest_of('sha256'), digest_of('sha384')], [digest_of('sha256')] * 2, [digest_of('sha512')], [tlv(0x30)]))


def algorithms(cms, rng):
    kind, name = cms.person.key.kind, cms.hash
    rows = [tlv(0x30, oid(ECDSA[name]), NULL), tlv(0x30, oid('1.2.840.10045.2.1')), tlv(0x30, oid(ECDSA['sha1'])),
            tlv(0x30, oid(RSA[name])), tlv(0x30, oid(RSA[name]), NULL), tlv(0x30, oid('1.2.840.113549.1.1.1'), NULL), tlv(0x30, oid('1.2.840.113549.1.1.1')),
            tlv(0x30, oid(pki.PSS), pss_params(name)), tlv(0x30, oid(pki.PSS)), tlv(0x30), tlv(0x30, oid('1.3.101.112'))]
    if kind in ('rsa', 'pss'):
        rows = rows[3:-2] + [tlv(0x30, oid(ECDSA[name]))] + [tlv(0x30, oid(pki.PSS), p) for p in (
            pss_params(name, mask='sha384'), pss_params(name, salt=20), pss_params('sha384'), NULL, tlv(0x30),
            tlv(0x30, tlv(0xa0, digest_of(name))), pss_params(name)[:-4] + b'')]
        cms.pss = rng.choice((None, None, True))
    cms.algorithm = rng.choice(rows)


def essentials(cms, rng):
    issuer = tlv(0x30, tlv(0x30, tlv(0xa4, cms.person.cert.issuer)), integer(cms.person.cert.serial + rng.choice((0, 0, 1))))
    two = tlv(0x30, cms.essential()[2:])
    value = rng.choice((
        tlv(0x30, tlv(0x30, cms.essential('sha384'))), tlv(0x30, tlv(0x30, cms.essential('sha512'))),
        tlv(0x30, tlv(0x30, cms.essential('sha1'))), tlv(0x30, tlv(0x30, cms.essential('sha256', issuer))),
        tlv(0x30, tlv(0x30, cms.essential('sha512', issuer))), tlv(0x30, tlv(0x30, cms.essential(cert=b'other'))),
        tlv(0x30, tlv(0x30, cms.essential(), two)), tlv(0x30, tlv(0x30, cms.essential()), tlv(0x30, tlv(0x30, oid('1.2.3')))),
        tlv(0x30, tlv(0x30, cms.essential()), tlv(0x30)), tlv(0x30, tlv(0x30)), tlv(0x30),
        tlv(0x30, tlv(0x30, tlv(0x30, digest_of('sha256'), tlv(4, hashlib.sha256(cms.person.raw).digest())))),
        tlv(0x30, tlv(0x30, tlv(0x30, digest_of('sha384', NULL), tlv(4, hashlib.sha384(cms.person.raw).digest())))),
        tlv(0x30, tlv(0x30, tlv(0x30, digest_of('sha384'), tlv(4, hashlib.sha256(cms.person.raw).digest())))),
        tlv(0x30, tlv(0x30, tlv(0x30, tlv(4, b'short')))),
        tlv(0x30, tlv(0x30, cms.essential('sha256', tlv(0x30, tlv(0x30, tlv(0x82, b'a.example')), integer(cms.person.cert.serial))))),
        tlv(0x30, tlv(0x30, cms.essential('sha256', tlv(0x30, tlv(0x30), integer(cms.person.cert.serial)))))))
    cms.put('16.2.47', value)


def attribute_out(cms, rng):
    cms.attributes.pop(rng.choice(('3', '4', '5', '16.2.47')))


def attribute_more(cms, rng):
    kind = rng.choice(('2.1', '16.2.12', '16.2.15', '16.2.4', '16.2.17', '16.2.20', '15'))
    cms.put(kind, rng.choice((tlv(0x30), NULL, tlv(4, b'x'))))


def attribute_again(cms, rng):
    kind = rng.choice(sorted(cms.attributes))
    _, values = cms.attributes[kind][0]
    cms.attributes[kind] = rng.choice(([(kind, values)] * 2, [(kind, values * 2)], [(kind, [])]))


def commitments(cms, rng):
    good = oid(P9 + '16.6.5')
    cms.put('16.2.16', rng.choice((
        tlv(0x30, good, tlv(0x30)), tlv(0x30, good, tlv(0x30, tlv(0x30, oid('1.2.3')))), tlv(0x30, oid('1.2.3')), tlv(0x30),
        good, tlv(0x30, oid(P9 + '16.6.3')), tlv(0x30, oid(P9 + '16.6.6')), tlv(0x30, tlv(0x13, b'x')))))


def signing_times(cms, rng):
    usual = cms.attributes['5'][0][1][0][2:]
    cms.put('5', rng.choice((
        tlv(0x18, b'20' + usual), tlv(0x17, usual[:-3] + b'Z'), tlv(0x17, usual[:-1] + b'+0000'), tlv(0x18, b'20' + usual[:-1] + b'.5Z'),
        tlv(0x18, b'20' + usual[:-1] + b'.0Z'), tlv(0x17, usual[:2] + b'1301000000Z'), tlv(0x17, usual[:2] + b'0230000000Z'),
        tlv(0x18, b'20500101000000Z'), tlv(0x17, b'700101000000Z'), tlv(0x17, b'490101000000Z'), tlv(0x17, b'500101000000Z'),
        tlv(0x18, b'19491231235959Z'), tlv(0x17, usual[:-3] + b'60Z'), tlv(0x17, usual[:6] + b'240000Z'), tlv(0x13, usual), tlv(0x17),
        tlv(0x18, b'99991231235959Z'), tlv(0x18, b'00000101000000Z'))))


def content_types(cms, rng):
    rng.choice((lambda: cms.put('3', oid(SIGNED_DATA)), lambda: setattr(cms, 'type', SIGNED_DATA), lambda: setattr(cms, 'outer', DATA),
                lambda: cms.put('3', NULL), lambda: setattr(cms, 'inside', cms.content), lambda: setattr(cms, 'inside', b'')))()


def message_digests(cms, rng):
    value = hashlib.new(cms.hash, cms.content).digest()
    cms.put('4', rng.choice((tlv(4, value[:-1]), tlv(4), tlv(4, value + b'x'), tlv(4, b'x' * len(value)), tlv(0x13, value), tlv(0x24, tlv(4, value)))))


def protection(cms, rng):
    algorithm = cms.person.key.algorithm(cms.hash)
    mine, other = digest_of(cms.hash), digest_of('sha384')
    cms.put('52', rng.choice((
        tlv(0x30, mine, tlv(0xa1, algorithm[2:])), tlv(0x30, mine, tlv(0xa1, algorithm[2:])), tlv(0x30, other, tlv(0xa1, algorithm[2:])),
        tlv(0x30, mine, tlv(0xa1, cms.person.key.algorithm('sha512')[2:])), tlv(0x30, mine, tlv(0xa2, algorithm[2:])),
        tlv(0x30, digest_of(cms.hash, NULL), tlv(0xa1, algorithm[2:])), tlv(0x30, mine), tlv(0x30), tlv(0x30, mine, algorithm))))


def unsigned_others(cms, rng):
    row = tlv(0x30, oid(P9 + rng.choice(('6', '16.2.21', '16.2.14', '16.2.48'))), tlv(0x31, *rng.choice(([], [tlv(0x30)], [NULL]))))
    cms.unsigned = rng.choice(([row], [row] * 2, [tlv(0x30)], [b'']))


def certificates(cms, rng):
    """Others beside the signer's, or none, or one that does not parse."""
    mine, none = cms.person.raw, tlv(0x30, tlv(0x30, integer(1)), tlv(0x30), tlv(3, b'\0'))
    later = tlv(0x30, tlv(0x30, b'\4\x82\3\0' + b'x' * 768), tlv(0x30), tlv(3, b'\0'))
    cms.certificates = rng.choice((
        [], cms.others[:1], [mine] + cms.others[:1], [mine] + cms.others[:14], [mine] + cms.others[:15], [mine] * 17, [mine] * 16, [mine] * 2,
        [mine, none], [mine, later], [mine, tlv(0xa1, b'\5\0')], [mine, tlv(0xa2, b'\5\0')], [mine, NULL],
        [mine, tlv(0x30, tlv(4, b'x' * 16380))], [mine, tlv(0x30, tlv(4, b'x' * 16376))], [mine[:-1] + bytes([mine[-1] ^ 1])]))
    cms.sort = rng.randrange(6) > 0


def lists(cms, rng):
    cms.crls = rng.choice((tlv(0xa1), tlv(0xa1, tlv(0x30)), tlv(0xa1, tlv(0xa1, NULL)), tlv(0xa1, tlv(0x30, NULL), tlv(0x30)), tlv(0xa2)))


def signers(cms, rng):
    cms.infos = rng.choice((0, 2))


def no_attributes(cms, rng):
    cms.attributes_there = False


def order(cms, rng):
    cms.sort = False
    rows = list(cms.attributes.items())
    rng.shuffle(rows)
    cms.attributes = dict(rows)


def encoding(cms, rng):
    """Not DER: of the whole, or of some part."""
    def longer(data):
        size = int.from_bytes(data[2:4], 'big')
        return data[:1] + rng.choice((b'\x83\0' + size.to_bytes(2, 'big') + data[4:], b'\x80' + data[4:] + b'\0\0', data[1:] + b'\0',
                                      b'\x82' + (size + 1).to_bytes(2, 'big') + data[4:]))
    if rng.randrange(2):
        cms.whole = rng.choice((longer, lambda d: d + b'\0', lambda d: d[:-1]))
        return
    kind = rng.choice(sorted(cms.attributes))
    value = cms.attributes[kind][0][1][0]
    cms.put(kind, rng.choice((value[:1] + b'\x81' + value[1:], value[:1] + b'\x80' + value[2:] + b'\0\0', value + NULL)))


def values(cms, rng):
    """Another encoding of the signature's value, or another value."""
    def change(cms):
        rows = b''.join(sorted(tlv(0x30, oid(P9 + k), tlv(0x31, *v)) for pairs in cms.attributes.values() for k, v in pairs))
        value = cms.person.key.sign(cms.hash, tlv(0x31, rows))
        if cms.person.key.kind == 'ec':
            curve = curves.CURVES[cms.person.cert.key.curve]
            r, s = (n.integer() for n in pki.der(value).children)
            cms.value = rng.choice((
                tlv(0x30, integer(r), integer(curve['n'] - s)), tlv(0x30, integer(0), integer(s)), tlv(0x30, integer(r), integer(s + curve['n'])),
                tlv(0x30, integer(r), integer(s), NULL), tlv(0x30, tlv(2, b'\0\0' + r.to_bytes(48, 'big').lstrip(b'\0')), integer(s)), value + b'\0',
                r.to_bytes(32 if r < 1 << 256 else 48, 'big') + s.to_bytes(48, 'big'), b'\0', tlv(0x30, integer(-r), integer(s)),
                value[:1] + b'\x81' + value[1:]))
        else:
            cms.value = rng.choice((value[1:], b'\0' + value, value[:-1] + bytes([value[-1] ^ 1]), b'\xff' * len(value), b'x'))
    cms.late.append(change)


OTHERWISE = (key_identifier, versions, hashes, hashes, digest_parameters, digest_list, algorithms, algorithms, essentials, essentials,
             attribute_out, attribute_more, attribute_again, commitments, signing_times, signing_times, content_types, message_digests,
             protection, protection, unsigned_others, certificates, certificates, lists, signers, no_attributes, order, encoding, values)


class Person:
    def __init__(self, cert, key):
        with open(cert) as f:
            self.raw = pki.pem(f.read(), 'CERTIFICATE')[0]
        self.cert = pki.certificate(self.raw)
        self.key = Key(key, self.cert.key)
        self.email, self.id = self.cert.email, self.cert.sha256[:32]

    def sign(self, content, when, commitment, changes=(), rng=None, others=(), stamps=None):
        """CAdES over content; the SHA-256 of its value too."""
        cms = Cms(self)
        cms.content, cms.others = content, list(others)
        cms.usual(content, when, commitment)
        if stamps:
            cms.unsigned = stamps
        for change in changes:
            try:
                change(cms, rng)
            except KeyError:
                pass            # of an attribute that another change took out
        data, value = cms.build()
        return data, hashlib.sha256(value).hexdigest()


# ------------------------------------------------------------------ timestamps

def imprint(value, name='sha256', params=()):
    return tlv(0x30, digest_of(name, *params), tlv(4, hashlib.new(name, value).digest()))


def info(value, when, **other):
    """A TSTInfo over a signature's value."""
    parts = {'version': integer(1), 'policy': oid('1.2.3.4'), 'imprint': imprint(value), 'serial': integer(7),
             'time': tlv(0x18, time.strftime('%Y%m%d%H%M%SZ', time.gmtime(when)).encode()), 'more': b'', **other}
    return tlv(0x30, *parts.values())


class Authority(Person):
    """Who makes timestamps."""

    def token(self, value, when, rng, change):
        inside = info(value, when, **(INFOS[change](value) if change in INFOS else {}))
        cms = Cms(self, TST_INFO, inside)
        cms.version, cms.content, cms.others = 3, inside, []
        cms.usual(inside, when, 0)
        if change in TOKENS:
            TOKENS[change](cms, rng)
        return cms.build()[0]

    def by_openssl(self, cert, key, value, name):
        """As "openssl ts" makes it."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'value')
            with open(path, 'wb') as f:
                f.write(value)
            with open(folder + '/serial', 'w') as f:
                f.write('01\n')
            with open(folder + '/ts.cnf', 'w') as f:
                f.write('[tsa]\ndefault_tsa=own\n[own]\nserial=%s/serial\nsigner_digest=%s\ndefault_policy=1.2.3.4\n'
                        'digests=sha1,sha256,sha384,sha512\ness_cert_id_alg=%s\n' % (folder, name, name))
            for args in (['-query', '-data', path, '-' + name, '-cert', '-out', folder + '/query'],
                         ['-reply', '-config', folder + '/ts.cnf', '-section', 'own', '-queryfile', folder + '/query', '-signer', cert,
                          '-inkey', key, '-token_out', '-out', folder + '/token']):
                subprocess.run(['openssl', 'ts'] + args, check=True, capture_output=True, env={**os.environ, 'OPENSSL_CONF': folder + '/ts.cnf'})
            with open(folder + '/token', 'rb') as f:
                return f.read()


INFOS = {
    'over something else': lambda v: {'imprint': imprint(v + b'x')}, 'SHA-384': lambda v: {'imprint': imprint(v, 'sha384')},
    'SHA-512': lambda v: {'imprint': imprint(v, 'sha512', [NULL])}, 'SHA-1': lambda v: {'imprint': imprint(v, 'sha1')},
    'SHA-224': lambda v: {'imprint': imprint(v, 'sha224')}, 'unknown hash': lambda v: {'imprint': tlv(0x30, tlv(0x30, oid('1.2.3')), tlv(4, b'x'))},
    'short imprint': lambda v: {'imprint': tlv(0x30, digest_of('sha256'), tlv(4, hashlib.sha256(v).digest()[:-1]))},
    'version 2': lambda v: {'version': integer(2)}, 'a fraction': lambda v: {'time': tlv(0x18, b'20261127101112.25Z')},
    'no time': lambda v: {'time': b''}, 'UTCTime': lambda v: {'time': tlv(0x17, b'261127101112Z')},
    'accuracy': lambda v: {'more': tlv(0x30, integer(1), tlv(0x80, b'\1')) + tlv(1, b'\xff') + integer(99)},
    'name': lambda v: {'more': tlv(0xa0, tlv(0xa4, tlv(0x30)))}, 'ordering FALSE': lambda v: {'more': tlv(1, b'\0')},
    'BOOLEAN 1': lambda v: {'more': tlv(1, b'\1')}, 'more after it': lambda v: {'more': tlv(4, b'x')},
    'time that is none': lambda v: {'time': tlv(0x18, b'20261327101112Z')}, 'a time without seconds': lambda v: {'time': tlv(0x18, b'202611271011Z')},
}


def of_token(change):
    return lambda cms, rng: change(cms)


TOKENS = {
    'no certificate': of_token(lambda c: setattr(c, 'certificates', [])),
    'two signers': of_token(lambda c: setattr(c, 'infos', 2)), 'no signer': of_token(lambda c: setattr(c, 'infos', 0)),
    'no content': of_token(lambda c: setattr(c, 'inside', None)), 'another content': of_token(lambda c: setattr(c, 'inside', b'x')),
    'another type': of_token(lambda c: setattr(c, 'type', DATA)), 'content-type': of_token(lambda c: c.put('3', oid(DATA))),
    'message-digest': of_token(lambda c: c.put('4', tlv(4, b'x' * 32))), 'no message-digest': of_token(lambda c: c.attributes.pop('4')),
    'no content-type': of_token(lambda c: c.attributes.pop('3')), 'no ESS': of_token(lambda c: c.attributes.pop('16.2.47')),
    'ESS of another': of_token(lambda c: c.put('16.2.47', tlv(0x30, tlv(0x30, c.essential(cert=b'x'))))),
    'no signing-time': of_token(lambda c: c.attributes.pop('5')), 'no attributes': of_token(lambda c: setattr(c, 'attributes_there', False)),
    'ESS, SHA-1': of_token(lambda c: (c.attributes.pop('16.2.47'), c.put('16.2.12', tlv(0x30, tlv(0x30, tlv(
        0x30, tlv(4, hashlib.sha1(c.person.raw).digest()))))))),
    'version 1': of_token(lambda c: setattr(c, 'version', 1)), 'signed data': of_token(lambda c: setattr(c, 'outer', DATA)),
    'hashes': lambda c, rng: hashes(c, rng), 'values': lambda c, rng: values(c, rng), 'certificates': lambda c, rng: certificates(c, rng),
    'unsigned': of_token(lambda c: setattr(c, 'unsigned', [tlv(0x30, oid(P9 + '6'), tlv(0x31, tlv(0x30)))])),
    'lengths': of_token(lambda c: setattr(c, 'whole', lambda d: d[:1] + b'\x83\0' + d[2:])),
    'inner lengths': of_token(lambda c: (setattr(c, 'inside', c.inside[:1] + b'\x81' + c.inside[1:]), setattr(c, 'content', c.inside),
                                         c.put('4', tlv(4, hashlib.sha256(c.inside).digest())))),
    'too large': of_token(lambda c: c.put('16.2.99', tlv(4, b'x' * 15800))), 'almost too large': of_token(lambda c: c.put('16.2.99', tlv(4, b'x' * 14000))),
}
