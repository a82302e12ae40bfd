/* Its explanations are too long. */
#include "fixture.h"
static int32_t wordy(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	for (int i = 0; i < 1000; i++)
		put(out, "Well, ");
	return good_explain(t, step, before, after, out);
}
#define NAME "wordy_thoughts"
#define EXPLAIN wordy
#include "fixture_table.h"
