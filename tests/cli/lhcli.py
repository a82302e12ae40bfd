"""What the tests of the command line share: the program run in a folder of its own, reports and run
files read without any code of the program."""
import json
import os
import random
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("LH_SOURCE_DIR") or Path(__file__).resolve().parents[2])
DATA = SOURCE / "tests" / "data"
HANG = 100                                # s: a guard against a program that never ends, no measure
OUTCOMES = ("correct", "follows", "recovers", "slips", "malformed", "missing", "truncated", "refused", "overflow", "policy_error", "failed")


def program(unsanitized=False):
    """LH_BIN, else the newest program built below the source folder. unsanitized: LH_PLAIN_BIN where it is set."""
    named = unsanitized and os.environ.get("LH_PLAIN_BIN") or os.environ.get("LH_BIN")
    if named:
        return Path(named).resolve()
    found = [p for p in SOURCE.glob("build*/**/longhaul") if p.is_file() and os.access(p, os.X_OK)]
    if not found:
        raise unittest.SkipTest("LH_BIN names no program and none is built")
    return max(found, key=lambda p: p.stat().st_mtime)


def build_folder():
    return Path(os.environ.get("LH_BUILD_DIR") or program().parent)


def environment(home, **more):
    """Little, and the same everywhere. A sanitizer's finding is an exit code of its own."""
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH")}
    env.update(HOME=str(home), TMPDIR=str(home), LC_ALL="C.UTF-8")
    env["ASAN_OPTIONS"] = "detect_leaks=1:exitcode=99:" + os.environ.get("ASAN_OPTIONS", "")
    env["UBSAN_OPTIONS"] = "halt_on_error=1:exitcode=99:print_stacktrace=1:" + os.environ.get("UBSAN_OPTIONS", "")
    env.update(more)
    return {k: v for k, v in env.items() if v is not None}


class Done:
    """A program that has ended."""

    def __init__(self, args, code, out, err):
        self.args, self.code, self.raw, self.raw_err = args, code, out, err
        self.out = out.decode("utf-8", "surrogateescape")
        self.err = err.decode("utf-8", "surrogateescape")

    def __str__(self):
        shown = " ".join(str(a) if len(str(a)) < 200 else str(a)[:200] + "…" for a in self.args)
        return f"$ longhaul {shown}\nexit code {self.code}\n--- stdout\n{self.out[:2000]}\n--- stderr\n{self.err[:3000]}"


def strict_json(text):
    """JSON and nothing beyond: no NaN, no key twice."""
    def refuse(word):
        raise ValueError(f"{word} is not JSON")

    def once(pairs):
        keys = [k for k, _ in pairs]
        if len(set(keys)) != len(keys):
            raise ValueError(f"a key stands twice: {keys}")
        return dict(pairs)
    return json.loads(text, parse_constant=refuse, object_pairs_hook=once)


class Case(unittest.TestCase):
    """Each test has an empty folder, self.folder, in which the program runs."""
    maxDiff = 4000
    unsanitized = False                   # much work whose results are looked at: without sanitizers, where that is built

    @classmethod
    def setUpClass(cls):
        cls.program = program(cls.unsanitized)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def path(self, name):
        return self.folder / name

    def write(self, name, content):
        path = self.path(name)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
        return name

    def longhaul(self, *args, env=None, **more):
        args = [os.fsencode(str(a)) if not isinstance(a, bytes) else a for a in args]
        p = subprocess.run([os.fsencode(self.program), *args], cwd=self.folder, env=environment(self.folder, **(env or {})),
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=HANG, **more)
        done = Done([os.fsdecode(a) for a in args], p.returncode, p.stdout, p.stderr)
        self.assertSound(done)
        return done

    def assertSound(self, done):
        """No crash, nothing found by a sanitizer, no code that nobody documented."""
        for word in ("Sanitizer", "runtime error:", "Assertion", "stack smashing"):
            self.assertNotIn(word, done.err, str(done))
        self.assertIn(done.code, (0, 1, 2, 3, 4, 5, 77, 130, 143), str(done))

    def good(self, *args, env=None):
        done = self.longhaul(*args, env=env)
        self.assertEqual(done.code, 0, str(done))
        return done

    def report(self, *args, env=None):
        """The report of a run or of a run file: args and `--json -`."""
        done = self.good(*args, "--json", "-", env=env)
        return self.check_report(done)

    def check_report(self, done):
        r = strict_json(done.out)
        self.assertEqual(r["schema"], "longhaul.report/1")
        return r

    def plain(self, *args, env=None):
        """The same without what differs between identical runs, as bytes."""
        return self.good(*args, "--json", "-", "--no-timing", env=env).raw

    def rows(self, file, sql, *values):
        """A query of a run file, which is left as it is."""
        db = sqlite3.connect(f"file:{self.path(file)}?immutable=1", uri=True)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    def outcomes(self, file, condition=0, run=None):
        """{sample: [outcome of turn 1, …]} of the accepted calls."""
        run = run if run is not None else self.rows(file, "SELECT max(id) FROM run")[0][0]
        found = {}
        for sample, outcome in self.rows(file, "SELECT e.sample, c.outcome FROM episode e LEFT JOIN call c ON c.episode = e.id AND c.accepted"
                                         " WHERE e.run = ? AND e.condition = ? ORDER BY e.sample, c.turn", run, condition):
            found.setdefault(sample, [])
            if outcome is not None:
                found[sample].append(outcome)
        return found


# ---- refusals ----

def contents(path):
    """None of a folder. Of an SQLite file all but the counter of its openings for writing, kept in two places."""
    if not path.is_file():
        return None
    data = path.read_bytes()
    return data[:24] + data[28:92] + data[96:] if data.startswith(b"SQLite format 3\0") else data


class Refusals(Case):
    def assertClear(self, done, *words, code=2):
        """The exit code; one line `longhaul: …`, at most a line `see: …` behind it; nothing on stdout."""
        self.assertEqual(done.code, code, str(done))
        self.assertEqual(done.out, "", str(done))
        done.raw_err.decode("utf-8")
        lines = done.err.splitlines()
        self.assertTrue(done.err.endswith("\n") and 1 <= len(lines) <= 2, str(done))
        self.assertRegex(lines[0], r"\Alonghaul: \S.{7,}\Z", str(done))
        self.assertTrue(all(line.startswith("see: longhaul ") for line in lines[1:]), str(done))
        self.assertLess(len(done.err), 1700, str(done))
        self.assertFalse([c for c in done.err if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160)], str(done))
        self.assertNotIn("(null)", done.err, str(done))
        self.assertNotRegex(done.err, r"no option --[ :;]", f"an option without its name\n{done}")
        for word in words:
            self.assertIn(word, done.err, str(done))

    def snapshot(self):
        return {p.relative_to(self.folder): contents(p) for p in self.folder.rglob("*")}

    def refuse(self, args, words=(), files=None, code=2, env=None):
        """Runs args among files ({name: content}) and expects a refusal."""
        for name, content in (files or {}).items():
            self.write(name, content)
        before = self.snapshot()
        done = self.longhaul(*args, env=env)
        self.assertClear(done, *words, code=code)
        after = self.snapshot()
        self.assertEqual(sorted(map(str, after)), sorted(map(str, before)), f"files have come or gone\n{done}")
        self.assertEqual([str(p) for p in after if after[p] != before[p]], [], f"files have changed\n{done}")
        return done


def add_rows(case, rows):
    """A test for each row (name, args, words[, files])."""
    for name, args, words, *more in rows:
        def test(self, args=args, words=words, more=more):
            self.refuse(args, words, *more)
        assert not hasattr(case, "test_" + name), name
        setattr(case, "test_" + name, test)


# ---- data sets and replies ----

WORDS = ("amber", "birch", "cedar", "delta", "eagle", "flint", "grove", "haven", "ivory", "jolly", "karma", "lemon")


def data_set(rng, lengths, words=WORDS, least=-99, most=99):
    """A data set in the published format: rollouts of these numbers of steps."""
    values = {w: rng.randint(least, most) for w in words}
    rollouts = []
    for steps in lengths:
        keys = rng.choices(words, k=steps)
        totals, total = [], 0
        for k in keys:
            total += values[k]
            totals.append(total)
        rollouts.append({"input": keys, "values": [values[k] for k in keys], "output": totals})
    return {"dict_sum": {"experiment_type": "dict_sum", "dictionary": values, "ground_truth_data": rollouts}}


def replies_file(rows):
    """Lines of a replies file from (sample, turn, content[, thoughts])."""
    names = ("sample", "turn", "content", "thoughts")
    return "".join(json.dumps(dict(zip(names, row)), ensure_ascii=False) + "\n" for row in rows)


def stream(*name):
    """A random stream of this name: the same in every run."""
    return random.Random("/".join(map(str, name)))
