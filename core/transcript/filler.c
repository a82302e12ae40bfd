/* transcript/filler.c - sentences with slots, filled with words of just the length that is wanted.
 *
 * Of every kind of word there is some of every length from its least to its greatest, so a form with slots
 * reaches every length from its shortest to its longest; what is left over, sentences beside the point take up. */
#include "transcript/filler.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* ---- Words ------------------------------------------------------------------------------------- */

#define LONGEST 12

/* Words of length n, parted by single spaces: word i begins at i times (n + 1). What cannot be that is refused. */
struct shelf { const char *words; size_t count; };
#define SHELF(n, text) [n] = { text, sizeof text / (n + 1) + 0 * sizeof(char[sizeof text % (n + 1) ? -1 : 1]) }

struct kind { size_t lo, hi; struct shelf of[LONGEST + 1]; };

enum slot { PERSON, OTHER, TOWN, ANIMAL, THING, COLOUR, FOOD, JOB, DAY, REPLY, SLOTS };
/* %p in a form is a person. */
static const uint8_t slot_of[128] = { ['p'] = PERSON, ['q'] = OTHER, ['c'] = TOWN, ['a'] = ANIMAL, ['t'] = THING, ['k'] = COLOUR, ['f'] = FOOD,
	['j'] = JOB, ['d'] = DAY, ['y'] = REPLY };

static const struct kind people = { 2, 9, {
	SHELF(2, "Al Bo Cy Di Ed Jo Lu Mo Ty Vi"),
	SHELF(3, "Abe Ada Amy Ann Ava Ben Bob Dan Eva Eve Fay Gus Ian Ida Ira Ivy Jan Jim Joe Kai Kim Leo Liz Lou Mae Max Meg Mia Ned "
		"Pam Pia Rex Rob Ron Roy Sam Sue Tim Tom Una Val Viv Zoe"),
	SHELF(4, "Abel Adam Alan Alma Andy Anna Anya Axel Cara Carl Cleo Dana Dina Dora Elsa Emil Emma Erik Evan Finn Fred Gail Gina "
		"Hans Hugo Igor Ines Iris Ivan Jack Jane Jean Joan Joel John Jose Judy Karl Kate Kurt Leah Lena Levi Lisa Lola Lucy "
		"Luis Luke Mary Maya Mike Milo Mira Neil Nina Noah Nora Olaf Olga Omar Otto Owen Paul Rita Rolf Rosa Ruth Sara Sven "
		"Tara Tess Theo Tony Troy Vera Vito Yuri Zara"),
	SHELF(5, "Alice Bruno Carla Clara Diego Elena Felix Fiona Greta Helen Irene James Julia Keiko Laura Linda Lucas Marta Naomi Oscar "
		"Pedro Priya Ralph Silas Simon Tanya Tariq Wanda"),
	SHELF(6, "Amelia Andrea Bianca Carmen Daniel Edmund Esther Farida Gloria Hannah Imogen Ingrid Jasper Joseph Leonie Martin Miriam "
		"Nadine Oliver Philip Rachel Samuel Selina Stefan Ursula Victor Walter Yasmin"),
	SHELF(7, "Abigail Barbara Bernard Camille Charles Clement Desmond Eleanor Estelle Florian Gabriel Heather Isadora Jocelyn Leopold "
		"Lorenzo Matthew Melissa Natalie Ophelia Patrick Quentin Rebecca Sabrina Theresa Valerie Vincent William"),
	SHELF(8, "Augustus Benjamin Caroline Cornelia Dorothea Frederik Gertrude Isabella Jonathan Lawrence Leonardo Margaret Mohammed "
		"Nathalie Penelope Theodora Veronica Winifred"),
	SHELF(9, "Alexander Anastasia Catherine Charlotte Christian Elisabeth Frederica Genevieve Henrietta Josephine Katharina Madeleine "
		"Nathaniel Priscilla Sebastian Valentina") } };
static const struct kind towns = { 3, 9, {
	SHELF(3, "Ayr Ely Nis Rye Ulm"),
	SHELF(4, "Bath Bern Bonn Cork Graz Kyiv Lima Lyon Oslo Riga Rome York"),
	SHELF(5, "Basel Delhi Dover Ghent Kyoto Lagos Leeds Milan Osaka Paris Perth Porto Quito Seoul Tokyo Tunis Turin"),
	SHELF(6, "Athens Berlin Boston Bremen Dublin Geneva Havana Krakow Lisbon London Madrid Munich Naples Odessa Ottawa Prague Sydney "
		"Venice Vienna Warsaw Zagreb"),
	SHELF(7, "Antwerp Bristol Chicago Cologne Dresden Glasgow Granada Hamburg Leipzig Lucerne Nairobi Seville Toronto Utrecht"),
	SHELF(8, "Auckland Bordeaux Brussels Budapest Canberra Helsinki Honolulu Istanbul Montreal Salzburg Santiago Toulouse"),
	SHELF(9, "Amsterdam Barcelona Bucharest Cambridge Edinburgh Inverness Liverpool Melbourne Reykjavik Rotterdam Singapore Stockholm") } };
static const struct kind animals = { 3, 9, {
	SHELF(3, "cat cow dog fox hen owl pig ram rat yak"),
	SHELF(4, "bear boar calf crab crow deer dove duck frog goat hare lamb lion lynx mole mule pony seal swan toad wolf"),
	SHELF(5, "bison finch gecko goose hound koala llama moose panda puppy raven skunk stork"),
	SHELF(6, "badger beaver donkey falcon ferret jackal kitten lizard magpie monkey ocelot parrot pigeon rabbit spider turkey turtle weasel"),
	SHELF(7, "buffalo chicken dolphin gazelle giraffe hamster leopard ostrich panther peacock penguin sparrow vulture"),
	SHELF(8, "antelope elephant flamingo goldfish hedgehog kangaroo mongoose squirrel starling tortoise"),
	SHELF(9, "alligator armadillo chameleon cormorant crocodile dachshund greyhound porcupine") } };
static const struct kind things = { 3, 9, {
	SHELF(3, "bag bed box cap cup fan hat jar jug mug net pan pen pot rug tub van"),
	SHELF(4, "bell belt bike boat bowl cape coat comb desk door drum fork gate harp kite lamp ring rope shoe sled sofa tent vase"),
	SHELF(5, "apron banjo bugle cello kayak ladle pouch shawl towel tunic viola"),
	SHELF(6, "basket bonnet bottle bucket button candle carpet drawer fiddle guitar hammer jacket kettle ladder locket mirror napkin "
		"pillow saddle sandal shovel teapot wallet"),
	SHELF(7, "bicycle blanket compass curtain cushion lantern pitcher sweater trumpet whistle"),
	SHELF(8, "armchair backpack birdcage bookcase mattress necklace raincoat rucksack sailboat suitcase umbrella wardrobe"),
	SHELF(9, "flowerpot hairbrush lampshade saxophone sketchpad telescope washbasin xylophone") } };
/* Colours, foods and jobs stand behind "a": none begins with a vowel. */
static const struct kind colours = { 3, 9, {
	SHELF(3, "red tan"),
	SHELF(4, "blue gold grey pink teal"),
	SHELF(5, "beige khaki lilac mauve"),
	SHELF(6, "bronze copper maroon purple silver violet yellow"),
	SHELF(7, "crimson magenta saffron scarlet"),
	SHELF(8, "burgundy charcoal lavender"),
	SHELF(9, "turquoise vermilion") } };
static const struct kind foods = { 3, 9, {
	SHELF(3, "ham jam rye tea"),
	SHELF(4, "beef corn figs fish kale milk rice soup tofu"),
	SHELF(5, "bacon beans chips curry dates gravy pears pizza plums"),
	SHELF(6, "butter cheese coffee garlic ginger onions pepper prunes salmon"),
	SHELF(7, "cashews cookies custard lentils noodles oatmeal peanuts spinach waffles"),
	SHELF(8, "cherries lemonade marzipan pancakes porridge sausages zucchini"),
	SHELF(9, "asparagus chestnuts chocolate dumplings marmalade mushrooms") } };
static const struct kind jobs = { 3, 9, {
	SHELF(3, "spy vet"),
	SHELF(4, "cook dyer maid monk poet"),
	SHELF(5, "mason miner nanny smith tutor valet"),
	SHELF(6, "banker barber broker butler cooper dancer doctor driver farmer grocer hunter jockey joiner lawyer miller porter potter "
		"ranger sailor singer tailor tanner weaver writer"),
	SHELF(7, "builder butcher captain chemist cobbler dentist florist painter plumber printer sheriff surgeon teacher"),
	SHELF(8, "botanist composer designer diplomat gardener magician merchant minister musician novelist reporter sculptor waitress"),
	SHELF(9, "barrister biologist carpenter detective geologist goldsmith librarian locksmith physician policeman secretary shoemaker") } };
static const struct kind days = { 6, 9, {
	SHELF(6, "Friday Monday Sunday"), SHELF(7, "Tuesday"), SHELF(8, "Saturday Thursday"), SHELF(9, "Wednesday") } };
static const struct kind replies = { 2, 12, {
	SHELF(2, "No"), SHELF(3, "Yes"), SHELF(4, "Sure"), SHELF(5, "Quite Truly"), SHELF(6, "Hardly Indeed"),
	SHELF(7, "Not yet Perhaps"), SHELF(8, "Possibly Probably"), SHELF(9, "Certainly I hope so Not quite Of course"),
	SHELF(10, "Apparently Definitely Not at all"), SHELF(11, "By no means Undoubtedly"), SHELF(12, "I believe so I suppose so") } };

static const struct kind *const kinds[SLOTS] = { &people, &people, &towns, &animals, &things, &colours, &foods, &jobs, &days, &replies };

/* ---- Forms ------------------------------------------------------------------------------------- */

/* A slot that stands on both sides holds the same word on both. The first WHOLE are questions that anyone would
 * ask, and some of them fit from WHOLE_LEAST bytes on; the others are for where there is no room for those, and the
 * last SHRUGS only for answers below SHRUG_BYTES. */
#define WHOLE 22
#define WHOLE_LEAST 15
#define SHRUGS 2
#define SHRUG_BYTES 20

static const struct pair { const char *question, *answer; } pairs[] = {
	{ "Who saw %q?", "%p saw %q." },
	{ "Who saw %q in %c?", "%p saw %q in %c." },
	{ "Who fed the %a?", "%p fed the %a." },
	{ "Who fed the %a on %d?", "%p fed the %a on %d." },
	{ "Who has the %k %t?", "%p has the %k %t." },
	{ "Who lost the %t in %c?", "%p lost the %t in %c." },
	{ "What colour is %p's %t?", "%p's %t is %k." },
	{ "What does %p like?", "%p likes %f." },
	{ "What does %p do in %c?", "%p is a %j in %c." },
	{ "What is %p's job?", "%p is a %j." },
	{ "When did %p go to %c?", "%p went to %c on %d." },
	{ "When was %p in %c?", "On %d." },
	{ "Whose %a was ill on %d?", "%p's %a was ill on %d." },
	{ "What did %p buy in %c?", "%p bought a %k %t in %c." },
	{ "Whom did %p meet in %c?", "%p met %q in %c." },
	{ "In which town does %p live?", "%p lives in %c." },
	{ "Did %p see %q on %d?", "Yes, in %c." },
	{ "Did %p meet %q in %c?", "%y." },
	{ "Does %p like %f?", "%y." },
	{ "Is %p a %j?", "%y." },
	{ "Who saw %q?", "%p." },
	{ "Who met %q in %c?", "It was %p." },
	{ "And %p?", "%p has the %t." },
	{ "And %p?", "%p went to %c on %d." },
	{ "And %c?", "It rained in %c." },
	{ "And %c?", "%p is in %c." },
	{ "%p?", "%p has a %k %t." },
	{ "%p?", "%p saw %q." },
	{ "%p?", "%p likes %f." },
	{ "%p?", "%p is a %j." },
	{ "%c?", "%p went to %c on %d." },
	{ "%c?", "It rained in %c." },
	{ "%c?", "%p is in %c." },
	{ "%p or %q?", "%p has the %k %t." },
	{ "And %p?", "%y." },
	{ "%p?", "%y." },
};

/* What is said besides. */
static const char *const remarks[] = {
	"%p saw %q.", "%p met %q in %c.", "%p likes %f.", "%p is a %j in %c.", "%p's %t is %k.", "%p fed the %a.", "%p went to %c on %d.",
	"It rained in %c on %d.", "%p's %a was ill on %d.", "%p bought a %k %t in %c.", "%p sold the %t to %q.", "%p lost the %k %t in %c on %d.",
	"On %d %p fed the %a.", "%p made %f for %q.", "%p and %q live in %c.", "%p's %a likes %f.", "%p left the %t in %c.",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define REMARK_LEAST 10                    /* "Al saw Bo." */
#define BESIDE (REMARK_LEAST + 1)          /* with the space that parts it from its neighbour */
#define ROOMY 100                          /* from here on there is room for any pair, and something besides */

struct form { const char *text; size_t fixed; unsigned slots; };
struct range { size_t lo, hi; };

static struct form read_form(const char *text)
{
	struct form f = { .text = text };
	for (const char *p = text; *p; p++) {
		if (*p == '%')
			f.slots |= 1u << slot_of[(int)*++p];
		else
			f.fixed++;
	}
	return f;
}

/* How long the words of some slots are together. */
static struct range range_of(unsigned slots)
{
	struct range r = { 0, 0 };
	for (int i = 0; slots; i++, slots >>= 1)
		if (slots & 1) {
			r.lo += kinds[i]->lo;
			r.hi += kinds[i]->hi;
		}
	return r;
}

/* ---- Words into slots -------------------------------------------------------------------------- */

struct filling { struct lh_str word[SLOTS]; };

static size_t between(struct lh_random *r, size_t lo, size_t hi)
{
	return lo + (size_t)lh_random_below(r, hi - lo + 1);
}

static struct lh_str draw_word(struct lh_random *r, enum slot slot, size_t length, const struct filling *has)
{
	const struct shelf *s = &kinds[slot]->of[length];
	size_t i = (size_t)lh_random_below(r, s->count);
	const char *taken = slot == PERSON ? has->word[OTHER].p : slot == OTHER ? has->word[PERSON].p : NULL;
	if (s->words + i * (length + 1) == taken)        /* nobody meets himself */
		i = (i + 1) % s->count;
	return (struct lh_str){ s->words + i * (length + 1), length };
}

/* Words for some slots that are `total` bytes together, which must be within their range. */
static void fill(struct lh_random *r, unsigned slots, size_t total, struct filling *out)
{
	struct range rest = range_of(slots);
	for (int i = 0; i < SLOTS; i++)
		if (slots & 1u << i) {
			const struct kind *k = kinds[i];
			rest.lo -= k->lo;
			rest.hi -= k->hi;
			size_t lo = total > rest.hi + k->lo ? total - rest.hi : k->lo;
			size_t hi = total < rest.lo + k->hi ? total - rest.lo : k->hi;
			size_t length = between(r, lo, hi);
			assert(length >= k->lo && length <= k->hi);
			out->word[i] = draw_word(r, (enum slot)i, length, out);
			total -= length;
		}
}

static char *put_form(char *to, const char *text, const struct filling *with)
{
	for (; *text; text++) {
		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		struct lh_str word = with->word[slot_of[(int)*++text]];
		memcpy(to, word.p, word.n);
		to += word.n;
	}
	return to;
}

/* ---- Remarks ----------------------------------------------------------------------------------- */

/* A length within the range that leaves nothing of `room`, or enough for a remark; false where there is none. */
static bool fit(struct lh_random *r, size_t room, struct range range, size_t *length)
{
	if (room >= range.lo && room <= range.hi) {
		*length = room;
		return true;
	}
	if (room < range.lo + BESIDE)
		return false;
	*length = between(r, range.lo, range.hi < room - BESIDE ? range.hi : room - BESIDE);
	return true;
}

/* Exactly `bytes`, at least REMARK_LEAST: sentence after sentence. */
static char *put_remarks(struct lh_random *r, char *to, size_t bytes)
{
	for (;;) {
		struct form f = read_form(remarks[lh_random_below(r, COUNT(remarks))]);
		struct filling with = { 0 };
		size_t words;
		if (bytes < f.fixed || !fit(r, bytes - f.fixed, range_of(f.slots), &words))
			continue;
		fill(r, f.slots, words, &with);
		to = put_form(to, f.text, &with);
		bytes -= f.fixed + words;
		if (!bytes)
			return to;
		*to++ = ' ';
		bytes--;
	}
}

/* ---- Pairs ------------------------------------------------------------------------------------- */

/* A pair of forms with its words, and what it takes of either side. */
struct fact { const struct pair *forms; struct filling words; size_t question, answer; };

/* Whether the forms can take n and m bytes, with remarks or without; if so with words drawn. */
static bool try_forms(struct lh_random *r, const struct pair *forms, size_t n, size_t m, struct fact *out)
{
	struct form q = read_form(forms->question), a = read_form(forms->answer);
	unsigned both = q.slots & a.slots, asked = q.slots & ~both, answered = a.slots & ~both;
	struct range shared = range_of(both);
	size_t count = shared.hi - shared.lo + 1, first = (size_t)lh_random_below(r, count), in_q, in_a;
	for (size_t i = 0; i < count; i++) {
		size_t in_both = shared.lo + (first + i) % count;
		if (n < q.fixed + in_both || !fit(r, n - q.fixed - in_both, range_of(asked), &in_q))
			continue;
		if (m < a.fixed + in_both || !fit(r, m - a.fixed - in_both, range_of(answered), &in_a))
			continue;
		*out = (struct fact){ .forms = forms, .question = q.fixed + in_both + in_q, .answer = a.fixed + in_both + in_a };
		fill(r, both, in_both, &out->words);
		fill(r, asked, in_q, &out->words);
		fill(r, answered, in_a, &out->words);
		return true;
	}
	return false;
}

/* Some pair fits, whatever the lengths: see the test. A short question is one question. */
static struct fact draw_fact(struct lh_random *r, size_t n, size_t m)
{
	struct fact f;
	bool small = n < WHOLE_LEAST;
	size_t count = !small ? WHOLE : m < SHRUG_BYTES ? COUNT(pairs) : COUNT(pairs) - SHRUGS;
	while (!try_forms(r, &pairs[lh_random_below(r, count)], n, m, &f) || (small && f.question != n))
		;
	return f;
}

/* One side of a fact; `rest` bytes of it come behind, by other facts, or are taken up by remarks: before a question,
 * behind an answer. */
enum rest { OTHERS, BEFORE, BEHIND };

static char *put_side(struct lh_random r, char *to, const char *text, const struct filling *words, size_t rest, enum rest by)
{
	if (by == BEFORE && rest) {
		to = put_remarks(&r, to, rest - 1);
		*to++ = ' ';
	}
	to = put_form(to, text, words);
	if (by != BEFORE && rest)
		*to++ = ' ';
	return by == BEHIND && rest ? put_remarks(&r, to, rest - 1) : to;
}

/* Questions, and answers to them in their order, for as long as both sides have room. A side of NULL is drawn and not
 * written, and each side's remarks come from a stream of their own: neither hangs on whether the other is wanted. */
static void put_facts(struct lh_random r, char *question, size_t n, char *answer, size_t m)
{
	struct lh_random before = { lh_random_mix(r.key, 1), 0 }, behind = { lh_random_mix(r.key, 2), 0 };
	for (bool more = true; more; n--, m--) {
		struct fact f = draw_fact(&r, n, m);
		n -= f.question;
		m -= f.answer;
		more = n >= ROOMY && m >= ROOMY;
		if (question)
			question = put_side(before, question, f.forms->question, &f.words, n, more ? OTHERS : BEFORE);
		if (answer)
			answer = put_side(behind, answer, f.forms->answer, &f.words, m, more ? OTHERS : BEHIND);
	}
}

#define FORM_LEAST 3                       /* "Al?", "No." */

/* Room for a side, counted as written; NULL where nothing is to be written there, or nothing more: what is shorter
 * than any form is an initial and the mark that ends it. */
static char *take_room(struct lh_buf *b, size_t bytes, char initial, char end)
{
	char *at = b ? lh_buf_reserve(b, bytes) : NULL;
	if (!at)
		return NULL;
	b->n += bytes;
	at[bytes] = 0;
	if (bytes >= FORM_LEAST)
		return at;
	if (bytes == 2)
		at[0] = initial;
	if (bytes)
		at[bytes - 1] = end;
	return NULL;
}

void lh_filler_pair(struct lh_random r, size_t question_bytes, size_t answer_bytes, struct lh_buf *question, struct lh_buf *answer)
{
	assert(!question || question != answer);
	char initial = (char)('A' + lh_random_below(&r, 26));
	char *q = take_room(question, question_bytes, initial, '?');
	char *a = take_room(answer, answer_bytes, initial, '.');
	/* Beside a side that is shorter than any form, the other stands by itself. */
	if (a && question_bytes < FORM_LEAST && answer_bytes >= REMARK_LEAST)
		put_remarks(&r, a, answer_bytes);
	else if (q || a)
		put_facts(r, q, question_bytes < FORM_LEAST ? ROOMY : question_bytes, a, answer_bytes < FORM_LEAST ? ROOMY : answer_bytes);
}
