/* base/random.h - counter-based random numbers.
 *
 * A draw is named by (seed, sample, turn, purpose, n) and depends on nothing else: not on the
 * order of work, the number of workers, or the condition. The mixer is the finaliser of
 * splitmix64 (Steele, Lea, Flood, OOPSLA 2014), applied once for each part of the name. */
#ifndef LH_BASE_RANDOM_H
#define LH_BASE_RANDOM_H

#include <stdint.h>

enum lh_purpose {                  /* part of every run's identity: append, never renumber */
	LH_FOR_SAMPLE = 1,         /* the seed handed to a task family's open() */
	LH_FOR_REPLY = 2,          /* the simulated model's reply; n = the call's sequence number */
	LH_FOR_POLICY = 3,         /* the policy's own stream */
	LH_FOR_HISTORY = 4,        /* made histories: which past answers are wrong */
	LH_FOR_BOOTSTRAP = 5,
	LH_FOR_CHECK = 6,
	LH_FOR_RETRY = 7,          /* how long a failed request waits; n = call and attempt */
	LH_FOR_PERMUTATION = 8,    /* permutation tests; n = the permutation's number */
	LH_FOR_PLAN = 9            /* experiments that a plan makes up; n = the replication's number */
};

/* A stream: draw number n of a key. Copy it to fork it. */
struct lh_random { uint64_t key, n; };

struct lh_random lh_random_stream(uint64_t seed, uint64_t sample, uint64_t turn, enum lh_purpose purpose, uint64_t n);
uint64_t lh_random_next(struct lh_random *r);
double lh_random_unit(struct lh_random *r);                       /* in [0, 1), 53 bits */
uint64_t lh_random_below(struct lh_random *r, uint64_t bound);    /* in [0, bound), unbiased; bound > 0 */
int64_t lh_random_between(struct lh_random *r, int64_t lo, int64_t hi);  /* in [lo, hi] */
uint64_t lh_random_mix(uint64_t key, uint64_t part);              /* one step of the naming */

#endif
