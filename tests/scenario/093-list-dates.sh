#!/bin/sh
# The dates of revocation lists: one from the future is not in force, but keeps
# out whom it names, by whichever way it comes; none keeps out a later one; and
# where the clock is behind the journal no list is refused for its date.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-geneva iom-bangkok iom-vientiane iom-chief-of-mission mofa-minister >/dev/null
mark() { seen=$(wc -l <log); }
told() { i=0; until tail -n +$((seen + 1)) log | grep -q -e "$1"; do i=$((i+1)); [ $i -lt 400 ] || return 1; sleep 0.05; done; }
health() { curl_as mofa /health >work/health; grep -q -e "$1" work/health; }
waits() { i=0; until "$@"; do i=$((i+1)); [ $i -lt 200 ] || return 1; sleep 0.05; done; }
entries() { at mofa log --act crl | grep -c ' crl '; }
# FROM FILE: it is among the CA's files now
put() { cp "$1" crls/t && mv crls/t "crls/$2"; }
# CA FILE FROM UNTIL [NUMBER]: its list, of other dates
list_of() {
	[ $# -lt 5 ] || echo "$5" >"certs/$1/crlnumber"
	VALISE_CA=certs/$1 VALISE_EMAIL=nobody@example VALISE_HOST=DNS:localhost openssl ca -config "$top/certs/openssl.cnf" -batch -gencrl \
		-crl_lastupdate "$(date -u -d "$3" +%Y%m%d%H%M%SZ)" -crl_nextupdate "$(date -u -d "$4" +%Y%m%d%H%M%SZ)" -out "$2" 2>/dev/null
}
# CA FILE OFFICE…: a list from the future that names these, who are on no other
future() {
	ca=$1 file=$2; shift 2
	cp -R "certs/$ca" work/ca
	for office; do
		for cert in ${certs:-cert sign-cert}; do
			VALISE_CA=work/ca VALISE_EMAIL=x@x VALISE_HOST=DNS:x openssl ca -config "$top/certs/openssl.cnf" -batch -revoke "offices/$office/$cert.pem" 2>/dev/null
		done
	done
	rm -rf "work/was$ca"; mv "certs/$ca" "work/was$ca"; mv work/ca "certs/$ca"
	list_of "$ca" "$file" '+2 years' '+3 years'
	rm -rf "certs/$ca"; mv "work/was$ca" "certs/$ca"
}
in_use() { curl_as mofa /v1/crls/latest -o work/set.zip; rm -rf work/set; unzip -q work/set.zip -d work/set; }
# FILE: that list is among those in use
uses() { in_use; for f in work/set/*; do { cat "$f"; openssl crl -in "$f" -inform DER 2>/dev/null; } | grep -a -q -F "$(last "$1")" && return; done; return 1; }
# FILE: a line of its signature
last() { tail -n 2 "$1" | head -n 1; }
lacks() { ! uses "$1"; }
# NAME COUNT: the journal has so many sets of lists
has() { [ "$(entries)" = "$2" ] && ok "$1" || not_ok "$1: $(entries) entries, not $2"; }
for who in mofa iom-vientiane; do deposit $who "of-$who" >/dev/null; done
before=$(entries)

# --- By a reload. ---
future iom work/f1.pem iom-geneva
put work/f1.pem iom.pem; mark; reload
check "a list from the future is told" told 'event=crl result=held ca=iom .*future'
check "and the one in use is kept" told 'event=crl result=kept ca=iom reason=.*future'
check "/health names it" waits health 'the list of CA .*iom.* of 20.*(iom.pem) is from the future'
expect "whom it names is kept out" 3 "revoked.*in the future" at iom-geneva list
expect "who is not on it goes on" 0 "of-mofa" at iom-bangkok list
has "no entry tells of it" "$before"
check "and it is not in use" lacks work/f1.pem
expect "--check tells of it" 0 'event=crl result=held ca=iom .*file="iom.pem".*future' "$valised" --config valised.yaml --check
expect "and that there is no other" 0 'ca=iom reason=missing' "$valised" --config valised.yaml --check
expect "so does an enrolment" 0 'event=crl result=held ca=iom .*file="iom.pem".*future' "$valised" --config valised.yaml enrolment
# Who connects with a good certificate, and signs with one that it names.
certs=sign-cert future iom work/f0.pem iom-vientiane; put work/f0.pem f0.pem; reload
expect "whose other certificate it names connects" 0 "of-mofa" at iom-vientiane list
expect "and what this one signs is refused" 1 "revoked by its CA.s list of .*in the future" deposit iom-vientiane refused
expect "what was signed before stays valid" 0 "VALID" at mofa fetch agreement/of-iom-vientiane --force -o work/o.asice
rm crls/f0.pem; reload

# --- By a start. ---
mark; restart
check "at a start it is told" told 'event=crl result=held ca=iom .*future'
expect "and whom it names is kept out" 3 "revoked" at iom-geneva list
check "/health names it after a start" waits health 'of CA .*iom.* of 20.*(iom.pem) is from the future'
has "a start makes no entry of it" "$before"

# --- A list that is made later counts, and ends it. ---
sleep 1 # a CRL's times are whole seconds
"$top/certs/ca" crl certs/iom >/dev/null; put certs/iom/crl.pem iom.pem; reload
check "the later one is in use" uses certs/iom/crl.pem
expect "who is on none any more connects" 0 "of-mofa" at iom-geneva list
check "/health has nothing of it" sh -c '! grep -q future work/health' - "$(waits health '"status":' ; sleep 1; health .)"
before=$(entries)

# --- By the folder (crls-every), beside one of now. ---
echo 'crls-every: 1s' >>valised.yaml; restart
put work/f1.pem future.pem
check "a look at the folder holds it" waits sh -c '"$0" --config offices/iom-geneva/config.yaml list; [ $? = 3 ]' "$valise"
check "/health names it beside a good one" waits health '(future.pem) is from the future'
has "no entry is made of that" "$before"
sleep 1; "$top/certs/ca" revoke certs/iom offices/iom-chief-of-mission/cert.pem >/dev/null; put certs/iom/crl.pem iom.pem
check "the later list counts at the next look" waits uses certs/iom/crl.pem
expect "whom that revokes is refused" 3 "revoked" at iom-chief-of-mission list
expect "and whom the one from the future names, still" 3 "revoked" at iom-geneva list
has "the later one is one entry" $((before + 1))
for i in 1 2 3; do sleep 1; "$top/certs/ca" crl certs/iom >/dev/null; put certs/iom/crl.pem iom.pem; waits uses certs/iom/crl.pem; done
in_use; expect "no old ones pile up beside it" 0 "^2$" sh -c 'ls work/set | wc -l'
rm crls/future.pem
check "it is judged again at each look" waits at iom-geneva list

# --- An older list, and one of the same second. ---
sleep 1; list_of iom work/n8.pem now '+1 day' 50; at=$(openssl crl -in work/n8.pem -noout -lastupdate | cut -d= -f2)
list_of iom work/n9.pem "$at" '+1 day' 60; list_of iom work/n7.pem "$at" '+1 day' 40; list_of iom work/high.pem '-1 hour' '+1 day' 99
put work/n8.pem iom.pem; check "a list of a number is taken" waits uses work/n8.pem
put work/high.pem iom.pem; mark; reload
check "an older one is not, whatever its number" told 'event=crl result=kept ca=iom reason=.*older'
check "so that is not in use" lacks work/high.pem
put work/n7.pem iom.pem; mark; reload
check "nor is one of the same second with a lower number" told 'event=crl result=kept ca=iom reason=.*older'
check "nor is that in use" lacks work/n7.pem
put work/n9.pem iom.pem; reload
check "one with a greater number is" uses work/n9.pem
put certs/iom/crl.pem iom.pem; mark; reload
expect "an older one un-revokes nobody" 3 "revoked" at iom-chief-of-mission list
put work/n9.pem iom.pem; reload

# --- Handed in, and fetched. ---
before=$(entries)
for cert in cert sign-cert; do "$top/certs/ca" revoke certs/iom offices/iom-bangkok/$cert.pem >/dev/null; done
list_of iom work/f2.pem '+2 years' '+3 years'
expect "a list from the future is handed in" 0 "keeps out whom it names" at mofa crls push work/f2.pem
expect "whom it names is kept out at once" 3 "revoked" at iom-bangkok list
expect "the answer says that it is held" 0 '"result":"held"' curl_as mofa /v1/crls --data-binary @work/f2.pem
expect "with a status of its own" 0 '^202$' curl_as mofa /v1/crls --data-binary @work/f2.pem -o work/answer -w '%{http_code}'
has "it is not journaled" "$before"
check "/health names it, by its file" waits health '(posted-[0-9a-f]*.pem) is from the future'
restart
expect "a start does not forget it" 3 "revoked" at iom-bangkok list
future mofa work/f3.pem
expect "one that names nobody new is refused" 1 "from the future" at mofa crls push work/f3.pem
expect "and is not kept" 0 "^1$" sh -c 'ls data/crls | wc -l'
i=0; while [ $i -lt 20 ]; do i=$((i + 1)); list_of iom "work/x$i.pem" '+2 years' '+3 years'; curl_as mofa /v1/crls --data-binary @"work/x$i.pem" -o work/answer; done
expect "nor is one that names whom another does" 0 "^1$" sh -c 'ls data/crls | wc -l'
for i in 1 2; do
	sleep 1; "$top/certs/ca" crl certs/iom >/dev/null
	expect "later list $i is taken" 0 "in force since entry" at mofa crls push certs/iom/crl.pem
done
check "the one from the future goes, since the next tells all of it" sh -c '! grep -q -F "$0" data/crls/*' "$(last work/f2.pem)"
expect "and who is on both is out" 3 "revoked" at iom-bangkok list
cp certs/iom/crl.pem crls/iom.pem; rm -f data/crls/*; reload
# An address of lists (crl-urls), which the daemon asks by itself.
mkdir -p work/www; cp certs/iom/crl.pem work/www/iom.crl; : >work/www.out
python3 -u -m http.server --bind 127.0.0.1 --directory work/www 0 >work/www.out 2>&1 & www=$!
waits grep -q 'port [0-9]' work/www.out
cp valised.yaml work/without-urls.yaml
echo "crl-urls: [http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\).*/\1/p' work/www.out)/iom.crl]" >>valised.yaml
restart; before=$(entries)
expect "whom no list names connects" 0 "of-mofa" at iom-vientiane list
mark; future iom work/f5.pem iom-vientiane; cp work/f5.pem work/www/t && mv work/www/t work/www/iom.crl
check "a list from the future that is fetched is told" told 'event=crl result=held ca=iom .*file="fetched-[0-9a-f]*.pem".*future'
check "and by its address" told 'event=crl result=kept reason=.*iom.crl: it is from the future'
expect "whom it names is kept out" 3 "revoked.*in the future" at iom-vientiane list
check "/health names it, by its file" waits health '(fetched-[0-9a-f]*.pem) is from the future'
has "no entry is made of what is fetched" "$before"
check "nor is it in use" lacks work/f5.pem
restart
expect "a start does not forget what was fetched" 3 "revoked.*in the future" at iom-vientiane list
sleep 1; "$top/certs/ca" crl certs/iom >/dev/null; cp certs/iom/crl.pem work/www/t && mv work/www/t work/www/iom.crl
check "a later one that is fetched is taken" waits uses certs/iom/crl.pem
has "and is one entry" $((before + 1))
check "whom the held one names stays out" sh -c '"$0" --config offices/iom-vientiane/config.yaml list; [ $? = 3 ]' "$valise"
kill $www; wait $www 2>/dev/null; cp work/without-urls.yaml valised.yaml; rm -f data/crls/*; restart
expect "until it is removed" 0 "of-mofa" at iom-vientiane list

# --- The first list of a CA. ---
expect "the minister connects" 0 "of-mofa" at mofa-minister list
"$top/certs/ca" new "$dir/certs/third" "Third CA" "Third Party" >/dev/null
cp certs/third/ca.pem policies/cas/third.pem
sed -i 's|^cas: {|cas: {third: cas/third.pem, |' policies/offices.yaml
list_of third work/third.pem '+2 hours' '+3 years'; put work/third.pem third.pem; mark; reload
check "the first list of a CA is held as well" told 'event=crl result=held ca=third'
check "and is not in use" lacks work/third.pem
rm crls/third.pem; reload; accept_policy mofa iom-geneva mofa-minister >/dev/null

# --- A list of the next hour is taken, and keeps out no later one. ---
list_of iom work/soon.pem '+40 minutes' '+30 days'; put work/soon.pem iom.pem; mark; reload
check "a list of the next hour is taken" uses work/soon.pem
sleep 1; "$top/certs/ca" revoke certs/iom offices/iom-geneva/cert.pem >/dev/null; put certs/iom/crl.pem iom.pem; reload
check "the later one counts" uses certs/iom/crl.pem
expect "whom it revokes is refused" 3 "revoked" at iom-geneva list
list_of iom work/soon.pem '+4 minutes' '+30 days'; put work/soon.pem iom.pem; reload
check "so is one of the next minutes" uses work/soon.pem
sleep 1; "$top/certs/ca" crl certs/iom >/dev/null; put certs/iom/crl.pem iom.pem; reload
deposit mofa late >/dev/null
check "beside which the later one counts" uses certs/iom/crl.pem
check "it stays, since a verdict compares it" uses work/soon.pem
expect "every copy is valid" 0 "VALID" at mofa fetch agreement/late --force -o work/o.asice
expect "the audit finds nothing" 0 "nothing is wrong" at mofa audit
expect "nor does fsck" 0 "nothing is wrong" "$valised" --config valised.yaml fsck

# --- The clock was two days ahead, and is behind the journal since. ---
# SECONDS: the daemon has another clock
clock() { stop_daemon "$dir"; export CLOCK_OFFSET="$1" LD_PRELOAD="$VALISE_BUILD/clock.so"; mark; start_daemon "$dir"; unset CLOCK_OFFSET LD_PRELOAD; }
future mofa work/f4.pem; list_of iom work/today.pem '+2 hours' '+30 days'
clock 172800; restart
mark; put work/today.pem iom.pem; reload
check "a clock behind the journal is told" told 'event=clock journal_is_ahead_s=17.* reason=.*no list is refused for its date'
check "and no list is called from the future" sh -c '! tail -n +"$0" log | grep result=held' "$((seen + 1))"
check "the list is in use" uses work/today.pem
expect "--check says the same" 0 'event=clock .*no list is refused for its date' "$valised" --config valised.yaml --check
check "and holds none" sh -c '! "$0" --config valised.yaml --check 2>&1 | grep "result=held"' "$valised"
check "/health says that the clock is wrong" waits health 'clock is behind the journal.*no list is refused'
cp -R certs/iom work/ca; "$top/certs/ca" revoke work/ca offices/iom-vientiane/cert.pem >/dev/null
mv certs/iom work/wasiom; mv work/ca certs/iom; list_of iom work/after.pem '+3 hours' '+30 days'; rm -rf certs/iom; mv work/wasiom certs/iom
put work/after.pem iom.pem; reload
expect "whom a list revokes that is later than the clock is kept out" 3 "revoked" at iom-vientiane list
put work/f4.pem mofa.pem; reload
check "a list of two years ahead is in use, since the clock is wrong" uses work/f4.pem

# --- A list in use that lies in the future. ---
clock 180000
check "the clock is right again, and it stays for want of another" uses work/f4.pem
check "which /health tells" waits health 'list in use of CA .*mofa.* is kept: .*future'
# PATTERN: so it is in /metrics
measures() { curl_as mofa /metrics | grep -q -e "^valise_ends_seconds{what=\"crl\",name=\"mofa\"} $1\$"; }
check "/metrics does not tell its end as that CA's" waits measures 0
list_of mofa work/m1.pem '+1 hour' '+30 days'
[ "$(curl_as mofa /v1/crls --data-binary @work/m1.pem -o work/answer -w '%{http_code}')" = 201 ] && ok "a later one that is handed in is new" || not_ok "a later one that is handed in is new"
check "and in use" uses work/m1.pem
check "and that of before no more" lacks work/f4.pem
restart; put work/f4.pem mofa.pem; rm -f data/crls/*; reload; check "once more" uses work/f4.pem
"$top/certs/ca" revoke certs/mofa offices/mofa-minister/cert.pem >/dev/null; list_of mofa work/m2.pem '+2 hours' '+30 days'
clock 180000; put work/m2.pem mofa.pem; reload
check "one in use that is from the future keeps out no later one, by a reload" uses work/m2.pem
expect "so whom that revokes is refused" 3 "revoked" at mofa-minister list
finish
