"""Outcomes computed again from what was said: an untouched file keeps them all, one whose outcomes were changed is mended to the
last byte, and a family that reads answers otherwise changes the turns that it reads otherwise. The file itself stays."""
import json
import resource
import shutil
import sqlite3
import subprocess
import sys

import lhcli
import lhlive

MODEL = "sim:accuracy=0.85,self_conditioning=2,malformed=0.05,missing=0.05"
NOTE = "Outcomes were computed again from what was said"
TABLES = ("condition", "episode", "message", "call", "attempt")

# What differs between the two: whether "15." is an answer; and, where WORDS is given, how the prompts are worded.
FAMILY = """#include "fixture.h"
static int32_t canonical(const struct lh_task *t, struct lh_text text, struct lh_sink *out)
{
	if (DOTS && text.size > 1 && text.bytes[text.size - 1] == '.')
		text.size--;
	return good_canonical(t, text, out);
}
static int32_t ask(const struct lh_task *t, uint64_t first, uint32_t count, struct lh_sink *out)
{
	put(out, WORDS);
	return good_ask(t, first, count, out);
}
#define NAME "dotted"
#define CANONICAL canonical
#define ASK ask
#include "fixture_table.h"
"""


def contents(path):
    db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    try:
        return {t: db.execute(f"SELECT * FROM {t} ORDER BY 1, 2, 3, 4").fetchall() for t in TABLES}
    finally:
        db.close()


class Rescored(lhlive.Case, lhcli.Refusals):
    def run_of(self, *args, file="run.db"):
        self.good("run", *args, "-o", file, "--quiet")
        return file

    def small(self, *args):
        return self.run_of("--model", MODEL, "--turns", 6, "--samples", 3, *args)

    def change(self, file, *statements):
        db = sqlite3.connect(self.path(file))
        with db:
            for sql in statements:
                db.execute(sql)
        db.close()

    def rescored(self, file, *args):
        """(what is said, the JSON); the file is as it was."""
        before = self.path(file).read_bytes()
        said = self.good("rescore", file, "--json", "rescored.json", *args).out
        self.assertEqual(self.path(file).read_bytes(), before, "the run file has changed")
        found = lhcli.strict_json(self.path("rescored.json").read_text())
        self.assertEqual(found["schema"], "longhaul.rescore/1")
        return said, found

    def unchanged(self, file, turns):
        said, found = self.rescored(file)
        self.assertIn(f"nothing changes: {turns} turns", said)
        self.assertEqual((found["changed"], found["turns"], found["exposures"], found["families"]), ([], turns, 0, []))

    def changed(self, found):
        return {(c["sample"], c["turn"]): (c["was"]["outcome"], c["is"]["outcome"]) for c in found["changed"]}

    # ---- nothing changes ----

    def test_an_untouched_file(self):
        """Views of every kind, edits, calls that were not accepted, tools."""
        policies = ("full_history", "heal", "window:n=2", "answers_only", "majority_vote:n=3", "self_verify", "summarize:max=1,keep=1", "recap:n=2",
                    "drop_wrong", "clear_tool_uses:trigger=1,keep=1", str(lhcli.SOURCE / "tests" / "lua" / "edits.lua"))
        grid = [a for p in policies for a in ("--policy", p)]
        self.small(*grid, "--task", "kv_sum:tools=true,keys=8", "--task", "stack")
        turns, = self.rows("run.db", "SELECT count(*) FROM call WHERE accepted")[0]
        self.assertGreater(turns, 350)
        self.unchanged("run.db", turns)

    def test_made_histories(self):
        modes = [a for h in ("own", "restated", "filler", "clean", "injected:rate=0.5", "propagated:rate=0.5") for a in ("--history", h)]
        self.small(*modes, "--probe-turns", "1,5", "--policy", "full_history", "--policy", "heal", "--policy", "recap:n=2", "--steps-per-turn", 2)
        turns, = self.rows("run.db", "SELECT count(*) FROM call WHERE accepted")[0]
        self.unchanged("run.db", turns)
        self.change("run.db", "UPDATE episode SET history_hash = history_hash + 1 WHERE id = (SELECT max(id) FROM episode WHERE probe)")
        self.refuse(["rescore", "run.db"], ["cannot be made again", "kv_sum"])

    def test_a_live_run_needs_no_server_any_more(self):
        server = self.serve("--sim", MODEL)
        self.run_of("--model", self.model(server), "--turns", 4, "--samples", 3, "--history", "own", "--history", "clean", "--probe-turns", "1,4", "--policy", "majority_vote:n=3")
        asked = server.stats()["answers"]
        self.unchanged("run.db", self.rows("run.db", "SELECT count(*) FROM call WHERE accepted")[0][0])
        self.assertEqual(server.stats()["answers"], asked)

    def test_an_agent_that_keeps_its_own_context(self):
        """Conversations that were begun again count for nothing."""
        server = self.serve("--sim", MODEL)
        agent = f"process:{sys.executable} {lhcli.SOURCE / 'examples' / 'agents' / 'loop.py'},sessions=true"
        self.good("run", "--model", agent, "--turns", 4, "--samples", 3, "-o", "run.db", "--quiet",
                  env={"OPENAI_BASE_URL": server.url, "AGENT_IDENTIFY": "1", "OPENAI_MODEL": "m", "NO_PROXY": "127.0.0.1"})
        self.unchanged("run.db", 12)
        self.change("run.db", "UPDATE episode SET status = 'superseded' WHERE id = 2")
        self.unchanged("run.db", 8)

    def test_every_run_of_a_file_or_one(self):
        self.small()
        self.small("--seed", 2)
        self.unchanged("run.db", 36)
        self.change("run.db", "UPDATE call SET outcome = 'refused' WHERE accepted")
        for run in (1, 2):
            found = self.rescored("run.db", "--run", run)[1]
            self.assertEqual((found["turns"], found["outcomes"], {c["run"] for c in found["changed"]}), (18, 18, {run}))
        self.refuse(["rescore", "run.db", "--run", 3], ["holds no run 3"])

    # ---- outcomes that are not those of what was said ----

    def test_what_was_changed_is_mended(self):
        self.small("--policy", "full_history", "--policy", "heal")
        self.path("was.db").write_bytes(self.path("run.db").read_bytes())
        was = self.outcomes("run.db")
        self.change("run.db", "UPDATE call SET outcome = CASE outcome WHEN 'slips' THEN 'correct' ELSE 'slips' END WHERE accepted AND episode = 2 AND turn = 3",
                    "UPDATE call SET answered = '12345', followed = NULL WHERE accepted AND episode = 3 AND turn = 2",
                    "UPDATE call SET exposure_update = 0.25 WHERE episode = 4 AND turn = 6")
        said, found = self.rescored("run.db", "-o", "new.db")
        self.assertEqual({(c["condition"], c["sample"], c["turn"]) for c in found["changed"]},
                         {(c, s, t) for c, s, t in self.rows("run.db", "SELECT e.condition, e.sample, k.turn FROM call k JOIN episode e ON e.id = k.episode"
                                                             " WHERE (k.episode, k.turn) IN (VALUES (2, 3), (3, 2))")})
        self.assertEqual((found["outcomes"], found["states"], found["exposures"]), (1, 1, 1))
        self.assertIn("answered 12345 → ", said)
        self.assertIn("new.db is a copy with the new outcomes; run.db is as it was", said)
        self.assertEqual(contents(self.path("new.db")), contents(self.path("was.db")))
        self.assertEqual(self.outcomes("new.db"), was)
        self.unchanged("new.db", 36)
        reports = [self.report("report", f, "--no-timing") for f in ("was.db", "new.db")]
        self.assertIn(NOTE, reports[1].pop("notes")[-1])
        reports[0].pop("notes")
        self.assertEqual(*reports)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["new.db", "rescored.json", "run.db", "was.db"])

    def test_twice_says_it_once(self):
        self.small()
        self.good("rescore", "run.db", "-o", "a.db")
        self.good("rescore", "a.db", "-o", "b.db")
        self.assertEqual(len([n for n in self.report("report", "b.db")["notes"] if NOTE in n]), 1)
        self.assertEqual(self.path("a.db").read_bytes()[100:], self.path("b.db").read_bytes()[100:])

    def test_many_are_counted_and_forty_named(self):
        self.run_of("--model", MODEL, "--turns", 10, "--samples", 20)
        correct, = self.rows("run.db", "SELECT count(*) FROM call WHERE outcome = 'correct'")[0]
        self.change("run.db", "UPDATE call SET outcome = 'missing', answered = NULL WHERE outcome = 'correct'")
        listed = self.good("rescore", "run.db").out
        self.assertEqual(listed.count("missing → correct, answered nothing → "), 40)
        for words in (f"and {correct - 40} more: --all lists them", f"  missing → correct: {correct}\n", "nothing is written: -o OUT.db"):
            self.assertIn(words, listed)
        self.assertEqual(self.good("rescore", "run.db", "--all").out.count("missing → correct, answered"), correct)

    def test_an_error_that_is_none_ends_no_episode(self):
        """With --stop-at-error what comes behind an error was never asked."""
        self.run_of("--model", MODEL, "--turns", 12, "--samples", 8, "--stop-at-error")
        stopped = self.rows("run.db", "SELECT id FROM episode WHERE cause LIKE 'stopped at its first error'")
        self.assertGreater(len(stopped), 3)
        episode = stopped[1][0]
        self.change("run.db", f"UPDATE message SET text = (SELECT '<answer>' || truth || '</answer>' FROM call WHERE episode = {episode} AND accepted ORDER BY turn DESC LIMIT 1)"
                    f" WHERE episode = {episode} AND id = (SELECT reply FROM call WHERE episode = {episode} AND accepted ORDER BY turn DESC LIMIT 1)")
        found = self.rescored("run.db", "-o", "new.db")[1]
        self.assertEqual((len(found["changed"]), found["reopened"]), (1, 1))
        self.assertEqual(self.rows("new.db", "SELECT id FROM episode WHERE status = 'censored'"), [(episode,)])
        self.assertEqual([self.report("report", f)["conditions"][0]["censored"] for f in ("run.db", "new.db")], [0, 1])
        # Read as at first, it ends there as it did.
        self.change("new.db", f"UPDATE message SET text = '<answer>99999</answer>' WHERE episode = {episode} AND id = (SELECT reply FROM call WHERE episode = {episode} AND accepted"
                    " ORDER BY turn DESC LIMIT 1)")
        said, found = self.rescored("new.db", "-o", "back.db")
        self.assertEqual((found["reopened"], found["ended_again"], found["undecided"]), (0, 1, 0))
        self.assertIn("which is one again: 1\n", said)
        self.assertEqual(*(self.rows(f, "SELECT id, status, cause FROM episode ORDER BY id") for f in ("run.db", "back.db")))

    def test_rules_that_are_not_decided_any_more(self):
        """A run that stopped by itself is gone on with where what decided it is otherwise now."""
        run = ("run", "--model", "sim:accuracy=0.99", "--turns", 8, "--samples", 400, "--sequential", "--gate", "horizon(0.5) >= 4", "--quiet")
        self.assertIn("decided after 9 of 400", " ".join(self.good(*run, "-o", "run.db").out.split()))
        self.good("rescore", "run.db", "-o", "same.db")
        self.assertIn("decided after 9 of 400", " ".join(self.good("report", "same.db").out.split()))
        self.change("run.db", "UPDATE message SET text = '<answer>99999</answer>' WHERE made_by = 'model' AND turn = 2 AND episode % 2")
        said, found = self.rescored("run.db", "-o", "new.db")
        self.assertIn("run --resume goes on with the copy", said)
        self.assertEqual(found["undecided"], 1)
        done = self.longhaul("report", "new.db")
        self.assertEqual(done.code, 4, str(done))
        self.assertIn("the run is not done", " ".join(done.out.split()))
        self.assertRegex(" ".join(self.good(*run, "-o", "new.db", "--resume").out.split()), r"decided after (1[0-9]|[2-9][0-9]) of 400")

    def test_a_long_answer_is_cut_between_characters(self):
        self.small()
        self.change("run.db", "UPDATE call SET answered = 'x' || replace(hex(zeroblob(50)), '00', 'é') WHERE accepted AND episode = 1 AND turn = 1")
        self.assertIn("answered x" + "é" * 39 + "… → ", self.good("rescore", "run.db").out)

    def test_notes_without_an_end(self):
        self.small()
        self.change("run.db", "UPDATE run SET settings = json_set(settings, '$.notes', 'Mine.')")
        self.good("rescore", "run.db", "-o", "new.db")
        notes = self.report("report", "new.db")["notes"]
        self.assertIn("Mine.", notes)
        self.assertTrue(notes[-1].startswith(NOTE), notes)

    def test_damage_is_named_with_its_place(self):
        self.small()
        first = self.path("run.db").read_bytes()
        for view, words in (("''", "a view cannot be read"), ("substr(view, 1, instr(view, ':')) || 'm999'", "a view names message 999")):
            self.change("run.db", f"UPDATE call SET view = {view} WHERE episode = 2 AND turn = 4")
            self.refuse(["rescore", "run.db"], ["run 1 of run.db: sample 1, turn 4: " + words], code=5)
            self.path("run.db").write_bytes(first)
        self.change("run.db", "UPDATE call SET turn = turn + 100 WHERE episode = 2 AND turn = 4")
        for command in ("report", "rescore"):
            self.refuse([command, "run.db"], ["run.db is damaged: a call of turn 5 "], code=5)

    # ---- another family ----

    def family(self, name, dots, words="", version="1.0"):
        self.write("dotted.c", FAMILY)
        abi = lhcli.SOURCE / "tests" / "abi"
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", f"-DDOTS={dots}", f'-DWORDS="{words}"', f'-DVERSION="{version}"', "-I", abi,
                        "-I", lhcli.SOURCE / "core" / "include", "-o", self.path(name), self.path("dotted.c")], check=True)
        return self.path(name)

    def dotted(self):
        """Three samples of four turns, read by a family to which "3." is no answer; sample 1 says it so at turn 2 and goes on, sample 2
        at turn 3, where it is wrong besides."""
        if not shutil.which("cc"):
            self.skipTest("there is no compiler")
        said = {(s, t): str(t * (t + 1) // 2) for s in range(3) for t in (1, 2, 3, 4)}
        said[1, 2] = "3."
        said[2, 3] = "9."
        self.write("said.jsonl", lhcli.replies_file((s, t, f"It is <answer>{a}</answer>") for (s, t), a in said.items()))
        self.old = self.family("old.so", 0)
        self.new = self.family("new.so", 1, version="1.1")
        self.run_of("--task", "dotted", "--plugin", self.old, "--model", "replay:said.jsonl", "--turns", 4, "--samples", 3)

    def test_a_parser_that_was_mended(self):
        self.dotted()
        # What follows "3." went on from 1, the last answer that counted: it came back to the truth. It follows now.
        self.assertEqual(self.outcomes("run.db"), {0: ["correct"] * 4, 1: ["correct", "malformed", "recovers", "correct"], 2: ["correct", "correct", "malformed", "recovers"]})
        said, found = self.rescored("run.db", "--plugin", self.new, "-o", "new.db")
        self.assertEqual(self.changed(found), {(1, 2): ("malformed", "correct"), (1, 3): ("recovers", "correct"), (2, 3): ("malformed", "slips")} |
                         {(2, 4): ("recovers", "recovers")})
        self.assertEqual([(f["name"], f["was"] != f["is"]) for f in found["families"]], [("dotted", True)])
        self.assertIn("task family dotted is another than the one that judged then: version 1.0", said)
        self.assertEqual(self.outcomes("new.db"), {0: ["correct"] * 4, 1: ["correct"] * 4, 2: ["correct", "correct", "slips", "recovers"]})
        self.assertIn("dotted 1.1", self.report("report", "new.db")["notes"][-1])
        self.assertEqual([self.report("report", f)["conditions"][0]["task_accuracy"] for f in ("run.db", "new.db")], [[1, 2 / 3, 1 / 3, 1 / 3], [1, 1, 2 / 3, 2 / 3]])
        again = self.rescored("new.db", "--plugin", self.new)
        self.assertIn("nothing changes: 12 turns", again[0])
        self.assertEqual(again[1]["families"], [])

    def test_the_copy_is_a_run_of_the_new_family(self):
        """It may be gone on with by that one, and not by the other."""
        self.dotted()
        self.good("rescore", "run.db", "--plugin", self.new, "-o", "new.db")
        self.change("new.db", "UPDATE run SET status = 'stopped'")
        more = ["run", "--task", "dotted", "--model", "replay:said.jsonl", "--turns", 4, "--samples", 3, "--resume", "-o", "new.db", "--quiet"]
        self.refuse([*more, "--plugin", self.old], ["plugins"])
        self.good(*more, "--plugin", self.new)
        self.assertEqual(self.outcomes("new.db")[1], ["correct"] * 4)

    def test_a_family_that_is_not_found(self):
        self.dotted()
        self.refuse(["rescore", "run.db"], ["no task family is called 'dotted'", "--plugin FILE"])

    def test_other_words_are_another_question(self):
        self.dotted()
        other = self.family("other.so", 1, "Add ")
        self.refuse(["rescore", "run.db", "--plugin", other, "-o", "new.db"], ["sample 0, turn 1", "prompts", "--reworded"])
        self.assertEqual(len(self.rescored("run.db", "--plugin", other, "--reworded")[1]["changed"]), 4)

    # ---- what cannot be ----

    def test_refusals(self):
        self.small()
        self.good("rescore", "run.db", "-o", "other.db")
        for args, words in ((["run.db", "-o", "run.db"], ["stays as it is"]), (["run.db", "-o", "other.db"], ["exists", "--replace"]),
                            (["run.db", "-o", "run.db", "--replace"], ["stays as it is"]), (["none.db"], ["none.db"]), ([], ["which run file"]), (["run.db", "more"], ["one too many"]),
                            (["run.db", "--plugin", "none.so"], ["none.so"]), (["run.db", "--json", "run.db"], ["run.db"]),
                            (["run.db", "-o", "c.db", "--json", "c.db"], ["c.db is a run file"]), (["run.db", "-o", "c.db", "--json", "./c.db"], ["c.db is a run file"])):
            with self.subTest(args=args):
                self.refuse(["rescore", *args], words)
        self.good("rescore", "run.db", "-o", "other.db", "--replace")

    def test_a_copy_that_does_not_fit_leaves_everything(self):
        self.run_of("--model", MODEL, "--turns", 30, "--samples", 20)
        self.change("run.db", "UPDATE call SET outcome = 'refused'")
        before = self.snapshot()
        size = self.path("run.db").stat().st_size
        done = self.longhaul("rescore", "run.db", "-o", "new.db", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2)))
        self.assertClear(done, "new.db", code=2)
        self.assertEqual(self.snapshot(), before)

    def test_rows_that_no_run_writes(self):
        self.small("--policy", "heal", "--policy", "clear_tool_uses:trigger=1,keep=1", "--policy", "majority_vote:n=3", "--task", "kv_sum:tools=true,keys=8")
        first = self.path("run.db").read_bytes()
        rows = ("call SET view = '3:0-99'", "call SET view = ''", "call SET view = '1:m999'", "call SET view = '9999:0-1~48+5000/x'", "call SET view = '5:0-1~255'", "call SET view = '0:'",
                "call SET reply = 0 WHERE accepted", "call SET reply = 1000000 WHERE accepted", "call SET reply = NULL WHERE accepted", "call SET turn = turn + 100",
                "call SET accepted = 1, outcome = 'slips', unshown = 0", "message SET role = 'assistant' WHERE role = 'user'", "message SET role = 'removed' WHERE made_by = 'policy'",
                "message SET role = 'removed' WHERE made_by = 'model'", "message SET role = 'tool', calls = NULL WHERE role = 'user'", "message SET made_by = 'policy' WHERE role = 'tool'",
                "message SET made_by = 'model' WHERE role = 'user'", "message SET made_by = 'task' WHERE made_by = 'model'", "message SET slot = slot + 1 WHERE slot > 2",
                "message SET slot = 2147483649 WHERE slot > 2", "message SET slot = NULL WHERE role = 'tool'", "message SET calls = '[{}]' WHERE role = 'assistant'",
                "message SET calls = '{' WHERE role = 'tool'", "episode SET sample = 9223372036854775807 WHERE id = 1", "episode SET probe = 3", "condition SET steps_per_turn = 0",
                "condition SET task_params = '[]'", "condition SET history = 'clean'", "run SET settings = '7'", "run SET sources = '{\"plugins\":[{}]}'")
        for row in rows:
            with self.subTest(row=row):
                self.path("run.db").write_bytes(first)
                self.path("new.db").unlink(missing_ok=True)
                self.change("run.db", f"UPDATE {row}")
                done = self.longhaul("rescore", "run.db", "-o", "new.db")
                self.assertIn(done.code, (2, 5), str(done))
                self.assertFalse(self.path("new.db").exists())
        self.path("run.db").write_bytes(first[:len(first) // 2])
        self.refuse(["rescore", "run.db"], code=5)


if __name__ == "__main__":
    lhcli.unittest.main()
