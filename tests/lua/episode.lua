-- What ep knows, in every hook that sees it.
local function fails(text, f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok, "no error where one was expected: " .. text)
  assert(message:find(text, 1, true), message .. " lacks " .. text)
  assert(message:find("^episode.lua:%d+: "), message .. " lacks the place")
end

return {
  api = 1,
  options = {
    n = { type = "integer", default = 5, min = 0, max = 9, help = "a number" },
    word = { type = "text", default = "plain" },
    rate = { type = "number", default = 0.5 },
    on = { type = "boolean", default = true },
    kind = { type = "choice", choices = { "a", "b" }, default = "b" },
  },
  start = function(ep)
    assert(ep.turn == 0 and ep.turns == 3 and ep.index == 1 and ep.window == 4000)
    assert(ep.options.n == 7 and math.type(ep.options.n) == "integer")
    assert(ep.options.word == "plain" and ep.options.rate == 0.5 and ep.options.on == true and ep.options.kind == "b")
    assert(next(ep.state) == nil)
    ep.state.seen = {}
    ep.state = { seen = {}, draws = {} }
    assert(ep.state_shown == "0")
    fails("ep.turn cannot be set", function() ep.turn = 5 end)
    fails("did you mean 'state_shown'?", function() return ep.state_show end)
    fails("did you mean 'random'?", function() return ep:randm() end)
    fails("table expected", function() ep.state = 5 end)
    fails("can be called in turn() only", function() ep:ask(nil) end)
    fails("can be called in turn() only", function() ep:sample(2, nil) end)
    fails("requires = { \"oracle\" }", function() ep:truth(0) end)
    fails("requires = { \"oracle\" }", function() ep:wrong(0) end)
    fails("interval is empty", function() ep:random(5, 4) end)
    fails("number expected", function() ep:random("x") end)
    fails("coroutine", function() return coroutine end)
    fails("io", function() return io end)
  end,
  view = function(ep, history)
    assert(ep.turn == #ep.state.seen + 1)
    assert(#history == 2 * ep.turn and history[#history].turn == ep.turn)
    if ep.turn > 1 then assert(ep.state_shown == history[#history - 1].answer) end
    table.insert(ep.state.seen, ep.state_shown)
    local unit, die, one = ep:random(), ep:random(1, 6), ep:random(10)
    assert(unit >= 0 and unit < 1 and die >= 1 and die <= 6 and one >= 1 and one <= 10)
    assert(math.type(ep:random(math.mininteger, math.maxinteger)) == "integer")
    table.insert(ep.state.draws, unit .. " " .. die .. " " .. one)
    local b = ep:budget()
    assert(b.calls == 256 and b.instructions > 900000 and b.bytes > 3e6 and b.tokens == math.huge)
    fails("can be called in turn() only", function() ep:ask(history:view()) end)
    fails("requires = { \"edit\" }", function() history:remove(2, 3, "x") end)
    ep:log("turn " .. ep.turn)
    return history:view()
  end,
  finish = function(ep)
    assert(#ep.state.seen == 3)
    fails("bytes logged", function() for i = 1, 1000 do ep:log(("x"):rep(100)) end end)
    return { seen = table.concat(ep.state.seen, ","), draws = table.concat(ep.state.draws, ";"), half = 0.5, whole = 3, good = true }
  end,
}
