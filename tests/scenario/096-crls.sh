#!/bin/sh
# Revocation lists never go back to older ones, and none is used before its
# time.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission >/dev/null
# From now on told looks at what the log gets.
mark() { seen=$(wc -l <log); }
reload() { mark; kill -HUP "$(cat pid)"; told event=reload; }
told() { i=0; until tail -n +$((seen + 1)) log | grep -q -e "$1"; do i=$((i+1)); [ $i -lt 400 ] || return 1; sleep 0.05; done; }
mkdir work/old && cp crls/* work/old/
deposit mofa one >/dev/null
sleep 1 # a CRL's times are whole seconds
for ca in mofa iom; do "$top/certs/ca" crl "certs/$ca" >/dev/null; done
publish_crls "$dir"; reload
check "newer lists are taken" told 'event=reload result=taken'
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
cp work/old/iom.pem crls/t && mv crls/t crls/iom.pem; reload
check "an older one is not" told 'event=crl result=kept ca=iom reason=.*older'
check "and the rest of the settings is" told 'event=reload result=taken'
rm crls/iom.pem; reload
check "a list that is gone is kept too" told 'event=crl result=kept ca=iom reason=.*missing'
cp work/old/iom.pem crls/t && mv crls/t crls/iom.pem
mark; restart
check "nor is it at a start" told 'event=crl result=kept ca=iom reason=.*older'
expect "no entry tells of it" 0 "2 entries" at mofa log --act crl
expect "signatures are judged by the newer one" 0 "in force" at iom-chief-of-mission sign agreement/one --yes
# CA FILE FROM UNTIL: its list, of other dates
list_of() {
	VALISE_CA=certs/$1 VALISE_EMAIL=nobody@example VALISE_HOST=DNS:localhost openssl ca -config "$top/certs/openssl.cnf" -batch -gencrl \
		-crl_lastupdate "$(date -u -d "$3" +%Y%m%d%H%M%SZ)" -crl_nextupdate "$(date -u -d "$4" +%Y%m%d%H%M%SZ)" -out "$2" 2>/dev/null
}
# A CA whose clock is two years ahead, and the day after right again.
list_of iom work/future.pem '+2 years' '+3 years'
cp work/future.pem crls/t && mv crls/t crls/iom.pem; reload
check "a list from the future is not taken" told 'event=crl result=kept ca=iom reason=.*future'
"$top/certs/ca" revoke certs/iom offices/iom-chief-of-mission/cert.pem >/dev/null
publish_crls "$dir"; reload
check "so the one after it counts" told 'event=reload result=taken'
expect "who was revoked is refused" 3 "revoked" at iom-chief-of-mission list
# --- Each file by itself: a bad one keeps no other out ---
enrol "$dir" iom-geneva >/dev/null
health() { curl_as mofa /health >work/health; grep -q "$1" work/health; }
cp crls/mofa.pem work/mofa.pem
for kind in empty readme cut name link pipe folder big; do
	file=mofa.pem
	case $kind in
	name) file='list?.pem'; cp work/mofa.pem "crls/$file"; cp work/mofa.pem crls/t ;;
	link) file=away.pem; ln -s nowhere.pem crls/$file; cp work/mofa.pem crls/t ;;
	pipe) file=pipe.pem; mkfifo crls/$file; cp work/mofa.pem crls/t ;;
	folder) file=a/b/c/d; mkdir -p crls/a/b/c; cp work/mofa.pem crls/$file; cp work/mofa.pem crls/t ;;
	big) file=big.pem; truncate -s 17M crls/$file; cp work/mofa.pem crls/t ;;
	empty) : >crls/t ;;
	readme) cp work/mofa.pem crls/t; echo 'see the wiki' >crls/README.txt ;;
	cut) head -c 300 work/mofa.pem >crls/t ;;
	esac
	mv crls/t crls/mofa.pem; [ $kind != readme ] || file=README.txt
	sleep 1; "$top/certs/ca" crl certs/iom >/dev/null; cp certs/iom/crl.pem crls/t; mv crls/t crls/iom.pem
	before=$(at mofa log --act crl | grep -c ' crl ')
	reload
	check "$kind: it is left out, and named" told "event=crl result=left-out file=.$file"
	check "$kind: the settings are taken" told 'event=reload result=taken'
	[ "$(at mofa log --act crl | grep -c ' crl ')" -gt "$before" ] && ok "$kind: the other CA's new list is journaled" || not_ok "$kind: the other CA's new list is journaled"
	expect "$kind: whose CA's file is bad goes on" 0 "agreement/one" at mofa list
	mark; restart
	check "$kind: the daemon starts" told "event=crl result=left-out file=.$file"
	check "$kind: /health names it" until_so health "left out: $file"
	expect "$kind: so does --check" 0 "left-out file=.$file" "$valised" --config valised.yaml --check
	[ "$file" = mofa.pem ] || rm -rf "crls/${file%%/*}"; cp work/mofa.pem crls/t; mv crls/t crls/mofa.pem
done
: >crls/mofa.pem
"$top/certs/ca" revoke certs/iom offices/iom-geneva/cert.pem >/dev/null
cp certs/iom/crl.pem crls/t; mv crls/t crls/iom.pem; reload
expect "who was revoked beside a bad file is refused" 3 "revoked" at iom-geneva list
cp work/mofa.pem crls/t; mv crls/t crls/mofa.pem
# --- The files of several CAs: what of one is kept leaves the others alone. ---
in_use() { curl_as mofa /v1/crls/latest -o work/set.zip; rm -rf work/set; unzip -q work/set.zip -d work/set; }
# FILE: that list is among those in use
uses() { in_use; for f in work/set/*; do { cat "$f"; openssl crl -in "$f" -inform DER 2>/dev/null; } | grep -a -q -F "$(sed -n 3p "$1")" && return; done; return 1; }
rm crls/mofa.pem; cp certs/iom/crl.pem crls/iom.pem
cp work/mofa.pem crls/t; cat certs/iom/crl.pem >>crls/t; rm crls/iom.pem; mv crls/t crls/all.pem; reload
check "one file has the lists of both" uses certs/iom/crl.pem
sleep 1; "$top/certs/ca" crl certs/mofa >/dev/null; cp certs/mofa/crl.pem crls/t; mv crls/t crls/all.pem; reload
check "one CA's is gone from it, and kept" told 'event=crl result=kept ca=iom reason=.*missing'
check "the other's new one counts" uses certs/mofa/crl.pem
expect "that of before is under another name" 0 "^kept-" ls work/set
check "and the one that is kept" uses certs/iom/crl.pem
sleep 1; "$top/certs/ca" crl certs/mofa >/dev/null; cp certs/mofa/crl.pem crls/t; cat work/future.pem >>crls/t; mv crls/t crls/all.pem; reload
check "a list from the future stands in the same file" told 'event=crl result=kept ca=iom reason=.*future'
check "beside which the other's new one counts" uses certs/mofa/crl.pem
check "and that of before" uses certs/iom/crl.pem
uses work/future.pem && not_ok "and not that from the future" || ok "and not that from the future"
check "/health says so too" until_so health 'list in use of CA .*iom.* is kept: .*future'
# An older list that tells of somebody is worth having.
cp certs/iom/crl.pem work/without.pem
cat certs/mofa/crl.pem certs/iom/crl.pem >crls/t; mv crls/t crls/all.pem; reload
"$top/certs/ca" revoke certs/iom offices/iom-bangkok/cert.pem >/dev/null; list_of iom work/late.pem '-1 hour' '+1 day'
cp work/late.pem crls/late.pem; rm crls/all.pem; cp certs/mofa/crl.pem crls/mofa.pem; reload
check "an older one that lists somebody is in use" uses work/late.pem
check "and the newest of that CA too" uses work/without.pem
expect "every copy is valid" 0 "VALID, in force" at mofa fetch agreement/one -o work/one.asice
expect "and the audit finds nothing" 0 "nothing is wrong" at mofa audit
expect "nor does fsck" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
finish
