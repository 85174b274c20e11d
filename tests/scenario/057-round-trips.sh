#!/bin/sh
# How often a push waits for the daemon: each request is a round trip, and so is
# the wait for leave to send a body.  The checkpoint in the answer is compared
# with the one that was seen before.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva >/dev/null || not_ok "enrolment"
# What was asked, without numbers.
asked() { sed -n 's/^asked //p' work/line | sed 's|=[0-9]*|=|g; s|&from=||' >work/asked; }
same() { asked; check "$1" diff "$2" work/asked; }
not_in() { ! grep -q -e "$2" "$1"; }
deposit mofa one >/dev/null || not_ok "a deposit"

liar mofa
deposit mofa two >work/out || not_ok "a push"
cat >work/wanted <<'END'
/v1/journal/checkpoint?old=
/v1/journal/entries?limit=&act=documents&document=agreement%2Ftwo
/v1/documents/agreement/two/versions/1?old=
END
same "a push asks three things" work/wanted
check "it waits for no leave to send" not_in work/line '^leave '

liar mofa
deposit mofa one 'Article 2' >/dev/null || not_ok "the next version"
sed -i 's|two/versions/1|one/versions/2|; s|two|one|' work/wanted
same "so does the next version" work/wanted

# 1 MiB and more goes up in parts, and there it is worth to be told no first.
head -c 1200000 /dev/urandom | base64 >work/large.txt
liar mofa
check "a large push" at mofa push agreement/large --text lo=work/lo.txt --text en=work/large.txt --title en=Large
check "it waits for leave to send the large body" grep -q '^leave /v1/uploads/' work/line
check "and for no other" test "$(grep -c '^leave ' work/line)" = 1

liar mofa-minister
check "signing" at mofa-minister sign agreement/one --yes
sed '1,/signatures/d' work/line >work/after
check "nothing is asked for by itself that the answer brought" not_in work/after checkpoint

# A daemon of before there was such a field.
liar mofa say "/two/versions/" "Valise-Extension" "Valise-Nothing"
check "a push to an older daemon" deposit mofa two 'Article 2'
check "the answer was changed" lied /two/versions/
check "it asks for the proof then" test "$(grep -c '^asked /v1/journal/checkpoint' work/line)" = 2

# What came with the answer proves nothing by being there.
size=$(sed -n 2p offices/mofa/state/*/checkpoint)
liar mofa say "/one/versions/" "Valise-Extension: $size " "Valise-Extension: $size AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= "
expect "a false proof is none" 1 "contradict\|rolled back\|no extension" deposit mofa one 'Article 3'
check "the answer was changed" lied /one/versions/
check "both checkpoints are evidence" sh -c 'ls offices/mofa/state/*/evidence-*.txt'
check "what was seen is what it was" test "$(sed -n 2p offices/mofa/state/*/checkpoint)" = "$size"
rm -f offices/mofa/state/*/evidence-*.txt
no_line mofa
check "what was sent is there" deposit mofa one 'Article 3'
size=$(sed -n 2p offices/mofa/state/*/checkpoint)
liar mofa say "/one/versions/" "Valise-Extension: $size " "Valise-Extension: 1 "
check "one from another size is not looked at" deposit mofa one 'Article 4'
check "the answer was changed" lied /one/versions/
check "and the proof is asked for" test "$(grep -c '^asked /v1/journal/checkpoint' work/line)" = 2

# --- A list that is proved. ---
no_line mofa
for n in a b c; do deposit mofa "few-$n" >/dev/null || not_ok "a deposit"; done
# COUNT: so many questions for entries
entries() { test "$(grep -c '^asked /v1/journal/entries' work/line)" = "$1"; }
liar iom-geneva
check "six rows are proved" at iom-geneva list --proved
check "with one question" entries 1
expect "all of them" 0 '"proved":true' at iom-geneva --json list --proved
grep -q '"proved":false' work/out && not_ok "and none is not" || ok "and none is not"
check "a new version" deposit mofa few-a "Article 2"
liar iom-geneva
check "few rows" at iom-geneva list --proved --search few
check "are asked for one by one" entries 3
no_line iom-geneva
liar iom-vientiane say /v1/journal/entries minister@mofa Minister@mofa
expect "a false entry among all is told" 1 "valise list: Verification failed" at iom-vientiane list --proved
no_line iom-vientiane
check "and nothing of it is kept" at iom-vientiane list --proved
finish
