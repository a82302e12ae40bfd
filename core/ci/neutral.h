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

#endif
