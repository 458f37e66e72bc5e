/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Age the pages of a page table in the secondary MMUs, a window of pages at a
 * time.
 */
#ifndef _MM_YOUNG_BATCH_H
#define _MM_YOUNG_BATCH_H

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/mm_types.h>
#include <linux/mmu_notifier_young.h>
#include <linux/mmzone.h>
#include <linux/pgtable.h>

/* A word for each bitmap: they are on the stack. */
#define YOUNG_BATCH_PAGES	((unsigned long)BITS_PER_LONG)

/* How much larger the next window is if the last one was of use. */
#define YOUNG_BATCH_GROWTH	8

/**
 * struct young_batch - pages whose age in the secondary MMUs is known
 * @start: address of the page that bit 0 stands for
 * @end: first address beyond the window; equal to @start if there is none
 * @young: what the secondary MMUs found young
 * @clear: of those, the pages whose accessed bits are yet to be cleared
 * @used: pages of the window for which its answer was of use
 * @slow: the secondary MMUs answered slowly
 *
 * The caller visits pages in ascending order. For one that concerns it, and
 * whose bits must be cleared, it calls young_batch_test_clear(). A page that does
 * not concern it keeps its accessed bits, for whoever it does concern.
 *
 * The first window is one page. While windows follow each other closely and
 * most of their pages are asked for, they get larger. The one call that opens a
 * window clears its first page and tests the others. Another one, by
 * young_batch_flush(), clears all others that were asked for and were young. So
 * there are never more calls than pages that were asked for.
 *
 * A slow answer holds for wanted pages, and for no other. So where answers are
 * slow, young_batch_wanted() looks ahead for the pages of a window that will be
 * asked for, and one call tests and clears them all.
 */
struct young_batch {
	unsigned long start;
	unsigned long end;
	unsigned long young;
	unsigned long clear;
	unsigned int used;
	bool slow;
};

/*
 * Which of @nr pages from @addr on will be asked for? Bit 0 is the page at @addr,
 * and @ptep its entry in the primary MMU. For the includer to define.
 */
static unsigned long young_batch_wanted(struct lruvec *lruvec,
					struct vm_area_struct *vma,
					pte_t *ptep, unsigned long addr,
					unsigned long nr, bool can_swap);

static inline void young_batch_init(struct young_batch *batch)
{
	batch->start = 0;
	batch->end = 0;
	batch->clear = 0;
	batch->used = 0;
	batch->slow = false;
}

static inline unsigned long young_batch_pages(unsigned long start,
					      unsigned long end)
{
	return (end - start) / PAGE_SIZE;
}

/* Ask to clear what remains to be cleared: there is something. */
static noinline void __young_batch_flush(struct young_batch *batch,
					 struct mm_struct *mm)
{
	struct mmu_notifier_young what = {
		.predicate = &batch->clear,
		.nbits = BITS_PER_LONG,
		.clear = true,
	};

	mmu_notifier_test_clear_young(mm, batch->start,
				      batch->start +
				      (__fls(batch->clear) + 1) * PAGE_SIZE,
				      &what);
}

/**
 * young_batch_flush() - clear what remains to be cleared
 * @batch: the batch
 * @mm: the address space
 *
 * Context: as young_batch_test_clear(), before the page-table lock is released.
 */
static inline void young_batch_flush(struct young_batch *batch,
				     struct mm_struct *mm)
{
	if (batch->clear && !batch->slow)
		__young_batch_flush(batch, mm);
}

/* How many pages from @addr on are likely to be asked for? */
static inline unsigned long young_batch_next(const struct young_batch *batch,
					     unsigned long addr)
{
	unsigned long last = young_batch_pages(batch->start, batch->end);

	if (2 * batch->used < last ||
	    young_batch_pages(batch->end, addr) > last)
		return 1;

	return min(max(last, 1UL) * YOUNG_BATCH_GROWTH, YOUNG_BATCH_PAGES);
}

/* Test from @addr on, and clear the page there; or all wanted pages, if slow. */
static noinline bool young_batch_open(struct young_batch *batch,
				      struct lruvec *lruvec,
				      struct vm_area_struct *vma, pte_t *ptep,
				      unsigned long addr, unsigned long end,
				      bool can_swap)
{
	struct mmu_notifier_young what = { .clear = true };
	unsigned long nr = young_batch_next(batch, addr);
	unsigned long wanted = BIT(0);
	unsigned int answer;

	young_batch_flush(batch, vma->vm_mm);

	nr = min(nr, young_batch_pages(addr, end));
	batch->start = addr;
	batch->end = addr + nr * PAGE_SIZE;
	batch->young = 0;
	batch->clear = 0;
	batch->used = 1;

	if (nr > 1) {
		if (batch->slow)
			wanted = young_batch_wanted(lruvec, vma, ptep, addr, nr,
						    can_swap);
		what.young = &batch->young;
		what.predicate = &wanted;
		what.nbits = BITS_PER_LONG;
	}
	answer = mmu_notifier_test_clear_young(vma->vm_mm, addr, batch->end,
					       &what);
	if (answer & MMU_NOTIFIER_SLOW && !batch->slow) {
		batch->slow = true;
		batch->end = addr + PAGE_SIZE;
	}

	return nr > 1 ? batch->young & BIT(0) : answer & MMU_NOTIFIER_YOUNG;
}

/**
 * young_batch_test_clear() - age a page in the secondary MMUs
 * @batch: the batch
 * @lruvec: whose pages concern the caller
 * @vma: the mapping, which has secondary MMUs
 * @ptep: the page's entry in the primary MMU
 * @addr: address of the page
 * @end: where the caller's walk will end, not beyond the page table or the
 *	mapping
 * @can_swap: likewise: do anonymous pages concern it?
 *
 * The accessed bits may be cleared only by young_batch_flush().
 *
 * Context: the lock of the page table is held from the first call until after
 * young_batch_flush().
 * Return: true if a secondary MMU found the page young.
 */
static inline bool young_batch_test_clear(struct young_batch *batch,
					  struct lruvec *lruvec,
					  struct vm_area_struct *vma,
					  pte_t *ptep, unsigned long addr,
					  unsigned long end, bool can_swap)
{
	unsigned long bit;

	/* Pages are visited in ascending order: none is below the window. */
	if (addr >= batch->end)
		return young_batch_open(batch, lruvec, vma, ptep, addr, end,
					can_swap);

	bit = BIT(young_batch_pages(batch->start, addr));
	batch->used++;
	batch->clear |= batch->young & bit;
	return batch->young & bit;
}

/**
 * young_batch_skip() - how many of the next pages are known to be old?
 * @batch: the batch
 * @addr: address of a page in the window
 * @ptep: its entry in the primary MMU
 *
 * Return: the number of pages behind @addr that no MMU finds young.
 */
static inline unsigned int young_batch_skip(struct young_batch *batch,
					    unsigned long addr, pte_t *ptep)
{
	unsigned long pages = young_batch_pages(addr, batch->end);
	unsigned long young = batch->young >>
			      young_batch_pages(batch->start, addr);
	unsigned int old;

	for (old = 1; old < pages; old++) {
		pte_t pte = ptep_get(ptep + old);

		if (pte_young(pte) || young & BIT(old))
			break;
		batch->used += pte_present(pte);
	}
	return old - 1;
}

#endif /* _MM_YOUNG_BATCH_H */
