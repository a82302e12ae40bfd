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

static int hook_index(unsigned hook)
{
	int i = 0;
	while (hook >> (i + 1))
		i++;
	return i;
}

static const char *hook_name(unsigned hook) { return hook_names[hook_index(hook)]; }

/* Outside protected calls only what cannot raise is used: values are reached by their place in the
 * registry. [-0, +1, -] */
static void push_hook(struct lh_policy_run *r, lua_State *L, unsigned hook)
{
	lua_rawgeti(L, LUA_REGISTRYINDEX, r->hook_ref[hook_index(hook)]);
}

void *lh_lua_test(lua_State *L, int at, int mt_ref)
{
	void *p = lua_touserdata(L, at);
	if (!p || !lua_getmetatable(L, at))
		return NULL;
	lua_rawgeti(L, LUA_REGISTRYINDEX, mt_ref);
	bool same = lua_rawequal(L, -1, -2);
	lua_pop(L, 2);
	return same ? p : NULL;
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
	lh_lua_strict_fields(L, "ep.options");
}

/* The script's table is argument 1. [-1, +0, e] */
static int set_up(lua_State *L)
{
	struct lh_policy_run *r = lh_run_of(L);
	lh_lua_open_objects(L);
	for (int i = 0; i < 5; i++) {
		lua_getfield(L, 1, hook_names[i]);
		r->hook_ref[i] = luaL_ref(L, LUA_REGISTRYINDEX);
	}
	push_options(L, r->policy);
	r->options_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_newtable(L);
	r->state_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	if (r->policy->hooks & LH_HOOK_TURN) {
		r->thread = lua_newthread(L);
		luaL_ref(L, LUA_REGISTRYINDEX);
	}
	return 0;
}

/* "HOOK(): NAME.lua:LINE: …". A message that has no place of its own (a spent limit, error(text, 0)) names at least the
 * script. hook 0: none was running. */
static int placed(const struct lh_policy_run *r, unsigned hook, int rc, struct lh_error *err)
{
	size_t n = strlen(r->policy->name);
	bool there = rc && err && !strncmp(err->text, r->policy->name, n) && !strncmp(err->text + n, ".lua:", 5);
	if (rc && !there)
		lh_prefix(err, "%s.lua", r->policy->name);
	if (rc && hook)
		lh_prefix(err, "%s()", hook_name(hook));
	return rc;
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
	if (!rc)
		rc = lh_sandbox_call(&r->sandbox, 1, 0, err);
	return placed(r, 0, rc, err);
}

/* Calls a hook with (ep [, history [, the value on top]]) on the main state, results left there. */
static int call_hook(struct lh_policy_run *r, unsigned hook, bool extra, int results, struct lh_error *err)
{
	lua_State *L = r->sandbox.L;
	int args = 1;
	push_hook(r, L, hook);
	lua_rawgeti(L, LUA_REGISTRYINDEX, r->ep_ref);
	if (hook != LH_HOOK_START && hook != LH_HOOK_FINISH)
		lua_rawgeti(L, LUA_REGISTRYINDEX, r->history_ref), args++;
	if (extra) {
		lua_pushvalue(L, -1 - args - 1);
		lua_remove(L, -1 - args - 2);
		args++;
	}
	r->hook = hook;
	int rc = lh_sandbox_call(&r->sandbox, args, results, err);
	r->hook = 0;
	return placed(r, hook, rc, err);
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
		rc = call_hook(r, LH_HOOK_START, false, 0, err);
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
	int rc = room_for(p, p->wanted, err);
	if (rc)
		return rc;
	step->kind = LH_STEP_CALLS;
	step->view = p->view;
	step->calls = p->again_count ? p->again_count : p->wanted;
	step->options = p->options;
	step->again = p->again_count ? p->again : NULL;
	step->plain = !(r->policy->hooks & LH_HOOK_TURN);
	return 0;
}

/* The view that a hook left on top of the main state's stack becomes r->plain. */
static int take_view(struct lh_policy_run *r, const char *hook, struct lh_error *err)
{
	lua_State *L = r->sandbox.L;
	struct lh_lua_view *v = lh_lua_test(L, -1, r->view_mt_ref);
	int rc = 0;
	if (!v)
		rc = lh_fail(err, LH_E_POLICY, "%s.lua: %s() returned %s: return a view, such as history:view()", r->policy->name, hook, luaL_typename(L, -1));
	else if (v->epoch != r->epoch)
		rc = lh_fail(err, LH_E_POLICY, "%s.lua: %s() returned a view made before the record was edited, or in another turn: call history:view() again", r->policy->name, hook);
	else
		rc = lh_view_copy(&r->plain, &v->view, err);
	if (!rc && (rc = lh_view_valid(&r->plain, r->setting.transcript, err)))
		lh_prefix(err, "%s.lua: %s()", r->policy->name, hook);
	lua_pop(L, 1);
	return rc;
}

/* r->plain: what view() says, or all. */
static int make_view(struct lh_policy_run *r, struct lh_error *err)
{
	if (!(r->policy->hooks & LH_HOOK_VIEW))
		return lh_view_all(&r->plain, r->setting.transcript, err);
	int rc = call_hook(r, LH_HOOK_VIEW, false, 1, err);
	return rc ? rc : take_view(r, "view", err);
}

int lh_policy_look(struct lh_policy_run *r, const struct lh_view **view, struct lh_error *err)
{
	*view = NULL;
	r->epoch++;                      /* views made before show a shorter record */
	struct lh_pending *p = &r->pending;
	int rc = p->shown ? lh_view_follow(&r->plain, r->setting.transcript, p->shown, err) : make_view(r, err);
	if (p->shown)                    /* what view() says was too long in this turn: its other view goes on */
		p->shown = lh_transcript_length(r->setting.transcript);
	if (!rc)
		*view = &r->plain;
	return rc;
}

static int default_turn(struct lh_policy_run *r, struct lh_policy_step *step, struct lh_error *err)
{
	int rc = make_view(r, err);
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

/* What a script gives up a turn with: a string, or a table with code and message. [-2, +0, e] */
static int read_failure(lua_State *L)
{
	struct lh_policy_step *step = lua_touserdata(L, 1);
	enum lh_outcome outcome = LH_OUTCOME_FAILED;
	const char *cause = "the policy gave the turn up";
	if (lua_istable(L, 2)) {
		lua_getfield(L, 2, "code");
		if (lua_type(L, -1) == LUA_TSTRING && !strcmp(lua_tostring(L, -1), "overflow"))
			outcome = LH_OUTCOME_OVERFLOW;
		lua_getfield(L, 2, "message");
	}
	if (lua_type(L, -1) == LUA_TSTRING)
		cause = lua_tostring(L, -1);
	return ended(step, outcome, cause);
}

/* A turn may be given up because a call failed. A policy that gives up on its own errs: else it could
 * have its hard turns censored. */
static int turn_failed(struct lh_policy_run *r, int at, struct lh_policy_step *step, struct lh_error *err)
{
	lua_State *L = r->sandbox.L;
	lua_pushcfunction(L, read_failure);
	lua_pushlightuserdata(L, step);
	lua_pushvalue(r->thread, at);
	lua_xmove(r->thread, L, 1);
	int rc = lh_sandbox_call(&r->sandbox, 2, 0, err);
	if (!rc && !(step->outcome == LH_OUTCOME_OVERFLOW ? r->saw_overflow : r->saw_failure))
		rc = lh_fail(err, LH_E_POLICY, "%s.lua: turn() gave up (%s), though no call %s", r->policy->name, step->cause,
			step->outcome == LH_OUTCOME_OVERFLOW ? "was too long for the model" : "failed");
	return rc;
}

/* turn() has returned `n` values on the thread's stack. */
static int turn_returned(struct lh_policy_run *r, int n, struct lh_policy_step *step, struct lh_error *err)
{
	lua_State *T = r->thread;
	int first = lua_gettop(T) - n + 1, rc = 0;
	struct lh_lua_reply *reply = n ? lh_lua_test(T, first, r->reply_mt_ref) : NULL;
	if (reply && reply->turn != lh_transcript_turn(r->setting.transcript))
		rc = lh_fail(err, LH_E_POLICY, "%s.lua: turn() returned a reply of turn %u: return one of this turn's", r->policy->name, reply->turn);
	else if (reply && reply->edits != lh_transcript_edits(r->setting.transcript))
		rc = lh_fail(err, LH_E_POLICY, "%s.lua: turn() returned a reply that was asked for before the record was edited: ask again after the edit", r->policy->name);
	else if (reply)
		step->kind = LH_STEP_ACCEPT, step->message = reply->message;
	else if (n >= 2 && lua_isnil(T, first) && !lua_isnil(T, first + 1))
		rc = turn_failed(r, first + 1, step, err);
	else
		rc = lh_fail(err, LH_E_POLICY, "%s.lua: turn() returned %s: return a reply of ep:ask or ep:sample, or nil and an error",
			r->policy->name, n ? luaL_typename(T, first) : "nothing");
	lua_settop(T, 0);
	return rc;
}

static int resume(struct lh_policy_run *r, int args, struct lh_policy_step *step, struct lh_error *err)
{
	int results = 0;
	r->hook = LH_HOOK_TURN;
	r->sandbox.running = r->thread;
	int status = lua_resume(r->thread, r->sandbox.L, args, &results);
	r->sandbox.running = NULL;
	r->hook = 0;
	int rc = lh_sandbox_fault(&r->sandbox, r->thread, status, err);
	if (rc)
		return placed(r, LH_HOOK_TURN, rc, err);
	return status == LUA_YIELD ? calls_step(r, step, err) : turn_returned(r, results, step, err);
}

static void begin_turn(struct lh_policy_run *r)
{
	free_heap(r);
	r->epoch++;
	r->calls_turn = 0;
	r->saw_failure = r->saw_overflow = r->lacked_initial = false;
	r->pending.again_count = 0;
	r->pending.overflowed = false;
	r->pending.shown = 0;
	if (r->live)
		lh_sandbox_arm(&r->sandbox);
}

int lh_policy_rehearse(struct lh_policy_run *r, struct lh_error *err)
{
	if (!(r->policy->hooks & LH_HOOK_VIEW) || (r->policy->hooks & LH_HOOK_TURN))
		return 0;
	begin_turn(r);
	return make_view(r, err);
}

bool lh_policy_lacked_initial(const struct lh_policy_run *r) { return r->lacked_initial; }

int lh_policy_turn(struct lh_policy_run *r, struct lh_policy_step *step, struct lh_error *err)
{
	memset(step, 0, sizeof *step);
	begin_turn(r);
	if (!(r->policy->hooks & LH_HOOK_TURN))
		return default_turn(r, step, err);
	push_hook(r, r->thread, LH_HOOK_TURN);
	lua_rawgeti(r->thread, LUA_REGISTRYINDEX, r->ep_ref);
	lua_rawgeti(r->thread, LUA_REGISTRYINDEX, r->history_ref);
	return resume(r, 2, step, err);
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
		rc = call_hook(r, LH_HOOK_OVERFLOW, true, 1, err);
	if (rc || lua_isnil(L, -1)) {
		lua_settop(L, 0);
		return rc;
	}
	rc = take_view(r, "overflow", err);
	if (rc)
		return rc;
	p->view = &r->plain;
	p->shown = lh_transcript_length(r->setting.transcript);
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
	for (int i = 0; i < n; i++) {
		r->saw_overflow |= results[i].error == LH_E_OVERFLOW;
		r->saw_failure |= results[i].error && results[i].error != LH_E_OVERFLOW;
	}
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

/* Names of the table at 1, sorted, each checked to hold a number, text or boolean. [-0, +0, e] */
static int column_names(lua_State *L, const char *keys[64])
{
	int n = 0;
	for (lua_pushnil(L); lua_next(L, 1); lua_pop(L, 1)) {
		int type = lua_type(L, -1);
		bool named = lua_type(L, -2) == LUA_TSTRING && strlen(lua_tostring(L, -2)) == lua_rawlen(L, -2);
		if (!named || (type != LUA_TNUMBER && type != LUA_TSTRING && type != LUA_TBOOLEAN) || n == 64)
			luaL_error(L, "finish() returns at most 64 columns, each a name with a number, text or boolean");
		const char *key = lua_tostring(L, -2);
		int at = n++;
		for (; at && strcmp(keys[at - 1], key) > 0; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
	return n;
}

static void put_column(lua_State *L, struct lh_jw *w, const char *key)
{
	size_t n;
	lua_pushstring(L, key);
	int type = lua_rawget(L, 1);
	lh_jw_key(w, key);
	if (type == LUA_TBOOLEAN)
		lh_jw_bool(w, lua_toboolean(L, -1));
	else if (lua_isinteger(L, -1))
		lh_jw_int(w, lua_tointeger(L, -1));
	else if (type == LUA_TNUMBER)
		lh_jw_double(w, lua_tonumber(L, -1));
	else {
		const char *text = lua_tolstring(L, -1, &n);
		lh_jw_str(w, (struct lh_str){ text, n });
	}
	lua_pop(L, 1);
}

/* What finish() returned, and the writer. [-2, +0, e] */
static int put_columns(lua_State *L)
{
	struct lh_jw *w = lua_touserdata(L, 2);
	const char *keys[64];
	if (lua_isnil(L, 1))
		return 0;
	if (!lua_istable(L, 1))
		return luaL_error(L, "finish() returned %s: return a table of columns, or nothing", luaL_typename(L, 1));
	int n = column_names(L, keys);
	lh_jw_key(w, "columns");
	lh_jw_open(w, '{');
	for (int i = 0; i < n; i++)
		put_column(L, w, keys[i]);
	lh_jw_close(w);
	return 0;
}

static int finish_hook(struct lh_policy_run *r, struct lh_jw *w, struct lh_error *err)
{
	lua_State *L = r->sandbox.L;
	lh_sandbox_arm(&r->sandbox);
	int rc = call_hook(r, LH_HOOK_FINISH, false, 1, err);
	if (rc)
		return rc;
	lua_pushcfunction(L, put_columns);
	lua_insert(L, -2);
	lua_pushlightuserdata(L, w);
	return placed(r, LH_HOOK_FINISH, lh_sandbox_call(&r->sandbox, 2, 0, err), err);
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
	if (rc)
		return rc;
	if (r->log.n) {
		lh_jw_key(&w, "log");
		lh_jw_str(&w, lh_buf_str(&r->log));
	}
	lh_jw_close(&w);
	return lh_buf_ok(json, err);
}
