/* journal/journal.h - the run file: one SQLite database, one writer.
 *
 * What is committed is never asked for again, and no message text stands in it twice. All sizes
 * are linear in turns. The only room that includes sqlite3.h. Strings handed in are copied before
 * the call returns; strings handed out live until the next call on the same reader. */
#ifndef LH_JOURNAL_JOURNAL_H
#define LH_JOURNAL_JOURNAL_H

#include "base/hash.h"
#include "base/text.h"

#define LH_JOURNAL_APP_ID 0x4C484C31        /* PRAGMA application_id: "LHL1" */
#define LH_JOURNAL_VERSION 4                /* PRAGMA user_version */
#define LH_JOURNAL_TEXT_MAX (64u << 20)     /* bytes of text in one row */

struct lh_journal;

/* One invocation's experiment. Text fields may be empty. */
struct lh_run_row {
	int64_t id;                          /* given by the journal on writing */
	struct lh_str version, compiler;     /* of the program */
	struct lh_str config, config_sha256; /* canonical experiment JSON: the identity */
	struct lh_str settings;              /* JSON: what is not identity (samples, concurrency, gates …) */
	struct lh_str sources;               /* JSON: plugin and policy SHA-256 */
	int64_t seed;                        /* as uint64 bits */
	struct lh_str started, ended;        /* UTC, ISO 8601 */
	struct lh_str status;                /* running, done, stopped, failed */
	struct lh_str cause;                 /* of anything but done */
};

struct lh_condition_row {
	int64_t id, run;                     /* id given by the caller: 0, 1, 2 … within the run */
	struct lh_str task, task_params;     /* name; canonical JSON object of all parameters */
	struct lh_str model, model_options;  /* full model spec name; canonical JSON object */
	struct lh_str policy, policy_options;
	struct lh_str history;               /* own, clean, injected:rate=0.5 … */
	struct lh_str probes;                /* with a made history in the run: the probed turns, "1,100"; else empty */
	bool oracle;
	int64_t steps_per_turn, turns;
};

struct lh_episode_row {
	int64_t id, run, condition, sample;  /* id unique within the file, given by the caller */
	int64_t probe;                       /* with a made history: the turn asked; else 0: all turns */
	struct lh_str status;                /* running, done, censored, policy_error, plugin_crash, superseded */
	struct lh_str cause;
	struct lh_str extra;                 /* JSON: what the policy's finish() returned */
	int64_t history_hash;                /* of the made history; -1: none */
	double history_ratio;                /* filler: its tokens to those it stands for, by our estimate; NAN: no filler */
};

struct lh_message_row {
	int64_t episode, id;                 /* id from 0 in order of creation */
	int64_t slot;                        /* its place in the record, -1: never entered it. A later message
	                                      * with the same slot replaces an earlier one from then on;
	                                      * role "removed" takes it out */
	int64_t turn;                        /* 0: before the first turn */
	struct lh_str role;                  /* system, user, assistant, removed */
	struct lh_str text, thoughts, blob;  /* blob: the provider's own message, replayed verbatim */
	struct lh_str calls;                 /* JSON: the tools that it calls; of a tool's result, the call that it answers */
	struct lh_str made_by;               /* task, model, policy */
	struct lh_str note;                  /* why the policy edited the record here */
};

struct lh_call_row {
	int64_t episode, turn, seq;
	struct lh_str purpose;               /* empty for an ordinary ask */
	struct lh_str view;                  /* as text: see transcript/view.h, e.g. "0-18;19" */
	uint64_t view_hash;                  /* of the view's content and the call's options */
	struct lh_str options;               /* JSON of the call's own options, usually empty */
	int64_t reply;                       /* message id; -1: none */
	struct lh_str error, error_text;     /* code and words where there is no reply */
	struct lh_str finish;                /* stop, length, refusal, … */
	int64_t tokens_in, tokens_cached, tokens_out, tokens_reasoning;
	bool counted;                        /* tokens by the server; else our estimate from bytes */
	int64_t latency_us, cost_microusd, attempts;
	int64_t thoughts_kept, thoughts_dropped;      /* earlier replies sent with their thoughts; without those they had */
	struct lh_str served_by, request_id; /* who answered, by the server's word */
	double exposure_update, exposure_state, exposure_unusable, reusable_prefix;   /* shares of 0..1 */
	bool accepted;                       /* the turn's accepted call: the fields below hold */
	struct lh_str outcome;               /* transcript/outcome.h */
	bool unshown;
	struct lh_str shown, followed, answered, truth;   /* canonical states; empty where undefined */
	bool has_shown, has_followed, has_answered;
};

/* A call with what it brought: what going on with its episode needs. */
struct lh_answer_row {
	int64_t turn, seq;
	struct lh_str view;
	uint64_t view_hash;
	int64_t reply;                       /* message id; -1: none */
	struct lh_str error, error_text, finish;
	struct lh_str text, thoughts, blob, calls;  /* of the reply */
	bool has_text;                       /* there is a reply */
	int64_t tokens_in, tokens_cached, tokens_out, tokens_reasoning;
	bool counted;
	int64_t latency_us, cost_microusd, attempts;
	int64_t thoughts_kept, thoughts_dropped;
	struct lh_str served_by, request_id;
	bool accepted;
};

struct lh_attempt_row {
	int64_t episode, turn, seq, attempt;
	int64_t status;                      /* HTTP status, 0: none */
	struct lh_str error;
	int64_t waited_us;
};

/* Writing. `create` makes the file or opens one of ours; anything else at `path` is refused and
 * left as it is, as is a file that another journal is writing. A file that this call made and in
 * which nothing was committed is removed by lh_journal_discard. `bulk` (simulated models): commits
 * are grouped, about 50,000 rows or a second; else lh_journal_commit commits at once, and syncs to
 * the disk at most once a second.
 *
 * Rows are checked for size only, texts are stored as they are; a row put twice is LH_E_INTERNAL
 * (in a new bulk file only at the close). After a write that failed (LH_E_WRITE: disk full, …) nothing
 * more is written: what was committed is kept, what was not is gone. LH_E_IO is only of the opening. */
int lh_journal_create(const char *path, bool bulk, struct lh_journal **out, struct lh_error *err) LH_CHECKED;
/* Opens a file to go on with one of its runs: never makes a file, checks every page first, commits at
 * once (not in bulk). LH_E_MISSING: no such file or run. */
int lh_journal_open_run(const char *path, int64_t run, struct lh_journal **out, struct lh_error *err) LH_CHECKED;
/* The run is running again: its end is taken back, its settings are these (samples may have grown). Its
 * conditions are in the file; they are not put again. */
int lh_journal_resume_run(struct lh_journal *j, int64_t run, struct lh_str settings, struct lh_error *err) LH_CHECKED;
/* What the run was judged by is another now: the SHA-256 of its plugins, with them its identity, and its settings. */
struct lh_restated { struct lh_str config_sha256, sources, settings; };
int lh_journal_restate_run(struct lh_journal *j, int64_t run, const struct lh_restated *now, struct lh_error *err) LH_CHECKED;
/* A conversation that is begun again as another episode: its calls are kept, and their cost counts. */
int lh_journal_supersede(struct lh_journal *j, int64_t episode, struct lh_error *err) LH_CHECKED;
int lh_journal_put_run(struct lh_journal *j, struct lh_run_row *row, struct lh_error *err) LH_CHECKED;
int lh_journal_end_run(struct lh_journal *j, int64_t run, struct lh_str status, struct lh_str cause, struct lh_str ended, struct lh_error *err) LH_CHECKED;
int lh_journal_put_condition(struct lh_journal *j, const struct lh_condition_row *row, struct lh_error *err) LH_CHECKED;
int lh_journal_put_episode(struct lh_journal *j, const struct lh_episode_row *row, struct lh_error *err) LH_CHECKED;   /* insert or update status, cause, extra */
/* Of a message, call or attempt that is there already: live, the new row replaces it; in bulk, an error. */
int lh_journal_put_message(struct lh_journal *j, const struct lh_message_row *row, struct lh_error *err) LH_CHECKED;
int lh_journal_put_call(struct lh_journal *j, const struct lh_call_row *row, struct lh_error *err) LH_CHECKED;
int lh_journal_put_attempt(struct lh_journal *j, const struct lh_attempt_row *row, struct lh_error *err) LH_CHECKED;
int lh_journal_commit(struct lh_journal *j, struct lh_error *err) LH_CHECKED;       /* cheap where nothing is open */
int lh_journal_next_episode(struct lh_journal *j, int64_t *id, struct lh_error *err) LH_CHECKED;  /* first free episode id, from 1 */
int lh_journal_close(struct lh_journal *j, struct lh_error *err) LH_CHECKED;        /* commits, checkpoints: one file; frees j in any case */
void lh_journal_discard(struct lh_journal *j);                                      /* rolls back; removes a file it made */
/* Ends a simulated run that came to nothing: its rows go, from first_episode on, committed or not, and
 * a file that this journal made goes as a whole. After a failed write, and of a run that was gone on
 * with, it is lh_journal_discard: what is committed stays. */
void lh_journal_forget(struct lh_journal *j, int64_t run, int64_t first_episode);

/* A writer that was killed while it opened or closed the file leaves it in the middle of a change, which is taken back
 * here; readers cannot. Nothing where there is no such change, or no file of ours. */
int lh_journal_mend(const char *path, struct lh_error *err) LH_CHECKED;

/* Takes the lock of the file's writer, for who puts another file in its place: *fd holds it until it is closed. -1: no -wal lies
 * beside the file, so nobody writes to it. LH_E_IO: another longhaul does. */
int lh_journal_lock(const char *path, int *fd, struct lh_error *err) LH_CHECKED;

/* Reading: read-only, defensive, schema compared with ours. A file that is being written is read as
 * of its last commit (one of a bulk run: as of the first walk over its messages or calls). Errors:
 * LH_E_MISSING no file, LH_E_DATA not a run file, LH_E_DAMAGED, LH_E_IO. */
struct lh_reader;
int lh_reader_open(const char *path, struct lh_reader **out, struct lh_error *err) LH_CHECKED;
void lh_reader_close(struct lh_reader *r);
/* Are rows found by index? Not in a file whose run is under way or was killed: see lh_reader_messages(), which then costs more once. */
bool lh_reader_indexed(const struct lh_reader *r);

/* Reads every page of the file: damage that a walk would meet late, or not at all. */
int lh_reader_check(struct lh_reader *r, struct lh_error *err) LH_CHECKED;
/* Adds to `to` all that the file holds of an episode, but not the numbers of the episode and its run, which are the file's own. */
int lh_reader_digest(struct lh_reader *r, const struct lh_episode_row *episode, struct lh_sha256 *to, struct lh_error *err) LH_CHECKED;
/* Writes all that the file holds, as of its last commit, to a new file at `path`, which must not be there: a run file whose
 * rows have the same numbers. */
int lh_reader_copy(struct lh_reader *r, const char *path, struct lh_error *err) LH_CHECKED;
/* Puts an episode of another file into run `run` of this one, as episode `id`. */
int lh_journal_copy_episode(struct lh_journal *j, struct lh_reader *from, const struct lh_episode_row *episode, int64_t run, int64_t id, struct lh_error *err) LH_CHECKED;

/* Each walk calls `visit` for every row, in the order said; a non-zero return stops the walk and is
 * returned. Rows borrow: copy what must outlive the visit. Within a visit other tables may be walked,
 * not the same one. */
typedef int (*lh_visit)(void *user, const void *row, struct lh_error *err);
int lh_reader_runs(struct lh_reader *r, lh_visit visit, void *user, struct lh_error *err) LH_CHECKED;                      /* struct lh_run_row, by id */
int lh_reader_newest_run(struct lh_reader *r, int64_t *run, struct lh_error *err) LH_CHECKED;
/* The newest run (0: the file holds none) and whether it was brought to its end (status done). */
int lh_reader_latest(struct lh_reader *r, int64_t *run, bool *unfinished, struct lh_error *err) LH_CHECKED;
int lh_reader_conditions(struct lh_reader *r, int64_t run, lh_visit visit, void *user, struct lh_error *err) LH_CHECKED;   /* by id */
int lh_reader_episodes(struct lh_reader *r, int64_t run, lh_visit visit, void *user, struct lh_error *err) LH_CHECKED;     /* by condition, sample, probe */
int lh_reader_messages(struct lh_reader *r, int64_t episode, lh_visit visit, void *user, struct lh_error *err) LH_CHECKED; /* by id */
int lh_reader_calls(struct lh_reader *r, int64_t episode, lh_visit visit, void *user, struct lh_error *err) LH_CHECKED;    /* by turn, seq */
/* The same rows, but of their texts only the outcome: what figures are made of, in half the time. */
int lh_reader_figures(struct lh_reader *r, int64_t episode, lh_visit visit, void *user, struct lh_error *err) LH_CHECKED;
int lh_reader_answers(struct lh_reader *r, int64_t episode, lh_visit visit, void *user, struct lh_error *err) LH_CHECKED;  /* struct lh_answer_row, by turn, seq */
int lh_reader_attempts(struct lh_reader *r, int64_t episode, lh_visit visit, void *user, struct lh_error *err) LH_CHECKED; /* by turn, seq, attempt */

#endif
