"""A run in shards: `run --shard I/N` on the samples of its own, `merge` puts them together, and the report is that of the run
that was never divided, byte for byte. What cannot be put together is refused, and why is said."""
import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess

import lhcli

SIM = "sim:accuracy=0.95,context=0.3,self_conditioning=3,malformed=0.02"
SHAPES = {
    "policies": ("--policy", "full_history", "--policy", "window:n=3", "--policy", "reset", "--turns", 12, "--samples", 17),
    "histories": ("--history", "own", "--history", "clean", "--history", "injected:rate=0.5", "--history", "filler", "--turns", 12, "--samples", 6, "--probe-turns", "1,12"),
    "steps": ("--steps-per-turn", "1,3", "--stop-at-error", "--turns", 10, "--samples", 9, "--horizon", "0.5,0.7"),
    "voting": ("--policy", "majority_vote:n=3", "--policy", "summarize", "--turns", 8, "--samples", 7),
    "tools": ("--task", "kv_sum:tools=true,keys=10", "--task", "flight_eval:tools=true,flights=12", "--turns", 5, "--samples", 7, "--steps-per-turn", 2),
}


def contents_of(path):
    """All rows of all tables but when the run was made, which no two have in common."""
    db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    try:
        return {t: db.execute(f"SELECT * FROM {t} ORDER BY 1, 2, 3").fetchall() for t in ("run", "condition", "episode", "message", "call", "attempt")}
    finally:
        db.close()


class Shards(lhcli.Refusals):
    def run_of(self, name, *more, shape=SHAPES["policies"], code=0):
        done = self.longhaul("run", "--model", SIM, *shape, "--quiet", "-o", name, *more)
        self.assertEqual(done.code, code, str(done))
        return done

    def shards(self, n, *more, shape=SHAPES["policies"]):
        names = [f"s{i}.db" for i in range(1, n + 1)]
        for i, name in enumerate(names, 1):
            self.run_of(name, "--shard", f"{i}/{n}", *more, shape=shape)
        return names

    def merge(self, out, *files, code=0):
        done = self.longhaul("merge", "-o", out, *files)
        self.assertEqual(done.code, code, str(done))
        return done

    def alike(self, a, b):
        self.assertEqual(contents_of(self.path(a)), contents_of(self.path(b)), f"{a}, {b}")

    def unchanged(self, merged, whole, *args):
        self.assertEqual(self.plain("report", merged, *args), self.plain("report", whole, *args))

    # ---- the same as undivided ----

    def test_each_shard_has_its_samples(self):
        self.shards(4)
        for i in range(4):
            found = [s for s, in self.rows(f"s{i + 1}.db", "SELECT DISTINCT sample FROM episode ORDER BY sample")]
            self.assertEqual(found, list(range(i, 17, 4)))
        said = self.report("report", "s2.db")
        self.assertEqual(said["conditions"][0]["samples"], 4)
        self.assertIn("shard 2 of 4: 4 of 17 samples", self.good("report", "s2.db").out.replace("\n", " "))

    def test_shapes(self):
        for name, shape in SHAPES.items():
            with self.subTest(name):
                self.run_of("whole.db", shape=shape)
                said = self.merge("all.db", *reversed(self.shards(3, shape=shape)))
                samples = shape[shape.index("--samples") + 1]
                self.assertIn(f"has {samples} of {samples} samples", said.out)
                self.unchanged("all.db", "whole.db")
                for f in self.folder.glob("*.db"):
                    f.unlink()

    def test_transcripts_are_found(self):
        self.run_of("whole.db")
        self.merge("all.db", *self.shards(5))
        for sample in (0, 7, 16):
            args = (sample, "--policy", "window")
            self.assertEqual(self.good("transcript", "all.db", *args).out, self.good("transcript", "whole.db", *args).out)

    def test_in_any_order_and_again(self):
        a, b, c = self.shards(3)
        self.merge("abc.db", a, b, c)
        self.merge("ca.db", c, a, code=4)
        self.merge("bca.db", b, "ca.db")
        self.merge("ac.db", a, c, code=4)
        self.alike("ca.db", "ac.db")
        self.alike("abc.db", "bca.db")
        self.merge("twice.db", "abc.db", b, "bca.db", b)
        self.alike("abc.db", "twice.db")
        self.merge("alone.db", a, a, code=4)
        self.merge("again.db", "alone.db", code=4)
        self.alike("alone.db", "again.db")

    def test_gates_wait_for_all_shards(self):
        gates = ("--gate", "turn_accuracy(1) >= 0.3", "--gate", "horizon(0.5) >= 12")
        whole = self.longhaul("run", "--model", SIM, *SHAPES["policies"], "--quiet", "-o", "whole.db", *gates)
        self.assertEqual(whole.code, 3, str(whole))
        files = self.shards(3, *gates)           # each exits with 0: nothing is decided yet
        self.assertEqual(self.report("report", files[0])["gates"], [])
        self.merge("some.db", *files[:2], code=4)
        self.assertEqual(self.longhaul("report", "some.db").code, 0)
        asked = self.longhaul("gate", "some.db", "turn_accuracy(1) >= 0.3")
        self.assertEqual(asked.code, 4, str(asked))
        self.assertIn("only some shards of the run are in the file", asked.out.replace("\n", " ").replace("  ", ""))
        self.merge("all.db", *files)
        merged, alone = self.longhaul("gate", "all.db"), self.longhaul("gate", "whole.db")
        self.assertEqual((merged.code, merged.out), (3, alone.out))

    def test_a_gate_is_checked_against_all_samples(self):
        """17 samples could pass it, and the 6 of a shard could not."""
        files = self.shards(3, "--gate", "turn_accuracy(1) >= 0.8")
        self.merge("all.db", *files)
        self.refuse(["run", "--model", SIM, *SHAPES["policies"], "-o", "none", "--shard", "1/3", "--gate", "turn_accuracy(1) >= 0.99"], ("17 samples", "at least"))

    def test_shards_are_given_more(self):
        shape = SHAPES["policies"][:-1]
        small = self.shards(2, shape=(*shape, 6))
        self.run_of("s1.db", "--shard", "1/2", "--resume", shape=(*shape, 11))
        self.refuse(["merge", "-o", "all.db", *small], ("samples: 11 in s1.db, 6 in s2.db", "--resume --samples"))
        self.run_of("s2.db", "--shard", "2/2", "--resume", shape=(*shape, 11))
        self.run_of("whole.db", shape=(*shape, 11))
        self.merge("all.db", *small)
        self.unchanged("all.db", "whole.db")

    def test_killed_and_gone_on_with(self):
        """One shard is killed in its middle; what it has is merged all the same, and called not done."""
        shape = ("--policy", "full_history", "--turns", 60, "--samples", 4000)
        args = [str(a) for a in ("run", "--model", SIM, *shape, "--shard", "2/2", "-o", "s2.db", "--quiet")]
        p = subprocess.Popen([self.program, *args], cwd=self.folder, env=lhcli.environment(self.folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while not self.path("s2.db").exists() or self.path("s2.db").stat().st_size + self.size("s2.db-wal") < 200000:
            self.assertIsNone(p.poll(), "it ended by itself")
        p.send_signal(signal.SIGINT)
        p.communicate(timeout=lhcli.HANG)
        self.assertEqual(p.returncode, 130)
        said = self.merge("part.db", "s2.db", code=4)
        self.assertIn("The run is not done", said.out)
        self.assertIn("shard 1 of 2", said.out)

    def size(self, name):
        return os.stat(self.path(name)).st_size if self.path(name).exists() else 0

    # ---- refusals ----

    def test_other_experiments(self):
        a, b = self.shards(2)
        others = {"turns": ("--turns", 13), "seed": ("--seed", 2), "polic": ("--policy", "heal"), "model": ("--model", "sim:accuracy=0.9"),
                  "steps": ("--steps-per-turn", 2), "histor": ("--history", "clean"), "horizon": ("--horizon", "0.5"),
                  "gates": ("--gate", "malformed <= 0.9"), "stop_at_error": ("--stop-at-error",)}
        for field, more in others.items():
            with self.subTest(field):
                self.run_of("x.db", "--shard", "2/2", *more)
                self.refuse(["merge", "-o", "all.db", a, "x.db"], ("these are not shards of one run", field, "s1.db", "x.db"))
                self.path("x.db").unlink()
        self.run_of("x.db", "--shard", "2/3")
        self.refuse(["merge", "-o", "all.db", a, "x.db"], ("shard: one of 2 in s1.db, one of 3 in x.db",))
        self.run_of("whole.db")
        self.refuse(["merge", "-o", "all.db", a, "whole.db", "x.db"], ("shard: one of 2 in s1.db",))

    def test_the_same_sample_with_other_content(self):
        a, b = self.shards(2)
        shutil.copy(self.path(a), self.path("x.db"))
        db = sqlite3.connect(self.path("x.db"))
        db.execute("UPDATE call SET latency_us = latency_us + 1 WHERE episode = (SELECT id FROM episode WHERE sample = 4 AND condition = 1) AND turn = 3")
        db.commit()
        db.close()
        self.refuse(["merge", "-o", "all.db", a, b, "x.db"], ("sample 4 (condition 1)", "s1.db", "x.db"))

    def test_damaged(self):
        a, b = self.shards(2)
        data = self.path(b).read_bytes()
        self.write("cut.db", data[:len(data) // 2])
        self.write("text.db", "no run file\n")
        self.write("empty.db", b"")
        middle = bytearray(data)
        middle[-30000:-22000] = b"\xa5" * 8000
        self.write("middle.db", bytes(middle))
        for name, code in (("cut.db", 5), ("middle.db", 5), ("text.db", 2), ("empty.db", 2), ("none.db", 2)):
            with self.subTest(name):
                self.refuse(["merge", "-o", "all.db", a, name], (name,), code=code)

    def test_places(self):
        a, b = self.shards(2)
        self.write("notes.txt", "mine")
        self.refuse(["merge", "-o", a, a, b], ("s1.db exists", "--replace"))
        self.refuse(["merge", "-o", "notes.txt", "--replace", a, b], ("notes.txt is no run file",))
        self.refuse(["merge", "-o", "nowhere/all.db", a, b], ("nowhere/all.db",))
        self.refuse(["merge", a, b], ("-o OUT.db",))
        self.refuse(["merge", "-o", "all.db"], ("which run files",))
        self.refuse(["merge", "-o", "all.db", "--force", a], ("--force",))
        self.merge("all.db", a, b)
        shutil.copy(self.path(a), self.path("copy.db"))
        self.merge("copy.db", "--replace", "copy.db", b)
        self.alike("copy.db", "all.db")

    def test_a_file_that_is_being_written_is_not_replaced(self):
        """A run's rows lie in the -wal until its end; its writer's lock is on that."""
        a, b = self.shards(2)
        shutil.copy(self.path(a), self.path("live.db"))
        self.write("live.db-wal", b"")
        with open(self.path("live.db-wal"), "rb") as wal:
            fcntl.flock(wal, fcntl.LOCK_EX)
            self.refuse(["merge", "-o", "live.db", "--replace", a, b], ("live.db is locked: another longhaul is writing to it",))
            self.refuse(["rescore", a, "-o", "live.db", "--replace"], ("live.db is locked: another longhaul is writing to it",))
        self.merge("live.db", "--replace", a, b)
        self.assertEqual(sorted(p.name for p in self.folder.glob("live.db*")), ["live.db"])

    def test_what_another_file_left_there(self):
        """It would be taken for a part of the new file."""
        a, b = self.shards(2)
        for end in ("-wal", "-journal"):
            self.write("all.db" + end, "another's")
            for args in (["merge", "-o", "all.db", a, b], ["rescore", a, "-o", "all.db"]):
                self.refuse(args, (f"all.db{end} lies there, left by another file", "--replace"))
            self.merge("all.db", "--replace", a, b)
            self.assertEqual([p.name for p in self.folder.glob("all.db*")], ["all.db"])
            self.good("report", "all.db")
            self.path("all.db").unlink()

    def test_what_is_not_divided(self):
        base = ["run", "--model", SIM, "-o", "none", "--shard", "2/4"]
        self.refuse([*base, "--sequential", "--gate", "malformed <= 0.5"], ("--shard with --sequential",))
        self.refuse([*base, "--single-turn"], ("leave out --shard",))
        self.refuse([*base, "--sample", 3], ("--shard with --sample",))
        self.refuse([*base, "--samples", 1], ("--shard 2/4", "at most 1"))
        for wrong in ("0/4", "5/4", "4", "a/b", "1/0", "1/5000", "/", "1/", "-1/2", "1/2/3"):
            with self.subTest(wrong):
                self.refuse(["run", "--model", SIM, "-o", "none", "--shard", wrong], (f"--shard {wrong}", "2/8"))

    def test_searches_and_sequential_runs(self):
        self.good("run", "--model", SIM, "--single-turn", "--cap", 60, "-o", "search.db", "--quiet")
        self.refuse(["merge", "-o", "all.db", "search.db"], ("search.db", "--single-turn"))
        self.longhaul("run", "--model", SIM, "--turns", 3, "--samples", 20, "--sequential", "--gate", "malformed <= 0.9", "-o", "seq.db", "--quiet")
        self.refuse(["merge", "-o", "all.db", "seq.db"], ("seq.db", "--sequential"))

    def test_a_shard_is_gone_on_with_as_what_it_is(self):
        self.shards(3)
        for shard in ("1/3", "2/4", None):
            more = ("--shard", shard) if shard else ()
            self.refuse(["run", "--model", SIM, *SHAPES["policies"], "-o", "s2.db", "--resume", *more], ("has shard 2 of 3",))
        self.refuse(["compare", "s1.db", "s2.db"], ("s1.db has some shards of a run only", "longhaul merge"))


if __name__ == "__main__":
    lhcli.unittest.main()
