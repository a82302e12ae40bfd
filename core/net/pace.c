#include "net/pace.h"

#include <math.h>
#include <stdlib.h>

#define START 20
#define NO_MOST (1 << 20)                /* places, where there is no limit */
#define ROUND_LEAST 4
#define COOL_US 15000000

/* What may go: so much an µs, saved up to `most`. Below zero: owed by a request larger than the bucket, or
 * by one that used more than was guessed. */
struct bucket {
	double per_us, most, level;      /* per_us 0: no limit */
	int64_t at_us;                   /* of the level */
};

struct lh_pace {
	struct bucket requests, tokens;
	int most, limit, in_flight;
	int streak, peak;                /* of the round: successes; most in flight at once */
	bool proven, was_cut;
	int64_t cut_us;                  /* when, where was_cut */
};

/* ---- buckets ---- */

/* A tenth of the period is saved up, so that the rate holds in any second, or minute, to a tenth. */
static void bucket_init(struct bucket *b, double rate, double period_us)
{
	b->per_us = rate / period_us;
	b->most = rate / 10 > 1 ? rate / 10 : 1;
	b->level = b->most;
	b->at_us = INT64_MIN;
}

static void refill(struct bucket *b, int64_t now_us)
{
	if (b->at_us != INT64_MIN && now_us > b->at_us)
		b->level += (double)(now_us - b->at_us) * b->per_us;
	if (b->level > b->most)
		b->level = b->most;
	if (now_us > b->at_us)
		b->at_us = now_us;
}

/* When it holds what is needed; a request larger than the bucket goes when it is full. */
static int64_t enough_at(struct bucket *b, int64_t now_us, double need)
{
	if (b->per_us <= 0)
		return now_us;
	refill(b, now_us);
	if (need > b->most)
		need = b->most;
	double wait = (need - b->level) / b->per_us;
	if (wait < 1e-3)                 /* rounding: a thousandth of a µs is now */
		return now_us;
	return wait < 1e15 ? now_us + (int64_t)ceil(wait) : INT64_MAX;
}

static void draw(struct bucket *b, double n)
{
	b->level -= n;
	if (b->level > b->most)
		b->level = b->most;
}

/* ---- places ---- */

static void new_round(struct lh_pace *p)
{
	p->streak = 0;
	p->peak = p->in_flight;
}

static void grow(struct lh_pace *p)
{
	int more = p->was_cut ? p->limit / 20 : p->limit;
	p->limit += more > 1 ? more : 1;
	if (p->limit > p->most)
		p->limit = p->most;
}

static bool cooling(const struct lh_pace *p, int64_t now_us) { return p->was_cut && now_us - p->cut_us < COOL_US; }

static void succeed(struct lh_pace *p, int64_t now_us)
{
	if (cooling(p, now_us))
		return;
	int round = p->limit > ROUND_LEAST ? p->limit : ROUND_LEAST;
	if (++p->streak < round)
		return;
	if (p->peak * 5 >= p->limit * 4)
		grow(p);
	new_round(p);
}

static void cut(struct lh_pace *p, int64_t now_us)
{
	new_round(p);
	if (cooling(p, now_us))
		return;
	p->limit = p->limit * 4 / 5;
	if (p->limit < 1)
		p->limit = 1;
	p->was_cut = true;
	p->cut_us = now_us;
}

/* ---- */

static bool rate_ok(double v) { return isfinite(v) && v >= 0; }

int lh_pace_new(const struct lh_pace_settings *s, struct lh_pace **out, struct lh_error *err)
{
	*out = NULL;
	if (s->most < 0 || !rate_ok(s->rps) || !rate_ok(s->tpm))
		return lh_fail(err, LH_E_USAGE, "limits of concurrency, requests a second and tokens a minute must be 0 (none) or more");
	struct lh_pace *p = calloc(1, sizeof *p);
	if (!p)
		return lh_nomem(err);
	p->most = s->most ? s->most : NO_MOST;
	p->limit = p->most < START ? p->most : START;
	bucket_init(&p->requests, s->rps, 1e6);
	bucket_init(&p->tokens, s->tpm, 60e6);
	*out = p;
	return 0;
}

void lh_pace_free(struct lh_pace *p) { free(p); }

bool lh_pace_take(struct lh_pace *p, int64_t now_us, int64_t tokens, int64_t *until_us)
{
	*until_us = INT64_MAX;
	if (p->in_flight >= (p->proven ? p->limit : 1))
		return false;
	double need = tokens > 0 ? (double)tokens : 0;
	int64_t a = enough_at(&p->requests, now_us, 1), b = enough_at(&p->tokens, now_us, need);
	*until_us = a > b ? a : b;
	if (*until_us > now_us)
		return false;
	draw(&p->requests, 1);
	draw(&p->tokens, need);
	p->in_flight++;
	if (p->in_flight > p->peak)
		p->peak = p->in_flight;
	return true;
}

void lh_pace_done(struct lh_pace *p, int64_t now_us, enum lh_pace_event e, int64_t tokens_guessed, int64_t tokens_used)
{
	if (e == LH_PACE_OK || e == LH_PACE_OK_RETRIED)
		p->proven = true;
	if (e == LH_PACE_OK)
		succeed(p, now_us);
	p->in_flight--;
	if (e == LH_PACE_LIMITED)
		cut(p, now_us);
	if (e == LH_PACE_TROUBLE)
		new_round(p);
	if (tokens_used >= 0) {
		refill(&p->tokens, now_us);
		draw(&p->tokens, (double)(tokens_used - (tokens_guessed > 0 ? tokens_guessed : 0)));
	}
}

int lh_pace_limit(const struct lh_pace *p) { return p->limit; }
int lh_pace_in_flight(const struct lh_pace *p) { return p->in_flight; }
bool lh_pace_proven(const struct lh_pace *p) { return p->proven; }
