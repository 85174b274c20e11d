#!/bin/sh
# Encrypted private keys: the passphrase is asked once a command, at the terminal
# and naming the key, or comes from a file; without either the command ends at
# once.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-bangkok >/dev/null || not_ok "enrolment"
deposit mofa first >/dev/null
check "a copy" at iom-bangkok fetch agreement/first -o work/first.asice
mofa=offices/mofa bangkok=offices/iom-bangkok
# FILE PASSPHRASE [OPTION…]: encrypt a key in place
encrypt() {
	file=$1 word=$2; shift 2
	openssl pkey -in "$file" "$@" -passout "pass:$word" -out work/e.pem 2>/dev/null && cat work/e.pem >"$file"
}
cp -R $mofa work/plain; cp -R $bangkok work/bangkok
encrypt $mofa/key.pem "one two" -aes256; encrypt $mofa/sign-key.pem "three" -aes256
grep -q "BEGIN ENCRYPTED" $mofa/key.pem || not_ok "it is encrypted"
printf "one\n" >work/one2; printf 'one two\n' >work/one; printf 'no\none two\r\nthree' >work/both; printf 'wrong\n' >work/wrong; : >work/none
alone() { timeout 20 setsid -w "$valise" --config $mofa/config.yaml "$@" </dev/null; }

# --- Without a terminal. ---
expect "no terminal, no file: at once" 2 "$mofa/key.pem is encrypted, and there is no terminal.*--secret-file FILE" alone list
expect "from a file" 0 "agreement/first" alone --secret-file work/one list
expect "one of its lines" 0 "agreement/first" alone --secret-file work/both list
expect "a wrong one" 2 "$mofa/key.pem is encrypted, and no line of work/wrong is its passphrase" alone --secret-file work/wrong list
expect "an empty file" 2 "no line of work/none" alone --secret-file work/none list
expect "a file that is not there" 2 "work/absent: no such file" alone --secret-file work/absent list
expect "two keys, of which one is missing" 2 "sign-key.pem is encrypted, and no line of work/one" alone --secret-file work/one push agreement/two --text en=work/en.txt --text lo=work/lo.txt --title en=x
expect "two keys" 0 "deposited" alone --secret-file work/both push agreement/two --text en=work/en.txt --text lo=work/lo.txt --title en=x
mkfifo work/pipe; cat work/both >work/pipe &
expect "a pipe" 0 "deposited" alone --secret-file work/pipe push agreement/pipe --text en=work/en.txt --text lo=work/lo.txt --title en=x
expect "what needs no key asks for none" 0 "VALID" alone verify work/first.asice
expect "nor does --local" 2 "no local copy" alone --local list
printf -- '- document: agreement/b1\n  title: {en: x}\n  texts: {lo: lo.txt, en: en.txt}\n- document: agreement/b2\n  title: {en: x}\n  texts: {lo: lo.txt, en: en.txt}\n' >work/batch.yaml
expect "many at once" 0 "deposited" alone --secret-file work/both push --batch work/batch.yaml
check "nobody waits for what is not there" sh -c 'timeout 20 setsid -w "$1" --config "$2" --json list </dev/null >work/out2; [ $? = 2 ] && grep -q "is encrypted" work/out2' sh "$valise" $mofa/config.yaml

# --- The other kinds of PEM. ---
for cipher in aes128 aes256; do
	cat work/plain/key.pem >$mofa/key.pem; encrypt $mofa/key.pem x "-$cipher" -traditional
	grep -q "Proc-Type: 4,ENCRYPTED" $mofa/key.pem || not_ok "$cipher: it is of the old kind"
	echo x >work/x
	expect "$cipher, of the old kind" 0 "agreement/first" alone --secret-file work/x list
	expect "$cipher: no file: at once" 2 "is encrypted, and there is no terminal" alone list
done
cat work/plain/key.pem >$mofa/key.pem; encrypt $mofa/key.pem "one two" -aes256

# --- Bags, and init. ---
at iom-bangkok bag pack -o work/one.bag --to mofa agreement/first >/dev/null 2>&1
encrypt $mofa/encrypt-key.pem "four" -aes256; printf 'three\nfour\n' >work/bag
expect "the key that opens bags" 2 "encrypt-key.pem is encrypted" alone bag open work/one.bag --into work/copy
expect "with its passphrase" 0 "agreement/first" alone --secret-file work/bag bag open work/one.bag --into work/copy
init() { timeout 20 setsid -w "$valise" --config work/c/config.yaml "$@" init enrolment.yaml --yes --cert $mofa/cert.pem --key $mofa/key.pem --sign-cert $mofa/sign-cert.pem --sign-key $mofa/sign-key.pem --state work/c </dev/null; }
expect "init without" 2 "key.pem is encrypted" init
expect "init with" 0 "enrolled" init --secret-file work/both

# --- At a terminal. ---
cat >work/typist.py <<'END'
# pty.py OUT ANSWER… -- COMMAND…: answer each question for a passphrase; exit as the command did
import os, pty, select, sys, termios, time
out, rest = sys.argv[1], sys.argv[2:]
cut = rest.index("--")
answers, command = rest[:cut], rest[cut + 1:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
seen, asked = b"", 0
end = time.monotonic() + 60
while time.monotonic() < end:
    try:
        if not select.select([fd], [], [], 1)[0]:
            continue
        some = os.read(fd, 4096)
    except OSError:
        break
    if not some:
        break
    seen += some
    while seen.count(b"Passphrase of ") > asked and seen.rsplit(b"Passphrase of ", 1)[1].count(b": "):
        # A person sees the prompt before the echo is off, and is slower.
        while termios.tcgetattr(fd)[3] & termios.ECHO and time.monotonic() < end:
            time.sleep(0.005)
        os.write(fd, (answers[asked] if asked < len(answers) else "").encode() + b"\n")
        asked += 1
status = os.waitpid(pid, 0)[1]
open(out, "wb").write(seen + b"\nasked %d\n" % asked)
sys.exit(os.waitstatus_to_exitcode(status))
END
# NAME EXIT PATTERN ANSWER… -- ARGUMENT…
typed() {
	called=$1 want=$2 pattern=$3; shift 3
	words=; while [ "$1" != -- ]; do words="$words $1"; shift; done; shift
	got=0; python3 work/typist.py work/typed $words -- "$valise" --config $mofa/config.yaml "$@" || got=$?
	if [ $got = "$want" ] && grep -q -e "$pattern" work/typed; then ok "$called"; else not_ok "$called: exit $got"; tail -n 5 work/typed >&2; fi
}
asked() { grep -q "^asked $1\$" work/typed; }
cat work/plain/key.pem >$mofa/key.pem; encrypt $mofa/key.pem "one" -aes256
typed "it is asked for, by the key's name" 0 "Passphrase of .*$mofa/key.pem: " one -- list
check "once" asked 1
check "and not shown" sh -c '! grep -q "key.pem: one" work/typed'
typed "a wrong one" 2 "the passphrase of .*$mofa/key.pem is wrong" two -- list
check "is not asked for again" asked 1
typed "none" 2 "is encrypted\|is wrong" "" -- list
typed "two keys, two passphrases" 0 "deposited" three one -- push agreement/typed --yes --text en=work/en.txt --text lo=work/lo.txt --title en=x
check "each asked for once" asked 2
cat work/plain/sign-key.pem >$mofa/sign-key.pem; encrypt $mofa/sign-key.pem "one" -aes256
typed "two keys, one passphrase" 0 "deposited" one -- push agreement/typed2 --yes --text en=work/en.txt --text lo=work/lo.txt --title en=x
check "asked for once" asked 1
typed "a file is asked instead" 0 "deposited" -- --secret-file work/one2 push agreement/typed3 --yes --text en=work/en.txt --text lo=work/lo.txt --title en=x
check "and nobody" asked 0
finish
