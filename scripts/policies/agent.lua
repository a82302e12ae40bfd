-- The agent keeps its own context: it is sent what is new, and decides itself what it remembers.
-- Use it with agents only (process:CMD,sessions=true; openai:NAME,history=delta). It is not a mitigation but the
-- measurement of one, the agent's own.
-- Cost: the agent's. Exposure is that of the whole history, which is what the agent was told in all.
-- Elsewhere: every agent with a memory of its own: server-side threads (previous_response_id, OpenAI Responses),
-- Letta, Claude Code.
---@type longhaul.Policy
return {
  api = 1,
  summary = "Agents with a context of their own: send only what is new.",
  view = function(ep, history)
    return history:view()
  end,
}
