#!/bin/sh
# The register of more than a page: what waits for the person's signature comes
# first, then what was not opened here, of all documents and in each order.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-vice-minister iom-vientiane >/dev/null
# The vice-minister signs health protocols alone.
check "one that waits comes first of all" at iom-vientiane push health-protocol/waits --text en=work/en.txt --title "en=Zoonoses"
for n in $(seq -w 130); do
	printf -- '- {document: agreement/a%s, title: {en: "Agreement %s"}, texts: {lo: lo.txt, en: en.txt}}\n' "$n" "$n"
done >work/many.yaml
check "many follow" at mofa push --batch work/many.yaml
check "and another that waits, the last" at iom-vientiane push health-protocol/also --text en=work/en.txt --title "en=Also"

# OPTION…: the list as JSON, in work/page.N: page after page, the first five with
# $few rows each if there is such a number
walk() {
	rm -f work/page.*; page=0 cursor=
	while true; do
		rows=$limit; [ -z "$few" ] || [ $page -ge 5 ] || rows=$few
		at mofa-vice-minister --json $line list --mine-first --limit "$rows" ${cursor:+--cursor "$cursor"} "$@" >work/page.$page 2>work/err || { cat work/err >&2; return 1; }
		cursor=$(sed -n 's/.*"cursor": *"\([^"]*\)".*/\1/p' work/page.$page)
		[ -n "$cursor" ] || return 0
		page=$((page + 1))
	done
}
# SORT: each document once; the parts follow each other, each in the order of the list
cat >work/parts.py <<'END'
import glob, json, sys
due = [r["document"] for r in json.load(open("work/due"))["documents"]]
pages = [json.load(open(f"work/page.{n}")) for n in range(len(glob.glob("work/page.*")))]
rows = [r for page in pages for r in page["documents"]]
names = [r["document"] for r in rows]
part = lambda r: 0 if r.get("waits") else 1 if r["unread"] else 2
parts = [part(r) for r in rows]
assert sorted(names) == sorted(due), f"{len(names)} rows, {len(set(names))} documents, not {len(due)}"
assert parts == sorted(parts), parts
for wanted in range(3):
    got = [n for n, p in zip(names, parts) if p == wanted]
    assert got == [n for n in due if n in set(got)], (wanted, got)
assert all(page.get("count", len(due)) == len(due) for page in pages), [page.get("count") for page in pages]
# Those of one batch may be of one moment, so that their order is by name.
print(*(parts.count(wanted) for wanted in range(3)), *names[:int(sys.argv[1])])
END
line= limit=50 few=
# NAME DUE OPTION…
first() {
	name=$1 due=$2; shift 2
	at mofa-vice-minister --json list "$@" >work/due
	if ! walk "$@"; then not_ok "$name"; return; fi
	got=$(python3 work/parts.py $(($(echo "$due" | wc -w) - 3)) 2>&1) || { not_ok "$name: $got"; return; }
	[ "$got" = "$due" ] && ok "$name" || not_ok "$name: $got"
}
first "nothing was opened: by date" "2 130 0 health-protocol/also health-protocol/waits" --sort=-date
first "by name, as the list is without an order" "2 130 0 health-protocol/also health-protocol/waits agreement/a001"
first "by title" "2 130 0 health-protocol/also health-protocol/waits agreement/a001" --sort=title
first "descending" "2 130 0 health-protocol/waits health-protocol/also agreement/a130" --sort=-title
check "all are fetched" at mofa-vice-minister pull work/copy
check "a version comes that nobody opened" at mofa push agreement/a077 --text lo=work/lo.txt --text en=work/lo.txt --title "en=Agreement 77" --onto 1
check "and one that the person opened" at mofa push agreement/a078 --text lo=work/lo.txt --text en=work/lo.txt --title "en=Agreement 78" --onto 1
check "so it is read" at mofa-vice-minister fetch agreement/a078 -o work/a078.asice
first "all but one were opened: the oldest first" "2 1 129 health-protocol/waits health-protocol/also agreement/a077" --sort=date
first "by name" "2 1 129 health-protocol/also health-protocol/waits agreement/a077" --sort=name
limit=1
first "a row at a time" "2 1 129 health-protocol/also health-protocol/waits agreement/a077" --sort=-date
limit=50
first "with a filter" "0 1 129 agreement/a077 agreement/a078" --sort=-date agreement
first "with words" "0 1 11 agreement/a077 agreement/a007 agreement/a070" --search 07 --sort title
first "of a party" "2 0 0 health-protocol/also health-protocol/waits" --party iom --sort=-date
expect "the table too" 0 "^health-protocol/also " sh -c '"$0" --config offices/mofa-vice-minister/config.yaml list --mine-first --limit 2 --sort name | sed -n 2p' "$valise"
expect "says how many there are" 0 "the first 2 of 132" at mofa-vice-minister list --mine-first --limit 2
at mofa-vice-minister --json list --mine-first --limit 1 >work/page.0
cursor=$(sed -n 's/.*"cursor": *"\([^"]*\)".*/\1/p' work/page.0)
expect "a cursor is good in its order only" 2 "none of --mine-first" at mofa-vice-minister list --mine-first --limit 1 --sort=-date --cursor "$cursor"
for wrong in agreement/a001 waits: "unread:agreement" "waits:$(printf '%02000d' 0)"; do
	expect "no cursor: $(echo "$wrong" | cut -c-20)" 2 "none of --mine-first" at mofa-vice-minister list --mine-first --limit 1 --cursor "$wrong"
done
expect "each version is in its own order" 2 "without --all-versions" at mofa list --mine-first --all-versions

# --- What is unread is remembered where it is little. ---
kept=$(echo offices/mofa-vice-minister/state/*/unread)
expect "one that is unread is kept by its name" 0 "^agreement/a077$" sed -n '3,$p' "$kept"
# How many lists the daemon is asked for, of how many rows in all
asks() { grep -c 'event=request.*target="/v1/documents?' log; }
before=$(asks)
at mofa-vice-minister --json list --mine-first --limit 50 --sort name >work/page.0
[ $(($(asks) - before)) -le 6 ] && ok "so few questions are enough" || not_ok "so few questions are enough: $(($(asks) - before))"
expect "and it is found" 0 "agreement/a077" sh -c 'python3 -c "import json; print(json.load(open(\"work/page.0\"))[\"documents\"][2][\"document\"])"'
first "in each order" "2 1 129 health-protocol/waits health-protocol/also agreement/a077" --sort=date
first "with a filter, of which it is none" "2 0 0 health-protocol/also health-protocol/waits" --party iom --sort=-date
check "another comes" at mofa push agreement/new --text lo=work/lo.txt --text en=work/en.txt --title "en=New"
check "and a newer version of one that was opened" at mofa push agreement/a001 --text lo=work/lo.txt --text en=work/lo.txt --title "en=Agreement 1" --onto 1
check "and of the one that is kept" at mofa push agreement/a077 --text lo=work/lo.txt --text en=work/en.txt --title "en=Agreement 77" --onto 2
first "all of them are unread" "2 3 128 health-protocol/also health-protocol/waits agreement/a077 agreement/a001 agreement/new" --sort=-date
first "of a day of before" "0 0 0" --sort=-date --until 2026-01-01
first "of today" "2 3 128 health-protocol/also health-protocol/waits agreement/a077" --sort=-date --since "$(date -u -d yesterday +%Y-%m-%d)"
for one in a001 new a077; do at mofa-vice-minister fetch "agreement/$one" -o work/one.asice --force >/dev/null 2>&1; done
first "once they were opened they are not" "2 0 131 health-protocol/also health-protocol/waits agreement/a077" --sort=-date
check "by another policy it does not count" sh -c 'sed -i "s/^policy ../policy 00/; /^agreement/d" "$0"; "$1" --config offices/mofa-vice-minister/config.yaml list --mine-first --limit 50 >/dev/null && ! grep -q "^policy 00" "$0"' "$kept" "$valise"
echo x >"$kept"
first "what is damaged is made anew" "2 0 131 health-protocol/also health-protocol/waits agreement/a077" --sort=-date
expect "and has none" 0 "^2$" sh -c 'wc -l <"$0"' "$kept"
check "the one of before is unread again" at mofa push agreement/a077 --text lo=work/lo.txt --text en=work/lo.txt --title "en=Agreement 77" --onto 3

# --- Of the daemon's word, and of an older daemon. ---
curl_as mofa-vice-minister "/v1/documents?limit=200" >work/rows
[ "$(grep -o '"waits":true' work/rows | wc -l)" = 2 ] && ok "the daemon's rows say what waits" || not_ok "the daemon's rows say what waits"
curl_as iom-vientiane "/v1/documents?limit=200" >work/rows
[ "$(grep -c '"waits"' work/rows)" = 0 ] && ok "for whoever asks" || not_ok "for whoever asks"
limit=200
liar mofa-vice-minister say /v1/documents '"waits":true' '"waited":true'
first "an older daemon says it in no row" "2 1 130 health-protocol/also health-protocol/waits agreement/a077"
liar mofa-vice-minister say /v1/documents '"count":' '"counted":'
first "one before that neither counts nor sorts" "2 1 130 health-protocol/also health-protocol/waits agreement/a077"
no_line mofa-vice-minister
limit=50

# --- Without a line, all at once. ---
stop_daemon "$dir"
line=--local
at mofa-vice-minister --local --json list --sort=-date >work/due
limit=200
walk --sort=-date
got=$(python3 work/parts.py 2 2>&1)
[ "${got#2 * health-protocol/also health-protocol/waits}" != "$got" ] && ok "without a line" || not_ok "without a line: $got"
start_daemon "$dir"
finish
