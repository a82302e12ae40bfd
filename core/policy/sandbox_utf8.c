/* The utf8 library, as in Lua 5.4: code points up to 2^31 where `lax`, else those of Unicode. */
#include "policy/sandbox_lib.h"

#include <limits.h>

static bool continues(const char *s, size_t n, size_t at)
{
	return at < n && ((unsigned char)s[at] & 0xC0) == 0x80;
}

/* Bytes of the character that begins with `lead`; 0: none begins so. */
static int length_of(unsigned char lead)
{
	static const unsigned char least[] = { 0xC0, 0xE0, 0xF0, 0xF8, 0xFC, 0xFE };
	if (lead < 0x80)
		return 1;
	for (int n = 1; n < 6; n++)
		if (lead < least[n])
			return lead < 0xC0 ? 0 : n + 1;
	return 0;
}

/* The character at s (n > 0 bytes): its length, 0 where it is not well-formed. */
static int decode(const char *s, size_t n, bool lax, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000, 0x200000, 0x4000000 };
	int length = length_of((unsigned char)s[0]);
	if (length == 0)
		return 0;
	uint32_t c = length == 1 ? (unsigned char)s[0] : (unsigned char)s[0] & (0x7Fu >> length);
	for (int i = 1; i < length; i++) {
		if (!continues(s, n, (size_t)i))
			return 0;
		c = c << 6 | ((unsigned char)s[i] & 0x3F);
	}
	if (c < least[length] || (!lax && (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))))
		return 0;
	*code = c;
	return length;
}

static lua_Integer from_end(lua_Integer at, size_t n)
{
	if (at >= 0)
		return at;
	return at < -(lua_Integer)n ? 0 : (lua_Integer)n + at + 1;
}

/* len(s [, i [, j [, lax]]]) [-0, +(1|2), e] */
static int utf8_len(lua_State *L)
{
	size_t n;
	lua_Integer count = 0;
	uint32_t code;
	const char *s = luaL_checklstring(L, 1, &n);
	lua_Integer at = from_end(luaL_optinteger(L, 2, 1), n), to = from_end(luaL_optinteger(L, 3, -1), n);
	bool lax = lua_toboolean(L, 4);
	luaL_argcheck(L, 1 <= at && --at <= (lua_Integer)n, 2, "initial position out of bounds");
	luaL_argcheck(L, --to < (lua_Integer)n, 3, "final position out of bounds");
	lh_sandbox_charge(L, to > at ? (to - at) / 4 : 0);
	for (; at <= to; count++) {
		int length = decode(s + at, n - (size_t)at, lax, &code);
		if (length == 0) {
			luaL_pushfail(L);
			lua_pushinteger(L, at + 1);
			return 2;
		}
		at += length;
	}
	lua_pushinteger(L, count);
	return 1;
}

/* codepoint(s [, i [, j [, lax]]]) [-0, +n, e] */
static int utf8_codepoint(lua_State *L)
{
	size_t n;
	int count = 0;
	uint32_t code;
	const char *s = luaL_checklstring(L, 1, &n);
	lua_Integer at = from_end(luaL_optinteger(L, 2, 1), n), to = from_end(luaL_optinteger(L, 3, at), n);
	bool lax = lua_toboolean(L, 4);
	luaL_argcheck(L, at >= 1, 2, "out of bounds");
	luaL_argcheck(L, to <= (lua_Integer)n, 3, "out of bounds");
	if (at > to)
		return 0;
	if (to - at >= INT_MAX || !lua_checkstack(L, (int)(to - at) + 1))
		return luaL_error(L, "string slice too long");
	lh_sandbox_charge(L, (to - at) / 4);
	for (at--; at < to; count++) {
		int length = decode(s + at, n - (size_t)at, lax, &code);
		if (length == 0)
			return luaL_error(L, "invalid UTF-8 code");
		lua_pushinteger(L, code);
		at += length;
	}
	return count;
}

/* Writes the character to the end of out[8]; the bytes taken. */
static int encode(uint32_t code, char out[8])
{
	int n = 1;
	uint32_t most = 0x3F;
	if (code < 0x80) {
		out[7] = (char)code;
		return 1;
	}
	do {
		out[8 - n++] = (char)(0x80 | (code & 0x3F));
		code >>= 6;
		most >>= 1;
	} while (code > most);
	out[8 - n] = (char)(~most << 1 | code);
	return n;
}

/* char(...) [-n, +1, e] */
static int utf8_char(lua_State *L)
{
	luaL_Buffer b;
	int n = lua_gettop(L);
	lh_sandbox_charge(L, n / 4);
	luaL_buffinit(L, &b);
	for (int i = 1; i <= n; i++) {
		char bytes[8];
		lua_Unsigned code = (lua_Unsigned)luaL_checkinteger(L, i);
		luaL_argcheck(L, code <= 0x7FFFFFFF, i, "value out of range");
		int length = encode((uint32_t)code, bytes);
		luaL_addlstring(&b, bytes + 8 - length, (size_t)length);
	}
	luaL_pushresult(&b);
	return 1;
}

/* The place `count` characters after at (before it where negative), -1: there is none. */
static lua_Integer step(const char *s, size_t n, lua_Integer at, lua_Integer count)
{
	for (; count < 0 && at > 0; count++)
		do
			at--;
		while (at > 0 && continues(s, n, (size_t)at));
	for (; count > 0 && at < (lua_Integer)n; count--)
		do
			at++;
		while (continues(s, n, (size_t)at));
	return count == 0 ? at : -1;
}

/* offset(s, count [, i]) [-0, +1, e] */
static int utf8_offset(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);
	lua_Integer count = luaL_checkinteger(L, 2);
	lua_Integer at = from_end(luaL_optinteger(L, 3, count > 0 ? 1 : (lua_Integer)n + 1), n);
	luaL_argcheck(L, 1 <= at && --at <= (lua_Integer)n, 3, "position out of bounds");
	lua_Integer from = at;
	if (count == 0) {
		while (at > 0 && continues(s, n, (size_t)at))
			at--;
	} else if (continues(s, n, (size_t)at))
		return luaL_error(L, "initial position is a continuation byte");
	else
		at = step(s, n, at, count > 0 ? count - 1 : count);
	lh_sandbox_charge(L, (at < 0 ? (lua_Integer)n : at > from ? at - from : from - at) / 4);
	if (at >= 0)
		lua_pushinteger(L, at + 1);
	else
		luaL_pushfail(L);
	return 1;
}

/* Iteration: (s, i) gives the next position and its code point [-0, +(0|2), e]. */
static int next_code(lua_State *L, bool lax)
{
	size_t n;
	uint32_t code;
	const char *s = luaL_checklstring(L, 1, &n);
	lua_Unsigned at = (lua_Unsigned)lua_tointeger(L, 2);
	lua_Unsigned from = at;
	while (from > 0 && continues(s, n, at))
		at++;
	lh_lib_charge_bytes(L, at - from);
	if (at >= n)
		return 0;
	int length = decode(s + at, n - at, lax, &code);
	if (length == 0 || continues(s, n, at + (size_t)length))
		return luaL_error(L, "invalid UTF-8 code");
	lua_pushinteger(L, (lua_Integer)at + 1);
	lua_pushinteger(L, code);
	return 2;
}

/* Each [-0, +(0|2), e] */
static int next_code_strict(lua_State *L) { return next_code(L, false); }
static int next_code_lax(lua_State *L) { return next_code(L, true); }

/* codes(s [, lax]) [-0, +3, e] */
static int utf8_codes(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);
	luaL_argcheck(L, !continues(s, n, 0), 1, "invalid UTF-8 code");
	lua_pushcfunction(L, lua_toboolean(L, 2) ? next_code_lax : next_code_strict);
	lua_pushvalue(L, 1);
	lua_pushinteger(L, 0);
	return 3;
}

void lh_lib_utf8(lua_State *L)
{
	static const luaL_Reg functions[] = {
		{ "char", utf8_char }, { "codepoint", utf8_codepoint }, { "codes", utf8_codes },
		{ "len", utf8_len }, { "offset", utf8_offset }, { NULL, NULL }
	};
	luaL_setfuncs(L, functions, 0);
	lua_pushliteral(L, "[\0-\x7F\xC2-\xFD][\x80-\xBF]*");
	lua_setfield(L, -2, "charpattern");
}
