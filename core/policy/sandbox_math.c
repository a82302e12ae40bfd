/* The math library; random draws from the sandbox's stream. */
#include "policy/sandbox_lib.h"

#include <math.h>

static void push_whole(lua_State *L, lua_Number x)
{
	lua_Integer i;
	if (lua_numbertointeger(x, &i))
		lua_pushinteger(L, i);
	else
		lua_pushnumber(L, x);
}

/* Each of these is [-0, +1, e]. */
#define OF_ONE(name, expression) \
	static int math_##name(lua_State *L) \
	{ \
		lua_Number x = luaL_checknumber(L, 1); \
		lua_pushnumber(L, expression); \
		return 1; \
	}
OF_ONE(acos, acos(x))
OF_ONE(asin, asin(x))
OF_ONE(cos, cos(x))
OF_ONE(deg, x * (180.0 / M_PI))
OF_ONE(exp, exp(x))
OF_ONE(rad, x * (M_PI / 180.0))
OF_ONE(sin, sin(x))
OF_ONE(sqrt, sqrt(x))
OF_ONE(tan, tan(x))

/* [-0, +1, e] */
static int math_atan(lua_State *L)
{
	lua_pushnumber(L, atan2(luaL_checknumber(L, 1), luaL_optnumber(L, 2, 1)));
	return 1;
}

/* [-0, +1, e] */
static int math_abs(lua_State *L)
{
	if (lua_isinteger(L, 1)) {
		lua_Integer i = lua_tointeger(L, 1);
		lua_pushinteger(L, i < 0 ? (lua_Integer)(0u - (lua_Unsigned)i) : i);
	} else
		lua_pushnumber(L, fabs(luaL_checknumber(L, 1)));
	return 1;
}

/* [-0, +1, e] */
static int round_with(lua_State *L, double (*f)(double))
{
	if (lua_isinteger(L, 1))
		lua_settop(L, 1);
	else
		push_whole(L, f(luaL_checknumber(L, 1)));
	return 1;
}

/* Each [-0, +1, e] */
static int math_ceil(lua_State *L) { return round_with(L, ceil); }
static int math_floor(lua_State *L) { return round_with(L, floor); }

/* [-0, +1, e] */
static int math_fmod(lua_State *L)
{
	if (!lua_isinteger(L, 1) || !lua_isinteger(L, 2)) {
		lua_pushnumber(L, fmod(luaL_checknumber(L, 1), luaL_checknumber(L, 2)));
		return 1;
	}
	lua_Integer d = lua_tointeger(L, 2);
	luaL_argcheck(L, d != 0, 2, "zero");
	lua_pushinteger(L, d == -1 ? 0 : lua_tointeger(L, 1) % d);
	return 1;
}

/* log(x [, base]) [-0, +1, e] */
static int math_log(lua_State *L)
{
	lua_Number x = luaL_checknumber(L, 1), base = luaL_optnumber(L, 2, 0);
	if (lua_isnoneornil(L, 2))
		lua_pushnumber(L, log(x));
	else if (base == 2)
		lua_pushnumber(L, log2(x));
	else if (base == 10)
		lua_pushnumber(L, log10(x));
	else
		lua_pushnumber(L, log(x) / log(base));
	return 1;
}

/* The argument that no other is before: the least with sign 1, the greatest with -1
 * [-0, +1, e]. */
static int extreme(lua_State *L, int sign)
{
	int n = lua_gettop(L), best = 1;
	luaL_checknumber(L, 1);
	lh_sandbox_charge(L, n / 4);
	for (int i = 2; i <= n; i++) {
		luaL_checknumber(L, i);
		if (sign > 0 ? lua_compare(L, i, best, LUA_OPLT) : lua_compare(L, best, i, LUA_OPLT))
			best = i;
	}
	lua_pushvalue(L, best);
	return 1;
}

/* Each [-0, +1, e] */
static int math_max(lua_State *L) { return extreme(L, -1); }
static int math_min(lua_State *L) { return extreme(L, 1); }

/* modf(x): the whole part and the rest [-0, +2, e]. */
static int math_modf(lua_State *L)
{
	if (lua_isinteger(L, 1)) {
		lua_settop(L, 1);
		lua_pushnumber(L, 0);
		return 2;
	}
	lua_Number x = luaL_checknumber(L, 1), whole = x < 0 ? ceil(x) : floor(x);
	push_whole(L, whole);
	lua_pushnumber(L, isinf(x) ? 0.0 : x - whole);
	return 2;
}

/* random([m [, n]]) [-0, +1, e] */
static int math_random(lua_State *L)
{
	struct lh_random *r = &lh_sandbox_of(L)->random;
	lua_Integer lo = 1, hi;
	switch (lua_gettop(L)) {
	case 0:
		lua_pushnumber(L, lh_random_unit(r));
		return 1;
	case 1:
		hi = luaL_checkinteger(L, 1);
		if (hi == 0) {
			lua_pushinteger(L, (lua_Integer)lh_random_next(r));
			return 1;
		}
		break;
	case 2:
		lo = luaL_checkinteger(L, 1);
		hi = luaL_checkinteger(L, 2);
		break;
	default:
		return luaL_error(L, "wrong number of arguments");
	}
	luaL_argcheck(L, lo <= hi, lua_gettop(L), "interval is empty");
	lua_pushinteger(L, lh_random_between(r, lo, hi));
	return 1;
}

/* [-0, +1, e] */
static int math_tointeger(lua_State *L)
{
	int ok;
	luaL_checkany(L, 1);
	if (lua_type(L, 1) == LUA_TSTRING)
		lh_sandbox_charge(L, (int64_t)(lua_rawlen(L, 1) / 4));
	lua_Integer i = lua_tointegerx(L, 1, &ok);
	if (ok)
		lua_pushinteger(L, i);
	else
		luaL_pushfail(L);
	return 1;
}

/* "integer", "float", or fail [-0, +1, e]. */
static int math_type(lua_State *L)
{
	luaL_checkany(L, 1);
	if (lua_type(L, 1) == LUA_TNUMBER)
		lua_pushstring(L, lua_isinteger(L, 1) ? "integer" : "float");
	else
		luaL_pushfail(L);
	return 1;
}

/* [-0, +1, e] */
static int math_ult(lua_State *L)
{
	lua_pushboolean(L, (lua_Unsigned)luaL_checkinteger(L, 1) < (lua_Unsigned)luaL_checkinteger(L, 2));
	return 1;
}

void lh_lib_math(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "abs", math_abs }, { "acos", math_acos }, { "asin", math_asin }, { "atan", math_atan },
		{ "ceil", math_ceil }, { "cos", math_cos }, { "deg", math_deg }, { "exp", math_exp },
		{ "floor", math_floor }, { "fmod", math_fmod }, { "log", math_log }, { "max", math_max },
		{ "min", math_min }, { "modf", math_modf }, { "rad", math_rad }, { "random", math_random },
		{ "sin", math_sin }, { "sqrt", math_sqrt }, { "tan", math_tan }, { "tointeger", math_tointeger },
		{ "type", math_type }, { "ult", math_ult }, { NULL, NULL }
	};
	luaL_setfuncs(L, functions, 0);
	lua_pushnumber(L, M_PI);
	lua_setfield(L, -2, "pi");
	lua_pushnumber(L, HUGE_VAL);
	lua_setfield(L, -2, "huge");
	lua_pushinteger(L, LUA_MAXINTEGER);
	lua_setfield(L, -2, "maxinteger");
	lua_pushinteger(L, LUA_MININTEGER);
	lua_setfield(L, -2, "mininteger");
}
