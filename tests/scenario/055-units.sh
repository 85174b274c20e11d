#!/bin/sh
# The systemd units, read by the installed systemd: it knows every setting, and
# allows the daemon every system call that it makes.
. "$(dirname "$0")/lib.sh"
done_with() { echo "$(basename "$0" .sh): $passed passed, $failed failed"; [ $failed = 0 ]; exit; }
command -v systemd-analyze >/dev/null || { echo "  skipped: the systemd units (systemd-analyze is not there)"; done_with; }

# UNIT…: where the programs they start are not installed, others stand for them
units() { for unit; do sed '/^Documentation=/d; s|^ExecStart=.*|ExecStart=/bin/true|' "$unit" >"work/units/${unit##*/}"; done; }
mkdir work/units; chmod 700 work
units "$VALISE_BUILD/valised.service" "$top"/cli/systemd/*
XDG_RUNTIME_DIR=$dir/work systemd-analyze --user verify work/units/valise-witness.timer work/units/valise-witness.service >work/verify 2>&1
systemd-analyze verify work/units/valised.service >>work/verify 2>&1
for kind in service timer; do sed 's|^ExecStart=.*|ExecStart=/bin/true|' "$(ls "$VALISE_BUILD/valise-crl@.$kind" "$top/cli/systemd/valise-crl@.$kind" 2>/dev/null | head -n 1)" >"work/units/valise-crl@srv-ca.$kind"; done
systemd-analyze verify work/units/valise-crl@srv-ca.timer work/units/valise-crl@srv-ca.service >>work/verify 2>&1
# It would say so of a word that no systemd knows.
for how in --system --user; do
	sed 's/^\[Service\]/&\nNoSuchWord=1/' work/units/valised.service >work/units/control.service
	check "systemd-analyze $how reads units" sh -c "XDG_RUNTIME_DIR='$dir/work' systemd-analyze $how verify work/units/control.service 2>&1 | grep 'NoSuchWord'"
done
if grep -i 'unknown\|invalid\|ignoring\|failed to parse\|not supported' work/verify; then not_ok "this systemd knows every word of the units"; else ok "this systemd knows every word of the units"; fi

# GROUP: its calls, those of groups in it too
expand() {
	systemd-analyze syscall-filter "$1" 2>/dev/null | sed '1d; s/^ *//; s/#.*//' | while read -r word; do
		case $word in '') ;; @*) expand "$word" ;; *) echo "$word" ;; esac
	done
}
# What the unit's lines allow, one after another (systemd.exec(5), SystemCallFilter=)
: >work/allowed
sed -n 's/^SystemCallFilter=//p' "$VALISE_BUILD/valised.service" | while read -r line; do
	for word in ${line#\~}; do
		case $word in
		@*) systemd-analyze syscall-filter "$word" >/dev/null 2>&1 || echo "$word" >>work/groups
			expand "$word" ;;
		*) echo "$word" ;;
		esac
	done | sort -u >work/these
	case $line in
	'~'*) grep -vxFf work/these work/allowed >work/next ;;
	*) sort -u work/these work/allowed >work/next ;;
	esac
	mv work/next work/allowed
done
check "this systemd has every group of calls" test ! -e work/groups
# What it needs before it confines itself, and what it allows itself after that.
{
	echo seccomp prctl capget setrlimit prlimit64 execve clone socket listen mmap mprotect ioctl
	echo landlock_create_ruleset landlock_add_rule landlock_restrict_self
	sed -n '/^static const int common_calls/,/};/p; /^static const int server_calls/,/};/p' "$top/daemon/confine.c" |
		grep -o 'CALL([a-z0-9_]*)' | sed 's/CALL(\(.*\))/\1/'
} | tr ' ' '\n' | sort -u >work/needed
check "the daemon's own lists are read" test "$(wc -l <work/needed)" -gt 100
missing=$(grep -vxFf work/allowed work/needed | tr '\n' ' ')
[ -z "$missing" ] && ok "the unit allows each" || not_ok "the unit allows each: not $missing(systemd $(systemd-analyze --version | sed -n '1s/systemd \([0-9]*\).*/\1/p'))"

# What it really asks for, from its start to its end.
if command -v strace >/dev/null && strace -c true 2>/dev/null; then
	make_daemon "$dir" || not_ok "a data folder"
	# The unit gives it no capabilities, of which root has many.
	without=; [ "$(id -u)" != 0 ] || without="setpriv --bounding-set -all --inh-caps -all"
	cat >work/traced <<-END
	#!/bin/sh
	exec $without strace -f -qq -o "$dir/work/trace" "$valised" "\$@"
	END
	chmod +x work/traced; real=$valised; valised=$dir/work/traced
	check "it starts" start_daemon "$dir"
	valised=$real
	enrol "$dir" mofa >/dev/null 2>&1; deposit mofa one >/dev/null
	# The tracer does not end it: its child does.
	pkill -TERM -P "$(cat pid)" -x valised; while kill -0 "$(cat pid)" 2>/dev/null; do wait "$(cat pid)" 2>/dev/null; done; rm -f pid
	sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' work/trace | sort -u >work/asked
	check "what it asked for is seen" grep -qx landlock_restrict_self work/asked
	missing=$(grep -vxFf work/allowed work/asked | tr '\n' ' ')
	[ -z "$missing" ] && ok "and the unit allows it" || not_ok "the unit forbids what it asks for: $missing"
else
	echo "  skipped: the calls that a daemon makes (strace is not there, or may not trace)"
fi

# How much of the system is still within its reach, as systemd counts; the figure
# of docs/security.md is the one of Debian 12.
exposure() { systemd-analyze security --offline=yes --no-pager "$1" 2>/dev/null | sed -n 's/.*Overall exposure level for .*: \([0-9.]*\) .*/\1/p'; }
cp "$VALISE_BUILD/valised.service" work/units/valised.service
figure=$(exposure work/units/valised.service)
told=$(sed -n 's/.*gives \([0-9.]*\) on Debian 12.*/\1/p' "$top/docs/security.md")
if [ -z "$figure" ]; then
	echo "  skipped: how exposed the service is (this systemd-analyze cannot tell offline)"
else
	check "little is exposed: $figure, at most 1.3" awk "BEGIN { exit !($figure <= 1.3) }"
	sed -i '/^ProtectSystem=/d' work/units/valised.service
	check "which would tell a line that is gone" awk "BEGIN { exit !($(exposure work/units/valised.service) > $figure) }"
	case $(systemd-analyze --version | head -n 1) in
	*' 252 '*) check "the manual's figure is $figure" test "$told" = "$figure" ;;
	esac
fi
done_with
