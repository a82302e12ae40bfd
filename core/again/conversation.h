/* again/conversation.h - messages of Chat Completions from elsewhere, as turns.
 *
 *   [{"role":"system","content":"…"},{"role":"user","content":"…"},{"role":"assistant","content":"…"},…]
 *
 * What stands in front is the instructions. A turn begins where the user's side speaks (user; system and developer, behind
 * the instructions), and is over where the assistant answers without calling a tool. Messages of one side that follow one
 * another are one *unit*, which is one message of the record; the messages themselves are kept as they came. */
#ifndef LH_AGAIN_CONVERSATION_H
#define LH_AGAIN_CONVERSATION_H

#include "base/text.h"
#include "transcript/transcript.h"

struct lh_json;

struct lh_unit {
	enum lh_role role;                       /* LH_SYSTEM: the instructions, always the first unit */
	int first, count;                        /* messages; count 0: none, it fills a gap */
	struct lh_str text, thoughts, calls;     /* joined with blank lines; calls as transcript/calls.h has them */
};

struct lh_conversation {
	struct lh_json *document;
	const struct lh_json *list;              /* of the messages, in it */
	const struct lh_json **message; size_t messages, message_cap;
	struct lh_unit *unit; size_t units, unit_cap;
	struct lh_str *tool; size_t tools, tool_cap;   /* names of those that are called, each once */
	struct lh_buf words;
};

/* `text`: an array of messages, or an object with one under "messages". `where` names it. LH_E_DATA says which message is
 * wrong, and in what; LH_E_USAGE: nobody asks, or it ends with the assistant, so that nothing is about to be sent. */
int lh_conversation_read(struct lh_conversation *c, struct lh_str text, const char *where, struct lh_error *err) LH_CHECKED;
void lh_conversation_fini(struct lh_conversation *c);

#endif
