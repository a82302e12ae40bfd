/* transcript/transcript.h - the record of one episode, and what became of its turns.
 *
 * Messages are append-only and numbered by id in order of creation. The *record* is the list of
 * messages that make up the conversation: instructions (index 0), then for each turn the task's
 * prompt and the accepted reply, between them what the model did with the task's tools: messages with
 * calls, and their results. A record place has a slot number that never changes; an edit puts
 * another message in the slot. Prefix sums over the record answer, for any range and variant, in
 * constant time: bytes, tokens, content hash, exposure. Everything is linear in turns.
 *
 * Borrowed strings (lh_str) live until the next call that adds a message. One owner: the episode. */
#ifndef LH_TRANSCRIPT_TRANSCRIPT_H
#define LH_TRANSCRIPT_TRANSCRIPT_H

#include "task/task.h"
#include "transcript/answer.h"
#include "transcript/calls.h"
#include "transcript/outcome.h"

enum lh_role { LH_SYSTEM, LH_USER, LH_ASSISTANT, LH_REMOVED, LH_TOOL };      /* LH_TOOL: a tool's result */
enum lh_maker { LH_BY_TASK, LH_BY_MODEL, LH_BY_POLICY, LH_BY_HISTORY };       /* the last: nobody said it (made.h) */

/* What is left out of a message. Bits of a view's ranges; only what the model said and what its tools gave changes. */
enum lh_variant {
	LH_NO_NATIVE_THOUGHTS = 1,
	LH_NO_TAG_THOUGHTS = 2,
	LH_ANSWER_ONLY = 4,             /* implies both; a reply without a tag stays whole; calls and results are left out */
	LH_NO_ASSISTANT = 8,            /* replies, calls and results are left out */
	LH_RESULTS_CLEARED = 16,        /* results give way to a placeholder, but for tools that are spared (view.h) */
	LH_INPUTS_CLEARED = 32          /* so do the arguments of calls, to {} */
};
#define LH_CLEARED (LH_RESULTS_CLEARED | LH_INPUTS_CLEARED)
#define LH_KINDS 6                      /* the distinct sums of those bits, see lh_kind() */
int lh_kind(unsigned variant);

/* What stands before a state that is restated, where nothing else is said. */
#define LH_RESTATE_LEAD "So far:"

/* Byte-based token estimate: a quarter of a token a byte, four tokens a message. Ours, never the
 * provider's count. */
int64_t lh_tokens(uint64_t bytes, uint64_t messages);

struct lh_message {
	struct lh_span text, thoughts;  /* in the transcript's text store */
	struct lh_span tag;             /* the answer tag, relative to text; n = 0: none */
	struct lh_span note;            /* why an edit was made */
	struct lh_span blob;            /* the provider's own form, see body.h */
	struct lh_span calls;           /* of a call: those made; of a result: the one it answers. See calls.h */
	struct lh_span state;           /* canonical, in the text store; valid where has_state */
	uint64_t hash;                  /* of role, text, thoughts */
	uint32_t turn;                  /* 0: before the first turn */
	int32_t slot;                   /* -1: not in the record */
	uint8_t role, maker;
	uint8_t tool;                   /* of a result: the tool's number, see lh_transcript_tool */
	bool has_state, thinks, journalled;
	bool bound;                     /* the blob holds thoughts */
};

/* Sums over the record before an index. */
struct lh_sums {
	uint64_t hash;
	uint64_t bytes[LH_KINDS];
	uint32_t replies, usable;       /* assistant messages that call no tool; those with a valid answer */
	uint32_t loop;                  /* the others: messages with calls, and results */
	uint32_t state_wrong;
	uint32_t classified, update_wrong;
	uint32_t restated;              /* messages of the user that an edit gave a valid answer */
	uint32_t thinking, bound;       /* assistant messages with thoughts of their own field; those whose blob holds them */
};

struct lh_exposure { double update, state, unusable; uint32_t wrong_updates, visible; };

struct lh_turn_states {                 /* the four states of the accepted reply */
	struct lh_str truth, shown, followed, answered;
	bool has_shown, has_followed, has_answered;
	bool unshown;
	enum lh_outcome outcome;
};

struct lh_transcript;
struct lh_arena;

/* Writes the instructions as message 0. The sample must outlive the transcript. */
int lh_transcript_new(struct lh_sample *sample, uint32_t steps_per_turn, struct lh_transcript **out, struct lh_error *err) LH_CHECKED;
void lh_transcript_free(struct lh_transcript *t);
/* Request bodies are made in this arena (memory that another process sees too). Before the first body. */
void lh_transcript_use_arena(struct lh_transcript *t, struct lh_arena *arena);

/* Appends the next turn's prompt and carries the truth on. */
int lh_transcript_begin_turn(struct lh_transcript *t, struct lh_error *err) LH_CHECKED;
/* Likewise, for made histories: without a prompt, so that the turn leaves nothing in the record unless this one is put
 * into it; with the true state so far restated in front of the prompt. */
int lh_transcript_pass_turn(struct lh_transcript *t, struct lh_error *err) LH_CHECKED;
int lh_transcript_add_made_prompt(struct lh_transcript *t, struct lh_str prompt, struct lh_error *err) LH_CHECKED;
int lh_transcript_begin_restated(struct lh_transcript *t, struct lh_error *err) LH_CHECKED;
/* A reply that nobody gave enters the record: the turn is finished. */
int lh_transcript_add_made(struct lh_transcript *t, struct lh_str text, struct lh_error *err) LH_CHECKED;
/* Likewise calls of tools, and a result. */
int lh_transcript_add_made_calls(struct lh_transcript *t, struct lh_str calls, struct lh_error *err) LH_CHECKED;
int lh_transcript_add_made_result(struct lh_transcript *t, const struct lh_tool_call *call, struct lh_str text, struct lh_error *err) LH_CHECKED;
/* The task's prompt for a turn, appended. */
int lh_transcript_put_prompt(struct lh_transcript *t, uint32_t turn, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
/* Ids for n replies that are being waited for, so that they do not depend on the order in which replies
 * come. An id that no reply comes for stays empty, of role LH_REMOVED. */
int lh_transcript_reserve(struct lh_transcript *t, uint32_t n, uint32_t *first, struct lh_error *err) LH_CHECKED;
/* What a model said: calls empty, or the tools it calls. */
struct lh_content { struct lh_str text, thoughts, blob, calls; };
/* A model's reply to the current turn under a reserved id, not yet in the record. */
int lh_transcript_fill(struct lh_transcript *t, uint32_t id, const struct lh_content *said, struct lh_error *err) LH_CHECKED;
/* What a tool gave, not yet in the record. */
int lh_transcript_add_result(struct lh_transcript *t, const struct lh_tool_call *call, struct lh_str text, uint32_t *id, struct lh_error *err) LH_CHECKED;
/* A message with calls, or a result, enters the record behind the current turn's prompt. */
int lh_transcript_enter(struct lh_transcript *t, uint32_t id, struct lh_error *err) LH_CHECKED;
/* The message's calls are forgotten, and with them its blob: nobody will answer them. Before it enters the record. What is
 * left is a reply like any other, its answer included: so it is read from the run file again. */
int lh_transcript_drop_calls(struct lh_transcript *t, uint32_t id, struct lh_error *err) LH_CHECKED;
/* Both at once. */
int lh_transcript_add_reply(struct lh_transcript *t, struct lh_str text, struct lh_str thoughts, uint32_t *id, struct lh_error *err) LH_CHECKED;
/* The reply enters the record: the turn is finished. */
int lh_transcript_accept(struct lh_transcript *t, uint32_t id, struct lh_error *err) LH_CHECKED;
/* A message that a policy wrote for a view; an equal one of this episode is found again. */
int lh_transcript_own(struct lh_transcript *t, enum lh_role role, struct lh_str text, uint32_t *id, struct lh_error *err) LH_CHECKED;

/* Edits of the record, by record index from 0. The instructions and the current prompt cannot be
 * removed; a message with calls goes with its results or not at all. A message keeps the calls it is about when its
 * text is replaced. Cost: what follows the first edited place. An answer tag in a text that replaces a prompt is
 * a restatement, as in any text that a policy wrote. */
int lh_transcript_replace(struct lh_transcript *t, uint32_t index, struct lh_str text, struct lh_str reason, uint32_t *id, struct lh_error *err) LH_CHECKED;
int lh_transcript_remove(struct lh_transcript *t, uint32_t from, uint32_t to, struct lh_str reason, struct lh_error *err) LH_CHECKED;   /* [from, to) */

/* Looking. */
struct lh_sample *lh_transcript_sample(const struct lh_transcript *t);
uint32_t lh_transcript_steps_per_turn(const struct lh_transcript *t);
uint32_t lh_transcript_turn(const struct lh_transcript *t);              /* current or last turn, from 1 */
bool lh_transcript_waiting(const struct lh_transcript *t);               /* the current turn has no reply yet */
uint32_t lh_transcript_prompt_at(const struct lh_transcript *t);         /* record index of its prompt; while it waits */
uint32_t lh_transcript_count(const struct lh_transcript *t);             /* messages ever made: ids below it */
uint32_t lh_transcript_length(const struct lh_transcript *t);            /* of the record */
uint32_t lh_transcript_id(const struct lh_transcript *t, uint32_t index);
const struct lh_message *lh_transcript_message(const struct lh_transcript *t, uint32_t id);
void lh_transcript_mark_journalled(struct lh_transcript *t, uint32_t id);
struct lh_str lh_transcript_text(const struct lh_transcript *t, uint32_t id);
struct lh_str lh_transcript_thoughts(const struct lh_transcript *t, uint32_t id);
struct lh_str lh_transcript_blob(const struct lh_transcript *t, uint32_t id);
struct lh_str lh_transcript_calls(const struct lh_transcript *t, uint32_t id);      /* empty: none */
struct lh_str lh_transcript_note(const struct lh_transcript *t, uint32_t id);
struct lh_str lh_transcript_state(const struct lh_transcript *t, uint32_t id);      /* empty: none */
const struct lh_sums *lh_transcript_sums(const struct lh_transcript *t, uint32_t index);   /* before index */
/* Record index of the first message of `turn` or of what follows it; 1 ≤ turn ≤ current + 1. */
uint32_t lh_transcript_turn_at(const struct lh_transcript *t, uint32_t turn);
/* Record index of usable answer number n (from 0), for lh_sums.usable. */
uint32_t lh_transcript_usable_at(const struct lh_transcript *t, uint32_t n);
uint32_t lh_transcript_restated_at(const struct lh_transcript *t, uint32_t n);      /* the same for lh_sums.restated */
/* Tools by number, in the family's order; what a model calls that there is not has the number behind them all. */
#define LH_TOOL_NUMBERS (LH_TOOLS_MAX + 1)
uint8_t lh_transcript_tool(const struct lh_transcript *t, struct lh_str name);
/* Results before record index `index`, of tools that are not in `spared` (bit: number); and the record index of result
 * number n (from 0) of them. */
uint32_t lh_transcript_results(const struct lh_transcript *t, uint32_t spared, uint32_t index);
uint32_t lh_transcript_result_at(const struct lh_transcript *t, uint32_t spared, uint32_t n);
/* Record index behind the last result that a reply has been given to: what comes later nobody has seen yet. */
uint32_t lh_transcript_seen(const struct lh_transcript *t);
/* Bytes that clearing takes from [from, to): of results, and of calls' arguments; bound: of the messages with calls, those
 * whose blob, which is not sent then, holds thoughts. */
struct lh_cleared { uint64_t results, result_bytes, line_digits, inputs, input_bytes, bound; };
void lh_transcript_cleared(const struct lh_transcript *t, uint32_t spared, uint32_t from, uint32_t to, struct lh_cleared *out);
uint32_t lh_transcript_edits(const struct lh_transcript *t);                        /* edits so far */
/* The record before this index is what it was when `edits` of its edits had been made. Costs the edits since. */
uint32_t lh_transcript_untouched(const struct lh_transcript *t, uint32_t edits);
/* A request was sent that was not the whole record, so that replies may be bound to a history that later
 * requests do not repeat (Anthropic's signed thoughts). Stays so. */
void lh_transcript_mark_partial(struct lh_transcript *t);
bool lh_transcript_partial(const struct lh_transcript *t);
struct lh_str lh_transcript_truth(const struct lh_transcript *t, uint32_t turn);    /* s(turn); turn 0: initial */
/* The last valid answer in the record, or what was restated in it since; else the initial state. */
struct lh_str lh_transcript_state_shown(const struct lh_transcript *t);

/* What `turn` makes of a state: the family's steps applied to it, appended to `out`. The truth's way is
 * known already, and the latest other one is remembered: model, judge and sums ask for the same. */
int lh_transcript_apply(struct lh_transcript *t, uint32_t turn, struct lh_str state, struct lh_buf *out, struct lh_error *err) LH_CHECKED;

/* The calls of tools that `turn` needs (calls.h), without the first `skip` of them, at most `most` (0: all); *put: how many
 * they are. Ids are "call_TURN_N". The task has tools. */
int lh_transcript_needs(struct lh_transcript *t, uint32_t turn, uint32_t skip, uint32_t most, struct lh_buf *out, uint32_t *put, struct lh_error *err) LH_CHECKED;

/* A placeholder for a result, "{lines}" in it replaced by the number of lines of the text it stands for, appended. */
void lh_put_placeholder(struct lh_buf *b, struct lh_str placeholder, struct lh_str text);

/* The text of a message under a variant, appended. */
void lh_put_variant(struct lh_buf *b, enum lh_role role, struct lh_str text, unsigned variant);

const char *lh_role_name(int role);
const char *lh_maker_name(int maker);

#endif
