-- Send everything but the thinking of earlier turns.
-- Use it with models that think aloud: thoughts fill the context, and a wrong one argues for its
-- wrong answer. Cost: saves the thoughts' tokens; some models stop thinking when they no longer see
-- themselves think.
-- Elsewhere: chat templates of Qwen and DeepSeek, Inspect's reasoning_history, Claude's clear_thinking.
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
