-- Send everything but the thinking of earlier turns.
-- Use it with models that think aloud: thoughts fill the context, and a wrong one argues for its wrong answer. Some
-- models stop thinking when they no longer see themselves think.
-- Cost: saves the thoughts' tokens. The head of the request stays the same, but with keep_last it changes that many
-- turns from its end.
-- Elsewhere: chat templates of Qwen and DeepSeek, reasoning_history (Inspect), clear_thinking (Claude); the code of
-- arXiv 2509.09677 takes <think> out of every stored turn.
---@type longhaul.Policy
return {
  api = 1,
  summary = "Leave the thoughts of earlier turns out.",
  options = {
    keep_last = { type = "integer", default = 0, min = 0, help = "latest finished turns that keep theirs" },
    kinds = { type = "choice", choices = { "both", "native", "tag" }, default = "both",
              help = "thoughts in a field of their own, in <think> tags, or both" },
  },
  view = function(ep, history)
    local kinds = ep.options.kinds
    if kinds == "both" then
      return history:view():without_thoughts { keep_last = ep.options.keep_last }
    end
    return history:view():without_thoughts { keep_last = ep.options.keep_last, kinds = { kinds } }
  end,
}
