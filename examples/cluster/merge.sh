#!/bin/sh
# Puts the shards in a folder together, and reports: FOLDER/merged.db, FOLDER/report.json, the table on stdout.
#
#   merge.sh SHARDS FOLDER
#
# Exit code: that of merge, 4 while a shard is missing or not done (what there is is reported all the same); else that of the
# report, which says how the experiment's gates fared.
set -eu

if [ $# -ne 2 ]; then
	echo "usage: merge.sh SHARDS FOLDER" >&2
	exit 2
fi
shards=$1 folder=$2

merged=0
longhaul merge --replace -o "$folder/merged.db" "$folder"/shard-*-of-"$shards".db || merged=$?
if [ "$merged" -ne 0 ] && [ "$merged" -ne 4 ]; then
	exit "$merged"
fi
reported=0
longhaul report "$folder/merged.db" --json "$folder/report.json" || reported=$?
if [ "$merged" -ne 0 ]; then
	exit "$merged"
fi
exit "$reported"
