#!/bin/sh
# A depositary that answers something else than what it was asked or sent
# (tests/lib/liar.c): each command finds it, or says what is not proved.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
sign() { at "$1" sign "$2" --yes; }
deposit mofa one >/dev/null; sign mofa-minister agreement/one >/dev/null 2>&1; sign iom-chief-of-mission agreement/one >/dev/null 2>&1
deposit iom-vientiane one "Article 2" >/dev/null; sign mofa-minister agreement/one >/dev/null 2>&1; sign iom-chief-of-mission agreement/one >/dev/null 2>&1
deposit mofa one "Article 3" >/dev/null
deposit mofa two >/dev/null; deposit mofa three >/dev/null
at iom-vientiane push health-protocol/tb --text en=work/en.txt --title en=TB >/dev/null
# The entry of an act: PATTERN of its line in the log
entry() { at mofa log | grep -e "$1" | head -1 | cut -d' ' -f1; }
outbox() { ls offices/"$1"/state/*/outbox 2>/dev/null | wc -l; }
forget() { rm -rf offices/"$1"/state/*/acts; }

# --- Acts: the receipt is of what was sent. ---
for what in "minister.*sign .*one@1" "minister.*deliver" "chief.*sign .*one@2"; do
	liar mofa-minister swallow /signatures "$(entry "$what")"
	rm -f offices/mofa-minister/state/*/outbox/*
	expect "a signature is dropped, and answered with the receipt of another entry ($what)" 1 "the receipt is not that of what was sent" sign mofa-minister agreement/two
	[ "$(outbox mofa-minister)" = 1 ] && lied /signatures && ok "it stays in the outbox" || not_ok "it stays in the outbox"
done
expect "as JSON, with its code" 1 '"code":"RECEIPT_DIFFERS"' at mofa-minister --json sign agreement/two --yes
no_line mofa-minister
expect "an honest answer, later: those very bytes" 0 "signed agreement/two@1.*signed in part" sign mofa-minister agreement/two
[ "$(outbox mofa-minister)" = 0 ] && ok "then it is gone" || not_ok "then it is gone"

liar mofa-minister swallow /termination "$(entry "minister.*sign .*one@2")"
expect "a termination is dropped" 1 "the receipt is not that of what was sent" at mofa-minister terminate agreement/one --reason over --yes
[ "$(outbox mofa-minister)" = 1 ] && ok "it stays in the outbox" || not_ok "it stays in the outbox"
no_line mofa-minister; rm -f offices/mofa-minister/state/*/outbox/*
for what in "mofa .*deposit .*two@1" "mofa .*deposit .*one@1"; do
	liar mofa swallow /versions/ "$(entry "$what")"
	expect "a deposit is dropped ($what)" 1 "RECEIPT_DIFFERS" at mofa --json push agreement/two --text lo=work/lo.txt --text en=work/one.txt --title en=Two
	[ "$(outbox mofa)" = 1 ] && ok "it stays in the outbox" || not_ok "it stays in the outbox"
	rm -f offices/mofa/state/*/outbox/*
done
no_line mofa

expect "a bag" 0 "packed" at iom-geneva bag pack -o work/a.bag --to mofa agreement/one
liar iom-geneva swallow /v1/bags "$(entry "dispatch .*bag 1")"
expect "a waybill is dropped" 1 "the receipt is not that of what was sent" at iom-geneva bag pack -o work/b.bag --to mofa agreement/one
check "then there is no bag" test ! -e work/b.bag
no_line iom-geneva
expect "it is opened" 0 "acknowledgement" at mofa bag open work/a.bag --into work/mofa
liar iom-geneva swallow /v1/bags "$(entry "dispatch .*bag 1")"
expect "an acknowledgement is dropped" 1 "the receipt is not that of what was sent" at iom-geneva bag ack work/a.bag.ack
no_line iom-geneva
expect "a signature by bag" 0 "packed" sh -c "
	'$valise' --config offices/iom-chief-of-mission/config.yaml pull work/chief &&
	'$valise' --config offices/iom-chief-of-mission/config.yaml --local sign agreement/two --yes &&
	'$valise' --config offices/iom-chief-of-mission/config.yaml --local bag pack -o work/c.bag --to mofa --outbox"
liar mofa swallow /signatures "$(entry "chief.*sign .*one@1")"
expect "is dropped by the daemon" 1 "the receipt is not that of what was sent" at mofa bag push work/c.bag
no_line mofa
expect "and taken by an honest one, for who signed it" 0 "signed agreement/two@1 for chief-of-mission@iom.example" at mofa bag push work/c.bag
expect "once: the same again has the same receipt" 0 "signed agreement/two@1 for chief-of-mission@iom.example" at mofa bag push work/c.bag

# --- Entries: only what was asked for, once, in order, and nothing left out. ---
commands="history show fetch"
run() { case $1 in fetch) at iom-bangkok fetch "$2" -o work/fetched.asice ;; *) at iom-bangkok "$1" "$2" ;; esac; }
for command in $commands; do
	[ $command = history ] && gap=OUT_OF_ORDER || gap="does not show all acts"
	forget iom-bangkok; liar iom-bangkok ask "&document=agreement%2Ftwo" ""
	expect "$command: other documents' entries" 1 "was not asked for" run $command agreement/two
	forget iom-bangkok; liar iom-bangkok ask "document=agreement%2Ftwo" "document=agreement%2Fone"
	expect "$command: another document's entries" 1 "was not asked for" run $command agreement/two
	forget iom-bangkok; liar iom-bangkok lines document=agreement%2Fone twice
	expect "$command: an entry that is there twice" 1 "out of order, or one is there twice" run $command agreement/one
	forget iom-bangkok; liar iom-bangkok lines document=agreement%2Fone swap
	expect "$command: entries out of order" 1 "$gap" run $command agreement/one
	for n in 0 1 3; do
		forget iom-bangkok; liar iom-bangkok lines document=agreement%2Fone drop=$n
		expect "$command: entry $n is left out" 1 "$gap" run $command agreement/one
	done
	check "$command wrote nothing" test ! -e work/fetched.asice
done
no_line iom-bangkok
forget mofa; liar mofa ask "&act=documents" ""
expect "show: acts of another kind" 1 "was not asked for" at mofa show agreement/one
for filter in "office=mofa" "person=treaties%40mofa.example" "act=deposit"; do
	liar mofa ask "$filter" "x=1"
	name=${filter%%=*} value=$(printf %s "${filter#*=}" | sed 's/%40/@/')
	expect "log --$name: the filter is dropped" 1 "was not asked for" at mofa log "--$name" "$value"
done
liar mofa lines office=mofa swap
expect "log: entries out of order" 1 "out of order, or one is there twice" at mofa log --office mofa
liar mofa lines office=mofa twice
expect "log: one twice" 1 "out of order, or one is there twice" at mofa log --office mofa
liar mofa lines "limit=2000&from=0" drop=5
expect "log of all: an act is left out" 1 OUT_OF_ORDER at mofa log
no_line mofa; liar mofa-minister ask "&document=agreement%2Fthree" ""
expect "sign: another's entry into force is not this one's" 1 "was not asked for" sign mofa-minister agreement/three
no_line mofa-minister

# The newest act left out: nothing follows it, but it was seen, or is in the copy.
forget iom-geneva; liar iom-geneva lines document=agreement%2Ftwo drop=3
expect "fetch: a copy proves an act that is not shown" 1 "which the daemon does not show" at iom-geneva fetch agreement/two -o work/fetched.asice
no_line iom-geneva; expect "show, honestly" 0 "version 1, in force" at iom-geneva show agreement/two
n=$(at iom-geneva history agreement/two | grep -n " force " | cut -d: -f1)
liar iom-geneva lines document=agreement%2Ftwo drop=$((n - 2))
expect "history: an act that was seen is gone" 1 "does not show entry [0-9]* on agreement/two any more" at iom-geneva history agreement/two
# The same, after an answer that does not follow what is kept: all is asked anew.
next=$(($(entry "force .*two@1") + 1))
liar iom-geneva ask "from=$next&" "from=0&" lines "from=0&" drop=3
expect "show: an act that was seen is gone, where all are asked anew" 1 "does not show entry $((next - 1)), an act on agreement/two that was proved before" at iom-geneva show agreement/two
grep -q "^$((next - 1)) " offices/iom-geneva/state/*/acts/agreement--two && ok "it is not forgotten" || not_ok "it is not forgotten"
forget iom-geneva; liar iom-geneva ask "document=agreement%2Ftwo" "document=agreement%2Fnone"
expect "show: a document of which no act is shown" 1 "the daemon knows agreement/two, and shows no act on it" at iom-geneva show agreement/two
no_line iom-geneva; at mofa-minister show agreement/three >/dev/null
liar mofa-minister lines act=documents drop=0
expect "sign: the act is in the journal, and not shown" 1 "does not show it among the acts" sign mofa-minister agreement/three
grep -q "what you signed is entry [0-9]* of the journal" work/out && ok "that it is there is told" || not_ok "that it is there is told"
no_line mofa-minister

# --- Versions. ---
liar iom-bangkok ask versions/latest versions/2
expect "fetch: an older version as the newest" 1 "the daemon sent agreement/one@2 instead" at iom-bangkok fetch agreement/one -o work/fetched.asice
liar iom-bangkok ask versions/2 versions/1
expect "fetch: another version" 1 "the daemon sent agreement/one@1 instead" at iom-bangkok fetch agreement/one@2 -o work/fetched.asice
liar iom-bangkok ask documents/agreement/one/ documents/agreement/two/
expect "fetch: another document" 1 "the daemon sent agreement/two@1 instead" at iom-bangkok fetch agreement/one@1 -o work/fetched.asice
check "nothing is written" test ! -e work/fetched.asice
no_line iom-bangkok
expect "a superseded version says so" 0 "VALID, superseded" at iom-bangkok fetch agreement/one@1 -o work/fetched.asice
expect "one in force under a draft says so" 0 "VALID, in force" at iom-bangkok fetch agreement/one@2 -o work/fetched.asice

# --- The list, and what show tells. ---
rows='"status":"in force"'
expect "list: nothing is proved at first" 0 "agreement/two  *1  *in force  *no " at iom-geneva list
expect "--json" 0 '"document":"agreement/two".*"proved":false' at iom-geneva --json list
liar iom-geneva say /v1/documents "$rows" '"status":"draft"'
expect "a row that lies is marked as not proved" 0 "agreement/two  *1  *draft  *no " at iom-geneva list
expect "--proved finds it" 1 "not an answer: agreement/two is not as its acts say" at iom-geneva list --proved
expect "with its code" 1 '"code":"ANSWER_DIFFERS"' at iom-geneva --json list --proved
no_line iom-geneva
expect "an honest list is proved" 0 "agreement/two  *1  *in force  *but title " at iom-geneva list --proved
expect "--json" 0 '"document":"agreement/two","title":"The two",.*"status":"in force",.*"proved":true,"title-proved":false' at iom-geneva --json list --proved
expect "which is kept" 0 "agreement/two  *1  *in force  *but title " at iom-geneva list
for lie in "$rows" '"version":1' '"digest":"'; do
	new=$(printf %s "$lie" | sed 's/in force/draft/; s/1/7/; s/"digest":"/"digest":"00/')
	liar iom-geneva say /v1/documents "$lie" "$new"
	expect "a row that is not as what is kept: $new" 1 "is not as its acts say" at iom-geneva list
done
expect "show does not ask for a status" 0 "version 1, in force" at iom-geneva show agreement/two
no_line iom-geneva
at iom-geneva fetch agreement/two -o work/two.asice >/dev/null
expect "a title is proved once it was fetched" 0 "agreement/two  *1  *in force  *yes " at iom-geneva list --proved
liar iom-geneva say /v1/documents "The two" "The too"
expect "a title that lies" 1 "another title than its version.yaml" at iom-geneva list --proved
expect "show has the right one" 0 "agreement/two  The two" at iom-geneva show agreement/two
no_line iom-geneva; liar mofa ask "type=agreement" "x=1"
expect "list: the type is dropped" 1 "was not asked for" at mofa list agreement
no_line mofa
liar iom-geneva ask "status=draft" "x=1"
expect "list: the status is dropped" 1 "was not asked for" at iom-geneva list --status draft
liar iom-geneva say /v1/documents agreement/three agreement/aa
expect "list: out of order" 1 "out of order, or there twice" at iom-geneva list
liar iom-geneva say /v1/documents agreement/three agreement/two
expect "list: one twice" 1 "out of order, or there twice" at iom-geneva list
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
carried() { until [ -s work/count ]; do sleep 0.01; done; cat work/count; }
n=1; while [ $n -le 40 ]; do deposit mofa many "text $n" >/dev/null; n=$((n + 1)); done
line iom-geneva; at iom-geneva show agreement/many >/dev/null; first=$(carried)
line iom-geneva; expect "show" 0 "version 40, draft" at iom-geneva show agreement/many@40
again=$(carried)
deposit mofa many "text 41" >/dev/null
line iom-geneva; expect "and one more" 0 "version 41, draft" at iom-geneva show agreement/many@41
more=$(carried)
no_line iom-geneva
[ "$again" -lt $((first / 4)) ] && [ "$more" -lt $((first / 4)) ] && ok "cost what is new ($first, then $again, and $more bytes)" || not_ok "cost what is new ($first, then $again, and $more bytes)"
copy=$(stat -c %s work/two.asice)
for command in "fetch agreement/many -o work/many.asice" "sign agreement/many --yes"; do
	at mofa-minister show agreement/many >/dev/null; line mofa-minister
	expect "${command%% *} of it" 0 "agreement/many@41" at mofa-minister $command; again=$(carried)
	no_line mofa-minister
	[ "$again" -lt $((copy + first / 2)) ] && ok "costs the copy and what is new ($again bytes)" || not_ok "costs the copy and what is new ($again bytes)"
done

# A depositary and an office that were both put back, but for the acts kept.
stop_daemon "$dir"; cp -a data work/data; cp -a offices/iom-geneva/state work/state
start_daemon "$dir"; deposit mofa two "Article 9" >/dev/null 2>&1
expect "a second version" 0 "version 2, draft" at iom-geneva show agreement/two
stop_daemon "$dir"; rm -rf data; mv work/data data
cp -a offices/iom-geneva/state/*/acts work/acts; rm -rf offices/iom-geneva/state; mv work/state offices/iom-geneva/state
for f in work/acts/*; do cp "$f" offices/iom-geneva/state/*/acts/; done
start_daemon "$dir"
expect "that is in no journal any more" 0 "version 1, in force" at iom-geneva show agreement/two
grep -q "version 2" work/out && not_ok "is not told" || ok "is not told"
finish
