#!/bin/sh
# Each route, asked by each role: of a document that a role may not read it learns
# nothing, not even whether there is one (tests/lib/roles.py).
# The table of docs/security.md is made by this scenario (ROLES_TABLE=FILE).
. "$(dirname "$0")/lib.sh"
table=${ROLES_TABLE:-$dir/work/table.md}
make_daemon "$dir"
echo 'monitor: ["prometheus@mofa.example"]' >>valised.yaml
# A reader that does no more than read; and types that IOM Bangkok reads.
sed -i 's/^audit: .*/audit: [mofa, iom-vientiane]/' policies/*.yaml
start_daemon "$dir" || { not_ok "the daemon starts"; finish; }
enrol "$dir" mofa mofa-minister iom-vientiane iom-bangkok >/dev/null || not_ok "enrolment"
"$top/certs/ca" new certs/stranger "MOFA CA" "Ministry of Foreign Affairs" >/dev/null
# ROLE CA EMAIL: a certificate to connect with
role() {
	mkdir -p "offices/$1"; "$top/certs/request" "offices/$1" >/dev/null
	"$top/certs/ca" issue "certs/$2" connect "offices/$1/connect.csr" "$3" "" "offices/$1/cert.pem" >/dev/null
	mv "offices/$1/connect.key" "offices/$1/key.pem"; cp certs/mofa/ca.pem "offices/$1/ca.pem"
}
role stranger stranger treaties@mofa.example
role officeless mofa treaties@elsewhere.example
role monitor mofa prometheus@mofa.example

# What there is: a note verbale that Vientiane deposited and the minister signed, an
# upload and a pack of the ministry's.
check "a note verbale" at iom-vientiane push note-verbale/one --text en=work/en.txt --title "en=Of visas"
check "signed by one party" at mofa-minister sign note-verbale/one --yes
check "and one of which nobody asks" at iom-vientiane push note-verbale/unasked --text en=work/en.txt --title "en=Of customs"
check "another type, which Bangkok reads" deposit mofa two
settle_refs "$dir"
store=$(as_files)/store.git
commit=$(git -C "$store" rev-parse refs/heads/note-verbale/one)
upload=$(curl_as mofa /v1/uploads -X POST -H 'Tus-Resumable: 1.0.0' -H 'Upload-Length: 10' --data-binary '' -o /dev/null -D - | tr -d '\r' | sed -n 's|^Location: /v1/uploads/||p')
body() { printf '0011command=fetch00010032want %s\n0009done\n0000' "$commit"; }
pack=$(body | curl_as mofa /git/git-upload-pack -X POST -H 'Git-Protocol: version=2' -H 'Valise-Prepare: pack' --data-binary @- -o /dev/null -D - | tr -d '\r' | sed -n 's|^Location: /v1/packs/||p')
cat >facts <<END
entry $(at mofa log | sed -n 's/^\([0-9]*\) .* deposit  *note-verbale\/one@1$/\1/p' | head -1)
size $(curl_as mofa /v1/journal/checkpoint | sed -n 2p)
policy $(policy_of mofa)
digest $(git -C "$store" cat-file -p "$commit:version.yaml" | sha256sum | cut -d' ' -f1)
commit $commit
upload $upload
pack $pack
title Of visas
unasked note-verbale/unasked
END
check "all that is asked for is there" test "$(grep -c ' [^ ]' facts)" = 9
sed -n 's/^	{ "\([A-Z]*\)", "\([^"]*\)".*/\1 \2/p' "$top/daemon/api/api.c" >work/routes
# The pages, which are no routes of the table.
echo "GET /" >>work/routes
check "the table of routes is read" test "$(wc -l <work/routes)" -gt 25
python3 "$top/tests/lib/roles.py" "$dir" work/routes "$table" >work/told 2>&1 || not_ok "roles.py: $(cat work/told)"
[ -z "$(tr -d '\n' <work/told)" ] && ok "no role learns what it may not" || { not_ok "a role learns what it may not"; cat work/told >&2; }

# The table that is told is the one that was tried.
sed -n '/<!-- roles -->/,/<!-- end -->/p' "$top/docs/security.md" | sed '1d;$d' >work/told.md
check "docs/security.md has this very table" diff work/told.md "$table"
finish
