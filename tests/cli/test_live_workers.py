"""What foreign code may do to a run: crash, end its process, hang, eat memory. It costs the one episode in which it does so
twice, and nothing that was paid for; whoever is killed, nobody is left behind."""
import os
import resource
import signal
import subprocess
import threading
import unittest
from pathlib import Path

import lhcli
import lhgate
import lhtree
from lhlive import sanitized, wait_for

QUIET = {"ASAN_OPTIONS": "handle_segv=0:handle_abort=0:detect_leaks=0:exitcode=99"}
BAD, STEP = 1, 3                          # the sample and the step, from 0, in which the family does wrong


class Workers(lhgate.Live):
    TASK = "faulty"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ENV = {**QUIET, "LONGHAUL_PLUGIN_PATH": str(lhcli.build_folder() / "tests" / "abi")}
        if not (lhcli.build_folder() / "tests" / "abi" / "faulty.so").exists():
            raise unittest.SkipTest("the fixtures are not built")

    def faulty(self, fault, where="apply", times=0, sample=BAD, step=STEP):
        return f"faulty:fault={fault},where={where},sample={sample},step={step},times={times},marker={self.path('marker')}"

    def marks(self):
        """How often the family has done wrong."""
        return self.path("marker").stat().st_size if self.path("marker").exists() else 0

    def command(self, gate, task, *more):
        """5 samples of 6 turns, in process or over HTTP."""
        model = self.model(gate.port) if gate else self.SIM
        return ("run", "--task", task, "--model", model, "--turns", 6, "--samples", 5, "-o", "run.db", "--quiet", "--new", *more)

    def healthy(self):
        """{sample: outcomes}."""
        self.good("run", "--task", "faulty", "--model", self.SIM, "--turns", 6, "--samples", 5, "-o", "healthy.db", "--quiet")
        return self.outcomes("healthy.db")

    def check_same(self):
        self.assertEqual(self.outcomes("run.db"), self.healthy())
        self.assertEqual(self.rows("run.db", "SELECT DISTINCT status FROM episode"), [("done",)])

    def check_read_back(self, done):
        """What the run measured is what its file says."""
        self.assertEqual(self.check_report(done)["conditions"], self.check_report(self.good("report", "run.db", "--json", "-", "--no-timing"))["conditions"])

    def check_one_lost(self, done, *words, turns=STEP):
        healthy, found = self.healthy(), self.outcomes("run.db")
        self.assertEqual({s: o for s, o in found.items() if s != BAD}, {s: o for s, o in healthy.items() if s != BAD})
        self.assertEqual(found[BAD], healthy[BAD][:turns])
        self.assertEqual(self.marks(), 2, "one retry")
        (status, cause), = self.rows("run.db", "SELECT status, cause FROM episode WHERE sample = ?", BAD)
        self.assertEqual(status, "plugin_crash")
        for word in (*words, f" --sample {BAD} --jobs "):
            self.assertIn(word, cause)
        report = self.check_report(done)["conditions"][0]
        self.assertEqual((report["censored"], report["policy_errors"]), (1, 0))
        self.assertEqual(report["tried"], [5] * (turns + 1) + [4] * (5 - turns))
        self.assertEqual(report["observed"], [5] * turns + [4] * (6 - turns))
        table = " ".join(self.good("report", "run.db").out.split())
        self.assertIn(words[0], table)
        self.assertIn(f"sample {BAD}", table)
        self.check_read_back(done)

    def check_asked_once(self, gate, lost=()):
        """Every call of every sample, and none twice."""
        every = {(s, t, 0): 1 for s in range(5) for t in range(1, 7) if s not in lost or t <= STEP}
        self.assertEqual(gate.places(), every)

    def each_way(self, task, check, *more):
        """check(done, gate) for --jobs 1 and 4, in process and over HTTP."""
        for http in (False, True):
            for jobs in (1, 4):
                with self.subTest(jobs=jobs, http=http):
                    self.path("marker").unlink(missing_ok=True)
                    gate = self.gate() if http else None
                    done = self.longhaul(*self.command(gate, task, "--jobs", jobs, "--json", "-", "--no-timing", *more))
                    self.assertEqual(done.code, 0, str(done))
                    check(done, gate)
                    for name in ("run.db", "healthy.db"):
                        self.path(name).unlink()

    def crashes(self, fault, *words, where="apply", stall=10, turns=STEP):
        def check(done, gate):
            self.check_one_lost(done, *words, turns=turns)
            if gate and turns:
                self.check_asked_once(gate, lost=(BAD,))
        self.each_way(self.faulty(fault, where), check, "--stall", stall)

    # ---- what a family may do ----

    def test_it_crashes(self):
        self.crashes("segv", "signal 11 (Segmentation fault)", "task faulty, apply() at step 3 (from 0), turn 4: ")

    def test_it_crashes_while_it_asks(self):
        self.crashes("segv", "signal 11 (Segmentation fault)", "task faulty, ask() at step 3 (from 0), turn 4: ", where="ask")

    def test_it_crashes_as_the_sample_is_opened(self):
        self.crashes("segv", "signal 11 (Segmentation fault)", "task faulty, open(): ", where="open", turns=0)

    def test_it_crashes_as_it_reads_a_reply(self):
        """That reply is paid for, and counted, though its turn has no outcome."""
        gate = self.gate()
        done = self.longhaul(*self.command(gate, self.faulty("segv", "read", step=2), "--jobs", 2, "--json", "-", "--no-timing"))
        self.assertEqual(done.code, 0, str(done))
        self.check_one_lost(done, "signal 11", "task faulty, canonical(), turn 3: ", turns=2)
        self.check_asked_once(gate, lost=(BAD,))
        self.assertEqual(self.check_report(done)["conditions"][0]["cost"]["calls"], 27)

    def test_it_aborts(self):
        self.crashes("abort", "signal 6 (Aborted)")

    def test_it_ends_its_process(self):
        self.crashes("exit", "it ended its process with exit code 0")

    def test_it_loops(self):
        self.crashes("loop", "did not come back", "0.5 s of processor time", "--stall", stall=0.5)

    def test_it_sleeps(self):
        """No processor time is spent: by the clock, six times as long."""
        done = self.longhaul(*self.command(None, self.faulty("sleep"), "--jobs", 1, "--stall", 0.2, "--json", "-", "--no-timing"))
        self.assertEqual(done.code, 0, str(done))
        self.check_one_lost(done, "did not come back", "1.2 s by the clock")

    def test_it_eats_memory(self):
        plain = os.environ.get("LH_PLAIN_BIN") or (None if sanitized() else self.program)
        if not plain:
            self.skipTest("a sanitizer needs the addresses that would be limited: LH_PLAIN_BIN names a program without one")
        source = lhtree.SOURCE                   # a fixture without the sanitizer, too
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-I", source / "core" / "include", "-I", source / "tests" / "abi", "-o", self.path("faulty.so"),
                        source / "tests" / "abi" / "faulty.c"], check=True)
        env = lhcli.environment(self.folder, LONGHAUL_PLUGIN_PATH=str(self.folder))
        p = subprocess.run([str(a) for a in (plain, *self.command(None, self.faulty("memory"), "--jobs", 2, "--json", "-", "--no-timing"))], cwd=self.folder,
                           env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=lhgate.HANG)
        done = lhcli.Done(["run"], p.returncode, p.stdout, p.stderr)
        self.assertEqual(done.code, 0, str(done))
        self.check_one_lost(done, "signal 6 (Aborted)")

    def test_once_costs_nothing(self):
        def check(done, gate):
            self.assertEqual(self.marks(), 1)
            self.check_same()
            self.check_read_back(done)
            if gate:
                self.check_asked_once(gate)
        for fault in ("segv", "exit"):
            with self.subTest(fault=fault):
                self.each_way(self.faulty(fault, times=1), check)

    def test_while_the_plan_is_made(self):
        for fault, word in (("segv", "signal 11"), ("exit", "exit code 0"), ("loop", "did not come back")):
            with self.subTest(fault=fault):
                done = self.longhaul(*self.command(None, self.faulty(fault, "load"), "--jobs", 1, "--stall", 0.2))
                self.assertClear(done, word, "task faulty, load(), while it was opened", "longhaul check")
                self.assertNothingMade("marker")

    def test_a_worker_that_cannot_live(self):
        done = self.longhaul(*self.command(None, "faulty", "--jobs", 2), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300 << 10, 300 << 10)))
        self.assertClear(done, "memory that processes can share", "File too large", code=5)
        self.assertNothingMade()

    def test_another_family_goes_on(self):
        """One of two conditions crashes: the other's table is whole."""
        self.good(*self.command(None, self.faulty("segv"), "--task", "kv_sum", "--jobs", 2))
        self.assertEqual(self.rows("run.db", "SELECT condition, status, count(*) FROM episode GROUP BY 1, 2 ORDER BY 1, 2"),
                         [(0, "done", 4), (0, "plugin_crash", 1), (1, "done", 5)])

    # ---- requests in flight when a worker dies ----

    def in_flight(self, jobs, marks, times):
        """The others' requests wait at the gate until the worker has died so often."""
        go = threading.Event()
        self.addCleanup(go.set)
        gate = self.gate(lambda request: request.sample != BAD and request.turn == 2 and go.wait(lhgate.HANG) and None)
        p = self.start(*self.command(gate, self.faulty("segv", times=times), "--jobs", jobs, "--json", "-", "--no-timing"))
        wait_for(lambda: self.marks() >= marks and gate.of_turn(2) >= 4, "crash")
        go.set()
        done = self.ended(p)
        self.assertEqual(done.code, 0, str(done))
        self.check_asked_once(gate, lost=() if times else (BAD,))
        self.assertEqual(self.rows("run.db", "SELECT count(*) FROM call c JOIN message m ON m.episode = c.episode AND m.id = c.reply WHERE c.error IS NULL"),
                         [(len(gate.requests),)])
        if times:
            self.check_same()
        else:
            self.check_one_lost(done, "signal 11")
        self.check_read_back(done)

    def test_in_flight(self):
        for jobs in (1, 2):
            for marks, times in ((1, 1), (2, 0), (1, 0)):
                with self.subTest(jobs=jobs, marks=marks, times=times):
                    for name in ("marker", "run.db", "healthy.db"):
                        self.path(name).unlink(missing_ok=True)
                    self.in_flight(jobs, marks, times)

    # ---- whoever is killed ----

    def processes(self, mark, name=None):
        found = []
        for p in Path("/proc").iterdir():
            try:
                if p.name.isdigit() and f"LH_TEST_MARK={mark}".encode() in (p / "environ").read_bytes().split(b"\0"):
                    if (p / "stat").read_text().rsplit(")", 1)[1].split()[0] != "Z" and name in (None, (p / "comm").read_text().strip()):
                        found.append(int(p.name))
            except OSError:
                pass
        return found

    def held(self, jobs=2):
        """A run with its requests of the second turn in flight: (process, gate, what lets them go, mark)."""
        go, mark = threading.Event(), str(self.folder)
        self.addCleanup(go.set)
        gate = self.gate(lambda request: request.turn == 2 and go.wait(lhgate.HANG) and None)
        p = self.start(*self.command(gate, "faulty", "--jobs", jobs), env={"LH_TEST_MARK": mark})
        wait_for(lambda: gate.of_turn(2) == 5, "requests in flight")
        self.assertEqual(len(self.processes(mark)), jobs + 2)
        return p, gate, go, mark

    def test_a_worker_is_killed(self):
        """Once or often: it costs nothing."""
        for jobs, kills in ((1, 1), (2, 3)):
            with self.subTest(jobs=jobs):
                p, gate, go, mark = self.held(jobs)
                for _ in range(kills):
                    workers = self.processes(mark, "longhaul-work")
                    os.kill(workers[0], signal.SIGKILL)
                    wait_for(lambda: workers[0] not in self.processes(mark) and len(self.processes(mark, "longhaul-work")) == jobs, "new worker")
                go.set()
                done = self.ended(p)
                self.assertEqual(done.code, 0, str(done))
                self.check_same()
                self.check_asked_once(gate)
                self.assertEqual(self.processes(mark), [])

    def test_the_supervisor_is_killed(self):
        p, gate, go, mark = self.held()
        p.kill()
        p.wait()
        wait_for(lambda: not self.processes(mark), "end of all processes", 10)
        go.set()
        wait_for(lambda: not gate.open, "end of what was held")
        gate.rule = lambda request: None
        self.good(*[a for a in self.command(gate, "faulty") if a != "--new"], "--resume")
        self.check_same()
        self.assertEqual({t: n for (s, t, _), n in gate.places().items()}, {1: 1, 2: 2, 3: 1, 4: 1, 5: 1, 6: 1})

    def test_the_nursery_is_killed(self):
        p, gate, go, mark = self.held()
        nursery, = self.processes(mark, "longhaul-nurse")
        os.kill(nursery, signal.SIGKILL)
        done = self.ended(p)
        self.assertClear(done, "worker process", code=5)
        self.assertEqual(self.processes(mark), [])
        go.set()
        gate.rule = lambda request: None
        self.good(*[a for a in self.command(gate, "faulty") if a != "--new"], "--resume")
        self.check_same()


if __name__ == "__main__":
    unittest.main(verbosity=2)
