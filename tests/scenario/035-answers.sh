#!/bin/sh
# A depositary answers something else than it was asked or sent
# (tests/lib/liar.c): each command finds that, or says what is not proved.
# The table of lies in docs/security.md is made of these rows (LIES_TABLE=FILE).
. "$(dirname "$0")/lib.sh"
table=${LIES_TABLE:-$dir/work/table.md}
printf '| what it answers | to which command | finding |\n| --- | --- | --- |\n' >"$table"
# LIE COMMAND FINDING PATTERN RUN…: it is found, by this name and in these words
lie() {
	what=$1 command=$2 finding=$3 words=$4; shift 4
	printf '| %s | `valise %s` | `%s` |\n' "$what" "$command" "$finding" >>"$table"
	expect "$command: $what" 1 "$words" "$@"
	grep -q "\"$finding\"" work/out && ok "…by its name" || { not_ok "$command: $what: it is not $finding"; tail -n 3 work/out >&2; }
}
json() { office=$1; shift; at "$office" --json "$@"; }
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
sign() { at "$1" sign "$2" --yes; }
deposit mofa one >/dev/null; sign mofa-minister agreement/one >/dev/null 2>&1; sign iom-chief-of-mission agreement/one >/dev/null 2>&1
sees iom-vientiane one; deposit iom-vientiane one "Article 2" >/dev/null; sign mofa-minister agreement/one >/dev/null 2>&1; sign iom-chief-of-mission agreement/one >/dev/null 2>&1
sees mofa one; deposit mofa one "Article 3" >/dev/null
deposit mofa two >/dev/null; deposit mofa three >/dev/null
at iom-vientiane push health-protocol/tb --text en=work/en.txt --title en=TB >/dev/null
# The entry of an act: PATTERN of its line in the log
entry() { at mofa log | grep -e "$1" | head -1 | cut -d' ' -f1; }
outbox() { ls offices/"$1"/state/*/outbox 2>/dev/null | wc -l; }
forget() { rm -rf offices/"$1"/state/*/acts; }

# --- Acts: the receipt is of what was sent. ---
for what in "an earlier one|minister.*sign .*one@1" "its delivery|minister.*deliver" "another person's|chief.*sign .*one@2"; do
	liar mofa-minister swallow /signatures "$(entry "${what#*|}")"
	rm -f offices/mofa-minister/state/*/outbox/*
	lie "drops a signature: the receipt of ${what%%|*}" sign RECEIPT_DIFFERS "the receipt is not that of what was sent" json mofa-minister sign agreement/two --yes
	[ "$(outbox mofa-minister)" = 1 ] && lied /signatures && ok "it stays in the outbox" || not_ok "it stays in the outbox"
done
no_line mofa-minister
expect "an honest answer, later: those very bytes" 0 "signed agreement/two@1.*signed in part" sign mofa-minister agreement/two
[ "$(outbox mofa-minister)" = 0 ] && ok "then it is gone" || not_ok "then it is gone"

liar mofa-minister swallow /termination "$(entry "minister.*sign .*one@2")"
lie "drops a termination: the receipt of an earlier signature" terminate RECEIPT_DIFFERS "the receipt is not that of what was sent" json mofa-minister terminate agreement/one --reason over --yes
[ "$(outbox mofa-minister)" = 1 ] && ok "it stays in the outbox" || not_ok "it stays in the outbox"
no_line mofa-minister; rm -f offices/mofa-minister/state/*/outbox/*
for what in "an earlier version|mofa .*deposit .*two@1" "another document|mofa .*deposit .*one@1"; do
	liar mofa swallow /versions/ "$(entry "${what#*|}")"
	lie "drops a deposit: the receipt of ${what%%|*}" push RECEIPT_DIFFERS "the receipt is not that of what was sent" json mofa push agreement/two --text lo=work/lo.txt --text en=work/one.txt --title en=Two
	[ "$(outbox mofa)" = 1 ] && ok "it stays in the outbox" || not_ok "it stays in the outbox"
	rm -f offices/mofa/state/*/outbox/*
done
no_line mofa

expect "a bag" 0 "packed" at iom-geneva bag pack -o work/a.bag --to mofa agreement/one
liar iom-geneva swallow /v1/bags "$(entry "dispatch .*bag 1")"
lie "drops a waybill: the receipt of an earlier one" "bag pack" RECEIPT_DIFFERS "the receipt is not that of what was sent" json iom-geneva bag pack -o work/b.bag --to mofa agreement/one
check "then there is no bag" test ! -e work/b.bag
no_line iom-geneva
expect "it is opened" 0 "acknowledgement" at mofa bag open work/a.bag --into work/mofa
liar iom-geneva swallow /v1/bags "$(entry "dispatch .*bag 1")"
lie "drops an acknowledgement: the receipt of its bag" "bag ack" RECEIPT_DIFFERS "the receipt is not that of what was sent" json iom-geneva bag ack work/a.bag.ack
no_line iom-geneva
expect "a signature by bag" 0 "packed" sh -c "
	'$valise' --config offices/iom-chief-of-mission/config.yaml pull work/chief &&
	'$valise' --config offices/iom-chief-of-mission/config.yaml --local sign agreement/two --yes &&
	'$valise' --config offices/iom-chief-of-mission/config.yaml --local bag pack -o work/c.bag --to mofa --outbox"
liar mofa swallow /signatures "$(entry "chief.*sign .*one@1")"
lie "drops a signature that came by bag: the receipt of another one" "bag push" RECEIPT_DIFFERS "the receipt is not that of what was sent" json mofa bag push work/c.bag
no_line mofa
expect "and taken by an honest one, for who signed it" 0 "signed agreement/two@1 for chief-of-mission@iom.example" at mofa bag push work/c.bag
expect "once: the same again has the same receipt" 0 "signed agreement/two@1 for chief-of-mission@iom.example" at mofa bag push work/c.bag

# --- Entries: only what was asked for, once, in order, and nothing left out. ---
commands="history show fetch"
run() { case $1 in fetch) json iom-bangkok fetch "$2" --force -o work/fetched.asice ;; *) json iom-bangkok "$1" "$2" ;; esac; }
for command in $commands; do
	[ $command = history ] && gap=OUT_OF_ORDER in="not follow\|out of order" || gap=ENTRY_WITHHELD in="does not show all acts"
	forget iom-bangkok; liar iom-bangkok ask "&document=agreement%2Ftwo" ""
	lie "entries of other documents too" $command ANSWER_DIFFERS "was not asked for" run $command agreement/two
	forget iom-bangkok; liar iom-bangkok ask "document=agreement%2Ftwo" "document=agreement%2Fone"
	lie "entries of another document instead" $command ANSWER_DIFFERS "was not asked for" run $command agreement/two
	forget iom-bangkok; liar iom-bangkok lines document=agreement%2Fone twice
	lie "an entry twice" $command ANSWER_DIFFERS "out of order, or one is there twice" run $command agreement/one
	forget iom-bangkok; liar iom-bangkok lines document=agreement%2Fone swap
	[ $command = history ] && swapped=ANSWER_DIFFERS || swapped=$gap
	lie "two entries of a document, changed about" $command $swapped "$in" run $command agreement/one
	for n in 0 1 3; do
		forget iom-bangkok; liar iom-bangkok lines document=agreement%2Fone drop=$n
		lie "leaves out act $((n + 1)) on a document" $command $gap "$in" run $command agreement/one
	done
	check "$command wrote nothing" test ! -e work/fetched.asice
done
no_line iom-bangkok
forget mofa; liar mofa ask "&act=documents" ""
lie "acts of another kind too" show ANSWER_DIFFERS "was not asked for" json mofa show agreement/one
for filter in "office=mofa" "person=treaties%40mofa.example" "act=deposit"; do
	liar mofa ask "$filter" "x=1"
	name=${filter%%=*} value=$(printf %s "${filter#*=}" | sed 's/%40/@/')
	lie "entries of every $name" "log --$name" ANSWER_DIFFERS "was not asked for" json mofa log "--$name" "$value"
done
liar mofa lines office=mofa swap
lie "two entries, changed about" "log" ANSWER_DIFFERS "out of order, or one is there twice" json mofa log --office mofa
liar mofa lines office=mofa twice
lie "an entry twice" "log" ANSWER_DIFFERS "out of order, or one is there twice" json mofa log --office mofa
liar mofa lines "limit=2000&from=0" drop=5
lie "leaves out an act" log OUT_OF_ORDER "not follow" json mofa log
no_line mofa; liar mofa-minister ask "&document=agreement%2Fthree" ""
lie "another document's entry into force, as this one's" sign ANSWER_DIFFERS "was not asked for" json mofa-minister sign agreement/three --yes
no_line mofa-minister

# The newest act left out: nothing follows it, but it was seen, or is in the copy.
forget iom-geneva; liar iom-geneva lines document=agreement%2Ftwo drop=3
lie "leaves out the newest act, which its copy proves" fetch ENTRY_WITHHELD "which the daemon does not show" json iom-geneva fetch agreement/two --force -o work/fetched.asice
no_line iom-geneva; expect "show, honestly" 0 "version 1, in force" at iom-geneva show agreement/two
n=$(at iom-geneva history agreement/two | grep -n " force " | cut -d: -f1)
liar iom-geneva lines document=agreement%2Ftwo drop=$((n - 2))
lie "leaves out the newest act, which this office has seen" history ENTRY_WITHHELD "does not show entry [0-9]* on agreement/two any more" json iom-geneva history agreement/two
# The same, after an answer that does not follow what is kept: all is asked anew.
next=$(($(entry "force .*two@1") + 1))
liar iom-geneva ask "from=$next&" "from=0&" lines "from=0&" drop=3
lie "leaves out the newest act, which was proved before, of all that are asked anew" show ENTRY_WITHHELD "does not show entry $((next - 1)), an act on agreement/two that was proved before" json iom-geneva show agreement/two
grep -q "^$((next - 1)) " offices/iom-geneva/state/*/acts/agreement--two && ok "it is not forgotten" || not_ok "it is not forgotten"
forget iom-geneva; liar iom-geneva ask "document=agreement%2Ftwo" "document=agreement%2Fnone"
lie "no act at all on a document that it lists" show ENTRY_WITHHELD "the daemon knows agreement/two, and shows no act on it" json iom-geneva show agreement/two
no_line iom-geneva; at mofa-minister show agreement/three >/dev/null
liar mofa-minister lines act=documents drop=0
lie "the receipt of what was signed, and not its entry" sign ENTRY_WITHHELD "does not show it among the acts" json mofa-minister sign agreement/three --yes
grep -q "what you signed is entry [0-9]* of the journal" work/out && ok "that it is there is told" || not_ok "that it is there is told"
no_line mofa-minister

# --- Versions. ---
liar iom-bangkok ask versions/latest versions/2
lie "an older version as the newest" fetch VERSION_DIFFERS "the daemon sent agreement/one@2 instead" json iom-bangkok fetch agreement/one@latest --force -o work/fetched.asice
liar iom-bangkok ask versions/2 versions/3
lie "a draft as what is in force" fetch VERSION_DIFFERS "the daemon sent agreement/one@3 instead" json iom-bangkok fetch agreement/one --force -o work/fetched.asice
liar iom-bangkok ask versions/2 versions/1
lie "another version" fetch VERSION_DIFFERS "the daemon sent agreement/one@1 instead" json iom-bangkok fetch agreement/one@2 --force -o work/fetched.asice
liar iom-bangkok ask documents/agreement/one/ documents/agreement/two/
lie "another document" fetch VERSION_DIFFERS "the daemon sent agreement/two@1 instead" json iom-bangkok fetch agreement/one@1 --force -o work/fetched.asice
check "nothing is written" test ! -e work/fetched.asice
no_line iom-bangkok
expect "a superseded version says so" 0 "VALID, superseded" at iom-bangkok fetch agreement/one@1 --force -o work/fetched.asice
expect "one in force under a draft says so" 0 "VALID, in force" at iom-bangkok fetch agreement/one@2 --force -o work/fetched.asice

# --- The list, and what show tells. ---
rows='"status":"in force"'
expect "list: nothing is proved at first" 0 "agreement/two  *1  *in force  *no " at iom-geneva list
expect "--json" 0 '"document":"agreement/two".*"proved":false' at iom-geneva --json list
liar iom-geneva say /v1/documents "$rows" '"status":"draft"'
expect "a row that lies is marked as not proved" 0 "agreement/two  *1  *draft  *no " at iom-geneva list
lie "another status of a document" "list --proved" ANSWER_DIFFERS "not an answer: agreement/two is not as its acts say" json iom-geneva list --proved
no_line iom-geneva
expect "an honest list is proved" 0 "agreement/two  *1  *in force  *but title " at iom-geneva list --proved
expect "--json" 0 '"document":"agreement/two","title":"The two",.*"status":"in force",.*"proved":true,"title-proved":false' at iom-geneva --json list --proved
expect "which is kept" 0 "agreement/two  *1  *in force  *but title " at iom-geneva list
for lie in "$rows" '"version":1' '"digest":"'; do
	new=$(printf %s "$lie" | sed 's/in force/draft/; s/1/7/; s/"digest":"/"digest":"00/')
	liar iom-geneva say /v1/documents "$lie" "$new"
	name=${lie#\"}; name=${name%%\"*}
	lie "another $name of a document than was proved before" list ANSWER_DIFFERS "is not as its acts say" json iom-geneva list
done
expect "show does not ask for a status" 0 "version 1, in force" at iom-geneva show agreement/two
no_line iom-geneva
at iom-geneva fetch agreement/two --force -o work/two.asice >/dev/null
expect "a title is proved once it was fetched" 0 "agreement/two  *1  *in force  *yes " at iom-geneva list --proved
liar iom-geneva say /v1/documents "The two" "The too"
lie "another title of a version that was fetched" list ANSWER_DIFFERS "another title than its version.yaml" json iom-geneva list --proved
expect "show has the right one" 0 "agreement/two  The two" at iom-geneva show agreement/two
liar iom-geneva say /v1/documents '"in-force":{"version":2' '"in-force":{"version":1'
lie "another version as in force" "list --proved" ANSWER_DIFFERS "agreement/one is not as its acts say" json iom-geneva list --proved
liar iom-geneva say /version.yaml "The one" "The two"
lie "another version.yaml than that of the version" show ANSWER_DIFFERS "another version.yaml than that of agreement/one@1" json iom-geneva show agreement/one@1
no_line iom-geneva; liar mofa ask "type=agreement" "x=1"
lie "documents of every type" "list TYPE" ANSWER_DIFFERS "was not asked for" json mofa list agreement
no_line mofa
liar iom-geneva ask "status=draft" "x=1"
lie "documents of every status" "list --status" ANSWER_DIFFERS "was not asked for" json iom-geneva list --status draft
liar iom-geneva say /v1/documents agreement/three agreement/aa
lie "documents out of order" list ANSWER_DIFFERS "out of order, or there twice" json iom-geneva list
liar iom-geneva say /v1/documents agreement/three agreement/two
lie "a document twice" list ANSWER_DIFFERS "out of order, or there twice" json iom-geneva list
liar iom-geneva say /v1/documents agreement/three ../../../three
expect "list: what is no name" 2 "does not name a document" at iom-geneva list
no_line iom-geneva

# --- What is kept. ---
kept=$(ls offices/iom-geneva/state/*/acts/agreement--two)
check "the acts of a document are kept" grep -q '^valise acts 1$' "$kept"
sed -i 's/"act":"sign"/"act":"sigh"/' "$kept"
expect "a damaged file is asked anew" 0 "version 1, in force" at iom-geneva show agreement/two
check "and kept again" grep -q '"act":"sign"' "$kept"
head -c 300 "$kept" >work/cut && cp work/cut "$kept"
expect "one cut short too" 0 "version 1, in force" at iom-geneva show agreement/two
printf 'valise acts 1\ndocument agreement/two\nsize 999999\nseen 2026-01-01T00:00:00Z\n' >work/kept
{ cat work/kept; echo "sha256 $(sha256sum <work/kept | cut -c1-64)"; } >"$kept"
expect "one of a journal that is not there yet too" 0 "version 1, in force" at iom-geneva show agreement/two
chmod 500 "$(dirname "$kept")"
expect "where nothing can be kept, it is proved all the same" 0 "version 1, in force" at iom-geneva show agreement/two
chmod 700 "$(dirname "$kept")"

# What a document of many versions costs: what is new.
# The line ends with its connections; then the count is complete.
carried() { kill -HUP "$line_pid"; wait "$line_pid" 2>/dev/null; line_pid=; count=$(cat work/count); }
n=1; while [ $n -le 40 ]; do deposit mofa many "text $n" >/dev/null; n=$((n + 1)); done
line iom-geneva; at iom-geneva show agreement/many >/dev/null; carried; first=$count
line iom-geneva; expect "show" 0 "version 40, draft" at iom-geneva show agreement/many@40
carried; again=$count
deposit mofa many "text 41" >/dev/null
line iom-geneva; expect "and one more" 0 "version 41, draft" at iom-geneva show agreement/many@41
carried; more=$count
no_line iom-geneva
[ "$again" -lt $((first / 4)) ] && [ "$more" -lt $((first / 4)) ] && ok "cost what is new ($first, then $again, and $more bytes)" || not_ok "cost what is new ($first, then $again, and $more bytes)"
copy=$(stat -c %s work/two.asice)
for command in "fetch agreement/many -o work/many.asice" "sign agreement/many --yes"; do
	at mofa-minister show agreement/many >/dev/null; line mofa-minister
	expect "${command%% *} of it" 0 "agreement/many@41" at mofa-minister $command; carried; again=$count
	no_line mofa-minister
	[ "$again" -lt $((copy + first / 2)) ] && ok "costs the copy and what is new ($again bytes)" || not_ok "costs the copy and what is new ($again bytes)"
done

# A depositary and an office that were both put back, but for the acts kept.
stop_daemon "$dir"; keep_data before; cp -a offices/iom-geneva/state work/state
start_daemon "$dir"; deposit mofa two "Article 9" >/dev/null 2>&1
expect "a second version" 0 "version 2, draft" at iom-geneva show agreement/two
stop_daemon "$dir"; take_data before
cp -a offices/iom-geneva/state/*/acts work/acts; rm -rf offices/iom-geneva/state; mv work/state offices/iom-geneva/state
for f in work/acts/*; do cp "$f" offices/iom-geneva/state/*/acts/; done
start_daemon "$dir"
expect "that is in no journal any more" 0 "version 1, in force" at iom-geneva show agreement/two
grep -q "version 2" work/out && not_ok "is not told" || ok "is not told"
# The table that is told is the one that was tried.
sed -n '/<!-- lies -->/,/<!-- end -->/p' "$top/docs/security.md" | sed '1d;$d' >work/told.md
check "docs/security.md has this very table" diff work/told.md "$table"
finish
