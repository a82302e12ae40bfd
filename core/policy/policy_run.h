/* policy/policy_run.h - the insides of one episode's policy, shared by this room's files. */
#ifndef LH_POLICY_POLICY_RUN_H
#define LH_POLICY_POLICY_RUN_H

#include "policy/policy.h"
#include "policy/sandbox.h"

#include <lauxlib.h>

#define LH_CALLS_PER_TURN 256
#define LH_CALLS_PER_EPISODE_PER_TURN 32
#define LH_LOG_BYTES (64u << 10)

enum lh_option_type { LH_OPTION_INTEGER, LH_OPTION_NUMBER, LH_OPTION_TEXT, LH_OPTION_BOOLEAN, LH_OPTION_CHOICE };

struct lh_policy_value { enum lh_option_type type; int64_t integer; double number; char *text; };

struct lh_policy {
	char *name, *path, *summary;
	char sha256[65];
	struct lh_buf text, json;
	unsigned needs, hooks;
	struct lh_policy_option *option;
	struct lh_policy_value *value;
	int option_count;
};

/* What the script asked for and waits on. */
struct lh_pending {
	const struct lh_view *view;
	struct lh_call_options options;
	int wanted;                      /* calls */
	bool many;                       /* sample(): a list is expected */
	struct lh_call_result *result;   /* `wanted` of them, filled as they come */
	int cap;
	int *again;                      /* result indexes that are asked once more after overflow() */
	int again_count;
	bool overflowed;                 /* overflow() was called for this ask */
	uint32_t shown;                  /* messages of the record that the view it gave knows of; 0: it gave none */
};

struct lh_policy_run {
	struct lh_sandbox sandbox;       /* first: lh_sandbox_of(L) is this run */
	const struct lh_policy *policy;
	struct lh_policy_setting setting;
	bool live;                       /* there is a Lua state */
	lua_State *thread;               /* where turn() runs */
	int hook_ref[5], ep_ref, history_ref, options_ref, state_ref, view_mt_ref, reply_mt_ref;   /* registry places */
	unsigned hook;                   /* the hook being run, 0: none */
	uint64_t epoch;                  /* changes with every turn and every edit: views of another are stale */
	struct lh_pending pending;
	struct lh_view plain;            /* the default turn's view where the script makes none */
	struct lh_piece **heap;          /* piece arrays of this turn's views */
	int heap_count, heap_cap;
	int calls_turn;
	bool lacked_initial;             /* the hook that ran last asked for a state that there is not */
	bool saw_failure, saw_overflow;  /* a call of this turn failed; was too long */
	int64_t calls_episode;
	struct lh_buf log, scratch;
};

struct lh_policy_run *lh_run_of(lua_State *L);

/* Lua-side objects. Each pushes one value. */
struct lh_lua_view { struct lh_view view; uint64_t epoch; };
struct lh_lua_reply { uint32_t message, turn, edits; int32_t finish; int64_t tokens_in, tokens_out; };
void lh_lua_open_objects(lua_State *L);                                 /* [-0, +0, e] metatables */
void lh_lua_push_view(lua_State *L, const struct lh_view *v);           /* [-0, +1, e] a copy */
struct lh_lua_view *lh_lua_check_view(lua_State *L, int arg);           /* [-0, +0, e] of this turn */
/* The userdata at `at` if its metatable is the one at `mt_ref`, else NULL [-0, +0, -]. */
void *lh_lua_test(lua_State *L, int at, int mt_ref);
void lh_lua_push_result(lua_State *L, const struct lh_call_result *r);  /* [-0, +1, e] a reply or {error=…} */
void lh_lua_push_error(lua_State *L, const struct lh_call_result *r);   /* [-0, +1, e] {code, message, retryable} */
void lh_lua_keep_heap(lua_State *L, struct lh_view *v);                 /* frees v's pieces at the end of the turn */
/* Raises err's message at the caller's line [-0, +0, e]. */
int lh_lua_raise(lua_State *L, const struct lh_error *err);
/* The options table at `arg` (absent: none) has only fields named in `known` [-0, +0, e]. */
void lh_lua_check_fields(lua_State *L, int arg, const char *const *known);
/* The tools named in the field `except`, a list or a text, of the table at `arg`, as bits [-0, +0, e]. */
uint32_t lh_lua_except(lua_State *L, int arg);
/* A table of methods whose missing names are errors that name the nearest [-0, +1, e]. */
void lh_lua_methods(lua_State *L, const char *what, const luaL_Reg *methods);
/* Makes reading a field that the table on top does not have such an error, too [-0, +0, e]. */
void lh_lua_strict_fields(lua_State *L, const char *what);
/* Raises "WHAT has no field or method 'KEY'" with the nearest of `names`. */
int lh_lua_no_field(lua_State *L, const char *what, const char *key, const char *const *names);
void lh_lua_open_ep(lua_State *L);
void lh_lua_open_view(lua_State *L);
void lh_lua_open_history(lua_State *L);
int lh_ep_ask(lua_State *L);
int lh_ep_sample(lua_State *L);

/* Metatable names. */
#define LH_MT_EP "longhaul.ep"
#define LH_MT_HISTORY "longhaul.history"
#define LH_MT_MESSAGE "longhaul.message"
#define LH_MT_VIEW "longhaul.view"
#define LH_MT_REPLY "longhaul.reply"

#endif
