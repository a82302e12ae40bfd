"""The families whose messages are more than keys, held to their own words: readers that have nothing but the printed
instructions and messages follow them, and have to arrive at the families' truth."""
import re
import unittest

from lhfamilies import Families, FamilyRules, Reader


# ---- readers: one a family, each written from what the instructions say ----

def minutes(clock):
    hours, rest = clock.split(":")
    return 60 * int(hours) + int(rest)


class FlightEval(Reader):
    """"find the flight in the list and check it", "work out its total cost"."""
    start = "none"
    RECORD = re.compile(r"([A-Z]{2})(\d+): (\d\d:\d\d)-\d\d:\d\d(?:\+1)?, (\d) stops?(?: \(([^)]*)\))?, fare (\d+), bag fee (\d+), max bags (\d+), "
                        r"rating (\d\.\d)")

    def __init__(self, told):
        super().__init__(told)
        self.by_record = "gives the records of one or more flights, one a line" in told
        self.SEPARATOR = "\n" if self.by_record else ", "
        self.bags = int(self.one(r"The traveller carries (\d) bags?"))
        window = re.search(r"^- It departs from (\S+) to (\S+), both included\.$", told, re.M)
        self.window = window and tuple(map(minutes, window.groups()))
        stops = self.perhaps(r"^- It has (0 stops|at most 1 stop)\.$")
        self.stops = {None: None, "0 stops": 0, "at most 1 stop": 1}[stops]
        self.max_bags = self.number(r"^- Its max bags are (\d) or more\.$")
        self.rating = self.perhaps(r"^- Its rating is (\d\.\d) or better\.$")
        self.change = self.number(r"^- At every stop, if it has any, there are at least (\d+) minutes to change planes\.$")
        self.budget = self.number(r"^- Its total cost is (\d+) or less\.$")
        self.airlines = {code: (int(fee), int(discount)) for code, fee, discount in
                         re.findall(r"^([A-Z]{2}): booking fee (\d+), loyalty discount (\d+)%$", told, re.M)}
        self.hold = self.number(r"^1\. If there is a best flight so far, holding it costs money: add (\d+) to its total cost "
                                r"\(where that would be more than 9999, it is 9999\)\. That is not checked against the rules\.$")
        if not self.by_record:
            own, known = told.split("Example, with flights of its own:\n")[1].split("\nThe flights to use from here on, with no best flight so far:\n")
            self.dictionary, self.shown = self.listed(known), self.listed(own.split("Message:")[0])

    def one(self, pattern):
        found, = re.findall(pattern, self.told, re.M)
        return found

    def perhaps(self, pattern):
        found = re.findall(pattern, self.told, re.M)
        assert len(found) < 2, pattern
        return found[0] if found else None

    def number(self, pattern):
        found = self.perhaps(pattern)
        return None if found is None else int(found)

    def listed(self, lines):
        return {line.split(":")[0]: line for line in lines.splitlines()}

    def example_dictionary(self):
        return None if self.by_record else self.shown

    dictionary = None

    def rules_in_force(self):
        return len(re.findall(r"^- (?:It|Its|At) ", self.told, re.M))

    def evaluated(self, record):
        """(number, its total cost, whether it meets every rule)"""
        code, digits, departs, stops, changes, fare, bag_fee, bags, rating = self.RECORD.fullmatch(record).groups()
        changes = [int(re.fullmatch(r"[A-Z]{3} (\d+) min", c).group(1)) for c in changes.split(", ")] if changes else []
        assert len(changes) == int(stops)
        fee, discount = self.airlines[code]
        cost = int(fare) - int(fare) * discount // 100 + self.bags * int(bag_fee) + fee
        breaks = [self.window and not self.window[0] <= minutes(departs) <= self.window[1],
                  self.stops is not None and int(stops) > self.stops,
                  self.max_bags is not None and int(bags) < self.max_bags,
                  self.rating is not None and float(rating) < float(self.rating),
                  self.change is not None and any(c < self.change for c in changes),
                  self.budget is not None and cost > self.budget]
        return code + digits, cost, not any(breaks)

    def answer(self, state, message, known):
        best, cost = (None, None) if state == "none" else (state.split(" ")[0], int(state.split(" ")[1]))
        for named in self.steps(message):
            if best and self.hold:
                cost = min(cost + self.hold, 9999)
            number, total, suits = self.evaluated(named if self.by_record else known[named])
            if suits and (best is None or total < cost):
                best, cost = number, total
        return f"{best} {cost}" if best else "none"


class Ledger(Reader):
    """"You listen to people who lend each other coins and make promises, and keep the books." """
    SEPARATOR = "\n"
    BOOKS = re.compile(r"((?:\w+=\d+ ?)+); owes (none|.*); last (.*)")
    CHANGE = re.compile(r"(\w+) (\w+)>(\w+)=(\d+)(?: was \2>(\w+)=(\d+))?")
    dictionary = None

    def __init__(self, told):
        super().__init__(told)
        self.start, = re.findall(r"^From here on, begin with (.*)$", told, re.M)
        self.people = re.findall(r"(\w+)=", self.start.split(";")[0])

    def example_start(self):
        start, = re.findall(r"^Example, beginning with (.*)$", self.told, re.M)
        return start

    def example_dictionary(self):
        return None

    # ---- the books ----

    def opened(self, state):
        coins, owes, last = self.BOOKS.fullmatch(state).groups()
        self.coins = {name: int(n) for name, n in re.findall(r"(\w+)=(\d+)", coins)}
        self.owes = {a: (b, int(n)) for a, b, n in re.findall(r"(\w+)>(\w+)=(\d+)", owes)}
        self.last = None
        if last != "none":
            kind, a, b, n, other, was = self.CHANGE.fullmatch(last).groups()
            self.last = kind, a, (b, int(n)), (other, int(was)) if other else None

    def written(self):
        coins = " ".join(f"{p}={self.coins[p]}" for p in self.people)
        owes = " ".join(f"{p}>{self.owes[p][0]}={self.owes[p][1]}" for p in self.people if p in self.owes)
        last = "none"
        if self.last:
            kind, a, (b, n), was = self.last
            last = f"{kind} {a}>{b}={n}" + (f" was {a}>{was[0]}={was[1]}" if was else "")
        return f"{coins}; owes {owes or 'none'}; last {last}"

    def move(self, giver, taker, n):
        if self.coins[giver] < n:
            return False
        self.coins[giver] -= n
        self.coins[taker] += n
        return True

    # ---- what is said ----

    def paid(self, giver, taker, n):
        if self.move(giver, taker, n):
            self.last = "paid", giver, (taker, n), None

    def promised(self, who, to, n):
        self.last = "promised", who, (to, n), self.owes.get(who)
        self.owes[who] = to, n

    def kept(self, who):
        if who in self.owes and self.move(who, *self.owes[who]):
            self.last = "kept", who, self.owes.pop(who), None

    def cancelled(self, who):
        if who in self.owes:
            self.last = "cancelled", who, self.owes.pop(who), None

    def undone(self):
        if not self.last:
            return
        kind, who, (to, n), was = self.last
        if kind in ("paid", "kept") and not self.move(to, who, n):
            return
        if kind == "promised":
            self.owes.pop(who, None)
            if was:
                self.owes[who] = was
        elif kind != "paid":
            self.owes[who] = to, n
        self.last = None

    @staticmethod
    def persons(line):
        """The sentence with everybody's name in place of I, me, my and you: "ann, bob, …" in the order in which they are named."""
        speaker, sentence = line.split(": ")
        spoken_to = re.search(r"^([A-Z][a-z]+), |, ([A-Z][a-z]+)[.?]$", sentence)
        if spoken_to and spoken_to.group(0) != "Wait, ":
            sentence = sentence.replace(spoken_to.group(0), "." if spoken_to.group(2) else "")
            sentence = re.sub(r"\b[Yy]ou\b", spoken_to.group(1) or spoken_to.group(2), sentence)
        return re.sub(r"\b(I|me|My|my)\b", speaker, sentence)

    def hear(self, line):
        if line.endswith("?"):
            return
        said = self.persons(line)
        named = [name.lower() for name in re.findall(r"[A-Z][a-z]+", said) if name.lower() in self.people]
        coins = re.search(r"(\d+) coins?", said)
        if re.search(r"\b(never|not)\b", said) and "need not keep" not in said:
            return
        if "last change" in said:
            self.undone()
        elif coins and re.search(r"promise|later|some day|from now on", said):
            a, b = named
            self.promised(*((b, a) if "will get" in said and "says" not in said else (a, b)), int(coins.group(1)))
        elif coins:
            a, b = named
            self.paid(*((b, a) if re.search(r" got | receives ", said) else (a, b)), int(coins.group(1)))
        elif re.search(r"promise (back|is off|no longer)|withdrawn|need not|take .* promise back", said):
            self.cancelled(named[0])
        else:
            assert re.search(r"keeps? .*promise|pay(s|ing) what|made good", said), said
            self.kept(named[0])

    def answer(self, state, message, _):
        self.opened(state)
        for line in self.steps(message):
            self.hear(line)
        return self.written()


class Pipeline(Reader):
    """"You run a data pipeline on a small table of records, one operation after the other." """
    SEPARATOR = "\n"
    dictionary = None

    def __init__(self, told):
        super().__init__(told)
        self.start, = re.findall(r"^From here on, begin with (.*)$", told, re.M)
        (rows,), (modulus,) = re.findall(r"It always has (\d+) rows", told), re.findall(r"take the remainder on division by (\d+)\.$", told, re.M)
        self.rows, self.modulus = int(rows), int(modulus)
        self.catalogue = self.records("".join(re.findall(r"^The catalogue:\n(.*)$", told, re.M)))

    def example_start(self):
        start, = re.findall(r"^Example, beginning with (.*)$", self.told, re.M)
        return start

    def example_dictionary(self):
        return None

    @staticmethod
    def records(text):
        """[[name, number, …], …]"""
        return [[name, *map(int, numbers)] for name, *numbers in (record.split(" ") for record in text.split("; ") if record)]

    @staticmethod
    def column(letter):
        return " abcd".index(letter)

    def offered(self, text):
        """The records that may be taken, in order: those given, or those of the catalogue from the one named on."""
        if " " in text:
            return self.records(text)
        at = [record[0] for record in self.catalogue].index(text)
        return self.catalogue[at:] + self.catalogue[:at]

    def refill(self, table, text):
        for record in self.offered(text):
            if len(table) < self.rows and record[0] not in [row[0] for row in table]:
                table.append(list(record))
        assert len(table) == self.rows
        return table

    def done(self, table, operation):
        m = self.modulus
        if found := re.fullmatch(r"add (\d+) to column (\w)", operation):
            x = self.column(found[2])
            return [[*row[:x], (row[x] + int(found[1])) % m, *row[x + 1:]] for row in table]
        if found := re.fullmatch(r"add column (\w) to column (\w)", operation):
            x, y = map(self.column, found.groups())
            return [[*row[:y], (row[y] + row[x]) % m, *row[y + 1:]] for row in table]
        if found := re.fullmatch(r"sort by column (\w), (largest|smallest) first", operation):
            x, sign = self.column(found[1]), -1 if found[2] == "largest" else 1
            return sorted(table, key=lambda row: sign * row[x])
        if found := re.fullmatch(r"keep rows where (\w) is (below|at least) (\d+), refill from (.*)", operation):
            x, bound = self.column(found[1]), int(found[3])
            return self.refill([row for row in table if (row[x] < bound) == (found[2] == "below")], found[4])
        if found := re.fullmatch(r"keep the first (\d+) rows?, refill from (.*)", operation):
            return self.refill(table[:int(found[1])], found[2])
        if found := re.fullmatch(r"replace row (\d+) with (.*)", operation):
            record, at = self.offered(found[2])[0], int(found[1]) - 1
            return table if record[0] in [row[0] for row in table] else [*table[:at], list(record), *table[at + 1:]]
        found = re.fullmatch(r"set (\w) of the (first|last) row to the (sum|largest|smallest) of column (\w)", operation)
        y, x, at = self.column(found[1]), self.column(found[4]), 0 if found[2] == "first" else -1
        total = {"sum": lambda v: sum(v) % m, "largest": max, "smallest": min}[found[3]]([row[x] for row in table])
        table[at][y] = total
        return table

    def answer(self, state, message, _):
        table = self.records(state)
        for operation in self.steps(message):
            table = self.done(table, operation)
        return "; ".join(" ".join(map(str, row)) for row in table)


class FlightFamily(FamilyRules, Families):
    READERS = {"flight_eval": FlightEval}
    NEW = ("flight_eval",)
    TASKS = ("flight_eval", "flight_eval:hold=0", "flight_eval:lookup=false", "flight_eval:flights=5,airlines=1,eligible=0.2,hold=100",
             "flight_eval:flights=1000,airlines=12,rules=3", "flight_eval:rules=1", "flight_eval:lookup=false,hold=0,rules=2,flights=10,min_fare=1,max_fare=9",
             "flight_eval:eligible=1,min_fare=4000,max_fare=5000")
    CHECKED = (("flight_eval", "flights=2", "airlines=1", "rules=1"), ("flight_eval", "min_fare=5000", "max_fare=5000", "eligible=0.01"),
               ("flight_eval", "lookup=false", "hold=0", "flights=2"))

    def spelled(self, rng, state):
        if state == "none":
            return rng.choice(("none", "None", " none\n"))
        number, cost = state.split(" ")
        return rng.choice((state, f"{number[:2]} {number[2:]} {cost}", f"{number}, {cost}", f"{number}: {cost}", f"{number.lower()} {cost}.00", f"{number} €{cost}",
                           f"{number}\n{cost}"))

    def test_the_reader(self):
        """On a record of each kind, worked out by hand."""
        class Told(FlightEval):
            def __init__(self):
                self.by_record, self.SEPARATOR, self.bags, self.hold = True, "\n", 2, 5
                self.window, self.stops, self.max_bags, self.rating, self.change, self.budget = (450, 1110), 1, 2, "3.6", 50, 400
                self.airlines = {"AB": (7, 15), "CD": (0, 0)}
        told = Told()
        good = "AB12: 07:30-10:00, 1 stop (MUC 50 min), fare 199, bag fee 20, max bags 2, rating 3.6"
        self.assertEqual(told.evaluated(good), ("AB12", 199 - 29 + 40 + 7, True))
        for old, new in (("07:30", "07:25"), ("07:30", "18:35"), ("1 stop (MUC 50 min)", "2 stops (MUC 50 min, VIE 90 min)"), ("MUC 50", "MUC 45"), ("fare 199", "fare 450"),
                         ("max bags 2", "max bags 1"), ("3.6", "3.5")):
            self.assertFalse(told.evaluated(good.replace(old, new))[2], new)
        for old, new in (("07:30-10:00", "18:30-01:10+1"), ("1 stop (MUC 50 min)", "0 stops"), ("rating 3.6", "rating 5.0")):
            self.assertTrue(told.evaluated(good.replace(old, new))[2], new)
        for state, answer in (("none", "AB12 217"), ("CD3 213", "AB12 217"), ("CD3 212", "CD3 217"), ("CD3 9999", "AB12 217"), ("AB12 300", "AB12 217")):
            self.assertEqual(told.answer(state, good, None), answer)
        self.assertEqual(told.answer("CD3 9990", "\n".join([good.replace("3.6", "2.5")] * 3), None), "CD3 9999")

    # ---- what is drawn ----

    def test_shares_and_rules(self):
        """The share of flights that suit is the one asked for; so is the number of rules; each of these decides somewhere."""
        for share, rules in ((0.4, 6), (0.1, 6), (0.7, 3), (0.5, 1)):
            with self.subTest(share=share, rules=rules):
                task = f"flight_eval:eligible={share},rules={rules}"
                self.run_task(task, "sim:accuracy=1")
                seen = set()
                for reader in self.readers(task).values():
                    self.assertEqual(reader.rules_in_force(), rules)
                    self.assertEqual(len(reader.dictionary), 100)
                    self.assertEqual(sum(reader.evaluated(r)[2] for r in reader.dictionary.values()), round(100 * share))
                    seen |= set(re.findall(r"^- (It has|It departs|Its max|Its rating|At every|Its total)", reader.told, re.M))
                self.assertEqual(len(seen), 6)

    def test_records_in_messages_are_those_of_the_list(self):
        """lookup=false is the same task without the list: a control for looking up."""
        self.run_task("flight_eval", "sim:accuracy=1", 2)
        readers, listed = self.readers("flight_eval"), self.turns()
        self.run_task("flight_eval:lookup=false", "sim:accuracy=1", 2)
        for row, given in zip(listed, self.turns()):
            known = readers[row[0]].dictionary
            self.assertEqual([known[number] for number in row[2].split(", ")], given[2].split("\n"))
            self.assertEqual(row[5], given[5])

    def test_the_best_flight_goes_on_changing(self):
        """Late in a run as early in it: holding has its price."""
        self.TURNS, self.SAMPLES = 400, 10
        self.run_task("flight_eval", "sim:accuracy=1")
        changes = {False: 0, True: 0}
        best = {}
        for sample, turn, _, _, _, truth, _ in self.turns():
            number = truth.split(" ")[0]
            changes[turn > 200] += best.get(sample) != number
            best[sample] = number
        self.assertGreater(changes[True], 0.6 * changes[False])
        self.assertGreater(changes[True], 100)

    def test_list_and_show(self):
        self.assertRegex(self.good("list", "tasks").out, r"(?m)^flight_eval +\S.*; the state is the ")
        self.assertRegex(self.good("show", "task", "flight_eval").out, r"(?m)^  hold +integer +default 5 +0\.\.100; \w")


class LedgerFamily(FamilyRules, Families):
    READERS = {"ledger": Ledger}
    NEW = ("ledger",)
    TASKS = ("ledger", "ledger:people=3,coins=8,min=3,max=9", "ledger:people=8", "ledger:ops=pay:2+keep:2+cancel+promise:2+undo:2,coins=15", "ledger:ops=pay,min=1,max=1",
             "ledger:coins=1000000,max=1000000", "ledger:ops=promise+undo:2+keep")
    CHECKED = (("ledger", "people=3", "coins=1"), ("ledger", "people=8", "coins=1000000", "max=1000000"), ("ledger", "ops=undo"), ("ledger", "ops=ask+not"))

    def spelled(self, rng, state):
        return rng.choice((state, state.replace("; ", "\n"), state.title(), state.replace(">", "->"), state.replace(" owes ", " owes: ").replace(" last ", " last: "),
                           state.replace("=", " = "), state + ".", re.sub(r"(\d) ", r"\1, ", state)))

    def test_the_reader(self):
        reader = Ledger.__new__(Ledger)
        reader.people = ["ann", "bob", "cat"]
        state = "ann=5 bob=5 cat=5; owes none; last none"
        for line, answer in (("Ann: I give Bob 6 coins.", state), ("Ann: Bob, I give you 2 coins.", "ann=3 bob=7 cat=5; owes none; last paid ann>bob=2"),
                             ("Cat: It is not true that Ann got 1 coin from Bob.", None), ("Ann: Should we undo the last change?", None),
                             ("Ann: I got 3 coins from Cat.", "ann=6 bob=7 cat=2; owes none; last paid cat>ann=3"),
                             ("Cat: Wait, take the last change back.", "ann=3 bob=7 cat=5; owes none; last none"), ("Bob: Undo the last change.", None),
                             ("Bob: You will get 4 coins from me some day, Ann.", "ann=3 bob=7 cat=5; owes bob>ann=4; last promised bob>ann=4"),
                             ("Cat: Bob says that I will get 9 coins later.", "ann=3 bob=7 cat=5; owes bob>cat=9; last promised bob>cat=9 was bob>ann=4"),
                             ("Bob: I am paying what I promised.", None), ("Ann: Undo the last change.", "ann=3 bob=7 cat=5; owes bob>ann=4; last none"),
                             ("Ann: Bob pays what Bob promised.", "ann=7 bob=3 cat=5; owes none; last kept bob>ann=4"),
                             ("Ann: The last change is reversed.", "ann=3 bob=7 cat=5; owes bob>ann=4; last none"),
                             ("Bob: My promise no longer stands.", "ann=3 bob=7 cat=5; owes none; last cancelled bob>ann=4"), ("Bob: I take my promise back.", None),
                             ("Ann: Scratch the last change.", "ann=3 bob=7 cat=5; owes bob>ann=4; last none"),
                             ("Cat: Bob need not keep the promise any more.", "ann=3 bob=7 cat=5; owes none; last cancelled bob>ann=4")):
            before, state = state, answer or state
            self.assertEqual(reader.answer(before, line, None), state, line)

    # ---- what is said ----

    def test_mix(self):
        """Every kind of line comes as often as it should, and those of ops alone."""
        self.TURNS, self.SAMPLES = 100, 20
        for ops, shares in (("pay:5+promise:3+keep:2+cancel+undo:2+not:2+ask", {"?": 1 / 16, "last change": 2.45 / 16}), ("ask", {"?": 1}), ("undo+ask:3", {"?": 3 / 4})):
            with self.subTest(ops):
                self.run_task(f"ledger:ops={ops}", "sim:accuracy=1")
                said = [row[2] for row in self.turns()]
                for word, share in shares.items():
                    self.assertAlmostEqual(sum(word in line for line in said) / len(said), share, delta=0.03)

    def test_lines_are_many(self):
        """Dozens of ways to say things; everybody speaks; nobody deals with himself, and "1 coins" is never said."""
        self.TURNS = 60
        self.run_task("ledger:max=2", "sim:accuracy=1", 2)
        lines = [line for row in self.turns() for line in row[2].split("\n")]
        ways = {re.sub(r"\b(Ann|Bob|Cat|Dan)\b", "N", re.sub(r"\d coins?", "X", line)) for line in lines}
        self.assertTrue(50 <= len(ways) <= 60, len(ways))
        self.assertEqual({line.split(":")[0] for line in lines}, {"Ann", "Bob", "Cat", "Dan"})
        for line in lines:
            self.assertNotRegex(line, r"\b1 coins|\b2 coin\b")
            said = Ledger.persons(line)
            named = re.findall(r"Ann|Bob|Cat|Dan", said)
            if "coin" in said:
                self.assertEqual(len(set(named)), 2, line)

    def test_most_lines_change_the_books(self):
        """Late in a dialogue as early in it, and nobody is shut out for good."""
        self.TURNS, self.SAMPLES = 600, 5
        self.run_task("ledger", "sim:accuracy=1")
        changed, books = {False: 0, True: 0}, {}
        for sample, turn, _, _, _, truth, _ in self.turns():
            changed[turn > 300] += books.get(sample) != truth
            books[sample] = truth
        self.assertTrue(all(n > 0.55 * 300 * 5 for n in changed.values()), changed)

    def test_list_and_show(self):
        self.assertRegex(self.good("list", "tasks").out, r"(?m)^ledger +\S.*; the state is ")
        self.assertRegex(self.good("show", "task", "ledger").out, r"(?m)^  people +integer +default 4 +3\.\.8; \w")


class PipelineFamily(FamilyRules, Families):
    READERS = {"pipeline": Pipeline}
    NEW = ("pipeline",)
    TASKS = ("pipeline", "pipeline:lookup=false", "pipeline:rows=8,columns=4,modulus=1000", "pipeline:rows=2,modulus=2,keys=10", "pipeline:ops=filter+take+replace,keys=10,rows=8",
             "pipeline:ops=filter+take+replace,keys=10,rows=8,lookup=false", "pipeline:ops=sort+aggregate,modulus=5,rows=6", "pipeline:ops=add+sum,columns=3")
    CHECKED = (("pipeline", "rows=2", "modulus=2", "keys=10"), ("pipeline", "rows=8", "columns=4", "modulus=1000"), ("pipeline", "ops=filter", "lookup=false"),
               ("pipeline", "ops=sort", "rows=2", "modulus=2"))

    def spelled(self, rng, state):
        rows = [row.split(" ") for row in state.split("; ")]
        return rng.choice((state, state.replace("; ", "\n"), state.title(), "; ".join(f"{n}: {', '.join(v)}" for n, *v in rows), ", ".join(f"{n} ({', '.join(v)})" for n, *v in rows),
                           "\n".join(f"| {' | '.join(row)} |" for row in rows), "; ".join(f"{n} {' '.join(f'{c}={x}' for c, x in zip('abcd', v))}" for n, *v in rows)))

    def test_the_reader(self):
        reader = Pipeline.__new__(Pipeline)
        reader.rows, reader.modulus, reader.catalogue = 3, 10, Pipeline.records("p 1 2; q 3 4; r 5 6; s 7 8")
        for before, operation, after in (
                ("x 1 9; y 8 0; z 8 5", "add 3 to column a", "x 4 9; y 1 0; z 1 5"), ("x 1 9; y 8 0; z 8 5", "add column a to column b", "x 1 0; y 8 8; z 8 3"),
                ("x 1 9; y 8 0; z 8 5", "sort by column a, largest first", "y 8 0; z 8 5; x 1 9"), ("x 1 9; y 8 0; z 1 5", "sort by column a, smallest first", "x 1 9; z 1 5; y 8 0"),
                ("x 1 9; r 8 0; z 5 5", "keep rows where a is at least 5, refill from r", "r 8 0; z 5 5; s 7 8"),
                ("x 1 9; r 8 0; z 5 5", "keep rows where a is below 5, refill from s", "x 1 9; s 7 8; p 1 2"),
                ("x 1 9; r 8 0; z 5 5", "keep the first 2 rows, refill from r", "x 1 9; r 8 0; s 7 8"),
                ("x 1 9; r 8 0; z 5 5", "keep the first 1 row, refill from x 3 3; k 4 4; l 5 5", "x 1 9; k 4 4; l 5 5"),
                ("x 1 9; r 8 0; z 5 5", "replace row 3 with r", "x 1 9; r 8 0; z 5 5"), ("x 1 9; r 8 0; z 5 5", "replace row 3 with q", "x 1 9; r 8 0; q 3 4"),
                ("x 1 9; r 8 0; z 5 5", "replace row 1 with k 4 4", "k 4 4; r 8 0; z 5 5"),
                ("x 1 9; r 8 0; z 5 5", "set a of the first row to the sum of column b", "x 4 9; r 8 0; z 5 5"),
                ("x 1 9; r 8 0; z 5 5", "set b of the last row to the largest of column a", "x 1 9; r 8 0; z 5 8"),
                ("x 1 9; r 8 0; z 5 5", "set a of the last row to the smallest of column b", "x 1 9; r 8 0; z 0 5")):
            self.assertEqual(reader.answer(before, operation, None), after, operation)

    # ---- what is drawn ----

    def test_operations_are_the_same_with_the_records_given(self):
        """lookup=false is the same task without the catalogue: a control for looking up."""
        self.run_task("pipeline", "sim:accuracy=1", 2)
        named = self.turns()
        self.run_task("pipeline:lookup=false", "sim:accuracy=1", 2)
        for row, given in zip(named, self.turns()):
            self.assertEqual(row[5], given[5])
            self.assertEqual(row[2], re.sub(r"(from|with) (\w+)( \d+)+(; \w+( \d+)+)*", r"\1 \2", given[2]))

    def test_every_operation_comes_and_matters(self):
        """Late in a run as early in it; the table never runs dry, and nothing in it is settled."""
        self.TURNS, self.SAMPLES = 600, 5
        self.run_task("pipeline", "sim:accuracy=1")
        kinds, changed, tables, numbers = {}, {False: 0, True: 0}, {}, {}
        for sample, turn, prompt, _, _, truth, _ in self.turns():
            kind = re.sub(r"\d", "N", re.match(r"add \d|add column|sort|keep rows|keep the|replace|set", prompt)[0])
            kinds[kind] = kinds.get(kind, 0) + 1
            changed[turn > 300] += tables.get(sample) != truth
            tables[sample] = truth
            if turn > 300:
                for n in re.findall(r"\d+", truth):
                    numbers[int(n)] = numbers.get(int(n), 0) + 1
        total = sum(kinds.values())
        for kind, weight in (("add N", 3), ("add column", 3), ("sort", 2), ("set", 2), ("replace", 2), ("keep rows", 1), ("keep the", 1)):
            self.assertAlmostEqual(kinds[kind] / total, weight / 14, delta=0.03)
        self.assertTrue(all(n > 0.85 * 300 * 5 for n in changed.values()), changed)
        self.assertEqual(set(numbers), set(range(100)))

    def test_list_and_show(self):
        self.assertRegex(self.good("list", "tasks").out, r"(?m)^pipeline +\S.*; the state is the ")
        self.assertRegex(self.good("show", "task", "pipeline").out, r"(?m)^  rows +integer +default 4 +2\.\.8; \w")


if __name__ == "__main__":
    unittest.main()
