"""Gates of runs over HTTP: the same verdicts as in process, stopped at the same sample whatever is in flight, gone on with
after a kill or a spent budget."""
import os
import signal
import time

import lhcli
import lhlive

SIM = "sim:accuracy=0.97,context=0.3,self_conditioning=3"
GATES = ("--gate", "turn_accuracy(6) >= 0.85", "--gate", "horizon(0.5) >= 4", "--sequential")


class Gates(lhlive.Case):
    def setUp(self):
        super().setUp()
        self.size = ["run", "--turns", 6, "--samples", 500, "--seed", 5, "--quiet", "--no-timing", *GATES]
        self.calm = self.measured(self.plain(*self.size, "--model", SIM, "-o", "calm.db"))
        self.decided = self.calm["conditions"][0]["samples"]
        self.assertLess(40, self.decided)
        self.assertLess(self.decided, 250)

    def live(self, *more, server=None):
        server = server or self.server
        return [*self.size, "--model", self.model(server), "-o", "k.db", "--json", "k.json", *more]

    def check_end(self):
        self.assertEqual(self.measured(self.path("k.json").read_text()), self.calm)
        for command in ("report", "gate"):
            self.assertEqual(self.measured(self.plain(command, "k.db")), self.calm, f"longhaul {command} tells another story")

    def test_the_same_as_in_process(self):
        """Replies come in any order, and other samples are under way when it is decided: those are broken off."""
        self.server = self.serve("--sim", SIM, "--latency-ms", 8, "--latency-spread", 1)
        for concurrency, jobs in ((1, 0), (200, 0), (200, 2)):
            self.good(*self.live("--concurrency", concurrency, "--jobs", jobs))
            self.check_end()
            open_ = self.rows("k.db", "SELECT count(*) FROM episode WHERE status = 'running'")[0][0]
            whole = self.rows("k.db", "SELECT count(*) FROM episode WHERE sample < ? AND status = 'done'", self.decided)[0][0]
            self.assertEqual(whole, self.decided)
            self.assertEqual(self.rows("k.db", "SELECT status FROM run"), [("done",)])
            if concurrency == 200:
                self.assertGreater(open_, 0, "nothing was under way")
            self.assertLess(self.rows("k.db", "SELECT count(*) FROM episode")[0][0], 500)
            self.path("k.db").unlink()

    def test_killed_and_gone_on_with(self):
        luck = lhcli.stream("kill", self.id())
        self.server = self.serve("--sim", SIM, "--latency-ms", 8, "--latency-spread", 1)
        kills = 0
        for life in range(40):
            mark = f"{self.id()}-{os.getpid()}-{life}"
            resume = ("--resume",) if self.path("k.db").exists() and self.begun() else ()
            asked = self.server.settle()
            p = self.start(*self.live("--concurrency", 24, "--jobs", luck.choice((0, 1, 2)), *resume), mark=mark)
            if life < 12:
                wanted = luck.randint(1, 90) * 60         # bytes of the server's log: so many requests
                lhlive.wait_for(lambda: p.poll() is not None or self.server.log.stat().st_size >= asked + wanted, "requests")
                time.sleep(luck.uniform(0, 0.004))
            else:
                p.wait(timeout=lhcli.HANG)
            if p.poll() is None:
                p.send_signal(signal.SIGKILL)
                kills += 1
            out, err = p.communicate(timeout=lhcli.HANG)
            lhlive.wait_for(lambda: not lhlive.processes(mark), "the end of what was killed")
            if p.returncode == 0:
                break
            self.assertEqual(p.returncode, -signal.SIGKILL, f"{out.decode()}{err.decode()}")
        self.assertGreater(kills, 3)
        self.check_end()

    def begun(self):
        """Is there a run in the file? It may have been killed while that was made."""
        return bool(self.longhaul("list", "runs", "k.db").out.strip())

    def test_a_budget_ends_it_and_another_goes_on(self):
        self.server = self.serve("--sim", SIM)
        done = self.longhaul(*self.live("--max-calls", 120))
        self.assertEqual(done.code, 4, str(done))
        report = lhcli.strict_json(self.path("k.json").read_text())
        self.assertEqual({g["verdict"] for g in report["gates"]}, {"infrastructure"})
        self.assertEqual(self.longhaul("gate", "k.db").code, 4)
        self.good(*self.live("--resume"))
        self.check_end()

    def test_gone_on_with_once_it_is_decided(self):
        """Nothing more is asked."""
        self.server = self.serve("--sim", SIM)
        self.good(*self.live("--concurrency", 50))
        asked = self.server.settle()
        self.good(*self.live("--concurrency", 50, "--resume"))
        self.assertEqual(list(self.server.asked(asked)), [])
        self.check_end()

    def test_a_dead_server_passes_nothing(self):
        """It answers a while, then no more: exit code 4, whatever was seen before."""
        seen = []

        def reply(request):
            seen.append(1)
            return (200, lhlive.answer_of("openai", "<answer>0</answer>")) if len(seen) < 30 else (401, {"error": {"message": "no more"}})
        server = self.fake(reply)
        done = self.longhaul(*self.live("--retries", 1, "--max-time", "60s", server=server))
        self.assertEqual(done.code, 4, str(done))


if __name__ == "__main__":
    lhlive.unittest.main()
