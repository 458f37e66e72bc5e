/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USER_LINUX_PGTABLE_H
#define USER_LINUX_PGTABLE_H

#include "../kernel.h"

/* An entry of the primary MMU. */
typedef struct {
	bool present;
	bool young;
	unsigned short pfn;
} pte_t;

static inline pte_t ptep_get(pte_t *ptep)
{
	return *ptep;
}

static inline bool pte_present(pte_t pte)
{
	return pte.present;
}

struct vm_area_struct;

static inline bool ptep_test_and_clear_young(struct vm_area_struct *vma,
					     unsigned long addr, pte_t *ptep)
{
	bool young = ptep->young;

	ptep->young = false;
	return young;
}

static inline bool pte_young(pte_t pte)
{
	return pte.young;
}

#endif
