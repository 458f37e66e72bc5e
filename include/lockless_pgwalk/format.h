/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The vocabulary of the walker, and what a page-table format has to tell it.
 */
#ifndef _LOCKLESS_PGWALK_FORMAT_H
#define _LOCKLESS_PGWALK_FORMAT_H

#include <lockless_pgwalk/platform.h>

/**
 * DOC: Vocabulary
 *
 * granule
 *	The smallest page that a format maps. All page numbers here count
 *	granules; "page" means one granule.
 * entry
 *	One element of a table, 4 or 8 bytes. Its value is always passed in the
 *	byte order of the CPU, whatever the order in memory.
 * leaf
 *	An entry that maps pages, one or a power of two of them.
 * table
 *	An array of entries. Also, an entry that points to one.
 * level
 *	The height of a table. The entries of level 0 are never tables and map
 *	one page each.
 * range
 *	Half-open, from @start up to but not including @end.
 * young
 *	Having the accessed bit set.
 * predicate
 *	The bitmap that says which young pages to clear.
 * seen
 *	The value of an entry when the walker loaded it. It may have changed
 *	since.
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
 * struct pgwalk_tree - one page table to walk
 * @root: the top table. Where it consists of several concatenated tables, the
 *	first of them; they are contiguous
 * @top: level of @root
 * @pages: size of the address space. Nothing is mapped at or beyond it
 * @accessed: mask of the accessed bit, for formats that know it only at run
 *	time; 0 if the hardware keeps none, then each leaf is PGWALK_SLOW
 * @address: mask of the physical address of a table in an entry, likewise
 *
 * The caller sees to it that @root stays a table for the duration of a walk. It
 * and all below it is __rcu: sparse then finds who follows a pointer into a table
 * by other means than &pgwalk_format.load.
 */
struct pgwalk_tree {
	void __rcu *root;
	unsigned int top;
	u64 pages;
	u64 accessed;
	u64 address;
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
 * @entry_size: bytes per entry, 4 or 8
 * @shift: log2 of the pages that one entry of a table at @level covers.
 *	0 at level 0. Must be defined for the levels 0 to &pgwalk_tree.top
 * @load: read an entry once, with single-copy atomicity
 * @decode: the meaning of an entry. Must not say TABLE at level 0, and must say
 *	LEAF only of values that hardware may walk: a software marker that a
 *	writer uses to own an entry is BUSY even if it contains the accessed bit
 * @busy: what an entry that decodes as BUSY says of the pages it covers
 * @child: physical address of the table that an entry points to
 * @accessed: mask of the accessed bit
 * @look: bits of which an entry of level 0 has one if it is anything but old:
 *	others need not be decoded to know their age. NULL if there are none
 * @exchange: replace the value of an entry if it still is &pgwalk_entry.seen,
 *	atomically and without retry; false if it is not. No order is implied
 *
 * An instance is a constant. The walker is always inlined and gets the address
 * of that constant, so the members fold and no indirect call is left. A caller
 * may derive a format from another one to do more in a member: to trace each
 * exchange that succeeds, say, or, in a test, to change the entry behind the
 * walker's back.
 *
 * All members are called in the locking context of the walk and must not sleep.
 */
struct pgwalk_format {
	unsigned int entry_size;
	unsigned int (*shift)(unsigned int level);
	u64 (*load)(const void __rcu *entryp);
	enum pgwalk_type (*decode)(const struct pgwalk_tree *tree, u64 entry,
				   unsigned int level);
	enum pgwalk_answer (*busy)(const struct pgwalk_tree *tree, u64 entry,
				   unsigned int level);
	u64 (*child)(const struct pgwalk_tree *tree, u64 entry);
	u64 (*accessed)(const struct pgwalk_tree *tree);
	u64 (*look)(const struct pgwalk_tree *tree);
	bool (*exchange)(const struct pgwalk_tree *tree,
			 const struct pgwalk_entry *entry, u64 new);
};

/*
 * Loads and exchanges for the two widths and byte orders, for formats to name.
 *
 * A load pairs with the store that links a table and may not be seen before
 * what was written to the table: a release, a store after a write barrier, or,
 * where stores are seen in their order (x86), any.  Hardware that walks the
 * tables asks the same of it.  What is read of the table is reached through the
 * address in the entry, and that dependency orders the two loads.  An exchange
 * publishes nothing and needs no order; that it is atomic is what keeps it from
 * undoing a concurrent write.
 */
static __always_inline u64 pgwalk_load32(const void __rcu *entryp)
{
	return READ_ONCE(*(__force const u32 *)entryp);
}

static __always_inline u64 pgwalk_load64(const void __rcu *entryp)
{
	return READ_ONCE(*(__force const u64 *)entryp);
}

static __always_inline u64 pgwalk_load_be64(const void __rcu *entryp)
{
	return be64_to_cpu(READ_ONCE(*(__force const pgwalk_be64 *)entryp));
}

static __always_inline bool
pgwalk_exchange32(const struct pgwalk_tree *tree,
		  const struct pgwalk_entry *entry, u64 new)
{
	u32 seen = entry->seen;

	return try_cmpxchg_relaxed((__force u32 *)entry->entryp, &seen,
				   (u32)new);
}

static __always_inline bool
pgwalk_exchange64(const struct pgwalk_tree *tree,
		  const struct pgwalk_entry *entry, u64 new)
{
	u64 seen = entry->seen;

	return try_cmpxchg64_relaxed((__force u64 *)entry->entryp, &seen, new);
}

static __always_inline bool
pgwalk_exchange_be64(const struct pgwalk_tree *tree,
		     const struct pgwalk_entry *entry, u64 new)
{
	u64 seen = (__force u64)cpu_to_be64(entry->seen);

	return try_cmpxchg64_relaxed((__force u64 *)entry->entryp, &seen,
				     (__force u64)cpu_to_be64(new));
}

#endif /* _LOCKLESS_PGWALK_FORMAT_H */
