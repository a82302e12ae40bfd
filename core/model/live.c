#include "model/live.h"

#include "net/url.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define URL_MAX 2048
#define MODEL_MAX 256
#define STOP_MAX 256

const char *lh_live_text(const struct lh_live *l, const char *name)
{
	for (int i = 0; i < l->ops->param_count; i++)
		if (!strcmp(l->ops->params[i].name, name))
			return l->value[i];
	return "";
}

static double number_of(const struct lh_live *l, const char *name)
{
	double v;
	return lh_str_to_double(lh_str_of(lh_live_text(l, name)), &v) ? v : NAN;
}

static bool is_true(const struct lh_live *l, const char *name) { return !strcmp(lh_live_text(l, name), "true"); }

/* ---- each value against its type and range ---- */

static int check_number(const struct lh_live *l, const struct lh_model_param *p, struct lh_str typed, struct lh_error *err)
{
	double v, lo = strtod(p->range, NULL), hi = strtod(strstr(p->range, "..") + 2, NULL);
	bool whole = p->type[0] == 'i';
	if (!lh_str_to_double(typed, &v) || (whole && v != floor(v)))
		return lh_fail(err, LH_E_USAGE, "model %s: %s=%.*s: %s is needed", l->ops->name, p->name, LH_ARG(typed), whole ? "an integer" : "a number");
	if (v < lo || v > hi)
		return lh_fail(err, LH_E_USAGE, "model %s: %s=%.*s lies outside %s", l->ops->name, p->name, LH_ARG(typed), p->range);
	return 0;
}

static int check_choice(const struct lh_live *l, const struct lh_model_param *p, struct lh_str typed, struct lh_error *err)
{
	for (const char *at = p->range; *at;) {
		size_t n = strcspn(at, "|");
		if (lh_str_equal(typed, (struct lh_str){ at, n }))
			return 0;
		at += at[n] ? n + 1 : n;
	}
	return lh_fail(err, LH_E_USAGE, "model %s: %s=%.*s: one of %s is needed", l->ops->name, p->name, LH_ARG(typed), p->range);
}

static bool plain(struct lh_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
			return false;
	return true;
}

static int check_value(const struct lh_live *l, const struct lh_model_param *p, struct lh_str typed, struct lh_error *err)
{
	if (lh_str_is(typed, p->initial))
		return 0;
	switch (p->type[0]) {
	case 'n': case 'i': return check_number(l, p, typed, err);
	case 'c': case 'b': return check_choice(l, p, typed, err);
	}
	bool lines = !strcmp(p->name, "extra") || !strcmp(p->name, "stop");
	if (lines ? memchr(typed.p, 0, typed.n) != NULL : !plain(typed))
		return lh_fail(err, LH_E_USAGE, "model %s: %s: control characters have no place in it", l->ops->name, p->name);
	return 0;
}

static int take_values(struct lh_live *l, const struct lh_str *values, struct lh_error *err)
{
	for (int i = 0; i < l->ops->param_count; i++) {
		int rc = check_value(l, &l->ops->params[i], values[i], err);
		if (rc)
			return rc;
		if (!(l->value[i] = lh_str_dup(values[i])))
			return lh_nomem(err);
	}
	return 0;
}

/* ---- where requests go, and whether a key may go there ---- */

static bool loopback(const struct lh_url *u)
{
	bool name = u->host.n == 9 && !strncasecmp(u->host.p, "localhost", 9);
	return name || (lh_url_numeric(u) && (u->ipv6 ? lh_str_is(u->host, "::1") : !memcmp(u->host.p, "127.", 4)));
}

static int set_key(struct lh_live *l, const struct lh_url *u, const char *base_dir, struct lh_error *err)
{
	const char *file = lh_live_text(l, "key_file");
	l->key_given = *file || *lh_live_text(l, "key_env");
	if (*file && *lh_live_text(l, "key_env"))
		return lh_fail(err, LH_E_USAGE, "model %s: key_env and key_file are both given: one of them is needed", l->ops->name);
	if (l->key_given && !u->https && !loopback(u))
		return lh_fail(err, LH_E_USAGE, "model %s: a key is not sent over http to %.*s: anyone on the way could read it. Use https, or leave %s out",
			l->ops->name, LH_ARG(u->host), *file ? "key_file" : "key_env");
	if (!*file)
		return 0;
	struct lh_buf path;
	lh_buf_init(&path, 8192);
	if (base_dir && *file != '/')
		lh_buf_printf(&path, "%s/", base_dir);
	lh_buf_puts(&path, file);
	l->key_file = lh_str_dup(lh_buf_str(&path));
	lh_buf_fini(&path);
	return l->key_file ? 0 : lh_nomem(err);
}

static int set_url(struct lh_live *l, const char *base_dir, struct lh_error *err)
{
	const char *base = lh_live_text(l, "base_url");
	size_t n = strlen(base);
	while (n && base[n - 1] == '/')
		n--;
	if (n >= 3 && !memcmp(base + n - 3, "/v1", 3) && !strncmp(l->provider->path, "/v1/", 4))
		n -= 3;                          /* the way other formats' addresses are written */
	char url[URL_MAX + 64];
	struct lh_url u;
	if (n > URL_MAX || strpbrk(base, "?#"))
		return lh_fail(err, LH_E_USAGE, "model %s: base_url is too long, or holds '?' or '#'; %s is appended to it", l->ops->name, l->provider->path);
	snprintf(url, sizeof url, "%.*s%s", (int)n, base, l->provider->path);
	if (!(l->url = lh_str_dup(lh_str_of(url))))
		return lh_nomem(err);
	const char *wrong = lh_url_read(l->url, &u);
	if (wrong)                               /* the address itself is not shown: it may hold a password */
		return lh_fail(err, LH_E_USAGE, "model %s: base_url: %s; write one like %s", l->ops->name, wrong, l->provider->base_url);
	l->own_host = u.https && u.host.n == strlen(l->provider->host) && !strncasecmp(u.host.p, l->provider->host, u.host.n);
	l->server = lh_server_find(*lh_live_text(l, "server") ? lh_live_text(l, "server") : "auto", u.host);
	return set_key(l, &u, base_dir, err);
}

/* ---- headers ---- */

/* A key among the headers would be recorded with the run's options. */
static bool keeps_secrets(struct lh_str name)
{
	static const char *const parts[] = { "auth", "key", "token", "secret", "cookie", "password", "credential", NULL };
	for (int i = 0; parts[i]; i++)
		for (size_t at = 0, n = strlen(parts[i]); at + n <= name.n; at++)
			if (!strncasecmp(name.p + at, parts[i], n))
				return true;
	return false;
}

static bool header_name(struct lh_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= '0' && s.p[i] <= '9') || strchr("-_.", s.p[i])))
			return false;
	return s.n > 0;
}

static int set_headers(struct lh_live *l, struct lh_error *err)
{
	static const char *const ours[] = { "host", "content-length", "content-type", "transfer-encoding", "connection", "accept", "expect", NULL };
	if (l->provider->header)
		l->header[l->headers++] = l->provider->header;
	const char *given = lh_live_text(l, "header"), *colon = strchr(given, ':');
	if (!*given)
		return 0;
	struct lh_str name = { given, colon ? (size_t)(colon - given) : 0 };
	if (!header_name(name))
		return lh_fail(err, LH_E_USAGE, "model %s: header=%s: \"Name: value\" is needed", l->ops->name, given);
	if (keeps_secrets(name))
		return lh_fail(err, LH_E_USAGE, "model %s: the header %.*s looks like a key, and headers are recorded: give the key with key_env or key_file", l->ops->name, LH_ARG(name));
	for (int i = 0; ours[i]; i++)
		if (strlen(ours[i]) == name.n && !strncasecmp(name.p, ours[i], name.n))
			return lh_fail(err, LH_E_USAGE, "model %s: the header %.*s is set by longhaul itself", l->ops->name, LH_ARG(name));
	l->header[l->headers++] = given;
	return 0;
}

/* ---- what is sent ---- */

static int check_extra(const struct lh_live *l, const struct lh_json *j, struct lh_error *err)
{
	if (lh_json_type(j) != LH_JSON_OBJECT)
		return lh_fail(err, LH_E_USAGE, "model %s: extra must be a JSON object such as {\"top_k\": 20}", l->ops->name);
	for (const struct lh_json *v = lh_json_first(j); v; v = lh_json_next(v))
		for (const char *const *o = l->provider->ours; *o; o++)
			if (lh_str_is(lh_json_key(v), *o))
				return lh_fail(err, LH_E_USAGE, "model %s: extra holds \"%s\", which longhaul sets itself: see longhaul show model %s for its parameter", l->ops->name, *o, l->ops->name);
	return 0;
}

static int set_extra(struct lh_live *l, struct lh_error *err)
{
	struct lh_str text = lh_str_trim(lh_str_of(lh_live_text(l, "extra")));
	struct lh_json *j;
	if (!text.n)
		return 0;
	int rc = lh_json_parse(text, "extra", 1, &j, err);
	if (rc) {
		lh_prefix(err, "model %s", l->ops->name);
		return rc == LH_E_DATA ? err->code = LH_E_USAGE : rc;
	}
	rc = check_extra(l, j, err);
	if (!rc && lh_json_size(j))
		l->extra = lh_str_trim((struct lh_str){ text.p + 1, text.n - 2 });
	lh_json_free(j);
	return rc;
}

static void set_thoughts(struct lh_live *l)
{
	const char *mode = lh_live_text(l, "thoughts"), *effort = lh_live_text(l, "effort");
	double budget = number_of(l, "thought_tokens");
	l->thoughts = (struct lh_thoughts){
		.mode = !strcmp(mode, "on") ? LH_THINKING_ON : !strcmp(mode, "off") ? LH_THINKING_OFF : LH_THINKING_DEFAULT,
		.budget = budget > 0 ? (int64_t)budget : 0,
		.effort = strcmp(effort, "default") ? effort : NULL,
	};
}

static int check_thoughts(const struct lh_live *l, struct lh_error *err)
{
	const struct lh_thoughts *t = &l->thoughts;
	bool none = t->effort && !strcmp(t->effort, "none");
	if (t->mode == LH_THINKING_OFF && (t->budget || (t->effort && !none)))
		return lh_fail(err, LH_E_USAGE, "model %s: thoughts=off, and %s is given", l->ops->name, t->budget ? "thought_tokens" : "effort");
	if (t->mode == LH_THINKING_ON && none)
		return lh_fail(err, LH_E_USAGE, "model %s: thoughts=on, and effort=none", l->ops->name);
	return 0;
}

static void set_prices(struct lh_model *m, const struct lh_live *l)
{
	double in = number_of(l, "price_in"), cached = number_of(l, "price_cached"), out = number_of(l, "price_out");
	m->prices = (struct lh_prices){ isnan(in) ? -1 : llround(in * 1e6), isnan(cached) ? -1 : llround(cached * 1e6), isnan(out) ? -1 : llround(out * 1e6) };
}

static void set_rest(struct lh_model *m, struct lh_live *l)
{
	l->temperature = number_of(l, "temperature");
	l->top_p = number_of(l, "top_p");
	l->max_tokens = (int64_t)number_of(l, "max_tokens");
	l->stop = *lh_live_text(l, "stop") ? lh_live_text(l, "stop") : NULL;
	l->stream = is_true(l, "stream");
	l->identify = is_true(l, "identify");
	l->seed = is_true(l, "seed");
	l->cache = is_true(l, "cache");
	l->carry_thoughts = is_true(l, "carry_thoughts");
	l->delta = !strcmp(lh_live_text(l, "history"), "delta");
	set_thoughts(l);
	set_prices(m, l);
	m->window = (int64_t)number_of(l, "window");
	m->keeps_context = l->delta;
	m->per_call = l->identify || l->seed;
	m->size = number_of(l, "size");
}

/* What changes neither what is asked nor what may be answered is not part of a run's identity. */
static bool incidental(const char *name)
{
	static const char *const names[] = { "key_env", "key_file", "timeout", "idle", "stream", "http2", "price_in", "price_cached", "price_out",
		"reply_most", "header", "size", "cache", NULL };
	for (int i = 0; names[i]; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

static void write_value(struct lh_jw *w, const struct lh_model_param *p, const char *value)
{
	double v;
	lh_jw_key(w, p->name);
	if (p->type[0] == 'b')
		lh_jw_bool(w, !strcmp(value, "true"));
	else if ((p->type[0] == 'n' || p->type[0] == 'i') && lh_str_to_double(lh_str_of(value), &v))
		lh_jw_double(w, v);
	else
		lh_jw_text(w, value);
}

/* The model, where it is asked, and what differs from the defaults. */
static void write_options(struct lh_model *m, const struct lh_live *l)
{
	struct lh_jw w;
	lh_jw_init(&w, &m->options_json, false);
	lh_jw_open(&w, '{');
	lh_jw_key(&w, "model");
	lh_jw_text(&w, l->model);
	for (int i = 0; i < l->ops->param_count; i++) {
		const struct lh_model_param *p = &l->ops->params[i];
		bool told = !strcmp(p->name, "base_url") || strcmp(l->value[i], p->initial);
		if (told && !incidental(p->name))
			write_value(&w, p, l->value[i]);
	}
	lh_jw_close(&w);
}

static int set_name(struct lh_model *m, struct lh_live *l, struct lh_str bare, struct lh_error *err)
{
	bare = lh_str_trim(bare);
	if (!bare.n)
		return lh_fail(err, LH_E_USAGE, "model %s needs the model's name: %s:NAME", l->ops->name, l->ops->name);
	if (bare.n > MODEL_MAX || !plain(bare))
		return lh_fail(err, LH_E_USAGE, "model %s: a model's name has at most %d bytes and no control characters", l->ops->name, MODEL_MAX);
	struct lh_buf name;
	lh_buf_init(&name, 1024);
	lh_buf_printf(&name, "%s:%.*s", l->ops->name, LH_ARG(bare));
	l->model = lh_str_dup(bare);
	m->name = lh_str_dup(lh_buf_str(&name));
	lh_buf_fini(&name);
	return l->model && m->name ? 0 : lh_nomem(err);
}

static int set_all(struct lh_model *m, struct lh_live *l, const char *base_dir, struct lh_error *err)
{
	int rc = set_url(l, base_dir, err);
	if (!rc)
		rc = set_headers(l, err);
	if (!rc)
		rc = set_extra(l, err);
	if (rc)
		return rc;
	set_rest(m, l);
	if (l->stop && strlen(l->stop) > STOP_MAX)
		return lh_fail(err, LH_E_USAGE, "model %s: stop has at most %d bytes", l->ops->name, STOP_MAX);
	rc = check_thoughts(l, err);
	if (!rc && l->provider->check)
		rc = l->provider->check(l, err);
	if (!rc)
		rc = lh_live_check_request(l, err);
	if (!rc)
		write_options(m, l);
	return rc ? rc : lh_buf_ok(&m->options_json, err);
}

int lh_live_open(struct lh_model *m, const struct lh_provider *p, struct lh_str bare, const struct lh_str *values, const char *base_dir, struct lh_error *err)
{
	struct lh_live *l = calloc(1, sizeof *l);
	if (!l)
		return lh_nomem(err);
	m->data = l;
	l->provider = p;
	l->ops = m->ops;
	int rc = set_name(m, l, bare, err);
	if (!rc)
		rc = take_values(l, values, err);
	return rc ? rc : set_all(m, l, base_dir, err);
}

void lh_live_free(struct lh_model *m)
{
	struct lh_live *l = m->data;
	if (!l)
		return;
	for (int i = 0; i < LH_LIVE_PARAMS; i++)
		free(l->value[i]);
	free(l->model);
	free(l->url);
	free(l->key_file);
	free(l);
}

void lh_live_endpoint(const struct lh_model *m, struct lh_endpoint_spec *out)
{
	const struct lh_live *l = m->data;
	out->url = l->url;
	out->header = l->header;
	out->headers = l->headers;
	out->http2 = is_true(l, "http2");
	if (l->key_given || l->own_host) {
		out->key_header = l->provider->key_header;
		out->key_prefix = l->provider->key_prefix;
	}
}

void lh_live_key(const struct lh_model *m, struct lh_key_source *out)
{
	const struct lh_live *l = m->data;
	const char *env = lh_live_text(l, "key_env");
	out->file = l->key_file;
	if (!out->file)
		out->env = *env ? env : l->own_host ? l->provider->key_env : NULL;
}

void lh_live_carry(const struct lh_model *m, struct lh_carry *out)
{
	const struct lh_live *l = m->data;
	out->timeout_ms = llround(number_of(l, "timeout") * 1000);
	bool silent = !l->stream && !strcmp(lh_live_text(l, "idle"), LH_IDLE_DEFAULT);     /* a whole reply comes after a long silence */
	out->idle_ms = silent ? 0 : llround(number_of(l, "idle") * 1000);
	out->reply_most = (size_t)number_of(l, "reply_most");
	out->stream = l->stream;
	out->session_header = l->delta;
}
