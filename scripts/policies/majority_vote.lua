-- Ask n times; the reply with the most frequent answer is accepted (ties: the first seen).
-- Use it against slips that come at random; it does nothing against errors that all replies share.
-- Cost: n calls a turn, all at once.
-- Elsewhere: self-consistency; majority vote (arXiv 2509.09677, figures 10b and 11, where it gained little).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Sample n replies and accept the most frequent answer.",
  options = {
    n = { type = "integer", default = 5, min = 1, max = 101, help = "replies sampled each turn" },
  },
  turn = function(ep, history)
    return ep:vote(ep:sample(ep.options.n, history:view()))
  end,
}
