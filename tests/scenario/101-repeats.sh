#!/bin/sh
# Deliveries again: one entry for a minute of them, which are counted; so many an
# hour of what was delivered before; and nothing leaves before an entry says so.
. "$(dirname "$0")/lib.sh"
printf '%-8d' 0 >work/step; export CLOCK_STEP="$dir/work/step"
# SECONDS: the daemon's clock is later by so many than at its start
later() { printf '%-8d' "$1" | dd conv=notrunc of=work/step 2>/dev/null; }
start_stepped() { later 0; LD_PRELOAD="$VALISE_BUILD/clock.so" start_daemon "$dir"; }
make_daemon "$dir" && echo "reserve: 1 MiB" >>valised.yaml && start_stepped || { not_ok "the daemon starts"; finish; }
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
deposit mofa one >/dev/null; deposit mofa two >/dev/null
get() { curl_as "$1" "/v1/documents/agreement/$2/versions/1" -o work/copy -w '%{http_code}\n'; }
git_as() { office=$1; shift; env GIT_SSL_CAINFO="$dir/offices/$office/ca.pem" GIT_SSL_CERT="$dir/offices/$office/cert.pem" GIT_SSL_KEY="$dir/offices/$office/key.pem" git "$@"; }
# ACT: how many entries of it there are, as the depositary's office sees it
num() { at mofa --json log --act "$1" | grep -o '"index"' | wc -l; }
# FIELD ACT: of the last entry of that act
last() { at mofa --json log --act "$2" | grep -o "\"$1\": *[^,}]*" | tail -n 1 | sed 's/.*: *//'; }
until_num() { n=0; until [ "$(num "$1")" = "$2" ]; do n=$((n + 1)); [ $n -lt 100 ] || return 1; sleep 0.1; done; }

# --- Within a minute. ---
expect "a copy is given" 0 "^200$" get iom-geneva one
expect "it is journaled" 0 "^1$" num deliver
for _ in 1 2 3; do get iom-geneva one >/dev/null; done
check "again, whole" test "$(sha256sum <work/copy)" = "$(get iom-geneva one >/dev/null; sha256sum <work/copy)"
check "by the command" at iom-geneva fetch agreement/one -o work/fetched.asice
check "by git" git_as iom-geneva clone -q "$(cat url)/git" work/clone -b agreement/one --single-branch
check "in a pack" at iom-geneva pull work/pulled
expect "and no entry says so yet, but of what was not given before" 0 "^2$" num deliver
expect "that is the other document" 0 "agreement/two" at mofa log --act deliver
expect "a HEAD delivers nothing" 0 "HTTP/1.1 200" curl_as iom-geneva /v1/documents/agreement/one/versions/1 -I
etag=$(curl_as iom-geneva /v1/documents/agreement/one/versions/1 -I | tr -d '\r' | sed -n 's/^ETag: //p')
expect "nor does the rest of a copy" 0 "^206$" curl_as iom-geneva /v1/documents/agreement/one/versions/1 -H 'Range: bytes=9-' -H "If-Range: $etag" -o work/rest -w '%{http_code}\n'
expect "another person's is theirs" 0 "^200$" get mofa one
expect "with an entry" 0 "^3$" num deliver
expect "no count is journaled before its minute is over" 0 "^0$" num deliveries
later 61
check "then one is" until_num deliveries 1
expect "of all ways together" 0 "agreement/one@1, [78] times more under entry $(at mofa log --act deliver | awk '/agreement\/one/ { print $1; exit }')$" at mofa log --act deliveries
expect "who was given them sees it" 0 "times more under entry" at iom-geneva log --act deliveries
expect "who neither was nor audits does not" 0 "^0 entries" at iom-bangkok log --act deliveries
expect "with a word on what a crash may lose" 0 "is a count, which a crash of the daemon may lose" at mofa log --act deliveries
at mofa log --act deliver | grep -q "a crash" && not_ok "of which a log without one has none" || ok "of which a log without one has none"
expect "in JSON it has all that the delivery has" 0 '"person": *"geneva@iom.example"' at mofa --json log --act deliveries
expect "as CSV too" 0 ',deliveries,agreement/one,1,"agreement/one@1, ' at mofa log --act deliveries --csv
expect "events tell it" 28 '^event: deliveries' curl_as mofa "/v1/events?from=$(last index deliveries)" -m 2
expect "after the minute there is a new entry" 0 "^200$" get iom-geneva one
expect "of its own" 0 "^4$" num deliver
get iom-geneva one >/dev/null
expect "an audit says how many are counts" 0 "[78] of the deliveries are counts of a minute: a crash of the daemon may lose one" at mofa audit
later 122
check "which is counted in its turn" until_num deliveries 2
expect "an audit that goes on knows the delivery from before" 0 "nothing is wrong" at mofa audit
expect "and the whole one" 0 "nothing is wrong" at mofa audit --full
expect "fsck too" 0 "nothing is wrong" "$valised" --config valised.yaml fsck

# --- A stop, and a kill. ---
before=$(num deliver)
get iom-bangkok one >/dev/null; get iom-bangkok one >/dev/null
stop_daemon "$dir"; start_stepped
expect "a stop journals the counts that are open" 0 "^3$" num deliveries
expect "and forgets who was given what" 0 "^200$" get iom-bangkok one
expect "so there is an entry" 0 "^$((before + 2))$" num deliver
get iom-bangkok one >/dev/null
kill_daemon "$dir"; start_stepped
expect "a kill loses a count" 0 "^3$" num deliveries
expect "and no delivery" 0 "^$((before + 2))$" num deliver
expect "the daemon's folder is whole" 0 "nothing is wrong" "$valised" --config valised.yaml fsck

# --- So many an hour. ---
stop_daemon "$dir"; echo 'repeats: 3' >>valised.yaml; start_stepped
for _ in 1 2 3 4; do get iom-bangkok one; done >work/codes
expect "so many repeats an hour" 0 "^4$" grep -c 200 work/codes
entries=$(num deliver)
expect "then none" 0 "^429$" get iom-bangkok one
curl_as iom-bangkok /v1/documents/agreement/one/versions/1 -D work/head -o work/body
seconds=$(tr -d '\r' <work/head | sed -n 's/^Retry-After: //p')
[ "${seconds:-0}" -gt 3000 ] && [ "$seconds" -le 3600 ] && ok "until the hour is over" || not_ok "until the hour is over ($seconds)"
expect "with a code of its own" 0 '"code":"REPEATED_TOO_OFTEN"' cat work/body
expect "a metric counts it" 0 '^valise_limit_reached_total{limit="repeats"} [1-9]' curl_as mofa /metrics
expect "a line tells it" 0 'event=limit limit=repeats office="iom-bangkok"' cat log
expect "the command tells it" 6 "bangkok@iom.example was given agreement/one within the last 24 hours" at iom-bangkok fetch agreement/one -o work/f.asice
expect "git too" 128 "" git_as iom-bangkok clone -q "$(cat url)/git" work/refused -b agreement/one --single-branch
expect "what was not given yet is" 0 "^200$" get iom-bangkok two
expect "and to other offices all" 0 "^200$" get iom-geneva one
expect "a refused one has no entry" 0 "^$((entries + 2))$" num deliver
expect "nor is it journaled at once" 0 "^0$" num refuse
later 3700
check "all of an hour have one" until_num refuse 1
expect "which says how many" 0 "read agreement/one (repeats: 3 an hour), several times" at mofa log --act refuse
[ "$(last times refuse)" -ge 4 ] && ok "all of them" || not_ok "all of them ($(last times refuse))"
expect "the next hour has its own" 0 "^200$" get iom-bangkok one
expect "an audit finds nothing in all that" 0 "nothing is wrong" at mofa audit
sed -i 's/^repeats: .*/repeats: 0/' valised.yaml
expect "a number that is none is refused" 8 "repeats" "$valised" --config valised.yaml --check
finish
