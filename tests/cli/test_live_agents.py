"""Agents as processes, and behind an endpoint, in front of the model server: what they keep in mind themselves gives
what the whole history gives in process. The frameworks' agents run where their packages install."""
import contextlib
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest
import urllib.request
from pathlib import Path

import lhcli
import lhlive
import lhtree
import lhvenv

SIM = "sim:accuracy=0.95,context=0.3,self_conditioning=3"
AGENTS = lhtree.SOURCE / "examples" / "agents"
FRAMEWORKS = {"langgraph_agent.py": ("langgraph", "langchain-openai"), "openai_agents_agent.py": ("openai-agents",)}
SIZE = ("--turns", 12, "--samples", 6)
KEEPS = ("model", "model_options", "model_label", "policy", "policy_label", "policy_options", "cost")     # of the condition: not compared


def report(path):
    read = json.loads(Path(path).read_text())
    for name in ("id", "config_sha256"):
        read["run"].pop(name, None)
    return [{k: v for k, v in c.items() if k not in KEEPS} for c in read["conditions"]]


class Agents(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.home.name)
        cls.server = lhlive.Server(cls.folder, "--sim", SIM)
        cls.env = {**lhcli.environment(cls.folder), "OPENAI_BASE_URL": cls.server.url, "AGENT_IDENTIFY": "1", "OPENAI_MODEL": "m",
                   "NO_PROXY": "127.0.0.1"}

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.home.cleanup()

    def run_longhaul(self, *args, code=0, env=None):
        done = subprocess.run([lhcli.program(), "run", "--quiet", "--no-timing", *map(str, args)], cwd=self.folder, env=env or self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=lhcli.HANG)
        self.assertEqual(done.returncode, code, done.stderr + done.stdout)
        return done

    def in_process(self, *policies):
        words = [w for p in policies for w in ("--policy", p)]
        self.run_longhaul("--model", SIM, *words, *SIZE, "-o", "none", "--json", "sim.json")
        return report(self.folder / "sim.json")

    def compare(self, model, *policies, like=("full_history",), env=None, jobs=1):
        words = [w for p in policies for w in ("--policy", p)]
        self.run_longhaul("--model", model, *words, *SIZE, "--jobs", jobs, "-o", "none", "--json", "agent.json", env=env)
        self.assertEqual(report(self.folder / "agent.json"), self.in_process(*like))

    def rows(self, file, query):
        with contextlib.closing(sqlite3.connect(self.folder / file)) as db:
            return db.execute(query).fetchall()

    def loop(self, extra=""):
        return f"process:{sys.executable} {AGENTS}/loop.py{extra}"

    # ---- processes ----

    def test_stateless(self):
        policies = ("full_history", "window:n=3", "majority_vote:n=3")
        self.compare(self.loop(), *policies, like=policies)

    def test_sessions(self):
        self.compare(self.loop(",sessions=true"))

    def test_sessions_here(self):
        self.compare(self.loop(",sessions=true,processes=2"), jobs=0)

    def test_a_policy_does_not_apply_to_sessions(self):
        done = self.run_longhaul("--model", self.loop(",sessions=true"), "--policy", "window:n=3", *SIZE, "-o", "none", code=2)
        self.assertIn("--policy agent", done.stderr)

    def test_an_agent_that_dies_now_and_then(self):
        agent = self.folder / "mortal.py"
        agent.write_text(f"import os, random, sys\nsys.path.insert(0, {str(AGENTS)!r})\nimport serve\nfrom serve import members_of\n"
                         "inner = serve.serve\n"
                         "def mortal(answer, start=lambda p: None):\n"
                         "    count = [0]\n"
                         "    def once(state, params):\n"
                         "        count[0] += 1\n"
                         "        if count[0] == 25:\n"
                         "            os._exit(3)\n"
                         "        return answer(state, params)\n"
                         "    inner(once, start)\n"
                         "serve.serve = mortal\n"
                         f"exec(open({str(AGENTS / 'loop.py')!r}).read())\n")
        self.compare(f"process:{sys.executable} {agent},processes=2", "full_history", "window:n=3", like=("full_history", "window:n=3"))

    def test_a_command_that_is_not_there(self):
        done = self.run_longhaul("--model", "process:/nowhere/agent", *SIZE, "-o", "none.db", code=4)
        self.assertIn("/nowhere/agent", done.stderr)
        self.assertFalse((self.folder / "none.db").exists())

    def test_keys_reach_an_agent_only_by_name(self):
        agent = self.folder / "tell.py"
        agent.write_text(f"import os, sys\nsys.path.insert(0, {str(AGENTS)!r})\nfrom serve import serve\n"
                         "serve(lambda state, params: {'text': repr(sorted(k for k in os.environ if k.endswith('_KEY')))})\n")
        env = {**self.env, "ONE_API_KEY": "first-secret", "OTHER_KEY": "second-secret"}
        model = f"process:{sys.executable} {agent}"
        for extra, names in ((("", "[]")), (",pass_env=OTHER_KEY", "['OTHER_KEY']")):
            self.run_longhaul("--model", model + extra, "--turns", 1, "--samples", 1, "-o", "tell.db", "--new", env=env)
            ((text,),) = self.rows("tell.db", "SELECT text FROM message WHERE made_by = 'model' ORDER BY episode DESC LIMIT 1")
            self.assertEqual(text, names)

    def test_no_agent_outlives_its_run(self):
        agent = self.folder / "slow.py"
        agent.write_text(f"import os, sys, time\nsys.path.insert(0, {str(AGENTS)!r})\nfrom serve import serve\n"
                         "def answer(state, params):\n    open('pid', 'w').write(str(os.getpid()))\n    time.sleep(600)\n"
                         "serve(answer)\n")
        run = subprocess.Popen([lhcli.program(), "run", "--model", f"process:{sys.executable} {agent}", "--turns", "1", "--samples", "1", "-o", "none"],
                               cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pid = int(lhlive.wait_for(lambda: (self.folder / "pid").exists() and (self.folder / "pid").read_text(), "the agent begins"))
        run.send_signal(signal.SIGKILL)
        run.wait()
        lhlive.wait_for(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0],
                        "the agent ends")

    # ---- behind an endpoint ----

    def delta(self):
        sessions = {}

        def reply(seen):
            body = json.loads(seen["body"])
            name = dict((k.lower(), v) for k, v in seen["headers"])["x-session-id"]
            if body["metadata"].pop("session_id") != name or len(body["messages"]) > 2:
                return 400, {"error": {"message": "a session, and only what is new, is asked for"}}
            messages = sessions.setdefault(name, [])
            body.update(messages=messages + body["messages"], stream=False)
            body.pop("user", None)
            request = urllib.request.Request(self.server.url + "/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=lhcli.HANG) as r:
                said = json.load(r)
            messages[:] = body["messages"] + [{"role": "assistant", "content": said["choices"][0]["message"]["content"]}]
            return 200, said
        return lhlive.Fake(reply)

    def test_delta(self):
        agent = self.delta()
        try:
            self.compare(f"openai:agent,base_url=http://127.0.0.1:{agent.port}/v1,history=delta,identify=true")
        finally:
            agent.stop()

    def test_delta_killed_and_resumed(self):
        agent = self.delta()
        run = ["--model", f"openai:agent,base_url=http://127.0.0.1:{agent.port}/v1,history=delta,identify=true", *SIZE, "-o", "delta.db", "--json", "agent.json"]
        try:
            first = subprocess.Popen([lhcli.program(), "run", "--quiet", *map(str, run)], cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            lhlive.wait_for(lambda: len(agent.seen) >= 25, "some turns are asked")
            first.send_signal(signal.SIGKILL)
            first.wait()
            self.run_longhaul(*run, "--resume")
        finally:
            agent.stop()
        self.assertEqual(report(self.folder / "agent.json"), self.in_process("full_history"))
        kept = dict(self.rows("delta.db", "SELECT status, count(*) FROM episode GROUP BY status"))
        self.assertEqual(kept["done"], 6)
        self.assertGreater(kept.get("superseded", 0), 0)
        again = subprocess.run([lhcli.program(), "report", "delta.db", "--json", "again.json", "--no-timing"], cwd=self.folder, env=self.env,
                               stdout=subprocess.DEVNULL, timeout=lhcli.HANG)
        self.assertEqual(again.returncode, 0)
        self.assertEqual(json.loads((self.folder / "again.json").read_text()), json.loads((self.folder / "agent.json").read_text()),
                         "what the abandoned conversations cost counts in both")

    # ---- frameworks ----

    def check_framework(self, script):
        python = lhvenv.python(*FRAMEWORKS[script])
        env = {**self.env, "LANGSMITH_TRACING": "false", "OPENAI_AGENTS_DISABLE_TRACING": "1"}
        self.compare(f"process:{python} {AGENTS / script},processes=1", "full_history", "window:n=3", like=("full_history", "window:n=3"), env=env)
        self.compare(f"process:{python} {AGENTS / script},processes=1,sessions=true", env=env)

    def test_langgraph(self):
        self.check_framework("langgraph_agent.py")

    def test_openai_agents(self):
        self.check_framework("openai_agents_agent.py")


if __name__ == "__main__":
    unittest.main(verbosity=2)
