#!/bin/sh
# The file to write may be a link, a FIFO or a device: it is not replaced.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-bangkok >/dev/null
deposit mofa one >/dev/null
at mofa bag pack -o work/a.bag --to iom-bangkok --known 0 agreement/one >/dev/null || not_ok "a bag"
at iom-bangkok bag open work/a.bag --into work/copy >/dev/null || not_ok "it opens"
# FILE: the commands that write what a person names
how=
fetch() { at mofa $how fetch agreement/one -o "$@"; }
pack() { at mofa $how bag pack --to iom-bangkok --known 0 agreement/one -o "$@"; }
ack() { at iom-bangkok $how bag open work/a.bag --again --ack "$@"; }
kit() { at mofa $how kit agreement/one -o "$@"; }
save() { at mofa $how policy save "$policy" "$@"; }
policy=$(policy_of mofa)
delivered() { at mofa log --act deliver | wc -l; }
with_json() { how=--json; "$@"; rc=$?; how=; return $rc; }
kind() { stat -c '%F %t,%T' "$1"; }
mknod work/null c 1 3 2>/dev/null && mknod work/full c 1 7 && mknod work/disk b 7 250 && : 2>/dev/null >work/null && devices=yes ||
	echo "  skipped: devices (making one needs root)"
mkdir work/folder work/elsewhere

# What is written may be none of what the office needs, by whichever name.
for command in fetch pack kit save; do
	for file in key.pem sign-key.pem cert.pem config.yaml state/*/checkpoint state/*/new; do
		file=$(echo offices/mofa/$file | sed "s|/\*/|/$(ls offices/mofa/state)/|")
		[ ! -e "$file" ] || cp "$file" work/before
		expect "$command, onto $file" 2 "name another file" $command "$file"
		[ ! -e "$file" ] || check "$command: which stays" cmp "$file" work/before
	done
	rm -f work/hard; ln offices/mofa/key.pem work/hard; ln -sf ../offices/mofa/key.pem work/soft
	expect "$command, onto a key by a hard link" 2 "which is needed" $command work/hard
	expect "$command, onto a key by a link" 2 "which is needed" $command work/soft
	rm work/hard work/soft
done
expect "ack, onto the bag that is read" 2 "which is needed" ack work/a.bag
expect "ack, onto a key" 2 "which is needed" ack offices/iom-bangkok/encrypt-key.pem
for command in fetch pack ack kit save; do
	ln -sf ../work/elsewhere/$command work/link-$command
	expect "$command, by a link to nothing yet" 0 "" $command work/link-$command
	check "$command: the link stays" test -L work/link-$command
	check "$command: the file is where it leads" unzip -qqt work/elsewhere/$command
	echo old >work/elsewhere/$command; ln -f work/elsewhere/$command work/kept
	expect "$command, by a link to a file, which is left as it is" 5 "left as it is" $command work/link-$command
	check "$command: so it is" grep -qx old work/elsewhere/$command
	chmod 604 work/elsewhere/$command
	expect "$command, by a link to a file, with --force" 0 "" $command work/link-$command --force
	check "$command: its mode stays" test "$(stat -c %a work/elsewhere/$command)" = 604
	check "$command: it stays too" test -L work/link-$command
	check "$command: the file is replaced" unzip -qqt work/elsewhere/$command
	check "$command: and was not written in place" grep -qx old work/kept
	check "$command: nothing is left beside it" sh -c '! ls -A work/elsewhere work | grep -e "$0\..*[A-Za-z0-9]\{6\}$" -e "^\.tmp"' $command
	(umask 027 && $command work/mode-$command >/dev/null 2>&1)
	check "$command: a new file has what the umask leaves" test "$(stat -c %a work/mode-$command)" = 640
	$command - >work/got 2>work/err
	check "$command, to standard output" unzip -qqt work/got
	check "$command: its words are beside it" test -s work/err
	expect "$command, to standard output with --json" 2 "which --json needs" with_json $command -

	mkfifo work/fifo
	cat work/fifo >work/got & reader=$!
	expect "$command, to a FIFO" 0 "" $command work/fifo
	wait $reader
	check "$command: it stays one" test -p work/fifo
	check "$command: all came through it" unzip -qqt work/got
	rm work/fifo
	$command /proc/self/fd/1 2>work/err | cat >work/got
	check "$command, to a pipe by its name, and nothing after it" unzip -qqt work/got
	# Whoever reads it goes away at once.
	mkfifo work/fifo; : <work/fifo & reader=$!
	got=0; $command work/fifo >work/out 2>&1 || got=$?; wait $reader
	case $got in 0 | 7) ok "$command: a reader that went away is told" ;; *) not_ok "$command: a reader that went away: exit $got" ;; esac
	rm work/fifo

	size=$(at mofa --json log | grep -c dispatch)
	expect "$command, to a folder" 2 "is a folder" $command work/folder
	if [ -n "${devices:-}" ]; then
		expect "$command, to a block device" 2 "block device" $command work/disk
		check "$command: it stays one" test "$(kind work/disk)" = "block special file 7,fa"
	fi
	check "$command: nothing was journaled for those" test "$(at mofa --json log | grep -c dispatch)" = "$size"
	[ -n "${devices:-}" ] || continue
	expect "$command, to a character device" 0 "" $command work/null
	check "$command: it stays one" test "$(kind work/null)" = "character special file 1,3"
	ln -sf null work/link
	expect "$command, to one by a link" 0 "" $command work/link
	check "$command: both stay" test -L work/link -a "$(kind work/null)" = "character special file 1,3"
	expect "$command, to one that takes nothing" 7 "No space left" $command work/full
	check "$command: it stays one too" test "$(kind work/full)" = "character special file 1,7"
done

# --- What cannot be written is told before anybody is asked. ---
size=$(delivered)
expect "a folder that is not there is told" 7 "System error: .*work/nowhere: No such file" at mofa fetch agreement/one -o work/nowhere/x.asice
expect "to extract to, too" 7 "System error: .*work/nowhere: No such file" at mofa fetch agreement/one --extract work/nowhere/x
expect "a folder as the file" 2 "is a folder" at mofa fetch agreement/one -o work/folder
[ ! -c /dev/full ] || expect "a device that takes nothing" 7 "System error: /dev/full: No space left" at mofa fetch agreement/one -o /dev/full
if [ -c /dev/full ]; then
	got=0; at mofa fetch agreement/one -o - >/dev/full 2>work/out || got=$?
	check "a standard output that takes nothing" test $got = 7 -a -n "$(grep 'System error: standard output' work/out)"
fi
mkdir work/shut; chmod 755 work/shut
# As a user who may not write there, whom root becomes for this.
him() { "$valise" --config offices/his/config.yaml "$@"; }
cp -R offices/mofa offices/his; sed -i 's|offices/mofa|offices/his|g' offices/his/config.yaml
if [ "$(id -u)" = 0 ] && chmod 711 "$dir" && chmod 755 "$dir/offices" && chown -R 65534 offices/his &&
	setpriv --reuid 65534 --clear-groups test -x "$valise" -a -r offices/his/key.pem 2>/dev/null; then
	him() { setpriv --reuid 65534 --clear-groups "$valise" --config offices/his/config.yaml "$@"; }
else
	chmod 500 work/shut
fi
if [ "$(id -u)" != 0 ] || [ "$(stat -c %u offices/his)" = 65534 ]; then
	expect "a folder that may not be written" 7 "System error: .*this user may not" him fetch agreement/one -o work/shut/x.asice
	expect "to extract to, too" 7 "System error: .*this user may not" him fetch agreement/one --extract work/shut/x
	expect "and so is the one where one is" 7 "System error: .*this user may not" him fetch agreement/one
	for words in "kit agreement/one" "bag pack --to iom-bangkok --known 0 agreement/one"; do
		expect "of $words, too" 7 "System error: .*this user may not" him $words -o work/shut/x
	done
	expect "and to pull to" 7 "System error: .*this user may not" him pull work/shut
else
	echo "  skipped: folders of others (setpriv, or who may read the build)"
fi
chmod 755 work/shut
if mkdir work/small && mount -t tmpfs -o size=64k tmpfs work/small 2>/dev/null; then
	head -c 65536 /dev/zero >work/small/all 2>/dev/null
	expect "a disk that is full" 7 "System error: .*No space left on device: make room" at mofa fetch agreement/one -o work/small/x.asice
	mount -o remount,ro work/small
	expect "a disk that is read-only" 7 "System error: .*Read-only file system" at mofa fetch agreement/one -o work/small/x.asice
	expect "to extract to, too" 7 "System error: .*Read-only file system" at mofa fetch agreement/one --extract work/small/x
	mount -o remount,rw work/small; rm work/small/all; mkdir work/small/copy; head -c 65536 /dev/zero >work/small/all 2>/dev/null
	expect "a full disk to pull to" 7 "System error: .*No space left" at mofa pull work/small/copy
	expect "to extract to, too" 7 "System error: .*No space left" at mofa fetch agreement/one --extract work/small/x
	umount work/small
else
	echo "  skipped: a full disk (mounting one needs root)"
fi
check "nothing was asked for by any of these" test "$(delivered)" = "$size"

# --- Copies of the document are replaced, others are not. ---
deposit mofa other >/dev/null; printf 'Article 2\n' >work/two.txt
at mofa push agreement/one --text lo=work/lo.txt --text en=work/two.txt --title en=Two >/dev/null
at mofa fetch agreement/other -o work/other.asice >/dev/null; cp work/other.asice work/before
size=$(delivered)
expect "a copy of another document is left as it is" 5 "is a copy of agreement/other: it is left" at mofa fetch agreement/one -o work/other.asice
check "so it is" cmp work/other.asice work/before
echo mine >work/mine.asice
expect "and what is none" 5 "is no copy of agreement/one: it is left" at mofa fetch agreement/one -o work/mine.asice
check "and nothing was asked for" test "$(delivered)" = "$size"
expect "with --force it is replaced" 0 VALID at mofa fetch agreement/one -o work/mine.asice --force
at mofa fetch agreement/one@1 -o work/one.asice >/dev/null; chmod 600 work/one.asice
expect "a copy of the same document is replaced, and that is told" 0 "it replaces agreement/one@1" at mofa fetch agreement/one -o work/one.asice
check "its mode stays" test "$(stat -c %a work/one.asice)" = 600
expect "in JSON too" 0 '"replaced":2' at mofa --json fetch agreement/one -o work/one.asice
mkdir work/here; cp work/before work/here/one-v2.asice
(cd work/here && got=0; "$valise" --config "$dir/offices/mofa/config.yaml" fetch agreement/one >../out 2>&1 || got=$?
	[ $got = 5 ] && cmp one-v2.asice ../before) && ok "the file that is named for one too" || not_ok "the file that is named for one too"
check "an acknowledgement of the same bag is replaced" sh -c "'$valise' --config offices/iom-bangkok/config.yaml bag open work/a.bag --again >/dev/null && '$valise' --config offices/iom-bangkok/config.yaml bag open work/a.bag --again"

# --- Text that cannot be written. ---
full() { "$@" >/dev/full; }
if [ -c /dev/full ]; then
	for words in --help --version "list --help" list "show agreement/one" "history agreement/one" log "log --csv" "policy show" "verify work/one.asice" "bag list" "crls show" "diff agreement/one@1 agreement/one@2"; do
		for how in "" --json; do
			expect "$how $words, to a full disk" 7 "standard output: No space left" full at mofa $how $words
		done
	done
	for words in --help --version "--config valised.yaml enrolment" "--config valised.yaml --check" "--config valised.yaml fsck"; do
		expect "valised $words, to a full disk" 7 "standard output: No space left" full "$valised" $words
	done
	expect "what follows ends with the first line" 7 "standard output: No space left" full timeout 20 "$valise" --config offices/mofa/config.yaml watch --from 0 --exec true
fi
# A reader that went away: nothing is said, whether the signal is ignored or not.
for words in "show agreement/one" "log" "--json log" "--help"; do
	for how in SIG_DFL SIG_IGN; do
		check "a reader that went away: $words, $how" sh -c "! python3 -c 'import os, signal, sys
ends = os.pipe(); os.close(ends[0]); os.dup2(ends[1], 1)
signal.signal(signal.SIGPIPE, signal.$how); os.execv(sys.argv[1], sys.argv[1:])' '$valise' --config offices/mofa/config.yaml $words 2>work/err; test ! -s work/err"
	done
done
ln -s nothing work/hidden
expect "a folder to extract to is not made over a link" 5 "there already" at mofa fetch agreement/one --extract work/hidden
# --- Many files, on all cores: what is told, and in which order, is the same. ---
deposit mofa many >/dev/null
at mofa fetch agreement/many -o work/many.asice >/dev/null
mkdir -p work/m
for i in $(seq 100 199); do ln work/many.asice work/m/$i.asice; done
head -c 3000 work/many.asice >work/m/150x.asice
for how in '' --json; do
	at mofa $how verify -j 1 work/m/*.asice >work/one 2>/dev/null; one=$?
	at mofa $how verify -j 3 work/m/*.asice >work/three 2>/dev/null; three=$?
	check "three processes say what one says $how" cmp work/one work/three
	[ "$one$three" = 11 ] && ok "and end with the same" || not_ok "and end with the same: $one, $three"
done
expect "that one is not VALID counts more than that one is missing" 1 "work/m/none: no such file" at mofa verify -j 3 work/m/*.asice work/m/none
expect "so many are none" 2 "number of processes" at mofa verify -j 0 work/m/100.asice
finish
