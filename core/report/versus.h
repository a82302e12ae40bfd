/* report/versus.h - two runs compared: the record that its outputs are written from, and the outputs.
 *
 * NEW is the run in question, BASE what it is compared with; every difference is NEW less BASE. A
 * condition of NEW is compared with the one of BASE that has the same task and parameters (the content of
 * files apart), steps per turn, turns, history, policy with its options, and model with its options. Where there
 * is none, the model may be another, if that leaves one choice only. The same samples are those of the
 * same number, seed and files: then pairs are compared, over the samples that both runs have. */
#ifndef LH_REPORT_VERSUS_H
#define LH_REPORT_VERSUS_H

#include "measure/compare.h"
#include "report/report.h"
#include "run/results.h"

enum { LH_NEW, LH_BASE };                /* as first and second of struct lh_comparison */

struct lh_versus_run { const char *path; const struct lh_results *results; bool done; };

struct lh_versus_side {
	const struct lh_condition_results *condition;
	struct lh_result *result;            /* over the samples compared, for the horizons of NEW */
	double tokens_per_turn;              /* input, over the same samples; NAN: no turn */
};

struct lh_versus_match {
	struct lh_versus_side side[2];       /* LH_NEW, LH_BASE */
	bool model_differs, policy_differs;
	const char *unpaired;                /* why the samples are not the same; NULL: they are */
	struct lh_comparison of;
	double length_adjusted, errors_adjusted;     /* by Holm over all tests; NAN: not tested */
};

struct lh_versus_list { const struct lh_condition_results **condition; int count; };

struct lh_versus {
	struct lh_versus_run run[2];
	struct lh_versus_match *match; int count;    /* in the order of NEW's conditions */
	int tests;
	struct lh_versus_list alone[2];      /* conditions that nothing matches */
	struct lh_versus_list made[2];       /* with a made history: not compared */
};

/* Borrows the results and the paths. against: the policy of BASE, as typed or by its name, with which every policy of
 * NEW is compared in place of its namesake; NULL: its namesake. */
int lh_versus_of(const struct lh_versus_run run[2], const char *against, struct lh_versus **out, struct lh_error *err) LH_CHECKED;
void lh_versus_free(struct lh_versus *v);

/* Oracles are bounds: compared, and not tested. */
static inline bool lh_versus_oracle(const struct lh_versus_match *m)
{
	return m->side[LH_NEW].condition->oracle || m->side[LH_BASE].condition->oracle;
}

/* "window:n=5: horizon not shown to differ (p = 0.410); turn error rate fell by …" */
void lh_versus_sentence(const struct lh_versus_match *m, const struct lh_report_style *style, struct lh_buf *out);

void lh_versus_table(const struct lh_versus *v, const struct lh_report_style *style, struct lh_buf *out);
void lh_versus_json(const struct lh_versus *v, struct lh_buf *out);    /* "longhaul.compare/1" */

#endif
