#include "support/records.h"
#include "support/take.h"

#include <stdio.h>
#include <string.h>

#define PACK 1000

int64_t fam_record_pack(const int64_t value[FAM_COLUMNS_MAX])
{
	int64_t packed = 0;
	for (int i = FAM_COLUMNS_MAX; i-- > 0; )
		packed = packed * PACK + value[i];
	return packed;
}

struct fam_record fam_record_of(const struct fam_dictionary *d, uint32_t key)
{
	struct fam_record r = { .name = "" };
	int64_t packed = d->value[key];
	snprintf(r.name, sizeof r.name, "%s", d->key[key]);
	for (int i = 0; i < FAM_COLUMNS_MAX; i++, packed /= PACK)
		r.value[i] = packed % PACK;
	return r;
}

int fam_table_find(const struct fam_table *t, const char *name)
{
	for (int i = 0; i < t->rows; i++)
		if (strcmp(t->row[i].name, name) == 0)
			return i;
	return -1;
}

bool fam_table_equal(const struct fam_table *a, const struct fam_table *b)
{
	bool equal = a->rows == b->rows && a->columns == b->columns;
	for (int i = 0; equal && i < a->rows; i++)
		equal = strcmp(a->row[i].name, b->row[i].name) == 0
			&& memcmp(a->row[i].value, b->row[i].value, (size_t)a->columns * sizeof *a->row[i].value) == 0;
	return equal;
}

void fam_table_sort(struct fam_table *t, int column, bool largest_first)
{
	for (int i = 1; i < t->rows; i++)
		for (int k = i; k > 0; k--) {
			int64_t here = t->row[k].value[column], above = t->row[k - 1].value[column];
			if (largest_first ? here <= above : here >= above)
				break;
			struct fam_record r = t->row[k];
			t->row[k] = t->row[k - 1];
			t->row[k - 1] = r;
		}
}

void fam_table_refill(struct fam_table *t, int rows, const struct fam_dictionary *d, uint32_t key)
{
	for (; t->rows < rows; key = (key + 1) % d->count)
		if (fam_table_find(t, d->key[key]) < 0)
			t->row[t->rows++] = fam_record_of(d, key);
}

/* ---- Text -------------------------------------------------------------------------------------- */

void fam_record_put_values(const struct lh_host *host, struct lh_sink *out, const struct fam_record *r, int columns)
{
	for (int i = 0; i < columns; i++)
		fam_putf(host, out, "%s%lld", i ? " " : "", (long long)r->value[i]);
}

void fam_table_put(const struct lh_host *host, struct lh_sink *out, const struct fam_table *t)
{
	for (int i = 0; i < t->rows; i++) {
		fam_putf(host, out, "%s%s ", i ? "; " : "", t->row[i].name);
		fam_record_put_values(host, out, &t->row[i], t->columns);
	}
}

#define BETWEEN FAM_WHITE ",;:|()[]"

static bool take_value(struct lh_text *t, int column, int64_t *out)
{
	const char name[2] = { (char)('a' + column), 0 };
	if (fam_take_text(t, name)) {
		fam_take_of(t, FAM_WHITE, t->size);
		if (fam_take_of(t, "=:", 1) != 1)
			return false;
		fam_take_of(t, FAM_WHITE, t->size);
	}
	return fam_take_count(t, out);
}

bool fam_table_read(struct lh_text t, int rows, int columns, struct fam_table *out)
{
	*out = (struct fam_table){ .rows = rows, .columns = columns };
	t = fam_trim(t);
	fam_take_of(&t, BETWEEN, t.size);
	for (int i = 0; i < rows; i++) {
		if (!fam_take_word(&t, out->row[i].name, sizeof out->row[i].name))
			return false;
		for (int c = 0; c < columns; c++)
			if (fam_take_of(&t, BETWEEN, t.size) == 0 || !take_value(&t, c, &out->row[i].value[c]))
				return false;
		if (fam_take_of(&t, BETWEEN, t.size) == 0 && t.size)
			return false;
	}
	return t.size == 0;
}
