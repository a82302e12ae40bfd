"""What is printed: the table that a stranger reads, the report for machines, conversations, requests as they were sent,
help, and what is left of a run that was interrupted."""
import json
import os
import pty
import re
import signal
import subprocess
import unicodedata
import unittest

import lhcli
from lhcli import Done, data_set, environment, replies_file, stream

ERRING = "sim:accuracy=0.9,self_conditioning=2,contagion=0.3,malformed=0.02,missing=0.02"
DEMONSTRATION = ("full_history", "window:n=5", "reset", "heal")


def columns(line):
    return sum(0 if unicodedata.combining(c) else 1 for c in line)


class Terminal(lhcli.Case):
    """Runs the program with stdout, stderr or both on a terminal of its own."""

    def on_terminal(self, *args, out=True, err=True, env=None, at_progress=None):
        """(Done, what the terminal got). at_progress: a signal, sent when the first progress is seen. What does not go to the
        terminal must be short: it waits in a pipe."""
        main, child = pty.openpty()
        try:
            p = subprocess.Popen([str(self.program), *map(str, args)], cwd=self.folder, env=environment(self.folder, TERM="xterm-256color", **(env or {})),
                                 stdin=subprocess.DEVNULL, stdout=child if out else subprocess.PIPE, stderr=child if err else subprocess.PIPE)
        finally:
            os.close(child)
        shown = b""
        with os.fdopen(main, "rb", buffering=0) as terminal:
            while True:
                try:
                    got = terminal.read(4096)
                except OSError:                              # the program has ended
                    break
                if not got:
                    break
                shown += got
                if at_progress and b"episodes" in shown:
                    p.send_signal(at_progress)
                    at_progress = None
        rest_out, rest_err = p.communicate(timeout=lhcli.HANG)
        done = Done(args, p.returncode, rest_out or b"", rest_err or b"")
        self.assertSound(done)
        self.assertNotIn(b"Sanitizer", shown)
        return done, shown


# ---- the table ----

class Table(Terminal):
    def table(self, *args, width=None, **env):
        return self.good("run", "-o", "none", "--quiet", *args, env={"COLUMNS": width and str(width), **env}).out

    def test_the_demonstration_explains_itself(self):
        text = self.good("run", "-o", "none").out
        flat = re.sub(r"\s+", " ", text)
        self.assertIn("the most turns that at least 50 % of samples got through without one error", flat)
        for term in ("turn error rate", "last 10 turns", "constant rate", "degradation", "(oracle)", "[lo, hi]", "why both"):
            self.assertRegex(text, rf"(?m)^  {re.escape(term)}\s+\w", f"{term} is not explained")
        self.assertIn("95 % interval", flat)
        for policy in DEMONSTRATION:
            self.assertRegex(text, rf"(?m)^{re.escape(policy)}( \(oracle\))?\s+(≥ )?\d+ \[")
        self.assertRegex(flat, r"\d+ samples, \d+ turns of 1 step")
        self.assertIn("seed 1", flat)
        self.assertIn("sim:accuracy=0.97", flat)

    def test_nothing_is_explained_that_is_not_there(self):
        text = self.table("--model", "sim:accuracy=0.5", "--turns", 5, "--samples", 40)
        self.assertNotRegex(text, r"(?m)^  (\(oracle\)|last 10 turns|≥)")
        self.assertNotIn("few", text)

    def test_censored_horizons(self):
        """A model that never errs: the horizon is at least the run's length, and says so."""
        text = self.table("--model", "sim:accuracy=1", "--turns", 5, "--samples", 3)
        self.assertRegex(text, r"(?m)^full_history\s+≥ 5 \[\d, ≥ 5\]")
        self.assertRegex(text, r"(?m)^  ≥\s+\w", "≥ is not explained")
        self.assertRegex(text, r"(?m)^! 3 samples are few")
        (c,) = self.report("run", "--model", "sim:accuracy=1", "--turns", 5, "--samples", 3, "-o", "none")["conditions"]
        for h in c["horizon"]:
            self.assertEqual((h["turns"], h["censored"], h["first_below"]), (5, True, None))

    def test_never_right(self):
        text = self.table("--model", "sim:accuracy=0", "--turns", 5, "--samples", 40)
        self.assertRegex(text, r"(?m)^full_history\s+0 \[0, 0\]")
        self.assertNotIn("nan", text.lower())

    def test_oracles_are_labelled_and_stand_apart(self):
        text = self.table("--policy", "heal", "--policy", "full_history", "--model", ERRING, "--turns", 12, "--samples", 12)
        self.assertRegex(text, r"(?m)^heal \(oracle\)\s")
        self.assertLess(text.index("\nfull_history"), text.index("\nheal (oracle)"), "oracles come last")
        for line in text.splitlines():
            if line.startswith("heal"):
                self.assertIn("(oracle)", line)
        self.assertIn("(oracle)", self.good("list", "policies").out)
        self.assertIn("oracle", self.good("show", "policy", "heal").out)

    def test_every_figure_has_its_interval(self):
        text = self.table("--model", ERRING, "--turns", 12, "--samples", 40)
        first = next(line for line in text.splitlines() if line.startswith("full_history"))
        self.assertEqual(len(re.findall(r"\[[^\]]+\]", first)), 4, first)             # three horizons, the turn error rate

    def test_lines_fit(self):
        long = self.write("a_policy_with_quite_a_long_name_that_nobody_would_type_twice.lua", "return { api = 1 }\n")
        args = ("--policy", "./" + long, "--policy", "window:n=5,first=3", "--policy", "heal", "--policy", "majority_vote:n=3", "--steps-per-turn", "1,2",
                "--model", ERRING + ",failed=0.01,window=1500,thoughts=native,thought_tokens=20,refused=0.01", "--turns", 30, "--samples", 10)
        for width in (60, 79, 80, 100, 132, 200):
            with self.subTest(width=width):
                for line in self.table(*args, width=width).splitlines():
                    self.assertLessEqual(columns(line), width, line)

    def test_lines_fit_80_columns_in_the_demonstration(self):
        for line in self.good("run", "-o", "none", env={"COLUMNS": "80"}).out.splitlines():
            self.assertLessEqual(columns(line), 80, line)

    def test_strange_widths(self):
        for width in ("0", "-5", "1", "5", "x", "99999999999999999999", "1000000", ""):
            with self.subTest(width=width):
                self.good("run", "-o", "none", "--turns", 5, "--samples", 3, env={"COLUMNS": width})

    def test_no_escape_bytes_off_the_terminal(self):
        for env in ({}, {"NO_COLOR": "1"}, {"TERM": "xterm-256color", "CLICOLOR_FORCE": None}):
            done = self.good("run", "-o", "run.db", "--turns", 20, "--samples", 10, "--policy", "heal", "--policy", "reset", env=env)
            self.assertNotIn(b"\x1b", done.raw + done.raw_err)
            self.assertNotIn(b"\r", done.raw + done.raw_err)

    def test_colour_on_a_terminal_unless_refused(self):
        args = ("run", "-o", "none", "--turns", 20, "--samples", 10, "--policy", "heal", "--policy", "reset", "--quiet")
        done, shown = self.on_terminal(*args, err=False)
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertIn(b"\x1b[", shown)
        done, shown = self.on_terminal(*args, err=False, env={"NO_COLOR": "1"})
        self.assertEqual(done.code, 0)
        self.assertNotIn(b"\x1b", shown)
        self.assertIn("horizon(0.5)", shown.decode())

    def test_ascii_where_nothing_else_can_be_shown(self):
        for locale in ("C", "POSIX", "en_US.ISO-8859-1"):
            text = self.table("--turns", 20, "--samples", 10, "--policy", "heal", "--policy", "reset", LC_ALL=locale)
            self.assertTrue(text.isascii(), [line for line in text.splitlines() if not line.isascii()][:3])

    def test_names_from_outside_are_shown_harmless(self):
        name = self.write("pol\x1b[31m\u202e\x9b7m.lua", "return { api = 1, view = function() error('\\27[2Jgone\\r') end }\n")
        done = self.good("run", "-o", "run.db", "--turns", 3, "--samples", 2, "--policy", "./" + name, "--quiet")
        again = self.good("report", "run.db")
        self.assertEqual(again.out, done.out)
        conversation = self.good("transcript", "run.db", 0)
        for shown in (done, conversation):
            for c in "\x1b\u202e\x9b\r":
                self.assertNotIn(c, shown.out)
            self.assertIn("\\x1b[2Jgone", shown.out)

    def test_progress_only_on_a_terminal(self):
        args = ("run", "--turns", 40, "--samples", 50, "--policy", "full_history", "--policy", "window")
        done = self.good(*args, "-o", "none")
        self.assertEqual(done.err, "")
        done = self.good(*args, "-o", "run.db")
        self.assertRegex(done.err, r"\ARun 1 is in run\.db; longhaul report run\.db prints this again\. \d+\.\d\d s\.\n\Z")
        self.assertEqual(self.good(*args, "-o", "quiet.db", "--quiet").err, "")
        done, shown = self.on_terminal(*args, "-o", "none", out=False)
        self.assertEqual(done.code, 0)
        self.assertIn(b"100 of 100 episodes", shown)
        self.assertTrue(shown.endswith(b"\r\x1b[K"), shown[-100:])
        done, shown = self.on_terminal(*args, "-o", "none", "--quiet", out=False)
        self.assertEqual((done.code, shown), (0, b""))


# ---- JSON ----

class Machines(lhcli.Case):
    CONDITION = {
        "task": str, "task_params": dict, "model": str, "policy": str, "policy_options": dict, "oracle": bool, "history": str, "samples": int, "turns": int,
        "steps_per_turn": int, "censored": int, "turn_accuracy": list, "state_accuracy": list, "task_accuracy": list, "hazard": list, "observed": list,
        "at_risk": list, "turn_error_rate": dict, "outcomes": dict, "horizon": list, "cost": dict, "exposure": dict,
    }

    def test_every_field_of_the_schema(self):
        report = self.report("run", "-o", "run.db", "--model", ERRING, "--turns", 12, "--samples", 9, "--steps-per-turn", "1,2", "--policy", "heal", "--policy", "window:n=2")
        for name in ("schema", "run", "conditions", "effects", "comparisons", "gates"):
            self.assertIn(name, report)
        for name in ("id", "version", "seed", "started", "ended", "status", "config_sha256"):
            self.assertIn(name, report["run"])
        self.assertEqual(report["run"]["status"], "done")
        self.assertRegex(report["run"]["config_sha256"], r"\A[0-9a-f]{64}\Z")
        self.assertRegex(report["run"]["started"], r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
        self.assertEqual([(c["policy"], c["steps_per_turn"]) for c in report["conditions"]], [("heal", 1), ("window", 1), ("heal", 2), ("window", 2)])
        for c in report["conditions"]:
            for name, kind in self.CONDITION.items():
                self.assertIsInstance(c[name], kind, name)
            self.assertEqual(list(c["outcomes"]), list(lhcli.OUTCOMES))
            for name in ("turn_accuracy", "state_accuracy", "task_accuracy", "hazard", "observed", "at_risk"):
                self.assertEqual(len(c[name]), 12, name)
            for name, shares in c["outcomes"].items():
                self.assertEqual(len(shares), 12, name)
            for h in c["horizon"]:
                self.assertLessEqual({"s", "turns", "steps", "first_below", "censored", "ci", "constant_rate"}, set(h))
                self.assertEqual(len(h["ci"]), 2)
                self.assertLessEqual(h["ci"][0], h["turns"])
                self.assertGreaterEqual(h["ci"][1], h["turns"])
            self.assertEqual([h["s"] for h in c["horizon"]], [0.5, 0.8, 0.9])
            self.assertLessEqual({"value", "ci", "last10"}, set(c["turn_error_rate"]))
            self.assertLessEqual({"calls", "attempts", "tokens_in", "tokens_cached", "tokens_out", "tokens_reasoning", "tokens_in_per_turn", "reusable_prefix", "tokens_counted", "thoughts", "usd"}, set(c["cost"]))
            self.assertEqual((c["cost"]["tokens_counted"], c["cost"]["thoughts"]), (1, {"kept": 0, "dropped": 0}))
            self.assertLessEqual({"update", "state", "unusable", "unshown"}, set(c["exposure"]))
            self.assertEqual(c["cost"]["calls"], 9 * 12)
            self.assertEqual(c["oracle"], c["policy"] == "heal")
        self.assertEqual(report["conditions"][1]["policy_options"], {"n": 2, "first": 0})

    def test_shares_add_up(self):
        for c in self.report("run", "-o", "none", "--model", ERRING + ",refused=0.05,failed=0.02,window=1400", "--turns", 25, "--samples", 15, "--policy", "heal", "--policy", "window")["conditions"]:
            for t in range(25):
                shares = {o: v[t] for o, v in c["outcomes"].items() if o != "failed"}
                if c["observed"][t] == 0:
                    self.assertEqual(set(shares.values()), {None})
                    continue
                self.assertAlmostEqual(sum(shares.values()), 1, 12)
                self.assertAlmostEqual(shares["correct"] + shares["follows"], c["turn_accuracy"][t], 12)
                self.assertAlmostEqual(shares["correct"] + shares["recovers"], c["state_accuracy"][t], 12)
                self.assertAlmostEqual(c["turn_accuracy_strict"][t], c["turn_accuracy"][t] + shares["recovers"], 12)
            known = [v for v in c["task_accuracy"] if v is not None]
            self.assertEqual(known, sorted(known, reverse=True), "a later right answer never restores it")

    def test_numbers_are_doubles_to_the_last_bit(self):
        """9 samples: every share is a ninth, written so that it reads back as that very double."""
        done = self.good("run", "-o", "none", "--model", ERRING, "--turns", 12, "--samples", 9, "--json", "-")
        ninths = {n / 9 for n in range(10)}
        c = json.loads(done.out)["conditions"][0]
        for name in ("turn_accuracy", "state_accuracy", "task_accuracy"):
            self.assertLessEqual(set(c[name]), ninths, name)
        for number in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", done.out):
            self.assertEqual(repr(float(number)), number.replace("e-0", "e-"), "the shortest text that reads back")

    def test_to_a_file_beside_the_table(self):
        ran = self.good("run", "-o", "run.db", "--turns", 5, "--samples", 4, "--json", "report.json", "--no-timing")
        self.assertIn("horizon(0.5)", ran.out)
        self.assertEqual(self.path("report.json").read_bytes(), self.plain("report", "run.db"))
        again = self.good("report", "run.db", "--json", "again.json", "--no-timing")
        self.assertEqual(again.out, ran.out)
        self.assertEqual(self.path("again.json").read_bytes(), self.path("report.json").read_bytes())

    def test_json_alone_on_stdout(self):
        done = self.good("run", "-o", "none", "--turns", 5, "--samples", 4, "--json", "-")
        self.check_report(done)
        self.assertEqual(done.err, "")

    def test_no_timing_leaves_out_what_differs(self):
        timed = self.report("run", "-o", "none", "--turns", 5, "--samples", 4)
        plain = json.loads(self.plain("run", "-o", "none", "--turns", 5, "--samples", 4))
        self.assertEqual(set(timed["run"]) - set(plain["run"]), {"id", "started", "ended", "wall_s", "command"})

    def test_output_that_cannot_be_written(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("there is no /dev/full")
        for args in (("run", "-o", "none", "--turns", "2", "--samples", "2"), ("run", "-h"), ("list", "policies"), ("run", "-o", "none", "--turns", "2", "--samples", "2", "--json", "-")):
            with open("/dev/full", "wb") as full:
                p = subprocess.run([str(self.program), *args], cwd=self.folder, env=environment(self.folder), stdin=subprocess.DEVNULL, stdout=full,
                                   stderr=subprocess.PIPE, timeout=lhcli.HANG)
            self.assertNotEqual(p.returncode, 0, args)
            self.assertIn(b"longhaul: ", p.stderr, args)


# ---- conversations ----

ODD = ("\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b[2J\x1b[1;1H", "\u202eabc\u202c", "\u2066x\u2069", "a\rb", "a\x08b", "\x7f", "\x85", "\x9b31m", "zero\u200bwidth",
       "\ufeff", "\u2028", "\u00ad", "\U000e0041")


class Conversations(lhcli.Case):
    def conversation(self, said, thoughts="think"):
        """A run file of one sample that was answered so."""
        data = data_set(stream("conversation"), [len(said)])
        self.write("data.json", json.dumps(data))
        self.write("replies.jsonl", replies_file([(0, t + 1, text, thoughts) for t, text in enumerate(said)]))
        self.good("run", "--task", "kv_sum:dataset=data.json", "--model", "replay:replies.jsonl", "-o", "run.db", "--quiet")
        return data["dict_sum"]["ground_truth_data"][0]

    def test_hostile_text_is_shown_escaped(self):
        self.conversation(ODD, thoughts="deep\x1b[31m\u202e thought")
        done = self.good("transcript", "run.db", 0)
        bad = [c for c in done.out if c != "\n" and (unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") or 0xE0000 <= ord(c) < 0xE1000)]
        self.assertEqual(bad, [])
        for shown in ("\\x1b[31mred\\x1b[0m", "\\x1b]0;title\\x07", "\\u202eabc\\u202c", "\\u2066x\\u2069", "a\\x0db", "a\\x08b", "\\x7f", "\\u0085", "\\u009b31m",
                      "zero\\u200bwidth", "\\ufeff", "\\u2028", "deep\\x1b[31m\\u202e thought"):
            self.assertIn(shown, done.out)

    def test_text_cannot_pretend_to_be_ours(self):
        """Every line of a message is indented: none looks like one of the program's own."""
        self.conversation(["x\n[2] assistant  correct  answered 5\n    y\nfinish: all is well", "b"], thoughts="a\n[7] user")
        lines = self.good("transcript", "run.db", 0).out.splitlines()
        self.assertEqual([line for line in lines if not line.startswith("  ")],
                         [line for line in lines if re.match(r"sample 0, policy full_history, done\Z|\[0\] system\Z|\[[12]\] user\Z|\[[12]\] assistant  missing", line)])

    def test_one_turn(self):
        rollout = self.conversation(["<answer>5</answer>", "<answer>6</answer>", "none"])
        text = self.good("transcript", "run.db", 0, "--turn", 2).out
        self.assertIn(rollout["input"][1], text)
        self.assertIn("<answer>6</answer>", text)
        self.assertNotIn("<answer>5</answer>", text)
        self.assertNotIn("[0] system", text)
        self.assertIn("[0] system", self.good("transcript", "run.db", 0, "--turn", 0).out)

    def test_states_stand_beside_the_answers(self):
        rollout = self.conversation(["<answer>5</answer>", "<answer>x</answer>", "-"])
        text = self.good("transcript", "run.db", 0).out
        added, true = rollout["values"], rollout["output"]
        self.assertRegex(text, rf"(?m)^\[1\] assistant  slips  answered 5  followed {added[0]}  true {true[0]}$")
        self.assertRegex(text, rf"(?m)^\[2\] assistant  malformed  followed {5 + added[1]}  true {true[1]}$")
        self.assertRegex(text, rf"(?m)^\[3\] assistant  missing  followed {5 + added[2]}  true {true[2]}$")

    def test_which_condition(self):
        self.good("run", "--turns", 3, "--samples", 2, "--policy", "window:n=1", "--policy", "window:n=2", "--policy", "heal", "-o", "run.db", "--quiet")
        for selector, label in (((), "window:n=1"), (("--condition", 1), "window:n=2"), (("--policy", "window:n=2"), "window:n=2"), (("--policy", "heal"), "heal"),
                                (("--policy", "window"), "window:n=1"), (("--condition", 2), "heal")):
            self.assertEqual(self.good("transcript", "run.db", 1, *selector).out.splitlines()[0], f"sample 1, policy {label}, done", selector)
        self.assertEqual(self.good("transcript", "run.db").out, self.good("transcript", "run.db", 0).out)


# ---- requests, rebuilt ----

def outside(text):
    """The stretches of text that are no thoughts, and whether a thought stood before each: a </think> without its <think>
    makes a thought of all before it, a <think> without its </think> of all behind it."""
    parts, start, thinking, after = [], 0, False, False
    for m in re.finditer(r"</?think>", text):
        if m.group() == "<think>":
            if not thinking:
                parts.append((text[start:m.start()], after))
                thinking = True
        elif thinking:
            thinking, start, after = False, m.end(), True
        else:
            parts, start, after = [], m.end(), True
    if not thinking:
        parts.append((text[start:], after))
    return parts


def last_tag(text):
    tags = [tag for part, _ in outside(text) for tag in re.findall(r"<answer>(?:(?!<answer>).)*?</answer>", part, re.S)]
    return tags[-1] if tags else None


def without_thoughts(text):
    return "".join(part.lstrip(" \t\r\n") if after else part for part, after in outside(text))


def joined(messages):
    """Neighbours of one role are one message with a blank line between their texts."""
    out = []
    for m in messages:
        if out and out[-1]["role"] == m["role"]:
            out[-1] = {**out[-1], "content": out[-1]["content"] + "\n\n" + m["content"]}
        else:
            out.append(dict(m))
    return out


class Requests(lhcli.Case):
    TURNS = 10

    def setUp(self):
        super().setUp()
        rng = stream("requests")
        data = data_set(rng, [3 * self.TURNS, 3 * self.TURNS])
        self.rollout = data["dict_sum"]["ground_truth_data"][0]
        self.write("data.json", json.dumps(data))

    def script(self, k):
        """(text, thoughts, answered) of each turn of sample 0: the awkward ones."""
        true = [self.rollout["output"][(t + 1) * k - 1] for t in range(self.TURNS)]
        return [
            (f"<answer>{true[0]}</answer>", "Let me see.", true[0]),
            (f"<think>hm, <answer>9</answer></think>\n<answer> {true[1] + 1000:+d} </answer>", None, true[1] + 1000),
            ("no idea", "none at all", None),
            ("<answer>x</answer> \"quoted\" \\ and \u202e \U0001f914", None, None),
            (f"Prose first.\n<answer>{true[4]}</answer> Prose after.", "\u00e9\n\ttab", true[4]),
            ("", None, None),
            (f"<answer>{true[6] - 7}</answer><think>or <answer>3</answer>", "two kinds", true[6] - 7),
            (f"never opened</think>\n\n <answer>{true[7]}</answer>", None, true[7]),
            (f"<think>a</think>\n b <think>c</think>\n<answer>1</answer><answer>{true[8] + 5}</answer> d", None, true[8] + 5),
            (f"<answer>{true[9]}</answer>", None, true[9]),
        ]

    def play(self, policies, k):
        script = self.script(k)
        rows = []
        for s in range(2):
            rows += [(s, t + 1, text) if thoughts is None else (s, t + 1, text, thoughts) for t, (text, thoughts, _) in enumerate(script)]
        self.write("replies.jsonl", replies_file(rows))
        self.path("run.db").unlink(missing_ok=True)
        self.good("run", "--task", "kv_sum:dataset=data.json", "--model", "replay:replies.jsonl", "--steps-per-turn", k, "--turns", self.TURNS, "-o", "run.db", "--quiet",
                  *(a for p in policies for a in ("--policy", p)))
        self.system = self.rows("run.db", "SELECT text FROM message WHERE role = 'system' LIMIT 1")[0][0]
        for word in self.rollout["input"]:
            self.assertIn(word, self.system)

    def rebuild(self, policy, k, turn):
        """What a policy of this name sends at a turn: written from its description."""
        script = self.script(k)
        prompts = [", ".join(self.rollout["input"][t * k:(t + 1) * k]) for t in range(self.TURNS)]
        true = [self.rollout["output"][(t + 1) * k - 1] for t in range(self.TURNS)]
        valid = [a for _, _, a in script[:turn - 1] if a is not None]
        name, _, options = policy.partition(":")
        option = dict(o.split("=") for o in options.split(",") if o)
        finished = list(range(turn - 1))
        if name in ("window", "state_carry", "reset"):
            n = 0 if name == "reset" else int(option.get("n", 5 if name == "window" else 2))
            finished = sorted(set(finished[:int(option.get("first", 0))]) | set(finished[max(0, len(finished) - n):]))
        messages = [{"role": "system", "content": self.system}]
        for t in finished:
            text, thoughts, answered = script[t]
            whole = t >= turn - 1 - int(option.get("keep_last", 0))
            if name == "heal" and answered != true[t]:
                text, thoughts = f"<answer>{true[t]}</answer>", None
            if name == "answers_only" and not whole:
                text, thoughts = last_tag(text) or without_thoughts(text), None
            if name == "strip_thoughts" and not whole:
                kinds = option.get("kinds", "both")
                text = without_thoughts(text) if kinds in ("both", "tag") else text
                thoughts = None if kinds in ("both", "native") else thoughts
            messages.append({"role": "user", "content": prompts[t]})
            if name == "omit_assistant" and not whole:
                continue
            messages.append({"role": "assistant", "content": text, **({"reasoning_content": thoughts} if thoughts else {})})
        if name in ("reset", "state_carry", "omit_assistant"):
            messages.append({"role": "user", "content": f"So far: <answer>{valid[-1] if valid else 0}</answer>"})
        messages.append({"role": "user", "content": prompts[turn - 1]})
        return joined(messages)

    def check(self, *policies):
        for k in (1, 3):
            self.play(policies, k)
            for condition, policy in enumerate(policies):
                for turn in range(1, self.TURNS + 1):
                    sent = lhcli.strict_json(self.good("transcript", "run.db", 0, "--condition", condition, "--turn", turn, "--as-sent").out)
                    self.assertEqual(set(sent), {"messages"})
                    self.assertEqual(sent["messages"], self.rebuild(policy, k, turn), f"{policy}, turn {turn}, K = {k}")

    def test_the_rebuilding_itself(self):
        self.assertEqual(without_thoughts("a</think> b<think>c</think>\n d<think>e"), "b" + "d")
        self.assertEqual(last_tag("<answer>1</answer><answer>2<answer>3</answer><think><answer>4</answer></think>"), "<answer>3</answer>")
        self.assertEqual(joined([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]), [{"role": "user", "content": "a\n\nb"}])

    def test_full_history(self):
        self.check("full_history")

    def test_window(self):
        self.check("window:n=3", "window:n=0", "window:n=2,first=2", "window:n=50")

    def test_reset(self):
        self.check("reset")

    def test_state_carry(self):
        self.check("state_carry", "state_carry:n=1")

    def test_answers_only(self):
        self.check("answers_only", "answers_only:keep_last=2")

    def test_omit_assistant(self):
        self.check("omit_assistant", "omit_assistant:keep_last=1")

    def test_strip_thoughts(self):
        self.check("strip_thoughts", "strip_thoughts:kinds=native", "strip_thoughts:kinds=tag", "strip_thoughts:keep_last=2")

    def test_heal(self):
        self.check("heal")

    def test_every_call_of_a_vote(self):
        self.good("run", "--turns", 4, "--samples", 2, "--policy", "majority_vote:n=3", "--policy", "full_history", "-o", "run.db", "--quiet", "--model", ERRING)
        for turn in (1, 4):
            sent = {self.good("transcript", "run.db", 1, "--turn", turn, "--as-sent", "--call", call).out for call in range(3)}
            self.assertEqual(len(sent), 1, "the same view three times")
            self.assertEqual(sent.pop(), self.good("transcript", "run.db", 1, "--turn", turn, "--as-sent").out)
        done = self.longhaul("transcript", "run.db", 1, "--turn", 1, "--as-sent", "--call", 3)
        self.assertEqual(done.code, 2, str(done))

    def test_tokens_sent_are_tokens_counted(self):
        """Longer requests count more: a window's stay as they are, a full history's grow with every turn."""
        self.play(("full_history", "window:n=2"), 1)
        counted = [[n for n, in self.rows("run.db", "SELECT c.tokens_in FROM call c JOIN episode e ON e.id = c.episode WHERE e.condition = ? AND e.sample = 0 ORDER BY c.turn", condition)]
                   for condition in (0, 1)]
        self.assertEqual(counted[0], sorted(counted[0]))
        self.assertEqual(counted[0][:3], counted[1][:3])
        self.assertTrue(all(a > b for a, b in zip(counted[0][3:], counted[1][3:])))


# ---- help ----

class Help(lhcli.Case):
    unsanitized = True

    COMMANDS = ("run", "report", "transcript", "merge", "rescore", "export", "import", "list", "show", "check")

    def test_overview(self):
        for arg in ("-h", "--help", "help"):
            done = self.good(arg)
            self.assertEqual(done.err, "")
            for command in self.COMMANDS:
                self.assertRegex(done.out, rf"(?m)^  {command}\s+\w")
        self.assertRegex(self.good("--version").out, r"\Alonghaul \d+\.\d+\.\d+\n\Z")

    def test_every_command_has_help_and_an_example_that_works(self):
        self.good("run", "-o", "longhaul.db", "--turns", 6, "--samples", 3, "--quiet")
        self.good("export", "longhaul.db", "--format", "inspect", "--condition", 0, "-o", "log.eval")
        for command in self.COMMANDS:
            for args in ((command, "-h"), (command, "--help"), (command, "x", "-h")):
                done = self.good(*args)
                self.assertEqual(done.err, "")
                self.assertRegex(done.out, rf"\Ausage: longhaul {command}\b")
            example = re.search(r"(?m)^example:\n  longhaul (.+)\n\Z", done.out)
            self.assertTrue(example, done.out)
            with self.subTest(example=example.group(1)):
                ran = self.good(*example.group(1).split())
                self.assertTrue(ran.out or self.path(example.group(1).split()[-1]).stat().st_size)

    def test_help_needs_no_files_and_leaves_none(self):
        for command in self.COMMANDS:
            self.good(command, "-h")
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_options_are_listed_in_columns(self):
        text = self.good("run", "-h").out
        listed = re.findall(r"(?m)^  (--[a-z-]+)(?: \S+)?( {2,}| )(\S)", text)
        self.assertGreater(len(listed), 15)
        starts = {columns(line[:re.match(r"  --[a-z-]+(?:\[\S+\])?(?: \S+)? +", line).end()]) for line in text.splitlines() if line.startswith("  --")}
        self.assertEqual(len(starts), 1, text)
        for line in text.splitlines():
            self.assertLessEqual(columns(line), 100, line)

    def test_every_option_that_is_listed_exists(self):
        for command in ("run", "report", "transcript", "check"):
            for option in re.findall(r"(?m)^  (--[a-z-]+)", self.good(command, "-h").out):
                done = self.longhaul(command, option + "=\x01")
                self.assertNotIn("there is no option", done.err, f"{command} {option}")

    def test_list_and_show(self):
        policies = [line.split()[0] for line in self.good("list", "policies").out.splitlines()]
        for name in ("full_history", "window", "reset", "state_carry", "strip_thoughts", "answers_only", "omit_assistant", "majority_vote", "heal"):
            self.assertIn(name, policies)
        for name in policies:
            self.assertIn(name, self.good("show", "policy", name).out)
        for kind in ("task", "model"):
            for name in [line.split()[0] for line in self.good("list", kind + "s").out.splitlines()]:
                self.assertRegex(self.good("show", kind, name).out, rf"\A{name}\b")
        text = self.good("show", "policy", "window").out
        self.assertRegex(text, r"(?m)^  n +integer +default 5 ")
        self.assertRegex(self.good("show", "task", "kv_sum").out, r"(?m)^  keys +integer +default 100 +2\.\.10000; \w")
        self.assertRegex(self.good("show", "model", "sim").out, r"(?m)^  accuracy +number +default 0\.99 +0\.\.1; \w")

    def test_defaults_shown_are_the_defaults(self):
        for name, more in (("window", "n=5,first=0"), ("majority_vote", "n=5"), ("state_carry", "n=2"), ("strip_thoughts", "keep_last=0,kinds=both")):
            done = self.longhaul("run", "-o", "none", "--turns", 2, "--samples", 2, "--policy", name, "--policy", f"{name}:{more}")
            self.assertIn("twice", done.err, str(done))

    def test_check_of_what_comes_with_the_program(self):
        for name in ("kv_sum", "reset"):
            done = self.good("check", name, *(("--samples", 2, "--steps", 20) if name == "kv_sum" else ()))
            self.assertIn("every property holds", done.out)
        self.write("worse.lua", "return { api = 1, view = function(ep, history)\n  if ep.turn == 4 then error('not here') end\n  return history:view()\nend }\n")
        done = self.longhaul("check", "worse.lua")
        self.assertEqual(done.code, 1, str(done))
        self.assertIn("worse.lua:2", done.out)
        self.assertIn("FAILED", done.out)


# ---- interrupted ----

class Interrupted(Terminal):
    unsanitized = True

    LONG = ("run", "--turns", 4000, "--samples", 3000, "--model", ERRING, "--policy", "window:n=2", "--policy", "reset", "--concurrency", 8)

    def check_interrupted(self, sent, code):
        done, shown = self.on_terminal(*self.LONG, "-o", "run.db", "--json", "report.json", "--no-timing", out=False, at_progress=sent)
        self.assertEqual(done.code, code, shown[-500:])
        self.assertIn(b"Interrupted", shown)
        text = self.path("report.json").read_bytes()
        ran = lhcli.strict_json(text)
        self.assertEqual((ran["run"]["status"], ran["run"]["cause"]), ("stopped", "interrupted"))
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["report.json", "run.db"], "one file when closed")
        self.assertTrue(self.plain("report", "run.db") == text, "the run file tells the same story")
        c = ran["conditions"][0]
        self.assertGreater(c["observed"][0], 0)
        self.assertLess(c["observed"][-1], 3000)
        table = self.good("report", "run.db").out
        self.assertTrue(table.startswith("! This run is NOT DONE (interrupted)"), table[:200])
        self.assertEqual(len(self.good("list", "runs", "run.db").out.splitlines()), 1)
        self.assertIn("stopped", self.good("list", "runs", "run.db").out)
        self.good("transcript", "run.db", 0, "--turn", 1)

    def test_ctrl_c(self):
        self.check_interrupted(signal.SIGINT, 130)

    def test_sigterm(self):
        self.check_interrupted(signal.SIGTERM, 143)


if __name__ == "__main__":
    unittest.main()
