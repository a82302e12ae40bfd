/* Takes a text for NUL-terminated. */
#include "fixture.h"
static int32_t overread(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	volatile size_t n = 0;
	while (((const volatile char *)text.bytes)[n])
		n++;
	return good_canonical(t, text, out);
}
#define NAME "overreading"
#define CANONICAL overread
#include "fixture_table.h"
