#include "inspect/log_read.h"

#include <stdlib.h>
#include <string.h>

/* ---- what was looked up ---- */

static int read_results(struct lh_log_map *m, const struct lh_json *sample, struct lh_error *err)
{
	int rc = 0;
	for (const struct lh_json *e = lh_json_first(lh_json_get(sample, "events")); e && !rc; e = lh_json_next(e)) {
		struct lh_str key = lh_json_str(lh_json_get(lh_json_get(e, "arguments"), "key"));
		struct lh_json *result = NULL;
		int64_t value;
		if (!key.n || !lh_log_is(e, "event", "tool") || !lh_log_is(e, "function", "get_value") ||
			lh_json_parse(lh_json_str(lh_json_get(e, "result")), "a result", 1, &result, NULL))
			continue;
		if (lh_json_int(lh_json_get(result, "value"), &value))
			rc = lh_log_map_add(m, key, value, err);
		lh_json_free(result);
	}
	if (!rc && !lh_log_map_settle(m))
		rc = lh_fail(err, LH_E_DATA, "get_value gave two values for one key");
	return rc;
}

/* ---- what was not ---- */

struct unknown { struct lh_str key; int64_t times, known; bool several; };   /* of a prompt: known, the sum of all others */

static bool next_key(struct lh_str *list, struct lh_str *key)
{
	if (!list->p)
		return false;
	const char *comma = list->n ? memchr(list->p, ',', list->n) : NULL;
	size_t n = comma ? (size_t)(comma - list->p) : list->n;
	*key = lh_str_trim((struct lh_str){ list->p, n });
	*list = comma ? (struct lh_str){ comma + 1, list->n - n - 1 } : (struct lh_str){ NULL, 0 };
	return true;
}

static struct unknown unknown_of(const struct lh_log_map *m, struct lh_str prompt)
{
	struct unknown u = { .key = { NULL, 0 } };
	struct lh_str key;
	while (next_key(&prompt, &key)) {
		const struct lh_log_entry *e = lh_log_map_get(m, key);
		u.several = u.several || !key.n || (!e && u.key.p && !lh_str_equal(u.key, key));    /* no key is empty */
		bool beyond = e && (__builtin_add_overflow(u.known, e->value, &u.known) || u.known > INT64_MAX / 4 || u.known < INT64_MIN / 4);
		u.several = u.several || beyond;         /* nothing follows from such numbers */
		if (e)
			continue;
		u.key = key, u.times++;
	}
	return u;
}

/* The true state after each turn, where it is known; else INT64_MIN. */
static int64_t *read_truth(const struct lh_json *sample, size_t turns)
{
	int64_t *truth = malloc((turns + 1) * sizeof *truth), turn, value;
	for (size_t t = 0; truth && t <= turns; t++)
		truth[t] = t ? INT64_MIN : 0;
	for (const struct lh_json *e = lh_json_first(lh_json_get(sample, "events")); truth && e; e = lh_json_next(e)) {
		const struct lh_json *data = lh_json_get(e, "data");
		if (lh_log_is(e, "source", "longhaul") && lh_json_int(lh_json_get(data, "turn"), &turn) && turn > 0 && (size_t)turn <= turns &&
			lh_str_to_int(lh_json_str(lh_json_get(data, "true")), &value) && value < INT64_MAX / 4 && value > INT64_MIN / 4)
			truth[turn] = value;
	}
	return truth;
}

/* Each turn that lacks one value gives it, which may give the next. */
static int solve(struct lh_log_map *m, const struct lh_log_prompt *prompt, size_t prompts, const int64_t *truth, struct lh_error *err)
{
	int rc = 0;
	for (bool more = true; more && !rc;) {
		more = false;
		for (size_t t = 1; t <= prompts && !rc; t++) {
			struct unknown u = unknown_of(m, prompt[t - 1].text);
			if (!u.times || u.several || truth[t] == INT64_MIN || truth[t - 1] == INT64_MIN || (truth[t] - truth[t - 1] - u.known) % u.times)
				continue;
			rc = lh_log_map_add(m, u.key, (truth[t] - truth[t - 1] - u.known) / u.times, err);
			if (!rc && !lh_log_map_settle(m))
				rc = lh_fail(err, LH_E_DATA, "a dictionary of more than %d keys", LH_LOG_KEYS_MAX);
			more = true;
		}
	}
	return rc;
}

/* The last turn has no state where nobody answered it. */
static int add_unanswered(struct lh_log_map *m, struct lh_str prompt, struct lh_error *err)
{
	struct lh_str key;
	int rc = 0;
	while (!rc && next_key(&prompt, &key))
		if (key.n && !lh_log_map_get(m, key))
			rc = lh_log_map_add(m, key, 0, err);
	return rc || lh_log_map_settle(m) ? rc : lh_fail(err, LH_E_DATA, "a dictionary of more than %d keys", LH_LOG_KEYS_MAX);
}

int lh_log_read_lookups(struct lh_log_map *m, const struct lh_json *sample, const struct lh_log_prompt *prompt, size_t prompts, bool *some, struct lh_error *err)
{
	int rc = read_results(m, sample, err);
	*some = m->count > 0;
	if (rc || !*some || !prompts)
		return rc;
	int64_t *truth = read_truth(sample, prompts);
	rc = truth ? solve(m, prompt, prompts, truth, err) : lh_nomem(err);
	if (!rc && truth[prompts] == INT64_MIN)
		rc = add_unanswered(m, prompt[prompts - 1].text, err);
	free(truth);
	return rc;
}
