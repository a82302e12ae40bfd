/* policy/policy.h - context policies: Lua text in, views and accepted replies out.
 *
 * A struct lh_policy is a script with its options, shared by the episodes of a condition; a struct
 * lh_policy_run is one episode's, with a Lua state of its own (none where the script has no hook).
 * The caller drives a turn: lh_policy_turn gives a first step, each LH_STEP_CALLS is carried out and
 * handed back with lh_policy_answer, until LH_STEP_ACCEPT or LH_STEP_END. Nothing here blocks. The
 * only room that includes lua.h; this header does not. */
#ifndef LH_POLICY_POLICY_H
#define LH_POLICY_POLICY_H

#include "transcript/judge.h"

enum lh_policy_needs { LH_NEEDS_ORACLE = 1, LH_NEEDS_EDIT = 2, LH_NEEDS_OWN = 4 };
enum lh_policy_hook { LH_HOOK_START = 1, LH_HOOK_VIEW = 2, LH_HOOK_TURN = 4, LH_HOOK_OVERFLOW = 8, LH_HOOK_FINISH = 16 };

struct lh_policy;

/* By name along the search path (LONGHAUL_POLICY_PATH, the install's folder, the build tree's), or a
 * file where the name holds a '/' or ends in ".lua" (relative to base_dir, NULL: the working folder). */
int lh_policy_open(struct lh_str name, const struct lh_str *keys, const struct lh_str *values, int count,
	const char *base_dir, struct lh_policy **out, struct lh_error *err) LH_CHECKED;
void lh_policy_free(struct lh_policy *p);
const char *lh_policy_name(const struct lh_policy *p);
const char *lh_policy_path(const struct lh_policy *p);
const char *lh_policy_sha256(const struct lh_policy *p);
const char *lh_policy_summary(const struct lh_policy *p);
unsigned lh_policy_needs(const struct lh_policy *p);
unsigned lh_policy_hooks(const struct lh_policy *p);
struct lh_str lh_policy_options_json(const struct lh_policy *p);       /* all options, keys sorted */
struct lh_policy_option { const char *name, *type, *initial, *range, *help; };
int lh_policy_option_count(const struct lh_policy *p);
const struct lh_policy_option *lh_policy_option_at(const struct lh_policy *p, int i);
/* Names of the policies on the search path, sorted; free each and the array. */
int lh_policy_list(char ***names, int *count, struct lh_error *err) LH_CHECKED;

/* What a call may ask for beyond the view; 0 or empty: the model's own. */
struct lh_call_options {
	char model[64], purpose[32];
	double temperature; bool has_temperature;
	int64_t max_tokens;
	char stop[64];
	bool no_tools;                   /* the task's tools are not to be called */
};

/* What became of a call. */
struct lh_call_result {
	int error;                       /* 0, LH_E_OVERFLOW or LH_E_FAILED */
	struct lh_str error_text;        /* lives until the turn is over */
	uint32_t message;                /* the reply's id in the transcript */
	enum lh_finish finish;
	int64_t tokens_in, tokens_out;
};

struct lh_policy_setting {
	struct lh_transcript *transcript;
	uint64_t seed, sample;
	uint32_t turns;
	int64_t window;                  /* the model's context in tokens; 0: unknown */
	bool no_initial;                 /* there is no task: before the first answer ep.state_shown is an error */
};

enum lh_policy_step_kind { LH_STEP_CALLS, LH_STEP_ACCEPT, LH_STEP_END };

struct lh_policy_step {
	enum lh_policy_step_kind kind;
	const struct lh_view *view;      /* CALLS: what to send, `calls` times; valid until lh_policy_answer */
	struct lh_call_options options;
	int calls;
	const int *again;                /* CALLS: these results of the ask before are asked for once more, with this view; NULL: an ask of its own */
	bool plain;                      /* CALLS: of a default turn. What its tools bring enters the record as it comes, and lh_policy_look gives the next view */
	uint32_t message;                /* ACCEPT: this turn's reply */
	enum lh_outcome outcome;         /* END: overflow or failed */
	char cause[256];
};

struct lh_policy_run;

/* LH_E_POLICY from any of these: the policy's own fault, outcome policy_error. */
int lh_policy_begin(const struct lh_policy *p, const struct lh_policy_setting *setting, struct lh_policy_run **out, struct lh_error *err) LH_CHECKED;
void lh_policy_run_free(struct lh_policy_run *r);
/* The transcript's current turn has its prompt. */
int lh_policy_turn(struct lh_policy_run *r, struct lh_policy_step *step, struct lh_error *err) LH_CHECKED;
/* The same for a turn of a made history, which is not asked: view() runs, so that what the policy keeps for itself goes
 * on, and what it returns is dropped. turn() does not run. */
int lh_policy_rehearse(struct lh_policy_run *r, struct lh_error *err) LH_CHECKED;
/* Did the turn that failed ask for the last answer before there was any (no_initial)? */
bool lh_policy_lacked_initial(const struct lh_policy_run *r);
/* The view for a further call of a plain ask, whose record has grown by calls of tools and their results: view() again, or
 * what overflow() gave, and the new ones behind it. It lives until
 * lh_policy_answer, or until this is called again. */
int lh_policy_look(struct lh_policy_run *r, const struct lh_view **view, struct lh_error *err) LH_CHECKED;
int lh_policy_answer(struct lh_policy_run *r, const struct lh_call_result *results, int n, struct lh_policy_step *step, struct lh_error *err) LH_CHECKED;
/* Appends a JSON object: "columns" from finish(), "log" from ep:log. Nothing where there is neither;
 * after an error a part of it. */
int lh_policy_finish(struct lh_policy_run *r, struct lh_buf *json, struct lh_error *err) LH_CHECKED;

/* Evaluates a Lua file in the same sandbox and appends its one result, a table, as JSON. */
int lh_script_json(const char *path, struct lh_buf *json, struct lh_error *err) LH_CHECKED;

#endif
