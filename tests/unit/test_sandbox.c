/* The bounds of the sandbox: time, memory, faults. */
#include "sandbox_rig.h"

#define SPENT "instructions in one call"

static void test_endless(void)
{
	static const struct rig_case cases[] = {
		{ "while true do end", "window.lua:1: more than 1000000 instructions in one call: is there a loop without end?" },
		{ "local x = 1\n\nwhile true do x = x + 1 end", "window.lua:3: " },
		{ "while true do pcall(function() while true do end end) end", SPENT },
		{ "local function f() while true do pcall(f) end end f()", SPENT },
		{ "local function f(n) while true do pcall(f, n) pcall(pcall, f) end end pcall(f) return 1", SPENT },
		{ "return pcall(function() while true do end end)", SPENT },
		{ "return (pcall(pcall, pcall, function() while true do end end))", SPENT },
		{ "local t = setmetatable({}, { __index = function(t, k) while true do end end }) return t.x", SPENT },
		{ "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) return t[1]", "stack overflow" },
		{ "local t = setmetatable({}, { __concat = function() repeat until false end }) return t .. 'x'", SPENT },
		{ "local t = setmetatable({}, { __eq = function() repeat until false end }) return t == setmetatable({}, getmetatable(t))", SPENT },
		{ "local t = setmetatable({}, { __len = function() repeat until false end }) return #t", SPENT },
		{ "local t = setmetatable({}, { __len = function() return 1 << 40 end }) return table.concat(t)", "invalid value (at index 1)" },
		{ "local t = setmetatable({}, { __len = function() return 1 << 40 end, __index = function() return 'x' end })"
		  "return table.concat(t)", SPENT },
		{ "local t = setmetatable({}, { __close = function() while true do end end })"
		  "do local x <close> = t end", SPENT },
		{ "local t = setmetatable({}, { __close = function() while true do end end })"
		  "pcall(function() local x <close>, y <close> = t, t while true do end end) while true do end", "multiple to-be-closed" },
		{ "local t = setmetatable({}, { __close = function() while true do end end })"
		  "pcall(function() local x <close> = t local y <close> = t while true do end end) return 1", SPENT },
		{ "for i in function() return 1 end do end", SPENT },
		{ "goto x ::x:: goto x", SPENT },
		{ "return tostring(setmetatable({}, { __tostring = function() while true do end end }))", SPENT },
		{ "return ('%s'):format(setmetatable({}, { __tostring = function() while true do end end }))", SPENT },
		{ "for k in pairs(setmetatable({}, { __pairs = function() return function() return 1 end end })) do end", SPENT },
	};
	rig_refuse(cases, RIG_COUNT(cases));
}

static void test_work_in_c(void)
{
	static const struct rig_case cases[] = {
		{ "return ('a'):rep(30):find(('a?'):rep(30) .. ('a'):rep(30))", SPENT },
		{ "return ('a'):rep(5000):find('.-.-.-.-.-.-b')", SPENT },
		{ "return ('a'):rep(5000):match('(.*)(.*)(.*)(.*)b')", SPENT },
		{ "return ('a'):rep(5000):gsub('.-.-.-.-b', '')", SPENT },
		{ "for x in ('a'):rep(5000):gmatch('.*.*.*b') do end", SPENT },
		{ "while true do pcall(string.find, ('a'):rep(5000), '.-.-.-.-b') end", SPENT },
		{ "return ('('):rep(100000):find('%b()%b()%b()')", SPENT },
		{ "return ('x'):rep(250, '('):find(('('):rep(33))", "too many captures" },
		{ "return ('x'):rep(1000):find(('x?'):rep(400))", "pattern too complex" },
		{ "local t = {} while true do table.insert(t, 1, 'x') end", SPENT },
		{ "local t = {} for i = 1, 20000 do t[i] = i end while true do table.remove(t, 1) t[20000] = 1 end", SPENT },
		{ "local t = {} return table.move(t, 1, 1e9, 2)", SPENT },
		{ "return table.move({}, 1, math.maxinteger, 2)", "destination wrap around" },
		{ "return table.concat({}, ',', 1, 1e9)", "invalid value (at index 1)" },
		{ "return table.unpack({}, 1, 1e9)", "too many results to unpack" },
		{ "return table.unpack({}, 1, 1e6)", "too many results to unpack" },
		{ "while true do pcall(table.unpack, {}, 1, 100000) end", SPENT },
		{ "local s = ('\\u{20AC}'):rep(300000) while true do utf8.len(s) end", SPENT },
		{ "local s = ('\\u{20AC}'):rep(300000) while true do utf8.offset(s, -1, 1) utf8.offset(s, 100000) end", SPENT },
		{ "local s = ('\\u{20AC}'):rep(300000) for _ in utf8.codes(s) do end", SPENT },
		{ "local s = ('x'):rep(1e6) while true do s:upper() end", SPENT },
		{ "local s = ('x'):rep(1e6) while true do s:find('y', 1, true) end", SPENT },
		{ "local s = ('x'):rep(1e6) while true do s:byte(1, 50000) end", SPENT },
		{ "local s, t = ('x'):rep(1e6), ('x'):rep(1e6) while s == t do end", SPENT },
		{ "local s, t = ('x'):rep(1e6), ('x'):rep(1e6) while s <= t do end", SPENT },
		{ "local s = (' '):rep(1e6) .. '1' while true do local x = s + 1 end", SPENT },
		{ "local s = (' '):rep(1e6) .. '1' while true do tonumber(s) end", SPENT },
		{ "local s = (' '):rep(1e6) .. '1' while true do math.tointeger(s) end", SPENT },
		{ "local t = {} for i = 1, 60000 do t[i .. ''] = i end while true do next(t) end", SPENT },
		{ "local t = {} for i = 1, 60000 do t[i] = i end for i = 1, 60000 do t[i] = nil end while true do next(t) end", SPENT },
		{ "local t = {} for i = 1, 30000 do t[i] = i % 7 end while true do table.sort(t, function(a, b) return a < b end) end", SPENT },
		{ "local t = {} for i = 1, 30000 do t[i] = i end while true do for k in pairs(t) do break end end", SPENT },
		{ "while true do pcall(string.rep, 'x', 3e6) end", SPENT },
		{ "local f, s = utf8.codes('a' .. ('\\x80'):rep(1e6)) while true do pcall(f, s, 1) end", SPENT },
		{ "local s = '[' .. ('x'):rep(1e5) .. ']' while true do pcall(string.find, 'y', s) end", SPENT },
		{ "local s = ('x'):rep(1e5) .. '%' while true do pcall(string.find, 'y', s) end", SPENT },
		{ "local function f(...) while true do select('#', ...) end end f(('x'):rep(20000):byte(1, -1))", SPENT },
		{ "local t = {} for i = 1, 100 do t = setmetatable({}, { __index = t }) end while true do local x = t.x end", SPENT },
	};
	rig_refuse(cases, RIG_COUNT(cases));
}

static void test_memory(void)
{
	static const struct rig_case cases[] = {
		{ "return ('x'):rep(1e9)", "resulting string too large" },
		{ "return ('x'):rep(1 << 62)", "resulting string too large" },
		{ "return (''):rep(1e9, 'x')", "resulting string too large" },
		{ "return ('x'):rep(3.9e6)", "4096 KiB of memory" },
		{ "local s = 'x' while true do s = s .. s end", "4096 KiB of memory" },
		{ "local t = {} while true do t = { t } end", "4096 KiB of memory" },
		{ "local t = {} for i = 1, 1e9 do t[i] = i end", "4096 KiB of memory" },
		{ "local function f() return f() + 1 end return f()", "4096 KiB of memory" },
		{ "local function f() return pcall(f) end while true do f() end", SPENT },
		{ "local t = {} t.x = setmetatable({}, { __index = function(_, k) return t.x[k] end }) return t.x.y", "stack overflow" },
		{ "local t = {} for i = 1, 300 do t = setmetatable({}, { __index = t }) end return t.x, 1", "returns 2 values" },
		{ "local function f(a, b) table.sort({ 1, 2 }, f) return a < b end table.sort({ 1, 2 }, f)", "stack overflow" },
		{ "local function f(x) return (x:gsub('.', f)) end return f('x')", "stack overflow" },
		{ "return ('x'):rep(100000):gsub('.', ('y'):rep(100000))", "memory" },
		{ "return " "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{"
		  "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{", "overflow" },
	};
	static const struct rig_case fine[] = {
		{ "(pcall(string.rep, 'x', 3.9e6))", "false" },
		{ "local t, n = {}, 0 for i = 1, 16384 do t['k' .. i] = i end for k, v in pairs(t) do n = n + v end return n", "134225920" },
		{ "local n = 0 for i = 1, 2000 do local s = ('x'):rep(4000) n = n + #s end return n", "8000000" },
		{ "local ok, e = pcall(function() local s = 'x' while true do s = s .. s end end) return e", "not enough memory" },
	};
	rig_refuse(cases, RIG_COUNT(cases));
	rig_expect(fine, RIG_COUNT(fine));
}

/* A refused allocation made Lua collect all garbage first: that is paid for. */
static void test_refusal_is_charged(void)
{
	struct lh_sandbox s;
	struct lh_error err = { 0 };
	CHECK_INT(lh_sandbox_init(&s, NULL, &err), 0);
	CHECK_INT(lh_sandbox_load(&s, LH_STR("local s = ('x'):rep(1.5e6) return function() pcall(function() return s .. s end) end"),
		"w.lua", &err), 0);
	lh_sandbox_arm(&s);
	CHECK_INT(lh_sandbox_call(&s, 0, 0, &err), 0);
	CHECK(s.out_of_memory && !s.spent && s.left < 1000000 - 1500000 / 128);
	lh_sandbox_fini(&s);
}

static void test_absent(void)
{
	static const char *const names[] = { "coroutine", "debug", "os", "io", "package", "load", "loadstring", "loadfile", "dofile",
		"require", "collectgarbage", "xpcall", "print", "warn", "_G", "string.dump", "string.pack", "string.unpack",
		"string.packsize", "math.randomseed" };
	char text[128];
	for (size_t i = 0; i < RIG_COUNT(names); i++) {
		snprintf(text, sizeof text, "return %s == nil", names[i]);
		int rc = rig_run(text);
		if (strchr(names[i], '.'))
			CHECK_TEXT(rig_text, "true");
		else
			CHECK_INT(rc, LH_E_POLICY);
	}
}

static void test_tricks(void)
{
	static const struct rig_case cases[] = {
		{ "return setmetatable({}, { __gc = function() while true do end end })", "__gc is not available" },
		{ "return setmetatable({}, { __gc = false })", "__gc is not available" },
		{ "return setmetatable({}, { __mode = 'k' })", "__mode is not available" },
		{ "return setmetatable(setmetatable({}, { __metatable = 1 }), nil)", "cannot change a protected metatable" },
		{ "return setmetatable('', {})", "bad argument #1 to 'setmetatable'" },
		{ "getmetatable('').__index = nil", "attempt to index a boolean value" },
		{ "('x').y = 1", "attempt to index a string value" },
		{ "return setmetatable(_ENV, {})", "cannot change a protected metatable" },
		{ "error(setmetatable({}, { __tostring = function() while true do end end }))", "the script raised a table value" },
		{ "error({ message = 'the reason', code = 7 })", "the reason" },
		{ "error(setmetatable({}, { __index = function() while true do end end }))", "the script raised a table value" },
		{ "error()", "the script raised a nil value" },
		{ "error(12)", "12" },
		{ "error('plain')", "window.lua:1: plain" },
		{ "error('plain', 0)", "plain" },
		{ "error(print)", "global 'print' is not defined" },
		{ "error(pairs)", "the script raised a function value" },
		{ "local t = setmetatable({}, { __name = 'odd' }) return t + 1", "attempt to perform arithmetic on a odd value" },
		{ "return string.format('%99999d', 1)", "invalid conversion" },
		{ "return string.format('%.999f', 1)", "invalid conversion" },
		{ "return string.format('%p', {})", "'%p' is not available" },
		{ "return string.format('%5q', 'x')", "cannot have modifiers" },
		{ "return string.format('%', 1)", "invalid conversion '%' to 'format'" },
		{ "return string.format('%d')", "no value" },
		{ "return string.format('%d', 1.5)", "number has no integer representation" },
		{ "return ('x'):bad()", "attempt to call a nil value (method 'bad')" },
		{ "return math.random(2, 1)", "interval is empty" },
		{ "return next({ [{}] = 1 })", "a key that is a table has no fixed order" },
		{ "for k in pairs({ [print or 1] = 1 }) do end", "global 'print'" },
		{ "for k in pairs({ [pairs] = 1 }) do end", "a key that is a function has no fixed order" },
		{ "return 1 +", "window.lua:1: unexpected symbol near <eof>" },
		{ "local x = 1", "window.lua: returns nothing" },
		{ "return 1, 2", "window.lua: returns 2 values" },
		{ "#!/usr/bin/lua\nreturn 1", "window.lua:1: unexpected symbol near '#'" },
		{ "local s = ('x'):rep(2000) error(s)", "xxxxxxxx" },
	};
	rig_refuse(cases, RIG_COUNT(cases));
	rig_run("return getmetatable('')");
	CHECK_TEXT(rig_text, "false");
	/* Set later, both fields are only fields: Lua looks for __gc when the metatable is set. */
	rig_run("local m = {} setmetatable({}, m) m.__gc = function() while true do end end for i = 1, 20000 do local x = {} end return 1");
	CHECK_TEXT(rig_text, "1");
}

static void test_globals(void)
{
	static const struct rig_case cases[] = {
		{ "local function view(ep, history)\n\n return histry end\nreturn view()",
		  "window.lua:3: global 'histry' is not defined: did you mean 'history'?" },
		{ "local turns = 1 return (function() return turn + turns end)()", "global 'turn' is not defined: did you mean 'turns'?" },
		{ "return tosting(1)", "global 'tosting' is not defined: did you mean 'tostring'?" },
		{ "return raw_et", "did you mean 'rawget'?" },
		{ "return zzzzzzzz", "window.lua:1: global 'zzzzzzzz' is not defined" },
		{ "x = 1", "window.lua:1: assignment to global 'x': declare it with local" },
		{ "next = 1", "assignment to global 'next': declare it with local" },
		{ "function view() end", "assignment to global 'view': declare it with local" },
		{ "return _ENV[1]", "a global has a name, not a number" },
		{ "_ENV[{}] = 1", "a global has a name, not a table" },
	};
	rig_refuse(cases, RIG_COUNT(cases));
}

static void test_bytecode(void)
{
	lua_State *L = luaL_newstate();
	CHECK(luaL_loadstring(L, "return 1") == LUA_OK);
	luaL_openlibs(L);
	lua_getglobal(L, "string");
	lua_getfield(L, -1, "dump");
	lua_pushvalue(L, 1);
	CHECK(lua_pcall(L, 1, 1, 0) == LUA_OK);
	struct lh_str code;
	code.p = lua_tolstring(L, -1, &code.n);
	struct lh_sandbox s;
	struct lh_error err = { 0 };
	CHECK_INT(lh_sandbox_init(&s, NULL, &err), 0);
	CHECK_INT(lh_sandbox_load(&s, code, "window.lua", &err), LH_E_POLICY);
	CHECK_HAS(err.text, "attempt to load a binary chunk");
	CHECK_INT(lua_gettop(s.L), 0);
	lh_sandbox_fini(&s);
	lua_close(L);
}

static int host_ask(lua_State *L)
{
	return lua_yield(L, 1);
}

/* A thread whose hook was left at every instruction by a spent budget. */
static void test_rearmed_thread(struct lh_sandbox *s)
{
	int n;
	lua_State *T = lua_newthread(s->L);
	lua_pushvalue(s->L, 1);
	lua_xmove(s->L, T, 1);
	lua_pushinteger(T, 1000);
	lua_sethook(T, lua_gethook(T), LUA_MASKCOUNT, 1);
	lh_sandbox_arm(s);
	CHECK_INT(lua_resume(T, s->L, 1, &n), LUA_YIELD);
	CHECK(s->left > 990000 && lua_gethookcount(T) == LH_SANDBOX_STEP);
}

/* Library functions that call back cannot be suspended inside; pcall and pairs can. */
static void test_yields(void)
{
	static const char *const crossing[] = { "('x'):gsub('.', ask)", "table.sort({ 1, 2 }, ask)",
		"tostring(setmetatable({}, { __tostring = ask }))" };
	for (size_t i = 0; i < RIG_COUNT(crossing); i++) {
		struct lh_sandbox s;
		struct lh_error err = { 0 };
		char text[200];
		int n;
		snprintf(text, sizeof text, "return function() local f <const> = %s end", crossing[i]);
		CHECK_INT(lh_sandbox_init(&s, NULL, &err), 0);
		lua_pushcfunction(s.L, host_ask);
		lh_sandbox_define(s.L, "ask");
		CHECK_INT(lh_sandbox_load(&s, lh_str_of(text), "w.lua", &err), 0);
		lua_State *T = lua_newthread(s.L);
		lua_pushvalue(s.L, 1);
		lua_xmove(s.L, T, 1);
		lh_sandbox_arm(&s);
		int status = lua_resume(T, s.L, 0, &n);
		CHECK_INT(lh_sandbox_fault(&s, T, status, &err), LH_E_POLICY);
		CHECK_HAS(err.text, "attempt to yield across a C-call boundary");
		lh_sandbox_fini(&s);
	}
}

/* A thread made by C is bounded too, and an arming brings it back. */
static void test_threads(void)
{
	struct lh_sandbox s;
	struct lh_error err = { 0 };
	int n;
	CHECK_INT(lh_sandbox_init(&s, NULL, &err), 0);
	lua_pushcfunction(s.L, host_ask);
	lh_sandbox_define(s.L, "ask");
	CHECK_INT(lh_sandbox_load(&s, LH_STR("return function(n) while n > 0 do n = n - 1 end "
		"local ok, got = pcall(ask, 7) pcall(function() while got do end end) return 'end' end"), "w.lua", &err), 0);
	lua_State *T = lua_newthread(s.L);
	lua_pushvalue(s.L, 1);
	lua_xmove(s.L, T, 1);
	lua_pushinteger(T, 1000);
	lh_sandbox_arm(&s);
	int status = lua_resume(T, s.L, 1, &n);
	CHECK_INT(status, LUA_YIELD);
	CHECK_INT(n, 1);
	CHECK_INT(lh_sandbox_fault(&s, T, status, &err), 0);
	lua_pop(T, n);
	lh_sandbox_arm(&s);
	lua_pushboolean(T, 1);
	status = lua_resume(T, s.L, 1, &n);
	CHECK(status == LUA_ERRRUN && s.spent);
	CHECK_INT(lh_sandbox_fault(&s, T, status, &err), LH_E_POLICY);
	CHECK_HAS(err.text, "w.lua:1: more than 1000000 instructions");
	lua_settop(s.L, 1);
	test_rearmed_thread(&s);
	lh_sandbox_fini(&s);
	CHECK_INT(s.used_bytes, 0);
}

static void test_arm(void)
{
	struct lh_sandbox s;
	struct lh_error err = { 0 };
	struct lh_sandbox_limits limits = { .memory_bytes = 200 << 10, .instructions = 500 };
	CHECK_INT(lh_sandbox_init(&s, &limits, &err), 0);
	CHECK_INT(lh_sandbox_load(&s, LH_STR("return function(n) for i = 1, n do end return n end"), "w.lua", &err), 0);
	for (int i = 0; i < 3; i++) {
		static const int loops[] = { 100, 100000, 100 }, want[] = { 0, LH_E_POLICY, 0 };
		err.code = 0;
		lua_pushvalue(s.L, 1);
		lua_pushinteger(s.L, loops[i]);
		lh_sandbox_arm(&s);
		CHECK_INT(lh_sandbox_call(&s, 1, 1, &err), want[i]);
		CHECK_INT(lua_gettop(s.L), want[i] ? 1 : 2);
		lua_settop(s.L, 1);
	}
	lh_sandbox_fini(&s);
}

/* ---- faults of memory ---- */

static const char busy[] =
	"local t, out = {}, {}\n"
	"for i = 1, 20 do t[i] = ('k'):rep(i * 3) .. i t['n' .. i] = { i } end\n"
	"for k, v in pairs(t) do out[#out + 1] = tostring(k) .. tostring(v) end\n"
	"table.sort(out, function(a, b) return a > b end)\n"
	"for a, b in ('x=1, y=2'):gmatch('(%w)=(%w)') do out[#out + 1] = a .. b end\n"
	"local s = table.concat(out, ','):gsub('k+', function(k) return #k .. '!' end)\n"
	"pcall(error, { message = s })\n"
	"return { view = function(n) return ('%s %5d %q'):format(s:rep(2), n, s:sub(1, 30)), pcall(function() return nope end) end }";

static int go_through(const struct lh_sandbox_limits *limits)
{
	struct lh_sandbox s;
	struct lh_error err = { 0 };
	int rc = lh_sandbox_init(&s, limits, &err);
	if (!rc) {
		rc = lh_sandbox_load(&s, lh_str_of(busy), "busy.lua", &err);
		if (!rc) {
			lua_getfield(s.L, 1, "view");             /* an old key of a plain table: cannot raise */
			lua_pushinteger(s.L, 12345);
			lh_sandbox_arm(&s);
			rc = lh_sandbox_call(&s, 1, LUA_MULTRET, &err);
		}
		CHECK((rc == 0) == (err.code == 0));
		lh_sandbox_fini(&s);
	}
	CHECK_INT(s.used_bytes, 0);
	return rc;
}

static void test_allocation_faults(void)
{
	struct lh_sandbox_limits limits;
	int nomem = 0, other = 0;
	lh_sandbox_default_limits(&limits);
	for (limits.fail_at = 1; limits.fail_at <= 1200; limits.fail_at++) {
		int rc = go_through(&limits);
		nomem += rc == LH_E_NOMEM;
		other += rc && rc != LH_E_NOMEM;
	}
	CHECK(nomem > 300);
	CHECK_INT(other, 0);
	limits.fail_at = 0;
	int worked = 0;
	for (limits.memory_bytes = 500; limits.memory_bytes < 64000; limits.memory_bytes += 61) {
		int rc = go_through(&limits);
		CHECK(rc == 0 || rc == LH_E_POLICY);
		worked += rc == 0;
	}
	CHECK(worked > 100);
}

static void measure(void)
{
	struct lh_sandbox s;
	struct lh_error err = { 0 };
	enum { STATES = 2000, CALLS = 200000 };
	double best = 1e9;
	for (int round = 0; round < 5; round++) {
		int64_t from = lh_clock_mono_us();
		for (int i = 0; i < STATES; i++) {
			CHECK_INT(lh_sandbox_init(&s, NULL, &err), 0);
			lh_sandbox_fini(&s);
		}
		double us = (double)(lh_clock_mono_us() - from) / STATES;
		best = us < best ? us : best;
	}
	CHECK_INT(lh_sandbox_init(&s, NULL, &err), 0);
	printf("%.1f us to make and free a sandbox of %zu bytes, %lld allocations\n", best, s.used_bytes, (long long)s.allocations);
	CHECK_INT(lh_sandbox_load(&s, LH_STR("return function() end"), "empty.lua", &err), 0);
	int64_t from = lh_clock_mono_us();
	for (int i = 0; i < CALLS; i++) {
		lh_sandbox_arm(&s);
		lua_pushvalue(s.L, 1);
		if (lh_sandbox_call(&s, 0, 0, &err))
			CHECK(false);
	}
	printf("%.3f us for an empty call\n", (double)(lh_clock_mono_us() - from) / CALLS);
	lh_sandbox_fini(&s);
}

int main(void)
{
	test_endless();
	test_work_in_c();
	test_memory();
	test_refusal_is_charged();
	test_absent();
	test_tricks();
	test_globals();
	test_bytecode();
	test_threads();
	test_yields();
	test_arm();
	test_allocation_faults();
	measure();
	return check_done();
}
