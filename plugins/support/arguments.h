/* support/arguments.h - arguments of a tool's call, and what a tool answers, as JSON.
 *
 * The host has checked that the arguments are a JSON object with what the schema requires, written without white space
 * between its parts: this only finds a member of it. */
#ifndef LH_SUPPORT_ARGUMENTS_H
#define LH_SUPPORT_ARGUMENTS_H

#include "support/family.h"

/* The text of member `name`, NUL-terminated and cut off at `size`; false: there is no such text. */
bool fam_argument_text(struct lh_text arguments, const char *name, char *out, size_t size);
/* "text", escaped and in quotes. */
void fam_put_json_text(const struct lh_host *host, struct lh_sink *out, const char *text);
/* {"error": "there is no KIND NAME"}; gives LH_TASK_REFUSED. */
int32_t fam_no_such(const struct lh_host *host, struct lh_sink *out, const char *kind, const char *name);
/* [{"name": TOOL, "arguments": {ARGUMENT: text}}]: what a step needs that takes one call. */
int32_t fam_put_need(const struct lh_host *host, struct lh_sink *out, const char *tool, const char *argument, const char *text);

#endif
