/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USER_LINUX_PGTABLE_H
#define USER_LINUX_PGTABLE_H

#include "../kernel.h"

/* An entry of the primary MMU. */
typedef struct {
	bool present;
	bool young;
} pte_t;

static inline pte_t ptep_get(pte_t *ptep)
{
	return *ptep;
}

static inline bool pte_present(pte_t pte)
{
	return pte.present;
}

static inline bool pte_young(pte_t pte)
{
	return pte.young;
}

#endif
