#!/bin/sh
# Sixteen clients who do all that there is to do at once, beside an office that
# means harm, while lists and the policy are renewed: nothing is answered
# wrongly, no program crashes, and the record is whole.  SOAK_SECONDS (8) long.
# It is what a build with sanitizers is tried with (tests/soak/run asan).
. "$(dirname "$0")/lib.sh"
seconds=${SOAK_SECONDS:-8}
unset GIT_SSL_CAINFO SSL_CERT_FILE
export VALISE_PATIENCE=120
start "repeats: 1000000000"
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
mkdir work/deposited work/out.d
for n in 1 2 3 4; do deposit mofa "begun-$n" "text $n" >/dev/null && : >"work/deposited/begun-$n"; done
head -c 1500000 /dev/urandom | base64 >work/large.txt
until_time=$(($(date +%s) + seconds))
goes_on() { [ "$(date +%s)" -lt $until_time ]; }
# One of what was deposited.
some() { ls work/deposited | shuf -n 1; }
# CLIENT COMMAND…: its exit status is counted; 7 and what a crash leaves is told
did() {
	client=$1; shift; rc=0
	"$@" >"work/out.d/$client" 2>&1 </dev/null || rc=$?
	echo "$client $rc" >>"work/done.$client"
	case $rc in 0 | 1 | 3 | 5 | 6 | 124 | 137) ;; *) { echo "$*: exit $rc"; tail -n 20 "work/out.d/$client"; } >>"work/bad.$client" ;; esac
	if grep -E 'Sanitizer|runtime error|Call the|rolled back|_DIFFERS?,|_WITHHELD|_HIDDEN' "work/out.d/$client" >>"work/bad.$client"; then cat "work/out.d/$client" >>"work/bad.$client"; fi
	return $rc
}
# CLIENT OFFICE PATH [OPTION…]: whatever the answer, it is not 500
asked() {
	client=$1 whose=$2 path=$3; shift 3
	code=$(curl_as "$whose" "$path" -m 5 -o "work/out.d/$client" -w '%{http_code}' "$@" 2>/dev/null)
	echo "$client http-$code" >>"work/done.$client"
	case $code in 500 | 501) { echo "$path $*: $code"; cat "work/out.d/$client"; } >>"work/bad.$client" ;; esac
}

writer() { # deposits, two versions, in force, ended
	n=0
	while goes_on; do
		n=$((n + 1)) doc=$1-$n
		did "$1" deposit mofa "$doc" "$doc" || continue
		: >"work/deposited/$doc"
		[ $((n % 3)) = 0 ] || did "$1" deposit mofa "$doc" "$doc again"
		did "$1" at mofa-minister sign "agreement/$doc" --yes
		did "$1" at iom-chief-of-mission sign "agreement/$doc" --yes
		[ $((n % 4)) != 0 ] || { did "$1" at mofa-minister terminate "agreement/$doc" --reason ended --yes; did "$1" at iom-chief-of-mission terminate "agreement/$doc" --reason ended --yes; }
	done
}
cutter() { # large uploads that end in the middle, and go on
	n=0
	while goes_on; do
		n=$((n + 1))
		did "$1" timeout -s KILL "0.$(shuf -i 2-9 -n 1)" "$valise" --config offices/mofa/config.yaml push "agreement/$1-$n" --text lo=work/lo.txt --text en=work/large.txt --title "en=Large" --yes
		did "$1" at mofa push "agreement/$1-$n" --text lo=work/lo.txt --text en=work/large.txt --title "en=Large" --yes && : >"work/deposited/$1-$n"
	done
}
reader() {
	while goes_on; do
		doc=$(some)
		did "$1" at "$2" fetch "agreement/$doc" -o "work/out.d/$1.asice" && did "$1" at "$2" verify "work/out.d/$1.asice"
		rm -f "work/out.d/$1.asice"
		did "$1" at "$2" history "agreement/$doc"
	done
}
looker() { while goes_on; do did "$1" at "$2" list --proved; did "$1" at "$2" show "agreement/$(some)"; did "$1" at "$2" log; did "$1" at "$2" policy show; done; }
auditor() { while goes_on; do did "$1" at "$2" audit; did "$1" at "$2" audit --full; done; }
puller() { while goes_on; do did "$1" at "$2" pull "work/$1.pulled"; did "$1" at "$2" pull "work/$1.pulled"; rm -rf "work/$1.pulled"; done; }
watcher() { while goes_on; do did "$1" timeout 3 "$valise" --config "offices/$2/config.yaml" watch; done; }
bagger() {
	while goes_on; do
		rm -f work/out.d/*.bag
		did "$1" at mofa bag pack -o "work/out.d/$1.bag" --to iom-bangkok "agreement/$(some)" || continue
		did "$1" at iom-bangkok bag open "work/out.d/$1.bag" --into "work/$1.copy"
	done
}
cloner() {
	while goes_on; do
		did "$1" timeout 20 git -c http.sslVersion=tlsv1.3 -c "http.sslCAInfo=$dir/offices/$2/ca.pem" -c "http.sslCert=$dir/offices/$2/cert.pem" \
			-c "http.sslKey=$dir/offices/$2/key.pem" clone -q "$(cat url)/git/" "work/$1.clone"
		# Where there are too many handshakes git does not try again.
		[ $rc != 128 ] || ! grep -q "Connection reset" "work/out.d/$1" || rm "work/bad.$1"
		rm -rf "work/$1.clone"
	done
}
asker() { # every route by curl, as it is meant
	while goes_on; do
		for path in /health /metrics /v1/documents "/v1/documents/agreement/$(some)" "/v1/documents/agreement/$(some)/versions/latest" \
			/v1/journal/checkpoint /v1/journal/entries "/v1/journal/entries?act=deposit&limit=10" /v1/journal/entries/3/receipt /v1/journal/tile/0/000 /v1/policies; do
			asked "$1" "$2" "$path"
		done
		asked "$1" "$2" /v1/events -m 1
	done
}
nonsense() { # and as it is not
	while goes_on; do
		asked "$1" mofa "/v1/documents/agreement/$(some)/versions/9" -X PUT --data-binary @work/large.txt
		asked "$1" mofa /v1/uploads -X POST -H 'Tus-Resumable: 1.0.0' -H 'Upload-Length: 999999999' -H 'Content-Length: 0'
		asked "$1" mofa "/v1/journal/entries?from=99999999999999999999"
		asked "$1" mofa "/v1/$(head -c 3000 /dev/urandom | base64 -w 0 | tr -d '/+')"
		asked "$1" mofa /v1/documents -X "DELETE"
		asked "$1" mofa "/git/git-upload-pack" -X POST -H 'Content-Type: application/x-git-upload-pack-request' --data-binary @work/en.txt
		asked "$1" mofa "/v1/documents/agreement/cut/versions/1" -X PUT --data-binary @work/large.txt --limit-rate 100k -m 1
		asked "$1" mofa "/v1/documents/agreement/$(some)/versions/1/signatures" -X POST --data-binary @work/out.d/asker
	done
}
renewer() { # other lists, another comment in the policy
	n=0
	while goes_on; do
		n=$((n + 1))
		"$top/certs/ca" crl certs/iom >/dev/null 2>&1; publish_crls "$dir"
		[ $((n % 5)) != 0 ] || { echo "# $n" >>policies/mou.yaml; }
		kill -HUP "$(cat pid)" 2>/dev/null
		[ $((n % 5)) != 0 ] || { sleep 1; for o in mofa mofa-minister iom-chief-of-mission iom-geneva iom-bangkok; do until accept_policy $o || ! goes_on; do sleep 0.2; done; done >/dev/null 2>&1; }
		sleep 2
	done
}
hostile() {
	while goes_on; do
		for how in whole hold streams part hello silent; do
			goes_on || break
			python3 "$top/tests/lib/flood.py" $how 127.0.0.2 "$(cat port)" 4 offices/iom-vientiane/cert.pem offices/iom-vientiane/key.pem >/dev/null 2>&1
		done
	done
}
kinds="writer:w1 writer:w2 cutter:c1 reader:r1:iom-geneva reader:r2:iom-bangkok reader:r3:mofa looker:l1:iom-geneva looker:l2:iom-bangkok
	auditor:a1:mofa puller:p1:iom-geneva watcher:t1:iom-bangkok bagger:b1 cloner:g1:iom-geneva asker:asker:iom-geneva nonsense:n1 renewer:x1"
clients=
for kind in $kinds hostile; do
	# shellcheck disable=SC2046 # words
	$(echo "$kind" | tr : ' ') & clients="$clients $!"
done
for c in $clients; do wait "$c"; done
echo "  $(cat work/done.* | wc -l) commands and requests of 16 clients and an office that means harm in $seconds s: $(cat work/done.* | cut -d' ' -f2 | sort | uniq -c | sort -rn | awk '{ printf "%s%s x %s", n++ ? ", " : "", $2, $1 }')"
cat work/bad.* 2>/dev/null | head -n 40 >&2
check "nothing was answered wrongly" sh -c 'cat work/bad.* | grep . && exit 1 || :'
for k in $kinds; do
	case $k in *:*:*) n=${k%:*} n=${n#*:} ;; *) n=${k#*:} ;; esac
	case $n in x1) ;; *) check "$n did something" grep -q " \(0\|124\|http-200\|http-4..\)" "work/done.$n" ;; esac
done
check "the daemon is alive" kill -0 "$(cat pid)"
# Under a sanitizer the signer may be slower than the five seconds that it has.
check "nothing failed" sh -c '[ "$1" = 0 ] || { echo "$1 failures"; grep level=error log | tail -n 5; grep -q "event=signer result=silent" log; }' - "$(curl_as mofa /metrics | sed -n 's/^valise_failures_total //p')"
check "no line tells of an end" sh -c '! grep -e "event=fatal" -e "level=error event=request" log'
accept_policy mofa >/dev/null 2>&1
check "all that was acknowledged is there" sh -c "'$valise' --config offices/mofa/config.yaml --json list | tr '{' '\n' | sed -n 's/.*\"document\": *\"agreement\/\([^\"]*\)\".*/\1/p' | sort >work/there; ls work/deposited | sort | comm -23 - work/there | grep . && exit 1 || :"
expect "the record is whole, from outside" 0 "nothing is wrong" at mofa audit --full
expect "and within" 0 "nothing is wrong" "$valised" --config valised.yaml fsck
finish
