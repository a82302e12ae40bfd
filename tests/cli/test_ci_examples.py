"""examples/ci: every step as its system would carry it out, with the variables that the system sets."""
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ET
from pathlib import Path

import lhtree

EXAMPLES = "examples/ci/"
SET_BY = {
    "github": {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": "{top}", "GITHUB_STEP_SUMMARY": "{files}/summary", "GITHUB_OUTPUT": "{files}/output",
               "GITHUB_PATH": "{files}/path", "GITHUB_EVENT_NAME": "pull_request", "RUNNER_OS": "Linux"},
    "gitlab": {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": "{top}", "CI_JOB_ID": "1", "CI_PIPELINE_SOURCE": "merge_request_event"},
    "jenkins": {"CI": "true", "JENKINS_URL": "http://jenkins.example/", "BUILD_NUMBER": "1", "WORKSPACE": "{top}"},
    "plain": {},
}


def yaml_value(text, key):
    """All values of a key of block YAML, as text: those on its line, lists of "- item" and "|" blocks below it."""
    lines, found = text.split("\n"), []
    for at, line in enumerate(lines):
        m = re.match(rf"( *(?:- )?){key}:\s*(.*)\Z", line)
        if not m:
            continue
        if m.group(2) not in ("", "|"):
            found.append(m.group(2))
            continue
        block = []
        for below in lines[at + 1:]:
            if below.strip() and len(below) - len(below.lstrip()) <= len(m.group(1)):
                break
            block.append(re.sub(r"\A *- ", "", below) if m.group(2) == "" else below.strip())
        found.append("\n".join(block).strip())
    return found


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.bin = lhtree.plain()
        cls.whole = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.whole.cleanup)
        lhtree.copy_tree(cls.whole.name)

    def setUp(self):
        """A checkout, as it stands before the step, with longhaul built."""
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.top, self.files = Path(temporary.name, "checkout"), Path(temporary.name, "files")
        self.files.mkdir()
        self.top.mkdir()
        (self.top / "examples").symlink_to(Path(self.whole.name, "examples"))
        (self.top / "build").mkdir()
        (self.top / "build" / "release").symlink_to(self.bin.parent)

    def read(self, name):
        return (lhtree.SOURCE / EXAMPLES / name).read_text(encoding="utf-8")

    def execute(self, system, script, path=True, **more):
        env = lhtree.clean_environment(self.files)
        env.update({k: v.format(top=self.top, files=self.files) for k, v in SET_BY[system].items()}, **more)
        if path:
            env["PATH"] = f"{self.bin.parent}:{env['PATH']}"
        return subprocess.run(["sh", "-e", "-c", script], cwd=self.top, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100)

    def assertVerdict(self, done, code=0, cases=4):
        self.assertEqual(done.returncode, code, done.stdout[-3000:] + done.stderr)
        self.assertIn("No key is set here", done.stderr)
        root = ET.parse(self.top / "junit.xml").getroot()
        self.assertEqual((root.get("tests"), root.get("errors")), (str(cases), "0"))
        self.assertTrue((self.top / "run.db").is_file())

    def test_plain(self):
        [command] = [line for line in re.findall(r"^sh examples/ci/step\.sh .*$", self.read("README.md"), re.M) if "--junit" in line]
        done = self.execute("plain", command)
        self.assertVerdict(done)
        self.assertIn("3 passed", done.stdout)

    def test_the_step_ends_with_the_verdict(self):
        step = "sh examples/ci/step.sh examples/ci/horizon.lua examples/ci/replies.jsonl -o run.db --junit junit.xml "
        for rule, code in (("'turn_error_rate >= 0.5'", 1), ("'turn_accuracy(8) >= 0.9'", 3)):
            self.assertVerdict(self.execute("plain", step + "--gate " + rule), code, cases=2)
        self.assertEqual(self.execute("plain", "sh examples/ci/step.sh").returncode, 2)
        self.assertEqual(self.execute("plain", step + "--turns 0").returncode, 2)

    def test_with_a_key_the_model_is_asked(self):
        step = "sh examples/ci/step.sh examples/ci/horizon.lua examples/ci/replies.jsonl --dry-run"
        with_key, without = self.execute("plain", step, OPENAI_API_KEY="k"), self.execute("plain", step)
        self.assertIn("openai:gpt-5-mini", with_key.stdout)
        self.assertNotIn("replay", with_key.stdout)
        self.assertIn("replay", without.stdout)

    def test_github(self):
        action, workflow = self.read("github/action.yml"), self.read("github/workflow.yml")
        [script] = yaml_value(action, "run")
        given = {k: yaml_value(workflow, k)[-1] for k in ("experiment", "replies")}
        given.update(step=yaml_value(action, "default")[0], inconclusive=yaml_value(action, "default")[1])
        env = {name: given[key] for name, key in re.findall(r"^ +([A-Z]+): \$\{\{ inputs\.([a-z]+) \}\}$", action, re.M)}
        self.assertEqual(len(env), 4)
        self.assertEqual(set(given), set(re.findall(r"inputs\.([a-z]+)", action)))
        self.assertVerdict(self.execute("github", script, **env))
        self.assertIn("## longhaul: pass", (self.files / "summary").read_text())
        outputs = dict(line.split("=", 1) for line in (self.files / "output").read_text().splitlines())
        named = re.findall(r"steps\.run\.outputs\.([a-z_]+)", action)
        self.assertEqual(len(named), 2)
        self.assertLessEqual(set(named), set(outputs))
        self.assertEqual(outputs["verdict"], "pass")
        for kept in yaml_value(workflow, "path")[-1].split():
            self.assertTrue((self.top / kept).is_file(), kept)

    def test_github_points_at_the_rule(self):
        [script] = yaml_value(self.read("github/action.yml"), "run")
        text = (Path(self.whole.name) / EXAMPLES / "horizon.lua").read_text().replace("turn_error_rate <= 0.2", "turn_error_rate >= 0.7")
        (self.top / "worse.lua").write_text(text)
        env = {"EXPERIMENT": "worse.lua", "REPLIES": EXAMPLES + "replies.jsonl", "STEP": EXAMPLES + "step.sh", "INCONCLUSIVE": "neutral"}
        done = self.execute("github", script, **env)
        self.assertVerdict(done, 1)
        line = text.split("\n").index('    "turn_error_rate >= 0.7",') + 1
        self.assertIn(f"\n::error file=worse.lua,line={line},title=longhaul%3A a rule failed::turn_error_rate >= 0.7: ", "\n" + done.stdout)

    def test_gitlab(self):
        text = self.read("gitlab/gitlab-ci.yml")
        before = [line for line in yaml_value(text, "before_script")[0].split("\n") if line.startswith("export ")]
        self.assertVerdict(self.execute("gitlab", "\n".join(before + yaml_value(text, "script")), path=False))
        self.assertTrue((self.top / yaml_value(text, "metrics")[0]).read_text().endswith("# EOF\n"))
        self.assertEqual(yaml_value(text, "junit"), ["junit.xml"])

    def test_jenkins(self):
        text = self.read("jenkins/Jenkinsfile")
        scripts = re.findall(r"'''(.*?)'''", text, re.S)
        self.assertEqual(len(scripts), 2)
        self.assertVerdict(self.execute("jenkins", scripts[1], path=False))
        for kept in ("junit.xml", "run.db"):
            self.assertIn(kept, text)
        self.assertEqual(text.count("{"), text.count("}"))

    def test_the_build_steps_are_commands_of_the_project(self):
        """What they name is there: a preset, a script, an option."""
        presets = (lhtree.SOURCE / ".cmake" / "presets.json").read_text()
        for name in ("github/workflow.yml", "gitlab/gitlab-ci.yml", "jenkins/Jenkinsfile"):
            text = self.read(name)
            self.assertIn("cmake --preset release -DLH_TESTS=OFF", text)
            self.assertIn("cmake --build --preset release", text)
        self.assertIn('"release"', presets)
        self.assertIn("LH_TESTS", (lhtree.SOURCE / "CMakeLists.txt").read_text())

    def test_yaml(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("no yaml module")
        for name in ("github/workflow.yml", "github/action.yml", "gitlab/gitlab-ci.yml"):
            self.assertIsInstance(yaml.safe_load(self.read(name)), dict)


if __name__ == "__main__":
    lhtree.main()
