"""What the tests of the model server share: the server as a process, requests in its three wire formats,
replies read without any code of the program, and what was sent in a run, from its run file."""
import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

PATHS = {"chat": "/v1/chat/completions", "anthropic": "/v1/messages", "responses": "/v1/responses"}
FORMATS = tuple(PATHS)
HANG = 60                                 # s: a guard, no measure
FINISH = {"stop": "stop", "length": "length", "content_filter": "filter", "end_turn": "stop", "max_tokens": "length", "refusal": "refusal"}
NO_NATIVE, NO_TAG, ANSWER_ONLY, NO_ASSISTANT = 1, 2, 4, 8


def named(variable):
    path = os.environ.get(variable)
    if not path:
        raise unittest.SkipTest(f"{variable} names no program: run this through ctest")
    return Path(path).resolve()


def environment(home):
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH")}
    env.update(HOME=str(home), TMPDIR=str(home), LC_ALL="C.UTF-8")
    env["ASAN_OPTIONS"] = "detect_leaks=1:exitcode=99:" + os.environ.get("ASAN_OPTIONS", "")
    env["UBSAN_OPTIONS"] = "halt_on_error=1:exitcode=99:print_stacktrace=1:" + os.environ.get("UBSAN_OPTIONS", "")
    return env


class Server:
    """model_server with these options; its log and its port are in `folder`."""

    def __init__(self, folder, *options):
        self.folder = Path(folder)
        self.log = self.folder / "server.log"
        port = self.folder / "port"
        port.unlink(missing_ok=True)
        self.process = subprocess.Popen([named("LH_MODEL_SERVER"), "--port-file", port, "--log", self.log, *map(str, options)], cwd=folder,
                                        env=environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        end = time.monotonic() + HANG
        while not port.exists() and self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        if not port.exists():
            raise AssertionError(f"the server did not start: {self.stop()}")
        self.port = int(port.read_text())

    def stop(self):
        """Its exit code and what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=HANG)
        return self.process.returncode, out.decode(), err.decode()

    def lines(self):
        return self.log.read_text().splitlines()


class Case(unittest.TestCase):
    """Each test has an empty folder, self.folder."""
    maxDiff = 4000

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)

    def serve(self, *options):
        server = Server(self.folder, *options)

        def end():
            code, _, err = server.stop()
            self.assertEqual((code, err), (0, ""), "the server's end")
        self.addCleanup(end)
        return server

    def client(self, server):
        client = Client(server.port)
        self.addCleanup(client.http.close)
        return client

    def longhaul(self, *args):
        done = subprocess.run([named("LH_BIN"), *map(str, args)], cwd=self.folder, env=environment(self.folder), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=HANG)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()


# ---- requests ----

def message(role, text, thoughts=""):
    return {"role": role, "text": text, "thoughts": thoughts}


def joined(messages):
    """Neighbours of one role become one message, as the encoder does."""
    out = []
    for m in messages:
        if out and out[-1]["role"] == m["role"]:
            out[-1]["text"] += "\n\n" + m["text"]
        else:
            out.append(dict(m))
    return out


def place(seed, sample, turn, call):
    return {"seed": str(seed), "sample": str(sample), "turn": str(turn), "call": str(call)}


def chat_request(messages, at, seals):
    def one(m):
        more = {"reasoning_content": m["thoughts"]} if m["thoughts"] else {}
        return {"role": m["role"], **more, "content": m["text"]}
    return {"messages": [one(m) for m in messages], "metadata": at}


def anthropic_request(messages, at, seals):
    def one(m):
        if not m["thoughts"]:
            return {"role": m["role"], "content": m["text"]}
        thinking = {"type": "thinking", "thinking": m["thoughts"], "signature": seals["anthropic", m["thoughts"]]}
        return {"role": m["role"], "content": [thinking, {"type": "text", "text": m["text"]}]}
    body = {"messages": [one(m) for m in messages if m["role"] != "system"], "max_tokens": 100000,
            "metadata": {"user_id": "longhaul:" + ":".join(at[k] for k in ("seed", "sample", "turn", "call"))}}
    system = [m["text"] for m in messages if m["role"] == "system"]
    return {**body, "system": system[0]} if system else body


def responses_request(messages, at, seals):
    items = []
    for m in messages:
        if m["thoughts"]:
            items.append({"type": "reasoning", "id": "rs_0", "summary": [], "encrypted_content": seals["responses", m["thoughts"]]})
        if m["role"] != "system":
            kind = "output_text" if m["role"] == "assistant" else "input_text"
            items.append({"type": "message", "role": m["role"], "content": [{"type": kind, "text": m["text"]}]})
    system = [m["text"] for m in messages if m["role"] == "system"]
    return {"instructions": system[0] if system else None, "input": items, "metadata": at, "store": False}


MAKE = {"chat": chat_request, "anthropic": anthropic_request, "responses": responses_request}


# ---- replies ----

def events(raw):
    """(name, data) of a stream of server-sent events."""
    for block in re.split(r"\n\n", raw.decode()):
        name, data = None, []
        for line in block.split("\n"):
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data.append(line[6:])
        if data:
            yield name, "\n".join(data)


def unstream_chat(raw):
    said, end, usage, done = {"content": "", "reasoning_content": "", "refusal": ""}, None, None, False
    for _, data in events(raw):
        if data == "[DONE]":
            done = True
            continue
        chunk = json.loads(data)
        usage = chunk.get("usage", usage)
        for choice in chunk["choices"]:
            end = choice["finish_reason"] or end
            for key in said:
                said[key] += choice["delta"].get(key, "")
    assert done, "no [DONE]"
    text = {"content": said["content"] or None, "refusal": said["refusal"] or None, "reasoning_content": said["reasoning_content"]}
    return {"choices": [{"message": text, "finish_reason": end}], "usage": usage}


def unstream_anthropic(raw):
    whole, ended = None, False
    for name, data in events(raw):
        e = json.loads(data)
        assert name == e["type"]
        if name == "message_start":
            whole = e["message"]
        elif name == "content_block_start":
            assert e["index"] == len(whole["content"])
            whole["content"].append(e["content_block"])
        elif name == "content_block_delta":
            block, delta = whole["content"][e["index"]], e["delta"]
            key = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}[delta["type"]]
            block[key] += delta[key]
        elif name == "message_delta":
            whole.update(e["delta"])
            whole["usage"] = e["usage"]
        ended = ended or name == "message_stop"
    assert ended, "no message_stop"
    return whole


def unstream_responses(raw):
    final, texts, number = None, "", 0
    for name, data in events(raw):
        e = json.loads(data)
        assert name == e["type"] and e["sequence_number"] == number
        number += 1
        if name in ("response.output_text.delta", "response.refusal.delta"):
            texts += e["delta"]
        if name in ("response.completed", "response.incomplete"):
            final = e["response"]
    said = [c.get("text", c.get("refusal")) for i in final["output"] if i["type"] == "message" for c in i["content"]]
    assert texts == "".join(said), "the pieces are not the whole"
    return final


UNSTREAM = {"chat": unstream_chat, "anthropic": unstream_anthropic, "responses": unstream_responses}


def read_chat(r, seals):
    choice, u = r["choices"][0], r["usage"]
    m = choice["message"]
    refused = m.get("refusal") is not None
    return {"text": m["refusal"] if refused else m["content"] or "", "thoughts": m.get("reasoning_content") or "",
            "finish": "refusal" if refused else FINISH[choice["finish_reason"]], "in": u["prompt_tokens"], "out": u["completion_tokens"],
            "reasoning": u["completion_tokens_details"]["reasoning_tokens"]}


def read_anthropic(r, seals):
    said, u = {"text": "", "thinking": ""}, r["usage"]
    for block in r["content"]:
        said[block["type"]] += block[block["type"]]
        if block["type"] == "thinking":
            seals["anthropic", block["thinking"]] = block["signature"]
    return {"text": said["text"], "thoughts": said["thinking"], "finish": FINISH[r["stop_reason"]],
            "in": u["input_tokens"] + u["cache_creation_input_tokens"] + u["cache_read_input_tokens"], "out": u["output_tokens"],
            "reasoning": u["output_tokens_details"]["thinking_tokens"]}


def read_responses(r, seals):
    text, thoughts, u, refused = "", "", r["usage"], False
    for item in r["output"]:
        if item["type"] == "reasoning":
            thoughts = "".join(s["text"] for s in item["summary"])
            seals["responses", thoughts] = item["encrypted_content"]
        else:
            text += "".join(c.get("text", c.get("refusal")) for c in item["content"])
            refused = any(c["type"] == "refusal" for c in item["content"])
    why = (r["incomplete_details"] or {}).get("reason")
    return {"text": text, "thoughts": thoughts, "finish": "refusal" if refused else "length" if why == "max_output_tokens" else "stop",
            "in": u["input_tokens"], "out": u["output_tokens"], "reasoning": u["output_tokens_details"]["reasoning_tokens"]}


READ = {"chat": read_chat, "anthropic": read_anthropic, "responses": read_responses}


class Client:
    """One connection, kept; what a provider gave to be sent back is in `seals`."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG)
        self.seals = {}

    def post(self, path, body, headers=None):
        self.http.request("POST", path, body if isinstance(body, bytes) else json.dumps(body), {"Content-Type": "application/json", **(headers or {})})
        r = self.http.getresponse()
        return r.status, r.headers, r.read()

    def get(self, path):
        self.http.request("GET", path)
        return json.loads(self.http.getresponse().read())

    def ask(self, form, messages, at, stream=False, **more):
        """(status, what was said)."""
        body = {**MAKE[form](messages, at, self.seals), **more}
        if stream:
            body["stream"] = True
        status, headers, raw = self.post(PATHS[form], body)
        if status != 200:
            return status, json.loads(raw)
        assert headers["Content-Type"].startswith("text/event-stream" if stream else "application/json"), headers["Content-Type"]
        return status, READ[form](UNSTREAM[form](raw) if stream else json.loads(raw), self.seals)


# ---- what a run sent ----

def answer_of(text):
    found = list(re.finditer(r"<answer>(?:(?!<answer>).)*?</answer>", re.sub(r"<think>.*?(</think>\s*|$)", "", text, flags=re.S), re.S))
    return found[-1].group(0) if found else None


def varied(m, bits):
    if m["role"] != "assistant" or not bits:
        return m
    text = m["text"]
    if bits & (NO_TAG | ANSWER_ONLY):
        text = re.sub(r"<think>.*?(</think>\s*|$)", "", text, flags=re.S)
    if bits & ANSWER_ONLY:
        text = answer_of(m["text"]) or text
    return message("assistant", text, "" if bits & (NO_NATIVE | ANSWER_ONLY) else m["thoughts"])


class Run:
    """A run file: for each call what was sent and what came of it."""

    def __init__(self, path):
        self.db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)

    def __del__(self):
        self.db.close()

    def episodes(self):
        return self.db.execute("SELECT e.id, e.sample, c.policy, c.policy_options FROM episode e "
                               "JOIN condition c ON c.id = e.condition AND c.run = e.run ORDER BY e.id").fetchall()

    def calls(self, episode):
        rows = self.db.execute("SELECT id, slot, role, text, ifnull(thoughts, '') FROM message WHERE episode = ? ORDER BY id", (episode,)).fetchall()
        made = {r[0]: (r[1], message(*r[2:])) for r in rows}
        for turn, seq, view, reply, error, finish, tokens_in, out, reasoning in self.db.execute(
                "SELECT turn, seq, view, reply, error, finish, tokens_in, tokens_out, tokens_reasoning FROM call WHERE episode = ? ORDER BY turn, seq", (episode,)):
            was = None
            if reply is not None:
                m = made[reply][1]
                was = {"text": m["text"], "thoughts": m["thoughts"], "finish": finish, "in": tokens_in, "out": out, "reasoning": reasoning}
            yield turn, seq, self.sent(made, view), was, error

    def sent(self, made, view):
        existed, pieces = view.split(":")
        slots = {}
        for i in sorted(made):
            if i < int(existed) and made[i][0] is not None and made[i][0] >= 0:
                slots[made[i][0]] = made[i][1]
        out = []
        for piece in pieces.split(","):
            if piece[0] == "m":
                out.append(made[int(piece[1:])][1])
                continue
            span, _, bits = piece.partition("~")
            first, last = map(int, span.split("-"))
            bits = int(bits or 0)
            shown = (slots[s] for s in range(first, last + 1) if s in slots and slots[s]["role"] != "removed")
            out += [varied(m, bits) for m in shown if not (bits & NO_ASSISTANT and m["role"] == "assistant")]
        return joined(out)


def main():
    """unittest.main, but exit code 77 when there was nothing to test here."""
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    result = program.result
    if not result.wasSuccessful():
        raise SystemExit(1)
    raise SystemExit(77 if result.skipped and len(result.skipped) >= result.testsRun else 0)
