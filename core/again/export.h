/* again/export.h - a run file's content in forms that other programs read, episode by episode. */
#ifndef LH_AGAIN_EXPORT_H
#define LH_AGAIN_EXPORT_H

#include "base/text.h"

enum lh_export_format {
	LH_EXPORT_JSONL,                         /* a turn a line: what was asked and said, and what became of it */
	LH_EXPORT_CSV,                           /* the same without texts and states: figures */
	LH_EXPORT_MESSAGES                       /* an episode a line: its record, in the form of Chat Completions */
};

struct lh_export {
	enum lh_export_format format;
	int64_t run;                             /* -1: the newest */
	/* Whole lines; the text is gone after the call. A non-zero return ends the export and is returned. */
	int (*put)(void *user, struct lh_str lines, struct lh_error *err);
	void *user;
	int64_t left_out;                        /* filled: episodes with a made history, which the file does not hold as messages */
};

int lh_export(struct lh_export *e, const char *path, struct lh_error *err) LH_CHECKED;

#endif
