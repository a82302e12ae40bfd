#include "net/url.h"

#include "net/http.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define URL_MOST 4096

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool is_name(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.'; }

static const char *bad_characters(const char *text)
{
	size_t n = 0;
	for (const unsigned char *p = (const unsigned char *)text; *p; p++, n++) {
		if (*p <= ' ' || *p == 0x7f)
			return "it holds blanks or control characters";
		if (*p >= 0x80)
			return "it holds characters outside ASCII; write the host as xn--, the rest in percent signs";
		if (*p == '\\')
			return "it holds a backslash";
		if (*p == '#')
			return "it has a part after #, which is not sent";
	}
	return n > URL_MOST ? "it is longer than 4096 bytes" : NULL;
}

/* The host's end, NULL: it is none. */
static const char *host_end(const char *p, const char *end, struct lh_url *out)
{
	out->ipv6 = p < end && *p == '[';
	const char *start = p += out->ipv6;
	while (p < end && (out->ipv6 ? is_hex(*p) || *p == ':' || *p == '.' : is_name(*p)))
		p++;
	out->host = (struct lh_str){ start, (size_t)(p - start) };
	if (p == start || out->host.n > 255)
		return NULL;
	if (!out->ipv6)
		return p;
	return p < end && *p == ']' && lh_url_numeric(out) ? p + 1 : NULL;
}

static bool good_port(const char *p, const char *end)
{
	if (p == end)
		return true;
	int64_t port;
	struct lh_str digits = { p + 1, (size_t)(end - p - 1) };
	return *p == ':' && digits.n && is_digit(digits.p[0]) && lh_str_to_int(digits, &port) && port >= 1 && port <= 65535;
}

const char *lh_url_read(const char *text, struct lh_url *out)
{
	*out = (struct lh_url){ 0 };
	const char *bad = text ? bad_characters(text) : "there is none";
	if (bad)
		return bad;
	out->https = strncasecmp(text, "https://", 8) == 0;
	if (!out->https && strncasecmp(text, "http://", 7) != 0)
		return "it does not begin with http:// or https://";
	const char *p = text + (out->https ? 8 : 7), *end = p + strcspn(p, "/?");
	if (memchr(p, '@', (size_t)(end - p)))
		return "it carries a user name or password; a key belongs in a variable of the environment or a file";
	const char *behind = host_end(p, end, out);
	if (!behind)
		return end == p || *p == ':' ? "it names no host" : "its host is none";
	if (!good_port(behind, end))
		return "its port is no number from 1 to 65535";
	out->place = (struct lh_str){ p, (size_t)(end - p) };
	return NULL;
}

bool lh_url_numeric(const struct lh_url *u)
{
	char text[64];
	unsigned char address[16];
	if (u->host.n >= sizeof text)
		return false;
	memcpy(text, u->host.p, u->host.n);
	text[u->host.n] = 0;
	if (u->ipv6)
		return inet_pton(AF_INET6, text, address) == 1;
	return inet_pton(AF_INET, text, address) == 1 || strcasecmp(text, "localhost") == 0;
}

bool lh_url_host(const char *url, bool *https, struct lh_str *host)
{
	struct lh_url u;
	bool good = !lh_url_read(url, &u);
	*https = good && u.https;
	*host = good ? u.host : (struct lh_str){ "", 0 };
	return good;
}
