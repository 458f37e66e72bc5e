/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ask about the pages of a large folio that a page table maps one after the
 * other, a run of them at a time.
 */
#ifndef _MM_YOUNG_RUN_H
#define _MM_YOUNG_RUN_H

#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/mmu_notifier_young.h>
#include <linux/pgtable.h>
#include <linux/rmap.h>

#include "internal.h"

/* A word for each bitmap, and no more pages for which others wait at a time. */
#define YOUNG_RUN_PAGES		((unsigned long)BITS_PER_LONG)

/*
 * How many pages of the folio do the entries from that of @pvmw on map? It is one
 * where nobody can be asked about more.
 */
static inline unsigned int young_run_pages(struct folio *folio,
					   const struct page_vma_mapped_walk *pvmw)
{
	const fpb_t flags = FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY;
	unsigned long addr = pvmw->address;
	unsigned long nr;
	pte_t pte;

	if (!mm_has_notifiers(pvmw->vma->vm_mm) || !folio_test_large(folio))
		return 1;

	/* what a device has for itself alone is found, too */
	pte = ptep_get(pvmw->pte);
	if (!pte_present(pte))
		return 1;

	nr = (pmd_addr_end(addr, pvmw->vma->vm_end) - addr) / PAGE_SIZE;
	return folio_pte_batch(folio, addr, pvmw->pte, pte,
			       min(nr, YOUNG_RUN_PAGES), flags, NULL, NULL,
			       NULL);
}

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
	unsigned int nr = young_run_pages(folio, pvmw), i;
	unsigned long wanted = GENMASK(nr - 1, 0);
	const struct mmu_notifier_young what = {
		.predicate = &wanted,
		.nbits = BITS_PER_LONG,
		.clear = true,
	};
	unsigned long addr = pvmw->address;
	bool young = false;

	if (nr == 1)
		return ptep_clear_young_notify(pvmw->vma, addr, pvmw->pte);

	for (i = 0; i < nr; i++)
		young |= ptep_test_and_clear_young(pvmw->vma,
						   addr + i * PAGE_SIZE,
						   pvmw->pte + i);
	if (mmu_notifier_test_clear_young(pvmw->vma->vm_mm, addr,
					  addr + nr * PAGE_SIZE, &what) &
	    MMU_NOTIFIER_YOUNG)
		young = true;
	young_run_skip(pvmw, nr);
	return young;
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
	unsigned int nr = young_run_pages(folio, pvmw), i;
	unsigned long addr = pvmw->address;
	pte_t *pte = pvmw->pte;

	young_run_skip(pvmw, nr);
	for (i = 0; i < nr; i++) {
		if (pte_young(ptep_get(pte + i)))
			return true;
	}
	return mmu_notifier_age_range(pvmw->vma->vm_mm, addr,
				      addr + nr * PAGE_SIZE, false);
}

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

/*
 * Two pages are as well asked about one by one. Nobody waits for the pages that
 * the process itself has used.
 */
static inline void young_run_ask(struct young_run *run, struct folio *folio,
				 const struct page_vma_mapped_walk *pvmw)
{
	unsigned int nr = young_run_pages(folio, pvmw), i;
	unsigned long wanted = 0;
	const struct mmu_notifier_young what = {
		.young = &run->young,
		.predicate = &wanted,
		.nbits = BITS_PER_LONG,
	};

	run->start = pvmw->address;
	run->end = run->start + nr * PAGE_SIZE;
	run->young = GENMASK(nr - 1, 0);
	if (nr <= 2)
		return;

	for (i = 0; i < nr; i++) {
		if (!pte_young(ptep_get(pvmw->pte + i)))
			wanted |= BIT(i);
	}
	run->young &= ~wanted;
	if (wanted)
		mmu_notifier_test_clear_young(pvmw->vma->vm_mm, run->start,
					      run->end, &what);
}

/**
 * young_run_old() - how many pages from one on does no MMU find young?
 * @run: what is known, of this page or of those before
 * @folio: the folio
 * @pvmw: at the page, which no huge entry maps
 *
 * Return: their number; 0 if the page may be young.
 */
static inline unsigned int young_run_old(struct young_run *run,
					 struct folio *folio,
					 const struct page_vma_mapped_walk *pvmw)
{
	unsigned long addr = pvmw->address;
	unsigned long young;

	if (!mm_has_notifiers(pvmw->vma->vm_mm) || !folio_test_large(folio))
		return 0;

	if (addr >= run->end)
		young_run_ask(run, folio, pvmw);
	young = run->young >> (addr - run->start) / PAGE_SIZE;
	return young ? __ffs(young) : (run->end - addr) / PAGE_SIZE;
}

#endif /* _MM_YOUNG_RUN_H */
