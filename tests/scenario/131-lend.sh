#!/bin/sh
# An act by bag is made in the name of the waybill's signer, if the waybill
# lists it, and otherwise not.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
deposit mofa one >/dev/null
at mofa push note-verbale/secret --text en=work/en.txt --title "en=Top secret" >/dev/null
waybill_of() { at mofa --json log --act dispatch | grep -o '"digest":"[0-9a-f]*"' | tail -n 1 | cut -d'"' -f4; }
# OFFICE BAG ADDRESSEE FOLDER: what is in it, opened with openssl and unzip
unpack() {
	mkdir -p "$3" && unzip -q -o "$1" -d "$3/outer" &&
		openssl cms -decrypt -inform DER -in "$3/outer/bag.cms" -content "$3/outer/bag.bin" -binary \
			-recip "offices/$2/encrypt-cert.pem" -inkey "offices/$2/encrypt-key.pem" -out "$3/inner.zip" &&
		unzip -q -o "$3/inner.zip" -d "$3"
}
hand_in() { (cd "$2" && rm -f w.zip && zip -q -X -0 -D w.zip waybill.yaml waybill.p7s $(ls slips/* 2>/dev/null)) && curl_as "$1" /v1/bags --data-binary "@$2/w.zip" -f -o /dev/null; }
status() { office=$1 path=$2; shift 2; curl_as "$office" "$path" -o work/answer -w '%{http_code}' -m 20 "$@"; }

# No route but the two takes one, whoever asks and however it is written.
at mofa bag pack -o work/b.bag --to iom-bangkok agreement/one >/dev/null
lent=$(waybill_of)
d=v1/documents/note-verbale/secret delivered=$(at mofa log --act deliver | grep -c note-verbale)
while read -r method path; do
	for as in iom-bangkok mofa; do
		case $method in P*) set -- -X "$method" --data-binary '' ;; HEAD) set -- -I ;; *) set -- -X "$method" ;; esac
		[ "$(status "$as" "/$path?bag=$lent" -H 'Tus-Resumable: 1.0.0' -H 'Upload-Length: 10' "$@")" = 400 ] && { [ "$method" = HEAD ] ||
			grep -q 'is for the deposits' work/answer; } || not_ok "$as: $method $path by a waybill: $(cat work/answer)"
	done
done <<END
POST $d/termination
POST v1/documents/agreement/one/termination
GET v1/documents
HEAD v1/documents
GET $d
GET $d/versions/1
GET $d/versions/latest
GET v1/journal/entries
GET v1/journal/entries/3/receipt
GET v1/journal/checkpoint
GET v1/journal/keys/00000000
GET v1/journal/tile/0/000
GET v1/journal/tile/entries/000
POST v1/journal/add-cosignature
GET v1/policy
GET v1/policy/$lent
GET v1/crls/latest
POST v1/bags
GET v1/events
OPTIONS v1/uploads
POST v1/uploads
GET v1/uploads/00000000000000000000000000000000
PATCH v1/uploads/00000000000000000000000000000000
DELETE v1/uploads/00000000000000000000000000000000
GET git/info/refs
POST git/git-upload-pack
GET v1/packs/00000000
GET health
GET metrics
END
ok "no other route takes a waybill"
for how in "bag" "bag=" "bag=x" "bag=$lent&bag=$lent" "a=b&bag=$lent" "bag=%zz"; do
	[ "$(status iom-bangkok "/$d?$how")" = 400 ] && ok "?$how is refused" || not_ok "?$how is refused"
	case $how in a=*) continue ;; esac
	[ "$(status iom-bangkok "/v1/documents/agreement/one/versions/2?$how" -T work/en.txt)" = 400 ] && ok "PUT ?$how too" || not_ok "PUT ?$how too"
done
[ "$(at mofa log --act deliver | grep -c note-verbale)" = "$delivered" ] && ok "nothing is delivered so" || not_ok "nothing is delivered so"

# What it does lend: a deposit and a signature that it lists.
at iom-vientiane pull work/vientiane >/dev/null
expect "Vientiane makes a version without a line" 0 "kept it in the outbox" at iom-vientiane --local push agreement/field --text lo=work/lo.txt --text en=work/en.txt --title en=Field
expect "and a bag of it" 0 "packed" at iom-vientiane --local bag pack -o work/v.bag --to iom-bangkok --outbox
check "Bangkok opens it" unpack work/v.bag iom-bangkok work/v
body=$(ls work/v/deposits/*) url=/v1/documents/agreement/field/versions/1
lent=$(sha256sum work/v/waybill.yaml | cut -d' ' -f1)
[ "$(status iom-bangkok "$url?bag=$lent" -T "$body")" = 409 ] && ok "not before the waybill is handed in" || not_ok "not before the waybill is handed in"
check "the waybill is handed in" hand_in iom-bangkok work/v
[ "$(status iom-bangkok "$url" -T "$body")" = 403 ] && ok "Bangkok may not deposit it itself" || not_ok "Bangkok may not deposit it itself"
[ "$(status iom-bangkok "/v1/documents/agreement/other/versions/1?bag=$lent" -T "$body")" = 422 ] && ok "nor as another document" || not_ok "nor as another document"
[ "$(status iom-bangkok "/v1/documents/agreement/field/versions/2?bag=$lent" -T "$body")" = 422 ] && ok "nor as another version" || not_ok "nor as another version"
[ "$(status iom-bangkok "$url/signatures?bag=$lent" --data-binary "@$body")" = 403 ] && ok "nor as a signature" || not_ok "nor as a signature"
expect "and is told whom the rule refused" 0 "vientiane@iom.example of iom-vientiane may not sign" cat work/answer
refusals=$(at mofa log --act refuse --office iom-bangkok | grep -c agreement/field)
[ "$refusals" -ge 2 ] && ok "refusals are its bearer's" || not_ok "refusals are its bearer's"
expect "of whom the entry says so" 0 "by bag, for vientiane@iom.example" at mofa --json log --act refuse --office iom-bangkok
expect "and not its sender's" 0 "^0 entr" at mofa log --act refuse --office iom-vientiane
[ "$(status iom-bangkok "$url?bag=$lent" -T "$body")" = 201 ] && ok "the very body is taken" || { not_ok "the very body is taken"; cat work/answer; }
expect "in its sender's name" 0 '"office":"iom-vientiane"' at mofa --json log --act deposit --document agreement/field
[ "$(status iom-bangkok "$url?bag=$lent" -T "$body")" = 200 ] && grep -q tlog-proof work/answer && ok "again is 200 with its receipt" || not_ok "again is 200 with its receipt"
[ "$(status mofa "$url?bag=$lent" -T "$body")" = 200 ] && ok "and so it is for another bearer" || not_ok "and so it is for another bearer"
deposit mofa field "Article 2" >/dev/null
[ "$(status iom-geneva "$url?bag=$lent" -T "$body")" = 200 ] && ok "and once there is a newer version" || not_ok "and once there is a newer version"
[ "$(status iom-bangkok "$url?bag=$lent&upload=00000000000000000000000000000000" -X PUT --data-binary "")" = 400 ] && ok "no receipt for who names no digest" || not_ok "no receipt for who names no digest: $(cat work/answer)"

# What may not be read is not told of, whoever brings it.
at mofa --local push note-verbale/secret --text en=work/lo.txt --title "en=Top secret" >/dev/null 2>&1 || at mofa pull work/mofa >/dev/null
at mofa --local push note-verbale/secret --text en=work/lo.txt --title "en=Top secret" >/dev/null
at mofa --local bag pack -o work/m.bag --to iom-bangkok --outbox >/dev/null
check "a bag of what its bearer may not read" unpack work/m.bag iom-bangkok work/m
check "its waybill is handed in" hand_in iom-bangkok work/m
at mofa --local push note-verbale/secret --text en=work/en.txt --title "en=Another" >/dev/null
rm -f offices/mofa/state/*/outbox/*
at mofa push note-verbale/secret --text en=work/en.txt --title "en=Changed" --note x >/dev/null
lent=$(sha256sum work/m/waybill.yaml | cut -d' ' -f1)
[ "$(status iom-bangkok "/v1/documents/note-verbale/secret/versions/2?bag=$lent" -T "$(ls work/m/deposits/*)")" = 409 ] &&
	grep -q "its sender must look" work/answer && ! grep -q "version 2" work/answer && ok "a bearer does not learn how it stands" ||
	not_ok "a bearer does not learn how it stands: $(cat work/answer)"

# Who is revoked lends nothing, though the waybill was good when it came.
at iom-vientiane pull work/vientiane >/dev/null; rm -f offices/iom-vientiane/state/*/outbox/*
at iom-vientiane --local push agreement/late --text lo=work/lo.txt --text en=work/en.txt --title en=Late >/dev/null
at iom-vientiane --local bag pack -o work/l.bag --to mofa --outbox >/dev/null
check "a bag whose signer is good" unpack work/l.bag mofa work/l
check "and its waybill" hand_in mofa work/l
late=/v1/documents/agreement/late/versions/1
[ "$(status mofa "$late?bag=$(sha256sum work/v/waybill.yaml | cut -d' ' -f1)" -T "$(ls work/l/deposits/*)")" = 422 ] &&
	grep -q "does not list it" work/answer && ok "another waybill of theirs does not list it" || not_ok "another waybill of theirs does not list it: $(cat work/answer)"
# The second in which it is revoked is none in which anything was signed.
second=$(date +%s); until [ "$(date +%s)" -gt "$second" ]; do :; done
"$top/certs/ca" revoke certs/iom offices/iom-vientiane/sign-cert.pem >/dev/null; publish_crls "$dir"
reload
lent=$(sha256sum work/l/waybill.yaml | cut -d' ' -f1)
[ "$(status mofa "$late?bag=$lent" -T "$(ls work/l/deposits/*)")" = 422 ] &&
	grep -q "SIGNER_REVOKED" work/answer && grep -q "the waybill" work/answer && ok "a waybill of somebody who was revoked since lends nothing" ||
	not_ok "a waybill of somebody who was revoked since lends nothing: $(cat work/answer)"
stop_daemon "$dir"; start_daemon "$dir"
[ "$(status mofa "$late?bag=$lent" -T "$(ls work/l/deposits/*)")" = 422 ] && ok "nor after a restart" || not_ok "nor after a restart: $(cat work/answer)"
check "fsck finds nothing" sh -c "'$valised' --config valised.yaml fsck"
finish
