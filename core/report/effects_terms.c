#include "report/effects_table.h"

#include "report/prose.h"

enum { TERM = 18 };

struct entry { bool wanted; const char *term, *text; };

static void put(const struct entry *list, int n, const struct lh_report_style *style, struct lh_buf *out)
{
	for (int i = 0; i < n; i++)
		if (list[i].wanted)
			lh_prose_define(out, list[i].term, list[i].text, TERM, style);
}

static void histories(const struct lh_effects_seen *s, const struct lh_report_style *style, struct lh_buf *out)
{
	const struct entry list[] = {
		{ s->mode[LH_HISTORY_RESTATED], "restated", "no history: the true state is told before the question." },
		{ s->mode[LH_HISTORY_FILLER], "filler", "questions and answers about something else, of the same length; the last answer is the true state." },
		{ s->mode[LH_HISTORY_CLEAN], "clean", "the task's own turns, every answer true." },
		{ s->mode[LH_HISTORY_INJECTED], "injected:rate=R", "the same, each answer wrong with probability R, by itself." },
		{ s->mode[LH_HISTORY_PROPAGATED], "propagated:rate=R", "each step wrong with probability R and carried on, as an agent's errors are." },
		{ s->last, "last=true", "the answer just before the question is true all the same." },
		{ s->mode[LH_HISTORY_OWN], "own", "what the model itself said." },
	};
	put(list, sizeof list / sizeof *list, style, out);
}

static void effects(const struct lh_effects_seen *s, const struct lh_report_style *style, struct lh_buf *out)
{
	const struct entry list[] = {
		{ true, "turn accuracy", "the share of samples that answered the turn rightly, judged against what they were shown [95 % Wilson interval]." },
		{ s->exposure, "update exposure", "the share of the answers in view that do not follow from the answer before, as achieved;"
			" state exposure: that are not the true state." },
		{ s->kind[LH_EFFECTS_STATE] || s->kind[LH_EFFECTS_LONG_CONTEXT] || s->kind[LH_EFFECTS_LENGTH], "loss",
			"turn accuracy behind the one less behind the other, on the same samples, in percentage points [95 %, Newcombe's paired"
			" interval]; below 0 a gain." },
		{ s->kind[LH_EFFECTS_STATE], "state", "turn 1 less restated: what a state further on costs, with nothing else in view." },
		{ s->kind[LH_EFFECTS_LENGTH], "length", "restated less filler: what length alone costs." },
		{ s->kind[LH_EFFECTS_PATTERN], "pattern", "filler less clean: what seeing the task's own turns costs; below 0, they help." },
		{ s->kind[LH_EFFECTS_LONG_CONTEXT], "long-context", "turn 1 less clean: state, length and pattern together." },
		{ s->kind[LH_EFFECTS_SELF_CONDITIONING], "self-conditioning", "clean less injected, by rate: what errors in view cost at equal length." },
		{ s->slope, "slope", "change of the log-odds of an error with update exposure, from 0 to 1, over clean, injected and propagated (strict"
			" reading; profile interval; p by permutation within samples)." },
		{ s->sentence, "length, errors", "in the sentence: turn 1 less clean; and what its own exposure costs by the curve through propagated,"
			" where errors were dealt out by lot. Strict reading, bootstrap over samples." },
		{ s->strict, "strict", "returning to the true state in spite of a wrong answer in view counts as right; in the paper's reading it is an error." },
		{ s->none, "–", "not asked, or not estimable." },
	};
	put(list, sizeof list / sizeof *list, style, out);
}

void lh_effects_terms(const struct lh_effects_seen *s, const struct lh_report_style *style, struct lh_buf *out)
{
	if (!s->any)
		return;
	lh_prose_wrap(out, LH_STR("Behind made histories:"), 0, 0, style);
	histories(s, style, out);
	effects(s, style, out);
}
