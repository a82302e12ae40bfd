/* ci/neutral.h - text from outside, made harmless for a medium.
 *
 * Each first makes control characters, escape sequences, bidirectional controls and ill-formed bytes visible
 * (base/utf8.h), so that what follows has to deal with printable characters only. */
#ifndef LH_CI_NEUTRAL_H
#define LH_CI_NEUTRAL_H

#include "base/text.h"

/* XML character data or an attribute's value, on one line; of long text its head and its tail. */
void lh_ci_xml(struct lh_buf *out, struct lh_str text);
/* The same with its lines. */
void lh_ci_xml_lines(struct lh_buf *out, struct lh_str text);

/* Markdown, on one line: nothing of it is markup, a mention, a reference, a link or the end of a table's cell. */
void lh_ci_markdown_text(struct lh_buf *out, struct lh_str text);
/* The same as code. */
void lh_ci_markdown_code(struct lh_buf *out, struct lh_str text);
/* Lines of text, in a fence that they cannot end. */
void lh_ci_markdown_fence(struct lh_buf *out, struct lh_str text);

/* Lines for the log of a step: no line is a command of GitHub ("::" at its start, "##[" anywhere), nor of Azure or
 * TeamCity ("##vso[", "##teamcity["). Shown text only: nothing else is changed. */
void lh_ci_log_lines(struct lh_buf *out, struct lh_str text);

#endif
