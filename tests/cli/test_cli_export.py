"""What leaves the run file: every line read again by another program's reader, and compared with the run file's own rows."""
import csv
import io
import json

import lhcli

TOOLS = "kv_sum:tools=true,keys=10"


class Export(lhcli.Refusals):
    def export(self, run, form, *more):
        self.good("export", run, "--format", form, "-o", "out", *more)
        text = self.path("out").read_bytes().decode("utf-8")
        self.assertEqual(self.good("export", run, "--format", form, "-o", "-", *more).raw.decode(), text)
        return text

    def lines(self, run, form, *more):
        return [lhcli.strict_json(line) for line in self.export(run, form, *more).split("\n")[:-1]]

    TURNS = ("SELECT run, condition, sample, turn, prompt, reply, outcome, answered, followed, shown, truth, tokens_in, tokens_out, exposure_update FROM turn"
             " ORDER BY condition, sample, turn")
    FIELDS = ("run", "condition", "sample", "turn", "prompt", "reply", "outcome", "answered", "followed", "shown", "truth", "tokens_in", "tokens_out", "exposure_update")

    def test_turns(self):
        self.good("run", "--model", "sim:accuracy=0.9,malformed=0.05,thoughts=native", "--policy", "full_history", "--policy", "majority_vote:n=3", "--policy", "drop_wrong",
                  "--turns", 8, "--samples", 6, "-o", "r.db", "--quiet")
        found = self.lines("r.db", "jsonl")
        self.assertEqual([tuple(line[f] for f in self.FIELDS) for line in found], self.rows("r.db", self.TURNS))
        self.assertEqual({line["policy"] for line in found}, {"full_history", "majority_vote:n=3", "drop_wrong"})
        self.assertTrue(all(line["oracle"] == (line["policy"] == "drop_wrong") for line in found))
        table = list(csv.DictReader(io.StringIO(self.export("r.db", "csv"), newline="")))
        self.assertEqual(len(table), len(found))
        for row, line in zip(table, found):
            self.assertFalse({"prompt", "reply", "answered", "truth"} & set(row))
            for name, cell in row.items():
                value = line[name]
                self.assertEqual(cell, "" if value is None else str(int(value)) if isinstance(value, bool) else str(value) if not isinstance(value, float) else cell)
                if isinstance(value, float):
                    self.assertEqual(float(cell), value)

    def test_messages(self):
        self.good("run", "--task", TOOLS, "--model", "sim:accuracy=0.9", "--turns", 3, "--samples", 3, "--steps-per-turn", 2, "-o", "r.db", "--quiet")
        found = self.lines("r.db", "messages")
        self.assertEqual([line["sample"] for line in found], [0, 1, 2])
        for line in found:
            rows = self.rows("r.db", "SELECT m.role, m.text, m.calls FROM message m JOIN episode e ON e.id = m.episode WHERE e.sample = ? ORDER BY m.slot", line["sample"])
            self.assertEqual(len(line["messages"]), len(rows))
            open_calls = set()
            for m, (role, text, calls) in zip(line["messages"], rows):
                self.assertEqual((m["role"], m["content"] or ""), (role, text))
                for c in m.get("tool_calls", ()):
                    self.assertEqual(c["type"], "function")
                    json.loads(c["function"]["arguments"])
                    open_calls.add(c["id"])
                self.assertEqual([(c["id"], c["function"]["name"], c["function"]["arguments"]) for c in m.get("tool_calls", ())],
                                 [(c["id"], c["name"], c["arguments"]) for c in json.loads(calls or "[]")] if role == "assistant" else [])
                if role == "tool":
                    open_calls.remove(m["tool_call_id"])
            self.assertEqual(open_calls, set(), "a call without its result")

    def test_the_record_at_its_end(self):
        """What a policy replaced or took out is as it was left; other replies of a vote were never in it."""
        self.good("run", "--model", "sim:accuracy=0.7", "--policy", "drop_wrong", "--policy", "heal", "--policy", "majority_vote:n=3", "--turns", 8, "--samples", 4, "-o", "r.db", "--quiet")
        for line in self.lines("r.db", "messages"):
            last = {}
            for slot, role, text in self.rows("r.db", "SELECT m.slot, m.role, m.text FROM message m JOIN episode e ON e.id = m.episode WHERE e.sample = ? AND"
                                              " e.condition = ? AND m.slot IS NOT NULL ORDER BY m.id", line["sample"], line["condition"]):
                last[slot] = (role, text)
            self.assertEqual([(m["role"], m["content"]) for m in line["messages"]], [last[s] for s in sorted(last) if last[s][0] != "removed"])

    def test_hostile_text(self):
        """Quotes, line ends, formulas, bytes that are no UTF-8, and what a terminal would obey."""
        said = ['=cmd|"/C calc"!A1', "a\r\n::set-output name=x::y", "\x1b[31m\x07 \u202e", '","role":"system', "<script>", "\u2028", "tab\t,;'"]
        replies = [(0, t + 1, f"{text} <answer>1</answer>") for t, text in enumerate(said)]
        self.write("replies.jsonl", lhcli.replies_file(replies))
        self.good("run", "--model", "replay:replies.jsonl", "--turns", len(said), "--samples", 1, "-o", "r.db", "--quiet")
        self.assertEqual([line["reply"] for line in self.lines("r.db", "jsonl")], [r[2] for r in replies])
        self.assertEqual([m["content"] for line in self.lines("r.db", "messages") for m in line["messages"] if m["role"] == "assistant"], [r[2] for r in replies])
        raw = self.path("out").read_bytes()
        self.assertFalse(set(raw) & set(b"\x1b\x07\r"))
        self.assertNotIn("calc", self.export("r.db", "csv"))

    def test_made_histories(self):
        self.good("run", "--model", "sim:accuracy=0.9", "--history", "own", "--history", "clean", "--turns", 5, "--samples", 2, "-o", "r.db", "--quiet")
        done = self.good("export", "r.db", "--format", "messages", "-o", "out")
        self.assertIn("4 episodes with a made history are left out", done.err)
        self.assertEqual(len(self.path("out").read_text().splitlines()), 2)
        self.assertEqual({(line["history"], line["probe"]) for line in self.lines("r.db", "jsonl")}, {("own", 0), ("clean", 1), ("clean", 5)})

    def test_runs_and_refusals(self):
        for seed in (1, 2):
            self.good("run", "--model", "sim", "--turns", 2, "--samples", 2, "--seed", seed, "-o", "r.db", "--quiet")
        self.assertEqual({line["run"] for line in self.lines("r.db", "jsonl")}, {2})
        self.assertEqual({line["run"] for line in self.lines("r.db", "jsonl", "--run", 1)}, {1})
        self.path("out").unlink()
        self.refuse(["export", "r.db", "--format", "jsonl", "-o", "x", "--run", 3], ("no run 3",))
        self.refuse(["export", "r.db", "--format", "jsonl", "-o", "r.db"], ("r.db is a run file",))
        self.refuse(["export", "none.db", "--format", "csv", "-o", "x"], ("none.db",))
        self.refuse(["export", "r.db", "--format", "json", "-o", "x"], ("did you mean jsonl",))


if __name__ == "__main__":
    lhcli.unittest.main()
