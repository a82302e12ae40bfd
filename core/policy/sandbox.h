/* policy/sandbox.h - a Lua state in which untrusted text runs: bounded and deterministic.
 *
 * No clock, no files, no addresses, no `load`, no `coroutine`, no `debug`; `pairs` and `next` go in
 * a fixed order; `math.random` draws from a given stream; patterns, sorts and every library
 * function whose cost is not constant are charged for. A spent budget is sticky: no `pcall` hides
 * it. Internal to the room (it is lua.h all the way). */
#ifndef LH_POLICY_SANDBOX_H
#define LH_POLICY_SANDBOX_H

#include "base/random.h"
#include "base/text.h"

#include <lua.h>

struct lh_sandbox_limits {
	size_t memory_bytes;              /* default 4 MiB */
	int64_t instructions;             /* a call into the script: default 1,000,000 */
};

struct lh_sandbox {
	lua_State *L;
	struct lh_sandbox_limits limits;
	size_t used_bytes;
	int64_t left;                     /* instructions left of the present call */
	bool spent;                       /* sticky until lh_sandbox_arm */
	bool out_of_memory;               /* an allocation was refused since lh_sandbox_arm */
	struct lh_random random;          /* math.random; the owner sets it */
};

void lh_sandbox_default_limits(struct lh_sandbox_limits *limits);

/* A new state with the safe libraries in strict globals: reading an undefined global or assigning
 * a new one is an error that names it and the nearest defined name. `s` must not move. */
int lh_sandbox_init(struct lh_sandbox *s, const struct lh_sandbox_limits *limits, struct lh_error *err) LH_CHECKED;
void lh_sandbox_fini(struct lh_sandbox *s);

/* Compiles text (never bytecode) and runs the chunk; leaves its one result on the stack.
 * name: what error messages show, e.g. "window.lua". */
int lh_sandbox_load(struct lh_sandbox *s, struct lh_str text, const char *name, struct lh_error *err) LH_CHECKED;

/* A fresh budget; call it before each entry into the script. */
void lh_sandbox_arm(struct lh_sandbox *s);

/* Spends `units` instructions; raises a Lua error when the budget is gone [-0, +0, e]. For C
 * functions whose work grows with their arguments. */
void lh_sandbox_charge(lua_State *L, int64_t units);
struct lh_sandbox *lh_sandbox_of(lua_State *L);

/* lua_pcall with a traceback-free message: "file:line: text" goes to err (code LH_E_POLICY), the
 * stack keeps only what was below function and arguments. */
int lh_sandbox_call(struct lh_sandbox *s, int args, int results, struct lh_error *err) LH_CHECKED;

/* Words the error value on top of the stack of L (`status` from Lua) into err and pops it. */
int lh_sandbox_fault(struct lh_sandbox *s, lua_State *L, int status, struct lh_error *err);

#endif
