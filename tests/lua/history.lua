-- Reading the record.
local function fails(text, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, "no error where one was expected: " .. text)
  assert(message:find(text, 1, true), message .. " lacks " .. text)
  assert(message:find("^history.lua:%d+: "), message .. " lacks the place")
end

return {
  api = 1,
  view = function(ep, history)
    local system, prompt = history[1], history[#history]
    assert(system.role == "system" and system.turn == 0 and system.answer == nil and system.thoughts == "")
    assert(prompt.role == "user" and prompt.turn == ep.turn and #prompt.text > 0)
    assert(system.tokens == (#system.text + 16 + 3) // 4)
    assert(history[0] == nil and history[-1] == nil and history[#history + 1] == nil)
    if ep.turn == 2 then
      local reply = history[3]
      assert(reply.role == "assistant" and reply.turn == 1 and reply.answer == ep.state_shown)
      assert(reply.text == "<answer>" .. reply.answer .. "</answer>" and reply.thoughts == "native")
      assert(reply.tokens == (#reply.text + #"native" + 16 + 3) // 4)
    elseif ep.turn == 3 then
      assert(history[5].answer == nil and history[5].text == "<answer>junk</answer>")
    end
    fails("read-only", function() history[2] = "x" end)
    fails("read-only", function() prompt.text = "x" end)
    fails("did you mean 'text'?", function() return prompt.txt end)
    fails("did you mean 'view'?", function() return history:veiw() end)
    fails("no integer representation", function() return history[1.5] end)
    fails("has no field or method", function() return history[{}] end)
    local v = history:view()
    assert(#v == #history and v:tokens() > 0 and tostring(v) == "view")
    assert(not tostring(history):find("0x") and not tostring(prompt):find("0x") and not tostring(ep):find("0x"))
    return v
  end,
}
