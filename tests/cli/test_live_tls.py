"""https with an authority of one's own, HTTP/2 where the server speaks it, and proxies: whoever stands between, the
results are those of a run in process."""
import select
import shutil
import socket
import socketserver
import ssl
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

import lhlive

SIM = "sim:accuracy=0.9,context=0.3,self_conditioning=3,thoughts=native,thought_tokens=10"
RUN = ("run", "--policy", "full_history", "--policy", "window:n=3", "--turns", 8, "--samples", 6, "--seed", 4, "--no-timing", "--quiet")


class Certificates:
    """An authority, and a server's certificate by it for 127.0.0.1 and models.example; made once."""

    def __init__(self, folder):
        self.authority, self.chain = Path(folder) / "ca.pem", Path(folder) / "server.pem"
        extra = Path(folder) / "extra"
        extra.write_text("subjectAltName=IP:127.0.0.1,DNS:models.example\n")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self.openssl(folder, "req", "-x509", *key, "-days", 2, "-subj", "/CN=an authority", "-keyout", "ca.key", "-out", "ca.pem")
        self.openssl(folder, "req", *key, "-subj", "/CN=a server", "-keyout", "server.key", "-out", "server.csr")
        self.openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", 2, "-extfile", extra,
                     "-out", "server.crt")
        self.chain.write_bytes((Path(folder) / "server.crt").read_bytes() + (Path(folder) / "server.key").read_bytes())

    @staticmethod
    def openssl(folder, *args):
        done = subprocess.run(["openssl", *map(str, args)], cwd=folder, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise unittest.SkipTest(f"openssl {args[0]}: {done.stderr.decode()}")

    def context(self, *protocols):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain)
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context


# ---- HTTP/2, as little of it as a reply needs: no header is read ----

DATA, HEADERS, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 4, 6, 7, 8
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8


class Http2(socketserver.BaseRequestHandler):
    def read(self, n):
        data = b""
        while len(data) < n:
            more = self.request.recv(n - len(data))
            if not more:
                raise ConnectionError("it ended")
            data += more
        return data

    def send(self, kind, flags, stream, payload=b""):
        self.request.sendall(struct.pack("!I", len(payload))[1:] + bytes((kind, flags)) + struct.pack("!I", stream) + payload)

    def answer(self, stream, body):
        owner = self.server.owner
        seen = {"path": "/v1/chat/completions", "headers": [], "body": body, "protocol": self.request.selected_alpn_protocol()}
        with owner.lock:
            owner.seen.append(seen)
        status, data, headers = owner.reply(seen)
        assert status == 200
        value = headers["Content-Type"].encode()
        self.send(HEADERS, END_HEADERS, stream, b"\x88\x0f\x10" + bytes((len(value),)) + value)       # :status 200, content-type
        for at in range(0, len(data), 16384):
            self.send(DATA, END_STREAM if at + 16384 >= len(data) else 0, stream, data[at:at + 16384])

    def handle(self):
        bodies = {}
        assert self.read(24) == b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        self.send(SETTINGS, 0, 0)
        while True:
            head = self.read(9)
            kind, flags, stream = head[3], head[4], struct.unpack("!I", head[5:])[0]
            payload = self.read(int.from_bytes(head[:3], "big"))
            if kind == SETTINGS and not flags & ACK:
                self.send(SETTINGS, ACK, 0)
            elif kind == PING and not flags & ACK:
                self.send(PING, ACK, 0, payload)
            elif kind == DATA:
                assert not flags & PADDED
                bodies[stream] = bodies.get(stream, b"") + payload
                if payload:
                    for to in (0, stream):
                        self.send(WINDOW, 0, to, struct.pack("!I", len(payload)))
            if kind in (DATA, HEADERS) and flags & END_STREAM:
                self.answer(stream, bodies.pop(stream, b""))


# ---- a proxy ----

class Proxy(lhlive.Requests):
    """Requests with a whole address are handed on by the owner's reply function; CONNECT is noted in `tunnels`."""

    def do_CONNECT(self):
        owner = self.server.owner
        with owner.lock:
            owner.tunnels.append((self.path, dict(self.headers.items())))
        to = socket.create_connection(("127.0.0.1", int(self.path.rsplit(":", 1)[1])), timeout=lhlive.SOON)
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        while True:
            ready, _, _ = select.select((self.connection, to), (), (), lhlive.SOON)
            for a in ready:
                data = a.recv(65536)
                if not data:
                    to.close()
                    self.close_connection = True
                    return
                (to if a is self.connection else self.connection).sendall(data)
            if not ready:
                return


class Tls(lhlive.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not shutil.which("openssl"):
            raise unittest.SkipTest("there is no openssl to make certificates with")
        cls.made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.made.cleanup)
        cls.certificates = Certificates(cls.made.name)

    def setUp(self):
        super().setUp()
        self.server = self.serve("--sim", SIM)
        self.here = self.measured(self.plain(*RUN, "--model", SIM, "-o", "none"))

    def front(self, *protocols, **more):
        front = self.fake(lhlive.forward(self.server), context=self.certificates.context(*protocols), **more)
        front.url = f"https://127.0.0.1:{front.port}/v1"
        return front

    def proxy(self, reply=None):
        proxy = self.fake(reply or lhlive.forward(self.server), handler=Proxy)
        proxy.tunnels = []
        proxy.url = f"http://127.0.0.1:{proxy.port}"
        return proxy

    def check(self, model, *more, env=None):
        self.assertEqual(self.measured(self.plain(*RUN, "--model", model, "-o", "run.db", "--new", *more, env=env)), self.here, f"{model} {env}")

    def trusting(self, variable="SSL_CERT_FILE", **more):
        return {variable: str(self.certificates.authority), **more}

    # ---- certificates ----

    def assertRefused(self, front, url, env, word="certificate"):
        done = self.longhaul(*RUN, "--model", self.model(url), "-o", "refused.db", env=env)
        self.assertEqual(done.code, 4, str(done))
        self.assertIn(word, done.err)
        self.assertLess(len(done.err), 1500, "one sentence for all calls")
        self.assertEqual(front.seen, [], "something was sent")

    def test_refused(self):
        front = self.front()
        other = Path(self.made.name) / "other"
        other.mkdir(exist_ok=True)
        stranger = Certificates(other).authority
        self.assertRefused(front, front.url, {})
        self.assertRefused(front, front.url, {"SSL_CERT_FILE": str(stranger)})
        self.assertRefused(front, f"https://localhost:{front.port}/v1", self.trusting())       # the certificate is another name's
        self.assertRefused(front, front.url, {"CURL_CA_BUNDLE": str(stranger), **self.trusting()})

    def test_accepted(self):
        front = self.front()
        for n, (variable, form, jobs) in enumerate((("SSL_CERT_FILE", "openai", 1), ("CURL_CA_BUNDLE", "openai_responses", 0), ("SSL_CERT_FILE", "openai", 4))):
            self.check(self.model(front.url, form), "--jobs", jobs, env=self.trusting(variable))
            self.assertEqual(len(front.seen), 96 * (n + 1))

    def test_plain_server(self):
        """https to a server that speaks none is refused for good, not tried on and on."""
        plain = self.fake(lhlive.forward(self.server))
        self.assertRefused(plain, f"https://127.0.0.1:{plain.port}/v1", self.trusting(), "TLS")

    def test_key(self):
        """Over https a key goes along, by a name that is no loopback's."""
        front = self.front()
        proxy = self.proxy()
        url = f"https://models.example:{front.port}/v1"
        env = self.trusting(https_proxy=proxy.url, NAME_OF_IT="sk-a-key-for-models-example")
        self.check(self.model(url, key_env="NAME_OF_IT"), env=env)
        for seen in front.seen:
            self.assertEqual(dict(seen["headers"])["Authorization"], "Bearer sk-a-key-for-models-example")
        self.assertEqual(len(front.seen), 96)
        self.assertNotIn("sk-a-key", str(proxy.tunnels), "the proxy was told the key")
        self.assertEqual({where for where, _ in proxy.tunnels}, {f"models.example:{front.port}"})

    # ---- HTTP/2 ----

    def test_http2(self):
        features = subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout if shutil.which("curl") else ""
        if not ssl.HAS_ALPN or "HTTP2" not in features:
            raise unittest.SkipTest("no HTTP/2 here")
        front = self.front("h2", handler=Http2)
        for stream in ("true", "false"):
            self.check(self.model(front.url, http2="true", stream=stream), env=self.trusting())
        self.assertEqual([s["protocol"] for s in front.seen], ["h2"] * 192)

    def test_http2_where_there_is_none(self):
        front = self.front("http/1.1")
        self.check(self.model(front.url, http2="true"), env=self.trusting())
        self.assertEqual(len(front.seen), 96)

    # ---- proxies ----

    def test_http_proxy(self):
        """A name that only the proxy knows."""
        proxy = self.proxy()
        for jobs in (0, 1):
            self.check(self.model("http://models.example/v1"), "--jobs", jobs, env={"http_proxy": proxy.url})
        self.assertEqual({s["path"] for s in proxy.seen}, {"http://models.example/v1/chat/completions"})
        self.assertEqual(len(proxy.seen), 192)

    def test_all_proxy(self):
        proxy = self.proxy()
        self.check(self.model("http://models.example/v1"), env={"ALL_PROXY": proxy.url})
        self.assertEqual(len(proxy.seen), 96)

    def test_no_proxy(self):
        proxy = self.proxy()
        for name in ("NO_PROXY", "no_proxy"):
            self.check(self.model(self.server), env={"http_proxy": proxy.url, name: "example.org,127.0.0.1"})
        self.assertEqual((proxy.seen, proxy.tunnels), ([], []))
        self.check(self.model(self.server), env={"http_proxy": proxy.url, "NO_PROXY": "example.org"})
        self.assertEqual(len(proxy.seen), 96)

    def test_a_proxy_that_refuses(self):
        proxy = self.proxy(lambda seen: (407, {"error": "no"}))
        done = self.longhaul(*RUN, "--model", self.model("http://models.example/v1"), "-o", "none", env={"http_proxy": proxy.url})
        self.assertEqual(done.code, 4, str(done))
        self.assertIn("407", done.err)
        self.assertNotIn(str(proxy.port), done.err, "a proxy's address may hold a password")


if __name__ == "__main__":
    lhlive.unittest.main()
