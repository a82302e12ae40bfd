/* A program that measures without the command line: two policies on the simulated model, the table
 * on stdout.
 *
 *     cc main.c $(pkg-config --cflags --libs --static longhaul) -o embed
 */
#include <longhaul/longhaul.h>

#include <stdio.h>

static void progress(void *user, const struct lh_progress *p)
{
	(void)user;
	fprintf(stderr, "%lld of %lld episodes\n", (long long)p->episodes, (long long)p->episodes_all);
}

int main(void)
{
	static const char *const options[][2] = {
		{ "task", "kv_sum:keys=20" }, { "policy", "full_history" }, { "policy", "window:n=3" },
		{ "turns", "40" }, { "samples", "30" }, { "output", "none" },
	};
	struct lh_session *s = lh_session_new();
	int rc = s ? 0 : -1;
	for (size_t i = 0; !rc && i < sizeof options / sizeof *options; i++)
		rc = lh_session_set(s, options[i][0], options[i][1]);
	if (!rc) {
		lh_session_on_progress(s, progress, NULL);
		rc = lh_session_run(s);
	}
	if (rc)
		fprintf(stderr, "%s\n", s ? lh_session_error(s) : "out of memory");
	else
		fputs(lh_session_table(s, 80), stdout);
	lh_session_free(s);
	return rc ? 1 : 0;
}
