#include "measure/gate_impl.h"

#include "measure/bootstrap.h"
#include "measure/effects.h"
#include "measure/grid.h"
#include "measure/horizon.h"
#include "measure/jointboot.h"
#include "measure/rates.h"
#include "measure/wilson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEVER (INT64_MAX / 4)
#define SAMPLES_MOST 1000000000          /* no search goes beyond so many */

/* What a case is decided by: a number and its interval, against m. */
struct gauge { double value; struct lh_interval ci; int samples; };

/* The grids of a case, as observed or completed. */
struct look { const struct lh_gate_case *k; struct lh_grid at, against; uint64_t seed; };

static bool is_horizon(enum lh_metric m)
{
	return m == LH_METRIC_HORIZON || m == LH_METRIC_HORIZON_STEPS || m == LH_METRIC_FIRST_BELOW;
}

static bool is_task(enum lh_metric m) { return is_horizon(m) || m == LH_METRIC_TASK_ACCURACY; }
static bool is_loss(enum lh_metric m) { return lh_metrics[m].unit == LH_IN_DIFFERENCE; }

int lh_gate_outcome(enum lh_metric m)
{
	switch (m) {
	case LH_METRIC_MALFORMED: return LH_OUTCOME_MALFORMED;
	case LH_METRIC_MISSING: return LH_OUTCOME_MISSING;
	case LH_METRIC_TRUNCATED: return LH_OUTCOME_TRUNCATED;
	case LH_METRIC_REFUSED: return LH_OUTCOME_REFUSED;
	case LH_METRIC_OVERFLOW: return LH_OUTCOME_OVERFLOW;
	default: return -1;
	}
}

/* ---- a verdict from an interval ---- */

/* Of a loss, X is (1 + difference)/2. */
static double limit(const struct lh_gate_case *k)
{
	return is_loss(k->rule->metric) ? k->rule->limit : k->m;
}

/* A horizon of at most n says that task accuracy is below s, not that it reaches it: so the table's horizon and this
 * verdict cannot disagree. */
static enum lh_gate_verdict judge(const struct lh_gate_case *k, struct lh_interval ci)
{
	double m = limit(k);
	bool below = is_horizon(k->rule->metric) && k->at_most;
	if (isnan(ci.lo) || isnan(ci.hi))
		return LH_GATE_OPEN;
	bool over = k->at_most && !below ? !lh_reaches(m, ci.lo) : lh_reaches(ci.lo, m);
	bool under = k->at_most && !below ? lh_reaches(m, ci.hi) : !lh_reaches(ci.hi, m);
	if (k->at_most)
		return under ? LH_GATE_PASS : over ? LH_GATE_FAIL : LH_GATE_OPEN;
	return over ? LH_GATE_PASS : under ? LH_GATE_FAIL : LH_GATE_OPEN;
}

/* ---- shares at one turn ---- */

static struct gauge share_of(int right, int n)
{
	double share = lh_share(right, n);
	return (struct gauge){ share, lh_wilson(share, n), n };
}

static struct gauge share_at(const struct lh_grid *g, int turn, bool (*ok)(int outcome))
{
	int right = 0, n = 0;
	for (int i = 0; i < g->samples; i++) {
		int o = lh_grid_row(g, i)[turn - 1];
		n += lh_observed(o);
		right += lh_observed(o) && ok(o);
	}
	return share_of(right, n);
}

/* ---- task accuracy and horizons ---- */

static int survive(const struct lh_grid *g, struct lh_survival *v, struct lh_error *err)
{
	int rc = lh_survival_init(v, g->turns, err);
	if (rc)
		return rc;
	lh_survival_count(v, g);
	lh_survival_estimate(v);
	return 0;
}

static int task_at(const struct lh_grid *g, int turn, struct gauge *out, struct lh_error *err)
{
	struct lh_survival v;
	int rc = survive(g, &v, err);
	if (rc)
		return rc;
	double pa = v.task_accuracy[turn - 1];
	*out = (struct gauge){ pa, lh_wilson(pa, v.effective[turn - 1]), v.at_risk[0] + v.lost[0] };
	lh_survival_fini(&v);
	return 0;
}

/* In the units of the rule. */
static void put_horizon(const struct lh_gate_case *k, const struct lh_grid *g, const struct lh_horizon *h, struct lh_gate_result *out)
{
	bool steps = k->rule->metric == LH_METRIC_HORIZON_STEPS;
	double unit = steps ? g->steps_per_turn : 1, more = k->rule->metric == LH_METRIC_FIRST_BELOW;
	out->quantity = steps ? LH_GATE_IN_STEPS : LH_GATE_IN_TURNS;
	out->value = h->turns * unit + more;
	out->ci = (struct lh_interval){ h->lo * unit + more, h->hi * unit + more };
	out->value_open = h->censored;
	out->lo_open = h->lo_open;
	out->hi_open = h->hi_open;
}

static int find_horizon(const struct lh_gate_case *k, const struct lh_grid *g, struct lh_gate_result *out, struct lh_error *err)
{
	struct lh_survival v;
	struct lh_interval *band = calloc((size_t)g->turns, sizeof *band);
	if (!band)
		return lh_nomem(err);
	int rc = survive(g, &v, err);
	for (int t = 0; !rc && t < g->turns; t++)
		band[t] = lh_wilson(v.task_accuracy[t], v.effective[t]);
	if (!rc) {
		struct lh_horizon h = lh_horizon_find(&v, band, g->steps_per_turn, k->rule->parameter);
		put_horizon(k, g, &h, out);
		lh_survival_fini(&v);
	}
	free(band);
	return rc;
}

/* ---- shares of turns ---- */

/* The grid in which that outcome is the only error. */
static uint8_t *only(const struct lh_grid *g, int outcome)
{
	size_t cells = (size_t)g->samples * (size_t)g->turns;
	uint8_t *out = malloc(cells + 1);
	for (size_t i = 0; out && i < cells; i++)
		out[i] = !lh_observed(g->outcome[i]) ? g->outcome[i] : g->outcome[i] == outcome ? LH_OUTCOME_SLIPS : LH_OUTCOME_CORRECT;
	return out;
}

static int rate_of(const struct lh_grid *g, uint64_t seed, struct gauge *out, struct lh_error *err)
{
	struct lh_error_table table;
	int rc = lh_error_table_init(&table, g, 0, false, err);
	if (rc)
		return rc;
	double *own = calloc((size_t)g->samples + 1, sizeof *own);
	out->value = lh_error_rate(&table, NULL);
	out->samples = own ? lh_error_rate_each(&table, own) : 0;
	rc = own ? lh_bootstrap_error_rate(&table, seed, LH_RESAMPLES, &out->ci, err) : lh_nomem(err);
	lh_error_table_fini(&table);
	free(own);
	return rc;
}

static int share_of_turns(const struct look *l, struct gauge *out, struct lh_error *err)
{
	int outcome = lh_gate_outcome(l->k->rule->metric);
	struct lh_grid g = l->at;
	uint8_t *cells = outcome >= 0 ? only(&g, outcome) : NULL;
	if (outcome >= 0 && !cells)
		return lh_nomem(err);
	g.outcome = cells ? cells : g.outcome;
	int rc = rate_of(&g, l->seed, out, err);
	free(cells);
	return rc;
}

/* ---- losses ---- */

static int difference(const struct look *l, struct gauge *out, struct lh_error *err)
{
	int n = l->at.samples;
	uint8_t *first = malloc(2 * (size_t)n + 1), *second = first + n;
	if (!first)
		return lh_nomem(err);
	for (int i = 0; i < n; i++) {
		first[i] = lh_grid_row(&l->against, i)[l->k->against_turn - 1];
		second[i] = lh_grid_row(&l->at, i)[l->k->turn - 1];
	}
	struct lh_effect e = lh_effect_of(first, second, n, LH_TA_STRICT);
	*out = (struct gauge){ e.value, e.ci, (int)lh_pairs_total(&e.pairs) };
	free(first);
	return 0;
}

/* ---- tokens ---- */

static void tokens_per_turn(void *world, const int *weight, double *value)
{
	const struct lh_gate_condition *c = world;
	double tokens = 0, turns = 0;
	for (int i = 0; i < c->grid.samples; i++) {
		tokens += weight[i] * (double)c->tokens_in[i];
		turns += weight[i] * (double)c->turns[i];
	}
	*value = turns > 0 ? tokens / turns : NAN;
}

/* One sample says nothing of how they differ. */
static int tokens_of(const struct lh_gate_condition *c, uint64_t seed, struct gauge *out, struct lh_error *err)
{
	int n = 0;
	for (int i = 0; i < c->grid.samples; i++)
		n += c->turns[i] > 0;
	struct lh_gate_condition world = *c;
	struct lh_joint j = { .samples = c->grid.samples, .contributing = n, .values = 1, .of = tokens_per_turn, .world = &world, .seed = seed };
	int rc = lh_bootstrap_joint(&j, &out->value, &out->ci, err);
	out->samples = n;
	if (n < 2)
		out->ci = (struct lh_interval){ NAN, NAN };
	return rc;
}

/* ---- what is observed, and what might have been ---- */

static int read_gauge(const struct look *l, const struct lh_gate_condition *c, struct gauge *out, struct lh_error *err)
{
	const struct lh_gate_case *k = l->k;
	*out = (struct gauge){ NAN, { NAN, NAN }, 0 };
	if (is_task(k->rule->metric))
		return task_at(&l->at, k->turn, out, err);
	if (is_loss(k->rule->metric))
		return difference(l, out, err);
	switch (k->rule->metric) {
	case LH_METRIC_TURN_ACCURACY: *out = share_at(&l->at, k->turn, lh_outcome_turn_ok); return 0;
	case LH_METRIC_STATE_ACCURACY: *out = share_at(&l->at, k->turn, lh_outcome_state_ok); return 0;
	case LH_METRIC_TOKENS_PER_TURN: return tokens_of(c, l->seed, out, err);
	default: return share_of_turns(l, out, err);
	}
}

/* The cells of a sample that were to be asked, one after another: turn t (from 0), or the t-th probed one. */
static int asked(const struct lh_grid *g) { return g->probe ? g->probes : g->turns; }
static int cell(const struct lh_grid *g, int t) { return g->probe ? g->probe[t] - 1 : t; }

/* Fills what was cut off in one sample, with `with`; how many cells that is. out: NULL: only counts. */
static int fill_row(const struct lh_grid *g, int sample, uint8_t with, uint8_t *out)
{
	const uint8_t *row = lh_grid_row(g, sample);
	bool erred = false;
	int filled = 0;
	for (int t = 0; t < asked(g) && !(g->stop_at_error && erred); t++) {
		int o = row[cell(g, t)];
		if (!lh_observed(o)) {
			filled++;
			o = with;
			if (out)
				out[cell(g, t)] = with;
		}
		erred |= !lh_outcome_state_ok(o);
	}
	return filled;
}

static bool has_gaps(const struct lh_grid *g)
{
	for (int i = 0; i < g->samples; i++)
		if (fill_row(g, i, LH_OUTCOME_CORRECT, NULL))
			return true;
	return false;
}

static uint8_t *complete(const struct lh_grid *g, uint8_t with)
{
	size_t turns = (size_t)g->turns, cells = (size_t)g->samples * turns;
	uint8_t *out = malloc(cells + 1);
	if (!out)
		return NULL;
	memcpy(out, g->outcome, cells);
	for (int i = 0; i < g->samples; i++)
		fill_row(g, i, with, out + (size_t)i * turns);
	return out;
}

/* The verdict had all that was cut off gone wrong, or right. */
static int suppose(const struct look *l, bool wrong, enum lh_gate_verdict *out, struct lh_error *err)
{
	struct look if_so = *l;
	struct gauge g;
	int outcome = lh_gate_outcome(l->k->rule->metric);
	uint8_t bad = outcome >= 0 ? (uint8_t)outcome : LH_OUTCOME_SLIPS;
	uint8_t *at = complete(&l->at, wrong ? bad : LH_OUTCOME_CORRECT);
	uint8_t *against = is_loss(l->k->rule->metric) ? complete(&l->against, wrong ? LH_OUTCOME_CORRECT : bad) : NULL;
	int rc = at && (against || !is_loss(l->k->rule->metric)) ? 0 : lh_nomem(err);
	if_so.at.outcome = at;
	if_so.against.outcome = against;
	if (!rc)
		rc = read_gauge(&if_so, NULL, &g, err);
	if (!rc)
		*out = judge(l->k, g.ci);
	free(at);
	free(against);
	return rc;
}

/* ---- one side of a comparison ---- */

static void put_gauge(const struct lh_gate_case *k, const struct gauge *g, struct lh_gate_result *out)
{
	static const enum lh_gate_quantity of[] = { [LH_IN_SHARE] = LH_GATE_IN_SHARE, [LH_IN_TOKENS] = LH_GATE_IN_TOKENS, [LH_IN_DIFFERENCE] = LH_GATE_IN_DIFFERENCE };
	out->samples = g->samples;
	if (is_horizon(k->rule->metric))
		return;
	out->quantity = of[lh_metrics[k->rule->metric].unit];
	out->value = g->value;
	out->ci = g->ci;
}

static int read_side(const struct look *l, const struct lh_gate_condition *c, struct lh_gate_result *out, struct lh_error *err)
{
	struct gauge g;
	if (is_horizon(l->k->rule->metric)) {
		out->samples = l->at.samples;
		return find_horizon(l->k, &l->at, out, err);
	}
	int rc = read_gauge(l, c, &g, err);
	if (!rc)
		put_gauge(l->k, &g, out);
	return rc;
}

int lh_gate_read(const struct lh_gate_case *k, const struct lh_gate_condition *c, enum lh_gate_suppose how, uint64_t seed, struct lh_gate_result *out, struct lh_error *err)
{
	struct look l = { .k = k, .at = c[k->condition].grid, .seed = seed };
	int outcome = lh_gate_outcome(k->rule->metric);
	uint8_t bad = outcome >= 0 ? (uint8_t)outcome : LH_OUTCOME_SLIPS, *at = NULL, *against = NULL;
	if (k->against >= 0)
		l.against = c[k->against].grid;
	if (how == LH_AS_OBSERVED)
		return read_side(&l, &c[k->condition], out, err);
	at = complete(&l.at, how == LH_IF_WRONG ? bad : LH_OUTCOME_CORRECT);
	if (k->against >= 0)
		against = complete(&l.against, how == LH_IF_WRONG ? LH_OUTCOME_CORRECT : bad);
	int rc = at && (against || k->against < 0) ? 0 : lh_nomem(err);
	l.at.outcome = at;
	l.against.outcome = against;
	if (!rc)
		rc = read_side(&l, &c[k->condition], out, err);
	free(at);
	free(against);
	return rc;
}

bool lh_gate_has_gaps(const struct lh_gate_case *k, const struct lh_gate_condition *c)
{
	bool counts = k->rule->metric != LH_METRIC_TOKENS_PER_TURN;
	return counts && (has_gaps(&c[k->condition].grid) || (k->against >= 0 && has_gaps(&c[k->against].grid)));
}

/* Tokens depend on no outcome. */
static int decide_all(const struct look *l, const struct gauge *g, enum lh_gate_verdict *out, struct lh_error *err)
{
	enum lh_gate_verdict wrong, right;
	*out = judge(l->k, g->ci);
	bool gaps = has_gaps(&l->at) || (is_loss(l->k->rule->metric) && has_gaps(&l->against));
	if (!gaps || l->k->rule->metric == LH_METRIC_TOKENS_PER_TURN)
		return 0;
	int rc = suppose(l, true, &wrong, err);
	if (!rc)
		rc = suppose(l, false, &right, err);
	if (!rc)
		*out = wrong == right ? wrong : LH_GATE_INFRASTRUCTURE;
	return rc;
}

/* ---- how many more ---- */

static bool is_wilson(enum lh_metric m)
{
	return is_task(m) || m == LH_METRIC_TURN_ACCURACY || m == LH_METRIC_STATE_ACCURACY;
}

/* The least n above `from` at which decided(world, n) holds; NEVER: none. */
static int64_t search(bool (*decided)(const void *world, int64_t n), const void *world, int64_t from)
{
	int64_t lo = from, hi = from + 1;
	while (!decided(world, hi)) {
		lo = hi;
		hi *= 2;
		if (hi > SAMPLES_MOST)
			return NEVER;
	}
	while (hi - lo > 1) {
		int64_t middle = lo + (hi - lo) / 2;
		if (decided(world, middle))
			hi = middle;
		else
			lo = middle;
	}
	return hi;
}

struct same_share { const struct lh_gate_case *k; double share; };

static bool share_decides(const void *world, int64_t n)
{
	const struct same_share *s = world;
	return judge(s->k, lh_wilson(s->share, (double)n)) != LH_GATE_OPEN;
}

/* An interval's width goes with the root of the number of samples. */
static int64_t by_width(const struct lh_gate_case *k, const struct gauge *g)
{
	double away = fabs(g->value - limit(k)), reach = g->value > limit(k) ? g->value - g->ci.lo : g->ci.hi - g->value;
	double needed = g->samples * (reach / away * (reach / away) - 1);
	return away > 0 && needed < SAMPLES_MOST ? (int64_t)fmax(ceil(needed), 1) : 0;
}

static int64_t how_many_more(const struct lh_gate_case *k, const struct gauge *g)
{
	if (isnan(g->value) || isnan(g->ci.lo) || g->samples < 1)
		return 0;
	if (!is_wilson(k->rule->metric))
		return by_width(k, g);
	struct same_share s = { k, g->value };
	int64_t n = search(share_decides, &s, g->samples);
	return n == NEVER ? 0 : n - g->samples;
}

static bool share_passes(const void *world, int64_t n)
{
	const struct lh_gate_case *k = world;
	return judge(k, lh_wilson(k->at_most ? 0 : 1, (double)n)) == LH_GATE_PASS;
}

static bool difference_passes(const void *world, int64_t n)
{
	const struct lh_gate_case *k = world;
	struct lh_pairs all = { .first = k->at_most ? 0 : n, .second = k->at_most ? n : 0 };
	return judge(k, lh_newcombe(&all)) == LH_GATE_PASS;
}

/* Of a share of turns without any spread the interval is the betting one: a bootstrap cannot see what no sample showed. */
int64_t lh_gate_least(const struct lh_gate_case *k)
{
	if (k->rule->baseline)           /* that depends on the baseline's interval too */
		return 1;
	if (is_wilson(k->rule->metric))
		return search(share_passes, k, 0);
	if (is_loss(k->rule->metric))
		return search(difference_passes, k, 0);
	if (k->rule->metric == LH_METRIC_TOKENS_PER_TURN)
		return 2;
	return lh_sequential_least(&(struct lh_gate_rule){ k->m, k->at_most, 1 });
}

/* ---- the whole ---- */

int lh_gate_decide(const struct lh_gate_case *k, const struct lh_gate_condition *c, uint64_t seed, struct lh_gate_result *out, struct lh_error *err)
{
	const struct lh_gate_condition *at = &c[k->condition];
	struct look l = { .k = k, .at = at->grid, .seed = seed };
	struct gauge g;
	*out = (struct lh_gate_result){ .level = 0.95, .censored = lh_count_censored(&at->grid), .policy_errors = lh_count_policy_errors(&at->grid) };
	if (k->against >= 0) {
		l.against = c[k->against].grid;
		out->censored += lh_count_censored(&l.against);
		out->policy_errors += lh_count_policy_errors(&l.against);
	}
	int rc = is_horizon(k->rule->metric) ? find_horizon(k, &at->grid, out, err) : 0;
	if (!rc)
		rc = read_gauge(&l, at, &g, err);
	if (!rc)
		rc = decide_all(&l, &g, &out->verdict, err);
	if (rc)
		return rc;
	put_gauge(k, &g, out);
	if (out->policy_errors)
		out->verdict = LH_GATE_FAIL;
	if (out->verdict == LH_GATE_OPEN)
		out->more = how_many_more(k, &g);
	return 0;
}
