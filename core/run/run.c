#include "run/run.h"

#include "base/clock.h"
#include "run/desk.h"
#include "run/engine.h"
#include "run/pulse.h"
#include "run/supervisor.h"

#define JUDGED_MAX LH_STATE_MAX
#define TEXT_MAX (1u << 20)

/* Everything in this process: the engine and the desk call each other. */
struct local {
	struct lh_run_context run;
	const struct lh_run_hooks *hooks;
	struct lh_loop *loop;
	struct lh_engine *engine;
	struct lh_desk *desk;
	struct lh_pulse pulse;
	bool refused;                            /* the desk had no further episode, though there was a place */
};

static int answer(void *user, uint32_t slot, uint32_t turn, uint32_t seq, const struct lh_reply *reply, struct lh_error *err)
{
	struct local *l = user;
	return lh_engine_answer(l->engine, slot, turn, seq, reply, err);
}

static bool has_place(const struct local *l)
{
	return lh_desk_open_episodes(l->desk) < l->run.experiment->concurrency && lh_engine_has_room(l->engine);
}

/* New episodes, while there are places for them. */
static int open_more(struct local *l, struct lh_error *err)
{
	struct lh_seat seat;
	bool any = true;
	int rc = 0;
	while (!rc && any && has_place(l)) {
		rc = lh_desk_next(l->desk, &seat, &any, err);
		if (!rc && any)
			rc = lh_engine_open(l->engine, &seat, err);
	}
	l->refused = !any;
	return rc;
}

static int wait(struct local *l, struct lh_error *err)
{
	if (!lh_engine_idle(l->engine))          /* sockets are looked at all the same */
		return lh_loop_wait(l->loop, 0, err);
	if (lh_pulse_over(&l->pulse, l->desk))
		return 0;
	if (has_place(l) && !l->refused)         /* an episode has ended since: the next one need not wait for a socket */
		return 0;
	int64_t due = lh_desk_due_us(l->desk), now = lh_clock_mono_us();
	return lh_loop_wait(l->loop, due <= now ? 0 : lh_pulse_cap(&l->pulse, now, due), err);
}

static int pass(struct local *l, struct lh_error *err)
{
	int rc = open_more(l, err);
	if (!rc)
		rc = lh_engine_step(l->engine, err);
	if (!rc && lh_desk_live(l->desk))
		rc = lh_desk_step(l->desk, err);
	if (!rc)                                 /* live: each pass; in bulk: once a second at the latest */
		rc = lh_desk_commit(l->desk, err);
	lh_pulse_beat(&l->pulse, l->desk, lh_engine_virtual_us(l->engine));
	return rc || !lh_desk_live(l->desk) ? rc : wait(l, err);
}

static int carry_out(struct local *l, struct lh_error *err)
{
	int rc = 0;
	lh_pulse_init(&l->pulse, l->hooks);
	while (!rc && !lh_pulse_over(&l->pulse, l->desk))
		rc = pass(l, err);
	if (!rc)
		lh_pulse_last(&l->pulse, l->desk, lh_engine_virtual_us(l->engine));
	return rc;
}

static int with_desk(struct local *l, const struct lh_outline *outline, struct lh_results **out, struct lh_error *err)
{
	l->run.outlet = lh_desk_outlet(l->desk);     /* filled by the start */
	int rc = lh_desk_start(l->desk, outline, err);
	if (!rc)
		rc = lh_engine_new(&l->run, (int)l->run.experiment->concurrency, &l->engine, err);
	if (!rc)
		rc = carry_out(l, err);
	lh_engine_free(l->engine);
	rc = lh_desk_close(l->desk, rc, out, err);
	lh_desk_free(l->desk);
	return rc;
}

static int run_here(const struct lh_experiment *e, const struct lh_plan *plan, const struct lh_run_hooks *hooks, struct lh_results **out, struct lh_error *err)
{
	struct local l = { .run = { .experiment = e, .plan = plan }, .hooks = hooks };
	struct lh_outline outline;
	if (hooks) {
		l.run.watch = hooks->watch;
		l.run.watch_user = hooks->user;
	}
	lh_buf_init(&l.run.text, TEXT_MAX);
	lh_buf_init(&l.run.judged, JUDGED_MAX);
	int rc = lh_outline_of(plan, &outline, err);
	if (rc)
		return rc;
	rc = lh_loop_new(&l.loop, err);
	struct lh_desk_setting s = { .experiment = e, .loop = l.loop, .bulk = plan->simulated && !e->resume, .answer = answer, .user = &l };
	if (!rc)
		rc = lh_desk_new(&s, &l.desk, err);
	if (!rc)
		rc = with_desk(&l, &outline, out, err);
	lh_loop_free(l.loop);
	lh_outline_fini(&outline);
	lh_buf_fini(&l.run.text);
	lh_buf_fini(&l.run.judged);
	return rc;
}

int lh_run(const struct lh_experiment *e, const struct lh_run_hooks *hooks, struct lh_results **out, struct lh_error *err)
{
	*out = NULL;
	if (e->jobs > 0)
		return lh_supervise(e, hooks, out, err);
	struct lh_plan plan;
	int rc = lh_plan_make(e, &plan, err);
	if (rc)
		return rc;
	rc = run_here(e, &plan, hooks, out, err);
	lh_plan_fini(&plan);
	return rc;
}
