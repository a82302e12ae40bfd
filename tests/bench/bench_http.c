/* The HTTP client by itself: `bench_http PORT BYTES CONCURRENCY REQUESTS` sends the same body again and again, and
 * looks at nothing that comes back. */
#include "bench/bench.h"
#include "net/http.h"

static char *body;

static int send_one(struct lh_http *h, const struct lh_endpoint *to, uint64_t id, size_t bytes, struct lh_error *err)
{
	struct lh_http_request r = { .id = id, .to = to, .body = { body, bytes }, .timeout_ms = 600000, .idle_ms = 120000, .reply_most = 1 << 20 };
	return lh_http_send(h, &r, err);
}

/* At first one alone, then as many as may be. */
static int all(struct lh_loop *loop, struct lh_http *h, const struct lh_endpoint *to, size_t bytes, int most, int requests, struct lh_error *err)
{
	struct lh_exchange x;
	int sent = 0, taken = 0, rc = 0;
	while (!rc && taken < requests) {
		while (!rc && sent < requests && sent - taken < (taken ? most : 1))
			rc = send_one(h, to, (uint64_t)++sent, bytes, err);
		if (!rc)
			rc = lh_loop_wait(loop, lh_http_due_us(h), err);
		if (!rc)
			rc = lh_http_step(h, err);
		for (; !rc && lh_http_take(h, &x); taken++) {
			if (x.fault || x.status != 200)
				rc = lh_fail(err, LH_E_FAILED, "status %d, %s", x.status, x.fault_text);
			lh_http_give_back(h, &x);
		}
	}
	return rc;
}

static int run(const char *url, size_t bytes, int most, int requests, struct lh_error *err)
{
	struct lh_endpoint_spec spec = { .url = url, .key = -1 };
	struct lh_endpoint *to = NULL;
	struct lh_loop *loop = NULL;
	struct lh_http *h = NULL;
	int rc = lh_loop_new(&loop, err);
	if (!rc)
		rc = lh_http_new(loop, NULL, &h, err);
	if (!rc)
		rc = lh_endpoint_open(h, &spec, &to, err);
	if (!rc)
		rc = all(loop, h, to, bytes, most, requests, err);
	lh_http_free(h);
	lh_loop_free(loop);
	return rc;
}

int main(int argc, char **argv)
{
	struct lh_error err = { 0 };
	char url[100];
	if (argc != 5)
		return 2;
	size_t bytes = (size_t)strtoul(argv[2], NULL, 10);
	body = malloc(bytes + 1);
	if (!body)
		return 1;
	memset(body, 'x', bytes);
	snprintf(url, sizeof url, "http://127.0.0.1:%s/v1/chat/completions", argv[1]);
	int rc = run(url, bytes, atoi(argv[3]), atoi(argv[4]), &err);
	if (rc)
		fprintf(stderr, "bench_http: %s\n", err.text);
	free(body);
	return rc != 0;
}
