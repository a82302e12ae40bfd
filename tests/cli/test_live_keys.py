"""A key reaches its server, and nothing else: no file, no output, no other process's memory, no other host; and an
experiment file that came from somewhere sends nothing anywhere that was not allowed on the command line."""
import json
import os
import random
import string
import tempfile
import threading
import unittest
from pathlib import Path

import lhcli
import lhlive

HEADER = {"openai": ("Authorization", "Bearer "), "anthropic": ("x-api-key", ""), "openai_responses": ("Authorization", "Bearer ")}
REGION_MOST = 256 << 20                   # bytes of one mapping that are searched
LENGTH = 40                               # of a key's part that no text holds by chance: a third of it


def new_key():
    luck = random.SystemRandom()
    return "sk-" + "".join(luck.choices(string.ascii_letters + string.digits + "/+", k=120)) + "=="


def parts(key):
    """A key cut in half is no longer found whole."""
    return [key[i:i + LENGTH].encode() for i in range(0, len(key) - LENGTH + 1, LENGTH)]


def regions(pid):
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, mode, *rest = line.split()
        low, high = (int(x, 16) for x in span.split("-"))
        if mode.startswith("r") and not (rest[3:] and rest[3] in ("[vvar]", "[vsyscall]", "[vvar_vclock]")):
            yield low, min(high - low, REGION_MOST)


def memory_holds(pid, wanted):
    """Where in a process's memory one of these bytes lies; None: nowhere."""
    searched = 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for low, size in regions(pid):
            before = b""
            for at in range(low, low + size, 1 << 20):
                try:
                    memory.seek(at)
                    page = memory.read(min(1 << 20, low + size - at))
                except OSError:
                    break
                searched += len(page)
                for w in wanted:
                    if w in before + page:
                        return f"{at:x}"
                before = page[-200:]
    assert searched > 1 << 20, "nothing was searched"
    return None


class Keys(lhlive.Case):
    def setUp(self):
        super().setUp()
        self.key = new_key()
        elsewhere = tempfile.TemporaryDirectory()
        self.addCleanup(elsewhere.cleanup)
        self.key_file = Path(elsewhere.name) / "key"
        self.key_file.write_text(f"  {self.key}\n")

    def source(self, kind):
        """(options of the model, environment)."""
        return ({"key_env": "NAME_OF_IT"}, {"NAME_OF_IT": self.key}) if kind == "key_env" else ({"key_file": self.key_file}, {})

    def assertNowhere(self, done, where):
        wanted = parts(self.key)
        for name, data in [("stdout", done.raw), ("stderr", done.raw_err)] + [(str(p), p.read_bytes()) for p in self.folder.rglob("*") if p.is_file()]:
            for w in wanted:
                self.assertNotIn(w, data, f"{where}: the key, or a part of it, is in {name}")

    def assertSent(self, server, form):
        name, prefix = HEADER[form]
        self.assertTrue(server.seen, "nothing was sent")
        for seen in server.seen:
            self.assertEqual([v for n, v in seen["headers"] if n.lower() == name.lower()], [prefix + self.key])
            self.assertNotIn(self.key.encode(), seen["body"])
            self.assertNotIn(self.key, seen["path"])

    # ---- servers that repeat it ----

    def whole(self, form):
        """The key in every text of a reply."""
        key, more = self.key, {"model": f"m {self.key}", "id": self.key}
        said = lhlive.answer_of(form, f"I know {key}. <answer>{key}</answer>", **more)
        if form == "openai":
            said["choices"][0]["message"].update(reasoning_content=f"it is {key}", kept_by_server={"a": [key, "b"]})
            said["system_fingerprint"] = key
        elif form == "anthropic":
            said["content"].insert(0, {"type": "thinking", "thinking": f"it is {key}", "signature": key})
        else:
            said["output"].insert(0, {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": key}], "encrypted_content": key})
        return json.dumps(said)

    def stream(self):
        """The same in pieces, cut within the key."""
        def chunk(delta, end=None):
            return {"id": self.key, "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
        cut = len(self.key) // 2
        events = [chunk({"role": "assistant", "content": "<answer>1</answer> "})]
        events += [chunk({name: part}) for name in ("reasoning_content", "content") for part in (self.key[:cut], self.key[cut:], " ")]
        events += [chunk({}, "stop")]
        return "".join(f"data: {json.dumps(e)}\n\n" for e in events) + "data: [DONE]\n\n"

    def echo(self, form):
        """Errors at first, each longer than what of a server's words is kept, then replies."""
        count = [0]

        def reply(seen):
            count[0] += 1
            n, headers = count[0], {"x-request-id": f"{self.key}", "request-id": self.key}
            if n == 2 or n == 3:
                words = "x" * (300 - len(self.key) // 2 * (n - 1)) + self.key
                return 503, {"error": {"type": "api_error", "message": words}}, headers
            if n == 4:
                return 400, {"error": {"type": "invalid_request_error", "message": f"what is {self.key}?"}}, headers
            if n == 5:
                return 500, f"<html>{self.key}".encode(), {**headers, "Content-Type": "text/html"}
            if json.loads(seen["body"]).get("stream"):
                return 200, self.stream().encode(), {**headers, "Content-Type": "text/event-stream"}
            text = self.whole(form)
            return 200, (text if n % 2 else text.replace("/", "\\/")).encode(), headers
        return reply

    def check_echo(self, form, kind, jobs, stream="false"):
        where = f"{form}, {kind}, {jobs} jobs, stream={stream}"
        server = self.fake(self.echo(form))
        options, env = self.source(kind)
        done = self.longhaul("run", "--turns", 4, "--samples", 3, "--model", self.model(server, form, stream=stream, **options), "--jobs", jobs,
                             "-o", "run.db", "--new", "--json", "run.json", env=env)
        self.assertIn(done.code, (0, 4), str(done))
        self.assertSent(server, form)
        self.assertNowhere(done, where)
        self.assertGreater(self.rows("run.db", "SELECT count(*) FROM message WHERE text LIKE '%[key]%'")[0][0], 3, "what was to be hidden never came")
        self.assertGreater(self.rows("run.db", "SELECT count(*) FROM attempt")[0][0], 2)
        for args in (("report", "run.db", "--json", "-"), ("report", "run.db"), ("transcript", "run.db", 0), ("transcript", "run.db", 0, "--as-sent", "--turn", 2)):
            self.assertNowhere(self.longhaul(*args), f"{where}: {args[0]}")

    def test_repeated_by_the_server(self):
        for form in lhlive.FORMATS:
            self.check_echo(form, "key_env", 1)
            self.check_echo(form, "key_file", 0)

    def test_repeated_in_pieces(self):
        self.check_echo("openai", "key_env", 2, stream="true")

    def test_repeated_by_who_refuses_it(self):
        """401: the run ends, and says so on stderr and in its file."""
        for form in lhlive.FORMATS:
            server = self.fake(lambda seen: (401, {"error": {"type": "authentication_error", "message": f"Incorrect API key provided: {self.key}"}}))
            options, env = self.source("key_env")
            done = self.longhaul("run", "--turns", 4, "--samples", 3, "--model", self.model(server, form, **options), "-o", "run.db", env=env)
            self.assertEqual(done.code, 4, str(done))
            self.assertIn("[key]", done.err)
            self.assertIn("NAME_OF_IT", done.err)
            self.assertSent(server, form)
            self.assertNowhere(done, form)

    def test_a_key_that_is_no_secret(self):
        """Servers of one's own take any key; "1" must not be hidden in answers."""
        sim = "sim:accuracy=0.9"
        server = self.serve("--sim", sim)
        args = ("run", "--turns", 8, "--samples", 5, "--no-timing", "--quiet")
        here = self.measured(self.plain(*args, "--model", sim, "-o", "none"))
        for key in ("1", "answer", "none"):
            ran = self.plain(*args, "--model", self.model(server, key_env="NAME_OF_IT"), "-o", "none", env={"NAME_OF_IT": key})
            self.assertEqual(self.measured(ran), here, key)

    # ---- processes ----

    def run_held(self, kind, jobs):
        """A run whose first requests wait for their replies: (its mark, the program, an event that lets it go on)."""
        go, came = threading.Event(), threading.Event()

        def reply(seen):
            came.set()
            go.wait(lhlive.SOON)
            return 200, lhlive.answer_of("openai", f"<answer>1</answer> {self.key}")
        self.held = self.fake(reply)
        self.addCleanup(go.set)
        options, env = self.source(kind)
        mark = f"keys-{os.getpid()}-{id(go)}"
        p = self.start("run", "--turns", 3, "--samples", 8, "--model", self.model(self.held, stream="false", **options), "--jobs", jobs, "-o", "run.db",
                       mark=mark, env={**env, "OPENAI_API_KEY": self.key, "MY_SECRET": self.key})
        self.assertTrue(came.wait(lhlive.SOON), "no request came")
        return mark, p, go

    def check_processes(self, kind, jobs):
        mark, p, go = self.run_held(kind, jobs)
        found = lhlive.processes(mark)
        self.assertEqual(len(found), jobs + 2 if jobs else 1, "supervisor, nursery, workers")
        for pid in found:
            for name in ("cmdline", "environ", "comm"):
                data = Path(f"/proc/{pid}/{name}").read_bytes()
                for w in parts(self.key):
                    self.assertNotIn(w, data, f"{kind}, {jobs} jobs: the key is in /proc/{pid}/{name} of {lhlive.name_of(pid)}")
        others = [pid for pid in found if pid != p.pid]
        if kind == "key_file" or not lhlive.sanitized():     # AddressSanitizer keeps a copy of the environment
            for pid in others:
                self.assertIsNone(memory_holds(pid, parts(self.key)), f"{kind}: the key is in the memory of {lhlive.name_of(pid)}")
        go.set()
        done = self.ended(p)
        self.assertEqual(done.code, 0, str(done))
        self.assertSent(self.held, "openai")
        self.assertNowhere(done, kind)

    def test_processes(self):
        self.check_processes("key_env", 2)

    def test_processes_one(self):
        self.check_processes("key_env", 0)

    def test_memory_of_workers(self):
        """Replies that repeated it have been handed on by then."""
        if lhlive.sanitized():
            raise unittest.SkipTest("AddressSanitizer keeps a copy of the environment")
        options, env = self.source("key_env")
        go, later = threading.Event(), threading.Event()

        def reply(seen):
            if int(json.loads(seen["body"])["metadata"]["turn"]) > 4:
                later.set()
                go.wait(lhlive.SOON)
            return 200, self.whole("openai").encode()
        server = self.fake(reply)
        self.addCleanup(go.set)
        mark = f"memory-{os.getpid()}-{id(go)}"
        p = self.start("run", "--turns", 6, "--samples", 4, "--model", self.model(server, stream="false", **options), "--jobs", 2, "-o", "run.db", mark=mark, env=env)
        self.assertTrue(later.wait(lhlive.SOON), "no request came")
        for pid in lhlive.processes(mark):
            if pid != p.pid:
                self.assertIsNone(memory_holds(pid, parts(self.key)), lhlive.name_of(pid))
        self.assertIsNotNone(memory_holds(p.pid, parts(self.key)), "the search finds nothing where the key must be")
        go.set()
        self.assertEqual(self.ended(p).code, 0)

    # ---- hosts ----

    def test_the_default_key_stays_at_home(self):
        """OPENAI_API_KEY is for api.openai.com over https, and for nobody else."""
        env = {"OPENAI_API_KEY": self.key, "ANTHROPIC_API_KEY": self.key}
        for form in lhlive.FORMATS:
            server = self.fake(lambda seen: (200, lhlive.answer_of(form, "<answer>1</answer>")))
            done = self.good("run", "--turns", 2, "--samples", 2, "--model", self.model(server, form, stream="false"), "-o", "none", env=env)
            self.assertEqual(len(server.seen), 4)
            for seen in server.seen:
                self.assertEqual([n for n, v in seen["headers"] if n.lower() in ("authorization", "x-api-key", "api-key") or self.key in v], [])
            self.assertNowhere(done, form)

    def test_no_key_in_clear(self):
        """Over http a key goes to this machine alone: refused before anything is sent or made."""
        options, env = self.source("key_env")
        for url in ("http://models.example/v1", "http://192.0.2.1:8000/v1", "http://127.0.0.1.example/v1", "http://localhost.example/v1"):
            for kind in ("key_env", "key_file"):
                options, env = self.source(kind)
                done = self.longhaul("run", "--model", self.model(url, **options), "-o", "run.db", env=env)
                self.assertEqual(done.code, 2, str(done))
                self.assertIn("https", done.err)
                self.assertIn(kind, done.err)
                self.assertNowhere(done, url)
        self.assertFalse(self.path("run.db").exists())

    def test_no_key_through_a_proxy_in_clear(self):
        proxy = self.fake(lambda seen: (200, lhlive.answer_of("openai", "<answer>1</answer>")))
        server = self.fake(lambda seen: (200, lhlive.answer_of("openai", "<answer>1</answer>")))
        options, env = self.source("key_env")
        self.good("run", "--turns", 2, "--samples", 2, "--model", self.model(server, stream="false", **options), "-o", "none",
                  env={**env, "http_proxy": f"http://127.0.0.1:{proxy.port}"})
        self.assertSent(server, "openai")
        self.assertEqual(proxy.seen, [])

    # ---- experiment files ----

    def file_run(self, models, *args, env=None, more=""):
        self.write("e.lua", f"return {{ turns = 2, samples = 2, {more} models = {{ {models} }} }}")
        return self.longhaul("run", "e.lua", "-o", "none", *args, env=env)

    def refused(self, word, *args, **more):
        done = self.file_run(*args, **more)
        self.assertEqual(done.code, 2, str(done))
        self.assertIn(word, done.err)
        self.assertNowhere(done, word)
        return done

    def test_files_name_no_servers(self):
        server = self.fake(lambda seen: (200, lhlive.answer_of("openai", "<answer>1</answer>")))
        url, env = f"http://127.0.0.1:{server.port}/v1", {"NAME_OF_IT": self.key, "OPENAI_API_KEY": self.key}
        plain = f'"openai:m,stream=false,base_url={url}"'
        as_table = f'{{ "openai:m", base_url = "{url}", stream = false }}'
        keyed = f'"openai:m,stream=false,base_url={url},key_env=NAME_OF_IT"'
        for models in (plain, as_table, keyed, f'"openai:m,stream=false,base_url={url},key_file={self.key_file}"', f'"sim", {plain}'):
            self.refused("--allow-endpoint", models, env=env)
            self.refused("--allow-endpoint", models, "--allow-endpoint", "127.0.0.2", env=env)
            self.refused("--allow-endpoint", models, "--allow-process", env=env)
        self.refused("--allow-endpoint", '"openai:m,key_env=NAME_OF_IT"', env=env)
        self.refused("--allow-endpoint", '"anthropic:m,key_env=NAME_OF_IT"', "--allow-endpoint", "api.openai.com", env=env)
        self.assertEqual(server.seen, [])
        for models in (plain, keyed):
            done = self.file_run(models, "--allow-endpoint", "127.0.0.1", env=env)
            self.assertEqual(done.code, 0, str(done))
        self.assertEqual(len(server.seen), 8)

    def test_files_cannot_hide_a_host(self):
        for url in ("http://127.0.0.1@other.example/v1", "http://other.example:80/127.0.0.1/v1", "http://127.0.0.1.other.example/v1",
                    "http://other.example#127.0.0.1", "http://other.example?127.0.0.1", "http:\\\\other.example/v1", "http://[::ffff:127.0.0.1]/v1"):
            done = self.file_run(json.dumps(f"openai:m,base_url={url}"), "--allow-endpoint", "127.0.0.1")
            self.assertEqual(done.code, 2, str(done))

    def test_files_start_no_commands(self):
        self.refused("--allow-process", f'"process:touch {self.folder}/made"')
        self.refused("--allow-process", f'"process:touch {self.folder}/made"', "--allow-endpoint", "127.0.0.1")
        self.assertFalse(self.path("made").exists())

    def test_files_cannot_allow_themselves(self):
        url = "http://127.0.0.1:9/v1"
        for more in ("allow_process = true,", "['allow-process'] = true,", "allow_endpoint = '127.0.0.1',", "allow_endpoints = { '127.0.0.1' },",
                     "['allow-endpoint'] = { '127.0.0.1' },"):
            done = self.file_run(f'"openai:m,base_url={url}"', more=more)
            self.assertEqual(done.code, 2, str(done))
            done = self.file_run(f'"process:touch {self.folder}/made"', more=more)
            self.assertEqual(done.code, 2, str(done))
        self.assertFalse(self.path("made").exists())


if __name__ == "__main__":
    lhlive.unittest.main()
