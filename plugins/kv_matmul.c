/* kv_matmul - the sequential variant of "The Illusion of Diminishing Returns" (arXiv 2509.09677, appendix B):
 * keys are looked up in a dictionary of 2×2 matrices, by which a running matrix is multiplied on the right.
 *
 * Here it is modulo a prime, so that answers stay short at any length. State: the matrix, row by row, as
 * "3 0 6 1". Step: one key, of the plan that kv_sum has. The dictionary's matrices are invertible, so nothing is
 * ever forgotten, and none is the identity, so no step leaves the state as it was. The order of the factors
 * matters: from p = 5 on their group is not solvable, and the product of n of them is complete for NC1 (D. Barrington,
 * JCSS 38, 1989), where a sum of n integers is in TC0. */
#include "support/dictionary.h"
#include "support/matrix.h"

#include <stdlib.h>
#include <string.h>

static const struct lh_host *host;

enum { KEYS, PRIME, WORDS, PARAM_COUNT };

static const struct lh_param params[PARAM_COUNT] = {
	[KEYS] = { "keys", LH_PARAM_INTEGER, 0, "100", 2, 10000, NULL, "entries of the dictionary" },
	[PRIME] = { "p", LH_PARAM_INTEGER, 0, "7", 2, 997, NULL, "the modulus, a prime" },
	[WORDS] = { "words", LH_PARAM_FILE, 0, "", 0, 0, NULL,
		"a word list to draw keys from, UTF-8, one word a line; without it common English words" },
};

struct lh_task_data {
	int64_t p;
	struct fam_source source;
};

struct lh_task {
	int64_t p;
	uint64_t seed;
	struct fam_dictionary dictionary;         /* its values are packed matrices */
};

/* ---- Set-up ------------------------------------------------------------------------------------ */

static void unload(struct lh_task_data *data)
{
	if (data)
		fam_source_fini(&data->source);
	free(data);
}

static int32_t check_prime(int64_t p)
{
	for (int64_t k = 2; k * k <= p; k++)
		if (p % k == 0)
			return fam_fail(host, "p=%lld is not a prime: it is %lld times %lld", (long long)p, (long long)k, (long long)(p / k));
	return LH_TASK_OK;
}

static struct lh_task_data *load(const struct lh_value *v)
{
	struct lh_task_data *d = fam_new(host, sizeof *d);
	if (!d)
		return NULL;
	d->p = v[PRIME].integer;
	if (check_prime(d->p) || fam_source_open(host, v[KEYS].integer, (struct fam_values){ 0 }, v[WORDS].text, &d->source)) {
		unload(d);
		return NULL;
	}
	return d;
}

static void close_task(struct lh_task *t)
{
	if (t)
		fam_dictionary_fini(&t->dictionary);
	free(t);
}

static struct lh_task *open_task(const struct lh_task_data *d, uint64_t sample, uint64_t seed)
{
	(void)sample;
	struct lh_draw *draw;
	struct lh_task *t = fam_new(host, sizeof *t);
	if (!t)
		return NULL;
	t->p = d->p;
	t->seed = seed;
	if (fam_dictionary_keys(host, &d->source, seed, &draw, &t->dictionary)) {
		close_task(t);
		return NULL;
	}
	for (uint32_t i = 0; i < t->dictionary.count; i++)
		t->dictionary.value[i] = fam_matrix_pack(fam_matrix_draw(host, draw, t->p));
	return t;
}

/* ---- Prompts ----------------------------------------------------------------------------------- */

static void put_entries(const struct lh_host *h, struct lh_sink *out, int64_t value)
{
	fam_matrix_put(h, out, fam_matrix_unpack(value));
}

static void put_packed(const struct lh_host *h, struct lh_sink *out, int64_t value)
{
	fam_put(h, out, "\"");
	put_entries(h, out, value);
	fam_put(h, out, "\"");
}

struct product { struct fam_matrix m; int64_t p; };

static void multiply(void *product, int64_t value)
{
	struct product *x = product;
	x->m = fam_matrix_times(x->m, fam_matrix_unpack(value), x->p);
}

static void put_product(const struct lh_host *h, struct lh_sink *out, const void *product)
{
	fam_matrix_put(h, out, ((const struct product *)product)->m);
}

/* The determinants are 1 and -1: invertible modulo any prime. */
static void put_example(int64_t p, struct lh_sink *out)
{
	static const struct fam_matrix factor[] = { { 2, 1, 1, 1 }, { 1, 3, 0, 1 }, { 3, 2, 4, 3 }, { 0, 1, 1, 2 } };
	struct fam_keyed_example example = { .put_value = put_packed, .step = multiply, .put_state = put_product };
	for (int i = 0; i < 4; i++)
		example.value[i] = fam_matrix_pack((struct fam_matrix){ factor[i].a % p, factor[i].b % p, factor[i].c % p, factor[i].d % p });
	fam_dictionary_example(host, out, &example, &(struct product){ { 1, 0, 0, 1 }, p });
}

static int32_t instructions(const struct lh_task *t, uint32_t steps_per_turn, struct lh_sink *out)
{
	(void)steps_per_turn;
	fam_put(host, out, "You keep a 2×2 matrix that is multiplied by matrices looked up in a dictionary, modulo ");
	fam_put_int(host, out, t->p);
	fam_put(host, out, ".\n\n"
		"Rules:\n"
		"- A matrix is written as its four entries, row by row: a b c d has the first row a b and the second row c d.\n"
		"- The matrix starts as 1 0 0 1.\n"
		"- Each message names one or more keys, separated by commas. Look up every key in the dictionary and multiply, in order, "
		"with your matrix on the left and the matrix of the key on the right; a key that is named again multiplies again.\n"
		"- a b c d on the left times e f g h on the right is a*e+b*g a*f+b*h c*e+d*g c*f+d*h, where every entry is replaced by its "
		"remainder on division by ");
	fam_put_int(host, out, t->p);
	fam_put(host, out, ": a number from 0 to ");
	fam_put_int(host, out, t->p - 1);
	fam_put(host, out, ".\n"
		"- The matrix carries over from message to message and is never reset.\n"
		"- End each reply with the matrix after the last key of the message, as its four entries separated by spaces inside "
		"<answer></answer>.\n\n"
		"Example, with a dictionary of its own: ");
	put_example(t->p, out);
	fam_put(host, out, "\n\nThe dictionary to use from here on, with the matrix 1 0 0 1 to start from:\n");
	fam_dictionary_put_as(host, out, &t->dictionary, put_packed);
	fam_put(host, out, "\n");
	return LH_TASK_OK;
}

static int32_t ask(const struct lh_task *t, uint64_t first_step, uint32_t count, struct lh_sink *out)
{
	fam_dictionary_ask(host, out, &t->dictionary, t->seed, first_step, count);
	return LH_TASK_OK;
}

/* ---- The step machine -------------------------------------------------------------------------- */

static int32_t initial(const struct lh_task *t, struct lh_sink *out)
{
	(void)t;
	fam_put(host, out, "1 0 0 1");
	return LH_TASK_OK;
}

static int32_t apply(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_sink *out)
{
	struct fam_matrix m;
	if (!fam_matrix_read(state, t->p, &m))
		return fam_not_a_state(host, state, "a matrix");
	uint32_t key = fam_dictionary_step(host, &t->dictionary, t->seed, step);
	fam_matrix_put(host, out, fam_matrix_times(m, fam_matrix_unpack(t->dictionary.value[key]), t->p));
	return LH_TASK_OK;
}

static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	struct fam_matrix m;
	if (!fam_matrix_read(text, t->p, &m))
		return LH_TASK_NO_STATE;
	fam_matrix_put(host, out, m);
	return LH_TASK_OK;
}

static struct fam_matrix slip(const struct lh_task *t, uint64_t step, struct fam_matrix right, struct lh_draw *draw)
{
	uint32_t key = fam_dictionary_step(host, &t->dictionary, t->seed, step);
	struct fam_matrix factor = fam_matrix_unpack(t->dictionary.value[key]);
	struct fam_matrix before = fam_matrix_times(right, fam_matrix_inverse(factor, t->p), t->p);
	switch (host->random_between(draw, 0, 4)) {
	case 0: return before;                                                          /* the step left out */
	case 1: return fam_matrix_times(factor, before, t->p);                          /* left and right confused */
	case 2: return (struct fam_matrix){ right.a, right.c, right.b, right.d };       /* columns for rows */
	case 3:                                                                         /* the wrong line of the dictionary */
		key = fam_dictionary_neighbour(host, &t->dictionary, draw, key);
		return fam_matrix_times(before, fam_matrix_unpack(t->dictionary.value[key]), t->p);
	default: return right;
	}
}

/* One entry off by one: an arithmetic slip, and the way out where another slip happens to be right. */
static struct fam_matrix miscount(struct fam_matrix m, int64_t p, struct lh_draw *draw)
{
	int64_t *entry[] = { &m.a, &m.b, &m.c, &m.d }, *e = entry[host->random_between(draw, 0, 3)];
	*e = (*e + (host->random_between(draw, 0, 1) ? 1 : p - 1)) % p;
	return m;
}

static int32_t corrupt(const struct lh_task *t, uint64_t step, struct lh_text state, struct lh_draw *draw, struct lh_sink *out)
{
	struct fam_matrix right;
	if (!fam_matrix_read(state, t->p, &right))
		return fam_not_a_state(host, state, "a matrix");
	struct fam_matrix wrong = slip(t, step, right, draw);
	fam_matrix_put(host, out, fam_matrix_equal(wrong, right) ? miscount(right, t->p, draw) : wrong);
	return LH_TASK_OK;
}

/* The factor as it was read: where the product is another than it should be, the one that leads to it. Nothing that is
 * multiplied by a singular matrix is sure to: then it was read well, and the slip is in the sums. */
static struct fam_matrix factor_read(const struct lh_task *t, uint32_t key, struct fam_matrix before, struct fam_matrix after)
{
	struct fam_matrix factor = fam_matrix_unpack(t->dictionary.value[key]);
	if (fam_matrix_equal(fam_matrix_times(before, factor, t->p), after) || fam_matrix_determinant(before, t->p) == 0)
		return factor;
	return fam_matrix_times(fam_matrix_inverse(before, t->p), after, t->p);
}

static int32_t explain(const struct lh_task *t, uint64_t step, struct lh_text before, struct lh_text after, struct lh_sink *out)
{
	struct fam_matrix m, product;
	if (!fam_matrix_read(before, t->p, &m))
		return fam_not_a_state(host, before, "a matrix");
	if (!fam_matrix_read(after, t->p, &product))
		return fam_not_a_state(host, after, "a matrix");
	uint32_t key = fam_dictionary_step(host, &t->dictionary, t->seed, step);
	struct fam_matrix factor = factor_read(t, key, m, product);
	fam_dictionary_put_read(host, out, &t->dictionary, key, fam_matrix_pack(factor), put_entries);
	fam_put(host, out, " ");
	fam_matrix_put_product(host, out, m, factor, product, t->p);
	fam_put(host, out, ". Modulo ");
	fam_put_int(host, out, t->p);
	fam_put(host, out, ": ");
	fam_matrix_put(host, out, product);
	fam_put(host, out, ".");
	return LH_TASK_OK;
}

static const struct lh_task_v1 task = {
	.struct_size = sizeof task,
	.param_count = PARAM_COUNT,
	.params = params,
	.summary = "look up a 2×2 matrix, multiply by it modulo p; the state is the product",
	.load = load, .unload = unload, .samples = fam_any_samples, .open = open_task, .close = close_task,
	.instructions = instructions, .ask = ask, .initial = initial, .apply = apply,
	.canonical = canonical, .corrupt = corrupt, .max_steps = fam_any_steps,
};

static const struct lh_thoughts_v1 thoughts = { .struct_size = sizeof thoughts, .explain = explain };

FAM_PLUGIN("kv_matmul", "1.0");
