/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USER_LINUX_MMU_NOTIFIER_H
#define USER_LINUX_MMU_NOTIFIER_H

#include <linux/mm_types.h>

struct mmu_notifier;

int __mmu_notifier_clear_young(struct mm_struct *mm, unsigned long start,
			       unsigned long end);

static inline bool mm_has_notifiers(const struct mm_struct *mm)
{
	return mm->has_notifiers;
}

#endif
