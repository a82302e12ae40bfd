/* support/flights.h - flights, the airlines that fly them, and what a traveller asks of a flight.
 *
 * All is drawn anew for each sample. Amounts are whole euros, times minutes since midnight. */
#ifndef LH_SUPPORT_FLIGHTS_H
#define LH_SUPPORT_FLIGHTS_H

#include "support/family.h"

enum fam_flight_rule { FAM_WINDOW, FAM_STOPS, FAM_BAGS, FAM_RATING, FAM_CHANGE, FAM_BUDGET, FAM_FLIGHT_RULES };

#define FAM_FLIGHT_NUMBER 6       /* bytes of a flight's number at most: two letters, four digits */
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
};

struct fam_flights {
	struct fam_traveller traveller;
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
/* The first rule in force that the flight breaks; FAM_FLIGHT_RULES: it meets them all. */
enum fam_flight_rule fam_flight_fault(const struct fam_traveller *traveller, const struct fam_flight *flight);

/* "- It departs from 07:30 to 18:30, both included." and so on, one a line. */
void fam_flights_put_rules(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *traveller);
/* "LH: booking fee 12, loyalty discount 10%", one a line. */
void fam_flights_put_airlines(const struct lh_host *host, struct lh_sink *out, const struct fam_flights *flights);
/* LH742: 08:15-13:05, 1 stop (MUC 55 min), fare 248, bag fee 35, max bags 2, rating 4.1 */
void fam_flight_put(const struct lh_host *host, struct lh_sink *out, const struct fam_flight *flight);
/* "248 - 24 + 70 + 12 = 306": fare, discount, bags, fee; where the total is another than it should be, the fare was misread. */
void fam_flight_put_cost(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *traveller, const struct fam_flight *flight,
	int64_t total);
/* Why the flight was left and `best` stays: it breaks a rule, or costs no less, or else was misread to break one. */
void fam_flight_put_left(const struct lh_host *host, struct lh_sink *out, const struct fam_traveller *traveller, const struct fam_flight *flight,
	struct fam_offer best);

#endif
