"""Shards over HTTP: one that a budget stopped is merged as what it is, gone on with, and merged again."""
import lhcli
import lhlive

SIM = "sim:accuracy=0.9,context=0.3"
SIZE = ("--policy", "full_history", "--policy", "window:n=2", "--turns", 6, "--samples", 9, "--quiet")


class Shards(lhlive.Case):
    def run_of(self, name, *more, code=0):
        done = self.longhaul("run", *SIZE, "--model", self.model(self.server), "-o", name, *more)
        self.assertEqual(done.code, code, str(done))

    def merge(self, *files, code=0):
        done = self.longhaul("merge", "--replace", "-o", "all.db", *files)
        self.assertEqual(done.code, code, str(done))
        return done.out

    def test_stopped_by_a_budget_and_gone_on_with(self):
        self.server = self.serve("--sim", SIM)
        self.run_of("whole.db")
        self.run_of("s1.db", "--shard", "1/3")
        self.run_of("s3.db", "--shard", "3/3", "--jobs", 0)
        self.run_of("s2.db", "--shard", "2/3", "--max-calls", 17, code=4)
        asked = len(list(self.server.asked()))
        said = self.merge("s1.db", "s2.db", "s3.db", code=4)
        self.assertIn("all.db has 9 of 9 samples", said)
        self.assertIn("not done: more would exceed --max-calls 17", said)
        self.assertEqual(self.rows("all.db", "SELECT status FROM run"), [("stopped",)])
        self.run_of("s2.db", "--shard", "2/3", "--resume")
        self.assertLess(len(list(self.server.asked())) - asked, 36, "what was answered was asked again")
        self.merge("s1.db", "s2.db", "s3.db")
        self.assertEqual(self.plain("report", "all.db"), self.plain("report", "whole.db"))

    def test_the_whole_is_gone_on_with(self):
        """What was merged without being done is a run like any other: --resume, without --shard, does the rest."""
        self.server = self.serve("--sim", SIM)
        self.run_of("whole.db")
        self.run_of("s1.db", "--shard", "1/2", "--max-calls", 20, code=4)
        self.run_of("s2.db", "--shard", "2/2", "--max-calls", 30, code=4)
        self.merge("s1.db", "s2.db", code=4)
        self.run_of("all.db", "--resume")
        self.assertEqual(self.plain("report", "all.db"), self.plain("report", "whole.db"))


if __name__ == "__main__":
    lhcli.unittest.main()
