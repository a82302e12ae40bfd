"""Memory, as valgrind sees it: uninitialised values, which the sanitizers do not see, and leaks."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import lhtree

BAD = 99


class Valgrind(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        plain = os.environ.get("LH_PLAIN_BIN")
        if not plain:
            raise unittest.SkipTest("LH_PLAIN_BIN names no program without sanitizers: tests/run.sh sets it")
        if not shutil.which("valgrind"):
            raise unittest.SkipTest("no valgrind")
        cls.bin = Path(plain).resolve()
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def clean(self, *args):
        command = ["valgrind", "--quiet", f"--error-exitcode={BAD}", "--leak-check=full", "--show-leak-kinds=definite",
                   "--errors-for-leak-kinds=definite", "--num-callers=25", str(self.bin), *args]
        done = subprocess.run(command, cwd=self.folder.name, env=lhtree.clean_environment(self.folder.name),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=500)
        self.assertEqual(done.returncode, 0, f"{' '.join(args)}: exit code {done.returncode}\n{done.stderr[-6000:]}")
        return done.stdout

    def test_a_run_is_kept_reported_and_read_back(self):
        self.assertIn("full_history", self.clean("run", "--turns", "20", "--samples", "5", "-o", "kept.db"))
        self.assertIn("full_history", self.clean("report", "kept.db"))
        self.assertTrue(self.clean("transcript", "kept.db", "0", "--turn", "5", "--as-sent"))

    def test_the_demonstration(self):
        self.assertIn("heal", self.clean("run", "-o", "none"))

    def test_every_policy(self):
        policies = [a for p in sorted((lhtree.SOURCE / "scripts" / "policies").glob("*.lua")) for a in ("--policy", p.stem)]
        self.clean("run", *policies, "--turns", "8", "--samples", "3", "-o", "none")

    def test_wrong_input(self):
        for args in (("run", "--policy", "window:n=x"), ("run", "--task", "nothing"), ("report", "absent.db")):
            done = subprocess.run(["valgrind", "--quiet", f"--error-exitcode={BAD}", "--leak-check=full", "--show-leak-kinds=definite",
                                   "--errors-for-leak-kinds=definite", str(self.bin), *args], cwd=self.folder.name,
                                  env=lhtree.clean_environment(self.folder.name), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=120)
            self.assertEqual(done.returncode, 2, f"{args}: exit code {done.returncode}\n{done.stderr}")


if __name__ == "__main__":
    lhtree.main()
