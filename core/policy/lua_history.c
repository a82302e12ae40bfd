/* history: the record. Reading costs what is read; an edit costs what follows the edited place. */
#include "policy/policy_run.h"

#include <string.h>

static struct lh_transcript *transcript(lua_State *L) { return lh_run_of(L)->setting.transcript; }

/* ---- one message ---- */

struct call_reading { struct lh_calls calls; bool tool; };

/* The tool that a result is of, or the calls as a list. Upvalue-free: runs protected, see push_calls. [-1, +1, e] */
static int push_read_calls(lua_State *L)
{
	struct call_reading *r = lua_touserdata(L, 1);
	struct lh_tool_call call;
	if (r->tool) {
		if (!lh_calls_next(&r->calls, &call))
			return lua_pushnil(L), 1;
		return lua_pushlstring(L, call.name.p, call.name.n), 1;
	}
	lua_newtable(L);
	for (lua_Integer i = 1; lh_calls_next(&r->calls, &call); i++) {
		lua_createtable(L, 0, 3);
		lua_pushlstring(L, call.id.p, call.id.n);
		lua_setfield(L, -2, "id");
		lua_pushlstring(L, call.name.p, call.name.n);
		lua_setfield(L, -2, "name");
		lua_pushlstring(L, call.arguments.p, call.arguments.n);
		lua_setfield(L, -2, "arguments");
		lua_rawseti(L, -2, i);
	}
	return 1;
}

/* A reading owns memory, so nothing may be raised past it. */
static int push_calls(lua_State *L, const struct lh_transcript *t, uint32_t id, bool tool)
{
	struct call_reading r = { .tool = tool };
	const struct lh_message *m = lh_transcript_message(t, id);
	if (!m->calls.n || (m->role == LH_TOOL) != tool)
		return lua_pushnil(L), 1;
	lh_sandbox_charge(L, m->calls.n / 16);
	if (lh_calls_open(&r.calls, lh_transcript_calls(t, id), NULL))
		return luaL_error(L, "not enough memory");
	lua_pushcfunction(L, push_read_calls);
	lua_pushlightuserdata(L, &r);
	int status = lua_pcall(L, 1, 1, 0);
	lh_calls_close(&r.calls);
	return status == LUA_OK ? 1 : lua_error(L);
}

static int message_index(lua_State *L)
{
	static const char *const names[] = { "role", "text", "thoughts", "turn", "answer", "tokens", "calls", "tool", NULL };
	uint32_t id = *(uint32_t *)luaL_checkudata(L, 1, LH_MT_MESSAGE);
	const char *key = luaL_checkstring(L, 2);
	struct lh_transcript *t = transcript(L);
	const struct lh_message *m = lh_transcript_message(t, id);
	struct lh_str text = LH_STR("");
	if (!strcmp(key, "turn"))
		return lua_pushinteger(L, m->turn), 1;
	if (!strcmp(key, "tokens"))
		return lua_pushinteger(L, lh_tokens(m->text.n + m->thoughts.n + (m->role == LH_ASSISTANT ? m->calls.n : 0), 1)), 1;
	if (!strcmp(key, "calls") || !strcmp(key, "tool"))
		return push_calls(L, t, id, key[0] == 't');
	if (!strcmp(key, "role"))
		text = lh_str_of(lh_role_name(m->role));
	else if (!strcmp(key, "text"))
		text = lh_transcript_text(t, id);
	else if (!strcmp(key, "thoughts"))
		text = lh_transcript_thoughts(t, id);
	else if (!strcmp(key, "answer") && !m->has_state)
		return lua_pushnil(L), 1;
	else if (!strcmp(key, "answer"))
		text = lh_transcript_state(t, id);
	else
		return lh_lua_no_field(L, "a message", key, names);
	lua_pushlstring(L, text.p, text.n);
	return 1;
}

static int read_only(lua_State *L)
{
	return luaL_error(L, "messages are read-only: history:replace(i, text, reason) edits the record");
}

/* ---- the record ---- */

static int history_len(lua_State *L)
{
	lua_pushinteger(L, lh_transcript_length(transcript(L)));
	return 1;
}

/* history[i], or a method (upvalue 1) */
static int history_index(lua_State *L)
{
	static const char *const names[] = { "view", "replace", "remove", "truncate", "results", "turn", NULL };
	if (lua_type(L, 2) != LUA_TNUMBER) {
		lua_pushvalue(L, 2);
		if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
			return 1;
		return lh_lua_no_field(L, "history", lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2), names);
	}
	lua_Integer i = luaL_checkinteger(L, 2);
	if (i < 1 || i > lh_transcript_length(transcript(L)))
		return lua_pushnil(L), 1;
	uint32_t *id = lua_newuserdatauv(L, sizeof *id, 0);
	*id = lh_transcript_id(transcript(L), (uint32_t)i - 1);
	luaL_setmetatable(L, LH_MT_MESSAGE);
	return 1;
}

static int history_view(lua_State *L)
{
	struct lh_view all;
	struct lh_error err = { 0 };
	lh_view_init(&all);
	if (lh_view_all(&all, transcript(L), &err))
		return lh_lua_raise(L, &err);
	lh_lua_push_view(L, &all);               /* one piece: nothing on the heap */
	return 1;
}

static void may_edit(lua_State *L)
{
	struct lh_policy_run *r = lh_run_of(L);
	if (!(r->policy->needs & LH_NEEDS_EDIT))
		luaL_error(L, "this policy edits the record: declare it with requires = { \"edit\" }");
	if (r->hook != LH_HOOK_VIEW && r->hook != LH_HOOK_TURN)
		luaL_error(L, "the record is edited in view() or turn(): note in ep.state what the next turn shall edit");
}

/* Messages of the record up to the current turn's prompt. */
static uint32_t finished(const struct lh_transcript *t)
{
	return lh_transcript_waiting(t) ? lh_transcript_prompt_at(t) : lh_transcript_length(t);
}

/* A position of the record that may be edited: not the instructions, not the current turn. */
static uint32_t place(lua_State *L, int arg)
{
	lua_Integer i = luaL_checkinteger(L, arg), n = finished(transcript(L));
	if (i < 2 || i > n)
		luaL_error(L, "message %d cannot be edited: 2 to %d can (not the instructions, not the current prompt)", (int)i, (int)n);
	return (uint32_t)i - 1;
}

/* Every edit says why: it goes into the run file. */
static struct lh_str reason(lua_State *L, int arg)
{
	size_t n;
	const char *text = luaL_checklstring(L, arg, &n);
	luaL_argcheck(L, n >= 1 && n <= 256, arg, "a reason of 1 to 256 bytes is needed");
	return (struct lh_str){ text, n };
}

static void edited(lua_State *L, uint32_t from)
{
	struct lh_policy_run *r = lh_run_of(L);
	r->epoch++;
	lh_sandbox_charge(L, lh_transcript_length(transcript(L)) - from);
}

/* history:replace(i, text, reason) */
static int history_replace(lua_State *L)
{
	may_edit(L);
	uint32_t at = place(L, 2), id;
	size_t n;
	const char *text = luaL_checklstring(L, 3, &n);
	struct lh_str why = reason(L, 4);
	lh_sandbox_charge(L, (int64_t)(n + why.n) / 16);
	struct lh_error err = { 0 };
	if (lh_transcript_replace(transcript(L), at, (struct lh_str){ text, n }, why, &id, &err))
		return lh_lua_raise(L, &err);
	edited(L, at);
	return 0;
}

/* history:remove(from, to, reason), both included */
static int history_remove(lua_State *L)
{
	may_edit(L);
	uint32_t from = place(L, 2), to = place(L, 3);
	struct lh_str why = reason(L, 4);
	luaL_argcheck(L, from <= to, 3, "is before the first");
	struct lh_error err = { 0 };
	if (lh_transcript_remove(transcript(L), from, to + 1, why, &err))
		return lh_lua_raise(L, &err);
	edited(L, from);
	return 0;
}

/* history:truncate(i, reason): everything from message i to the last finished turn goes */
static int history_truncate(lua_State *L)
{
	may_edit(L);
	struct lh_transcript *t = transcript(L);
	uint32_t from = place(L, 2), to = finished(t);
	struct lh_str why = reason(L, 3);
	struct lh_error err = { 0 };
	if (lh_transcript_remove(t, from, to, why, &err))
		return lh_lua_raise(L, &err);
	edited(L, from);
	return 0;
}

/* history:results{except={…}}: results of tools in the record */
static int history_results(lua_State *L)
{
	static const char *const known[] = { "except", NULL };
	lh_lua_check_fields(L, 2, known);
	lua_pushinteger(L, lh_transcript_results(transcript(L), lh_lua_except(L, 2), lh_transcript_length(transcript(L))));
	return 1;
}

/* history:turn(n): where the record holds that finished turn, first and last message; nil: nowhere. */
static int history_turn(lua_State *L)
{
	const struct lh_transcript *t = transcript(L);
	lua_Integer n = luaL_checkinteger(L, 2);
	uint32_t turns = lh_transcript_turn(t) - (lh_transcript_waiting(t) ? 1 : 0);
	luaL_argcheck(L, n >= 1 && n <= turns, 2, "no such finished turn");
	uint32_t from = lh_transcript_turn_at(t, (uint32_t)n), to = lh_transcript_turn_at(t, (uint32_t)n + 1);
	if (from == to)
		return lua_pushnil(L), 1;
	lua_pushinteger(L, (lua_Integer)from + 1);
	lua_pushinteger(L, to);
	return 2;
}

static int history_newindex(lua_State *L)
{
	return luaL_error(L, "history is read-only: history:replace(i, text, reason) edits the record");
}

void lh_lua_open_history(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "view", history_view }, { "replace", history_replace }, { "remove", history_remove },
		{ "truncate", history_truncate }, { "results", history_results }, { "turn", history_turn }, { NULL, NULL }
	};
	luaL_newmetatable(L, LH_MT_MESSAGE);
	lua_pushcfunction(L, message_index);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, read_only);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	luaL_newmetatable(L, LH_MT_HISTORY);
	lua_pushcfunction(L, history_len);
	lua_setfield(L, -2, "__len");
	lua_pushcfunction(L, history_newindex);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_newtable(L);
	luaL_setfuncs(L, methods, 0);
	lua_pushcclosure(L, history_index, 1);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 2);
	lua_newuserdatauv(L, 1, 0);
	luaL_setmetatable(L, LH_MT_HISTORY);
	lh_run_of(L)->history_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}
