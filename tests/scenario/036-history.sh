#!/bin/sh
# All commands of an office must see one history: two daemons are started from
# one data folder, and each command is moved from one daemon to the other.  The
# table of commands in docs/security.md is made of these rows
# (HISTORIES_TABLE=FILE).
. "$(dirname "$0")/lib.sh"
table=${HISTORIES_TABLE:-$dir/work/table.md}
printf '| what it answers | to which command | finding |\n| --- | --- | --- |\n' >"$table"
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-vientiane iom-bangkok iom-geneva >/dev/null || not_ok "enrolment"
deposit mofa one >/dev/null
mofa_key=$(at mofa witness init 2>/dev/null)
printf 'witnesses: {mofa: "%s"}\nquorum: 1\n' "$mofa_key" >>policies/offices.yaml
kill -HUP "$(cat pid)"; until grep -q "event=reload" log; do sleep 0.02; done
accept_policy mofa mofa-minister iom-chief-of-mission iom-vientiane iom-bangkok iom-geneva >/dev/null
at mofa witness >/dev/null
state() { echo offices/"$1"/state/*; }
kept() { sed -n 2p "$(state "$1")/checkpoint"; }
# OFFICE FILE: it asks the daemon whose address is in FILE
ask() { sed -i "s|^address: .*|address: $(cat "$2")|" "$(state "$1")/enrolment.yaml"; }
# OFFICE: as it was before
remember() { rm -rf "work/offices/$1"; mkdir -p work/offices; cp -R "offices/$1" work/offices/; }
recall() { rm -rf "offices/$1"; cp -R "work/offices/$1" offices/; }

# --- State: what was kept before is taken over. ---
expect "an office has seen a size" 0 . kept iom-bangkok
rm -rf "$(state iom-bangkok)"/clock "$(state iom-bangkok)"/proved
expect "a state that has the checkpoint alone is taken over" 0 "agreement/one" at iom-bangkok list
check "our own clock is kept with it" grep -q "^seen $(kept iom-bangkok) " "$(state iom-bangkok)/clock"
expect "a copy that leads to an older checkpoint is proved" 0 "VALID" at iom-bangkok fetch agreement/one -o work/a.asice
check "once" grep -q " " "$(state iom-bangkok)/proved"

# --- Many commands at once. ---
for i in 1 2 3 4 5 6 7 8; do
	(at mofa push "agreement/many-$i" --text lo=work/lo.txt --text en=work/en.txt --title "en=Many $i" >"work/many-$i" 2>&1; echo $? >"work/exit-$i") &
	others="${others:-} $!"
	(at mofa list >/dev/null 2>"work/list-$i"; echo $? >"work/exit-list-$i") & others="$others $!"
done
# shellcheck disable=SC2086
wait $others
expect "sixteen commands of one office at once agree" 0 "^0*$" sh -c 'cat work/exit-* | tr -d "\n"'
last=$(sed -n 's/^deposited.*entry \([0-9]*\) .*/\1/p' work/many-* | sort -n | tail -n 1)
check "the furthest is kept" [ "$(kept mofa)" -gt "$last" ]

# --- A fork: both daemons grow, each by itself. ---
remember mofa; mv work/offices/mofa work/mofa-before
stop_daemon "$dir"
mkdir other; fork_data other; cp -R policies crls certs other/
start_daemon "$dir"
make_other() {
	: >other/log
	forked other | sed "s|127.0.0.1:[0-9]*|127.0.0.1:$(free_port)|" >other/valised.yaml
	sed -n 's/^listen: /https:\/\//p' other/valised.yaml >other/url
	"$valised" --config other/valised.yaml >other/log 2>&1 </dev/null & echo $! >other/pid
	until grep -q "event=start" other/log; do sleep 0.02; done
}
make_other
deposit mofa both >/dev/null
deposit mofa two "the second" >/dev/null
ask iom-vientiane other/url
deposit iom-vientiane both >/dev/null
for i in 1 2 3 4; do deposit iom-vientiane "fork-$i" "fork $i" >/dev/null; done
look() { for o; do at "$o" list >/dev/null 2>&1; done; }
look mofa mofa-minister iom-bangkok iom-geneva
at iom-bangkok fetch agreement/two --force -o work/two.asice >/dev/null
expect "whoever saw the fork is refused by the true one" 1 "rolled back" sh -c 'sed -i "s|^address: .*|address: $(cat url)|" offices/iom-vientiane/state/*/enrolment.yaml; "$1" --config offices/iom-vientiane/config.yaml list' - "$valise"

# Every command that asks the daemon, of an office that saw another history.
for o in mofa mofa-minister; do ask $o other/url; remember $o; done
others_size() { curl -sS --cacert offices/mofa/ca.pem --cert offices/mofa/cert.pem --key offices/mofa/key.pem "$(cat other/url)/v1/journal/checkpoint" | sed -n 2p; }
before=$(others_size)
while read -r office command; do
	recall "$office"
	# shellcheck disable=SC2086
	case $command in
	diff*) expect "another history: $office $command" 1 "rolled back" at "$office" $command ;;
	*) expect "another history: $office $command" 1 '"JOURNAL_ROLLED_BACK"' at "$office" --json $command ;;
	esac
	# shellcheck disable=SC2086
	set -- $command; case "$1 ${2:-}" in "bag "* | "policy "* | "log --follow") told="$1 $2" ;; *) told=$1 ;; esac
	case $command in *--since-last) told="$told --since-last" ;; esac
	printf '| another history than it saw, at every request | `valise %s` | `JOURNAL_ROLLED_BACK` |\n' "$told" >>"$table"
	check "…what was seen is kept" cmp -s "$(state "$office")/checkpoint" "$(echo work/offices/"$office"/state/*)/checkpoint"
done <<-END
	mofa list
	mofa show agreement/one
	mofa history agreement/one
	mofa log
	mofa log --follow
	mofa watch
	mofa fetch agreement/one --force -o work/x.asice
	mofa diff agreement/one@1 agreement/one@1
	mofa pull work/copy
	mofa audit
	mofa witness
	mofa policy show
	mofa policy accept 0000000000000000000000000000000000000000000000000000000000000000
	mofa push agreement/new --text lo=work/lo.txt --text en=work/en.txt --title en=New
	mofa bag pack -o work/x.bag --to iom-bangkok agreement/one
	mofa bag pack -o work/x.bag --to iom-bangkok --since-last
	mofa-minister sign agreement/one --yes
	mofa-minister terminate agreement/one --reason none --yes
END
expect "nothing was sent to it" 0 "^$before$" others_size
expect "the evidence proves it to anybody" 0 "PROVES A FORK" sh -c '"$1" --config offices/iom-geneva/config.yaml verify --evidence offices/mofa/state/*/evidence-*.txt' - "$valise"
check "nothing of the other was witnessed" cmp -s "$(state mofa)/witness" "$(echo work/offices/mofa/state/*)/witness"
for o in mofa mofa-minister; do recall $o; ask $o url; done
expect "the true history is taken again" 0 "agreement/two" at mofa list

# --- Each request of each command, answered from the other history. ---
# An office that has seen the true one is told of the other, or has taken
# nothing of it: what the other alone has ("fork") is told as proved nowhere, and
# the true history is still its own.
printf 'Article 2\n' >work/new.txt
other_port=$(sed 's|.*:||' other/url)
lie_at() { # OFFICE N COMMAND…
	office=$1 n=$2; shift 2
	recall "$office"; rm -rf work/into work/x.asice work/x.bag
	# What an earlier run deposited, this state has not seen.
	case $1 in push) ask "$office" url; sees "$office" two ;; esac
	liar "$office" other "$n" "$other_port"
	got=0; at "$office" "$@" >work/out 2>&1 </dev/null || got=$?
	end_line
}
# What the other history has must not be told as proved.
tells_other() { grep -e fork work/out | grep -v -e '  no  ' -e '"proved": *false' | grep -q .; }
for o in mofa mofa-minister; do remember $o; done
# OFFICE AGAIN COMMAND: AGAIN is how it ends by itself once an earlier run has done it.
while read -r office again command; do
	# shellcheck disable=SC2086
	lie_at "$office" 0 $command
	[ "$got" = 0 ] && ok "asked honestly: $command" || { not_ok "asked honestly: $command: exit $got"; tail -n 3 work/out >&2; }
	num=$(grep -c ^asked work/line) lies=0
	for n in $(seq 1 "$num"); do
		# shellcheck disable=SC2086
		lie_at "$office" "$n" $command
		what="$office $command, request $n of the other history ($(sed -n 's/^lied //p' work/line | head -n 1))"
		grep -q ^lied work/line || continue
		lies=$((lies + 1))
		case $got in
		0 | "$again") # Nothing of the other was taken.
			tells_other && { not_ok "$what: it tells of the other"; tail -n 3 work/out >&2; }
			ask "$office" url
			at "$office" list >work/out 2>&1 && ok "$what" || { not_ok "$what: it is the other's now"; tail -n 3 work/out >&2; } ;;
		1)	if grep -q -e "rolled back" -e "is not an answer" -e "lacks entry" -e "not as it should be" work/out; then ok "$what"; else not_ok "$what: another error"; tail -n 3 work/out >&2; fi ;;
		*)	not_ok "$what: exit $got"; tail -n 3 work/out >&2 ;;
		esac
	done
	[ $lies -gt 0 ] || not_ok "$command: nobody lied to it"
done <<-END
	mofa 0 list
	mofa 0 list --proved
	mofa 0 show agreement/one
	mofa 0 history agreement/one
	mofa 0 log
	mofa 0 fetch agreement/two --force -o work/x.asice
	mofa 0 diff agreement/one@1 agreement/two@1
	mofa 0 pull work/into
	mofa 0 audit --full
	mofa 0 policy show
	mofa 0 push agreement/two --text lo=work/lo.txt --text en=work/new.txt --title en=New
	mofa 0 bag pack -o work/x.bag --to iom-bangkok agreement/two
	mofa-minister 5 sign agreement/many-1 --yes
END
# What is signed with another history's checkpoint is that before all else.
signed() { # OFFICE TARGET COMMAND…: the first request for that target is answered so
	office=$1 target=$2; shift 2
	lie_at "$office" 0 "$@"
	n=$(grep ^asked work/line | grep -n -e "$target" | head -n 1 | cut -d: -f1)
	lie_at "$office" "$n" "$@"
	grep -q "rolled back" work/out && ok "$office $*: $target" || { not_ok "$office $*: $target"; tail -n 3 work/out >&2; }
}
signed mofa proof=none audit --full
signed mofa /versions/ fetch agreement/both --force -o work/x.asice
# So is a refusal, and what was refused so stays to be sent.
printf 'Article 3\n' >work/newer.txt
lie_at mofa 0 push agreement/two --text lo=work/lo.txt --text en=work/lo.txt --title en=Newer
n=$(grep ^asked work/line | grep -n /versions/ | head -n 1 | cut -d: -f1)
lie_at mofa "$n+" push agreement/two --text lo=work/lo.txt --text en=work/newer.txt --title en=Newer
grep -q "rolled back" work/out && ok "an act that another history refuses is told so" || not_ok "an act that another history refuses is told so"
check "…and stays in the outbox" sh -c 'ls "$1"/outbox/agreement--two@* >/dev/null' - "$(state mofa)"
# An older truth is no answer to a question of now.
older=$(sed -n 2p "$(state mofa)/witness")
recall mofa; liar mofa ask "entries?limit=2000&" "entries?limit=2000&at=$older&"
expect "entries up to an older checkpoint" 1 "smaller than the one you have seen" at mofa log
lied entries && ok "…which is what was shown" || not_ok "…which is what was shown"
end_line
for o in mofa mofa-minister; do recall $o; ask $o url; done

# --- Two commands at once, each shown another history. ---
ask iom-geneva other/url; remember iom-geneva
rm -rf "$(state iom-geneva)"/checkpoint "$(state iom-geneva)"/proved
cp "$(state mofa)/witness" "$(state iom-geneva)/checkpoint"
line iom-geneva delay=700
(at iom-geneva list >work/first 2>&1; echo $? >work/first.exit) & first=$!
until [ -s work/count ] && [ "$(cat work/count)" -gt 0 ]; do sleep 0.01; done
ask iom-geneva other/url
second=0; at iom-geneva list >work/second 2>&1 || second=$?
wait $first
expect "of two commands that are shown two histories one is told" 0 "^1$" echo $((second + $(cat work/first.exit)))
check "…by the right name" grep -q "rolled back" work/first work/second
end_line; recall iom-geneva; ask iom-geneva url

# --- A state that cannot be written. ---
block() { rm -f "$(state "$1")/lock"; mkdir "$(state "$1")/lock"; }
deposit mofa three "the third" >/dev/null
remember iom-bangkok; block iom-bangkok
before=$(kept iom-bangkok)
for command in list "show agreement/one" "history agreement/one" log "fetch agreement/three --force -o work/b.asice" "policy show"; do
	# shellcheck disable=SC2086
	expect "who only reads goes on, and says that nothing is remembered: $command" 0 "nothing that is seen now is remembered" at iom-bangkok $command
done
rm -f "$(state iom-bangkok)/copy"; mkdir "$(state iom-bangkok)/copy"
expect "so does pull, which forgets where the copy is" 0 "not remembered as the local copy" at iom-bangkok pull work/here
check "…and the copy is there" test -f work/here/agreement/three/three-v1.asice
expect "nothing is" 0 "^$before$" kept iom-bangkok
recall iom-bangkok
look mofa mofa-minister
acts() { at iom-geneva --json log | grep -o -e '"act":"deposit"' -e '"act":"sign"' -e '"act":"terminate"' -e '"act":"dispatch"' | sort | uniq -c; }
before=$(acts)
for o in mofa mofa-minister; do remember $o; block $o; done
while read -r office command; do
	# shellcheck disable=SC2086
	expect "who sends stops before: $office $command" 7 "lock" at "$office" $command
done <<-END
	mofa push agreement/new --text lo=work/lo.txt --text en=work/en.txt --title en=New
	mofa-minister sign agreement/three --yes
	mofa witness
	mofa bag pack -o work/y.bag --to iom-bangkok --since-last
END
check "no act was sent" [ "$before" = "$(acts)" ]
recall mofa; recall mofa-minister

# --- The times of entries, and our own clock. ---
clock=$(state iom-geneva)/clock
at iom-geneva log >/dev/null; cp "$clock" work/clock
expect "an entry's time is kept" 0 "^entry [0-9]* 20" cat "$clock"
sed -i 's/^entry \([0-9]*\) .*/entry \1 2031-01-01T00:00:00.000Z/' "$clock"
deposit mofa four "the fourth" >/dev/null
expect "a later entry with an earlier time is refused" 1 '"TIME_BACKWARDS"' at iom-geneva --json log
cp work/clock "$clock"
expect "one that fits is not" 0 "four" at iom-geneva log
size=$(curl_as mofa /v1/journal/checkpoint | sed -n 2p)
look mofa; remember mofa
sed -i "s/^entry .*/entry $((size - 1)) 2031-01-01T00:00:00.000Z/" "$(state mofa)/clock"
expect "so is the receipt of an act" 1 "TIME_BACKWARDS\|never earlier" at mofa push agreement/late --text lo=work/lo.txt --text en=work/en.txt --title en=Late
recall mofa
sed -i 's/^seen \([0-9]*\) .*/seen \1 2019-01-01T00:00:00.000Z 2019-01-01T00:00:00.000Z/' "$clock"
expect "an entry that was seen before it was made is told" 0 "TIME_DIFFERS" at iom-geneva log
printf 'valise clock 1\nseen 1 2031-01-01T00:00:00.000Z 2031-01-01T00:00:00.000Z\n' >"$clock"
expect "and one that was made before it can have been" 0 "TIME_DIFFERS" at iom-geneva log
echo damaged >"$clock"
expect "a file that is damaged is begun anew" 0 "four" at iom-geneva log
check "…and is one again" grep -q "^valise clock 1" "$clock"

# --- What was met without a line. ---
mkdir "$(state iom-geneva)/unsettled"
cp "$(state mofa)/witness" "$(state iom-geneva)/unsettled/1-x.note"
expect "the next connection settles it" 0 "agreement/one" at iom-geneva list
check "then it is gone" sh -c '[ -z "$(ls "$1/unsettled")" ]' - "$(state iom-geneva)"
ask iom-vientiane other/url; look iom-vientiane
cp "$(state iom-vientiane)/checkpoint" "$(state iom-geneva)/unsettled/2-x.note"
expect "one of another history is told" 1 "rolled back" at iom-geneva list
expect "once" 0 "agreement/one" at iom-geneva list
check "and is marked" test -f "$(state iom-geneva)/unsettled/2-x.refuted"

# --- A fork that replaces the journal's key, witnessed by who saw it alone. ---
stop_daemon "$dir/other"
"$valised" --config other/valised.yaml replace-key >/dev/null
make_other
remember mofa; rm -rf offices/mofa; cp -R work/mofa-before offices/mofa; ask mofa other/url
expect "a witness of the fork cosigns its next key" 0 "1 of 1" at mofa witness
stop_daemon "$dir/other"; make_other; ask mofa other/url
expect "which takes over" 0 "result=switched" cat other/log
expect "who saw the fork follows" 0 "key was replaced after entry" at mofa list
recall mofa; ask iom-bangkok other/url
expect "who saw the true one does not" 1 "rolled back" at iom-bangkok list
check "and has not taken the key" [ ! -e "$(state iom-bangkok)/keys" ]
stop_daemon "$dir/other"
# The table that is told is the one that was tried.
sed -n '/<!-- histories -->/,/<!-- end -->/p' "$top/docs/security.md" | sed '1d;$d' >work/told.md
check "docs/security.md has this very table" diff work/told.md "$table"
finish
