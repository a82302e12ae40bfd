"""What the README shows of the demonstration is what the program prints."""
import os
import re
import subprocess
import tempfile
import unittest

import lhtree


class Readme(unittest.TestCase):
    def test_the_demonstration(self):
        text = (lhtree.SOURCE / "README.md").read_text(encoding="utf-8")
        shown = re.search(r"```text\n(kv_sum on .*?)```", text, re.S).group(1).splitlines()
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([lhtree.built(), "run", "-o", "none"], cwd=folder, capture_output=True, text=True,
                                  env={**lhtree.clean_environment(folder), "COLUMNS": "100"}, check=True)
        printed = done.stdout.splitlines()
        self.assertEqual(shown, printed[:len(shown)])


if __name__ == "__main__":
    os.chdir(lhtree.SOURCE)
    lhtree.main()
