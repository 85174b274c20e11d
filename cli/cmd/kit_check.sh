#!/bin/bash
# check.sh - check a copy with openssl, unzip and coreutils alone:
#
#     bash check.sh COPY.asice CAS.pem
#
# CAS.pem has the certificates of the parties' CAs, one after another, got from
# the parties and not from who gave you the copy.  Each signature is checked as
# of the time that it names, and each text against what was signed.  This does
# not tell whether that time is true, whether a certificate was revoked, who may
# sign, or what the journal says: "valise verify" does.
set -eu -o pipefail
export LC_ALL=C.UTF-8
[ $# = 2 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }
copy=$(realpath "$1") cas=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unzip -q "$copy" -d "$dir/copy"
cd "$dir/copy"
checked=0
for signature in META-INF/signature-*.p7s; do
	id=${signature#META-INF/signature-} id=${id%.p7s}
	manifest=META-INF/ASiCManifest-$id.xml
	at=$(openssl cms -cmsout -print -inform DER -in "$signature" |
		sed -n '/signingTime/,/TIME:/s/.*TIME://p')
	openssl cms -verify -cades -binary -inform DER -purpose any -in "$signature" \
		-content "$manifest" -attime "$(date -d "$at" +%s)" -CAfile "$cas" \
		-signer "$dir/signer.pem" -out /dev/null 2>"$dir/why" || {
		cat "$dir/why" >&2
		echo "$id: THE SIGNATURE DOES NOT VERIFY" >&2
		exit 1
	}
	sed -n 's/.*DataObjectReference URI="\([^"]*\)".*/\1/p; s/.*DigestValue>\(.*\)<.*/\1/p' \
		"$manifest" | while read -r uri && read -r digest; do
		printf "%s  ${uri//%/\\x}\n" "$(base64 -d <<<"$digest" | od -An -vtx1 | tr -d ' \n')"
	done >"$dir/listed"
	grep -q '  version.yaml$' "$dir/listed"
	sha256sum -c --strict --quiet "$dir/listed" || {
		echo "$id: A FILE IS NOT AS IT WAS SIGNED" >&2
		exit 1
	}
	diff <(find texts annexes -type f 2>/dev/null | sort) \
		<(cut -c67- "$dir/listed" | grep -E '^(texts|annexes)/' | sort) || {
		echo "$id: A FILE IS THERE THAT NOBODY SIGNED, OR ONE IS MISSING" >&2
		exit 1
	}
	echo "$id: signed $at by $(openssl x509 -in "$dir/signer.pem" -noout -subject -email | tr '\n' ' ')"
	checked=$((checked + 1))
done
[ $checked -gt 0 ]
echo "version digest, which people compare: $(sha256sum <version.yaml | cut -d' ' -f1)"
