/* Effects of made histories at full size: bench_effects [RUNS]. tests/unit/test_effects_truth.c is the short form. */
#include "bench/effects_truth.h"

int main(int argc, char **argv)
{
	struct et_size size = { .runs = 2000, .samples = 100, .turns = 20, .permutations = 999, .resamples = 1000 };
	if (argc > 1)
		size.runs = atoi(argv[1]);
	if (size.runs < 1) {
		printf("usage: bench_effects [RUNS]\n");
		return 2;
	}
	setenv("LONGHAUL_PLUGIN_PATH", LH_BINARY_DIR "/plugins", 1);
	setenv("LONGHAUL_POLICY_PATH", LH_SOURCE_DIR "/scripts/policies", 1);
	effects_truth(size);
	return check_done();
}
