/* bench/bench_net.h - what the benchmarks of the network share: a server on one core, clients on another,
 * and what a client costs with all of its processes. */
#ifndef LH_TESTS_BENCH_BENCH_NET_H
#define LH_TESTS_BENCH_BENCH_NET_H

#include "bench/bench.h"

#define BENCH_SERVER LH_BINARY_DIR "/tests/http/model_server"
#define BENCH_HTTP LH_BINARY_DIR "/tests/bench/bench_http"
#define BENCH_CERTIFICATE LH_BINARY_DIR "/bench_tls.pem"
#define BENCH_RUN_FILE LH_BINARY_DIR "/bench_net.db"

enum { BENCH_CLIENT_CORE = 0, BENCH_SERVER_CORE = 1 };

struct bench_server { int port, life; bool tls; };     /* life: it ends when this is closed, so also with this process */
/* One that answers at once where latency_ms is NULL. Ends the program where there is none. */
struct bench_server bench_server_start(const char *latency_ms);
/* One over TLS that holds each request for so long; its certificate is at BENCH_CERTIFICATE. Needs python3 and openssl. */
struct bench_server bench_tls_start(const char *hold_s);
int bench_tls_most(void);                /* requests that waited there at once, at most */
void bench_server_stop(struct bench_server *s);
int64_t bench_server_requests(const struct bench_server *s);      /* answered so far */

/* A running client, pinned to its core. */
struct bench_client { pid_t pid; int out; };
struct bench_client bench_client_start(const char *const *argv);
/* CPU time of the client and its processes so far, in seconds. */
double bench_client_cpu(const struct bench_client *c);
/* Memory of the client and its processes now: pages that they share count once. */
int64_t bench_client_bytes(const struct bench_client *c);
bool bench_client_over(const struct bench_client *c);
/* Waits for its end and that of its processes; the beginning of what it printed goes to `said` where there is one. */
struct bench_cost bench_client_end(struct bench_client *c, char *said, size_t size);

struct bench_live { const char *task, *more; int turns, samples, concurrency, jobs; bool stream, journal; };
/* A `longhaul run` against the server; `more`: further options of the model. */
struct bench_client bench_live_start(const struct bench_live *l, const struct bench_server *s);
/* Bytes of the request of a turn, from the run file of the last one. */
int64_t bench_body_bytes(int turn);
/* CPU time of the report at the end of the last one: intervals and table, without reading the file. */
double bench_report_s(void);

void bench_net_begin(void);
/* Pins this process, which is idle while clients run, and what it starts from here on. */
void bench_pin(int core);

#endif
