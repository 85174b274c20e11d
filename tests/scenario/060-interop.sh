#!/bin/sh
# Programs of others check what Valise makes.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
deposit mofa one >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
at iom-geneva fetch agreement/one --extract work/copy >/dev/null
expect "unzip finds nothing wrong" 0 "No errors detected" unzip -t work/one.asice
expect "mimetype comes first" 0 "^PK" head -c 2 work/one.asice
[ "$(dd if=work/one.asice bs=1 skip=30 count=39 2>/dev/null)" = "mimetypeapplication/vnd.etsi.asic-e+zip" ] &&
	ok "stored, where file(1) looks for it" || not_ok "stored, where file(1) looks for it"
cat certs/mofa-ca.pem certs/iom-ca.pem certs/mofa/crl.pem certs/iom/crl.pem >work/trust.pem
for p7s in work/copy/META-INF/signature-*.p7s; do
	manifest=$(echo "$p7s" | sed 's/signature-/ASiCManifest-/; s/p7s$/xml/')
	expect "openssl cms verifies ${p7s##*/}" 0 "CAdES Verification successful" openssl cms -verify -cades -binary \
		-inform DER -purpose any -crl_check -in "$p7s" -content "$manifest" -CAfile work/trust.pem -out /dev/null
	check "xmllint reads ${manifest##*/}" xmllint --noout "$manifest"
	# Each digest that it lists, by openssl alone.
	xmllint --xpath '//*[local-name()="DataObjectReference"]/@URI' "$manifest" | sed 's/.*URI="\(.*\)"/\1/' >work/uris
	bad=0
	while read -r uri; do
		want=$(xmllint --xpath "string(//*[local-name()='DataObjectReference'][@URI='$uri']/*[local-name()='DigestValue'])" "$manifest")
		[ "$(openssl dgst -sha256 -binary "work/copy/$uri" | base64)" = "$want" ] || bad=$((bad + 1))
	done <work/uris
	[ $bad = 0 ] && [ -s work/uris ] && ok "every digest in it is right" || not_ok "$bad digests are wrong"
done
# The contents digest, by coreutils alone, is the journal's.
(cd work/copy && find . -type f ! -name '*.tlog-proof' | sed 's|^\./||' | LC_ALL=C sort | tr '\n' '\0' |
	xargs -0 sha256sum | sha256sum | cut -d' ' -f1) >work/contents
expect "coreutils recompute the contents digest" 0 "$(cat work/contents)" at mofa --json log --act force
expect "and the version digest" 0 "$(sha256sum work/copy/version.yaml | cut -d' ' -f1)" at mofa --json show agreement/one
(cd policies && find . -type f | sed 's|^\./||' | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -d' ' -f1) >work/policy
expect "and the policy digest" 0 "$(cat work/policy)" at mofa --json policy show
# A receipt's leaf hash, by openssl alone, leads to the root: size 1 of it.
receipt=$(ls work/copy/META-INF/*.tlog-proof | head -n 1)
expect "a receipt is a C2SP tlog-proof" 0 "^c2sp.org/tlog-proof@v1" cat "$receipt"
sed -n 's/^extra //p' "$receipt" | base64 -d >work/entry
expect "its extra line is the entry" 0 '"act":"deposit"' cat work/entry

# --- git ---
git config --global safe.directory '*'
check "the branches follow" settle_refs "$dir"
check "git fsck is silent" sh -c 'test -z "$(git -C "$1" fsck --strict --full 2>&1)"' - "$(as_files)/store.git"
check "git clones it" git clone -q "$(as_files)/store.git" work/clone -b agreement/one
for f in texts/lo/lo.txt version.yaml META-INF/signature-seal.p7s; do
	check "a checkout has $f byte for byte" cmp "work/clone/$f" "work/copy/$f"
done
export GNUPGHOME="$dir/gnupg"; mkdir -m 700 "$GNUPGHOME"
printf 'disable-crl-checks\ndisable-dirmngr\n' >"$GNUPGHOME/gpgsm.conf"
openssl x509 -in certs/mofa-ca.pem -noout -fingerprint -sha1 | sed 's/.*=//; s/$/ S relax/' >"$GNUPGHOME/trustlist.txt"
if gpgsm --import certs/mofa-ca.pem >/dev/null 2>&1; then
	expect "git verify-commit says good, through gpgsm" 0 "Good signature" git -C work/clone verify-commit -v HEAD
	expect "git log --show-signature too" 0 "Good signature" git -C work/clone log --show-signature
	gpgconf --kill all 2>/dev/null
else
	not_ok "gpgsm imports the CA"
fi
# --- curl ---
expect "curl lists, as the README says" 0 '"agreement/one"' curl_as mofa /v1/documents
expect "curl gets the checkpoint" 0 "^valise.mofa.example/lao-iom" curl_as mofa /v1/journal/checkpoint
# --- tlog-tiles ---
expect "a hash tile is for every office" 0 "application/octet-stream" curl_as iom-bangkok /v1/journal/tile/0/000.p/1 -D - -o work/leaf
curl_as mofa /v1/journal/entries/0/receipt | sed -n 's/^extra //p' | base64 -d >work/entry0
{ printf '\0'; cat work/entry0; } | openssl dgst -sha256 -binary >work/leaf0
check "whose first hash openssl computes from entry 0" cmp work/leaf work/leaf0
expect "an entry bundle is for who audits every type" 0 '"act":"start"' curl_as mofa /v1/journal/tile/entries/000.p/3
expect "and refused to others" 0 '"exit":3' curl_as iom-bangkok /v1/journal/tile/entries/000.p/3
expect "which is journaled" 0 'audit agreement' at iom-bangkok log --act refuse
expect "a tile that is not there yet is not found" 0 '"exit":4' curl_as mofa /v1/journal/tile/0/001
expect "nor one that is spelt otherwise" 0 '"exit":4' curl_as mofa /v1/journal/tile/0/000.p/01
at mofa fetch agreement/one -o work/one.asice >/dev/null; stop_daemon "$dir"
check "500 deliveries fill the first tile" tool tamper grow data 500
start_daemon "$dir"
expect "the journal is exported while it runs" 0 "the journal of size" "$valised" --config valised.yaml export-journal work/static
expect "Go's sumdb verifies every entry, proof and size of it" 0 "entries, all in the tree" \
	env GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE="$dir/go" go run "$top/tests/interop/check_tiles.go" vkey work/static
check "the tiles are those that the daemon serves" sh -c 'cmp "$0" "$1"' work/static/tile/0/000 "$(curl_as iom-bangkok /v1/journal/tile/0/000 -o work/tile; echo work/tile)"
at mofa list >/dev/null && deposit mofa two >/dev/null
expect "exporting again goes on" 0 "the journal of size" "$valised" --config valised.yaml export-journal work/static
cp -R work/static work/forged && chmod -R u+w work/forged
spoil work/forged/tile/entries/000 40
expect "a flipped byte in it is found by Go" 1 "" \
	env GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= GOCACHE="$dir/go" go run "$top/tests/interop/check_tiles.go" vkey work/forged
expect "and is never exported over" 5 "another history" "$valised" --config valised.yaml export-journal work/forged
expect "a folder is needed" 2 "expected .valised export-journal DIR" "$valised" --config valised.yaml export-journal
expect "a problem is a problem document" 0 'application/problem+json' curl_as mofa /v1/documents/agreement/none -D - -o /dev/null
finish
