#include "model/model_ops.h"

#include "json/writer.h"
#include "transcript/body.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_MAX (16u << 20)

static const struct lh_model_ops *const kinds[] = { &lh_model_sim, &lh_model_replay, &lh_model_openai, &lh_model_anthropic, &lh_model_openai_responses,
	&lh_model_process, NULL };
static const char *const names[] = { "sim", "replay", "openai", "anthropic", "openai_responses", "process", NULL };

struct lh_model_episode { struct lh_model *model; void *state; };

void lh_reply_init(struct lh_reply *r)
{
	memset(r, 0, sizeof *r);
	lh_buf_init(&r->error_text, 4096);
	lh_buf_init(&r->text, REPLY_MAX);
	lh_buf_init(&r->thoughts, REPLY_MAX);
	lh_buf_init(&r->blob, REPLY_MAX);
	lh_buf_init(&r->calls, REPLY_MAX);
}

void lh_reply_clear(struct lh_reply *r)
{
	struct lh_buf error_text = r->error_text, text = r->text, thoughts = r->thoughts, blob = r->blob, calls = r->calls;
	memset(r, 0, sizeof *r);
	r->error_text = error_text;
	r->text = text;
	r->thoughts = thoughts;
	r->blob = blob;
	r->calls = calls;
	lh_buf_clear(&r->error_text);
	lh_buf_clear(&r->text);
	lh_buf_clear(&r->thoughts);
	lh_buf_clear(&r->blob);
	lh_buf_clear(&r->calls);
}

void lh_reply_fini(struct lh_reply *r)
{
	lh_buf_fini(&r->error_text);
	lh_buf_fini(&r->text);
	lh_buf_fini(&r->thoughts);
	lh_buf_fini(&r->blob);
	lh_buf_fini(&r->calls);
}

static const struct lh_model_ops *find(struct lh_str name)
{
	for (int i = 0; kinds[i]; i++)
		if (lh_str_is(name, kinds[i]->name))
			return kinds[i];
	return NULL;
}

static int param_index(const struct lh_model_ops *ops, struct lh_str key, struct lh_error *err)
{
	const char *known[32] = { NULL };
	for (int i = 0; i < ops->param_count; i++) {
		if (lh_str_is(key, ops->params[i].name))
			return i;
		known[i] = ops->params[i].name;
	}
	const char *near = lh_nearest(key, known);
	return lh_fail(err, LH_E_USAGE, "model %s has no parameter '%.*s'%s%s%s; see: longhaul show model %s", ops->name, LH_ARG(key),
		near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "", ops->name);
}

static int open_into(struct lh_model *m, struct lh_str bare, const struct lh_str *keys, const struct lh_str *values, int count, const char *base_dir, struct lh_error *err)
{
	struct lh_str typed[32];
	for (int i = 0; i < m->ops->param_count; i++)
		typed[i] = lh_str_of(m->ops->params[i].initial);
	for (int k = 0; k < count; k++) {
		int i = param_index(m->ops, keys[k], err);
		if (i < 0)
			return i;
		typed[i] = values[k];
	}
	return m->ops->open(m, bare, typed, base_dir, err);
}

int lh_model_open(struct lh_str name, struct lh_str bare, const struct lh_str *keys, const struct lh_str *values, int count,
	const char *base_dir, struct lh_model **out, struct lh_error *err)
{
	*out = NULL;
	const struct lh_model_ops *ops = find(name);
	if (!ops) {
		const char *near = lh_nearest(name, names);
		return lh_fail(err, LH_E_USAGE, "there is no model '%.*s'%s%s%s; longhaul list models names them", LH_ARG(name),
			near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	struct lh_model *m = calloc(1, sizeof *m);
	if (!m)
		return lh_nomem(err);
	m->ops = ops;
	m->prices = (struct lh_prices){ -1, -1, -1 };
	m->size = NAN;
	lh_buf_init(&m->options_json, 1 << 16);
	int rc = open_into(m, bare, keys, values, count, base_dir, err);
	if (rc) {
		lh_model_free(m);
		return rc;
	}
	*out = m;
	return 0;
}

void lh_model_free(struct lh_model *m)
{
	if (!m)
		return;
	m->ops->free(m);
	free(m->name);
	lh_buf_fini(&m->options_json);
	free(m);
}

const char *lh_model_name(const struct lh_model *m) { return m->name; }
struct lh_str lh_model_options_json(const struct lh_model *m) { return lh_buf_str(&m->options_json); }
int64_t lh_model_window(const struct lh_model *m) { return m->window; }
double lh_model_size(const struct lh_model *m) { return m->size; }
uint64_t lh_model_samples(const struct lh_model *m) { return m->samples; }
uint32_t lh_model_turns(const struct lh_model *m) { return m->turns; }
bool lh_model_simulated(const struct lh_model *m) { return m->ops->simulated; }
bool lh_model_own_alone(const struct lh_model *m) { return m->own_alone; }

int lh_model_begin(struct lh_model *m, const struct lh_model_setting *setting, struct lh_model_episode **out, struct lh_error *err)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return lh_nomem(err);
	(*out)->model = m;
	int rc = m->ops->begin ? m->ops->begin(m, setting, &(*out)->state, err) : 0;
	if (rc) {
		free(*out);
		*out = NULL;
	}
	return rc;
}

void lh_model_end(struct lh_model_episode *e)
{
	if (!e)
		return;
	if (e->model->ops->end)
		e->model->ops->end(e->state);
	free(e);
}

int lh_model_call(struct lh_model *m, struct lh_model_episode *e, const struct lh_model_request *request, struct lh_reply *reply, struct lh_error *err)
{
	lh_reply_clear(reply);
	reply->attempts = 1;
	if (!m->ops->call)
		return lh_fail(err, LH_E_INTERNAL, "model %s is asked over a network", m->ops->name);
	return m->ops->call(m, e->state, request, reply, err);
}

/* ---- live models ---- */

enum lh_carrier lh_model_carrier(const struct lh_model *m) { return m->ops->carrier; }

bool lh_model_kind_live(struct lh_str name)
{
	const struct lh_model_ops *ops = find(name);
	return ops && ops->carrier != LH_CARRIER_NONE;
}


const struct lh_dialect *lh_model_dialect(struct lh_str name)
{
	const char *colon = memchr(name.p, ':', name.n);
	const struct lh_model_ops *ops = find((struct lh_str){ name.p, colon ? (size_t)(colon - name.p) : name.n });
	return ops && ops->dialect ? ops->dialect : &lh_dialect_chat;
}

bool lh_model_per_call(const struct lh_model *m) { return m->per_call; }
bool lh_model_keeps_context(const struct lh_model *m) { return m->keeps_context; }

bool lh_model_takes_tools(const struct lh_model *m) { return m->ops->takes_tools && !m->keeps_context; }

int lh_model_encode(struct lh_model *m, const struct lh_model_request *request, struct lh_wire_request *out, struct lh_error *err)
{
	*out = (struct lh_wire_request){ 0 };
	return m->ops->encode(m, request, out, err);
}

enum lh_verdict lh_model_decode(struct lh_model *m, const struct lh_exchange *x, const struct lh_asked *asked, struct lh_reply *reply)
{
	lh_reply_clear(reply);
	reply->attempts = 1;
	reply->latency_us = x->latency_us;
	memcpy(reply->request_id, x->request_id, sizeof reply->request_id);
	return m->ops->decode(m, x, asked, reply);
}

void lh_model_endpoint(const struct lh_model *m, struct lh_endpoint_spec *out)
{
	*out = (struct lh_endpoint_spec){ .key = -1 };
	m->ops->endpoint(m, out);
}

void lh_model_key(const struct lh_model *m, struct lh_key_source *out)
{
	*out = (struct lh_key_source){ NULL, NULL };
	if (m->ops->key)
		m->ops->key(m, out);
}

void lh_model_carry(const struct lh_model *m, struct lh_carry *out)
{
	*out = (struct lh_carry){ .timeout_ms = 600000, .idle_ms = 120000, .reply_most = REPLY_MAX };
	m->ops->carry(m, out);
}

void lh_model_pool(const struct lh_model *m, struct lh_pool_spec *out, const char *const **pass_env)
{
	*out = (struct lh_pool_spec){ .log_fd = -1 };
	*pass_env = NULL;
	m->ops->pool(m, out, pass_env);
}

static void fill(int64_t *price, int64_t other)
{
	if (*price < 0)
		*price = other;
}

void lh_model_set_prices(struct lh_model *m, const struct lh_prices *p)
{
	fill(&m->prices.in, p->in);
	fill(&m->prices.cached, p->cached);
	fill(&m->prices.out, p->out);
}

void lh_model_prices(const struct lh_model *m, struct lh_prices *out) { *out = m->prices; }

const char *const *lh_model_names(void) { return names; }

const char *lh_model_summary(const char *name)
{
	const struct lh_model_ops *ops = find(lh_str_of(name));
	return ops ? ops->summary : NULL;
}

const struct lh_model_param *lh_model_params(const char *name, int *count)
{
	const struct lh_model_ops *ops = find(lh_str_of(name));
	*count = ops ? ops->param_count : 0;
	return ops ? ops->params : NULL;
}
