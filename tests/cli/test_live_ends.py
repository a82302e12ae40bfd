"""How live runs end: servers that refuse, die or limit, budgets, interruptions, full disks. Each end has its exit code and its
sentence, costs no request more than it must, and leaves a run file that --resume brings to the same results."""
import json
import re
import resource
import signal
import sqlite3
import threading
import time
import unittest
from pathlib import Path

import lhgate
from lhgate import DROP, error, said
from lhlive import wait_for

QUOTA = "You exceeded your current quota, please check your plan and billing details"
TOO_LONG = "This model's maximum context length is 100 tokens"
SHORT_LUA = """return { api = 1, summary = "all, and the last turn where that is too long",
  overflow = function(ep, history, err) return history:view():keep_last(1) end }"""


class Ends(lhgate.Live):
    def settled(self, gate, *more, lost=0):
        """run.db can be gone on with, to the same table as a run that nothing disturbed; no answer was asked for twice."""
        gate.rule = lambda request: None
        self.run_live(gate, *more, "--resume")
        self.assertEqual(self.table("report", "run.db"), self.simulated(*more))
        self.assertEqual(self.rows("run.db", "SELECT count(*) FROM call WHERE error IS NULL"), [(sum(r.status == 200 for r in gate.requests) - lost,)])
        self.assertWhole()

    def assertWhole(self, file="run.db"):
        db = sqlite3.connect(self.path(file))
        try:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
        finally:
            db.close()

    def assertFailed(self, done, *words, seconds=None):
        """Exit code 4 and one line that says why."""
        self.assertEqual(done.code, 4, str(done))
        lines = [line for line in done.err.splitlines() if line.startswith("longhaul: ")]
        self.assertEqual(len(lines), 1, str(done))
        for word in words:
            self.assertIn(word, lines[0], str(done))


# ---- servers that will not do ----

class Refused(Ends):
    def test_nobody_listens(self):
        gate = self.gate(behind=False)
        gate.close()
        began = time.monotonic()
        done = self.longhaul(*self.args(gate))
        self.assertFailed(done, f"127.0.0.1:{gate.port}", "connection refused", "is the server running", "base_url")
        self.assertLess(time.monotonic() - began, 10)
        self.assertNothingMade()

    def test_nobody_listens_to_many(self):
        """All that wait for the server find the same: it is tried three times in all, and no quota is spent."""
        gate = self.gate(behind=False)
        gate.close()
        done = self.longhaul("run", "--model", f"openai:m,base_url=http://127.0.0.1:{gate.port}/v1", "--samples", 100, "-o", "run.db", "--quiet")
        self.assertFailed(done, "tried 3 times", "is the server running")
        self.assertNothingMade()

    def test_nobody_listens_and_the_file_was_there(self):
        self.good("run", "--turns", 3, "--samples", 2, "-o", "run.db", "--quiet")
        before = self.rows("run.db", "SELECT id, status FROM run")
        gate = self.gate(behind=False)
        gate.close()
        self.assertFailed(self.longhaul(*self.args(gate)), "connection refused")
        self.assertEqual(self.rows("run.db", "SELECT id, status FROM run"), before)
        self.assertEqual(self.rows("run.db", "SELECT count(*) FROM condition"), [(1,)])

    def test_no_such_host(self):
        done = self.longhaul("run", "--model", "openai:m,base_url=http://nowhere.invalid/v1", "-o", "run.db", "--quiet")
        self.assertFailed(done, "nowhere.invalid", "no such host")
        self.assertNothingMade()

    def refuses(self, status, words, code=None, asked=1):
        gate = self.gate(lambda request: error(status, words, code), behind=False)
        for jobs in (0, 1):
            before = gate.asked()
            done = self.longhaul(*self.args(gate, "--jobs", jobs, file=f"{jobs}.db"))
            self.assertFailed(done, f"127.0.0.1:{gate.port}", f"HTTP {status}", words)
            self.assertEqual(gate.asked() - before, asked, str(done))
        return done

    def test_a_bad_key(self):
        self.refuses(401, "Incorrect API key provided")
        self.assertNothingMade()

    def test_a_key_that_may_not(self):
        self.refuses(403, "Project m has no access")
        self.assertNothingMade()

    def test_an_unknown_model(self):
        done = self.refuses(404, "The model `m` does not exist", "model_not_found")
        self.assertIn('"m"', done.err)
        self.assertNothingMade()

    def test_a_quota_that_is_spent(self):
        self.refuses(429, QUOTA, "insufficient_quota")
        self.assertNothingMade()

    def test_every_request_is_refused(self):
        self.refuses(400, "temperature may not be set", asked=3)

    def test_a_key_that_ends_in_the_middle(self):
        gate = self.gate(lambda request: error(401, "Incorrect API key provided") if request.turn == 4 else None)
        done = self.longhaul(*self.args(gate))
        self.assertFailed(done, "HTTP 401")
        self.assertIn("--resume", self.longhaul(*self.args(gate)).err)
        self.settled(gate)

    def test_it_dies_in_the_middle(self):
        more = ("--samples", 40, "--concurrency", 40)
        gate = self.gate()

        def die(request):
            if request.turn >= 3 and request.sample % 2:
                threading.Thread(target=gate.close).start()
                return DROP
        gate.rule = die
        done = self.longhaul(*self.args(gate, *more))
        self.assertFailed(done, f"127.0.0.1:{gate.port}", "calls in a row came to nothing")
        attempts = self.rows("run.db", "SELECT count(*) FROM attempt")[0][0]
        self.assertLess(attempts, 250)
        self.assertGreater(attempts, 20)
        self.assertEqual(self.rows("run.db", "SELECT status FROM run"), [("failed",)])
        # What was answered is in the file, and asked for no more.
        answered = {r.place for r in gate.requests if r.status == 200}
        kept = set(self.rows("run.db", "SELECT e.sample, c.turn, c.seq FROM call c JOIN episode e ON e.id = c.episode WHERE c.error IS NULL"))
        self.assertLessEqual(kept, answered)
        again = self.gate(at=gate.port)
        self.run_live(again, *more, "--resume")
        self.assertEqual(self.table("report", "run.db"), self.simulated(*more))
        self.assertEqual(set(again.places()) & kept, set())


# ---- calls that fail ----

class Calls(Ends):
    def attempts(self):
        return self.rows("run.db", "SELECT e.sample, t.turn, t.attempt, t.status, t.error, t.waited_us FROM attempt t JOIN episode e ON e.id = t.episode ORDER BY 1, 2, 3")

    def test_retry_after_holds_one_request(self):
        def rule(request):
            if request.place == (0, 2, 0) and request.count == 1:
                return error(429, "slow down", retry_after=1)
        gate = self.gate(rule)
        self.run_live(gate, "--samples", 8)
        (sample, turn, attempt, status, words, waited), = self.attempts()
        self.assertEqual((sample, turn, attempt, status), (0, 2, 1, 429))
        self.assertIn("slow down", words)
        self.assertGreaterEqual(waited, 1000000)
        first, second = (r.time for r in gate.requests if r.place == (0, 2, 0))
        self.assertGreater(second - first, 0.99)
        self.assertLess(max(r.time for r in gate.requests if r.sample != 0), second, "others were held back")
        self.assertEqual(self.table("report", "run.db"), self.simulated("--samples", 8))

    def check_censored(self, gate, place, tries, *more):
        sample, turn, _ = place
        self.assertEqual(gate.places()[place], tries)
        got = self.attempts()
        self.assertEqual([a[:4] for a in got], [(sample, turn, i + 1, 500) for i in range(tries)])
        self.assertTrue(all("out of order" in a[4] for a in got))
        self.assertTrue(all(a[5] > 0 for a in got[:-1]) and got[-1][5] == 0, got)
        (status, cause), = self.rows("run.db", "SELECT status, cause FROM episode WHERE sample = ?", sample)
        self.assertEqual(status, "censored")
        self.assertIn("out of order", cause)
        report = self.check_report(self.good("report", "run.db", "--json", "-"))["conditions"][0]
        healthy = self.simulated(*more)[0]
        self.assertEqual(report["censored"], 1)
        self.assertEqual(report["observed"], [n - (t >= turn) for t, n in enumerate(healthy["observed"], 1)])
        self.assertEqual(sum(n or 0 for n in report["outcomes"]["failed"]), report["outcomes"]["failed"][turn - 1])
        self.assertIn("out of order", " ".join(self.good("report", "run.db").out.split()))

    def test_a_call_that_fails_8_times(self):
        """The waits are drawn by (seed, sample, turn, attempt): with this seed those of the call are short, 2 s in all."""
        place, seed = (2, 3, 0), ("--seed", 113307)
        gate = self.gate(lambda request: error(500, "out of order") if request.place == place else None)
        done = self.run_live(gate, *seed)
        self.check_censored(gate, place, 8, *seed)
        self.assertIn("out of order", " ".join(done.out.split()))
        self.settled(gate, *seed)

    def test_retries_3(self):
        place = (1, 2, 0)
        gate = self.gate(lambda request: error(500, "out of order") if request.place == place else None)
        self.run_live(gate, "--retries", 3)
        self.check_censored(gate, place, 3)
        self.settled(gate)

    def test_a_server_that_says_not_to_try_again(self):
        place = (1, 2, 0)
        gate = self.gate(lambda request: error(500, "out of order", x_should_retry="false") if request.place == place else None)
        self.run_live(gate)
        self.check_censored(gate, place, 1)

    def outcomes_of(self, rule, *more, samples=3):
        gate = self.gate(rule)
        self.run_live(gate, *more)
        self.assertEqual(self.rows("run.db", "SELECT count(*) FROM attempt"), [(0,)])
        return self.outcomes("run.db"), gate

    def test_a_view_that_is_too_long(self):
        def rule(request):
            if request.sample == 1 and request.turn >= 4 and len(request.json["messages"]) > 4:
                return error(400, TOO_LONG, "context_length_exceeded")
        outcomes, gate = self.outcomes_of(rule)
        self.assertEqual([len(outcomes[s]) for s in range(3)], [6, 3, 6])
        self.assertEqual(gate.places()[1, 4, 0], 1)
        self.assertEqual(self.rows("run.db", "SELECT status, cause FROM episode WHERE sample = 1"), [("done", "overflow")])
        report = self.check_report(self.good("report", "run.db", "--json", "-"))["conditions"][0]
        self.assertEqual(report["censored"], 0)
        self.assertEqual([round(v * 3) for v in report["outcomes"]["overflow"]], [0, 0, 0, 1, 1, 1])

    def test_a_policy_that_shortens_it(self):
        def rule(request):
            if request.sample == 1 and request.turn >= 4 and len(request.json["messages"]) > 4:
                return error(400, TOO_LONG, "context_length_exceeded")
        self.write("short.lua", SHORT_LUA)
        outcomes, gate = self.outcomes_of(rule, "--policy", "./short.lua")
        self.assertEqual([len(outcomes[s]) for s in range(3)], [6, 6, 6])
        self.assertEqual([gate.places()[1, 4, seq] for seq in range(2)], [1, 1])
        self.assertEqual(self.rows("run.db", "SELECT turn, seq, error, accepted FROM call c JOIN episode e ON e.id = c.episode WHERE sample = 1 AND turn = 4 ORDER BY seq"),
                         [(4, 0, "overflow", 0), (4, 1, None, 1)])

    def test_a_filter_and_a_limit(self):
        def rule(request):
            if request.place == (0, 2, 0):
                return said(None, "content_filter")
            if request.place == (1, 3, 0):
                return said("Let me think about that", "length")
            if request.place == (2, 4, 0):
                return error(400, "The response was filtered", "content_filter")
        outcomes, _ = self.outcomes_of(rule)
        self.assertEqual((outcomes[0][1], outcomes[1][2], outcomes[2][3]), ("refused", "truncated", "refused"))
        self.assertEqual([len(o) for o in outcomes.values()], [6, 6, 6])


# ---- budgets and rates ----

class Budgets(Ends):
    GRID = ("--samples", 6, "--policy", "full_history", "--policy", "window:n=1")       # blocks of 12 calls

    def cut(self, gate, *budget, word, **more):
        """Stopped by the budget: whole blocks first, in the order of samples, nothing scored wrong."""
        done = self.longhaul(*self.args(gate, *self.GRID, *budget, "--json", "-", "--no-timing", **more))
        self.assertFailed(done, word)
        self.assertEqual(self.check_report(done)["conditions"], self.check_report(self.good("report", "run.db", "--json", "-", "--no-timing"))["conditions"])
        healthy = self.table("run", "--task", self.TASK, "--model", self.SIM, "--turns", 6, *self.GRID, "-o", "whole.db")
        self.assertTrue(healthy)
        lengths = []
        for condition in range(2):
            cut, whole = self.outcomes("run.db", condition), self.outcomes("whole.db", condition)
            for sample, outcomes in cut.items():
                self.assertEqual(outcomes, whole[sample][:len(outcomes)])
            lengths.append([len(cut.get(s, ())) for s in range(6)])
        blocks = list(zip(*lengths))
        begun = [any(b) for b in blocks]
        self.assertEqual(begun, sorted(begun, reverse=True), "blocks are admitted in the order of samples")
        self.assertGreaterEqual(blocks.count((6, 6)), 2, blocks)
        self.assertNotEqual(blocks[-1], (6, 6))
        report = self.check_report(self.good("report", "run.db", "--json", "-"))
        self.assertEqual(report["run"]["status"], "stopped")
        return blocks

    def test_calls(self):
        gate = self.gate()
        self.cut(gate, "--max-calls", 40, word="--max-calls 40")
        self.assertLessEqual(gate.asked(), 40)
        # The budget is the run's: what was asked before counts.
        before = gate.asked()
        self.assertFailed(self.longhaul(*self.args(gate, *self.GRID, "--max-calls", 40, "--resume")), "--max-calls 40")
        self.assertLessEqual(gate.asked(), 40)
        self.assertLessEqual(gate.asked() - before, 12)
        self.settled(gate, *self.GRID, "--max-calls", 72)
        self.assertEqual(gate.asked(), 72)

    def test_calls_with_failures(self):
        """A try that failed is a request too."""
        gate = self.gate(lambda request: error(500, "once more") if request.count == 1 and request.turn == 2 else None)
        self.longhaul(*self.args(gate, *self.GRID, "--max-calls", 30))
        self.assertLessEqual(gate.asked(), 30)

    def test_a_budget_of_less_than_a_block(self):
        gate = self.gate()
        done = self.longhaul(*self.args(gate, *self.GRID, "--max-calls", 5))
        self.assertFailed(done, "--max-calls 5")
        self.assertEqual(gate.asked(), 5)
        self.settled(gate, *self.GRID)

    def test_tokens(self):
        gate = self.gate()
        self.cut(gate, "--max-tokens-total", 12000, "--concurrency", 3, word="--max-tokens-total 12000")
        self.assertLessEqual(gate.tokens(), 12000)
        self.assertGreater(gate.tokens(), 4000)
        self.settled(gate, *self.GRID, "--max-tokens-total", 60000)

    def cost(self, gate):
        """At $ 1,000 a million tokens, and twice that for a reply's."""
        u = [r.usage for r in gate.requests if r.usage]
        return sum(v["prompt_tokens"] * 0.001 + v["completion_tokens"] * 0.002 for v in u)

    def test_cost_by_a_price_file(self):
        self.write("prices.json", json.dumps({"m": {"input": 1000, "output": 2000}}))
        gate = self.gate()
        self.cut(gate, "--price", "prices.json", "--max-cost", 14, "--concurrency", 3, word="--max-cost 14")
        self.assertLessEqual(self.cost(gate), 14)
        self.assertGreater(self.cost(gate), 3)
        spent, = self.rows("run.db", "SELECT sum(cost_microusd) FROM call")[0]
        self.assertAlmostEqual(spent / 1e6, self.cost(gate), places=2)
        self.settled(gate, *self.GRID, "--price", "prices.json", "--max-cost", 90)

    def test_cost_by_the_spec(self):
        gate = self.gate()
        self.cut(gate, "--max-cost", 14, "--concurrency", 3, word="--max-cost 14", model=("price_in=1000", "price_out=2000"))
        self.assertLessEqual(self.cost(gate), 14)

    def test_cost_without_prices(self):
        gate = self.gate()
        self.refuse(self.args(gate, "--max-cost", 1), ("--max-cost", "--price FILE", "price_in"))
        self.assertEqual(gate.asked(), 0)
        self.assertNothingMade()

    def test_time(self):
        gate = self.gate(None, "--latency-ms", 80)
        more = ("--samples", 20, "--concurrency", 2)
        done = self.longhaul(*self.args(gate, *more, "--max-time", "1s"))
        self.assertFailed(done, "--max-time")
        self.assertLess(gate.asked(), 60)
        self.assertIn("The run is not done", done.out)
        self.settled(gate, "--samples", 20)

    def test_requests_a_second(self):
        gate = self.gate()
        self.run_live(gate, "--samples", 10, "--turns", 5, "--rps", 20)
        at = sorted(r.time for r in gate.requests)
        self.assertEqual(len(at), 50)
        self.assertGreater(at[-1] - at[0], 1.9)
        most = max(sum(1 for t in at if began <= t < began + 1) for began in at)
        self.assertLessEqual(most, 26)

    def test_tokens_a_minute(self):
        """6,000 can be saved up, 1,000 come a second."""
        gate = self.gate()
        self.run_live(gate, "--samples", 5, "--turns", 6, "--tpm", 60000)
        took = max(r.time for r in gate.requests) - min(r.time for r in gate.requests)
        self.assertLessEqual(gate.tokens(), 6000 + 1000 * took + 2500)
        self.assertGreater(gate.tokens(), 8000)


# ---- before anything is sent ----

class Nothing(Ends):
    def test_dry_run(self):
        gate = self.gate()
        done = self.good(*self.args(gate, "--policy", "full_history", "--policy", "window:n=1", "--turns", 30, "--dry-run", model=("price_in=1", "price_out=2")))
        self.assertEqual(gate.asked(), 0)
        self.assertNothingMade()
        rows = {m[1]: m for m in re.finditer(r"^openai:\S+ +(\S+) +(\d+) +(\d+) +(\d+)  \$(\d+\.\d\d)$", done.out, re.M)}
        self.assertEqual(set(rows), {"full_history", "window:n=1"}, str(done))
        self.assertEqual([rows[k][2] for k in rows], ["90", "90"])
        self.assertGreater(int(rows["full_history"][3]), 1.5 * int(rows["window:n=1"][3]))
        total = re.search(r"^all +(\d+) +(\d+) +(\d+)  (.*)$", done.out, re.M)
        self.assertEqual(int(total[1]), 180)
        self.assertEqual(int(total[2]), sum(int(m[3]) for m in rows.values()))

    def test_dry_run_without_prices(self):
        done = self.good(*self.args(1, "--dry-run"))
        self.assertIn("unknown", done.out)
        self.assertNothingMade()

    def test_dry_run_says_about_what_is_asked(self):
        gate = self.gate()
        more = ("--turns", 20, "--policy", "full_history")
        done = self.good(*self.args(gate, *more, "--dry-run"))
        said_in = int(re.search(r"^all +(\d+) +(\d+)", done.out, re.M)[2])
        self.run_live(gate, *more)
        real_in = sum(r.usage["prompt_tokens"] for r in gate.requests)
        self.assertLess(abs(said_in / real_in - 1), 0.3, (said_in, real_in))

    def test_without_a_key(self):
        args = ("run", "--model", "openai:m", "--turns", 3, "--samples", 2, "-o", "run.db", "--quiet")
        self.refuse(args, ("openai:m", "OPENAI_API_KEY"))
        done = self.refuse((*args, "--skip-without-key"), ("OPENAI_API_KEY",), code=77)
        self.assertEqual(done.code, 77)
        self.assertNothingMade()


# ---- interruptions, and going on ----

class Interrupted(Ends):
    def held(self, *more, turn=3):
        """A run whose requests of this turn wait at the gate; (process, gate, what lets them go)."""
        go = threading.Event()
        self.addCleanup(go.set)
        gate = self.gate(lambda request: request.turn >= turn and go.wait(lhgate.HANG) and None)
        p = self.start(*self.args(gate, "--json", "-", "--no-timing", *more))
        wait_for(lambda: gate.of_turn(turn) == 3, "request in flight")
        return p, gate, go

    def caught(self, p, number):
        """Is a signal handler there? It goes when it was used."""
        status = dict(line.split(":\t", 1) for line in Path(f"/proc/{p.pid}/status").read_text().splitlines())
        return int(status["SigCgt"], 16) >> (number - 1) & 1

    def interrupt(self, number, code):
        p, gate, go = self.held()
        p.send_signal(number)
        wait_for(lambda: not self.caught(p, number), "signal that was taken")
        go.set()
        done = self.ended(p)
        self.assertEqual(done.code, code, str(done))
        self.assertIn("Interrupted", done.err)
        self.assertEqual(self.check_report(done)["conditions"], self.check_report(self.good("report", "run.db", "--json", "-", "--no-timing"))["conditions"])
        self.assertIn("The run is not done", self.good("report", "run.db").out)
        # What was in flight when the signal came was paid for, and is kept.
        self.assertEqual(self.rows("run.db", "SELECT count(*) FROM call WHERE turn = 3"), [(3,)])
        self.assertEqual(gate.asked(), 9)
        self.assertEqual(self.rows("run.db", "SELECT status FROM run"), [("stopped",)])
        self.settled(gate)
        self.assertEqual(gate.asked(), 18)

    def test_once(self):
        self.interrupt(signal.SIGINT, 130)

    def test_terminated(self):
        self.interrupt(signal.SIGTERM, 143)

    def test_twice(self):
        p, gate, go = self.held()
        p.send_signal(signal.SIGINT)
        wait_for(lambda: not self.caught(p, signal.SIGINT), "signal that was taken")
        began = time.monotonic()
        p.send_signal(signal.SIGINT)
        done = self.ended(p)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(done.code, -signal.SIGINT, str(done))
        go.set()
        self.assertWhole()
        wait_for(lambda: not gate.open, "end of what was held")
        self.settled(gate, lost=3)

    def stopped(self, *more):
        """An unfinished run in run.db."""
        gate = self.gate()
        self.assertFailed(self.longhaul(*self.args(gate, "--max-calls", 10, *more)), "--max-calls")
        return gate

    def test_an_unfinished_run_is_not_begun_again(self):
        gate = self.stopped()
        asked = gate.asked()
        self.refuse(self.args(gate), ("run.db", "unfinished", "--resume", "--new"))
        self.assertEqual(gate.asked(), asked)
        self.refuse(self.args(gate, "--resume", "--new"), ("--resume", "--new"))
        self.run_live(gate, "--new")
        self.assertEqual(self.rows("run.db", "SELECT status FROM run ORDER BY id"), [("stopped",), ("done",)])
        self.assertEqual(gate.asked(), asked + 18)
        self.assertEqual(self.table("report", "run.db"), self.simulated())

    def test_a_changed_experiment_is_not_gone_on_with(self):
        self.write("p.lua", 'return { api = 1, summary = "all", options = { n = { type = "integer", default = 5, min = 0, help = "turns kept" } } }')
        gate = self.stopped("--policy", "./p.lua:n=2")
        asked, policy = gate.asked(), ("--policy", "./p.lua:n=2")
        for more, words in (
                ((*policy, "--seed", 2), ("seed", '"1" in the file, "2" now')),
                ((*policy, "--turns", 7), ("turns",)),
                ((*policy, "--stop-at-error"), ("stop_at_error",)),
                ((*policy, "--steps-per-turn", 2), ("steps_per_turn",)),
                (("--policy", "./p.lua:n=3"), ("polic", '"n":3')),
                (("--policy", "full_history"), ("polic", "full_history")),
                ((*policy, "--policy", "full_history"), ("polic",)),
                ((*policy, "--history", "own", "--task", "kv_sum:keys=11"), ("task", '"keys":11'))):
            with self.subTest(more=more):
                self.refuse((*self.args(gate), *more, "--resume"), ("--resume", "run.db", "differs", *words))
        self.refuse((*self.args(gate, model=("temperature=0.5",)), *policy, "--resume"), ("differs", "model", "temperature"))
        self.write("p.lua", 'return { api = 1, summary = "all!", options = { n = { type = "integer", default = 5, min = 0, help = "turns kept" } } }')
        self.refuse((*self.args(gate), *policy, "--resume"), ("differs", '"name":"p"', "sha256"))
        self.assertEqual(gate.asked(), asked)

    def test_what_may_differ(self):
        gate = self.stopped("--jobs", 1)
        gate.rule = lambda request: None
        self.run_live(gate, "--resume", "--jobs", 2, "--concurrency", 3, "--rps", 500, "--tpm", 10000000, "--retries", 5, "--timeout", 50, "--horizon", "0.5")
        self.assertEqual(gate.asked(), 18)
        self.assertEqual(self.table("report", "run.db")[0]["outcomes"], self.simulated()[0]["outcomes"])

    def test_more_samples(self):
        gate = self.gate()
        self.run_live(gate)
        self.assertEqual(gate.asked(), 18)
        self.run_live(gate, "--samples", 5, "--resume")
        self.assertEqual(gate.asked(), 30)
        self.assertEqual(self.rows("run.db", "SELECT id, status FROM run"), [(1, "done")])
        self.assertEqual(self.table("report", "run.db"), self.simulated("--samples", 5))

    def test_fewer_samples(self):
        """They would leave answers that belong to nothing; the file stays as it was."""
        gate = self.gate()
        self.run_live(gate, "--samples", 5)
        for more in (("--samples", 3), ("--sample", 4)):
            self.refuse(self.args(gate, *more, "--resume"), ("--resume", "samples 0 to 4", "--samples 5"))
        self.assertEqual(self.table("report", "run.db"), self.simulated("--samples", 5))

    def test_nothing_left(self):
        gate = self.gate()
        first = self.run_live(gate)
        again = self.run_live(gate, "--resume")
        self.assertEqual(gate.asked(), 18)
        self.assertEqual(again.out, first.out)
        self.assertEqual(self.rows("run.db", "SELECT id, status FROM run"), [(1, "done")])

    def test_resume_without_a_file(self):
        self.refuse(self.args(1, "--resume"), ("--resume", "run.db"))
        self.assertNothingMade()

    def test_two_at_once(self):
        p, gate, go = self.held()
        asked = gate.asked()
        for more in ("--resume", "--new"):
            done = self.longhaul(*self.args(gate, more))
            self.assertClear(done, "run.db", "another")
        self.assertEqual(gate.asked(), asked)
        go.set()
        done = self.ended(p)
        self.assertEqual(done.code, 0, str(done))
        self.assertEqual(self.table("report", "run.db"), self.simulated())

    def test_a_full_disk(self):
        """From the second turn on, no file of the process may grow."""
        full, more = threading.Event(), ("--samples", 30)
        gate = self.gate(lambda request: request.turn >= 2 and full.wait(lhgate.HANG) and None)
        p = self.start(*self.args(gate, *more))
        wait_for(lambda: gate.of_turn(2) >= 20, "second turn")
        resource.prlimit(p.pid, resource.RLIMIT_FSIZE, (300 << 10, 300 << 10))
        full.set()
        done = self.ended(p)
        self.assertClear(done, "run.db", "what was committed is kept", "--resume", code=5)
        self.assertGreater(self.rows("run.db", "SELECT count(*) FROM call")[0][0], 10)
        self.assertLess(gate.asked(), 180)
        self.run_live(gate, *more, "--resume")
        self.assertEqual(self.table("report", "run.db"), self.simulated(*more))
        self.assertWhole()


if __name__ == "__main__":
    unittest.main(verbosity=2)
