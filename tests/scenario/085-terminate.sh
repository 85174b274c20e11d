#!/bin/sh
# The end of an agreement: signed by both parties, in the journal, in the copy.
. "$(dirname "$0")/lib.sh"
start
# To end a protocol takes two persons of a party, to begin it one.
sed -i '/^terminate/s/lao-pdr: 1/lao-pdr: 2/' policies/health-protocol.yaml; reload
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
deposit mofa one >/dev/null
expect "a draft cannot be terminated" 5 "nothing to terminate" at mofa-minister terminate agreement/one --reason "Article 12" --yes
at mofa-minister sign agreement/one --yes >/dev/null 2>&1
at iom-chief-of-mission sign agreement/one --yes >/dev/null 2>&1
# A newer draft does not stop the version in force from being terminated.
printf 'Article 2\n' >work/en2.txt
at mofa push agreement/one --text lo=work/lo.txt --text en=work/en2.txt --title "en=The one" >/dev/null
at iom-geneva fetch agreement/one@1 -o work/before.asice >/dev/null
# A termination that was only begun does not hinder the next draft.
deposit mofa two "Article 1, once" >/dev/null
at mofa-minister sign agreement/two --yes >/dev/null 2>&1
at iom-chief-of-mission sign agreement/two --yes >/dev/null 2>&1
deposit mofa two "Article 1, twice" >/dev/null
at mofa-minister terminate agreement/two --reason "no more use" --yes >/dev/null 2>&1
expect "one party signs the draft" 0 "signed in part" at mofa-minister sign agreement/two@2 --yes
expect "everybody can fetch it" 0 "VALID, signed in part" at iom-bangkok fetch agreement/two@2 -o work/two.asice
expect "and pull it" 0 "" at iom-geneva pull work/pulled
expect "and the other party signs it" 0 "in force" at iom-chief-of-mission sign agreement/two@2 --yes
expect "the audit finds nothing" 0 "nothing is wrong" at iom-geneva audit --full
expect "nor does fsck" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
liar mofa-minister ask none none
expect "a difference of two versions" 0 "Article 1, twice" at mofa-minister diff agreement/two@1 agreement/two@2
check "asks for the acts on the document once" test "$(grep -c '^asked /v1/journal/entries' work/line)" = 1
expect "what nobody confirms" 2 "nobody is there" at mofa-minister terminate agreement/two --reason "no more use at all"
check "does so too" test "$(grep -c '^asked /v1/journal/entries' work/line)" = 2
no_line mofa-minister
expect "a reason is needed" 2 "reason TEXT" at mofa-minister terminate agreement/one --yes
expect "in one line" 2 "visible text" at mofa-minister terminate agreement/one --yes --reason "a
b"
expect "a version is not what ends" 2 "not one version" at mofa-minister terminate agreement/one@1 --reason x --yes
expect "a decomposed reason is composed, and that is told" 2 "the reason is deposited in the composed form" at mofa-minister terminate agreement/one --reason "$(printf 'caf\145\314\201')"
expect "nobody is there to ask" 2 "nobody is there" at mofa-minister terminate agreement/one --reason "Article 12: six months' notice"
expect "who has no full powers is not asked" 3 "no full powers to terminate agreement/one" at mofa terminate agreement/one --reason x
expect "who has no full powers is refused" 3 "full-powers" at mofa terminate agreement/one --reason x --yes
expect "which is journaled" 0 "terminate agreement/one" at mofa log --act refuse
expect "one party signs it, and it is still in force" 0 "still in force" at mofa-minister terminate agreement/one --reason "Article 12: six months' notice" --yes
expect "show tells who is still to sign that" 0 "to end  *1 of iom: chief-of-mission@iom.example" at iom-geneva show agreement/one
expect "and that it has not ended" 0 "to end, by  *minister@mofa.example" at iom-geneva show agreement/one
expect "twice is no more" 5 "have signed the termination" at mofa-minister terminate agreement/one --yes
expect "the copy says who wants to end it, and is in force" 0 "VALID, in force" at iom-geneva fetch agreement/one@1 -o work/half.asice
expect "with a line for it" 0 "termination *minister@mofa.example" at iom-geneva verify work/half.asice
expect "the other party signs the same reason, or none" 5 "begun with the reason" at iom-chief-of-mission terminate agreement/one --reason "Another" --yes
expect "with both it is terminated" 0 "it is terminated" at iom-chief-of-mission terminate agreement/one --yes
expect "the register says so" 0 "terminated" at mofa list
expect "show too" 0 "terminated" at mofa show agreement/one
expect "the copy proves it with no network" 0 "VALID, terminated" at iom-geneva fetch agreement/one@1 -o work/after.asice
expect "offline" 0 "VALID, terminated" at iom-bangkok verify work/after.asice
expect "what was fetched before is what it was, to who knows no more" 0 "VALID, in force" at iom-vientiane verify work/before.asice
expect "and says as of when" 0 "not known since" at iom-vientiane verify work/before.asice
expect "who knows more says that it ended" 0 "VALID, terminated" at iom-geneva verify work/before.asice
expect "the log tells both acts" 0 "2 entries" at mofa log --act terminate --document agreement/one
expect "and the quorum of them" 0 "2 entries" at mofa log --act force --document agreement/one
expect "no version comes after it" 5 "terminated" at mofa push agreement/one --text lo=work/lo.txt --text en=work/en.txt --title "en=Again"
expect "nor a signature" 5 "terminated" at mofa-minister sign agreement/one --yes
expect "nor another termination" 5 "terminated" at mofa-minister terminate agreement/one --yes
expect "a text altered after the end is found" 1 "INVALID" sh -c 'cp work/after.asice work/bad.asice; rm -rf work/x; mkdir work/x; cd work/x; unzip -q ../bad.asice; sed -i s/notice/warning/ termination.yaml; zip -q -X -0 ../bad.asice termination.yaml; cd ../..; exec "$@"' - "$valise" --config offices/iom-geneva/config.yaml verify work/bad.asice
expect "the audit agrees" 0 "nothing is wrong" at mofa audit
restart
expect "and after a restart" 0 "VALID, terminated" at mofa fetch agreement/one@1 -o work/again.asice
expect "and fsck" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
unzip -q -o work/after.asice -d work/copy
openssl_id=$(ls work/copy/META-INF/signature-terminate-*.p7s | head -n 1)
cat certs/mofa-ca.pem certs/iom-ca.pem certs/mofa/crl.pem certs/iom/crl.pem >work/trust.pem
expect "openssl cms verifies a termination" 0 "CAdES Verification successful" openssl cms -verify -cades -binary -inform DER -purpose any -crl_check -in "$openssl_id" \
	-content "$(echo "$openssl_id" | sed 's/signature-/ASiCManifest-/; s/p7s$/xml/')" -CAfile work/trust.pem -out /dev/null
check "the branches follow" settle_refs "$dir"
check "git fsck is silent" sh -c 'git config --global safe.directory "*"; test -z "$(git -C "$1" fsck --strict --full 2>&1)"' - "$(as_files)/store.git"
check "the branch has every act, one after another" test "$(git -C "$(as_files)/store.git" rev-list --count refs/heads/agreement/one)" = 6
at iom-vientiane push health-protocol/tb --text en=work/en.txt --title en=TB >/dev/null
at mofa-minister sign health-protocol/tb --yes >/dev/null 2>&1
at iom-chief-of-mission sign health-protocol/tb --yes >/dev/null 2>&1
at mofa-minister terminate health-protocol/tb --reason "no more use" --yes >/dev/null 2>&1
expect "show tells what an end takes, not what a beginning took" 0 "to end  *1 of lao-pdr: vice-minister@mofa.example" at mofa show health-protocol/tb
finish
