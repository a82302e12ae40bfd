"""The families held to their own words: a reader that has nothing but the printed instructions and messages
follows them, and has to arrive at the families' truth, from right states and from wrong ones."""
import json
import re
import unittest

import lhcli
from lhcli import replies_file, stream


# ---- readers: one a family, each written from what the instructions say ----

def tagged(text):
    found = re.findall(r"<answer>(.*?)</answer>", text, re.S)
    assert len(found) == 1, text
    return found[0]


class Reader:
    """Knows the instructions of one sample. `start` is the state before the first message."""
    INTRODUCES = None                     # the line before the dictionary
    start = "0"

    def __init__(self, told):
        self.told = told
        self.example = self.read_example()
        if self.INTRODUCES:
            introduced, = re.findall(rf"^{self.INTRODUCES}\n(\{{.*\}})\n", told, re.M)
            self.dictionary = lhcli.strict_json(introduced)

    def read_example(self):
        """Its messages and replies, in order."""
        return [(m, tagged(r)) for m, r in re.findall(r"^Message: (.*)\nReply: (.*)$", self.told, re.M)]

    def example_dictionary(self):
        shown, = re.findall(r"^Example, with a dictionary of its own: (\{.*\})$", self.told, re.M)
        return lhcli.strict_json(shown)

    def follow(self, state, message):
        """The answer to a message, after `state`."""
        return self.answer(state, message, self.dictionary)


class PrefixSum(Reader):
    """"Add every one of them to the running total, in order"."""
    dictionary = None

    def example_dictionary(self):
        return None

    def answer(self, state, message, _):
        total = int(state)
        for number in message.split(", "):
            total += int(number)
        return str(total)


class KvSum(Reader):
    """"Look up every key in the dictionary and add its value to the running total"."""
    INTRODUCES = "The dictionary to use from here on, with a running total of 0:"

    def answer(self, state, message, dictionary):
        return str(int(state) + sum(dictionary[key] for key in message.split(", ")))


class Lookup(Reader):
    """"The answer is the value of the last key of the message"."""
    INTRODUCES = "The dictionary to use from here on:"

    def answer(self, state, message, dictionary):
        values = [dictionary[key] for key in message.split(", ")]
        return str(values[-1])


class KvMatmul(Reader):
    """"with your matrix on the left and the matrix of the key on the right"."""
    INTRODUCES = "The dictionary to use from here on, with the matrix 1 0 0 1 to start from:"
    start = "1 0 0 1"

    def __init__(self, told):
        super().__init__(told)
        named = re.findall(r"modulo (\d+)\.$|remainder on division by (\d+): a number from 0 to (\d+)\.$", told, re.M)
        self.p = int(named[0][0])
        assert named[1][1:] == (str(self.p), str(self.p - 1)), named

    @staticmethod
    def rows(text):
        a, b, c, d = map(int, text.split(" "))
        return [[a, b], [c, d]]

    def product(self, left, right):
        return [[sum(left[i][k] * right[k][j] for k in range(2)) % self.p for j in range(2)] for i in range(2)]

    def answer(self, state, message, dictionary):
        matrix = self.rows(state)
        for key in message.split(", "):
            matrix = self.product(matrix, self.rows(dictionary[key]))
        return " ".join(str(entry) for row in matrix for entry in row)


READERS = {"kv_sum": KvSum, "prefix_sum": PrefixSum, "lookup": Lookup, "kv_matmul": KvMatmul}
NEW = ("prefix_sum", "lookup", "kv_matmul")
TASKS = ("kv_sum", "prefix_sum", "lookup", "kv_matmul", "prefix_sum:min=1,max=12,keys=2", "prefix_sum:min=-1000000000,max=1000000000",
         "prefix_sum:min=-1,max=1,never_zero=true", "lookup:keys=2000,min=-5,max=5,never_zero=true", "lookup:words=list.txt,keys=4",
         "kv_matmul:p=2,keys=3", "kv_matmul:p=5", "kv_matmul:p=997,keys=300", "kv_matmul:words=list.txt,keys=4")
WORDS = "été\nhiver\nle printemps\nau'tomne\n"


# ---- a run's record ----

class Families(lhcli.Case):
    TURNS, SAMPLES = 12, 20

    def setUp(self):
        super().setUp()
        self.write("list.txt", WORDS)

    def run_task(self, task, model, k=1, output="run.db", *more):
        self.path(output).unlink(missing_ok=True)
        return self.report("run", "--task", task, "--model", model, "--steps-per-turn", k, "--turns", self.TURNS, "--samples", self.SAMPLES,
                           "--seed", 5, "-o", output, "--no-timing", *more)["conditions"][0]

    def readers(self, task, file="run.db"):
        told = self.rows(file, "SELECT e.sample, m.text FROM message m JOIN episode e ON e.id = m.episode WHERE m.role = 'system' ORDER BY 1")
        return {sample: READERS[task.split(":")[0]](text) for sample, text in told}

    def turns(self, file="run.db"):
        """[(sample, turn, prompt, shown, followed, truth, outcome)]"""
        found = self.rows(file, "SELECT e.sample, c.turn, m.text, c.shown, c.followed, c.truth, c.outcome FROM call c JOIN episode e ON e.id = c.episode"
                          " JOIN message m ON m.episode = c.episode AND m.turn = c.turn AND m.role = 'user' WHERE c.accepted ORDER BY 1, 2")
        self.assertEqual(len(found), self.TURNS * self.SAMPLES)
        return found

    def expected(self, readers, file="run.db"):
        """{(sample, turn): the answer of somebody who makes no mistake}, beside the program's rows."""
        answers, state = {}, {s: r.start for s, r in readers.items()}
        for row in self.turns(file):
            sample, turn, prompt = row[:3]
            state[sample] = answers[sample, turn] = readers[sample].follow(state[sample], prompt)
        return answers

    # ---- truth ----

    def test_the_truth_is_what_the_instructions_say(self):
        for task in TASKS:
            for k in (1, 2, 5):
                with self.subTest(task=task, k=k):
                    measured = self.run_task(task, "sim:accuracy=1", k)
                    self.assertEqual(measured["outcomes"]["correct"], [1] * self.TURNS)
                    self.assertEqual(measured["task_accuracy"], [1] * self.TURNS)
                    expected = self.expected(self.readers(task))
                    for sample, turn, prompt, _, followed, truth, outcome in self.turns():
                        self.assertEqual(len(prompt.split(", ")), k)
                        self.assertEqual((truth, outcome), (expected[sample, turn], "correct"), f"sample {sample}, turn {turn}: {prompt}")

    def test_wrong_states_are_carried_on_by_the_same_rule(self):
        """What sim slips to are states as well: f(t) from each of them."""
        for task in TASKS:
            for k in (1, 5):
                with self.subTest(task=task, k=k):
                    self.run_task(task, "sim:accuracy=0.8", k)
                    readers = self.readers(task)
                    wrong = 0
                    for sample, turn, prompt, shown, followed, truth, outcome in self.turns():
                        self.assertEqual(followed, readers[sample].follow(shown, prompt), f"sample {sample}, turn {turn}: {shown}, {prompt}")
                        self.assertIn(outcome, ("correct", "follows", "recovers", "slips"))
                        wrong += outcome == "slips"
                    self.assertGreater(wrong, 5, "a run without slips shows nothing")

    def test_the_worked_examples(self):
        for task in TASKS:
            with self.subTest(task):
                self.run_task(task, "sim:accuracy=1")
                for reader in self.readers(task).values():
                    state, dictionary = reader.start, reader.example_dictionary()
                    self.assertEqual([len(m.split(", ")) for m, _ in reader.example], [1, 2, 3])
                    for message, reply in reader.example:
                        state = reader.answer(state, message, dictionary)
                        self.assertEqual(reply, state, f"{message}\n{reader.told}")

    # ---- the readers themselves, by hand ----

    def test_the_readers(self):
        class Told(KvMatmul):
            def __init__(self, p):
                self.p = p
        d = {"a": "1 1 0 1", "b": "1 0 1 1", "c": "2 3 4 5"}
        for p, state, message, answer in ((7, "1 0 0 1", "a", "1 1 0 1"), (7, "1 0 0 1", "a, b", "2 1 1 1"), (7, "1 0 0 1", "b, a", "1 1 1 2"),
                                          (7, "2 1 1 1", "c", "1 4 6 1"), (11, "2 1 1 1", "c", "8 0 6 8"), (7, "0 0 0 0", "c, a", "0 0 0 0")):
            self.assertEqual(Told(p).answer(state, message, d), answer)
        self.assertEqual(PrefixSum.answer(None, "-3", "5, -2, 10", None), "10")
        self.assertEqual(KvSum.answer(None, "-3", "x, y, x", {"x": 4, "y": -1}), "4")
        self.assertEqual(Lookup.answer(None, "-3", "x, x, y", {"x": 4, "y": -1}), "-1")

    # ---- what is drawn ----

    def test_matrices(self):
        """Invertible, not the identity, most pairs in no order but their own; and drawn evenly."""
        for p in (2, 3, 7):
            with self.subTest(p=p):
                task = f"kv_matmul:p={p},keys=100"
                self.run_task(task, "sim:accuracy=1")
                seen, pairs, commuting = {}, 0, 0
                for reader in self.readers(task).values():
                    matrices = [reader.rows(text) for text in reader.dictionary.values()]
                    self.assertEqual(len(matrices), 100)
                    for m in matrices:
                        (a, b), (c, d) = m
                        self.assertTrue(all(0 <= e < p for e in (a, b, c, d)))
                        self.assertNotEqual((a * d - b * c) % p, 0)
                        self.assertNotEqual(m, [[1, 0], [0, 1]])
                        seen[str(m)] = seen.get(str(m), 0) + 1
                    for x, y in zip(matrices, matrices[1:]):
                        pairs += 1
                        commuting += reader.product(x, y) == reader.product(y, x)
                kinds = p * (p - 1) * (p * p - 1) - 1
                self.assertLess(commuting / pairs, 0.5)
                if kinds < 50:
                    self.assertEqual(len(seen), kinds)
                    self.assertLess(max(seen.values()), 2 * min(seen.values()) + 20)
                else:
                    self.assertGreater(len(seen), 0.5 * kinds)

    def test_operands(self):
        for task, least, most in (("prefix_sum:min=-2,max=2,never_zero=true", -2, 2), ("lookup:min=-2,max=2,never_zero=true", -2, 2), ("prefix_sum:min=0,max=3", 0, 3)):
            with self.subTest(task):
                self.run_task(task, "sim:accuracy=1", 5)
                values = set()
                for reader in self.readers(task).values():
                    values |= set((reader.dictionary or {}).values())
                if task.startswith("prefix"):
                    values = {int(n) for row in self.turns() for n in row[2].split(", ")}
                self.assertEqual(values, set(range(least, most + 1)) - ({0} if "never_zero" in task else set()))

    def test_controls_have_the_samples_of_kv_sum(self):
        """The same keys in the same order; the same integers; the same totals."""
        record = {}
        for task in ("kv_sum", "prefix_sum", "lookup", "kv_matmul"):
            self.run_task(task, "sim:accuracy=1", 2, f"{task}.db")
            record[task] = self.turns(f"{task}.db"), self.readers(task, f"{task}.db")
        for i, row in enumerate(record["kv_sum"][0]):
            sample, prompt = row[0], row[2]
            dictionary = record["kv_sum"][1][sample].dictionary
            self.assertEqual(record["lookup"][0][i][2], prompt)
            self.assertEqual(record["kv_matmul"][0][i][2], prompt)
            self.assertEqual(record["prefix_sum"][0][i][2], ", ".join(str(dictionary[key]) for key in prompt.split(", ")))
            self.assertEqual(record["prefix_sum"][0][i][5], row[5])
            self.assertEqual(record["lookup"][1][sample].dictionary, dictionary)
            self.assertEqual(list(record["kv_matmul"][1][sample].dictionary), list(dictionary))

    # ---- answers from outside ----

    def spelled(self, rng, state):
        """The same answer as somebody else might write it."""
        if " " not in state:
            n = int(state)
            return rng.choice((state, f" {n} ", f"{n}.0", f"{n:,}", f"{n:+}", f"{n}".replace("-", "−")))
        a, b, c, d = state.split(" ")
        return rng.choice((state, f"{a}, {b}, {c}, {d}", f"[[{a}, {b}], [{c}, {d}]]", f"[{a} {b} {c} {d}]", f"\n{a} {b}\n{c} {d}\n", f"[{a} {b}; {c} {d}]",
                           f"[[{a} {b}]\n [{c} {d}]]", f"({a}, {b}, {c}, {d})"))

    def test_a_reader_answers_in_other_words(self):
        """Answers worked out here, replayed: all are correct, and one that is wrong is found."""
        for task in NEW:
            with self.subTest(task):
                rng = stream("families", task)
                self.run_task(task, "sim:accuracy=1", 2)
                answers = self.expected(self.readers(task))
                self.write("replies.jsonl", replies_file((s, t, f"So <answer>{self.spelled(rng, a)}</answer>") for (s, t), a in answers.items()))
                measured = self.run_task(task, "replay:replies.jsonl", 2, "again.db")
                self.assertEqual(measured["outcomes"]["correct"], [1] * self.TURNS)
                answers[3, 4] = answers[3, 5] if answers[3, 5] != answers[3, 4] else answers[3, 6]
                self.write("replies.jsonl", replies_file((s, t, f"<answer>{a}</answer>") for (s, t), a in answers.items()))
                measured = self.run_task(task, "replay:replies.jsonl", 2, "again.db")
                self.assertEqual(measured["outcomes"]["slips"], [0, 0, 0, 1 / self.SAMPLES] + [0] * (self.TURNS - 4))

    # ---- in the program ----

    def test_results_do_not_depend_on_concurrency(self):
        for task in NEW:
            with self.subTest(task):
                def once(*more):
                    return self.plain("run", "--task", task, "--model", "sim:accuracy=0.9,self_conditioning=2,malformed=0.02,latency_ms=5,latency_spread=1",
                                      "--steps-per-turn", "1,3", "--turns", 10, "--samples", 12, "-o", "none", *more)
                first = once("--concurrency", 1)
                rate = json.loads(first)["conditions"][0]["turn_error_rate"]["value"]
                self.assertTrue(0 < rate < 1, rate)
                for n in (7, 64):
                    self.assertEqual(once("--concurrency", n), first)
                self.assertEqual(once("--jobs", 2), first)

    def test_check(self):
        for name in NEW:
            self.assertIn("every property holds", self.good("check", name, "--samples", 5, "--steps", 25).out)
        for name, *more in (("prefix_sum", "keys=2", "min=0", "max=0"), ("lookup", "keys=2", "min=3", "max=3"), ("kv_matmul", "keys=2", "p=2"),
                            ("kv_matmul", "p=997")):
            done = self.good("check", name, "--samples", 3, "--steps", 10, *(a for setting in more for a in ("--set", setting)))
            self.assertIn("every property holds", done.out)

    def test_list_and_show(self):
        listed = self.good("list", "tasks").out
        for name, row in (("prefix_sum", r"keys +integer +default 100 +2\.\.10000; \w"), ("lookup", r"words +file +default none +a word list"),
                          ("kv_matmul", r"p +integer +default 7 +2\.\.997; the modulus, a prime")):
            self.assertRegex(listed, rf"(?m)^{name} +\S.*; the state is the ")
            self.assertRegex(self.good("show", "task", name).out, rf"(?m)^  {row}")


if __name__ == "__main__":
    unittest.main()
