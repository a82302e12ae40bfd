/* bench/bench_floor.h - the loop of an episode written straight, for comparison. */
#ifndef LH_TESTS_BENCH_BENCH_FLOOR_H
#define LH_TESTS_BENCH_BENCH_FLOOR_H

#include <stdint.h>

/* Runs kv_sum on the simulated model of BENCH_MODEL with the whole history in view, one step a turn:
 * for each turn the prompt, the truth, the model's draws and arithmetic, its answer as text, that text
 * parsed, the outcome. Nothing is kept. The draws are those of `longhaul run` with the same seed, and
 * so is what comes of them: errors[turn] counts the turn errors, and is the same as there. */
void bench_floor(int turns, int samples, uint64_t seed, int *errors);

#endif
