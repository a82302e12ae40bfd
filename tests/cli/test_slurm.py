"""examples/cluster/slurm.sh on a real Slurm: an array of shards and the job that merges them. Three tasks are stopped while replies to
them are held back, each in another way, and go on from half-written run files: the report is that of the run that was never divided."""
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import lhcli
import lhlive
import lhslurm
import lhtree

SIM = "sim:accuracy=0.95,context=0.3,self_conditioning=3,malformed=0.02"
EXPERIMENT = """return {{ models = {{ "{model}" }}, policies = {{ "full_history", "window:n=3" }}, turns = {turns}, samples = {samples},
	gates = {{ "turn_accuracy(1) >= 0.3" }} }}
"""
ALLOWED = "--allow-endpoint 127.0.0.1"
SHARDS, SAMPLES, CONDITIONS, TURNS = 8, 24, 2, 10
EPISODES = SAMPLES // SHARDS * CONDITIONS   # of a shard, all of them in flight at once
HELD_AT = 5                               # from this turn on, replies are held back
REQUEUED, KILLED, WARNED = 3, 5, SHARDS   # the last task of an array has the array's own number
STOPPED = (REQUEUED, KILLED, WARNED)


class Held:
    """Replies to one shard: those of HELD_AT wait for `answered`, what is asked after them for `go`."""

    def __init__(self):
        self.answered, self.go = threading.Event(), threading.Event()
        self.waiting = {True: 0, False: 0}  # by whether the turn is HELD_AT

    def let_go(self):
        self.go.set()
        self.answered.set()


class Shards(lhlive.Case):
    def setUp(self):
        super().setUp()
        self.server = self.serve("--sim", SIM)
        self.held = {shard: Held() for shard in STOPPED}
        self.through = self.fake(self.reply)
        begun = time.monotonic()
        self.slurm = lhslurm.Slurm(self.folder / "slurm", SHARDS)
        self.addCleanup(self.slurm.stop)
        self.addCleanup(lambda: [held.let_go() for held in self.held.values()])
        self.starting = time.monotonic() - begun
        self.write("experiment.lua", EXPERIMENT.format(model=self.model(self.through), turns=TURNS, samples=SAMPLES))
        self.path("bin").mkdir()
        self.path("bin/longhaul").symlink_to(self.program)

    def reply(self, seen):
        """What the model server says, when it may be said."""
        call = json.loads(seen["body"])["metadata"]
        held, turn = self.held.get(int(call["sample"]) % SHARDS + 1), int(call["turn"])
        if held and turn >= HELD_AT and not held.go.is_set():
            with self.through.lock:
                held.waiting[turn == HELD_AT] += 1
            (held.answered if turn == HELD_AT else held.go).wait(lhcli.HANG)
        return lhlive.forward(self.server)(seen)

    # ---- Slurm's side ----

    def submit(self):
        """The array's number."""
        env = {**self.slurm.env, "PATH": f"{self.path('bin')}:{lhslurm.PLACES}", "SHARD_OPTIONS": f"{ALLOWED} --jobs 2"}
        script = lhcli.SOURCE / "examples" / "cluster" / "slurm.sh"
        p = subprocess.run(["sh", script, "experiment.lua", str(SHARDS), "results", "--time=10"], cwd=self.folder, env=env, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=lhcli.HANG)
        self.assertEqual(p.returncode, 0, p.stdout.decode())
        self.assertRegex(p.stdout.decode(), r"\ASubmitted batch job \d+\n\Z")
        return {job["ArrayJobId"] for job in self.slurm.jobs().values() if "ArrayJobId" in job}.pop()

    def until(self, found, what):
        try:
            lhlive.wait_for(found, what)
        except AssertionError as e:
            texts = "\n".join(f"{p.name}: {p.read_text()[-500:]}" for p in sorted(self.path("results").glob("*.txt")))
            raise AssertionError(f"{e}\n{texts}\n{self.slurm.said(20)}\n{self.slurm.jobs()}") from None

    def until_state(self, job, state):
        self.until(lambda: self.slurm.jobs()[str(job)]["JobState"] == state, f"job {job} is {state}")

    def until_half_written(self, shard):
        """All its episodes wait for a reply of the same turn, and the turns before are in the run file."""
        self.until(lambda: self.held[shard].waiting[True] == EPISODES, f"{EPISODES} replies to shard {shard} are held back")
        self.until(lambda: self.replies(shard) == EPISODES * (HELD_AT - 1), f"shard {shard} has the turns before in its run file")

    def replies(self, shard):
        """How many there are in a run file that is being written."""
        with contextlib.closing(sqlite3.connect(f"file:{self.path(f'results/shard-{shard}-of-{SHARDS}.db')}?mode=ro", uri=True)) as db:
            return db.execute("SELECT count(*) FROM call WHERE reply IS NOT NULL").fetchone()[0]

    def supervisor(self, shard):
        """The longhaul of this shard that no other longhaul has begun."""
        parents = {}
        for pid in lhlive.processes(self.slurm.mark):
            with contextlib.suppress(OSError):
                if f"{shard}/{SHARDS}" in Path(f"/proc/{pid}/cmdline").read_text().split("\0") and lhlive.name_of(pid) == "longhaul":
                    parents[pid] = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        first, = (pid for pid, parent in parents.items() if parent not in parents)
        return first

    def until_ended_by_requeue(self, shard):
        """Slurm has ended the task: what was asked is answered, and nothing more is."""
        said = self.path(f"results/shard-{shard}.txt")
        self.until(lambda: "DUE TO JOB REQUEUE" in said.read_text(), f"Slurm ends task {shard}")
        self.held[shard].answered.set()
        self.until_state(shard, "PENDING")
        self.assertIn("NOT DONE (interrupted)", said.read_text(), "it was not let close its run file")

    # ----

    def stop(self, array):
        self.slurm.run("scontrol", "requeue", f"{array}_{REQUEUED}")                         # as by one that preempts it
        self.slurm.run("scancel", "--batch", "--signal=USR1", f"{array}_{WARNED}")           # as by its time limit
        os.kill(self.supervisor(KILLED), signal.SIGKILL)
        self.until_state(KILLED, "FAILED")
        self.assertEqual(self.slurm.jobs()["longhaul-merge"]["Reason"], "Dependency", "two tasks have not ended")
        self.slurm.run("scontrol", "requeue", f"{array}_{KILLED}")
        for shard in (REQUEUED, WARNED):
            self.until_ended_by_requeue(shard)
        self.until_state(KILLED, "PENDING")

    def go_on(self, array):
        for shard, held in self.held.items():
            held.let_go()
            self.slurm.run("scontrol", "update", f"JobId={array}_{shard}", "StartTime=now")  # not in two minutes
        self.until_state("longhaul-merge", "COMPLETED")

    def check_asked(self):
        """Again only what had no reply when its task was stopped."""
        lost = self.held[KILLED].waiting[True] + sum(held.waiting[False] for held in self.held.values())
        self.assertEqual(len(self.through.seen), SAMPLES * CONDITIONS * TURNS + lost)
        again = {job: int(found["Restarts"]) for job, found in self.slurm.jobs().items()}
        self.assertEqual({job for job, n in again.items() if n}, {str(shard) for shard in STOPPED})

    def test_tasks_stopped_and_queued_again(self):
        begun = time.monotonic()
        array = self.submit()
        for shard in STOPPED:
            self.until_half_written(shard)
        self.stop(array)
        self.go_on(array)
        took = time.monotonic() - begun
        self.check_asked()
        self.good("run", "experiment.lua", *ALLOWED.split(), "-o", "whole.db", "--quiet")
        merged = self.plain("report", "results/merged.db")
        self.assertEqual(merged, self.plain("report", "whole.db"))
        self.assertEqual([g["verdict"] for g in json.loads(self.path("results/report.json").read_text())["gates"]], ["pass", "pass"])
        self.assertIn("PASS", self.path("results/report.txt").read_text())
        print(f"{SHARDS} shards on Slurm {self.slurm.version()}; a task queued again, one killed, one warned of its time limit: {len(merged):,} bytes of"
              f" report JSON equal. Slurm started in {self.starting:.1f} s, the jobs took {took:.1f} s")


if __name__ == "__main__":
    lhtree.main()
