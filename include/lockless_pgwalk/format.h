/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The vocabulary of the walker, and what a page-table format has to tell it.
 */
#ifndef _LOCKLESS_PGWALK_FORMAT_H
#define _LOCKLESS_PGWALK_FORMAT_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/types.h>

#include <asm/byteorder.h>

#ifdef CONFIG_LOCKLESS_PGWALK_DEBUG
#define PGWALK_WARN_ON(cond)	WARN_ON_ONCE(cond)
#else
#define PGWALK_WARN_ON(cond)	({ BUILD_BUG_ON_INVALID(cond); false; })
#endif

/**
 * DOC: Vocabulary
 *
 * granule
 *	The smallest page that a format maps. All page numbers here count
 *	granules; "page" means one granule.
 * entry
 *	One element of a table, 4 or 8 bytes. Its value is always passed in the
 *	byte order of the CPU, whatever the order in memory; a value in the order
 *	of memory is called raw.
 * leaf
 *	An entry that maps pages, one or a power of two of them.
 * table
 *	An array of entries. Also, an entry that points to one.
 * level
 *	The height of a table. The entries of level 0 are never tables and map
 *	one page each.
 * line
 *	Some entries of a table of level 0, side by side, that are looked at
 *	together.
 * range
 *	Half-open, from @start up to but not including @end.
 * young
 *	Having the accessed bit set.
 * predicate
 *	The bitmap that says which young pages to clear.
 * seen
 *	The value of an entry when the walker loaded it. It may have changed
 *	since.
 * marker
 *	A value or a bit that software uses to own an entry, or to track accesses
 *	by other means than the accessed bit. Different kernels have different
 *	ones, so whoever makes a tree passes them.
 */

/**
 * enum pgwalk_type - what an entry is
 * @PGWALK_EMPTY: maps nothing; the walker steps over all that it could map
 * @PGWALK_TABLE: points to a table one level below
 * @PGWALK_LEAF: maps memory, and its accessed bit is kept by hardware in the
 *	position that &pgwalk_format.accessed names. The only type that is ever
 *	written
 * @PGWALK_BUSY: anything else: in transition, or not to be changed without the
 *	lock of the table. What it says of its pages is for &pgwalk_format.busy
 *	to answer
 */
enum pgwalk_type {
	PGWALK_EMPTY,
	PGWALK_TABLE,
	PGWALK_LEAF,
	PGWALK_BUSY,
};

/**
 * enum pgwalk_answer - what a walk found, as a set of flags
 * @PGWALK_OLD: nothing young
 * @PGWALK_YOUNG: at least one page was young
 * @PGWALK_SLOW: at least one page can be answered for only with the lock of
 *	the table held
 */
enum pgwalk_answer {
	PGWALK_OLD	= 0,
	PGWALK_YOUNG	= 1,
	PGWALK_SLOW	= 2,
};

/**
 * enum pgwalk_width - what an entry is in memory
 * @PGWALK_64: 8 bytes in the order of the CPU
 * @PGWALK_32: 4 bytes in the order of the CPU
 * @PGWALK_BE64: 8 bytes, big-endian
 * @PGWALK_BE32: 4 bytes, big-endian
 */
enum pgwalk_width {
	PGWALK_64,
	PGWALK_32,
	PGWALK_BE64,
	PGWALK_BE32,
};

/**
 * struct pgwalk_tree - one page table to walk
 * @root: the top table. Where it consists of several concatenated tables, or is
 *	larger than others, all of it is contiguous
 * @top: level of @root
 * @pages: size of the address space. Nothing is mapped at or beyond it
 * @accessed: mask of the accessed bit, for formats that know it only at run
 *	time; 0 if the hardware keeps none, then each leaf is PGWALK_SLOW
 * @address: mask of the physical address of a table in an entry, likewise
 * @owned: marker of a writer who owns the entry; 0 if there is none
 * @tracked: marker of leaves without accessed bit, or of other entries that are
 *	not old without it, a mask; 0 if there is none
 *
 * To be made by the constructor of a format, X_tree(), which asks for all that
 * the format needs.
 *
 * The caller sees to it that @root stays a table for the duration of a walk. It
 * and all below it is __rcu: sparse then finds who follows a pointer into a table
 * by other means than pgwalk_load().
 */
struct pgwalk_tree {
	void __rcu *root;
	unsigned int top;
	u64 pages;
	u64 accessed;
	u64 address;
	u64 owned;
	u64 tracked;
};

/**
 * struct pgwalk_entry - an entry and where it stands
 * @entryp: address of the entry
 * @seen: its value when it was loaded
 * @type: the meaning of @seen
 * @level: level of the table that holds it
 * @pos: the first page that it covers and that lies in the range of the walk
 * @next: the first page beyond those
 */
struct pgwalk_entry {
	void __rcu *entryp;
	u64 seen;
	enum pgwalk_type type;
	unsigned int level;
	u64 pos;
	u64 next;
};

/**
 * struct pgwalk_format - a page-table format
 * @bits: log2 of the entries of a table. That of the root does not matter, it is
 *	as large as &pgwalk_tree.pages makes it
 * @last_bits: the same of a table of level 0, if that is another
 * @leaf_levels: levels that have leaves, from level 0 up
 * @width: an entry in memory
 * @accessed: mask of the accessed bit. If 0, &pgwalk_tree.accessed has it
 * @address: mask of the address of a table. If 0, &pgwalk_tree.address has it
 * @look: at level 0, an entry is old if it has none of these bits, nor the
 *	accessed bit, nor &pgwalk_tree.tracked. ~0 if no bits tell that
 * @leaf_mask: at level 0, an entry is a leaf if it has, of these bits,
 * @leaf_value: just these. There may be other leaves
 * @decode: the meaning of an entry. Must not say TABLE at level 0, and must say
 *	LEAF only of values that hardware may walk: a value that a writer uses to
 *	own an entry is BUSY even if it contains the accessed bit. A leaf above
 *	@leaf_levels is BUSY, whatever this says
 * @busy: what an entry that is BUSY says of the pages it covers. If NULL,
 *	PGWALK_SLOW
 * @child: physical address of the table that an entry points to. If NULL, the
 *	bits of @address in place
 * @load: read a raw entry once, with single-copy atomicity. If NULL, what fits
 *	@width
 * @exchange: replace the value of an entry if it still is &pgwalk_entry.seen,
 *	atomically and without retry; false if it is not. No order is implied. If
 *	NULL, what fits @width
 *
 * An instance is a constant. The walker is always inlined and gets the address
 * of that constant, so the members fold and no indirect call is left. A caller
 * may derive a format from another one to do more in a member: to trace each
 * exchange that succeeds, say, or, in a test, to change the entry behind the
 * walker's back.
 *
 * All functions are called in the locking context of the walk and must not
 * sleep.
 */
struct pgwalk_format {
	unsigned int bits;
	unsigned int last_bits;
	unsigned int leaf_levels;
	enum pgwalk_width width;
	u64 accessed;
	u64 address;
	u64 look;
	u64 leaf_mask;
	u64 leaf_value;
	enum pgwalk_type (*decode)(const struct pgwalk_tree *tree, u64 entry,
				   unsigned int level);
	enum pgwalk_answer (*busy)(const struct pgwalk_tree *tree, u64 entry,
				   unsigned int level);
	u64 (*child)(const struct pgwalk_tree *tree, u64 entry);
	u64 (*load)(const void __rcu *entryp);
	bool (*exchange)(const struct pgwalk_tree *tree,
			 const struct pgwalk_entry *entry, u64 value);
};

/* Bytes of an entry. */
static __always_inline unsigned int
pgwalk_size(const struct pgwalk_format *fmt)
{
	return fmt->width == PGWALK_32 || fmt->width == PGWALK_BE32 ? 4 : 8;
}

/* log2 of the pages that an entry of a table at @level covers. */
static __always_inline unsigned int
pgwalk_shift(const struct pgwalk_format *fmt, unsigned int level)
{
	if (!level)
		return 0;
	return (fmt->last_bits ?: fmt->bits) + (level - 1) * fmt->bits;
}

static __always_inline u64 pgwalk_accessed(const struct pgwalk_format *fmt,
					   const struct pgwalk_tree *tree)
{
	return fmt->accessed ?: tree->accessed;
}

/* From the order of memory to that of the CPU, and back. */
static __always_inline u64 pgwalk_swap(const struct pgwalk_format *fmt,
				       u64 value)
{
	switch (fmt->width) {
	case PGWALK_BE64:
		return be64_to_cpu((__force __be64)value);
	case PGWALK_BE32:
		return be32_to_cpu((__force __be32)(u32)value);
	default:
		return value;
	}
}

/* No order but that of what depends on the value, see DOC: Ordering in walk.h. */
static __always_inline u64 pgwalk_load_raw(const struct pgwalk_format *fmt,
					   const void __rcu *entryp)
{
	if (fmt->load)
		return fmt->load(entryp);
	if (pgwalk_size(fmt) == sizeof(u32))
		return READ_ONCE(*(__force const u32 *)entryp);
	return READ_ONCE(*(__force const u64 *)entryp);
}

/* Read an entry. */
static __always_inline u64 pgwalk_load(const struct pgwalk_format *fmt,
				       const void __rcu *entryp)
{
	return pgwalk_swap(fmt, pgwalk_load_raw(fmt, entryp));
}

/*
 * What @exchange of a format does if it has none.  It publishes nothing and needs
 * no order; that it is atomic is what keeps it from undoing a concurrent write.
 * LPW(pgwalk_exchange:A) for either width.
 */
static __always_inline bool pgwalk_exchange(const struct pgwalk_format *fmt,
					    const struct pgwalk_entry *entry,
					    u64 value)
{
	u64 seen = pgwalk_swap(fmt, entry->seen);

	value = pgwalk_swap(fmt, value);
	if (pgwalk_size(fmt) == sizeof(u32)) {
		u32 seen32 = seen;

		return try_cmpxchg_relaxed((__force u32 *)entry->entryp,
					   &seen32, (u32)value);
	}
	return try_cmpxchg64_relaxed((__force u64 *)entry->entryp, &seen, value);
}

/* The meaning of an entry; a format that breaks its contract leads nobody astray. */
static __always_inline enum pgwalk_type
pgwalk_decode(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
	      u64 entry, unsigned int level)
{
	enum pgwalk_type type = fmt->decode(tree, entry, level);

	if (type == PGWALK_LEAF && level >= fmt->leaf_levels)
		return PGWALK_BUSY;
	if (type == PGWALK_TABLE && unlikely(!level)) {
		PGWALK_WARN_ON(true);
		return PGWALK_BUSY;
	}
	return type;
}

/* What an entry that is BUSY says of its pages. */
static __always_inline enum pgwalk_answer
pgwalk_busy(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
	    const struct pgwalk_entry *entry)
{
	return fmt->busy ? fmt->busy(tree, entry->seen, entry->level) :
			   PGWALK_SLOW;
}

/* The table that an entry points to. */
static __always_inline u64 pgwalk_child(const struct pgwalk_format *fmt,
					const struct pgwalk_tree *tree,
					u64 entry)
{
	if (fmt->child)
		return fmt->child(tree, entry);
	return entry & (fmt->address ?: tree->address);
}

#endif /* _LOCKLESS_PGWALK_FORMAT_H */
