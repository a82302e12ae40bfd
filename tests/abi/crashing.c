/* Ends by a segmentation fault at step 3. */
#include "fixture.h"
#include <signal.h>
static int32_t crash(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	if (step == 3)
		raise(SIGSEGV);
	return good_apply(t, step, state, out);
}
#define NAME "crashing"
#define APPLY crash
#include "fixture_table.h"
