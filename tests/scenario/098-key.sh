#!/bin/sh
# A planned replacement of the journal's key: offices follow because the old key
# signed it and the witnesses cosigned it, and accept nothing less.
. "$(dirname "$0")/lib.sh"
go_run() { env GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE="$dir/go" go run "$@"; }
start
enrol "$dir" mofa iom-geneva iom-bangkok iom-vientiane >/dev/null
deposit mofa one >/dev/null
at iom-bangkok fetch agreement/one -o work/before.asice >/dev/null
stop_daemon "$dir"
expect "without witnesses nobody would follow" 2 "names no witnesses" "$valised" --config valised.yaml replace-key
start_daemon "$dir"
mofa_key=$(at mofa witness init 2>/dev/null) geneva_key=$(at iom-geneva witness init 2>/dev/null)
printf 'witnesses: {mofa: "%s", iom-geneva: "%s"}\nquorum: 2\n' "$mofa_key" "$geneva_key" >>policies/offices.yaml
kill -HUP "$(cat pid)"; until grep -q "event=reload" log; do sleep 0.02; done
accept_policy mofa iom-geneva iom-bangkok iom-vientiane >/dev/null
expect "the daemon is to be off" 5 "somebody else is at work" "$valised" --config valised.yaml replace-key
stop_daemon "$dir"
cp vkey work/old.vkey
expect "an entry names the next key" 0 "names the next key: valise.mofa.example/lao-iom+" "$valised" --config valised.yaml replace-key
start_daemon "$dir"
expect "no act is taken until it is witnessed" 6 "being replaced" deposit mofa two
expect "reading the register still works" 0 "agreement/one" at iom-bangkok list
expect "one witness cosigns" 0 "1 of 2" at mofa witness
restart
expect "which is not enough" 0 "result=waiting" tail -n 20 log
expect "the key is the old one" 0 "$(cat work/old.vkey)" cat data/vkey
expect "the other cosigns too" 0 "2 of 2" at iom-geneva witness
stop_daemon "$dir"; keep_data switch; start_daemon "$dir"
expect "then the new key takes over" 0 "event=key result=switched" cat log
check "it is another one" sh -c '! cmp -s "$1" data/vkey' - work/old.vkey
cp data/vkey work/new.vkey
for written in "journal/keys" "journal/keys vkey"; do
	stop_daemon "$dir"
	rm -rf work/done && cp -R data work/done && take_data switch
	for file in $written; do cp "work/done/$file" "data/$file"; done
	start_daemon "$dir"
	expect "a crash once $written is written: the next start goes on" 0 "^$(cat work/new.vkey)$" cat data/vkey
	check "with one line for each old key" cmp -s data/journal/keys work/done/journal/keys
done
expect "an office follows, and says so" 0 "key was replaced after entry" deposit mofa two
deposit mofa three >work/third 2>&1
check "once" grep -q "^deposited" work/third
check "silently from then on" sh -c '! grep -q replaced work/third'
expect "another office follows" 0 "agreement/three" at iom-bangkok list
expect "old copies stay valid" 0 "VALID" at iom-bangkok verify work/before.asice
expect "old documents are fetched again" 0 "VALID" at iom-bangkok fetch agreement/one -o work/again.asice
expect "new ones too" 0 "VALID" at iom-bangkok fetch agreement/three -o work/three.asice
expect "with no network, who has not followed yet cannot tell" 1 "KEY_UNKNOWN.*valise list" at iom-vientiane verify work/three.asice
expect "which makes the copy no forgery" 1 "three.asice: INDETERMINATE" at iom-vientiane verify work/three.asice
expect "witnesses go on" 0 "cosigned the journal" at mofa witness
expect "the log tells of it" 0 "key  *$(cat work/new.vkey | sed 's/+/./g') follows" at iom-bangkok log --act key
expect "the audit spans both keys" 0 "nothing is wrong" at mofa audit --full
expect "fsck too" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
"$valised" --config valised.yaml export-journal work/static >/dev/null
expect "Go's sumdb verifies all of it under the new key" 0 "entries, all in the tree" go_run "$top/tests/interop/check_tiles.go" data/vkey work/static
if ! in_database; then
	expect "a backup has both" 0 "bytes copied" "$valised" --config valised.yaml backup "$dir/backup"
	expect "and is whole" 0 "nothing is wrong" "$valised" fsck backup
fi
# An office that enrols now knows both.
rm -rf offices/iom-vientiane/state offices/iom-vientiane/config.yaml
enrol "$dir" iom-vientiane >/dev/null
expect "who enrols later can verify what came before" 0 "VALID" at iom-vientiane fetch agreement/one -o work/late.asice
expect "and old copies" 0 "VALID" at iom-vientiane verify work/before.asice
restart
expect "it starts again" 0 "agreement/three" at iom-geneva list
stop_daemon "$dir"
cp data/journal/keys work/keys
i=100; while [ "$(wc -l <data/journal/keys)" -lt 15 ]; do i=$((i + 1)); echo "$i $(cat work/old.vkey)" >>data/journal/keys; done
expect "one that has had all its keys is told so" 9 "as many as it may" "$valised" --config valised.yaml replace-key
check "and no key was made" test ! -e data/signer/journal.key.next
cp work/keys data/journal/keys
# --- The administrator does it alone. ---
"$valised" --config valised.yaml replace-key >work/next 2>>log
size=$(($(sed -n 's/^entry \([0-9]*\) .*/\1/p' work/next) + 1))
echo "$size $(cat data/vkey)" >>data/journal/keys
sed -n 's/.*next key: //p' work/next >data/vkey
mv data/signer/journal.key.next data/signer/journal.key
start_daemon "$dir"
expect "a key that no witness cosigned is not followed" 1 "0 of 2 witnesses have cosigned: it is not followed" at iom-geneva list
expect "by nobody" 1 "not followed" at mofa witness
finish
