#!/bin/sh
# The register: a browser with a certificate is given the pages, which hold no
# data; a link of any site may lead to them, and to nothing else.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa >/dev/null
deposit mofa one >/dev/null
size() { curl_as mofa /v1/journal/checkpoint | sed -n 2p; }
# OFFICE METHOD PATH [curl's options]: the status; work/head and work/answer
status() {
	office=$1 method=$2 path=$3; shift 3
	case $method in HEAD) set -- -I "$@" ;; P*) set -- -X "$method" --data-binary x "$@" ;; *) set -- -X "$method" "$@" ;; esac
	rm -f work/answer
	curl_as "$office" "$path" -m 20 -D work/head -o work/answer -w '%{http_code}' "$@"
}
# NAME STATUS OFFICE METHOD PATH [curl's options]
is() {
	name=$1 want=$2; shift 2
	got=$(status "$@")
	[ "$got" = "$want" ] && ok "$name" || not_ok "$name: $got, not $want"
}
# NAME: VALUE, a field of the last answer, once
field() {
	[ "$(tr -d '\r' <work/head | grep -i -c "^${1%%:*}:")" = 1 ] && tr -d '\r' <work/head | grep -i -q -F -x -e "$1" &&
		ok "$1" || { not_ok "the answer has \"$1\""; cat work/head >&2; }
}
names=$(sed -n "s/^	'\(.*\)',/\1/p" "$top/web/meson.build")
path_of() { [ "$1" = index.html ] && echo / || echo "/$1"; }
before=$(size)

# --- Each file, whole, from memory, with what confines it. ---
check "there are pages" test "$(echo "$names" | wc -l)" -ge 3
for file in $names; do
	path=$(path_of "$file")
	is "GET $path" 200 mofa GET "$path"
	check "$path is the file" cmp work/answer "$top/web/$file"
	check "$path has a type" grep -q -i -E '^content-type: (text/(html|css|javascript); charset=utf-8|application/json|image/svg\+xml)' work/head
	field "X-Content-Type-Options: nosniff"; field "Cache-Control: no-cache"; field "Referrer-Policy: no-referrer"
	field "Cross-Origin-Resource-Policy: same-origin"; field "Cross-Origin-Opener-Policy: same-origin"; field "Vary: Accept-Encoding"
	check "$path loads from nowhere else" grep -q -i "^content-security-policy: default-src 'none'; script-src 'self'; " work/head
	etag=$(tr -d '\r' <work/head | sed -n 's/^ETag: //p')
	is "$path is there" 200 mofa HEAD "$path"; field "Content-Length: $(stat -c %s "$top/web/$file")"
	is "$path is known" 304 mofa GET "$path" -H "If-None-Match: $etag"
	[ ! -s work/answer ] && ok "nothing is sent again" || not_ok "nothing is sent again"; field "ETag: $etag"; field "Cache-Control: no-cache"
	is "$path, another is known" 200 mofa GET "$path" -H 'If-None-Match: "0"'
	is "$path, packed" 200 mofa GET "$path" -H 'Accept-Encoding: br, gzip'
	if grep -q -i '^content-encoding: gzip' work/head; then
		gzip -dc <work/answer >work/plain 2>&1
		check "$path is the same" cmp work/plain "$top/web/$file"
		packed=$(tr -d '\r' <work/head | sed -n 's/^ETag: //p')
		[ "$packed" != "$etag" ] && ok "under an ETag of its own" || not_ok "under an ETag of its own"
		is "$path is known, packed" 304 mofa GET "$path" -H "If-None-Match: $packed" -H 'Accept-Encoding: gzip'
	else check "$path is no shorter so" cmp work/answer "$top/web/$file"; fi
done
is "with a query too" 200 mofa GET '/?from=mail'
check "the same" cmp work/answer "$top/web/index.html"
for path in /index.html /nosuch.js //style.css /../style.css /%73tyle.css /style.css/ /meson.build /lib /v1; do
	is "no page: $path" 404 mofa GET "$path" --path-as-is
done
for method in POST PUT DELETE OPTIONS PATCH; do is "$method / is none" 400 mofa $method /; done

# --- The first page: all that it loads, in the language of the most bytes, fields too. ---
cat >work/first.py <<'END'
import os, re, sys
web, loaded = sys.argv[1], []
def load(name):
    if name in loaded:
        return
    loaded.append(name)
    for path in re.findall(r'(?:from|import)\s*"(\.[^"]*)"', open(os.path.join(web, name)).read()):
        load(os.path.normpath(os.path.join(os.path.dirname(name), path)))
for name in re.findall(r'(?:src|href)="/([^"]+)"', open(web + "/index.html").read()):
    load(name) if name.endswith(".js") else loaded.append(name)
load("pages/documents.js")
languages = sorted(os.listdir(web + "/lang"), key=lambda name: os.path.getsize(web + "/lang/" + name))
print("\n".join(["index.html", "lang/" + languages[-1]] + loaded))
END
python3 work/first.py "$top/web" >work/first
check "it loads its modules" test "$(grep -c '\.js$' work/first)" -ge 3
while read -r file; do
	n=$(curl_as mofa "$(path_of "$file")" -H 'Accept-Encoding: gzip' -o work/answer -w '%{size_header} %{size_download}' </dev/null)
	echo "    $((${n% *} + ${n#* })) $file"
done <work/first >work/sizes
# And a hundred documents, with titles in two languages.
for i in $(seq 100 199); do
	printf -- '- document: agreement/of-cooperation-%s\n  title: {en: "Agreement on cooperation in the year of %s", lo: "ສັນຍາການຮ່ວມມື ປະຈໍາປີ %s"}\n  texts: {lo: lo.txt, en: en.txt}\n' $i $i $i
done >work/hundred.yaml
check "there are a hundred documents" at mofa push --batch work/hundred.yaml
n=$(curl_as mofa '/v1/documents?limit=100&sort=-date' -H 'Accept-Encoding: gzip' -o work/answer -w '%{size_header} %{size_download}')
echo "    $((${n% *} + ${n#* })) (a hundred documents)" >>work/sizes
check "as the first page asks for them" test "$(grep -o '"document":' work/answer | wc -l)" = 100
[ "$(awk '{ n += $1 } END { print n }' work/sizes)" -le 102400 ] && ok "the first page is small" || not_ok "the first page is over 100 KB"
echo "  the first page has $(awk '{ n += $1 } END { print n }' work/sizes) bytes in $(wc -l <work/sizes) files, of 102400"
[ -z "${VERBOSE:-}" ] || sort -rn work/sizes

# --- What the API says is kept by no browser, and taken for no page. ---
sed -n '/^static const struct route routes/,/^};/s/^	{ "GET", "\([^"]*\)".*/\/\1/p' "$top/daemon/api/api.c" |
	sed 's|documents/\*/\*|documents/agreement/one|; s|versions/\*|versions/1|; s|entries/\*|entries/0|; s|tile/\*\*|tile/0/000.p/1|
		s|crls/\*|crls/latest|; s|info/refs|info/refs?service=git-upload-pack|; s|/\*|/00000000|' >work/routes
check "the routes are read" test "$(wc -l <work/routes)" -ge 15
while read -r path; do
	got=$(status mofa GET "$path" --max-time 1 2>/dev/null)
	field "Cache-Control: no-store"; field "X-Content-Type-Options: nosniff"
	case $path in *00000000*) ;; *) [ "$got" = 200 ] || not_ok "$path: $got" ;; esac
done <work/routes

# --- Where a link of another site may lead. ---
# WANTED PATH FIELD…
from() {
	want=$1 method=$2 path=$3; shift 3
	said=$*; set --
	IFS=';'; for field in $said; do set -- "$@" -H "$field"; done; unset IFS
	is "$method $path, $said: $want" "$want" mofa "$method" "$path" "$@"
}
visit='Sec-Fetch-Mode: navigate;Sec-Fetch-Dest: document'
before=$(size)
for path in / /app.js /style.css; do
	for site in cross-site same-site none same-origin; do
		from 200 GET $path "Sec-Fetch-Site: $site;$visit"
	done
	for site in cross-site same-site; do
		from 403 HEAD $path "Sec-Fetch-Site: $site;$visit"
		from 403 POST $path "Sec-Fetch-Site: $site;$visit"
		from 403 GET $path "Sec-Fetch-Site: $site"
		for dest in iframe frame embed object image script style font empty worker report; do
			for mode in navigate nested-navigate no-cors cors same-origin websocket; do
				from 403 GET $path "Sec-Fetch-Site: $site;Sec-Fetch-Mode: $mode;Sec-Fetch-Dest: $dest"
			done
		done
		for mode in no-cors cors same-origin websocket nested-navigate; do
			from 403 GET $path "Sec-Fetch-Site: $site;Sec-Fetch-Mode: $mode;Sec-Fetch-Dest: document"
		done
		from 403 GET $path "Sec-Fetch-Site: $site;$visit;Origin: https://evil.example"
	done
done
for path in /v1/documents /v1/documents/agreement/one /v1/documents/agreement/one/versions/1 /v1/journal/entries /v1/events /health /metrics \
	/nosuch.js /index.html /git/info/refs; do
	from 403 GET $path "Sec-Fetch-Site: cross-site;$visit"
	from 403 GET $path "Sec-Fetch-Site: same-site;$visit"
done
[ "$(size)" = "$before" ] && ok "nothing was journaled" || not_ok "nothing was journaled: $before, now $(size)"

# --- A page of ours asks: documents, and what comes. ---
from 200 GET /v1/documents 'Sec-Fetch-Site: same-origin;Sec-Fetch-Mode: cors;Sec-Fetch-Dest: empty'
curl_as mofa "/v1/events?from=0" -N -m 20 -H 'Sec-Fetch-Site: same-origin' -H 'Sec-Fetch-Mode: cors' -H 'Sec-Fetch-Dest: empty' \
	-D work/head 2>/dev/null | sed -n '/^event: deposit/q'
field "Content-Type: text/event-stream"

# --- Only who may connect, of an office. ---
expect "nothing is said to a stranger" 56 "" curl -sS --tlsv1.3 --cacert offices/mofa/ca.pem "$(cat url)/"

# An RSA key signs by PSS in TLS 1.3; what can sign by PKCS #1 v1.5 alone shows no certificate.
openssl req -new -newkey rsa:3072 -nodes -keyout work/rsa.key -out work/rsa.csr -subj /CN=x 2>/dev/null
check "an RSA key" "$top/certs/ca" issue certs/mofa connect work/rsa.csr auditor@mofa.example "" work/rsa.pem
by_rsa() {
	printf 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | openssl s_client -connect "127.0.0.1:$(cat port)" \
		-CAfile offices/mofa/ca.pem -cert work/rsa.pem -key work/rsa.key -ign_eof "$@" 2>&1
}
check "connects" sh -c 'printf "%s\n" "$1" | grep -q "^HTTP/1.1 200"' sh "$(by_rsa)"
check "and without PSS does not" sh -c 'printf "%s\n" "$1" | grep -q "certificate required"' sh "$(by_rsa -sigalgs RSA+SHA256:ECDSA+SHA256)"

# --- An administrator may do without. ---
echo "register: no thanks" >>valised.yaml
expect "what is neither yes nor no is refused" 8 "register\|no thanks" "$valised" --config valised.yaml --check
sed -i 's/^register: .*/register: false/' valised.yaml
check "it starts without" restart
for file in $names; do is "no $(path_of "$file")" 404 mofa GET "$(path_of "$file")"; done
from 403 GET / "Sec-Fetch-Site: cross-site;$visit"
is "the rest is as it was" 200 mofa GET /v1/documents
sed -i 's/^register: .*/register: true/' valised.yaml
check "it starts again" restart
is "and with it, as without a word" 200 mofa GET /
finish
