/* bench/bench.h - what the benchmarks share: a child's cost, the best of several rounds, verdicts.
 *
 * Costs are CPU time (user + system) of a child or of this process: on a machine that is shared, the
 * clock on the wall says more about the neighbours. Rounds of different kinds are interleaved, and the
 * least of each is taken: noise only ever adds. */
#ifndef LH_TESTS_BENCH_BENCH_H
#define LH_TESTS_BENCH_BENCH_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BENCH_LONGHAUL LH_BINARY_DIR "/longhaul"
#define BENCH_FILE LH_BINARY_DIR "/bench.db"
#define BENCH_MODEL "sim:accuracy=0.97,context=0.3,self_conditioning=4,contagion=0.3"
#define BENCH_ARGS 40

struct bench_cost { double cpu_s, wall_s; int64_t peak_bytes, file_bytes; };

static inline double bench_seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline double bench_cpu(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) + (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

static inline int64_t bench_file_bytes(const char *path)
{
	struct stat st;
	return stat(path, &st) ? 0 : st.st_size;
}

static inline void bench_begin(void)
{
	setenv("LONGHAUL_PLUGIN_PATH", LH_BINARY_DIR "/plugins", 1);
	setenv("LONGHAUL_POLICY_PATH", LH_SOURCE_DIR "/scripts/policies", 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/* Runs a program to its end, its output thrown away. */
static inline struct bench_cost bench_child(const char *const *argv)
{
	struct bench_cost c = { 0 };
	struct rusage usage;
	int status;
	double start = bench_seconds(CLOCK_MONOTONIC);
	pid_t child = fork();
	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, STDOUT_FILENO);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status != 0) {
		printf("%s %s failed\n", argv[0], argv[1] ? argv[1] : "");
		exit(1);
	}
	c.wall_s = bench_seconds(CLOCK_MONOTONIC) - start;
	c.cpu_s = bench_cpu(&usage);
	c.peak_bytes = (int64_t)usage.ru_maxrss * 1024;
	return c;
}

struct bench_run { const char *policy; int turns, samples; bool journal; };

/* One `longhaul run`. */
static inline struct bench_cost bench_longhaul(const struct bench_run *r)
{
	char turns[16], samples[16];
	snprintf(turns, sizeof turns, "%d", r->turns);
	snprintf(samples, sizeof samples, "%d", r->samples);
	const char *argv[] = { BENCH_LONGHAUL, "run", "--model", BENCH_MODEL, "--policy", r->policy, "--turns", turns, "--samples", samples,
		"--output", r->journal ? BENCH_FILE : "none", "--quiet", NULL };
	unlink(BENCH_FILE);
	struct bench_cost c = bench_child(argv);
	c.file_bytes = r->journal ? bench_file_bytes(BENCH_FILE) : 0;
	unlink(BENCH_FILE);
	return c;
}

static inline double bench_least(double a, double b)
{
	return a == 0 || b < a ? b : a;
}

static int bench_missed;

static inline const char *bench_verdict(bool ok)
{
	bench_missed += !ok;
	return ok ? "ok" : "MISSED";
}

#endif
