"""What a policy is for: each that ships moves the figure that its first comment names, under a simulated model that has the
cause, and leaves it alone under one that has not; and it costs what the comment says. sim draws by (seed, sample, turn, call),
so every run here is the same to the last digit, and where nothing is to be gained the turns come out alike, one by one."""
import os
from pathlib import Path

import lhcli

SIZE = ("--turns", 40, "--samples", 30)

# Models that have a cause, and the same without it.
LENGTH = ("sim:accuracy=0.98,context=4", "sim:accuracy=0.98")
ERRORS = ("sim:accuracy=0.97,contagion=2", "sim:accuracy=0.97")          # wrong answers in view breed wrong answers
THOUGHT = ("sim:accuracy=0.98,context=3,thoughts=tag,thought_tokens=40", "sim:accuracy=0.98")
SLIPS = ("sim:accuracy=0.9", "sim:accuracy=0")           # replies to one request err independently, or all of them do
FOR_GOOD = ("sim:accuracy=0.97", "sim:accuracy=1")       # a slip is carried on for ever
EVERY = (LENGTH, ERRORS, THOUGHT)
# Behind a blank: the task, where it is not the default one. Records that are fetched are most of what makes the history long.
FLIGHTS = " flight_eval:tools=true,flights=20"
RECORDS = ("sim:accuracy=0.98,context=3" + FLIGHTS, "sim:accuracy=0.98" + FLIGHTS)

# What it helps against: policy, figure, cause, by how much at least. Turns are error-free ones per sample, shares are of all turns.
HELPS = (
    ("window:n=5",              "turns", LENGTH,    2),
    ("window:n=5",              "errors", ERRORS,   0.1),
    ("token_window:max=800",    "errors", LENGTH,   0.03),
    ("amortized:max=12",        "errors", LENGTH,   0.03),
    ("head_tail:head=2,tail=5", "turns", LENGTH,    1),
    ("reset",                   "turns", LENGTH,    4),
    ("reset",                   "errors", ERRORS,   0.15),
    ("state_carry:n=2",         "turns", LENGTH,    3),
    ("state_carry:n=2",         "errors", ERRORS,   0.15),
    ("omit_assistant",          "errors", ERRORS,   0.15),
    ("drop_errors",             "errors", ERRORS,   0.15),
    ("discard_all:max=800",     "errors", ERRORS,   0.1),
    ("discard_all:max=800",     "errors", LENGTH,   0.03),
    ("summarize:max=800",       "errors", LENGTH,   0.03),
    ("strip_thoughts",          "errors", THOUGHT,  0.2),
    ("answers_only",            "errors", THOUGHT,  0.2),
    ("majority_vote:n=5",       "errors", SLIPS,    0.08),
    ("majority_vote:n=5",       "turns", SLIPS,     15),
    ("first_to_lead:k=2",       "errors", SLIPS,    0.08),
    ("first_to_lead:k=2",       "turns", SLIPS,     15),
    ("mask_observations:n=3",   "errors", RECORDS,  0.03),
    ("clear_tool_uses:trigger=2500", "errors", RECORDS, 0.03),
    ("heal",                    "errors", ERRORS,   0.15),
    ("heal",                    "untrue", FOR_GOOD, 0.3),
    ("drop_wrong",              "errors", ERRORS,   0.15),
)

# What sim cannot tell from the whole history: it never loses a state in sight, finds no slip by looking again, and has no memory.
CHANGES_NOTHING = ("full_history", "recap:n=5", "self_verify", "agent")
OTHER_LUCK = ("self_verify", "summarize")                # their accepted reply is not the turn's first call

# What it costs: policy, measure, in multiples of this policy's, from, to, under this model.
COSTS = (
    ("window:n=5",                  "tokens",  "full_history",      0.5, 0.8, LENGTH[0]),
    ("window:n=5",                  "prefix",  "full_history",      0.9, 0.97, LENGTH[0]),
    ("window:n=5",                  "longest", "window:n=7",        0.9, 0.99, LENGTH[0]),
    ("token_window:max=800",        "prefix",  "window:n=10",       1.03, 1.2, LENGTH[0]),
    ("amortized:max=12",            "prefix",  "window:n=10",       1.03, 1.2, LENGTH[0]),
    ("amortized:max=12",            "longest", "window:n=12",       0.99, 1.01, LENGTH[0]),
    ("head_tail:head=2,tail=5",     "tokens",  "window:n=7",        0.98, 1.03, LENGTH[0]),
    ("head_tail:head=2,tail=5",     "prefix",  "window:n=7",        1.005, 1.1, LENGTH[0]),
    ("state_carry:n=2",             "tokens",  "window:n=2",        1, 1.03, LENGTH[0]),
    ("omit_assistant",              "history", "full_history",      0.3, 0.6, LENGTH[0]),
    ("recap:n=5",                   "tokens",  "full_history",      1.0005, 1.01, LENGTH[0]),
    ("recap:n=5",                   "prefix",  "full_history",      0.98, 1, LENGTH[0]),
    ("discard_all:max=800",         "prefix",  "window:n=10",       1.03, 1.2, LENGTH[0]),
    ("summarize:max=800",           "prefix",  "window:n=10",       1.03, 1.2, LENGTH[0]),
    ("summarize:max=800",           "calls",   "full_history",      1.01, 1.1, LENGTH[0]),
    ("drop_errors",                 "calls",   "full_history",      2, 2, ERRORS[0]),
    ("drop_errors:recheck=false",   "calls",   "full_history",      1, 1, ERRORS[0]),
    ("drop_errors:recheck=false",   "tokens",  "full_history",      1, 1, ERRORS[0]),
    ("drop_wrong",                  "tokens",  "full_history",      0.5, 0.98, ERRORS[0]),
    ("drop_wrong",                  "calls",   "full_history",      1, 1, ERRORS[0]),
    ("heal",                        "tokens",  "full_history",      0.99, 1.01, ERRORS[0]),
    ("majority_vote:n=5",           "calls",   "full_history",      5, 5, SLIPS[0]),
    ("first_to_lead:k=2",           "calls",   "full_history",      2, 3, SLIPS[0]),
    ("first_to_lead:k=2",           "calls",   "full_history",      5, 15, SLIPS[1]),
    ("self_verify",                 "calls",   "full_history",      2, 2, LENGTH[0]),
    ("strip_thoughts",              "tokens",  "full_history",      0.3, 0.6, THOUGHT[0]),
    ("answers_only",                "tokens",  "full_history",      0.3, 0.6, THOUGHT[0]),
    ("reset",                       "tokens",  "full_history",      0.2, 0.7, LENGTH[0]),
    ("agent",                       "tokens",  "full_history",      1, 1, LENGTH[0]),
    ("mask_observations:n=3",       "tokens",  "full_history",      0.5, 0.9, RECORDS[0]),
    ("mask_observations:n=3",       "calls",   "full_history",      1, 1, RECORDS[0]),
    ("mask_observations:n=3,polling=8", "prefix", "mask_observations:n=3", 1.02, 1.3, RECORDS[0]),
    ("clear_tool_uses:trigger=2500", "tokens", "full_history",      0.5, 0.95, RECORDS[0]),
    ("clear_tool_uses:trigger=2500,min_gain=300", "prefix", "mask_observations:n=3", 1.02, 1.3, RECORDS[0]),
)
NOT_LONGER = {"token_window:max=800": 800, "discard_all:max=800": 800}   # tokens of any request


def name_of(spec):
    return spec.split(":")[0]


class Run:
    """All policies that the tables try under one model, in one run."""

    def __init__(self, case, model, policies):
        self.policies = ["full_history", *(p for p in policies if p != "full_history")]
        args = [a for p in self.policies for a in ("--policy", p)]
        spec, _, task = model.partition(" ")
        self.report = case.report("run", "--model", spec, *(("--task", task) if task else ()), *SIZE, *args, "-o", f"{model}.db", "--quiet")
        self.conditions = dict(zip(self.policies, self.report["conditions"]))
        self.outcomes = {p: case.outcomes(f"{model}.db", i) for i, p in enumerate(self.policies)}
        most = case.rows(f"{model}.db", "SELECT e.condition, max(c.tokens_in) FROM call c JOIN episode e ON e.id = c.episode GROUP BY 1 ORDER BY 1")
        self.longest = {p: n for p, (_, n) in zip(self.policies, most, strict=True)}         # tokens of the longest request

    def compared(self, policy):
        """With full_history, as the report has it."""
        return next(c for c in self.report["comparisons"] if c["condition"] == self.policies.index(policy) and not c["baseline_condition"])

    def untrue(self, policy):
        """Share of turns whose answer is not the true state."""
        every = [o for turns in self.outcomes[policy].values() for o in turns]
        return sum(o not in ("correct", "recovers") for o in every) / len(every)

    def measure(self, name, policy):
        cost = self.conditions[policy]["cost"]
        if name == "history":             # what is sent beside instructions and prompt
            return cost["tokens_in_per_turn"] - self.conditions["reset"]["cost"]["tokens_in_per_turn"]
        if name == "longest":
            return self.longest[policy]
        return {"tokens": cost["tokens_in_per_turn"], "prefix": cost["reusable_prefix"], "calls": cost["calls"] / cost["turns"]}[name]


def tried():
    """{model: the policies that a table tries under it}."""
    found = {}
    for policy, _, cause, _ in HELPS:
        for model in cause:
            found.setdefault(model, []).append(policy)
    for policy, _, other, _, _, model in COSTS:
        found.setdefault(model, []).extend((policy, other))
    for cause in EVERY:
        for model in cause:
            found.setdefault(model, []).extend(CHANGES_NOTHING)
    return {model: list(dict.fromkeys(policies)) for model, policies in found.items()}


class Effects(lhcli.Case):
    runs = {}

    @classmethod
    def setUpClass(cls):
        """Bootstraps and permutations take their time: an optimised program does where there is one."""
        cls.program = Path(os.environ.get("LH_PLAIN_BIN") or lhcli.program())

    def run_of(self, model):
        if model not in self.runs:
            self.runs[model] = Run(self, model, tried()[model])
        return self.runs[model]

    def gain(self, run, policy, figure):
        """(what is gained over full_history, its 95 % interval, p or None)."""
        c = run.compared(policy)
        if figure == "untrue":
            gained = run.untrue("full_history") - run.untrue(policy)
            return gained, [gained, gained], None
        name, test, sign = {"errors": ("turn_error_rate", "errors_test", -1), "turns": ("error_free_turns", "length_test", 1)}[figure]
        test = c[test] and c[test]["p_adjusted"]         # none for oracles: they are bounds
        return sign * c[name]["difference"], sorted(sign * x for x in c[name]["difference_ci"]), test

    def test_every_policy_is_tried(self):
        shipped = {p.stem for p in (lhcli.SOURCE / "scripts" / "policies").glob("*.lua")}
        listed = {line.split()[0] for line in self.good("list", "policies").out.splitlines()}
        self.assertEqual(listed, shipped)
        self.assertEqual(shipped, {name_of(p) for p, *_ in HELPS} | {name_of(p) for p in CHANGES_NOTHING}, "a policy with no entry in HELPS, or an entry with none")
        self.assertEqual(shipped - {"full_history"}, {name_of(p) for p, *_ in COSTS}, "a policy with no entry in COSTS, or an entry with none")

    def test_with_the_cause_it_helps(self):
        for policy, figure, (model, _), least in HELPS:
            with self.subTest(policy, figure=figure, model=model):
                gained, (low, _), p = self.gain(self.run_of(model), policy, figure)
                self.assertGreater(gained, least)
                self.assertGreater(low, 0)
                if p is not None:
                    self.assertLess(p, 0.05)

    def test_without_it_nothing_changes(self):
        for policy, figure, (_, model), _ in HELPS:
            with self.subTest(policy, figure=figure, model=model):
                self.check_alike(self.run_of(model), policy)

    def test_some_change_nothing(self):
        """Under any of the causes; but for recap, whose few tokens count where length does."""
        for policy in CHANGES_NOTHING[1:]:
            for cause in EVERY:
                for model in cause:
                    with self.subTest(policy, model=model):
                        self.check_alike(self.run_of(model), policy, some=3 if name_of(policy) == "recap" else 0)

    def check_alike(self, run, policy, some=0):
        """The same outcome turn by turn, but for so many; where other calls are accepted, no difference beyond luck."""
        here, there = run.outcomes[policy], run.outcomes["full_history"]
        pairs = [(a, b) for s in there for a, b in zip(here[s], there[s], strict=True)]
        self.assertEqual(len(pairs), 1200)
        c = run.compared(policy)
        if name_of(policy) in OTHER_LUCK:
            low, high = c["turn_error_rate"]["difference_ci"]
            self.assertLessEqual(low - 0.005, 0)
            self.assertGreaterEqual(high, 0)
        elif name_of(policy) in ("heal", "majority_vote", "first_to_lead"):      # what is right is judged by what is shown, and that differs
            self.assertEqual(sum(a in ("correct", "follows") for a, _ in pairs), sum(b in ("correct", "follows") for _, b in pairs))
        else:
            self.assertLessEqual(sum(a != b for a, b in pairs), some)
        for test in ("errors_test", "length_test"):
            if c[test]:
                self.assertGreater(c[test]["p_adjusted"], 0.05)

    def test_the_whole_history_gets_worse_with_length(self):
        with_it, without = (self.run_of(m).conditions["full_history"]["turn_error_rate"] for m in LENGTH)
        self.assertGreater(with_it["last10_ci"][0], with_it["ci"][1])
        self.assertLess(without["last10_ci"][0], without["ci"][1])

    def test_healing_is_a_bound(self):
        """No other policy of one call a turn errs less where errors breed errors."""
        run = self.run_of(ERRORS[0])
        rates = {p: c["turn_error_rate"]["value"] for p, c in run.conditions.items() if p not in ("majority_vote:n=5", "first_to_lead:k=2", "self_verify")}
        self.assertEqual(min(rates.values()), rates["heal"])
        self.assertEqual(run.conditions["heal"]["exposure"]["update"], 0)
        self.assertEqual({p for p, c in run.conditions.items() if c["oracle"]}, {"heal", "drop_wrong"})

    def test_what_it_costs(self):
        for policy, measure, other, least, most, model in COSTS:
            with self.subTest(policy, measure=measure, model=model):
                run = self.run_of(model)
                times = run.measure(measure, policy) / run.measure(measure, other)
                self.assertGreaterEqual(round(times, 6), least)
                self.assertLessEqual(round(times, 6), most)

    def test_a_limit_in_tokens_is_kept(self):
        run = self.run_of(LENGTH[0])
        self.assertGreater(run.longest["full_history"], max(NOT_LONGER.values()))
        for policy, most in NOT_LONGER.items():
            self.assertLessEqual(run.longest[policy], most, policy)

    def test_a_fresh_start_is_the_cheapest(self):
        costs = {p: c["cost"]["tokens_in_per_turn"] for p, c in self.run_of(LENGTH[0]).conditions.items()}
        self.assertEqual(min(costs, key=costs.get), "reset")

    def test_thoughts_that_are_stripped_cost_nothing(self):
        """As if the model had thought of nothing."""
        thought, bare = self.run_of(THOUGHT[0]), self.run_of(THOUGHT[1])
        for policy in ("strip_thoughts", "answers_only"):
            self.assertAlmostEqual(thought.measure("tokens", policy), bare.measure("tokens", policy), delta=0.5)


if __name__ == "__main__":
    lhcli.unittest.main()
