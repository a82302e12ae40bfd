"""The faults of arXiv 2509.09677's reference code that concern results, one test for each at least: looked for where a user
would meet them (command line, report, run file, transcript). Those that need a server are in test_paper_faults_live.py."""
import json
import re
import unittest

import lhcli
from lhcli import DATA, OUTCOMES, data_set, replies_file, stream
from lhsaid import Case, Talk, answer_in, reader, tagged

EXAMPLE = f"kv_sum:dataset={DATA}/scored_example/dataset.json"
KV = ("--task", "kv_sum:keys=10")
NARROW = ("kv_sum:keys=10", "kv_sum:keys=2,min=0,max=0", "prefix_sum:min=-1,max=1", "lookup:keys=2,min=0,max=1", "kv_matmul:keys=2,p=2")
SURVIVAL = ("task_accuracy", "hazard", "at_risk", "horizon")
MEASURED = (*SURVIVAL, "turn_accuracy", "turn_accuracy_strict", "state_accuracy", "outcomes", "observed", "turn_error_rate")


def histories(*modes):
    return [word for mode in modes for word in ("--history", mode)]


def policies(*specs):
    return [word for spec in specs for word in ("--policy", spec)]


def answers(lists):
    """Replies [(sample, turn, text)] from a list of answers for each sample."""
    return [(s, t, tagged(a)) for s, said in enumerate(lists) for t, a in enumerate(said, 1)]


def one_key(*values):
    """A data set of one rollout that looks up k0, k1, … one after the other."""
    return rollouts([values])


def rollouts(lists):
    """A data set: a rollout for each list of values. Equal values are the same key."""
    dictionary = {f"k{v}".replace("-", "m"): v for values in lists for v in values}
    keys = {v: k for k, v in dictionary.items()}
    return json.dumps({"dictionary": {**dictionary, "unused": 77}, "ground_truth_data": [
        {"input": [keys[v] for v in values], "values": list(values), "output": [sum(values[:i + 1]) for i in range(len(values))]} for values in lists]})


class Faults(Case):
    unsanitized = True

    def replay(self, data, rows, *more, output="run.db"):
        """The one condition of a run of these replies [(sample, turn, text)] on this data set."""
        self.write("data.json", data)
        self.write("replies.jsonl", rows if isinstance(rows, str) else replies_file(rows))
        (c,) = self.ran("--task", "kv_sum:dataset=data.json", "--model", "replay:replies.jsonl", *more, output=output)
        return c


# ---- votes, and several replies a turn ----

class Votes(Faults):
    # F1. Votes were drawn five at a time, and only the first five were counted.
    def test_F01_every_vote_counts(self):
        self.ran(*KV, "--model", "sim:accuracy=0.4,malformed=0.1", "--policy", "majority_vote:n=10", "--turns", 8, "--samples", 8)
        self.assertVotes("run.db", 10, 64)

    # F9. With k replies a turn the evaluator compared the replies of one sample with the targets of others.
    def test_F09_replies_stay_with_their_sample(self):
        self.write("pick.lua", "return { api = 1, turn = function(ep, history)\n  return ep:sample(3, history:view())[(ep.index + ep.turn) % 3 + 1]\nend }\n")
        args = (*KV, "--policy", "./pick.lua", "--turns", 6, "--samples", 7)
        (right,) = self.ran(*args, "--model", "sim:accuracy=1")
        self.assertEqual((right["turn_accuracy"], right["task_accuracy"]), ([1] * 6, [1] * 6))

        self.ran(*args, "--model", "sim:accuracy=0.6")
        truths, said = self.truths("run.db", "kv_sum"), {row[:2]: row[2] for row in self.said("run.db")}
        for place, (outcome, shown, followed, answered, truth) in self.judged("run.db").items():
            self.assertEqual(truth, truths[place], place)
            self.assertEqual(answered, answer_in(said[place]), place)
            self.assertEqual(outcome in ("correct", "recovers"), answered == truths[place], place)
            self.assertEqual(outcome in ("correct", "follows"), answered == followed, place)
        seqs = self.rows("run.db", "SELECT e.sample, c.turn, c.seq FROM call c JOIN episode e ON e.id = c.episode WHERE c.accepted")
        self.assertEqual(sorted(seqs), [(s, t, (s + t) % 3) for s in range(7) for t in range(1, 7)])
        self.ran(*args, "--model", "sim:accuracy=0.6", "--sample", 4, output="one.db")
        self.assertEqual(self.judged("one.db"), {p: row for p, row in self.judged("run.db").items() if p[0] == 4})


# ---- made histories ----

class Histories(Faults):
    # F3. The noise put into past answers could be 0: at a rate of 1, one in twenty-one stayed right.
    def test_F03_at_a_rate_of_1_no_answer_stays_right(self):
        for task in NARROW:
            with self.subTest(task):
                (c,) = self.ran("--task", task, "--history", "injected:rate=1", "--turns", 40, "--samples", 3, "--probe-turns", "last")
                self.assertEqual(c["exposure"]["state"], 1)
                for sample in range(3):
                    talk = self.talk("run.db", sample, 40)
                    self.assertEqual(len(talk.replies), 39)
                    self.assertEqual([t for t, (reply, truth) in enumerate(zip(talk.replies, talk.truths(task)), 1) if answer_in(reply) in (truth, None)], [])
                self.assertEqual(self.rows("run.db", "SELECT DISTINCT exposure_state, exposure_unusable FROM call"), [(1, 0)])

    # F3, too: what a rate makes wrong was drawn anew for each.
    def test_F03_rates_are_nested(self):
        rates = ("0", "0.2", "0.6", "1")
        for mode in ("injected", "propagated"):
            self.ran(*KV, *histories(f"{mode}:rate={','.join(rates)}", "clean"), "--turns", 20, "--samples", 3, "--probe-turns", "last")
            wrong = []
            for condition in range(len(rates)):
                found = {}
                for sample in range(3):
                    talk = self.talk("run.db", sample, 20, "--condition", condition)
                    told, before, truths = reader("kv_sum", talk.instructions), "0", talk.truths("kv_sum")
                    for t, reply in enumerate(talk.replies):
                        right = truths[t] if mode == "injected" else told.follow(before, talk.prompts[t])
                        before = answer_in(reply)
                        if before != right:
                            found[sample, t] = before if mode == "injected" else None
                wrong.append(found)
            self.assertEqual([len(w) for w in wrong][::3], [0, 57], mode)
            self.assertTrue(0 < len(wrong[1]) < len(wrong[2]) < 57, mode)
            for less, more in zip(wrong, wrong[1:]):
                self.assertLessEqual(less.items(), more.items(), mode)
            self.assertEqual(self.sent("run.db", 1, 20, "--condition", 0), self.sent("run.db", 1, 20, "--condition", 4))

    # F4. The noise went into the evaluator's own targets, so that wrong histories scored as right ones.
    def test_F04_targets_are_never_altered(self):
        modes = ("own", "restated", "filler", "clean", "injected:rate=1", "propagated:rate=1")
        for task in ("kv_sum:keys=10", "kv_matmul"):
            conditions = self.ran("--task", task, "--model", "sim:accuracy=0.6", *histories(*modes), "--steps-per-turn", 2, "--turns", 9, "--samples", 5,
                                  "--probe-turns", "1,5,last")
            truths = self.truths("run.db", task)
            self.assertEqual(len(truths), 45)
            for condition, history in enumerate(modes):
                judged = self.judged("run.db", condition)
                self.assertEqual(len(judged), 45 if history == "own" else 15, history)
                self.assertEqual({p: row[4] for p, row in judged.items()}, {p: truths[p] for p in judged}, history)
                for outcome, shown, followed, answered, truth in judged.values():
                    self.assertEqual(outcome in ("correct", "recovers"), answered == truth, history)
                right = sum(row[3] == row[4] for p, row in judged.items() if p[1] == 9)
                self.assertEqual(conditions[condition]["state_accuracy"][8], right / 5, history)

    # F4, too: whoever returned to the true total behind a wrong one was marked wrong, in both readings.
    def test_F04_returning_and_carrying_on_are_told_apart(self):
        c = self.replay(rollouts([[5, 7, 9]] * 2), answers([[6, 12, 21], [6, 13, 22]]))
        self.assertEqual(self.outcomes("run.db"), {0: ["slips", "recovers", "correct"], 1: ["slips", "follows", "follows"]})
        self.assertEqual((c["state_accuracy"], c["turn_accuracy"], c["turn_accuracy_strict"]), ([0, 0.5, 0.5], [0, 0.5, 1], [0, 1, 1]))
        self.assertEqual({row[4] for p, row in self.judged("run.db").items() if p[1] == 3}, {"21"})

    # F6. Noise came from a generator that nobody seeded where a data file was loaded: no run could be had again.
    def test_F06_the_seed_decides_what_is_wrong(self):
        def sent(seed, *more):
            self.ran("--task", EXAMPLE, *histories("injected:rate=0.5", "propagated:rate=0.5,thoughts=matching"), "--seed", seed, *more)
            return [self.good("transcript", "run.db", s, "--condition", c, "--turn", 5, "--as-sent").raw for c in range(2) for s in range(3)]
        first = sent(3)
        self.assertEqual(sent(3, "--concurrency", 1), first)
        other = sent(4)
        for c in range(2):
            self.assertNotEqual(other[3 * c:3 * c + 3], first[3 * c:3 * c + 3])
        for a, b in zip(first, other):
            a, b = (Talk(json.loads(raw)["messages"]) for raw in (a, b))
            self.assertEqual((a.instructions, a.prompts), (b.instructions, b.prompts))

    # F6, too: ties between votes were broken by that generator.
    def test_F06_ties_are_broken_alike(self):
        def run():
            self.ran("--task", EXAMPLE, "--model", "sim:accuracy=0.3", "--policy", "majority_vote:n=4")
            self.assertVotes("run.db", 4, 15)
            return self.judged("run.db")
        self.assertEqual(run(), run())

    # F10. A probed turn could not be scored unless the history was healed as well, and no window was applied to it.
    def test_F10_a_probed_turn_under_a_window(self):
        for c in self.ran(*KV, *histories("injected:rate=0.5"), *policies("full_history", "window:n=2", "window:n=1,first=1"), "--turns", 9, "--samples", 6,
                          "--probe-turns", "1,8"):
            self.assertEqual((c["observed"], c["policy_errors"], c["censored"]), ([6, 0, 0, 0, 0, 0, 0, 6, 0], 0, 0))
            self.assertEqual(sum(shares[7] for shares in c["outcomes"].values()), 1)
            self.assertEqual({shares[4] for o, shares in c["outcomes"].items()}, {None})
        for sample in range(6):
            m = [self.sent("run.db", sample, 8, "--condition", c) for c in range(3)]
            self.assertEqual(len(m[0]), 16)
            self.assertEqual(m[1], m[0][:1] + m[0][-5:])
            self.assertEqual(m[2], m[0][:3] + m[0][-3:])


# ---- one reply ----

class Replies(Faults):
    # F7. Thoughts were cut out of all replies joined to one text: a <think> never closed ate the replies behind it.
    def test_F07_a_thought_that_never_ends_stays_in_its_reply(self):
        values = [[3, 8, -2, 5]] * 4
        right = {(s, t): tagged(sum(values[s][:t])) for s in range(4) for t in range(1, 5)}
        cut = {**right, (1, 2): "<think>It is " + tagged(11) + ", or is it"}
        self.replay(rollouts(values), [(*p, text) for p, text in right.items()], output="right.db")
        whole = self.judged("right.db")
        self.assertEqual({row[0] for row in whole.values()}, {"correct"})
        for finish, outcome in (("stop", "missing"), ("length", "truncated")):
            lines = [{"sample": s, "turn": t, "content": text, "finish": finish if (s, t) == (1, 2) else "stop"} for (s, t), text in cut.items()]
            self.replay(rollouts(values), "".join(json.dumps(line) + "\n" for line in lines))
            judged = self.judged("run.db")
            self.assertEqual(judged[1, 2], (outcome, "3", "11", None, "11"))
            self.assertEqual({p: row[3] for p, row in judged.items()}, {p: None if p == (1, 2) else row[3] for p, row in whole.items()})
            self.assertEqual({p: row for p, row in judged.items() if p[0] != 1}, {p: row for p, row in whole.items() if p[0] != 1})

    SEPARATORS = ("|", "||", "\x1f", "\x1e", "\x1d", "\x1c", "\x7f", "\t", "\n", "\r\n", "\n\n", "\n---\n", ",", ";", "\\x1f", "\\n", "\\", "\"", "'",
                  "\u2028", "\u0085", "\ufeff", "```", "%s%n", "{}", "</s>", "<|im_end|>", "<|endoftext|>", "[INST]", "Human:",
                  "\nuser: ", "&#124;", "\U0001f914", "</think>")

    # F8. Replies were joined with "|" and split there again: one in a reply shifted all that followed.
    def test_F08_no_character_parts_replies(self):
        values = [[3 + i for i in range(len(self.SEPARATORS))], [50 - i for i in range(len(self.SEPARATORS))]]
        rows = [(s, t, f"{sep}so{sep}{tagged(sum(values[s][:t]))}{sep}" if sep != "</think>" else sep + tagged(sum(values[s][:t])))
                for s in range(2) for t, sep in enumerate(self.SEPARATORS, 1)]
        c = self.replay(rollouts(values), rows)
        self.assertEqual(c["outcomes"]["correct"], [1] * len(self.SEPARATORS))
        self.assertEqual([row[:3] for row in self.said("run.db")], rows)
        for sample in range(2):
            talk = self.talk("run.db", sample, len(self.SEPARATORS))
            self.assertEqual(talk.replies, [text for s, t, text in rows if s == sample][:-1])

    # F8, too: within the tag a separator made two answers of one.
    def test_F08_a_separator_in_the_tag_spoils_that_answer_alone(self):
        self.replay(one_key(3, 4, 5), [(0, 1, tagged("3|7")), (0, 2, tagged(7)), (0, 3, tagged("12\x1f7"))])
        self.assertEqual([row[::3] for row in self.judged("run.db").values()], [("malformed", None), ("recovers", "7"), ("malformed", None)])

    # F11. An unreadable reply was replaced by the total before: right where the turn's values add up to 0.
    def test_F11_no_answer_is_an_error_where_nothing_changes(self):
        nothing = {"": "missing", "I keep it.": "missing", "<answer>5": "missing", "<think>" + tagged(5): "missing",
                   tagged(""): "malformed", tagged("the same"): "malformed"}
        for k, values in ((1, [5, 0, 6]), (2, [2, 3, 4, -4, 6, 0])):
            rows = [row for s, text in enumerate(nothing) for row in ((s, 1, tagged(5)), (s, 2, text), (s, 3, tagged(11)))]
            c = self.replay(rollouts([values] * len(nothing)), rows, "--steps-per-turn", k)
            self.assertEqual(self.outcomes("run.db"), {s: ["correct", outcome, "correct"] for s, outcome in enumerate(nothing.values())})
            for name in ("turn_accuracy", "turn_accuracy_strict", "state_accuracy"):
                self.assertEqual(c[name], [1, 0, 1], name)
            self.assertEqual(c["task_accuracy"], [1, 0, 0])

    # F13. The first tag counted, so a corrected answer did not; and only what Python's int() takes was a number.
    def test_F13_the_last_tag_and_every_way_to_write_an_integer(self):
        for text, outcome, answered in (
                (tagged(9) + " no, " + tagged(1234), "correct", "1234"),
                (tagged(1234) + " no, " + tagged(9), "slips", "9"),
                (tagged("x") + tagged(1234), "correct", "1234"),
                (tagged("1,234"), "correct", "1234"),
                (tagged("1234.0"), "correct", "1234"),
                (tagged("\u22121,234"), "slips", "-1234"),
                (tagged("5.0"), "slips", "5"),
                (tagged("1_234"), "malformed", None),
                (tagged("1234.5"), "malformed", None),
                (tagged("12,34"), "malformed", None),
                (tagged("\uff11234"), "malformed", None)):
            with self.subTest(text):
                self.replay(one_key(1234), [(0, 1, text)])
                self.assertEqual(self.judged("run.db")[0, 1][::3], (outcome, answered))

    NATURAL = ("", "I would say 8.\n\n", "Let me see: 3 + 5 is 8.\n" + tagged(8) + " Done.", "  " + tagged("nine") + "\t\n",
               "<think>hm</think> " + tagged(" 21 ") + "!", tagged(22))

    def natural(self, policy):
        """A conversation with drift in it; what the model saw at its end."""
        self.replay(one_key(3, 5, 1, 2, 10, 1, 6), [(0, t, text) for t, text in enumerate((*self.NATURAL, tagged(28)), 1)], "--policy", policy)
        fifth = "correct" if policy == "heal" else "recovers"
        self.assertEqual(self.outcomes("run.db"), {0: ["missing", "missing", "slips", "malformed", fifth, "correct", "correct"]})
        return self.talk("run.db", 0, 7)

    # F15. Healing put "Please Continue" for an empty reply, and "No Answer" before the tag for one without a tag.
    def test_F15_a_healed_record_holds_the_truth_and_nothing_else(self):
        talk = self.natural("heal")
        self.assertEqual(talk.replies, [tagged(3), tagged(8), tagged(9), tagged(11), *self.NATURAL[4:]])
        self.assertEqual([row[2] for row in self.said("run.db")][:6], list(self.NATURAL), "what was said stays in the file")

    # F16. Text outside the tag was dropped before replies went back, so that drift of the format never reached the model.
    def test_F16_replies_go_back_as_they_came(self):
        self.assertEqual(self.natural("full_history").replies, list(self.NATURAL))


# ---- prompts ----

class Prompts(Faults):
    SUM = re.compile(r"(-?\d+) ([+-]) (\d+) = (-?\d+)\.$")

    # F14. The worked examples held wrong answers: in a study of what wrong answers in view do.
    def test_F14_the_worked_example_is_right(self):
        for task in ("kv_sum", "prefix_sum", "lookup", "kv_matmul", "kv_matmul:p=2"):
            for k in (1, 4):
                self.ran("--task", task, "--turns", 1, "--samples", 1, "--steps-per-turn", k)
                told = reader(task, self.talk("run.db", 0, 1).instructions)
                state, replies = told.start, []
                for message, _ in told.example:
                    state = told.answer(state, message, told.example_dictionary())
                    replies.append(state)
                self.assertGreater(len(replies), 2)
                self.assertEqual(re.findall("<answer>(.*?)</answer>", told.told), ["", *replies], "the rule's tag, and the example's")

    # F14, too: reasoning that came to 9 stood before an answer of 10.
    def test_F14_made_reasoning_leads_to_its_answer(self):
        for task in ("kv_sum:keys=10", "prefix_sum"):
            self.ran("--task", task, *histories(*(h + "thoughts=matching" for h in ("clean:", "injected:rate=0.5,", "propagated:rate=0.5,"))),
                     "--steps-per-turn", 3, "--turns", 9, "--samples", 3, "--probe-turns", "last")
            for condition in range(3):
                for sample in range(3):
                    talk = self.talk("run.db", sample, 9, "--condition", condition)
                    state = 0
                    for reply, truth in zip(talk.replies, talk.truths(task)):
                        *lines, answer = reply.split("\n")
                        self.assertEqual(len(lines), 3, reply)
                        for line in lines:
                            before, sign, added, after = self.SUM.search(line).groups()
                            self.assertEqual(int(before), state, reply)
                            state = int(after)
                            self.assertEqual(state, int(before) + int(sign + added), reply)
                        self.assertEqual(answer, tagged(state), reply)
                        if condition == 0:
                            self.assertEqual(str(state), truth)

    # F30. Prompts for one step and for several were worded differently, so that K and the wording could not be told apart.
    def test_F30_one_step_and_several_are_worded_alike(self):
        for task in ("kv_sum", "prefix_sum", "lookup", "kv_matmul"):
            self.ran("--task", task, "--turns", 2, "--samples", 2, "--steps-per-turn", "1,2,7")
            for sample in range(2):
                one, two, seven = (self.talk("run.db", sample, 2, "--condition", c) for c in range(3))
                self.assertEqual({one.instructions, two.instructions, seven.instructions}, {one.instructions})
                self.assertEqual(", ".join(two.prompts), ", ".join(seven.prompts).rsplit(", ", 10)[0])
                self.assertEqual(", ".join(one.prompts), two.prompts[0])


# ---- scores ----

class Scores(Faults):
    # F5. The report at the end was made from other data than the log of the run: the two disagreed.
    def test_F05_every_view_of_a_run_agrees(self):
        args = ("run", *KV, "--model", "sim:accuracy=0.8,malformed=0.1,missing=0.05", *histories("own", "injected:rate=0.5"),
                *policies("full_history", "window:n=2"), "--turns", 7, "--samples", 9, "--probe-turns", "1,4,last", "--seed", 3)
        ran = self.plain(*args, "-o", "run.db")
        self.assertEqual(self.plain("report", "run.db"), ran)
        table = self.good(*args, "-o", "again.db").out
        self.assertEqual(self.good("report", "run.db").out, table)
        for condition, c in enumerate(lhcli.strict_json(ran.decode())["conditions"]):
            turns = {}
            for turn, outcome in self.rows("run.db", "SELECT turn, outcome FROM turn WHERE condition = ?", condition):
                turns.setdefault(turn, []).append(outcome)
            self.assertEqual(sorted(turns), list(range(1, 8)) if c["history"] == "own" else [1, 4, 7])
            for t in range(1, 8):
                got = turns.get(t, [])
                share = (lambda *names: sum(o in names for o in got) / 9) if got else lambda *names: None
                self.assertEqual(c["observed"][t - 1], len(got))
                self.assertEqual(c["turn_accuracy"][t - 1], share("correct", "follows"))
                self.assertEqual(c["state_accuracy"][t - 1], share("correct", "recovers"))
                self.assertEqual({o: c["outcomes"][o][t - 1] for o in OUTCOMES}, {o: share(o) for o in OUTCOMES})
            seen = [o in ("correct", "follows") for got in turns.values() for o in got]
            self.assertAlmostEqual(c["turn_error_rate"]["value"], 1 - sum(seen) / len(seen), 12)
            name, rate = c["policy_label"], c["turn_error_rate"]
            shown = [(rate["value"], rate["ci"])]
            if c["history"] != "own":
                name, shown = c["history"], [(c["turn_accuracy"][t - 1], c["turn_accuracy_ci"][t - 1]) for t in (1, 4, 7)]
            for value, ci in shown:
                text = f"{100 * value:.1f} % [{100 * ci[0]:.1f}, {100 * ci[1]:.1f}]"
                self.assertTrue([line for line in table.splitlines() if line.startswith(name + " ") and text in line], f"{name}: {text}\n{table}")
            if c["history"] == "own":
                samples = self.outcomes("run.db", condition).values()
                intact = [sum(all(o in ("correct", "recovers") for o in s[:t]) for s in samples) / 9 for t in range(1, 8)]
                self.assertEqual(c["task_accuracy"], intact)

    # F12. Two evaluators went on from a missed turn by two rules, and both marked wrong who stayed on the true total.
    def test_F12_after_a_missed_turn(self):
        rows = [(s, t, text) for s, third in enumerate((18, 14, 9)) for t, text in enumerate((tagged(5), "I lost count.", tagged(third), tagged(third + 1)), 1)]
        c = self.replay(rollouts([[5, 4, 9, 1]] * 3), rows)
        self.assertEqual(self.outcomes("run.db"), {0: ["correct", "missing", "recovers", "correct"], 1: ["correct", "missing", "follows", "follows"],
                                                   2: ["correct", "missing", "slips", "follows"]})
        self.assertEqual([self.judged("run.db")[s, 3][1:3] for s in range(3)], [("5", "14")] * 3)
        self.assertEqual((c["state_accuracy"], c["turn_accuracy_strict"]), ([1, 0, 1 / 3, 1 / 3], [1, 0, 2 / 3, 1]))

    # F12, too: which evaluator judged depended on the way the replies came.
    def test_F12_the_same_replies_are_judged_alike_whichever_way_they_come(self):
        args = (*KV, "--turns", 12, "--samples", 6)
        (ran,) = self.ran(*args, "--model", "sim:accuracy=0.7,malformed=0.1,missing=0.15,thoughts=tag,thought_tokens=9")
        self.assertGreater(min(sum(ran["outcomes"][o]) for o in ("correct", "follows", "slips", "malformed", "missing")), 0)
        self.write("replies.jsonl", replies_file(self.said("run.db")))
        for model in ("replay:replies.jsonl", "replay:run.db"):
            (again,) = self.ran(*args, "--model", model, output="again.db")
            self.assertEqual(self.judged("again.db"), self.judged("run.db"), model)
            self.assertEqual({k: again[k] for k in MEASURED}, {k: ran[k] for k in MEASURED}, model)

    # F17. Turns that were not run behind an early stop were reported as 0.
    def test_F17_turns_that_were_not_run_are_null(self):
        rows = answers([[5, 9, 18, 19], [6, 10, 19, 20], [5, 9, 17, 19], [5, "x", 18, 19]])
        full = self.replay(rollouts([[5, 4, 9, 1]] * 4), rows, output="full.db")
        cut = self.replay(rollouts([[5, 4, 9, 1]] * 4), rows, "--stop-at-error")
        self.assertEqual(self.outcomes("run.db"), {0: ["correct"] * 4, 1: ["slips"], 2: ["correct", "correct", "slips"], 3: ["correct", "malformed"]})
        self.assertEqual({k: cut[k] for k in SURVIVAL}, {k: full[k] for k in SURVIVAL})
        self.assertEqual(cut["task_accuracy"], [0.75, 0.5, 0.25, 0.25])
        for name in ("turn_accuracy", "turn_accuracy_strict", "state_accuracy"):
            self.assertEqual(cut[name], [0.75, None, None, None], name)
        for outcome in OUTCOMES[:-1]:
            self.assertEqual(cut["outcomes"][outcome][1:], [None] * 3, outcome)

    # F17, too: which error stopped an episode was another one behind each kind of endpoint.
    def test_F17_one_rule_stops(self):
        args = (*KV, "--turns", 12, "--samples", 12)
        self.ran(*args, "--model", "sim:accuracy=0.8,missing=0.05", output="full.db")
        self.ran(*args, "--model", "sim:accuracy=0.8,missing=0.05", "--stop-at-error")
        self.write("replies.jsonl", replies_file(self.said("full.db")))
        self.ran(*args, "--model", "replay:replies.jsonl", "--stop-at-error", output="again.db")
        expected = {}
        for sample, turns in self.outcomes("full.db").items():
            wrong = [t for t, o in enumerate(turns) if o not in ("correct", "recovers")]
            expected[sample] = turns[:wrong[0] + 1] if wrong else turns
        self.assertLess(sum(map(len, expected.values())), 144)
        self.assertEqual(self.outcomes("run.db"), expected)
        self.assertEqual(self.outcomes("again.db"), expected)

    # F17, and that rule goes by the truth: carrying on a total that somebody else got wrong stops an episode, returning to the truth does not.
    def test_F17_the_rule_goes_by_the_truth(self):
        self.write("lie.lua", "return { api = 1, view = function(ep, history)\n  local view = history:view()\n"
                   "  return ep.turn == 3 and view:restate('1000000') or view\nend }\n")
        self.ran(*KV, "--policy", "./lie.lua", "--turns", 5, "--samples", 4, "--model", "sim:accuracy=1", "--stop-at-error")
        self.assertEqual(self.outcomes("run.db"), {s: ["correct", "correct", "follows"] for s in range(4)})
        self.replay(rollouts([[5, 4, 9, 1]] * 2), answers([[5, 9, 18, 19]] * 2), "--policy", "./lie.lua", "--stop-at-error")
        self.assertEqual(self.outcomes("run.db"), {s: ["correct", "correct", "recovers", "correct"] for s in range(2)})

    # F28. Lists of results were written into the JSON as text.
    def test_F28_results_are_numbers(self):
        def check(value, path):
            if isinstance(value, dict):
                for k, v in value.items():
                    check(v, f"{path}.{k}")
            elif isinstance(value, list):
                for i, v in enumerate(value):
                    check(v, f"{path}[{i}]")
            elif isinstance(value, str):
                self.assertNotRegex(value, r"^\s*([\[{(]|[-+]?[0-9.]+(e[-+]?\d+)?\s*$)", path)
        for c in self.ran(*KV, "--model", "sim:accuracy=0.8", *histories("own", "clean"), *policies("full_history", "majority_vote:n=3"),
                          "--turns", 5, "--samples", 4):
            check(c, c["policy"])
            for name in ("turn_accuracy", "state_accuracy", "task_accuracy", "hazard", "observed", "at_risk", *(("outcomes", o) for o in OUTCOMES)):
                row = c[name] if isinstance(name, str) else c["outcomes"][name[1]]
                self.assertEqual(len(row), 5, name)
                self.assertTrue(all(v is None or (isinstance(v, (int, float)) and not isinstance(v, bool)) for v in row), (name, row))

    # F28, too: files that the manual named were not written.
    def test_F28_the_files_named_are_written(self):
        self.good("run", "--turns", 3, "--samples", 2, "-o", "mine.db", "--json", "mine.json")
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["mine.db", "mine.json"])
        self.assertEqual(lhcli.strict_json(self.path("mine.json").read_text())["conditions"], self.report("report", "mine.db")["conditions"])
        self.good("run", "--turns", 3, "--samples", 2)
        self.assertTrue(self.path("longhaul.db").is_file())

    # F30. Samples of unequal length ended the evaluation with an exception.
    def test_F30_samples_of_unequal_length(self):
        data = data_set(stream("unequal"), [6, 3, 5])
        rows = answers([r["output"] for r in data["dict_sum"]["ground_truth_data"]])
        c = self.replay(json.dumps(data), rows)
        self.assertEqual((c["samples"], c["turns"], c["task_accuracy"]), (3, 3, [1, 1, 1]))
        done = self.longhaul("run", "--task", "kv_sum:dataset=data.json", "--model", "sim", "--turns", 5, "-o", "none")
        self.assertEqual((done.code, done.out), (2, ""), str(done))
        self.assertIn("3", done.err)
        self.write("replies.jsonl", replies_file([row for row in rows if row[:2] != (1, 3)]))
        done = self.longhaul("run", "--task", "kv_sum:dataset=data.json", "--model", "replay:replies.jsonl", "-o", "none")
        self.assertEqual((done.code, done.out), (2, ""), str(done))
        self.assertIn("sample 1, turn 3", done.err)

    # F30. The evaluator's own check passed it a list as one text, so that it compared one reply with one target.
    def test_F30_an_altered_reply_alters_its_own_score(self):
        truth = [[5, 9, 18], [-2, 6, 6], [7, 7, 1]]
        values = [[a - b for a, b in zip(t, [0, *t])] for t in truth]
        places = [(s, t) for s in range(3) for t in (1, 2, 3)]
        for place in places:
            c = self.replay(rollouts(values), [(s, t, tagged(truth[s][t - 1] + ((s, t) == place))) for s, t in places])
            sample, turn = place
            expected = {p: "slips" if p == place else "recovers" if p == (sample, turn + 1) else "correct" for p in places}
            self.assertEqual({p: row[0] for p, row in self.judged("run.db").items()}, expected)
            self.assertEqual(c["state_accuracy"], [2 / 3 if t == turn else 1 for t in (1, 2, 3)])
            self.assertEqual(c["task_accuracy"], [2 / 3 if t >= turn else 1 for t in (1, 2, 3)])


if __name__ == "__main__":
    unittest.main()
