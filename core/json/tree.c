#include "json/tree.h"

#include "json/scan.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* Nothing is checked here, and no end is looked for but that of a number, which may be all there is: the scan has. */
struct tree {
	const char *p, *end;             /* what is read next */
	cJSON *node;                     /* where the next node goes, and the next string */
	char *text;
};

static void skip_space(struct tree *t)
{
	while (*t->p == ' ' || *t->p == '\t' || *t->p == '\n' || *t->p == '\r')
		t->p++;
}

/* ---- strings ---- */

static uint32_t take_hex(struct tree *t)
{
	uint32_t v = 0;
	for (int i = 0; i < 4; i++, t->p++) {
		char c = *t->p;
		v = v << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
	}
	return v;
}

static void put(struct tree *t, uint32_t byte) { *t->text++ = (char)(unsigned char)byte; }

static void put_character(struct tree *t, uint32_t c)
{
	if (c < 0x80) {
		put(t, c);
		return;
	}
	if (c < 0x800) {
		put(t, 0xC0 | c >> 6);
	} else {
		if (c < 0x10000) {
			put(t, 0xE0 | c >> 12);
		} else {
			put(t, 0xF0 | c >> 18);
			put(t, 0x80 | (c >> 12 & 0x3F));
		}
		put(t, 0x80 | (c >> 6 & 0x3F));
	}
	put(t, 0x80 | (c & 0x3F));
}

/* From the backslash on. */
static void take_escape(struct tree *t)
{
	char c = t->p[1];
	t->p += 2;
	if (c == 'u') {
		uint32_t unit = take_hex(t);
		if (unit >= 0xD800 && unit < 0xE000) {
			t->p += 2;               /* of two halves, this is the first */
			unit = 0x10000 + ((unit - 0xD800) << 10) + (take_hex(t) - 0xDC00);
		}
		put_character(t, unit);
		return;
	}
	put(t, (unsigned char)(c == 'b' ? '\b' : c == 'f' ? '\f' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c));
}

static const char *next_quote(const struct tree *t)
{
	return memchr(t->p, '"', (size_t)(t->end - t->p));
}

/* Unescaped a string takes less than it did in the text, quotes and all, so strings fit in the text's length. */
static char *take_string(struct tree *t)
{
	char *start = t->text;
	t->p++;
	for (const char *quote = next_quote(t);;) {
		const char *slash = memchr(t->p, '\\', (size_t)(quote - t->p)), *stop = slash ? slash : quote;
		memcpy(t->text, t->p, (size_t)(stop - t->p));
		t->text += stop - t->p;
		t->p = stop;
		if (!slash)
			break;
		take_escape(t);
		if (t->p > quote)                /* that one was escaped */
			quote = next_quote(t);
	}
	t->p++;
	*t->text++ = 0;
	return start;
}

/* ---- numbers ---- */

static bool of_number(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* strtod reads the point that the locale writes. */
static double take_any_number(struct tree *t)
{
	char copy[LH_SCAN_NUMBER_MAX + 1], point = *localeconv()->decimal_point;
	size_t n = 0;
	for (; t->p < t->end && of_number(*t->p); t->p++)
		copy[n++] = *t->p == '.' ? point : *t->p;
	copy[n] = 0;
	return strtod(copy, NULL);
}

#define EXACT_DIGITS 15              /* any so many are a double without rounding */

/* Most numbers are short and whole. */
static double take_number(struct tree *t)
{
	const char *p = t->p + (*t->p == '-'), *from = p;
	int64_t v = 0;
	while (p < t->end && *p >= '0' && *p <= '9' && p - from <= EXACT_DIGITS)
		v = 10 * v + (*p++ - '0');
	if (p - from > EXACT_DIGITS || (p < t->end && of_number(*p)))
		return take_any_number(t);
	bool minus = *t->p == '-';
	t->p = p;
	return minus ? -(double)v : (double)v;       /* -0 keeps its sign */
}

/* ---- values ---- */

static cJSON *take_value(struct tree *t);

static void take_children(struct tree *t, cJSON *parent, char close)
{
	cJSON **at = &parent->child;
	t->p++;
	for (skip_space(t); *t->p != close; skip_space(t)) {
		char *key = NULL;
		if (*t->p == ',') {
			t->p++;
			continue;
		}
		if (close == '}') {
			key = take_string(t);
			skip_space(t);
			t->p++;                  /* the colon */
			skip_space(t);
		}
		*at = take_value(t);
		(*at)->string = key;
		at = &(*at)->next;
	}
	t->p++;
}

static int take_word(struct tree *t)
{
	int type = *t->p == 't' ? cJSON_True : *t->p == 'f' ? cJSON_False : cJSON_NULL;
	t->p += type == cJSON_False ? 5 : 4;
	return type;
}

/* Recursion is bounded: the scan has refused more than LH_JSON_DEPTH levels. */
static cJSON *take_value(struct tree *t)
{
	cJSON *node = t->node++;
	*node = (cJSON){ .type = cJSON_Number };
	switch (*t->p) {
	case '{':
		node->type = cJSON_Object;
		take_children(t, node, '}');
		break;
	case '[':
		node->type = cJSON_Array;
		take_children(t, node, ']');
		break;
	case '"':
		node->type = cJSON_String;
		node->valuestring = take_string(t);
		break;
	case 't': case 'f': case 'n':
		node->type = take_word(t);
		break;
	default:
		node->valuedouble = take_number(t);
	}
	return node;
}

cJSON *lh_tree_build(struct lh_str text, size_t values)
{
	cJSON *nodes = malloc(values * sizeof *nodes + text.n);
	if (!nodes)
		return NULL;
	struct tree t = { .p = text.p, .end = text.p + text.n, .node = nodes, .text = (char *)(nodes + values) };
	skip_space(&t);
	return take_value(&t);
}
