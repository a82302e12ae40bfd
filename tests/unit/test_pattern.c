/* The pattern functions against stock Lua's, and the bounds of the matcher. */
#include "sandbox_rig.h"

#include "policy/pattern.h"

/* ---- the matcher by itself ---- */

static void test_core(void)
{
	struct lh_pattern_match m;
	struct lh_str subject = LH_STR("  key = value  ");
	struct lh_pattern p = lh_pattern_of(LH_STR("(%w+)%s*=%s*()(%w+)"), true);
	p.steps = 1000;
	CHECK_INT(lh_pattern_find(&p, subject, 0, &m), 1);
	CHECK_INT(m.from, 2);
	CHECK_INT(m.to, 13);
	CHECK_INT(m.captures, 3);
	CHECK_INT(m.capture[0].n, 3);
	CHECK(m.capture[1].kind == LH_CAPTURE_PLACE && m.capture[1].at == 8);
	CHECK_INT(m.capture[2].at, 8);
	CHECK(p.steps < 1000 && p.steps > 900);
	CHECK_INT(lh_pattern_match(&p, subject, 0, &m), 0);
	p.steps = 10;
	CHECK_INT(lh_pattern_find(&p, subject, 0, &m), LH_E_LIMIT);
	p = lh_pattern_of(LH_STR("^["), true);
	p.steps = 10;
	CHECK_INT(lh_pattern_find(&p, subject, 0, &m), LH_E_DATA);
	CHECK_TEXT(p.fault, "malformed pattern (missing ']')");
	CHECK(lh_pattern_is_plain(LH_STR("a)b]c")) && !lh_pattern_is_plain(LH_STR("a-b")));
}

static void test_messages(void)
{
	static const struct rig_case cases[] = {
		{ "return ('x'):find('x%')", "malformed pattern (ends with '%')" },
		{ "return ('x'):find('[a')", "malformed pattern (missing ']')" },
		{ "return ('x'):find('%bx')", "malformed pattern (missing arguments to '%b')" },
		{ "return ('x'):find('%fx')", "missing '[' after '%f' in pattern" },
		{ "return ('x'):find('%1')", "invalid capture index %1" },
		{ "return ('x'):find('(x)%0')", "invalid capture index %0" },
		{ "return ('x'):match('x)')", "invalid pattern capture" },
		{ "return ('x'):match('(x')", "unfinished capture" },
		{ "return ('x'):gsub('x', '%2')", "invalid capture index %2" },
		{ "return ('x'):gsub('x', '%')", "invalid use of '%' in replacement string" },
		{ "return ('x'):gsub('x', '%a')", "invalid use of '%' in replacement string" },
		{ "return ('x'):gsub('x', function() return {} end)", "invalid replacement value (a table)" },
		{ "return ('x'):gsub('x', nil)", "string/function/table expected, got nil" },
		{ "return ('x'):gsub('x')", "string/function/table expected" },
		{ "return ('x'):gsub('x', function() error('inside') end)", "window.lua:1: inside" },
	};
	rig_refuse(cases, RIG_COUNT(cases));
}

static void test_results(void)
{
	static const struct rig_case cases[] = {
		{ "(('abc'):gsub('%w', '%0%0', 2))", "aabbc" },
		{ "(('abc'):gsub('', '-'))", "-a-b-c-" },
		{ "(('hello world'):gsub('o', { o = '0' }))", "hell0 w0rld" },
		{ "(('hello'):gsub('l', { l = false }))", "hello" },
		{ "(('a b'):gsub('%w', function(c) return c:upper():rep(2) end))", "AA BB" },
		{ "(('x'):gsub('x', 7))", "7" },
		{ "(('x'):gsub('()', '%1'))", "1x2" },
		{ "('THE (quick) fox'):match('%((%a+)%)')", "quick" },
		{ "(('THE (quick) fox'):find('%f[%a]%a+%f[%A]', 5))", "6" },
		{ "local t = {} for k, v in ('a=1, b=2'):gmatch('(%w+)=(%w+)') do t[#t + 1] = k .. v end return table.concat(t, ' ')", "a1 b2" },
		{ "local t = {} for k in ('abc'):gmatch('') do t[#t + 1] = '.' end return table.concat(t)", "...." },
		{ "local t = {} for k in ('abcd'):gmatch('.', -2) do t[#t + 1] = k end return table.concat(t, '+')", "c+d" },
		{ "('\\xC4\\xE9'):match('%a') == nil", "true" },
		{ "(('a.b'):find('.', 2, true))", "2" },
		{ "(('x'):rep(100000):gsub('x', 'yy')):len()", "200000" },
	};
	rig_expect(cases, RIG_COUNT(cases));
}

/* ---- against stock Lua ---- */

/* All that the four functions say of (pattern, subject), as one text. */
static const char compared[] =
	"local find, match, gmatch, gsub, concat, select, tostring, pcall = string.find, string.match, string.gmatch, string.gsub,\n"
	"  table.concat, select, tostring, pcall\n"
	"local function word(ok, ...)\n"
	"  if not ok then return 'error: ' .. (...):gsub('^[^ ]*:%d+: ', '') end\n"
	"  local t = { ... }\n"
	"  for i = 1, select('#', ...) do t[i] = tostring(t[i]) end\n"
	"  return concat(t, ',')\n"
	"end\n"
	"local function all(p, s)\n"
	"  local t = {}\n"
	"  for a, b, c in gmatch(s, p) do t[#t + 1] = word(true, a, b, c) if #t > 20 then break end end\n"
	"  return concat(t, ';')\n"
	"end\n"
	"local function args(...) return select('#', ...) .. concat({ ... }, '/') end\n"
	"return function(p, s, r)\n"
	"  return concat({ word(pcall(find, s, p)), word(pcall(find, s, p, 2)), word(pcall(match, s, p, -3)), word(pcall(all, p, s)),\n"
	"    word(pcall(gsub, s, p, r)), word(pcall(gsub, s, p, args, 2)), word(pcall(gsub, s, p, { a = 'X', b = false, ab = 1 })) }, '|')\n"
	"end\n";

static lua_State *open_stock(void)
{
	lua_State *L = luaL_newstate();
	luaL_openlibs(L);
	if (luaL_loadbuffer(L, compared, strlen(compared), "=stock") || lua_pcall(L, 0, 1, 0)) {
		printf("%s\n", lua_tostring(L, -1));
		exit(1);
	}
	return L;
}

static size_t make_text(struct lh_random *r, char *out, size_t most, bool pattern)
{
	static const char plain[] = "aaab()b.1 ]\0-%";
	static const char special[] = "aab.%%%()()[[]]^$*+-?1bf\0 ";
	static const char *const pieces[] = { "%a", "%d", "%S", "%W", "[a-b]", "[^a]", "[%a1]", "(a", ".-", "(.)", "%1", "%b()", "%f[%w]", "()", "a*",
		"b?", "[]a]", "%2", "[a-]", "%z", "[^%s]+", ".*", "%%", "[[]" };
	size_t n = 0, want = lh_random_below(r, most + 1);
	while (n < want) {
		if (!pattern)
			out[n++] = plain[lh_random_below(r, sizeof plain - 1)];
		else if (lh_random_below(r, 3) == 0) {
			const char *piece = pieces[lh_random_below(r, RIG_COUNT(pieces))];
			memcpy(out + n, piece, strlen(piece));
			n += strlen(piece);
		} else
			out[n++] = special[lh_random_below(r, sizeof special - 1)];
	}
	return n;
}

static const char *ask(lua_State *L, struct lh_str p, struct lh_str s, struct lh_str r)
{
	lua_settop(L, 1);
	lua_pushvalue(L, 1);
	lua_pushlstring(L, p.p, p.n);
	lua_pushlstring(L, s.p, s.n);
	lua_pushlstring(L, r.p, r.n);
	lua_pcall(L, 3, 1, 0);
	return lua_tostring(L, -1);
}

static void show(const char *what, struct lh_str s)
{
	printf("  %s ", what);
	for (size_t i = 0; i < s.n; i++)
		printf(s.p[i] ? "%c" : "\\0", s.p[i]);
	printf("\n");
}

static void test_against_stock(int rounds)
{
	struct lh_sandbox s;
	struct lh_error err = { 0 };
	int differ = 0, errors = 0, matches = 0;
	CHECK_INT(lh_sandbox_init(&s, NULL, &err), 0);
	CHECK_INT(lh_sandbox_load(&s, lh_str_of(compared), "ours", &err), 0);
	lua_State *L = open_stock();
	struct lh_random r = lh_random_stream(7, 0, 0, LH_FOR_CHECK, 0);
	for (int i = 0; i < rounds && differ < 10; i++) {
		char pattern[64], subject[64], replacement[64];
		struct lh_str p = { pattern, make_text(&r, pattern, 12, true) }, t = { subject, make_text(&r, subject, 16, false) };
		struct lh_str with = { replacement, make_text(&r, replacement, 3, false) };
		lh_sandbox_arm(&s);
		const char *want = ask(L, p, t, with), *got = ask(s.L, p, t, with);
		errors += strstr(want, "error: ") != NULL;
		matches += strncmp(want, "nil", 3) != 0 && strncmp(want, "error", 5) != 0;
		if (strcmp(got, want)) {
			differ++;
			show("pattern", p);
			show("subject", t);
			printf("  stock %s\n  ours  %s\n", want, got);
		}
	}
	CHECK_INT(differ, 0);
	CHECK(errors > rounds / 20 && matches > rounds / 10);
	printf("%d patterns as stock Lua has them: %d match, %d with an error\n", rounds, matches, errors);
	lua_close(L);
	lh_sandbox_fini(&s);
}

int main(void)
{
	test_core();
	test_messages();
	test_results();
	test_against_stock(100000);
	return check_done();
}
