#include "inspect/log_read.h"

#include <string.h>

#define TOKENS_MAX 1000000000            /* of a call, as replies files have it */

bool lh_log_is(const struct lh_json *object, const char *key, const char *text)
{
	return lh_str_is(lh_json_str(lh_json_get(object, key)), text);
}

/* ---- texts ---- */

/* Long texts of events may stand in the sample's attachments, under a hash. */
static struct lh_str attached(struct lh_str s, const struct lh_json *sample)
{
	static const char lead[] = "attachment://";
	char key[80];
	size_t n = sizeof lead - 1;
	if (s.n <= n || s.n - n >= sizeof key || memcmp(s.p, lead, n))
		return s;
	memcpy(key, s.p + n, s.n - n);
	key[s.n - n] = 0;
	const struct lh_json *found = lh_json_get(lh_json_get(sample, "attachments"), key);
	return lh_json_type(found) == LH_JSON_STRING ? lh_json_str(found) : s;
}

void lh_log_put_text(struct lh_buf *b, const struct lh_json *message, const struct lh_json *sample, bool thoughts)
{
	const struct lh_json *content = lh_json_get(message, "content");
	const char *type = thoughts ? "reasoning" : "text";
	bool some = false;
	if (lh_json_type(content) == LH_JSON_STRING && !thoughts)
		lh_buf_put_str(b, attached(lh_json_str(content), sample));
	if (lh_json_type(content) != LH_JSON_ARRAY)
		return;
	for (const struct lh_json *part = lh_json_first(content); part; part = lh_json_next(part)) {
		if (!lh_log_is(part, "type", type))
			continue;
		if (some)
			lh_buf_putc(b, '\n');
		lh_buf_put_str(b, attached(lh_json_str(lh_json_get(part, type)), sample));
		some = true;
	}
}

/* ---- what events say of replies ---- */

static const char *finish_of(const struct lh_json *choice)
{
	static const char *const words[][2] = { { "max_tokens", "length" }, { "model_length", "length" }, { "content_filter", "refusal" }, { "unknown", "other" } };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (lh_log_is(choice, "stop_reason", words[i][0]))
			return words[i][1];
	return "stop";
}

static const struct lh_json *choice_of(const struct lh_json *event)
{
	return lh_json_first(lh_json_get(lh_json_get(event, "output"), "choices"));
}

const struct lh_json *lh_log_event_message(const struct lh_json *event)
{
	const struct lh_json *m = lh_json_get(choice_of(event), "message");
	return lh_json_type(m) == LH_JSON_OBJECT ? m : NULL;
}

static int64_t count(const struct lh_json *usage, const char *name)
{
	int64_t n;
	return lh_json_int(lh_json_get(usage, name), &n) && n > 0 ? n < TOKENS_MAX ? n : TOKENS_MAX : 0;
}

static void add(int64_t *to, int64_t n, int64_t most)
{
	*to = (*to < 0 ? 0 : *to) + n;
	*to = *to < most ? *to : most;
}

void lh_log_read_event(const struct lh_json *event, struct lh_log_said *s)
{
	const struct lh_json *output = lh_json_get(event, "output"), *usage = lh_json_get(output, "usage");
	s->finish = finish_of(choice_of(event));
	s->model = lh_json_str(lh_json_get(event, "model"));
	if (lh_json_type(usage) != LH_JSON_OBJECT)
		return;
	int64_t cached = count(usage, "input_tokens_cache_read");
	add(&s->in, count(usage, "input_tokens") + cached + count(usage, "input_tokens_cache_write"), TOKENS_MAX);
	add(&s->cached, cached, s->in);
	add(&s->out, count(usage, "output_tokens"), TOKENS_MAX);
	add(&s->reasoning, count(usage, "reasoning_tokens"), s->out);
}

int lh_log_add_said(struct lh_log_talk *t, struct lh_log_said **out, struct lh_error *err)
{
	int rc = lh_array_more(&t->said, &t->cap, t->saids + 1, sizeof *t->said, err);
	if (rc)
		return rc;
	*out = &t->said[t->saids++];
	**out = (struct lh_log_said){ .finish = "stop", .in = -1, .cached = -1, .out = -1, .reasoning = -1 };
	return 0;
}

/* ---- a log of our own ---- */

static int read_call(struct lh_log_talk *t, const struct lh_json *sample, const struct lh_json *event, struct lh_error *err)
{
	const struct lh_json *own = lh_json_get(event, "metadata"), *message = lh_log_event_message(event);
	struct lh_log_said *s;
	int64_t turn, call;
	if (!lh_json_int(lh_json_get(own, "turn"), &turn) || !lh_json_int(lh_json_get(own, "call"), &call) || turn < 1 || turn > t->turns || call < 0 || call > 100000)
		return lh_fail(err, LH_E_DATA, "a model event has no \"turn\" and \"call\" in its metadata, which longhaul writes there");
	int rc = lh_log_add_said(t, &s, err);
	if (rc)
		return rc;
	lh_log_read_event(event, s);
	s->turn = (uint32_t)turn;
	s->call = (uint32_t)call;
	s->estimated = lh_json_type(lh_json_get(own, "counted")) == LH_JSON_BOOL && !lh_json_bool(lh_json_get(own, "counted"));
	s->text.at = t->words.n;
	lh_log_put_text(&t->words, message, sample, false);
	s->text.n = t->words.n - s->text.at;
	s->thoughts.at = t->words.n;
	lh_log_put_text(&t->words, message, sample, true);
	s->thoughts.n = t->words.n - s->thoughts.at;
	s->calls = lh_json_get(message, "tool_calls");
	if (!message)
		s->error = lh_log_is(own, "failure", "overflow") ? LH_STR("overflow") : lh_json_str(lh_json_get(event, "error"));
	if (!message && !s->error.n)
		s->error = LH_STR("no reply");
	if (lh_json_bool(lh_json_get(own, "accepted")) && s->turn == t->whole + 1)
		t->whole = s->turn;
	return lh_buf_ok(&t->words, err);
}

int lh_log_read_calls(struct lh_log_talk *t, const struct lh_json *sample, struct lh_error *err)
{
	int rc = 0;
	for (const struct lh_json *e = lh_json_first(lh_json_get(sample, "events")); e && !rc; e = lh_json_next(e))
		if (lh_log_is(e, "event", "model"))
			rc = read_call(t, sample, e, err);
	return rc;
}
