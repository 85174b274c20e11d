#!/bin/sh
# Files that are dropped on a page: large ones in flat memory, a full disk, cuts, a
# folder, and an end in the middle; and what else the desk may be without: a
# pinentry, a configuration, a line.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-vientiane >/dev/null || not_ok "enrolment"
cd "$dir" || exit
. "$top/tests/scenario/desk.sh"
yes_; forget_shown
left() { find offices/mofa/state/desk -type f 2>/dev/null; }
runs() { find offices/mofa/state/desk -mindepth 1 -maxdepth 1 | wc -l; }
gone() { i=0; until [ -z "$(left)" ] || [ $i = 300 ]; do sleep 0.02; i=$((i + 1)); done; [ -z "$(left)" ]; }
# NAME SIZE: begin to send; what is written to descriptor 8 is the body
begin_upload() {
	rm -f work/slow; mkfifo work/slow
	curl -sS -H "Valise-Desk: $secret" -H "Content-Length: $2" -H "Transfer-Encoding:" -H "Expect:" -X POST -T work/slow -o work/answer -w '%{http_code}' "http://$desk/desk/uploads?name=$1&size=$2" >work/code 2>work/curl.err & sender=$!
	exec 8>work/slow
}
# BYTES: until so many have come
came() { i=0; until [ "$(cat $(left) 2>/dev/null | wc -c)" -ge "$1" ] || [ $i = 500 ]; do sleep 0.02; i=$((i + 1)); done; }

# --- Large. ---
export VALISE_PINENTRY=$dir/work/pinentry LC_ALL=C.UTF-8
open_desk mofa
truncate -s 512M work/large
before=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$desk_pid/status")
send work/large large.bin
check "512 MiB come" test -n "$upload"
after=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$desk_pid/status")
echo "the desk's memory: $before KiB before 512 MiB were sent, $after KiB after"
case ${ASAN_OPTIONS:-} in *detect_leaks*) most=1000000 ;; *) most=65536 ;; esac
check "in flat memory, 64 MiB at most" test "$after" -lt "$most" -a $((after - before)) -lt 8192
check "hashed as they came" grep -q "$(sha256sum <work/large | cut -d' ' -f1)" work/answer
ask "/desk/uploads/$upload" -X DELETE >/dev/null
rm work/large

# --- Cut in the middle; a folder. ---
begin_upload cut.txt 1000000
head -c 400000 /dev/zero >&8; came 300000
check "some of it has come" test -n "$(left)"
kill "$sender"; exec 8>&-; wait "$sender" 2>/dev/null
check "a page that closes in the middle leaves nothing" gone
# A browser announces a folder as a file of 4096 bytes, and then cannot read it.
python3 - "$desk" "$secret" <<'END' || not_ok "a folder is sent"
import socket, sys
host, port = sys.argv[1].split(':')
s = socket.create_connection((host, int(port)))
s.sendall(f'POST /desk/uploads?name=folder&size=4096 HTTP/1.1\r\nHost: {sys.argv[1]}\r\nValise-Desk: {sys.argv[2]}\r\nContent-Length: 4096\r\n\r\n'.encode())
s.shutdown(socket.SHUT_WR)
s.close()
END
check "a folder leaves nothing" gone
: >work/empty; send work/empty empty.txt
check "an empty file comes" test -n "$upload"
act /desk/push '{"document":"agreement/empty","texts":[{"upload":"'$upload'","language":"lo"}],"titles":{"en":"x"}}'
comes_to "and is not deposited, by its name" error "$upload/empty.txt: it is empty"
check "it can be dropped again" test "$(status /desk/uploads/check -d '{"name":"empty.txt","size":0}')" = 200

# --- The end in the middle; a kill; another desk. ---
begin_upload half.txt 1000000
head -c 400000 /dev/zero >&8; came 300000
kill -INT "$desk_pid"; wait "$desk_pid"
check "Ctrl-C ends the desk in the middle of a file" test $? = 0
exec 8>&-; wait "$sender" 2>/dev/null
check "and leaves no file and no folder" test "$(runs)" = 0
open_desk mofa
send work/lo.txt lo.txt; first=$upload first_desk=$desk first_secret=$secret first_pid=$desk_pid
open_desk mofa
check "two desks have a folder each" test "$(runs)" = 2
kill -9 "$desk_pid"; wait "$desk_pid" 2>/dev/null
check "a killed one leaves its folder" test "$(runs)" = 2
open_desk mofa
check "which the next one removes, and not the living one's" test "$(runs)" = 2
close_desk
desk=$first_desk secret=$first_secret desk_pid=$first_pid
check "whose file is there still" test "$(status /desk/verify -d '{"upload":"'$first'"}')" = 200
close_desk
check "at last nothing is left" test "$(runs)" = 0

# --- A full disk. ---
if mount -t tmpfs -o size=3m,mode=700 tmpfs offices/mofa/state/desk 2>/dev/null; then
	trap 'stop_all; cd /; umount "$dir/offices/mofa/state/desk" 2>/dev/null; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
	open_desk mofa
	head -c 1500000 /dev/urandom >work/file
	check "less than three times its size is free: refused at once" test "$(status "/desk/uploads?name=file.bin&size=1500000" -X POST -T work/file)" = 507 -a -z "$(left)"
	check "by its name" grep -q "file.bin: it has 1500000 bytes" work/answer
	begin_upload full.bin 900000
	head -c 400000 work/file >&8; came 300000
	dd if=/dev/zero of=offices/mofa/state/desk/filler bs=64k count=64 2>/dev/null
	head -c 500000 work/file >&8; exec 8>&-; wait "$sender"
	check "one that fills in the middle is told" test "$(cat work/code)" = 507
	rm -f offices/mofa/state/desk/filler
	check "and nothing of the file stays" gone
	head -c 900000 work/file >work/file2; send work/file2 file.bin
	check "once there is room it comes" test -n "$upload"
	close_desk
	umount offices/mofa/state/desk
else echo "  skipped: a full disk (mounting a tmpfs needs root)"; fi

# --- A line that breaks in the middle of a deposit. ---
head -c 3000000 /dev/urandom | base64 >work/long.txt
line mofa gone=1000000
open_desk mofa
send work/long.txt long.txt; long=$upload
send work/lo.txt lo.txt; lo=$upload
deposit='{"document":"agreement/long","texts":[{"upload":"'$long'","language":"en"},{"upload":"'$lo'","language":"lo"}],"titles":{"en":"Long"}}'
act /desk/push "$deposit"
comes_to "a deposit whose line breaks is told" error UNAVAILABLE
check "with its progress" grep -q '^{"doing":' work/lines
check "it is kept" sh -c 'ls offices/mofa/state/*/outbox | grep -q .'
line_pid=; no_line mofa # it has ended by itself
act /desk/push "$deposit"
comes_to "the same again ends it" result '"version":1'
check "once" sh -c '[ "$("$0" --config offices/mofa/config.yaml --json log --document agreement/long --act deposit | grep -c deposit)" = 1 ]' "$valise"
close_desk

# --- Neither pinentry nor terminal. ---
unset VALISE_PINENTRY DISPLAY WAYLAND_DISPLAY
open_desk mofa-minister
check "it says that it cannot ask" sh -c "curl -s -H 'Valise-Desk: $secret' http://$desk/desk | grep -q '\"confirms\":null'"
act /desk/sign '{"document":"agreement/long","version":1}'
comes_to "then it only reads" error "REFUSED.*only reads"
check "a page is answered" test "$(status /v1/documents)" = 200
close_desk

# --- The terminal. ---
cat >work/typist.py <<'END'
# OFFICE-CONFIG VALISE ANSWER: a desk at a terminal; "yes" is typed before it asks,
# and then ANSWER.  Prints the lines of the act.
import json, os, pty, re, select, sys, threading, time, urllib.request
config, valise, answer = sys.argv[1:4]
os.environ['PATH'] = '/nowhere'
pid, fd = pty.fork()
if pid == 0:
    os.execv(valise, [valise, '--config', config, 'desk', '--no-browser'])
seen = b''
def until(pattern):
    global seen
    end = time.monotonic() + 60
    while not re.search(pattern, seen) and time.monotonic() < end:
        if select.select([fd], [], [], 0.2)[0]:
            seen += os.read(fd, 4096)
    return re.search(pattern, seen)
desk = until(rb'at (http://[0-9.:]+)/')[1].decode()
page = until(rb'open (\S+) in a browser')[1].decode()
token = re.search('token=([0-9a-f]+)', open(page).read())[1]
def post(path, body, **headers):
    return urllib.request.urlopen(urllib.request.Request(desk + path, json.dumps(body).encode(), headers)).read().decode()
secret = json.loads(post('/desk/session', {'token': token}))['secret']
os.write(fd, b'yes\n')
lines = []
act = threading.Thread(target=lambda: lines.append(post('/desk/sign', {'document': 'agreement/long', 'version': 1}, **{'Valise-Desk': secret})))
act.start()
until(rb'Type "yes": ')
# What was typed before is gone by now: nothing has come of it.
act.join(0.5)
print('asked' if act.is_alive() else 'not asked')
os.write(fd, answer.encode() + b'\n')
act.join(60)
print(seen.decode(errors='replace'))
print(lines[0])
os.kill(pid, 15); os.waitpid(pid, 0)
END
at mofa-minister fetch agreement/long -o work/long.asice >/dev/null
typed() { python3 work/typist.py offices/mofa-minister/config.yaml "$valise" "$1" >work/typed 2>&1; }
typed no
check "at a terminal it is asked there" grep -q '^asked$' work/typed
check "with document and digest" grep -q 'digest *[0-9a-f]\{4\}-' work/typed
check "another word is no" grep -q '"error".*not signed' work/typed
check "the page is told of it" grep -q '"waits":"terminal"' work/typed
typed yes
check "yes is yes, once it was asked" grep -q '"result":"signed"' work/typed

# --- Passphrases. ---
export VALISE_PINENTRY=$dir/work/pinentry
for key in key sign-key; do openssl pkey -in offices/mofa/$key.pem -aes256 -passout 'pass:one%two' -out work/e.pem 2>/dev/null && cat work/e.pem >offices/mofa/$key.pem; done
printf 'no' >work/pin; forget_shown
open_desk mofa
check "a wrong passphrase is asked for three times" test "$(status /v1/documents)" = 400 -a "$(grep -c GETPIN work/shown)" = 3
check "and told" grep -q "the passphrase of .*key.pem is wrong" work/answer
printf 'one%%25two' >work/pin; forget_shown
check "the right one lets it go on" test "$(status /v1/documents)" = 200
check "by the key's name" shown "SETDESC .*private key:%0A.*/offices/mofa/key.pem"
status /v1/documents >/dev/null; status /desk/status >/dev/null
check "it is asked for once" test "$(grep -c GETPIN work/shown)" = 1
check "no process has it in its arguments" sh -c "! cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -v grep | grep -q 'one%[t]wo'"
close_desk

# --- Without a configuration. ---
mkdir work/home
open_empty() {
	rm -f work/desk
	env HOME="$dir/work/home" "$valise" --json desk --no-browser >work/desk 2>work/desk.err </dev/null & desk_pid=$!
	enter_desk
}
open_empty
check "a desk without a configuration says so" sh -c "curl -s -H 'Valise-Desk: $secret' http://$desk/desk | grep -q '\"enrolled\":false'"
drop_parts() {
	for part in cert key sign-cert sign-key; do send offices/iom-vientiane/$part.pem; eval "$(echo $part | tr - _)=$upload"; done
	send enrolment.yaml; enrolment=$upload
	parts='"enrolment":"'$enrolment'","certificate":"'$cert'","key":"'$key'","sign-certificate":"'$sign_cert'","sign-key":"'$sign_key'"'
}
drop_parts
ask /desk/enrol/check -d '{"enrolment":"'$enrolment'"}' >work/answer
print=$(sed -n 's/.*"fingerprint":"\([^"]*\)".*/\1/p' work/answer)
check "it tells the fingerprint, in groups" sh -c "expr '$print' : '[0-9a-f]\{4\}-' >/dev/null"
sed 's|^address: .*|&\nother-addresses: [https://127.0.0.1:9]|' enrolment.yaml >work/two.yaml; send work/two.yaml
ask /desk/enrol/check -d '{"enrolment":"'$upload'"}' >work/both
check "and every address" grep -q '"address": *"https://127.0.0.1:[0-9]*, https://127.0.0.1:9"' work/both
check "another fingerprint is refused" test "$(status /desk/enrol -d "{$parts,\"fingerprint\":\"0000\"}")" = 422
no_; forget_shown
act /desk/enrol "{$parts,\"fingerprint\":\"$print\"}"
comes_to "who says no in the dialog does not enrol" error "not enrolled"
check "the dialog had the fingerprint" shown "$(echo "$print" | cut -c1-39)"
forget_shown
ask /desk/enrol -H 'Valise-Language: th' -d "{$parts,\"fingerprint\":\"$print\"}" >/dev/null
check "and its words in the page's language" shown 'SETOK ลงทะเบียน$'
check "all of them" sh -c "! grep SETDESC work/shown | grep -q 'Valise asks\|digest:\|telephone\|you trust'"
check "no key stays" sh -c '! find work/home/.config -name "*.pem" 2>/dev/null | grep -q .'
echo wait >work/says; forget_shown
act /desk/enrol "{$parts,\"fingerprint\":\"$print\"}" 2>/dev/null & acting=$!
until shown CONFIRM; do sleep 0.02; done
check "a key is there while the dialog is open" sh -c 'find work/home/.config -name "*key.pem" | grep -q .'
close_desk -INT; wait "$acting"
check "nor does one that the desk's end leaves unanswered" sh -c '! find work/home/.config -name "*.pem" 2>/dev/null | grep -q .'
# A kill is no answer: the keys stay, and the next enrolment takes them up.
# The command of a killed desk has the lock until it has found that out.
press() { until act /desk/enrol "{$parts,\"fingerprint\":\"$print\"}"; ! grep -q 'another enrolment' work/lines; do sleep 0.02; done; }
kept() { find work/home/.config -name "$1" 2>/dev/null | grep -q .; }
open_empty; drop_parts
echo wait >work/says; forget_shown
act /desk/enrol "{$parts,\"fingerprint\":\"$print\"}" 2>/dev/null & acting=$!
until shown CONFIRM; do sleep 0.02; done
check "while a dialog waits, no other enrolment begins" test "$(status /desk/enrol -d "{$parts,\"fingerprint\":\"$print\"}")" = 409
kill -9 "$desk_pid"; wait "$desk_pid" 2>/dev/null; wait "$acting"
check "a killed desk leaves a key" kept key.pem
open_empty; drop_parts
check "the page is told that an enrolment was cut off" sh -c "curl -s -H 'Valise-Desk: $secret' http://$desk/desk | grep -q '\"cut\":true'"
no_; forget_shown
press
comes_to "a no to the one that takes it up is a no" error "not enrolled"
check "and no key stays" sh -c '! find work/home/.config -type f | grep -q .'
echo wait >work/says; forget_shown
act /desk/enrol "{$parts,\"fingerprint\":\"$print\"}" 2>/dev/null & acting=$!
until shown CONFIRM; do sleep 0.02; done
kill -9 "$desk_pid"; wait "$desk_pid" 2>/dev/null; wait "$acting"
cp offices/mofa/sign-key.pem work/own.pem
folder=$(dirname "$(find work/home/.config -name key.pem)")
# As if it had been killed with other files: the list has them.
cp offices/mofa/key.pem "$folder/key.pem"; cp offices/mofa/encrypt-key.pem "$folder/encrypt-key.pem" 2>/dev/null || cp offices/mofa/key.pem "$folder/encrypt-key.pem"
echo encrypt-key.pem >>"$folder/config.yaml.enrolling"
# And one that no enrolment made is the person's own.
sed -i /sign-key.pem/d "$folder/config.yaml.enrolling"; cp work/own.pem "$folder/sign-key.pem"
open_empty; drop_parts; yes_
press
check "a file that no enrolment made is not replaced, and is named" grep -q 'sign-key.pem is there, is another file, and was not made here' work/lines
check "nor removed" cmp -s work/own.pem "$folder/sign-key.pem"
check "and what was set aside is back" cmp -s offices/mofa/key.pem "$folder/key.pem"
mv "$folder/sign-key.pem" work/own2.pem
act /desk/enrol "{$parts,\"fingerprint\":\"$print\"}"
comes_to "who says yes enrols" result '"fingerprint":"[0-9a-f]*"'
comes_to "and is told which files of before were not used" result '"unused":\["[^"]*/key.pem.left-1","[^"]*/encrypt-key.pem"\]'
check "nothing is lost" cmp -s offices/mofa/key.pem "$folder/key.pem.left-1"
check "the key is the one that was dropped" cmp -s offices/iom-vientiane/key.pem "$folder/key.pem"
check "the list has gone" test ! -e "$folder/config.yaml.enrolling"
check "the keys are this person's alone" sh -c '! find work/home/.config -name "*key.pem" -perm /077 | grep -q . && find work/home/.config -name key.pem | grep -q .'
check "then it is this office's desk" sh -c "curl -s -H 'Valise-Desk: $secret' http://$desk/desk | grep -q '\"enrolled\":true.*\"office\":\"iom-vientiane\"'"
check "and shows the register" test "$(status /v1/documents)" = 200
check "nothing that was dropped is left" sh -c '! find work/home -path "*desk*" -type f | grep -q .'
close_desk
rm -r work/home; mkdir work/home
echo wait >work/says; forget_shown
open_empty; drop_parts
act /desk/enrol "{$parts,\"fingerprint\":\"$print\"}" 2>/dev/null & acting=$!
until shown CONFIRM; do sleep 0.02; done
kill -9 "$desk_pid"; wait "$desk_pid" 2>/dev/null; wait "$acting"
open_empty; drop_parts; yes_; press
comes_to "with the same files it goes on, and says so" result '"resumed":true'
comes_to "and none is left over" sh -c '! grep -q unused work/lines && ! find work/home/.config -name "*.left-*" | grep -q .'
close_desk
finish
