"""What the tests of task families share: readers that have nothing but the printed instructions and messages, and rules that
every family is held to with its reader."""
import json
import re

import lhcli
from lhcli import replies_file, stream


def tagged(text):
    found = re.findall(r"<answer>(.*?)</answer>", text, re.S)
    assert len(found) == 1, text
    return found[0]


class Reader:
    """Knows the instructions of one sample. `start` is the state before the first message."""
    INTRODUCES = None                     # the line before the dictionary
    SEPARATOR = ", "                      # between the steps of a message
    start = "0"

    def __init__(self, told):
        self.told = told
        self.example = self.read_example()
        if self.INTRODUCES:
            introduced, = re.findall(rf"^{self.INTRODUCES}\n(\{{.*\}})\n", told, re.M)
            self.dictionary = lhcli.strict_json(introduced)

    def read_example(self):
        """Its messages and replies, in order."""
        return [(m, tagged(r)) for m, r in re.findall(r"^Message: (.*?)\nReply: (.*?)$", self.told, re.M | re.S)]

    def steps(self, message):
        return message.split(self.SEPARATOR)

    def example_dictionary(self):
        shown, = re.findall(r"^Example, with a dictionary of its own: (\{.*\})$", self.told, re.M)
        return lhcli.strict_json(shown)

    def example_start(self):
        """The state that the worked example begins with."""
        return self.start

    def follow(self, state, message):
        """The answer to a message, after `state`."""
        return self.answer(state, message, self.dictionary)


# ---- a run's record ----

class Families(lhcli.Case):
    """Runs of a task, and what their files say of them."""
    unsanitized = True
    TURNS, SAMPLES = 12, 20
    READERS = {}                          # {name of a family: its reader}

    def run_task(self, task, model, k=1, output="run.db", *more):
        self.path(output).unlink(missing_ok=True)
        return self.report("run", "--task", task, "--model", model, "--steps-per-turn", k, "--turns", self.TURNS, "--samples", self.SAMPLES,
                           "--seed", 5, "-o", output, "--no-timing", *more)["conditions"][0]

    def readers(self, task, file="run.db"):
        told = self.rows(file, "SELECT e.sample, m.text FROM message m JOIN episode e ON e.id = m.episode WHERE m.role = 'system' ORDER BY 1")
        return {sample: self.READERS[task.split(":")[0]](text) for sample, text in told}

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


# ---- rules ----

class FamilyRules:
    """Tests of a class of Families that has, besides READERS, what these name, and `spelled`."""
    TASKS = ()                            # families with parameters
    NEW = ()                              # names of families
    CHECKED = ()                          # (name, "key=value", …): parameters at the edge of their ranges

    # ---- truth ----

    def test_the_truth_is_what_the_instructions_say(self):
        for task in self.TASKS:
            for k in (1, 2, 5):
                with self.subTest(task=task, k=k):
                    measured = self.run_task(task, "sim:accuracy=1", k)
                    self.assertEqual(measured["outcomes"]["correct"], [1] * self.TURNS)
                    self.assertEqual(measured["task_accuracy"], [1] * self.TURNS)
                    readers = self.readers(task)
                    expected = self.expected(readers)
                    for sample, turn, prompt, _, followed, truth, outcome in self.turns():
                        self.assertEqual(len(readers[sample].steps(prompt)), k)
                        self.assertEqual((truth, outcome), (expected[sample, turn], "correct"), f"sample {sample}, turn {turn}: {prompt}")

    def test_wrong_states_are_carried_on_by_the_same_rule(self):
        """What sim slips to are states as well: f(t) from each of them."""
        for task in self.TASKS:
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
        for task in self.TASKS:
            with self.subTest(task):
                self.run_task(task, "sim:accuracy=1")
                for reader in self.readers(task).values():
                    state, dictionary = reader.example_start(), reader.example_dictionary()
                    self.assertEqual([len(reader.steps(m)) for m, _ in reader.example], [1, 2, 3])
                    for message, reply in reader.example:
                        state = reader.answer(state, message, dictionary)
                        self.assertEqual(reply, state, f"{message}\n{reader.told}")

    def test_a_reader_answers_in_other_words(self):
        """Answers worked out here, replayed: all are correct, and one that is wrong is found."""
        for task in self.NEW:
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
        for task in self.NEW:
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
        """Beside test_cli_families_check.py, which has the defaults."""
        for name, *more in self.CHECKED:
            done = self.good("check", name, "--samples", 3, "--steps", 10, *(a for setting in more for a in ("--set", setting)))
            self.assertIn("every property holds", done.out)
