"""How many samples a comparison needs: from the simulated model, from an earlier run, and what is refused."""
import json
import re
import sqlite3
import unittest

import lhcli
from lhcli import strict_json

# Errors make errors here: a window and a reset have fewer of them, and no other horizon.
MODEL = "sim:accuracy=0.93,self_conditioning=5"
SMALL = ("--model", MODEL, "--turns", 12)
FEW = ("--samples", 12)                   # where the answers are not looked at: quickly given
POWER = {"samples": int, "power": float, "error": float, "replications_error": float, "pool_error": float}


class Plan(lhcli.Refusals):
    def plan(self, *args, **more):
        p = strict_json(self.good("plan", *args, "--json", "-", **more).out)
        self.assertEqual(p["schema"], "longhaul.plan/1")
        return p

    def group(self, *args, **more):
        (g,) = self.plan(*args, **more)["groups"]
        return g

    def by_name(self, group):
        return {(t["label"], t["test"]): t for t in group["tests"]}

    def run_file(self, name, *args, model=MODEL):
        self.good("run", "--model", model, "--turns", 12, "-o", name, "--quiet", *args)


class FromSim(Plan):
    unsanitized = True

    def test_the_demonstration(self):
        """No options but those that make it small: the policies of the demonstration, as many samples as it has."""
        done = self.good("plan", "--pool", 150, "--most", 120, "--json", "plan.json")
        self.assertEqual(done.err, "")
        flat = re.sub(r"\s+", " ", done.out)
        self.assertIn("Planned: 200 samples, each policy against full_history", flat)
        self.assertIn("80 turns of 1 step, own history, seed 1; from 150 simulated samples a policy", flat)
        self.assertIn("Each test at level 0.05 / 4 = 0.0125: what Holm asks", flat)
        self.assertIn("heal is an oracle", flat)
        for row in ("window:n=5, length", "window:n=5, errors", "reset, length", "reset, errors", "length", "errors"):
            self.assertRegex(done.out, rf"(?m)^{re.escape(row)}\s+(> )?\d", row)
        self.assertRegex(done.out, r"(?m)^reset, errors +\d+ \[\d+, (> )?\d+\] +\d\d\.\d % ± \d")
        self.assertRegex(done.out, r"(?m)^full_history \(baseline\) +\d+ \[\d+, \d+\] +\d+\.\d+ % \[")
        for term in ("length", "errors", "power", "samples needed", "a change of X", "[lo, hi]", "tokens"):
            self.assertRegex(done.out, rf"(?m)^  {re.escape(term)} +\w", f"{term} is not explained")
        (g,) = strict_json(self.path("plan.json").read_text())["groups"]
        self.assertEqual([w["label"] for w in g["worlds"]], ["full_history", "window:n=5", "reset"])
        self.assertEqual((g["samples"], g["turns"], g["comparisons"], g["family"], g["level"]), (200, 80, 2, 4, 0.0125))

    def test_every_field(self):
        p = self.plan(*SMALL, "--policy", "full_history", "--policy", "reset", "--samples", 40, "--pool", 300, "--most", 300)
        self.assertEqual((p["source"], p["seed"], p["power"], p["replications"], p["most"], p["change_asked"]),
                         ({"kind": "sim", "pool": 300}, "1", 0.8, 1000, 300, False))
        (g,) = p["groups"]
        self.assertEqual((g["baseline"], g["samples"], g["turns"], g["steps_per_turn"], g["family"], g["level"]), ("full_history", 40, 12, 1, 2, 0.025))
        for w in g["worlds"]:
            self.assertLessEqual({"label", "oracle", "change", "samples", "censored", "horizon", "turn_error_rate", "tokens", "usd"}, set(w))
            self.assertEqual((w["samples"], w["usd"]), (300, None))
            lo, hi = w["turn_error_rate"]["ci"]
            self.assertTrue(lo < w["turn_error_rate"]["value"] < hi)
            self.assertTrue(w["horizon"]["ci"][0] <= w["horizon"]["turns"] <= w["horizon"]["ci"][1])
        for t in g["tests"]:
            self.assertIsNone(t["effect"])
            for power in (t["there"], t["planned"]):
                self.assertEqual({k: type(v) for k, v in power.items()} | {"power": float, "error": float, "replications_error": float, "pool_error": float}, POWER)
                self.assertAlmostEqual(power["error"] ** 2, power["replications_error"] ** 2 + power["pool_error"] ** 2)
            self.assertEqual(t["planned"]["samples"], 40)
            self.assertEqual(t["reached"], t["needed"] is not None)
            self.assertEqual(t["there"]["samples"], t["needed"] if t["reached"] else 300)
            if t["reached"]:
                n = t["needed"]
                self.assertTrue(t["there"]["power"] >= 0.8 and t["ci"][0] <= n and (t["ci"][1] is None or n <= t["ci"][1]))
                self.assertAlmostEqual(t["tokens"], n * sum(w["tokens"] for w in g["worlds"]))
        self.assertEqual([s["test"] for s in g["smallest"]], ["length", "errors"])
        base = g["worlds"][0]
        for s in g["smallest"]:
            self.assertTrue(s["found"] and 0 < s["ci"][0] <= s["change"] <= s["ci"][1] <= 1)
            self.assertAlmostEqual(s["world"]["turn_error_rate"]["value"], base["turn_error_rate"]["value"] * (1 - s["change"]))
            self.assertAlmostEqual(s["turn_error_rate_less"], base["turn_error_rate"]["value"] * s["change"])
            self.assertGreaterEqual(s["world"]["horizon"]["turns"], base["horizon"]["turns"])

    def test_what_was_found_is_confirmed(self):
        """The number it names has the power wanted, half of it has less; and that many show no smaller a change."""
        args = (*SMALL, "--change", 0.5, "--pool", 400, "--most", 2000)
        g = self.group(*args)
        t = self.by_name(g)["a change of 50 %", "errors"]
        n = t["needed"]
        self.assertTrue(20 < n < 2000)
        with self.subTest("as many"):
            again = self.group(*args, "--samples", n)
            at = self.by_name(again)["a change of 50 %", "errors"]["planned"]
            self.assertEqual(at["power"], t["there"]["power"], "the same samples in the same replications")
            (smallest,) = [s for s in again["smallest"] if s["test"] == "errors"]
            self.assertAlmostEqual(smallest["change"], 0.5, delta=0.02)
        with self.subTest("half"):
            at = self.by_name(self.group(*args, "--samples", n // 2))["a change of 50 %", "errors"]["planned"]
            self.assertLess(at["power"], 0.7)

    def test_one_policy_is_planned_for_a_change(self):
        g = self.group(*SMALL, *FEW, "--pool", 100, "--most", 50)
        self.assertEqual([w["label"] for w in g["worlds"]], ["full_history", "a change of 25 %"])
        self.assertEqual([w["change"] for w in g["worlds"]], [None, 0.25])
        self.assertEqual((g["comparisons"], g["family"]), (1, 2))
        self.assertFalse(any(t["reached"] for t in g["tests"]))
        text = self.good("plan", *SMALL, *FEW, "--pool", 100, "--most", 50).out
        self.assertRegex(text, r"(?m)^a change of 25 %, errors +> 50 +\d")

    def test_with_a_change_the_policies_only_count(self):
        """Their number sets the level; none of them is simulated."""
        g = self.group(*SMALL, "--policy", "window:n=2", "--policy", "full_history", "--policy", "reset", "--policy", "heal", "--change", 0.9, "--pool", 100, "--most", 30, *FEW)
        self.assertEqual([w["label"] for w in g["worlds"]], ["full_history", "a change of 90 %"])
        self.assertEqual((g["comparisons"], g["level"]), (2, 0.0125))

    def test_the_baseline(self):
        args = (*SMALL, "--policy", "window:n=2", "--policy", "window:n=4", "--policy", "reset", "--pool", 60, "--most", 30, "--change", 0.5, *FEW)
        for against, baseline in (((), "window:n=2"), (("--against", "reset"), "reset"), (("--against", "window:n=4"), "window:n=4")):
            self.assertEqual(self.group(*args, *against)["baseline"], baseline)
        self.refuse(("plan", *args, "--against", "window"), ("--against window", "2 policies"))

    def test_a_grid_has_a_plan_for_each_group(self):
        p = self.plan(*SMALL, "--steps-per-turn", "1,2", "--model", "sim:accuracy=0.9", "--pool", 60, "--most", 30, *FEW)
        self.assertEqual([(g["model"], g["steps_per_turn"]) for g in p["groups"]], [(MODEL, 1), (MODEL, 2), ("sim:accuracy=0.9", 1), ("sim:accuracy=0.9", 2)])

    def test_only_lengths_where_first_errors_end(self):
        args = ("--turns", 12, "--model", "sim:accuracy=0.97,context=9", "--stop-at-error", "--pool", 100, "--most", 100, *FEW)
        g = self.group(*args, "--policy", "full_history", "--policy", "reset")
        self.assertEqual(([t["test"] for t in g["tests"]], g["family"], g["smallest"]), (["length"], 1, []))
        self.assertIsNone(g["worlds"][0]["turn_error_rate"]["value"])
        self.refuse(("plan", *args, "--policy", "full_history"), ("--stop-at-error",))

    def test_money(self):
        self.write("prices.json", json.dumps({"sim": {"input": 2, "output": 10}}))
        g = self.group(*SMALL, "--change", 1, "--pool", 60, "--most", 100, "--price", "prices.json", *FEW)
        base = g["worlds"][0]
        self.assertTrue(base["tokens"] * 2e-6 < base["usd"] < base["tokens"] * 10e-6)
        t = self.by_name(g)["a change of 100 %", "errors"]
        self.assertAlmostEqual(t["usd"], 2 * base["usd"] * t["needed"])
        self.write("others.json", json.dumps({"gpt": {"input": 2, "output": 10}}))
        self.refuse(("plan", *SMALL, "--price", "others.json", "--pool", 50), ("others.json", "no prices", "sim"))

    def test_the_same_twice_and_another_seed(self):
        args = (*SMALL, "--policy", "full_history", "--policy", "reset", "--pool", 80, "--most", 40, *FEW)
        first = self.good("plan", *args, "--json", "-").raw
        self.assertEqual(self.good("plan", *args, "--json", "-", "--concurrency", 3).raw, first)
        self.assertNotEqual(self.good("plan", *args, "--json", "-", "--seed", 2).raw, first)
        self.assertEqual(self.good("plan", *args).raw, self.good("plan", *args).raw)
        self.assertEqual([p.name for p in self.folder.iterdir()], [], "nothing is kept")

    def test_a_policy_of_ones_own_runs_in_a_worker(self):
        self.write("mine.lua", "return { api = 1, view = function(ep, history) return history:view():keep { last = 1 } end }\n")
        args = (*SMALL, "--policy", "full_history", "--policy", "./mine.lua", "--pool", 60, "--most", 30, *FEW)
        first = self.good("plan", *args, "--json", "-")
        self.assertEqual(self.good("plan", *args, "--jobs", 0, "--json", "-").raw, first.raw)

    def test_lines_fit(self):
        self.write("prices.json", json.dumps({"sim": {"input": 2, "output": 10}}))
        for width in (60, 100):
            for line in self.good("plan", *SMALL, "--policy", "full_history", "--policy", "reset", "--pool", 40, "--most", 40, *FEW, "--price", "prices.json", env={"COLUMNS": str(width)}).out.splitlines():
                self.assertLessEqual(len(line), width, line)
        text = self.good("plan", *SMALL, "--policy", "full_history", "--policy", "reset", "--pool", 40, "--most", 40, *FEW, env={"LC_ALL": "C"}).out
        self.assertTrue(text.isascii(), [line for line in text.splitlines() if not line.isascii()][:3])


class FromRun(Plan):
    unsanitized = True

    def test_an_effect_that_is_there(self):
        """Planned for the limit of its interval, which needs more than the estimate would."""
        self.run_file("run.db", "--policy", "full_history", "--policy", "reset", "--policy", "heal", "--samples", 120, model="sim:accuracy=0.9,self_conditioning=9")
        done = self.good("plan", "--from", "run.db", "--against", "full_history", "--samples", 50, "--json", "plan.json")
        p = strict_json(self.path("plan.json").read_text())
        (g,) = p["groups"]
        self.assertEqual((p["source"]["kind"], p["source"]["run"], p["source"]["status"], g["samples"], g["worlds"][0]["samples"]), ("run", 1, "done", 50, 120))
        t = self.by_name(g)["reset", "errors"]
        lo, hi = t["effect"]["ci"]
        self.assertTrue(0 < lo < t["effect"]["difference"] < hi and t["effect"]["shown"] and t["effect"]["planned_for"] == lo)
        rates = [w["turn_error_rate"]["value"] for w in g["worlds"][:2]]
        self.assertAlmostEqual(t["effect"]["difference"], rates[0] - rates[1], 10)
        self.assertTrue(t["reached"] and t["planned"]["samples"] == 50)
        text = re.sub(r"\s+", " ", done.out)
        self.assertIn("reset, errors: in the run", text)
        self.assertIn("the limit nearer to no effect", text)
        self.assertIn("Planned: 50 samples, each policy against full_history", text)
        self.assertIn("heal is an oracle", text)

    def test_no_effect_to_plan_from(self):
        self.run_file("run.db", "--policy", "full_history", "--policy", "window:n=11", "--samples", 30)
        g = self.group("--from", "run.db", "--most", 40, *FEW)
        self.assertEqual({(u["label"], u["test"]) for u in g["not_shown"]}, {("window:n=11", "length"), ("window:n=11", "errors")})
        for u in g["not_shown"]:
            lo, hi = u["effect"]["ci"]
            self.assertTrue(lo <= 0 <= hi and u["effect"]["planned_for"] is None)
        self.assertEqual({t["label"] for t in g["tests"]}, {"a change of 25 %"})
        text = self.good("plan", "--from", "run.db", "--most", 40, *FEW).out
        self.assertEqual(len(re.findall(r"(?m)^! window:n=11, (?:length|errors): the run does not show a change to plan from", text)), 2)
        asked = self.group("--from", "run.db", "--most", 40, "--change", 0.6, *FEW)
        self.assertEqual(({t["label"] for t in asked["tests"]}, asked["not_shown"]), ({"a change of 60 %"}, []))

    def test_few_and_cut_short(self):
        self.run_file("run.db", "--policy", "reset", "--policy", "full_history", "--samples", 15, model=MODEL + ",failed=0.05")
        p = self.good("plan", "--from", "run.db", "--most", 40, *FEW).out
        self.assertIn("! 15 samples are few", p)
        self.assertRegex(p, r"(?m)^! full_history: \d+ of 15 samples were cut short")

    def test_stopped_at_first_errors(self):
        self.run_file("run.db", "--policy", "full_history", "--policy", "reset", "--samples", 60, "--stop-at-error", model="sim:accuracy=0.99,context=9")
        g = self.group("--from", "run.db", "--most", 400)
        self.assertEqual([(t["label"], t["test"]) for t in g["tests"]], [("reset", "length")])
        self.assertLess(g["tests"][0]["effect"]["difference"], 0, "the baseline goes on less long")
        self.refuse(("plan", "--from", "run.db", "--change", "0.5"), ("--stop-at-error",))

    def test_a_run_that_is_not_done(self):
        self.run_file("run.db", "--policy", "full_history", "--policy", "reset", "--samples", 40)
        db = sqlite3.connect(self.path("run.db"))
        with db:                             # as a budget leaves it: the last blocks were not begun, one not ended
            db.execute("UPDATE run SET status = 'stopped', cause = 'the budget is spent'")
            db.execute("DELETE FROM episode WHERE sample > 30 OR (sample = 30 AND condition = 1)")
        db.close()
        p = self.plan("--from", "run.db", "--most", 40)
        self.assertEqual((p["source"]["status"], p["source"]["cause"]), ("stopped", "the budget is spent"))
        (g,) = p["groups"]
        self.assertEqual(([w["samples"] for w in g["worlds"][:2]], g["samples"]), ([31, 30], 40))
        text = self.good("plan", "--from", "run.db", "--most", 40, *FEW).out
        self.assertTrue(text.startswith("! Run 1 is NOT DONE ("), text[:200])

    def test_which_run(self):
        self.run_file("run.db", "--samples", 25)
        self.run_file("run.db", "--samples", 30)
        for args, run, samples in (((), 2, 30), (("--run", 1), 1, 25)):
            p = self.plan("--from", "run.db", "--most", 20, *FEW, *args)
            self.assertEqual((p["source"]["run"], p["groups"][0]["worlds"][0]["samples"]), (run, samples))
        self.refuse(("plan", "--from", "run.db", "--run", "7"), ("run.db", "7"))

    def test_names_from_outside_are_shown_harmless(self):
        self.write("pol\x1b[31m\u202e.lua", "return { api = 1 }\n")
        self.run_file("run.db", "--policy", "full_history", "--policy", "./pol\x1b[31m\u202e.lua", "--samples", 20)
        shown = self.good("plan", "--from", "run.db", "--most", 30, *FEW)
        for c in "\x1b\u202e":
            self.assertNotIn(c, shown.out)
        self.assertIn("pol\\x1b[31m", shown.out)


class Refused(Plan):
    def test_refusals(self):
        for args, words in (
                (("--model", "openai:gpt-5-mini"), ("sends nothing", "sim", "--from")),
                (("--model", "process:cat"), ("sends nothing",)),
                (("--model", "replay:x.jsonl"), ("replay:x.jsonl", "--from")),
                (("--power", "1"), ("--power 1", "0.5 to 0.99")),
                (("--power", "nan"), ("--power nan",)),
                (("--change", "0"), ("--change 0",)),
                (("--change", "1.5"), ("--change 1.5",)),
                (("--replications", "999"), ("--replications 999", "1000")),
                (("--most", "3"), ("--most 3",)),
                (("--pool", "1"), ("--pool 1",)),
                (("--pool",), ("--pool needs a value",)),
                (("--run", "1"), ("--run 1", "--from")),
                (("--against", "nobody"), ("--against nobody", "full_history")),
                (("--output", "x.db"), ("--output", "run")),
                (("-o", "x.db"), ("--output", "run")),
                (("--resume",), ("--resume", "run")),
                (("--polcy", "reset"), ("--polcy", "--policy")),
                (("--chnge", "1"), ("--chnge", "--change")),
                (("--samples", "0"), ("--samples 0",)),
                (("nothing.lua",), ("nothing.lua",)),
                (("--from", "nothing.db"), ("nothing.db",)),
                (("--from", "text.db"), ("text.db",)),
                (("--from", "text.db", "--task", "kv_sum"), ("--task", "--from")),
                (("--from", "text.db", "--pool", "100"), ("--pool", "--from")),
                (("--json", "."), ("folder",))):
            with self.subTest(args=args):
                self.refuse(("plan", *args), words, {"text.db": "no database\n"})

    def test_a_run_file_is_no_place_for_json(self):
        self.run_file("run.db", "--samples", 3)
        self.refuse(("plan", "--from", "run.db", "--json", "run.db"), ("run.db", "run file"))

    def test_one_sample_is_no_pool(self):
        self.run_file("run.db", "--samples", 1)
        self.refuse(("plan", "--from", "run.db"), ("two",))


if __name__ == "__main__":
    unittest.main()
