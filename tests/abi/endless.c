/* Never returns from step 2. */
#include "fixture.h"
static int32_t loop(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	for (volatile uint64_t n = 0; step == 2; n++)
		;
	return good_apply(t, step, state, out);
}
#define NAME "endless"
#define APPLY loop
#include "fixture_table.h"
