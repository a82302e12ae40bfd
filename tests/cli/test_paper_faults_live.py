"""The faults of arXiv 2509.09677's reference code that lay between the run and an endpoint, and that they cannot happen here: models
over HTTP in every format, beside the same in process. The other faults are in test_paper_faults.py."""
import json
import unittest

import lhlive
from lhcli import replies_file
from lhlive import FORMATS, answer_of, forward
from lhsaid import Case, Talk, answer_in, tagged

KV = ("--task", "kv_sum:keys=10")
INSTRUCTIONS = {"anthropic": "system", "openai_responses": "instructions"}
ENDS = {"openai": ("length", "content_filter"), "anthropic": ("max_tokens", "refusal"), "openai_responses": ("max_output_tokens", "content_filter")}


class Asked:
    """One request, in any of the formats."""

    def __init__(self, form, seen):
        body = self.body = json.loads(seen["body"])
        at = body["metadata"]
        at = dict(zip(("", "seed", "sample", "turn", "call"), at["user_id"].split(":"))) if form == "anthropic" else at
        self.place = int(at["sample"]), int(at["turn"])
        said = body["input" if form == "openai_responses" else "messages"]
        first = [{"role": "system", "content": body[INSTRUCTIONS[form]]}] if form != "openai" else []
        self.messages = first + [{"role": m["role"], "content": m["content"]} for m in said]
        self.talk = Talk(self.messages)


def ended(form, text, why):
    """A reply that ended at the output limit or at a filter."""
    reply, reason = answer_of(form, text), ENDS[form][why]
    if form == "openai":
        reply["choices"][0]["finish_reason"] = reason
    elif form == "anthropic":
        reply["stop_reason"] = reason
    else:
        reply.update(status="incomplete", incomplete_details={"reason": reason})
    return reply


class Live(lhlive.Case, Case):
    def answers(self, form, said):
        """A server whose reply to a request is said(Asked): a text, or (status, body[, headers])."""
        def reply(seen):
            what = said(Asked(form, seen))
            return (200, answer_of(form, what)) if what is None or isinstance(what, str) else what
        return self.fake(reply)

    def live(self, where, form, *args, output="run.db", **options):
        return self.ran(*args, "--model", self.model(where, form, stream="false", **options), "--quiet", "--retries", 3, output=output)

    # F2. Behind one kind of endpoint the number of votes was not passed on, and nothing said so.
    def test_F02_as_many_votes_at_every_endpoint(self):
        args = (*KV, "--policy", "majority_vote:n=10", "--turns", 4, "--samples", 3)
        server = self.serve("--task", KV[1], "--sim", "sim:accuracy=0.4")
        self.ran(*args, "--model", "sim:accuracy=0.4", output="sim.db")
        self.assertVotes("sim.db", 10, 12)
        for form in FORMATS:
            start = server.settle()
            self.live(server, form, *args)
            self.assertVotes("run.db", 10, 12)
            self.assertEqual(sorted((a["sample"], a["turn"], int(a["call"])) for a in server.asked(start)),
                             [(str(s), str(t), call) for s in range(3) for t in range(1, 5) for call in range(10)], form)
            self.assertSameRows("run.db", "sim.db", form)

    # F4. Who answered the true total behind a wrong one was marked wrong, who carried the wrong one on was marked right.
    def test_F04_the_truth_is_no_mistake_behind_a_wrong_history(self):
        args = (*KV, "--history", "injected:rate=1", "--steps-per-turn", 2, "--turns", 8, "--samples", 4, "--probe-turns", "last")

        def truth(asked):
            return tagged(asked.talk.truths("kv_sum")[-1])

        def next_of_shown(asked):
            *_, before, now = (int(t) for t in asked.talk.truths("kv_sum"))
            return tagged(int(answer_in(asked.talk.replies[-1])) + now - before)
        for said, outcome, turn, strict, state in ((truth, "recovers", 0, 1, 1), (next_of_shown, "follows", 1, 1, 0)):
            (c,) = self.live(self.answers("openai", said), "openai", *args)
            self.assertEqual({row[0] for row in self.judged("run.db").values()}, {outcome})
            self.assertEqual([c[name][7] for name in ("turn_accuracy", "turn_accuracy_strict", "state_accuracy")], [turn, strict, state])
            self.assertEqual(c["exposure"]["state"], 1)

    # F8. Turns were joined with "|" on the way to the evaluator.  F16. And cut down to their tags on the way back.
    def test_F08_F16_replies_come_and_go_as_they_are(self):
        odd = ("|a|%s|", "\x1f%s\x1e", "\n\n---\n%s\r\n", "  %s\u2028 ", "{\"answer\": 7} %s \\", "data: %s\n\ndata: [DONE]\n\n")

        def said(asked):
            sample, turn = asked.place
            return odd[(sample + turn) % len(odd)] % tagged(asked.talk.truths("kv_sum")[-1])
        for form in FORMATS:
            server = self.answers(form, said)
            (c,) = self.live(server, form, *KV, "--turns", 7, "--samples", 6)
            self.assertEqual(c["task_accuracy"], [1] * 7, form)
            self.assertEqual(sorted(Asked(form, seen).place for seen in server.seen), [(s, t) for s in range(6) for t in range(1, 8)])
            for asked in (Asked(form, seen) for seen in server.seen):
                truths = asked.talk.truths("kv_sum")
                sample, turn = asked.place
                self.assertEqual(asked.talk.replies, [odd[(sample + t) % len(odd)] % tagged(truths[t - 1]) for t in range(1, turn)], form)

    # F7. A <think> that was cut off ate the replies of other samples that came in at the same time.
    def test_F07_a_thought_cut_off_harms_nobody_else(self):
        def said(asked):
            truth = tagged(asked.talk.truths("kv_sum")[-1])
            return (200, ended("openai", "<think>is it " + truth, 0)) if asked.place == (2, 2) else truth
        (c,) = self.live(self.answers("openai", said), "openai", *KV, "--turns", 3, "--samples", 5)
        self.assertEqual(self.outcomes("run.db"), {s: ["correct", "truncated", "recovers"] if s == 2 else ["correct"] * 3 for s in range(5)})
        self.assertEqual(c["task_accuracy"], [1, 0.8, 0.8])

    # F12. The same replies had other scores where they came over another client.
    def test_F12_one_judge_at_every_endpoint(self):
        args = (*KV, "--turns", 6, "--samples", 7)
        for form in FORMATS:
            told = {}

            def said(asked):
                sample, turn = asked.place
                truth = int(asked.talk.truths("kv_sum")[-1])
                ways = (tagged(truth), tagged(truth + 3), "", "Hm.", tagged("x"), tagged(f"{truth:,}") + " ", tagged(0) + tagged(truth))
                return told.setdefault(asked.place, ways[(3 * sample + turn * turn) % 7])
            self.live(self.answers(form, said), form, *args)
            self.write("replies.jsonl", replies_file((*place, text) for place, text in told.items()))
            self.ran(*args, "--model", "replay:replies.jsonl", output="again.db")
            judged = self.judged("run.db")
            self.assertEqual(self.judged("again.db"), judged, form)
            self.assertLessEqual({"correct", "recovers", "slips", "missing", "malformed"}, {row[0] for row in judged.values()})

    # F17. An early stop went by turn accuracy at one endpoint and by task accuracy at another.
    def test_F17_one_rule_stops_at_every_endpoint(self):
        args = (*KV, "--turns", 8, "--samples", 8, "--stop-at-error")
        (sim,) = self.ran(*args, "--model", "sim:accuracy=0.8,missing=0.05", output="sim.db")
        calls = self.rows("sim.db", "SELECT count(*) FROM call")[0][0]
        self.assertLess(calls, 64)
        server = self.serve("--task", KV[1], "--sim", "sim:accuracy=0.8,missing=0.05")
        for form in FORMATS:
            start = server.settle()
            (c,) = self.live(server, form, *args)
            self.assertSameRows("run.db", "sim.db", form)
            self.assertEqual(len(list(server.asked(start))), calls, form)
            self.assertEqual((c["task_accuracy"], c["turn_accuracy"]), (sim["task_accuracy"], sim["turn_accuracy"]))
            self.assertEqual(c["turn_accuracy"][1:], [None] * 7)

    # F18. Every failure of the network was an empty reply, and so the model's error; a reply cut off was bad format; null ended the run.
    def test_F18_failures_are_not_the_models(self):
        for form in FORMATS:
            def said(asked):
                truth = tagged(asked.talk.truths("kv_sum")[-1])
                return {(0, 2): (500, {"error": {"message": "out of order"}}, {"x-should-retry": "false"}), (1, 2): (200, ended(form, "Let me see", 0)),
                        (2, 2): None, (3, 2): "", (4, 2): (200, ended(form, truth + " because", 0)), (5, 2): (200, ended(form, "I", 1)),
                        (6, 2): (400, {"error": {"message": "no"}})}.get(asked.place, truth)
            (c,) = self.live(self.answers(form, said), form, *KV, "--turns", 3, "--samples", 8)
            self.assertEqual(self.outcomes("run.db"), {
                0: ["correct"], 1: ["correct", "truncated", "recovers"], 2: ["correct", "missing", "recovers"], 3: ["correct", "missing", "recovers"],
                4: ["correct"] * 3, 5: ["correct", "refused", "recovers"], 6: ["correct"], 7: ["correct"] * 3}, form)
            self.assertEqual(self.rows("run.db", "SELECT sample, status FROM episode WHERE status <> 'done' ORDER BY 1"), [(0, "censored"), (6, "censored")])
            self.assertEqual((c["censored"], c["observed"], c["tried"]), (2, [8, 6, 6], [8, 8, 6]), form)
            self.assertEqual(c["state_accuracy"], [1, 2 / 6, 1])
            self.assertEqual(c["outcomes"]["failed"], [0, 2 / 8, 0])
            self.assertEqual([c["outcomes"][name][1] for name in ("truncated", "missing", "refused")], [1 / 6, 2 / 6, 1 / 6])
            self.assertEqual(c["task_accuracy"], [1, 2 / 6, 2 / 6])

    # F21. Server errors and broken connections were never tried again: their turns counted as wrong.
    def test_F21_what_is_tried_again_leaves_no_trace_in_the_scores(self):
        server = self.serve("--task", KV[1], "--sim", "sim:accuracy=0.8")
        once = {(0, 1): 500, (1, 2): 502, (2, 3): 503, (3, 1): 529}
        ask = forward(server)

        def reply(seen):
            status = once.pop(Asked("openai", seen).place, None)
            return (status, {"error": {"message": "later"}}) if status else ask(seen)
        args = (*KV, "--turns", 4, "--samples", 5)
        self.live(self.fake(reply), "openai", *args)
        self.ran(*args, "--model", "sim:accuracy=0.8", output="sim.db")
        self.assertEqual(once, {})
        self.assertSameRows("run.db", "sim.db", "openai")
        self.assertEqual(self.rows("run.db", "SELECT status FROM attempt ORDER BY 1"), [(500,), (502,), (503,), (529,)])

    # F27. What a run cost was read off the account, other users of the key included; tokens of samples were not kept.
    def test_F27_a_run_counts_its_own_tokens(self):
        def said(asked):
            sample, turn = asked.place
            i, o = 100 * turn + sample, 10 + sample
            return 200, answer_of("openai", tagged(5), usage={"prompt_tokens": i, "completion_tokens": o, "total_tokens": i + o})
        (c,) = self.live(self.answers("openai", said), "openai", *KV, "--turns", 3, "--samples", 4)
        self.assertEqual((c["cost"]["tokens_in"], c["cost"]["tokens_out"], c["cost"]["tokens_counted"]), (4 * 600 + 3 * 6, 3 * 46, 1))
        self.assertEqual(self.rows("run.db", "SELECT e.sample, sum(c.tokens_in), sum(c.tokens_out) FROM call c JOIN episode e ON e.id = c.episode GROUP BY 1"),
                         [(s, 600 + 3 * s, 30 + 3 * s) for s in range(4)])

    # F30. No seed went with a request.
    def test_F30_a_seed_for_each_request(self):
        def seeds(*more):
            server = self.answers("openai", lambda asked: tagged(0))
            self.live(server, "openai", *KV, "--policy", "majority_vote:n=3", "--turns", 3, "--samples", 4, *more, seed="true")
            return sorted(Asked("openai", seen).body["seed"] for seen in server.seen)
        first = seeds()
        self.assertEqual((len(first), len(set(first))), (36, 36))
        self.assertEqual(seeds(), first)
        self.assertFalse(set(seeds("--seed", 2)) & set(first))


if __name__ == "__main__":
    unittest.main()
