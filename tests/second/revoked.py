"""Histories of revocation: sets of lists that the CAs sign, and the entries that name them."""
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mutate
import persons
import policies
from persons import integer, oid, tlv

HOUR = 3600
NULL_CRITICAL = tlv(1, b'\xff')


def utc(when):
    return tlv(0x17, time.strftime('%y%m%d%H%M%SZ', time.gmtime(when)).encode())


def generalized(when):
    return tlv(0x18, time.strftime('%Y%m%d%H%M%SZ', time.gmtime(when)).encode())


def extension(number, value, critical=False):
    return tlv(0x30, oid(number), NULL_CRITICAL if critical else b'', tlv(4, value))


def crl(ca, this, following, number, rows, extensions=()):
    """rows: (serial, revocationDate, extensions)."""
    listed = [tlv(0x30, integer(serial), utc(when), *([tlv(0x30, *more)] if more else [])) for serial, when, more in rows]
    algorithm = ca.key.algorithm('sha256')
    more = [] if number is None else [extension('2.5.29.20', integer(number))]
    more += extensions
    tbs = tlv(0x30, integer(1), algorithm, ca.cert.subject, utc(this), utc(following), *([tlv(0x30, *listed)] if listed else []),
              *([tlv(0xa0, tlv(0x30, *more))] if more else []))
    return tlv(0x30, tbs, algorithm, tlv(3, b'\0' + ca.key.sign('sha256', tbs)))


def point(*parts):
    return extension('2.5.29.28', tlv(0x30, *parts), True)


def scopes(rng, now):
    """What a list says of itself besides; nothing in most."""
    name = tlv(0xa0, tlv(0xa0, tlv(0x86, b'http://ca.example/' + rng.choice((b'a', b'b')))))
    return rng.choice(([],) * 40 + (
        [point(tlv(0x81, b'\xff'))], [point(tlv(0x82, b'\xff'))], [point(name)], [point(name, tlv(0x81, b'\xff'))], [point(tlv(0x83, b'\6\x40'))],
        [point(tlv(0x85, b'\xff'))], [extension('2.5.29.27', integer(1), True)], [extension('1.2.3.4', b'\5\0', True)],
        [extension('1.2.3.4', b'\5\0')], [extension('2.5.29.60', generalized(now + rng.choice((-1, 1)) * 86400))]))


def details(rng, now):
    """Of one that is listed: why, and since when it was so."""
    out = []
    reason = rng.choice((None, None, 1, 5, 6, 6, 6, 8))
    if reason is not None:
        out.append(extension('2.5.29.21', tlv(10, bytes([reason]))))
    if rng.randrange(4) == 0:
        out.append(extension('2.5.29.24', generalized(now + rng.choice((-3, -1, 1)) * 4 * HOUR)))
    if rng.randrange(25) == 0:
        out.append(extension('1.2.3.4', b'\5\0', rng.randrange(2) == 0))
    return out


class History:
    """Each of some sets adds lists of both CAs; listings come, stay and go."""

    def __init__(self, folder, seed, people, life, now):
        rng = random.Random('%s revoked' % seed)
        cas = [persons.Person('%s/certs/%s/ca.pem' % (folder, n), '%s/certs/%s/private/ca.key' % (folder, n)) for n in ('mofa', 'iom')]
        self.sets, self.entries = [], []
        listed, lists = {ca: {} for ca in cas}, {}
        taken = {i for i, _, _ in life.entries}
        index, when = 1, now - rng.choice((30, 6)) * HOUR
        for num in range(rng.randrange(3, 9)):
            for ca in cas:
                self.change(rng, ca, listed[ca], people, now)
                this = when + rng.choice((0, 0, -60, -HOUR, 600, 2 * HOUR, 20 * HOUR))
                following = this + rng.choice((HOUR, 10 * HOUR, 30 * 86400, 30 * 86400))
                rows = [(serial, since, more) for serial, (since, more) in listed[ca].items()]
                lists[ca.cert.subject, rng.randrange(2) if num else 0] = crl(
                    ca, this, following, rng.choice((None, num + 1, num + 1)), rows, scopes(rng, now))
            files = {'%d.crl' % n: data for n, data in enumerate(lists.values())}
            self.sets.append(files)
            if rng.randrange(8) or not num:
                self.entries.append((index, when, policies.digest_of(files)))
            index += rng.randrange(1, max(2, life.last // 5))
            while index in taken:
                index += 1
            when += rng.choice((60, 2 * HOUR, 12 * HOUR, 3 * HOUR))
        self.size = index + rng.randrange(40)
        self.digests = [policies.digest_of(f) for f in self.sets]

    def change(self, rng, ca, listed, people, now):
        mine = sorted(p.cert.serial for n, p in people.items() if p.cert.issuer == ca.cert.subject and 'connect' not in n)
        if listed and rng.randrange(2):
            listed.pop(rng.choice(sorted(listed)))
        if rng.randrange(2):
            listed[rng.choice(mine)] = (now + rng.choice((-40, -5, -1, 0, 1, 5)) * HOUR, details(rng, now))

    def at(self, index):
        return [d for i, _, d in self.entries if i <= index][-1]

    def write(self, folder, life):
        """Into an office's state folder."""
        for name in os.listdir(os.path.join(folder, 'crls')):
            os.unlink(os.path.join(folder, 'crls', name))
        for files, digest in zip(self.sets, self.digests):
            with open(os.path.join(folder, 'crls', digest + '.zip'), 'wb') as f:
                f.write(mutate.pack(files))
        with open(os.path.join(folder, 'crl-entries'), 'w') as f:
            f.write('size %d\n' % self.size)
            prior = None
            for index, when, digest in self.entries:
                entry = {'act': 'crl', 'crls': digest, 'policy': life.policy_at(index), 'salt': '0' * 32,
                         'time': time.strftime('%Y-%m-%dT%H:%M:%S.000Z', time.gmtime(when)), 'valise': 1}
                if prior is not None:
                    entry['prior'] = prior
                prior = index
                f.write('%d %s\n' % (index, mutate.canonical(entry).decode()))
