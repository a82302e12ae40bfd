/* measure/gate_impl.h - what a case is decided by, of one run; shared by gate.c and gate_base.c. */
#ifndef LH_MEASURE_GATE_IMPL_H
#define LH_MEASURE_GATE_IMPL_H

#include "measure/gate.h"

/* What is supposed of cells that were cut off: the value that was observed; the rule's worst; its best. */
enum lh_gate_suppose { LH_AS_OBSERVED, LH_IF_WRONG, LH_IF_RIGHT };

/* Fills quantity, value, interval with its open ends, and samples. */
int lh_gate_read(const struct lh_gate_case *k, const struct lh_gate_condition *c, enum lh_gate_suppose how, uint64_t seed,
	struct lh_gate_result *out, struct lh_error *err) LH_CHECKED;
/* Was anything cut off that the rule is about? */
bool lh_gate_has_gaps(const struct lh_gate_case *k, const struct lh_gate_condition *c);

#endif
