#!/bin/sh
# sh test.sh: does the policy run in every state that a model can be in, and does it send what it should?
set -eu
cd "$(dirname "$0")"
longhaul=${LONGHAUL:-longhaul}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$longhaul" check ./my_policy.lua

# One conversation with a model that never errs, with options of this policy. What is sent is JSON on one line.
"$longhaul" run --policy ./my_policy.lua:n=2,every=3 --model sim:accuracy=1 --turns 8 --samples 1 -o "$work/run.db" --quiet > "$work/table"

# expect TURN TEXT COUNT: what is sent at that turn holds the text so many times.
expect() {
  "$longhaul" transcript "$work/run.db" 0 --turn "$1" --as-sent > "$work/sent"
  count=$(grep -oF "$2" "$work/sent" | wc -l)
  [ "$count" -eq "$3" ] || { echo "test: turn $1 is sent with $count of $2, not $3:" >&2; cat "$work/sent" >&2; exit 1; }
}
expect 1 '"role":"user"' 1            # nothing but the prompt
expect 6 '"role":"user"' 3            # two turns and the prompt
expect 6 '"role":"assistant"' 2
expect 7 'So far: <answer>' 1         # three turns after turn 4
expect 8 'So far: <answer>' 0
echo "test: passed"
