"""A baseline: exported as a small file, and rules that compare with it. The numbers of a verdict are computed again here from the
reports of the two runs."""
import json
import math
import re

import lhcli

BAD, GOOD = "sim:accuracy=0.9", "sim:accuracy=0.97"
SIZE = ("--policy", "full_history", "--policy", "window:n=3", "--turns", 20, "--samples", 60, "--quiet")


class Baseline(lhcli.Refusals):
    def run_of(self, name, model, *more):
        self.good("run", "--model", model, *SIZE, "-o", name, *more)

    def export(self, run, out):
        self.good("export", run, "--format", "baseline", "-o", out)

    def gates(self, run, *rules, base="base.json"):
        done = self.longhaul("gate", run, *rules, "--baseline", base, "--json", "-", "--no-timing")
        return done.code, json.loads(done.out)["gates"], done

    def setUp(self):
        super().setUp()
        self.run_of("base.db", BAD)
        self.export("base.db", "base.json")

    def test_the_file_is_small_and_the_same_again(self):
        self.assertLess(self.path("base.json").stat().st_size * 50, self.path("base.db").stat().st_size)
        self.assertEqual(self.good("export", "base.db", "--format", "baseline", "-o", "-").raw, self.path("base.json").read_bytes())
        outcomes = json.loads(self.path("base.json").read_text())["conditions"][1]["samples"][7]
        word = {"C": "correct", "F": "follows", "R": "recovers", "S": "slips"}
        said = [word[letter] for n, letter in re.findall(r"(\d+)(\w)", outcomes[0]) for _ in range(int(n))]
        self.assertEqual(said, self.outcomes("base.db", 1)[7])

    RULES = ("horizon(0.5) >= baseline * 0.9", "horizon_steps(0.8) >= baseline * 1", "first_below(0.5) >= baseline * 0.5", "turn_accuracy(20) >= baseline * 0.95",
             "state_accuracy(5) >= baseline * 1.02", "task_accuracy(3) >= baseline * 1.3", "turn_error_rate <= baseline * 0.5", "tokens_per_turn <= baseline * 1.01")

    def test_from_either_file(self):
        self.run_of("new.db", GOOD)
        a, b = (self.gates("new.db", *self.RULES, base=base)[1] for base in ("base.db", "base.json"))
        self.assertEqual(a, b)
        self.assertEqual(len(a), 2 * len(self.RULES))

    def test_verdicts_are_those_of_the_intervals(self):
        self.run_of("new.db", GOOD)
        seen = set()
        for new, old in (("new.db", "base.json"), ("base.db", "new.json"), ("base.db", "base.json")):
            if old == "new.json":
                self.export("new.db", "new.json")
            code, gates, done = self.gates(new, *self.RULES, base=old)
            for g in gates:
                with self.subTest(g["message"]):
                    self.assertEqual(g["verdict"], self.expected(g), g["message"])
                seen.add(g["verdict"])
            verdicts = {g["verdict"] for g in gates}
            self.assertEqual(code, 1 if "fail" in verdicts else 3 if "inconclusive" in verdicts else 0, str(done))
        self.assertEqual(seen, {"pass", "fail", "inconclusive"})

    def expected(self, g):
        """From value and interval of both, as core/measure/README.md says."""
        b, f = g["baseline"], g["limit"]
        v, (lo, hi), (blo, bhi) = g["value"], g["ci"], b["ci"]
        hi = math.inf if g["ci_censored"][1] else hi
        bhi = math.inf if b["ci_censored"][1] else bhi
        d = v - f * b["value"]
        low, high = d - math.hypot(v - lo, f * (bhi - b["value"])), d + math.hypot(hi - v, f * (b["value"] - blo))
        for ours, said in zip((low, high), b["margin_ci"]):
            self.assertTrue(said is None if math.isinf(ours) else abs(ours - said) < 1e-9, (ours, said))
        self.assertAlmostEqual(b["threshold"], f * b["value"])
        if g["operator"] == ">=":
            return "pass" if low >= -1e-9 else "fail" if high < -1e-9 else "inconclusive"
        return "pass" if high <= 1e-9 else "fail" if low > 1e-9 else "inconclusive"

    def test_values_are_those_of_the_reports(self):
        """The baseline's figure in a verdict is the one that its own report has."""
        self.run_of("new.db", GOOD)
        report = self.report("report", "base.db")["conditions"]
        for g in self.gates("new.db", "horizon(0.5) >= baseline * 0.9", "turn_error_rate <= baseline * 2")[1]:
            c = report[g["condition"]]
            table = c["horizon"][0] if "horizon" in g["rule"] else c["turn_error_rate"]
            value = table["turns"] if "horizon" in g["rule"] else table["value"]
            self.assertEqual(g["baseline"]["value"], value)
            self.assertEqual(g["baseline"]["ci"], table["ci"])

    def test_a_run_that_went_to_the_last_turn(self):
        """How far it would have gone is not known, and nothing is claimed."""
        self.run_of("all.db", "sim:accuracy=1")
        self.export("all.db", "all.json")
        code, gates, _ = self.gates("all.db", "horizon(0.5) >= baseline * 0.9", base="all.json")
        self.assertEqual((code, gates[0]["verdict"], gates[0]["baseline"]["value_censored"]), (3, "inconclusive", True))
        self.assertIn("≥ 20", gates[0]["message"])
        self.assertIn("more turns would tell", gates[0]["message"])
        code, gates, _ = self.gates("all.db", "horizon(0.5) >= baseline * 1.5")
        self.assertEqual(code, 0, gates)

    def test_run_and_report(self):
        gate = ("--gate", "turn_error_rate <= baseline * 1", "--baseline", "base.json")
        done = self.longhaul("run", "--model", GOOD, *SIZE, "-o", "new.db", *gate)
        self.assertEqual(done.code, 0, str(done))
        self.assertEqual(self.longhaul("report", "new.db", "--baseline", "base.json").code, 0)
        self.refuse(["report", "new.db"], ("turn_error_rate <= baseline * 1", "--baseline FILE"))
        self.refuse(["run", "--model", GOOD, *SIZE, "-o", "none", *gate[:2]], ("--baseline FILE",))
        self.refuse(["run", "--model", GOOD, *SIZE, "-o", "none", *gate, "--sequential"], ("leave --sequential out",))

    def test_what_does_not_match(self):
        rule = ("turn_error_rate <= baseline * 1",)
        for more, words in ((("--seed", 2), None), (("--policy", "heal"), ("the baseline has no condition", "heal")),
                            (("--steps-per-turn", 2), ("the baseline has no condition", "2 steps a turn")),
                            (("--turns", 10), ("the baseline has 20 where the run has 10",)), (("--stop-at-error",), ("--stop-at-error",))):
            with self.subTest(more):
                self.good("run", "--model", GOOD, *SIZE, "-o", "new.db", *more)
                if words:
                    self.refuse(["gate", "new.db", *rule, "--baseline", "base.json"], words)
                else:
                    self.assertEqual(self.gates("new.db", *rule)[0], 0)
                self.path("new.db").unlink()

    def test_what_is_no_baseline(self):
        good = json.loads(self.path("base.json").read_text())

        def changed(change):
            other = json.loads(json.dumps(good))
            change(other)
            return json.dumps(other)
        sample = lambda text: changed(lambda j: j["conditions"][0]["samples"][3].__setitem__(0, text))
        cases = {"schema": changed(lambda j: j.update(schema="longhaul.report/1")), "none": changed(lambda j: j.update(conditions=[])),
                 "long": sample("21C"), "short": sample("19C"), "letter": sample("20Q"), "zero": sample("0C20C"), "number": sample("C"), "cut": sample("20"),
                 "huge": sample("99999999999999999999C"), "turns": changed(lambda j: j["conditions"][0].update(turns=10 ** 7)), "null": sample(None),
                 "tokens": changed(lambda j: j["conditions"][0]["samples"][3].__setitem__(1, -1)), "probes": changed(lambda j: j["conditions"][0].update(probes=[3, 1])),
                 "name": changed(lambda j: j["conditions"][1].pop("policy")), "history": changed(lambda j: j["conditions"][1].update(history="imagined")),
                 "text": "horizon: 12\n", "empty": ""}
        for name, text in cases.items():
            with self.subTest(name):
                self.refuse(["gate", "base.db", "malformed <= 0.5", "--baseline", name + ".json"], (name + ".json",), {name + ".json": text})
        self.refuse(["gate", "base.db", "malformed <= 0.5", "--baseline", "nowhere.json"], ("nowhere.json",))

    def test_exports_that_are_refused(self):
        self.good("run", "--model", GOOD, *SIZE, "-o", "s.db", "--shard", "1/2")
        self.refuse(["export", "s.db", "--format", "baseline", "-o", "x.json"], ("s.db", "some shards"))
        self.refuse(["gate", "base.db", "malformed <= 0.5", "--baseline", "s.db"], ("s.db", "no baseline"))
        self.refuse(["export", "base.db", "--format", "baseline", "-o", "base.db"], ("base.db is a run file",))
        self.refuse(["export", "base.db", "--format", "basline", "-o", "x"], ("did you mean baseline",))
        self.refuse(["export", "base.db", "-o", "x"], ("--format",))
        self.refuse(["export", "base.db", "--format", "baseline"], ("-o FILE",))


if __name__ == "__main__":
    lhcli.unittest.main()
