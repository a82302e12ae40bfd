-- A short window plus the last answer restated before the prompt.
-- Use it where a few turns of context help but the whole history misleads. Cost: as a window.
-- Elsewhere: recap, recitation, a user model that restates what is left to do.
return {
  api = 1,
  summary = "Send the last n turns with the last answer restated.",
  options = {
    n = { type = "integer", default = 2, min = 0, help = "finished turns kept" },
  },
  view = function(ep, history)
    return history:view():keep_last(ep.options.n):restate(ep.state_shown)
  end,
}
