"""Families that offer tools, on the simulated model: what the tools say, what policies make of it, and that a run with
them is repeated like any other."""
import json
import re
import unittest

import lhcli

KV = "kv_sum:tools=true,keys=10"
FLIGHTS = "flight_eval:tools=true,flights=12"


class Tools(lhcli.Case):
    def run_it(self, task, *args, model="sim:accuracy=1", file="t.db", samples=3, turns=6, k=2):
        return self.good("run", "--task", task, "--model", model, "--samples", samples, "--turns", turns, "--steps-per-turn", k, "-o", file, "--no-timing", *args)

    def results(self, file="t.db"):
        """(sample, {call id: what it was for}, [(call id, text)]) of each episode."""
        found = {}
        for sample, turn, role, text, calls in self.rows(file, "SELECT e.sample, m.turn, m.role, m.text, m.calls FROM message m JOIN episode e ON e.id = m.episode"
                                                               " WHERE m.slot IS NOT NULL ORDER BY 1, m.slot"):
            asked, given = found.setdefault(sample, ({}, []))
            for c in json.loads(calls) if calls else ():
                if role == "assistant":
                    asked[c["id"]] = json.loads(c["arguments"])
                else:
                    given.append((c["id"], text))
        return found

    def states(self, file="t.db"):
        return self.rows(file, "SELECT e.sample, c.turn, c.truth FROM call c JOIN episode e ON e.id = c.episode WHERE c.accepted ORDER BY 1, 2")


class WhatTheySay(Tools):
    def test_values(self):
        """get_value gives what the dictionary without tools says, for the same plan and the same truth."""
        self.run_it(KV)
        self.run_it("kv_sum:keys=10", file="plain.db")
        self.assertEqual(self.states(), self.states("plain.db"))
        told = self.rows("plain.db", "SELECT e.sample, m.text FROM message m JOIN episode e ON e.id = m.episode WHERE m.role = 'system'")
        for sample, text in told:
            dictionary = json.loads(text.strip().splitlines()[-1])
            asked, given = self.results()[sample]
            self.assertEqual(len(given), 12)
            for call, said in given:
                self.assertEqual(json.loads(said), {"value": dictionary[asked[call]["key"]]})
        with_tools = self.rows("t.db", "SELECT text FROM message WHERE role = 'system'")[0][0]
        self.assertNotIn(next(iter(dictionary)), with_tools)

    def test_flights(self):
        self.run_it(FLIGHTS)
        self.run_it("flight_eval:flights=12", file="plain.db")
        self.assertEqual(self.states(), self.states("plain.db"))
        told = dict(self.rows("plain.db", "SELECT e.sample, m.text FROM message m JOIN episode e ON e.id = m.episode WHERE m.role = 'system'"))
        for sample, (asked, given) in self.results().items():
            for call, said in given:
                f = json.loads(said)
                stops = f"{len(f['stops'])} stop" + ("" if len(f["stops"]) == 1 else "s")
                if f["stops"]:
                    stops += " (" + ", ".join(f"{s['airport']} {s['minutes']} min" for s in f["stops"]) + ")"
                line = (f"{f['number']}: {f['departure']}-{f['arrival']}, {stops}, fare {f['fare']}, bag fee {f['bag_fee']}, "
                        f"max bags {f['max_bags']}, rating {f['rating']:.1f}\n")
                self.assertEqual(f["number"], asked[call]["number"])
                self.assertIn(line, told[sample])
        self.assertNotRegex(self.rows("t.db", "SELECT text FROM message WHERE role = 'system'")[0][0].split("From here on")[1], r"fare \d")

    def test_nothing_to_fetch(self):
        done = self.longhaul("run", "--task", "flight_eval:tools=true,lookup=false", "-o", "t.db")
        self.assertEqual(done.code, 2)
        self.assertIn("there is nothing to fetch", done.err)

    def test_families_keep_their_promises(self):
        for family in ("kv_sum", "flight_eval"):
            plugin = lhcli.build_folder() / "plugins" / f"{family}.so"
            done = self.good("check", plugin, "--set", "tools=true", "--samples", 10, "--steps", 20)
            self.assertEqual(len(re.findall(r"(?m)^ok .*tools", done.out)), 3, str(done))
            self.assertNotIn("skipped tools", done.out)
            self.assertIn("skipped tools take any arguments", self.good("check", plugin, "--samples", 2, "--steps", 5).out)


class WhatPoliciesMake(Tools):
    def sent(self, turn, *more):
        return json.loads(self.good("transcript", "t.db", 0, "--as-sent", "--turn", turn, *more).out)["messages"]

    def test_masking(self):
        self.run_it(FLIGHTS, "--policy", "mask_observations:n=3", samples=1)
        texts = [m["content"] for m in self.sent(6) if m["role"] == "tool"]
        self.assertEqual(texts[:9], ["Old environment output: (1 lines omitted)"] * 9)
        self.assertTrue(all(t.startswith('{"number"') for t in texts[9:]) and len(texts) == 12)

    def test_masking_a_few_at_a_time(self):
        self.run_it(KV, "--policy", "mask_observations:n=3,polling=4,placeholder=gone", samples=1)
        gone = [sum(m["content"] == "gone" for m in self.sent(t) if m["role"] == "tool") for t in range(1, 7)]
        self.assertEqual(gone, [0, 0, 0, 4, 4, 8])         # of 2, 4, … results, those before the newest 3, in fours

    def test_clearing(self):
        self.run_it(FLIGHTS, "--policy", "clear_tool_uses:trigger=1500,keep=2,inputs=true", samples=1, turns=12)
        cleared = []
        for turn in range(1, 13):
            messages = self.sent(turn)
            gone = [m["tool_call_id"] for m in messages if m["role"] == "tool" and m["content"] == "[cleared]"]
            calls = {c["id"]: c["function"]["arguments"] for m in messages for c in m.get("tool_calls") or ()}
            self.assertEqual({calls[i] for i in gone} - {"{}"}, set())
            self.assertEqual(gone[:len(cleared)], cleared, "what is cleared stays cleared")
            cleared = gone
        self.assertGreater(len(cleared), 5)
        self.assertLess(len(cleared), 23)

    def test_clearing_in_parts(self):
        """stop_after clears no more than it must; min_gain does nothing for little."""
        counts = {}
        for name, more in (("all", ""), ("parts", ",stop_after=60"), ("nothing", ",min_gain=100000"), ("spared", ",except=get_flight"), ("else", ",except=get_train")):
            self.run_it(FLIGHTS, "--policy", "clear_tool_uses:trigger=2500,keep=2" + more, samples=1, turns=12, file=f"{name}.db")
            sent = json.loads(self.good("transcript", f"{name}.db", 0, "--as-sent", "--turn", 12).out)["messages"]
            counts[name] = sum(m["content"] == "[cleared]" for m in sent)
        self.assertEqual((counts["nothing"], counts["spared"]), (0, 0))
        self.assertEqual(counts["else"], counts["all"])
        self.assertTrue(0 < counts["parts"] < counts["all"], counts)

    def test_answers_alone_and_no_replies(self):
        """Where only answers, or no replies, are sent, calls and results leave with them; this turn's stay."""
        self.run_it(KV, "--policy", "answers_only", "--policy", "omit_assistant", samples=1, turns=3)
        for policy in ("answers_only", "omit_assistant"):
            roles = [m["role"] for m in self.sent(3, "--policy", policy)]
            self.assertEqual(roles[-4:], ["user", "assistant", "tool", "tool"], policy)
            self.assertNotIn("tool", roles[:-4], policy)

    def test_a_turn_leaves_whole(self):
        self.run_it(KV, "--policy", "window:n=1", samples=1, turns=4)
        self.assertEqual([m["role"] for m in self.sent(4)], ["system"] + 2 * ["user", "assistant", "tool", "tool", "assistant"][:5] and
                         ["system", "user", "assistant", "tool", "tool", "assistant", "user", "assistant", "tool", "tool"])

    def test_what_a_policy_sees(self):
        self.write("look.lua", """
return { api = 1, view = function(ep, history)
  local m = history[#history]
  if m.role == "tool" then
    ep:log(m.tool .. " " .. history[#history - 1].role .. " " .. history:results())
    local calls = history[#history - 2].calls
    ep:log(#calls .. " " .. calls[1].name .. " " .. calls[1].arguments .. " " .. tostring(m.calls) .. tostring(history[2].tool))
    if ep.turn == 2 then
      local first, last = history:turn(1)
      ep:log(first .. " " .. last)
    end
  end
  return history:view()
end }""")
        self.run_it(KV, "--policy", "./look.lua", samples=1, turns=2)
        log = json.loads(self.rows("t.db", "SELECT extra FROM episode")[0][0])["log"].splitlines()
        self.assertEqual(log[0], "get_value tool 2")
        self.assertRegex(log[1], r'\A2 get_value \{"key":"\w+"\} nilnil\Z')
        self.assertEqual(log[2], "get_value tool 4")
        self.assertEqual(log[4], "2 6")

    def test_words_behind_results(self):
        """What a policy says behind the prompt, and so behind what its tools have brought, hides none of that from sim."""
        self.write("say.lua", 'return { api = 1, view = function(ep, history) return history:view():append("user", "Think.") end }')
        for model in ("sim:accuracy=1", "sim:accuracy=1,calls_at_once=1"):
            self.run_it(KV, "--policy", "./say.lua", "--new", model=model, samples=1)
            self.assertEqual(self.rows("t.db", "SELECT DISTINCT outcome FROM call WHERE accepted"), [("correct",)])

    def test_groups_are_not_broken(self):
        for body, words in (('return history:view():insert(5, "user", "x")', "a call and its results leave together"),
                            ('return history:view():set(4, "x")', "is a tool's result"),
                            ('return history:view():set(3, "x")', "a call and its results leave together"),
                            ('return history:view():clear_results{ first = 1, keep_last = 2 }', "either first or keep_last"),
                            ('return history:view():clear_results{ placeholder = "gone" }:clear_results{}', "are cleared already"),
                            ('return history:view():clear_results{ placeholder = "" }', "the placeholder is empty"),
                            ('return history:view():clear_results{ exept = {} }', "did you mean 'except'")):
            self.write("bad.lua", "return { api = 1, view = function(ep, history)\n if ep.turn < 2 then return history:view() end\n " + body + "\nend }")
            self.longhaul("run", "--task", KV, "--model", "sim", "--policy", "./bad.lua", "--samples", 1, "--turns", 3, "--steps-per-turn", 2, "-o", "t.db", "--new")
            cause = self.rows("t.db", "SELECT cause FROM episode ORDER BY id DESC LIMIT 1")[0][0]
            self.assertIn(words, cause, body)
            self.assertIn("bad.lua", cause)

    def test_editing(self):
        self.write("edit.lua", """
return { api = 1, requires = { "edit" }, view = function(ep, history)
  if ep.turn == 3 and history[#history].role == "user" then
    history:replace(4, "gone", "long")
    local ok, why = pcall(function() history:remove(3, 3, "half") end)
    ep:log(why)
    local first, last = history:turn(2)
    history:remove(first, last, "whole")
  end
  return history:view()
end }""")
        self.run_it(KV, "--policy", "./edit.lua", samples=1, turns=4)
        sent = self.sent(3)
        self.assertEqual([m["role"] for m in sent], ["system", "user", "assistant", "tool", "tool", "assistant", "user", "assistant", "tool", "tool"])
        self.assertEqual((sent[3]["content"], sent[3]["tool_call_id"]), ("gone", "call_1_1"))
        self.assertIn("goes with their results or not at all", self.rows("t.db", "SELECT extra FROM episode")[0][0])


class Repeated(Tools):
    POLICIES = ("full_history", "window:n=2", "state_carry", "majority_vote:n=3", "mask_observations:n=2", "clear_tool_uses:trigger=400,keep=1", "drop_errors",
                "summarize:max=400,keep=2", "heal")

    def args(self, model, *more):
        policies = [x for p in self.POLICIES for x in ("--policy", p)]
        return ("run", "--task", KV, "--task", FLIGHTS, "--model", model, *policies, "--samples", 2, "--turns", 5, "--steps-per-turn", 2, "--json", "-", "--no-timing", *more)

    def test_replay_and_concurrency(self):
        sim = "sim:accuracy=0.8,contagion=0.5,calls_at_once=1,latency_ms=10,latency_spread=1,malformed=0.1"
        first = self.good(*self.args(sim, "-o", "t.db", "--concurrency", 1))
        for more in (("--concurrency", 50, "--jobs", 0), ("--jobs", 2)):
            self.assertEqual(self.good(*self.args(sim, "-o", "none", *more)).raw, first.raw)
        again = lhcli.strict_json(self.good(*self.args("replay:t.db", "-o", "none")).out)
        for a, b in zip(lhcli.strict_json(first.out)["conditions"], again["conditions"]):
            self.assertEqual(a["outcomes"], b["outcomes"], a["policy"])
        self.assertEqual(self.good("report", "t.db", "--json", "-", "--no-timing").raw, first.raw)

    def test_made_histories(self):
        """Behind a made history calls and results stand as in one that was; the transcript makes it again."""
        args = ("--history", "clean", "--history", "injected:rate=0.5", "--probe-turns", "1,last")
        first = self.good(*self.args("sim:accuracy=0.9", "-o", "t.db", *args))
        again = lhcli.strict_json(self.good(*self.args("replay:t.db", "-o", "none", *args)).out)
        for a, b in zip(lhcli.strict_json(first.out)["conditions"], again["conditions"]):
            self.assertEqual(a["outcomes"], b["outcomes"], (a["policy"], a["history"]))
        sent = json.loads(self.good("transcript", "t.db", 0, "--history", "injected:rate=0.5", "--policy", "full_history", "--as-sent", "--turn", 5).out)["messages"]
        self.assertEqual([m["role"] for m in sent], ["system"] + 4 * ["user", "assistant", "tool", "tool", "assistant"] + ["user", "assistant", "tool", "tool"])
        self.assertIn("(made)", self.good("transcript", "t.db", 0, "--history", "clean", "--policy", "full_history").out)

    def test_long(self):
        """Linear in turns: the run file of twice the turns is twice as large, calls and results included."""
        sizes = []
        for turns in (200, 400):
            self.run_it(KV, "--policy", "mask_observations", samples=1, turns=turns, k=1, file=f"{turns}.db")
            sizes.append(self.path(f"{turns}.db").stat().st_size)
        self.assertLess(sizes[1], 2.1 * sizes[0])

    def test_what_is_hidden_is_missed(self):
        """A result that this turn needs and the view hides is a step that goes wrong."""
        hide = self.write("hide.lua", "return { api = 1, view = function(ep, history) return history:view():clear_results{} end }")
        report = self.good("run", "--task", KV, "--model", "sim:accuracy=1,calls_at_once=1", "--policy", "./hide.lua", "--samples", 2, "--turns", 3, "--steps-per-turn", 2,
                           "-o", "t.db", "--json", "-")
        [c] = lhcli.strict_json(report.out)["conditions"]
        self.assertEqual(c["turn_error_rate"]["value"], 1)
        self.assertEqual(self.rows("t.db", "SELECT DISTINCT n FROM (SELECT count(*) AS n FROM call GROUP BY episode, turn)"), [(3,)])
        self.assertTrue(hide)

    def test_dry_run(self):
        done = self.good("run", "--task", KV, "--model", "openai:m", "--samples", 10, "--turns", 5, "--steps-per-turn", 2, "--dry-run")
        self.assertRegex(done.out, r"(?m)^openai:m +full_history +100 ")         # a call for the tools and one for the answer


if __name__ == "__main__":
    unittest.main()
