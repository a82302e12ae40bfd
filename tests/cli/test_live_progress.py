"""What a run that goes on says on stderr: on a terminal, elsewhere, and when it is asked by a signal."""
import os
import pty
import signal
import subprocess
import threading
import unittest

import lhcli
import lhlive

LINE = (r"\d+ of 6 episodes, \d+ turns/s, \d+ requests? under way of \d+ at once(, [\d.]+( [kM])? tokens)?(, \$\d+\.\d\d)?"
        r"(, \d+ attempts? failed \([^)]*\))?(, at most \d+ (s|min|h \d+ min) left at this pace)?")


class Progress(lhlive.Case):
    """A server that holds the requests after the first few until it is told to go on."""

    def setUp(self):
        super().setUp()
        self.go, self.come, self.server = threading.Event(), threading.Semaphore(0), self.serve()
        answer = lhlive.forward(self.server)
        self.refusing = 2

        def reply(seen):
            with fake.lock:
                self.refusing -= 1
                if self.refusing >= 0:
                    return (429 if self.refusing else 503), {"error": {"message": "later"}}, {"Retry-After": "0"}
            if len(fake.seen) > 12:
                self.come.release()
                self.go.wait(lhcli.HANG)
            return answer(seen)
        fake = self.held = self.fake(reply)
        self.addCleanup(self.go.set)

    def args(self, *more):
        return ("run", "--model", self.model(self.held, price_in=1, price_out=1), "--turns", 5, "--samples", 6, "--concurrency", 4, "-o", "p.db", "--json", "out.json", *more)

    def begin(self, *more):
        p = self.start(*self.args(*more))
        self.assertTrue(self.come.acquire(timeout=lhcli.HANG))
        return p

    def ask(self, *more):
        """Nothing is said by itself within the time of a test; a signal gets a line."""
        p = self.begin(*more)
        p.send_signal(signal.SIGUSR1)
        line = p.stderr.readline().decode()
        self.assertRegex(line, rf"\A{LINE}\n\Z")
        self.assertRegex(line, r", \$\d")
        self.assertRegex(line, r"2 attempts failed \(1 asked to wait, 1 server\)")
        self.go.set()
        done = self.ended(p)
        self.assertEqual(done.code, 0, str(done))
        return done

    def test_asked(self):
        self.assertIn("Run 1 is in", self.ask().err)

    def test_asked_and_else_quiet(self):
        self.assertEqual(self.ask("--quiet").err, "")

    def test_now_and_then(self):
        p = self.begin("--progress", 0.05)
        for _ in range(3):
            self.assertRegex(p.stderr.readline().decode(), rf"\A{LINE}\n\Z")
        self.go.set()
        self.assertEqual(self.ended(p).code, 0)

    def test_terminal(self):
        """One line, written over and over, and taken away at the end."""
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        p = subprocess.Popen([self.program, *map(str, self.args())], cwd=self.folder, env=lhcli.environment(self.folder), stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        self.assertTrue(self.come.acquire(timeout=lhcli.HANG))
        said = b""
        while b"at once" not in said:
            said += os.read(ours, 4096)
        self.go.set()
        try:
            while True:
                said += os.read(ours, 4096)
        except OSError:                       # its end is closed
            pass
        self.assertEqual(p.wait(lhcli.HANG), 0)
        shown = said.decode().replace("\r\n", "\n")
        self.assertRegex(shown, rf"\A(\r{LINE} \x1b\[K)+\r\x1b\[KRun 1 is in ")
        self.assertNotRegex(shown.split("Run 1")[0], r"\n")

    def test_refused(self):
        done = self.longhaul("run", "--progress", "often", "-o", "p.db")
        self.assertEqual(done.code, 2)
        self.assertIn("--progress often: a number of seconds is needed", done.err)


if __name__ == "__main__":
    unittest.main()
