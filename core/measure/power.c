#include "measure/power.h"

#include "measure/wilson.h"

#include <math.h>

int lh_power_at(lh_trial trial, void *world, int n, int replications, struct lh_power *out, struct lh_error *err)
{
	*out = (struct lh_power){ .n = n, .power = NAN, .error = NAN, .ci = { NAN, NAN } };
	if (replications < 1)
		return lh_fail(err, LH_E_USAGE, "power from %d replications: at least one is needed", replications);
	for (int r = 0; r < replications; r++) {
		int rejects = trial(world, n, (uint64_t)r, err);
		if (rejects < 0)
			return rejects;
		out->rejected += rejects > 0;
	}
	out->replications = replications;
	out->power = lh_share(out->rejected, replications);
	out->error = sqrt(out->power * (1 - out->power) / replications);
	out->ci = lh_wilson(out->power, replications);
	return 0;
}

static int check(const struct lh_power_search *s, struct lh_error *err)
{
	if (s->least < 1 || s->most < s->least || !(s->target > 0 && s->target < 1))
		return lh_fail(err, LH_E_USAGE, "power %g between %d and %d samples cannot be looked for", s->target, s->least, s->most);
	return 0;
}

/* Doubling first: a trial's cost grows with n, and the answer is often small. *below: the largest n
 * seen to have too little, least - 1 at the start. */
static int climb(lh_trial trial, void *world, const struct lh_power_search *s, int *below, struct lh_power *out, struct lh_error *err)
{
	int n = s->least, code = lh_power_at(trial, world, n, s->replications, out, err);
	*below = s->least - 1;
	while (!code && out->power < s->target && n < s->most) {
		*below = n;
		n = n > s->most / 2 ? s->most : 2 * n;
		code = lh_power_at(trial, world, n, s->replications, out, err);
	}
	return code;
}

int lh_power_find(lh_trial trial, void *world, const struct lh_power_search *s, struct lh_power *out, struct lh_error *err)
{
	*out = (struct lh_power){ .power = NAN, .error = NAN, .ci = { NAN, NAN } };
	int below, code = check(s, err);
	if (!code)
		code = climb(trial, world, s, &below, out, err);
	while (!code && out->power >= s->target && out->n - below > 1) {
		struct lh_power at;
		code = lh_power_at(trial, world, below + (out->n - below) / 2, s->replications, &at, err);
		if (code || at.power < s->target)
			below = at.n;
		else
			*out = at;
	}
	return code;
}
