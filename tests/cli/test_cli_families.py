"""The families held to their own words: a reader that has nothing but the printed instructions and messages
follows them, and has to arrive at the families' truth, from right states and from wrong ones."""
import re
import unittest

from lhfamilies import Families, FamilyRules, Reader


# ---- readers: one a family, each written from what the instructions say ----

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


class ControlFamilies(FamilyRules, Families):
    READERS, NEW, TASKS = READERS, NEW, TASKS
    CHECKED = (("prefix_sum", "keys=2", "min=0", "max=0"), ("lookup", "keys=2", "min=3", "max=3"), ("kv_matmul", "keys=2", "p=2"), ("kv_matmul", "p=997"))

    def setUp(self):
        super().setUp()
        self.write("list.txt", WORDS)

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

    def test_list_and_show(self):
        listed = self.good("list", "tasks").out
        for name, row in (("prefix_sum", r"keys +integer +default 100 +2\.\.10000; \w"), ("lookup", r"words +file +default none +a word list"),
                          ("kv_matmul", r"p +integer +default 7 +2\.\.997; the modulus, a prime")):
            self.assertRegex(listed, rf"(?m)^{name} +\S.*; the state is the ")
            self.assertRegex(self.good("show", "task", name).out, rf"(?m)^  {row}")


if __name__ == "__main__":
    unittest.main()
