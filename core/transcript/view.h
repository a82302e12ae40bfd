/* transcript/view.h - what is sent: a short list of index ranges over the record, each with a
 * variant, and the few messages that a policy wrote.
 *
 * Selection works by whole turns and variants are bits of the messages, so the two commute. No
 * operation looks at the messages themselves; each costs the number of pieces of the view.
 * Positions count the messages of the view from 1. A view refers to the record as it was when the
 * view was made: after an edit it is stale, and asking with it is the policy's error. */
#ifndef LH_TRANSCRIPT_VIEW_H
#define LH_TRANSCRIPT_VIEW_H

#include "transcript/transcript.h"

#define LH_VIEW_INLINE 6
#define LH_VIEW_MAX 4096                 /* pieces */
#define LH_VIEW_TOOLS 16384              /* and as many more of what this turn's tools brought */

struct lh_piece {
	uint32_t from, to;               /* record indexes [from, to); own: message id, 0 */
	uint16_t variant;
	bool own;                        /* a message outside the record: the policy's, or of this turn's tools */
	uint32_t placeholder, spared;    /* where results are cleared: what stands for them (a message id); tools left alone (bits) */
};

struct lh_view {
	struct lh_piece *piece;          /* `few`, or the heap */
	uint32_t n, cap;
	uint32_t edits;                  /* of the record, when the view was made */
	struct lh_piece few[LH_VIEW_INLINE];
};

void lh_view_init(struct lh_view *v);                          /* empty; must not move afterwards */
void lh_view_fini(struct lh_view *v);
int lh_view_all(struct lh_view *v, const struct lh_transcript *t, struct lh_error *err) LH_CHECKED;   /* the whole record */
int lh_view_copy(struct lh_view *to, const struct lh_view *from, struct lh_error *err) LH_CHECKED;

/* Selection. Turns are finished turns, 1 … current - 1; the instructions and the current prompt stay. */
int lh_view_keep(struct lh_view *v, const struct lh_transcript *t, uint32_t first, uint32_t last, struct lh_error *err) LH_CHECKED;
int lh_view_drop(struct lh_view *v, const struct lh_transcript *t, uint32_t from, uint32_t to, struct lh_error *err) LH_CHECKED;
int lh_view_drop_instructions(struct lh_view *v, struct lh_error *err) LH_CHECKED;
/* Variant bits on all turns but the last `keep_last` finished ones. */
int lh_view_vary(struct lh_view *v, const struct lh_transcript *t, unsigned variant, uint32_t keep_last, struct lh_error *err) LH_CHECKED;

/* Results of tools before record index `before` give way to a placeholder (a message of the policy's); inputs: so do
 * the arguments of calls. A tool whose bit is in `spared` is left alone. */
int lh_view_clear(struct lh_view *v, uint32_t before, bool inputs, uint32_t placeholder, uint32_t spared, struct lh_error *err) LH_CHECKED;

/* The policy's own messages. */
int lh_view_insert(struct lh_view *v, const struct lh_transcript *t, uint32_t position, uint32_t own, struct lh_error *err) LH_CHECKED;  /* before it */
int lh_view_set(struct lh_view *v, const struct lh_transcript *t, uint32_t position, uint32_t own, struct lh_error *err) LH_CHECKED;
int lh_view_append(struct lh_view *v, uint32_t own, struct lh_error *err) LH_CHECKED;
/* The record from this index on, behind all else. */
int lh_view_follow(struct lh_view *v, const struct lh_transcript *t, uint32_t from, struct lh_error *err) LH_CHECKED;
int lh_view_append_tool(struct lh_view *v, uint32_t id, struct lh_error *err) LH_CHECKED;      /* not the policy's: see LH_VIEW_TOOLS */
int lh_view_replace(struct lh_view *v, const struct lh_transcript *t, uint32_t from, uint32_t to, uint32_t own, struct lh_error *err) LH_CHECKED;  /* turns */
/* Before the current prompt (at the end of a view without it). */
int lh_view_insert_before_prompt(struct lh_view *v, const struct lh_transcript *t, uint32_t own, struct lh_error *err) LH_CHECKED;

/* A piece behind all else, as it was written (view_text.h). */
int lh_view_add_piece(struct lh_view *v, struct lh_piece piece, struct lh_error *err) LH_CHECKED;

uint32_t lh_view_length(const struct lh_view *v, const struct lh_transcript *t);     /* messages */
/* Role of the message at a position, which exists. */
int lh_view_role(const struct lh_view *v, const struct lh_transcript *t, uint32_t position, enum lh_role *role, struct lh_error *err) LH_CHECKED;
/* Does it begin, after the instructions, with the user, and end with the user or a tool's result? Does every message with
 * calls stand with its results behind it? */
int lh_view_valid(const struct lh_view *v, const struct lh_transcript *t, struct lh_error *err) LH_CHECKED;

/* Measured in the number of pieces. */
struct lh_view_size { uint64_t bytes, messages; int64_t tokens, history_tokens; };
/* history_tokens: without the instructions and the current prompt. */
void lh_view_measure(const struct lh_view *v, const struct lh_transcript *t, struct lh_view_size *out);
/* An answer is classified against the usable one before it where both, and all turns between, stand in one
 * unbroken run of the view and nothing between them restates a state. The policy's own assistant messages
 * count as replies, as usable where they hold a state, and are never wrong: they have no turn. */
void lh_view_exposure(const struct lh_view *v, const struct lh_transcript *t, struct lh_exposure *out);
/* h: the last valid answer in the messages of the view. *unshown: there is one in the record, none in
 * the view. Neither: nothing answered yet, and *shown is the initial state. */
void lh_view_shown(const struct lh_view *v, const struct lh_transcript *t, struct lh_str *shown, bool *unshown);
uint64_t lh_view_hash(const struct lh_view *v, const struct lh_transcript *t);
/* Share of `v`'s bytes that repeat the head of `before`, message for message; before may be NULL, or
 * older than edits of the record: what they touched counts as changed. */
double lh_view_reusable(const struct lh_view *v, const struct lh_view *before, const struct lh_transcript *t);

/* As text, for the run file: "COUNT:PIECE,PIECE…", COUNT the messages that existed when the call was
 * made, a piece "FROM-TO" (slots, inclusive) with "~BITS" for a variant, or "mID". Where results are cleared "+ID"
 * follows the bits, the placeholder, and "/NAME" for each tool that is left alone. */
void lh_view_write(const struct lh_view *v, const struct lh_transcript *t, uint32_t existed, struct lh_buf *out);

#endif
