#!/bin/sh
# A random walk of all offices, each step compared with a second implementation
# of the states (tests/model).  A longer one: tests/model/run.
. "$(dirname "$0")/lib.sh"
start "repeats: 1000000000"
enrol "$dir" $(persons | cut -d' ' -f1) >/dev/null
stop_daemon "$dir"
seed=${VALISE_SEED:-1}
check "the daemon is as the model says: seed $seed" python3 "$top/tests/model/drive.py" "$dir" --seed "$seed" --steps "${VALISE_STEPS:-60}"
sed -n '/^WRONG/,$p' work/out >&2
tail -n 1 work/out
finish
