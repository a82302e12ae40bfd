/* A live model's decode against any bytes: the first byte chooses status, header and the model's spec, the rest
 * is the body. Whatever comes, there is a verdict; a reply is bounded and can be sent back as valid JSON. */
#ifndef LH_TESTS_FUZZ_CODEC_H
#define LH_TESTS_FUZZ_CODEC_H

#include "json/reader.h"
#include "model/model.h"
#include "transcript/body.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_REPLY_MOST (16u << 20)

static inline void fuzz_require(bool fact)
{
	if (!fact)
		abort();
}

/* items: a blob is a list's elements, not one object. */
static inline void fuzz_check_blob(const struct lh_reply *r, bool items)
{
	struct lh_buf b;
	struct lh_json *j;
	struct lh_error err = { 0 };
	if (!r->blob.n)
		return;
	lh_buf_init(&b, 1u << 30);
	lh_buf_puts(&b, items ? "[" : "");
	fuzz_require(lh_blob_put(&b, lh_buf_str(&r->blob), lh_buf_str(&r->text), lh_buf_str(&r->thoughts)));
	lh_buf_puts(&b, items ? "]" : "");
	fuzz_require(!b.failed && !lh_json_parse(lh_buf_str(&b), "blob", 1, &j, &err));
	fuzz_require(lh_json_type(j) == (items ? LH_JSON_ARRAY : LH_JSON_OBJECT) && lh_json_size(j) > 0);
	lh_json_free(j);
	lh_buf_fini(&b);
}

static inline void fuzz_check_reply(const struct lh_reply *r, bool items)
{
	fuzz_require(r->error == 0 || r->error == LH_E_OVERFLOW);
	fuzz_require(r->text.n <= FUZZ_REPLY_MOST && r->thoughts.n <= FUZZ_REPLY_MOST && !r->text.failed && !r->thoughts.failed && !r->blob.failed);
	fuzz_require(r->finish >= LH_FINISH_STOP && r->finish <= LH_FINISH_OTHER);
	fuzz_require(r->tokens_in >= 0 && r->tokens_cached >= 0 && r->tokens_cached <= r->tokens_in);
	fuzz_require(r->tokens_out >= 0 && r->tokens_reasoning >= 0 && r->tokens_reasoning <= r->tokens_out && r->cost_microusd >= 0);
	fuzz_check_blob(r, items);
}

static inline void fuzz_check_names(const struct lh_reply *r)
{
	for (const char *p = r->served_by; *p; p++)
		fuzz_require((unsigned char)*p >= 0x20 && *p != 0x7F);
	for (size_t i = 0; i < r->error_text.n; i++)
		fuzz_require((unsigned char)r->error_text.p[i] >= 0x20);
}

static inline void fuzz_decode(struct lh_model *m, const uint8_t *data, size_t size, bool items)
{
	static const int status[] = { 200, 200, 200, 400, 429, 500, 401, 413 };
	struct lh_exchange x = { .status = status[data[0] & 7], .events = data[0] & 8, .fault = data[0] & 16 ? LH_FAULT_PARTIAL : LH_FAULT_NONE,
		.body = { (const char *)data + 1, size - 1 }, .retry_after_us = -1, .should_retry = -1 };
	struct lh_reply r;
	lh_reply_init(&r);
	enum lh_verdict v = lh_model_decode(m, &x, &(struct lh_asked){ 100, false }, &r);
	fuzz_require(v >= LH_VERDICT_REPLY && v <= LH_VERDICT_STOP);
	if (v == LH_VERDICT_REPLY)
		fuzz_check_reply(&r, items);
	else
		fuzz_require(r.error_text.n > 0 && r.error_text.n < 1024 && !r.text.n && !r.thoughts.n && !r.blob.n);
	fuzz_check_names(&r);
	lh_reply_fini(&r);
}

/* One parameter of the spec, chosen by the caller. */
static inline void fuzz_model(const char *name, const char *key, const char *value, const uint8_t *data, size_t size, bool items)
{
	struct lh_model *m;
	struct lh_error err = { 0 };
	struct lh_str k = lh_str_of(key), v = lh_str_of(value);
	fuzz_require(!lh_model_open(lh_str_of(name), LH_STR("m"), &k, &v, 1, NULL, &m, &err));
	fuzz_decode(m, data, size, items);
	lh_model_free(m);
}

#endif
