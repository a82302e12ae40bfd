"""Every policy that ships says what it does, when to use it, what it costs and who else has it, in its file and in the table."""
import re
import subprocess
import unittest

import lhtree

POLICIES = sorted((lhtree.SOURCE / "scripts" / "policies").glob("*.lua"))


def head(path):
    """A file's first comment as one line."""
    lines = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line.startswith("-- "):
            break
        lines.append(line[3:])
    return " ".join(lines)


class Documented(unittest.TestCase):
    def test_each_file_begins_with_four_answers(self):
        self.assertGreater(len(POLICIES), 15)
        for path in POLICIES:
            with self.subTest(policy=path.stem):
                parts = re.fullmatch(r"(.{20,}?) Use it (.{10,}?) Cost: (.{5,}?) Elsewhere: (.{10,})", head(path))
                self.assertIsNotNone(parts, f"{path.name} begins with: what it does. Use it … Cost: … Elsewhere: …\n{head(path)}")
                self.assertTrue(all(p.rstrip().endswith(".") for p in parts.groups()), parts.groups())
                self.assertLessEqual(path.read_text(encoding="utf-8").count("\n"), 60)

    def test_show_prints_them(self):
        for path in (POLICIES[0], POLICIES[-1]):
            said = subprocess.run([lhtree.built(), "show", "policy", path.stem], check=True, capture_output=True, text=True).stdout
            self.assertIn(head(path), " ".join(said.split("\n")))

    def test_the_table_has_each(self):
        text = (lhtree.SOURCE / "scripts" / "README.md").read_text(encoding="utf-8")
        table = text.split("## The policies that come with the program")[1].split("\n## ")[0]
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n") if line.startswith("| `")]
        names = [re.match(r"`(\w+)`", row[0]).group(1) for row in rows]
        self.assertEqual(sorted(names), [p.stem for p in POLICIES])
        self.assertTrue(all(len(row) == 5 and all(row) for row in rows))
        oracles = {p.stem for p in POLICIES if re.search(r'requires = \{[^}]*"oracle"', p.read_text(encoding="utf-8"))}
        self.assertEqual({name for name, row in zip(names, rows) if "(oracle)" in row[0]}, oracles)


if __name__ == "__main__":
    unittest.main()
