#include "run/dryrun.h"

#include "run/engine.h"
#include "run/gating.h"
#include "run/outline.h"

#include <stdio.h>
#include <stdlib.h>

#define SAMPLES_TRIED 3

struct count { int64_t calls, in, out; };

static int ignore_message(void *user, uint32_t slot, const struct lh_message_row *row, struct lh_error *err)
{
	(void)user, (void)slot, (void)row, (void)err;
	return 0;
}

static int count_call(void *user, uint32_t slot, const struct lh_call_row *row, unsigned how, struct lh_error *err)
{
	struct count *c = user;
	(void)slot, (void)err;
	if (how & LH_ROW_SETTLED) {
		c->calls++;
		c->in += row->tokens_in;
		c->out += row->tokens_out;
	}
	return 0;
}

static int ignore_episode(void *user, uint32_t slot, const struct lh_episode_row *row, struct lh_error *err)
{
	(void)user, (void)slot, (void)row, (void)err;
	return 0;
}

static int try_condition(const struct lh_experiment *e, const struct lh_plan *p, int condition, int samples, struct count *out, struct lh_error *err)
{
	struct lh_outlet outlet = { out, ignore_message, count_call, ignore_episode, NULL };
	struct lh_run_context run = { .experiment = e, .plan = p, .outlet = &outlet };
	struct lh_engine *engine;
	lh_buf_init(&run.text, 1u << 20);
	lh_buf_init(&run.judged, LH_STATE_MAX);
	int rc = lh_engine_new(&run, 8, &engine, err);
	const struct lh_condition *c = &p->condition[condition];
	int episodes = lh_history_made(&c->made) ? c->probe_count : 1;
	for (int i = 0; i < samples * episodes && !rc; i++) {
		struct lh_seat seat = { 0, condition, lh_plan_probe(c, i % episodes), p->first_sample + (uint64_t)(i / episodes), 1 };
		rc = lh_engine_open(engine, &seat, err);
		while (!rc && !lh_engine_idle(engine))
			rc = lh_engine_step(engine, err);
	}
	if (engine)
		lh_engine_free(engine);
	lh_buf_fini(&run.text);
	lh_buf_fini(&run.judged);
	return rc;
}

static void put_cost(struct lh_buf *b, const struct lh_model *m, const struct count *c, double *sum, bool *all)
{
	struct lh_prices p;
	lh_model_prices(m, &p);
	if (p.in < 0 || p.out < 0) {
		lh_buf_puts(b, "unknown");
		*all = false;
		return;
	}
	double usd = ((double)c->in * (double)p.in + (double)c->out * (double)p.out) / 1e12;
	*sum += usd;
	lh_buf_printf(b, "$%.2f", usd);
}

/* The condition's own model is kept aside: its prices count, and nothing else of it is used. */
static int try_all(const struct lh_experiment *e, struct lh_plan *p, struct lh_model *sim, struct lh_buf *b, struct lh_error *err)
{
	struct count total = { 0 };
	double usd = 0;
	bool all = true, live = false;
	int tried = p->samples < SAMPLES_TRIED ? (int)p->samples : SAMPLES_TRIED;
	int64_t samples = lh_plan_samples_here(e, p);
	int wide = p->probing ? 44 : 20;                 /* room for the history beside the policy */
	lh_buf_printf(b, "%-40s %-*s %12s %16s %14s  %s\n", "model", wide, p->probing ? "policy, history" : "policy", "calls", "tokens in", "tokens out", "cost");
	for (int i = 0; i < p->conditions; i++) {
		struct lh_condition *c = &p->condition[i];
		struct lh_model *own = c->model;
		struct count n = { 0 };
		c->model = sim;
		int rc = try_condition(e, p, i, tried, &n, err);
		c->model = own;
		if (rc)
			return rc;
		n = (struct count){ n.calls * samples / tried, n.in * samples / tried, n.out * samples / tried };
		total = (struct count){ total.calls + n.calls, total.in + n.in, total.out + n.out };
		char who[128];
		snprintf(who, sizeof who, p->probing ? "%.60s, %.60s" : "%.60s", c->policy_label, c->history);
		lh_buf_printf(b, "%-40.40s %-*.*s %12lld %16lld %14lld  ", c->model_label, wide, wide, who, (long long)n.calls, (long long)n.in, (long long)n.out);
		if (lh_model_carrier(own))
			put_cost(b, own, &n, &usd, &all), live = true;
		else
			lh_buf_puts(b, "nothing");
		lh_buf_putc(b, '\n');
	}
	lh_buf_printf(b, "%-*s %12lld %16lld %14lld  ", 41 + wide, "all", (long long)total.calls, (long long)total.in, (long long)total.out);
	if (live && !all && usd <= 0)
		lh_buf_puts(b, "unknown (see --price)\n");
	else if (live)
		lh_buf_printf(b, "%s$%.2f\n", all ? "" : "at least ", usd);
	else
		lh_buf_puts(b, "nothing\n");
	return lh_buf_ok(b, err);
}

/* What is wrong with the gates is better known before than after. */
static int check_gates(const struct lh_experiment *e, const struct lh_plan *p, struct lh_error *err)
{
	struct lh_outline o;
	struct lh_results *r = NULL;
	struct lh_gating g;
	int rc = lh_outline_of(p, &o, err);
	if (rc)
		return rc;
	rc = lh_outline_results(&o, e, &r, err);
	if (!rc) {
		rc = lh_gating_open(r, NULL, 0, &g, err);
		if (!rc) {
			rc = lh_gating_check(&g, err);
			lh_gating_close(&g);
		}
		lh_results_free(r);
	}
	lh_outline_fini(&o);
	return rc;
}

int lh_dry_run(const struct lh_experiment *e, struct lh_buf *out, struct lh_error *err)
{
	struct lh_plan p;
	struct lh_model *sim;
	struct lh_str key = LH_STR("accuracy"), value = LH_STR("1");
	int rc = lh_plan_make(e, &p, err);
	if (rc)
		return rc;
	rc = e->gates.count ? check_gates(e, &p, err) : 0;
	if (rc) {
		lh_plan_fini(&p);
		return rc;
	}
	rc = lh_model_open(LH_STR("sim"), LH_STR(""), &key, &value, 1, NULL, &sim, err);
	if (!rc) {
		lh_buf_printf(out, "%llu samples of %d conditions. Nothing is sent.\n\n", (unsigned long long)lh_plan_samples_here(e, &p), p.conditions);
		rc = try_all(e, &p, sim, out, err);
		lh_buf_puts(out, "\nTokens are estimated from bytes (four to a token), from the first samples and replies that hold the answer alone:\n"
			"what a model writes besides, and what it thinks, comes on top, and into the history. No cache is reckoned with.\n");
		lh_model_free(sim);
	}
	lh_plan_fini(&p);
	return rc ? rc : lh_buf_ok(out, err);
}
