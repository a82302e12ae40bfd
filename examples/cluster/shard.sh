#!/bin/sh
# One shard of an experiment; begun before, it is gone on with, and what was answered is not asked again.
#
#   shard.sh EXPERIMENT.lua SHARDS FOLDER [SHARD]
#
# SHARD counts from 1. Where it is not given, the scheduler's own number is taken: of a Slurm job array (--array=1-SHARDS) or
# of a Kubernetes Indexed Job, which counts from 0. FOLDER is one that the job merging them will see.
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
set -- run "$experiment" --shard "$shard/$shards" -o "$out"
if [ -s "$out" ]; then
	set -- "$@" --resume
fi
exec longhaul "$@"    # so that a signal of the scheduler reaches it: the run file is closed whole, to be gone on with
