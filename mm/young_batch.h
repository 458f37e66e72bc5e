/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Age the pages of a page table in the secondary MMUs, a window of pages at a
 * time.
 */
#ifndef _MM_YOUNG_BATCH_H
#define _MM_YOUNG_BATCH_H

#include <linux/bitops.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm_types.h>
#include <linux/mmu_notifier_young.h>
#include <linux/mmzone.h>
#include <linux/pgtable.h>

#if defined(CONFIG_MMU_NOTIFIER) && defined(CONFIG_LRU_GEN)

/* A word for each bitmap: they are on the stack. */
#define YOUNG_BATCH_PAGES	((unsigned long)BITS_PER_LONG)

/* How much larger the next window is if the last one was of use, and slow. */
#define YOUNG_BATCH_GROWTH	8

/* No page is alone before __young_batch_age() has looked at it. */
#define YOUNG_BATCH_WINDOW	ULONG_MAX

/**
 * struct young_batch - pages whose age in the secondary MMUs is known
 * @lruvec: whose pages concern the caller
 * @vma: the mapping
 * @stop: where the caller's walk will end, not beyond the page table or the mapping
 * @start: address of the page that bit 0 stands for; not kept for a lone page
 * @end: first address beyond the window
 * @reach: how far behind a lone page the next one is alone, too; or, after a
 *	window, YOUNG_BATCH_WINDOW
 * @young: what the secondary MMUs found young
 * @clear: of those, the pages that were asked for
 * @used: other pages of the window for which its answer was of use
 * @skipped: pages that the caller did not come by
 * @can_swap: anonymous pages concern the caller
 * @notified: there are secondary MMUs
 * @slow: the secondary MMUs answered slowly
 *
 * The caller visits pages in ascending order, and calls young_batch_age() for
 * those that concern it. A page that does not concern it keeps its accessed bits,
 * for whoever it does concern.
 *
 * A page without neighbours is alone, and asked about as if there were no
 * windows. The first window is one page, too, so that a slow answer costs no
 * more. While windows follow each other closely and most of their pages are
 * asked for, they are large. Where answers are fast they are so at once, because
 * it takes next to nothing there to look at a page. The one call that opens a
 * window clears its first page and tests the others. Another one, by
 * young_batch_flush(), clears all others that were asked for and were young. So
 * there are never more calls than pages that were asked for.
 *
 * Pages of a large folio come together, and are asked about together, as one page
 * is: there are never more calls than folios, then.
 *
 * A slow answer holds for wanted pages, and for no other. So where answers are
 * slow, young_batch_wanted() looks ahead for the pages of a window that will be
 * asked for, and one call tests and clears them all. Whoever takes such a page off
 * its list before the caller comes by it, finds it old. As each page costs more
 * then, a window must follow the last one at once, and that must have been of
 * use as a whole. Pages of a large folio are alone then, as far as no window
 * has them: one answer is all that is wanted of them, and whoever answers slowly
 * would give one for each.
 */
struct young_batch {
	struct lruvec *lruvec;
	struct vm_area_struct *vma;
	unsigned long stop;
	unsigned long start;
	unsigned long end;
	unsigned long reach;
	unsigned long young;
	unsigned long clear;
	unsigned int used;
	unsigned int skipped;
	bool can_swap;
	bool notified;
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

/* Who registers later, has not seen this page table yet. */
static inline void young_batch_init(struct young_batch *batch,
				    struct lruvec *lruvec,
				    struct vm_area_struct *vma,
				    unsigned long end, bool can_swap)
{
	batch->notified = mm_has_notifiers(vma->vm_mm);
	batch->clear = 0;
	batch->skipped = 0;
	if (!batch->notified)
		return;

	batch->lruvec = lruvec;
	batch->vma = vma;
	batch->stop = end;
	batch->end = 0;
	batch->reach = 2 * PAGE_SIZE;
	batch->used = 1;
	batch->can_swap = can_swap;
	batch->slow = false;
}

static inline unsigned long young_batch_pages(unsigned long start,
					      unsigned long end)
{
	return (end - start) / PAGE_SIZE;
}

static noinline void __young_batch_flush(struct young_batch *batch)
{
	struct mmu_notifier_young what = {
		.predicate = &batch->clear,
		.nbits = BITS_PER_LONG,
		.clear = true,
	};

	if (!batch->slow)
		mmu_notifier_test_clear_young(batch->vma->vm_mm, batch->start,
					      batch->start +
					      (__fls(batch->clear) + 1) *
					      PAGE_SIZE, &what);
	batch->clear = 0;
}

/**
 * young_batch_flush() - clear what remains to be cleared
 * @batch: the batch
 *
 * Context: as young_batch_age(), before the page-table lock is released.
 * Return: the number of pages that were skipped.
 */
static inline unsigned int young_batch_flush(struct young_batch *batch)
{
	if (batch->clear)
		__young_batch_flush(batch);
	return batch->skipped;
}

/* Of @nr entries, how many are old and present before another one comes? By fours. */
static inline unsigned int young_batch_old(pte_t *ptep, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i + 4 <= nr; i += 4) {
		pte_t a = ptep_get(ptep + i), b = ptep_get(ptep + i + 1);
		pte_t c = ptep_get(ptep + i + 2), d = ptep_get(ptep + i + 3);
		int young;

		young = pte_young(a);
		young |= pte_young(b);
		young |= pte_young(c);
		young |= pte_young(d);
		if (young)
			break;
		if (!pte_present(a) || !pte_present(b) ||
		    !pte_present(c) || !pte_present(d))
			break;
	}
	return i;
}

/* How many pages behind @addr does no MMU find young? */
static noinline unsigned int young_batch_skip(struct young_batch *batch,
					      unsigned long addr, pte_t *ptep)
{
	unsigned int pages = young_batch_pages(addr, batch->end);
	unsigned long young = batch->young >>
			      young_batch_pages(batch->start, addr) >> 1;
	unsigned int old, used;

	pages = min(pages - 1, young ? __ffs(young) : YOUNG_BATCH_PAGES);
	ptep++;
	used = young_batch_old(ptep, pages);
	for (old = used; old < pages; old++) {
		pte_t pte = ptep_get(ptep + old);

		if (pte_young(pte))
			break;
		used += !!pte_present(pte);
	}
	batch->used += used;
	batch->skipped += old;
	return old;
}

/*
 * Test @pages from @addr on, and clear the first @nr of them; or all wanted pages,
 * if slow.
 */
static noinline bool young_batch_ask(struct young_batch *batch, pte_t *ptep,
				     unsigned long addr, unsigned int nr,
				     unsigned long pages)
{
	unsigned long wanted = GENMASK(nr - 1, 0);
	const struct mmu_notifier_young what = {
		.young = &batch->young,
		.predicate = &wanted,
		.nbits = BITS_PER_LONG,
		.clear = true,
	};
	unsigned long end = addr + pages * PAGE_SIZE;
	unsigned int answer;

	if (batch->slow)
		wanted = young_batch_wanted(batch->lruvec, batch->vma, ptep, addr,
					    pages, batch->can_swap);
	answer = mmu_notifier_test_clear_young(batch->vma->vm_mm, addr, end, &what);
	if (answer & MMU_NOTIFIER_SLOW && !batch->slow) {
		batch->slow = true;
		end = addr + nr * PAGE_SIZE;
	}
	batch->start = addr;
	batch->end = end;
	batch->reach = YOUNG_BATCH_WINDOW;
	return batch->young & GENMASK(nr - 1, 0);
}

/* Ask about pages as if there were no windows. */
static inline bool young_batch_alone(struct young_batch *batch,
				     unsigned long addr, unsigned long nr)
{
	batch->end = addr + nr * PAGE_SIZE;
	return __mmu_notifier_clear_young(batch->vma->vm_mm, addr, batch->end);
}

/*
 * A gap between windows may be as large as the last one was, which is one page
 * if that was alone; if answers are slow, there must be none. Of so many pages
 * that no window has them all, nothing is to be learnt of others.
 */
static noinline bool young_batch_open(struct young_batch *batch, pte_t *ptep,
				      unsigned long addr, unsigned int nr)
{
	unsigned long used = batch->used + hweight_long(batch->clear);
	unsigned long gap = young_batch_pages(batch->end, addr);
	unsigned long last = 1, pages = 1;
	bool alone;

	if (batch->reach == YOUNG_BATCH_WINDOW) {
		last = young_batch_pages(batch->start, batch->end);
		pages = YOUNG_BATCH_PAGES;
		if (batch->slow)
			pages = min(last * YOUNG_BATCH_GROWTH, pages);
	}

	if (batch->clear)
		__young_batch_flush(batch);

	if (batch->slow)
		alone = gap || used < last || nr > 1;
	else
		alone = gap > last || 2 * used < last || nr >= YOUNG_BATCH_PAGES;
	if (alone) {
		batch->reach = batch->slow ? PAGE_SIZE : 2 * PAGE_SIZE;
		return young_batch_alone(batch, addr, nr);
	}

	batch->young = 0;
	batch->used = nr;
	pages = min(max(pages, nr), young_batch_pages(addr, batch->stop));
	return young_batch_ask(batch, ptep, addr, nr, pages);
}

/* Pages that are not alone: are they young, and twice the number of pages to skip. */
static noinline unsigned long young_batch_near(struct young_batch *batch,
					       unsigned long addr,
					       unsigned long nr, pte_t *ptep)
{
	unsigned long bits = 0, bit, young, known = 0;

	/* Pages are visited in ascending order: none is below the window. */
	if (addr < batch->end) {
		known = min(nr, young_batch_pages(addr, batch->end));
		bit = young_batch_pages(batch->start, addr);
		bits = batch->young >> bit;
		young = bits & GENMASK(known - 1, 0);
		bits = (bits >> (known - 1) & ~1UL) | (young != 0);
		if (known == nr) {
			batch->clear |= young << bit;
		} else if (!batch->slow) {
			/* one call for all of them, not two */
			batch->end = addr;
			known = 0;
		}
	}
	if (known < nr)
		bits = (bits & 1) | young_batch_open(batch, ptep + known,
						     addr + known * PAGE_SIZE,
						     nr - known);

	/* the next one is young, or the window ends */
	addr += (nr - 1) * PAGE_SIZE;
	if (bits & 2 || addr + PAGE_SIZE >= batch->end)
		return bits & 1;

	return (bits & 1) + 2 * young_batch_skip(batch, addr, ptep + nr - 1);
}

/* Is a page in the window, young like the next one? Then it is asked for. */
static inline bool young_batch_hit(struct young_batch *batch,
				   unsigned long addr)
{
	unsigned long bit;

	if (addr >= batch->end)
		return false;
	bit = young_batch_pages(batch->start, addr);
	if ((batch->young >> bit & 3) != 3)
		return false;

	batch->clear |= BIT(bit);
	return true;
}

static noinline unsigned long __young_batch_age(struct young_batch *batch,
						unsigned long addr,
						unsigned long nr, pte_t *ptep)
{
	if (addr - batch->end >= batch->reach)
		return young_batch_alone(batch, addr, nr);
	if (nr == 1 && young_batch_hit(batch, addr))
		return true;
	return young_batch_near(batch, addr, nr, ptep);
}

/**
 * young_batch_age() - age pages in secondary MMUs, and skip those that are old
 * @batch: the batch
 * @ptep: entry of the first page in the primary MMU
 * @addr: its address
 * @nr: number of pages, which are of one folio; so many more on return as pages
 *	behind the last one were skipped
 *
 * The accessed bits may be cleared only by young_batch_flush(). Pages are skipped
 * that no MMU finds young. What is done for secondary MMUs is a function of its
 * own: the loops around it keep their registers.
 *
 * Context: the lock of the page table is held from young_batch_init() until after
 * young_batch_flush().
 * Return: true if any secondary MMU found any of the pages young.
 */
static __always_inline bool young_batch_age(struct young_batch *batch,
					    pte_t *ptep, unsigned long addr,
					    unsigned int *nr)
{
	unsigned long answer;

	if (!batch->notified)
		return false;

	answer = __young_batch_age(batch, addr, *nr, ptep);
	*nr += answer / 2;
	return answer & 1;
}

#else /* !CONFIG_MMU_NOTIFIER || !CONFIG_LRU_GEN */

struct young_batch { };

/* Macros, so that what calls them is compiled as if there was nothing. */
#define young_batch_init(batch, lruvec, vma, end, can_swap)	((void)(batch))
#define young_batch_flush(batch)				({ (void)(batch); 0; })
#define young_batch_age(batch, ptep, addr, nr)			({ (void)(batch); false; })

#endif /* CONFIG_MMU_NOTIFIER && CONFIG_LRU_GEN */

#endif /* _MM_YOUNG_BATCH_H */
