/* support/mix.h - how often each of several kinds comes: the parameter `ops` of families with several kinds of operations, and
 * others like it. Written as names with weights, 1 where none stands: push:4+pop:2+swap. A kind that is not named does not come. */
#ifndef LH_SUPPORT_MIX_H
#define LH_SUPPORT_MIX_H

#include "support/family.h"

#define FAM_KINDS_MAX 16
#define FAM_WEIGHT_MAX 1000

struct fam_mix {
	uint32_t kinds, total;
	uint32_t weight[FAM_KINDS_MAX];
};

/* What messages say: the parameter, of a name that is none that it "is no operation", and all names. */
struct fam_mix_words {
	const char *param, *unknown;
	const char *const *name;
	uint32_t kinds;
};

int32_t fam_mix_read(const struct lh_host *host, struct fam_mix_words words, const char *text, struct fam_mix *out);
uint32_t fam_mix_draw(const struct lh_host *host, const struct fam_mix *mix, struct lh_draw *draw);

#endif
