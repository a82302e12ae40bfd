#!/bin/sh
# All tests, fuzzing and benchmarks excepted: installs what is missing, builds with sanitizers (in
# build/asan) and optimised (in build/release), both with warnings as errors, and runs everything.
# The last line is "N passed, N failed", with ", N skipped" where there were any.
#
#   sh tests/run.sh                  everything
#   sh tests/run.sh -R test_json     arguments go to ctest
#
# JOBS=N: how much at once; where it is not given the number of processors, and one test more: many wait for servers.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
processors=$(nproc 2>/dev/null || echo 2)
jobs=${JOBS:-$processors}
tests_at_once=${JOBS:-$((processors + 1))}

say() { printf '%s\n' "$*"; }

# Nothing was run: one failure, so that nobody reads a count as success.
give_up() {
	say "run.sh: $*"
	say "0 passed, 1 failed"
	exit 1
}

# ---- build ----

sh scripts/setup.sh --dev || give_up "setup failed"

# build PRESET [-DNAME=VALUE…]: says nothing but what went wrong.
build() {
	preset=$1
	shift
	mkdir -p "build/$preset"
	log=build/$preset/build.log
	say "run.sh: building $preset"
	if cmake --preset "$preset" "$@" >"$log" 2>&1 && cmake --build "build/$preset" --parallel "$jobs" >>"$log" 2>&1; then
		return 0
	fi
	grep -E -A 12 'error|warning|FAILED' "$log" | head -n 80 || true
	say "run.sh: the build of $preset failed; all of its output is in $log"
	return 1
}

unset LH_PLAIN_BIN
build asan || give_up "nothing was tested"
failed=0
if build release -DLH_WERROR=ON -DLH_STATISTICS=ON; then
	# For what is too slow under the sanitizers or does not work with them: arithmetic, documents, valgrind, time limits.
	LH_PLAIN_BIN=$root/build/release/longhaul
	export LH_PLAIN_BIN
else
	failed=1
fi

# ---- surroundings ----

# What a developer has set must not decide a test, and no test may find a key.
for name in $(env | sed -nE 's/^(LONGHAUL[A-Za-z0-9_]*|LH_[A-Za-z0-9_]*|[A-Za-z0-9_]*_API_KEY|[A-Za-z]*_(PROXY|proxy))=.*/\1/p'); do
	case $name in
	LH_PLAIN_BIN | LH_QUICK) ;;
	*) unset "$name" ;;
	esac
done
unset NO_COLOR COLUMNS DESTDIR LD_PRELOAD PYTHONPATH

# The leak check stops other threads with ptrace, which containers may forbid.
leaks=1
if ASAN_OPTIONS=detect_leaks=1 build/asan/longhaul --version 2>&1 | grep -q 'LeakSanitizer has encountered a fatal error'; then
	leaks=0
	say "run.sh: no leak check by the sanitizer: ptrace is not allowed here; valgrind still looks for leaks"
fi
ASAN_OPTIONS=detect_leaks=$leaks:detect_stack_use_after_return=0:strict_string_checks=1:allocator_may_return_null=1
UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export ASAN_OPTIONS UBSAN_OPTIONS

# Older sanitizers crash at random where the kernel spreads addresses over more than 28 bits.
fixed=
bits=$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 0)
if [ "$bits" -gt 28 ] && setarch -R true 2>/dev/null; then
	fixed="setarch -R"
fi

# ---- test ----

results=build/asan/results.xml
rm -f "$results"
code=0
# shellcheck disable=SC2086  # none or two words
$fixed ctest --test-dir build/asan --parallel "$tests_at_once" --output-on-failure --no-tests=error --output-junit results.xml "$@" || code=$?

# ctest writes the numbers into the first element, whatever the version words its summary like.
number() { tr '\n' ' ' <"$results" | sed -n 's/.*<testsuite [^>]*[^a-z]'"$1"'="\([0-9]*\)".*/\1/p'; }
[ -s "$results" ] || give_up "ctest left no results"
all=$(number tests)
broken=$(number failures)
disabled=$(number disabled)
skipped=$(($(number skipped) + ${disabled:-0}))
passed=$((all - broken - skipped))
failed=$((failed + broken))
[ "$code" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1

printf '\n%s passed, %s failed' "$passed" "$failed"
[ "$skipped" -eq 0 ] || printf ', %s skipped' "$skipped"
printf '\n'
[ "$failed" -eq 0 ]
