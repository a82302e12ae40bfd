/* An experiment file: Lua in the policies' sandbox, its one table handed on as JSON, so that no other
 * room needs to know Lua. */
#include "policy/policy_run.h"

#include "json/writer.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH 8
#define ENTRIES 4096

static void put_value(lua_State *L, struct lh_jw *w, int depth);

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the string keys of the table on top, sorted, in a userdata left above it. [-0, +1, e] */
static int sorted_keys(lua_State *L, lua_Integer length, const char ***out)
{
	const char **keys = lua_newuserdatauv(L, ENTRIES * sizeof *keys, 0);
	int n = 0;
	for (lua_pushnil(L); lua_next(L, -3); lua_pop(L, 1)) {
		if (lua_isinteger(L, -2) && lua_tointeger(L, -2) >= 1 && lua_tointeger(L, -2) <= length)
			continue;
		if (lua_isinteger(L, -2))
			luaL_error(L, "position %I stands outside the list of %I: number positions from 1 without a hole", (LUAI_UACINT)lua_tointeger(L, -2), (LUAI_UACINT)length);
		if (lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L, "a table's keys must be names or positions");
		if (n == ENTRIES)
			luaL_error(L, "more than %d entries in a table", ENTRIES);
		keys[n++] = lua_tostring(L, -2);
	}
	qsort(keys, (size_t)n, sizeof *keys, compare);
	*out = keys;
	return n;
}

/* A list becomes an array; with names in it too, an object whose positions are keys "1", "2" … */
static void put_table(lua_State *L, struct lh_jw *w, int depth)
{
	const char **keys;
	lua_Integer length = (lua_Integer)lua_rawlen(L, -1);
	if (depth > DEPTH)
		luaL_error(L, "tables more than %d deep", DEPTH);
	lh_sandbox_charge(L, ENTRIES / 16);
	int n = sorted_keys(L, length, &keys);
	lh_jw_open(w, n || !length ? '{' : '[');
	for (lua_Integer i = 1; i <= length; i++) {
		char key[24];
		snprintf(key, sizeof key, "%lld", (long long)i);
		if (n)
			lh_jw_key(w, key);
		lua_rawgeti(L, -2, i);
		put_value(L, w, depth + 1);
		lua_pop(L, 1);
	}
	for (int i = 0; i < n; i++) {
		lh_jw_key(w, keys[i]);
		lua_getfield(L, -2, keys[i]);
		put_value(L, w, depth + 1);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	lh_jw_close(w);
}

static void put_value(lua_State *L, struct lh_jw *w, int depth)
{
	size_t n;
	const char *text;
	luaL_checkstack(L, 8, NULL);
	lh_sandbox_charge(L, 1);         /* a table that stands in many places is written in each */
	switch (lua_type(L, -1)) {
	case LUA_TTABLE:
		put_table(L, w, depth);
		break;
	case LUA_TSTRING:
		text = lua_tolstring(L, -1, &n);
		lh_sandbox_charge(L, (int64_t)n / 16);
		lh_jw_str(w, (struct lh_str){ text, n });
		break;
	case LUA_TBOOLEAN:
		lh_jw_bool(w, lua_toboolean(L, -1));
		break;
	case LUA_TNUMBER:
		if (lua_isinteger(L, -1))
			lh_jw_int(w, lua_tointeger(L, -1));
		else
			lh_jw_double(w, lua_tonumber(L, -1));
		break;
	default:
		luaL_error(L, "a %s cannot stand in an experiment", luaL_typename(L, -1));
	}
}

/* The script's result and the buffer. [-2, +0, e] */
static int convert(lua_State *L)
{
	struct lh_jw w;
	struct lh_buf *json = lua_touserdata(L, 2);
	lua_settop(L, 1);
	if (!lua_istable(L, 1))
		return luaL_error(L, "the file returns a %s: it must return a table such as { tasks = { \"kv_sum\" } }", luaL_typename(L, 1));
	lh_jw_init(&w, json, false);
	put_value(L, &w, 0);
	return 0;
}

int lh_script_json(const char *path, struct lh_buf *json, struct lh_error *err)
{
	struct lh_sandbox s;
	struct lh_sandbox_limits limits;
	struct lh_buf text;
	lh_buf_init(&text, 1 << 20);
	lh_sandbox_default_limits(&limits);
	int rc = lh_file_read(path, &text, err);
	if (!rc)
		rc = lh_sandbox_init(&s, &limits, err);
	if (rc) {
		lh_buf_fini(&text);
		return rc;
	}
	lh_sandbox_arm(&s);
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	rc = lh_sandbox_load(&s, lh_buf_str(&text), name, err);
	if (!rc) {
		lua_pushcfunction(s.L, convert);
		lua_insert(s.L, -2);
		lua_pushlightuserdata(s.L, json);
		rc = lh_sandbox_call(&s, 2, 0, err);
	}
	if (rc && err && strncmp(err->text, name, strlen(name)) != 0)
		lh_prefix(err, "%s", name);      /* a message without a place of its own */
	lh_sandbox_fini(&s);
	lh_buf_fini(&text);
	return rc ? rc : lh_buf_ok(json, err);
}
