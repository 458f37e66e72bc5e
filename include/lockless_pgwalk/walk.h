/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Walk a range of a page table that others may be changing.
 */
#ifndef _LOCKLESS_PGWALK_WALK_H
#define _LOCKLESS_PGWALK_WALK_H

#include <lockless_pgwalk/format.h>

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
	struct pgwalk_iter iter = {
		.entry.next = start,
		.end = end < tree->pages ? end : tree->pages,
		.table_end = start,
	};

	return iter;
}

/* Go down from the root to the entry that covers @pos and is no table. */
static __always_inline void
pgwalk_descend(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
	       struct pgwalk_iter *iter, u64 pos)
{
	struct pgwalk_entry *entry = &iter->entry;
	unsigned int level = tree->top;
	char __rcu *table = tree->root;
	u64 end = tree->pages;
	u64 base = 0;

	for (;;) {
		unsigned int shift = fmt->shift(level);
		u64 index = (pos - base) >> shift;

		entry->entryp = table + index * fmt->entry_size;
		/* Pairs with the store that linked the table, see format.h. */
		entry->seen = fmt->load(entry->entryp);
		entry->type = fmt->decode(tree, entry->seen, level);
		entry->next = base + ((index + 1) << shift);
		if (entry->type != PGWALK_TABLE)
			break;
		/* A format that breaks its contract must not lead us astray. */
		if (unlikely(!level)) {
			PGWALK_WARN_ON(true);
			entry->type = PGWALK_BUSY;
			break;
		}

		table = pgwalk_to_virt(fmt->child(tree, entry->seen));
		base += index << shift;
		if (entry->next < end)
			end = entry->next;
		level--;
	}

	entry->level = level;
	entry->pos = pos;
	iter->table_end = end < iter->end ? end : iter->end;
}

/* Go to the next entry of the table, and load it. */
static __always_inline void
pgwalk_load_next(const struct pgwalk_format *fmt, struct pgwalk_entry *entry,
		 unsigned int level)
{
	entry->entryp = (char __rcu *)entry->entryp + fmt->entry_size;
	entry->seen = fmt->load(entry->entryp);
	entry->pos = entry->next;
	entry->next += 1ULL << fmt->shift(level);
}

/* Go to the next entry of the table. */
static __always_inline void
pgwalk_step(const struct pgwalk_format *fmt, const struct pgwalk_tree *tree,
	    struct pgwalk_entry *entry, unsigned int level)
{
	pgwalk_load_next(fmt, entry, level);
	entry->type = fmt->decode(tree, entry->seen, level);
}

/*
 * Go to the next entry of a last-level table that has one of the bits @look, or
 * to the last one.  Nothing but their values is known of those in between.
 */
static __always_inline void
pgwalk_step_look(const struct pgwalk_format *fmt,
		 const struct pgwalk_tree *tree, struct pgwalk_iter *iter,
		 u64 look)
{
	struct pgwalk_entry *entry = &iter->entry;

	do {
		pgwalk_load_next(fmt, entry, 0);
	} while (!(entry->seen & look) && entry->next < iter->table_end);

	entry->type = fmt->decode(tree, entry->seen, 0);
}

/* As pgwalk_next(), but of last-level tables only what pgwalk_step_look() finds. */
static __always_inline bool
pgwalk_next_look(const struct pgwalk_format *fmt,
		 const struct pgwalk_tree *tree, struct pgwalk_iter *iter,
		 u64 look)
{
	struct pgwalk_entry *entry = &iter->entry;
	u64 pos = entry->next;

	/* Another entry of the same last-level table: nearly every step. */
	if (likely(pos < iter->table_end && !entry->level)) {
		if (look)
			pgwalk_step_look(fmt, tree, iter, look);
		else
			pgwalk_step(fmt, tree, entry, 0);
		return true;
	}

	if (pos >= iter->end)
		return false;

	if (pos < iter->table_end)
		pgwalk_step(fmt, tree, entry, entry->level);

	if (pos >= iter->table_end || entry->type == PGWALK_TABLE)
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
	return pgwalk_next_look(fmt, tree, iter, 0);
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
