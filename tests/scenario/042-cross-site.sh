#!/bin/sh
# A page of another site makes its visitor's browser send requests with the
# visitor's certificate: each is refused, and nothing is journaled.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa >/dev/null
deposit mofa one >/dev/null
at mofa fetch agreement/one -o work/one.asice >/dev/null
size() { curl_as mofa /v1/journal/checkpoint | sed -n 2p; }
# METHOD PATH [curl's options]: the status
status() {
	method=$1 path=$2; shift 2
	case $method in HEAD) set -- -I "$@" ;; GET | OPTIONS | DELETE) set -- -X "$method" "$@" ;;
	*) set -- -X "$method" --data-binary @work/one.asice "$@" ;; esac
	curl_as mofa "$path" -m 20 -o work/answer -w '%{http_code}' "$@"
}
here=$(cat url)

# Every route that there is, by the table itself; '*' is what a deposit has there.
sed -n '/^static const struct route routes/,/^};/s/^	{ "\([A-Z]*\)", "\([^"]*\)".*/\1 \/\2/p' "$top/daemon/api/api.c" |
	sed 's|documents/\*/\*|documents/agreement/one|; s|versions/\*|versions/1|; s|entries/\*|entries/0|; s|tile/\*\*|tile/0/000.p/1|
		s|crls/\*|crls/latest|; s|/\*|/00000000|' >work/routes
check "the routes are read" test "$(wc -l <work/routes)" -ge 25
echo 'HEAD /v1/documents/agreement/one/versions/1' >>work/routes
echo 'OPTIONS /v1/documents/agreement/one/versions/1' >>work/routes
echo 'GET /nothing/here' >>work/routes
echo 'GET /v1/documents/nosuch/doc/versions/1' >>work/routes
echo 'GET /v1/documents/agreement/one/versions/1?bag=00' >>work/routes
before=$(size)
while read -r method path; do
	for field in 'Sec-Fetch-Site: cross-site' 'Sec-Fetch-Site: same-site' 'Origin: https://evil.example' 'Origin: null' \
		"Origin: http${here#https}" "Origin: ${here%:*}"; do
		got=$(status "$method" "$path" -H "$field")
		if [ "$got" != 403 ]; then not_ok "$method $path, $field: $got"
		elif [ "$method" != HEAD ] && ! grep -q 'another site' work/answer; then not_ok "$method $path, $field: it says why"
		else ok "$method $path, $field"; fi
	done
done <work/routes
[ "$(size)" = "$before" ] && ok "nothing was journaled" || not_ok "nothing was journaled: $before, now $(size)"
expect "no upload was begun" 0 '^0$' sh -c 'find data/spool -type f | wc -l'

# A link leads to the pages (182-register), and to nothing else.
[ "$(status GET /v1/documents/agreement/one/versions/1 -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document')" = 403 ] &&
	ok "nor by a link on it" || not_ok "nor by a link on it"
[ "$(size)" = "$before" ] && ok "that delivers nothing" || not_ok "that delivers nothing"

# Who types the address, a page of our own, and programs, which say neither.
for field in 'Sec-Fetch-Site: none' 'Sec-Fetch-Site: same-origin' "Origin: $here" 'X-Nothing: x'; do
	[ "$(status GET /v1/documents/agreement/one/versions/1 -H "$field")" = 200 ] && ok "$field" || not_ok "$field"
	[ "$(status POST /v1/documents/agreement/one/termination -H "$field")" = 403 ] && grep -q "may not terminate" work/answer &&
		ok "$field, and the policy judges" || not_ok "$field, and the policy judges"
done
expect "those were journaled" 0 "deliver" at mofa log --act deliver
[ "$(size)" -gt "$before" ] && ok "each" || not_ok "each"
expect "who asked so is in the daemon's log" 0 'person="*treaties@mofa.example.*status=403' grep 'status=403' log
finish
