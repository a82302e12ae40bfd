/* TLS is verified: a certificate that nobody vouches for is refused, and accepted once SSL_CERT_FILE or
 * CURL_CA_BUNDLE names it. The certificate is openssl's, the server Python's; without them this is skipped. */
#include "http_rig.h"

#include <signal.h>
#include <sys/wait.h>

struct lh_str lh_secrets_peek(const struct lh_secrets *s, int index);
void lh_secrets_redact(const struct lh_secrets *s, struct lh_buf *text);
__attribute__((weak)) struct lh_str lh_secrets_peek(const struct lh_secrets *s, int index) { (void)s, (void)index; return (struct lh_str){ "", 0 }; }
__attribute__((weak)) void lh_secrets_redact(const struct lh_secrets *s, struct lh_buf *text) { (void)s, (void)text; }

static const char program[] =
	"import http.server, ssl, sys\n"
	"class Answer(http.server.BaseHTTPRequestHandler):\n"
	"    protocol_version = 'HTTP/1.1'\n"
	"    def do_POST(self):\n"
	"        body = self.rfile.read(int(self.headers['Content-Length']))\n"
	"        self.send_response(200)\n"
	"        self.send_header('Content-Length', str(len(body)))\n"
	"        self.end_headers()\n"
	"        self.wfile.write(body)\n"
	"    def log_message(self, *args): pass\n"
	"class Server(http.server.ThreadingHTTPServer):\n"
	"    def handle_error(self, *args): pass\n"
	"server = Server(('127.0.0.1', 0), Answer)\n"
	"context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
	"context.load_cert_chain(sys.argv[1], sys.argv[2])\n"
	"server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)\n"
	"print(server.server_address[1], flush=True)\n"
	"server.serve_forever()\n";

struct tls { char folder[64], cert[96], key[96]; pid_t server; int port; };

static bool run(const char *command)
{
	return system(command) == 0;
}

static bool make_certificate(struct tls *t)
{
	char command[600];
	strcpy(t->folder, "/tmp/lh-tls-XXXXXX");
	if (!mkdtemp(t->folder))
		return false;
	snprintf(t->cert, sizeof t->cert, "%s/cert.pem", t->folder);
	snprintf(t->key, sizeof t->key, "%s/key.pem", t->folder);
	snprintf(command, sizeof command, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
		" -addext subjectAltName=IP:127.0.0.1 -keyout %s -out %s >%s/log 2>&1", t->key, t->cert, t->folder);
	return run(command);
}

/* The port is the first line that it writes. */
static bool start_server(struct tls *t)
{
	int out[2];
	char line[32] = "";
	if (pipe(out))
		return false;
	t->server = fork();
	if (t->server == 0) {
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		execlp("python3", "python3", "-c", program, t->cert, t->key, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	for (size_t n = 0; n < sizeof line - 1 && !strchr(line, '\n') && read(out[0], line + n, 1) == 1; n++)
		;                                              /* the whole line: Python may write its end by itself */
	close(out[0]);
	t->port = atoi(line);
	return t->port > 0;
}

static void end(struct tls *t)
{
	char command[128];
	if (t->server > 0) {
		kill(t->server, SIGKILL);
		waitpid(t->server, NULL, 0);
	}
	snprintf(command, sizeof command, "rm -rf %s", t->folder);
	CHECK(run(command));
}

/* What comes of a request with an environment of one variable more. */
static struct lh_exchange ask(struct rig *r, const char *url, const char *variable, const char *value)
{
	struct lh_exchange x;
	rig_open(r, NULL);
	if (variable)
		setenv(variable, value, 1);
	struct lh_endpoint *to = rig_endpoint_of(r, &(struct lh_endpoint_spec){ .url = url, .key = -1 });
	x = rig_ask(r, &(struct lh_http_request){ .id = 1, .to = to, .body = LH_STR("{\"a\":1}"), .reply_most = 1000, .timeout_ms = 60000 });
	return x;
}

static void test_refused(const struct tls *t)
{
	struct rig r;
	char url[64];
	snprintf(url, sizeof url, "https://127.0.0.1:%d/", t->port);
	struct lh_exchange x = ask(&r, url, NULL, NULL);
	CHECK_INT(x.fault, LH_FAULT_TLS);
	CHECK_INT(x.status, 0);
	CHECK_HAS(x.fault_text, "certificate");
	CHECK(strncmp(x.fault_text, url, strlen(url) - 1) == 0);
	rig_close(&r);
	x = ask(&r, url, "SSL_CERT_FILE", "/nonexistent.pem");
	CHECK_INT(x.fault, LH_FAULT_TLS);
	rig_close(&r);
	snprintf(url, sizeof url, "https://localhost:%d/", t->port);           /* the certificate is another host's */
	x = ask(&r, url, "SSL_CERT_FILE", t->cert);
	CHECK_INT(x.fault, LH_FAULT_TLS);
	CHECK_HAS(x.fault_text, "localhost");
	rig_close(&r);
}

static void test_accepted(const struct tls *t)
{
	static const char *const variables[] = { "SSL_CERT_FILE", "CURL_CA_BUNDLE" };
	for (int i = 0; i < 2; i++) {
		struct rig r;
		char url[64];
		snprintf(url, sizeof url, "https://127.0.0.1:%d/", t->port);
		struct lh_exchange x = ask(&r, url, variables[i], t->cert);
		CHECK_INT(x.fault, LH_FAULT_NONE);
		CHECK_TEXT(x.fault_text, "");
		CHECK(lh_str_is(x.body, "{\"a\":1}"));
		rig_close(&r);
	}
}

/* A server that speaks no TLS will not learn it; one that breaks off may be asked again. */
static void test_handshakes(void)
{
	struct rig r;
	struct lh_exchange x;
	char url[64];
	int port, fd = server_listen(8, &port);
	for (int reset = 0; reset < 2; reset++) {
		rig_open(&r, NULL);
		snprintf(url, sizeof url, "https://127.0.0.1:%d/", port);
		struct lh_endpoint *to = rig_endpoint_of(&r, &(struct lh_endpoint_spec){ .url = url, .key = -1 });
		rig_send(&r, &(struct lh_http_request){ .id = 1, .to = to, .body = LH_STR("{}"), .reply_most = 1000, .timeout_ms = 60000 });
		rig_pass(&r);
		rig_pass(&r);
		int peer = accept(fd, NULL, NULL);
		if (reset)
			server_reset(peer);
		else
			server_say(peer, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
		shutdown(peer, reset ? SHUT_RDWR : SHUT_WR);
		if (reset)
			close(peer);
		x = rig_take(&r);
		CHECK_INT(x.fault, reset ? LH_FAULT_RESET : LH_FAULT_TLS);
		if (!reset)
			close(peer);
		rig_close(&r);
	}
	close(fd);
}

int main(void)
{
	struct tls t = { .server = -1 };
	test_handshakes();
	bool there = make_certificate(&t) && start_server(&t);
	if (there) {
		test_refused(&t);
		test_accepted(&t);
	} else {
		printf("certificates not tested: openssl or python3 is missing here\n");
	}
	end(&t);
	return check_done();
}
