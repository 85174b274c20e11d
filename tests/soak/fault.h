/*
 * fault.h - what tests/soak/fault.c shares with the programs that use it.
 */
#ifndef SOAK_FAULT_H
#define SOAK_FAULT_H

#include <stdint.h>

enum fault_call {
	FAULT_NONE,
	FAULT_WRITE,
	FAULT_PWRITE,
	FAULT_FSYNC,
	FAULT_FDATASYNC,
	FAULT_RENAME,
	FAULT_OPEN,
	FAULT_LINK,
	FAULT_MKDIR,
	FAULT_MALLOC,
	FAULT_READ,
	FAULT_PREAD,
	FAULT_OPENAT,
	FAULT_ACCEPT4,
	FAULT_FTRUNCATE,
	FAULT_FALLOCATE,
	FAULT_UNLINK,
	FAULT_SOCKET,
	FAULT_STATVFS,
	FAULT_CALLS,
};

struct fault_page {
	uint32_t call, error;
	uint64_t nth, count, fired;
};

/* A record of FAULT_LOG: this, then a, b, and the bytes written. */
struct fault_record {
	/* W, s(ync), r(ename), l(ink), u(nlink), d(ir), t, c, A. */
	uint8_t what;
	uint16_t a_len, b_len;
	uint64_t at, len;
};

#endif
