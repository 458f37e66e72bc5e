/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USER_LINUX_RMAP_H
#define USER_LINUX_RMAP_H

#include <linux/mm.h>
#include <linux/pgtable.h>

struct page_vma_mapped_walk {
	struct vm_area_struct *vma;
	unsigned long address;
	pte_t *pte;
};

#endif
