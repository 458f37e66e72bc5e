/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ask all secondary MMUs of an address space which pages of a range are young,
 * and optionally make them old, in one call.
 */
#ifndef _LINUX_MMU_NOTIFIER_YOUNG_H
#define _LINUX_MMU_NOTIFIER_YOUNG_H

#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>

/**
 * DOC: What the flags mean
 *
 * MMU_NOTIFIER_CLEAR
 *	Clear the accessed bits of the range, or of those of its pages that the
 *	predicate selects, instead of merely testing them. As with
 *	mmu_notifier_clear_young(), secondary TLBs need not be flushed.
 * MMU_NOTIFIER_FAST_ONLY
 *	Ask only where the answer is fast. What would be slow is not touched and
 *	reports nothing.
 *
 * *Fast* is a property of a secondary MMU, not of the moment: it can answer
 * without waiting for those who map and unmap memory in it. A subscriber
 * declares it in &mmu_notifier.fast_aging, and may still find parts of a range
 * that it cannot answer for in this way.
 */
#define MMU_NOTIFIER_CLEAR	BIT(0)
#define MMU_NOTIFIER_FAST_ONLY	BIT(1)

/**
 * DOC: What the answer means
 *
 * MMU_NOTIFIER_YOUNG
 *	At least one page of the range was young.
 * MMU_NOTIFIER_FAST
 *	All of the range was answered for, by every subscriber, fast. If it is
 *	missing from the answer to a call with MMU_NOTIFIER_FAST_ONLY, pages may
 *	be young that were not reported. If it is missing from the answer to
 *	another call, the answer is complete but was slow.
 */
#define MMU_NOTIFIER_YOUNG	BIT(0)
#define MMU_NOTIFIER_FAST	BIT(1)

/**
 * struct mmu_notifier_bitmaps - a page by page question and its answer
 * @young: the bits of pages that were young are set here, or NULL. Bits are
 *	only ever set, never cleared
 * @predicate: with MMU_NOTIFIER_CLEAR, the pages to clear; all if NULL. A
 *	secondary MMU whose mapping covers several pages has one accessed bit
 *	for all of them: it reports each and clears if any is selected
 * @nbits: the size of each bitmap
 *
 * Bit i of both bitmaps is page i of the range, counted from the page that
 * contains its start. The bitmaps belong to the caller and may be on its stack.
 */
struct mmu_notifier_bitmaps {
	unsigned long *young;
	const unsigned long *predicate;
	unsigned int nbits;
};

int __mmu_notifier_test_clear_young(struct mm_struct *mm, unsigned long start,
				    unsigned long end,
				    const struct mmu_notifier_bitmaps *bitmaps,
				    unsigned int flags);
int mmu_notifier_subscription_young(struct mmu_notifier *subscription,
				    struct mm_struct *mm, unsigned long start,
				    unsigned long end,
				    const struct mmu_notifier_bitmaps *bitmaps,
				    unsigned int flags);

/**
 * mmu_notifier_test_clear_young() - which pages do secondary MMUs find young?
 * @mm: the address space
 * @start: first address of the range; the page that contains it is the first
 * @end: first address beyond the range; the page before it is the last
 * @bitmaps: see struct mmu_notifier_bitmaps; NULL to ask about the range as a
 *	whole and, with MMU_NOTIFIER_CLEAR, to clear all of it
 * @flags: MMU_NOTIFIER_CLEAR and MMU_NOTIFIER_FAST_ONLY
 *
 * Says nothing about the page table of @mm itself. A range that is empty or
 * reversed is asked of nobody. A range with more pages than @bitmaps have bits
 * is a bug, reported in debug kernels, and asked of nobody either. The page at
 * the very top of the address space is left out, as no user can have it.
 *
 * A page is young if any secondary MMU says so. One that had to choose between
 * waiting and knowing says so too: young pages may be less recent than they
 * seem, but none that is in use is reported old, save for accesses through
 * translations that a secondary TLB holds since before the bit was cleared.
 *
 * Context: the caller keeps @mm and the mappings in it from going away as it
 * would for mmu_notifier_clear_young(). May hold page-table locks: never sleeps
 * nor allocates.
 * Return: MMU_NOTIFIER_YOUNG and MMU_NOTIFIER_FAST, or 0.
 */
static inline int
mmu_notifier_test_clear_young(struct mm_struct *mm, unsigned long start,
			      unsigned long end,
			      const struct mmu_notifier_bitmaps *bitmaps,
			      unsigned int flags)
{
	if (!mm_has_notifiers(mm))
		return MMU_NOTIFIER_FAST;

	return __mmu_notifier_test_clear_young(mm, start, end, bitmaps, flags);
}

/**
 * mmu_notifier_age_pages() - answer for a range page by page
 * @bitmaps: the bitmaps of the call, or NULL
 * @first: bit of the first page in them
 * @nr: number of pages
 * @clear: clear, and do not merely test
 * @test_one: test page @i of the range; true if it is young
 * @clear_one: test and clear page @i
 * @arg: passed to both
 *
 * For those whose callbacks know one page at a time. All pages are tested
 * before any is cleared: where a mapping covers several pages, clearing it for
 * one of them makes the others old too.
 *
 * Return: true if any page was young.
 */
static __always_inline bool
mmu_notifier_age_pages(const struct mmu_notifier_bitmaps *bitmaps,
		       unsigned long first, unsigned long nr, bool clear,
		       bool (*test_one)(void *arg, unsigned long i),
		       bool (*clear_one)(void *arg, unsigned long i),
		       void *arg)
{
	unsigned long *map = bitmaps ? bitmaps->young : NULL;
	const unsigned long *predicate = bitmaps ? bitmaps->predicate : NULL;
	bool young = false;
	unsigned long i;

	for (i = 0; i < nr && (map || !young); i++) {
		if (!test_one(arg, i))
			continue;
		young = true;
		if (map)
			__set_bit(first + i, map);
	}

	if (!clear)
		return young;

	for (i = 0; i < nr; i++) {
		if (predicate && !test_bit(first + i, predicate))
			continue;
		if (!clear_one(arg, i))
			continue;
		/* Perhaps accessed after the test: do not lose that. */
		young = true;
		if (map)
			__set_bit(first + i, map);
	}

	return young;
}

#endif /* _LINUX_MMU_NOTIFIER_YOUNG_H */
