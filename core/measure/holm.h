/* measure/holm.h - p-values of several tests, adjusted so that all may be read together.
 *
 * Holm's step-down procedure (S. Holm, Scandinavian Journal of Statistics 6, 1979, pp. 65-70): the
 * smallest p times m, the next times m - 1 and so on, never falling, at most 1. An adjusted p at
 * most alpha: refuted, with probability at most alpha that any true hypothesis is, whatever the
 * tests' dependence. As adjusted p-values: S. P. Wright, Biometrics 48, 1992, pp. 1005-1013. */
#ifndef LH_MEASURE_HOLM_H
#define LH_MEASURE_HOLM_H

/* adjusted[m] from p[m], each in [0, 1]. NAN is a test that was not made: it stays NAN and does not
 * count. The two must not overlap. Takes m^2 steps. */
void lh_holm(const double *p, int m, double *adjusted);

#endif
