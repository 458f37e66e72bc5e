/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USER_LINUX_MMU_NOTIFIER_H
#define USER_LINUX_MMU_NOTIFIER_H

#include <linux/mm_types.h>

struct mmu_notifier;

static inline bool mm_has_notifiers(const struct mm_struct *mm)
{
	return mm->has_notifiers;
}

#endif
