-- Figure 10: a sliding window of the last 1 or 25 turns, and a vote of ten, against sending everything.
return {
  tasks = { { "kv_sum", keys = 100 } },
  models = { { "sim", accuracy = 0.97, context = 0.3, self_conditioning = 4, contagion = 0.3 } },
  policies = {
    "full_history", { "window", n = 1 }, { "window", n = 25 }, { "majority_vote", n = 10 }, "heal",
  },
  turns = 100, samples = 100, seed = 1,
}
