/* What the tests of task families share: a sample opened and asked; tables of questions answered by hand, of ways to write
 * an answer, of slips. */
#ifndef LH_TESTS_FAMILY_RIG_H
#define LH_TESTS_FAMILY_RIG_H

#include "check.h"

#include "task/task.h"

static struct lh_registry *registry;

/* Opens "NAME key=value key=value"; NULL and the message where that does not work. */
static inline struct lh_taskset *open_set(const char *spec, char why[1536])
{
	struct lh_str keys[8], values[8];
	struct lh_error err = { 0 };
	const struct lh_family *f;
	struct lh_taskset *t = NULL;
	size_t name = strcspn(spec, " ");
	int n = 0;
	for (const char *p = spec + name; *p && n < 8; n++) {
		size_t key = strcspn(++p, "="), size = strcspn(p + key, " ");
		keys[n] = (struct lh_str){ p, key };
		values[n] = (struct lh_str){ p + key + 1, size - 1 };
		p += key + size;
	}
	int rc = lh_registry_find(registry, (struct lh_str){ spec, name }, &f, &err);
	if (!rc)
		rc = lh_taskset_open(f, keys, values, n, NULL, &t, &err);
	CHECK((rc == 0) == (t != NULL));
	if (why)
		snprintf(why, 1536, "%s", err.text);
	else
		CHECK_TEXT(err.text, "");
	return t;
}

struct one { struct lh_taskset *set; struct lh_sample *sample; struct lh_buf out; };

static inline struct one open_one(const char *spec, uint64_t sample)
{
	struct one o = { .set = open_set(spec, NULL) };
	CHECK_INT(lh_sample_open(o.set, sample, 1, &o.sample, NULL), 0);
	lh_buf_init(&o.out, LH_INSTRUCTIONS_MAX);
	return o;
}

static inline void close_one(struct one *o)
{
	lh_buf_fini(&o->out);
	lh_sample_close(o->sample);
	lh_taskset_free(o->set);
}

static inline const char *ask(struct one *o, uint64_t first, uint32_t count)
{
	lh_buf_clear(&o->out);
	CHECK_INT(lh_sample_ask(o->sample, first, count, &o->out, NULL), 0);
	return o->out.p;
}

static inline const char *apply(struct one *o, uint64_t first, uint32_t count, const char *state)
{
	lh_buf_clear(&o->out);
	CHECK_INT(lh_sample_apply(o->sample, first, count, lh_str_of(state), &o->out, NULL), 0);
	return o->out.p;
}

/* ---- Answered by hand -------------------------------------------------------------------------- */

/* A family and its parameters; what the instructions say; steps per turn; questions and right answers. */
struct by_hand { const char *spec, *const *told; uint32_t steps; const char *turn[8][2]; };

static inline void check_by_hand(const struct by_hand *by_hand, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct one o = open_one(by_hand[i].spec, 0);
		uint32_t k = by_hand[i].steps;
		char state[LH_STATE_MAX + 1];
		CHECK_INT(lh_sample_instructions(o.sample, k, &o.out, NULL), 0);
		CHECK_HAS(o.out.p, *by_hand[i].told);
		lh_buf_clear(&o.out);
		CHECK_INT(lh_sample_initial(o.sample, &o.out, NULL), 0);
		snprintf(state, sizeof state, "%s", o.out.p);
		for (uint64_t turn = 0; turn < 8 && by_hand[i].turn[turn][0]; turn++) {
			CHECK_TEXT(ask(&o, turn * k, k), by_hand[i].turn[turn][0]);
			CHECK_TEXT(apply(&o, turn * k, k, state), by_hand[i].turn[turn][1]);
			snprintf(state, sizeof state, "%s", o.out.p);
		}
		close_one(&o);
	}
}

/* ---- Ways to write an answer ------------------------------------------------------------------- */

struct spelling { const char *text, *state; };

static inline void check_spellings(const char *spec, const struct spelling *s, size_t count)
{
	struct one o = open_one(spec, 0);
	for (size_t i = 0; i < count; i++) {
		bool is_state;
		lh_buf_clear(&o.out);
		CHECK_INT(lh_sample_canonical(o.sample, lh_str_of(s[i].text), &is_state, &o.out, NULL), 0);
		if (is_state != (s[i].state != NULL))
			printf("%s: \"%s\"\n", spec, s[i].text);
		CHECK_INT(is_state, s[i].state != NULL);
		CHECK_TEXT(is_state ? o.out.p : "", s[i].state ? s[i].state : "");
	}
	close_one(&o);
}

/* ---- Slips ------------------------------------------------------------------------------------- */

/* All wrong answers after `step`, where `right` is the right one, are among those listed, and all listed come up. */
static inline void check_slips(const char *spec, uint64_t step, const char *right, const char *const *listed)
{
	struct one o = open_one(spec, 0);
	int seen[40] = { 0 };
	for (uint64_t n = 0; n < 3000; n++) {
		struct lh_random r = lh_random_stream(1, 2, n, LH_FOR_HISTORY, 0);
		lh_buf_clear(&o.out);
		CHECK_INT(lh_sample_corrupt(o.sample, step, lh_str_of(right), &r, &o.out, NULL), 0);
		int i = 0;
		while (listed[i] && strcmp(listed[i], o.out.p) != 0)
			i++;
		if (!listed[i])
			printf("%s, step %d: %s\n", spec, (int)step, o.out.p);
		CHECK(listed[i] != NULL);
		seen[i]++;
	}
	for (int i = 0; listed[i]; i++)
		if (!seen[i]) {
			printf("%s, step %d: never %s\n", spec, (int)step, listed[i]);
			CHECK(seen[i]);
		}
	close_one(&o);
}

/* Also where the right state is one that no plan reaches, a slip is another state, and the next step can be done on it. */
static inline void check_edge(const char *spec, const char *right)
{
	struct one o = open_one(spec, 3);
	for (uint64_t n = 0; n < 300; n++) {
		struct lh_random r = lh_random_stream(1, 2, n, LH_FOR_HISTORY, 0);
		char wrong[LH_STATE_MAX + 1];
		bool is_state;
		lh_buf_clear(&o.out);
		CHECK_INT(lh_sample_corrupt(o.sample, n, lh_str_of(right), &r, &o.out, NULL), 0);
		snprintf(wrong, sizeof wrong, "%s", o.out.p);
		CHECK(strcmp(wrong, right) != 0);
		lh_buf_clear(&o.out);
		CHECK_INT(lh_sample_canonical(o.sample, lh_str_of(wrong), &is_state, &o.out, NULL), 0);
		CHECK(is_state);
		CHECK_TEXT(o.out.p, wrong);
		apply(&o, n, 1, wrong);
	}
	close_one(&o);
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

static inline const char *explain(struct one *o, uint64_t step, const char *before, const char *after)
{
	struct lh_error err = { 0 };
	lh_buf_clear(&o->out);
	CHECK_INT(lh_sample_explain(o->sample, step, lh_str_of(before), lh_str_of(after), &o->out, &err), 0);
	CHECK_TEXT(err.text, "");
	return o->out.p;
}

/* Of a step first the right answer, as a rule, then answers with a slip. */
struct explained { const char *spec; uint64_t step; const char *before, *after, *text; };

static inline void check_explained(const struct explained *e, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct one o = open_one(e[i].spec, 0);
		CHECK(lh_family_explains(lh_taskset_family(o.set)));
		CHECK_TEXT(explain(&o, e[i].step, e[i].before, e[i].after), e[i].text);
		close_one(&o);
	}
}

/* ---- Parameters -------------------------------------------------------------------------------- */

/* What is refused, and a part of the message. */
static inline void check_refused(const char *const (*cases)[2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char why[1536];
		CHECK(open_set(cases[i][0], why) == NULL);
		CHECK_HAS(why, cases[i][1]);
	}
}

#endif
