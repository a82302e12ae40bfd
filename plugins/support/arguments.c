#include "support/arguments.h"

#include <string.h>

/* ---- in ---------------------------------------------------------------------------------------- */

static int hex(const char *p)
{
	int v = 0;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		v = v * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
	}
	return v;
}

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80)
		return out[0] = (char)c, 1;
	if (c < 0x800)
		return out[0] = (char)(0xC0 | c >> 6), out[1] = (char)(0x80 | (c & 63)), 2;
	if (c < 0x10000)
		return out[0] = (char)(0xE0 | c >> 12), out[1] = (char)(0x80 | (c >> 6 & 63)), out[2] = (char)(0x80 | (c & 63)), 3;
	return out[0] = (char)(0xF0 | c >> 18), out[1] = (char)(0x80 | (c >> 12 & 63)), out[2] = (char)(0x80 | (c >> 6 & 63)),
		out[3] = (char)(0x80 | (c & 63)), 4;
}

/* One character of a string at *p, decoded; the bytes it makes. The JSON is known to be sound. */
static size_t character(const char **p, char out[4])
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	if (**p != '\\') {
		out[0] = *(*p)++;
		return 1;
	}
	char c = (*p)[1];
	*p += 2;
	if (c != 'u')
		return out[0] = (at = strchr(from, c)) ? to[at - from] : c, 1;
	uint32_t u = (uint32_t)hex(*p);
	*p += 4;
	if (u >= 0xD800 && u < 0xDC00) {
		u = 0x10000 + ((u - 0xD800) << 10) + ((uint32_t)hex(*p + 2) - 0xDC00);
		*p += 6;
	}
	return put_utf8(out, u);
}

/* Past the string that begins at p, its quotes included. */
static const char *past_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\';
	return p + 1;
}

/* Bytes of a text that was cut off, without half a character at its end. */
static size_t whole_characters(const char *text, size_t n)
{
	size_t at = n;
	while (at && ((unsigned char)text[at - 1] & 0xC0) == 0x80)
		at--;
	if (!at || (unsigned char)text[at - 1] < 0xC0)
		return n;
	unsigned char lead = (unsigned char)text[at - 1];
	size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
	return n - at + 1 < length ? at - 1 : n;
}

bool fam_argument_text(struct lh_text arguments, const char *name, char *out, size_t size)
{
	const char *p = arguments.bytes, *end = p + arguments.size;
	size_t length = strlen(name), n = 0;
	int depth = 0;
	for (bool key = false; p < end; p++) {
		if (*p == '{' || *p == '[')
			key = ++depth == 1;
		else if (*p == '}' || *p == ']')
			depth--;
		else if (*p == ',' && depth == 1)
			key = true;
		if (*p != '"')
			continue;
		const char *begin = p + 1;
		p = past_string(p, end) - 1;
		bool found = key && depth == 1 && (size_t)(p - begin) == length && !memcmp(begin, name, length) && p + 2 < end && p[2] == '"';
		key = false;
		if (!found)
			continue;
		for (p += 3; p < end && *p != '"';) {
			char c[4];
			size_t bytes = character(&p, c);
			if (n + bytes >= size) {
				n = whole_characters(out, n);
				break;
			}
			memcpy(out + n, c, bytes);
			n += bytes;
		}
		out[n] = 0;
		return true;
	}
	return false;
}

/* ---- out --------------------------------------------------------------------------------------- */

static void put_escaped(const struct lh_host *host, struct lh_sink *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20) {
			fam_putf(host, out, "\\u%04x", (unsigned)*p);
			continue;
		}
		if (*p == '"' || *p == '\\')
			host->put(out, "\\", 1);
		host->put(out, p, 1);
	}
}

void fam_put_json_text(const struct lh_host *host, struct lh_sink *out, const char *text)
{
	host->put(out, "\"", 1);
	put_escaped(host, out, text);
	host->put(out, "\"", 1);
}

int32_t fam_no_such(const struct lh_host *host, struct lh_sink *out, const char *kind, const char *name)
{
	fam_putf(host, out, "{\"error\": \"there is no %s ", kind);
	put_escaped(host, out, name);
	fam_put(host, out, "\"}");
	return LH_TASK_REFUSED;
}

int32_t fam_put_need(const struct lh_host *host, struct lh_sink *out, const char *tool, const char *argument, const char *text)
{
	fam_putf(host, out, "[{\"name\": \"%s\", \"arguments\": {\"%s\": ", tool, argument);
	fam_put_json_text(host, out, text);
	fam_put(host, out, "}}]");
	return LH_TASK_OK;
}
