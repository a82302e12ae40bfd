#!/bin/sh
# Builds an optimised tree in build/bench and runs the benchmarks: all, or those named.
#
#   tests/bench/run.sh [NAME…]       linear speed rooms bootstrap grid calibration effects net memory
#
# Exits 1 where a target is missed. Other work on the machine makes the times worse.
set -u

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=$root/build/bench
missed=

case ${1-} in
-h | --help)
	sed -n 's/^# \{0,1\}//; 2,6p' "$0"
	exit 0
	;;
esac

[ $# -gt 0 ] || set -- linear speed rooms bootstrap grid calibration effects net memory
for name; do
	case $name in
	linear | speed | rooms | bootstrap | grid | calibration | effects | net | memory) ;;
	*)
		echo "run.sh: there is no benchmark '$name'; there are: linear speed rooms bootstrap grid calibration effects net memory"
		exit 2
		;;
	esac
done

mkdir -p "$build"
if ! { cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS=-g -DLH_BENCH=ON -DLH_WERROR=ON &&
	cmake --build "$build" --parallel; } >"$build/build.log" 2>&1; then
	tail -n 40 "$build/build.log"
	echo "run.sh: the build failed; all of its output is in $build/build.log"
	exit 1
fi
unset LONGHAUL_PLUGIN_PATH LONGHAUL_POLICY_PATH

# instructions POLICY OUTPUT SAMPLES OUT
instructions() {
	rm -f "$build/rooms.db"
	valgrind --tool=callgrind --compress-strings=no --compress-pos=no --callgrind-out-file="$4" \
		"$build/longhaul" run --model sim:accuracy=0.97,context=0.3,self_conditioning=4,contagion=0.3 \
		--policy "$1" --turns 100 --samples "$3" --output "$2" --quiet >"$build/rooms.log" 2>&1 && return
	cat "$build/rooms.log"
	return 1
}

rooms() {
	if ! command -v valgrind >/dev/null; then
		echo "valgrind is not installed: left out"
		return
	fi
	echo "Instructions a turn by room, at 100 turns an episode: 40 samples less 20, so that start and end cancel out."
	for policy in full_history window:n=5; do
		for output in none rooms.db; do
			printf '\n%s, %s\n' "$policy" "$([ $output = none ] && echo "no run file" || echo "with run file")"
			[ $output = none ] || output=$build/rooms.db
			instructions $policy "$output" 20 "$build/rooms.20" && instructions $policy "$output" 40 "$build/rooms.40" || return
			awk -v turns=2000 -f "$root/tests/bench/rooms.awk" "$build/rooms.20" "$build/rooms.40"
		done
	done
	rm -f "$build"/rooms.*
}

for name; do
	printf '== %s\n\n' "$name"
	case $name in
	rooms) rooms ;;
	*) "$build/tests/bench/bench_$name" ;;
	esac || missed="$missed $name"
	echo
done
[ -z "$missed" ] || {
	echo "missed:$missed"
	exit 1
}
