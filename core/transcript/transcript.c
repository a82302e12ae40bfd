#include "transcript/store.h"

#include "base/hash.h"
#include "transcript/body.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SCRATCH_KEPT 1024

static const char *const role_names[] = { "system", "user", "assistant", "removed", "tool" };
static const char *const maker_names[] = { "task", "model", "policy", "history" };

const char *lh_role_name(int role) { return role_names[role]; }
const char *lh_maker_name(int maker) { return maker_names[maker]; }

int lh_store_more(void *array, uint32_t *cap, uint32_t need, size_t size, struct lh_error *err)
{
	if (need <= *cap)
		return 0;
	uint32_t bigger = *cap ? *cap * 2 : 16;
	while (bigger < need)
		bigger *= 2;
	void *old, *p;
	memcpy(&old, array, sizeof old);
	p = realloc(old, bigger * size);
	if (!p)
		return lh_nomem(err);
	memcpy(array, &p, sizeof p);
	*cap = bigger;
	return 0;
}

struct lh_str lh_store_at(const struct lh_transcript *t, struct lh_span span)
{
	return (struct lh_str){ t->text.p ? t->text.p + span.at : "", span.n };
}

int lh_store_put(struct lh_transcript *t, struct lh_str s, struct lh_span *out, struct lh_error *err)
{
	*out = (struct lh_span){ (uint32_t)t->text.n, (uint32_t)s.n };
	lh_buf_put_str(&t->text, s);
	return lh_buf_ok(&t->text, err);
}

/* Whether `turn` was applied to `state` before; *out borrows what came of it. */
static bool applied_before(const struct lh_transcript *t, uint32_t turn, struct lh_str state, struct lh_str *out)
{
	if (turn <= t->turn && lh_str_equal(state, lh_store_at(t, t->truth[turn - 1])))
		*out = lh_store_at(t, t->truth[turn]);
	else if (turn == t->applied_turn && lh_str_equal(state, lh_buf_str(&t->applied_to)))
		*out = lh_buf_str(&t->applied);
	else
		return false;
	return true;
}

int lh_transcript_apply(struct lh_transcript *t, uint32_t turn, struct lh_str state, struct lh_buf *out, struct lh_error *err)
{
	struct lh_str known;
	if (!applied_before(t, turn, state, &known)) {
		t->applied_turn = 0;
		lh_buf_clear(&t->applied_to);
		lh_buf_put_str(&t->applied_to, state);
		lh_buf_clear(&t->applied);
		int rc = lh_sample_apply(t->sample, (uint64_t)(turn - 1) * t->steps_per_turn, t->steps_per_turn, state, &t->applied, err);
		if (!rc)
			rc = lh_buf_ok(&t->applied_to, err);
		if (rc)
			return rc;
		t->applied_turn = turn;
		known = lh_buf_str(&t->applied);
	}
	lh_buf_put_str(out, known);
	return lh_buf_ok(out, err);
}

static uint64_t hash_of(enum lh_role role, struct lh_str text, struct lh_str thoughts)
{
	return lh_hash(lh_hash((uint64_t)role + 1, thoughts), text);
}

static uint64_t hash_said(enum lh_role role, const struct lh_content *said)
{
	uint64_t h = hash_of(role, said->text, said->thoughts);
	return said->calls.n ? lh_hash(h, said->calls) : h;
}

/* Makes a message; text and thoughts are copied into the store. */
static int make(struct lh_transcript *t, enum lh_role role, enum lh_maker maker, struct lh_str text, struct lh_str thoughts,
	uint32_t *id, struct lh_error *err)
{
	if (lh_store_more(&t->message, &t->cap, t->count + 1, sizeof *t->message, err))
		return err ? err->code : LH_E_NOMEM;
	struct lh_message *m = &t->message[t->count];
	*m = (struct lh_message){ .turn = t->turn, .slot = -1, .role = (uint8_t)role, .maker = (uint8_t)maker };
	m->hash = hash_of(role, text, thoughts);
	int rc = lh_store_put(t, text, &m->text, err);
	if (!rc)
		rc = lh_store_put(t, thoughts, &m->thoughts, err);
	if (!rc)
		*id = t->count++;
	return rc;
}

/* Finds the answer in a message that may carry one. */
static int parse(struct lh_transcript *t, struct lh_message *m, struct lh_error *err)
{
	struct lh_answer a;
	lh_answer_find(lh_store_at(t, m->text), &a);
	m->thinks = a.thinks;
	if (!a.answered)
		return 0;
	m->tag = a.tag;
	bool is_state;
	struct lh_str content = { t->text.p + m->text.at + a.content.at, a.content.n };
	lh_buf_clear(&t->scratch);
	int rc = lh_sample_canonical(t->sample, content, &is_state, &t->scratch, err);
	if (rc || !is_state)
		return rc;
	m->has_state = true;
	return lh_store_put(t, lh_buf_str(&t->scratch), &m->state, err);
}

/* Puts message id at the end of the record. */
static int enter(struct lh_transcript *t, uint32_t id, struct lh_error *err)
{
	uint32_t cap = t->record_cap;
	int rc = lh_store_more(&t->record, &cap, t->length + 2, sizeof *t->record, err);
	if (!rc)
		rc = lh_store_more(&t->sums, &t->record_cap, t->length + 2, sizeof *t->sums, err);
	if (rc)
		return rc;
	t->message[id].slot = t->next_slot++;
	t->record[t->length++] = id;
	return lh_store_sum(t, t->length - 1, err);
}

static int put_truth(struct lh_transcript *t, struct lh_error *err)
{
	uint32_t cap = t->turn_cap;
	int rc = lh_store_more(&t->truth, &cap, t->turn + 2, sizeof *t->truth, err);
	if (!rc)
		rc = lh_store_more(&t->turn_first, &t->turn_cap, t->turn + 2, sizeof *t->turn_first, err);
	if (rc)
		return rc;
	lh_buf_clear(&t->scratch);
	if (t->turn == 0)
		rc = lh_sample_initial(t->sample, &t->scratch, err);
	else
		rc = lh_sample_apply(t->sample, (uint64_t)(t->turn - 1) * t->steps_per_turn, t->steps_per_turn,
			lh_store_at(t, t->truth[t->turn - 1]), &t->scratch, err);
	return rc ? rc : lh_store_put(t, lh_buf_str(&t->scratch), &t->truth[t->turn], err);
}

static int begin(struct lh_transcript *t, struct lh_error *err)
{
	uint32_t id = 0;
	lh_buf_clear(&t->scratch);
	int rc = lh_sample_instructions(t->sample, t->steps_per_turn, &t->scratch, err);
	if (!rc)
		rc = make(t, LH_SYSTEM, LH_BY_TASK, lh_buf_str(&t->scratch), LH_STR(""), &id, err);
	if (!rc)
		rc = put_truth(t, err);
	if (rc)
		return rc;
	t->turn_first[0] = 0;
	return enter(t, id, err);
}

int lh_transcript_new(struct lh_sample *sample, uint32_t steps_per_turn, struct lh_transcript **out, struct lh_error *err)
{
	*out = NULL;
	struct lh_transcript *t = calloc(1, sizeof *t);
	if (!t)
		return lh_nomem(err);
	t->sample = sample;
	t->steps_per_turn = steps_per_turn;
	lh_buf_init(&t->text, LH_STORE_MAX);
	lh_buf_init(&t->scratch, LH_STORE_MAX);
	lh_buf_init(&t->applied_to, LH_STATE_MAX);
	lh_buf_init(&t->applied, LH_STATE_MAX);
	int rc = begin(t, err);
	if (rc) {
		lh_transcript_free(t);
		return rc;
	}
	if (t->scratch.cap > SCRATCH_KEPT)       /* it held the instructions; what comes now is short, and episodes are many */
		lh_buf_fini(&t->scratch);
	*out = t;
	return 0;
}

void lh_transcript_free(struct lh_transcript *t)
{
	if (!t)
		return;
	for (int i = 0; i < t->body_count; i++)
		lh_body_free(t->body[i]);
	lh_store_free_traffic(t);
	free(t->message);
	free(t->record);
	free(t->sums);
	free(t->usable);
	free(t->restated);
	free(t->edit);
	free(t->turn_first);
	free(t->truth);
	free(t->own);
	lh_buf_fini(&t->text);
	lh_buf_fini(&t->scratch);
	lh_buf_fini(&t->applied_to);
	lh_buf_fini(&t->applied);
	free(t);
}

int lh_transcript_pass_turn(struct lh_transcript *t, struct lh_error *err)
{
	assert(t->length == 1 || !lh_transcript_waiting(t));
	t->turn++;
	int rc = put_truth(t, err);
	if (!rc)
		t->turn_first[t->turn] = t->length;
	return rc;
}

int lh_transcript_put_prompt(struct lh_transcript *t, uint32_t turn, struct lh_buf *out, struct lh_error *err)
{
	return lh_sample_ask(t->sample, (uint64_t)(turn - 1) * t->steps_per_turn, t->steps_per_turn, out, err);
}

int lh_transcript_begin_turn(struct lh_transcript *t, struct lh_error *err)
{
	uint32_t id = 0;
	int rc = lh_transcript_pass_turn(t, err);
	lh_buf_clear(&t->scratch);
	if (!rc)
		rc = lh_transcript_put_prompt(t, t->turn, &t->scratch, err);
	if (!rc)
		rc = make(t, LH_USER, LH_BY_TASK, lh_buf_str(&t->scratch), LH_STR(""), &id, err);
	return rc ? rc : enter(t, id, err);
}

int lh_transcript_add_made_prompt(struct lh_transcript *t, struct lh_str prompt, struct lh_error *err)
{
	uint32_t id = 0;
	int rc = make(t, LH_USER, LH_BY_HISTORY, prompt, LH_STR(""), &id, err);
	return rc ? rc : enter(t, id, err);
}

/* The state is known, and what the task's own text holds is no answer: nothing is parsed. */
int lh_transcript_begin_restated(struct lh_transcript *t, struct lh_error *err)
{
	uint32_t id = 0;
	int rc = lh_transcript_pass_turn(t, err);
	struct lh_str state = rc ? LH_STR("") : lh_transcript_truth(t, t->turn - 1);
	lh_buf_clear(&t->scratch);
	lh_buf_printf(&t->scratch, LH_RESTATE_LEAD " <answer>%.*s</answer>\n\n", LH_ARG(state));
	if (!rc)
		rc = lh_transcript_put_prompt(t, t->turn, &t->scratch, err);
	if (!rc)
		rc = make(t, LH_USER, LH_BY_TASK, lh_buf_str(&t->scratch), LH_STR(""), &id, err);
	if (rc)
		return rc;
	t->message[id].has_state = true;
	t->message[id].state = t->truth[t->turn - 1];
	return enter(t, id, err);
}

int lh_transcript_reserve(struct lh_transcript *t, uint32_t n, uint32_t *first, struct lh_error *err)
{
	*first = t->count;
	if (lh_store_more(&t->message, &t->cap, t->count + n, sizeof *t->message, err))
		return err ? err->code : LH_E_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		t->message[t->count++] = (struct lh_message){ .turn = t->turn, .slot = -1, .role = LH_REMOVED, .maker = LH_BY_MODEL };
	return 0;
}

/* The tool that a message is about: of several, the first. */
static int note_tool(struct lh_transcript *t, struct lh_message *m, struct lh_str list, struct lh_error *err)
{
	struct lh_calls calls;
	struct lh_tool_call call = { .name = LH_STR("") };
	int rc = lh_calls_open(&calls, list, err);
	if (!rc && lh_calls_next(&calls, &call))
		m->tool = lh_transcript_tool(t, call.name);
	lh_calls_close(&calls);
	return rc ? rc : lh_store_put(t, list, &m->calls, err);
}

int lh_transcript_fill(struct lh_transcript *t, uint32_t id, const struct lh_content *said, struct lh_error *err)
{
	struct lh_message *m = &t->message[id];
	assert(id < t->count && m->role == LH_REMOVED && m->maker == LH_BY_MODEL);
	m->role = LH_ASSISTANT;
	m->hash = hash_said(LH_ASSISTANT, said);
	int rc = lh_store_put(t, said->text, &m->text, err);
	if (!rc)
		rc = lh_store_put(t, said->thoughts, &m->thoughts, err);
	if (!rc)
		rc = lh_store_put(t, said->blob, &m->blob, err);
	m->bound = lh_blob_thinks(said->blob);
	if (!rc && said->calls.n)
		return note_tool(t, m, said->calls, err);        /* not a reply yet: it answers nothing */
	return rc ? rc : parse(t, m, err);
}

static int add_result(struct lh_transcript *t, enum lh_maker maker, const struct lh_tool_call *call, struct lh_str text, uint32_t *id, struct lh_error *err)
{
	struct lh_buf list;
	struct lh_jw w;
	int rc = make(t, LH_TOOL, maker, text, LH_STR(""), id, err);
	if (rc)
		return rc;
	lh_buf_init(&list, LH_STORE_MAX);
	lh_jw_init(&w, &list, false);
	lh_jw_open(&w, '[');
	lh_calls_put(&w, &(struct lh_tool_call){ call->id, call->name, { NULL, 0 } });
	lh_jw_close(&w);
	rc = lh_buf_ok(&list, err);
	struct lh_message *m = &t->message[*id];
	if (!rc) {
		m->hash = hash_said(LH_TOOL, &(struct lh_content){ .text = text, .thoughts = LH_STR(""), .calls = lh_buf_str(&list) });
		rc = note_tool(t, m, lh_buf_str(&list), err);
	}
	lh_buf_fini(&list);
	return rc;
}

int lh_transcript_add_result(struct lh_transcript *t, const struct lh_tool_call *call, struct lh_str text, uint32_t *id, struct lh_error *err)
{
	return add_result(t, LH_BY_TASK, call, text, id, err);
}

int lh_transcript_enter(struct lh_transcript *t, uint32_t id, struct lh_error *err)
{
	assert(lh_transcript_waiting(t) && t->message[id].slot < 0 && t->message[id].calls.n);
	t->message[id].journalled = false;
	return enter(t, id, err);
}

int lh_transcript_drop_calls(struct lh_transcript *t, uint32_t id, struct lh_error *err)
{
	struct lh_message *m = &t->message[id];
	assert(m->slot < 0 && m->role == LH_ASSISTANT);
	m->calls = m->blob = (struct lh_span){ 0, 0 };
	m->bound = false;
	m->journalled = false;
	m->hash = hash_of(LH_ASSISTANT, lh_store_at(t, m->text), lh_store_at(t, m->thoughts));
	return parse(t, m, err);
}

int lh_transcript_add_reply(struct lh_transcript *t, struct lh_str text, struct lh_str thoughts, uint32_t *id, struct lh_error *err)
{
	int rc = lh_transcript_reserve(t, 1, id, err);
	return rc ? rc : lh_transcript_fill(t, *id, &(struct lh_content){ text, thoughts, LH_STR(""), LH_STR("") }, err);
}

int lh_transcript_add_made(struct lh_transcript *t, struct lh_str text, struct lh_error *err)
{
	uint32_t id = 0;
	int rc = make(t, LH_ASSISTANT, LH_BY_HISTORY, text, LH_STR(""), &id, err);
	if (!rc)
		rc = parse(t, &t->message[id], err);
	return rc ? rc : enter(t, id, err);
}

int lh_transcript_add_made_calls(struct lh_transcript *t, struct lh_str calls, struct lh_error *err)
{
	uint32_t id = 0;
	int rc = make(t, LH_ASSISTANT, LH_BY_HISTORY, LH_STR(""), LH_STR(""), &id, err);
	if (rc)
		return rc;
	t->message[id].hash = hash_said(LH_ASSISTANT, &(struct lh_content){ .text = LH_STR(""), .thoughts = LH_STR(""), .calls = calls });
	rc = note_tool(t, &t->message[id], calls, err);
	return rc ? rc : enter(t, id, err);
}

int lh_transcript_add_made_result(struct lh_transcript *t, const struct lh_tool_call *call, struct lh_str text, struct lh_error *err)
{
	uint32_t id = 0;
	int rc = add_result(t, LH_BY_HISTORY, call, text, &id, err);
	return rc ? rc : enter(t, id, err);
}

int lh_transcript_accept(struct lh_transcript *t, uint32_t id, struct lh_error *err)
{
	assert(lh_transcript_waiting(t) && t->message[id].slot < 0);
	t->message[id].journalled = false;       /* its slot is news */
	return enter(t, id, err);
}

static uint32_t *own_slot(const struct lh_transcript *t, enum lh_role role, struct lh_str text, uint64_t hash)
{
	uint32_t mask = t->own_cap - 1, i = (uint32_t)hash & mask;
	for (; t->own[i]; i = (i + 1) & mask) {
		const struct lh_message *m = &t->message[t->own[i] - 1];
		if (m->hash == hash && m->role == role && lh_str_equal(lh_store_at(t, m->text), text))
			break;
	}
	return &t->own[i];
}

static int own_grow(struct lh_transcript *t, struct lh_error *err)
{
	uint32_t cap = t->own_cap ? t->own_cap * 2 : 16, *old = t->own, old_cap = t->own_cap;
	uint32_t *table = calloc(cap, sizeof *table);
	if (!table)
		return lh_nomem(err);
	t->own = table;
	t->own_cap = cap;
	for (uint32_t i = 0; i < old_cap; i++)
		if (old[i]) {
			const struct lh_message *m = &t->message[old[i] - 1];
			*own_slot(t, m->role, lh_store_at(t, m->text), m->hash) = old[i];
		}
	free(old);
	return 0;
}

int lh_transcript_own(struct lh_transcript *t, enum lh_role role, struct lh_str text, uint32_t *id, struct lh_error *err)
{
	if (2 * t->own_count >= t->own_cap && own_grow(t, err))
		return LH_E_NOMEM;
	uint64_t hash = lh_hash(lh_hash((uint64_t)role + 1, LH_STR("")), text);
	uint32_t *slot = own_slot(t, role, text, hash);
	if (*slot) {
		*id = *slot - 1;
		return 0;
	}
	int rc = make(t, role, LH_BY_POLICY, text, LH_STR(""), id, err);
	if (rc)
		return rc;
	*slot = *id + 1;
	t->own_count++;
	return parse(t, &t->message[*id], err);
}

struct lh_sample *lh_transcript_sample(const struct lh_transcript *t) { return t->sample; }
uint32_t lh_transcript_steps_per_turn(const struct lh_transcript *t) { return t->steps_per_turn; }
uint32_t lh_transcript_turn(const struct lh_transcript *t) { return t->turn; }
uint32_t lh_transcript_count(const struct lh_transcript *t) { return t->count; }
uint32_t lh_transcript_length(const struct lh_transcript *t) { return t->length; }
uint32_t lh_transcript_id(const struct lh_transcript *t, uint32_t index) { return t->record[index]; }
const struct lh_message *lh_transcript_message(const struct lh_transcript *t, uint32_t id) { return &t->message[id]; }
void lh_transcript_mark_journalled(struct lh_transcript *t, uint32_t id) { t->message[id].journalled = true; }
const struct lh_sums *lh_transcript_sums(const struct lh_transcript *t, uint32_t index) { return &t->sums[index]; }
uint32_t lh_transcript_usable_at(const struct lh_transcript *t, uint32_t n) { return t->usable[n]; }
uint32_t lh_transcript_restated_at(const struct lh_transcript *t, uint32_t n) { return t->restated[n]; }
uint32_t lh_transcript_edits(const struct lh_transcript *t) { return t->edits; }

void lh_transcript_mark_partial(struct lh_transcript *t) { t->partial = true; }
bool lh_transcript_partial(const struct lh_transcript *t) { return t->partial; }

bool lh_transcript_waiting(const struct lh_transcript *t)
{
	const struct lh_message *last = &t->message[t->record[t->length - 1]];
	return last->role != LH_ASSISTANT || last->calls.n;
}

uint32_t lh_transcript_prompt_at(const struct lh_transcript *t) { return t->turn_first[t->turn]; }

uint32_t lh_transcript_turn_at(const struct lh_transcript *t, uint32_t turn)
{
	return turn <= t->turn ? t->turn_first[turn] : t->length;
}

struct lh_str lh_transcript_text(const struct lh_transcript *t, uint32_t id)
{
	return lh_store_at(t, t->message[id].text);
}

struct lh_str lh_transcript_thoughts(const struct lh_transcript *t, uint32_t id)
{
	return lh_store_at(t, t->message[id].thoughts);
}

struct lh_str lh_transcript_blob(const struct lh_transcript *t, uint32_t id)
{
	return lh_store_at(t, t->message[id].blob);
}

struct lh_str lh_transcript_calls(const struct lh_transcript *t, uint32_t id)
{
	return lh_store_at(t, t->message[id].calls);
}

void lh_transcript_use_arena(struct lh_transcript *t, struct lh_arena *arena)
{
	assert(!t->body_count);
	t->arena = arena;
}

struct lh_str lh_transcript_note(const struct lh_transcript *t, uint32_t id)
{
	return lh_store_at(t, t->message[id].note);
}

struct lh_str lh_transcript_state(const struct lh_transcript *t, uint32_t id)
{
	return t->message[id].has_state ? lh_store_at(t, t->message[id].state) : LH_STR("");
}

struct lh_str lh_transcript_truth(const struct lh_transcript *t, uint32_t turn)
{
	return lh_store_at(t, t->truth[turn]);
}

struct lh_str lh_transcript_state_shown(const struct lh_transcript *t)
{
	uint32_t answer = t->usable_count ? t->usable[t->usable_count - 1] : 0;
	uint32_t restated = t->restated_count ? t->restated[t->restated_count - 1] : 0;
	uint32_t at = answer > restated ? answer : restated;     /* 0 holds the instructions */
	return at ? lh_transcript_state(t, t->record[at]) : lh_transcript_truth(t, 0);
}

void lh_put_variant(struct lh_buf *b, enum lh_role role, struct lh_str text, unsigned variant)
{
	struct lh_answer a = { 0 };
	if (role == LH_ASSISTANT && (variant & (LH_NO_TAG_THOUGHTS | LH_ANSWER_ONLY)))
		lh_answer_find(text, &a);
	if ((variant & LH_ANSWER_ONLY) && a.answered)
		lh_buf_put(b, text.p + a.tag.at, a.tag.n);
	else if (a.thinks)
		lh_put_without_thoughts(b, text);
	else
		lh_buf_put_str(b, text);
}

/* ---- edits ---- */

uint32_t lh_transcript_untouched(const struct lh_transcript *t, uint32_t edits)
{
	uint32_t least = UINT32_MAX;
	for (uint32_t i = edits; i < t->edits; i++)
		if (t->edit[i] < least)
			least = t->edit[i];
	return least;
}

/* Everything from `index` on is computed again. */
static int recount(struct lh_transcript *t, uint32_t index, struct lh_error *err)
{
	int rc = lh_store_more(&t->edit, &t->edit_cap, t->edits + 1, sizeof *t->edit, err);
	if (rc)
		return rc;
	t->edit[t->edits++] = index;
	t->usable_count = t->sums[index].usable;
	t->restated_count = t->sums[index].restated;
	lh_store_cut_traffic(t, index);
	lh_store_cut_bodies(t, index);
	return lh_store_sum(t, index, err);
}

int lh_transcript_replace(struct lh_transcript *t, uint32_t index, struct lh_str text, struct lh_str reason, uint32_t *id, struct lh_error *err)
{
	assert(index > 0 && index < t->length);
	const struct lh_message *old = &t->message[t->record[index]];
	struct lh_message was = *old;
	int rc = make(t, (enum lh_role)was.role, LH_BY_POLICY, text, LH_STR(""), id, err);
	if (rc)
		return rc;
	struct lh_message *m = &t->message[*id];
	m->turn = was.turn;
	m->slot = was.slot;
	m->calls = was.calls;
	m->tool = was.tool;
	rc = lh_store_put(t, reason, &m->note, err);
	if (!rc && was.calls.n)
		m->hash = hash_said((enum lh_role)was.role, &(struct lh_content){ .text = text, .thoughts = LH_STR(""), .calls = lh_store_at(t, was.calls) });
	else if (!rc)
		rc = parse(t, m, err);
	if (rc)
		return rc;
	t->record[index] = *id;
	return recount(t, index, err);
}

/* Would a cut in front of the record's message `index` part a call from its results? */
static bool splits_calls(const struct lh_transcript *t, uint32_t index)
{
	return index < t->length && t->message[t->record[index]].role == LH_TOOL;
}

int lh_transcript_remove(struct lh_transcript *t, uint32_t from, uint32_t to, struct lh_str reason, struct lh_error *err)
{
	assert(from > 0 && from <= to && to <= t->length);
	if (from < to && (splits_calls(t, from) || splits_calls(t, to)))
		return lh_fail(err, LH_E_POLICY, "a message with calls of tools goes with their results or not at all: remove whole turns");
	uint32_t id = 0, first_turn = from < to ? t->message[t->record[from]].turn : t->turn + 1;
	struct lh_span note;
	int code = lh_store_put(t, reason, &note, err);
	if (code)
		return code;
	for (uint32_t i = from; i < to; i++) {
		const struct lh_message *old = &t->message[t->record[i]];
		uint32_t turn = old->turn;
		int32_t slot = old->slot;
		int rc = make(t, LH_REMOVED, LH_BY_POLICY, LH_STR(""), LH_STR(""), &id, err);
		if (rc)
			return rc;
		t->message[id].turn = turn;
		t->message[id].slot = slot;
		t->message[id].note = note;
	}
	memmove(t->record + from, t->record + to, (t->length - to) * sizeof *t->record);
	t->length -= to - from;
	for (uint32_t turn = first_turn; turn <= t->turn; turn++)
		if (t->turn_first[turn] > from)
			t->turn_first[turn] = t->turn_first[turn] >= to ? t->turn_first[turn] - (to - from) : from;
	return recount(t, from, err);
}
