/* The Messages format against any bytes. */
#include "fuzz_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size)
		fuzz_model("anthropic", "cache", "true", data, size, false);
	return 0;
}
