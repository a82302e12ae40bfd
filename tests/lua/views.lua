-- Every method of a view, on a record of four finished turns and a prompt.
local function fails(text, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, "no error where one was expected: " .. text)
  assert(message:find(text, 1, true), message .. " lacks " .. text)
  assert(message:find("^views.lua:%d+: "), message .. " lacks the place")
  assert(not message:find("0x"), message .. " holds an address")
end

local function check(history)
  local v = history:view()
  assert(#v == 10)
  assert(#v:keep {} == 2 and #v:keep() == 2 and #v:keep { first = 1 } == 4 and #v:keep { first = 1, last = 2 } == 8)
  assert(#v:keep { first = 3, last = 3 } == 10 and #v:keep { last = 99999999999 } == 10)
  assert(#v:keep_last(0) == 2 and #v:keep_last(1) == 4 and #v:keep_last(4) == 10 and #v:keep_last(99) == 10)
  assert(#v:drop(1) == 8 and #v:drop(2, 3) == 6 and #v:drop(0) == 10 and #v:drop(5, 9) == 10 and #v:drop(3, 2) == 10)
  assert(#v:drop(1):drop(1) == 8 and #v:drop(1, 4) == 2)
  assert(#v:drop_instructions() == 9 and #v:drop_instructions():drop_instructions() == 9)
  assert(#v:without_assistant() == 6 and #v:without_assistant { keep_last = 1 } == 7)
  assert(#v == 10, "a view that was worked on has changed")

  local whole = v:tokens()
  assert(v:without_thoughts():tokens() < v:without_thoughts { kinds = { "native" } }:tokens())
  assert(v:without_thoughts { kinds = { "native" } }:tokens() < whole)
  assert(v:without_thoughts { kinds = { "tag" }, keep_last = 1 }:tokens() < whole)
  assert(v:without_thoughts { keep_last = 4 }:tokens() == whole)
  assert(v:without_thoughts { kinds = {} }:tokens() == whole)
  assert(v:answers_only():tokens() < v:without_thoughts():tokens())
  assert(v:keep_last(2):answers_only():tokens() == v:answers_only():keep_last(2):tokens())

  assert(#v:append("user", "more") == 11 and #v:insert(1, "user", "x") == 11 and #v:insert(11, "user", "x") == 11)
  assert(#v:set(2, "x") == 10 and #v:set(10, "x"):set(10, "y") == 10)
  assert(#v:replace(1, 4, "user", "in short") == 3 and #v:replace(2, 2, "assistant", "in short") == 9)
  assert(#v:restate("5") == 11 and #v:restate(5, "Now:") == 11 and #v:restate("5", "") == 11)
  assert(v:restate("5", "") :tokens() < v:restate("5"):tokens())
  -- the message keeps its role, also where replies are hidden
  assert(v:without_assistant():set(1, "be brief"):tokens() == v:set(1, "be brief"):without_assistant():tokens())
  assert(#v:without_assistant():set(1, "be brief"):drop_instructions() == 6)

  fails("a count of turns is 0 or more", function() v:keep_last(-1) end)
  fails("number expected", function() v:keep_last() end)
  fails("no integer representation", function() v:keep_last(1.5) end)
  fails("did you mean 'keep_last'?", function() v:keep_lst(1) end)
  fails("did you mean 'last'?", function() v:keep { lst = 1 } end)
  fails("did you mean 'keep_last'?", function() v:answers_only { keeplast = 1 } end)
  fails("unknown option 'first'", function() v:without_assistant { first = 1 } end)
  fails("table expected", function() v:keep(5) end)
  fails("first must be an integer of 0 or more, it is -1", function() v:keep { first = -1 } end)
  fails("last must be an integer of 0 or more", function() v:keep { last = {} } end)
  fails("keep_last must be an integer of 0 or more", function() v:without_thoughts { keep_last = 1.5 } end)
  fails("there are native and tag", function() v:without_thoughts { kinds = { "all" } } end)
  fails("kinds is a list", function() v:without_thoughts { kinds = "tag" } end)
  fails("invalid option 'usr'", function() v:append("usr", "x") end)
  fails("string expected", function() v:append("user") end)
  fails("positions count from 1", function() v:set(0, "x") end)
  fails("there is no message 11 in this view: it has 10", function() v:set(11, "x") end)
  fails("there is no message 12 in this view: it has 10", function() v:insert(12, "user", "x") end)
  fails("no finished turn lies in that range", function() v:replace(5, 9, "user", "x") end)
  fails("string expected", function() v:restate() end)
  fails("has no field or method", function() return v.turns end)
  fails("longhaul.view expected", function() v.keep_last(5, 1) end)
end

-- A long chain: the pieces live on the C heap, and every step of it is another view.
local function many(history)
  local v = history:view()
  local n = #v
  for i = 1, 900 do
    v = v:append("user", "note " .. i % 50)
    assert(#v == n + i)
  end
  return v
end

return {
  api = 1,
  view = function(ep, history)
    if ep.turn == 5 then
      check(history)
      assert(#many(history) == 910)
    elseif ep.turn == 6 then
      return many(history)
    elseif ep.turn == 7 then
      return history:view():keep_last(1):answers_only():restate(ep.state_shown)
    end
    return history:view()
  end,
}
