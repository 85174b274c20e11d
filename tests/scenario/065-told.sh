#!/bin/sh
# What every command tells of its own office: a policy that it has not accepted.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-geneva iom-chief-of-mission >/dev/null
deposit mofa one >/dev/null; deposit mofa one "Article 2" >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1

# What the commands are given.
at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
at iom-geneva pull work/copy >/dev/null
at iom-geneva --json audit >work/report
at iom-geneva policy save "$(policy_of iom-geneva)" work/accepted.zip >/dev/null
at iom-geneva bag pack -o work/from.bag --to mofa agreement/one >/dev/null
at mofa bag pack -o work/1.bag --to iom-geneva agreement/one >/dev/null
at iom-geneva bag open work/1.bag >/dev/null 2>&1 && mv work/1.bag.ack work/mine.ack
at mofa bag open work/from.bag --into work/mofa >/dev/null 2>&1 && mv work/from.bag.ack work/his.ack
at mofa bag pack -o work/2.bag --to iom-geneva agreement/one >/dev/null
at iom-chief-of-mission pull work/chief >/dev/null
at iom-chief-of-mission --local push agreement/field --text lo=work/lo.txt --text en=work/en.txt --title en=Field >/dev/null 2>&1
at iom-geneva list >/dev/null
printf -- '- document: agreement/batch\n  title: {en: Batch}\n  texts: {lo: lo.txt, en: en.txt}\n' >work/batch.yaml
printf 'x\n' >work/evidence.txt

at iom-geneva witness init >/dev/null

# The office before it knows of the new policy, and with no more than that.
sed -i 's/^audit: .*/audit: [mofa, iom-geneva, iom-bangkok]/' policies/agreement.yaml
cp -R offices/iom-geneva work/before
reload
at iom-geneva list >/dev/null 2>&1; cp -R offices/iom-geneva work/after
policy=$(policy_of mofa)
as() { rm -rf offices/iom-geneva work/kit.zip work/p.bag work/p.zip work/f.asice; cp -R "work/$1" offices/iom-geneva; }
# WORD…: the command says it on standard error, however it ends
told() {
	timeout 20 "$valise" --config offices/iom-geneva/config.yaml "$@" >work/out 2>work/err </dev/null
	grep -q 'a policy that you have not accepted is in force since entry [0-9]*: see "valise policy show"' work/err
}
once() { told "$@"; [ "$(grep -c 'that you have not accepted is in force since' work/err)" = 1 ]; }

# Each usage line of the table; the man page has all of them, or it is not built.
sed -n 's/^@usage \(.*\)@$/\1/p' "$top/docs/man/valise.1.in" >work/forms
check "the table is read" test "$(wc -l <work/forms)" -gt 30
while read -r form; do
	state=before local=
	case $form in
	init) # it enrols another office
		continue ;;
	'init --update') "$valised" --config valised.yaml enrolment >work/enrolment.yaml 2>/dev/null; set -- init --update work/enrolment.yaml; state=after ;;
	complete) # for the shell, which shows nothing of what it says
		continue ;;
	renew) set -- renew --cert offices/iom-geneva/cert.pem --key offices/iom-geneva/key.pem; state=after ;;
	'policy check') # of a folder, for whoever writes one: there is no office
		continue ;;
	push) set -- push agreement/new --text lo=work/lo.txt --text en=work/en.txt --title en=New; local=1 ;;
	'push --batch') set -- push --batch work/batch.yaml; local=1 ;;
	sign) set -- sign agreement/one --yes ;;
	fetch) set -- fetch agreement/one -o work/f.asice; local=1 ;;
	pull) set -- pull work/copy ;;
	verify) set -- verify work/one.asice; state=after; local=1 ;;
	'verify --evidence') set -- verify --evidence work/evidence.txt; state=after ;;
	kit) set -- kit agreement/one -o work/kit.zip ;;
	show) set -- show agreement/one; local=1 ;;
	list) set -- list; local=1 ;;
	status) set -- status; local=1 ;;
	desk) set -- desk --no-browser --idle 1s; state=after; local=1 ;;
	history) set -- history agreement/one; local=1 ;;
	log) set -- log; local=1 ;;
	diff) set -- diff agreement/one@1 agreement/one@2; local=1 ;;
	'diff --side-by-side') set -- diff --side-by-side lo,en agreement/one; local=1 ;;
	'bag pack') set -- bag pack -o work/p.bag --to mofa --all ;;
	'bag open') set -- bag open work/2.bag; state=after; local=1 ;;
	'bag ack') set -- bag ack work/his.ack ;;
	'bag push') set -- bag push work/2.bag; state=after ;;
	'bag list') set -- bag list ;;
	watch) set -- watch --exec 'kill $PPID' --from 0 ;;
	terminate) set -- terminate agreement/one --reason over --yes ;;
	audit) set -- audit ;;
	'audit --note') set -- audit --note 00000000 seen; state=after ;;
	'audit --combine') set -- audit --combine work/report; state=after ;;
	'audit --compare') set -- audit --compare work/report ;;
	witness) set -- witness ;;
	'witness init') set -- witness init; state=after ;;
	'policy show') set -- policy show ;;
	'policy accept') set -- policy accept "$(echo "$policy" | tr 0-9a-f 1-9a-f0)" ;;
	'policy save') set -- policy save "$policy" work/p.zip ;;
	'crls push') set -- crls push crls/iom.pem ;;
	'crls add') set -- crls add crls/iom.pem; state=after ;;
	'crls show') set -- crls show ;;
	*) not_ok "no row for \"valise $form\" in $0"; continue ;;
	esac
	as $state
	if once "$@"; then ok "told at once, and once: $form"; else not_ok "not told once: valise $*"; tail -n 3 work/err >&2; fi
	as $state
	told --json "$@"
	if grep -q 'there is no --json' work/err ||
		grep -q 'that you have not accepted' work/err && ! grep -q 'see "valise policy show"' work/out; then ok "with --json too, on standard error: $form"; else not_ok "not told: valise --json $*"; fi
	[ -n "$local" ] || continue
	as after
	if told --local "$@"; then ok "without a line too: $form"; else not_ok "not told: valise --local $*"; tail -n 3 work/err >&2; fi
done <work/forms

# --- Who listens is told when it comes. ---
as after
accept_policy iom-geneva mofa >/dev/null
check "who has accepted it is told nothing" sh -c "! '$valise' --config offices/iom-geneva/config.yaml list 2>&1 | grep 'not accepted is in force'"
at iom-geneva watch --act deposit --from 0 >work/out 2>work/watch & watch=$!
at iom-geneva log --follow --act deposit >work/out2 2>work/follow & follow=$!
deposit mofa listened >/dev/null
for out in out out2; do n=0; until grep -q listened work/$out || [ $n = 200 ]; do n=$((n + 1)); sleep 0.05; done; done
echo '# another' >>policies/agreement.yaml; reload
for who in watch follow; do
	n=0; until grep -q 'that you have not accepted is in force' work/$who || [ $n = 200 ]; do n=$((n + 1)); sleep 0.05; done
	check "who follows is told when it comes, whatever acts it asked for: $who" grep -q 'that you have not accepted is in force' work/$who
done
kill $watch $follow; wait $watch $follow 2>/dev/null

# --- And where the daemon is gone, what is known already is told. ---
at iom-geneva list >/dev/null 2>&1
stop_daemon "$dir"
check "without the daemon too" told list
check "nobody's office, nothing to tell" sh -c "! HOME=$dir/work '$valise' verify work/one.asice --enrolment enrolment.yaml 2>&1 | grep 'not accepted is in force'"
finish
