/* A browser of conversations: what each policy's model was shown where it first erred, and what it was not shown. */
#include "report/html_page.h"

#include "report/failures.h"
#include "report/html_text.h"
#include "transcript/calls.h"
#include "transcript/transcript.h"

#include <inttypes.h>

enum { HEAD = 2, TAIL = 10, TEXT_MOST = 1500, REPLY_MOST = 4000 };     /* messages shown of a long record; bytes of one */

/* Cut between characters; what is missing is said. */
static void put_text(struct lh_buf *out, struct lh_str text, size_t most)
{
	size_t n = text.n;
	if (n > most)
		for (n = most; n > most - 4 && ((unsigned char)text.p[n] & 0xC0) == 0x80;)
			n--;
	lh_buf_puts(out, "<pre>");
	lh_html_put_lines(out, (struct lh_str){ text.p, n });
	if (n < text.n)
		lh_buf_printf(out, "… (%zu more bytes)", text.n - n);
	lh_buf_puts(out, "</pre>\n");
}

static void put_calls(struct lh_buf *out, const struct lh_recall_message *m)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	if (!m->calls.n || lh_calls_open(&calls, m->calls, NULL))
		return;
	while (lh_calls_next(&calls, &call)) {
		lh_buf_puts(out, m->role == LH_TOOL ? "<small> · of " : "<small> · calls ");
		lh_html_put(out, call.name);
		lh_buf_puts(out, "</small>");
		if (m->role == LH_TOOL)
			break;
		put_text(out, call.arguments, TEXT_MOST);
	}
	lh_calls_close(&calls);
}

static bool by_policy(const struct lh_recall_message *m) { return lh_str_is(lh_str_of(m->made_by), "policy"); }

/* A tool's result whose place something else took: the model did not see it. */
static bool is_cleared(const struct lh_recall_part *part) { return part->message->role == LH_TOOL && (part->variant & LH_RESULTS_CLEARED); }

static void put_message(struct lh_buf *out, const struct lh_recall_part *part)
{
	const struct lh_recall_message *m = part->message;
	bool faint = !part->sent || is_cleared(part);
	struct lh_buf sent;
	lh_buf_init(&sent, out->max);
	if (faint)
		lh_buf_put_str(&sent, m->text);
	else
		lh_put_variant(&sent, (enum lh_role)m->role, m->text, part->variant);
	lh_buf_printf(out, "<div class=\"turn%s%s\"><small>", faint ? " left" : "", by_policy(m) ? " wrote" : "");
	if (m->turn > 0)
		lh_buf_printf(out, "turn %" PRId64 ", %s", m->turn, lh_role_name(m->role));
	else
		lh_buf_printf(out, "instructions, %s", lh_role_name(m->role));
	lh_buf_printf(out, "%s%s%s%s</small>", part->sent ? "" : " · left out", part->sent && faint ? " · cleared when sent" : "", by_policy(m) ? " · written by the policy" : "",
		lh_str_equal(lh_buf_str(&sent), m->text) ? "" : " · shortened when sent");
	put_calls(out, m);
	put_text(out, lh_buf_str(&sent), TEXT_MOST);
	lh_buf_puts(out, "</div>\n");
	if (sent.failed)
		out->failed = sent.failed;
	lh_buf_fini(&sent);
}

static void put_gap(struct lh_buf *out, const struct lh_recall_part *part, size_t n)
{
	size_t sent = 0;
	for (size_t i = 0; i < n; i++)
		sent += part[i].sent;
	lh_buf_printf(out, "<p><small>… %zu more messages: %zu sent, %zu left out …</small></p>\n", n, sent, n - sent);
}

static void put_record(struct lh_buf *out, const struct lh_report_failure *f)
{
	bool all = f->parts <= HEAD + TAIL + 1;
	for (size_t i = 0; i < f->parts; i++) {
		if (!all && i == HEAD) {
			put_gap(out, f->part + HEAD, f->parts - HEAD - TAIL);
			i = f->parts - TAIL;
		}
		put_message(out, &f->part[i]);
	}
}

static void put_state(struct lh_buf *out, const char *name, bool has, struct lh_str state)
{
	if (!has)
		return;
	lh_buf_printf(out, "<dl><dt>%s</dt><dd>", name);
	put_text(out, state, TEXT_MOST);
	lh_buf_puts(out, "</dd></dl>\n");
}

static void put_reply(struct lh_buf *out, const struct lh_report_failure *f)
{
	const struct lh_recall_call *c = f->call;
	const struct lh_recall *r = f->recall;
	lh_buf_puts(out, "<div class=\"turn err\"><small>the reply</small>");
	if (c->reply >= 0 && (size_t)c->reply < r->messages) {
		const struct lh_recall_message *m = &r->message[c->reply];
		if (m->thoughts.n) {
			lh_buf_puts(out, "<small> · thoughts</small>");
			put_text(out, m->thoughts, REPLY_MOST);
		}
		put_calls(out, m);
		put_text(out, m->text, REPLY_MOST);
	}
	if (c->error.n)
		put_text(out, c->error_text, TEXT_MOST);
	lh_buf_puts(out, "</div>\n");
	put_state(out, "answered", c->accepted && c->has_answered, c->answered);
	put_state(out, "followed", c->accepted && c->has_followed, c->followed);
	put_state(out, "true", c->accepted, c->truth);
}

static void put_failure(struct lh_buf *out, const struct lh_report *report, const struct lh_report_failure *f)
{
	const struct lh_report_condition *c = &report->condition[f->condition];
	uint8_t outcome = c->outcome[f->row * c->result->turns + (int)f->turn - 1];
	lh_buf_printf(out, "<details><summary>sample %" PRId64 ", turn %" PRId64 ": %s</summary>\n", f->sample, f->turn, lh_outcome_name(outcome));
	put_record(out, f);
	put_reply(out, f);
	lh_buf_puts(out, "</details>\n");
}

static void put_name(struct lh_buf *out, const struct lh_report_condition *c, bool several)
{
	lh_buf_puts(out, "<h3>");
	lh_html_put_name(out, c->policy_label.n ? c->policy_label : c->policy);
	lh_buf_puts(out, c->oracle ? " (oracle)" : "");
	if (!lh_group_own(c)) {
		lh_buf_puts(out, ", history ");
		lh_html_put_name(out, c->history);
	}
	if (several) {
		lh_buf_puts(out, ", ");
		lh_html_put_name(out, c->task_label.n ? c->task_label : c->task);
		lh_buf_puts(out, " on ");
		lh_html_put_name(out, c->model_label.n ? c->model_label : c->model);
	}
	lh_buf_puts(out, "</h3>\n");
}

static int count_shown(const struct lh_report *report, bool own)
{
	int n = 0;
	for (int i = 0; i < report->failure_count; i++)
		n += lh_group_own(&report->condition[report->failure[i].condition]) == own;
	return n;
}

/* What is shown, and what is not, and why. */
static void put_scope(const struct lh_report *report, struct lh_buf *out)
{
	lh_buf_puts(out, "<p>");
	if (count_shown(report, true))
		lh_buf_printf(out, "Of each policy the first %d samples that err, as the model was shown them at the turn of their first error. ", LH_FAILURES_EACH);
	if (count_shown(report, false))
		lh_buf_printf(out, "Of each made history the first %d that went wrong, at the last of the turns asked that it got wrong: the turns before it were made, not said by the model. ", LH_FAILURES_MADE);
	if (report->failure_count == LH_FAILURES_MOST)
		lh_buf_printf(out, "There is room for %d; further ones are not shown. ", LH_FAILURES_MOST);
	lh_buf_puts(out, "Grey, slanted, dotted line: left out by the policy; double line: written by it. followed: what a flawless executor would have answered to what was"
		" shown. longhaul transcript shows all of any conversation.</p>\n");
	if (report->failure_unmade)
		lh_buf_printf(out, "<p>Run files do not hold made histories. Those of %d condition%s could not be made again: the task family is not found here, or has changed."
			" --plugin names the file of a family of one's own; longhaul transcript says more.</p>\n", report->failure_unmade, report->failure_unmade == 1 ? "" : "s");
}

void lh_html_failures(const struct lh_report *report, bool several, struct lh_buf *out)
{
	put_scope(report, out);
	for (int i = 0; i < report->failure_count; i++) {
		if (i == 0 || report->failure[i - 1].condition != report->failure[i].condition)
			put_name(out, &report->condition[report->failure[i].condition], several);
		put_failure(out, report, &report->failure[i]);
	}
}
