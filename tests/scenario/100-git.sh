#!/bin/sh
# A lawyer with stock git: clone and fetch what they may read, and nothing else.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
deposit mofa one >/dev/null; deposit mofa one "Article 2" >/dev/null; deposit mofa two >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
at iom-vientiane push health-protocol/tb --text en=work/en.txt --title en=TB >/dev/null
url=$(cat url)/git/
unset GIT_SSL_CAINFO SSL_CERT_FILE
git config --global http.sslVersion tlsv1.3
git config --global protocol.version 2
git config --global advice.detachedHead false
# OFFICE git…: as that office's person
git_as() {
	office=$1; shift
	git -c "http.sslCAInfo=$dir/offices/$office/ca.pem" -c "http.sslCert=$dir/offices/$office/cert.pem" \
		-c "http.sslKey=$dir/offices/$office/key.pem" "$@"
}
tip() { git --git-dir=data/store.git rev-parse "refs/heads/$1"; }
same() { [ "$(git -C "$1" rev-parse "refs/remotes/origin/$2")" = "$(tip "$2")" ]; }

settle_refs "$dir"
for v in 0 2; do
	git config --global protocol.version $v
	check "v$v: clone" git_as iom-geneva clone -q "$url" work/clone$v
	check "v$v: with every readable branch" sh -c "test \$(git -C work/clone$v branch -r | wc -l) = $(git --git-dir=data/store.git branch --list 'agreement/*' | wc -l)"
	check "v$v: at its tip" same work/clone$v agreement/one
	check "v$v: fsck finds nothing" sh -c "test -z \"\$(git -C work/clone$v fsck --full --strict 2>&1 | grep -v -e 'notice:' -e 'dangling')\""
	expect "v$v: a health protocol is not Geneva's" 128 "Remote branch" git_as iom-geneva clone -q -b health-protocol/tb "$url" work/none$v
	expect "v$v: MOFA reads it" 0 "health-protocol/tb" git_as mofa ls-remote "$url"
	expect "v$v: ls-remote of one" 0 "agreement/two" git_as mofa ls-remote "$url" 'refs/heads/agreement/two'
	check "v$v: nothing new" git_as iom-geneva -C work/clone$v fetch -q
	deposit mofa one "Article 3 of v$v" >/dev/null; settle_refs "$dir"
	check "v$v: a new version is fetched" git_as iom-geneva -C work/clone$v fetch -q
	check "v$v: it is the tip" same work/clone$v agreement/one
	deposit mofa new$v >/dev/null; settle_refs "$dir"
	check "v$v: a new document is fetched" git_as iom-geneva -C work/clone$v fetch -q
	check "v$v: it is there" same work/clone$v agreement/new$v
	check "v$v: a shallow clone" git_as iom-geneva clone -q --depth 1 --no-single-branch "$url" work/shallow$v
	check "v$v: has one commit a branch" sh -c "test \$(git -C work/shallow$v rev-list --count origin/agreement/one) = 1"
	deposit mofa one "Article 4 of v$v" >/dev/null; settle_refs "$dir"
	check "v$v: fetch into it" git_as iom-geneva -C work/shallow$v fetch -q
	check "v$v: goes on from there" sh -c "test \$(git -C work/shallow$v rev-list --count origin/agreement/one) = 2"
	check "v$v: --deepen 1" git_as iom-geneva -C work/shallow$v fetch -q --deepen 1
	check "v$v: is one more" sh -c "test \$(git -C work/shallow$v rev-list --count origin/agreement/one) = 3"
	check "v$v: --depth 2" git_as iom-geneva -C work/shallow$v fetch -q --depth 2
	check "v$v: is shallower" sh -c "test \$(git -C work/shallow$v rev-list --count origin/agreement/one) = 2"
	check "v$v: --unshallow" git_as iom-geneva -C work/shallow$v fetch -q --unshallow
	check "v$v: is all of it" sh -c "test \$(git -C work/shallow$v rev-list --count origin/agreement/one) = \$(git --git-dir=data/store.git rev-list --count agreement/one)"
	check "v$v: fsck finds nothing in it" git -C work/shallow$v fsck --full --strict
	check "v$v: --shallow-since long ago is all" git_as iom-geneva clone -q --no-single-branch --shallow-since=2001-01-01 "$url" work/since$v
	check "v$v: all of it" sh -c "test \$(git -C work/since$v rev-list --count origin/agreement/one) = \$(git --git-dir=data/store.git rev-list --count agreement/one)"
	expect "v$v: --shallow-since tomorrow is refused" 128 "no commits are left" \
		git_as iom-geneva clone -q --no-single-branch --shallow-since=2099-01-01 "$url" work/future$v
	check "v$v: --shallow-exclude" git_as iom-geneva clone -q -b agreement/one --shallow-exclude=agreement/two "$url" work/not$v
	expect "v$v: of the very branch leaves nothing" 128 "no commits are left" \
		git_as iom-geneva clone -q -b agreement/one --shallow-exclude=agreement/one "$url" work/self$v
	expect "v$v: --shallow-exclude of nothing is refused" 128 "names no branch" \
		git_as iom-geneva clone -q --no-single-branch --shallow-exclude=health-protocol/tb "$url" work/nothing$v
	check "v$v: mirror" git_as iom-geneva clone -q --mirror "$url" work/mirror$v
	check "v$v: --filter is ignored" git_as iom-geneva clone -q --filter=blob:none "$url" work/filter$v
done
check "a checkout is byte for byte" sh -c "git -C work/clone2 checkout -q origin/agreement/two && cmp work/clone2/texts/lo/lo.txt work/lo.txt"

# valise-git-verify: the depositary's signature, at the commit's time.
verify_as() {
	office=$1; shift
	VALISE_CONFIG="$dir/offices/$office/config.yaml" git -c gpg.x509.program="$VALISE_BUILD/valise-git-verify" -C work/clone2 "$@"
}
expect "git log --show-signature judges by it" 0 "Good signature of the depositary" verify_as iom-geneva log --show-signature origin/agreement/one
expect "git verify-commit" 0 "version digest" verify_as iom-geneva verify-commit -v origin/agreement/two
expect "%G? is good" 0 "^G" verify_as iom-geneva log --format=%G? origin/agreement/two
# faketime and the address sanitizer both want to be loaded first.
ldd "$valise" | grep -q libasan || expect "years later too, when the certificate is long over" 0 "^G" \
	faketime -f +9y env VALISE_CONFIG="$dir/offices/iom-geneva/config.yaml" git -c gpg.x509.program="$VALISE_BUILD/valise-git-verify" -C work/clone2 log --format=%G? origin/agreement/two
git -C work/clone2 cat-file commit origin/agreement/two | sed 's/^Version-Digest: ./Version-Digest: x/' >work/forged
git -C work/clone2 update-ref refs/heads/forged "$(git -C work/clone2 hash-object -t commit -w --stdin <work/forged)"
expect "an altered commit is bad" 1 "BAD signature" verify_as iom-geneva verify-commit forged

# libgit2, which speaks version 0 and has no client certificates.
relay=$("$valised_port_helper")
"$VALISE_BUILD/bench" relay 127.0.0.1 "$(sed 's|.*:||; s|/||' url)" offices/iom-geneva/ca.pem offices/iom-geneva/cert.pem offices/iom-geneva/key.pem "$relay" >work/relay & relay_pid=$!
until grep -q ready work/relay 2>/dev/null; do sleep 0.01; done
expect "libgit2 clones and fetches" 0 "refs/remotes/origin/agreement/two" env ASAN_OPTIONS=detect_leaks=0 "$VALISE_BUILD/libgit2-clone" "http://127.0.0.1:$relay/git/" work/libgit2
kill $relay_pid; wait $relay_pid 2>/dev/null
check "and git fsck finds nothing in it" git -C work/libgit2 fsck --full --strict

# By id, or by asking whether it is there: hidden and absent are alike.
hidden=$(tip health-protocol/tb); tree=$(git --git-dir=data/store.git rev-parse "$hidden^{tree}")
blob=$(git --git-dir=data/store.git rev-parse "$hidden:version.yaml"); absent=0123456789012345678901234567890123456789
for id in $hidden $tree $blob $absent "$(git --git-dir=data/store.git rev-parse refs/valise/policy)"; do
	expect "$id by id is refused" 128 "not our ref $id" git_as iom-geneva -C work/clone2 fetch "$url" "$id"
done
git init -q work/empty
expect "so is a tree of what one may read" 128 "not our ref" git_as iom-geneva -C work/empty fetch "$url" "$(git --git-dir=data/store.git rev-parse "agreement/two^{tree}")"
pkt() { printf '%04x%s' $((${#1} + 4)) "$1"; }
want=$(tip agreement/two)
for id in $hidden $absent; do
	{ pkt "command=fetch"; printf 0001; pkt "want $want"; pkt "have $id"; printf 0000; } >work/probe
	curl_as iom-geneva /git/git-upload-pack -H 'Git-Protocol: version=2' --data-binary @work/probe >work/probed.$id
done
expect "to have a hidden commit is as to have none" 0 "NAK" cat work/probed.$hidden
check "byte for byte" cmp work/probed.$hidden work/probed.$absent

# Deliveries are journaled before they go.
expect "each document that was fetched is a delivery" 0 "agreement/two" at mofa log --act deliver --person "$(persons | awk '$1 == "iom-geneva" { print $2 }')"
git_as iom-geneva -C work/clone2 fetch -q
before=$(at mofa log --act deliver | tail -n 1 | cut -d' ' -f1)
git_as iom-geneva -C work/clone2 fetch -q
[ "$(at mofa log --act deliver | tail -n 1 | cut -d' ' -f1)" = "$before" ] && ok "what brings nothing is none" || not_ok "what brings nothing is none"
check "the audit agrees" at mofa audit

# Broken lines, and other verbs.
post() { curl_as mofa /git/git-upload-pack --data-binary @work/body -H 'Git-Protocol: version=2' -o work/answer -w '%{http_code}\n' "$@"; }
body() { printf "$1" >work/body; }
for bad in 'xxxx' '0003' '0004' '000' 'fff0x' '00' '0014command=ls-refs\n0001000bpeel\n' '0012command=push\n0000' '0014command=ls-refs\n00010000junk' '00010000'; do
	body "$bad"; expect "refused: $bad" 0 "^4[0-9][0-9]$" post
done
body '0000'; expect "a probe gets an empty answer" 0 "^200$" post
printf '0014command=ls-refs\n00010000' | gzip >work/body
expect "gzip" 0 "^200$" post -H 'Content-Encoding: gzip'
check "is read" grep -q refs/heads work/answer
printf x >>work/body; expect "gzip with something after it" 0 "^4" post -H 'Content-Encoding: gzip'
head -c 100000000 /dev/zero | gzip >work/body; expect "a gzip bomb" 0 "^413$" post -H 'Content-Encoding: gzip'
expect "gzip is for git alone" 0 "^415$" curl_as mofa /v1/documents/agreement/one/versions/99 -T work/body -H 'Content-Encoding: gzip' -o work/answer -w '%{http_code}\n'
expect "there is no push" 128 "not found\|read-only\|404" git_as mofa -C work/clone2 push "$url" HEAD:refs/heads/agreement/two
for path in /git/HEAD /git/objects/info/packs '/git/info/refs' '/git/info/refs?service=git-receive-pack'; do
	expect "nothing at $path" 0 "^404$" curl_as mofa "$path" -o /dev/null -w '%{http_code}\n'
done
git config --global protocol.version 2
stop_daemon "$dir"; rm -r data/store.git/info data/store.git/objects/pack/*.keep; git --git-dir=data/store.git repack -q -a -d -f --window=50; start_daemon "$dir"
check "after a repack with deltas: clone" git_as mofa clone -q "$url" work/deltas
check "all is there" sh -c "git -C work/deltas fsck --full --strict && test \$(git -C work/deltas rev-list --all --count) = \$(git --git-dir=data/store.git rev-list --branches --count)"
check "in a pack with deltas" sh -c "git verify-pack -v work/deltas/.git/objects/pack/*.idx | grep -q 'chain length'"
stop_daemon "$dir"; check "which is packed again" "$valised" fsck data --repair; start_daemon "$dir"

# Branches that are not written yet: nothing is taken by git, and nothing is
# wrong; a start completes them.
: >data/store.git/packed-refs.lock
deposit mofa late "Late" >/dev/null; deposit mofa one "Article 5" >/dev/null
check "what is acknowledged is fetched at once" git_as mofa -C work/clone2 fetch -q
late=$(git -C work/clone2 rev-parse origin/agreement/late)
expect "no branch tells of it yet" 128 "" tip agreement/late
expect "fsck finds nothing wrong beside the daemon" 0 "nothing is wrong" "$valised" fsck data
check "a backup has the branch" sh -c "\"$valised\" --config valised.yaml backup work/saved >/dev/null && test \$(git --git-dir=work/saved/store.git rev-parse agreement/late) = $late"
kill_daemon "$dir"; rm data/store.git/packed-refs.lock
expect "fsck finds nothing wrong after kill -9" 0 "nothing is wrong" "$valised" fsck data
git --git-dir=data/store.git repack -q -a -d; git --git-dir=data/store.git -c gc.pruneExpire=now gc -q --prune=now
start_daemon "$dir"
expect "a start completes the branches" 0 "^$late$" tip agreement/late
expect "and tells of it" 0 "event=refs completed=2" cat log
check "git took nothing" git --git-dir=data/store.git fsck --full --strict
expect "nor does fsck miss anything" 0 "nothing is wrong" "$valised" fsck data
check "no pack is kept once the branches are written" settle_refs "$dir"
finish
