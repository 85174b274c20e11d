/*
 * fuzz.h - what the fuzz targets share, one target a parser.  A parser may
 * refuse any input, and must set an error exactly when it does.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(ok, err)                                                    \
	do {                                                                   \
		if ((ok) != ((err).kind == ERROR_NONE))                        \
			__builtin_trap();                                      \
	} while (0)

#endif
