#include "bench/bench_net.h"
#include "report/assemble.h"
#include "report/report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define PORT_FILE LH_BINARY_DIR "/bench_net.port"
#define MOST_FILE LH_BINARY_DIR "/bench_tls.most"
#define BODY_HEAD 250                    /* what a request says besides its messages, about */

static _Noreturn void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

void bench_pin(int core)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(core, &set);
	if (sched_setaffinity(0, sizeof set, &set)) {
		/* there is one core, or this one is not ours: then they share */
	}
}

/* Workers outlive the process that forked them by a moment: what they cost is ours to see. */
void bench_net_begin(void)
{
	bench_begin();
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		die("prctl");
}

/* ---- the server ---- */

/* Keeps a server for as long as `life` is open at its other end: that ends with the benchmark, however it ends. */
static _Noreturn void keep_server(const char *const *argv, int life)
{
	char none;
	pid_t server = fork();
	if (server == 0) {
		int null = open("/dev/null", O_WRONLY);
		bench_pin(BENCH_SERVER_CORE);
		dup2(null, STDOUT_FILENO);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	while (read(life, &none, 1) < 0 && errno == EINTR)
		;
	if (server > 0)
		kill(server, SIGKILL);
	_exit(0);
}

/* Its keeper is a grandchild, so that waiting for all children does not wait for it. Gives what holds it alive. */
static int start_apart(const char *const *argv)
{
	int life[2];
	if (prctl(PR_SET_CHILD_SUBREAPER, 0) || pipe2(life, O_CLOEXEC))
		die("pipe");
	pid_t between = fork();
	if (between == 0) {
		close(life[1]);
		if (fork() == 0)
			keep_server(argv, life[0]);
		_exit(0);
	}
	waitpid(between, NULL, 0);
	close(life[0]);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return life[1];
}

static struct bench_server start(const char *const *argv)
{
	struct bench_server s = { 0 };
	unlink(PORT_FILE);
	s.life = start_apart(argv);
	for (int i = 0; i < 500 && !s.port; i++) {
		FILE *f = fopen(PORT_FILE, "r");
		usleep(10000);
		if (f && fscanf(f, "%d", &s.port) != 1)
			s.port = 0;
		if (f)
			fclose(f);
	}
	if (!s.port)
		die(argv[0]);
	return s;
}

struct bench_server bench_server_start(const char *latency_ms)
{
	const char *argv[] = { BENCH_SERVER, "--fixed", "--port-file", PORT_FILE, "--latency-ms", latency_ms ? latency_ms : "0", NULL };
	return start(argv);
}

struct bench_server bench_tls_start(const char *hold_s)
{
	const char *argv[] = { "/usr/bin/env", "python3", LH_SOURCE_DIR "/tests/bench/tls_front.py", "--port-file", PORT_FILE, "--most-file", MOST_FILE,
		"--certificate", BENCH_CERTIFICATE, "--hold", hold_s, NULL };
	struct bench_server s = start(argv);
	s.tls = true;
	return s;
}

int bench_tls_most(void)
{
	int most = 0;
	FILE *f = fopen(MOST_FILE, "r");
	if (f && fscanf(f, "%d", &most) != 1)
		most = 0;
	if (f)
		fclose(f);
	return most;
}

void bench_server_stop(struct bench_server *s)
{
	close(s->life);
}

static int connect_to(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a))
		die("the server");
	return fd;
}

int64_t bench_server_requests(const struct bench_server *s)
{
	static const char ask[] = "GET /stats HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";
	char text[4096];
	size_t n = 0;
	int fd = connect_to(s->port);
	if (write(fd, ask, sizeof ask - 1) < 0)
		die("the server");
	for (ssize_t got; n < sizeof text - 1 && (got = read(fd, text + n, sizeof text - 1 - n)) > 0;)
		n += (size_t)got;
	text[n] = 0;
	close(fd);
	const char *at = strstr(text, "\"requests\": ");
	return at ? strtoll(at + 12, NULL, 10) : 0;
}

/* ---- clients ---- */

struct bench_client bench_client_start(const char *const *argv)
{
	int line[2];
	if (pipe2(line, O_CLOEXEC))
		die("pipe");
	struct bench_client c = { .pid = fork(), .out = line[0] };
	if (c.pid == 0) {
		bench_pin(BENCH_CLIENT_CORE);
		dup2(line[1], STDOUT_FILENO);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(line[1]);
	return c;
}

/* Calls `visit` for a process and all that it started, deepest first. */
static void each_process(pid_t pid, void (*visit)(pid_t pid, double *sum), double *sum)
{
	char name[64];
	int child;
	snprintf(name, sizeof name, "/proc/%d/task/%d/children", pid, pid);
	FILE *f = fopen(name, "r");
	while (f && fscanf(f, "%d", &child) == 1)
		each_process(child, visit, sum);
	if (f)
		fclose(f);
	visit(pid, sum);
}

static void add_cpu(pid_t pid, double *sum)
{
	char name[64];
	long long ns = 0;
	snprintf(name, sizeof name, "/proc/%d/schedstat", pid);
	FILE *f = fopen(name, "r");
	if (f && fscanf(f, "%lld", &ns) == 1)
		*sum += (double)ns / 1e9;
	if (f)
		fclose(f);
}

static void add_memory(pid_t pid, double *sum)
{
	char name[64], line[256];
	long long kb;
	snprintf(name, sizeof name, "/proc/%d/smaps_rollup", pid);
	FILE *f = fopen(name, "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "Pss: %lld", &kb) == 1)
			*sum += (double)kb * 1024;
	if (f)
		fclose(f);
}

double bench_client_cpu(const struct bench_client *c)
{
	double sum = 0;
	each_process(c->pid, add_cpu, &sum);
	return sum;
}

int64_t bench_client_bytes(const struct bench_client *c)
{
	double sum = 0;
	each_process(c->pid, add_memory, &sum);
	return (int64_t)sum;
}

bool bench_client_over(const struct bench_client *c)
{
	siginfo_t info = { 0 };
	return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == c->pid;
}

/* All of what it prints is read, so that it need not wait; what fits is kept. */
static void listen_to(int fd, char *said, size_t size)
{
	char more[4096];
	size_t n = 0;
	for (ssize_t got; (got = read(fd, more, sizeof more)) > 0;)
		for (ssize_t i = 0; i < got && said && n + 1 < size; i++)
			said[n++] = more[i];
	if (said)
		said[n] = 0;
	close(fd);
}

struct bench_cost bench_client_end(struct bench_client *c, char *said, size_t size)
{
	struct bench_cost cost = { 0 };
	struct rusage usage;
	int status;
	double start = bench_seconds(CLOCK_MONOTONIC);
	listen_to(c->out, said, size);
	for (pid_t pid; (pid = wait4(-1, &status, 0, &usage)) > 0 || errno == EINTR;) {
		cost.cpu_s += bench_cpu(&usage);
		if (pid == c->pid && status != 0) {
			printf("a client failed: status %d\n", status);
			exit(1);
		}
	}
	cost.wall_s = bench_seconds(CLOCK_MONOTONIC) - start;
	return cost;
}

struct bench_client bench_live_start(const struct bench_live *l, const struct bench_server *s)
{
	char model[300], turns[16], samples[16], concurrency[16], jobs[16];
	snprintf(model, sizeof model, "openai:m,base_url=http%s://127.0.0.1:%d/v1,stream=%s%s", s->tls ? "s" : "", s->port, l->stream ? "true" : "false", l->more ? l->more : "");
	snprintf(turns, sizeof turns, "%d", l->turns);
	snprintf(samples, sizeof samples, "%d", l->samples);
	snprintf(concurrency, sizeof concurrency, "%d", l->concurrency);
	snprintf(jobs, sizeof jobs, "%d", l->jobs);
	const char *argv[] = { BENCH_LONGHAUL, "run", "--task", l->task ? l->task : "kv_sum", "--model", model, "--policy", "full_history", "--turns", turns,
		"--samples", samples, "--concurrency", concurrency, "--jobs", jobs, "--output", l->journal ? BENCH_RUN_FILE : "none", "--quiet", NULL };
	unlink(BENCH_RUN_FILE);
	return bench_client_start(argv);
}

int64_t bench_body_bytes(int turn)
{
	char command[600], block[4096];
	int64_t n = 0;
	snprintf(command, sizeof command, "'%s' transcript '%s' 0 --turn %d --as-sent", BENCH_LONGHAUL, BENCH_RUN_FILE, turn);
	FILE *p = popen(command, "r");
	for (size_t got; p && (got = fread(block, 1, sizeof block, p)) > 0;)
		n += (int64_t)got;
	if (p)
		pclose(p);
	return n + BODY_HEAD;
}

double bench_report_s(void)
{
	struct lh_results *results;
	struct lh_report *report;
	struct lh_report_style style = { .columns = 80 };
	struct lh_error err = { 0 };
	struct lh_buf table;
	if (lh_results_load(BENCH_RUN_FILE, -1, &results, &err))
		die(err.text);
	lh_buf_init(&table, 1 << 20);
	double start = bench_seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (lh_report_of(results, "", &report, &err))
		die(err.text);
	lh_report_table(report, &style, &table);
	double spent = bench_seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
	lh_report_free(report);
	lh_results_free(results);
	lh_buf_fini(&table);
	return spent;
}
