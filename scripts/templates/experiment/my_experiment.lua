-- Which question does this answer? Here: does a short window with the last answer restated err less than the whole history?
--     longhaul run my_experiment.lua
-- The fields are the options of `longhaul run`, with underscores; those that take several have plurals. It is Lua in a
-- sandbox: a list may be built in a loop. Options on the command line replace a field. Fields in -- are off.
---@type longhaul.Experiment
return {
  -- What is tried. Each list is one axis of the grid. An entry is a text as on the command line, "window:n=5", or a table.
  tasks = { { "kv_sum", keys = 100 } },                    -- longhaul list tasks; longhaul show task kv_sum
  models = { { "sim", accuracy = 0.97, context = 0.3, self_conditioning = 4 } },      -- or "openai:NAME", "anthropic:NAME" …
  policies = { "full_history", { "state_carry", n = 2 } },         -- a path such as "./mine.lua" starts at this file's folder
  histories = { "own" },                                   -- besides made ones: "clean", { "injected", rate = { 0.25, 0.5 } } …
  -- plugins = { "./my_task.so" },                         -- task families of one's own, opened by file
  -- probe_turns = "1,last",                               -- with a made history: the turns asked; "all": every one

  -- How much.
  turns = 50,                                              -- of an episode
  samples = 60,                                            -- seeded samples, the same under every condition
  steps_per_turn = { 1 },                                  -- steps asked in one turn: one more axis
  -- steps = 50,                                           -- a fixed total instead of turns: turns = steps / steps_per_turn
  -- stop_at_error = true,                                 -- an episode ends at its first error: horizons need no more
  -- shard = "1/8",                                        -- of eight machines this is the first: longhaul merge -h
  -- sample = 7,                                           -- this sample only, from 0
  seed = 1,                                                -- names every random draw: the same seed, the same run
  -- single_turn = 0.8,                                    -- instead: search the most steps in one turn at this accuracy
  -- cap = 100,                                            -- samples for each number of steps of such a search, at most

  -- What is reported, and what must hold.
  horizon = { 0.5, 0.8, 0.9 },                             -- shares for which the horizon is reported
  against = "full_history",                                -- the policy that the others are compared with
  gates = { "[policy=state_carry] turn_error_rate <= 0.15" },     -- rules, by whole intervals: longhaul gate -h
  inconclusive = "neutral",                                -- a rule that is not decided: pass, fail or neutral (exit code 3)
  -- baseline = "baseline.json",                           -- what rules such as horizon(0.5) >= baseline * 0.9 compare with: longhaul export -h
  -- sequential = true,                                    -- stop sampling once every rule is decided; or the error allowed: 0.05
  output = "my_experiment.db",                             -- the run file; "none": keep nothing
  -- new = true,                                           -- begin a new run in a file that holds an unfinished one
  -- resume = true,                                        -- go on with the run in the file
  -- dry_run = true,                                       -- say what would be asked and about what it costs; send nothing

  -- Limits, for models that cost something. What they cut off counts as not observed, never as an error.
  -- max_calls = 10000,                                    -- requests
  -- max_tokens_total = 20000000,                          -- tokens, in and out
  -- max_cost = 5,                                         -- $; prices must be known
  -- price = "prices.json",                                -- MODEL → input, cached_input, output: $ a million tokens
  -- max_time = "2h",                                      -- from the start, such as 90s, 30m, 8h
  concurrency = 64,                                        -- calls in flight; results do not depend on it
  -- rps = 5,                                              -- requests a second to each host, at most
  -- tpm = 200000,                                         -- tokens a minute to each host, at most
  retries = 8,                                             -- attempts of a call before its episode is given up
  timeout = 600,                                           -- seconds allowed to a request
  -- skip_without_key = true,                              -- exit code 77 where a key is needed and not set
  -- jobs = 1,                                             -- worker processes for plugins and policies; 0: none
  -- stall = 10,                                           -- processor seconds that a plugin may hang
}
