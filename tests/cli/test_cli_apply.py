"""A policy applied to messages from anywhere: what it sends of a run's own record is what the run sent, byte for byte but for
messages of one side, which a request joins; what stays comes out as it went in; what cannot be is refused in a sentence."""
import json
import re
import subprocess

import lhcli

MODEL = "sim:accuracy=0.8,self_conditioning=1,malformed=0.1,thoughts=tag,thought_tokens=9"
SHIPPED = sorted(p.stem for p in (lhcli.SOURCE / "scripts" / "policies").glob("*.lua"))
ORACLES = {"heal", "drop_wrong"}
# What makes a policy act within a few turns.
ACTING = ("full_history", "window:n=2", "token_window:max=150", "head_tail:head=1,tail=1", "amortized:max=2", "reset", "state_carry", "recap:n=2", "strip_thoughts",
          "answers_only", "omit_assistant", "self_verify", "majority_vote:n=3", "first_to_lead", "discard_all:max=150", "mask_observations:n=1",
          "clear_tool_uses:trigger=1,keep=1,inputs=true", "clear_tool_uses:trigger=1,keep=0,except=get_value", "summarize", "drop_errors")


def joined(messages):
    """As a request has them: messages of one role that follow one another are one."""
    out = []
    for m in messages:
        if out and m["role"] == out[-1]["role"] == "user":
            out[-1] = {"role": "user", "content": out[-1]["content"] + "\n\n" + m["content"]}
        else:
            out.append({k: v for k, v in m.items() if v or k != "content"})
    return out


def user(text, **more): return {"role": "user", "content": text, **more}
def said(text, **more): return {"role": "assistant", "content": text, **more}
def calling(*names): return {"role": "assistant", "content": None, "tool_calls": [
    {"id": f"id_{n}", "type": "function", "function": {"name": n, "arguments": '{"x":1}'}} for n in names]}
def result(name, text): return {"role": "tool", "tool_call_id": f"id_{name}", "content": text}


class Apply(lhcli.Refusals):
    def apply(self, policy, messages, *args):
        """(what would be sent, what is said of it)."""
        self.write("messages.json", json.dumps(messages))
        done = self.good("apply", policy, "messages.json", *args)
        return lhcli.strict_json(done.out), done.err

    def refused(self, policy, messages, *words, args=()):
        self.refuse(["apply", policy, "messages.json", *args], words, {"messages.json": messages if isinstance(messages, (str, bytes)) else json.dumps(messages)})

    # ---- the same as a run ----

    def records(self, file):
        """Of sample 0, by condition: its record, and where in it the prompt of each turn stands."""
        episodes = [json.loads(line) for line in self.good("export", file, "--format", "messages", "-o", "-").out.splitlines()]
        return [(e["messages"], [i for i, m in enumerate(e["messages"]) if m["role"] == "user"]) for e in episodes]

    def test_what_a_run_sent(self):
        """Each policy in the middle and at the end, with tools: from the record of the run itself."""
        self.assertEqual({a.split(":")[0] for a in ACTING} | ORACLES | {"agent"}, set(SHIPPED))
        acting = [p for p in ACTING if p != "drop_errors"]       # it edits its record, of which the export has the end alone
        self.good("run", "--task", "kv_sum:keys=6,tools=true", "--model", MODEL, *(a for p in acting for a in ("--policy", p)), "--turns", 5, "--samples", 1, "-o", "run.db", "--quiet")
        differ = 0
        for condition, (policy, (messages, prompts)) in enumerate(zip(acting, self.records("run.db"), strict=True)):
            for turn in (3, 5):
                sent = json.loads(self.good("transcript", "run.db", 0, "--condition", condition, "--turn", turn, "--as-sent", "--call", 0).out)["messages"]
                before = messages[:prompts[turn - 1] + 1]
                found, _ = self.apply(policy, before, "--initial", 0)
                with self.subTest(policy=policy, turn=turn):
                    self.assertEqual(joined(found), joined(sent))
                differ += found != before
        self.assertGreater(differ, 20)

    def test_in_the_middle_of_a_turn(self):
        """The tool's result is the last message: what the next call of the turn was sent."""
        task = "kv_sum:keys=6,tools=true"
        for policy in ("clear_tool_uses:trigger=1,keep=1", "window:n=1", "majority_vote:n=1"):
            self.good("run", "--task", task, "--model", "sim:accuracy=1,calls_at_once=1", "--policy", policy, "--turns", 4, "--samples", 1, "--steps-per-turn", 2, "-o", "run.db", "--new", "--quiet")
            (messages, prompts), = self.records("run.db")
            for call in (1, 2):
                sent = json.loads(self.good("transcript", "run.db", 0, "--turn", 4, "--as-sent", "--call", call).out)["messages"]
                found, _ = self.apply(policy, messages[:prompts[3] + 1 + 2 * call], "--initial", 0)
                with self.subTest(policy=policy, call=call):
                    self.assertEqual(joined(found), joined(sent))

    # ---- what comes in comes out ----

    TALK = [{"role": "system", "content": "Add up."}, user("1"), said("<answer>1</answer>", id="kept"), user("2", name="bob"), said("So <answer>3</answer>.", reasoning_content="hm"),
            user([{"type": "text", "text": "3"}, {"type": "image_url", "image_url": {"url": "data:,x"}}])]

    def test_messages_keep_their_members(self):
        found, told = self.apply("full_history", self.TALK)
        self.assertEqual(found, self.TALK)
        self.assertRegex(told, r"\Afull_history: 6 of 6 messages, about (\d+) of \1 tokens \(estimated from bytes\)\n\Z")
        body = {"model": "m", "messages": self.TALK, "temperature": 0.25, "seed": 9007199254740991, "tools": [{"type": "function"}]}
        self.write("messages.json", json.dumps(body))
        done = self.good("apply", "window:n=1", "messages.json", "--quiet")
        self.assertEqual(done.err, "")
        self.assertEqual(lhcli.strict_json(done.out), {**body, "messages": [self.TALK[0], *self.TALK[3:]]})
        self.assertEqual(list(lhcli.strict_json(done.out)), list(body))

    def test_what_is_shortened_and_written(self):
        found, told = self.apply("answers_only", self.TALK)
        self.assertEqual(found, [*self.TALK[:4], said("<answer>3</answer>"), self.TALK[5]])
        self.assertIn("shortened: 5\n", told)
        found, told = self.apply("reset", self.TALK)
        self.assertEqual(found, [self.TALK[0], user([{"type": "text", "text": "So far: <answer>3</answer>"}, *self.TALK[5]["content"]])])
        self.assertIn("  left out: 2 to 5\n  written by the policy: 1\n", told)
        self.assertEqual(self.apply("reset", [user("7")], "--initial", "nothing yet")[0], [user("So far: <answer>nothing yet</answer>\n\n7")])
        self.assertIn("  asked for 5 times\n", self.apply("majority_vote", self.TALK)[1])

    def test_what_is_written_before_messages_without_words_of_the_user(self):
        """One without content takes it up; a system's does not, as it is no word of the system's."""
        talk = [user("1"), said("<answer>1</answer>")]
        written = "So far: <answer>1</answer>"
        self.assertEqual(self.apply("reset", [*talk, {"role": "user", "name": "bob"}])[0], [{"role": "user", "name": "bob", "content": written}])
        self.assertEqual(self.apply("reset", [*talk, {"role": "user", "content": None}])[0], [user(written)])
        system = {"role": "system", "content": "Be brief."}
        self.assertEqual(self.apply("reset", [*talk, system, user("2")])[0], [user(written), system, user("2")])

    def test_from_standard_input(self):
        p = subprocess.run([self.program, "apply", "window:n=1"], input=json.dumps(self.TALK).encode(), cwd=self.folder, env=lhcli.environment(self.folder), capture_output=True,
                           timeout=lhcli.HANG)
        self.assertEqual((p.returncode, json.loads(p.stdout)), (0, [self.TALK[0], *self.TALK[3:]]))

    def test_the_example_of_the_help(self):
        example = re.search(r"(?m)^example:\n  (.+)\n\Z", self.good("apply", "-h").out).group(1).replace("longhaul", str(self.program))
        p = subprocess.run(["sh", "-c", example], cwd=self.folder, env=lhcli.environment(self.folder), capture_output=True, timeout=lhcli.HANG)
        self.assertEqual((p.returncode, json.loads(p.stdout)), (0, [user("Hello")]))

    def test_conversations_of_other_shapes(self):
        """No instructions; instructions in the middle; an assistant that begins; two of one side; a turn that was broken off."""
        shapes = ([user("a"), said("b"), user("c")], [said("Hello!"), user("a"), said("b"), user("c")],
                  [{"role": "developer", "content": "x"}, {"role": "system", "content": "y"}, user("a"), user("a2"), said("b"), said("b2"), {"role": "system", "content": "now"}, user("c")],
                  [user("a"), calling("t"), result("t", "7"), user("stop"), said("ok"), user("c")], [user("a"), calling("t", "u"), result("u", "1"), result("t", "2"), said("b"), user("c")],
                  [user("a"), calling("t"), user("never mind"), said("b"), user("c")], [user("a"), said("b"), user("")], [user("a"), {"role": "assistant"}, user("c")],
                  [{"role": "system", "content": "x"}, user("c")])
        for talk in shapes:
            with self.subTest(talk=talk):
                self.assertEqual(self.apply("full_history", talk)[0], talk)
                last = max(i for i, m in enumerate(talk) if m["role"] in ("assistant", "tool") or i == 0) + 1
                head = [m for m in talk[:2] if m["role"] in ("system", "developer")]
                self.assertEqual(self.apply("window:n=0", talk)[0], head + talk[last:])

    def test_hostile_text(self):
        text = "\x1b[2J\u202e<answer></answer>\u0001<answer>1</answer><think>" + "</think><answer>" * 50 + "\U0001F600"
        talk = [user(text, name=text), said(text, reasoning=text), user(text)]
        for policy in ("full_history", "answers_only", "strip_thoughts", "recap:n=9"):
            found, told = self.apply(policy, talk)
            self.assertEqual(found[0], talk[0])
            self.assertFalse([c for c in told if ord(c) < 32 and c != "\n"])

    def test_what_a_policy_kept_of_earlier_turns(self):
        """Where it would have dropped something, or not, depends on what it dropped before."""
        acting = ("amortized:max=6", "discard_all:max=200", "token_window:max=200")
        self.good("run", "--task", "prefix_sum", "--model", "sim:accuracy=1", *(a for p in acting for a in ("--policy", p)), "--turns", 24, "--samples", 1, "-o", "run.db", "--quiet")
        kept = set()
        for condition, (policy, (messages, prompts)) in enumerate(zip(acting, self.records("run.db"), strict=True)):
            for turn in (17, 20, 24):
                sent = json.loads(self.good("transcript", "run.db", 0, "--condition", condition, "--turn", turn, "--as-sent").out)["messages"]
                found, _ = self.apply(policy, messages[:prompts[turn - 1] + 1], "--initial", 0)
                with self.subTest(policy=policy, turn=turn):
                    self.assertEqual(joined(found), joined(sent))
                kept.add((policy, len(messages[:prompts[turn - 1] + 1]) - len(found)))
        self.assertGreater(len(kept), 5)

    def test_tools_that_are_left_alone(self):
        talk = [user("a"), calling("t", "u"), result("t", "111"), result("u", "222"), said("b"), user("c")]
        found, told = self.apply("clear_tool_uses:trigger=1,keep=0,except=u,inputs=true", talk)
        self.assertEqual(found[2:], [{**talk[2], "content": "[cleared]"}, *talk[3:]])
        self.assertEqual([c["function"]["arguments"] for c in found[1]["tool_calls"]], ["{}", "{}"])
        self.assertIn("  shortened: 2 to 3\n", told)

    def test_a_summary_that_somebody_else_makes(self):
        """In two steps: the request of the policy's own, and the view with what came back, as the run had them."""
        policy = "summarize:max=1,keep=1"
        self.good("run", "--task", "prefix_sum", "--model", "sim:accuracy=1", "--policy", policy, "--turns", 3, "--samples", 1, "-o", "run.db", "--quiet")
        (messages, prompts), = self.records("run.db")
        talk = messages[:prompts[2] + 1]
        self.refused(policy, talk, "(summary)", "--own", "--reply FILE")
        asked, told = self.apply(policy, talk, "--own")
        self.assertRegex(told, r"\Asummarize:max=1,keep=1, a request of its own \(summary\): \d of 6 messages")
        self.assertIn("Summarise the conversation", asked[-1]["content"])
        self.assertEqual(len(asked), 6)
        self.write("said.txt", "All is well.\n")
        found, told = self.apply(policy, talk, "--reply", "said.txt")
        self.assertEqual(found, [talk[0], user("Summary of what came before: All is well.\n\n" + talk[3]["content"]), *talk[4:]])
        self.assertNotIn("of its own", told)
        self.refused(policy, talk, "1 thing of its own", args=("--reply", "said.txt", "--reply", "said.txt"))
        self.refused("window", talk, "0 things of its own", args=("--reply", "said.txt"))
        self.refused(policy, talk, "none.txt", args=("--reply", "none.txt"))

    def test_before_the_first_answer(self):
        """What a policy would have restated then is not needed any more; where it is needed now, it is asked for."""
        talk = [user("Hello"), said("Hello."), user("1 " * 300), said("<answer>1</answer>"), user("2 " * 300), said("Sure."), user("3")]
        found, _ = self.apply("discard_all:max=100", talk)
        self.assertEqual(found, [user("So far: <answer>1</answer>\n\n3")])
        self.refused("discard_all:max=100", [*talk[:2], user("1 " * 300)], "--initial")

    # ---- what cannot be ----

    def test_policies_that_cannot_be_applied(self):
        long = [m for i in range(9) for m in (user(f"{i} " + "word " * 400), said("Yes."))] + [user("now")]
        for policy in SHIPPED:
            self.write("messages.json", json.dumps(long))
            done = self.longhaul("apply", policy, "messages.json")
            words = "is an oracle" if policy in ORACLES else "keep their own context" if policy == "agent" else "first asks the model" if policy == "summarize" else \
                "--initial" if policy in ("reset", "state_carry", "omit_assistant", "discard_all", "drop_errors") else None
            with self.subTest(policy=policy):
                if words:
                    self.assertClear(done, words)
                else:
                    self.assertEqual(done.code, 0, str(done))
                    self.assertEqual(json.loads(done.out)[-1], long[-1])

    def test_rubbish(self):
        for text, *words in (("", "messages.json"), ("[", "messages.json"), ("7", "a list of messages"), ("{}", "a list of messages"), ("[]", "no message of the user"),
                             ('{"messages": 7}', "a list of messages"), ("[7]", "message 1 is no object"), ('[{"role":"wizard"}]', "message 1 has a role"), ("[{}]", "message 1 has a role"),
                             ([user("a"), said("b")], "ends with the assistant"), ([calling("t"), result("t", "1")], "no message of the user"), ([user(7)], "message 1 has content"), ([user([7])], "message 1 has a part"),
                             ([user("a"), {"role": "tool", "content": "x"}], "message 2 is a tool's result"), ([user("a"), calling("t"), result("u", "1")], "message 3 is a tool's result"),
                             ([user("a"), {**said(""), "tool_calls": [{"id": "x"}]}, user("b")], "message 2 calls a tool"), ([user("a"), {**said(""), "tool_calls": 7}, user("b")], "message 2 has tool_calls"),
                             (b'[{"role":"user","content":"\xff"}]', "messages.json"), ('[{"role":"user","role":"user"}]', "messages.json"), ('[{"role":"system","content":"x"}]', "no message of the user"),
                             ("[" * 100 + "]" * 100, "messages.json")):
            with self.subTest(text=str(text)[:60]):
                self.refused("window", text, *words)
        self.refused("window", [{"role": "system", "content": "x" * (5 << 20)}, user("a")], "the instructions are longer than")
        self.refused("windw", self.TALK, "window")
        self.refused("window:m=1", self.TALK, "'n'")
        self.refused("window", self.TALK, "--window", args=("--window", "x"))
        self.refused("reset", self.TALK, "at first", args=("--initial", "<b>"))
        self.write("bad.lua", "return { api = 1, view = function(ep, history) return 7 end }")
        self.refused("./bad.lua", self.TALK, "view() returned number")

    # ---- size ----

    def test_twenty_thousand_messages(self):
        """Every turn's view is made, and all are one pass: within the time that a quadratic one would not."""
        talk = [{"role": "system", "content": "Go on."}]
        for i in range(5000):
            talk += [user(f"step {i}"), calling("t"), result("t", "x" * 40), said(f"done <answer>{i}</answer>")]
        talk.append(user("last"))
        self.write("messages.json", json.dumps(talk))
        for policy, sent in (("window:n=3", 14), ("clear_tool_uses:trigger=1000,keep=2", 20002)):
            found, _ = self.apply(policy, talk)
            self.assertEqual(found[-1], talk[-1])
            if sent:
                self.assertEqual(len(found), sent)


if __name__ == "__main__":
    lhcli.unittest.main()
