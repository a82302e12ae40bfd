/* measure/result.h - the memory of a result. */
#ifndef LH_MEASURE_RESULT_H
#define LH_MEASURE_RESULT_H

#include "measure/measure.h"

/* Zeroed, its arrays in place, one allocation: lh_result_free() is one free(). NULL: no memory. */
struct lh_result *lh_result_new(int turns, int s_count);

#endif
