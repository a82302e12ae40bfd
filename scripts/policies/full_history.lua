-- Send everything, as it was said. The baseline that every other policy is compared with.
-- Use it to learn how far a model gets with no help. Earlier thoughts are sent back too; what a provider does with
-- them is the provider's affair.
-- Cost: input grows with every turn; the head of the request never changes, so a prompt cache holds.
-- Elsewhere: the default of every chat client; the noop condenser (OpenHands).
---@type longhaul.Policy
return {
  api = 1,
  summary = "Send the whole conversation (the baseline).",
}
