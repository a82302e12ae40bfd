/* Strict globals. Scripts run in an empty table that reads through to the defined names, so that
 * every assignment to a global, even of a defined name, is seen and refused. */
#include "policy/sandbox_lib.h"

#include <stdlib.h>
#include <string.h>

enum { CANDIDATES = 160 };

struct candidates { const char *name[CANDIDATES + 1]; int n; };

static void suggest(struct candidates *c, const char *name)
{
	if (name && name[0] != '(' && name[0] && c->n < CANDIDATES)
		c->name[c->n++] = name;
}

/* What the reader could have meant: first the locals and upvalues in sight [-0, +0, -]. */
static void suggest_locals(lua_State *L, struct candidates *c)
{
	lua_Debug ar;
	const char *name;
	if (!lua_getstack(L, 1, &ar) || !lua_getinfo(L, "f", &ar))
		return;
	for (int i = 1; (name = lua_getlocal(L, &ar, i)) != NULL; i++) {
		suggest(c, name);
		lua_pop(L, 1);
	}
	for (int i = 1; (name = lua_getupvalue(L, -1, i)) != NULL; i++) {
		suggest(c, strcmp(name, "_ENV") ? name : NULL);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, because the table's own order differs from run to run [-0, +0, e]. */
static void suggest_globals(lua_State *L, int globals, struct candidates *c)
{
	int first = c->n;
	lua_pushnil(L);
	while (lua_next(L, globals)) {
		lua_pop(L, 1);
		if (lua_type(L, -1) == LUA_TSTRING)
			suggest(c, lua_tostring(L, -1));
	}
	qsort(c->name + first, (size_t)(c->n - first), sizeof c->name[0], by_name);
}

/* __index of the defined names: (globals, name) [-0, +1, e]. */
static int undefined(lua_State *L)
{
	struct candidates c = { .n = 0 };
	if (lua_type(L, 2) != LUA_TSTRING)
		return luaL_error(L, "a global has a name, not a %s", luaL_typename(L, 2));
	lh_sandbox_charge(L, 200);
	suggest_locals(L, &c);
	suggest_globals(L, 1, &c);
	struct lh_str name;
	name.p = lua_tolstring(L, 2, &name.n);
	const char *near = lh_nearest(name, c.name);
	if (near)
		return luaL_error(L, "global '%s' is not defined: did you mean '%s'?", name.p, near);
	return luaL_error(L, "global '%s' is not defined", name.p);
}

/* __newindex of the environment: (environment, name, value) [-0, +0, e]. */
static int assigned(lua_State *L)
{
	if (lua_type(L, 2) != LUA_TSTRING)
		return luaL_error(L, "a global has a name, not a %s", luaL_typename(L, 2));
	return luaL_error(L, "assignment to global '%s': declare it with local", lua_tostring(L, 2));
}

void lh_lib_strict(lua_State *L)
{
	lua_createtable(L, 0, 0);
	lua_createtable(L, 0, 3);
	lua_pushglobaltable(L);
	lua_createtable(L, 0, 1);
	lua_pushcfunction(L, undefined);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, assigned);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

void lh_sandbox_define(lua_State *L, const char *name)
{
	lua_pushglobaltable(L);
	luaL_getmetafield(L, -1, "__index");
	lua_pushvalue(L, -3);
	lua_pushstring(L, name);
	lua_insert(L, -2);
	lua_rawset(L, -3);
	lua_pop(L, 3);
}
