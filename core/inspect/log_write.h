/* inspect/log_write.h - a log as it is written; shared by the files that write it. */
#ifndef LH_INSPECT_LOG_WRITE_H
#define LH_INSPECT_LOG_WRITE_H

#include "json/writer.h"
#include "again/recall.h"
#include "run/results.h"

/* ---- log_pool.c: every message once, and what was sent as ranges over that ----
 *
 * Inspect keeps the messages of all calls in one list, and of a call ranges of it. Here the list is laid out so that what a policy
 * sends is few ranges whatever it is: first the record as it stood at its end, then what was replaced in it or never entered
 * it, and this order once more for every form that messages were sent in (without thoughts, results cleared). Only
 * what was sent is in it. */

struct lh_log_form { unsigned bits; struct lh_str placeholder; uint32_t *place; uint32_t used; };   /* place: by rank, from 1; 0: not sent so */

struct lh_log_pool {
	const struct lh_recall *recall;
	const char *prefix;                      /* of the messages' ids: Inspect takes ids for unique among all logs */
	const struct lh_recall_message **at; uint32_t ranks, record;     /* in the order above; the record are the first of them */
	uint32_t *rank, *made_rank;                              /* by message id; by slot of a made history */
	unsigned mute;                                           /* variants that change nothing in this conversation */
	struct lh_log_form *form; size_t forms, form_cap;
	struct lh_recall_walk walk;
};

int lh_log_pool_open(struct lh_log_pool *p, const struct lh_recall *r, const char *prefix, struct lh_error *err) LH_CHECKED;
void lh_log_pool_fini(struct lh_log_pool *p);
/* The list, and of a call the value of its `input_refs`. */
int lh_log_pool_put(const struct lh_log_pool *p, struct lh_jw *w, const char *model, struct lh_error *err) LH_CHECKED;
/* A message of the conversation as it is, under the id that it has in the list. */
int lh_log_pool_put_message(const struct lh_log_pool *p, struct lh_jw *w, const struct lh_recall_message *m, const char *model, struct lh_error *err) LH_CHECKED;
int lh_log_pool_refs(struct lh_log_pool *p, struct lh_jw *w, const struct lh_recall_call *call, struct lh_error *err) LH_CHECKED;

/* ---- log_message.c ---- */

struct lh_log_form_of { unsigned bits; struct lh_str placeholder; };
/* A message as Inspect has it. */
int lh_log_put_message(struct lh_jw *w, const struct lh_recall_message *m, const struct lh_log_form_of *form, struct lh_str id, const char *model, struct lh_error *err) LH_CHECKED;
/* A call's arguments, an object there: what is none is put under "arguments" as text. True: it is one. */
bool lh_log_put_arguments(struct lh_jw *w, struct lh_str arguments);
/* JSON that a run file holds as text; what is none becomes null. */
void lh_log_put_json(struct lh_jw *w, struct lh_str json);

/* ---- log_scores.c: what became of a sample, in the terms of measure/README.md ---- */

enum { LH_LOG_ERROR_FREE, LH_LOG_FIRST_ERROR, LH_LOG_TURN_ACCURACY, LH_LOG_STATE_ACCURACY, LH_LOG_TASK_ACCURACY, LH_LOG_SCORES };
struct lh_log_score { double value[LH_LOG_SCORES]; int first_error; };   /* NAN: not scored; first_error: turn, 0: none was seen */
struct lh_log_means { int64_t scored[LH_LOG_SCORES], unscored[LH_LOG_SCORES]; double sum[LH_LOG_SCORES], squares[LH_LOG_SCORES]; };
/* Turns from..to (from 0, exclusive) of a row of outcomes. */
void lh_log_score(const uint8_t *outcome, int from, int to, bool stop_at_error, bool whole, struct lh_log_score *out);
void lh_log_add_score(struct lh_log_means *m, const struct lh_log_score *s);
void lh_log_put_scores(struct lh_jw *w, const struct lh_log_score *s, struct lh_str answer, int outcome);
void lh_log_put_results(struct lh_jw *w, const struct lh_log_means *m, int64_t planned, int64_t completed);

/* ---- log_sample.c ---- */

struct lh_log_usage { int64_t in, cached, out, reasoning, microusd; };
void lh_log_put_usage(struct lh_jw *w, const struct lh_log_usage *u);
/* {} where nothing was asked. */
void lh_log_put_usage_of(struct lh_jw *w, const char *model, const struct lh_log_usage *u);
/* A point in time, microseconds after the run began. */
void lh_log_put_time(struct lh_jw *w, int64_t started_s, int64_t after_us);

enum lh_log_end { LH_LOG_WHOLE, LH_LOG_LIMIT, LH_LOG_ERROR };
/* Why it ended before its time. */
struct lh_log_ending { enum lh_log_end end; const char *type; double limit; char reason[600]; };

struct lh_log_sample {
	const struct lh_recall *recall;
	const struct lh_results *results;
	const struct lh_condition_results *condition;
	const char *model;                       /* as Inspect names it */
	int64_t started_s;                       /* of the run */
	char id[64];                             /* of the sample: it is part of a member's name */
	char uuid[96];
	bool numbered;                           /* the id is a number */
	/* Filled by lh_log_prepare. */
	struct lh_log_score score;
	struct lh_log_usage usage;
	struct lh_log_ending ending;
	const struct lh_recall_call *last;       /* the last accepted one; NULL: none */
	int64_t latency_us, turns;
	int64_t messages;                        /* of the record; filled by lh_log_put_sample */
	const uint8_t *outcome;                  /* of its turns */
	int from, to;
};
void lh_log_prepare(struct lh_log_sample *s);
int lh_log_put_sample(struct lh_log_sample *s, struct lh_jw *w, struct lh_error *err) LH_CHECKED;
void lh_log_put_summary(const struct lh_log_sample *s, struct lh_jw *w);
/* Why an episode ended, from what the run file says of it and of the run. */
void lh_log_ending(const struct lh_recall *r, const struct lh_results *results, struct lh_log_ending *out);

/* ---- log_events.c: the calls, turn by turn ---- */

int lh_log_put_events(const struct lh_log_sample *s, struct lh_log_pool *pool, struct lh_jw *w, struct lh_error *err) LH_CHECKED;
int lh_log_put_output(struct lh_jw *w, const struct lh_log_sample *s, const struct lh_log_pool *pool, const struct lh_recall_call *call, struct lh_error *err) LH_CHECKED;

/* ---- log_header.c ---- */

/* The member "error" of a log, a sample or an event: all three texts have to be there. */
void lh_log_put_error(struct lh_jw *w, const char *reason);

/* JSON of the run file; which samples there are and what came of them, as a hash. */
struct lh_log_run { const struct lh_results *results; const char *config, *sources, *compiler; char content[65]; };
struct lh_log_head {
	const struct lh_log_run *run;
	const struct lh_condition_results *condition;
	const char *model;
	int64_t started_s, number, planned, completed;           /* number: of the condition */
	struct lh_log_means means;
	struct lh_log_usage usage;
	const char *ids;                         /* of the samples, the inside of a list; NULL: not known yet */
	char task_id[23], eval_id[23], run_id[23];
};
/* run->content, of run->results. */
void lh_log_run_hash(struct lh_log_run *run);
void lh_log_name(struct lh_log_head *h);                 /* the ids */
void lh_log_put_file_name(const struct lh_log_head *h, struct lh_buf *out);
int lh_log_put_start(const struct lh_log_head *h, struct lh_jw *w, struct lh_error *err) LH_CHECKED;
int lh_log_put_header(const struct lh_log_head *h, struct lh_jw *w, struct lh_error *err) LH_CHECKED;

#endif
