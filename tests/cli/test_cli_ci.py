"""What continuous-integration systems are given: JUnit, Markdown, GitHub's commands and files, OpenMetrics; with hostile texts."""
import json
import shutil
import sqlite3
import subprocess
import unittest
import xml.etree.ElementTree as ET

import lhcli
import lhtree

# Everything that some medium takes for more than text.
HOSTILE = ("\n::error::h1\n  ::set-output name=h2::v\n##[error]h3 ##[add-mask]h4\r::add-path::/h5\x1b[31m @everyone #123 GH-1 | a ` b ``` c ~~~ </pre></details>"
           "<img src=x> [x](y) ![i](z) ]]> & \u202e\u200b %0A::warning::h6 \u00a0::notice::h7 ##vso[task.setvariable]h8 ##teamcity[h9]\x00" )
LUA = "".join(f"\\{b:03d}" for b in HOSTILE.encode())
POLICY = 'return { api = 1, view = function(ep, history) if ep.turn == 3 then error("' + LUA + '" .. tostring(ep.state_shown)) end return history:view() end }'


class Outputs(lhcli.Case):
    SIM = "sim:accuracy=0.95"

    def run_file(self, *more, file="r.db", code=0, samples=60, model=SIM, env=None):
        done = self.longhaul("run", "--model", model, "--turns", 8, "--samples", samples, "-o", file, "--quiet", *more, env=env)
        self.assertEqual(done.code, code, str(done))
        return done

    def hostile_file(self, *more, code=1):
        """A run whose every name, rule and cause is hostile, and which fails; its file is r.db."""
        self.write("h.lua", POLICY)
        self.run_file("--policy", "full_history", "--policy", "h.lua", "--gate", "horizon(0.5) >= 1", *more, code=code)
        db = sqlite3.connect(self.path("r.db"))
        for column in ("policy", "task", "model", "policy_options"):
            db.execute(f"UPDATE condition SET {column} = {column} || ?", (HOSTILE.replace("\0", ""),))
        settings = json.loads(db.execute("SELECT settings FROM run").fetchone()[0])
        for key in ("policy_labels", "task_labels", "model_labels"):
            settings[key] = [name + HOSTILE.replace("\0", "") for name in settings[key]]
        settings["gates"] = ["turn_error_rate <= 0.9", "horizon(0.5) >= 2"]
        db.execute("UPDATE run SET settings = ?", (json.dumps(settings),))
        db.commit()
        db.close()


class JUnit(Outputs):
    def junit(self, *args, code=0):
        done = self.longhaul(*args, "--junit", "j.xml")
        self.assertEqual(done.code, code, str(done))
        return self.check(self.path("j.xml"))

    def check(self, path):
        """Its root, after what a strict reader asks of it."""
        if shutil.which("xmllint"):
            schema = lhtree.SOURCE / "tests" / "data" / "junit.xsd"
            p = subprocess.run(["xmllint", "--noout", "--schema", schema, path], capture_output=True, text=True)
            self.assertEqual(p.returncode, 0, p.stderr + path.read_text())
        root = ET.parse(path).getroot()
        for suite in [root, *root]:
            cases = suite.findall(".//testcase")
            self.assertEqual(int(suite.get("tests")), len(cases))
            for name, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                if suite is not root or name != "skipped":
                    self.assertEqual(int(suite.get(name)), len([c for c in cases if c.find(element) is not None]), name)
        names = [(c.get("classname"), c.get("name")) for c in root.iter("testcase")]
        self.assertEqual(len(set(names)), len(names), "a name stands twice")
        return root

    def ends(self, root):
        return [next((e.tag for e in c if e.tag != "system-out"), "passed") for c in root.iter("testcase")]

    def test_xmllint_is_here(self):
        if not shutil.which("xmllint"):
            self.skipTest("no xmllint: sh scripts/setup.sh --dev")

    def test_a_case_for_each_condition_and_rule(self):
        rules = ("--gate", "horizon(0.5) >= 2", "--gate", "turn_accuracy(4) >= 0.93", "--gate", "[policy=window] turn_error_rate >= 0.5")
        self.run_file("--policy", "full_history", "--policy", "window:n=3", *rules, code=1)
        for how, code, open_ in (("neutral", 1, "skipped"), ("pass", 1, "passed"), ("fail", 1, "failure")):
            root = self.junit("report", "r.db", "--inconclusive", how, code=code)
            self.assertEqual(self.ends(root), ["passed", "passed", open_, "passed", "passed", open_, "failure"])
        self.assertEqual([s.get("name") for s in root], ["full_history, kv_sum, " + self.SIM, "window:n=3, kv_sum, " + self.SIM])

    def test_the_figures_are_the_tables(self):
        """Each value of the properties stands, with its interval, in the table; a message is the JSON's."""
        self.run_file("--gate", "turn_accuracy(4) >= 0.93", code=3)
        root = self.junit("report", "r.db", code=3)
        table = " ".join(self.longhaul("report", "r.db").out.split())
        p = {e.get("name"): e.get("value") for e in root.iter("property")}
        for name in ("horizon(0.8)", "turn error rate"):
            self.assertIn(f"{p[name]} {p[name + ' interval']}", table)
        report = self.check_report(self.longhaul("report", "r.db", "--json", "-"))
        self.assertEqual(root.find(".//skipped").get("message"), report["gates"][0]["message"])
        self.assertEqual((p["seed"], p["configuration sha256"], p["samples"]), ("1", report["run"]["config_sha256"], "60"))

    def test_run_and_report_write_the_same(self):
        args = ("--no-timing", "--junit")
        self.run_file(*args, "run.xml")
        self.good("report", "r.db", *args, "report.xml")
        self.assertEqual(self.path("run.xml").read_bytes(), self.path("report.xml").read_bytes())
        self.assertEqual(self.good("report", "r.db", *args, "-").raw, self.path("run.xml").read_bytes())
        self.assertEqual(self.good("gate", "r.db", "horizon(0.5) >= 1", "--junit", "-").out.count("<testcase"), 2)

    def test_cut_off_is_an_error(self):
        self.run_file("--gate", "task_accuracy(8) >= 0.4", model=self.SIM + ",failed=0.1", code=4)
        root = self.junit("report", "r.db", code=4)
        self.assertEqual(self.ends(root), ["error", "error"])
        self.assertRegex(root.find(".//error").get("message"), r"\A\d+ of 60 samples were cut off by something that is not the model's doing\Z")

    def test_not_run_is_skipped(self):
        done = self.longhaul("run", "--model", "openai:m", "-o", "n.db", "--skip-without-key", "--junit", "j.xml")
        self.assertEqual(done.code, 77, str(done))
        root = self.check(self.path("j.xml"))
        self.assertEqual(self.ends(root), ["skipped"])
        self.assertIn("OPENAI_API_KEY", root.find(".//skipped").get("message"))

    def test_hostile_texts(self):
        self.hostile_file()
        root = self.junit("report", "r.db", code=1)
        text = self.path("j.xml").read_text(encoding="utf-8")
        self.assertNotIn("]]>", text)
        self.assertFalse([c for c in text if (ord(c) < 32 and c != "\n") or c in "\u202e\u200b\x7f"])
        self.assertEqual(self.ends(root), ["passed", "passed", "passed", "failure", "failure", "failure"])
        said = root.find(".//failure").text
        self.assertIn("]]>", said)                       # it is all there, as text
        self.assertIn("\\u202e", said)
        self.assertNotIn("\n::", said)

    def test_refusals(self):
        self.run_file()
        for args, word in ((("--junit", "r.db"), "is a run file"), (("--junit", "no/such.xml"), "cannot be written"), (("--junit", "a", "--json", "a"), "name two files"),
                           (("--junit", "-", "--json", "-"), "stdout")):
            done = self.longhaul("report", "r.db", *args)
            self.assertEqual(done.code, 2, str(done))
            self.assertIn(word, done.err)


if __name__ == "__main__":
    lhtree.main()
