"""A real browser without a window, for tests of pages: Chromium, spoken to through two pipes (its DevTools protocol)."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

HANG = 60                                 # s: a guard, no measure


def program():
    for name in (os.environ.get("LH_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and shutil.which(name):
            return shutil.which(name)
    return None


class Browser:
    """One page at a time. What the page complains about is in `complaints`; what it asked the network for, in `asked`."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_read, self.to = os.pipe()
        self.come, to_write = os.pipe()
        # The browser takes orders on descriptor 3 and answers on 4.
        self.process = subprocess.Popen(
            ["sh", "-c", f"exec \"$@\" 3<&{to_read} 4>&{to_write}", "sh", program(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
             f"--user-data-dir={self.folder.name}", "about:blank"],
            pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.rest, self.count, self.session = b"", 0, None
        self.events, self.complaints, self.asked = [], [], []
        try:
            page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
            self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(domain + ".enable")
        except Exception:
            self.close()
            raise

    def close(self):
        for fd in (self.to, self.come):
            try:
                os.close(fd)
            except OSError:
                pass
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def message(self):
        end = time.monotonic() + HANG
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.come], [], [], max(0, end - time.monotonic()))
            got = os.read(self.come, 1 << 20) if ready else b""
            if not got:
                raise RuntimeError("the browser does not answer")
            self.rest += got
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def take(self, event):
        kind, what = event.get("method"), event.get("params", {})
        self.events.append(kind)
        if kind in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown"):
            self.complaints.append(json.dumps(what)[:500])
        elif kind == "Log.entryAdded":
            self.complaints.append(what["entry"]["text"])
        elif kind == "Page.javascriptDialogOpening":
            self.complaints.append("a dialogue: " + what["message"])
        elif kind == "Network.requestWillBeSent":
            self.asked.append(what["request"]["url"][:200])

    def call(self, method, **params):
        self.count += 1
        order = {"id": self.count, "method": method, "params": params}
        if self.session:
            order["sessionId"] = self.session
        data = json.dumps(order).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        while True:
            m = self.message()
            if m.get("id") == self.count:
                if "error" in m:
                    raise RuntimeError(f"{method}: {m['error']}")
                return m["result"]
            self.take(m)

    def open(self, path):
        """Seconds until it was loaded."""
        self.events, self.complaints, self.asked = [], [], []
        began = time.monotonic()
        self.call("Page.navigate", url=path.resolve().as_uri())
        while "Page.loadEventFired" not in self.events:
            self.take(self.message())
        return time.monotonic() - began

    def screen(self, width, height=900, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", media="", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def value(self, expression):
        """Of JavaScript that we put into the page; its own policy allows none."""
        r = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in r:
            raise RuntimeError(json.dumps(r["exceptionDetails"])[:500])
        return r["result"].get("value")

    def key(self, key, code=None, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, text=text if kind == "keyDown" else "",
                      windowsVirtualKeyCode={"Tab": 9, " ": 32, "Enter": 13}.get(key, 0))

    def picture(self, path):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def print_pages(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])
