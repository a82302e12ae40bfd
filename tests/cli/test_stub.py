"""The stub for editors says what the program has: every name, and no other."""
import json
import re
import unittest

import lhcli
from lhcli import SOURCE

STUB = SOURCE / "scripts" / "stubs" / "longhaul.lua"
POLICY = SOURCE / "core" / "policy"

# The objects that a policy gets: metatable in core/policy/policy_run.h → class of the stub.
OBJECTS = {"LH_MT_EP": "Episode", "LH_MT_HISTORY": "History", "LH_MT_MESSAGE": "Message", "LH_MT_VIEW": "View", "LH_MT_REPLY": "Reply"}


def source(name):
    return (POLICY / name).read_text(encoding="utf-8")


def strings(text):
    return set(re.findall(r'"([a-z_]+)"', text))


def within(text, start, end):
    """What stands between a text, which is there once, and the next `end`."""
    assert text.count(start) == 1, f"{start!r} stands {text.count(start)} times"
    return text.split(start)[1].split(end)[0]


class Stub(lhcli.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.text = STUB.read_text(encoding="utf-8")

    def names(self, name):
        """Fields and methods of a class of the stub."""
        block = re.search(rf"^---@class (?:\(exact\) )?longhaul\.{name}\n((?:---@field .*\n)*)(?:local (\w+) = \{{\}}\n)?", self.text, re.M)
        self.assertIsNotNone(block, f"no class longhaul.{name}")
        fields = {m for m in re.findall(r"^---@field (\w+)", block.group(1), re.M)}
        methods = re.findall(rf"^function {block.group(2)}:(\w+)\(", self.text, re.M) if block.group(2) else []
        self.assertEqual(len(set(methods)), len(methods))
        return fields | set(methods)

    def test_every_object_has_its_class(self):
        self.assertEqual(set(re.findall(r"#define (LH_MT_\w+)", source("policy_run.h"))), set(OBJECTS))

    def test_the_program_has_no_name_that_the_stub_has_not(self):
        ep, view, history = source("lua_ep.c"), source("lua_view.c"), source("lua_history.c")
        had = {
            "Episode": strings(within(ep, "ep_fields[] = {", "}")) | strings(within(ep, "void lh_lua_open_ep(lua_State *L)\n{\n\tstatic const luaL_Reg methods[] = {", "};"))
            | strings(within(ep, "static int ep_index(lua_State *L)", "\n}")) - {"ep"},
            "View": strings(within(view, "static const luaL_Reg methods[] = {", "};")),
            "History": strings(within(history, "static const luaL_Reg methods[] = {", "};")) | strings(within(history, "static int history_index(lua_State *L)", "\n}")) - {"history"},
            "Message": strings(within(history, "static int message_index(lua_State *L)", "\n}")),
            "Reply": strings(within(ep, "static int reply_index(lua_State *L)", "\n}")),
            "CallOptions": strings(within(ep, "static void known_options(lua_State *L, int at)", "\n}")),
            "Budget": strings(within(ep, "static int ep_budget(lua_State *L)", "\n}")),
            "Error": strings(within(ep, "void lh_lua_push_error(lua_State *L, const struct lh_call_result *r)", "\n}")),
            "Policy": strings(within(source("policy_load.c"), "static const char *const fields[] = {", "}")),
            "Option": strings(within(source("policy_load.c"), "option_fields[] = {", "}")),
        }
        for name, there in had.items():
            with self.subTest(object=name):
                self.assertGreater(len(there), 2)
                self.assertEqual(self.names(name), there)

    def test_the_program_has_every_name_of_the_stub(self):
        """A policy asks each object for each name; one that it has not raises."""
        wanted = {"ep": "Episode", "history": "History", "history[1]": "Message", "history:view()": "View", "reply": "Reply"}
        tries = "".join(f'    try("{at}.{name}", function() return {at}.{name} end)\n'.replace("history:view().", "view.")
                        for at, cls in wanted.items() for name in sorted(self.names(cls)))
        self.write("names.lua", f"""
            return {{
              api = 1, requires = {{ "oracle", "edit" }},
              turn = function(ep, history)
                local view, failed = history:view(), {{}}
                local reply = ep:ask(view)
                local function try(what, get)
                  local ok, why = pcall(get)
                  if not ok then failed[#failed + 1] = what .. ": " .. why end
                end
            {tries}
                assert(#failed == 0, table.concat(failed, "; "))
                return reply
              end,
            }}""")
        self.good("run", "--policy", "./names.lua", "--turns", 1, "--samples", 1, "-o", "n.db", "--quiet")
        self.assertEqual(self.outcomes("n.db"), {0: ["correct"]}, self.good("transcript", "n.db", 0).out)

    def test_the_reference_has_every_name(self):
        reference = (SOURCE / "scripts" / "README.md").read_text(encoding="utf-8")
        for cls in ("Policy", "Option", "Episode", "CallOptions", "Budget", "Error", "Reply", "History", "Message", "View"):
            for name in self.names(cls):
                self.assertRegex(reference, rf"\b{name}\b", f"scripts/README.md does not have {name} of {cls}")

    def test_experiments(self):
        import test_cli_new
        self.assertEqual(self.names("Experiment"), test_cli_new.Templates.options(self))

    # ---- Lua ----

    def test_it_is_lua(self):
        """Read by the program's own Lua, as a function that is never called: nothing is defined by it."""
        self.write("stub.lua", "local function never()\n" + self.text + "\nend\nreturn { turns = 1, samples = 1, output = \"none\" }\n")
        self.good("run", "stub.lua", "--quiet")

    def globals_there(self, names):
        self.write("globals.lua", "local found = {}\nfor _, name in ipairs { " + ", ".join(f'"{n}"' for n in names) + " } do\n"
                   "  if pcall(function() return _ENV[name] end) then found[#found + 1] = name end\nend\nerror(table.concat(found, ' '), 0)\n")
        return set(self.longhaul("run", "globals.lua").err.split("globals.lua: ")[1].split())

    def test_globals_are_those_of_the_sandbox(self):
        """.luarc.json turns Lua's own basic library off and others that are absent; the stub says what there is of it."""
        basic = ("_G _VERSION assert collectgarbage dofile error getmetatable ipairs load loadfile next pairs pcall print rawequal rawget rawlen "
                 "rawset require select setmetatable tonumber tostring type warn xpcall").split()
        declared = set(re.findall(r"^function (\w+)\(|^(_\w+) = ", self.text, re.M))
        self.assertEqual({a or b for a, b in declared}, self.globals_there(basic))
        libraries = ["coroutine", "debug", "io", "math", "os", "package", "string", "table", "utf8"]
        settings = json.loads((SOURCE / ".luarc.json").read_text(encoding="utf-8"))
        off = {name for name, how in settings["runtime.builtin"].items() if how == "disable"}
        self.assertEqual(off - {"basic"}, set(libraries) - self.globals_there(libraries))
        self.assertIn("basic", off)
        self.assertEqual(settings["runtime.version"], "Lua 5.4")

    def test_editors_find_it(self):
        settings = json.loads((SOURCE / ".luarc.json").read_text(encoding="utf-8"))
        self.assertEqual([SOURCE / p for p in settings["workspace.library"]], [STUB.parent])
        for kind in ("policy", "experiment"):
            self.good("new", kind, kind)
            made = json.loads((self.path(kind) / ".luarc.json").read_text(encoding="utf-8"))
            self.assertEqual({**made, "workspace.library": []}, {**settings, "workspace.library": []})
            self.assertEqual([(self.path(kind) / p / STUB.name).read_text(encoding="utf-8") for p in made["workspace.library"]], [self.text])
            self.assertIn(f"---@type longhaul.{kind.capitalize()}\nreturn {{", (self.path(kind) / f"{kind}.lua").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
