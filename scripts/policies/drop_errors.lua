-- Turns whose reply the policy itself found wanting leave the record: without a valid answer, over-long, or, with
-- recheck, of another answer than a second reply that was asked for without the history. The last answer is restated
-- in their place.
-- Use it where errors in view breed errors, and there is a way to notice some of them; it knows only what a deployed
-- agent could.
-- Cost: as full_history; twice the calls with recheck.
-- Elsewhere: context denoising (arXiv 2602.04288), selective omission (arXiv 2602.24287).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Turns that the policy found wanting leave the record.",
  requires = { "edit" },
  options = {
    recheck = { type = "boolean", default = true, help = "ask a second time, from a fresh start, and compare" },
    long = { type = "integer", default = 0, min = 0, help = "replies of more output tokens are found wanting; 0: none are" },
  },
  start = function(ep)
    ep.state.last = ep.state_shown
  end,
  turn = function(ep, history)
    local o, s = ep.options, ep.state
    if s.why then
      local first, last = history:turn(ep.turn - 1)
      history:remove(first, last, s.why)
      s.carry = true
    end
    local fresh = history:view():keep_last(0):restate(s.last)
    local view = history:view()
    local reply, err = ep:ask(s.carry and view:restate(s.last) or view)
    if not reply then
      return nil, err
    end
    s.why = not reply.answer and "no valid answer" or (o.long > 0 and reply.tokens_out > o.long and "over-long") or nil
    if not s.why and o.recheck then
      local second = ep:ask(fresh, { purpose = "recheck" })
      s.why = second and second.answer and second.answer ~= reply.answer and "a second reply differs" or nil
    end
    s.last = reply.answer or s.last
    s.carry = s.why ~= nil
    return reply
  end,
}
