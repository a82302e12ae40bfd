-- Earlier replies are reduced to their answer tag; a reply without one stays whole.
-- Use it to keep the record of answers while the prose around them, right or wrong, goes. With a model that reasons
-- aloud it may cost the reasoning: where earlier turns show bare answers, models go over to bare answers (arXiv
-- 2509.09677).
-- Cost: little input, a few tokens a reply. The head of the request stays the same, but with keep_last it changes that
-- many turns from its end.
-- Elsewhere: nobody's default. It turns around what the paper did, which left out <think> parts and kept the prose.
---@type longhaul.Policy
return {
  api = 1,
  summary = "Reduce earlier replies to their answers.",
  options = {
    keep_last = { type = "integer", default = 0, min = 0, help = "latest finished turns left whole" },
  },
  view = function(ep, history)
    return history:view():answers_only { keep_last = ep.options.keep_last }
  end,
}
