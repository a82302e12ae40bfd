/* The JSON reader against any bytes: what it takes it writes out again to the same effect, and what
 * it refuses it refuses with a message. */
#include "json/reader.h"
#include "json/writer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_BYTES (64u << 20)

static void require(bool fact)
{
	if (!fact)
		abort();
}

static void write_node(struct lh_jw *w, const struct lh_json *node);

static void write_container(struct lh_jw *w, const struct lh_json *node, bool object)
{
	int left = lh_json_size(node);
	lh_jw_open(w, object ? '{' : '[');
	for (const struct lh_json *child = lh_json_first(node); child; child = lh_json_next(child), left--) {
		if (object)
			lh_jw_key_str(w, lh_json_key(child));
		write_node(w, child);
	}
	lh_jw_close(w);
	require(left == 0);
}

static void write_node(struct lh_jw *w, const struct lh_json *node)
{
	int64_t integer;
	switch (lh_json_type(node)) {
	case LH_JSON_NULL: lh_jw_null(w); break;
	case LH_JSON_BOOL: lh_jw_bool(w, lh_json_bool(node)); break;
	case LH_JSON_STRING: lh_jw_str(w, lh_json_str(node)); break;
	case LH_JSON_NUMBER:
		if (lh_json_int(node, &integer) && integer != 0)
			lh_jw_int(w, integer);
		else
			lh_jw_double(w, lh_json_number(node));
		break;
	case LH_JSON_ARRAY: write_container(w, node, false); break;
	case LH_JSON_OBJECT: write_container(w, node, true); break;
	case LH_JSON_NONE: abort();
	}
}

static struct lh_json *parse(struct lh_str text)
{
	struct lh_error err = { 0 };
	struct lh_json *root;
	int rc = lh_json_parse(text, "input", 1, &root, &err);
	require(rc == err.code && (rc == 0) == (root != NULL));
	require(rc == 0 || (rc == LH_E_DATA && strncmp(err.text, "input:", 6) == 0));
	return root;
}

static void write_text(struct lh_buf *out, const struct lh_json *root, bool pretty)
{
	struct lh_jw w;
	lh_jw_init(&w, out, pretty);
	write_node(&w, root);
	require(!out->failed && w.depth == 0);
}

/* Written, read and written again: the same text, whatever the layout. */
static void check_round(const struct lh_json *root)
{
	struct lh_buf once, again;
	lh_buf_init(&once, MAX_BYTES);
	lh_buf_init(&again, MAX_BYTES);
	for (int pretty = 0; pretty < 2; pretty++) {
		lh_buf_clear(&once);
		write_text(&once, root, pretty);
		struct lh_json *back = parse(lh_buf_str(&once));
		require(back != NULL);
		lh_buf_clear(&again);
		write_text(&again, back, pretty);
		require(lh_str_equal(lh_buf_str(&once), lh_buf_str(&again)));
		lh_json_free(back);
	}
	lh_buf_fini(&once);
	lh_buf_fini(&again);
}

/* Any bytes, escaped, are a string; only NUL is written but not read. */
static void check_escape(struct lh_str bytes)
{
	struct lh_buf out;
	struct lh_jw w;
	lh_buf_init(&out, MAX_BYTES);
	lh_jw_init(&w, &out, false);
	lh_jw_str(&w, bytes);
	struct lh_json *back = parse(lh_buf_str(&out));
	require((back != NULL) == (bytes.n == 0 || !memchr(bytes.p, 0, bytes.n)));
	lh_json_free(back);
	lh_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lh_str text = { (const char *)data, size };
	struct lh_json *root = parse(text);
	if (root)
		check_round(root);
	lh_json_free(root);
	check_escape(text);
	return 0;
}
