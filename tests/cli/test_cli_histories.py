"""Made histories: what the model is sent, worked out again from nothing but the messages themselves."""
import json
import re
import sqlite3
import subprocess
import unittest

from lhcli import SOURCE, Case

ANSWER = re.compile(r"<answer>(.*?)</answer>")
MADE = ("restated", "filler", "clean", "injected:rate=0.5", "propagated:rate=0.5")


class Sent:
    """The messages of one request to a kv_sum model, and the totals that they call for."""

    def __init__(self, text):
        messages = json.loads(text)["messages"]
        self.system = messages[0]["content"]
        self.rest = messages[1:]
        self.values = json.loads(self.system[self.system.rindex("{"):])
        self.prompts = [m["content"] for m in self.rest if m["role"] == "user"]
        self.replies = [m["content"] for m in self.rest if m["role"] == "assistant"]

    def added(self, prompt):
        return sum(self.values[k.strip()] for k in prompt.split(","))

    def totals(self, prompts):
        total, out = 0, []
        for p in prompts:
            total += self.added(p)
            out.append(total)
        return out

    def answers(self):
        return [int(ANSWER.findall(r)[-1]) for r in self.replies]


class Histories(Case):
    unsanitized = True

    def run_file(self, *histories, turns=20, samples=6, policy="full_history", extra=()):
        args = ["run", "--turns", turns, "--samples", samples, "--policy", policy, "-o", "h.db"]
        for h in histories:
            args += ["--history", h]
        return self.report(*args, *extra)

    def sent(self, history, sample=0, turn=20, policy="full_history"):
        done = self.good("transcript", "h.db", sample, "--history", history, "--probe", turn, "--turn", turn, "--policy", policy, "--as-sent")
        return Sent(done.out)

    def sql(self, query, *args):
        with sqlite3.connect(self.path("h.db")) as db:
            return db.execute(query, args).fetchall()

    # ---- what is sent ----

    def test_clean_is_the_tasks_own_turns_with_true_answers(self):
        self.run_file("clean")
        for sample in range(6):
            s = self.sent("clean", sample)
            self.assertEqual(len(s.prompts), 20)
            self.assertEqual(s.answers(), s.totals(s.prompts[:-1]))
            self.assertTrue(all(ANSWER.fullmatch(r) for r in s.replies))

    def test_injected_answers_are_wrong_each_by_itself_and_nested_in_the_rate(self):
        rates = ("0", "0.25", "0.5", "1")
        self.run_file("clean", "injected:rate=" + ",".join(rates), samples=20)
        wrong = {r: set() for r in rates}
        values = {}
        for sample in range(20):
            for r in rates:
                s = self.sent(f"injected:rate={r}", sample)
                for turn, (a, t) in enumerate(zip(s.answers(), s.totals(s.prompts[:-1]))):
                    if a != t:
                        wrong[r].add((sample, turn))
                        self.assertEqual(values.setdefault((sample, turn), a), a)      # the same slip at every rate
            self.assertEqual(self.sent("injected:rate=0", sample).rest, self.sent("clean", sample).rest)
        self.assertEqual(len(wrong["0"]), 0)
        self.assertEqual(len(wrong["1"]), 20 * 19)                # never by chance right
        self.assertLess(wrong["0.25"], wrong["0.5"])
        self.assertLess(wrong["0.5"], wrong["1"])
        self.assertTrue(60 <= len(wrong["0.25"]) <= 130, len(wrong["0.25"]))               # 380 draws: 95 ± 4 s.d.
        self.assertTrue(150 <= len(wrong["0.5"]) <= 230, len(wrong["0.5"]))

    def test_propagated_updates_are_wrong_and_carried_on(self):
        self.run_file("propagated:rate=0.3,1", samples=20)
        slips = 0
        for sample in range(20):
            for rate in ("0.3", "1"):
                s = self.sent(f"propagated:rate={rate}", sample)
                before = 0
                for prompt, answer in zip(s.prompts, s.answers()):
                    slipped = answer != before + s.added(prompt)
                    self.assertTrue(slipped or rate != "1")
                    slips += slipped and rate == "0.3"
                    before = answer
        self.assertTrue(78 <= slips <= 150, slips)                # 380 draws: 114 ± 4 s.d.

    def test_last_keeps_the_answer_before_the_probe_true(self):
        self.run_file("injected:rate=1,last=true", "propagated:rate=1,last=true")
        for history in ("injected:rate=1,last=true", "propagated:rate=1,last=true"):
            s = self.sent(history)
            truth = s.totals(s.prompts[:-1])
            self.assertEqual(s.answers()[-1], truth[-1])
            self.assertNotEqual(s.answers()[-2], truth[-2])

    def test_filler_is_as_long_as_what_it_stands_for_and_of_nothing(self):
        r = self.run_file("clean", "filler", turns=40, extra=("--steps-per-turn", 3))
        for sample in range(6):
            clean, filler = self.sent("clean", sample, 40), self.sent("filler", sample, 40)
            self.assertEqual([len(m["content"]) for m in filler.rest], [len(m["content"]) for m in clean.rest])
            self.assertEqual([m["role"] for m in filler.rest], [m["role"] for m in clean.rest])
            self.assertEqual(filler.rest[-2:], clean.rest[-2:])   # the true state at the place of the last answer, the prompt
            for text in [m["content"] for m in filler.rest[:-2]]:
                self.assertNotIn("<", text)
                self.assertFalse(set(re.findall(r"\w+", text)) & set(clean.values) or any(c.isdigit() for c in text), text)
        for ratio, in self.sql("SELECT history_ratio FROM episode JOIN condition AS c ON c.id = condition WHERE c.history = 'filler' AND probe = 40"):
            self.assertEqual(ratio, 1.0)
        tokens = {c["history"]: c["cost"]["tokens_in"] for c in r["conditions"]}
        self.assertEqual(tokens["clean"], tokens["filler"])

    def test_restated_has_no_history(self):
        self.run_file("clean", "restated")
        clean, s = self.sent("clean"), self.sent("restated")
        self.assertEqual(len(s.rest), 1)
        before, prompt = s.prompts[0].rsplit("\n\n", 1)
        self.assertEqual(prompt, clean.prompts[-1])
        self.assertEqual(int(ANSWER.findall(before)[0]), clean.answers()[-1])

    def test_the_first_turn_has_nothing_before_it(self):
        self.run_file("own", *MADE)
        for history in MADE:
            s = self.sent(history, 2, 1)
            self.assertEqual(len(s.rest), 1, history)
            self.assertNotIn("<answer>", s.rest[0]["content"])

    def test_matching_thoughts_lead_to_the_answer_given(self):
        self.run_file("injected:rate=0.5,thoughts=matching", extra=("--steps-per-turn", 2))
        s = self.sent("injected:rate=0.5,thoughts=matching")
        for reply, answer in zip(s.replies, s.answers()):
            reasoning = reply[:reply.index("<answer>")].strip().splitlines()
            self.assertEqual(len(reasoning), 2)
            self.assertTrue(reasoning[-1].endswith(f"= {answer}."), reply)
        self.assertNotEqual(s.answers(), s.totals(s.prompts[:-1]))

    def test_a_policy_sees_a_made_history_as_any_other(self):
        self.run_file("injected:rate=1", policy="window:n=3")
        whole = self.run_file("injected:rate=1", extra=("--new",))
        del whole
        full = self.sent("injected:rate=1")
        done = self.good("run", "--history", "injected:rate=1", "--turns", 20, "--samples", 1, "--policy", "window:n=3", "-o", "w.db")
        del done
        windowed = Sent(self.good("transcript", "w.db", 0, "--turn", 20, "--as-sent").out)
        self.assertEqual(windowed.rest, full.rest[-7:])

    def test_healing_leaves_no_error_in_view(self):
        self.run_file("injected:rate=0.5", "filler", policy="heal")
        s = self.sent("injected:rate=0.5", policy="heal")
        self.assertEqual(s.answers(), s.totals(s.prompts[:-1]))
        self.assertEqual(sum("<answer>" in r for r in self.sent("filler", policy="heal").replies), 1)

    # ---- what is recorded ----

    def test_exposure_is_what_the_messages_show(self):
        self.run_file("clean", "injected:rate=0.5", "propagated:rate=0.5", "filler")
        for history in ("clean", "injected:rate=0.5", "propagated:rate=0.5"):
            for sample in range(6):
                s = self.sent(history, sample)
                got = self.sql("SELECT exposure_update, exposure_state, exposure_unusable FROM call JOIN episode AS e ON e.id = episode"
                               " JOIN condition AS c ON c.id = e.condition WHERE c.history = ? AND sample = ? AND probe = 20", history, sample)[0]
                answers, truth = s.answers(), s.totals(s.prompts[:-1])
                updates = [b != a + s.added(p) for a, b, p in zip(answers, answers[1:], s.prompts[1:])]
                self.assertAlmostEqual(got[0], sum(updates) / len(updates))
                self.assertAlmostEqual(got[1], sum(a != t for a, t in zip(answers, truth)) / len(answers))
                self.assertEqual(got[2], 0)
        self.assertEqual(self.sql("SELECT DISTINCT exposure_unusable FROM call JOIN episode AS e ON e.id = episode JOIN condition AS c"
                                  " ON c.id = e.condition WHERE c.history = 'filler' AND probe = 20"), [(18 / 19,)])

    def test_the_truth_is_never_altered(self):
        self.run_file("own", *MADE)
        truths = self.sql("SELECT sample, turn, count(DISTINCT truth) FROM turn GROUP BY sample, turn")
        self.assertEqual({n for _, _, n in truths}, {1})
        s = self.sent("clean", 3)
        self.assertEqual(self.sql("SELECT DISTINCT truth FROM turn WHERE sample = 3 AND turn = 20"), [(str(s.totals(s.prompts)[-1]),)])

    def test_one_call_a_sample_and_probed_turn_and_no_history_in_the_file(self):
        r = self.run_file(*MADE, samples=5, extra=("--probe-turns", "1,7,last"))
        for c in r["conditions"]:
            self.assertEqual(c["cost"]["calls"], 15)
            self.assertEqual([t + 1 for t, n in enumerate(c["observed"]) if n], [1, 7, 20])
            self.assertEqual([n for n in c["observed"] if n], [5, 5, 5])
            self.assertIsNone(c["task_accuracy"][19])
            self.assertIsNone(c["horizon"][0]["turns"])
            self.assertEqual(c["censored"], 0)
        self.assertEqual(self.sql("SELECT count(*) FROM message"), [(len(MADE) * 15 * 2,)])        # prompt and reply

    def test_every_turn_may_be_asked(self):
        r = self.run_file("clean", turns=12, extra=("--probe-turns", "all"))
        self.assertEqual(r["conditions"][0]["observed"], [6] * 12)
        self.assertEqual(r["conditions"][0]["cost"]["calls"], 72)

    # ---- the same again ----

    def test_same_at_any_concurrency_with_workers_and_replayed(self):
        args = ["run", "--turns", 15, "--samples", 12, "--policy", "full_history", "--policy", "heal", "--policy", "state_carry", "--no-timing"]
        for h in ("own", *MADE):
            args += ["--history", h]
        one = self.good(*args, "--concurrency", 1, "-o", "one.db", "--json", "-").out
        self.assertEqual(self.good(*args, "--concurrency", 300, "-o", "none", "--json", "-").out, one)
        self.assertEqual(self.good(*args, "--jobs", 2, "-o", "none", "--json", "-").out, one)
        self.assertEqual(self.good("report", "one.db", "--json", "-", "--no-timing").out, one)
        again = json.loads(self.good(*args, "--model", "replay:one.db", "-o", "none", "--json", "-").out)
        for a, b in zip(json.loads(one)["conditions"], again["conditions"]):
            self.assertEqual((a["history"], a["outcomes"], a["exposure"], a["cost"]), (b["history"], b["outcomes"], b["exposure"], b["cost"]))

    def test_a_history_that_is_not_what_it_was_is_not_shown(self):
        self.run_file("clean")
        with sqlite3.connect(self.path("h.db")) as db:
            db.execute("UPDATE episode SET history_hash = history_hash + 1")
        done = self.longhaul("transcript", "h.db", 0)
        self.assertNotEqual(done.code, 0)
        self.assertIn("is not what it was", done.err)

    def test_a_data_set_that_is_not_what_it_was_is_noticed(self):
        data = (SOURCE / "tests" / "data" / "scored_example" / "dataset.json").read_text()
        self.write("d.json", data)
        self.good("run", "--task", "kv_sum:dataset=d.json", "--history", "restated", "-o", "h.db")
        self.good("transcript", "h.db", 1)
        self.write("d.json", data.replace("chart", "chalk"))
        self.assertIn("is not what it was", self.longhaul("transcript", "h.db", 1).err)
        self.path("d.json").unlink()
        self.assertIn("from the folder that they were named from", self.longhaul("transcript", "h.db", 1).err)

    def test_a_family_of_ones_own_makes_its_histories_again(self):
        subprocess.run(["cc", "-shared", "-fPIC", "-fvisibility=hidden", f"-I{SOURCE}/core/include", "-o", self.path("own.so"),
                        SOURCE / "scripts" / "templates" / "task" / "my_task.c"], check=True)
        self.good("run", "--plugin", "./own.so", "--task", "my_task", "--model", "sim:accuracy=0.3", "--history", "injected:rate=0.5", "--turns", 5, "--samples", 2,
                  "-o", "h.db", "--html", "run.html", "--no-timing")
        self.assertEqual(self.longhaul("transcript", "h.db", 1).code, 2)
        self.assertIn("(made)", self.good("transcript", "h.db", 1, "--plugin", "./own.so").out)
        self.good("report", "h.db", "--plugin", "./own.so", "--html", "report.html", "--no-timing")
        self.good("report", "h.db", "--html", "without.html", "--no-timing")
        none = self.longhaul("report", "h.db", "--plugin", "none.so")
        self.assertEqual((none.code, none.out), (2, ""))
        self.assertIn("--plugin none.so: No such file", none.err)
        pages = [self.path(n).read_text() for n in ("run.html", "report.html", "without.html")]
        self.assertIn("<summary>sample ", pages[0])
        self.assertEqual(pages[0], pages[1])
        self.assertNotIn("<summary>sample ", pages[2])
        self.assertIn("--plugin names the file", pages[2])

    def test_a_state_is_not_told_twice(self):
        for policy in ("reset", "state_carry"):
            self.run_file("restated", policy=policy, extra=("--new",))
            self.assertEqual(self.sent("restated", policy=policy).prompts[0].count("<answer>"), 1)

    def test_a_policys_own_bookkeeping_goes_on(self):
        self.write("count.lua", """
            return {
              api = 1, summary = "Counts how often it is asked for a view.",
              start = function(ep) ep.state.n = 0 end,
              view = function(ep, history) ep.state.n = ep.state.n + 1; return history:view() end,
              finish = function(ep) return { views = ep.state.n } end,
            }""")
        r = self.run_file("clean", policy="./count.lua", extra=("--probe-turns", "12"))
        self.assertEqual(r["conditions"][0]["columns"][0]["mean"], 12)
        self.write("turn.lua", """
            return {
              api = 1, summary = "Counts its turns.",
              start = function(ep) ep.state.n = 0 end,
              turn = function(ep, history) ep.state.n = ep.state.n + 1; return ep:ask(history:view()) end,
              finish = function(ep) return { turns = ep.state.n } end,
            }""")
        r = self.report("run", "--history", "clean", "--policy", "./turn.lua", "--turns", 20, "--samples", 3, "-o", "none", "--probe-turns", "12")
        self.assertEqual(r["conditions"][0]["columns"][0]["mean"], 1)

    def test_a_policy_that_fails_on_the_way_fails_the_probed_turn(self):
        self.write("bad.lua", """
            return { api = 1, summary = "Fails at its third view.",
              view = function(ep, history) if ep.turn == 3 then error("no more") end return history:view() end }""")
        r = self.run_file("clean", policy="./bad.lua", samples=4)
        c = r["conditions"][0]
        self.assertEqual(c["policy_errors"], 4)
        self.assertEqual(c["outcomes"]["correct"][0], 1)
        self.assertEqual(c["outcomes"]["policy_error"][19], 1)
        self.assertEqual(c["observed"][2], 0)
        self.assertIn("bad.lua:3", c["causes"][0]["cause"])

    def test_an_experiment_file_names_them_too(self):
        self.write("e.lua", """
            return { turns = 10, samples = 3, histories = { "clean", { "injected", rate = { 0.25, 1 }, last = true } }, probe_turns = { 1, 5, "last" } }""")
        r = self.report("run", "e.lua", "-o", "none")
        self.assertEqual([c["history"] for c in r["conditions"]], ["clean", "injected:rate=0.25,last=true", "injected:rate=1,last=true"])
        self.assertEqual([t + 1 for t, n in enumerate(r["conditions"][0]["observed"]) if n], [1, 5, 10])

    # ---- rubbish ----

    def test_what_cannot_be_is_refused_in_a_sentence(self):
        self.write("own.lua", 'return { api = 1, summary = "x", requires = { "own" } }')
        self.write("replies.jsonl", "".join(json.dumps({"sample": 0, "turn": t, "content": "<answer>1</answer>"}) + "\n" for t in range(1, 4)))
        cases = {
            ("--history", "cleen"): "did you mean 'clean'",
            ("--history", "injected"): "rate=0.5",
            ("--history", "injected:rate=1.5"): "a share from 0 to 1",
            ("--history", "injected:rate="): "a share from 0 to 1",
            ("--history", "injected:rate=0.5,rate=0.6"): "rate is given twice",
            ("--history", "clean:rate=0.5"): "clean has no rate",
            ("--history", "filler:last=true"): "filler has no last",
            ("--history", "injected:rate=0.5,lasst=true"): "did you mean 'last'",
            ("--history", "injected:rate=0.5,last=maybe"): "true or false",
            ("--history", "clean:thoughts=some"): "matching or none",
            ("--history", "injected:rate=0.5,0.5"): "the same condition stands twice",
            ("--history", "clean", "--probe-turns", "0"): "turns from 1",
            ("--history", "clean", "--probe-turns", "101"): "there are 100 turns",
            ("--history", "clean", "--probe-turns", "1,,2"): "--probe-turns 1,,2: turns from 1",
            ("--probe-turns", "5"): "name one, such as --history clean",
            ("--history", "clean", "--policy", "./own.lua"): "depends on what the model really said",
            ("--history", "clean", "--model", "replay:replies.jsonl"): "replies to the model's own history",
        }
        for args, words in cases.items():
            with self.subTest(args=args):
                done = self.longhaul("run", *args, "-o", "r.db")
                self.assertEqual(done.code, 2, str(done))
                self.assertIn(words, done.err)
                self.assertEqual(len(done.err.strip().splitlines()), 1, done.err)
                self.assertFalse(self.path("r.db").exists())

    def test_transcript_says_what_there_is(self):
        self.run_file("clean", "filler")
        for args, words in ((("--history", "injected:rate=1"), "no condition with the history injected:rate=1"), (("--probe", "7"), "asked at turn 7"),
                            (("--history", "nonsense"), "there is no history 'nonsense'")):
            done = self.longhaul("transcript", "h.db", 0, *args)
            self.assertEqual(done.code, 2, str(done))
            self.assertIn(words, done.err)
        shown = self.good("transcript", "h.db", 0, "--history", "filler").out
        self.assertIn("(made)", shown)
        self.assertIn("filler history, asked at turn 20", shown)


if __name__ == "__main__":
    unittest.main()
