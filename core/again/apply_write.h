/* again/apply_write.h - a view of a conversation written as messages of Chat Completions. Of apply.c alone. */
#ifndef LH_AGAIN_APPLY_WRITE_H
#define LH_AGAIN_APPLY_WRITE_H

#include "again/apply.h"
#include "transcript/view.h"

struct lh_written {
	const struct lh_conversation *c;
	struct lh_transcript *t;
	const int64_t *unit; size_t ids;         /* of a message of the record, by id; -1: none */
	struct lh_application *what;             /* fates and counts are filled in */
};

/* A message that is sent as it came is written as it came, with all its members. What the policy wrote beside a message of the
 * user is part of that message. */
int lh_apply_write(struct lh_written *w, const struct lh_view *view, struct lh_buf *out, struct lh_error *err) LH_CHECKED;

#endif
