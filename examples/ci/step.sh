#!/bin/sh
# A step of any CI system: runs an experiment and decides its rules. The exit code is the verdict: longhaul gate -h.
#
#   sh step.sh EXPERIMENT.lua REPLIES [option of longhaul run]...
#
# With a key in OPENAI_API_KEY the experiment's model is asked. Without one, as in a change from a fork, which gets no
# secrets, the recorded REPLIES are judged in its place: a verdict on everything but the model.
set -eu
[ $# -ge 2 ] || { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
experiment=$1
replies=$2
shift 2

if [ -z "${OPENAI_API_KEY:-}" ]; then
	echo "No key is set here: the recorded replies in $replies are judged." >&2
	set -- --model "replay:$replies" "$@"
fi
exec longhaul run "$experiment" --quiet "$@"
