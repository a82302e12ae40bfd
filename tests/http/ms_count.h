/* What was asked: counters, a log with a line a request, and how often each body was seen. */
#ifndef MS_COUNT_H
#define MS_COUNT_H

#include "ms_ask.h"
#include "ms_fault.h"

/* What a body has gone through. */
struct ms_seen { uint64_t hash; uint32_t times, row; };  /* times 0: a free place */

struct ms_count {
	uint64_t requests, connections, answers, wrong, repeats;
	uint64_t faults[MS_FAULT_COUNT];
	struct ms_seen *seen;
	size_t cap, bodies;
	int log;                         /* descriptor; -1: none */
};

void ms_count_fini(struct ms_count *c);
/* The body's record, one more time seen; NULL: no memory. Beyond a million bodies the table starts again. */
struct ms_seen *ms_count_body(struct ms_count *c, uint64_t hash);
/* One line: method, path, seed, sample, turn, call, nth time, status or fault. ask may be NULL. */
void ms_count_log(const struct ms_count *c, struct lh_str method, struct lh_str path, const struct ms_ask *ask, uint32_t nth, const char *what);
void ms_count_put(struct lh_buf *b, const struct ms_count *c);   /* as JSON */

#endif
