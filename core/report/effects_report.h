/* report/effects_report.h - what made histories say: where accuracy went, as every writer sees it.
 *
 * One entry for each group of conditions that differ in nothing but the history before the turn that is asked:
 * same task and parameters, model, policy, steps per turn, and with or without thoughts in the made answers.
 * Histories that have no answers to think about (own, restated, filler) stand in both. What the numbers mean:
 * measure/README.md, "Made histories". */
#ifndef LH_REPORT_EFFECTS_REPORT_H
#define LH_REPORT_EFFECTS_REPORT_H

#include "measure/attribution.h"
#include "measure/effects.h"
#include "measure/slope.h"
#include "transcript/history.h"

struct lh_effects_history { struct lh_str text; struct lh_history made; int condition; };      /* condition: its number in the report */

struct lh_effects_share { double value; struct lh_interval ci; };       /* Wilson; NAN: nobody was observed */

/* One history before one probed turn. Means over the samples; NAN: none, or not recorded (of history `own` only
 * accuracy and update exposure belong to a turn). */
struct lh_effects_cell {
	bool probed;
	int observed;
	struct lh_effects_share paper, strict;   /* turn accuracy */
	double update, state, unusable;          /* exposure, as achieved */
	double ratio, ratio_least, ratio_most;   /* length of a filler history to what it stands for */
	double tokens_in;                        /* a call */
};

enum lh_effects_kind { LH_EFFECTS_STATE, LH_EFFECTS_LENGTH, LH_EFFECTS_PATTERN, LH_EFFECTS_LONG_CONTEXT, LH_EFFECTS_SELF_CONDITIONING };

struct lh_effects_loss {
	enum lh_effects_kind kind;
	int turn;
	int first, second;               /* numbers of histories; -1: turn 1 */
	struct lh_effect paper, strict;  /* NAN: see `why`, or no sample was observed in both */
	const char *why;                 /* why it is not estimable; NULL: it is */
};

/* paper: a copy of strict where no reply makes a difference. */
struct lh_effects_slope {
	const char *why;                 /* not looked for; NULL: it was, see fit.status */
	int turn[LH_SLOPE_TURNS], turns; /* over these of `asked` probed turns beyond the first */
	int asked;
	struct lh_slope paper, strict;
};

struct lh_effects_attribution {
	const char *why;                 /* not looked for; NULL: it was */
	int turn;
	struct lh_attribution paper, strict;
	double reach;                    /* highest exposure that the curve knows */
};

/* Another policy's own run against this one's, at the last probed turn. */
struct lh_effects_policy {
	int condition;
	struct lh_effect paper, strict;  /* above 0: the other is better */
	double tokens;                   /* input tokens a turn, to this one's */
};

struct lh_report_effects {
	int condition;                   /* any one of the group's, for its names */
	bool thoughts;
	int samples;
	struct lh_effects_history *history; int histories;       /* made ones first, by rate; `own` last */
	int *turn, turns;                /* probed, rising */
	struct lh_effects_cell *cell;    /* [history * turns + k] */
	int turn1;                       /* the history that turn 1 was observed under; -1: none */
	struct lh_effects_loss *loss; int losses;        /* by turn, beyond the first */
	struct lh_effects_slope slope;
	struct lh_effects_attribution attribution;
	struct lh_effects_policy *policy; int policies;  /* where this is the policy that others are held against */
};

#endif
