"""What goes wrong in somebody's own code is told so that it can be mended: on the terminal, in the report and in the run file
stand the file, the line, the hook or the function, the turn and the sample; and the command that is printed, pasted into a
shell, shows the same failure."""
import re
import subprocess
import unittest
from pathlib import Path

import lhcli
import lhlive

QUIET = {"ASAN_OPTIONS": "handle_segv=0:handle_abort=0:detect_leaks=0:exitcode=99"}
SIZE = ("--turns", 5, "--samples", 3)
SIM = "sim:accuracy=0.9,self_conditioning=1"
SEE = "; to see it: "
FIXTURES = lhcli.build_folder() / "tests" / "abi"

# hook, body of it from line 3 on, what is said, line, turn of the first failure, more fields of the policy.
POLICIES = {
    "a misspelled global": ("view", "if ep.turn == 3 then return histry:view() end\nreturn history:view()",
                            "global 'histry' is not defined: did you mean 'history'?", 3, 3),
    "a misspelled method": ("view", "local v = history:view()\nif ep.turn == 3 then\n  return v:keep_lst(2)\nend\nreturn v",
                            "a view has no field or method 'keep_lst': did you mean 'keep_last'?", 5, 3),
    "a misspelled field": ("turn", "local reply = ep:ask(history:view())\nif reply.anwser then return reply end\nreturn reply",
                           "a reply has no field or method 'anwser': did you mean 'answer'?", 4, 1),
    "a misspelled option of a call": ("turn", "return ep:ask(history:view(), { temprature = 1 })",
                                      "a call's options has no field or method 'temprature': did you mean 'temperature'?", 3, 1),
    "a call from the wrong hook": ("view", "ep:ask(history:view())\nreturn history:view()", "ep:ask and ep:sample can be called in turn() only", 3, 1),
    "a loop without end": ("turn", "while ep.turn == 2 do\nend\nreturn ep:ask(history:view())", "more than 1000000 instructions in one call: is there a loop without end?", 3, 2),
    "a loop that catches errors": ("view", "while ep.turn == 2 do pcall(function() while true do end end) end\nreturn history:view()", "more than 1000000 instructions", 3, 2),
    "a memory hog": ("view", "local t = {}\nfor i = 1, 9 do\n  t[i] = ('x'):rep(1e6) .. i\nend\nreturn history:view()",
                     "needs more than the 4096 KiB of memory that a policy may use", 5, 1),
    "a memory hog between calls": ("turn", "local t, reply = {}, ep:ask(history:view())\nfor i = 1, 9 do\n  t[i] = ('x'):rep(1e6) .. i\nend\nreturn reply",
                                   "needs more than the 4096 KiB of memory that a policy may use", 5, 1),
    "nothing returned": ("view", "history:view()", "view() returned nil: return a view, such as history:view()", None, 1),
    "a text for a view": ("view", "if ep.turn == 4 then return 'all' end\nreturn history:view()", "view() returned string: return a view", None, 4),
    "a text for a reply": ("turn", "return ep:ask(history:view()).text", "turn() returned string: return a reply of ep:ask or ep:sample", None, 1),
    "a turn given up": ("turn", "return nil, 'too hard'", "turn() gave up (too hard), though no call failed", None, 1),
    "before the first turn": ("start", "ep.state.n = ep.truns + 1", "ep has no field or method 'truns': did you mean 'turns'?", 3, 1),
    "an option that is not there": ("view", "return history:view():keep_last(ep.options.m)", "ep.options has no field or method 'm': did you mean 'n'?", 3, 1,
                                    "options = { n = { type = \"integer\", default = 2 } },"),
    "its own error": ("view", "error('not with me')", "not with me", 3, 1),
}
ARGS = {"start": "ep", "finish": "ep"}

# fault, where: who is named, exit code of the command (None: as said below), what the command says.
PLUGINS = {
    ("segv", "apply"): ("apply() at step 3 (from 0), turn 4: it crashed: signal 11 (Segmentation fault)", -11, ""),
    ("segv", "ask"): ("ask() at step 3 (from 0), turn 4: it crashed: signal 11 (Segmentation fault)", -11, ""),
    ("segv", "read"): ("canonical(), turn 4: it crashed: signal 11 (Segmentation fault)", -11, ""),
    ("abort", "apply"): ("apply() at step 3 (from 0), turn 4: it crashed: signal 6 (Aborted)", -6, ""),
    ("exit", "open"): ("open(): it ended its process with exit code 0", 5, "longhaul: task faulty, open() ended the program while it was running"),
    ("exit", "apply"): ("apply() at step 3 (from 0), turn 4: it ended its process with exit code 0", 5,
                        "longhaul: task faulty, apply() at step 3 (from 0) ended the program while it was running"),
    ("loop", "apply"): ("apply() at step 3 (from 0), turn 4: it did not come back from one call (more than 0.2 s of processor time, or 1.2 s by the clock; --stall)",
                        0, "apply() at step 3 (from 0), turn 4: it did not come back"),
}


def policy_text(hook, body, more=""):
    return f"return {{ api = 1, summary = \"Fails.\", {more}\n  {hook} = function({ARGS.get(hook, 'ep, history')})\n{body}\nend }}\n"


def words(text):
    return " ".join(text.split())


class Failures(lhlive.Case):
    def setUp(self):
        super().setUp()
        self.path("bin").mkdir()
        self.path("bin/longhaul").symlink_to(self.program)

    def shell(self, command, env=None):
        """What a user does who pastes it."""
        env = lhcli.environment(self.folder, **(env or {}))
        env["PATH"] = f"{self.path('bin')}:{env['PATH']}"
        p = subprocess.run(["sh", "-c", f"exec {command}" if command.startswith("longhaul") else command], cwd=self.folder, env=env,
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=lhcli.HANG)
        return lhcli.Done([command], p.returncode, p.stdout, p.stderr)

    def causes(self, done):
        """Of each condition the one kind of cause it has: {cause, episodes, to_see_it}."""
        found = [c["causes"] for c in self.check_report(done)["conditions"]]
        self.assertEqual([len(c) for c in found], [1] * len(found), str(found))
        return [c for c, in found]

    def told(self, *args, env=None, plugin=()):
        """[(cause, command)] of a run's conditions: its report, its table, its file and its transcripts tell them alike."""
        self.path("run.db").unlink(missing_ok=True)
        done = self.longhaul(*args, "-o", "run.db", "--json", "-", env=env)
        self.assertEqual(done.code, 0, str(done))
        causes = self.causes(done)
        table = self.good("report", "run.db").out
        self.assertEqual(sorted(re.findall("(?m)^  To see it: (.*)$", table)), sorted(c["to_see_it"] for c in causes), "each on a line of its own, whole")
        self.assertEqual(self.check_report(self.good("report", "run.db", "--json", "-"))["conditions"], self.check_report(done)["conditions"])
        first = {c: (cause, sample, probe) for c, sample, probe, cause in reversed(self.rows(
            "run.db", "SELECT condition, sample, probe, cause FROM episode WHERE cause LIKE ? ORDER BY 1, 2, 3", f"%{SEE}%"))}
        for condition, told in enumerate(causes):
            kept, sample, probe = first[condition]
            what, command = kept.split(SEE)
            self.assertEqual(command, told["to_see_it"])
            self.assertTrue(told["cause"].startswith(what), told)
            self.assertIn(words(told["cause"]), words(table))
        kept, sample, probe = first[0]
        self.assertIn(kept, self.good("transcript", "run.db", sample, "--condition", 0, *(("--probe", probe) if probe else ()), *plugin).out)
        return [(c["cause"], c["to_see_it"]) for c in causes]

    def check_again(self, cause, command, env=None):
        again = self.shell(command, env)
        self.assertEqual(again.code, 0, str(again))
        self.assertIn(words(cause), words(again.out), f"the command shows something else\n{again}")

    # ---- policies ----

    def test_policies(self):
        args = []
        for i, (hook, body, *_, more) in enumerate((*case, "")[:6] for case in POLICIES.values()):
            args += ["--policy", "./" + self.write(f"p{i}.lua", policy_text(hook, body, more))]
        told = self.told("run", *args, "--model", SIM, *SIZE, "--jobs", 0)
        self.assertEqual([c for c, _ in self.told("run", *args, "--model", SIM, *SIZE, "--jobs", 1)], [c for c, _ in told])
        for i, ((name, (hook, _, says, line, turn, *_)), (cause, command)) in enumerate(zip(POLICIES.items(), told, strict=True)):
            with self.subTest(name):
                place = f"{hook}(): p{i}.lua:{line}: " if line else f"p{i}.lua: "
                self.assertTrue(cause.startswith(place + says), cause)
                self.assertTrue(cause.endswith(f" (first in sample 0, turn {turn})"), cause)
                self.check_again(cause, command)

    def test_options_that_do_not_exist(self):
        self.write("mine.lua", policy_text("view", "return history:view()", "options = { n = { type = \"integer\", default = 2 } },"))
        done = self.longhaul("run", "--policy", "./mine.lua:m=3", "-o", "none")
        self.assertEqual(done.code, 2, str(done))
        self.assertIn("no option 'm': did you mean 'n'?", done.err)

    def test_after_the_last_turn(self):
        """finish() failed: the turns count, and that is told."""
        for body, says in (("return { n = nothing }", "mine.lua:3: global 'nothing' is not defined"),
                           ("return { n = {} }", "mine.lua: finish() returns at most 64 columns, each a name with a number, text or boolean")):
            self.write("mine.lua", policy_text("finish", body))
            ((cause, command),) = self.told("run", "--policy", "./mine.lua", "--model", SIM, *SIZE)
            self.assertTrue(cause.startswith("finish(): " + says), cause)
            self.check_again(cause, command)
            table = words(self.good("run", "--policy", "./mine.lua", "--model", SIM, *SIZE, "-o", "none").out)
            self.assertIn("in 3 of 3 samples its finish() failed", table)
            self.assertNotIn("the policy itself failed", table)

    def test_kinds_of_causes_are_not_mixed(self):
        """Beside failed calls a policy's own error stands where it belongs, and ends that are none stand nowhere."""
        self.write("mine.lua", policy_text("view", "if ep.turn == 5 and ep.index > 4 then error('five') end\nreturn history:view()"))
        self.good("run", "--policy", "./mine.lua", "--model", "sim:accuracy=0.7,failed=0.05", "--turns", 5, "--samples", 30, "--stop-at-error", "-o", "run.db", "--quiet")
        table = words(self.good("report", "run.db").out)
        self.assertRegex(table, r"cut off by something that is not the model's doing \(simulated network failure \(first in sample \d+, turn \d\): \d+\); counted")
        self.assertRegex(table, r"the policy itself failed \(view\(\): mine.lua:3: five \(first in sample \d+, turn 5\): \d+\)\. This counts")
        self.assertNotIn("stopped at its first error", table)

    # ---- families ----

    def faulty(self, fault, where, sample=1, **more):
        return "faulty:" + ",".join(f"{k}={v}" for k, v in {"fault": fault, "where": where, "sample": sample, "step": 3, **more}.items())

    @unittest.skipUnless((FIXTURES / "faulty.so").exists(), "the fixtures are not built")
    def test_families(self):
        env = {**QUIET, "LONGHAUL_PLUGIN_PATH": str(FIXTURES)}
        for (fault, where), (says, code, said) in PLUGINS.items():
            with self.subTest(fault=fault, where=where):
                ((cause, command),) = self.told("run", "--task", self.faulty(fault, where), "--model", "sim:accuracy=1", *SIZE, "--jobs", 1, "--stall", 0.2, env=env)
                self.assertTrue(cause.startswith("task faulty, " + says), cause)
                self.assertRegex(cause, r" \(first in sample 1, turn [14]\)$")
                self.assertIn(" --sample 1 ", command)
                again = self.shell(command, env)
                self.assertEqual(again.code, code, str(again))
                self.assertIn(words(said), words(again.out + again.err))

    # ---- the command ----

    def awkward(self):
        """A folder with signs in its name that shells take for theirs, a policy and a family of ones own in it."""
        folder = self.path("it's, a $HOME \"folder\";#1")
        folder.mkdir()
        (folder / "mine.lua").write_text(policy_text("view", "if ep.turn == 4 and ep.index == 2 then error(ep.options.say) end\nreturn history:view()",
                                                     "options = { say = { type = \"text\", default = \"\" } },"))
        return folder

    def test_it_names_all_that_the_episode_depends_on(self):
        folder = self.awkward()
        (folder / "faulty.so").symlink_to(FIXTURES / "faulty.so") if (FIXTURES / "faulty.so").exists() else self.skipTest("the fixtures are not built")
        policy = f"./{folder.name}/mine.lua:say=\"a, b = 'c' $d `e` \\\\ !\""
        ((cause, command),) = self.told("run", "--plugin", f"./{folder.name}/faulty.so", "--task", "faulty:marker=\"a, $b 'c'\"", "--policy", policy, "--model", SIM,
                                   "--history", "injected:rate=0.5", "--probe-turns", "4,5", "--turns", 6, "--samples", 3, "--steps-per-turn", 2, "--seed", 2 ** 63 + 9,
                                   "--jobs", 1, plugin=("--plugin", f"./{folder.name}/faulty.so"))
        self.assertTrue(cause.startswith("view(): mine.lua:3: a, b = 'c' $d `e` \\ !"), cause)
        for part in (f" --seed {2 ** 63 + 9} ", " --steps-per-turn 2 ", " --turns 6 ", " --sample 2 ", " --history injected:rate=0.5 --probe-turns 4 "):
            self.assertIn(part, command)
        self.check_again(cause, command)

    def test_from_an_experiment_file_elsewhere(self):
        folder = self.awkward()
        (folder / "exp.lua").write_text('return { policies = { { "./mine.lua", say = "here" } }, models = { "%s" }, turns = 4, samples = 3 }\n' % SIM)
        ((cause, command),) = self.told("run", f"{folder.name}/exp.lua")
        self.assertIn("mine.lua:3: here", cause)
        self.check_again(cause, command)

    def test_a_live_model_is_not_asked_again(self):
        """The replies come from the run file; where none is kept, from the model."""
        server = self.serve("--sim", SIM)
        self.write("mine.lua", policy_text("turn", "local reply = ep:ask(history:view())\nif ep.turn == 3 then error('said ' .. reply.answer) end\nreturn reply"))
        for jobs in (0, 1):
            ((cause, command),) = self.told("run", "--policy", "./mine.lua", "--model", self.model(server), "--turns", 4, "--samples", 1, "--jobs", jobs)
            self.assertIn("replay:", command)
            asked = server.stats()["requests"]
            self.check_again(cause, command)
            self.assertEqual(server.stats()["requests"], asked + 1)
        done = self.longhaul("run", "--policy", "./mine.lua", "--model", self.model(server), "--turns", 4, "--samples", 1, "-o", "none", "--json", "-")
        (told,) = self.causes(done)
        self.assertIn("base_url", told["to_see_it"])
        self.check_again(told["cause"], told["to_see_it"])


if __name__ == "__main__":
    unittest.main()
