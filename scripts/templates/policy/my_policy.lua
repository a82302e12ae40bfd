-- The last n turns; every few turns the last answer is said once more before the prompt.
-- Use it …: which models, which tasks. Cost: as a window. Elsewhere: who else does this, and what they call it.
---@type longhaul.Policy
return {
  api = 1,
  summary = "Send the last n turns, with the last answer restated every few turns.",      -- in longhaul list, show

  -- Options, as in ./my_policy.lua:n=3. Types: integer, number, text, boolean, choice.
  options = {
    n = { type = "integer", default = 4, min = 0, help = "finished turns kept" },
    every = { type = "integer", default = 3, min = 1, help = "turns between two restatements" },
  },

  -- What the model is sent for this turn. The record itself stays as it is. Instead of view, turn(ep, history) makes
  -- calls of its own (ep:ask, ep:sample) and returns the reply to accept.
  view = function(ep, history)
    local view = history:view():keep_last(ep.options.n)
    if ep.turn > 1 and (ep.turn - 1) % ep.options.every == 0 then
      view = view:restate(ep.state_shown)         -- the last answer that could be read: what a deployed agent would know
    end
    return view
  end,
}
