/* Nothing is wrong with it. */
#include "fixture.h"
static const struct lh_param params[] = {
	{ "count", LH_PARAM_INTEGER, 0, "3", 1, 9, NULL, "an integer" },
	{ "rate", LH_PARAM_NUMBER, 0, "0.5", 0, 1, NULL, "a number" },
	{ "title", LH_PARAM_TEXT, 0, "plain", 0, 0, NULL, "a text" },
	{ "mode", LH_PARAM_CHOICE, 0, "slow", 0, 0, "slow|fast", "a choice" },
	{ "table", LH_PARAM_FILE, 0, "", 0, 0, NULL, "a file" },
};

/* What came in can be seen in the log of a failure. */
static struct lh_task_data *load(const struct lh_value *v)
{
	char text[300];
	struct lh_text file = { "", 0 };
	if (v[4].text[0] && host->read_file(host->context, v[4].text, &file))
		return NULL;
	if (strcmp(v[2].text, "tell") != 0 && strcmp(v[2].text, "peek") != 0)
		return good_load(v);
	if (strcmp(v[2].text, "peek") == 0) {
		host->read_file(host->context, "/etc/passwd", &file);
		return NULL;
	}
	int n = snprintf(text, sizeof text, "count=%d rate=%g mode=%d file=%.*s", (int)v[0].integer, v[1].number, (int)v[3].integer,
		(int)file.size, file.bytes);
	host->fail(host->context, text, (size_t)n);
	return NULL;
}

#define NAME "good"
#define PARAMS params
#define LOAD load
#include "fixture_table.h"
