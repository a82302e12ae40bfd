/* support/flights.h - flights, the airlines that fly them, and what a traveller asks of a flight.
 *
 * All is drawn anew for each sample. Amounts are whole euros, times minutes since midnight. */
#ifndef LH_SUPPORT_FLIGHTS_H
#define LH_SUPPORT_FLIGHTS_H

#include "support/family.h"

enum fam_flight_rule { FAM_WINDOW, FAM_STOPS, FAM_BAGS, FAM_RATING, FAM_CHANGE, FAM_BUDGET, FAM_FLIGHT_RULES };

#define FAM_FLIGHT_NUMBER 6       /* bytes of a flight's number at most: two letters, four digits */
#define FAM_FLIGHT_COST_MAX 9999  /* holding goes no higher; more than any flight costs by itself */
#define FAM_FLIGHTS_SHOWN 4       /* flights of the worked example */

struct fam_airline {
	const char *code;
	int fee, discount;            /* for a booking; percent of the fare */
};

struct fam_flight {
	char number[FAM_FLIGHT_NUMBER + 1];
	const struct fam_airline *airline;
	int departs, arrives;         /* from 24:00 on it is the day after */
	int stops, change[2];         /* minutes to change planes at each */
	const char *via[2];
	int fare, bag_fee, bags;      /* for each bag; how many it takes */
	int rating;                   /* tenths */
};

struct fam_traveller {
	uint32_t rules;               /* a bit for each that is in force */
	int from, until, stops, rating, change, budget;
	int bags;                     /* carried, whether the rule on them is in force or not */
};

/* A flight and what it costs in all; no number: there is none. */
struct fam_offer {
	char number[FAM_FLIGHT_NUMBER + 1];
	int64_t cost;
};

/* The parts of a flight's total cost for the traveller: fare - discount + bags + fee = total. */
struct fam_cost { int64_t fare, discount, bags, fee, total; };

struct fam_flights_wanted {
	uint32_t flights, airlines, rules;
	double eligible;              /* share of the flights that meet every rule; at least one does */
	int min_fare, max_fare;
	int64_t hold;
};

struct fam_flights {
	struct fam_traveller traveller;
	int64_t hold;                 /* what each further flight adds to the cost of the best one */
	uint32_t airlines, count;
	struct fam_airline *airline;
	struct fam_flight *flight;    /* `count`, and behind them FAM_FLIGHTS_SHOWN of which all but the second meet every rule */
};

int32_t fam_flights_make(const struct lh_host *host, struct fam_flights_wanted wanted, uint64_t seed, struct fam_flights *out);
void fam_flights_fini(struct fam_flights *flights);

/* "LH742 318" or "none". */
void fam_offer_put(const struct lh_host *host, struct lh_sink *out, struct fam_offer offer);
/* The same as models write it: also in small letters, with a space in the number, with a comma or colon between number
 * and cost, with a euro sign in front of the cost, which is read as fam_read_int does and is not below 0. */
bool fam_offer_read(struct lh_text t, struct fam_offer *out);
bool fam_offer_equal(struct fam_offer a, struct fam_offer b);
/* The flight at its total cost for the traveller. */
struct fam_offer fam_flight_offer(const struct fam_traveller *traveller, const struct fam_flight *flight);

struct fam_cost fam_flight_cost(const struct fam_traveller *traveller, const struct fam_flight *flight);
bool fam_flight_breaks(const struct fam_traveller *traveller, const struct fam_flight *flight, enum fam_flight_rule rule);
int fam_flight_shortest_change(const struct fam_flight *flight);
/* The first rule in force that the flight breaks; FAM_FLIGHT_RULES: it meets them all. */
enum fam_flight_rule fam_flight_fault(const struct fam_traveller *traveller, const struct fam_flight *flight);

/* The best flight so far at what holding it costs once more; and after another flight was looked at: that one, if it meets every
 * rule and there is none or it is cheaper. */
struct fam_offer fam_flights_held(const struct fam_flights *flights, struct fam_offer best);
struct fam_offer fam_flights_evaluate(const struct fam_flights *flights, const struct fam_flight *flight, struct fam_offer best);
/* A slip in place of the right best flight, once `flight` was looked at: it is taken though it should not be, or not taken though it
 * should; or a cost is worked out wrongly. `without` is the best flight before it, as far as that is remembered. Another than `right`. */
struct fam_offer fam_flights_slip(const struct lh_host *host, const struct fam_flights *flights, const struct fam_flight *flight, struct fam_offer right,
	struct fam_offer without, struct lh_draw *draw);

/* The traveller's rules, and how a cost is worked out, up to the list of airlines. */
void fam_flights_put_traveller(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *traveller);
/* "LH: booking fee 12, loyalty discount 10%", one a line. */
void fam_flights_put_airlines(const struct lh_host *host, struct lh_sink *out, const struct fam_flights *flights);
/* LH742: 08:15-13:05, 1 stop (MUC 55 min), fare 248, bag fee 35, max bags 2, rating 4.1 */
void fam_flight_put(const struct lh_host *host, struct lh_sink *out, const struct fam_flight *flight);
/* The same as a tool gives it: {"number": "LH742", "departure": "08:15", …} */
void fam_flight_put_json(const struct lh_host *host, struct lh_sink *out, const struct fam_flight *flight);
/* 08:15; 01:20+1 */
void fam_time_put(const struct lh_host *host, struct lh_sink *out, int minutes);
/* What leads from one best flight to the next, or seems to; ends in the text of `to`. */
void fam_flights_explain(const struct lh_host *host, struct lh_sink *out, const struct fam_flights *flights, const struct fam_flight *flight,
	struct fam_offer from, struct fam_offer to);

#endif
