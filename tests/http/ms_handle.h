/* A request in, an answer out: routes, faults, latency. */
#ifndef MS_HANDLE_H
#define MS_HANDLE_H

#include "ms_answer.h"
#include "ms_count.h"
#include "ms_serve.h"
#include "ms_talk.h"

struct ms_options {
	struct ms_mind_settings mind;
	struct ms_fault_plan faults;
	double latency_ms, latency_spread;
	int64_t drip_ms, stall_ms;
	bool fixed, chunked;
};

#define MS_FIXED 4

struct ms_desk {
	const struct ms_options *options;
	struct ms_mind *mind;            /* NULL: fixed answers */
	struct ms_count count;
	struct lh_reply reply;
	struct lh_buf entity, text;
	struct ms_reply fixed[MS_FIXED]; /* by format; the last: chat completions as a stream */
	struct lh_random luck;           /* of latencies */
};

int ms_desk_init(struct ms_desk *d, const struct ms_options *o, struct lh_error *err) LH_CHECKED;
void ms_desk_fini(struct ms_desk *d);
void ms_desk_answer(void *desk, const struct ms_request *q, struct ms_reply *reply);
bool ms_desk_accept(void *desk);

#endif
