"""Words of formats.md ("Words and names", "File names"), and its YAML."""
import re
import unicodedata


class Bad(Exception):
    pass


def need(truth):
    if not truth:
        raise Bad


RESERVED = re.compile(r'(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\Z', re.I | re.A)
INVISIBLE = re.compile('[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164'
                       '\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]')


def line(text, most, empty=False):
    if not isinstance(text, str) or len(text.encode('utf-8', 'surrogatepass')) > most or (not text and not empty):
        return False
    if any(unicodedata.category(c) in ('Cc', 'Cf', 'Cs', 'Co', 'Cn', 'Zl', 'Zp') for c in text):
        return False
    return not INVISIBLE.search(text) and unicodedata.normalize('NFC', text) == text


def file_name(name):
    if not line(name, 240) or re.search(r'[<>:"/\\|?*]', name):
        return False
    if name[0] in '.- ' or name[-1] in '. ':
        return False
    if len(name.encode()) >= 5 and re.match('git~', name, re.I | re.A):
        return False
    return not RESERVED.match(name.split('.')[0].rstrip(' '))


def path(text):
    names = text.split('/')
    return len(names) <= 3 and len(text.encode()) <= 300 and all(map(file_name, names))


def folded(text):
    return unicodedata.normalize('NFKC', unicodedata.normalize('NFKD', text.casefold()))


def number(text, most=2**64 - 1):
    return isinstance(text, str) and bool(re.fullmatch('0|[1-9][0-9]{0,19}', text, re.A)) and int(text) <= most


def slug(text):
    return isinstance(text, str) and bool(re.fullmatch('[a-z0-9]+(-[a-z0-9]+)*', text)) and 2 <= len(text) <= 64 \
        and not RESERVED.match(text)


def document(text):
    return isinstance(text, str) and text.count('/') == 1 and all(map(slug, text.split('/')))


def version(text):
    return number(text, 999999) and text != '0'


def email(text):
    return isinstance(text, str) and 3 <= len(text) <= 254 and \
        bool(re.fullmatch(r'[!-~]+', text)) and not re.search(r'[A-Z"(),:;<>\[\]\\/*]', text) \
        and text.count('@') == 1 and text[0] != '@' and text[-1] != '@'


def language(text):
    return isinstance(text, str) and bool(re.fullmatch('[a-z0-9]+(-[a-z0-9]+)*', text)) and 2 <= len(text) <= 35


def media(text):
    return isinstance(text, str) and len(text) <= 100 and bool(re.fullmatch('[-a-z0-9+.]+/[-a-z0-9+.]+', text))


def digest(text):
    return isinstance(text, str) and bool(re.fullmatch('[0-9a-f]{64}', text))


def time(text, milliseconds=False):
    """Seconds since 1970 (milliseconds, if asked for those); None if it is no time."""
    import calendar
    form = r'(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)' + (r'\.(\d{3})Z' if milliseconds else 'Z')
    match = isinstance(text, str) and re.fullmatch(form, text, re.A)
    if not match:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    if year < 1970 or not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1] \
            or hour > 23 or minute > 59 or second > 59:
        return None
    out = calendar.timegm((year, month, day, hour, minute, second))
    return out * 1000 + int(match.group(7)) if milliseconds else out


def origin(text):
    return line(text, 128) and not re.search('[\0- +\u00a0\u1680\u2000-\u203f\u3000]', text)


class Yaml:
    """A reader of the YAML that formats.md describes; scalars are text."""

    def __init__(self, data):
        try:
            text = data.decode('utf-8')
        except UnicodeDecodeError:
            raise Bad
        text = text.removeprefix('\ufeff')
        need(not re.search('[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]', text))
        self.text = re.sub('\r\n?|[\x85\u2028\u2029]', '\n', text) + '\n'
        self.pos = 0
        self.nodes = 0

    def read(self):
        self.blank()
        if self.text.startswith('---', self.pos) and self.text[self.pos + 3] in ' \n':
            self.pos += 3
            self.blank()
        need(self.pos < len(self.text) and self.text[self.pos] != '%')
        out = self.block(-1, 1)
        self.blank()
        if self.text.startswith('...\n', self.pos):
            self.pos += 3
            self.blank()
        need(self.pos == len(self.text))
        return out

    def column(self):
        return self.pos - (self.text.rfind('\n', 0, self.pos) + 1)

    # Over white space, line ends and comments; whether a line ended.
    def blank(self):
        start = self.pos
        while self.pos < len(self.text):
            c = self.text[self.pos]
            if c == '#' and (self.pos == 0 or self.text[self.pos - 1] in ' \t\n'):
                self.pos = self.text.index('\n', self.pos)
            elif c in ' \n' or (c == '\t' and '\n' not in self.text[start:self.pos] and start):
                self.pos += 1
            else:
                break
        return '\n' in self.text[start:self.pos]

    def marker(self):
        return self.column() == 0 and re.match(r'(---|\.\.\.)[ \t\n]', self.text[self.pos:self.pos + 4])

    def count(self, level):
        self.nodes += 1
        need(self.nodes <= 20000 and level <= 8)

    def block(self, parent, level, dash_allowed=False):
        """The node here; parent is the column that it must be beyond."""
        need(self.pos < len(self.text) and not self.marker())
        col, text = self.column(), self.text
        if text[self.pos] == '-' and text[self.pos + 1] in ' \t\n':
            need(col > parent or (dash_allowed and col == parent))
            self.count(level)
            return self.items(col, level)
        need(col > parent)
        if text[self.pos] in '|>':
            self.count(level)
            return self.literal(parent)
        start = self.pos
        if text[start] in '{[':
            return self.flow(level)
        value = self.scalar(parent, False)
        here = self.pos
        self.spaces()
        if text[self.pos] == ':' and text[self.pos + 1] in ' \t\n':
            need('\n' not in text[start:here] and here - start <= 1024)
            need(text[start:start + 1] != '' and self.first_on_line(start))
            self.count(level)
            self.pos = start
            return self.mapping(col, level)
        self.pos = here
        self.count(level)
        return value

    def first_on_line(self, start):
        begin = self.text.rfind('\n', 0, start) + 1
        return re.fullmatch(r'( |- )*(--- )?', self.text[begin:start]) is not None and \
            '--- ' not in self.text[begin:start]

    def spaces(self):
        while self.text[self.pos] in ' \t':
            self.pos += 1

    def items(self, col, level):
        out = []
        while self.pos < len(self.text) and self.column() == col and self.text[self.pos] == '-' \
                and self.text[self.pos + 1] in ' \t\n' and not self.marker():
            self.pos += 1
            ended = self.blank()
            if self.pos == len(self.text) or (ended and self.column() <= col):
                self.count(level + 1)
                out.append('')
            else:
                out.append(self.block(col, level + 1))
            self.end_of_node()
        need(self.pos == len(self.text) or self.column() < col or self.marker() or self.column() == col)
        return out

    # After a node in a block: nothing but a comment is left on its line.
    def end_of_node(self):
        before = self.pos
        ended = self.blank()
        need(ended or self.pos == len(self.text) or self.column() == 0 or self.text[before - 1] == '\n'
             or self.first_on_line(self.pos))

    def mapping(self, col, level):
        out = {}
        while self.pos < len(self.text) and self.column() == col and not self.marker():
            start = self.pos
            need(self.text[start] not in '{[|>' and not (self.text[start] in '-?' and self.text[start + 1] in ' \t\n'))
            key = self.scalar(col, False)
            need('\n' not in self.text[start:self.pos])
            self.spaces()
            need(self.text[self.pos] == ':' and self.text[self.pos + 1] in ' \t\n')
            self.pos += 1
            need(key not in out and key != '<<' and len(out) < 512)
            ended = self.blank()
            if self.pos == len(self.text) or (ended and (self.column() < col or (self.column() == col and not (
                    self.text[self.pos] == '-' and self.text[self.pos + 1] in ' \t\n')))):
                self.count(level + 1)
                out[key] = ''
            else:
                need(ended or not (self.text[self.pos] == '-' and self.text[self.pos + 1] in ' \t\n'))
                out[key] = self.block(col, level + 1, dash_allowed=True)
            self.end_of_node()
        need(self.pos == len(self.text) or self.column() < col or self.marker())
        return out

    def literal(self, parent):
        style = self.text[self.pos]
        head = re.compile(r'[|>]([-+]?)([1-9]?)([-+]?)[ \t]*(?:(?<=[ \t])#[^\n]*)?\n').match(self.text, self.pos)
        need(head)
        self.pos = head.end()
        indent = max(parent, 0) + int(head[2]) if head[2] else None
        lines = []
        while self.pos < len(self.text):
            end = self.text.index('\n', self.pos)
            row = self.text[self.pos:end]
            stripped = row.lstrip(' ')
            if stripped:
                if indent is None:
                    indent = max(len(row) - len(stripped), parent + 1)
                if len(row) - len(stripped) < indent:
                    break
            lines.append(row[indent or 0:])
            self.pos = end + 1
        body = '\n'.join(lines)
        if style == '>':
            body = re.sub('(?<=[^\n])\n(?=[^\n ])', ' ', body)
        chomp = head[1] or head[3]
        kept = body.rstrip('\n')
        return kept if chomp == '-' else body + '\n' if chomp == '+' else kept + '\n' if kept else ''

    def scalar(self, parent, in_flow):
        c = self.text[self.pos]
        if c == '"':
            return self.double(parent, in_flow)
        if c == "'":
            return self.single(parent, in_flow)
        return self.plain(parent, in_flow)

    # Line ends in quotes: one is a space, more are one fewer.
    def fold(self, parent, in_flow):
        match = re.compile(r'[ \t]*\n(?:[ \t]*\n)*').match(self.text, self.pos)
        num = match[0].count('\n')
        self.pos = match.end()
        self.spaces()
        need(self.pos < len(self.text) and not self.marker())
        return ' ' if num == 1 else '\n' * (num - 1)

    def double(self, parent, in_flow):
        out = []
        self.pos += 1
        while True:
            need(self.pos < len(self.text))
            c = self.text[self.pos]
            if c == '"':
                self.pos += 1
                return ''.join(out)
            if c == '\\':
                n = self.text[self.pos + 1]
                short = {'0': '\0', 'a': '\a', 'b': '\b', 't': '\t', '\t': '\t', 'n': '\n', 'v': '\v', 'f': '\f',
                         'r': '\r', 'e': '\x1b', ' ': ' ', '"': '"', "'": "'", '\\': '\\', '/': '/', 'N': '\x85', '_': '\xa0',
                         'L': '\u2028', 'P': '\u2029'}
                if n in 'xuU':
                    size = {'x': 2, 'u': 4, 'U': 8}[n]
                    digits = self.text[self.pos + 2:self.pos + 2 + size]
                    need(re.fullmatch('[0-9a-fA-F]{%d}' % size, digits))
                    value = int(digits, 16)
                    need(value <= 0x10ffff and not 0xd800 <= value <= 0xdfff)
                    out.append(chr(value))
                    self.pos += 2 + size
                elif n == '\n':
                    self.pos += 1
                    folded_lines = self.fold(parent, in_flow)
                    out.append(folded_lines if folded_lines != ' ' else '')
                else:
                    need(n in short)
                    out.append(short[n])
                    self.pos += 2
            elif re.compile(r'[ \t]*\n').match(self.text, self.pos):
                out.append(self.fold(parent, in_flow))
            else:
                out.append(c)
                self.pos += 1

    def single(self, parent, in_flow):
        out = []
        self.pos += 1
        while True:
            need(self.pos < len(self.text))
            if self.text.startswith("''", self.pos):
                out.append("'")
                self.pos += 2
            elif self.text[self.pos] == "'":
                self.pos += 1
                return ''.join(out)
            elif re.compile(r'[ \t]*\n').match(self.text, self.pos):
                out.append(self.fold(parent, in_flow))
            else:
                out.append(self.text[self.pos])
                self.pos += 1

    def plain(self, parent, in_flow):
        text = self.text
        c = text[self.pos]
        after = text[self.pos + 1] if self.pos + 1 < len(text) else '\n'
        need(c not in ',[]{}#&*!|>\'"%@`\t\n')
        need(not (c in '-?:' and (after in ' \t\n' or (in_flow and c != '-'))))
        out = ''
        while True:
            start = self.pos
            while True:
                c = text[self.pos]
                if c == '\n' or (c == ':' and (text[self.pos + 1] in ' \t\n' or (in_flow and text[self.pos + 1] in ',?[]{}'))) \
                        or (in_flow and c in ',?[]{}') or (c == '#' and text[self.pos - 1] in ' \t' and self.pos > start):
                    break
                self.pos += 1
            piece = text[start:self.pos].rstrip(' \t')
            out += piece
            ended = start + len(piece)
            if text[self.pos] != '\n':
                self.pos = ended
                return out
            # Whether it goes on in the next line.
            match = re.compile(r'\n(?:[ \t]*\n)*( *)').match(text, self.pos)
            self.pos = match.end()
            if self.pos >= len(text) or text[self.pos] == '#' or self.marker() or \
                    (not in_flow and len(match[1]) <= parent) or (in_flow and text[self.pos] in ',?[]{}:') or \
                    (not in_flow and text[self.pos] == ':' and text[self.pos + 1] in ' \t\n'):
                self.pos = ended
                return out
            num = match[0].count('\n')
            out += ' ' if num == 1 else '\n' * (num - 1)

    def flow(self, level):
        self.count(level)
        opened = self.text[self.pos]
        closed = {'{': '}', '[': ']'}[opened]
        out = {} if opened == '{' else []
        self.pos += 1
        first = True
        while True:
            self.blank()
            need(self.pos < len(self.text) and not self.marker())
            if self.text[self.pos] == closed:
                self.pos += 1
                return out
            if not first:
                need(self.text[self.pos] == ',')
                self.pos += 1
                self.blank()
                need(self.pos < len(self.text))
                if self.text[self.pos] == closed:
                    self.pos += 1
                    return out
            first = False
            if opened == '[':
                if self.text[self.pos] in '{[':
                    out.append(self.flow(level + 1))
                else:
                    self.count(level + 1)
                    out.append(self.scalar(-1, True))
                continue
            key = self.scalar(-1, True)
            need(key not in out and key != '<<' and len(out) < 512)
            self.blank()
            if self.text[self.pos] == ':':
                self.pos += 1
                self.blank()
                need(self.pos < len(self.text))
                if self.text[self.pos] in '{[':
                    out[key] = self.flow(level + 1)
                    continue
                if self.text[self.pos] not in ',}':
                    self.count(level + 1)
                    out[key] = self.scalar(-1, True)
                    continue
            self.count(level + 1)
            out[key] = ''


def yaml(data):
    try:
        return Yaml(data).read()
    except (IndexError, ValueError):
        raise Bad


def keys(mapping, needed, optional=''):
    """A mapping with these keys and no others."""
    need(isinstance(mapping, dict))
    needed, optional = needed.split(), optional.split()
    need(all(k in mapping for k in needed) and all(k in needed or k in optional for k in mapping))
    return mapping


def lines_by_language(mapping, most=500):
    need(isinstance(mapping, dict) and 1 <= len(mapping) <= 32)
    need(all(language(k) and line(v, most) for k, v in mapping.items()))


def files(rows, least, most, text):
    need(isinstance(rows, list) and least <= len(rows) <= most)
    for row in rows:
        keys(row, 'file media size sha256' + (' language authentic' if text else ''))
        if text:
            need(language(row['language']) and row['authentic'] in ('true', 'false'))
            need(isinstance(row['file'], str) and row['file'].startswith('texts/' + row['language'] + '/'))
            need(row['file'].count('/') == 2)
        else:
            need(isinstance(row['file'], str) and row['file'].startswith('annexes/') and row['file'].count('/') == 1)
        need(path(row['file']) and media(row['media']) and number(row['size'], 4000000000) and digest(row['sha256']))
    need(len({row['file'] for row in rows}) == len(rows))


def version_yaml(data):
    need(len(data) <= 262144)
    out = keys(yaml(data), 'valise document version title office person created texts annexes', 'previous note')
    need(out['valise'] == '1' and document(out['document']) and version(out['version']))
    need(('previous' in out) == (int(out['version']) > 1) and digest(out.get('previous', '0' * 64)))
    lines_by_language(out['title'])
    need(slug(out['office']) and email(out['person']) and time(out['created']) is not None)
    need('note' not in out or line(out['note'], 2000))
    files(out['texts'], 1, 64, True)
    files(out['annexes'], 0, 256, False)
    return out


def termination_yaml(data):
    need(len(data) <= 262144)
    out = keys(yaml(data), 'valise document version digest reason')
    need(out['valise'] == '1' and document(out['document']) and version(out['version']))
    need(digest(out['digest']) and line(out['reason'], 2000))
    return out


def waybill_yaml(data):
    need(len(data) <= 4194304)
    out = keys(yaml(data), 'valise number from person to dispatched', 'files slips list')
    need(out['valise'] == '1' and number(out['number'], 2**53) and slug(out['from']) and slug(out['to']))
    need(email(out['person']) and time(out['dispatched']) is not None)
    if 'slips' in out:
        need('files' not in out and isinstance(out['slips'], list) and 1 <= len(out['slips']) <= 200)
        need(all(map(digest, out['slips'])) and sorted(set(out['slips'])) == out['slips'])
        need(digest(out.get('list', '0' * 64)))
    else:
        need('files' in out and 'list' not in out)
    return out


def slip_yaml(data):
    need(len(data) <= 4096)
    out = keys(yaml(data), 'valise act document version digest body signature salt', 'onto')
    need(out['valise'] == '1' and out['act'] in ('deposit', 'sign') and document(out['document']) and version(out['version']))
    need(all(digest(out[k]) for k in ('digest', 'body', 'signature')) and re.fullmatch('[0-9a-f]{32}', str(out['salt'])))
    need('onto' not in out or version(out['onto']))
    return out
