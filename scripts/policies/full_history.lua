-- Send everything, as it was said. The baseline that every other policy is compared with.
-- Use it to learn how far a model gets with no help. Cost: input grows with every turn.
-- Earlier thoughts are sent back too; what a provider does with them is the provider's affair.
-- Elsewhere: the default of every chat client.
return {
  api = 1,
  summary = "Send the whole conversation (the baseline).",
}
