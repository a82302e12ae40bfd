/* The Responses format against any bytes. */
#include "fuzz_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size)
		fuzz_model("openai_responses", "carry_thoughts", data[0] & 32 ? "false" : "true", data, size, true);
	return 0;
}
