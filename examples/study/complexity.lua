-- Figure 12: 120 steps in all, asked in more or fewer turns.
return {
  tasks = { { "kv_sum", keys = 100 } },
  models = { { "sim", accuracy = 0.998, context = 1.2, self_conditioning = 4 } },
  steps = 120, steps_per_turn = { 1, 2, 3, 5, 8, 12, 24, 40, 60, 120 },
  samples = 400, seed = 1,
}
