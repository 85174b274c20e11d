#!/bin/sh
# With --json each command prints one object, or one a line where it goes on or
# is given many things, and nothing else; an error has one shape.  Each object is
# as its schema in docs/schema says, and so are the daemon's answers.
# VALISE_JSON=DIR keeps what was printed.
. "$(dirname "$0")/lib.sh"
kept=${VALISE_JSON:-$dir/json}
mkdir -p "$kept"; kept=$(cd "$kept" && pwd)
num=0
# SCHEMA EXIT COMMAND…: what it prints is judged at the end
json() {
	schema=$1 want=$2; shift 2
	num=$((num + 1)) got=0
	out=$(printf '%s/%s.%03d' "$kept" "$schema" $num)
	"$@" >"$out" 2>work/err </dev/null || got=$?
	[ "$got" = "$want" ] && ok "$schema: exit $want" || { not_ok "$schema: exit $got, not $want: $*"; tail -n 3 work/err >&2; }
}
by() { office=$1; shift; "$valise" --config "offices/$office/config.yaml" --json "$@"; }
http() { office=$1 path=$2; shift 2; curl_as "$office" "$path" "$@"; }
init() { (cd "offices/$1" && mkdir -p state && "$valise" --config config.yaml --json init "$dir/enrolment.yaml" --cert cert.pem --key key.pem --yes --state state \
	--sign-cert sign-cert.pem --sign-key sign-key.pem $([ ! -f encrypt-key.pem ] || echo --encrypt-cert encrypt-cert.pem --encrypt-key encrypt-key.pem)); }
# SCHEMA PATTERN COMMAND…: one that goes on, until what it prints matches
goes_on() {
	schema=$1 pattern=$2; shift 2
	num=$((num + 1))
	out=$(printf '%s/%s.%03d' "$kept" "$schema" $num)
	"$valise" --config offices/mofa/config.yaml --json "$@" >"$out" 2>work/err </dev/null & on=$!
	n=0; until grep -q "$pattern" "$out" || [ $n = 60 ]; do n=$((n + 1)); deposit mofa "goes-on-$num-$n" >/dev/null; done
	kill $on; wait $on 2>/dev/null
	grep -q "$pattern" "$out" && ok "$schema: it goes on" || { not_ok "$schema: nothing came"; tail -n 3 work/err >&2; }
}

# --- Enrolling. ---
start
json policy-check 0 "$valise" --json policy check policies
cp -R policies work/bad && sed -i 's/^quorum: .*/quorum: {lao-pdr: x}/' work/bad/mou.yaml
json policy-check 8 "$valise" --json policy check work/bad
json error 2 "$valise" --json --config none.yaml list
json error 2 "$valise" --json frobnicate
json error 2 "$valise" list --json --status nonsense
"$valised" --config valised.yaml enrolment >enrolment.yaml 2>fingerprint
for one in mofa mofa-minister iom-vientiane iom-chief-of-mission iom-bangkok iom-geneva; do json init 0 init $one; done
json error 5 init mofa
json list 0 by mofa list
json init-update 0 by mofa init --update enrolment.yaml --yes
json renew 0 by mofa renew --cert offices/mofa/cert.pem --key offices/mofa/key.pem --sign-cert offices/mofa/sign-cert.pem --sign-key offices/mofa/sign-key.pem

# --- Depositing and signing. ---
push() { who=$1; shift; by "$who" push "$@" --text lo=work/lo.txt --text en=work/en.txt --title en=One; }
json push 0 push mofa agreement/one --dry-run --note "a note"
json push 0 push mofa agreement/one --note "a note"
json push 0 push mofa agreement/one --note "a note"
cp work/en.txt work/annex.txt
json push 0 push mofa agreement/one --annex work/annex.txt --dry-run
printf 'Article 2\n' >work/en.txt
json push 0 push mofa agreement/one
json error 3 push iom-geneva agreement/one
json error 4 by mofa push agreement/one --text lo=work/none.txt --title en=One
printf -- '- document: agreement/batch\n  title: {en: Batch}\n  texts: {lo: lo.txt, en: en.txt}\n- document: agreement/one\n  title: {en: One}\n  texts: {lo: lo.txt, en: en.txt}\n- document: agreement/lacks\n  title: {en: Lacks}\n  texts: {lo: none.txt, en: en.txt}\n' >work/batch.yaml
json push-batch 4 by mofa push --batch work/batch.yaml
json status 0 by mofa-minister status
json status 0 by mofa-minister --local status
json sign 0 by mofa-minister sign agreement/one --yes
json error 3 by mofa sign agreement/one --yes
json sign 0 by iom-chief-of-mission sign agreement/one --yes
json error 2 by mofa-minister sign agreement/batch
json error 2 "$valise" --json
printf 'Article 3\n' >work/en.txt
json push 0 push mofa agreement/one

# --- Getting and judging. ---
json fetch 0 by iom-geneva fetch agreement/one@2 -o work/one.asice
json fetch 0 by iom-geneva fetch agreement/one --extract work/one
json fetch 0 by iom-geneva fetch agreement/one@latest -o work/newest.asice
json error 4 by iom-geneva fetch agreement/none -o work/none.asice
sed 's/Article 2/Article 7/' work/one.asice >work/altered.asice
cp work/en.txt work/text.asice
json verify 0 by iom-geneva verify work/one.asice work/newest.asice
json verify 0 by iom-geneva verify --current work/one.asice
json verify 1 by iom-geneva verify --in-force work/newest.asice
json verify 1 by iom-geneva verify work/one.asice work/altered.asice work/text.asice work/none.asice
json verify 1 by iom-geneva verify --witnessed work/one.asice
mkdir -p nowhere
json verify 1 env HOME="$dir/nowhere" "$valise" --json verify work/one.asice --enrolment enrolment.yaml
json verify 0 env HOME="$dir/nowhere" "$valise" --json verify work/one.asice --enrolment enrolment.yaml --policy policies --crls crls
json kit 0 by iom-geneva kit agreement/one@2 -o work/kit.zip
json error 4 by iom-geneva kit agreement/none -o work/none.zip
json pull 0 by iom-geneva pull work/pulled
json pull 0 by iom-geneva pull
json fetch 0 by iom-geneva --local fetch agreement/one -o work/local.asice
json verify 1 by iom-geneva verify work
json kit 0 by iom-geneva --local kit agreement/one agreement/batch -o work/kits.zip
json list 0 by iom-geneva list agreement --status terminated
json list 0 by iom-geneva list --all-versions
json list 0 by iom-geneva list --search one --party lao-pdr
json show 0 by iom-geneva show agreement/one
json show 0 by iom-geneva show agreement/one@1
json show 0 by iom-geneva --local show agreement/one
json error 4 by iom-geneva show agreement/none
json list 0 by iom-geneva list
json list 0 by iom-geneva list --proved
json list 0 by iom-geneva --local list
json log 0 by iom-geneva log --since 2099-01-01
json history 0 by iom-geneva history agreement/one
json history 0 by iom-geneva --local history agreement/one
json log 0 by iom-geneva log
json log 0 by iom-geneva --local log --act deposit
json error 2 by iom-geneva log --csv
goes_on log-follow deposit log --follow --act deposit
goes_on watch deposit watch --act deposit
json diff 0 by iom-geneva diff agreement/one@1 agreement/one@2
json diff 0 by iom-geneva --local diff agreement/one@1 agreement/one@3 --words
by iom-geneva fetch agreement/one@1 -o work/a.asice >/dev/null; by iom-geneva fetch agreement/one@2 -o work/b.asice >/dev/null
json diff 0 by iom-geneva diff work/a.asice work/b.asice
json diff 1 "$valise" --json diff work/a.asice work/b.asice --enrolment enrolment.yaml
json diff 1 "$valise" --json diff work/a.asice work/b.asice
json desk 0 by iom-geneva desk --no-browser --idle 1s
json complete 0 by iom-geneva complete -- show agr
json complete 0 by iom-geneva complete -- push agreement/one --te
json diff-side-by-side 0 by iom-geneva diff agreement/one@2 --side-by-side lo,en
json error 4 by iom-geneva diff agreement/one@1 agreement/one@9

# --- Bags. ---
known() { sed -n 2p "offices/$1"/state/*/checkpoint; }
json bag-list 0 by mofa bag list
json bag-pack 0 by mofa bag pack -o work/a.bag --to iom-vientiane agreement/one agreement/batch --known "$(known iom-vientiane)"
json bag-open 0 by iom-vientiane bag open work/a.bag --into work/vientiane
json error 5 by iom-vientiane bag open work/a.bag
json error 1 by iom-geneva bag open work/a.bag
json bag-open 0 by iom-vientiane bag open work/a.bag --again
json bag-ack 0 by mofa bag ack work/a.bag.ack
json bag-list 0 by mofa bag list
json bag-pack 0 by mofa bag pack -o work/b.bag --to iom-vientiane agreement/one
json status 0 by mofa status
json push 0 by iom-vientiane --local push agreement/field --text lo=work/lo.txt --text en=work/en.txt --title en=Field
json status 0 by iom-vientiane status
json bag-list 0 by mofa bag list --to iom-bangkok
json bag-pack 0 by iom-vientiane --local bag pack -o work/back.bag --to mofa --outbox
json bag-push 0 by mofa bag push work/back.bag
json bag-push 0 by mofa bag push work/back.bag
json sign 0 by iom-chief-of-mission sign agreement/field --yes
rm -f offices/iom-vientiane/state/*/outbox/*

# --- Ending. ---
json terminate 0 by mofa-minister terminate agreement/one --reason "Article 12" --yes
json terminate 0 by iom-chief-of-mission terminate agreement/one --yes
json error 5 by mofa-minister terminate agreement/batch --reason "x" --yes

# --- Revocation lists. ---
json crls-show 0 by mofa crls show
"$top/certs/ca" revoke certs/iom offices/iom-bangkok/sign-cert.pem >/dev/null 2>&1
json crls-add 0 by mofa crls add certs/iom/crl.pem
json audit 1 by mofa audit
json audit-note 0 by mofa audit --note "$(sed -n 's/.*"findings":\[{"id":"\([0-9a-f]*\)".*/\1/p' "$out")" "It is known"
json audit 0 by mofa audit
json crls-show 0 by iom-geneva crls show
json crls-show 0 by mofa crls show
json crls-push 0 by mofa crls push certs/iom/crl.pem
json crls-push 0 by mofa crls push certs/iom/crl.pem

# --- Policies. ---
sed -i 's/^quorum: .*/quorum: {lao-pdr: 1, iom: 1}\n# again/' policies/mou.yaml; reload
json policy-show 0 by mofa policy show
json status 0 by mofa status
policy=$(policy_of mofa)
json policy-show 0 by mofa policy show "$policy"
json policy-save 0 by mofa policy save "$policy" work/policy.zip
json error 1 push mofa agreement/not-accepted
json policy-accept 0 by mofa policy accept "$policy"
json policy-accept 0 by mofa policy accept "$policy"
json policy-accept 0 by iom-bangkok policy accept work/policy.zip
accept_policy iom-geneva iom-vientiane mofa-minister >/dev/null

# --- Checking the daemon. ---
json audit 0 by iom-geneva audit --full
by iom-geneva audit >work/geneva.json; by mofa audit >work/mofa.json
json audit-combine 0 by iom-geneva audit --combine work/geneva.json
json audit-compare 0 by iom-geneva audit --compare work/mofa.json
json error 4 by iom-geneva audit --note none-1 "nothing"
json error 8 by iom-geneva audit --compare work/en.txt
json witness-init 0 by mofa witness init
json error 5 by mofa witness init
vkey=$(sed -n 's/.*"witness":"\([^"]*\)".*/\1/p' "$kept"/witness-init.*)
printf 'witnesses: {mofa: "%s"}\nquorum: 1\n' "$vkey" >>policies/offices.yaml; reload
accept_policy mofa iom-geneva iom-vientiane iom-bangkok >/dev/null
json witness 0 by mofa witness
json witness 0 by mofa witness
deposit mofa witnessed >/dev/null
goes_on witness root witness --every 1s
json fetch 0 by iom-geneva fetch agreement/witnessed -o work/witnessed.asice
json verify 0 by iom-geneva verify work/witnessed.asice
json log 0 by iom-geneva log
json status 0 by mofa status

# --- What the daemon answers. ---
json http-documents 0 http mofa /v1/documents
json http-documents 0 http mofa "/v1/documents?type=agreement&status=draft"
json http-document 0 http mofa /v1/documents/agreement/one
json http-document 0 http mofa /v1/documents/agreement/batch
json http-entries 0 http mofa /v1/journal/entries
json http-entries 0 http mofa "/v1/journal/entries?limit=3"
json http-health 0 http mofa /health
json http-policy 0 http mofa '/v1/policy?as=json'
json http-health 0 http iom-geneva /health
json http-problem 0 http mofa /v1/documents/agreement/none
json http-problem 0 http iom-geneva /v1/documents/agreement/one/versions/7
json http-problem 0 http mofa /v1/nothing
json http-crls 0 http mofa /v1/crls --data-binary @certs/iom/crl.pem

# --- Two histories, and what proves them. ---
stop_daemon "$dir"; keep_data image; start_daemon "$dir"
deposit mofa for-some >/dev/null; by iom-geneva audit >work/other.json
stop_daemon "$dir"; take_data image; start_daemon "$dir"
rm -f offices/iom-vientiane/state/*/checkpoint
for slug in others 2 3 4 5 6 7 8 9 10 11 12 and-more; do deposit iom-vientiane "more-$slug" >/dev/null; done
at iom-vientiane fetch agreement/more-and-more -o work/more.asice >/dev/null
json error 1 by iom-geneva list
json status 1 by iom-geneva status
json verify-evidence 0 by iom-vientiane verify --evidence "$(ls offices/iom-geneva/state/*/evidence-*.txt)"
json error 1 by iom-vientiane audit --compare work/other.json
stop_daemon "$dir"
json error 6 by iom-bangkok list
json status 0 by iom-bangkok status

# --- All of it, by its schemas. ---
sed -n 's/^@usage \(.*\)@$/\1/p' "$top/docs/man/valise.1.in" | sed 's/ --/-/; s/ /-/g' >work/forms
[ "$(wc -l <work/forms)" -gt 30 ] && ok "the forms of commands are found" || not_ok "$(wc -l <work/forms) forms of commands"
if ! python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null; then
	echo "  skipped: judging by schemas (there is no jsonschema for python3)"
	finish
fi
python3 "$top/tests/lib/schema.py" "$top/docs/schema" "$kept" work/forms >work/judged || not_ok "schema.py ends well"
while read -r line; do
	case $line in "ok: "*) ok "${line#ok: }" ;; *) not_ok "${line#not ok: }" ;; esac
done <work/judged
finish
