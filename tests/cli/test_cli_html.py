"""The report as a page: what it says is what the table says; it needs nothing from elsewhere; what a model or a user said stays
text; and a real browser opens it, where there is one."""
import base64
import contextlib
import html
import html.parser
import json
import math
import re
import sqlite3
import struct
import unittest
import zlib

import lhbrowser
import lhcli

HOSTILE = "a</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&javascript:alert(3)\u202eevil\u2066\x1b[31m::error::x"
FOUR = ("--policy", "full_history", "--policy", "window:n=5", "--policy", "reset", "--policy", "heal", "--model", "sim:accuracy=0.95,self_conditioning=3")
VOID = {"meta", "link", "input", "img", "br", "hr"}
MAY_STAND = {"html", "head", "meta", "title", "link", "style", "body", "h1", "h2", "h3", "nav", "a", "main", "section", "p", "b", "small", "span", "div", "table", "thead",
             "tr", "th", "td", "dl", "dt", "dd", "code", "pre", "fieldset", "legend", "label", "input", "svg", "path", "figure", "figcaption", "details", "summary", "ul",
             "li", "i", "img"}


class Page(html.parser.HTMLParser):
    """Elements, properly nested; texts; cells of tables."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.stack, self.elements, self.texts, self.rows, self.problems = [], [], [], [], []
        self.feed(text)
        self.close()
        if self.stack:
            self.problems.append(f"never closed: {self.stack}")

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if len(dict(attrs)) != len(attrs):
            self.problems.append(f"an attribute stands twice: {tag} {attrs}")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.stack or self.stack[-1] != tag:
            self.problems.append(f"</{tag}> within {self.stack[-3:]}")
        elif tag not in VOID:
            self.stack.pop()

    def handle_data(self, data):
        self.texts.append(data)
        if self.rows and self.stack and {"td", "th"} & set(self.stack):
            self.rows[-1][-1] += data

    def all(self, tag):
        return [a for t, a in self.elements if t == tag]


def pixels(uri):
    """Rows of palette indexes of a PNG of 4 bits, read by the standard and checked."""
    data = base64.b64decode(uri.removeprefix("data:image/png;base64,"), validate=True)
    at, chunks = 8, []
    while at < len(data):
        n, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + n]
        if zlib.crc32(kind + body) != struct.unpack(">I", data[at + 8 + n:at + 12 + n])[0]:
            raise ValueError(f"{kind}: wrong check sum")
        chunks.append((kind, body))
        at += 12 + n
    head = dict(chunks)[b"IHDR"]
    width, height, bits, colour = struct.unpack(">IIBB", head[:10])
    if (bits, colour, chunks[-1][0]) != (4, 3, b"IEND"):
        raise ValueError("not what was to be written")
    raw, each = zlib.decompress(b"".join(b for k, b in chunks if k == b"IDAT")), 1 + (width + 1) // 2
    rows = [raw[y * each + 1:(y + 1) * each] for y in range(height)]
    return [[b >> shift & 15 for b in row for shift in (4, 0)][:width] for row in rows]


def heights(path, turns):
    """Of a curve in an SVG of 1,000 by 1,000: the share of the height in the middle of each turn; None where there is none."""
    corners, x, y = [], None, None
    for kind, a, b in re.findall(r"([MLHV])(\d+)(?: (\d+))?", path):
        if kind == "M":
            corners.append(None)
        x, y = (int(a), int(b)) if kind in "ML" else (int(a), y) if kind == "H" else (x, int(a))
        corners.append((x, y))
    found = []
    for t in range(turns):
        at = 1000 * (t + 0.5) / turns
        found.append(next((1 - one[1] / 1000 for one, two in zip(corners, corners[1:]) if one and two and one[0] <= at <= two[0] and one[1] == two[1]), None))
    return found


class Html(lhcli.Case):
    def page(self, *args, name="page.html"):
        self.good("run", "--quiet", "--html", name, *args)
        text = self.path(name).read_text(encoding="utf-8")
        page = Page(text)
        self.assertEqual(page.problems, [])
        return page, text

    def assertHarmless(self, page, text):
        """Nothing that could run, load or send anything; no element or attribute that we do not write."""
        self.assertLessEqual({t for t, _ in page.elements}, MAY_STAND)
        for tag, attrs in page.elements:
            self.assertFalse([a for a in attrs if a.startswith("on")], tag)
            if "href" in attrs:
                self.assertRegex(attrs["href"], r"^(#[a-z0-9]+|data:,)$")
            if "src" in attrs:
                self.assertTrue(attrs["src"].startswith("data:image/png;base64,"))
            if "style" in attrs:
                self.assertRegex(attrs["style"], r"^[-a-z0-9:;()%.#]+$")
        self.assertFalse(re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text))


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
        page, _ = self.page("--turns", "15", "--samples", "9", "--policy", "full_history", "--policy", "reset", "-o", "r.db", "--model",
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
        transcript = self.good("transcript", "r.db", "3", "--policy", "reset").out
        outcomes = re.findall(r"^\[\d+\] assistant.*?  (\w+)(?:  |$)", transcript, re.M)
        self.assertEqual([lhcli.OUTCOMES[o] for o in pictures[1][3]], outcomes)

    def test_curves_are_the_report(self):
        """Task accuracy and hazard, read back from the drawing, are the JSON's; so are the marks of the front."""
        page, text = self.page("--turns", "30", "--samples", "40", "-o", "none", *FOUR, "--json", "r.json")
        conditions = lhcli.strict_json(self.path("r.json").read_text())["conditions"]
        figures = {name: text.split(f"<b>{name}</b>")[1].split("</figure>")[0] for name in ("Task accuracy", "What tokens buy", "Hazard")}
        top = max(h for c in conditions for h, n in zip(c["hazard"], c["at_risk"]) if 20 * n >= 40)
        for row, c in enumerate(conditions):
            for name, key, scale in (("Task accuracy", "task_accuracy", 1), ("Hazard", "hazard", 1.3 * top)):
                path = re.search(rf'<path class="line(?: oracle)? s{row}"[^>]* d="([^"]*)"', figures[name]).group(1)
                for t, (seen, true) in enumerate(zip(heights(path, 30), c[key]), 1):
                    self.assertEqual(seen is None, true is None, (name, row, t))
                    if seen is not None:
                        self.assertAlmostEqual(seen * scale, min(true, scale), delta=0.0011, msg=(name, row, t))
        tokens = [c["cost"]["tokens_in_per_turn"] for c in conditions]
        ends = [c["horizon"][0] for c in conditions]
        high = 1.05 * max(max(h["turns"], h["ci"][1]) for h in ends)
        for row, c in enumerate(conditions):
            name, left, up = re.search(rf'<span class="(dot[a-z ]*) s{row}" style="[^"]*left:([\d.]+)%;top:([\d.]+)%', figures["What tokens buy"]).groups()
            self.assertAlmostEqual(float(left), 100 * tokens[row] / (1.1 * max(tokens)), delta=0.01)
            self.assertAlmostEqual(float(up), 100 * (1 - ends[row]["turns"] / high), delta=0.01)
            self.assertEqual("hollow" in name, c["oracle"])

    def test_made_histories(self):
        page, text = self.page("--turns", "12", "--samples", "40", "-o", "none", "--history", "own", "--history", "clean", "--history", "injected:rate=0.5",
                               "--history", "propagated:rate=0.2,0.6", "--model", "sim:accuracy=0.9,self_conditioning=3", "--json", "r.json")
        figure = text.split("<b>Self-conditioning</b>")[1].split("</figure>")[0]
        self.assertEqual((figure.count('class="dot s0"'), figure.count('class="dot hollow s0"')), (2, 2))
        parts = text.split("<b>What the loss is made of</b>")[1].split("</figure>")[0]
        found = lhcli.strict_json(self.path("r.json").read_text())["effects"][0]["attribution"]
        for name, key in (("loss", "loss"), ("length", "length"), ("own errors", "errors"), ("rest", "rest")):
            shown = float(re.search(rf"<dt>{name}</dt><dd>(-?[\d.]+) ", parts).group(1))
            self.assertAlmostEqual(shown, 100 * found["strict"][key]["value"], delta=0.051, msg=name)

    def test_first_failures(self):
        """Of each policy the first samples that err, at their first error: what stands there as sent is what was sent."""
        policies = ("full_history", "window:n=2", "state_carry:n=2", "omit_assistant", "answers_only", "head_tail:head=1,tail=1", "heal")
        args = [a for p in policies for a in ("--policy", p)]
        _, text = self.page("--task", "kv_sum:keys=5", "--turns", "14", "--samples", "8", "-o", "r.db", "--model", "sim:accuracy=0.85", *args)
        section = text.split('<section id="failures">')[1].split("</section>")[0]
        self.assertEqual(re.findall("<h3>(.*?)</h3>", section), [*policies[:-1], "heal (oracle)"])
        kinds = set()
        for part, policy in zip(section.split("<h3>")[1:], policies):
            found = re.findall(r"<details><summary>sample (\d+), turn (\d+): (\w+)</summary>(.*?)</details>", part, re.S)
            self.assertEqual(len(found), 3, policy)
            for sample, turn, outcome, inside in found:
                told = self.good("transcript", "r.db", sample, "--policy", policy).out
                outcomes = re.findall(r"^\[(\d+)\] assistant.*?  (\w+)(?:  |$)", told, re.M)
                self.assertEqual(next((t, o) for t, o in outcomes if o not in ("correct", "follows")), (turn, outcome))
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
        """What a model says, at its worst: markup, every kind of hidden sign, a line of 1 MB."""
        self.write("d.json", json.dumps(lhcli.data_set(lhcli.stream("hostile"), [3, 3])))
        says = [HOSTILE, HOSTILE + "x" * 1_000_000, "</pre></details></section>\n\n<style>*{display:none}</style>\u2028\x85\x01&#60;script&#62;", "<!-- ]]> <![CDATA[", "\U000e0041\u200b"]
        self.write("r.jsonl", lhcli.replies_file([(s, t, says[(3 * s + t - 1) % len(says)]) for s in range(2) for t in (1, 2, 3)]))
        done = self.longhaul("run", "--quiet", "--task", "kv_sum:dataset=d.json", "--model", "replay:r.jsonl", "--turns", "3", "--samples", "2", "-o", "r.db", "--html", "page.html")
        self.assertEqual(done.code, 0, str(done))
        text = self.path("page.html").read_text(encoding="utf-8")
        page = Page(text)
        self.assertEqual(page.problems, [])
        self.assertHarmless(page, text)
        self.assertLess(len(text), 100_000)
        self.assertIn("&lt;script&gt;alert(1)", text)

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
            marks = re.findall(rf'<span class="dot[a-z ]* s{row}" style="[^"]*left:([\d.]+)%;top:([\d.]+)%', figure)
            for (left, up), c, share in zip(marks, [c for c in conditions if c["policy"] == policy], (1, 8, 64), strict=True):
                self.assertAlmostEqual(float(left), 100 * math.log(share * 1.2) / math.log(64 * 1.44), delta=0.01)
                self.assertAlmostEqual(float(up), 100 * (1 - c["horizon"][0]["turns"] / high), delta=0.01)

    def test_verdict(self):
        page, text = self.page("--turns", "40", "--samples", "100", "-o", "none", "--policy", "full_history", "--policy", "reset", "--policy", "heal", "--model",
                               "sim:accuracy=0.97,self_conditioning=8", "--gate", "turn_error_rate <= 0.9", "--gate", "horizon(0.5) >= 1")
        verdict = text.split('<section id="verdict">')[1].split("</section>")[0]
        self.assertIn("<p>Gates: 6 passed.</p>", verdict)
        self.assertEqual(verdict.count("<dt>PASS</dt>"), 6)
        self.assertRegex(verdict, r"<p>full_history: horizon\(0\.5\) \d+ \[\d+, \d+\] turns, turn error rate [\d.]+ % \[[\d., ]+\]\. Compared with it, .*reset errs in fewer turns\.")
        self.assertLess(text.index('id="verdict"'), text.index("<table"))

    def test_search(self):
        _, text = self.page("--single-turn", "--model", "sim:accuracy=0.9", "-o", "r.db")
        verdict = text.split('<section id="verdict">')[1].split("</section>")[0]
        sentence = re.search(r"<p>full_history, sim:accuracy=0.9: (.*?)</p>", verdict).group(1)
        self.assertIn(f"<p>{sentence}</p>", text.split('<section id="search">')[1])

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


@unittest.skipUnless(lhbrowser.program(), "no Chromium here")
class InChromium(Html):
    def setUp(self):
        super().setUp()
        try:
            self.browser = lhbrowser.Browser()
        except (RuntimeError, OSError, StopIteration) as e:
            self.skipTest(f"Chromium does not start here: {e}")
        self.addCleanup(self.browser.close)

    def opened(self, name="page.html"):
        b = self.browser
        took = b.open(self.path(name))
        print(f"{name}: {self.path(name).stat().st_size:,} bytes, loaded in {took:.2f} s", flush=True)
        self.assertEqual(b.complaints, [])
        self.assertEqual([u for u in b.asked if not u.startswith(("data:", "file:"))], [])
        return b

    def test_opens_and_hides(self):
        self.page("--turns", "20", "--samples", "30", "-o", "none", *FOUR)
        b = self.opened()
        self.assertEqual(b.value("[...document.images].filter(i => !i.naturalWidth).length"), 0)
        shown = "[...document.querySelectorAll('.s1')].map(e => getComputedStyle(e).display).filter(d => d != 'none').length"
        all_of_it = b.value(shown)
        self.assertGreater(all_of_it, 2)
        b.value("document.querySelector('input.t1').focus()")
        b.key(" ", "Space", " ")                              # by the keyboard alone
        self.assertEqual(b.value(shown), 0)
        self.assertGreater(b.value(shown.replace(".s1", ".s0")), 2)
        b.key(" ", "Space", " ")
        self.assertEqual(b.value(shown), all_of_it)

    def test_no_wider_than_the_screen(self):
        self.page("--turns", "20", "--samples", "30", "-o", "none", *FOUR)
        for width in (1280, 390):
            for dark in (False, True):
                self.browser.screen(width, dark=dark)
                b = self.opened()
                self.assertLessEqual(b.value("document.documentElement.scrollWidth"), width)
                light = b.value("getComputedStyle(document.body).backgroundColor")
                self.assertEqual(light == "rgb(255, 255, 255)", not dark)
        self.assertTrue(self.browser.print_pages().startswith(b"%PDF"))

    def test_conversations_open(self):
        self.page("--turns", "20", "--samples", "30", "-o", "r.db", *FOUR)
        b = self.opened()
        self.assertFalse(b.value("document.querySelector('#failures .turn').checkVisibility()"))
        b.value("document.querySelector('#failures summary').focus()")
        b.key("Enter", "Enter", "\r")
        self.assertTrue(b.value("document.querySelector('#failures .turn').checkVisibility()"))

    def test_hostile_replies_stay_text(self):
        Contents.test_hostile_replies(self)
        b = self.opened()
        self.assertEqual(b.value("[document.scripts.length, document.styleSheets.length, document.querySelectorAll('section').length].join()"), "0,1,5")
        self.assertIn("<script>alert(1)</script>", b.value("document.querySelector('#failures .err pre').textContent"))

    def test_hostile_text_stays_text(self):
        self.write("bad.lua", "return { api = 1, summary = 'Fails.', view = function(ep) error(%s) end }" % json.dumps("</p><script>document.title='owned'</script><img src=x onerror=alert(1)>"))
        self.longhaul("run", "--quiet", "--turns", "3", "--samples", "3", "--policy", "bad.lua", "-o", "none", "--html", "page.html")
        b = self.opened()
        self.assertTrue(b.value("document.title.startsWith('longhaul')"))
        self.assertEqual(b.value("document.scripts.length"), 0)
        self.assertIn("</p><script>", b.value("document.body.innerText"))


if __name__ == "__main__":
    unittest.main()
