/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ask about the pages of a large folio that a page table maps one after the
 * other, a run of them at a time. Where no secondary MMU can be asked, nothing is
 * called, and nothing looked at.
 */
#ifndef _MM_YOUNG_RUN_H
#define _MM_YOUNG_RUN_H

#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>

/**
 * struct young_run - a run, and which of its pages may be young
 * @start: address of the page that bit 0 stands for
 * @end: first address beyond the run; 0 if nothing is known
 * @young: the pages that are not known to be old in all MMUs
 */
struct young_run {
	unsigned long start;
	unsigned long end;
	unsigned long young;
};

bool __young_run_clear(struct folio *folio, struct page_vma_mapped_walk *pvmw);
bool __young_run_test(struct folio *folio, struct page_vma_mapped_walk *pvmw);
unsigned int young_run_old(struct young_run *run, struct folio *folio,
			   const struct page_vma_mapped_walk *pvmw);

/* page_vma_mapped_walk() shall go on behind @nr pages. */
static inline void young_run_skip(struct page_vma_mapped_walk *pvmw,
				  unsigned int nr)
{
	pvmw->pte += nr - 1;
	pvmw->address += (nr - 1) * PAGE_SIZE;
}

/**
 * young_run_clear() - make a run old in all MMUs
 * @folio: the folio
 * @pvmw: at its first page, which no huge entry maps; at its last one on return
 *
 * Return: true if any MMU found any of its pages young.
 */
static inline bool young_run_clear(struct folio *folio,
				   struct page_vma_mapped_walk *pvmw)
{
	if (mm_has_notifiers(pvmw->vma->vm_mm))
		return __young_run_clear(folio, pvmw);
	return ptep_test_and_clear_young(pvmw->vma, pvmw->address, pvmw->pte);
}

/**
 * young_run_test() - does any MMU find any page of a run young?
 * @folio: the folio
 * @pvmw: at its first page, which no huge entry maps; at its last one on return
 *
 * Return: true if it does.
 */
static inline bool young_run_test(struct folio *folio,
				  struct page_vma_mapped_walk *pvmw)
{
	if (mm_has_notifiers(pvmw->vma->vm_mm))
		return __young_run_test(folio, pvmw);
	return pte_young(ptep_get(pvmw->pte));
}

/* Can there be a run, and somebody to ask about it? */
static inline bool young_run_possible(const struct folio *folio,
				      const struct vm_area_struct *vma)
{
	return folio_test_large(folio) && mm_has_notifiers(vma->vm_mm);
}

#endif /* _MM_YOUNG_RUN_H */
