/* Made histories: 5 rates x 4 policies x 2 tasks x 200 samples, probed at turns 1 and 100. Beside it the same number of
 * turns that the model answers itself, which is the floor: a made turn asks no model and judges nothing. */
#include "bench/bench.h"

enum { ROUNDS = 3, RATES = 5, POLICIES = 4, TASKS = 2, SAMPLES = 200, TURNS = 100 };

#define GRID "run", "--task", "kv_sum", "--task", "prefix_sum", "--model", BENCH_MODEL, "--policy", "full_history", "--policy", "window:n=5", \
	"--policy", "reset", "--policy", "heal", "--turns", "100", "--samples", "200", "--quiet"

static struct bench_cost grid(bool made, bool journal)
{
	const char *argv[BENCH_ARGS] = { BENCH_LONGHAUL, GRID, "--output", journal ? BENCH_FILE : "none" };
	int n = 0;
	while (argv[n])
		n++;
	if (made) {
		argv[n++] = "--history";
		argv[n++] = "injected:rate=0,0.25,0.5,0.75,1";
	}
	unlink(BENCH_FILE);
	struct bench_cost c = bench_child(argv);
	c.file_bytes = journal ? bench_file_bytes(BENCH_FILE) : 0;
	unlink(BENCH_FILE);
	return c;
}

static void keep(struct bench_cost *least, struct bench_cost c)
{
	least->cpu_s = bench_least(least->cpu_s, c.cpu_s);
	least->wall_s = bench_least(least->wall_s, c.wall_s);
	least->file_bytes = c.file_bytes;
}

int main(void)
{
	struct bench_cost made = { 0 }, kept = { 0 }, own = { 0 };
	const double cells = RATES * POLICIES * TASKS, episodes = cells * SAMPLES * 2, turns = cells * SAMPLES * (TURNS + 1),
		own_turns = POLICIES * TASKS * SAMPLES * (double)TURNS;
	bench_begin();
	for (int i = 0; i < ROUNDS; i++) {
		keep(&made, grid(true, false));
		keep(&kept, grid(true, true));
		keep(&own, grid(false, false));
	}
	printf("%d rates x %d policies x %d tasks x %d samples, probed at turns 1 and %d; report included, least of %d\n\n", RATES, POLICIES, TASKS, SAMPLES, TURNS, ROUNDS);
	printf("%-34s %8s %8s %14s %14s\n", "", "CPU s", "wall s", "episodes/s", "made turns/s");
	printf("%-34s %8.2f %8.2f %14.0f %14.0f\n", "no run file", made.cpu_s, made.wall_s, episodes / made.cpu_s, turns / made.cpu_s);
	printf("%-34s %8.2f %8.2f %14.0f %14.0f   %.1f MiB\n", "run file kept", kept.cpu_s, kept.wall_s, episodes / kept.cpu_s, turns / kept.cpu_s,
		(double)kept.file_bytes / (1 << 20));
	printf("%-34s %8.2f %8.2f %14s %14.0f   (turns answered)\n", "own histories, no run file", own.cpu_s, own.wall_s, "", own_turns / own.cpu_s);
	printf("\na made turn costs %.2f of an answered one\n", made.cpu_s / turns / (own.cpu_s / own_turns));
	return bench_missed != 0;
}
