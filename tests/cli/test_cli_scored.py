"""Replies scored by the program, by the paper's own evaluator (tests/data/scored_example) and by a second
implementation of the paper's measures: the same numbers, to the last bit."""
import json
import unittest
from fractions import Fraction

import lhcli
from lhcli import DATA, OUTCOMES, data_set, replies_file, stream, strict_json


# ---- the paper's measures, once more ----

class Turn:
    """One reply judged: answered is an integer, or why there is none."""

    def __init__(self, answered, followed, true):
        self.state_ok = answered == true
        self.turn_ok = answered == followed
        if answered in ("malformed", "missing"):
            self.outcome = answered
        elif self.turn_ok:
            self.outcome = "correct" if self.state_ok else "follows"
        else:
            self.outcome = "recovers" if self.state_ok else "slips"


def judge(rollout, k, answers):
    """The turns of one sample; answers[t] is an integer, "malformed" or "missing"."""
    turns, shown = [], 0
    for t, answered in enumerate(answers):
        added = sum(rollout["values"][t * k:(t + 1) * k])
        turns.append(Turn(answered, shown + added, rollout["output"][(t + 1) * k - 1]))
        if isinstance(answered, int):
            shown = answered
    return turns


def measures(samples):
    """From [sample][turn] of Turn: the shares per turn, exactly as a division of two integers gives them."""
    n, length = len(samples), len(samples[0])
    columns = [[s[t] for s in samples] for t in range(length)]
    intact = [sum(all(turn.state_ok for turn in s[:t + 1]) for s in samples) for t in range(length)]
    out = {
        "turn_accuracy": [sum(turn.turn_ok for turn in c) / n for c in columns],
        "state_accuracy": [sum(turn.state_ok for turn in c) / n for c in columns],
        "task_accuracy": [i / n for i in intact],
        "outcomes": {o: [sum(turn.outcome == o for turn in c) / n for c in columns] for o in OUTCOMES},
    }
    for s in ("0.5", "0.8", "0.9"):
        reached = [t + 1 for t in range(length) if Fraction(intact[t], n) >= Fraction(s)]
        out["horizon " + s] = max(reached, default=0)
    return out


# ---- replies ----

def written(rng, n):
    """One of the ways in which an integer may be written."""
    ways = [str(n), f" {n} ", f"\n{n}\n", f"{n}.0", f"\t{n}.00 "]
    if n >= 0:
        ways += [f"+{n}", f" +{n} "]
    else:
        ways.append(f"\u2212{-n}")
    if abs(n) >= 1000:
        ways.append(f"{n:,}")
    return rng.choice(ways)


UNREADABLE = ("", " ", "f10", "12 13", "1_000", "17.5", "--5", "five", "12,34", "0x1F", "1e3", "5 apples", "= 5", "7.", "\u00bd", "nan", "None")
UNTAGGED = ("", "I cannot say.", "<answer>5", "5</answer>", "</answer>5<answer>", "answer: 5", "<answer >5</answer>", "< answer>5</answer>")


def tagged(content):
    return f"<answer>{content}</answer>"


def dressed(rng, core):
    """core (with its tag, or without any) among things that must not count. (text, thoughts)"""
    decoy = tagged(rng.randint(-300, 300))
    has_tag = "<answer>" in core and "</answer>" in core
    ways = [
        lambda: core,
        lambda: "Step by step.\n" + core + "\nDone.",
        lambda: f"<think>Maybe {decoy}?</think>{core}",
        lambda: f"<think>{decoy}</think>\n{core}<think>or {decoy}</think>",
        lambda: f"{core}<think>that is {decoy}",                         # never closed
        lambda: f"perhaps {decoy}, hm.</think>\n{core}",                 # never opened
        lambda: f"{decoy}</think> {decoy}</think>{core}",
        lambda: f"\U0001f914 \u202e{core}",
    ]
    if has_tag and core.startswith("<answer>"):
        ways += [
            lambda: f"{decoy} no: {core}",                               # the last one counts
            lambda: f"{tagged('x')}{decoy}{core}",
            lambda: f"<answer>so it is {core}",                          # the innermost opening
        ]
    thoughts = None
    if rng.random() < 0.3:
        thoughts = rng.choice([decoy, f"I think {decoy}", f"<think>{decoy}", "nothing"])
    return rng.choice(ways)(), thoughts


def reply(rng, shown, added, true):
    """(text, thoughts, what is answered)"""
    kind = rng.random()
    if kind < 0.05:
        core, answered = rng.choice(UNTAGGED), "missing"
    elif kind < 0.10:
        core, answered = tagged(rng.choice(UNREADABLE)), "malformed"
    else:
        answered = true if kind < 0.50 else shown + added if kind < 0.85 else true + rng.randint(-120, 120)
        core = tagged(written(rng, answered))
    return (*dressed(rng, core), answered)


def converse(rng, rollout, k, turns):
    """[(text, thoughts)], [answered] for one sample."""
    said, answers, shown = [], [], 0
    for t in range(turns):
        added = sum(rollout["values"][t * k:(t + 1) * k])
        text, thoughts, answered = reply(rng, shown, added, rollout["output"][(t + 1) * k - 1])
        said.append((text, thoughts))
        answers.append(answered)
        shown = answered if isinstance(answered, int) else shown
    return said, answers


class Scored(lhcli.Case):
    def run_replies(self, *more):
        return self.report("run", "--task", "kv_sum:dataset=data.json", "--model", "replay:replies.jsonl", "-o", "run.db", "--no-timing", *more)

    def assertMeasured(self, condition, expected, what=""):
        for name in ("turn_accuracy", "state_accuracy", "task_accuracy"):
            self.assertEqual(condition[name], expected[name], f"{name} {what}")
        self.assertEqual(condition["outcomes"], expected["outcomes"], what)
        for h in condition["horizon"]:
            n, turns = expected[f"horizon {h['s']}"], condition["turns"]
            self.assertEqual((h["turns"], h["censored"], h["first_below"]), (n, n == turns, n + 1 if n < turns else None), f"horizon({h['s']}) {what}")
        rate = 1 - sum(expected["turn_accuracy"]) / len(expected["turn_accuracy"])
        self.assertAlmostEqual(condition["turn_error_rate"]["value"], rate, 12, what)

    # ---- the paper's evaluator ----

    def test_scored_example(self):
        example = DATA / "scored_example"
        expected = json.loads((example / "expected.json").read_text())
        report = self.report("run", "--task", f"kv_sum:dataset={example}/dataset.json", "--model", f"replay:{example}/replies.jsonl", "-o", "run.db")
        (c,) = report["conditions"]
        self.assertEqual((c["samples"], c["turns"], c["steps_per_turn"], c["censored"]), (3, 5, 1, 0))
        for name in ("state_accuracy", "task_accuracy", "turn_accuracy"):
            self.assertEqual(c[name], expected[name], name)
        self.assertEqual(c["outcomes"]["missing"], expected["missing"])
        self.assertEqual(c["outcomes"]["malformed"], expected["invalid"])

        outcomes = self.outcomes("run.db")
        self.assertEqual(sorted(outcomes), [0, 1, 2])
        for t in range(5):
            said = [outcomes[s][t] for s in range(3)]
            self.assertEqual([int(o in ("correct", "recovers")) for o in said], expected["per_sample"]["state"][t], f"turn {t + 1}")
            self.assertEqual([int(o in ("correct", "follows")) for o in said], expected["per_sample"]["turn"][t], f"turn {t + 1}")
            whole = [int(all(o in ("correct", "recovers") for o in outcomes[s][:t + 1])) for s in range(3)]
            self.assertEqual(whole, expected["per_sample"]["task"][t], f"turn {t + 1}")

    def test_scored_example_stands_by_itself(self):
        """The second implementation agrees with the paper's evaluator where both have spoken."""
        example = DATA / "scored_example"
        rollouts = json.loads((example / "dataset.json").read_text())["dict_sum"]["ground_truth_data"]
        expected = json.loads((example / "expected.json").read_text())
        content = {}
        for line in (example / "replies.jsonl").read_text().splitlines():
            r = json.loads(line)
            content[r["sample"], r["turn"]] = r["content"].rpartition("<answer>")[2].partition("</answer>")[0]
        answers = [[int(c) if c.strip().lstrip("+-").isdigit() else "malformed" for c in (content[s, t] for t in range(1, 6))] for s in range(3)]
        got = measures([judge(r, 1, a) for r, a in zip(rollouts, answers)])
        for name in ("turn_accuracy", "state_accuracy", "task_accuracy"):
            self.assertEqual(got[name], expected[name])
        self.assertEqual(got["outcomes"]["malformed"], expected["invalid"])

    # ---- any size ----

    def check_random(self, k, case):
        rng = stream("scored", k, case)
        rollouts = rng.choice((1, 2, 3, 5, 8, 12))
        lengths = [k * rng.randint(1, 14) + rng.randrange(k) for _ in range(rollouts)]
        data = data_set(rng, lengths)
        truth = data["dict_sum"]["ground_truth_data"]
        turns = min(lengths) // k
        rows, judged = [], []
        for s in range(rollouts):
            said, answers = converse(rng, truth[s], k, lengths[s] // k if rng.random() < 0.5 else turns)
            rows += [(s, t + 1, *said[t]) if said[t][1] is not None else (s, t + 1, said[t][0]) for t in range(len(said))]
            judged.append(judge(truth[s], k, answers[:turns]))
        rng.shuffle(rows)                                    # lines stand in any order
        self.write("data.json", json.dumps(data if rng.random() < 0.5 else data["dict_sum"]))
        self.write("replies.jsonl", replies_file(rows))
        self.path("run.db").unlink(missing_ok=True)
        (c,) = self.run_replies("--steps-per-turn", k)["conditions"]
        what = f"K = {k}, case {case}"
        self.assertEqual((c["samples"], c["turns"], c["steps_per_turn"]), (rollouts, turns, k), what)
        self.assertEqual(self.outcomes("run.db"), {s: [turn.outcome for turn in judged[s]] for s in range(rollouts)}, what)
        self.assertMeasured(c, measures(judged), what)

    def test_every_outcome_is_met(self):
        """The replies drawn here leave none of the six outcomes out: else the tests below test little."""
        met = set()
        for k in (1, 2, 3, 5, 7):
            rng = stream("met", k)
            rollout = data_set(rng, [40 * k])["dict_sum"]["ground_truth_data"][0]
            met |= {turn.outcome for turn in judge(rollout, k, converse(rng, rollout, k, 40)[1])}
        self.assertEqual(met, set(OUTCOMES[:6]))

    def test_steps_of_1(self):
        for case in range(24):
            self.check_random(1, case)

    def test_steps_of_2(self):
        for case in range(16):
            self.check_random(2, case)

    def test_steps_of_3(self):
        for case in range(16):
            self.check_random(3, case)

    def test_steps_of_5(self):
        for case in range(12):
            self.check_random(5, case)

    def test_steps_of_7(self):
        for case in range(12):
            self.check_random(7, case)

    # ---- single replies ----

    def one(self, content, thoughts=None):
        """The outcome and the answer of one reply to a turn whose right answer is 7."""
        data = {"dictionary": {"amber": 7}, "ground_truth_data": [{"input": ["amber"], "values": [7], "output": [7]}]}
        self.write("data.json", json.dumps(data))
        self.write("replies.jsonl", replies_file([(0, 1, content) if thoughts is None else (0, 1, content, thoughts)]))
        self.path("run.db").unlink(missing_ok=True)
        self.run_replies()
        return self.rows("run.db", "SELECT outcome, answered FROM call WHERE accepted")[0]

    def test_ways_to_write_an_integer(self):
        for text in ("7", "+7", " 7 ", "\n7\n", "7.0", "7.000", "\u00a07\u00a0"):
            self.assertEqual(self.one(tagged(text)), ("correct", "7"), repr(text))
        for text, state in (("-17", "-17"), ("\u221217", "-17"), ("1,234", "1234"), ("-1,234,567", "-1234567"), ("-0", "0"), ("+0.0", "0"),
                            ("9" * 18, "9" * 18), ("-" + "9" * 18, "-" + "9" * 18)):
            self.assertEqual(self.one(tagged(text)), ("slips", state), repr(text))

    def test_contents_that_are_no_integer(self):
        for text in UNREADABLE + ("7\u200b", "7/1", "7;", "$7", "**7**", "1" + "0" * 18, "7" * 5000, "7,000,00", ",7", "<b>7</b>"):
            self.assertEqual(self.one(tagged(text)), ("malformed", None), repr(text[:40]))

    def test_no_tag(self):
        for text in UNTAGGED:
            self.assertEqual(self.one(text), ("missing", None), repr(text))

    def test_thoughts_do_not_answer(self):
        seven, three = tagged(7), tagged(3)
        for text, thoughts, expected in (
            (f"<think>{seven}</think>", None, ("missing", None)),
            (f"<think>{seven}", None, ("missing", None)),
            (f"{seven}</think>", None, ("missing", None)),
            (f"{seven}</think> so it is", None, ("missing", None)),
            (f"<think>{three}</think>{seven}", None, ("correct", "7")),
            (f"{seven}<think>{three}</think>", None, ("correct", "7")),
            (f"{seven}<think>{three}", None, ("correct", "7")),
            (f"{three}</think>{seven}", None, ("correct", "7")),
            (f"<think>a</think>{seven}<think>{three}</think> end", None, ("correct", "7")),
            (f"<think>a<think>{three}</think>{seven}", None, ("correct", "7")),
            ("no tag", seven, ("missing", None)),
            (seven, three, ("correct", "7")),
            (tagged("x"), seven, ("malformed", None)),
        ):
            self.assertEqual(self.one(text, thoughts), expected, repr((text, thoughts)))

    def test_the_last_tag_answers(self):
        for text, expected in (
            (tagged(3) + tagged(7), ("correct", "7")),
            (tagged("x") + tagged(7), ("correct", "7")),
            (tagged(7) + tagged("x"), ("malformed", None)),
            (tagged(7) + "<answer>3", ("correct", "7")),
            ("<answer>" + tagged(7), ("correct", "7")),
            (tagged(7) + "</answer>", ("correct", "7")),
            (f"<answer>not yet {tagged(7)}</answer>", ("correct", "7")),
        ):
            self.assertEqual(self.one(text), expected, repr(text))

    def test_content_null_is_no_answer(self):
        self.write("data.json", json.dumps({"dictionary": {"a": 7}, "ground_truth_data": [{"input": ["a"], "values": [7], "output": [7]}]}))
        self.write("replies.jsonl", '{"sample": 0, "turn": 1, "content": null, "thoughts": null}\n')
        (c,) = self.run_replies()["conditions"]
        self.assertEqual(c["outcomes"]["missing"], [1.0])

    # ---- sizes ----

    def sized(self, lengths, replied):
        """A data set of these lengths, right replies to turns 1 … replied[s] of each sample."""
        data = data_set(stream("sizes"), lengths)
        truth = data["dict_sum"]["ground_truth_data"]
        self.write("data.json", json.dumps(data))
        self.write("replies.jsonl", replies_file([(s, t + 1, tagged(truth[s]["output"][t] if s < len(truth) and t < lengths[s] else 0))
                                                  for s, n in enumerate(replied) for t in range(n)]))

    def size(self, *more):
        (c,) = self.run_replies(*more)["conditions"]
        return c["samples"], c["turns"]

    def test_the_run_takes_all_that_the_data_hold(self):
        for lengths, replied, expected in (([3, 3], [3, 3], (2, 3)), ([9, 4, 6], [9, 4, 6], (3, 4)), ([9, 9], [9, 9, 9, 9], (2, 9)),
                                           ([9, 9], [5, 5], (2, 5)), ([150], [150], (1, 100))):
            self.sized(lengths, replied)
            self.assertEqual(self.size(), expected, (lengths, replied))
        self.sized([6, 6, 6], [6, 6, 6])
        self.assertEqual(self.size("--turns", 2), (3, 2))
        self.assertEqual(self.size("--samples", 2), (2, 6))
        self.assertEqual(self.size("--steps", 4), (3, 4))
        self.assertEqual(self.size("--sample", 2), (1, 6))

    def test_more_than_150_turns_are_the_default_only_where_asked_for(self):
        self.sized([150], [150])
        self.assertEqual(self.size("--turns", 150), (1, 150))

    def test_more_than_the_data_hold(self):
        self.sized([4, 4], [4, 4])
        for more, words in ((("--samples", 3), ("3", "2")), (("--turns", 5), ("5", "4")), (("--steps", 5), ("5", "4")), (("--sample", 2), ("2",)),
                            (("--steps-per-turn", 5), ("4", "5"))):
            done = self.longhaul("run", "--task", "kv_sum:dataset=data.json", "--model", "replay:replies.jsonl", "-o", "none", *more)
            self.assertEqual(done.code, 2, str(done))
            for word in words:
                self.assertIn(word, done.err, str(done))

    def test_a_large_set(self):
        """2,000 steps a rollout, every reply right or carried on: nothing is lost on the way."""
        rng = stream("large")
        data = data_set(rng, [2000, 2000])
        truth = data["dict_sum"]["ground_truth_data"]
        answers = [[truth[0]["output"][t] for t in range(2000)], [truth[1]["output"][t] + (1 if t >= 1000 else 0) for t in range(2000)]]
        self.write("data.json", json.dumps(data))
        self.write("replies.jsonl", replies_file([(s, t + 1, tagged(answers[s][t])) for s in range(2) for t in range(2000)]))
        (c,) = self.run_replies("--turns", 2000)["conditions"]
        self.assertMeasured(c, measures([judge(r, 1, a) for r, a in zip(truth, answers)]))

    def test_the_replies_are_the_same_through_any_policy_that_asks_once(self):
        """What was said is scored, whatever was sent: only what the model was shown depends on the policy."""
        rng = stream("policies")
        data = data_set(rng, [12, 12, 12])
        truth = data["dict_sum"]["ground_truth_data"]
        said = [converse(rng, r, 1, 12) for r in truth]
        self.write("data.json", json.dumps(data))
        self.write("replies.jsonl", replies_file([(s, t + 1, *(x for x in said[s][0][t] if x is not None)) for s in range(3) for t in range(12)]))
        report = self.run_replies("--policy", "full_history", "--policy", "reset", "--policy", "state_carry", "--policy", "omit_assistant")
        expected = measures([judge(r, 1, a) for r, (_, a) in zip(truth, said)])
        for c in report["conditions"]:
            self.assertMeasured(c, expected, c["policy"])

    def test_strict_reader(self):
        for text in ('{"a": NaN}', '{"a": 1, "a": 1}'):
            with self.assertRaises(ValueError):
                strict_json(text)


if __name__ == "__main__":
    unittest.main()
