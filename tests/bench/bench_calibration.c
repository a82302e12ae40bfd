/* Calibration at full size: bench_calibration [RUNS]. tests/unit/test_calibration.c is the short form. */
#include "bench/calibration.h"

int main(int argc, char **argv)
{
	struct cal_size size = { .runs = 2000, .samples = 100, .turns = 60, .resamples = 2000 };
	if (argc > 1)
		size.runs = atoi(argv[1]);
	if (size.runs < 1) {
		printf("usage: bench_calibration [RUNS]\n");
		return 2;
	}
	setenv("LONGHAUL_PLUGIN_PATH", LH_BINARY_DIR "/plugins", 1);
	setenv("LONGHAUL_POLICY_PATH", LH_SOURCE_DIR "/scripts/policies", 1);
	calibrate(size);
	return check_done();
}
