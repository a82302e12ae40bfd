"""The worked examples say what their commands print: every block of output in their README.md is compared, line by line,
with what the block of commands before it writes. A line "…" stands for lines that are left out."""
import subprocess
import tempfile
import unittest
from pathlib import Path

import lhtree
from test_docs import COMPARED, blocks

EXAMPLES = lhtree.SOURCE / "examples"


class Study(unittest.TestCase):
    def pairs(self, document):
        """Commands and the output shown for them; commands without output come with None."""
        pending = None
        for b in blocks(document):
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

    def compare(self, document):
        """How many blocks of output were compared."""
        compared = 0
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home:
            lhtree.copy_tree(folder)
            env = lhtree.clean_environment(home)
            env["PATH"] = f"{lhtree.plain().parent}:{env['PATH']}"
            env["COLUMNS"] = "100"
            for commands, output in self.pairs(document):
                with self.subTest(block=str(commands)):
                    done = subprocess.run(["sh", "-eu", "-c", commands.text], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=300)
                    self.assertEqual(done.returncode, 0, f"{commands}: {done.stderr[-2000:]}")
                    if output:
                        self.assertShown(output.text, done.stdout, output)
                        compared += 1
        return compared

    def test_every_output_is_what_is_printed(self):
        for name in COMPARED:
            with self.subTest(document=name):
                self.assertGreater(self.compare(lhtree.SOURCE / name), 2)

    def test_what_is_quoted_is_in_the_finished_files(self):
        finished = {"c": EXAMPLES / "own" / "lamps.c", "lua": EXAMPLES / "own" / "ask_again.lua"}
        quoted = [b for b in blocks(EXAMPLES / "own" / "README.md") if b.language in finished]
        self.assertGreater(len(quoted), 3)
        for b in quoted:
            self.assertIn(b.text, finished[b.language].read_text(encoding="utf-8"), str(b))

    def test_the_finished_family_differs_in_its_eight_places_alone(self):
        made = (lhtree.SOURCE / "scripts" / "templates" / "task" / "my_task.c").read_text(encoding="utf-8").replace("my_task", "lamps")
        finished = (EXAMPLES / "own" / "lamps.c").read_text(encoding="utf-8")
        rest = [text.split("/* ---- what joins")[1] for text in (made, finished)]
        self.assertEqual(rest[0], rest[1])


if __name__ == "__main__":
    lhtree.main()
