#!/bin/sh
# Copies, a state folder and a data folder of earlier versions are still read.
. "$(dirname "$0")/lib.sh"
old=$top/tests/data/first
mkdir office && tar -C office -xzf "$old/state.tar.gz" && tar -xzf "$old/data.tar.gz"
printf 'valise: 1\njournal: "%s"\ncertificate: cert.pem\nkey: none.pem\nstate: state\n' "$(ls office/state)" >office/config.yaml
verify() { "$valise" --config office/config.yaml verify "$old/$1.asice"; }
# COPY, EXIT, WHAT IT SAYS
while read -r copy exit says; do
	expect "a copy from before: $copy" "$exit" "$says" verify "$copy"
done <<END
draft 0 VALID, draft
part 0 VALID, signed in part
force 0 VALID, in force
superseded@1 0 VALID, in force
superseded@2 0 VALID, in force
terminated 0 VALID, terminated
signed-by-bag 0 VALID, signed in part
came-by-bag 0 VALID, draft
END
# It is a backup.  What a store has had since then is made by a start, or by this.
"$valised" fsck data >work/found 2>&1
check "of a data folder from before, only what can be made anew is wrong" sh -c '! grep -v -e "(--repair makes it anew)" -e "^data: " -e "can be repaired" work/found'
mv data work/of-before
printf 'valise: 1\nlisten: 127.0.0.1:1\naddress: https://127.0.0.1:1\ndata: data\npolicies: p\ncrls: c\nserver-certificate: s\ndepositary-certificate: d\n' >before.yaml
check "a backup from before is restored" "$valised" --config before.yaml restore work/of-before --nobody-has-seen-more
expect "and is whole: the line of the recipe" 0 "nothing is wrong" "$valised" fsck data --repair

# --- What a later version journals: this one does not go on from it. ---
rm -rf data
start
enrol "$dir" mofa iom-geneva >/dev/null
deposit mofa one >/dev/null; at iom-geneva fetch agreement/one -o work/one.asice >/dev/null
stop_daemon "$dir"
last=$(($(grep -ao '"act":"' data/journal/entries | wc -l) - 1))
cp -R data before
later() {
	rm -rf data; cp -R before data
	"$VALISE_BUILD/tamper" field data "$last" "$@" || return
	timeout 30 "$valised" --config valised.yaml
}
expect "an act that a later version has" 8 "entry $last of the journal is an act that this version does not know.*Install that one again; see ..Upgrade.. in the operations manual" later '"act":"deliver"' '"act":"deliveries-of-later"'
rm -rf data; mv before data
check "the version that knows all of it starts" start_daemon "$dir"

# --- What a later depositary journals: a command of before shows it. ---
for _ in 1 2 3; do curl_as iom-geneva /v1/documents/agreement/one/versions/1 -o work/copy; done
restart
of_before() { office=$1; shift; "$VALISE_BUILD/valise-before" --config "offices/$office/config.yaml" "$@"; }
expect "this one knows the act" 0 "deliveries *agreement/one@1, 2 times more under entry" at mofa log --act deliveries
expect "one of before lists it" 0 "geneva@iom.example *deliveries *agreement/one@1$" of_before mofa log
expect "as an act of a document too" 0 "deliveries *agreement/one@1$" of_before mofa history agreement/one
expect "by its name" 0 "deliveries *agreement/one@1$" of_before iom-geneva log --act deliveries
expect "in JSON with all that it has" 0 '"times": *2' of_before mofa --json log
expect "finds nothing wrong in it" 0 "nothing is wrong" of_before mofa audit
expect "and goes on from there" 0 "VALID, draft" of_before mofa fetch agreement/one -o work/of-before.asice
finish
