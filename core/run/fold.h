/* run/fold.h - rows of the run file folded into results.
 *
 * The one way from rows to results, whether they come from a file or from a run that is under way: so
 * a run and its file cannot disagree. Sums of floating-point numbers depend on their order: each
 * episode's calls are folded once each, by (turn, seq); an episode's superseded ones before the one
 * that took their place. */
#ifndef LH_RUN_FOLD_H
#define LH_RUN_FOLD_H

#include "journal/journal.h"
#include "run/results.h"

/* An agent's conversation that was begun again: its calls cost, its outcomes are nobody's. */
#define LH_SUPERSEDED "superseded"

/* The turns before an episode's first call: those of its made history, else none. */
int lh_fold_begin(const struct lh_condition_results *c, struct lh_place at);

/* turns: so far, from lh_fold_begin(), counted on by the call that the turn accepted; NULL for a superseded
 * episode, whose calls and costs alone count. LH_E_DAMAGED: counters or a turn that no run leaves; then c is
 * of no more use. */
int lh_fold_call(struct lh_condition_results *c, struct lh_place at, int *turns, const struct lh_call_row *row, struct lh_error *err) LH_CHECKED;

/* The episode ended so, after `turns` turns: the turn that brought no reply, the cause, what finish()
 * returned (both copied; the first stay), and how its history fitted. Not for superseded ones. */
int lh_fold_end(struct lh_condition_results *c, struct lh_place at, int turns, const struct lh_episode_row *row, struct lh_error *err) LH_CHECKED;

/* As if nothing of the episode had been folded: it is executed again. */
void lh_fold_clear(struct lh_condition_results *c, struct lh_place at);

/* Are a call's tokens no estimate? The server counted them, or there are none (a call that failed). */
static inline bool lh_fold_counted(bool counted, int64_t tokens_in, int64_t tokens_out)
{
	return counted || (tokens_in == 0 && tokens_out == 0);
}

#endif
