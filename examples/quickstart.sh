#!/bin/sh
# From a fresh clone to a measurement: installs what is missing, builds, runs the demonstration (a
# simulated model: no key, no network, no cost) and says where the report and the run file are.
#
#   sh examples/quickstart.sh
set -eu
[ $# -eq 0 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2; }

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
build=$root/build/release
log=$root/build/quickstart.log
file=$root/build/quickstart.db
page=$root/build/quickstart.html

sh "$root/scripts/setup.sh"

# Runs a command without a sound; where it fails, shows the end of what it said.
quietly() {
	"$@" >>"$log" 2>&1 && return
	tail -n 30 "$log" >&2
	printf 'quickstart: failed: %s\nquickstart: all of its output is in %s\n' "$*" "$log" >&2
	exit 1
}

printf 'quickstart: building in %s\n\n' "$build"
mkdir -p "$root/build"
: >"$log"
[ -e "$build/CMakeCache.txt" ] || set -- -G Ninja     # a build folder keeps the generator it was made with
quietly cmake -S "$root" -B "$build" "$@" -DCMAKE_BUILD_TYPE=Release -DLH_TESTS=OFF
quietly cmake --build "$build"

"$build/longhaul" run --quiet -o "$file" --html "$page"

cat <<END

The report:   $page
The run file: $file
This table again:   "$build/longhaul" report "$file"
The same as JSON:   "$build/longhaul" report "$file" --json -
Other experiments:  "$build/longhaul" run -h
END
