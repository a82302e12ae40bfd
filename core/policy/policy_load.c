/* A policy script opened: found, compiled, its declarations read and its options checked. */
#include "policy/policy_run.h"

#include "base/hash.h"
#include "json/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SCRIPT_MAX (1u << 20)
#define OPTIONS_MAX 63

static const char *const fields[] = { "api", "summary", "options", "requires", "start", "view", "turn", "overflow", "finish", NULL };
static const char *const option_fields[] = { "type", "default", "min", "max", "choices", "help", NULL };
static const char *const types[] = { "integer", "number", "text", "boolean", "choice", NULL };

static char *text_of(lua_State *L, int at)
{
	size_t n;
	const char *p = lua_tolstring(L, at, &n);
	return lh_str_dup((struct lh_str){ p ? p : "", p ? n : 0 });
}

/* Pushes a field of the table at `at`, without metamethods: they would be the script's, and could raise
 * while C memory is owned. [-0, +1, m] */
static int field(lua_State *L, int at, const char *name)
{
	at = lua_absindex(L, at);
	lua_pushstring(L, name);
	return lua_rawget(L, at);
}

/* Every key of the table at `at` must be one of `names`. */
static int known_keys(lua_State *L, int at, const char *const *names, const char *what, struct lh_error *err)
{
	for (lua_pushnil(L); lua_next(L, at); lua_pop(L, 1)) {
		const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
		bool known = false;
		for (const char *const *n = names; *n; n++)
			known = known || !strcmp(key, *n);
		if (known)
			continue;
		const char *near = lh_nearest(lh_str_of(key), names);
		lh_fail(err, LH_E_POLICY, "%s has no field '%s'%s%s%s", what, key, near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
		lua_pop(L, 2);
		return LH_E_POLICY;
	}
	return 0;
}

static int read_hooks(lua_State *L, struct lh_policy *p, struct lh_error *err)
{
	for (int i = 0; i < 5; i++) {
		const char *name = fields[4 + i];
		int type = field(L, -1, name);
		lua_pop(L, 1);
		if (type != LUA_TNIL && type != LUA_TFUNCTION)
			return lh_fail(err, LH_E_POLICY, "'%s' is a %s, it must be a function", name, lua_typename(L, type));
		if (type == LUA_TFUNCTION)
			p->hooks |= 1u << i;
	}
	if ((p->hooks & LH_HOOK_TURN) && (p->hooks & LH_HOOK_VIEW))
		return lh_fail(err, LH_E_POLICY, "the script has both 'view' and 'turn': turn replaces the default turn, so view would never be called");
	return 0;
}

static int read_needs(lua_State *L, struct lh_policy *p, struct lh_error *err)
{
	static const char *const words[] = { "oracle", "edit", "own", NULL };
	int type = field(L, -1, "requires"), rc = 0;
	if (type != LUA_TNIL && type != LUA_TTABLE)
		rc = lh_fail(err, LH_E_POLICY, "'requires' is a list of words, such as { \"oracle\", \"edit\" }");
	for (lua_Integer i = 1; !rc && type == LUA_TTABLE && lua_rawgeti(L, -1, i) != LUA_TNIL; i++) {
		int k = 0;
		while (words[k] && !(lua_type(L, -1) == LUA_TSTRING && !strcmp(words[k], lua_tostring(L, -1))))
			k++;
		if (!words[k])
			rc = lh_fail(err, LH_E_POLICY, "requires: unknown word '%s'; there are oracle, edit and own", lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?");
		else
			p->needs |= 1u << k;
		lua_pop(L, 1);
	}
	lua_settop(L, 1);
	return rc;
}

/* ---- options ---- */

static char *range_text(lua_State *L, enum lh_option_type type)
{
	struct lh_buf b;
	bool lo = field(L, -1, "min") == LUA_TNUMBER, hi = field(L, -2, "max") == LUA_TNUMBER, list = field(L, -3, "choices") == LUA_TTABLE;
	bool ordered = type == LH_OPTION_INTEGER || type == LH_OPTION_NUMBER;
	lh_buf_init(&b, 1024);                   /* from here on nothing raises */
	if (ordered && lo)
		lh_buf_printf(&b, "%.15g", lua_tonumber(L, -3));
	if (ordered && (lo || hi))
		lh_buf_puts(&b, "..");
	if (ordered && hi)
		lh_buf_printf(&b, "%.15g", lua_tonumber(L, -2));
	if (type == LH_OPTION_CHOICE && list) {
		for (lua_Integer i = 1; lua_rawgeti(L, -1, i) == LUA_TSTRING; i++, lua_pop(L, 1))
			lh_buf_printf(&b, "%s%s", i > 1 ? "|" : "", lua_tostring(L, -1));
		lua_pop(L, 1);
	}
	lua_pop(L, 3);
	char *text = lh_str_dup(lh_buf_str(&b));
	lh_buf_fini(&b);
	return text;
}

static int check_number(lua_State *L, const char *name, double v, struct lh_error *err)
{
	struct lh_error *e = err;
	int rc = 0;
	if (field(L, -1, "min") == LUA_TNUMBER && v < lua_tonumber(L, -1))
		rc = lh_fail(e, LH_E_USAGE, "option %s is %.15g, the least it can be is %.15g", name, v, lua_tonumber(L, -1));
	if (!rc && field(L, -2, "max") == LUA_TNUMBER) {
		if (v > lua_tonumber(L, -1))
			rc = lh_fail(e, LH_E_USAGE, "option %s is %.15g, the most it can be is %.15g", name, v, lua_tonumber(L, -1));
		lua_pop(L, 1);
	} else if (!rc) {
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	return rc;
}

static bool is_choice(const char *choices, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = choices; *p;) {
		size_t len = strcspn(p, "|");
		if (len == n && !memcmp(p, word, n))
			return true;
		p += len + (p[len] == '|');
	}
	return false;
}

/* A value as typed (or the default's text) for the option whose declaration is on top of the stack. */
static int set_value(lua_State *L, const struct lh_policy_option *o, struct lh_str typed, struct lh_policy_value *v, struct lh_error *err)
{
	v->text = lh_str_dup(typed);
	if (!v->text)
		return lh_nomem(err);
	switch (v->type) {
	case LH_OPTION_INTEGER:
		if (!lh_str_to_int(typed, &v->integer))
			return lh_fail(err, LH_E_USAGE, "option %s=%.*s: an integer is needed", o->name, LH_ARG(typed));
		return check_number(L, o->name, (double)v->integer, err);
	case LH_OPTION_NUMBER:
		if (!lh_str_to_double(typed, &v->number))
			return lh_fail(err, LH_E_USAGE, "option %s=%.*s: a number is needed", o->name, LH_ARG(typed));
		return check_number(L, o->name, v->number, err);
	case LH_OPTION_BOOLEAN:
		v->integer = lh_str_is(typed, "true");
		if (!v->integer && !lh_str_is(typed, "false"))
			return lh_fail(err, LH_E_USAGE, "option %s=%.*s: true or false is needed", o->name, LH_ARG(typed));
		return 0;
	case LH_OPTION_CHOICE:
		if (!is_choice(o->range, v->text))
			return lh_fail(err, LH_E_USAGE, "option %s=%.*s: one of %s is needed", o->name, LH_ARG(typed), o->range);
		return 0;
	default:
		return 0;
	}
}

static int declare(lua_State *L, struct lh_policy *p, const char *name, struct lh_error *err)
{
	char what[96];
	snprintf(what, sizeof what, "options.%.60s", name);
	if (!lua_istable(L, -1))
		return lh_fail(err, LH_E_POLICY, "%s is a %s, it must be a table such as { type = \"integer\", default = 5 }", what, luaL_typename(L, -1));
	int rc = known_keys(L, lua_gettop(L), option_fields, what, err);
	if (rc)
		return rc;
	struct lh_policy_option *o = &p->option[p->option_count];
	struct lh_policy_value *v = &p->value[p->option_count++];
	field(L, -1, "type");
	int type = 0;
	while (types[type] && !(lua_type(L, -1) == LUA_TSTRING && !strcmp(lua_tostring(L, -1), types[type])))
		type++;
	if (!types[type])
		return lh_fail(err, LH_E_POLICY, "%s: type is '%s'; there are integer, number, text, boolean and choice", what, lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : luaL_typename(L, -1));
	lua_pop(L, 1);
	v->type = (enum lh_option_type)type;
	o->type = types[type];
	o->name = lh_str_dup(lh_str_of(name));
	o->range = range_text(L, v->type);
	field(L, -1, "help");
	o->help = text_of(L, -1);
	lua_pop(L, 1);
	int kind = field(L, -1, "default");
	if (kind == LUA_TNIL)
		return lh_fail(err, LH_E_POLICY, "%s has no default", what);
	if (kind != LUA_TNUMBER && kind != LUA_TSTRING && kind != LUA_TBOOLEAN)
		return lh_fail(err, LH_E_POLICY, "%s: default is a %s, it must be a number, text or boolean", what, lua_typename(L, kind));
	o->initial = kind == LUA_TBOOLEAN ? lh_str_dup(lh_str_of(lua_toboolean(L, -1) ? "true" : "false")) : text_of(L, -1);
	lua_pop(L, 1);
	return o->name && o->range && o->help && o->initial ? 0 : lh_nomem(err);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the declared options, sorted: the order of everything that follows. They live in the table. */
static int option_names(lua_State *L, const char *names[OPTIONS_MAX], int *count, struct lh_error *err)
{
	int n = 0;
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		bool named = lua_type(L, -2) == LUA_TSTRING && strlen(lua_tostring(L, -2)) == lua_rawlen(L, -2);
		if (!named || n == OPTIONS_MAX) {
			lua_pop(L, 2);
			return lh_fail(err, LH_E_POLICY, "options: every key is a name, and there are at most %d", OPTIONS_MAX);
		}
		names[n++] = lua_tostring(L, -2);
	}
	qsort(names, (size_t)n, sizeof *names, by_name);
	*count = n;
	return 0;
}

static int set_options(lua_State *L, struct lh_policy *p, const struct lh_str *keys, const struct lh_str *values, int count, struct lh_error *err)
{
	for (int i = 0; i < p->option_count; i++) {
		struct lh_str typed = lh_str_of(p->option[i].initial);
		for (int k = 0; k < count; k++)
			if (lh_str_is(keys[k], p->option[i].name))
				typed = values[k];
		field(L, -1, p->option[i].name);
		int rc = set_value(L, &p->option[i], typed, &p->value[i], err);
		lua_pop(L, 1);
		if (rc)
			return rc;
	}
	return 0;
}

/* "; there are k and n" behind a message that an option is unknown. */
static int no_option(const struct lh_policy *p, struct lh_str key, struct lh_error *err)
{
	const char *names[OPTIONS_MAX + 1] = { NULL };
	struct lh_buf all;
	lh_buf_init(&all, 1024);
	for (int i = 0; i < p->option_count; i++) {
		names[i] = p->option[i].name;
		lh_buf_printf(&all, "%s%s", i == 0 ? (p->option_count == 1 ? "; there is " : "; there are ") : i + 1 < p->option_count ? ", " : " and ", names[i]);
	}
	const char *near = lh_nearest(key, names);
	int rc = near ? lh_fail(err, LH_E_USAGE, "no option '%.*s': did you mean '%s'?", LH_ARG(key), near)
		: lh_fail(err, LH_E_USAGE, "no option '%.*s'%s", LH_ARG(key), all.n && !all.failed ? all.p : "; it has none");
	lh_buf_fini(&all);
	return rc;
}

static int unknown_options(const struct lh_policy *p, const struct lh_str *keys, int count, struct lh_error *err)
{
	for (int k = 0; k < count; k++) {
		bool known = false;
		for (int i = 0; i < p->option_count; i++)
			known = known || lh_str_is(keys[k], p->option[i].name);
		if (!known)
			return no_option(p, keys[k], err);
	}
	return 0;
}

static int read_options(lua_State *L, struct lh_policy *p, const struct lh_str *keys, const struct lh_str *values, int count, struct lh_error *err)
{
	int type = field(L, -1, "options"), n = 0, rc = 0;
	const char *names[OPTIONS_MAX];
	if (type != LUA_TNIL && type != LUA_TTABLE)
		return lh_fail(err, LH_E_POLICY, "'options' is a %s, it must be a table", lua_typename(L, type));
	if (type == LUA_TTABLE)
		rc = option_names(L, names, &n, err);
	p->option = calloc((size_t)n + 1, sizeof *p->option);
	p->value = calloc((size_t)n + 1, sizeof *p->value);
	if (!rc && (!p->option || !p->value))
		rc = lh_nomem(err);
	for (int i = 0; !rc && i < n; i++) {
		int top = lua_gettop(L);
		field(L, -1, names[i]);
		rc = declare(L, p, names[i], err);
		lua_settop(L, top);
	}
	if (!rc)
		rc = unknown_options(p, keys, count, err);
	if (!rc && n)
		rc = set_options(L, p, keys, values, count, err);
	return rc;
}

static int write_options(struct lh_policy *p, struct lh_error *err)
{
	struct lh_jw w;
	lh_buf_init(&p->json, 1 << 16);
	lh_jw_init(&w, &p->json, false);
	lh_jw_open(&w, '{');
	for (int i = 0; i < p->option_count; i++) {
		const struct lh_policy_value *v = &p->value[i];
		lh_jw_key(&w, p->option[i].name);
		if (v->type == LH_OPTION_INTEGER)
			lh_jw_int(&w, v->integer);
		else if (v->type == LH_OPTION_NUMBER)
			lh_jw_double(&w, v->number);
		else if (v->type == LH_OPTION_BOOLEAN)
			lh_jw_bool(&w, v->integer);
		else
			lh_jw_text(&w, v->text);
	}
	lh_jw_close(&w);
	return lh_buf_ok(&p->json, err);
}

/* ---- the whole ---- */

/* The policy's table is on top of the stack. */
static int read_table(lua_State *L, struct lh_policy *p, const struct lh_str *keys, const struct lh_str *values, int count, struct lh_error *err)
{
	if (!lua_istable(L, -1))
		return lh_fail(err, LH_E_POLICY, "the script returns a %s, it must return a table such as { api = 1 }", luaL_typename(L, -1));
	int rc = known_keys(L, lua_gettop(L), fields, "a policy", err);
	if (rc)
		return rc;
	if (field(L, -1, "api") != LUA_TNUMBER || lua_tonumber(L, -1) != 1)
		return lh_fail(err, LH_E_POLICY, "the script must say api = 1: this version speaks policy API 1 only");
	lua_pop(L, 1);
	int type = field(L, -1, "summary");
	if (type != LUA_TNIL && type != LUA_TSTRING)
		return lh_fail(err, LH_E_POLICY, "'summary' is a %s, it must be one line of text", lua_typename(L, type));
	p->summary = text_of(L, -1);
	lua_settop(L, 1);
	if (!p->summary)
		return lh_nomem(err);
	rc = read_hooks(L, p, err);
	if (!rc)
		rc = read_needs(L, p, err);
	return rc ? rc : read_options(L, p, keys, values, count, err);
}

struct reading { struct lh_policy *p; const struct lh_str *keys, *values; int count; struct lh_error *err; };

/* Under a protected call: reading tables allocates strings. [-2, +0, e] */
static int read_protected(lua_State *L)
{
	struct reading *r = lua_touserdata(L, 2);
	lua_settop(L, 1);
	lua_pushboolean(L, read_table(L, r->p, r->keys, r->values, r->count, r->err) == 0);
	return 0;
}

static int inspect(struct lh_policy *p, const struct lh_str *keys, const struct lh_str *values, int count, struct lh_error *err)
{
	struct lh_sandbox s;
	struct lh_sandbox_limits limits;
	lh_sandbox_default_limits(&limits);
	int rc = lh_sandbox_init(&s, &limits, err);
	if (rc)
		return rc;
	const char *slash = strrchr(p->path, '/');
	struct lh_error local = { 0 };
	lh_sandbox_arm(&s);
	rc = lh_sandbox_load(&s, lh_buf_str(&p->text), slash ? slash + 1 : p->path, err);
	if (!rc) {
		struct reading r = { p, keys, values, count, &local };
		lua_pushcfunction(s.L, read_protected);
		lua_insert(s.L, -2);
		lua_pushlightuserdata(s.L, &r);
		rc = lh_sandbox_call(&s, 2, 0, err);
	}
	if (!rc && local.code)
		rc = lh_fail(err, local.code, "%s: %s", p->path, local.text);
	lh_sandbox_fini(&s);
	return rc;
}

/* policy_find.c */
int lh_policy_find(struct lh_str name, const char *base_dir, char **path, struct lh_error *err) LH_CHECKED;

static int open_into(struct lh_policy *p, struct lh_str name, const struct lh_str *keys, const struct lh_str *values, int count, const char *base_dir, struct lh_error *err)
{
	lh_buf_init(&p->text, SCRIPT_MAX);
	int rc = lh_policy_find(name, base_dir, &p->path, err);
	if (rc)
		return rc;
	const char *slash = strrchr(p->path, '/'), *base = slash ? slash + 1 : p->path;
	size_t n = strlen(base);
	p->name = lh_str_dup((struct lh_str){ base, n > 4 && !strcmp(base + n - 4, ".lua") ? n - 4 : n });
	if (!p->name)
		return lh_nomem(err);
	rc = lh_file_read(p->path, &p->text, err);
	if (rc)
		return rc;
	struct lh_sha256 sha;
	lh_sha256_init(&sha);
	lh_sha256_add(&sha, lh_buf_str(&p->text).p, p->text.n);
	lh_sha256_hex(&sha, p->sha256);
	rc = inspect(p, keys, values, count, err);
	return rc ? rc : write_options(p, err);
}

/* "policy NAME: " in front of a message; only "policy " where it begins with the name, which is a file's then. */
static void put_name(struct lh_str name, struct lh_error *err)
{
	if (!err || strncmp(err->text, name.p, name.n)) {
		lh_prefix(err, "policy %.*s", LH_ARG(name));
		return;
	}
	struct lh_error same = *err;
	err->code = 0;
	lh_fail(err, same.code, "policy %s", same.text);
}

int lh_policy_open(struct lh_str name, const struct lh_str *keys, const struct lh_str *values, int count,
	const char *base_dir, struct lh_policy **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_policy *p = calloc(1, sizeof *p);
	if (!p)
		return lh_nomem(err);
	int rc = open_into(p, name, keys, values, count, base_dir, err);
	if (rc) {
		put_name(name, err);
		lh_policy_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

void lh_policy_free(struct lh_policy *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->option_count; i++) {
		free((char *)p->option[i].name);
		free((char *)p->option[i].initial);
		free((char *)p->option[i].range);
		free((char *)p->option[i].help);
		free(p->value[i].text);
	}
	free(p->option);
	free(p->value);
	free(p->name);
	free(p->path);
	free(p->summary);
	lh_buf_fini(&p->text);
	lh_buf_fini(&p->json);
	free(p);
}

const char *lh_policy_name(const struct lh_policy *p) { return p->name; }
const char *lh_policy_path(const struct lh_policy *p) { return p->path; }
const char *lh_policy_sha256(const struct lh_policy *p) { return p->sha256; }
const char *lh_policy_summary(const struct lh_policy *p) { return p->summary; }
unsigned lh_policy_needs(const struct lh_policy *p) { return p->needs; }
unsigned lh_policy_hooks(const struct lh_policy *p) { return p->hooks; }
struct lh_str lh_policy_options_json(const struct lh_policy *p) { return lh_buf_str(&p->json); }
int lh_policy_option_count(const struct lh_policy *p) { return p->option_count; }
const struct lh_policy_option *lh_policy_option_at(const struct lh_policy *p, int i) { return &p->option[i]; }
