/* task/conform.c - the conformance test's runner.
 *
 * A child process does the work and reports line by line through a pipe; where it is stays in shared
 * memory. When it dies or stalls, the parent says where, and starts another child at the next property. */
#include "task/conform.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define LOAD_FACTOR 12                   /* load() may read a large file */
#define CHILD_BYTES ((rlim_t)8 << 30)

/* ---- The child --------------------------------------------------------------------------------- */

static void put_position(struct lh_buf *out, const struct lh_conform *c)
{
	const struct lh_position *p = c->position;
	if (p->text_size) {
		lh_buf_puts(out, " on \"");
		lh_put_shown(out, (struct lh_str){ p->text, p->text_size < sizeof p->text ? p->text_size : sizeof p->text }, false);
		lh_buf_puts(out, p->text_size > sizeof p->text ? "…\"" : "\"");
	}
	lh_buf_printf(out, " [run seed %" PRIu64 "]\n", c->options.seed);
}

static void send_line(int fd, const struct lh_buf *line)
{
	for (size_t at = 0; at < line->n; ) {
		ssize_t n = write(fd, line->p + at, line->n - at);
		if (n < 0 && errno != EINTR)
			_exit(1);
		at += n > 0 ? (size_t)n : 0;
	}
}

/* `rc` is what the property came to; LH_E_SKIPPED: it was not tested. */
static void send_outcome(int fd, const struct lh_conform *c, const struct lh_rule *rule, int rc, const struct lh_error *err)
{
	struct lh_buf line;
	lh_buf_init(&line, LINE_MAX_BYTES);
	lh_buf_printf(&line, "%s %s", rc == LH_E_SKIPPED ? "skipped" : rc ? "FAILED" : "ok", rule->name);
	if (rc == LH_E_SKIPPED) {
		lh_buf_puts(&line, rule->of == LH_OF_TOOLS ? ": with these parameters the family offers no tools\n"
			: ": the family does not offer " LH_THOUGHTS_INTERFACE "\n");
	} else if (rc) {
		lh_buf_puts(&line, ": ");
		lh_put_shown(&line, lh_str_of(err->text), false);
		put_position(&line, c);
	} else {
		lh_buf_putc(&line, '\n');
	}
	send_line(fd, &line);
	lh_buf_fini(&line);
}

/* The default actions, so that a crash ends the child by its signal; nothing on stdout, which is the
 * program's; no core file; not all of the machine's memory; and no life after the parent's. */
static void settle_child(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGALRM, SIGPIPE, SIGTERM, SIGINT };
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		signal(signals[i], SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0)
		dup2(null, 1);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
#ifndef __SANITIZE_ADDRESS__
	setrlimit(RLIMIT_AS, &(struct rlimit){ CHILD_BYTES, CHILD_BYTES });
#endif
}

static void run_child(struct lh_conform *c, int first, int fd)
{
	settle_child();
	for (int i = 0; lh_conform_rules[i].name; i++) {
		if (i >= LH_RULES_NEEDED && i < first)
			continue;
		const struct lh_rule *rule = &lh_conform_rules[i];
		struct lh_error err = { 0 };
		c->position->rule = i;
		c->position->text_size = 0;
		bool offered = rule->of == LH_OF_ALL || (rule->of == LH_OF_THOUGHTS ? lh_family_explains(c->family) : c->set->tools > 0);
		int rc = offered ? rule->run(c, &err) : LH_E_SKIPPED;
		if (i >= first)
			send_outcome(fd, c, rule, rc, &err);
		if (rc && i < LH_RULES_NEEDED)
			break;
	}
	c->position->done = true;
	_exit(0);
}

/* ---- The parent -------------------------------------------------------------------------------- */

static int64_t limit_ms(const struct lh_conform *c)
{
	bool loading = strcmp(c->position->function, "load") == 0;
	return (int64_t)c->options.call_ms * (loading ? LOAD_FACTOR : 1);
}

/* Collects the child's lines until it is gone; true where it stalled. */
static bool collect(struct lh_conform *c, int fd, struct lh_buf *out)
{
	uint64_t beat = c->position->beat;
	int64_t since = lh_clock_mono_us();
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int ready = poll(&p, 1, 20);
		if (ready > 0) {
			char bytes[4096];
			ssize_t n = read(fd, bytes, sizeof bytes);
			if (n == 0 || (n < 0 && errno != EINTR))
				return false;
			lh_buf_put(out, bytes, n > 0 ? (size_t)n : 0);
		}
		int64_t now = lh_clock_mono_us();
		if (beat != c->position->beat || ready > 0) {
			beat = c->position->beat;
			since = now;
		} else if (now - since > limit_ms(c) * 1000) {
			return true;
		}
	}
}

static const char *signal_name(int n)
{
	static const struct { int n; const char *name; } names[] = { { SIGSEGV, "SIGSEGV" }, { SIGBUS, "SIGBUS" }, { SIGFPE, "SIGFPE" },
		{ SIGILL, "SIGILL" }, { SIGABRT, "SIGABRT" }, { SIGTRAP, "SIGTRAP" }, { SIGALRM, "SIGALRM" }, { SIGPIPE, "SIGPIPE" },
		{ SIGKILL, "SIGKILL" }, { SIGTERM, "SIGTERM" }, { SIGINT, "SIGINT" } };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].n == n)
			return names[i].name;
	return "a signal";
}

static void put_place(struct lh_buf *out, const struct lh_position *p)
{
	lh_buf_printf(out, " in %s()", p->function[0] ? p->function : "dlopen");
	if (p->sample != UINT64_MAX)
		lh_buf_printf(out, ", sample %" PRIu64, p->sample);
	if (p->has_step)
		lh_buf_printf(out, ", step %" PRIu64, p->step);
}

static void describe_death(struct lh_conform *c, bool stalled, int status, struct lh_buf *out)
{
	lh_buf_printf(out, "FAILED %s: the plugin ", lh_conform_rules[c->position->rule].name);
	if (stalled)
		lh_buf_printf(out, "did not return within %lld ms", (long long)limit_ms(c));
	else if (WIFSIGNALED(status))
		lh_buf_printf(out, "crashed with %s (%s)", signal_name(WTERMSIG(status)), strsignal(WTERMSIG(status)));
	else
		lh_buf_printf(out, "ended the process (exit status %d)", WEXITSTATUS(status));
	put_place(out, c->position);
	put_position(out, c);
}

/* One child from property `first` on; *next is where to go on, -1 when there is nothing more. */
static int run_from(struct lh_conform *c, int first, int *next, struct lh_buf *out, struct lh_error *err)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC))
		return lh_fail(err, LH_E_FAILED, "pipe: %s", strerror(errno));
	*c->position = (struct lh_position){ .sample = UINT64_MAX };
	fflush(NULL);
	pid_t child = fork();
	if (child == 0)
		run_child(c, first, ends[1]);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return lh_fail(err, LH_E_FAILED, "fork: %s", strerror(errno));
	}
	bool stalled = collect(c, ends[0], out);
	if (stalled)
		kill(child, SIGKILL);
	close(ends[0]);
	int status = 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	*next = -1;
	if (!c->position->done) {
		describe_death(c, stalled, status, out);
		/* What stalls once would stall again at every property that needs it. */
		if (!stalled && c->position->rule >= LH_RULES_NEEDED)
			*next = c->position->rule + 1;
	}
	return 0;
}

static int count_lines(struct lh_str s, const char *prefix)
{
	int n = 0;
	size_t size = strlen(prefix);
	for (size_t i = 0; i < s.n; i++)
		n += (i == 0 || s.p[i - 1] == '\n') && s.n - i >= size && memcmp(s.p + i, prefix, size) == 0;
	return n;
}

static int rule_count(void)
{
	int n = 0;
	while (lh_conform_rules[n].name)
		n++;
	return n;
}

/* What a FAILED line gives as the reason. */
static struct lh_str reason(struct lh_str line)
{
	const char *rule_end = memmem(line.p, line.n, ": ", 2);
	return rule_end ? (struct lh_str){ rule_end, line.n - (size_t)(rule_end - line.p) } : line;
}

/* One fault makes every property fail that meets it; it is told once, under the first of them. */
static void keep_news(struct lh_str lines, struct lh_buf *out)
{
	size_t start = out->n;
	while (lines.n) {
		const char *end = memchr(lines.p, '\n', lines.n);
		size_t n = end ? (size_t)(end - lines.p) + 1 : lines.n;
		struct lh_str line = { lines.p, n };
		bool known = false;
		if (n > 7 && memcmp(line.p, "FAILED ", 7) == 0 && out->n > start) {
			struct lh_str why = reason(line);
			known = memmem(out->p + start, out->n - start, why.p, why.n) != NULL;
		}
		if (!known)
			lh_buf_put_str(out, line);
		lines.p += n;
		lines.n -= n;
	}
}

static int run_all(struct lh_conform *c, struct lh_buf *out, int *failed, struct lh_error *err)
{
	struct lh_buf all;
	lh_buf_init(&all, 1 << 20);
	int rc = 0;
	for (int next = 0; !rc && next >= 0 && lh_conform_rules[next].name; )
		rc = run_from(c, next, &next, &all, err);
	if (!rc)
		rc = lh_buf_ok(&all, err);
	if (!rc) {
		size_t start = out->n;
		keep_news(lh_buf_str(&all), out);
		struct lh_str lines = { out->p ? out->p + start : "", out->n - start };
		*failed = count_lines(lines, "FAILED ");
		int left = rule_count() - *failed - count_lines(lines, "ok ") - count_lines(lines, "skipped ");
		if (left > 0)
			lh_buf_printf(out, "not decided: %d other properties, which need what failed\n", left);
		rc = lh_buf_ok(out, err);
	}
	lh_buf_fini(&all);
	return rc;
}

int lh_task_check(struct lh_registry *r, const char *path, const struct lh_str *keys, const struct lh_str *values, int count,
	const struct lh_check_options *options, struct lh_buf *out, int *failed, struct lh_error *err)
{
	*failed = 0;
	struct lh_conform c = { .registry = r, .path = path, .keys = keys, .values = values, .count = count };
	if (options)
		c.options = *options;
	c.options.seed = c.options.seed ? c.options.seed : 1;
	c.options.samples = c.options.samples > 0 ? c.options.samples : 20;
	c.options.steps = c.options.steps > 0 ? c.options.steps : 50;
	c.options.call_ms = c.options.call_ms > 0 ? c.options.call_ms : 5000;
	c.position = mmap(NULL, sizeof *c.position, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c.position == MAP_FAILED)
		return lh_nomem(err);
	int rc = run_all(&c, out, failed, err);
	munmap(c.position, sizeof *c.position);
	return rc;
}
