/* What a turn costs against a server: beside wrk, with thousands in flight, and as a conversation grows. */
#include "bench/bench_net.h"

#include <signal.h>
#include <sys/socket.h>

enum { ROUNDS = 3, TURNS = 20, MORE_TURNS = 100 };
#define TARGET_WRK 2.6                   /* times wrk's CPU a request, at 64 in flight */
#define ACCEPTED_WRK 3.5
#define TARGET_GROWTH 2.0                /* CPU a turn with thousands in flight, relative to 64 */

/* ---- beside wrk ---- */

static bool have_wrk(void)
{
	return !system("command -v wrk >/dev/null 2>&1");
}

static void write_script(const char *path, int64_t bytes)
{
	FILE *f = fopen(path, "w");
	if (!f)
		exit(1);
	fprintf(f, "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\nwrk.body = string.rep(\"x\", %lld)\n", (long long)bytes);
	fclose(f);
}

/* CPU µs a request. */
static double wrk_us(const struct bench_server *s, int concurrency, const char *script)
{
	char url[100], c[16], said[4096];
	snprintf(url, sizeof url, "http://127.0.0.1:%d/v1/chat/completions", s->port);
	snprintf(c, sizeof c, "-c%d", concurrency);
	const char *argv[] = { "/usr/bin/env", "wrk", "-t1", c, "-d2s", "-s", script, url, NULL };
	struct bench_client w = bench_client_start(argv);
	struct bench_cost cost = bench_client_end(&w, said, sizeof said);
	const char *at = strstr(said, " requests in ");
	while (at && at > said && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return at ? cost.cpu_s * 1e6 / strtod(at, NULL) : 0;
}

static double http_us(const struct bench_server *s, int concurrency, int64_t bytes, int requests)
{
	char port[16], c[16], b[16], n[16];
	snprintf(port, sizeof port, "%d", s->port);
	snprintf(b, sizeof b, "%lld", (long long)bytes);
	snprintf(c, sizeof c, "%d", concurrency);
	snprintf(n, sizeof n, "%d", requests);
	const char *argv[] = { BENCH_HTTP, port, b, c, n, NULL };
	struct bench_client h = bench_client_start(argv);
	return bench_client_end(&h, NULL, 0).cpu_s * 1e6 / requests;
}

static double live_us(const struct bench_server *s, const struct bench_live *l)
{
	struct bench_client c = bench_live_start(l, s);
	return bench_client_end(&c, NULL, 0).cpu_s * 1e6 / l->samples / l->turns;
}

enum { WRK, HTTP, JOBS0, JOBS1, STREAM0, STREAM1, KINDS };

struct beside { int turns, kinds; int64_t body; const char *script; };
/* What is the same for all kinds of a row: the end's report, measured by itself; CPU µs a turn. */
struct row { double us[KINDS], report; };

static int samples_of(const struct beside *b, int concurrency)
{
	int samples = (concurrency == 1 ? 4000 : 40000) / b->turns;
	return samples < concurrency ? concurrency : samples;
}

static void measure(const struct bench_server *s, const struct beside *b, int concurrency, struct row *least)
{
	int samples = samples_of(b, concurrency), turns = samples * b->turns;
	for (int round = 0; round < ROUNDS; round++) {
		if (b->script)
			least->us[WRK] = bench_least(least->us[WRK], wrk_us(s, concurrency, b->script));
		least->us[HTTP] = bench_least(least->us[HTTP], http_us(s, concurrency, b->body, turns));
		for (int kind = JOBS0; kind < b->kinds; kind++) {
			struct bench_live l = { .turns = b->turns, .samples = samples, .concurrency = concurrency, .jobs = kind == JOBS1 || kind == STREAM1,
				.stream = kind >= STREAM0, .journal = true };
			least->us[kind] = bench_least(least->us[kind], live_us(s, &l));
			least->report = bench_least(least->report, bench_report_s() * 1e6 / turns);
		}
	}
}

static void print_cells(const struct beside *b, const struct row *r, int from, double less)
{
	for (int kind = from; kind < b->kinds; kind++) {
		if (r->us[kind] > 0)
			printf("  %7.1f", r->us[kind] - less);
		else
			printf("        -");
		if (kind != WRK && r->us[WRK] > 0)
			printf(" (%4.1f)", (r->us[kind] - less) / r->us[WRK]);
	}
	printf("   %.0f turns/s a core\n", 1e6 / (r->us[JOBS0] - less));
}

static void print_row(const struct beside *b, int concurrency, const struct row *r)
{
	printf("%9d", concurrency);
	print_cells(b, r, WRK, 0);
	printf("  less the report (%4.1f)  ", r->report);
	print_cells(b, r, JOBS0, r->report);
}

static void print_heading(const struct beside *b)
{
	printf("CPU µs a request or turn (times wrk), %d turns an episode, bodies of %lld bytes in the middle, run file kept; least of %d.\n"
		"The server answers at once. Targets at 64: %.1f times wrk, %.1f accepted. The second line of each is without what comes once, after the\n"
		"last request: the bootstrap and the table, measured by themselves on the results read back from the same run file.\n\n"
		"in flight      wrk    HTTP alone          jobs 0          jobs 1%s\n",
		b->turns, (long long)b->body, ROUNDS, TARGET_WRK, ACCEPTED_WRK, b->kinds > STREAM0 ? "  stream, jobs 0  stream, jobs 1" : "");
}

static void beside_wrk(int turns, int kinds)
{
	static const int concurrency[] = { 1, 64, 1024 };
	struct beside b = { .turns = turns, .kinds = kinds, .script = have_wrk() ? LH_BINARY_DIR "/bench_net.lua" : NULL };
	struct bench_server s = bench_server_start(NULL);
	struct bench_live once = { .turns = turns, .samples = 1, .concurrency = 1, .journal = true };
	live_us(&s, &once);
	b.body = bench_body_bytes(turns / 2);
	if (b.script)
		write_script(b.script, b.body);
	else
		printf("wrk is not installed: ratios are left out\n");
	print_heading(&b);
	for (size_t i = 0; i < sizeof concurrency / sizeof *concurrency; i++) {
		struct row r = { .report = 0 };
		measure(&s, &b, concurrency[i], &r);
		print_row(&b, concurrency[i], &r);
	}
	bench_server_stop(&s);
}

/* ---- many in flight ---- */

/* The limit is not changed by a server that is only slow, so it takes some rounds until all are in flight; the cost
 * of those and of the connections is in. */
static void many_in_flight(void)
{
	static const int concurrency[] = { 64, 1024, 8192 };
	double least[3][2] = { { 0 } };
	struct bench_server s = bench_server_start("100");
	printf("\nCPU µs a turn behind 100 ± 50 ms (times that at 64; target at most %.1f), %d turns an episode; least of 2.\n\n"
		"in flight          jobs 0          jobs 1\n", TARGET_GROWTH, TURNS);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 3; i++)
			for (int jobs = 0; jobs < 2; jobs++) {
				struct bench_live l = { .turns = TURNS, .samples = concurrency[i] < 200 ? 200 : concurrency[i], .concurrency = concurrency[i],
					.jobs = jobs, .stream = true, .journal = true };
				least[i][jobs] = bench_least(least[i][jobs], live_us(&s, &l));
			}
	for (int i = 0; i < 3; i++)
		printf("%9d  %7.1f (%4.2f)  %7.1f (%4.2f)\n", concurrency[i], least[i][0], least[i][0] / least[0][0], least[i][1], least[i][1] / least[0][1]);
	bench_server_stop(&s);
}

/* ---- a long conversation ---- */

#define REPLY_BYTES 415

static bool whole(int fd, char *p, size_t n, bool out)
{
	while (n) {
		ssize_t done = out ? send(fd, p, n, MSG_NOSIGNAL) : recv(fd, p, n, 0);
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static void echo(int fd, char *p, size_t bytes)
{
	bench_pin(BENCH_SERVER_CORE);
	while (whole(fd, p, bytes, false) && whole(fd, p, REPLY_BYTES, true))
		;
	_exit(0);
}

static int tcp_pair(int pair[2])
{
	struct sockaddr_storage a;
	socklen_t n = sizeof a;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0 || listen(listener, 1) || getsockname(listener, (struct sockaddr *)&a, &n))
		return -1;
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	int rc = connect(pair[0], (struct sockaddr *)&a, n);
	pair[1] = rc ? -1 : accept(listener, NULL, NULL);
	close(listener);
	return rc || pair[1] < 0 ? -1 : 0;
}

/* CPU µs to send so many bytes through a loopback socket and to receive a short reply. */
static double copy_us(size_t bytes)
{
	int pair[2], times = bytes > 200000 ? 300 : 3000;
	char *p = calloc(1, bytes + REPLY_BYTES);
	if (!p || tcp_pair(pair))
		exit(1);
	pid_t child = fork();
	if (child == 0) {
		close(pair[0]);
		echo(pair[1], p, bytes);
	}
	close(pair[1]);
	double start = bench_seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (int i = 0; i < times; i++)
		if (!whole(pair[0], p, bytes, true) || !whole(pair[0], p, REPLY_BYTES, false))
			exit(1);
	double us = (bench_seconds(CLOCK_PROCESS_CPUTIME_ID) - start) * 1e6 / times;
	close(pair[0]);
	waitpid(child, NULL, 0);
	free(p);
	return us;
}

struct window { int from, to; double cpu_at_from, us; };

/* Follows a run by the server's count: what it cost from one turn to another. */
static void follow(const struct bench_server *s, int jobs, struct window *w, int windows)
{
	struct bench_live l = { .turns = 10000, .samples = 1, .concurrency = 1, .jobs = jobs, .journal = true };
	int64_t before = bench_server_requests(s), asked = 1;
	struct bench_client c = bench_live_start(&l, s);
	int i = 0, from = 0;
	while (i < windows && !bench_client_over(&c)) {
		int64_t now = bench_server_requests(s), turn = now - before - asked++;
		double cpu = bench_client_cpu(&c);
		if (!from && turn >= w[i].from) {
			from = (int)turn;
			w[i].cpu_at_from = cpu;
		} else if (from && turn >= w[i].to) {
			w[i].us = bench_least(w[i].us, (cpu - w[i].cpu_at_from) * 1e6 / (double)(turn - from));
			i++, from = 0;
		}
		usleep(300);
	}
	bench_client_end(&c, NULL, 0);
}

static void long_conversation(void)
{
	struct window w[2][3] = { { { .from = 50, .to = 150 }, { .from = 900, .to = 1100 }, { .from = 9000, .to = 9990 } },
		{ { .from = 50, .to = 150 }, { .from = 900, .to = 1100 }, { .from = 9000, .to = 9990 } } };
	struct bench_server s = bench_server_start(NULL);
	for (int round = 0; round < ROUNDS; round++)
		for (int jobs = 0; jobs < 2; jobs++)
			follow(&s, jobs, w[jobs], 3);
	printf("\nOne conversation of 10,000 turns: CPU µs a turn, and of copying its bytes through a loopback socket; least of %d.\n\n"
		"     turn  body bytes     copy    jobs 0  beyond it    jobs 1  beyond it\n", ROUNDS);
	for (int i = 0; i < 3; i++) {
		int turn = (w[0][i].from + w[0][i].to) / 2;
		int64_t bytes = bench_body_bytes(turn);
		double copy = 0;
		bench_pin(BENCH_CLIENT_CORE);
		for (int round = 0; round < ROUNDS; round++)
			copy = bench_least(copy, copy_us((size_t)bytes));
		printf("%9d  %10lld  %7.1f  %8.1f  %9.1f  %8.1f  %9.1f\n", turn, (long long)bytes, copy, w[0][i].us, w[0][i].us - copy, w[1][i].us, w[1][i].us - copy);
	}
	bench_server_stop(&s);
}

int main(int argc, char **argv)
{
	bench_net_begin();
	const char *part = argc > 1 ? argv[1] : "";
	bench_pin(BENCH_SERVER_CORE);
	if (!*part || !strcmp(part, "wrk"))
		beside_wrk(TURNS, KINDS);
	if (!*part)
		putchar('\n');
	if (!*part || !strcmp(part, "wrk100"))
		beside_wrk(MORE_TURNS, STREAM0);
	if (!*part || !strcmp(part, "many"))
		many_in_flight();
	if (!*part || !strcmp(part, "long"))
		long_conversation();
	unlink(BENCH_RUN_FILE);
	return 0;
}
