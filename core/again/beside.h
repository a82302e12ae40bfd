/* again/beside.h - a run file that is made whole beside its place, and only then put there. */
#ifndef LH_AGAIN_BESIDE_H
#define LH_AGAIN_BESIDE_H

#include "base/text.h"

/* May a run file be put at `out`? Where there is one, or what one has left beside it, only with `replace`. LH_E_USAGE; LH_E_IO: another
 * longhaul is writing to it. */
int lh_beside_check(const char *out, bool replace, struct lh_error *err) LH_CHECKED;
/* Appends where to make it: "OUT.DOING-PID". */
int lh_beside_name(const char *out, const char *doing, struct lh_buf *name, struct lh_error *err) LH_CHECKED;
/* Moves what was made to `out`; what lay beside an old file goes with it. LH_E_IO: as above, and all stays as it was. */
int lh_beside_place(const char *made, const char *out, bool replace, struct lh_error *err) LH_CHECKED;
/* It came to nothing. */
void lh_beside_remove(const char *made);

#endif
