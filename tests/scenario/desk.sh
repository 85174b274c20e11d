# desk.sh - a desk, with curl for its pages and a pinentry that answers as it is
# told.  Source it after lib.sh.
export XDG_RUNTIME_DIR=$dir/work/run; mkdir -m 700 "$XDG_RUNTIME_DIR"

# A pinentry that keeps what it was shown, and answers as work/pinentry.says.
cat >work/pinentry <<END
#!/bin/sh
echo OK ready
while read -r line; do
	printf '%s\\n' "\$line" >>$dir/work/shown
	case \$line in
	CONFIRM*) while [ "\$(cat $dir/work/says)" = wait ]; do sleep 0.02; done; cat $dir/work/says ;;
	GETPIN*) echo "D \$(cat $dir/work/pin)"; echo OK ;;
	BYE) echo OK; exit 0 ;;
	*) echo OK ;;
	esac
done
END
chmod +x work/pinentry
yes_() { echo OK >work/says; }
no_() { echo ERR 83886179 canceled >work/says; }
shown() { grep -q -e "$1" work/shown; }
forget_shown() { : >work/shown; }

# OFFICE [OPTION…]: its desk is at $desk, its process $desk_pid; let in by $secret
open_desk() {
	office=$1; shift
	rm -f work/desk
	"$valise" --config "offices/$office/config.yaml" --json desk --no-browser "$@" >work/desk 2>work/desk.err </dev/null & desk_pid=$!
	enter_desk
}
# The process $desk_pid prints to work/desk how it is entered.
enter_desk() {
	until [ -s work/desk ] || ! kill -0 $desk_pid 2>/dev/null; do sleep 0.02; done
	desk=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' work/desk) page=$(sed -n 's/.*"open":"\([^"]*\)".*/\1/p' work/desk)
	token=$(sed -n 's/.*#token=\([0-9a-f]*\)".*/\1/p' "$page")
	secret=$(curl -s --noproxy '*' -d "{\"token\":\"$token\"}" "http://$desk/desk/session" | sed -n 's/.*"secret":"\([0-9a-f]*\)".*/\1/p')
}
close_desk() {
	kill "${1:--TERM}" "$desk_pid"; wait "$desk_pid"
	! grep 'Sanitizer: \|runtime error' work/desk.err || not_ok "the sanitizers are silent: the desk"
}
ask() { path=$1; shift; curl -sS --noproxy '*' -H "Valise-Desk: $secret" "$@" "http://$desk$path"; }
status() { ask "$@" -o work/answer -w '%{http_code}'; }
# PATH JSON: an act; its lines go to work/lines
act() { ask "$1" -H 'Content-Type: application/json' -d "$2" >work/lines; }
result() { tail -n 1 work/lines | grep -q -e "^{\"result\":.*$1"; }
error() { tail -n 1 work/lines | grep -q -e "^{\"error\":.*$1"; }
# NAME EXPECTED: what the last act came to
comes_to() {
	called=$1; shift
	if "$@"; then ok "$called"; else not_ok "$called"; tail -n 3 work/lines >&2; fi
}
# FILE [NAME]: send a file as a page does; its id is $upload
send() {
	ask "/desk/uploads?name=${2:-$(basename "$1")}&size=$(stat -c %s "$1")" -X POST -T "$1" >work/answer
	upload=$(sed -n 's/.*"upload":"\([0-9a-f]*\)".*/\1/p' work/answer)
}
spool() { find offices/*/state/desk -type f 2>/dev/null; }
