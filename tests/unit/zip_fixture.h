/*
 * zip_fixture.h - the sizes of a ZIP's headers, and a file for one.
 */
#ifndef TESTS_ZIP_FIXTURE_H
#define TESTS_ZIP_FIXTURE_H

#include "base/file.h"
#include "unit.h"

/* APPNOTE 4.3.7, 4.3.12 and 4.3.16: the headers, and where fields stand. */
enum {
	LOCAL = 30,
	CENTRAL = 46,
	END = 22,
	TEXT_LEN = 1000, /* of the second member's content */
	NAMES = 8 + 12,  /* mimetype, version.yaml */
};

/* A file without a name. */
static inline int
temporary(void)
{
	struct error err = { 0 };
	const int fd = file_temporary("/tmp", &err);

	ck_assert_msg(fd >= 0, "%s", err.detail);
	return fd;
}

#endif
