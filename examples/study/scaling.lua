-- Figure 4: models of rising step accuracy, one step a turn, 100 turns. All lose a little with every doubling of the history.
local models = {}
for _, accuracy in ipairs { 0.90, 0.97, 0.99, 0.997 } do
  models[#models + 1] = { "sim", accuracy = accuracy, context = 0.35 }
end
return {
  tasks = { { "kv_sum", keys = 100 } },
  models = models,
  turns = 100, samples = 100, horizon = { 0.5, 0.8, 0.9 }, seed = 1,
}
