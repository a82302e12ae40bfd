/* `next` and `pairs` in a fixed order: integers, floats, strings bytewise, booleans, each ascending.
 * Stock Lua's order follows hash seeds and addresses, and so differs from run to run. */
#include "policy/sandbox_lib.h"

#include <string.h>

/* ---- keys ---- */

enum rank { NONE, INTEGERS, FLOATS, STRINGS, BOOLEANS };

struct key {
	enum rank rank;
	size_t n;                 /* bytes of a string */
	union {
		lua_Integer i;    /* and 0 or 1 of a boolean */
		lua_Number x;
		const char *p;    /* borrowed from the table, which keeps it while no script runs */
	} as;
};

/* [-0, +0, e] */
static struct key key_at(lua_State *L, int at)
{
	struct key k = { .rank = INTEGERS };
	switch (lua_type(L, at)) {
	case LUA_TNUMBER:
		k.rank = lua_isinteger(L, at) ? INTEGERS : FLOATS;
		if (k.rank == INTEGERS)
			k.as.i = lua_tointeger(L, at);
		else
			k.as.x = lua_tonumber(L, at);
		break;
	case LUA_TSTRING:
		k.rank = STRINGS;
		k.as.p = lua_tolstring(L, at, &k.n);
		break;
	case LUA_TBOOLEAN:
		k.rank = BOOLEANS;
		k.as.i = lua_toboolean(L, at);
		break;
	default:
		luaL_error(L, "a key that is a %s has no fixed order: use a text or a number as the key", luaL_typename(L, at));
	}
	return k;
}

static int compare(const struct key *a, const struct key *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->rank == FLOATS)
		return (a->as.x > b->as.x) - (a->as.x < b->as.x);
	if (a->rank != STRINGS)
		return (a->as.i > b->as.i) - (a->as.i < b->as.i);
	int c = memcmp(a->as.p, b->as.p, a->n < b->n ? a->n : b->n);
	return c ? c : (a->n > b->n) - (a->n < b->n);
}

/* A walk passes the empty slots too: no table has more than fit into the largest block. */
static void charge_walk(lua_State *L)
{
	lh_sandbox_charge(L, 1 + (int64_t)(lh_sandbox_of(L)->largest_block / 2048));
}

/* ---- next ---- */

/* Least key of the table at 1 that comes after *after (NULL: after nothing): pushes key and value
 * and returns true, or pushes nothing [-0, +(0|2), e]. */
static bool find_next(lua_State *L, const struct key *after)
{
	struct key best = { .rank = NONE };
	int64_t seen = 0;
	charge_walk(L);
	lua_settop(L, 2);
	lua_pushnil(L);                                    /* 3: the best key */
	lua_pushnil(L);
	while (lua_next(L, 1)) {
		lua_pop(L, 1);
		struct key k = key_at(L, -1);
		seen++;
		if ((after && compare(&k, after) <= 0) || (best.rank && compare(&k, &best) >= 0))
			continue;
		best = k;
		lua_copy(L, -1, 3);
	}
	lh_sandbox_charge(L, seen);
	if (!best.rank)
		return false;
	lua_pushvalue(L, 3);
	lua_rawget(L, 1);
	return true;
}

/* In a sequence the next key is a look away [-0, +(0|2), -]. */
static bool follow_sequence(lua_State *L)
{
	if (!lua_isinteger(L, 2))
		return false;
	lua_Integer i = lua_tointeger(L, 2);
	if (i == LUA_MAXINTEGER || lua_rawgeti(L, 1, i + 1) == LUA_TNIL)
		return false;
	lua_pushinteger(L, i + 1);
	lua_insert(L, -2);
	return true;
}

/* next(table [, key]) [-0, +(1|2), e] */
static int order_next(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	bool first = lua_isnil(L, 2);
	struct key after = { .rank = NONE };
	if (!first)
		after = key_at(L, 2);
	if (follow_sequence(L) || find_next(L, first ? NULL : &after))
		return 2;
	lua_pushnil(L);
	return 1;
}

/* ---- pairs ---- */

/* The keys are taken, sorted, when the loop starts. As in Lua, a loop may change and remove
 * fields; one that is removed before its turn is passed over. */

/* Bottom-up merge sort of n keys, with their places in `order`. */
static void sort_keys(const struct key *keys, int *order, int *spare, int n)
{
	for (int width = 1; width < n; width *= 2) {
		for (int lo = 0; lo < n; lo += 2 * width) {
			int mid = lo + width < n ? lo + width : n, hi = mid + width < n ? mid + width : n;
			for (int a = lo, b = mid, out = lo; out < hi; out++) {
				bool left = a < mid && (b >= hi || compare(&keys[order[a]], &keys[order[b]]) <= 0);
				spare[out] = left ? order[a++] : order[b++];
			}
		}
		memcpy(order, spare, (size_t)n * sizeof *order);
	}
}

/* Pushes an array of the keys of the table at 1 as they come; *sorted where that is the fixed
 * order already [-0, +1, e]. */
static int collect(lua_State *L, bool *sorted)
{
	int n = 0;
	struct key last = { .rank = NONE };
	*sorted = true;
	lua_createtable(L, (int)lua_rawlen(L, 1), 0);
	int list = lua_gettop(L);
	lua_pushnil(L);
	while (lua_next(L, 1)) {
		lua_pop(L, 1);
		struct key k = key_at(L, -1);
		*sorted = *sorted && (n == 0 || compare(&last, &k) < 0);
		last = k;
		lua_pushvalue(L, -1);
		lua_rawseti(L, list, ++n);
	}
	lh_sandbox_charge(L, n);
	return n;
}

/* The array at `list` so that place i has what was at order[i], cycle by cycle [-0, +0, e]. */
static void put_in_order(lua_State *L, int list, int *order, int n)
{
	for (int first = 0; first < n; first++) {
		int to = first, from;
		lua_rawgeti(L, list, first + 1);
		while ((from = order[to]) != first && from != to) {
			lua_rawgeti(L, list, from + 1);
			lua_rawseti(L, list, to + 1);
			order[to] = to;
			to = from;
		}
		lua_rawseti(L, list, to + 1);
		order[to] = to;
	}
}

/* Sorts the array of n keys on top of the stack [-0, +0, e]. */
static void sort_collected(lua_State *L, int n)
{
	int list = lua_gettop(L), levels = 1;
	for (int m = n; m > 1; m /= 2)
		levels++;
	lh_sandbox_charge(L, (int64_t)n * levels / 4);
	struct key *keys = lua_newuserdatauv(L, (size_t)n * (sizeof *keys + 2 * sizeof(int)), 0);
	int *order = (int *)(keys + n);
	for (int i = 0; i < n; i++) {
		lua_rawgeti(L, list, i + 1);
		keys[i] = key_at(L, -1);
		order[i] = i;
		lua_pop(L, 1);
	}
	sort_keys(keys, order, order + n, n);
	put_in_order(L, list, order, n);
	lua_settop(L, list);
}

enum { LIST = 1, COUNT, AT };             /* upvalues of the step */

/* (table, key): the key that the loop hands back is where we are; nil starts again
 * [-0, +(1|2), e]. */
static int pairs_step(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	lua_Integer n = lua_tointeger(L, lua_upvalueindex(COUNT));
	lua_Integer at = lua_isnil(L, 2) ? 0 : lua_tointeger(L, lua_upvalueindex(AT)), from = at;
	while (at < n) {
		lua_rawgeti(L, lua_upvalueindex(LIST), ++at);
		lua_pushvalue(L, -1);
		if (lua_rawget(L, 1) != LUA_TNIL)
			break;
		lua_pop(L, 2);
	}
	lua_pushinteger(L, at);
	lua_replace(L, lua_upvalueindex(AT));
	lh_sandbox_charge(L, at - from);
	if (lua_gettop(L) == 4)
		return 2;
	lua_pushnil(L);
	return 1;
}

/* What pairs returns after a yield in __pairs [-0, +3, -]. */
static int finish_pairs(lua_State *L, int status, lua_KContext context)
{
	(void)L, (void)status, (void)context;
	return 3;
}

/* pairs(value) [-0, +3, e] */
static int order_pairs(lua_State *L)
{
	luaL_checkany(L, 1);
	if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
		lua_pushvalue(L, 1);
		lua_callk(L, 1, 3, 0, finish_pairs);
		return 3;
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	charge_walk(L);
	bool sorted;
	int n = collect(L, &sorted);
	if (!sorted)
		sort_collected(L, n);
	lua_pushinteger(L, n);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, pairs_step, AT);
	lua_pushvalue(L, 1);
	lua_pushnil(L);
	return 3;
}

void lh_lib_order(lua_State *L)
{
	static const luaL_Reg functions[] = { { "next", order_next }, { "pairs", order_pairs }, { NULL, NULL } };
	luaL_setfuncs(L, functions, 0);
}
