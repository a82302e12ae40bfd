#include "run/differ.h"

#include "json/reader.h"
#include "json/writer.h"

#define SHOWN 160                        /* bytes of a value */
#define VALUE_MAX (1u << 20)

static void put_node(struct lh_buf *out, const struct lh_json *node)
{
	struct lh_jw w;
	lh_jw_init(&w, out, false);
	lh_jw_node(&w, node);
}

static void put_value(struct lh_buf *b, struct lh_str json, const char *where)
{
	bool cut = json.n > SHOWN;
	lh_buf_put(b, json.p, cut ? SHOWN : json.n);
	lh_buf_printf(b, "%s %s", cut ? "…" : "", where);
}

static bool member_differs(struct lh_str name, const struct lh_json *a, const char *in_a, const struct lh_json *b, const char *in_b, struct lh_buf *out)
{
	struct lh_buf x, y;
	lh_buf_init(&x, VALUE_MAX);
	lh_buf_init(&y, VALUE_MAX);
	put_node(&x, a);
	put_node(&y, b);
	bool differs = !lh_str_equal(lh_buf_str(&x), lh_buf_str(&y));
	if (differs) {
		lh_buf_printf(out, "%.*s: ", LH_ARG(name));
		put_value(out, lh_buf_str(&x), in_a);
		lh_buf_puts(out, ", ");
		put_value(out, lh_buf_str(&y), in_b);
	}
	lh_buf_fini(&x);
	lh_buf_fini(&y);
	return differs;
}

static bool wanted(struct lh_str name, const char *const *names)
{
	for (const char *const *n = names; n && *n; n++)
		if (lh_str_is(name, *n))
			return true;
	return !names;
}

bool lh_differ(struct lh_str a, const char *in_a, struct lh_str b, const char *in_b, const char *const *names, struct lh_buf *out)
{
	struct lh_json *then = NULL, *now = NULL;
	bool found = false;
	if (!lh_json_parse(a, "a run's row", 1, &then, NULL) && !lh_json_parse(b, "a run's row", 1, &now, NULL)) {
		for (const struct lh_json *v = lh_json_first(now); v && !found; v = lh_json_next(v))
			if (wanted(lh_json_key(v), names))
				found = member_differs(lh_json_key(v), lh_json_get(then, lh_json_key(v).p), in_a, v, in_b, out);
	}
	lh_json_free(then);
	lh_json_free(now);
	return found;
}
