#!/bin/sh
# What somebody with every right in the database could do, and who finds it by
# which command.  Each row is done by SQL; the table of docs/security.md is made
# of these rows (TAMPER_TABLE=FILE).
. "$(dirname "$0")/lib.sh"
table=${TAMPER_TABLE:-$dir/work/table.md}
if ! in_database; then
	. "$top/tests/lib/postgres.sh"
	postgres_find || { echo "  skipped: PostgreSQL is not installed"; ok "nothing to test"; finish; }
	postgres_start || not_ok "a private server starts"
	export VALISE_POSTGRES="$postgres"
fi
start
enrol "$dir" mofa iom-geneva iom-vientiane >/dev/null || not_ok "enrolment"
printf 'witnesses: {mofa: "%s"}\nquorum: 1\n' "$(at mofa witness init 2>/dev/null)" >>policies/offices.yaml
restart || not_ok "a policy with a witness"
accept_policy mofa iom-geneva iom-vientiane >/dev/null
deposit mofa one >/dev/null
stop_daemon "$dir"; keep_data image; start_daemon "$dir"
deposit iom-vientiane two "the second" >/dev/null
at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
for o in mofa iom-geneva iom-vientiane; do at $o audit >work/audit || not_ok "the audit of $o is clean before"; done
at mofa witness >/dev/null || not_ok "a cosignature"
at mofa bag pack -o work/a.bag --to iom-geneva agreement/one >/dev/null || not_ok "a bag"
at_entry() { at mofa --json log "$@" 2>/dev/null | sed 's/.*"index": *\([0-9]*\).*/\1/'; }
deposit=$(at_entry --document agreement/two --act deposit)
stop_daemon "$dir"
fsck() { "$valised" --config valised.yaml fsck; }
refuses() { "$valised" --config valised.yaml; }
expect "all is clean before" 0 "nothing is wrong" fsck
keep_data clean
sql() { (postgres_owner="host=$postgres user=postgres dbname=$(database)"; postgres_sql "$1" >/dev/null) || not_ok "SQL: $1"; }
# SQL: everything as it was but for this
reset() { stop_daemon "$dir"; take_data clean; sql "$1"; }
printf '| what is done to the tables | who finds it, by which command | when |\n| --- | --- | --- |\n' >"$table"
# WHAT WHO WHEN EXIT PATTERN COMMAND…
row() {
	what=$1 who=$2 when=$3; shift 3
	printf '| %s | %s | %s |\n' "$what" "$who" "$when" >>"$table"
	expect "$what: $who" "$@"
}
other="set_byte(line, 20, get_byte(line, 20) # 1)"

reset "UPDATE valise.entry SET line = $other WHERE i = $deposit"
row "rewrite an entry" "the operator: \`valised fsck\`: \`JOURNAL_DAMAGED\`" "at its next run, or within \`verify-every\`" 1 "JOURNAL_DAMAGED" fsck
row "the same" "the operator: every start of the daemon" "at the next start" 1 "contradicts itself" refuses
reset "DELETE FROM valise.entry WHERE i = $deposit"
row "delete an entry" "the same two" "the same" 1 "JOURNAL_DAMAGED" fsck
expect "…the start" 1 "event=fatal" refuses
reset "UPDATE valise.entry a SET line = b.line FROM valise.entry b WHERE (a.i, b.i) IN (($deposit, $deposit - 1), ($deposit - 1, $deposit))"
row "swap two entries" "the same two" "the same" 1 "JOURNAL_DAMAGED" fsck
expect "…the start" 1 "event=fatal" refuses
reset "UPDATE valise.published SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1) WHERE n = (SELECT max(n) FROM valise.published)"
row "change the newest signature" "the operator: \`valised fsck\`" "at its next run, or within \`verify-every\`" 1 "JOURNAL_DAMAGED\|HEAD_DAMAGED" fsck
reset "UPDATE valise.published SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1) WHERE n = 1"
row "change an older signature" "the same" "the same" 1 "HEAD_DAMAGED" fsck
reset "UPDATE valise.chain SET root = set_byte(root, 0, get_byte(root, 0) # 1) WHERE size = (SELECT max(size) FROM valise.chain)"
row "change the root of what was proposed" "the operator: \`valised fsck\`" "at its next run, or within \`verify-every\`" 1 "DAMAGED" fsck
reset "DELETE FROM valise.published WHERE n = (SELECT max(n) - 1 FROM valise.published)"
row "delete a signed head" "the operator: \`valised fsck\`" "at its next run, or within \`verify-every\`" 1 "DAMAGED" fsck
reset "UPDATE valise.object a SET z = b.z, packed = b.packed FROM valise.object b WHERE a.oid = (SELECT oid FROM valise.object WHERE z IS NOT NULL AND type = 3 ORDER BY oid LIMIT 1) AND b.oid = (SELECT oid FROM valise.object WHERE z IS NOT NULL AND type = 3 ORDER BY oid DESC LIMIT 1)"
row "give an object the bytes of another" "the operator: \`valised fsck\`: \`OBJECT_DAMAGED\`; who fetches it: it is refused" "at its next run; at once" 1 "OBJECT_DAMAGED" fsck
reset "DELETE FROM valise.object WHERE type = 1 AND oid IN (SELECT oid FROM valise.name WHERE name LIKE 'refs/heads/agreement/two')"
row "delete the newest commit of a document" "the operator: \`valised fsck\`: \`COMMIT_MISSING\`; the log of the daemon" "at its next run, or within \`verify-every\`; after the next start" 1 "COMMIT_MISSING" fsck
check "…which starts" start_daemon "$dir"
told() { grep -q 'code=COMMIT_MISSING documents=1 about="agreement/two"' log; }
check "…and tells it" until_so told
reset "UPDATE valise.name SET oid = (SELECT oid FROM valise.name WHERE name = 'refs/heads/agreement/one') WHERE name = 'refs/heads/agreement/two'"
row "move a branch" "the operator: \`valised fsck\`: \`REF_WRONG\`; the daemon puts it right at its start" "at the next start" 1 "REF_WRONG" fsck
reset "DELETE FROM valise.name WHERE name = 'refs/valise/policy'"
row "lose the ref of the policies" "the same" "the same" 1 "REF_WRONG" fsck
changed="set_byte(bytes, 40, get_byte(bytes, 40) # 1)"
reset "UPDATE valise.exhibit SET bytes = $changed WHERE kind = 1"
row "change a witness's line" "the operator: \`valised fsck\`: \`COSIGNATURE_WRONG\`; a start leaves it out, and puts back what the data folder has" "at its next run; at the next start" 1 "COSIGNATURE_WRONG.*damaged" fsck
reset "UPDATE valise.exhibit SET bytes = $changed, sum = sha256($changed) WHERE kind = 1"
row "the same, with the hash beside it" "the same" "the same" 1 "COSIGNATURE_WRONG.*no witness" fsck
check "…the start" start_daemon "$dir"
expect "…tells it" 0 "result=refused lines=1" cat log
reset "UPDATE valise.exhibit SET name = int8send(3) WHERE kind = 1"
row "move it to another size" "the same" "the same" 1 "COSIGNATURE_WRONG.*size 3.*no witness" fsck
reset "DELETE FROM valise.exhibit WHERE kind = 1"
row "delete it" "the operator: \`valised fsck\`: \`EXHIBIT_MISSING\`; a start puts it back from the data folder" "at its next run; at the next start" 1 "EXHIBIT_MISSING" fsck
start_daemon "$dir"; stop_daemon "$dir"
expect "…as it was after the start" 0 "nothing is wrong" fsck
reset "UPDATE valise.exhibit SET bytes = $changed WHERE kind = 2"
row "change a waybill that was handed in" "the operator: \`valised fsck\`: \`EXHIBIT_WRONG\`; a start leaves it out, and puts back what the data folder has" "at its next run; at the next start" 1 "EXHIBIT_WRONG.*waybill.*damaged" fsck
middle="(SELECT set_byte(bytes, n, get_byte(bytes, n) # 1) FROM (SELECT octet_length(bytes) / 2 n) m)"
reset "UPDATE valise.exhibit SET bytes = $middle, sum = sha256($middle) WHERE kind = 2"
row "the same, with the hash beside it" "the same" "the same" 1 "EXHIBIT_WRONG.*waybill" fsck
check "…the start" start_daemon "$dir"
expect "…tells it" 0 "event=waybill result=refused" cat log
reset "DELETE FROM valise.exhibit WHERE kind = 2"
row "delete it" "the operator: \`valised fsck\`: \`EXHIBIT_MISSING\`; a start puts it back from the data folder" "at its next run; at the next start" 1 "EXHIBIT_MISSING.*waybill" fsck
start_daemon "$dir"; stop_daemon "$dir"
expect "…as it was after the start" 0 "nothing is wrong" fsck
reset "DROP TABLE valise.exhibit; UPDATE valise.meta SET version = 3"
check "tables of before exhibits are brought forward" "$valised" tables "host=$postgres user=postgres dbname=$(database)" --writer writer
expect "…what no daemon has put there yet is no finding" 0 "no daemon has started since the tables were brought to this version: they lack 2 lines of witnesses and waybills" fsck
start_daemon "$dir"; stop_daemon "$dir"
expect "…and is there after a start" 0 "" fsck
grep -q "no daemon has started" work/out && not_ok "…of which nothing is told then" || ok "…of which nothing is told then"
reset "INSERT INTO valise.exhibit SELECT 3, sha256('no'), sha256('no'), 'no'"
row "add evidence of a fork that is none" "the operator: \`valised fsck\`: \`EXHIBIT_WRONG\`; nobody heeds it" "at its next run" 1 "EXHIBIT_WRONG.*evidence" fsck
check "…the start" start_daemon "$dir"
reset "SELECT 1"
database_sql "DROP DATABASE $(database)"; database_sql "CREATE DATABASE $(database) TEMPLATE $(database)_image"
row "roll the whole database back" "the operator: every start of the daemon, since the signer remembers more" "at the next start" 1 "contradicts itself" refuses
take_data image; start_daemon "$dir"
row "roll back the signer's memory with it" "any office that saw more: every command" "before anything is sent" 1 "rolled back" at iom-geneva list
# MARK: SQL that proposes one more "start", with this mark, as the daemon does
forged() {
	(postgres_owner="host=$postgres user=postgres dbname=$(database)"; postgres_sql "SELECT encode(line, 'hex') FROM valise.entry ORDER BY i") >work/lines
	python3 - work/lines "$1" <<-'EOF'
		import hashlib, json, sys
		lines = [bytes.fromhex(l.strip()) for l in open(sys.argv[1])]
		start = [l for l in lines if l.startswith(b'{"act":"start"')][-1]
		then, now = json.loads(start)["time"], json.loads(lines[-1])["time"]
		lines.append(start.replace(then.encode(), now.encode()))
		def root(l):
		    if len(l) == 1: return hashlib.sha256(b"\0" + l[0]).digest()
		    k = 1 << ((len(l) - 1).bit_length() - 1)
		    return hashlib.sha256(b"\1" + root(l[:k]) + root(l[k:])).digest()
		at, n, r = sum(2 + len(l) for l in lines[:-1]), len(lines), root(lines).hex()
		print(f"INSERT INTO valise.entry VALUES ({n - 1}, {at}, '\\x{lines[-1].hex()}');"
		      f"INSERT INTO valise.chain SELECT {n}, {n - 1}, '\\x{r}', epoch, {at + 2 + len(lines[-1])}, {sys.argv[2]} FROM valise.head;"
		      f"UPDATE valise.head SET size = {n}, at = {at + 2 + len(lines[-1])}, root = '\\x{r}'")
	EOF
}
reset "SELECT 1"; sql "$(forged NULL)"
row "add a proposal that no daemon made, the daemon off" "the operator: every start of the daemon, by the proposal's mark" "at the next start" 1 "this depositary did not make it" refuses
reset "SELECT 1"; sql "$(forged "decode(repeat('aa', 32), 'hex')")"
expect "…with a mark of some kind" 1 "this depositary did not make it" refuses
reset "SELECT 1"; sql "$(forged "(SELECT mark FROM valise.chain WHERE mark IS NOT NULL ORDER BY size DESC LIMIT 1)")"
expect "…with the mark of another proposal" 1 "this depositary did not make it" refuses
reset "UPDATE valise.meta SET id = gen_random_uuid()"
row "put another record's tables in the place" "the operator: every start of the daemon" "at the next start" 5 "names another one" refuses
reset "UPDATE valise.meta SET version = 99"
row "tables of a later version" "the same" "the same" 5 "newer" refuses
if [ -z "${TAMPER_TABLE:-}" ]; then
	check "the manual has this table" sh -c "sed -n '/<!-- tables -->/,/<!-- end -->/p' '$top/docs/security.md' | grep -v '<!--' | diff - work/table.md"
fi
finish
