"""A run over HTTP gives what the run in process gives: every request of a run, posted to the model server in each
wire format, plain and streaming, brings the reply that the run file holds."""
import http.client
import json
import unittest

import mslib

TASK = "kv_sum:keys=20"
HARD = "sim:accuracy=0.9,context=0.3,self_conditioning=4,contagion=0.3,malformed=0.05,missing=0.05"
POLICIES = ("full_history", "window:n=5", "reset", "answers_only", "strip_thoughts", "omit_assistant", "state_carry", "majority_vote:n=3", "heal")
SEED = 11


class SameAsInProcess(mslib.Case):
    def run_file(self, model, policies, *more):
        given = [a for p in policies for a in ("--policy", p)]
        self.longhaul("run", "--task", TASK, "--model", model, "--turns", 20, "--samples", 3, "--seed", SEED, "-o", "run.db", "--quiet", *given, *more)
        return mslib.Run(self.folder / "run.db")

    def check_call(self, client, call, sample, policy, ways):
        turn, seq, sent, was, error = call
        at = mslib.place(SEED, sample, turn, seq)
        for form, stream in ways:
            where = f"{policy}, {form}{', streaming' if stream else ''}, sample {sample}, turn {turn}, call {seq}"
            status, said = client.ask(form, sent, at, stream)
            if was:
                self.assertEqual((status, said), (200, was), where)
            else:
                self.assertEqual(status, {"overflow": 400, "failed": 500}[error], where)

    def check(self, run, server, ways=None):
        """All calls, those of the episodes in turn, as a run makes them; returns how many there were."""
        ways = ways or [(form, stream) for form in mslib.FORMATS for stream in (False, True)]
        client = self.client(server)
        todo = [(run.calls(e), sample, f"{policy} {options}") for e, sample, policy, options in run.episodes()]
        count = 0
        while todo:
            for episode in list(todo):
                call = next(episode[0], None)
                if call is None:
                    todo.remove(episode)
                    continue
                self.check_call(client, call, episode[1], episode[2], ways)
                count += 1
        return count

    def check_model(self, model, *more, policies=POLICIES):
        run = self.run_file(model, policies, *more)
        wrong = run.db.execute("SELECT count(*) FROM call WHERE accepted AND outcome <> 'correct'").fetchone()[0]
        self.assertGreater(wrong, 10, "a run without errors would compare nothing")
        options = more[1::2] if more[:1] == ("--steps-per-turn",) else (1,)
        return self.check(run, self.serve("--task", TASK, "--sim", model, "--steps-per-turn", options[0]))

    def test_policies(self):
        self.assertGreater(self.check_model(HARD), 500)

    def test_native_thoughts(self):
        self.check_model(HARD + ",thoughts=native,thought_tokens=30",
                         policies=("full_history", "window:n=3", "strip_thoughts:keep_last=2", "answers_only:keep_last=1", "heal"))

    def test_thoughts_in_tags(self):
        self.check_model(HARD + ",thoughts=tag,thought_tokens=30",
                         policies=("full_history", "strip_thoughts:keep_last=3", "answers_only:keep_last=2", "omit_assistant:keep_last=2", "heal"))

    def test_windows_with_a_head(self):
        """Prompts come again (20 keys, 20 turns): which turns are shown is found by order."""
        self.check_model(HARD, policies=("window:n=1", "window:n=0", "window:n=4,first=2"))

    def test_steps_per_turn(self):
        self.check_model("sim:accuracy=0.97,context=0.3,self_conditioning=3", "--steps-per-turn", 3, policies=("full_history", "state_carry", "omit_assistant"))

    def test_refusals_limits_and_failures(self):
        self.check_model(HARD + ",refused=0.2,failed=0.02,thoughts=tag,max_tokens=52", policies=("full_history", "reset"))

    def test_overflow(self):
        run = self.run_file("sim:accuracy=0.9,window=420", ("full_history",))
        self.assertGreater(run.db.execute("SELECT count(*) FROM call WHERE error = 'overflow'").fetchone()[0], 0)
        self.check(run, self.serve("--task", TASK, "--sim", "sim:accuracy=0.9,window=420"))

    def test_the_request_names_the_model(self):
        run = self.run_file(HARD, ("full_history",))
        server, other = self.serve("--task", TASK, "--sim", "sim:accuracy=0.5"), "sim:accuracy=0.5"
        client = self.client(server)
        for episode, sample, _, _ in run.episodes():
            for turn, seq, sent, was, _ in run.calls(episode):
                at = mslib.place(SEED, sample, turn, seq)
                self.assertEqual(client.ask("chat", sent, at, model=HARD), (200, was))
                self.assertEqual(client.ask("chat", sent, at, model=other), client.ask("chat", sent, at, model="anything"))

    def test_messages_of_a_policy(self):
        """What a script adds stands between prompts, behind the current one, or in place of turns."""
        (self.folder / "check.lua").write_text("""return { api = 1, turn = function(ep, history)
            local v = history:view()
            local r, err = ep:ask(v)
            if not r then return nil, err end
            return ep:ask(v:append("assistant", r.text):append("user", "Check this, and answer again."))
          end }""")
        (self.folder / "summary.lua").write_text("""return { api = 1, view = function(ep, history)
            local v = history:view()
            if ep.turn < 6 then return v end
            return v:replace(1, ep.turn - 4, "user", "Much was said.\\n\\nThen <answer>" .. ep.state_shown .. "</answer> came.")
          end }""")
        (self.folder / "recap.lua").write_text("""return { api = 1, view = function(ep, history)
            local v = history:view()
            if ep.turn > 3 then v = v:insert(4, "user", "So far so good.") end
            return ep.turn % 2 == 0 and v:drop_instructions() or v:restate(ep.state_shown, "")
          end }""")
        self.check_model(HARD, policies=("./check.lua", "./summary.lua", "./recap.lua"))

    def test_faults_change_nothing(self):
        """A client that tries again gets, in the end, what it would have got at once."""
        run = self.run_file(HARD, ("full_history", "reset"))
        server = self.serve("--task", TASK, "--sim", HARD, "--faults", "transport", "--fault-share", 0.5, "--stall-ms", 5)
        for episode, sample, _, _ in run.episodes():
            for turn, seq, sent, was, _ in run.calls(episode):
                for form, stream in (("chat", False), ("chat", True), ("anthropic", True), ("responses", True)):
                    self.assertEqual(self.stubborn(server, form, sent, mslib.place(SEED, sample, turn, seq), stream), was)
        stats = self.client(server).get("/stats")
        self.assertGreater(stats["faults"].keys(), {"429", "429_date", "500", "529", "reset", "reset_head", "reset_body", "close", "truncated",
                                                    "invalid", "length", "no_end", "stream_error", "stall"})
        self.assertEqual(stats["wrong"], 0)

    def stubborn(self, server, form, sent, at, stream):
        for _ in range(12):
            client = mslib.Client(server.port)
            try:
                status, said = client.ask(form, sent, at, stream)
                if status == 200:
                    return said
            except (OSError, http.client.HTTPException, ValueError, AssertionError, KeyError, IndexError, TypeError):
                pass                      # a fault, whatever it was
            finally:
                client.http.close()
        self.fail("no answer after 12 tries")

    def test_little_memory(self):
        """With one sample remembered everything is forgotten all the time, and nothing changes."""
        run = self.run_file(HARD, ("full_history", "state_carry", "heal"))
        self.check(run, self.serve("--task", TASK, "--sim", HARD, "--keep", 1), ways=[("chat", False)])

    def test_what_is_sent_is_what_the_program_says(self):
        """mslib reads views as the program does."""
        run = self.run_file(HARD + ",thoughts=tag", ("omit_assistant", "answers_only:keep_last=1"))
        for condition, (episode, sample, _, _) in enumerate(e for e in run.episodes() if e[1] == 0):
            for turn, _, sent, _, _ in run.calls(episode):
                if turn not in (1, 7, 20):
                    continue
                said = self.longhaul("transcript", "run.db", sample, "--condition", condition, "--turn", turn, "--as-sent")
                self.assertEqual(json.loads(said)["messages"], mslib.chat_request(sent, None, {})["messages"])


class Refusals(mslib.Case):
    def setUp(self):
        super().setUp()
        self.server = self.serve("--task", TASK, "--sim", "sim:accuracy=0.9,thoughts=native")
        self.http = self.client(self.server)
        self.longhaul("run", "--task", TASK, "--model", "sim:accuracy=0.9,thoughts=native", "--turns", 3, "--samples", 1, "--seed", SEED, "-o", "run.db", "--quiet")
        self.calls = list(mslib.Run(self.folder / "run.db").calls(1))

    def check_400(self, form, messages, at, word):
        status, said = self.http.ask(form, messages, at)
        self.assertEqual(status, 400, said)
        self.assertIn(word, said["error"]["message"])

    def test_signatures(self):
        for form in ("anthropic", "responses"):
            for turn, seq, sent, was, _ in self.calls:
                self.assertEqual(self.http.ask(form, sent, mslib.place(SEED, 0, turn, seq)), (200, was))
            key = form, was["thoughts"]
            self.http.seals[key] = self.http.seals[key].replace("a", "b").replace("1", "2")


    def test_other_task(self):
        self.check_400("chat", self.calls[1][2], mslib.place(SEED + 1, 0, 2, 0), "prompt of turn 2")

    def test_no_metadata(self):
        for form in mslib.FORMATS:
            body = mslib.MAKE[form](self.calls[0][2], mslib.place(1, 0, 1, 0), {})
            del body["metadata"]
            status, _, raw = self.http.post(mslib.PATHS[form], body)
            self.assertEqual(status, 400)
            self.assertIn("metadata", json.loads(raw)["error"]["message"])

    def test_rubbish(self):
        for body in (b"", b"{", b"[]", b"\xff", b"{\"messages\": 3}", b"{\"metadata\": {\"seed\": \"1\", \"sample\": \"0\", \"turn\": \"0\"}}"):
            for path in mslib.PATHS.values():
                status, _, raw = self.http.post(path, body)
                self.assertEqual(status, 400, body)
                self.assertIn("error", json.loads(raw))


if __name__ == "__main__":
    mslib.main()
