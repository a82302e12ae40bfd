"""What is committed is kept: full disks, limits, permissions, other writers, kills and damaged files. Each ends with one
sentence that says what is wrong, where and what to do, the documented exit code, and a file that is no worse than before."""
import contextlib
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import lhcli
from lhcli import stream

SMALL = ("--turns", 10, "--samples", 3, "--policy", "full_history", "--policy", "window:n=2", "--quiet")
LARGE = ("--turns", 100, "--samples", 900, "--quiet")     # some 25 MB, in groups of 50,000 rows
NOBODY = 65534


def file_limit(size):
    """For Popen: no file of the child may grow beyond this."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class Durable(lhcli.Refusals):
    def counts(self, file="run.db"):
        """Rows of every table, and the file's own idea of its health; a -wal beside it belongs to it."""
        db = sqlite3.connect(self.path(file))
        try:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            return {t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("run", "condition", "episode", "message", "call")}
        finally:
            db.close()

    def assertNoRubbish(self, *names):
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), sorted(names))

    def check_turns_are_whole(self, run):
        """Nothing of a turn without the rest of it: each call has its reply, each but the last prompt its call."""
        self.assertEqual(self.rows("run.db", "SELECT count(*) FROM call c JOIN episode e ON e.id = c.episode LEFT JOIN message m ON m.episode = c.episode"
                                   " AND m.id = c.reply WHERE e.run = ? AND c.reply IS NOT NULL AND m.id IS NULL", run), [(0,)])

    # ---- full disks and limits ----

    def test_a_limit_in_the_middle(self):
        """Simulated, in groups: the groups before the one that failed are kept, the run is still `running`."""
        done = self.longhaul("run", "-o", "run.db", *LARGE, preexec_fn=file_limit(9 << 20))
        self.assertClear(done, "run.db", "may not grow further", "ulimit -f", "what was committed is kept", "longhaul run --resume", code=5)
        counts = self.counts()
        self.assertGreater(counts["call"], 10000)
        self.assertLess(counts["call"], 90000)
        self.check_turns_are_whole(1)
        self.assertEqual(self.rows("run.db", "SELECT status, ended FROM run"), [("running", None)])
        self.assertIn("The run is not done", self.good("report", "run.db").out)
        # The next run finds the file as it should be.
        self.good("run", "-o", "run.db", *SMALL)
        self.assertNoRubbish("run.db")
        self.assertEqual(self.counts()["call"], counts["call"] + 60)

    def test_a_limit_in_the_middle_of_a_run_appended(self):
        self.good("run", "-o", "run.db", *SMALL)
        before, report = self.counts(), self.plain("report", "run.db")
        done = self.longhaul("run", "-o", "run.db", *LARGE, preexec_fn=file_limit(9 << 20))
        self.assertClear(done, "run.db", "what was committed is kept", code=5)
        after = self.counts()
        self.assertTrue(all(after[t] >= n for t, n in before.items()), (before, after))
        self.assertEqual(self.plain("report", "run.db", "--run", 1), report)

    def test_a_limit_before_anything_is_committed(self):
        done = self.longhaul("run", "-o", "run.db", "--turns", 100, "--samples", 20, "--quiet", preexec_fn=file_limit(200 << 10))
        self.assertClear(done, "run.db", "may not grow further", "nothing of this run was kept", "run it again", code=5)
        self.assertNoRubbish()

    def test_a_limit_before_anything_is_committed_to_a_file_that_was_there(self):
        self.good("run", "-o", "run.db", *SMALL)
        before = self.counts()
        done = self.longhaul("run", "-o", "run.db", "--turns", 100, "--samples", 20, "--quiet", preexec_fn=file_limit(200 << 10))
        self.assertClear(done, "nothing of this run was kept", code=5)
        self.assertEqual(self.counts(), before)

    def test_a_limit_at_the_very_start(self):
        done = self.longhaul("run", "-o", "run.db", *SMALL, preexec_fn=file_limit(2000))
        self.assertClear(done, "run.db", "may not grow further")
        self.assertNoRubbish()

    def small_disk(self, size):
        where = self.path("disk")
        where.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", where], capture_output=True).returncode:
            self.skipTest("no small disk can be made here")
        self.addCleanup(subprocess.run, ["umount", where], capture_output=True)
        return where

    def test_a_full_disk(self):
        self.small_disk("6m")
        done = self.longhaul("run", "-o", "disk/run.db", *LARGE)
        self.assertClear(done, "disk/run.db", "the disk is full", "free some space", "longhaul run --resume", code=5)
        self.assertGreater(self.counts("disk/run.db")["call"], 0)

    def test_a_disk_that_is_full_from_the_start(self):
        (self.small_disk("64k") / "filling").write_bytes(bytes(64 << 10))
        done = self.longhaul("run", "-o", "disk/run.db", *SMALL)
        self.assertEqual(done.code, 2, str(done))
        self.assertFalse(self.path("disk/run.db").exists())

    # ---- permissions ----

    def as_user(self, *args):
        """As somebody whom permissions stop."""
        if os.geteuid() != 0:
            return self.longhaul(*args)
        for parent in (self.program, *self.program.parents):
            if not os.stat(parent).st_mode & 0o001:
                self.skipTest(f"another user may not use {parent}")
        return self.longhaul(*args, user=NOBODY, group=NOBODY, extra_groups=[])

    def test_a_file_that_is_read_only(self):
        self.good("run", "-o", "run.db", *SMALL)
        if os.geteuid() == 0:
            shutil.chown(self.folder, NOBODY)
            shutil.chown(self.path("run.db"), NOBODY)
        self.path("run.db").chmod(0o444)
        before = self.path("run.db").read_bytes()
        done = self.as_user("run", "-o", "run.db", *SMALL)
        self.assertClear(done, "run.db cannot be written", "chmod u+w", "-o")
        self.assertEqual(self.path("run.db").read_bytes(), before)
        self.assertNoRubbish("run.db")
        self.assertEqual(self.as_user("report", "run.db").code, 0)

    def test_a_folder_that_is_read_only(self):
        self.good("run", "-o", "run.db", *SMALL)
        self.path("run.db").chmod(0o666)
        self.folder.chmod(0o555)
        self.addCleanup(self.folder.chmod, 0o755)
        before = self.path("run.db").read_bytes()
        self.assertClear(self.as_user("run", "-o", "new.db", *SMALL), "new.db cannot be made", "Permission denied", "-o")
        self.assertClear(self.as_user("run", "-o", "run.db", *SMALL), "run.db", "folder", "-o")
        self.assertEqual(self.path("run.db").read_bytes(), before)
        self.assertNoRubbish("run.db")
        self.assertEqual(self.as_user("report", "run.db").code, 0)

    # ---- other writers ----

    def committed(self):
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self.path('run.db')}?mode=ro", uri=True)) as db:
                return db.execute("SELECT count(*) FROM run").fetchone()[0]
        except sqlite3.OperationalError:
            return 0

    def begin(self, *args):
        """A run in the background, some of which is committed."""
        p = subprocess.Popen([self.program, "run", "-o", "run.db", *map(str, args)], cwd=self.folder, env=lhcli.environment(self.folder),
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(p.communicate)
        self.addCleanup(p.kill)
        deadline = time.monotonic() + lhcli.HANG
        while p.poll() is None and time.monotonic() < deadline and not self.committed():
            time.sleep(0.05)
        self.assertIsNone(p.poll())
        return p

    def test_a_file_that_another_longhaul_writes(self):
        p = self.begin("--turns", 1000, "--samples", 3000, "--quiet")
        done = self.longhaul("run", "-o", "run.db", *SMALL)
        self.assertClear(done, "run.db is locked: another longhaul is writing to it", "wait", "-o")
        self.assertEqual(self.longhaul("report", "run.db").code, 0)
        p.send_signal(signal.SIGTERM)
        out, err = p.communicate(timeout=lhcli.HANG)
        self.assertEqual(p.returncode, 143, err)
        self.assertGreater(self.counts()["call"], 0)
        self.assertNoRubbish("run.db")

    def test_a_file_that_another_program_writes(self):
        self.good("run", "-o", "run.db", *SMALL)
        db = sqlite3.connect(self.path("run.db"), isolation_level=None)
        self.addCleanup(db.close)
        db.execute("BEGIN EXCLUSIVE")
        done = self.longhaul("run", "-o", "run.db", *SMALL)
        self.assertClear(done, "run.db is locked by another program", "wait", "-o")
        db.execute("ROLLBACK")
        self.assertEqual(self.counts()["run"], 1)

    def test_killed(self):
        """Nothing that was committed is lost, and the next run tidies up."""
        p = self.begin("--turns", 1000, "--samples", 3000, "--quiet")
        p.send_signal(signal.SIGKILL)
        p.communicate()
        done = self.longhaul("report", "run.db")
        self.assertEqual(done.code, 0, str(done))
        self.assertIn("The run is not done", done.out)
        before = self.longhaul("report", "run.db", "--json", "-", "--no-timing").raw
        self.good("run", "-o", "run.db", *SMALL)
        self.assertNoRubbish("run.db")
        self.assertEqual(self.plain("report", "run.db", "--run", 1), before)
        self.counts()
        self.check_turns_are_whole(1)

    def test_nobody_reads_the_output(self):
        """A reader of the table that has gone ends the program, not the file."""
        read, write = os.pipe()
        os.close(read)
        p = subprocess.run([self.program, "run", "-o", "run.db", *map(str, SMALL)], cwd=self.folder, env=lhcli.environment(self.folder),
                           stdin=subprocess.DEVNULL, stdout=write, stderr=subprocess.PIPE, timeout=lhcli.HANG)
        os.close(write)
        self.assertIn(p.returncode, (-signal.SIGPIPE, 5), p.stderr)
        self.assertEqual(self.rows("run.db", "SELECT status FROM run"), [("done",)])
        self.assertNoRubbish("run.db")

    def test_nobody_reads_the_progress(self):
        """Words on stderr that go nowhere do not end a run."""
        read, write = os.pipe()
        os.close(read)
        p = subprocess.run([self.program, "run", "-o", "run.db", *map(str, SMALL[:-1])], cwd=self.folder, env=lhcli.environment(self.folder),
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=write, timeout=lhcli.HANG)
        os.close(write)
        self.assertEqual(self.rows("run.db", "SELECT status FROM run"), [("done",)])
        self.assertIn(p.returncode, (0, -signal.SIGPIPE))


# ---- files that are damaged, or somebody else's ----

class Damaged(lhcli.Refusals):
    COMMANDS = (("run", "-o", "run.db", *SMALL), ("report", "run.db"), ("transcript", "run.db", "0"), ("list", "runs", "run.db"))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kept = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.kept.cleanup)

    def run_file(self):
        whole = Path(self.kept.name, "run.db")
        if not whole.exists():
            self.good("run", "-o", whole, *SMALL)
        shutil.copy(whole, self.path("run.db"))
        return whole.read_bytes()

    def refuse_all(self, *words, code):
        for args in self.COMMANDS:
            with self.subTest(args=args[0]):
                self.refuse(args, ("run.db", *words), code=code)

    def change(self, sql):
        self.run_file()
        db = sqlite3.connect(self.path("run.db"))
        db.executescript(sql)
        db.close()

    def test_a_garbage_header(self):
        whole = self.run_file()
        self.write("run.db", b"\x00garbage" * 2 + whole[16:])
        self.refuse_all("not a run file of longhaul", "name another file", code=2)

    def test_a_header_of_zeros_behind_its_first_words(self):
        whole = self.run_file()
        self.write("run.db", whole[:60] + bytes(12) + whole[72:])
        self.refuse_all("not a run file of longhaul", code=2)

    def test_truncated(self):
        whole = self.run_file()
        for size in (120, 4096, len(whole) // 2, len(whole) - 1):
            self.write("run.db", whole[:size])
            self.refuse_all("damaged", code=5)

    def test_a_file_of_another_application(self):
        self.change("PRAGMA application_id = 7")
        self.refuse_all("SQLite database, but not a run file", "name another file", code=2)

    def test_a_newer_version(self):
        self.change("PRAGMA user_version = 99")
        self.refuse_all("newer longhaul", "file version 99", "update the program", code=2)

    def test_an_older_version(self):
        """It says which program reads it."""
        self.change("PRAGMA user_version = 1; UPDATE run SET version = '0.0.7'")
        self.refuse_all("an older longhaul", "0.0.7", "file version 1", "report it with that version", "another file", code=2)

    def readable(self):
        """Rows that can still be read, table by table, as sqlite meets them."""
        db = sqlite3.connect(f"file:{self.path('run.db')}?mode=ro", uri=True)
        db.text_factory = bytes
        found = {}
        try:
            for table in ("run", "condition", "episode", "message", "call"):
                found[table] = set()
                try:
                    found[table].update(db.execute(f"SELECT * FROM {table}"))
                except sqlite3.DatabaseError:
                    pass
        finally:
            db.close()
        return found

    def test_bytes_flipped_in_the_middle(self):
        """Appending to it: done, or refused as damaged; either way every row that could be read before can be read after."""
        whole, rng = self.run_file(), stream("durable flips")
        codes = set()
        for i in range(25):
            at = rng.randrange(4096, len(whole))
            spoilt = bytearray(whole)
            for k in range(1 if i % 2 else 30):
                spoilt[(at + k) % len(whole) if at + k < len(whole) else at] ^= 1 << rng.randrange(8)
            self.write("run.db", bytes(spoilt))
            before = self.readable()
            done = self.longhaul("run", "-o", "run.db", *SMALL)
            codes.add(done.code)
            if done.code:
                self.assertClear(done, "run.db", code=5)
            after = self.readable()
            for table, rows in before.items():
                lost = rows - after[table]
                self.assertFalse(lost, f"{table}: {len(lost)} of {len(rows)} rows were lost\n{done}")
            for name in ("run.db-wal", "run.db-shm"):
                self.path(name).unlink(missing_ok=True)
        self.assertIn(0, codes)

    def test_pages_of_zeros(self):
        whole = self.run_file()
        for page in range(1, len(whole) // 4096):
            self.write("run.db", whole[:page * 4096] + bytes(4096) + whole[(page + 1) * 4096:])
            before = self.readable()
            done = self.longhaul("run", "-o", "run.db", *SMALL)
            if done.code:
                self.assertClear(done, "run.db", "damaged", code=5)
            after = self.readable()
            for table, rows in before.items():
                self.assertFalse(rows - after[table], f"page {page}, {table}\n{done}")
            for name in ("run.db-wal", "run.db-shm"):
                self.path(name).unlink(missing_ok=True)


if __name__ == "__main__":
    unittest.main()
