-- Ask until one answer leads all others by k; replies without an answer, and over-long ones, do not count.
-- Use it against slips that come at random, where some turns are harder than others: it spends calls where replies
-- differ.
-- Cost: at least k calls a turn, at most cap, one after the other.
-- Elsewhere: first-to-ahead-by-k voting with red flags (MAKER, arXiv 2511.09030).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Sample until one answer leads by k, with a cap.",
  options = {
    k = { type = "integer", default = 2, min = 1, max = 50, help = "votes that the accepted answer is ahead of every other" },
    cap = { type = "integer", default = 15, min = 1, max = 200, help = "calls a turn at most; then the leader is accepted" },
    long = { type = "integer", default = 0, min = 0, help = "replies of more output tokens do not count; 0: all do" },
  },
  turn = function(ep, history)
    local o, view = ep.options, history:view()
    local votes, first, any, failed = {}, {}, nil, nil
    local leader, best, second = nil, 0, 0
    for _ = 1, o.cap do
      local reply, err = ep:ask(view)
      any, failed = any or reply, failed or err
      local answer = reply and reply.answer
      if answer and (o.long == 0 or reply.tokens_out <= o.long) then
        votes[answer] = (votes[answer] or 0) + 1
        first[answer] = first[answer] or reply
        if answer == leader then
          best = votes[answer]
        elseif votes[answer] > best then
          leader, second, best = answer, best, votes[answer]
        else
          second = math.max(second, votes[answer])
        end
      end
      if best - second >= o.k then
        break
      end
    end
    if leader then
      return first[leader]
    end
    return any, failed
  end,
}
