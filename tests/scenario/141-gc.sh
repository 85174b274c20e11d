#!/bin/sh
# What git commands of an administrator do to store.git: nothing, in the middle of
# a load, before branches are written; and what mends a store that was packed
# otherwise.
. "$(dirname "$0")/lib.sh"
packs=$dir/data/store.git/objects/pack
git config --global --add safe.directory '*'
git config --global gc.auto 0
kept() { for f in "$1"/*.pack; do [ -e "${f%.pack}.keep" ] || return 1; done; }
differ() { git -C data/store.git verify-pack -v "$packs"/*.idx 2>/dev/null | grep -Eq '^[0-9a-f]{40} .* [0-9a-f]{40}$'; }
fetch_all() { for n in $(sed -n 's/^deposited agreement\/\([^ @]*\).*/\1/p' work/acked); do at mofa fetch "agreement/$n" --force -o work/copy.asice >/dev/null || return; done; }
start
enrol "$dir" mofa iom-geneva >/dev/null
(n=0; while [ ! -e work/enough ]; do n=$((n + 1)); deposit mofa "load-$n" "text $n" >>work/acked 2>>work/refused || :; done) & load=$!
until [ "$(wc -l <work/acked 2>/dev/null || echo 0)" -ge 5 ]; do sleep 0.02; done
# Each round of git falls before branches are written: some pack is still new.
rounds=0 new=0
while [ $rounds -lt 4 ]; do
	rounds=$((rounds + 1))
	ls "$packs"/*.new >/dev/null 2>&1 && new=$((new + 1))
	git -C data/store.git gc -q --aggressive --prune=now >>work/git 2>&1
	git -C data/store.git repack -q -a -d >>work/git 2>&1
done
: >work/enough; wait $load
check "git ran before branches were written" test $new -gt 0
check "nobody was refused for it" test ! -s work/refused
check "each pack has a .keep" kept "$packs"
check "every copy is there" fetch_all
expect "nothing is wrong beside the daemon" 0 "nothing is wrong" "$valised" fsck data
restart
check "nor after a start" fetch_all
check "which tells of nothing" sh -c '! grep "event=store" log'
expect "nothing is wrong" 0 "nothing is wrong" "$valised" fsck data
expect "nor from outside" 0 "nothing is wrong" at mofa audit --full
# Joined packs, copied ones and restored ones have one too.
for n in $(seq 60); do deposit mofa "joined-$n" "text $n" >/dev/null; done
i=0; until grep -q "event=tidy joined=" log; do i=$((i + 1)); [ $i -lt 400 ] || break; sleep 0.05; done
expect "some packs are joined" 0 "joined=" grep "event=tidy" log
check "a backup" "$valised" --config valised.yaml backup backup
check "has them" kept backup/store.git/objects/pack
restart
check "joined packs have them" kept "$packs"
stop_daemon "$dir"
rm -rf data.before; mv data data.before
check "what is restored" "$valised" --config valised.yaml restore backup --nobody-has-seen-more
check "has them" kept "$packs"
rm -rf data; mv data.before data
# A store of before, or one whose .keep somebody removed, is packed by git.
old_packed() { rm -rf data/store.git/info "$packs"/*.keep; git -C data/store.git -c repack.packKeptObjects=true -c pack.window=50 gc -q --aggressive --prune=now; }
old_packed
check "git makes differences then" differ
expect "fsck names the pack, and the command" 1 "^STORE_REPACKED, [0-9a-f]\{40\}: .*--repair makes it anew" "$valised" fsck data
start_daemon "$dir"
expect "so does the start" 0 "code=STORE_REPACKED about=.*[0-9a-f]\{40\}.*valised fsck .*data --repair" grep event=store log
check "all of it is read meanwhile" fetch_all
expect "and written" 0 "^deposited" deposit mofa after "a text more"
expect "nothing is wrong from outside" 0 "nothing is wrong" at mofa audit --full
stop_daemon "$dir"
expect "the command" 0 "mended" "$valised" fsck data --repair
if differ; then not_ok "leaves no differences"; else ok "leaves no differences"; fi
check "and gives each its .keep" kept "$packs"
expect "nothing is wrong then" 0 "nothing is wrong" "$valised" fsck data
start_daemon "$dir"
check "every copy is there still" fetch_all
finish
