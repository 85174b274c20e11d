#!/bin/sh
# The sentences of the pages: po/ is their source, web/lang is made from it, the
# pages use each and no other, and a translation has the arguments of the English.
. "$(dirname "$0")/lib.sh"

check "web/lang is what po says, for what the pages use" "$top/po/update" --check
sed -n 's/^  \([a-z]* awaits .*\)/  not translated: \1/p' work/out
for language in en fr lo th; do
	check "the po of $language is one for gettext" msgfmt --check -o /dev/null "$top/po/$language.po"
	check "and $language.json has a sentence a line, sorted" sh -c \
		'sed "1d;\$d" "$1" | sed "s/^\"\([^\"]*\)\": \".*\",\{0,1\}$/\1/" | LC_ALL=C sort -C' sh "$top/web/lang/$language.json"
done

# --- What is wrong is told: each on a small copy. ---
cat >work/en.po <<'END'
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"

msgctxt "page.count"
msgid "{count} of {all} documents"
msgstr ""

msgctxt "page.title"
msgid "Register"
msgstr ""

msgctxt "status.draft"
msgid "draft"
msgstr ""

END
fresh() {
	rm -rf work/po work/web; mkdir -p work/po work/web/lang
	cp "$top/po/update" "$top/po/add" "$top/po/messages.py" work/po/
	cp work/en.po work/po/
	for language in fr lo th; do
		sed -e '/"{count} of/{n; s/""/"{all}: {count}"/;}' -e '/"Register"/{n; s/""/"Registre"/;}' \
			-e '/"draft"/{n; s/""/"projet"/;}' work/en.po >work/po/$language.po
	done
	printf '<h1 data-t="page.title"></h1>\n' >work/web/index.html
	printf 't("page.count", { count, all });\nt(`status.${status}`);\n' >work/web/app.js
	work/po/update >work/out 2>&1 || { not_ok "a small copy is good"; cat work/out >&2; }
}
# PATTERN NAME: the copy, spoilt, is refused so
tells() { expect "$2" 1 "$1" work/po/update --check; }
fresh
expect "a small copy is good" 0 "fr: 3 of 3 translated" work/po/update --check
sed -i 's/Registre/Le registre/' work/web/lang/fr.json
tells "web/lang/fr.json is not what po/fr.po says" "a sentence changed in the JSON alone"
fresh; sed -i 's/Registre/Le registre/' work/po/fr.po
tells "web/lang/fr.json is not what po/fr.po says" "a sentence changed in the po alone"
fresh; rm work/web/lang/th.json
tells "web/lang/th.json is not" "no JSON"
fresh; printf 't("page.more");\n' >>work/web/app.js
tells "page.more (web/app.js) has no message" "an id without a message"
fresh; printf '<p data-t-label="page.name">\n' >>work/web/index.html
tells "page.name (web/index.html) has no message" "an attribute's id without a message"
fresh; sed -i 's/page.title/page.other/' work/web/index.html
tells "page.title is used by no page" "a message that no page uses"
fresh; sed -i '/status/d' work/web/app.js
tells "status.draft is used by no page" "one of a family that no page uses"
fresh; sed -i 's/"{all}: {count}"/"{all}"/' work/po/lo.po; work/po/update >/dev/null
tells "page.count in po/lo.po has the arguments {all}, not {all} {count}" "a translation that lacks an argument"
fresh; sed -i 's/"Registre"/"Registre de {office}"/' work/po/lo.po; work/po/update >/dev/null
tells "page.title in po/lo.po has the arguments {office}, not none" "a translation that invents one"
fresh; sed -i '/^msgctxt "status/,$d' work/po/th.po
tells "status.draft is in one of po/en.po and po/th.po only" "a language without a message"
fresh; sed -i 's/^msgid "Register"/msgid "Documents"/' work/po/en.po
tells "page.title has another English in po/fr.po" "English that has changed"
work/po/update >/dev/null
expect "whose translation waits for somebody to look at it" 0 "fr awaits page.title: Documents" work/po/update --check
expect "and is shown in English" 0 '"page.title": "Documents"' cat work/web/lang/fr.json
fresh; sed -i '/"Register"/{n; s/".*"/""/;}' work/po/lo.po; work/po/update >/dev/null
expect "what is not translated is told" 0 "lo awaits page.title: Register" work/po/update --check
fresh; sed -i 's/^msgstr "projet"/msgstr "pro"jet"/' work/po/fr.po
tells "is no string of a .po file" "a po that is none"
fresh; printf 't("page.more");\n' >>work/web/app.js
expect "a message is added" 0 'fr awaits page.more: It says "no", {name}' work/po/add page.more 'It says "no", {name}'
expect "once" 2 "page.more is there" work/po/add page.more 'It says "yes"'
# Of dialogs, which programs show.
fresh; mkdir -p work/cli/desk
printf 'a = DIALOG("Sign" " it?");\n' >work/cli/sign.c
tells '"Sign it?" (cli/sign.c) has no message' "a dialog's sentence without a message"
work/po/add dialog.sign "Sign it?" >/dev/null
expect "one with a message is in the table" 0 '"Sign it?"' cat work/cli/desk/sentences.c
check "and not in the pages' JSON" sh -c '! grep -q dialog work/web/lang/en.json'
sed -i 's/Sign it/Sign/' work/cli/desk/sentences.c
tells "cli/desk/sentences.c is not what" "a sentence changed in the table alone"
rm -r work/cli
tells "dialog.sign is used by no page" "a message that no dialog uses"
fresh; printf 't("page.more");\n' >>work/web/app.js
work/po/add page.more 'It says "no", {name}' >/dev/null
rm work/web/app.js; printf 't("page.count");\n' >work/web/app.js
expect "and what is not used is taken out" 0 "fr: 2 of 2" work/po/update --prune
finish
