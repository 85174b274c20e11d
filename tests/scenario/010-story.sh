#!/bin/sh
# The demonstration, and the folder that it keeps.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/setup.sh"
. "$top/tests/lib/postgres.sh"
# On a bare Debian there is what each system has, and what the demonstration asks for.
mkdir tools
essential=$(dpkg-query -W -f '${Package} ${Essential}\n' | sed -n 's/ yes$//p')
# shellcheck disable=SC2086 # lists of words
for package in $essential openssl $packages_demo; do dpkg -L "$package"; done 2>/dev/null |
	grep -E '^(/usr)?/s?bin/[^/]+$' | while read -r path; do ln -sf "$path" tools/; done
ln -sf "$(command -v awk)" "$(command -v perl)" tools/
demo() { PATH=$dir/tools VALISE_BUILD=$VALISE_BUILD "$top/demo" "$@"; }
expect "the story is told to its end" 0 "That was all" demo
expect "its second part too" 0 "That was all" demo --lines
! postgres_find || {
	expect "its third, with the servers of a database" 0 "That was all" demo --postgres
	! grep "not found" work/out >&2 && ok "for which nothing is missing" || not_ok "a command is missing"
}
expect "and kept, with the daemon running" 0 "The daemon runs on" demo --keep "$dir/kept"
cd kept || finish
mkdir -p work
expect "the command works from its folder" 0 "in force" ./valise --config offices/mofa/config.yaml list
expect "curl too" 0 "lao-iom-cooperation-2021" sh -c 'curl -sS --cacert offices/mofa/ca.pem --cert offices/mofa/cert.pem --key offices/mofa/key.pem "$(cat url)/v1/documents"'
expect "a stranger's folder is not taken" 7 "is not empty" demo --keep "$dir/kept"
expect "it stops" 0 "stopped" demo --stop "$dir/kept"
expect "and starts again" 0 "started" demo --start "$dir/kept"
expect "on the same data" 0 "in force" ./valise --config offices/iom-geneva/config.yaml list
# The folder is locked until both processes are gone (or wait for their parent).
pid=$(cat pid) processes="$(cat pid) $(cat "/proc/$(cat pid)/task/$(cat pid)/children")"
kill -9 "$pid"
for process in $processes; do
	while kill -0 "$process" 2>/dev/null && ! grep -q "^State:.Z" "/proc/$process/status" 2>/dev/null; do sleep 0.02; done
done
expect "over a stale pid" 0 "started" demo --start "$dir/kept"
expect "with all that it had" 0 "in force" ./valise --config offices/iom-bangkok/config.yaml list
expect "its signatory has an entry of its own" 5 "already" ./valise --config offices/mofa-minister/config.yaml sign agreement/lao-iom-cooperation-2021 --yes
demo --stop "$dir/kept" >/dev/null
finish
