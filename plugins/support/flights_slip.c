/* support/flights_slip.c - flights evaluated wrongly, and evaluations explained. */
#include "support/flights.h"

#include <string.h>

/* ---- Slips ------------------------------------------------------------------------------------- */

/* A cost worked out wrongly: a part left out or with the wrong sign, the next line's part, a carry, digits swapped. */
static int64_t miscount(const struct lh_host *host, const struct fam_flights *flights, const struct fam_flight *f, bool taken, int64_t cost,
	struct lh_draw *draw)
{
	const struct fam_flight *next = &flights->flight[(f - flights->flight + 1) % flights->count];
	struct fam_cost c = fam_flight_cost(&flights->traveller, f), n = fam_flight_cost(&flights->traveller, next);
	int64_t part[][2] = { { -c.discount, -n.discount }, { c.bags, n.bags }, { c.fee, n.fee }, { flights->hold, 2 * flights->hold } };
	int which = taken ? (int)host->random_between(draw, 0, 2) : 3;
	int64_t wrong = fam_slip(host, draw, cost, part[which][0], part[which][1]);
	return wrong >= 0 ? wrong : cost + 1;
}

struct fam_offer fam_flights_slip(const struct lh_host *host, const struct fam_flights *flights, const struct fam_flight *f, struct fam_offer right,
	struct fam_offer without, struct lh_draw *draw)
{
	struct fam_offer new = fam_flight_offer(&flights->traveller, f);
	bool taken = fam_offer_equal(new, right);
	struct fam_offer wrong = taken ? fam_flights_held(flights, without) : new;
	if (right.number[0] && (host->random_between(draw, 0, 1) || fam_offer_equal(wrong, right))) {
		wrong = right;
		wrong.cost = miscount(host, flights, f, taken, right.cost, draw);
	}
	return wrong;
}

/* ---- Thoughts ---------------------------------------------------------------------------------- */

/* "248 - 24 + 70 + 12 = 306": fare, discount, bags, fee; where the total is another than it should be, the fare was misread. */
static void put_cost(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *t, const struct fam_flight *f, int64_t total)
{
	struct fam_cost c = fam_flight_cost(t, f);
	fam_putf(host, out, "%lld - %lld + %lld + %lld = %lld", (long long)(c.fare + total - c.total), (long long)c.discount, (long long)c.bags,
		(long long)c.fee, (long long)total);
}

/* What the record says on a rule; where the flight does not break it, what that was misread as. */
static void put_fault(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *t, const struct fam_flight *f,
	enum fam_flight_rule rule)
{
	bool breaks = fam_flight_breaks(t, f, rule);
	int rating = breaks ? f->rating : t->rating - 1;
	switch (rule) {
	case FAM_WINDOW:
		fam_put(host, out, "it departs at ");
		fam_time_put(host, out, breaks ? f->departs : t->from - 5);
		break;
	case FAM_STOPS: fam_putf(host, out, "its stops are %d", breaks ? f->stops : t->stops + 1); break;
	case FAM_BAGS: fam_putf(host, out, "its max bags are %d", breaks ? f->bags : t->bags - 1); break;
	case FAM_RATING: fam_putf(host, out, "its rating is %d.%d", rating / 10, rating % 10); break;
	case FAM_CHANGE: fam_putf(host, out, "there are only %d minutes to change planes", breaks ? fam_flight_shortest_change(f) : t->change - 5); break;
	case FAM_BUDGET: fam_putf(host, out, "it costs %lld", (long long)(breaks ? fam_flight_cost(t, f).total : t->budget + 1)); break;
	case FAM_FLIGHT_RULES: break;
	}
	fam_put(host, out, ", which breaks a rule");
}

/* Why the flight was left and `best` stays: it breaks a rule, or costs no less, or else was misread to break one. */
static void put_left(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *t, const struct fam_flight *f,
	struct fam_offer best)
{
	enum fam_flight_rule rule = fam_flight_fault(t, f);
	int64_t total = fam_flight_cost(t, f).total;
	if (rule == FAM_FLIGHT_RULES && best.number[0] && total >= best.cost) {
		put_cost(host, out, t, f, total);
		fam_putf(host, out, ", not lower than %lld", (long long)best.cost);
		return;
	}
	for (enum fam_flight_rule i = 0; rule == FAM_FLIGHT_RULES; i++)
		rule = t->rules >> i & 1 ? i : rule;
	put_fault(host, out, t, f, rule);
}

void fam_flights_explain(const struct lh_host *host, struct lh_sink *out, const struct fam_flights *flights, const struct fam_flight *f,
	struct fam_offer from, struct fam_offer to)
{
	struct fam_offer new = fam_flight_offer(&flights->traveller, f), best = fam_flights_held(flights, from);
	bool kept = strcmp(from.number, to.number) == 0 && (fam_offer_equal(best, to) || !fam_offer_equal(new, to));
	bool taken = !kept && strcmp(to.number, f->number) == 0;
	if (kept)
		best = to;
	if ((kept || taken) && best.number[0] && flights->hold) {
		fam_putf(host, out, "%s is held: ", best.number);
		fam_sum_put(host, out, (struct fam_sum){ from.cost, best.cost - from.cost, best.cost });
		fam_put(host, out, " ");
	}
	fam_putf(host, out, "%s: ", f->number);
	if (taken) {
		fam_put(host, out, "it meets every rule. ");
		put_cost(host, out, &flights->traveller, f, to.cost);
		if (best.number[0] && to.cost < best.cost)
			fam_putf(host, out, ", lower than %lld", (long long)best.cost);
	} else {
		put_left(host, out, &flights->traveller, f, to);
	}
	fam_put(host, out, ". The best flight so far: ");
	fam_offer_put(host, out, to);
}
