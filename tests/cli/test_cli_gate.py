"""Gates: rules decided on runs, the exit codes that pipelines read, and runs that stop once all is decided."""
import json
import sqlite3

import lhcli

SIM = "sim:accuracy=0.98"
WORDS = {"PASS", "FAIL", "INCONCLUSIVE", "INFRASTRUCTURE"}


class Gates(lhcli.Refusals):
    def args(self, *more, samples=200, turns=10, file="g.db", model=SIM):
        return ("run", "--model", model, "--turns", turns, "--samples", samples, "--quiet", "-o", file, *more)

    def run_gated(self, *rules, code=0, **named):
        """The gates of a run with these rules."""
        more = [a for r in rules for a in ("--gate", r)]
        done = self.longhaul(*self.args(*named.pop("more", ()), *more, **named), "--json", "-", "--no-timing")
        self.assertEqual(done.code, code, str(done))
        return self.check_report(done)["gates"]

    def gates(self, *args, code=0):
        done = self.longhaul("gate", *args, "--json", "-", "--no-timing")
        self.assertEqual(done.code, code, str(done))
        return self.check_report(done)["gates"]

    def verdicts(self, gates):
        return [g["verdict"] for g in gates]

    def lines(self, done):
        """[(word, sentence)] of the block in a table."""
        block = done.out[done.out.index("Gates: "):].splitlines()[1:]
        found = []
        for line in block:
            if line.startswith("Sampling stopped"):
                break
            if line[:16].strip():
                self.assertIn(line[:16].strip(), WORDS, str(done))
                found.append([line[:16].strip(), line[16:]])
            else:
                found[-1][1] += " " + line.strip()
        return [tuple(f) for f in found]


class Verdicts(Gates):
    def test_exit_codes(self):
        """0 passed, 1 failed, 3 not decided; a failure outweighs what is not decided; a pass neither."""
        passing, failing, open_ = "horizon(0.5) >= 5", "turn_error_rate <= 0.01", "turn_accuracy(6) >= 0.97"
        for rules, code, verdicts in (
                ([passing], 0, ["pass"]), ([failing], 1, ["fail"]), ([open_], 3, ["inconclusive"]),
                ([passing, open_], 3, ["pass", "inconclusive"]), ([open_, failing, passing], 1, ["inconclusive", "fail", "pass"])):
            with self.subTest(rules=rules):
                gates = self.run_gated(*rules, code=code, samples=600)
                self.assertEqual(self.verdicts(gates), verdicts)
                self.assertEqual([g["rule"] for g in gates], rules)

    def test_inconclusive_is_what_one_says(self):
        rule = ("--gate", "turn_accuracy(6) >= 0.97")
        for how, code in (("pass", 0), ("fail", 1), ("neutral", 3)):
            self.assertEqual(self.longhaul(*self.args(*rule, "--inconclusive", how)).code, code)
            self.assertEqual(self.longhaul("report", "g.db", "--inconclusive", how).code, code)
            self.assertEqual(self.longhaul("gate", "g.db", "--inconclusive", how).code, code)
        self.assertEqual(self.longhaul("gate", "g.db", "--inconclusive", "pass", "turn_error_rate <= 0.05", "turn_accuracy(1) >= 0.5").code, 0)
        self.refuse(("gate", "g.db", "--inconclusive", "maybe"), ("--inconclusive maybe", "neutral"))

    def test_run_report_and_gate_say_the_same(self):
        rules = ("horizon(0.9) >= 3", "first_below(0.5) >= 8", "horizon_steps(0.5) >= 8", "turn_accuracy(3) >= 0.9", "state_accuracy(10) <= 0.9",
                 "task_accuracy(4) >= 0.9", "turn_error_rate <= 0.1", "malformed <= 0.1", "tokens_per_turn <= 1000")
        gates = self.run_gated(*rules, code=3, more=("--policy", "full_history", "--policy", "window:n=3"))
        self.assertEqual(len(gates), 2 * len(rules))
        self.assertEqual(self.gates("g.db", code=3), gates)
        self.assertEqual(self.gates("g.db", *rules, code=3), gates)
        done = self.longhaul("report", "g.db", "--json", "-", "--no-timing")
        self.assertEqual((done.code, self.check_report(done)["gates"]), (3, gates))
        table = self.longhaul("report", "g.db")
        self.assertEqual(table.code, 3)
        lines = self.lines(table)
        self.assertEqual(self.lines(self.longhaul("gate", "g.db")), lines)
        self.assertEqual([w.lower() for w, _ in lines], self.verdicts(gates))
        self.assertEqual([s for _, s in lines], [g["message"] for g in gates])

    def test_the_value_is_the_tables(self):
        """Value and interval of a gate are those of the report's condition, and the verdict follows from them."""
        rules = ("horizon(0.8) >= 6", "turn_accuracy(7) >= 0.97", "turn_error_rate <= 0.02", "task_accuracy(7) >= 0.87")
        done = self.longhaul(*self.args(*(a for r in rules for a in ("--gate", r)), samples=300), "--json", "-")
        report = self.check_report(done)
        c = report["conditions"][0]
        horizon = next(h for h in c["horizon"] if h["s"] == 0.8)
        want = [(horizon["turns"], horizon["ci"]), (c["turn_accuracy"][6], c["turn_accuracy_ci"][6]),
                (c["turn_error_rate"]["value"], c["turn_error_rate"]["ci"]), (c["task_accuracy"][6], c["task_accuracy_ci"][6])]
        for g, (value, ci) in zip(report["gates"], want):
            self.assertEqual((g["value"], g["ci"], g["condition"], g["against"]), (value, ci, 0, None))
            good = [v <= g["limit"] if g["operator"] == "<=" else v >= g["limit"] for v in g["ci"]]
            self.assertEqual(g["verdict"], "pass" if all(good) else "inconclusive" if any(good) else "fail")

    def test_the_message_says_all(self):
        done = self.longhaul(*self.args("--gate", "[policy=window] turn_accuracy(6) >= 0.97", "--policy", "full_history", "--policy", "window:n=3", samples=200))
        self.assertEqual(done.code, 3)
        [(word, text)] = self.lines(done)
        self.assertEqual(word, "INCONCLUSIVE")
        self.assertRegex(text, r"\A\[policy=window\] turn_accuracy\(6\) >= 0.97: window:n=3: \d+\.\d % \[\d+\.\d, \d+\.\d\]; needed: at least 97 %; 200 samples; about \d+ more would decide\.\Z")

    def test_about_so_many_more_decide(self):
        rule = "turn_accuracy(6) >= 0.96"
        [g] = self.run_gated(rule, code=3)
        [again] = self.run_gated(rule, samples=200 + 4 * g["more_samples"])
        self.assertEqual(again["verdict"], "pass")

    def test_words_stand_without_colour(self):
        done = self.longhaul(*self.args("--gate", "horizon(0.5) >= 5"), env={"NO_COLOR": "1"})
        self.assertIn("\nPASS  ", done.out)
        self.assertNotIn("\x1b", done.out)
        ascii_only = self.longhaul("gate", "g.db", "horizon(0.5) >= 5", env={"LC_ALL": "C"})
        ascii_only.raw.decode("ascii")
        self.assertIn(">= 10 turns [>= 10, >= 10]", " ".join(ascii_only.out.split()))

    def test_losses(self):
        more = ("--history", "clean", "--history", "injected:rate=0.5", "--history", "restated", "--history", "filler", "--probe-turns", "1,30")
        model = "sim:accuracy=0.97,context=0.2,self_conditioning=4"
        rules = ("self_conditioning_loss(0.5) <= 0.05", "long_context_loss <= 0.6", "length_loss <= 0.5", "state_loss <= 0.5", "pattern_loss >= -0.5", "turn_accuracy(30) <= 0.999",
                 "[history=clean] turn_accuracy(30) >= 0.5")
        gates = self.run_gated(*rules, code=1, more=more, model=model, turns=30, samples=300)
        self.assertEqual([g["verdict"] for g in gates[:5]], ["fail", "pass", "pass", "pass", "pass"])
        self.assertEqual([(g["against"], g["condition"], g["turn"]) for g in gates[:5]], [(0, 1, 30), (2, 0, 30), (2, 3, 30), (2, 2, 30), (3, 0, 30)])
        self.assertIn("clean less injected:rate=0.5 at turn 30", gates[0]["message"])
        self.assertIn("turn 1 less clean at turn 30", gates[1]["message"])
        self.assertRegex(gates[0]["message"], r"\d\d\.\d points \[")
        self.assertEqual(len(gates), 5 + 4 + 1)
        self.assertEqual(self.gates("g.db", code=1), gates)
        # by hand, from the rows
        right = {}
        for sample, history, outcome in self.rows("g.db", "SELECT e.sample, d.history, c.outcome FROM episode e JOIN condition d ON d.run = e.run AND d.id = e.condition"
                                                  " JOIN call c ON c.episode = e.id WHERE e.probe = 30"):
            right[sample, history] = outcome in ("correct", "follows", "recovers")
        difference = sum(right[i, "clean"] - right[i, "injected:rate=0.5"] for i in range(300)) / 300
        self.assertAlmostEqual(gates[0]["value"], difference, places=12)

    def test_experiment_files(self):
        self.write("e.lua", "return { models = { 'sim:accuracy=0.98' }, turns = 10, samples = 200,\n"
                   "gates = { 'horizon(0.5) >= 5', 'turn_error_rate <= 0.2' }, inconclusive = 'fail' }")
        done = self.longhaul("run", "e.lua", "-o", "g.db", "--quiet")
        self.assertEqual((done.code, [w for w, _ in self.lines(done)]), (0, ["PASS", "PASS"]))
        self.assertEqual(self.longhaul("run", "e.lua", "-o", "g.db", "--quiet", "--gate", "turn_accuracy(6) >= 0.97").code, 1)      # the line replaces the file's
        self.assertEqual(self.verdicts(self.gates("g.db", code=3)), ["inconclusive"])
        one = self.longhaul("run", "e.lua", "-o", "g.db", "--quiet", "--sample", 3)
        self.assertEqual(one.code, 0, "one sample is looked at, not judged")
        self.assertIn("the gates are left aside", one.out)
        self.refuse(("run", "bad.lua", "-o", "n.db"), ("bad.lua: gates", "did you mean horizon?"), {"bad.lua": "return { gates = { 'horizn(0.5) >= 5' } }"})
        self.refuse(("run", "bad.lua", "-o", "n.db"), ("bad.lua: gates", "is no gate"), {"bad.lua": "return { gates = { 5 } }"})

    def test_gates_are_no_part_of_a_runs_identity(self):
        self.run_gated("horizon(0.5) >= 5")
        before = self.rows("g.db", "SELECT config_sha256 FROM run")
        done = self.longhaul(*self.args("--gate", "turn_accuracy(3) >= 0.5", "--resume"))
        self.assertEqual(done.code, 0, str(done))
        self.assertEqual(self.rows("g.db", "SELECT config_sha256 FROM run"), before)
        self.assertEqual([g["rule"] for g in self.gates("g.db")], ["turn_accuracy(3) >= 0.5"])

    def test_oracles_are_labelled(self):
        [a, b] = self.run_gated("horizon(0.5) >= 5", more=("--policy", "full_history", "--policy", "heal"))
        self.assertNotIn("oracle", a["message"])
        self.assertIn("heal (oracle):", b["message"])

    def test_rules_are_hostile(self):
        """A rule in a run file may hold anything; what is shown is safe."""
        self.run_gated("horizon(0.5) >= 5")
        db = sqlite3.connect(self.path("g.db"))
        settings = json.loads(db.execute("SELECT settings FROM run").fetchone()[0])

        def put(**more):
            db.execute("UPDATE run SET settings = ?", (json.dumps({**settings, **more}),))
            db.commit()
        for gates in (["horizon(0.5) >= \u001b[31m5"], ["nonsense"], [5], ["horizon(0.5) >= 5"] * 65, [""], ["horizon(0.5) >= 5" + "x" * 2000]):
            put(gates=gates)
            self.refuse(("report", "g.db"), ("gate that cannot be read",), code=5)
        put(gates=["[policy=\u202eevil] horizon(0.5) >= 5"])
        self.refuse(("report", "g.db"), ("\\u202e", "no condition of the run has that policy"))
        for sequential in (2, -1, 1):
            put(sequential=sequential)
            self.refuse(("report", "g.db"), ("certainty",), code=5)
        put(gates=["horizon(0.5) >= 500"], sequential=0.05)
        self.refuse(("report", "g.db"), ("do not belong to it",), code=5)
        db.close()


class Refused(Gates):
    def test_bad_rules_are_refused_before_anything_is_run(self):
        for rule, *words in (
                ("horizn(0.5) >= 3", "character 1", "did you mean horizon?"), ("horizon(0.5) > 3", ">= or <="), ("", "needs a value"),
                ("horizon(0.5) >= 11", "takes 11 turns to see that, and there are 10"), ("horizon(0.5) <= 10", "takes 11 turns"),
                ("turn_accuracy(11) >= 0.5", "there are 10 turns"), ("malformed <= 0.01", "whatever 200 samples show", "at least 565"),
                ("turn_accuracy(1) >= 0.99", "at least 381"), ("turn_accuracy(1) >= 1", "no number of samples"),
                ("[policy=windw] malformed <= 0.5", "no condition of the run has that policy", "full_history"),
                ("[history=clean] malformed <= 0.5", "that history", "own"), ("self_conditioning_loss(0.5) <= 0.1", "--history injected:rate=0.5"),
                ("state_loss <= 0.1", "--history restated"), ("horizon(0.5) >= baseline * 0.9", "baseline", "--baseline FILE")):
            with self.subTest(rule=rule):
                self.refuse(self.args("--gate", rule), words)

    def test_stop_at_error_leaves_things_unknown(self):
        for rule in ("turn_accuracy(2) >= 0.5", "state_accuracy(2) >= 0.5", "turn_error_rate <= 0.5", "malformed <= 0.5"):
            self.refuse(self.args("--stop-at-error", "--gate", rule), ("--stop-at-error", "horizon and task_accuracy are"))
        self.run_gated("horizon(0.5) >= 5", "turn_accuracy(1) >= 0.5", "task_accuracy(10) >= 0.5", "tokens_per_turn <= 1000", more=("--stop-at-error",))

    def test_files_without_gates_and_without_runs(self):
        self.good(*self.args())
        self.refuse(("gate", "g.db"), ("has no gates of its own", "horizon(0.5) >= 10"))
        self.refuse(("gate",), ("which run file?",))
        self.refuse(("gate", "none.db", "horizon(0.5) >= 5"), ("none.db",))
        self.refuse(("gate", "g.db", "--frobnicate"), ("--frobnicate",))
        self.refuse(("gate", "g.db", "--run", "x", "horizon(0.5) >= 5"), ("--run x",))
        self.refuse(("gate", "g.db", "--run", "7", "horizon(0.5) >= 5"), ("no run 7",))
        self.refuse(("gate", "g.db", "malformed <= 0.01"), ("at least 565",))
        self.refuse(("gate", "g.db", "horizon(0.5) >= 5", "--json", "g.db"), ("is a run file",))
        self.assertEqual(self.verdicts(self.gates("g.db", "horizon(0.5) >= 5", "--run", "1")), ["pass"])

    def test_damaged_files(self):
        """Exit code 5 outweighs every verdict."""
        self.run_gated("turn_error_rate <= 0.01", code=1, samples=600)
        data = self.path("g.db").read_bytes()
        self.write("d.db", data[:len(data) // 2])
        db = sqlite3.connect(self.path("g.db"))
        db.execute("UPDATE call SET outcome = 'splendid' WHERE episode = 600 AND turn = 10")
        db.commit()
        db.close()
        for file in ("d.db", "g.db"):
            for command in ("gate", "report"):
                done = self.longhaul(command, file)
                self.assertEqual((done.code, done.out), (5, ""), str(done))

    def test_too_many_rules(self):
        self.refuse(self.args(*(a for i in range(65) for a in ("--gate", f"turn_accuracy({i % 10 + 1}) >= 0.5"))), ("more than 64",))


class Infrastructure(Gates):
    """What was cut off by something that is not the model's doing."""

    def test_what_would_change_a_verdict(self):
        """A sixth of the samples are cut off, and no verdict rests on those that are not."""
        model = "sim:accuracy=1,failed=0.02"
        gates = self.run_gated("horizon(0.9) >= 10", "turn_accuracy(1) >= 0.5", code=4, model=model)
        self.assertEqual(self.verdicts(gates), ["infrastructure", "pass"])
        self.assertRegex(gates[0]["message"], r"\d+ samples were cut off by something that is not the model's doing, and would decide it")
        self.assertEqual(self.gates("g.db", code=4), gates)
        self.assertEqual(self.verdicts(self.gates("g.db", "horizon(0.5) >= 1", "turn_accuracy(1) <= 0.5", code=1)), ["pass", "fail"])      # whatever they would have been

    def test_infrastructure_outweighs_failure(self):
        self.assertEqual(self.verdicts(self.run_gated("horizon(0.9) >= 10", "turn_accuracy(1) <= 0.5", code=4, model="sim:accuracy=1,failed=0.02")), ["infrastructure", "fail"])

    def test_a_run_that_is_not_done(self):
        self.run_gated("turn_error_rate <= 0.01", code=1, samples=600)
        db = sqlite3.connect(self.path("g.db"))
        db.execute("UPDATE run SET status = 'stopped', cause = 'interrupted'")
        db.commit()
        db.close()
        for command in (("gate", "g.db"), ("report", "g.db"), ("gate", "g.db", "turn_accuracy(1) >= 0.5")):
            done = self.longhaul(*command)
            self.assertEqual(done.code, 4, str(done))
            self.assertEqual([w for w, _ in self.lines(done)], ["INFRASTRUCTURE"])
            self.assertIn("the run is not done", " ".join(done.out.split()))

    def test_a_policy_that_fails_passes_nothing(self):
        self.write("bad.lua", "return { api = 1, summary = 'fails now and then', turn = function(ep, history)\n"
                   "if ep.index == 7 and ep.turn == 3 then error('no') end\nreturn ep:ask(history:view()) end }")
        [g] = self.run_gated("turn_accuracy(1) >= 0.5", code=1, more=("--policy", "./bad.lua"))
        self.assertEqual((g["verdict"], g["policy_errors"]), ("fail", 1))
        self.assertIn("in 1 sample the policy itself failed, and such a condition passes no gate", g["message"])


class Sequential(Gates):
    unsanitized = True

    RULES = ("--gate", "turn_accuracy(5) >= 0.93", "--gate", "horizon(0.5) >= 6", "--gate", "malformed <= 0.2")

    def test_stops_and_says_so(self):
        done = self.longhaul(*self.args(*self.RULES, "--sequential", samples=2000))
        self.assertEqual(done.code, 0, str(done))
        lines = self.lines(done)
        at = [int(t.split("decided after ")[1].split(" ")[0]) for _, t in lines]
        self.assertTrue(all("; sequential: decided after" in t and t.endswith(" of 2000 samples.") for _, t in lines), lines)
        self.assertIn(f"Sampling stopped after {max(at)} of 2000 samples", " ".join(done.out.split()))
        self.assertIn(f"{max(at)} samples, 10 turns", done.out)
        report = self.report("report", "g.db")
        self.assertEqual(report["conditions"][0]["samples"], max(at))
        self.assertEqual(report["run"]["status"], "done")
        self.assertEqual([g["decided_at"] for g in report["gates"]], at)
        for g in report["gates"]:
            self.assertTrue(g["ci"][0] >= 0.5 or g["operator"] == "<=")
            self.assertEqual((g["sequential"], g["planned"], g["level"]), (True, 2000, 0.95))

    def test_the_same_at_any_concurrency(self):
        """With other samples finished first, and other ones under way when it is decided."""
        more = (*self.RULES, "--sequential", "--policy", "full_history", "--policy", "majority_vote:n=3")
        seen = set()
        for concurrency in (1, 500):
            for jobs in (0, 2):
                done = self.longhaul(*self.args(*more, "--concurrency", concurrency, "--jobs", jobs, samples=600, model=SIM + ",latency_ms=100,latency_spread=1"),
                                     "--json", "-", "--no-timing")
                self.assertEqual(done.code, 0, str(done))
                seen.add(done.raw)
                self.assertEqual(self.plain("report", "g.db"), done.raw)
                self.assertEqual(self.longhaul("gate", "g.db", "--json", "-", "--no-timing").raw, done.raw)
                self.path("g.db").unlink()
        self.assertEqual(len(seen), 1)

    def test_is_the_fixed_runs_beginning(self):
        """Everything but the gates is what a run of so many samples shows."""
        sequential = json.loads(self.plain(*self.args(*self.RULES, "--sequential", samples=900)))
        n = sequential["conditions"][0]["samples"]
        fixed = json.loads(self.plain(*self.args(samples=n, file="f.db")))
        self.assertEqual(sequential["conditions"], fixed["conditions"])
        self.assertEqual(sequential["run"], fixed["run"])

    def test_fails_with_several_rules_need_more(self):
        alone = self.run_gated("turn_accuracy(5) <= 0.9", code=1, more=("--sequential",), samples=1000)
        many = self.run_gated("turn_accuracy(5) <= 0.9", *[f"turn_accuracy({t}) >= 0.5" for t in range(1, 10)], code=1, more=("--sequential",), samples=1000)
        self.assertEqual((alone[0]["verdict"], many[0]["verdict"]), ("fail", "fail"))
        self.assertGreater(many[0]["decided_at"], alone[0]["decided_at"])

    def test_other_certainties(self):
        strict = self.run_gated("turn_accuracy(5) >= 0.9", more=("--sequential=0.001",), samples=1000)
        loose = self.run_gated("turn_accuracy(5) >= 0.9", more=("--sequential=0.2",), samples=1000)
        self.assertGreater(strict[0]["decided_at"], loose[0]["decided_at"])
        self.assertEqual((strict[0]["level"], loose[0]["level"]), (0.999, 0.8))
        self.assertIn("(80 % interval)", loose[0]["message"])
        for bad in ("0", "1", "x", "-1"):
            self.refuse(self.args("--gate", "turn_accuracy(5) >= 0.9", f"--sequential={bad}", file="n.db"), ("--sequential=", "0.05"))

    def test_goes_to_the_end_undecided(self):
        [g] = self.run_gated("turn_accuracy(6) >= 0.97", code=3, more=("--sequential",), samples=300)
        self.assertEqual((g["verdict"], g["decided_at"], g["samples"]), ("inconclusive", None, 300))
        self.assertIn("sequential: not decided after 300 of 300 samples", g["message"])

    def test_needs_gates_and_enough_samples(self):
        self.refuse(self.args("--sequential"), ("--sequential", "name at least one"))
        self.refuse(self.args("--sequential", "--gate", "malformed <= 0.01", samples=500), ("whatever 500 samples show", "at least 565"))
        self.refuse(self.args("--sequential", "--gate", "turn_accuracy(1) >= 0.9", samples=53), ("at least 54",))
        self.run_gated("turn_accuracy(1) >= 0.9", more=("--sequential",), samples=54, model="sim:accuracy=1")

    def test_tokens_wait_for_the_planned_end(self):
        gates = self.run_gated("turn_accuracy(1) >= 0.5", "tokens_per_turn <= 2000", more=("--sequential",), samples=200)
        self.assertEqual(self.verdicts(gates), ["pass", "pass"])
        self.assertEqual([g["sequential"] for g in gates], [True, False])
        self.assertEqual(gates[1]["samples"], 200)
        self.run_gated("turn_accuracy(1) >= 0.5", more=("--sequential",), samples=200)
        [late] = self.gates("g.db", "tokens_per_turn <= 2000", code=3)
        self.assertIn("the run stopped early", late["message"])

    def test_other_rules_on_a_run_that_stopped(self):
        self.run_gated("turn_accuracy(5) >= 0.93", more=("--sequential",), samples=2000)
        n = self.report("report", "g.db")["conditions"][0]["samples"]
        [g] = self.gates("g.db", "horizon(0.5) >= 5")
        self.assertTrue(g["sequential"] and g["verdict"] == "pass" and g["decided_at"] <= n)
        [g] = self.gates("g.db", "turn_accuracy(6) >= 0.98", code=3)
        self.assertTrue(g["sequential"] and g["verdict"] == "inconclusive" and g["samples"] == n)

    def test_what_was_cut_off(self):
        """Samples without an answer hold a decision up, and many of them prevent it."""
        whole = self.run_gated("turn_accuracy(1) >= 0.9", more=("--sequential",), samples=400, model="sim:accuracy=1")
        some = self.run_gated("turn_accuracy(1) >= 0.9", more=("--sequential",), samples=400, model="sim:accuracy=1,failed=0.02")
        self.assertEqual((whole[0]["decided_at"], some[0]["verdict"]), (54, "pass"))
        self.assertGreater(some[0]["decided_at"], 54)
        [g] = self.run_gated("horizon(0.9) >= 10", code=4, more=("--sequential",), samples=400, model="sim:accuracy=1,failed=0.04")
        self.assertEqual(g["verdict"], "infrastructure")

    def test_a_policy_error_decides(self):
        self.write("bad.lua", "return { api = 1, summary = 'fails', turn = function(ep, history)\n"
                   "if ep.index == 20 then error('no') end\nreturn ep:ask(history:view()) end }")
        [g] = self.run_gated("turn_accuracy(1) >= 0.9", code=1, more=("--sequential", "--policy", "./bad.lua"), samples=400)
        self.assertEqual((g["verdict"], g["decided_at"], g["policy_errors"]), ("fail", 21, 1))

    def test_made_histories(self):
        more = ("--sequential", "--history", "clean", "--history", "injected:rate=0.5", "--probe-turns", "1,20")
        model = "sim:accuracy=0.98,self_conditioning=5"
        for concurrency in (1, 100):
            [g] = self.run_gated("self_conditioning_loss(0.5) <= 0.02", code=1, more=(*more, "--concurrency", concurrency), samples=1500, turns=20, model=model)
            self.assertEqual(g["verdict"], "fail")
            self.assertLess(g["decided_at"], 1000)
            self.assertGreater(g["ci"][0], 0.02)
            self.assertEqual(self.gates("g.db", code=1), [g])

    def test_resumed_with_more_samples(self):
        """Undecided at its planned end, it goes on where it was."""
        rule = "turn_accuracy(5) >= 0.965"
        [g] = self.run_gated(rule, code=3, more=("--sequential",), samples=250)
        [more] = self.run_gated(rule, more=("--sequential", "--resume"), samples=6000)
        self.path("g.db").unlink()
        [once] = self.run_gated(rule, more=("--sequential",), samples=6000)
        self.assertEqual((g["verdict"], more["verdict"]), ("inconclusive", "pass"))
        self.assertEqual(more, once)


class Wrong(Gates):
    unsanitized = True

    def test_seldom_at_the_limit(self):
        """The accuracy is exactly the limit, so either verdict is wrong: 2.5 % a side at most. More than 6 of 50 happens once in 3,000 times."""
        passed = failed = 0
        for seed in range(50):
            done = self.longhaul("run", "--task", "kv_sum:keys=10", "--model", "sim:accuracy=0.97", "--turns", 1, "--samples", 600, "--seed", seed, "-o", "none", "--quiet",
                                 "--gate", "turn_accuracy(1) >= 0.97", "--sequential", "--json", "-", "--no-timing")
            verdict = self.check_report(done)["gates"][0]["verdict"]
            self.assertEqual(done.code, {"pass": 0, "fail": 1, "inconclusive": 3}[verdict])
            passed += verdict == "pass"
            failed += verdict == "fail"
        print(f"accuracy 0.97 against a limit of 0.97, looked at after each of 600 samples: {passed} of 50 passed, {failed} failed")
        self.assertLessEqual(passed, 6)
        self.assertLessEqual(failed, 6)


if __name__ == "__main__":
    lhcli.unittest.main()
