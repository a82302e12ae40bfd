/* States that are no text. */
#include "fixture.h"
static int32_t noise(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	return step < 2 ? good_apply(t, step, state, out) : put(out, "\xff\xfe");
}
#define NAME "noisy"
#define APPLY noise
#include "fixture_table.h"
