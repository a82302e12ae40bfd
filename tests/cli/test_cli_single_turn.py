"""--single-turn: the most steps in one turn, as a search whose every try is a run of the file."""
import json
import math
import os
import re
import signal
import sqlite3
import time

import lhcli
import lhlive


class Searches(lhlive.Case, lhcli.Refusals):
    def args(self, *more, model="sim:accuracy=0.9", task="kv_sum:keys=10", file="s.db"):
        return ("run", "--single-turn", "--task", task, "--model", model, "--quiet", "-o", file, *more)

    def search(self, *more, code=0, **named):
        done = self.longhaul(*self.args(*more, **named), "--json", "-", "--no-timing")
        self.assertEqual(done.code, code, str(done))
        return self.check(lhcli.strict_json(done.out))

    def check(self, report):
        """What must hold of every search, whatever it found."""
        self.assertEqual((report["schema"], report["conditions"]), ("longhaul.report/1", []))
        for s in report["single_turn"]:
            tried = s["tried"]
            self.assertEqual(len({t["k"] for t in tried}), len(tried), "a K was tried twice")
            passed = [t["k"] for t in tried if t["verdict"] == "pass"]
            failed = [t["k"] for t in tried if t["verdict"] == "fail"]
            self.assertEqual((s["passed"], s["failed"]), (max(passed, default=None), min(failed, default=None)))
            for j, t in enumerate(tried, 1):
                self.assertLessEqual(t["samples"] + t["censored"], s["cap"])
                self.assertGreaterEqual(t["calls"] + t["policy_errors"], t["samples"])
                if t["samples"]:
                    self.assertEqual(t["accuracy"], t["correct"] / t["samples"])
                    self.assertTrue(t["ci"][0] <= t["accuracy"] <= t["ci"][1])
                if t["verdict"] == "pass" and t["correct"] == t["samples"]:          # the soonest that a try can pass
                    threshold = 2 * j * (j + 1) / 0.05
                    self.assertGreaterEqual(s["q"] ** -t["samples"], threshold)
        return report["single_turn"]

    def by_k(self, search):
        return {t["k"]: t for t in search["tried"]}


class One(Searches):
    unsanitized = True

    def test_all_families(self):
        """accuracy 0.9 a step: at 2 steps it is 0.81, at 3 0.729."""
        tasks = [line.split()[0] for line in self.good("list", "tasks").out.splitlines()]
        self.assertLessEqual({"kv_sum", "prefix_sum", "lookup", "kv_matmul"}, set(tasks))
        for task in tasks:
            [s] = self.search(task=task, file="none")
            self.assertEqual(s["end"], "over")
            self.assertTrue((s["passed"] or 0) <= 2 < s["failed"] <= 16, s)
            self.assertEqual(s["most"], 4096)

    def test_up_to_4096_steps(self):
        for task in ("kv_sum", "prefix_sum", "lookup", "kv_matmul"):
            [s] = self.search(task=task, model="sim:accuracy=1", file="none")
            self.assertEqual([t["k"] for t in s["tried"]], [2 ** i for i in range(13)])
            self.assertEqual((s["passed"], s["failed"], s["point_estimate"]), (4096, None, None))
            self.assertIn("At least 4096 steps are executed in one turn: more are not tried.", s["message"])

    def test_the_table(self):
        done = self.good(*self.args())
        [s] = self.check(lhcli.strict_json(self.plain("report", "s.db")))
        text = " ".join(done.out.split())
        self.assertIn(s["message"], text)
        self.assertIn("Accuracy is assumed not to rise with K.", text)
        self.assertIn("full_history, K steps in one turn, accuracy of at least 80 % wanted, seed 1", text)
        words = {"pass": "passed", "fail": "failed", "inconclusive": "undecided"}
        rows = [line.split() for line in done.out.splitlines() if re.match(r"\d+ +\d+ +\d+ ", line)]
        self.assertEqual([(int(r[0]), int(r[1]), int(r[2]), r[-1]) for r in rows],
                         sorted((t["k"], t["samples"], t["correct"], words[t["verdict"]]) for t in s["tried"]))
        self.assertNotIn("No conditions", done.out)
        narrow = self.longhaul("report", "s.db", env={"COLUMNS": "60", "LC_ALL": "C"})
        narrow.raw.decode("ascii")
        self.assertTrue(all(len(line) <= 60 for line in narrow.out.splitlines()), narrow.out)

    def test_the_same_everywhere(self):
        seen = set()
        for concurrency in (1, 500):
            for jobs in (0, 2):
                seen.add(self.plain(*self.args("--concurrency", concurrency, "--jobs", jobs)))
                seen.add(self.plain("report", "s.db"))
                self.path("s.db").unlink()
        self.assertEqual(len(seen), 1)
        self.assertEqual(self.plain(*self.args(file="none")), seen.pop())

    def test_samples_are_fresh(self):
        """The j-th K has the samples from (j - 1) cap on, and no two have one in common."""
        [s] = self.search("--cap", 150)
        rows = self.rows("s.db", "SELECT r.id, d.steps_per_turn, min(e.sample), max(e.sample) FROM run r JOIN condition d ON d.run = r.id JOIN episode e ON e.run = r.id"
                         " GROUP BY 1 ORDER BY 1")
        self.assertEqual([k for _, k, _, _ in rows], [t["k"] for t in s["tried"]])
        for j, (_, _, least, most) in enumerate(rows):
            self.assertEqual(least, 150 * j)
            self.assertLess(most, 150 * (j + 1))
        self.assertEqual(s["cap"], 150)

    def test_a_try_is_a_run_of_its_own(self):
        [s] = self.search()
        for j, t in enumerate(s["tried"], 1):
            report = lhcli.strict_json(self.plain("report", "s.db", "--run", j)) if t["verdict"] == "pass" else \
                lhcli.strict_json(self.longhaul("report", "s.db", "--run", j, "--json", "-", "--no-timing").out)
            [c] = report["conditions"]
            self.assertEqual((c["steps_per_turn"], c["turns"], c["samples"], c["turn_accuracy"]), (t["k"], 1, t["samples"], [t["accuracy"]]))
            [g] = report["gates"]
            self.assertEqual((g["rule"], g["verdict"], g["sequential"], g["planned"]), ("turn_accuracy(1) >= 0.8", t["verdict"], True, 200))
            self.assertAlmostEqual(g["level"], 1 - 0.05 / (j * (j + 1)), places=12)

    def test_a_grid_is_as_many_searches(self):
        more = ("--model", "sim:accuracy=0.98", "--policy", "full_history", "--policy", "majority_vote:n=3", "--task", "lookup")
        found = self.search(*more)
        self.assertEqual(len(found), 8)
        self.assertEqual([(s["task"], s["model_label"], s["policy_label"]) for s in found],
                         [(t, m, p) for t in ("kv_sum", "lookup") for m in ("sim:accuracy=0.9", "sim:accuracy=0.98") for p in ("full_history", "majority_vote:n=3")])
        [alone] = self.search(model="sim:accuracy=0.98", file="none")
        self.assertEqual(found[2], alone, "a search does not depend on others")
        self.assertEqual(self.check(lhcli.strict_json(self.plain("report", "s.db"))), found)

    def test_what_the_data_hold(self):
        rng = lhcli.stream(self.id())
        self.write("d.json", json.dumps(lhcli.data_set(rng, [11 + i % 3 for i in range(1300)])))
        [s] = self.search(task="kv_sum:dataset=d.json", model="sim:accuracy=1")
        self.assertEqual([t["k"] for t in s["tried"]], [1, 2, 4, 8, 11])              # the shortest rollout
        self.assertEqual((s["passed"], s["failed"], s["most"], s["end"]), (11, None, 11, "over"))
        self.assertIn("At least 11 steps are executed in one turn: the task has no more.", s["message"])
        self.write("d.json", json.dumps(lhcli.data_set(rng, [40] * 430)))
        self.path("s.db").unlink()
        [s] = self.search(task="kv_sum:dataset=d.json", model="sim:accuracy=1")
        self.assertEqual([t["k"] for t in s["tried"]], [1, 2])                         # 30 samples are left, and 32 needed
        self.assertEqual((s["passed"], s["failed"], s["end"]), (2, None, "no more samples"))
        self.assertIn("The data hold no further samples", s["message"])
        self.assertEqual(self.check(lhcli.strict_json(self.plain("report", "s.db"))), [s])
        self.refuse(self.args(task="kv_sum:dataset=small.json", file="n.db"), ("whatever 20 samples show", "at least 29"),
                    {"small.json": json.dumps(lhcli.data_set(rng, [40] * 20))})

    def test_limits_of_the_model_are_errors(self):
        """A prompt that does not fit, and a reply that is cut off."""
        [s] = self.search(task="kv_sum:keys=5", model="sim:accuracy=1,window=600", file="none")
        self.assertTrue(8 <= s["passed"] < s["failed"] <= 2 * s["passed"])
        self.assertEqual(self.by_k(s)[s["failed"]]["correct"], 0)
        [s] = self.search(model="sim:accuracy=1,thoughts=native,thought_tokens=80,max_tokens=40", file="none")
        self.assertEqual((s["passed"], s["failed"]), (None, 1))
        self.assertIn("Not even 1 step", s["message"])

    def test_what_is_cut_off_decides_nothing(self):
        [s] = self.search(model="sim:accuracy=1,failed=0.5", file="none")
        self.assertTrue(all(t["verdict"] == "infrastructure" and t["censored"] > 50 for t in s["tried"]))
        self.assertEqual((s["passed"], s["failed"]), (None, None))
        self.assertIn("Nothing is decided.", s["message"])
        [s] = self.search(model="sim:accuracy=0.9,failed=0.02", file="none")
        self.assertTrue((s["passed"] or 0) <= 2 < s["failed"])

    def test_other_accuracies(self):
        for q in ("q=0.5", "0.5"):
            [s] = self.search(f"--single-turn={q}", file="none")
            self.assertEqual(s["q"], 0.5)
            self.assertTrue(s["passed"] <= math.floor(math.log(0.5) / math.log(0.9)) < s["failed"])
        [apart] = self.search("--single-turn", "q=0.5", file="none")
        self.assertEqual(apart, s)
        self.write("e.lua", "return { tasks = { { 'kv_sum', keys = 10 } }, models = { 'sim:accuracy=0.9' }, single_turn = 0.5 }")
        done = self.longhaul("run", "e.lua", "-o", "none", "--quiet", "--json", "-", "--no-timing")
        self.assertEqual(self.check(lhcli.strict_json(done.out)), [s])

    def test_replay(self):
        """A search over the replies of one of its runs is no search; that run by itself replays."""
        self.search()
        done = self.longhaul("run", "--single-turn", "--task", "kv_sum:keys=10", "--model", "replay:s.db", "-o", "none", "--quiet")
        self.assertEqual(done.code, 2, str(done))

    def test_dry_run(self):
        done = self.good(*self.args("--dry-run", "--model", "sim"))
        self.assertIn("Nothing is sent", done.out)
        self.assertIn("from 29 samples on and 200 at most", " ".join(done.out.split()))
        self.assertIn("for 2 combinations", done.out)
        self.assertFalse(self.path("s.db").exists())

    def test_resuming_one_that_is_over_changes_nothing(self):
        found = self.search()
        runs = self.rows("s.db", "SELECT count(*) FROM run")
        self.assertEqual(self.search("--resume"), found)
        self.assertEqual(self.rows("s.db", "SELECT count(*) FROM run"), runs)
        again = self.search()                                                         # simulated: nothing was paid for
        self.assertEqual(again, found)
        self.assertEqual(self.rows("s.db", "SELECT count(*) FROM run")[0][0], 2 * runs[0][0])
        self.assertEqual(self.check(lhcli.strict_json(self.plain("report", "s.db"))), found)

    def test_the_newest_run_says_what_is_reported(self):
        self.search()
        self.good("run", "--turns", 3, "--samples", 5, "-o", "s.db", "--quiet")
        self.assertNotIn("single_turn", lhcli.strict_json(self.plain("report", "s.db")))
        self.search()
        self.assertIn("single_turn", lhcli.strict_json(self.plain("report", "s.db")))

    def test_resumed_after_some_of_its_runs(self):
        """What is in the file is not executed again; a run in the middle of which it stopped is gone on with."""
        whole = self.search()
        cut = len(whole[0]["tried"]) // 2
        db = sqlite3.connect(self.path("s.db"))
        db.execute("DELETE FROM call WHERE episode IN (SELECT id FROM episode WHERE run > ? OR (run = ? AND sample % 3 = 0))", (cut, cut))
        db.execute("DELETE FROM message WHERE episode IN (SELECT id FROM episode WHERE run > ? OR (run = ? AND sample % 3 = 0))", (cut, cut))
        db.execute("DELETE FROM episode WHERE run > ? OR (run = ? AND sample % 3 = 0)", (cut, cut))
        db.execute("DELETE FROM condition WHERE run > ?", (cut,))
        db.execute("DELETE FROM run WHERE id > ?", (cut,))
        db.execute("UPDATE run SET status = 'stopped', cause = 'interrupted' WHERE id = ?", (cut,))
        db.commit()
        db.close()
        done = self.longhaul("report", "s.db")
        self.assertIn("NOT DONE (interrupted)", done.out)
        self.assertIn("The search is not over.", " ".join(done.out.split()))
        self.assertEqual(self.search("--resume"), whole)
        self.assertEqual(self.check(lhcli.strict_json(self.plain("report", "s.db"))), whole)

    def test_a_changed_policy_is_no_part_of_it(self):
        self.write("p.lua", "return { api = 1, summary = 'all', view = function(ep, history) return history:view() end }")
        whole = self.search("--policy", "./p.lua")
        db = sqlite3.connect(self.path("s.db"))
        last = db.execute("SELECT max(id) FROM run").fetchone()[0]
        for table in ("call", "message"):
            db.execute(f"DELETE FROM {table} WHERE episode IN (SELECT id FROM episode WHERE run = ?)", (last,))
        for table, column in (("episode", "run"), ("condition", "run"), ("run", "id")):
            db.execute(f"DELETE FROM {table} WHERE {column} = ?", (last,))
        db.commit()
        db.close()
        self.write("p.lua", "return { api = 1, summary = 'all of it', view = function(ep, history) return history:view() end }")
        done = self.longhaul(*self.args("--policy", "./p.lua", "--resume"))
        self.assertEqual(done.code, 2, str(done))
        self.assertIn("has changed while search", done.err)
        self.assertGreater(len(whole[0]["tried"]), 1)

    def test_policies_that_fail(self):
        self.write("bad.lua", "return { api = 1, summary = 'fails', view = function(ep, history) if ep.index % 40 == 5 then error('no') end return history:view() end }")
        [s] = self.search("--policy", "./bad.lua", model="sim:accuracy=1", file="none")
        self.assertEqual((s["failed"], s["tried"][0]["policy_errors"]), (1, 1))

    def test_hostile_files(self):
        self.search()
        db = sqlite3.connect(self.path("s.db"))
        last, text = db.execute("SELECT id, settings FROM run ORDER BY id DESC LIMIT 1").fetchone()
        settings = json.loads(text)

        def put(**more):
            db.execute("UPDATE run SET settings = ? WHERE id = ?", (json.dumps({**settings, "search": {**settings["search"], **more}}), last))
            db.commit()
        for name, values in {"id": (0, -1, "x"), "key": ("", "x"), "index": (-1, 1, 1e9), "of": (0, 1e9), "stage": (0, 65), "q": (0, 1, "x"), "cap": (0, 1e9),
                             "steps_most": (-1,), "samples_most": (-1, None)}.items():
            for value in values:
                put(**{name: value})
                self.refuse(("report", "s.db"), ("name a search",), code=5)
        put(q=0.7)
        self.refuse(("report", "s.db"), ("do not belong together",), code=5)
        put(stage=60)                                                                 # a gap: what comes before it counts
        self.assertEqual(self.longhaul("report", "s.db").code, 0)
        put()
        db.execute("UPDATE condition SET turns = 2 WHERE run = ?", (last,))
        db.commit()
        self.refuse(("report", "s.db"), ("no try of a search",), code=5)
        db.close()


class Refused(Searches):
    def test_refusals(self):
        for option, value in (("--turns", 5), ("--samples", 50), ("--steps-per-turn", 2), ("--steps", 10), ("--history", "clean"), ("--gate", "horizon(0.5) >= 1"),
                              ("--sample", 1)):
            self.refuse(self.args(option, value), ("--single-turn searches by itself", option))
        self.refuse(self.args("--sequential"), ("--sequential",))
        self.refuse(self.args("--stop-at-error"), ("--stop-at-error",))
        for q in ("0", "1", "q=x", "q=2", "nan"):
            self.refuse(self.args(f"--single-turn={q}"), ("between 0 and 1",))
        self.refuse(self.args("--single-turn=0.95"), ("200 samples a number of steps could not show that", "--cap"))
        self.refuse(self.args("--cap", 20), ("20 samples", "--cap"))
        self.refuse(self.args("--cap", 0), ("--cap 0",))
        self.refuse(self.args("--resume"), ("--resume", "holds no search like this one"))
        self.refuse(self.args("--resume", file="none"), ("none keeps nothing",))
        self.refuse(self.args("--resume", "--new"), ("give one of them",))

    def test_other_commands(self):
        self.good(*self.args())
        self.refuse(("gate", "s.db"), ("no gates of its own",))
        self.refuse(("gate", "s.db", "turn_accuracy(1) >= 0.5"), ("belongs to a search", "--run ID"))
        self.assertEqual(self.longhaul("gate", "s.db", "--run", 1).code, 0)
        self.refuse(self.args("--resume", "--seed", 7), ("holds no search like this one",))
        self.refuse(self.args("--resume", "--cap", 100), ("holds no search like this one",))


class Live(Searches):
    SIM = "sim:accuracy=0.9,luck=shared"

    def begin(self, *options):
        self.server = self.serve("--task", "kv_sum:keys=10", "--steps-per-turn", 0, "--sim", "sim:accuracy=0.9", *options)
        self.calm = self.without_model(self.search(file="calm.db"))

    def without_model(self, searches):
        for s in searches:
            for name in ("model", "model_options", "model_label"):
                s.pop(name)
            for t in s["tried"]:
                for name in ("tokens_in", "tokens_out", "attempts", "usd"):
                    t.pop(name)
        return searches

    def live(self, *more):
        return self.args("--json", "k.json", "--no-timing", *more, model=self.model(self.server), file="k.db")

    def check_end(self):
        self.assertEqual(self.without_model(self.check(lhcli.strict_json(self.path("k.json").read_text()))), self.calm)
        self.assertEqual(self.without_model(self.check(lhcli.strict_json(self.plain("report", "k.db")))), self.calm)

    def test_the_same_as_in_process(self):
        self.begin("--latency-ms", 4, "--latency-spread", 1)
        for jobs in (0, 2):
            self.good(*self.live("--jobs", jobs, "--concurrency", 100))
            self.check_end()
            self.path("k.db").unlink()

    def test_budgets_are_the_searchs(self):
        """Every request that the server sees counts, those under way when a try is decided too."""
        self.begin("--latency-ms", 10, "--latency-spread", 1)
        calls = sum(t["calls"] for t in self.calm[0]["tried"])
        asked = self.server.settle()
        for most in range(100, calls + 300, 100):
            done = self.longhaul(*self.live("--max-calls", most, "--concurrency", 16, *(["--resume"] if self.path("k.db").exists() else [])))
            total = len(list(self.server.asked(asked)))
            self.assertLessEqual(total, most)
            if done.code == 0:
                break
            self.assertEqual(done.code, 4, str(done))
            self.assertIn("--max-calls", done.err)
            self.assertIn("The search is not over.", " ".join(self.longhaul("report", "k.db").out.split()))
        self.assertEqual(done.code, 0, "it never came to its end")
        self.assertGreater(most, 300)
        self.check_end()

    def test_an_unfinished_one_is_not_begun_again(self):
        self.begin()
        self.assertEqual(self.longhaul(*self.live("--max-calls", 60)).code, 4)
        done = self.longhaul(*self.live())
        self.assertEqual(done.code, 2, str(done))
        self.assertIn("--resume", done.err)
        self.good(*self.live("--new"))
        self.check_end()

    def test_killed_and_gone_on_with(self):
        luck = lhcli.stream("kill", self.id())
        self.begin("--latency-ms", 5, "--latency-spread", 1)
        kills = 0
        for life in range(60):
            mark = f"{self.id()}-{os.getpid()}-{life}"
            begun = self.path("k.db").exists() and self.longhaul("list", "runs", "k.db").out.strip()
            asked = self.server.settle()
            p = self.start(*self.live("--jobs", luck.choice((0, 1)), "--concurrency", 16, *(["--resume"] if begun else [])), mark=mark)
            if life < 15:
                wanted = luck.randint(1, 80) * 60
                lhlive.wait_for(lambda: p.poll() is not None or self.server.log.stat().st_size >= asked + wanted, "requests")
                time.sleep(luck.uniform(0, 0.004))
            else:
                p.wait(timeout=lhcli.HANG)
            if p.poll() is None:
                p.send_signal(signal.SIGKILL)
                kills += 1
            out, err = p.communicate(timeout=lhcli.HANG)
            lhlive.wait_for(lambda: not lhlive.processes(mark), "the end of what was killed")
            if p.returncode == 0:
                break
            self.assertEqual(p.returncode, -signal.SIGKILL, f"{out.decode()}{err.decode()}")
        self.assertGreater(kills, 5)
        self.check_end()

    def test_interrupted(self):
        self.begin("--latency-ms", 20)
        asked = self.server.settle()
        p = self.start(*self.live("--concurrency", 4))
        lhlive.wait_for(lambda: self.server.log.stat().st_size >= asked + 60 * 60, "requests")
        p.send_signal(signal.SIGINT)
        done = self.ended(p)
        self.assertEqual(done.code, 130, str(done))
        report = lhcli.strict_json(self.path("k.json").read_text())
        self.assertEqual((report["run"]["status"], report["single_turn"][0]["end"]), ("stopped", "not done"))
        self.good(*self.live("--resume"))
        self.check_end()


if __name__ == "__main__":
    lhlive.unittest.main()
