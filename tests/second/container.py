"""The ZIP of a container, and manifests, as formats.md tells of them."""
import base64
import binascii
import hashlib
import io
import re
import struct
import xml.parsers.expat
import zipfile
import zlib

import words
from words import Bad, need

MIMETYPE = b'application/vnd.etsi.asic-e+zip'


class Damaged(Exception):
    """A member that does not inflate, or has a wrong CRC."""


class OverLimit(Exception):
    pass


def inflate(method, data, size, crc):
    if method == 8:
        stream = zlib.decompressobj(-15)
        try:
            out = stream.decompress(data, size + 1)
        except zlib.error:
            raise Damaged
        if not stream.eof or stream.unused_data or stream.unconsumed_tail:
            raise Damaged
        data = out
    if len(data) != size or zlib.crc32(data) != crc:
        raise Damaged
    return data


def small(path):
    return path.startswith('META-INF/') or path in ('version.yaml', 'termination.yaml', 'mimetype')


class Container:
    """files: path to bytes, None for one that does not inflate."""

    def __init__(self, data):
        self.malformed = False
        try:
            self.files = read(data)
        except (Bad, Damaged, struct.error, UnicodeDecodeError):
            self.malformed = True
            self.files = read_any(data)

    def sha256(self, path):
        data = self.files[path]
        return b'\0' * 32 if data is None else hashlib.sha256(data).digest()

    def digest(self):
        rows = [b'%s  %s\n' % (self.sha256(p).hex().encode(), p.encode()) for p in self.paths()
                if not (p.startswith('META-INF/receipt-') and p.endswith('.tlog-proof'))]
        return hashlib.sha256(b''.join(rows)).hexdigest()

    def paths(self):
        return sorted(self.files, key=lambda p: p.encode('utf-8', 'surrogateescape'))


def read(data):
    need(22 <= len(data) <= 4294967294)
    end = struct.unpack('<4sHHHHIIH', data[-22:])
    need(end[0] == b'PK\5\6' and end[1] == end[2] == 0 and end[3] == end[4] and 1 <= end[3] <= 1000 and end[7] == 0)
    need(end[5] + end[6] == len(data) - 22)
    at, pos, files, total, sizes, packs = end[6], 0, {}, 0, 0, 0
    directory = end[6]
    for _ in range(end[3]):
        row = struct.unpack('<4sHHHHHHIIIHHHHHII', data[at:at + 46])
        (sign, made, version, flags, method, time, date, crc, packed, size,
         name_len, extra, comment, disk, internal, external, offset) = row
        need(sign == b'PK\1\2' and at + 46 + name_len <= len(data) - 22)
        name = data[at + 46:at + 46 + name_len]
        at += 46 + name_len
        need(made == 20 or (made == 788 and flags == 0x800))
        need(version == 20 or (version == 10 and method == 0))
        need(flags in (0, 0x800) and (flags or name.isascii()))
        need(method in (0, 8) and (method or packed == size))
        need(time == 0 and date == 0x21 and 0xffffffff not in (packed, size))
        need(extra == comment == disk == internal == 0 and external == (0x81a40000 if made == 788 else 0))
        path = name.decode('utf-8')
        need(words.path(path) and offset == pos)
        local = struct.pack('<4sHHHHHIIIHH', b'PK\3\4', version, flags, method, time, date, crc, packed, size, name_len, 0)
        need(data[pos:pos + 30 + name_len] == local + name)
        pos += 30 + name_len
        need(pos + packed <= directory)
        need(size <= 1048576 or size // 200 <= packed)
        sizes, packs = sizes + size, packs + packed
        if not files:
            need(path == 'mimetype' and method == 0 and data[pos:pos + packed] == MIMETYPE)
        need(words.folded(path) not in {words.folded(p) for p in files})
        if small(path):
            need(size <= (1048576 if path.startswith('META-INF/') else 262144))
            total += size
            need(total <= 33554432)
        try:
            files[path] = inflate(method, data[pos:pos + packed], size, crc)
        except Damaged:
            if small(path):
                raise
            files[path] = None
        pos += packed
    need(pos == directory and at == len(data) - 22)
    need(sizes <= 8388608 or (sizes - 8388608) // 200 <= packs)
    return files


def read_any(data):
    """As any ZIP; Bad if it is none."""
    files, total = {}, 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > 1000:
                raise OverLimit
            if sum(info.file_size for info in archive.infolist()) > 33554432:
                raise OverLimit
            for info in archive.infolist():
                need(info.filename not in files)
                if len(info.filename.encode('utf-8', 'surrogateescape')) > 300 :
                    raise OverLimit
                try:
                    with archive.open(info) as member:
                        files[info.filename] = member.read(33554433 - total)
                    total += len(files[info.filename])
                    if total > 33554432:
                        raise OverLimit
                except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
                    files[info.filename] = None
    except (zipfile.BadZipFile, OSError, struct.error, ValueError, NotImplementedError, UnicodeDecodeError):
        raise Bad
    return files


ASIC, DS = 'http://uri.etsi.org/02918/v1.2.1# ', 'http://www.w3.org/2000/09/xmldsig# '
ALGORITHMS = {'http://www.w3.org/2001/04/xmlenc#sha256': 'sha256',
              'http://www.w3.org/2001/04/xmldsig-more#sha384': 'sha384',
              'http://www.w3.org/2001/04/xmlenc#sha512': 'sha512'}
SIZES = {'sha256': 32, 'sha384': 48, 'sha512': 64}


def uri(text):
    need(text is not None and not re.search('%(?![0-9a-fA-F]{2})', text))
    out = re.sub(rb'%(..)', lambda m: bytes([int(m[1], 16)]), text.encode())
    need(b'\0' not in out and 1 <= len(out) <= 300)
    return out.decode('utf-8', 'surrogateescape')


class Manifest:
    """signature: the path in SigReference; references: (path, algorithm or None, digest)."""

    def __init__(self, data):
        need(len(data) <= 1048576)
        self.signature, self.references = None, []
        self.stack, self.passed = [], 0
        parser = xml.parsers.expat.ParserCreate('UTF-8', ' ')
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = self.characters, self.doctype
        try:
            parser.Parse(data, True)
        except (xml.parsers.expat.ExpatError, UnicodeDecodeError):
            raise Bad
        need(self.signature and self.references and len({r[0] for r in self.references}) == len(self.references))
        need(len(self.references) <= 2000)

    def doctype(self, *_):
        raise Bad

    def start(self, name, attributes):
        if self.passed:
            self.passed += 1
            need(self.passed <= 33)
            return
        inside = [s.split(' ')[-1] for s in self.stack]
        self.stack.append(name)
        if not inside:
            need(name == ASIC + 'ASiCManifest')
        elif inside == ['ASiCManifest']:
            if name == ASIC + 'SigReference':
                need(self.signature is None)
                self.signature = uri(attributes.get('URI'))
                self.passed = 1
            elif name == ASIC + 'ASiCManifestExtensions':
                self.passed = 1
            else:
                need(name == ASIC + 'DataObjectReference')
                self.path, self.algorithm, self.value = uri(attributes.get('URI')), None, None
        elif name == DS + 'DigestMethod':
            need(self.algorithm is None and self.value is None and 'Algorithm' in attributes)
            self.algorithm = attributes['Algorithm']
            self.passed = 1
        elif name == DS + 'DigestValue':
            need(self.algorithm is not None and self.value is None)
            self.value = ''
        else:
            need(inside == ['ASiCManifest', 'DataObjectReference'] and name == ASIC + 'DataObjectReferenceExtensions')
            self.passed = 1

    def end(self, name):
        if self.passed:
            self.passed -= 1
            if self.passed:
                return
        self.stack.pop()
        if name == ASIC + 'DataObjectReference':
            need(self.value is not None)
            text = re.sub('[ \t\r\n]', '', self.value)
            need(len(text) <= 128)
            try:
                digest = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                raise Bad
            need(base64.b64encode(digest).decode() == text)
            algorithm = ALGORITHMS.get(self.algorithm)
            need(len(digest) == SIZES.get(algorithm, len(digest)))
            self.references.append((self.path, algorithm, digest))

    def characters(self, text):
        if self.passed:
            return
        if self.stack and self.stack[-1] == DS + 'DigestValue':
            self.value += text
        else:
            need(not text.strip(' \t\r\n'))
