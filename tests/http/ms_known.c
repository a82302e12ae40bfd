#include "ms_known.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX (1u << 30)

int ms_known_new(struct lh_taskset *task, uint64_t seed, uint64_t index, uint32_t steps_per_turn, struct ms_known **out, struct lh_error *err)
{
	*out = NULL;
	struct ms_known *k = calloc(1, sizeof *k);
	if (!k)
		return lh_nomem(err);
	k->seed = seed;
	k->index = index;
	k->steps_per_turn = steps_per_turn;
	lh_buf_init(&k->instructions, LH_INSTRUCTIONS_MAX);
	lh_buf_init(&k->words, WORDS_MAX);
	int rc = lh_sample_open(task, index, seed, &k->sample, err);
	if (!rc)
		rc = lh_sample_instructions(k->sample, steps_per_turn, &k->instructions, err);
	if (rc) {
		ms_known_free(k);
		return rc;
	}
	*out = k;
	return 0;
}

static bool ends_with(struct lh_str text, struct lh_str end)
{
	return text.n >= end.n && !memcmp(text.p + text.n - end.n, end.p, end.n) && (text.n == end.n || text.p[text.n - end.n - 1] == '\n');
}

int ms_known_steps(struct lh_taskset *task, uint64_t seed, uint64_t index, struct lh_str text, uint32_t *out, struct lh_error *err)
{
	struct lh_sample *sample;
	struct lh_buf prompt;
	int rc = lh_sample_open(task, index, seed, &sample, err);
	*out = 0;
	if (rc)
		return rc;
	lh_buf_init(&prompt, WORDS_MAX);
	for (uint32_t n = 1; n <= 4096 && !*out && !rc && prompt.n <= text.n; n++) {
		lh_buf_clear(&prompt);
		rc = lh_sample_ask(sample, 0, n, &prompt, err);
		if (!rc && ends_with(text, lh_buf_str(&prompt)))
			*out = n;
	}
	lh_buf_fini(&prompt);
	lh_sample_close(sample);
	return rc;
}

void ms_known_free(struct ms_known *k)
{
	if (!k)
		return;
	lh_sample_close(k->sample);
	lh_buf_fini(&k->instructions);
	lh_buf_fini(&k->words);
	free(k->prompt);
	free(k->before);
	free(k->table);
	free(k);
}

struct lh_str ms_known_prompt(const struct ms_known *k, uint32_t turn)
{
	return (struct lh_str){ k->words.p + k->prompt[turn].at, k->prompt[turn].n };
}

/* The place of a text in the table: the turn there has it, or is 0. */
static uint32_t *find(const struct ms_known *k, struct lh_str text)
{
	uint32_t mask = k->table_cap - 1, i = (uint32_t)lh_hash(0, text) & mask;
	while (k->table[i] && !lh_str_equal(ms_known_prompt(k, k->table[i]), text))
		i = (i + 1) & mask;
	return &k->table[i];
}

static int grow(struct ms_known *k, struct lh_error *err)
{
	size_t cap = k->cap;
	int rc = lh_array_more(&k->prompt, &cap, k->prompts + 2, sizeof *k->prompt, err);
	if (!rc)
		rc = lh_array_more(&k->before, &k->cap, k->prompts + 2, sizeof *k->before, err);
	if (rc || 2 * (k->prompts + 1) < k->table_cap)
		return rc;
	uint32_t more = k->table_cap ? 2 * k->table_cap : 64, *table = calloc(more, sizeof *table);
	if (!table)
		return lh_nomem(err);
	free(k->table);
	k->table = table;
	k->table_cap = more;
	for (uint32_t turn = 1; turn <= k->prompts; turn++)
		*find(k, ms_known_prompt(k, turn)) = turn;
	return 0;
}

/* Places where a blank line begins within a prompt that others follow. */
static uint32_t count_blanks(struct lh_str s)
{
	uint32_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n' && (i + 1 == s.n || s.p[i + 1] == '\n');
	return n;
}

static int add(struct ms_known *k, struct lh_error *err)
{
	uint32_t turn = k->prompts + 1;
	size_t at = k->words.n;
	int rc = grow(k, err);
	if (!rc)
		rc = lh_sample_ask(k->sample, (uint64_t)(turn - 1) * k->steps_per_turn, k->steps_per_turn, &k->words, err);
	if (rc)
		return rc;
	k->prompt[turn] = (struct lh_span){ (uint32_t)at, (uint32_t)(k->words.n - at) };
	struct lh_str text = ms_known_prompt(k, turn);
	uint32_t *place = find(k, text), blanks = count_blanks(text);
	k->before[turn] = *place;
	*place = turn;
	k->prompts = turn;
	if (blanks > k->blanks)
		k->blanks = blanks;
	return 0;
}

int ms_known_upto(struct ms_known *k, uint32_t turn, struct lh_error *err)
{
	int rc = 0;
	while (!rc && k->prompts < turn)
		rc = add(k, err);
	return rc;
}

uint32_t ms_known_turn(const struct ms_known *k, struct lh_str text, uint32_t most)
{
	uint32_t turn = *find(k, text);
	while (turn > most)
		turn = k->before[turn];
	return turn;
}
