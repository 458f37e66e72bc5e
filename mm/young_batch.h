/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Age the pages of a page table, in the primary MMU page by page and in the
 * secondary MMUs a window of pages at a time.
 */
#ifndef _MM_YOUNG_BATCH_H
#define _MM_YOUNG_BATCH_H

#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/pgtable.h>

/* A whole table of 8-byte entries in 4 KB. The bitmaps are on the stack. */
#define YOUNG_BATCH_PAGES	512UL

/**
 * struct young_batch - pages whose age in the secondary MMUs is known
 * @vma: the mapping they are in
 * @start: address of the page that bit 0 stands for
 * @end: first address beyond the window; equal to @start if there is none
 * @young: what the secondary MMUs found young
 * @clear: of those, the pages whose accessed bits are yet to be cleared
 *
 * The caller visits pages in ascending order, decides by young_batch_skip()
 * which to look at, finds out whether they concern it, and if so ages them by
 * young_batch_test_clear(). A page that does not concern it keeps its accessed
 * bits, for whoever it does concern.
 *
 * The window is opened by the first page that the caller ages, and its first
 * call of the notifier clears that page while it tests the others. The second
 * one, by young_batch_flush(), clears all others that were aged and were young.
 * So there are at most two calls per window, and never more than one per page
 * that is aged.
 */
struct young_batch {
	struct vm_area_struct *vma;
	unsigned long start;
	unsigned long end;
	DECLARE_BITMAP(young, YOUNG_BATCH_PAGES);
	DECLARE_BITMAP(clear, YOUNG_BATCH_PAGES);
};

static inline void young_batch_init(struct young_batch *batch,
				    struct vm_area_struct *vma)
{
	batch->vma = vma;
	batch->start = 0;
	batch->end = 0;
}

static inline unsigned long young_batch_bit(const struct young_batch *batch,
					    unsigned long addr)
{
	return (addr - batch->start) / PAGE_SIZE;
}

/* Pages are visited in ascending order: none is below the window. */
static inline bool young_batch_covers(const struct young_batch *batch,
				      unsigned long addr)
{
	return addr < batch->end;
}

/**
 * young_batch_skip() - is a page known to be old?
 * @batch: the batch
 * @addr: address of the page
 * @pte: its entry in the primary MMU
 *
 * Return: true if no MMU finds the page young. False if one does, or if the
 * secondary MMUs have not been asked yet.
 */
static inline bool young_batch_skip(const struct young_batch *batch,
				    unsigned long addr, pte_t pte)
{
	return !pte_young(pte) && young_batch_covers(batch, addr) &&
	       !test_bit(young_batch_bit(batch, addr), batch->young);
}

/**
 * young_batch_flush() - clear what remains to be cleared
 * @batch: the batch; has no window afterwards
 *
 * Context: as young_batch_test_clear(), before the page-table lock is released.
 */
static inline void young_batch_flush(struct young_batch *batch)
{
	unsigned long nr = young_batch_bit(batch, batch->end);
	unsigned long first = find_first_bit(batch->clear, nr);

	if (first < nr) {
		unsigned long last = find_last_bit(batch->clear, nr);
		/* Begin at a word, so that the bits need no shifting. */
		unsigned long word = first / BITS_PER_LONG;
		unsigned long skip = word * BITS_PER_LONG;
		struct mmu_notifier_bitmaps bitmaps = {
			.predicate = batch->clear + word,
			.nbits = nr - skip,
		};

		mmu_notifier_test_clear_young(batch->vma->vm_mm,
					      batch->start + skip * PAGE_SIZE,
					      batch->start +
					      (last + 1) * PAGE_SIZE,
					      &bitmaps, MMU_NOTIFIER_CLEAR);
	}

	batch->end = batch->start;
}

/* Test from @addr on, and clear the page there. */
static inline void young_batch_open(struct young_batch *batch,
				    unsigned long addr, unsigned long end)
{
	struct mmu_notifier_bitmaps bitmaps = {
		.young = batch->young,
		.predicate = batch->clear,
	};
	unsigned long nr;

	if (batch->start != batch->end)
		young_batch_flush(batch);

	nr = min((end - addr) / PAGE_SIZE, YOUNG_BATCH_PAGES);
	batch->start = addr;
	batch->end = addr + nr * PAGE_SIZE;
	bitmap_zero(batch->young, nr);
	bitmap_zero(batch->clear, nr);
	__set_bit(0, batch->clear);

	bitmaps.nbits = nr;
	mmu_notifier_test_clear_young(batch->vma->vm_mm, addr, batch->end,
				      &bitmaps, MMU_NOTIFIER_CLEAR);
	__clear_bit(0, batch->clear);
}

/**
 * young_batch_test_clear() - test and clear the accessed bits of a page
 * @batch: the batch
 * @addr: address of the page
 * @ptep: its entry in the primary MMU
 * @end: where the caller's walk will end, not beyond the page table or the
 *	mapping
 *
 * In the secondary MMUs, the bits may be cleared only by young_batch_flush().
 *
 * Context: the lock of the page table is held from the first call until after
 * young_batch_flush().
 * Return: true if the page was young in any MMU.
 */
static inline bool young_batch_test_clear(struct young_batch *batch,
					  unsigned long addr, pte_t *ptep,
					  unsigned long end)
{
	bool young = ptep_test_and_clear_young(batch->vma, addr, ptep);
	unsigned long bit;

	if (!mm_has_notifiers(batch->vma->vm_mm))
		return young;

	if (!young_batch_covers(batch, addr)) {
		young_batch_open(batch, addr, end);
		return test_bit(0, batch->young) || young;
	}

	bit = young_batch_bit(batch, addr);
	if (!test_bit(bit, batch->young))
		return young;

	__set_bit(bit, batch->clear);
	return true;
}

#endif /* _MM_YOUNG_BATCH_H */
