"""The family that mixes others', held to its own words: a reader that has nothing but the printed instructions and messages, and takes the rules of
each part from its own section."""
import re
import unittest

import lhcli
from lhfamilies import Families, FamilyRules, Reader
from lhoperations import Counter, Operations, Queue, Stack, TextEdit, in_other_words


class Total(Operations):
    """"add X to the total", "subtract X from the total, which may become negative"."""

    def read(self, state):
        return int(state)

    def written(self, total):
        return str(total)

    def do_add(self, total, words, dictionary):
        return total + self.value(words[0], dictionary)

    def do_subtract(self, total, words, dictionary):
        return total - self.value(words[0], dictionary)


PARTS = {"total": Total, "stack": Stack, "queue": Queue, "counters": Counter, "string": TextEdit}


def part_reader(kind, section, start):
    """A reader of one part, which knows its section only."""
    class Part(kind):
        def __init__(self):
            self.told = re.sub(rf"^- {section.split(':')[0]} ", "- ", section, flags=re.M)
            self.described = self.operations()
            self.start = start
            self.keys = "names a key" in section
            self.numbers = "gives a number" in section

        def value(self, word, dictionary):
            known = self.keys and word in dictionary
            assert known or self.numbers, f"{word}: what is that?"
            return dictionary[word] if known else int(word)
    return Part()


class Mixed(Reader):
    """"It is written as all its parts in this order, each with its name in front, with semicolons between them"."""

    def __init__(self, told):
        super().__init__(told)
        self.shown_start, self.start = re.findall(r"^The state to start from: (.*)$", told, re.M)
        sections = re.findall(r"^Rules for the part (.*?)(?=\n\n)", told, re.M | re.S)
        starts = dict(part.split(" ", 1) for part in self.start.split("; "))
        self.parts = {name: part_reader(PARTS[name], section, starts[name]) for section in sections for name in [section.split(":")[0]]}
        assert list(self.parts) == list(starts), "parts in another order than their rules"
        known = re.search(r"^The dictionary to use from here on:\n(\{.*\})\n", told, re.M)
        self.dictionary = lhcli.strict_json(known.group(1)) if known else {}
        self.shown = self.example_dictionary() if known else {}

    def answer(self, state, message, dictionary):
        lists = dict(part.split(" ", 1) for part in state.split("; "))
        assert list(lists) == list(self.parts), state
        for operation in self.steps(message):
            name, rest = operation.split(" ", 1)
            lists[name] = self.parts[name].answer(lists[name], rest, dictionary)
        return "; ".join(f"{name} {written}" for name, written in lists.items())


class MixedFamily(FamilyRules, Families):
    READERS = {"mixed": Mixed}
    NEW = ("mixed",)
    TASKS = ("mixed", "mixed:parts=total+stack+queue+counters+string,lookup=0.5", "mixed:parts=queue+string:3,lookup=0,queue=2,max=1,string=3",
             "mixed:parts=stack:5+counters,stack=16,counters=10,max=9999,keys=3,stack_ops=push:3+over+rot+add+sub,counters_ops=increment+copy+swap",
             "mixed:parts=total+queue,queue=16,total_ops=subtract,queue_ops=enqueue:2+jump+leave+recall+reverse+dequeue,lookup=0.2")
    CHECKED = (("mixed", "parts=total+stack", "stack=2", "max=1", "keys=2"), ("mixed", "parts=total+stack+queue+counters+string", "stack=16", "queue=16",
                "counters=10", "string=24", "max=9999"), ("mixed", "parts=string+counters", "lookup=0.5", "string_ops=reverse", "counters_ops=reset"))

    def test_the_worked_examples(self):
        """Every part is worked on, by two operations if it has them; three messages, of one operation, of two, and of some."""
        for task in self.TASKS:
            with self.subTest(task):
                self.run_task(task, "sim:accuracy=1")
                for reader in self.readers(task).values():
                    state, used = reader.shown_start, set()
                    counts = [len(reader.steps(m)) for m, _ in reader.example]
                    self.assertEqual(counts[:2], [1, 2])
                    for message, reply in reader.example:
                        state = reader.answer(state, message, reader.shown)
                        self.assertEqual(reply, state, f"{message}\n{reader.told}")
                        used |= {tuple(step.split(" ")[:2]) for step in reader.steps(message)}
                    for name, part in reader.parts.items():
                        self.assertGreaterEqual(sum(n == name for n, _ in used), min(2, len(part.described)), f"{name}\n{reader.told}")

    def spelled(self, rng, state):
        """The parts in any order, each as it is written in its own family."""
        parts = [part.split(" ", 1) for part in state.split("; ")]
        rng.shuffle(parts)
        mark, end = rng.choice(((" ", "; "), (": ", "\n"), ("=", ";\n"), (" = ", ", ")))
        return end.join(f"{name}{mark}{f'{int(written):+,}' if name == 'total' else in_other_words(rng, written)}" for name, written in parts)

    # ---- the readers themselves, by hand ----

    def test_the_reader(self):
        told = ("Rules for the part total:\n- In place of X a message gives a number, or names a key:\n- total add X: \n- total subtract X: \n\n"
                "Rules for the part queue:\n- The queue holds at most 2 numbers.\n- In place of X a message names a key:\n- queue enqueue X: \n- queue reverse: \n\n"
                "Example, with a dictionary of its own: {\"x\": 1}\nThe state to start from: total 0; queue empty\n\n"
                "The dictionary to use from here on:\n{\"y\": 4}\nThe state to start from: total 0; queue 7\n")
        reader = Mixed(told)
        self.assertEqual(reader.follow("total 0; queue 7", "total subtract y, queue enqueue y, total add 3"), "total -1; queue 7 4")
        self.assertEqual(reader.follow("total 5; queue 7 8", "queue enqueue y, queue reverse"), "total 5; queue 4 8")
        with self.assertRaises(AssertionError):
            reader.follow("total 5; queue 7 8", "queue enqueue 3")
        with self.assertRaises(AssertionError):
            reader.follow("total 5; queue 7 8", "queue rotate")

    # ---- what is drawn ----

    def test_parts_and_look_ups_come_as_often_as_they_should(self):
        self.run_task("mixed:parts=total:5+stack:2+string:3,lookup=0.25,stack_ops=push", "sim:accuracy=1", 5)
        readers, steps, given, named = self.readers("mixed"), {}, 0, 0
        for sample, _, message, *_ in self.turns():
            for step in readers[sample].steps(message):
                part, _, *words = step.split(" ")
                steps[part] = steps.get(part, 0) + 1
                if part != "string":
                    given += words[0] not in readers[sample].dictionary
                    named += words[0] in readers[sample].dictionary
        n = 5 * self.TURNS * self.SAMPLES
        for count, of, share in ((steps["total"], n, 0.5), (steps["stack"], n, 0.2), (steps["string"], n, 0.3), (named, named + given, 0.25)):
            self.assertLess(abs(count / of - share), 4 * (share * (1 - share) / of) ** 0.5, (steps, given, named))

    def test_few_steps_change_nothing(self):
        """At the default parameters: a model that repeats its last answer is wrong, early and late."""
        self.TURNS, self.SAMPLES = 200, 10
        self.run_task("mixed", "sim:accuracy=1")
        rows = [row for row in self.turns() if row[1] > 1]
        for half in ([row for row in rows if row[1] < 100], [row for row in rows if row[1] > 100]):
            self.assertLess(sum(row[3] == row[5] for row in half) / len(half), 0.1)

    def test_list_and_show(self):
        self.assertRegex(self.good("list", "tasks").out, r"(?m)^mixed +\S.*; the state is all parts")
        shown = self.good("show", "task", "mixed").out
        for row in (r"parts +text +default total\+stack\+counters\+string +\S", r"lookup +number +default 1 +0\.\.1; \w", r"string +integer +default 8 +3\.\.24; \w",
                    r"stack_ops +text +default push:4\S* +\S"):
            self.assertRegex(shown, rf"(?m)^  {row}")


if __name__ == "__main__":
    unittest.main()
