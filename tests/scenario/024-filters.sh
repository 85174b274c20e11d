#!/bin/sh
# The register as pages and programs ask the daemon for it: filters, orders,
# pages; what is no answer to that at the command.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-vientiane iom-bangkok >/dev/null
unset LC_ALL LC_MESSAGES LANG
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
asked "from a day" "from=$(date -u +%Y-%m-%d)" "border cut labour tb - end"
asked "until a day, that day included" "until=$(date -u +%Y-%m-%d)&limit=2" "border cut 4 more"
asked "until the day before" "until=$(date -u -d '-1 day' +%Y-%m-%d)" "- end"
asked "since is from" "since=$(date -u -d '+1 day' +%Y-%m-%d)" "- end"
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
finish
