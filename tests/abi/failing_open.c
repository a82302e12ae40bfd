/* No sample can be opened. */
#include "fixture.h"
static struct lh_task *fail_open(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	(void)d, (void)sample, (void)seed;
	host->fail(host->context, "the well is \x1b[31mdry", 20);
	return NULL;
}
#define NAME "failing_open"
#define OPEN fail_open
#include "fixture_table.h"
