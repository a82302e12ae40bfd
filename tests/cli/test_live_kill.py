"""kill -9 at random moments of a run over HTTP, gone on with by --resume each time: the report is that of a run that
nobody disturbed, and what was in the run file is not asked again. LH_QUICK makes it fewer kills."""
import collections
import os
import shutil
import signal
import sqlite3
import time

import lhcli
import lhlive

SIM = "sim:accuracy=0.97,context=0.3,self_conditioning=4,contagion=0.3,refused=0.002,thoughts=native,thought_tokens=6"
QUICK = bool(os.environ.get("LH_QUICK"))
ALONE = "SELECT count(*) FROM sqlite_master WHERE name = 'run'"
DURABLE = "SELECT e.sample, c.turn, c.seq, count(*) FROM call c JOIN episode e ON e.id = c.episode WHERE c.reply IS NOT NULL GROUP BY 1, 2, 3"


class Kill(lhlive.Case):
    def begin(self, policies, turns, samples, latency_ms=4):
        """The run that nobody disturbs, in process, and the server for the one that is killed."""
        self.conditions = len(policies)
        self.votes = sum(p.startswith("majority_vote") for p in policies)
        size = ["run", "--turns", turns, "--samples", samples, "--seed", 9, "--quiet", "--no-timing", "--concurrency", 16]
        args = size + [a for p in policies for a in ("--policy", p)]
        self.calm = self.measured(self.plain(*args, "--model", SIM, "-o", "calm.db"))
        self.server = self.serve("--sim", SIM, "--latency-ms", latency_ms, "--latency-spread", 1)
        self.args = args + ["--model", self.model(self.server), "-o", "k.db", "--json", "k.json"]
        self.kills = self.asked = 0

    def durable(self):
        """How many replies of each (sample, turn, call) the run file holds, read from a copy; None: there is no run yet."""
        copy = self.path("copy.db")
        for end in ("", "-wal", "-journal"):
            copy.with_name(f"copy.db{end}").unlink(missing_ok=True)
            if self.path(f"k.db{end}").exists():
                shutil.copy(self.path(f"k.db{end}"), f"{copy}{end}")
        if not copy.exists():
            return None
        db = sqlite3.connect(copy)
        try:
            if not db.execute(ALONE).fetchone()[0] or not db.execute("SELECT count(*) FROM run").fetchone()[0]:
                return None
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            return collections.Counter({row[:3]: row[3] for row in db.execute(DURABLE)})
        finally:
            db.close()

    def check_asked(self, before, start):
        """Of each call, no more was asked for than had no reply."""
        new = collections.Counter((int(a["sample"]), int(a["turn"]), int(a["call"])) for a in self.server.asked(start))
        for call, n in new.items():
            most = (self.conditions if call[2] == 0 else self.votes) - before[call]
            self.assertLessEqual(n, most, f"(sample, turn, call) {call} was asked for again, after {self.kills} kills")
        self.asked += sum(new.values())

    def life(self, jobs, kill):
        """One process, from its start to kill(p), or to its end: then True."""
        before = self.durable()
        start = self.server.settle()
        mark = f"{self.id()}-{os.getpid()}-{time.monotonic_ns()}"
        p = self.start(*self.args, "--jobs", jobs, *(["--resume"] if before is not None else []), mark=mark)
        kill(p, start)
        done = p.poll() is not None
        if not done:
            p.send_signal(signal.SIGKILL)
            self.kills += 1
        out, err = p.communicate(timeout=lhcli.HANG)
        if p.returncode != -signal.SIGKILL:
            self.assertEqual(p.returncode, 0, f"{out.decode()}{err.decode()}")
        lhlive.wait_for(lambda: not lhlive.processes(mark), f"the end of {lhlive.processes(mark)}, whose supervisor was killed")
        self.server.settle()
        self.check_asked(before or collections.Counter(), start)
        return p.returncode == 0

    def check_end(self):
        self.assertEqual(self.measured(self.path("k.json").read_text()), self.calm)
        self.assertSameRows("calm.db", "k.db", "after all the kills")
        self.assertEqual(self.measured(self.plain("report", "k.db")), self.calm, "the run file tells another story")
        calls = self.rows("k.db", "SELECT count(*) FROM call WHERE reply IS NOT NULL")[0][0]
        self.assertGreaterEqual(self.asked, calls, "replies that nobody asked for")
        # 16 in flight, and replies of the last moments: those are written with the next pass
        self.assertLessEqual(self.asked, calls + 24 * self.kills, "more than what was in flight was asked for again")
        self.assertEqual(self.server.stats()["wrong"], 0)

    def kill_after_some(self, luck, most):
        """Once so many requests more have come in, and a moment later."""
        line = 60                        # bytes of the log that a request has, about
        wanted, moment = luck.randint(0, most) * line, luck.uniform(0, 0.006)

        def kill(p, start):
            lhlive.wait_for(lambda: p.poll() is not None or self.server.log.stat().st_size >= start + wanted, "requests")
            time.sleep(moment)
        return kill

    def kill_after_time(self, luck, most):
        """Anywhere: while the file is made, while the plan is, while replies are read back."""
        moment = luck.uniform(0, most)

        def kill(p, start):
            time.sleep(moment)
        return kill

    def many(self, kills, jobs_of, most):
        luck = lhcli.stream("kill", self.id())
        while self.kills < kills:
            how = self.kill_after_time(luck, 0.25) if luck.random() < 0.3 else self.kill_after_some(luck, most)
            if self.life(jobs_of(luck), how):
                self.fail(f"the run ended after {self.kills} kills: it is too short")
        self.assertTrue(self.life(1, lambda p, start: p.wait(timeout=lhcli.HANG)))
        self.check_end()

    # ---- tests ----

    def test_a_hundred_kills(self):
        self.begin(("full_history", "window:n=5"), turns=30, samples=120, latency_ms=15)
        self.many(25 if QUICK else 100, lambda luck: luck.choice((1, 1, 1, 1, 0, 4)), 40)

    def test_several_calls_a_turn(self):
        """Of three samples, two may be in the file."""
        self.begin(("majority_vote:n=3", "full_history"), turns=20, samples=24)
        self.many(8 if QUICK else 25, lambda luck: luck.choice((1, 1, 0, 4)), 60)

    def test_while_it_begins(self):
        """Killed before there is a run: what is left of a file never stands in the way of the next."""
        self.begin(("full_history",), turns=3, samples=2)
        luck = lhcli.stream("kill", self.id())
        for _ in range(6 if QUICK else 25):
            for end in ("", "-wal", "-shm", "-journal"):
                self.path(f"k.db{end}").unlink(missing_ok=True)
            self.asked = self.kills = 0
            if not self.life(luck.choice((0, 1)), self.kill_after_time(luck, 0.12)):
                self.assertTrue(self.life(luck.choice((0, 1)), lambda p, start: p.wait(timeout=lhcli.HANG)))
            self.check_end()


if __name__ == "__main__":
    lhlive.unittest.main()
