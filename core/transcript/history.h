/* transcript/history.h - how the turns before a question came about: said by the model, or made.
 *
 * `own` is what the model itself said. In all others the turns before a *probed* turn are made, and
 * only the probed turn is asked, so that what is in view is chosen and not a consequence of how good
 * the model is (measure/README.md, "Made histories"). As text:
 *
 *   own | restated | filler | clean[:thoughts=matching]
 *   injected:rate=R[,last=true][,thoughts=matching] | propagated:rate=R[,last=true][,thoughts=matching] */
#ifndef LH_TRANSCRIPT_HISTORY_H
#define LH_TRANSCRIPT_HISTORY_H

#include "base/text.h"

enum lh_history_mode {
	LH_HISTORY_OWN,
	LH_HISTORY_RESTATED,            /* none: the true state is restated before the prompt */
	LH_HISTORY_FILLER,              /* of equal length, about something else */
	LH_HISTORY_CLEAN,               /* the task's turns, every answer true */
	LH_HISTORY_INJECTED,            /* each answer wrong with probability `rate`, by itself */
	LH_HISTORY_PROPAGATED,          /* each update wrong with probability `rate`, errors carried on */
	LH_HISTORY_MODES
};

struct lh_history {
	enum lh_history_mode mode;
	double rate;                    /* in [0, 1]; of injected and propagated */
	bool last;                      /* the answer just before the probe is true all the same */
	bool thoughts;                  /* answers come with reasoning that leads to them, right or wrong */
};

#define LH_HISTORY_RATES 16             /* most in one list */
#define LH_HISTORY_TEXT 96              /* bytes of the canonical text, its NUL included */

const char *lh_history_mode_name(int mode);
/* One text as typed; a list of rates ("injected:rate=0,0.25,1", also in quotes) is several. LH_E_USAGE says what there is. */
int lh_history_parse(struct lh_str text, struct lh_history out[LH_HISTORY_RATES], int *count, struct lh_error *err) LH_CHECKED;
/* Canonical text: equal histories, equal text. */
void lh_history_write(const struct lh_history *h, char out[LH_HISTORY_TEXT]);
static inline bool lh_history_made(const struct lh_history *h) { return h->mode != LH_HISTORY_OWN; }

#endif
