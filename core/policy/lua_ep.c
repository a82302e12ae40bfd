/* ep: the episode as a policy sees it, and the calls that it may make. */
#include "policy/policy_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_MAX 128

static struct lh_transcript *transcript(lua_State *L) { return lh_run_of(L)->setting.transcript; }

int lh_lua_no_field(lua_State *L, const char *what, const char *key, const char *const *names)
{
	const char *near = lh_nearest(lh_str_of(key), names);
	return luaL_error(L, "%s has no field or method '%s'%s%s%s", what, key, near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* __index of a method table: the name is missing. Upvalue 1: what it is of. */
static int no_method(lua_State *L)
{
	const char *names[64] = { NULL };
	int n = 0;
	for (lua_pushnil(L); n < 63 && lua_next(L, 1); lua_pop(L, 1))
		if (lua_type(L, -2) == LUA_TSTRING)
			names[n++] = lua_tostring(L, -2);
	qsort(names, (size_t)n, sizeof *names, by_name);    /* the table's own order differs from run to run */
	const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	return lh_lua_no_field(L, lua_tostring(L, lua_upvalueindex(1)), key, names);
}

void lh_lua_strict_fields(lua_State *L, const char *what)
{
	lua_createtable(L, 0, 1);
	lua_pushstring(L, what);
	lua_pushcclosure(L, no_method, 1);
	lua_setfield(L, -2, "__index");
	lua_setmetatable(L, -2);
}

void lh_lua_methods(lua_State *L, const char *what, const luaL_Reg *methods)
{
	lua_newtable(L);
	luaL_setfuncs(L, methods, 0);
	lh_lua_strict_fields(L, what);
}

/* ---- replies and errors ---- */

static const char *code_of(const struct lh_call_result *r)
{
	return r->error == LH_E_OVERFLOW ? "overflow" : "failed";
}

void lh_lua_push_error(lua_State *L, const struct lh_call_result *r)
{
	lua_createtable(L, 0, 3);
	lua_pushstring(L, code_of(r));
	lua_setfield(L, -2, "code");
	lua_pushlstring(L, r->error_text.p, r->error_text.n);
	lua_setfield(L, -2, "message");
	lua_pushboolean(L, r->error != LH_E_OVERFLOW);
	lua_setfield(L, -2, "retryable");
}

static void push_reply(lua_State *L, const struct lh_call_result *r)
{
	struct lh_lua_reply *reply = lua_newuserdatauv(L, sizeof *reply, 0);
	*reply = (struct lh_lua_reply){ r->message, lh_transcript_turn(transcript(L)), lh_transcript_edits(transcript(L)), r->finish, r->tokens_in, r->tokens_out };
	luaL_setmetatable(L, LH_MT_REPLY);
}

void lh_lua_push_result(lua_State *L, const struct lh_call_result *r)
{
	if (!r->error) {
		push_reply(L, r);
		return;
	}
	lua_createtable(L, 0, 1);
	lh_lua_push_error(L, r);
	lua_setfield(L, -2, "error");
}

static int reply_index(lua_State *L)
{
	static const char *const names[] = { "text", "thoughts", "answer", "finish", "tokens_in", "tokens_out", "error", NULL };
	const struct lh_lua_reply *r = luaL_checkudata(L, 1, LH_MT_REPLY);
	const char *key = luaL_checkstring(L, 2);
	struct lh_transcript *t = transcript(L);
	struct lh_str text;
	if (!strcmp(key, "tokens_in"))
		return lua_pushinteger(L, r->tokens_in), 1;
	if (!strcmp(key, "tokens_out"))
		return lua_pushinteger(L, r->tokens_out), 1;
	if (!strcmp(key, "finish"))
		return lua_pushstring(L, lh_finish_name(r->finish)), 1;
	if (!strcmp(key, "error") || (!strcmp(key, "answer") && !lh_transcript_message(t, r->message)->has_state))
		return lua_pushnil(L), 1;
	if (!strcmp(key, "answer"))
		text = lh_transcript_state(t, r->message);
	else if (!strcmp(key, "text"))
		text = lh_transcript_text(t, r->message);
	else if (!strcmp(key, "thoughts"))
		text = lh_transcript_thoughts(t, r->message);
	else
		return lh_lua_no_field(L, "a reply", key, names);
	lua_pushlstring(L, text.p, text.n);
	return 1;
}

/* ---- calls ---- */

static void text_option(lua_State *L, int at, const char *name, char *out, size_t size)
{
	int type = lua_getfield(L, at, name);
	if (type != LUA_TNIL && type != LUA_TSTRING)
		luaL_error(L, "option %s is a %s, it must be a string", name, lua_typename(L, type));
	size_t n = 0;
	const char *text = type == LUA_TSTRING ? lua_tolstring(L, -1, &n) : "";
	if (n >= size)
		luaL_error(L, "option %s is longer than %d bytes", name, (int)size - 1);
	memcpy(out, text, n + 1);
	lua_pop(L, 1);
}

static void known_options(lua_State *L, int at)
{
	static const char *const known[] = { "model", "temperature", "max_tokens", "stop", "purpose", "tools", NULL };
	for (lua_pushnil(L); lua_next(L, at); lua_pop(L, 1)) {
		const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
		const char *const *k = known;
		while (*k && strcmp(*k, key))
			k++;
		if (!*k)
			lh_lua_no_field(L, "a call's options", key, known);
	}
}

static void call_options(lua_State *L, int at, struct lh_call_options *o)
{
	memset(o, 0, sizeof *o);
	if (lua_isnoneornil(L, at))
		return;
	luaL_checktype(L, at, LUA_TTABLE);
	known_options(L, at);
	text_option(L, at, "model", o->model, sizeof o->model);
	text_option(L, at, "purpose", o->purpose, sizeof o->purpose);
	text_option(L, at, "stop", o->stop, sizeof o->stop);
	int type = lua_getfield(L, at, "temperature");
	o->has_temperature = type == LUA_TNUMBER;
	o->temperature = lua_tonumber(L, -1);
	if (type != LUA_TNIL && (type != LUA_TNUMBER || !(o->temperature >= 0 && o->temperature <= 10)))
		luaL_error(L, "option temperature must be a number from 0 to 10");
	type = lua_getfield(L, at, "tools");
	o->no_tools = type == LUA_TBOOLEAN && !lua_toboolean(L, -1);
	if (type != LUA_TNIL && type != LUA_TBOOLEAN)
		luaL_error(L, "option tools must be true or false");
	type = lua_getfield(L, at, "max_tokens");
	o->max_tokens = lua_tointeger(L, -1);
	if (type != LUA_TNIL && (!lua_isinteger(L, -1) || o->max_tokens < 1))
		luaL_error(L, "option max_tokens must be an integer of 1 or more");
	lua_pop(L, 3);
}

static int64_t episode_calls(const struct lh_policy_run *r)
{
	return LH_CALLS_PER_EPISODE_PER_TURN * ((int64_t)r->setting.turns + 8);
}

/* Checks place and budget, and notes what is asked for. */
static void prepare(lua_State *L, int view_arg, int options_arg, int wanted, bool many)
{
	struct lh_policy_run *r = lh_run_of(L);
	if (r->hook != LH_HOOK_TURN)
		luaL_error(L, "ep:ask and ep:sample can be called in turn() only: no other hook makes calls");
	if (!lua_isyieldable(L))
		luaL_error(L, "ep:ask and ep:sample cannot wait inside a function that string.gsub or table.sort calls: ask before or after it");
	struct lh_lua_view *v = lh_lua_check_view(L, view_arg);
	struct lh_pending *p = &r->pending;
	struct lh_error err = { 0 };
	if (lh_view_valid(&v->view, transcript(L), &err))
		lh_lua_raise(L, &err);
	call_options(L, options_arg, &p->options);
	int64_t most = episode_calls(r);
	if (r->calls_turn + wanted > LH_CALLS_PER_TURN)
		luaL_error(L, "more than %d calls in one turn", LH_CALLS_PER_TURN);
	if (r->calls_episode + wanted > most)
		luaL_error(L, "more than %d calls in one episode", (int)most);
	r->calls_turn += wanted;
	r->calls_episode += wanted;
	p->view = &v->view;
	p->wanted = wanted;
	p->many = many;
	p->again_count = 0;
	p->overflowed = false;
}

/* After the calls: results go back to the script. [-0, +2, e] or [-0, +1, e] */
static int answered(lua_State *L, int status, lua_KContext context)
{
	(void)status, (void)context;
	struct lh_pending *p = &lh_run_of(L)->pending;
	if (p->many) {
		lua_createtable(L, p->wanted, 0);
		for (int i = 0; i < p->wanted; i++) {
			lh_lua_push_result(L, &p->result[i]);
			lua_rawseti(L, -2, i + 1);
		}
		return 1;
	}
	if (!p->result[0].error)
		return push_reply(L, &p->result[0]), 1;
	lua_pushnil(L);
	lh_lua_push_error(L, &p->result[0]);
	return 2;
}

/* ep:ask(view, {options}) */
int lh_ep_ask(lua_State *L)
{
	prepare(L, 2, 3, 1, false);
	return lua_yieldk(L, 0, 0, answered);
}

/* ep:sample(n, view, {options}) */
int lh_ep_sample(lua_State *L)
{
	lua_Integer n = luaL_checkinteger(L, 2);
	luaL_argcheck(L, n >= 1 && n <= SAMPLE_MAX, 2, "a sample is of 1 to 128 replies");
	prepare(L, 3, 4, (int)n, true);
	return lua_yieldk(L, 0, 0, answered);
}

/* ---- voting ---- */

struct tally { struct lh_str answer; int count, first; };

static int collect(lua_State *L, struct tally *tally, lua_Integer n, int *first_reply)
{
	int kinds = 0;
	for (lua_Integer i = 1; i <= n; i++, lua_pop(L, 1)) {
		lua_rawgeti(L, 2, i);
		struct lh_lua_reply *r = lh_lua_test(L, -1, lh_run_of(L)->reply_mt_ref);
		if (!r)
			continue;
		if (!*first_reply)
			*first_reply = (int)i;
		struct lh_str answer = lh_transcript_state(transcript(L), r->message);
		if (!answer.n)
			continue;
		int k = 0;
		while (k < kinds && !lh_str_equal(tally[k].answer, answer))
			k++;
		if (k == kinds)
			tally[kinds++] = (struct tally){ answer, 0, (int)i };
		tally[k].count++;
	}
	return kinds;
}

/* All failed: nil and the first error. */
static int all_failed(lua_State *L, lua_Integer n)
{
	lua_pushnil(L);
	if (n >= 1 && lua_rawgeti(L, 2, 1) == LUA_TTABLE)
		lua_getfield(L, -1, "error"), lua_remove(L, -2);
	else
		lua_pushliteral(L, "no replies to vote on");
	return 2;
}

/* ep:vote(replies) -> reply, counts */
static int ep_vote(lua_State *L)
{
	luaL_checktype(L, 2, LUA_TTABLE);
	lua_Integer n = (lua_Integer)lua_rawlen(L, 2);
	luaL_argcheck(L, n <= 1024, 2, "more than 1024 replies");
	struct tally *tally = lua_newuserdatauv(L, (size_t)(n + 1) * sizeof *tally, 0);
	int first_reply = 0, kinds = collect(L, tally, n, &first_reply), best = 0;
	lh_sandbox_charge(L, n * (kinds + 1));
	if (!first_reply)
		return all_failed(L, n);
	for (int k = 1; k < kinds; k++)
		if (tally[k].count > tally[best].count)
			best = k;
	lua_rawgeti(L, 2, kinds ? tally[best].first : first_reply);
	lua_createtable(L, 0, kinds);
	for (int k = 0; k < kinds; k++) {
		lua_pushlstring(L, tally[k].answer.p, tally[k].answer.n);
		lua_pushinteger(L, tally[k].count);
		lua_rawset(L, -3);
	}
	return 2;
}

/* ---- the rest of ep ---- */

static int ep_random(lua_State *L)
{
	struct lh_random *r = &lh_run_of(L)->sandbox.random;
	if (lua_isnoneornil(L, 2))
		return lua_pushnumber(L, lh_random_unit(r)), 1;
	lua_Integer a = luaL_checkinteger(L, 2), b = luaL_optinteger(L, 3, a);
	if (lua_isnoneornil(L, 3))
		a = 1;
	luaL_argcheck(L, a <= b, 3, "the interval is empty");
	lua_pushinteger(L, lh_random_between(r, a, b));
	return 1;
}

static void set_count(lua_State *L, const char *name, int64_t n)
{
	lua_pushinteger(L, n);
	lua_setfield(L, -2, name);
}

static int ep_budget(lua_State *L)
{
	struct lh_policy_run *r = lh_run_of(L);
	int64_t turn = LH_CALLS_PER_TURN - r->calls_turn, episode = episode_calls(r) - r->calls_episode;
	lua_createtable(L, 0, 4);
	set_count(L, "calls", turn < episode ? turn : episode);
	set_count(L, "instructions", r->sandbox.left);
	set_count(L, "bytes", (int64_t)(r->sandbox.limits.memory_bytes - r->sandbox.used_bytes));
	lua_pushnumber(L, HUGE_VAL);
	lua_setfield(L, -2, "tokens");
	return 1;
}

static int ep_log(lua_State *L)
{
	struct lh_policy_run *r = lh_run_of(L);
	size_t n;
	const char *text = luaL_checklstring(L, 2, &n);
	if (r->log.n + n + 1 > r->log.max)
		return luaL_error(L, "more than %d bytes logged in one episode", (int)r->log.max);
	lh_buf_put(&r->log, text, n);
	lh_buf_putc(&r->log, '\n');
	lh_sandbox_charge(L, (int64_t)n / 16);
	return 0;
}

static uint32_t oracle_turn(lua_State *L)
{
	struct lh_policy_run *r = lh_run_of(L);
	if (!(r->policy->needs & LH_NEEDS_ORACLE))
		luaL_error(L, "this policy reads the truth: declare it with requires = { \"oracle\" }");
	lua_Integer turn = luaL_checkinteger(L, 2);
	luaL_argcheck(L, turn >= 0 && turn <= lh_transcript_turn(transcript(L)), 2, "no such turn yet");
	return (uint32_t)turn;
}

static int ep_truth(lua_State *L)
{
	struct lh_str s = lh_transcript_truth(transcript(L), oracle_turn(L));
	lua_pushlstring(L, s.p, s.n);
	return 1;
}

/* ep:wrong(turn): the record's reply to that finished turn is not the truth. Not where it holds no reply to it, nor
 * where a made one is about something else. */
static int ep_wrong(lua_State *L)
{
	uint32_t turn = oracle_turn(L);
	struct lh_transcript *t = transcript(L);
	uint32_t from = turn ? lh_transcript_turn_at(t, turn) : 0, to = turn ? lh_transcript_turn_at(t, turn + 1) : 0;
	bool wrong = false;
	for (uint32_t i = from; i < to; i++) {
		uint32_t id = lh_transcript_id(t, i);
		const struct lh_message *m = lh_transcript_message(t, id);
		if (m->role == LH_ASSISTANT)
			wrong = m->has_state ? !lh_str_equal(lh_transcript_state(t, id), lh_transcript_truth(t, turn)) : m->maker != LH_BY_HISTORY;
	}
	lua_pushboolean(L, wrong);
	return 1;
}

static const char *const ep_fields[] = { "turn", "turns", "options", "index", "state", "state_shown", "window",
	"ask", "sample", "vote", "random", "budget", "log", "truth", "wrong", NULL };

static int ep_index(lua_State *L)
{
	struct lh_policy_run *r = lh_run_of(L);
	const char *key = luaL_checkstring(L, 2);
	if (!strcmp(key, "options"))
		return lua_rawgeti(L, LUA_REGISTRYINDEX, r->options_ref), 1;
	if (!strcmp(key, "state"))
		return lua_rawgeti(L, LUA_REGISTRYINDEX, r->state_ref), 1;
	lua_pushvalue(L, 2);
	if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
		return 1;
	if (!strcmp(key, "turn"))
		return lua_pushinteger(L, lh_transcript_turn(r->setting.transcript)), 1;
	if (!strcmp(key, "turns"))
		return lua_pushinteger(L, r->setting.turns), 1;
	if (!strcmp(key, "index"))
		return lua_pushinteger(L, (lua_Integer)r->setting.sample), 1;
	if (!strcmp(key, "window"))
		return r->setting.window ? lua_pushinteger(L, r->setting.window) : lua_pushnil(L), 1;
	if (!strcmp(key, "state_shown")) {
		const struct lh_transcript *t = r->setting.transcript;
		const struct lh_sums *all = lh_transcript_sums(t, lh_transcript_length(t));
		if (r->setting.no_initial && all->usable + all->restated == 0) {
			r->lacked_initial = true;
			return luaL_error(L, "ep.state_shown: no reply so far holds an answer (<answer>…</answer>); --initial TEXT says how things stood at first");
		}
		struct lh_str s = lh_transcript_state_shown(r->setting.transcript);
		return lua_pushlstring(L, s.p, s.n), 1;
	}
	return lh_lua_no_field(L, "ep", key, ep_fields);
}

static int ep_newindex(lua_State *L)
{
	const char *key = luaL_checkstring(L, 2);
	if (strcmp(key, "state"))
		return luaL_error(L, "ep.%s cannot be set: what a policy keeps goes into ep.state", key);
	luaL_checktype(L, 3, LUA_TTABLE);
	lua_settop(L, 3);
	lua_rawseti(L, LUA_REGISTRYINDEX, lh_run_of(L)->state_ref);
	return 0;
}

static int reply_newindex(lua_State *L)
{
	return luaL_error(L, "replies are read-only");
}

static void open_reply(lua_State *L)
{
	luaL_newmetatable(L, LH_MT_REPLY);
	lua_pushvalue(L, -1);
	lh_run_of(L)->reply_mt_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_pushcfunction(L, reply_index);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, reply_newindex);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
}

void lh_lua_open_ep(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "ask", lh_ep_ask }, { "sample", lh_ep_sample }, { "vote", ep_vote }, { "random", ep_random },
		{ "budget", ep_budget }, { "log", ep_log }, { "truth", ep_truth }, { "wrong", ep_wrong }, { NULL, NULL }
	};
	open_reply(L);
	luaL_newmetatable(L, LH_MT_EP);
	lua_newtable(L);
	luaL_setfuncs(L, methods, 0);
	lua_pushcclosure(L, ep_index, 1);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, ep_newindex);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 1);
	lua_newuserdatauv(L, 1, 0);
	luaL_setmetatable(L, LH_MT_EP);
	lh_run_of(L)->ep_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

void lh_lua_open_objects(lua_State *L)
{
	lh_lua_open_view(L);
	lh_lua_open_history(L);
	lh_lua_open_ep(L);
}
