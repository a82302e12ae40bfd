#include "ms_ask.h"

#include "base/hash.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TURN_MAX 10000000u
#define SEAL "lh1."

/* ---- thoughts ---- */

void ms_sign(struct lh_str thoughts, char out[17])
{
	snprintf(out, 17, "%016" PRIx64, lh_hash(0x7369676e, thoughts));
}

void ms_seal(struct lh_buf *b, struct lh_str thoughts)
{
	static const char hex[] = "0123456789abcdef";
	char sign[17];
	ms_sign(thoughts, sign);
	lh_buf_puts(b, SEAL);
	lh_buf_puts(b, sign);
	lh_buf_putc(b, '.');
	for (size_t i = 0; i < thoughts.n; i++) {
		lh_buf_putc(b, hex[(unsigned char)thoughts.p[i] >> 4]);
		lh_buf_putc(b, hex[(unsigned char)thoughts.p[i] & 15]);
	}
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int check_sign(struct lh_str thoughts, struct lh_str sign, struct lh_error *err)
{
	char right[17];
	ms_sign(thoughts, right);
	if (!lh_str_is(sign, right))
		return lh_fail(err, LH_E_DATA, "the signature of a thinking block is not the one that was given with it");
	return 0;
}

/* The thoughts in a sealed text, put into words. */
static int unseal(struct ms_ask *a, struct lh_str sealed, struct lh_str *out, struct lh_error *err)
{
	size_t head = sizeof SEAL - 1 + 17;
	if (sealed.n < head || memcmp(sealed.p, SEAL, sizeof SEAL - 1) || (sealed.n - head) % 2)
		return lh_fail(err, LH_E_DATA, "encrypted_content is not what was given");
	size_t from = a->words.n;
	for (size_t i = head; i < sealed.n; i += 2) {
		int hi = digit(sealed.p[i]), lo = digit(sealed.p[i + 1]);
		if (hi < 0 || lo < 0)
			return lh_fail(err, LH_E_DATA, "encrypted_content is not what was given");
		lh_buf_putc(&a->words, (char)(hi << 4 | lo));
	}
	*out = (struct lh_str){ a->words.p + from, a->words.n - from };
	return check_sign(*out, (struct lh_str){ sealed.p + sizeof SEAL - 1, 16 }, err);
}

/* ---- messages ---- */

static int add(struct ms_ask *a, enum lh_role role, struct lh_str text, struct lh_str thoughts, struct lh_error *err)
{
	int rc = lh_array_more(&a->part, &a->cap, a->parts + 1, sizeof *a->part, err);
	if (!rc)
		a->part[a->parts++] = (struct ms_part){ role, text, thoughts };
	return rc;
}

/* Puts s behind what `joined` holds, which ends where words ends; the first one is only borrowed. */
static void join(struct ms_ask *a, struct lh_str *joined, struct lh_str s)
{
	if (!joined->n) {
		*joined = s;
		return;
	}
	if (!s.n)
		return;
	if (joined->p + joined->n != a->words.p + a->words.n) {
		size_t from = a->words.n;
		lh_buf_put_str(&a->words, *joined);
		joined->p = a->words.p + from;
	}
	lh_buf_put_str(&a->words, s);
	if (!a->words.failed)
		joined->n += s.n;
}

static struct lh_str text_of(const struct lh_json *node, const char *key)
{
	return lh_json_str(lh_json_get(node, key));
}

static bool is_text(struct lh_str type)
{
	return lh_str_is(type, "text") || lh_str_is(type, "input_text") || lh_str_is(type, "output_text");
}

struct said { struct lh_str text, thoughts; };

/* Text blocks of users and of the system are messages of their own, an assistant's are one text. */
static int take_block(struct ms_ask *a, enum lh_role role, const struct lh_json *block, struct said *said, struct lh_error *err)
{
	struct lh_str type = text_of(block, "type");
	if (is_text(type) && role != LH_ASSISTANT)
		return add(a, role, text_of(block, "text"), LH_STR(""), err);
	if (is_text(type))
		join(a, &said->text, text_of(block, "text"));
	else if (lh_str_is(type, "refusal"))
		join(a, &said->text, text_of(block, "refusal"));
	else if (lh_str_is(type, "thinking") && role == LH_ASSISTANT) {
		join(a, &said->thoughts, text_of(block, "thinking"));
		return check_sign(text_of(block, "thinking"), text_of(block, "signature"), err);
	} else
		return lh_fail(err, LH_E_DATA, "this server knows no content of type '%.*s'", LH_ARG(type));
	return 0;
}

static int take_content(struct ms_ask *a, enum lh_role role, const struct lh_json *content, struct said *said, struct lh_error *err)
{
	enum lh_json_type type = lh_json_type(content);
	if (type == LH_JSON_NULL || (type == LH_JSON_NONE && role == LH_ASSISTANT))
		return 0;
	if (type == LH_JSON_STRING) {
		if (role != LH_ASSISTANT)
			return add(a, role, lh_json_str(content), LH_STR(""), err);
		join(a, &said->text, lh_json_str(content));
		return 0;
	}
	if (type != LH_JSON_ARRAY)
		return lh_fail(err, LH_E_DATA, "content must be a string or a list");
	for (const struct lh_json *b = lh_json_first(content); b; b = lh_json_next(b)) {
		int rc = take_block(a, role, b, said, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int role_of(struct lh_str name, enum lh_role *out, struct lh_error *err)
{
	if (lh_str_is(name, "system") || lh_str_is(name, "developer"))
		*out = LH_SYSTEM;
	else if (lh_str_is(name, "user"))
		*out = LH_USER;
	else if (lh_str_is(name, "assistant"))
		*out = LH_ASSISTANT;
	else
		return lh_fail(err, LH_E_DATA, "a message of the role '%.*s'", LH_ARG(name));
	return 0;
}

static int take_message(struct ms_ask *a, const struct lh_json *m, struct lh_error *err)
{
	enum lh_role role = LH_USER;
	int rc = role_of(text_of(m, "role"), &role, err);
	struct said said = { LH_STR(""), a->thoughts };
	if (!rc)
		rc = take_content(a, role, lh_json_get(m, "content"), &said, err);
	if (rc || role != LH_ASSISTANT)
		return rc;
	a->thoughts = LH_STR("");
	join(a, &said.text, text_of(m, "refusal"));
	join(a, &said.thoughts, text_of(m, "reasoning_content"));
	join(a, &said.thoughts, text_of(m, "reasoning"));
	return add(a, LH_ASSISTANT, said.text, said.thoughts, err);
}

/* A reasoning item belongs to the message behind it. */
static int take_reasoning(struct ms_ask *a, const struct lh_json *item, struct lh_error *err)
{
	struct lh_str sealed = text_of(item, "encrypted_content"), said = LH_STR(""), thoughts;
	const struct lh_json *s = lh_json_first(lh_json_get(item, "summary"));
	for (; s; s = lh_json_next(s))
		join(a, &said, text_of(s, "text"));
	int rc = unseal(a, sealed, &thoughts, err);
	if (!rc && said.n && !lh_str_equal(said, thoughts))
		rc = lh_fail(err, LH_E_DATA, "the summary of a reasoning item is not what encrypted_content holds");
	if (!rc)
		a->thoughts = thoughts;
	return rc;
}

static int take_item(struct ms_ask *a, const struct lh_json *item, struct lh_error *err)
{
	struct lh_str type = text_of(item, "type");
	if (lh_str_is(type, "reasoning"))
		return take_reasoning(a, item, err);
	if (type.n && !lh_str_is(type, "message"))
		return lh_fail(err, LH_E_DATA, "this server knows no item of type '%.*s'", LH_ARG(type));
	return take_message(a, item, err);
}

/* A list under `key`, or one string, which is the user's. */
static int take_messages(struct ms_ask *a, const char *key, struct lh_error *err)
{
	const struct lh_json *list = lh_json_get(a->json, key);
	if (lh_json_type(list) == LH_JSON_STRING && a->format == MS_RESPONSES)
		return add(a, LH_USER, lh_json_str(list), LH_STR(""), err);
	if (lh_json_type(list) != LH_JSON_ARRAY)
		return lh_fail(err, LH_E_DATA, "'%s' must be a list", key);
	for (const struct lh_json *m = lh_json_first(list); m; m = lh_json_next(m)) {
		int rc = take_item(a, m, err);
		if (rc)
			return rc;
	}
	return a->thoughts.n ? add(a, LH_ASSISTANT, LH_STR(""), a->thoughts, err) : 0;
}

/* ---- which call it is ---- */

/* Digits, or a JSON integer. */
static bool number(const struct lh_json *node, uint64_t *out)
{
	int64_t small;
	char text[32];
	struct lh_str s = lh_json_str(node);
	if (lh_json_type(node) == LH_JSON_NUMBER && lh_json_int(node, &small) && small >= 0) {
		*out = (uint64_t)small;
		return true;
	}
	if (!s.n || s.n >= sizeof text || strspn(s.p, "0123456789") != s.n)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	errno = 0;
	*out = strtoull(text, NULL, 10);
	return errno == 0;
}

static int place(struct ms_ask *a, uint64_t turn, uint64_t call, struct lh_error *err)
{
	if (turn < 1 || turn > TURN_MAX || call > UINT32_MAX)
		return lh_fail(err, LH_E_DATA, "metadata: turns count from 1, calls from 0");
	a->turn = (uint32_t)turn;
	a->call = (uint32_t)call;
	return 0;
}

static int metadata_missing(struct lh_error *err, const char *how)
{
	return lh_fail(err, LH_E_DATA, "the simulated model must be told which call this is: %s", how);
}

static int take_metadata(struct ms_ask *a, struct lh_error *err)
{
	const struct lh_json *m = lh_json_get(a->json, "metadata");
	uint64_t turn, call = 0;
	const struct lh_json *c = lh_json_get(m, "call");
	if (!number(lh_json_get(m, "seed"), &a->seed) || !number(lh_json_get(m, "sample"), &a->sample)
		|| !number(lh_json_get(m, "turn"), &turn) || (c && !number(c, &call)))
		return metadata_missing(err, "metadata {\"seed\": \"1\", \"sample\": \"0\", \"turn\": \"1\", \"call\": \"0\"}");
	return place(a, turn, call, err);
}

static int take_user_id(struct ms_ask *a, struct lh_error *err)
{
	struct lh_str id = text_of(lh_json_get(a->json, "metadata"), "user_id");
	uint64_t turn, call;
	char text[128], more;
	snprintf(text, sizeof text, "%.*s", LH_ARG(id));
	if (sscanf(text, "longhaul:%" SCNu64 ":%" SCNu64 ":%" SCNu64 ":%" SCNu64 "%c", &a->seed, &a->sample, &turn, &call, &more) != 4)
		return metadata_missing(err, "metadata {\"user_id\": \"longhaul:SEED:SAMPLE:TURN:CALL\"}");
	return place(a, turn, call, err);
}

static void take_options(struct ms_ask *a)
{
	static const char *const limits[] = { "max_completion_tokens", "max_output_tokens", "max_tokens" };
	for (int i = 0; i < 3 && !a->options.max_tokens; i++)
		if (!lh_json_int(lh_json_get(a->json, limits[i]), &a->options.max_tokens) || a->options.max_tokens < 0)
			a->options.max_tokens = 0;
	a->stream = lh_json_bool(lh_json_get(a->json, "stream"));
	a->model = text_of(a->json, "model");
}

int ms_ask_parse(struct ms_ask *a, enum ms_format format, struct lh_str body, struct lh_error *err)
{
	*a = (struct ms_ask){ .format = format };
	lh_buf_init(&a->words, 2 * body.n + 1);
	if (!lh_buf_reserve(&a->words, 2 * body.n + 1))
		return lh_nomem(err);
	int rc = lh_json_parse(body, "request", 1, &a->json, err);
	if (rc)
		return rc;
	take_options(a);
	rc = format == MS_ANTHROPIC ? take_user_id(a, err) : take_metadata(a, err);
	struct said none = { LH_STR(""), LH_STR("") };
	const struct lh_json *system = lh_json_get(a->json, format == MS_ANTHROPIC ? "system" : "instructions");
	if (!rc && format != MS_CHAT && system)
		rc = take_content(a, LH_SYSTEM, system, &none, err);
	if (!rc)
		rc = take_messages(a, format == MS_RESPONSES ? "input" : "messages", err);
	return rc ? rc : lh_buf_ok(&a->words, err);
}

void ms_ask_fini(struct ms_ask *a)
{
	lh_json_free(a->json);
	lh_buf_fini(&a->words);
	free(a->part);
}
