#include "transcript/outcome.h"

static const char *const names[LH_OUTCOME_COUNT] = {
#define X(upper, lower) #lower,
	LH_OUTCOMES(X)
#undef X
};

const char *lh_outcome_name(int outcome)
{
	return outcome >= 0 && outcome < LH_OUTCOME_COUNT ? names[outcome] : "";
}

int lh_outcome_of(struct lh_str name)
{
	for (int i = 0; i < LH_OUTCOME_COUNT; i++)
		if (lh_str_is(name, names[i]))
			return i;
	return -1;
}

bool lh_outcome_turn_ok(int o) { return o == LH_OUTCOME_CORRECT || o == LH_OUTCOME_FOLLOWS; }
bool lh_outcome_turn_ok_strict(int o) { return lh_outcome_turn_ok(o) || o == LH_OUTCOME_RECOVERS; }
bool lh_outcome_state_ok(int o) { return o == LH_OUTCOME_CORRECT || o == LH_OUTCOME_RECOVERS; }
