"""What the tests about the tree itself share: where things are, which files belong to the project."""
import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("LH_SOURCE_DIR") or Path(__file__).resolve().parents[2])
SKIPPED = 77                              # ctest's SKIP_RETURN_CODE


def built():
    """The program under test."""
    path = os.environ.get("LH_BIN")
    if not path:
        raise unittest.SkipTest("LH_BIN names no program: run this through ctest")
    return Path(path).resolve()


def plain():
    """The program without sanitizers, where tests/run.sh has built it: for what is about words and numbers, and takes long."""
    named = os.environ.get("LH_PLAIN_BIN")
    return Path(named).resolve() if named else built()


def git(*args):
    """git's words, or None: no git, or no checkout (a tarball)."""
    command = ["git", "-c", "safe.directory=*", "-C", str(SOURCE), *args]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def listed(*args):
    out = git("ls-files", "-z", *args)
    return None if out is None else [SOURCE / name for name in out.split("\0") if name and (SOURCE / name).is_file()]


def walked():
    """Without git: all but what a build leaves."""
    for folder, folders, names in os.walk(SOURCE):
        folders[:] = [f for f in folders if f not in (".git", "build", "__pycache__")]
        for name in names:
            path = Path(folder) / name
            if path.suffix not in (".db", ".db-wal", ".db-shm") and name != "CMakeUserPresets.json":
                yield path


def files():
    """Every file of the project, those not added yet included."""
    found = listed("--cached", "--others", "--exclude-standard")
    return sorted(set(walked() if found is None else found))


def copy_tree(to):
    """The project's files as they are now, changes not committed included."""
    for path in files():
        target = Path(to) / path.relative_to(SOURCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)


def clean_environment(home):
    """Little, and the same everywhere; the sanitizers' options stay."""
    keep = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS") or k in ("PATH", "CC", "LD_LIBRARY_PATH")}
    return {**keep, "HOME": str(home), "TMPDIR": str(home), "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def main():
    """unittest.main, but exit code 77 when there was nothing to test here."""
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    sys.exit(SKIPPED if result.skipped and len(result.skipped) >= result.testsRun else 0)
