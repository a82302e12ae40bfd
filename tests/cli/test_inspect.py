"""Logs of Inspect AI: ours as Python's own zip and JSON read them and as inspect_ai itself does; those of others, and rubbish, read back."""
import contextlib
import json
import math
import os
import resource
import sqlite3
import subprocess
import unittest
import zipfile
from pathlib import Path

import lhcli
import lhvenv

TOOLS = "kv_sum:tools=true,keys=8"
POLICIES = ("full_history", "window:n=3", "majority_vote:n=3", "heal", "drop_wrong", "answers_only:keep_last=2", "strip_thoughts:keep_last=1")
FAULTS = "sim:accuracy=0.85,thoughts=native,malformed=0.05,missing=0.05,refused=0.03,self_conditioning=2"
REQUIRED = {                              # by the viewer's schema
    "header": "version status eval plan results stats invalidated tags metadata",
    "eval": "eval_id run_id created task task_id task_version task_attribs task_args task_args_passed dataset model model_generate_config model_args config packages",
    "sample": "id epoch input target messages output metadata store events model_usage role_usage attachments events_data scores",
    "summary": "id epoch input target metadata model_usage role_usage completed",
    "model": "timestamp working_start event model input input_refs tools tool_choice config output",
}


def python_json(raw):
    return json.loads(raw.decode("utf-8"))    # NaN and all


class Log:
    """A log as its members are; the last of a name counts."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as z:
            assert z.testzip() is None
            self.names = z.namelist()
            self.bytes = sum(i.file_size for i in z.infolist())
            self.member = {n: python_json(z.read(n)) for n in self.names}
        self.header = self.member["header.json"]
        self.own = self.header["eval"]["metadata"]["longhaul"]
        self.samples = [self.member[n] for n in self.names if n.startswith("samples/")]


def models(sample):
    return [e for e in sample["events"] if e["event"] == "model"]


def sent(sample, event):
    """[(role, text)] of what a call was sent."""
    pool = sample["events_data"]["messages"]
    return [(m["role"], text(m)) for a, b in event["input_refs"] for m in pool[a:b]]


def joined(messages):
    """Messages of the user behind one another are one in Chat Completions."""
    out = []
    for role, said in messages:
        if out and role == out[-1][0] == "user":
            said = out.pop()[1] + "\n\n" + said
        out.append((role, said))
    return out


def text(message):
    content = message["content"]
    return content if isinstance(content, str) else "".join(p["text"] for p in content if p["type"] == "text")


class Inspect(lhcli.Refusals):
    def logs(self, run="r.db", folder="logs", *more):
        """{(task, policy, history): Log}"""
        self.good("export", run, "--format", "inspect", "-o", folder, *more)
        found = [Log(p) for p in sorted(self.path(folder).iterdir())]
        return {(log.own["task"], log.own["policy"], log.own["history"]): log for log in found}

    def run_policies(self, *more, policies=POLICIES, model=FAULTS, turns=10, samples=4):
        self.good("run", "--model", model, *(w for p in policies for w in ("--policy", p)), "--turns", turns, "--samples", samples, "-o", "r.db", "--quiet", *more)

    def change(self, file, *statements):
        with contextlib.closing(sqlite3.connect(self.path(file))) as db:
            for s in statements:
                db.execute(s)
            db.commit()

    def assertHas(self, value, what):
        self.assertEqual(set(REQUIRED[what].split()) - set(value), set(), what)


class Export(Inspect):
    def test_members(self):
        self.run_policies(policies=("full_history", "window:n=3"))
        for (_, policy, _), log in self.logs().items():
            self.assertEqual(log.names, ["_journal/start.json", *(f"samples/{i}_epoch_1.json" for i in range(4)), "_journal/summaries/1.json", "summaries.json", "header.json"])
            self.assertHas(log.header, "header")
            self.assertHas(log.header["eval"], "eval")
            self.assertEqual((log.header["version"], log.header["status"], log.header["eval"]["solver"]), (2, "success", policy.split(":")[0]))
            self.assertEqual(log.header["eval"]["dataset"].pop("sample_ids"), [0, 1, 2, 3])
            self.assertEqual({k: log.member["_journal/start.json"][k] for k in ("eval", "plan")}, {k: log.header[k] for k in ("eval", "plan")})
            self.assertEqual(log.member["summaries.json"], log.member["_journal/summaries/1.json"])
            for i, (s, summary) in enumerate(zip(log.samples, log.member["summaries.json"], strict=True)):
                self.assertHas(s, "sample")
                self.assertHas(summary, "summary")
                self.assertEqual((s["id"], summary["id"], summary["message_count"]), (i, i, len(s["messages"])))
                for e in models(s):
                    self.assertHas(e, "model")
                    self.assertEqual(e["input"], [])
        self.assertEqual(sorted(p.name.split("_")[1] for p in self.path("logs").iterdir()), ["kv-sum-full-history", "kv-sum-window-n-3"])
        self.good("export", "r.db", "--format", "inspect", "-o", "again")
        for p in self.path("logs").iterdir():
            self.assertEqual(p.read_bytes(), (self.path("again") / p.name).read_bytes())

    def test_what_was_sent(self):
        """Ranges of the one list give, for every call that is looked at, what the model was sent."""
        self.run_policies("--task", TOOLS, "--steps-per-turn", 2, policies=("full_history", "heal", "answers_only:keep_last=2", "clear_tool_uses:keep=1", "omit_assistant",
                                                                        "majority_vote:n=2"), turns=7, samples=1)
        for (_, policy, _), log in self.logs().items():
            sample = log.samples[0]
            events = {(e["metadata"]["turn"], e["metadata"]["call"]): e for e in models(sample)}
            for turn, call in ((3, 0), (7, max(c for t, c in events if t == 7))):
                raw = self.good("transcript", "r.db", "0", "--policy", policy, "--turn", turn, "--call", call, "--as-sent").out
                expected = [(m["role"], m["content"] or "") for m in json.loads(raw)["messages"]]
                self.assertEqual(joined(sent(sample, events[turn, call])), expected, f"{policy}, turn {turn}")
            ids = [m["id"] for m in sample["events_data"]["messages"]]
            self.assertEqual(len(set(ids)), len(ids))

    def test_size_is_linear(self):
        sizes = {}
        for turns in (20, 200):
            self.run_policies("--new", policies=("full_history", "strip_thoughts:keep_last=1", "heal", "drop_wrong", "majority_vote:n=2"), turns=turns, samples=1)
            sizes[turns] = {policy: log for (_, policy, _), log in self.logs("r.db", f"logs{turns}").items()}
        for policy, log in sizes[200].items():
            self.assertLess(log.bytes, 10.5 * sizes[20][policy].bytes, policy)
            for e in models(log.samples[0]):
                self.assertLess(len(e["input_refs"]), 5, policy)
        thought = {p: sum(isinstance(m["content"], list) for a, b in models(log.samples[0])[-1]["input_refs"] for m in log.samples[0]["events_data"]["messages"][a:b])
                   for p, log in sizes[200].items()}
        self.assertGreater(thought["full_history"], 100)
        self.assertLessEqual(thought["strip_thoughts:keep_last=1"], 1)

    def test_scores(self):
        self.write("replies.jsonl", lhcli.replies_file([]) + "".join(
            json.dumps({"sample": s, "turn": t + 1, **({"error": a[1:]} if a.startswith("!") else {"content": a})}) + "\n"
            for s, said in enumerate((["5", "-2", "10"], ["5", "-1", "11"], ["5", "!gone"], ["5", "0", "!gone"], ["x", "-2", "10"], ["5", "!overflow"]))
            for t, a in enumerate(f"<answer>{a}</answer>" if a[0] != "!" else a for a in said)))
        rollout = {"dictionary": {"alpha": 5, "bravo": -7, "candy": 12}, "input": ["alpha", "bravo", "candy"], "values": [5, -7, 12], "output": [5, -2, 10]}
        self.write("set.json", json.dumps({"ground_truth_data": [rollout] * 6}))
        self.good("run", "--task", "kv_sum:dataset=set.json", "--model", "replay:replies.jsonl", "--turns", 3, "--samples", 6, "-o", "r.db", "--quiet")
        self.good("export", "r.db", "--format", "inspect", "-o", "x.eval")
        log = Log(self.path("x.eval"))
        names = ("error_free_turns", "first_error_turn", "turn_accuracy", "state_accuracy", "task_accuracy")
        nan = None
        expected = [(3, nan, 1, 1, 1), (1, 2, 2 / 3, 1 / 3, 0), (nan, nan, 1, 1, nan), (1, 2, 1 / 2, 1 / 2, 0), (0, 1, 1 / 3, 2 / 3, 0), (1, 2, 1 / 3, 1 / 3, 0)]
        for s, row in zip(log.samples, expected, strict=True):
            got = tuple(None if math.isnan(s["scores"][n]["value"]) else s["scores"][n]["value"] for n in names)
            self.assertEqual([g if g is None else round(g, 9) for g in got], [r if r is None else round(r, 9) for r in row], s["id"])
        for i, score in enumerate(log.header["results"]["scores"]):
            known = [row[i] for row in expected if row[i] is not None]
            self.assertEqual((score["name"], score["scored_samples"], score["unscored_samples"]), (names[i], len(known), 6 - len(known)))
            average = sum(known) / len(known)
            self.assertAlmostEqual(score["metrics"]["mean"]["value"], average)
            self.assertAlmostEqual(score["metrics"]["stderr"]["value"], math.sqrt(sum((k - average) ** 2 for k in known) / (len(known) - 1) / len(known)))
        self.assertEqual([(s.get("limit") or {}).get("type") for s in log.samples], [None] * 5 + ["context"])
        self.assertEqual([(s.get("error") or {}).get("message") for s in log.samples], [None, None, "gone", "gone", None, None])
        self.assertEqual(log.samples[5]["metadata"]["outcomes"], ["correct", "overflow", "overflow"])
        self.assertEqual(log.header["results"]["completed_samples"], 4)

    def test_why_it_ended(self):
        """Every cause that a run's end has, put into a file of one."""
        self.run_policies(policies=("full_history",), turns=3, samples=1)
        rows = [("stopped", "more would exceed --max-calls 12; a larger one goes on, with --resume", "custom", 12), ("stopped", "more could exceed --max-tokens-total 900; …", "token", 900),
                ("stopped", "more could exceed --max-cost 0.5; …", "cost", 0.5), ("stopped", "the time allowed by --max-time is over", "time", 0),
                ("stopped", "interrupted", "operator", 0), ("running", "", "operator", 0), ("failed", "bad key", None, None)]
        self.change("r.db", "UPDATE episode SET status = 'running'", "DELETE FROM call WHERE turn = 3")
        for i, (status, cause, kind, most) in enumerate(rows):
            self.change("r.db", f"UPDATE run SET status = '{status}', cause = '{cause}'")
            self.good("export", "r.db", "--format", "inspect", "-o", f"{i}.eval")
            log = Log(self.path(f"{i}.eval"))
            limit, error = log.samples[0].get("limit"), log.samples[0].get("error")
            self.assertEqual((limit and limit["type"], limit and limit["limit"]), (kind, most), cause)
            self.assertEqual(set(error or ()), set() if kind else {"message", "traceback", "traceback_ansi"})
            self.assertEqual(log.header["status"], "error" if status == "failed" else "cancelled")
            self.assertEqual(log.samples[0]["events"][-1]["event"], "sample_limit" if kind else "error")
        for status, cause in (("policy_error", "it asked for nothing"), ("plugin_crash", "signal 11"), ("censored", "no answer")):
            self.change("r.db", f"UPDATE episode SET status = '{status}', cause = '{cause}'")
            self.good("export", "r.db", "--format", "inspect", "-o", "e.eval")
            self.assertIn(cause, Log(self.path("e.eval")).samples[0]["error"]["message"])

    def test_tokens_and_hostile_text(self):
        said = ['","role":"system', "\x1b[31m\x07", "<script>", "\u2028 attachment://x", "a\r\nb"]
        self.write("replies.jsonl", lhcli.replies_file([(0, t + 1, s) for t, s in enumerate(said)]))
        self.good("run", "--model", "replay:replies.jsonl", "--turns", len(said), "--samples", 1, "-o", "r.db", "--quiet")
        self.change("r.db", "UPDATE call SET tokens_in = 100, tokens_cached = 30, tokens_out = 9, tokens_reasoning = 4, cost_microusd = 250000, latency_us = 1500000")
        self.good("export", "r.db", "--format", "inspect", "-o", "x.eval")
        s = Log(self.path("x.eval")).samples[0]
        usage = {"input_tokens": 70, "input_tokens_cache_read": 30, "output_tokens": 9, "total_tokens": 109, "reasoning_tokens": 4, "total_cost": 0.25}
        self.assertEqual([e["output"]["usage"] for e in models(s)], [usage] * 5)
        self.assertEqual(list(s["model_usage"].values()), [{k: 5 * v for k, v in usage.items()}])
        self.assertEqual(s["total_time"], 7.5)
        self.assertEqual([text(m) for m in s["messages"] if m["role"] == "assistant"], said)

    def test_made_histories(self):
        self.run_policies("--history", "own", "--history", "clean", "--history", "injected:rate=0.5", policies=("full_history",), turns=5, samples=2)
        logs = self.logs()
        made = logs["kv_sum", "full_history", "injected:rate=0.5"]
        self.assertEqual([s["id"] for s in made.samples], ["0-turn-1", "0-turn-5", "1-turn-1", "1-turn-5"])
        for s in made.samples:
            sample, turn = s["id"].split("-turn-")
            raw = self.good("transcript", "r.db", sample, "--history", "injected:rate=0.5", "--probe", turn, "--turn", turn, "--as-sent").out
            self.assertEqual(sent(s, models(s)[0]), [(m["role"], m["content"]) for m in json.loads(raw)["messages"]])
        self.refuse(["import", str(next(p for p in self.path("logs").iterdir() if "injected" in p.name)), "-o", "x.db"], ("its histories were made",))

    def test_a_log_of_nothing_is_none(self):
        self.run_policies("--history", "clean", policies=("full_history",), turns=3, samples=1)
        self.change("r.db", "UPDATE condition SET task = 'nonesuch'")
        self.refuse(["export", "r.db", "--format", "inspect", "-o", "x.eval"], ("all 2 episodes are left out",))

    def test_what_is_written_where(self):
        self.run_policies(policies=("full_history", "window:n=3"), turns=2, samples=1)
        self.refuse(["export", "r.db", "--format", "inspect", "-o", "x.eval"], ("has 2 conditions", "0: full_history, 1: window:n=3", "--condition N"))
        self.good("export", "r.db", "--format", "inspect", "-o", "x.eval", "--condition", 1)
        self.assertEqual(Log(self.path("x.eval")).own["policy"], "window:n=3")
        self.refuse(["export", "r.db", "--format", "inspect", "-o", "x.eval", "--condition", 2], ("no condition 2",))
        self.refuse(["export", "r.db", "--format", "inspect", "-o", "-"], ("is a file",))
        self.refuse(["export", "r.db", "--format", "csv", "-o", "x", "--condition", 1], ("--condition belongs to --format inspect",))
        self.refuse(["export", "r.db", "--format", "inspect", "-o", "none/x/y"], ("none/x/y",))
        self.refuse(["export", "r.db", "--format", "inspect", "-o", "r.db", "--condition", 0], ("is a run file",))
        before = self.path("x.eval").read_bytes()
        self.change("r.db", "UPDATE call SET view = '3:0-1,m77' WHERE turn = 2")
        self.refuse(["export", "r.db", "--format", "inspect", "-o", "x.eval", "--condition", 1], ("message 77",), code=5)
        self.assertEqual(self.path("x.eval").read_bytes(), before)
        self.assertEqual([p.name for p in self.folder.iterdir() if "part" in p.name], [])

    def test_shards_and_runs_of_one_second_have_logs_of_their_own(self):
        for name, seed, *more in (("s1", 1, "--shard", "1/2"), ("s2", 1, "--shard", "2/2"), ("a", 1), ("b", 1)):
            accuracy = 0.2 if name == "b" else 0.9
            self.good("run", "--model", f"sim:accuracy={accuracy}", "--turns", 3, "--samples", 4, "-o", f"{name}.db", "--quiet", "--seed", seed, *more)
            (config,) = self.rows("a.db" if name == "b" else f"{name}.db", "SELECT config_sha256 FROM run")
            self.change(f"{name}.db", f"UPDATE run SET started = '2026-01-31T12:00:00Z', config_sha256 = '{config[0]}'")
            self.good("export", f"{name}.db", "--format", "inspect", "-o", "logs")
        logs = [Log(p) for p in self.path("logs").iterdir()]
        self.assertEqual(len(logs), 4)
        self.assertEqual(len({log.header["eval"]["run_id"] for log in logs}), 4)
        self.assertEqual(sorted(len(log.samples) for log in logs), [2, 2, 4, 4])

    def test_a_limit_of_size_is_an_error_that_is_said(self):
        self.run_policies(policies=("full_history",), turns=10, samples=4)
        self.good("export", "r.db", "--format", "inspect", "-o", "x.eval")
        before = self.snapshot()
        small = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))}
        for args in (("export", "r.db", "--format", "inspect", "-o", "x.eval"), ("import", "x.eval", "-o", "o.db")):
            done = self.longhaul(*args, **small)
            self.assertEqual((done.code, done.out), (2, ""), done)
            self.assertIn("cannot be written: File too large", done.err)
        done = self.longhaul("export", "r.db", "--format", "jsonl", "-o", "lines", **small)
        self.assertEqual((done.code, done.out), (2, ""), done)
        self.assertIn("lines: File too large; what is there now is not whole", done.err)
        self.path("lines").unlink()
        self.assertEqual(self.snapshot(), before)

    def test_many_forms_of_messages(self):
        """A policy that clears results in other words every turn: each message in as many forms as there are turns."""
        self.write("words.lua", 'return { api = 1, summary = "x", view = function(ep, history)\n'
                                '  return history:view():clear_results { first = 1, placeholder = "old at turn " .. ep.turn } end }')
        self.good("run", "--task", TOOLS, "--model", "sim", "--policy", "./words.lua", "--turns", 270, "--samples", 1, "-o", "r.db", "--quiet")
        self.good("export", "r.db", "--format", "inspect", "-o", "x.eval")
        self.assertEqual(len(models(Log(self.path("x.eval")).samples[0])), 540)

    def test_the_part_is_its_own(self):
        """Neither what somebody else has under the name nor what a link of that name leads to is written."""
        self.run_policies(policies=("full_history",), turns=2, samples=1)
        self.write("x.eval.part", "mine")
        self.write("victim", "his")
        self.path("x.eval.1.part").symlink_to("victim")
        self.good("export", "r.db", "--format", "inspect", "-o", "x.eval")
        self.assertEqual(len(Log(self.path("x.eval")).samples), 1)
        self.assertEqual((self.path("x.eval.part").read_text(), self.path("victim").read_text()), ("mine", "his"))
        self.assertEqual(self.path("x.eval").stat().st_mode & 0o777, self.path("victim").stat().st_mode & 0o777)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir() if "part" in p.name), ["x.eval.1.part", "x.eval.part"])

    def test_what_is_no_regular_file_stays(self):
        self.run_policies(policies=("full_history",), turns=2, samples=1)
        self.logs()
        (log,) = self.path("logs").iterdir()
        log.unlink()
        os.mkfifo(log)
        done = self.longhaul("export", "r.db", "--format", "inspect", "-o", "logs")
        self.assertEqual((done.code, done.out), (2, ""), done)
        self.assertIn(f"{log.name} is no regular file", done.err)
        self.assertEqual([p.is_fifo() for p in self.path("logs").iterdir()], [True])


class RoundTrip(Inspect):
    TURNS = ("SELECT e.sample, c.turn, c.seq, c.outcome, c.shown, c.followed, c.answered, c.truth, c.unshown, c.view, c.tokens_in, c.tokens_out FROM call c"
             " JOIN episode e ON e.id = c.episode WHERE e.condition = ? AND c.error = '' ORDER BY 1, 2, 3")
    ENDS = "SELECT sample, status FROM episode WHERE condition = ? ORDER BY sample"

    def back(self, log, name):
        self.good("import", log, "-o", f"{name}.db", "--quiet")
        return f"{name}.db"

    def check(self, folder="logs"):
        for i, path in enumerate(sorted(self.path(folder).iterdir())):
            own = Log(path).own
            back = self.back(path, f"b{i}")
            for query in (self.TURNS, self.ENDS):
                self.assertEqual(self.rows(back, query, 0), self.rows("r.db", query, own["condition"]), own["policy"])

    def test_every_policy(self):
        """Every call, every state, every view."""
        self.run_policies("--seed", 7)
        self.logs()
        self.check()

    def test_tools_and_faults(self):
        self.run_policies("--task", TOOLS, "--steps-per-turn", 2, policies=("full_history", "clear_tool_uses:keep=1", "majority_vote:n=2"),
                          model="sim:accuracy=0.9,failed=0.02,malformed=0.05,self_conditioning=2", samples=6)
        self.assertIn(("censored",), self.rows("r.db", "SELECT DISTINCT status FROM episode"))
        self.logs()
        self.check()

    def test_values_that_nobody_looked_up(self):
        """They follow from the true states, where each turn lacks one at most; else the sample is left out."""
        self.run_policies("--task", TOOLS, "--steps-per-turn", 2, policies=("full_history",), model="sim:accuracy=0.9", samples=3, turns=2)
        self.good("export", "r.db", "--format", "inspect", "-o", "x.eval")
        log = Log(self.path("x.eval"))
        asked = [[m["content"].split(", ") for m in s["messages"] if m["role"] == "user"] for s in log.samples]
        self.assertEqual(len({*asked[1][0], *asked[1][1]}), 4, "another seed is needed")
        for s, lost in zip(log.samples, ([asked[0][0][0]], asked[1][1], asked[2][1])):
            s["events"] = [e for e in s["events"] if e["event"] != "tool" or e["arguments"]["key"] not in lost]
        cut = log.samples[2]                     # nobody answered the second turn, nor looked anything up
        cut["events"] = [e for e in cut["events"] if e.get("span_id") != "turn2"]
        with zipfile.ZipFile(self.path("y.eval"), "w") as z:
            for name, member in log.member.items():
                z.writestr(name, json.dumps(member))
        done = self.good("import", "y.eval", "-o", "y.db", "--quiet")
        self.assertIn("sample 1 is left out: message ", done.err)
        before = self.outcomes("r.db")
        self.assertEqual(self.outcomes("y.db"), {0: before[0], 1: before[2][:1]})
        self.assertEqual(self.rows("y.db", "SELECT status FROM episode ORDER BY sample"), [("done",), ("censored",)])

    def test_estimates_stay_estimates(self):
        self.run_policies(policies=("full_history",), turns=3, samples=1)
        self.change("r.db", "UPDATE call SET counted = turn != 2")
        self.good("export", "r.db", "--format", "inspect", "-o", "x.eval")
        self.assertEqual(self.rows(self.back("x.eval", "s"), "SELECT turn, counted FROM call ORDER BY turn"), [(1, 1), (2, 0), (3, 1)])

    def test_overflow_and_stop_at_error(self):
        self.run_policies("--task", "kv_sum:keys=12", policies=("full_history", "window:n=2"), model="sim:accuracy=0.95,window=420", turns=14)
        self.assertIn(("overflow",), self.rows("r.db", "SELECT DISTINCT cause FROM episode"))
        self.logs()
        self.check()
        self.run_policies("--new", "--stop-at-error", policies=("full_history",), turns=6)
        self.good("export", "r.db", "--format", "inspect", "-o", "x.eval")
        self.back("x.eval", "s")
        one, two = (lhcli.strict_json(self.good("report", f, "--json", "-", "--no-timing").out)["conditions"][0] for f in ("r.db", "s.db"))
        self.assertEqual({k: one[k] for k in ("task_accuracy", "horizon", "hazard")}, {k: two[k] for k in ("task_accuracy", "horizon", "hazard")})

    def test_what_goes_on_from_there(self):
        self.run_policies(policies=("window:n=3",))
        self.good("export", "r.db", "--format", "inspect", "-o", "x.eval")
        done = self.good("import", "x.eval", "-o", "s.db", "--json", "r.json")
        self.assertIn("4 samples of 10 turns, said by sim, are in s.db", done.err)
        self.assertEqual(lhcli.strict_json(self.path("r.json").read_text())["conditions"][0]["policy_label"], "window:n=3")
        self.assertNotIn("share its dictionary", self.path("r.json").read_text())      # each sample has its own
        self.good("report", "s.db", "--html", "x.html")
        self.good("transcript", "s.db", 1, "--turn", 4, "--as-sent")
        self.good("gate", "s.db", "turn_error_rate <= 0.99")
        self.refuse(["import", "x.eval", "-o", "s.db"], ("s.db is there already",))
        self.path("s.db").unlink()
        self.refuse(["import", "x.eval", "-o", "s.db"], ("s.dataset.json is there already",))


# ---- logs of others ----

SYSTEM = "Keep a total.\n\nAn example, with {'apple': 5, 'fig': -2}: apple → <answer>5</answer>\n\nThe dictionary:\n{'alpha': 5, 'bravo': -7,\n 'candy': 12}\nAnswer <answer>N</answer>."


def sample(name, turns, system=SYSTEM, said=True, **more):
    messages = [{"role": "system", "content": system}]
    for asked, answered in turns:
        messages.append({"role": "user", "content": asked})
        if answered is not None:
            messages.append({"role": "assistant", "content": answered})
    return {"id": name, "epoch": 1, "input": "x", "target": "", "messages": messages, "scores": {"s": {"value": float("nan")}}, "x": [float("inf"), float("-inf")], **more}


RIGHT = [("alpha", "<answer>5</answer>"), ("bravo", "<answer>-2</answer>"), ("candy", "<answer>10</answer>")]
HEADER = {"version": 2, "status": "success", "eval": {"created": "2026-01-01T00:00:00+00:00", "task": "t", "dataset": {}, "model": "some/model", "config": {}}}


class Others(Inspect):
    def log(self, samples, name="x.eval", header=HEADER, method=zipfile.ZIP_DEFLATED, head="header.json"):
        with zipfile.ZipFile(self.path(name), "w", method) as z:
            for s in samples:
                z.writestr(f"samples/{s['id']}_epoch_{s['epoch']}.json", json.dumps(s))
            if header is not None:
                z.writestr(head, json.dumps(header))
        return name

    def score(self, samples, *more):
        self.log(samples)
        for p in self.folder.glob("o.*"):
            p.unlink()
        done = self.good("import", "x.eval", "-o", "o.db", "--json", "-", *more)
        return self.outcomes("o.db"), done

    def test_forms_of_prompts(self):
        ok = ["correct"] * 3
        one = "{'alpha': 5, 'bravo': -7, 'candy': 12,}"
        as_list = [[{"role": r, "content": [{"type": "reasoning", "reasoning": "hm", "redacted": False}, {"type": "text", "text": t}] if r == "assistant" else t}]
                   for a, b in RIGHT for r, t in (("user", a), ("assistant", b))]
        rows = {
            "plain": sample("plain", RIGHT), "json": sample("json", RIGHT, system='{"alpha": 5, "bravo": -7, "candy": 12}'),
            "led": sample("led", [("Think step by step.\nKeys: " + a, b) for a, b in RIGHT]),
            "quoted": sample("quoted", [(f"['{a}'].", b) for a, b in RIGHT][:1] + [(f"`{a}`", b) for a, b in RIGHT[1:]]),
            "é": sample("é", RIGHT),
            "parts": {**sample("parts", []), "messages": [{"role": "system", "content": SYSTEM}] + [m for ms in as_list for m in ms]},
            "first": {**sample("first", []), "messages": [{"role": "user", "content": f"Use {one}\n\nalpha"}, {"role": "assistant", "content": "<answer>5</answer>"}]
                      + sample("", RIGHT[1:])["messages"][1:]},
            "instructed": {**sample("instructed", []), "messages": [{"role": "user", "content": f"Use {one}"}, {"role": "assistant", "content": "Yes."}]
                           + sample("", RIGHT)["messages"][1:]},
            "attached": {**sample("attached", RIGHT, system="attachment://abc"), "attachments": {"abc": SYSTEM}},
            "tool": {**sample("tool", []), "messages": sample("", RIGHT[:1])["messages"][:2] + [
                {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "function": "calc", "arguments": {}, "type": "function"}]},
                {"role": "tool", "content": "5", "tool_call_id": "1"}] + sample("", RIGHT)["messages"][2:]},
        }
        found, done = self.score(list(rows.values()))
        self.assertEqual(done.err.count("left out"), 0, done.err)
        self.assertIn("share its dictionary", done.out)
        self.assertEqual(list(found.values()), [ok] * len(rows))
        self.assertEqual(set(self.rows("o.db", "SELECT DISTINCT thoughts FROM message")), {(None,), ("hm",)})

    def test_what_is_said_of_samples_that_cannot_be_read(self):
        rows = [
            (sample("words", [("alpha", "5"), ("and now?", "6")]), "sample words is left out: message 4: keys of the dictionary were expected, separated by commas; it is 'and now?'"),
            (sample("unknown", [("alpha, zebra", "5")]), "sample unknown is left out: message 2: keys"),
            (sample("uneven", [("alpha, bravo", "5"), ("alpha", "5")]), "sample uneven is left out: message 4: 2 keys were expected, as in the turns before, and it names 1"),
            (sample("pair", [("alpha, bravo", "5")]), "sample pair is left out: it asks for 2 keys a turn, the samples before for 1"),
            (sample("none", RIGHT, system="Add."), "sample none is left out: no dictionary stands before the first reply"),
            (sample("mute", [("alpha", None), ("bravo", "5")]), "sample mute is left out: message 3: a reply was expected before it"),
            (sample("nothing", []), "sample nothing is left out: no prompt follows the dictionary"),
            ({"id": "\x1b[31m", "epoch": 3}, "sample \\x1b[31m, epoch 3 is left out: no dictionary"),
        ]
        found, done = self.score([sample("good", RIGHT)] + [s for s, _ in rows])
        self.assertEqual(found, {0: ["correct"] * 3})
        for _, words in rows:
            self.assertIn(words, done.err)
        self.assertIn(f"{len(rows)} of {len(rows) + 1} samples are left out.", done.err)
        self.log([rows[0][0]], "bad.eval")
        done = self.longhaul("import", "bad.eval", "-o", "bad.db")
        self.assertEqual((done.code, done.out), (2, ""))
        self.assertIn("not one of 1 samples is a conversation of kv_sum", done.err)
        self.assertEqual(list(self.folder.glob("bad.*")), [self.path("bad.eval")])

    def test_what_kv_sum_cannot_hold_is_left_out(self):
        """One sample, not the log with it."""
        def looked_up(name, *values):
            events = [{"event": "tool", "function": "get_value", "arguments": {"key": k}, "result": json.dumps({"value": v})} for k, v in values]
            return sample(name, RIGHT[:1], system="Look them up.", events=events)
        keys = {"a,b": "holds one of", "<b>": "holds one of", "k" * 65: "is longer than 64 bytes", " x": "white space at an end", "x\u00a0": "white space at an end",
                "\u0085x": "is not plain", "\x1b[1m": "is not plain"}
        rows = [(sample(f"s{i}", RIGHT[:1], system=json.dumps({"alpha": 5, k: 1}, ensure_ascii=False).replace("\\u001b", "\x1b")), words) for i, (k, words) in enumerate(keys.items())]
        rows.append((looked_up("large", ("alpha", 2 * 10 ** 12), ("bravo", 3)), "the value 2000000000000 of 'alpha'"))
        rows.append((looked_up("quote", ("alpha", 2), ('"', 3)), "holds one of"))
        found, done = self.score([sample("good", RIGHT)] + [s for s, _ in rows])
        self.assertEqual(found, {0: ["correct"] * 3})
        for s, words in rows:
            self.assertRegex(done.err, f"sample {s['id']} is left out: kv_sum cannot hold .*{words}")

    def test_numbers_beyond_all_bounds(self):
        """Nothing follows from values whose sum overflows."""
        own = {**HEADER["eval"], "task": "kv_sum", "metadata": {"longhaul": {"history": "own", "policy": "full_history", "turns": 2, "seed": "1"}}}
        s = sample("s", [(", ".join(["alpha"] * 1100), "<answer>1</answer>")] * 2, system="Look them up.", events=[
            {"event": "tool", "function": "get_value", "arguments": {"key": k}, "result": json.dumps({"value": 2 ** 53 - 1})} for k in ("alpha", "bravo")])
        s["events"] += [{"event": "info", "source": "longhaul", "data": {"turn": t, "true": "-2305843009213693950"}} for t in (1, 2)]
        for m, turn in ((s["messages"][1], 1), (s["messages"][3], 2)):
            m["metadata"] = {"turn": turn, "made_by": "task"}
        done = self.longhaul("import", self.log([s], "y.eval", {**HEADER, "eval": own}), "-o", "y.db")
        self.assertEqual((done.code, done.out), (2, ""), done)
        self.assertIn("sample s is left out", done.err)

    def test_ends(self):
        """A limit or an error censors, a context that is too small does not: it is the model's."""
        found, _ = self.score([sample("a", RIGHT), sample("b", RIGHT[:1], limit={"type": "token", "limit": 9, "reason": "spent"}), sample("c", RIGHT[:2] + [("candy", None)],
                               error={"message": "gone", "traceback": "", "traceback_ansi": ""}), sample("d", RIGHT[:2], limit={"type": "context", "limit": 9}), sample("e", RIGHT[:2])])
        self.assertEqual(found, {0: ["correct"] * 3, 1: ["correct"], 2: ["correct"] * 2, 3: ["correct"] * 2, 4: ["correct"] * 2})
        self.assertEqual(self.rows("o.db", "SELECT status, cause FROM episode ORDER BY sample"), [("done", None), ("censored", "a limit (token): spent"), ("censored", "an error: gone"),
                                                                                             ("done", "overflow"), ("censored", "the log ends here")])

    def test_what_nobody_said_costs_nothing(self):
        self.score([sample("a", RIGHT), sample("b", RIGHT[:1], error={"message": "gone"})])
        self.assertEqual(self.rows("o.db", "SELECT tokens_in, tokens_out FROM call WHERE error != ''"), [(0, 0)])

    def test_the_last_member_counts_and_a_log_in_progress_is_read(self):
        wrong = sample("s", [("alpha", "<answer>6</answer>")])
        found, _ = self.score([sample("s", RIGHT[:1]), sample("t", RIGHT[:1])])
        with self.assertWarns(UserWarning):
            self.log([wrong, sample("t", RIGHT[:1]), sample("s", RIGHT[:1])], "y.eval", head="_journal/start.json")
        self.good("import", "y.eval", "-o", "y.db", "--quiet")
        self.assertEqual(self.outcomes("y.db"), found)
        self.assertEqual(found, {0: ["correct"], 1: ["correct"]})

    def test_rubbish(self):
        good = [sample("s", RIGHT)]
        whole = self.path(self.log(good, "whole.eval")).read_bytes()
        files = {
            "text.eval": ("hello", "is no zip archive"), "empty.eval": ("", "is no zip archive"), "log.json": ('{"version": 2}', "inspect log convert"), "cut.eval": (whole[:-40], "was cut off"),
            "half.eval": (whole[:len(whole) // 2], "was cut off"), "flipped.eval": (whole[:120] + bytes([whole[120] ^ 0x55]) + whole[121:], ""),
        }
        for name, (content, words) in files.items():
            self.write(name, content)
            done = self.longhaul("import", name, "-o", "o.db")
            self.assertEqual((done.code, done.out), (2, ""), done)
            self.assertIn(words, done.err, name)
        heads = [(None, "neither header.json nor"), ({}, "names no version"), ({**HEADER, "version": 1}, "version 1"), ({**HEADER, "version": 3}, "version 3"),
                 ({"version": 2}, 'has no "eval"'), ([], "names no version")]
        for i, (header, words) in enumerate(heads):
            self.refuse(["import", self.log(good, f"h{i}.eval", header), "-o", "o.db"], (words,))
        self.refuse(["import", self.log([], "none.eval"), "-o", "o.db"], ("holds no samples",))
        with zipfile.ZipFile(self.path("json.eval"), "w") as z:
            z.writestr("header.json", '{"version": 2,')
        self.refuse(["import", "json.eval", "-o", "o.db"], ("header.json",))
        self.refuse(["import", "none.eval.eval", "-o", "o.db"], ("there is no such file",))
        self.refuse(["import", ".", "-o", "o.db"], ("is no file",))
        os.mkfifo(self.path("pipe"))
        done = self.longhaul("import", "pipe", "-o", "o.db")
        self.assertEqual(done.code, 2)
        self.assertIn("pipe is no file", done.err)
        self.path("pipe").unlink()
        self.refuse(["import", "whole.eval"], ("-o OUT.db",))
        self.refuse(["import", "whole.eval", "-o", "o.db", "--policy", "nonesuch"], ("nonesuch",))

    def test_a_member_that_is_too_large(self):
        """A bomb: 300 MiB of blanks in a few kilobytes, behind a sample that is read."""
        with zipfile.ZipFile(self.path("x.eval"), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
            z.writestr("samples/a_epoch_1.json", json.dumps(sample("a", RIGHT)))
            with z.open("samples/b_epoch_1.json", "w") as member:
                for _ in range(300):
                    member.write(b" " * (1 << 20))
            z.writestr("header.json", json.dumps(HEADER))
        done = self.good("import", "x.eval", "-o", "o.db", "--quiet")
        self.assertIn("samples/b_epoch_1.json is larger than 256 MiB", done.err)
        self.assertEqual(self.outcomes("o.db"), {0: ["correct"] * 3})

    def test_reports_go_over_none_of_its_files(self):
        self.log([sample("s", RIGHT)])
        os.link(self.path("x.eval"), self.path("same.eval"))
        for option, name in (("--json", "x.eval"), ("--html", "./x.eval"), ("--markdown", "same.eval"), ("--junit", "o.dataset.json"), ("--metrics", "o.replies.jsonl"), ("--json", "o.db")):
            self.refuse(["import", "x.eval", "-o", "o.db", option, name], (name, "name another file"))
        self.refuse(["import", "x.eval", "-o", "-"], ("-o OUT.db",))

    def test_a_policy_that_is_a_file_is_not_taken_from_a_log(self):
        own = {**HEADER["eval"], "task": "kv_sum", "metadata": {"longhaul": {"history": "own", "policy": "./evil.lua", "turns": 1, "seed": "1"}}}
        event = {"event": "model", "model": "m", "metadata": {"turn": 1, "call": 0, "accepted": True}, "output": {"choices": [{"message": {"content": "<answer>5</answer>"}}]}}
        s = sample("s", RIGHT[:1], events=[event])
        s["messages"][1]["metadata"] = {"turn": 1, "made_by": "task"}
        self.log([s], header={**HEADER, "eval": own})
        self.refuse(["import", "x.eval", "-o", "o.db"], ("./evil.lua", "name it by --policy"))
        self.refuse(["import", self.log([s], "y.eval", {**HEADER, "eval": {**own, "task": "counter"}}), "-o", "o.db"], ("its task is counter",))
        self.good("import", "x.eval", "-o", "o.db", "--policy", "full_history", "--quiet")
        self.assertEqual(self.outcomes("o.db"), {0: ["correct"]})
        self.write("evil.lua", "return {}")
        own["metadata"]["longhaul"]["policy"] = "evil.lua"
        self.refuse(["import", self.log([s], "l.eval", {**HEADER, "eval": own}), "-o", "l.db"], ("'evil.lua', which is not taken", "name it by --policy"))
        own["metadata"]["longhaul"]["policy"] = "x" * 5000       # never another in its place
        self.refuse(["import", self.log([s], "p.eval", {**HEADER, "eval": own}), "-o", "p.db"], ("there is no such policy",))
        own["metadata"]["longhaul"]["policy"] = "agent"
        self.good("import", self.log([s], "z.eval", {**HEADER, "eval": own}), "-o", "z.db", "--quiet")
        self.assertEqual(self.rows("z.db", "SELECT policy FROM condition"), [("full_history",)])
        own["metadata"]["longhaul"]["turns"] = 30000000
        self.good("import", self.log([s], "t.eval", {**HEADER, "eval": own}), "-o", "t.db", "--quiet")
        self.assertEqual(self.outcomes("t.db"), {0: ["correct"]})


class WithInspect(Inspect):
    """inspect_ai reads ours, and writes one that we read."""

    PLAN = {"dictionary text": SYSTEM, "message_limit": 7, "samples": {
        "one": {"keys": ["alpha", "bravo", "candy"], "said": ["<answer>5</answer>", "so <answer>-1</answer>", "<answer>11</answer>"]},
        "two": {"keys": ["candy", "candy", "alpha"], "said": ["<answer>12</answer>", "well …", "<answer>x</answer>"]},
        "three": {"keys": ["bravo", "bravo", "alpha", "alpha"], "said": ["<answer>-7</answer>", "<answer>-14</answer>", "nothing", "never asked"]}}}

    def setUp(self):
        super().setUp()
        self.python = lhvenv.python("inspect_ai")
        self.run_policies("--task", TOOLS, "--steps-per-turn", 2, policies=("full_history", "window:n=3", "strip_thoughts:keep_last=1"), samples=3,
                          model=FAULTS + ",failed=0.05")
        self.ours = {f"{policy}": log for (_, policy, _), log in self.logs().items()}
        self.write("plan.json", json.dumps(self.PLAN))
        env = {**lhcli.environment(self.folder), "INSPECT_DISABLE_LOGGING": "1", "PYTHONDONTWRITEBYTECODE": ""}
        done = subprocess.run([self.python, Path(__file__).with_name("lhinspect.py"), "logs", "theirs", "plan.json"], cwd=self.folder, env=env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=lhcli.HANG)
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        self.seen = json.loads(done.stdout)

    def test_both_ways(self):
        self.check_ours()
        self.check_theirs()

    def check_ours(self):
        self.assertEqual(len(self.seen), 3)
        censored = reasoned = 0
        for log in self.seen.values():
            ours = self.ours[log["longhaul"]["policy"]]
            self.assertEqual(log["schema"], [])
            self.assertTrue(log["task_id"])
            self.assertEqual((log["status"], log["model"], log["streamed"], len(log["summaries"])), ("success", "sim", [0, 1, 2], 3))
            self.assertEqual(log["results"], {s["name"]: [s["scored_samples"], s["unscored_samples"], {k: m["value"] for k, m in s["metrics"].items()}]
                                              for s in ours.header["results"]["scores"]})
            self.assertEqual(log["usage"], ours.header["stats"]["model_usage"])
            for s, own in zip(log["samples"], ours.samples, strict=True):
                self.assertEqual([[tuple(m) for m in i] for i in s["inputs"]], [sent(own, e) for e in models(own)])
                self.assertEqual((s["messages"], s["usage"], s["outcomes"], s["turns"]), (len(own["messages"]), own["model_usage"], own["metadata"]["outcomes"], own["turn_count"]))
                self.assertEqual(s["scores"], {k: None if math.isnan(v["value"]) else v["value"] for k, v in own["scores"].items()})
                self.assertEqual(s["error"], (own.get("error") or {}).get("message"))
                last = own["output"]["choices"][0]["message"]["content"]
                self.assertEqual((s["roles"], bool(s["calls"]), s["reasoning"]), (["assistant", "system", "tool", "user"], True,
                                 [] if isinstance(last, str) else [last[0]["reasoning"]]))
                reasoned += isinstance(last, list)
                self.assertLess({"model", "tool", "info", "span_begin", "span_end"}, set(s["events"]) | {"error"})
                censored += s["error"] is not None
        self.assertGreater(min(censored, reasoned), 0)

    def check_theirs(self):
        (path,) = self.path("theirs").iterdir()
        self.good("import", path, "-o", "o.db", "--quiet")
        rows = self.rows("o.db", "SELECT group_concat(c.outcome, ' ') FROM episode e JOIN call c ON c.episode = e.id WHERE c.accepted GROUP BY e.id")
        self.assertEqual(sorted(rows), sorted(2 * [("correct slips follows",), ("correct truncated malformed",), ("correct correct missing",)]))
        self.assertEqual(self.rows("o.db", "SELECT DISTINCT tokens_in, tokens_cached, tokens_out, served_by FROM call WHERE accepted"), [(105, 10, 7, "mockllm/model")])


if __name__ == "__main__":
    unittest.main(verbosity=2)
