/* measure/wilson.h - the interval of one share.
 *
 * Wilson's score interval (E. B. Wilson, JASA 22, 1927, pp. 209-212), without continuity
 * correction: Newcombe's method 3 (Statistics in Medicine 17, 1998, pp. 857-872), recommended for
 * small n by Brown, Cai, DasGupta (Statistical Science 16, 2001, pp. 101-133). Never of zero
 * width, never outside [0, 1]. */
#ifndef LH_MEASURE_WILSON_H
#define LH_MEASURE_WILSON_H

#include "measure/measure.h"

#define LH_Z95 1.959963984540054         /* standard normal quantile at 0.975 */

/* share: in [0, 1]; n: how many it is a share of, a count or (under censoring) an effective
 * number. n <= 0 or NAN anywhere: both ends NAN. */
struct lh_interval lh_wilson(double share, double n);

/* k / n, or NAN where n is 0. */
double lh_share(int64_t k, int64_t n);

#endif
