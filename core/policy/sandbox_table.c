/* The table library. As in Lua 5.4 it respects __index, __newindex and __len; each element that
 * is touched costs one unit. */
#include "policy/sandbox_lib.h"

#include <limits.h>

/* Raises unless the value at `at` is a table or acts like one [-0, +0, e]. */
static void check_list(lua_State *L, int at)
{
	if (lua_type(L, at) == LUA_TTABLE)
		return;
	if (luaL_getmetafield(L, at, "__index") == LUA_TNIL)
		luaL_checktype(L, at, LUA_TTABLE);
	lua_pop(L, 1);
}

static lua_Integer list_length(lua_State *L, int at)
{
	check_list(L, at);
	return luaL_len(L, at);
}

/* ---- insert, remove, move ---- */

static void copy_element(lua_State *L, int from, lua_Integer i, int to, lua_Integer j)
{
	lh_sandbox_charge(L, 1);
	lua_geti(L, from, i);
	lua_seti(L, to, j);
}

/* insert(list, [position,] value) [-0, +0, e] */
static int table_insert(lua_State *L)
{
	lua_Integer end = (lua_Integer)((lua_Unsigned)list_length(L, 1) + 1), at = end;
	switch (lua_gettop(L)) {
	case 2:
		break;
	case 3:
		at = luaL_checkinteger(L, 2);
		luaL_argcheck(L, (lua_Unsigned)at - 1u < (lua_Unsigned)end, 2, "position out of bounds");
		for (lua_Integer i = end; i > at; i--)
			copy_element(L, 1, i - 1, 1, i);
		break;
	default:
		return luaL_error(L, "wrong number of arguments to 'insert'");
	}
	lua_seti(L, 1, at);
	return 0;
}

/* remove(list [, position]) [-0, +1, e] */
static int table_remove(lua_State *L)
{
	lua_Integer n = list_length(L, 1), at = luaL_optinteger(L, 2, n);
	if (at != n)
		luaL_argcheck(L, (lua_Unsigned)at - 1u <= (lua_Unsigned)n, 2, "position out of bounds");
	lua_geti(L, 1, at);
	for (; at < n; at++)
		copy_element(L, 1, at + 1, 1, at);
	lua_pushnil(L);
	lua_seti(L, 1, at);
	return 1;
}

/* move(a1, from, end, to [, a2]) [-0, +1, e] */
static int table_move(lua_State *L)
{
	lua_Integer from = luaL_checkinteger(L, 2), end = luaL_checkinteger(L, 3), to = luaL_checkinteger(L, 4);
	int target = lua_isnoneornil(L, 5) ? 1 : 5;
	check_list(L, 1);
	check_list(L, target);
	if (end >= from) {
		luaL_argcheck(L, from > 0 || end < LUA_MAXINTEGER + from, 3, "too many elements to move");
		lua_Integer n = end - from + 1;
		luaL_argcheck(L, to <= LUA_MAXINTEGER - n + 1, 4, "destination wrap around");
		bool apart = to > end || to <= from || (target != 1 && !lua_compare(L, 1, target, LUA_OPEQ));
		for (lua_Integer i = 0; i < n; i++) {
			lua_Integer k = apart ? i : n - 1 - i;
			copy_element(L, 1, from + k, target, to + k);
		}
	}
	lua_pushvalue(L, target);
	return 1;
}

/* ---- concat, pack, unpack ---- */

static void add_element(lua_State *L, luaL_Buffer *b, lua_Integer i)
{
	lh_sandbox_charge(L, 1);
	lua_geti(L, 1, i);
	if (!lua_isstring(L, -1))
		luaL_error(L, "invalid value (at index %I) in table for 'concat'", (LUAI_UACINT)i);
	lh_lib_charge_bytes(L, lua_rawlen(L, -1));
	luaL_addvalue(b);
}

/* concat(list [, separator [, from [, to]]]) [-0, +1, e] */
static int table_concat(lua_State *L)
{
	luaL_Buffer b;
	lua_Integer last = list_length(L, 1);
	size_t n;
	const char *separator = luaL_optlstring(L, 2, "", &n);
	lua_Integer i = luaL_optinteger(L, 3, 1);
	last = luaL_optinteger(L, 4, last);
	luaL_buffinit(L, &b);
	for (; i < last; i++) {
		add_element(L, &b, i);
		lh_lib_charge_bytes(L, n);
		luaL_addlstring(&b, separator, n);
	}
	if (i == last)
		add_element(L, &b, i);
	luaL_pushresult(&b);
	return 1;
}

/* pack(...) [-n, +1, e] */
static int table_pack(lua_State *L)
{
	int n = lua_gettop(L);
	lh_sandbox_charge(L, n);
	lua_createtable(L, n, 1);
	lua_insert(L, 1);
	for (int i = n; i >= 1; i--)
		lua_seti(L, 1, i);
	lua_pushinteger(L, n);
	lua_setfield(L, 1, "n");
	return 1;
}

/* unpack(list [, from [, to]]) [-0, +n, e] */
static int table_unpack(lua_State *L)
{
	lua_Integer i = luaL_optinteger(L, 2, 1);
	lua_Integer end = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
	if (i > end)
		return 0;
	lua_Unsigned n = (lua_Unsigned)end - (lua_Unsigned)i;
	if (n >= (unsigned)INT_MAX || !lua_checkstack(L, (int)++n))
		return luaL_error(L, "too many results to unpack");
	lh_sandbox_charge(L, (int64_t)n);
	for (; i < end; i++)
		lua_geti(L, 1, i);
	lua_geti(L, 1, end);
	return (int)n;
}

void lh_lib_table(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "concat", table_concat }, { "insert", table_insert }, { "move", table_move }, { "pack", table_pack },
		{ "remove", table_remove }, { "unpack", table_unpack }, { NULL, NULL }
	};
	luaL_setfuncs(L, functions, 0);
}
