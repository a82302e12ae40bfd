#include "cli/progress.h"

#include "base/clock.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

/* ---- the words ---- */

static void put_time(struct lh_buf *b, double s)
{
	int64_t n = (int64_t)ceil(s);
	if (n < 120)
		lh_buf_printf(b, "%lld s", (long long)n);
	else if (n < 7200)
		lh_buf_printf(b, "%lld min", (long long)((n + 59) / 60));
	else
		lh_buf_printf(b, "%lld h %lld min", (long long)(n / 3600), (long long)(n % 3600 / 60));
}

static void put_count(struct lh_buf *b, double n, const char *what)
{
	if (n < 1e4)
		lh_buf_printf(b, ", %.0f %s", n, what);
	else if (n < 1e6)
		lh_buf_printf(b, ", %.1f k %s", n / 1e3, what);
	else
		lh_buf_printf(b, ", %.2f M %s", n / 1e6, what);
}

static void put_failures(struct lh_buf *b, const struct lh_progress *p)
{
	const struct { int64_t n; const char *what; } kind[] = { { p->failed_limited, "asked to wait" }, { p->failed_server, "server" }, { p->failed_network, "network" } };
	bool some = false;
	if (!p->failed_attempts)
		return;
	put_count(b, (double)p->failed_attempts, p->failed_attempts == 1 ? "attempt failed" : "attempts failed");
	for (size_t i = 0; i < sizeof kind / sizeof *kind; i++)
		if (kind[i].n) {
			lh_buf_printf(b, "%s%lld %s", some ? ", " : " (", (long long)kind[i].n, kind[i].what);
			some = true;
		}
	lh_buf_puts(b, some ? ")" : "");
}

static void put_line(struct lh_buf *b, const struct lh_progress *p)
{
	double rate = p->elapsed_s > 0 ? (double)p->turns / p->elapsed_s : 0;
	lh_buf_printf(b, "%lld of %lld episodes", (long long)p->episodes, (long long)p->episodes_all);
	put_count(b, rate, "turns/s");
	if (p->allowed)
		lh_buf_printf(b, ", %lld requests under way of %lld at once", (long long)p->in_flight, (long long)p->allowed);
	if (p->tokens)
		put_count(b, (double)p->tokens, "tokens");
	if (p->cost_usd > 0)
		lh_buf_printf(b, ", $%.2f", p->cost_usd);
	put_failures(b, p);
	if (rate > 0 && p->turns_most > p->turns && p->episodes < p->episodes_all) {
		lh_buf_puts(b, ", at most ");
		put_time(b, (double)(p->turns_most - p->turns) / rate);
		lh_buf_puts(b, " left at this pace");
	}
}

/* ---- when ---- */

static void show(void *user, const struct lh_progress *p)
{
	struct lh_cli_progress *how = user;
	struct lh_buf b;
	int64_t now = lh_clock_mono_us();
	bool over = p->episodes == p->episodes_all, line = how->terminal && !how->quiet, asked = *how->asked;
	bool due = !how->terminal && !how->quiet && how->every_s > 0 && !over && (double)(now - how->told_us) >= how->every_s * 1e6;
	if (!asked && !due && !line)
		return;
	lh_buf_init(&b, 1024);
	put_line(&b, p);
	if (asked || due) {
		*how->asked = 0;
		how->told_us = now;
		fprintf(stderr, "%s%s\n", line ? "\r\033[K" : "", lh_buf_str(&b).p);
	}
	if (line)
		fprintf(stderr, "\r%s \033[K%s", lh_buf_str(&b).p, over ? "\r\033[K" : "");
	fflush(stderr);
	lh_buf_fini(&b);
}

void lh_cli_progress(struct lh_session *s, struct lh_cli_progress *p)
{
	p->terminal = isatty(STDERR_FILENO);
	p->told_us = lh_clock_mono_us();
	lh_session_on_progress(s, show, p);
}
