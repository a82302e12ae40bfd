/* policy/sandbox.h - a Lua state in which untrusted text runs: bounded and deterministic.
 *
 * No clock, no files, no addresses, no `load`, no `coroutine`, no `debug`; `pairs` and `next` go in
 * a fixed order; `math.random` draws from a given stream; patterns, sorts and every library
 * function whose cost is not constant are charged for. A spent budget is sticky: no `pcall` hides
 * it. Internal to the room (it is lua.h all the way).
 *
 * What the budget counts: one unit for each VM instruction (looked at every LH_SANDBOX_STEP of
 * them), for each element that a table function touches, for 16 bytes that a string function
 * touches, for 8 steps of the pattern matcher, for 64 bytes of a large allocation. One instruction
 * may compare two strings of any length, or copy as many arguments as the stack holds: so it costs
 * one unit more for each 32 KiB of the longest string that the state has made, and for each MiB of
 * its largest block.
 *
 * What is not fixed: where `#t` ends in a table with holes, and what a table holds whose metatable
 * got __mode after setmetatable saw it. Both depend on the collector and on hash seeds.
 *
 * For the host:
 * - Outside lua_pcall and lua_resume use only what cannot raise (lua.h marks it `-`): a raise
 *   there aborts the program.
 * - Globals are strict for C too: lua_setglobal raises. Use lh_sandbox_define.
 * - A thread from lua_newthread inherits the hook and is bounded like the main one. After
 *   lua_resume ask lh_sandbox_fault even when it returned LUA_OK or LUA_YIELD: the script may have
 *   swallowed the error of a spent budget with its last call.
 * - Never lua_resetthread a thread that ended with an error: its pending __close functions would
 *   run with hooks off. Drop it.
 * - Give every metatable that a script can reach a __metatable field, and no script table a
 *   metatable that the script can write. */
#ifndef LH_POLICY_SANDBOX_H
#define LH_POLICY_SANDBOX_H

#include "base/random.h"
#include "base/text.h"

#include <lua.h>

#define LH_SANDBOX_STEP 1000              /* instructions between two looks at the budget */

struct lh_sandbox_limits {
	size_t memory_bytes;              /* default 4 MiB */
	int64_t instructions;             /* a call into the script: default 1,000,000 */
	int64_t fail_at;                  /* tests: the allocation of this number fails, from 1; 0: none */
};

struct lh_sandbox {
	lua_State *L;
	lua_State *running;               /* the thread that runs instead of L; NULL: none. Its owner sets it */
	struct lh_sandbox_limits limits;
	size_t used_bytes;
	size_t longest_string;            /* bytes of the longest made so far */
	size_t largest_block;             /* made so far: no table has more slots than fit into it */
	int64_t allocations;
	int64_t left;                     /* instructions left of the present call */
	bool spent;                       /* sticky until lh_sandbox_arm */
	bool out_of_memory;               /* an allocation was refused since lh_sandbox_arm */
	bool machine_full;                /* malloc failed: no later result can be trusted */
	char spent_at[80];                /* "file:line: " where the budget ended, or empty */
	char refused_at[80];              /* the same of the last allocation refused since lh_sandbox_arm */
	struct lh_random random;          /* math.random; the owner sets it */
};

void lh_sandbox_default_limits(struct lh_sandbox_limits *limits);

/* A new state with the safe libraries in strict globals: reading an undefined global or assigning
 * any is an error that names it and the nearest defined name. limits NULL: the defaults. `s` must
 * not move. On failure there is nothing to release. */
int lh_sandbox_init(struct lh_sandbox *s, const struct lh_sandbox_limits *limits, struct lh_error *err) LH_CHECKED;
void lh_sandbox_fini(struct lh_sandbox *s);

/* Compiles text (never bytecode) and runs the chunk with a fresh budget; leaves its one result on
 * the stack of s->L. name: what error messages show, e.g. "window.lua" (at most 58 bytes of it). */
int lh_sandbox_load(struct lh_sandbox *s, struct lh_str text, const char *name, struct lh_error *err) LH_CHECKED;

/* Makes the value on top of the stack a global that scripts can read [-1, +0, m]. */
void lh_sandbox_define(lua_State *L, const char *name);

/* A fresh budget; call it before each entry into the script. */
void lh_sandbox_arm(struct lh_sandbox *s);

/* Spends `units` instructions; raises a Lua error when the budget is gone [-0, +0, e]. For C
 * functions whose work grows with their arguments. */
void lh_sandbox_charge(lua_State *L, int64_t units);
struct lh_sandbox *lh_sandbox_of(lua_State *L);

/* Pushes what the script's tostring gives for the value at index `at`, which never holds an
 * address, and returns it [-0, +1, e]. Use it in place of luaL_tolstring. */
const char *lh_sandbox_text(lua_State *L, int at, size_t *n);

/* lua_pcall of s->L with a traceback-free message: "file:line: text" goes to err (LH_E_POLICY, or
 * LH_E_NOMEM where the machine has no memory left), the stack keeps only what was below function
 * and arguments. */
int lh_sandbox_call(struct lh_sandbox *s, int args, int results, struct lh_error *err) LH_CHECKED;

/* Words the error value on top of the stack of L (`status` from Lua) into err and pops it; runs no
 * script code. With LUA_OK or LUA_YIELD it pops nothing, and returns 0 unless the budget is spent
 * or the machine out of memory. Nothing may be running in s->L. */
int lh_sandbox_fault(struct lh_sandbox *s, lua_State *L, int status, struct lh_error *err) LH_CHECKED;

#endif
