"""Policies compared within a run, and two runs with each other: what is printed is computed again here from the run
file, by the definitions of core/measure/README.md."""
import itertools
import json
import math
import re
import sqlite3
import unittest

import lhcli

DEMONSTRATION = ("full_history", "window:n=5", "reset", "heal")
SIZE = ("--task", "kv_sum:keys=20", "--turns", 12, "--quiet")
MODEL = "sim:accuracy=0.9,self_conditioning=3,contagion=0.4"
SMALL = (*SIZE, "--model", MODEL)
THREE = ("--policy", "full_history", "--policy", "window:n=2", "--policy", "heal")
STATE_OK, TURN_OK = ("correct", "recovers"), ("correct", "follows")


def holm(ps):
    """Adjusted p-values, in order."""
    order, highest, out = sorted(range(len(ps)), key=lambda i: ps[i]), 0, [0.0] * len(ps)
    for rank, i in enumerate(order):
        highest = max(highest, min(1, ps[i] * (len(ps) - rank)))
        out[i] = highest
    return out


def sign_flips(differences):
    """Share of all signings whose sum is as far out as the one seen."""
    d = [x for x in differences if x]
    seen = abs(sum(d))
    far = sum(abs(sum(s * x for s, x in zip(signs, d))) >= seen - 1e-9 for signs in itertools.product((1, -1), repeat=len(d)))
    return far / 2 ** len(d)


def error_rates(outcomes):
    return [sum(o not in TURN_OK for o in row) / len(row) for _, row in sorted(outcomes.items())]


def follows(outcomes):
    """(turns seen up to the first state error, whether there was one)."""
    found = []
    for _, row in sorted(outcomes.items()):
        errors = [t for t, o in enumerate(row, 1) if o not in STATE_OK]
        found.append((errors[0], True) if errors else (len(row), False))
    return found


def error_free(outcomes):
    rows = follows(outcomes)
    return sum(turns - erred for turns, erred in rows) / len(rows)


def log_rank_differences(first, second):
    """Scores of both in one pool, nothing cut: nothing is lost in these runs."""
    pool = first + second
    last = max(t for t, _ in pool)
    expected = [0.0] * (last + 1)
    for t in range(1, last + 1):
        at_risk = sum(turns >= t for turns, _ in pool)
        expected[t] = expected[t - 1] + sum(turns == t and erred for turns, erred in pool) / at_risk
    score = [erred - expected[turns] for turns, erred in pool]
    return [a - b for a, b in zip(score[:len(first)], score[len(first):])]


def front(points, more):
    """Indexes not dominated; a point is (cost, value, open)."""
    def beats(a, b):
        gain = a[1] - b[1] if more else b[1] - a[1]
        return not b[2] and a[0] <= b[0] and gain >= 0 and (a[0] < b[0] or gain > 0)
    return {i for i, p in enumerate(points) if not any(beats(q, p) for q in points)}


# ---- within a run ----

class Within(lhcli.Case):
    unsanitized = True

    def comparisons(self, *args):
        return {c["policy"]: c for c in self.report("run", "-o", "run.db", *args)["comparisons"]}

    def test_the_demonstration(self):
        """The window errs less, with Holm; the oracle is a bound and has no p."""
        found = self.comparisons()
        self.assertEqual(set(found), set(DEMONSTRATION) - {"full_history"})
        for policy in ("window:n=5", "reset"):
            c = found[policy]
            self.assertEqual((c["baseline"], c["paired"], c["oracle"], c["tests"]), ("full_history", True, False, 4))
            self.assertLess(c["errors_test"]["p_adjusted"], 0.01)
            self.assertLess(c["turn_error_rate"]["difference_ci"][1], 0)
            self.assertLess(c["tokens_in_per_turn_ratio"], 0.6)
            self.assertGreater(c["gap_closed"]["ci"][0], 0.2)
            self.assertEqual(c["gap_closed"]["to"], "heal")
        heal = found["heal"]
        self.assertTrue(heal["oracle"])
        self.assertEqual((heal["length_test"], heal["errors_test"], heal["gap_closed"], heal["fronts"]), (None, None, None, []))
        self.assertLess(heal["turn_error_rate"]["difference_ci"][1], 0)

    def test_holm(self):
        tests = [c[t] for c in self.comparisons().values() for t in ("length_test", "errors_test") if c[t]]
        self.assertEqual(len(tests), 4)
        for t, want in zip(tests, holm([t["p"] for t in tests])):
            self.assertAlmostEqual(t["p_adjusted"], want, places=12)

    def test_against_the_run_file(self):
        """Effects and both tests, enumerated."""
        found = self.comparisons(*SMALL, *THREE, "--samples", 12)
        base, gone = self.outcomes("run.db", 0), self.outcomes("run.db", 1)
        c = found["window:n=2"]
        rates = [error_rates(base), error_rates(gone)]
        differences = [b - a for a, b in zip(*rates)]
        self.assertAlmostEqual(c["turn_error_rate"]["baseline"], sum(rates[0]) / 12, places=12)
        self.assertAlmostEqual(c["turn_error_rate"]["policy"], sum(rates[1]) / 12, places=12)
        self.assertAlmostEqual(c["turn_error_rate"]["difference"], sum(differences) / 12, places=12)
        self.assertAlmostEqual(c["errors_test"]["p"], sign_flips(differences), places=12)
        self.assertGreater(len([d for d in differences if d]), 5, "too few differences to test anything")
        self.assertAlmostEqual(c["error_free_turns"]["difference"], error_free(gone) - error_free(base), places=12)
        self.assertEqual(c["error_free_turns"]["within"], 12)
        self.assertAlmostEqual(c["length_test"]["p"], sign_flips(log_rank_differences(follows(gone), follows(base))), places=12)
        self.assertTrue(c["length_test"]["exact"] and c["errors_test"]["exact"])
        heal = error_rates(self.outcomes("run.db", 2))
        gap = sum(rates[0]) - sum(heal)
        self.assertAlmostEqual(c["gap_closed"]["gap"], gap / 12, places=12)
        if c["gap_closed"]["value"] is not None:
            self.assertAlmostEqual(c["gap_closed"]["value"], (sum(rates[0]) - sum(rates[1])) / gap, places=12)

    def test_fronts(self):
        policies = ("full_history", "window:n=1", "window:n=4", "answers_only", "majority_vote:n=3", "reset", "heal")
        r = self.report("run", "-o", "none", *SMALL, "--samples", 40, *[a for p in policies for a in ("--policy", p)])
        on = {c["policy"]: set(c["fronts"]) for c in r["comparisons"]}
        on["full_history"] = set(r["comparisons"][0]["baseline_fronts"])
        mortal = [c for c in r["conditions"] if not c["oracle"]]
        for name, more, value in (("horizon", True, lambda c: (c["horizon"][0]["turns"], c["horizon"][0]["censored"])),
                                  ("turn_error_rate", False, lambda c: (c["turn_error_rate"]["value"], False))):
            points = [(c["cost"]["tokens_in_per_turn"], *value(c)) for c in mortal]
            want = {mortal[i]["policy_label"] for i in front(points, more)}
            self.assertEqual({p for p in on if name in on[p]}, want, name)
            self.assertTrue(0 < len(want) < len(mortal), f"{name}: a front of {want} shows nothing")
        self.assertEqual(on["heal"], set())

    def test_nothing_where_nothing_is(self):
        """A model that no history can harm: the same outcomes, so no difference, and p = 1."""
        found = self.comparisons("--model", "sim:accuracy=0.95,context=0,self_conditioning=0,contagion=0", "--samples", 60, "--turns", 30,
                                 "--policy", "full_history", "--policy", "window:n=3", "--policy", "reset", "--policy", "heal")
        for policy, c in found.items():
            self.assertEqual((c["turn_error_rate"]["difference"], c["error_free_turns"]["difference"]), (0, 0), policy)
            for effect in (c["turn_error_rate"], c["error_free_turns"]):
                self.assertLess(effect["difference_ci"][0], 0)
                self.assertGreater(effect["difference_ci"][1], 0)
            if policy != "heal":
                self.assertEqual((c["errors_test"]["p_adjusted"], c["length_test"]["p_adjusted"]), (1, 1))
                self.assertIsNone(c["gap_closed"]["value"], "there is no gap to close")
        self.assertNotIn("gap closed", self.good("report", "run.db").out)

    def test_run_and_report_say_the_same(self):
        for more in ((), ("--against", "window:n=2"), ("--against", "heal")):
            ran = self.plain("run", "-o", "run.db", "--new", *SMALL, *THREE, "--samples", 15, *more)
            self.assertEqual(self.plain("report", "run.db", *more), ran)
            self.assertEqual(self.plain("run", "-o", "none", "--jobs", 1, "--concurrency", 3, *SMALL, *THREE, "--samples", 15, *more), ran)
            self.path("run.db").unlink()
        self.assertNotEqual(self.plain("run", "-o", "none", *SMALL, *THREE, "--samples", 15), ran)

    def test_baselines(self):
        args = (*SMALL, "--samples", 10, "--policy", "window:n=2", "--policy", "window:n=4", "--policy", "heal")
        def baseline(*more):
            return {c["baseline"] for c in self.report("run", "-o", "none", *args, *more)["comparisons"]}
        self.assertEqual(baseline(), {"window:n=2"}, "the first, where there is no full_history")
        self.assertEqual(baseline("--policy", "full_history"), {"full_history"})
        self.assertEqual(baseline("--against", "window:n=4"), {"window:n=4"})
        self.assertEqual(baseline("--against", "heal"), {"heal"}, "by its name")
        self.assertEqual(baseline("--policy", "full_history", "--against", "window:n=2"), {"window:n=2"})

    def test_an_experiment_file_names_a_baseline(self):
        self.write("e.lua", "return { policies = { 'full_history', 'window:n=2' }, against = 'window', turns = 8, samples = 6 }\n")
        self.assertEqual([c["policy"] for c in self.report("run", "e.lua", "-o", "none")["comparisons"]], ["full_history"])
        self.assertEqual([c["policy"] for c in self.report("run", "e.lua", "-o", "none", "--against", "full_history")["comparisons"]], ["window:n=2"])

    def test_one_policy_is_not_compared(self):
        self.assertEqual(self.report("run", "-o", "run.db", *SMALL, "--samples", 5)["comparisons"], [])
        self.assertNotIn("Compared with", self.good("report", "run.db").out)
        r = self.report("run", "-o", "none", *SMALL, "--samples", 5, "--policy", "heal")
        self.assertEqual(r["comparisons"], [], "an oracle alone is no baseline")

    def test_each_group_has_its_own(self):
        r = self.report("run", "-o", "none", *SMALL, *THREE, "--samples", 10, "--steps-per-turn", "1,2", "--model", "sim:accuracy=0.8")
        self.assertEqual(len(r["comparisons"]), 2 * 2 * 2)
        for c in r["comparisons"]:
            a, b = r["conditions"][c["condition"]], r["conditions"][c["baseline_condition"]]
            self.assertEqual((a["policy_label"], b["policy_label"], c["tests"]), (c["policy"], "full_history", 2))
            for key in ("task_params", "model_label", "steps_per_turn"):
                self.assertEqual(a[key], b[key])

    def test_stopped_at_errors(self):
        (c,) = self.report("run", "-o", "run.db", *SMALL, "--policy", "full_history", "--policy", "window:n=1", "--samples", 30, "--stop-at-error")["comparisons"]
        self.assertEqual((c["errors_test"], c["turn_error_rate"]["difference"], c["tests"]), (None, None, 1))
        self.assertIsNotNone(c["length_test"]["p"])
        text = self.good("report", "run.db").out
        self.assertIn("Turn error rates are not compared", text)
        self.assertIn("the one test", re.sub(r"\s+", " ", text))
        self.assertNotIn("p errors", text)

    def test_cut_short(self):
        """What one policy's samples lost is not held against the other: only turns that both have are compared."""
        r = self.report("run", "-o", "run.db", "--task", "kv_sum:keys=20", "--model", "sim:accuracy=0.9,self_conditioning=3,failed=0.03", "--turns", 12,
                        "--samples", 40, "--policy", "full_history", "--policy", "window:n=2", "--quiet")
        (c,) = r["comparisons"]
        base, gone = self.outcomes("run.db", 0), self.outcomes("run.db", 1)
        self.assertTrue(any("failed" in row or len(row) < 12 for row in base.values()))
        both = {i: min(len([o for o in rows[i] if o != "failed"]) for rows in (base, gone)) for i in base}
        def rate(rows):
            share = []
            for t in range(max(both.values())):
                seen = [rows[i][t] for i in rows if both[i] > t]
                share.append(sum(o not in TURN_OK for o in seen) / len(seen))
            return sum(share) / len(share)
        self.assertAlmostEqual(c["turn_error_rate"]["baseline"], rate(base), places=12)
        self.assertAlmostEqual(c["turn_error_rate"]["policy"], rate(gone), places=12)

    def test_the_table(self):
        text = self.good("run", "-o", "none", env={"COLUMNS": "140"}).out
        block = text[text.index("Compared with full_history"):text.index("Task accuracy:")]
        self.assertIn("the same 200 samples", block)
        self.assertRegex(block, r"(?m)^full_history +baseline +1 +\w")
        self.assertRegex(block, r"(?m)^window:n=5 +\+\d\.\d+ \[\d\.\d+, \d\.\d+\] +(< 0\.001|0\.\d{3,4}) +-\d\.\d+ \[-\d\.\d+, -\d\.\d+\] +< 0\.001 +\d+ % \[\d+, \d+\] +0\.\d\d +\w")
        self.assertRegex(block, r"(?m)^heal \(oracle\) .* – .*\(bound\)$")
        for term in ("error-free turns", "p length", "p errors", "adjusted", "gap closed", "on the front"):
            self.assertRegex(text, rf"(?m)^  {term}\s+\w", f"{term} is not explained")
        self.assertIn("Holm's method over all 4 tests", re.sub(r"\s+", " ", text))

    def test_a_baseline_and_oracles_only(self):
        text = self.good("run", "-o", "none", *SMALL, "--samples", 10, "--policy", "full_history", "--policy", "heal").out
        self.assertIn("Compared with full_history", text)
        self.assertNotIn("adjusted", text)
        self.assertNotRegex(text, r"(?m)^  p (length|errors)")


# ---- two runs ----

class Two(lhcli.Case):
    unsanitized = True

    def make(self, name, *args):
        self.good("run", "-o", name, *(SIZE if "--model" in args else SMALL), *args)

    def compare(self, *args, code=0):
        done = self.longhaul("compare", *args, "--json", "-")
        self.assertEqual(done.code, code, str(done))
        r = lhcli.strict_json(done.out)
        self.assertEqual(r["schema"], "longhaul.compare/1")
        return r

    def text(self, *args, code=0, width=100):
        done = self.longhaul("compare", *args, env={"COLUMNS": str(width)})
        self.assertEqual(done.code, code, str(done))
        return re.sub(r"\s+", " ", done.out)

    def test_a_file_against_itself(self):
        self.make("a.db", *THREE, "--samples", 30)
        r = self.compare("a.db", "a.db")
        self.assertEqual([m["policy"] for m in r["matches"]], ["full_history", "window:n=2", "heal"])
        self.assertEqual(r["tests"], 4)
        for m in r["matches"]:
            self.assertEqual((m["paired"], m["unpaired_because"], m["samples"]), (True, None, {"new": 30, "base": 30}))
            self.assertEqual((m["turn_error_rate"]["difference"], m["error_free_turns"]["difference"]), (0, 0))
            if not m["oracle"]:
                self.assertEqual((m["length_test"]["p"], m["errors_test"]["p"], m["length_test"]["p_adjusted"]), (1, 1, 1))
            self.assertEqual(m["new"], m["base"])
        self.assertEqual(self.text("a.db", "a.db").count("not shown to differ (p = 1.000)"), 4)

    def test_the_numbers_are_those_of_the_reports(self):
        self.make("a.db", *THREE, "--samples", 30)
        self.make("b.db", *THREE, "--samples", 30, "--model", "sim:accuracy=0.97")
        reports = {side: self.report("report", file)["conditions"] for side, file in (("base", "a.db"), ("new", "b.db"))}
        for m in self.compare("a.db", "b.db")["matches"]:
            self.assertTrue(m["model_differs"])
            for side, conditions in reports.items():
                c = conditions[m[side]["condition"]]
                self.assertEqual(m[side]["horizon"], c["horizon"])
                self.assertEqual(m["turn_error_rate"][side], c["turn_error_rate"]["value"])
                self.assertEqual(m["turn_error_rate"][side + "_ci"], c["turn_error_rate"]["ci"])
                self.assertEqual(m[side]["tokens_in_per_turn"], c["cost"]["tokens_in_per_turn"])
                self.assertEqual(m[side]["policy_label"], c["policy_label"])
            rate = m["turn_error_rate"]
            self.assertAlmostEqual(rate["difference"], rate["new"] - rate["base"], places=12)

    def test_a_better_model(self):
        self.make("a.db", *THREE, "--samples", 40)
        self.make("b.db", *THREE, "--samples", 40, "--model", "sim:accuracy=0.99,self_conditioning=3,contagion=0.4")
        r = self.compare("a.db", "b.db")
        tests = [m[t] for m in r["matches"] for t in ("length_test", "errors_test") if m[t]]
        self.assertEqual(len(tests), r["tests"])
        for t, want in zip(tests, holm([t["p"] for t in tests])):
            self.assertAlmostEqual(t["p_adjusted"], want, places=12)
        full = r["matches"][0]
        self.assertEqual((full["length"], full["errors"]), ("differs", "differs"))
        self.assertRegex(full["sentence"], r"\Afull_history: error-free turns within 12 rose by \d\.\d+ \[.*\] \(p < 0\.001\);"
                         r" turn error rate fell by \d+\.\d+ points \[\d+\.\d+, \d+\.\d+\] \(p < 0\.001\)\.\Z")
        fell = [float(x) for x in re.search(r"fell by ([\d.]+) points \[([\d.]+), ([\d.]+)\]", full["sentence"]).groups()]
        rate = full["turn_error_rate"]
        for shown, exact in zip(fell, (-rate["difference"], -rate["difference_ci"][1], -rate["difference_ci"][0])):
            self.assertAlmostEqual(shown, 100 * exact, delta=0.051)
        text = self.text("a.db", "b.db")
        for m in r["matches"]:
            self.assertIn(m["sentence"], text)
        self.assertIn("on two models: NEW sim:accuracy=0.99", text)
        self.assertIn("an oracle is a bound", text)
        self.assertIn("Holm's method over all 4 tests", text)
        turned = self.compare("b.db", "a.db")["matches"][0]
        self.assertAlmostEqual(turned["turn_error_rate"]["difference"], -rate["difference"], places=12)
        self.assertIn("fell by", turned["sentence"].split(";")[0])
        self.assertIn("rose by", turned["sentence"].split(";")[1])

    def test_against_the_run_files(self):
        """Pairs on the samples that both have, both tests enumerated."""
        policy = ("--policy", "full_history")
        self.make("a.db", *policy, "--samples", 14)
        self.make("b.db", *policy, "--samples", 11, "--model", "sim:accuracy=0.93,self_conditioning=1")
        (m,) = self.compare("a.db", "b.db")["matches"]
        base = {i: row for i, row in self.outcomes("a.db").items() if i < 11}
        gone = self.outcomes("b.db")
        self.assertEqual(m["samples"], {"new": 11, "base": 11})
        rates = [error_rates(gone), error_rates(base)]
        self.assertAlmostEqual(m["errors_test"]["p"], sign_flips([a - b for a, b in zip(*rates)]), places=12)
        self.assertAlmostEqual(m["length_test"]["p"], sign_flips(log_rank_differences(follows(gone), follows(base))), places=12)
        self.assertAlmostEqual(m["error_free_turns"]["difference"], error_free(gone) - error_free(base), places=12)

    def test_one_sample_of_many(self):
        policy = ("--policy", "full_history")
        self.make("a.db", *policy, "--samples", 9)
        self.make("b.db", *policy, "--sample", 6)
        (m,) = self.compare("a.db", "b.db")["matches"]
        self.assertEqual((m["paired"], m["samples"], m["turn_error_rate"]["difference"]), (True, {"new": 1, "base": 1}, 0))
        row = self.outcomes("a.db")[6]
        self.assertAlmostEqual(m["turn_error_rate"]["base"], sum(o not in TURN_OK for o in row) / 12, places=12)
        self.make("c.db", *policy, "--sample", 20)
        (m,) = self.compare("a.db", "c.db")["matches"]
        self.assertEqual((m["paired"], m["unpaired_because"]), (False, "no sample is in both runs"))

    def test_another_seed_is_unpaired(self):
        policy = ("--policy", "full_history")
        self.make("a.db", *policy, "--samples", 6)
        self.make("b.db", *policy, "--samples", 5, "--seed", 2, "--model", "sim:accuracy=0.7,self_conditioning=3")
        (m,) = self.compare("a.db", "b.db")["matches"]
        self.assertEqual((m["paired"], m["unpaired_because"], m["samples"]), (False, "the seeds differ", {"new": 5, "base": 6}))
        rates = error_rates(self.outcomes("b.db")) + error_rates(self.outcomes("a.db"))
        center = sum(rates) / 11 * 5
        seen = abs(sum(rates[:5]) - center)
        groups = list(itertools.combinations(rates, 5))
        self.assertAlmostEqual(m["errors_test"]["p"], sum(abs(sum(g) - center) >= seen - 1e-9 for g in groups) / len(groups), places=12)
        self.assertEqual(m["errors_test"]["rearrangements"], math.comb(11, 5))
        text = self.text("a.db", "b.db")
        self.assertIn("UNPAIRED: 5 samples of NEW and 6 of BASE are not the same ones, as the seeds differ (2 and 1)", text)
        self.assertIn("labels permuted", text)
        self.assertNotIn("pair by pair", text)

    def test_data_sets(self):
        """Where a data set lies does not matter, what is in it does."""
        rng = lhcli.stream("compare")
        one, other = lhcli.data_set(rng, [12] * 8), lhcli.data_set(rng, [12] * 8)
        for name, data in (("one.json", one), ("copy.json", one), ("other.json", other)):
            self.write(name, json.dumps(data))
            self.good("run", "-o", name + ".db", "--task", f"kv_sum:dataset={name}", "--model", "sim:accuracy=0.8", "--turns", 12, "--samples", 8, "--quiet")
        (same,) = self.compare("one.json.db", "copy.json.db")["matches"]
        self.assertTrue(same["paired"])
        (differ,) = self.compare("one.json.db", "other.json.db")["matches"]
        self.assertEqual((differ["paired"], differ["unpaired_because"]), (False, "the data differ"))

    def test_what_is_not_matched_is_listed(self):
        self.make("a.db", "--samples", 6, "--policy", "full_history", "--policy", "window:n=2", "--steps-per-turn", "1,2")
        self.make("b.db", "--samples", 6, "--policy", "full_history", "--policy", "window:n=3")
        r = self.compare("a.db", "b.db")
        self.assertEqual([m["policy"] for m in r["matches"]], ["full_history"])
        self.assertEqual([(c["policy_label"], c["steps_per_turn"]) for c in r["unmatched"]["new"]], [("window:n=3", 1)])
        self.assertEqual([(c["policy_label"], c["steps_per_turn"]) for c in r["unmatched"]["base"]], [("window:n=2", 1), ("full_history", 2), ("window:n=2", 2)])
        text = self.text("a.db", "b.db")
        self.assertIn("only in NEW: window:n=3; kv_sum:keys=20 on sim", text)
        self.assertIn("only in BASE: window:n=2; kv_sum:keys=20 on sim", text)
        self.good("run", "-o", "c.db", "--samples", 6, "--turns", 7, "--quiet")
        r = self.compare("a.db", "c.db")
        self.assertEqual((r["matches"], r["tests"], len(r["unmatched"]["base"])), ([], 0, 4))
        self.assertIn("nothing is compared", self.text("a.db", "c.db"))

    def test_models_that_could_be_either(self):
        self.make("a.db", "--samples", 4, "--model", MODEL, "--model", "sim:accuracy=0.8")
        self.make("b.db", "--samples", 4, "--model", MODEL, "--model", "sim:accuracy=0.7")
        self.assertEqual([m["model_differs"] for m in self.compare("a.db", "b.db")["matches"]], [False, True], "what is left is unique")
        self.make("c.db", "--samples", 4, "--model", "sim:accuracy=0.6")
        r = self.compare("a.db", "c.db")
        self.assertEqual((r["matches"], len(r["unmatched"]["new"]), len(r["unmatched"]["base"])), ([], 1, 2))

    def test_against_a_policy_of_base(self):
        self.make("a.db", *THREE, "--samples", 10)
        self.make("b.db", "--samples", 10, "--policy", "window:n=3", "--policy", "full_history", "--policy", "reset")
        r = self.compare("a.db", "b.db", "--against", "full_history")
        self.assertEqual([(m["new"]["policy_label"], m["base"]["policy_label"], m["policy_differs"]) for m in r["matches"]],
                         [("window:n=3", "full_history", True), ("full_history", "full_history", False), ("reset", "full_history", True)])
        self.assertEqual(r["unmatched"], {"base": [], "new": []})
        self.assertEqual(r["tests"], 6)
        self.assertIn("window:n=3 against full_history: ", self.text("a.db", "b.db", "--against", "full_history"))

    def test_runs_of_one_file(self):
        self.make("a.db", "--samples", 6)
        self.make("a.db", "--samples", 6, "--seed", 9)
        self.assertEqual([self.compare("a.db", "a.db", *more)["matches"][0]["paired"] for more in ((), ("--base-run", 1), ("--base-run", 1, "--run", 1))],
                         [True, False, True])
        r = self.compare("a.db", "a.db", "--base-run", 1)
        self.assertEqual((r["base"]["id"], r["new"]["id"], r["base"]["seed"], r["new"]["seed"]), (1, 2, "1", "9"))

    def test_stopped_at_errors(self):
        self.make("a.db", "--samples", 20)
        self.make("b.db", "--samples", 20, "--stop-at-error")
        (m,) = self.compare("a.db", "b.db")["matches"]
        self.assertEqual((m["errors_test"], m["errors"], m["turn_error_rate"]["difference"], m["length_test"]["p"]), (None, "not_tested", None, 1))
        self.assertIn("turn error rates are not compared, as episodes were ended at their first error", self.text("a.db", "b.db"))

    def change(self, file, sql):
        db = sqlite3.connect(self.path(file))
        with db:
            db.executescript(sql)
        db.close()

    def test_a_run_that_is_not_done(self):
        self.make("a.db", "--samples", 5)
        self.make("b.db", "--samples", 5)
        self.change("b.db", "UPDATE run SET status = 'running'; DELETE FROM call WHERE episode IN (SELECT id FROM episode WHERE sample > 2);"
                    " DELETE FROM episode WHERE sample > 2")
        for args, who in ((("a.db", "b.db"), "NEW"), (("b.db", "a.db"), "BASE")):
            done = self.longhaul("compare", *args)
            self.assertEqual(done.code, 4, str(done))
            self.assertTrue(done.out.startswith(f"! {who} is NOT DONE (it is still going on, or was killed)"), done.out[:200])
            r = self.compare(*args, code=4)
            self.assertEqual((r["done"], r["matches"][0]["samples"]), (False, {"new": 3, "base": 3}))

    def test_made_histories_are_listed_apart(self):
        self.make("a.db", "--samples", 5, "--policy", "window:n=2", "--history", "own", "--history", "clean")
        r = self.compare("a.db", "a.db")
        self.assertEqual([m["policy"] for m in r["matches"]], ["window:n=2"])
        self.assertEqual([[c["history"] for c in r["made_histories"][side]] for side in ("base", "new")], [["clean"], ["clean"]])
        self.assertEqual(r["unmatched"], {"base": [], "new": []})
        self.assertIn("made histories of NEW: window:n=2, history clean;", self.text("a.db", "a.db"))
        self.assertEqual(self.report("report", "a.db")["comparisons"], [], "nor are they in a report")

    def test_lines_fit(self):
        self.make("a.db", *THREE, "--samples", 20)
        self.make("b.db", *THREE, "--samples", 20, "--seed", 3, "--model", "sim:accuracy=0.8,failed=0.02")
        for width in (60, 79, 80, 100, 132, 200):
            for line in self.good("compare", "a.db", "b.db", env={"COLUMNS": str(width)}).out.splitlines():
                self.assertLessEqual(len(line), width, line)
        self.assertTrue(self.good("compare", "a.db", "b.db", env={"LC_ALL": "C"}).out.isascii())

    def test_written_to_a_file(self):
        self.make("a.db", *THREE, "--samples", 5)
        done = self.good("compare", "a.db", "a.db", "--json", "c.json")
        self.assertIn("NEW is run 1 of a.db; BASE is run 1 of a.db", done.out)
        self.assertEqual(lhcli.strict_json(self.path("c.json").read_text()), self.compare("a.db", "a.db"))


# ---- refusals ----

class Refused(lhcli.Refusals):
    def setUp(self):
        super().setUp()
        self.good("run", "-o", "a.db", *SMALL, *THREE, "--samples", 2)

    def test_unknown_policies(self):
        there = ["windw", "full_history, window:n=2, heal"]
        self.refuse(("report", "a.db", "--against", "windw"), there)
        self.refuse(("compare", "a.db", "a.db", "--against", "windw"), ["a.db", *there])
        self.refuse(("run", "-o", "new.db", *SMALL, *THREE, "--samples", 2, "--against", "windw"), there)
        self.refuse(("run", "-o", "new.db", "--jobs", 1, *SMALL, *THREE, "--samples", 2, "--against", "windw"), there)
        self.refuse(("run", "-o", "new.db", "--against", "x\x1b[31m\n"), ["reset"])
        self.refuse(("run", "--dry-run", *THREE, "--against", "windw"), there)
        self.refuse(("run", "-o", "new.db", "--policy", "window:n=1", "--policy", "window:n=2", "--against", "window"), ["could be any of these: window:n=1, window:n=2"])
        self.refuse(("report", "a.db", "--against", "x" * 100000), [])

    def test_files(self):
        self.refuse(("compare",), ["which run files"])
        self.refuse(("compare", "a.db"), ["which run files"])
        self.refuse(("compare", "a.db", "a.db", "a.db"), ["one too many"])
        self.refuse(("compare", "a.db", "none.db"), ["none.db"])
        self.refuse(("compare", "none.db", "a.db"), ["none.db"])
        self.refuse(("compare", "a.db", "t.txt"), ["t.txt"], {"t.txt": "no run file\n"})
        self.refuse(("compare", "a.db", "a.db", "--run", 3), ["run 3"])
        self.refuse(("compare", "a.db", "a.db", "--base-run", 3), ["run 3"])
        self.refuse(("compare", "a.db", "a.db", "--run", "x"), ["--run x"])
        self.refuse(("compare", "a.db", "a.db", "--base-run", -1), ["--base-run"])
        self.refuse(("compare", "a.db", "a.db", "--nonsense"), ["--nonsense"])
        self.refuse(("compare", "a.db", "a.db", "--json", "a.db"), ["a.db is a run file"])
        self.refuse(("compare", "a.db", "a.db", "--json", "nowhere/c.json"), ["nowhere/c.json"])
        self.refuse(("compare", "a.db", "a.db", "--against="), ["--against"])

    def test_damaged(self):
        data = self.path("a.db").read_bytes()
        self.write("b.db", data[:len(data) // 2])
        self.refuse(("compare", "a.db", "b.db"), ["b.db"], code=5)
        self.refuse(("compare", "b.db", "a.db"), ["b.db"], code=5)


if __name__ == "__main__":
    unittest.main()
