/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USER_LINUX_MM_H
#define USER_LINUX_MM_H

#include <linux/mm_types.h>

#define PMD_SIZE		(512 * PAGE_SIZE)
#define pmd_addr_end(addr, end)	min(((addr) / PMD_SIZE + 1) * PMD_SIZE, end)

struct folio {
	unsigned long pfn;
	unsigned long nr;
};

static inline bool folio_test_large(const struct folio *folio)
{
	return folio->nr > 1;
}

#endif
