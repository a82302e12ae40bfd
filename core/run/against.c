#include "run/against.h"

#include <string.h>

enum { NAMED_MOST = 20 };

static bool stands_before(const struct lh_candidate *c, int at)
{
	for (int i = 0; i < at; i++)
		if (!strcmp(c[i].label, c[at].label))
			return true;
	return false;
}

/* Labels, each once; of those with a name, if one is given. */
static void put_labels(const struct lh_candidate *c, int n, const char *name, struct lh_buf *out)
{
	int named = 0;
	for (int i = 0; i < n; i++) {
		if ((name && strcmp(c[i].name, name)) || stands_before(c, i))
			continue;
		if (named++ < NAMED_MOST)
			lh_buf_printf(out, "%s%s", out->n ? ", " : "", c[i].label);
	}
	if (named > NAMED_MOST)
		lh_buf_printf(out, " and %d more", named - NAMED_MOST);
}

static int refuse(const struct lh_candidate *c, int n, const char *wanted, bool several, struct lh_error *err)
{
	struct lh_buf labels;
	lh_buf_init(&labels, 1 << 20);
	put_labels(c, n, several ? wanted : NULL, &labels);
	int rc = several ? lh_fail(err, LH_E_USAGE, "--against %s could be any of these: %s", wanted, lh_buf_str(&labels).p) :
		labels.n == 0 ? lh_fail(err, LH_E_USAGE, "--against %s: there is no policy to compare with", wanted) :
		lh_fail(err, LH_E_USAGE, "--against %s: there is no such policy here; there is %s", wanted, lh_buf_str(&labels).p);
	lh_buf_fini(&labels);
	return rc;
}

int lh_against_find(const struct lh_candidate *c, int n, const char *wanted, int *at, struct lh_error *err)
{
	*at = -1;
	for (int i = 0; i < n; i++)
		if (!strcmp(c[i].label, wanted)) {
			*at = i;
			return 0;
		}
	for (int i = 0; i < n; i++) {
		if (strcmp(c[i].name, wanted))
			continue;
		if (*at >= 0 && strcmp(c[i].label, c[*at].label))
			return refuse(c, n, wanted, true, err);
		*at = *at < 0 ? i : *at;
	}
	return *at < 0 ? refuse(c, n, wanted, false, err) : 0;
}
