#!/bin/sh
# Uploads in parts (tus 1.0), by curl alone; and every command of the exchange
# over lines that cut, corrupt and crawl.
. "$(dirname "$0")/lib.sh"
unset VALISE_PATIENCE
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
# OFFICE METHOD PATH …: the status; the fields are in work/head
tus() { office=$1 method=$2 path=$3; shift 3; curl_as "$office" "$path" -X "$method" -H 'Tus-Resumable: 1.0.0' -D work/head -o work/body -w '%{http_code}\n' "$@"; }
field() { tr -d '\r' <work/head | sed -n "s/^$1: //p"; }
patch() { office=$1 id=$2 offset=$3; shift 3; tus "$office" PATCH "/v1/uploads/$id" -H 'Content-Type: application/offset+octet-stream' -H "Upload-Offset: $offset" "$@"; }
create() { office=$1 length=$2; shift 2; tus "$office" POST /v1/uploads -H "Upload-Length: $length" -H 'Content-Length: 0' "$@" >work/status; id=$(field Location); id=${id##*/}; cat work/status; }

mkdir work/made; "$VALISE_BUILD/bench" make work/made offices/mofa 1 300000 whole >/dev/null
one=$(ls work/made/*); name=$(basename "$one" .asice); size=$(stat -c %s "$one")
doc=$(unzip -p "$one" version.yaml | sed -n 's/^document: //p')
put() { curl_as mofa "/v1/documents/$doc/versions/1?$1" -X PUT -H 'Content-Length: 0' -o work/body -w '%{http_code}\n'; }

expect "OPTIONS tells the extensions" 0 "^204$" tus mofa OPTIONS /v1/uploads
[ "$(field Tus-Extension)" = creation,checksum,expiration,termination ] && ok "which are these" || not_ok "which are these"
expect "another version of tus is refused" 0 "^412$" curl_as mofa /v1/uploads -X POST -H 'Tus-Resumable: 0.2' -H 'Upload-Length: 1' -H 'Content-Length: 0' -o /dev/null -w '%{http_code}\n'
expect "an upload without a length is refused" 0 "^400$" tus mofa POST /v1/uploads -H 'Content-Length: 0'
expect "one of more than a container may have too" 0 "^413$" tus mofa POST /v1/uploads -H 'Content-Length: 0' -H 'Upload-Length: 99999999999'
expect "who may deposit nothing uploads nothing" 0 "^403$" tus iom-geneva POST /v1/uploads -H 'Content-Length: 0' -H 'Upload-Length: 5'
create mofa "$size" -H "Upload-Metadata: sha256 $(sha256sum "$one" | cut -c1-64 | tr -d '\n' | base64 -w 0)" >work/created
expect "an upload is begun" 0 "^201$" cat work/created
[ -n "$(field Upload-Expires)" ] && ok "which ends some day" || not_ok "which ends some day"
expect "it is at 0" 0 "^200$" tus mofa HEAD "/v1/uploads/$id" -I
[ "$(field Upload-Offset)/$(field Upload-Length)" = "0/$size" ] && ok "of its length" || not_ok "of its length"
head -c 100000 "$one" >work/part1; tail -c +100001 "$one" >work/part2
expect "to another person it is not there" 0 "^404$" tus iom-vientiane HEAD "/v1/uploads/$id" -I
expect "nor can they add to it" 0 "^404$" patch iom-vientiane "$id" 0 --data-binary @work/part1
expect "a part is added" 0 "^204$" patch mofa "$id" 0 --data-binary @work/part1
[ "$(field Upload-Offset)" = 100000 ] && ok "and counted" || not_ok "and counted"
expect "an offset that lies is refused" 0 "^409$" patch mofa "$id" 50000 --data-binary @work/part2
expect "a part without an offset too" 0 "^400$" tus mofa PATCH "/v1/uploads/$id" -H 'Content-Type: application/offset+octet-stream' --data-binary @work/part2
expect "and one of another type" 0 "^415$" tus mofa PATCH "/v1/uploads/$id" -H 'Upload-Offset: 100000' -H 'Content-Type: text/plain' --data-binary @work/part2
cat "$one" "$one" >work/long
expect "more than was said is refused" 0 "^413$" patch mofa "$id" 100000 --data-binary @work/long
sum=$(openssl dgst -sha1 -binary work/part1 | base64)
expect "a wrong checksum: as if nothing had come" 0 "^460$" patch mofa "$id" 100000 --data-binary @work/part2 -H "Upload-Checksum: sha1 $sum"
expect "an unknown one is refused" 0 "^400$" patch mofa "$id" 100000 --data-binary @work/part2 -H "Upload-Checksum: crc32 AAAA"
tus mofa HEAD "/v1/uploads/$id" -I >/dev/null; [ "$(field Upload-Offset)" = 100000 ] && ok "it is where it was" || not_ok "it is where it was"
expect "half of it cannot be deposited" 0 "^409$" put "upload=$id"
# A PATCH that hangs has it alone; if it came second itself, it is sent again.
hang() {
	rm -f work/ended
	{
		{ head -c 1000 work/part2; sleep 3; } | patch mofa "$id" 100000 -T - -H 'Expect:' -m 2 -D /dev/null -o /dev/null
		: >work/ended
	} >/dev/null 2>&1 & p=$!
}
hang
n=0; while [ $n -lt 100 ] && [ "$(patch mofa "$id" 100000 --data-binary x -H "Upload-Checksum: sha1 $sum")" != 423 ]; do
	[ ! -e work/ended ] || hang
	n=$((n + 1)); sleep 0.01
done
[ $n -lt 100 ] && ok "two at once: the second waits" || not_ok "two at once: the second waits"
kill $p 2>/dev/null; wait $p 2>/dev/null
n=0; until tus mofa HEAD "/v1/uploads/$id" -I >/dev/null; [ "$(field Upload-Offset)" -gt 100000 ] || [ $n = 200 ]; do n=$((n + 1)); sleep 0.02; done
at=$(field Upload-Offset); [ "$at" -gt 100000 ] && ok "what a cut one brought is kept" || not_ok "what a cut one brought is kept ($at)"
restart
tus mofa HEAD "/v1/uploads/$id" -I >/dev/null; [ "$(field Upload-Offset)" = "$at" ] && ok "over a restart too" || not_ok "over a restart too"
tail -c +$((at + 1)) "$one" >work/part3
expect "the rest, with its checksum" 0 "^204$" patch mofa "$id" "$at" --data-binary @work/part3 -H "Upload-Checksum: sha256 $(openssl dgst -sha256 -binary work/part3 | base64)"
expect "is deposited" 0 "^201$" put "upload=$id"
expect "with a receipt" 0 "c2sp.org/tlog-proof" cat work/body
expect "then it is gone" 0 "^404$" tus mofa HEAD "/v1/uploads/$id" -I
expect "who asks again, by its digest, gets the receipt" 0 "^200$" put "upload=$id&digest=$(unzip -p "$one" version.yaml | sha256sum | cut -c1-64)"
expect "and not by another" 0 "^404$" put "upload=$id&digest=$(sha256sum <"$one" | cut -c1-64)"
create mofa 10 -H "Upload-Metadata: sha256 $(printf '%064d' 1 | base64 -w 0)" >/dev/null
patch mofa "$id" 0 --data-binary 0123456789 >/dev/null
expect "what is not what was said is uploaded again" 0 "^503$" put "upload=$id"
expect "and gone" 0 "^404$" tus mofa HEAD "/v1/uploads/$id" -I
create mofa 10 >/dev/null; patch mofa "$id" 0 --data-binary 0123456789 >/dev/null
expect "what is no container is refused" 0 "^422$" put "upload=$id"
create mofa 10 >/dev/null
expect "an upload is dropped" 0 "^204$" tus mofa DELETE "/v1/uploads/$id"
expect "and gone" 0 "^404$" tus mofa HEAD "/v1/uploads/$id" -I
n=0; while [ $n -lt 32 ]; do create mofa 1 >/dev/null; n=$((n + 1)); done
expect "an office has so many at once" 0 "^413$" create mofa 1
expect "another's are its own" 0 "^201$" create iom-vientiane 1
stop_daemon "$dir"
touch -d '8 days ago' data/spool/uploads/*; rm -f data/spool/uploads/*.info.*
start_daemon "$dir"
n=0; until [ "$(create mofa 1)" = 201 ] || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done
[ $n -lt 100 ] && ok "a week later they are gone" || not_ok "a week later they are gone"

# --- valise over bad lines. ---
head -c 3000000 /dev/urandom | base64 >work/big.txt
bytes=$(gzip -c work/big.txt | wc -c)
line mofa cut=700000 cuts=5
expect "a deposit over a line that is cut five times" 0 "the line broke" at mofa push agreement/large --text lo=work/lo.txt --text en=work/big.txt --title en=x
expect "is made" 0 "agreement/large *1 " at mofa list
carried=$(cat work/count)
[ "$carried" -lt $((bytes * 13 / 10)) ] && ok "with little sent twice ($carried for $bytes)" || not_ok "with little sent twice ($carried for $bytes)"
line mofa cut=600000 cuts=6
expect "and fetched over one that is cut six times" 0 "VALID" at mofa fetch agreement/large -o work/large.asice
[ "$(at mofa log --act deliver --document agreement/large | grep -c deliver)" = 1 ] && ok "as one delivery" || not_ok "as one delivery"
carried=$(cat work/count)
[ "$carried" -lt $((bytes * 13 / 10)) ] && ok "with little fetched twice ($carried for $bytes)" || not_ok "with little fetched twice ($carried for $bytes)"
rm -f work/large.asice
# Ctrl-C, and a new run.
line mofa rate=1500000
"$valise" --config offices/mofa/config.yaml fetch agreement/large -o work/large.asice >work/out1 2>&1 & p=$!
n=0; until [ "$(stat -c %s offices/mofa/state/*/partial/agreement--large@0 2>/dev/null || echo 0)" -gt 500000 ] || [ $n = 300 ]; do sleep 0.02; n=$((n + 1)); done
kill $p; wait $p 2>/dev/null
check "Ctrl-C leaves no half file" test ! -e work/large.asice
line mofa
expect "the next run goes on from there" 0 "came before: going on" at mofa fetch agreement/large -o work/large.asice
expect "and it is whole" 0 "VALID" at mofa verify work/large.asice
head -c 3000000 /dev/urandom | base64 >work/big2.txt
line mofa rate=1500000
"$valise" --config offices/mofa/config.yaml push agreement/large --text lo=work/lo.txt --text en=work/big2.txt --title en=x >work/out1 2>&1 & p=$!
n=0; until [ "$(cat data/spool/uploads/* 2>/dev/null | wc -c)" -gt 500000 ] || [ $n = 300 ]; do sleep 0.02; n=$((n + 1)); done
kill $p; wait $p 2>/dev/null
line mofa
expect "a push that was ended goes on too" 0 "were sent before" at mofa push agreement/large --text lo=work/lo.txt --text en=work/big2.txt --title en=x
expect "and there is one version of it" 0 "agreement/large *2 " at mofa list
# An upload that is gone is made once more; if that one is gone too, or cannot be
# made, that refuses nothing of what was in it: the deposit stays in the outbox.
kept() { ls offices/mofa/state/*/outbox/agreement--"$1"@1-*.asice >/dev/null 2>&1; }
large() { at mofa push "agreement/$1" --text lo=work/lo.txt --text en=work/big2.txt --title en=x; }
no_line mofa; liar mofa ask '&upload=' '&upload=1&was='
expect "an upload that is gone twice" 4 "no such upload" large gone
check "leaves the deposit in the outbox" kept gone
while create mofa 1 >work/created && grep -q 201 work/created; do last=$id; done
expect "room for one more" 0 "^204$" tus mofa DELETE "/v1/uploads/$last"
expect "one that is gone, with no room for another" 9 "uploads" large full
check "leaves it too" kept full
no_line mofa; stop_daemon "$dir"; rm -rf data/spool/uploads; start_daemon "$dir"
expect "it goes the next time" 0 "agreement/full@1" large full
# Corrupted, late and cut: right, or it says what to do.
line mofa flip=30000 flips=3
expect "a line that corrupts: fetch" 0 "VALID" at mofa fetch agreement/large -o work/flip.asice
line mofa flip=9000 flips=2
expect "push" 0 "deposited" deposit mofa flipped x
for n in 1500 3000 4500 6000 8000 10000 14000; do
	line mofa-minister cut=$n cuts=2
	expect "cut at $n: list" 0 "agreement/large" at mofa-minister list
	line mofa-minister cut=$n cuts=2
	expect "cut at $n: log" 0 "deposit" at mofa-minister log --document agreement/large
	deposit iom-vientiane "s$n" x >/dev/null
	line mofa-minister cut=$n cuts=2
	expect "cut at $n: sign" 0 "signed in part" at mofa-minister sign "agreement/s$n" --yes
done
line mofa-minister delay=150
expect "late by 300 ms there and back: show" 0 "version 2" at mofa-minister show agreement/large
line mofa rate=32000 delay=300
expect "256 kbit/s and 600 ms there and back: push" 0 "deposited agreement/slow@1" deposit mofa slow x
expect "fetch" 0 "VALID" at mofa fetch agreement/slow -o work/slow.asice
line mofa-minister cut=1
expect "a line that carries nothing: exit 6" 6 "Not available" at mofa-minister list
no_line mofa-minister
finish
