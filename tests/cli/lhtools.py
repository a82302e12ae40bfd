"""A model that uses tools, as a server of its own: it reads the messages of a request in any of the three formats,
refuses what a provider would refuse, calls get_value for each key of the last message, and adds up what it is given.
It knows nothing of the task but what a request says."""
import hashlib
import json
import re

ANSWER = re.compile(r"<answer>(-?\d+)</answer>")
TOOL = "get_value"


class Refused(Exception):
    """A request that a provider answers with 400."""


def need(true, why):
    if not true:
        raise Refused(why)


# ---- what a request says, whatever its format: (role, text, calls, thinks); a result's calls is the id it answers ----

def of_openai(body):
    tools = {t["function"]["name"]: t["function"]["parameters"] for t in body.get("tools", []) if t["type"] == "function"}
    said = []
    for m in body["messages"]:
        calls = []
        for c in m.get("tool_calls") or []:
            need(c["type"] == "function" and set(c) <= {"id", "type", "function", "extra_content"}, f"tool_calls: {c}")
            need(isinstance(c["function"]["arguments"], str), "arguments are text in this format")
            calls.append((c["id"], c["function"]["name"], c["function"]["arguments"]))
        if m["role"] == "tool":
            said.append(("tool", m["content"], m["tool_call_id"], None))
        else:
            need(isinstance(m["content"], str) or (m["content"] is None and calls), f"content: {m}")
            said.append((m["role"], m["content"] or "", calls, m.get("reasoning_content")))
    return tools, said


def of_anthropic(body):
    tools = {t["name"]: t["input_schema"] for t in body.get("tools", [])}
    said = [("system", body["system"], [], None)]
    for m in body["messages"]:
        blocks = [{"type": "text", "text": m["content"]}] if isinstance(m["content"], str) else m["content"]
        results = [b for b in blocks if b["type"] == "tool_result"]
        need(not results or blocks[:len(results)] == results, "results stand in front of everything else")
        for b in results:
            said.append(("tool", b["content"], b["tool_use_id"], None))
        text = [b["text"] for b in blocks if b["type"] == "text"]
        need(all(t.strip() for t in text), "text content blocks must be non-empty")
        calls = [(b["id"], b["name"], json.dumps(b["input"])) for b in blocks if b["type"] == "tool_use"]
        need(all(isinstance(b["input"], dict) for b in blocks if b["type"] == "tool_use"), "input: Input should be a valid dictionary")
        thinks = [b["signature"] for b in blocks if b["type"] == "thinking"]
        if text or calls or thinks:
            said.append((m["role"], "\n\n".join(text), calls, thinks[0] if thinks else None))
    return tools, said


def of_openai_responses(body):
    tools = {t["name"]: t["parameters"] for t in body.get("tools", []) if t["type"] == "function"}
    said, sealed = [("system", body["instructions"], [], None)], None
    for m in body["input"]:
        kind = m.get("type", "message")
        if kind == "reasoning":
            sealed = m["encrypted_content"]
        elif kind == "function_call":
            call = (m["call_id"], m["name"], m["arguments"])
            if said[-1][0] == "assistant":
                said[-1][2].append(call)
            else:
                said.append(("assistant", "", [call], sealed))
            sealed = None
        elif kind == "function_call_output":
            said.append(("tool", m["output"], m["call_id"], None))
        else:
            content = m["content"]
            text = content if isinstance(content, str) else "".join(p["text"] for p in content)
            said.append((m["role"], text, [], sealed))
            sealed = None
    return tools, said


READ = {"openai": of_openai, "anthropic": of_anthropic, "openai_responses": of_openai_responses}


def check_pairs(said):
    """Each call is answered once, right behind the message that makes it; nothing else is answered."""
    open_calls = []
    for role, text, calls, _ in said:
        if role == "tool":
            need(calls in open_calls, f"a result of {calls}, which was not called right before")
            open_calls.remove(calls)
            continue
        need(not open_calls, f"calls without a result: {open_calls}")
        if role == "assistant":
            open_calls = [c[0] for c in calls]
    need(not open_calls, f"calls without a result: {open_calls}")


def seal(said):
    """What a thought behind these messages is signed with."""
    return hashlib.sha256(json.dumps([s[:3] for s in said]).encode()).hexdigest()


# ---- the model ----

class Worker:
    """reply(said, tools) of a model that calls at most `at_once` tools in one reply (0: all), and thinks where `thinks`."""

    def __init__(self, form, at_once=0, thinks=False, text="", act=None, stream=True, ids=True):
        self.form, self.at_once, self.thinks, self.text, self.act, self.stream, self.ids = form, at_once, thinks, text, act, stream, ids
        self.refused, self.made = [], 0

    def check(self, body, tools, said):
        check_pairs(said)
        need(said[-1][0] in ("user", "tool"), "the last message is neither the user's nor a result")
        need(set(tools) == {TOOL}, f"tools: {sorted(tools)}")
        need(tools[TOOL]["type"] == "object" and tools[TOOL]["required"] == ["key"], f"schema: {tools[TOOL]}")
        if not self.thinks:
            return
        last = max(i for i, s in enumerate(said) if s[0] == "user")
        for i, (role, _, calls, signature) in enumerate(said):
            if role == "assistant" and calls and i > last:
                need(signature, "the final assistant message must start with a thinking block")
            if role == "assistant" and signature and self.form != "openai":
                need(signature == seal(said[:i]), "Invalid `signature` in `thinking` block. The block is bound to a different conversation.")

    def next(self, said):
        """(calls, text) of the next reply."""
        last = max(i for i, s in enumerate(said) if s[0] == "user")
        keys = said[last][1].split("\n\n")[-1].split(", ")
        totals = [ANSWER.findall(s[1])[-1] for s in said[1:last + 1] if s[0] != "tool" and ANSWER.search(s[1])]
        asked, known = {}, {}
        for role, text, calls, _ in said[last + 1:]:
            if role == "assistant":
                asked.update({c[0]: json.loads(c[2])["key"] for c in calls})
            elif text.startswith("{\"value\""):
                known[asked[calls]] = json.loads(text)["value"]
        missing = [k for k in keys if k not in known]
        if missing:
            return [(TOOL, json.dumps({"key": k}, ensure_ascii=False)) for k in missing[:self.at_once or None]], self.text
        return [], f"<answer>{int(totals[-1] if totals else 0) + sum(known[k] for k in keys)}</answer>"

    def reply(self, seen):
        body = json.loads(seen["body"])
        tools, said = READ[self.form](body)
        try:
            self.check(body, tools, said)
            calls, text = (self.act or Worker.next)(self, said)
        except Refused as e:
            self.refused.append(str(e))
            return 400, {"type": "error", "error": {"type": "invalid_request_error", "message": str(e)}}
        names = []
        for _ in calls:
            self.made += 1
            names.append(f"call-{self.made}" if self.ids else "")
        whole = WRITE[self.form](text, [(i, *c) for i, c in zip(names, calls)], seal(said) if self.thinks else None)
        if not body.get("stream"):
            return 200, whole
        events = "".join(STREAM[self.form](whole))
        return 200, events.encode(), {"Content-Type": "text/event-stream"}


# ---- replies ----

USAGE = {"openai": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}, "anthropic": {"input_tokens": 9, "output_tokens": 5},
         "openai_responses": {"input_tokens": 9, "output_tokens": 5, "total_tokens": 14}}


def to_openai(text, calls, sealed):
    m = {"role": "assistant", "content": text or None}
    if sealed:
        m["reasoning_content"] = "let me see"
    if calls:
        m["tool_calls"] = [{"id": i, "type": "function", "function": {"name": n, "arguments": a}} for i, n, a in calls]
    return {"id": "c", "object": "chat.completion", "model": "m", "usage": USAGE["openai"],
            "choices": [{"index": 0, "message": m, "finish_reason": "tool_calls" if calls else "stop"}]}


def to_anthropic(text, calls, sealed):
    content = [{"type": "thinking", "thinking": "let me see", "signature": sealed}] if sealed else []
    content += [{"type": "text", "text": text}] if text else []
    content += [{"type": "tool_use", "id": i, "name": n, "input": json.loads(a)} for i, n, a in calls]
    return {"id": "msg", "type": "message", "role": "assistant", "model": "m", "content": content, "stop_reason": "tool_use" if calls else "end_turn",
            "stop_sequence": None, "usage": USAGE["anthropic"]}


def to_openai_responses(text, calls, sealed):
    out = [{"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": sealed}] if sealed else []
    out += [{"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": text, "annotations": []}]}] if text else []
    out += [{"type": "function_call", "id": f"fc_{i}", "call_id": i, "name": n, "arguments": a, "status": "completed"} for i, n, a in calls]
    return {"id": "r", "object": "response", "status": "completed", "model": "m", "error": None, "incomplete_details": None, "output": out,
            "usage": USAGE["openai_responses"]}


WRITE = {"openai": to_openai, "anthropic": to_anthropic, "openai_responses": to_openai_responses}


def sse(data, name=None):
    return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"


def pieces(text):
    return [text[i:i + 5] for i in range(0, len(text), 5)]


def stream_openai(whole):
    m = whole["choices"][0]["message"]

    def delta(d, finish=None):
        return sse({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": d, "finish_reason": finish}]})
    yield delta({"role": "assistant", "content": None})
    for name in ("reasoning_content", "content"):
        for p in pieces(m.get(name) or ""):
            yield delta({name: p})
    for n, c in enumerate(m.get("tool_calls", [])):
        yield delta({"tool_calls": [{"index": n, "id": c["id"], "type": "function", "function": {"name": c["function"]["name"], "arguments": ""}}]})
        for p in pieces(c["function"]["arguments"]):
            yield delta({"tool_calls": [{"index": n, "function": {"arguments": p}}]})
    yield delta({}, whole["choices"][0]["finish_reason"])
    yield sse({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": whole["usage"]})
    yield "data: [DONE]\n\n"


def stream_anthropic(whole):
    def event(kind, **more):
        return sse({"type": kind, **more}, kind)
    yield event("message_start", message={**whole, "content": [], "stop_reason": None})
    for n, b in enumerate(whole["content"]):
        grown = {"text": ("text", "text_delta"), "thinking": ("thinking", "thinking_delta")}.get(b["type"])
        empty = {**b, grown[0]: ""} if grown else {**b, "input": {}}
        empty.pop("signature", None)
        yield event("content_block_start", index=n, content_block=empty)
        for p in pieces(b[grown[0]] if grown else json.dumps(b["input"])):
            yield event("content_block_delta", index=n, delta={"type": grown[1], grown[0]: p} if grown else {"type": "input_json_delta", "partial_json": p})
        if b["type"] == "thinking":
            yield event("content_block_delta", index=n, delta={"type": "signature_delta", "signature": b["signature"]})
        yield event("content_block_stop", index=n)
    yield event("message_delta", delta={"stop_reason": whole["stop_reason"], "stop_sequence": None}, usage={"output_tokens": 5})
    yield event("message_stop")


def stream_openai_responses(whole):
    for n, item in enumerate(whole["output"]):
        yield sse({"type": "response.output_item.done", "output_index": n, "item": item}, "response.output_item.done")
    yield sse({"type": "response.completed", "response": whole}, "response.completed")


STREAM = {"openai": stream_openai, "anthropic": stream_anthropic, "openai_responses": stream_openai_responses}
