/* Counts its calls, and adds them in. */
#include "fixture.h"
static int32_t drift(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	static uint64_t calls;
	return good_apply(t, step + calls++, state, out);
}
#define NAME "non_deterministic"
#define APPLY drift
#include "fixture_table.h"
