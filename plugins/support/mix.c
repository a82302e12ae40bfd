#include "support/mix.h"

#include <string.h>

static int32_t wrong(const struct lh_host *host, struct fam_mix_words w, const char *text, struct lh_text part, const char *what)
{
	char all[FAM_KINDS_MAX * 16] = "";
	for (uint32_t k = 0; k < w.kinds; k++) {
		strcat(all, k ? ", " : "");
		strcat(all, w.name[k]);
	}
	return fam_fail(host, "%s=%.200s: '%.*s' %s; write NAME or NAME:WEIGHT, joined by +, with weights from 1 to %d and names out of: %s",
		w.param, text, (int)(part.size < 40 ? part.size : 40), part.bytes, what, FAM_WEIGHT_MAX, all);
}

static uint32_t find(struct fam_mix_words w, struct lh_text word)
{
	uint32_t k = 0;
	while (k < w.kinds && !fam_equal(word, (struct lh_text){ w.name[k], strlen(w.name[k]) }))
		k++;
	return k;
}

/* 0: no weight. */
static int64_t read_weight(struct lh_text t)
{
	int64_t v;
	return fam_state_int(t, &v) && v >= 1 && v <= FAM_WEIGHT_MAX ? v : 0;
}

int32_t fam_mix_read(const struct lh_host *host, struct fam_mix_words words, const char *text, struct fam_mix *out)
{
	*out = (struct fam_mix){ .kinds = words.kinds };
	for (const char *p = text; ; p++) {
		struct lh_text part = { p, strcspn(p, "+") }, word = { p, strcspn(p, ":+") };
		int64_t weight = word.size == part.size ? 1 : read_weight((struct lh_text){ p + word.size + 1, part.size - word.size - 1 });
		uint32_t k = find(words, word);
		if (k == words.kinds)
			return wrong(host, words, text, part, words.unknown);
		if (out->weight[k])
			return wrong(host, words, text, part, "stands there twice");
		if (!weight)
			return wrong(host, words, text, part, "has no weight that can be used");
		out->weight[k] = (uint32_t)weight;
		out->total += (uint32_t)weight;
		p += part.size;
		if (!*p)
			return LH_TASK_OK;
	}
}

uint32_t fam_mix_draw(const struct lh_host *host, const struct fam_mix *mix, struct lh_draw *draw)
{
	uint32_t at = (uint32_t)host->random_between(draw, 0, (int64_t)mix->total - 1), k = 0;
	while (at >= mix->weight[k])
		at -= mix->weight[k++];
	return k;
}
