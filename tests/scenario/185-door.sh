#!/bin/sh
# The desk's door: it is open for the browser that the desk opened, and for
# nobody else: not another site, name, person or uid, nor a token used before.
. "$(dirname "$0")/lib.sh"
export XDG_RUNTIME_DIR="$dir/run"
mkdir -m 700 "$XDG_RUNTIME_DIR"
start
enrol "$dir" mofa iom-geneva >/dev/null || not_ok "two offices"
deposit mofa one >/dev/null

# [OPTION…]: mofa's desk; $host, $port, $file and $token are its
open_desk() {
	: >work/desk
	"$valise" --config offices/mofa/config.yaml desk --no-browser "$@" >work/desk 2>&1 </dev/null & desk_pid=$!
	until grep -q 'open .*html' work/desk; do
		kill -0 "$desk_pid" 2>/dev/null || { not_ok "the desk starts"; cat work/desk >&2; finish; }
		sleep 0.02
	done
	host=$(sed -n 's|.*http://\([0-9.]*\):[0-9]*/.*|\1|p' work/desk)
	port=$(sed -n 's|.*http://[0-9.]*:\([0-9]*\)/.*|\1|p' work/desk)
	file=$(sed -n 's|^open \(/[^ ]*\.html\).*|\1|p' work/desk)
	token=$(sed -n 's/.*#token=\([0-9a-f]*\).*/\1/p' "$file")
}
end_desk() { kill -INT "$desk_pid"; wait "$desk_pid"; }
trap 'kill -9 "${desk_pid:-}" ${watcher:-} 2>/dev/null; stop_all; chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
# PATH [OPTION…]: what it answers is in work/body, its head in work/head; prints the status
ask() { path=$1; shift; curl -sS --noproxy '*' -m 20 -o work/body -D work/head -w '%{http_code}' "$@" "http://$host:$port$path"; }
# NAME STATUS PATH [OPTION…]
answers() { name=$1 status=$2; shift 2; got=$(ask "$@"); [ "$got" = "$status" ] && ok "$name" || { not_ok "$name: $got, not $status"; head -c 300 work/body >&2; }; }
# In files: another uid reads what curl is given as arguments.
enter() {
	printf '{"token":"%s"}' "$1" >work/token
	got=$(ask /desk/session -H "Content-Type: application/json" -d @work/token)
	secret=$(sed -n 's/.*"secret": *"\([0-9a-f]*\)".*/\1/p' work/body)
	printf 'Valise-Desk: %s\n' "$secret" >work/secret
	[ "$got" = 200 ]
}

# --- The file that opens the browser. ---
# Another uid looks at every process, all the time, from before the desk starts.
if [ "$(id -u)" = 0 ]; then
	cat >work/watch.py <<-'END'
	import glob, os, sys, time
	seen = set()
	os.setgid(65534); os.setuid(65534)
	print("ready", flush=True)
	while not os.path.exists(sys.argv[1]):
	    for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
	        try:
	            text = open(path, "rb").read()
	        except OSError:
	            continue
	        if text not in seen:
	            seen.add(text); sys.stdout.buffer.write(text + b"\n")
	    sys.stdout.flush(); time.sleep(0.001)
	END
	chmod 755 "$dir" work
	python3 work/watch.py "$dir/work/enough" >work/watched 2>&1 & watcher=$!
	until grep -q ready work/watched; do sleep 0.02; done
fi
open_desk
[ ${#token} = 64 ] && ok "the token has 256 bits" || not_ok "the token is \"$token\""
[ "$(dirname "$file")" = "$XDG_RUNTIME_DIR" ] && ok "its file is in XDG_RUNTIME_DIR" || not_ok "its file is $file"
[ "$(stat -c %a "$file")" = 600 ] && ok "for this person alone" || not_ok "its mode is $(stat -c %a "$file")"
printf '%s\n' "$token" >work/words; ! grep -qFf work/words work/desk && ok "the terminal does not say it" || not_ok "the terminal says the token"
listens=$(awk -v port="$(printf %04X "$port")" '$4 == "0A" && $2 ~ ":" port "$" { print $2 }' /proc/net/tcp /proc/net/tcp6)
# The kernel writes the address as this machine has the number.
here=$(python3 -c 'import socket, struct, sys; print("%08X" % struct.unpack("=I", socket.inet_aton(sys.argv[1])))' "$host")
[ "${host%%.*}" = 127 ] && [ "$listens" = "$here:$(printf %04X "$port")" ] && ok "it listens on loopback only" || not_ok "it listens at $listens"

# --- Without a session. ---
answers "the page is for everybody" 200 /
check "it lets nobody frame it" grep -qi "^content-security-policy:.*frame-ancestors 'none'" work/head
check "it runs no script but its own" grep -qi "^content-security-policy: default-src 'none';.*script-src 'self';" work/head
check "it wants Trusted Types" grep -qi "require-trusted-types-for 'script'" work/head
check "its type is not guessed" grep -qi "^x-content-type-options: nosniff" work/head
check "it tells nobody where one comes from" grep -qi "^referrer-policy: no-referrer" work/head
for path in /desk /v1/documents /v1/documents/agreement/one /v1/checkpoint /desk/policy /desk/status; do
	answers "no session: $path" 401 $path
	answers "a secret of zeros: $path" 401 $path -H "Valise-Desk: $(printf '%064d' 0)"
done
answers "no session, to do something" 401 /desk/sign -H "Content-Type: application/json" -d '{"document":"agreement/one","version":1}'
check "no cookie was set" sh -c '! grep -qi ^set-cookie work/head'
answers "a token of zeros" 403 /desk/session -H "Content-Type: application/json" -d "{\"token\":\"$(printf '%064d' 0)\"}"
enter "$token" && [ ${#secret} = 64 ] && ok "the token opens a session" || not_ok "the token opens a session"
answers "which the desk knows" 200 /desk -H @work/secret
check "it says who this is" grep -q '"office": *"mofa"' work/body
answers "the register" 200 "/v1/documents" -H @work/secret
check "has the document" grep -q '"agreement/one"' work/body
check "and is not kept" grep -qi '^cache-control: no-store' work/head
check "no cookie was set by the session" sh -c '! grep -qi ^set-cookie work/head'

# --- Other names, other sites: with the secret, and still not. ---
knows="-H @work/secret"
for other in "localhost:$port" "$host" "evil.example:$port" "$host:1" "127.0.0.1:$port" "[::1]:$port"; do
	# shellcheck disable=SC2086
	answers "by the name $other" 403 /desk $knows -H "Host: $other"
	answers "not even the page: $other" 403 / -H "Host: $other"
done
# No Host header.
for head in "X-None: 1"; do
	printf "GET /desk HTTP/1.1\r\n$head\r\nValise-Desk: $secret\r\nConnection: close\r\n\r\n" |
		python3 -c 'import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2]))); s.sendall(sys.stdin.buffer.read()); s.settimeout(10); print(s.recv(99999).decode().split("\r\n")[0])' "$host" "$port" >work/raw
	grep -q '^HTTP/1.1 40[03]' work/raw && ok "with the head $head" || not_ok "with the head $head: $(cat work/raw)"
done
for origin in http://evil.example null "http://localhost:$port" "https://$host:$port" "http://$host:1" "http://127.0.0.1:$port" "http://$host:$port.evil.example"; do
	# shellcheck disable=SC2086
	answers "from the origin $origin" 403 /desk $knows -H "Origin: $origin"
	check "which is told nothing about CORS" sh -c '! grep -qi "^access-control" work/head'
	answers "nor takes a token from $origin" 403 /desk/session -H "Origin: $origin" -d '{}'
done
for site in cross-site same-site; do
	# shellcheck disable=SC2086
	answers "asked by a page of $site" 403 /desk $knows -H "Sec-Fetch-Site: $site" -H "Sec-Fetch-Mode: cors" -H "Sec-Fetch-Dest: empty"
	# shellcheck disable=SC2086
	answers "a navigation to what is no page, from $site" 403 /desk $knows -H "Sec-Fetch-Site: $site" -H "Sec-Fetch-Mode: navigate" -H "Sec-Fetch-Dest: document"
	answers "a link to the page, from $site" 200 / -H "Sec-Fetch-Site: $site" -H "Sec-Fetch-Mode: navigate" -H "Sec-Fetch-Dest: document"
	answers "a frame of the page, from $site" 403 / -H "Sec-Fetch-Site: $site" -H "Sec-Fetch-Mode: navigate" -H "Sec-Fetch-Dest: iframe"
	answers "a script of the page's, from $site" 403 /app.js -H "Sec-Fetch-Site: $site" -H "Sec-Fetch-Mode: no-cors" -H "Sec-Fetch-Dest: script"
done
# shellcheck disable=SC2086
answers "a preflight" 403 /desk -X OPTIONS -H "Origin: http://evil.example" -H "Access-Control-Request-Method: POST"
check "is not agreed to" sh -c '! grep -qi "^access-control" work/head'
# shellcheck disable=SC2086
answers "its own page" 200 /desk $knows -H "Origin: http://$host:$port" -H "Sec-Fetch-Site: same-origin"

# --- A second uid. ---
if [ -n "${watcher:-}" ]; then
	nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
	chmod 755 "$dir"
	! nobody cat "$file" >/dev/null 2>&1 && ok "another uid cannot read the file" || not_ok "another uid reads the file"
	! nobody ls "$XDG_RUNTIME_DIR" >/dev/null 2>&1 && ok "nor look into its folder" || not_ok "another uid looks into the folder"
	! nobody cat "/proc/$desk_pid/environ" >/dev/null 2>&1 && ok "nor at the desk's environment" || not_ok "another uid reads the desk's environment"
	got=$(nobody curl -s --noproxy '*' -m 20 -o /dev/null -w '%{http_code}' "http://$host:$port/")
	[ "$got" = 000 ] && ok "it gets no answer, not even the page" || not_ok "another uid is answered: $got"
	# Nor does it take the connections away from who the desk is for.
	cat >work/crowd.py <<-'END'
	import encodings.idna, os, socket, sys
	os.setgid(65534); os.setuid(65534)
	held = [socket.create_connection((sys.argv[1], int(sys.argv[2])), 20) for n in range(200)]
	print("ready", flush=True)
	sys.stdin.read()
	END
	rm -f work/hold; mkfifo work/hold
	python3 work/crowd.py "$host" "$port" <work/hold >work/crowd 2>&1 & crowd=$!
	exec 9>work/hold
	until grep -q ready work/crowd; do kill -0 $crowd 2>/dev/null || { not_ok "the crowd: $(cat work/crowd)"; break; }; sleep 0.02; done
	# shellcheck disable=SC2086
	answers "two hundred connections of another uid keep nobody out" 200 /desk $knows
	exec 9>&-; wait "$crowd"
fi

# --- The same token again. ---
! enter "$token" && [ "$got" = 403 ] && ok "a token is good once" || not_ok "a token is good twice: $got"
check "the answer says why" grep -q TOKEN_USED_TWICE work/body
# shellcheck disable=SC2086
answers "and the session has ended" 401 /desk $knows
expect "which the terminal says" 0 "." grep -i "twice" work/desk
end_desk
[ ! -e "$file" ] && ok "the file goes with the desk" || not_ok "the file stays"

# --- A token that nobody used in time, and the next desk. ---
before=$host
open_desk
# shellcheck disable=SC2086
answers "the secret of the desk before" 401 /desk -H @work/secret
answers "the token of the desk before opens nothing" 403 /desk/session -d "{\"token\":\"$(printf '%064d' 7)\"}"
enter "$token" || not_ok "the second desk's token"
[ "$host" != "$before" ] && ok "no browser takes it for the one before" || not_ok "two desks are at $host"
end_desk
got=$(ask / 2>/dev/null); [ "$got" = 000 ] && ok "nothing answers after its end" || not_ok "something answers: $got"
if [ -n "${watcher:-}" ]; then
	: >work/enough; wait "$watcher"; watcher=
	tr '\0' ' ' <work/watched >work/seen
	grep -q 'valise.* desk --no-browser' work/seen && ok "the other uid watched" || not_ok "the other uid saw nothing of the desk"
	printf '%s\n' "$token" "$secret" >work/words
	! grep -qFf work/words work/seen && ok "and saw neither token nor secret" || not_ok "another uid saw the token or the secret"
	# What it gets where it serves the desk's port then: a secret of a desk that is gone.
	cat >work/thief.py <<-'END'
	import encodings.idna, http.server, os, sys
	os.setgid(65534); os.setuid(65534)
	site = http.server.HTTPServer((sys.argv[1], int(sys.argv[2])), http.server.SimpleHTTPRequestHandler)
	print("ready", flush=True); site.handle_request()
	END
	python3 work/thief.py "$host" "$port" >work/thief 2>&1 & thief=$!
	until grep -q ready work/thief; do kill -0 $thief 2>/dev/null || { not_ok "the thief: $(cat work/thief)"; break; }; sleep 0.02; done
	ask /desk -H @work/secret >/dev/null 2>&1; wait $thief
	cp work/secret work/old; open_desk
	answers "what it was told there opens no later desk" 401 /desk -H @work/old
	end_desk
else
	echo "  skipped: a second uid (only root can be one)"
fi
finish
