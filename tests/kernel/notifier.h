/* SPDX-License-Identifier: GPL-2.0-only */
/* The older question, by the newer one, which each test answers itself. */
#ifndef NOTIFIER_H
#define NOTIFIER_H

#include "test.h"

/* so many of them, if they are of one folio */
static unsigned int alone_pages = 1;

int __mmu_notifier_clear_young(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	const struct mmu_notifier_young what = { .clear = true };

	check(end > start && end - start <= alone_pages * PAGE_SIZE, "a page alone is asked about as before");
	return !!(__mmu_notifier_test_clear_young(mm, start, end, &what) & MMU_NOTIFIER_YOUNG);
}

#endif
