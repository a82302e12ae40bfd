"""Packages of Python that a test needs, each set in a virtual environment below the build folder, made once. uv installs them: pip
takes about twenty times its processor time."""
import fcntl
import subprocess
import sys
import unittest

import lhcli

LONG = 500                                # s: a guard against a network that hangs


def call(*command):
    """None, or why it failed."""
    try:
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=LONG, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"not done after {LONG} s"
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def uv(home):
    tool = home / "uv" / "bin" / "uv"
    pip = ("-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check")
    if not tool.exists() and call(sys.executable, *pip, "--target", home / "uv", "uv"):      # this Python has no pip
        why = call(sys.executable, "-m", "venv", home / "uv") or call(home / "uv" / "bin" / "python", *pip, "uv")
        if why:
            raise unittest.SkipTest(f"uv cannot be installed here: {why}")
    return tool


def python(*packages):
    """A Python that has them, or no test. Tests that run at once wait for one another here."""
    home = lhcli.build_folder() / "venvs"
    home.mkdir(exist_ok=True)
    own = home / "-".join(packages)
    made = own / "made"
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            tool = uv(home)
            why = call(tool, "venv", "--quiet", "--clear", "--python", sys.executable, own) or \
                call(tool, "pip", "install", "--quiet", "--cache-dir", home / "cache", "--python", own / "bin" / "python", *packages)
            if why:
                raise unittest.SkipTest(f"{' and '.join(packages)} cannot be installed here: {why}")
            made.touch()
    return own / "bin" / "python"
