/* run/sequence.h - when has a run that stops early seen enough?
 *
 * Samples enter in the order of their index, each once all its episodes have ended, so what is found does not depend on
 * concurrency: at n samples every case of the gate is decided, and the run is those n. The same is found again from the
 * rows and the settings of a run file; nothing of it is stored. */
#ifndef LH_RUN_SEQUENCE_H
#define LH_RUN_SEQUENCE_H

#include "run/results.h"

struct lh_sequence;

/* For the run's own gates, upon results that will fill up. LH_E_USAGE as lh_gating_open() and lh_gating_check(). */
int lh_sequence_new(const struct lh_results *r, struct lh_sequence **out, struct lh_error *err) LH_CHECKED;
void lh_sequence_free(struct lh_sequence *s);                    /* accepts NULL */
/* An episode of this sample (from 0) has ended, and its cells are filled. */
void lh_sequence_ended(struct lh_sequence *s, int sample);
/* The number of samples at which all was decided; 0: it is not. Accepts NULL. */
int lh_sequence_decided(const struct lh_sequence *s);

#endif
