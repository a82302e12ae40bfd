/* The string library but for format and patterns. Upper and lower case are those of ASCII,
 * whatever the locale. */
#include "policy/sandbox_lib.h"

#include <limits.h>
#include <string.h>

/* byte(s [, i [, j]]) [-0, +n, e] */
static int string_byte(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);
	lua_Integer i = luaL_optinteger(L, 2, 1);
	size_t from = lh_lib_start(i, n), to = lh_lib_end(luaL_optinteger(L, 3, i), n);
	if (from > to)
		return 0;
	size_t count = to - from + 1;
	if (count >= INT_MAX || !lua_checkstack(L, (int)count))
		return luaL_error(L, "string slice too long");
	lh_sandbox_charge(L, (int64_t)(count / 4));
	for (size_t at = from; at <= to; at++)
		lua_pushinteger(L, (unsigned char)s[at - 1]);
	return (int)count;
}

/* char(...) [-n, +1, e] */
static int string_char(lua_State *L)
{
	luaL_Buffer b;
	int n = lua_gettop(L);
	lh_sandbox_charge(L, n / 4);
	char *p = luaL_buffinitsize(L, &b, (size_t)n);
	for (int i = 1; i <= n; i++) {
		lua_Unsigned c = (lua_Unsigned)luaL_checkinteger(L, i);
		luaL_argcheck(L, c <= UCHAR_MAX, i, "value out of range");
		p[i - 1] = (char)c;
	}
	luaL_pushresultsize(&b, (size_t)n);
	return 1;
}

/* [-0, +1, e] */
static int string_len(lua_State *L)
{
	size_t n;
	luaL_checklstring(L, 1, &n);
	lua_pushinteger(L, (lua_Integer)n);
	return 1;
}

enum change { LOWER, UPPER, REVERSE };

static char changed(enum change how, const char *s, size_t n, size_t i)
{
	if (how == REVERSE)
		return s[n - 1 - i];
	char first = how == LOWER ? 'A' : 'a';
	return s[i] >= first && s[i] <= first + 25 ? (char)(s[i] ^ 32) : s[i];
}

/* [-0, +1, e] */
static int change_bytes(lua_State *L, enum change how)
{
	size_t n;
	luaL_Buffer b;
	const char *s = luaL_checklstring(L, 1, &n);
	lh_lib_charge_bytes(L, n);
	char *p = luaL_buffinitsize(L, &b, n);
	for (size_t i = 0; i < n; i++)
		p[i] = changed(how, s, n, i);
	luaL_pushresultsize(&b, n);
	return 1;
}

/* Each [-0, +1, e] */
static int string_lower(lua_State *L) { return change_bytes(L, LOWER); }
static int string_upper(lua_State *L) { return change_bytes(L, UPPER); }
static int string_reverse(lua_State *L) { return change_bytes(L, REVERSE); }

/* Fills `total` bytes with text, separator, text, and so on: what is there is doubled. */
static void fill_repeated(char *p, size_t total, const char *s, size_t n, const char *separator, size_t between)
{
	memcpy(p, s, n);
	if (total == n)
		return;
	memcpy(p + n, separator, between);
	for (size_t have = n + between; have < total; have *= 2)
		memcpy(p + have, p, have < total - have ? have : total - have);
}

/* rep(s, times [, separator]) [-0, +1, e] */
static int string_rep(lua_State *L)
{
	size_t n, between;
	luaL_Buffer b;
	const char *s = luaL_checklstring(L, 1, &n);
	lua_Integer times = luaL_checkinteger(L, 2);
	const char *separator = luaL_optlstring(L, 3, "", &between);
	if (times <= 0 || n + between == 0) {
		lua_pushliteral(L, "");
		return 1;
	}
	size_t most = lh_sandbox_of(L)->limits.memory_bytes;
	if (n + between > most || (lua_Unsigned)times > most / (n + between) + 1)
		return luaL_error(L, "resulting string too large");
	size_t total = (size_t)times * n + (size_t)(times - 1) * between;
	lh_lib_charge_bytes(L, total);
	char *p = luaL_buffinitsize(L, &b, total);
	fill_repeated(p, total, s, n, separator, between);
	luaL_pushresultsize(&b, total);
	return 1;
}

/* sub(s, i [, j]) [-0, +1, e] */
static int string_sub(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);
	size_t from = lh_lib_start(luaL_checkinteger(L, 2), n), to = lh_lib_end(luaL_optinteger(L, 3, -1), n);
	if (from > to) {
		lua_pushliteral(L, "");
		return 1;
	}
	lh_lib_charge_bytes(L, to - from + 1);
	lua_pushlstring(L, s + from - 1, to - from + 1);
	return 1;
}

void lh_lib_string(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "byte", string_byte }, { "char", string_char }, { "len", string_len }, { "lower", string_lower },
		{ "rep", string_rep }, { "reverse", string_reverse }, { "sub", string_sub }, { "upper", string_upper },
		{ NULL, NULL }
	};
	luaL_setfuncs(L, functions, 0);
}

/* ---- arithmetic on numerals ---- */

/* Pushes the operand at `at` as a number; where it is none, false and the stack is anyhow
 * [-0, +(0|1), e]. */
static bool push_number(lua_State *L, int at)
{
	size_t n;
	if (lua_type(L, at) == LUA_TNUMBER) {
		lua_pushvalue(L, at);
		return true;
	}
	if (lua_type(L, at) != LUA_TSTRING)
		return false;
	const char *s = lua_tolstring(L, at, &n);
	lh_sandbox_charge(L, (int64_t)(n / 4));
	return lua_stringtonumber(L, s) == n + 1;
}

/* "10" + 1: as in stock Lua a numeral is a number; anything else is the other operand's affair
 * [-0, +1, e]. */
static int coerce(lua_State *L, int op, const char *event)
{
	lua_settop(L, 2);
	if (push_number(L, 1) && push_number(L, 2)) {
		lua_arith(L, op);
		return 1;
	}
	lua_settop(L, 2);
	if (lua_type(L, 2) == LUA_TSTRING || !luaL_getmetafield(L, 2, event))
		return luaL_error(L, "attempt to perform arithmetic on a %s value", luaL_typename(L, lua_type(L, 1) == LUA_TNUMBER ? 2 : 1));
	lua_insert(L, 1);
	lua_call(L, 2, 1);
	return 1;
}

/* Each [-0, +1, e] */
static int coerce_add(lua_State *L) { return coerce(L, LUA_OPADD, "__add"); }
static int coerce_sub(lua_State *L) { return coerce(L, LUA_OPSUB, "__sub"); }
static int coerce_mul(lua_State *L) { return coerce(L, LUA_OPMUL, "__mul"); }
static int coerce_mod(lua_State *L) { return coerce(L, LUA_OPMOD, "__mod"); }
static int coerce_pow(lua_State *L) { return coerce(L, LUA_OPPOW, "__pow"); }
static int coerce_div(lua_State *L) { return coerce(L, LUA_OPDIV, "__div"); }
static int coerce_idiv(lua_State *L) { return coerce(L, LUA_OPIDIV, "__idiv"); }

/* Lua hands the operand over twice [-0, +1, e]. */
static int coerce_unm(lua_State *L)
{
	lua_settop(L, 1);
	if (!push_number(L, 1))
		return luaL_error(L, "attempt to perform arithmetic on a string value");
	lua_arith(L, LUA_OPUNM);
	return 1;
}

void lh_lib_coercion(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "__add", coerce_add }, { "__sub", coerce_sub }, { "__mul", coerce_mul }, { "__mod", coerce_mod },
		{ "__pow", coerce_pow }, { "__div", coerce_div }, { "__idiv", coerce_idiv }, { "__unm", coerce_unm },
		{ NULL, NULL }
	};
	luaL_setfuncs(L, functions, 0);
}
