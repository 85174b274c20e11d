#!/bin/sh
# A dishonest depositary with two histories (tests/adversary): whichever request
# it answers from the other one, no command calls anything proved that is not in
# the history that the office keeps.
. "$(dirname "$0")/lib.sh"
start "repeats: 1000000000"
enrol "$dir" mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva >/dev/null || not_ok "enrolment"

# --- One history ---
# OFFICE DOCUMENT [TEXT]
draft() { at "$1" push "$2" --text lo=work/lo.txt --text en=work/en.txt --title "en=${3:-A draft}"; }
in_force() { draft iom-vientiane "$@" && at mofa-minister sign "$1" --yes && at iom-chief-of-mission sign "$1" --yes; }
history() {
	in_force agreement/one "The text of both" || return
	# One for each try of who signs and who ends.
	for i in $(seq 20); do draft mofa "mou/draft-$i" && in_force "mou/force-$i" || return; done
	# And one for each try of who hands in an acknowledgement.
	for i in $(seq 12); do
		at mofa bag pack -o "work/ack-$i.bag" --to iom-geneva --known 0 agreement/one &&
			at iom-geneva bag open "work/ack-$i.bag" --into work/geneva || return
	done
}
history >work/out 2>&1 || { not_ok "the history of both"; tail -n 3 work/out >&2; }
at mofa fetch agreement/one -o work/one.asice >/dev/null
printf 'witnesses: {mofa: "%s"}\nquorum: 1\n' "$(at mofa witness init 2>/dev/null)" >>policies/offices.yaml
restart
accept_policy mofa mofa-minister iom-vientiane >/dev/null || not_ok "they accept the witness"
at mofa audit >/dev/null || not_ok "the audit of what both have"

# --- and then two, each by itself ---
stop_daemon "$dir"
fork() { # WHICH: a daemon of its own on a copy of the data
	mkdir "$1"; fork_data "$1"; cp -R policies certs crls "$1/"; port=$(free_port); echo "$port" >"$1/port"
	forked "$1" | sed "s|127.0.0.1:[0-9]*|127.0.0.1:$port|g" >"$1/valised.yaml"
	start_daemon "$dir/$1" || not_ok "daemon $1 starts"
	cp -R offices/iom-vientiane "$1/iom-vientiane"
	sed -i "s|offices/iom-vientiane|$1/iom-vientiane|g" "$1/iom-vientiane/config.yaml"
	sed -i "s|^address: .*|address: https://127.0.0.1:$port|" "$1"/iom-vientiane/state/*/enrolment.yaml
}
there() { which=$1; shift; "$valise" --config "$which/iom-vientiane/config.yaml" "$@"; }
go_on() { # WHICH SLUG
	printf 'The %s text\n' "$1" >"work/$1.txt"
	there "$1" show agreement/one >/dev/null &&
	there "$1" push agreement/one --text lo=work/lo.txt --text "en=work/$1.txt" --title "en=The $1 text" &&
	there "$1" push "agreement/only-$2" --text lo=work/lo.txt --text en=work/en.txt --title "en=only-$2"
}
fork A; fork B
go_on A a >/dev/null || not_ok "history A goes on"
go_on B b >/dev/null || not_ok "history B goes on"
for doc in one only-b one@1; do there B fetch "agreement/$doc" --force -o work/b.asice >/dev/null || not_ok "history B grows by $doc"; done
mkdir -p data; rm -rf data/server; cp -R A/data/server data/

out=0; python3 "$top/tests/adversary/drive.py" "$dir" "$(cat A/port)" "$(cat B/port)" ${VALISE_COMMANDS:-} >work/out 2>&1 || out=$?
grep -q '^WRONG' work/out && sed -n '/^WRONG/,$p' work/out >&2
[ $out = 0 ] && ok "no command is deceived" || { not_ok "no command is deceived"; tail -n 5 work/out >&2; }
tail -n 1 work/out
# The table that is told is the one that was tried.
sed -n '/<!-- requests -->/,/<!-- end -->/p' "$top/docs/security.md" | sed '1d;$d' >work/told.md
python3 "$top/tests/adversary/drive.py" --table >work/table.md
check "docs/security.md has this very table" diff work/told.md work/table.md
stop_daemon "$dir/A"; stop_daemon "$dir/B"
finish
