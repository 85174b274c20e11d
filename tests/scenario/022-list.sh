#!/bin/sh
# The register as people ask it: by words, type, party, office, status and date;
# titles in the reader's language; every version; what there is not is refused;
# cut to the terminal, and paged.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-vientiane iom-bangkok >/dev/null
unset LC_ALL LC_MESSAGES LANG PAGER GIT_PAGER VALISE_PAGER
agree() { for who in mofa-minister iom-chief-of-mission; do at $who sign "agreement/$1" --yes >/dev/null 2>&1; done; }
put() {
	office=$1 document=$2; printf '%s\n' "$3" >work/t.txt; shift 3
	at "$office" push "$document" --text lo=work/lo.txt --text en=work/t.txt "$@"
}
check "an agreement" put mofa agreement/border "Article 1" --title "en=Border Crossings" --title "lo=ຂ້າມແດນ"
agree border
at iom-vientiane fetch agreement/border -o work/o.asice >/dev/null
check "a draft of the other party" put iom-vientiane agreement/border "Article 2" --title "en=Border Crossings and Transit" --title "lo=ຂ້າມແດນ"
check "another" put iom-vientiane agreement/labour "Article 1" --title "en=Labour Migration"
check "a third" put mofa agreement/cut "Article 1" --title "en=$(printf 'A long title of many words %.0s' 1 2 3 4 5 6 7 8)"
check "a protocol" at iom-vientiane push health-protocol/tb --text en=work/en.txt --title "en=Études on TB"
rows() { at iom-bangkok list "$@" 2>/dev/null | sed -n 's|^\([a-z-]*/[a-z-]*\) .*|\1|p' | tr '\n' ' '; }
is() { name=$1 due=$2; shift 2; got=$(rows "$@"); [ "$got" = "$due" ] && ok "$name" || not_ok "$name: $got"; }
is "sorted by name" "agreement/border agreement/cut agreement/labour health-protocol/tb "
expect "with the newest version's date" 0 "agreement/labour  *1  *draft  *no  *$(date -u +%Y)-[0-9-]*  Labour" at iom-bangkok list

# --- Titles. ---
expect "a title is in English" 0 "Border Crossings and Transit" at iom-bangkok list
expect "or in the reader's language" 0 "ຂ້າມແດນ" env LANG=lo_LA.UTF-8 "$valise" --config offices/iom-bangkok/config.yaml list
expect "LC_ALL comes first" 0 "Border Crossings" env LC_ALL=C LANG=lo_LA.UTF-8 "$valise" --config offices/iom-bangkok/config.yaml list
expect "where there is none it is in English" 0 "Labour Migration" env LC_MESSAGES=lo_LA "$valise" --config offices/iom-bangkok/config.yaml list
expect "JSON has all" 0 '"title":"Border Crossings and Transit","titles":{"en":"Border Crossings and Transit","lo":"ຂ້າມແດນ"}' at iom-bangkok --json list
is_unread() { at iom-bangkok --json "$@" | python3 -c 'import json, sys; print(*(r["unread"] for r in json.load(sys.stdin)["documents"] if r["document"] == "agreement/border"))'; }
check "a document that was not opened here is unread" test "$(is_unread list)" = True
check "so it is once its row is proved" test "$(is_unread list --proved)" = True
expect "show too" 0 "agreement/border  ຂ້າມແດນ" env LANG=lo_LA.UTF-8 "$valise" --config offices/iom-bangkok/config.yaml show agreement/border
at iom-bangkok show agreement/border@latest >/dev/null
check "what was shown is not" test "$(is_unread list)" = False
check "nor is it among versions" sh -c "echo '$(is_unread list --all-versions)' | grep -q False"
expect "and its JSON" 0 '"titles":{"en":"Border Crossings and Transit","lo":"ຂ້າມແດນ"}' at iom-bangkok --json show agreement/border
at iom-bangkok fetch agreement/border@latest -o work/o.asice >/dev/null
liar iom-bangkok say /v1/documents "ຂ້າມແດນ" "ແດນ"
expect "a title of another language that is not the version's is no answer" 1 "another title than its version.yaml" at iom-bangkok list --proved
no_line iom-bangkok
restart
expect "a start does not forget them" 0 '"titles":{"en":"Border Crossings and Transit","lo":"ຂ້າມແດນ"}' at iom-bangkok --json list

# --- Filters. ---
is "a word of a title" "agreement/border " --search crossings
is "whatever the case, in any script" "health-protocol/tb " --search éTUDES
is "of any language" "agreement/border " --search ຂ້າມ
is "or of the name" "agreement/labour " --search agreement/lab
is "and no other" "" --search nothing-of-this-kind
expect "then it is said" 0 "no such documents" at iom-bangkok list --search nothing-of-this-kind
is "a type" "health-protocol/tb " health-protocol
is "as an option too" "health-protocol/tb " --type health-protocol
expect "two types are refused" 2 "two types: agreement, and --type health-protocol" at iom-bangkok list agreement --type health-protocol
is "an office: by the newest version, or the one in force" "agreement/border agreement/cut " --office mofa
is "the other one" "agreement/border agreement/labour health-protocol/tb " --office iom-vientiane
is "a party" "agreement/border agreement/cut " --party lao-pdr
is "the other one" "agreement/border agreement/labour health-protocol/tb " --party iom
is "an office that has deposited nothing" "" --office iom-bangkok
is "all at once" "agreement/border " --type agreement --party iom --status "in force" --since 2026-01-01 --search TRANSIT
is "none is since tomorrow" "" --since "$(date -u -d '+1 day' +%Y-%m-%d)"
liar iom-bangkok say /v1/documents '"office":' '"was":'
is "a row that names no office is proved" "agreement/border agreement/cut " --office mofa
no_line iom-bangkok

# --- What there is not. ---
expect "no type" 2 'there is no type "treaty": agreement, health-protocol' at iom-bangkok list treaty
expect "nor by the option" 2 'there is no type "treaty": agreement' at iom-bangkok list --type treaty
expect "no office" 2 'there is no office "mofa2": mofa, iom-vientiane' at iom-bangkok list --office mofa2
expect "no party" 2 'there is no party "lao": .*lao-pdr' at iom-bangkok list --party lao
expect "no status" 2 'there is no status "final": draft, "signed in part", "in force" or terminated' at iom-bangkok list --status final
expect "no date" 2 '"yesterday" is neither a date' at iom-bangkok list --since yesterday
expect "JSON says so too" 2 '"exit": *2' at iom-bangkok --json list --party lao

# --- Versions. ---
at mofa fetch agreement/border@latest -o work/o.asice >/dev/null
check "a third version" put mofa agreement/border "Article 3" --title "en=Border Crossings, Transit"
agree border
expect "superseded documents there are none" 2 "no document is superseded, its older versions are: --all-versions" at iom-bangkok list --status superseded
expect "but versions" 0 "agreement/border  *1  *superseded; 3 in force  *yes\|agreement/border  *1  *superseded; 3 in force  *but title" at iom-bangkok list --status superseded --all-versions
[ "$(grep -c '^agreement\|^health' work/out)" = 1 ] && ok "that one alone" || not_ok "that one alone"
expect "and a withdrawn one" 0 "agreement/border  *2  *withdrawn; 3 in force" at iom-bangkok list --all-versions --status withdrawn
expect "its title is proved, since it was fetched" 0 '"version":2,.*"status":"withdrawn",.*"proved":true,"title-proved":true\|"title-proved":true,.*"proved":true' at iom-bangkok --json list --all-versions --status withdrawn
at iom-bangkok list --all-versions >work/all 2>/dev/null
[ "$(grep -c '^agreement/border' work/all)" = 3 ] && [ "$(grep -c '^agreement\|^health' work/all)" = 6 ] && ok "all of them" || not_ok "all of them"
expect "by an office: the version's own" 0 "agreement/border  *2 " at iom-bangkok list --all-versions --office iom-vientiane
grep -q "border  *[13]" work/out && not_ok "and no other" || ok "and no other"
liar iom-bangkok say /v1/documents '"version":3' '"version":2'
expect "a row that lies is found" 1 "agreement/border is not as its acts say" at iom-bangkok list --all-versions
no_line iom-bangkok

# --- The terminal. ---
# COLUMNS COMMAND…: on a terminal of that width
on() { columns=$1; shift; env COLUMNS="$columns" script -qec "'$valise' --config offices/iom-bangkok/config.yaml $*" /dev/null </dev/null 2>/dev/null | tr -d '\r'; }
widest() { python3 -c 'import sys, unicodedata
print(max(sum(not unicodedata.combining(c) for c in l.rstrip("\n")) for l in sys.stdin if l.startswith(("DOC", "agree", "health"))))'; }
export VALISE_PAGER=cat
[ "$(on 80 list | widest)" -le 80 ] && ok "a line is cut to the terminal" || not_ok "a line is cut to the terminal"
expect "in its title" 0 "^agreement/cut .*A long title.*…$" on 80 list
[ "$(on 40 list | widest)" -le 40 ] && ok "to a narrow one too" || not_ok "to a narrow one too"
[ "$(LANG=lo_LA.UTF-8 on 72 list | widest)" -le 72 ] && ok "in Lao" || not_ok "in Lao"
expect "a wide one has all" 0 "^agreement/cut .*A long title.*words *$" on 400 list
expect "what is no terminal has all" 0 "^agreement/cut .*A long title.*words *$" at iom-bangkok list
export VALISE_PAGER="sed 's/^/paged: /'"
expect "on a terminal it is paged" 0 "^paged: agreement/border" on 80 list
unset VALISE_PAGER; export PAGER="sed 's/^/read: /'"
expect "by git's variables" 0 "^read: agreement/border" on 80 list
expect "an error is not" 0 "^valise list: .*there is no type" on 80 "list treaty 2>&1"
expect "nor is JSON" 0 '^{"documents"' on 80 "--json list"
expect "nor is what is no terminal" 0 "^agreement/border" at iom-bangkok list

# --- Without a line. ---
at iom-bangkok pull work/copy >/dev/null
stop_daemon "$dir"
rows() { at iom-bangkok --local list "$@" 2>/dev/null | sed -n 's|^\([a-z-]*/[a-z-]*\) .*|\1|p' | tr '\n' ' '; }
is "a word" "agreement/border " --search CROSSINGS
is "a type" "health-protocol/tb " --type health-protocol
is "an office" "agreement/border agreement/cut " --office mofa
is "a party" "agreement/labour health-protocol/tb " --party iom
is "a status" "agreement/border " --status "in force"
expect "titles in the reader's language, and dates" 0 "agreement/border  *3  *in force  *yes  *20[0-9-]*  *ຂ້າມແດນ\|agreement/border  *3  *in force  *yes  *20[0-9-]*  *Border" env LANG=lo_LA.UTF-8 "$valise" --config offices/iom-bangkok/config.yaml --local list
expect "no type" 2 'there is no type "treaty"' at iom-bangkok --local list treaty
expect "no office" 2 'there is no office "x"' at iom-bangkok --local list --office x
expect "each version" 0 "agreement/border  *1  *superseded; 3 in force  *yes" at iom-bangkok --local list --all-versions --status superseded
start_daemon "$dir"
finish
