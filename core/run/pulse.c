#include "run/pulse.h"

#include "base/clock.h"

#define LOOK_EVERY 1024                  /* passes between looks at the clock, while nothing is waited for */
#define SHOW_US 200000
#define GRACE_US 10000000                /* after a signal: what flies is paid for, and may still come in */
#define GRACE_FAILED_US 30000000
#define SEEN_WITHIN_US 200000

void lh_pulse_init(struct lh_pulse *p, const struct lh_run_hooks *hooks)
{
	*p = (struct lh_pulse){ .hooks = hooks, .shown_us = lh_clock_mono_us() };
}

static bool interrupted(const struct lh_pulse *p)
{
	return p->hooks && p->hooks->stop && *p->hooks->stop;
}

static void show(struct lh_pulse *p, struct lh_desk *d, int64_t virtual_us)
{
	struct lh_progress now;
	lh_desk_progress(d, &now);
	now.virtual_s = (double)virtual_us / 1e6;
	p->hooks->progress(p->hooks->user, &now);
}

void lh_pulse_beat(struct lh_pulse *p, struct lh_desk *d, int64_t virtual_us)
{
	if (interrupted(p))
		lh_desk_stop(d, LH_STOP_SIGNAL, "interrupted");
	if (!p->hooks || !p->hooks->progress || (!lh_desk_live(d) && ++p->since_look < LOOK_EVERY))
		return;
	p->since_look = 0;
	int64_t now = lh_clock_mono_us();
	if (now - p->shown_us < SHOW_US)
		return;
	p->shown_us = now;
	show(p, d, virtual_us);
}

void lh_pulse_last(struct lh_pulse *p, struct lh_desk *d, int64_t virtual_us)
{
	if (p->hooks && p->hooks->progress)
		show(p, d, virtual_us);
}

bool lh_pulse_over(struct lh_pulse *p, struct lh_desk *d)
{
	if (!lh_desk_stopped(d))
		return lh_desk_exhausted(d) && !lh_desk_open_episodes(d) && !lh_desk_in_flight(d);
	if (!lh_desk_in_flight(d))
		return true;
	if (lh_desk_stopped(d) == LH_STOP_DECIDED && !lh_desk_budgeted(d))       /* what flies would not be looked at; but a budget has to know of it */
		return true;
	if (lh_desk_stopped(d) == LH_STOP_BUDGET)        /* it is all reserved for: to break off the slow ones would bias what is left */
		return false;
	int64_t now = lh_clock_mono_us();
	if (!p->grace_until_us)
		p->grace_until_us = now + (lh_desk_stopped(d) == LH_STOP_SIGNAL || lh_desk_stopped(d) == LH_STOP_DECIDED ? GRACE_US : GRACE_FAILED_US);
	return now >= p->grace_until_us;
}

int64_t lh_pulse_cap(const struct lh_pulse *p, int64_t now_us, int64_t due_us)
{
	bool watched = p->hooks && (p->hooks->stop || p->hooks->progress);
	int64_t most = watched || p->grace_until_us ? now_us + SEEN_WITHIN_US : INT64_MAX;
	return due_us < most ? due_us : most;
}
