#include "support/matrix.h"

#include <string.h>

bool fam_matrix_equal(struct fam_matrix m, struct fam_matrix n)
{
	return m.a == n.a && m.b == n.b && m.c == n.c && m.d == n.d;
}

struct fam_matrix fam_matrix_times(struct fam_matrix m, struct fam_matrix n, int64_t p)
{
	return (struct fam_matrix){ (m.a * n.a + m.b * n.c) % p, (m.a * n.b + m.b * n.d) % p,
		(m.c * n.a + m.d * n.c) % p, (m.c * n.b + m.d * n.d) % p };
}

int64_t fam_matrix_determinant(struct fam_matrix m, int64_t p)
{
	return (m.a * m.d + (p - m.b) * m.c) % p;
}

struct fam_matrix fam_matrix_inverse(struct fam_matrix m, int64_t p)
{
	int64_t determinant = fam_matrix_determinant(m, p), k = 1;
	while (k < p && k * determinant % p != 1)
		k++;
	return (struct fam_matrix){ k * m.d % p, k * (p - m.b) % p, k * (p - m.c) % p, k * m.a % p };
}

struct fam_matrix fam_matrix_draw(const struct lh_host *host, struct lh_draw *draw, int64_t p)
{
	const struct fam_matrix identity = { 1, 0, 0, 1 };
	struct fam_matrix m;
	do {
		m.a = host->random_between(draw, 0, p - 1);
		m.b = host->random_between(draw, 0, p - 1);
		m.c = host->random_between(draw, 0, p - 1);
		m.d = host->random_between(draw, 0, p - 1);
	} while (fam_matrix_determinant(m, p) == 0 || fam_matrix_equal(m, identity));
	return m;
}

int64_t fam_matrix_pack(struct fam_matrix m)
{
	return ((m.a * 1000 + m.b) * 1000 + m.c) * 1000 + m.d;
}

struct fam_matrix fam_matrix_unpack(int64_t v)
{
	return (struct fam_matrix){ v / 1000000000, v / 1000000 % 1000, v / 1000 % 1000, v % 1000 };
}

void fam_matrix_put(const struct lh_host *host, struct lh_sink *out, struct fam_matrix m)
{
	const int64_t entry[] = { m.a, m.b, m.c, m.d };
	for (int i = 0; i < 4; i++) {
		fam_put(host, out, i ? " " : "");
		fam_put_int(host, out, entry[i]);
	}
}

static void put_times(const struct lh_host *host, struct lh_sink *out, int64_t a, int64_t b, const char *then)
{
	fam_put_int(host, out, a);
	fam_put(host, out, "*");
	fam_put_int(host, out, b);
	fam_put(host, out, then);
}

void fam_matrix_put_product(const struct lh_host *host, struct lh_sink *out, struct fam_matrix m, struct fam_matrix n,
	struct fam_matrix product, int64_t p)
{
	const int64_t factor[4][4] = { { m.a, n.a, m.b, n.c }, { m.a, n.b, m.b, n.d }, { m.c, n.a, m.d, n.c }, { m.c, n.b, m.d, n.d } };
	const int64_t entry[] = { product.a, product.b, product.c, product.d };
	for (int i = 0; i < 4; i++) {
		const int64_t *f = factor[i], sum = f[0] * f[1] + f[2] * f[3];
		fam_put(host, out, i ? ", " : "");
		put_times(host, out, f[0], f[1], "+");
		put_times(host, out, f[2], f[3], "=");
		fam_put_int(host, out, sum - sum % p + entry[i]);
	}
}

/* ---- Text in ----------------------------------------------------------------------------------- */

/* What an answer may look like, white space aside; n is a number. */
static const char *const forms[] = {
	"nnnn", "n,n,n,n", "nn;nn", "nn,nn", "n,n;n,n", "n,nn,n",
	"[nnnn]", "[n,n,n,n]", "[nn;nn]", "[n,n;n,n]", "(nnnn)", "(n,n,n,n)",
	"[nn][nn]", "[n,n][n,n]", "[n,n],[n,n]", "[[nn][nn]]", "[[n,n],[n,n]]", "((n,n),(n,n))",
};

#define FORM_MAX 14                       /* one more than the longest */

static bool is_mark(char c)
{
	return c && strchr(",;[]()", c);
}

/* Takes a number off the front of t; false where that is no entry of a matrix. */
static bool take_entry(struct lh_text *t, int64_t p, int64_t *out)
{
	struct lh_text number = { t->bytes, 0 };
	while (t->size && !fam_is_white(t->bytes[0]) && !is_mark(t->bytes[0]))
		t->bytes++, t->size--, number.size++;
	return fam_read_int(number, out) && *out >= 0 && *out < p;
}

static bool known(const char *form)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (strcmp(form, forms[i]) == 0)
			return true;
	return false;
}

bool fam_matrix_read(struct lh_text t, int64_t p, struct fam_matrix *out)
{
	char form[FORM_MAX + 1] = "";
	int64_t entry[4] = { 0 };
	int numbers = 0;
	size_t n = 0;
	for (t = fam_trim(t); t.size && n < FORM_MAX; ) {
		bool white = fam_is_white(t.bytes[0]), mark = is_mark(t.bytes[0]);
		if (mark)
			form[n++] = t.bytes[0];
		if (white || mark) {
			t.bytes++, t.size--;
			continue;
		}
		form[n++] = 'n';
		if (numbers == 4 || !take_entry(&t, p, &entry[numbers++]))
			return false;
	}
	*out = (struct fam_matrix){ entry[0], entry[1], entry[2], entry[3] };
	return t.size == 0 && known(form);
}
