/* view: what is sent. Every method gives a new view; the old one stays as it is. */
#include "policy/policy_run.h"

#include <string.h>

struct lh_lua_view *lh_lua_check_view(lua_State *L, int arg)
{
	struct lh_lua_view *v = luaL_checkudata(L, arg, LH_MT_VIEW);
	if (v->epoch != lh_run_of(L)->epoch)
		luaL_error(L, "this view was made before the record was edited, or in another turn: call history:view() again");
	return v;
}

int lh_lua_raise(lua_State *L, const struct lh_error *err)
{
	return luaL_error(L, "%s", err->text);
}

/* A new, empty view on the stack. [-0, +1, e] */
static struct lh_lua_view *fresh(lua_State *L)
{
	struct lh_lua_view *v = lua_newuserdatauv(L, sizeof *v, 0);
	lh_view_init(&v->view);
	v->epoch = lh_run_of(L)->epoch;
	luaL_setmetatable(L, LH_MT_VIEW);
	return v;
}

void lh_lua_push_view(lua_State *L, const struct lh_view *from)
{
	struct lh_lua_view *v = fresh(L);
	struct lh_error err = { 0 };
	if (lh_view_copy(&v->view, from, &err))
		lh_lua_raise(L, &err);
	lh_lua_keep_heap(L, &v->view);
}

/* A copy of argument 1 to work on. The copy's pieces are handed over by done(), so nothing is owned
 * while Lua can raise. */
static struct lh_lua_view *copy(lua_State *L)
{
	struct lh_lua_view *old = lh_lua_check_view(L, 1), *v = fresh(L);
	struct lh_error err = { 0 };
	lh_sandbox_charge(L, 1 + old->view.n / 4);
	if (lh_view_copy(&v->view, &old->view, &err))
		lh_lua_raise(L, &err);
	return v;
}

static int done(lua_State *L, struct lh_lua_view *v, int rc, const struct lh_error *err)
{
	if (rc) {
		lh_view_fini(&v->view);
		return lh_lua_raise(L, err);
	}
	lh_lua_keep_heap(L, &v->view);
	return 1;
}

static struct lh_transcript *transcript(lua_State *L) { return lh_run_of(L)->setting.transcript; }

static uint32_t count_arg(lua_State *L, int arg)
{
	lua_Integer n = luaL_checkinteger(L, arg);
	luaL_argcheck(L, n >= 0, arg, "a count of turns is 0 or more");
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static uint32_t count_field(lua_State *L, int arg, const char *name)
{
	lua_getfield(L, arg, name);
	int is_int;
	lua_Integer n = lua_tointegerx(L, -1, &is_int);
	if (!lua_isnil(L, -1) && (!is_int || n < 0))
		luaL_error(L, "%s must be an integer of 0 or more, it is %s", name, lh_sandbox_text(L, -1, NULL));
	lua_pop(L, 1);
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

void lh_lua_check_fields(lua_State *L, int arg, const char *const *known)
{
	if (lua_isnoneornil(L, arg)) {
		lua_settop(L, arg - 1);
		lua_newtable(L);
		return;
	}
	luaL_checktype(L, arg, LUA_TTABLE);
	for (lua_pushnil(L); lua_next(L, arg); lua_pop(L, 1)) {
		const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
		const char *const *k = known;
		while (*k && strcmp(*k, key))
			k++;
		if (!*k) {
			const char *near = lh_nearest(lh_str_of(key), known);
			luaL_error(L, "unknown option '%s'%s%s%s", key, near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
		}
	}
}

/* view:keep{first=0, last=0} */
static int view_keep(lua_State *L)
{
	static const char *const known[] = { "first", "last", NULL };
	lh_lua_check_fields(L, 2, known);
	uint32_t first = count_field(L, 2, "first"), last = count_field(L, 2, "last");
	struct lh_error err = { 0 };
	struct lh_lua_view *v = copy(L);
	return done(L, v, lh_view_keep(&v->view, transcript(L), first, last, &err), &err);
}

static int view_keep_last(lua_State *L)
{
	uint32_t n = count_arg(L, 2);
	struct lh_error err = { 0 };
	struct lh_lua_view *v = copy(L);
	return done(L, v, lh_view_keep(&v->view, transcript(L), 0, n, &err), &err);
}

static int view_drop(lua_State *L)
{
	uint32_t from = count_arg(L, 2), to = lua_isnoneornil(L, 3) ? from : count_arg(L, 3);
	struct lh_error err = { 0 };
	struct lh_lua_view *v = copy(L);
	return done(L, v, lh_view_drop(&v->view, transcript(L), from, to, &err), &err);
}

static int view_drop_instructions(lua_State *L)
{
	struct lh_error err = { 0 };
	struct lh_lua_view *v = copy(L);
	return done(L, v, lh_view_drop_instructions(&v->view, &err), &err);
}

static int vary(lua_State *L, unsigned variant, uint32_t keep_last)
{
	struct lh_error err = { 0 };
	struct lh_lua_view *v = copy(L);
	return done(L, v, lh_view_vary(&v->view, transcript(L), variant, keep_last, &err), &err);
}

/* The kinds named in the list field `kinds`; absent: both. */
static unsigned kinds_field(lua_State *L, int arg)
{
	unsigned bits = 0;
	if (lua_getfield(L, arg, "kinds") == LUA_TNIL) {
		lua_pop(L, 1);
		return LH_NO_NATIVE_THOUGHTS | LH_NO_TAG_THOUGHTS;
	}
	luaL_argcheck(L, lua_istable(L, -1), arg, "kinds is a list of \"native\" and \"tag\"");
	for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++, lua_pop(L, 1)) {
		const char *kind = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?";
		if (!strcmp(kind, "native"))
			bits |= LH_NO_NATIVE_THOUGHTS;
		else if (!strcmp(kind, "tag"))
			bits |= LH_NO_TAG_THOUGHTS;
		else
			luaL_error(L, "kinds: unknown kind '%s'; there are native and tag", kind);
	}
	lua_pop(L, 2);
	return bits;
}

static int view_without_thoughts(lua_State *L)
{
	static const char *const known[] = { "keep_last", "kinds", NULL };
	lh_lua_check_fields(L, 2, known);
	return vary(L, kinds_field(L, 2), count_field(L, 2, "keep_last"));
}

static const char *const keep_last_only[] = { "keep_last", NULL };

static int view_answers_only(lua_State *L)
{
	lh_lua_check_fields(L, 2, keep_last_only);
	return vary(L, LH_ANSWER_ONLY, count_field(L, 2, "keep_last"));
}

static int view_without_assistant(lua_State *L)
{
	lh_lua_check_fields(L, 2, keep_last_only);
	return vary(L, LH_NO_ASSISTANT, count_field(L, 2, "keep_last"));
}

/* ---- results of tools ---- */

/* The tools named in the text on top of the stack, with anything that is no part of a name between them, as bits. */
static uint32_t tools_named(lua_State *L)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	if (lua_type(L, -1) != LUA_TSTRING)
		luaL_error(L, "except is a list of tools' names, or a text of them");
	uint32_t bits = 0;
	for (const char *p = lua_tostring(L, -1); *(p += strcspn(p, letters));) {
		size_t n = strspn(p, letters);
		uint8_t number = lh_transcript_tool(transcript(L), (struct lh_str){ p, n });
		bits |= number < LH_TOOLS_MAX ? 1u << number : 0;      /* a tool that the task does not have gives no results */
		p += n;
	}
	return bits;
}

uint32_t lh_lua_except(lua_State *L, int arg)
{
	uint32_t bits = 0;
	int type = lua_getfield(L, arg, "except");
	if (type == LUA_TTABLE) {
		for (lua_Integer i = 1; lua_rawgeti(L, -1, i) != LUA_TNIL; i++, lua_pop(L, 1))
			bits |= tools_named(L);
		lua_pop(L, 1);
	} else if (type != LUA_TNIL) {
		bits = tools_named(L);
	}
	lua_pop(L, 1);
	return bits;
}

static uint32_t own(lua_State *L, enum lh_role role, struct lh_str text);

/* Record index before which results are cleared: the oldest `first`, or all but the newest keep_last. What no reply has
 * been given to yet is not: nobody has read it. */
static uint32_t clear_before(lua_State *L, int arg, uint32_t spared)
{
	struct lh_transcript *t = transcript(L);
	uint32_t seen = lh_transcript_seen(t), n = lh_transcript_results(t, spared, lh_transcript_length(t)), clear;
	bool counted = lua_getfield(L, arg, "first") != LUA_TNIL, kept = lua_getfield(L, arg, "keep_last") != LUA_TNIL;
	lua_pop(L, 2);
	if (counted && kept)
		luaL_error(L, "either first or keep_last: they say the same from two sides");
	if (counted)
		clear = count_field(L, arg, "first");
	else
		clear = n > count_field(L, arg, "keep_last") ? n - count_field(L, arg, "keep_last") : 0;
	if (!clear)
		return 0;
	uint32_t end = clear < n ? lh_transcript_result_at(t, spared, clear - 1) + 1 : lh_transcript_length(t);
	return end < seen ? end : seen;
}

static struct lh_str text_field(lua_State *L, int arg, const char *name, const char *otherwise)
{
	size_t n = strlen(otherwise);
	int type = lua_getfield(L, arg, name);
	if (type != LUA_TNIL && type != LUA_TSTRING)
		luaL_error(L, "%s must be a string, it is a %s", name, lua_typename(L, type));
	const char *text = type == LUA_TSTRING ? lua_tolstring(L, -1, &n) : otherwise;
	lua_pop(L, 1);                           /* it stays in its table */
	return (struct lh_str){ text, n };
}

/* view:clear_results{first=N | keep_last=0, placeholder="[cleared]", inputs=false, except={}} */
static int view_clear_results(lua_State *L)
{
	static const char *const known[] = { "first", "keep_last", "placeholder", "inputs", "except", NULL };
	lh_lua_check_fields(L, 2, known);
	uint32_t spared = lh_lua_except(L, 2), before = clear_before(L, 2, spared);
	int type = lua_getfield(L, 2, "inputs");
	bool inputs = lua_toboolean(L, -1);
	if (type != LUA_TNIL && type != LUA_TBOOLEAN)
		luaL_error(L, "inputs must be true or false, it is a %s", lua_typename(L, type));
	lua_pop(L, 1);
	struct lh_str placeholder = text_field(L, 2, "placeholder", "[cleared]");
	if (!placeholder.n)
		luaL_error(L, "the placeholder is empty: a result must say something");
	if (!before)
		return copy(L), 1;
	uint32_t id = own(L, LH_TOOL, placeholder);
	struct lh_error err = { 0 };
	struct lh_lua_view *v = copy(L);
	return done(L, v, lh_view_clear(&v->view, before, inputs, id, spared, &err), &err);
}

/* ---- messages of the policy's own ---- */

/* Makes (or finds) the message and gives its id. */
static uint32_t own(lua_State *L, enum lh_role role, struct lh_str text)
{
	uint32_t id;
	struct lh_error err = { 0 };
	lh_sandbox_charge(L, (int64_t)text.n / 16);
	if (lh_transcript_own(transcript(L), role, text, &id, &err))
		lh_lua_raise(L, &err);
	return id;
}

static uint32_t own_args(lua_State *L, int role_arg, int text_arg)
{
	static const char *const roles[] = { "system", "user", "assistant", NULL };
	int role = luaL_checkoption(L, role_arg, NULL, roles);
	size_t n;
	const char *text = luaL_checklstring(L, text_arg, &n);
	return own(L, (enum lh_role)role, (struct lh_str){ text, n });
}

static uint32_t position_arg(lua_State *L, int arg)
{
	lua_Integer n = luaL_checkinteger(L, arg);
	luaL_argcheck(L, n >= 1 && n <= UINT32_MAX, arg, "positions count from 1");
	return (uint32_t)n;
}

/* view:append(role, text) */
static int view_append(lua_State *L)
{
	uint32_t id = own_args(L, 2, 3);
	struct lh_error err = { 0 };
	struct lh_lua_view *v = copy(L);
	return done(L, v, lh_view_append(&v->view, id, &err), &err);
}

/* view:insert(i, role, text) */
static int view_insert(lua_State *L)
{
	uint32_t at = position_arg(L, 2), id = own_args(L, 3, 4);
	struct lh_error err = { 0 };
	struct lh_lua_view *v = copy(L);
	return done(L, v, lh_view_insert(&v->view, transcript(L), at, id, &err), &err);
}

/* view:set(i, text): the message keeps its role */
static int view_set(lua_State *L)
{
	uint32_t at = position_arg(L, 2);
	size_t n;
	const char *text = luaL_checklstring(L, 3, &n);
	enum lh_role role = LH_USER;
	struct lh_error err = { 0 };
	if (lh_view_role(&lh_lua_check_view(L, 1)->view, transcript(L), at, &role, &err))
		return lh_lua_raise(L, &err);
	if (role == LH_TOOL)
		return luaL_error(L, "message %d is a tool's result: view:clear_results changes what is sent of those", (int)at);
	uint32_t id = own(L, role, (struct lh_str){ text, n });
	struct lh_lua_view *v = copy(L);
	return done(L, v, lh_view_set(&v->view, transcript(L), at, id, &err), &err);
}

/* view:replace(from, to, role, text): finished turns */
static int view_replace(lua_State *L)
{
	uint32_t from = count_arg(L, 2), to = count_arg(L, 3), id = own_args(L, 4, 5);
	struct lh_error err = { 0 };
	struct lh_lua_view *v = copy(L);
	return done(L, v, lh_view_replace(&v->view, transcript(L), from, to, id, &err), &err);
}

/* Does the prompt of the record itself say where things stand (a restated history)? */
static bool said_already(const struct lh_transcript *t, const char *state)
{
	uint32_t prompt = lh_transcript_id(t, lh_transcript_waiting(t) ? lh_transcript_prompt_at(t) : lh_transcript_length(t) - 1);
	const struct lh_message *m = lh_transcript_message(t, prompt);
	return m->role == LH_USER && m->maker == LH_BY_TASK && m->has_state && lh_str_is(lh_transcript_state(t, prompt), state);
}

/* view:restate(state [, lead]) */
static int view_restate(lua_State *L)
{
	if (said_already(transcript(L), luaL_checkstring(L, 2)))
		return copy(L), 1;
	const char *lead = luaL_optstring(L, 3, LH_RESTATE_LEAD);
	lua_pushfstring(L, "%s%s<answer>%s</answer>", lead, *lead ? " " : "", lua_tostring(L, 2));
	size_t n;
	const char *text = lua_tolstring(L, -1, &n);
	uint32_t id = own(L, LH_USER, (struct lh_str){ text, n });
	struct lh_error err = { 0 };
	struct lh_lua_view *v = copy(L);
	return done(L, v, lh_view_insert_before_prompt(&v->view, transcript(L), id, &err), &err);
}

static int view_tokens(lua_State *L)
{
	struct lh_view_size size;
	lh_view_measure(&lh_lua_check_view(L, 1)->view, transcript(L), &size);
	lua_pushinteger(L, size.tokens);
	return 1;
}

static int view_len(lua_State *L)
{
	lua_pushinteger(L, lh_view_length(&lh_lua_check_view(L, 1)->view, transcript(L)));
	return 1;
}

static int view_name(lua_State *L)
{
	lua_pushliteral(L, "view");
	return 1;
}

void lh_lua_open_view(lua_State *L)
{
	static const luaL_Reg methods[] = {
		{ "keep", view_keep }, { "keep_last", view_keep_last }, { "drop", view_drop },
		{ "drop_instructions", view_drop_instructions }, { "without_thoughts", view_without_thoughts },
		{ "answers_only", view_answers_only }, { "without_assistant", view_without_assistant },
		{ "append", view_append }, { "insert", view_insert }, { "set", view_set },
		{ "replace", view_replace }, { "restate", view_restate }, { "clear_results", view_clear_results }, { "tokens", view_tokens }, { NULL, NULL }
	};
	luaL_newmetatable(L, LH_MT_VIEW);
	lua_pushvalue(L, -1);
	lh_run_of(L)->view_mt_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_pushcfunction(L, view_len);
	lua_setfield(L, -2, "__len");
	lua_pushcfunction(L, view_name);
	lua_setfield(L, -2, "__tostring");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lh_lua_methods(L, "a view", methods);
	lua_setfield(L, -2, "__index");
	lua_pop(L, 1);
}
