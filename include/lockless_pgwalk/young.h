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
#include <linux/compiler.h>
#include <linux/types.h>

/* Entries of a line. Their bits are a byte of a bitmap. */
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

/**
 * struct pgwalk_masks - bits of entries, as they are in memory, and of an answer
 * @accessed: the accessed bit
 * @look: an entry without any of these is old
 * @leaf: what all leaves of a plain line have
 * @no_leaf: what none of them has
 * @enough: an answer that ends the walk: all that was asked is whether anything
 *	is young
 */
struct pgwalk_masks {
	u64 accessed;
	u64 look;
	u64 leaf;
	u64 no_leaf;
	unsigned int enough;
};

static __always_inline struct pgwalk_masks
pgwalk_masks(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
	     const struct pgwalk_young *young)
{
	u64 accessed = pgwalk_accessed(fmt, tree);

	return (struct pgwalk_masks) {
		.accessed = pgwalk_swap(fmt, accessed),
		.look = pgwalk_swap(fmt, accessed | fmt->look | tree->tracked),
		.leaf = pgwalk_swap(fmt, fmt->leaf_value),
		.no_leaf = pgwalk_swap(fmt, (fmt->leaf_mask ^ fmt->leaf_value) |
					    tree->tracked),
		.enough = young->young || young->clear ? PGWALK_OLD : PGWALK_YOUNG,
	};
}

/**
 * struct pgwalk_line - a line of entries
 * @entryp: address of the first one
 * @byte: which byte of the bitmaps it is
 * @seen: raw values. They stay in registers, as all that reads them is unrolled;
 *	what cannot be has a copy
 * @any: the bits that any of them has
 * @all: the bits that all of them have
 */
struct pgwalk_line {
	void __rcu *entryp;
	u64 byte;
	u64 seen[PGWALK_LINE];
	u64 any;
	u64 all;
};

/* Read a line, each entry once. */
static __always_inline void pgwalk_line_read(const struct pgwalk_format *fmt,
					     const char __rcu *entryp,
					     struct pgwalk_line *line)
{
	unsigned int i;

	PGWALK_UNROLL
	for (i = 0; i < PGWALK_LINE; i++)
		line->seen[i] = pgwalk_load_raw(fmt, entryp + i * pgwalk_size(fmt));

	line->any = line->seen[0];
	line->all = line->seen[0];
	PGWALK_UNROLL
	for (i = 1; i < PGWALK_LINE; i++)
		line->any |= line->seen[i];
	PGWALK_UNROLL
	for (i = 1; i < PGWALK_LINE; i++)
		line->all &= line->seen[i];
}

/* Are all of them leaves, with an accessed bit that may be cleared? */
static __always_inline bool pgwalk_line_is_plain(const struct pgwalk_masks *masks,
						 const struct pgwalk_line *line)
{
	return (line->all & masks->leaf) == masks->leaf &&
	       !(line->any & masks->no_leaf);
}

/* Are all of them old? Not all such lines are known for it. */
static __always_inline bool pgwalk_line_is_old(const struct pgwalk_format *fmt,
					       const struct pgwalk_masks *masks,
					       const struct pgwalk_line *line)
{
	/* Where each leaf is worth a look, a line of leaves is what is common. */
	if (fmt->look & fmt->leaf_value)
		return !(line->any & masks->accessed) &&
		       pgwalk_line_is_plain(masks, line);
	return !(line->any & masks->look);
}

/* The accessed bits, side by side. The first one is the lowest. */
static __always_inline unsigned int
pgwalk_line_accessed(const struct pgwalk_masks *masks,
		     const struct pgwalk_line *line)
{
	u64 accessed = masks->accessed, bits = 0;
	unsigned int i;

	if (line->all & accessed)
		return GENMASK(PGWALK_LINE - 1, 0);
	/* One register, not a constant for each. */
	OPTIMIZER_HIDE_VAR(accessed);
	PGWALK_UNROLL
	for (i = 0; i < PGWALK_LINE; i++)
		bits = 2 * bits + (line->seen[PGWALK_LINE - 1 - i] & accessed);
	return bits >> __ffs64(masks->accessed);
}

static __always_inline unsigned char *
pgwalk_line_bits(const struct pgwalk_line *line, const unsigned long *map)
{
	u64 byte = line->byte;

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		byte ^= sizeof(*map) - 1;
	return (unsigned char *)map + byte;
}

/*
 * Those entries of a line that @bits has: pgwalk_entry_young(), or, if all are
 * known to be young leaves that are to be cleared, just that.
 */
static __always_inline unsigned int
pgwalk_line_each(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
		 const struct pgwalk_masks *masks,
		 const struct pgwalk_line *line, unsigned long bits,
		 const struct pgwalk_young *young, bool clear)
{
	unsigned int answer = PGWALK_OLD;
	struct pgwalk_entry entry = { .type = PGWALK_LEAF };
	u64 raw[PGWALK_LINE];
	unsigned int i;

	PGWALK_UNROLL
	for (i = 0; i < PGWALK_LINE; i++)
		raw[i] = line->seen[i];

	for (; bits && !(answer & masks->enough); bits &= bits - 1) {
		i = __ffs(bits);
		entry.entryp = (char __rcu *)line->entryp + i * pgwalk_size(fmt);
		entry.pos = young->start + line->byte * PGWALK_LINE + i;
		entry.next = entry.pos + 1;
		entry.seen = pgwalk_swap(fmt, raw[i]);
		if (clear) {
			pgwalk_make_old(fmt, tree, &entry);
			continue;
		}
		entry.type = pgwalk_decode(fmt, tree, entry.seen, 0);
		answer |= pgwalk_entry_young(fmt, tree, &entry, young);
	}
	return answer;
}

/* pgwalk_entry_young() for a line that may not be old. */
static __always_inline unsigned int
pgwalk_line_young(const struct pgwalk_format *fmt,
		  const struct pgwalk_tree *tree,
		  const struct pgwalk_masks *masks,
		  const struct pgwalk_line *line,
		  const struct pgwalk_young *young)
{
	unsigned long bits;

	if (unlikely(!pgwalk_line_is_plain(masks, line))) {
		bits = GENMASK(PGWALK_LINE - 1, 0);
		/* Holes between leaves: only what is accessed is worth a look. */
		if (!(line->any & masks->look & ~masks->accessed))
			bits = pgwalk_line_accessed(masks, line);
		return pgwalk_line_each(fmt, tree, masks, line, bits, young, false);
	}

	bits = pgwalk_line_accessed(masks, line);
	if (!bits)
		return PGWALK_OLD;
	if (young->young)
		*pgwalk_line_bits(line, young->young) |= bits;
	if (young->clear) {
		if (young->predicate)
			bits &= *pgwalk_line_bits(line, young->predicate);
		pgwalk_line_each(fmt, tree, masks, line, bits, young, true);
	}
	return PGWALK_YOUNG;
}

/*
 * pgwalk_entry_young() for as many lines as there are from the entry of level 0
 * where the walk stands.  It stands on the last one of them afterwards.
 *
 * Old lines have a loop of their own, so that what it needs is in registers. Only
 * one thing moves there: the compiler must not keep others in step with it.
 */
static __always_inline unsigned int
pgwalk_lines_young(const struct pgwalk_format *fmt,
		   const struct pgwalk_tree *tree,
		   const struct pgwalk_masks *masks, struct pgwalk_iter *iter,
		   const struct pgwalk_young *young)
{
	const unsigned int size = PGWALK_LINE * pgwalk_size(fmt);
	struct pgwalk_entry *entry = &iter->entry;
	u64 nr = (iter->table_end - entry->pos) / PGWALK_LINE;
	u64 byte = (entry->pos - young->start) / PGWALK_LINE;
	char __rcu *start = (char __rcu *)entry->entryp;
	char __rcu *end = start + nr * size;
	char __rcu *next = start;
	unsigned int answer = PGWALK_OLD;
	struct pgwalk_line line;
	bool old;

	do {
		do {
			pgwalk_line_read(fmt, next, &line);
			old = pgwalk_line_is_old(fmt, masks, &line);
			next += size;
		} while (old && next != end);
		OPTIMIZER_HIDE_VAR(next);
		if (old)
			break;

		line.entryp = next - size;
		line.byte = byte + (size_t)(next - size - start) / size;
		answer |= pgwalk_line_young(fmt, tree, masks, &line, young);
	} while (next != end && !(answer & masks->enough));

	entry->entryp = next - pgwalk_size(fmt);
	entry->next = entry->pos + (size_t)(next - start) / pgwalk_size(fmt);
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
	const struct pgwalk_masks masks = pgwalk_masks(fmt, tree, young);
	/* A copy, which no write to a bitmap can change. */
	const struct pgwalk_young how = *young;
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
	while (!(answer & masks.enough) && pgwalk_seek(fmt, tree, &iter)) {
		struct pgwalk_entry *entry = &iter.entry;

		if (!entry->level &&
		    (entry->pos - how.start) % PGWALK_LINE == 0 &&
		    iter.table_end - entry->pos >= PGWALK_LINE) {
			answer |= pgwalk_lines_young(fmt, tree, &masks, &iter,
						     &how);
			continue;
		}
		if (!entry->level)
			pgwalk_read(fmt, tree, entry);
		answer |= pgwalk_entry_young(fmt, tree, entry, &how);
	}

	return answer;
}

#endif /* _LOCKLESS_PGWALK_YOUNG_H */
