"""An installation works, also after it was moved, with an empty environment and with no source tree."""
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import lhtree


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        lhtree.built()
        build = os.environ.get("LH_BUILD_DIR")
        if not build or not shutil.which("cmake"):
            raise unittest.SkipTest("no build tree to install from")
        cls.folder = tempfile.TemporaryDirectory()
        first, cls.prefix = Path(cls.folder.name, "first"), Path(cls.folder.name, "then moved")
        environment = {k: v for k, v in os.environ.items() if k != "DESTDIR"}
        done = subprocess.run(["cmake", "--install", build, "--prefix", str(first)], env=environment, capture_output=True, text=True)
        if done.returncode:
            cls.folder.cleanup()
            raise AssertionError(f"cmake --install: {done.stdout}{done.stderr}")
        first.rename(cls.prefix)
        cls.work = Path(cls.folder.name, "work")
        cls.work.mkdir()
        cache = Path(build, "CMakeCache.txt").read_text(encoding="utf-8")
        cls.configured = next(line.split("=", 1)[1] for line in cache.splitlines() if line.startswith("CMAKE_INSTALL_PREFIX:"))
        cls.sanitized = ["-fsanitize=address,undefined"] if "LH_SANITIZE:BOOL=ON" in cache else []

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def call(self, *command, code=0, env=None):
        env = {} if env is None else env
        env.update({k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")})
        done = subprocess.run([str(c) for c in command], cwd=self.work, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, code, f"{command}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def longhaul(self, *args, **more):
        return self.call(self.prefix / "bin" / "longhaul", *args, **more)

    def installed(self, pattern):
        return {p.stem for p in self.prefix.glob(pattern)}

    def names(self, what):
        return {line.split()[0] for line in self.longhaul("list", what).stdout.splitlines() if line.strip()}

    def test_all_families_are_there(self):
        tasks = {p.stem for p in (lhtree.SOURCE / "plugins").glob("*.c")}
        self.assertEqual(self.installed("lib*/**/longhaul/plugins/*.so"), tasks)
        self.assertEqual(self.names("tasks"), tasks)

    def test_all_policies_are_there(self):
        policies = {p.stem for p in (lhtree.SOURCE / "scripts" / "policies").glob("*.lua")}
        self.assertEqual(self.installed("share/longhaul/policies/*.lua"), policies)
        self.assertLessEqual(policies, self.names("policies"))

    def test_the_manual_page(self):
        page, = self.installed("share/man/man1/*.1")
        self.assertEqual(page, "longhaul")

    def test_families_are_the_installed_ones(self):
        """Nothing is taken from the build tree: without its plugins the installation has none."""
        if list(Path(self.configured).glob("lib*/**/longhaul/plugins")):
            self.skipTest(f"another installation is in {self.configured}")
        plugins = next(self.prefix.glob("lib*/**/longhaul/plugins"))
        hidden = plugins.with_name("hidden")
        plugins.rename(hidden)
        try:
            self.assertEqual(self.names("tasks") & {"kv_sum"}, set())
        finally:
            hidden.rename(plugins)

    def test_it_runs(self):
        out = self.longhaul("run", "--turns", "5", "--samples", "5", "-o", "none").stdout
        self.assertIn("full_history", out)
        self.assertEqual(list(self.work.glob("*.db")), [], "-o none keeps nothing")

    def test_every_installed_policy_runs(self):
        policies = [a for p in sorted(self.installed("share/longhaul/policies/*.lua")) for a in ("--policy", p)]
        out = self.longhaul("run", *policies, "--turns", "3", "--samples", "3", "-o", "none").stdout
        self.assertIn("window", out)

    def test_a_family_is_built_out_of_the_tree(self):
        """With the installed header and a compiler, and nothing else."""
        for name in ("good.c", "fixture.h", "fixture_table.h"):
            shutil.copy(lhtree.SOURCE / "tests" / "abi" / name, self.work)
        self.call("cc", "-shared", "-fPIC", f"-I{self.prefix}/include", "-o", "good.so", "good.c", env={"PATH": os.environ["PATH"]})
        self.longhaul("check", "good.so")
        self.longhaul("run", "--plugin", "./good.so", "--task", "good", "--turns", "3", "--samples", "3", "-o", "none")

    def made(self, kind, name):
        """A folder that the installed program makes, and an environment with it on the PATH."""
        env = {"PATH": f"{self.prefix}/bin:{os.environ['PATH']}", "TMPDIR": str(self.work)}
        self.call("longhaul", "new", kind, name, env=env)
        return env

    @unittest.skipUnless(shutil.which("make"), "no make")
    def test_what_new_makes_works(self):
        for kind, command in (("task", "make test"), ("policy", "sh test.sh"), ("experiment", "sh test.sh")):
            with self.subTest(kind=kind):
                env = self.made(kind, f"own_{kind}")
                self.assertIn("test: passed", self.call("sh", "-euc", f"cd own_{kind} && {command}", env=env).stdout)

    def test_a_new_family_is_built_by_cmake(self):
        """Which finds the package by the program on the PATH."""
        env = self.made("task", "by_cmake")
        self.call("sh", "-euc", f"cd by_cmake && cmake -S . -B build && cmake --build build && ctest --test-dir build --output-on-failure", env=env)

    def test_editors_find_the_stub(self):
        self.assertEqual((self.prefix / "share/longhaul/stubs/longhaul.lua").read_bytes(), (lhtree.SOURCE / "scripts/stubs/longhaul.lua").read_bytes())

    @unittest.skipUnless(shutil.which("pkg-config"), "no pkg-config")
    def test_a_program_embeds_it(self):
        """As examples/embed/main.c says, where the installation is now."""
        folders = [str(p.parent) for p in self.prefix.glob("lib*/**/longhaul.pc")]
        self.assertEqual(len(folders), 1, "one longhaul.pc")
        shutil.copy(lhtree.SOURCE / "examples" / "embed" / "main.c", self.work)
        env = {"PATH": os.environ["PATH"], "PKG_CONFIG_PATH": folders[0]}
        shell = f"cc {' '.join(self.sanitized)} main.c $(pkg-config --cflags --libs --static longhaul) -o embed"
        # A prefix with a blank in it is more than $(…) can carry.
        plain = self.prefix.with_name("plain")
        plain.symlink_to(self.prefix)
        env["PKG_CONFIG_PATH"] = folders[0].replace(str(self.prefix), str(plain))
        self.call("sh", "-euc", shell, env=env)
        plugins, = (str(p) for p in self.prefix.glob("lib*/**/longhaul/plugins"))
        policies = str(self.prefix / "share" / "longhaul" / "policies")
        out = self.call("./embed", env={"LONGHAUL_PLUGIN_PATH": plugins, "LONGHAUL_POLICY_PATH": policies}).stdout
        self.assertIn("window:n=3", out)


if __name__ == "__main__":
    lhtree.main()
