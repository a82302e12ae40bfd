-- A reply without an answer that can be read is asked for again, up to n times.
-- Use it where replies are malformed, refused or cut off by chance. Cost: a call more for each such reply.
-- Elsewhere: retries of structured output, as most agent frameworks have them.
---@type longhaul.Policy
return {
  api = 1,
  summary = "Ask again where a reply gives no answer.",
  options = { n = { type = "integer", default = 1, min = 1, max = 10, help = "times it is asked again at most" } },

  turn = function(ep, history)
    local view = history:view()
    local reply, err = ep:ask(view)
    for _ = 1, ep.options.n do
      if not reply or reply.answer then
        break
      end
      reply, err = ep:ask(view, { purpose = "again" })
    end
    return reply, err
  end,
}
