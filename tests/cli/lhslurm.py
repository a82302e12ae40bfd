"""A Slurm of the test's own: munged, slurmctld and slurmd on this machine, from one folder, gone when the test ends. Where they are
not installed or cannot run, the test is skipped, and says why."""
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import unittest

import lhcli
import lhlive

PLACES = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "scontrol", "scancel", "sinfo")
START = 30                                # s: by then a step of the start is done, or this machine cannot run Slurm

CONF = """ClusterName=longhaul
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmdPort={d_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=node Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(n):
    """Ports that nobody listened at a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def user_name():
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise unittest.SkipTest(f"Slurm needs a user with a name, and uid {os.getuid()} has none") from None


def of_slurm(name):
    path = shutil.which(name, path=PLACES)
    if not path:
        raise unittest.SkipTest(f"Slurm is not installed: there is no {name}. `sh scripts/setup.sh --dev` installs it where it can")
    return path


class Slurm:
    """One node of `cpus` processors, idle when this returns."""

    def __init__(self, folder, cpus):
        self.programs = {name: of_slurm(name) for name in PROGRAMS}
        self.folder, self.daemons = folder, {}
        for name in ("state", "spool"):
            (folder / name).mkdir(parents=True)
        self.conf = folder / "slurm.conf"
        ctld_port, d_port = free_ports(2)
        host = socket.gethostname().split(".")[0]
        self.conf.write_text(CONF.format(folder=folder, host=host, user=user_name(), cpus=cpus, ctld_port=ctld_port, d_port=d_port))
        (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")     # no daemon may need more than is there
        self.mark = str(folder)
        self.env = lhcli.environment(folder, SLURM_CONF=str(self.conf), PATH=PLACES, **{lhlive.MARK: self.mark})    # daemons and jobs inherit it
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self):
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        own = [f"--{what}={self.folder}/munge.{what.split('-')[0]}" for what in ("socket", "pid-file", "log-file", "seed-file")]
        self.daemon("munged", "--foreground", "--force", f"--key-file={key}", *own)
        self.wait((self.folder / "munge.socket").is_socket, "munged makes its socket")
        self.daemon("slurmctld", "-D", "-f", self.conf)
        self.daemon("slurmd", "-D", "-N", "node", "-f", self.conf)
        self.wait(lambda: self.try_run("sinfo", "--noheader", "--format=%T").stdout.split() == [b"idle"], "the node is idle")
        self.try_run("sbatch", "--job-name=trial", "--output=/dev/null", "--wrap=true")      # a container may let daemons run and no job
        self.wait(lambda: self.jobs().get("trial", {}).get("JobState") == "COMPLETED", "a job that does nothing has run")

    def daemon(self, name, *args):
        bound = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []       # to the test, should that be killed
        with open(self.folder / f"{name}.txt", "wb") as log:
            self.daemons[name] = subprocess.Popen([*bound, self.programs[name], *map(str, args)], cwd=self.folder, env=self.env,
                                                  stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait(self, found, what):
        """SKIPPED, with the daemons' last words, where it does not come about."""
        def stopped():
            return [name for name, p in self.daemons.items() if p.poll() is not None]
        try:
            lhlive.wait_for(lambda: stopped() or found(), what, START)
        except AssertionError:
            raise unittest.SkipTest(f"Slurm does not run here: not within {START} s: {what}\n{self.said()}") from None
        if stopped():
            raise unittest.SkipTest(f"Slurm does not run here: {', '.join(stopped())} ended before {what}\n{self.said()}")

    def said(self, lines=6):
        return "\n".join(f"{name}: {line}" for name in self.daemons
                         for line in (self.folder / f"{name}.txt").read_text(errors="replace").splitlines()[-lines:])

    def try_run(self, name, *args):
        return subprocess.run([self.programs[name], *map(str, args)], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=lhcli.HANG)

    def run(self, name, *args):
        p = self.try_run(name, *args)
        if p.returncode != 0:
            raise AssertionError(f"{name} {' '.join(map(str, args))}: {p.returncode}\n{p.stdout.decode()}\n{self.said(20)}")
        return p.stdout.decode()

    def jobs(self):
        """{"5": {"JobState": …}}: by task of the array; a job that is none by its name."""
        found = {}
        for line in self.run("scontrol", "show", "job", "--oneliner").splitlines():
            job = dict(word.split("=", 1) for word in line.split() if "=" in word)
            if "JobId" in job:
                found[job.get("ArrayTaskId", job["JobName"])] = job
        return found

    def version(self):
        return re.search(r"\d+\.\d+", self.run("sinfo", "--version")).group()

    def stop(self):
        """Jobs first, then the daemons, the last begun first, and whatever of it is still there."""
        if "slurmd" in self.daemons:
            self.try_run("scancel", "--full", "--signal=KILL", f"--user={user_name()}")
        for p in reversed(self.daemons.values()):
            p.send_signal(signal.SIGTERM)
            try:
                p.wait(timeout=lhlive.SOON)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        for pid in lhlive.processes(self.mark):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        lhlive.wait_for(lambda: not lhlive.processes(self.mark), "no process of Slurm's is left")
