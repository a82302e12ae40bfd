"""A program of its own, run by test_inspect.py with a Python that has inspect_ai: reads logs as Inspect does, and lets Inspect write one.
Says what it found as JSON."""
import json
import os
import sys
from pathlib import Path

import jsonschema
import inspect_ai
from inspect_ai import Task, eval as run_eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import list_eval_logs, read_eval_log, read_eval_log_sample_summaries, read_eval_log_samples
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, mean, scorer
from inspect_ai.solver import solver

sys.path.insert(0, str(Path(__file__).parent))
import zipfile                            # noqa: E402  (inspect_ai has taught it Zstandard)

# ---- read ----


def schema_errors(path):
    """What the viewer's schema, which is stricter than the reader, finds in a log."""
    document = json.loads((Path(inspect_ai.__file__).parent / "_view" / "inspect-openapi.json").read_text())
    found = []

    def check(value, name):
        validator = jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})
        found.extend(f"{name}: {list(e.absolute_path)[:6]}: {e.message[:200]}" for e in validator.iter_errors(value))
    with zipfile.ZipFile(path) as z:
        for name in z.namelist():
            value = json.loads(z.read(name))
            if name.startswith("samples/"):
                check(value, "EvalSample")
            elif name == "header.json":
                check(value, "EvalLog")
            elif "summaries" in name:
                for each in value:
                    check(each, "EvalSampleSummary")
    return found


def plain(value):
    return None if value != value else value


def of_sample(s):
    calls = [e for e in s.events if e.event == "model"]
    return {"id": s.id, "messages": len(s.messages), "roles": sorted({m.role for m in s.messages}), "inputs": [[[m.role, m.text] for m in e.input] for e in calls],
            "usage": {k: u.model_dump(exclude_none=True) for k, u in s.model_usage.items()}, "scores": {k: plain(v.value) for k, v in s.scores.items()},
            "limit": s.limit and [s.limit.type, s.limit.limit, s.limit.reason], "error": s.error and s.error.message, "reasoning": s.output.choices and
            [c.reasoning for c in s.output.message.content if c.type == "reasoning"] if s.output.choices and not isinstance(s.output.message.content, str) else [],
            "calls": [[c.function, c.arguments] for m in s.messages for c in getattr(m, "tool_calls", None) or ()], "events": sorted({e.event for e in s.events}),
            "turns": s.turn_count, "outcomes": s.metadata["outcomes"]}


def read(folder):
    found = {}
    for info in list_eval_logs(folder):
        log = read_eval_log(info, resolve_attachments=True)
        streamed = [s.id for s in read_eval_log_samples(info, all_samples_required=False)]
        summaries = read_eval_log_sample_summaries(info)
        found[os.path.basename(info.name)] = {
            "status": log.status, "task": info.task, "task_id": info.task_id == log.eval.task_id, "solver": log.eval.solver, "model": log.eval.model,
            "samples": [of_sample(s) for s in log.samples], "streamed": streamed, "summaries": [[s.id, s.message_count, s.limit, s.error] for s in summaries],
            "results": {s.name: [s.scored_samples, s.unscored_samples, {k: m.value for k, m in s.metrics.items()}] for s in log.results.scores},
            "usage": {k: u.model_dump(exclude_none=True) for k, u in log.stats.model_usage.items()}, "schema": schema_errors(info.name.removeprefix("file://")),
            "longhaul": log.eval.metadata["longhaul"]}
    return found


# ---- write ----

@solver
def turns():
    async def solve(state, generate):
        for keys in state.metadata["keys"]:
            state.messages.append(ChatMessageUser(content=keys))
            state = await generate(state)
        return state
    return solve


@scorer(metrics=[mean()])
def nothing():
    async def score(state, target):
        return Score(value=float("nan"))
    return score


def write(folder, plan):
    """plan: {"dictionary text": …, "samples": {id: {"keys": [prompt, …], "said": [reply, …]}}}"""
    by_first = {s["keys"][0]: s["said"] for s in plan["samples"].values()}

    def answer(messages, tools, tool_choice, config):
        said = by_first[messages[1].text][sum(m.role == "assistant" for m in messages)]
        output = ModelOutput.from_content("mockllm/model", said, stop_reason="max_tokens" if said.endswith("…") else "stop")
        output.usage = ModelUsage(input_tokens=90, input_tokens_cache_read=10, input_tokens_cache_write=5, output_tokens=7, total_tokens=112)
        return output
    samples = [Sample(id=name, input=[ChatMessageSystem(content=plan["dictionary text"])], metadata={"keys": s["keys"]}) for name, s in plan["samples"].items()]
    task = Task(dataset=MemoryDataset(samples), solver=turns(), scorer=nothing(), message_limit=plan["message_limit"])
    run_eval(task, model=get_model("mockllm/model", custom_outputs=answer), log_dir=folder, display="none", epochs=2)


if __name__ == "__main__":
    write(sys.argv[2], json.loads(Path(sys.argv[3]).read_text()))
    json.dump(read(sys.argv[1]), sys.stdout)
