/* net/pace.h - how many requests at once, how many a second, how many tokens a minute. One pace an
 * endpoint. Pure: times are handed in (monotonic, µs). Rules of the controller: starts at min(20, most);
 * doubles after each clean round (max(limit, 4) successes in a row while at least 80 % of the limit was in
 * use) until the first cut; 429: × 0.8, at most once in 15 s, and successes within that time do not count;
 * + 5 % (at least 1) a clean round after a cut; 5xx and transport faults end a round, and never cut. A success that
 * needed a retry is neutral. A 429's Retry-After concerns its own request alone. A tenth of a second's requests (at
 * least one) and of a minute's tokens can be saved up; a request larger than that goes when that is full, and is
 * paid off before the next. */
#ifndef LH_NET_PACE_H
#define LH_NET_PACE_H

#include "base/error.h"

#include <stdint.h>

struct lh_pace_settings { int most; double rps, tpm; };          /* 0: no limit of that kind */
enum lh_pace_event { LH_PACE_OK, LH_PACE_OK_RETRIED, LH_PACE_LIMITED, LH_PACE_TROUBLE, LH_PACE_OTHER };

struct lh_pace;
int lh_pace_new(const struct lh_pace_settings *s, struct lh_pace **out, struct lh_error *err) LH_CHECKED;
void lh_pace_free(struct lh_pace *p);
/* May a request of about so many tokens (in and out) go now? True: it has its place. False: *until_us is the
 * earliest time to ask again, INT64_MAX: when one has ended. Callers ask in the order they want served: a
 * large request in front is not overtaken by small ones, since the caller keeps asking for it first. */
bool lh_pace_take(struct lh_pace *p, int64_t now_us, int64_t tokens, int64_t *until_us);
/* It ended: its place is free, the bucket is corrected by what it really used (-1: unknown). */
void lh_pace_done(struct lh_pace *p, int64_t now_us, enum lh_pace_event e, int64_t tokens_guessed, int64_t tokens_used);
int lh_pace_limit(const struct lh_pace *p);                      /* places now */
int lh_pace_in_flight(const struct lh_pace *p);
/* Until an endpoint has answered once, one request goes alone. */
bool lh_pace_proven(const struct lh_pace *p);

#endif
