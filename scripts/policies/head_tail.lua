-- The first turns, a line that says how many were left out, and the last turns.
-- Use it where the first turns show the form that is wanted and the last ones hold what matters.
-- Cost: as a window; the head of the request stays the same, what follows changes with every turn.
-- Elsewhere: HeadAndTailChatCompletionContext (AutoGen), the recent condenser with keep_first (OpenHands).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Send the first turns, a marker, and the last turns.",
  options = {
    head = { type = "integer", default = 2, min = 0, help = "finished turns kept at the start" },
    tail = { type = "integer", default = 5, min = 1, help = "finished turns kept at the end" },
    marker = { type = "text", default = "(%d turns are left out here.)", help = "what stands for the turns between; %d is their number" },
  },
  view = function(ep, history)
    local o = ep.options
    local skipped = ep.turn - 1 - o.head - o.tail
    if skipped <= 0 then
      return history:view()
    end
    return history:view():replace(o.head + 1, o.head + skipped, "user", (o.marker:gsub("%%d", tostring(skipped))))
  end,
}
