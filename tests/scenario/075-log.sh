#!/bin/sh
# The audit trail as people and programs read it.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-bangkok iom-geneva >/dev/null
deposit mofa one >/dev/null
expect "the last line says what it was proved against" 0 "^[0-9]* entries, all proved to be in the journal of 20[0-9T:Z-]*, size [0-9]*$" at mofa log
expect "one entry too" 0 "^1 entry, proved to be" at mofa log --act deposit
at mofa log --csv >work/log.csv
expect "CSV has a heading" 0 "^entry,time,office,person,act,document,version,what" head -n 1 work/log.csv
expect "and a line an entry, with the version apart" 0 "^[0-9]*,20[0-9T:Z-]*,mofa,treaties@mofa.example,deposit,agreement/one,1,agreement/one@1" grep deposit work/log.csv
check "as many as the table" test "$(wc -l <work/log.csv)" = "$(($(at mofa log | wc -l) - 1))"
expect "CSV and JSON are not asked for at once" 2 "not both" at mofa --json log --csv
expect "JSON says what it was proved against" 0 '"size":[0-9]*,"root":"[0-9a-f]*","witnessed"' at mofa --json log
# What an office may not see it is not told of.
at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
expect "an auditor sees who fetched what" 0 "geneva@iom.example" at mofa log --act deliver
expect "another office does not" 0 "^0 entries" at iom-bangkok log --act deliver
# What belongs to no type is seen by whoever audits any.
enrol "$dir" iom-vientiane >/dev/null
expect "a document of no type is refused" 3 "no such type" at iom-bangkok show nosuch/doc
for office in mofa iom-geneva; do expect "which $office sees, who audits" 0 "bangkok@iom.example.*nosuch/doc" at $office log --act refuse; done
expect "and an office that audits nothing does not" 0 "^0 entries" at iom-vientiane log --act refuse
expect "a day's entries" 0 "^0 entries" at mofa log --until 2020-01-01
today=$(at mofa log --act policy | sed -n '2s/^[0-9]* *\([0-9-]*\)T.*/\1/p')
expect "until a day is that day too" 0 "^1 entry" at mofa log --act policy --since "$today" --until "$today"
expect "until a time ends before it" 0 "^0 entries" at mofa log --act policy --until "${today}T00:00:00Z"
# --newest
at mofa --json log --act deposit >work/all.json
entries_of() { python3 -c 'import json, sys; print(*(e["index"] for e in json.load(open(sys.argv[1]))["entries"]))' "$1"; }
field() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }
for i in 1 2 3 4; do deposit mofa "newest-$i" >/dev/null; done
at mofa --json log --act deposit >work/all.json
all=$(entries_of work/all.json)
at mofa --json log --act deposit --newest 2 >work/new.json
check "the newest of those that were asked for" test "$(entries_of work/new.json)" = "$(echo "$all" | awk '{print $(NF-1), $NF}')"
first=$(entries_of work/new.json | cut -d' ' -f1)
at mofa --json log --act deposit --newest 2 --before "$first" >work/older.json
check "and those before them" test "$(entries_of work/older.json)" = "$(echo "$all" | awk '{print $(NF-3), $(NF-2)}')"
at mofa --json log --act deposit --newest 100 >work/new.json
check "more than there are: all" test "$(entries_of work/new.json)" = "$all"
check "there are none before" test "$(field work/new.json from)" = 0
expect "those before the first: none" 0 "^0 entries" at mofa log --newest 5 --before 0
expect "by date too" 0 "^0 entries" at mofa log --newest 5 --until 2020-01-01
expect "at least one" 2 "newest is 1 to" at mofa log --newest 0
expect "a number" 2 "newest is 1 to" at mofa log --newest x
expect "before which entry" 2 "needs the number of an entry" at mofa log --newest 5 --before x
expect "before without newest" 2 "goes with --newest" at mofa log --before 5
expect "newest with follow" 2 "does not go with" at mofa log --newest 5 --follow
# --follow
"$valise" --config offices/mofa/config.yaml log -f >work/follow 2>work/follow.err & follow=$!
"$valise" --config offices/mofa/config.yaml --json log --follow --act deposit >work/follow.json 2>/dev/null & json=$!
until_line() { i=0; until grep -q "$1" "$2"; do i=$((i + 1)); [ $i -lt 400 ] || return 1; sleep 0.05; done; }
check "following begins with what there is" until_line "agreement/one@1" work/follow
deposit mofa two >/dev/null
check "and goes on with what comes" until_line "agreement/two@1" work/follow
check "a line of JSON each" until_line '"document":"agreement/two"' work/follow.json
stop_daemon "$dir"
check "a cut is waited out" until_line "trying again" work/follow.err
start_daemon "$dir"
deposit mofa three >/dev/null
check "and nothing is missed" until_line "agreement/three@1" work/follow
kill -INT $follow; wait $follow
check "Ctrl-C ends it, exit 0" test $? = 0
kill $json; wait $json
check "SIGTERM too" test $? = 0
check "with whole lines" test "$(tail -c 1 work/follow | od -An -tx1)$(tail -c 1 work/follow.json | od -An -tx1)" = " 0a 0a"
check "each line an object" sh -c 'while read -r line; do printf "%s" "$line" | python3 -c "import json, sys; json.load(sys.stdin)[\"entry\"]" || exit; done <work/follow.json'
check "each entry once" test "$(grep -c 'agreement/two@1' work/follow)" = 1
expect "an act that there is not is told" 2 "there is no act" at mofa log --act nonsense
finish
