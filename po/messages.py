# messages.py - the sentences of the pages: reads and writes po/*.po, finds the
# ids that the pages use, and compares.  Used by po/update, po/add and the test.
#
# A message has an id (msgctxt), the English sentence (msgid) and, in the other
# languages, its translation (msgstr).  po/en.po holds the English alone.
import json
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LANGUAGES = ("en", "fr", "lo", "th")
# Of these the programs show dialogs, by their English; the pages have no use for them.
DIALOG = "dialog."
ID = r"[a-z][a-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+"
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


class Problem(Exception):
    pass


class Message:
    def __init__(self, ident, english, text="", comments=(), fuzzy=False):
        self.ident, self.english, self.text = ident, english, text
        # Lines that begin with "# " (a translator's) or "#." (the author's).
        self.comments, self.fuzzy = list(comments), fuzzy


def unquote(line, where):
    found = re.fullmatch(r'"((?:[^"\\]|\\[nt"\\])*)"', line)
    if not found:
        raise Problem(f"{where}: {line} is no string of a .po file")
    return re.sub(r"\\(.)", lambda m: ESCAPES[m.group(1)], found.group(1))


def quote(text):
    for char, code in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(char, code)
    return f'"{text}"'


def parse(text, name):
    """The header's lines, and the messages by id."""
    header, messages = [], {}
    for block in re.split(r"\n(?:[ \t]*\n)+", text.strip("\n")):
        fields, comments, flags, at = {}, [], "", None
        for line in block.split("\n"):
            where = f"{name}: {fields.get('msgctxt', '')}"
            if line.startswith("#~"):
                continue
            if line.startswith("#,"):
                flags = line
            elif line.startswith(("#:", "#|")):
                continue
            elif line.startswith("#"):
                comments.append(line)
            elif line.startswith('"') and at:
                fields[at] += unquote(line, where)
            else:
                at, _, rest = line.partition(" ")
                if at not in ("msgctxt", "msgid", "msgstr") or at in fields:
                    raise Problem(f"{where}: what is {line}?")
                fields[at] = unquote(rest, where)
        if not fields:
            continue
        if fields.get("msgid") == "" and "msgctxt" not in fields:
            header = block.split("\n")
            continue
        ident = fields.get("msgctxt", "")
        if set(fields) != {"msgctxt", "msgid", "msgstr"} or not re.fullmatch(ID, ident):
            raise Problem(f"{name}: {ident or block}: a message has msgctxt, "
                          "msgid and msgstr, and its msgctxt is like page.word")
        if ident in messages:
            raise Problem(f"{name}: {ident} is there twice")
        messages[ident] = Message(ident, fields["msgid"], fields["msgstr"],
                                  comments, "fuzzy" in flags)
    return header, messages


def path_of(language):
    return os.path.join(TOP, "po", f"{language}.po")


def load(language):
    with open(path_of(language), encoding="utf-8") as file:
        return parse(file.read(), f"po/{language}.po")


def encode(header, messages, uses):
    blocks = ["\n".join(header)]
    for ident, m in sorted(messages.items()):
        lines = list(m.comments)
        lines += [f"#: {file}" for file in sorted(uses.get(ident, ()))]
        if m.fuzzy:
            lines.append("#, fuzzy")
        lines += [f"msgctxt {quote(ident)}", f"msgid {quote(m.english)}",
                  f"msgstr {quote(m.text)}"]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def json_path(language):
    return os.path.join(TOP, "web", "lang", f"{language}.json")


def load_json(language):
    try:
        with open(json_path(language), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}
    except ValueError as e:
        raise Problem(f"web/lang/{language}.json: {e}") from e


def encode_json(language, messages):
    """What the pages load.  What is not translated is there in English."""
    texts = {i: m.english if language == "en" or m.fuzzy or not m.text else m.text
             for i, m in messages.items() if not i.startswith(DIALOG)}
    return json.dumps(texts, ensure_ascii=False, sort_keys=True, indent=0) + "\n"


def table_path():
    return os.path.join(TOP, "cli", "desk", "sentences.c")


def encode_table(catalogues):
    """What the dialogs of the desk say; None if they say nothing."""
    rows = {}
    for ident, m in sorted(catalogues["en"].items()):
        if ident.startswith(DIALOG):
            others = [catalogues[language].get(ident) for language in LANGUAGES[1:]]
            rows[m.english] = [quote(m.english)] + [
                quote(o.text) if o and o.text and not o.fuzzy else "NULL" for o in others]
    if not rows:
        return None
    lines = ["/*", " * The sentences of dialogs (dialog.h), made by po/update.", " */",
             '#include "cli/desk/dialog.h"', "", "#include <stddef.h>", "", "/* clang-format off */",
             "const struct sentence dialog_sentences[] = {"]
    for row in rows.values():
        lines.append("\t{ { " + ",\n\t    ".join(row) + " } },")
    return "\n".join(lines + ["\t{ { NULL, NULL, NULL, NULL } },", "};"]) + "\n"


def arguments(text):
    return sorted(set(re.findall(r"\{[^{}]*\}", text)))


def find_dialogs(english, uses):
    """Add to uses where a program says DIALOG("English").  Returns such
    sentences without a message, each with its file."""
    idents, missing = {}, []
    for ident, m in english.items():
        if ident.startswith(DIALOG):
            idents.setdefault(m.english, []).append(ident)
    for folder, _, names in sorted(os.walk(os.path.join(TOP, "cli"))):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not name.endswith(".c"):
                continue
            with open(path, encoding="utf-8") as file:
                text = file.read().replace("\\\n", "")
            for found in re.findall(r'\bDIALOG\(((?:\s*"(?:[^"\\]|\\.)*")+)\s*\)', text):
                said = "".join(unquote(part, path) for part in
                               re.findall(r'"(?:[^"\\]|\\.)*"', found))
                short = os.path.relpath(path, TOP)
                for ident in idents.get(said, ()):
                    uses.setdefault(ident, set()).add(short)
                if said not in idents:
                    missing.append((said, short))
    return missing


def find_uses(known):
    """The ids used, each with its files, and those of them that are asked for
    by name.  A table's "page.word" counts as a use of what is known, and
    t(`page.${word}`) as one of all that begin so."""
    uses, asked, prefixes = {}, set(), {}
    for folder, _, names in sorted(os.walk(os.path.join(TOP, "web"))):
        for name in sorted(names):
            path = os.path.join(folder, name)
            short = os.path.relpath(path, TOP)
            if not name.endswith((".js", ".html")):
                continue
            with open(path, encoding="utf-8") as file:
                text = file.read()
            here = set(re.findall(rf"""\btn?\(\s*["'`]({ID})["'`]""", text))
            here |= set(re.findall(rf'\bdata-t[a-z-]*="({ID})"', text))
            asked |= here
            here |= set(re.findall(rf"""["'`]({ID})["'`]""", text)) & known
            for ident in here:
                uses.setdefault(ident, set()).add(short)
            for prefix in re.findall(r"`([a-z][a-z0-9_-]*\.[A-Za-z0-9_.-]*)\$\{", text):
                prefixes.setdefault(prefix, set()).add(short)
    for ident in known:
        for prefix, files in prefixes.items():
            if ident.startswith(prefix):
                uses.setdefault(ident, set()).update(files)
    return uses, asked


def complaints(catalogues, uses, asked):
    """What is wrong, a sentence each."""
    english = catalogues["en"]
    for ident in sorted(asked - set(english)):
        yield (f"{ident} ({', '.join(sorted(uses[ident]))}) has no message: "
               f'po/add {ident} "English sentence"')
    for ident in sorted(set(english) - set(uses)):
        yield f"{ident} is used by no page: po/update --prune takes it out"
    for language in LANGUAGES[1:]:
        messages = catalogues[language]
        for ident in sorted(set(english) ^ set(messages)):
            yield f"{ident} is in one of po/en.po and po/{language}.po only: po/update"
        for ident in sorted(set(english) & set(messages)):
            m = messages[ident]
            if m.english != english[ident].english:
                yield f"{ident} has another English in po/{language}.po: po/update"
            elif m.text and not m.fuzzy and arguments(m.text) != arguments(m.english):
                yield (f"{ident} in po/{language}.po has the arguments "
                       f"{' '.join(arguments(m.text)) or 'none'}, not "
                       f"{' '.join(arguments(m.english)) or 'none'}")


def untranslated(messages):
    return sorted(i for i, m in messages.items() if m.fuzzy or not m.text)
