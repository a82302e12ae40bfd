/* task/params.c - parameters as typed, checked against what the family declares; tasksets. */
#include "task/task_impl.h"

#include "base/hash.h"
#include "base/utf8.h"
#include "json/writer.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TEXT_MAX 4096                    /* bytes of a value of type text or file */

/* ---- One value --------------------------------------------------------------------------------- */

static bool bounded(const struct lh_param *p)
{
	return p->min != 0 || p->max != 0;
}

static int out_of_range(const struct lh_param *p, struct lh_str typed, struct lh_error *err)
{
	return lh_fail(err, LH_E_USAGE, "%s=%.*s is out of range: %.15g to %.15g", p->name, LH_ARG(typed), p->min, p->max);
}

static int parse_integer(const struct lh_param *p, struct lh_str typed, struct lh_value *out, struct lh_error *err)
{
	if (!lh_str_to_int(typed, &out->integer))
		return lh_fail(err, LH_E_USAGE, "%s=%.*s is not an integer", p->name, LH_ARG(typed));
	out->number = (double)out->integer;
	return bounded(p) && (out->number < p->min || out->number > p->max) ? out_of_range(p, typed, err) : 0;
}

static int parse_number(const struct lh_param *p, struct lh_str typed, struct lh_value *out, struct lh_error *err)
{
	if (!lh_str_to_double(typed, &out->number))
		return lh_fail(err, LH_E_USAGE, "%s=%.*s is not a number", p->name, LH_ARG(typed));
	return bounded(p) && (out->number < p->min || out->number > p->max) ? out_of_range(p, typed, err) : 0;
}

/* Splits off the first word of "one|other". */
static struct lh_str next_word(const char **rest)
{
	size_t n = strcspn(*rest, "|");
	struct lh_str word = { *rest, n };
	*rest += n + ((*rest)[n] == '|');
	return word;
}

static struct lh_str choice_word(const struct lh_param *p, int64_t index)
{
	const char *rest = p->choices;
	struct lh_str word = next_word(&rest);
	while (index-- > 0 && *rest)
		word = next_word(&rest);
	return word;
}

static int unknown_choice(const struct lh_param *p, struct lh_str typed, struct lh_error *err)
{
	char words[512];
	const char *all[64] = { 0 };
	size_t n = 0, used = 0;
	for (const char *rest = p->choices; *rest && n < 63; ) {
		struct lh_str w = next_word(&rest);
		if (used + w.n + 1 > sizeof words)
			break;
		memcpy(words + used, w.p, w.n);
		words[used + w.n] = 0;
		all[n++] = words + used;
		used += w.n + 1;
	}
	const char *near = lh_nearest(typed, all);
	if (near)
		return lh_fail(err, LH_E_USAGE, "%s=%.*s: did you mean %s? (%s)", p->name, LH_ARG(typed), near, p->choices);
	return lh_fail(err, LH_E_USAGE, "%s=%.*s is none of %s", p->name, LH_ARG(typed), p->choices);
}

static int parse_choice(const struct lh_param *p, struct lh_str typed, struct lh_value *out, struct lh_error *err)
{
	int64_t index = 0;
	for (const char *rest = p->choices; *rest; index++)
		if (lh_str_equal(next_word(&rest), typed)) {
			out->integer = index;
			return 0;
		}
	return unknown_choice(p, typed, err);
}

static int parse_text(const struct lh_param *p, struct lh_str typed, struct lh_error *err)
{
	if (typed.n > TEXT_MAX)
		return lh_fail(err, LH_E_USAGE, "%s: longer than the %d bytes allowed", p->name, TEXT_MAX);
	if (lh_utf8_bad_at(typed) != typed.n || memchr(typed.p, 0, typed.n))
		return lh_fail(err, LH_E_USAGE, "%s: not valid UTF-8 text", p->name);
	return 0;
}

/* out->text is left to the caller, who owns the words. */
int lh_param_parse(const struct lh_param *p, struct lh_str typed, struct lh_value *out, struct lh_error *err)
{
	*out = (struct lh_value){ .text = "" };
	int rc = parse_text(p, typed, err);
	if (rc)
		return rc;
	switch (p->type) {
	case LH_PARAM_INTEGER: return parse_integer(p, typed, out, err);
	case LH_PARAM_NUMBER: return parse_number(p, typed, out, err);
	case LH_PARAM_CHOICE: return parse_choice(p, typed, out, err);
	default: return 0;
	}
}

/* ---- All of a family's ------------------------------------------------------------------------- */

static int find_param(const struct lh_family *f, struct lh_str name)
{
	for (int i = 0; i < lh_family_param_count(f); i++)
		if (lh_str_is(name, lh_family_param(f, i)->name))
			return i;
	return -1;
}

static int unknown_param(const struct lh_family *f, struct lh_str name, struct lh_error *err)
{
	const char *names[LH_PARAM_MAX + 1] = { 0 };
	for (int i = 0; i < lh_family_param_count(f); i++)
		names[i] = lh_family_param(f, i)->name;
	if (name.n > 200)
		name.n = 200;
	const char *near = lh_nearest(name, names);
	if (near)
		return lh_fail(err, LH_E_USAGE, "there is no parameter '%.*s'; did you mean '%s'?", LH_ARG(name), near);
	return lh_fail(err, LH_E_USAGE, "there is no parameter '%.*s'; `longhaul show task %s` lists them", LH_ARG(name), lh_family_name(f));
}

static int accept_typed(struct lh_taskset *t, const struct lh_str *keys, const struct lh_str *values, int count, struct lh_error *err)
{
	for (int k = 0; k < count; k++) {
		int i = find_param(t->family, keys[k]);
		if (i < 0)
			return unknown_param(t->family, keys[k], err);
		if (t->given[i].typed)
			return lh_fail(err, LH_E_USAGE, "%.*s is given twice", LH_ARG(keys[k]));
		int rc = parse_text(lh_family_param(t->family, i), values[k], err);
		if (rc)
			return rc;
		t->given[i].typed = lh_str_dup(values[k]);
		if (!t->given[i].typed)
			return lh_nomem(err);
	}
	return 0;
}

static int resolve_file(const struct lh_param *p, struct lh_given *g, const char *base_dir, struct lh_error *err)
{
	if (!g->typed[0])
		return 0;
	char path[2 * PATH_MAX];
	bool absolute = g->typed[0] == '/' || !base_dir || !base_dir[0];
	int n = snprintf(path, sizeof path, "%s%s%s", absolute ? "" : base_dir, absolute ? "" : "/", g->typed);
	if (n < 0 || n >= PATH_MAX)
		return lh_fail(err, LH_E_USAGE, "%s: the path is too long", p->name);
	struct stat st;
	if (stat(path, &st))
		return lh_fail(err, LH_E_USAGE, "%s=%s: %s", p->name, path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return lh_fail(err, LH_E_USAGE, "%s=%s: is a folder, not a file", p->name, path);
	g->path = lh_str_dup(lh_str_of(path));
	return g->path ? 0 : lh_nomem(err);
}

static int settle(struct lh_taskset *t, int i, const char *base_dir, struct lh_error *err)
{
	const struct lh_param *p = lh_family_param(t->family, i);
	struct lh_given *g = &t->given[i];
	if (!g->typed)
		g->typed = lh_str_dup(lh_str_of(p->initial));
	if (!g->typed)
		return lh_nomem(err);
	int rc = lh_param_parse(p, lh_str_of(g->typed), &t->values[i], err);
	if (!rc && p->type == LH_PARAM_FILE)
		rc = resolve_file(p, g, base_dir, err);
	t->values[i].text = p->type != LH_PARAM_FILE ? g->typed : g->path ? g->path : "";
	return rc;
}

static void put_value(struct lh_jw *w, const struct lh_param *p, const struct lh_value *v, const char *typed)
{
	lh_jw_key(w, p->name);
	switch (p->type) {
	case LH_PARAM_INTEGER: lh_jw_int(w, v->integer); break;
	case LH_PARAM_NUMBER: lh_jw_double(w, v->number); break;
	case LH_PARAM_CHOICE: lh_jw_str(w, choice_word(p, v->integer)); break;
	default: lh_jw_text(w, typed); break;
	}
}

static int write_json(struct lh_taskset *t, struct lh_error *err)
{
	struct lh_jw w;
	lh_jw_init(&w, &t->json, false);
	lh_jw_open(&w, '{');
	for (int i = 0; i < lh_family_param_count(t->family); i++) {
		const struct lh_param *p = lh_family_param(t->family, i);
		const struct lh_given *g = &t->given[i];
		put_value(&w, p, &t->values[i], g->typed);
		if (g->path) {
			char key[LH_NAME_MAX + 16];
			snprintf(key, sizeof key, "%s_sha256", p->name);
			lh_jw_key(&w, key);
			lh_jw_text(&w, g->sha256);
		}
	}
	lh_jw_close(&w);
	return lh_buf_ok(&t->json, err);
}

/* ---- The taskset ------------------------------------------------------------------------------- */

static int load(struct lh_taskset *t, struct lh_error *err)
{
	int count = lh_family_param_count(t->family);
	lh_host_call(lh_family_name(t->family), LH_IN_load, LH_NO_STEP);
	lh_host_files_begin(t->given, count);
	t->data = t->family->task->load(t->values);
	lh_host_left();
	lh_host_files_end();
	if (!t->data)
		return lh_host_failure("load", err);
	lh_host_call(lh_family_name(t->family), LH_IN_samples, LH_NO_STEP);
	t->samples = t->family->task->samples(t->data);
	lh_host_left();
	int fault = lh_taskset_list_tools(t, err);
	if (fault)
		return fault;
	for (int i = 0; i < count; i++) {
		struct lh_given *g = &t->given[i];
		int rc = g->path && !g->sha256[0] ? lh_sha256_file(g->path, g->sha256, err) : 0;
		if (rc)
			return rc;
	}
	return 0;
}

static int fill(struct lh_taskset *t, const struct lh_str *keys, const struct lh_str *values, int count, const char *base_dir, struct lh_error *err)
{
	int rc = accept_typed(t, keys, values, count, err);
	for (int i = 0; i < lh_family_param_count(t->family) && !rc; i++)
		rc = settle(t, i, base_dir, err);
	if (!rc)
		rc = load(t, err);
	if (!rc)
		rc = write_json(t, err);
	return rc;
}

int lh_taskset_open(const struct lh_family *f, const struct lh_str *keys, const struct lh_str *values, int count,
	const char *base_dir, struct lh_taskset **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_taskset *t = calloc(1, sizeof *t);
	if (!t)
		return lh_nomem(err);
	size_t n = (size_t)lh_family_param_count(f);
	t->family = f;
	lh_buf_init(&t->json, 1 << 20);
	lh_buf_init(&t->scratch[0], LH_STATE_MAX);
	lh_buf_init(&t->scratch[1], LH_STATE_MAX);
	t->given = calloc(n + 1, sizeof *t->given);
	t->values = calloc(n + 1, sizeof *t->values);
	int rc = t->given && t->values ? fill(t, keys, values, count, base_dir, err) : lh_nomem(err);
	if (rc) {
		lh_prefix(err, "task %s", lh_family_name(f));
		lh_taskset_free(t);
		return rc;
	}
	*out = t;
	return 0;
}

void lh_taskset_free(struct lh_taskset *t)
{
	if (!t)
		return;
	lh_host_enter(lh_family_name(t->family));
	lh_taskset_drop_tools(t);
	if (t->data)
		t->family->task->unload(t->data);
	for (int i = 0; t->given && i < lh_family_param_count(t->family); i++) {
		free(t->given[i].typed);
		free(t->given[i].path);
	}
	free(t->given);
	free(t->values);
	lh_buf_fini(&t->json);
	lh_buf_fini(&t->scratch[0]);
	lh_buf_fini(&t->scratch[1]);
	free(t);
}

const struct lh_family *lh_taskset_family(const struct lh_taskset *t) { return t->family; }
uint64_t lh_taskset_samples(const struct lh_taskset *t) { return t->samples; }
struct lh_str lh_taskset_params_json(const struct lh_taskset *t) { return lh_buf_str(&t->json); }
