/* SPDX-License-Identifier: GPL-2.0-only */
/* The page tables that are walked. BENCH_HEADER is one of formats/. */
#ifndef BENCH_TREE_H
#define BENCH_TREE_H

#include <lockless_pgwalk/young.h>
#include BENCH_HEADER
#include <stdlib.h>
#include <string.h>

#define LEVELS		4

/* Tables are as far from each other as in the host's direct mapping. */
#define HUGE_PAGE	BIT_ULL(21)

/**
 * struct shape - what is in the tables
 * @name: how results call it
 * @every: one in so many leaves is young; none if 0
 * @at_random: which ones does not repeat
 * @holes: every second table is missing, and every second leaf of the others
 * @huge: the leaves are those of level 1
 */
struct shape {
	const char *name;
	unsigned int every;
	bool at_random;
	bool holes;
	bool huge;
};

/**
 * struct bench - a tree
 * @tree: what a walker gets
 * @shape: what is in it
 * @leaf: level of the leaves
 * @shift: log2 of the pages of a leaf
 * @nr: entries of that level
 * @entries: of each level, all of them
 */
struct bench {
	struct pgwalk_tree tree;
	const struct shape *shape;
	unsigned int leaf;
	unsigned int shift;
	u64 nr;
	u64 *entries[LEVELS];
};

/* log2 of the entries of a table. */
static inline unsigned int bench_bits(unsigned int level)
{
	return pgwalk_shift(&BENCH_FORMAT, level + 1) -
	       pgwalk_shift(&BENCH_FORMAT, level);
}

/* Tables of leaves are not in the order of their pages: nor are they in a host. */
static inline u64 *bench_leaf_table(const struct bench *bench, u64 table)
{
	unsigned int bits = bench_bits(bench->leaf);

	table = table * 0x9e3779b1 & ((bench->nr >> bits) - 1);
	return bench->entries[bench->leaf] + (table << bits);
}

static inline bool bench_has_table(const struct bench *bench, u64 table)
{
	return !bench->shape->holes || table % 2 == 0;
}

static inline bool bench_has_leaf(const struct bench *bench, u64 leaf)
{
	return !bench->shape->holes || leaf % 2 == 0;
}

/* A number whose low bits look random. */
static inline u64 bench_mix(u64 x)
{
	x = (x ^ x >> 32) * 0x9e3779b97f4a7c15;
	x = (x ^ x >> 32) * 0x9e3779b97f4a7c15;
	return x >> 32;
}

static inline bool bench_is_young(const struct bench *bench, u64 leaf)
{
	if (bench->shape->at_random)
		leaf = bench_mix(leaf);
	return bench->shape->every && leaf % bench->shape->every == 0;
}

static void bench_fill_table(const struct bench *bench, u64 table)
{
	unsigned int bits = bench_bits(bench->leaf);
	u64 *entries = bench_leaf_table(bench, table);
	u64 i, leaf, value;

	for (i = 0; i < 1ULL << bits; i++) {
		leaf = (table << bits) + i;
		value = 0;
		if (bench_has_leaf(bench, leaf))
			value = bench_leaf(leaf << bench->shift << BENCH_PAGE_SHIFT,
					   bench->leaf);
		if (bench_is_young(bench, leaf))
			value |= BENCH_ACCESSED;
		entries[i] = pgwalk_swap(&BENCH_FORMAT, value);
	}
}

/* Make young again what a pass has cleared, of @nr leaves. */
static void bench_fill(const struct bench *bench, u64 leaf, u64 nr)
{
	unsigned int bits = bench_bits(bench->leaf);
	u64 table;

	for (table = leaf >> bits; table < (leaf + nr) >> bits; table++)
		if (bench_has_table(bench, table))
			bench_fill_table(bench, table);
}

static void *bench_alloc(u64 bytes)
{
	void *memory = aligned_alloc(HUGE_PAGE, (bytes | (HUGE_PAGE - 1)) + 1);

	if (!memory)
		abort();
	return memory;
}

/* Link the @nr tables of the level below @level. */
static u64 bench_link(struct bench *bench, unsigned int level, u64 nr)
{
	unsigned int bits = bench_bits(level - 1);
	bool leaves = level - 1 == bench->leaf;
	u64 i, *table;

	bench->entries[level] = bench_alloc(nr * sizeof(u64));
	for (i = 0; i < nr; i++) {
		table = leaves ? bench_leaf_table(bench, i) :
				 bench->entries[level - 1] + (i << bits);
		bench->entries[level][i] = leaves && !bench_has_table(bench, i) ? 0 :
			pgwalk_swap(&BENCH_FORMAT, bench_table((uintptr_t)table));
	}
	bits = bench_bits(level);
	return (nr + (1 << bits) - 1) >> bits;
}

/* Make a tree with @nr leaves, a power of two; @memory has room for them. */
static void bench_make(struct bench *bench, const struct shape *shape,
		       u64 *memory, u64 nr)
{
	unsigned int level;

	*bench = (struct bench) { .shape = shape, .leaf = shape->huge, .nr = nr };
	bench->shift = pgwalk_shift(&BENCH_FORMAT, bench->leaf);
	bench->entries[bench->leaf] = memory;
	bench_fill(bench, 0, nr);

	nr >>= bench_bits(bench->leaf);
	for (level = bench->leaf + 1; level < LEVELS; level++)
		nr = bench_link(bench, level, nr);
	bench->tree = bench_tree(bench->entries[LEVELS - 1]);
}

static void bench_free(struct bench *bench)
{
	unsigned int level;

	for (level = bench->leaf + 1; level < LEVELS; level++)
		free(bench->entries[level]);
}

#endif /* BENCH_TREE_H */
