"""Data sets, replies files and run files that are spoilt, cut off or somebody else's. Each ends with the documented exit
code, one clear message that names the place, and leaves every file as it was."""
import json
import shutil
import sqlite3
import tempfile
import unittest
from pathlib import Path

import lhcli
from lhcli import data_set, replies_file, stream

RUN = ("run", "-o", "run.db", "--turns", "3", "--samples", "2", "--quiet")


# ---- data sets ----

class DataSets(lhcli.Refusals):
    ARGS = ("run", "-o", "run.db", "--quiet", "--task", "kv_sum:dataset=data.json")

    def small(self):
        return data_set(stream("rubbish"), [4, 4], words=("amber", "birch", "cedar"), least=1)

    def refuse_data(self, content, *words):
        return self.refuse(self.ARGS, ["data.json", *words], {"data.json": content if isinstance(content, (str, bytes)) else json.dumps(content)})

    def changed(self, change, *words):
        data = self.small()
        change(data["dict_sum"])
        self.refuse_data(data, *words)

    def test_the_data_are_good_before_they_are_spoilt(self):
        self.write("data.json", json.dumps(self.small()))
        self.good(*self.ARGS)

    def test_cut_off_anywhere(self):
        text = json.dumps(self.small())
        for size in range(0, len(text), 7):
            with self.subTest(size):
                self.refuse_data(text[:size])

    def test_wrong_sum(self):
        def change(d):
            d["ground_truth_data"][1]["output"][2] += 1
        self.changed(change, "rollout 1", "step 2", "output")

    def test_wrong_value(self):
        def change(d):
            d["ground_truth_data"][1]["values"][3] += 1
        self.changed(change, "rollout 1", "step 3", "values")

    def test_unknown_word(self):
        def change(d):
            d["ground_truth_data"][0]["input"][1] = "zebra"
        self.changed(change, "rollout 0", "step 1", "zebra")

    def test_lengths_differ(self):
        for name in ("input", "values", "output"):
            def change(d, name=name):
                d["ground_truth_data"][1][name].pop()
            self.changed(change, "rollout 1")

    def test_no_steps(self):
        def change(d):
            d["ground_truth_data"][1] = {"input": [], "values": [], "output": []}
        self.changed(change, "rollout 1")

    def test_keys_missing(self):
        for name in ("dictionary", "ground_truth_data"):
            self.changed(lambda d, name=name: d.pop(name), name)
        for name in ("input", "values", "output"):
            self.changed(lambda d, name=name: d["ground_truth_data"][0].pop(name), "rollout 0", name)

    def test_wrong_types(self):
        for change in (
            lambda d: d.update(dictionary=[]), lambda d: d.update(dictionary=5), lambda d: d.update(dictionary={}), lambda d: d.update(dictionary=None),
            lambda d: d["dictionary"].update(amber="5"), lambda d: d["dictionary"].update(amber=1.5), lambda d: d["dictionary"].update(amber=None),
            lambda d: d["dictionary"].update(amber=[5]), lambda d: d["dictionary"].update(amber=10 ** 30), lambda d: d["dictionary"].update({"": 1}),
            lambda d: d["dictionary"].update({"a\nb": 1}), lambda d: d.update(ground_truth_data={}), lambda d: d.update(ground_truth_data=[]),
            lambda d: d.update(ground_truth_data="x"), lambda d: d["ground_truth_data"].__setitem__(0, 5), lambda d: d["ground_truth_data"].__setitem__(0, []),
            lambda d: d["ground_truth_data"][0].update(input="amber"), lambda d: d["ground_truth_data"][0]["input"].__setitem__(0, 5),
            lambda d: d["ground_truth_data"][0]["input"].__setitem__(0, ["amber"]), lambda d: d["ground_truth_data"][0]["values"].__setitem__(0, "1"),
            lambda d: d["ground_truth_data"][0]["values"].__setitem__(0, True), lambda d: d["ground_truth_data"][0]["output"].__setitem__(0, None),
            lambda d: d["ground_truth_data"][0]["output"].__setitem__(0, 1.25),
        ):
            data = self.small()
            change(data["dict_sum"])
            with self.subTest(data=json.dumps(data)[:300]):
                self.refuse_data(data)

    def test_other_json(self):
        for text in ("5", '"x"', "[]", "{}", "null", "true", '{"dict_sum": 5}', '{"dict_sum": {}}', '{"dict_sum": []}'):
            with self.subTest(text):
                self.refuse_data(text)

    def test_duplicate_keys(self):
        text = '{"dictionary": {"amber": 1, "amber": 2}, "ground_truth_data": [{"input": ["amber"], "values": [1], "output": [1]}]}'
        self.refuse_data(text, "amber")
        self.refuse_data(text.replace('"amber": 2', '"amber": 1'), "amber")
        good = '{"dictionary": {"amber": 1}, "ground_truth_data": [{"input": ["amber"], "values": [1], "output": [1]}]'
        self.refuse_data(good + ', "dictionary": {"amber": 1}}', "dictionary")
        self.refuse_data(good + ', "ground_truth_data": []}', "ground_truth_data")
        self.refuse_data(good.replace('"values": [1]', '"values": [1], "values": [1]') + "}", "values")

    def test_rubbish_behind(self):
        self.refuse_data(json.dumps(self.small()) + " x")
        self.refuse_data(json.dumps(self.small()) * 2)

    def test_line_is_named(self):
        text = json.dumps(self.small(), indent=1).split("\n")
        text[10] = text[10] + " ?"
        self.refuse_data("\n".join(text), "line 11")

    def test_not_utf8(self):
        good = json.dumps(self.small()).encode()
        self.refuse_data(good.replace(b"amber", b"am\xffer"))
        self.refuse_data(good.replace(b"amber", b"am\xc0\xafer"))
        self.refuse_data(good.replace(b"amber", b"am\xed\xa0\x80"))
        self.refuse_data(b"\xff\xfe" + json.dumps(self.small()).encode("utf-16-le"))
        self.refuse_data(good.replace(b"amber", b"am\\u0000r"))
        self.refuse_data(good.replace(b"amber", b"am\x00er"))
        self.refuse_data(good + b"\x00")

    def test_deep_nesting(self):
        for n in (100, 100000):
            self.refuse_data("[" * n)
            self.refuse_data('{"x":' * n)
            self.refuse_data('{"dictionary": ' + "[" * n + "]" * n + "}")

    def test_10_mb_of_garbage_on_one_line(self):
        self.refuse_data(stream("garbage").randbytes(10 << 20))
        self.refuse_data("a" * (10 << 20))
        self.refuse_data('{"' + "a" * (10 << 20))
        self.refuse_data('{"dictionary": {"' + "a" * (10 << 20) + '": 1}}')
        self.refuse_data('{"dictionary": {"amber": ' + "1" * (10 << 20) + "}}")

    def test_empty(self):
        for text in ("", " ", "\n\n"):
            self.refuse_data(text)


# ---- replies files ----

class Replies(lhcli.Refusals):
    """Data of 2 samples and 4 turns; replies to all of them are 8 lines, sample by sample."""
    ARGS = ("run", "-o", "run.db", "--quiet", "--task", "kv_sum:dataset=data.json", "--model", "replay:replies.jsonl")

    def setUp(self):
        super().setUp()
        data = data_set(stream("replies"), [4, 4])
        self.write("data.json", json.dumps(data))
        self.lines = replies_file([(s, t + 1, f"<answer>{data['dict_sum']['ground_truth_data'][s]['output'][t]}</answer>")
                                   for s in range(2) for t in range(4)]).splitlines()

    def refuse_replies(self, content, *words):
        return self.refuse(self.ARGS, words, {"replies.jsonl": content})

    def with_line(self, number, line, *words):
        lines = list(self.lines)
        lines[number - 1] = line
        self.refuse_replies("\n".join(lines) + "\n", f"replies.jsonl:{number}", *words)

    def test_the_replies_are_good_before_they_are_spoilt(self):
        for ending in ("\n", "\r\n", "\n\n \n"):
            self.write("replies.jsonl", ending.join(self.lines))
            self.path("run.db").unlink(missing_ok=True)
            self.good(*self.ARGS)

    def test_bad_json(self):
        for line in ("{", "}", "x", '{"sample": 0, "turn": 3, "content": "x"', '{"sample": 0 "turn": 3, "content": "x"}', "{'sample': 0}",
                     '{"sample": 0, "turn": 3, "content": "x"} x', '{"sample": 0, "turn": 3, "content": "x",}', '{"sample": NaN}', "// x"):
            with self.subTest(line):
                self.with_line(3, line)

    def test_no_object(self):
        for line in ("5", "[]", '"x"', "null", '[{"sample": 0, "turn": 3, "content": "x"}]'):
            with self.subTest(line):
                self.with_line(3, line)

    def test_fields(self):
        good = {"sample": 0, "turn": 3, "content": "x"}
        for change, words in (
            ({"sample": None}, "sample"), ({"turn": None}, "turn"), ({"sample": "0"}, "sample"), ({"turn": "3"}, "turn"), ({"sample": -1}, "sample"),
            ({"turn": -1}, "turn"), ({"turn": 0}, "turn"), ({"sample": 0.5}, "sample"), ({"turn": 2.5}, "turn"), ({"sample": 10 ** 30}, "sample"),
            ({"turn": 10 ** 10}, "turn"), ({"sample": True}, "sample"), ({"turn": []}, "turn"), ({"content": 5}, "content"), ({"content": []}, "content"),
            ({"content": {"text": "x"}}, "content"), ({"content": True}, "content"), ({"thoughts": 5}, "thoughts"), ({"thoughts": []}, "thoughts"),
            ({"call": -1}, "call"), ({"call": "0"}, "call"), ({"error": 5}, "error"), ({"model": []}, "model"), ({"tokens_in": -1}, "tokens_in"), ({"tokens_out": "9"}, "tokens_out"),
            ({"tokens_cached": 10 ** 10}, "tokens_cached"), ({"tool_calls": {}}, "tool_calls"), ({"tool_calls": []}, "tool_calls"), ({"tool_calls": [5]}, "tool_calls"),
            ({"tool_calls": [{"id": "1", "name": "f", "arguments": {}}]}, "arguments"), ({"finish": 5}, "finish"), ({"finish": []}, "finish"), ({"counted": 1}, "counted"),
            ({"tokens_in": 3, "tokens_cached": 4}, "tokens_cached"), ({"tokens_out": 3, "tokens_reasoning": 4}, "tokens_reasoning"),
        ):
            with self.subTest(change):
                self.with_line(3, json.dumps({**good, **change}), words)
        for name in good:
            with self.subTest(missing=name):
                self.with_line(3, json.dumps({k: v for k, v in good.items() if k != name}), name)
        self.with_line(3, '{"sample": 0, "turn": 3, "sample": 1, "content": "x"}', "sample")

    def test_numbers_as_floats(self):
        for number in ("1e400", "-1e400", "1e-400", "0.3e1e", "+3", "03", "0x3", "Infinity"):
            with self.subTest(number):
                self.with_line(3, '{"sample": 0, "turn": %s, "content": "x"}' % number)

    def test_twice(self):
        self.refuse_replies("\n".join(self.lines + [self.lines[2]]) + "\n", "replies.jsonl:9", "sample 0", "turn 3", "line 3")

    def test_missing_in_the_middle(self):
        for missing, sample, turn in ((0, 0, 1), (2, 0, 3), (4, 1, 1), (7, 1, 4)):
            with self.subTest(missing):
                lines = self.lines[:missing] + self.lines[missing + 1:]
                self.refuse_replies("\n".join(lines) + "\n", "replies.jsonl", f"sample {sample}", f"turn {turn}")

    def test_missing_in_the_middle_of_a_run_appended(self):
        """The run file of an earlier run stays as it is, byte for byte."""
        self.write("replies.jsonl", "\n".join(self.lines))
        self.good(*self.ARGS)
        self.refuse_replies("\n".join(self.lines[:6] + self.lines[7:]), "sample 1", "turn 3")
        self.good("report", "run.db")

    def much(self):
        """Replies of which the last is missing, behind more than is written at one time."""
        data = data_set(stream("much"), [400] * 80)
        self.write("data.json", json.dumps(data))
        self.write("replies.jsonl", replies_file([(s, t + 1, "<answer>0</answer>") for s in range(80) for t in range(400)][:-1]))
        return (*self.ARGS, "--turns", "400"), ("sample 79", "turn 400")

    def test_missing_at_the_end_of_much(self):
        self.refuse(*self.much())

    def test_missing_at_the_end_of_much_that_was_appended(self):
        """The newest run is the one before it, not one that never ended."""
        self.good("run", "-o", "run.db", "--turns", 3, "--samples", 2, "--quiet")
        before = self.good("list", "runs", "run.db").out, self.plain("report", "run.db")
        args, words = self.much()
        self.assertClear(self.longhaul(*args), *words)
        self.assertTrue((self.good("list", "runs", "run.db").out, self.plain("report", "run.db")) == before)

    def test_missing_with_calls_in_flight(self):
        rows = [(s, t, "<answer>0</answer>") for s in range(2) for t in range(1, 5) if (s, t) != (1, 2)]
        self.write("replies.jsonl", replies_file(rows))
        for concurrency in (1, 2, 64):
            self.refuse((*self.ARGS, "--concurrency", concurrency, "--policy", "full_history", "--policy", "reset"), ["sample 1", "turn 2"])

    def test_one_reply_a_turn(self):
        self.write("replies.jsonl", "\n".join(self.lines))
        self.refuse((*self.ARGS, "--policy", "majority_vote:n=3"), ["replies.jsonl", "one reply a turn", "sample 0", "turn 1"])

    def test_not_utf8(self):
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\\ud800", b"\x00", b"\\u0000", b"\x01", b"\n"):
            with self.subTest(bad):
                lines = [line.encode() for line in self.lines]
                lines[2] = b'{"sample": 0, "turn": 3, "content": "a' + bad + b'b"}'
                self.refuse_replies(b"\n".join(lines), "replies.jsonl:3")

    def test_empty(self):
        for text in ("", "\n", "\n \n\t\n"):
            self.refuse_replies(text, "replies.jsonl")

    def test_deep_nesting(self):
        for n in (100, 100000):
            self.with_line(3, '{"sample": 0, "turn": 3, "content": ' + "[" * n + "]" * n + "}")

    def test_garbage(self):
        self.refuse_replies(stream("replies garbage").randbytes(1 << 20), "replies.jsonl:")
        self.refuse_replies("x" * (10 << 20), "replies.jsonl:1")


# ---- run files ----

class RunFiles(lhcli.Refusals):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kept = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.kept.cleanup)

    def run_file(self, name="run.db"):
        """A run file of two policies, 3 samples, 10 turns."""
        whole = Path(self.kept.name, "run.db")
        if not whole.exists():
            self.good("run", "-o", whole, "--turns", 10, "--samples", 3, "--policy", "full_history", "--policy", "window:n=2", "--quiet")
        shutil.copy(whole, self.path(name))
        return self.path(name)

    READERS = (("report", "FILE"), ("list", "runs", "FILE"), ("transcript", "FILE", "0"), ("run", "-o", "none", "--quiet", "--model", "replay:FILE"))

    def change(self, sql):
        """A fresh run file in which one statement was carried out."""
        db = sqlite3.connect(self.run_file())
        try:
            db.execute(sql)
            db.commit()
        finally:
            db.close()

    def refuse_all(self, name, *words, code=2, readers=READERS):
        for args in readers:
            with self.subTest(args=args):
                self.refuse([a.replace("FILE", name) for a in args], words, code=code)

    def foreign(self, name="foreign.db"):
        db = sqlite3.connect(self.path(name))
        db.execute("CREATE TABLE run(id INTEGER PRIMARY KEY, secret TEXT)")
        db.execute("INSERT INTO run VALUES(1, 'mine')")
        db.commit()
        db.close()
        return name

    def test_missing(self):
        self.refuse_all("nofile.db", "nofile.db", "No such file")

    def test_folder(self):
        self.path("folder.db").mkdir()
        self.refuse_all("folder.db", "folder.db", "regular file")

    def test_empty(self):
        self.write("empty.db", "")
        self.refuse_all("empty.db", "empty.db")

    def test_text(self):
        self.write("text.db", "not a run file\n" * 100)
        self.refuse_all("text.db", "text.db", "is not a run file", readers=self.READERS[:3])

    def test_short_text(self):
        self.write("text.db", "x")
        self.refuse_all("text.db", "text.db", "is not a run file", readers=self.READERS[:3])

    def test_another_database(self):
        self.refuse_all(self.foreign(), "foreign.db", "not a run file of longhaul")

    def test_written_by_a_newer_program(self):
        self.change("PRAGMA user_version = 99")
        self.refuse_all("run.db", "run.db", "newer")

    def test_changed_tables(self):
        for sql in ("CREATE TABLE extra(x)", "DROP VIEW turn", "DROP TABLE attempt", "ALTER TABLE call ADD COLUMN x", "CREATE INDEX extra ON call(outcome)",
                    "CREATE TRIGGER t AFTER INSERT ON call BEGIN SELECT 1; END"):
            with self.subTest(sql):
                self.change(sql)
                self.refuse_all("run.db", "run.db", code=5)

    def test_impossible_rows(self):
        """Rows that no run leaves: an error, or a report of what there is; never a crash."""
        for sql, broken in (
            ("UPDATE condition SET turns = 0", True), ("UPDATE condition SET turns = -5", True), ("UPDATE condition SET turns = 9e18", True),
            ("UPDATE condition SET steps_per_turn = 0", True), ("UPDATE run SET settings = '{}'", True), ("UPDATE run SET settings = 'x'", True),
            ("UPDATE run SET settings = '[' || settings || ']'", True), ("UPDATE call SET outcome = 'nonsense'", True), ("UPDATE call SET turn = -turn", True),
            ("UPDATE episode SET sample = 99", True), ("UPDATE episode SET sample = -1", True), ("UPDATE episode SET condition = 7", True),
            ("UPDATE call SET outcome = NULL", True), ("UPDATE condition SET id = id + 5", True), ("DELETE FROM condition", True), ("DELETE FROM run", True),
            ("UPDATE call SET turn = 999999999999 WHERE turn = 10", True), ("UPDATE call SET tokens_in = 'x'", True), ("UPDATE condition SET task = x'00ff'", False),
            ("UPDATE run SET status = 'nonsense'", False), ("DELETE FROM call", False), ("DELETE FROM message", False), ("DELETE FROM episode", False),
            ("UPDATE call SET tokens_in = 9223372036854775807", False), ("UPDATE call SET exposure_update = 1e308", False),
        ):
            with self.subTest(sql):
                self.change(sql)
                done = self.longhaul("report", "run.db")
                if broken or done.code:
                    self.assertClear(done, code=2 if sql == "DELETE FROM run" else 5)

    def test_impossible_views(self):
        """transcript --as-sent of a view that names what is not there."""
        for view in ("", "x", "5:", "5:0-99", "5:9-0", "5:m99", "5:m", "99999999999999:0-1", "5:0-1~", "5:0-1~999999999", "5:0-1,", "5:0-99999999999", ":", "-1:0-1"):
            with self.subTest(view):
                self.change(f"UPDATE call SET view = '{view}'")
                done = self.longhaul("transcript", "run.db", 0, "--turn", 2, "--as-sent")
                if done.code:
                    self.assertClear(done, code=5)

    def test_cut_off(self):
        whole = self.run_file().read_bytes()
        for size in (16, 50, 99, 100, 512, 4095, 4096, 4097, 8192, len(whole) // 2, len(whole) - 4096, len(whole) - 1):
            with self.subTest(size):
                self.write("cut.db", whole[:size])
                self.refuse(("report", "cut.db"), ["cut.db", "damaged"], code=5)
        for size in (1, 8, 14):
            self.write("cut.db", whole[:size])
            self.refuse(("report", "cut.db"), ["cut.db", "not a run file"])

    def test_bytes_flipped(self):
        whole, rng = self.run_file().read_bytes(), stream("flips")
        for i in range(120):
            at = rng.randrange(len(whole)) if i % 2 else rng.randrange(min(12288, len(whole)))
            spoilt = bytearray(whole)
            spoilt[at] ^= 1 << rng.randrange(8)
            self.write("spoilt.db", bytes(spoilt))
            for args in (("report", "spoilt.db"), ("transcript", "spoilt.db", 1)):
                done = self.longhaul(*args)
                self.assertEqual(self.path("spoilt.db").read_bytes(), bytes(spoilt))
                if done.code:
                    self.assertClear(done, code=2 if done.code == 2 and at < 100 else 5)

    def test_pages_overwritten(self):
        whole, rng = self.run_file().read_bytes(), stream("pages")
        for page in range(len(whole) // 4096):
            for filling in (bytes(4096), rng.randbytes(4096), b"\xff" * 4096):
                self.write("spoilt.db", whole[:page * 4096] + filling + whole[(page + 1) * 4096:])
                done = self.longhaul("report", "spoilt.db")
                if done.code:
                    self.assertClear(done, "spoilt.db", code=2 if page == 0 else 5)
                else:
                    self.assertNotEqual(page, 0)

    # ---- where to write ----

    def test_output_folder_missing(self):
        self.refuse((*RUN, "-o", "nowhere/run.db"), ["nowhere/run.db"])

    def test_output_below_a_file(self):
        self.refuse((*RUN, "-o", "file/run.db"), ["file/run.db"], {"file": "x"})

    def test_output_folder_not_writable(self):
        self.refuse((*RUN, "-o", "/proc/run.db"), ["/proc/run.db"])

    def test_output_is_a_folder(self):
        self.path("folder").mkdir()
        self.refuse((*RUN, "-o", "folder"), ["folder", "regular file"])

    def test_output_is_a_device(self):
        self.refuse((*RUN, "-o", "/dev/null"), ["/dev/null", "regular file"])

    def test_output_is_a_text(self):
        self.refuse((*RUN, "-o", "text"), ["text", "not a run file"], {"text": "mine\n" * 1000})

    def test_output_is_another_database(self):
        self.refuse((*RUN, "-o", self.foreign()), ["foreign.db", "not a run file of longhaul"])

    def test_output_is_damaged(self):
        whole = self.run_file().read_bytes()
        self.refuse((*RUN, "-o", "cut.db"), ["cut.db", "damaged"], {"cut.db": whole[:len(whole) // 2]}, code=5)

    def test_output_stays_when_the_rest_is_wrong(self):
        self.run_file()
        for wrong in (("--turns", "0"), ("--policy", "nonsense"), ("--model", "replay:nofile"), ("--task", "kv_sum:keys=1"), ("--plugin", "nofile.so"), ("--nonsense",)):
            with self.subTest(wrong):
                self.refuse((*RUN, *wrong), [])

    def test_json_that_cannot_be_written_is_found_out_first(self):
        for path in ("nowhere/report.json", "/proc/report.json", "."):
            with self.subTest(path):
                self.refuse((*RUN, "--json", path), [path])

    def test_output_and_json_are_one_file(self):
        self.refuse((*RUN, "--json", "run.db"), ["run.db"])
        self.refuse((*RUN, "--json", "./run.db"), ["run.db"])

    def test_a_report_does_not_go_onto_its_run_file(self):
        self.run_file()
        self.refuse(("report", "run.db", "--json", "run.db"), ["run.db"])

    # ---- selectors ----

    def test_transcript_selectors(self):
        self.run_file()
        for args, words in (
            (("run.db", "99"), ["sample 99", "3"]), (("run.db", "x"), ["SAMPLE x"]), (("run.db", "-1"), ["-1"]), (("run.db", "1.5"), ["1.5"]),
            (("run.db", "0", "1"), ["'1'"]), (("run.db", "0", "--condition", "2"), ["condition"]), (("run.db", "0", "--condition", "-1"), ["--condition -1"]),
            (("run.db", "0", "--condition", "x"), ["--condition x"]), (("run.db", "0", "--policy", "nonsense"), ["nonsense"]),
            (("run.db", "0", "--policy", "windw"), ["windw"]), (("run.db", "0", "--run", "9"), ["run 9"]), (("run.db", "0", "--run", "x"), ["--run x"]),
            (("run.db", "0", "--turn", "11"), ["turn 11"]), (("run.db", "0", "--turn", "x"), ["--turn x"]), (("run.db", "0", "--as-sent"), ["--turn"]),
            (("run.db", "0", "--as-sent", "--turn", "11"), ["turn 11"]), (("run.db", "0", "--as-sent", "--turn", "0"), ["turn 0"]),
            (("run.db", "0", "--as-sent", "--turn", "1", "--call", "1"), ["turn 1"]), (("run.db", "0", "--call", "1"), ["--as-sent"]),
            (("run.db", "0", "--turn"), ["--turn", "value"]), (("run.db", "0", "--nonsense"), ["--nonsense"]), ((), ["which run file"]),
            (("run.db", "0", "--turn", "9" * 30), ["--turn"]),
        ):
            with self.subTest(args):
                self.refuse(("transcript", *args), words)

    def test_report_selectors(self):
        self.run_file()
        for args, words in ((("--run", "2"), ["run 2", "list runs"]), (("--run", "0"), ["run 0"]), (("--run", "9" * 30), ["--run"]), (("--run",), ["value"]),
                            (("other.db",), ["other.db"]), (("--json",), ["value"]), (("--no-timing=1",), ["--no-timing"])):
            with self.subTest(args):
                self.refuse(("report", "run.db", *args), words)

    def test_list_runs_takes_one_file(self):
        self.run_file()
        self.refuse(("list", "runs", "run.db", "x"), ["'x'"])


if __name__ == "__main__":
    unittest.main()
