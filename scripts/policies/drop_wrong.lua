-- Oracle: turns that are in fact wrong leave the record, and the last answer is restated in their place.
-- Not a mitigation but a bound: what drop_errors would gain with a perfect detector. Cost: at most that of full_history.
-- Elsewhere: the oracle-state view of When History Lies (arXiv 2608.06057).
return {
  api = 1,
  summary = "Turns that are in fact wrong leave the record (an upper bound for detectors).",
  requires = { "oracle", "edit" },
  view = function(ep, history)
    local last = ep.turn - 1
    local wrong = last >= 1 and ep:wrong(last)
    local state = ep.state_shown
    if wrong then
      history:remove(#history - 2, #history - 1, "wrong")
    end
    local view = history:view()
    return wrong and view:restate(state) or view
  end,
}
