"""An agent of the OpenAI Agents SDK, over Chat Completions, so that any compatible server will do."""
import os

from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, RunConfig, Runner, set_tracing_disabled
from openai import AsyncOpenAI

from serve import members_of, serve

set_tracing_disabled(True)
client = AsyncOpenAI(base_url=os.environ["OPENAI_BASE_URL"], api_key=os.environ.get("OPENAI_API_KEY") or "none",
                     max_retries=0)                                      # longhaul tries again, and counts it
model = OpenAIChatCompletionsModel(model=os.environ.get("OPENAI_MODEL", "default"), openai_client=client)


def start(params):
    return {"instructions": params.get("system"), "items": []}


def answer(session, params):
    if session is None:                                                  # the whole conversation is in the prompt
        messages = [{"role": m["role"], "content": m["content"]} for m in params["messages"]]
        instructions = "\n\n".join(m["content"] for m in messages if m["role"] == "system") or None
        items = [m for m in messages if m["role"] != "system"]
    else:
        instructions = session["instructions"]
        items = session["items"] + [{"role": "user", "content": "".join(p["text"] for p in params["prompt"])}]
    agent = Agent(name="agent", instructions=instructions, model=model)
    call = members_of(params)
    settings = ModelSettings(max_tokens=call.get("max_tokens"), metadata=call.get("metadata"), extra_args={"seed": call["seed"]})
    result = Runner.run_sync(agent, items, run_config=RunConfig(model_settings=settings))
    if session is not None:                                              # only now: a run that failed leaves no trace
        session["items"] = result.to_input_list()
    usage = result.context_wrapper.usage
    return {"text": result.final_output, "usage": {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}}


serve(answer, start)
