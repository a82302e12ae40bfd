---@meta
-- What context policies and experiment files of longhaul can use, for editors with the Lua language server. It is never
-- run. `---@type longhaul.Policy` (or longhaul.Experiment) on the line before `return {` gives the file its types.

-- ---- a policy: the table that its file returns ----

---@class (exact) longhaul.Policy
---@field api 1 The policy API that the file speaks.
---@field summary? string One line, for `longhaul list policies`.
---@field options? table<string, longhaul.Option> What may be set in a spec, as in `window:n=5`; at most 63.
---@field requires? ("oracle"|"edit"|"own")[] oracle: may read the truth, and every report says so; edit: may edit the record; own: needs real replies, and is refused with made histories.
---@field start? fun(ep: longhaul.Episode) Before the first turn: sets ep.state.
---@field view? fun(ep: longhaul.Episode, history: longhaul.History): longhaul.View What is sent at this turn; the record stays as it is. Not beside turn.
---@field turn? fun(ep: longhaul.Episode, history: longhaul.History): longhaul.Reply?, (longhaul.Error|table<string, integer>|string)? Instead of one call: makes calls, returns the reply to accept, or nil and the error of a call that failed.
---@field overflow? fun(ep: longhaul.Episode, history: longhaul.History, err: longhaul.Error): longhaul.View? The request was too long for the model: a shorter view, tried once, or nil.
---@field finish? fun(ep: longhaul.Episode): table<string, number|string|boolean>? After the last turn: extra columns, kept in the run file; at most 64.

---@class (exact) longhaul.Option
---@field type "integer"|"number"|"text"|"boolean"|"choice"
---@field default integer|number|string|boolean
---@field min? number Of an integer or number.
---@field max? number Of an integer or number.
---@field choices? string[] Of a choice.
---@field help? string One line.

---A whole number. What is reckoned with options or ep.state passes for one.
---@alias longhaul.Whole number

-- ---- ep: the episode ----

---@class longhaul.Episode
---@field turn integer The turn that is asked, from 1.
---@field turns integer How many turns the episode has.
---@field index integer The sample's number, from 0.
---@field options table<string, any> The policy's options, with the values that were set.
---@field window integer? The model's context in tokens, where known.
---@field state table A table of the policy's own, private to the episode.
---@field state_shown string The last valid answer in the record, else the initial state: what a deployed agent would know.
local episode = {}

---Asks the model, and waits. In turn() only.
---@param view longhaul.View
---@param options? longhaul.CallOptions
---@return longhaul.Reply? reply
---@return longhaul.Error? err
function episode:ask(view, options) end

---Asks the model n times (1 to 128), and waits for all. In turn() only. A failed one is `{ error = … }`.
---@param n longhaul.Whole
---@param view longhaul.View
---@param options? longhaul.CallOptions
---@return (longhaul.Reply|longhaul.FailedReply)[] replies in the order asked
function episode:sample(n, view, options) end

---The first reply that has the most frequent answer; without any answer the first reply; where all failed nil and the first error.
---@param replies (longhaul.Reply|longhaul.FailedReply)[]
---@return longhaul.Reply? reply
---@return table<string, integer>|longhaul.Error|string counts answer → votes
function episode:vote(replies) end

---The episode's own random numbers: in [0, 1) without arguments, an integer from 1 to a, or from a to b.
---@overload fun(self: longhaul.Episode): number
---@param a longhaul.Whole
---@param b? longhaul.Whole
---@return integer
function episode:random(a, b) end

---What is left to this episode.
---@return longhaul.Budget
function episode:budget() end

---A line into the run file; 64 KiB an episode.
---@param text string
function episode:log(text) end

---Oracles only: the true state after a turn; 0: the initial one.
---@param turn longhaul.Whole
---@return string
function episode:truth(turn) end

---Oracles only: is the record's reply to that finished turn wrong?
---@param turn longhaul.Whole
---@return boolean
function episode:wrong(turn) end

---@class (exact) longhaul.CallOptions
---@field model? string Another model of the same server.
---@field temperature? number 0 to 10.
---@field max_tokens? integer 1 or more.
---@field stop? string At most 63 bytes.
---@field purpose? string A word for the run file; at most 31 bytes.
---@field tools? boolean false: the task's tools are not to be called.

---@class (exact) longhaul.Budget
---@field calls integer
---@field tokens number Unlimited (math.huge).
---@field instructions integer Of this turn.
---@field bytes integer Of memory.

---@class longhaul.Error
---@field code "overflow"|"failed"
---@field message string
---@field retryable boolean

---@class longhaul.Reply
---@field text string
---@field thoughts string "" where there are none.
---@field answer string? The canonical state; nil where none can be read.
---@field finish "stop"|"length"|"refusal"|"filter"|"other"
---@field tokens_in integer
---@field tokens_out integer
---@field error nil

---@class longhaul.FailedReply
---@field error longhaul.Error
---@field answer nil

-- ---- history: the record ----

---#history is the number of messages, history[i] one of them: history[1] the instructions, history[#history] the current prompt.
---@class longhaul.History
---@field [integer] longhaul.Message
local history = {}

---Everything that was said. Cheap.
---@return longhaul.View
function history:view() end

---Edits the record for good (requires = { "edit" }): message i has this text from now on. Views made before are of no use then.
---@param i longhaul.Whole
---@param text string
---@param reason string 1 to 256 bytes; it goes into the run file
function history:replace(i, text, reason) end

---The same: messages from to to, both included, leave the record.
---@param from longhaul.Whole
---@param to longhaul.Whole
---@param reason string
function history:remove(from, to, reason) end

---The same: message i and all finished turns behind it leave the record.
---@param i longhaul.Whole
---@param reason string
function history:truncate(i, reason) end

---Where the record holds a finished turn.
---@param n longhaul.Whole
---@return integer first nil where the record does not hold it any more
---@return integer last
function history:turn(n) end

---How many results of tools the record holds, those of the tools in except left out.
---@param options? { except?: string|string[] }
---@return longhaul.Whole
function history:results(options) end

---@class longhaul.Message
---@field role "system"|"user"|"assistant"|"tool"
---@field text string
---@field thoughts string
---@field turn integer 0: the instructions.
---@field answer string?
---@field tokens integer Our estimate: a quarter of a token a byte.
---@field calls longhaul.ToolCall[]? Of an assistant's message that calls tools.
---@field tool string? Of a tool's result: which tool.

---@class longhaul.ToolCall
---@field id string
---@field name string
---@field arguments string JSON.

-- ---- view: what is sent ----

---Every call gives a new view and leaves the old one. Turns are finished ones, by their number in the record; the instructions
---and the current prompt stay. #view is the number of messages.
---@class longhaul.View
local view = {}

---The first and the last so many turns.
---@param which { first?: longhaul.Whole, last?: longhaul.Whole }
---@return longhaul.View
function view:keep(which) end

---The last n turns; 0: only the instructions and the prompt.
---@param n longhaul.Whole
---@return longhaul.View
function view:keep_last(n) end

---All turns but from to to.
---@param from longhaul.Whole
---@param to? longhaul.Whole as from
---@return longhaul.View
function view:drop(from, to) end

---@return longhaul.View
function view:drop_instructions() end

---Earlier turns without their thoughts: "native" in a field of their own, "tag" in <think> tags; both where kinds is left out.
---@param options? { keep_last?: longhaul.Whole, kinds?: ("native"|"tag")[] }
---@return longhaul.View
function view:without_thoughts(options) end

---Earlier replies reduced to their answer tag; one without a tag stays whole.
---@param options? { keep_last?: longhaul.Whole }
---@return longhaul.View
function view:answers_only(options) end

---Without earlier replies.
---@param options? { keep_last?: longhaul.Whole }
---@return longhaul.View
function view:without_assistant(options) end

---Puts `lead <answer>state</answer>` before the current prompt, in the same message.
---@param state string
---@param lead? string "So far:"
---@return longhaul.View
function view:restate(state, lead) end

---A message of the policy's own at the end.
---@param role "system"|"user"|"assistant"
---@param text string
---@return longhaul.View
function view:append(role, text) end

---A message of the policy's own at position i of this view, from 1.
---@param i longhaul.Whole
---@param role "system"|"user"|"assistant"
---@param text string
---@return longhaul.View
function view:insert(i, role, text) end

---Another text for the message at position i; its role stays.
---@param i longhaul.Whole
---@param text string
---@return longhaul.View
function view:set(i, text) end

---One message in the place of the turns from to to.
---@param from longhaul.Whole
---@param to longhaul.Whole
---@param role "system"|"user"|"assistant"
---@param text string
---@return longhaul.View
function view:replace(from, to, role, text) end

---Results of tools give way to a placeholder: the oldest `first`, or all but the newest keep_last; inputs: so do the calls'
---arguments; except: tools that are left alone. What no reply has been given to yet stays.
---@param options { first?: longhaul.Whole, keep_last?: longhaul.Whole, placeholder?: string, inputs?: boolean, except?: string|string[] }
---@return longhaul.View
function view:clear_results(options) end

---Our estimate of its tokens: a quarter of a token a byte.
---@return integer
function view:tokens() end

-- ---- an experiment file: the options of `longhaul run`, with underscores ----

---A text as on the command line ("window:n=5"), or a table that begins with the name ({ "window", n = 5 }).
---@alias longhaul.Spec string|{ [1]: string, [string]: string|number|boolean|(number|string)[] }

---@class (exact) longhaul.Experiment
---@field tasks? longhaul.Spec[] Task families with parameters.
---@field models? longhaul.Spec[] What is tested.
---@field policies? longhaul.Spec[] Context policies with options; paths are taken from this file's folder.
---@field histories? longhaul.Spec[] What is seen of earlier turns: own, or made, such as clean.
---@field probe_turns? string|(integer|string)[] With a made history: the turns asked; "all": every one ["1,last"].
---@field turns? integer Turns of an episode [100].
---@field samples? integer Seeded samples, the same under every condition [100].
---@field steps_per_turn? integer|integer[] Steps asked in one turn; a list is one more axis of the grid [1].
---@field steps? integer A fixed total: turns = steps / steps_per_turn.
---@field seed? integer Names every random draw of the run [1].
---@field horizon? number|number[] Shares for which the horizon is reported.
---@field against? string The policy that the others are compared with ["full_history"].
---@field stop_at_error? boolean An episode ends at its first error.
---@field sample? integer This sample only, from 0.
---@field concurrency? integer Calls in flight; results do not depend on it [64].
---@field rps? number Requests a second to each host, at most.
---@field tpm? number Tokens a minute, in and out, to each host, at most.
---@field retries? integer Attempts of a call before its episode is censored [8].
---@field timeout? number Seconds allowed to a request [600].
---@field max_calls? integer Budget of the run: requests.
---@field max_tokens_total? integer The same: tokens, in and out.
---@field max_cost? number The same: $; prices must be known.
---@field max_time? string|number The same: time, such as "90s", "30m", "8h".
---@field price? string A JSON file: MODEL → input, cached_input, output; $ a million tokens.
---@field gates? string[] What must hold, such as "horizon(0.8) >= 20".
---@field baseline? string A run file, or what `longhaul export` makes of it: what rules against a baseline compare with.
---@field shard? string "I/N": every Nth sample, from the Ith on.
---@field inconclusive? "pass"|"fail"|"neutral" A gate that is not decided ["neutral"].
---@field sequential? boolean|number Stop sampling once every gate is decided; or the error allowed [0.05].
---@field single_turn? boolean|number|string Search the most steps in one turn at this accuracy [0.8].
---@field cap? integer With single_turn: samples for each number of steps, at most [200].
---@field dry_run? boolean Say what would be asked; send nothing.
---@field resume? boolean Go on with the run in the run file.
---@field new? boolean Begin a new run in a file that holds an unfinished one.
---@field jobs? integer Worker processes for plugins and policies; 0: none.
---@field stall? number Processor seconds that a plugin may hang [10].
---@field plugins? string[] Files of task families of one's own.
---@field skip_without_key? boolean Exit with 77 where a key is needed and not set.
---@field output? string The run file ["longhaul.db"]; "none": keep nothing.

-- ---- what Lua's basic library has in the sandbox; string, table, math and utf8 are nearly whole ----

---@type string
_VERSION = "Lua 5.4"

---@generic T
---@param v? T
---@param message? any
---@return T
---@return any ...
function assert(v, message, ...) end

---@param message any
---@param level? integer
function error(message, level) end

---@param object any
---@return table?
function getmetatable(object) end

---@generic T: table, V
---@param list T
---@return fun(list: V[], i?: integer): integer, V
---@return T
---@return integer
function ipairs(list) end

---@generic K, V
---@param t table<K, V>
---@param key? K
---@return K? key the next in the fixed order: integers, then texts sorted
---@return V? value
function next(t, key) end

---@generic T: table, K, V
---@param t T
---@return fun(t: table<K, V>, key?: K): K, V
---@return T
function pairs(t) end

---A spent budget is not hidden by it.
---@param f function
---@return boolean ok
---@return any ...
function pcall(f, ...) end

---@return boolean
function rawequal(a, b) end

---@return any
function rawget(t, key) end

---@return integer
function rawlen(v) end

---@return table
function rawset(t, key, value) end

---@param n integer|"#"
---@return any ...
function select(n, ...) end

---@param t table
---@param metatable? table without __gc and __mode
---@return table
function setmetatable(t, metatable) end

---@param v any
---@param base? integer
---@return number?
function tonumber(v, base) end

---@param v any
---@return string
function tostring(v) end

---@param v any
---@return "nil"|"boolean"|"number"|"string"|"table"|"function"|"userdata"|"thread"
function type(v) end
