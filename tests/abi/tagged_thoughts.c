/* Its explanations hold an answer tag. */
#include "fixture.h"
static int32_t tagged(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	put(out, "<answer>1</answer> ");
	return good_explain(t, step, before, after, out);
}
#define NAME "tagged_thoughts"
#define EXPLAIN tagged
#include "fixture_table.h"
