/* support/matrix.h - 2×2 matrices over the integers modulo a prime p < 1000: arithmetic, text out, text in. */
#ifndef LH_SUPPORT_MATRIX_H
#define LH_SUPPORT_MATRIX_H

#include "support/family.h"

struct fam_matrix { int64_t a, b, c, d; };   /* rows a b and c d, entries from 0 to p - 1 */

bool fam_matrix_equal(struct fam_matrix m, struct fam_matrix n);
struct fam_matrix fam_matrix_times(struct fam_matrix m, struct fam_matrix n, int64_t p);
int64_t fam_matrix_determinant(struct fam_matrix m, int64_t p);
/* The determinant must not be 0. */
struct fam_matrix fam_matrix_inverse(struct fam_matrix m, int64_t p);
/* Uniform over the invertible matrices but the identity: p (p - 1) (p² - 1) - 1 of them. */
struct fam_matrix fam_matrix_draw(const struct lh_host *host, struct lh_draw *draw, int64_t p);

/* As one integer, the value of a dictionary's key: three decimal digits an entry. */
int64_t fam_matrix_pack(struct fam_matrix m);
struct fam_matrix fam_matrix_unpack(int64_t v);

/* Row by row: 3 0 6 1 */
void fam_matrix_put(const struct lh_host *host, struct lh_sink *out, struct fam_matrix m);
/* The four sums of m times n, each as it has to be to have the remainder that `product` has there:
 * 2*3+3*0=6, 2*5+3*2=16, … */
void fam_matrix_put_product(const struct lh_host *host, struct lh_sink *out, struct fam_matrix m, struct fam_matrix n,
	struct fam_matrix product, int64_t p);
/* A matrix as models write one: four numbers as fam_read_int reads them, from 0 to p - 1, with white space,
 * commas, or semicolons and lines between rows; in one of the usual kinds of brackets or in none. */
bool fam_matrix_read(struct lh_text t, int64_t p, struct fam_matrix *out);

#endif
