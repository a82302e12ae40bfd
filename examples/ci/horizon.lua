-- What a change must not break: how far the model gets, under the policy that is used, and at what price.
--     sh examples/ci/step.sh examples/ci/horizon.lua examples/ci/replies.jsonl
return {
  tasks = { { "kv_sum", keys = 100 } },
  models = { "openai:gpt-5-mini" },
  policies = { { "window", n = 5 } },
  turns = 8,
  samples = 40,
  seed = 1,
  gates = {
    "horizon(0.5) >= 4",
    "turn_error_rate <= 0.2",
    "tokens_per_turn <= 4000",
  },
}
