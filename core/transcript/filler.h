/* transcript/filler.h - unrelated questions and answers, for histories that are long and say nothing.
 *
 * Plain English about people, towns, animals and things, made from word lists: "What colour is Mira's boat?",
 * "Mira's boat is blue." ASCII, single spaces, no digits, no tags, no word that a built-in family has as a key,
 * and nothing that tells the reader to do anything. */
#ifndef LH_TRANSCRIPT_FILLER_H
#define LH_TRANSCRIPT_FILLER_H

#include "base/random.h"
#include "base/text.h"

/* Appends exactly so many bytes to each: a question, which ends in '?', and its answer, which ends in '.'.
 * Both speak of the same fact; where there is room, of more, and in what is left over by the way of others. Below
 * three bytes there is no sense to be made. The same stream and lengths give the same texts; either buffer may be
 * NULL, which does not change the other's text. Where a buffer's limit does not allow for its text, nothing is
 * appended to it and it says so (lh_buf_ok). Linear in what is written. */
void lh_filler_pair(struct lh_random r, size_t question_bytes, size_t answer_bytes, struct lh_buf *question, struct lh_buf *answer);

#endif
