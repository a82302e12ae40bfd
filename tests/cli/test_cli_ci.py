"""What continuous-integration systems are given: JUnit, Markdown, GitHub's commands and files, OpenMetrics; with hostile texts."""
import html
import json
import re
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
RULED = "::error::x ##[error]y @everyone #123 | ` ``` </pre> [x](y) ]]> \u202e ##vso[z]"       # may stand in a rule
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
        settings["gates"] = ["turn_error_rate <= 0.9", "horizon(0.5) >= 2", f'[policy="{RULED}"] turn_error_rate <= 0.95']
        settings["policy_labels"][0] = RULED
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

    def test_notes_stand_in_all_of_them(self):
        for shard in (1, 2):
            self.good("run", "--turns", 4, "--samples", 7, "--shard", f"{shard}/3", "-o", f"{shard}.db", "--quiet")
        self.longhaul("merge", "-o", "part.db", "1.db", "2.db")
        self.longhaul("report", "part.db", "--markdown", "m.md", "--junit", "j.xml")
        self.assertIn("Only shards 1, 2 of 3", self.path("m.md").read_text())
        notes = [p.get("value") for p in ET.parse(self.path("j.xml")).iter("property") if p.get("name") == "note"]
        self.assertTrue(any("Only shards 1, 2 of 3" in n for n in notes), notes)

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
        self.assertEqual(self.ends(root), ["passed", "passed", "passed", "passed", "failure", "failure", "failure"])
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


# ---- GitHub ----

def commands(text):
    """What the runner would carry out: (name, properties, data) of every line that is a command in its newer form (after white
    space "::") or, where it is not, in its older one ("##[" anywhere). Whatever the command's name: stricter than the runner.
    Other systems' "##name[" count as well."""
    found = []
    for line in re.split(r"\r\n|\r|\n", text):
        new = re.match(r"::([^:]*?)(?: (.*?))?::(.*)\Z", line.strip())
        old = re.search(r"##(?:\[|[A-Za-z]+\[)([^\]]*)", line)
        if new:
            properties = dict(p.split("=", 1) for p in (new.group(2) or "").split(",") if "=" in p)
            found.append((new.group(1), {k: unescaped(v) for k, v in properties.items()}, unescaped(new.group(3))))
        elif line.strip().startswith("::") or old:
            found.append(("##", {}, line))
    return found


def unescaped(value):
    for code, c in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        value = value.replace(code, c)
    return value


class Steps(Outputs):
    OUTPUTS = "verdict rules_passed rules_failed rules_inconclusive horizon_share horizon ci_lo ci_hi tokens_in tokens_out run_file".split()

    def step(self, *args, code=0, **more):
        """A step: (its commands, summary, outputs)."""
        for name in ("summary", "output"):
            self.path(name).unlink(missing_ok=True)
        env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(self.path("summary")), "GITHUB_OUTPUT": str(self.path("output")),
               "GITHUB_WORKSPACE": str(self.folder), **more}
        done = self.longhaul(*args, env=env)
        self.assertEqual(done.code, code, str(done))
        return commands(done.out) + commands(done.err), self.text("summary"), self.text("output")

    def text(self, name):
        return self.path(name).read_text(encoding="utf-8") if self.path(name).exists() else ""

    def values(self, output):
        pairs = [line.split("=", 1) for line in output.splitlines()]
        self.assertTrue(all(len(p) == 2 and re.fullmatch(r"[a-z_]+", p[0]) for p in pairs), output)
        self.assertEqual(len(dict(pairs)), len(pairs))
        return dict(pairs)


class GitHub(Steps):
    def test_the_parser_finds_commands(self):
        self.assertEqual(commands("a\n \u00a0::error file=a%2Cb,line=3::x%0Ay\nb ##[group]c\n##vso[x]y\n::no\nfine ::error::z\n# #[x]\n: :a::b"),
                         [("error", {"file": "a,b", "line": "3"}, "x\ny"), ("##", {}, "b ##[group]c"), ("##", {}, "##vso[x]y"), ("##", {}, "::no")])

    def test_a_step(self):
        self.write("e.lua", "return { models = { '" + self.SIM + "' }, turns = 8, samples = 60,\n  gates = { 'horizon(0.5) >= 2',\n    'turn_error_rate >= 0.5' } }\n")
        found, summary, output = self.step("run", self.path("e.lua"), "-o", "r.db", "--quiet", "--github", "--markdown", "m.md", code=1)
        report = self.check_report(self.longhaul("report", "r.db", "--json", "-"))
        failed = report["gates"][1]
        self.assertEqual(found, [("error", {"file": "e.lua", "line": "3", "title": "longhaul: a rule failed"}, failed["message"])])
        values = self.values(output)
        self.assertEqual(list(values), self.OUTPUTS)
        horizon = report["conditions"][0]["horizon"][0]
        self.assertEqual((values["verdict"], values["rules_passed"], values["rules_failed"], values["run_file"]), ("fail", "1", "1", "r.db"))
        self.assertEqual(values["horizon"], ">= 8" if horizon["censored"] else str(horizon["turns"]))
        self.assertEqual(summary, self.text("m.md"))
        self.assertIn("## longhaul: fail\n", summary)
        self.assertIn(failed["message"], html.unescape(summary))
        (self.folder / "sub").mkdir()
        done = subprocess.run([self.program, "run", "../e.lua", "-o", "none", "--quiet", "--github"], cwd=self.folder / "sub", capture_output=True, text=True, timeout=lhcli.HANG,
                              env=lhcli.environment(self.folder, GITHUB_STEP_SUMMARY="s", GITHUB_OUTPUT="o", GITHUB_WORKSPACE=str(self.folder)))
        self.assertEqual([c[1].get("file") for c in commands(done.stdout)], ["e.lua"], "the file as the workflow knows it")
        again, same, _ = self.step("report", "r.db", "--github", code=1)
        self.assertEqual((again, same), (found, summary), "the run file knows where its rules stand")
        self.write("e.lua", "-- other lines now\n\n\n")
        self.assertEqual(self.step("report", "r.db", "--github", code=1)[0], found)
        other, _, _ = self.step("gate", "r.db", "turn_error_rate >= 0.5", "--github", code=1)
        self.assertNotIn("file", other[0][1], "a rule that was typed stands in no file")

    def test_rules_of_the_command_line_stand_nowhere(self):
        self.write("e.lua", "return { models = { '" + self.SIM + "' }, turns = 8, samples = 60, gates = { 'turn_error_rate >= 0.5' } }")
        run = ("run", "e.lua", "--gate", "turn_error_rate >= 0.6", "-o", "r.db", "--quiet")
        for args in (run, ("report", "r.db")):
            found, _, _ = self.step(*args, "--github", code=1)
            self.assertEqual([c[1].get("line") for c in found], [None])

    def test_an_undecided_rule_says_how_many_more(self):
        self.run_file("--gate", "turn_accuracy(4) >= 0.93", code=3)
        found, summary, _ = self.step("report", "r.db", "--github", code=3)
        pattern = r"turn_accuracy\(4\) >= 0\.93: full_history: [\d.]+ % \[[\d.]+, [\d.]+\]; needed: at least 93 %; 60 samples; about \d+ more would decide\."
        for text in (found[0][2], html.unescape(summary)):
            self.assertRegex(text, pattern)

    def test_summaries_are_appended(self):
        self.run_file()
        self.write("summary", "before\n")
        env = {"GITHUB_STEP_SUMMARY": str(self.path("summary")), "GITHUB_OUTPUT": str(self.path("output"))}
        self.good("report", "r.db", "--github", env=env)
        self.assertTrue(self.text("summary").startswith("before\n## longhaul: none\n"))

    def test_at_most_ten_annotations(self):
        rules = [a for i in range(1, 8) for a in ("--gate", f"turn_accuracy({i}) <= 0.2")]
        found, summary, _ = self.step("run", "--model", self.SIM, "--policy", "full_history", "--policy", "window:n=3", "--turns", 8, "--samples", 60,
                                      "-o", "none", "--quiet", "--github", *rules, code=1)
        self.assertEqual([c[0] for c in found], ["error"] * 9 + ["notice"])
        self.assertEqual(found[-1][2], "5 more: see the summary of this step")
        self.assertEqual(summary.count("\n| fail |"), 14)

    def test_verdicts(self):
        for rule, model, code, verdict in (("horizon(0.5) >= 2", self.SIM, 0, "pass"), ("turn_accuracy(4) >= 0.93", self.SIM, 3, "inconclusive"),
                                           ("task_accuracy(8) >= 0.4", self.SIM + ",failed=0.1", 4, "infrastructure")):
            found, _, output = self.step("run", "--model", model, "--turns", 8, "--samples", 60, "-o", "none", "--quiet", "--github", "--gate", rule, code=code)
            self.assertEqual(self.values(output)["verdict"], verdict)
            self.assertNotIn("run_file", self.values(output))
            kinds = {"pass": [], "inconclusive": ["warning"], "infrastructure": ["error", "warning"]}[verdict]
            self.assertEqual([c[0] for c in found], kinds)

    def test_a_fork_without_a_key(self):
        found, summary, output = self.step("run", "--model", "openai:m", "-o", "none", "--skip-without-key", "--github", code=77)
        self.assertEqual((self.values(output), summary), ({"verdict": "skipped"}, ""))
        self.assertEqual((found[0][0], len(found)), ("notice", 1))
        self.assertIn("OPENAI_API_KEY", found[0][2])

    def test_refusals(self):
        self.run_file()
        files = {"GITHUB_STEP_SUMMARY": str(self.path("summary")), "GITHUB_OUTPUT": str(self.path("output"))}
        for env, args, word in (({}, (), "GITHUB_STEP_SUMMARY"), ({"GITHUB_STEP_SUMMARY": "s"}, (), "GITHUB_OUTPUT"), (files, ("--json", "-"), "in place of -")):
            done = self.longhaul("report", "r.db", "--github", *args, env=env)
            self.assertEqual((done.code, done.out), (2, ""), str(done))
            self.assertIn(word, done.err)


class FirstErrors(Outputs):
    """Folded under the tables: of each condition the first samples that err, with what was asked, shown, true, answered and said."""

    def folds(self, *args, code=0):
        self.assertEqual(self.longhaul("report", "r.db", "--markdown", "m.md", *args).code, code)
        page = self.path("m.md").read_text(encoding="utf-8")
        return {html.unescape(t): body for t, _, body in re.findall(r"<details><summary>First errors: (.*?)</summary>\n\n(`{3,})text\n(.*?)\n\2\n\n</details>", page, re.S)}

    def test_what_was_said(self):
        self.run_file("--policy", "full_history", "--policy", "reset", "--shard", "2/3", "--task", "kv_sum:keys=9,tools=true", samples=30, model="sim:accuracy=0.9,malformed=0.1")
        folds = self.folds()
        self.assertEqual([t.split(",")[0] for t in folds], ["full_history", "reset"])
        for condition, body in enumerate(folds.values()):
            first = self.rows("r.db", "SELECT sample, min(turn) FROM turn WHERE condition = ? AND outcome NOT IN ('correct', 'follows') GROUP BY sample ORDER BY sample LIMIT 3", condition)
            self.assertEqual([(int(s), int(t)) for s, t in re.findall(r"(?m)^sample (\d+), turn (\d+): \w+$", body)], first)
            for (sample, turn), part in zip(first, re.split(r"(?m)^sample .*\n", body)[1:]):
                (outcome, *states), = self.rows("r.db", "SELECT outcome, prompt, shown, truth, answered, reply FROM turn WHERE condition = ? AND sample = ? AND turn = ?", condition, sample, turn)
                found = dict(line.split(None, 1) for line in part.splitlines())
                found.pop("followed", None)
                self.assertEqual(found, {n: v for n, v in zip(("asked", "shown", "true", "answered", "reply"), states) if v is not None})

    def test_nothing_went_wrong(self):
        self.run_file(model="sim:accuracy=1")
        self.assertEqual(self.folds(), {})

    def test_long_and_hostile(self):
        self.run_file("--policy", "full_history", "--policy", "reset", model="sim:accuracy=0.5")
        db = sqlite3.connect(self.path("r.db"))
        db.execute("UPDATE message SET text = ? || text WHERE made_by <> 'policy'", (HOSTILE.replace("\0", "") + "\n" + "é" * 300000,))
        db.commit()
        db.close()
        folds = self.folds()
        self.assertEqual(len(folds), 2)
        self.assertLess(self.path("m.md").stat().st_size, 60000)
        for body in folds.values():
            self.assertIn(" bytes) … ", body)
            self.assertFalse([c for c in body if (ord(c) < 32 and c != "\n") or c in "\u202e\u200b\ufffd"])
            self.assertEqual(commands(body), [])


class HostileTexts(Steps):
    """A model's texts, labels and file names: no command but ours, no markup, no mention."""

    def none_of(self, found, ours=("error", "warning", "notice")):
        self.assertEqual([c for c in found if c[0] not in ours or not c[1].get("title", "").startswith("longhaul: ")], [])
        self.assertLessEqual(len(found), 10)

    def test_no_command_that_is_not_ours(self):
        self.hostile_file()
        unwatched = self.longhaul("report", "r.db")
        self.assertGreater(len(commands(unwatched.out)), 3, "without a runner nothing is changed, and the parser sees what there is")
        shutil.copy(self.path("r.db"), self.path("##[error]::set-output name=a::b.db"))
        shutil.copy(self.path("h.lua"), self.path("##[error]x @everyone.lua"))
        shutil.copy(self.path("h.lua"), self.path("\n::error::x.lua"))
        name = "##[error]::set-output name=a::b.db"
        for args, code in ((("report", name, "--github"), 1), (("report", name), 1), (("gate", name), 1), (("report", name, "--json", "-"), 1),
                           (("report", name, "--junit", "-"), 1), (("report", name, "--markdown", "-"), 1), (("transcript", name, 0, "--condition", 1), 0),
                           (("compare", name, "r.db"), 0), (("list", "runs", name), 0), (("report", "##[error]none"), 2), (("report", "\n::error::x"), 2),
                           (("run", "--policy", "##[error]x @everyone.lua", "--turns", 4, "--samples", 2, "-o", "##[error]::x.db", "--github"), 0),
                           (("run", "--policy", "\n::error::x.lua", "--turns", 4, "--samples", 2, "-o", "none"), None), (("run", "##[error]e", "-o", "none"), 2),
                           (("##[error]x",), 2), (("run", "--##[error]x"), 2), (("run", "--model", "::error::x"), 2)):
            with self.subTest(args=args):
                env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(self.path("summary")), "GITHUB_OUTPUT": str(self.path("output"))}
                done = self.longhaul(*args, env=env)
                if code is not None:
                    self.assertEqual(done.code, code, str(done))
                self.none_of(commands(done.out) + commands(done.err))
        same = self.longhaul("report", name, "--json", "-", env={"GITHUB_ACTIONS": "true"})
        self.assertEqual(self.check_report(same), self.check_report(self.longhaul("report", name, "--json", "-")))
        for said in self.text("output").split("verdict=")[1:]:
            self.values("verdict=" + said)

    def test_a_summary_fits(self):
        """More than 1 MiB would be lost as a whole: what does not fit is left out, and that is said."""
        self.run_file("--policy", "full_history", "--policy", "window:n=3", "--gate", "horizon(0.5) >= 2")
        db = sqlite3.connect(self.path("r.db"))
        settings = json.loads(db.execute("SELECT settings FROM run").fetchone()[0])
        settings["policy_labels"] = [name + "_" * 150000 for name in settings["policy_labels"]]     # five bytes each in Markdown
        db.execute("UPDATE run SET settings = ?", (json.dumps(settings),))
        db.commit()
        db.close()
        self.good("report", "r.db", "--markdown", "m.md", "--junit", "j.xml")
        self.assertLess(self.path("m.md").stat().st_size, 1 << 20)
        self.assertIn("left out here, the page would be too long.", self.text("m.md"))
        self.assertIn("## longhaul: pass", self.text("m.md"))
        self.assertLess(self.path("j.xml").stat().st_size, 200000)

    def test_markdown_is_text(self):
        self.hostile_file()
        self.longhaul("report", "r.db", "--markdown", "m.md")
        page = self.text("m.md")
        self.assertFalse([c for c in page if (ord(c) < 32 and c != "\n") or c in "\u202e\u200b\x7f"])
        outside, fence = [], None
        for line in page.split("\n"):
            mark = re.fullmatch(r"(```+)(text)?", line)
            if mark and fence is None:
                fence = mark.group(1)
            elif fence is not None and line == fence:
                fence = None
            elif fence is None:
                outside.append(line)
        self.assertIsNone(fence)
        self.assertGreater(len(outside), 10)
        for line in outside:
            self.assertNotRegex(re.sub(r"</?(details|summary|code)>", "", line), r"[<>`~!@\\]|#[^#0-9 ]|\]\(|(?<!&)#\d")
            shown = html.unescape(line)
            self.assertNotRegex(shown, r"@\w|(?<!&)#\d|GH-\d|://")
            if line.startswith("|"):
                self.assertIn(line.count("|"), (3, 9), line)


class Metrics(Outputs):
    LINE = re.compile(r'(?P<name>[a-z_]+)\{(?P<labels>[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*)\} (?P<value>-?[0-9.e+-]+)')

    def metrics(self, *args, code=0):
        """{(name, label, …): value}, after what OpenMetrics asks of the text."""
        self.assertEqual(self.longhaul(*args, "--metrics", "m.txt").code, code)
        text = self.path("m.txt").read_text(encoding="utf-8")
        self.assertTrue(text.endswith("\n# EOF\n"))
        found, family, families = {}, None, []
        for line in text.split("\n")[:-2]:
            if line.startswith("# TYPE "):
                family = line.split()[2]
                self.assertNotIn(family, families, "a family stands twice")
                families.append(family)
            elif not line.startswith("# HELP " + str(family) + " "):
                m = self.LINE.fullmatch(line)
                self.assertTrue(m and m["name"] == family, line)
                labels = re.findall(r'[a-z_]+="((?:[^"\\]|\\.)*)"', m["labels"])
                key = (m["name"], *labels)
                self.assertNotIn(key, found)
                found[key] = float(m["value"])
        return found

    def test_the_figures_are_the_reports(self):
        self.run_file("--policy", "full_history", "--policy", "heal", "--gate", "horizon(0.5) >= 2", "--gate", "turn_error_rate >= 0.5", code=1)
        found = self.metrics("report", "r.db", code=1)
        report = self.check_report(self.longhaul("report", "r.db", "--json", "-"))
        for c in report["conditions"]:
            name = c["policy"] + (" (oracle)" if c["oracle"] else "") + ", kv_sum, " + self.SIM
            for h in c["horizon"]:
                for key, value, open_ in (("", h["turns"], h["censored"]), ("_low", h["ci"][0], h["ci_censored"][0]), ("_high", h["ci"][1], h["ci_censored"][1])):
                    self.assertEqual(found[f"longhaul_horizon{key}_turns" + ("_at_least" if open_ else ""), name, f"{h['s']:g}"], value)
                    self.assertNotIn((f"longhaul_horizon{key}_turns" + ("" if open_ else "_at_least"), name, f"{h['s']:g}"), found)
            e = c["turn_error_rate"]
            self.assertEqual([found["longhaul_turn_error_rate" + k, name] for k in ("", "_low", "_high")], [e["value"], *e["ci"]])
            self.assertEqual(found["longhaul_samples", name], 60)
        states = {k[2]: v for k, v in found.items() if k[0] == "longhaul_rule" and k[1].startswith("turn_error_rate >= 0.5: full")}
        self.assertEqual(states, {"pass": 0, "fail": 1, "inconclusive": 0, "infrastructure": 0})
        self.assertTrue([k for k in found if k[0].endswith("_at_least")], "a run in which nothing is open shows too little")

    def test_hostile_texts(self):
        self.hostile_file()
        self.metrics("report", "r.db", code=1)
        self.assertEqual(commands(self.path("m.txt").read_text(encoding="utf-8")), [])


if __name__ == "__main__":
    lhtree.main()
