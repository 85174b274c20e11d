#!/bin/sh
# An office without a connection: bags there and back, with the daemon off.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
deposit mofa one >/dev/null; deposit mofa one "Article 2" >/dev/null; deposit mofa two >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
at iom-vientiane push health-protocol/tb --text en=work/en.txt --title en=TB >/dev/null
head -c 2000000 /dev/urandom | base64 >work/big.txt
at mofa push agreement/large --text lo=work/lo.txt --text en=work/big.txt --title "en=A large one" >/dev/null 2>&1
known() { sed -n 2p "offices/$1"/state/*/checkpoint; }
bangkok=$(known iom-bangkok); geneva=$(known iom-geneva); chief=$(known iom-chief-of-mission)

expect "nothing is packed for nobody" 2 "no office \"nowhere\": mofa, iom-vientiane" at mofa bag pack -o work/a.bag --to nowhere agreement/one
expect "two choices are none" 2 "only one of these" at mofa bag pack -o work/a.bag --to iom-bangkok --since-last --all
expect "what its addressee may not read stays out" 3 "may not read" at mofa bag pack -o work/a.bag --to iom-geneva health-protocol/tb
check "no bag is left of that" test ! -e work/a.bag
expect "a bag is packed" 0 "packed work/a.bag: bag 1 to iom-bangkok, 2 documents" \
	at mofa bag pack -o work/a.bag --to iom-bangkok --known "$bangkok" agreement/one agreement/large
expect "its waybill is in the journal" 0 "dispatch .*bag 1, to iom-bangkok" at mofa log --act dispatch
expect "which its addressee sees" 0 "bag 1, to iom-bangkok" at iom-bangkok log --act dispatch
expect "and who audits any type" 0 "bag 1, to iom-bangkok" at iom-geneva log --act dispatch
expect "and who it is not for does not" 0 "^0 entr" at iom-vientiane log --act dispatch

# Other people's programs open it, with the right key.
check "unzip opens it" unzip -q -o work/a.bag -d work/outer
expect "it has two members" 0 "bag.cms" unzip -l work/a.bag
check "openssl decrypts it" openssl cms -decrypt -inform DER -in work/outer/bag.cms -content work/outer/bag.bin -binary \
	-recip offices/iom-bangkok/encrypt-cert.pem -inkey offices/iom-bangkok/encrypt-key.pem -out work/inner.zip
check "and unzip what is in it" unzip -q -o work/inner.zip -d work/inner
expect "a waybill that people can read" 0 "title: .*A large one" cat work/inner/waybill.yaml
cat certs/mofa-ca.pem certs/iom-ca.pem >work/cas.pem
check "which openssl verifies" openssl cms -verify -cades -binary -inform DER -purpose any -in work/inner/waybill.p7s \
	-content work/inner/waybill.yaml -CAfile work/cas.pem -out /dev/null
check "and sha256sum what it lists" sh -c 'cd work/inner && sed -n "s/.*{file: \"*\([^,\"]*\)\"*, .*sha256: \"*\([0-9a-f]*\).*/\2  \1/p" waybill.yaml | sha256sum -c --quiet'
expect "openssl with another key does not" 4 "" openssl cms -decrypt -inform DER -in work/outer/bag.cms -content work/outer/bag.bin -binary \
	-recip offices/iom-geneva/encrypt-cert.pem -inkey offices/iom-geneva/encrypt-key.pem -out work/none.zip 2>/dev/null || true
grep -q CEST work/outer/bag.bin && not_ok "titles are secret" || ok "titles are secret"

stop_daemon "$dir"
expect "it is for Bangkok" 1 "not encrypted to your office" at iom-geneva bag open work/a.bag --into work/geneva
expect "Bangkok opens it with the daemon off" 0 "agreement/large@1 *VALID *A large one" at iom-bangkok bag open work/a.bag --into work/bangkok
check "its texts are there to read" cmp work/bangkok/agreement/large/newest/texts/en/big.txt work/big.txt
expect "the receipt too" 0 "c2sp.org/tlog-proof" cat work/bangkok/agreement/one/newest/receipt.tlog-proof
[ "$(known iom-bangkok)" -gt "$bangkok" ] && ok "and the journal is seen that far" || not_ok "and the journal is seen that far"
expect "not twice by mistake" 5 "opened before" at iom-bangkok bag open work/a.bag
expect "but --again" 0 "all is there" at iom-bangkok bag open work/a.bag --again
expect "list --local" 0 "agreement/one  *2 *signed in part" at iom-bangkok --local list
expect "show --local" 0 "version 2, signed in part" at iom-bangkok --local show agreement/one
expect "history --local" 0 "sign .*agreement/one@2" at iom-bangkok --local history agreement/one
expect "log --local" 0 "deposit .*agreement/large@1" at iom-bangkok --local log --act deposit
expect "fetch --local" 0 "VALID" at iom-bangkok --local fetch agreement/large -o work/local.asice
expect "what is not there is not found" 4 "not in the local copy" at iom-bangkok --local show agreement/two
expect "verify" 0 "VALID, signed in part" at iom-bangkok verify work/bangkok/agreement/one/one-v2.asice
# Flipped bytes and cuts, everywhere in it.
size=$(stat -c %s work/a.bag); bad=0
for at in 10 50 1000 $((size / 3)) $((size / 2)) $((size - 3000)) $((size - 900)) $((size - 200)) $((size - 10)); do
	cp work/a.bag work/bad.bag; printf "\\$(printf %o $(($(od -An -tu1 -j"$at" -N1 work/a.bag) ^ 1)))" | dd of=work/bad.bag bs=1 seek="$at" conv=notrunc 2>/dev/null
	at iom-bangkok bag open work/bad.bag --again --ack work/bad.ack >/dev/null 2>&1; s=$?
	case $s in 1 | 8 | 9) ;; *) bad=$((bad + 1)); echo "flip at $at: $s" >&2 ;; esac
	head -c "$at" work/a.bag >work/bad.bag
	at iom-bangkok bag open work/bad.bag --again --ack work/bad.ack >/dev/null 2>&1; s=$?
	case $s in 1 | 8 | 9) ;; *) bad=$((bad + 1)); echo "cut at $at: $s" >&2 ;; esac
done
[ $bad = 0 ] && ok "a flipped byte or a cut is found" || not_ok "a flipped byte or a cut: $bad opened"
check "and leaves no acknowledgement" test ! -e work/bad.ack
start_daemon "$dir"
expect "the acknowledgement comes back" 0 "iom-bangkok acknowledges bag 1, which came whole" at mofa bag ack work/a.bag.ack
expect "it is in the journal" 0 "acknowledge .*bag 1, from mofa" at iom-bangkok log --act acknowledge
expect "twice is once" 0 "acknowledges bag 1" at mofa bag ack work/a.bag.ack
[ "$(at mofa log --act acknowledge | grep -c 'bag 1')" = 1 ] && ok "in the journal" || not_ok "in the journal"
spoil work/a.bag.ack 120
expect "an altered one is refused" 8 "" at mofa bag ack work/a.bag.ack

# What changed since; what was made without a line.
deposit mofa one "Article 3" >/dev/null
expect "since the last: all that it may read" 0 "bag 2 to iom-bangkok, 4 documents" at mofa bag pack -o work/b.bag --to iom-bangkok --since-last
acknowledged=$(cat offices/mofa/state/*/bags/known-iom-bangkok)
printf 99999 >"$(ls offices/mofa/state/*/bags/known-iom-bangkok)"
expect "what was acknowledged of a longer journal is told as that" 5 "iom-bangkok acknowledged a journal of 99999 entries.*--known SIZE" at mofa bag pack -o work/c.bag --to iom-bangkok agreement/two
expect "a size that is given too" 2 "^valise bag: .*--known 99998: the journal has" at mofa bag pack -o work/c.bag --to iom-bangkok --known 99998 agreement/two
printf %s "$acknowledged" >"$(ls offices/mofa/state/*/bags/known-iom-bangkok)"
expect "what is named as well goes once" 0 "1 document" at mofa bag pack -o work/c.bag --to iom-bangkok --known 0 agreement/two agreement/two@1
expect "then nothing is new, but the second bag may be lost" 0 "bag 4 to iom-bangkok, .*documents" at mofa bag pack -o work/c.bag --force --to iom-bangkok --since-last
expect "who is told of it chains on" 0 "all is there" at iom-bangkok bag open work/b.bag
rm work/a.bag.ack
expect "a bag of an older journal cannot be proved" 0 "cannot be proved\|all is there" at iom-bangkok bag open work/a.bag --again
deposit mofa field >/dev/null
expect "Vientiane gets a bag" 0 "packed" at mofa bag pack -o work/v.bag --to iom-vientiane agreement/field health-protocol/tb --known "$(known iom-vientiane)"
cp offices/iom-vientiane/encrypt-cert.pem offices/iom-vientiane/encrypt-key.pem offices/iom-chief-of-mission/
cat >>offices/iom-chief-of-mission/config.yaml <<END
encryption-certificate: encrypt-cert.pem
encryption-key: encrypt-key.pem
END
stop_daemon "$dir"
expect "in the field: the chief opens it" 0 "all is there\|cannot be proved" at iom-chief-of-mission bag open work/v.bag --into work/field
expect "signs there" 0 "kept it in the outbox" at iom-chief-of-mission --local sign agreement/field --yes
expect "Vientiane opens it too" 0 "all is there" at iom-vientiane bag open work/v.bag --into work/vientiane --ack work/v2.ack
expect "and makes a version" 0 "kept it in the outbox" at iom-vientiane --local push health-protocol/tb --text en=work/big.txt --title en=TB
expect "it goes back by bag" 0 "packed work/back.bag: bag 1 to mofa, 1 doc" at iom-vientiane --local bag pack -o work/back.bag --to mofa --outbox
expect "the signature as well" 0 "packed work/back2.bag" at iom-chief-of-mission --local bag pack -o work/back2.bag --to mofa --outbox
start_daemon "$dir"
expect "MOFA hands in the deposit" 0 "deposited health-protocol/tb@2 for vientiane@iom.example" at mofa bag push work/back.bag
expect "and the signature" 0 "signed agreement/field@1 for chief-of-mission@iom.example" at mofa bag push work/back2.bag
expect "twice is once" 0 "health-protocol/tb@2" at mofa bag push work/back.bag
expect "the entries say by which bag" 0 '"dispatched":"' at mofa --json log --act sign --document agreement/field
expect "everybody verifies it" 0 "VALID" at iom-vientiane fetch health-protocol/tb -o work/tb.asice
expect "the audit agrees" 0 "" at mofa audit
expect "Vientiane's next push finds it there" 0 "nothing has changed\|deposited" at iom-vientiane push health-protocol/tb --text en=work/big.txt --title en=TB
# Who stands in for nobody.
waybill=$(at mofa --json log --act dispatch | grep -o '"digest":"[0-9a-f]*"' | tail -n 1 | cut -d'"' -f4)
mkdir work/made; "$VALISE_BUILD/bench" make work/made offices/mofa 1 1000 other >/dev/null
expect "what the waybill does not list is refused" 0 '"exit":[13]' curl_as mofa "/v1/documents/agreement/$(basename "$(ls work/made/*)" .asice)/versions/1?bag=$waybill" -T "$(ls work/made/*)"
expect "nor by a waybill that was never handed in" 0 '"exit":5' curl_as mofa "/v1/documents/agreement/x1/versions/1?bag=$(printf '%064d' 7)" -T work/en.txt
printf 'valise: 1\n' >work/waybill.yaml; printf x >work/waybill.p7s
(cd work && zip -q -X -0 w.zip waybill.yaml waybill.p7s)
expect "a waybill that is none is refused" 0 '"exit":8' curl_as mofa /v1/bags --data-binary @work/w.zip
cp work/inner/waybill.yaml work/waybill.yaml; sed -i 's/^number: 1/number: 9/' work/waybill.yaml; cp work/inner/waybill.p7s work/
(cd work && rm -f w.zip && zip -q -X -0 w.zip waybill.yaml waybill.p7s)
expect "an altered one too" 0 '"exit":[18]' curl_as mofa /v1/bags --data-binary @work/w.zip
check "fsck finds nothing" sh -c "'$valised' --config valised.yaml fsck"
# Keys that are lost.
"$top/certs/ca" revoke certs/iom offices/iom-bangkok/encrypt-cert.pem >/dev/null
"$top/certs/ca" revoke certs/iom offices/iom-chief-of-mission/sign-cert.pem >/dev/null; publish_crls "$dir"
reload
at mofa list >/dev/null
expect "nothing is encrypted to a key that was revoked" 1 "revoked" at mofa bag pack -o work/late.bag --to iom-bangkok agreement/one
rm -f offices/iom-chief-of-mission/state/*/outbox/*
expect "the chief, offline, knows nothing of it" 0 "kept it in the outbox" at iom-chief-of-mission --local sign health-protocol/tb --yes
expect "and packs a bag" 0 "packed" at iom-chief-of-mission --local bag pack -o work/late2.bag --to mofa --outbox
expect "which the depositary refuses" 1 "revoked" at mofa bag push work/late2.bag
finish
