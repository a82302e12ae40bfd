"""Every policy that ships over HTTP, in two formats: the run measures what it does in process, and what the server was sent is
what `longhaul transcript --as-sent` says."""
import json

import lhcli
import lhlive
from test_policy_matrix import OPTIONS

SIM = "accuracy=0.8,context=0.3,self_conditioning=3,malformed=0.05,missing=0.05"
TURNS, SAMPLES = 5, 3
ALONE = "agent"                           # sends no history: for servers that keep it themselves, see test_live_agents.py
LOOKED_AT = ((0, 2), (1, TURNS))          # samples and turns whose requests are compared


def messages(form, body):
    """Of a request: [(role, text)], instructions first."""
    said = [(m["role"], m["content"]) for m in body["messages"]]
    return ([("system", body["system"])] if form == "anthropic" else []) + said


def place(form, body):
    """(sample, turn, call) as the request names itself."""
    at = body["metadata"]
    if form == "anthropic":
        _, *at = at["user_id"].split(":")
        return tuple(int(n) for n in at[-3:])
    return tuple(int(at[name]) for name in ("sample", "turn", "call"))


class Policies(lhlive.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shipped = {p.stem for p in (lhcli.SOURCE / "scripts" / "policies").glob("*.lua")}
        cls.names = sorted(shipped - {ALONE})

    def args(self):
        policies = [f"{p}:{OPTIONS[p]}" if p in OPTIONS else p for p in self.names]
        return ["run", "--task", "kv_sum:keys=10", *(a for p in policies for a in ("--policy", p)), "--turns", TURNS, "--samples", SAMPLES, "--no-timing", "--quiet"]

    def check(self, form, stream, jobs):
        here = self.measured(self.plain(*self.args(), "--model", "sim:" + SIM, "-o", "here.db"))
        server = self.serve("--task", "kv_sum:keys=10", "--sim", "sim:" + SIM)
        between = self.fake(lhlive.forward(server))
        ran = self.measured(self.plain(*self.args(), "--model", self.model(between, form, stream=stream), "--jobs", jobs, "-o", "live.db"))
        self.assertEqual(ran, here)
        calls = self.assertSameRows("here.db", "live.db", form)
        self.assertEqual(server.stats()["wrong"], 0)
        self.assertEqual({c["policy"] for c in ran["conditions"]}, set(self.names))
        self.assertEqual([c["policy_errors"] + c["censored"] for c in ran["conditions"]], [0] * len(self.names))
        bodies = [json.loads(seen["body"]) for seen in between.seen]
        self.assertEqual(len(bodies), calls, "each call is one request")
        self.check_sent(form, bodies)

    def check_sent(self, form, bodies):
        """All policies' requests of a turn are all that their transcripts say."""
        seen = {}
        for body in bodies:
            seen.setdefault(place(form, body), []).append(messages(form, body))
        compared = set()
        for sample, turn in LOOKED_AT:
            said = {}
            for condition, seq in self.rows("live.db", "SELECT e.condition, c.seq FROM call c JOIN episode e ON e.id = c.episode WHERE e.sample = ? AND c.turn = ?",
                                            sample, turn):
                sent = json.loads(self.good("transcript", "live.db", sample, "--condition", condition, "--turn", turn, "--as-sent", "--call", seq).out)
                said.setdefault((sample, turn, seq), []).append(messages(form, sent))
                compared.add(self.names[condition])
            for at, requests in said.items():
                self.assertEqual(sorted(seen[at]), sorted(requests), at)
        self.assertEqual(compared, set(self.names))

    def test_openai(self):
        self.check("openai", "true", 0)

    def test_anthropic(self):
        self.check("anthropic", "false", 2)

    def test_what_sends_no_history_is_refused(self):
        for form in ("openai", "anthropic"):
            done = self.longhaul("run", "--policy", ALONE, "--model", self.model("http://127.0.0.1:9/v1", form), "-o", "none")
            self.assertEqual(done.code, 2, str(done))
            self.assertIn(f"policy {ALONE} is for agents that keep their own context", done.err)


if __name__ == "__main__":
    lhlive.unittest.main()
