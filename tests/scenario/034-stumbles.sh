#!/bin/sh
# What an administrator trips over: each is told by a sentence that names the
# file or the address and says what to do next.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa >/dev/null
run() { "$valised" --config "${1:-valised.yaml}"; }
until_log() { i=0; until grep -q -e "$1" log; do i=$((i + 1)); [ $i -lt 400 ] || return 1; sleep 0.05; done; }

# --- Two daemons, and a port in use. ---
expect "two daemons on one folder" 5 "data: somebody else is at work here: a valised runs on this folder, and it can have one only.*systemctl stop valised" run
# Another folder, the same port.
mkdir other; cp -R policies crls certs other/; sed 's|certs/server.pem|certs/other.pem|; s|certs/depositary.pem|certs/seal.pem|' valised.yaml >other/valised.yaml
# A record has a database of its own.
! in_database || { sed -i '/^store: /d' other/valised.yaml; make_tables >>other/valised.yaml; }
(cd other && "$valised" --config valised.yaml init >/dev/null &&
	"$top/certs/ca" issue "$dir/certs/mofa" server data/server/server.csr "IP:127.0.0.1" "" certs/other.pem &&
	"$top/certs/ca" issue "$dir/certs/mofa" sign data/signer/depositary.csr depositary@mofa.example "" certs/seal.pem) >/dev/null
expect "a port in use" 7 "127.0.0.1:$(cat port) is in use by another program, or another valised: .*ss -ltnp sport = :$(cat port).* tells which. End that one, or take another port (.*listen" run other/valised.yaml
# Its signer, which holds the folder too, has ended with it.
check "and the folder is free when it has ended" sh -c "for i in 1 2 3 4 5 6 7 8 9 10; do '$valised' --config other/valised.yaml; [ \$? = 7 ] && flock -n other/data/lock true || exit 1; done"
sed 's|^listen: .*|listen: 192.0.2.1:8443|' other/valised.yaml >other/none.yaml
expect "an address that is not this machine's" 7 "this machine has no address 192.0.2.1: .*ip address" run other/none.yaml

# --- A wrong clock. ---
stop_daemon "$dir"
export CLOCK_OFFSET=7200 LD_PRELOAD="$VALISE_BUILD/clock.so"
start_daemon "$dir"; unset CLOCK_OFFSET LD_PRELOAD; stop_daemon "$dir"
start_daemon "$dir"
check "a clock that is behind the journal" until_log 'level=warning event=clock .*set it by NTP (timedatectl); if it is right, wait until it has caught up'
stop_daemon "$dir"
export CLOCK_OFFSET=-31536000 LD_PRELOAD="$VALISE_BUILD/clock.so"
expect "a clock that is before the certificates" 1 "certs/depositary.pem: .*was not valid at .*, which is now by this machine's clock: set that if it is wrong (timedatectl)" \
	"$valised" --config valised.yaml --check
start_daemon "$dir"; unset CLOCK_OFFSET LD_PRELOAD; stop_daemon "$dir"
check "which a start tells as well" until_log 'level=error event=certificate result=unfit reason=.*was not valid at .*, which is now by this machine.s clock: set that if it is wrong (timedatectl)'

# --- Files that are not there, and files that may not be read. ---
# As root, only without the right to read everything.
weak() {
	if [ "$(id -u)" = 0 ]; then setpriv --bounding-set=-dac_override,-dac_read_search "$valised" --config valised.yaml
	else run; fi
}
# FILE WORDS
both() {
	mv "$1" work/kept
	expect "$1 is absent" 4 "$1: no such file" run
	cp work/kept "$1"; chmod 000 "$1"
	expect "$1 may not be read" 7 "$1: $2" weak
	rm -f "$1"; mv work/kept "$1"
}
mine="it is there, and this user ([0-9]*) may not read it: it is of user [0-9]*, with mode 0000.*chown, chmod 600"
both data/server/server.key "$mine"
both data/signer/depositary.key "$mine"
both data/signer/journal.key "$mine"
both certs/server.pem "Permission denied: this user may not: see the owner and mode"
both certs/depositary.pem "Permission denied: this user may not: see the owner and mode"
chmod 000 policies/cas/mofa.pem
expect "a file of the policy may not be read" 7 "cas/mofa.pem: Permission denied: this user may not: see the owner and mode" weak
chmod 644 policies/cas/mofa.pem
check "all put back, it starts" start_daemon "$dir"
stop_daemon "$dir"

# --- No data folder. ---
mv data work/gone
expect "a data folder that is gone" 4 "data is no data folder: .*init., once; .*valised restore" run
mv work/gone data

# --- The signer's memory. ---
cp data/signer/memory work/memory
head -c 700 work/memory >data/signer/memory
expect "a memory that was cut" 1 "memory is damaged: .*A damaged journal.* in the operations manual" run
rm data/signer/memory
expect "or is lost" 1 "memory is not there: .*valised restore.*A damaged journal.* in the operations manual" run
cp work/memory data/signer/memory

# --- As root, or as another. ---
if [ "$(id -u)" = 0 ]; then
	cp -R data work/data; chown -R nobody data
	says="data is of user nobody, and this is root: be that user, with .runuser -u nobody -- valised"
	expect "valised as root" 2 "$says" run
	expect "replace-key as root" 2 "$says" "$valised" --config valised.yaml replace-key
	expect "fsck --repair as root" 2 "$says" "$valised" fsck data --repair
	check "nothing there is root's then" test "$(find data -user root | wc -l)" = 0
	check "to judge it reads only, and may" "$valised" --config valised.yaml --check
	mkdir empty; chown nobody empty; sed 's|^data: .*|data: empty/data|' valised.yaml >empty.yaml
	expect "init as root" 2 "empty is of user nobody, and this is root" "$valised" --config empty.yaml init
	check "which made nothing" test ! -e empty/data
	rm -rf data; mv work/data data
	# Another user: he may read the program and the settings, and not the data.
	chmod 755 . ; cp "$valised" work/valised
	expect "valised as another user" 2 "data is of user root, and this is another: be that user, with .runuser -u root" \
		setpriv --reuid=65534 --clear-groups work/valised --config valised.yaml
else
	echo "034-stumbles: not root, so what root is told is not tried"
fi

# --- A service that was started before there was any list. ---
stop_daemon "$dir"; rm -rf data; mv crls work/crls; mkdir crls
make_daemon "$dir"; start_daemon "$dir"
cp work/crls/* crls/; reload
expect "who enrols once there are is enrolled" 0 "^enrolled" enrol "$dir" iom-geneva
grep -q "not usable" work/out && not_ok "and told of nothing else" || ok "and told of nothing else"
expect "and judged by them" 0 "no documents" at iom-geneva list
finish
