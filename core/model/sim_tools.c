/* sim with tools: it calls what the turn's steps need, and answers when the results are there. */
#include "model/sim_tools.h"

/* The messages of the present turn behind its prompt, as the view ends in them: results, and whether all can be read. */
struct loop { uint32_t results; bool legible, done; };

static void look(struct loop *l, const struct lh_transcript *t, const struct lh_piece *p, uint32_t id, uint32_t turn)
{
	const struct lh_message *m = lh_transcript_message(t, id);
	if (p->own && !m->calls.n)               /* the policy's words, among results or behind them: those are there all the same */
		return;
	l->done = !m->calls.n || m->turn != turn;
	if (l->done || m->role != LH_TOOL)
		return;
	l->results++;
	l->legible = l->legible && (!(p->variant & LH_RESULTS_CLEARED) || (p->spared >> m->tool & 1));
}

static void look_back(struct loop *l, const struct lh_view *v, const struct lh_transcript *t, uint32_t turn)
{
	for (uint32_t i = v->n; i-- > 0 && !l->done;) {
		const struct lh_piece *p = &v->piece[i];
		if (p->own)
			look(l, t, p, p->from, turn);
		for (uint32_t k = p->own ? p->from : p->to; k > p->from && !l->done; k--)
			look(l, t, p, lh_transcript_id(t, k - 1), turn);
	}
}

int lh_sim_call_tools(const struct lh_model_request *q, uint32_t at_once, struct lh_reply *r, bool *called, bool *legible, struct lh_error *err)
{
	struct loop l = { .legible = true };
	uint32_t put;
	int tools;
	*called = false;
	*legible = true;
	lh_sample_tools(lh_transcript_sample(q->transcript), &tools);
	if (!tools || q->options->no_tools)
		return 0;
	look_back(&l, q->view, q->transcript, q->turn);
	*legible = l.legible;
	int rc = lh_transcript_needs(q->transcript, q->turn, l.results, at_once, &r->calls, &put, err);
	*called = put > 0;
	if (!put)
		lh_buf_clear(&r->calls);
	return rc;
}
