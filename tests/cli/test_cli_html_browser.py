"""The report as a page in a real browser, where there is one: it opens, fits screens and paper, and is used by keys alone."""
import contextlib
import json
import os
import re
import time
import unittest

import lhbrowser
from lhpage import FOUR, Html, Page, pixels

# For every text that is drawn: its contrast with the nearest background behind it. Gradients behind words there are only at the edge
# of tables, in the page's own colour.
CONTRAST = """(() => {
  document.querySelectorAll('details').forEach(d => d.open = true);
  const channels = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = c.map(v => (v /= 255, v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = channels(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const faint = e => { let o = 1; for (; e; e = e.parentElement) o *= getComputedStyle(e).opacity; return o; };
  const poor = new Set(); let looked = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.checkVisibility()) continue;
    looked++;
    const a = light(channels(getComputedStyle(e).color).slice(0, 3)), b = light(behind(e).slice(0, 3)), o = faint(e);
    const ratio = o * (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.add(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
  }
  return { looked, poor: [...poor] };
})()"""


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

    def test_long_names_and_many_policies(self):
        """Every policy there is, and a name without a place to break: on a telephone nothing but tables goes beyond the screen."""
        long = "a_name_that_goes_on_and_on" * 8 + ".lua"
        self.write(long, "return { api = 1, summary = 'Sends all.' }")
        names = re.findall(r"^(\w+)  ?", self.good("list", "policies").out, re.M)
        self.assertGreater(len(names), 20)
        args = [a for p in (*names, long) for a in ("--policy", p)]
        self.page("--turns", "8", "--samples", "5", "-o", "none", "--model", "sim:accuracy=0.9", *args)
        self.browser.screen(390)
        b = self.opened()
        self.assertLessEqual(b.value("document.documentElement.scrollWidth"), 390)
        self.assertLessEqual(b.value("Math.max(...[...document.querySelectorAll('h1,h2,h3,p,dd,pre,label,li,figcaption,.plot,.loss,img')].map(e => e.getBoundingClientRect().right))"), 390)
        self.assertEqual(b.value("document.querySelectorAll('#outcomes details .strip').length + document.querySelectorAll('#outcomes>.strip').length"), len(names) + 1)

    def test_conversations_open(self):
        self.page("--turns", "20", "--samples", "30", "-o", "r.db", *FOUR)
        b = self.opened()
        self.assertFalse(b.value("document.querySelector('#failures .turn').checkVisibility()"))
        b.value("document.querySelector('#failures summary').focus()")
        b.key("Enter", "Enter", "\r")
        self.assertTrue(b.value("document.querySelector('#failures .turn').checkVisibility()"))

    def test_keyboard_alone(self):
        """From the top, by Tab: the contents, the tables that can be moved, the boxes, what unfolds, in the page's order; each is seen to
        have the focus."""
        self.page("--turns", "12", "--samples", "20", "-o", "r.db", *FOUR)
        b = self.opened()
        seen, order = [], []
        for _ in range(80):
            b.key("Tab", "Tab")
            what = b.value("(e => e === document.body ? null : [e.tagName.toLowerCase(), getComputedStyle(e).outlineStyle,"
                           " [...document.querySelectorAll('*')].indexOf(e)])(document.activeElement)")
            if what is None or (order and what[2] <= order[-1]):
                break
            seen.append(what[0])
            order.append(what[2])
            self.assertNotEqual(what[1], "none", what)
        self.assertEqual(seen[:6], ["a"] * 6)
        wanted = b.value("[...document.querySelectorAll('a,.wide,input,summary')].filter(e => e.checkVisibility()).map(e => e.tagName.toLowerCase())")
        self.assertEqual(seen, wanted)
        b.value("document.querySelector('a').focus()")
        b.key("Enter", "Enter", "\r")
        self.assertEqual(b.value("location.hash"), "#verdict")

    def test_contrast(self):
        """Words stand out from what lies behind them as WCAG 2 asks (AA, 4.5 to 1), by day and by night, unfolded too; nothing moves."""
        self.page("--task", "kv_sum:keys=5", "--turns", "12", "--samples", "40", "-o", "r.db", "--policy", "full_history", "--policy", "window:n=2", "--policy", "state_carry:n=2",
                  "--policy", "heal", "--history", "own", "--history", "clean", "--history", "propagated:rate=0.4", "--model", "sim:accuracy=0.9,self_conditioning=3")
        for dark in (False, True):
            self.browser.screen(1280, dark=dark)
            b = self.opened()
            poor = b.value(CONTRAST)
            self.assertGreater(poor["looked"], 500)
            self.assertEqual(poor["poor"], [], "dark" if dark else "light")
            self.assertEqual(b.value("document.getAnimations().length + [...document.querySelectorAll('*')].filter(e => getComputedStyle(e).transitionDuration != '0s').length"), 0)

    def test_loss_is_told_apart_without_colour(self):
        """The pieces of a bar differ by pattern, and what they are is said to those who do not see them."""
        self.page("--turns", "12", "--samples", "40", "-o", "none", "--history", "own", "--history", "clean", "--history", "propagated:rate=0.4", "--model", "sim:accuracy=0.9,self_conditioning=3")
        b = self.opened()
        looks = b.value("[...document.querySelectorAll('.plot .block')].map(e => getComputedStyle(e).backgroundImage.split('(')[0])")
        self.assertEqual(sorted(looks), ["none", "radial-gradient", "repeating-linear-gradient"])
        self.assertRegex(b.value("document.querySelector('.plot.parts').getAttribute('aria-label')"), r"^full_history: a loss of -?[\d.]+ points, made of length -?[\d.]+, own errors -?[\d.]+, rest -?[\d.]+$")
        self.assertTrue(b.value("[...document.querySelectorAll('[role=img]')].every(e => e.getAttribute('aria-label')) && [...document.images].every(i => i.alt)"))

    def test_hostile_replies_stay_text(self):
        self.hostile_replies()
        b = self.opened()
        self.assertEqual(b.value("[document.scripts.length, document.styleSheets.length, document.querySelectorAll('section').length].join()"), "0,1,6")
        self.assertIn("<script>alert(1)</script>", b.value("document.querySelector('#failures .err pre').textContent"))

    def test_hostile_text_stays_text(self):
        self.write("bad.lua", "return { api = 1, summary = 'Fails.', view = function(ep) error(%s) end }" % json.dumps("</p><script>document.title='owned'</script><img src=x onerror=alert(1)>"))
        self.longhaul("run", "--quiet", "--turns", "3", "--samples", "3", "--policy", "bad.lua", "-o", "none", "--html", "page.html")
        b = self.opened()
        self.assertTrue(b.value("document.title.startsWith('longhaul')"))
        self.assertEqual(b.value("document.scripts.length"), 0)
        self.assertIn("</p><script>", b.value("document.body.innerText"))


class Large(Html):
    """A page of what people do run: 4 policies, 200 samples, 1,000 turns."""

    @unittest.skipUnless(os.environ.get("LH_PLAIN_BIN"), "needs a build without sanitizers")
    def test_how_long(self):
        """Told, not judged: how long it takes depends on the machine."""
        self.program = os.environ["LH_PLAIN_BIN"]
        policies = [a for p in ("full_history", "window:n=5", "drop_errors", "reset") for a in ("--policy", p)]
        self.good("run", "--quiet", "--turns", "1000", "--samples", "200", "--jobs", "2", "-o", "r.db", "--model", "sim:accuracy=0.99,self_conditioning=2,malformed=0.002", *policies)
        took = {}
        for name, args in (("report", ()), ("page", ("--html", "page.html"))):
            began, used = time.monotonic(), os.times().children_user
            self.good("report", "r.db", *args)
            took[name] = time.monotonic() - began, os.times().children_user - used
        text = self.path("page.html").read_text(encoding="utf-8")
        page = Page(text)
        self.assertEqual(page.problems, [])
        self.assertLess(len(text.encode()), 2_000_000)
        names = ("full_history", "window:n=5", "drop_errors", "reset")
        self.assertEqual(len([r for r in page.rows if r[0] in names]), 2 * len(names) + len(names))      # table, comparison, curves in numbers
        self.assertEqual([(len(p), len(p[0])) for p in map(pixels, (i["src"] for i in page.all("img")))], [(200, 1000)] * 4)
        loaded = "no browser here"
        if lhbrowser.program():
            with contextlib.suppress(RuntimeError, OSError, StopIteration), lhbrowser.Browser() as b:
                loaded = f"loaded in {b.open(self.path('page.html')):.2f} s"
        wall, cpu = took["page"]
        print(f"4 policies x 200 samples x 1,000 turns: report --html {wall:.2f} s ({cpu:.2f} s of CPU; without the page {took['report'][1]:.2f} s);"
              f" {len(text.encode()):,} bytes, {loaded}", flush=True)


if __name__ == "__main__":
    unittest.main()
