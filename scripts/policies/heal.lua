-- Oracle: each wrong answer is replaced by the truth in the record, once, before the next turn.
-- Use it to see what a perfect corrector of the history would gain: not a mitigation but a bound.
-- Cost: as full_history.
-- Elsewhere: the history with an error rate of 0 (arXiv 2509.09677; fill_history of its code).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Replace wrong answers in the record by the truth (an upper bound).",
  requires = { "oracle", "edit" },
  view = function(ep, history)
    local last = ep.turn - 1
    if last >= 1 and ep:wrong(last) then
      local _, reply = history:turn(last)
      history:replace(reply, "<answer>" .. ep:truth(last) .. "</answer>", "healed")
    end
    return history:view()
  end,
}
