# server.sh - what the server of a database does, for the benchmarks.  Sourced.

# CPU of the private server, in ticks: of its processes, and of those that ended
server_ticks() {
	local p; p=$(head -n 1 "$postgres/data/postmaster.pid")
	# shellcheck disable=SC2046 # a list of files
	cat "/proc/$p/stat" $(pgrep -P "$p" | sed 's|.*|/proc/&/stat|') 2>/dev/null |
		sed 's/.*) //' | awk 'NR == 1 { n = $14 + $15 } { n += $12 + $13 } END { print n }'
}
