#!/bin/sh
# What dead runs left half made goes; what a live one makes, and what is whole, stays.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa >/dev/null
deposit mofa one >/dev/null
at mofa pull work/copy >/dev/null
state=$(echo offices/mofa/state/*/)
mkdir -p "$state/outbox" "$state/partial" work/target
plant() { for file; do printf 'half' >"$file"; done; }
gone() { for file; do [ ! -e "$file" ] || { echo "$file is there"; return 1; }; done; }
stay() { for file; do [ -e "$file" ] || { echo "$file is gone"; return 1; }; done; }

at mofa push --local agreement/two --text lo=work/lo.txt --text en=work/en.txt --title en=Two >/dev/null || not_ok "a version that waits"
whole=$(ls "$state"/outbox/*.asice)
rm -f "$state/swept"
plant "$state/.tmp-valise-dead01" "$state/outbox/.tmp-valise-dead01" "$state/outbox/.agreement--x@1-3-AbCdEf.asice" "$state/versions/.tmp-valise-dead01" \
	work/copy/.tmp-valise-dead01 work/target/.tmp-valise-dead01 "$state/.tmp-valise-alive1" "$state/outbox/.agreement--x@1-3-alive1.asice" work/target/.tmp-valise-alive1 \
	work/target/.tmp-mine "$state/partial/agreement--old@1" "$state/partial/agreement--new@1" "$state/partial/agreement--live@1"
touch -d '8 days ago' "$state/partial/agreement--old@1" "$state/partial/agreement--live@1"
mkdir work/copy/.tmp-valise-folder; plant work/copy/.tmp-valise-folder/half
exec 5<"$state/.tmp-valise-alive1" 6<"$state/outbox/.agreement--x@1-3-alive1.asice" 7<work/target/.tmp-valise-alive1 8<"$state/partial/agreement--live@1"
flock 5; flock 6; flock 7; flock 8
check "a command" at mofa list
check "in the state folder and the outbox it is gone" gone "$state/.tmp-valise-dead01" "$state/outbox/.tmp-valise-dead01" "$state/outbox/.agreement--x@1-3-AbCdEf.asice"
check "in other folders of the state, once a day" gone "$state/versions/.tmp-valise-dead01"
check "and a download that nobody went on with for a week" gone "$state/partial/agreement--old@1"
check "which is younger, or in use, stays" stay "$state/partial/agreement--new@1" "$state/partial/agreement--live@1"
check "what waits to be sent stays" stay "$whole"
check "in the local copy it stays until that is used" stay work/copy/.tmp-valise-dead01
check "a command of the local copy" at mofa --local list
check "there it is gone then, a folder too" gone work/copy/.tmp-valise-dead01 work/copy/.tmp-valise-folder
plant "$state/versions/.tmp-valise-dead02"
check "a file beside another" at mofa fetch agreement/one -o work/target/x.asice
check "beside it is gone" gone work/target/.tmp-valise-dead01
check "others' files stay" stay work/target/.tmp-mine work/target/x.asice
check "a day is not over yet" stay "$state/versions/.tmp-valise-dead02"
touch -d '25 hours ago' "$state/swept"
check "a command on the next day" at mofa list
check "and then it is" gone "$state/versions/.tmp-valise-dead02"
check "what is alive stays" stay "$state/.tmp-valise-alive1" "$state/outbox/.agreement--x@1-3-alive1.asice" work/target/.tmp-valise-alive1
exec 5<&- 6<&- 7<&- 8<&-
check "until it is not" sh -c "'$valise' --config offices/mofa/config.yaml list && ! ls -A '$state' '$state/outbox' | grep -q alive1"
plant work/target/.tmp-valise-dead02
check "beside a folder" at mofa fetch agreement/one --extract work/target/folder
check "it is gone as well" gone work/target/.tmp-valise-dead02 work/target/.tmp-valise-alive1
check "nothing is left" sh -c "! ls -A work/copy work/target '$state' '$state/outbox' | grep -e '^\.tmp-valise' -e quick"

# Ended while it writes: by a signal, and by one that nobody catches.
mkdir work/late; head -c 30000000 /dev/urandom >work/large.bin; printf '%%PDF-1.7\n' | cat - work/large.bin >work/large.pdf
for signal in INT TERM KILL; do
	for delay in 0.1 0.3; do
		timeout -s $signal $delay "$valise" --config offices/mofa/config.yaml push --local agreement/large --text lo=work/large.pdf --text en=work/en.txt --title en=L >/dev/null 2>&1
	done
done
check "a push that is ended leaves whole files or none" sh -c "'$valise' --config offices/mofa/config.yaml list && ! ls -A '$state/outbox' | grep '^\.'"
finish
