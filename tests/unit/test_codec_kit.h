/* What the tests of the live models share: a model opened from a spec, exchanges made up, conversations of
 * kv_sum, and JSON looked into by paths such as "messages.1.content". */
#ifndef LH_TESTS_CODEC_KIT_H
#define LH_TESTS_CODEC_KIT_H


#include "check.h"
#include "json/reader.h"
#include "model/model.h"
#include "run/spec.h"
#include "transcript/body.h"

static struct lh_error err;

static inline void must(int rc)
{
	if (rc) {
		printf("unexpected: %s\n", err.text);
		exit(1);
	}
}

/* ---- models ---- */

static inline int open_spec(const char *text, struct lh_model **m, struct lh_error *why)
{
	struct lh_spec s;
	*m = NULL;
	*why = (struct lh_error){ 0 };
	int rc = lh_spec_parse(lh_str_of(text), "model", &s, why);
	if (rc)
		return rc;
	rc = lh_model_open(s.name, s.bare, s.key, s.value, s.count, NULL, m, why);
	lh_spec_fini(&s);
	return rc;
}

static inline struct lh_model *model(const char *text)
{
	struct lh_model *m;
	must(open_spec(text, &m, &err));
	return m;
}

/* The spec is refused, with these words. */
static inline void refuses(const char *text, const char *words)
{
	struct lh_model *m;
	struct lh_error why;
	CHECK_INT(open_spec(text, &m, &why), LH_E_USAGE);
	CHECK_HAS(why.text, words);
	lh_model_free(m);
}

/* ---- replies ---- */

static inline enum lh_verdict decode(struct lh_model *m, int status, bool events, const char *body, struct lh_reply *r)
{
	struct lh_exchange x = { .status = status, .events = events, .body = lh_str_of(body), .retry_after_us = -1, .should_retry = -1, .latency_us = 5 };
	return lh_model_decode(m, &x, &(struct lh_asked){ 77, false }, r);
}

static inline const char *text_of(const struct lh_buf *b) { return lh_buf_str(b).p; }

/* ---- JSON ---- */

static inline struct lh_json *parsed(struct lh_str text)
{
	struct lh_json *j;
	struct lh_error why = { 0 };
	int rc = lh_json_parse(text, "body", 1, &j, &why);
	CHECK_INT(rc, 0);
	if (rc)
		printf("  %s in %.*s\n", why.text, LH_ARG(text));
	return j;
}

/* "a.1.b": members by name, elements by number. */
static inline const struct lh_json *at(const struct lh_json *j, const char *path)
{
	while (*path && j) {
		char name[64];
		size_t n = strcspn(path, ".");
		snprintf(name, sizeof name, "%.*s", (int)n, path);
		path += path[n] ? n + 1 : n;
		if (lh_json_type(j) != LH_JSON_ARRAY) {
			j = lh_json_get(j, name);
			continue;
		}
		int i = atoi(name);
		for (j = lh_json_first(j); j && i; i--)
			j = lh_json_next(j);
	}
	return j;
}

static inline const char *string_at(const struct lh_json *j, const char *path)
{
	const struct lh_json *v = at(j, path);
	return lh_json_type(v) == LH_JSON_STRING ? lh_json_str(v).p : "(no string)";
}

static inline bool same_json(const struct lh_json *a, const struct lh_json *b)
{
	if (lh_json_type(a) != lh_json_type(b) || lh_json_size(a) != lh_json_size(b))
		return false;
	switch (lh_json_type(a)) {
	case LH_JSON_STRING: return lh_str_equal(lh_json_str(a), lh_json_str(b));
	case LH_JSON_NUMBER: return lh_json_number(a) == lh_json_number(b);
	case LH_JSON_BOOL: return lh_json_bool(a) == lh_json_bool(b);
	default: break;
	}
	const struct lh_json *y = lh_json_first(b);
	for (const struct lh_json *x = lh_json_first(a); x; x = lh_json_next(x), y = lh_json_next(y))
		if (!same_json(x, lh_json_type(a) == LH_JSON_OBJECT ? lh_json_get(b, lh_json_key(x).p) : y))
			return false;
	return true;
}

/* The reply's blob with its texts put in again is this JSON ("" : there is no blob). */
static inline void check_blob(const struct lh_reply *r, const char *wanted)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 24);
	CHECK_INT(r->blob.n > 0, *wanted != 0);
	if (!r->blob.n || !*wanted) {
		if (r->blob.n)
			printf("  blob %s\n", text_of(&r->blob));
		return;
	}
	bool list = wanted[0] == '[';            /* Responses: items, without brackets */
	if (list)
		lh_buf_putc(&b, '[');
	CHECK(lh_blob_put(&b, lh_buf_str(&r->blob), lh_buf_str(&r->text), lh_buf_str(&r->thoughts)));
	if (list)
		lh_buf_putc(&b, ']');
	struct lh_json *got = parsed(lh_buf_str(&b)), *want = parsed(lh_str_of(wanted));
	CHECK(same_json(got, want));
	if (!same_json(got, want))
		printf("  blob  %s\n  wants %s\n", text_of(&b), wanted);
	CHECK(!r->text.n || r->text.n < 8 || !memmem(r->blob.p, r->blob.n, r->text.p, r->text.n));       /* no text twice */
	lh_json_free(got);
	lh_json_free(want);
	lh_buf_fini(&b);
}

/* ---- conversations ---- */

static struct lh_registry *registry;
static struct lh_taskset *set;

static inline void open_set(void)
{
	const struct lh_family *f;
	struct lh_str key = LH_STR("keys"), value = LH_STR("5");
	must(lh_registry_new(&registry, &err));
	must(lh_registry_open(registry, LH_BINARY_DIR "/plugins/kv_sum.so", &f, &err));
	must(lh_taskset_open(f, &key, &value, 1, NULL, &set, &err));
}

struct talk { struct lh_sample *sample; struct lh_transcript *t; };

static inline void talk_new(struct talk *k)
{
	must(lh_sample_open(set, 1, 5, &k->sample, &err));
	must(lh_transcript_new(k->sample, 1, &k->t, &err));
	must(lh_transcript_begin_turn(k->t, &err));
}

static inline void talk_free(struct talk *k)
{
	lh_transcript_free(k->t);
	lh_sample_close(k->sample);
}

/* A reply is accepted, and the next turn begins. */
static inline void talk_on(struct talk *k, const char *text, const char *thoughts, struct lh_str blob)
{
	uint32_t id;
	must(lh_transcript_reserve(k->t, 1, &id, &err));
	must(lh_transcript_fill(k->t, id, &(struct lh_content){ lh_str_of(text), lh_str_of(thoughts), blob, LH_STR("") }, &err));
	must(lh_transcript_accept(k->t, id, &err));
	must(lh_transcript_begin_turn(k->t, &err));
}

static inline void talk_decoded(struct talk *k, const struct lh_reply *r)
{
	talk_on(k, text_of(&r->text), text_of(&r->thoughts), lh_buf_str(&r->blob));
}

static const struct lh_call_options no_options;

static inline struct lh_model_request request(struct talk *k, const struct lh_view *v, struct lh_view_size *size)
{
	lh_view_measure(v, k->t, size);
	return (struct lh_model_request){ .transcript = k->t, .view = v, .options = &no_options, .size = size, .seed = 3, .sample = 4,
		.turn = lh_transcript_turn(k->t), .seq = 1 };
}

/* The request for a view, as JSON; w may be NULL. */
static inline struct lh_json *encoded(struct lh_model *m, struct talk *k, const struct lh_view *v, struct lh_wire_request *w)
{
	struct lh_view_size size;
	struct lh_wire_request mine;
	struct lh_model_request q = request(k, v, &size);
	q.session = LH_STR("s-9");
	w = w ? w : &mine;
	must(lh_model_encode(m, &q, w, &err));
	CHECK(w->tokens > 0);
	return parsed(w->body);
}

static inline struct lh_json *encoded_all(struct lh_model *m, struct talk *k, struct lh_wire_request *w)
{
	struct lh_view v;
	lh_view_init(&v);
	must(lh_view_all(&v, k->t, &err));
	struct lh_json *j = encoded(m, k, &v, w);
	lh_view_fini(&v);
	return j;
}

#endif
