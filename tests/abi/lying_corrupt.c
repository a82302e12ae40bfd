/* Its wrong state is the right one. */
#include "fixture.h"
static int32_t lie(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	(void)t, (void)step, (void)draw;
	host->put(out, state.bytes, state.size);
	return LH_TASK_OK;
}
#define NAME "lying_corrupt"
#define CORRUPT lie
#include "fixture_table.h"
