#!/bin/sh
# The record goes from files to a database and back, by way of kills, and no
# office sees a difference.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/postgres.sh"
postgres_find || { echo "  skipped: PostgreSQL is not installed"; ok "nothing to test"; finish; }
check "a private server starts" postgres_start
check "the tables are made" "$valised" tables "$postgres_owner" --writer writer
config() { "$valised" --config valised.yaml "$@"; }
database="postgresql:$postgres_writer"

start
enrol "$dir" mofa mofa-minister iom-vientiane iom-chief-of-mission iom-geneva >/dev/null || not_ok "enrolment"
for n in one two three four five; do deposit mofa $n "the text of $n" >/dev/null || not_ok "deposit"; done
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
at iom-geneva fetch agreement/one -o work/before.asice >/dev/null || not_ok "fetch"
at iom-geneva audit >/dev/null || not_ok "audit"
deposits() { postgres_sql "SELECT count(*) FROM valise.published"; }

# --- There, interrupted again and again, then beside the daemon. ---
for t in 0.05 0.1 0.15 0.2 0.3; do timeout -s KILL $t "$valised" --config valised.yaml copy --from files:data --to "$database" >/dev/null 2>&1; done
expect "a copy beside the daemon" 0 "a daemon runs on it" config copy --from files:data --to "$database"
check "the folder has still its own record" sh -c '! test -e data/database'
deposit iom-vientiane six "the sixth" >/dev/null || not_ok "the daemon goes on"
stop_daemon "$dir"
expect "and the rest with the daemon off" 0 "the data folder belongs to the copy now" config copy --from files:data --to "$database"
expect "once more: it is there" 5 "in a database" config copy --from files:data --to "$database"
expect "files alone are refused now" 5 "in a database" config --check
cp valised.yaml files.yaml
echo "store: {postgresql: \"$postgres_writer\"}" >>valised.yaml
expect "fsck of what is there" 0 "nothing is wrong" config fsck
# What the files had is not needed any more.
rm -rf data/store.git data/journal/entries data/journal/heads data/journal/reserve
start_daemon "$dir" || not_ok "the daemon starts on the database"
check "an office goes on" deposit mofa seven "the seventh"
at iom-geneva fetch agreement/one -o work/after.asice >/dev/null || not_ok "fetch"
expect "the copy it gives is whole" 0 "" at iom-geneva verify work/after.asice
check "an audit from where the last one ended" at iom-geneva audit
check "an audit of all" at mofa audit --full

# --- A copy apart, beside the daemon. ---
expect "a copy in a folder of its own" 0 "it is apart" config copy --from "$database" --to files:"$dir/apart"
check "it is a repository that git checks" sh -c 'git config --global safe.directory "*"; test -z "$(git -C apart/store.git fsck --strict --full --no-dangling 2>&1)"'
check "no private key is in it" sh -c '! find apart -name "*.key" | grep .'
expect "a folder of another journal is not written to" 5 "another journal" sh -c "
	mkdir -p other && sed 's|^data: .*|data: other|; /^store/d' valised.yaml >other.yaml
	'$valised' --config other.yaml init >/dev/null && '$valised' --config valised.yaml copy --from '$database' --to files:other"

# --- And back. ---
stop_daemon "$dir"
expect "back, with the daemon off" 0 "the data folder belongs to the copy now" config copy --from "$database" --to files:data
expect "the database alone is refused now" 5 "record of its own" config --check
cp files.yaml valised.yaml
expect "fsck of the files" 0 "nothing is wrong" "$valised" fsck data
start_daemon "$dir" || not_ok "the daemon starts on files"
check "an office goes on" deposit mofa eight "the eighth"
check "the audit is clean" at iom-geneva audit
check "all of it" at mofa audit --full

# --- The recipes of the manual: roles, the move, a copy apart, tidying. ---
recipe() {
	sed -n "/<!-- recipe: $1 -->/,/<!-- end -->/s/^    //p" "$top/docs/operations.md" |
		sed "s|runuser -u postgres -- createuser valise|postgres_sql 'CREATE ROLE valise LOGIN'|
			s|runuser -u postgres -- createdb \(.*\)|postgres_sql 'CREATE DATABASE \1'|
			s|\(tables.*host=\)/run/postgresql|\1$postgres user=postgres|; s|host=/run/postgresql|host=$postgres user=valise|
			s|runuser -u [a-z]* -- valised|\"\$valised\" --config valised.yaml|; s|systemctl \([a-z]*\) valised|\1_daemon .|
			s|/etc/valise/||; s|files:/var/lib/valise/|files:|; s|/srv/backup/|$dir/backup/|" >work/recipe
	[ -s work/recipe ] && while read -r step; do eval "$step" </dev/null || return; done <work/recipe
}
stop_daemon "$dir"; start_daemon "$dir"
check "the tables: the recipe" recipe database
check "the move: the recipe" recipe database-move
check "an office goes on there" deposit mofa nine "the ninth"
mkdir backup
check "a copy apart: the recipe" recipe database-apart
check "tidying: the recipe" recipe database-tidy
check "into a new database: the recipe" recipe database-anew
check "an office goes on there" deposit mofa ten "the tenth"
check "the audit is clean" at iom-geneva audit
stop_daemon "$dir"
expect "back once more" 0 "belongs to the copy now" config copy --from "postgresql:host=$postgres user=valise dbname=valise2" --to files:data
cp files.yaml valised.yaml
stop_daemon "$dir"
expect "the database is behind, not another" 0 "the data folder belongs to the copy now" config copy --from files:data --to "$database"

# --- What somebody changed in the database is found. ---
echo "store: {postgresql: \"$postgres_writer\"}" >>valised.yaml
expect "all is well before" 0 "nothing is wrong" config fsck
expect "what is not a place" 2 "copy goes from" config copy --from data --to "$database"
expect "two folders" 2 "copy goes from" config copy --from files:data --to files:other

# --- A backup of a database is in files, and is restored into new tables. ---
expect "a backup" 0 "of its entries copied now; the private keys are not in it" config backup "$dir/backup/files"
check "no private key is in it" sh -c '! find backup/files -name "*.key" | grep .'
expect "brought up to date, it copies nothing" 0 ", 0 of its entries copied now, and the private keys" config backup "$dir/backup/files" --with-keys
expect "a backup over the data folder is refused" 2 "" config backup "$dir/data"
expect "the record is where it was" 0 "nothing is wrong" config fsck
postgres_sql 'CREATE DATABASE valise3' >/dev/null
"$valised" tables "host=$postgres user=postgres dbname=valise3" --writer writer >/dev/null || not_ok "its tables"
sed -i "s|^data: .*|data: restored|; s|dbname=postgres|dbname=valise3|" valised.yaml
expect "a restore" 0 "restored: the journal of size" config restore "$dir/backup/files" --seen offices/mofa/state/*/checkpoint
expect "what was restored is whole" 0 "nothing is wrong" config fsck
start_daemon "$dir" || not_ok "the daemon starts on it"
check "an office goes on there" deposit mofa eleven "the eleventh"
check "the audit is clean" at iom-geneva audit --full
finish
