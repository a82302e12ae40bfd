#include "report/versus_match.h"

#include "json/reader.h"
#include "json/writer.h"
#include "run/against.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parameters ---- */

enum { KEY_MOST = 128, VALUE_MOST = 1 << 20 };

static bool ends_in(struct lh_str s, const char *tail)
{
	size_t n = strlen(tail);
	return s.n > n && !memcmp(s.p + s.n - n, tail, n);
}

/* The member that holds the SHA-256 of a file that `key` names (task/task.h), or NULL. */
static const struct lh_json *hash_of(const struct lh_json *object, struct lh_str key)
{
	char name[KEY_MOST];
	int n = snprintf(name, sizeof name, "%.*s_sha256", LH_ARG(key));
	return n < KEY_MOST ? lh_json_get(object, name) : NULL;
}

static bool is_hash(const struct lh_json *object, struct lh_str key)
{
	char name[KEY_MOST];
	if (!ends_in(key, "_sha256") || key.n >= KEY_MOST)
		return false;
	snprintf(name, sizeof name, "%.*s", (int)(key.n - strlen("_sha256")), key.p);
	return lh_json_get(object, name) != NULL;
}

static bool same_value(const struct lh_json *a, const struct lh_json *b)
{
	const struct lh_json *node[2] = { a, b };
	struct lh_buf text[2];
	for (int i = 0; i < 2; i++) {
		struct lh_jw w;
		lh_buf_init(&text[i], VALUE_MOST);
		lh_jw_init(&w, &text[i], false);
		lh_jw_node(&w, node[i]);
	}
	bool same = !text[0].failed && !text[1].failed && lh_str_equal(lh_buf_str(&text[0]), lh_buf_str(&text[1]));
	lh_buf_fini(&text[0]);
	lh_buf_fini(&text[1]);
	return same;
}

/* Where a file lies does not matter, what is in it does. */
static enum lh_versus_params compare_members(const struct lh_json *a, const struct lh_json *b)
{
	enum lh_versus_params found = LH_PARAMS_SAME;
	if (lh_json_type(a) != LH_JSON_OBJECT || lh_json_type(b) != LH_JSON_OBJECT || lh_json_size(a) != lh_json_size(b))
		return LH_PARAMS_OTHER;
	for (const struct lh_json *m = lh_json_first(a); m; m = lh_json_next(m)) {
		char key[KEY_MOST];
		snprintf(key, sizeof key, "%.*s", LH_ARG(lh_json_key(m)));
		const struct lh_json *other = lh_json_get(b, key);
		bool same = other && same_value(m, other);
		if (!other || (!same && !is_hash(a, lh_json_key(m)) && !hash_of(a, lh_json_key(m))))
			return LH_PARAMS_OTHER;
		if (!same && is_hash(a, lh_json_key(m)))
			found = LH_PARAMS_OTHER_DATA;
	}
	return found;
}

enum lh_versus_params lh_versus_params(const char *a, const char *b)
{
	struct lh_json *one = NULL, *two = NULL;
	enum lh_versus_params found = LH_PARAMS_OTHER;
	if (!strcmp(a, b))
		return LH_PARAMS_SAME;
	if (!lh_json_parse(lh_str_of(a), "parameters", 1, &one, NULL) && !lh_json_parse(lh_str_of(b), "parameters", 1, &two, NULL))
		found = compare_members(one, two);
	lh_json_free(one);
	lh_json_free(two);
	return found;
}

/* ---- conditions ---- */

typedef const struct lh_condition_results condition;

struct matching {
	struct lh_versus *v;
	const char *label;               /* BASE's policy, for all of NEW's; NULL: the namesake */
	bool *taken[2];                  /* [condition] */
};

static bool own(condition *c) { return !strcmp(c->history, "own"); }

static bool same_policy(condition *a, condition *b)
{
	return !strcmp(a->policy, b->policy) && !strcmp(a->policy_options, b->policy_options);
}

static bool same_model(condition *a, condition *b)
{
	return !strcmp(a->model, b->model) && !strcmp(a->model_options, b->model_options);
}

static bool same_task(condition *a, condition *b)
{
	return a->steps_per_turn == b->steps_per_turn && a->turns == b->turns && !strcmp(a->task, b->task) &&
		lh_versus_params(a->task_params, b->task_params) != LH_PARAMS_OTHER;
}

/* NEW's condition and BASE's have all in common but, perhaps, the model. */
static bool like(const struct matching *m, condition *fresh, condition *base)
{
	return own(fresh) && own(base) && same_task(fresh, base) &&
		(m->label ? !strcmp(base->policy_label, m->label) : same_policy(fresh, base));
}

static condition *at(const struct matching *m, int side, int i)
{
	return &m->v->run[side].results->condition[i];
}

static int conditions(const struct matching *m, int side)
{
	return m->v->run[side].results->conditions;
}

/* With a policy of BASE for all, one condition of BASE serves several of NEW. */
static bool free_base(const struct matching *m, int base)
{
	return m->label || !m->taken[LH_BASE][base];
}

static int find_exact(const struct matching *m, int fresh)
{
	for (int k = 0; k < conditions(m, LH_BASE); k++)
		if (free_base(m, k) && like(m, at(m, LH_NEW, fresh), at(m, LH_BASE, k)) && same_model(at(m, LH_NEW, fresh), at(m, LH_BASE, k)))
			return k;
	return -1;
}

/* The only condition of BASE like it, for which it is the only one of NEW. */
static int find_other_model(const struct matching *m, int fresh)
{
	int found = -1, rivals = 0;
	for (int k = 0; k < conditions(m, LH_BASE); k++)
		if (free_base(m, k) && like(m, at(m, LH_NEW, fresh), at(m, LH_BASE, k))) {
			if (found >= 0)
				return -1;
			found = k;
		}
	for (int i = 0; i < conditions(m, LH_NEW) && found >= 0; i++)
		rivals += !m->taken[LH_NEW][i] && like(m, at(m, LH_NEW, i), at(m, LH_BASE, found)) && same_policy(at(m, LH_NEW, i), at(m, LH_NEW, fresh));
	return rivals == 1 ? found : -1;
}

/* base[i]: the condition of BASE for NEW's i; -1: none. */
static void find_all(struct matching *m, int *base)
{
	int n = conditions(m, LH_NEW);
	for (int i = 0; i < n; i++) {
		base[i] = find_exact(m, i);
		m->taken[LH_NEW][i] = base[i] >= 0;
		if (base[i] >= 0)
			m->taken[LH_BASE][base[i]] = true;
	}
	for (int i = 0; i < n; i++)
		if (base[i] < 0)
			base[i] = find_other_model(m, i);
	for (int i = 0; i < n; i++)
		if (base[i] >= 0)
			m->taken[LH_NEW][i] = m->taken[LH_BASE][base[i]] = true;
}

static void add_matches(struct matching *m, const int *base)
{
	struct lh_versus *v = m->v;
	for (int i = 0; i < conditions(m, LH_NEW); i++) {
		if (base[i] < 0)
			continue;
		condition *fresh = at(m, LH_NEW, i), *old = at(m, LH_BASE, base[i]);
		v->match[v->count++] = (struct lh_versus_match){ .side = { [LH_NEW].condition = fresh, [LH_BASE].condition = old },
			.model_differs = !same_model(fresh, old), .policy_differs = !same_policy(fresh, old) };
	}
}

/* What is left of both runs. Policies of BASE that were not asked for are not missed. */
static void add_rest(struct matching *m)
{
	for (int side = 0; side < 2; side++)
		for (int i = 0; i < conditions(m, side); i++) {
			condition *c = at(m, side, i);
			if (m->taken[side][i] || (side == LH_BASE && m->label && own(c) && strcmp(c->policy_label, m->label)))
				continue;
			struct lh_versus_list *list = own(c) ? &m->v->alone[side] : &m->v->made[side];
			list->condition[list->count++] = c;
		}
}

static int find_label(struct matching *m, const char *against, struct lh_error *err)
{
	int n = conditions(m, LH_BASE), count = 0, found;
	if (!against)
		return 0;
	struct lh_candidate *c = calloc((size_t)n + 1, sizeof *c);
	if (!c)
		return lh_nomem(err);
	for (int i = 0; i < n; i++)
		if (own(at(m, LH_BASE, i)))
			c[count++] = (struct lh_candidate){ at(m, LH_BASE, i)->policy_label, at(m, LH_BASE, i)->policy };
	int rc = lh_against_find(c, count, against, &found, err);
	m->label = rc ? NULL : c[found].label;
	free(c);
	if (rc)
		lh_prefix(err, "%s", m->v->run[LH_BASE].path);
	return rc;
}

static int make_room(struct matching *m, int **base, struct lh_error *err)
{
	struct lh_versus *v = m->v;
	bool ok = true;
	for (int side = 0; side < 2; side++) {
		size_t n = (size_t)conditions(m, side) + 1;
		m->taken[side] = calloc(n, sizeof(bool));
		v->alone[side].condition = calloc(n, sizeof(condition *));
		v->made[side].condition = calloc(n, sizeof(condition *));
		ok = ok && m->taken[side] && v->alone[side].condition && v->made[side].condition;
	}
	v->match = calloc((size_t)conditions(m, LH_NEW) + 1, sizeof *v->match);
	*base = calloc((size_t)conditions(m, LH_NEW) + 1, sizeof **base);
	return ok && v->match && *base ? 0 : lh_nomem(err);
}

int lh_versus_match(struct lh_versus *v, const char *against, struct lh_error *err)
{
	struct matching m = { .v = v };
	int *base = NULL;
	int rc = make_room(&m, &base, err);
	if (!rc)
		rc = find_label(&m, against, err);
	if (!rc) {
		find_all(&m, base);
		add_matches(&m, base);
		add_rest(&m);
	}
	free(m.taken[LH_NEW]);
	free(m.taken[LH_BASE]);
	free(base);
	return rc;
}
