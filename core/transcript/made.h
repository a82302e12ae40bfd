/* transcript/made.h - the turns before a probed turn, when nobody said them.
 *
 * Everything is drawn by (seed, sample, turn), so the same history is made again wherever it is
 * needed: for the run, for a resumed one, to show what was sent. One uniform number a turn decides:
 * an answer is wrong where it lies below the rate, so what is wrong at one rate is wrong at all higher
 * ones, and in the same way. A wrong state is the family's own slip, and always differs from the right
 * one. The true states are never touched.
 *
 *   injected      turn u's answer is s(u), or a slip of it
 *   propagated    it is what u's steps make of the answer before, or a slip of that
 *   filler        questions and answers on other facts, each of the length of the clean one in its place; the last
 *                 answer is the true state */
#ifndef LH_TRANSCRIPT_MADE_H
#define LH_TRANSCRIPT_MADE_H

#include "transcript/history.h"
#include "transcript/transcript.h"

struct lh_made {
	struct lh_history history;
	uint64_t seed, sample;
	uint32_t probe;                 /* the turn that will be asked */
	struct lh_buf shown;            /* the answer of the turn before, canonical */
	struct lh_buf state, text, question;    /* text: of the reply */
	uint64_t hash;                  /* of the instructions and all that stands behind them, up to the probed turn */
	uint64_t bytes, bytes_meant;    /* of them; of the clean ones in their place */
};

/* probe: from 1. */
void lh_made_init(struct lh_made *m, const struct lh_history *h, uint64_t seed, uint64_t sample, uint32_t probe);
void lh_made_fini(struct lh_made *m);

/* The next turn's prompt. For the probed turn too; *asked then. */
int lh_made_begin_turn(struct lh_made *m, struct lh_transcript *t, bool *asked, struct lh_error *err) LH_CHECKED;
/* Is there a prompt, so that a reply belongs behind it? Not where the history is left out. */
static inline bool lh_made_replies(const struct lh_made *m) { return m->history.mode != LH_HISTORY_RESTATED; }
int lh_made_reply(struct lh_made *m, struct lh_transcript *t, struct lh_error *err) LH_CHECKED;

/* Tokens made to those they stand for, by our estimate; NAN but for filler. */
double lh_made_ratio(const struct lh_made *m);
/* 63 bits, for the run file. */
int64_t lh_made_hash(const struct lh_made *m);

#endif
