/* Writes to the text it was lent. */
#include "fixture.h"
static int32_t scribble(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	if (text.size)
		((volatile char *)(uintptr_t)text.bytes)[0] = text.bytes[0];
	return good_canonical(t, text, out);
}
#define NAME "scribbling"
#define CANONICAL scribble
#include "fixture_table.h"
