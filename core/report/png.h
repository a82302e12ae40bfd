/* report/png.h - a small picture of few colours, as text for a page. */
#ifndef LH_REPORT_PNG_H
#define LH_REPORT_PNG_H

#include "base/text.h"

enum { LH_PNG_COLOURS = 16 };

struct lh_png_colour { uint8_t r, g, b, a; };

/* Bytes that lh_png_put will write, at most. */
size_t lh_png_size(int width, int height);
/* "data:image/png;base64,…". pixel[height * width]: indexes into palette; both sides at least 1. Not compressed: what is
 * written does not depend on the content. */
void lh_png_put(struct lh_buf *out, const uint8_t *pixel, int width, int height, const struct lh_png_colour palette[LH_PNG_COLOURS]);

#endif
