#include "measure/result.h"

#include <stdlib.h>

/* Arrays are carved in order of alignment: everything of 8 bytes first, then the ints. */
static double *doubles(char **at, size_t n)
{
	double *p = (double *)*at;
	*at += n * sizeof *p;
	return p;
}

static struct lh_interval *intervals(char **at, size_t n)
{
	struct lh_interval *p = (struct lh_interval *)*at;
	*at += n * sizeof *p;
	return p;
}

static int *ints(char **at, size_t n)
{
	int *p = (int *)*at;
	*at += n * sizeof *p;
	return p;
}

static size_t size_of(size_t turns, size_t s_count)
{
	size_t turn = 3 * sizeof(int) + (5 + LH_OUTCOME_COUNT) * (sizeof(double) + sizeof(struct lh_interval));
	return sizeof(struct lh_result) + s_count * sizeof(struct lh_horizon) + turns * turn;
}

struct lh_result *lh_result_new(int turns, int s_count)
{
	size_t n = (size_t)turns;
	struct lh_result *r = calloc(1, size_of(n, (size_t)s_count));
	if (!r)
		return NULL;
	r->horizon = (struct lh_horizon *)(r + 1);
	char *at = (char *)(r->horizon + s_count);
	r->turn_accuracy = doubles(&at, n);
	r->turn_accuracy_strict = doubles(&at, n);
	r->state_accuracy = doubles(&at, n);
	r->task_accuracy = doubles(&at, n);
	r->hazard = doubles(&at, n);
	r->turn_accuracy_ci = intervals(&at, n);
	r->state_accuracy_ci = intervals(&at, n);
	r->task_accuracy_ci = intervals(&at, n);
	r->task_accuracy_bounds = intervals(&at, n);
	r->hazard_ci = intervals(&at, n);
	for (int o = 0; o < LH_OUTCOME_COUNT; o++) {
		r->share[o] = doubles(&at, n);
		r->share_ci[o] = intervals(&at, n);
	}
	r->observed = ints(&at, n);
	r->tried = ints(&at, n);
	r->at_risk = ints(&at, n);
	return r;
}

void lh_result_free(struct lh_result *r)
{
	free(r);
}
