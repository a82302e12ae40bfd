"""Readers of operations on a stack, a queue, counters, a string, each written from what the instructions say; for the families that have one of
these and for those that mix them."""
import re

import lhcli
from lhfamilies import Reader


class Operations(Reader):
    """"Each message gives one or more operations, separated by commas. Carry them out one after the other, in order". A subclass has a
    method for each operation, which changes a list."""
    NOUN = None                           # "stack"

    def __init__(self, told):
        super().__init__(told)
        # The last one; the first is the example's.
        self.shown_start, self.start = re.findall(rf"^The {self.NOUN} to start from: (.*)$", told, re.M)
        self.looks_up = "look it up in the dictionary, its value is X" in told
        self.dictionary = self.shown = None
        if self.looks_up:
            known, = re.findall(r"^The dictionary to use from here on:\n(\{.*\})\n", told, re.M)
            self.dictionary = lhcli.strict_json(known)
            self.shown = self.example_dictionary()
        self.described = self.operations()

    def operations(self):
        """{name: what the rules say of it}"""
        return dict(re.findall(r"^- (\w+)((?: [XPQ]| by| from| to| at| with| and)*: .*)$", self.told, re.M))

    def number(self, pattern):
        found, = set(re.findall(pattern, self.told))
        return int(found)

    def value(self, word, dictionary):
        return dictionary[word] if self.looks_up else int(word)

    def read(self, state):
        return [] if state == "empty" else [int(n) for n in state.split(" ")]

    def written(self, items):
        return " ".join(map(str, items)) or "empty"

    def answer(self, state, message, dictionary):
        items = self.read(state)
        for operation in self.steps(message):
            name, *words = operation.split(" ")
            assert name in self.described, f"{operation} is not described"
            items = getattr(self, "do_" + name)(items, words, dictionary)
        return self.written(items)


class Stack(Operations):
    """"written from bottom to top": the last item is the top."""
    NOUN = "stack"

    def answer(self, state, message, dictionary):
        self.depth = self.number(r"The stack holds at most (\d+) numbers\. Whenever an operation makes it hold more, remove the number at the bottom\.")
        if "add" in self.described or "sub" in self.described:
            self.modulus = self.number(r"modulo (\d+), a number from 0 to \d+")
        return super().answer(state, message, dictionary)

    def do_push(self, s, words, dictionary):
        s = s + [self.value(words[0], dictionary)]
        return s[1:] if len(s) > self.depth else s

    def copied(self, s, least):
        if len(s) < least:
            return s
        s = s + [s[-least]]
        return s[1:] if len(s) > self.depth else s

    def do_pop(self, s, *_):
        return s[:-1]

    def do_dup(self, s, *_):
        return self.copied(s, 1)

    def do_over(self, s, *_):
        return self.copied(s, 2)

    def do_swap(self, s, *_):
        return s if len(s) < 2 else s[:-2] + [s[-1], s[-2]]

    def do_rot(self, s, *_):
        return s if len(s) < 3 else s[:-3] + [s[-2], s[-1], s[-3]]

    def do_add(self, s, *_):
        return s if len(s) < 2 else s[:-2] + [(s[-2] + s[-1]) % self.modulus]

    def do_sub(self, s, *_):
        return s if len(s) < 2 else s[:-2] + [(s[-2] - s[-1]) % self.modulus]


class Queue(Operations):
    """"written from front to back": the first item is the front."""
    NOUN = "queue"

    def answer(self, state, message, dictionary):
        self.length = self.number(r"The queue holds at most (\d+) numbers\.")
        return super().answer(state, message, dictionary)

    def do_enqueue(self, q, words, dictionary):
        q = q + [self.value(words[0], dictionary)]
        return q[1:] if len(q) > self.length else q

    def do_jump(self, q, words, dictionary):
        q = [self.value(words[0], dictionary)] + q
        return q[:-1] if len(q) > self.length else q

    def do_dequeue(self, q, *_):
        return q[1:]

    def do_leave(self, q, *_):
        return q[:-1]

    def do_rotate(self, q, *_):
        return q[1:] + q[:1]

    def do_recall(self, q, *_):
        return q[-1:] + q[:-1]

    def do_reverse(self, q, *_):
        return q[::-1]


class Counter(Operations):
    """"each as its name, = and its value, separated by spaces"."""
    NOUN = "counters"

    def read(self, state):
        return {name: int(value) for name, value in (pair.split("=") for pair in state.split(" "))}

    def written(self, counters):
        return " ".join(f"{name}={value}" for name, value in counters.items())

    def answer(self, state, message, dictionary):
        above, below, = re.findall(r"No counter goes above (\d+) or below (-\d+):", self.told)[0]
        self.above, self.below = int(above), int(below)
        assert list(self.read(state)) == list(self.read(self.start))
        return super().answer(state, message, dictionary)

    def changed(self, counters, **by):
        return {name: max(self.below, min(self.above, value + by.get(name, 0))) for name, value in counters.items()}

    def do_increment(self, counters, words, dictionary):
        p, by, x = words
        return self.changed(counters, **{p: self.value(x, dictionary)})

    def do_decrement(self, counters, words, dictionary):
        p, by, x = words
        return self.changed(counters, **{p: -self.value(x, dictionary)})

    def do_transfer(self, counters, words, dictionary):
        x, _, p, _, q = words
        return self.changed(counters, **{p: -self.value(x, dictionary), q: self.value(x, dictionary)})

    def do_copy(self, counters, words, _):
        p, _, q = words
        return {**counters, q: counters[p]}

    def do_reset(self, counters, words, _):
        return {**counters, words[0]: 0}

    def do_swap(self, counters, words, _):
        p, _, q = words
        return {**counters, p: counters[q], q: counters[p]}


class TextEdit(Operations):
    """"Positions are counted from 1", "beyond the last letter, the last letter is meant"."""
    NOUN = "string"

    def read(self, state):
        return state

    def written(self, string):
        return string

    def at(self, string, position):
        return min(int(position), len(string)) - 1

    def do_insert(self, s, words, _):
        letter, _, position = words
        full = self.number(r"if the string has (\d+) or more letters, remove its last letter;")
        s = s[:-1] if len(s) >= full else s
        k = int(position) - 1
        return s[:k] + letter + s[k:]

    def do_delete(self, s, words, _):
        few = self.number(r"A string of (\d+) or fewer letters stays as it is\.")
        k = self.at(s, words[0])
        return s if len(s) <= few else s[:k] + s[k + 1:]

    def do_replace(self, s, words, _):
        position, _, letter = words
        k = self.at(s, position)
        return s[:k] + letter + s[k + 1:]

    def do_swap(self, s, words, _):
        p, q = self.at(s, words[0]), self.at(s, words[2])
        letters = list(s)
        letters[p], letters[q] = letters[q], letters[p]
        return "".join(letters)

    def do_reverse(self, s, *_):
        return s[::-1]

    def do_rotate(self, s, words, _):
        k = int(words[0]) if len(s) > int(words[0]) else 1
        return s[k:] + s[:k]


def in_other_words(rng, state):
    """A list, counters or a string as somebody else might write them."""
    if "=" in state:
        pairs = [pair.split("=") for pair in state.split(" ")]
        shuffled = rng.sample(pairs, len(pairs))
        return rng.choice((state, ", ".join(f"{n} = {v}" for n, v in pairs), "\n".join(f"{n.upper()}: {v}" for n, v in pairs),
                           "{" + ", ".join(f'"{n}": {v}' for n, v in pairs) + "}", " ".join(f"{n}={v}" for n, v in shuffled)))
    if state == "empty":
        return rng.choice((state, "Empty", "[]"))
    if re.fullmatch(r"[a-z]+", state):
        return rng.choice((state, state.upper(), f'"{state}"', f"`{state}`", " ".join(state), "-".join(state)))
    numbers = state.split(" ")
    return rng.choice((state, ", ".join(numbers), f"[{', '.join(numbers)}]", f"({' '.join(numbers)})", "\n".join(numbers)))
