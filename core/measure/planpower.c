/* What a plan asks of its replications: the power, the samples needed, the smallest change; and how far
 * the answers are off because the pools are samples themselves. */
#include "measure/planning.h"

#include "measure/normal.h"
#include "measure/signflip.h"
#include "measure/wilson.h"

#include <math.h>

#define NEAR 0.01                        /* of n: no plan is surer than that */
enum { PARTS = 128, GROUPS = 20, PAIRS = 400000 };

/* ---- the pools' own error ---- */

/* Pairs by the groups of their two samples. */
struct tally { double pairs, sum, squares; };
struct tallies { struct tally of[GROUPS][GROUPS], all; };

static void add(struct tally *t, const struct tally *more, double sign)
{
	t->pairs += sign * more->pairs;
	t->sum += sign * more->sum;
	t->squares += sign * more->squares;
}

static double deviation(const struct tally *t)
{
	double mean = t->sum / t->pairs;
	return sqrt(t->squares / t->pairs - mean * mean);
}

/* D without a group of samples. */
static double without(const struct tallies *t, int group, bool mean_is_fixed)
{
	struct tally left = t->all;
	for (int g = 0; g < GROUPS; g++) {
		add(&left, &t->of[group][g], -1);
		if (g != group)
			add(&left, &t->of[g][group], -1);
	}
	double mean = mean_is_fixed ? t->all.sum / t->all.pairs : left.sum / left.pairs;
	return left.pairs > 0 && deviation(&left) > 0 ? mean / deviation(&left) : 0;
}

static double jackknife(const struct tallies *t, bool mean_is_fixed)
{
	double d[GROUPS], mean = 0, spread = 0, kept = 1 - 2.0 / GROUPS;
	double noise = mean_is_fixed ? 0 : 2 * (GROUPS - 1.0) / GROUPS / (kept * kept) / t->all.pairs;
	for (int g = 0; g < GROUPS; g++)
		mean += (d[g] = without(t, g, mean_is_fixed)) / GROUPS;
	for (int g = 0; g < GROUPS; g++)
		spread += (d[g] - mean) * (d[g] - mean) * (GROUPS - 1) / GROUPS;
	return sqrt(fmax(spread - noise, 0));
}

static int tally_pairs(struct lh_planning *big, struct tallies *t, struct lh_error *err)
{
	int rc = lh_planning_differences(big, big->most, 0, err);
	for (int i = 0; i < big->most && !rc; i++) {
		struct lh_plan_pair pair = lh_planning_pair(big, i, 0);
		double d = big->difference[i];
		struct tally one = { 1, d, d * d };
		add(&t->of[pair.first % GROUPS][pair.second % GROUPS], &one, 1);
		add(&t->all, &one, 1);
	}
	return rc;
}

/* For the world's change as it is now: the effect of a pair, and how far it is off. */
static int spread_now(struct lh_planning *p, struct lh_error *err)
{
	double change = p->world.second ? 0 : p->world.change;
	struct tallies t = { 0 };
	struct lh_planning big;
	if (p->spread_of == change)
		return 0;
	int rc = lh_planning_init(&big, &p->world, PAIRS, err);
	if (!rc)
		rc = tally_pairs(&big, &t, err);
	if (!rc) {
		p->effect = deviation(&t.all) > 0 ? fabs(t.all.sum / t.all.pairs) / deviation(&t.all) : 0;
		p->pool_spread = jackknife(&t, p->world.second && !isnan(p->world.shared));
		p->spread_of = change;
	}
	lh_planning_fini(&big);
	return rc;
}

/* ---- power ---- */

static double density(double z) { return exp(-z * z / 2) / sqrt(2 * M_PI); }

/* Standard error of z at n that comes from the pools. */
static double z_off(const struct lh_planning *p, int n) { return p->pool_spread * sqrt(n); }

static int add_errors(struct lh_planning *p, struct lh_planned_power *out, struct lh_error *err)
{
	double power = out->at.power;
	int rc = spread_now(p, err);
	out->pool_error = power > 0 && power < 1 ? fmin(density(lh_normal_quantile(power)) * z_off(p, out->at.n), 0.5) : 0;
	out->error = hypot(out->at.error, out->pool_error);
	return rc;
}

int lh_planning_power(struct lh_planning *p, int n, int replications, struct lh_planned_power *out, struct lh_error *err)
{
	*out = (struct lh_planned_power){ .error = NAN };
	int rc = lh_power_at(lh_planning_trial, p, n, replications, &out->at, err);
	return rc ? rc : add_errors(p, out, err);
}

/* By which share z may be off where the power is the one wanted. */
static double off_by(const struct lh_planning *p, int n, double target, int replications)
{
	double z = lh_normal_quantile(target), drawn = sqrt(target * (1 - target) / replications) / density(z);
	return LH_Z95 * hypot(drawn, z_off(p, n)) / (z + lh_normal_quantile(1 - p->world.level / 2));
}

/* z is off by that share, so n by its square, the one way or the other. */
static struct lh_interval around_needed(const struct lh_planning *p, int n, double target, int replications)
{
	double off = off_by(p, n, target, replications), least = lh_signflip_least(p->world.level);
	double less = off < 1 ? 1 / (1 + off) : 0.5, more = off < 1 ? 1 / (1 - off) : INFINITY;
	return (struct lh_interval){ fmin(fmax(floor(n * less * less), least), n), ceil(n * more * more) };
}

/* An n with at least the target, and a hundredth of n away one with less. */
struct search { double target; int replications, least, most, too_few, enough; struct lh_power there; };

static int look(struct lh_planning *p, struct search *s, int n, struct lh_error *err)
{
	struct lh_power at;
	int rc = lh_power_at(lh_planning_trial, p, n, s->replications, &at, err);
	if (!rc && at.power >= s->target) {
		s->enough = n;
		s->there = at;
	} else if (!rc) {
		s->too_few = n;
		s->there = s->enough > s->most ? at : s->there;
	}
	return rc;
}

/* Away from a first guess by steps that grow, until the n wanted is between two. */
static int surround(struct lh_planning *p, struct search *s, int guess, struct lh_error *err)
{
	int rc = look(p, s, guess, err);
	for (double step = 1.06; !rc && s->too_few < s->least && s->enough > s->least; step *= step)
		rc = look(p, s, (int)fmax(s->least, fmin(s->enough - 1, s->enough / step)), err);
	for (double step = 1.06; !rc && s->enough > s->most && s->too_few < s->most; step *= step)
		rc = look(p, s, (int)fmin(s->most, ceil(s->too_few * step)), err);
	return rc;
}

static int find_needed(struct lh_planning *p, struct search *s, struct lh_error *err)
{
	double z = lh_normal_quantile(s->target) + lh_normal_quantile(1 - p->world.level / 2);
	double guess = p->effect > 0 ? ceil(z * z / (p->effect * p->effect)) : s->most;
	int rc = surround(p, s, (int)fmin(fmax(guess, s->least), s->most), err);
	while (!rc && s->enough <= s->most && s->enough - s->too_few > fmax(1, NEAR * s->enough))
		rc = look(p, s, s->too_few + (s->enough - s->too_few) / 2, err);
	return rc;
}

int lh_planning_needed(struct lh_planning *p, double target, int replications, struct lh_plan_needed *out, struct lh_error *err)
{
	int least = lh_signflip_least(p->world.level), most = p->most;
	least = least < most ? least : most;
	struct search s = { .target = target, .replications = replications, .least = least, .most = most, .too_few = least - 1, .enough = most + 1 };
	*out = (struct lh_plan_needed){ .n = { NAN, NAN } };
	int rc = spread_now(p, err);
	if (!rc)
		rc = find_needed(p, &s, err);
	out->there.at = s.there;
	if (!rc)
		rc = add_errors(p, &out->there, err);
	if (rc)
		return rc;
	out->reached = s.enough <= most;
	if (out->reached)
		out->n = around_needed(p, s.enough, target, replications);
	return 0;
}

/* Halving over multiples of 1/PARTS: X = 1 is known to be enough. */
static int halve(struct lh_planning *p, int n, double target, int replications, struct lh_power *there, int *enough, struct lh_error *err)
{
	int below = 0, rc = 0;
	for (*enough = PARTS; !rc && *enough - below > 1; ) {
		struct lh_power at;
		int middle = below + (*enough - below) / 2;
		p->world.change = (double)middle / PARTS;
		rc = lh_power_at(lh_planning_trial, p, n, replications, &at, err);
		if (at.power < target) {
			below = middle;
		} else {
			*enough = middle;
			*there = at;
		}
	}
	return rc;
}

int lh_planning_smallest(struct lh_planning *p, int n, double target, int replications, struct lh_plan_smallest *out, struct lh_error *err)
{
	int enough = PARTS;
	*out = (struct lh_plan_smallest){ .change = 1, .ci = { NAN, NAN } };
	p->world.change = 1;
	int rc = lh_power_at(lh_planning_trial, p, n, replications, &out->there.at, err);
	out->found = !rc && out->there.at.power >= target;
	if (out->found)
		rc = halve(p, n, target, replications, &out->there.at, &enough, err);
	p->world.change = out->change = (double)enough / PARTS;
	if (!rc)
		rc = add_errors(p, &out->there, err);
	if (rc || !out->found)
		return rc;
	double off = off_by(p, n, target, replications);
	out->ci = (struct lh_interval){ out->change / (1 + off), off < 1 ? fmin(out->change / (1 - off), 1) : 1 };
	return 0;
}
