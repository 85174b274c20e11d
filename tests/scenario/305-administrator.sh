#!/bin/sh
# docs/operations.md as its reader types it, on a machine of its own with systemd
# as process 1: two CAs and four offices; one more; people, the server and a CA
# renewed; a key stolen; a disk that is full; a backup, and another machine on
# which it is restored.  Nothing in the recipes is replaced but today's date.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/machine.sh"
done_with() { echo "$(basename "$0" .sh): $passed passed, $failed failed"; [ $failed = 0 ]; exit; }
skip() { echo "  skipped: an administrator's years ($*)"; done_with; }
machine_can || skip "$machine_why"
if ldd "$valised" | grep -q 'lib[atu]*san'; then skip "this build is for a sanitizer"; fi
trap 'machine_end; stop_all; chmod -R u+w "$dir"; rm -rf --one-file-system "$dir"' EXIT
m=$dir/machine; mkdir -p "$m"
machine_over "$m" / || skip "$machine_why"
prefix=$(meson introspect --buildoptions "$VALISE_BUILD" | tr '{' '\n' | sed -n 's/.*"name": "prefix", "value": "\([^"]*\)".*/\1/p')
machine_share=$prefix/share
share=$machine_share/valise
of_log() { machine journalctl -q -o cat -u valised; }
says() { of_log | grep -q -e "$1"; }

# --- The people, each with a folder that is their home: certs/README.md. ---
certs() { script=$1; shift; machine "$share/certs/$script" "$@"; }
# PERSON EMAIL UNIT CA
person() {
	certs request "/srv/desk/$1" && certs request --office "/srv/desk/$1" &&
	certs ca issue "$4" connect "/srv/desk/$1/connect.csr" "$2" "$3" "/srv/desk/$1/connect.pem" &&
	certs ca issue "$4" sign "/srv/desk/$1/sign.csr" "$2" "$3" "/srv/desk/$1/sign.pem" &&
	certs ca issue "$4" encrypt "/srv/desk/$1/encrypt.csr" "registry-$2" "$3" "/srv/desk/$1/encrypt.pem"
}
# PERSON COMMAND…: what that person types
desk() { whose=$1; shift; machine sh -c 'cd "$0"; HOME=$0 exec valise "$@"' "/srv/desk/$whose" "$@"; }
enrols() { cp "$m/root/srv/in/enrolment.yaml" "$m/root/srv/desk/$1/"; machine_recipe enrol "/srv/desk/$1"; }
# PERSON…: each reads the daemon's policy, and accepts it
accept() {
	for one; do
		digest=$(desk "$one" --json policy show | sed -n 's/.*"daemon": *"\([0-9a-f]*\)".*/\1/p')
		desk "$one" policy accept "$digest" || return
	done
}
deposits() { desk "$1" push "agreement/$2" --text en=../en.txt --text lo=../lo.txt --title "en=The $2"; }

check "it is installed" sh -c 'DESTDIR="$1" meson install -C "$2" --no-rebuild' sh "$m/root" "$VALISE_BUILD"
machine_named
mkdir -p "$m/root/srv/desk"; cp work/en.txt work/lo.txt "$m/root/srv/desk/"
machine_boot "$m" || { not_ok "a machine boots"; finish; }
check "users, folders and units: the recipe" machine_recipe install
check "the ministry's CA" certs ca new /srv/ca "MOFA CA" "Ministry of Foreign Affairs"
check "the organization's" certs ca new /srv/iom-ca "IOM CA" "International Organization for Migration"
people="mofa minister vientiane chief bangkok geneva"
check "the ministry's people" sh -c : && person mofa treaties@mofa.example "" /srv/ca >work/out && person minister minister@mofa.example "" /srv/ca >work/out
check "the organization's people" person vientiane vientiane@iom.example Vientiane /srv/iom-ca
person chief chief-of-mission@iom.example Vientiane /srv/iom-ca >work/out
person bangkok bangkok@iom.example Bangkok /srv/iom-ca >work/out; person geneva geneva@iom.example Geneva /srv/iom-ca >work/out
machine sh -ec 'cd /srv/in; for ca in ca iom-ca; do name=${ca%-ca}; [ $ca != ca ] || name=mofa; cp /srv/$ca/ca.pem $name-ca.pem; cp /srv/$ca/crl.pem $name-crl.pem; done
	for office in mofa vientiane bangkok geneva; do cp /srv/desk/$office/encrypt.pem $office-registry.pem; done'

# --- The service. ---
check "the configuration: the recipe" machine_recipe prepare
echo "reserve: 4 MiB" >>"$m/root/etc/valise/valised.yaml" # its disk will be small
expect "the data folder: the recipe" 0 "next: have the CA certify" machine_recipe init
check "the certificates: the recipe" machine_recipe certify
expect "the start: the recipe" 0 "^active" machine_recipe start
expect "the enrolment: the recipe" 0 "fingerprint" machine_recipe enrolment
for one in $people; do expect "$one enrols: the recipe" 0 "fingerprint" enrols $one; done
expect "an office deposits" 0 "deposited" deposits mofa one
expect "the minister signs" 0 "signed" desk minister sign agreement/one --yes
expect "the chief of mission too: in force" 0 "in force" desk chief sign agreement/one --yes
expect "another fetches it" 0 "VALID, in force" desk geneva fetch agreement/one -o one.asice

cp "$m/root/srv/in/mofa-ca.pem" "$m/root/srv/desk/mofa/ca.pem"
expect "the depositary's office asks how it is: the recipe" 0 '"status"' machine_recipe health /srv/desk/mofa

# --- Prometheus. ---
expect "a monitor: the recipe" 0 '"status"' machine_recipe monitor

# --- An office more. ---
person hanoi hanoi@iom.example Hanoi /srv/iom-ca >work/out; cp "$m/root/srv/desk/hanoi/encrypt.pem" "$m/root/srv/in/hanoi-registry.pem"
check "an office more: the recipe" machine_recipe add-office
check "the others accept it" accept $people
expect "it enrols: the recipe" 0 "agreement/one" enrols hanoi
check "and less: the recipe" machine_recipe remove-office
check "the others accept that" accept $people
expect "it is out" 3 "" desk hanoi list

# --- Lists, certificates, CAs. ---
machine sleep 1 # a list of another second
check "the monthly list: the recipe" machine_recipe crl
expect "by a timer: the recipe" 0 "^nextUpdate=" machine_recipe crl-timer
expect "which waits for its week" 0 "^active" machine systemctl is-active valise-crl@srv-ca.timer
expect "a person's certificates: the recipe" 0 "agreement/one" machine_recipe renew-person /srv/desk/mofa
expect "with which they act" 0 "deposited" deposits mofa two
expect "the server's: the recipe" 0 "^good" machine_recipe renew-server
expect "the depositary's: the recipe" 0 "^good" machine_recipe renew-depositary
expect "and acts are sealed with it" 0 "deposited" deposits mofa two-and-one
seal=$(machine openssl x509 -in /etc/valise/depositary.pem -noout -pubkey)
expect "with a new key: the recipe" 0 "^good" machine_recipe replace-depositary
check "which is another" test "$seal" != "$(machine openssl x509 -in /etc/valise/depositary.pem -noout -pubkey)"
expect "acts are sealed with that" 0 "deposited" deposits mofa two-and-two
expect "a receipt by the one before stays good" 0 "VALID" desk geneva fetch agreement/two-and-one -o t.asice
check "the CA renews its certificate: the recipe" machine_recipe renew-ca
check "at the depositary: the recipe" machine_recipe renew
check "and accepted" accept $people
expect "which goes on" 0 "deposited" deposits vientiane three

# --- A stolen key: what it signed today is disputed, so a draft of its person's. ---
today=$(machine date -u +%F)
stolen() {
	sed "s/--since 2026-11-20/--since $today/" "$top/docs/operations.md" >work/operations.md
	sed -n "/<!-- recipe: stolen -->/,/<!-- end -->/s/^    //p" work/operations.md | sed "s|/usr/share/valise|$share|" >"$m/root/srv/recipe"
	machine sh -ec 'cd /srv/desk/minister; HOME=$PWD; export HOME; . /srv/recipe'
}
expect "a stolen key: the recipe" 0 "^mofa" stolen
expect "does not connect" 3 "revoked" desk mofa list
expect "its person comes back with new ones: the recipe" 0 "agreement/one" machine_recipe renew-person /srv/desk/mofa

# --- The CA takes a new key. ---
check "the CA takes a new key: the recipe" machine_recipe new-ca
check "at the depositary: the recipe" machine_recipe new-key
check "accepted as well" accept $people
check "the server's certificate: the recipe" machine_recipe issue-server
check "at the depositary, too: the recipe" machine_recipe new-server
for one in mofa minister; do
	[ $one = mofa ] && email=treaties || email=$one
	for profile in connect sign; do certs ca issue /srv/ca-new $profile /srv/desk/$one/$profile.csr $email@mofa.example "" /srv/desk/$one/$profile.pem; done >work/out
done
expect "people have certificates of the new key" 0 "deposited" deposits mofa four
cp "$m/root/srv/desk/mofa/encrypt.csr" "$m/root/srv/in/"
check "the last certificates: the recipe" machine_recipe issue-last
check "the old key goes: the recipe" machine_recipe drop-old
check "accepted in the end" accept $people
expect "and all goes on" 0 "deposited" deposits mofa five
expect "what was signed before is good" 0 "VALID, in force" desk geneva fetch agreement/one -o two.asice

# --- Another address.  The certificate is of the CA's new key. ---
machine sh -c 'mv /srv/ca /srv/ca-old; mv /srv/ca-new /srv/ca'
expect "another address: the recipe" 0 "^good" machine_recipe move
expect "who has not heard of it" 0 "agreement/two" desk bangkok list
for one in $people; do
	cp "$m/root/srv/in/new-enrolment.yaml" "$m/root/srv/desk/$one/"
	expect "$one takes it: the recipe" 0 "agreement/two" machine_recipe moved /srv/desk/$one
done

# --- Witnesses, and the journal's key. ---
for one in mofa geneva; do
	check "$one makes a witness's key: the recipe" machine_recipe witness-init /srv/desk/$one
	cp "$m/root/srv/desk/$one/witness.vkey" "$m/root/srv/in/$one.vkey"
done
check "witnesses: the recipe" machine_recipe witnesses
check "all accept them" accept $people
for one in mofa geneva; do check "$one cosigns: the recipe" machine_recipe witness /srv/desk/$one; done
expect "which an office can insist on" 0 "VALID" desk bangkok fetch agreement/one -o one.asice --witnessed
check "the journal's key: the recipe" machine_recipe replace-key
for one in mofa geneva; do check "$one cosigns its last entry: the recipe" machine_recipe witness /srv/desk/$one; done
expect "the next key takes over: the recipe" 0 "event=key result=switched" machine_recipe replaced-key
expect "an office follows" 0 "deposited" deposits mofa next-key

# --- A backup, and its keys. ---
check "a backup by its timer: the recipe" machine_recipe backup-timer
expect "a backup by hand: the recipe" 0 "nothing is wrong" machine_recipe backup
check "the keys: the recipe" machine_recipe keys

# --- A full disk. ---
data=/var/lib/valise
machine sh -ec "systemctl stop valised; cp -a $data /srv/kept; mount -t tmpfs -o size=48m tmpfs $data; chown valise:valise $data; chmod 700 $data; cp -a /srv/kept/. $data/; systemctl start valised"
deposits mofa six >work/out
machine sh -c "head -c 100m /dev/zero >$data/filled 2>/dev/null"
big() { desk "$1" push "agreement/$2" --text en=../big.txt --text lo=../lo.txt --title "en=The $2"; }
head -c 3000000 /dev/urandom | base64 >"$m/root/srv/desk/big.txt"
refused() { big mofa seven; case $? in [67]) return 6 ;; esac; }
expect "on a full disk a deposit is refused" 6 "" refused
expect "what is there is read" 0 "agreement/six" desk geneva list
check "the log says so" says 'level=\(error\|warning\).*\(No space\|disk\)'
expect "what to look at: the recipe" 0 "100%" machine_recipe disk
check "it starts on a full disk as well" machine systemctl restart valised
certs ca issue /srv/ca connect /srv/in/prometheus/connect.csr prometheus@mofa.example "" /srv/in/prometheus/connect.pem >work/out
told() { machine curl -sS --cacert /srv/ca/ca.pem --cert /srv/in/prometheus/connect.pem --key /srv/in/prometheus/connect.key https://new.mofa.example:8443/health | grep -q 'less than 5% of the disk of /var/lib/valise/data is free'; }
n=0; until told || [ $n = 100 ]; do n=$((n + 1)); sleep 0.1; done
check "and its health says why it refuses" told
check "room: the recipe" machine_recipe room
machine rm "$data/filled"
expect "with room again, the outbox is sent" 0 "deposited" big mofa seven
expect "the folder is whole" 0 "nothing is wrong" machine runuser -u valise -- valised fsck /var/lib/valise/data
expect "and the service is well" 0 "^active" machine systemctl is-active valised

# --- Another machine, where the disk has died. ---
mkdir -p work/away
machine runuser -u valise -- valised backup /srv/backup/data >work/out 2>&1
cp -a "$m/root/srv/backup" "$m/root/root/valise-keys.tar" "$m/root/srv/desk" work/away/
cp "$m"/root/srv/desk/geneva/.local/state/valise/*/checkpoint work/away/backup/seen-1
cp "$m"/root/srv/desk/mofa/.local/state/valise/*/checkpoint work/away/backup/seen-2
machine umount -l "$data"
machine_end
m=$dir/machine2; mkdir -p "$m"
machine_over "$m" / || { not_ok "another machine"; finish; }
check "it is installed on another machine" sh -c 'DESTDIR="$1" meson install -C "$2" --no-rebuild' sh "$m/root" "$VALISE_BUILD"
machine_named
machine_boot "$m" || { not_ok "another machine boots"; finish; }
machine useradd --system somebody # so that "valise" has another number
check "its users, folders and units: the recipe" machine_recipe install
cp -a work/away/backup work/away/desk "$m/root/srv/"; cp work/away/valise-keys.tar "$m/root/srv/in/"
expect "a restore: the recipe" 0 "^active" machine_recipe restore
expect "it has all" 0 "agreement/seven" desk geneva list
expect "and goes on" 0 "deposited" deposits mofa eight

# --- The signer's memory is lost. ---
machine systemctl stop valised; machine rm /var/lib/valise/data/signer/memory
expect "without its memory it does not start" 1 "failed" machine systemctl start valised
check "and says what to read" says 'event=fatal.*operations manual'
for one in geneva mofa; do cp "$m"/root/srv/desk/$one/.local/state/valise/*/checkpoint "$m/root/srv/backup/seen-$([ $one = mofa ] && echo 2 || echo 1)"; done
expect "it is made anew: the recipe" 0 "^active" machine_recipe memory
expect "and the journal goes on" 0 "deposited" deposits mofa nine
expect "the log tells of the day: the recipe" 0 "event=fatal" machine_recipe log
machine_end
finish
