#include "cli/cli.h"

#include "base/utf8.h"
#include "again/unite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct merge_args { const char *out; bool replace; char **file; int files; };

static int read_args(int argc, char **argv, struct merge_args *a)
{
	int bad = 0;
	for (int i = 1; i < argc && !bad; i++) {
		if (lh_cli_option(argc, argv, &i, "-o", &a->out, &bad) || lh_cli_option(argc, argv, &i, "--output", &a->out, &bad))
			continue;
		if (lh_cli_option(argc, argv, &i, "--replace", NULL, &bad))
			a->replace = true;
		else if (argv[i][0] == '-')
			bad = lh_cli_usage("merge", "there is no option %s", argv[i]);
		else
			a->file[a->files++] = argv[i];
	}
	if (!bad && !a->out)
		bad = lh_cli_usage("merge", "where to? -o OUT.db names the file that is made");
	if (!bad && !a->files)
		bad = lh_cli_usage("merge", "which run files? Those that run --shard has made");
	return bad;
}

static void put_missing(struct lh_buf *b, const struct lh_united *w)
{
	if (w->shards.of) {
		lh_buf_puts(b, " It lacks ");
		lh_shards_put_missing(b, &w->shards);
		lh_buf_puts(b, ".");
	}
	if (w->done)
		return;
	lh_buf_puts(b, " The run is not done");
	if (w->cause[0]) {
		lh_buf_puts(b, ": ");
		lh_put_shown(b, lh_str_of(w->cause), false);
	}
	lh_buf_puts(b, ".");
}

static int say(const char *out, const struct lh_united *w)
{
	struct lh_buf b;
	lh_buf_init(&b, 1 << 16);
	lh_put_shown(&b, lh_str_of(out), false);
	lh_buf_printf(&b, " has %lld of %lld samples in %lld episodes.", (long long)w->samples, (long long)w->samples_all, (long long)w->episodes);
	put_missing(&b, w);
	lh_buf_puts(&b, "\n");
	lh_cli_print(&b);
	lh_buf_fini(&b);
	return w->done && !w->shards.of ? LH_EXIT_DONE : LH_EXIT_INFRASTRUCTURE;
}

int lh_cmd_merge(int argc, char **argv)
{
	struct merge_args a = { .file = calloc((size_t)argc + 1, sizeof *a.file) };
	struct lh_error err = { 0 };
	struct lh_united what;
	if (!a.file)
		return lh_cli_fail(&(struct lh_error){ LH_E_NOMEM, "out of memory" });
	signal(SIGXFSZ, SIG_IGN);                /* a write that fails says why */
	int code = read_args(argc, argv, &a);
	if (!code && lh_unite(a.out, a.replace, a.file, a.files, &what, &err))
		code = lh_cli_fail(&err);
	else if (!code)
		code = say(a.out, &what);
	free(a.file);
	return code;
}
