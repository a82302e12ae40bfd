/* task/task_impl.h - what the files of this room share; no other room includes it.
 *
 *   host.c      the host table: sinks, random streams, files        (what a plugin calls)
 *   loader.c    one file → one family, or a refusal with its reason
 *   search.c    the registry: folders, names
 *   params.c    typed words → checked values; tasksets
 *   sample.c    one seeded task, driven
 *   tools.c     tools listed, checked and called
 *   conform*.c    the conformance test, with conform.h */
#ifndef LH_TASK_IMPL_H
#define LH_TASK_IMPL_H

#include "task/task.h"

#include <sys/types.h>

#define LH_FILE_MAX (1u << 30)           /* bytes of a file that a parameter names */
#define LH_PARAM_MAX 64                  /* parameters of a family */

struct lh_sink {
	struct lh_buf *out;
	size_t max;                      /* out->n may not pass this */
	bool over;                       /* it would have: the output is cut off and counts as failed */
};

struct lh_draw { struct lh_random r; };

struct lh_family {
	char *path;
	dev_t device;
	ino_t inode;
	char sha256[65];
	const struct lh_plugin *plugin;  /* in the mapped file, which stays mapped until exit */
	const struct lh_task_v1 *task;   /* likewise */
	const struct lh_thoughts_v1 *thoughts;   /* likewise; NULL: not offered */
	const struct lh_tools_v1 *tools;         /* likewise */
};

struct lh_registry {
	struct lh_family **families;     /* in order of name */
	int count, cap;
};

/* A parameter as given: what was typed, what the family sees. */
struct lh_given {
	char *typed;
	char *path;                      /* LH_PARAM_FILE: resolved; NULL where no file was given */
	char sha256[65];                 /* of that file */
};

struct lh_taskset {
	const struct lh_family *family;
	struct lh_given *given;          /* one a parameter, declared order */
	struct lh_value *values;
	struct lh_task_data *data;
	uint64_t samples;
	struct lh_buf json;
	const struct lh_tool *tool;      /* offered with these parameters; the family's */
	struct lh_json **schema;         /* of each tool, read */
	int tools;
	/* States are written here and only then appended to the caller's buffer: a failed call leaves
	 * the caller's text alone, and the state it was given may lie in that very buffer. */
	struct lh_buf scratch[2];
};

struct lh_sample {
	struct lh_taskset *set;
	struct lh_task *task;
	uint64_t index, seed, max_steps;
};

/* The one host table. Plugins may keep it for the life of the process, so it is static, and so is
 * what it works on: all plugin code runs on one thread, one call at a time. */
const struct lh_host *lh_host_table(void);
/* Before every call into a plugin: forgets the last call's reason and streams. */
void lh_host_enter(const char *family);
/* The same, noted (lh_task_note_in); lh_host_left() after it, before anything else of ours. */
void lh_host_call(const char *family, enum lh_function function, uint64_t step);
void lh_host_left(void);
/* After one that failed: its reason, or that it gave none. */
int lh_host_failure(const char *function, struct lh_error *err);
/* Around load(): the paths that read_file() serves; `end` frees the bytes and fills in the sha256
 * of the files that were read. */
void lh_host_files_begin(struct lh_given *given, int count);
void lh_host_files_end(void);

/* Refusals and declarations (loader.c). */
int lh_family_open(const char *path, struct lh_family **out, struct lh_error *err) LH_CHECKED;
void lh_family_free(struct lh_family *f);
int lh_family_identify(const char *path, char **real, dev_t *device, ino_t *inode, struct lh_error *err) LH_CHECKED;

/* Tools (tools.c). */
int lh_family_check_tools(const struct lh_tools_v1 *t, struct lh_error *err) LH_CHECKED;
int lh_taskset_list_tools(struct lh_taskset *t, struct lh_error *err) LH_CHECKED;
void lh_taskset_drop_tools(struct lh_taskset *t);

/* One value against its declaration (params.c). */
int lh_param_parse(const struct lh_param *p, struct lh_str typed, struct lh_value *out, struct lh_error *err) LH_CHECKED;

/* Whether s can stand as a state: not empty, at most LH_STATE_MAX bytes, well-formed UTF-8 without
 * control characters other than newline and tab, no '<' (it has to survive inside an answer tag),
 * no white space at either end. NULL, or what is wrong with it. */
const char *lh_state_fault(struct lh_str s);

#endif
