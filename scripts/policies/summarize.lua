-- When the request is longer than max tokens, the turns before the last few are replaced by the model's own summary,
-- which takes up the summary before it.
-- Use it where old turns matter but not word for word; a summary that is rewritten again and again drifts (arXiv
-- 2605.12978).
-- Cost: one more call each time; the head of the request changes only then.
-- Elsewhere: SummarizationMiddleware (LangChain), SummarizationStrategy (Microsoft Agent Framework), the llm condenser
-- (OpenHands), CompactionSummary (Inspect).
---@type longhaul.Policy
return {
  api = 1,
  summary = "When over a size, replace earlier turns by the model's own summary.",
  options = {
    max = { type = "integer", default = 2000, min = 1, help = "tokens of a request, by our estimate, above which it is summarised" },
    keep = { type = "integer", default = 4, min = 1, help = "finished turns at the end that stay as they are" },
    max_tokens = { type = "integer", default = 500, min = 1, help = "of a summary" },
    prompt = { type = "text", default = "Summarise the conversation so far for yourself: what was done, and how things stand. Do not answer anything.",
      help = "asks for the summary" },
  },
  start = function(ep)
    ep.state.summarised = 0
  end,
  turn = function(ep, history)
    local o, s = ep.options, ep.state
    local function since(turns)
      local view = history:view():keep_last(ep.turn - 1 - turns)
      return s.summary and view:insert(2, "user", "Summary of what came before: " .. s.summary) or view
    end
    local view, old = since(s.summarised), ep.turn - 1 - o.keep
    if view:tokens() > o.max and old > s.summarised then
      local reply = ep:ask(view:set(#view, o.prompt), { purpose = "summary", max_tokens = o.max_tokens, tools = false })
      if reply then
        s.summary, s.summarised = reply.text, old
        view = since(old)
      end
    end
    return ep:ask(view)
  end,
}
