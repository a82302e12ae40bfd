#!/bin/sh
# sh test.sh [FILE.so]: does the family keep its promises, and is its truth yours? `make test` builds it first.
set -eu
longhaul=${LONGHAUL:-longhaul}
plugin=$(realpath "${1:-./my_task.so}")
cd "$(dirname "$0")"

# Every property that a family must have. --samples and --steps try it harder.
"$longhaul" check "$plugin"

# by_hand.jsonl holds replies to sample 0 of seed 1, worked out by hand: right in turns 1 to 3, wrong in turn 4. The code
# that makes the truth must judge them so.
expected='"turn_accuracy": [1, 1, 1, 0]'
judged=$("$longhaul" run --plugin "$plugin" --task my_task --model replay:by_hand.jsonl --turns 4 --samples 1 --seed 1 \
  -o none --json - --quiet | sed -n 's/^ *\("turn_accuracy": .*\),$/\1/p')
[ "$judged" = "$expected" ] || { echo "test: by_hand.jsonl is judged as $judged, not as $expected: README.md, By hand" >&2; exit 1; }
echo "test: passed"
