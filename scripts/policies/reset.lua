-- A fresh start at every call: the instructions, the last answer restated, the current prompt.
-- Use it where the state fits in one answer. Nothing else is remembered, right or wrong.
-- Cost: the least input of all policies; the instructions stay the same, so a prompt cache holds for them.
-- Elsewhere: fresh context, a window of zero; one step a call with minimal context (MAKER, arXiv 2511.09030).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Send the instructions, the last answer restated, and the prompt.",
  view = function(ep, history)
    return history:view():keep_last(0):restate(ep.state_shown)
  end,
}
