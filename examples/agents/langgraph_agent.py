"""A LangGraph agent: a graph of one node, with a checkpointer as its memory where there are sessions."""
import os
import uuid
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from serve import members_of, serve

model = ChatOpenAI(model=os.environ.get("OPENAI_MODEL", "default"), base_url=os.environ["OPENAI_BASE_URL"],
                   api_key=os.environ.get("OPENAI_API_KEY") or "none", max_retries=0)       # longhaul tries again, and counts it


def call_model(state, config):
    call = dict(config["configurable"]["call"])
    body = {"extra_body": {"metadata": call.pop("metadata")}} if "metadata" in call else {}
    return {"messages": [model.invoke(state["messages"], **call, **body)]}


graph = StateGraph(MessagesState).add_node("model", call_model).add_edge(START, "model")
forgetful, remembering = graph.compile(), graph.compile(checkpointer=InMemorySaver())


def start(params):
    thread = str(uuid.uuid4())
    remembering.update_state({"configurable": {"thread_id": thread}}, {"messages": [("system", params["system"])]}, as_node="model")
    return thread


def answer(thread, params):
    app = forgetful if thread is None else remembering
    config = {"configurable": {"thread_id": thread, "call": members_of(params)}}
    given = params["messages"] if thread is None else [("user", "".join(p["text"] for p in params["prompt"]))]
    failed = thread is not None and app.get_state(config).next           # the prompt is in the thread, its answer is not
    last = app.invoke(None if failed else {"messages": given}, config)["messages"][-1]
    usage, meta = last.usage_metadata or {}, last.response_metadata
    return {"text": last.text, "model": meta.get("model_name"), "usage": {k: usage[k] for k in ("input_tokens", "output_tokens") if k in usage},
            "stopReason": "max_tokens" if meta.get("finish_reason") == "length" else "end_turn"}


serve(answer, start)
