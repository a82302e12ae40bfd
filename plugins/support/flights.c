#include "support/flights.h"
#include "support/take.h"

#include <stdio.h>
#include <string.h>

/* ---- Rules and costs --------------------------------------------------------------------------- */

struct fam_cost fam_flight_cost(const struct fam_traveller *t, const struct fam_flight *f)
{
	struct fam_cost c = { .fare = f->fare, .discount = f->fare * f->airline->discount / 100, .bags = t->bags * f->bag_fee,
		.fee = f->airline->fee };
	c.total = c.fare - c.discount + c.bags + c.fee;
	return c;
}

int fam_flight_shortest_change(const struct fam_flight *f)
{
	return f->stops == 2 && f->change[1] < f->change[0] ? f->change[1] : f->change[0];
}

bool fam_flight_breaks(const struct fam_traveller *t, const struct fam_flight *f, enum fam_flight_rule rule)
{
	switch (rule) {
	case FAM_WINDOW: return f->departs < t->from || f->departs > t->until;
	case FAM_STOPS: return f->stops > t->stops;
	case FAM_BAGS: return f->bags < t->bags;
	case FAM_RATING: return f->rating < t->rating;
	case FAM_CHANGE: return f->stops > 0 && fam_flight_shortest_change(f) < t->change;
	case FAM_BUDGET: return fam_flight_cost(t, f).total > t->budget;
	case FAM_FLIGHT_RULES: break;
	}
	return false;
}

enum fam_flight_rule fam_flight_fault(const struct fam_traveller *t, const struct fam_flight *f)
{
	enum fam_flight_rule rule = 0;
	while (rule < FAM_FLIGHT_RULES && !((t->rules >> rule & 1) && fam_flight_breaks(t, f, rule)))
		rule++;
	return rule;
}

/* ---- Offers ------------------------------------------------------------------------------------ */

struct fam_offer fam_flight_offer(const struct fam_traveller *t, const struct fam_flight *f)
{
	struct fam_offer o = { .cost = fam_flight_cost(t, f).total };
	memcpy(o.number, f->number, sizeof o.number);
	return o;
}

bool fam_offer_equal(struct fam_offer a, struct fam_offer b)
{
	return strcmp(a.number, b.number) == 0 && a.cost == b.cost;
}

void fam_offer_put(const struct lh_host *host, struct lh_sink *out, struct fam_offer o)
{
	if (!o.number[0]) {
		fam_put(host, out, "none");
		return;
	}
	fam_putf(host, out, "%s ", o.number);
	fam_put_int(host, out, o.cost);
}

bool fam_offer_read(struct lh_text t, struct fam_offer *out)
{
	char code[3];
	t = fam_trim(t);
	*out = (struct fam_offer){ .cost = 0 };
	if (fam_take_text(&t, "none"))
		return t.size == 0;
	if (!fam_take_word(&t, code, sizeof code) || !code[1])
		return false;
	fam_take_of(&t, " ", 1);
	const char *digits = t.bytes;
	size_t n = fam_take_of(&t, FAM_DIGITS, FAM_FLIGHT_NUMBER - 2);
	if (n == 0 || digits[0] == '0' || fam_take_of(&t, FAM_WHITE ",:", 4) == 0)
		return false;
	snprintf(out->number, sizeof out->number, "%c%c%.*s", code[0] & ~0x20, code[1] & ~0x20, (int)n, digits);
	fam_take_text(&t, "\xE2\x82\xAC");
	return fam_read_int(t, &out->cost) && out->cost >= 0;
}

struct fam_offer fam_flights_held(const struct fam_flights *flights, struct fam_offer best)
{
	if (best.number[0] && flights->hold)
		best.cost = best.cost + flights->hold > FAM_FLIGHT_COST_MAX ? FAM_FLIGHT_COST_MAX : best.cost + flights->hold;
	return best;
}

struct fam_offer fam_flights_evaluate(const struct fam_flights *flights, const struct fam_flight *f, struct fam_offer best)
{
	struct fam_offer new = fam_flight_offer(&flights->traveller, f);
	best = fam_flights_held(flights, best);
	if (fam_flight_fault(&flights->traveller, f) != FAM_FLIGHT_RULES || (best.number[0] && new.cost >= best.cost))
		return best;
	return new;
}

/* ---- Text -------------------------------------------------------------------------------------- */

void fam_time_put(const struct lh_host *host, struct lh_sink *out, int minutes)
{
	fam_putf(host, out, "%02d:%02d%s", minutes / 60 % 24, minutes % 60, minutes >= 24 * 60 ? "+1" : "");
}

static void put_rule(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *t, enum fam_flight_rule rule)
{
	switch (rule) {
	case FAM_WINDOW:
		fam_put(host, out, "- It departs from ");
		fam_time_put(host, out, t->from);
		fam_put(host, out, " to ");
		fam_time_put(host, out, t->until);
		fam_put(host, out, ", both included.\n");
		break;
	case FAM_STOPS: fam_put(host, out, t->stops ? "- It has at most 1 stop.\n" : "- It has 0 stops.\n"); break;
	case FAM_BAGS: fam_putf(host, out, "- Its max bags are %d or more.\n", t->bags); break;
	case FAM_RATING: fam_putf(host, out, "- Its rating is %d.%d or better.\n", t->rating / 10, t->rating % 10); break;
	case FAM_CHANGE: fam_putf(host, out, "- At every stop, if it has any, there are at least %d minutes to change planes.\n", t->change); break;
	case FAM_BUDGET: fam_putf(host, out, "- Its total cost is %d or less.\n", t->budget); break;
	case FAM_FLIGHT_RULES: break;
	}
}

void fam_flights_put_traveller(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *t)
{
	fam_putf(host, out, "The traveller carries %d bag%s and takes a flight only if it meets each of these rules:\n", t->bags, t->bags == 1 ? "" : "s");
	for (enum fam_flight_rule rule = 0; rule < FAM_FLIGHT_RULES; rule++)
		if (t->rules >> rule & 1)
			put_rule(host, out, t, rule);
	fam_putf(host, out, "\nThe total cost of a flight:\n"
		"1. Start from the fare.\n"
		"2. Subtract the loyalty discount of the airline: that percentage of the fare, rounded down to a whole euro.\n"
		"3. Add the flight's bag fee%s.\n"
		"4. Add the booking fee of the airline.\n"
		"The airline is the two letters in front of the flight's number:\n", t->bags == 1 ? "" : " for each of the 2 bags");
}

void fam_flights_put_airlines(const struct lh_host *host, struct lh_sink *out, const struct fam_flights *flights)
{
	for (uint32_t i = 0; i < flights->airlines; i++) {
		const struct fam_airline *a = &flights->airline[i];
		fam_putf(host, out, "%s: booking fee %d, loyalty discount %d%%\n", a->code, a->fee, a->discount);
	}
}

void fam_flight_put(const struct lh_host *host, struct lh_sink *out, const struct fam_flight *f)
{
	fam_putf(host, out, "%s: ", f->number);
	fam_time_put(host, out, f->departs);
	fam_put(host, out, "-");
	fam_time_put(host, out, f->arrives);
	fam_putf(host, out, ", %d stop%s", f->stops, f->stops == 1 ? "" : "s");
	for (int i = 0; i < f->stops; i++)
		fam_putf(host, out, "%s%s %d min", i ? ", " : " (", f->via[i], f->change[i]);
	fam_putf(host, out, "%s, fare %d, bag fee %d, max bags %d, rating %d.%d", f->stops ? ")" : "", f->fare, f->bag_fee, f->bags,
		f->rating / 10, f->rating % 10);
}

static void put_time_member(const struct lh_host *host, struct lh_sink *out, const char *name, int minutes)
{
	fam_putf(host, out, ", \"%s\": \"", name);
	fam_time_put(host, out, minutes);
	fam_put(host, out, "\"");
}

void fam_flight_put_json(const struct lh_host *host, struct lh_sink *out, const struct fam_flight *f)
{
	fam_putf(host, out, "{\"number\": \"%s\"", f->number);
	put_time_member(host, out, "departure", f->departs);
	put_time_member(host, out, "arrival", f->arrives);
	fam_put(host, out, ", \"stops\": [");
	for (int i = 0; i < f->stops; i++)
		fam_putf(host, out, "%s{\"airport\": \"%s\", \"minutes\": %d}", i ? ", " : "", f->via[i], f->change[i]);
	fam_putf(host, out, "], \"fare\": %d, \"bag_fee\": %d, \"max_bags\": %d, \"rating\": %d.%d}", f->fare, f->bag_fee, f->bags,
		f->rating / 10, f->rating % 10);
}
