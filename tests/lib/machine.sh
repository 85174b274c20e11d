# machine.sh - a machine of its own, with systemd as process 1, in namespaces.
# Source it.  Needs root, systemd-nspawn and overlayfs.
#
#   machine_can              may one be made here?  If not, $machine_why says why
#   machine_over DIR ROOT    DIR/root is the files of ROOT under a layer in memory:
#                            what is changed there is gone with the machine
#   machine_bare DIR SUITE [PACKAGE…]
#                            DIR/root is a bare Debian of that suite with these
#                            packages; it is made once for each suite
#   machine_boot DIR         boot DIR/root, and wait until it is up
#   machine COMMAND…         run it there
#   machine_end              shut it down, and let its files go
#   machine_recipe NAME [DIR]
#                            run that recipe of docs/operations.md there, in DIR
#                            (/srv/in), which is whose home it is; $machine_share
#                            is where "/usr/share" is
#   machine_named            let it know the names that the recipes use, and have
#                            the CA of the depositary (/srv/ca)
#   machine_service          bring the service up there by the recipes, and have
#                            an office enrol and deposit agreement/one
#   machine_office OFFICE COMMAND…
#                            a command of an office's, whose files are in /srv/in
#
# Only 127.0.0.1 is its network. One machine at a time: whoever makes the next waits
# until it ends, since both would have the same control groups.

machine_bases=${TMPDIR:-/tmp}/valise-machines

machine_can() {
	machine_why=
	if [ "$(id -u)" != 0 ]; then machine_why="only root can make a machine"
	elif ! command -v systemd-nspawn >/dev/null; then machine_why="systemd-nspawn is not there (systemd-container)"
	elif ! [ -x /lib/systemd/systemd ]; then machine_why="systemd is not installed"
	elif ! grep -qw overlay /proc/filesystems; then machine_why="this kernel has no overlayfs"
	elif ! [ -d /sys/fs/cgroup ] || ! grep -q ' /sys/fs/cgroup' /proc/mounts; then machine_why="there are no control groups"
	fi
	[ -z "$machine_why" ]
}

machine_over() {
	exec 8>"$machine_bases.lock" && flock 8 || { machine_why="machines cannot be made one after the other"; return 1; }
	machine_why="no layer of files may be mounted here"
	mkdir -p "$1/layer" && mount -t tmpfs tmpfs "$1/layer" || return
	mkdir -p "$1/layer/up" "$1/layer/work" "$1/root"
	mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/layer/up,workdir=$1/layer/work" "$1/root" || {
		umount "$1/layer"; return 1
	}
	machine_dir=$1
	rm -f "$1/root/etc/resolv.conf"
	: >"$1/root/etc/machine-id" # not its first boot
	# Nothing of the machine below is started in it but what is asked for.
	for unit in "$1"/root/etc/systemd/system/*.wants/*; do
		case $unit in */valise*) ;; *) rm -f "$unit" ;; esac
	done
	systemd-nspawn -q -D "$1/root" --private-network --register=no --keep-unit /bin/true >"$1/try" 2>&1 </dev/null || {
		machine_why="systemd-nspawn may not run here: $(tail -n 1 "$1/try")"
		machine_end; return 1
	}
}

# DIR SUITE: the bare system, with the packages of this system's mirror
machine_debootstrap() {
	uri=$(sed -n 's/^URIs: \(.*debian\)$/\1/p; s/^deb \(http[^ ]*debian\) .*/\1/p' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -n 1)
	rm -rf --one-file-system "$1"
	debootstrap --variant=minbase --include=ca-certificates,systemd,systemd-sysv,dbus "$2" "$1" \
		"${uri:-http://deb.debian.org/debian}" >"$1.log" 2>&1 || return
	# The proxy and its certificate, where there is one.
	cp -R /etc/apt/apt.conf.d/. "$1/etc/apt/apt.conf.d/"
	cp /etc/hosts "$1/etc/"; cp /etc/resolv.conf "$1/etc/" 2>/dev/null
	cp -R /usr/local/share/ca-certificates "$1/usr/local/share/" 2>/dev/null
	return 0
}

machine_bare() {
	machine_to=$1 machine_suite=$2; shift 2
	machine_base=$machine_bases/$machine_suite
	mkdir -p "$machine_bases"
	if [ ! -f "$machine_base.made" ]; then
		machine_debootstrap "$machine_base" "$machine_suite" || { tail -n 3 "$machine_base.log" >&2; return 1; }
		touch "$machine_base.made"
	fi
	if [ -n "$(chroot "$machine_base" dpkg-query -W -f '${Package} ' 2>/dev/null |
		awk -v want="$*" '{ n = split(want, w); for (i = 1; i <= n; i++) if (index(" " $0, " " w[i] " ") == 0) print w[i] }')" ]; then
		chroot "$machine_base" sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
			apt-get -qq -y --no-install-recommends -o Dpkg::Options::=--force-confnew \
			install "$@"' sh "$@" >"$machine_base.log" 2>&1 ||
			{ tail -n 3 "$machine_base.log" >&2; return 1; }
	fi
	machine_over "$machine_to" "$machine_base"
}

# Landlock is allowed by name: nspawn of systemd 252 does not know it.
machine_boot() {
	machine_dir=$1
	systemd-nspawn -D "$1/root" --private-network --register=no --keep-unit --link-journal=no \
		--console=pipe --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" \
		--boot systemd.unit=multi-user.target >"$1/console" 2>&1 </dev/null 8>&- &
	machine_nspawn=$!
	machine_init=
	# It says itself when it is up; it is ended if it never is.
	until [ -n "$machine_init" ] && machine systemctl is-system-running --wait >"$1/state" 2>&1 &&
		grep -q running "$1/state"; do
		kill -0 $machine_nspawn 2>/dev/null || { tail -n 5 "$1/console" >&2; return 1; }
		grep -q degraded "$1/state" 2>/dev/null && { machine systemctl --no-pager --failed >&2; break; }
		machine_init=$(cat /proc/$machine_nspawn/task/$machine_nspawn/children 2>/dev/null | cut -d ' ' -f 1)
		sleep 0.1
	done
}

machine() { nsenter -t "$machine_init" -a env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root "$@"; }

machine_end() {
	[ -z "${machine_nspawn:-}" ] || {
		kill "$machine_nspawn" 2>/dev/null; wait "$machine_nspawn" 2>/dev/null
		machine_nspawn=
	}
	[ -z "${machine_dir:-}" ] || {
		umount "$machine_dir/root" 2>/dev/null; umount "$machine_dir/layer" 2>/dev/null
		rmdir "$machine_dir/root" "$machine_dir/layer" 2>/dev/null
		machine_dir=
	}
	exec 8>&-
	return 0
}

machine_recipe() {
	sed -n "/<!-- recipe: $1 -->/,/<!-- end -->/s/^    //p" "$top/docs/operations.md" |
		sed "s|/usr/share/valise|${machine_share:-/usr/share}/valise|g" >"$machine_dir/root/srv/recipe"
	[ -s "$machine_dir/root/srv/recipe" ] && machine sh -ec 'cd "$0"; [ "$0" = /srv/in ] || export HOME="$0"; . /srv/recipe' "${2:-/srv/in}"
}

machine_named() {
	mkdir -p "$machine_dir/root/srv/in"
	echo "127.0.0.1 localhost valise.mofa.example new.mofa.example" >"$machine_dir/root/etc/hosts"
}

machine_office() {
	machine_who=$1; shift
	machine sh -c 'cd /srv/in && exec valise --config "offices/$0/config.yaml" "$@"' "$machine_who" "$@"
}

# In a scenario (lib.sh), whose PKI it uses.
machine_service() {
	machine_in=$machine_dir/root/srv/in machine_etc=$machine_dir/root/etc/valise
	machine_data=$machine_dir/root/var/lib/valise/data
	machine_named
	cp -R certs/mofa "$machine_dir/root/srv/ca"
	cp -R offices certs/mofa-ca.pem certs/iom-ca.pem "$machine_in/"
	cp crls/mofa.pem "$machine_in/mofa-crl.pem"; cp crls/iom.pem "$machine_in/iom-crl.pem"
	for office in mofa iom-vientiane iom-bangkok iom-geneva; do cp "offices/$office/encrypt-cert.pem" "$machine_in/${office#iom-}-registry.pem"; done
	check "the configuration: the recipe" machine_recipe prepare
	expect "the data folder: the recipe" 0 "next: have the CA certify" machine_recipe init
	check "the certificates: the recipe" machine_recipe certify
	expect "the start: the recipe" 0 "^active" machine_recipe start
	expect "the enrolment: the recipe" 0 "fingerprint" machine_recipe enrolment
	check "an office enrols" machine sh -ec 'cd /srv/in/offices/mofa && mkdir -p state && valise --config config.yaml init ../../enrolment.yaml --cert cert.pem --key key.pem --sign-cert sign-cert.pem --sign-key sign-key.pem --yes --state state'
	printf 'Article 1\n' >"$machine_in/en.txt"; printf 'ມາດຕາ 1\n' >"$machine_in/lo.txt"
	expect "and deposits" 0 "deposited" machine_office mofa push agreement/one --text en=en.txt --text lo=lo.txt --title en=One
}
