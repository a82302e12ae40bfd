/* Faults on request: what can go wrong between a client and a server, and how often. */
#ifndef MS_FAULT_H
#define MS_FAULT_H

#include "base/text.h"

enum ms_fault_group {
	MS_STATUS = 1,                   /* an error status that a client tries again */
	MS_SOCKET = 2,                   /* the connection breaks */
	MS_BROKEN = 4,                   /* 200, and what follows is no whole answer */
	MS_ODD = 8,                      /* a whole answer, but a strange one */
	MS_SLOW = 16,
	MS_FATAL = 32                    /* to try again is of no use */
};

/* X(NAME, word, group) */
#define MS_FAULTS(X) \
	X(NONE, "none", 0) \
	X(429, "429", MS_STATUS)                     /* without Retry-After */ \
	X(429_AFTER, "429_after", MS_STATUS)         /* Retry-After: 0 or 1 */ \
	X(429_DATE, "429_date", MS_STATUS)           /* an HTTP date that is past */ \
	X(429_GARBAGE, "429_garbage", MS_STATUS) \
	X(500, "500", MS_STATUS) \
	X(502, "502", MS_STATUS) \
	X(503, "503", MS_STATUS) \
	X(529, "529", MS_STATUS) \
	X(408, "408", MS_STATUS) \
	X(409, "409", MS_STATUS) \
	X(RESET_ACCEPT, "reset_accept", MS_SOCKET)   /* by connection; asked for by a header: as reset */ \
	X(RESET, "reset", MS_SOCKET)                 /* the request was read */ \
	X(RESET_HEAD, "reset_head", MS_SOCKET)       /* after half of the headers */ \
	X(RESET_BODY, "reset_body", MS_SOCKET) \
	X(CLOSE, "close", MS_SOCKET)                 /* without an answer */ \
	X(TRUNCATED, "truncated", MS_BROKEN)         /* JSON cut short, Content-Length to match */ \
	X(INVALID, "invalid", MS_BROKEN)             /* no JSON */ \
	X(LENGTH, "length", MS_BROKEN)               /* Content-Length larger than what comes */ \
	X(NO_END, "no_end", MS_BROKEN)               /* a stream without its terminal event; else as truncated */ \
	X(STREAM_ERROR, "stream_error", MS_BROKEN)   /* an error object in a 200 */ \
	X(STALL, "stall", MS_BROKEN)                 /* half an answer, silence, then the end */ \
	X(LORIS, "loris", MS_SLOW)                   /* a byte at a time */ \
	X(HUGE, "huge", MS_SLOW)                     /* 5 MB more text */ \
	X(EMPTY, "empty", MS_ODD)                    /* choices, content or output: []; some take it for a reply that says nothing */ \
	X(NO_USAGE, "no_usage", MS_ODD) \
	X(NULL_CONTENT, "null_content", MS_ODD) \
	X(FINISH, "finish", MS_ODD)                  /* a finish reason that contradicts the answer */ \
	X(QUOTA, "quota", MS_FATAL)                  /* 429, insufficient_quota */ \
	X(CONTEXT, "context", MS_FATAL)              /* 400, the context's length */ \
	X(401, "401", MS_FATAL)

enum ms_fault {
#define X(name, word, group) MS_FAULT_##name,
	MS_FAULTS(X)
#undef X
	MS_FAULT_COUNT
};

const char *ms_fault_word(enum ms_fault f);
/* -1: no such fault. */
int ms_fault_of(struct lh_str word);

struct ms_fault_plan {
	bool wanted[MS_FAULT_COUNT];
	int kinds;                       /* how many are wanted */
	double share;
	uint64_t seed;
};
/* Words with commas between: faults, groups (status, socket, broken, odd, slow, fatal), `transport` = status, socket
 * and broken: all that a client should try again, `all`; "-word" takes away. */
int ms_fault_parse(struct ms_fault_plan *p, const char *list, struct lh_error *err) LH_CHECKED;
/* The fault of the nth time (from 1) that this body is seen; `row`: how many faults in a row it had. */
enum ms_fault ms_fault_draw(const struct ms_fault_plan *p, uint64_t body, uint32_t nth, uint32_t row);
/* Is connection number n reset at once? */
bool ms_fault_at_accept(const struct ms_fault_plan *p, uint64_t n);

#endif
