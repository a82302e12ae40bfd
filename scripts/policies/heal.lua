-- Oracle: each wrong answer is replaced by the truth in the record, once, before the next turn.
-- Not a mitigation but a bound: what a perfect corrector of the history would gain.
-- Cost: as full_history. Elsewhere: "history healing" (arXiv 2509.09677).
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
