/* The base library, and the opening of all. */
#include "policy/sandbox_lib.h"

#include <string.h>

/* ---- shared by the libraries ---- */

void lh_lib_charge_bytes(lua_State *L, size_t n)
{
	if (n >= 16)
		lh_sandbox_charge(L, (int64_t)(n / 16));
}

size_t lh_lib_start(lua_Integer at, size_t n)
{
	if (at > 0)
		return (size_t)at;
	if (at == 0 || at < -(lua_Integer)n)
		return 1;
	return n + (size_t)at + 1;
}

size_t lh_lib_end(lua_Integer at, size_t n)
{
	if (at > (lua_Integer)n)
		return n;
	if (at >= 0)
		return (size_t)at;
	return at < -(lua_Integer)n ? 0 : n + (size_t)at + 1;
}

const char *lh_sandbox_text(lua_State *L, int at, size_t *n)
{
	if (luaL_callmeta(L, at, "__tostring")) {
		if (!lua_isstring(L, -1))
			luaL_error(L, "'__tostring' must return a string");
		return lua_tolstring(L, -1, n);
	}
	switch (lua_type(L, at)) {
	case LUA_TNUMBER:
	case LUA_TSTRING:
		lua_pushvalue(L, at);
		break;
	case LUA_TBOOLEAN:
		lua_pushstring(L, lua_toboolean(L, at) ? "true" : "false");
		break;
	default:
		if (luaL_getmetafield(L, at, "__name") == LUA_TSTRING)
			break;
		lua_pushstring(L, luaL_typename(L, at));
	}
	return lua_tolstring(L, -1, n);
}

/* ---- errors ---- */

/* error(message [, level]) [-0, +0, e] */
static int base_error(lua_State *L)
{
	int level = (int)luaL_optinteger(L, 2, 1);
	lua_settop(L, 1);
	if (lua_type(L, 1) == LUA_TSTRING && level > 0) {
		luaL_where(L, level);
		lua_pushvalue(L, 1);
		lua_concat(L, 2);
	}
	return lua_error(L);
}

/* assert(value [, message]) [-0, +n, e] */
static int base_assert(lua_State *L)
{
	if (lua_toboolean(L, 1))
		return lua_gettop(L);
	luaL_checkany(L, 1);
	lua_remove(L, 1);
	lua_pushliteral(L, "assertion failed!");
	lua_settop(L, 1);
	return base_error(L);
}

/* What pcall returns, also after a yield inside it [-0, +n, -]. */
static int finish_pcall(lua_State *L, int status, lua_KContext context)
{
	(void)context;
	if (status == LUA_OK || status == LUA_YIELD)
		return lua_gettop(L);
	lua_pushboolean(L, 0);
	lua_pushvalue(L, -2);
	return 2;
}

/* pcall(f, ...): `true` waits below the function for the case of success [-0, +n, -]. */
static int base_pcall(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_pushboolean(L, 1);
	lua_insert(L, 1);
	int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall);
	return finish_pcall(L, status, 0);
}

/* ---- values ---- */

/* [-0, +1, e] */
static int base_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	lh_sandbox_text(L, 1, NULL);
	return 1;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

static bool number_in_base(struct lh_str s, int base, lua_Integer *out)
{
	lua_Unsigned v = 0;
	s = lh_str_trim(s);
	bool negative = s.n && s.p[0] == '-';
	if (negative)
		s.p++, s.n--;
	for (size_t i = 0; i < s.n; i++) {
		if (digit_of(s.p[i]) >= base)
			return false;
		v = v * (lua_Unsigned)base + (lua_Unsigned)digit_of(s.p[i]);
	}
	*out = (lua_Integer)(negative ? 0u - v : v);
	return s.n > 0;
}

/* tonumber(text, base) [-0, +1, e] */
static int tonumber_in_base(lua_State *L)
{
	lua_Integer base = luaL_checkinteger(L, 2), v;
	struct lh_str s;
	luaL_checktype(L, 1, LUA_TSTRING);
	s.p = lua_tolstring(L, 1, &s.n);
	luaL_argcheck(L, base >= 2 && base <= 36, 2, "base out of range");
	lh_sandbox_charge(L, (int64_t)(s.n / 4) + 1);
	if (number_in_base(s, (int)base, &v))
		lua_pushinteger(L, v);
	else
		luaL_pushfail(L);
	return 1;
}

/* tonumber(value [, base]) [-0, +1, e] */
static int base_tonumber(lua_State *L)
{
	if (!lua_isnoneornil(L, 2))
		return tonumber_in_base(L);
	luaL_checkany(L, 1);
	lua_settop(L, 1);
	if (lua_type(L, 1) == LUA_TNUMBER)
		return 1;
	size_t n;
	const char *s = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &n) : NULL;
	if (s)
		lh_sandbox_charge(L, (int64_t)(n / 4) + 1);
	if (!s || lua_stringtonumber(L, s) != n + 1)
		luaL_pushfail(L);
	return 1;
}

/* [-0, +1, e] */
static int base_type(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_pushstring(L, luaL_typename(L, 1));
	return 1;
}

/* select(n | '#', ...) [-0, +n, e] */
static int base_select(lua_State *L)
{
	int n = lua_gettop(L);
	if (lua_type(L, 1) == LUA_TSTRING && *lua_tostring(L, 1) == '#') {
		lua_pushinteger(L, n - 1);
		return 1;
	}
	lua_Integer i = luaL_checkinteger(L, 1);
	if (i < 0)
		i = n + i;
	else if (i > n)
		i = n;
	luaL_argcheck(L, i >= 1, 1, "index out of range");
	return n - (int)i;
}

/* ---- tables ---- */

/* (value, i) [-0, +(1|2), e] */
static int ipairs_step(lua_State *L)
{
	lua_Integer i = (lua_Integer)((lua_Unsigned)luaL_checkinteger(L, 2) + 1);
	lua_pushinteger(L, i);
	return lua_geti(L, 1, i) == LUA_TNIL ? 1 : 2;
}

/* [-0, +3, e] */
static int base_ipairs(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_pushcfunction(L, ipairs_step);
	lua_pushvalue(L, 1);
	lua_pushinteger(L, 0);
	return 3;
}

/* [-0, +1, e] */
static int base_rawequal(lua_State *L)
{
	luaL_checkany(L, 1);
	luaL_checkany(L, 2);
	lua_pushboolean(L, lua_rawequal(L, 1, 2));
	return 1;
}

/* [-0, +1, e] */
static int base_rawlen(lua_State *L)
{
	int t = lua_type(L, 1);
	luaL_argexpected(L, t == LUA_TTABLE || t == LUA_TSTRING, 1, "table or string");
	lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 1));
	return 1;
}

/* [-0, +1, e] */
static int base_rawget(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_checkany(L, 2);
	lua_settop(L, 2);
	lua_rawget(L, 1);
	return 1;
}

/* [-0, +1, e] */
static int base_rawset(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_checkany(L, 2);
	luaL_checkany(L, 3);
	lua_settop(L, 3);
	lua_rawset(L, 1);
	return 1;
}

/* [-0, +1, e] */
static int base_getmetatable(lua_State *L)
{
	luaL_checkany(L, 1);
	if (!lua_getmetatable(L, 1))
		lua_pushnil(L);
	else
		luaL_getmetafield(L, 1, "__metatable");
	return 1;
}

static bool has_field(lua_State *L, int at, const char *name)
{
	lua_pushstring(L, name);
	bool has = lua_rawget(L, at) != LUA_TNIL;
	lua_pop(L, 1);
	return has;
}

/* Finalizers run with hooks off; weak tables show when the collector ran. Lua looks for __gc only
 * here, so adding it later does nothing [-0, +1, e]. */
static int base_setmetatable(lua_State *L)
{
	int t = lua_type(L, 2);
	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, t == LUA_TNIL || t == LUA_TTABLE, 2, "nil or table");
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	if (t == LUA_TTABLE && has_field(L, 2, "__gc"))
		return luaL_error(L, "__gc is not available in a policy: finalizers do not run");
	if (t == LUA_TTABLE && has_field(L, 2, "__mode"))
		return luaL_error(L, "__mode is not available in a policy: what a weak table holds is not deterministic");
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

void lh_lib_base(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "assert", base_assert }, { "error", base_error }, { "getmetatable", base_getmetatable },
		{ "ipairs", base_ipairs }, { "pcall", base_pcall }, { "rawequal", base_rawequal },
		{ "rawget", base_rawget }, { "rawlen", base_rawlen }, { "rawset", base_rawset },
		{ "select", base_select }, { "setmetatable", base_setmetatable },
		{ "tonumber", base_tonumber }, { "tostring", base_tostring }, { "type", base_type },
		{ NULL, NULL }
	};
	luaL_setfuncs(L, functions, 0);
	lua_pushliteral(L, LUA_VERSION);
	lua_setfield(L, -2, "_VERSION");
}

/* ---- opening ---- */

/* The metatable of strings: out of the script's reach. The table `string` is on top
 * [-0, +0, m]. */
static void open_string_metatable(lua_State *L)
{
	lua_pushliteral(L, "");
	lua_createtable(L, 0, 10);
	lua_pushvalue(L, -3);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lh_lib_coercion(L);
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}

static void open_library(lua_State *L, const char *name, int functions, void (*fill)(lua_State *))
{
	lua_createtable(L, 0, functions);
	fill(L);
	lua_setfield(L, -2, name);
}

static void open_string(lua_State *L)
{
	lh_lib_string(L);
	lh_lib_format(L);
	lh_lib_pattern(L);
	open_string_metatable(L);
}

static void open_table(lua_State *L)
{
	lh_lib_table(L);
	lh_lib_sort(L);
}

int lh_lib_open(lua_State *L)
{
	lua_createtable(L, 0, 32);
	lua_pushvalue(L, -1);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	lh_lib_base(L);
	lh_lib_order(L);
	open_library(L, "string", 16, open_string);
	open_library(L, "table", 8, open_table);
	open_library(L, "math", 32, lh_lib_math);
	open_library(L, "utf8", 8, lh_lib_utf8);
	lua_pop(L, 1);
	lh_lib_strict(L);
	return 0;
}
