-- Everything, until the request is longer than max tokens; then all turns are dropped, and it goes on from the
-- instructions and the last answer.
-- Use it where the state fits in one answer and old turns are of no use.
-- Cost: input grows to max and starts again; the head of the request changes only then.
-- Elsewhere: Discard-all (DeepSeek-V3.2, arXiv 2512.02556), restart on a monitor (arXiv 2602.19008).
---@type longhaul.Policy
return {
  api = 1,
  summary = "When over a size, start again from the instructions and the last answer.",
  options = {
    max = { type = "integer", default = 2000, min = 1, help = "tokens of a request, by our estimate, above which all turns are dropped" },
    lead = { type = "text", default = "So far:", help = "what stands before the last answer" },
  },
  start = function(ep)
    ep.state.dropped = 0
  end,
  view = function(ep, history)
    local s = ep.state
    local function since(dropped, note)
      local view = history:view():keep_last(ep.turn - 1 - dropped)
      return note and view:insert(2, "user", note) or view
    end
    local view = since(s.dropped, s.note)
    if view:tokens() <= ep.options.max or s.dropped == ep.turn - 1 then
      return view
    end
    s.dropped = ep.turn - 1
    s.note = ep.options.lead .. " <answer>" .. ep.state_shown .. "</answer>"
    return since(s.dropped, s.note)
  end,
}
