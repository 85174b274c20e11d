"""Mutations of a copy, drawn from a seed: bytes, members, and what receipts prove.

A Journal of our own, whose key an office's state folder then names, can prove any
acts; so the rules on acts are met too, not the broken receipt alone.
"""
import base64
import hashlib
import io
import json
import os
import random
import re
import struct
import sys
import zipfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import curves
from verify import receipt

RECEIPT = re.compile(r'META-INF/receipt-(.+)\.tlog-proof')


def unpack(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {i.filename: archive.read(i) for i in archive.infolist()}


def pack(files):
    """As a writer of ours: mimetype first, the others in byte order."""
    body, directory = b'', b''
    paths = sorted(files, key=lambda p: (p != 'mimetype', p.encode()))
    for path in paths:
        data, name = files[path], path.encode()
        stream = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed, method = stream.compress(data) + stream.flush(), 8
        if len(packed) >= len(data) or path == 'mimetype':
            packed, method = data, 0
        flags, made = (0, 20) if path.isascii() else (0x800, 788)
        fields = struct.pack('<HHHHHIIIHH', 20, flags, method, 0, 0x21, zlib.crc32(data), len(packed), len(data), len(name), 0)
        directory += b'PK\1\2' + struct.pack('<H', made) + fields + struct.pack(
            '<HHHII', 0, 0, 0, 0 if made == 20 else 0x81a40000, len(body)) + name
        body += b'PK\3\4' + fields + name + packed
    return body + directory + b'PK\5\6' + struct.pack(
        '<HHHHIIH', 0, 0, len(paths), len(paths), len(directory), len(body), 0)


def contents(files):
    return hashlib.sha256(b''.join(b'%s  %s\n' % (hashlib.sha256(files[p]).hexdigest().encode(), p.encode())
                                   for p in sorted(files, key=str.encode) if not RECEIPT.fullmatch(p))).hexdigest()


def canonical(entry):
    return json.dumps(entry, sort_keys=True, separators=(',', ':'), ensure_ascii=True).encode()


class Journal:
    """A journal that proves whatever it is told to."""

    def __init__(self, name, seed=b'second' + b'\0' * 26):
        self.name, self.seed = name, seed
        key = b'\1' + curves.ed25519_public(seed)
        self.id = hashlib.sha256(name.encode() + b'\n' + key).digest()[:4]
        self.vkey = '%s+%s+%s' % (name, self.id.hex(), base64.b64encode(key).decode())

    def note(self, size, root):
        text = '%s\n%d\n%s\n' % (self.name, size, base64.b64encode(root).decode())
        value = base64.b64encode(self.id + curves.ed25519_sign(self.seed, text.encode())).decode()
        return ('%s\n— %s %s\n' % (text, self.name, value)).encode()

    def size(self, least):
        return least

    def receipts(self, acts):
        """acts: index to the bytes of an entry; index to the bytes of a receipt."""
        size = self.size(max(acts) + 1)
        leaves = [hashlib.sha256(b'\0' + acts.get(i, b'other %d' % i)).digest() for i in range(size)]

        def root(low, high):
            if high - low == 1:
                return leaves[low]
            half = 1 << (high - low - 1).bit_length() - 1
            return hashlib.sha256(b'\1' + root(low, low + half) + root(low + half, high)).digest()

        def proof(index, low, high):
            if high - low == 1:
                return []
            half = 1 << (high - low - 1).bit_length() - 1
            if index < low + half:
                return proof(index, low, low + half) + [root(low + half, high)]
            return proof(index, low + half, high) + [root(low, low + half)]
        note = self.note(size, root(0, size))
        return {i: b''.join([b'c2sp.org/tlog-proof@v1\nextra ', base64.b64encode(line), b'\nindex %d\n' % i] +
                            [base64.b64encode(h) + b'\n' for h in proof(i, 0, size)] + [b'\n', note])
                for i, line in acts.items()}


def acts_of(files):
    out = {}
    for path, data in files.items():
        if RECEIPT.fullmatch(path):
            line, index, _, _ = receipt(data)
            out[index] = json.loads(line)
    return out


def with_acts(files, acts, journal):
    out = {p: d for p, d in files.items() if not RECEIPT.fullmatch(p)}
    lines = {i: canonical(a) for i, a in acts.items()}
    for index, data in (journal.receipts(lines) if lines else {}).items():
        out['META-INF/receipt-%d.tlog-proof' % index] = data
    return out


# ------------------------------------------------------------ one change each

def bytes_anywhere(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def cut(rng, data):
    at = rng.randrange(len(data))
    return rng.choice((data[:at], data[at:], data + data[:at], data[:at] + data[at + 1:], b'x' + data))


def some(rng, files, pattern='.*'):
    found = sorted(p for p in files if re.fullmatch(pattern, p))
    return rng.choice(found) if found else 'mimetype'


def byte_of_a_file(rng, files):
    path = some(rng, files, '(?!mimetype).*')
    data = bytearray(files[path])
    if data:
        at = rng.randrange(len(data))
        data[at] = rng.choice((data[at] ^ 1 << rng.randrange(8), rng.randrange(256)))
    files[path] = bytes(data)


def file_is_cut(rng, files):
    path = some(rng, files, '(?!mimetype).*')
    at = rng.randrange(len(files[path]) + 1)
    files[path] = rng.choice((files[path][:at], files[path] + b'\n', files[path] + b'x', files[path][at:]))


def dropped(rng, files):
    for _ in range(rng.choice((1, 1, 2))):
        files.pop(some(rng, files, '(?!mimetype).*'))


def swapped(rng, files):
    kind = rng.choice((r'META-INF/.*\.p7s', r'META-INF/.*\.xml', r'META-INF/receipt.*', r'texts/.*', '(?!mimetype).*'))
    one, two = some(rng, files, kind), some(rng, files, kind)
    files[one], files[two] = files[two], files[one]


def renamed(rng, files):
    path = some(rng, files, 'META-INF/.*')
    new = rng.choice((path.replace('signature-', 'signature-terminate-').replace('Manifest-', 'Manifest-terminate-'),
                      re.sub('-[^.]*', '-other', path), path + '.old', path.replace('META-INF/', 'META-INF/x-'),
                      re.sub(r'receipt-(\d+)', r'receipt-0\1', path), path.replace('META-INF', 'annexes')))
    files[new] = files.pop(path)


def added(rng, files):
    path = rng.choice(('annexes/more.txt', 'texts/en/more.txt', 'texts/fr.txt', 'META-INF/more.xml', 'META-INF/receipt-a.tlog-proof',
                       'META-INF/signature-00.p7s', 'META-INF/ASiCManifest-00.xml', 'META-INF/slip-origin.yaml', 'more.txt',
                       'META-INF/waybill-00.yaml', 'META-INF/waybill-seal.p7s', 'termination.yaml', 'META-INF/receipt-1.tlog-proof'))
    files[path] = rng.choice((b'', b'x\n', files[some(rng, files)]))


YAML_EDITS = (('valise: 1', 'valise: "1"'), ('version: 1', 'version: 2'), ('version: 1', 'version: 01'), ('office: mofa', 'office: iom'),
              ('office: ', 'office:   '), ('annexes: []', 'annexes: [\n  ]'), ('title:', '# a comment\ntitle:'), ('authentic: true', "authentic: 'true'"),
              ('authentic: true', 'authentic: yes'), ('language: lo', 'language: fr'), ('text/plain', 'text/html'), ('text/plain', 'Text/plain'),
              ('created: "2', 'created: "3'), ('created: ', 'created: &a '), ('\n', '\r\n'), ('document: ', 'document: >-\n  '),
              ('document: agreement', 'document: mou'), ('size: ', 'size: 1'), ('{file: ', '{"file": '), ('annexes: []', 'annexes: {}'),
              ('annexes: []', 'annexes:'), ('annexes: []', 'annexes: []\nannexes: []'), ('annexes: []', 'annexes: []\nnote: x'), ('annexes: []', 'annexes: []\nmore: x'),
              ('title:\n  en: ', 'title: {en: a}\nnote: '), ('sha256: ', 'sha256: !!str '), ('  - {', '- {'), ('person: ', 'person: \n  '), ('valise: 1', '---\nvalise: 1'),
              ('annexes: []', 'annexes: []\n...\n'), ('annexes: []', 'annexes: []\n---\n'), ('en: The', 'en: The \u200b'), ('en: The', 'en: "\\u0054he'), ('en: The', 'en: The\n   '), ('\n', '\n\n'))
XML_EDITS = (('<?xml version="1.0" encoding="UTF-8"?>', ''), ('<?xml version="1.0"', '<?xml version="1.1"'), ('UTF-8', 'ISO-8859-1'), ('?>', '?><!DOCTYPE x>'),
             ('URI="texts', 'URI="annexes'), ('URI="texts', 'URI="%74exts'), ('URI="texts', 'URI="%7texts'), ('<ds:DigestValue>', '<ds:DigestValue> \n'),
             ('<ds:DigestValue>', '<ds:DigestValue><!-- x -->'), ('#sha256', '#sha512'), ('xmlenc#sha256', 'xmlenc#md5'), ('/asic:ASiCManifest>', '/asic:ASiCManifest>\n<!-- x -->'),
             ('<asic:DataObjectReference ', 'x<asic:DataObjectReference '), ('<asic:DataObjectReference ', '<asic:Other/><asic:DataObjectReference '), ('v1.2.1#', 'v1.2.2#'),
             ('MimeType=', 'Rootfile="true" MimeType='), ('signature-', 'signature-terminate-'), ('</asic:ASiCManifest>', '<asic:ASiCManifestExtensions><x/></asic:ASiCManifestExtensions></asic:ASiCManifest>'),
             ('text/en', 'text/en"'), ('asic:', 'a:'), ('<ds:DigestValue>', '<ds:DigestValue/><ds:DigestValue>'), ('URI="version.yaml"', 'URI="mimetype"'), ('URI="version.yaml"', 'URI=""'))


def edited(rng, files):
    edits, pattern = rng.choice(((YAML_EDITS, r'(version|termination)\.yaml'), (XML_EDITS, r'META-INF/.*\.xml')))
    path = some(rng, files, pattern)
    for _ in range(rng.choice((1, 1, 1, 2))):
        old, new = rng.choice(edits)
        files[path] = files[path].replace(old.encode(), new.encode(), rng.choice((1, 1, -1)))


def receipt_edited(rng, files):
    path = some(rng, files, RECEIPT.pattern)
    rows = files[path].decode().split('\n')
    at = rng.randrange(len(rows))
    change = rng.randrange(7)
    if change == 0:
        rows.pop(at)
    elif change == 1:
        rows.insert(at, rows[rng.randrange(len(rows))])
    elif change == 2:
        rows[at] += rng.choice((' ', '=', 'A', '\r'))
    elif change == 3:
        other = rng.randrange(len(rows))
        rows[at], rows[other] = rows[other], rows[at]
    elif change == 4:
        rows = [re.sub('^index (.*)', rng.choice((r'index 0\1', r'index 1\1', 'index 0', 'index -1')), r) for r in rows]
    elif change == 5:
        rows = [r for r in rows if not r.startswith('—')] + ['— a.example AAAAAAA=', '']
    else:
        rows = [re.sub('^(— .*)', r'— a.example AAAAAAA=\n\1', r) for r in rows]
    files[path] = '\n'.join(rows).encode()


FILES = (byte_of_a_file, byte_of_a_file, file_is_cut, dropped, dropped, swapped, renamed, added, edited, edited, receipt_edited)


def moved(rng, acts):
    """Another order of the same acts."""
    one, two = (rng.choice(sorted(acts)) for _ in range(2))
    acts[one], acts[two] = acts[two], acts[one]


def later(rng, acts):
    last = rng.choice(sorted(acts))
    acts[last + rng.randrange(1, 9)] = acts.pop(last)


def no_receipt(rng, acts):
    if len(acts) > 1:
        acts.pop(rng.choice(sorted(acts)))


def again(rng, acts):
    """An act twice."""
    act = dict(acts[rng.choice(sorted(acts))])
    act['salt'] = '%032x' % rng.getrandbits(128)
    acts[rng.choice((max(acts) + 1, max(min(acts) - 1, 0), rng.randrange(max(acts) + 3)))] = act


def forced(rng, acts):
    """A force that is one act's more, or less."""
    signed = [i for i in sorted(acts) if acts[i]['act'] in ('sign', 'terminate')]
    if not signed:
        return
    at = rng.choice(signed)
    base = acts[at]
    names = [acts[i]['signature'] for i in signed if i <= at and acts[i]['act'] == base['act']]
    acts[rng.choice((at + 1, max(acts) + 1))] = {
        'act': 'force', 'contents': base['contents'], 'digest': base['digest'], 'document': base['document'], 'policy': base['policy'],
        'prior': at, 'salt': '0' * 32, 'signatures': names, 'time': base['time'], 'valise': 1, 'version': base['version']}


def field(rng, acts):
    """Another value of a field; another entry's, a wrong one, or none."""
    at = rng.choice(sorted(acts))
    act = acts[at]
    name = rng.choice(sorted(set(act) - {'salt', 'commit'}) + ['time', 'prior', 'prior', 'waybill', 'times', 'signatures'])
    others = [a[name] for a in acts.values() if name in a]
    choices = others + [act.get(name)]
    if name == 'time':
        choices += [re.sub('T..', 'T%02d' % rng.randrange(24), act['time']), re.sub('^....', '2025', act['time']), act['time'][:-5] + 'Z']
    elif name == 'prior':
        choices += [at - 1, at, at + 1, 0, None, None, max(i for i in list(acts) + [0] if i < at or i == min(acts))]
    elif name == 'signatures':
        have = act.get(name, [])
        choices += [have[1:], have[:-1], have * 2, have[::-1], have + ['0' * 64], None,
                    [a['signature'] for a in acts.values() if 'signature' in a]]
    elif name in ('person', 'office'):
        choices += ['minister@mofa.example', 'iom-geneva', 'mofa', 'treaties@mofa.example', '']
    elif name == 'act':
        choices += ['deposit', 'sign', 'force', 'terminate', 'deliver', 'deliveries', 'later']
    elif name in ('version', 'valise', 'number', 'times'):
        choices += [1, 2, 3, '1', 2**53 + 1]
    else:
        choices += [None, '0' * 64, 'f' * 64, 'F' * 64, 'agreement/other', 7]
    value = rng.choice(choices)
    if value is None:
        act.pop(name, None)
    else:
        act[name] = value


ACTS = (moved, later, no_receipt, no_receipt, again, forced, field, field, field, field, field)


def mutation(rng, data, journal):
    """One mutation of a copy: what was done, and the bytes."""
    kind = rng.random()
    if kind < 0.1:
        change = rng.choice((bytes_anywhere, cut))
        return change.__name__, change(rng, data)
    files, names = unpack(data), []
    if kind < 0.5:
        for _ in range(rng.choice((1, 1, 2))):
            change = rng.choice(FILES)
            change(rng, files)
            names.append(change.__name__)
    if kind >= 0.4:
        try:
            acts = acts_of(files)
        except Exception:
            acts = {}
        for _ in range(rng.choice((1, 1, 2, 3)) if acts else 0):
            if acts:
                change = rng.choice(ACTS)
                change(rng, acts)
                names.append(change.__name__)
        if acts:
            files = with_acts(files, acts, journal)
    return ' '.join(names), pack(files)


def mutations(copies, seed, number, journal):
    """copies: pairs of a name and bytes.  Each of (name, what was done, bytes)."""
    for num in range(number):
        rng = random.Random('%s %d' % (seed, num))
        name, data = copies[num % len(copies)]
        what, out = mutation(rng, data, journal)
        yield '%s: %d: %s' % (name, num, what), out
