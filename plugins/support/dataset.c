/* support/dataset.c - the published format, read in one pass with yajl (a parser that calls back). What
 * the format does not name is skipped. */
#include "support/dataset_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64
#define VALUE_MAX INT64_C(1000000000000)

/* ---- What may stand where ---------------------------------------------------------------------- */

static const char *expected(const struct fam_reader *r)
{
	switch (r->place) {
	case DOCUMENT: return "the file holds a JSON object";
	case DICTIONARY: case OWN_DICTIONARY: return "\"dictionary\" maps words to integers";
	case ROLLOUTS: return "\"ground_truth_data\" is an array of objects";
	case COLUMN: return r->column == INPUT ? "\"input\" is an array of words" : "\"values\" and \"output\" are arrays of integers";
	default: break;
	}
	switch (r->key) {
	case KEY_DICT_SUM: return "\"dict_sum\" is an object";
	case KEY_DICTIONARY: return "\"dictionary\" is an object";
	case KEY_DATA: return "\"ground_truth_data\" is an array";
	default: return "\"input\", \"values\" and \"output\" are arrays";
	}
}

static int wrong_type(struct fam_reader *r, const char *found)
{
	if (r->place == COLUMN)
		return fam_reader_stop(r, "rollout %llu: %s, found %s", (unsigned long long)(r->rollouts - 1), expected(r), found);
	return fam_reader_stop(r, "%s, found %s", expected(r), found);
}

/* A value that nobody asked about. */
static bool skipping(struct fam_reader *r)
{
	return r->place == SKIPPED || ((r->place == OBJECT || r->place == ROLLOUT) && r->key == KEY_OTHER);
}

static int deeper(struct fam_reader *r)
{
	return ++r->depth <= DEPTH_MAX || fam_reader_stop(r, "nested more than %d levels deep", DEPTH_MAX);
}

static int skip_container(struct fam_reader *r)
{
	if (r->place != SKIPPED) {
		r->resume = r->place;
		r->place = SKIPPED;
		r->skip_depth = r->depth;
	}
	return 1;
}

static int on_start_map(void *context)
{
	struct fam_reader *r = context;
	if (!deeper(r))
		return 0;
	if (skipping(r))
		return skip_container(r);
	if (r->place == DOCUMENT) {
		r->place = OBJECT;
	} else if (r->place == OBJECT && r->key == KEY_DICT_SUM) {
		r->nested = true;
	} else if (r->place == OBJECT && r->key == KEY_DICTIONARY) {
		r->place = DICTIONARY;
	} else if (r->place == ROLLOUTS) {
		r->place = ROLLOUT;
		return fam_reader_begin_rollout(r);
	} else if (r->place == ROLLOUT && r->key == KEY_DICTIONARY) {
		r->place = OWN_DICTIONARY;
	} else {
		return wrong_type(r, "an object");
	}
	return 1;
}

static int on_start_array(void *context)
{
	struct fam_reader *r = context;
	if (!deeper(r))
		return 0;
	if (skipping(r))
		return skip_container(r);
	if (r->place == OBJECT && r->key == KEY_DATA)
		r->place = ROLLOUTS;
	else if (r->place == ROLLOUT && r->key != KEY_DICTIONARY)
		r->place = COLUMN;
	else
		return wrong_type(r, "an array");
	return 1;
}

static int on_end(struct fam_reader *r)
{
	r->depth--;
	switch (r->place) {
	case SKIPPED:
		if (r->depth < r->skip_depth)
			r->place = r->resume;
		return 1;
	case COLUMN:
	case OWN_DICTIONARY:
		r->place = ROLLOUT;
		return 1;
	case ROLLOUT:
		r->place = ROLLOUTS;
		return fam_reader_end_rollout(r);
	case ROLLOUTS:
		r->place = OBJECT;
		return 1;
	case DICTIONARY:
		r->place = OBJECT;
		r->dictionary_done = true;
		return 1;
	default:
		r->place = r->nested ? OBJECT : DOCUMENT;
		r->nested = false;
		return 1;
	}
}

static int on_end_map(void *context) { return on_end(context); }
static int on_end_array(void *context) { return on_end(context); }

static bool is(const unsigned char *p, size_t n, const char *text)
{
	return n == strlen(text) && memcmp(p, text, n) == 0;
}

static int once(struct fam_reader *r, bool *seen, enum key key, const char *name)
{
	r->key = key;
	if (*seen)
		return fam_reader_stop(r, "the key \"%s\" stands there twice", name);
	*seen = true;
	return 1;
}

static int object_key(struct fam_reader *r, const unsigned char *p, size_t n)
{
	if (is(p, n, "dict_sum") && !r->nested)
		return once(r, &r->has_dict_sum, KEY_DICT_SUM, "dict_sum");
	if (is(p, n, "dictionary"))
		return once(r, &r->has_dictionary, KEY_DICTIONARY, "dictionary");
	if (is(p, n, "ground_truth_data"))
		return once(r, &r->has_data, KEY_DATA, "ground_truth_data");
	r->key = KEY_OTHER;
	return 1;
}

static int rollout_key(struct fam_reader *r, const unsigned char *p, size_t n)
{
	r->key = KEY_OTHER;
	struct claims *c = &r->rollout[r->rollouts - 1];
	for (int k = 0; k < COLUMNS; k++)
		if (is(p, n, fam_column_name[k])) {
			r->column = (enum column)k;
			return once(r, &c->seen[k], (enum key)(KEY_INPUT + k), fam_column_name[k]);
		}
	if (!is(p, n, "dictionary"))
		return 1;
	if (c->seen[INPUT])
		return fam_reader_stop(r, "rollout %llu: its dictionary stands behind its input, and must stand before it", (unsigned long long)(r->rollouts - 1));
	return once(r, &c->has_own, KEY_DICTIONARY, "dictionary");
}

static int dictionary_key(struct fam_reader *r, const unsigned char *p, size_t n)
{
	if (!fam_reader_word(r, (const char *)p, n, &r->word_at))
		return 0;
	struct word *w = &r->word[r->word_at];
	r->key = KEY_WORD;
	if (r->place == DICTIONARY ? w->defined : w->own == r->rollouts)
		return fam_reader_stop(r, "the dictionary has the key '%s' twice", w->text);
	return 1;
}

static int on_key(void *context, const unsigned char *p, size_t n)
{
	struct fam_reader *r = context;
	switch (r->place) {
	case OBJECT: return object_key(r, p, n);
	case ROLLOUT: return rollout_key(r, p, n);
	case DICTIONARY: case OWN_DICTIONARY: return dictionary_key(r, p, n);
	default: return 1;
	}
}

static int on_integer(void *context, long long v)
{
	struct fam_reader *r = context;
	if (skipping(r))
		return 1;
	bool own = r->place == OWN_DICTIONARY;
	if (own || r->place == DICTIONARY) {
		if (v > VALUE_MAX || v < -VALUE_MAX)
			return fam_reader_stop(r, "the value %lld of '%s' is too large", v, r->word[r->word_at].text);
		if (own)
			return fam_reader_own_value(r, v);
		r->word[r->word_at].value = v;
		r->word[r->word_at].defined = true;
		return 1;
	}
	if (r->place != COLUMN || r->column == INPUT)
		return wrong_type(r, "a number");
	struct numbers *c = &r->rollout[r->rollouts - 1].column[r->column];
	if (!fam_reader_room((void **)&c->v, c->n, &c->cap, sizeof *c->v))
		return fam_reader_no_memory(r);
	c->v[c->n++] = v;
	return 1;
}

static int on_string(void *context, const unsigned char *p, size_t n)
{
	struct fam_reader *r = context;
	if (skipping(r))
		return 1;
	if (r->place != COLUMN || r->column != INPUT)
		return wrong_type(r, "a string");
	uint64_t rollout = r->rollouts - 1;
	struct claims *c = &r->rollout[rollout];
	uint32_t k;
	if (!fam_reader_word(r, (const char *)p, n, &k))
		return 0;
	if (c->has_own ? r->word[k].own != r->rollouts : !r->word[k].defined && r->dictionary_done)
		return fam_reader_stop(r, "rollout %llu, step %llu: the key '%s' is not in the dictionary", (unsigned long long)rollout,
			(unsigned long long)c->keys, r->word[k].text);
	if (!c->has_own && !r->word[k].needed) {
		r->word[k].needed = true;
		r->word[k].rollout = rollout;
		r->word[k].step = c->keys;
	}
	if (!fam_reader_room((void **)&c->key, c->keys, &c->key_cap, sizeof *c->key))
		return fam_reader_no_memory(r);
	c->key[c->keys++] = k;
	return 1;
}

static int on_double(void *context, double v)
{
	char text[64];
	struct fam_reader *r = context;
	snprintf(text, sizeof text, "%g, which is not an integer", v);
	return skipping(r) || wrong_type(r, text);
}

static int on_null(void *context)
{
	struct fam_reader *r = context;
	return skipping(r) || wrong_type(r, "null");
}

static int on_boolean(void *context, int v)
{
	struct fam_reader *r = context;
	return skipping(r) || wrong_type(r, v ? "true" : "false");
}

/* ---- The whole --------------------------------------------------------------------------------- */

static void report_syntax(struct fam_reader *r)
{
	if (r->failed)
		return;
	unsigned char *text = yajl_get_error(r->yajl, 0, NULL, 0);
	size_t n = text ? strcspn((char *)text, "\n") : 0;
	fam_reader_stop(r, "not valid JSON: %.*s", (int)n, text ? (char *)text : "");
	if (text)
		yajl_free_error(r->yajl, text);
}

static bool parse(struct fam_reader *r)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null, .yajl_boolean = on_boolean, .yajl_integer = on_integer, .yajl_double = on_double,
		.yajl_string = on_string, .yajl_start_map = on_start_map, .yajl_map_key = on_key, .yajl_end_map = on_end_map,
		.yajl_start_array = on_start_array, .yajl_end_array = on_end_array,
	};
	r->yajl = yajl_alloc(&callbacks, NULL, r);
	if (!r->yajl)
		return fam_reader_no_memory(r);
	if (yajl_parse(r->yajl, (const unsigned char *)r->text.bytes, r->text.size) != yajl_status_ok) {
		report_syntax(r);
	} else {
		r->ended = true;
		if (yajl_complete_parse(r->yajl) != yajl_status_ok)
			report_syntax(r);
	}
	yajl_free(r->yajl);
	r->yajl = NULL;
	return !r->failed;
}

int32_t fam_dataset_load(const struct lh_host *host, const char *name, const char *path, struct fam_dataset **out)
{
	*out = NULL;
	struct fam_reader r = { .host = host, .name = name, .path = path };
	if (host->read_file(host->context, path, &r.text))
		return LH_TASK_FAILED;
	struct fam_dataset *set = calloc(1, sizeof *set);
	bool good = set ? parse(&r) && fam_reader_complete(&r) && fam_reader_hand_over(&r, set) : fam_reader_no_memory(&r);
	fam_reader_fini(&r);
	if (!good) {
		fam_dataset_free(set);
		return LH_TASK_FAILED;
	}
	*out = set;
	return LH_TASK_OK;
}

void fam_dataset_free(struct fam_dataset *set)
{
	if (!set)
		return;
	for (uint32_t i = 0; i < set->texts; i++)
		free(set->text[i]);
	for (uint64_t i = 0; i < set->rollouts; i++) {
		free(set->rollout[i].key);
		fam_dictionary_fini(&set->rollout[i].own);
	}
	fam_dictionary_fini(&set->dictionary);
	free(set->text);
	free(set->rollout);
	free(set);
}

const struct fam_dictionary *fam_dataset_dictionary(const struct fam_dataset *set, uint64_t rollout)
{
	const struct fam_dictionary *own = &set->rollout[rollout].own;
	return own->count ? own : &set->dictionary;
}
