/* support/flights_draw.c - flights, airlines and a traveller, drawn. */
#include "support/flights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Their order is part of every sample: append, never reorder. */
static const char *const codes[] = { "LH", "AF", "KL", "BA", "IB", "SK", "AY", "OS", "TP", "LX", "EI", "LO" };
static const char *const airports[] = { "MUC", "ZRH", "CDG", "AMS", "VIE", "CPH", "FRA", "LIS", "HEL", "DUB", "MAD", "WAW" };

#define COUNT(a) ((int64_t)(sizeof (a) / sizeof *(a)))
/* Draws for one flight. With the rules as they are drawn below, one flight in forty or more meets them all
 * and one in twenty or more does not, unless a fare range of a few euros leaves no choice: then the last one drawn has to do. */
#define TRIES 2000

static int between(const struct lh_host *host, struct lh_draw *draw, int64_t lo, int64_t hi, int unit)
{
	return (int)host->random_between(draw, lo, hi) * unit;
}

/* So many of the bits 0 … of - 1. */
static uint32_t draw_bits(const struct lh_host *host, struct lh_draw *draw, uint32_t count, uint32_t of)
{
	uint32_t bits = 0;
	for (uint32_t i = 0; i < of; i++)
		if (host->random_between(draw, 1, of - i) <= count) {
			bits |= UINT32_C(1) << i;
			count--;
		}
	return bits;
}

static struct fam_traveller draw_traveller(const struct lh_host *host, struct lh_draw *draw, struct fam_flights_wanted w)
{
	struct fam_traveller t = { .rules = draw_bits(host, draw, w.rules, FAM_FLIGHT_RULES) };
	t.from = between(host, draw, 12, 17, 30);
	t.until = between(host, draw, 35, 41, 30);
	t.stops = host->random_between(draw, 0, 3) ? 1 : 0;
	t.bags = between(host, draw, 1, 2, 1);
	t.rating = between(host, draw, 30, 36, 1);
	t.change = between(host, draw, 8, 12, 5);
	int part = between(host, draw, 60, 80, 1);
	t.budget = (w.min_fare + (w.max_fare - w.min_fare) * part / 100 + 35 * t.bags + 14) / 10 * 10;
	return t;
}

static void draw_airlines(const struct lh_host *host, struct lh_draw *draw, struct fam_flights *out)
{
	uint32_t chosen = draw_bits(host, draw, out->airlines, COUNT(codes)), n = 0;
	for (uint32_t i = 0; i < COUNT(codes); i++)
		if (chosen >> i & 1) {
			bool loyal = host->random_between(draw, 0, 1);
			int discount = between(host, draw, 1, 4, 5), fee = between(host, draw, 0, 25, 1);
			out->airline[n++] = (struct fam_airline){ codes[i], fee, loyal ? discount : 0 };
		}
}

static void draw_route(const struct lh_host *host, struct lh_draw *draw, struct fam_flight *f)
{
	int kind = between(host, draw, 1, 10, 1), first = between(host, draw, 0, COUNT(airports) - 1, 1);
	f->stops = kind <= 4 ? 0 : kind <= 8 ? 1 : 2;
	f->departs = between(host, draw, 60, 275, 5);
	f->arrives = f->departs + between(host, draw, 16, 36, 5);
	for (int i = 0; i < f->stops; i++) {
		f->via[i] = airports[(first + 5 * i) % COUNT(airports)];
		f->change[i] = between(host, draw, 5, 30, 5);
		f->arrives += f->change[i] + between(host, draw, 10, 20, 5);
	}
}

static struct fam_flight draw_flight(const struct lh_host *host, struct lh_draw *draw, const struct fam_flights *all, struct fam_flights_wanted w)
{
	struct fam_flight f = { .airline = &all->airline[host->random_between(draw, 0, all->airlines - 1)] };
	draw_route(host, draw, &f);
	f.fare = between(host, draw, w.min_fare, w.max_fare, 1);
	f.bag_fee = between(host, draw, 3, 12, 5);
	f.bags = between(host, draw, 0, 3, 1);
	f.rating = between(host, draw, 25, 50, 1);
	return f;
}

static bool is_taken(const struct fam_flights *all, uint32_t count, const char *number)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(all->flight[i].number, number) == 0)
			return true;
	return false;
}

/* Flight number `at`, which meets the traveller's rules or does not. */
static void add_flight(const struct lh_host *host, struct lh_draw *draw, struct fam_flights_wanted w, bool eligible, uint32_t at, struct fam_flights *out)
{
	struct fam_flight f;
	int tries = TRIES;
	do
		f = draw_flight(host, draw, out, w);
	while ((fam_flight_fault(&out->traveller, &f) == FAM_FLIGHT_RULES) != eligible && --tries);
	do
		snprintf(f.number, sizeof f.number, "%s%u", f.airline->code, (unsigned)host->random_between(draw, 100, 1999) % 10000);
	while (is_taken(out, at, f.number));
	out->flight[at] = f;
}

static void draw_flights(const struct lh_host *host, struct lh_draw *draw, struct fam_flights_wanted w, struct fam_flights *out)
{
	uint32_t left = (uint32_t)(w.eligible * w.flights + 0.5);
	left += left == 0;
	for (uint32_t i = 0; i < w.flights; i++) {
		bool eligible = host->random_between(draw, 1, w.flights - i) <= left;
		add_flight(host, draw, w, eligible, i, out);
		left -= eligible;
	}
	for (uint32_t i = 0; i < FAM_FLIGHTS_SHOWN; i++)
		add_flight(host, draw, w, i != 1, w.flights + i, out);
}

int32_t fam_flights_make(const struct lh_host *host, struct fam_flights_wanted wanted, uint64_t seed, struct fam_flights *out)
{
	*out = (struct fam_flights){ .hold = wanted.hold, .airlines = wanted.airlines, .count = wanted.flights };
	out->airline = calloc(wanted.airlines, sizeof *out->airline);
	out->flight = calloc(wanted.flights + FAM_FLIGHTS_SHOWN, sizeof *out->flight);
	if (!out->airline || !out->flight) {
		fam_flights_fini(out);
		return fam_fail(host, "out of memory");
	}
	struct lh_draw *draw = fam_open_draw(host, seed);
	out->traveller = draw_traveller(host, draw, wanted);
	draw_airlines(host, draw, out);
	draw_flights(host, draw, wanted, out);
	return LH_TASK_OK;
}

void fam_flights_fini(struct fam_flights *flights)
{
	free(flights->airline);
	free(flights->flight);
	*flights = (struct fam_flights){ 0 };
}
