/* journal/writing.h - the writer's insides, shared by the files of this room only. */
#ifndef LH_JOURNAL_WRITING_H
#define LH_JOURNAL_WRITING_H

#include "journal/columns.h"
#include "journal/schema.h"

#define LH_BULK_ROWS 50000               /* rows of a bulk transaction */

enum lh_fixed_statement { LH_S_BEGIN, LH_S_COMMIT, LH_S_END_RUN, LH_S_NEXT_EPISODE, LH_S_COUNT };

struct lh_journal {
	sqlite3 *db;
	char *path;
	const char *wal_path;            /* sqlite's */
	int wal_fd;                      /* holds the writer's lock; also what is synced */
	bool bulk;
	bool made;                       /* this call made the file */
	bool resumed;                    /* goes on with a run that is there */
	bool indexed;
	bool open;                       /* a transaction is */
	bool unsynced;                   /* committed, not yet on the disk */
	int broken;                      /* an error after which nothing more is written: LH_E_WRITE, … */
	int64_t pending, committed;      /* rows */
	int64_t began_us, synced_us;
	sqlite3_stmt *put[LH_T_COUNT], *fixed[LH_S_COUNT];
};

int lh_journal_prepare(struct lh_journal *j, struct lh_error *err) LH_CHECKED;
/* Ends all writing: why, what is kept, how to go on. A failed write may have cost the transaction's
 * rows. system_error: of a call of ours; 0: of sqlite's. */
int lh_journal_broke(struct lh_journal *j, int system_error, struct lh_error *err) LH_CHECKED;
/* Steps a statement that returns no rows, and resets it. A failure ends all writing. */
int lh_journal_step(struct lh_journal *j, sqlite3_stmt *s, struct lh_error *err) LH_CHECKED;
int lh_journal_begin(struct lh_journal *j, struct lh_error *err) LH_CHECKED;     /* where nothing is open */
int lh_journal_commit_now(struct lh_journal *j, struct lh_error *err) LH_CHECKED;
/* Is the run there, and the file whole? Before anything is paid for that could not be kept. */
int lh_journal_check_run(struct lh_journal *j, int64_t run, struct lh_error *err) LH_CHECKED;

#endif
