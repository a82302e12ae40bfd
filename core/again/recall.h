/* again/recall.h - a conversation read back from a run file, and what was sent at any of its calls. */
#ifndef LH_AGAIN_RECALL_H
#define LH_AGAIN_RECALL_H

#include "base/text.h"

struct lh_dialect;
struct lh_episode_row;
struct lh_reader;
struct lh_remade;

struct lh_recall_message { int64_t slot, turn; int role; struct lh_str text, thoughts, blob, calls, note; char made_by[8]; };

struct lh_recall_call {
	int64_t turn, seq, reply;
	struct lh_str view, purpose, outcome, error, error_text, finish, shown, followed, answered, truth;
	bool accepted, unshown, has_shown, has_followed, has_answered;
	int64_t tokens_in, tokens_cached, tokens_out, tokens_reasoning, latency_us, cost_microusd, attempts, thoughts_kept, thoughts_dropped;
	bool counted;
	struct lh_str served_by, request_id;
};

struct lh_recall {
	int64_t episode, sample, probe;          /* probe: the turn asked behind a made history, else 0 */
	struct lh_str policy, history, status, cause, extra;
	const struct lh_dialect *dialect;        /* of its model */
	struct lh_recall_message *message; size_t messages, message_cap;
	struct lh_recall_call *call; size_t calls, call_cap;
	struct lh_recall_message *made; size_t mades, made_cap;  /* the made history, by slot: made again, as none is kept */
	struct lh_buf words;                     /* what the strings point into once loading is done */
};

struct lh_recall_which {
	int64_t run;                             /* -1: the newest */
	int64_t condition;                       /* its number; -1: the first with this policy and history */
	const char *policy;                      /* label or name; NULL: any */
	const char *history;                     /* NULL: any */
	int64_t sample;
	int64_t probe;                           /* with a made history: the turn; 0: the last one asked */
	const char *plugin;                      /* a file that its task family is opened from; NULL: where they are found */
};
/* A made history is made again by the task family, which is opened for that; where what comes out is not what was sent,
 * LH_E_DIFFERS. */
int lh_recall_open(const char *path, const struct lh_recall_which *which, struct lh_recall **out, struct lh_error *err) LH_CHECKED;
/* An episode's messages and calls alone, of a file that is open. */
int lh_recall_rows(struct lh_reader *reader, int64_t episode, struct lh_recall **out, struct lh_error *err) LH_CHECKED;
void lh_recall_free(struct lh_recall *r);

/* The same of an episode that was found already: its row, a visitor's, and what a made history of it is made again from
 * (NULL: it has none). `policy` and `history` stay empty. */
struct lh_recall_found { const struct lh_episode_row *episode; const struct lh_remade *remade; uint64_t seed; const struct lh_dialect *dialect; };
int lh_recall_read(struct lh_reader *reader, const struct lh_recall_found *found, struct lh_recall **out, struct lh_error *err) LH_CHECKED;

/* The messages of a call's request as its model was sent them, byte for byte as the encoder made them: in the format
 * of a live model, in that of Chat Completions for others. Parameters are left out; they stand in the run's config. */
int lh_recall_request(const struct lh_recall *r, const struct lh_recall_call *call, struct lh_buf *out, struct lh_error *err) LH_CHECKED;

/* A message of the record as it was at a call, or one that the policy wrote for it. Borrows from the recall. */
struct lh_recall_part {
	const struct lh_recall_message *message;
	unsigned variant;                        /* bits of transcript.h */
	bool sent;
	struct lh_str placeholder;               /* of a result that the variant clears */
};
/* What was sent at a call, in that order, and between it, where the record has them, the messages that were left out. The
 * caller frees *out. */
int lh_recall_parts(const struct lh_recall *r, const struct lh_recall_call *call, struct lh_recall_part **out, size_t *count, struct lh_error *err) LH_CHECKED;
/* Only what was sent, call after call of one recall: *out lives until the next of them. What the walk keeps (zeroed at the start)
 * makes each cost no more than what it sends, where calls come in their order. */
struct lh_recall_walk { int64_t *slot; size_t slots; int64_t existed; struct lh_recall_part *part; size_t cap; };
int lh_recall_sent(const struct lh_recall *r, const struct lh_recall_call *call, struct lh_recall_walk *w, const struct lh_recall_part **out, size_t *count,
	struct lh_error *err) LH_CHECKED;
void lh_recall_walk_fini(struct lh_recall_walk *w);

#endif
