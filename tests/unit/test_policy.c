/* Policies through the door that a run uses: scripts opened, episodes driven turn by turn by a driver that
 * makes up the replies. What the API does is asserted by the scripts in tests/lua; what it refuses, and how
 * clearly, is in the tables here. */
#include "check.h"
#include "base/random.h"
#include "policy/policy.h"
#include "transcript/judge.h"

#include <unistd.h>

static struct lh_registry *registry;
static struct lh_taskset *set;
static char folder[] = "/tmp/longhaul-policy-XXXXXX";

static void must(int rc, const struct lh_error *err)
{
	if (rc) {
		printf("unexpected: %s\n", err->text);
		exit(1);
	}
}

static void open_set(void)
{
	struct lh_error err = { 0 };
	const struct lh_family *f;
	struct lh_str key = LH_STR("keys"), value = LH_STR("5");
	must(lh_registry_new(&registry, &err), &err);
	must(lh_registry_open(registry, LH_BINARY_DIR "/plugins/kv_sum.so", &f, &err), &err);
	must(lh_taskset_open(f, &key, &value, 1, NULL, &set, &err), &err);
}

/* ---- the driver ---- */

struct play {
	/* in */
	const char *path, *option;               /* a script; "key=value" */
	uint32_t turns;                          /* 0: 3 */
	uint64_t seed;
	const char *words;                       /* what the replies are, one after another; NULL: all "right" */
	/* out */
	int rc;                                  /* of whatever ended it */
	bool opened, began, over;                /* over: LH_STEP_END */
	uint32_t accepted;                       /* turns */
	enum lh_outcome outcome;
	struct lh_call_options options;          /* of the last step with any */
	char says[1536], cause[256], trace[4096], json[80 << 10];
};

struct driver {
	struct play *p;
	struct lh_sample *sample;
	struct lh_transcript *t;
	struct lh_policy_run *run;
	const char *at;                          /* in p->words */
};

static int failed(struct play *p, int rc, const struct lh_error *err)
{
	CHECK_INT(rc, err->code);
	p->rc = rc;
	snprintf(p->says, sizeof p->says, "%s", err->text);
	return rc;
}

/* Word i of `words`, round and round. */
static struct lh_str word_of(const char *words, int i)
{
	const char *p = words;
	for (;;) {
		size_t n = strcspn(p, " ");
		if (!i--)
			return (struct lh_str){ p, n };
		p += n + (p[n] == ' ');
		if (!*p)
			p = words;
	}
}

static void reply(struct driver *d, struct lh_str word, struct lh_call_result *out)
{
	struct lh_error err = { 0 };
	struct lh_str truth = lh_transcript_truth(d->t, lh_transcript_turn(d->t)), thoughts = LH_STR("native");
	char text[100];
	*out = (struct lh_call_result){ .finish = LH_FINISH_STOP, .tokens_in = 11, .tokens_out = 7 };
	if (lh_str_is(word, "fail") || lh_str_is(word, "over")) {
		bool over = lh_str_is(word, "over");
		out->error = over ? LH_E_OVERFLOW : LH_E_FAILED;
		out->error_text = over ? LH_STR("too long for the model") : LH_STR("no network");
		return;
	}
	if (lh_str_is(word, "none"))
		snprintf(text, sizeof text, "no tag");
	else if (lh_str_is(word, "thinks"))
		snprintf(text, sizeof text, "<think>hm</think> So <answer>%.*s</answer>.", LH_ARG(truth));
	else if (lh_str_is(word, "right"))
		snprintf(text, sizeof text, "<answer>%.*s</answer>", LH_ARG(truth));
	else
		snprintf(text, sizeof text, "<answer>%.*s</answer>", LH_ARG(word));
	must(lh_transcript_add_reply(d->t, lh_str_of(text), thoughts, &out->message, &err), &err);
}

static void note_step(struct driver *d, const struct lh_policy_step *step)
{
	char *trace = d->p->trace;
	size_t n = strlen(trace);
	snprintf(trace + n, sizeof d->p->trace - n, "%u:%dx%u ", lh_transcript_turn(d->t), step->calls, lh_view_length(step->view, d->t));
	if (step->options.purpose[0])
		d->p->options = step->options;
}

/* Carries steps out until the turn has its reply or the episode ends. */
static int drive_turn(struct driver *d)
{
	struct lh_policy_step step;
	struct lh_error err = { 0 };
	struct lh_call_result results[128];
	if (lh_transcript_begin_turn(d->t, &err))
		return failed(d->p, err.code, &err);
	int rc = lh_policy_turn(d->run, &step, &err);
	while (!rc && step.kind == LH_STEP_CALLS) {
		int calls = step.calls;
		note_step(d, &step);
		for (int i = 0; i < calls; i++) {
			struct lh_str word = LH_STR("right");
			if (step.options.purpose[0])
				word = word_of(step.options.purpose, i);
			else if (d->p->words) {
				word = word_of(d->at, 0);
				d->at += word.n + (d->at[word.n] == ' ');
				d->at = *d->at ? d->at : d->p->words;
			}
			reply(d, word, &results[i]);
		}
		rc = lh_policy_answer(d->run, results, calls, &step, &err);
	}
	if (rc)
		return failed(d->p, rc, &err);
	if (step.kind == LH_STEP_END) {
		d->p->over = true;
		d->p->outcome = step.outcome;
		snprintf(d->p->cause, sizeof d->p->cause, "%s", step.cause);
		return 1;
	}
	CHECK(step.message < lh_transcript_count(d->t));
	d->p->accepted++;
	must(lh_transcript_accept(d->t, step.message, &err), &err);
	return 0;
}

static void drive(struct driver *d, const struct lh_policy *policy)
{
	struct play *p = d->p;
	struct lh_error err = { 0 };
	must(lh_sample_open(set, 1, 5, &d->sample, &err), &err);
	must(lh_transcript_new(d->sample, 1, &d->t, &err), &err);
	struct lh_policy_setting s = { .transcript = d->t, .seed = p->seed, .sample = 1, .turns = p->turns, .window = 4000 };
	int rc = lh_policy_begin(policy, &s, &d->run, &err);
	CHECK((rc == 0) == (d->run != NULL));
	p->began = rc == 0;
	if (rc) {
		failed(p, rc, &err);
		return;
	}
	for (uint32_t turn = 1; turn <= p->turns && !rc; turn++)
		rc = drive_turn(d);
	if (rc)
		return;
	struct lh_buf json;
	lh_buf_init(&json, 1 << 20);
	rc = lh_policy_finish(d->run, &json, &err);
	if (rc)
		failed(p, rc, &err);
	else if (json.n)
		snprintf(p->json, sizeof p->json, "%s", json.p);
	lh_buf_fini(&json);
}

static void play(struct play *p)
{
	struct lh_error err = { 0 };
	struct lh_policy *policy;
	const char *equals = p->option ? strchr(p->option, '=') : NULL;
	struct lh_str key = { p->option, equals ? (size_t)(equals - p->option) : 0 }, value = lh_str_of(equals ? equals + 1 : NULL);
	p->turns = p->turns ? p->turns : 3;
	int rc = lh_policy_open(lh_str_of(p->path), &key, &value, equals ? 1 : 0, NULL, &policy, &err);
	p->opened = rc == 0;
	CHECK((rc == 0) == (policy != NULL));
	if (rc) {
		failed(p, rc, &err);
		return;
	}
	struct driver d = { .p = p, .at = p->words };
	drive(&d, policy);
	lh_policy_run_free(d.run);
	lh_transcript_free(d.t);
	lh_sample_close(d.sample);
	lh_policy_free(policy);
}

/* The script's text as FOLDER/case.lua. */
static const char *script(const char *text)
{
	static char path[100];
	snprintf(path, sizeof path, "%s/case.lua", folder);
	FILE *f = fopen(path, "w");
	CHECK(f && fputs(text, f) >= 0);
	if (f)
		fclose(f);
	return path;
}

static struct play p;                        /* large: one for all */

static struct play *played(const char *path, const char *option, uint32_t turns, const char *words)
{
	p = (struct play){ .path = path, .option = option, .turns = turns, .words = words };
	play(&p);
	return &p;
}

/* ---- scripts that assert for themselves ---- */

#define LUA LH_SOURCE_DIR "/tests/lua/"

static void test_episode(void)
{
	static char first[sizeof p.json];
	played(LUA "episode.lua", "n=7", 3, "right 900 right");
	CHECK_TEXT(p.says, "");
	CHECK_INT(p.accepted, 3);
	CHECK_TEXT(p.trace, "1:1x2 2:1x4 3:1x6 ");
	CHECK_HAS(p.json, "{\"columns\":{\"draws\":\"");
	CHECK_HAS(p.json, "\"good\":true,\"half\":0.5,\"seen\":\"0,");
	CHECK_HAS(p.json, ",900\",\"whole\":3},\"log\":\"turn 1\\nturn 2\\nturn 3\\nxxx");
	strcpy(first, p.json);
	played(LUA "episode.lua", "n=7", 3, "right 900 right");
	CHECK_TEXT(p.json, first);
	p = (struct play){ .path = LUA "episode.lua", .option = "n=7", .words = "right 900 right", .seed = 9 };
	play(&p);
	CHECK_TEXT(p.says, "");
	CHECK(strcmp(p.json, first) != 0);       /* another seed, other draws */
}

static void test_scripts(void)
{
	played(LUA "history.lua", NULL, 3, "right junk right");
	CHECK_TEXT(p.says, "");
	CHECK_INT(p.accepted, 3);
	played(LUA "views.lua", NULL, 8, "thinks");
	CHECK_TEXT(p.says, "");
	CHECK_TEXT(p.trace, "1:1x2 2:1x4 3:1x6 4:1x8 5:1x10 6:1x912 7:1x5 8:1x16 ");
	played(LUA "calls.lua", NULL, 5, NULL);
	CHECK_HAS(p.says, "calls.lua: turn() returned a reply of turn 4: return one of this turn's");
	CHECK_INT(p.accepted, 4);
	played(LUA "edits.lua", NULL, 5, NULL);
	CHECK_TEXT(p.says, "");
	CHECK_TEXT(p.trace, "1:1x2 2:1x4 3:1x4 4:1x3 5:1x2 ");
}

static void test_call_options(void)
{
	played(script("return { api = 1, turn = function(ep, history)\n"
		"return ep:ask(history:view():keep_last(0), { purpose = 'right', model = 'm', temperature = 0, max_tokens = 9, stop = 'x' }) end }"), NULL, 2, NULL);
	CHECK_TEXT(p.says, "");
	CHECK_TEXT(p.trace, "1:1x2 2:1x2 ");
	CHECK_TEXT(p.options.model, "m");
	CHECK_TEXT(p.options.stop, "x");
	CHECK(p.options.has_temperature && p.options.temperature == 0 && p.options.max_tokens == 9);
}

/* ---- what is refused when a script is opened ---- */

static void test_open(void)
{
	static const struct { const char *text, *option, *says; } table[] = {
		{ "return 5", NULL, "the script returns a number, it must return a table such as { api = 1 }" },
		{ "return", NULL, "case.lua: returns nothing" },
		{ "return {}, {}", NULL, "returns 2 values" },
		{ "return {}", NULL, "the script must say api = 1" },
		{ "return { api = 2 }", NULL, "the script must say api = 1" },
		{ "return { api = '1' }", NULL, "the script must say api = 1" },
		{ "return { api = 1, veiw = pcall }", NULL, "a policy has no field 'veiw': did you mean 'view'?" },
		{ "return { api = 1, 5 }", NULL, "a policy has no field '?'" },
		{ "return { api = 1, view = 5 }", NULL, "'view' is a number, it must be a function" },
		{ "return { api = 1, summary = 5 }", NULL, "'summary' is a number, it must be one line of text" },
		{ "return { api = 1, requires = 'oracle' }", NULL, "'requires' is a list of words" },
		{ "return { api = 1, requires = { 'orcale' } }", NULL, "unknown word 'orcale'; there are oracle, edit and own" },
		{ "return { api = 1, requires = { 5 } }", NULL, "unknown word '?'" },
		{ "return { api = 1, view = function() end, turn = function() end }", NULL, "both 'view' and 'turn'" },
		{ "return { api = 1, options = 5 }", NULL, "'options' is a number, it must be a table" },
		{ "return { api = 1, options = { 5 } }", NULL, "every key is a name" },
		{ "return { api = 1, options = { n = 5 } }", NULL, "options.n is a number, it must be a table such as" },
		{ "return { api = 1, options = { n = { type = 'int', default = 1 } } }", NULL, "type is 'int'; there are integer, number, text, boolean and choice" },
		{ "return { api = 1, options = { n = { default = 1 } } }", NULL, "type is 'nil'" },
		{ "return { api = 1, options = { n = { type = 'integer' } } }", NULL, "options.n has no default" },
		{ "return { api = 1, options = { n = { type = 'text', default = {} } } }", NULL, "options.n: default is a table" },
		{ "return { api = 1, options = { n = { type = 'integer', defualt = 1 } } }", NULL, "options.n has no field 'defualt': did you mean 'default'?" },
		{ "return { api = 1, options = { n = { type = 'integer', default = 5 } } }", "m=1", "no option 'm'" },
		{ "return { api = 1, options = { width = { type = 'integer', default = 5 } } }", "widht=1", "did you mean 'width'?" },
		{ "return { api = 1, options = { n = { type = 'integer', default = 5 } } }", "n=x", "option n=x: an integer is needed" },
		{ "return { api = 1, options = { n = { type = 'integer', default = 5 } } }", "n=1.5", "an integer is needed" },
		{ "return { api = 1, options = { n = { type = 'integer', default = 5, min = 2 } } }", "n=1", "option n is 1, the least it can be is 2" },
		{ "return { api = 1, options = { n = { type = 'integer', default = 5, max = 9 } } }", "n=10", "the most it can be is 9" },
		{ "return { api = 1, options = { n = { type = 'number', default = 5, min = 0, max = 1 } } }", NULL, "option n is 5, the most it can be is 1" },
		{ "return { api = 1, options = { n = { type = 'boolean', default = true } } }", "n=yes", "true or false is needed" },
		{ "return { api = 1, options = { n = { type = 'choice', choices = { 'a', 'b' }, default = 'a' } } }", "n=c", "one of a|b is needed" },
		{ "return { api = 1, options = { n = { type = 'choice', choices = { 'ab' }, default = 'a' } } }", NULL, "one of ab is needed" },
		/* what the script does while it is read */
		{ "x = 5", NULL, "case.lua:1: " },
		{ "return { api = 1", NULL, "case.lua:1: " },
		{ "\n\nreturn nosuch", NULL, "case.lua:3: " },
		{ "\27Lua", NULL, "case.lua" },
		{ "while true do end", NULL, "is there a loop without end?" },
		{ "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e5) .. i end", NULL, "KiB of memory that a policy may use" },
		{ "error({ message = 'mine' })", NULL, "mine" },
		/* metamethods in what it returns are not called */
		{ "return setmetatable({}, { __index = function(t, k) error('called') end })", NULL, "the script must say api = 1" },
		{ "return { api = 1, options = { a = { type = 'text', default = 'x' }, n = setmetatable({}, { __index = function() error('called') end }) } }",
			NULL, "options.n: type is 'nil'" },
		{ "return { api = 1, options = setmetatable({}, { __index = function() error('called') end }) }", "n=1", "no option 'n'" },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		played(script(table[i].text), table[i].option, 1, NULL);
		CHECK(!p.opened);
		CHECK_HAS(p.says, table[i].says);
		CHECK_HAS(p.says, "policy /tmp/");
	}
	played("/nowhere/x.lua", NULL, 1, NULL);
	CHECK_HAS(p.says, "No such file");
	played("full_histroy", NULL, 1, NULL);
	CHECK_HAS(p.says, "did you mean 'full_history'?");
	played("full_history", NULL, 2, NULL);
	CHECK_TEXT(p.says, "");
	CHECK_TEXT(p.json, "");
}

static void test_declarations(void)
{
	struct lh_error err = { 0 };
	struct lh_policy *policy;
	must(lh_policy_open(lh_str_of(script("return { api = 1, summary = 'One line.', requires = { 'edit', 'oracle' },\n"
		"options = { z = { type = 'number', default = 0.5, min = 0 }, a = { type = 'choice', choices = { 'x', 'y' }, default = 'y', help = 'which' } },\n"
		"view = function() end, finish = function() end }")), NULL, NULL, 0, NULL, &policy, &err), &err);
	CHECK_TEXT(lh_policy_name(policy), "case");
	CHECK_TEXT(lh_policy_summary(policy), "One line.");
	CHECK_INT(lh_policy_needs(policy), LH_NEEDS_ORACLE | LH_NEEDS_EDIT);
	CHECK_INT(lh_policy_hooks(policy), LH_HOOK_VIEW | LH_HOOK_FINISH);
	CHECK(lh_str_is(lh_policy_options_json(policy), "{\"a\":\"y\",\"z\":0.5}"));
	CHECK_INT(lh_policy_option_count(policy), 2);
	CHECK_TEXT(lh_policy_option_at(policy, 0)->range, "x|y");
	CHECK_TEXT(lh_policy_option_at(policy, 0)->help, "which");
	CHECK_TEXT(lh_policy_option_at(policy, 1)->range, "0..");
	CHECK_TEXT(lh_policy_option_at(policy, 1)->initial, "0.5");
	CHECK_INT(strlen(lh_policy_sha256(policy)), 64);
	lh_policy_free(policy);
}

/* ---- what is refused while an episode runs ---- */

static void test_errors(void)
{
	static const struct { const char *text; uint32_t accepted; const char *says; } table[] = {
		/* start */
		{ "return { api = 1, start = function(ep)\nerror('in start') end }", 0, "case.lua:2: in start" },
		{ "return { api = 1, start = function(ep)\nep.sate = {} end }", 0, "case.lua:2: ep.sate cannot be set: what a policy keeps goes into ep.state" },
		{ "return { api = 1, start = function(ep) while true do end end }", 0, "case.lua:1: more than 1000000 instructions" },
		/* view */
		{ "return { api = 1, view = function(ep, history)\nreturn ep.opts.n end }", 0, "case.lua:2: ep has no field or method 'opts'" },
		{ "return { api = 1, view = function(ep, history)\nreturn histroy:view() end }", 0, "case.lua:2: " },
		{ "return { api = 1, view = function(ep, history)\nreturn history:view():keep_last('x') end }", 0, "case.lua:2: bad argument #1 to 'keep_last'" },
		{ "return { api = 1, view = function() end }", 0, "case.lua: view() returned nil: return a view, such as history:view()" },
		{ "return { api = 1, view = function() return {} end }", 0, "case.lua: view() returned table" },
		{ "return { api = 1, view = function(ep, h) ep.state.v = ep.state.v or h:view() return ep.state.v end }", 1,
			"case.lua: view() returned a view made before the record was edited, or in another turn: call history:view() again" },
		{ "return { api = 1, requires = { 'edit' }, view = function(ep, h) local v = h:view() if ep.turn == 2 then h:remove(2, 3, 'x') end return v end }", 1,
			"case.lua: view() returned a view made before the record was edited" },
		{ "return { api = 1, view = function(ep, h) return h:view():append('assistant', 'x') end }", 0,
			"case.lua: view(): the view ends with a message of the assistant: it must end with the user" },
		{ "return { api = 1, view = function(ep, h) return h:view():append('system', 'x') end }", 0, "ends with a message of the system" },
		{ "return { api = 1, view = function(ep, h) return h:view():insert(2, 'assistant', 'x') end }", 0,
			"case.lua: view(): after the instructions the view begins with a message of the assistant: it must begin with the user" },
		{ "return { api = 1, view = function(ep, h) return h end }", 0, "view() returned userdata" },
		{ "return { api = 1, view = function(ep, h)\nlocal v = h:view() for i = 1, 5000 do v = v:append('user', 'x') end return v end }", 0,
			"case.lua:2: more than 1000000 instructions" },
		/* turn */
		{ "return { api = 1, turn = function() end }", 0, "case.lua: turn() returned nothing: return a reply of ep:ask or ep:sample, or nil and an error" },
		{ "return { api = 1, turn = function() return nil end }", 0, "case.lua: turn() returned nil" },
		{ "return { api = 1, turn = function() return nil, nil end }", 0, "case.lua: turn() returned nil" },
		{ "return { api = 1, turn = function() return 5 end }", 0, "case.lua: turn() returned number" },
		{ "return { api = 1, turn = function(ep, h) return h:view() end }", 0, "case.lua: turn() returned userdata" },
		{ "return { api = 1, turn = function(ep, h) return { ep:ask(h:view()) } end }", 0, "case.lua: turn() returned table" },
		{ "return { api = 1, turn = function(ep, h)\nlocal r = ep:ask(h:view()) error('after ' .. r.finish) end }", 0, "case.lua:2: after stop" },
		{ "return { api = 1, turn = function(ep, h) error({}) end }", 0, "case.lua: the script raised a table value" },
		{ "return { api = 1, turn = function(ep, h)\nfor i = 1, 257 do ep:ask(h:view()) end end }", 0, "case.lua:2: more than 256 calls in one turn" },
		{ "return { api = 1, requires = { 'edit' }, turn = function(ep, h) local r = ep:ask(h:view())\nif ep.turn > 1 then h:remove(2, 3, 'x') end return r end }", 1,
			"case.lua: turn() returned a reply that was asked for before the record was edited: ask again after the edit" },
		{ "return { api = 1, turn = function(ep, h) return nil, 'enough' end }", 0, "case.lua: turn() gave up (enough), though no call failed" },
		{ "return { api = 1, turn = function(ep, h) return nil, {} end }", 0, "case.lua: turn() gave up (the policy gave the turn up), though no call failed" },
		{ "return { api = 1, turn = function(ep, h) return nil, { code = 'overflow', message = 'mine' } end }", 0,
			"case.lua: turn() gave up (mine), though no call was too long for the model" },
		/* a budget that is spent cannot be swallowed */
		{ "return { api = 1, view = function(ep, h) pcall(function() while true do end end) return h:view() end }", 0, "more than 1000000 instructions" },
		{ "return { api = 1, turn = function(ep, h) pcall(function() while true do end end) return ep:ask(h:view()) end }", 0, "more than 1000000 instructions" },
		{ "return { api = 1, turn = function(ep, h) local v = h:view() pcall(function() while true do ep:budget() end end) return nil, 'tired' end }", 0, "more than 1000000 instructions" },
		{ "return { api = 1, turn = function(ep, h) return nil, pcall(string.rep, 'x', 1e9), pcall(function() while true do end end) end }", 0, "more than 1000000 instructions" },
		{ "return { api = 1, turn = function(ep, h) local r = ep:ask(h:view()) while true do end end }", 0, "more than 1000000 instructions" },
		{ "return { api = 1, view = function(ep, h) local t = {} for i = 1, 1e6 do t[i] = ('x'):rep(1e4) .. i end end }", 0,
			"view(): case.lua:1: needs more than the 4096 KiB of memory that a policy may use" },
		{ "return { api = 1, view = function() error('no place', 0) end }", 0, "case.lua: no place" },
		/* finish */
		{ "return { api = 1, finish = function(ep)\nerror('in finish') end }", 3, "case.lua:2: in finish" },
		{ "return { api = 1, finish = function() return 5 end }", 3, "case.lua: finish() returned number: return a table of columns, or nothing" },
		{ "return { api = 1, finish = function() return { x = {} } end }", 3, "case.lua: finish() returns at most 64 columns, each a name with a number, text or boolean" },
		{ "return { api = 1, finish = function() return { 5 } end }", 3, "each a name" },
		{ "return { api = 1, finish = function() return { ['a\\0b'] = 5 } end }", 3, "each a name" },
		{ "return { api = 1, finish = function() local t = {} for i = 1, 65 do t['c' .. i] = i end return t end }", 3, "at most 64 columns" },
		{ "return { api = 1, finish = function(ep) ep:log('x') while true do end end }", 3, "more than 1000000 instructions" },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		played(script(table[i].text), NULL, 3, NULL);
		CHECK_INT(p.rc, LH_E_POLICY);
		CHECK_HAS(p.says, table[i].says);
		CHECK_INT(p.accepted, table[i].accepted);
		if (p.rc != LH_E_POLICY || !strstr(p.says, table[i].says))
			printf("  case %zu: %s\n", i, table[i].text);
	}
}

/* The script runs again in each episode, on another random stream: what was declared may be gone. */
static void test_changing_script(void)
{
	struct lh_random first = { 0, 0 };
	char text[300];
	static const char *const other[] = { "5", "{ api = 1 }", "{ api = 1, view = 5 }", "nil, nil" };
	int n = (int)lh_random_between(&first, 1, 1000000);
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		snprintf(text, sizeof text, "if math.random(1000000) == %d then return { api = 1, view = function(ep, h) return h:view() end } end\nreturn %s", n, other[i]);
		played(script(text), NULL, 2, NULL);
		CHECK(p.opened);
		CHECK_INT(p.rc, LH_E_POLICY);
	}
}

/* 32 calls a turn of the episode and 8 turns more: 2 turns make 320. */
static void test_calls_per_episode(void)
{
	played(script("return { api = 1, turn = function(ep, h)\n"
		"local r for i = 1, ep.turn == 1 and 250 or 100 do r = ep:ask(h:view()) end return r end }"), NULL, 2, NULL);
	CHECK_HAS(p.says, "case.lua:2: more than 320 calls in one episode");
	played(script("return { api = 1, turn = function(ep, h)\n"
		"if ep.turn == 1 then return ep:sample(128, h:view()) and ep:sample(122, h:view())[1] end\n"
		"assert(ep:budget().calls == 70) return ep:sample(70, h:view())[70] end }"), NULL, 2, NULL);
	CHECK_TEXT(p.says, "");
	CHECK_INT(p.accepted, 2);
}

/* ---- ends of an episode ---- */

static void test_ends(void)
{
	static const struct { const char *text, *words; uint32_t accepted; enum lh_outcome outcome; const char *cause, *trace; } table[] = {
		{ "return { api = 1 }", "right fail", 1, LH_OUTCOME_FAILED, "no network", "1:1x2 2:1x4 " },
		{ "return { api = 1 }", "right over", 1, LH_OUTCOME_OVERFLOW, "too long for the model", "1:1x2 2:1x4 " },
		{ "return { api = 1, view = function(ep, h) return h:view() end }", "fail", 0, LH_OUTCOME_FAILED, "no network", "1:1x2 " },
		{ "return { api = 1, turn = function(ep, h) return ep:ask(h:view()) end }", "fail", 0, LH_OUTCOME_FAILED, "no network", "1:1x2 " },
		{ "return { api = 1, turn = function(ep, h) return ep:ask(h:view()) end }", "over", 0, LH_OUTCOME_OVERFLOW, "too long for the model", "1:1x2 " },
		{ "return { api = 1, turn = function(ep, h) return ep:vote(ep:sample(3, h:view())) end }", "fail over fail", 0, LH_OUTCOME_FAILED, "no network", "1:3x2 " },
		{ "return { api = 1, turn = function(ep, h) ep:ask(h:view()) return nil, 'enough' end }", "fail", 0, LH_OUTCOME_FAILED, "enough", "1:1x2 " },
		{ "return { api = 1, turn = function(ep, h) ep:ask(h:view()) return nil, { code = 'overflow', message = 'mine' } end }", "over", 0,
			LH_OUTCOME_OVERFLOW, "mine", "1:1x2 " },
		{ "return { api = 1, turn = function(ep, h) ep:ask(h:view()) return nil, 5, 6 end }", "fail", 0, LH_OUTCOME_FAILED, "the policy gave the turn up", "1:1x2 " },
		/* a summary is asked for, the record is edited, and the prompt is asked again */
		{ "return { api = 1, requires = { 'edit' }, turn = function(ep, h)\n"
			"if ep.turn == 3 then local s = ep:ask(h:view()) h:remove(2, 5, 'summed up') assert(#h == 2) end return ep:ask(h:view()) end }",
			"right right right right", 3, LH_OUTCOME_CORRECT, "", "1:1x2 2:1x4 3:1x6 3:1x2 " },
		/* the overflow hook */
		{ "return { api = 1, overflow = function(ep, h, err) assert(err.code == 'overflow' and #h == 4) return h:view():keep_last(0) end }",
			"right over right", 3, LH_OUTCOME_CORRECT, "", "1:1x2 2:1x4 2:1x2 3:1x6 " },
		{ "return { api = 1, overflow = function(ep, h, err) return h:view():keep_last(0) end }", "right over over", 1, LH_OUTCOME_OVERFLOW,
			"too long for the model", "1:1x2 2:1x4 2:1x2 " },
		{ "return { api = 1, overflow = function(ep, h, err) return h:view():keep_last(0) end }", "right over fail", 1, LH_OUTCOME_FAILED,
			"no network", "1:1x2 2:1x4 2:1x2 " },
		{ "return { api = 1, overflow = function() end }", "over", 0, LH_OUTCOME_OVERFLOW, "too long for the model", "1:1x2 " },
		{ "return { api = 1, overflow = function(ep) ep.state.n = 1 return nil end, view = function(ep, h) return h:view() end }", "fail", 0, LH_OUTCOME_FAILED, "no network", "1:1x2 " },
		/* only the calls that were too long are made again */
		{ "return { api = 1, turn = function(ep, h) local l = ep:sample(3, h:view()) assert(l[1].answer == '7' and l[2].answer == '9' and l[3].error) return l[2] end,\n"
			"overflow = function(ep, h) return h:view():drop_instructions() end }", "7 over over 9 over", 3, LH_OUTCOME_CORRECT, "",
			"1:3x2 1:2x1 2:3x4 2:2x3 3:3x6 3:2x5 " },
		/* one overflow hook for each ask */
		{ "return { api = 1, turn = function(ep, h) assert(ep:ask(h:view()).answer == '1') assert(ep:ask(h:view()).answer == '2') return ep:ask(h:view()) end,\n"
			"overflow = function(ep, h) return h:view():drop_instructions() end }", "over 1 over 2 3", 3, LH_OUTCOME_CORRECT, "",
			"1:1x2 1:1x1 1:1x2 1:1x1 1:1x2 2:1x4 2:1x3 2:1x4 2:1x3 2:1x4 3:1x6 3:1x5 3:1x6 3:1x5 3:1x6 " },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		played(script(table[i].text), NULL, 3, table[i].words);
		CHECK_TEXT(p.says, "");
		CHECK_INT(p.accepted, table[i].accepted);
		CHECK_INT(p.over, table[i].accepted < 3);
		CHECK_INT(p.outcome, table[i].outcome);
		CHECK_TEXT(p.cause, table[i].cause);
		CHECK_TEXT(p.trace, table[i].trace);
	}
}

static void test_overflow_errors(void)
{
	static const struct { const char *text, *says; } table[] = {
		{ "return { api = 1, overflow = function() return 5 end }", "case.lua: overflow() returned number: return a view" },
		{ "return { api = 1, overflow = function(ep, h) return h:view():append('assistant', 'x') end }", "case.lua: overflow(): the view ends with" },
		{ "return { api = 1, overflow = function(ep, h)\nep:ask(h:view()) end }", "case.lua:2: ep:ask and ep:sample can be called in turn() only" },
		{ "return { api = 1, requires = { 'edit' }, overflow = function(ep, h)\nh:remove(2, 3, 'x') return h:view() end }",
			"case.lua:2: the record is edited in view() or turn(): note in ep.state what the next turn shall edit" },
		{ "return { api = 1, overflow = function(ep, h)\nerror('no way') end }", "case.lua:2: no way" },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		played(script(table[i].text), NULL, 3, "right over right");
		CHECK_INT(p.rc, LH_E_POLICY);
		CHECK_HAS(p.says, table[i].says);
	}
}

/* An error value whose fields are the script's own code: its errors and its loops are the policy's. */
static void test_hostile_values(void)
{
	static const char *const table[] = {
		"return { api = 1, turn = function() return nil, setmetatable({}, { __index = function() error('inside') end }) end }",
		"return { api = 1, turn = function() return nil, setmetatable({}, { __index = function() while true do end end }) end }",
		"return { api = 1, finish = function() return setmetatable({}, { __index = function() error('inside') end }) end }",
		"return { api = 1, turn = function(ep, h) return ep:vote(setmetatable({}, { __len = function() return 5 end, __index = function() error('inside') end })) end }",
		"return { api = 1, view = function(ep, h) return h:view():keep(setmetatable({}, { __index = function() error('inside') end })) end }",
		"return setmetatable({ api = 1, view = function(ep, h) return h:view() end }, { __index = function() error('inside') end })",
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		played(script(table[i]), NULL, 2, NULL);
		CHECK(p.rc == 0 || p.rc == LH_E_POLICY);
	}
}

/* The memory limit met at many places: every call of the API with little or nothing left. Under the
 * sanitizers this finds what is lost or freed twice when Lua raises in the middle of a call. */
static void test_little_memory(void)
{
	static const char text[] =
		"local hog = {}\n"
		"local function fill(n)\n"
		"  local ok = true\n"
		"  while ok do\n"
		"    ok = pcall(function() hog[#hog + 1] = ('x'):rep(n) .. #hog end)\n"
		"  end\n"
		"end\n"
		"local function all(ep, h)\n"
		"  local v = h:view()\n"
		"  for i = 1, 12 do v = v:append('user', 'x' .. i) end\n"
		"  v = v:drop(1):without_thoughts { kinds = { 'tag' } }:insert(2, 'user', 'y'):set(2, 'z'):restate('5'):replace(1, 9, 'user', 'w')\n"
		"  ep:log('x') ep:budget() ep:random(1, 2) local m = h[1].text\n"
		"  return ep.state_shown .. #v .. v:tokens()\n"
		"end\n"
		"return { api = 1, requires = { 'edit' }, start = function() fill(60000) fill(5000) end, finish = function() return { [('long'):rep(20)] = 'x' } end, %s = function(ep, h)\n"
		"  fill(600) fill(60)\n"
		"  for i = 1, 2 do\n"
		"    pcall(all, ep, h)\n"
		"    pcall(function() h:replace(2, 'again', 'x') end)\n"
		"    hog[#hog] = nil\n"
		"  end\n"
		"  %s\n"
		"end }";
	static const char *const ends[][2] = {
		{ "view", "for i = 1, 40 do hog[#hog] = nil end return h:view()" }, { "view", "return h:view()" }, { "view", "fill(50) return h:view()" },
		{ "turn", "for i = 1, 40 do hog[#hog] = nil end return ep:vote(ep:sample(50, h:view()))" }, { "turn", "return ep:vote(ep:sample(50, h:view()))" },
		{ "turn", "fill(50) return ep:ask(h:view())" }, { "turn", "fill(50) return nil, 'tired'" }, { "turn", "fill(50) return nil, {}" },
	};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		char whole[sizeof text + 200];
		snprintf(whole, sizeof whole, text, ends[i][0], ends[i][1]);
		played(script(whole), NULL, 6, "right right 5");
		CHECK(p.rc == 0 || p.rc == LH_E_POLICY);
		if (i == 0 || i == 3)
			CHECK_TEXT(p.says, "");
	}
}

/* ---- experiment files ---- */

static void test_script_json(void)
{
	static const struct { const char *text, *json, *says; } table[] = {
		{ "return { tasks = { 'kv_sum' }, turns = 5, rate = 0.5, on = true, empty = {} }",
			"{\"empty\":{},\"on\":true,\"rate\":0.5,\"tasks\":[\"kv_sum\"],\"turns\":5}", NULL },
		{ "return { 'kv_sum', keys = 5 }", "{\"1\":\"kv_sum\",\"keys\":5}", NULL },
		{ "return 5", NULL, "case.lua: the file returns a number: it must return a table" },
		{ "return { f = pcall }", NULL, "a function cannot stand in an experiment" },
		{ "return { [1.5] = 1 }", NULL, "keys must be names or positions" },
		{ "return { [3] = 1 }", NULL, "position 3 stands outside the list of 0" },
		{ "return { 'a', [0] = 1 }", NULL, "position 0 stands outside the list of 1" },
		{ "local t = {} t.t = t return t", NULL, "tables more than 8 deep" },
		{ "local t = { 0 } for i = 1, 8 do local u = {} for k = 1, 4000 do u[k] = t end t = u end return t", NULL, "instructions" },
		{ "\n\nreturn tasks", NULL, "case.lua:3: " },
		{ "\33Lua", NULL, "case.lua" },
		{ "local t = {} for i = 1, 1e6 do t[i] = ('x'):rep(1e4) .. i end", NULL, "case.lua:1: needs more than the 4096 KiB" },
		{ "local function f() return 1 + f() end return f()", NULL, "case.lua" },
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct lh_error err = { 0 };
		struct lh_buf json;
		lh_buf_init(&json, 64 << 20);
		int rc = lh_script_json(script(table[i].text), &json, &err);
		if (table[i].json) {
			CHECK_INT(rc, 0);
			CHECK_TEXT(json.p, table[i].json);
		} else {
			CHECK(rc != 0);
			CHECK_HAS(err.text, table[i].says);
		}
		lh_buf_fini(&json);
	}
}

int main(void)
{
	open_set();
	CHECK(mkdtemp(folder) != NULL);
	test_open();
	test_declarations();
	test_episode();
	test_scripts();
	test_call_options();
	test_errors();
	test_changing_script();
	test_calls_per_episode();
	test_ends();
	test_overflow_errors();
	test_hostile_values();
	test_little_memory();
	test_script_json();
	unlink(script(""));
	rmdir(folder);
	lh_taskset_free(set);
	lh_registry_free(registry);
	return check_done();
}
