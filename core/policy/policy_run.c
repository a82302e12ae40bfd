/* One episode's policy: the Lua state, and the protocol of a turn. */
#include "policy/policy_run.h"

#include "json/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct lh_policy_run *lh_run_of(lua_State *L)
{
	return (struct lh_policy_run *)lh_sandbox_of(L);
}

static const char *const hook_names[] = { "start", "view", "turn", "overflow", "finish" };

static const char *hook_name(unsigned hook)
{
	int i = 0;
	while (hook >> (i + 1))
		i++;
	return hook_names[i];
}

/* Pushes the hook's function. [-0, +1, -] */
static void push_hook(lua_State *L, unsigned hook)
{
	lua_getfield(L, LUA_REGISTRYINDEX, LH_REG_POLICY);
	lua_getfield(L, -1, hook_name(hook));
	lua_remove(L, -2);
}

/* ---- views' memory ---- */

static void free_heap(struct lh_policy_run *r)
{
	for (int i = 0; i < r->heap_count; i++)
		free(r->heap[i]);
	r->heap_count = 0;
}

void lh_lua_keep_heap(lua_State *L, struct lh_view *v)
{
	struct lh_policy_run *r = lh_run_of(L);
	if (v->piece == v->few)
		return;
	if (r->heap_count == r->heap_cap) {
		int cap = r->heap_cap ? 2 * r->heap_cap : 16;
		struct lh_piece **p = realloc(r->heap, (size_t)cap * sizeof *p);
		if (!p) {
			lh_view_fini(v);
			luaL_error(L, "not enough memory");
			return;
		}
		r->heap = p;
		r->heap_cap = cap;
	}
	r->heap[r->heap_count++] = v->piece;
	lh_sandbox_charge(L, v->cap);
}

/* ---- beginning ---- */

static void push_options(lua_State *L, const struct lh_policy *p)
{
	lua_createtable(L, 0, p->option_count);
	for (int i = 0; i < p->option_count; i++) {
		const struct lh_policy_value *v = &p->value[i];
		if (v->type == LH_OPTION_INTEGER)
			lua_pushinteger(L, v->integer);
		else if (v->type == LH_OPTION_NUMBER)
			lua_pushnumber(L, v->number);
		else if (v->type == LH_OPTION_BOOLEAN)
			lua_pushboolean(L, v->integer != 0);
		else
			lua_pushstring(L, v->text);
		lua_setfield(L, -2, p->option[i].name);
	}
}

/* The script's table is argument 1. [-1, +0, e] */
static int set_up(lua_State *L)
{
	struct lh_policy_run *r = lh_run_of(L);
	lua_setfield(L, LUA_REGISTRYINDEX, LH_REG_POLICY);
	lh_lua_open_objects(L);
	push_options(L, r->policy);
	lua_setfield(L, LUA_REGISTRYINDEX, LH_REG_OPTIONS);
	lua_newtable(L);
	lua_setfield(L, LUA_REGISTRYINDEX, LH_REG_STATE);
	if (r->policy->hooks & LH_HOOK_TURN) {
		r->thread = lua_newthread(L);
		lua_setfield(L, LUA_REGISTRYINDEX, "longhaul.thread");
	}
	return 0;
}

static int open_state(struct lh_policy_run *r, struct lh_error *err)
{
	struct lh_sandbox_limits limits;
	lh_sandbox_default_limits(&limits);
	int rc = lh_sandbox_init(&r->sandbox, &limits, err);
	if (rc)
		return rc;
	r->live = true;
	r->sandbox.random = lh_random_stream(r->setting.seed, r->setting.sample, 0, LH_FOR_POLICY, 0);
	lua_State *L = r->sandbox.L;
	char name[96];
	snprintf(name, sizeof name, "%.80s.lua", r->policy->name);
	lh_sandbox_arm(&r->sandbox);
	lua_pushcfunction(L, set_up);
	rc = lh_sandbox_load(&r->sandbox, lh_buf_str(&r->policy->text), name, err);
	return rc ? rc : lh_sandbox_call(&r->sandbox, 1, 0, err);
}

/* Calls a hook with (ep [, history [, extra on top]]) on the main state, results left there. */
static int call_hook(struct lh_policy_run *r, unsigned hook, int extra, int results, struct lh_error *err)
{
	lua_State *L = r->sandbox.L;
	int below = lua_gettop(L) - extra;
	push_hook(L, hook);
	lh_lua_push_ep(L);
	int args = 1;
	if (hook != LH_HOOK_START && hook != LH_HOOK_FINISH)
		lh_lua_push_history(L), args++;
	for (int i = 1; i <= extra; i++)
		lua_pushvalue(L, below + i);
	r->hook = hook;
	int rc = lh_sandbox_call(&r->sandbox, args + extra, results, err);
	r->hook = 0;
	if (extra && !rc) {
		for (int i = 0; i < extra; i++)
			lua_remove(L, below + 1);
	}
	return rc;
}

int lh_policy_begin(const struct lh_policy *p, const struct lh_policy_setting *setting, struct lh_policy_run **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_policy_run *r = calloc(1, sizeof *r);
	if (!r)
		return lh_nomem(err);
	r->policy = p;
	r->setting = *setting;
	lh_view_init(&r->plain);
	lh_buf_init(&r->log, LH_LOG_BYTES);
	lh_buf_init(&r->scratch, 64u << 20);
	int rc = p->hooks ? open_state(r, err) : 0;
	if (!rc && (p->hooks & LH_HOOK_START)) {
		lh_sandbox_arm(&r->sandbox);
		rc = call_hook(r, LH_HOOK_START, 0, 0, err);
	}
	if (rc) {
		lh_policy_run_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

void lh_policy_run_free(struct lh_policy_run *r)
{
	if (!r)
		return;
	if (r->live)
		lh_sandbox_fini(&r->sandbox);
	free_heap(r);
	free(r->heap);
	free(r->pending.result);
	free(r->pending.again);
	lh_view_fini(&r->plain);
	lh_buf_fini(&r->log);
	lh_buf_fini(&r->scratch);
	free(r);
}

/* ---- a turn ---- */

static int room_for(struct lh_pending *p, int wanted, struct lh_error *err)
{
	if (wanted <= p->cap)
		return 0;
	struct lh_call_result *result = realloc(p->result, (size_t)wanted * sizeof *result);
	if (result)
		p->result = result;
	int *again = realloc(p->again, (size_t)wanted * sizeof *again);
	if (again)
		p->again = again;
	if (!result || !again)
		return lh_nomem(err);
	p->cap = wanted;
	return 0;
}

/* The pending ask as a step. */
static int calls_step(struct lh_policy_run *r, struct lh_policy_step *step, struct lh_error *err)
{
	struct lh_pending *p = &r->pending;
	int rc = lh_view_valid(p->view, r->setting.transcript, err);
	if (!rc)
		rc = room_for(p, p->wanted, err);
	if (rc)
		return rc;
	step->kind = LH_STEP_CALLS;
	step->view = p->view;
	step->calls = p->again_count ? p->again_count : p->wanted;
	step->options = p->options;
	return 0;
}

/* The view on top of the main state's stack becomes r->plain. */
static int take_view(struct lh_policy_run *r, struct lh_error *err)
{
	lua_State *L = r->sandbox.L;
	struct lh_lua_view *v = luaL_testudata(L, -1, LH_MT_VIEW);
	int rc = 0;
	if (!v)
		rc = lh_fail(err, LH_E_POLICY, "%s.lua: view() returned %s: return a view, such as history:view()", r->policy->name, luaL_typename(L, -1));
	else if (v->epoch != r->epoch)
		rc = lh_fail(err, LH_E_POLICY, "%s.lua: view() returned a view made before the record was edited, or in another turn: call history:view() again", r->policy->name);
	else
		rc = lh_view_copy(&r->plain, &v->view, err);
	lua_pop(L, 1);
	return rc;
}

static int default_turn(struct lh_policy_run *r, struct lh_policy_step *step, struct lh_error *err)
{
	int rc;
	if (r->policy->hooks & LH_HOOK_VIEW) {
		rc = call_hook(r, LH_HOOK_VIEW, 0, 1, err);
		if (!rc)
			rc = take_view(r, err);
	} else {
		rc = lh_view_all(&r->plain, r->setting.transcript, err);
	}
	if (rc)
		return rc;
	struct lh_pending *p = &r->pending;
	p->view = &r->plain;
	p->wanted = 1;
	p->many = false;
	memset(&p->options, 0, sizeof p->options);
	return calls_step(r, step, err);
}

static int ended(struct lh_policy_step *step, enum lh_outcome outcome, const char *cause)
{
	step->kind = LH_STEP_END;
	step->outcome = outcome;
	snprintf(step->cause, sizeof step->cause, "%s", cause ? cause : "");
	return 0;
}

/* turn() returned nil, err: err is on top of the thread's stack. */
static int turn_failed(lua_State *T, struct lh_policy_step *step)
{
	enum lh_outcome outcome = LH_OUTCOME_FAILED;
	const char *cause = "the policy gave the turn up";
	if (lua_istable(T, -1)) {
		lua_getfield(T, -1, "code");
		if (lua_type(T, -1) == LUA_TSTRING && !strcmp(lua_tostring(T, -1), "overflow"))
			outcome = LH_OUTCOME_OVERFLOW;
		lua_getfield(T, -2, "message");
		if (lua_type(T, -1) == LUA_TSTRING)
			cause = lua_tostring(T, -1);
	} else if (lua_type(T, -1) == LUA_TSTRING) {
		cause = lua_tostring(T, -1);
	}
	return ended(step, outcome, cause);
}

/* turn() has returned `n` values on the thread's stack. */
static int turn_returned(struct lh_policy_run *r, int n, struct lh_policy_step *step, struct lh_error *err)
{
	lua_State *T = r->thread;
	int rc = 0;
	struct lh_lua_reply *reply = n ? lh_lua_test_reply(T, -n) : NULL;
	if (reply && reply->turn != lh_transcript_turn(r->setting.transcript))
		rc = lh_fail(err, LH_E_POLICY, "%s.lua: turn() returned a reply of turn %u: return one of this turn's", r->policy->name, reply->turn);
	else if (reply)
		step->kind = LH_STEP_ACCEPT, step->message = reply->message;
	else if (n >= 1 && lua_isnil(T, -n) && n >= 2)
		{
		lua_settop(T, lua_gettop(T) - n + 2);
		rc = turn_failed(T, step);
	}
	else
		rc = lh_fail(err, LH_E_POLICY, "%s.lua: turn() returned %s: return a reply of ep:ask or ep:sample, or nil and an error",
			r->policy->name, n ? luaL_typename(T, -n) : "nothing");
	lua_settop(T, 0);
	return rc;
}

static int resume(struct lh_policy_run *r, int args, struct lh_policy_step *step, struct lh_error *err)
{
	int results = 0;
	r->hook = LH_HOOK_TURN;
	int status = lua_resume(r->thread, r->sandbox.L, args, &results);
	r->hook = 0;
	if (status == LUA_YIELD)
		return calls_step(r, step, err);
	if (status != LUA_OK)
		return lh_sandbox_fault(&r->sandbox, r->thread, status, err);
	return turn_returned(r, results, step, err);
}

/* Pushes turn's function and arguments onto the thread. [-0, +3, e] */
static int push_turn(lua_State *L)
{
	push_hook(L, LH_HOOK_TURN);
	lh_lua_push_ep(L);
	lh_lua_push_history(L);
	lua_xmove(L, lh_run_of(L)->thread, 3);
	return 0;
}

int lh_policy_turn(struct lh_policy_run *r, struct lh_policy_step *step, struct lh_error *err)
{
	memset(step, 0, sizeof *step);
	free_heap(r);
	r->epoch++;
	r->calls_turn = 0;
	r->pending.again_count = 0;
	r->pending.overflowed = false;
	if (r->live)
		lh_sandbox_arm(&r->sandbox);
	if (!(r->policy->hooks & LH_HOOK_TURN))
		return default_turn(r, step, err);
	lua_pushcfunction(r->sandbox.L, push_turn);
	int rc = lh_sandbox_call(&r->sandbox, 0, 0, err);
	return rc ? rc : resume(r, 2, step, err);
}

/* ---- answers ---- */

static const struct lh_call_result *first_overflow(const struct lh_pending *p)
{
	for (int i = 0; i < p->wanted; i++)
		if (p->result[i].error == LH_E_OVERFLOW)
			return &p->result[i];
	return NULL;
}

/* [-0, +1, e] the error value of the first overflow */
static int push_overflow(lua_State *L)
{
	lh_lua_push_error(L, first_overflow(&lh_run_of(L)->pending));
	return 1;
}

/* Asks overflow() for another view; *again: it gave one. */
static int ask_overflow_hook(struct lh_policy_run *r, bool *again, struct lh_error *err)
{
	struct lh_pending *p = &r->pending;
	lua_State *L = r->sandbox.L;
	*again = false;
	p->overflowed = true;
	lua_pushcfunction(L, push_overflow);
	int rc = lh_sandbox_call(&r->sandbox, 0, 1, err);
	if (!rc)
		rc = call_hook(r, LH_HOOK_OVERFLOW, 1, 1, err);
	if (rc || lua_isnil(L, -1)) {
		lua_settop(L, 0);
		return rc;
	}
	rc = take_view(r, err);
	if (rc)
		return rc;
	p->view = &r->plain;
	p->again_count = 0;
	for (int i = 0; i < p->wanted; i++)
		if (p->result[i].error == LH_E_OVERFLOW)
			p->again[p->again_count++] = i;
	*again = true;
	return 0;
}

static int default_answer(struct lh_policy_run *r, struct lh_policy_step *step)
{
	const struct lh_call_result *result = &r->pending.result[0];
	if (result->error) {
		char cause[200];
		snprintf(cause, sizeof cause, "%.*s", LH_ARG(result->error_text));
		return ended(step, result->error == LH_E_OVERFLOW ? LH_OUTCOME_OVERFLOW : LH_OUTCOME_FAILED, cause);
	}
	step->kind = LH_STEP_ACCEPT;
	step->message = result->message;
	return 0;
}

int lh_policy_answer(struct lh_policy_run *r, const struct lh_call_result *results, int n, struct lh_policy_step *step, struct lh_error *err)
{
	struct lh_pending *p = &r->pending;
	memset(step, 0, sizeof *step);
	for (int i = 0; i < n; i++)
		p->result[p->again_count ? p->again[i] : i] = results[i];
	p->again_count = 0;
	if ((r->policy->hooks & LH_HOOK_OVERFLOW) && !p->overflowed && first_overflow(p)) {
		bool again;
		int rc = ask_overflow_hook(r, &again, err);
		if (rc)
			return rc;
		if (again)
			return calls_step(r, step, err);
	}
	if (r->policy->hooks & LH_HOOK_TURN)
		return resume(r, 0, step, err);
	return default_answer(r, step);
}

/* ---- the end ---- */

/* Columns: numbers, strings and booleans of the table on top, keys sorted by `pairs`' own order being
 * absent here, so by name. */
static int put_columns(lua_State *L, struct lh_jw *w, struct lh_error *err)
{
	const char *keys[64];
	int n = 0;
	for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
		int type = lua_type(L, -1);
		if (lua_type(L, -2) != LUA_TSTRING || (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN) || n == 64) {
			lua_pop(L, 2);
			return lh_fail(err, LH_E_POLICY, "finish() returns at most 64 columns, each a name with a number, text or boolean");
		}
		const char *key = lua_tostring(L, -2);
		int at = n++;
		for (; at && strcmp(keys[at - 1], key) > 0; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
	lh_jw_open(w, '{');
	for (int i = 0; i < n; i++) {
		lh_jw_key(w, keys[i]);
		size_t len;
		int type = lua_getfield(L, -1, keys[i]);
		if (type == LUA_TBOOLEAN)
			lh_jw_bool(w, lua_toboolean(L, -1));
		else if (lua_isinteger(L, -1))
			lh_jw_int(w, lua_tointeger(L, -1));
		else if (type == LUA_TNUMBER)
			lh_jw_double(w, lua_tonumber(L, -1));
		else {
			const char *text = lua_tolstring(L, -1, &len);
			lh_jw_str(w, (struct lh_str){ text, len });
		}
		lua_pop(L, 1);
	}
	lh_jw_close(w);
	return 0;
}

static int finish_hook(struct lh_policy_run *r, struct lh_jw *w, struct lh_error *err)
{
	lua_State *L = r->sandbox.L;
	lh_sandbox_arm(&r->sandbox);
	int rc = call_hook(r, LH_HOOK_FINISH, 0, 1, err);
	if (rc)
		return rc;
	if (lua_istable(L, -1)) {
		lh_jw_key(w, "columns");
		rc = put_columns(L, w, err);
	} else if (!lua_isnil(L, -1)) {
		rc = lh_fail(err, LH_E_POLICY, "finish() returned %s: return a table of columns, or nothing", luaL_typename(L, -1));
	}
	lua_settop(L, 0);
	return rc;
}

int lh_policy_finish(struct lh_policy_run *r, struct lh_buf *json, struct lh_error *err)
{
	bool hook = r->policy->hooks & LH_HOOK_FINISH;
	if (!hook && !r->log.n)
		return 0;
	struct lh_jw w;
	lh_jw_init(&w, json, false);
	lh_jw_open(&w, '{');
	int rc = hook ? finish_hook(r, &w, err) : 0;
	if (r->log.n) {
		lh_jw_key(&w, "log");
		lh_jw_str(&w, lh_buf_str(&r->log));
	}
	lh_jw_close(&w);
	return rc ? rc : lh_buf_ok(json, err);
}
