# setup.sh - install what is missing, and build.  Sourced by ./demo and ./test.
# After it: $top, $build, $valise, $valised, $valised_port_helper.

packages_build="gcc meson ninja-build pkg-config libssl-dev libgit2-dev
	libyaml-dev libevent-dev libhttp-parser-dev libcurl4-openssl-dev
	libmicrohttpd-dev libpq-dev libzip-dev libexpat1-dev libjansson-dev libseccomp-dev libutf8proc-dev
	zlib1g-dev libdeflate-dev libassuan-dev check openssl"
packages_demo="git unzip procps"
packages_demo_postgres=postgresql
packages_test="git spin systemd-container gpgsm gpg-agent unzip zip libxml2-utils curl procps faketime
	poppler-utils python3 python3-jsonschema mandoc gettext
	golang-go golang-golang-x-mod-dev postgresql"
packages_patroni="patroni etcd-server python3-etcd"
packages_web="chromium chromium-driver fonts-lao fonts-thai-tlwg libnss3-tools nodejs"

# Which of these packages are not there?
missing_packages() {
	for p; do
		dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null |
			grep -qx installed || printf ' %s' "$p"
	done
}

install_packages() {
	command -v dpkg-query >/dev/null || {
		echo "This is no Debian: install the equivalents of" "$@" "and run meson yourself." >&2
		return 6
	}
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	echo "installing:$missing"
	if [ "$(id -u)" = 0 ]; then as_root=; elif command -v sudo >/dev/null; then as_root=sudo; else
		echo "These packages are missing, and only root can install them: apt-get install$missing" >&2
		return 6
	fi
	# shellcheck disable=SC2086 # a list of names
	{ $as_root apt-get -qq update &&
		DEBIAN_FRONTEND=noninteractive $as_root apt-get -qq -y --no-install-recommends \
			install $missing; } >"${TMPDIR:-/tmp}/valise-install.log" 2>&1 || {
		tail -n 5 "${TMPDIR:-/tmp}/valise-install.log" >&2
		echo "The packages could not be installed; is there a way to Debian's mirrors?" >&2
		return 6
	}
}

# BUILD-DIR [meson options]: silent unless it fails; nothing is done if VALISE_BUILT
# says that it was built before
build_in() {
	build=$1; shift
	valise=$build/valise
	valised=$build/valised
	valised_port_helper=$build/free-port
	[ -z "${VALISE_BUILT:-}" ] || return 0
	# Reconfigure where it is there: a pulled meson.build may differ.
	if [ -f "$build/build.ninja" ]; then set -- --reconfigure "$@"; fi
	meson setup "$build" "$top" "$@" >"$build.log" 2>&1 || {
		tail -n 20 "$build.log" >&2
		echo "meson could not set up $build (the log is $build.log)" >&2
		return 7
	}
	ninja -C "$build" >>"$build.log" 2>&1 || {
		grep -E -A5 'FAILED|error' "$build.log" | tail -n 40 >&2
		echo "it did not build (the log is $build.log)" >&2
		return 7
	}
	rm -f "$build.log"
}
