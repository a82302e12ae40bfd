#include "measure/signflip.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

enum { PART = 1024, PARTS = LH_SIGNINGS / PART, BYTE_BITS = 8, BYTE = 256, LABELS = 4, LABEL_BITS = 16 };

int lh_signflip_least(double level)
{
	int n = 1;
	while (n < LH_PERMUTE_SIGNS && ldexp(2, -n) > level)
		n++;
	return n;
}

struct seen { double sum, scale; };

static struct seen add_up(const double *d, int n)
{
	struct seen s = { 0, 0 };
	for (int i = 0; i < n; i++) {
		s.sum += d[i];
		s.scale += fabs(d[i]);
	}
	return s;
}

/* Sums of the same numbers in another order differ in the last digits: permute.c's rule. */
static double far_from(const struct seen *s) { return fabs(s->sum) - 1e-12 * s->scale; }

/* ---- all signings ---- */

/* sum[v]: difference j with its sign where bit j of v is set, else with the other. */
static void fill_table(double sum[BYTE], const double *d, int n)
{
	sum[0] = 0;
	for (int j = 0; j < n; j++)
		sum[0] -= d[j];
	for (unsigned v = 1; v < BYTE; v++) {
		int j = __builtin_ctz(v);
		sum[v] = sum[v & (v - 1)] + (j < n ? 2 * d[j] : 0);
	}
}

/* The first half of the signings: the others are the same with all signs turned. */
static bool all_reject(const double *d, int n, const struct seen *s, double level)
{
	double low[BYTE], high[BYTE], far = far_from(s);
	int below = n < BYTE_BITS ? n : BYTE_BITS, count = 0, half = 1 << n >> 1;
	if (n == 0)
		return level >= 1;
	fill_table(low, d, below);
	fill_table(high, d + below, n - below);
	for (int v = 0; v < half; v++)
		count += fabs(low[v % BYTE] + high[v / BYTE]) >= far;
	return (double)count / half <= level;
}

/* ---- a group of signings ---- */

/* A label's three higher bits choose among 8 parts; with 1 they are as if they were 0. */
static void sum_by_label(const double *d, int n, uint64_t seed, double sum[][PART], unsigned parts)
{
	struct lh_random r = lh_random_stream(seed, 0, 0, LH_FOR_PERMUTATION, 0);
	uint64_t word = 0;
	memset(sum, 0, parts * sizeof *sum);
	for (int i = 0; i < n; i++, word >>= LABEL_BITS) {
		if (i % LABELS == 0)
			word = lh_random_next(&r);
		sum[word / PART & (parts - 1)][word % PART] += d[i];
	}
}

/* In place; x[v] becomes the sum of all x[u] with the sign (-1)^(bits that u and v share). Two bits at a
 * time: PART is a power of 4. */
static void walsh_hadamard(double x[PART])
{
	for (int step = 1; step < PART; step *= 4)
		for (int from = 0; from < PART; from += 4 * step)
			for (int i = from; i < from + step; i++) {
				double p = x[i], q = x[i + step], r = x[i + 2 * step], s = x[i + 3 * step];
				double a = p + q, b = p - q, c = r + s, d = r - s;
				x[i] = a + c;
				x[i + step] = b + d;
				x[i + 2 * step] = a - c;
				x[i + 3 * step] = b - d;
			}
}

/* The signings that see of a label its lower bits only: a group in the group. */
static int far_in_part(const double *d, int n, uint64_t seed, double far)
{
	double sum[1][PART];
	int count = 0;
	sum_by_label(d, n, seed, sum, 1);
	walsh_hadamard(sum[0]);
	for (int v = 0; v < PART; v++)
		count += fabs(sum[0][v]) >= far;
	return count;
}

static int far_of_two(double a, double b, double far)
{
	return (fabs(a + b) >= far) + (fabs(a - b) >= far);
}

static int far_of_four(double a, double b, double c, double d, double far)
{
	return far_of_two(a + c, b + d, far) + far_of_two(a - c, b - d, far);
}

/* The last three bits, of eight sums with the same lower ones. */
static int far_of_eight(double sum[PARTS][PART], int v, double far)
{
	double a = sum[0][v], b = sum[1][v], c = sum[2][v], d = sum[3][v];
	double e = sum[4][v], f = sum[5][v], g = sum[6][v], h = sum[7][v];
	return far_of_four(a + e, b + f, c + g, d + h, far) + far_of_four(a - e, b - f, c - g, d - h, far);
}

static int far_in_all(const double *d, int n, uint64_t seed, double far)
{
	double sum[PARTS][PART];
	int count = 0;
	sum_by_label(d, n, seed, sum, PARTS);
	for (int i = 0; i < PARTS; i++)
		walsh_hadamard(sum[i]);
	for (int v = 0; v < PART; v++)
		count += far_of_eight(sum, v, far);
	return count;
}

bool lh_signflip_rejects(const double *difference, int n, uint64_t seed, double level)
{
	double few[LH_PERMUTE_SIGNS];
	int count = 0;
	for (int i = 0; i < n; i++)
		if (difference[i] != 0 && count++ < LH_PERMUTE_SIGNS)
			few[count - 1] = difference[i];
	struct seen s = add_up(difference, n);
	if (count <= LH_PERMUTE_SIGNS)
		return all_reject(few, count, &s, level);
	double most = level * LH_SIGNINGS;
	return far_in_part(difference, n, seed, far_from(&s)) <= most && far_in_all(difference, n, seed, far_from(&s)) <= most;
}
