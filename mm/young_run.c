// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs of pages of a large folio, and who finds them young.
 */
#include <linux/bits.h>
#include <linux/minmax.h>
#include <linux/mmu_notifier_young.h>

#include "internal.h"
#include "young_run.h"

/* A word for each bitmap, and no more pages for which others wait at a time. */
#define YOUNG_RUN_PAGES		((unsigned long)BITS_PER_LONG)

/* How many pages of the folio do the entries from that of @pvmw on map? */
static unsigned int young_run_pages(struct folio *folio,
				    const struct page_vma_mapped_walk *pvmw)
{
	const fpb_t flags = FPB_IGNORE_DIRTY | FPB_IGNORE_SOFT_DIRTY;
	unsigned long addr = pvmw->address;
	unsigned long nr;
	pte_t pte;

	if (!folio_test_large(folio))
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

static noinline bool young_run_clear_all(struct page_vma_mapped_walk *pvmw,
					 unsigned int nr)
{
	struct vm_area_struct *vma = pvmw->vma;
	unsigned long addr = pvmw->address;
	bool young = mmu_notifier_clear_run(vma->vm_mm, addr, nr);
	unsigned int i;

	for (i = 0; i < nr; i++)
		young |= ptep_test_and_clear_young(vma, addr + i * PAGE_SIZE,
						   pvmw->pte + i);
	young_run_skip(pvmw, nr);
	return young;
}

bool __young_run_clear(struct folio *folio, struct page_vma_mapped_walk *pvmw)
{
	unsigned int nr = young_run_pages(folio, pvmw);

	if (nr == 1)
		return ptep_clear_young_notify(pvmw->vma, pvmw->address,
					       pvmw->pte);
	return young_run_clear_all(pvmw, nr);
}

bool __young_run_test(struct folio *folio, struct page_vma_mapped_walk *pvmw)
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

/*
 * Two pages are as well asked about one by one. Nobody waits for the pages that
 * the process itself has used.
 */
static void young_run_ask(struct young_run *run, struct folio *folio,
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
 * @folio: the folio, for which young_run_possible() is true
 * @pvmw: at the page, which no huge entry maps
 *
 * Return: their number; 0 if the page may be young.
 */
unsigned int young_run_old(struct young_run *run, struct folio *folio,
			   const struct page_vma_mapped_walk *pvmw)
{
	unsigned long addr = pvmw->address;
	unsigned long young;

	if (addr >= run->end)
		young_run_ask(run, folio, pvmw);
	young = run->young >> (addr - run->start) / PAGE_SIZE;
	return young ? __ffs(young) : (run->end - addr) / PAGE_SIZE;
}
