"""longhaul new: what it makes works as it stands, and its test can fail."""
import json
import os
import re
import shutil
import subprocess
import unittest

import lhcli
from lhcli import SOURCE, add_rows

TEMPLATES = SOURCE / "scripts" / "templates"
KINDS = ("task", "policy", "experiment")


class Made(lhcli.Case):
    def make(self, kind, name="mine", *more):
        self.good("new", kind, name, *more)
        return self.path(name)

    def sh(self, folder, *command, code=0):
        env = {**lhcli.environment(self.folder), "LONGHAUL": str(self.program), "PATH": f"{self.program.parent}:{os.environ['PATH']}"}
        done = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=lhcli.HANG)
        said = f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        self.assertEqual(done.returncode != 0, code != 0, said)
        self.assertNotIn("Sanitizer", said)
        return said

    def change(self, path, old, new):
        text = path.read_text(encoding="utf-8")
        self.assertIn(old, text)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def test_a_task(self):
        folder = self.make("task")
        self.assertIn("test: passed", self.sh(folder, "make", "test"))
        self.assertIn("multiply and add", self.good("show", "task", "./mine/mine.so").out)
        self.change(folder / "mine.c", "x.number * s.times + s.plus", "x.number * s.times - s.plus + t->of.modulus")
        self.assertIn("by_hand.jsonl is judged as", self.sh(folder, "make", "test", code=1))
        self.change(folder / "mine.c", "? 1 : t->of.modulus - 1", "? 0 : t->of.modulus - 1")
        self.assertIn("FAILED", self.sh(folder, "make", "test", code=1))

    def test_the_documented_explanation_is_one(self):
        """plugins/README.md: what makes a made family explain its steps."""
        blocks = re.findall(r"```c\n(.*?)```", (SOURCE / "plugins" / "README.md").read_text(encoding="utf-8"), re.S)
        said = self.with_interface(self.make("task"), next(b for b in blocks if "LH_THOUGHTS_INTERFACE" in b))
        self.assertIn("ok explain gives the same text again", said)
        self.assertNotIn("skipped explain", said)

    def test_the_documented_tool_is_one(self):
        """Likewise, of tools; a run calls them."""
        blocks = re.findall(r"```c\n(.*?)```", (SOURCE / "plugins" / "README.md").read_text(encoding="utf-8"), re.S)
        folder = self.make("task")
        self.change(folder / "mine.c", "of a division by %lld.\\n", "of a division by %lld (get_modulus gives it, too).\\n")
        said = self.with_interface(folder, next(b for b in blocks if "LH_TOOLS_INTERFACE" in b))
        self.assertEqual(len(re.findall(r"(?m)^ok .*tools", said)), 3)
        self.good("run", "--plugin", folder / "mine.so", "--task", "mine", "--model", "sim", "--turns", 2, "--samples", 1, "-o", "t.db")
        self.assertIn("tool get_modulus\n    {\"modulus\": ", self.good("transcript", "t.db", 0).out)

    def with_interface(self, folder, block):
        """What the family's own test says once its get_interface is replaced."""
        text = (folder / "mine.c").read_text(encoding="utf-8")
        whole = re.sub(r"static const void \*get_interface\(.*?^\}\n", lambda _: block, text, flags=re.M | re.S)
        self.assertNotEqual(whole, text)
        (folder / "mine.c").write_text(whole, encoding="utf-8")
        return self.sh(folder, "make", "test", "CFLAGS=-Werror")

    @unittest.skipUnless(shutil.which("cmake"), "no cmake")
    def test_cmake_finds_the_package_of_the_build_tree(self):
        folder = self.make("task")
        self.sh(folder, "cmake", "-S", ".", "-B", "build")
        self.assertIn(f"longhaul_DIR:PATH={lhcli.build_folder()}", (folder / "build" / "CMakeCache.txt").read_text())

    def test_a_policy(self):
        folder = self.make("policy")
        self.assertIn("test: passed", self.sh(folder, "sh", "test.sh"))
        self.change(folder / "mine.lua", "keep_last(ep.options.n)", "keep_last(ep.options.n + 1)")
        self.assertIn('turn 6 is sent with 4 of "role":"user"', self.sh(folder, "sh", "test.sh", code=1))
        self.change(folder / "mine.lua", "keep_last(ep.options.n + 1)", "keep_lost(ep.options.n)")
        self.assertIn("did you mean 'keep_last'?", self.sh(folder, "sh", "test.sh", code=1))

    def test_an_experiment(self):
        folder = self.make("experiment")
        self.assertIn("test: passed", self.sh(folder, "sh", "test.sh"))
        self.change(folder / "mine.lua", 'policies = { "full_history", ', "policies = { ")
        self.change(folder / "mine.lua", 'against = "full_history"', 'against = "state_carry"')
        self.assertIn("has 1 conditions, not 2", self.sh(folder, "sh", "test.sh", code=1))
        self.change(folder / "mine.lua", "policies = {", "polices = {")
        self.assertIn("did you mean --policy?", self.sh(folder, "sh", "test.sh", code=1))

    def test_what_is_made_is_the_template_with_its_name(self):
        for kind in KINDS:
            folder = self.make(kind, f"of_{kind}")
            made = {str(p.relative_to(folder)): p.read_text(encoding="utf-8") for p in folder.rglob("*") if p.is_file()}
            here = TEMPLATES / kind
            templates = {str(p.relative_to(here)): p.read_text(encoding="utf-8") for p in here.rglob("*") if p.is_file()}
            self.assertEqual(set(templates), {name.replace(f"of_{kind}", f"my_{kind}") for name in made if not name.startswith(("stubs/", ".luarc"))})
            for name, text in templates.items():
                self.assertEqual(made[name.replace(f"my_{kind}", f"of_{kind}")], text.replace(f"my_{kind}", f"of_{kind}"), name)
            self.assertEqual(folder.stat().st_mode & 0o022, 0, "a family in a folder that others write to is refused")

    def test_into(self):
        made = self.good("new", "policy", "mine", "--into", "a b").out
        self.assertIn("cd 'a b'", made)
        self.assertTrue(self.path("a b/mine.lua").is_file())
        odd = self.good("new", "policy", "mine", "--into", "it's").out
        self.sh(self.folder, "sh", "-euc", re.search(r"^  (cd .*)", odd, re.M).group(1) + " && test -f mine.lua")
        self.path("there").mkdir()
        self.write("there/notes", "kept")
        self.good("new", "policy", "mine", "-o", "there")
        self.assertEqual(self.path("there/notes").read_text(), "kept")
        self.good("new", "task", "policy")                 # a kind's name is a name as well
        self.assertTrue(self.path("policy/policy.c").is_file())

    def test_it_says_what_it_made(self):
        for kind in KINDS:
            out = self.good("new", kind, f"of_{kind}").out
            listed = set(out.split("\n\n")[1].split())
            self.assertEqual(listed, {str(p.relative_to(self.path(f"of_{kind}"))) for p in self.path(f"of_{kind}").rglob("*") if p.is_file()})
            for command in re.findall(r"^  (?:make|sh|longhaul) .*", out, re.M):
                self.assertIn(f"of_{kind}" if "longhaul" in command else "test", command)

    def test_it_says_where_the_program_is(self):
        """Where no longhaul is on the PATH."""
        away = {"PATH": "/nowhere:/usr/bin"}
        self.assertIn(f"\n  export PATH={self.program.parent}:$PATH", self.good("new", "task", "mine", env=away).out)
        there = {"PATH": f"/nowhere:{self.program.parent}"}
        self.assertNotIn("export", self.good("new", "task", "yours", env=there).out)

    def test_a_folder_that_cannot_be_finished_goes_again(self):
        """A file where a folder has to be: what was written before is taken away."""
        self.path("there").mkdir()
        self.write("there/stubs", "")
        done = self.longhaul("new", "policy", "mine", "--into", "there")
        self.assertEqual(done.code, 2, str(done))
        self.assertEqual([p.name for p in self.path("there").iterdir()], ["stubs"])

    def test_cflags_lead_to_the_header(self):
        flags = self.good("--cflags").out.strip()
        self.assertTrue(flags.startswith("-I") and (lhcli.Path(flags[2:].strip("'")) / "longhaul" / "task.h").is_file(), flags)


class Together(lhcli.Case):
    def test_an_experiment_names_files_from_its_own_folder(self):
        """A family and a policy beside it, wherever it is run from."""
        self.good("new", "experiment", "mine")
        self.good("new", "policy", "other")
        subprocess.run(["cc", "-shared", "-fPIC", "-fvisibility=hidden", f"-I{SOURCE}/core/include", "-o", self.path("other/my_task.so"),
                        TEMPLATES / "task" / "my_task.c"], check=True)
        self.write("mine/mine.lua", """return { plugins = { "../other/my_task.so" }, tasks = { "my_task" }, policies = { { "../other/other.lua", n = 1 } },
                                         turns = 3, samples = 2, output = "none" }""")
        r = self.report("run", "mine/mine.lua", "--quiet")
        self.assertEqual([(c["task"], c["policy"]) for c in r["conditions"]], [("my_task", "other")])
        self.assertIn("no option 'm'", self.longhaul("run", "--policy", "./other/other.lua:m=1").err)


class Refused(lhcli.Refusals):
    def test_files_are_never_written_over(self):
        self.path("mine").mkdir()
        for kind, name in (("task", "Makefile"), ("policy", "mine.lua"), ("experiment", "README.md")):
            with self.subTest(kind=kind):
                self.refuse(["new", kind, "mine"], [f"mine/{name} is there already", "--into"], files={f"mine/{name}": "mine"})
                self.path(f"mine/{name}").unlink()


add_rows(Refused, [
    ("nothing", ["new"], ["task, policy or experiment"]),
    ("a_kind_that_is_none", ["new", "family", "mine"], ["not 'family'"]),
    ("no_name", ["new", "task"], ["a new task needs a name"]),
    ("a_name_with_capitals", ["new", "task", "My-Task"], ["'My-Task' cannot be its name", "'my_task' can"]),
    ("a_name_of_digits", ["new", "policy", "9"], ["'9' cannot be its name"]),
    ("a_path_as_a_name", ["new", "policy", "../mine"], ["cannot be its name", "'mine' can"]),
    ("a_long_name", ["new", "task", "a" * 41], ["at most 40"]),
    ("a_family_that_there_is", ["new", "task", "kv_sum"], ["there is a task family kv_sum already"]),
    ("a_policy_that_there_is", ["new", "policy", "window"], ["there is a policy window already"]),
    ("two_names", ["new", "task", "mine", "yours"], ["'yours' is one too many"]),
    ("an_option_that_is_none", ["new", "task", "mine", "--in", "x"], ["there is no option --in"]),
    ("into_nowhere", ["new", "task", "mine", "--into", "no/where"], ["no/where cannot be made", "No such file"]),
    ("into_nothing", ["new", "task", "mine", "--into="], ["--into needs a folder"]),
    ("into_a_file", ["new", "task", "mine", "--into", "x"], ["x cannot be made"], {"x": ""}),
])


class Templates(lhcli.Case):
    def fields(self):
        """name → the line with it on, of every field of the experiment, those in -- included."""
        found = {}
        for line in (TEMPLATES / "experiment" / "my_experiment.lua").read_text(encoding="utf-8").split("\n"):
            m = re.fullmatch(r"  (-- )?(\w+) = (.*?),\s+-- \S.*", line)
            if m:
                self.assertNotIn(m.group(2), found)
                found[m.group(2)] = (bool(m.group(1)), f"{m.group(2)} = {m.group(3)},")
        return found

    def options(self):
        """The options of run that a file may give, as its fields."""
        text = self.good("run", "-h").out
        plurals = {"task": "tasks", "model": "models", "policy": "policies", "history": "histories", "plugin": "plugins", "gate": "gates"}
        names = re.findall(r"^  --([a-z-]+)", text, re.M)
        self.assertGreater(len(names), 30)
        return {plurals.get(n, n.replace("-", "_")) for n in names} - {"allow_process", "allow_endpoint", "json", "no_timing", "quiet", "progress", "html", "junit", "markdown", "metrics",
                                                                            "github"}

    def test_every_field_of_an_experiment_has_its_line(self):
        self.assertEqual(set(self.fields()), self.options())

    def with_field(self, name, line):
        """The experiment with a field put on that is off, and without those that do not go with it."""
        beside = {"steps": ["turns"], "stop_at_error": ["gates"], "single_turn": ["histories", "turns", "samples", "steps_per_turn", "gates"],
                  "probe_turns": ["histories", "gates"]}
        text = (TEMPLATES / "experiment" / "my_experiment.lua").read_text(encoding="utf-8")
        for other in beside.get(name, ()):
            text, n = re.subn(rf"^  {other} = .*\n", "", text, flags=re.M)
            self.assertEqual(n, 1, other)
        line += ' histories = { "own", "clean" },' if name == "probe_turns" else ""
        text, n = re.subn(rf"^  -- {name} = .*", lambda _: "  " + line, text, flags=re.M)
        self.assertEqual(n, 1)
        return text

    def test_every_field_works(self):
        """Each field that is off, put on: the file still means a run that can be planned."""
        subprocess.run(["cc", "-shared", "-fPIC", "-fvisibility=hidden", f"-I{SOURCE}/core/include", "-o", self.path("my_task.so"),
                        TEMPLATES / "task" / "my_task.c"], check=True)
        self.write("prices.json", json.dumps({"sim": {"input": 1, "cached_input": 1, "output": 1}}))
        self.good("run", "--samples", 2, "--turns", 2, "-o", "before.db")
        self.good("export", "before.db", "--format", "baseline", "-o", "baseline.json")
        for name, (off, line) in self.fields().items():
            if not off or name == "resume":
                continue
            with self.subTest(field=name):
                self.write("on.lua", self.with_field(name, line))
                self.good("run", "on.lua", "--dry-run")

    def test_the_task_is_short_and_needs_the_header_alone(self):
        text = (TEMPLATES / "task" / "my_task.c").read_text(encoding="utf-8")
        self.assertLess(len([line for line in text.split("\n") if line.strip()]), 150)
        ours = [h for h in re.findall(r"#include <([^>]+)>", text) if "/" in h]
        self.assertEqual(ours, ["longhaul/task.h"])
        self.assertNotIn('#include "', text)
        for flags in (["-std=c11", "-pedantic"], ["-std=c11", "-O2", "-Wextra", "-Wshadow", "-Wconversion", "-Wno-sign-conversion"]):
            subprocess.run(["cc", *flags, "-Wall", "-Werror", "-c", f"-I{SOURCE}/core/include", "-o", self.path("x.o"), TEMPLATES / "task" / "my_task.c"], check=True)

    def test_the_policy_is_short(self):
        text = (TEMPLATES / "policy" / "my_policy.lua").read_text(encoding="utf-8")
        self.assertLess(len([line for line in text.split("\n") if line.strip()]), 25)


if __name__ == "__main__":
    unittest.main()
