"""What made histories say, through the program: the simulated model's parameters are known, so what is shown and what is
not is known too. Interval coverage over hundreds of runs: tests/bench/effects_truth.h."""
import math
import unittest

import lhcli

DEMONSTRATION = "sim:accuracy=0.97,context=0.3,self_conditioning=4,contagion=0.3"
GRID = ("--history", "own", "--history", "restated", "--history", "filler", "--history", "clean",
        "--history", "injected:rate=0.25,0.5,1", "--history", "propagated:rate=0.05,0.2,0.5")


def wilson(k, n):
    z = 1.959963984540054
    p, d = k / n, 1 + z * z / n
    middle, reach = (p + z * z / (2 * n)) / d, z / d * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return middle - reach, middle + reach


class Effects(lhcli.Case):
    unsanitized = True

    def entry(self, *args, model, samples=200, turns=40, histories=GRID):
        """The one entry of a run, and the run's text."""
        done = self.good("run", "--model", model, *histories, "--samples", samples, "--turns", turns, "-o", "e.db", "--quiet", *args)
        r = self.report("report", "e.db")
        self.assertEqual(len(r["effects"]), 1)
        return r["effects"][0], " ".join(done.out.split())

    def loss(self, entry, effect, rate=None):
        last = entry["probe_turns"][-1]
        found = [x for x in entry["losses"] if (x["effect"], x["rate"], x["turn"]) == (effect, rate, last)]
        self.assertEqual(len(found), 1)
        return found[0]

    def assertHolds(self, ci, value):
        self.assertTrue(ci[0] <= value <= ci[1], f"{value} is not in {ci}")

    # ---- what is shown, and what is not ----

    def test_length_alone(self):
        e, text = self.entry(model="sim:accuracy=0.97,context=1.5,luck=own", samples=300)
        self.assertHolds(e["slope"]["strict"]["ci"], 0)
        self.assertGreater(e["slope"]["strict"]["p"], 0.05)
        self.assertIn("no self-conditioning shown", text)
        self.assertGreater(self.loss(e, "long_context")["strict"]["ci"][0], 0)
        self.assertRegex(text, r"Turn accuracy fell by [\d.]+ points \[.*\] from turn 1 to turn 40\. Length accounts for [\d.]+ \[.*\]; no loss to errors"
                               r" in view shown \(between .*\); no unexplained loss shown \(between")

    def test_errors_in_view_alone(self):
        e, text = self.entry(model="sim:accuracy=0.9,self_conditioning=4,luck=own", samples=300)
        self.assertAlmostEqual(e["slope"]["paper"]["value"], 4, delta=0.6)      # its standard error is 0.17
        self.assertLess(e["slope"]["paper"]["p"], 0.001)
        for effect in ("state", "length", "pattern", "long_context"):
            self.assertHolds(self.loss(e, effect)["strict"]["ci"], 0)
        losses = [self.loss(e, "self_conditioning", r)["strict"] for r in (0.25, 0.5, 1)]
        self.assertGreater(losses[0]["ci"][0], 0.1)
        self.assertEqual([x["value"] for x in losses], sorted(x["value"] for x in losses))
        self.assertRegex(text, r"Turn accuracy fell by [\d.]+ points \[.*\] from turn 1 to turn 40\. No length loss shown \(between [-\d.]+ and [\d.]+\);"
                               r" errors like its own, at the rate it made them, for [\d.]+ \[.*\]; no unexplained loss shown")

    def test_both(self):
        """At the demonstration's self-conditioning; its context of 0.3 costs 1.3 points by turn 100, which 200 samples cannot
        show, so length costs more here."""
        e, text = self.entry(model="sim:accuracy=0.97,context=1.2,self_conditioning=4,contagion=0.3,luck=own", turns=100)
        self.assertGreater(self.loss(e, "long_context")["strict"]["ci"][0], 0)
        self.assertGreater(e["slope"]["strict"]["ci"][0], 3)
        self.assertRegex(text, r"Length accounts for [\d.]+ \[.*\]; errors like its own, at the rate it made them, for [\d.]+ \[")

    def test_demonstration(self):
        """200 samples, 100 turns: errors in view are shown; the length loss is a third of what its interval is wide."""
        e, text = self.entry(model=DEMONSTRATION + ",luck=own", turns=100)
        logit = math.log(0.03 / 0.97) + 0.3 * math.log2(1 + (e["cells"][-3]["tokens_in_per_call"] - 540) / 1000)
        a = e["attribution"]["strict"]
        self.assertGreater(e["slope"]["strict"]["ci"][0], 3)
        self.assertGreater(a["errors"]["ci"][0], 0)
        self.assertAlmostEqual(1 / (1 + math.exp(-logit)) - 0.03, 0.013, delta=0.002)
        self.assertHolds(self.loss(e, "pattern")["strict"]["ci"], 0)
        self.assertIn("errors like its own, at the rate it made them, for", text)
        self.assertNotIn("no self-conditioning", text)

    def test_no_loss_no_sentence(self):
        e, text = self.entry(model="sim:accuracy=0.95,luck=own")
        self.assertIsNone(e["sentence"])
        self.assertNotIn("Turn accuracy fell", text)
        self.assertRegex(text, r"No loss of turn accuracy is shown from turn 1 to turn 40 \(between -[\d.]+ and [\d.]+ points\)\.")
        self.assertHolds(e["attribution"]["strict"]["loss"]["ci"], 0)

    # ---- numbers that can be counted again ----

    def outcomes_at(self, history, turn):
        rows = self.rows("e.db", "SELECT e.sample, c.outcome FROM episode e JOIN condition k ON k.id = e.condition JOIN call c ON c.episode = e.id AND c.accepted"
                                 " WHERE k.history = ? AND c.turn = ? ORDER BY e.sample", history, turn)
        return dict(rows)

    def test_cells_and_losses_are_the_run_files(self):
        e, _ = self.entry(model="sim:accuracy=0.85,self_conditioning=2,malformed=0.05,luck=own", samples=60, turns=12)
        self.assertEqual(e["probe_turns"], [1, 12])
        at = {h: self.outcomes_at(h, 12) for h in {c["history"] for c in e["cells"]}}
        first = self.outcomes_at("own", 1)
        right = {"paper": ("correct", "follows"), "strict": ("correct", "follows", "recovers")}
        for c in e["cells"]:
            if c["turn"] == 12:
                k = sum(o in right["paper"] for o in at[c["history"]].values())
                self.assertEqual((c["observed"], c["turn_accuracy"]), (60, k / 60))
                self.assertEqual([round(x, 12) for x in c["turn_accuracy_ci"]], [round(x, 12) for x in wilson(k, 60)])
                self.assertEqual(c["turn_accuracy_strict"], sum(o in right["strict"] for o in at[c["history"]].values()) / 60)
        pairs = {("state", None): (first, at["restated"]), ("length", None): (at["restated"], at["filler"]), ("pattern", None): (at["filler"], at["clean"]),
                 ("long_context", None): (first, at["clean"])}
        for r in ("0.25", "0.5", "1"):
            pairs["self_conditioning", float(r)] = (at["clean"], at[f"injected:rate={r}"])
        self.assertEqual(len(e["losses"]), len(pairs))
        for (effect, rate), (a, b) in pairs.items():
            for reading, ok in right.items():
                x = self.loss(e, effect, rate)[reading]
                counts = {"both": 0, "first": 0, "second": 0, "neither": 0}
                for s in a:
                    counts[("both" if b[s] in ok else "first") if a[s] in ok else ("second" if b[s] in ok else "neither")] += 1
                self.assertEqual(x["pairs"], counts)
                self.assertAlmostEqual(x["value"], (counts["first"] - counts["second"]) / 60, places=12)
                self.assertHolds(x["ci"], x["value"])

    def test_attribution_adds_up_and_is_at_the_last_turn(self):
        e, _ = self.entry("--probe-turns", "1,5,20", model="sim:accuracy=0.9,self_conditioning=3,context=0.5,luck=own", samples=60, turns=30)
        self.assertEqual(e["attribution"]["turn"], 20)
        for reading in ("paper", "strict"):
            a = e["attribution"][reading]
            self.assertAlmostEqual(a["length"]["value"] + a["errors"]["value"] + a["rest"]["value"], a["loss"]["value"], places=12)
            accuracy = "turn_accuracy" if reading == "paper" else "turn_accuracy_strict"
            cell = {(c["history"], c["turn"]): c for c in e["cells"]}
            self.assertAlmostEqual(a["loss"]["value"], cell["own", 1][accuracy] - cell["own", 20][accuracy], places=12)
            self.assertAlmostEqual(a["length"]["value"], cell["own", 1][accuracy] - cell["clean", 20][accuracy], places=12)
            self.assertAlmostEqual(a["exposure"], cell["own", 20]["exposure"]["update"], places=12)

    def test_exposure_as_achieved(self):
        e, _ = self.entry(model="sim:accuracy=0.95,luck=own", samples=60, turns=40)
        for c in e["cells"]:
            kind, _, rate = c["history"].partition(":rate=")
            if c["turn"] == 1 or kind == "own":
                continue
            r = float(rate or 0)
            self.assertAlmostEqual(c["exposure"]["update"], 2 * r - r * r if kind == "injected" else r, delta=0.05)
            if kind == "injected":
                self.assertAlmostEqual(c["exposure"]["state"], r, delta=0.04)
        filler = [c for c in e["cells"] if c["history"] == "filler" and c["turn"] == 40][0]
        self.assertTrue(0.98 < filler["filler_ratio"]["least"] <= filler["filler_ratio"]["mean"] <= filler["filler_ratio"]["most"] < 1.02)

    # ---- what stands where ----

    def test_made_histories_have_no_row_in_the_main_table(self):
        done = self.good("run", "--history", "own", "--history", "clean", "--samples", "10", "--turns", "10", "-o", "none", "--quiet")
        rows = [line for line in done.out.split("\n") if line.startswith(("full_history", "clean", "own"))]
        self.assertEqual([line.split()[0] for line in rows][:1], ["full_history"])
        self.assertIn("Behind made histories: full_history", done.out)
        self.assertNotIn("full_history, clean", done.out)
        r = self.report("run", "--history", "own", "--history", "clean", "--samples", "10", "--turns", "10", "-o", "none")
        own, clean = r["conditions"]
        self.assertIsNone(own["probe_turns"])
        self.assertEqual(clean["probe_turns"], [1, 10])
        accuracy = clean["turn_accuracy"]
        self.assertEqual([t for t, a in enumerate(accuracy, 1) if a is not None], [1, 10])
        self.assertAlmostEqual(clean["turn_error_rate"]["value"], 1 - (accuracy[0] + accuracy[9]) / 2, places=12)
        self.assertTrue(all(h["turns"] is None for h in clean["horizon"]))

    def test_made_histories_only(self):
        done = self.good("run", "--history", "clean", "--history", "injected:rate=0.5", "--probe-turns", "last", "--samples", "10", "--turns", "10", "-o", "none", "--quiet")
        self.assertNotIn("horizon", done.out)
        self.assertIn("turn 1 was not asked", done.out)
        self.assertIn("10 samples are few", done.out)
        self.assertEqual(done.out.count("\n\n\n"), 0)

    def test_policies_and_models_apart(self):
        r = self.report("run", "--history", "own", "--history", "clean", "--policy", "full_history", "--policy", "window:n=3",
                        "--model", "sim:accuracy=0.9", "--model", "sim:accuracy=0.8", "--samples", "10", "--turns", "10", "-o", "none")
        self.assertEqual([(e["model_label"], e["policy_label"]) for e in r["effects"]],
                         [(m, p) for m in ("sim:accuracy=0.9", "sim:accuracy=0.8") for p in ("full_history", "window:n=3")])
        self.assertEqual([[p["policy_label"] for p in e["policies"]] for e in r["effects"]], [["window:n=3"], [], ["window:n=3"], []])

    def test_policy_in_the_sentence(self):
        done = self.good("run", "--model", "sim:accuracy=0.97,context=1.2,self_conditioning=4,luck=own", *GRID, "--policy", "full_history", "--policy", "window:n=5",
                         "--samples", "200", "--turns", "60", "-o", "e.db", "--quiet")
        text = " ".join(done.out.split())
        r = self.report("report", "e.db")
        e = r["effects"][0]
        d = e["policies"][0]
        tokens = {c["policy_label"]: c["cost"]["tokens_in_per_turn"] for c in r["conditions"] if c["history"] == "own"}
        self.assertAlmostEqual(d["tokens_in_ratio"], tokens["window:n=5"] / tokens["full_history"], places=12)
        self.assertGreater(d["strict"]["ci"][0], 0)
        self.assertRegex(text, r"`window:n=5` raises turn accuracy at turn 60 by [\d.]+ \[.*\] at 0\.\d+× the input tokens\.")
        self.assertIn("`window:n=5` raises", e["sentence"])

    def test_all_turns(self):
        e, text = self.entry("--probe-turns", "all", model="sim:accuracy=0.9,luck=own", samples=12, turns=15,
                             histories=("--history", "clean", "--history", "injected:rate=0.5"))
        self.assertEqual(len(e["cells"]), 30)
        self.assertIn("of 15 turns asked these are shown, and all in the JSON: 1, 5, 10 and 15", text)
        self.assertEqual(e["slope"]["turns"], [3, 5, 7, 9, 11, 13, 15])
        self.assertEqual(e["slope"]["turns_asked"], 14)

    def test_not_estimable_says_how_many_samples_would_do(self):
        e, text = self.entry(model="sim:accuracy=1", samples=20, turns=10)
        s = e["slope"]["strict"]
        self.assertEqual((s["status"], s["value"], s["at_least"], s["samples_needed"]), ("few", None, True, 67))
        self.assertIn("not estimable, with 0 errors in 140 replies: 10 are needed, for which at least 67 samples would do", text)

    def test_stopped_at_first_errors(self):
        e, text = self.entry("--stop-at-error", model="sim:accuracy=0.9", samples=20, turns=10)
        self.assertIn("run it without --stop-at-error", text)
        self.assertIn("--stop-at-error", e["attribution"]["why"])
        self.assertNotIn(("own", 10), [(c["history"], c["turn"]) for c in e["cells"]])

    def test_same_at_any_concurrency_and_from_the_file(self):
        args = ("--model", "sim:accuracy=0.9,self_conditioning=3,latency_ms=20,latency_spread=1,luck=own", *GRID, "--samples", "20", "--turns", "10")
        one = self.plain("run", *args, "--concurrency", "1", "-o", "one.db")
        many = self.plain("run", *args, "--concurrency", "300", "--jobs", "2", "-o", "many.db")
        self.assertEqual(one, many)
        self.assertEqual(self.plain("report", "one.db"), one)


class Luck(lhcli.Case):
    def accuracies(self, luck):
        r = self.report("run", "--model", f"sim:accuracy=0.7,luck={luck}", "--history", "own", "--history", "clean", "--history", "restated", "--probe-turns", "1",
                        "--samples", "200", "--turns", "3", "-o", "none")
        return {c["history"]: c["turn_accuracy"][0] for c in r["conditions"]}

    def test_shared_or_own(self):
        """Before turn 1 there is nothing: the same requests, so the same luck or not is all that differs."""
        shared, own = self.accuracies("shared"), self.accuracies("own")
        self.assertEqual(len(set(shared.values())), 1)
        self.assertEqual(len(set(own.values())), 3)
        self.assertEqual(own["own"], shared["own"])
        for a in own.values():
            self.assertAlmostEqual(a, 0.7, delta=0.13)

    def test_neither(self):
        done = self.longhaul("run", "--model", "sim:luck=bad", "-o", "none")
        self.assertEqual(done.code, 2)
        self.assertIn("luck=bad: one of shared, own is needed", done.err)


if __name__ == "__main__":
    unittest.main()
