/* 200 short runs at known parameters; tests/bench/bench_calibration.c is the long form. Seeds are
 * fixed: the result is the same at every run. */
#include "bench/calibration.h"

int main(void)
{
	setenv("LONGHAUL_PLUGIN_PATH", LH_BINARY_DIR "/plugins", 1);
	setenv("LONGHAUL_POLICY_PATH", LH_SOURCE_DIR "/scripts/policies", 1);
	calibrate((struct cal_size){ .runs = 200, .samples = 40, .turns = 26, .resamples = 1000 });
	return check_done();
}
