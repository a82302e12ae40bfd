"""The families whose state is a structure, held to their own words: readers that have nothing but the printed instructions and messages
follow them, and have to arrive at the families' truth."""
import re
import unittest

from lhfamilies import Families, FamilyRules, Reader
from lhoperations import Counter, Operations, Queue, Stack, TextEdit, in_other_words


# ---- readers: one a family, each written from what the instructions say ----

class Fsm(Reader):
    """"find the line of the state that the machine is in, and in it the action"."""

    def __init__(self, told):
        super().__init__(told)
        _, self.start = re.findall(r"^The state to start from: (q\d+)$", told, re.M)
        example, known = told.split("\nThe table to use from here on:\n")
        self.shown, self.dictionary = self.table(example), self.table(known)

    def table(self, text):
        return {state: dict(entry.split(" -> ") for entry in line.split(", ")) for state, line in re.findall(r"^(q\d+): (.*)$", text, re.M)}

    def answer(self, state, message, table):
        for action in self.steps(message):
            state = table[state][action]
        return state


class Program(Reader):
    """"take the line with the number pc, do what it says, and set pc for the next one"."""

    def __init__(self, told):
        super().__init__(told)
        self.shown_start, self.start = re.findall(r"^The state to start from: (.*)$", told, re.M)
        example, known = told.split("\nThe program to execute from here on:\n")
        self.shown, self.dictionary = self.lines(example), self.lines(known)
        self.modulus, = map(int, re.findall(r"Results are taken modulo (\d+):", told))

    def lines(self, text):
        numbered = re.findall(r"^(\d+): (.*)$", text, re.M)
        assert [int(n) for n, _ in numbered] == list(range(len(numbered)))
        return [line for _, line in numbered]

    def steps(self, message):
        count = re.fullmatch(r"Execute (\d+) instructions?\.", message).group(1)
        return [message] * int(count)

    def execute(self, r, line, lines):
        """The number of the next line."""
        following = (r["pc"] + 1) % lines
        if jump := re.fullmatch(r"goto (\d+)", line):
            return int(jump.group(1))
        if jump := re.fullmatch(r"if (r\d) is less than (r\d) goto (\d+)", line):
            return int(jump.group(3)) if r[jump.group(1)] < r[jump.group(2)] else following
        target, left, sign, right = re.fullmatch(r"(r\d) = (r\d|\d+)(?: ([-+*]) (r\d))?", line).groups()
        value = r[left] if left in r else int(left)
        if sign:
            value = {"+": value + r[right], "-": value - r[right], "*": value * r[right]}[sign] % self.modulus
        r[target] = value
        return following

    def answer(self, state, message, lines):
        r = {name: int(value) for name, value in (pair.split("=") for pair in state.split(" "))}
        for _ in self.steps(message):
            r["pc"] = self.execute(r, lines[r["pc"]], len(lines))
        return " ".join(f"{name}={value}" for name, value in r.items())


# ---- all of them ----

class StructureFamilies(FamilyRules, Families):
    READERS = {"stack": Stack, "queue": Queue, "counter": Counter, "text_edit": TextEdit, "fsm": Fsm, "program": Program}
    NEW = tuple(READERS)
    TASKS = ("stack", "stack:lookup=false,depth=2,modulus=2", "stack:depth=32,modulus=1000000,keys=5,ops=push:3+pop+over+dup",
             "stack:ops=push:3+over+rot+swap+add+sub+pop,depth=3",
             "queue", "queue:lookup=false,length=2,max=1", "queue:length=32,ops=enqueue+jump+leave+recall+rotate+reverse+dequeue,keys=3",
             "counter", "counter:lookup=false,counters=2,limit=9,max=9", "counter:counters=26,limit=50,max=50,keys=7", "counter:ops=copy+swap+increment+reset",
             "text_edit", "text_edit:length=3,letters=2", "text_edit:length=48,ops=insert:3+delete+swap+rotate", "text_edit:ops=reverse+replace",
             "fsm", "fsm:states=2,actions=1", "fsm:states=50,actions=3,reversible=false", "fsm:states=5,actions=40",
             "program", "program:registers=2,lines=4,modulus=2", "program:registers=8,lines=100,modulus=1000,ops=set+move+add+sub+mul+goto+less")
    CHECKED = (("stack", "depth=2", "modulus=2"), ("stack", "lookup=false", "ops=pop+rot"), ("queue", "length=2", "max=1", "lookup=false"),
               ("queue", "length=32", "keys=2"), ("counter", "counters=2", "max=1", "limit=1"), ("counter", "counters=26", "ops=copy"),
               ("text_edit", "length=3", "letters=2"), ("text_edit", "length=48"), ("fsm", "states=2", "actions=1"),
               ("fsm", "states=30", "actions=2", "reversible=false"), ("program", "registers=2", "lines=4", "modulus=2"),
               ("program", "lines=30", "ops=set+mul+goto"))

    def test_the_worked_examples(self):
        """Three messages; with all operations that the rules describe."""
        for task in self.TASKS:
            with self.subTest(task):
                self.run_task(task, "sim:accuracy=1")
                for reader in self.readers(task).values():
                    shown = getattr(reader, "shown_start", None) or re.search(r"The state to start from: (q\d+)", reader.told).group(1)
                    state, used = shown, set()
                    counts = [len(reader.steps(m)) for m, _ in reader.example]
                    self.assertEqual(counts[:2], [1, 2])
                    self.assertEqual(len(counts), 3)
                    self.assertGreaterEqual(counts[2], 3)
                    for message, reply in reader.example:
                        state = reader.answer(state, message, reader.shown)
                        self.assertEqual(reply, state, f"{message}\n{reader.told}")
                        used |= {step.split(" ")[0] for step in reader.steps(message)}
                    if isinstance(reader, Operations):
                        self.assertEqual(used, set(reader.described), reader.told)

    def spelled(self, rng, state):
        """The same answer as somebody else might write it."""
        if re.fullmatch(r"q\d+", state):
            return rng.choice((state, state.upper(), f" {state}\n", state[1:]))
        return in_other_words(rng, state)

    # ---- the readers themselves, by hand ----

    def test_the_readers(self):
        class ToldStack(Stack):
            def __init__(self):
                self.described, self.looks_up = {"push": "", "pop": "", "dup": "", "over": "", "swap": "", "rot": "", "add": "", "sub": ""}, True
                self.told = ("The stack holds at most 3 numbers. Whenever an operation makes it hold more, remove the number at the bottom. "
                             "modulo 10, a number from 0 to 9")
        for state, message, answer in (("empty", "push x", "4"), ("1 2 3", "push x", "2 3 4"), ("1", "pop, pop", "empty"), ("1 2 3", "rot", "2 3 1"), ("1 2", "over", "1 2 1"),
                                       ("1 2 3", "dup", "2 3 3"), ("7 8", "add", "5"), ("7 8", "sub", "9"), ("1", "add, sub, swap, over, rot", "1"), ("1 2", "swap", "2 1")):
            self.assertEqual(ToldStack().answer(state, message, {"x": 4}), answer, (state, message))

        class ToldQueue(Queue):
            def __init__(self):
                self.described, self.looks_up = dict.fromkeys("enqueue jump dequeue leave rotate recall reverse".split(" "), ""), False
                self.told = "The queue holds at most 3 numbers."
        for state, message, answer in (("1 2 3", "enqueue 4", "2 3 4"), ("1 2 3", "jump 4", "4 1 2"), ("1 2 3", "rotate", "2 3 1"), ("1 2 3", "recall", "3 1 2"),
                                       ("1 2 3", "dequeue, leave", "2"), ("empty", "dequeue, leave, rotate, recall, reverse", "empty"), ("1 2 3", "reverse", "3 2 1")):
            self.assertEqual(ToldQueue().answer(state, message, None), answer, (state, message))

        class ToldCounter(Counter):
            def __init__(self):
                self.described, self.looks_up = dict.fromkeys("increment decrement transfer copy reset swap".split(" "), ""), False
                self.told, self.start = "No counter goes above 9 or below -9:", "a=0 b=0"
        for message, answer in (("increment a by 5", "a=8 b=-1"), ("increment a by 7", "a=9 b=-1"), ("decrement b by 9", "a=3 b=-9"), ("transfer 2 from a to b", "a=1 b=1"),
                                ("copy b to a", "a=-1 b=-1"), ("reset b", "a=3 b=0"), ("swap a and b", "a=-1 b=3")):
            self.assertEqual(ToldCounter().answer("a=3 b=-1", message, None), answer, message)

        class ToldText(TextEdit):
            def __init__(self):
                self.described, self.looks_up = dict.fromkeys("insert delete replace swap reverse rotate".split(" "), ""), False
                self.told = "if the string has 6 or more letters, remove its last letter; A string of 4 or fewer letters stays as it is."
        for state, message, answer in (("abcde", "insert z at 2", "azbcde"), ("abcde", "insert z at 6", "abcdez"), ("abcdef", "insert z at 6", "abcdez"), ("abcd", "delete 1", "abcd"),
                                       ("abcde", "delete 9", "abcd"), ("abcde", "replace 5 with z", "abcdz"), ("abcde", "swap 2 and 9", "aecdb"), ("abcd", "rotate 3", "dabc"),
                                       ("abcd", "rotate 4", "bcda"), ("abcd", "reverse", "dcba")):
            self.assertEqual(ToldText().answer(state, message, None), answer, (state, message))

        class ToldProgram(Program):
            def __init__(self):
                self.modulus = 10
        lines = ["r0 = r1 - r2", "if r0 is less than r1 goto 3", "r2 = 7", "r1 = r1 * r1", "goto 1", "r0 = r2"]
        for state, count, answer in (("r0=0 r1=3 r2=5 pc=0", 1, "r0=8 r1=3 r2=5 pc=1"), ("r0=8 r1=3 r2=5 pc=1", 1, "r0=8 r1=3 r2=5 pc=2"),
                                     ("r0=2 r1=3 r2=5 pc=1", 2, "r0=2 r1=9 r2=5 pc=4"), ("r0=2 r1=2 r2=5 pc=5", 1, "r0=5 r1=2 r2=5 pc=0"),
                                     ("r0=2 r1=9 r2=5 pc=4", 3, "r0=2 r1=1 r2=5 pc=4")):
            self.assertEqual(ToldProgram().answer(state, f"Execute {count} instructions.", lines), answer, state)
        self.assertEqual(Fsm.answer(Fsm.__new__(Fsm), "q0", "a, b, a", {"q0": {"a": "q1", "b": "q0"}, "q1": {"a": "q0", "b": "q1"}}), "q0")

    # ---- what is drawn ----

    def test_every_operation_comes_as_often_as_it_weighs(self):
        for task, weights in (("stack:ops=push:5+pop:3+dup:2", {"push": 5, "pop": 3, "dup": 2}), ("text_edit:ops=reverse+insert:3", {"reverse": 1, "insert": 3})):
            with self.subTest(task):
                self.run_task(task, "sim:accuracy=1", 5)
                seen = {}
                for row in self.turns():
                    for step in row[2].split(", "):
                        name = step.split(" ")[0]
                        seen[name] = seen.get(name, 0) + 1
                self.assertEqual(set(seen), set(weights))
                for name, weight in weights.items():
                    share, n = weight / sum(weights.values()), 5 * self.TURNS * self.SAMPLES
                    self.assertLess(abs(seen[name] / n - share), 4 * (share * (1 - share) / n) ** 0.5, name)

    def test_few_steps_change_nothing(self):
        """At the default parameters: a model that repeats its last answer is wrong, early and late."""
        self.TURNS, self.SAMPLES = 200, 20
        for task in self.NEW:
            with self.subTest(task):
                self.run_task(task, "sim:accuracy=1")
                rows = [row for row in self.turns() if row[1] > 1]
                for half in (rows[:len(rows) // 2], [row for row in rows if row[1] > 100]):
                    self.assertLess(sum(row[3] == row[5] for row in half) / len(half), 0.1)

    def test_reversible_machines_never_forget(self):
        """A wrong state stays wrong until it is corrected; with transitions drawn one by one it may come right by itself."""
        healed = {}
        for task in ("fsm", "fsm:reversible=false"):
            self.run_task(task, "sim:accuracy=0.8")
            last, healed[task] = {}, 0
            for sample, turn, prompt, shown, followed, truth, outcome in self.turns():
                if sample in last and last[sample] != shown:
                    healed[task] += followed == truth
                last[sample] = truth
        self.assertEqual(healed["fsm"], 0)
        self.assertGreater(healed["fsm:reversible=false"], 0)

    def test_list_and_show(self):
        listed = self.good("list", "tasks").out
        for name, row in (("stack", r"depth +integer +default 8 +2\.\.32; \w"), ("queue", r"length +integer +default 8 +2\.\.32; \w"),
                          ("counter", r"lookup +choice +default true +\S"), ("text_edit", r"letters +integer +default 26 +2\.\.26; \w"),
                          ("fsm", r"states +integer +default 8 +2\.\.200; states of the machine: its depth"), ("program", r"ops +text +default set\+move\+add:4\S* +\S")):
            self.assertRegex(listed, rf"(?m)^{name} +\S.*; the state is ")
            self.assertRegex(self.good("show", "task", name).out, rf"(?m)^  {row}")


if __name__ == "__main__":
    unittest.main()
