-- Oracle: turns that are in fact wrong leave the record, and the last answer is restated in their place.
-- Use it beside drop_errors: not a mitigation but a bound, what that one would gain with a perfect detector.
-- Cost: at most that of full_history.
-- Elsewhere: the oracle-state view of When History Lies (arXiv 2608.06057).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Turns that are in fact wrong leave the record (an upper bound for detectors).",
  requires = { "oracle", "edit" },
  view = function(ep, history)
    local s = ep.state
    if ep.turn > 1 and ep:wrong(ep.turn - 1) then
      s.turn, s.state = ep.turn, ep.state_shown
      local first, last = history:turn(ep.turn - 1)
      history:remove(first, last, "wrong")
    end
    local view = history:view()
    return s.turn == ep.turn and view:restate(s.state) or view
  end,
}
