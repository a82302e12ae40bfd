#include "base/library.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>

int lh_library_open(const char *name, void **out, struct lh_error *err)
{
	*out = dlopen(name, RTLD_NOW | RTLD_LOCAL);
	return *out ? 0 : lh_fail(err, LH_E_MISSING, "%s", dlerror());
}

void *lh_library_symbol(void *library, const char *name)
{
	return dlsym(library, name);
}

void lh_library_close(void *library)
{
	if (library)
		dlclose(library);
}

size_t lh_library_symbol_size(const void *symbol, bool *is_data)
{
	*is_data = true;
#ifdef __GLIBC__
	Dl_info info;
	const ElfW(Sym) *entry = NULL;
	if (dladdr1(symbol, &info, (void **)&entry, RTLD_DL_SYMENT) && entry && entry->st_size) {
		*is_data = (entry->st_info & 15) == STT_OBJECT;
		return (size_t)entry->st_size;
	}
#endif
	return SIZE_MAX;
}
