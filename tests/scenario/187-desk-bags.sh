#!/bin/sh
# Bags and policies at the desk.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-bangkok iom-geneva >/dev/null || not_ok "enrolment"
. "$top/tests/scenario/desk.sh"
yes_; forget_shown
export VALISE_PINENTRY=$dir/work/pinentry
deposit mofa one >/dev/null && deposit mofa two >/dev/null || not_ok "deposits"

# --- Bags. ---
open_desk mofa
act /desk/bags/pack '{"to":"iom-bangkok","documents":["agreement/one@1"]}'
comes_to "a bag is packed" result '"copy":"[0-9a-f]*"'
copy=$(sed -n 's/.*"copy":"\([0-9a-f]*\)"[^"]*$/\1/p' work/lines)
ask "/desk/copies/$copy" >work/one.bag
act /desk/bags/pack '{"to":"iom-bangkok","documents":[]}'
comes_to "or what was not acknowledged" result '"copy"'
act /desk/bags/pack '{"to":"--force","documents":[]}'
comes_to "an option is an office's name" error .
act /desk/bags/pack '{"to":"iom-bangkok","documents":["--all"]}'
comes_to "or a document's" error .
check "they are in the list" sh -c "curl -s -H 'Valise-Desk: $secret' 'http://$desk/desk/bags' | grep -q iom-bangkok"
close_desk
open_desk iom-bangkok
send work/one.bag one.bag
act /desk/bags/open '{"upload":"'"$upload"'"}'
comes_to "it is opened" result '"from":"mofa".*"agreement/one".*"copy"'
answer=$(sed -n 's/.*"copy":"\([0-9a-f]\{32\}\)".*/\1/p' work/lines)
ask "/desk/copies/$answer" >work/one.ack
check "what was in it is in the local copy" at iom-bangkok --local show agreement/one
send work/lo.txt lo.txt
act /desk/bags/open '{"upload":"'"$upload"'"}'
comes_to "what is no bag is told" error MALFORMED
close_desk
open_desk mofa
send work/one.ack one.ack
act /desk/bags/ack '{"upload":"'"$upload"'"}'
comes_to "the acknowledgement is handed in" result .
check "it is in the list" sh -c "curl -s -H 'Valise-Desk: $secret' 'http://$desk/desk/bags' | grep -q acknowledged"
close_desk

# --- A policy. ---
echo '# harmless' >>policies/offices.yaml; reload
open_desk iom-geneva
digest=$(policy_of iom-geneva)
check "pages are answered meanwhile" test "$(status /v1/documents)" = 200
no_; forget_shown
act /desk/policy/accept '{"digest":"'"$digest"'"}'
comes_to "a policy is asked for, though its digest is said" error "not accepted"
check "with the digest, in groups" shown "$(echo "$digest" | cut -c1-4)-$(echo "$digest" | cut -c5-8)-"
expect "it is not accepted" 1 "POLICY_UNKNOWN\|not accepted" deposit iom-geneva nothing
yes_
act /desk/policy/accept '{"digest":"'"$digest"'"}'
comes_to "who says yes has accepted it" result '"already":false'
check "so has the command" at iom-geneva list
close_desk
check "nothing is left" test -z "$(spool)"
finish
