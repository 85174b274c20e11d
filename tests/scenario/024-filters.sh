#!/bin/sh
# The register as pages and programs ask the daemon for it: filters, orders,
# pages; what is no answer to that at the command.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-vientiane iom-bangkok >/dev/null
unset LC_ALL LC_MESSAGES LANG
# The day may end meanwhile.
today=$(date -u +%Y-%m-%d) before=$(date -u -d "-1 day" +%Y-%m-%d)
put() {
	office=$1 document=$2; printf '%s\n' "$3" >work/t.txt; shift 3
	at "$office" push "$document" --text lo=work/lo.txt --text en=work/t.txt "$@"
}
check "an agreement" put mofa agreement/border "Article 1" --title "en=Border Crossings" --title "lo=ຂ້າມແດນ"
for who in mofa-minister iom-chief-of-mission; do at $who sign agreement/border --yes >/dev/null 2>&1; done
at iom-vientiane fetch agreement/border -o work/o.asice >/dev/null
check "a draft of the other party" put iom-vientiane agreement/border "Article 2" --title "en=Border Crossings and Transit" --title "lo=ຂ້າມແດນ"
check "another" put iom-vientiane agreement/labour "Article 1" --title "en=Labour Migration"
check "a third" put mofa agreement/cut "Article 1" --title "en=A long title of many words"
check "a protocol" at iom-vientiane push health-protocol/tb --text en=work/en.txt --title "en=Études on TB"

# --- Asked of the daemon. ---
# OFFICE QUERY: the names, the count, and whether there is more
ask() {
	curl_as "$1" "/v1/documents?$2" >work/answer
	python3 -c 'import json
page = json.load(open("work/answer"))
print(*([r["document"].split("/")[1] for r in page["documents"]] if "documents" in page else [page["status"], page["code"]]),
      page.get("count", "-"), "more" if page.get("cursor") else "end")' 2>&1
}
asked() { name=$1 query=$2 due=$3; got=$(ask "${4:-iom-bangkok}" "$query"); [ "$got" = "$due" ] && ok "$name" || not_ok "$name: $got"; }
asked "the daemon searches for words" "q=crossings" "border - end"
asked "for each of them, in any order and language" "q=transit%20%E0%BA%82%E0%BB%89%E0%BA%B2%E0%BA%A1" "border - end"
asked "as a form sends it" "q=transit+%E0%BA%82%E0%BB%89" "border - end"
asked "in names" "q=LAB" "labour - end"
asked "for nothing it finds nothing" "q=crossings%20labour" "- end"
asked "by office, of the newest version or the one in force" "office=mofa" "border cut - end"
asked "by party" "party=iom" "border labour tb - end"
asked "by an office that is not" "office=none" "- end"
asked "by language of a text" "language=lo" "border cut labour - end"
asked "and another" "language=fr" "- end"
asked "from a day" "from=$today" "border cut labour tb - end"
asked "until a day, that day included" "until=$(date -u +%Y-%m-%d)&limit=2" "border cut 4 more"
asked "until the day before" "until=$before" "- end"
asked "since is from" "since=$(date -u -d '+2 days' +%Y-%m-%d)" "- end"
asked "what waits for a signature" "waits=me" "border cut labour tb - end" mofa-minister
asked "and not for one without full powers" "waits=me" "- end"
check "who signs" at mofa-minister sign agreement/labour --yes
asked "is not waited for any more" "waits=me" "border cut tb - end" mofa-minister
asked "by title" "sort=title" "cut border tb labour 4 end"
asked "descending" "sort=-title" "labour tb border cut 4 end"
asked "in Lao, else in English" "sort=title:lo" "cut tb labour border 4 end"
asked "by date" "sort=-date" "tb cut labour border 4 end"
asked "by type" "sort=-type" "tb border cut labour 4 end"
asked "by name, descending" "sort=-name" "tb labour cut border 4 end"
asked "all at once" "q=o&type=agreement&party=iom&sort=-date&limit=1" "labour 2 more"
next() { python3 -c 'import json, urllib.parse; print(urllib.parse.quote(json.load(open("work/answer"))["cursor"], safe=""))'; }
for sort in name -name title -title:lo date -date status -status type; do
	due=$(ask iom-bangkok "sort=$sort&limit=4") got= cursor=
	while true; do
		page=$(ask iom-bangkok "sort=$sort&limit=1&cursor=$cursor"); got="$got ${page%% *}"
		case $page in *more) cursor=$(next) ;; *) break ;; esac
	done
	[ "$got 4 end" = " $due" ] && ok "by $sort one at a time" || not_ok "by $sort one at a time: $got, not $due"
done
ask iom-bangkok "sort=-date&limit=1" >/dev/null; cursor=$(next)
for wrong in limit=0 limit=1001 limit=x limit=-1 sort=size sort=date:lo waits=you status=final language=EN from=today \
	until=2026-13-01 "from=2026-01-01&since=2026-01-01" q=%ff "q=$(printf '%0201d' 0)" "q=a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a%20a" \
	cursor=x "cursor=$cursor" "sort=date&cursor=$cursor" "sort=-date&cursor=${cursor}x~" "q=a&q=b" "limit=1&limit=2"; do
	asked "refused: $wrong" "$wrong" "400 USAGE - end"
done
asked "the cursor is good in its order" "sort=-date&cursor=$cursor" "cut labour border 4 end"
check "a new one" put mofa agreement/airport "Article 1" --title "en=Airport"
asked "one that comes meanwhile does not move the others" "sort=-date&cursor=$cursor" "cut labour border 5 end"
asked "or is on its own page" "sort=name&limit=9&cursor=agreement%2Fairport" "border cut labour tb 5 end"

# --- By the command. ---
rows() { who=$1; shift; at $who "$@" 2>/dev/null | sed -n 's|^[a-z-]*/\([a-z-]*\) .*|\1|p' | tr '\n' ' '; }
is() { name=$1 due=$2; shift 2; got=$(rows "$@"); [ "$got" = "$due" ] && ok "$name" || not_ok "$name: $got"; }
is "each of the words" "border " iom-bangkok list --search "ຂ້າມ transit"
is "a language" "airport border cut labour " iom-bangkok list --language lo
is "none in another" "" iom-bangkok list --language fr
is "until today" "airport border cut labour tb " iom-bangkok list --since "$today" --until "$(date -u +%Y-%m-%d)"
is "none until yesterday" "" iom-bangkok list --until "$before"
is "what waits for a signature" "airport border cut tb " mofa-minister list --waits
expect "is proved" 0 "agreement/cut  *1  *draft  *but title" at mofa-minister list --waits
is "and not for others" "" iom-bangkok list --waits
is "sorted by title" "cut airport border tb labour " iom-bangkok list --sort title
is "in Lao" "cut airport tb labour border " iom-bangkok list --sort title:lo
is "the newest first" "airport tb cut labour border " iom-bangkok list --sort=-date
is "the first of them" "airport tb " iom-bangkok list --sort=-date --limit 2
expect "how many there are is said" 0 "the first 2 of 5, as the daemon counts them" at iom-bangkok list --sort=-date --limit 2
cursor() { at iom-bangkok --json list "$@" | tr -d '\n' | sed -n 's/.*"cursor": *"\([^"]*\)".*/\1/p'; }
is "those that come next" "cut labour " iom-bangkok list --sort=-date --limit 2 --cursor "$(cursor --sort=-date --limit 2)"
is "and the last" "border " iom-bangkok list --sort=-date --limit 2 --cursor "$(cursor --sort=-date --limit 2 --cursor "$(cursor --sort=-date --limit 2)")"
check "behind which there is nothing" test -z "$(cursor --sort=-date --limit 5)"
is "the first by name" "airport border " iom-bangkok list --limit 2
is "and then" "cut labour " iom-bangkok list --limit 2 --cursor "$(cursor --limit 2)"
expect "a cursor is of pages" 2 "needs --limit" at iom-bangkok list --cursor agreement/cut
expect "a cursor that is none" 2 "cursor" at iom-bangkok list --sort=-date --limit 2 --cursor "-x~y"
expect "a long one" 2 "the cursor is none" at iom-bangkok list --limit 2 --cursor "$(printf '%02000d' 0)"
expect "none without a line" 2 "--cursor" at iom-bangkok --local list --limit 2 --cursor agreement/cut
is "of those that match" "labour " iom-bangkok list --party iom --sort=-name agreement --limit 1
expect "in JSON" 0 '"count": *2' at iom-bangkok --json list --party iom --sort=-name agreement --limit 1
is "all versions, sorted" "border labour airport border cut tb " iom-bangkok list --all-versions --sort=-status
expect "no such order" 2 '"size" is no order: name, title' at iom-bangkok list --sort size
expect "no language" 2 '"Lao" is no language' at iom-bangkok list --language Lao
expect "no number" 2 '"0" is no number of documents' at iom-bangkok list --limit 0
expect "no date" 2 'neither a date' at iom-bangkok list --until tomorrow

# --- A daemon that answers something else. ---
liar iom-bangkok say /v1/documents "Labour Migration" "Labour Matters"
is "a row without the words is left out" "" iom-bangkok list --search migration
liar iom-bangkok say /v1/documents '"office":"mofa"' '"office":"iom-vientiane"'
is "whose a row is its acts tell, where they are known" "airport border cut " iom-bangkok list --office mofa
liar iom-bangkok say /v1/documents '"time":"20' '"time":"19'
is "and of which day" "airport border cut labour " iom-bangkok list --since "$today" --until "$(date -u +%Y-%m-%d)" agreement --limit 9
liar iom-bangkok say /v1/documents '"status":"draft"' '"status":"terminated"'
expect "one of another status is no answer" 1 "not an answer: .* was not asked for" at iom-bangkok list --status draft
liar iom-bangkok say /v1/documents '"status":"draft"' '"status":"in force"'
expect "nor is one that its acts contradict" 1 "is not as its acts say" at iom-bangkok list --search cut --proved
liar iom-bangkok say /v1/documents 'agreement/cut' 'agreement/border'
expect "nor one that is there twice" 1 "out of order, or there twice" at iom-bangkok list --limit 5
is "in another order it is left out" "tb airport border labour " iom-bangkok list --sort=-type --limit 5
liar iom-bangkok say /v1/documents '"cursor":null' '"cursor":"zz/zz"'
expect "a list that goes round is none" 8 "goes round in circles" at iom-bangkok list
liar iom-bangkok say /v1/documents '"cursor":null' '"cursor":"-type~6e6f6e65~agreement/none"'
expect "in another order too" 2 "cursor" at iom-bangkok list --sort=-type --limit 9
no_line iom-bangkok
one=$(cursor --sort=-type --limit 1) two=$(cursor --sort=-type --limit 2)
# Each of two cursors leads to the other, and no page has a row.
liar iom-bangkok say /v1/documents '"documents":[' '"documents":[],"rest":[' say /v1/documents '"cursor":null' "\"cursor\":\"$one\"" \
	say "%2F${one##*/}" "$one" "$two"
expect "nor do pages without a row go on for ever" 8 "goes round in circles" timeout 60 "$valise" --config offices/iom-bangkok/config.yaml list --mine-first --sort=-type --limit 99
check "it was asked more than once" test "$(grep -c '^lied' work/line)" -gt 4
liar iom-bangkok say /v1/documents "A long title of many words" "A brief title in many bits"
is "for a row that is left out another comes" "airport border labour " iom-bangkok list --search o --limit 3
is "and the next page begins behind that" "tb " iom-bangkok list --search o --limit 3 --cursor "$(cursor --search o --limit 3)"
# As an older daemon, which ignores what it does not know.
liar iom-bangkok say /v1/documents '"count":' '"counted":'
is "an older daemon's list is sorted here" "airport tb " iom-bangkok list --sort=-date --limit 2
is "and filtered" "labour " iom-bangkok list --search migration --limit 2
expect "it does not know languages" 2 "this daemon is older" at iom-bangkok list --language lo
no_line iom-bangkok

# --- Without a line. ---
at iom-bangkok pull work/copy >/dev/null
at mofa-minister pull work/copy2 >/dev/null
stop_daemon "$dir"
is "locally: words" "border " iom-bangkok --local list --search "transit ຂ້າມ"
is "a language" "airport border cut labour " iom-bangkok --local list --language lo
is "the newest first" "airport tb " iom-bangkok --local list --sort=-date --limit 2
expect "of how many" 0 "the first 2 of 5" at iom-bangkok --local list --sort=-date --limit 2
is "until yesterday" "" iom-bangkok --local list --until "$before"
is "what waits" "airport border cut tb " mofa-minister --local list --waits
start_daemon "$dir"
finish
