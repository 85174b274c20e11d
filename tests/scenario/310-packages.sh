#!/bin/sh
# The Debian packages: built from what is committed, on a bare system of each
# release; clean by lintian; installed on it with systemd as process 1, upgraded
# from those of the commit before with a running journal, removed without
# touching the data.  Long, and needs root and Debian's mirrors: it is run when it
# is asked for ("./test packages").  VALISE_SUITES names the releases.
. "$(dirname "$0")/lib.sh"
. "$top/tests/lib/machine.sh"
done_with() { echo "$(basename "$0" .sh): $passed passed, $failed failed"; [ $failed = 0 ]; exit; }
skip() { echo "  skipped: the packages ($*)"; done_with; }
case " ${VALISE_NAMED:-} " in *packages*) ;; *) skip "ask for them: ./test packages" ;; esac
machine_can || skip "$machine_why"
command -v debootstrap >/dev/null || skip "debootstrap is not there"
git -C "$top" rev-parse HEAD >/dev/null 2>&1 || skip "they are made of commits"
trap 'machine_end; stop_all; chmod -R u+w "$dir"; rm -rf --one-file-system "$dir"' EXIT

# SUITE COMMIT VERSION: build in the machine's files; the packages are in /srv/VERSION
build() {
	mkdir -p "$m/root/srv/$3/valise" &&
	git -C "$top" archive "$2" | tar -x -C "$m/root/srv/$3/valise" &&
	sed -i "1s/(.*)/($3)/" "$m/root/srv/$3/valise/debian/changelog" &&
	chroot "$m/root" sh -c 'cd "$1" && dpkg-buildpackage -us -uc -b' sh "/srv/$3/valise" >"work/build-$3" 2>&1 ||
		{ tail -n 5 "work/build-$3" >&2; return 1; }
}
main_pid() { machine systemctl show -p MainPID --value valised; }

for suite in ${VALISE_SUITES:-bookworm trixie}; do
	m=$dir/machine-$suite; mkdir -p "$m"
	# shellcheck disable=SC2046 # a list of names
	check "$suite: a bare system with what the packages are built with" machine_bare "$m" "$suite" \
		build-essential debhelper lintian openssl pinentry-curses python3 \
		$(sed -n '/^Build-Depends:/,/^[A-Z]/p' "$top/debian/control" | tr ',' '\n' | sed -n 's/^\(Build-Depends:\)\? *\(lib[a-z0-9.-]*\|meson\|pkgconf\|zlib1g-dev\).*/\2/p')
	[ -d "$m/root/usr" ] || { machine_end; continue; }
	now=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$top/debian/changelog") before=$now~before
	git -C "$top" cat-file -e HEAD~1:debian/control 2>/dev/null || before=
	[ -z "$before" ] || check "$suite: the commit before is built" build "$suite" HEAD~1 "$before"
	check "$suite: this commit is built" build "$suite" HEAD "$now"
	check "$suite: lintian finds no error and no warning" chroot "$m/root" sh -c \
		"cd /srv/$now && lintian --allow-root --fail-on error,warning valise_*.changes"
	machine_boot "$m" || { not_ok "$suite: a machine boots"; machine_end; continue; }
	first=${before:-$now}
	# No network there: what they depend on is on it already.
	machine_named; cp "$m/root/srv/$first"/valise*.deb "$m/root/srv/in/"
	# Who types it is asked, where it matters, and has a network.
	printf 'APT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n' >"$m/root/etc/apt/apt.conf.d/99yes"
	check "$suite: they are installed: the recipe" machine_recipe packages
	rm "$m"/root/srv/in/*.deb
	expect "$suite: the unit is enabled" 0 "^enabled" machine systemctl is-enabled valised
	expect "$suite: but waits for the configuration and the journal" 3 "^inactive" machine systemctl is-active valised
	expect "$suite: and has not failed" 0 "ConditionResult=no" machine systemctl show -p ConditionResult valised
	check "$suite: and nobody is made a witness" sh -c '! ls "$1"/etc/systemd/user/*.wants/valise* 2>/dev/null' sh "$m/root"
	expect "$suite: the user is made" 0 "/var/lib/valise" machine getent passwd valise
	expect "$suite: and the folders" 0 "^700 valise 750 root" machine stat -c '%a %U' --printf '%a %U ' /var/lib/valise /etc/valise
	expect "$suite: the manuals are there" 0 "^NAME" machine sh -c 'zcat /usr/share/man/man8/valised.8.gz | sed -n "s/^.SH \(NAME\)/\1/p"'

	mkdir -p "$m/root/srv/in"; machine_service
	etc=$m/root/etc/valise data=$m/root/var/lib/valise/data

	if [ -n "$before" ]; then
		pid=$(main_pid); cp "$m/root/srv/$now"/valise*.deb "$m/root/srv/in/"
		check "$suite: they are upgraded: the recipe" machine_recipe upgrade
		expect "$suite: which restarts the service" 0 "^active" machine systemctl is-active valised
		check "$suite: as another process" test "$pid" != "$(main_pid)"
		expect "$suite: on the same journal" 0 "agreement/one" machine_office mofa list
		rm "$m"/root/srv/in/*.deb; cp "$m/root/srv/$before"/valise*.deb "$m/root/srv/in/"
		check "$suite: one can go back: the recipe" machine_recipe go-back
		expect "$suite: to the service of before" 0 "agreement/one" machine_office mofa list
		rm "$m"/root/srv/in/*.deb; cp "$m/root/srv/$now"/valise*.deb "$m/root/srv/in/"
		check "$suite: and forth again" machine_recipe upgrade
	fi
	check "$suite: what they are linked with is told" machine grep -q SPDX-2.3 /usr/share/valise/valise.spdx.json
	check "$suite: the demonstration, told by what is installed (autopkgtest)" machine runuser -u nobody -- env HOME=/tmp sh -c "cd /srv/$now/valise && debian/tests/story"
	check "$suite: they are removed" machine dpkg -r valised valise valise-doc
	expect "$suite: which ends the service" 3 "^inactive" machine sh -c 'systemctl is-active valised; pgrep -x valised && exit 9; exit 3'
	check "$suite: and leaves the data" test -s "$data/journal/entries" -a -s "$etc/valised.yaml"
	check "$suite: they are purged" machine dpkg -P valised valise valise-doc
	check "$suite: and leave it still" test -s "$data/journal/entries" -a -s "$data/signer/journal.key" -a -s "$etc/server.pem"
	check "$suite: installed again, the service starts by itself" machine sh -c "dpkg -i /srv/$now/valise_*.deb /srv/$now/valised_*.deb"
	expect "$suite: and has the document" 0 "agreement/one" machine_office mofa list
	machine_end
done
finish
