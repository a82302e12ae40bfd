"""The manual page says all that the help says, and roff takes it as it stands."""
import re
import shutil
import subprocess
import unittest

import lhcli


class Man(lhcli.Case):
    def plain(self, source):
        done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-P-cbou"], input=source, capture_output=True, timeout=lhcli.HANG)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode()

    @unittest.skipUnless(shutil.which("groff"), "no groff")
    def test_all_is_there(self):
        shown = self.plain(self.good("--man").raw)
        commands = re.findall(r"^  (\w+) +\S", self.good("-h").out, re.M)
        self.assertGreater(len(commands), 8)
        for command in commands:
            said = self.good(command, "-h").out
            for line in said.splitlines()[3:]:
                if line.strip() and not line.startswith(("example:", "  longhaul")):
                    self.assertIn(" ".join(line.split()), " ".join(shown.split()), command)
            self.assertIn(said.rstrip().splitlines()[-1].strip(), " ".join(shown.split()))
        for code in ("77", "128+n"):
            self.assertRegex(shown, rf"(?m)^ +{re.escape(code)} ")

    def test_a_page_is_built(self):
        page = lhcli.build_folder() / "longhaul.1"
        self.assertEqual(page.read_bytes(), self.good("--man").raw)


if __name__ == "__main__":
    unittest.main()
