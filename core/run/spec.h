/* run/spec.h - NAME[:key=value,…], the way everything is named on the command line.
 *
 * Values may be quoted with "…" where they hold commas; \" and \\ inside quotes. A first value
 * without a key is the spec's bare value (replay:FILE). */
#ifndef LH_RUN_SPEC_H
#define LH_RUN_SPEC_H

#include "base/text.h"

#define LH_SPEC_KEYS 64

struct lh_spec {
	char *text;                      /* as typed */
	char *words;                     /* what the strings below point into */
	struct lh_str name, bare;
	struct lh_str key[LH_SPEC_KEYS], value[LH_SPEC_KEYS];
	int count;
};

/* what: "task", "model" … for messages. */
int lh_spec_parse(struct lh_str text, const char *what, struct lh_spec *out, struct lh_error *err) LH_CHECKED;
void lh_spec_fini(struct lh_spec *s);

#endif
