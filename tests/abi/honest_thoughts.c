/* Its explanations end in the right state, whatever state they are to lead to. */
#include "fixture.h"
static int32_t honest(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	(void)after;
	put(out, "It is ");
	return good_apply(t, step, before, out);
}
#define NAME "honest_thoughts"
#define EXPLAIN honest
#include "fixture_table.h"
