/* again/unite_impl.h - a file that is read to be put together with others; shared by unite_read.c and unite.c. */
#ifndef LH_AGAIN_UNITE_IMPL_H
#define LH_AGAIN_UNITE_IMPL_H

#include "journal/journal.h"
#include "again/unite.h"

struct lh_unite_file {
	const char *path;                        /* borrowed */
	struct lh_reader *reader;
	struct lh_run_row run;                   /* its texts, and those of the conditions, are in `words` */
	struct lh_condition_row *condition; size_t conditions, condition_cap;
	struct lh_json *settings;
	struct lh_shards shards;
	int64_t samples;                         /* of all shards */
	char **words; size_t word_count, word_cap;
};

/* An episode of one of the files. */
struct lh_unite_episode { struct lh_episode_row row; int file; };

struct lh_unite_episodes { struct lh_unite_episode *at; size_t n, cap; };

/* Opens a file and checks that all of it can be read; its episodes are added to `all`, with texts that live as long as f. */
int lh_unite_open(struct lh_unite_file *f, const char *path, int index, struct lh_unite_episodes *all, struct lh_error *err) LH_CHECKED;
void lh_unite_close(struct lh_unite_file *f);
/* LH_E_USAGE: the two are not of one experiment; names the first field in which they differ. */
int lh_unite_check(const struct lh_unite_file *a, const struct lh_unite_file *b, struct lh_error *err) LH_CHECKED;

#endif
