#!/bin/sh
# A job array, a shard a task, and a job that merges and reports when all of them have ended, well or not.
#
#   slurm.sh EXPERIMENT.lua SHARDS FOLDER [options of sbatch for the array]
#
# FOLDER is on a file system that all nodes see. A task that is preempted or whose node fails is queued again by Slurm; one whose
# time is nearly up has itself queued again (shard.sh). It goes on where it was, two minutes later: Slurm makes it wait that long. A
# task that failed is not queued again, and is said to be not done; the same command goes on with it.
# An account or a partition that both jobs need is named in SBATCH_ACCOUNT, SBATCH_PARTITION.
set -eu

if [ $# -lt 3 ]; then
	echo "usage: slurm.sh EXPERIMENT.lua SHARDS FOLDER [options of sbatch]" >&2
	exit 2
fi
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
experiment=$1 shards=$2 folder=$3
shift 3

mkdir -p "$folder"
array=$(sbatch --parsable --job-name=longhaul --array="1-$shards" --requeue --signal=B:USR1@60 --open-mode=append \
	--output="$folder/shard-%a.txt" "$@" "$here/shard.sh" "$experiment" "$shards" "$folder")
sbatch --job-name=longhaul-merge --dependency="afterany:${array%%;*}" --output="$folder/report.txt" "$here/merge.sh" "$shards" "$folder"
