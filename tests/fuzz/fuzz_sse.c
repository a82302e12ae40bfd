/* The reader of event streams against any bytes: what it gives lies in the text or is put together from it, and is
 * never more than the text. */
#include "model/sse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool fact)
{
	if (!fact)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lh_sse s;
	struct lh_sse_event e;
	struct lh_str text = { (const char *)data, size };
	size_t all = 0, left = size;
	lh_sse_init(&s, text);
	while (lh_sse_next(&s, &e)) {
		require(e.data.n > 0 && s.rest.n < left);
		require(!memchr(e.name.p, '\n', e.name.n) && !memchr(e.data.p, '\r', e.data.n));
		left = s.rest.n;
		all += e.data.n + e.name.n;
	}
	require(all <= size && !s.rest.n && !lh_sse_next(&s, &e));
	lh_sse_is(text);
	lh_sse_fini(&s);
	return 0;
}
