/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which pages of a page table were accessed, as all MMUs tell it together with
 * the flags of folios.
 */
#ifndef _PROC_PAGE_YOUNG_H
#define _PROC_PAGE_YOUNG_H

#include <linux/bitmap.h>
#include <linux/hugetlb.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/mmu_notifier_young.h>
#include <linux/page_idle.h>
#include <linux/pgtable.h>

/* A page table of x86. The bitmaps are on the stack. */
#define PAGE_YOUNG_BITS		512UL

/**
 * struct page_young - what secondary MMUs say of some pages of a page table
 * @vma: the mapping
 * @last: first address beyond the pages of the table that are of interest
 * @start: address of the page that bit 0 stands for
 * @end: first address beyond the pages that are known; 0 if none are
 * @pte: the entry of the page at @start
 * @young: what secondary MMUs found young
 * @clear: the pages that shall be old
 *
 * The user visits pages in ascending order. The first one that it asks about
 * brings the answer for those that follow. What it wants cleared is gathered
 * and cleared by one call, so that no page loses the bit that it shares with
 * its neighbours before it was looked at.
 *
 * A page that is found old is not cleared: what accesses it from then on will
 * be found next time.
 */
struct page_young {
	struct vm_area_struct *vma;
	unsigned long last;
	unsigned long start;
	unsigned long end;
	pte_t *pte;
	DECLARE_BITMAP(young, PAGE_YOUNG_BITS);
	DECLARE_BITMAP(clear, PAGE_YOUNG_BITS);
};

static inline void page_young_init(struct page_young *young,
				   struct vm_area_struct *vma,
				   unsigned long last)
{
	young->vma = vma;
	young->last = last;
	young->end = 0;
}

static inline unsigned long page_young_bit(const struct page_young *young,
					   unsigned long addr)
{
	return (addr - young->start) / PAGE_SIZE;
}

/* The page, which is known, shall be old. */
static inline void page_young_gather(struct page_young *young,
				     unsigned long addr)
{
	__set_bit(page_young_bit(young, addr), young->clear);
}

/* Clear in secondary MMUs what was gathered and is young there. */
static inline void __page_young_flush(struct page_young *young)
{
	const struct mmu_notifier_young what = {
		.predicate = young->clear,
		.nbits = PAGE_YOUNG_BITS,
		.clear = true,
	};

	if (bitmap_and(young->clear, young->clear, young->young,
		       PAGE_YOUNG_BITS))
		mmu_notifier_test_clear_young(young->vma->vm_mm, young->start,
					      young->end, &what);
	bitmap_zero(young->clear, PAGE_YOUNG_BITS);
}

/* Context: as page_young_secondary(), before the lock is released. */
static inline void page_young_flush(struct page_young *young)
{
	if (young->end && mm_has_notifiers(young->vma->vm_mm))
		__page_young_flush(young);
}

/* Ask about the pages from @addr on, of which @pte is the first entry. */
static inline void page_young_open(struct page_young *young,
				   unsigned long addr, pte_t *pte)
{
	DECLARE_BITMAP(present, PAGE_YOUNG_BITS);
	const struct mmu_notifier_young what = {
		.young = young->young,
		.predicate = present,
		.nbits = PAGE_YOUNG_BITS,
	};
	unsigned long i, nr;

	page_young_flush(young);

	nr = min((young->last - addr) / PAGE_SIZE, PAGE_YOUNG_BITS);
	young->start = addr;
	young->end = addr + nr * PAGE_SIZE;
	young->pte = pte;
	bitmap_zero(young->young, PAGE_YOUNG_BITS);
	bitmap_zero(young->clear, PAGE_YOUNG_BITS);
	if (!mm_has_notifiers(young->vma->vm_mm))
		return;

	/* Nobody shall wait for a hole. */
	bitmap_zero(present, PAGE_YOUNG_BITS);
	for (i = 0; i < nr; i++) {
		if (pte_present(ptep_get(pte + i)))
			__set_bit(i, present);
	}
	mmu_notifier_test_clear_young(young->vma->vm_mm, addr, young->end,
				      &what);
}

/**
 * page_young_secondary() - is a page young in a secondary MMU?
 * @young: what is known
 * @addr: address of the page
 * @pte: its entry in the primary MMU, which is present
 * @clear: clear it there, by page_young_flush()
 *
 * Context: the lock of the page table is held from the first call until after
 * page_young_flush(), which is not needed if nothing was to be cleared.
 * Return: true if it is.
 */
static inline bool page_young_secondary(struct page_young *young,
					unsigned long addr, pte_t *pte,
					bool clear)
{
	if (!mm_has_notifiers(young->vma->vm_mm))
		return false;

	if (addr >= young->end)
		page_young_open(young, addr, pte);
	if (clear)
		page_young_gather(young, addr);
	return test_bit(page_young_bit(young, addr), young->young);
}

/*
 * Is a page that the primary MMU maps by one entry, of whatever size, young in a
 * secondary MMU? With @clear, it is not any more.
 */
static inline bool page_young_huge(struct mm_struct *mm, unsigned long addr,
				   unsigned long size, bool clear)
{
	const struct mmu_notifier_young what = { .clear = clear };

	addr = ALIGN_DOWN(addr, size);
	return mmu_notifier_test_clear_young(mm, addr, addr + size, &what) &
	       MMU_NOTIFIER_YOUNG;
}

/**
 * folio_accessed() - was a folio accessed since folio_clear_accessed()?
 * @folio: the folio
 * @young: an accessed bit is set
 * @idle: judge by the idle flag, as page_idle does. Otherwise by the flags that
 *	reclaim looks at
 *
 * Return: true if it was.
 */
static inline bool folio_accessed(const struct folio *folio, bool young,
				  bool idle)
{
	if (young)
		return true;
	if (idle)
		return !folio_test_idle(folio);
	return folio_test_young(folio) || folio_test_referenced(folio);
}

/**
 * folio_clear_accessed() - forget that a folio was accessed
 * @folio: the folio, whose accessed bits were cleared
 * @young: one of them was set
 * @idle: as for folio_accessed()
 *
 * Who judges by the other flags has not seen what was set: it is told.
 */
static inline void folio_clear_accessed(struct folio *folio, bool young,
					bool idle)
{
	if (idle) {
		if (young)
			folio_set_young(folio);
		folio_set_idle(folio);
		return;
	}

	if (young && folio_test_idle(folio))
		folio_clear_idle(folio);
	folio_test_clear_young(folio);
	folio_clear_referenced(folio);
}

/**
 * page_young_clear() - clear what was gathered in all MMUs, and in folios
 * @young: what is known; the pages that are gathered have folios
 * @idle: as for folio_clear_accessed()
 *
 * Stands for page_young_flush().
 */
static inline void page_young_clear(struct page_young *young, bool idle)
{
	unsigned long bit;

	if (!young->end)
		return;

	for_each_set_bit(bit, young->clear, PAGE_YOUNG_BITS) {
		unsigned long addr = young->start + bit * PAGE_SIZE;
		pte_t *pte = young->pte + bit;
		struct folio *folio;
		bool was_young;

		folio = vm_normal_folio(young->vma, addr, ptep_get(pte));
		was_young = ptep_test_and_clear_young(young->vma, addr, pte);
		was_young |= test_bit(bit, young->young);
		folio_clear_accessed(folio, was_young, idle);
	}
	page_young_flush(young);
}

#endif /* _PROC_PAGE_YOUNG_H */
