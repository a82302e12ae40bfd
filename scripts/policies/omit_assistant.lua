-- The model sees what it was asked, not what it answered, but for the last answer, restated.
-- Use it to learn whether a model's own words help it or mislead it.
-- Cost: about half the input; the head of the request stays the same.
-- Elsewhere: assistant-omitted history (arXiv 2602.24287).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Leave the model's own earlier replies out, with the last answer restated.",
  options = {
    keep_last = { type = "integer", default = 0, min = 0, help = "latest finished turns whose replies stay" },
  },
  view = function(ep, history)
    return history:view():without_assistant { keep_last = ep.options.keep_last }:restate(ep.state_shown)
  end,
}
