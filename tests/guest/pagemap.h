/* SPDX-License-Identifier: GPL-2.0-only */
/* What /proc tells of accesses to this process: its words, where headers are older. */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stdint.h>
#include <sys/ioctl.h>

/* /proc/PID/pagemap */
#define PM_REFERENCED			(1ULL << 59)
#define PM_SWAP				(1ULL << 62)
#define PM_PRESENT			(1ULL << 63)

/* Its PAGEMAP_SCAN */
#define PAGE_IS_PRESENT			(1 << 3)
#define PAGE_IS_REFERENCED		(1 << 10)
#define PM_SCAN_CLEAR_REFERENCED	(1 << 2)
#define PM_SCAN_BY_IDLE			(1 << 3)

struct page_region {
	uint64_t start;
	uint64_t end;
	uint64_t categories;
};

struct pm_scan_arg {
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

#define PAGEMAP_SCAN	_IOWR('f', 16, struct pm_scan_arg)

#endif
