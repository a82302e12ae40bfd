#include "report/policy_columns.h"

#include "json/reader.h"
#include "measure/normal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct sums { double sum, square; };

static int find(struct lh_report_column *list, int *count, struct lh_str name, int *at, struct lh_error *err)
{
	for (*at = 0; *at < *count; ++*at)
		if (lh_str_equal(list[*at].name, name))
			return 0;
	if (*count == LH_REPORT_COLUMNS) {
		*at = -1;
		return 0;
	}
	char *own = lh_str_dup(name);
	if (!own)
		return lh_nomem(err);
	list[(*count)++] = (struct lh_report_column){ .name = { own, name.n } };
	return 0;
}

static int add_sample(const struct lh_json *columns, struct lh_report_column *list, struct sums *sums, int *count, struct lh_error *err)
{
	for (const struct lh_json *v = lh_json_first(columns); v; v = lh_json_next(v)) {
		bool truth = lh_json_type(v) == LH_JSON_BOOL;
		int at, rc;
		if (!truth && lh_json_type(v) != LH_JSON_NUMBER)
			continue;
		rc = find(list, count, lh_json_key(v), &at, err);
		if (rc)
			return rc;
		double x = truth ? lh_json_bool(v) : lh_json_number(v);
		if (at < 0)
			continue;
		list[at].samples++;
		sums[at].sum += x;
		sums[at].square += x * x;
	}
	return 0;
}

/* One sample alone, or samples that are all alike, say nothing about the spread: no interval. */
static void finish(struct lh_report_column *c, const struct sums *s)
{
	int n = c->samples;
	c->mean = s->sum / n;
	double spread = n > 1 ? fmax(0, (s->square - s->sum * c->mean) / (n - 1)) : NAN;
	if (spread == 0)
		spread = NAN;
	double reach = n > 1 ? lh_student_quantile95(n - 1) * sqrt(spread / n) : NAN;
	c->ci = (struct lh_interval){ c->mean - reach, c->mean + reach };
}

int lh_report_columns(char *const *extra, int samples, struct lh_report_column **out, int *count, struct lh_error *err)
{
	struct sums sums[LH_REPORT_COLUMNS] = { { 0, 0 } };
	*count = 0;
	*out = calloc(LH_REPORT_COLUMNS, sizeof **out);
	if (!*out)
		return lh_nomem(err);
	int rc = 0;
	for (int i = 0; i < samples && !rc; i++) {
		struct lh_json *j;
		if (!extra[i])
			continue;
		if (lh_json_parse(lh_str_of(extra[i]), "a policy's columns", 1, &j, NULL))
			return lh_fail(err, LH_E_DAMAGED, "the run file is damaged: what finish() returned for sample %d cannot be read", i);
		rc = add_sample(lh_json_get(j, "columns"), *out, sums, count, err);
		lh_json_free(j);
	}
	for (int k = 0; k < *count; k++)
		finish(&(*out)[k], &sums[k]);
	return rc;
}

void lh_report_columns_free(const struct lh_report_column *columns, int count)
{
	for (int i = 0; i < count; i++)
		free((void *)columns[i].name.p);
	free((void *)columns);
}
