#!/bin/sh
# README's "Verify without us", run line by line: good copies pass, and
# any change in one is found.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa mofa-minister iom-geneva >/dev/null
printf 'Annex\n' >"work/annex 1.txt"; cp work/lo.txt "work/ສັນຍາ ແລະ.txt"
at mofa push agreement/one --text "lo=work/ສັນຍາ ແລະ.txt" --text en=work/en.txt --annex "work/annex 1.txt" --title en=One >/dev/null || not_ok "a deposit"
deposit mofa two "Article 2" >/dev/null
at mofa-minister sign agreement/one --yes >/dev/null 2>&1 || not_ok "a signature"
at mofa-minister sign agreement/two --yes >/dev/null 2>&1 || not_ok "another"
at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
at iom-geneva fetch agreement/two --extract work/two >/dev/null
cat certs/mofa-ca.pem certs/iom-ca.pem >work/ca.pem

sed -n '/^## Verify without us/,/^## /p' "$top/README.md" | sed -n 's/^    //p' >work/recipe
sed '/^unzip/q' work/recipe >work/first; sed '1,/^unzip/d' work/recipe >work/then
check "README has a recipe" sh -c 'grep -q "^unzip copy.asice" work/first && grep -q "cms -verify" work/then'
# ID: by README, of the copy in work/try; it ends with 0 if it is content
by_readme() {
	(cd work/try && rm -rf copy && bash -ec "$(cat ../first)" && cp ../ca.pem copy/ &&
	cd copy && sed "s/-ID\./-$1./g" ../../then | bash -e)
}
rm -rf work/try; mkdir work/try; cp work/one.asice work/try/copy.asice
minister=$(openssl x509 -in offices/mofa-minister/sign-cert.pem -outform DER | sha256sum | cut -c1-32)
for id in origin "$minister" seal; do
	expect "a good copy: $id" 0 "^texts/lo/ສັນຍາ ແລະ.txt: OK" by_readme "$id"
	expect "it tells who signed: $id" 0 "subject=" by_readme "$id"
	expect "and the version digest: $id" 0 "^$(unzip -p work/one.asice version.yaml | sha256sum | cut -c1-64)  version.yaml" by_readme "$id"
done

# Documents live for decades; certificates do not.
in_2060() { faketime '2060-01-01 00:00:00' sh -c "$(cat work/in-2060)"; }
cat >work/in-2060 <<-END
	cd work/try && rm -rf copy && bash -ec "\$(cat ../first)" && cp ../ca.pem copy/ &&
	cd copy && sed "s/-ID\\./-$minister./g" ../../then | bash -e
END
expect "a good copy, in 2060" 0 "^texts/lo/ສັນຍາ ແລະ.txt: OK" in_2060

# Zipped again and nothing else: what is found below is what was done.
rm -rf work/try work/files; mkdir work/try
LC_ALL=C.UTF-8 unzip -q work/one.asice -d work/files
(cd work/files && zip -q -X -r ../try/copy.asice mimetype .)
for id in origin "$minister"; do expect "zipped again, unaltered: $id" 0 "^texts/lo/ສັນຍາ ແລະ.txt: OK" by_readme "$id"; done

# NAME COMMAND…: done to the files of a copy, then zipped again
tampered() {
	name=$1; shift
	rm -rf work/try work/files; mkdir work/try
	LC_ALL=C.UTF-8 unzip -q work/one.asice -d work/files
	(cd work/files && "$@" && zip -q -X -r ../try/copy.asice mimetype .) || { not_ok "$name: it is done"; return; }
	for id in origin "$minister"; do
		if by_readme "$id" >work/out 2>&1; then not_ok "README finds nothing: $name, $id"; else ok "$name, $id"; fi
	done
}
for file in texts/en/en.txt "texts/lo/ສັນຍາ ແລະ.txt" "annexes/annex 1.txt" version.yaml; do
	tampered "$file is replaced" cp "$top/docs/example/agreement-2.en.txt" "$file"
	tampered "$file has one byte more" sh -c 'printf x >>"$1"' sh "$file"
	tampered "$file is empty" sh -c ': >"$1"' sh "$file"
	tampered "$file is gone" rm "$file"
done
tampered "a text is added" sh -c 'mkdir texts/fr && cp texts/en/en.txt texts/fr/'
tampered "an annex is added" cp texts/en/en.txt annexes/
tampered "two texts are exchanged" sh -c 'mv texts/en/en.txt t && mv texts/lo/* texts/en/en.txt && mv t "texts/lo/ສັນຍາ ແລະ.txt"'
tampered "a text has another name" mv texts/en/en.txt texts/en/fr.txt
tampered "texts and version are another document's" sh -c 'cp ../two/version.yaml . && rm -r texts annexes && cp -R ../two/texts .'
tampered "the manifests list what was put in" sh -c 'printf x >>texts/en/en.txt && new=$(openssl dgst -sha256 -binary texts/en/en.txt | base64) &&
	for m in META-INF/ASiCManifest-*.xml; do sed -i "/texts.en.en.txt/,/DigestValue/s|<ds:DigestValue>.*<|<ds:DigestValue>$new<|" $m; done'
tampered "manifests that list nothing" sh -c 'for m in META-INF/ASiCManifest-*.xml; do sed -i "/<asic:DataObject/,/<.asic:DataObject/d" $m; done'
tampered "the signatures are gone" sh -c 'rm META-INF/signature-*'
tampered "signatures and manifests are another document's" sh -c 'cp ../two/META-INF/*Manifest* ../two/META-INF/signature-* META-INF/'
# Signed by somebody whom no CA vouches for.
tampered "somebody else signs it" sh -c 'openssl req -x509 -newkey rsa:3072 -nodes -keyout ../k.pem -out ../c.pem -days 9 -subj /CN=me 2>/dev/null &&
	for m in META-INF/ASiCManifest-*.xml; do n=${m##*ASiCManifest-}; openssl cms -sign -cades -binary -outform DER -in $m -signer ../c.pem -inkey ../k.pem -out META-INF/signature-${n%.xml}.p7s; done'
finish
