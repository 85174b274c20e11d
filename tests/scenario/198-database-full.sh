#!/bin/sh
# The disk of the database is full: acts are refused in words, nothing that was
# acknowledged is lost, and all goes on by itself once there is room.  Needs root
# (a tmpfs).
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
postgres_find || { echo "  skipped: PostgreSQL is not installed"; ok "nothing to test"; finish; }
unset VALISE_POSTGRES VALISE_DATABASES
# The server's user must get there.
disk=$(mktemp -d /tmp/valise-full-XXXXXX) || exit
chmod 755 "$disk"
if ! mount -t tmpfs -o size=128m,mode=755 tmpfs "$disk" 2>/dev/null; then
	rmdir "$disk"; echo "198-database-full: skipped (mounting a tmpfs needs root)"; exit 0
fi
trap 'stop_all; store_end; umount "$disk"; rmdir "$disk"; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
available() { df --output=avail -B1 "$disk" | tail -n 1; }
fill() { head -c 999999999 /dev/zero >>"$disk/filler" 2>/dev/null; [ "$(available)" -eq 0 ]; }
make_room() { rm "$disk/filler"; }
# COMMAND…: wait until it succeeds, half a minute at most
until_so() { i=0; until "$@" >/dev/null 2>&1 || [ $i -ge 300 ]; do sleep 0.1; i=$((i + 1)); done; "$@"; }
head -c 3000000 /dev/urandom | base64 >work/large.txt
# SLUG: deposit 4 MB, which no other has
large() { echo "$1" >>work/large.txt; at mofa push "agreement/$1" --text lo=work/lo.txt --text en=work/large.txt --title "en=The $1"; }
acked=
# NAME: it was acknowledged
acked() { acked="$acked $1"; }
are_there() { for one in $acked; do at iom-geneva fetch "agreement/$one" --force -o work/copy.asice || return; done; }

# --- The tables' disk is full. ---
postgres_start || { not_ok "a private server starts"; finish; }
mkdir "$disk/tables"; [ "$(id -u)" != 0 ] || chown nobody:nogroup "$disk/tables"
postgres_sql "CREATE TABLESPACE small LOCATION '$disk/tables'" >/dev/null && postgres_sql "CREATE DATABASE valise TABLESPACE small" >/dev/null || not_ok "a database on the small disk"
"$valised" tables "host=$postgres user=postgres dbname=valise" --writer writer >/dev/null || not_ok "the tables"
store_line="store: {postgresql: \"host=$postgres user=writer dbname=valise\"}"
start
enrol "$dir" mofa iom-geneva >/dev/null || not_ok "enrolment"
check "a deposit" deposit mofa first && acked first
fill || not_ok "the disk is full"
expect "a deposit is refused" 6 "no room" large refused
expect "with 507" 0 "event=request .*status=507" cat log
expect "the log says it once in the words of the server" 0 "53100" cat log
# Small acts have room in pages that are there; until they have none.
n=0
while [ $n -lt 300 ]; do
	n=$((n + 1))
	deposit mofa "small-$n" "small $n" >work/small 2>&1 || break
	acked "small-$n"
done
expect "small ones go on while there is room in the tables, and then not" 0 "no room" cat work/small
check "what was acknowledged is there, or waits for room" eval 'are_there || grep -q "no room" work/out'
check "the daemon serves on" kill -0 "$(cat pid)"
restart && ok "it starts on a full disk" || not_ok "it starts on a full disk"
make_room
check "with room again a deposit is taken" until_so large roomy && acked roomy
check "what was acknowledged is there" are_there
expect "the audit is clean" 0 "" at mofa audit --full
stop_daemon "$dir"
expect "fsck" 0 "nothing is wrong" "$valised" --config valised.yaml fsck

# --- The disk with the server's log of changes is full: the server itself ends. ---
postgres_stop; rm -rf data "$disk/tables"; acked=
postgres_wal=$disk/wal; mkdir "$postgres_wal"; [ "$(id -u)" != 0 ] || chown nobody:nogroup "$postgres_wal"
postgres_start max_wal_size=1GB checkpoint_timeout=30min || { not_ok "a server with its log on the small disk"; finish; }
"$valised" tables "$postgres_owner" --writer writer >/dev/null || not_ok "the tables"
store_line="store: {postgresql: \"$postgres_writer\"}"
rm -rf offices/*/state offices/*/config.yaml
start
enrol "$dir" mofa iom-geneva >/dev/null || not_ok "enrolment"
check "a deposit there" deposit mofa first && acked first
fill || not_ok "the disk is full"
n=0
while [ $n -lt 20 ]; do
	n=$((n + 1)); large "large-$n" >work/large 2>&1 || break
	acked "large-$n"
done
expect "an act is not taken, and says so" 0 "Not available: " cat work/large
check "the server found no room for its log" grep -q "PANIC.*No space left on device" "$postgres/log"
expect "what is read is refused, too, or there" 0 "^[06]$" sh -c '"$0" --config offices/mofa/config.yaml list >/dev/null 2>&1; echo $?' "$valise"
check "the daemon lives" kill -0 "$(cat pid)"
make_room
# It comes back by itself, but for one that ended while it was starting: that is
# the administrator's, or systemd's.
server=$(head -n 1 "$postgres/data/postmaster.pid")
until "$postgres_bin/pg_isready" -q -d "$postgres_owner"; do
	kill -0 "$server" 2>/dev/null || { postgres_again || not_ok "the server starts anew"; break; }
	sleep 0.05
done
check "with room again a deposit is taken" until_so large roomy && acked roomy
check "what was acknowledged is there" are_there
expect "the audit is clean" 0 "" at mofa audit --full
stop_daemon "$dir"
expect "fsck" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
finish
