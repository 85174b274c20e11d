#!/bin/sh
# The modules of web/lib by themselves, in node: tests/web/unit, with copies
# that this build made.
. "$(dirname "$0")/lib.sh"

if ! command -v node >/dev/null; then
	echo "skipped: nodejs is not installed"
	ok "skipped"
	finish
fi
start
enrol "$dir" mofa >/dev/null || { not_ok "mofa enrols"; finish; }
seq 1 20000 >work/many.txt
head -c 20000 /dev/urandom | base64 >work/random.txt
check "a deposit" at mofa push agreement/web --text lo=work/lo.txt \
	--text en=work/many.txt --annex work/random.txt --title "en=The web" --title "lo=ສັນຍາ"
mkdir work/copies
check "its copy" at mofa fetch agreement/web -o work/copies/web.asice

export VALISE_COPIES="$dir/work/copies"
for test in "$top"/tests/web/unit/*.test.mjs; do
	name=$(basename "$test" .test.mjs)
	if node --test --test-reporter=tap "$test" >work/tap 2>&1; then
		ok "$name"
		passed=$((passed - 1 + $(sed -n 's/^# pass //p' work/tap)))
		sed -n 's/^ok [0-9]* - \(.*\) # SKIP/  skipped: \1:/p' work/tap
	else
		not_ok "$name"; grep -A 8 '^not ok' work/tap | head -n 40 >&2
	fi
done
finish
