/* Fails without saying why. */
#include "fixture.h"
static int32_t fail(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	(void)t, (void)step, (void)state, (void)out;
	return LH_TASK_FAILED;
}
#define NAME "silent"
#define APPLY fail
#include "fixture_table.h"
