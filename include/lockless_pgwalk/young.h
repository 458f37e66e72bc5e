/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Test, or test and clear, the accessed bits of a range without the lock of the
 * page table.
 */
#ifndef _LOCKLESS_PGWALK_YOUNG_H
#define _LOCKLESS_PGWALK_YOUNG_H

#include <lockless_pgwalk/walk.h>

#include <linux/bitmap.h>
#include <linux/bitops.h>

/* Entries of a line. */
#define PGWALK_LINE	8

/* All of a line is in registers only if the compiler unrolls what reads it. */
#ifdef __clang__
#define PGWALK_UNROLL	_Pragma("unroll")
#else
#define PGWALK_UNROLL	_Pragma("GCC unroll 8")
#endif

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

/* The one way to write an entry: it was seen as a leaf with its accessed bit set. */
static __always_inline void pgwalk_make_old(const struct pgwalk_format *fmt,
					    const struct pgwalk_tree *tree,
					    const struct pgwalk_entry *entry)
{
	u64 old = entry->seen & ~pgwalk_accessed(fmt, tree);

	if (fmt->exchange)
		fmt->exchange(tree, entry, old);
	else
		pgwalk_exchange(fmt, entry, old);
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
		if (entry->seen & pgwalk_accessed(fmt, tree))
			answer = PGWALK_YOUNG;
	} else if (entry->type == PGWALK_BUSY) {
		answer = pgwalk_busy(fmt, tree, entry);
	}

	if (!(answer & PGWALK_YOUNG))
		return answer;

	first = entry->pos - young->start;
	end = entry->next - young->start;

	pgwalk_report(young, first, end);
	if (entry->type == PGWALK_LEAF &&
	    pgwalk_should_clear(young, first, end))
		pgwalk_make_old(fmt, tree, entry);

	return answer;
}

/* The bits of a line, which may lie in two words. */
static __always_inline unsigned long pgwalk_get_line(const unsigned long *map,
						     u64 first)
{
	unsigned int shift = first % BITS_PER_LONG;
	unsigned long bits = map[first / BITS_PER_LONG] >> shift;

	if (shift > BITS_PER_LONG - PGWALK_LINE)
		bits |= map[first / BITS_PER_LONG + 1] << (BITS_PER_LONG - shift);
	return bits;
}

static __always_inline void pgwalk_set_line(unsigned long *map, u64 first,
					    unsigned long bits)
{
	unsigned int shift = first % BITS_PER_LONG;

	map[first / BITS_PER_LONG] |= bits << shift;
	if (shift > BITS_PER_LONG - PGWALK_LINE)
		map[first / BITS_PER_LONG + 1] |= bits >> (BITS_PER_LONG - shift);
}

/* All that was asked is whether anything is young. */
static __always_inline bool pgwalk_is_answered(const struct pgwalk_young *young,
					       unsigned int answer)
{
	return answer & PGWALK_YOUNG && !young->young && !young->clear;
}

/* Stand on entry @i of the line that begins with @line. */
static __always_inline void
pgwalk_in_line(const struct pgwalk_format *fmt, struct pgwalk_entry *entry,
	       const struct pgwalk_entry *line, unsigned int i, u64 raw)
{
	entry->entryp = (char __rcu *)line->entryp + i * pgwalk_size(fmt);
	entry->pos = line->pos + i;
	entry->next = entry->pos + 1;
	entry->seen = pgwalk_swap(fmt, raw);
}

/* pgwalk_entry_young() for each of a line. */
static __always_inline unsigned int
pgwalk_each_young(const struct pgwalk_format *fmt,
		  const struct pgwalk_tree *tree,
		  const struct pgwalk_entry *line, const u64 *raw,
		  const struct pgwalk_young *young)
{
	struct pgwalk_entry entry = *line;
	unsigned int answer = PGWALK_OLD;
	unsigned int i;

	for (i = 0; i < PGWALK_LINE && !pgwalk_is_answered(young, answer); i++) {
		pgwalk_in_line(fmt, &entry, line, i, raw[i]);
		entry.type = pgwalk_decode(fmt, tree, entry.seen, 0);
		answer |= pgwalk_entry_young(fmt, tree, &entry, young);
	}
	return answer;
}

/* Clear the leaves of a line that @bits has. */
static __always_inline void
pgwalk_leaves_clear(const struct pgwalk_format *fmt,
		    const struct pgwalk_tree *tree,
		    const struct pgwalk_entry *line, const u64 *raw,
		    unsigned long bits)
{
	struct pgwalk_entry entry = *line;

	entry.type = PGWALK_LEAF;
	for (; bits; bits &= bits - 1) {
		unsigned int i = __ffs(bits);

		pgwalk_in_line(fmt, &entry, line, i, raw[i]);
		pgwalk_make_old(fmt, tree, &entry);
	}
}

/**
 * struct pgwalk_masks - bits of entries, as they are in memory
 * @accessed: the accessed bit
 * @look: an entry without any of these is old
 * @leaf: what all leaves of a plain line have
 * @no_leaf: what none of them has
 */
struct pgwalk_masks {
	u64 accessed;
	u64 look;
	u64 leaf;
	u64 no_leaf;
};

static __always_inline struct pgwalk_masks
pgwalk_masks(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree)
{
	u64 accessed = pgwalk_accessed(fmt, tree);

	return (struct pgwalk_masks) {
		.accessed = pgwalk_swap(fmt, accessed),
		.look = pgwalk_swap(fmt, accessed | fmt->look | tree->tracked),
		.leaf = pgwalk_swap(fmt, fmt->leaf_value),
		.no_leaf = pgwalk_swap(fmt, (fmt->leaf_mask ^ fmt->leaf_value) |
					    tree->tracked),
	};
}

/* The accessed bits of a line, side by side. The first one is the lowest. */
static __always_inline unsigned long pgwalk_gather(const u64 *seen,
						   u64 accessed)
{
	u64 bits = 0;
	int i;

PGWALK_UNROLL
	for (i = PGWALK_LINE - 1; i >= 0; i--)
		bits = 2 * bits + (seen[i] & accessed);
	return bits >> __ffs64(accessed);
}

/*
 * pgwalk_entry_young() for a line of entries.  Most lines have only old entries,
 * or only leaves, and the values of all of them together tell so.
 *
 * @seen stays in registers, as all that reads it is unrolled; what cannot be has
 * a copy.
 */
static __always_inline unsigned int
pgwalk_line_young(const struct pgwalk_format *fmt,
		  const struct pgwalk_tree *tree,
		  const struct pgwalk_masks *masks,
		  const struct pgwalk_entry *line,
		  const struct pgwalk_young *young)
{
	u64 seen[PGWALK_LINE], raw[PGWALK_LINE], any = 0, all = ~0ULL;
	u64 first = line->pos - young->start;
	unsigned long bits;
	unsigned int i;

PGWALK_UNROLL
	for (i = 0; i < PGWALK_LINE; i++) {
		seen[i] = pgwalk_load_raw(fmt, (char __rcu *)line->entryp +
					       i * pgwalk_size(fmt));
		any |= seen[i];
	}
	if (!(any & masks->look))
		return PGWALK_OLD;

PGWALK_UNROLL
	for (i = 0; i < PGWALK_LINE; i++)
		all &= seen[i];
	if ((all & masks->leaf) == masks->leaf && !(any & masks->no_leaf)) {
		if (!(any & masks->accessed))
			return PGWALK_OLD;
		bits = all & masks->accessed ? GENMASK(PGWALK_LINE - 1, 0) :
					       pgwalk_gather(seen, masks->accessed);
		if (young->young)
			pgwalk_set_line(young->young, first, bits);
		if (!young->clear)
			return PGWALK_YOUNG;
		if (young->predicate)
			bits &= pgwalk_get_line(young->predicate, first);
PGWALK_UNROLL
		for (i = 0; i < PGWALK_LINE; i++)
			raw[i] = seen[i];
		pgwalk_leaves_clear(fmt, tree, line, raw, bits);
		return PGWALK_YOUNG;
	}

PGWALK_UNROLL
	for (i = 0; i < PGWALK_LINE; i++)
		raw[i] = seen[i];
	return pgwalk_each_young(fmt, tree, line, raw, young);
}

/*
 * pgwalk_entry_young() for as many lines as there are from the entry of level 0
 * where the walk stands.  It stands on the last one of them afterwards.
 */
static __always_inline unsigned int
pgwalk_lines_young(const struct pgwalk_format *fmt,
		   const struct pgwalk_tree *tree,
		   const struct pgwalk_masks *masks, struct pgwalk_iter *iter,
		   const struct pgwalk_young *young)
{
	struct pgwalk_entry *entry = &iter->entry;
	struct pgwalk_entry line = *entry;
	unsigned int answer = PGWALK_OLD;

	do {
		answer |= pgwalk_line_young(fmt, tree, masks, &line, young);
		line.entryp = (char __rcu *)line.entryp +
			      PGWALK_LINE * pgwalk_size(fmt);
		line.pos += PGWALK_LINE;
	} while (iter->table_end - line.pos >= PGWALK_LINE &&
		 !pgwalk_is_answered(young, answer));

	entry->entryp = (char __rcu *)line.entryp - pgwalk_size(fmt);
	entry->next = line.pos;
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
	const struct pgwalk_masks masks = pgwalk_masks(fmt, tree);
	unsigned int answer = PGWALK_OLD;
	struct pgwalk_iter iter;

	if (start >= end)
		return answer;
	/* Each difference counts modulo 2^64, their sum must not. */
	if ((young->young || young->predicate) &&
	    PGWALK_WARN_ON(end - start > young->nbits ||
			   start - young->start > young->nbits - (end - start)))
		return answer;
	if (!pgwalk_accessed(fmt, tree))
		return PGWALK_SLOW;

	iter = pgwalk_start(tree, start, end);
	while (!pgwalk_is_answered(young, answer) &&
	       pgwalk_seek(fmt, tree, &iter)) {
		struct pgwalk_entry *entry = &iter.entry;

		if (!entry->level && iter.table_end - entry->pos >= PGWALK_LINE) {
			answer |= pgwalk_lines_young(fmt, tree, &masks, &iter,
						     young);
			continue;
		}
		if (!entry->level)
			pgwalk_read(fmt, tree, entry);
		answer |= pgwalk_entry_young(fmt, tree, entry, young);
	}

	return answer;
}

#endif /* _LOCKLESS_PGWALK_YOUNG_H */
