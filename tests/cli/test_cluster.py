"""The examples of examples/cluster, executed: their shell scripts as they stand, with a stand-in for a scheduler that is not
installed; of the files for Kubernetes and GitHub the commands. Each ends in the report of the run that was never divided."""
import json
import os
import re
import shutil
import subprocess

import lhcli

CLUSTER = lhcli.SOURCE / "examples" / "cluster"
EXPERIMENT = 'return { models = { "sim:accuracy=0.95" }, policies = { "full_history", "window:n=3" }, turns = 8, samples = 11, gates = { "turn_accuracy(1) >= 0.3" } }\n'

# What our command line asks of it: the words of the command joined, {} the line, a job after the other; the number of those that failed.
PARALLEL = """#!/bin/sh
while [ "${1#--}" != "$1" ]; do shift 2; done
failed=0
while read -r line; do sh -c "$(printf '%s' "$*" | sed "s/{}/$line/g")" < /dev/null || failed=$((failed + 1)); done
exit $failed
"""

# Runs a job at once, from a copy, as Slurm does; --parsable: says its number. A task named in $REQUEUE is stopped and begun again.
SBATCH = """#!/bin/sh
array= output= parsable=
while [ "${1#--}" != "$1" ]; do
  case $1 in
  --array=*) array=${1#--array=1-} ;;
  --output=*) output=${1#--output=} ;;
  --parsable) parsable=yes ;;
  --dependency=afterany:77) ;;
  --dependency=*) echo "no such job: $1" >&2; exit 1 ;;
  esac
  shift
done
cp "$1" spooled; shift
if [ "$array" ]; then
  for SLURM_ARRAY_TASK_ID in $(seq "$array"); do
    export SLURM_ARRAY_TASK_ID
    out=$(printf '%s' "$output" | sed "s/%a/$SLURM_ARRAY_TASK_ID/")
    sh spooled "$@" >> "$out" 2>&1
    if [ "$SLURM_ARRAY_TASK_ID" = "$REQUEUE" ]; then sh spooled "$@" >> "$out" 2>&1; fi
  done
else
  sh spooled "$@" > "$output" 2>&1
  echo $? > code
fi
[ "$parsable" ] && echo "77;cluster" || true
"""


class Cluster(lhcli.Case):
    def setUp(self):
        super().setUp()
        self.write("experiment.lua", EXPERIMENT)
        self.path("bin").mkdir()
        self.path("bin/longhaul").symlink_to(self.program)
        self.good("run", "experiment.lua", "-o", "whole.db", "--quiet")

    def stand_in(self, name, text):
        self.write(f"bin/{name}", text)
        self.path(f"bin/{name}").chmod(0o755)

    def sh(self, *command, code=0, **env):
        env = lhcli.environment(self.folder, **env)
        env["PATH"] = f"{self.path('bin')}:{env['PATH']}"
        p = subprocess.run([str(c) for c in command], cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           timeout=lhcli.HANG)
        self.assertEqual(p.returncode, code, p.stdout.decode())
        return p.stdout.decode()

    def check(self, folder="."):
        self.assertEqual(self.plain("report", f"{folder}/merged.db"), self.plain("report", "whole.db"))
        ours = json.loads(self.path(f"{folder}/report.json").read_text())
        self.assertEqual([g["verdict"] for g in ours["gates"]], ["pass", "pass"])

    def test_by_hand(self):
        for shard in (3, 1):
            self.sh("sh", CLUSTER / "shard.sh", "experiment.lua", 3, ".", shard)
        self.assertIn("It lacks shard 2 of 3", self.sh("sh", CLUSTER / "merge.sh", 3, ".", code=4))
        self.sh("sh", CLUSTER / "shard.sh", "experiment.lua", 3, ".", 2)
        self.sh("sh", CLUSTER / "shard.sh", "experiment.lua", 3, ".", 1, SHARD_OPTIONS="--jobs 1 --json 1.json")       # done already
        self.assertEqual(json.loads(self.path("1.json").read_text())["conditions"][0]["samples"], 4)
        self.assertIn("PASS", self.sh("sh", CLUSTER / "merge.sh", 3, "."))
        self.check()
        self.assertIn("which shard?", self.sh("sh", CLUSTER / "shard.sh", "experiment.lua", 3, ".", code=2))
        self.assertIn("usage", self.sh("sh", CLUSTER / "merge.sh", 3, code=2))

    def test_a_gate_that_fails(self):
        self.write("experiment.lua", EXPERIMENT.replace("turn_accuracy(1) >= 0.3", "turn_accuracy(1) <= 0.3"))
        for shard in (1, 2):
            self.sh("sh", CLUSTER / "shard.sh", "experiment.lua", 2, ".", shard)
        self.sh("sh", CLUSTER / "merge.sh", 2, ".", code=1)

    def test_parallel(self):
        if not shutil.which("parallel"):
            self.stand_in("parallel", PARALLEL)
        folder = "one's own results"
        self.sh("sh", CLUSTER / "parallel.sh", "experiment.lua", 4, folder, "--jobs", 2)
        self.check(folder)
        self.assertEqual(len(list(self.path(folder).glob("shard-*.txt"))), 4)

    def test_slurm(self):
        self.stand_in("sbatch", SBATCH)
        self.sh("sh", CLUSTER / "slurm.sh", "experiment.lua", 5, "results", "--time=1", REQUEUE="3")
        self.assertEqual(self.path("code").read_text(), "0\n", self.path("results/report.txt").read_text())
        self.check("results")

    def test_kubernetes(self):
        commands = [json.loads(re.search(r"(?m)^ +command: (\[.*\])$", (CLUSTER / f).read_text()).group(1)) for f in ("kubernetes.yaml", "kubernetes-merge.yaml")]
        places = {"/work/experiment.lua": "experiment.lua", "/data": ".", "/work/shard.sh": CLUSTER / "shard.sh", "/work/merge.sh": CLUSTER / "merge.sh"}
        shard, merge = ([places.get(word, word) for word in c] for c in commands)
        completions = int(re.search(r"completions: (\d+)", (CLUSTER / "kubernetes.yaml").read_text()).group(1))
        for index in range(completions):
            self.sh(*shard, JOB_COMPLETION_INDEX=str(index))
        self.sh(*merge)
        self.check()

    def test_github(self):
        text = (CLUSTER / "github.yml").read_text()
        shard, merge = re.findall(r"(?m)^ +run: (sh longhaul/\S+(?:shard|merge)\.sh .*)$", text)
        os.symlink(lhcli.SOURCE, self.path("longhaul"))
        for i in json.loads(re.search(r"shard: (\[.*\])", text).group(1)):
            self.sh("sh", "-c", shard.replace("${{ matrix.shard }}", str(i)))
        self.sh("sh", "-c", merge)
        self.check()

    def test_the_files_are_yaml(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("no YAML reader is installed")
        for name in ("kubernetes.yaml", "kubernetes-merge.yaml"):
            job = yaml.safe_load((CLUSTER / name).read_text())
            self.assertEqual((job["apiVersion"], job["kind"]), ("batch/v1", "Job"))
            spec = job["spec"]["template"]["spec"]
            mounts = {m["name"] for c in spec["containers"] for m in c["volumeMounts"]}
            self.assertEqual(mounts, {v["name"] for v in spec["volumes"]})
        jobs = yaml.safe_load((CLUSTER / "github.yml").read_text())["jobs"]
        self.assertEqual(jobs["merge"]["needs"], "shard")


if __name__ == "__main__":
    lhcli.unittest.main()
