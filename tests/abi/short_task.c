/* Its struct lh_task_v1 is shorter than the first version's. */
#include "fixture.h"
#define NAME "short_task"
#define TASK_SIZE (sizeof(struct lh_task_v1) - 8)
#include "fixture_table.h"
