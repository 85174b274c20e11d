/*
 * Fuzz target: manifests of signatures and seals.
 */
#include "document/manifest.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest manifest;
	struct error err = { 0 };
	const bool ok = manifest_parse(span_of(data, size), &manifest, &err);

	FUZZ_CHECK(ok, err);
	if (ok)
		manifest_free(&manifest);
	return 0;
}
