/* support/records.h - a small table of named records with whole numbers in a few columns.
 *
 * Written as: birch 3 7; maple 5 2; olive 9 1 */
#ifndef LH_SUPPORT_RECORDS_H
#define LH_SUPPORT_RECORDS_H

#include "support/dictionary.h"

#define FAM_ROWS_MAX 8
#define FAM_COLUMNS_MAX 4
#define FAM_RECORD_NAME 16

struct fam_record {
	char name[FAM_RECORD_NAME];       /* small letters */
	int64_t value[FAM_COLUMNS_MAX];
};

struct fam_table {
	int rows, columns;
	struct fam_record row[FAM_ROWS_MAX];
};

/* A record out of a dictionary, whose values are packed, 1,000 a column. */
int64_t fam_record_pack(const int64_t value[FAM_COLUMNS_MAX]);
struct fam_record fam_record_of(const struct fam_dictionary *d, uint32_t key);
/* Where the record of that name stands in the table, or -1. */
int fam_table_find(const struct fam_table *t, const char *name);
bool fam_table_equal(const struct fam_table *a, const struct fam_table *b);

/* The rows sorted by a column; those with equal numbers stay in the order they are in. */
void fam_table_sort(struct fam_table *t, int column, bool largest_first);
/* Records of the dictionary are appended until there are `rows`: from `key` on, in the order of the dictionary, whose first comes
 * after its last; those whose name is in the table are left out. The dictionary has more records than `rows`. */
void fam_table_refill(struct fam_table *t, int rows, const struct fam_dictionary *d, uint32_t key);

/* 3 7 */
void fam_record_put_values(const struct lh_host *host, struct lh_sink *out, const struct fam_record *r, int columns);
void fam_table_put(const struct lh_host *host, struct lh_sink *out, const struct fam_table *t);
/* A table as models write one: so many rows of a word and so many numbers, with white space, commas, colons, semicolons, bars and
 * brackets between them, and with or without the column's name (a, b, …) and = in front of a number. */
bool fam_table_read(struct lh_text t, int rows, int columns, struct fam_table *out);

#endif
