#!/bin/sh
# Containers of other makers, made by openssl and zip: an intact signature is
# never called broken, and what was not checked is named.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa >/dev/null || not_ok "enrolment"

# --- Signatures and timestamps by openssl ---
cd work || exit
signer() { # NAME SUBJECT-ALT-NAME: NAME.pem and NAME.key
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days 30 \
		-subj "/CN=Some Body" -addext keyUsage=nonRepudiation ${2:+-addext "subjectAltName=$2"} 2>/dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tsa.key -out tsa.pem -days 30 -subj /CN=TSA \
	-addext keyUsage=critical,digitalSignature -addext extendedKeyUsage=critical,timeStamping 2>/dev/null
echo 01 >serial
cat >ts.cnf <<-END
	[t]
	serial = serial
	signer_cert = tsa.pem
	signer_key = tsa.key
	signer_digest = sha256
	default_policy = 1.2.3.4
	digests = sha256
	ess_cert_id_alg = sha256
END
stamp() { # FILE TOKEN
	openssl ts -query -data "$1" -sha256 -cert -out query 2>/dev/null &&
	openssl ts -reply -config ts.cnf -section t -queryfile query -token_out -out "$2" 2>/dev/null
}
reference() {
	printf '<asic:DataObjectReference URI="%s"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>%s</ds:DigestValue></asic:DataObjectReference>' \
		"$1" "$(openssl dgst -sha256 -binary "box/$1" | base64)"
}
manifest() { # SIGNATURE FILE…
	printf '<?xml version="1.0"?><asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><asic:SigReference URI="%s"/>' "$1"
	shift; for f; do reference "$f"; done
	echo '</asic:ASiCManifest>'
}
begin() { # KIND
	rm -rf box; mkdir -p box/META-INF
	printf 'application/vnd.etsi.asic-%s+zip' "$1" >box/mimetype
	printf 'hello\n' >box/a.txt
}
sign() { # SIGNER FILE SIGNATURE [OPTION…]
	by=$1 file=$2 to=$3; shift 3
	openssl cms -sign -cades -binary -md sha256 -signer "$by.pem" -inkey "$by.key" -in "box/$file" -outform DER -out "box/$to" "$@"
}
box() { # NAME: box/ as a file
	rm -f "$1"; (cd box && zip -q -X -0 "../$1" mimetype && zip -q -X -r "../$1" a.txt META-INF)
}
cd .. || exit
shown() { # NAME FILE PATTERN: not broken, and that is said; nothing else is found
	name=$1 file=$2 pattern=$3
	expect "$name" 1 "INDETERMINATE" at mofa verify "work/$file"
	grep -q -e "$pattern" work/out && ok "$name: shown" || not_ok "$name: it does not say \"$pattern\""
	found=$(grep -c '^    [A-Z_]* ' work/out)
	[ "$found" -le "${4:-1}" ] && ok "$name: no more findings" || { not_ok "$name: $found findings"; cat work/out >&2; }
}
in_work() { (cd work && "$@"); }

# Whose signature: a name of any form.
make_signed() { begin e; manifest META-INF/signature.p7s a.txt >box/META-INF/ASiCManifest.xml; sign "$1" META-INF/ASiCManifest.xml META-INF/signature.p7s; box signed.asice; }
n=0
while IFS='|' read -r name san pattern; do
	n=$((n + 1))
	in_work signer "s$n" "$san"
	in_work make_signed "s$n"
	shown "$name" signed.asice "$pattern"
done <<-'END'
	an address|email:some.body@example.org|some.body@example.org
	an address in mixed case|email:Some.Body@Example.org|Some.Body@Example.org
	two addresses|email:some.body@example.org,email:sb@example.org|some.body@example.org
	no address||Some Body
	an address in another alphabet|otherName:1.3.6.1.5.5.7.8.9;UTF8:ສົມ@example.org|Some Body
END

# Two signers in one CMS.
make_two() { begin e; manifest META-INF/signature.p7s a.txt >box/META-INF/ASiCManifest.xml; sign s1 META-INF/ASiCManifest.xml META-INF/signature.p7s -signer s4.pem -inkey s4.key; box two.asice; }
in_work make_two
shown "two signers in one CMS" two.asice "some.body@example.org"
grep -q 'Some Body' work/out && ok "both are shown" || not_ok "both are shown"

# Without the signer's certificate nothing can be told.
make_bare() { begin e; manifest META-INF/signature.p7s a.txt >box/META-INF/ASiCManifest.xml; sign s1 META-INF/ASiCManifest.xml META-INF/signature.p7s -nocerts; box bare.asice; }
in_work make_bare
shown "a missing certificate" bare.asice "certificate is not in it" 2
grep -q 'not intact' work/out && not_ok "it is not called broken" || ok "it is not called broken"

# A CMS need not say when it was made.
make_timeless() { begin e; manifest META-INF/signature.p7s a.txt >box/META-INF/ASiCManifest.xml; openssl cms -sign -noattr -binary -signer s1.pem -inkey s1.key -in box/META-INF/ASiCManifest.xml -outform DER -out box/META-INF/signature.p7s; box timeless.asice; }
in_work make_timeless
shown "a signature without a time" timeless.asice "some.body@example.org, no time$"
expect "nor has it one in JSON" 1 '"signed-at": *""' at mofa --json verify work/timeless.asice

# A key for RSASSA-PSS alone: openssl 3.0 signs with it under another algorithm.
make_pss() { openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out s9.key 2>/dev/null; openssl req -x509 -new -key s9.key -out s9.pem -days 30 -subj "/CN=Some Body" -addext keyUsage=nonRepudiation; make_signed s9; }
in_work make_pss
shown "an RSA-PSS key" signed.asice "Some Body\|such that can be checked" 2

# Archive timestamps over everything, in an ASiC-S: the first are over the file.
make_stamped() { begin s; stamp box/a.txt box/META-INF/timestamp.tst; box one.asics
	manifest META-INF/timestamp002.tst META-INF/timestamp.tst a.txt >box/META-INF/ASiCArchiveManifest.xml
	stamp box/META-INF/ASiCArchiveManifest.xml box/META-INF/timestamp002.tst; box two.asics
	begin s; sign s1 a.txt META-INF/signature.p7s
	manifest META-INF/timestamp001.tst META-INF/signature.p7s a.txt >box/META-INF/ASiCArchiveManifest.xml
	stamp box/META-INF/ASiCArchiveManifest.xml box/META-INF/timestamp001.tst; box three.asics; }
in_work make_stamped
for f in one two three; do shown "ASiC-S, $f" $f.asics "another maker"; done

# What is not looked at is said.
make_other() { begin e; manifest META-INF/signature.p7s a.txt >box/META-INF/ASiCManifest.xml; sign s1 META-INF/ASiCManifest.xml META-INF/signature.p7s
	echo '<x/>' >box/META-INF/signatures.xml; echo x >box/META-INF/evidencerecord.ers; box other.asice; }
in_work make_other
shown "a XAdES signature" other.asice "XAdES signature: not checked" 3
grep -q 'evidence record: not checked' work/out && ok "and an evidence record" || not_ok "and an evidence record"

# Over a limit of ours nothing is broken.
make_large() { begin e; head -c 40000000 /dev/zero >box/a.txt; manifest META-INF/signature.p7s a.txt >box/META-INF/ASiCManifest.xml; sign s1 META-INF/ASiCManifest.xml META-INF/signature.p7s; box large.asice; }
in_work make_large
shown "a file over our limit" large.asice "OVER_LIMIT"

# What is broken is broken all the same.
make_broken() { begin e; manifest META-INF/signature.p7s a.txt >box/META-INF/ASiCManifest.xml; sign s1 META-INF/ASiCManifest.xml META-INF/signature.p7s; printf 'hullo\n' >box/a.txt; box broken.asice; }
in_work make_broken
expect "a file that was altered" 1 "FILE_DIGEST" at mofa verify work/broken.asice
make_forged() { make_broken; printf 'hello\n' >box/a.txt; manifest META-INF/signature.p7s a.txt | sed 's/<?xml/ <?xml/;s/^ //' >box/META-INF/ASiCManifest.xml; echo >>box/META-INF/ASiCManifest.xml; box forged.asice; }
in_work make_forged
expect "a manifest that was altered" 1 "SIGNATURE_BROKEN" at mofa verify work/forged.asice

# --- One of ours that a gateway zipped again ---
deposit mofa one >/dev/null
at mofa fetch agreement/one -o work/one.asice >/dev/null
rm -rf work/again; mkdir work/again
(cd work/again && unzip -q ../one.asice && zip -q -X -r ../again.asice .)
expect "a copy that was zipped again" 1 "packed again" at mofa verify work/again.asice
grep -q 'Every text and signature in it is intact' work/out && ok "it is said that nothing else is wrong" || not_ok "it is said that nothing else is wrong"
grep -q 'agreement/one@1' work/out && ok "and what it is" || not_ok "and what it is"
echo x >>work/again/texts/en/en.txt; (cd work/again && rm ../again.asice && zip -q -X -r ../again.asice .)
expect "zipped again, and altered" 1 "More than that is wrong" at mofa verify work/again.asice
grep -q TEXT_DIGEST work/out && ok "the text is named" || not_ok "the text is named"
finish
