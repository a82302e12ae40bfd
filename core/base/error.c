#include "base/error.h"

#include <stdio.h>
#include <string.h>

int lh_vfail(struct lh_error *err, int code, const char *fmt, va_list args)
{
	if (!err)
		return code;
	if (err->code)
		return err->code;
	err->code = code;
	vsnprintf(err->text, sizeof err->text, fmt, args);
	return code;
}

int lh_fail(struct lh_error *err, int code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	code = lh_vfail(err, code, fmt, args);
	va_end(args);
	return code;
}

void lh_prefix(struct lh_error *err, const char *fmt, ...)
{
	if (!err || !err->code)
		return;
	char text[sizeof err->text];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof text - 3)
		return;
	snprintf(text + n, sizeof text - (size_t)n, ": %.*s",
		(int)(sizeof text - (size_t)n - 3), err->text);
	memcpy(err->text, text, sizeof text);
}

int lh_nomem(struct lh_error *err)
{
	return lh_fail(err, LH_E_NOMEM, "out of memory");
}

const char *lh_error_phrase(int code)
{
	switch (code) {
#define X(name, text) case LH_E_##name: return text;
	LH_ERRORS(X)
#undef X
	default: return "no error";
	}
}
