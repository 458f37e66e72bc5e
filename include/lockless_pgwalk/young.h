/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Test, or test and clear, the accessed bits of a range without the lock of the
 * page table.
 */
#ifndef _LOCKLESS_PGWALK_YOUNG_H
#define _LOCKLESS_PGWALK_YOUNG_H

#include <lockless_pgwalk/walk.h>

/**
 * struct pgwalk_young - what to do with young pages
 * @start: the page that bit 0 of both bitmaps stands for; bit i is page
 *	@start + i. May be any page up to the start of the walk, and counts
 *	modulo 2^64
 * @nbits: size of both bitmaps
 * @young: set the bits of young pages here, or NULL. Bits are only ever set, so
 *	that several walks can share a bitmap
 * @predicate: clear the pages whose bits are set here, or all if NULL
 * @clear: clear, and do not merely test
 *
 * The bitmaps belong to the caller: no one else may write them during a walk.
 */
struct pgwalk_young {
	u64 start;
	u64 nbits;
	unsigned long *young;
	const unsigned long *predicate;
	bool clear;
};

/* Bitmaps are asked for one page at a time in most cases: be quick there. */

static __always_inline void
pgwalk_report(const struct pgwalk_young *young, u64 first, u64 end)
{
	if (!young->young)
		return;
	if (likely(end - first == 1))
		__set_bit(first, young->young);
	else
		bitmap_set(young->young, first, end - first);
}

static __always_inline bool
pgwalk_should_clear(const struct pgwalk_young *young, u64 first, u64 end)
{
	if (!young->clear)
		return false;
	if (!young->predicate)
		return true;
	if (likely(end - first == 1))
		return test_bit(first, young->predicate);
	return find_next_bit(young->predicate, end, first) < end;
}

/**
 * pgwalk_entry_young() - test, or test and clear, one entry
 * @fmt: the format, a constant
 * @tree: the page table
 * @entry: where a walk stands
 * @young: what to do
 *
 * A leaf has one accessed bit for all pages that it covers. So it reports each
 * of them, clamped to the range of the walk, and is cleared if the predicate
 * wants any of them cleared.
 *
 * The entry is written only if it was seen as a leaf with its accessed bit set,
 * and only from that value to the same value without that bit. A race that is
 * lost leaves the entry to the winner and the pages young: they were when they
 * were seen. There is no retry.
 *
 * Return: the &enum pgwalk_answer flags for this entry.
 */
static __always_inline unsigned int
pgwalk_entry_young(const struct pgwalk_format *fmt,
		   const struct pgwalk_tree *tree,
		   const struct pgwalk_entry *entry,
		   const struct pgwalk_young *young)
{
	unsigned int answer = PGWALK_OLD;
	u64 first, end;

	if (entry->type == PGWALK_LEAF) {
		if (entry->seen & fmt->accessed(tree))
			answer = PGWALK_YOUNG;
	} else if (entry->type == PGWALK_BUSY) {
		answer = fmt->busy(tree, entry->seen, entry->level);
	}

	if (!(answer & PGWALK_YOUNG))
		return answer;

	first = entry->pos - young->start;
	end = entry->next - young->start;

	pgwalk_report(young, first, end);
	if (entry->type == PGWALK_LEAF &&
	    pgwalk_should_clear(young, first, end))
		fmt->exchange(tree, entry, entry->seen & ~fmt->accessed(tree));

	return answer;
}

/**
 * pgwalk_test_clear_young() - test, or test and clear, a range of pages
 * @fmt: the format, a constant
 * @tree: the page table
 * @start: first page of the range
 * @end: first page beyond the range
 * @young: what to do
 *
 * Pages beyond the address space of @tree are not young. A range that is empty
 * or reversed is not young and nothing of it is read. A range that does not fit
 * the bitmaps is a bug of the caller, which debug builds report.
 *
 * A page whose translation a processor has cached may be accessed without its
 * accessed bit being set again. Nothing is flushed here: an old page is no
 * proof that no processor can reach it.
 *
 * Context: that of pgwalk_next().
 * Return: the &enum pgwalk_answer flags for the range. With neither bitmaps nor
 * clearing, the walk ends at the first young page.
 */
static __always_inline unsigned int
pgwalk_test_clear_young(const struct pgwalk_format *fmt,
			const struct pgwalk_tree *tree, u64 start, u64 end,
			const struct pgwalk_young *young)
{
	u64 look = fmt->look ? fmt->look(tree) : 0;
	unsigned int answer = PGWALK_OLD;
	struct pgwalk_iter iter;

	if (start >= end)
		return answer;
	/* Each difference counts modulo 2^64, their sum must not. */
	if ((young->young || young->predicate) &&
	    PGWALK_WARN_ON(end - start > young->nbits ||
			   start - young->start > young->nbits - (end - start)))
		return answer;
	if (!fmt->accessed(tree))
		return PGWALK_SLOW;

	iter = pgwalk_start(tree, start, end);
	while (pgwalk_next_look(fmt, tree, &iter, look)) {
		answer |= pgwalk_entry_young(fmt, tree, &iter.entry, young);
		if (answer & PGWALK_YOUNG && !young->young && !young->clear)
			break;
	}

	return answer;
}

#endif /* _LOCKLESS_PGWALK_YOUNG_H */
