/* Chat Completions against any bytes. */
#include "fuzz_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { "auto", "none", "reasoning", "reasoning_content" };
	if (size)
		fuzz_model("openai", "thoughts_key", keys[data[0] >> 5 & 3], data, size, false);
	return 0;
}
