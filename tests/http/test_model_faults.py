"""The faults of the model server are what they are called; HTTP at its edges; latency, counters and the log."""
import json
import socket
import threading
import time
import unittest

import mslib

TASK = "kv_sum:keys=20"
RETRIED = {"429": 429, "429_after": 429, "429_date": 429, "429_garbage": 429, "500": 500, "502": 502, "503": 503, "529": 529, "408": 408, "409": 409}
FATAL = {"quota": 429, "context": 400, "401": 401}


class Server(mslib.Case):
    options = ()

    @classmethod
    def setUpClass(cls):
        mslib.named("LH_MODEL_SERVER")

    def setUp(self):
        super().setUp()
        self.server = self.serve("--task", TASK, *self.options)
        self.longhaul("run", "--task", TASK, "--model", "sim", "--turns", 2, "--samples", 1, "--seed", 1, "-o", "run.db", "--quiet")
        self.first = next(mslib.Run(self.folder / "run.db").calls(1))

    def body(self, form="chat", **more):
        return json.dumps({**mslib.MAKE[form](self.first[2], mslib.place(1, 0, 1, 0), {}), **more}).encode()

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.server.port), timeout=mslib.HANG)
        self.addCleanup(s.close)
        return s

    def raw(self, body, *headers, path="/v1/chat/completions"):
        lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def until_end(self, s):
        """All bytes until the end; None in place of the end where the connection was reset."""
        out = b""
        while True:
            try:
                more = s.recv(1 << 16)
            except ConnectionResetError:
                return out, None
            if not more:
                return out, True
            out += more

    def broken(self, fault, form="chat", **more):
        s = self.connect()
        s.sendall(self.raw(self.body(form, **more), f"X-Fault: {fault}", "Connection: close", path=mslib.PATHS[form]))
        return self.until_end(s)


def entity(raw):
    head, _, body = raw.partition(b"\r\n\r\n")
    if b"chunked" not in head:
        return head.decode(), body
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        out += body[:int(size, 16)]
        body = body[int(size, 16) + 2:]
    return head.decode(), out


class Faults(Server):
    options = ("--stall-ms", 30, "--drip-ms", 1)


    def test_statuses(self):
        client = self.client(self.server)
        for form, path in mslib.PATHS.items():
            for fault, status in {**RETRIED, **FATAL}.items():
                got, headers, raw = client.post(path, self.body(form), {"X-Fault": fault})
                self.assertEqual(got, status, fault)
                self.assertEqual("Retry-After" in headers, fault in ("429_after", "429_date", "429_garbage"), fault)
                error = json.loads(raw)["error"]
                self.assertIn("message", error)
                self.assertEqual("insufficient_quota" in raw.decode(), fault == "quota")

    def test_connections_that_break(self):
        for fault in ("reset", "reset_accept"):
            self.assertEqual(self.broken(fault), (b"", None), fault)
        self.assertEqual(self.broken("close"), (b"", True))
        head, end = self.broken("reset_head")
        self.assertTrue(end is None and b"\r\n\r\n" not in head, head)
        whole, _ = self.broken("none")
        part, end = self.broken("reset_body")
        self.assertTrue(end is None and b"\r\n\r\n" in part and len(part) < len(whole), part)

    def test_answers_that_are_none(self):
        for form in mslib.FORMATS:
            for fault in ("truncated", "invalid", "no_end"):
                head, body = entity(self.broken(fault, form)[0])
                self.assertIn(f"Content-Length: {len(body)}", head)
                with self.assertRaises((ValueError, UnicodeDecodeError), msg=fault):
                    json.loads(body)
            head, body = entity(self.broken("length", form)[0])
            self.assertIn(f"Content-Length: {len(body) + 1000}", head)
            json.loads(body)
            whole = json.loads(entity(self.broken("empty", form)[0])[1])
            self.assertEqual(whole[{"chat": "choices", "anthropic": "content", "responses": "output"}[form]], [])
            self.assertIn("error", json.loads(entity(self.broken("stream_error", form)[0])[1]))

    def test_streams_that_do_not_end(self):
        for form in mslib.FORMATS:
            whole = entity(self.broken("none", form, stream=True)[0])[1].decode()
            self.assertTrue(whole)
            cut = entity(self.broken("no_end", form, stream=True)[0])[1].decode()
            self.assertTrue(whole.startswith(cut) and len(cut) < len(whole), form)
            torn = entity(self.broken("stream_error", form, stream=True)[0])[1].decode()
            self.assertIn("error", torn)
            with self.assertRaises((AssertionError, KeyError, TypeError)):
                mslib.READ[form](mslib.UNSTREAM[form](cut.encode()), {})

    def test_odd_answers(self):
        for stream in (False, True):
            raw = entity(self.broken("no_usage", stream=stream)[0])[1]
            self.assertNotIn(b"usage", raw)
            raw = entity(self.broken("finish", stream=stream)[0])[1]
            self.assertIn(b'"tool_calls"', raw)
            raw = entity(self.broken("null_content", stream=stream)[0])[1]
            self.assertNotIn(b"<answer>", raw)
        self.assertIn(b'"tool_use"', entity(self.broken("finish", "anthropic")[0])[1])
        self.assertIn(b'"incomplete"', entity(self.broken("finish", "responses")[0])[1])

    def test_slow_answers(self):
        began = time.monotonic()
        whole, _ = self.broken("loris")
        self.assertGreater(time.monotonic() - began, 0.3)
        self.assertEqual(json.loads(entity(whole)[1])["choices"][0]["finish_reason"], "stop")
        part, end = self.broken("stall")
        self.assertTrue(end and b"\r\n\r\n" in part and len(part) < len(whole))

    def test_huge(self):
        for form in mslib.FORMATS:
            for stream in (False, True):
                raw = entity(self.broken("huge", form, stream=stream)[0])[1]
                said = mslib.READ[form](mslib.UNSTREAM[form](raw) if stream else json.loads(raw), {})
                self.assertGreater(len(said["text"].encode()), 5 << 20)
                self.assertTrue(said["text"].startswith("<answer>"))


class Drawn(mslib.Case):
    def test_share_row_and_counters(self):
        """About the share asked for, the same again with the same seed, and never more than 5 in a row."""
        seen = []
        for _ in range(2):
            server = self.serve("--task", TASK, "--faults", "status,-429_date", "--fault-share", 0.7, "--fault-seed", 5)
            client = self.client(server)
            statuses = [[client.post("/v1/chat/completions", b"{\"n\": %d}" % n)[0] for _ in range(30)] for n in range(20)]
            stats = client.get("/stats")
            seen.append(statuses)
            flat = [s != 400 for one in statuses for s in one]
            self.assertTrue(0.55 < sum(flat) / len(flat) < 0.8, sum(flat))
            self.assertTrue(all(any(s == 400 for s in one[i:i + 6]) for one in statuses for i in range(25)))
            self.assertEqual((stats["requests"], stats["bodies"], stats["repeats"], stats["wrong"]), (601, 20, 580, len(flat) - sum(flat)))
            self.assertEqual(sum(stats["faults"].values()), sum(flat))
            self.assertNotIn("429_date", stats["faults"])
            server.log.unlink()
        self.assertEqual(seen[0], seen[1])

    def test_resets_at_accept(self):
        server = self.serve("--task", TASK, "--faults", "reset_accept", "--fault-share", 0.5)
        ends = []
        for _ in range(60):
            try:
                with socket.create_connection(("127.0.0.1", server.port), timeout=mslib.HANG) as s:
                    s.sendall(b"GET /stats HTTP/1.1\r\nConnection: close\r\n\r\n")
                    ends.append(bool(s.recv(10)))
            except (ConnectionResetError, BrokenPipeError):
                ends.append(False)
        self.assertTrue(15 < sum(ends) < 45, sum(ends))

    def test_latency_and_log(self):
        server = self.serve("--fixed", "--latency-ms", 200, "--count-file", "counts.json")
        took = []

        def one():
            client = mslib.Client(server.port)
            began = time.monotonic()
            client.post("/v1/chat/completions", b"{}")
            took.append(time.monotonic() - began)
            client.http.close()
        threads = [threading.Thread(target=one) for _ in range(100)]
        began = time.monotonic()
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertLess(time.monotonic() - began, 5, "they wait at the same time")
        self.assertTrue(min(took) > 0.095 and max(took) - min(took) > 0.05, (min(took), max(took)))
        server.stop()
        self.assertEqual(json.loads((self.folder / "counts.json").read_text())["requests"], 100)


class Http(Server):
    def test_pipelined(self):
        s = self.connect()
        s.sendall(self.raw(self.body()) * 20 + self.raw(self.body(), "Connection: close"))
        raw, end = self.until_end(s)
        self.assertTrue(end)
        self.assertEqual(raw.count(b"HTTP/1.1 200 OK"), 21)

    def test_a_byte_at_a_time(self):
        s = self.connect()
        for byte in self.raw(self.body(), "Connection: close"):
            s.sendall(bytes([byte]))
        self.assertIn(b"200 OK", self.until_end(s)[0])

    def test_chunked_request(self):
        body, s = self.body(), self.connect()
        chunks = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(body[i:i + 37]), body[i:i + 37]) for i in range(0, len(body), 37))
        s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks[:50])
        time.sleep(0.02)
        s.sendall(chunks[50:] + b"0\r\nTrailer: x\r\n\r\n")
        self.assertIn(b"<answer>", self.until_end(s)[0])

    def test_continue(self):
        body, s = self.body(), self.connect()
        s.sendall(self.raw(body, "Expect: 100-continue", "Connection: close")[:-len(body)])
        self.assertEqual(s.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
        s.sendall(body)
        self.assertIn(b"<answer>", self.until_end(s)[0])

    def test_sizes(self):
        for megabytes, word in ((60, b" 400 "), (65, b" 413 ")):
            s = self.connect()
            s.sendall(b"POST /v1/responses HTTP/1.1\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (megabytes << 20))
            try:
                for _ in range(megabytes if word == b" 400 " else 0):
                    s.sendall(b" " * (1 << 20))
            except (ConnectionResetError, BrokenPipeError):
                pass
            self.assertIn(word, self.until_end(s)[0][:20])

    def test_rubbish(self):
        for rubbish in (b"\r\n\r\n", b"GET\r\n\r\n", b"X" * 70000, b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n"):
            s = self.connect()
            try:
                s.sendall(rubbish)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            raw, _ = self.until_end(s)
            self.assertTrue(not raw or raw.split(b" ")[1] in (b"400", b"404", b"405", b"413"), (rubbish[:50], raw))
        self.assertEqual(self.client(self.server).post("/v1/chat/completions", self.body())[0], 200)

    def test_chunked_answers(self):
        server = self.serve("--task", TASK, "--chunked")
        status, headers, raw = self.client(server).post("/v1/chat/completions", self.body())
        self.assertEqual((status, headers["Transfer-Encoding"]), (200, "chunked"))
        self.assertIn("<answer>", json.loads(raw)["choices"][0]["message"]["content"])

    def test_routes_and_log(self):
        client = self.client(self.server)
        self.assertEqual(client.get("/v1/models")["data"][0]["id"], "sim")
        self.assertEqual(client.post("/v1/embeddings", b"{}")[0], 404)
        for prefix in ("/api/v3", ""):
            self.assertEqual(client.post(prefix + "/chat/completions?x=1", self.body())[0], 200)
        self.assertEqual(client.post("/v1/chat/completions", self.body(), {"X-Fault": "503"})[0], 503)
        self.assertEqual(self.server.lines()[-3:], [
            "POST /api/v3/chat/completions?x=1 seed=1 sample=0 turn=1 call=0 nth=1 200",
            "POST /chat/completions?x=1 seed=1 sample=0 turn=1 call=0 nth=2 200",
            "POST /v1/chat/completions seed=1 sample=0 turn=1 call=0 nth=3 503"])

    def test_many_connections(self):
        many = [self.connect() for _ in range(800)]
        for s in many:
            s.sendall(self.raw(self.body()))
        for s in many:
            self.assertIn(b"200 OK", s.recv(1 << 16))
        self.assertEqual(self.client(self.server).get("/stats")["answers"], 800)


if __name__ == "__main__":
    mslib.main()
