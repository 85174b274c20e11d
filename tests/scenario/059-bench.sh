#!/bin/sh
# The table of the benchmarks, made from stored figures: which goals are
# reached, which are not, and which had no peer.  Nothing is measured.
. "$(dirname "$0")/lib.sh"
done_with() { echo "$(basename "$0" .sh): $passed passed, $failed failed"; [ $failed = 0 ]; exit; }
bench=$top/tests/bench/run
mkdir work/kept
cat >work/kept/start <<-END
	under the most|2.31|ms|git --version|1.2|2.31 ms|at most 2.5 ms
	over the most|2.6|ms|git --version|1.2|2.6 ms|at most 2.5 ms
END
cat >work/kept/serving <<-END
	over the least|120|/s|nginx|100|1.20x|at least 0.9x
	under the least|80|/s|nginx|100|0.80x of its time|at least 0.9x
	told|7|MiB|||7 MiB|told
	no peer|80|/s|nginx or fcgiwrap is not installed||-|at least 0.9x
END
# ROW STATE
says() { check "$1: ${2:-nothing}" grep -q "^$1 .*[^A-Z] *${2:-told *}\$" work/table; }
check "a table of what is kept" sh -c "'$bench' --table --results work/kept start serving >work/table"
says "under the most" "  reached"
says "over the most" "NOT REACHED"
says "over the least" "  reached"
says "under the least" "NOT REACHED"
says "told" ""
says "no peer" "not measured"
check "it is added up" grep -qx '2 reached, 2 not reached, 1 not measured' work/table
check "nothing was measured" sh -c '! grep "^==" work/table'
expect "a subject that is not there" 2 "no subject nothing" "$bench" nothing
expect "an option that is not there" 2 "tests/bench/run" "$bench" --nothing
for file in run start push deposits fill verify serving audit lines bag list journal large turns; do
	check "$file is a program of bash" bash -n "$top/tests/bench/$file"
done
done_with
