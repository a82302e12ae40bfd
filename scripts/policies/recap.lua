-- The whole history, and every n turns the last answer restated before the prompt.
-- Use it where the state gets lost in a long history.
-- Cost: as full_history and a few tokens; the head of the request stays the same.
-- Elsewhere: recitation (Manus), recap and snowball (arXiv 2505.06120).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Send everything, with the last answer restated every n turns.",
  options = {
    n = { type = "integer", default = 5, min = 1, help = "turns between two restatements" },
  },
  view = function(ep, history)
    local view = history:view()
    if ep.turn > 1 and (ep.turn - 1) % ep.options.n == 0 then
      return view:restate(ep.state_shown)
    end
    return view
  end,
}
