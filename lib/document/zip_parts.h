/*
 * zip_parts.h - what the reader (zip.c) and the writer (zip_write.c) of a ZIP
 * share: the numbers of APPNOTE that a container of ours has.
 */
#ifndef DOCUMENT_ZIP_PARTS_H
#define DOCUMENT_ZIP_PARTS_H

#include <sys/stat.h>

#include "document/zip.h"

enum {
	LOCAL_BYTES = ZIP_LOCAL_BYTES,
	CENTRAL_BYTES = 46,
	END_BYTES = 22,
	LOCAL_MAGIC = 0x04034b50,
	CENTRAL_MAGIC = 0x02014b50,
	END_MAGIC = 0x06054b50,
	FLAG_UTF8 = 0x0800,
	METHOD_STORED = 0,
	METHOD_DEFLATED = 8,
	DOS_DATE = 0x0021, /* 1980-01-01 */
	MADE_BY = 20,      /* DOS, version 2.0: deflate */
	MADE_BY_UNIX = 3 << 8 | 20,
};

/* The attributes of a member that Unix made. */
#define PLAIN_FILE ((uint32_t)(S_IFREG | 0644) << 16)

#endif
