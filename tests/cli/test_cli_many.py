"""Many episodes at once, and what is left of those that do not end well: overflow, failed calls, refusals, policies that
fail, each counted as the definitions say."""
import json
import unittest
from fractions import Fraction

import lhcli
from lhcli import OUTCOMES

LATE = "latency_ms=20,latency_spread=1"
ENDED = ("overflow", "policy_error", "failed")


class Cells:
    """[sample][turn] outcomes of one condition, read from the run file: None where nothing was observed."""

    def __init__(self, case, file, condition, turns):
        self.turns = turns
        self.rows = []
        ends = dict(case.rows(file, "SELECT sample, CASE status WHEN 'censored' THEN 'failed' WHEN 'done' THEN cause ELSE status END"
                              " FROM episode WHERE condition = ? AND run = 1", condition))
        for sample, said in sorted(case.outcomes(file, condition).items()):
            row = list(said)
            end = ends[sample]
            if len(row) < turns and end in ENDED:
                row.append(end)
            row += [end if end in ("overflow", "policy_error") else None] * (turns - len(row))
            self.rows.append(row)

    def column(self, t):
        return [row[t] for row in self.rows if row[t] not in (None, "failed")]

    def share(self, t, *outcomes):
        column = self.column(t)
        return sum(o in outcomes for o in column) / len(column) if column else None

    def survival(self):
        """Kaplan-Meier, exactly: (survival, at risk, errors) per turn. With nobody at risk any more it stays 0 where all
        have erred, and is unknown where the rest were cut off."""
        out, s = [], Fraction(1)
        for t in range(self.turns):
            risk = [row for row in self.rows if all(o in ("correct", "recovers") for o in row[:t]) and row[t] not in (None, "failed")]
            errors = sum(row[t] not in ("correct", "recovers") for row in risk)
            if risk:
                s *= Fraction(len(risk) - errors, len(risk))
            elif s != 0:
                s = None
            out.append((s, len(risk), errors))
            if s is None:
                return out + [(None, 0, 0)] * (self.turns - len(out))
        return out


class Many(lhcli.Case):
    unsanitized = True

    def run_file(self, *args, model, turns, samples, output="run.db"):
        return self.report("run", "--model", model, "--turns", turns, "--samples", samples, "-o", output, "--quiet", "--no-timing", *args)["conditions"]

    def assertCells(self, c, cells):
        """The report of a condition against the rows of its run file."""
        for t in range(cells.turns):
            where = f"{c['policy_label']}, turn {t + 1}"
            self.assertEqual(c["observed"][t], len(cells.column(t)), where)
            self.assertEqual(c["turn_accuracy"][t], cells.share(t, "correct", "follows"), where)
            self.assertEqual(c["state_accuracy"][t], cells.share(t, "correct", "recovers"), where)
            for o in OUTCOMES[:-1]:
                self.assertEqual(c["outcomes"][o][t], cells.share(t, o), f"{where}: {o}")
            tried = [row[t] for row in cells.rows if row[t] is not None]
            self.assertEqual(c["tried"][t], len(tried), where)
            self.assertEqual(c["outcomes"]["failed"][t], tried.count("failed") / len(tried) if tried else None, where)
        for t, (s, risk, errors) in enumerate(cells.survival()):
            where = f"{c['policy_label']}, turn {t + 1}"
            self.assertEqual(c["at_risk"][t], risk, where)
            self.assertEqual(c["hazard"][t], errors / risk if risk else None, where)
            if s is None:
                self.assertIsNone(c["task_accuracy"][t], where)
            else:
                self.assertAlmostEqual(c["task_accuracy"][t], float(s), 12, where)
        self.assertEqual(c["censored"], sum("failed" in row for row in cells.rows))
        self.assertEqual(c["policy_errors"], sum("policy_error" in row for row in cells.rows))

    # ---- a thousand at once ----

    def test_a_thousand_episodes_at_once(self):
        args = ("--policy", "majority_vote:n=5", "--concurrency", 1000)
        (c,) = self.run_file(*args, model=f"sim:accuracy=0.95,malformed=0.02,{LATE}", turns=5, samples=1000)
        self.assertEqual((c["samples"], c["censored"], c["cost"]["calls"], c["cost"]["turns"]), (1000, 0, 25000, 5000))
        self.assertEqual(self.rows("run.db", "SELECT count(*), count(DISTINCT episode), sum(accepted) FROM call"), [(25000, 1000, 5000)])
        self.assertEqual(self.rows("run.db", "SELECT count(*) FROM message WHERE slot IS NOT NULL"), [(11000,)])
        self.assertCells(c, Cells(self, "run.db", 0, 5))

    def test_a_vote_is_a_vote(self):
        """The accepted reply has the most frequent answer among the five, the first seen where several do."""
        self.run_file("--policy", "majority_vote:n=5", "--concurrency", 300, model=f"sim:accuracy=0.6,malformed=0.1,missing=0.1,{LATE}", turns=6, samples=40)
        calls = {}
        for episode, turn, text, accepted in self.rows("run.db", "SELECT c.episode, c.turn, m.text, c.accepted FROM call c JOIN message m"
                                                       " ON m.episode = c.episode AND m.id = c.reply ORDER BY c.episode, c.turn, c.seq"):
            calls.setdefault((episode, turn), []).append((text, accepted))
        self.assertEqual(len(calls), 240)
        for where, five in calls.items():
            self.assertEqual(len(five), 5)
            answers = [text[8:-9] if text.startswith("<answer>") and text != "<answer></answer>" else None for text, _ in five]
            valid = [a for a in answers if a is not None]
            (index,) = [i for i, (_, accepted) in enumerate(five) if accepted]
            expected = max(valid, key=valid.count) if valid else None
            self.assertEqual(index, answers.index(expected) if valid else 0, f"{where}: {answers}")

    def test_more_places_than_calls_and_fewer(self):
        raws = [self.plain("run", "--model", f"sim:accuracy=0.9,{LATE}", "--turns", 3, "--samples", 200, "--policy", "majority_vote:n=101", "--policy", "reset",
                           "--concurrency", n, "-o", "none", "--quiet") for n in (1, 13, 100000)]
        self.assertEqual(raws[1], raws[0])
        self.assertEqual(raws[2], raws[0])

    # ---- overflow ----

    def test_overflow(self):
        """A request that does not fit ends the episode; that turn and all later ones are errors of the model."""
        turns = 40
        conditions = self.run_file("--policy", "full_history", "--policy", "window:n=2", "--policy", "majority_vote:n=3",
                                   model=f"sim:accuracy=1,window=700,{LATE}", turns=turns, samples=20)
        for i, c in enumerate(conditions):
            cells = Cells(self, "run.db", i, turns)
            self.assertCells(c, cells)
            self.assertEqual(c["censored"], 0)
        full, window, vote = conditions
        self.assertEqual(window["outcomes"]["correct"], [1.0] * turns)
        self.assertEqual(full["outcomes"]["overflow"], vote["outcomes"]["overflow"])
        shares = full["outcomes"]["overflow"]
        self.assertEqual((shares[0], shares[-1]), (0.0, 1.0))
        self.assertEqual(shares, sorted(shares), "an overflow ends the episode")
        self.assertEqual(full["observed"], [20] * turns)
        self.assertEqual(full["task_accuracy"], [1 - s for s in shares])
        first = shares.index(next(s for s in shares if s > 0))
        h = {h["s"]: h for h in full["horizon"]}[0.9]
        self.assertFalse(h["censored"])
        self.assertGreaterEqual(h["turns"], first)
        self.assertEqual(set(self.rows("run.db", "SELECT status, cause FROM episode WHERE condition = 0")), {("done", "overflow")})
        self.assertIn("overflow", self.good("report", "run.db").out)

    def test_overflow_at_once(self):
        (c,) = self.run_file(model="sim:window=10", turns=3, samples=4)
        self.assertEqual(c["outcomes"]["overflow"], [1.0] * 3)
        self.assertEqual(([h["turns"] for h in c["horizon"]], c["turn_error_rate"]["value"]), ([0, 0, 0], 1.0))
        self.assertEqual((c["cost"]["turns"], c["cost"]["tokens_in_per_turn"]), (0, None))

    def test_a_policy_that_answers_an_overflow(self):
        self.write("shrink.lua", "return { api = 1, overflow = function(ep, history, err) return history:view():keep_last(1) end }\n")
        self.write("stubborn.lua", "return { api = 1, overflow = function(ep, history, err) return history:view() end }\n")
        self.write("gives_up.lua", "return { api = 1, overflow = function(ep, history, err) return nil end }\n")
        shrink, stubborn, gives_up = self.run_file("--policy", "./shrink.lua", "--policy", "./stubborn.lua", "--policy", "./gives_up.lua",
                                                   model="sim:accuracy=1,window=700", turns=30, samples=5)
        self.assertEqual(shrink["outcomes"]["correct"], [1.0] * 30)
        self.assertEqual(stubborn["outcomes"]["overflow"][-1], 1.0)
        self.assertEqual(gives_up["outcomes"], stubborn["outcomes"])
        self.assertEqual([c["policy_errors"] for c in (shrink, stubborn, gives_up)], [0, 0, 0])

    # ---- failed calls ----

    def test_failed_calls_censor(self):
        turns = 30
        conditions = self.run_file("--policy", "full_history", "--policy", "window:n=2", "--concurrency", 500,
                                   model=f"sim:accuracy=0.97,failed=0.02,{LATE}", turns=turns, samples=300)
        for i, c in enumerate(conditions):
            cells = Cells(self, "run.db", i, turns)
            self.assertCells(c, cells)
            self.assertGreater(c["censored"], 50)
            self.assertEqual(c["observed"], sorted(c["observed"], reverse=True))
            bounds = c["task_accuracy_bounds"][-1]
            self.assertLess(bounds[0], c["task_accuracy"][-1])
            self.assertGreater(bounds[1], c["task_accuracy"][-1])
            self.assertEqual(sum(cause["episodes"] for cause in c["causes"]), c["censored"])
        self.assertEqual(set(self.rows("run.db", "SELECT DISTINCT status FROM episode")), {("done",), ("censored",)})
        text = self.good("report", "run.db").out
        self.assertRegex(text, r"(?m)^! full_history: \d+ of 300 samples were cut off")

    def test_all_calls_fail(self):
        (c,) = self.run_file(model="sim:failed=1", turns=4, samples=6)
        self.assertEqual(c["censored"], 6)
        self.assertEqual((c["observed"], c["tried"]), ([0] * 4, [6, 0, 0, 0]))
        for name in ("turn_accuracy", "state_accuracy", "task_accuracy", "hazard"):
            self.assertEqual(c[name], [None] * 4, name)
        self.assertEqual(c["outcomes"]["failed"], [1.0, None, None, None])
        self.assertIsNone(c["turn_error_rate"]["value"])
        self.assertEqual([(h["turns"], h["ci"], h["constant_rate"]) for h in c["horizon"]], [(None, None, None)] * 3)
        self.assertNotIn("nan", self.good("report", "run.db").out.lower())

    def test_failed_replies_of_a_vote_do_not_vote(self):
        """Only where all five fail is the turn lost."""
        turns = 8
        (c,) = self.run_file("--policy", "majority_vote:n=5", model=f"sim:accuracy=0.9,failed=0.4,{LATE}", turns=turns, samples=200)
        lost = {}
        for episode, turn, failed, all_of in self.rows("run.db", "SELECT episode, turn, sum(error IS NOT NULL), count(*) FROM call GROUP BY 1, 2"):
            self.assertEqual(all_of, 5)
            lost.setdefault(episode, []).append(failed == 5)
        self.assertEqual(c["censored"], sum(any(turns) for turns in lost.values()))
        self.assertGreater(c["censored"], 0)
        for episode, turns_of in lost.items():
            self.assertFalse(any(turns_of[:-1]), "an episode goes on after its end")
        self.assertCells(c, Cells(self, "run.db", 0, turns))

    def test_a_policy_may_go_on_after_a_failed_call(self):
        self.write("retry.lua", "return { api = 1, turn = function(ep, history)\n  for i = 1, 20 do\n    local reply = ep:ask(history:view())\n"
                   "    if reply then return reply end\n  end\n  return nil, { code = 'failed', message = 'twenty times' }\nend }\n")
        (c,) = self.run_file("--policy", "./retry.lua", model="sim:accuracy=1,failed=0.3", turns=10, samples=20)
        self.assertEqual((c["censored"], c["outcomes"]["correct"]), (0, [1.0] * 10))
        self.assertGreater(c["cost"]["calls"], 220)
        self.assertEqual(self.rows("run.db", "SELECT count(*) FROM call WHERE error = 'failed'")[0][0], c["cost"]["calls"] - 200)

    # ---- policies that fail ----

    def error_at_3(self, body):
        self.write("fails.lua", "return { api = 1, turn = function(ep, history)\n  local reply = ep:ask(history:view())\n  if ep.turn == 3 then\n    " + body +
                   "\n  end\n  return reply\nend }\n")
        done = self.good("run", "--policy", "./fails.lua", "--model", "sim:accuracy=1", "--turns", 6, "--samples", 50, "-o", "run.db", "--quiet", "--json", "-", "--no-timing")
        (c,) = json.loads(done.out)["conditions"]
        self.assertEqual(c["policy_errors"], 50, c["causes"])
        self.assertEqual(c["outcomes"]["policy_error"], [0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
        self.assertEqual(c["task_accuracy"], [1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
        self.assertEqual((c["censored"], c["observed"]), (0, [50] * 6))
        self.assertEqual([h["turns"] for h in c["horizon"]], [2, 2, 2])
        self.assertCells(c, Cells(self, "run.db", 0, 6))
        (cause,) = set(self.rows("run.db", "SELECT DISTINCT status FROM episode"))
        self.assertEqual(cause, ("policy_error",))
        self.assertEqual(self.plain("report", "run.db"), done.raw)
        text = self.good("report", "run.db").out
        self.assertRegex(text, r"(?m)^! \./fails\.lua: in 50 of 50 samples the policy itself failed")
        self.path("run.db").unlink()
        return " ".join(text.split())

    def test_policy_errors(self):
        for body, words in (
            ("error('not today')", ["fails.lua:4", "not today"]),
            ("error()", ["nil value"]),
            ("error({ code = 5 })", ["table value"]),
            ("local x = nil; x.y = 1", ["fails.lua:4"]),
            ("return 5", ["fails.lua"]),
            ("return nil", ["fails.lua"]),
            ("return {}", ["fails.lua"]),
            ("while true do end", ["fails.lua"]),
            ("while true do pcall(function() while true do end end) end", ["fails.lua"]),
            ("local s = 'x'; for i = 1, 60 do s = s .. s end", ["memory"]),
            ("local function f() return 1 + f() end; f()", ["memory"]),
            ("for i = 1, 1e6 do ep:ask(history:view()) end", ["fails.lua"]),
            ("return ep:sample(0, history:view())", ["fails.lua:4"]),
            ("ep:sample(-1, history:view())", ["fails.lua:4"]),
            ("ep:ask('text')", ["fails.lua:4"]),
            ("ep:truth(1)", ["fails.lua:4", "oracle"]),
            ("history:remove(1, 1, 'gone')", ["fails.lua:4", "edit"]),
            ("undefined_name()", ["fails.lua:4", "undefined_name"]),
            ("coroutine.yield()", ["fails.lua:4"]),
            ("string.rep('x', 1e9)", ["fails.lua:4"]),
            ("string.find(string.rep('a', 30000), string.rep('a?', 3000) .. string.rep('a', 3000))", ["fails.lua"]),
        ):
            with self.subTest(body):
                self.error_at_3(body)
                self.error_causes(body, words)

    def error_causes(self, body, words):
        self.good("run", "--policy", "./fails.lua", "--model", "sim:accuracy=1", "--turns", 6, "--samples", 2, "-o", "cause.db", "--quiet")
        (cause,), = self.rows("cause.db", "SELECT cause FROM episode WHERE sample = 1 AND run = (SELECT max(id) FROM run)")
        for word in words:
            self.assertIn(word, cause)
        self.path("cause.db").unlink()

    def test_errors_in_other_hooks(self):
        for hook, first in (("start = function(ep) error('no start') end", 1), ("view = function(ep, history) error('no view') end", 1)):
            self.write("fails.lua", "return { api = 1, " + hook + " }\n")
            (c,) = self.run_file("--policy", "./fails.lua", model="sim:accuracy=1", turns=4, samples=10)
            self.assertEqual((c["policy_errors"], c["outcomes"]["policy_error"]), (10, [1.0] * 4))
            self.assertEqual(c["cost"]["calls"], 0)
            self.path("run.db").unlink()
        self.write("fails.lua", "return { api = 1, finish = function(ep) error('no finish') end }\n")
        (c,) = self.run_file("--policy", "./fails.lua", model="sim:accuracy=1", turns=4, samples=10)
        self.assertEqual(c["outcomes"]["correct"], [1.0] * 4, "what was measured stays measured")

    def test_a_policy_that_fails_does_not_touch_its_neighbours(self):
        self.write("fails.lua", "return { api = 1, view = function(ep, history) if ep.turn >= 3 then error('no') end return history:view() end }\n")
        model = f"sim:accuracy=0.9,{LATE}"
        mixed = self.run_file("--policy", "reset", "--policy", "./fails.lua", "--policy", "heal", model=model, turns=8, samples=30)
        alone = self.run_file("--policy", "reset", "--policy", "heal", model=model, turns=8, samples=30, output="alone.db")
        self.assertEqual([mixed[0], mixed[2]], alone)

    def test_state_is_private_to_the_episode(self):
        """A policy that counts its turns in ep.state, a thousand episodes at once."""
        self.write("counts.lua", "return { api = 1, start = function(ep) ep.state.n = 0 end, view = function(ep, history)\n  ep.state.n = ep.state.n + 1\n"
                   "  if ep.state.n ~= ep.turn then error('turn ' .. ep.turn .. ', counted ' .. ep.state.n) end\n  return history:view()\nend,\n"
                   "finish = function(ep) return { counted = ep.state.n } end }\n")
        (c,) = self.run_file("--policy", "./counts.lua", "--concurrency", 1000, model=f"sim:accuracy=0.9,{LATE}", turns=5, samples=1000)
        self.assertEqual((c["policy_errors"], c["censored"]), (0, 0), c["causes"])
        extras = {extra for extra, in self.rows("run.db", "SELECT DISTINCT extra FROM episode")}
        self.assertEqual([json.loads(e)["columns"] for e in extras], [{"counted": 5}])

    # ---- refusals, cut-off replies ----

    def test_refused_and_truncated(self):
        turns = 10
        refused, = self.run_file(model=f"sim:accuracy=1,refused=1,{LATE}", turns=turns, samples=10)
        self.assertEqual(refused["outcomes"]["refused"], [1.0] * turns)
        truncated, = self.run_file(model=f"sim:accuracy=1,thoughts=tag,thought_tokens=50,max_tokens=10,{LATE}", turns=turns, samples=10, output="cut.db")
        self.assertEqual(truncated["outcomes"]["truncated"], [1.0] * turns)
        self.assertEqual(truncated["cost"]["tokens_out"], 10 * turns * 10)
        mixed, = self.run_file(model="sim:accuracy=0.9,refused=0.1,malformed=0.1,missing=0.1", turns=turns, samples=100, output="mixed.db")
        self.assertCells(mixed, Cells(self, "mixed.db", 0, turns))
        for o in OUTCOMES[:6] + ("refused",):
            if o != "recovers":
                self.assertGreater(sum(mixed["outcomes"][o]), 0, o)

    def test_nothing_ends_well(self):
        """All of it at once, a grid of everything, many in flight: sums stay sums."""
        self.write("fails.lua", "return { api = 1, view = function(ep, history) if ep.turn == 7 then error('no') end return history:view() end }\n")
        turns, policies = 12, ("full_history", "heal", "majority_vote:n=3", "./fails.lua", "strip_thoughts")
        conditions = self.run_file(*(a for p in policies for a in ("--policy", p)), "--concurrency", 777, "--steps-per-turn", "1,2",
                                   model=f"sim:accuracy=0.8,failed=0.02,refused=0.05,malformed=0.05,missing=0.05,window=900,thoughts=native,thought_tokens=25,{LATE}",
                                   turns=turns, samples=60)
        self.assertEqual(len(conditions), 10)
        for i, c in enumerate(conditions):
            self.assertCells(c, Cells(self, "run.db", i, turns))
        self.assertEqual(json.loads(self.plain("report", "run.db"))["conditions"], conditions)


if __name__ == "__main__":
    unittest.main()
