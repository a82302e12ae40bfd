#include "cli/cli.h"

#include "base/utf8.h"
#include "again/apply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (256u << 20)
#define OUT_MAX (1u << 30)
#define REPLY_MAX (16u << 20)

struct apply_args { const char *policy, *file, *initial, *window; const char **reply; int replies; bool quiet; struct lh_apply_options o; };

static int read_args(int argc, char **argv, struct apply_args *a)
{
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		if (lh_cli_option(argc, argv, &i, "--reply", &a->reply[a->replies], &bad)) {
			a->replies++;
			continue;
		}
		if (lh_cli_option(argc, argv, &i, "--initial", &a->initial, &bad) || lh_cli_option(argc, argv, &i, "--window", &a->window, &bad))
			continue;
		if (lh_cli_option(argc, argv, &i, "--quiet", NULL, &bad))
			a->quiet = true;
		else if (lh_cli_option(argc, argv, &i, "--own", NULL, &bad))
			a->o.own = true;
		else if (argv[i][0] == '-' && argv[i][1])
			bad = lh_cli_usage("apply", "there is no option %s", argv[i]);
		else if (!a->policy)
			a->policy = argv[i];
		else if (!a->file)
			a->file = argv[i];
		else
			bad = lh_cli_usage("apply", "'%s' is one too many", argv[i]);
	}
	if (!bad && !a->policy)
		bad = lh_cli_usage("apply", "which policy? longhaul list policies names those that there are");
	if (!bad && a->window && (!lh_str_to_int(lh_str_of(a->window), &a->o.window) || a->o.window < 1))
		bad = lh_cli_usage("apply", "--window %s: a number of tokens is needed, 1 or more", a->window);
	a->o.policy = lh_str_of(a->policy);
	a->o.initial = lh_str_of(a->initial);
	return bad;
}

static int read_stdin(struct lh_buf *b, struct lh_error *err)
{
	size_t n;
	do {
		char *to = lh_buf_reserve(b, 1 << 16);
		n = to ? fread(to, 1, 1 << 16, stdin) : 0;
		b->n += n;
	} while (n);
	if (b->p)
		b->p[b->n] = 0;
	if (ferror(stdin))
		return lh_fail(err, LH_E_IO, "the messages cannot be read from standard input: %s", strerror(errno));
	return lh_buf_ok(b, err);
}

/* ---- what became of the messages, on stderr ---- */

/* "3", "5 to 9", … of the messages with this fate, counted from 1. */
static void put_ranges(struct lh_buf *b, const struct lh_application *w, enum lh_applied fate)
{
	const char *between = "";
	for (int i = 0; i < w->messages; i++) {
		int from = i;
		if (w->fate[i] != fate)
			continue;
		while (i + 1 < w->messages && w->fate[i + 1] == fate)
			i++;
		lh_buf_printf(b, i > from ? "%s%d to %d" : "%s%d", between, from + 1, i + 1);
		between = ", ";
	}
}

static void put_fate(struct lh_buf *b, const struct lh_application *w, enum lh_applied fate, const char *word, int n)
{
	if (!n)
		return;
	lh_buf_printf(b, "  %s: ", word);
	put_ranges(b, w, fate);
	lh_buf_putc(b, '\n');
}

static void say(const struct apply_args *a, const struct lh_application *w)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 24);
	lh_put_shown(&b, lh_str_of(a->policy), false);
	if (w->purpose[0]) {
		lh_buf_puts(&b, ", a request of its own (");
		lh_put_shown(&b, lh_str_of(w->purpose), false);
		lh_buf_putc(&b, ')');
	}
	lh_buf_printf(&b, ": %d of %d messages, about %lld of %lld tokens (estimated from bytes)\n", w->sent, w->messages, (long long)w->tokens_after, (long long)w->tokens_before);
	put_fate(&b, w, LH_APPLIED_LEFT_OUT, "left out", w->messages - w->sent);
	put_fate(&b, w, LH_APPLIED_CHANGED, "shortened", w->changed);
	if (w->written)
		lh_buf_printf(&b, "  written by the policy: %d\n", w->written);
	if (w->calls > 1)
		lh_buf_printf(&b, "  asked for %d times\n", w->calls);
	lh_cli_put(stderr, lh_buf_str(&b));
	lh_buf_fini(&b);
}

static int apply(struct apply_args *a, struct lh_buf *in, struct lh_buf *out, struct lh_error *err)
{
	struct lh_conversation c;
	struct lh_application what;
	bool stdin_named = !a->file || !strcmp(a->file, "-");
	int rc = stdin_named ? read_stdin(in, err) : lh_file_read(a->file, in, err);
	if (rc)
		return rc;
	rc = lh_conversation_read(&c, lh_buf_str(in), stdin_named ? "the messages" : a->file, err);
	if (rc)
		return rc;
	rc = lh_apply(&a->o, &c, out, &what, err);
	lh_conversation_fini(&c);
	if (!rc && !a->quiet)
		say(a, &what);
	free(what.fate);
	return rc;
}

/* Replies come from files, whose bytes stay until all is done. */
static int apply_with(struct apply_args *a, struct lh_buf *in, struct lh_buf *out, struct lh_error *err)
{
	struct lh_buf *file = calloc((size_t)a->replies + 1, sizeof *file);
	struct lh_str *text = calloc((size_t)a->replies + 1, sizeof *text);
	int rc = file && text ? 0 : lh_nomem(err);
	for (int i = 0; i < a->replies && !rc; i++) {
		lh_buf_init(&file[i], REPLY_MAX);
		rc = lh_file_read(a->reply[i], &file[i], err);
		text[i] = lh_str_trim(lh_buf_str(&file[i]));
	}
	a->o.reply = text;
	a->o.replies = a->replies;
	if (!rc)
		rc = apply(a, in, out, err);
	for (int i = 0; file && i < a->replies; i++)
		lh_buf_fini(&file[i]);
	free(file);
	free(text);
	return rc;
}

int lh_cmd_apply(int argc, char **argv)
{
	struct apply_args a = { .reply = calloc((size_t)argc + 1, sizeof *a.reply) };
	struct lh_error err = { 0 };
	struct lh_buf in, out;
	int code = a.reply ? read_args(argc, argv, &a) : lh_cli_fail(&(struct lh_error){ LH_E_NOMEM, "out of memory" });
	lh_buf_init(&in, INPUT_MAX);
	lh_buf_init(&out, OUT_MAX);
	if (!code)
		code = apply_with(&a, &in, &out, &err) ? lh_cli_fail(&err) : lh_cli_write("-", lh_buf_str(&out));
	lh_buf_fini(&in);
	lh_buf_fini(&out);
	free(a.reply);
	return code;
}
