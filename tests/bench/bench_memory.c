/* What ten thousand conversations take that wait for a slow server all at once. */
#include "bench/bench_net.h"

#include <sys/resource.h>

#define TARGET_BYTES 1e9                 /* supervisor and workers together, over plain HTTP, bodies below 64 KB */
enum { WAITING = 10000, WAITING_TLS = 2000, TURNS = 4, TURNS_TLS = 6 };   /* the TLS server is in Python: more would wait for their handshakes */
#define HOLD_S "4"                       /* longer than the handshakes of those that come last */

/* The most that a run takes while it goes. */
static int64_t peak(const struct bench_server *s, const struct bench_live *l)
{
	int64_t most = 0;
	struct bench_client c = bench_live_start(l, s);
	while (!bench_client_over(&c)) {
		int64_t now = bench_client_bytes(&c);
		most = now > most ? now : most;
		usleep(200000);
	}
	bench_client_end(&c, NULL, 0);
	return most;
}

static void look(const struct bench_server *s, const char *task, const char *what)
{
	for (int jobs = 0; jobs < 2; jobs++) {
		struct bench_live l = { .task = task, .turns = TURNS, .samples = WAITING, .concurrency = WAITING, .jobs = jobs, .stream = true, .journal = true };
		int64_t bytes = peak(s, &l), body = bench_body_bytes(TURNS);
		printf("%-34s  jobs %d  bodies of %6lld bytes  %5.0f MB  %5.1f KB each  %s\n", what, jobs, (long long)body, (double)bytes / 1e6,
			(double)bytes / 1e3 / WAITING, bench_verdict(bytes < TARGET_BYTES));
	}
}

static void over_http(void)
{
	struct bench_server s = bench_server_start("3000");
	printf("%d conversations that wait all at once: the most memory, pages shared between processes counted once; target 1 GB.\n\n", WAITING);
	look(&s, "kv_sum", "kv_sum");
	look(&s, "kv_sum:keys=1500", "kv_sum with a dictionary of 1500");
	bench_server_stop(&s);
}

/* No target: most of it is the TLS library's, for each connection. */
static void over_tls(void)
{
	if (system("command -v openssl >/dev/null 2>&1 && command -v python3 >/dev/null 2>&1")) {
		printf("\nTLS: left out, it needs python3 and openssl\n");
		return;
	}
	setenv("CURL_CA_BUNDLE", BENCH_CERTIFICATE, 1);      /* goes before SSL_CERT_FILE, which may be set too */
	printf("\n%d conversations over TLS, memory a conversation of those that waited at once:\n\n", WAITING_TLS);
	for (int jobs = 0; jobs < 2; jobs++) {
		struct bench_live l = { .turns = TURNS_TLS, .samples = WAITING_TLS, .concurrency = WAITING_TLS, .jobs = jobs, .stream = true, .journal = true };
		struct bench_server s = bench_tls_start(HOLD_S);
		int64_t bytes = peak(&s, &l);
		int most = bench_tls_most();
		printf("%-34s  jobs %d  bodies of %6lld bytes  %5.0f MB  %5.1f KB each  %d at once\n", "kv_sum", jobs, (long long)bench_body_bytes(TURNS_TLS),
			(double)bytes / 1e6, most ? (double)bytes / 1e3 / most : 0, most);
		bench_server_stop(&s);
	}
}

/* The limit of open files may be below what the connections need; longhaul raises it as far as it may. */
static bool enough_files(void)
{
	struct rlimit r;
	return !getrlimit(RLIMIT_NOFILE, &r) && r.rlim_max >= WAITING + 100;
}

int main(int argc, char **argv)
{
	bench_net_begin();
	bench_pin(BENCH_SERVER_CORE);
	if (!enough_files()) {
		printf("the limit of open files (ulimit -Hn) is too low for %d connections: left out\n", WAITING);
		return 0;
	}
	struct rlimit r;
	if (!getrlimit(RLIMIT_NOFILE, &r)) {
		r.rlim_cur = r.rlim_max;         /* for the server */
		if (setrlimit(RLIMIT_NOFILE, &r))
			return 1;
	}
	const char *part = argc > 1 ? argv[1] : "";
	if (!*part || !strcmp(part, "plain"))
		over_http();
	if (!*part || !strcmp(part, "tls"))
		over_tls();
	unlink(BENCH_RUN_FILE);
	return bench_missed > 0;
}
