/* An agent's lines against any bytes: each is taken apart, and what becomes of an answer is decoded into a
 * reply that is whole or none. The input is also decoded as an exchange's body, and split as a command. */
#include "base/utf8.h"
#include "model/process.h"
#include "net/pool_lines.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_BYTES (64u << 20)

static void require(bool fact)
{
	if (!fact)
		abort();
}

static bool well_formed(const struct lh_buf *b) { return lh_utf8_bad_at(lh_buf_str(b)) == b->n; }

static bool printable(const struct lh_buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if ((unsigned char)b->p[i] < ' ' || b->p[i] == 0x7F)
			return false;
	return well_formed(b);
}

static void check_decode(struct lh_model *m, struct lh_str body)
{
	struct lh_exchange x = { .status = 200, .body = body, .should_retry = -1, .retry_after_us = -1 };
	struct lh_reply r;
	lh_reply_init(&r);
	enum lh_verdict v = lh_model_decode(m, &x, &(struct lh_asked){ 100, false }, &r);
	require(well_formed(&r.text) && well_formed(&r.thoughts) && printable(&r.error_text));
	require(r.tokens_in >= r.tokens_cached && r.tokens_cached >= 0 && r.tokens_out >= r.tokens_reasoning && r.tokens_reasoning >= 0 && r.cost_microusd >= 0);
	if (v != LH_VERDICT_REPLY)
		require(r.error_text.n && !r.text.n && !r.thoughts.n && !r.error);
	else
		require(r.error == 0 || (r.error == LH_E_OVERFLOW && r.error_text.n));
	require(v == LH_VERDICT_REPLY || v == LH_VERDICT_RETRY || v == LH_VERDICT_LIMITED || v == LH_VERDICT_REFUSED);
	lh_reply_fini(&r);
}

/* What we make of an answer is always read again, and holds no line's end. */
static void check_answer(struct lh_model *m, const struct lh_said *said)
{
	struct lh_buf body;
	struct lh_json *j;
	struct lh_error err = { 0 };
	lh_buf_init(&body, MAX_BYTES);
	lh_put_exchange(&body, said, said->text, LH_STR("thoughts\n\x1b"));
	require(!body.failed && !memchr(body.p, '\n', body.n));
	require(lh_json_parse(lh_buf_str(&body), "body", 1, &j, &err) == 0);
	lh_json_free(j);
	check_decode(m, lh_buf_str(&body));
	lh_buf_fini(&body);
}

static void check_request(const struct lh_said *said)
{
	struct lh_buf b;
	struct lh_said ours;
	struct lh_error err = { 0 };
	lh_buf_init(&b, MAX_BYTES);
	lh_say_no(&b, said->id, said->permission);
	require(!b.failed && b.n && memchr(b.p, '\n', b.n) == b.p + b.n - 1);
	require(lh_said_read((struct lh_str){ b.p, b.n - 1 }, &ours, &err) == 0);
	require((ours.kind == LH_SAID_ANSWER || ours.kind == LH_SAID_WRONG) && ours.root);
	lh_said_free(&ours);
	lh_buf_fini(&b);
}

static void check_line(struct lh_model *m, struct lh_str line)
{
	struct lh_said said;
	struct lh_error err = { 0 };
	require(lh_said_read(line, &said, &err) == 0);
	require((said.kind == LH_SAID_WRONG) == (said.wrong != NULL));
	if (said.kind == LH_SAID_ANSWER) {
		require(!said.result != !said.error);
		check_answer(m, &said);
	} else if (said.kind == LH_SAID_REQUEST) {
		check_request(&said);
	}
	lh_said_free(&said);
}

/* No word is longer than what it was made from. */
static void check_words(struct lh_str command)
{
	struct lh_error err = { 0 };
	char **word;
	int rc = lh_process_words(command, &word, &err);
	require((rc == 0) == (word != NULL) && (rc == 0 || rc == LH_E_USAGE));
	size_t bytes = 0;
	for (int i = 0; word && word[i]; i++)
		bytes += strlen(word[i]);
	require(bytes <= command.n && (!word || word[0][0]));
	free(word);
}

static struct lh_model *make_model(void)
{
	struct lh_error err = { 0 };
	struct lh_model *m;
	struct lh_str key = LH_STR("price_in"), value = LH_STR("3");
	require(lh_model_open(LH_STR("process"), LH_STR("agent"), &key, &value, 1, NULL, &m, &err) == 0);
	lh_model_set_prices(m, &(struct lh_prices){ -1, 1, 1000000000000 });
	return m;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lh_str all = { (const char *)data, size };
	struct lh_model *m = make_model();
	check_decode(m, all);
	check_words(all);
	while (all.n) {
		const char *end = memchr(all.p, '\n', all.n);
		struct lh_str line = { all.p, end ? (size_t)(end - all.p) : all.n };
		check_line(m, line);
		all.p += line.n + (end ? 1 : 0);
		all.n -= line.n + (end ? 1 : 0);
	}
	lh_model_free(m);
	return 0;
}
