#!/bin/sh
# test.sh TEST - one test of the pages (tests/web/NN-NAME.py), in a demonstration
# of its own, with the daemon running.
web_test=$1
. "$(dirname "$0")/../scenario/lib.sh"
. "$top/tests/web/story.sh"
export XDG_RUNTIME_DIR="$dir/run" VALISE_TOP="$top"
mkdir -m 700 "$XDG_RUNTIME_DIR"
start
tell_story >work/story 2>&1 || { not_ok "the story is told"; tail -n 5 work/story >&2; finish; }
python3 "$web_test" "$dir" || not_ok "it ends well"
[ -f work/counts ] && read -r good bad <work/counts && passed=$((passed + good)) failed=$((failed + bad))
finish | sed "s/^test: /$(basename "$web_test" .py): /"
[ $failed = 0 ]
