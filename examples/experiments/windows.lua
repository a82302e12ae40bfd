-- How much history helps? Windows of several lengths against the whole history.
--     longhaul run examples/experiments/windows.lua
local policies = { "full_history", "reset" }
for _, n in ipairs { 1, 5, 25 } do
  policies[#policies + 1] = { "window", n = n }
end

return {
  tasks = { { "kv_sum", keys = 100 } },
  models = { "sim:accuracy=0.97,context=0.3,self_conditioning=4,contagion=0.3" },
  policies = policies,
  turns = 100,
  samples = 100,
  seed = 1,
  horizon = { 0.5, 0.8, 0.9 },
}
