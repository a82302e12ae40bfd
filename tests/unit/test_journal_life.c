/* The run file's life: places that cannot be written, one writer, readers meanwhile, kill, discard;
 * and what a turn costs. */
#include "test_journal_kit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* ---- places that cannot be written ---- */

/* Runs a check as an ordinary user where we are root, whom permissions do not stop. */
static void as_user(void (*check)(void))
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
			_exit(1);
		check();
		fflush(stdout);
		_exit(check_failures ? 1 : 0);
	}
	int status;
	waitpid(pid, &status, 0);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void check_read_only_folder(void)
{
	struct lh_journal *j;
	struct lh_reader *r;
	fresh_error();
	CHECK_INT(lh_journal_create(in_dir("closed/new.db"), false, &j, &err), LH_E_IO);
	CHECK_HAS(err.text, "Permission denied");
	CHECK_HAS(err.text, "closed/new.db");
	fresh_error();
	CHECK_INT(lh_journal_create(in_dir("closed/old.db"), false, &j, &err), LH_E_IO);
	CHECK_HAS(err.text, "closed/old.db");
	fresh_error();
	CHECK_INT(lh_reader_open(in_dir("closed/old.db"), &r, &err), 0);
	CHECK_INT(count_calls(r, 1), 3);
	lh_reader_close(r);
}

static void test_read_only_folder(void)
{
	mkdir(in_dir("closed"), 0755);
	write_small(in_dir("closed/old.db"), false, 3);
	chmod(in_dir("closed/old.db"), 0444);
	chmod(in_dir("closed"), 0555);
	as_user(check_read_only_folder);
	chmod(in_dir("closed"), 0755);
	remove_run_file(in_dir("closed/old.db"));
	rmdir(in_dir("closed"));
}

static void test_no_such_place(void)
{
	struct lh_journal *j;
	struct lh_reader *r;
	fresh_error();
	CHECK_INT(lh_journal_create(in_dir("none/x.db"), false, &j, &err), LH_E_IO);
	CHECK_HAS(err.text, "No such file");
	fresh_error();
	CHECK_INT(lh_reader_open(in_dir("none.db"), &r, &err), LH_E_MISSING);
	CHECK(!exists(in_dir("none.db"), ""));
	fresh_error();
	CHECK_INT(lh_journal_create(dir, false, &j, &err), LH_E_IO);
	CHECK_HAS(err.text, "not a regular file");
	fresh_error();
	CHECK_INT(lh_reader_open("/dev/null", &r, &err), LH_E_IO);
}

/* A disk that is full from some moment on: sqlite's own file system with another xWrite. Databases
 * and journals have methods of their own there (the latter lock nothing), so each gets its copy. */
static struct { const sqlite3_io_methods *true_one; sqlite3_io_methods copy; } full_methods[8];
static sqlite3_vfs full_vfs, *true_vfs;
static bool disk_full;
static int (*true_write)(sqlite3_file *, const void *, int, sqlite3_int64);

static int full_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
	return disk_full ? SQLITE_FULL : true_write(f, bytes, n, at);
}

static const sqlite3_io_methods *full_copy(const sqlite3_io_methods *true_one)
{
	int i = 0;
	while (full_methods[i].true_one && full_methods[i].true_one != true_one)
		i++;
	true_write = true_one->xWrite;
	full_methods[i].true_one = true_one;
	full_methods[i].copy = *true_one;
	full_methods[i].copy.xWrite = full_write;
	return &full_methods[i].copy;
}

static int full_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	(void)vfs;
	int rc = true_vfs->xOpen(true_vfs, name, f, flags, out);
	if (rc == SQLITE_OK && f->pMethods)
		f->pMethods = full_copy(f->pMethods);
	return rc;
}

static void test_disk_full(void)
{
	const char *path = in_dir("full.db");
	struct lh_journal *j;
	int64_t run, episode;
	true_vfs = sqlite3_vfs_find(NULL);
	full_vfs = *true_vfs;
	full_vfs.zName = "full";
	full_vfs.xOpen = full_open;
	sqlite3_vfs_register(&full_vfs, 1);
	disk_full = true;
	fresh_error();
	CHECK_INT(lh_journal_create(path, false, &j, &err), LH_E_IO);
	CHECK_HAS(err.text, "disk is full");
	CHECK(!exists(path, ""));
	disk_full = false;
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	OK(put_turn(j, episode, 1, &err));
	OK(lh_journal_commit(j, &err));
	OK(put_turn(j, episode, 2, &err));
	disk_full = true;
	fresh_error();
	CHECK_INT(lh_journal_commit(j, &err), LH_E_WRITE);
	CHECK_HAS(err.text, "disk is full: free some space; what was committed is kept");
	CHECK_HAS(err.text, "--resume");
	fresh_error();
	CHECK_INT(put_turn(j, episode, 3, &err), LH_E_WRITE);
	CHECK_INT(lh_journal_close(j, NULL), LH_E_WRITE);
	disk_full = false;
	sqlite3_vfs_unregister(&full_vfs);
	struct lh_reader *r;
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_calls(r, episode), 1);
	lh_reader_close(r);
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_turn(j, episode, 2, &err));
	OK(lh_journal_close(j, &err));
	check_one_file(path);
}

/* ---- one writer, many readers ---- */

static void test_one_writer(void)
{
	const char *path = in_dir("one.db");
	struct lh_journal *j, *second;
	struct lh_reader *r;
	int64_t run, episode;
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	OK(put_turn(j, episode, 1, &err));
	OK(lh_journal_commit(j, &err));
	fresh_error();
	CHECK_INT(lh_journal_create(path, false, &second, &err), LH_E_IO);
	CHECK_HAS(err.text, "locked: another longhaul is writing");
	OK(put_turn(j, episode, 2, &err));                     /* open transaction: not seen yet */
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_calls(r, episode), 1);
	OK(lh_journal_commit(j, &err));
	CHECK_INT(count_calls(r, episode), 2);
	CHECK_INT(count_messages(r, episode), 4);
	lh_reader_close(r);
	OK(put_turn(j, episode, 3, &err));                     /* the reader's end cost no lock */
	fresh_error();
	CHECK_INT(lh_journal_create(path, false, &second, &err), LH_E_IO);
	OK(lh_reader_open(path, &r, &err));
	OK(lh_journal_close(j, &err));                         /* with a reader there */
	CHECK_INT(count_calls(r, episode), 3);
	lh_reader_close(r);
	OK(lh_journal_create(path, false, &j, &err));
	OK(lh_journal_close(j, &err));
	check_one_file(path);
}

/* A bulk file that is being written has no indexes; it reads the same. */
static void test_read_while_bulk(void)
{
	const char *path = in_dir("bulk.db"), *copied = in_dir("copied.db");
	struct lh_journal *j;
	struct lh_reader *r;
	int64_t run, episode;
	OK(lh_journal_create(path, true, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	int turns = 17000;                                     /* three rows each: one commit and a rest */
	for (int t = 1; t <= turns; t++)
		CHECK_INT(put_turn(j, episode + t % 7, t, &err), 0);
	OK(lh_reader_open(path, &r, &err));
	int calls = 0, messages = 0;
	for (int i = 0; i < 7; i++) {
		calls += count_calls(r, episode + i);
		messages += count_messages(r, episode + i);
	}
	CHECK(calls > 16000 && calls < turns);
	CHECK_INT(messages, 2 * calls);
	lh_reader_close(r);
	OK(lh_journal_close(j, &err));
	check_one_file(path);
	char out[200];
	ask(path, "SELECT group_concat(name) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", out, sizeof out);
	CHECK_TEXT(out, "message_by_id,call_by_turn");
	/* A copy in WAL mode without its -wal leaves nothing beside it either. */
	copy_file(path, copied, SIZE_MAX);
	FILE *f = fopen(copied, "r+b");
	CHECK(f && fseek(f, 18, SEEK_SET) == 0 && fwrite("\2\2", 1, 2, f) == 2);
	if (f)
		fclose(f);
	OK(lh_reader_open(copied, &r, &err));
	CHECK(count_calls(r, episode) > 2000);
	lh_reader_close(r);
	check_one_file(copied);
}

/* ---- kill ---- */

static void write_until_killed(const char *path, bool bulk, int progress)
{
	struct lh_journal *j;
	int64_t run, episode, begun = 0;
	if (lh_journal_create(path, bulk, &j, &err) || put_start(j, &run, &episode, &err) || write(progress, &begun, sizeof begun) != sizeof begun)
		_exit(1);
	for (int64_t t = 1;; t++) {
		if (put_turn(j, episode, t, &err) || lh_journal_commit(j, &err))
			_exit(1);
		if (!bulk && write(progress, &t, sizeof t) != sizeof t)
			_exit(1);
	}
}

/* Turns said to be committed are there, whole and without a gap, and the file goes on from them. */
static void killed_after(const char *path, bool bulk, int ms)
{
	int fds[2];
	remove_run_file(path);
	CHECK(pipe(fds) == 0);
	pid_t pid = fork();
	if (pid == 0)
		write_until_killed(path, bulk, fds[1]);
	close(fds[1]);
	int64_t said = 0;
	CHECK(read(fds[0], &said, sizeof said) == sizeof said);      /* it has begun: how long that takes is no matter here */
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
	/* The pipe fills before a live writer gets far: what it holds is read after the kill. */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int64_t t; read(fds[0], &t, sizeof t) == sizeof t;)
		said = t;
	close(fds[0]);
	struct lh_reader *r;
	OK(lh_reader_open(path, &r, &err));
	int64_t run = 0;
	int calls = count_calls(r, 1), messages = count_messages(r, 1);
	if (calls)
		OK(lh_reader_newest_run(r, &run, &err));
	CHECK(calls >= said && (bulk || calls <= said + 1));
	CHECK_INT(messages, 2 * calls);
	lh_reader_close(r);
	struct lh_journal *j;
	OK(lh_journal_create(path, bulk, &j, &err));
	OK(put_turn(j, 1, calls + 1, &err));
	OK(lh_journal_close(j, &err));
	check_one_file(path);
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_calls(r, 1), calls + 1);
	lh_reader_close(r);
	printf("killed after %d ms, %s: %d turns kept, %lld said\n", ms, bulk ? "bulk" : "commit each turn", calls, (long long)said);
}

static void test_killed(void)
{
	const char *path = in_dir("killed.db");
	for (int i = 0; i < 4; i++)
		killed_after(path, false, 40 + 60 * i);
	for (int i = 0; i < 3; i++)
		killed_after(path, true, 200 + 350 * i);
}

/* ---- discard ---- */

static void test_discard(void)
{
	const char *path = in_dir("discard.db");
	struct lh_journal *j;
	int64_t run, episode;
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	lh_journal_discard(j);
	CHECK(!exists(path, "") && !exists(path, "-wal") && !exists(path, "-shm"));
	OK(lh_journal_create(path, false, &j, &err));
	OK(put_start(j, &run, &episode, &err));
	OK(lh_journal_commit(j, &err));
	OK(put_turn(j, episode, 1, &err));
	lh_journal_discard(j);
	check_one_file(path);
	struct lh_reader *r;
	OK(lh_reader_open(path, &r, &err));
	CHECK_INT(count_calls(r, episode), 0);
	OK(lh_reader_newest_run(r, &run, &err));
	lh_reader_close(r);
	/* One that was there stays. */
	OK(lh_journal_create(path, false, &j, &err));
	lh_journal_discard(j);
	check_one_file(path);
	lh_journal_discard(NULL);
	lh_reader_close(NULL);
	CHECK_INT(lh_journal_close(NULL, NULL), 0);
	/* An empty file is nobody's: it becomes a run file. No run in it yet. */
	write_text(in_dir("empty.db"), "", 0);
	OK(lh_journal_create(in_dir("empty.db"), false, &j, &err));
	OK(lh_journal_close(j, &err));
	OK(lh_reader_open(in_dir("empty.db"), &r, &err));
	fresh_error();
	CHECK_INT(lh_reader_newest_run(r, &run, &err), LH_E_MISSING);
	CHECK_HAS(err.text, "holds no run");
	lh_reader_close(r);
}

/* Names that sqlite would take for something else. */
static void test_names(void)
{
	static const char *const names[] = { ":memory:", "file:x?mode=memory", "a%41#b?immutable=1" };
	char before[500];
	CHECK(getcwd(before, sizeof before) && chdir(dir) == 0);
	for (int i = 0; i < COUNT(names); i++) {
		write_small(names[i], false, 2);
		CHECK_INT(read_all(names[i]), 0);
		FILE *f = fopen(names[i], "r+b");                  /* the way of a lost -wal, by URI */
		CHECK(f && fseek(f, 18, SEEK_SET) == 0 && fwrite("\2\2", 1, 2, f) == 2);
		if (f)
			fclose(f);
		CHECK_INT(read_all(names[i]), 0);
		check_one_file(names[i]);
	}
	CHECK(chdir(before) == 0);
}

/* sqlite follows the link, and its -wal lies beside the file itself. */
static void test_link(void)
{
	const char *path = in_dir("linked.db"), *link_path = in_dir("link.db");
	struct lh_journal *j;
	write_small(path, false, 2);
	CHECK(symlink(path, link_path) == 0);
	CHECK_INT(read_all(link_path), 0);
	OK(lh_journal_create(link_path, false, &j, &err));
	OK(put_turn(j, 1, 3, &err));
	OK(lh_journal_commit(j, &err));
	CHECK_INT(read_all(path), 0);
	CHECK_INT(read_all(link_path), 0);
	OK(lh_journal_close(j, &err));
	check_one_file(path);
	check_one_file(link_path);
}

/* ---- size and speed ---- */

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static long measured(bool bulk, int episodes, int turns)
{
	const char *path = in_dir("size.db");
	struct lh_journal *j;
	struct stat st;
	int64_t run, first;
	int bad = 0;
	remove_run_file(path);
	double start = cpu_us();
	OK(lh_journal_create(path, bulk, &j, &err));
	OK(put_start(j, &run, &first, &err));
	for (int t = 1; t <= turns; t++)
		for (int e = 0; e < episodes; e++) {
			bad += put_turn(j, first + e, t, &err) != 0;
			bad += lh_journal_commit(j, &err) != 0;
		}
	double written = cpu_us();
	OK(lh_journal_close(j, &err));
	double closed = cpu_us(), n = (double)episodes * turns;
	CHECK_INT(bad, 0);
	CHECK(stat(path, &st) == 0);
	printf("%s, %d x %d turns: %.2f us/turn written, %.2f closed, %.0f bytes/turn\n", bulk ? "bulk" : "commit each turn", episodes,
		turns, (written - start) / n, (closed - written) / n, (double)st.st_size / n);
	char out[100];
	ask(path, "SELECT ((SELECT count(*) FROM message) + (SELECT count(*) FROM call)) * 1.0 / (SELECT count(*) FROM call)", out, sizeof out);
	CHECK_TEXT(out, "3.0");
	return (long)((double)st.st_size / n);
}

static void test_size(void)
{
	CHECK(measured(true, 1, 10000) <= 400);
	CHECK(measured(true, 500, 100) <= 400);
	CHECK(measured(false, 1, 10000) <= 400);
	char out[100];
	double start = cpu_us();
	ask(in_dir("size.db"), "SELECT count(*) || ' ' || sum(length(prompt)) FROM turn", out, sizeof out);
	CHECK_TEXT(out, "10000 120000");
	printf("the view over 10000 turns: %.0f ms\n", (cpu_us() - start) / 1e3);
	start = cpu_us();
	CHECK_INT(read_all(in_dir("size.db")), 0);
	printf("read back: %.2f us/turn\n", (cpu_us() - start) / 10000);
}

int main(void)
{
	if (!make_dir())
		return 1;
	test_read_only_folder();
	test_no_such_place();
	test_disk_full();
	test_one_writer();
	test_read_while_bulk();
	test_killed();
	test_discard();
	test_names();
	test_link();
	test_size();
	remove_dir();
	return check_done();
}
