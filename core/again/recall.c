#include "again/recall.h"

#include "journal/journal.h"
#include "json/reader.h"
#include "model/model.h"
#include "again/remade.h"
#include "transcript/history.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (1u << 30)

/* While loading, lh_str.p holds offsets into `words`, which may still move. */
static struct lh_str keep(struct lh_recall *r, struct lh_str s)
{
	struct lh_str kept = { (const char *)(uintptr_t)r->words.n, s.n };
	lh_buf_put_str(&r->words, s);
	return kept;
}

static void settle(const struct lh_recall *r, struct lh_str *s)
{
	s->p = lh_buf_str(&r->words).p + (uintptr_t)s->p;
}

static int add_message(void *user, const void *row, struct lh_error *err)
{
	struct lh_recall *r = user;
	const struct lh_message_row *m = row;
	if (m->id < (int64_t)r->messages || m->id > (int64_t)1 << 30)
		return lh_fail(err, LH_E_DAMAGED, "message %lld is out of order", (long long)m->id);
	for (bool last = false; !last;) {        /* ids never written (a reply cut off) leave a gap */
		last = (int64_t)r->messages == m->id;
		int rc = lh_array_more(&r->message, &r->message_cap, r->messages + 1, sizeof *r->message, err);
		if (rc)
			return rc;
		r->message[r->messages++] = (struct lh_recall_message){ .slot = -1, .role = LH_REMOVED, .text = { NULL, 0 } };
	}
	struct lh_recall_message *to = &r->message[r->messages - 1];
	for (to->role = 0; to->role < LH_TOOL && !lh_str_is(m->role, lh_role_name(to->role));)
		to->role++;
	to->slot = m->slot;
	to->turn = m->turn;
	to->text = keep(r, m->text);
	to->thoughts = keep(r, m->thoughts);
	to->blob = keep(r, m->blob);
	to->calls = keep(r, m->calls);
	to->note = keep(r, m->note);
	memcpy(to->made_by, m->made_by.p, m->made_by.n < 7 ? m->made_by.n : 7);
	return lh_buf_ok(&r->words, err);
}

static int add_call(void *user, const void *row, struct lh_error *err)
{
	struct lh_recall *r = user;
	const struct lh_call_row *c = row;
	int rc = lh_array_more(&r->call, &r->call_cap, r->calls + 1, sizeof *r->call, err);
	if (rc)
		return rc;
	r->call[r->calls++] = (struct lh_recall_call){ .turn = c->turn, .seq = c->seq, .reply = c->reply, .view = keep(r, c->view),
		.purpose = keep(r, c->purpose), .outcome = keep(r, c->outcome), .error = keep(r, c->error), .error_text = keep(r, c->error_text),
		.finish = keep(r, c->finish), .shown = keep(r, c->shown), .followed = keep(r, c->followed), .answered = keep(r, c->answered),
		.truth = keep(r, c->truth), .accepted = c->accepted, .unshown = c->unshown, .has_shown = c->has_shown,
		.has_followed = c->has_followed, .has_answered = c->has_answered, .tokens_in = c->tokens_in, .tokens_cached = c->tokens_cached,
		.tokens_out = c->tokens_out, .tokens_reasoning = c->tokens_reasoning, .latency_us = c->latency_us, .cost_microusd = c->cost_microusd,
		.attempts = c->attempts, .counted = c->counted, .served_by = keep(r, c->served_by), .request_id = keep(r, c->request_id),
		.thoughts_kept = c->thoughts_kept, .thoughts_dropped = c->thoughts_dropped };
	return lh_buf_ok(&r->words, err);
}

/* ---- finding the episode ---- */

struct finding {
	const struct lh_recall_which *which;
	int64_t condition, conditions, samples, sample, hash;
	char history[LH_HISTORY_TEXT];           /* canonical; empty: any */
	struct lh_json *settings;
	int64_t run;
	uint64_t seed;
	struct lh_recall *recall;
	struct lh_remade remade;                 /* what a made history is made again from */
};

static int find_condition(void *user, const void *row, struct lh_error *err)
{
	struct finding *f = user;
	const struct lh_condition_row *c = row;
	const struct lh_json *label = lh_json_first(lh_json_get(f->settings, "policy_labels"));
	for (int64_t i = 0; label && i < c->id; i++)
		label = lh_json_next(label);
	f->conditions++;
	const char *policy = f->which->policy;
	bool named = !policy || lh_str_is(c->policy, policy) || lh_str_is(lh_json_str(label), policy);
	if (f->condition < 0 && named && (!f->history[0] || lh_str_is(c->history, f->history)))
		f->condition = c->id;
	if (f->condition != c->id)
		return 0;
	f->recall->policy = keep(f->recall, label ? lh_json_str(label) : c->policy);
	f->recall->history = keep(f->recall, c->history);
	int rc = lh_remade_note(&f->remade, c, err);
	if (rc)
		return rc;
	f->recall->dialect = lh_model_dialect(c->model);
	return 0;
}

static int find_settings(void *user, const void *row, struct lh_error *err)
{
	struct finding *f = user;
	const struct lh_run_row *r = row;
	if (r->id == f->run && lh_json_parse(r->settings, "settings", 1, &f->settings, NULL))
		return lh_fail(err, LH_E_DAMAGED, "the run file is damaged: the settings of run %lld cannot be read", (long long)r->id);
	if (r->id == f->run)
		f->seed = (uint64_t)r->seed;
	return 0;
}

static void note_episode(struct lh_recall *r, const struct lh_episode_row *e)
{
	r->episode = e->id;
	r->sample = e->sample;
	r->probe = e->probe;
	r->status = keep(r, e->status);
	r->cause = keep(r, e->cause);
	r->extra = keep(r, e->extra);
}

static int find_episode(void *user, const void *row, struct lh_error *err)
{
	struct finding *f = user;
	const struct lh_episode_row *e = row;
	(void)err;
	if (e->condition != f->condition || lh_str_is(e->status, "superseded"))
		return 0;
	f->samples += e->sample != f->sample || !f->samples;     /* rows come by sample */
	f->sample = e->sample;
	if (e->sample != f->which->sample || (f->which->probe && e->probe && e->probe != f->which->probe))
		return 0;
	f->hash = e->history_hash;
	note_episode(f->recall, e);
	return 0;
}

static int no_condition(const char *path, const struct finding *f, struct lh_error *err)
{
	const struct lh_recall_which *w = f->which;
	if (f->condition < 0 && (w->policy || w->history))
		return lh_fail(err, LH_E_USAGE, "%s has no condition with the %s%s%s%s%s%s; longhaul report %s names them", path,
			w->policy ? "policy '" : "", w->policy ? w->policy : "", w->policy ? "'" : "",
			w->policy && w->history ? " and the " : "", w->history ? "history " : "", w->history ? f->history : "", path);
	return lh_fail(err, LH_E_USAGE, "%s has no such condition: there are %lld, counted from 0", path, (long long)f->conditions);
}

static int canonical_history(struct finding *f, struct lh_error *err)
{
	struct lh_history one[LH_HISTORY_RATES];
	int n;
	int rc = f->which->history ? lh_history_parse(lh_str_of(f->which->history), one, &n, err) : 0;
	if (!rc && f->which->history)
		lh_history_write(&one[0], f->history);
	return rc;
}

static int find(struct lh_reader *reader, const char *path, struct finding *f, struct lh_error *err)
{
	f->run = f->which->run;
	int rc = canonical_history(f, err);
	if (!rc && f->run < 0)
		rc = lh_reader_newest_run(reader, &f->run, err);
	if (!rc)
		rc = lh_reader_runs(reader, find_settings, f, err);
	if (!rc && !f->settings)
		rc = lh_fail(err, LH_E_USAGE, "%s holds no run %lld", path, (long long)f->run);
	if (!rc)
		rc = lh_reader_conditions(reader, f->run, find_condition, f, err);
	if (!rc && (f->condition < 0 || f->condition >= f->conditions))
		rc = no_condition(path, f, err);
	if (!rc)
		rc = lh_reader_episodes(reader, f->run, find_episode, f, err);
	if (!rc && f->recall->episode < 0 && f->which->probe)
		rc = lh_fail(err, LH_E_USAGE, "%s has no sample %lld under that condition that was asked at turn %lld", path, (long long)f->which->sample, (long long)f->which->probe);
	if (!rc && f->recall->episode < 0)
		rc = lh_fail(err, LH_E_USAGE, "%s has no sample %lld under that condition: there are %lld, counted from 0", path, (long long)f->which->sample, (long long)f->samples);
	lh_json_free(f->settings);
	return rc;
}

static int keep_made(void *user, const struct lh_message *m, struct lh_str text, struct lh_str calls, struct lh_error *err)
{
	struct lh_recall *r = user;
	int rc = lh_array_more(&r->made, &r->made_cap, r->mades + 1, sizeof *r->made, err);
	if (rc)
		return rc;
	r->made[r->mades] = (struct lh_recall_message){ .slot = (int64_t)r->mades, .turn = m->turn, .role = m->role, .text = keep(r, text), .thoughts = keep(r, LH_STR("")),
		.blob = keep(r, LH_STR("")), .calls = keep(r, calls), .note = keep(r, LH_STR("")), .made_by = "history" };
	r->mades++;
	return lh_buf_ok(&r->words, err);
}

static void settle_all(struct lh_recall *r)
{
	settle(r, &r->policy), settle(r, &r->history), settle(r, &r->status), settle(r, &r->cause), settle(r, &r->extra);
	for (size_t i = 0; i < r->messages; i++)
		settle(r, &r->message[i].text), settle(r, &r->message[i].thoughts), settle(r, &r->message[i].blob), settle(r, &r->message[i].calls), settle(r, &r->message[i].note);
	for (size_t i = 0; i < r->mades; i++)
		settle(r, &r->made[i].text), settle(r, &r->made[i].thoughts), settle(r, &r->made[i].blob), settle(r, &r->made[i].calls), settle(r, &r->made[i].note);
	for (size_t i = 0; i < r->calls; i++) {
		struct lh_recall_call *c = &r->call[i];
		struct lh_str *all[] = { &c->view, &c->purpose, &c->outcome, &c->error, &c->error_text, &c->finish, &c->shown, &c->followed, &c->answered, &c->truth, &c->served_by, &c->request_id };
		for (size_t k = 0; k < sizeof all / sizeof *all; k++)
			settle(r, all[k]);
	}
}

static int load_rows(struct lh_reader *reader, struct lh_recall *r, struct lh_error *err)
{
	int rc = lh_reader_messages(reader, r->episode, add_message, r, err);
	return rc ? rc : lh_reader_calls(reader, r->episode, add_call, r, err);
}

static int load(struct lh_reader *reader, struct lh_recall *r, const struct lh_remade *remade, uint64_t seed, int64_t hash, struct lh_error *err)
{
	int rc = load_rows(reader, r, err);
	if (!rc && r->probe)
		rc = lh_remade_again(remade, &(struct lh_remade_which){ seed, (uint64_t)r->sample, (uint32_t)r->probe, hash }, keep_made, r, err);
	if (!rc)
		settle_all(r);
	return rc;
}

static struct lh_recall *new_recall(struct lh_error *err)
{
	struct lh_recall *r = calloc(1, sizeof *r);
	if (!r) {
		lh_nomem(err);
		return NULL;
	}
	r->episode = -1;
	lh_buf_init(&r->words, WORDS_MAX);
	return r;
}

int lh_recall_read(struct lh_reader *reader, const struct lh_recall_found *found, struct lh_recall **out, struct lh_error *err)
{
	struct lh_recall *r = *out = new_recall(err);
	if (!r)
		return LH_E_NOMEM;
	r->dialect = found->dialect;
	note_episode(r, found->episode);
	int rc = load(reader, r, found->remade, found->seed, found->episode->history_hash, err);
	if (rc) {
		lh_recall_free(r);
		*out = NULL;
	}
	return rc;
}

int lh_recall_open(const char *path, const struct lh_recall_which *which, struct lh_recall **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_reader *reader = NULL;
	struct lh_recall *r = new_recall(err);
	if (!r)
		return LH_E_NOMEM;
	struct finding f = { .which = which, .condition = which->condition, .recall = r, .remade = { .plugin = which->plugin } };
	int rc = lh_reader_open(path, &reader, err);
	if (!rc)
		rc = find(reader, path, &f, err);
	if (!rc)
		rc = load(reader, r, &f.remade, f.seed, f.hash, err);
	lh_reader_close(reader);
	lh_remade_fini(&f.remade);
	if (rc)
		lh_recall_free(r);
	else
		*out = r;
	return rc;
}

int lh_recall_rows(struct lh_reader *reader, int64_t episode, struct lh_recall **out, struct lh_error *err)
{
	struct lh_recall *r = *out = new_recall(err);
	if (!r)
		return LH_E_NOMEM;
	r->episode = episode;
	int rc = load_rows(reader, r, err);
	if (rc) {
		lh_recall_free(r);
		*out = NULL;
	} else {
		settle_all(r);
	}
	return rc;
}

void lh_recall_free(struct lh_recall *r)
{
	if (!r)
		return;
	free(r->message);
	free(r->call);
	free(r->made);
	lh_buf_fini(&r->words);
	free(r);
}
