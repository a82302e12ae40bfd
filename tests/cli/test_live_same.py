"""A run over HTTP gives what the same run in process gives: the report, and every call of the run file. Whatever the
wire format, streaming or not, in how many processes, and whatever goes wrong on the way."""
import json

import lhcli
import lhlive

HARD = "accuracy=0.9,context=0.3,self_conditioning=4,contagion=0.3,malformed=0.04,missing=0.04,refused=0.02"
POLICIES = ("full_history", "window:n=3,first=1", "state_carry", "answers_only:keep_last=1", "omit_assistant", "majority_vote:n=3", "heal")     # of each kind
WAYS = [(form, ("false", "true")[(i + k) % 2], jobs) for i, form in enumerate(lhlive.FORMATS) for k, jobs in enumerate((0, 1, 4))]     # every two of the three
EVERY_FORMAT = (("openai", "true", 1), ("anthropic", "false", 4), ("openai_responses", "true", 0), ("anthropic", "true", 1), ("openai", "false", 0),
                ("openai_responses", "false", 4))
ONCE = EVERY_FORMAT[:3]                   # each format once
SIZE = ("--turns", 12, "--samples", 6, "--seed", 11)


def grid(policies):
    return [a for p in policies for a in ("--policy", p)]


class Same(lhlive.Case):
    def begin(self, sim, policies=POLICIES, size=SIZE, steps=1, serve=()):
        """The run in process, and a server of the same model."""
        self.args = ["run", "--task", "kv_sum:keys=20", *size, *grid(policies), "--steps-per-turn", steps, "--no-timing", "--quiet"]
        self.here = self.measured(self.plain(*self.args, "--model", "sim:" + sim, "-o", "here.db"))
        self.server = self.serve("--task", "kv_sum:keys=20", "--sim", "sim:" + sim, "--steps-per-turn", steps, *serve)
        self.assertGreater(self.rows("here.db", "SELECT count(*) FROM call WHERE accepted AND outcome <> 'correct'")[0][0], 5,
                           "a run without errors would compare nothing")

    def compare(self, form, stream, jobs, counts=True, **options):
        where = f"{form}, stream={stream}, {jobs} jobs"
        file = f"{form}-{stream}-{jobs}.db"
        ran = self.plain(*self.args, "--model", self.model(self.server, form, stream=stream, **options), "--jobs", jobs, "-o", file)
        self.assertEqual(self.measured(ran), self.here, where)
        calls = self.assertSameRows("here.db", file, where, counts)
        self.assertEqual(self.plain("report", file), ran, f"{where}: the run file tells another story")
        return calls, ran, file

    def check(self, sim, ways=ONCE, options=None, counts=True, **more):
        self.begin(sim, **more)
        for way in ways:
            self.compare(*way, counts=counts, **(options or {}))
        self.assertEqual(self.server.stats()["wrong"], 0)

    # ---- formats, streaming, processes ----

    def test_every_way(self):
        self.check(HARD, ways=WAYS, policies=("full_history", "majority_vote:n=3"), size=("--turns", 10, "--samples", 4, "--seed", 5))

    def test_policies(self):
        """In each format; every policy that ships is in test_live_policies.py."""
        self.check(HARD)

    def test_steps_per_turn(self):
        self.check("accuracy=0.96,context=0.3,self_conditioning=3", steps=3)

    def test_concurrency_and_order(self):
        """Replies that overtake each other, one call at a time, all at once."""
        self.begin(HARD, policies=("full_history", "majority_vote:n=5"), serve=("--latency-ms", 4, "--latency-spread", 1))
        self.args += ["--concurrency", 1]
        self.compare("openai", "true", 1)
        self.args += ["--concurrency", 1000]
        self.compare("anthropic", "true", 4)

    # ---- thoughts ----

    def check_thoughts(self, kind, ways=EVERY_FORMAT, policies=("full_history", "window:n=3", "strip_thoughts:keep_last=2", "answers_only:keep_last=1",
                                                               "omit_assistant:keep_last=2", "majority_vote:n=3", "heal")):
        self.check(HARD + f",thoughts={kind},thought_tokens=30", ways=ways, policies=policies)
        form, stream, jobs = ways[0]
        kept = self.rows(f"{form}-{stream}-{jobs}.db", "SELECT count(*) FROM call c WHERE thoughts_kept > 0")[0][0]
        self.assertEqual(kept > 0, kind == "native")

    def test_thoughts_native(self):
        """They go back under their key, or within the provider's own form; the server looks at both."""
        self.check_thoughts("native", ways=[w for w in EVERY_FORMAT if w[0] != "anthropic"])

    def test_thoughts_signed(self):
        """Signed thoughts go back only with the very history that they were thought in: these policies send it, or none."""
        self.check_thoughts("native", ways=[w for w in EVERY_FORMAT if w[0] == "anthropic"],
                            policies=("full_history", "majority_vote:n=3", "strip_thoughts", "answers_only", "reset", "window:n=0"))

    def test_thoughts_in_tags(self):
        self.check_thoughts("tag")

    # ---- ends of a call that are no ordinary answer ----

    def test_overflow(self):
        self.check("accuracy=0.9,self_conditioning=2,window=420", options={"window": 420})
        self.assertGreater(self.rows("here.db", "SELECT count(*) FROM call WHERE error = 'overflow'")[0][0], 0)

    def test_refusals(self):
        self.check("accuracy=0.95,refused=0.3")

    def test_cut_off_replies(self):
        self.check("accuracy=0.95,thoughts=tag,thought_tokens=40,max_tokens=46,malformed=0.1")
        self.assertGreater(self.rows("here.db", "SELECT count(*) FROM call WHERE finish = 'length'")[0][0], 0)

    def test_simulated_failures(self):
        """What fails in the simulation fails over HTTP, and censors there too."""
        self.check("accuracy=0.9,failed=0.02", counts=False)
        self.assertGreater(self.rows("here.db", "SELECT count(*) FROM episode WHERE status = 'censored'")[0][0], 0)

    # ---- faults on the way ----

    def check_faults(self, faults, ways, share=0.2):
        self.begin(HARD, policies=("full_history", "window:n=3", "majority_vote:n=3"), size=("--turns", 8, "--samples", 6, "--seed", 3),
                   serve=("--faults", faults, "--fault-share", share, "--stall-ms", 20))
        for way in ways:
            _, _, file = self.compare(*way)
            self.assertGreater(self.rows(file, "SELECT count(*) FROM attempt")[0][0], 10)
            self.assertEqual(self.rows(file, "SELECT sum(attempts - 1) FROM call")[0][0], self.rows(file, "SELECT count(*) FROM attempt")[0][0])
        stats = self.server.stats()
        self.assertEqual(stats["wrong"], 0)
        return stats["faults"]

    def test_faults_chat(self):
        seen = self.check_faults("transport,empty", [("openai", "true", 1), ("openai", "false", 4)])
        self.assertGreaterEqual(len(seen), 15, f"kinds of faults: {seen}")

    def test_faults_in_one_process(self):
        self.check_faults("transport,empty", [("openai", "true", 0)])

    def test_faults_anthropic(self):
        self.check_faults("transport", [("anthropic", "true", 1), ("anthropic", "false", 1)])

    def test_faults_responses(self):
        self.check_faults("transport", [("openai_responses", "true", 1), ("openai_responses", "false", 1)])

    # ---- answers that say nothing ----

    def check_missing(self, server, model, calls, asked):
        self.good("run", "--turns", 5, "--samples", 3, "--model", model, "-o", "n.db", "--new", "--quiet")
        rows = self.rows("n.db", "SELECT outcome, attempts, error FROM call JOIN episode ON id = episode WHERE run = (SELECT max(id) FROM run)")
        self.assertEqual(rows, [("missing", 1, None)] * calls, model)
        self.assertEqual(asked(), calls, "an answer was asked for again")

    def test_null_content_is_an_answer(self):
        for form in lhlive.FORMATS:
            for stream in ("true", "false"):
                server = self.serve("--faults", "null_content", "--fault-share", 1)
                self.check_missing(server, self.model(server, form, stream=stream), 15, lambda: server.stats()["requests"] - 1)

    def test_empty_content_is_an_answer(self):
        for form in lhlive.FORMATS:
            for text in ("", None):
                server = self.fake(lambda seen: (200, lhlive.answer_of(form, text)))
                self.check_missing(server, self.model(server, form, stream="false"), 15, lambda: len(server.seen))

    # ---- from the run file ----

    def test_replay(self):
        """The run file of a run over HTTP is a model, too: without a network, and with what went wrong."""
        self.begin(HARD + ",failed=0.004,window=1100,thoughts=native", size=("--turns", 14, "--samples", 6, "--seed", 11),
                   policies=("full_history", "majority_vote:n=3", "answers_only", "reset"))
        for way in ONCE:
            _, _, file = self.compare(*way, counts=False, window=1100)
            asked = self.server.stats()["requests"]
            for jobs in (0, 2):
                again = self.plain(*self.args, "--model", f"replay:{file}", "--jobs", jobs, "-o", f"replayed-{jobs}-{file}")
                self.assertEqual(self.measured(again), self.here, f"replay of {file}, {jobs} jobs")
                self.assertSameRows(file, f"replayed-{jobs}-{file}", f"replay of {file}", counts=False)
            self.assertEqual(self.server.stats()["requests"], asked + 1, "a replay asked the network")

    def test_a_grid_of_models(self):
        """Two formats in one run, at one host: each condition as if it were alone."""
        self.begin(HARD, policies=("full_history", "reset"))
        args = [a for form in ("openai", "anthropic") for a in ("--model", self.model(self.server, form))]
        ran = json.loads(self.plain(*self.args, *args, "--jobs", 2, "-o", "grid.db"))
        for form in ("openai", "anthropic"):
            mine = {**ran, "conditions": [c for c in ran["conditions"] if c["model"] == f"{form}:m"]}
            self.assertEqual(self.measured(json.dumps(mine))["conditions"], self.here["conditions"], form)


if __name__ == "__main__":
    lhlive.unittest.main()
