"""A plain agent, without a framework: one call of an OpenAI-compatible server for each prompt.

OPENAI_BASE_URL  where the server is, such as http://127.0.0.1:8080/v1
OPENAI_MODEL     the model's name; may be left out where the server has only one
OPENAI_API_KEY   its key, where it needs one
"""
import json
import os
import sys
import urllib.request

from serve import members_of, serve

BASE = os.environ.get("OPENAI_BASE_URL") or sys.exit("loop.py: OPENAI_BASE_URL is not set: it names the server that is asked")


def ask(messages, params):
    body = {"messages": messages, **members_of(params)}
    if os.environ.get("OPENAI_MODEL"):
        body["model"] = os.environ["OPENAI_MODEL"]
    headers = {"Content-Type": "application/json"}
    if os.environ.get("OPENAI_API_KEY"):
        headers["Authorization"] = "Bearer " + os.environ["OPENAI_API_KEY"]
    request = urllib.request.Request(BASE.rstrip("/") + "/chat/completions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=600) as reply:
        return json.load(reply)


def start(params):
    return [{"role": "system", "content": params["system"]}] if params.get("system") else []


def answer(history, params):
    """history: of the session, ours to keep; None: the whole conversation is in the prompt."""
    new = params["messages"] if history is None else [{"role": "user", "content": "".join(p["text"] for p in params["prompt"])}]
    completion = ask((history or []) + new, params)
    choice, usage = completion["choices"][0], completion.get("usage") or {}
    message = choice["message"]
    text = message.get("content") or ""
    if history is not None:                              # only now: a call that failed leaves no trace
        history += new + [{"role": "assistant", "content": text}]
    result = {"text": text, "thoughts": message.get("reasoning_content") or message.get("reasoning") or "",
              "stopReason": "max_tokens" if choice.get("finish_reason") == "length" else "end_turn", "model": completion.get("model")}
    if "prompt_tokens" in usage:
        result["usage"] = {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}
    return result


serve(answer, start)
