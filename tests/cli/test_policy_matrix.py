"""Every task family under every policy, behind the model's own history and a made one, in one run: it runs, replays and
resumes, each to the last byte. What there is comes from `longhaul list`, so a family or policy that is added is tried."""
import re
import sqlite3
from pathlib import Path

import lhcli
import lhlive

MODEL = "sim:accuracy=0.75,self_conditioning=1,malformed=0.05,missing=0.05,thoughts=tag,thought_tokens=9"
WHOLE = "w" * (len(MODEL) - len("replay:.db")) + ".db"   # as a replay's name it is as long as the model's, so tables have the same shape
TURNS, SAMPLES = 3, 2
OPTIONS = {"summarize": "max=1,keep=1", "discard_all": "max=1", "token_window": "max=1", "amortized": "max=1", "window": "n=1", "recap": "n=2",
           "head_tail": "head=0,tail=1", "mask_observations": "n=1", "clear_tool_uses": "trigger=1,keep=1"}  # what makes a policy act within so few turns
HISTORIES = ("own", "injected:rate=0.5")


class Matrix(lhlive.Case):
    def listed(self, what):
        return [line.split()[0] for line in self.good("list", what).out.splitlines()]

    def setUp(self):
        super().setUp()
        self.families = self.listed("tasks")
        self.policies = self.listed("policies")
        self.assertEqual(set(self.families), {p.stem for p in (lhcli.SOURCE / "plugins").glob("*.c")})
        self.assertEqual(set(self.policies), {p.stem for p in (lhcli.SOURCE / "scripts" / "policies").glob("*.lua")})
        self.tasks = self.families + [f + ":tools=true" for f in self.families if re.search(r"(?m)^  tools ", self.good("show", "task", f).out)]
        self.assertGreater(len(self.tasks), len(self.families) + 1)
        self.assertLessEqual(set(OPTIONS), set(self.policies), "options for a policy that is gone")

    def grid(self, model=MODEL, file=WHOLE, samples=SAMPLES, jobs=0):
        policies = [f"{p}:{OPTIONS[p]}" if p in OPTIONS else p for p in self.policies]
        each = [("--task", self.tasks), ("--policy", policies), ("--history", HISTORIES)]
        return ["run", *(a for option, values in each for v in values for a in (option, v)), "--model", model, "--turns", TURNS, "--samples", samples,
                "--jobs", jobs, "--quiet", "--no-timing", "-o", file]

    def told(self, *args):
        """(the table, the report without what names the model)."""
        done = self.good(*args, "--json", "report.json")
        return done.out.replace("replay:" + WHOLE, MODEL), self.measured(self.path("report.json").read_text())

    def interrupt(self, file):
        """Leaves of the run what a machine that stopped might: of every other episode the calls of its first turn, of the rest of them all
        but the last that came."""
        db = sqlite3.connect(self.path(file))
        with db:
            db.execute("UPDATE run SET status = 'running', ended = NULL")
            db.execute("DELETE FROM call WHERE turn > 1 AND episode % 2")
            db.execute("DELETE FROM message WHERE turn > 1 AND episode % 2")
            db.execute("UPDATE episode SET status = 'running', extra = NULL, cause = NULL WHERE episode.id % 2")
            for table, column in (("call", "episode"), ("message", "episode"), ("episode", "id")):
                db.execute(f"DELETE FROM {table} WHERE {column} > (SELECT max(id) * 3 / 4 FROM episode)")
            left, = db.execute("SELECT count(*) FROM episode").fetchone()
        db.close()
        return left

    def test_everything_with_everything(self):
        conditions = len(self.tasks) * len(self.policies) * len(HISTORIES)
        table, report = self.told(*self.grid())
        self.check_ran(report, conditions)

        again, replayed = self.told(*self.grid(model="replay:" + WHOLE, file="again.db", jobs=2))
        self.assertEqual(replayed, report, "replayed")
        self.assertEqual(again, table, "replayed")
        self.assertSameRows(WHOLE, "again.db", "replayed")

        self.told(*self.grid(file="grown.db", samples=1))
        self.assertLess(self.interrupt("grown.db"), conditions * SAMPLES)
        grown = self.told(*self.grid(file="grown.db"), "--resume")
        self.assertEqual(grown, (table, report), "grown and resumed")
        self.assertSameRows(WHOLE, "grown.db", "grown and resumed")
        self.assertEqual(self.rows("grown.db", "SELECT count(*), max(status) FROM run"), [(1, "done")])

    def check_ran(self, report, conditions):
        self.assertEqual(len(report["conditions"]), conditions)
        self.assertEqual(len({(c["task_label"], c["policy"], c["history"]) for c in report["conditions"]}), conditions)
        for c in report["conditions"]:
            where = f"{c['task_label']}, {c['policy']}, {c['history']}"
            self.assertEqual((c["policy_errors"], c["censored"], c["causes"]), (0, 0, []), where)
            asked = [n is not None and n > 0 for n in c["observed"]]
            self.assertEqual(asked, [True] * TURNS if c["history"] == "own" else [True, False, True], where)
        errors = sum(o not in ("correct", "follows") for o, in self.rows(WHOLE, "SELECT outcome FROM call WHERE accepted"))
        self.assertGreater(errors, conditions / 2, "a model without errors would try little")
        self.check_acted(report)

    def check_acted(self, report):
        """Each policy sent something else than the whole history, asked otherwise, or edited; the baseline and agents' did not."""
        usual = "SELECT e.sample, c.turn, c.seq, c.view, m.text FROM call c JOIN episode e ON e.id = c.episode" \
                " LEFT JOIN message m ON m.episode = e.id AND m.role = 'removed' WHERE e.condition IN ({}) ORDER BY 1, 2, 3, 4, 5"
        of = {}                               # under the task with tools and the one without
        for i, c in enumerate(report["conditions"]):
            if c["history"] == "own" and c["task"] == "kv_sum":
                of.setdefault(c["policy"], []).append(self.rows(WHOLE, usual.format(i)))
        alike = {p for p, rows in of.items() if rows == of["full_history"]}
        self.assertEqual(alike - {"heal"}, {"full_history", "agent"}, "options are too mild for a policy to act")

    def test_what_needs_real_replies_is_refused_by_name(self):
        """Of whatever policies say so, and only behind histories that are made."""
        needy = [p for p in self.policies if "own" in self.needs(p)]
        self.write("mine.lua", 'return { api = 1, summary = "Carries what was really said.", requires = { "own" } }\n')
        for policy in (*needy, "./mine.lua"):
            done = self.longhaul("run", "--policy", policy, *(a for h in HISTORIES for a in ("--history", h)), "-o", "none")
            self.assertEqual(done.code, 2, str(done))
            self.assertIn(f"policy {policy} ", done.err)
            self.assertIn("cannot be put on the made history injected:rate=0.5", done.err)
            self.good("run", "--policy", policy, "--turns", 2, "--samples", 1, "-o", "none")

    def needs(self, policy):
        text = (Path(lhcli.SOURCE) / "scripts" / "policies" / f"{policy}.lua").read_text()
        found = re.search(r"requires = \{([^}]*)\}", text)
        return re.findall(r'"(\w+)"', found.group(1)) if found else []


if __name__ == "__main__":
    lhlive.unittest.main()
