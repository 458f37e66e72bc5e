/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Walk a range of a page table that others may be changing.
 */
#ifndef _LOCKLESS_PGWALK_WALK_H
#define _LOCKLESS_PGWALK_WALK_H

#include <lockless_pgwalk/format.h>

#include <asm/page.h>

/**
 * struct pgwalk_iter - the state of a walk
 * @entry: the entry where the walk stands. Valid after pgwalk_next() returned
 *	true
 */
struct pgwalk_iter {
	struct pgwalk_entry entry;
	/* private: */
	u64 end;	/* where the walk ends */
	u64 table_end;	/* first page beyond the table of @entry, or @end */
};

/**
 * pgwalk_start() - prepare a walk
 * @tree: the page table
 * @start: first page of the range
 * @end: first page beyond the range
 *
 * What lies beyond the address space of @tree is left out. An empty or reversed
 * range has no entries.
 *
 * Return: the state to pass to pgwalk_next().
 */
static __always_inline struct pgwalk_iter
pgwalk_start(const struct pgwalk_tree *tree, u64 start, u64 end)
{
	struct pgwalk_iter iter = { };

	iter.entry.next = start;
	iter.end = end < tree->pages ? end : tree->pages;
	iter.table_end = start;
	return iter;
}

/* Load the entry where the walk stands. */
static __always_inline void pgwalk_read(const struct pgwalk_format *fmt,
					const struct pgwalk_tree *tree,
					struct pgwalk_entry *entry)
{
	entry->seen = pgwalk_load(fmt, entry->entryp);
	entry->type = pgwalk_decode(fmt, tree, entry->seen, entry->level);
}

/*
 * Go down from the root to the entry that covers @pos and is no table.  One of
 * level 0 cannot be a table: it is not read.
 */
static __always_inline void
pgwalk_descend(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
	       struct pgwalk_iter *iter, u64 pos)
{
	struct pgwalk_entry *entry = &iter->entry;
	char __rcu *table = (char __rcu *)tree->root;
	u64 end = tree->pages;
	u64 base = 0;

	for (entry->level = tree->top;; entry->level--) {
		unsigned int shift = pgwalk_shift(fmt, entry->level);
		u64 index = (pos - base) >> shift;

		entry->entryp = table + index * pgwalk_size(fmt);
		base += index << shift;
		entry->next = base + (1ULL << shift);
		if (!entry->level)
			break;
		/* Pairs with the store that linked the table, see format.h. */
		pgwalk_read(fmt, tree, entry);
		if (entry->type != PGWALK_TABLE)
			break;

		table = (__force char __rcu *)__va(pgwalk_child(fmt, tree,
								entry->seen));
		if (entry->next < end)
			end = entry->next;
	}

	entry->pos = pos;
	iter->table_end = end < iter->end ? end : iter->end;
}

/* As pgwalk_next(), but an entry of level 0 is left to be read. */
static __always_inline bool
pgwalk_seek(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
	    struct pgwalk_iter *iter)
{
	struct pgwalk_entry *entry = &iter->entry;
	u64 pos = entry->next;
	bool found = false;

	if (likely(pos < iter->table_end)) {
		entry->entryp = (char __rcu *)entry->entryp + pgwalk_size(fmt);
		entry->pos = pos;
		entry->next = pos + (1ULL << pgwalk_shift(fmt, entry->level));
		/* Another entry of the same table of level 0: nearly every step. */
		if (likely(!entry->level))
			return true;
		pgwalk_read(fmt, tree, entry);
		found = entry->type != PGWALK_TABLE;
	} else if (pos >= iter->end) {
		return false;
	}

	if (!found)
		pgwalk_descend(fmt, tree, iter, pos);
	if (entry->next > iter->end)
		entry->next = iter->end;
	return true;
}

/**
 * pgwalk_next() - go to the next entry that is no table
 * @fmt: the format, a constant
 * @tree: the page table
 * @iter: state of the walk, from pgwalk_start()
 *
 * Entries are visited in ascending order, each once, empty ones included, so
 * that a hole is stepped over by the size of the level where the walk met it.
 * Each table is reached from the root: a table that was replaced is noticed no
 * later than at its end.
 *
 * Context: any. The caller must keep tables that the walk may have reached from
 * being freed or reused until the walk has ended, by rcu_read_lock() if
 * unlinked tables are freed after a grace period. Nothing here sleeps; the time
 * taken is proportional to the entries in the range, which is for the caller to
 * bound.
 *
 * Return: true if iter->entry is another entry of the range, false at its end.
 */
static __always_inline bool
pgwalk_next(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
	    struct pgwalk_iter *iter)
{
	if (!pgwalk_seek(fmt, tree, iter))
		return false;
	if (likely(!iter->entry.level))
		pgwalk_read(fmt, tree, &iter->entry);
	return true;
}

/**
 * pgwalk_for_each() - visit each entry of a range that is no table
 * @fmt: the format, a constant
 * @tree: the page table
 * @iter: a struct pgwalk_iter
 * @start: first page of the range
 * @end: first page beyond the range
 *
 * See pgwalk_next() for the order of the entries and for the locking.
 */
#define pgwalk_for_each(fmt, tree, iter, start, end)			\
	for ((iter) = pgwalk_start(tree, start, end);			\
	     pgwalk_next(fmt, tree, &(iter));)

#endif /* _LOCKLESS_PGWALK_WALK_H */
