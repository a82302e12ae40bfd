/* run/search_file.h - the runs of a search in a run file, as their settings tell. */
#ifndef LH_RUN_SEARCH_FILE_H
#define LH_RUN_SEARCH_FILE_H

#include "run/experiment.h"

struct lh_stage_run {
	struct lh_stage stage;
	int64_t run;
	bool done;
	double q;
	int64_t cap, steps_most, samples_most;
	char config_sha256[65];
	char *sources;                           /* SHA-256 of plugins and policies, JSON */
};

struct lh_search_file {
	int64_t newest;                          /* run of the file; 0: it holds none */
	int64_t id;                              /* of the newest search with the wanted key; 0: there is none */
	struct lh_stage_run *stage; size_t stages, cap;
};

/* key: NULL for the search of the newest run. A file that is not there holds nothing. LH_E_DAMAGED: settings that no
 * search leaves, or sources that changed while it went on. */
int lh_search_file_read(const char *path, const char *key, struct lh_search_file *out, struct lh_error *err) LH_CHECKED;
void lh_search_file_fini(struct lh_search_file *f);
/* The latest run of that try; NULL: there is none. */
const struct lh_stage_run *lh_search_file_find(const struct lh_search_file *f, int index, int number);

#endif
