/* 200 short runs with made histories at known parameters; tests/bench/bench_effects.c is the long form. Seeds are
 * fixed: the result is the same at every run. */
#include "bench/effects_truth.h"

int main(void)
{
	setenv("LONGHAUL_PLUGIN_PATH", LH_BINARY_DIR "/plugins", 1);
	setenv("LONGHAUL_POLICY_PATH", LH_SOURCE_DIR "/scripts/policies", 1);
	effects_truth((struct et_size){ .runs = 200, .samples = 60, .turns = 12, .permutations = 199, .resamples = 500 });
	return check_done();
}
