#!/bin/sh
# How an office stands: who, what ends when, the daemon, the journal, the
# policy, and what waits.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-geneva iom-chief-of-mission iom-bangkok >/dev/null
status() { who=$1; shift; at "$who" "$@" status; }
# OFFICE EXPRESSION: it is true of the JSON, s
json() {
	at "$1" ${3:-} --json status >work/json 2>work/err; rc=$?
	python3 -c "import json, sys; s = json.load(open('work/json')); end = lambda k: [e for e in s['ends'] if e['kind'] == k][0]; sys.exit(not ($2))"
}

# --- Who, and what ends when. ---
expect "the office and its party" 0 "^office  *iom-chief-of-mission, of iom$\|^office  *iom-vientiane, of iom$" status iom-chief-of-mission
expect "the person" 0 "^person  *chief-of-mission@iom.example$" status iom-chief-of-mission
expect "the certificate that connects, with its end and file" 0 "^certificate  *to connect, until 20.*/cert.pem$" status iom-chief-of-mission
expect "the one that signs" 0 "^certificate  *to sign, until 20.*/sign-cert.pem$" status iom-chief-of-mission
expect "the one for bags" 0 "^certificate  *for bags, until 20.*/encrypt-cert.pem$" status iom-geneva
expect "the CA" 0 '^CA  *until 20.*  iom$' status iom-geneva
expect "its list" 0 '^CRL  *until 20.*  iom$' status iom-geneva
expect "full powers, by their last day" 0 "^full powers  *until 2031-12-31  .*agreement" status iom-chief-of-mission
check "as JSON" json iom-chief-of-mission "s['person'] == 'chief-of-mission@iom.example' and s['party'] == 'iom' and end('connect')['state'] == 'good' and end('full-powers')['until'] == '2031-12-31'"
mv offices/iom-geneva/sign-cert.pem work/kept.pem
expect "a certificate that is not there" 0 "sign-cert.pem.*(unreadable)" status iom-geneva
mv work/kept.pem offices/iom-geneva/sign-cert.pem
sed '/^sign-/d' offices/iom-geneva/config.yaml >offices/iom-geneva/reader.yaml
expect "who signs nothing" 0 "^certificate  *none to sign" "$valise" --config offices/iom-geneva/reader.yaml status

sed '/^encryption-/d' offices/iom-geneva/config.yaml >offices/iom-geneva/reader.yaml
expect "without a key for bags, the one that others pack for" 0 "^certificate  *for bags, until 20.*encryption/iom-geneva.pem$" "$valise" --config offices/iom-geneva/reader.yaml status
cp offices/iom-geneva/cert.pem work/kept.pem
openssl req -new -key offices/iom-geneva/key.pem -subj /CN=x -out work/x.csr 2>/dev/null
# EMAIL UNTIL: Geneva's certificate that connects, anew
issue() { VALISE_CA=$dir/certs/iom VALISE_EMAIL=$1 VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" -batch -in work/x.csr \
	-extensions connect -notext -startdate 20250101000000Z -enddate "$2" -subj "/O=IOM/OU=Geneva/CN=x" -out offices/iom-geneva/cert.pem 2>/dev/null; }
issue somebody@else.example 20300101000000Z
expect "who signs as somebody of the office is of it" 0 "^office  *iom-geneva, of iom$" status iom-geneva
cp offices/iom-geneva/config.yaml work/config.yaml; sed -i '/^encryption-/d; /^sign-/d' offices/iom-geneva/config.yaml
expect "whom the policy does not know" 0 "^office  *not known: .*cert.pem" status iom-geneva
check "as JSON" json iom-geneva "s['office'] is None and s['who'] and s['to-sign'] is None"
cp work/config.yaml offices/iom-geneva/config.yaml
issue geneva@iom.example 20260101000000Z
expect "a connecting certificate that has ended is told, and is no failure" 0 "^certificate  *to connect, until 2026-01-01T00:00:00Z .*(ended)" status iom-geneva
check "so nobody was asked" json iom-geneva "s['daemon']['reachable'] is None and s['person'] == 'geneva@iom.example'"
cp work/kept.pem offices/iom-geneva/cert.pem

# --- The daemon, and the checkpoint. ---
expect "the daemon is there" 0 "^daemon  *$(cat url), reachable$" status mofa
deposit mofa one >/dev/null
size=$(at mofa --json log | python3 -c 'import json, sys; print(json.load(sys.stdin)["size"])')
expect "the journal's size, and when it was seen" 0 "^checkpoint  *size $size, seen first at 20" status mofa
check "as JSON, with its root" json mofa "s['daemon']['reachable'] is True and s['checkpoint']['size'] == $size and len(s['checkpoint']['root']) == 64 and s['checkpoint']['witnessed'] is None"

# --- What waits for a signature. ---
at mofa push mou/two --text en=work/en.txt --text lo=work/lo.txt --title en=Two >/dev/null 2>&1
expect "a draft waits for who has full powers" 0 "^to sign  *agreement/one@1, draft: The one" status mofa-minister
expect "who has none is told of nothing" 0 "^to sign  *nothing: this person has no full powers" status iom-geneva
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
check "not for who has signed" sh -c "! '$valise' --config offices/mofa-minister/config.yaml status | grep 'agreement/one'"
expect "but for the other party" 0 "^to sign  *agreement/one@1, signed in part" status iom-chief-of-mission
check "with who has signed, of how many" json iom-chief-of-mission "[t for t in s['to-sign'] if t['document'] == 'agreement/one'][0]['parties'] == [{'party': 'lao-pdr', 'signed': 1, 'needed': 1}, {'party': 'iom', 'signed': 0, 'needed': 1}]"
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
check "what is in force waits for nobody" sh -c "! '$valise' --config offices/iom-chief-of-mission/config.yaml status | grep 'agreement/one'"
at mofa-minister terminate agreement/one --reason over --yes >/dev/null 2>&1
expect "until somebody begins to end it" 0 "agreement/one@1, in force, to be terminated" status iom-chief-of-mission
check "who began has signed" sh -c "! '$valise' --config offices/mofa-minister/config.yaml status | grep 'agreement/one'"
at iom-chief-of-mission terminate agreement/one --yes >/dev/null 2>&1
check "and what has ended waits no more" sh -c "! '$valise' --config offices/iom-chief-of-mission/config.yaml status | grep 'agreement/one'"

# --- The outbox, and bags. ---
expect "an empty outbox" 0 "^outbox  *empty" status mofa
at mofa pull work/mine >/dev/null 2>&1
at mofa --local push agreement/kept --text lo=work/lo.txt --text en=work/en.txt --title en=Kept >/dev/null 2>&1
expect "what was made and not sent" 0 "^outbox  *deposit of agreement/kept@1, made 20" status mofa
expect "no bag" 0 "^bags  *none that is not acknowledged" status mofa
at mofa bag pack -o work/1.bag --to iom-bangkok agreement/one >/dev/null
expect "a bag on its way" 0 "^bags  *1 to iom-bangkok of 20.*, not acknowledged$" status mofa
at mofa bag pack -o work/2.bag --to iom-bangkok agreement/one >/dev/null
at iom-bangkok bag open work/2.bag --into work/copy >/dev/null 2>&1; at mofa bag ack work/2.bag.ack >/dev/null
expect "one that is missing" 0 "^bags  *1 to iom-bangkok of .* it is missing" status mofa
check "and not the one that was answered" json mofa "[b['number'] for b in s['bags']] == [1] and s['bags'][0]['state'] == 'missing'"

# --- A new policy. ---
expect "the policy that is accepted" 0 "^policy  *$(policy_of mofa | cut -c1-16)…, accepted, of entry [0-9]*$" status mofa
echo '# new' >>policies/agreement.yaml; reload
expect "one that waits" 0 "… is in force since entry [0-9]*, and waits for you: valise policy show" status mofa
check "as JSON" json mofa "s['policy']['waiting']['digest'] == '$(policy_of mofa)' and s['policy']['accepted'] != s['policy']['waiting']['digest']"
accept_policy mofa iom-chief-of-mission >/dev/null 2>&1
check "until it is accepted" json mofa "s['policy']['waiting'] is None"

# --- Witnesses. ---
key=$(at iom-geneva witness init 2>/dev/null)
printf 'witnesses: {iom-geneva: "%s"}\nquorum: 1\n' "$key" >>policies/offices.yaml
reload; accept_policy mofa iom-geneva >/dev/null 2>&1
expect "a quorum that is not there yet" 0 "no quorum of witnesses has cosigned yet" status mofa
at iom-geneva witness >/dev/null 2>&1
expect "who has witnessed how far" 0 "^  *witnessed up to size [0-9]* by iom-geneva" status mofa

# --- Without a line. ---
at mofa-minister status >/dev/null 2>&1
expect "--local asks nobody" 0 "^daemon  *$(cat url), not asked: --local" status mofa --local
check "and says what was not asked" json mofa "s['daemon']['reachable'] is None and s['bags'] is None and 'which bags are not acknowledged' in s['not-asked']" --local
deposit mofa later >/dev/null 2>&1; at mofa-minister status >/dev/null 2>&1
stop_daemon "$dir"
expect "a daemon that is not there is told, and is no failure" 0 "^daemon  *$(cat url), not reachable: " status mofa-minister
expect "with what is kept here" 0 "^to sign  *agreement/later@1, draft" status mofa-minister
expect "and what could not be asked" 0 "^not asked  *\|^  *what waits for your signature, beyond what is kept" status mofa-minister
check "as JSON" json mofa-minister "s['daemon']['reachable'] is False and s['daemon']['detail'] and s['not-asked']"
start_daemon "$dir"

# --- What is a failure. ---
expect "no office: exit 2" 2 "valise init" "$valise" --config work/none.yaml status
liar mofa say journal/checkpoint "Valise-Policy-Entry: " "Valise-Policy-Entry: 9"
expect "a daemon that lies is one, and all the rest is told" 1 "^outbox  *deposit of agreement/kept@1" status mofa
check "by a lie" lied journal/checkpoint
check "as JSON too, which says it" sh -c "! '$valise' --json --config offices/mofa/config.yaml status >work/json 2>/dev/null && grep -q 'does not show policy entry' work/json"
no_line mofa
finish
