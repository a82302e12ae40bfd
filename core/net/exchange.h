/* net/exchange.h - what came of one request, whoever carried it (HTTP, or a process's pipes). */
#ifndef LH_NET_EXCHANGE_H
#define LH_NET_EXCHANGE_H

#include "base/text.h"

/* Why there is no complete reply. X(NAME, word for the run file, may be tried again) */
#define LH_FAULTS(X) \
	X(NONE,      "",              false) \
	X(RESOLVE,   "no such host",  true)  \
	X(REFUSED,   "connection refused", true) \
	X(TLS,       "TLS",           false) /* certificate or handshake refused */ \
	X(CONNECT,   "connect timeout", true) \
	X(RESET,     "connection broke", true) \
	X(PARTIAL,   "cut short",     true)  /* fewer bytes than announced, no end of the chunks */ \
	X(EMPTY,     "no answer",     true)  \
	X(TIMEOUT,   "timeout",       true)  /* the whole time allowed */ \
	X(IDLE,      "idle timeout",  true)  /* nothing came for too long */ \
	X(TOO_LARGE, "reply too large", false) \
	X(PROTOCOL,  "protocol",      true)  /* not HTTP; an HTTP/2 stream error; not JSON-RPC */ \
	X(DIED,      "process ended", true)  \
	X(START,     "cannot be started", false) /* a process, whenever it is tried */ \
	X(CANCELLED, "cancelled",     false) \
	X(OTHER,     "transport",     true)

enum lh_fault {
#define X(name, word, again) LH_FAULT_##name,
	LH_FAULTS(X)
#undef X
	LH_FAULT_COUNT
};
const char *lh_fault_word(enum lh_fault f);
bool lh_fault_again(enum lh_fault f);

struct lh_exchange {
	uint64_t id;                     /* the sender's */
	enum lh_fault fault;
	char fault_text[256];            /* in words, with the host; never a key */
	int status;                      /* HTTP status, 0: none came. A process's result: 200 */
	bool events;                     /* Content-Type: text/event-stream */
	struct lh_str body;              /* what came, as far as it came */
	int64_t retry_after_us;          /* asked for by the server; -1: not */
	int should_retry;                /* x-should-retry: 1, 0; -1: not said */
	char request_id[80];             /* the server's */
	int64_t latency_us;              /* from its start to its last byte, or to the fault */
	void *carrier;                   /* whoever carried it finds its own here when it is given back */
};

#endif
