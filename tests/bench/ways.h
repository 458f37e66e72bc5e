/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ways to walk. What they do with an entry is pgwalk_entry_young() for all
 * but the plain loops, so that what differs is the way to it.
 */
#ifndef BENCH_WAYS_H
#define BENCH_WAYS_H

#include "tree.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define noinline	__attribute__((__noinline__))

/**
 * struct way - a way to walk
 * @name: how results call it
 * @entries: so many at a time
 * @walk: from @start up to, not including, @end
 */
struct way {
	const char *name;
	unsigned int entries;
	void (*walk)(const struct bench *bench, u64 start, u64 end,
		     const struct pgwalk_young *young);
};

/* The bound: read each entry once. */
static noinline u64 read_entries(const u64 *entries, unsigned int nr)
{
	u64 any = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		any |= READ_ONCE(entries[i]);
	return any;
}

/* The same for clearing: exchange those that are young. */
static noinline void exchange_entries(u64 *entries, unsigned int nr)
{
	const u64 accessed = pgwalk_swap(&BENCH_FORMAT, BENCH_ACCESSED);
	unsigned int i;
	u64 seen;

	for (i = 0; i < nr; i++) {
		seen = READ_ONCE(entries[i]);
		if (seen & accessed)
			try_cmpxchg64_relaxed(&entries[i], &seen, seen & ~accessed);
	}
}

static void by_loop(const struct bench *bench, u64 start, u64 end,
		    const struct pgwalk_young *young)
{
	unsigned int shift = pgwalk_shift(&BENCH_FORMAT, bench->leaf + 1);
	unsigned int nr = 1 << bench_bits(bench->leaf);
	u64 table;

	for (table = start >> shift; table < end >> shift; table++) {
		if (!bench_has_table(bench, table))
			continue;
		if (young->clear)
			exchange_entries(bench_leaf_table(bench, table), nr);
		else
			read_entries(bench_leaf_table(bench, table), nr);
	}
}

static noinline void by_library(const struct bench *bench, u64 start, u64 end,
				const struct pgwalk_young *young)
{
	pgwalk_test_clear_young(&BENCH_FORMAT, &bench->tree, start, end, young);
}

/* Stand on what covers @pos in @table, a table of @level. */
static __always_inline void stand(const struct pgwalk_tree *tree,
				  struct pgwalk_entry *entry, char *table,
				  unsigned int level, u64 pos)
{
	unsigned int shift = pgwalk_shift(&BENCH_FORMAT, level);
	u64 index = pos >> shift;

	if (level < tree->top)
		index &= (1 << bench_bits(level)) - 1;
	entry->entryp = table + index * sizeof(u64);
	entry->level = level;
	entry->pos = pos;
	entry->next = ((pos >> shift) + 1) << shift;
	pgwalk_read(&BENCH_FORMAT, tree, entry);
}

static __always_inline char *child(const struct pgwalk_tree *tree,
				   const struct pgwalk_entry *entry)
{
	return (char *)__va(pgwalk_child(&BENCH_FORMAT, tree, entry->seen));
}

/* From the root for each entry, as who asks about one page at a time. */
static noinline void by_descent(const struct bench *bench, u64 start, u64 end,
				const struct pgwalk_young *young)
{
	const struct pgwalk_tree *tree = &bench->tree;
	struct pgwalk_entry entry;
	u64 pos;

	for (pos = start; pos < end; pos = entry.next) {
		stand(tree, &entry, tree->root, tree->top, pos);
		while (entry.type == PGWALK_TABLE)
			stand(tree, &entry, child(tree, &entry), entry.level - 1, pos);
		pgwalk_entry_young(&BENCH_FORMAT, tree, &entry, young);
	}
}

/* An iterator, which keeps its path and reads again where it stands. */
struct path {
	struct pgwalk_entry entry;
	char *tables[LEVELS];
};

static __always_inline void path_next(const struct pgwalk_tree *tree,
				      struct path *path)
{
	struct pgwalk_entry *entry = &path->entry;
	unsigned int level = entry->level;
	u64 pos = entry->pos;

	pgwalk_read(&BENCH_FORMAT, tree, entry);
	if (entry->type == PGWALK_TABLE) {
		path->tables[--level] = child(tree, entry);
	} else {
		pos = entry->next;
		while (level < tree->top &&
		       !(pos & ((1ULL << pgwalk_shift(&BENCH_FORMAT, level + 1)) - 1)))
			level++;
	}
	stand(tree, entry, path->tables[level], level, pos);
}

static noinline void by_iterator(const struct bench *bench, u64 start, u64 end,
				 const struct pgwalk_young *young)
{
	const struct pgwalk_tree *tree = &bench->tree;
	struct path path = { .tables[LEVELS - 1] = tree->root };

	stand(tree, &path.entry, tree->root, tree->top, start);
	while (path.entry.pos < end) {
		if (path.entry.type != PGWALK_TABLE)
			pgwalk_entry_young(&BENCH_FORMAT, tree, &path.entry, young);
		path_next(tree, &path);
	}
}

/* A function for each entry, as who walks for many purposes. */
typedef void (*visit_fn)(const struct pgwalk_tree *tree,
			 const struct pgwalk_entry *entry,
			 const struct pgwalk_young *young);

static void visit_young(const struct pgwalk_tree *tree,
			const struct pgwalk_entry *entry,
			const struct pgwalk_young *young)
{
	pgwalk_entry_young(&BENCH_FORMAT, tree, entry, young);
}

/* Not static, so that no compiler knows where it points. */
visit_fn visitor = visit_young;

static noinline void visit_table(const struct pgwalk_tree *tree, char *table,
				 unsigned int level, u64 start, u64 end,
				 visit_fn visit,
				 const struct pgwalk_young *young)
{
	struct pgwalk_entry entry;
	u64 pos;

	for (pos = start; pos < end; pos = entry.next) {
		stand(tree, &entry, table, level, pos);
		if (entry.type == PGWALK_TABLE)
			visit_table(tree, child(tree, &entry), level - 1, pos,
				    entry.next < end ? entry.next : end, visit, young);
		else
			visit(tree, &entry, young);
	}
}

static void by_visitor(const struct bench *bench, u64 start, u64 end,
		       const struct pgwalk_young *young)
{
	visit_table(&bench->tree, bench->tree.root, bench->tree.top, start, end,
		    visitor, young);
}

/* The first one is what the others are compared with. */
static const struct way ways[] = {
	{ "plain", 512, by_loop },
	{ "pgwalk", 512, by_library },
	{ "by-64", 64, by_library },
	{ "descent", 512, by_descent },
	{ "iterator", 512, by_iterator },
	{ "visitor", 512, by_visitor },
};

#define WAYS		ARRAY_SIZE(ways)
#define MOST_ENTRIES	512

#endif /* BENCH_WAYS_H */
