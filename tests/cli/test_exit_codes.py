"""Every exit code, row by row; and what a CI system is told beside it says the same."""
import resource
import shutil
import signal
import sqlite3
import tempfile
import threading
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path

import lhcli
import lhgate
import lhlive

SIM = ("run", "--model", "sim:accuracy=0.95", "--turns", 8, "--samples", 60, "--quiet")
PASS, FAIL, OPEN = ("--gate", "horizon(0.5) >= 2"), ("--gate", "turn_error_rate >= 0.5"), ("--gate", "turn_accuracy(4) >= 0.93")
CUT = ("--gate", "task_accuracy(8) >= 0.4", "--model", "sim:accuracy=0.95,failed=0.1")
LIVE = ("--task", "kv_sum:keys=10", "--turns", 6, "--samples", 6, "--quiet", "-o", "run.db")

# (name, files needed, arguments, exit code, verdict of the outputs; None: nothing is written, a word of stderr)
ROWS = [
    ("done", (), SIM + ("-o", "none"), 0, "none", ""),
    ("passed", (), SIM + PASS, 0, "pass", ""),
    ("undecided_is_a_pass", (), SIM + OPEN + ("--inconclusive", "pass"), 0, "pass", ""),
    ("failed", (), SIM + FAIL + PASS, 1, "fail", ""),
    ("undecided_is_a_failure", (), SIM + OPEN + ("--inconclusive", "fail"), 1, "fail", ""),
    ("a_failure_outweighs_what_is_undecided", (), SIM + FAIL + OPEN, 1, "fail", ""),
    ("unknown_option", (), SIM + ("--turn", 3), 2, None, "--turn"),
    ("no_rule_matches", (), SIM + ("--gate", "[policy=other] horizon(0.5) >= 2"), 2, None, "policy=other"),
    ("no_rule_could_pass", (), SIM + ("--gate", "malformed <= 0.01"), 2, None, "at least 565"),
    ("no_such_file", (), ("report", "none.db"), 2, None, "none.db"),
    ("no_place_for_an_output", (), SIM + ("--markdown", "no/page.md"), 2, None, "no/page.md"),
    ("undecided", (), SIM + OPEN + PASS, 3, "inconclusive", ""),
    ("undecided_again", ("open.db",), ("report", "open.db"), 3, "inconclusive", ""),
    ("undecided_by_gate", ("open.db",), ("gate", "open.db"), 3, "inconclusive", ""),
    ("gate_passes_on_other_rules", ("open.db",), ("gate", "open.db", "horizon(0.5) >= 2"), 0, "pass", ""),
    ("resumed", ("open.db",), SIM + FAIL + ("-o", "open.db", "--resume"), 1, "fail", ""),
    ("cut_off", (), SIM + CUT, 4, "infrastructure", ""),
    ("cut_off_outweighs_a_failure", (), SIM + CUT + FAIL, 4, "infrastructure", ""),
    ("a_run_that_is_not_done", ("stopped.db",), ("gate", "stopped.db", "horizon(0.5) >= 2"), 4, "infrastructure", ""),
    ("half_a_file", ("half.db",), ("report", "half.db"), 5, None, "half.db"),
    ("no_run_file", ("text.db",), ("report", "text.db"), 2, None, "text.db"),
    ("no_key", (), ("run", "--model", "openai:m", "--skip-without-key", "-o", "none"), 77, "skipped", "OPENAI_API_KEY"),
    ("no_key_and_no_leave", (), ("run", "--model", "openai:m", "-o", "none"), 2, None, "OPENAI_API_KEY"),
]


class ExitCodes(lhgate.Live):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.files = Path(temporary.name)
        made = cls("test_rows")
        made.folder = cls.files
        made.assertEqual(made.longhaul(*SIM, *OPEN, "-o", "open.db").code, 3)
        shutil.copy(cls.files / "open.db", cls.files / "stopped.db")
        db = sqlite3.connect(cls.files / "stopped.db")
        db.execute("UPDATE run SET status = 'stopped', cause = 'interrupted'")
        db.commit()
        db.close()
        data = (cls.files / "open.db").read_bytes()
        (cls.files / "half.db").write_bytes(data[:len(data) // 2])
        (cls.files / "text.db").write_text("no run file\n")

    OUTPUTS = ("--junit", "junit.xml", "--github")

    def environment(self):
        return {"GITHUB_STEP_SUMMARY": str(self.path("summary")), "GITHUB_OUTPUT": str(self.path("output"))}

    def clean(self):
        for name in ("junit.xml", "summary", "output"):
            self.path(name).unlink(missing_ok=True)

    def check(self, done, code, verdict, word=""):
        """Exit code, a word of stderr, and outputs that say the same."""
        self.assertEqual(done.code, code, str(done))
        self.assertIn(word, done.err)
        if verdict is None:
            self.assertEqual([n for n in ("junit.xml", "summary", "output") if self.path(n).exists()], [], "outputs of what was not decided")
            return
        said = dict(line.split("=", 1) for line in self.path("output").read_text().splitlines())
        self.assertEqual(said["verdict"], verdict)
        root = ET.parse(self.path("junit.xml")).getroot()
        red = int(root.get("failures")) + int(root.get("errors"))
        skipped = len(root.findall(".//skipped"))
        self.assertEqual((red > 0, skipped > 0 and not red), (verdict in ("fail", "infrastructure"), verdict in ("inconclusive", "skipped")), verdict)

    def test_rows(self):
        for name, files, args, code, verdict, word in ROWS:
            with self.subTest(name):
                self.clean()
                for file in files:
                    shutil.copy(self.files / file, self.path(file))
                more = () if args[0] != "run" or "-o" in args else ("-o", "none")
                self.check(self.longhaul(*args, *more, *self.OUTPUTS, env=self.environment()), code, verdict, word)

    def test_every_code_has_a_row(self):
        self.assertEqual({row[3] for row in ROWS}, {0, 1, 2, 3, 4, 5, 77})

    # ---- servers ----

    def live(self, port, *more):
        self.clean()
        return self.longhaul("run", "--model", self.model(port), "--retries", 1, *LIVE, *more, *self.OUTPUTS, env=self.environment())

    def test_endpoint_down(self):
        gate = self.gate(behind=False)
        gate.close()
        self.check(self.live(gate.port), 4, "infrastructure", "longhaul: the run")

    def test_refused_key(self):
        gate = self.gate(lambda request: lhgate.error(401, "no such key"), behind=False)
        self.check(self.live(gate.port), 4, "infrastructure", "HTTP 401")

    def test_budget(self):
        gate = self.gate(lambda request: lhgate.said("<answer>0</answer>"), behind=False)
        self.check(self.live(gate.port, "--max-calls", 20), 4, "infrastructure", "--max-calls 20")

    # ---- limits and signals ----

    def test_disk_full(self):
        done = self.longhaul(*SIM, "-o", "run.db", *self.OUTPUTS, env=self.environment(),
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100 << 10, 100 << 10)))
        self.check(done, 5, None, "run.db")

    def interrupted(self, number):
        go = threading.Event()
        self.addCleanup(go.set)
        gate = self.gate(lambda request: (request.turn < 3 or go.wait(lhgate.HANG)) and lhgate.said("<answer>0</answer>"), behind=False)
        p = self.start("run", "--model", self.model(gate.port), *LIVE, *self.OUTPUTS, env=self.environment())
        lhlive.wait_for(lambda: gate.of_turn(3), "request in flight")
        p.send_signal(number)
        lhlive.wait_for(lambda: not self.caught(p, number), "signal that was taken")
        go.set()
        self.check(self.ended(p), 128 + number, "infrastructure", "Interrupted")

    def caught(self, p, number):
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{p.pid}/status").read_text().splitlines())
        return int(status["SigCgt"], 16) >> (number - 1) & 1

    def test_ctrl_c(self):
        self.interrupted(signal.SIGINT)

    def test_sigterm(self):
        self.interrupted(signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
