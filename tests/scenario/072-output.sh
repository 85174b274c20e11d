#!/bin/sh
# The file to write may be a link, a FIFO or a device: it is not replaced.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-bangkok >/dev/null
deposit mofa one >/dev/null
at mofa bag pack -o work/a.bag --to iom-bangkok --known 0 agreement/one >/dev/null || not_ok "a bag"
at iom-bangkok bag open work/a.bag --into work/copy >/dev/null || not_ok "it opens"
# FILE: the commands that write what a person names
fetch() { at mofa fetch agreement/one -o "$1"; }
pack() { at mofa bag pack -o "$1" --to iom-bangkok --known 0 agreement/one; }
ack() { at iom-bangkok bag open work/a.bag --again --ack "$1"; }
kind() { stat -c '%F %t,%T' "$1"; }
mknod work/null c 1 3 2>/dev/null && mknod work/full c 1 7 && mknod work/disk b 7 250 && : 2>/dev/null >work/null && devices=yes ||
	echo "  skipped: devices (making one needs root)"
mkdir work/folder work/elsewhere

# What is written may be none of what the office needs, by whichever name.
for command in fetch pack; do
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
for command in fetch pack ack; do
	ln -sf ../work/elsewhere/$command work/link-$command
	expect "$command, by a link to nothing yet" 0 "" $command work/link-$command
	check "$command: the link stays" test -L work/link-$command
	check "$command: the file is where it leads" unzip -qqt work/elsewhere/$command
	echo old >work/elsewhere/$command; ln -f work/elsewhere/$command work/kept
	expect "$command, by a link to a file" 0 "" $command work/link-$command
	check "$command: it stays too" test -L work/link-$command
	check "$command: the file is replaced" unzip -qqt work/elsewhere/$command
	check "$command: and was not written in place" grep -qx old work/kept
	check "$command: nothing is left beside it" sh -c '! ls work/elsewhere work | grep "$0\..*[A-Za-z0-9]\{6\}$"' $command

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
size=$(at mofa log --act deliver | wc -l)
expect "a folder that is not there is told" 7 "there is no folder work/nowhere" at mofa fetch agreement/one -o work/nowhere/x.asice
check "before anything is asked" test "$(at mofa log --act deliver | wc -l)" = "$size"
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
