/* support/mix.h - how often each kind of operation comes: the parameter `ops` of families that have several kinds.
 * Written as names with weights, 1 where none stands: push:4+pop:2+swap. A kind that is not named does not come. */
#ifndef LH_SUPPORT_MIX_H
#define LH_SUPPORT_MIX_H

#include "support/family.h"

#define FAM_KINDS_MAX 16
#define FAM_WEIGHT_MAX 1000

struct fam_mix {
	uint32_t kinds, total;
	uint32_t weight[FAM_KINDS_MAX];
};

/* `name` has the kinds' names. Messages name the parameter and list the kinds. */
int32_t fam_mix_read(const struct lh_host *host, const char *text, const char *const *name, uint32_t kinds, struct fam_mix *out);
uint32_t fam_mix_draw(const struct lh_host *host, const struct fam_mix *mix, struct lh_draw *draw);

#endif
