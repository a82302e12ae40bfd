"""The rules of the house that a program can check: see core/README.md for the map."""
import re
import shutil
import subprocess
import tempfile
import unittest
from collections import defaultdict
from pathlib import Path

import lhtree

# A room includes itself and the rooms before it. `model` stands below `policy`: a request carries
# what a policy asked for, a view and a call's options.
ROOMS = "base json zip task transcript journal net policy model measure run again inspect report ci cli".split()

# Our public headers, and the first room that may include them.
PUBLIC = {"longhaul/task.h": "task", "longhaul/longhaul.h": "run"}

# The header of an outside library is included in one place.
OUTSIDE = [
    (r"cjson/|cJSON", "core/json"),
    (r"sqlite3", "core/journal"),
    (r"(lua|lauxlib|lualib|luaconf)\.h(pp)?$", "core/policy"),
    (r"dlfcn\.h$", "core/base"),
    (r"curl/", "core/net"),
    (r"archive(_entry)?\.h$", "core/zip"),
    (r"yajl/", "plugins/support"),
]

C_HEADERS = {name + ".h" for name in
             "assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg "
             "stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype".split()}

# Two files of one name, each pair with its reason.
SAME_NAME = {
    "task.h": {"core/include/longhaul/task.h", "core/task/task.h"},       # the ABI, and the room that opens what speaks it
    "ledger.c": {"core/run/ledger.c", "plugins/ledger.c"},               # a family's file has the family's name
}

# Calls that end the process or write to stdout, outside cli: file → (what, reason).
MAY = {
    "core/task/conform.c": ("_exit", "the child of a conformance test ends itself"),
    "core/run/nursery.c": ("_exit", "a process of its own, which nobody outlives"),
    "core/run/worker.c": ("_exit", "a process of its own, whose supervisor is gone or was told"),
    "core/net/pool_child.c": ("_exit", "so do an agent's keeper, and an agent whose command cannot be executed"),
}

# What may change at file scope or in a static of a function: file → {name: reason}.
MUTABLE = {
    "core/cli/cmd_run.c": {"stop_signal": "a signal handler has nowhere else to write", "asked": "likewise", "running": "nor has a function of atexit"},
    "core/task/host.c": {"host": "what plugins call carries no place for it; see lh_host_table()"},
    "plugins/": {"host": "a plugin is given its host's functions once, when it is opened"},
}

TOP = {"CMakeLists.txt", "README.md", "LICENSE", "core", "plugins", "scripts", "tests", "examples"}
SOURCES = {".c", ".h", ".lua", ".sh", ".py"}
LINES = 800


def name_of(path):
    return path.relative_to(lhtree.SOURCE).as_posix()


def room_of(name):
    parts = name.split("/")
    return parts[1] if parts[0] == "core" and len(parts) > 2 else None


def without_comments(text, strings=False):
    """C without comments, and without what stands in strings and characters unless they are wanted."""
    def shorten(m):
        s = m.group(0)
        if s.startswith(("/*", "//")):
            return " " + "\n" * s.count("\n")
        return s if strings else s[0] * 2
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', shorten, text, flags=re.S)


def declarations(text):
    """(line, text) of what stands at file scope, without bodies and initialisers."""
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.M)
    text = re.sub(r'extern\s+""\s*\{', "", text)
    depth, line, start, current, out = 0, 1, 1, "", []
    for c in text:
        line += c == "\n"
        if c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
            if depth == 0 and "=" not in current and "(" in current:      # the end of a function
                current = ""
        elif depth == 0 and c == ";":
            out.append((start, " ".join(current.split())))
            current = ""
        elif depth == 0:
            if not current.strip():
                start, current = line, ""
            current += c
    return out


def variable(declaration):
    """The name of a variable that may change, or None."""
    if re.match(r"(typedef|extern|_Static_assert|static_assert)\b", declaration):
        return None
    head = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", declaration.split("=")[0]).strip()
    if not head or re.match(r"(struct|union|enum)\s*\w*$", head):
        return None
    if "(" in head and not re.match(r"[^(]*\(\s*\*", head):
        return None                                                       # a function
    behind = head.rsplit("*", 1)[-1]                                      # what is const: the pointer, not what it points to
    if re.search(r"\bconst\b", behind):
        return None
    found = re.search(r"(\w+)\s*(\)\s*\(.*)?(\[[^\]]*\]\s*)*$", head)
    return found.group(1) if found else head


def may_change(name, what):
    return any(name.startswith(start) and what in names for start, names in MUTABLE.items())


class Layout(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.files = {name_of(p): p for p in lhtree.files()}
        cls.code = {}
        for name, path in cls.files.items():
            if path.suffix in (".c", ".h") and name.startswith(("core/", "plugins/")):
                cls.code[name] = path.read_text(encoding="utf-8")

    def none(self, wrong, rule):
        if wrong:
            self.fail(rule + ":\n  " + "\n  ".join(wrong))

    def includes(self):
        """(file, line, header, in quotes) of every #include of core and plugins."""
        for name, text in self.code.items():
            for m in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)', without_comments(text, strings=True), re.M):
                yield name, text.count("\n", 0, m.start()) + 1, m.group(2), m.group(1) == '"'

    def test_there_is_something_to_check(self):
        self.assertGreater(len(self.code), 50)
        self.assertGreater(len(list(self.includes())), 200)

    def test_rooms_are_known(self):
        rooms = {room_of(n) for n in self.code} - {None, "include"}
        self.assertEqual(rooms - set(ROOMS), set(), "rooms that have no place in the order")

    def test_includes_go_one_way(self):
        wrong = []
        for name, line, header, quoted in self.includes():
            room = room_of(name)
            if not quoted and header.split("/")[0] not in ROOMS + ["longhaul"]:
                continue
            if room is None:
                continue
            if room == "include":
                wrong.append(f"{name}:{line}: a public header includes {header}")
                continue
            to = PUBLIC.get(header) or header.split("/")[0]
            if to not in ROOMS or not (header in PUBLIC or f"core/{header}" in self.code):
                wrong.append(f"{name}:{line}: \"{header}\" is no \"room/header.h\" of core")
            elif ROOMS.index(to) > ROOMS.index(room):
                wrong.append(f"{name}:{line}: {room} includes {header}, of a later room")
        self.none(wrong, "a room includes only rooms before it: " + " ".join(ROOMS))

    def test_public_headers_have_a_place(self):
        there = {n.removeprefix("core/include/") for n in self.code if n.startswith("core/include/")}
        self.assertEqual(there, set(PUBLIC))

    def test_outside_libraries_have_one_room(self):
        wrong = []
        for name, line, header, _ in self.includes():
            for pattern, place in OUTSIDE:
                if re.match(pattern, header) and not name.startswith(place + "/"):
                    wrong.append(f"{name}:{line}: {header} belongs to {place}")
        self.none(wrong, "the header of an outside library is included in one room")

    def test_plugins_include_the_abi_and_standard_c(self):
        wrong = []
        for name, line, header, quoted in self.includes():
            if not name.startswith("plugins/"):
                continue
            ours = quoted and (header == "longhaul/task.h" or header.startswith("support/"))
            library = name.startswith("plugins/support/") and header.startswith("yajl/")
            if not (ours or library or (not quoted and header in C_HEADERS)):
                wrong.append(f"{name}:{line}: {header}")
        self.none(wrong, "a task family includes longhaul/task.h, support/ and standard C headers")

    def test_nothing_is_included_twice(self):
        seen, wrong = set(), []
        for name, line, header, _ in self.includes():
            if (name, header) in seen:
                wrong.append(f"{name}:{line}: {header}")
            seen.add((name, header))
        self.none(wrong, "included twice")

    def test_names_are_unique(self):
        where = defaultdict(set)
        for name, path in self.files.items():
            if name.startswith(("core/", "plugins/", "scripts/", "tests/")) and path.suffix in SOURCES:
                where[path.name].add(name)
        wrong = [" ".join(sorted(names)) for base, names in where.items()
                 if len(names) > 1 and names != SAME_NAME.get(base) and base not in ("run.sh", "test.sh")]   # each part of tests/ has its run.sh, each template its test.sh
        self.none(wrong, "file names are unique in the tree")

    def test_only_cli_writes_to_stdout_or_exits(self):
        wrong = []
        for name, text in self.code.items():
            if room_of(name) == "cli":
                continue
            for number, line in enumerate(without_comments(text).split("\n"), 1):
                for m in re.finditer(r"\b(v?printf|puts|putchar|perror|exit|_exit|_Exit|quick_exit|abort)\s*\(|\bstdout\b", line):
                    what = m.group(1) or "stdout"
                    if MAY.get(name, ("",))[0] != what:
                        wrong.append(f"{name}:{number}: {what}")
        self.none(wrong, "only core/cli writes to stdout, and nothing but main ends the process")

    def test_nothing_changes_at_file_scope(self):
        wrong = []
        for name, text in self.code.items():
            plain = without_comments(text)
            for line, declaration in declarations(plain):
                what = variable(declaration)
                if what and not may_change(name, what):
                    wrong.append(f"{name}:{line}: {what}")
            for m in re.finditer(r"[{; \t]static\s+([^;={\\]*)", plain):
                what = variable(m.group(1))
                if what and not may_change(name, what):
                    wrong.append(f"{name}:{plain.count(chr(10), 0, m.start()) + 1}: {what}, static in a function")
        self.none(wrong, "no mutable state outside main.c and cmd_run.c")

    def test_the_state_check_sees_state(self):
        seen = {"int a;": "a", "static char *b[3];": "b", "static const char *c = x;": "c", "struct s d = {1, 2};": "d",
                "static int (*e)(int);": "e", "static const char *const f = x;": None, "int g(void);": None, "void k(int (*done)(int), int n);": None,
                "static int h(int x) { return x; }": None, "struct s { int x; };": None, "enum { A, B };": None,
                "static const struct s i[] = { {1}, {2} };": None, "extern int j;": None}
        for text, expected in seen.items():
            found = [variable(d) for _, d in declarations(text)]
            self.assertEqual([f for f in found if f], [expected] if expected else [], text)

    def test_files_are_short(self):
        wrong = []
        for name, path in self.files.items():
            if path.suffix in SOURCES or path.name == "CMakeLists.txt":
                lines = path.read_bytes().count(b"\n")
                if lines > LINES:
                    wrong.append(f"{name}: {lines} lines")
        self.none(wrong, f"no file is over {LINES} lines")

    def test_nothing_is_left_to_do(self):
        wrong = []
        for name, path in self.files.items():
            if name.startswith(("core/", "plugins/", "scripts/")):
                for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
                    if re.search(r"\b(TODO|FIXME|XXX)\b", line):
                        wrong.append(f"{name}:{number}: {line.strip()}")
        self.none(wrong, "marks of unfinished work")

    def test_the_top_of_the_tree(self):
        tracked = lhtree.git("ls-files", "-z")
        if tracked is None:
            self.skipTest("no git checkout")
        top = {n.split("/")[0] for n in tracked.split("\0") if n and not n.startswith(".")}
        self.assertEqual(top - TOP, set(), "the top of the tree is fixed")
        for needed in ("CMakeLists.txt", "README.md", "LICENSE"):
            self.assertTrue((lhtree.SOURCE / needed).is_file(), needed)

    def compile_headers(self, command):
        with tempfile.TemporaryDirectory() as folder:
            for header in PUBLIC:
                unit = Path(folder) / "unit.c"
                unit.write_text(f"#include <{header}>\n#include <{header}>\nextern int some_declaration;\n")
                done = subprocess.run([*command, "-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only",
                                       f"-I{lhtree.SOURCE}/core/include", str(unit)], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, f"{header}:\n{done.stderr}")

    def test_public_headers_are_c11(self):
        self.compile_headers(["cc", "-std=c11", "-x", "c"])

    @unittest.skipUnless(shutil.which("g++"), "no g++")
    def test_public_headers_are_cpp17(self):
        self.compile_headers(["g++", "-std=c++17", "-x", "c++"])


if __name__ == "__main__":
    lhtree.main()
