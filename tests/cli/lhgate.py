"""A model over HTTP whose every answer a test can decide: the model server behind a gate that sees each request before the
server does, counts it, and may answer, hold or drop it itself."""
import http.client
import json
import socket
import socketserver
import subprocess
import threading
import time

import lhcli
import lhlive

HANG = lhcli.HANG
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages", "openai_responses": "/v1/responses"}


# ---- what a rule may say ----

DROP = object()                           # the connection ends without a word


def reply(status, body, **headers):
    """An answer of the gate's own: body as JSON, headers with _ for -."""
    return status, {k.replace("_", "-"): str(v) for k, v in headers.items()}, json.dumps(body).encode()


def error(status, message, code=None, **headers):
    return reply(status, {"error": {"message": message, "type": "error", "code": code}}, **headers)


def said(text, finish="stop", tokens_in=10, tokens_out=10):
    """A chat completion."""
    return reply(200, {"id": "x", "object": "chat.completion", "model": "m", "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}],
                       "usage": {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}})


class Request:
    def __init__(self, path, body, headers):
        self.path, self.body, self.headers, self.time = path, body, headers, time.monotonic()
        self.json = json.loads(body)
        at = self.json.get("metadata") or {}
        if "user_id" in at:
            at = dict(zip(("longhaul", "seed", "sample", "turn", "call"), at["user_id"].split(":")))
        self.place = tuple(int(at[k]) for k in ("sample", "turn", "call")) if "sample" in at else None
        self.sample, self.turn, self.call = self.place or (None, None, None)
        self.count = 0                    # how often this place was asked for, this time included
        self.status, self.usage = None, None


class Gate:
    """rule(request): None lets the server answer; else what reply() gave, or DROP. May wait: other requests go on."""

    def __init__(self, port=None, rule=None, at=0):
        self.behind, self.rule = port, rule or (lambda request: None)
        self.requests, self.lock, self.open, self.most_open, self.sockets = [], threading.Lock(), 0, 0, set()
        gate = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                gate.serve(self)

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, request_queue_size = True, True, 256

            def handle_error(self, request, client_address):
                pass                      # a client that went away

        self.listener = Listener(("127.0.0.1", at), Handler)
        self.port = self.listener.server_address[1]
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        """From now on connections are refused, and those there are end."""
        self.listener.shutdown()
        self.listener.server_close()
        with self.lock:
            for s in self.sockets:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def serve(self, handler):
        with self.lock:
            self.sockets.add(handler.connection)
        upstream = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=HANG) if self.behind else None
        try:
            while self.one(handler, upstream):
                pass
        finally:
            with self.lock:
                self.sockets.discard(handler.connection)
            if upstream:
                upstream.close()

    def one(self, handler, upstream):
        line = handler.rfile.readline().split()
        if len(line) < 3:
            return False
        headers = http.client.parse_headers(handler.rfile)
        request = Request(line[1].decode(), handler.rfile.read(int(headers.get("Content-Length", 0))), headers)
        with self.lock:
            self.requests.append(request)
            request.count = sum(r.place == request.place for r in self.requests)
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        try:
            answer = self.rule(request) or self.forward(request, upstream)
        finally:
            with self.lock:
                self.open -= 1
        if answer is DROP:
            return False
        request.status, more, body = answer
        if request.status == 200:
            request.usage = json.loads(body).get("usage")
        head = "".join(f"{k}: {v}\r\n" for k, v in {"Content-Type": "application/json", **more, "Content-Length": len(body)}.items())
        handler.wfile.write(f"HTTP/1.1 {request.status} X\r\n{head}\r\n".encode() + body)
        return True

    def forward(self, request, upstream):
        upstream.request("POST", request.path, request.body, {"Content-Type": "application/json"})
        r = upstream.getresponse()
        return r.status, {k: v for k, v in r.headers.items() if k.lower() in ("content-type", "retry-after", "x-should-retry")}, r.read()

    # ---- what was asked ----

    def places(self):
        """{(sample, turn, call): how often}."""
        with self.lock:
            found = {}
            for r in self.requests:
                found[r.place] = found.get(r.place, 0) + 1
            return found

    def asked(self):
        return len(self.requests)

    def of_turn(self, turn):
        """Requests of this turn."""
        with self.lock:
            return sum(r.turn == turn for r in self.requests)

    def tokens(self):
        """By the usage of every answer."""
        return sum(u.get("prompt_tokens", u.get("input_tokens", 0)) + u.get("completion_tokens", u.get("output_tokens", 0))
                   for u in (r.usage for r in self.requests) if u)


class Live(lhcli.Refusals):
    """Runs against a gate with the model server behind it."""
    TASK = "kv_sum:keys=10"
    SIM = "sim:accuracy=0.9,context=0.3,self_conditioning=3"
    ENV = {}

    def longhaul(self, *args, env=None, **more):
        return super().longhaul(*args, env={**self.ENV, **(env or {})}, **more)

    def gate(self, rule=None, *options, behind=True, at=0):
        if behind and not getattr(self, "server", None):
            self.server = lhlive.Server(self.folder, "--task", self.TASK, "--sim", self.SIM, *options, env=self.ENV)
            self.addCleanup(self.server.stop)
        gate = Gate(self.server.port if behind else None, rule, at)
        self.addCleanup(gate.close)
        return gate

    def model(self, port, *options, kind="openai"):
        base = f"http://127.0.0.1:{port}" + ("" if kind == "anthropic" else "/v1")
        return f"{kind}:m,base_url={base},identify=true,stream=false" + "".join("," + o for o in options)

    def args(self, gate, *more, model=(), file="run.db"):
        """`run` against the gate: 3 samples of 6 turns, unless more says otherwise."""
        port = gate if isinstance(gate, int) else gate.port
        return ("run", "--task", self.TASK, "--model", self.model(port, *model), "--turns", 6, "--samples", 3, "-o", file, "--quiet", *more)

    def run_live(self, gate, *more, code=0, **named):
        done = self.longhaul(*self.args(gate, *more, **named))
        self.assertEqual(done.code, code, str(done))
        return done

    def simulated(self, *more):
        """The table of the same run in process."""
        return self.table("run", "--task", self.TASK, "--model", self.SIM, "--turns", 6, "--samples", 3, "-o", "none", *more)

    def table(self, *args):
        """What a run measured: its report's conditions, without the model's name and what depends on the wire."""
        report = self.check_report(self.good(*args, "--json", "-", "--no-timing"))
        for c in report["conditions"]:
            for key in ("model", "model_label", "model_options", "cost"):
                c.pop(key, None)
        return report["conditions"]

    def start(self, *args, env=None, **more):
        """The program, running; it is killed when the test ends."""
        p = subprocess.Popen([self.program, *map(str, args)], cwd=self.folder, env=lhcli.environment(self.folder, **self.ENV, **(env or {})),
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

        def end():
            if p.poll() is None:
                p.kill()
            p.communicate()
        self.addCleanup(end)
        return p

    def ended(self, p, seconds=HANG):
        out, err = p.communicate(timeout=seconds)
        return lhcli.Done([str(a) for a in p.args[1:]], p.returncode, out, err)

    def assertNothingMade(self, *but):
        made = [p.name for p in self.folder.iterdir() if not p.name.startswith("server-") and p.name not in but]
        self.assertEqual(made, [])
