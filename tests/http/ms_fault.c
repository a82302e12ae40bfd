#include "ms_fault.h"

#include "base/random.h"

#include <string.h>

#define ROW_MOST 5                       /* of faults of one body: a client that tries 8 times gets its answer */

static const struct { const char *word; unsigned group; } faults[] = {
#define X(name, word, group) { word, group },
	MS_FAULTS(X)
#undef X
};

static const struct { const char *word; unsigned groups; } groups[] = {
	{ "status", MS_STATUS }, { "socket", MS_SOCKET }, { "broken", MS_BROKEN }, { "odd", MS_ODD }, { "slow", MS_SLOW }, { "fatal", MS_FATAL },
	{ "transport", MS_STATUS | MS_SOCKET | MS_BROKEN }, { "all", ~0u },
};

const char *ms_fault_word(enum ms_fault f) { return faults[f].word; }

int ms_fault_of(struct lh_str word)
{
	for (int i = 0; i < MS_FAULT_COUNT; i++)
		if (lh_str_is(word, faults[i].word))
			return i;
	return -1;
}

static int set(struct ms_fault_plan *p, struct lh_str word, struct lh_error *err)
{
	bool on = !(word.n && word.p[0] == '-');
	if (!on)
		word.p++, word.n--;
	int one = ms_fault_of(word);
	if (one >= 0) {
		p->wanted[one] = on;
		return 0;
	}
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++) {
		if (!lh_str_is(word, groups[g].word))
			continue;
		for (int i = 1; i < MS_FAULT_COUNT; i++)
			if (faults[i].group & groups[g].groups)
				p->wanted[i] = on;
		return 0;
	}
	return lh_fail(err, LH_E_USAGE, "there is no fault '%.*s'; model_server --help names them", LH_ARG(word));
}

int ms_fault_parse(struct ms_fault_plan *p, const char *list, struct lh_error *err)
{
	while (*list) {
		size_t n = strcspn(list, ",");
		int rc = set(p, (struct lh_str){ list, n }, err);
		if (rc)
			return rc;
		list += n + (list[n] == ',');
	}
	p->wanted[MS_FAULT_NONE] = false;
	p->kinds = 0;
	for (int i = 1; i < MS_FAULT_COUNT; i++)
		p->kinds += p->wanted[i];
	return 0;
}

enum ms_fault ms_fault_draw(const struct ms_fault_plan *p, uint64_t body, uint32_t nth, uint32_t row)
{
	struct lh_random luck = lh_random_stream(p->seed, body, nth, LH_FOR_CHECK, 0);
	if (!p->kinds || row >= ROW_MOST || lh_random_unit(&luck) >= p->share)
		return MS_FAULT_NONE;
	uint64_t pick = lh_random_below(&luck, (uint64_t)p->kinds);
	for (int i = 1; i < MS_FAULT_COUNT; i++)
		if (p->wanted[i] && !pick--)
			return i == MS_FAULT_RESET_ACCEPT ? MS_FAULT_RESET : (enum ms_fault)i;
	return MS_FAULT_NONE;
}

bool ms_fault_at_accept(const struct ms_fault_plan *p, uint64_t n)
{
	struct lh_random luck = lh_random_stream(p->seed, n, 0, LH_FOR_CHECK, 1);
	return p->wanted[MS_FAULT_RESET_ACCEPT] && lh_random_unit(&luck) < p->share / p->kinds;
}
