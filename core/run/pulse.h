/* run/pulse.h - the user's side of a run that goes on: progress out, interruption in. */
#ifndef LH_RUN_PULSE_H
#define LH_RUN_PULSE_H

#include "run/desk.h"
#include "run/run.h"

struct lh_pulse {
	const struct lh_run_hooks *hooks;
	int64_t shown_us, grace_until_us;        /* grace: what flies may still come in */
	int since_look;
};

void lh_pulse_init(struct lh_pulse *p, const struct lh_run_hooks *hooks);
/* Once a pass: shows progress now and then, and tells the desk of an interruption. */
void lh_pulse_beat(struct lh_pulse *p, struct lh_desk *d, int64_t virtual_us);
void lh_pulse_last(struct lh_pulse *p, struct lh_desk *d, int64_t virtual_us);
/* Is everything done, or stopped with nothing left in flight that is waited for? */
bool lh_pulse_over(struct lh_pulse *p, struct lh_desk *d);
/* Until when to wait at most, so that an interruption is seen soon. */
int64_t lh_pulse_cap(const struct lh_pulse *p, int64_t now_us, int64_t due_us);

#endif
