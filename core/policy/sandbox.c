#include "policy/sandbox.h"
#include "policy/sandbox_lib.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LARGE_BLOCK = 4096,               /* an allocation from here on is charged */
	LONG_STRING = 32 << 10,           /* see the header: what an instruction costs */
	WIDE_BLOCK = 1 << 20
};

void lh_sandbox_default_limits(struct lh_sandbox_limits *limits)
{
	*limits = (struct lh_sandbox_limits){ .memory_bytes = 4u << 20, .instructions = 1000000 };
}

/* "NAME.lua:LINE: " of the script's innermost function that runs on L; empty where none does [-0, +0, -]. */
static void note_place(lua_State *L, char *out, size_t size)
{
	lua_Debug ar;
	out[0] = 0;
	for (int level = 0; lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.currentline <= 0)
			continue;
		snprintf(out, size, "%s:%d: ", ar.short_src, ar.currentline);
		return;
	}
}

/* ---- memory ---- */

/* A refusal makes Lua collect all garbage and ask again: that work is proportional to what is in
 * use. The place is noted here, because Lua unwinds the stack without a word when memory is out; "Sl" only reads, which an
 * allocator may do. */
static bool refuse(struct lh_sandbox *s)
{
	lua_State *running = s->running ? s->running : s->L;
	if (running)
		note_place(running, s->refused_at, sizeof s->refused_at);
	s->out_of_memory = true;
	s->left -= (int64_t)(s->used_bytes / 128);
	return false;
}

static bool may_grow(struct lh_sandbox *s, size_t had, size_t n)
{
	if (n - had > s->limits.memory_bytes - s->used_bytes)
		return refuse(s);
	if (++s->allocations == s->limits.fail_at) {
		s->machine_full = true;
		return false;
	}
	if (n >= LARGE_BLOCK)
		s->left -= (int64_t)(n / 64);
	return true;
}

/* A lua_Alloc; for a new block `old` is not a size but the type of the object. */
static void *resize(void *ud, void *p, size_t old, size_t n)
{
	struct lh_sandbox *s = ud;
	size_t had = p ? old : 0;
	if (n == 0) {
		free(p);
		s->used_bytes -= had;
		return NULL;
	}
	if (n > had && !may_grow(s, had, n))
		return NULL;
	void *q = realloc(p, n);
	if (!q) {
		s->machine_full = true;
		return NULL;
	}
	s->used_bytes += n - had;
	if (n > s->largest_block)
		s->largest_block = n;
	if (!p && old == LUA_TSTRING && n > s->longest_string)
		s->longest_string = n;
	return q;
}

/* ---- the budget ---- */

struct lh_sandbox *lh_sandbox_of(lua_State *L)
{
	return *(struct lh_sandbox **)lua_getextraspace(L);
}

static void on_count(lua_State *L, lua_Debug *ar);     /* the hook [-0, +0, e] */

static int hook_step(const struct lh_sandbox *s)
{
	return s->limits.instructions < LH_SANDBOX_STEP ? (int)s->limits.instructions + 1 : LH_SANDBOX_STEP;
}

/* From here on the hook runs at every instruction of L, so that a script that catches the error
 * gets it again at once [-0, +0, e]. */
static void raise_spent(lua_State *L, struct lh_sandbox *s)
{
	if (!s->spent)
		note_place(L, s->spent_at, sizeof s->spent_at);
	s->spent = true;
	lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
	lua_pushfstring(L, "%smore than %I instructions in one call", s->spent_at, (LUAI_UACINT)s->limits.instructions);
	lua_error(L);
}

void lh_sandbox_charge(lua_State *L, int64_t units)
{
	struct lh_sandbox *s = lh_sandbox_of(L);
	s->left = units < s->left ? s->left - units : 0;
	if (s->left <= 0 || s->spent)
		raise_spent(L, s);
}

static void on_count(lua_State *L, lua_Debug *ar)
{
	(void)ar;
	struct lh_sandbox *s = lh_sandbox_of(L);
	int step = hook_step(s), passed = lua_gethookcount(L);
	if (!s->spent && passed != step)
		lua_sethook(L, on_count, LUA_MASKCOUNT, step);
	lh_sandbox_charge(L, passed * (int64_t)(1 + s->longest_string / LONG_STRING + s->largest_block / WIDE_BLOCK));
}

void lh_sandbox_arm(struct lh_sandbox *s)
{
	s->left = s->limits.instructions;
	s->spent = false;
	s->out_of_memory = false;
	s->refused_at[0] = 0;
	lua_sethook(s->L, on_count, LUA_MASKCOUNT, hook_step(s));
}

/* ---- life ---- */

static int no_state(struct lh_sandbox *s, struct lh_error *err)
{
	if (s->machine_full)
		return lh_nomem(err);
	return lh_fail(err, LH_E_POLICY, "%zu bytes of memory are too few for a policy: allow some 64 KiB at least", s->limits.memory_bytes);
}

int lh_sandbox_init(struct lh_sandbox *s, const struct lh_sandbox_limits *limits, struct lh_error *err)
{
	*s = (struct lh_sandbox){ .L = NULL };
	if (limits)
		s->limits = *limits;
	else
		lh_sandbox_default_limits(&s->limits);
	s->L = lua_newstate(resize, s);
	if (!s->L)
		return no_state(s, err);
	*(struct lh_sandbox **)lua_getextraspace(s->L) = s;
	lua_gc(s->L, LUA_GCSTOP);
	lua_pushcfunction(s->L, lh_lib_open);
	if (lua_pcall(s->L, 0, 0, 0) != LUA_OK) {
		lh_sandbox_fini(s);
		return no_state(s, err);
	}
	lua_gc(s->L, LUA_GCRESTART);
	lh_sandbox_arm(s);
	return 0;
}

void lh_sandbox_fini(struct lh_sandbox *s)
{
	if (s->L)
		lua_close(s->L);
	s->L = NULL;
}

/* ---- errors ---- */

/* The message of an error value: a text, or the `message` of a table, without metamethods
 * [-1, +1, m]. */
static int message_of(lua_State *L)
{
	if (lua_type(L, 1) == LUA_TTABLE) {
		lua_pushliteral(L, "message");
		if (lua_rawget(L, 1) == LUA_TSTRING)
			return 1;
	}
	if (lua_type(L, 1) == LUA_TNUMBER)
		lua_tostring(L, 1);
	else if (lua_type(L, 1) != LUA_TSTRING)
		lua_pushfstring(L, "the script raised a %s value, not a message", luaL_typename(L, 1));
	return 1;
}

/* Words and pops the error value on top of s->L. */
static int word(struct lh_sandbox *s, struct lh_error *err)
{
	lua_State *L = s->L;
	lua_pushcfunction(L, message_of);
	lua_insert(L, -2);
	size_t n = 0;
	int status = lua_pcall(L, 1, 1, 0);
	const char *text = status == LUA_OK ? lua_tolstring(L, -1, &n) : NULL;
	int rc = text ? lh_fail(err, LH_E_POLICY, "%.*s", n > 1200 ? 1200 : (int)n, text)
	              : lh_fail(err, LH_E_POLICY, "an error whose message does not fit into memory");
	lua_pop(L, 1);
	return rc;
}

static int fault_spent(const struct lh_sandbox *s, struct lh_error *err)
{
	return lh_fail(err, LH_E_POLICY, "%smore than %" PRId64 " instructions in one call: is there a loop without end?",
		s->spent_at, s->limits.instructions);
}

int lh_sandbox_fault(struct lh_sandbox *s, lua_State *L, int status, struct lh_error *err)
{
	bool failed = status != LUA_OK && status != LUA_YIELD;
	if (failed && !s->machine_full && !s->spent && status != LUA_ERRMEM) {
		if (L != s->L)
			lua_xmove(L, s->L, 1);
		return word(s, err);
	}
	if (failed)
		lua_pop(L, 1);
	if (s->machine_full)
		return lh_nomem(err);
	if (s->spent)
		return fault_spent(s, err);
	if (failed)
		return lh_fail(err, LH_E_POLICY, "%sneeds more than the %zu KiB of memory that a policy may use", s->refused_at, s->limits.memory_bytes / 1024);
	return 0;
}

/* ---- calls ---- */

int lh_sandbox_call(struct lh_sandbox *s, int args, int results, struct lh_error *err)
{
	int below = lua_gettop(s->L) - args - 1;
	int rc = lh_sandbox_fault(s, s->L, lua_pcall(s->L, args, results, 0), err);
	if (rc)
		lua_settop(s->L, below);
	return rc;
}

static int check_one_result(struct lh_sandbox *s, int below, const char *name, struct lh_error *err)
{
	int results = lua_gettop(s->L) - below;
	if (results == 1)
		return 0;
	lua_settop(s->L, below);
	if (results == 0)
		return lh_fail(err, LH_E_POLICY, "%s: returns nothing: end it with `return { api = 1, ... }`", name);
	return lh_fail(err, LH_E_POLICY, "%s: returns %d values: return one table", name, results);
}

int lh_sandbox_load(struct lh_sandbox *s, struct lh_str text, const char *name, struct lh_error *err)
{
	char chunk[64];
	int below = lua_gettop(s->L);
	lh_sandbox_arm(s);
	snprintf(chunk, sizeof chunk, "=%s", name);
	int status = luaL_loadbufferx(s->L, text.p, text.n, chunk, "t");
	int rc = lh_sandbox_fault(s, s->L, status, err);
	if (rc) {
		lua_settop(s->L, below);
		return rc;
	}
	rc = lh_sandbox_call(s, 0, LUA_MULTRET, err);
	return rc ? rc : check_one_result(s, below, name, err);
}
