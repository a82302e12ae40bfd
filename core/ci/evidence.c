/* What a reader of a verdict asks next: where did it go wrong, and what was said there? */
#include "ci/parts.h"

#include "base/utf8.h"
#include "report/failures.h"
#include "transcript/outcome.h"

#include <inttypes.h>
#include <string.h>

enum { MOST = 1200, TAIL = 400, LABEL = 10 };            /* bytes of a text, and of its end; columns of a label */

/* Lines behind a label; of a long text the head and the tail, cut between characters. */
static void put_lines(struct lh_buf *out, struct lh_str s)
{
	struct lh_buf shown;
	lh_buf_init(&shown, 1 << 16);
	lh_put_shown(&shown, s, true);
	for (struct lh_str left = lh_buf_str(&shown); left.n;) {
		const char *end = memchr(left.p, '\n', left.n);
		size_t n = end ? (size_t)(end - left.p) : left.n;
		lh_buf_put(out, left.p, n);
		n += end != NULL;
		left = (struct lh_str){ left.p + n, left.n - n };
		if (left.n)
			lh_buf_printf(out, "\n%*s", LABEL + 2, "");
	}
	if (shown.failed)
		out->failed = shown.failed;
	lh_buf_fini(&shown);
}

static bool within(struct lh_str s, size_t at) { return at < s.n && ((unsigned char)s.p[at] & 0xC0) == 0x80; }

static void put_text(struct lh_buf *out, const char *label, struct lh_str s)
{
	size_t head = MOST - TAIL, tail = s.n > TAIL ? s.n - TAIL : 0;
	lh_buf_printf(out, "  %-*s", LABEL, label);
	if (s.n <= MOST) {
		put_lines(out, s);
	} else {
		while (head && within(s, head))
			head--;
		while (within(s, tail))
			tail++;
		put_lines(out, (struct lh_str){ s.p, head });
		lh_buf_printf(out, " … (%zu bytes) … ", tail - head);
		put_lines(out, (struct lh_str){ s.p + tail, s.n - tail });
	}
	lh_buf_putc(out, '\n');
}

static void put_state(struct lh_buf *out, const char *label, bool has, struct lh_str state)
{
	if (has)
		put_text(out, label, state);
}

/* The task's own words at that turn. */
static const struct lh_recall_message *prompt_of(const struct lh_report_failure *f)
{
	for (size_t i = f->parts; i-- > 0;) {
		const struct lh_recall_message *m = f->part[i].message;
		if (m->turn == f->turn && !strcmp(m->made_by, "task") && !m->calls.n)
			return m;
	}
	return NULL;
}

static void put_said(struct lh_buf *out, const struct lh_report_failure *f)
{
	const struct lh_recall_call *c = f->call;
	const struct lh_recall_message *asked = prompt_of(f);
	if (asked)
		put_text(out, "asked", asked->text);
	if (c->accepted && c->unshown)
		put_text(out, "shown", LH_STR("no answer is in what was sent"));
	put_state(out, "shown", c->accepted && c->has_shown, c->shown);
	put_state(out, "true", c->accepted, c->truth);
	put_state(out, "followed", c->accepted && c->has_followed && !lh_str_equal(c->followed, c->truth), c->followed);
	put_state(out, "answered", c->accepted && c->has_answered, c->answered);
	if (c->reply >= 0 && (size_t)c->reply < f->recall->messages)
		put_text(out, "reply", f->recall->message[c->reply].text);
	if (c->error.n)
		put_text(out, "error", c->error_text);
}

void lh_ci_first_errors(const struct lh_report *report, int condition, struct lh_buf *out)
{
	for (int i = 0; i < report->failure_count; i++) {
		const struct lh_report_failure *f = &report->failure[i];
		const struct lh_report_condition *c = &report->condition[f->condition];
		if (f->condition != condition)
			continue;
		lh_buf_printf(out, "sample %" PRId64 ", turn %" PRId64 ": %s\n", f->sample, f->turn, lh_outcome_name(c->outcome[f->row * c->result->turns + (int)f->turn - 1]));
		put_said(out, f);
	}
}
