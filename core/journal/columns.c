#include "journal/columns.h"

#include <math.h>
#include <string.h>

#define INT(s, f) { #f, LH_COL_INT, offsetof(struct s, f), 0 }
#define INT_OR_NULL(s, f) { #f, LH_COL_INT_OR_NULL, offsetof(struct s, f), 0 }
#define REAL(s, f) { #f, LH_COL_REAL, offsetof(struct s, f), 0 }
#define FLAG(s, f) { #f, LH_COL_FLAG, offsetof(struct s, f), 0 }
#define TEXT(s, f) { #f, LH_COL_TEXT, offsetof(struct s, f), 0 }
#define TEXT_OR_NULL(s, f) { #f, LH_COL_TEXT_OR_NULL, offsetof(struct s, f), 0 }
#define STATE(s, f) { #f, LH_COL_STATE, offsetof(struct s, f), offsetof(struct s, has_##f) }

static const struct lh_column run_columns[] = {
	INT(lh_run_row, id), TEXT(lh_run_row, version), TEXT(lh_run_row, compiler), TEXT(lh_run_row, config),
	TEXT(lh_run_row, config_sha256), TEXT(lh_run_row, settings), TEXT(lh_run_row, sources), INT(lh_run_row, seed),
	TEXT(lh_run_row, started), TEXT_OR_NULL(lh_run_row, ended), TEXT(lh_run_row, status), TEXT_OR_NULL(lh_run_row, cause),
};

static const struct lh_column condition_columns[] = {
	INT(lh_condition_row, run), INT(lh_condition_row, id), TEXT(lh_condition_row, task), TEXT(lh_condition_row, task_params),
	TEXT(lh_condition_row, model), TEXT(lh_condition_row, model_options), TEXT(lh_condition_row, policy),
	TEXT(lh_condition_row, policy_options), TEXT(lh_condition_row, history), TEXT(lh_condition_row, probes), FLAG(lh_condition_row, oracle),
	INT(lh_condition_row, steps_per_turn), INT(lh_condition_row, turns),
};

static const struct lh_column episode_columns[] = {
	INT(lh_episode_row, id), INT(lh_episode_row, run), INT(lh_episode_row, condition), INT(lh_episode_row, sample), INT(lh_episode_row, probe),
	TEXT(lh_episode_row, status), TEXT_OR_NULL(lh_episode_row, cause), TEXT_OR_NULL(lh_episode_row, extra),
	INT_OR_NULL(lh_episode_row, history_hash), REAL(lh_episode_row, history_ratio),
};

static const struct lh_column message_columns[] = {
	INT(lh_message_row, episode), INT(lh_message_row, id), INT_OR_NULL(lh_message_row, slot), INT(lh_message_row, turn),
	TEXT(lh_message_row, role), TEXT(lh_message_row, text), TEXT_OR_NULL(lh_message_row, thoughts),
	TEXT_OR_NULL(lh_message_row, blob), TEXT_OR_NULL(lh_message_row, calls), TEXT(lh_message_row, made_by), TEXT_OR_NULL(lh_message_row, note),
};

static const struct lh_column call_columns[] = {
	INT(lh_call_row, episode), INT(lh_call_row, turn), INT(lh_call_row, seq), TEXT_OR_NULL(lh_call_row, purpose),
	TEXT(lh_call_row, view), INT(lh_call_row, view_hash), TEXT_OR_NULL(lh_call_row, options),
	INT_OR_NULL(lh_call_row, reply), TEXT_OR_NULL(lh_call_row, error), TEXT_OR_NULL(lh_call_row, error_text),
	TEXT_OR_NULL(lh_call_row, finish), INT(lh_call_row, tokens_in), INT(lh_call_row, tokens_cached),
	INT(lh_call_row, tokens_out), INT(lh_call_row, tokens_reasoning), FLAG(lh_call_row, counted), INT(lh_call_row, latency_us),
	INT(lh_call_row, cost_microusd), INT(lh_call_row, attempts), INT(lh_call_row, thoughts_kept), INT(lh_call_row, thoughts_dropped),
	TEXT_OR_NULL(lh_call_row, served_by), TEXT_OR_NULL(lh_call_row, request_id), REAL(lh_call_row, exposure_update),
	REAL(lh_call_row, exposure_state), REAL(lh_call_row, exposure_unusable), REAL(lh_call_row, reusable_prefix),
	FLAG(lh_call_row, accepted), TEXT_OR_NULL(lh_call_row, outcome), FLAG(lh_call_row, unshown),
	STATE(lh_call_row, shown), STATE(lh_call_row, followed), STATE(lh_call_row, answered), TEXT_OR_NULL(lh_call_row, truth),
};

/* What reports are made of. Half of the columns, but for a report nearly all of its time goes into reading them. */
static const struct lh_column figures_columns[] = {
	INT(lh_call_row, episode), INT(lh_call_row, turn), INT(lh_call_row, seq), INT(lh_call_row, tokens_in), INT(lh_call_row, tokens_cached),
	INT(lh_call_row, tokens_out), INT(lh_call_row, tokens_reasoning), FLAG(lh_call_row, counted), INT(lh_call_row, latency_us),
	INT(lh_call_row, cost_microusd), INT(lh_call_row, attempts), INT(lh_call_row, thoughts_kept), INT(lh_call_row, thoughts_dropped),
	REAL(lh_call_row, exposure_update), REAL(lh_call_row, exposure_state), REAL(lh_call_row, exposure_unusable),
	REAL(lh_call_row, reusable_prefix), FLAG(lh_call_row, accepted), TEXT_OR_NULL(lh_call_row, outcome), FLAG(lh_call_row, unshown),
};

static const struct lh_column attempt_columns[] = {
	INT(lh_attempt_row, episode), INT(lh_attempt_row, turn), INT(lh_attempt_row, seq), INT(lh_attempt_row, attempt),
	INT(lh_attempt_row, status), TEXT_OR_NULL(lh_attempt_row, error), INT(lh_attempt_row, waited_us),
};

static const struct lh_column answer_call_columns[] = {
	INT(lh_answer_row, turn), INT(lh_answer_row, seq), TEXT(lh_answer_row, view), INT(lh_answer_row, view_hash), INT_OR_NULL(lh_answer_row, reply),
	TEXT_OR_NULL(lh_answer_row, error), TEXT_OR_NULL(lh_answer_row, error_text), TEXT_OR_NULL(lh_answer_row, finish),
	INT(lh_answer_row, tokens_in), INT(lh_answer_row, tokens_cached), INT(lh_answer_row, tokens_out), INT(lh_answer_row, tokens_reasoning),
	FLAG(lh_answer_row, counted), INT(lh_answer_row, latency_us), INT(lh_answer_row, cost_microusd), INT(lh_answer_row, attempts),
	INT(lh_answer_row, thoughts_kept), INT(lh_answer_row, thoughts_dropped), TEXT_OR_NULL(lh_answer_row, served_by),
	TEXT_OR_NULL(lh_answer_row, request_id), FLAG(lh_answer_row, accepted),
};

static const struct lh_column answer_message_columns[] = {
	STATE(lh_answer_row, text), TEXT_OR_NULL(lh_answer_row, thoughts), TEXT_OR_NULL(lh_answer_row, blob), TEXT_OR_NULL(lh_answer_row, calls),
};

#define PART(table, name) { table, name, (int)(sizeof name / sizeof *name) }
#define TABLE(name) { #name, name##_columns, (int)(sizeof name##_columns / sizeof *name##_columns) }

const struct lh_table lh_tables[LH_T_WALKS] = {
	[LH_T_RUN] = TABLE(run), [LH_T_CONDITION] = TABLE(condition), [LH_T_EPISODE] = TABLE(episode),
	[LH_T_MESSAGE] = TABLE(message), [LH_T_CALL] = TABLE(call), [LH_T_ATTEMPT] = TABLE(attempt),
	[LH_T_FIGURES] = PART("call", figures_columns),
};

const struct lh_table lh_answer_parts[2] = { PART("call", answer_call_columns), PART("message", answer_message_columns) };

void lh_columns_list(const struct lh_table *t, const char *prefix, struct lh_buf *out)
{
	for (int i = 0; i < t->count; i++)
		lh_buf_printf(out, "%s%s%s", i ? ", " : "", prefix, t->column[i].name);
}

static bool is_text(enum lh_kind kind) { return kind >= LH_COL_TEXT; }

/* A NULL pointer would be bound as NULL whatever its length. */
static int bind_text(sqlite3_stmt *s, int i, struct lh_str text)
{
	return sqlite3_bind_text(s, i, text.n ? text.p : "", (int)text.n, SQLITE_STATIC);
}

static int bind_column(const struct lh_column *c, sqlite3_stmt *s, int i, const char *row)
{
	const char *p = row + c->at;
	int64_t v;
	switch (c->kind) {
	case LH_COL_INT:
	case LH_COL_INT_OR_NULL:
		v = *(const int64_t *)(const void *)p;
		return v == -1 && c->kind == LH_COL_INT_OR_NULL ? sqlite3_bind_null(s, i) : sqlite3_bind_int64(s, i, v);
	case LH_COL_REAL:
		return sqlite3_bind_double(s, i, *(const double *)(const void *)p);
	case LH_COL_FLAG:
		return sqlite3_bind_int64(s, i, *(const bool *)p);
	case LH_COL_TEXT:
	case LH_COL_TEXT_OR_NULL:
	case LH_COL_STATE:
		break;
	}
	struct lh_str text = *(const struct lh_str *)(const void *)p;
	bool null = c->kind == LH_COL_STATE ? !*(const bool *)(row + c->has) : c->kind == LH_COL_TEXT_OR_NULL && !text.n;
	return null ? sqlite3_bind_null(s, i) : bind_text(s, i, text);
}

int lh_columns_bind(const struct lh_table *t, sqlite3_stmt *s, const void *row)
{
	int rc = SQLITE_OK;
	for (int i = 0; i < t->count && rc == SQLITE_OK; i++)
		rc = bind_column(&t->column[i], s, i + 1, row);
	return rc;
}

size_t lh_columns_bytes(const struct lh_table *t, const void *row)
{
	size_t n = 0;
	for (int i = 0; i < t->count; i++)
		if (is_text(t->column[i].kind)) {
			size_t one = ((const struct lh_str *)(const void *)((const char *)row + t->column[i].at))->n;
			n = one > SIZE_MAX - n ? SIZE_MAX : n + one;
		}
	return n;
}

static void digest_column(const struct lh_column *c, const char *row, struct lh_sha256 *to)
{
	const char *p = row + c->at;
	if (!is_text(c->kind)) {
		lh_sha256_add(to, p, c->kind == LH_COL_FLAG ? sizeof(bool) : sizeof(int64_t));       /* a double is as wide */
		return;
	}
	const struct lh_str *text = (const struct lh_str *)(const void *)p;
	if (c->kind == LH_COL_STATE)
		lh_sha256_add(to, row + c->has, sizeof(bool));
	lh_sha256_add(to, &(uint64_t){ text->n }, sizeof(uint64_t));
	lh_sha256_add(to, text->p, text->n);
}

void lh_columns_digest(const struct lh_table *t, const void *row, struct lh_sha256 *to)
{
	for (int i = 0; i < t->count; i++)
		digest_column(&t->column[i], row, to);
}

static bool read_text(const struct lh_column *c, sqlite3_value *v, char *row)
{
	struct lh_str text = { "", 0 };
	int type = sqlite3_value_type(v);
	if (type != SQLITE_NULL) {
		/* The text first: asking for it may convert, which changes the length. */
		text.p = (const char *)sqlite3_value_text(v);
		text.n = (size_t)sqlite3_value_bytes(v);
	}
	if (c->kind == LH_COL_STATE)
		*(bool *)(row + c->has) = type != SQLITE_NULL;
	*(struct lh_str *)(void *)(row + c->at) = text;
	return text.p && (type == SQLITE_TEXT || (type == SQLITE_NULL && c->kind != LH_COL_TEXT));
}

static bool read_int(const struct lh_column *c, sqlite3_value *v, char *p)
{
	int type = sqlite3_value_type(v);
	int64_t n = type == SQLITE_INTEGER ? sqlite3_value_int64(v) : -1;
	if (c->kind == LH_COL_FLAG)
		*(bool *)p = n == 1;
	else
		*(int64_t *)(void *)p = n;
	switch (c->kind) {
	case LH_COL_FLAG: return n == 0 || n == 1;
	case LH_COL_INT: return type == SQLITE_INTEGER;
	default: return type == SQLITE_NULL || (type == SQLITE_INTEGER && n >= 0);
	}
}

static bool read_real(sqlite3_value *v, double *to)
{
	int type = sqlite3_value_type(v);
	*to = type == SQLITE_FLOAT ? sqlite3_value_double(v) : NAN;
	return type == SQLITE_FLOAT || type == SQLITE_NULL;
}

/* Through the value, which is looked up once: connections are used by one thread at a time (NOMUTEX), so a value of a row may
 * be read like any other. */
static bool read_column(const struct lh_column *c, sqlite3_stmt *s, int i, char *row)
{
	sqlite3_value *v = sqlite3_column_value(s, i);
	switch (c->kind) {
	case LH_COL_INT:
	case LH_COL_INT_OR_NULL:
	case LH_COL_FLAG:
		return read_int(c, v, row + c->at);
	case LH_COL_REAL:
		return read_real(v, (double *)(void *)(row + c->at));
	case LH_COL_TEXT:
	case LH_COL_TEXT_OR_NULL:
	case LH_COL_STATE:
		break;
	}
	return read_text(c, v, row);
}

bool lh_columns_read(const struct lh_table *t, sqlite3_stmt *s, int first, void *row, const char **bad)
{
	for (int i = 0; i < t->count; i++)
		if (!read_column(&t->column[i], s, first + i, row)) {
			*bad = t->column[i].name;
			return false;
		}
	return true;
}
