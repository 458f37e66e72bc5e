/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ask all secondary MMUs of an address space which pages of a range are young,
 * and optionally make them old, in one call.
 */
#ifndef _LINUX_MMU_NOTIFIER_YOUNG_H
#define _LINUX_MMU_NOTIFIER_YOUNG_H

#include <linux/align.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>

/**
 * enum mmu_notifier_answer - what secondary MMUs say of a range, a set of flags
 * @MMU_NOTIFIER_YOUNG: at least one page was young
 * @MMU_NOTIFIER_SLOW: part of the answer was given page by page, and may have
 *	waited for those who map and unmap memory. That was done for the wanted
 *	pages only, so other pages of the range may be young that were not reported
 *
 * Whether an answer is slow depends on what a secondary MMU is and how it is
 * used, not on who holds a lock at the moment. So it is likely that the next
 * answer will be what this one was.
 */
enum mmu_notifier_answer {
	MMU_NOTIFIER_YOUNG	= BIT(8),
	MMU_NOTIFIER_SLOW	= BIT(9),
};

/**
 * struct mmu_notifier_young - a question about the pages of a range
 * @young: the bits of pages that were young are set here, or NULL. Bits are
 *	only ever set, never cleared
 * @predicate: the pages that are wanted; all if NULL. Only these are cleared,
 *	and only for these a secondary MMU waits. One whose mapping covers
 *	several pages has one accessed bit for all of them: it reports each and
 *	clears if any is wanted
 * @nbits: the size of each bitmap
 * @clear: clear the accessed bits, and do not merely test them. As with
 *	mmu_notifier_clear_young(), secondary TLBs need not be flushed
 *
 * Bit i of both bitmaps is page i of the range, counted from the page that
 * contains its start. The bitmaps belong to the caller and may be on its stack.
 */
struct mmu_notifier_young {
	unsigned long *young;
	const unsigned long *predicate;
	unsigned int nbits;
	bool clear;
};

unsigned int __mmu_notifier_test_clear_young(struct mm_struct *mm,
					     unsigned long start,
					     unsigned long end,
					     const struct mmu_notifier_young *what);
unsigned int
mmu_notifier_subscription_young(struct mmu_notifier *subscription,
				struct mm_struct *mm, unsigned long start,
				unsigned long end,
				const struct mmu_notifier_young *what);

/**
 * mmu_notifier_test_clear_young() - which pages do secondary MMUs find young?
 * @mm: the address space
 * @start: first address of the range; the page that contains it is the first
 * @end: first address beyond the range; the page before it is the last
 * @what: the question
 *
 * Says nothing about the page table of @mm itself. A range that is empty or
 * reversed is asked of nobody. A range with more pages than the bitmaps have
 * bits is a bug, reported in debug kernels, and asked of nobody either. The page
 * at the very top of the address space is left out, as no user can have it.
 *
 * A wanted page is young if any secondary MMU says so. One that had to choose
 * between waiting and knowing says so too: young pages may be less recent than
 * they seem. What a page is said to be may be wrong if its mapping is being
 * removed, or if it was accessed through a translation that a secondary TLB
 * holds since before the bit was cleared.
 *
 * Context: the caller keeps @mm and the mappings in it from going away as it
 * would for mmu_notifier_clear_young(). May hold page-table locks: never sleeps
 * nor allocates.
 * Return: &enum mmu_notifier_answer flags.
 */
static inline unsigned int
mmu_notifier_test_clear_young(struct mm_struct *mm, unsigned long start,
			      unsigned long end,
			      const struct mmu_notifier_young *what)
{
	if (!mm_has_notifiers(mm))
		return 0;

	return __mmu_notifier_test_clear_young(mm, start, end, what);
}

/**
 * mmu_notifier_age_range() - is any page of a range young in a secondary MMU?
 * @mm: the address space
 * @start: first address of the range
 * @end: first address beyond the range
 * @clear: make all of them old
 *
 * For a caller to whom the pages are one, as those of a huge page are to the
 * primary MMU. A secondary MMU may have mapped them by smaller entries.
 *
 * Context: as mmu_notifier_test_clear_young().
 * Return: true if one is.
 */
static inline bool mmu_notifier_age_range(struct mm_struct *mm,
					  unsigned long start,
					  unsigned long end, bool clear)
{
	const struct mmu_notifier_young what = { .clear = clear };

	return mmu_notifier_test_clear_young(mm, start, end, &what) &
	       MMU_NOTIFIER_YOUNG;
}

/**
 * mmu_notifier_age_entry() - is what an entry maps young in a secondary MMU?
 * @mm: the address space
 * @addr: an address that an entry of the primary MMU maps
 * @size: the size of what it maps, all of which is asked about
 * @clear: make it old
 *
 * Return: as mmu_notifier_age_range().
 */
static inline bool mmu_notifier_age_entry(struct mm_struct *mm,
					  unsigned long addr,
					  unsigned long size, bool clear)
{
	addr = ALIGN_DOWN(addr, size);
	return mmu_notifier_age_range(mm, addr, addr + size, clear);
}

/**
 * mmu_notifier_clear_run() - make small pages old in secondary MMUs
 * @mm: the address space
 * @start: address of the first page
 * @nr: number of pages, at most BITS_PER_LONG
 *
 * Each of them is asked for by name. Of the range that mmu_notifier_clear_young()
 * is given, some secondary MMUs look at no more than the first entry.
 *
 * Context: as mmu_notifier_test_clear_young().
 * Return: true if any was young.
 */
static inline bool mmu_notifier_clear_run(struct mm_struct *mm,
					  unsigned long start, unsigned int nr)
{
	const unsigned long wanted = GENMASK(nr - 1, 0);
	const struct mmu_notifier_young what = {
		.predicate = &wanted,
		.nbits = BITS_PER_LONG,
		.clear = true,
	};

	return mmu_notifier_test_clear_young(mm, start, start + nr * PAGE_SIZE,
					     &what) & MMU_NOTIFIER_YOUNG;
}

/* Is the page of a bit wanted; and, with @test, was it found young? */
static __always_inline bool
mmu_notifier_wants(const struct mmu_notifier_young *what, unsigned long bit,
		   bool test)
{
	return (!what->predicate || test_bit(bit, what->predicate)) &&
	       (!test || test_bit(bit, what->young));
}

/**
 * mmu_notifier_age_pages() - answer for a range page by page
 * @what: the question
 * @first: bit of the first page in its bitmaps
 * @nr: number of pages
 * @run: number of pages that @clear takes at once
 * @test: test page @i of the range; true if it is young
 * @clear: test and clear @nr pages from page @i on; true if any is young
 * @arg: passed to both
 *
 * For those whose callbacks know one page at a time. All pages are tested
 * before any is cleared: where a mapping covers several pages, clearing it for
 * one of them makes the others old too. What was old is not cleared.
 *
 * Return: true if any wanted page was young.
 */
static __always_inline bool
mmu_notifier_age_pages(const struct mmu_notifier_young *what,
		       unsigned long first, unsigned long nr, unsigned long run,
		       bool (*test)(void *arg, unsigned long i),
		       bool (*clear)(void *arg, unsigned long i,
				     unsigned long nr),
		       void *arg)
{
	/* With nothing to keep apart, one look is enough. */
	bool look = !what->clear || (what->young && nr > 1);
	bool young = false;
	unsigned long i, begin;

	for (i = 0; i < nr && look && (what->young || !young); i++) {
		if (!mmu_notifier_wants(what, first + i, false))
			continue;
		if (!test(arg, i))
			continue;
		young = true;
		if (what->young)
			__set_bit(first + i, what->young);
	}

	for (i = 0; i < nr && what->clear; i++) {
		if (!mmu_notifier_wants(what, first + i, look))
			continue;
		begin = i;
		while (i + 1 < nr && i + 1 - begin < run &&
		       mmu_notifier_wants(what, first + i + 1, look))
			i++;
		if (!clear(arg, begin, i + 1 - begin))
			continue;
		young = true;
		/* it is but one page if nobody has looked before */
		if (what->young)
			__set_bit(first + begin, what->young);
	}

	return young;
}

#endif /* _LINUX_MMU_NOTIFIER_YOUNG_H */
