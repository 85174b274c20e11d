#!/bin/sh
# A second verifier, written from docs/formats.md alone, agrees with
# "valise verify" on good copies, and on hundreds of altered ones.
. "$(dirname "$0")/lib.sh"
second=$top/tests/second seed=${VALISE_SEED:-$(date +%j)} number=${VALISE_MUTATIONS:-200}
export PYTHONDONTWRITEBYTECODE=1
compare() { python3 "$second/compare.py" "$valise" "$@"; }
start
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
sign() { at "$1" sign "agreement/$2" --yes; }
terminate() { at "$1" terminate "agreement/$2" --reason "Article 12" --yes; }
fetch() { mkdir -p copies; at iom-geneva fetch "agreement/$1" -o "copies/$2.asice"; }
for name in one two; do deposit mofa $name; done >work/out 2>&1
{
	fetch one draft
	sign mofa-minister one; fetch one part
	sign iom-chief-of-mission one; fetch one force
	terminate mofa-minister one; fetch one half
	terminate iom-chief-of-mission one; fetch one terminated
	sign mofa-minister two; sign iom-chief-of-mission two
	terminate mofa-minister two
	deposit mofa two "Article 1, again"; fetch two@2 next
	sign iom-chief-of-mission two; fetch two@2 next-part
	sign mofa-minister two; fetch two@1 superseded; fetch two@2 next-force
} >work/out 2>&1
[ "$(ls copies | wc -l)" = 9 ] && ok "there are copies of all statuses" || not_ok "$(ls copies | wc -l) copies"
state=$(echo offices/iom-geneva/state/*)
expect "both say the same of them" 0 "9 copies.*: 0 differ" compare "$state" "$dir/second" copies/*
expect "VALID, in each status" 0 "told: draft 2, in force 4, signed in part 2, terminated 1" compare "$state" "$dir/second" copies/*
mkdir first && tar -C first -xzf "$top/tests/data/first/state.tar.gz"
old=$(echo first/state/*)
expect "and of copies from before" 0 "8 copies.*: 0 differ" compare "$old" "$dir/second" "$top"/tests/data/first/*.asice
expect "and of those altered (seed $seed)" 0 ": 0 differ" compare "$old" "$dir/second" --keep kept \
	--mutations "$((number / 4))" --seed "$seed" "$top"/tests/data/first/*.asice
cat work/out
# A key of the depositary that this test has.
mkdir depositary && "$top/certs/request" depositary >work/out 2>&1 && mv depositary/sign.key depositary/key.pem &&
	"$top/certs/ca" issue certs/mofa sign depositary/sign.csr depositary@mofa.example "" depositary/cert.pem >work/out 2>&1
# Other keys of the same persons, and one that timestamps: NAME.KIND EMAIL UNIT CA GENPKEY-ARGUMENT…
mkdir keys
key() {
	name=$1 email=$2 unit=$3 ca=$4; shift 4
	openssl genpkey "$@" -out "keys/$name.key" 2>/dev/null && openssl req -new -key "keys/$name.key" -subj /CN=x -out keys/csr 2>/dev/null &&
		"$top/certs/ca" issue "certs/$ca" sign keys/csr "$email" "$unit" "keys/$name.pem" >/dev/null
}
check "keys of every kind are made" key mofa-minister.rsa minister@mofa.example "" mofa -algorithm RSA -pkeyopt rsa_keygen_bits:3072
key mofa-minister.pss minister@mofa.example "" mofa -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:3072
key mofa-minister.weak minister@mofa.example "" mofa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key mofa-minister.other minister@mofa.example "" mofa -algorithm ED25519
key iom-chief-of-mission.p384 chief-of-mission@iom.example Vientiane iom -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key iom-chief-of-mission.p521 chief-of-mission@iom.example Vientiane iom -algorithm EC -pkeyopt ec_paramgen_curve:P-521
key depositary.rsa depositary@mofa.example "" mofa -algorithm RSA -pkeyopt rsa_keygen_bits:3072
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout keys/tsa-key.pem -out keys/tsa.pem -subj /CN=TSA \
	-days 99 -addext extendedKeyUsage=critical,timeStamping 2>/dev/null
expect "and of those that the parties made otherwise (seed $seed)" 0 ": 0 differ" compare "$state" "$dir/second" --keep kept \
	--forged "$((number / 2))" --pki "$dir" --seed "$seed" copies/*
cat work/out
expect "and of those that witnesses must have seen (seed $seed)" 0 ": 0 differ.*NOT_WITNESSED" compare "$state" "$dir/second" --keep kept \
	--witnessed --forged "$((number / 4))" --pki "$dir" --seed "$seed witnessed" copies/*
cat work/out
expect "and where CAs revoked some of them (seed $seed)" 0 ": 0 differ" compare "$state" "$dir/second" --keep kept \
	--revoked --forged "$((number / 5))" --pki "$dir" --seed "$seed revoked" copies/*
cat work/out
expect "and of these altered (seed $seed)" 0 ": 0 differ" compare "$state" "$dir/second" --keep kept \
	--mutations "$((number - number / 4))" --seed "$seed" copies/*
cat work/out
[ -z "${VALISE_KEEP:-}" ] || [ ! -d kept ] || cp -R kept "$VALISE_KEEP"
finish
