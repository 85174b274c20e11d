#!/bin/sh
# The service under a real systemd, process 1 of a machine of its own whose files
# are this system's: installed, started, reloaded, stopped, killed, frozen.  What
# an administrator does is read from docs/operations.md and run line by line.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/machine.sh"
done_with() { echo "$(basename "$0" .sh): $passed passed, $failed failed"; [ $failed = 0 ]; exit; }
skip() { echo "  skipped: the service under systemd ($*)"; done_with; }
machine_can || skip "$machine_why"
if ldd "$valised" | grep -q 'lib[atu]*san'; then skip "this build is for a sanitizer"; fi
trap 'machine_end; stop_all; chmod -R u+w "$dir"; rm -rf --one-file-system "$dir"' EXIT
m=$dir/machine; mkdir -p "$m"
machine_over "$m" / || skip "$machine_why"

prefix=$(meson introspect --buildoptions "$VALISE_BUILD" | tr '{' '\n' | sed -n 's/.*"name": "prefix", "value": "\([^"]*\)".*/\1/p')
machine_share=$prefix/share
shown() { machine systemctl show -p "$1" --value valised; }
of_log() { machine journalctl -q -o cat -u valised; }
# STATE: the service's
is_now() { [ "$(shown ActiveState)" = "$1" ]; }
# PID: not the main process any more, and another one serves
is_another() { [ "$(shown MainPID)" != "$1" ] && is_now active; }
says() { of_log | grep -q -e "$1"; }
signer_of() { machine pgrep -P "$1"; }
desk() { machine_office mofa "$@"; }

check "it is installed" sh -c 'DESTDIR="$1" meson install -C "$2" --no-rebuild' sh "$m/root" "$VALISE_BUILD"
mkdir -p "$m/root/srv/in"
machine_boot "$m" || { not_ok "a machine boots"; finish; }
check "users, folders and units: the recipe" machine_recipe install
expect "the user is made" 0 ":/var/lib/valise:" machine getent passwd valise
expect "and the folders are its own" 0 "^700 valise valise 750 root valise $" machine stat --printf '%a %U %G ' /var/lib/valise /etc/valise
check "before there is a configuration, a start" machine systemctl start valised
expect "does nothing" 0 "^ConditionResult=no" machine systemctl show -p ConditionResult valised
expect "and fails at nothing" 3 "^inactive" machine systemctl is-active valised

# --- The first start. ---
machine_service
etc=$m/root/etc/valise
expect "it is enabled" 0 "^enabled" machine systemctl is-enabled valised
expect "it runs as its user" 0 "^valise" machine ps -o user= -p "$(shown MainPID)"
if says 'event=confine'; then echo "  skipped: Landlock under systemd (it is not there)"; else ok "it is confined by Landlock, too"; fi

# --- Reload. ---
pid=$(shown MainPID)
echo "# another policy" >>"$etc/policies/offices.yaml"
check "a reload: the recipe" machine_recipe reload
check "is taken when it returns" says 'event=reload result=taken'
check "by the same process" test "$pid" = "$(shown MainPID)" -a "$(shown ActiveState)" = active
policy=$(desk --json policy show | sed -n 's/.*"daemon": *"\([0-9a-f]*\)".*/\1/p')
check "and the office accepts it" desk policy accept "$policy"
cp "$etc/policies/offices.yaml" work/; echo "nonsense: [" >>"$etc/policies/offices.yaml"
expect "a reload of a broken policy fails" 1 "failed" machine systemctl reload valised
expect "with its own exit status" 0 "^ReloadResult=exit-code" machine systemctl show -p ReloadResult valised
check "the log says why" says 'event=reload result=kept.*offices.yaml'
check "and the service goes on" test "$pid" = "$(shown MainPID)" -a "$(shown ActiveState)" = active
expect "by the policy that it had" 0 "agreement/one" desk list
cat work/offices.yaml >"$etc/policies/offices.yaml"
check "mended, it is taken" machine systemctl reload valised

# --- Stop, and a start that takes its time. ---
check "a stop" machine systemctl stop valised
expect "is clean" 0 "^Result=success" machine systemctl show -p Result valised
check "and finished what was under way" says 'event=stopped result=clean'
mv "$etc/valised.yaml" work/; mkfifo -m 644 "$etc/valised.yaml"
machine systemctl start --no-block valised
begun() { [ "$(machine cat "/proc/$(shown MainPID)/comm")" = valised ]; }
check "a start that waits for its configuration" until_so begun
expect "is no running service yet" 3 "^activating" machine systemctl is-active valised
timeout 20 sh -c 'cat work/valised.yaml >"$1"' sh "$etc/valised.yaml"
check "but once it serves" until_so is_now active
rm "$etc/valised.yaml"; cp work/valised.yaml "$etc/"; machine chown root:valise /etc/valise/valised.yaml
expect "which it does" 0 "agreement/one" desk list

# --- Killed. ---
mkdir -p "$m/root/etc/systemd/system/valised.service.d"
printf '[Service]\nRestartSec=100ms\nWatchdogSec=5s\n' >"$m/root/etc/systemd/system/valised.service.d/soon.conf"
machine systemctl daemon-reload; machine systemctl restart valised
pid=$(shown MainPID); signer=$(signer_of "$pid")
check "it has a signer" test -n "$signer"
machine kill -9 "$pid"
check "the server is killed: another one serves" until_so is_another "$pid"
check "with a signer and a reader of its own, alone" test "$(machine pgrep -c -u valise)" = 3 -a "$(signer_of "$(shown MainPID)")" != "$signer"
expect "on the same journal" 0 "agreement/one" desk list
pid=$(shown MainPID)
machine kill -9 "$(signer_of "$pid")"
check "the signer is killed: both are started again" until_so is_another "$pid"
check "and the log says by which signal" says 'event=fatal reason="the signer was ended by SIGKILL"'
expect "the office deposits" 0 "deposited" desk push agreement/two --text en=en.txt --text lo=lo.txt --title en=Two

# --- Frozen. ---
told() { [ "$(shown WatchdogTimestampMonotonic)" != "$1" ]; }
pid=$(shown MainPID)
check "it tells the watchdog that it works" until_so told "$(shown WatchdogTimestampMonotonic)"
check "again and again" until_so told "$(shown WatchdogTimestampMonotonic)"
check "and is left alone" test "$pid" = "$(shown MainPID)"
machine kill -STOP "$pid"
check "frozen, it is started again" until_so is_another "$pid"
check "by the watchdog" says "Watchdog timeout"
expect "with all that it had" 0 "agreement/two" desk list
check "and it is whole" machine runuser -u valise -- valised fsck /var/lib/valise/data

# --- Backups, and another machine: this one, without its data and configuration. ---
check "a backup by its timer: the recipe" machine_recipe backup-timer
expect "which comes again" 0 "^NextElapseUSecRealtime=..*" machine systemctl show -p NextElapseUSecRealtime valised-backup.timer
backup=$m/root/var/backups/valise
check "it is its user's alone" test "$(machine stat -c '%a %U' /var/backups/valise)" = "700 valise"
check "it has no private key" sh -c '! grep -rl "PRIVATE" "$1"' sh "$backup"
expect "all of /etc/valise" 0 "valise/policies/offices.yaml" tar -tzf "$backup/etc.tar.gz"
spoil "$backup/data/journal/entries" 40
expect "one that is not whole" 1 "failed" machine systemctl start valised-backup
expect "is told" 0 "^failed" machine systemctl is-failed valised-backup
rm -rf "$backup/data"
check "made anew, it is good" machine systemctl start valised-backup
check "the keys: the recipe" machine_recipe keys
check "are root's alone" test "$(machine stat -c '%a %U' /root/valise-keys.tar)" = "600 root"
expect "a backup by hand: the recipe" 0 "nothing is wrong" machine_recipe backup
cp "$m"/root/srv/in/offices/mofa/state/*/checkpoint "$m/root/srv/backup/seen-1"
cp "$m/root/srv/backup/seen-1" "$m/root/srv/backup/seen-2"
cp "$m/root/root/valise-keys.tar" "$m/root/srv/in/"
machine systemctl disable --now valised valised-backup.timer
machine rm -rf /var/lib/valise/data /etc/valise
expect "on another machine: the recipe" 0 "^active" machine_recipe restore
expect "it has all" 0 "agreement/two" desk list
expect "and takes more" 0 "deposited" desk push agreement/three --text en=en.txt --text lo=lo.txt --title en=Three

# --- The signer's memory is lost. ---
machine systemctl stop valised; machine rm /var/lib/valise/data/signer/memory
expect "without its memory it does not start" 1 "failed" machine systemctl start valised
machine systemctl stop valised; machine systemctl reset-failed valised # that it was tried so often
for seen in seen-1 seen-2; do cat "$m"/root/srv/in/offices/mofa/state/*/checkpoint >"$m/root/srv/backup/$seen"; done
expect "it is made anew: the recipe" 0 "^active" machine_recipe memory
check "the store packed again: the recipe" machine_recipe repack
expect "and the journal goes on" 0 "deposited" desk push agreement/four --text en=en.txt --text lo=lo.txt --title en=Four
machine_end
finish
