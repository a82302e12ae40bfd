/* flight_eval - the motivating example of "The Illusion of Diminishing Returns" (arXiv 2509.09677): flights are looked
 * up one by one, checked against a traveller's rules, priced with fees and discounts, and the best one is kept.
 *
 * State: the best flight so far and its total cost, as "LH742 318"; or "none". Step: one flight of those whose records
 * stand in the instructions, uniform with replacement, unlimited. The best of n flights changes at one step in n, so that
 * whoever repeats the last answer would soon be right: hence the fee for holding the best flight, by which every step
 * changes the state, and dearer flights come to be the best again. With tools the records are not shown: get_flight fetches
 * them. */
#include "support/arguments.h"
#include "support/flights.h"

#include <stdlib.h>
#include <string.h>

static const struct lh_host *host;

enum { FLIGHTS, AIRLINES, RULES, ELIGIBLE, MIN_FARE, MAX_FARE, HOLD, LOOKUP, TOOLS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[FLIGHTS] = { "flights", LH_PARAM_INTEGER, 0, "100", 2, 1000, NULL, "flights known" },
	[AIRLINES] = { "airlines", LH_PARAM_INTEGER, 0, "6", 1, 12, NULL, "airlines, each with a booking fee and a loyalty discount" },
	[RULES] = { "rules", LH_PARAM_INTEGER, 0, "6", 1, FAM_FLIGHT_RULES, NULL,
		"rules in force, drawn from: departure, stops, bags, rating, time to change planes, budget" },
	[ELIGIBLE] = { "eligible", LH_PARAM_NUMBER, 0, "0.4", 0.01, 1, NULL, "share of the flights that meet every rule" },
	[MIN_FARE] = { "min_fare", LH_PARAM_INTEGER, 0, "80", 1, 5000, NULL, "least fare" },
	[MAX_FARE] = { "max_fare", LH_PARAM_INTEGER, 0, "600", 1, 5000, NULL, "greatest fare" },
	[HOLD] = { "hold", LH_PARAM_INTEGER, 0, "5", 0, 100, NULL, "what each further flight adds to the cost of the best one" },
	[LOOKUP] = { "lookup", LH_PARAM_CHOICE, 0, "true", 0, 0, "false|true", "messages name flights; false: they give the records" },
	[TOOLS] = { "tools", LH_PARAM_CHOICE, 0, "false", 0, 0, "false|true",
		"true: the records are not in the instructions, they are fetched with the tool get_flight" },
};

struct lh_task_data {
	struct fam_flights_wanted wanted;
	bool lookup, tools;
};

struct lh_task {
	bool lookup, tools;
	uint64_t seed;
	struct fam_flights known;
};

/* ---- Set-up ------------------------------------------------------------------------------------ */

static void unload(struct lh_task_data *data) { free(data); }
static uint64_t samples(const struct lh_task_data *d) { (void)d; return 0; }
static uint64_t max_steps(const struct lh_task *t) { (void)t; return 0; }

static struct lh_task_data *load(const struct lh_value *v)
{
	if (v[MIN_FARE].integer > v[MAX_FARE].integer) {
		fam_fail(host, "min_fare=%lld is greater than max_fare=%lld", (long long)v[MIN_FARE].integer, (long long)v[MAX_FARE].integer);
		return NULL;
	}
	if (v[TOOLS].integer == 1 && v[LOOKUP].integer != 1) {
		fam_fail(host, "tools=true and lookup=false: there is nothing to fetch where messages give the records");
		return NULL;
	}
	struct lh_task_data *d = fam_new(host, sizeof *d);
	if (!d)
		return NULL;
	d->wanted = (struct fam_flights_wanted){ (uint32_t)v[FLIGHTS].integer, (uint32_t)v[AIRLINES].integer, (uint32_t)v[RULES].integer,
		v[ELIGIBLE].number, (int)v[MIN_FARE].integer, (int)v[MAX_FARE].integer, v[HOLD].integer };
	d->lookup = v[LOOKUP].integer == 1;
	d->tools = v[TOOLS].integer == 1;
	return d;
}

static void close_task(struct lh_task *t)
{
	if (t)
		fam_flights_fini(&t->known);
	free(t);
}

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	(void)sample;
	struct lh_task *t = fam_new(host, sizeof *t);
	if (!t)
		return NULL;
	t->lookup = d->lookup;
	t->tools = d->tools;
	t->seed = seed;
	if (fam_flights_make(host, d->wanted, seed, &t->known) == LH_TASK_OK)
		return t;
	close_task(t);
	return NULL;
}

static const struct fam_flight *flight_of(const struct lh_task *t, uint64_t step)
{
	return &t->known.flight[host->random_between(fam_step_draw(host, t->seed, step), 0, t->known.count - 1)];
}

/* ---- The step machine -------------------------------------------------------------------------- */

#define REMEMBERED 12              /* flights back that a slip may still hold on to */

static int32_t not_an_offer(struct lh_text state)
{
	return fam_not_a_state(host, state, "a flight and its cost");
}

static int32_t initial(const struct lh_task *t, struct lh_sink *out)
{
	(void)t;
	fam_put(host, out, "none");
	return LH_TASK_OK;
}

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	struct fam_offer best;
	if (!fam_offer_read(state, &best))
		return not_an_offer(state);
	fam_offer_put(host, out, fam_flights_evaluate(&t->known, flight_of(t, step), best));
	return LH_TASK_OK;
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	(void)t;
	struct fam_offer o;
	if (!fam_offer_read(text, &o))
		return LH_TASK_NO_STATE;
	fam_offer_put(host, out, o);
	return LH_TASK_OK;
}

/* ---- Prompts ----------------------------------------------------------------------------------- */

static void put_named(const struct lh_task *t, struct lh_sink *out, const struct fam_flight *f, bool first)
{
	fam_put(host, out, first ? "" : t->lookup ? ", " : "\n");
	if (t->lookup)
		fam_put(host, out, f->number);
	else
		fam_flight_put(host, out, f);
}

static void put_records(const struct lh_task *t, struct lh_sink *out, uint32_t from, uint32_t count)
{
	for (uint32_t i = from; t->lookup && !t->tools && i < from + count; i++) {
		fam_flight_put(host, out, &t->known.flight[i]);
		fam_put(host, out, "\n");
	}
}

static void put_example_call(struct lh_sink *out, const struct fam_flight *f)
{
	fam_putf(host, out, "\nCall: get_flight {\"number\": \"%s\"}\nResult: ", f->number);
	fam_flight_put_json(host, out, f);
}

/* With this traveller and these airlines, on flights of its own. */
static void put_example(const struct lh_task *t, struct lh_sink *out)
{
	static const int plan[][4] = { { 0, -1 }, { 1, 2, -1 }, { 3, 0, 1, -1 } };
	struct fam_offer best = { .cost = 0 };
	put_records(t, out, t->known.count, FAM_FLIGHTS_SHOWN);
	for (size_t turn = 0; turn < sizeof plan / sizeof *plan; turn++) {
		fam_put(host, out, "Message: ");
		for (const int *k = plan[turn]; *k >= 0; k++) {
			const struct fam_flight *f = &t->known.flight[t->known.count + (uint32_t)*k];
			put_named(t, out, f, k == plan[turn]);
			best = fam_flights_evaluate(&t->known, f, best);
		}
		for (const int *k = plan[turn]; t->tools && *k >= 0; k++)
			put_example_call(out, &t->known.flight[t->known.count + (uint32_t)*k]);
		fam_put(host, out, "\nReply: <answer>");
		fam_offer_put(host, out, best);
		fam_put(host, out, "</answer>\n");
	}
}

static void put_steps(const struct lh_task *t, struct lh_sink *out)
{
	fam_putf(host, out, "Each message %s. Go through them in order. For each flight:\n",
		t->lookup ? "names one or more flights, separated by commas" : "gives the records of one or more flights, one a line");
	if (t->known.hold)
		fam_putf(host, out, "1. If there is a best flight so far, holding it costs money: add %lld to its total cost (where that would be more than %d, "
			"it is %d). That is not checked against the rules.\n", (long long)t->known.hold, FAM_FLIGHT_COST_MAX, FAM_FLIGHT_COST_MAX);
	fam_putf(host, out, "%d. %s If it breaks a rule, go on to the next flight: the best flight so far stays.\n", t->known.hold ? 2 : 1,
		t->tools ? "Fetch the flight's record with the tool get_flight and check it." : t->lookup ? "Find the flight in the list and check it." : "Check the flight.");
	fam_putf(host, out, "%d. Work out its total cost. If there is no best flight so far, or if this total cost is lower than that of the best flight so far, "
		"this flight is now the best flight, at its own total cost. If it is equal or higher, the best flight so far stays.\n", t->known.hold ? 3 : 2);
	fam_put(host, out, "A flight may come up again. It is then treated like any other, even if it is the best flight so far.\n\n");
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	fam_put(host, out, "You look for the cheapest flight that suits a traveller, and keep the best flight so far. All amounts are whole euros.\n\n");
	fam_flights_put_traveller(host, out, &t->known.traveller);
	fam_flights_put_airlines(host, out, &t->known);
	fam_put(host, out, "\nA flight's record gives departure and arrival (+1: on the day after), stops with the minutes to change planes at each, fare, bag fee "
		"for one bag, the most bags that may be carried, and rating.\n\n");
	put_steps(t, out);
	fam_put(host, out, "The best flight and its total cost carry over from message to message. End each reply with the number of the best flight after the "
		"last flight of the message, a space and its total cost, inside <answer></answer>; or with <answer>none</answer> as long as there is no best "
		"flight.\n\n"
		"Example, with flights of its own");
	fam_put(host, out, t->tools ? " (calls of the tool stand in it as text):\n" : ":\n");
	put_example(t, out);
	fam_put(host, out, t->tools ? "\nFrom here on the flights are those that get_flight gives. Begin with no best flight so far.\n"
		: t->lookup ? "\nThe flights to use from here on, with no best flight so far:\n" : "\nFrom here on, begin with no best flight so far.\n");
	put_records(t, out, 0, t->known.count);
	return LH_TASK_OK;
}

static int32_t ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	for (uint32_t i = 0; i < count; i++)
		put_named(t, out, flight_of(t, first_step + i), i == 0);
	return LH_TASK_OK;
}

/* ---- Slips and thoughts ------------------------------------------------------------------------ */

static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	struct fam_offer right, without = { .cost = 0 };
	if (!fam_offer_read(state, &right))
		return not_an_offer(state);
	for (uint64_t k = step > REMEMBERED ? step - REMEMBERED : 0; k < step; k++)
		without = fam_flights_evaluate(&t->known, flight_of(t, k), without);
	fam_offer_put(host, out, fam_flights_slip(host, &t->known, flight_of(t, step), right, without, draw));
	return LH_TASK_OK;
}

static int32_t explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	struct fam_offer from, to;
	if (!fam_offer_read(before, &from))
		return not_an_offer(before);
	if (!fam_offer_read(after, &to))
		return not_an_offer(after);
	fam_flights_explain(host, out, &t->known, flight_of(t, step), from, to);
	return LH_TASK_OK;
}

/* ---- Tools ------------------------------------------------------------------------------------- */

static const struct lh_tool *list_tools(const struct lh_task_data *d, uint32_t *count)
{
	static const struct lh_tool tools[] = { { "get_flight", "Gives the record of a flight: times, stops, fare, bags, rating.",
		"{\"type\":\"object\",\"properties\":{\"number\":{\"type\":\"string\",\"description\":\"the flight's number, as the message names it\"}},"
		"\"required\":[\"number\"],\"additionalProperties\":false}" } };
	*count = d->tools ? sizeof tools / sizeof *tools : 0;
	return tools;
}

static int32_t call_tool(const struct lh_task *t, struct lh_text name, struct lh_text arguments, struct lh_sink *out)
{
	char number[64] = "";
	(void)name;                               /* there is one */
	fam_argument_text(arguments, "number", number, sizeof number);
	for (uint32_t i = 0; i < t->known.count; i++)
		if (!strcmp(t->known.flight[i].number, number)) {
			fam_flight_put_json(host, out, &t->known.flight[i]);
			return LH_TASK_OK;
		}
	return fam_no_such(host, out, "flight", number);
}

static int32_t needs(const struct lh_task *t, uint64_t step, struct lh_sink *out)
{
	return fam_put_need(host, out, "get_flight", "number", flight_of(t, step)->number);
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "check a flight, price it, keep the better one; the state is the best flight so far and its cost",
	.load = load, .unload = unload, .samples = samples, .open = open_task, .close = close_task,
	.instructions = instructions, .ask = ask, .initial = initial, .apply = apply,
	.canonical = canonical, .corrupt = corrupt, .max_steps = max_steps,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = explain };

static const struct lh_tools_v1 tools = { .struct_size = sizeof tools, .list = list_tools, .call = call_tool, .needs = needs };

FAM_PLUGIN_WITH_TOOLS("flight_eval", "1.1");
