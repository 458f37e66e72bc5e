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

/* A page table of x86; larger ones take turns. The bitmaps are on the stack. */
#define PAGE_YOUNG_BITS		MIN(MAX_PTRS_PER_PTE, 512UL)

/**
 * struct page_young - what secondary MMUs say of some pages of a page table
 * @vma: the mapping
 * @last: first address beyond the pages of the table that are of interest
 * @start: address of the page that bit 0 stands for
 * @end: first address beyond the pages that are known; 0 if none are
 * @pte: the entry of the page at @start
 * @any: one of the pages is young; if not, @young is not valid
 * @young: the pages that are present, and young in a secondary MMU
 * @clear: the pages that shall be old when all of them were looked at: they may
 *	share an accessed bit, or the flags of a folio
 *
 * Secondary MMUs are asked about many pages at once. So users need not do
 * anything for each page, if none is young or there are no secondary MMUs.
 */
struct page_young {
	struct vm_area_struct *vma;
	unsigned long last;
	unsigned long start;
	unsigned long end;
	pte_t *pte;
	bool any;
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

static inline void __page_young_ask(struct page_young *young, bool clear)
{
	DECLARE_BITMAP(present, PAGE_YOUNG_BITS);
	const struct mmu_notifier_young what = {
		.young = young->young,
		.predicate = present,
		.nbits = PAGE_YOUNG_BITS,
		.clear = clear,
	};
	unsigned long i, nr = (young->end - young->start) / PAGE_SIZE;
	pte_t *pte = young->pte;

	/* Nobody shall wait for a hole. */
	bitmap_zero(present, PAGE_YOUNG_BITS);
	for (i = 0; i < nr; i++, pte++) {
		if (pte_present(ptep_get(pte)))
			__set_bit(i, present);
	}

	bitmap_zero(young->young, PAGE_YOUNG_BITS);
	if (mmu_notifier_test_clear_young(young->vma->vm_mm, young->start,
					  young->end, &what) & MMU_NOTIFIER_YOUNG)
		young->any = bitmap_and(young->young, young->young, present,
					PAGE_YOUNG_BITS);
}

/**
 * page_young_ask() - ask about as many pages as can be known at once
 * @young: what will be known, of the pages up to its @end
 * @addr: address of the first page
 * @pte: its entry in the primary MMU
 * @clear: make those that were young old in secondary MMUs
 *
 * A page that is found old is not cleared: what accesses it from then on will
 * be found next time.
 *
 * Context: the lock of the page table is held, until the last use of @young.
 */
static inline void page_young_ask(struct page_young *young, unsigned long addr,
				  pte_t *pte, bool clear)
{
	young->start = addr;
	young->end = addr + min(young->last - addr, PAGE_YOUNG_BITS * PAGE_SIZE);
	young->pte = pte;
	young->any = false;
	bitmap_zero(young->clear, PAGE_YOUNG_BITS);
	if (mm_has_notifiers(young->vma->vm_mm))
		__page_young_ask(young, clear);
}

static inline unsigned long page_young_bit(const struct page_young *young,
					   unsigned long addr)
{
	return (addr - young->start) / PAGE_SIZE;
}

/* Is a page, which is known, young in a secondary MMU? */
static inline bool page_young_secondary(const struct page_young *young,
					unsigned long addr)
{
	return young->any && test_bit(page_young_bit(young, addr), young->young);
}

/* The page, which is known, shall be old: see page_young_clear(). */
static inline void page_young_gather(struct page_young *young,
				     unsigned long addr)
{
	__set_bit(page_young_bit(young, addr), young->clear);
}

/* The folio of a page that is present; or NULL, if it has none. */
static inline struct folio *page_young_folio(const struct page_young *young,
					     unsigned long bit)
{
	return vm_normal_folio(young->vma, young->start + bit * PAGE_SIZE,
			       ptep_get(young->pte + bit));
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

/* Clear in secondary MMUs what was gathered and is young there. */
static inline void page_young_flush(struct page_young *young)
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
}

/**
 * page_young_clear() - clear what was gathered in all MMUs, and in folios
 * @young: what is known, but nothing after this; the gathered pages have folios
 * @idle: as for folio_clear_accessed()
 */
static inline void page_young_clear(struct page_young *young, bool idle)
{
	unsigned long bit;

	if (!young->end)
		return;

	for_each_set_bit(bit, young->clear, PAGE_YOUNG_BITS) {
		unsigned long addr = young->start + bit * PAGE_SIZE;
		struct folio *folio = page_young_folio(young, bit);
		bool was_young;

		was_young = ptep_test_and_clear_young(young->vma, addr,
						      young->pte + bit);
		was_young |= page_young_secondary(young, addr);
		folio_clear_accessed(folio, was_young, idle);
	}
	if (young->any)
		page_young_flush(young);
	young->end = 0;
}

#endif /* _PROC_PAGE_YOUNG_H */
