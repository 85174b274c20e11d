#!/bin/sh
# Many versions from one list: each result is printed, a refused version does
# not stop the others, and a run that was cut or stopped can be run again.
. "$(dirname "$0")/lib.sh"
start
enrol "$dir" mofa iom-vientiane iom-geneva >/dev/null || not_ok "enrolment"
mkdir work/lists
# LIST DOCUMENT TEXT: append a version of a document
item() {
	printf '%s\n' "$3" >"work/lists/$(echo "$2" | tr / -).en.txt"
	cp work/lo.txt work/lists/lo.txt
	cat >>"$1" <<-END
	- document: $2
	  title:
	    en: "The document"
	    lo: ສັນຍາ
	  texts:
	    lo: lo.txt
	    en: $(echo "$2" | tr / -).en.txt
	END
}
list=work/lists/all.yaml
# What the last run said is in work/said, for the checks after it.
run() { at mofa push --batch "$list" >work/said 2>&1; }
pending() { ls offices/mofa/state/*/outbox 2>/dev/null | grep -c asice || true; }

for i in 1 2 3; do item $list agreement/a$i "Article $i"; done
cat >>$list <<END
  annexes: [ lo.txt ]
  note: With an annex
END
check "three are deposited" run
check "each is told" test "$(grep -c '^deposited agreement/a[123]@1' work/said)" = 3
at mofa fetch agreement/a3 -o work/a3.asice >/dev/null 2>&1 || not_ok "a copy"
check "with its annex" sh -c 'unzip -l work/a3.asice | grep -q annexes/lo.txt'
expect "again nothing has changed" 0 "nothing has changed since agreement/a3@1" at mofa push --batch $list
item $list agreement/a1 "Article 1, new"
check "a document may come twice" run
expect "as its next version" 0 "deposited agreement/a1@2" cat work/said
check "in JSON: an object each" sh -c '"$@" >work/json' - "$valise" --config offices/mofa/config.yaml --json push --batch $list
check "one a line, as it came" python3 -c '
import json
all = [json.loads(line) for line in open("work/json")]
assert [one["document"] for one in all] == ["agreement/a1", "agreement/a2", "agreement/a3", "agreement/a1"], all
assert all[1] == {"result": "nothing has changed", "document": "agreement/a2", "version": 1}, all'

# --- What is refused. ---
list=work/lists/mixed.yaml
item $list agreement/b1 "Article 1"
item $list nothing/b2 "Not a type that there is"
item $list agreement/b3 "Article 3"; sed -i 's|agreement-b3.en.txt|none.txt|' $list
item $list agreement/b4 "Article 4"
got=0; run || got=$?
check "a refusal and a missing file keep no other out" test $got = 4
check "it says how many" grep -q "2 of 4 were not deposited" work/said
check "the first is there" grep -q '^deposited agreement/b1@1' work/said
check "and the last" grep -q '^deposited agreement/b4@1' work/said
check "what was refused is told by its name" grep -q '^valise push: nothing/b2: ' work/said
check "and what is missing" grep -q '^valise push: agreement/b3: .*none.txt' work/said
check "nothing of it waits" test "$(pending)" = 0
got=0; at mofa --json push --batch $list >work/json 2>/dev/null || got=$?
check "the same in JSON, exit 4" test $got = 4
check "a line for each, and no other" python3 -c '
import json
all = [json.loads(line) for line in open("work/json")]
assert [one["result"] for one in all] == ["nothing has changed", "failed", "failed", "nothing has changed"], all
assert all[2]["exit"] == 4 and all[2]["code"] == "NOT_FOUND" and all[2]["document"] == "agreement/b3", all'

# --- The list is read whole before anything is sent. ---
list=work/lists/wrong.yaml
item $list agreement/c1 "Article 1"
cat >>$list <<END
- document: agreement/c2@3
  title: { en: x }
  texts: { xx-: lo.txt }
- document: agreement/c3
  title: { en: x }
  colour: red
END
got=0; run || got=$?
check "a list with a mistake sends nothing" test $got = 8
check "all mistakes are told, with their places" test "$(grep -c '^work/lists/wrong.yaml:[0-9]*:[0-9]*:' work/said)" -ge 4
expect "nothing was sent" 4 "" at mofa show agreement/c1
expect "an option beside it is a mistake" 2 "does not go with --batch" at mofa push --batch $list --note x
expect "so is a document" 2 "expected .valise push --batch FILE" at mofa push agreement/x --batch $list
expect "a list that is not there" 4 "no such file" at mofa push --batch work/none.yaml

# --- A policy that was not accepted. ---
cp policies/offices.yaml work/offices.yaml
sed -i 's/person: minister@mofa.example/person: treaties@mofa.example/' policies/offices.yaml; reload
list=work/lists/policy.yaml
item $list agreement/d1 "Article 1"; item $list agreement/d2 "Article 2"
got=0; run || got=$?
check "nothing is sent by a policy that was not accepted" test $got = 1
check "the rest is not tried" grep -q "1 of 2 were not tried" work/said
check "the reason is told" grep -q 'agreement/d1: .*which you have not accepted' work/said
accept_policy mofa iom-vientiane >/dev/null
check "then both are" at mofa push --batch $list

# --- The daemon goes, and who stops it. ---
list=work/lists/cut.yaml
for i in $(seq 160); do item $list agreement/e$i "Article $i"; done
run & pushing=$!
until grep -q 'agreement/e2@1' work/said; do kill -0 $pushing 2>/dev/null || break; done
kill_daemon "$dir"; rm pid
got=0; wait $pushing || got=$?
told=$(grep -c '^deposited agreement/e' work/said)
check "the daemon is killed meanwhile: exit 6" test $got = 6 -a "$told" -lt 160
check "it says how many were not tried" grep -q "of 160 were not tried" work/said
start_daemon "$dir" || not_ok "the daemon starts"
check "the rest is run again" at mofa push --batch $list
check "all are there, each once" test "$(at mofa list | grep -c 'agreement/e[0-9]*  *1 ')" = 160
check "nothing waits" test "$(pending)" = 0

list=work/lists/stop.yaml
for i in $(seq 160); do item $list agreement/f$i "Article $i"; done
# By its process id: the shell function would be another's.
"$valise" --config offices/mofa/config.yaml push --batch $list >work/stopped 2>&1 & p=$!
until grep -q 'agreement/f2@1' work/stopped; do kill -0 $p 2>/dev/null || break; done
kill -INT $p; got=0; wait $p || got=$?
told=$(grep -c '^deposited agreement/f' work/stopped)
there=$(at mofa list | grep -c agreement/f)
check "Ctrl-C ends it after the act that is under way" test $got = 130 -a "$told" -lt 160
check "all that was sent is told ($told of $there)" test "$told" = "$there"
check "and how many were not tried" grep -q "of 160 were not tried" work/stopped
check "the rest is run again" at mofa push --batch $list
check "all are there" test "$(at mofa list | grep -c agreement/f)" = 160

# --- Several at once. ---
list=work/lists/many.yaml
for i in $(seq 20); do item $list agreement/h$i "Article $i"; done
for i in $(seq 20); do item $list agreement/h$i "Article $i"; cp work/lo.txt work/lists/h$i.txt; sed -i "\$ s|.*|    en: h$i.txt|" $list; done
check "forty versions of twenty documents" run
check "each as often as it is listed" test "$(grep -c '^deposited agreement/h[0-9]*@[12]' work/said)" = 40
check "in the order of the list" sh -c 'for i in $(seq 20); do test "$(grep -o "agreement/h$i@[12]" work/said | tr "\n" " ")" = "agreement/h$i@1 agreement/h$i@2 " || exit; done'
item $list nothing/h21 "Not a type that there is"
got=0; run || got=$?
check "one that is refused among them: $got" grep -q "1 of 41 were not deposited" work/said
check "is told by its name" grep -q '^valise push: nothing/h21: ' work/said
check "nothing waits" test "$(pending)" = 0

# --- Without a line. ---
list=work/lists/local.yaml
item $list agreement/g1 "Article 1"; item $list agreement/g2 "Article 2"
check "a local copy" at mofa pull work/copy
check "without a line they wait" at mofa --local push --batch $list
check "each in a file of its own" test "$(pending)" = 2
finish
