/* It numbers its explanations. */
#include "fixture.h"
static int32_t numbered(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	static int calls;
	put_int(out, ++calls);
	put(out, ". ");
	return good_explain(t, step, before, after, out);
}
#define NAME "drifting_thoughts"
#define EXPLAIN numbered
#include "fixture_table.h"
