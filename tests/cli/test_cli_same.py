"""The same again: results that do not depend on concurrency, on the order of replies, on whether they come from a run,
from its run file or from a replay, on what else is in the grid or in the file."""
import json
import sqlite3
import unittest

import lhcli

MODEL = "sim:accuracy=0.9,self_conditioning=2,contagion=0.4,malformed=0.03,missing=0.03,refused=0.01"
LATE = MODEL + ",latency_ms=20,latency_spread=1"
POLICIES = ("full_history", "window:n=3", "majority_vote:n=5", "heal", "state_carry")
SIZE = ("--turns", 20, "--samples", 12, "--seed", 7)
MEASURED = ("turn_accuracy", "turn_accuracy_strict", "state_accuracy", "task_accuracy", "hazard", "outcomes", "observed", "at_risk", "horizon",
            "turn_error_rate", "samples", "turns", "censored", "policy_errors", "exposure")


def grid(policies=POLICIES):
    return [a for p in policies for a in ("--policy", p)]


class Same(lhcli.Case):
    unsanitized = True

    def run_plain(self, *more, model=LATE, output="none"):
        return self.plain("run", "--task", "kv_sum:keys=20", "--model", model, *SIZE, "-o", output, *more)

    def conditions(self, raw):
        return json.loads(raw)["conditions"]

    # ---- concurrency ----

    def check_concurrency(self, policy):
        first = self.run_plain("--policy", policy, "--concurrency", 1)
        self.assertLess(self.conditions(first)[0]["turn_error_rate"]["value"], 1)
        self.assertGreater(self.conditions(first)[0]["turn_error_rate"]["value"], 0, "a run without errors would compare nothing")
        for n in (7, 64, 1000):
            self.assertEqual(self.run_plain("--policy", policy, "--concurrency", n), first, f"{policy} at concurrency {n}")

    def test_concurrency_full_history(self):
        self.check_concurrency("full_history")

    def test_concurrency_window(self):
        self.check_concurrency("window:n=3")

    def test_concurrency_majority_vote(self):
        self.check_concurrency("majority_vote:n=5")

    def test_concurrency_heal(self):
        self.check_concurrency("heal")

    def test_concurrency_state_carry(self):
        self.check_concurrency("state_carry")

    def test_concurrency_of_a_grid_in_a_run_file(self):
        """The calls, the record and the ends of all episodes, too. Only the ids of replies to one `sample` are in order of arrival."""
        queries = (
            "SELECT c.episode, c.turn, c.seq, c.view, c.view_hash, c.error, c.finish, c.tokens_in, c.tokens_out, c.latency_us, c.attempts, c.exposure_update,"
            " c.exposure_state, c.exposure_unusable, c.reusable_prefix, c.accepted, c.outcome, c.unshown, c.shown, c.followed, c.answered, c.truth, m.text"
            " FROM call c LEFT JOIN message m ON m.episode = c.episode AND m.id = c.reply ORDER BY 1, 2, 3",
            "SELECT episode, slot, turn, role, text, thoughts, made_by FROM message WHERE slot IS NOT NULL ORDER BY episode, slot, id",
            "SELECT id, run, condition, sample, status, cause, extra FROM episode ORDER BY id",
        )
        found = []
        for n in (1, 64, 1000):
            report = self.run_plain(*grid(), "--concurrency", n, "--steps-per-turn", "1,2", output=f"at_{n}.db")
            found.append([report] + [self.rows(f"at_{n}.db", q) for q in queries])
        for other in found[1:]:
            for what, (mine, first) in enumerate(zip(other, found[0])):
                self.assertTrue(mine == first, ("report", "calls", "record", "episodes")[what])

    def test_latency_changes_nothing_else(self):
        def without_model(raw):
            return [{k: v for k, v in c.items() if k not in ("model_label", "model_options")} for c in self.conditions(raw)]
        self.assertEqual(without_model(self.run_plain(*grid(), model=MODEL)), without_model(self.run_plain(*grid())))

    # ---- again ----

    def test_twice(self):
        self.assertEqual(self.run_plain(*grid()), self.run_plain(*grid()))
        self.assertNotEqual(self.run_plain(*grid()), self.run_plain(*grid(), "--seed", 8))

    def test_the_seed_is_all_64_bits(self):
        seeds = (0, 1, 2 ** 32, 2 ** 32 + 1, 2 ** 63, 2 ** 64 - 1)
        raws = []
        for seed in seeds:
            raw = self.run_plain("--seed", seed, output=f"{seed}.db")
            self.assertIn(json.loads(raw)["run"]["seed"], (seed, str(seed)))
            self.assertEqual(self.plain("report", f"{seed}.db"), raw)
            raws.append(self.outcomes(f"{seed}.db"))
        self.assertEqual(len({json.dumps(r) for r in raws}), len(seeds))

    def test_report_of_the_run_file(self):
        ran = self.run_plain(*grid(), "--steps-per-turn", "1,3", "--horizon", "0.25,0.5", output="run.db")
        self.assertEqual(self.plain("report", "run.db"), ran)
        self.assertEqual(self.plain("report", "run.db"), ran, "reading changes nothing")

    def test_columns_of_a_policy(self):
        """What finish() returned is in the report, and the file tells the same."""
        self.write("cuts.lua", "return { api = 1,\n  start = function(ep) ep.state.n = 0 end,\n  view = function(ep, history)\n"
                   "    if ep.random and ep:random(1, 2) == 1 then ep.state.n = ep.state.n + 1 end\n    return history:view()\n  end,\n"
                   "  finish = function(ep) return { cuts = ep.state.n, note = 'text' } end }\n")
        ran = self.run_plain("--policy", "./cuts.lua", output="run.db")
        self.assertEqual(self.plain("report", "run.db"), ran)
        (column,) = self.conditions(ran)[0]["columns"]
        self.assertEqual((column["name"], column["samples"]), ("cuts", 12))
        self.assertGreater(column["mean"], 5)
        self.assertLess(column["ci"][0], column["mean"])
        self.assertGreater(column["ci"][1], column["mean"])

    def test_report_of_runs_that_went_wrong(self):
        """Overflow, failed calls, refusals, policies that fail: the file tells the same story."""
        self.write("late.lua", "return { api = 1, view = function(ep, history)\n  if ep.turn == 3 and ep.index % 2 == 1 then error('no') end\n"
                   "  return history:view()\nend }\n")
        for model in ("sim:accuracy=0.9,window=900", "sim:accuracy=0.9,failed=0.05", "sim:accuracy=0.9,refused=0.1",
                      "sim:accuracy=0.9,thoughts=tag,thought_tokens=30,max_tokens=10", "sim:accuracy=0.5,missing=1", "sim:accuracy=0"):
            for more in ((), ("--stop-at-error",)):
                with self.subTest(model=model, more=more):
                    self.path("run.db").unlink(missing_ok=True)
                    ran = self.run_plain(*grid((*POLICIES, "./late.lua")), *more, model=model + ",latency_ms=5", output="run.db")
                    self.assertEqual(self.plain("report", "run.db"), ran)

    def test_table_of_the_run_file(self):
        ran = self.good("run", "--model", LATE, *SIZE, *grid(), "-o", "run.db").out
        self.assertEqual(self.good("report", "run.db").out, ran)

    # ---- replay ----

    def assertMeasuredAlike(self, some, others):
        self.assertEqual(len(some), len(others))
        for a, b in zip(some, others):
            for name in MEASURED:
                self.assertEqual(a[name], b[name], f"{a['policy']}: {name}")

    def test_replay_of_a_run_file(self):
        ran = self.conditions(self.run_plain(*grid(), "--steps-per-turn", "1,2", output="run.db"))
        again = self.run_plain(*grid(), "--steps-per-turn", "1,2", "--concurrency", 3, model="replay:run.db", output="again.db")
        self.assertMeasuredAlike(self.conditions(again), ran)
        once_more = self.run_plain(*grid(), "--steps-per-turn", "1,2", model="replay:again.db", output="once_more.db")
        self.assertMeasuredAlike(self.conditions(once_more), ran)
        for condition in range(len(ran)):
            self.assertEqual(self.outcomes("once_more.db", condition), self.outcomes("run.db", condition))

    def test_replay_of_a_part(self):
        """Fewer conditions, samples and turns than were recorded: each is what it was."""
        self.run_plain(*grid(), output="run.db")
        self.run_plain("--policy", "heal", "--policy", "window:n=3", "--samples", 5, "--turns", 9, model="replay:run.db", output="part.db")
        for condition, recorded in ((0, 3), (1, 1)):
            whole = self.outcomes("run.db", recorded)
            self.assertEqual(self.outcomes("part.db", condition), {s: whole[s][:9] for s in range(5)})

    def test_replay_of_failures(self):
        for model in ("sim:accuracy=0.9,failed=0.05", "sim:accuracy=0.9,window=900", "sim:accuracy=0.9,refused=0.2,thoughts=native"):
            with self.subTest(model):
                self.path("run.db").unlink(missing_ok=True)
                ran = self.conditions(self.run_plain(*grid(), model=model, output="run.db"))
                self.assertMeasuredAlike(self.conditions(self.run_plain(*grid(), model="replay:run.db")), ran)

    def test_replay_of_something_else(self):
        """A replay that would not be one says so, and where."""
        self.run_plain(*grid(), output="run.db")
        for change, words in ((("--policy", "window:n=4"), ("run.db", "window")), (("--task", "kv_sum:keys=21"), ("run.db", "kv_sum")),
                              (("--policy", "heal", "--seed", 8), ("sample 0", "turn 1")), (("--policy", "heal", "--steps-per-turn", 3), ("run.db", "3 steps")),
                              (("--policy", "heal", "--samples", 13), ("13", "12")), (("--policy", "heal", "--turns", 21), ("21", "20"))):
            with self.subTest(change):
                task = () if "--task" in change else ("--task", "kv_sum:keys=20")
                done = self.longhaul("run", *task, "--model", "replay:run.db", *SIZE, "-o", "other.db", *change)
                self.assertEqual(done.code, 2, str(done))
                self.assertFalse(self.path("other.db").exists(), str(done))
                for word in words:
                    self.assertIn(word, done.err, str(done))

    # ---- one sample, a prefix, pairs ----

    def test_one_sample_of_a_larger_run(self):
        self.run_plain(*grid(), output="all.db")
        for sample in (0, 5, 11):
            self.run_plain(*grid(), "--sample", sample, output=f"{sample}.db")
            for condition in range(len(POLICIES)):
                self.assertEqual(self.outcomes(f"{sample}.db", condition), {sample: self.outcomes("all.db", condition)[sample]}, POLICIES[condition])
            self.assertEqual(self.good("transcript", f"{sample}.db", sample, "--policy", "heal").out,
                             self.good("transcript", "all.db", sample, "--policy", "heal").out)

    def test_more_samples_and_turns_begin_alike(self):
        self.run_plain(*grid(), output="small.db")
        self.run_plain(*grid(), "--samples", 20, "--turns", 31, output="large.db")
        for condition in range(len(POLICIES)):
            large = self.outcomes("large.db", condition)
            self.assertEqual(self.outcomes("small.db", condition), {s: large[s][:20] for s in range(12)}, POLICIES[condition])

    def test_a_condition_alone_is_what_it_is_in_a_grid(self):
        together = self.conditions(self.run_plain(*grid()))
        alone = [self.conditions(self.run_plain("--policy", p))[0] for p in POLICIES]
        self.assertMeasuredAlike(alone, together)

    def test_pairs(self):
        """Every condition meets the same samples: instructions, prompts and true states."""
        self.run_plain(*grid(), output="run.db")
        per_condition = []
        for condition in range(len(POLICIES)):
            asked = self.rows("run.db", "SELECT e.sample, m.turn, m.role, m.text FROM message m JOIN episode e ON e.id = m.episode"
                              " WHERE e.condition = ? AND m.made_by = 'task' ORDER BY 1, 2, m.id", condition)
            truth = self.rows("run.db", "SELECT e.sample, c.turn, c.truth FROM call c JOIN episode e ON e.id = c.episode"
                              " WHERE e.condition = ? AND c.accepted ORDER BY 1, 2", condition)
            self.assertEqual((len(asked), len(truth)), (12 * 21, 12 * 20))
            per_condition.append((asked, truth))
        for other in per_condition[1:]:
            self.assertEqual(other, per_condition[0])
        self.assertEqual(len({text for _, turn, _, text in per_condition[0][0] if turn == 0}), 12, "each sample has its own dictionary")

    def test_pairs_share_their_luck(self):
        """At turn 1 nothing differs between policies that send the same: nor does the reply."""
        self.run_plain("--policy", "full_history", "--policy", "window:n=3", "--policy", "answers_only", output="run.db")
        replies = [self.rows("run.db", "SELECT e.sample, m.text FROM message m JOIN episode e ON e.id = m.episode"
                             " WHERE e.condition = ? AND m.turn = 1 AND m.role = 'assistant' ORDER BY 1", c) for c in range(3)]
        self.assertEqual(replies[1], replies[0])
        self.assertEqual(replies[2], replies[0])

    def test_steps_per_turn_ask_for_the_same_steps(self):
        self.run_plain("--steps-per-turn", "1,2,5", "--turns", 4, output="run.db")
        prompts = [{}, {}, {}]
        for condition, sample, text in self.rows("run.db", "SELECT e.condition, e.sample, m.text FROM message m JOIN episode e ON e.id = m.episode"
                                                 " WHERE m.role = 'user' ORDER BY m.episode, m.turn"):
            prompts[condition].setdefault(sample, []).extend(text.split(", "))
        for sample in range(12):
            self.assertEqual([len(p[sample]) for p in prompts], [4, 8, 20])
            self.assertEqual(prompts[0][sample], prompts[1][sample][:4])
            self.assertEqual(prompts[1][sample], prompts[2][sample][:8])

    def test_stop_at_error(self):
        """Task accuracy, hazard and horizon need nothing behind the first error; the rest is not there."""
        full = self.conditions(self.run_plain(*grid(), "--samples", 30))
        cut = self.conditions(self.run_plain(*grid(), "--samples", 30, "--stop-at-error", output="run.db"))
        for a, b in zip(full, cut):
            for name in ("task_accuracy", "task_accuracy_ci", "hazard", "at_risk", "horizon", "censored"):
                self.assertEqual(b[name], a[name], f"{a['policy']}: {name}")
            self.assertEqual(b["turn_accuracy"][0], a["turn_accuracy"][0])
            for name in ("turn_accuracy", "state_accuracy"):
                self.assertEqual(set(b[name][1:]), {None}, f"{a['policy']}: {name}")
            for outcome, shares in b["outcomes"].items():
                if outcome != "failed":
                    self.assertEqual(set(shares[1:]), {None}, f"{a['policy']}: {outcome}")
            self.assertLess(b["cost"]["calls"], a["cost"]["calls"])
        for condition in range(len(POLICIES)):
            for turns in self.outcomes("run.db", condition).values():
                self.assertTrue(all(o in ("correct", "recovers") for o in turns[:-1]))
                self.assertTrue(len(turns) == 20 or turns[-1] not in ("correct", "recovers"))

    # ---- several runs in a file ----

    def test_a_second_run_leaves_the_first_alone(self):
        first = self.run_plain(*grid(), output="run.db")
        listed = self.good("list", "runs", "run.db").out
        second = self.run_plain("--policy", "reset", "--samples", 3, "--turns", 4, output="run.db")
        third = self.run_plain(*grid(), output="run.db")
        self.assertEqual(third, first)
        self.assertNotEqual(second, first)
        self.assertEqual(self.plain("report", "run.db"), third)
        for run, raw in ((1, first), (2, second), (3, third)):
            self.assertEqual(self.plain("report", "run.db", "--run", run), raw)
            self.assertEqual(self.report("report", "run.db", "--run", run)["run"]["id"], run)
        now = self.good("list", "runs", "run.db").out
        self.assertTrue(now.startswith(listed))
        self.assertEqual(len(now.splitlines()), 3)
        self.assertEqual(self.good("transcript", "run.db", 2, "--run", 1).out, self.good("transcript", "run.db", 2).out)
        self.assertIn("reset", self.good("transcript", "run.db", 2, "--run", 2).out)

    def test_a_superseded_episode_costs_and_counts_for_nothing_else(self):
        """A conversation that was begun again: all but the costs is as if it had never been."""
        self.run_plain("--policy", "majority_vote:n=3", output="run.db")
        (before,) = self.conditions(self.plain("report", "run.db"))
        said = self.good("transcript", "run.db", 4).out
        db = sqlite3.connect(self.path("run.db"))
        (calls, tokens) = db.execute("SELECT count(*), sum(tokens_in) FROM call WHERE episode = 5").fetchone()
        # Under an id before all others, and once more behind them.
        for new in (-1, 999):
            for table in ("call", "message"):
                names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
                db.execute(f"INSERT INTO {table} SELECT {', '.join(str(new) if n == 'episode' else n for n in names)} FROM {table} WHERE episode = 5")
            db.execute("INSERT INTO episode SELECT ?, run, condition, sample, probe, 'superseded', 'the agent ended', extra, history_hash, history_ratio FROM episode WHERE id = 5", (new,))
        db.commit()
        db.close()
        (after,) = self.conditions(self.plain("report", "run.db"))
        self.assertMeasuredAlike([after], [before])
        self.assertEqual((after["causes"], after["columns"]), (before["causes"], before["columns"]))
        self.assertEqual(after["cost"]["calls"], before["cost"]["calls"] + 2 * calls)
        self.assertEqual(after["cost"]["tokens_in"], before["cost"]["tokens_in"] + 2 * tokens)
        self.assertEqual((after["cost"]["turns"], after["cost"]["tokens_counted"]), (before["cost"]["turns"], 1))
        self.assertEqual(self.good("transcript", "run.db", 4).out, said)
        self.assertMeasuredAlike(self.conditions(self.run_plain("--policy", "majority_vote:n=3", model="replay:run.db")), [before])

    def test_whose_count_the_tokens_are(self):
        """Estimates and thoughts left out are said, in the report and, from a replay, again."""
        self.run_plain("--policy", "full_history", output="run.db")
        self.assertNotIn("estimated", self.good("report", "run.db").out)
        db = sqlite3.connect(self.path("run.db"))
        db.execute("UPDATE call SET counted = 0, thoughts_kept = 1, thoughts_dropped = 3 WHERE turn <= 5")
        db.execute("UPDATE call SET counted = 0, tokens_in = 0, tokens_out = 0 WHERE turn = 6")
        db.commit()
        db.close()
        cost = self.conditions(self.plain("report", "run.db"))[0]["cost"]
        self.assertEqual((cost["tokens_counted"], cost["thoughts"]), (0.75, {"kept": 60, "dropped": 180}))
        table = " ".join(self.good("report", "run.db").out.split())
        self.assertIn("Tokens are estimated from bytes where the server counts none: in 60 of 240 calls.", table)
        self.assertIn("Of the earlier replies that had thoughts, 75 % were sent without them.", table)
        again = self.conditions(self.run_plain("--policy", "full_history", model="replay:run.db"))[0]["cost"]
        self.assertEqual(again["tokens_counted"], 0.75)

    def test_replay_takes_the_newest_run(self):
        self.run_plain("--policy", "reset", output="run.db")
        self.run_plain("--policy", "full_history", output="run.db")
        done = self.longhaul("run", "--task", "kv_sum:keys=20", "--model", "replay:run.db", *SIZE, "-o", "none", "--policy", "reset")
        self.assertEqual(done.code, 2, str(done))
        self.run_plain("--policy", "full_history", model="replay:run.db")

    def test_a_run_file_replayed_into_itself(self):
        ran = self.conditions(self.run_plain("--policy", "majority_vote:n=3", output="run.db"))
        again = self.conditions(self.run_plain("--policy", "majority_vote:n=3", model="replay:run.db", output="run.db"))
        self.assertMeasuredAlike(again, ran)
        self.assertEqual(self.outcomes("run.db", run=1), self.outcomes("run.db", run=2))

    # ---- the same experiment in other words ----

    def test_an_experiment_file_says_the_same(self):
        self.write("exp.lua", 'return {\n  tasks = { { "kv_sum", keys = 20 } },\n  models = { "%s" },\n  policies = { "full_history", { "window", n = 3 },'
                   ' "majority_vote:n=5", { name = "heal" }, "state_carry" },\n  turns = 20, samples = 12, seed = 7, horizon = { 0.5, 0.8, 0.9 },\n}\n' % LATE)
        self.assertMeasuredAlike(self.conditions(self.plain("run", "exp.lua", "-o", "none")), self.conditions(self.run_plain(*grid())))

    def test_the_command_line_overrides_the_file_wherever_it_stands(self):
        self.write("exp.lua", 'return { models = { "sim:accuracy=0.5" }, policies = { "reset" }, turns = 3, samples = 4, seed = 1, stop_at_error = true }\n')
        more = ("--model", LATE, "--policy", "heal", *SIZE, "--stop-at-error=false", "-o", "none")
        before = self.plain("run", *more, "exp.lua")
        behind = self.plain("run", "exp.lua", *more)
        self.assertEqual(before, behind)
        (c,) = self.conditions(before)
        self.assertEqual((c["policy"], c["turns"], c["samples"], c["model_label"]), ("heal", 20, 12, LATE))
        self.assertNotIn(None, c["turn_accuracy"])

    def test_options_with_an_equals_sign(self):
        self.assertEqual(self.plain("run", "--model=" + LATE, "--turns=5", "--samples=3", "--output=none"),
                         self.plain("run", "--model", LATE, "--turns", 5, "--samples", 3, "-o", "none"))

    def test_order_of_parameters_is_no_matter(self):
        a = self.run_plain(model="sim:accuracy=0.9,context=0.1")
        b = self.run_plain(model="sim:context=0.1,accuracy=0.9")
        self.assertMeasuredAlike(self.conditions(a), self.conditions(b))
        self.assertEqual(json.loads(a)["run"]["config_sha256"], json.loads(b)["run"]["config_sha256"])


if __name__ == "__main__":
    unittest.main()
