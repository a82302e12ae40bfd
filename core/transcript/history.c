#include "transcript/history.h"

#include <stdio.h>
#include <string.h>

static const char *const mode_names[LH_HISTORY_MODES + 1] = { "own", "restated", "filler", "clean", "injected", "propagated", NULL };

const char *lh_history_mode_name(int mode) { return mode_names[mode]; }

static bool has_rate(enum lh_history_mode m) { return m >= LH_HISTORY_INJECTED; }
static bool has_answers(enum lh_history_mode m) { return m >= LH_HISTORY_CLEAN; }

/* ---- as typed ---- */

struct parsed { struct lh_history h; double rate[LH_HISTORY_RATES]; int rates; };

static int set_rates(struct parsed *p, struct lh_str list, struct lh_error *err)
{
	if (list.n >= 2 && list.p[0] == '"' && list.p[list.n - 1] == '"')
		list = (struct lh_str){ list.p + 1, list.n - 2 };
	for (bool more = true; more;) {
		const char *comma = memchr(list.p, ',', list.n);
		struct lh_str one = lh_str_trim((struct lh_str){ list.p, comma ? (size_t)(comma - list.p) : list.n });
		double r;
		if (!lh_str_to_double(one, &r) || !(r >= 0 && r <= 1))
			return lh_fail(err, LH_E_USAGE, "rate=%.*s: a share from 0 to 1 is needed", LH_ARG(one));
		if (p->rates == LH_HISTORY_RATES)
			return lh_fail(err, LH_E_USAGE, "more than %d rates in one list", LH_HISTORY_RATES);
		p->rate[p->rates++] = r + 0.0;          /* no -0 */
		more = comma != NULL;
		if (more)
			list = (struct lh_str){ comma + 1, list.n - (size_t)(comma - list.p) - 1 };
	}
	return 0;
}

static int set_last(struct parsed *p, struct lh_str v, struct lh_error *err)
{
	if (!lh_str_is(v, "true") && !lh_str_is(v, "false"))
		return lh_fail(err, LH_E_USAGE, "last=%.*s: true or false is needed", LH_ARG(v));
	p->h.last = lh_str_is(v, "true");
	return 0;
}

static int set_thoughts(struct parsed *p, struct lh_str v, struct lh_error *err)
{
	if (!lh_str_is(v, "matching") && !lh_str_is(v, "none"))
		return lh_fail(err, LH_E_USAGE, "thoughts=%.*s: matching or none is needed", LH_ARG(v));
	p->h.thoughts = lh_str_is(v, "matching");
	return 0;
}

static int set(struct parsed *p, struct lh_str key, struct lh_str v, struct lh_error *err)
{
	static const char *const keys[] = { "rate", "last", "thoughts", NULL };
	const char *mode = mode_names[p->h.mode];
	if (lh_str_is(key, "rate"))
		return has_rate(p->h.mode) ? p->rates ? lh_fail(err, LH_E_USAGE, "rate is given twice") : set_rates(p, v, err)
			: lh_fail(err, LH_E_USAGE, "%s has no rate: injected and propagated do", mode);
	if (lh_str_is(key, "last"))
		return has_rate(p->h.mode) ? set_last(p, v, err) : lh_fail(err, LH_E_USAGE, "%s has no last: injected and propagated do", mode);
	if (lh_str_is(key, "thoughts"))
		return has_answers(p->h.mode) ? set_thoughts(p, v, err)
			: lh_fail(err, LH_E_USAGE, "%s has no thoughts: clean, injected and propagated do", mode);
	const char *near = lh_nearest(key, keys);
	return lh_fail(err, LH_E_USAGE, "there is no '%.*s'%s%s%s: rate, last and thoughts", LH_ARG(key), near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* The end of an option: at a comma that another "key=" follows, or at the end. A list of rates holds commas. */
static size_t option_end(struct lh_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != ',')
			continue;
		size_t k = i + 1;
		while (k < s.n && s.p[k] != ',' && s.p[k] != '=')
			k++;
		if (k < s.n && s.p[k] == '=')
			return i;
	}
	return s.n;
}

static int set_all(struct parsed *p, struct lh_str rest, struct lh_error *err)
{
	while (rest.n) {
		size_t n = option_end(rest);
		const char *equals = memchr(rest.p, '=', n);
		if (!equals)
			return lh_fail(err, LH_E_USAGE, "'%.*s': key=value is needed, such as rate=0.5", (int)n, rest.p);
		size_t key = (size_t)(equals - rest.p);
		int rc = set(p, lh_str_trim((struct lh_str){ rest.p, key }), lh_str_trim((struct lh_str){ equals + 1, n - key - 1 }), err);
		if (rc)
			return rc;
		n += n < rest.n;                 /* the comma */
		rest = (struct lh_str){ rest.p + n, rest.n - n };
	}
	if (has_rate(p->h.mode) && !p->rates)
		return lh_fail(err, LH_E_USAGE, "how many answers are wrong? Write %s:rate=0.5, or a list: rate=0.25,0.5,1", mode_names[p->h.mode]);
	return 0;
}

static int find_mode(struct lh_str name, struct lh_error *err)
{
	for (int m = 0; m < LH_HISTORY_MODES; m++)
		if (lh_str_is(name, mode_names[m]))
			return m;
	const char *near = lh_nearest(name, mode_names);
	return lh_fail(err, LH_E_USAGE, "there is no history '%.*s'%s%s%s: own, restated, filler, clean, injected:rate=R, propagated:rate=R", LH_ARG(name),
		near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

int lh_history_parse(struct lh_str text, struct lh_history out[LH_HISTORY_RATES], int *count, struct lh_error *err)
{
	struct parsed p = { 0 };
	const char *colon = memchr(text.p, ':', text.n);
	size_t n = colon ? (size_t)(colon - text.p) : text.n;
	*count = 0;
	int rc = find_mode((struct lh_str){ text.p, n }, err);
	if (rc >= 0) {
		p.h.mode = (enum lh_history_mode)rc;
		rc = set_all(&p, colon ? (struct lh_str){ colon + 1, text.n - n - 1 } : LH_STR(""), err);
	}
	if (rc < 0) {
		lh_prefix(err, "--history %.*s", LH_ARG(text));
		return rc;
	}
	*count = p.rates ? p.rates : 1;
	for (int i = 0; i < *count; i++) {
		out[i] = p.h;
		out[i].rate = p.rates ? p.rate[i] : 0;
	}
	return 0;
}

/* ---- canonical ---- */

void lh_history_write(const struct lh_history *h, char out[LH_HISTORY_TEXT])
{
	struct lh_buf rate;
	lh_buf_init(&rate, 64);
	lh_buf_put_double(&rate, h->rate);
	int n = snprintf(out, LH_HISTORY_TEXT, "%s:%s%s%s%s%s", mode_names[h->mode], has_rate(h->mode) ? "rate=" : "", has_rate(h->mode) && rate.p ? rate.p : "",
		has_rate(h->mode) ? "," : "", h->last ? "last=true," : "", h->thoughts ? "thoughts=matching," : "");
	out[n - 1] = 0;                          /* the last comma, or the colon */
	lh_buf_fini(&rate);
}
