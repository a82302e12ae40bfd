#include "net/exchange.h"

#include <assert.h>

const char *lh_fault_word(enum lh_fault f)
{
	static const char *const words[LH_FAULT_COUNT] = {
#define X(name, word, again) [LH_FAULT_##name] = word,
		LH_FAULTS(X)
#undef X
	};
	assert((unsigned)f < LH_FAULT_COUNT);
	return words[f];
}

bool lh_fault_again(enum lh_fault f)
{
	static const bool may[LH_FAULT_COUNT] = {
#define X(name, word, again) [LH_FAULT_##name] = again,
		LH_FAULTS(X)
#undef X
	};
	assert((unsigned)f < LH_FAULT_COUNT);
	return may[f];
}
