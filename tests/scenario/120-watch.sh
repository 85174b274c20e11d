#!/bin/sh
# Events: the stream of entries as they are made, and valise watch.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
# FILE PATTERN: wait until it is there
until_says() { n=0; until grep -q -e "$2" "$1" 2>/dev/null || [ $n = 3000 ]; do n=$((n + 1)); sleep 0.02; done; grep -q -e "$2" "$1"; }
deposit mofa early >/dev/null
curl_as iom-geneva /v1/events -N >work/events 2>/dev/null & listener=$!
check "a stream begins" until_says work/events "^retry: "
"$valise" --config offices/mofa/config.yaml watch --exec 'cat >>work/acts' >work/watch 2>work/watch.err & watcher=$!
"$valise" --config offices/iom-bangkok/config.yaml watch --act deposit --json >work/watch2 2>&1 & watcher2=$!
# A deposit each until they are heard: then all three listen.
n=0; until [ -s work/acts ] && [ -s work/watch2 ] || [ $n = 50 ]; do n=$((n + 1)); deposit mofa "try$n" >/dev/null; done
deposit mofa one >/dev/null
check "an event for a deposit" until_says work/events "^event: deposit"
check "with the entry" until_says work/events '^data: {"act":"deposit"'
check "watch prints it" until_says work/watch "deposit .*agreement/one@1"
check "and runs the command" until_says work/acts '^{"index":[0-9]*,"act":"deposit"'
check "--json is a line each" until_says work/watch2 '^{"index":[0-9]*,"act":"deposit"'
at iom-vientiane push health-protocol/tb --text en=work/en.txt --title en=TB >/dev/null
deposit mofa two >/dev/null
check "what follows too" until_says work/watch "agreement/two@1"
check "MOFA, which reads it, sees the health protocol" until_says work/watch "health-protocol/tb"
check "Geneva sees what it may" until_says work/events "agreement/two"
check "and not what it may not" sh -c "! grep -q health-protocol work/events"
early=$(grep -c agreement/early work/watch); [ "$early" = 0 ] && ok "nothing of before" || not_ok "nothing of before"
# An id is the journal's index, and what was missed comes.
id=$(sed -n 's/^id: //p' work/events | head -n 1)
kill $listener; wait $listener 2>/dev/null
curl_as iom-geneva /v1/events -N -H "Last-Event-ID: $id" >work/again 2>/dev/null & listener=$!
check "Last-Event-ID: what came after it" until_says work/again "agreement/two"
check "and nothing twice" sh -c "! grep -q '^id: $id$' work/again"
expect "an id that there is not yet is another history's" 0 '"exit":5' curl_as iom-geneva /v1/events -H "Last-Event-ID: 99999"
expect "one that is no number is refused" 0 '"exit":2' curl_as iom-geneva /v1/events -H "Last-Event-ID: x"
# A cut: the daemon goes away, acts happen, and nothing is missed.
stop_daemon "$dir"
wait $listener; ok "the streams end with it"
start_daemon "$dir"
deposit mofa three >/dev/null; deposit mofa four >/dev/null
check "watch goes on after a cut" until_says work/watch "agreement/four@1"
check "with what it missed" until_says work/watch "agreement/three@1"
[ "$(grep -c 'agreement/three@1' work/watch)" = 1 ] && ok "once" || not_ok "once"
expect "with a word about it" 0 "trying again" cat work/watch.err
check "--exec sees what it missed" until_says work/acts "agreement/four"
expect "--exec sees each once" 0 "^1$" grep -c agreement/four work/acts
expect "log --follow is as before" 124 "agreement/four" timeout 3 "$valise" --config offices/mofa/config.yaml log --follow
# A certificate is renewed while it runs, and the old one is no good any more.
"$valise" --config offices/iom-geneva/config.yaml watch >work/renewed 2>work/renewed.err & renewing=$!
n=0; until [ -s work/renewed ] || [ $n = 50 ]; do n=$((n + 1)); deposit mofa "heard$n" >/dev/null; done
openssl req -new -key offices/iom-geneva/key.pem -subj /CN=Geneva -out work/next.csr 2>/dev/null
"$top/certs/ca" issue "$dir/certs/iom" connect "$dir/work/next.csr" geneva@iom.example Geneva "$dir/work/next.pem" >/dev/null
cp offices/iom-geneva/cert.pem work/before.pem; mv work/next.pem offices/iom-geneva/cert.pem
"$top/certs/ca" revoke "$dir/certs/iom" "$dir/work/before.pem" >/dev/null
publish_crls "$dir"; reload
check "watch goes on with a renewed certificate" until_says work/renewed.err "cert.pem was renewed: going on"
deposit mofa renewed >/dev/null
check "and hears what comes" until_says work/renewed "agreement/renewed@1"
kill $renewing 2>/dev/null; wait $renewing 2>/dev/null
# Rights end while a stream is open.
"$valise" --config offices/iom-bangkok/config.yaml watch >work/revoked 2>&1 & revoked=$!
n=0; until [ -s work/revoked ] || [ $n = 50 ]; do n=$((n + 1)); deposit mofa "more$n" >/dev/null; done
sed -i '/ iom-bangkok:/s/@iom.example/@elsewhere.example/' policies/offices.yaml
kill -HUP "$(cat pid)"
check "who is no office any more is told no more" until_says work/revoked "tells no more"
wait $revoked; [ $? = 3 ] && ok "exit 3" || not_ok "exit 3"
kill $watcher $watcher2 2>/dev/null; wait $watcher $watcher2 2>/dev/null
# A thousand watchers: no thread each.
threads=$(ls /proc/"$(cat pid)"/task | wc -l)
ulimit -n 4096 2>/dev/null
port=$(sed 's|.*:||; s|/||' url)
before=$(awk '/VmRSS/ { print $2 }' /proc/"$(cat pid)"/status)
"$VALISE_BUILD/bench" watch 127.0.0.1 "$port" offices/mofa/ca.pem offices/mofa/cert.pem offices/mofa/key.pem 1000 >work/watched 2>&1 & w=$!
check "1,000 watch" until_says work/watched "^watching"
accept_policy mofa >/dev/null; deposit mofa five >/dev/null
check "and each is told" until_says work/watched "^told 1000"
[ "$(ls /proc/"$(cat pid)"/task | wc -l)" = "$threads" ] && ok "by the same threads" || not_ok "by the same threads"
kill $w 2>/dev/null; wait $w 2>/dev/null
finish
