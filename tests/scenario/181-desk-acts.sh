#!/bin/sh
# What pages of the desk may have done: each act is the command's, files are named
# by ids, what binds is confirmed in a dialog outside the page, and nothing is lost
# or left when a page, a line or the desk goes away.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-vientiane iom-chief-of-mission iom-bangkok >/dev/null || not_ok "enrolment"
. "$(dirname "$0")/desk.sh"

# --- A deposit. ---
export VALISE_PINENTRY=$dir/work/pinentry LC_ALL=C.UTF-8
yes_; forget_shown
open_desk mofa
check "it says how it asks" sh -c "curl -s -H 'Valise-Desk: $secret' http://$desk/desk | grep -q '\"confirms\":\"pinentry\"'"
send work/lo.txt lo.txt; lo=$upload
check "a file that is sent has its hash" grep -q "\"sha256\":\"$(sha256sum <work/lo.txt | cut -d' ' -f1)\"" work/answer
send work/en.txt en.txt; en=$upload
check "only this person can read it" sh -c "! find offices/mofa/state/desk -perm /077 | grep -q ."
deposit='{"document":"agreement/page","texts":[{"upload":"'$lo'","language":"lo"},{"upload":"'$en'","language":"en"}],"titles":{"en":"A page","lo":"ໜ້າ"},"note":"by a page"'
act /desk/push "$deposit,\"dry-run\":true}"
comes_to "a deposit is looked at first" result '"dry-run":true'
comes_to "and nothing came of it" sh -c '! "$0" --config offices/mofa/config.yaml show agreement/page' "$valise"
act /desk/push "$deposit}"
comes_to "it is deposited" result '"result":"deposited".*"version":1'
check "as the command sees it" at mofa show agreement/page
check "under its own names" sh -c '"$0" --config offices/mofa/config.yaml --json show agreement/page@1 | grep -q texts/lo/lo.txt' "$valise"
check "its files are gone" test -z "$(spool)"
check "no dialog was shown for it" test ! -s work/shown
act /desk/push "$deposit}"
comes_to "a file that was used is no more" test "$(status /desk/push -d "$deposit}")" = 404

# --- What a page says is no path, and no option. ---
for bad in ../../x /etc/passwd "$lo/../x" ''; do
	check "no path: \"$bad\"" test "$(status /desk/verify -d '{"upload":"'"$bad"'"}')" = 404
done
printf x >work/x; send work/x x.txt
check "a language has nothing else in it" test "$(status /desk/push -d '{"document":"agreement/bad","texts":[{"upload":"'$upload'","language":"en=/etc/passwd"}],"titles":{"en":"x"}}')" = 422
check "nor the one of a title" test "$(status /desk/push -d '{"document":"agreement/bad","texts":[],"titles":{"en=x":"x"}}')" = 422
act /desk/sign '{"document":"--yes"}'
comes_to "an option is a document's name" error USAGE
check "a policy has a digest, and is no file" test "$(status /desk/policy/accept -d '{"digest":"/etc/passwd"}')" = 422
for name in '..' 'a%2Fb' '.hidden' '-o' 'a%0Ab' 'CON' '%ff'; do
	check "no such name: $name" test "$(status "/desk/uploads?name=$name&size=1" -X POST -d x)" = 422
done
check "the size is the one announced" test "$(status "/desk/uploads?name=a&size=2" -X POST -d x)" = 422
check "an upload can be taken back" sh -c "test \"\$(curl -s -X DELETE -H 'Valise-Desk: $secret' http://$desk/desk/uploads/$upload)\" = '{}'"
check "then nothing is left" test -z "$(spool)"
check "without the secret nothing is done" test "$(curl -s -o work/answer -w '%{http_code}' -d '{}' "http://$desk/desk/sign")" = 401

# --- Refused before the first byte. ---
big=$(status /desk/uploads/check -d '{"name":"big.pdf","size":4294967296}')
check "a file that is too large, by its name" sh -c "[ $big = 413 ] && grep -q 'big.pdf' work/answer"
check "one of a type that the policy does not take" test "$(status /desk/uploads/check -d '{"name":"x.txt","size":99999999999,"type":"agreement"}')" = 403
check "nor one of another ending" sh -c "[ $(status /desk/uploads/check -d '{"name":"x.exe","size":9,"type":"agreement"}') = 403 ] && grep -q 'x.exe' work/answer"
check "nor a longer name" test "$(status /desk/uploads/check -d '{"name":"'"$(printf '%0120d' 0)"'","size":9,"type":"agreement"}')" = 403
check "the same when it comes" test "$(status '/desk/uploads?name=x.exe&size=1&type=agreement' -X POST -d x)" = 403
check "what would do is told so" test "$(status /desk/uploads/check -d '{"name":"x.txt","size":9,"type":"agreement"}')" = 200
truncate -s 4294967296 work/sparse
got=$(status "/desk/uploads?name=sparse.bin&size=4294967296" -X POST -T work/sparse -m 60)
check "a sparse file of 4 GB: not a byte of it comes" test "$got" = 413 -a -z "$(spool)"
rm work/sparse

# --- Signing. ---
close_desk
at mofa-minister fetch agreement/page -o work/fetched.asice >/dev/null || not_ok "a copy"
open_desk mofa-minister
digest=$(at mofa-minister --json show agreement/page@1 | python3 -c 'import json, sys
d = json.load(sys.stdin); print(d["versions"][0]["digest"])')
groups=$(echo "$digest" | sed 's/..../&-/g; s/-$//')
no_; forget_shown
act /desk/sign '{"document":"agreement/page","version":1}'
comes_to "who says no in the dialog has not signed" error "not signed"
check "it waited for the dialog" grep -q '^{"waits":"pinentry"}$' work/lines
check "which showed the document and version" shown "SETDESC .*agreement/page@1"
check "and the digest, in groups of four" shown "$(echo "$groups" | cut -c1-39)%0A$(echo "$groups" | cut -c41-)"
check "and what it means" shown "proof of approval"
check "nothing is signed" sh -c '! "$0" --config offices/mofa-minister/config.yaml show agreement/page | grep -q "signed by minister"' "$valise"
# In the page's language, which is a code out of four and no text.
for said in en:Sign: lo:ລົງນາມ fr:Signer th:ลงนาม xx:Sign 'lo SETOK Yes:Sign'; do
	forget_shown
	ask /desk/sign -H "Valise-Language: ${said%%:*}" -d '{"document":"agreement/page","version":1}' >/dev/null
	said=${said#*:}
	check "the dialog's button says ${said%:}" shown "^SETOK ${said%:}$"
	check "and its text what is to be signed" shown "^SETDESC .*agreement/page@1.*%0A%0A.*1[^0-9]*$"
done
for more in ',"yes":true' ',"--yes":true' ',"confirmed":"OK"'; do
	act /desk/sign '{"document":"agreement/page","version":1'"$more"'}'
	comes_to "no word of a page is a yes: $more" error "not signed"
done
for body in '"version":"1"' '"version":1.0' '"version":[1]' '"documents":{}' '"dry-run":"true"' '"titles":[]' '"texts":"x"' '"note":1'; do
	act /desk/sign '{"document":"agreement/page",'"$body"'}'
	check "nothing of another type is taken as not said: $body" grep -q 'is of another type' work/lines
done
yes_; forget_shown
act /desk/sign '{"document":"agreement/page","version":1}'
comes_to "who says yes has signed" result '"result":"signed"'
act /desk/sign '{"document":"agreement/page","version":1}'
comes_to "once" error "signed agreement/page@1 already"

# One dialog at a time; the end of the desk is no.
echo wait >work/says; forget_shown
at iom-chief-of-mission fetch agreement/page -o work/fetched2.asice >/dev/null
close_desk
open_desk iom-chief-of-mission
ask /desk/sign -d '{"document":"agreement/page","version":1}' >work/waiting & waiting=$!
until shown CONFIRM; do sleep 0.02; done
act /desk/sign '{"document":"agreement/page","version":1}'
comes_to "a second dialog is not opened" error "another dialog is open"
kill -INT $desk_pid; wait $desk_pid
check "Ctrl-C ends it, with a dialog open" test $? = 0
wait $waiting
check "and signs nothing" sh -c '! "$0" --config offices/iom-chief-of-mission/config.yaml show agreement/page | grep -q "signed by chief"' "$valise"

# --- A page that goes away while the dialog waits. ---
open_desk iom-chief-of-mission
forget_shown
ask /desk/sign -d '{"document":"agreement/page","version":1}' >work/waiting & waiting=$!
until shown CONFIRM; do sleep 0.02; done
kill $waiting; wait $waiting 2>/dev/null
yes_
# The dialog's word counts, and so does the page's who asks again.
act /desk/sign '{"document":"agreement/page","version":1}'
while error "another dialog"; do act /desk/sign '{"document":"agreement/page","version":1}'; done
comes_to "a page that goes away takes nothing with it" sh -c 'tail -n 1 work/lines | grep -q "signed already\|signed agreement/page@1 already\|\"result\":\"signed\""'
check "it is in force" sh -c '"$0" --config offices/iom-chief-of-mission/config.yaml show agreement/page | grep -q "in force"' "$valise"

# --- A termination, and a policy. ---
no_; forget_shown
act /desk/terminate '{"document":"agreement/page","reason":"x\nCONFIRM"}'
comes_to "a reason is one line" error "one line"
act /desk/terminate '{"document":"agreement/page","reason":"100%0ASETDESC it is over"}'
comes_to "a termination is asked for" error "not signed"
check "with its reason, in which nothing is a command" shown 'SETDESC .*reason: 100%250ASETDESC it is over%0A'
forget_shown
ask /desk/terminate -H "Valise-Language: fr" -d '{"document":"agreement/page","reason":"it is over"}' >/dev/null
check "in the page's language" shown 'SETDESC .*%0Amotif : it is over%0Aempreinte :%0A.*Signer son extinction ?$'
check "with nothing of ours left in English" sh -c "! grep 'SETDESC' work/shown | grep -q 'Valise asks\|reason:\|digest:\|You sign\|it ends once\|termination'"
yes_
act /desk/terminate '{"document":"agreement/page","reason":"it is over"}'
comes_to "and signed" result '"result":"signed"'
close_desk

# --- What a page says is no word of a command line, and none at the terminal. ---
open_desk mofa
for document in '--help' '/etc/passwd' 'agreement/page\nagreement/other' '\u001b[2Jagreement/page'; do
	act /desk/sign '{"document":"'"$document"'"}'
	comes_to "no document: $document" error '"code":"USAGE"'
done
check "nothing of it comes to the terminal, which asks what binds" sh -c '! grep -q "does not name a document" work/desk.err'
mkdir work/agreement; cp work/lo.txt work/agreement/page@1.asice; cp work/lo.txt work/agreement/page@2.asice
for query in "document=$dir/work/agreement/page&from=1.asice&to=2.asice" "document=agreement/page&from=1.asice&to=2.asice" "document=agreement/page&from=/../1&to=1" "document=-&from=1&to=2"; do
	ask "/desk/diff?$query" >work/answer
	check "no file is compared: $query" sh -c '! grep -q "ZIP\|CONTAINER\|\"files\"" work/answer && grep -q "USAGE\|MALFORMED" work/answer'
done

# --- Copies. ---
act /desk/fetch '{"document":"agreement/page","version":1}'
comes_to "a copy is fetched" result '"outcome":"VALID".*"copy":"[0-9a-f]*"'
copy=$(sed -n 's/.*"copy":"\([0-9a-f]*\)".*/\1/p' work/lines)
ask "/desk/copies/$copy" >work/page.asice
check "its bytes are a copy" at mofa verify work/page.asice
once() { ask "/desk/copies/$copy/once" -d '{"member":"'"$1"'"}' | sed -n 's/.*"address":"\([^"]*\)".*/\1/p'; }
address=$(once texts/lo/lo.txt)
check "a text has an address" sh -c "curl -s -D work/head 'http://$desk$address' | cmp - work/lo.txt"
check "with headers of its own" sh -c "grep -qi '^content-type: text/plain; charset=utf-8' work/head && grep -qi \"^content-security-policy: sandbox; default-src 'none'; frame-ancestors 'self'\" work/head && grep -qi '^x-content-type-options: nosniff' work/head"
check "which works once" test "$(curl -s -o work/answer -w '%{http_code}' "http://$desk$address")" = 404
for member in version.yaml META-INF/manifest.xml ../copy.asice /etc/passwd; do
	check "no text: $member" test -z "$(once "$member")"
done
whole() { ask "/desk/copies/${1:-$copy}/once" -d '{"whole":true}' | sed -n 's/.*"address":"\([^"]*\)".*/\1/p'; }
address=$(whole)
check "the whole copy has an address" sh -c "curl -s -D work/head 'http://$desk$address' | cmp - work/page.asice"
check "as a file that is saved" sh -c "grep -qi '^content-disposition: attachment' work/head && grep -qi '^content-type: application/octet-stream' work/head && grep -qi '^content-security-policy: sandbox' work/head"
check "which works once, too" test "$(curl -s -o work/answer -w '%{http_code}' "http://$desk$address")" = 404
check "only of a copy that there is" test -z "$(whole 0123456789abcdef0123456789abcdef)"
check "and not for who has no secret" test "$(curl -s -o work/answer -w '%{http_code}' -d '{"whole":true}' "http://$desk/desk/copies/$copy/once")" = 401
at mofa pull work/mine >/dev/null || not_ok "a local copy"
act /desk/fetch '{"document":"agreement/page","version":1,"local":true}'
comes_to "or taken from the local copy" result '"copy"'
send work/page.asice page.asice
act /desk/verify '{"upload":"'$upload'"}'
comes_to "a copy that is dropped is verified" result '"outcome":"VALID"'
cp work/page.asice work/bad.asice; spoil work/bad.asice 200
send work/bad.asice bad.asice
act /desk/verify '{"upload":"'$upload'"}'
comes_to "a finding is a result" result '"outcome":"IN'
close_desk

# --- Without a line. ---
open_desk mofa --local
check "the types that this office may deposit are known" sh -c "curl -s --noproxy '*' -H 'Valise-Desk: $secret' http://$desk/desk/types | grep -q '{\"types\":\[{\"type\":\"agreement\",\"title\":\"Agreement\"},'"
check "and no other" sh -c "! curl -s --noproxy '*' -H 'Valise-Desk: $secret' http://$desk/desk/types | grep -q health-protocol"
send work/lo.txt lo.txt; lo=$upload
send work/en.txt en.txt; en=$upload
act /desk/push '{"document":"agreement/later","texts":[{"upload":"'$lo'","language":"lo"},{"upload":"'$en'","language":"en"}],"titles":{"en":"Later"}}'
comes_to "without a line a deposit is kept" result '"result":"kept"'
close_desk
check "until there is one" sh -c 'ls offices/mofa/state/*/outbox | grep -q later'
check "what was fetched is gone with the desk" test -z "$(spool)"
finish
