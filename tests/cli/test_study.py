"""The worked study says what its commands print: every block of output in examples/study/README.md is compared, line by line,
with what the block of commands before it writes. A line "…" stands for lines that are left out."""
import subprocess
import tempfile
import unittest
from pathlib import Path

import lhtree
from test_docs import blocks

STUDY = lhtree.SOURCE / "examples" / "study" / "README.md"


class Study(unittest.TestCase):
    def pairs(self):
        """Commands and the output shown for them; commands without output come with None."""
        pending = None
        for b in blocks(STUDY):
            if b.language == "sh":
                if pending:
                    yield pending, None
                pending = b
            elif b.language == "text":
                self.assertIsNotNone(pending, f"{b}: output of no command")
                yield pending, b
                pending = None
        if pending:
            yield pending, None

    def assertShown(self, shown, printed, where):
        """All lines of `shown` stand in `printed`, in order, and next to each other where no … stands between."""
        lines, at, free = printed.splitlines(), 0, True
        for line in shown.rstrip("\n").split("\n"):
            if line.strip() == "…":
                free = True
                continue
            found = next((i for i in range(at, len(lines) if free else min(at + 1, len(lines))) if lines[i].rstrip() == line.rstrip()), None)
            self.assertIsNotNone(found, f"{where}: this line is not printed{'' if free else ' there'}:\n{line}\n--- what is printed\n{printed[:20000]}")
            at, free = found + 1, False

    def test_every_output_is_what_is_printed(self):
        compared = 0
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
            lhtree.copy_tree(folder)
            env = lhtree.clean_environment(home)
            env["PATH"] = f"{lhtree.plain().parent}:{env['PATH']}"
            env["COLUMNS"] = "100"
            for commands, output in self.pairs():
                with self.subTest(block=str(commands)):
                    done = subprocess.run(["sh", "-eu", "-c", commands.text], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=300)
                    self.assertEqual(done.returncode, 0, f"{commands}: {done.stderr[-2000:]}")
                    if output:
                        self.assertShown(output.text, done.stdout, output)
                        compared += 1
        self.assertGreater(compared, 3)


if __name__ == "__main__":
    lhtree.main()
