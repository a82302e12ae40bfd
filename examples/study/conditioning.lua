-- Figure 5: what is in view before turn 100 is made, with a chosen share of wrong answers; beside it the natural run.
return {
  tasks = { { "kv_sum", keys = 100 } },
  models = { { "sim", accuracy = 0.98, context = 0.8, self_conditioning = 3 } },
  policies = { "full_history", { "window", n = 5 } },
  histories = {
    "own", "restated", "filler", "clean",
    { "injected", rate = { 0.25, 0.5, 0.75, 1 } },
    { "propagated", rate = { 0.05, 0.1, 0.2, 0.4 } },
  },
  probe_turns = { 1, "last" },
  turns = 100, samples = 400, seed = 1,
}
