#!/bin/sh
# Private keys that others may read are refused by both programs, whichever key
# it is; with --insecure-key they are used, with a warning.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-vientiane >/dev/null
deposit mofa one >/dev/null
at mofa witness init --name here >/dev/null 2>&1
at mofa bag pack -o work/one.bag --to iom-vientiane agreement/one >/dev/null 2>&1

# --- The daemon. ---
check_daemon() { "$valised" --config valised.yaml "$@" --check; }
expect "keys of their owner alone are good" 0 "^good" check_daemon
cp data/signer/journal.key data/signer/journal.key.next
for key in server/server signer/depositary signer/journal; do
	chmod 644 "data/$key.key"
	expect "$key: --check refuses what others may read" 1 "$key.key: others may read this private key (mode 0644): chmod 600 .*data/$key.key" check_daemon
	expect "$key: or uses it with a warning" 0 "event=private-key reason=.*$key.key: others may read.*0644" check_daemon --insecure-key
	chmod 620 "data/$key.key"
	expect "$key: nor may others write it" 1 "mode 0620" check_daemon
	chmod 600 "data/$key.key"
done
chmod 644 data/signer/journal.key.next
expect "signer/journal.key.next: --check refuses it as well" 1 "journal.key.next: others may read" check_daemon
stop_daemon "$dir"
expect "so does a start" 1 "journal.key.next: others may read" start_daemon "$dir"
rm data/signer/journal.key.next
chmod 640 data/server/server.key
if [ "$(id -u)" = 0 ]; then expect "root gives a key to a group" 0 "^good" check_daemon
else expect "a user gives none to a group" 1 "mode 0640" check_daemon; fi
chmod 600 data/server/server.key
for key in server/server signer/depositary signer/journal; do
	chmod 604 "data/$key.key"
	expect "$key: no start" 1 "$key.key: others may read" start_daemon "$dir"
	chmod 600 "data/$key.key"
done
chmod 604 data/server/*.key data/signer/*.key
check "with --insecure-key it starts" sh -c 'printf "#!/bin/sh\nexec \"%s\" --insecure-key \"\$@\"\n" "$0" >work/insecure; chmod +x work/insecure' "$valised"
(valised=$dir/work/insecure; check "and serves" start_daemon "$dir")
for key in server/server signer/depositary signer/journal; do
	expect "$key: and the log warns" 0 "mode 0604" grep "event=private-key .*$key.key" log
done
chmod 600 data/server/*.key data/signer/*.key
restart
chmod 644 data/server/server.key
reload
expect "a reload keeps what it had" 0 "event=reload result=kept reason=.*server.key: others may read" tail -n 1 log
expect "which goes on" 0 "agreement/one" at mofa list
# Backup and restore are of files.
if ! in_database; then
	expect "no backup copies such a key" 1 "server.key: others may read" "$valised" --config valised.yaml backup work/backup --with-keys
	chmod 600 data/server/server.key
	"$valised" --config valised.yaml backup work/backup --with-keys >/dev/null
	chmod 604 work/backup/signer/journal.key
	sed "s|^data: .*|data: work/restored|" valised.yaml >restored.yaml
	expect "nor does a restore" 1 "journal.key: others may read" "$valised" --config restored.yaml restore work/backup --nobody-has-seen-more
fi
chmod 600 data/server/server.key

# --- The command. ---
mofa=offices/mofa vientiane=offices/iom-vientiane
# NAME FILE EXIT OFFICE ARGUMENT…: a command that uses the key in that file
uses() {
	which=$1 file=$2 exit=$3 by=$4; shift 4
	chmod 644 "$file"
	expect "$which: refused if others may read it" 1 "$(basename "$file"): others may read this private key (mode 0644): chmod 600" at "$by" "$@"
	expect "$which: used with --insecure-key, and told" "$exit" "$(basename "$file"): others may read.*0644" at "$by" --insecure-key "$@"
	chmod 600 "$file"
	expect "$which: good if its owner's alone" "$exit" "" at "$by" "$@"
	check "$which: and not told" sh -c '! grep -q "others may read" work/out'
}
uses "the key to connect with" $mofa/key.pem 0 mofa list
uses "the key to sign with" $mofa/sign-key.pem 0 mofa push agreement/two --text en=work/en.txt --text lo=work/lo.txt --title en=Two
uses "the key that opens bags" $vientiane/encrypt-key.pem 0 iom-vientiane bag open work/one.bag --into work/copy --again
uses "the key of a witness" "$(ls $mofa/state/*/witness.key)" 3 mofa witness
chmod 644 $vientiane/sign-key.pem
expect "no office is enrolled with one" 1 "sign-key.pem: others may read" "$valise" --config work/c.yaml init enrolment.yaml --yes \
	--cert $vientiane/cert.pem --key $vientiane/key.pem --sign-cert $vientiane/sign-cert.pem --sign-key $vientiane/sign-key.pem --state work/c
finish
