#include "inspect/log_write.h"

#include "base/hash.h"

#include <stdio.h>
#include <string.h>

/* ---- ids and names ---- */

static void add_number(struct lh_sha256 *sha, int64_t v)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%lld/", (long long)v);
	lh_sha256_add(sha, text, (size_t)n);
}

static void add_condition(struct lh_sha256 *sha, const struct lh_condition_results *c)
{
	add_number(sha, c->samples);
	lh_sha256_add(sha, c->outcome, (size_t)c->samples * (size_t)c->turns);
	for (int i = 0; i < c->samples * c->episodes; i++) {
		const struct lh_totals *t = &c->totals[i];
		const int64_t said[] = { t->calls, t->tokens_in, t->tokens_out, t->latency_us };
		for (size_t k = 0; k < sizeof said / sizeof *said; k++)
			add_number(sha, said[k]);
	}
}

void lh_log_run_hash(struct lh_log_run *run)
{
	const struct lh_results *r = run->results;
	struct lh_sha256 sha;
	lh_sha256_init(&sha);
	add_number(&sha, (int64_t)r->first_sample);
	add_number(&sha, r->shards.of);
	for (int i = 0; r->shards.of && i < r->shards.count; i++)
		add_number(&sha, r->shards.part[i]);
	for (int i = 0; i < r->conditions; i++)
		add_condition(&sha, &r->condition[i]);
	lh_sha256_hex(&sha, run->content);
}

/* As Inspect's look, but the same for the same run, and others for its shards or for one that began in the same second: 22 characters of an alphabet of 57 without lookalikes. */
static void make_id(const struct lh_log_head *h, const char *kind, int64_t number, char out[23])
{
	static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
	const struct lh_results *r = h->run->results;
	char text[384], hex[65];
	struct lh_sha256 sha;
	int n = snprintf(text, sizeof text, "%s/%s/%s/%lld/%lld/%s", kind, r->config_sha256, r->started, (long long)r->run, (long long)number, h->run->content);
	lh_sha256_init(&sha);
	lh_sha256_add(&sha, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
	lh_sha256_hex(&sha, hex);
	for (int i = 0; i < 22; i++) {
		unsigned byte;
		sscanf(hex + 2 * i, "%2x", &byte);
		out[i] = letters[byte % (sizeof letters - 1)];
	}
	out[22] = 0;
}

void lh_log_name(struct lh_log_head *h)
{
	make_id(h, "run", 0, h->run_id);
	make_id(h, "task", h->number, h->task_id);
	make_id(h, "eval", h->number, h->eval_id);
}

/* What a file name of Inspect may hold between its underlines. */
static void put_cleaned(struct lh_buf *out, const char *text, size_t most)
{
	for (size_t i = 0; text[i] && i < most; i++) {
		char c = text[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
		lh_buf_putc(out, plain ? c : '-');
	}
}

/* DATE_TASK-POLICY_ID.eval: Inspect takes date, task and id from there. */
void lh_log_put_file_name(const struct lh_log_head *h, struct lh_buf *out)
{
	char date[32];
	snprintf(date, sizeof date, "%.19s", h->run->results->started);
	put_cleaned(out, date, sizeof date);
	lh_buf_puts(out, "-00-00_");
	put_cleaned(out, h->condition->task, 40);
	lh_buf_putc(out, '-');
	put_cleaned(out, h->condition->policy_label, 60);
	if (strcmp(h->condition->history, "own")) {
		lh_buf_putc(out, '-');
		put_cleaned(out, h->condition->history, 40);
	}
	lh_buf_printf(out, "_%s.eval", h->task_id);
}

/* ---- what was run ---- */

static void put_empty(struct lh_jw *w, const char *key, char bracket)
{
	lh_jw_key(w, key);
	lh_jw_open(w, bracket);
	lh_jw_close(w);
}

static void put_display_name(const struct lh_log_head *h, struct lh_jw *w)
{
	const struct lh_condition_results *c = h->condition;
	struct lh_buf name;
	lh_buf_init(&name, 1 << 16);
	lh_buf_printf(&name, "%s, %s", c->task_label, c->policy_label);
	if (strcmp(c->history, "own"))
		lh_buf_printf(&name, ", %s history", c->history);
	lh_jw_key(w, "task_display_name"), lh_jw_str(w, lh_buf_str(&name));
	lh_buf_fini(&name);
}

static void put_longhaul(const struct lh_log_head *h, struct lh_jw *w)
{
	const struct lh_condition_results *c = h->condition;
	const struct lh_results *r = h->run->results;
	lh_jw_key(w, "longhaul");
	lh_jw_open(w, '{');
	lh_jw_key(w, "schema"), lh_jw_text(w, "longhaul.inspect/1");
	lh_jw_key(w, "version"), lh_jw_text(w, r->version);
	lh_jw_key(w, "compiler"), lh_jw_text(w, h->run->compiler);
	lh_jw_key(w, "run"), lh_jw_int(w, r->run);
	lh_jw_key(w, "condition"), lh_jw_int(w, h->number);
	lh_jw_key(w, "task"), lh_jw_text(w, c->task_label);
	lh_jw_key(w, "model"), lh_jw_text(w, c->model_label);
	lh_jw_key(w, "policy"), lh_jw_text(w, c->policy_label);
	lh_jw_key(w, "oracle"), lh_jw_bool(w, c->oracle);
	lh_jw_key(w, "history"), lh_jw_text(w, c->history);
	lh_jw_key(w, "turns"), lh_jw_int(w, c->turns);
	lh_jw_key(w, "steps_per_turn"), lh_jw_int(w, c->steps_per_turn);
	lh_jw_key(w, "seed"), lh_jw_uint_text(w, r->seed);
	lh_jw_key(w, "stop_at_error"), lh_jw_bool(w, r->stop_at_error);
	lh_jw_key(w, "config_sha256"), lh_jw_text(w, r->config_sha256);
	lh_jw_key(w, "config"), lh_log_put_json(w, lh_str_of(h->run->config));
	lh_jw_key(w, "sources"), lh_log_put_json(w, lh_str_of(h->run->sources));
	lh_jw_close(w);
}

static void put_dataset(const struct lh_log_head *h, struct lh_jw *w)
{
	lh_jw_key(w, "dataset");
	lh_jw_open(w, '{');
	lh_jw_key(w, "name"), lh_jw_text(w, h->condition->task);
	lh_jw_key(w, "samples"), lh_jw_int(w, h->planned);
	if (h->ids) {
		lh_jw_key(w, "sample_ids");
		lh_jw_open(w, '[');
		lh_jw_raw(w, lh_str_of(h->ids));
		lh_jw_close(w);
	}
	lh_jw_key(w, "shuffled"), lh_jw_bool(w, false);
	lh_jw_close(w);
}

static void put_spec(const struct lh_log_head *h, struct lh_jw *w)
{
	const struct lh_condition_results *c = h->condition;
	lh_jw_open(w, '{');
	lh_jw_key(w, "eval_id"), lh_jw_text(w, h->eval_id);
	lh_jw_key(w, "run_id"), lh_jw_text(w, h->run_id);
	lh_jw_key(w, "created"), lh_log_put_time(w, h->started_s, 0);
	lh_jw_key(w, "task"), lh_jw_text(w, c->task);
	lh_jw_key(w, "task_id"), lh_jw_text(w, h->task_id);
	lh_jw_key(w, "task_version"), lh_jw_int(w, 0);
	put_display_name(h, w);
	put_empty(w, "task_attribs", '{');
	lh_jw_key(w, "task_args"), lh_log_put_json(w, lh_str_of(c->task_params));
	put_empty(w, "task_args_passed", '{');
	lh_jw_key(w, "solver"), lh_jw_text(w, c->policy);
	lh_jw_key(w, "solver_args"), lh_log_put_json(w, lh_str_of(c->policy_options));
	put_dataset(h, w);
	lh_jw_key(w, "model"), lh_jw_text(w, h->model);
	put_empty(w, "model_generate_config", '{');
	lh_jw_key(w, "model_args"), lh_log_put_json(w, lh_str_of(c->model_options));
	put_empty(w, "config", '{');
	lh_jw_key(w, "packages");
	lh_jw_open(w, '{');
	lh_jw_key(w, "longhaul"), lh_jw_text(w, h->run->results->version);
	lh_jw_close(w);
	lh_jw_key(w, "metadata");
	lh_jw_open(w, '{');
	put_longhaul(h, w);
	lh_jw_close(w);
	lh_jw_close(w);
}

static void put_plan(const struct lh_log_head *h, struct lh_jw *w)
{
	const struct lh_condition_results *c = h->condition;
	lh_jw_open(w, '{');
	lh_jw_key(w, "name"), lh_jw_text(w, "plan");
	lh_jw_key(w, "steps");
	lh_jw_open(w, '[');
	lh_jw_open(w, '{');
	lh_jw_key(w, "solver"), lh_jw_text(w, c->policy);
	lh_jw_key(w, "params"), lh_log_put_json(w, lh_str_of(c->policy_options));
	lh_jw_key(w, "params_passed"), lh_log_put_json(w, lh_str_of(c->policy_options));
	lh_jw_close(w);
	lh_jw_close(w);
	put_empty(w, "config", '{');
	lh_jw_close(w);
}

int lh_log_put_start(const struct lh_log_head *h, struct lh_jw *w, struct lh_error *err)
{
	lh_jw_open(w, '{');
	lh_jw_key(w, "version"), lh_jw_int(w, 2);
	lh_jw_key(w, "eval"), put_spec(h, w);
	lh_jw_key(w, "plan"), put_plan(h, w);
	lh_jw_close(w);
	return lh_buf_ok(w->out, err);
}

/* ---- and what came of it ---- */

static const char *status_of(const struct lh_results *r)
{
	return !strcmp(r->status, "done") ? "success" : !strcmp(r->status, "failed") ? "error" : "cancelled";
}

static void put_stats(const struct lh_log_head *h, struct lh_jw *w)
{
	const struct lh_results *r = h->run->results;
	lh_jw_open(w, '{');
	lh_jw_key(w, "started_at"), lh_log_put_time(w, h->started_s, 0);
	lh_jw_key(w, "completed_at"), lh_jw_text(w, r->ended);
	lh_jw_key(w, "model_usage"), lh_log_put_usage_of(w, h->model, &h->usage);
	put_empty(w, "role_usage", '{');
	put_empty(w, "connection_limit_history", '[');
	lh_jw_close(w);
}

void lh_log_put_error(struct lh_jw *w, const char *reason)
{
	lh_jw_key(w, "error");
	lh_jw_open(w, '{');
	lh_jw_key(w, "message"), lh_jw_text(w, reason);
	lh_jw_key(w, "traceback"), lh_jw_text(w, "");
	lh_jw_key(w, "traceback_ansi"), lh_jw_text(w, "");
	lh_jw_close(w);
}

int lh_log_put_header(const struct lh_log_head *h, struct lh_jw *w, struct lh_error *err)
{
	const struct lh_results *r = h->run->results;
	lh_jw_open(w, '{');
	lh_jw_key(w, "version"), lh_jw_int(w, 2);
	lh_jw_key(w, "status"), lh_jw_text(w, status_of(r));
	lh_jw_key(w, "eval"), put_spec(h, w);
	lh_jw_key(w, "plan"), put_plan(h, w);
	lh_jw_key(w, "results"), lh_log_put_results(w, &h->means, h->planned, h->completed);
	lh_jw_key(w, "stats"), put_stats(h, w);
	if (!strcmp(r->status, "failed"))
		lh_log_put_error(w, r->status_cause);
	lh_jw_key(w, "invalidated"), lh_jw_bool(w, false);
	put_empty(w, "tags", '[');
	put_empty(w, "metadata", '{');
	lh_jw_close(w);
	return lh_buf_ok(w->out, err);
}
