/* report/json_parts.h - members of the JSON that this room writes: a number that is NAN is null. */
#ifndef LH_REPORT_JSON_PARTS_H
#define LH_REPORT_JSON_PARTS_H

#include "json/reader.h"
#include "json/writer.h"
#include "measure/measure.h"

#include <math.h>

/* One element of "horizon", in json.c. known: task accuracy exists. */
void lh_report_horizon_json(struct lh_jw *w, const struct lh_horizon *h, bool known);

static inline void put_pair(struct lh_jw *w, struct lh_interval v)
{
	if (isnan(v.lo) || isnan(v.hi)) {
		lh_jw_null(w);
		return;
	}
	lh_jw_open_flat(w, '[');
	lh_jw_double(w, v.lo);
	lh_jw_double(w, v.hi);
	lh_jw_close(w);
}

static inline void put_str(struct lh_jw *w, const char *key, struct lh_str v)
{
	lh_jw_key(w, key);
	lh_jw_str(w, v);
}

static inline void put_int(struct lh_jw *w, const char *key, int64_t v)
{
	lh_jw_key(w, key);
	lh_jw_int(w, v);
}

static inline void put_double(struct lh_jw *w, const char *key, double v)
{
	lh_jw_key(w, key);
	lh_jw_double(w, v);
}

static inline void put_ci(struct lh_jw *w, const char *key, struct lh_interval v)
{
	lh_jw_key(w, key);
	put_pair(w, v);
}

static inline void put_bool(struct lh_jw *w, const char *key, bool v)
{
	lh_jw_key(w, key);
	lh_jw_bool(w, v);
}

/* Options may come from a run file that we did not write: only a whole object goes in as it is. */
static inline void put_object(struct lh_jw *w, const char *key, struct lh_str json)
{
	struct lh_json *root = NULL;
	struct lh_error ignored = { 0 };
	lh_jw_key(w, key);
	if (json.n == 0) {
		lh_jw_open_flat(w, '{');
		lh_jw_close(w);
	} else if (lh_json_parse(json, "options", 1, &root, &ignored) == 0 && lh_json_type(root) == LH_JSON_OBJECT) {
		lh_jw_raw(w, lh_str_trim(json));
	} else {
		lh_jw_str(w, json);
	}
	lh_json_free(root);
}

#endif
