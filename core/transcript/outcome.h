/* transcript/outcome.h - what became of one turn. The words are those of the report and of the
 * run file; their conditions:
 *   a answered, f followed (a flawless executor's answer to what it was shown), s true. */
#ifndef LH_TRANSCRIPT_OUTCOME_H
#define LH_TRANSCRIPT_OUTCOME_H

#include "base/text.h"

#define LH_OUTCOMES(X) \
	X(CORRECT,      correct)        /* a = f = s; unshown: a = s */ \
	X(FOLLOWS,      follows)        /* a = f, not s: an earlier error carried on faithfully */ \
	X(RECOVERS,     recovers)       /* a = s, not f */ \
	X(SLIPS,        slips)          /* a valid state, neither f nor s */ \
	X(MALFORMED,    malformed)      /* an answer tag whose content is no valid state */ \
	X(MISSING,      missing)        /* a complete reply without an answer tag */ \
	X(TRUNCATED,    truncated)      /* cut off by the output limit, without an answer */ \
	X(REFUSED,      refused)        /* refusal or content filter */ \
	X(OVERFLOW,     overflow)       /* did not fit the context; ends the episode, later turns are errors */ \
	X(POLICY_ERROR, policy_error)   /* the policy failed; ends the episode, counts against the condition */ \
	X(FAILED,       failed)         /* no reply for reasons outside condition and content: censors */

enum lh_outcome {
#define X(upper, lower) LH_OUTCOME_##upper,
	LH_OUTCOMES(X)
#undef X
	LH_OUTCOME_COUNT,
	LH_UNSEEN = 255            /* the turn was not observed (after censoring or --stop-at-error) */
};

const char *lh_outcome_name(int outcome);                       /* "" for LH_UNSEEN */
int lh_outcome_of(struct lh_str name);                          /* -1: no such outcome */

/* a = f: no error for turn accuracy (the paper's reading; `recovers` is an error in it). */
bool lh_outcome_turn_ok(int outcome);
/* The strict reading: `recovers` is no error either. */
bool lh_outcome_turn_ok_strict(int outcome);
/* a = s. */
bool lh_outcome_state_ok(int outcome);

#endif
