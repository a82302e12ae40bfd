-- Earlier replies are reduced to their answer tag; a reply without one stays whole.
-- Use it to keep the record of answers while dropping the prose around them. Cost: little input;
-- a model that sees bare answers tends to answer barely.
-- Elsewhere: the paper's reference code does this to every stored turn (unsaid).
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
