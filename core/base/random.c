#include "base/random.h"

static uint64_t finalise(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

uint64_t lh_random_mix(uint64_t key, uint64_t part)
{
	return finalise(finalise(key + 0x9E3779B97F4A7C15u) ^ (part * 0xD1342543DE82EF95u + 0x632BE59BD9B4E019u));
}

struct lh_random lh_random_stream(uint64_t seed, uint64_t sample, uint64_t turn, enum lh_purpose purpose, uint64_t n)
{
	uint64_t key = lh_random_mix(seed, (uint64_t)purpose);
	key = lh_random_mix(key, sample);
	key = lh_random_mix(key, turn);
	return (struct lh_random){ lh_random_mix(key, n), 0 };
}

uint64_t lh_random_next(struct lh_random *r)
{
	return finalise(r->key + ++r->n * 0x9E3779B97F4A7C15u);
}

double lh_random_unit(struct lh_random *r)
{
	return (double)(lh_random_next(r) >> 11) * 0x1p-53;
}

/* Lemire's multiply-shift with rejection (ACM TOMACS 29, 2019). */
uint64_t lh_random_below(struct lh_random *r, uint64_t bound)
{
	unsigned __int128 m = (unsigned __int128)lh_random_next(r) * bound;
	if ((uint64_t)m < bound) {
		uint64_t least = (0 - bound) % bound;
		while ((uint64_t)m < least)
			m = (unsigned __int128)lh_random_next(r) * bound;
	}
	return (uint64_t)(m >> 64);
}

int64_t lh_random_between(struct lh_random *r, int64_t lo, int64_t hi)
{
	uint64_t span = (uint64_t)hi - (uint64_t)lo + 1;
	return (int64_t)((uint64_t)lo + (span ? lh_random_below(r, span) : lh_random_next(r)));
}
