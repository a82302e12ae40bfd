-- When the request is longer than trigger tokens, the results of tools are cleared, all but the newest ones; what is cleared
-- stays cleared.
-- Use it where results pile up over a long conversation.
-- Cost: input falls at each clearing, and the request's head changes only then; min_gain keeps it from being changed for
-- little.
-- Elsewhere: clear_tool_uses_20250919 (Anthropic; its clear_at_least is min_gain), ContextEditingMiddleware with
-- ClearToolUsesEdit (LangChain; its clear_at_least is stop_after), Edit (Inspect).
---@type longhaul.Policy
return {
  api = 1,
  summary = "When over a size, clear the results of tools but for the newest ones.",
  options = {
    trigger = { type = "integer", default = 100000, min = 1, help = "tokens of a request, by our estimate, above which results are cleared" },
    keep = { type = "integer", default = 3, min = 0, help = "newest results that stay" },
    min_gain = { type = "integer", default = 0, min = 0, help = "clear only where at least so many tokens go" },
    stop_after = { type = "integer", default = 0, min = 0, help = "clear from the oldest on until so many tokens are gone; 0: all" },
    inputs = { type = "boolean", default = false, help = "clear the arguments of the calls too" },
    except = { type = "text", default = "", help = "names of tools whose results always stay" },
    placeholder = { type = "text", default = "[cleared]", help = "what stands for a result" },
  },
  start = function(ep)
    ep.state.cleared = 0
  end,
  view = function(ep, history)
    local o, s = ep.options, ep.state
    local function cleared(n)
      return history:view():clear_results { first = n, inputs = o.inputs, except = o.except, placeholder = o.placeholder }
    end
    local view = cleared(s.cleared)
    local tokens, most = view:tokens(), history:results { except = o.except } - o.keep
    if tokens <= o.trigger or most <= s.cleared then
      return view
    end
    local n = o.stop_after > 0 and s.cleared + 1 or most
    while n < most and tokens - cleared(n):tokens() < o.stop_after do
      n = n + 1
    end
    if tokens - cleared(n):tokens() < o.min_gain then
      return view
    end
    s.cleared = n
    return cleared(n)
  end,
}
