#!/bin/sh
# The desk: who gets in, what its pages are answered, and how it ends.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-geneva >/dev/null
deposit mofa first >/dev/null
deposit mofa second >/dev/null
export XDG_RUNTIME_DIR=$dir/work/run; mkdir -m 700 "$XDG_RUNTIME_DIR"
# [OPTION…]: it listens at $desk, its process is $desk_pid, the file that opens it $page
open_desk() {
	rm -f work/desk
	"$valise" --config offices/mofa/config.yaml --json desk --no-browser "$@" >work/desk 2>work/desk.err & desk_pid=$!
	until [ -s work/desk ] 2>/dev/null || ! kill -0 $desk_pid 2>/dev/null; do sleep 0.02; done
	desk=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' work/desk) page=$(sed -n 's/.*"open":"\([^"]*\)".*/\1/p' work/desk)
	token=$(sed -n 's/.*#token=\([0-9a-f]*\)".*/\1/p' "$page")
}
# TOKEN
enter() { curl -s -X POST -d "{\"token\":\"$1\"}" "http://$desk/desk/session"; }
let_in() { secret=$(enter "$token" | sed -n 's/^{"secret":"\([0-9a-f]\{64\}\)"}$/\1/p'); }
ask() { path=$1; shift; curl -s -H "Valise-Desk: $secret" "$@" "http://$desk$path"; }
status() { ask "$@" -o work/answer -w '%{http_code}'; }
close_desk() { kill "$desk_pid"; wait "$desk_pid"; }

# --- The way in. ---
open_desk
check "it listens on this machine alone" sh -c "expr '$desk' : '127\.[0-9.]*:[0-9]*$' >/dev/null"
check "only this person can read the file that opens it" test "$(stat -c %a "$page")" = 600
check "it is in the folder of this session" test "$(dirname "$page")" = "$XDG_RUNTIME_DIR"
echo "$token" >work/token
check "no argument of a process has the token" sh -c "! cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -qf work/token"
secret=0000000000000000000000000000000000000000000000000000000000000000
check "nobody gets in before the token is given" test "$(status /v1/documents)" = 401
check "another token is refused" test "$(curl -s -o work/answer -w '%{http_code}' -d '{"token":"'$secret'"}' "http://$desk/desk/session")" = 403
check "so is what is none" test "$(curl -s -o work/answer -w '%{http_code}' -d '{}' "http://$desk/desk/session")" = 422
let_in
check "the token is given for a secret" test ${#secret} = 64
check "which is another word" test "$secret" != "$token"
check "with it a page is answered" test "$(status /v1/documents)" = 200
ask '/v1/documents?limit=1' >work/answer
cursor=$(sed -n 's/.*"cursor":"\([^"]*\)".*/\1/p' work/answer)
check "a page of the register leads to the next" sh -c "grep -q agreement/first work/answer && test -n '$cursor'"
ask "/v1/documents?limit=1&cursor=$cursor" >work/answer
check "which is the last" sh -c "grep -q agreement/second work/answer && ! grep -q agreement/first work/answer && grep -q '\"cursor\":null' work/answer"
check "there is no cookie" sh -c "! curl -sD - -o work/answer -H 'Valise-Desk: $secret' http://$desk/desk | grep -qi '^set-cookie'"
check "a cookie is no way in" test "$(curl -s -o work/answer -w '%{http_code}' -b "Valise-Desk=$secret" "http://$desk/v1/documents")" = 401
check "no way in by the query" test "$(curl -s -o work/answer -w '%{http_code}' "http://$desk/v1/documents?Valise-Desk=$secret")" = 401
check "answers are not kept" sh -c "curl -sD - -o work/answer -H 'Valise-Desk: $secret' http://$desk/v1/documents | grep -qi '^cache-control: no-store'"

# --- From where. ---
while IFS='|' read -r want path header; do
	got=$(curl -s -o work/answer -w '%{http_code}' -H "Valise-Desk: $secret" -H "$header" "http://$desk$path")
	[ "$got" = "$want" ] && ok "$want: $path with $header" || not_ok "$got, not $want: $path with $header"
done <<END
403|/v1/documents|Host: evil.example
403|/|Host: evil.example
403|/v1/documents|Origin: http://evil.example
403|/v1/documents|Origin: null
200|/v1/documents|Origin: http://$desk
403|/v1/documents|Sec-Fetch-Site: cross-site
403|/v1/documents|Sec-Fetch-Site: same-site
200|/v1/documents|Sec-Fetch-Site: same-origin
403|/desk/session|Sec-Fetch-Site: cross-site
END
for field in "Host: $desk" "Origin: http://$desk" "Sec-Fetch-Site: same-origin" "Valise-Desk: $secret"; do
	printf 'GET /v1/documents HTTP/1.1\r\nHost: %s\r\nValise-Desk: %s\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://%s\r\n%s\r\nConnection: close\r\n\r\n' "$desk" "$secret" "$desk" "$field" >work/twice
	check "a field that is judged is there once: ${field%%:*}" python3 -c 'import socket, sys
host, port = sys.argv[1].split(":")
s = socket.create_connection((host, int(port))); s.sendall(open("work/twice", "rb").read())
sys.exit(s.recv(100)[:12] not in (b"HTTP/1.1 403", b"HTTP/1.1 400"))' "$desk"
done
check "no other site may read an answer" sh -c "! curl -sD - -o work/answer -H 'Valise-Desk: $secret' -H 'Origin: http://$desk' http://$desk/v1/documents | grep -qi '^access-control'"
check "a page's file is opened by a link from anywhere" test "$(curl -s -o work/answer -w '%{http_code}' -H 'Sec-Fetch-Site: cross-site' -H 'Sec-Fetch-Mode: navigate' -H 'Sec-Fetch-Dest: document' "http://$desk/")" = 200
check "it has a policy for its contents" sh -c "curl -sD - -o work/answer http://$desk/ | grep -q \"^Content-Security-Policy: default-src 'none'\""
check "and a tag, by which it is not sent again" sh -c "tag=\$(curl -sD - -o work/answer http://$desk/ | sed -n 's/^ETag: //p' | tr -d '\r'); test \"\$(curl -s -o work/answer -w '%{http_code}' -H \"If-None-Match: \$tag\" http://$desk/)\" = 304"

# --- What pages are answered is what the commands print. ---
same() { # PATH COMMAND…
	path=$1; shift
	ask "$path" >work/page.json; at mofa --json "$@" >work/command.json 2>work/err
	check "as the command: $*" python3 -c 'import json, sys
def timeless(x):
    if isinstance(x, dict): return {k: timeless(v) for k, v in x.items() if k not in ("seen", "size")}
    return [timeless(v) for v in x] if isinstance(x, list) else x
a, b = (timeless(json.load(open(f))) for f in ("work/page.json", "work/command.json"))
sys.exit(0 if a == b else f"{a}\n{b}")'
}
same /v1/documents list
same "/v1/documents?type=agreement&status=draft" list agreement --status draft
same "/v1/documents?proved=all" list --proved
same /v1/documents/agreement/first show agreement/first
same "/v1/documents/agreement/first?version=1" show agreement/first@1
same "/desk/history?document=agreement/first" history agreement/first
same "/v1/journal/entries?act=deposit" log --act deposit
same "/desk/policy" policy show
same "/desk/policy?digest=$(policy_of mofa)" policy show "$(policy_of mofa)"
same "/desk/bags?to=iom-bangkok" bag list --to iom-bangkok
ask /desk/health >work/health
check "the depositary's office sees how the daemon is" python3 -c 'import json
a = json.load(open("work/health"))
assert a["register"] is True and a["health"]["size"] > 0 and "\nvalise_journal_entries " in a["metrics"]'
printf '%s\0' --json --config=offices/iom-geneva/config.yaml desk | "$VALISE_BUILD/valise-desk" --run >work/health
check "another office sees that it is well, and no figures" grep -q '"health":{"status":"ok"}.*"metrics":null' work/health
same "/v1/journal/entries?newest=2&before=4" log --newest 2 --before 4
while IFS='|' read -r want code path; do
	got=$(status "$path")
	[ "$got" = "$want" ] && grep -q "\"code\":\"$code\"" work/answer && ok "$want $code: $path" || { not_ok "$got, not $want $code: $path"; cat work/answer >&2; }
done <<'END'
404|NOT_FOUND|/v1/documents/agreement/nothing
404|NOT_FOUND|/desk/nothing
400|USAGE|/v1/documents?status=soon
422|MALFORMED|/v1/documents?nothing=1
422|MALFORMED|/v1/documents?proved=1
422|MALFORMED|/v1/documents?status=draft&status=draft
422|MALFORMED|/v1/documents?status=dr%00aft
422|MALFORMED|/desk/diff?document=agreement/first&from=1
END
check "what looks like an option is none" sh -c "test '$(status '/v1/documents?type=--proved')' = 400"
check "an option's value stays one" sh -c "test '$(status '/v1/journal/entries?document=agreement/first%0a--csv')' != 200"

# --- Events. ---
timeout 60 curl -sN -H "Valise-Desk: $secret" "http://$desk/v1/events?from=0" >work/events & events=$!
until grep -q '"act":"deposit"' work/events 2>/dev/null || ! kill -0 $events; do sleep 0.02; done
deposit mofa third >/dev/null
until grep -q agreement/third work/events 2>/dev/null || ! kill -0 $events; do sleep 0.02; done
check "events come as they happen" grep -q agreement/third work/events
of_desk() { cat /proc/[0-9]*/stat 2>/dev/null | awk -v p="$desk_pid" '$4 == p && $3 != "Z"' | wc -l; }
check "a process follows them" test "$(of_desk)" = 1
kill $events; wait $events 2>/dev/null
n=0; until [ "$(of_desk)" = 0 ] || [ $n = 500 ]; do n=$((n + 1)); sleep 0.02; done
check "it ends with who listens" test "$(of_desk)" = 0
timeout 60 curl -sN -H "Valise-Desk: $secret" "http://$desk/v1/events?from=0" >work/events & events=$!
until grep -q '"act":"deposit"' work/events 2>/dev/null || ! kill -0 $events; do sleep 0.02; done

# --- The token again. ---
check "a token that is used twice is refused" sh -c "test \"\$(curl -s -o work/answer -w '%{http_code}' -d '{\"token\":\"$token\"}' http://$desk/desk/session)\" = 403"
check "it ends the session" test "$(status /v1/documents)" = 401
check "the page is told why" grep -q "token was used twice" work/answer
check "so is the terminal" grep -q "somebody else may have read it" work/desk.err
close_desk; rc=$?
check "a signal ends it, though somebody listens" test $rc = 0
wait $events
check "the file that opened it is gone" test ! -e "$page"
check "nobody is served at its port" sh -c "! curl -s -o work/answer http://$desk/"

# --- Its end. ---
open_desk; let_in
check "a page ends it" test "$(status /desk/end -X POST)" = 200
wait "$desk_pid"; rc=$?
check "as a signal does" test $rc = 0
(exec sh -c "\"$valise\" --config work/none.yaml --json desk --no-browser --idle 2s >work/none.json") & none=$!
until [ -s work/none.json ] || ! kill -0 $none; do sleep 0.02; done
desk=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' work/none.json) page=$(sed -n 's/.*"open":"\([^"]*\)".*/\1/p' work/none.json)
token=$(sed -n 's/.*#token=\([0-9a-f]*\)".*/\1/p' "$page"); let_in
check "without a configuration there is a desk, which says so" sh -c "curl -s -H 'Valise-Desk: $secret' http://$desk/desk | grep -q '\"enrolled\":false,.*\"why\":\"[^\"]'"
wait $none
open_desk --idle 2s
wait "$desk_pid"; rc=$?
check "without use it ends" test $rc = 0
expect "a time that is none" 2 "is not a time such as" at mofa desk --idle soon --no-browser
chmod 755 "$XDG_RUNTIME_DIR"
open_desk
check "no file goes to a folder that others may enter" test "$(dirname "$page")" != "$XDG_RUNTIME_DIR"
close_desk
finish
