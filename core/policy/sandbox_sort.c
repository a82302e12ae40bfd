/* table.sort: a stable merge sort. Stock Lua's quicksort is unstable and may take its pivot from
 * the clock; this one compares the same pairs in the same order everywhere, whatever the order
 * function answers. The list is written only when all comparisons are done. */
#include "policy/sandbox_lib.h"

#include <limits.h>
#include <string.h>

enum { LIST = 1, LESS = 2, VALUES = 3 };  /* stack: list, function or nil, copy of the elements */

/* May run script code [-0, +0, e]. */
static bool less(lua_State *L, int a, int b)
{
	bool result;
	lh_sandbox_charge(L, 1 + (int64_t)(lh_sandbox_of(L)->longest_string >> 15));
	if (lua_isnil(L, LESS)) {
		lua_rawgeti(L, VALUES, a + 1);
		lua_rawgeti(L, VALUES, b + 1);
		result = lua_compare(L, -2, -1, LUA_OPLT);
		lua_pop(L, 2);
		return result;
	}
	lua_pushvalue(L, LESS);
	lua_rawgeti(L, VALUES, a + 1);
	lua_rawgeti(L, VALUES, b + 1);
	lua_call(L, 2, 1);
	result = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return result;
}

/* Merges order[lo, mid) and order[mid, hi) by way of spare; equal elements keep their order. */
static void merge(lua_State *L, int *order, int *spare, int lo, int mid, int hi)
{
	if (mid >= hi || !less(L, order[mid], order[mid - 1]))
		return;
	memcpy(spare + lo, order + lo, (size_t)(mid - lo) * sizeof *spare);
	int a = lo, b = mid, out = lo;
	while (a < mid && b < hi)
		order[out++] = less(L, order[b], spare[a]) ? order[b++] : spare[a++];
	memcpy(order + out, spare + a, (size_t)(mid - a) * sizeof *order);
}

static void merge_sort(lua_State *L, int *order, int *spare, int n)
{
	for (int width = 1; width < n; width = width > n / 2 ? n : 2 * width)
		for (int lo = 0; lo < n - width; lo += 2 * width)
			merge(L, order, spare, lo, lo + width, lo + width < n - width ? lo + 2 * width : n);
}

static void copy_in(lua_State *L, int *order, int n)
{
	for (int i = 0; i < n; i++) {
		lua_geti(L, LIST, i + 1);
		lua_rawseti(L, VALUES, i + 1);
		order[i] = i;
	}
}

/* sort(list [, less]) [-0, +0, e] */
static int table_sort(lua_State *L)
{
	if (lua_type(L, LIST) != LUA_TTABLE && luaL_getmetafield(L, LIST, "__index") == LUA_TNIL)
		luaL_checktype(L, LIST, LUA_TTABLE);
	lua_Integer length = luaL_len(L, LIST);
	if (length < 2)
		return 0;
	luaL_argcheck(L, length < INT_MAX / 4, 1, "array too big");
	if (!lua_isnoneornil(L, LESS))
		luaL_checktype(L, LESS, LUA_TFUNCTION);
	lua_settop(L, LESS);
	int n = (int)length;
	lh_sandbox_charge(L, 2 * (int64_t)n);
	lua_createtable(L, n, 0);
	int *order = lua_newuserdatauv(L, 2 * (size_t)n * sizeof *order, 0);
	copy_in(L, order, n);
	merge_sort(L, order, order + n, n);
	for (int i = 0; i < n; i++) {
		lua_rawgeti(L, VALUES, order[i] + 1);
		lua_seti(L, LIST, i + 1);
	}
	return 0;
}

void lh_lib_sort(lua_State *L)
{
	lua_pushcfunction(L, table_sort);
	lua_setfield(L, -2, "sort");
}
