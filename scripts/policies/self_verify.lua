-- Ask, then ask to check; the second reply is accepted.
-- Use it to learn whether the model finds its own slips; the draft stands in the second question as text, not as an
-- answer that was given.
-- Cost: two calls a turn.
-- Elsewhere: the self-verification prompt (arXiv 2509.09677, appendix C), reflection, self-refine.
---@type longhaul.Policy
return {
  api = 1,
  summary = "Ask, ask to check, and accept the second reply.",
  options = {
    prompt = { type = "text", default = "A first answer to this was %s. Work it out again from the start, check it, and answer.", help = "the second question; %s is the first answer" },
  },
  turn = function(ep, history)
    local view = history:view()
    local first, err = ep:ask(view)
    if not first or not first.answer then
      return first, err
    end
    local text = ep.options.prompt:gsub("%%s", (first.answer:gsub("%%", "%%%%")))
    local second = ep:ask(view:append("user", text), { purpose = "verify" })
    return second or first
  end,
}
