-- Results of tools give way to a line that says how long they were, all but the newest n. The calls stay, and so do replies.
-- Use it where tools give much text of which only the latest matters.
-- Cost: input grows by calls and replies alone; the head of the request changes at every call, or at every polling-th.
-- Elsewhere: last_n_observations with polling (SWE-agent), observation_masking (OpenHands), arXiv 2508.21433.
---@type longhaul.Policy
return {
  api = 1,
  summary = "Replace the results of tools, but for the newest n, by a note of their length.",
  options = {
    n = { type = "integer", default = 10, min = 0, help = "results left as they are; more than a turn needs" },
    polling = { type = "integer", default = 1, min = 1, help = "how many results are replaced at a time: more keep the request's head stable" },
    except = { type = "text", default = "", help = "names of tools whose results always stay" },
    placeholder = { type = "text", default = "Old environment output: ({lines} lines omitted)", help = "what stands for a result; {lines}: how many it had" },
  },
  view = function(ep, history)
    local o = ep.options
    local old = math.max(0, history:results { except = o.except } - o.n)
    return history:view():clear_results { first = old - old % o.polling, placeholder = o.placeholder, except = o.except }
  end,
}
