"""Made histories over HTTP: what the same run in process gives, in every wire format; gone on with after a budget and after
kill -9, and no reply asked for twice."""
import collections
import signal
import unittest

import lhcli
import lhlive

SIM = "sim:accuracy=0.9,context=0.3,self_conditioning=4,malformed=0.03"
HISTORIES = ("own", "restated", "filler", "clean", "injected:rate=0.5,last=true", "propagated:rate=0.5,thoughts=matching")


class LiveHistories(lhlive.Case):
    def begin(self, *policies, turns=12, samples=6, latency_ms=0):
        self.size = ["run", "--turns", turns, "--samples", samples, "--no-timing", "--quiet", "--probe-turns", "1,5,last"]
        self.size += [a for h in HISTORIES for a in ("--history", h)] + [a for p in policies for a in ("--policy", p)]
        self.here = self.measured(self.plain(*self.size, "--model", SIM, "-o", "here.db"))
        self.server = self.serve("--sim", SIM, "--latency-ms", latency_ms)

    def check(self, raw, file, where):
        self.assertEqual(self.measured(raw), self.here, where)
        self.assertSameRows("here.db", file, where, counts=False)     # the server counts a restated state as a message
        self.assertEqual(self.measured(self.plain("report", file)), self.here, f"{where}: the run file tells another story")
        self.assertEqual(self.server.stats()["wrong"], 0)

    def test_the_same_in_every_format(self):
        self.begin("full_history", "heal", "window:n=4", "majority_vote:n=3")
        for form, jobs in zip(lhlive.FORMATS, (0, 1, 2)):
            raw = self.plain(*self.size, "--model", self.model(self.server, form), "--jobs", jobs, "-o", f"{form}.db")
            self.check(raw, f"{form}.db", form)

    def asked_twice(self):
        """Calls of the same name that were asked for more often than there are conditions and policies to ask them."""
        return collections.Counter((a["sample"], a["turn"], a["call"]) for a in self.server.asked())

    def test_a_budget_ends_it_and_resume_goes_on(self):
        self.begin("full_history", "answers_only")
        args = [*self.size, "--model", self.model(self.server), "-o", "b.db"]
        done = self.longhaul(*args, "--max-calls", 100)
        self.assertEqual(done.code, 4, str(done))
        self.check(self.plain(*args, "--resume"), "b.db", "after a budget")
        calls, = self.rows("b.db", "SELECT count(*) FROM call")[0]
        self.assertEqual(sum(self.asked_twice().values()), calls)

    def test_calls_that_are_refused_again_do_not_end_what_was_answered_before(self):
        """Refused calls come first when a run is gone on with; three of them are no sign that the server refuses everything."""
        server = self.serve("--sim", "sim:accuracy=0.8,failed=0.1")
        args = ["run", "--turns", 6, "--samples", 20, "--quiet", "--model", self.model(server), "-o", "r.db"]
        self.assertEqual(self.longhaul(*args, "--max-calls", 80).code, 4)
        self.assertGreater(self.rows("r.db", "SELECT count(*) FROM episode WHERE status = 'censored' AND cause LIKE '%simulated%'")[0][0], 3)
        self.good(*args, "--resume")

    def test_killed_and_gone_on_with(self):
        self.begin("full_history", "window:n=3", samples=20, latency_ms=4)
        args = [*self.size, "--model", self.model(self.server), "-o", "k.db", "--concurrency", 8]
        for jobs in (1, 0, 2):
            start = self.server.settle()
            resume = ["--resume"] if self.path("k.db").exists() else []
            p = self.start(*args, "--jobs", jobs, *resume, mark=f"{self.id()}-{jobs}")
            lhlive.wait_for(lambda: p.poll() is not None or self.server.log.stat().st_size > start + 60 * 60, "requests")
            self.assertIsNone(p.poll(), "the run is too short to be killed")
            p.send_signal(signal.SIGKILL)
            p.communicate(timeout=lhcli.HANG)
            lhlive.wait_for(lambda: not lhlive.processes(f"{self.id()}-{jobs}"), "the end of its workers")
        self.check(self.plain(*args, "--resume"), "k.db", "after three kills")
        calls, = self.rows("k.db", "SELECT count(*) FROM call")[0]
        self.assertLessEqual(sum(self.asked_twice().values()), calls + 3 * 24)      # what was in flight


if __name__ == "__main__":
    unittest.main()
