/* Its worked example is wrong in form, and its wording depends on the steps per turn. */
#include "fixture.h"
static int32_t instruct(const struct lh_task *t, uint32_t k, struct lh_sink *out)
{
	(void)t;
	return put(out, k == 1 ? "Add the number: <answer>f10</answer>" : "Add the numbers: <answer>3</answer>");
}
#define NAME "wrong_example"
#define INSTRUCTIONS instruct
#include "fixture_table.h"
