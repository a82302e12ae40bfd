/* policy/sandbox_lib.h - the libraries of the sandbox, one function that opens each. */
#ifndef LH_POLICY_SANDBOX_LIB_H
#define LH_POLICY_SANDBOX_LIB_H

#include "policy/sandbox.h"

#include <lauxlib.h>

/* Opens everything and makes the globals strict [-0, +0, m]; a lua_CFunction. */
int lh_lib_open(lua_State *L);

/* Each sets its functions in the table on top of the stack [-0, +0, m]. */
void lh_lib_base(lua_State *L);
void lh_lib_order(lua_State *L);       /* next, pairs */
void lh_lib_table(lua_State *L);
void lh_lib_sort(lua_State *L);        /* table.sort */
void lh_lib_string(lua_State *L);
void lh_lib_format(lua_State *L);      /* string.format */
void lh_lib_pattern(lua_State *L);     /* string.find, gmatch, gsub, match */
void lh_lib_math(lua_State *L);
void lh_lib_utf8(lua_State *L);

/* Puts the strict environment in place of the globals [-0, +0, m]. */
void lh_lib_strict(lua_State *L);
/* The arithmetic of strings, for their metatable on top of the stack [-0, +0, m]. */
void lh_lib_coercion(lua_State *L);

/* Charges for n bytes of string work [-0, +0, e]. */
void lh_lib_charge_bytes(lua_State *L, size_t n);
/* A start (end) position that counts from the end where negative, as in string.sub: 1-based;
 * the start is at least 1, the end between 0 and n. */
size_t lh_lib_start(lua_Integer at, size_t n);
size_t lh_lib_end(lua_Integer at, size_t n);

#endif
