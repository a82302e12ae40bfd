/* string.find, match, gmatch and gsub: Lua 5.4's, on the bounded matcher. */
#include "policy/pattern.h"
#include "policy/sandbox_lib.h"

#include <string.h>

enum { STEPS_PER_UNIT = 8 };

static struct lh_str check_text(lua_State *L, int at)
{
	struct lh_str s;
	s.p = luaL_checklstring(L, at, &s.n);
	return s;
}

/* ---- matching at the sandbox's expense ---- */

/* Charges for the steps that an attempt took, and raises its fault [-0, +0, e]. */
static bool settle(lua_State *L, struct lh_pattern *p, int64_t had, int outcome)
{
	int64_t used = had - p->steps;
	lh_sandbox_charge(L, outcome == LH_E_LIMIT ? lh_sandbox_of(L)->left : 1 + used / STEPS_PER_UNIT);
	if (outcome == LH_E_DATA)
		luaL_error(L, p->fault, p->fault_index);
	return outcome > 0;
}

static int64_t grant(lua_State *L, struct lh_pattern *p)
{
	int64_t left = lh_sandbox_of(L)->left;
	return p->steps = left > INT64_MAX / STEPS_PER_UNIT ? INT64_MAX : left * STEPS_PER_UNIT;
}

/* [-0, +0, e] */
static bool match_at(lua_State *L, struct lh_pattern *p, struct lh_str subject, size_t at, struct lh_pattern_match *m)
{
	int64_t had = grant(L, p);
	return settle(L, p, had, lh_pattern_match(p, subject, at, m));
}

/* [-0, +0, e] */
static bool find_from(lua_State *L, struct lh_pattern *p, struct lh_str subject, size_t from, struct lh_pattern_match *m)
{
	int64_t had = grant(L, p);
	return settle(L, p, had, lh_pattern_find(p, subject, from, m));
}

/* ---- captures ---- */

/* The capture of this number, from 0; a pattern without any has its whole match as capture 0
 * [-0, +0, e]. */
static struct lh_pattern_capture capture_at(lua_State *L, const struct lh_pattern_match *m, int i)
{
	if (i == 0 && m->captures == 0)
		return (struct lh_pattern_capture){ .at = m->from, .n = m->to - m->from, .kind = LH_CAPTURE_TEXT };
	if (i >= m->captures)
		luaL_error(L, "invalid capture index %%%d", i + 1);
	if (m->capture[i].kind == LH_CAPTURE_OPEN)
		luaL_error(L, "unfinished capture");
	return m->capture[i];
}

/* [-0, +1, e] */
static void push_capture(lua_State *L, struct lh_str subject, const struct lh_pattern_match *m, int i)
{
	struct lh_pattern_capture c = capture_at(L, m, i);
	if (c.kind == LH_CAPTURE_PLACE) {
		lua_pushinteger(L, (lua_Integer)c.at + 1);
		return;
	}
	lh_lib_charge_bytes(L, c.n);
	lua_pushlstring(L, subject.p + c.at, c.n);
}

/* All captures; where there are none the whole match if `whole` [-0, +n, e]. */
static int push_captures(lua_State *L, struct lh_str subject, const struct lh_pattern_match *m, bool whole)
{
	int n = m->captures == 0 && whole ? 1 : m->captures;
	luaL_checkstack(L, n, "too many captures");
	for (int i = 0; i < n; i++)
		push_capture(L, subject, m, i);
	return n;
}

/* ---- find and match ---- */

/* The first place of `text` in the subject, or NULL [-0, +0, e]. */
static const char *find_plain(lua_State *L, struct lh_str subject, size_t from, struct lh_str text)
{
	lh_lib_charge_bytes(L, subject.n - from + text.n);
	return text.n ? memmem(subject.p + from, subject.n - from, text.p, text.n) : subject.p + from;
}

static int push_range(lua_State *L, size_t from, size_t to)
{
	lua_pushinteger(L, (lua_Integer)from + 1);
	lua_pushinteger(L, (lua_Integer)to);
	return 2;
}

/* (subject, pattern [, init [, plain]]) [-0, +n, e] */
static int find_or_match(lua_State *L, bool find)
{
	struct lh_str subject = check_text(L, 1), text = check_text(L, 2);
	size_t from = lh_lib_start(luaL_optinteger(L, 3, 1), subject.n) - 1;
	if (from > subject.n) {
		luaL_pushfail(L);
		return 1;
	}
	lh_lib_charge_bytes(L, text.n);
	if (find && (lua_toboolean(L, 4) || lh_pattern_is_plain(text))) {
		const char *at = find_plain(L, subject, from, text);
		if (at)
			return push_range(L, (size_t)(at - subject.p), (size_t)(at - subject.p) + text.n);
		luaL_pushfail(L);
		return 1;
	}
	struct lh_pattern p = lh_pattern_of(text, true);
	struct lh_pattern_match m;
	if (!find_from(L, &p, subject, from, &m)) {
		luaL_pushfail(L);
		return 1;
	}
	if (!find)
		return push_captures(L, subject, &m, true);
	return push_range(L, m.from, m.to) + push_captures(L, subject, &m, false);
}

/* Each [-0, +n, e] */
static int string_find(lua_State *L) { return find_or_match(L, true); }
static int string_match(lua_State *L) { return find_or_match(L, false); }

/* ---- gmatch ---- */

enum { SUBJECT = 1, PATTERN, STATE };     /* upvalues of the iterator */

struct gmatch { size_t at, last; };       /* last: the end of the match before */

/* The first match from *at on that does not end at `last`, as an empty one behind a match would
 * [-0, +0, e]. */
static bool find_another(lua_State *L, struct lh_pattern *p, struct lh_str subject, size_t at, size_t last,
	struct lh_pattern_match *m)
{
	while (at <= subject.n && find_from(L, p, subject, at, m)) {
		if (m->to != last)
			return true;
		at = m->from + 1;
	}
	return false;
}

/* The iterator [-0, +n, e]. */
static int gmatch_step(lua_State *L)
{
	struct lh_str subject = check_text(L, lua_upvalueindex(SUBJECT));
	struct lh_pattern p = lh_pattern_of(check_text(L, lua_upvalueindex(PATTERN)), false);
	struct gmatch *state = lua_touserdata(L, lua_upvalueindex(STATE));
	struct lh_pattern_match m;
	if (!find_another(L, &p, subject, state->at, state->last, &m))
		return 0;
	state->at = state->last = m.to;
	return push_captures(L, subject, &m, true);
}

/* gmatch(subject, pattern [, init]) [-0, +1, e] */
static int string_gmatch(lua_State *L)
{
	struct lh_str subject = check_text(L, 1);
	check_text(L, 2);
	size_t from = lh_lib_start(luaL_optinteger(L, 3, 1), subject.n) - 1;
	lua_settop(L, 2);
	struct gmatch *state = lua_newuserdatauv(L, sizeof *state, 0);
	*state = (struct gmatch){ .at = from > subject.n ? subject.n + 1 : from, .last = SIZE_MAX };
	lua_pushcclosure(L, gmatch_step, STATE);
	return 1;
}

/* ---- gsub ---- */

enum { TEMPLATE = 3 };                    /* the argument that says what to put */

/* The text after a % in the template [-0, +0, e]. */
static void add_escaped(lua_State *L, luaL_Buffer *b, struct lh_str subject, const struct lh_pattern_match *m, char c)
{
	if (c == '%') {
		luaL_addchar(b, '%');
	} else if (c == '0') {
		lh_lib_charge_bytes(L, m->to - m->from);
		luaL_addlstring(b, subject.p + m->from, m->to - m->from);
	} else if (c >= '1' && c <= '9') {
		push_capture(L, subject, m, c - '1');
		luaL_addvalue(b);
	} else
		luaL_error(L, "invalid use of '%%' in replacement string");
}

/* [-0, +0, e] */
static void add_template(lua_State *L, luaL_Buffer *b, struct lh_str subject, const struct lh_pattern_match *m)
{
	size_t n;
	const char *t = lua_tolstring(L, TEMPLATE, &n), *end = t + n, *percent;
	lh_lib_charge_bytes(L, n);
	while ((percent = memchr(t, '%', (size_t)(end - t))) != NULL) {
		luaL_addlstring(b, t, (size_t)(percent - t));
		add_escaped(L, b, subject, m, percent[1]);
		t = percent + 2;
		if (t > end)
			return;
	}
	luaL_addlstring(b, t, (size_t)(end - t));
}

/* Pushes what the function or the table has for the match [-0, +1, e]. */
static void push_replacement(lua_State *L, struct lh_str subject, const struct lh_pattern_match *m)
{
	if (lua_type(L, TEMPLATE) == LUA_TTABLE) {
		push_capture(L, subject, m, 0);
		lua_gettable(L, TEMPLATE);
		return;
	}
	lua_pushvalue(L, TEMPLATE);
	int n = push_captures(L, subject, m, true);
	lua_call(L, n, 1);
}

/* False where the match stays as it was [-0, +0, e]. */
static bool add_replacement(lua_State *L, luaL_Buffer *b, struct lh_str subject, const struct lh_pattern_match *m)
{
	int type = lua_type(L, TEMPLATE);
	if (type != LUA_TTABLE && type != LUA_TFUNCTION) {
		add_template(L, b, subject, m);
		return true;
	}
	push_replacement(L, subject, m);
	bool keep = !lua_toboolean(L, -1);
	if (keep) {
		lua_pop(L, 1);
		luaL_addlstring(b, subject.p + m->from, m->to - m->from);
		return false;
	}
	if (!lua_isstring(L, -1))
		luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
	lh_lib_charge_bytes(L, lua_rawlen(L, -1));
	luaL_addvalue(b);
	return true;
}

/* Writes the subject with up to `most` matches replaced; returns how many [-0, +0, e]. */
static lua_Integer substitute(lua_State *L, luaL_Buffer *b, struct lh_str subject, struct lh_pattern *p,
	lua_Integer most, bool *changed)
{
	size_t at = 0, last = SIZE_MAX;
	lua_Integer n = 0;
	struct lh_pattern_match m;
	while (n < most) {
		if (match_at(L, p, subject, at, &m) && m.to != last) {
			n++;
			*changed = add_replacement(L, b, subject, &m) || *changed;
			at = last = m.to;
		} else if (at < subject.n)
			luaL_addchar(b, subject.p[at++]);
		else
			break;
		if (p->anchored)
			break;
	}
	luaL_addlstring(b, subject.p + at, subject.n - at);
	return n;
}

/* gsub(subject, pattern, replacement [, most]) [-0, +2, e] */
static int string_gsub(lua_State *L)
{
	struct lh_str subject = check_text(L, 1), text = check_text(L, 2);
	int type = lua_type(L, TEMPLATE);
	lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)subject.n + 1);
	luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE,
		TEMPLATE, "string/function/table");
	if (type == LUA_TNUMBER)
		lua_tostring(L, TEMPLATE);
	lh_lib_charge_bytes(L, subject.n + text.n);
	luaL_Buffer b;
	bool changed = false;
	struct lh_pattern p = lh_pattern_of(text, true);
	luaL_buffinit(L, &b);
	lua_Integer n = substitute(L, &b, subject, &p, most, &changed);
	if (changed)
		luaL_pushresult(&b);
	else
		lua_pushvalue(L, 1);
	lua_pushinteger(L, n);
	return 2;
}

void lh_lib_pattern(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "find", string_find }, { "gmatch", string_gmatch }, { "gsub", string_gsub }, { "match", string_match },
		{ NULL, NULL }
	};
	luaL_setfuncs(L, functions, 0);
}
