/* Tools in the record: their numbers, and sums over results and calls by tool, so that what clearing them takes away is
 * known without a look at the messages. */
#include "transcript/store.h"

#include <stdlib.h>
#include <string.h>

uint8_t lh_transcript_tool(const struct lh_transcript *t, struct lh_str name)
{
	int n;
	const struct lh_tool *tool = lh_sample_tools(t->sample, &n);
	for (int i = 0; i < n; i++)
		if (lh_str_is(name, tool[i].name))
			return (uint8_t)i;
	return LH_TOOLS_MAX;
}

/* ---- series ---- */

/* The first place of the series at record index `index` or behind it. */
static uint32_t place(const struct lh_series *s, uint32_t index)
{
	uint32_t lo = 0, hi = s->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (s->at[mid] < index)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int append(struct lh_series *s, uint32_t index, uint64_t bytes, uint64_t count, struct lh_error *err)
{
	uint32_t cap = s->cap;
	int rc = lh_store_more(&s->at, &cap, s->n + 1, sizeof *s->at, err);
	if (!rc)
		rc = lh_store_more(&s->sum, &s->cap, s->n + 1, sizeof *s->sum, err);
	if (rc)
		return rc;
	struct lh_series_sum before = s->n ? s->sum[s->n - 1] : (struct lh_series_sum){ 0, 0 };
	s->at[s->n] = index;
	s->sum[s->n++] = (struct lh_series_sum){ before.bytes + bytes, before.count + count };
	return 0;
}

/* The sums of [from, to), added; the count of its members. */
static uint32_t add_range(const struct lh_series *s, uint32_t from, uint32_t to, struct lh_series_sum *sum)
{
	uint32_t a = place(s, from), b = place(s, to);
	if (a >= b)
		return 0;
	sum->bytes += s->sum[b - 1].bytes - (a ? s->sum[a - 1].bytes : 0);
	sum->count += s->sum[b - 1].count - (a ? s->sum[a - 1].count : 0);
	return b - a;
}

/* ---- what enters ---- */

static uint64_t lines_of(struct lh_str text)
{
	uint64_t n = 1;
	for (size_t i = 0; i + 1 < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static uint64_t digits_of(uint64_t n)
{
	uint64_t digits = 1;
	for (; n >= 10; n /= 10)
		digits++;
	return digits;
}

void lh_put_placeholder(struct lh_buf *b, struct lh_str placeholder, struct lh_str text)
{
	static const struct lh_str mark = { "{lines}", 7 };
	const char *at = memmem(placeholder.p, placeholder.n, mark.p, mark.n);
	if (!at) {
		lh_buf_put_str(b, placeholder);
		return;
	}
	size_t before = (size_t)(at - placeholder.p);
	lh_buf_put(b, placeholder.p, before);
	lh_buf_put_int(b, (int64_t)lines_of(text));
	lh_buf_put(b, at + mark.n, placeholder.n - before - mark.n);
}

/* The arguments of the calls of a message, in bytes. */
static int add_inputs(struct lh_transcript *t, uint32_t index, const struct lh_message *m, struct lh_error *err)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	uint64_t bytes = 0;
	int rc = lh_calls_open(&calls, lh_store_at(t, m->calls), err);
	while (!rc && lh_calls_next(&calls, &call))
		bytes += call.arguments.n > 2 ? call.arguments.n - 2 : 0;       /* "{}" stays */
	lh_calls_close(&calls);
	return rc ? rc : append(&t->tool[m->tool].inputs, index, bytes, m->bound, err);
}

int lh_store_traffic(struct lh_transcript *t, uint32_t index, const struct lh_message *m, struct lh_error *err)
{
	if (m->role != LH_TOOL) {
		t->latest_calls = index;
		return add_inputs(t, index, m, err);
	}
	struct lh_str text = lh_store_at(t, m->text);
	return append(&t->tool[m->tool].results, index, text.n, digits_of(lines_of(text)), err);
}

void lh_store_cut_traffic(struct lh_transcript *t, uint32_t index)
{
	t->latest_calls = 0;
	for (int i = 0; i < LH_TOOL_NUMBERS; i++) {
		struct lh_used_tool *u = &t->tool[i];
		u->results.n = place(&u->results, index);
		u->inputs.n = place(&u->inputs, index);
		if (u->inputs.n && u->inputs.at[u->inputs.n - 1] > t->latest_calls)
			t->latest_calls = u->inputs.at[u->inputs.n - 1];
	}
}

void lh_store_free_traffic(struct lh_transcript *t)
{
	for (int i = 0; i < LH_TOOL_NUMBERS; i++) {
		free(t->tool[i].results.at), free(t->tool[i].results.sum);
		free(t->tool[i].inputs.at), free(t->tool[i].inputs.sum);
	}
}

/* ---- looking ---- */

static bool spared(uint32_t bits, int tool) { return bits >> tool & 1; }

uint32_t lh_transcript_results(const struct lh_transcript *t, uint32_t spared_tools, uint32_t index)
{
	uint32_t n = 0;
	for (int i = 0; i < LH_TOOL_NUMBERS; i++)
		if (!spared(spared_tools, i))
			n += place(&t->tool[i].results, index);
	return n;
}

uint32_t lh_transcript_result_at(const struct lh_transcript *t, uint32_t spared_tools, uint32_t n)
{
	uint32_t lo = 0, hi = t->length;         /* the least index with n + 1 results up to and with it */
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (lh_transcript_results(t, spared_tools, mid + 1) < n + 1)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t lh_transcript_seen(const struct lh_transcript *t)
{
	bool unseen = lh_transcript_waiting(t) && t->latest_calls > lh_transcript_prompt_at(t);
	return unseen ? t->latest_calls : t->length;
}

void lh_transcript_cleared(const struct lh_transcript *t, uint32_t spared_tools, uint32_t from, uint32_t to, struct lh_cleared *out)
{
	struct lh_series_sum results = { 0, 0 }, inputs = { 0, 0 };
	*out = (struct lh_cleared){ 0 };
	for (int i = 0; i < LH_TOOL_NUMBERS; i++) {
		if (spared(spared_tools, i))
			continue;
		out->results += add_range(&t->tool[i].results, from, to, &results);
		out->inputs += add_range(&t->tool[i].inputs, from, to, &inputs);
	}
	out->result_bytes = results.bytes;
	out->line_digits = results.count;
	out->input_bytes = inputs.bytes;
	out->bound = inputs.count;
}
