#include "again/undecided.h"

#include "journal/journal.h"
#include "run/results.h"

#include <string.h>

/* A run that was decided is cut to the samples which did (load.c); of any other all are there, or should be. */
static bool lacks_samples(const struct lh_results *r)
{
	const struct lh_condition_results *c = &r->condition[0];
	int first = lh_history_made(&c->made) ? c->probe[0] - 1 : 0;
	return c->samples == r->planned && c->outcome[(size_t)(c->samples - 1) * (size_t)c->turns + (size_t)first] == LH_UNSEEN;
}

int lh_undecided_stop(const char *path, int64_t run, bool *stopped, struct lh_error *err)
{
	struct lh_results *r;
	struct lh_journal *j;
	*stopped = false;
	int rc = lh_results_load(path, run, &r, err);
	if (rc)
		return rc;
	bool undecided = r->sequential > 0 && r->gates && r->conditions && !strcmp(r->status, "done") && lacks_samples(r);
	if (undecided && !(rc = lh_journal_open_run(path, run, &j, err))) {
		rc = lh_journal_end_run(j, run, LH_STR("stopped"), LH_STR("its rules are not decided by the outcomes as they are read now"), lh_str_of(r->ended), err);
		if (rc)
			lh_journal_discard(j);
		else
			rc = lh_journal_close(j, err);
		*stopped = !rc;
	}
	lh_results_free(r);
	return rc;
}
