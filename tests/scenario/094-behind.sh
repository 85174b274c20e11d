#!/bin/sh
# An office that was away while the policy that names the witnesses came, and the
# journal's key was replaced: it follows by proof alone, once it has accepted that
# policy; and it follows nothing else.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-geneva iom-bangkok iom-vientiane iom-chief-of-mission >/dev/null
deposit mofa one >/dev/null
p1=$(policy_of mofa)
state() { echo offices/"$1"/state/*; }
kept() { sed -n 2p "$(state "$1")/checkpoint"; }
followed() { cat "$(state "$1")/keys" 2>/dev/null | wc -l; }
# OFFICE FILE: it asks the daemon whose address is in FILE
ask() { sed -i "s|^address: .*|address: $(cat "$2")|" "$(state "$1")/enrolment.yaml"; }
remember() { rm -rf "work/offices/$1"; mkdir -p work/offices; cp -R "offices/$1" work/offices/; }
recall() { rm -rf "offices/$1"; cp -R "work/offices/$1" offices/; }
for o in iom-bangkok iom-vientiane iom-chief-of-mission; do at $o list >/dev/null; remember $o; done
stop_daemon "$dir"
mkdir other; fork_data other; cp -R policies crls certs other/
cp -R offices/mofa work/thief
start_daemon "$dir"

# --- A policy names witnesses, and the key is replaced; some were away. ---
# WITNESS…: they cosign, and the next start takes over the next key
replace_key() {
	stop_daemon "$dir"; "$valised" --config valised.yaml replace-key >work/replace 2>&1 || not_ok "replace-key"
	start_daemon "$dir"; for o; do at "$o" witness >/dev/null || not_ok "$o cosigns"; done
	restart
}
mofa_key=$(at mofa witness init 2>/dev/null) geneva_key=$(at iom-geneva witness init 2>/dev/null)
printf 'witnesses: {mofa: "%s", iom-geneva: "%s"}\nquorum: 2\n' "$mofa_key" "$geneva_key" >>policies/offices.yaml
reload
accept_policy mofa iom-geneva >/dev/null
p2=$(policy_of mofa)
at mofa witness >/dev/null; at iom-geneva witness >/dev/null
# Who is behind is known before.
said() { curl_as mofa /health | tr '{' '\n' | grep "\"office\": *\"$1\""; }
expect "/health tells who has accepted the newest policy" 0 '"newest": *true' said mofa
expect "and which policy whoever was away has accepted" 0 "\"vientiane@iom.example\".*\"policy\": *\"$p1\".*\"entry\": *0,.*\"newest\": *false" said iom-vientiane
curl_as iom-vientiane /health >work/health
check "to nobody else" sh -c '! grep -q accepted "$1"' - work/health
expect "what is no digest is refused" 0 "^400$" curl_as mofa /health -H "Valise-Accepted: $p2 " -H "Valise-Accepted: $p2" -o /dev/null -w '%{http_code}\n'
expect "once and as it should be it is taken" 0 "^200$" curl_as mofa /health -H "Valise-Accepted: $p2" -o /dev/null -w '%{http_code}\n'
replace_key mofa iom-geneva
expect "replace-key lists who may be behind" 0 "iom-vientiane, vientiane@iom.example: policy $(echo "$p1" | cut -c1-16)… of entry 0, last seen 20" cat work/replace
expect "and says that they are not locked out" 0 "not locked out" cat work/replace
check "and nobody else" sh -c '! grep -q "mofa, \|iom-geneva" "$1"' - work/replace
expect "it goes on" 0 "names the next key" cat work/replace
expect "what was said is known after a start" 0 "\"policy\": *\"$p1\"" said iom-vientiane
expect "the key was replaced" 0 "event=key result=switched" cat log
expect "who accepted that policy follows" 0 "key was replaced after entry" at mofa list
at iom-geneva list >/dev/null 2>&1
deposit mofa two >/dev/null

# --- Who was away is told what to do, and can do it. ---
expect "who was away is told which policy to accept" 1 "policy accept $p2" at iom-vientiane list
expect "and that the new key has no witness yet" 1 "0 of 0 witnesses of the policy that you accepted" at iom-vientiane list
expect "by its code" 1 '"NOT_WITNESSED"' at iom-vientiane --json list
for command in "show agreement/one" "history agreement/one" log "fetch agreement/one -o work/x.asice" audit watch; do
	# shellcheck disable=SC2086
	expect "by $command too" 1 "policy accept $p2" timeout 30 "$valise" --config offices/iom-vientiane/config.yaml $command
done
expect "by what sends too" 1 "policy accept $p2" deposit iom-vientiane three
check "nothing was accepted by that" sh -c '! grep -q "$1 accepted" "$2"' - "$p2" "$(state iom-vientiane)/policy-entries"
check "and no key followed" [ "$(followed iom-vientiane)" = 0 ]
expect "the policy is shown" 0 "last policy before that: $p2" at iom-vientiane policy show
expect "with the witnesses that it names" 0 '+ witnesses: {mofa: "valise.mofa.example' at iom-vientiane policy show
expect "as of where the old key ends" 0 "as of the old one's last entry, $(($(kept iom-vientiane) - 1))" at iom-vientiane policy show
expect "in JSON too" 0 "\"daemon\": *\"$p2\"" at iom-vientiane --json policy show
expect "each by its digest" 0 "not accepted" at iom-vientiane policy show "$p2"
expect "it can be saved" 0 "policy $p2 is in" at iom-vientiane policy save "$p2" work/p2.zip
expect "to accept needs the digest" 2 "the daemon's is $p2" at iom-vientiane policy accept
expect "another digest is no entry" 4 "no such policy entry" at iom-vientiane policy accept "$(echo x | sha256sum | cut -c1-64)"
check "all that has followed no key" [ "$(followed iom-vientiane)" = 0 ]
expect "to accept it again says so" 0 "accepted already" at iom-vientiane policy accept "$p1"
check "and follows nothing" [ "$(followed iom-vientiane)" = 0 ]
remember iom-vientiane
expect "once it is accepted, the key is followed" 0 "key was replaced after entry.*2 of 2 witnesses: followed" at iom-vientiane policy accept "$p2"
expect "and the daemon knows at once" 0 "\"policy\": *\"$p2\".*\"newest\": *true" said iom-vientiane
expect "and the office goes on" 0 "agreement/two" at iom-vientiane list
expect "it sends too" 0 "^deposited" deposit iom-vientiane three
expect "what came before is good" 0 "VALID" at iom-vientiane fetch agreement/one -o work/one.asice
expect "and what came after" 0 "VALID" at iom-vientiane fetch agreement/two -o work/two.asice
expect "the audit spans both keys" 0 "nothing is wrong" at mofa audit --full
at mofa policy save "$p2" work/mail.zip >/dev/null
expect "a policy may come by mail" 0 "until its entry in the" at iom-bangkok policy accept work/mail.zip
expect "then any command follows" 0 "2 of 2 witnesses: followed" at iom-bangkok list
expect "once" 0 "agreement/two" at iom-bangkok list

# --- Away for two keys: one after the other. ---
bangkok_key=$(at iom-bangkok witness init 2>/dev/null)
sed -i '/^witnesses:/d; /^quorum:/d' policies/offices.yaml
printf 'witnesses: {iom-bangkok: "%s"}\nquorum: 1\n' "$bangkok_key" >>policies/offices.yaml
reload
accept_policy mofa iom-bangkok >/dev/null
p3=$(policy_of mofa)
at iom-bangkok witness >/dev/null
replace_key iom-bangkok
expect "of two keys the first comes first" 1 "policy accept $p2" at iom-chief-of-mission list
expect "a policy of the second is not known yet" 4 "no such policy entry" at iom-chief-of-mission policy accept "$p3"
expect "the first is followed" 0 "2 of 2 witnesses: followed" at iom-chief-of-mission policy accept "$p2"
check "and not the second" [ "$(followed iom-chief-of-mission)" = 1 ]
expect "then the second is told" 1 "0 of 2 witnesses of the.*policy accept $p3" at iom-chief-of-mission list
expect "and followed" 0 "1 of 1 witnesses: followed" at iom-chief-of-mission policy accept "$p3"
expect "who was away for both goes on" 0 "agreement/three" at iom-chief-of-mission list

# --- Lies, to an office that knows the old key and the first policy. ---
# Whoever has the old key forks the journal before the policy, with a policy and a witness of his own.
mv offices/mofa work/mofa; mv work/thief offices/mofa
forked other | sed "s|127.0.0.1:[0-9]*|127.0.0.1:$(free_port)|" >other/valised.yaml
sed -n 's/^listen: /https:\/\//p' other/valised.yaml >other/url
thief_key=$(at mofa witness init 2>/dev/null)
printf 'witnesses: {mofa: "%s"}\nquorum: 1\n' "$thief_key" >>other/policies/offices.yaml
start_daemon "$dir/other"
ask mofa other/url
accept_policy mofa >/dev/null
forged=$(policy_of mofa)
at mofa witness >/dev/null || not_ok "the thief cosigns"
stop_daemon "$dir/other"; "$valised" --config other/valised.yaml replace-key >/dev/null 2>&1
start_daemon "$dir/other"; at mofa witness >/dev/null; stop_daemon "$dir/other"; start_daemon "$dir/other"
expect "the fork has a key of its own" 0 "result=switched" cat other/log
expect "whoever believed the thief would follow" 0 "1 of 1 witnesses: followed" at mofa list
rm -rf offices/mofa; mv work/mofa offices/mofa
recall iom-chief-of-mission; ask iom-chief-of-mission other/url
expect "a forged policy is not accepted by anybody's word but one's own" 1 "policy accept $forged" at iom-chief-of-mission list
expect "the digest that was told by telephone is not there" 4 "no such policy entry" at iom-chief-of-mission policy accept "$p2"
check "the thief's key is not followed" [ "$(followed iom-chief-of-mission)" = 0 ]
ask iom-chief-of-mission url
expect "the truth shows that there were two histories" 1 "rolled back" at iom-chief-of-mission list
expect "to who accepts too" 1 "rolled back" at iom-chief-of-mission policy accept "$p2"
recall iom-vientiane; ask iom-vientiane other/url
expect "who saw the true end of the old key is shown no fork" 1 "rolled back" at iom-vientiane list
expect "and accepts nothing of it" 1 "rolled back" at iom-vientiane policy accept "$forged"
check "it follows no key" [ "$(followed iom-vientiane)" = 0 ]
# Single answers.
forked=$(sed 's|.*:||' other/url)
recall iom-vientiane; ask iom-vientiane url
liar iom-vientiane other 2 "$forked"
expect "the proof of a key from another history" 1 "rolled back" at iom-vientiane policy accept "$p2"
check "was a lie" lied /v1/journal/keys
liar iom-vientiane ask "/v1/journal/keys/$(cut -d+ -f2 vkey)" /v1/journal/entries/0/receipt
expect "the proof of another entry" 1 "proof of its new key is none" at iom-vientiane policy accept "$p2"
check "was a lie" lied /v1/journal/keys
liar iom-vientiane ask "/v1/policy/$p2" "/v1/policy/$p1"
expect "another policy's files" 1 "other files" at iom-vientiane policy accept "$p2"
check "was a lie" lied "/v1/policy/$p2"
no_line iom-vientiane
recall iom-chief-of-mission
liar iom-chief-of-mission lines act=policy drop=0
expect "the policy is left out" 1 "0 of 0 witnesses have cosigned: it is not followed" at iom-chief-of-mission list
check "was a lie" lied act=policy
recall iom-chief-of-mission
liar iom-chief-of-mission ask "act=policy&at=" "act=policy&to="
expect "an answer under the new key, to who asks of the old one" 1 "not signed by the journal" at iom-chief-of-mission list
check "was a lie" lied act=policy
recall iom-vientiane
liar iom-vientiane say /v1/journal/keys witness/iom-geneva witness/iom-nobody
expect "one cosignature is left out: what was accepted is kept" 0 "1 of 2 witnesses have cosigned: it is not followed" at iom-vientiane policy accept "$p2"
check "was a lie" lied /v1/journal/keys
expect "and the key is not followed" 1 "1 of 2 witnesses have cosigned: it is not followed" at iom-vientiane list
check "by nothing" [ "$(followed iom-vientiane)" = 0 ]
no_line iom-vientiane
expect "with both it is" 0 "2 of 2 witnesses: followed" at iom-vientiane policy show
finish
