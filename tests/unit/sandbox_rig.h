/* What the tests of the sandbox share: text in, result or error out. */
#ifndef LH_TESTS_SANDBOX_RIG_H
#define LH_TESTS_SANDBOX_RIG_H

#include "check.h"

#include "base/clock.h"
#include "policy/sandbox.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

static char rig_text[4096];

/* The chunk's one result as text, or its error message, both in rig_text; returns the code. */
static inline int rig_run_with(const struct lh_sandbox_limits *limits, const char *text)
{
	struct lh_sandbox s;
	struct lh_error err = { 0 };
	int rc = lh_sandbox_init(&s, limits, &err);
	if (!rc) {
		s.random = lh_random_stream(1, 2, 3, LH_FOR_POLICY, 4);
		rc = lh_sandbox_load(&s, lh_str_of(text), "window.lua", &err);
	}
	if (!rc) {
		bool truth = lua_isboolean(s.L, -1);
		const char *result = truth ? (lua_toboolean(s.L, -1) ? "true" : "false") : lua_tostring(s.L, -1);
		snprintf(rig_text, sizeof rig_text, "%s", result ? result : luaL_typename(s.L, -1));
	} else
		snprintf(rig_text, sizeof rig_text, "%s", err.text);
	lh_sandbox_fini(&s);
	CHECK_INT(s.used_bytes, 0);
	return rc;
}

static inline int rig_run(const char *text)
{
	return rig_run_with(NULL, text);
}

struct rig_case { const char *text, *want; };

/* Each text is an expression, or a chunk that begins with `local` or `for`. */
static inline void rig_expect(const struct rig_case *cases, size_t n)
{
	char text[2048];
	for (size_t i = 0; i < n; i++) {
		bool chunk = strncmp(cases[i].text, "local", 5) == 0 || strncmp(cases[i].text, "for", 3) == 0;
		snprintf(text, sizeof text, "%s%s", chunk ? "" : "return ", cases[i].text);
		if (rig_run(text) != 0)
			printf("in: %s\n", cases[i].text);
		if (strcmp(rig_text, cases[i].want))
			printf("in: %s\n", cases[i].text);
		CHECK_TEXT(rig_text, cases[i].want);
	}
}

/* Each text is a chunk that must fail, with the message holding the part. */
static inline void rig_refuse(const struct rig_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int64_t from = lh_clock_mono_us();
		int rc = rig_run(cases[i].text);
		int64_t took = lh_clock_mono_us() - from;
		if (took > 2000000)
			printf("%.2f s for: %s\n", (double)took / 1e6, cases[i].text);
		if (rc != LH_E_POLICY || !strstr(rig_text, cases[i].want))
			printf("in: %s\n", cases[i].text);
		CHECK_INT(rc, LH_E_POLICY);
		CHECK_HAS(rig_text, cases[i].want);
	}
}

#define RIG_COUNT(a) (sizeof (a) / sizeof (a)[0])

#endif
