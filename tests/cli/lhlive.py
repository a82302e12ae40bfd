"""What the tests of live models share: the model server as a process, small servers of our own, runs over HTTP
compared with the same run in process, and the processes that a run consists of."""
import http.client
import http.server
import json
import os
import signal
import socketserver
import subprocess
import threading
import time
import unittest
import urllib.request
from pathlib import Path

import lhcli

FORMATS = ("openai", "anthropic", "openai_responses")
MARK = "LONGHAUL_TEST_MARK"               # a variable by which the processes of one run are found
OF_THE_MODEL = ("model", "model_options", "model_label", "cost")
SOON = 30                                 # s: a guard for what happens at once
SANITIZED = b"__asan_init"


def server_program():
    path = lhcli.build_folder() / "tests" / "http" / "model_server"
    if not path.is_file():
        raise unittest.SkipTest("no model server is built")
    return path


def sanitized():
    return SANITIZED in lhcli.program().read_bytes()


def wait_for(found, what, seconds=SOON):
    """The first true value of found(), asked again and again: of what can only be looked at."""
    end = time.monotonic() + seconds
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.005)


# ---- the model server ----

class Server:
    """model_server with these options; what it was asked is in its log."""

    def __init__(self, folder, *options, env=None):
        self.log = Path(folder) / f"server-{time.monotonic_ns()}.log"
        self.process = subprocess.Popen([server_program(), "--log", self.log, *map(str, options)], cwd=folder,
                                        env=lhcli.environment(folder, **(env or {})), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on http://127.0.0.1:"):
            raise AssertionError(f"the server did not start: {self.stop()}")
        self.port = int(line.rsplit(":", 1)[1])

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    def stop(self):
        """Its exit code and what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=lhcli.HANG)
        return self.process.returncode, err.decode()

    def stats(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.port}/stats", timeout=SOON) as r:
            return json.load(r)

    def asked(self, start=0):
        """Of each request from this place of the log on: {seed, sample, turn, call, nth, what}."""
        with open(self.log) as f:
            f.seek(start)
            for line in f:
                words = line.split()
                named = dict(w.split("=") for w in words[2:-1])
                if words[0] == "POST":
                    yield {**named, "path": words[1], "what": words[-1]}

    def settle(self):
        """All that was sent to the server before is in its log now; returns the log's length."""
        for _ in range(2):                # it has seen what lay at its sockets once it answers what came later
            self.stats()
        return self.log.stat().st_size


# ---- servers in Python ----

class Threaded(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass                              # clients that are killed, or break off, are no fault


def answer_of(form, text, **more):
    """A whole reply in one of the formats; more: members to be set beside."""
    if form == "openai":
        return {"id": "chatcmpl-1", "object": "chat.completion", "model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": text},
                "finish_reason": "stop"}], "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}, **more}
    if form == "anthropic":
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [] if text is None else [{"type": "text", "text": text}],
                "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 9, "output_tokens": 5}, **more}
    content = [] if text is None else [{"type": "output_text", "text": text, "annotations": []}]
    return {"id": "resp_1", "object": "response", "status": "completed", "model": "m", "error": None, "incomplete_details": None,
            "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}],
            "usage": {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}, **more}


def forward(server):
    """A reply function that asks a model server, and hands on what it says."""
    def reply(seen):
        to = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SOON)
        try:
            path = seen["path"].split("://", 1)[-1]
            to.request("POST", path[path.index("/"):], seen["body"], {"Content-Type": "application/json"})
            r = to.getresponse()
            return r.status, r.read(), {"Content-Type": r.headers["Content-Type"]}
        finally:
            to.close()
    return reply


class Requests(http.server.BaseHTTPRequestHandler):
    """Notes what comes, and answers what the owner's `reply(handler, body)` says: (status, object[, headers])."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        seen = {"path": self.path, "headers": list(self.headers.items()), "body": raw}
        with self.server.owner.lock:
            self.server.owner.seen.append(seen)
        status, said, *more = self.server.owner.reply(seen)
        data = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(data)), **(more[0] if more else {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


class Fake:
    """A server whose replies are made by `reply(seen)`; `seen`: its requests so far."""

    def __init__(self, reply, handler=Requests, context=None):
        self.reply, self.seen, self.lock = reply, [], threading.Lock()
        self.server = Threaded(("127.0.0.1", 0), handler)
        self.server.owner = self
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


# ---- processes ----

def environ_of(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""                        # gone, or somebody else's


def processes(mark):
    """Ids of all living processes that were started with this mark."""
    wanted = f"{MARK}={mark}".encode()
    return [int(p) for p in os.listdir("/proc") if p.isdigit() and wanted in environ_of(p).split(b"\0")]


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "gone"


# ---- cases ----

class Case(lhcli.Case):
    def serve(self, *options):
        server = Server(self.folder, *options)

        def end():
            code, err = server.stop()
            self.assertEqual((code, err), (0, ""), "the server's end")
        self.addCleanup(end)
        return server

    def fake(self, reply, **more):
        server = Fake(reply, **more)
        self.addCleanup(server.stop)
        return server

    def model(self, where, form="openai", **options):
        """The spec of a model at a server, or at an address."""
        url = where if isinstance(where, str) else f"http://127.0.0.1:{where.port}/v1"
        words = [f"base_url={url}"] + [f"{k}={v}" for k, v in {"identify": "true", **options}.items()]
        return f"{form}:m," + ",".join(words)

    def start(self, *args, mark="", env=None):
        """A program that runs on; it is no longer there when the test ends."""
        p = subprocess.Popen([self.program, *map(str, args)], cwd=self.folder, env=lhcli.environment(self.folder, **{MARK: mark}, **(env or {})),
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

        def end():
            if p.poll() is None:
                p.kill()
            p.communicate()
        self.addCleanup(end)
        return p

    def ended(self, p):
        out, err = p.communicate(timeout=lhcli.HANG)
        done = lhcli.Done(p.args[1:], p.returncode, out, err)
        self.assertSound(done)
        return done

    # ---- what was measured ----

    def measured(self, raw):
        """A report without what names the model, and what asking it cost."""
        text = raw.decode() if isinstance(raw, bytes) else raw
        report = lhcli.strict_json(text.replace("HTTP 500: simulated network failure", "simulated network failure"))
        for name in ("id", "config_sha256"):
            report["run"].pop(name, None)
        for part in ("conditions", "effects", "comparisons"):
            for c in report[part]:
                for name in OF_THE_MODEL:
                    c.pop(name, None)
        for c in report["comparisons"]:
            c.pop("tokens_in_per_turn_ratio", None)          # of the cost
        for effects in report["effects"]:
            for c in effects["cells"] + effects["policies"]:
                for name in [n for n in c if "tokens" in n]:
                    del c[name]
        return report

    CALLS = ("SELECT e.sample, e.condition, c.turn, c.seq, c.purpose, c.view, c.options, c.error, c.finish, c.exposure_update, c.exposure_state,"
             " c.exposure_unusable, c.reusable_prefix, c.accepted, c.outcome, c.unshown, c.shown, c.followed, c.answered, c.truth, m.text, m.thoughts"
             " FROM call c JOIN episode e ON e.id = c.episode LEFT JOIN message m ON m.episode = c.episode AND m.id = c.reply"
             " WHERE e.status <> 'superseded' ORDER BY 1, 2, 3, 4")
    COUNTS = ("SELECT e.sample, e.condition, c.turn, c.seq, c.tokens_in, c.tokens_out, c.tokens_reasoning FROM call c JOIN episode e ON e.id = c.episode"
              " WHERE c.error IS NULL AND e.status <> 'superseded' ORDER BY 1, 2, 3, 4")
    RECORD = ("SELECT e.sample, e.condition, m.slot, m.turn, m.role, m.text, m.thoughts, m.made_by, m.note FROM message m JOIN episode e ON e.id = m.episode"
              " WHERE m.slot IS NOT NULL AND e.status <> 'superseded' ORDER BY 1, 2, e.probe, 3, m.id")
    ENDS = "SELECT sample, condition, probe, status, extra, history_hash FROM episode WHERE status <> 'superseded' ORDER BY 1, 2, 3"

    def assertSameRows(self, file, other, where, counts=True):
        """Run files that hold one run each tell the same of every call; returns how many there are."""
        for what in ("CALLS", "RECORD", "ENDS") + (("COUNTS",) if counts else ()):
            a, b = (self.rows(f, getattr(self, what)) for f in (file, other))
            if a != b:
                first = next((x, y) for x, y in zip(a + [None], b + [None]) if x != y)
                self.fail(f"{where}: {what}, {len(a)} and {len(b)} rows; first difference:\n{first[0]}\n{first[1]}")
        return self.rows(file, "SELECT count(*) FROM call")[0][0]
