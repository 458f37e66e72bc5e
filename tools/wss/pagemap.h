/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What /proc/PID/pagemap and its ioctl PAGEMAP_SCAN speak: for wss, and for the
 * tests that ask a kernel themselves.
 *
 * Own names: headers of the system may have none of it, some, or all. The values
 * are those of include/uapi/linux/fs.h.
 */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stdint.h>
#include <sys/ioctl.h>

/* Bits of an entry. */
#define ENTRY_REFERENCED	(1ULL << 59)
#define ENTRY_SWAPPED		(1ULL << 62)
#define ENTRY_PRESENT		(1ULL << 63)

struct region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct scan_arg {
	uint64_t size;
	uint64_t flags;
	uint64_t start;
	uint64_t end;
	uint64_t walk_end;
	uint64_t vec;
	uint64_t vec_len;
	uint64_t max_pages;
	uint64_t category_inverted;
	uint64_t category_mask;
	uint64_t category_anyof_mask;
	uint64_t return_mask;
};

#define SCAN_IOCTL		_IOWR('f', 16, struct scan_arg)

#define IS_PRESENT		(1ULL << 3)
#define IS_SWAPPED		(1ULL << 4)
#define IS_PFNZERO		(1ULL << 5)
#define IS_HUGE			(1ULL << 6)
#define IS_REFERENCED		(1ULL << 10)

#define FLAG_CLEAR_REFERENCED	(1ULL << 2)
#define FLAG_BY_IDLE		(1ULL << 3)

#endif
