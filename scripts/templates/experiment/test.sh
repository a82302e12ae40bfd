#!/bin/sh
# sh test.sh: does the experiment load, is its grid as large as it should be, and does it run?
set -eu
cd "$(dirname "$0")"
longhaul=${LONGHAUL:-longhaul}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

conditions=2            # tasks × models × policies × histories × steps per turn

"$longhaul" run my_experiment.lua --dry-run > "$work/plan"

# A little of it. Rules are not decided by so few samples: they are left to the whole run.
"$longhaul" run my_experiment.lua --turns 5 --samples 5 -o none --json "$work/report.json" --quiet \
  --gate 'turn_error_rate <= 0.99' --inconclusive pass > "$work/table"
count=$(grep -c '"policy_label": ' "$work/report.json")
[ "$count" -eq "$conditions" ] || { echo "test: the experiment has $count conditions, not $conditions" >&2; exit 1; }
echo "test: passed"
