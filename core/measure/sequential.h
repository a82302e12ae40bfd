/* measure/sequential.h - a gate that may stop as soon as it is sure.
 *
 * A rule: the mean of one number X per sample, in [0, 1], is at least (or at most) a constant m. Two
 * gamblers watch the samples (measure/betting.h), one against "the mean is at most m", one against
 * "at least m". Each one's wealth is a test supermartingale where it is wrong: the probability that
 * it ever reaches 40, at whatever sample one looks, is at most 1/40 (Ville 1939; Waudby-Smith,
 * Ramdas, JRSS-B 86, 2024, pp. 1-27). So the gate passes or fails at the first sample at which one
 * does, and looking after every sample costs nothing.
 *
 * With several rules a gate passes when all pass: no correction is needed, a gate that should not
 * pass has a rule that should not. It fails when any fails: that needs 40 times their number.
 *
 * Samples must come in the order of their index, only the finished prefix: in order of completion
 * those that err, and so may end early, would come first. A sample of which only bounds of X are
 * known (censored): one lh_sequential for either bound, and a verdict only where both agree. */
#ifndef LH_MEASURE_SEQUENTIAL_H
#define LH_MEASURE_SEQUENTIAL_H

#include "measure/betting.h"

struct lh_gate_rule {
	double m;                /* in (0, 1) */
	bool at_most;            /* the mean of X must not be above m; else not below it */
	int rules;               /* of the gate that this one belongs to, at least 1 */
};

enum lh_gate_verdict {
	LH_GATE_OPEN, LH_GATE_PASS, LH_GATE_FAIL,
	LH_GATE_INFRASTRUCTURE           /* of a rule upon a run (measure/gate.h): what was cut off would decide it */
};

struct lh_sequential {
	struct lh_gate_rule rule;
	int64_t samples;                 /* added so far */
	enum lh_gate_verdict verdict;         /* stays what it once became */
	int64_t decided_at;              /* the sample, from 1, that decided; 0: open */
	double threshold;                /* LH_BET_THRESHOLD; whoever wants another certainty sets it before the first sample */
	struct lh_bet passing, failing;
};

/* LH_E_USAGE: m outside (0, 1), no rules. */
int lh_sequential_init(struct lh_sequential *s, const struct lh_gate_rule *rule, struct lh_error *err) LH_CHECKED;

/* The next sample's x in [0, 1]; returns the verdict. After a verdict the wealths still grow. */
enum lh_gate_verdict lh_sequential_add(struct lh_sequential *s, double x);

/* The wealths E+ and E-. */
double lh_sequential_passing(const struct lh_sequential *s);
double lh_sequential_failing(const struct lh_sequential *s);

/* The fewest samples after which the rule can pass: all of them perfect. */
int64_t lh_sequential_least(const struct lh_gate_rule *rule);
int64_t lh_sequential_least_at(const struct lh_gate_rule *rule, double threshold);
/* About so many more like those seen would decide it; 0: that cannot be said. */
int64_t lh_sequential_more(const struct lh_sequential *s);

#endif
