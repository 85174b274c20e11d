#!/bin/sh
# The connection to the database by TLS: the server's certificate must be right,
# the daemon has one of its own in place of a password, and both may be renewed.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
postgres_find || { echo "  skipped: PostgreSQL is not installed"; ok "nothing to test"; finish; }
unset VALISE_POSTGRES VALISE_DATABASES
tcp=$(free_port)
postgres_start || { not_ok "a private server starts"; finish; }
"$valised" tables "$postgres_owner" --writer writer >/dev/null || not_ok "the tables"

# --- The server's certificate, the daemon's, and who may connect how. ---
ca() { "$top/certs/ca" "$@" >work/ca 2>&1 || { not_ok "ca $1 $3"; cat work/ca >&2; }; }
# As the server's user
put() { postgres_as_user tee "$postgres/data/$1" >/dev/null && postgres_as_user chmod 600 "$postgres/data/$1"; }
# NAME HOST: a key and a certificate for it, of the ministry's CA
certify() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "work/$1.key" -out "work/$1.csr" -subj /CN=x 2>/dev/null
	ca issue certs/mofa server "work/$1.csr" "$2" "" "work/$1.pem"
}
# NAME: the server has that certificate from now on
serve() { put server.key <"work/$1.key"; put server.crt <"work/$1.pem"; postgres_restart; }
# METHOD: how a client that comes by TLS shows who it is
ask_for() { printf '%s\n' "local all all trust" "hostssl all writer 127.0.0.1/32 $1" "hostssl all writer ::1/128 $1" | put pg_hba.conf; }
put ca.pem <certs/mofa/ca.pem
for line in "ssl = on" "ssl_ca_file = 'ca.pem'" "listen_addresses = 'localhost'" "port = $tcp"; do echo "$line"; done |
	postgres_as_user tee -a "$postgres/data/postgresql.conf" >/dev/null
# The socket is named by the port.
postgres_owner="$postgres_owner port=$tcp"
echo 'valise database@mofa.example writer' | put pg_ident.conf
ask_for "cert map=valise"
certify right "DNS:localhost,IP:127.0.0.1"; certify elsewhere DNS:db.elsewhere.example
serve right || { not_ok "the server starts with a certificate"; finish; }
# PERSON: work/PERSON.key and .pem, as any other's
client() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "work/$1.key" -out "work/$1.csr" -subj /CN=x 2>/dev/null
	ca issue certs/mofa connect "work/$1.csr" "$1@mofa.example" "" "work/$1.pem"
	chmod 600 "work/$1.key"
}
client database; client somebody

# --- All is right. ---
tls="host=localhost port=$tcp user=writer dbname=postgres sslmode=verify-full"
mofa_ca="sslrootcert=$dir/certs/mofa/ca.pem"
own="sslcert=$dir/work/database.pem sslkey=$dir/work/database.key"
store_line="store: {postgresql: \"$tls $mofa_ca $own\"}"
start
enrol "$dir" mofa iom-geneva >/dev/null || not_ok "enrolment"
check "a deposit" deposit mofa one
expect "all its connections are by TLS, with its certificate" 0 "^t|/CN=database@mofa.example\|^t|.*CN=database@mofa.example" \
	postgres_sql "SELECT DISTINCT bool_and(ssl), max(client_dn) FROM pg_stat_ssl NATURAL JOIN pg_stat_activity WHERE usename = 'writer'"
check "the server starts anew" postgres_restart
check "a deposit on a new connection" deposit mofa two "the second"

# --- Renewed while the daemon runs: it is read again. ---
cp work/database.pem work/before.pem; client database
serve right || not_ok "the server starts with the same certificate"
check "a renewed certificate of the daemon's is read" deposit mofa three "the third"
expect "and used" 0 "^$(openssl x509 -in work/database.pem -noout -serial | sed 's/.*=//')$" \
	python3 -c 'import sys; h = "%X" % int(sys.argv[1]); print("0" * (len(h) % 2) + h)' "$(postgres_sql "SELECT max(client_serial) FROM pg_stat_ssl")"
certify right DNS:localhost; serve right
check "and so may the server's be" deposit mofa four "the fourth"

# --- Another server in its place. ---
refused() { # WHAT PATTERN: until it is right again, nothing is journaled, and it is said why
	expect "$1: --check" 6 "$2" "$valised" --config valised.yaml --check
	expect "$1: a deposit is refused" 6 "" deposit mofa "other-$3" "other $3"
	serve right || not_ok "the right server comes back"
	check "$1: then it goes on by itself" deposit mofa "right-$3" "right $3"
}
serve elsewhere
refused "a server with another's certificate" "db.elsewhere.example.* does not match host name" 1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout work/own.key -out work/own.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 2 2>/dev/null
serve own
refused "a server with a certificate of no CA" "certificate verify failed" 2
postgres_sql "ALTER SYSTEM SET ssl = off" >/dev/null; serve right
postgres_sql "ALTER SYSTEM RESET ssl" >/dev/null
refused "a server without TLS" "does not support SSL" 3

# --- Other strings. ---
# WHAT PATTERN STRING
string() {
	sed "s|^store: .*|store: {postgresql: \"$3\"}|" valised.yaml >other.yaml
	expect "$1" 6 "$2" "$valised" --config other.yaml --check
}
string "another CA" "certificate verify failed" "$tls sslrootcert=$dir/certs/iom/ca.pem $own"
string "no certificate of its own" "requires a valid client certificate" "$tls $mofa_ca"
string "another person's" "certificate authentication failed" "$tls $mofa_ca sslcert=$dir/work/somebody.pem sslkey=$dir/work/somebody.key"
string "a key that does not fit" "key values mismatch\|does not match" "$tls $mofa_ca sslcert=$dir/work/database.pem sslkey=$dir/work/somebody.key"
chmod 644 work/somebody.key
string "a key that others may read" "group or world access" "$tls $mofa_ca sslcert=$dir/work/somebody.pem sslkey=$dir/work/somebody.key"
sed "s|^store: .*|store: {postgresql: \"$tls $mofa_ca $own sslcrl=$dir/certs/mofa/crl.pem\"}|" valised.yaml >other.yaml
expect "a list of revoked certificates" 0 "^good: " "$valised" --config other.yaml --check
ca revoke certs/mofa work/right.pem
string "one that has the server's" "certificate verify failed" "$tls $mofa_ca $own sslcrl=$dir/certs/mofa/crl.pem"

# --- A password, by a passfile. ---
stop_daemon "$dir"
postgres_sql "SET password_encryption = 'scram-sha-256'; ALTER ROLE writer PASSWORD 'geheim'" >/dev/null
ask_for scram-sha-256; serve right
echo "localhost:$tcp:*:writer:geheim" >pass; echo "localhost:$tcp:*:writer:falsch" >wrong; chmod 600 pass wrong
string "a wrong one" "password authentication failed" "$tls $mofa_ca passfile=$dir/wrong"
sed -i "s|^store: .*|store: {postgresql: \"$tls $mofa_ca passfile=$dir/pass channel_binding=require\"}|" valised.yaml
check "the right one" start_daemon "$dir"
check "a deposit" deposit mofa password "by password"
expect "the audit is clean" 0 "" at mofa audit
stop_daemon "$dir"
expect "fsck" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
finish
