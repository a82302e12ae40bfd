-- ask, sample, vote and what comes back. The driver answers what a call's purpose says.
local function fails(text, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, "no error where one was expected: " .. text)
  assert(message:find(text, 1, true), message .. " lacks " .. text)
  assert(message:find("^calls.lua:%d+: "), message .. " lacks the place")
end

local turns = {}

-- a reply and its fields
turns[1] = function(ep, history)
  local reply, err = ep:ask(history:view(), { purpose = "right", model = "other", temperature = 0.5, max_tokens = 10, stop = "\n\n" })
  assert(err == nil and reply.error == nil)
  assert(reply.text == "<answer>" .. reply.answer .. "</answer>" and reply.thoughts == "native" and reply.finish == "stop")
  assert(reply.tokens_in == 11 and reply.tokens_out == 7)
  fails("did you mean 'answer'?", function() return reply.anwser end)
  fails("read-only", function() reply.text = "x" end)
  assert(#history == 2, "a reply enters the record only when it is accepted")
  assert(ep:ask(history:view(), { purpose = "junk" }).answer == nil)
  assert(ep:budget().calls == 254)
  return reply
end

-- failures are values
turns[2] = function(ep, history)
  local reply, err = ep:ask(history:view(), { purpose = "fail" })
  assert(reply == nil and err.code == "failed" and err.message == "no network" and err.retryable == true)
  reply, err = ep:ask(history:view(), { purpose = "over" })
  assert(reply == nil and err.code == "overflow" and err.retryable == false)
  local list = ep:sample(4, history:view(), { purpose = "right fail over junk" })
  assert(#list == 4 and list[1].answer and list[2].error.code == "failed" and list[3].error.code == "overflow" and list[4].answer == nil)
  assert(ep:sample(1, history:view())[1].answer)
  assert(#ep:sample(128, history:view()) == 128)
  fails("more than 256 calls in one turn", function() ep:sample(128, history:view()) end)
  return list[1]
end

-- votes
turns[3] = function(ep, history)
  local v = history:view()
  local reply, counts = ep:vote(ep:sample(5, v, { purpose = "1 2 2 fail 3" }))
  assert(reply.answer == "2" and counts["1"] == 1 and counts["2"] == 2 and counts["3"] == 1)
  assert(ep:vote(ep:sample(4, v, { purpose = "8 9 9 8" })).answer == "8", "ties: the first seen")
  assert(ep:vote(ep:sample(3, v, { purpose = "junk 4 junk" })).answer == "4")
  reply, counts = ep:vote(ep:sample(3, v, { purpose = "fail junk none" }))
  assert(reply.text == "<answer>junk</answer>" and next(counts) == nil, "none parses: the first without error")
  local none, err = ep:vote(ep:sample(2, v, { purpose = "over fail" }))
  assert(none == nil and err.code == "overflow", "all failed: the first error")
  none, err = ep:vote({})
  assert(none == nil and err == "no replies to vote on")
  fails("table expected", function() ep:vote(reply) end)
  return reply
end

-- options and places
turns[4] = function(ep, history)
  local v = history:view()
  fails("did you mean 'purpose'?", function() ep:ask(v, { purpse = "x" }) end)
  fails("from 0 to 10", function() ep:ask(v, { temperature = "hot" }) end)
  fails("from 0 to 10", function() ep:ask(v, { temperature = 0 / 0 }) end)
  fails("integer of 1 or more", function() ep:ask(v, { max_tokens = 0 }) end)
  fails("integer of 1 or more", function() ep:ask(v, { max_tokens = 1.5 }) end)
  fails("must be a string", function() ep:ask(v, { model = 5 }) end)
  fails("longer than 31 bytes", function() ep:ask(v, { purpose = ("x"):rep(32) }) end)
  fails("table expected", function() ep:ask(v, 5) end)
  fails("longhaul.view expected", function() ep:ask("hello") end)
  fails("longhaul.view expected", function() ep:ask() end)
  fails("a sample is of 1 to 128 replies", function() ep:sample(0, v) end)
  fails("a sample is of 1 to 128 replies", function() ep:sample(129, v) end)
  fails("must end with the user", function() ep:ask(v:append("assistant", "x")) end)
  fails("must end with the user", function() ep:ask(v:append("system", "x")) end)
  fails("must begin with the user", function() ep:ask(v:insert(2, "assistant", "x")) end)
  -- waiting where a C function is in between
  fails("cannot wait inside a function that string.gsub or table.sort calls", function() return (("ab"):gsub(".", function() ep:ask(v) end)) end)
  fails("cannot wait inside", function() table.sort({ 3, 1, 2 }, function(a, b) ep:ask(v) return a < b end) end)
  assert(ep:budget().calls == 256, "refused calls are not counted")
  -- and where none is
  local ok, reply = pcall(function() return ep:ask(v) end)
  assert(ok and reply.answer)
  local seen = setmetatable({}, { __index = function(_, key) return ep:ask(v, { purpose = key }) end })
  assert(seen["5"].answer == "5")
  for r in function(_, last) return not last and ep:ask(v) or nil end do assert(r.answer) end
  ok, reply = pcall(function() ep:ask(v) error("after the call", 0) end)
  assert(not ok and reply == "after the call")
  ep.state.old_view, ep.state.old_reply = v, ep:ask(v)
  return ep.state.old_reply
end

-- what is of another turn
turns[5] = function(ep, history)
  fails("call history:view() again", function() ep:ask(ep.state.old_view) end)
  fails("call history:view() again", function() return #ep.state.old_view end)
  fails("call history:view() again", function() return ep.state.old_view:tokens() end)
  fails("call history:view() again", function() return ep.state.old_view:keep_last(1) end)
  assert(ep.state.old_reply.answer == ep.state_shown, "an old reply can be read")
  return ep.state.old_reply
end

return {
  api = 1,
  turn = function(ep, history) return turns[ep.turn](ep, history) end,
}
