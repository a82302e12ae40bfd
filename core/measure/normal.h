/* measure/normal.h - the normal and Student distributions, as far as intervals need them. */
#ifndef LH_MEASURE_NORMAL_H
#define LH_MEASURE_NORMAL_H

/* P(Z <= z). */
double lh_normal_below(double z);
/* z with P(Z <= z) = p; -INFINITY and INFINITY at p = 0 and 1. */
double lh_normal_quantile(double p);
/* The 0.975 quantile of Student's t: Cornish-Fisher to the third order in 1/freedom (Abramowitz
 * and Stegun 26.7.5), exact at 1 and 2. Relative error below 1 % from 3 degrees of freedom. */
double lh_student_quantile95(double freedom);

#endif
