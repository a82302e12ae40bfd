/* base/library.h - shared objects opened while running. The only place that includes dlfcn.h. */
#ifndef LH_BASE_LIBRARY_H
#define LH_BASE_LIBRARY_H

#include "base/error.h"

#include <stddef.h>

/* Symbols stay private to the object (RTLD_LOCAL), and all are resolved at once (RTLD_NOW). A name without
 * a slash is searched for as the system does. LH_E_MISSING with the loader's words. */
int lh_library_open(const char *name, void **out, struct lh_error *err) LH_CHECKED;
/* NULL: it has none of that name. */
void *lh_library_symbol(void *library, const char *name);
void lh_library_close(void *library);                            /* accepts NULL */
/* Bytes that a symbol has, as its file says; SIZE_MAX where that cannot be known. *is_data: it is no function. */
size_t lh_library_symbol_size(const void *symbol, bool *is_data);

#endif
