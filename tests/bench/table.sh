# table.sh - the rows of all benchmarks: printed one way, kept as figures, and
# compared with what is wanted.  Sourced.
#
# A figure is a number and a unit ("0.85x", "1.2 ms"); what is wanted of it is
# "at least FIGURE", "at most FIGURE", or other words, which are only told.

# WHAT OURS UNIT PEER PEER'S FIGURE WANTED
row() {
	printf '%-46s %10s %-6s %-30s %10s  %s (wanted %s)\n' "$1" "$2" "$3" "$4" "$5" "$6" "$7"
	[ -z "${BENCH_RESULTS:-}" ] || printf '%s|%s|%s|%s|%s|%s|%s\n' "$@" >>"$BENCH_RESULTS"
}
# A ÷ B with an x; a dash where one of them was not measured.
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (a == "" || b == "" || b + 0 == 0) print "-"; else printf "%.2fx", a / b }'; }
# EXPRESSION in awk's words, printed by FORMAT: calc %.1f "3 / 2"
calc() { awk "BEGIN { printf \"$1\", $2 }"; }
now() { date +%s.%N; }
per_s() { awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%.2f", n / (b - a) }'; }
declare -A got
# KEY VALUE: one of the values of which the median is asked later
note() { got[$1]+="$2 "; }
median() { tr ' ' '\n' <<<"${got[$1]:-}" | grep . | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# COMMAND…: wall, user and system seconds, children included
timed() { local TIMEFORMAT='%R %U %S'; { time "$@" >timed.out 2>timed.err || { cat timed.out timed.err >&2; exit 1; }; } 2>&1 | tail -n 1; }
# PROGRAM NAME: the peer's name, or that it is not there
peer_name() { if command -v "$1" >/dev/null; then echo "$2"; else echo "$1 is not installed"; fi; }

# FILE…: kept rows as the table; the last line says how many are reached.  With
# $markdown the table is for a document.
print_table() {
	if [ -n "${markdown:-}" ]; then printf '| what | measured | beside | figure | wanted | |\n| --- | ---: | --- | ---: | --- | --- |\n'
	else printf '%-50s %12s  %-40s %12s  %-18s %s\n' what today beside figure wanted ""; fi
	awk -F'|' -v markdown="${markdown:-}" '
	{
		want = $7; sub(/^at (least|most) /, "", want)
		state = ""
		if ($6 ~ /^-?$/ && $4 ~ /not installed/) { state = "not measured"; missing++ }
		else if ($7 ~ /^at least /) state = $6 + 0 >= want + 0 ? "reached" : "NOT REACHED"
		else if ($7 ~ /^at most /) state = $6 + 0 <= want + 0 ? "reached" : "NOT REACHED"
		if (state == "reached") reached++
		if (state == "NOT REACHED") open++
		if (markdown) sub(/^  /, "… ", $1)
		printf markdown ? "| %s | %s | %s | %s | %s | %s |\n" : "%-50s %12s  %-40s %12s  %-18s %s\n",
			$1, $2 " " $3, ($4 == "" ? "" : $4 " " $5), $6, $7, state
	}
	END { if (markdown) print ""; printf "%d reached, %d not reached, %d not measured\n", reached, open, missing }' "$@"
}
