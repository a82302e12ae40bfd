#!/bin/sh
# All shards on this machine, or with GNU parallel's --sshlogin on several that share FOLDER, then the report.
#
#   parallel.sh EXPERIMENT.lua SHARDS FOLDER [options of parallel]
#
# Other machines get SHARD_OPTIONS, and a key, by parallel's --env.
set -eu

if [ $# -lt 3 ]; then
	echo "usage: parallel.sh EXPERIMENT.lua SHARDS FOLDER [options of parallel]" >&2
	exit 2
fi
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
experiment=$1 shards=$2 folder=$3
shift 3

# One word of a shell: parallel has its command read by one.
quoted() { printf "'"; printf %s "$1" | sed "s/'/'\\\\''/g"; printf "'"; }

mkdir -p "$folder"
failed=0
seq "$shards" | parallel "$@" "sh $(quoted "$here/shard.sh") $(quoted "$experiment") $shards $(quoted "$folder") {} > $(quoted "$folder")/shard-{}.txt" || failed=$?
if [ "$failed" -ne 0 ]; then
	echo "parallel.sh: $failed shards did not end well; the same command goes on with them" >&2
fi
exec sh "$here/merge.sh" "$shards" "$folder"
