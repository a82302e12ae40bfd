/* inspect/log_read.h - a log as it is read; shared by the files that read it. Everything in it may be anybody's. */
#ifndef LH_INSPECT_LOG_READ_H
#define LH_INSPECT_LOG_READ_H

#include "inspect/inspect.h"
#include "json/reader.h"

#define LH_LOG_KEYS_MAX 10000            /* of a dictionary; steps of a turn */
/* As kv_sum has them: a data set's values, and the running total, which stays there. */
#define LH_LOG_VALUE_MAX INT64_C(1000000000000)
#define LH_LOG_TOTAL_MAX INT64_C(999999999999999999)

/* ---- log_map.c: a dictionary within text, and keys of it ---- */

struct lh_log_entry { struct lh_str key; int64_t value; };
/* Keys borrow from the text they were found in. sorted: the same by key. */
struct lh_log_map { struct lh_log_entry *entry, *sorted; size_t count, cap; };

/* The first map of words to integers at or behind text.p + from: {"drive": -45, 'alone': 46}, of two entries or more; its end, or 0:
 * there is none. */
int lh_log_map_find(struct lh_str text, size_t from, struct lh_log_map *out, size_t *end, struct lh_error *err) LH_CHECKED;
/* One entry more. To be settled before it is asked. */
int lh_log_map_add(struct lh_log_map *m, struct lh_str key, int64_t value, struct lh_error *err) LH_CHECKED;
/* False: a key has two values, or there are more than LH_LOG_KEYS_MAX. */
bool lh_log_map_settle(struct lh_log_map *m);
/* LH_E_DATA: an entry that no data set of kv_sum may hold. */
int lh_log_map_check(const struct lh_log_map *m, struct lh_error *err) LH_CHECKED;
const struct lh_log_entry *lh_log_map_get(const struct lh_log_map *m, struct lh_str key);
void lh_log_map_fini(struct lh_log_map *m);

struct lh_log_keys { const struct lh_log_entry **key; size_t count, cap; };
/* Adds the keys that a prompt names: the whole text, or its last line, behind a colon where one stands there; separated by
 * commas, in quotes or not. *n: how many; 0: it names none, or something that is no key. */
int lh_log_keys_read(const struct lh_log_map *m, struct lh_str prompt, struct lh_log_keys *out, size_t *n, struct lh_error *err) LH_CHECKED;

/* ---- log_talk.c: a sample's conversation ---- */

struct lh_log_span { size_t at, n; };    /* in `words` */
struct lh_log_said {
	uint32_t turn, call;
	struct lh_log_span text, thoughts;
	const struct lh_json *calls;             /* Inspect's list; NULL: none */
	const char *finish;                      /* a word of ours */
	int64_t in, cached, out, reasoning;      /* tokens; -1: not said */
	bool estimated;                          /* the tokens, from bytes */
	struct lh_str model, error;              /* error: empty where there was a reply */
};
struct lh_log_talk {
	struct lh_log_map map;
	struct lh_log_keys keys;                 /* of all turns */
	uint32_t turns, steps_per_turn;          /* prompts; keys of each */
	uint32_t whole;                          /* turns with a reply, from the first on */
	struct lh_log_said *said; size_t saids, cap;
	struct lh_buf words, why;                /* why: it ends before its time; "overflow", or anything */
	char **owned; size_t owneds, owned_cap;  /* texts that were put together */
};
void lh_log_talk_init(struct lh_log_talk *t);
void lh_log_talk_fini(struct lh_log_talk *t);
/* ours: longhaul wrote the log. LH_E_DATA says what could not be read, with the number of the message. `sample` must outlive t. */
int lh_log_talk_read(struct lh_log_talk *t, const struct lh_json *sample, bool ours, struct lh_error *err) LH_CHECKED;

/* ---- log_lookups.c ---- */

struct lh_log_prompt { struct lh_str text; int64_t number; };    /* of its message, from 0; -1: there is none */
/* Where the instructions hold no dictionary, values may have been looked up with a tool, get_value, as our own task has it. Of a
 * log of our own (prompts > 0) what was never looked up follows from the true states; and the keys of a turn that nobody
 * answered count for nothing. *some: anything was looked up. */
int lh_log_read_lookups(struct lh_log_map *m, const struct lh_json *sample, const struct lh_log_prompt *prompt, size_t prompts, bool *some, struct lh_error *err) LH_CHECKED;

/* ---- log_reply.c ---- */

/* A message's text, of all its parts, with what was attached to the sample; thoughts likewise. Appended. */
void lh_log_put_text(struct lh_buf *b, const struct lh_json *message, const struct lh_json *sample, bool thoughts);
/* What a model event says of its reply: tokens, added to those there are, how it ended, who said it. */
void lh_log_read_event(const struct lh_json *event, struct lh_log_said *s);
/* The message that a model event brought; NULL: none. */
const struct lh_json *lh_log_event_message(const struct lh_json *event);
bool lh_log_is(const struct lh_json *object, const char *key, const char *text);
int lh_log_add_said(struct lh_log_talk *t, struct lh_log_said **out, struct lh_error *err) LH_CHECKED;
/* The replies to the turns of t, from a log that longhaul wrote: every call of the model. */
int lh_log_read_calls(struct lh_log_talk *t, const struct lh_json *sample, struct lh_error *err) LH_CHECKED;

/* ---- log_store.c: what is kept of all samples, and written at the end ---- */

struct lh_log_store;
int lh_log_store_open(struct lh_inspect_import *x, struct lh_log_store **out, struct lh_error *err) LH_CHECKED;
int lh_log_store_add(struct lh_log_store *s, const struct lh_log_talk *t, struct lh_error *err) LH_CHECKED;
/* x->turns is known. Frees s. */
int lh_log_store_finish(struct lh_log_store *s, struct lh_error *err) LH_CHECKED;
void lh_log_store_abandon(struct lh_log_store *s);       /* no file is left; accepts NULL */

#endif
