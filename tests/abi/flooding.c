/* States without end. */
#include "fixture.h"
static int32_t flood(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	(void)t, (void)step, (void)state;
	for (int i = 0; i < 1000; i++)
		put(out, "many words ");
	return put(out, "!");
}
#define NAME "flooding"
#define APPLY flood
#include "fixture_table.h"
