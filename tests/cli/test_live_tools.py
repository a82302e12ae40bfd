"""Tools over the wire, in three formats: a server that refuses what providers refuse, and knows the values only from
the tool's results."""
import json
import unittest

import lhcli
import lhlive
import lhtools

TASK = "kv_sum:tools=true,keys=12"


class Tools(lhlive.Case, lhcli.Refusals):
    def worker(self, form, **more):
        w = lhtools.Worker(form, **more)
        return w, self.fake(w.reply)

    def run_it(self, server, form, *args, samples=2, turns=4, k=2, file="t.db", model=(), code=0):
        done = self.longhaul("run", "--task", TASK, "--model", self.model(server, form, **dict(model)), "--samples", samples, "--turns", turns,
                             "--steps-per-turn", k, "-o", file, "--json", "-", "--no-timing", *args)
        if code is not None:
            self.assertEqual(done.code, code, str(done))
        return done

    def outcomes_of(self, file="t.db"):
        return {o for o, in self.rows(file, "SELECT DISTINCT outcome FROM call WHERE accepted")}

    def tools_of(self, file="t.db"):
        return [(r, t, json.loads(c) if c else None) for r, t, c in self.rows(file, "SELECT role, text, calls FROM message WHERE slot IS NOT NULL ORDER BY episode, slot")]


class Formats(Tools):
    def test_all(self):
        """Calls, results and answers in every format, streamed or whole, thoughts included: no request is refused."""
        for form in lhlive.FORMATS:
            for stream in ("true", "false"):
                for thinks in (False, True):
                    with self.subTest(form=form, stream=stream, thinks=thinks):
                        w, server = self.worker(form, thinks=thinks, text="One moment." if thinks else "")
                        self.run_it(server, form, model={"stream": stream}, file=f"{form}-{stream}-{thinks}.db")
                        self.assertEqual(w.refused, [])
                        file = f"{form}-{stream}-{thinks}.db"
                        self.assertEqual(self.outcomes_of(file), {"correct"})
                        self.assertEqual(len(server.seen), 2 * 4 * 2)
                        calls = [c for r, _, c in self.tools_of(file) if r == "assistant" and c]
                        self.assertEqual({len(c) for c in calls}, {2})
                        self.assertEqual({c["name"] for cs in calls for c in cs}, {"get_value"})

    def test_one_at_a_time(self):
        for form in lhlive.FORMATS:
            with self.subTest(form=form):
                w, server = self.worker(form, at_once=1, thinks=True)
                self.run_it(server, form, k=3, file=form + ".db")
                self.assertEqual(w.refused, [])
                self.assertEqual(self.outcomes_of(form + ".db"), {"correct"})
                asked = self.rows(form + ".db", "SELECT DISTINCT n FROM (SELECT count(*) AS n FROM call GROUP BY episode, turn)")
                self.assertTrue(all(2 <= n <= 4 for n, in asked), asked)       # a key named twice is looked up once

    def test_what_was_sent_is_what_the_transcript_says(self):
        for form in lhlive.FORMATS:
            w, server = self.worker(form, thinks=True)
            self.run_it(server, form, samples=1, file=form + ".db")
            last = json.loads(server.seen[-1]["body"])
            shown = json.loads(self.good("transcript", form + ".db", 0, "--as-sent", "--turn", 4).out)
            for name in ("messages", "system", "input", "instructions"):
                self.assertEqual(shown.get(name), last.get(name), form)
            text = self.good("transcript", form + ".db", 0).out
            self.assertIn('    calls get_value {"key": "', text)
            self.assertIn("tool get_value", text)

    def test_what_was_sent_where_results_are_cleared(self):
        """What stands in place of a result, or of arguments, takes no thought from other messages, and the count says what it takes."""
        for n, (policy, kept) in enumerate((("mask_observations:n=1", (0, 0, 2, 2, 4, 4)), ("clear_tool_uses:trigger=1,keep=0,inputs=true", (0, 0, 1, 1, 2, 2)),
                                            ("clear_tool_uses:trigger=1,keep=0,inputs=true,except=get_value", (0, 0, 2, 2, 4, 4)))):
            w, server = self.worker("openai_responses", thinks=True)
            w.check = lambda *request: None           # signatures hold for whole requests: these are not
            self.run_it(server, "openai_responses", "--policy", policy, samples=1, turns=3, file=f"{n}.db")
            for seen, turn in zip(server.seen, (1, 1, 2, 2, 3, 3)):
                call = (server.seen.index(seen)) % 2
                shown = json.loads(self.good("transcript", f"{n}.db", 0, "--as-sent", "--turn", turn, "--call", call).out)
                self.assertEqual(shown["input"], json.loads(seen["body"])["input"], (policy, turn, call))
                before = shown["input"][:max(i for i, m in enumerate(shown["input"]) if m.get("role") == "user")]
                self.assertEqual(sum(m.get("type") == "reasoning" for m in before), kept[2 * turn - 2], (policy, turn))
            self.assertEqual(self.rows(f"{n}.db", "SELECT thoughts_kept FROM call ORDER BY turn, seq"), [(k,) for k in kept], policy)

    def test_servers_without_ids(self):
        w, server = self.worker("openai", ids=False)
        self.run_it(server, "openai", samples=1)
        self.assertEqual(w.refused, [])
        self.assertEqual(self.outcomes_of(), {"correct"})


    def test_servers_without_ids_that_sign(self):
        """A call that goes back as it came has the id that its result names."""
        for member in ({"id": ""}, {}):
            w = lhtools.Worker("openai", ids=False)

            def signed(seen):
                status, whole = lhtools.Worker.reply(w, {**seen, "body": json.dumps({**json.loads(seen["body"]), "stream": False}).encode()})
                for c in whole["choices"][0]["message"].get("tool_calls", []) if status == 200 else ():
                    c.pop("id")
                    c.update(member, extra_content={"google": {"thought_signature": "s"}})
                return status, whole
            server = self.fake(signed)
            self.run_it(server, "openai", "--new", samples=1, turns=2, model={"stream": "false"})
            self.assertEqual(w.refused, [])
            last = json.loads(server.seen[-1]["body"])["messages"]
            self.assertIn("extra_content", last[2]["tool_calls"][0])


class Policies(Tools):
    def test_all_shipped(self):
        """Whatever a policy leaves out of a request, providers take it."""
        names = [line.split()[0] for line in self.good("list", "policies").out.splitlines()]
        self.assertIn("clear_tool_uses", names)
        for form in ("openai", "anthropic"):
            w, server = self.worker(form, at_once=2)
            specs = [n for n in names if n != "agent"] + ["clear_tool_uses:trigger=200,keep=1,inputs=true", "mask_observations:n=2", "window:n=1",
                                                          "token_window:max=400", "summarize:max=300,keep=1", "discard_all:max=300", "head_tail:head=1,tail=1"]
            done = self.run_it(server, form, *[x for n in specs for x in ("--policy", n)], samples=1, turns=5, file=form + ".db")
            self.assertEqual(w.refused, [])
            for c in lhcli.strict_json(done.out)["conditions"]:
                self.assertEqual(sum(c["outcomes"]["policy_error"]), 0, c["policy"])

    def test_votes(self):
        """The replies of one sample go on together; the accepted one's calls alone enter the record."""
        w, server = self.worker("openai", at_once=1)
        self.run_it(server, "openai", "--policy", "majority_vote:n=3", samples=1, turns=2, k=2)
        self.assertEqual(w.refused, [])
        self.assertEqual(self.outcomes_of(), {"correct"})
        inside = self.rows("t.db", "SELECT count(*) FROM message WHERE role = 'tool' AND slot IS NOT NULL")[0][0]
        outside = self.rows("t.db", "SELECT count(*) FROM message WHERE role = 'tool' AND slot IS NULL")[0][0]
        self.assertEqual(outside, 2 * inside)
        for turn in (1, 2):                   # the last request of a chain, which was not accepted, can be shown too
            self.good("transcript", "t.db", 0, "--as-sent", "--turn", turn, "--call", 3)


class Trouble(Tools):
    def test_never_an_answer(self):
        """4K + 8 calls, then the turn counts as cut off; the conversation goes on."""
        w, server = self.worker("openai", act=lambda self, said: ([("get_value", '{"key": "x"}')], ""))
        self.run_it(server, "openai", samples=1, turns=2, k=1)
        self.assertEqual(w.refused, [])
        self.assertEqual(len(server.seen), 2 * 12)
        self.assertEqual(self.outcomes_of(), {"truncated"})
        self.assertTrue(all("there is no key x" in t for r, t, _ in self.tools_of() if r == "tool"))

    def test_an_answer_beside_calls_without_end(self):
        """The last reply that is waited for is one like any other, its answer too: for a run that is replayed or resumed as well."""
        w, server = self.worker("openai", act=lambda self, said: ([("get_value", '{"key": "x"}')], "so <answer>5</answer>"))
        whole = self.run_it(server, "openai", samples=1, turns=3, k=1, file="whole.db")
        self.assertEqual(self.rows("whole.db", "SELECT DISTINCT answered, finish FROM call WHERE accepted"), [("5", "length")])
        again = self.good("run", "--task", TASK, "--model", "replay:whole.db", "--samples", 1, "--turns", 3, "--steps-per-turn", 1, "-o", "none", "--json", "-", "--no-timing")
        self.assertEqual(self.measured(again.raw), self.measured(whole.raw))
        w.made = 0
        self.run_it(server, "openai", "--max-calls", 18, samples=1, turns=3, k=1, code=None)
        self.run_it(server, "openai", "--resume", samples=1, turns=3, k=1)
        self.assertSameRows("whole.db", "t.db", "resumed")

    def test_thousands_of_calls(self):
        """What one reply may bring is bounded; a sample's replies, whose calls are no part of the record yet, are no exception."""
        for policy, n, outcome in (("majority_vote:n=2", 5000, "slips"), ("majority_vote:n=2", 16384, "truncated"), ("full_history", 16384, "truncated")):
            w, server = self.worker("openai", act=lambda self, said: ([("get_value", "{}")] * n if said[-1][0] == "user" else [], "<answer>1000</answer>" * (said[-1][0] != "user")))
            self.run_it(server, "openai", "--policy", policy, "--new", samples=1, turns=1, k=1, model={"stream": "false"})
            self.assertEqual(self.rows("t.db", "SELECT c.outcome FROM call c JOIN episode e ON e.id = c.episode WHERE accepted ORDER BY e.id DESC LIMIT 1"), [(outcome,)])
            self.assertEqual(w.refused, [])

    def test_calls_too_many_to_be_kept(self):
        """Calls that say nothing are short, and what is kept of each is not."""
        whole = json.dumps(lhtools.to_openai("", [], None)).replace('"content": null', '"content": null, "tool_calls": [' + ",".join(["{}"] * 400000) + "]")
        server = self.fake(lambda seen: (200, whole.encode()))
        self.run_it(server, "openai", samples=1, turns=1, model={"stream": "false"})
        self.assertIn("too large to be kept", self.rows("t.db", "SELECT cause FROM episode")[0][0])
        self.assertEqual(len(server.seen), 1)

    def test_wrong_calls_are_told(self):
        wrong = [("get_values", "{}"), ("get_value", "key=x"), ("get_value", "{}"), ("get_value", '{"key": 3}'), ("get_value", '{"key": "x", "all": 1}'), ("get_value", "")]

        def act(self, said):
            return (wrong, "") if said[-1][0] == "user" else ([], "<answer>1</answer>")
        w, server = self.worker("openai", act=act)
        self.run_it(server, "openai", samples=1, turns=1, k=1)
        told = [json.loads(t)["error"] for r, t, _ in self.tools_of() if r == "tool"]
        self.assertEqual(told, ['there is no tool "get_values"; there are: get_value', "the arguments are no JSON object: key=x", 'argument "key" is missing',
                                'argument "key" is of the wrong type', 'argument "all" is not known', 'argument "key" is missing'])

    def test_calls_of_a_reply_cut_off(self):
        """A call that was cut off is none."""
        w = lhtools.Worker("openai")

        def cut(seen):
            status, whole = lhtools.Worker.reply(w, {**seen, "body": json.dumps({**json.loads(seen["body"]), "stream": False}).encode()})
            whole["choices"][0]["finish_reason"] = "length"
            return status, whole
        server = self.fake(cut)
        self.run_it(server, "openai", samples=1, turns=1, model={"stream": "false"})
        self.assertEqual(self.outcomes_of(), {"truncated"})
        self.assertEqual([r for r, _, _ in self.tools_of()], ["system", "user", "assistant"])

    def test_resume(self):
        """Stopped by a budget at any call: what was paid for is not asked again, and the result is that of an unbroken run."""
        for policy in ("full_history", "majority_vote:n=2"):
            w, server = self.worker("openai", at_once=1)
            whole = self.run_it(server, "openai", "--policy", policy, "--concurrency", 1, file="whole.db")
            asked = len(server.seen)
            server.seen.clear()
            self.path("t.db").unlink(missing_ok=True)
            for most in range(3, asked + 3, 3):
                self.run_it(server, "openai", "--policy", policy, "--concurrency", 1, "--max-calls", most, *(["--resume"] if most > 3 else []), code=None)
            again = self.run_it(server, "openai", "--policy", policy, "--resume")
            self.assertEqual(len(server.seen), asked)
            self.assertEqual(w.refused, [])
            self.assertEqual(self.measured(again.raw), self.measured(whole.raw))
            self.path("whole.db").unlink()

    def test_too_long_in_the_middle(self):
        """A view that overflow() gave holds for the rest of the turn, whatever view() would say."""
        hook = "overflow = function(ep, history) return history:view():keep_last(0) end"
        self.write("over.lua", "return { api = 1, " + hook + " }")
        self.write("both.lua", "return { api = 1, view = function(ep, history) return history:view() end, " + hook + " }")
        for policy in ("./over.lua", "./both.lua"):
            w, server = self.worker("openai", at_once=1)
            answer = server.reply

            def reply(seen):
                asked = sum(m["role"] == "user" for m in json.loads(seen["body"])["messages"])
                return (400, {"error": {"message": "too long", "code": "context_length_exceeded"}}) if asked > 1 else answer(seen)
            server.reply = reply
            self.run_it(server, "openai", "--policy", policy, "--new", samples=1, turns=3, k=2)
            self.assertEqual(w.refused, [])
            self.assertEqual(self.rows("t.db", "SELECT status, cause FROM episode ORDER BY id DESC LIMIT 1"), [("done", None)], policy)
            sent = json.loads(self.good("transcript", "t.db", 0, "--as-sent", "--turn", 3, "--call", 3).out)["messages"]
            self.assertEqual([m["role"] for m in sent], ["system", "user", "assistant", "tool", "assistant", "tool"])

    def test_an_outage(self):
        """A server that goes away in the middle of a vote: all that failed then is asked again, whichever round each reply had come to."""
        w, server = self.worker("openai", at_once=1)
        answer, down = server.reply, [0]
        server.reply = lambda seen: (500, {"error": {"message": "down"}}) if down[0] and len(server.seen) > down[0] else answer(seen)
        args = ("--policy", "majority_vote:n=3", "--concurrency", 1, "--retries", 1)
        self.run_it(server, "openai", *args, samples=1, turns=1, file="whole.db")
        for up in range(1, len(server.seen)):
            server.seen.clear()
            down[0] = up
            self.run_it(server, "openai", *args, "--new", samples=1, turns=1)
            down[0] = 0
            if self.rows("t.db", "SELECT status FROM episode ORDER BY id DESC LIMIT 1") == [("done",)]:
                continue                      # one reply had come to its end: the vote was taken without the others
            self.run_it(server, "openai", *args, "--resume", samples=1, turns=1)
            last = "SELECT c.turn, c.seq, c.view, c.outcome, c.error FROM call c JOIN episode e ON e.id = c.episode WHERE e.run = (SELECT max(id) FROM run) ORDER BY 1, 2"
            self.assertEqual(self.rows("t.db", last), self.rows("whole.db", last), up)

    def test_replay(self):
        w, server = self.worker("anthropic", at_once=1, thinks=True)
        first = self.run_it(server, "anthropic", "--policy", "window:n=2", "--policy", "mask_observations:n=4")
        again = self.good("run", "--task", TASK, "--model", "replay:t.db", "--samples", 2, "--turns", 4, "--steps-per-turn", 2, "--policy", "window:n=2",
                          "--policy", "mask_observations:n=4", "-o", "none", "--json", "-", "--no-timing")
        self.assertEqual(self.measured(again.raw), self.measured(first.raw))

    def test_agents_bring_their_own(self):
        w, server = self.worker("openai")
        done = self.longhaul("run", "--task", TASK, "--policy", "agent", "--model", self.model(server, "openai", history="delta"), "-o", "t.db")
        self.assertClear(done, "cannot be given the tools of task kv_sum")


if __name__ == "__main__":
    unittest.main()
