/* string.format, as in Lua 5.4 but for %p, which would show an address. */
#include "policy/sandbox_lib.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_FLAGS = 16 };

/* A conversion: % flags width .precision letter */
struct spec {
	char text[32];            /* "%-5.3" and room for a length and a letter */
	size_t n;
	size_t flags;             /* how many */
	bool left;
	int width, precision;     /* precision -1: none */
};

static int two_digits(const char **p)
{
	int v = 0;
	for (int i = 0; i < 2 && **p >= '0' && **p <= '9'; i++)
		v = v * 10 + *(*p)++ - '0';
	return v;
}

/* Reads a specification at p, after the %; p then stands at its letter [-0, +0, e]. */
static struct spec read_spec(lua_State *L, const char **p)
{
	struct spec s = { .precision = -1 };
	const char *start = *p;
	size_t flags = strspn(start, "-+ #0");
	*p += flags;
	s.left = memchr(start, '-', flags) != NULL;
	s.width = two_digits(p);
	if (**p == '.') {
		++*p;
		s.precision = two_digits(p);
	}
	if (flags > MOST_FLAGS || strchr("-+ #0.123456789", **p ? **p : '?'))
		luaL_error(L, "invalid conversion to 'format': two digits each of width and precision at most");
	s.text[0] = '%';
	s.n = 1 + (size_t)(*p - start);
	memcpy(s.text + 1, start, s.n - 1);
	s.flags = flags;
	return s;
}

static void complete(struct spec *s, const char *ending)
{
	memcpy(s->text + s->n, ending, strlen(ending) + 1);
}

static void pad(luaL_Buffer *b, int n)
{
	for (; n > 0; n--)
		luaL_addchar(b, ' ');
}

static void add_padded(luaL_Buffer *b, const struct spec *s, const char *text, size_t n)
{
	int space = n < (size_t)s->width ? s->width - (int)n : 0;
	pad(b, s->left ? 0 : space);
	luaL_addlstring(b, text, n);
	pad(b, s->left ? space : 0);
}

/* ---- %q ---- */

static void add_quoted_byte(luaL_Buffer *b, unsigned char c, bool digit_follows)
{
	char code[8];
	if (c == '"' || c == '\\' || c == '\n') {
		luaL_addchar(b, '\\');
		luaL_addchar(b, (char)c);
	} else if (c < 32 || c == 127) {
		snprintf(code, sizeof code, digit_follows ? "\\%03d" : "\\%d", c);
		luaL_addstring(b, code);
	} else
		luaL_addchar(b, (char)c);
}

static void add_quoted(luaL_Buffer *b, const char *s, size_t n)
{
	luaL_addchar(b, '"');
	for (size_t i = 0; i < n; i++)
		add_quoted_byte(b, (unsigned char)s[i], i + 1 < n && s[i + 1] >= '0' && s[i + 1] <= '9');
	luaL_addchar(b, '"');
}

static void add_number_literal(lua_State *L, luaL_Buffer *b, int at)
{
	char text[64];
	lua_Number x = lua_tonumber(L, at);
	if (lua_isinteger(L, at)) {
		lua_Integer i = lua_tointeger(L, at);
		snprintf(text, sizeof text, i == LUA_MININTEGER ? "0x%llx" : "%lld", (long long)i);
	} else if (isinf(x))
		snprintf(text, sizeof text, "%s", x > 0 ? "1e9999" : "-1e9999");
	else if (isnan(x))
		snprintf(text, sizeof text, "(0/0)");
	else
		snprintf(text, sizeof text, "%a", x);
	luaL_addstring(b, text);
}

static void add_literal(lua_State *L, luaL_Buffer *b, int at)
{
	size_t n;
	const char *s;
	switch (lua_type(L, at)) {
	case LUA_TSTRING:
		s = lua_tolstring(L, at, &n);
		lh_sandbox_charge(L, (int64_t)(n / 4));
		add_quoted(b, s, n);
		break;
	case LUA_TNUMBER:
		add_number_literal(L, b, at);
		break;
	case LUA_TNIL:
	case LUA_TBOOLEAN:
		luaL_addstring(b, lua_isnil(L, at) ? "nil" : lua_toboolean(L, at) ? "true" : "false");
		break;
	default:
		luaL_argerror(L, at, "value has no literal form");
	}
}

/* ---- conversions ---- */

/* luaL_addvalue takes exactly one value, just above the buffer's own: so the text is built first. */
static void add_text(lua_State *L, luaL_Buffer *b, const struct spec *s, int at)
{
	size_t n;
	const char *text = lh_sandbox_text(L, at, &n);
	lh_lib_charge_bytes(L, n);
	if (s->precision >= 0 && n > (size_t)s->precision) {
		n = (size_t)s->precision;
		lua_pushlstring(L, text, n);
		lua_remove(L, -2);
	}
	if (n < (size_t)s->width) {
		char spaces[100];
		memset(spaces, ' ', sizeof spaces);
		lua_pushlstring(L, spaces, (size_t)s->width - n);
		if (!s->left)
			lua_insert(L, -2);
		lua_concat(L, 2);
	}
	luaL_addvalue(b);
}

static void add_integer(lua_State *L, luaL_Buffer *b, struct spec *s, int at, char letter)
{
	char text[256], ending[] = { 'l', 'l', letter, 0 };
	lua_Integer v = luaL_checkinteger(L, at);
	complete(s, ending);
	snprintf(text, sizeof text, s->text, (long long)v);
	luaL_addstring(b, text);
}

static void add_float(lua_State *L, luaL_Buffer *b, struct spec *s, int at, char letter)
{
	char text[512], ending[] = { letter, 0 };
	lua_Number v = luaL_checknumber(L, at);
	complete(s, ending);
	snprintf(text, sizeof text, s->text, v);
	luaL_addstring(b, text);
}

/* Flags that C defines for the conversion, and where a precision has a meaning too a dot. */
static const char *allowed(char letter)
{
	switch (letter) {
	case 'c': return "-";
	case 's': return "-.";
	case 'd': case 'i': return "-+0 .";
	case 'u': return "-0.";
	case 'o': case 'x': case 'X': return "-#0.";
	case 'a': case 'A': case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': return "-+#0 .";
	default: return NULL;
	}
}

static void check_spec(lua_State *L, struct spec *s, char letter)
{
	const char *allow = allowed(letter);
	s->text[s->n] = letter;
	if (letter == 'p')
		luaL_error(L, "'%%p' is not available in a policy: addresses differ from run to run");
	if (letter == 'q' && s->n > 1)
		luaL_error(L, "specifier '%%q' cannot have modifiers");
	if (letter != 'q' && (!allow || strspn(s->text + 1, allow) < s->flags || (s->precision >= 0 && !strchr(allow, '.'))))
		luaL_error(L, "invalid conversion '%s' to 'format'", s->text);
}

static void add_conversion(lua_State *L, luaL_Buffer *b, struct spec *s, int at, char letter)
{
	char c;
	check_spec(L, s, letter);
	switch (letter) {
	case 'c':
		c = (char)luaL_checkinteger(L, at);
		add_padded(b, s, &c, 1);
		break;
	case 'q':
		add_literal(L, b, at);
		break;
	case 's':
		add_text(L, b, s, at);
		break;
	case 'd': case 'i': case 'o': case 'u': case 'x': case 'X':
		add_integer(L, b, s, at, letter);
		break;
	default:
		add_float(L, b, s, at, letter);
	}
}

/* format(template, ...) [-0, +1, e] */
static int string_format(lua_State *L)
{
	size_t n;
	luaL_Buffer b;
	int at = 1, arguments = lua_gettop(L);
	const char *p = luaL_checklstring(L, 1, &n), *end = p + n;
	lh_lib_charge_bytes(L, n);
	luaL_buffinit(L, &b);
	while (p < end) {
		if (*p != '%' || *++p == '%') {
			luaL_addchar(&b, *p++);
			continue;
		}
		if (++at > arguments)
			return luaL_argerror(L, at, "no value");
		lh_sandbox_charge(L, 1);
		struct spec s = read_spec(L, &p);
		add_conversion(L, &b, &s, at, *p++);
	}
	luaL_pushresult(&b);
	return 1;
}

void lh_lib_format(lua_State *L)
{
	lua_pushcfunction(L, string_format);
	lua_setfield(L, -2, "format");
}
