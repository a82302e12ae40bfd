#!/bin/sh
# Runs a test; of one that is mostly arithmetic the copy without sanitizers, where tests/run.sh has built that beside the
# program that LH_PLAIN_BIN names.
plain=${LH_PLAIN_BIN:+${LH_PLAIN_BIN%/*}/tests/${1##*/}}
[ -n "$plain" ] && [ -x "$plain" ] || plain=$1
exec "$plain"
