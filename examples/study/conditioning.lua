-- Figure 5: what is in view before turn 100 is made, with a chosen share of wrong answers; beside it the natural run.
return {
  tasks = { { "kv_sum", keys = 100 } },
  models = { { "sim", accuracy = 0.97, context = 0.3, self_conditioning = 4, contagion = 0.3 } },
  histories = {
    "own", "restated", "filler", "clean",
    { "injected", rate = { 0.25, 0.5, 0.75, 1 } },
    { "propagated", rate = { 0.02, 0.05, 0.1, 0.2 } },
  },
  probe_turns = { 1, "last" },
  turns = 100, samples = 200, seed = 1,
}
