/* again/export_impl.h - an episode as it is exported; shared by export.c (read) and export_lines.c (written). */
#ifndef LH_AGAIN_EXPORT_IMPL_H
#define LH_AGAIN_EXPORT_IMPL_H

#include "journal/journal.h"

struct lh_export_condition { struct lh_condition_row row /* whose texts are gone */; char *history, *task_label, *model_label, *policy_label; };

/* Texts are the record's own. */
struct lh_export_message { int64_t id, slot, turn; char *role, *text, *thoughts, *calls, *made_by; };

struct lh_export_record {
	const struct lh_export_condition *condition;
	int64_t run, sample, probe;
	char status[24];
	struct lh_export_message *message; size_t messages, cap;
};

/* The line of an accepted call. */
int lh_export_json_turn(const struct lh_export_record *r, const struct lh_call_row *c, struct lh_buf *out, struct lh_error *err) LH_CHECKED;
void lh_export_csv_head(struct lh_buf *out);
void lh_export_csv_turn(const struct lh_export_record *r, const struct lh_call_row *c, struct lh_buf *out);
/* The line of an episode. */
int lh_export_messages(const struct lh_export_record *r, struct lh_buf *out, struct lh_error *err) LH_CHECKED;

#endif
