# common.sh - a release build, and our daemon with its offices in a temporary
# folder that is taken down at the end.  Sourced, with $top, by the benchmarks;
# $1 is how many rounds the medians are of (3).
. "$top/tests/lib/setup.sh"
. "$top/tests/lib/office.sh"
. "$top/tests/bench/table.sh"
rounds=${1:-3}
# shellcheck disable=SC2086
install_packages $packages_build $packages_test || exit
build_in "${VALISE_BUILD:-$top/build-bench}" -Dbuildtype=release -Dtests=false || exit
bench=$build/bench
dir=$(mktemp -d) || exit; chmod 755 "$dir"
pids=()
# Peers that make processes of their own end with them, and make no others.
# A run of several subjects deletes no folder before its end: an ext4 without a
# journal gives no inode away again for minutes, and looks at all of those again
# for each new file.
end_all() {
	local p
	stop_daemon "$dir"
	for p in "${pids[@]}"; do kill "$p" $(pgrep -P "$p"); done 2>/dev/null
	wait 2>/dev/null; gpgconf --kill all 2>/dev/null
	if [ -n "${BENCH_FOLDERS:-}" ]; then mv "$dir" "$BENCH_FOLDERS/"; else rm -rf "$dir"; fi
}
trap end_all EXIT
trap 'exit 130' INT TERM
cd "$dir" || exit
export HOME=$dir GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
unset GIT_SSL_CAINFO GIT_SSL_CAPATH CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR GIT_DIR
make_pki "$dir"; make_daemon "$dir"; echo "repeats: 1000000000" >>valised.yaml
sed -i 's/text: 64 MiB/text: 2 GiB/' policies/agreement.yaml
start_daemon "$dir" || exit
enrol "$dir" mofa mofa-minister iom-chief-of-mission iom-geneva >/dev/null
at() { local o=$1; shift; "$valise" --config "offices/$o/config.yaml" "$@"; }
client=(127.0.0.1 "$(cat port)" offices/mofa/ca.pem offices/mofa/cert.pem offices/mofa/key.pem)
text() { head -c "$1" /dev/urandom | base64 -w 72 | head -c "$1" || true; }
mkdir -p www; head -c 1024 /dev/zero | tr '\0' a >www/small
cores=$(nproc) hz=$(getconf CLK_TCK)
# CPU of the daemon and of its signer, of which it is the parent, in ticks
ticks() {
	local p; p=$(cat pid)
	cat "/proc/$p/stat" $(pgrep -P "$p" | sed 's|.*|/proc/&/stat|') |
		sed 's/.*) //' | awk '{ n += $12 + $13 } END { print n }'
}
# FROM TO N: ms of CPU each
ticks_ms() { awk -v a="$1" -v b="$2" -v n="$3" -v hz="$hz" 'BEGIN { printf "%.3f", (b - a) * 1000 / hz / n }'; }
# us of CPU that the kernel takes for a new file: what was deleted before, by
# whomever, is in each figure of what makes files
new_file_us() {
	python3 -c '
import os
os.makedirs("new/files", exist_ok=True)
before = os.times().system
for i in range(4000):
    os.close(os.open("new/files/%d" % i, os.O_CREAT | os.O_WRONLY))
print("%.0f" % ((os.times().system - before) / 4000 * 1e6))'
}
# COUNT BYTES PREFIX CONNECTIONS: deposits so many; prints how many a second
deposit_many() { mkdir "made-$3" && "$bench" make "made-$3" offices/mofa "$1" "$2" "$3" >/dev/null && "$bench" put "${client[@]}" "made-$3" "$4" | cut -d' ' -f1; }
entries() { page /metrics >/dev/null; sed -n 's/^valise_journal_entries //p' page; }
# CLERKS PATH CONNECTIONS DOCUMENTS: copies a second; each must have an entry of
# its own, so no clerk is given one twice.
deliveries() {
	local before after out; before=$(entries)
	out=$("$bench" get 127.0.0.1 "$(cat port)" offices/mofa/ca.pem "$1" clerks/key.pem "$2" "$3" "$secs" "$4"); after=$(entries)
	[ "$((after - before))" = "${out##* }" ] || { echo "${out##* } copies have $((after - before)) entries: more documents are needed" >&2; exit 1; }
	echo "${out%% *}"
}
# PID: its memory in KiB, without files that are mapped, which the kernel takes
# back when it needs to; all of it in KiB; the most it ever was in MiB
anon() { awk '/^RssAnon/ { print $2 }' "/proc/$1/status"; }
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
peak() { awk '/^VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$1/status" 2>/dev/null; }
# COMMAND…: the most memory that it ever had, in MiB
watch_peak() {
	local m=0 k
	"$@" >watched.out 2>&1 & local p=$!
	while kill -0 $p 2>/dev/null; do k=$(peak $p); [ "${k:-0}" -gt "$m" ] && m=$k; sleep 0.05; done
	wait $p || { cat watched.out >&2; exit 1; }
	echo "$m"
}
# PATH: ms from the request to the first byte of its answer, which is in page
page() { curl -s -o page --cacert offices/mofa/ca.pem --cert offices/mofa/cert.pem --key offices/mofa/key.pem -w '%{time_pretransfer} %{time_starttransfer}\n' "$(cat url)$1" | awk '{ printf "%.1f\n", ($2 - $1) * 1000 }'; }
