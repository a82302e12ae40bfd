"""`longhaul check` for every family there is, at its defaults and with all its ranges at one end; and the table of families in the documents. The
families are those of plugins/, so that none is left out."""
import re
import unittest

import lhcli

FAMILIES = sorted(file.stem for file in (lhcli.SOURCE / "plugins").glob("*.c"))


class EveryFamily(lhcli.Case):
    def check(self, name, *more):
        done = self.good("check", name, *more)
        self.assertIn("every property holds", done.out)
        self.assertNotIn("FAILED", done.out)
        return done.out

    def ranges(self, name):
        """[(parameter, least, greatest)] of those that have a range."""
        return re.findall(r"^  (\w+) +(?:integer|number) .*? (-?[\d.]+(?:e\+\d+)?)\.\.(-?[\d.]+(?:e\+\d+)?);", self.good("show", "task", name).out, re.M)

    def test_at_the_defaults(self):
        self.assertGreater(len(FAMILIES), 12)
        for name in FAMILIES:
            with self.subTest(name):
                self.assertNotIn("skipped explain", self.check(name, "--samples", 5, "--steps", 25))

    def test_at_the_ends_of_all_ranges(self):
        stretched = set()
        for name in FAMILIES:
            for end in (1, 2):
                with self.subTest(name, end=end):
                    settings = [f"--set={found[0]}={found[end]}" for found in self.ranges(name)]
                    stretched |= {name} if settings else set()
                    self.check(name, "--samples", 1, "--steps", 6, *settings)
        self.assertEqual(stretched, set(FAMILIES))

    def test_the_table_lists_them(self):
        text = (lhcli.SOURCE / "plugins" / "README.md").read_text(encoding="utf-8")
        table, = re.findall(r"\n## The families\n(.*?)\n## ", text, re.S)
        self.assertEqual(sorted(re.findall(r"^\| `(\w+)` \|", table, re.M)), FAMILIES)

    def test_every_parameter_is_explained(self):
        """Each has its row, or its place in the text, in the family's section."""
        text = (lhcli.SOURCE / "plugins" / "README.md").read_text(encoding="utf-8")
        sections = dict(re.findall(r"^##+ (\w+)\n(.*?)(?=^##+ |\Z)", text, re.M | re.S))
        for name in FAMILIES:
            with self.subTest(name):
                declared = re.findall(r"^  (\w+) +(?:integer|number|text|choice|file)\b", self.good("show", "task", name).out, re.M)
                self.assertTrue(declared)
                for parameter in declared:
                    self.assertIn(f"`{parameter}`", sections[name])


if __name__ == "__main__":
    unittest.main()
