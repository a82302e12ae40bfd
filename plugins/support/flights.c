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

static int shortest_change(const struct fam_flight *f)
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
	case FAM_CHANGE: return f->stops > 0 && shortest_change(f) < t->change;
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

/* ---- Text -------------------------------------------------------------------------------------- */

static void put_time(const struct lh_host *host, struct lh_sink *out, int minutes)
{
	fam_putf(host, out, "%02d:%02d%s", minutes / 60 % 24, minutes % 60, minutes >= 24 * 60 ? "+1" : "");
}

static void put_rule(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *t, enum fam_flight_rule rule)
{
	switch (rule) {
	case FAM_WINDOW:
		fam_put(host, out, "- It departs from ");
		put_time(host, out, t->from);
		fam_put(host, out, " to ");
		put_time(host, out, t->until);
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

void fam_flights_put_rules(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *t)
{
	for (enum fam_flight_rule rule = 0; rule < FAM_FLIGHT_RULES; rule++)
		if (t->rules >> rule & 1)
			put_rule(host, out, t, rule);
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
	put_time(host, out, f->departs);
	fam_put(host, out, "-");
	put_time(host, out, f->arrives);
	fam_putf(host, out, ", %d stop%s", f->stops, f->stops == 1 ? "" : "s");
	for (int i = 0; i < f->stops; i++)
		fam_putf(host, out, "%s%s %d min", i ? ", " : " (", f->via[i], f->change[i]);
	fam_putf(host, out, "%s, fare %d, bag fee %d, max bags %d, rating %d.%d", f->stops ? ")" : "", f->fare, f->bag_fee, f->bags,
		f->rating / 10, f->rating % 10);
}

void fam_flight_put_cost(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *t, const struct fam_flight *f, int64_t total)
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
		put_time(host, out, breaks ? f->departs : t->from - 5);
		break;
	case FAM_STOPS: fam_putf(host, out, "its stops are %d", breaks ? f->stops : t->stops + 1); break;
	case FAM_BAGS: fam_putf(host, out, "its max bags are %d", breaks ? f->bags : t->bags - 1); break;
	case FAM_RATING: fam_putf(host, out, "its rating is %d.%d", rating / 10, rating % 10); break;
	case FAM_CHANGE: fam_putf(host, out, "there are only %d minutes to change planes", breaks ? shortest_change(f) : t->change - 5); break;
	case FAM_BUDGET: fam_putf(host, out, "it costs %lld", (long long)(breaks ? fam_flight_cost(t, f).total : t->budget + 1)); break;
	case FAM_FLIGHT_RULES: break;
	}
	fam_put(host, out, ", which breaks a rule");
}

void fam_flight_put_left(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *t, const struct fam_flight *f, struct fam_offer best)
{
	enum fam_flight_rule rule = fam_flight_fault(t, f);
	int64_t total = fam_flight_cost(t, f).total;
	if (rule == FAM_FLIGHT_RULES && best.number[0] && total >= best.cost) {
		fam_flight_put_cost(host, out, t, f, total);
		fam_putf(host, out, ", not lower than %lld", (long long)best.cost);
		return;
	}
	for (enum fam_flight_rule i = 0; rule == FAM_FLIGHT_RULES; i++)
		rule = t->rules >> i & 1 ? i : rule;
	put_fault(host, out, t, f, rule);
}
