/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A synthetic page table, and an oracle that tells by brute force what each
 * walk of it must find and change. Both know what was put where from the one
 * who put it there: they never ask the code under test.
 *
 * The suites that use it are run by KUnit in the kernel, and by user/kunit.c in
 * user space.
 */
#ifndef _LOCKLESS_PGWALK_MODEL_H
#define _LOCKLESS_PGWALK_MODEL_H

#include <kunit/test.h>
#include <lockless_pgwalk/young.h>

#include <linux/array_size.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <asm/page.h>

#define model_to_phys(p)	((u64)__pa(p))

#define MODEL_LEVELS		5
#define MODEL_MAPPINGS		48
#define MODEL_TABLES		64
/* Enough for 16 tables of 16 KB as a root, and for 8 tables of 64 KB. */
#define MODEL_ARENA		BIT_ULL(19)
/* Of the arena: the largest table. */
#define MODEL_ALIGN		65536
/* Enough for a leaf of 1 GB and what is around it. */
#define MODEL_BITS		(BIT_ULL(18) + 4096)
/* A guard word on either side. */
#define MODEL_WORDS		(BITS_TO_LONGS(MODEL_BITS) + 2)

/* Level 0; levels above it that have leaves; levels above those. */
#define AT_LAST			1U
#define AT_HUGE			2U
#define AT_ABOVE		4U
#define NOT_LAST		(AT_HUGE | AT_ABOVE)
#define NOT_ABOVE		(AT_LAST | AT_HUGE)
#define ANYWHERE		(AT_LAST | AT_HUGE | AT_ABOVE)

/**
 * struct model_value - an entry that is worth a look, and what it means
 * @name: in the words of the one who writes it
 * @value: of the entry
 * @levels: at which the rest is true: AT_LAST, AT_HUGE, AT_ABOVE
 * @type: what the format must say of it
 * @answer: if PGWALK_BUSY, what it must say of the pages
 */
struct model_value {
	const char *name;
	u64 value;
	unsigned int levels;
	enum pgwalk_type type;
	unsigned int answer;
};

/**
 * struct model_format - what it takes to write tables of a format
 * @name: for the report
 * @fmt: the format under test
 * @test_clear_young: pgwalk_test_clear_young(), compiled for @fmt
 * @store: write an entry, in the byte order that it has in memory
 * @values: examples, the last one without a name
 * @tree: make a tree, by the constructor of the format
 * @bytes: a young page as it is in memory, then the same one old; none if the
 *	byte order is the CPU's
 * @table_size: what the size of each table in bytes is rounded up to
 * @top: level of the root
 * @leaf_levels: leaves exist at the levels below this one
 * @shift: log2 of the pages that an entry of a level covers
 * @pages: size of the address space
 * @accessed: mask of the accessed bit
 * @dirty: mask of a bit that hardware sets in a leaf
 * @address: mask of the address in an entry
 * @high: those bits of it that stand below their place
 * @high_shift: how far below
 * @relative: addresses of tables count from the root
 * @present: no entry without this bit is a leaf or a table
 * @empty: what an unused entry contains
 * @frozen: the marker of a writer that owns the entry; 0 if writers have none
 * @tracked: the marker of a leaf without accessed bit; likewise
 * @table: an entry for a table, but for the address
 * @leaf: an old leaf of each level, but for the address
 * @next: behind the last one, which has no name: the formats of other headers
 */
struct model_format {
	const char *name;
	const struct pgwalk_format *fmt;
	unsigned int (*test_clear_young)(const struct pgwalk_tree *tree,
					 u64 start, u64 end,
					 const struct pgwalk_young *young);
	void (*store)(void __rcu *entryp, u64 value);
	const struct model_value *values;
	struct pgwalk_tree (*tree)(const struct model_format *format);
	const char *bytes[2];
	size_t table_size;
	unsigned int top;
	unsigned int leaf_levels;
	unsigned int shift[MODEL_LEVELS];
	u64 pages;
	u64 accessed;
	u64 dirty;
	u64 address;
	u64 high;
	unsigned int high_shift;
	bool relative;
	u64 present;
	u64 empty;
	u64 frozen;
	u64 tracked;
	u64 table;
	u64 leaf[MODEL_LEVELS];
	const struct model_format *next;
};

/* The formats under test. A header of formats/ puts its own in front of these. */
#define MODEL_FORMATS		NULL

static inline void model_store64(void __rcu *entryp, u64 value)
{
	WRITE_ONCE(*(__force u64 *)entryp, value);
}

static inline void model_store32(void __rcu *entryp, u64 value)
{
	WRITE_ONCE(*(__force u32 *)entryp, (u32)value);
}

static inline void model_store_be64(void __rcu *entryp, u64 value)
{
	WRITE_ONCE(*(__force __be64 *)entryp, cpu_to_be64(value));
}

static inline void model_store_be32(void __rcu *entryp, u64 value)
{
	WRITE_ONCE(*(__force __be32 *)entryp, cpu_to_be32((u32)value));
}

/* What was put into the tree: @answer is what it says of its pages. */
struct model_mapping {
	u64 first;
	u64 value;
	void __rcu *entryp;
	unsigned int level;
	enum pgwalk_type type;
	unsigned int answer;
};

struct model_table {
	u64 base;
	unsigned int level;
	char *entries;
};

enum model_predicate {
	MODEL_ALL,	/* no bitmap */
	MODEL_ONE,	/* only the page model_walk.one */
	MODEL_RANDOM,
};

/**
 * struct model_walk - a walk to check
 * @start: first page of the range
 * @end: first page beyond the range
 * @before: number of bits in the bitmaps for pages before @start
 * @young: ask for a bitmap
 * @predicate: pass a bitmap
 * @one: the page whose bit is set, for MODEL_ONE
 * @clear: clear, and do not merely test
 */
struct model_walk {
	u64 start;
	u64 end;
	u64 before;
	bool young;
	enum model_predicate predicate;
	u64 one;
	bool clear;
};

/**
 * struct model - a tree, what is in it, and the buffers to check a walk with
 * @arena: the tables; the root is the first. Aligned as the model is
 * @copy: the tables as the oracle expects them after a walk
 * @young: bitmap given to the walk
 * @predicate: likewise
 * @expected: @young as the oracle expects it
 * @test: the test that uses it
 * @tree: the tree under test
 * @format: its format
 * @level: for a case that is run once per level of it
 * @mapping: what is in the tree, in ascending order
 * @table: the tables
 * @nr_mappings: length of @mapping
 * @nr_tables: length of @table
 * @used: bytes of @arena that are tables
 * @hooked: walk with @hooks instead of the compiled walker
 * @hooks: @format with a load and an exchange that count and call back
 * @loads: entries read since model_hook()
 * @exchanges: exchanges tried since model_hook()
 * @before_exchange: called between "seen" and "exchanged"
 * @before_load: called before each load
 * @hook_data: for the two
 * @answer: of the last walk
 * @seed: state of the random numbers
 * @input: where to take random numbers from instead
 * @input_size: what is left of it
 */
struct model {
	char arena[MODEL_ARENA];
	char copy[MODEL_ARENA];
	unsigned long young[MODEL_WORDS];
	unsigned long predicate[MODEL_WORDS];
	unsigned long expected[MODEL_WORDS];
	struct kunit *test;
	struct pgwalk_tree tree;
	const struct model_format *format;
	unsigned int level;
	struct model_mapping mapping[MODEL_MAPPINGS];
	struct model_table table[MODEL_TABLES];
	unsigned int nr_mappings;
	unsigned int nr_tables;
	size_t used;
	bool hooked;
	struct pgwalk_format hooks;
	unsigned int loads;
	unsigned int exchanges;
	void (*before_exchange)(struct model *m, void __rcu *entryp);
	void (*before_load)(struct model *m, const void __rcu *entryp);
	void *hook_data;
	unsigned int answer;
	u64 seed;
	const unsigned char *input;
	size_t input_size;
};

/* The @nr-th variant of all formats under test; NULL behind the last. */
const struct model_format *model_format(unsigned int nr);

/* Generators of parameters: each variant; each of its levels that has leaves. */
/* Where KUnit can prepare for parameters, it passes the test to who makes them. */
#ifdef KUNIT_CASE_PARAM_WITH_INIT
#define MODEL_TEST	struct kunit *test,
#else
#define MODEL_TEST
#endif

const void *model_each_format(MODEL_TEST const void *prev, char *desc);
const void *model_each_level(MODEL_TEST const void *prev, char *desc);
const void *model_each_huge(MODEL_TEST const void *prev, char *desc);

/* All of a suite but its name and its cases. */
#define MODEL_SUITE							\
	.suite_init = model_suite_init,					\
	.suite_exit = model_suite_exit,					\
	.init = model_init,						\
	.exit = model_exit

int model_suite_init(struct kunit_suite *suite);
void model_suite_exit(struct kunit_suite *suite);
int model_init(struct kunit *test);
void model_exit(struct kunit *test);

u64 model_random(struct model *m, u64 limit);
void model_reset(struct model *m, const struct model_format *format);
struct model_table *model_add_table(struct model *m, u64 base,
				    unsigned int level);
void __rcu *model_entryp(const struct model *m,
			 const struct model_table *table, u64 page);
u64 model_link(const struct model *m, const struct model_table *table);
u64 model_leaf_value(const struct model *m, u64 page, unsigned int level,
		     bool young);
bool model_map(struct model *m, u64 page, struct model_mapping what);
bool model_map_leaf(struct model *m, u64 page, unsigned int level, bool young);
bool model_map_value(struct model *m, u64 page, unsigned int level,
		     const struct model_value *value);
void model_hook(struct model *m,
		void (*before_load)(struct model *m, const void __rcu *entryp),
		void (*before_exchange)(struct model *m, void __rcu *entryp));

void __rcu *model_in_copy(struct model *m, const struct model_mapping *map);
unsigned int model_run(struct model *m, u64 start, u64 end,
		       const struct pgwalk_young *young);
void model_expect_tables(struct model *m);
void model_check(struct model *m, const struct model_walk *w);
void model_scatter(struct model *m);
void model_dense_at(struct model *m, u64 page);
void model_dense(struct model *m);
void model_check_random(struct model *m);

static inline u64 model_size(const struct model *m, unsigned int level)
{
	return 1ULL << m->format->shift[level];
}

static inline bool model_is_at(const struct model *m,
			       const struct model_value *value,
			       unsigned int level)
{
	if (!level)
		return value->levels & AT_LAST;
	return value->levels & (level < m->format->leaf_levels ? AT_HUGE :
								 AT_ABOVE);
}

/* Not if the format asks the tree for the bit, and hardware keeps none. */
static inline bool model_has_accessed(const struct model *m)
{
	return m->tree.accessed || m->format->fmt->accessed;
}

#endif /* _LOCKLESS_PGWALK_MODEL_H */
