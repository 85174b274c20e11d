#!/bin/sh
# Backups are made while the daemon works, and restored on another machine; an
# old one cannot be started.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-vientiane iom-geneva >/dev/null
deposit mofa one >/dev/null
# Two writers go on while it is copied.
for o in mofa iom-vientiane; do
	(i=0; while [ -f work/go ] || [ $i -lt 3 ]; do i=$((i + 1)); deposit $o "by-$o-$i" "text $i" >/dev/null 2>&1 || exit 1; done; echo $i >"work/made-$o") &
	eval "writer_$(echo $o | tr - _)=$!"
done
touch work/go
expect "a backup is made while two offices deposit" 0 "the private keys are not in it" "$valised" --config valised.yaml backup "$dir/backup"
expect "and is whole" 0 "nothing is wrong" "$valised" fsck backup
for i in 1 2 3; do "$valised" --config valised.yaml backup "$dir/backup" >/dev/null || not_ok "a backup again"; done
rm work/go; wait "$writer_mofa" "$writer_iom_vientiane"
check "the offices went on meanwhile" test -s work/made-mofa -a -s work/made-iom-vientiane
"$valised" --config valised.yaml backup "$dir/backup" >/dev/null
expect "with nothing new hardly anything is copied" 0 " [0-9]\{1,5\} bytes copied" "$valised" --config valised.yaml backup "$dir/backup"
expect "it is whole again" 0 "nothing is wrong" "$valised" fsck backup
check "no private key is in it" sh -c '! grep -r -l "PRIVATE" backup'
check "and no signer's memory" test ! -e backup/signer/memory
n=0; while [ $n -lt 8 ]; do n=$((n + 1)); deposit mofa "cut-$n" "cut $n" >/dev/null; timeout -s KILL "0.00$n" "$valised" --config valised.yaml backup "$dir/backup" >/dev/null 2>&1; done
expect "one that was killed goes on" 0 "the journal of size" "$valised" --config valised.yaml backup "$dir/backup"
expect "to a whole one" 0 "nothing is wrong" "$valised" fsck backup

# --- A target that is not apart from the data folder. ---
ln -s data work/link; mkdir -p work/linked work/hard; ln -s ../../data/journal work/linked/journal
for target in data data/ ./data/. data/journal data/new/deeper work/link work/link/new work/../data . "$dir" / policies policies/new crls; do
	expect "no backup is made onto $target" 2 "" "$valised" --config valised.yaml backup "$target"
done
expect "nor onto one that has a link into it" 2 "which it would damage" "$valised" --config valised.yaml backup work/linked
check "which stays as it was" test "$(ls -A work/linked)" = journal
for target in data data/journal data/new work/link . /; do
	expect "nor the journal exported to $target" 2 "" "$valised" --config valised.yaml export-journal "$target"
done
cp -al backup/. work/hard/ && rm work/hard/journal/entries work/hard/journal/heads && ln data/journal/entries data/journal/heads work/hard/journal/
expect "nor into files that are the data folder's own" 2 "under another name" "$valised" --config valised.yaml backup work/hard
rm -rf work/hard work/linked
for source in data data/. work/link data/journal . /; do
	expect "nor the data folder made from $source" 2 "" "$valised" --config valised.yaml restore "$source" --nobody-has-seen-more
done
sed 's|^data: .*|data: backup/again|' valised.yaml >within.yaml
expect "nor within its own backup" 2 "apart" "$valised" --config within.yaml restore backup --nobody-has-seen-more
check "and nothing was made" test ! -e data/new -a ! -e data/backup -a ! -e backup/again -a ! -e backup/backup/backup -a ! -e vkey.tmp -a ! -e policies/backup
expect "the daemon goes on" 0 "deposited" deposit mofa after-refusals "more"
expect "and what it has is whole" 0 "nothing is wrong" "$valised" fsck data

# --- An old backup. ---
cp -R backup old
deposit mofa later "later" >/dev/null
"$valised" --config valised.yaml backup "$dir/backup" --with-keys >/dev/null
stop_daemon "$dir"
mv data lost
sed 's/^data: .*/data: old/' valised.yaml >old.yaml
expect "it cannot be started as it is" 1 "signer/memory is not there" sh -c 'mkdir -p old/signer old/server old/spool old/cache; cp lost/signer/*.key old/signer/; cp lost/server/server.key old/server/; exec "$0" --config old.yaml' "$valised"
rm -rf old/signer old/server old/spool old/cache
expect "nor brought back without asking what others have seen" 2 "seen FILE" "$valised" --config valised.yaml restore old
cp offices/mofa/state/*/checkpoint work/seen
expect "what an office has seen shows that it is old" 1 "would fork the journal" "$valised" --config valised.yaml restore old --seen work/seen
check "and nothing was made" test ! -e data
# Somebody insists.
expect "who says that nobody has seen more is believed" 0 "the journal of size" "$valised" --config valised.yaml restore old --nobody-has-seen-more
cp lost/signer/*.key data/signer/; cp lost/server/server.key data/server/
start_daemon "$dir"
expect "but the offices are not fooled" 1 "rolled back" at mofa list
stop_daemon "$dir"; rm -rf data
sed 's/^data: .*/data: lost/' valised.yaml >lost.yaml
cp -R backup newer
expect "a journal that was rolled back is not copied over a newer backup" 5 "rolled back" sh -c 'mv lost kept; cp -R old lost; cp kept/vkey lost/; r=0; "$0" --config lost.yaml backup "$1/newer" || r=$?; rm -rf lost; mv kept lost; exit $r' "$valised" "$dir"

# --- The newest one, on a new machine. ---
cp offices/iom-geneva/state/*/checkpoint work/seen2
# It is interrupted once its first files are there: the store cannot be written.
mkdir data; chmod 700 data; touch data/store.git
expect "a restore that cannot go on says so" 7 "store.git" "$valised" --config valised.yaml restore backup --seen work/seen --seen work/seen2
expect "what it left is not started" 5 "interrupted restore left: run" "$valised" --config valised.yaml
rm data/store.git
n=0; while [ $n -lt 8 ]; do n=$((n + 1)); timeout -s KILL "0.00$n" "$valised" --config valised.yaml restore backup --seen work/seen --seen work/seen2 >/dev/null 2>&1; done
[ -e data/backup ] || rm -rf data
expect "the newest backup is brought back" 0 "next: put the private keys" "$valised" --config valised.yaml restore backup --seen work/seen --seen work/seen2
expect "a second time it is there already" 5 "already" "$valised" --config valised.yaml restore backup --seen work/seen
expect "it is whole, its signer's memory too" 0 "nothing is wrong" "$valised" fsck data
start_daemon "$dir"
expect "every office goes on" 0 "agreement/later" at mofa list
expect "and deposits" 0 "deposited" deposit iom-vientiane after-the-fire "after"
expect "and audits" 0 "nothing is wrong" at mofa audit --full
expect "a backup of it goes on where the last one ended" 0 "bytes copied" "$valised" --config valised.yaml backup "$dir/backup"
# --- A new key and certificate of the depositary, by the same CA. ---
at iom-geneva fetch agreement/one -o work/before.asice >/dev/null
"$top/certs/request" work/depositary >/dev/null
"$top/certs/ca" issue certs/mofa sign work/depositary/sign.csr depositary@mofa.example "" certs/depositary.pem >/dev/null
stop_daemon "$dir"; cp work/depositary/sign.key data/signer/depositary.key; start_daemon "$dir"
deposit mofa resealed "new seal" >/dev/null
expect "a new depositary's certificate needs nothing of the offices" 0 "VALID" at iom-geneva fetch agreement/resealed -o work/new.asice
expect "and old seals stay good" 0 "VALID" at iom-geneva verify work/before.asice work/new.asice
expect "fsck knows both" 0 "nothing is wrong" "$valised" fsck data
finish
