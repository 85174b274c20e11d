#!/bin/sh
# Revocation: at one checkpoint every reader gets the same verdict, whenever the
# reader came.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-bangkok >/dev/null
minister=offices/mofa-minister/sign-cert.pem chief=offices/iom-chief-of-mission/sign-cert.pem
# VERB CA CERTIFICATE [--since DATE]: what the CA does, and the daemon has its list
ca() {
	sleep 1 # a list's times are whole seconds
	verb=$1 of=$2; shift 2
	"$top/certs/ca" "$verb" "certs/$of" "$@" >/dev/null && publish_crls "$dir" && reload
}
sign() { at "$1" sign "agreement/$2" --yes >/dev/null 2>&1; }
both() { deposit mofa "$1" >/dev/null && sign mofa-minister "$1" && sign iom-chief-of-mission "$1"; }
before=$(date -u +%Y-%m-%dT%H:%M:%SZ)

# --- What each history leads to, at the daemon. ---
deposit mofa held >/dev/null; sign mofa-minister held
ca hold iom $chief
expect "during a hold nobody signs" 1 "SIGNER_REVOKED\|put on hold" at iom-chief-of-mission --json sign agreement/held --yes
ca release iom $chief
expect "after it one does" 0 "in force" at iom-chief-of-mission sign agreement/held --yes
check "it is signed by both" both cleared
expect "of a signature no list tells for good yet" 0 "checkpoint [0-9]*, not yet final" at mofa fetch agreement/cleared -o work/cleared.asice
ca crl mofa; ca crl iom
check "another is signed after the lists" both disputed
for doc in held disputed; do at mofa fetch agreement/$doc -o work/$doc.asice >/dev/null; done
expect "of one before the lists it is final" 0 "checkpoint [0-9]*, final" at mofa verify work/cleared.asice
expect "of one after them it is not" 0 "checkpoint [0-9]*, not yet final" at mofa verify work/disputed.asice
ca revoke mofa $minister --since "$before"

# --- Readers. ---
enrol "$dir" iom-geneva >/dev/null
for office in mofa iom-bangkok iom-geneva; do at $office list >/dev/null 2>&1; done
# OFFICE DOC: what it says of it
says() {
	at "$1" --json verify "work/$2.asice" 2>/dev/null | python3 -c "
import json, sys
said = json.load(sys.stdin)
print(said['outcome'], said['status'], [f['code'] for f in said['findings']], said['revocation'])
print([(s['person'], s['then'], s['final']) for s in said['signatures']])"
}
for doc in held cleared disputed; do
	says mofa $doc >work/said; [ -s work/said ] || not_ok "$doc: it says something"
	for office in iom-bangkok iom-geneva; do
		says $office $doc >work/other
		check "$office says of $doc what an old office says" cmp work/said work/other
	done
done
for doc in held cleared; do
	expect "$doc: what a list cleared stays good" 0 "VALID, in force" at iom-geneva verify work/$doc.asice
	grep -q "SIGNER_DOUBTED (warning): .*revoked from ${before%Z}" work/out && ok "$doc: with a warning" || not_ok "$doc: with a warning"
done
expect "what no list cleared is disputed" 1 "INVALID, disputed" at iom-geneva verify work/disputed.asice
grep -q "SIGNER_REVOKED" work/out && ok "and why" || not_ok "and why"
grep -q "QUORUM_MISSING" work/out && not_ok "nobody else is accused" || ok "nobody else is accused"
expect "fsck says the same" 0 "SIGNER_REVOKED.*agreement/disputed@1.*nothing is wrong: its CA said so later" "$valised" --config valised.yaml fsck
grep -qx "nothing is wrong" work/out && ok "and that the folder is whole: backups go on" || not_ok "and that the folder is whole: backups go on"
grep -q "agreement/\(held\|cleared\)@1" work/out && not_ok "and of nothing else" || ok "and of nothing else"
expect "an audit too" 1 "SIGNER_REVOKED, agreement/disputed@1" at iom-geneva audit
expect "the daemon takes nothing more of that signer" 1 "SIGNER_REVOKED\|revoked" at mofa-minister --json sign agreement/disputed --yes

at mofa list >/dev/null 2>&1
expect "pull tells the fault of a copy" 1 "agreement/disputed@1: .*was revoked on" at mofa pull work/mine

# --- Without the journal: by its own acts, and it says so. ---
rm -f offices/iom-bangkok/state/*/crl-entries
expect "a file alone is judged by its own acts" 0 "revocation         as of its own acts, not yet final" at iom-bangkok verify work/disputed.asice
expect "the next connection learns what the journal names" 0 "agreement" at iom-bangkok list
expect "and then it says the same again" 1 "INVALID, disputed" at iom-bangkok verify work/disputed.asice

# --- What is kept of it is read strictly. ---
kept=$(echo offices/iom-bangkok/state/*/crl-entries)
cp "$kept" work/kept
for edit in '1d' 's/^size .*/size 3/' 's/"crls":"./"crls":"x/' '$s/.$//' 's/^\([0-9]\)/x\1/'; do
	sed "$edit" work/kept >"$kept"
	expect "not: $edit" 7 "crl-entries is damaged: remove it" at iom-bangkok verify work/held.asice
done
cp work/kept "$kept"

# --- A depositary that hides a set. ---
last=$(sed -n '$s/ .*//p' work/kept)
sed -e '$d' -e "1s/.*/size $last/" work/kept >"$kept"
liar iom-bangkok ask "act=crl" "act=crl&until=$last"
expect "the newest set hidden is found out" 1 "judges by CRLs that no entry names" at iom-bangkok list
check "it lied" lied "act=crl"
rm "$kept"
liar iom-bangkok lines "act=crl" drop=1
expect "so is one between" 1 "hides a set of CRLs" at iom-bangkok list
check "it lied again" lied "act=crl"
no_line iom-bangkok
finish
