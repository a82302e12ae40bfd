#include "run/desk_impl.h"

#include "base/clock.h"
#include "run/gating.h"

#include <stdio.h>
#include <stdlib.h>

/* Gates are read upon the run before anything is paid for. */
static int take_gates(struct lh_desk *d, struct lh_error *err)
{
	struct lh_gating g;
	if (d->results->sequential > 0 && !d->results->gates)
		return lh_fail(err, LH_E_USAGE, "--sequential stops once every gate is decided: name at least one, such as --gate 'horizon(0.5) >= 10'");
	if (d->results->sequential > 0)
		return lh_sequence_new(d->results, &d->sequence, err);
	int rc = lh_gating_open(d->results, NULL, 0, &g, err);
	if (rc)
		return rc;
	rc = lh_gating_check(&g, err);
	lh_gating_close(&g);
	return rc;
}

int lh_desk_start(struct lh_desk *d, const struct lh_outline *outline, struct lh_error *err)
{
	d->s.outline = outline;
	int rc = lh_outline_results(d->s.outline, d->s.experiment, &d->results, err);
	if (!rc)
		rc = take_gates(d, err);
	if (!rc)
		rc = lh_budget_init(d, err);
	if (!rc)
		rc = lh_ledger_open(d, err);
	if (!rc)
		rc = lh_agenda_init(d, err);
	lh_ledger_outlet(d);
	return rc;
}

int lh_desk_new(const struct lh_desk_setting *s, struct lh_desk **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_desk *d = calloc(1, sizeof *d);
	if (!d)
		return lh_nomem(err);
	d->s = *s;
	d->log_fd = -1;
	lh_reply_init(&d->reply);
	lh_reply_init(&d->unpacked);
	int rc = lh_ledger_path(d, err);
	if (!rc)
		rc = lh_lines_open(d, err);
	if (rc) {
		lh_desk_free(d);
		return rc;
	}
	*out = d;
	return 0;
}

void lh_desk_free(struct lh_desk *d)
{
	if (!d)
		return;
	lh_lines_close(d);
	lh_orders_fini(d);
	lh_agenda_fini(d);
	lh_budget_fini(d);
	lh_kept_fini(d);
	lh_reply_fini(&d->reply);
	lh_reply_fini(&d->unpacked);
	lh_sequence_free(d->sequence);
	lh_results_free(d->results);
	free(d->path);
	free(d->temporary);
	free(d);
}

bool lh_desk_live(const struct lh_desk *d) { return d->lines > 0; }
int64_t lh_desk_waiting(const struct lh_desk *d) { return d->waiting + (int64_t)d->recorded_n; }
int lh_desk_in_flight(const struct lh_desk *d) { return d->in_flight; }
bool lh_desk_budgeted(const struct lh_desk *d) { return d->block != NULL; }
enum lh_stop lh_desk_stopped(const struct lh_desk *d) { return d->stop; }

void lh_desk_stop(struct lh_desk *d, enum lh_stop why, const char *cause)
{
	if (d->stop)
		return;
	d->stop = why;
	snprintf(d->cause, sizeof d->cause, "%s", cause);
}

void lh_desk_progress(const struct lh_desk *d, struct lh_progress *out)
{
	*out = (struct lh_progress){ .episodes = d->ended, .episodes_all = d->stop == LH_STOP_DECIDED ? d->ended : d->all, .turns = d->turns, .turns_most = (int64_t)d->s.outline->cells,
		.calls = d->calls, .elapsed_s = (double)(lh_clock_mono_us() - d->started_us) / 1e6, .in_flight = d->in_flight,
		.failed_attempts = d->attempts_failed, .failed_limited = d->failed_limited, .failed_network = d->failed_network,
		.failed_server = d->attempts_failed - d->failed_limited - d->failed_network, .tokens = d->spent.tokens, .cost_usd = (double)d->spent.microusd / 1e6 };
	for (int i = 0; i < d->lines; i++)
		if (d->line[i].pace && d->line[i].owns_pace)     /* models of one server share theirs */
			out->allowed += lh_pace_limit(d->line[i].pace);
}
