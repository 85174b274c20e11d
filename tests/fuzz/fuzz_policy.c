/*
 * Fuzz target: policies.
 */
#include "fuzz.h"
#include "policy/policy.h"

/* Parse the input as offices.yaml, and as a type beside a fixed one. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int i = 0; i < 2; i++) {
		struct complaints complaints = COMPLAINTS;
		struct error err = { 0 };
		struct container *files = container_new(&err);
		struct policy *policy;

		if (!container_put(files, i == 0 ? "offices.yaml" : "mou.yaml",
			span_of(data, size), &err) ||
		    !container_put(files, i == 0 ? "mou.yaml" : "offices.yaml",
			span_of_str("valise: 1\n"), &err)) {
			container_free(files);
			continue;
		}
		policy = policy_load(files, 0, &complaints, &err);
		FUZZ_CHECK(policy != NULL, err);
		policy_free(policy);
		complaints_free(&complaints);
	}
	return 0;
}
