# office.sh - a depositary and its offices in a folder, for the demonstration,
# the scenarios and the benchmarks.  Source it; needs $valise, $valised, $top.
#
#   make_pki DIR           two CAs, the persons below, all in DIR/certs, DIR/offices
#   keep_data NAME, take_data NAME   in the folder where one is; work/NAME has the copy
#   fork_data FOLDER [NAME]   a copy of ./data, or of what was kept, in ./FOLDER
#   forked FOLDER          print ./valised.yaml for a daemon on that copy
#   make_daemon DIR        policy, configuration, data and keys; with the record in a database
#                          if $store_line says which, or of the server in $VALISE_POSTGRES
#   start_daemon DIR       on a free loopback port (kept in DIR/port)
#   stop_daemon DIR
#   as_files               print a folder that has the record as files
#   settle_refs DIR        wait until the branches in store.git show every act
#   enrol DIR OFFICE…      import the enrolment at each office; they agreed to all
#                          policies of before, unless $enrol_options is empty
# $1 of each is an absolute path.

free_port() {
	# The kernel picks a port for a listener of ours and we ask which.
	"$valised_port_helper"
}

# OFFICE EMAIL UNIT CA
persons() {
	cat <<-END
	mofa treaties@mofa.example - mofa
	mofa-minister minister@mofa.example - mofa
	mofa-vice-minister vice-minister@mofa.example - mofa
	iom-vientiane vientiane@iom.example Vientiane iom
	iom-chief-of-mission chief-of-mission@iom.example Vientiane iom
	iom-bangkok bangkok@iom.example Bangkok iom
	iom-geneva geneva@iom.example Geneva iom
	END
}

# DIR OFFICE EMAIL UNIT CA: a person's folder, as the person would have it
make_person() {
	unit=$4; [ "$unit" != - ] || unit=
	"$top/certs/request" "$1/offices/$2" >/dev/null
	(cd "$1/offices/$2" || exit
	mv connect.key key.pem; mv sign.key sign-key.pem
	"$top/certs/ca" issue "$1/certs/$5" connect connect.csr "$3" "$unit" cert.pem
	"$top/certs/ca" issue "$1/certs/$5" sign sign.csr "$3" "$unit" sign-cert.pem
	rm connect.csr sign.csr
	cp "$1/certs/mofa/ca.pem" ca.pem) >/dev/null
}

# DIR COUNT: clerks of mofa, DIR/clerks/N.pem, who share a key; each is a person,
# so that what one is given is no repeat of what another was
make_clerks() {
	mkdir -p "$1/clerks"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1/clerks/key.pem" -out "$1/clerks/csr" -subj /CN=clerk 2>/dev/null
	for n in $(seq "$2"); do
		"$top/certs/ca" issue "$1/certs/mofa" connect "$1/clerks/csr" "clerk-$n@mofa.example" "" "$1/clerks/$n.pem" >/dev/null || return
	done
}

make_pki() {
	mkdir -p "$1/certs" "$1/offices" "$1/crls"
	"$top/certs/ca" new "$1/certs/mofa" "MOFA CA" "Ministry of Foreign Affairs" >/dev/null
	"$top/certs/ca" new "$1/certs/iom" "IOM CA" "International Organization for Migration" >/dev/null
	cp "$1/certs/mofa/ca.pem" "$1/certs/mofa-ca.pem"
	cp "$1/certs/iom/ca.pem" "$1/certs/iom-ca.pem"
	persons | while read -r office email unit ca; do
		make_person "$1" "$office" "$email" "$unit" "$ca"
	done
	# An office's own key, for bags: its registry has it.
	persons | grep -v -e minister -e chief | while read -r office email unit ca; do
		[ "$unit" != - ] || unit=
		"$top/certs/request" --office "$1/offices/$office" >/dev/null
		(cd "$1/offices/$office" && mv encrypt.key encrypt-key.pem &&
		"$top/certs/ca" issue "$1/certs/$ca" encrypt encrypt.csr "registry-$email" "$unit" encrypt-cert.pem &&
		rm encrypt.csr) >/dev/null
	done
	publish_crls "$1"
}

publish_crls() {
	cp "$1/certs/mofa/crl.pem" "$1/crls/mofa.pem.tmp" && mv "$1/crls/mofa.pem.tmp" "$1/crls/mofa.pem"
	cp "$1/certs/iom/crl.pem" "$1/crls/iom.pem.tmp" && mv "$1/crls/iom.pem.tmp" "$1/crls/iom.pem"
}

# Is each daemon's record in a database of the server in the folder $VALISE_POSTGRES?
in_database() { [ -n "${VALISE_POSTGRES:-}" ]; }
database() { sed -n 's/^store: .*dbname=\([A-Za-z0-9_]*\).*/\1/p' valised.yaml; }
database_sql() { (. "$top/tests/lib/postgres.sh"; postgres_find && postgres_at "$VALISE_POSTGRES" && postgres_sql "$1"); }

# In the database of ./valised.yaml, as its owner
record_sql() { (. "$top/tests/lib/postgres.sh"; postgres_find && postgres_at "$VALISE_POSTGRES" && postgres_owner="host=$VALISE_POSTGRES user=postgres dbname=$(database)" && postgres_sql "$1"); }

# NAME: keep ./data as work/NAME, with its database; the daemon is off
keep_data() {
	cp -R data "work/$1"
	! in_database || database_sql "CREATE DATABASE $(database)_$1 TEMPLATE $(database)"
}

# NAME: ./data as it was kept
take_data() {
	rm -rf data; cp -R "work/$1" data
	! in_database || { database_sql "DROP DATABASE $(database)" && database_sql "CREATE DATABASE $(database) TEMPLATE $(database)_$1"; }
}

# Print a folder that has the record as files: ./data, or a copy of the database.
as_files() {
	if in_database; then
		"$valised" --config valised.yaml copy --from "postgresql:$(sed -n 's/^store: {postgresql: "\(.*\)"}/\1/p' valised.yaml)" --to files:work/as-files >&2 || return
		echo work/as-files
	else
		echo data
	fi
}

# A copy has a database of its own.
fork_data() {
	cp -R "${2:+work/}${2:-data}" "$1/data"
	! in_database || database_sql "CREATE DATABASE \"$(database)_$1\" TEMPLATE $(database)${2:+_$2}"
}
forked() {
	if in_database; then sed "s/dbname=$(database)/&_$1/" valised.yaml; else cat valised.yaml; fi
}

# A database for a record, as a line of valised.yaml; each record has its own.
# Those of one folder have a name in common.
make_tables() {
	name=${VALISE_DATABASES:-valise}$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')
	database_sql "CREATE DATABASE $name" || return
	"$valised" tables "host=$VALISE_POSTGRES user=postgres dbname=$name" --writer writer >/dev/null &&
		echo "store: {postgresql: \"host=$VALISE_POSTGRES user=writer dbname=$name\"}"
}

make_daemon() {
	[ -f "$1/port" ] || free_port >"$1/port"
	mkdir -p "$1/policies/cas"
	cp "$top"/policies/*.yaml "$1/policies/"
	cp "$1/certs/mofa-ca.pem" "$1/policies/cas/mofa.pem"
	cp "$1/certs/iom-ca.pem" "$1/policies/cas/iom.pem"
	mkdir -p "$1/policies/encryption"
	for office in mofa iom-vientiane iom-bangkok iom-geneva; do
		cp "$1/offices/$office/encrypt-cert.pem" "$1/policies/encryption/$office.pem"
	done
	echo "https://127.0.0.1:$(cat "$1/port")" >"$1/url"
	cat >"$1/valised.yaml" <<-END
	valise: 1
	listen: 127.0.0.1:$(cat "$1/port")
	address: https://127.0.0.1:$(cat "$1/port")
	data: data
	policies: policies
	crls: crls
	server-certificate: certs/server.pem
	depositary-certificate: certs/depositary.pem
	END
	! in_database || store_line=$(make_tables) || return
	[ -z "${store_line:-}" ] || echo "$store_line" >>"$1/valised.yaml"
	"$valised" --config "$1/valised.yaml" init >/dev/null || return
	"$top/certs/ca" issue "$1/certs/mofa" server "$1/data/server/server.csr" \
		"IP:127.0.0.1,DNS:localhost" "" "$1/certs/server.pem" >/dev/null
	"$top/certs/ca" issue "$1/certs/mofa" sign "$1/data/signer/depositary.csr" \
		depositary@mofa.example "" "$1/certs/depositary.pem" >/dev/null
	cp "$1/data/vkey" "$1/vkey"
}

start_daemon() {
	rm -f "$1/ready"
	: >>"$1/log"
	from=$(wc -c <"$1/log")
	"$valised" --config "$1/valised.yaml" </dev/null >>"$1/log" 2>&1 &
	echo $! >"$1/pid"
	# Until it says that it listens, or ends.
	until tail -c +$((from + 1)) "$1/log" | grep -q 'event=start '; do
		kill -0 "$(cat "$1/pid")" 2>/dev/null || { tail -n 5 "$1/log" >&2; return 1; }
		sleep 0.02
	done
}

# A pack of which the branches do not tell yet has a .new beside it; of a database
# fsck says so.
settle_refs() {
	n=0
	while in_database && "$valised" --config "$1/valised.yaml" fsck 2>&1 | grep -q REF_WRONG; do
		n=$((n + 1)); [ $n -lt 100 ] || return 1
		sleep 0.1
	done
	while ls "$1"/data/store.git/objects/pack/*.new >/dev/null 2>&1; do
		n=$((n + 1)); [ $n -lt 600 ] || return 1
		sleep 0.05
	done
}

stop_daemon() {
	[ -f "$1/pid" ] || return 0
	pid=$(cat "$1/pid")
	kill "$pid" 2>/dev/null || true
	while kill -0 "$pid" 2>/dev/null; do
		# A child of ours stays until it is waited for.
		wait "$pid" 2>/dev/null || true
		sleep 0.02
	done
	rm -f "$1/pid"
}

# DIR: SIGKILL; what the daemon started goes by itself, and has the data folder until then
kill_daemon() {
	pid=$(cat "$1/pid")
	left=$(pgrep -P "$pid" | while read -r child; do echo "$child"; pgrep -P "$child"; done)
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	for child in $left; do
		while [ -e "/proc/$child" ] && ! grep -q '^State:.Z' "/proc/$child/status" 2>/dev/null; do sleep 0.02; done
	done
}

enrol() {
	dir=$1; shift
	"$valised" --config "$dir/valised.yaml" enrolment >"$dir/enrolment.yaml" 2>"$dir/fingerprint"
	for office; do
		(cd "$dir/offices/$office" &&
		mkdir -p state &&
		"$valise" --config config.yaml init "$dir/enrolment.yaml" --cert cert.pem \
			--key key.pem --sign-cert sign-cert.pem --sign-key sign-key.pem \
			$([ ! -f encrypt-key.pem ] || echo --encrypt-cert encrypt-cert.pem --encrypt-key encrypt-key.pem) \
			${enrol_options---yes} --state state) || return 1
	done
}
