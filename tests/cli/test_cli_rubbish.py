"""Wrong input of every kind. Each ends with the documented exit code, one clear message that names the place, and
leaves every file as it was."""
import json
import os
import shutil
import sqlite3
import tempfile
import unittest
from pathlib import Path

import lhcli
from lhcli import data_set, replies_file, stream

RUN = ("run", "-o", "run.db", "--turns", "3", "--samples", "2", "--quiet")


class Refusals(lhcli.Case):
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
        self.assertNotRegex(done.err, r"--[ :;]", f"an option without its name\n{done}")
        for word in words:
            self.assertIn(word, done.err, str(done))

    def snapshot(self):
        return {p.relative_to(self.folder): p.read_bytes() if p.is_file() else None for p in self.folder.rglob("*")}

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


# ---- the command line ----

class Flags(Refusals):
    def test_no_command(self):
        done = self.longhaul()
        self.assertEqual((done.code, done.out), (2, ""))
        self.assertIn("usage: longhaul COMMAND", done.err)

    def test_values_are_shown_harmless(self):
        """What was typed comes back without control characters, however it was typed."""
        for nasty in ("a\x1b[31mb", "a\nlonghaul: b", "a\tb", "\u202eabc", "\u0085", b"\xff\xfe", "x" * 100000):
            for args in (("--model", nasty), ("--policy", nasty), ("--task", nasty), ("--turns", nasty), ("--model", b"sim:" + (nasty if isinstance(nasty, bytes) else nasty.encode()) + b"=1")):
                with self.subTest(args=args):
                    self.refuse((*RUN, *args))


add_rows(Flags, [
    ("command_unknown", ("nonsense",), ["nonsense", "longhaul -h"]),
    ("command_near_miss", ("rum",), ["did you mean 'run'"]),
    ("command_is_an_option", ("--turns", "5"), ["--turns"]),
    ("option_unknown", (*RUN, "--nonsense"), ["--nonsense", "longhaul run -h"]),
    ("option_near_miss", (*RUN, "--tusk", "kv_sum"), ["did you mean --task"]),
    ("option_near_miss_value", (*RUN, "--policies=window"), ["--policies", "--policy"]),
    ("option_near_miss_of_the_command", (*RUN, "--jsn", "-"), ["did you mean --json"]),
    ("option_near_miss_timing", (*RUN, "--notiming"), ["did you mean --no-timing"]),
    ("option_short_unknown", (*RUN, "-x"), ["-x"]),
    ("option_short_glued", (*RUN, "-n5"), ["-n5"]),
    ("option_value_missing", ("run", "--turns"), ["--turns", "value"]),
    ("option_value_missing_json", ("run", "--json"), ["--json", "value"]),
    ("option_value_missing_output", ("run", "-o"), ["-o", "value"]),
    ("option_value_empty", (*RUN, "--model="), ["--model", "value"]),
    ("option_switch_with_value", (*RUN, "--stop-at-error=maybe"), ["--stop-at-error", "maybe"]),
    ("option_switch_quiet_with_value", (*RUN, "--quiet=yes"), ["--quiet"]),
    ("turns_zero", (*RUN, "--turns", "0"), ["--turns 0"]),
    ("turns_negative", (*RUN, "--turns", "-1"), ["--turns -1"]),
    ("turns_fraction", (*RUN, "--turns", "2.5"), ["--turns 2.5", "integer"]),
    ("turns_exponent", (*RUN, "--turns", "1e3"), ["--turns 1e3", "integer"]),
    ("turns_hex", (*RUN, "--turns", "0x10"), ["--turns 0x10", "integer"]),
    ("turns_nan", (*RUN, "--turns", "nan"), ["--turns nan", "integer"]),
    ("turns_space", (*RUN, "--turns", " 5"), ["--turns", "integer"]),
    ("turns_tail", (*RUN, "--turns", "5x"), ["--turns 5x", "integer"]),
    ("turns_huge", (*RUN, "--turns", "9" * 40), ["--turns"]),
    ("turns_beyond_range", (*RUN, "--turns", "99999999999"), ["--turns 99999999999"]),
    ("samples_zero", (*RUN, "--samples", "0"), ["--samples 0"]),
    ("samples_word", (*RUN, "--samples", "many"), ["--samples many", "integer"]),
    ("run_too_large", ("run", "-o", "run.db", "--turns", "10000000", "--samples", "100000000"), ["samples", "turns"]),
    ("seed_negative", (*RUN, "--seed", "-1"), ["--seed -1"]),
    ("seed_word", (*RUN, "--seed", "abc"), ["--seed abc"]),
    ("seed_beyond_64_bits", (*RUN, "--seed", "18446744073709551616"), ["--seed 18446744073709551616"]),
    ("seed_far_beyond", (*RUN, "--seed", "9" * 30), ["--seed"]),
    ("seed_fraction", (*RUN, "--seed", "1.0"), ["--seed 1.0"]),
    ("horizon_zero", (*RUN, "--horizon", "0"), ["--horizon 0"]),
    ("horizon_one", (*RUN, "--horizon", "1"), ["--horizon 1"]),
    ("horizon_nan", (*RUN, "--horizon", "nan"), ["--horizon nan"]),
    ("horizon_infinite", (*RUN, "--horizon", "inf"), ["--horizon inf"]),
    ("horizon_percent", (*RUN, "--horizon", "50%"), ["--horizon 50%"]),
    ("horizon_empty_item", (*RUN, "--horizon", "0.5,,0.9"), ["--horizon"]),
    ("horizon_seventeen", (*RUN, "--horizon", ",".join(f"0.{i}" for i in range(10, 27))), ["16"]),
    ("steps_per_turn_zero", (*RUN, "--steps-per-turn", "0"), ["--steps-per-turn 0"]),
    ("steps_per_turn_list_with_zero", (*RUN, "--steps-per-turn", "1,0"), ["--steps-per-turn 0"]),
    ("steps_per_turn_empty_item", (*RUN, "--steps-per-turn", "1,"), ["--steps-per-turn"]),
    ("steps_per_turn_twice", (*RUN, "--steps-per-turn", "2,2"), ["twice"]),
    ("steps_no_multiple", ("run", "-o", "run.db", "--samples", "2", "--steps", "7", "--steps-per-turn", "2"), ["--steps 7", "2"]),
    ("steps_zero", (*RUN, "--steps", "0"), ["--steps 0"]),
    ("sample_negative", (*RUN, "--sample", "-1"), ["--sample -1"]),
    ("concurrency_zero", (*RUN, "--concurrency", "0"), ["--concurrency 0"]),
    ("concurrency_huge", (*RUN, "--concurrency", "100001"), ["--concurrency 100001"]),
    ("jobs_negative", (*RUN, "--jobs", "-1"), ["--jobs -1"]),
    ("history_unknown", (*RUN, "--history", "nonsense"), ["--history nonsense", "own"]),
    ("two_experiment_files", ("run", "a.lua", "b.lua"), ["two experiment files", "a.lua", "b.lua"], {"a.lua": "return {}", "b.lua": "return {}"}),
    ("argument_is_no_file", (*RUN, "window"), ["window"]),
    ("report_option_unknown", ("report", "run.db", "--jsn"), ["--jsn", "see: longhaul report -h"]),
    ("report_no_file", ("report",), ["which run file"]),
    ("report_two_files", ("report", "a", "b"), ["a", "b"]),
    ("report_run_word", ("report", "a", "--run", "x"), ["--run x"]),
    ("report_run_negative", ("report", "a", "--run", "-1"), ["--run -1"]),
    ("list_nothing", ("list",), ["tasks, policies, models or runs"]),
    ("list_nonsense", ("list", "nonsense"), ["nonsense"]),
    ("list_too_much", ("list", "tasks", "x"), ["'x'"]),
    ("list_runs_missing", ("list", "runs", "nofile.db"), ["nofile.db", "No such file"]),
    ("show_nothing", ("show",), ["task|policy|model"]),
    ("show_no_name", ("show", "policy"), ["NAME"]),
    ("show_nonsense", ("show", "nonsense", "window"), ["nonsense"]),
    ("show_task_unknown", ("show", "task", "nonsense"), ["nonsense", "longhaul list tasks"]),
    ("show_task_near_miss", ("show", "task", "kv_sm"), ["did you mean 'kv_sum'"]),
    ("show_policy_near_miss", ("show", "policy", "windw"), ["did you mean 'window'"]),
    ("show_model_unknown", ("show", "model", "nonsense"), ["nonsense", "longhaul list models"]),
    ("show_model_near_miss", ("show", "model", "repaly"), ["replay"]),
    ("show_too_much", ("show", "task", "kv_sum", "x"), ["NAME"]),
    ("show_option", ("show", "task", "--nonsense"), ["--nonsense"]),
    ("check_nothing", ("check",), ["check what"]),
    ("check_unknown", ("check", "nonsense"), ["nonsense"]),
    ("check_near_miss", ("check", "windw"), ["did you mean 'window'"]),
    ("check_two", ("check", "window", "reset"), ["window", "reset"]),
    ("check_missing_plugin", ("check", "nofile.so"), ["nofile.so", "No such file"]),
    ("check_missing_policy", ("check", "nofile.lua"), ["nofile.lua", "No such file"]),
    ("check_samples_zero", ("check", "--samples", "0", "window"), ["--samples"]),
    ("check_steps_word", ("check", "--steps", "x", "window"), ["--steps"]),
    ("check_set_no_value", ("check", "--set", "n", "window"), ["--set n", "KEY=VALUE"]),
    ("check_set_unknown", ("check", "--set", "m=1", "window"), ["'m'"]),
    ("check_set_wrong", ("check", "--set", "n=x", "window"), ["n=x", "integer"]),
    ("check_set_unknown_of_a_task", ("check", "--set", "kys=1", "kv_sum"), ["'kys'"]),
    ("check_option_unknown", ("check", "--nonsense", "window"), ["--nonsense"]),
])


# ---- specs, parameters, options ----

def of(option, *rows):
    return [(f"{option}_{name}", (*RUN, f"--{option}", spec), words) for name, spec, words in rows]


class Specs(Refusals):
    pass


add_rows(Specs, [
    *of("task",
        ("empty_name", ":keys=3", ["task ':keys=3'", "name"]),
        ("unclosed_quote", 'kv_sum:keys="3', ["quote"]),
        ("text_behind_quote", 'kv_sum:keys="3"4', ["comma"]),
        ("duplicate_key", "kv_sum:keys=3,keys=4", ["keys", "twice"]),
        ("key_without_value", "kv_sum:keys", ["keys", "key=value"]),
        ("key_without_value_behind", "kv_sum:keys=3,min", ["'min'", "key=value"]),
        ("value_empty", "kv_sum:keys=", ["keys=", "integer"]),
        ("bare_value", "kv_sum:5", ["'5'", "key=value"]),
        ("no_key", "kv_sum:=5", ["=5", "key=value"]),
        ("empty_item", "kv_sum:keys=3,,min=2", ["key=value"]),
        ("unknown", "nonsense", ["nonsense", "longhaul list tasks"]),
        ("near_miss", "kvsum", ["did you mean 'kv_sum'"]),
        ("path", "../nonsense", ["../nonsense", "--plugin"]),
        ("parameter_unknown", "kv_sum:nonsense=1", ["nonsense", "longhaul show task kv_sum"]),
        ("parameter_near_miss", "kv_sum:kyes=3", ["did you mean 'keys'"]),
        ("keys_too_few", "kv_sum:keys=1", ["keys=1", "2"]),
        ("keys_too_many", "kv_sum:keys=10001", ["keys=10001", "10000"]),
        ("keys_huge", "kv_sum:keys=" + "9" * 40, ["keys="]),
        ("keys_word", "kv_sum:keys=ten", ["keys=ten", "integer"]),
        ("keys_fraction", "kv_sum:keys=3.5", ["keys=3.5", "integer"]),
        ("keys_nan", "kv_sum:keys=nan", ["keys=nan"]),
        ("range_empty", "kv_sum:min=5,max=1", ["min=5", "max=1"]),
        ("range_zero_only", "kv_sum:min=0,max=0,never_zero=true", ["never_zero"]),
        ("choice_wrong", "kv_sum:never_zero=maybe", ["never_zero=maybe", "false", "true"]),
        ("words_missing", "kv_sum:words=nofile", ["nofile", "No such file"]),
        ("words_folder", "kv_sum:words=.", ["words"]),
        ("dataset_missing", "kv_sum:dataset=nofile", ["nofile", "No such file"]),
        ("dataset_device", "kv_sum:dataset=/dev/null", ["/dev/null"]),
        ("many_keys", "kv_sum:" + ",".join(f"k{i}=1" for i in range(70)), ["64"])),
    *of("model",
        ("empty_name", ":accuracy=1", ["name"]),
        ("unknown", "gpt-5", ["gpt-5", "longhaul list models"]),
        ("near_miss", "simm", ["did you mean 'sim'"]),
        ("bare_value", "sim:0.97", ["0.97", "accuracy=0.97"]),
        ("unclosed_quote", 'replay:"a', ["quote"]),
        ("parameter_unknown", "sim:nonsense=1", ["nonsense", "longhaul show model sim"]),
        ("parameter_near_miss", "sim:acuracy=1", ["did you mean 'accuracy'"]),
        ("parameter_twice", "sim:accuracy=1,accuracy=1", ["accuracy", "twice"]),
        ("accuracy_above", "sim:accuracy=1.01", ["accuracy=1.01", "0..1"]),
        ("accuracy_below", "sim:accuracy=-0.1", ["accuracy=-0.1"]),
        ("accuracy_nan", "sim:accuracy=nan", ["accuracy=nan", "number"]),
        ("accuracy_infinite", "sim:accuracy=inf", ["accuracy=inf", "number"]),
        ("accuracy_overflow", "sim:accuracy=1e999", ["accuracy=1e999"]),
        ("accuracy_hex", "sim:accuracy=0x1p-1", ["accuracy=0x1p-1"]),
        ("accuracy_empty", "sim:accuracy=", ["accuracy=", "number"]),
        ("accuracy_percent", "sim:accuracy=97%", ["accuracy=97%", "number"]),
        ("window_fraction", "sim:window=1.5", ["window=1.5", "integer"]),
        ("window_negative", "sim:window=-1", ["window=-1"]),
        ("thoughts_wrong", "sim:thoughts=loud", ["thoughts=loud", "none, native, tag"]),
        ("latency_negative", "sim:latency_ms=-1", ["latency_ms=-1"]),
        ("replay_nothing", "replay", ["replay:replies.jsonl"]),
        ("replay_empty", "replay:", ["replay:replies.jsonl"]),
        ("replay_missing", "replay:nofile.jsonl", ["nofile.jsonl", "No such file"]),
        ("replay_folder", "replay:.", [".", "regular file"]),
        ("replay_key", "replay:file=x", ["file"])),
    *of("policy",
        ("empty_name", ":n=1", ["name"]),
        ("unknown", "nonsense", ["nonsense", "longhaul list policies"]),
        ("near_miss", "windw:n=5", ["did you mean 'window'"]),
        ("bare_value", "window:5", ["'5'", "key=value"]),
        ("option_unknown", "window:nonsense=1", ["nonsense", "longhaul show policy window"]),
        ("option_near_miss", "strip_thoughts:keep_lst=1", ["did you mean 'keep_last'"]),
        ("option_twice", "window:n=1,n=2", ["n is given twice"]),
        ("option_word", "window:n=five", ["n=five", "integer"]),
        ("option_fraction", "window:n=1.5", ["n=1.5", "integer"]),
        ("option_huge", "window:n=" + "9" * 30, ["n=", "integer"]),
        ("option_negative", "window:n=-1", ["n is -1", "0"]),
        ("option_too_large", "majority_vote:n=102", ["102", "101"]),
        ("option_zero", "majority_vote:n=0", ["n is 0", "1"]),
        ("option_nan", "window:n=nan", ["n=nan"]),
        ("option_choice", "strip_thoughts:kinds=none", ["kinds=none", "both", "native", "tag"]),
        ("option_of_none", "reset:n=5", ["'n'"]),
        ("missing_file", "nofile.lua", ["nofile.lua", "No such file"]),
        ("folder", "./", ["./"])),
    ("policy_twice", (*RUN, "--policy", "window", "--policy", "window:n=5"), ["twice", "window"]),
    ("task_twice", (*RUN, "--task", "kv_sum", "--task", "kv_sum:keys=100"), ["twice", "kv_sum"]),
    ("grid_too_large", (*RUN, "--steps-per-turn", ",".join(str(i) for i in range(1, 33)),
                        *(a for i in range(1, 318) for a in ("--policy", f"window:n={i}"))), ["10144", "10000"]),
])


# ---- experiment files ----

def experiment(name, content, *words):
    return (name, ("run", "-o", "run.db", "exp.lua"), ["exp.lua", *words], {"exp.lua": content})


class Experiments(Refusals):
    def test_missing(self):
        self.refuse(("run", "nofile.lua"), ["nofile.lua", "No such file"])

    def test_folder(self):
        self.path("exp.lua").mkdir()
        self.refuse(("run", "exp.lua"), ["exp.lua", "not a regular file"])

    def test_the_folder_of_the_file_is_that_of_its_data(self):
        self.path("sub").mkdir()
        self.write("sub/exp.lua", 'return { models = { "replay:nofile.jsonl" } }')
        self.refuse(("run", "-o", "run.db", "sub/exp.lua"), ["sub/nofile.jsonl", "No such file"])

    def test_nothing_of_the_machine_is_there(self):
        for code in ('os.execute("touch made")', 'io.open("made", "w")', 'require("os")', 'load("x=1")', 'dofile("exp.lua")',
                     'string.dump(print)', 'debug.getregistry()', 'package.loadlib("x", "y")', 'collectgarbage()'):
            with self.subTest(code=code):
                self.refuse(("run", "-o", "run.db", "exp.lua"), ["exp.lua:2"], {"exp.lua": f"local a = 1\n{code}\nreturn {{}}\n"})


add_rows(Experiments, [
    experiment("syntax_error", 'return {\n  tasks = { "kv_sum" },\n  policies = { "window" "reset" },\n}\n', "exp.lua:3"),
    experiment("syntax_error_at_the_end", 'return {\n  tasks = { "kv_sum" },\n', "exp.lua"),
    experiment("empty", "", "return"),
    experiment("returns_nothing", "local x = 1\n", "return"),
    experiment("returns_a_number", "return 5\n", "number"),
    experiment("returns_a_function", "return function() end\n", "function"),
    experiment("field_unknown", 'return { nonsense = 1 }\n', "nonsense"),
    experiment("field_near_miss", 'return { polices = { "window" } }\n', "polices", "polic", "did you mean"),
    experiment("field_near_miss_turns", 'return { turn = 5 }\n', "did you mean", "turns"),
    experiment("turns_word", 'return { turns = "many" }\n', "turns", "many", "integer"),
    experiment("turns_fraction", 'return { turns = 2.5 }\n', "turns", "2.5", "integer"),
    experiment("turns_zero", 'return { turns = 0 }\n', "turns", "0"),
    experiment("turns_boolean", 'return { turns = true }\n', "turns"),
    experiment("turns_list", 'return { turns = { 10, 20 } }\n', "turns"),
    experiment("turns_infinite", 'return { turns = 1/0 }\n', "turns"),
    experiment("turns_nan", 'return { turns = 0/0 }\n', "turns"),
    experiment("seed_fraction", 'return { seed = 1.5 }\n', "seed"),
    experiment("samples_function", 'return { samples = function() end }\n', "function"),
    experiment("tasks_number", 'return { tasks = 5 }\n', "tasks"),
    experiment("tasks_table_without_name", 'return { tasks = { { keys = 5 } } }\n', "tasks", "name"),
    experiment("tasks_nested", 'return { tasks = { { { "kv_sum" } } } }\n', "tasks"),
    experiment("tasks_boolean", 'return { tasks = { true } }\n', "tasks"),
    experiment("horizon_word", 'return { horizon = "half" }\n', "horizon", "half"),
    experiment("horizon_list_bad", 'return { horizon = { 0.5, 2 } }\n', "horizon", "2"),
    experiment("steps_per_turn_bad", 'return { steps_per_turn = { 1, "x" } }\n', "steps_per_turn", "x"),
    ("policy_option_bad", ("run", "-o", "run.db", "exp.lua"), ["n=x", "integer"], {"exp.lua": 'return { policies = { { "window", n = "x" } } }\n'}),
    experiment("keys_mixed", 'return { [true] = 1 }\n', "keys"),
    experiment("endless_loop", "local n = 0\nwhile true do\n  n = n + 1\nend\n", "exp.lua"),
    experiment("endless_memory", 'local s = "x"\nfor i = 1, 100 do s = s .. s end\nreturn {}\n', "exp.lua"),
    experiment("endless_recursion", "local function f() return 1 + f() end\nreturn { turns = f() }\n", "exp.lua:1"),
    experiment("deep_table", "local t = {}\nlocal u = t\nfor i = 1, 100 do u.a = {} u = u.a end\nreturn t\n", "deep"),
    experiment("circular_table", "local t = {}\nt.turns = t\nreturn t\n", "deep"),
    experiment("runtime_error", "local t = nil\nreturn { turns = t.x }\n", "exp.lua:2"),
    experiment("own_error", 'error("not today")\n', "exp.lua:1", "not today"),
    experiment("own_error_with_control_characters", 'error("a\\27[31mb\\0c\\r")\n', "exp.lua:1"),
    experiment("misspelled_global", "return { turns = strng.len('x') }\n", "exp.lua:1", "strng"),
    experiment("bytecode", b"\x1bLuaT\x00\x19\x93\r\n\x1a\n" + bytes(range(64)), "exp.lua"),
    experiment("nul_bytes", b"return { \x00 }\n", "exp.lua"),
    experiment("not_text", bytes(range(128, 256)) * 4, "exp.lua"),
    experiment("a_json_file", '{ "tasks": ["kv_sum"] }\n', "exp.lua:1"),
    experiment("huge", "-- " + "x" * (2 << 20) + "\nreturn {}\n", "larger"),
    experiment("huge_result", 'local t = {}\nfor i = 1, 5000 do t["k" .. i] = 1 end\nreturn t\n', "exp.lua"),
])


# ---- plugins ----

# Refused when they are opened; the others of tests/abi are wrong only in what their functions do.
BROKEN = {
    "bad_default": ["keys=500", "out of range"], "bad_magic": ["magic"], "bad_name": ["name"], "missing_function": ["canonical"],
    "missing_interface": ["longhaul.task/1"], "newer_minor": ["newer"], "no_symbol": ["longhaul_plugin"], "no_version": ["version"],
    "not_data": ["longhaul_plugin"], "other_major": ["2.0"], "short_struct": ["48 bytes"], "short_task": ["112 bytes"],
}
FAILING = {"failing_open": ["sample 0", "the well is"], "flooding": ["4096", "apply"], "silent": ["apply"]}


class Plugins(Refusals):
    def fixture(self, name):
        path = lhcli.build_folder() / "tests" / "abi" / f"{name}.so"
        if not path.exists():
            self.skipTest(f"{path.name} is not built")
        return path

    def test_broken(self):
        for name, words in BROKEN.items():
            with self.subTest(name):
                self.refuse((*RUN, "--plugin", self.fixture(name), "--task", name), [name, *words])

    def test_failing(self):
        for name, words in FAILING.items():
            with self.subTest(name):
                self.refuse((*RUN, "--plugin", self.fixture(name), "--task", name), [name, *words])

    def test_name_taken(self):
        self.refuse((*RUN, "--plugin", self.fixture("taken"), "--plugin", lhcli.build_folder() / "plugins" / "kv_sum.so"), ["taken by"])

    def test_text_file(self):
        self.refuse((*RUN, "--plugin", "plugin.so"), ["plugin.so"], {"plugin.so": "int main(void) { return 0; }\n"})

    def test_empty_file(self):
        self.refuse((*RUN, "--plugin", "plugin.so"), ["plugin.so"], {"plugin.so": ""})

    def test_cut_off(self):
        whole = self.fixture("good").read_bytes()
        for size in (4, 64, 1000, len(whole) // 2):
            with self.subTest(size):
                self.refuse((*RUN, "--plugin", "plugin.so"), ["plugin.so"], {"plugin.so": whole[:size]})

    def test_missing(self):
        self.refuse((*RUN, "--plugin", "nofile.so"), ["nofile.so", "No such file"])

    def test_folder(self):
        self.path("plugin.so").mkdir()
        self.refuse((*RUN, "--plugin", "plugin.so"), ["plugin.so", "not a regular file"])

    def test_another_library(self):
        libraries = sorted(p for p in Path("/usr/lib").glob("*/libz.so.1*") if p.is_file()) + sorted(Path("/lib").glob("*/libm.so.6"))
        if not libraries:
            self.skipTest("no other library was found")
        self.refuse((*RUN, "--plugin", libraries[0]), ["longhaul_plugin"])

    def test_writable_by_everybody(self):
        shutil.copy(self.fixture("good"), self.path("good.so"))
        os.chmod(self.path("good.so"), 0o777)
        self.refuse((*RUN, "--plugin", "good.so"), ["good.so", "chmod"])

    def test_found_under_another_name(self):
        shutil.copy(self.fixture("good"), self.path("other.so"))
        os.chmod(self.path("other.so"), 0o755)
        self.refuse((*RUN, "--task", "other"), ["other.so", "good"], env={"LONGHAUL_PLUGIN_PATH": str(self.folder)})


# ---- policies ----

def policy(name, content, *words):
    return (name, (*RUN, "--policy", "./pol.lua"), ["pol.lua", *words], {"pol.lua": content})


class Policies(Refusals):
    def test_option_unknown(self):
        self.refuse((*RUN, "--policy", "./pol.lua:m=1"), ["pol.lua", "'m'"], {"pol.lua": "return { api = 1, options = { n = { type = 'integer', default = 1 } } }"})

    def test_folder(self):
        self.path("pol.lua").mkdir()
        self.refuse((*RUN, "--policy", "./pol.lua"), ["pol.lua", "not a regular file"])


add_rows(Policies, [
    policy("syntax_error", "return {\n  api = 1,\n  view = function(ep history) end,\n}\n", "pol.lua:3"),
    policy("empty", "", "return"),
    policy("returns_nothing", "local x = 1\n", "returns nothing", "return {"),
    policy("hook_misspelled", "return { api = 1, veiw = function() end }\n", "veiw", "did you mean 'view'"),
    policy("field_unknown", "return { api = 1, nonsense = 1 }\n", "nonsense"),
    policy("api_missing", "return { view = function() end }\n", "api = 1"),
    policy("api_newer", "return { api = 2 }\n", "api = 1"),
    policy("api_word", "return { api = 'one' }\n", "api"),
    policy("api_fraction", "return { api = 1.5 }\n", "api"),
    policy("hook_is_a_number", "return { api = 1, view = 5 }\n", "view", "function"),
    policy("hook_is_a_table", "return { api = 1, turn = {} }\n", "turn", "function"),
    policy("summary_is_a_number", "return { api = 1, summary = {} }\n", "summary"),
    policy("options_number", "return { api = 1, options = 5 }\n", "options"),
    policy("option_without_type", "return { api = 1, options = { n = {} } }\n", "n"),
    policy("option_type_unknown", "return { api = 1, options = { n = { type = 'int', default = 1 } } }\n", "int"),
    policy("option_default_wrong", "return { api = 1, options = { n = { type = 'integer', default = 'x' } } }\n", "n"),
    policy("option_default_out_of_range", "return { api = 1, options = { n = { type = 'integer', default = 5, max = 4 } } }\n", "n"),
    policy("option_field_misspelled", "return { api = 1, options = { n = { type = 'integer', defualt = 1 } } }\n", "defualt"),
    policy("requires_unknown", "return { api = 1, requires = { 'orcale' } }\n", "orcale"),
    policy("runtime_error", "local x = nil\nreturn { api = x.y }\n", "pol.lua:2"),
    policy("misspelled_global", "return { api = 1, summary = strng.rep('x', 3) }\n", "strng"),
    policy("endless_loop", "while true do end\n", "pol.lua"),
    policy("bytecode", b"\x1bLuaT\x00\x19\x93\r\n\x1a\n" + bytes(range(64)), "pol.lua"),
    policy("not_text", bytes(range(128, 256)), "pol.lua"),
    policy("huge", "-- " + "x" * (8 << 20) + "\nreturn { api = 1 }\n", "pol.lua"),
])


# ---- data sets ----

class DataSets(Refusals):
    ARGS = ("run", "-o", "run.db", "--quiet", "--task", "kv_sum:dataset=data.json")

    def small(self):
        return data_set(stream("rubbish"), [4, 4], words=("amber", "birch", "cedar"), least=1)

    def refuse_data(self, content, *words):
        return self.refuse(self.ARGS, ["data.json", *words], {"data.json": content if isinstance(content, (str, bytes)) else json.dumps(content)})

    def changed(self, change, *words):
        data = self.small()
        change(data["dict_sum"])
        self.refuse_data(data, *words)

    def test_the_data_are_good_before_they_are_spoilt(self):
        self.write("data.json", json.dumps(self.small()))
        self.good(*self.ARGS)

    def test_cut_off_anywhere(self):
        text = json.dumps(self.small())
        for size in range(0, len(text), 7):
            with self.subTest(size):
                self.refuse_data(text[:size])

    def test_wrong_sum(self):
        def change(d):
            d["ground_truth_data"][1]["output"][2] += 1
        self.changed(change, "rollout 1", "step 2", "output")

    def test_wrong_value(self):
        def change(d):
            d["ground_truth_data"][1]["values"][3] += 1
        self.changed(change, "rollout 1", "step 3", "values")

    def test_unknown_word(self):
        def change(d):
            d["ground_truth_data"][0]["input"][1] = "zebra"
        self.changed(change, "rollout 0", "step 1", "zebra")

    def test_lengths_differ(self):
        for name in ("input", "values", "output"):
            def change(d, name=name):
                d["ground_truth_data"][1][name].pop()
            self.changed(change, "rollout 1")

    def test_no_steps(self):
        def change(d):
            d["ground_truth_data"][1] = {"input": [], "values": [], "output": []}
        self.changed(change, "rollout 1")

    def test_keys_missing(self):
        for name in ("dictionary", "ground_truth_data"):
            self.changed(lambda d, name=name: d.pop(name), name)
        for name in ("input", "values", "output"):
            self.changed(lambda d, name=name: d["ground_truth_data"][0].pop(name), "rollout 0", name)

    def test_wrong_types(self):
        for change in (
            lambda d: d.update(dictionary=[]), lambda d: d.update(dictionary=5), lambda d: d.update(dictionary={}), lambda d: d.update(dictionary=None),
            lambda d: d["dictionary"].update(amber="5"), lambda d: d["dictionary"].update(amber=1.5), lambda d: d["dictionary"].update(amber=None),
            lambda d: d["dictionary"].update(amber=[5]), lambda d: d["dictionary"].update(amber=10 ** 30), lambda d: d["dictionary"].update({"": 1}),
            lambda d: d["dictionary"].update({"a\nb": 1}), lambda d: d.update(ground_truth_data={}), lambda d: d.update(ground_truth_data=[]),
            lambda d: d.update(ground_truth_data="x"), lambda d: d["ground_truth_data"].__setitem__(0, 5), lambda d: d["ground_truth_data"].__setitem__(0, []),
            lambda d: d["ground_truth_data"][0].update(input="amber"), lambda d: d["ground_truth_data"][0]["input"].__setitem__(0, 5),
            lambda d: d["ground_truth_data"][0]["input"].__setitem__(0, ["amber"]), lambda d: d["ground_truth_data"][0]["values"].__setitem__(0, "1"),
            lambda d: d["ground_truth_data"][0]["values"].__setitem__(0, True), lambda d: d["ground_truth_data"][0]["output"].__setitem__(0, None),
            lambda d: d["ground_truth_data"][0]["output"].__setitem__(0, 1.25),
        ):
            data = self.small()
            change(data["dict_sum"])
            with self.subTest(data=json.dumps(data)[:300]):
                self.refuse_data(data)

    def test_other_json(self):
        for text in ("5", '"x"', "[]", "{}", "null", "true", '{"dict_sum": 5}', '{"dict_sum": {}}', '{"dict_sum": []}'):
            with self.subTest(text):
                self.refuse_data(text)

    def test_duplicate_keys(self):
        text = '{"dictionary": {"amber": 1, "amber": 2}, "ground_truth_data": [{"input": ["amber"], "values": [1], "output": [1]}]}'
        self.refuse_data(text, "amber")
        self.refuse_data(text.replace('"amber": 2', '"amber": 1'), "amber")
        good = '{"dictionary": {"amber": 1}, "ground_truth_data": [{"input": ["amber"], "values": [1], "output": [1]}]'
        self.refuse_data(good + ', "dictionary": {"amber": 1}}', "dictionary")
        self.refuse_data(good + ', "ground_truth_data": []}', "ground_truth_data")
        self.refuse_data(good.replace('"values": [1]', '"values": [1], "values": [1]') + "}", "values")

    def test_rubbish_behind(self):
        self.refuse_data(json.dumps(self.small()) + " x")
        self.refuse_data(json.dumps(self.small()) * 2)

    def test_line_is_named(self):
        text = json.dumps(self.small(), indent=1).split("\n")
        text[10] = text[10] + " ?"
        self.refuse_data("\n".join(text), "line 11")

    def test_not_utf8(self):
        good = json.dumps(self.small()).encode()
        self.refuse_data(good.replace(b"amber", b"am\xffer"))
        self.refuse_data(good.replace(b"amber", b"am\xc0\xafer"))
        self.refuse_data(good.replace(b"amber", b"am\xed\xa0\x80"))
        self.refuse_data(b"\xff\xfe" + json.dumps(self.small()).encode("utf-16-le"))
        self.refuse_data(good.replace(b"amber", b"am\\u0000r"))
        self.refuse_data(good.replace(b"amber", b"am\x00er"))
        self.refuse_data(good + b"\x00")

    def test_deep_nesting(self):
        for n in (100, 100000):
            self.refuse_data("[" * n)
            self.refuse_data('{"x":' * n)
            self.refuse_data('{"dictionary": ' + "[" * n + "]" * n + "}")

    def test_10_mb_of_garbage_on_one_line(self):
        self.refuse_data(stream("garbage").randbytes(10 << 20))
        self.refuse_data("a" * (10 << 20))
        self.refuse_data('{"' + "a" * (10 << 20))
        self.refuse_data('{"dictionary": {"' + "a" * (10 << 20) + '": 1}}')
        self.refuse_data('{"dictionary": {"amber": ' + "1" * (10 << 20) + "}}")

    def test_empty(self):
        for text in ("", " ", "\n\n"):
            self.refuse_data(text)


# ---- replies files ----

class Replies(Refusals):
    """Data of 2 samples and 4 turns; replies to all of them are 8 lines, sample by sample."""
    ARGS = ("run", "-o", "run.db", "--quiet", "--task", "kv_sum:dataset=data.json", "--model", "replay:replies.jsonl")

    def setUp(self):
        super().setUp()
        data = data_set(stream("replies"), [4, 4])
        self.write("data.json", json.dumps(data))
        self.lines = replies_file([(s, t + 1, f"<answer>{data['dict_sum']['ground_truth_data'][s]['output'][t]}</answer>")
                                   for s in range(2) for t in range(4)]).splitlines()

    def refuse_replies(self, content, *words):
        return self.refuse(self.ARGS, words, {"replies.jsonl": content})

    def with_line(self, number, line, *words):
        lines = list(self.lines)
        lines[number - 1] = line
        self.refuse_replies("\n".join(lines) + "\n", f"replies.jsonl:{number}", *words)

    def test_the_replies_are_good_before_they_are_spoilt(self):
        for ending in ("\n", "\r\n", "\n\n \n"):
            self.write("replies.jsonl", ending.join(self.lines))
            self.path("run.db").unlink(missing_ok=True)
            self.good(*self.ARGS)

    def test_bad_json(self):
        for line in ("{", "}", "x", '{"sample": 0, "turn": 3, "content": "x"', '{"sample": 0 "turn": 3, "content": "x"}', "{'sample': 0}",
                     '{"sample": 0, "turn": 3, "content": "x"} x', '{"sample": 0, "turn": 3, "content": "x",}', '{"sample": NaN}', "// x"):
            with self.subTest(line):
                self.with_line(3, line)

    def test_no_object(self):
        for line in ("5", "[]", '"x"', "null", '[{"sample": 0, "turn": 3, "content": "x"}]'):
            with self.subTest(line):
                self.with_line(3, line)

    def test_fields(self):
        good = {"sample": 0, "turn": 3, "content": "x"}
        for change, words in (
            ({"sample": None}, "sample"), ({"turn": None}, "turn"), ({"sample": "0"}, "sample"), ({"turn": "3"}, "turn"), ({"sample": -1}, "sample"),
            ({"turn": -1}, "turn"), ({"turn": 0}, "turn"), ({"sample": 0.5}, "sample"), ({"turn": 2.5}, "turn"), ({"sample": 10 ** 30}, "sample"),
            ({"turn": 10 ** 10}, "turn"), ({"sample": True}, "sample"), ({"turn": []}, "turn"), ({"content": 5}, "content"), ({"content": []}, "content"),
            ({"content": {"text": "x"}}, "content"), ({"content": True}, "content"), ({"thoughts": 5}, "thoughts"), ({"thoughts": []}, "thoughts"),
            
        ):
            with self.subTest(change):
                self.with_line(3, json.dumps({**good, **change}), words)
        for name in good:
            with self.subTest(missing=name):
                self.with_line(3, json.dumps({k: v for k, v in good.items() if k != name}), name)
        self.with_line(3, '{"sample": 0, "turn": 3, "sample": 1, "content": "x"}', "sample")

    def test_numbers_as_floats(self):
        for number in ("1e400", "-1e400", "1e-400", "0.3e1e", "+3", "03", "0x3", "Infinity"):
            with self.subTest(number):
                self.with_line(3, '{"sample": 0, "turn": %s, "content": "x"}' % number)

    def test_twice(self):
        self.refuse_replies("\n".join(self.lines + [self.lines[2]]) + "\n", "replies.jsonl:9", "sample 0", "turn 3", "line 3")

    def test_missing_in_the_middle(self):
        for missing, sample, turn in ((0, 0, 1), (2, 0, 3), (4, 1, 1), (7, 1, 4)):
            with self.subTest(missing):
                lines = self.lines[:missing] + self.lines[missing + 1:]
                self.refuse_replies("\n".join(lines) + "\n", "replies.jsonl", f"sample {sample}", f"turn {turn}")

    def test_missing_in_the_middle_of_a_run_appended(self):
        """The run file of an earlier run stays as it is, byte for byte."""
        self.write("replies.jsonl", "\n".join(self.lines))
        self.good(*self.ARGS)
        self.refuse_replies("\n".join(self.lines[:6] + self.lines[7:]), "sample 1", "turn 3")
        self.good("report", "run.db")

    def test_missing_with_calls_in_flight(self):
        rows = [(s, t, "<answer>0</answer>") for s in range(2) for t in range(1, 5) if (s, t) != (1, 2)]
        self.write("replies.jsonl", replies_file(rows))
        for concurrency in (1, 2, 64):
            self.refuse((*self.ARGS, "--concurrency", concurrency, "--policy", "full_history", "--policy", "reset"), ["sample 1", "turn 2"])

    def test_one_reply_a_turn(self):
        self.write("replies.jsonl", "\n".join(self.lines))
        self.refuse((*self.ARGS, "--policy", "majority_vote:n=3"), ["replies.jsonl", "one reply a turn", "sample 0", "turn 1"])

    def test_not_utf8(self):
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\\ud800", b"\x00", b"\\u0000", b"\x01", b"\n"):
            with self.subTest(bad):
                lines = [line.encode() for line in self.lines]
                lines[2] = b'{"sample": 0, "turn": 3, "content": "a' + bad + b'b"}'
                self.refuse_replies(b"\n".join(lines), "replies.jsonl:3")

    def test_empty(self):
        for text in ("", "\n", "\n \n\t\n"):
            self.refuse_replies(text, "replies.jsonl")

    def test_deep_nesting(self):
        for n in (100, 100000):
            self.with_line(3, '{"sample": 0, "turn": 3, "content": ' + "[" * n + "]" * n + "}")

    def test_garbage(self):
        self.refuse_replies(stream("replies garbage").randbytes(1 << 20), "replies.jsonl:")
        self.refuse_replies("x" * (10 << 20), "replies.jsonl:1")


# ---- run files ----

class RunFiles(Refusals):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kept = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.kept.cleanup)

    def run_file(self, name="run.db"):
        """A run file of two policies, 3 samples, 10 turns."""
        whole = Path(self.kept.name, "run.db")
        if not whole.exists():
            self.good("run", "-o", whole, "--turns", 10, "--samples", 3, "--policy", "full_history", "--policy", "window:n=2", "--quiet")
        shutil.copy(whole, self.path(name))
        return self.path(name)

    READERS = (("report", "FILE"), ("list", "runs", "FILE"), ("transcript", "FILE", "0"), ("run", "-o", "none", "--quiet", "--model", "replay:FILE"))

    def change(self, sql):
        """A fresh run file in which one statement was carried out."""
        db = sqlite3.connect(self.run_file())
        try:
            db.execute(sql)
            db.commit()
        finally:
            db.close()

    def refuse_all(self, name, *words, code=2, readers=READERS):
        for args in readers:
            with self.subTest(args=args):
                self.refuse([a.replace("FILE", name) for a in args], words, code=code)

    def foreign(self, name="foreign.db"):
        db = sqlite3.connect(self.path(name))
        db.execute("CREATE TABLE run(id INTEGER PRIMARY KEY, secret TEXT)")
        db.execute("INSERT INTO run VALUES(1, 'mine')")
        db.commit()
        db.close()
        return name

    def test_missing(self):
        self.refuse_all("nofile.db", "nofile.db", "No such file")

    def test_folder(self):
        self.path("folder.db").mkdir()
        self.refuse_all("folder.db", "folder.db", "regular file")

    def test_empty(self):
        self.write("empty.db", "")
        self.refuse_all("empty.db", "empty.db")

    def test_text(self):
        self.write("text.db", "not a run file\n" * 100)
        self.refuse_all("text.db", "text.db", "is not a run file", readers=self.READERS[:3])

    def test_short_text(self):
        self.write("text.db", "x")
        self.refuse_all("text.db", "text.db", "is not a run file", readers=self.READERS[:3])

    def test_another_database(self):
        self.refuse_all(self.foreign(), "foreign.db", "not a run file of longhaul")

    def test_written_by_a_newer_program(self):
        self.change("PRAGMA user_version = 99")
        self.refuse_all("run.db", "run.db", "newer")

    def test_changed_tables(self):
        for sql in ("CREATE TABLE extra(x)", "DROP VIEW turn", "DROP TABLE attempt", "ALTER TABLE call ADD COLUMN x", "CREATE INDEX extra ON call(outcome)",
                    "CREATE TRIGGER t AFTER INSERT ON call BEGIN SELECT 1; END"):
            with self.subTest(sql):
                self.change(sql)
                self.refuse_all("run.db", "run.db", code=5)

    def test_impossible_rows(self):
        """Rows that no run leaves: an error, or a report of what there is; never a crash."""
        for sql, broken in (
            ("UPDATE condition SET turns = 0", True), ("UPDATE condition SET turns = -5", True), ("UPDATE condition SET turns = 9e18", True),
            ("UPDATE condition SET steps_per_turn = 0", True), ("UPDATE run SET settings = '{}'", True), ("UPDATE run SET settings = 'x'", True),
            ("UPDATE run SET settings = '[' || settings || ']'", True), ("UPDATE call SET outcome = 'nonsense'", True), ("UPDATE call SET turn = -turn", True),
            ("UPDATE episode SET sample = 99", True), ("UPDATE episode SET sample = -1", True), ("UPDATE episode SET condition = 7", True),
            ("UPDATE call SET outcome = NULL", True), ("UPDATE condition SET id = id + 5", True), ("DELETE FROM condition", True), ("DELETE FROM run", True),
            ("UPDATE call SET turn = 999999999999 WHERE turn = 10", True), ("UPDATE call SET tokens_in = 'x'", True), ("UPDATE condition SET task = x'00ff'", False),
            ("UPDATE run SET status = 'nonsense'", False), ("DELETE FROM call", False), ("DELETE FROM message", False), ("DELETE FROM episode", False),
            ("UPDATE call SET tokens_in = 9223372036854775807", False), ("UPDATE call SET exposure_update = 1e308", False),
        ):
            with self.subTest(sql):
                self.change(sql)
                done = self.longhaul("report", "run.db")
                if broken or done.code:
                    self.assertClear(done, code=2 if sql == "DELETE FROM run" else 5)

    def test_impossible_views(self):
        """transcript --as-sent of a view that names what is not there."""
        for view in ("", "x", "5:", "5:0-99", "5:9-0", "5:m99", "5:m", "99999999999999:0-1", "5:0-1~", "5:0-1~999999999", "5:0-1,", "5:0-99999999999", ":", "-1:0-1"):
            with self.subTest(view):
                self.change(f"UPDATE call SET view = '{view}'")
                done = self.longhaul("transcript", "run.db", 0, "--turn", 2, "--as-sent")
                if done.code:
                    self.assertClear(done, code=5)

    def test_cut_off(self):
        whole = self.run_file().read_bytes()
        for size in (16, 50, 99, 100, 512, 4095, 4096, 4097, 8192, len(whole) // 2, len(whole) - 4096, len(whole) - 1):
            with self.subTest(size):
                self.write("cut.db", whole[:size])
                self.refuse(("report", "cut.db"), ["cut.db", "damaged"], code=5)
        for size in (1, 8, 14):
            self.write("cut.db", whole[:size])
            self.refuse(("report", "cut.db"), ["cut.db", "not a run file"])

    def test_bytes_flipped(self):
        whole, rng = self.run_file().read_bytes(), stream("flips")
        for i in range(120):
            at = rng.randrange(len(whole)) if i % 2 else rng.randrange(min(12288, len(whole)))
            spoilt = bytearray(whole)
            spoilt[at] ^= 1 << rng.randrange(8)
            self.write("spoilt.db", bytes(spoilt))
            for args in (("report", "spoilt.db"), ("transcript", "spoilt.db", 1)):
                done = self.longhaul(*args)
                self.assertEqual(self.path("spoilt.db").read_bytes(), bytes(spoilt))
                if done.code:
                    self.assertClear(done, code=2 if done.code == 2 and at < 100 else 5)

    def test_pages_overwritten(self):
        whole, rng = self.run_file().read_bytes(), stream("pages")
        for page in range(len(whole) // 4096):
            for filling in (bytes(4096), rng.randbytes(4096), b"\xff" * 4096):
                self.write("spoilt.db", whole[:page * 4096] + filling + whole[(page + 1) * 4096:])
                done = self.longhaul("report", "spoilt.db")
                if done.code:
                    self.assertClear(done, "spoilt.db", code=2 if page == 0 else 5)
                else:
                    self.assertNotEqual(page, 0)

    # ---- where to write ----

    def test_output_folder_missing(self):
        self.refuse((*RUN, "-o", "nowhere/run.db"), ["nowhere/run.db"])

    def test_output_below_a_file(self):
        self.refuse((*RUN, "-o", "file/run.db"), ["file/run.db"], {"file": "x"})

    def test_output_folder_not_writable(self):
        self.refuse((*RUN, "-o", "/proc/run.db"), ["/proc/run.db"])

    def test_output_is_a_folder(self):
        self.path("folder").mkdir()
        self.refuse((*RUN, "-o", "folder"), ["folder", "regular file"])

    def test_output_is_a_device(self):
        self.refuse((*RUN, "-o", "/dev/null"), ["/dev/null", "regular file"])

    def test_output_is_a_text(self):
        self.refuse((*RUN, "-o", "text"), ["text", "not a run file"], {"text": "mine\n" * 1000})

    def test_output_is_another_database(self):
        self.refuse((*RUN, "-o", self.foreign()), ["foreign.db", "not a run file of longhaul"])

    def test_output_is_damaged(self):
        whole = self.run_file().read_bytes()
        self.refuse((*RUN, "-o", "cut.db"), ["cut.db", "damaged"], {"cut.db": whole[:len(whole) // 2]}, code=5)

    def test_output_stays_when_the_rest_is_wrong(self):
        self.run_file()
        for wrong in (("--turns", "0"), ("--policy", "nonsense"), ("--model", "replay:nofile"), ("--task", "kv_sum:keys=1"), ("--plugin", "nofile.so"), ("--nonsense",)):
            with self.subTest(wrong):
                self.refuse((*RUN, *wrong), [])

    def test_json_that_cannot_be_written_is_found_out_first(self):
        for path in ("nowhere/report.json", "/proc/report.json", "."):
            with self.subTest(path):
                self.refuse((*RUN, "--json", path), [path])

    def test_output_and_json_are_one_file(self):
        self.refuse((*RUN, "--json", "run.db"), ["run.db"])
        self.refuse((*RUN, "--json", "./run.db"), ["run.db"])

    def test_a_report_does_not_go_onto_its_run_file(self):
        self.run_file()
        self.refuse(("report", "run.db", "--json", "run.db"), ["run.db"])

    # ---- selectors ----

    def test_transcript_selectors(self):
        self.run_file()
        for args, words in (
            (("run.db", "99"), ["sample 99", "3"]), (("run.db", "x"), ["SAMPLE x"]), (("run.db", "-1"), ["-1"]), (("run.db", "1.5"), ["1.5"]),
            (("run.db", "0", "1"), ["'1'"]), (("run.db", "0", "--condition", "2"), ["condition"]), (("run.db", "0", "--condition", "-1"), ["--condition -1"]),
            (("run.db", "0", "--condition", "x"), ["--condition x"]), (("run.db", "0", "--policy", "nonsense"), ["nonsense"]),
            (("run.db", "0", "--policy", "windw"), ["windw", "window"]), (("run.db", "0", "--run", "9"), ["run 9"]), (("run.db", "0", "--run", "x"), ["--run x"]),
            (("run.db", "0", "--turn", "11"), ["turn 11"]), (("run.db", "0", "--turn", "x"), ["--turn x"]), (("run.db", "0", "--as-sent"), ["--turn"]),
            (("run.db", "0", "--as-sent", "--turn", "11"), ["turn 11"]), (("run.db", "0", "--as-sent", "--turn", "0"), ["turn 0"]),
            (("run.db", "0", "--as-sent", "--turn", "1", "--call", "1"), ["turn 1"]), (("run.db", "0", "--call", "1"), ["--as-sent"]),
            (("run.db", "0", "--turn"), ["--turn", "value"]), (("run.db", "0", "--nonsense"), ["--nonsense"]), ((), ["which run file"]),
            (("run.db", "0", "--turn", "9" * 30), ["--turn"]),
        ):
            with self.subTest(args):
                self.refuse(("transcript", *args), words)

    def test_report_selectors(self):
        self.run_file()
        for args, words in ((("--run", "2"), ["run 2", "list runs"]), (("--run", "0"), ["run 0"]), (("--run", "9" * 30), ["--run"]), (("--run",), ["value"]),
                            (("other.db",), ["other.db"]), (("--json",), ["value"]), (("--no-timing=1",), ["--no-timing"])):
            with self.subTest(args):
                self.refuse(("report", "run.db", *args), words)

    def test_list_runs_takes_one_file(self):
        self.run_file()
        self.refuse(("list", "runs", "run.db", "x"), ["'x'"])


if __name__ == "__main__":
    unittest.main()
