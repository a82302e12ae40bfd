/* task/spoken.h - what stands in for a task where there is none: a conversation from elsewhere.
 *
 * A record needs a sample, which knows instructions, tools, and what an answer is. This one has the conversation's
 * instructions and the names of its tools; an answer is whatever stands in the tag and could be a state; nothing is true, so
 * every step leaves its state alone. It is asked for no prompt. */
#ifndef LH_TASK_SPOKEN_H
#define LH_TASK_SPOKEN_H

#include "task/task.h"

struct lh_spoken {
	struct lh_str instructions;              /* not empty, at most LH_INSTRUCTIONS_MAX bytes of UTF-8 */
	struct lh_str initial;                   /* a state: how things stand before the first answer */
	const struct lh_str *tool; int tools;    /* names; what is beyond LH_TOOLS_MAX has none */
};

/* Texts are copied. LH_E_USAGE: `initial` can be no state. */
int lh_sample_spoken(const struct lh_spoken *what, struct lh_sample **out, struct lh_error *err) LH_CHECKED;
void lh_sample_spoken_free(struct lh_sample *s);         /* NULL is fine; not for other samples */

#endif
