#!/bin/sh
# One shard of an experiment; begun before, it is gone on with, and what was answered is not asked again.
#
#   shard.sh EXPERIMENT.lua SHARDS FOLDER [SHARD]
#
# SHARD counts from 1. Where it is not given, the scheduler's own number is taken: of a Slurm job array (--array=1-SHARDS) or
# of a Kubernetes Indexed Job, which counts from 0. FOLDER is one that the job merging them will see. Further options of
# `longhaul run` are words in SHARD_OPTIONS: SHARD_OPTIONS="--allow-endpoint gpu7 --max-cost 5".
set -eu

if [ $# -lt 3 ]; then
	echo "usage: shard.sh EXPERIMENT.lua SHARDS FOLDER [SHARD]" >&2
	exit 2
fi
experiment=$1 shards=$2 folder=$3
if [ $# -gt 3 ]; then
	shard=$4
elif [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
	shard=$SLURM_ARRAY_TASK_ID
elif [ -n "${JOB_COMPLETION_INDEX:-}" ]; then
	shard=$((JOB_COMPLETION_INDEX + 1))
else
	echo "shard.sh: which shard? None is given, and no scheduler names one" >&2
	exit 2
fi

out=$folder/shard-$shard-of-$shards.db
# shellcheck disable=SC2086  # words
set -- run "$experiment" --shard "$shard/$shards" -o "$out" ${SHARD_OPTIONS:-}
if [ -s "$out" ]; then
	set -- "$@" --resume
fi
if [ -z "${SLURM_ARRAY_TASK_ID:-}" ]; then
	exec longhaul "$@"    # so that a signal of the scheduler reaches it: the run file is closed whole, to be gone on with
fi

# A task whose time is up is ended for good. SIGUSR1 says a minute before that it will be (slurm.sh asks for that): it has itself
# queued again, and Slurm ends it with SIGTERM. longhaul is sent that as well, and the script must not end before longhaul has.
trap 'scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"' USR1
trap : TERM
longhaul "$@" &
code=0
wait "$!" || code=$?
while kill -0 "$!" 2>/dev/null; do    # a signal ended the waiting, not longhaul
	code=0
	wait "$!" || code=$?
done
exit "$code"
