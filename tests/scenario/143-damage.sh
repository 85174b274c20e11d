#!/bin/sh
# Each file of a data folder, damaged in each way: what a start says, what fsck
# says, what is lost, what mends it (tests/damage/table.py). docs/operations.md
# has the table; DAMAGE_TABLE=FILE writes it anew, DAMAGE_ONLY="FILE…" tries these.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-geneva >/dev/null
mofa_key=$(at mofa witness init 2>/dev/null)
printf 'witnesses: {mofa: "%s"}\nquorum: 1\n' "$mofa_key" >>policies/offices.yaml
reload
accept_policy mofa mofa-minister iom-chief-of-mission iom-geneva >/dev/null
deposit mofa one >/dev/null
stop_daemon "$dir"
"$valised" --config valised.yaml replace-key >/dev/null 2>&1
start_daemon "$dir"; at mofa witness >/dev/null
restart
"$top/certs/ca" revoke certs/iom vientiane@iom.example >/dev/null
at mofa crls push certs/iom/crl.pem >/dev/null
stop_daemon "$dir"; cp -a data older; start_daemon "$dir"
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
cp policies/mou.yaml work/; echo '# more' >>policies/mou.yaml; reload
accept_policy mofa mofa-minister iom-chief-of-mission iom-geneva >/dev/null
# A witness signs what is not the newest head, and the last act is some seconds
# after those before: a crash explains no head that is missing then.
at mofa witness >/dev/null
deposit mofa two "the second" >/dev/null
stop_daemon "$dir"; CLOCK_OFFSET=6 LD_PRELOAD="$VALISE_BUILD/clock.so" start_daemon "$dir"
deposit mofa three "the third" >/dev/null
at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
at iom-geneva fetch agreement/two -o work/two.asice >/dev/null
at iom-geneva audit --full >/dev/null || not_ok "all is well before"
stop_daemon "$dir"
"$valised" --config valised.yaml backup backup --with-keys >/dev/null || not_ok "a backup"
expect "all is well before" 0 "nothing is wrong" "$valised" fsck data
"$VALISE_BUILD/parts" >work/parts
export DAMAGE_ONLY="${DAMAGE_ONLY:-}"
check "each is tried" sh -c 'python3 "$0" "$1" work/parts $DAMAGE_ONLY >work/table' "$top/tests/damage/table.py" "$dir"
sed -n '/<!-- table: damage -->/,/<!-- end -->/p' "$top/docs/operations.md" | grep '^|' >work/told
check "the manual has this table" diff work/told work/table
check "something mends each" sh -c '! grep "NONE" work/table'
[ -z "${DAMAGE_TABLE:-}" ] || cp work/table "$DAMAGE_TABLE"
finish
