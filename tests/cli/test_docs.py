"""What the documents show works: every block of every .md file, by its language.

sh    run by `sh -eu` at the top of a copy of the tree, with longhaul on the PATH and at
      build/release/longhaul; all blocks of a file in one copy, in order; each exits with 0. Those of
      scripts/templates/KIND/README.md in a folder that longhaul new KIND has made of it
c     compiled, when it has an #include
lua   a policy (`return {` … `api = 1`) passes longhaul check
sql   asked of the run file of the demonstration
text  output, not tested

`<!-- test: skip REASON -->` on the line before a block leaves it out."""
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import lhtree

LANGUAGES = {"sh", "c", "lua", "sql", "text"}
COMPARED = ("examples/study/README.md", "examples/own/README.md")      # test_study.py runs these, and reads what they print


class Block:
    def __init__(self, file, line, language, skip, text):
        self.file, self.line, self.language, self.skip, self.text = file, line, language, skip, text

    def __str__(self):
        return f"{self.file.relative_to(lhtree.SOURCE)}:{self.line}"


def blocks(path):
    """The fenced blocks of a file."""
    fence, language, skip, text, start, before = None, "", None, [], 0, ""
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        opened = re.match(r"( {0,3})(```+|~~~+)\s*([^\s`]*)", line)
        if fence is None and opened:
            indent, fence, language = opened.groups()
            marked = re.fullmatch(r"\s*<!-- test: skip (\S.*?) -->\s*", before)
            skip, text, start = marked and marked.group(1), [], number
        elif fence is not None and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            yield Block(path, start, language, skip, "\n".join(text) + "\n")
            fence = None
        elif fence is not None:
            text.append(line[len(indent):] if line.startswith(indent) else line)
        before = line
    if fence is not None:
        raise AssertionError(f"{path}:{start}: a block without an end")


def is_policy(text):
    return re.search(r"\breturn\s*\{", text) and re.search(r"\bapi\s*=\s*1\b", text)


class Docs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bin, cls.server = lhtree.plain(), lhtree.built().parent / "tests" / "http" / "model_server"
        cls.home = tempfile.TemporaryDirectory()
        cls.documents = [p for p in lhtree.files() if p.suffix == ".md"]
        cls.blocks = [b for p in cls.documents for b in blocks(p)]

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def of(self, language):
        """The blocks in a language that are to be tested; says which are not."""
        for b in self.blocks:
            if b.language == language and b.skip:
                print(f"skipped {b}: {b.skip}", flush=True)
            elif b.language == language:
                yield b

    def environment(self, folder):
        env = lhtree.clean_environment(self.home.name)
        env["PATH"] = f"{folder}:{env['PATH']}"
        return env

    def call(self, command, folder, **more):
        return subprocess.run(command, cwd=folder, env=self.environment(self.bin.parent), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=300, **more)

    def test_every_block_says_what_it_is(self):
        wrong = [f"{b}: '{b.language}'" for b in self.blocks if b.language not in LANGUAGES]
        self.assertEqual(wrong, [], f"a block is one of {sorted(LANGUAGES)}")
        self.assertGreater(len([b for b in self.blocks if b.language == "sh" and not b.skip]), 0)

    def test_nothing_is_left_to_fill_in(self):
        wrong = [f"{p.name}: {m}" for p in self.documents for m in re.findall(r"^@\w+@$", p.read_text(encoding="utf-8"), re.M)]
        self.assertEqual(wrong, [])

    def test_links_lead_somewhere(self):
        wrong = []
        for p in self.documents:
            prose = re.sub(r"^( {0,3})(```+).*?^\s*\2", "", p.read_text(encoding="utf-8"), flags=re.M | re.S)
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
                if not re.match(r"[a-z]+:", target) and not (p.parent / target).exists():
                    wrong.append(f"{p.relative_to(lhtree.SOURCE)}: {target}")
        self.assertEqual(wrong, [], "links to files that are not there")

    def place(self, file, folder):
        """Where the blocks of a file are run."""
        parts = file.relative_to(lhtree.SOURCE).parts
        if parts[:2] != ("scripts", "templates"):
            return folder
        done = self.call(["longhaul", "new", parts[2], "my_" + parts[2]], folder)
        self.assertEqual(done.returncode, 0, done.stdout)
        return Path(folder, "my_" + parts[2])

    def test_sh(self):
        of_file = {}
        for b in self.of("sh"):
            if b.file.relative_to(lhtree.SOURCE).as_posix() not in COMPARED:
                of_file.setdefault(b.file, []).append(b)
        for file, inside in of_file.items():
            with tempfile.TemporaryDirectory() as folder:
                lhtree.copy_tree(folder)
                release = Path(folder, "build", "release")
                release.mkdir(parents=True)
                (release / "longhaul").symlink_to(self.bin)
                (release / "tests" / "http").mkdir(parents=True)
                (release / "tests" / "http" / "model_server").symlink_to(self.server)
                place = self.place(file, folder)
                for b in inside:
                    with self.subTest(block=str(b)):
                        done = self.call(["sh", "-eu", "-c", b.text], place)
                        self.assertEqual(done.returncode, 0, f"{b}: exit code {done.returncode}\n{b.text}\n{done.stdout[-4000:]}")

    def test_c(self):
        for b in self.of("c"):
            if "#include" not in b.text:
                continue
            with self.subTest(block=str(b)), tempfile.TemporaryDirectory() as folder:
                Path(folder, "block.c").write_text(b.text, encoding="utf-8")
                done = self.call(["cc", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                                  f"-I{lhtree.SOURCE}/core/include", f"-I{lhtree.SOURCE}/plugins", "block.c"], folder)
                self.assertEqual(done.returncode, 0, f"{b}:\n{done.stdout}")

    def test_lua(self):
        for b in self.of("lua"):
            if not is_policy(b.text):
                continue
            with self.subTest(block=str(b)), tempfile.TemporaryDirectory() as folder:
                Path(folder, "block.lua").write_text(b.text, encoding="utf-8")
                done = self.call(["longhaul", "check", "block.lua"], folder)
                self.assertEqual(done.returncode, 0, f"{b}:\n{done.stdout}")

    def test_sql(self):
        try:
            import sqlite3
        except ImportError:
            self.skipTest("this python3 has no sqlite3")
        with tempfile.TemporaryDirectory() as folder:
            done = self.call(["longhaul", "run", "--turns", "20", "--samples", "20", "-o", "sql.db"], folder)
            self.assertEqual(done.returncode, 0, done.stdout)
            connection = sqlite3.connect(f"file:{folder}/sql.db?mode=ro", uri=True)
            for b in self.of("sql"):
                with self.subTest(block=str(b)):
                    for statement in filter(str.strip, re.split(r";[ \t]*\n", b.text)):
                        try:
                            rows = connection.execute(statement).fetchall()
                        except sqlite3.Error as error:
                            self.fail(f"{b}: {error}\n{statement}")
                        self.assertTrue(rows, f"{b}: no rows\n{statement}")
            connection.close()


if __name__ == "__main__":
    lhtree.main()
