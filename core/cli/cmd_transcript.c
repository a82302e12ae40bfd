#include "cli/cli.h"

#include "base/utf8.h"
#include "again/recall.h"
#include "transcript/transcript.h"

#include <string.h>

struct transcript_args { const char *file, *sample, *run, *condition, *policy, *history, *probe, *plugin, *turn, *call; bool as_sent; };

static int read_args(int argc, char **argv, struct transcript_args *a)
{
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		if (lh_cli_option(argc, argv, &i, "--run", &a->run, &bad) || lh_cli_option(argc, argv, &i, "--condition", &a->condition, &bad) ||
			lh_cli_option(argc, argv, &i, "--policy", &a->policy, &bad) ||
			lh_cli_option(argc, argv, &i, "--history", &a->history, &bad) || lh_cli_option(argc, argv, &i, "--probe", &a->probe, &bad) ||
			lh_cli_option(argc, argv, &i, "--plugin", &a->plugin, &bad) || lh_cli_option(argc, argv, &i, "--turn", &a->turn, &bad) ||
			lh_cli_option(argc, argv, &i, "--call", &a->call, &bad))
			continue;
		if (lh_cli_option(argc, argv, &i, "--as-sent", NULL, &bad))
			a->as_sent = true;
		else if (argv[i][0] == '-')
			bad = lh_cli_usage("transcript", "there is no option %s", argv[i]);
		else if (!a->file)
			a->file = argv[i];
		else if (!a->sample)
			a->sample = argv[i];
		else
			bad = lh_cli_usage("transcript", "'%s' is one too many", argv[i]);
	}
	if (!bad && !a->file)
		bad = lh_cli_usage("transcript", "which run file? longhaul run keeps its in longhaul.db");
	if (!bad && a->as_sent && !a->turn)
		bad = lh_cli_usage("transcript", "--as-sent needs --turn N");
	if (!bad && a->call && !a->as_sent)
		bad = lh_cli_usage("transcript", "--call needs --as-sent");
	return bad;
}

static int number(const char *text, const char *what, int64_t absent, int64_t *out)
{
	*out = absent;
	if (text && (!lh_str_to_int(lh_str_of(text), out) || *out < 0))
		return lh_cli_usage("transcript", "%s %s: a number is needed", what, text);
	return 0;
}

static void indented(struct lh_buf *b, struct lh_str s)
{
	while (s.n) {
		const char *end = memchr(s.p, '\n', s.n);
		size_t n = end ? (size_t)(end - s.p) : s.n;
		lh_buf_puts(b, "    ");
		lh_put_shown(b, (struct lh_str){ s.p, n }, false);
		lh_buf_putc(b, '\n');
		n += end != NULL;
		s = (struct lh_str){ s.p + n, s.n - n };
	}
}

static void put_state(struct lh_buf *b, const char *name, bool has, struct lh_str state)
{
	if (!has)
		return;
	lh_buf_printf(b, "  %s ", name);
	lh_put_shown(b, state, false);
}

static const struct lh_recall_call *call_for(const struct lh_recall *r, int64_t message)
{
	for (size_t i = 0; i < r->calls; i++)
		if (r->call[i].reply == message)
			return &r->call[i];
	return NULL;
}

static void put_edit(struct lh_buf *b, const struct lh_recall_message *m)
{
	lh_buf_puts(b, m->role == LH_REMOVED ? " (the policy took a message out: " : " (the policy put this in place of what was said: ");
	lh_put_shown(b, m->note, false);
	lh_buf_putc(b, ')');
}

/* What a message calls, one call a line; of a result, the tool that gave it. */
static void put_calls(struct lh_buf *b, const struct lh_recall_message *m)
{
	struct lh_calls calls;
	struct lh_tool_call call;
	if (lh_calls_open(&calls, m->calls, NULL))
		return;
	while (lh_calls_next(&calls, &call)) {
		lh_buf_puts(b, m->role == LH_TOOL ? " " : "    calls ");
		lh_put_shown(b, call.name, false);
		if (m->role == LH_TOOL)
			break;
		lh_buf_putc(b, ' ');
		lh_put_shown(b, call.arguments, false);
		lh_buf_putc(b, '\n');
	}
	lh_calls_close(&calls);
}

static void put_message(struct lh_buf *b, const struct lh_recall *r, size_t i)
{
	const struct lh_recall_message *m = &r->message[i];
	const struct lh_recall_call *c = call_for(r, (int64_t)i);
	lh_buf_printf(b, "[%lld] %s", (long long)m->turn, lh_role_name(m->role));
	if (m->role == LH_TOOL)
		put_calls(b, m);
	if (m->slot < 0)
		lh_buf_puts(b, strcmp(m->made_by, "policy") ? " (not accepted)" : " (written by the policy)");
	else if (!strcmp(m->made_by, "policy"))
		put_edit(b, m);
	if (c && c->accepted) {
		lh_buf_puts(b, "  ");
		lh_put_shown(b, c->outcome, false);
		put_state(b, "answered", c->has_answered, c->answered);
		put_state(b, "followed", c->has_followed, c->followed);
		put_state(b, "true", true, c->truth);
		if (c->unshown)
			lh_buf_puts(b, "  (no answer in view)");
	}
	lh_buf_putc(b, '\n');
	if (m->thoughts.n) {
		lh_buf_puts(b, "  thoughts:\n");
		indented(b, m->thoughts);
	}
	if (m->role != LH_TOOL)
		put_calls(b, m);
	indented(b, m->text);
}

/* A made turn says nothing of the model: it is shown as what was put before it. */
static void put_made(struct lh_buf *b, const struct lh_recall_message *m)
{
	lh_buf_printf(b, "[%lld] %s", (long long)m->turn, lh_role_name(m->role));
	if (m->role == LH_TOOL)
		put_calls(b, m);
	lh_buf_puts(b, m->turn ? " (made)\n" : "\n");
	if (m->role != LH_TOOL)
		put_calls(b, m);
	indented(b, m->text);
}

static bool reached(const struct lh_recall *r, int64_t turn)
{
	for (size_t i = 0; i < r->messages; i++)
		if (r->message[i].turn == turn)
			return true;
	return turn < 0 || (turn > 0 && turn < r->probe);
}

static void put_conversation(struct lh_buf *b, const struct lh_recall *r, int64_t turn)
{
	lh_buf_printf(b, "sample %lld, policy ", (long long)r->sample);
	lh_put_shown(b, r->policy, false);
	lh_buf_puts(b, ", ");
	if (r->probe) {
		lh_put_shown(b, r->history, false);
		lh_buf_printf(b, " history, asked at turn %lld, ", (long long)r->probe);
	}
	lh_put_shown(b, r->status, false);
	if (r->cause.n) {
		lh_buf_puts(b, ": ");
		lh_put_shown(b, r->cause, false);
	}
	lh_buf_putc(b, '\n');
	for (size_t i = 0; i < r->mades; i++)
		if (turn < 0 || r->made[i].turn == turn)
			put_made(b, &r->made[i]);
	for (size_t i = 0; i < r->messages; i++)
		if (r->message[i].role == LH_REMOVED && !*r->message[i].made_by)
			continue;                /* an id that no row has */
		else if (turn < 0 || r->message[i].turn == turn)
			put_message(b, r, i);
	for (size_t i = 0; i < r->calls; i++)
		if (r->call[i].error.n && (turn < 0 || r->call[i].turn == turn)) {
			lh_buf_printf(b, "[%lld] call %lld failed: ", (long long)r->call[i].turn, (long long)r->call[i].seq);
			lh_put_shown(b, r->call[i].error_text, false);
			lh_buf_putc(b, '\n');
		}
	if (r->extra.n) {
		lh_buf_puts(b, "finish: ");
		lh_put_shown(b, r->extra, false);
		lh_buf_putc(b, '\n');
	}
}

static int put_request(struct lh_buf *b, const struct lh_recall *r, int64_t turn, int64_t seq, struct lh_error *err)
{
	const struct lh_recall_call *found = NULL;
	for (size_t i = 0; i < r->calls; i++) {
		const struct lh_recall_call *c = &r->call[i];
		if (c->turn == turn && (seq < 0 ? (c->accepted || !found) : c->seq == seq))
			found = c;
	}
	if (!found)
		return lh_fail(err, LH_E_USAGE, "there is no such call: turn %lld was not reached, or has fewer calls", (long long)turn);
	int rc = lh_recall_request(r, found, b, err);
	lh_buf_putc(b, '\n');
	return rc;
}

int lh_cmd_transcript(int argc, char **argv)
{
	struct transcript_args a = { 0 };
	int64_t turn, call;
	struct lh_recall_which which = { 0 };
	int bad = read_args(argc, argv, &a);
	if (bad || (bad = number(a.sample, "SAMPLE", 0, &which.sample)) || (bad = number(a.run, "--run", -1, &which.run)) ||
		(bad = number(a.condition, "--condition", -1, &which.condition)) || (bad = number(a.probe, "--probe", 0, &which.probe)) || (bad = number(a.turn, "--turn", -1, &turn)) ||
		(bad = number(a.call, "--call", -1, &call)))
		return bad;
	struct lh_error err = { 0 };
	struct lh_recall *r;
	which.policy = a.policy;
	which.history = a.history;
	which.plugin = a.plugin;
	if (lh_recall_open(a.file, &which, &r, &err))
		return lh_cli_fail(&err);
	struct lh_buf b;
	lh_buf_init(&b, 1u << 30);
	int rc = 0;
	if (a.as_sent)
		rc = put_request(&b, r, turn, call, &err);
	else if (reached(r, turn))
		put_conversation(&b, r, turn);
	else
		rc = lh_fail(&err, LH_E_USAGE, "turn %lld was not reached", (long long)turn);
	if (!rc)
		rc = lh_buf_ok(&b, &err);
	if (!rc && a.as_sent)
		fwrite(b.p ? b.p : "", 1, b.n, stdout);      /* byte for byte */
	else if (!rc)
		lh_cli_print(&b);
	lh_buf_fini(&b);
	lh_recall_free(r);
	return rc ? lh_cli_fail(&err) : LH_EXIT_DONE;
}
