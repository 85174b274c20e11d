#!/bin/sh
# Which files and sockets the daemon opens for a record in a database: those
# that the connection string names, also when it connects anew, and no others.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
postgres_find || { echo "  skipped: PostgreSQL is not installed"; ok "nothing to test"; finish; }
command -v strace >/dev/null || { echo "  skipped: strace is not installed"; ok "nothing to test"; finish; }
check "a private server starts" postgres_start
check "the tables are made" "$valised" tables "$postgres_owner" --writer writer
printf '[valise]\nhost=%s\nuser=writer\ndbname=postgres\npassfile=%s/pass\n' "$postgres" "$dir" >services
echo "*:*:*:writer:secret" >pass; chmod 600 pass

# What libpq would read for any other program.
mkdir -p .postgresql
cp pass .pgpass; cp services .pg_service.conf; cp certs/mofa/ca.pem .postgresql/root.crt
export PGHOST=/nowhere PGUSER=nobody PGDATABASE=none PGPASSFILE="$dir/.pgpass" PGSERVICEFILE="$dir/.pg_service.conf"

# --- What it opens, by strace. ---
real=$valised
cat >work/traced <<END
#!/bin/sh
exec strace -D -f -qq -o "$dir/work/trace" -e trace=open,openat,connect "$real" "\$@"
END
chmod +x work/traced
# The paths that were tried, without the data folder and what belongs to the process
opened() {
	sed -n 's/.*\(openat(AT_FDCWD, \|open(\|sun_path=\)"\([^"]*\)".*/\2/p' "$1" | sed "s|^\./|$dir/|; s|^$dir/data/.*|DATA|" |
		grep -v -e '^/proc/' -e '^/sys/' | sort -u
}
make_daemon "$dir" >work/out 2>&1 || { not_ok "init on files"; cat work/out >&2; }
# Deposit and fetch, with the daemon traced
traced() {
	rm -rf offices/*/state offices/*/config.yaml
	valised=$dir/work/traced; start_daemon "$dir" || not_ok "the daemon starts under strace"; valised=$real
	enrol "$dir" mofa iom-geneva >work/out 2>&1 || not_ok "enrolment"
	check "deposit" deposit mofa one
	check "fetch" at iom-geneva fetch agreement/one -o "work/$1.asice"
}
traced files
stop_daemon "$dir"; opened work/trace >work/files
rm -rf data
store_line="store: {postgresql: service=valise, services: services}"
make_daemon "$dir" >work/out 2>&1 || { not_ok "init on PostgreSQL"; cat work/out >&2; }
traced postgres
check "the server starts anew" postgres_restart
check "a deposit on a new connection" deposit mofa two "the second"
check "the audit is clean" at mofa audit
stop_daemon "$dir"; opened work/trace >work/postgres
printf '%s\n' "$dir/pass" "$dir/services" "$postgres/.s.PGSQL.5432" | sort >work/want
comm -13 work/files work/postgres >work/more
if cmp -s work/want work/more; then ok "only what the connection string names is opened"; else
	not_ok "only what the connection string names is opened"; diff work/want work/more >&2
fi
reads=$(grep -c "openat.*\"$dir/pass\"" work/trace)
[ "$reads" -gt 1 ] && ok "the passfile is read again" || not_ok "the passfile is read again: $reads"

# --- Strings that are refused ---
# WHAT STRING EXIT PATTERN
refused() {
	sed "s|^store: .*|store: {postgresql: \"$2\"}|" valised.yaml >other.yaml
	expect "$1" "$3" "$4" "$valised" --config other.yaml --check
}
refused "a password in the string" "host=/tmp password=x" 8 "passfile"
refused "a server by TCP without verify-full" "host=db.example" 8 "verify-full"
refused "verify-full without CAs" "host=db.example sslmode=verify-full" 8 "sslrootcert"
refused "a keyword that is not used" "host=/tmp options=-cfsync=off" 8 "options"
refused "no connection string" "host" 8 "missing"
refused "an empty one" "" 8 "1 to"
sed 's|^store: .*|store: {postgres: x}|' valised.yaml >other.yaml
expect "an unknown key" 8 "postgres" "$valised" --config other.yaml --check
sed "s|^store: .*|store: {postgresql: \"$postgres_writer\", durable: 0}|" valised.yaml >other.yaml
expect "no machine" 8 "1 to 9" "$valised" --config other.yaml --check
sed '/^store: /d' valised.yaml >other.yaml
expect "the folder without its database" 5 "in a database" "$valised" --config other.yaml --check
expect "fsck of the folder alone" 5 "in a database" "$valised" fsck data
postgres_sql "UPDATE valise.meta SET id = gen_random_uuid()" >/dev/null
expect "another record's database" 5 "names another one" "$valised" --config valised.yaml --check
expect "...nor does it start" 5 "names another one" "$valised" --config valised.yaml
check "the database stops" postgres_stop
expect "no server" 6 "postgresql" "$valised" --config valised.yaml --check
finish
