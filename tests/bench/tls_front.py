"""A slow model server over TLS, for the memory benchmark: every request waits, then gets the same short answer.

Makes its own certificate with openssl. The port is written last, so whoever has read it can connect."""
import argparse
import asyncio
import ssl
import subprocess
import tempfile
from pathlib import Path

CONTENT = b"""{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":
{"role":"assistant","content":"<answer>0</answer>"},"finish_reason":"stop"}],"usage":{"prompt_tokens":900,"completion_tokens":6,"total_tokens":906}}"""
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(CONTENT), CONTENT)
BACKLOG = 4096


def context(certificate):
    """A server's context; the certificate is its own authority, so a client needs nothing but that file."""
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=a benchmark", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", certificate],
                       check=True, capture_output=True, stdin=subprocess.DEVNULL)
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(certificate, key)
        return made


class Front:
    def __init__(self, hold):
        self.hold, self.waiting, self.most = hold, 0, 0

    async def wait(self):
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        await asyncio.sleep(self.hold)
        self.waiting -= 1

    async def talk(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(length)
                await self.wait()
                writer.write(ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass                         # the client is done
        finally:
            writer.close()

    async def note(self, path):
        while True:
            Path(path).write_text(f"{self.most}\n")
            await asyncio.sleep(0.2)


async def serve(options):
    front = Front(options.hold)
    server = await asyncio.start_server(front.talk, "127.0.0.1", 0, ssl=context(options.certificate), ssl_handshake_timeout=600, backlog=BACKLOG)
    Path(options.port_file).write_text(f"{server.sockets[0].getsockname()[1]}\n")
    async with server:
        await front.note(options.most_file)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port-file", required=True)
    parser.add_argument("--most-file", required=True, help="how many waited at once, at most so far")
    parser.add_argument("--certificate", required=True, help="where it goes, without the key")
    parser.add_argument("--hold", type=float, default=3, help="seconds that a request waits")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
