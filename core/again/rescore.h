/* again/rescore.h - every outcome of a run file computed again from what was said.
 *
 * For a run that was paid for and whose judging has changed: the parser of a task family was mended, or the program's own
 * reader of answers. What was asked, sent and said stays as it is; policies do not run again. The file itself is never
 * changed: the new outcomes go into a copy of it. */
#ifndef LH_AGAIN_RESCORE_H
#define LH_AGAIN_RESCORE_H

#include "journal/journal.h"
#include "transcript/outcome.h"

struct lh_rescore_options {
	int64_t run;                             /* -1: every run of the file */
	char *const *plugin; int plugins;        /* files of task families, before those that are found */
	bool reworded;                           /* a family may word its prompts otherwise now */
	const char *out;                         /* the copy; NULL: only look */
	bool replace;                            /* write over it */
};

/* A turn whose outcome, or whose states, are others now. Borrows. */
struct lh_rescored_turn {
	int64_t run, sample, turn;
	const struct lh_condition_row *condition;
	struct lh_str label;                     /* of its policy */
	const struct lh_call_row *was, *is;
};

/* A task family that is not the one which judged the run. */
struct lh_rescored_family { char name[48], was_version[48], is_version[48], was_sha256[72], is_sha256[72]; };

struct lh_rescored {
	int64_t episodes, turns;                 /* turns: accepted replies that were read again */
	int64_t outcomes, states, exposures;     /* turns with another outcome; with the same, from other states; calls with another exposure */
	int64_t undecided;                       /* runs of the copy that had stopped when their rules were decided, which they are not now */
	int64_t reopened;                        /* episodes that had stopped at an error which is none now */
	int64_t ended_again;                     /* episodes that an earlier reading had reopened, where that error is one again */
	int64_t moved[LH_OUTCOME_COUNT][LH_OUTCOME_COUNT];   /* [was][is] */
	struct lh_rescored_family family[16]; int families;
};

/* `each` (may be NULL) sees the turns of which outcome or states differ, by run, condition, sample, turn. `out` is written as
 * a whole or not at all. LH_E_USAGE: no such run or family, `out` exists; LH_E_DIFFERS: a family asks something else now. */
int lh_rescore(const char *path, const struct lh_rescore_options *o, int (*each)(void *user, const struct lh_rescored_turn *turn, struct lh_error *err),
	void *user, struct lh_rescored *what, struct lh_error *err) LH_CHECKED;

#endif
