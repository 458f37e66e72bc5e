/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USER_LINUX_MMU_NOTIFIER_H
#define USER_LINUX_MMU_NOTIFIER_H

#include <linux/mm_types.h>
#include <linux/pgtable.h>

struct mmu_notifier;

int __mmu_notifier_clear_young(struct mm_struct *mm, unsigned long start,
			       unsigned long end);

static inline bool mm_has_notifiers(const struct mm_struct *mm)
{
	return mm->has_notifiers;
}

static inline bool ptep_clear_young_notify(struct vm_area_struct *vma,
					   unsigned long addr, pte_t *ptep)
{
	bool young = ptep_test_and_clear_young(vma, addr, ptep);

	return __mmu_notifier_clear_young(vma->vm_mm, addr, addr + PAGE_SIZE) || young;
}

#endif
