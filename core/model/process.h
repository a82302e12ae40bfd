/* model/process.h - the insides of the kind "process", shared by process*.c. */
#ifndef LH_MODEL_PROCESS_H
#define LH_MODEL_PROCESS_H

#include "model/model_ops.h"

/* A command line as words, by a shell's rules of quoting ('…', "…", backslash) and nothing else of a
 * shell's: no variables, no patterns. *words: NULL-terminated, one block, free() it. LH_E_USAGE. */
int lh_process_words(struct lh_str command, char ***words, struct lh_error *err) LH_CHECKED;

enum lh_verdict lh_process_decode(struct lh_model *m, const struct lh_exchange *x, const struct lh_asked *asked, struct lh_reply *reply);

#endif
