/* transcript/filler.h - text for the length control: questions and answers about nothing that matters. */
#ifndef LH_TRANSCRIPT_FILLER_H
#define LH_TRANSCRIPT_FILLER_H

#include "base/random.h"
#include "base/text.h"

/* Appends exactly so many bytes to each. */
void lh_filler_pair(struct lh_random r, size_t question_bytes, size_t answer_bytes, struct lh_buf *question, struct lh_buf *answer);

#endif
