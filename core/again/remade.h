/* again/remade.h - a made history made again, from what a run file says of its condition.
 *
 * Run files keep no made history: family, parameters, seed, sample and mode give it again, and a hash
 * tells whether it is the one that was sent. */
#ifndef LH_AGAIN_REMADE_H
#define LH_AGAIN_REMADE_H

#include "journal/journal.h"
#include "transcript/transcript.h"

/* Zeroed at the start but for plugin: a file to open the family from, borrowed; NULL: where families are found. */
struct lh_remade { const char *plugin; char *task, *params, *history; uint32_t steps_per_turn; };

int lh_remade_note(struct lh_remade *m, const struct lh_condition_row *c, struct lh_error *err) LH_CHECKED;
void lh_remade_fini(struct lh_remade *m);

struct lh_remade_which { uint64_t seed, sample; uint32_t probe; int64_t hash; };

/* Calls `each` for the instructions and every message before the probed turn's prompt, in order. LH_E_DIFFERS: it is
 * not what was sent (the family has changed since); LH_E_USAGE: there is no such family. */
int lh_remade_again(const struct lh_remade *m, const struct lh_remade_which *w,
	int (*each)(void *user, const struct lh_message *message, struct lh_str text, struct lh_str calls, struct lh_error *err), void *user, struct lh_error *err) LH_CHECKED;

/* The task of the condition, opened from the registry as it was. A parameter that the family has been given since has its
 * default. LH_E_DIFFERS: a file that it reads is another now. */
int lh_remade_task(const struct lh_remade *m, struct lh_registry *registry, struct lh_taskset **out, struct lh_error *err) LH_CHECKED;
/* The record up to the probed turn's prompt. The sample must outlive it. LH_E_DIFFERS: as above. */
int lh_remade_transcript(const struct lh_remade *m, const struct lh_remade_which *w, struct lh_sample *sample, struct lh_transcript **out, struct lh_error *err) LH_CHECKED;

#endif
