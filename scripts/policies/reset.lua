-- A fresh start at every call: the instructions, the last answer restated, the current prompt.
-- Use it where the state fits in one answer. Cost: the least input of all policies; nothing but the
-- last answer is remembered, right or wrong.
-- Elsewhere: "fresh context", a window of zero.
return {
  api = 1,
  summary = "Send the instructions, the last answer restated, and the prompt.",
  view = function(ep, history)
    return history:view():keep_last(0):restate(ep.state_shown)
  end,
}
