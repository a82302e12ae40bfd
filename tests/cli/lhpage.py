"""What the tests of the page share: a page taken apart, and its pictures and plots read back to figures."""
import base64
import html.parser
import json
import re
import struct
import zlib

import lhcli

HOSTILE = "a</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&javascript:alert(3)\u202eevil\u2066\x1b[31m::error::x"
FOUR = ("--policy", "full_history", "--policy", "window:n=5", "--policy", "reset", "--policy", "heal", "--model", "sim:accuracy=0.95,self_conditioning=3")
VOID = {"meta", "link", "input", "img", "br", "hr", "wbr"}
MAY_STAND = {"html", "head", "meta", "title", "link", "style", "body", "h1", "h2", "h3", "nav", "a", "main", "section", "p", "b", "small", "span", "div", "table", "thead",
             "tr", "th", "td", "dl", "dt", "dd", "code", "pre", "fieldset", "legend", "label", "input", "svg", "path", "figure", "figcaption", "details", "summary", "ul",
             "li", "i", "img", "caption", "wbr"}


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


def heights(path, turns, each=1):
    """Of a curve in an SVG of 1,000 by 1,000: the share of the height in the middle of each turn, or of each step of several; None where
    there is none."""
    corners, x, y = [], None, None
    for kind, a, b in re.findall(r"([MLHV])(\d+)(?: (\d+))?", path):
        if kind == "M":
            corners.append(None)
        x, y = (int(a), int(b)) if kind in "ML" else (int(a), y) if kind == "H" else (x, int(a))
        corners.append((x, y))
    found = []
    for t in range(0, turns, each):
        at = 1000 * (t + 0.5 * min(each, turns - t)) / turns
        found.append(next((1 - one[1] / 1000 for one, two in zip(corners, corners[1:]) if one and two and one[0] <= at <= two[0] and one[1] == two[1]), None))
    return found


def dots(figure):
    """The marks of a plot: (row, left, top, classes), left and top in percent."""
    found = []
    for left, up, inside in re.findall(r'<div class="at[a-z ]*" style="[^"]*left:([\d.]+)%;top:([\d.]+)%">(.*?)</div>', figure):
        found += [(int(row), float(left), float(up), name) for name, row in re.findall(r'<span class="(dot[a-z ]*) s(\d+)"', inside)]
    return found


def blocks(figure):
    """Of each stacked bar its pieces in order: (classes, left, width) in percent."""
    return [[(name, float(left), float(wide)) for name, left, wide in re.findall(r'<span class="([a-z0-9 ]+)" style="left:([\d.]+)%;width:([\d.]+)%">', bar)]
            for bar in re.findall(r'<div class="plot parts".*?</div>', figure, re.S)]


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

    def hostile_replies(self):
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
