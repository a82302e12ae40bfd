/* The reader of event streams, and how the pieces of an object are put together. */
#include "check.h"
#include "model/merge.h"
#include "model/sse.h"

/* Events as "name=data|name=data|". */
static const struct { const char *stream, *events; } cases[] = {
	{ "", "" },
	{ "\n\n\n", "" },
	{ ": a comment\n\n", "" },
	{ "data: 1\n\n", "=1|" },
	{ "data:1\n\n", "=1|" },
	{ "data:  1\n\n", "= 1|" },
	{ "data: 1\n\ndata: 2\n\n", "=1|=2|" },
	{ "data: 1\r\n\r\ndata: 2\r\n\r\n", "=1|=2|" },
	{ "data: 1\r\rdata: 2\r\r", "=1|=2|" },
	{ "event: a\ndata: 1\n\n", "a=1|" },
	{ "data: 1\nevent: a\n\n", "a=1|" },
	{ "event: a\n\ndata: 1\n\n", "=1|" },
	{ "data: 1\ndata: 2\ndata: 3\n\n", "=1\n2\n3|" },
	{ "data: 1\ndata\ndata: 3\n\n", "=1\n\n3|" },
	{ "data\n\n", "" },
	{ "id: 7\nretry: 10\ndata: 1\n\n", "=1|" },
	{ "database: 1\n\ndata: 2\n\n", "=2|" },
	{ ": OPENROUTER PROCESSING\n\ndata: 1\n\n: ping\n\ndata: [DONE]\n\n", "=1|=[DONE]|" },
	{ "data: 1\n\ndata: [DONE]", "=1|=[DONE]|" },
	{ "data: 1\n\ndata: {\"cut", "=1|={\"cut|" },
	{ "\xEF\xBB\xBF" "data: 1\n\n", "=1|" },
	{ "data: a:b\n\n", "=a:b|" },
};

static void test_events(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct lh_sse s;
		struct lh_sse_event e;
		struct lh_buf b;
		lh_buf_init(&b, 1 << 16);
		lh_sse_init(&s, lh_str_of(cases[i].stream));
		while (lh_sse_next(&s, &e))
			lh_buf_printf(&b, "%.*s=%.*s|", LH_ARG(e.name), LH_ARG(e.data));
		CHECK_TEXT(lh_buf_str(&b).p, cases[i].events);
		CHECK(!lh_sse_next(&s, &e));
		lh_sse_fini(&s);
		lh_buf_fini(&b);
	}
}

static void test_looks(void)
{
	static const struct { const char *text; bool is; } looks[] = {
		{ "data: 1", true }, { "\n\n event: x", true }, { ": hm", true }, { "{\"data\": 1}", false }, { "", false }, { "dat", false }, { "data", false },
		{ "<html>", false }, { "\xEF\xBB\xBF" "data:1", true } };
	for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
		CHECK_INT(lh_sse_is(lh_str_of(looks[i].text)), looks[i].is);
}

/* Differences, one a line, and what they make together. */
static const struct { const char *pieces, *whole; } merges[] = {
	{ "{\"a\":\"x\"}\n{\"a\":\"y\"}", "{\"a\":\"xy\"}" },
	{ "{\"role\":\"assistant\"}\n{\"role\":\"assistant\"}", "{\"role\":\"assistant\"}" },
	{ "{\"a\":null}\n{\"a\":\"y\"}\n{\"a\":null}", "{\"a\":\"y\"}" },
	{ "{\"a\":1}\n{\"a\":2}\n{\"b\":true}", "{\"a\":2,\"b\":true}" },
	{ "{\"o\":{\"a\":\"1\"}}\n{\"o\":{\"a\":\"2\",\"b\":[]}}", "{\"o\":{\"a\":\"12\",\"b\":[]}}" },
	{ "{\"l\":[{\"index\":0,\"t\":\"a\"}]}\n{\"l\":[{\"index\":1,\"t\":\"b\"}]}\n{\"l\":[{\"index\":0,\"t\":\"c\"}]}",
		"{\"l\":[{\"index\":0,\"t\":\"ac\"},{\"index\":1,\"t\":\"b\"}]}" },
	{ "{\"l\":[{\"id\":\"p\",\"t\":\"a\"}]}\n{\"l\":[{\"id\":\"q\",\"t\":\"b\"}]}\n{\"l\":[{\"id\":\"p\",\"t\":\"c\"}]}\n{\"l\":[{\"t\":\"d\"}]}",
		"{\"l\":[{\"id\":\"p\",\"t\":\"ac\"},{\"id\":\"q\",\"t\":\"bd\"}]}" },
	{ "{\"l\":[{\"type\":\"a\",\"t\":\"1\"}]}\n{\"l\":[{\"type\":\"a\",\"t\":\"2\"}]}\n{\"l\":[{\"type\":\"b\",\"t\":\"3\"}]}",
		"{\"l\":[{\"type\":\"a\",\"t\":\"12\"},{\"type\":\"b\",\"t\":\"3\"}]}" },
	/* parts that go on as text, and text that goes on as parts */
	{ "{\"c\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"h\"}]}]}\n{\"c\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"m\"}]}]}\n{\"c\":\"4\"}\n{\"c\":\"2\"}",
		"{\"c\":[{\"type\":\"thinking\",\"thinking\":[{\"type\":\"text\",\"text\":\"hm\"}]},{\"type\":\"text\",\"text\":\"42\"}]}" },
	{ "{\"c\":\"4\"}\n{\"c\":[{\"type\":\"text\",\"text\":\"2\"}]}", "{\"c\":[{\"type\":\"text\",\"text\":\"42\"}]}" },
	{ "{\"c\":\"\"}\n{\"c\":[]}", "{\"c\":[]}" },
	{ "{\"a\":{\"b\":1}}\n{\"a\":\"x\"}\n{\"a\":{\"c\":2}}", "{\"a\":{\"c\":2}}" },
};

static void test_merge(void)
{
	for (size_t i = 0; i < sizeof merges / sizeof *merges; i++) {
		struct lh_merge *m = lh_merge_new();
		struct lh_buf b;
		struct lh_jw w;
		for (const char *p = merges[i].pieces; *p;) {
			struct lh_json *j;
			struct lh_error err = { 0 };
			size_t n = strcspn(p, "\n");
			CHECK_INT(lh_json_parse((struct lh_str){ p, n }, "piece", 1, &j, &err), 0);
			CHECK(lh_merge_add(m, j));
			lh_json_free(j);
			p += p[n] ? n + 1 : n;
		}
		lh_buf_init(&b, 1 << 16);
		lh_jw_init(&w, &b, false);
		lh_merge_write(m, &w);
		CHECK_TEXT(lh_buf_str(&b).p, merges[i].whole);
		lh_buf_fini(&b);
		lh_merge_free(m);
	}
}

int main(void)
{
	test_events();
	test_looks();
	test_merge();
	return check_done();
}
