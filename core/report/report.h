/* report/report.h - the one record that every output is written from, and the outputs.
 *
 * Table, curve, JSON and the forms of ci/ take struct lh_report and nothing else, so
 * they agree to the last digit. All names and causes in it may hold hostile text: each writer
 * escapes for its own medium. */
#ifndef LH_REPORT_REPORT_H
#define LH_REPORT_REPORT_H

#include "base/text.h"
#include "measure/compare.h"
#include "report/effects_report.h"
#include "measure/gate.h"

struct lh_report_run {
	int64_t id;
	struct lh_str version;               /* of the program */
	uint64_t seed;
	struct lh_str started, ended, status, cause, config_sha256;
	bool partial;                    /* some shards of it only */
	struct lh_str experiment;            /* the file that the gates stand in; empty: none */
	struct lh_str command;               /* what was typed, for reproducing; may be empty. JSON with timing only */
	double wall_s;                       /* timing: not part of the byte-identical report */
};

struct lh_report_cost {                  /* totals over all calls of the condition */
	int64_t calls, attempts;
	int64_t tokens_in, tokens_cached, tokens_out, tokens_reasoning;
	int64_t latency_us;                  /* sum over calls; virtual on sim */
	int64_t cost_microusd; bool priced;
	int64_t turns;                       /* accepted turns: the denominator of "per turn" */
	double reusable_prefix;              /* mean share over calls; NAN without calls */
	int64_t counted;                     /* calls whose tokens the server counted; of the others they are estimates */
	int64_t thoughts_kept, thoughts_dropped;      /* earlier replies sent with their thoughts, and without; over calls */
};

struct lh_report_exposure { double update, state, unusable, unshown; };   /* means over accepted calls; NAN: none */

/* Why episodes were censored or failed, or what else became of them. command: shows the first of them; may be empty. */
enum lh_cause_kind { LH_CAUSE_CENSORED, LH_CAUSE_POLICY, LH_CAUSE_FINISH, LH_CAUSE_OTHER };
struct lh_report_cause { struct lh_str cause, command; enum lh_cause_kind kind; int64_t episodes; };

/* A number that a policy's finish() returned: its mean over the samples that have it, 95 % by Student's t;
 * NAN ends where there is one sample, or all are alike. */
struct lh_report_column { struct lh_str name; double mean; struct lh_interval ci; int samples; };

struct lh_report_condition {
	struct lh_str task, task_params;     /* task_params, policy_options, model_options: JSON objects */
	struct lh_str model, model_options;
	struct lh_str policy, policy_options;
	struct lh_str policy_label;          /* as typed: "window:n=5", for rows of the table */
	struct lh_str task_label, model_label;
	struct lh_str history;               /* "own", or a made one: then there is no horizon */
	const int *probe_turns; int probe_turn_count;    /* turns asked behind a made history; "own": none */
	bool oracle;
	const struct lh_result *result;      /* never NULL */
	const uint8_t *outcome;              /* [sample * turns + turn], enum lh_outcome, of result's samples and turns; NULL: only the result is known */
	struct lh_report_cost cost;
	struct lh_report_exposure exposure;
	const struct lh_report_cause *causes; int cause_count;
	const struct lh_report_column *columns; int column_count;
};

/* A rule upon a condition. of a loss: `against` less `condition`. */
struct lh_report_gate {
	struct lh_str rule;                  /* as typed */
	int line;                            /* of the experiment file, from 1; 0: it stands in none */
	enum lh_metric metric; double parameter, limit; bool at_most;
	bool baseline;                       /* the limit is `limit` times what the baseline had */
	int condition, against;              /* of the report's conditions; against -1: none */
	int turn, against_turn;              /* looked at, or through which; 0: all */
	int planned;                         /* samples */
	struct lh_gate_result result;
};

enum { LH_FRONT_HORIZON = 1, LH_FRONT_ERRORS = 2 };      /* measure/pareto.h: the first horizon, the turn error rate; against input tokens per turn */

/* A policy and the baseline of its group (report/group.h), both with their own history, on the same samples. */
struct lh_report_comparison {
	int policy, baseline;                /* conditions of the report */
	struct lh_comparison of;             /* policy less baseline; an oracle is a bound and not tested */
	double length_adjusted, errors_adjusted;     /* by Holm over the group's tests; NAN: not tested */
	int tests;                           /* so many in the group */
	double tokens_ratio;                 /* input tokens per turn, over the baseline's; NAN: unknown */
	unsigned fronts, baseline_fronts;    /* LH_FRONT_… */
	int heal;                            /* the condition that gap is to; -1: there is none */
	struct lh_gap gap;                   /* NAN for oracles, and where it is not defined */
};

struct lh_searches;
struct lh_report_failure;

struct lh_report {
	struct lh_report_run run;
	const struct lh_report_condition *condition;
	int count;
	const struct lh_report_comparison *comparison;       /* group by group, in the order of its rows */
	int comparison_count;
	const struct lh_report_effects *effects; int effects_count;
	const struct lh_report_gate *gate; int gate_count;
	const struct lh_report_failure *failure; int failure_count;  /* report/failures.h; none: not asked for, or no run file */
	int failure_unmade;                  /* conditions whose made histories could not be made again */
	const struct lh_searches *single_turn;       /* run/single_turn.h; NULL: no search */
	const char *const *notes; int note_count;     /* sentences printed under the table */
};

struct lh_report_style {
	bool colour;                         /* ANSI colours */
	bool unicode;                        /* block and braille characters, ≥ */
	int columns;                         /* terminal width, at least 60; 0: a page, see below */
};

/* For a page, tables, paragraphs and definitions are written as its elements, in place of lines. Only lh_report_html asks
 * for that, with unicode and without colour. */
static inline bool lh_style_is_page(const struct lh_report_style *style) { return style->columns == 0; }

/* For each (task, model, steps per turn): heading, table, caveats, curve, and what made histories say. Then, once,
 * what the terms mean, and the notes. Never anything that differs between identical runs. */
void lh_report_table(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out);
/* Only the headings and the curves: task accuracy by turn, a row of bars a policy. */
void lh_report_curve(const struct lh_report *report, const struct lh_report_style *style, struct lh_buf *out);
/* "longhaul.report/1". With `timing` false, fields that may differ between identical runs (id,
 * started, ended, wall time, latency, the command with its --jobs) are left out: what remains is byte-identical at any concurrency. */
void lh_report_json(const struct lh_report *report, bool timing, struct lh_buf *out);
/* One page that needs nothing else: no script, no network. `timing` as for the JSON. */
void lh_report_html(const struct lh_report *report, bool timing, struct lh_buf *out);

#endif
