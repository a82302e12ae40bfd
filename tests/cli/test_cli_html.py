"""The report as a page: what it says is what the table says; it needs nothing from elsewhere; what a model or a user said stays
text. In a browser: test_cli_html_browser.py."""
import contextlib
import html
import json
import math
import re
import sqlite3
import unittest

import lhcli
from lhpage import FOUR, HOSTILE, Html, Page, blocks, dots, heights, pixels


class Contents(Html):
    def test_what_the_table_says(self):
        """Every figure of the terminal's tables stands in a cell of the page, and the sentences around them are the same."""
        args = ("--turns", "20", "--samples", "40", "-o", "r.db", *FOUR)
        page, text = self.page(*args)
        table = self.good("report", "r.db", env={"COLUMNS": "300"}).out
        cells = {" ".join(c.split()) for row in page.rows for c in row}
        names = ("full_history", "window:n=5", "reset", "heal (oracle)")
        figures = [f.strip() for line in table.split("Task accuracy")[0].splitlines() if line.startswith(names) for f in re.split(r"  +", line)]
        self.assertGreater(len(figures), 40)
        for f in figures:
            self.assertIn(re.sub(r"\s+", " ", f), cells)
        whole = " ".join(" ".join(page.texts).split())
        for term in re.findall(r"^  (horizon\(0.5\)|turn error rate|adjusted)  +(.*)$", table, re.M):
            self.assertIn(term[1][:60], whole)
        self.assertHarmless(page, text)
        self.figures_beside_the_table(page, text)

    def figures_beside_the_table(self, page, text):
        """The sentence of the verdict, the curves' numbers and the provenance have the report's figures too."""
        report = lhcli.strict_json(self.good("report", "r.db", "--json", "-").out)
        conditions = report["conditions"]
        verdict = re.search(r"<p>full_history: horizon\(0.5\) (.*?) turns, turn error rate (.*?)\. ", text).groups()
        row = next(r for r in page.rows if r[0] == "full_history")
        self.assertEqual(list(verdict), [row[1], row[4]])
        numbers = [r for r in Page(text.split("The same in numbers")[1].split("</details>")[0]).rows if r]
        turns = [int(h.removeprefix("turn ")) for h in numbers[0][1:]]
        self.assertEqual((turns[0], turns[-1], len(turns)), (1, 20, 8))
        for r, c in zip(numbers[1:], conditions, strict=True):
            for t, cell in zip(turns, r[1:], strict=True):
                self.assertAlmostEqual(float(cell.split()[0]), 100 * c["task_accuracy"][t - 1], delta=0.0501)
        facts = dict(re.findall(r"<dt>(\w+)</dt><dd>(.*?)</dd>", text.split('<section id="provenance">')[1]))
        run = report["run"]
        for term, value in (("seed", run["seed"]), ("status", run["status"]), ("configuration", run["config_sha256"]), ("started", run["started"]), ("longhaul", run["version"])):
            self.assertEqual(facts[term], str(value), term)
        whole = [r for r in page.rows if len(r) == 10][1:]
        self.assertEqual([(r[4], json.loads(r[3])["accuracy"], *map(int, r[7:])) for r in whole],
                         [(c["policy_label"], c["model_options"]["accuracy"], c["samples"], c["turns"], c["steps_per_turn"]) for c in conditions])

    def test_again_from_the_file(self):
        self.page("--turns", "8", "--samples", "12", "--no-timing", "-o", "r.db", name="one.html")
        self.good("report", "r.db", "--html", "two.html", "--no-timing")
        done = self.good("report", "r.db", "--html", "-", "--no-timing")
        self.assertEqual(self.path("one.html").read_bytes(), self.path("two.html").read_bytes())
        self.assertEqual(done.raw, self.path("one.html").read_bytes())
        with_timing = self.good("report", "r.db", "--html", "-").out
        self.assertIn("<dt>started</dt>", with_timing)
        self.assertNotIn("<dt>started</dt>", done.out)

    def test_outcomes_are_the_run_files(self):
        """Cell by cell: a picture has one row a sample, one column a turn, and its colour is the outcome."""
        page, text = self.page("--turns", "15", "--samples", "9", "--policy", "full_history", "--policy", "reset", "-o", "r.db", "--model",
                            "sim:accuracy=0.8,malformed=0.1,missing=0.1")
        pictures = [pixels(i["src"]) for i in page.all("img")]
        said = self.good("report", "r.db", "--json", "-").out
        conditions = lhcli.strict_json(said)["conditions"]
        self.assertEqual(len(pictures), 2)
        for rows, c in zip(pictures, conditions):
            self.assertEqual((len(rows), len(rows[0])), (9, 15))
            for t in range(15):
                for o, name in enumerate(lhcli.OUTCOMES):
                    self.assertEqual(sum(row[t] == o for row in rows), round(9 * c["outcomes"][name][t]), (t, name))
            said_of_it = re.search(rf"<b>\d {c['policy']}</b> (\d+) turns: (.*?)\.", text)
            self.assertEqual(said_of_it.group(1), "135")
            self.assertEqual({name: int(n) for name, n in (x.split() for x in said_of_it.group(2).split(", "))},
                             {name: n for o, name in enumerate(lhcli.OUTCOMES) if (n := sum(row.count(o) for row in rows))})
        transcript = self.good("transcript", "r.db", "3", "--policy", "reset").out
        outcomes = re.findall(r"^\[\d+\] assistant.*?  (\w+)(?:  |$)", transcript, re.M)
        self.assertEqual([lhcli.OUTCOMES[o] for o in pictures[1][3]], outcomes)

    def test_samples_that_were_not_begun(self):
        """A run cut short: that comes first, and pictures have no rows for what was not run."""
        self.good("run", "--quiet", "--turns", "10", "--samples", "30", "-o", "r.db", "--policy", "reset")
        with contextlib.closing(sqlite3.connect(self.path("r.db"))) as db, db:
            for table in ("call", "message"):
                db.execute(f"DELETE FROM {table} WHERE episode IN (SELECT id FROM episode WHERE sample >= 12)")
            db.execute("DELETE FROM episode WHERE sample >= 12")
            db.execute("UPDATE run SET status = 'stopped', cause = 'interrupted'")
        self.good("report", "r.db", "--html", "p.html")
        text = self.path("p.html").read_text()
        self.assertRegex(text, r'<h2>Verdict</h2>\n<p class="caveat">This run is NOT DONE \(interrupted\)')
        self.assertIn("18 of 30 samples were not begun.", text)
        self.assertEqual([len(pixels(i["src"])) for i in Page(text).all("img")], [12])

    def test_curves_are_the_report(self):
        """Task accuracy and hazard, read back from the drawing, are the JSON's; so are the marks of the front."""
        page, text = self.page("--turns", "30", "--samples", "40", "-o", "none", *FOUR, "--model", "sim:accuracy=0.85,self_conditioning=3", "--json", "r.json")
        conditions = [c for c in lhcli.strict_json(self.path("r.json").read_text())["conditions"] if c["model_options"]["accuracy"] == 0.85]
        text = text.split('<section id="g2">')[1]
        figures = {name: text.split(f"<b>{name}</b>")[1].split("</figure>")[0] for name in ("Task accuracy", "What tokens buy", "Hazard")}
        each = int(re.search(r"(\d+) turns are taken together", figures["Hazard"]).group(1))
        last = max(t for c in conditions for t, n in enumerate(c["at_risk"], 1) if 20 * n >= 40)
        self.assertIn(f"turn {last} is the last with more", figures["Hazard"])
        for c in conditions:                                   # where few are left it is not drawn
            c["steps"] = []
            for t in range(0, last, each):
                at_risk = sum(c["at_risk"][t:min(t + each, last)])
                errors = sum(round(h * n) for h, n in zip(c["hazard"][t:min(t + each, last)], c["at_risk"][t:t + each]) if n)
                c["steps"].append(errors / at_risk if 20 * c["at_risk"][t] >= 40 else None)
        self.assertLess(last, 30)
        at, tick = re.findall(r'<span class="y" style="top:([\d.]+)%">([\d.]+) %</span>', figures["Hazard"])[-1]
        top = float(tick) / (100 - float(at))
        for row, c in enumerate(conditions):
            for name, key, turns, wide, scale in (("Task accuracy", "task_accuracy", 30, 1, 1), ("Hazard", "steps", last, each, top)):
                path = re.search(rf'<path class="line(?: oracle)? s{row}"[^>]* d="([^"]*)"', figures[name]).group(1)
                for t, (seen, true) in enumerate(zip(heights(path, turns, wide), c[key], strict=True), 1):
                    self.assertEqual(seen is None, true is None, (name, row, t))
                    if seen is not None:
                        self.assertAlmostEqual(seen * scale, min(true, scale), delta=0.0011, msg=(name, row, t))
        tokens = [c["cost"]["tokens_in_per_turn"] for c in conditions]
        ends = [c["horizon"][0] for c in conditions]
        high = 1.05 * max(max(h["turns"], h["ci"][1]) for h in ends)
        marks = {row: rest for row, *rest in dots(figures["What tokens buy"])}
        self.assertEqual(len(marks), len(conditions))
        for row, c in enumerate(conditions):
            left, up, name = marks[row]
            self.assertAlmostEqual(left, 100 * tokens[row] / (1.1 * max(tokens)), delta=0.4)       # marks of one place stand at the first's
            self.assertAlmostEqual(up, 100 * (1 - ends[row]["turns"] / high), delta=1)
            self.assertEqual("hollow" in name, c["oracle"])
            bar = re.search(rf'<path class="bar s{row}"[^>]* d="M(\d+) (\d+)V(\d+)"', figures["What tokens buy"]).groups()
            for seen, true in zip(bar, (tokens[row] / (1.1 * max(tokens)), 1 - ends[row]["ci"][0] / high, 1 - ends[row]["ci"][1] / high)):
                self.assertAlmostEqual(int(seen), 1000 * true, delta=0.51)

    def test_made_histories(self):
        """The marks are the cells of the JSON; the bar's pieces are the parts of the loss, end to end from 0, to either side by their sign."""
        page, text = self.page("--turns", "12", "--samples", "40", "-o", "r.db", "--history", "own", "--history", "clean", "--history", "injected:rate=0.5",
                               "--history", "propagated:rate=0.2,0.6", "--policy", "full_history", "--policy", "window:n=3", "--model", "sim:accuracy=0.9,self_conditioning=3",
                               "--json", "r.json")
        effects = lhcli.strict_json(self.path("r.json").read_text())["effects"]
        figure = text.split("<b>Self-conditioning</b>")[1].split("</figure>")[0]
        cells = [(row, c["history"].split(":")[0], c["exposure"]["update"], c["turn_accuracy_strict"]) for row, e in enumerate(effects) for c in e["cells"]
                 if c["turn"] == 12 and c["history"].startswith(("clean", "injected", "propagated"))]
        marks = dots(figure)
        self.assertEqual(len(marks), len(cells))
        wide, floor = max(105 * c[2] for c in cells) + 2, min(10 * math.floor(10 * low) for low in self.lows(effects))
        for row, history, exposure, accuracy in cells:
            self.assertTrue([m for m in marks if m[0] == row and ("hollow" in m[3]) == (history == "propagated")
                             and abs(m[1] - 100 * (100 * exposure + 2) / wide) < 0.5 and abs(m[2] - 100 * (100 - 100 * accuracy) / (100 - floor)) < 1.1], (row, history))
        self.parts(text, effects)
        self.made_failures(text)
        cells = {" ".join(c.split()) for row in page.rows for c in row}
        table = self.good("report", "r.db", env={"COLUMNS": "300"}).out.split("Behind made histories: full_history")[1].split("Behind made histories:\n")[0]
        figures = [f.strip() for line in table.splitlines() if line.startswith(("clean ", "injected", "propagated", "own ", "long-context", "self-conditioning(")) for f in re.split(r"  +", line)]
        self.assertGreater(len(figures), 60)
        for f in figures:
            self.assertIn(re.sub(r"\s+", " ", f), cells)

    def lows(self, effects):
        return [90 / 100] + [c["turn_accuracy_strict_ci"][0] for e in effects for c in e["cells"] if c["turn"] == 12 and c["history"].startswith(("clean", "injected", "propagated"))]

    def parts(self, text, effects):
        figure = text.split("<b>What the loss is made of</b>")[1].split("</figure>")[0]
        strict = [e["attribution"]["strict"] for e in effects]
        ends = [(sum(min(0, s[k]["value"]) for k in ("length", "errors", "rest")), sum(max(0, s[k]["value"]) for k in ("length", "errors", "rest"))) for s in strict]
        lo, hi = 100 * min(0, *(e[0] for e in ends)), 100 * max(0, *(e[1] for e in ends))
        low, wide = lo - 0.04 * (hi - lo), 1.08 * (hi - lo)
        place = lambda v: 100 * (100 * v - low) / wide
        bars = blocks(figure)
        self.assertEqual(len(bars), 2)
        for bar, s, name in zip(bars, strict, ("full_history", "window:n=3"), strict=True):
            left, right, rows = 0, 0, ["loss"]
            for (kind, at, width), key in zip(bar, ("length", "errors", "rest")):
                v = s[key]["value"]
                begin = min(left, left + v) if v < 0 else right
                left, right = left + min(0, v), right + max(0, v)
                self.assertAlmostEqual(at, place(begin), delta=0.02, msg=(name, key))
                self.assertAlmostEqual(width, 100 * 100 * abs(v) / wide, delta=0.02, msg=(name, key))
                self.assertEqual("pale" in kind, s[key]["ci"][0] <= 0 <= s[key]["ci"][1], (name, key))
            self.assertAlmostEqual(right + left, s["loss"]["value"], delta=1e-9)
            self.assertEqual([k for k, *_ in bar[3:]], ["zero", "whole"])
            self.assertAlmostEqual(bar[4][1], place(s["loss"]["value"]), delta=0.02)
            table = figure.split(f"{name}</b>")[1].split("</table>")[0]
            for row, key in (("loss", "loss"), ("length", "length"), ("own errors", "errors"), ("rest", "rest")):
                value, low_end, high_end = re.search(rf"</i>{row}</th><td>(-?[\d.]+)</td><td><span>\[(-?[\d.]+), (-?[\d.]+)\]", table).groups()
                for seen, true in zip((value, low_end, high_end), (s[key]["value"], *s[key]["ci"])):
                    self.assertAlmostEqual(float(seen), 100 * true, delta=0.0501, msg=(name, key))

    def made_failures(self, text):
        """Behind a made history too the page shows what was sent."""
        section = text.split('<section id="failures">')[1].split("</section>")[0]
        made = [p for p in section.split("<h3>")[1:] if ", history " in p.split("</h3>")[0]]
        self.assertIn("full_history, history injected:rate=0.5", [p.split("</h3>")[0] for p in made])
        for part in made:
            policy, history = part.split("</h3>")[0].split(", history ")
            sample, turn, outcome, inside = re.search(r"<details><summary>sample (\d+), turn (\d+): (\w+)</summary>(.*?)</details>", part, re.S).groups()
            self.assertIn(outcome, ("slips", "recovers"))
            messages = re.findall(r'<div class="turn([a-z ]*)"><small>(.*?)</small><pre>(.*?)</pre>', inside, re.S)
            request = json.loads(self.good("transcript", "r.db", sample, "--policy", policy, "--history", history, "--turn", turn, "--as-sent").out)
            sent = [html.unescape(x) for kind, _, x in messages[:-1] if "left" not in kind]
            whole = [m["content"] for m in request["messages"]]
            if "more messages" in inside:
                self.assertEqual(sent[-5:], whole[-5:])
            else:
                self.assertEqual(sent, whole)

    def test_first_failures(self):
        """Of each policy the first samples that err, at their first error: what stands there as sent is what was sent."""
        policies = ("full_history", "window:n=2", "state_carry:n=2", "omit_assistant", "answers_only", "head_tail:head=1,tail=1", "heal")
        args = [a for p in policies for a in ("--policy", p)]
        _, text = self.page("--task", "kv_sum:keys=5", "--turns", "14", "--samples", "8", "-o", "r.db", "--model", "sim:accuracy=0.85", *args)
        section = text.split('<section id="failures">')[1].split("</section>")[0]
        self.assertEqual(re.findall("<h3>(.*?)</h3>", section.replace("<wbr>", "")), [*policies[:-1], "heal (oracle)"])
        kinds = set()
        for part, policy in zip(section.split("<h3>")[1:], policies):
            found = re.findall(r"<details><summary>sample (\d+), turn (\d+): (\w+)</summary>(.*?)</details>", part, re.S)
            self.assertEqual(len(found), 3, policy)
            for sample, turn, outcome, inside in found:
                told = self.good("transcript", "r.db", sample, "--policy", policy).out
                outcomes = re.findall(r"^\[(\d+)\] assistant.*?  (\w+)(?:  |$)", told, re.M)
                self.assertEqual(next((t, o) for t, o in outcomes if o not in ("correct", "follows")), (turn, outcome))
                states = dict(re.findall(r"<dt>(answered|followed|true)</dt><dd><pre>(.*?)</pre>", inside))
                known = self.rows("r.db", "SELECT c.answered, c.followed, c.truth FROM call c JOIN episode e ON e.id = c.episode WHERE e.sample = ? AND e.condition = ? AND c.turn = ?"
                                  " AND c.accepted", int(sample), policies.index(policy), int(turn))
                self.assertEqual(states, {k: v for k, v in zip(("answered", "followed", "true"), known[0]) if v is not None})
                messages = re.findall(r'<div class="turn([a-z ]*)"><small>(.*?)</small><pre>(.*?)</pre>', inside, re.S)
                self.assertEqual(messages[-1][:2], (" err", "the reply"))
                if "more messages" in inside:
                    continue
                sent = [html.unescape(t) for k, _, t in messages[:-1] if "left" not in k]
                request = json.loads(self.good("transcript", "r.db", sample, "--policy", policy, "--turn", turn, "--as-sent").out)
                self.assertEqual("\n\n".join(sent), "\n\n".join(m["content"] for m in request["messages"]), (policy, sample))
                kinds.update(k.strip() for k, _, _ in messages)
                self.assertIn(html.unescape(messages[-1][2]), told)
        self.assertLessEqual({"", "left", "wrote", "err"}, kinds)

    def test_hostile_replies(self):
        self.hostile_replies()

    def test_model_size(self):
        """Where models carry a size, which a simulated one does not: it is written into the run file."""
        models = [a for x in ("0.8", "0.9", "0.95") for a in ("--model", "sim:accuracy=" + x)]
        _, text = self.page("--turns", "30", "--samples", "30", "-o", "r.db", "--policy", "full_history", "--policy", "heal", *models)
        self.assertNotIn("Horizon by model size", text)
        with contextlib.closing(sqlite3.connect(self.path("r.db"))) as db, db:
            for accuracy, size in ((0.8, 1), (0.9, 8), (0.95, 64)):
                db.execute("UPDATE condition SET model_options = json_set(model_options, '$.size', ?) WHERE json_extract(model_options, '$.accuracy') = ?", (size, accuracy))
        self.good("report", "r.db", "--html", "sized.html", "--json", "sized.json")
        figure = self.path("sized.html").read_text().split("<b>Horizon by model size</b>")[1].split("</figure>")[0]
        conditions = lhcli.strict_json(self.path("sized.json").read_text())["conditions"]
        high = 1.05 * max(max(c["horizon"][0]["turns"], c["horizon"][0]["ci"][1]) for c in conditions)
        for row, policy in enumerate(("full_history", "heal")):
            marks = [m for m in dots(figure) if m[0] == row]
            for (_, left, up, name), c, share in zip(marks, [c for c in conditions if c["policy"] == policy], (1, 8, 64), strict=True):
                self.assertAlmostEqual(left, 100 * math.log(share * 1.6) / math.log(64 * 1.6 * 1.6), delta=0.01)
                self.assertAlmostEqual(up, 100 * (1 - c["horizon"][0]["turns"] / high), delta=1)
                self.assertEqual("hollow" in name, c["oracle"])
        self.order(self.path("sized.html").read_text(), ["verdict", "g1", "g2", "g3", "sizes", "outcomes", "failures", "provenance", "definitions"])
        for least, most in ((5e-324, 1), (1e308, 1.7e308)):      # sizes that nothing has are none
            with contextlib.closing(sqlite3.connect(self.path("r.db"))) as db, db:
                db.execute("UPDATE condition SET model_options = json_set(model_options, '$.size', iif(id % 2, ?, ?))", (least, most))
            self.good("report", "r.db", "--html", "odd.html")
            self.assertNotIn("Horizon by model size", self.path("odd.html").read_text())

    def test_verdict(self):
        page, text = self.page("--turns", "40", "--samples", "100", "-o", "none", "--policy", "full_history", "--policy", "reset", "--policy", "heal", "--model",
                               "sim:accuracy=0.97,self_conditioning=8", "--gate", "turn_error_rate <= 0.9", "--gate", "horizon(0.5) >= 1")
        verdict = text.split('<section id="verdict">')[1].split("</section>")[0]
        self.assertIn("<p>Gates: 6 passed.</p>", verdict)
        self.assertEqual(verdict.count("<dt>PASS</dt>"), 6)
        self.assertRegex(verdict, r"<p>full_history: horizon\(0\.5\) \d+ \[\d+, \d+\] turns, turn error rate [\d.]+ % \[[\d., ]+\]\. Compared with it, .*reset errs in fewer turns\.")
        self.assertLess(text.index('id="verdict"'), text.index("<table"))

    def test_search(self):
        page, text = self.page("--single-turn", "--model", "sim:accuracy=0.9", "-o", "r.db")
        verdict = text.split('<section id="verdict">')[1].split("</section>")[0]
        sentence = re.search(r"<p>full_history, sim:accuracy=0.9: (.*?)</p>", verdict).group(1)
        self.assertIn(f"<p>{sentence}</p>", text.split('<section id="search">')[1])
        self.assertIn("<h1>longhaul: kv_sum on sim:accuracy=0.9</h1>", text)
        self.order(text, ["verdict", "search", "provenance"])
        tried = lhcli.strict_json(self.good("report", "r.db", "--json", "-").out)["single_turn"][0]["tried"]
        rows = [r for r in page.rows if r[0].isdigit()]
        self.assertEqual([(r[0], r[1], r[2]) for r in rows], [(str(x["k"]), str(x["samples"]), str(x["correct"])) for x in sorted(tried, key=lambda x: x["k"])])

    def order(self, text, ids):
        """Its parts in this order, each in the contents; headings without a gap."""
        self.assertEqual(re.findall(r'<section id="(\w+)">', text), ids)
        self.assertEqual(re.findall(r'<a href="#(\w+)">', text), ids)
        levels = [int(x) for x in re.findall(r"<h(\d)>", text)]
        self.assertEqual(levels[0], 1)
        self.assertLessEqual(max(b - a for a, b in zip(levels, levels[1:])), 1)
        self.assertEqual(text.count("<table"), text.count("<caption>"))
        for head in re.findall(r"<th(?:>| [^>]*>)", text):
            self.assertIn("scope=", head)

    def test_order(self):
        """Within a group too: table, curves, tokens, errors in view, parts of the loss, hazard."""
        _, text = self.page("--turns", "10", "--samples", "30", "-o", "r.db", "--policy", "full_history", "--policy", "reset", "--history", "own", "--history", "clean",
                            "--history", "propagated:rate=0.3", "--model", "sim:accuracy=0.9,self_conditioning=3")
        self.order(text, ["verdict", "g1", "outcomes", "failures", "provenance", "definitions"])
        marks = ["<table", "<fieldset", "<b>Task accuracy</b>", "<b>What tokens buy</b>", "<b>Self-conditioning</b>", "<b>What the loss is made of</b>", "<b>Hazard</b>", 'id="outcomes"']
        self.assertEqual(sorted(marks, key=text.index), marks)

    def test_made_histories_alone(self):
        """No policy has a run of its own: the verdict is the slope, and the numbers are explained where they are used."""
        _, text = self.page("--turns", "10", "--samples", "40", "-o", "r.db", "--history", "clean", "--history", "injected:rate=0.5", "--model", "sim:accuracy=0.9,self_conditioning=3")
        self.assertRegex(text.split('<section id="verdict">')[1].split("</section>")[0], r"<p>full_history: Self-conditioning slope: \d")
        self.assertIn('<ul class="key"><li>1 full_history</li></ul>', text)

    def test_histories_that_are_not_made_again(self):
        """The family is no longer what it was: own conversations are shown, and why the others are not is said."""
        self.page("--turns", "10", "--samples", "30", "-o", "r.db", "--history", "own", "--history", "injected:rate=0.5", "--model", "sim:accuracy=0.8")
        with contextlib.closing(sqlite3.connect(self.path("r.db"))) as db, db:
            db.execute("UPDATE episode SET history_hash = 1 WHERE probe > 0")
        self.good("report", "r.db", "--html", "two.html")
        section = self.path("two.html").read_text().split('<section id="failures">')[1].split("</section>")[0]
        self.assertEqual(re.findall("<h3>(.*?)</h3>", section), ["full_history"])
        self.assertIn("Those of 1 condition could not be made again", section)

    def test_results_of_tools(self):
        """What stood in a result's place when it was sent is not shown as sent: the result is, grey, and that it was cleared."""
        policies = ("full_history", "clear_tool_uses:trigger=1,keep=2", "mask_observations:n=2")
        args = [a for p in policies for a in ("--policy", p)]
        _, text = self.page("--task", "kv_sum:tools=true", "--turns", "12", "--samples", "12", "-o", "r.db", "--model", "sim:accuracy=0.93", *args)
        section = text.split('<section id="failures">')[1].split("</section>")[0]
        cleared = 0
        for part, policy in zip(section.split("<h3>")[1:], policies, strict=True):
            for sample, turn, inside in re.findall(r"<details><summary>sample (\d+), turn (\d+): \w+</summary>(.*?)</details>", part, re.S):
                request = json.loads(self.good("transcript", "r.db", sample, "--policy", policy, "--turn", turn, "--as-sent").out)
                told = {m["content"] for m in request["messages"] if m["role"] == "tool"}
                for kind, what, result in re.findall(r'<div class="turn([a-z ]*)"><small>(turn \d+, tool[^<]*)</small><small> · of get_value</small><pre>(.*?)</pre>', inside, re.S):
                    gone = "cleared when sent" in what
                    self.assertEqual(gone, "left" in kind)
                    self.assertNotIn("shortened", what)
                    if not gone:
                        self.assertIn(html.unescape(result), told, (policy, what))
                    cleared += gone
                    self.assertFalse(gone and policy == "full_history")
        self.assertGreater(cleared, 3)

    def test_single_policy_has_no_comparison(self):
        _, text = self.page("--turns", "4", "--samples", "5", "--policy", "reset", "-o", "none")
        self.assertNotIn("Compared with", text)

    def test_refusals(self):
        self.good("run", "--quiet", "--turns", "3", "--samples", "3", "-o", "r.db")
        before = self.path("r.db").read_bytes()
        for args in (("report", "r.db", "--html", "r.db"), ("report", "r.db", "--html", "no/folder.html"), ("report", "r.db", "--html", "x", "--json", "x"), ("report", "r.db", "--html")):
            self.assertEqual(self.longhaul(*args).code, 2, args)
        self.assertEqual(self.path("r.db").read_bytes(), before)

    def test_size(self):
        """10,000 turns: the pictures are thinned, and that is said."""
        page, text = self.page("--turns", "10000", "--samples", "3", "--model", "sim:accuracy=0.9", "--policy", "reset", "--policy", "window:n=2", "-o", "none")
        self.assertLess(len(text.encode()), 2_000_000)
        self.assertIn("A cell is 10 turns", text)
        self.assertEqual([len(pixels(i["src"])[0]) for i in page.all("img")], [1000, 1000])

    def test_curves_are_written_where_they_change(self):
        """A sample's curve has one step, however long the run; its band goes there and back."""
        _, text = self.page("--task", "kv_sum:keys=2", "--turns", "1000", "--samples", "1", "--policy", "reset", "--model", "sim:accuracy=0.99", "-o", "none")
        line, band = (re.search(rf'<path class="{kind} s0"[^>]* d="([^"]*)"', text).group(1) for kind in ("line", "band"))
        self.assertLessEqual(len(re.findall("[MLHV]", line)), 4)
        self.assertLessEqual(len(re.findall("[MLHV]", band)), 8)
        self.assertEqual(set(heights(line, 1000)), {0, 1})

    def test_hostile_names(self):
        """A policy's name and its error, both in every way that a browser or a CI system might take for its own."""
        message = json.dumps(HOSTILE.replace("\x1b", "")).replace("\\u202e", "\u202e").replace("\\u2066", "\u2066")
        self.write("bad.lua", "return { api = 1, summary = 'Fails.', view = function(ep) error(%s .. string.rep('x', 1000000)) end }" % message)
        done = self.longhaul("run", "--quiet", "--turns", "3", "--samples", "3", "--policy", "bad.lua", "-o", "none", "--html", "p.html")
        text = self.path("p.html").read_text(encoding="utf-8")
        page = Page(text)
        self.assertEqual(page.problems, [], str(done))
        self.assertHarmless(page, text)
        self.assertIn("&lt;script&gt;alert(1)", text)


if __name__ == "__main__":
    unittest.main()
