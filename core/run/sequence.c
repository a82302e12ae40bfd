#include "run/sequence.h"

#include "run/gating.h"

#include <stdlib.h>

struct lh_sequence {
	struct lh_gating gating;
	struct lh_gate_watch *watch;
	int *ended;                      /* by sample: episodes */
	int episodes;                    /* of a sample */
	int seen, open, decided;         /* open: cases */
};

static int start(struct lh_sequence *s, const struct lh_results *r, struct lh_error *err)
{
	int rc = lh_gating_check(&s->gating, err);
	s->ended = calloc((size_t)r->planned + 1, sizeof *s->ended);
	s->watch = calloc((size_t)s->gating.cases + 1, sizeof *s->watch);
	if (!rc && (!s->ended || !s->watch))
		rc = lh_nomem(err);
	for (int i = 0; i < r->conditions; i++)
		s->episodes += r->condition[i].episodes;
	for (int i = 0; i < s->gating.cases && !rc; i++) {
		s->open++;                       /* a rule that is not watched stays open, to the planned end */
		if (lh_gate_watchable(&s->gating.kase[i]))
			rc = lh_gate_watch_init(&s->watch[i], &s->gating.kase[i], r->sequential, s->gating.cases, err);
	}
	return rc;
}

int lh_sequence_new(const struct lh_results *r, struct lh_sequence **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_sequence *s = calloc(1, sizeof *s);
	if (!s)
		return lh_nomem(err);
	int rc = lh_gating_open(r, NULL, 0, &s->gating, err);
	if (!rc)
		rc = start(s, r, err);
	if (rc)
		lh_sequence_free(s);
	else
		*out = s;
	return rc;
}

void lh_sequence_free(struct lh_sequence *s)
{
	if (!s)
		return;
	lh_gating_close(&s->gating);
	free(s->watch);
	free(s->ended);
	free(s);
}

static void look(struct lh_sequence *s, int sample)
{
	const struct lh_gating *g = &s->gating;
	for (int i = 0; i < g->cases; i++) {
		struct lh_gate_watch *w = &s->watch[i];
		bool was = w->verdict != LH_GATE_OPEN;
		if (lh_gate_watchable(&g->kase[i]) && lh_gate_watch_add(w, &g->kase[i], g->condition, sample) != LH_GATE_OPEN && !was)
			s->open--;
	}
}

void lh_sequence_ended(struct lh_sequence *s, int sample)
{
	int samples = s->gating.results->planned;
	s->ended[sample]++;
	while (!s->decided && s->seen < samples && s->ended[s->seen] >= s->episodes) {
		look(s, s->seen++);
		s->decided = s->open ? 0 : s->seen;
	}
}

int lh_sequence_decided(const struct lh_sequence *s) { return s ? s->decided : 0; }
