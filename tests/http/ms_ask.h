/* What a request asks: three wire formats in, one list of messages out. */
#ifndef MS_ASK_H
#define MS_ASK_H

#include "json/reader.h"
#include "policy/policy.h"

enum ms_format { MS_CHAT, MS_ANTHROPIC, MS_RESPONSES };

/* One message, or one text block of a user's message. */
struct ms_part { enum lh_role role; struct lh_str text, thoughts; };

/* Texts point into `json` or into `words`, which has its full size from the start and does not move. */
struct ms_ask {
	enum ms_format format;
	bool stream;
	uint64_t seed, sample;
	uint32_t turn, call;
	struct lh_str model;             /* as sent; empty: none */
	struct lh_call_options options;
	struct ms_part *part;
	size_t parts, cap;
	struct lh_str thoughts;          /* a reasoning item whose message has not come yet */
	struct lh_buf words;
	struct lh_json *json;
};

/* LH_E_DATA: the request is wrong, err says how. Free with ms_ask_fini in either case. */
int ms_ask_parse(struct ms_ask *a, enum ms_format format, struct lh_str body, struct lh_error *err) LH_CHECKED;
void ms_ask_fini(struct ms_ask *a);

/* What vouches for thoughts that come back: 16 hex digits and a NUL. */
void ms_sign(struct lh_str thoughts, char out[17]);
/* Thoughts as an opaque text from which they can be had again, with their signature. */
void ms_seal(struct lh_buf *b, struct lh_str thoughts);

#endif
