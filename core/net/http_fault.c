/* libcurl's results in our words. What it says of certificates and of broken protocols is kept; of hosts
 * and proxies it is not, since a proxy's URL may carry a password. */
#include "net/http_parts.h"

#include "base/utf8.h"

#include <errno.h>
#include <string.h>

static enum lh_fault plain_fault(CURLcode code)
{
	static const struct { unsigned char code, fault; } known[] = {
		{ CURLE_COULDNT_RESOLVE_PROXY, LH_FAULT_RESOLVE }, { CURLE_COULDNT_RESOLVE_HOST, LH_FAULT_RESOLVE },
		{ CURLE_PEER_FAILED_VERIFICATION, LH_FAULT_TLS }, { CURLE_SSL_CERTPROBLEM, LH_FAULT_TLS },
		{ CURLE_SSL_CIPHER, LH_FAULT_TLS }, { CURLE_SSL_ENGINE_NOTFOUND, LH_FAULT_TLS },
		{ CURLE_SSL_ENGINE_SETFAILED, LH_FAULT_TLS }, { CURLE_SSL_ENGINE_INITFAILED, LH_FAULT_TLS },
		{ CURLE_SSL_CACERT_BADFILE, LH_FAULT_TLS }, { CURLE_SSL_CRL_BADFILE, LH_FAULT_TLS },
		{ CURLE_SSL_ISSUER_ERROR, LH_FAULT_TLS }, { CURLE_SSL_PINNEDPUBKEYNOTMATCH, LH_FAULT_TLS },
		{ CURLE_SSL_INVALIDCERTSTATUS, LH_FAULT_TLS }, { CURLE_USE_SSL_FAILED, LH_FAULT_TLS },
		{ 98 /* CURLE_SSL_CLIENTCERT, 7.77 */, LH_FAULT_TLS },
		{ CURLE_PARTIAL_FILE, LH_FAULT_PARTIAL }, { CURLE_GOT_NOTHING, LH_FAULT_EMPTY },
		{ CURLE_SEND_ERROR, LH_FAULT_RESET }, { CURLE_RECV_ERROR, LH_FAULT_RESET },
		{ CURLE_SEND_FAIL_REWIND, LH_FAULT_RESET }, { CURLE_SSL_SHUTDOWN_FAILED, LH_FAULT_RESET },
		{ CURLE_UNSUPPORTED_PROTOCOL, LH_FAULT_PROTOCOL }, { CURLE_WEIRD_SERVER_REPLY, LH_FAULT_PROTOCOL },
		{ CURLE_HTTP2, LH_FAULT_PROTOCOL }, { CURLE_HTTP2_STREAM, LH_FAULT_PROTOCOL }, { CURLE_HTTP3, LH_FAULT_PROTOCOL },
		{ CURLE_BAD_CONTENT_ENCODING, LH_FAULT_PROTOCOL }, { 100 /* CURLE_TOO_LARGE, 8.6: headers */, LH_FAULT_PROTOCOL },
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].code == (unsigned)code)
			return (enum lh_fault)known[i].fault;
	return LH_FAULT_OTHER;
}

static long info(const struct lh_slot *s, CURLINFO what)
{
	long v = 0;
	s->shard->lane->http->curl.easy_getinfo(s->easy, what, &v);
	return v;
}

/* 35 is said of what is refused for good (versions, ciphers, a server that speaks no TLS) and of a
 * handshake that a reset cut short. Only the words tell them apart. */
static enum lh_fault handshake_fault(const struct lh_slot *s)
{
	bool cut = strstr(s->said, "unexpected eof") || !strstr(s->said, "routines");
	return cut ? LH_FAULT_RESET : LH_FAULT_TLS;
}

static enum lh_fault fault_of(const struct lh_slot *s, CURLcode code)
{
	if (s->too_large)
		return LH_FAULT_TOO_LARGE;
	if (s->no_memory || s->socket_errno)
		return LH_FAULT_OTHER;
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return info(s, CURLINFO_OS_ERRNO) == ECONNREFUSED ? LH_FAULT_REFUSED : LH_FAULT_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
		return lh_slot_connected(s) ? LH_FAULT_TIMEOUT : LH_FAULT_CONNECT;
	case CURLE_SSL_CONNECT_ERROR:
		return handshake_fault(s);
	case CURLE_RECV_ERROR:                 /* TLS 1.3: a client certificate is missed after the handshake */
		if (info(s, CURLINFO_HTTP_CONNECTCODE) >= 300)
			return LH_FAULT_OTHER;
		return strstr(s->said, "alert") ? LH_FAULT_TLS : LH_FAULT_RESET;
	default:
		return plain_fault(code);
	}
}

/* What is known beyond the fault's word; false: nothing. */
static bool put_detail(const struct lh_slot *s, CURLcode code, struct lh_buf *b)
{
	long proxy = info(s, CURLINFO_HTTP_CONNECTCODE), error = info(s, CURLINFO_OS_ERRNO);
	switch (s->x.fault) {
	case LH_FAULT_TOO_LARGE:
		lh_buf_printf(b, "more than %zu bytes", s->reply.max);
		return true;
	case LH_FAULT_CONNECT:
		if (code == CURLE_COULDNT_CONNECT && error)
			lh_buf_puts(b, strerror((int)error));
		return code == CURLE_COULDNT_CONNECT && error;
	case LH_FAULT_OTHER:
		if (s->no_memory)
			lh_buf_puts(b, "out of memory");
		else if (s->socket_errno)
			lh_buf_printf(b, "cannot open a socket: %s", strerror(s->socket_errno));
		else if (proxy >= 300)
			lh_buf_printf(b, "the proxy answered %ld", proxy);
		else
			lh_buf_puts(b, s->shard->lane->http->curl.easy_strerror(code));
		return true;
	case LH_FAULT_TLS: case LH_FAULT_RESET: case LH_FAULT_PARTIAL: case LH_FAULT_PROTOCOL:
		lh_buf_puts(b, s->said[0] ? s->said : s->shard->lane->http->curl.easy_strerror(code));
		return true;
	default:
		return false;
	}
}

/* The server has had a hand in the words: made safe to show, without keys. */
static void settle_text(struct lh_slot *s, struct lh_buf *b)
{
	const struct lh_secrets *secrets = s->shard->lane->http->secrets;
	struct lh_buf shown;
	lh_buf_init(&shown, 8192);
	lh_put_shown(&shown, lh_buf_str(b), false);
	if (secrets)
		lh_secrets_redact(secrets, &shown);
	struct lh_str text = lh_buf_str(&shown);
	size_t n = text.n < sizeof s->x.fault_text ? text.n : sizeof s->x.fault_text - 1;
	n = text.n > n ? lh_utf8_bad_at((struct lh_str){ text.p, n }) : n;     /* no half character at the end */
	memcpy(s->x.fault_text, text.p, n);
	s->x.fault_text[n] = 0;
	lh_buf_fini(&shown);
}

static void begin_text(struct lh_slot *s, struct lh_buf *b, enum lh_fault fault)
{
	lh_buf_init(b, 2048);
	s->x.fault = fault;
	lh_buf_printf(b, "%s: ", s->shard->lane->to->origin);
}

void lh_slot_fail(struct lh_slot *s, CURLcode code)
{
	struct lh_buf b, detail;
	begin_text(s, &b, fault_of(s, code));
	lh_buf_init(&detail, 1024);
	bool more = put_detail(s, code, &detail);
	if (more && s->x.fault == LH_FAULT_CONNECT)
		lh_buf_puts(&b, "cannot connect");
	else
		lh_buf_puts(&b, lh_fault_word(s->x.fault));
	if (more)
		lh_buf_printf(&b, ": %s", detail.p ? detail.p : "");
	settle_text(s, &b);
	lh_buf_fini(&detail);
	lh_buf_fini(&b);
}

void lh_slot_fail_late(struct lh_slot *s, enum lh_fault fault)
{
	struct lh_buf b;
	begin_text(s, &b, fault);
	lh_buf_puts(&b, lh_fault_word(fault));
	if (fault == LH_FAULT_TIMEOUT)
		lh_buf_printf(&b, " after %lld ms", (long long)(s->timeout_us / 1000));
	else if (fault == LH_FAULT_IDLE)
		lh_buf_printf(&b, ": nothing for %lld ms", (long long)(s->idle_us / 1000));
	settle_text(s, &b);
	lh_buf_fini(&b);
}
