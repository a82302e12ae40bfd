-- Edits of the record: what they do, what they refuse.
local function fails(text, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, "no error where one was expected: " .. text)
  assert(message:find(text, 1, true), message .. " lacks " .. text)
  assert(message:find("^edits.lua:%d+: "), message .. " lacks the place")
end

local turns = {}

turns[1] = function(ep, history)
  fails("message 2 cannot be edited", function() history:replace(2, "x", "why") end)
  fails("message 1 cannot be edited", function() history:remove(1, 1, "why") end)
end

turns[2] = function(ep, history)
  local old = history:view()
  history:replace(3, "<answer>900</answer>", "made up")
  assert(history[3].answer == "900" and history[3].turn == 1 and history[3].role == "assistant" and ep.state_shown == "900")
  fails("call history:view() again", function() return old:keep_last(1) end)
  fails("message 4 cannot be edited", function() history:remove(3, 4, "why") end)
  fails("string expected", function() history:replace(3, "x") end)
  fails("string expected", function() history:remove(2, 3) end)
  fails("number expected", function() history:remove("two", 3, "why") end)
  fails("is before the first", function() history:remove(3, 2, "why") end)
  assert(#history == 4)
end

turns[3] = function(ep, history)
  history:remove(2, 3, "forgotten")
  assert(#history == 4 and history[2].turn == 2 and history[4].turn == 3)
  local v = history:view()
  -- turns keep their numbers
  assert(#v:drop(1) == 4 and #v:drop(2) == 2 and #v:keep_last(1) == 4 and #v:keep { first = 1 } == 2)
  fails("no finished turn lies in that range", function() v:replace(1, 1, "user", "x") end)
  assert(#v:replace(1, 2, "user", "x") == 3)
end

turns[4] = function(ep, history)
  -- a prompt that is rewritten with a state restates it
  history:replace(2, "In short: <answer>70</answer>", "summed up")
  history:remove(3, 5, "summed up")
  assert(#history == 3 and history[2].role == "user" and history[2].answer == "70")
end

turns[5] = function(ep, history)
  history:truncate(2, "all of it")
  assert(#history == 2 and history[2].turn == 5)
  fails("cannot be edited", function() history:truncate(2, "again") end)
end

return {
  api = 1,
  requires = { "edit" },
  start = function(ep) ep.state.kept = {} end,
  view = function(ep, history)
    ep.state.history = history
    turns[ep.turn](ep, history)
    return history:view()
  end,
  finish = function(ep)
    fails("edited in view() or turn()", function() ep.state.history:remove(2, 2, "why") end)
  end,
}
