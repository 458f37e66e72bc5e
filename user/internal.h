/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef USER_MM_INTERNAL_H
#define USER_MM_INTERNAL_H

#include <linux/mm.h>
#include <linux/pgtable.h>

#define fpb_t			int

#define FPB_IGNORE_DIRTY	1
#define FPB_IGNORE_SOFT_DIRTY	2

int folio_pte_batch(struct folio *folio, unsigned long addr, pte_t *start_ptep,
		    pte_t pte, int max_nr, fpb_t flags, bool *any_writable,
		    bool *any_young, bool *any_dirty);

#endif
