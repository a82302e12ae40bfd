/* The calls of tools that a turn needs, as a model that knows its job would make them. */
#include "transcript/transcript.h"

#include "json/reader.h"

#include <stdio.h>

static int put_call(struct lh_jw *w, uint32_t turn, uint32_t n, const struct lh_json *call, struct lh_error *err)
{
	struct lh_buf arguments;
	struct lh_jw a;
	char id[48];
	snprintf(id, sizeof id, "call_%u_%u", turn, n + 1);
	lh_buf_init(&arguments, LH_TOOL_ARGUMENTS_MAX);
	lh_jw_init(&a, &arguments, false);
	lh_jw_node(&a, lh_json_get(call, "arguments"));
	lh_calls_put(w, &(struct lh_tool_call){ lh_str_of(id), lh_json_str(lh_json_get(call, "name")), lh_buf_str(&arguments) });
	int rc = lh_buf_ok(&arguments, err);
	lh_buf_fini(&arguments);
	return rc;
}

int lh_transcript_needs(struct lh_transcript *t, uint32_t turn, uint32_t skip, uint32_t most, struct lh_buf *out, uint32_t *put, struct lh_error *err)
{
	uint32_t k = lh_transcript_steps_per_turn(t), n = 0;
	struct lh_jw w;
	int rc = 0;
	*put = 0;
	lh_jw_init(&w, out, false);
	lh_jw_open(&w, '[');
	for (uint32_t i = 0; i < k && !rc && (!most || *put < most); i++) {
		struct lh_json *list;
		rc = lh_sample_needs(lh_transcript_sample(t), (uint64_t)(turn - 1) * k + i, &list, err);
		for (const struct lh_json *c = rc ? NULL : lh_json_first(list); c && !rc && (!most || *put < most); c = lh_json_next(c), n++)
			if (n >= skip) {
				rc = put_call(&w, turn, n, c, err);
				++*put;
			}
		if (!rc)
			lh_json_free(list);
	}
	lh_jw_close(&w);
	return rc ? rc : lh_buf_ok(out, err);
}
