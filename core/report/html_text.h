/* report/html_text.h - text on a page: the one place where it is escaped.
 *
 * Whatever came from outside (names, causes, what a model said) enters a page through these and through nothing else,
 * as the content of an element or of an attribute in double quotes; never within a style, a script or a name. */
#ifndef LH_REPORT_HTML_TEXT_H
#define LH_REPORT_HTML_TEXT_H

#include "base/text.h"

/* On one line: control characters, bidirectional controls and ill-formed bytes become visible (base/utf8.h), then & < > " '
 * are written as references. */
void lh_html_put(struct lh_buf *out, struct lh_str text);
/* The same, as content of an element, for text that may hold specs: "sim:accuracy=0.9,context=1" may break behind a comma that a
 * letter follows, which leaves its options whole on a narrow screen. Never in an attribute. */
void lh_html_put_name(struct lh_buf *out, struct lh_str text);
/* As lh_html_put, with line breaks and tabs kept. */
void lh_html_put_lines(struct lh_buf *out, struct lh_str text);
/* <tag class="class">text</tag>; class NULL: none. tag and class are our own. */
void lh_html_element(struct lh_buf *out, const char *tag, const char *class_name, struct lh_str text);

#endif
