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
expect "a data folder from before" 0 "nothing is wrong" "$valised" fsck data
finish
