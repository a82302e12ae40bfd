#include "measure/permute.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct lh_random stream(uint64_t seed, int64_t b)
{
	return lh_random_stream(seed, 0, 0, LH_FOR_PERMUTATION, (uint64_t)b);
}

/* Sums of the same numbers in another order differ in the last digits: as far out is as far out but
 * for that. `scale` is the sum of what was added, without signs. */
static bool as_far(double statistic, double seen, double scale)
{
	return fabs(statistic) >= fabs(seen) - 1e-12 * scale;
}

static struct lh_permuted drawn(double statistic, int64_t far, int permutations)
{
	return (struct lh_permuted){ statistic, ((double)far + 1) / (permutations + 1.0), false, permutations };
}

static struct lh_permuted enumerated(double statistic, int64_t far, int64_t all)
{
	return (struct lh_permuted){ statistic, (double)far / (double)all, true, all };
}

/* ---- signs ---- */

/* Bit i % 64 set: difference i keeps its sign. A fresh word every 64. */
static double signed_sum(const double *d, int n, uint64_t bits, struct lh_random *r)
{
	double sum = 0;
	for (int i = 0; i < n; i++, bits >>= 1) {
		if (r && i % 64 == 0)
			bits = lh_random_next(r);
		sum += bits & 1 ? d[i] : -d[i];
	}
	return sum;
}

static struct lh_permuted all_signs(const double *d, int n, double seen, double scale)
{
	int64_t far = 0, all = (int64_t)1 << n;
	for (int64_t code = 0; code < all; code++)
		far += as_far(signed_sum(d, n, (uint64_t)code, NULL), seen, scale);
	return enumerated(seen, far, all);
}

static struct lh_permuted some_signs(const double *d, int n, double seen, double scale, uint64_t seed, int permutations)
{
	int64_t far = 0;
	for (int b = 0; b < permutations; b++) {
		struct lh_random r = stream(seed, b);
		far += as_far(signed_sum(d, n, 0, &r), seen, scale);
	}
	return drawn(seen, far, permutations);
}

/* The first LH_PERMUTE_SIGNS of the non-zero ones into few; returns how many there are. */
static int nonzero(const double *d, int n, double few[LH_PERMUTE_SIGNS])
{
	int count = 0;
	for (int i = 0; i < n; i++) {
		if (d[i] == 0)
			continue;
		if (count < LH_PERMUTE_SIGNS)
			few[count] = d[i];
		count++;
	}
	return count;
}

struct lh_permuted lh_permute_signs(const double *difference, int n, uint64_t seed, int permutations)
{
	double few[LH_PERMUTE_SIGNS] = { 0 }, seen = 0, scale = 0;
	for (int i = 0; i < n; i++) {
		seen += difference[i];
		scale += fabs(difference[i]);
	}
	int count = nonzero(difference, n, few);
	if (count <= LH_PERMUTE_SIGNS)
		return all_signs(few, count, seen, scale);
	return some_signs(difference, n, seen, scale, seed, permutations);
}

/* ---- labels ---- */

struct labels { const double *score; int first, n; double mean, scale, seen; };

/* n over k, or `most` + 1 where it is more. */
static int64_t ways(int n, int k, int64_t most)
{
	int64_t w = 1;
	for (int i = 1; i <= k; i++) {
		w = w * (n - k + i) / i;
		if (w > most)
			return most + 1;
	}
	return w;
}

static double group_sum(const struct labels *l, const int *member)
{
	double sum = 0;
	for (int i = 0; i < l->first; i++)
		sum += l->score[member[i]] - l->mean;
	return sum;
}

/* The next set of `first` among n in lexical order; false after the last. */
static bool next_group(int *member, int first, int n)
{
	int i = first - 1;
	while (i >= 0 && member[i] == n - first + i)
		i--;
	if (i < 0)
		return false;
	member[i]++;
	for (int j = i + 1; j < first; j++)
		member[j] = member[j - 1] + 1;
	return true;
}

static struct lh_permuted all_groups(const struct labels *l, int *member)
{
	int64_t far = 0, all = 0;
	do {
		far += as_far(group_sum(l, member), l->seen, l->scale);
		all++;
	} while (next_group(member, l->first, l->n));
	return enumerated(l->seen, far, all);
}

/* The first places of a Fisher-Yates shuffle. `member` stays a permutation, and shuffling any
 * permutation gives each with equal chance, but then draw b would depend on the draws before it. */
static void draw_group(int *member, const struct labels *l, struct lh_random *r)
{
	for (int i = 0; i < l->n; i++)
		member[i] = i;
	for (int i = 0; i < l->first; i++) {
		int j = i + (int)lh_random_below(r, (uint64_t)(l->n - i)), kept = member[i];
		member[i] = member[j];
		member[j] = kept;
	}
}

static struct lh_permuted some_groups(const struct labels *l, int *member, uint64_t seed, int permutations)
{
	int64_t far = 0;
	for (int b = 0; b < permutations; b++) {
		struct lh_random r = stream(seed, b);
		draw_group(member, l, &r);
		far += as_far(group_sum(l, member), l->seen, l->scale);
	}
	return drawn(l->seen, far, permutations);
}

static struct labels labels_of(const double *score, int first, int n, const int *member)
{
	struct labels l = { .score = score, .first = first, .n = n };
	for (int i = 0; i < n; i++)
		l.mean += score[i] / n;
	for (int i = 0; i < n; i++)
		l.scale += fabs(score[i] - l.mean);
	l.seen = group_sum(&l, member);
	return l;
}

int lh_permute_labels(const double *score, int first, int second, uint64_t seed, int permutations, struct lh_permuted *out, struct lh_error *err)
{
	*out = (struct lh_permuted){ .p = 1, .exact = true, .count = 1 };
	if (first < 1 || second < 1)
		return 0;
	int n = first + second;
	int *member = malloc((size_t)n * sizeof *member);
	if (!member)
		return lh_nomem(err);
	for (int i = 0; i < n; i++)
		member[i] = i;
	struct labels l = labels_of(score, first, n, member);
	int64_t all = ways(n, first, LH_PERMUTE_LABELS);
	*out = all <= LH_PERMUTE_LABELS ? all_groups(&l, member) : some_groups(&l, member, seed, permutations);
	free(member);
	return 0;
}

/* ---- blocks ---- */

/* Blocks that say something, both numbers less their block's mean: then the mean over all
 * rearrangements is 0. */
struct centred { int blocks; int *start; double *x, *y, *mixed; double scale; };

static double mean_of(const double *v, int n)
{
	double sum = 0;
	for (int i = 0; i < n; i++)
		sum += v[i];
	return sum / n;
}

static bool all_equal(const double *v, int n)
{
	for (int i = 1; i < n; i++)
		if (v[i] != v[0])
			return false;
	return true;
}

static void add_block(struct centred *c, const double *x, const double *y, int n)
{
	int at = c->start[c->blocks];
	double mean_x = mean_of(x, n), mean_y = mean_of(y, n);
	for (int i = 0; i < n; i++) {
		c->x[at + i] = x[i] - mean_x;
		c->y[at + i] = y[i] - mean_y;
		c->scale += fabs(c->x[at + i]) * fabs(c->y[at + i]);
	}
	c->start[++c->blocks] = at + n;
}

static void centre(struct centred *c, const struct lh_blocks *b)
{
	for (int i = 0; i < b->blocks; i++) {
		int from = b->start[i], n = b->start[i + 1] - from;
		if (n > 1 && !all_equal(b->x + from, n) && !all_equal(b->outcome + from, n))
			add_block(c, b->x + from, b->outcome + from, n);
	}
}

static void shuffle(double *v, int n, struct lh_random *r)
{
	for (int i = n - 1; i > 0; i--) {
		int j = (int)lh_random_below(r, (uint64_t)i + 1);
		double kept = v[i];
		v[i] = v[j];
		v[j] = kept;
	}
}

static double product(const struct centred *c, const double *y)
{
	double sum = 0;
	for (int i = 0; i < c->start[c->blocks]; i++)
		sum += c->x[i] * y[i];
	return sum;
}

static struct lh_permuted some_blocks(const struct centred *c, uint64_t seed, int permutations)
{
	double seen = product(c, c->y);
	size_t size = (size_t)c->start[c->blocks] * sizeof *c->y;
	int64_t far = 0;
	for (int b = 0; b < permutations; b++) {
		struct lh_random r = stream(seed, b);
		memcpy(c->mixed, c->y, size);
		for (int i = 0; i < c->blocks; i++)
			shuffle(c->mixed + c->start[i], c->start[i + 1] - c->start[i], &r);
		far += as_far(product(c, c->mixed), seen, c->scale);
	}
	return drawn(seen, far, permutations);
}

int lh_permute_blocks(const struct lh_blocks *b, uint64_t seed, int permutations, struct lh_permuted *out, struct lh_error *err)
{
	*out = (struct lh_permuted){ .p = 1, .exact = true, .count = 1 };
	size_t cells = b->blocks > 0 ? (size_t)b->start[b->blocks] : 0;
	struct centred c = { .start = calloc((size_t)b->blocks + 1, sizeof *c.start), .x = calloc(3 * cells + 1, sizeof *c.x) };
	int code = 0;
	if (c.start && c.x) {
		c.y = c.x + cells;
		c.mixed = c.y + cells;
		centre(&c, b);
		if (c.blocks > 0)
			*out = some_blocks(&c, seed, permutations);
	} else {
		code = lh_nomem(err);
	}
	free(c.start);
	free(c.x);
	return code;
}
