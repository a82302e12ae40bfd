"""examples/quickstart.sh, as someone meets it: a fresh clone, another working directory, run twice."""
import os
import re
import shlex
import subprocess
import tempfile
import unittest
from pathlib import Path

import lhtree


class Quickstart(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.environ.get("LH_QUICK") == "1":
            raise unittest.SkipTest("LH_QUICK=1: it builds everything once more")
        cls.folder = tempfile.TemporaryDirectory()
        cls.clone = Path(cls.folder.name, "a clone")
        cls.elsewhere = Path(cls.folder.name, "elsewhere")
        cls.elsewhere.mkdir()
        lhtree.copy_tree(cls.clone)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def start(self):
        # The installing of packages needs the surroundings: a proxy, sudo's rules. What the compiler can do at its best is
        # known from the other builds: here it need not.
        hasty = Path(self.folder.name, "hasty")
        hasty.write_text('#!/bin/sh\nexec "$@" -O0\n')
        hasty.chmod(0o755)
        return subprocess.run(["sh", str(self.clone / "examples" / "quickstart.sh")], cwd=self.elsewhere, stdin=subprocess.DEVNULL,
                              env={**os.environ, "CMAKE_C_COMPILER_LAUNCHER": str(hasty)},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=550)

    def test_from_nothing_to_a_report(self):
        done = self.start()
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertRegex(done.stdout, r"horizon\(0\.5\)")
        for policy in ("full_history", "window:n=5", "reset", "heal"):
            self.assertRegex(done.stdout, rf"(?m)^{re.escape(policy)}\b")
        self.assertNotRegex(done.stdout, r"\[\d+/\d+\]|-- (Build|Config)|[Ww]arning", "the build is quiet")

        last = done.stdout.strip().splitlines()[-4:]
        for line in done.stdout.strip().splitlines()[-5:-3]:
            file = Path(line.split(":", 1)[1].strip())
            self.assertTrue(file.is_file(), line)
            self.assertTrue(file.is_relative_to(self.clone / "build"), line)
        self.assertEqual(list(self.elsewhere.iterdir()), [], "nothing is left where it was called")

        for line, expected in ((last[1], "horizon(0.5)"), (last[2], '"longhaul.report/1"')):
            command = shlex.split(line.split(":", 1)[1])
            again = subprocess.run(command, cwd=self.elsewhere, capture_output=True, text=True, timeout=60)
            self.assertEqual(again.returncode, 0, f"{line}\n{again.stderr}")
            self.assertIn(expected, again.stdout)

        second = self.start()
        self.assertEqual(second.returncode, 0, second.stdout)
        self.assertEqual(second.stdout.strip().splitlines()[-4:], last)

    def test_a_failing_build_names_its_log(self):
        broken = Path(self.folder.name, "broken")
        lhtree.copy_tree(broken)
        (broken / "CMakeLists.txt").write_text('message(FATAL_ERROR "this cannot be built")\n')
        done = subprocess.run(["sh", "examples/quickstart.sh"], cwd=broken, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=300)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("this cannot be built", done.stdout)
        log = re.search(r"all of its output is in (.*)", done.stdout)
        self.assertTrue(log and Path(log.group(1)).is_file(), done.stdout)


if __name__ == "__main__":
    lhtree.main()
