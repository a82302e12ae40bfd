"""The protocol of longhaul's model process:… as a loop: JSON-RPC 2.0, one object a line, stdin to stdout.

serve(answer, start) calls
    start(params)          for session/new; what it returns is the session's state
    answer(state, params)  for session/prompt; state is None where there are no sessions. It returns a dict
                           with "text" and, as far as they are known, "thoughts", "stopReason", "usage", "model"
An exception becomes an error answer, which means: this prompt has left no trace, it may be sent again.
"""
import json
import os
import random
import sys

PASSING = {408, 409, 425, 429}                   # and 5xx: the same request may be answered another time


def seed_of(params):
    """A seed of this call's own, the same whenever the run is repeated."""
    meta = params.get("_meta", {})
    return random.Random("/".join(str(meta.get(k)) for k in ("seed", "sample", "turn", "call"))).getrandbits(31)


def members_of(params):
    """What a request to the model says of this call. AGENT_IDENTIFY=1: also which call it is, as `metadata`, for
    servers that tell calls apart."""
    meta = params.get("_meta", {})
    members = {"seed": seed_of(params)}
    if "maxTokens" in meta:
        members["max_tokens"] = meta["maxTokens"]
    if os.environ.get("AGENT_IDENTIFY"):
        members["metadata"] = {k: str(meta[k]) for k in ("seed", "sample", "turn", "call")}
    return members


def error_of(e):
    status = getattr(e, "status_code", None) or getattr(e, "code", None)
    wrong = isinstance(status, int) and 400 <= status < 500 and status not in PASSING
    words = e.read().decode("utf-8", "replace") if hasattr(e, "read") else ""     # urllib's errors hold the server's words
    return {"code": -32602 if wrong else -32000, "message": f"{type(e).__name__}: {e} {words}".strip()[:2000]}


def serve(answer, start=lambda params: None):
    out, sys.stdout = sys.stdout.buffer, sys.stderr      # what a library prints is no part of the protocol
    sessions = {}

    def handle(method, params):
        if method == "initialize":
            return {"protocolVersion": 1, "agentCapabilities": {}}
        if method == "session/new":
            name = f"session-{len(sessions) + 1}"
            sessions[name] = start(params)
            return {"sessionId": name}
        return answer(sessions[params["sessionId"]] if "sessionId" in params else None, params)

    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "id" not in request:                          # a notification, such as session/cancel: it comes too late here
            continue
        reply = {"jsonrpc": "2.0", "id": request["id"]}
        if request.get("method") not in ("initialize", "session/new", "session/prompt"):
            reply["error"] = {"code": -32601, "message": "no such method"}
        else:
            try:
                reply["result"] = handle(request["method"], request["params"])
            except Exception as e:
                reply["error"] = error_of(e)
        out.write(json.dumps(reply, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        out.flush()
