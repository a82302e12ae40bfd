-- Send the instructions and the last n finished turns, and the first k where asked.
-- Use it where the latest turns hold all that matters.
-- Cost: input stays the same from turn n on, but the head of the request changes with every turn, so a prompt cache
-- helps little.
-- Elsewhere: sliding_window_size (arXiv 2509.09677, figure 10a), BufferedChatCompletionContext (AutoGen),
-- SlidingWindowStrategy (Microsoft Agent Framework), SlidingWindowConversationManager (Strands).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Send the instructions and the last n turns.",
  options = {
    n = { type = "integer", default = 5, min = 0, help = "finished turns kept at the end" },
    first = { type = "integer", default = 0, min = 0, help = "finished turns kept at the start" },
  },
  view = function(ep, history)
    return history:view():keep { first = ep.options.first, last = ep.options.n }
  end,
}
