/* The simulated model behind real sockets. See README.md. */
#include "ms_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static const char usage[] =
	"usage: model_server [options]\n"
	"\n"
	"Answers chat completions, messages and responses as the simulated model does.\n"
	"\n"
	"  --task SPEC            task family with parameters [kv_sum]\n"
	"  --sim SPEC             the model [sim]; a request whose model is a spec (sim:accuracy=0.9) has that one\n"
	"  --steps-per-turn K     as in the run [1]; 0: of one turn, as its prompt says\n"
	"  --keep N               samples whose conversations are remembered [4096]\n"
	"  --port N               [0: any]\n"
	"  --port-file FILE       the port is written there once the server listens\n"
	"  --chunked              plain answers in chunks too\n"
	"  --latency-ms MEAN      before each answer [0]\n"
	"  --latency-spread X     uniform around the mean, as a share of it [0.5]\n"
	"  --faults LIST          what goes wrong now and then; names below, commas between\n"
	"  --fault-share X        of the requests [0.2]; at most 5 times in a row for one body\n"
	"  --fault-seed N         [1]\n"
	"  --drip-ms N            between two bytes of loris [2]\n"
	"  --stall-ms N           silence of stall [200]\n"
	"  --log FILE             a line a request\n"
	"  --count-file FILE      the counters of GET /stats, written at the end\n"
	"  --fixed                no model and no faults: one short answer to everything, for benchmarks\n"
	"\n"
	"faults, also one at a time by a header `X-Fault: NAME`:\n ";

static void help(void)
{
	fputs(usage, stdout);
	for (int i = 1; i < MS_FAULT_COUNT; i++)
		printf(" %s%s", ms_fault_word((enum ms_fault)i), i % 10 == 0 ? "\n " : "");
	puts("\ngroups: status socket broken (the three: transport), odd, slow, fatal, all; -NAME takes away");
}

struct start { struct ms_options options; int port; const char *port_file, *log, *count_file, *faults; };

static double real(const char *text, double lo, double hi, const char *what, struct lh_error *err)
{
	double v = 0;
	if (!lh_str_to_double(lh_str_of(text), &v) || v < lo || v > hi)
		lh_fail(err, LH_E_USAGE, "--%s %s: a number of %g to %g is needed", what, text, lo, hi);
	return v;
}

static const struct option options[] = {
	{ "task", 1, NULL, 't' }, { "sim", 1, NULL, 's' }, { "steps-per-turn", 1, NULL, 'k' }, { "keep", 1, NULL, 'K' }, { "port", 1, NULL, 'p' },
	{ "port-file", 1, NULL, 'P' }, { "chunked", 0, NULL, 'c' }, { "latency-ms", 1, NULL, 'l' }, { "latency-spread", 1, NULL, 'L' },
	{ "faults", 1, NULL, 'f' }, { "fault-share", 1, NULL, 'F' }, { "fault-seed", 1, NULL, 'S' }, { "drip-ms", 1, NULL, 'd' },
	{ "stall-ms", 1, NULL, 'D' }, { "log", 1, NULL, 'g' }, { "count-file", 1, NULL, 'C' }, { "fixed", 0, NULL, 'x' }, { "help", 0, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

static void take_text(struct start *s, int c)
{
	switch (c) {
	case 't': s->options.mind.task = optarg; break;
	case 's': s->options.mind.sim = optarg; break;
	case 'P': s->port_file = optarg; break;
	case 'f': s->faults = optarg; break;
	case 'g': s->log = optarg; break;
	case 'C': s->count_file = optarg; break;
	case 'c': s->options.chunked = true; break;
	case 'x': s->options.fixed = true; break;
	default: break;
	}
}

static void take_number(struct start *s, int c, const char *name, struct lh_error *err)
{
	struct ms_options *o = &s->options;
	switch (c) {
	case 'k': o->mind.steps_per_turn = (uint32_t)real(optarg, 0, 1e6, name, err); break;
	case 'K': o->mind.keep = (uint32_t)real(optarg, 1, 1e7, name, err); break;
	case 'p': s->port = (int)real(optarg, 0, 65535, name, err); break;
	case 'l': o->latency_ms = real(optarg, 0, 3.6e6, name, err); break;
	case 'L': o->latency_spread = real(optarg, 0, 1, name, err); break;
	case 'F': o->faults.share = real(optarg, 0, 1, name, err); break;
	case 'S': o->faults.seed = (uint64_t)real(optarg, 0, 1e15, name, err); break;
	case 'd': o->drip_ms = (int64_t)real(optarg, 0, 1e6, name, err); break;
	case 'D': o->stall_ms = (int64_t)real(optarg, 0, 1e7, name, err); break;
	default: break;
	}
}

static int take_options(struct start *s, int argc, char **argv, struct lh_error *err)
{
	int index = 0;
	for (int c; (c = getopt_long(argc, argv, "h", options, &index)) >= 0;) {
		if (c == '?')
			return lh_fail(err, LH_E_USAGE, "see model_server --help");
		if (c == 'h') {
			help();
			exit(0);
		}
		take_text(s, c);
		take_number(s, c, options[index].name, err);
	}
	if (optind < argc)
		return lh_fail(err, LH_E_USAGE, "what is '%s'? See model_server --help", argv[optind]);
	return err->code ? err->code : s->faults ? ms_fault_parse(&s->options.faults, s->faults, err) : 0;
}

static int write_file(const char *path, struct lh_str text, struct lh_error *err)
{
	FILE *f = fopen(path, "we");
	bool ok = f && fwrite(text.p, 1, text.n, f) == text.n;
	if (f && fclose(f))
		ok = false;
	return ok ? 0 : lh_fail(err, LH_E_IO, "%s: %s", path, strerror(errno));
}

/* Written whole under another name first: who waits for the file finds the port in it. */
static int tell_port(const struct start *s, int port, struct lh_error *err)
{
	char text[16], part[4096];
	printf("listening on http://127.0.0.1:%d\n", port);
	fflush(stdout);
	if (!s->port_file)
		return 0;
	snprintf(text, sizeof text, "%d\n", port);
	if ((size_t)snprintf(part, sizeof part, "%s.part", s->port_file) >= sizeof part)
		return lh_fail(err, LH_E_USAGE, "--port-file: the name is too long");
	int rc = write_file(part, lh_str_of(text), err);
	return rc || !rename(part, s->port_file) ? rc : lh_fail(err, LH_E_IO, "%s: %s", s->port_file, strerror(errno));
}

static int serve(const struct start *s, struct ms_desk *desk, struct lh_error *err)
{
	struct ms_serve *serve = NULL;
	struct ms_handler handler = { desk, ms_desk_answer, ms_desk_accept };
	int rc = 0;
	if (s->log && (desk->count.log = open(s->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) < 0)
		rc = lh_fail(err, LH_E_IO, "%s: %s", s->log, strerror(errno));
	if (!rc)
		rc = ms_serve_new(s->port, &handler, &serve, err);
	if (!rc)
		rc = tell_port(s, ms_serve_port(serve), err);
	if (!rc)
		rc = ms_serve_run(serve, &stop, err);
	ms_serve_free(serve);
	if (!rc && s->count_file) {
		lh_buf_clear(&desk->entity);
		ms_count_put(&desk->entity, &desk->count);
		rc = write_file(s->count_file, lh_buf_str(&desk->entity), err);
	}
	return rc;
}

int main(int argc, char **argv)
{
	static struct start s = { .options = { .mind = { "kv_sum", "sim", 1, 4096 }, .faults = { .share = 0.2, .seed = 1 },
		.latency_spread = 0.5, .drip_ms = 2, .stall_ms = 200 } };
	static struct ms_desk desk;
	struct lh_error err = { 0 };
	struct sigaction act = { .sa_handler = on_signal };
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	int rc = take_options(&s, argc, argv, &err);
	if (!rc) {
		rc = ms_desk_init(&desk, &s.options, &err);
		if (!rc)
			rc = serve(&s, &desk, &err);
		ms_desk_fini(&desk);
	}
	if (rc)
		fprintf(stderr, "model_server: %s\n", err.text);
	return rc ? rc == LH_E_USAGE ? 2 : 5 : 0;
}
