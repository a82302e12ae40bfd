-- A short window plus the last answer restated before the prompt.
-- Use it where a few turns of context help but the whole history misleads.
-- Cost: as a window.
-- Elsewhere: recitation (Manus), recap (arXiv 2505.06120), a user model that restates what is left to do (arXiv
-- 2606.10209).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Send the last n turns with the last answer restated.",
  options = {
    n = { type = "integer", default = 2, min = 0, help = "finished turns kept" },
  },
  view = function(ep, history)
    return history:view():keep_last(ep.options.n):restate(ep.state_shown)
  end,
}
