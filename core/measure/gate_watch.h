/* measure/gate_watch.h - a case of a gate, looked at after every sample: measure/sequential.h upon measure/gate.h.
 *
 * Samples come in the order of their index, only the finished prefix. Of one that was cut off only bounds of X are known:
 * two lh_sequential see the one and the other, and a verdict is one only where both have it. Rules on tokens are not
 * about the mean of a bounded number: they are decided once, at the planned number of samples (lh_gate_decide()). */
#ifndef LH_MEASURE_GATE_WATCH_H
#define LH_MEASURE_GATE_WATCH_H

#include "measure/gate.h"

struct lh_gate_watch {
	struct lh_sequential low, high;  /* high: once `apart` */
	bool apart;                      /* a sample was cut off */
	enum lh_gate_verdict verdict;    /* OPEN, PASS or FAIL */
	int64_t decided_at;              /* the sample, from 1; 0: open */
};

static inline bool lh_gate_watchable(const struct lh_gate_case *k) { return k->rule->metric != LH_METRIC_TOKENS_PER_TURN && !k->rule->baseline; }

/* alpha: of both sides together, 0.05 for a threshold of 40. cases: of the whole gate. LH_E_USAGE. */
int lh_gate_watch_init(struct lh_gate_watch *w, const struct lh_gate_case *k, double alpha, int cases, struct lh_error *err) LH_CHECKED;
enum lh_gate_verdict lh_gate_watch_add(struct lh_gate_watch *w, const struct lh_gate_case *k, const struct lh_gate_condition *c, int sample);

/* The fewest samples at which it could pass. */
int64_t lh_gate_watch_least(const struct lh_gate_case *k, double alpha);

/* What is to be said once `samples` samples have been seen: the verdict, and the mean of X with its betting interval at
 * the sample that decided, or at the last. The value is X's mean; of a loss, the difference. */
int lh_gate_follow(const struct lh_gate_case *k, const struct lh_gate_condition *c, int samples, double alpha, int cases,
	struct lh_gate_result *out, struct lh_error *err) LH_CHECKED;

#endif
