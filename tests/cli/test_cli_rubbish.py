"""Wrong words on the command line, in specs, experiment files, plugins and policies. Each ends with the documented exit
code, one clear message that names the place, and leaves every file as it was."""
import os
import shutil
import unittest
from pathlib import Path

import lhcli

RUN = ("run", "-o", "run.db", "--turns", "3", "--samples", "2", "--quiet")


# ---- the command line ----

class Flags(lhcli.Refusals):
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


lhcli.add_rows(Flags, [
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


class Specs(lhcli.Refusals):
    pass


lhcli.add_rows(Specs, [
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
        ("option_unknown", "window:nonsense=1", ["nonsense", "there are first and n"]),
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


class Experiments(lhcli.Refusals):
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


lhcli.add_rows(Experiments, [
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
    experiment("endless_recursion", "local function f() return 1 + f() end\nreturn { turns = f() }\n", "exp.lua", "memory"),
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


class Plugins(lhcli.Refusals):
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


class Policies(lhcli.Refusals):
    def test_option_unknown(self):
        self.refuse((*RUN, "--policy", "./pol.lua:m=1"), ["pol.lua", "'m'"], {"pol.lua": "return { api = 1, options = { n = { type = 'integer', default = 1 } } }"})

    def test_folder(self):
        self.path("pol.lua").mkdir()
        self.refuse((*RUN, "--policy", "./pol.lua"), ["pol.lua", "not a regular file"])


lhcli.add_rows(Policies, [
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


if __name__ == "__main__":
    unittest.main()
