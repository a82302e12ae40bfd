/* report/prose.h - words on a terminal: shown safely, shortened, wrapped.
 *
 * Texts of this room are written in UTF-8; where the terminal cannot show that, the few signs they
 * use have ASCII spellings and any other character is written \u0000. Whatever came from outside
 * goes through lh_prose_shown() first, and through nothing else.
 *
 * For a page (lh_style_is_page) wrap, caveat, command and define write elements and escape what they are given, once
 * (report/html_text.h); whatever made that text need not know. */
#ifndef LH_REPORT_PROSE_H
#define LH_REPORT_PROSE_H

#include "report/report.h"

enum lh_tone { LH_TONE_PLAIN, LH_TONE_BOLD, LH_TONE_DIM };

/* Escape codes where the style has colour, nothing otherwise. */
void lh_prose_tone(struct lh_buf *out, enum lh_tone tone, const struct lh_report_style *style);

/* Text from outside, on one line, at most 240 bytes of it. */
void lh_prose_shown(struct lh_buf *out, struct lh_str text, const struct lh_report_style *style);
/* The same without that limit, for sentences. */
void lh_prose_shown_whole(struct lh_buf *out, struct lh_str text, const struct lh_report_style *style);
/* Our own text: signs respelled where needed. */
void lh_prose_put(struct lh_buf *out, const char *text, const struct lh_report_style *style);

/* Shown text cut in its middle to at most `columns`, so that both its name and its last option
 * (or a closing parenthesis) stay; returns the columns written. */
int lh_prose_short(struct lh_buf *out, struct lh_str shown, int columns, const struct lh_report_style *style);
void lh_prose_spaces(struct lh_buf *out, int n);

/* Shown text filled into lines no wider than the terminal, nor than 100 columns. The first line is
 * taken to start at column `at`, later ones are indented by `hang`. Ends with a newline. */
void lh_prose_wrap(struct lh_buf *out, struct lh_str shown, int at, int hang, const struct lh_report_style *style);
/* The same, as a heading. */
void lh_prose_heading(struct lh_buf *out, struct lh_str shown, const struct lh_report_style *style);
/* The same, as something to beware of: marked "!". `line` is emptied; its failure is out's. */
void lh_prose_caveat(struct lh_buf *out, struct lh_buf *line, const struct lh_report_style *style);
/* "  LABEL COMMAND" on a line that is not broken: to be pasted. The command comes from outside. */
void lh_prose_command(struct lh_buf *out, const char *label, struct lh_str command, const struct lh_report_style *style);
/* "  term   text": one entry of a list whose terms take `width` columns. */
void lh_prose_define(struct lh_buf *out, const char *term, const char *text, int width, const struct lh_report_style *style);

#endif
