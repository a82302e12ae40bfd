/* Nothing grows faster than the number of turns: one episode of 1,250 to 10,000 turns, with run file. */
#include "bench/bench.h"

enum { ROUNDS = 15, SIZES = 4 };
#define FILE_MOST (4 << 20)              /* at 10,000 turns */
#define PEAK_MOST (64 << 20)
#define SLACK 0.20                       /* of a doubling */

static const int turns[SIZES + 1] = { 1, 1250, 2500, 5000, 10000 };

static void measure(struct bench_cost *cost)
{
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i <= SIZES; i++) {
			struct bench_cost c = bench_longhaul(&(struct bench_run){ "full_history", turns[i], 1, true });
			cost[i].cpu_s = bench_least(cost[i].cpu_s, c.cpu_s);
			cost[i].peak_bytes = (int64_t)bench_least((double)cost[i].peak_bytes, (double)c.peak_bytes);
			cost[i].file_bytes = c.file_bytes;
		}
}

/* What twice the turns multiply the cost by, the cost of one turn taken off both. */
static bool put_ratio(double fixed, double half, double whole)
{
	double ratio = (whole - fixed) / (half - fixed);
	bool ok = ratio >= 2 * (1 - SLACK) && ratio <= 2 * (1 + SLACK);
	printf("  x%.2f%s", ratio, ok ? " " : "!");
	return ok;
}

static bool print(const struct bench_cost *c, int i)
{
	bool ok = true;
	printf("%7d %12lld %10.1f %10.1f", turns[i], (long long)c[i].file_bytes, (double)c[i].peak_bytes / (1 << 20), c[i].cpu_s * 1e3);
	if (i > 1) {
		ok &= put_ratio((double)c[0].file_bytes, (double)c[i - 1].file_bytes, (double)c[i].file_bytes);
		ok &= put_ratio((double)c[0].peak_bytes, (double)c[i - 1].peak_bytes, (double)c[i].peak_bytes);
		ok &= put_ratio(c[0].cpu_s, c[i - 1].cpu_s, c[i].cpu_s);
	}
	printf("\n");
	return ok;
}

int main(void)
{
	struct bench_cost cost[SIZES + 1] = { 0 };
	bool linear = true;
	bench_begin();
	measure(cost);
	printf("One episode, kv_sum on sim, full_history, with run file; least of %d rounds. On the right, what twice the turns\n"
		"multiply file, memory and CPU time by, the cost of a run of one turn taken off first.\n\n", ROUNDS);
	printf("%7s %12s %10s %10s  %6s  %6s  %6s\n", "turns", "file bytes", "peak MiB", "CPU ms", "file", "memory", "CPU");
	for (int i = 0; i <= SIZES; i++)
		linear &= print(cost, i);
	const struct bench_cost *most = &cost[SIZES];
	printf("\nfile at 10,000 turns <= 4 MiB              %s\n", bench_verdict(most->file_bytes <= FILE_MOST));
	printf("memory at 10,000 turns <= 64 MiB           %s\n", bench_verdict(most->peak_bytes <= PEAK_MOST));
	printf("each doubling within %.0f %% of twice the cost  %s\n", 100 * SLACK, bench_verdict(linear));
	return bench_missed != 0;
}
