-- Everything, until there are more than max turns; then all but a share of them is forgotten at once.
-- Use it as a window that is kind to the prompt cache: the head of the request changes once in a while, not with every
-- turn.
-- Cost: input between share * max and max turns.
-- Elsewhere: amortized condenser (OpenHands), TruncationStrategy with compact_to (Microsoft Agent Framework),
-- partial_evict (Letta), CompactionTrim (Inspect).
---@type longhaul.Policy
return {
  api = 1,
  summary = "When over a number of turns, forget down to a share of it.",
  options = {
    max = { type = "integer", default = 20, min = 1, help = "finished turns sent at most" },
    share = { type = "number", default = 0.5, min = 0, max = 1, help = "share of max that is left when it is exceeded" },
    first = { type = "integer", default = 0, min = 0, help = "turns at the start that are never forgotten" },
  },
  start = function(ep)
    ep.state.forgotten = 0
  end,
  view = function(ep, history)
    local o, finished = ep.options, ep.turn - 1
    if finished - ep.state.forgotten > o.max then
      ep.state.forgotten = finished - math.max(1, math.floor(o.max * o.share))
    end
    return history:view():keep { first = o.first, last = finished - ep.state.forgotten }
  end,
}
