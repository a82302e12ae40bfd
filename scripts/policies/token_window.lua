-- The newest turns that fit a token budget. When the request grows beyond max it is cut down to a share of it at once,
-- so that between two cuts its head stays the same and a prompt cache holds.
-- Use it where the context is limited in tokens, not turns.
-- Cost: input between target * max and max; one look a turn, and each turn is dropped once.
-- Elsewhere: trim_messages (LangChain), Memory with a token_limit (LlamaIndex), truncation "auto" (OpenAI Responses),
-- slidingWindow with targetTokens (Gemini Live).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Send the newest turns that fit a token budget.",
  options = {
    max = { type = "integer", default = 2000, min = 1, help = "tokens of a request, by our estimate, above which turns are dropped" },
    target = { type = "number", default = 0.7, min = 0, max = 1, help = "share of max that is left then" },
  },
  start = function(ep)
    ep.state.dropped = 0
  end,
  view = function(ep, history)
    local dropped = ep.state.dropped
    local view = history:view():keep_last(ep.turn - 1 - dropped)
    if view:tokens() > ep.options.max then
      while dropped < ep.turn - 2 and view:tokens() > ep.options.max * ep.options.target do
        dropped = dropped + 1
        view = view:keep_last(ep.turn - 1 - dropped)
      end
      ep.state.dropped = dropped
    end
    return view
  end,
}
