/* run/run.h - an experiment carried out in this process.
 *
 * Samples are run in blocks (one sample under all conditions) in index order. A call waits for one of
 * `concurrency` places; replies are taken in the order of their (virtual) time; what comes out does
 * not depend on any of it. */
#ifndef LH_RUN_RUN_H
#define LH_RUN_RUN_H

#include "longhaul/longhaul.h"
#include "run/episode.h"
#include "run/results.h"

struct lh_run_hooks {
	void (*progress)(void *user, const struct lh_progress *p);      /* a few times a second; may be NULL */
	int (*watch)(void *user, const struct lh_model_request *q, struct lh_error *err);
	void *user;
	const volatile int *stop;        /* non-zero: end early; what there is is reported; may be NULL */
};

/* Makes the run file unless output is "none". On an error that makes the run worthless (bad data, a
 * missing reply) a file made by this call is removed again. */
int lh_run(const struct lh_experiment *e, const struct lh_run_hooks *hooks, struct lh_results **out, struct lh_error *err) LH_CHECKED;

#endif
