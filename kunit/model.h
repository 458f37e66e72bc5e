/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A synthetic page table, and an oracle that tells by brute force what each
 * walk of it must find and change. Both know what was put where from the one
 * who put it there: they never ask the code under test.
 *
 * Compiled into the KUnit suites and into the user-space tests.
 */
#ifndef _LOCKLESS_PGWALK_MODEL_H
#define _LOCKLESS_PGWALK_MODEL_H

#include <lockless_pgwalk/young.h>

#ifdef __KERNEL__
#include <linux/array_size.h>
#include <linux/kernel.h>
#include <linux/string.h>
#define model_to_phys(p)	((u64)__pa(p))
#else
#include <stdio.h>
#include <string.h>
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define WRITE_ONCE(x, value)	__atomic_store_n(&(x), value, __ATOMIC_RELAXED)
#define model_to_phys(p)	((u64)(uintptr_t)(p))
#endif

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
#define MODEL_LAST		1U
#define MODEL_HUGE		2U
#define MODEL_ABOVE		4U

/**
 * struct model_value - an entry that is worth a look, and what it means
 * @name: in the words of the one who writes it
 * @value: of the entry
 * @levels: at which the rest is true: MODEL_LAST, MODEL_HUGE, MODEL_ABOVE
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
 * @table: an entry for a table, but for the address
 * @leaf: an old leaf of each level, but for the address
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
	u64 table;
	u64 leaf[MODEL_LEVELS];
};

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
 * @arena: the tables; the root is the first
 * @copy: the tables as the oracle expects them after a walk
 * @young: bitmap given to the walk
 * @predicate: likewise
 * @expected: @young as the oracle expects it
 * @tree: the tree under test
 * @format: its format
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
 * @failure: the first expectation that was not met, or NULL
 * @line: where it stands
 */
struct model {
	char arena[MODEL_ARENA];
	char copy[MODEL_ARENA];
	unsigned long young[MODEL_WORDS];
	unsigned long predicate[MODEL_WORDS];
	unsigned long expected[MODEL_WORDS];
	struct pgwalk_tree tree;
	const struct model_format *format;
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
	const void *hook_data;
	unsigned int answer;
	u64 seed;
	const unsigned char *input;
	size_t input_size;
	const char *failure;
	int line;
};

/* Later expectations may follow from the first that is not met: keep that. */
#define model_expect(m, cond)	model_met(m, cond, #cond, __LINE__)

static inline bool model_met(struct model *m, bool met, const char *text,
			     int line)
{
	if (!met && !m->failure) {
		m->failure = text;
		m->line = line;
	}
	return met;
}

/* Below @limit, any if that is 0: splitmix64, or what a fuzzer wants. */
static inline u64 model_random(struct model *m, u64 limit)
{
	u64 z = 0;

	if (m->input) {
		unsigned int i = limit && limit <= 256 ? 1 : 4;

		for (; i && m->input_size; i--, m->input_size--)
			z = z << 8 | *m->input++;
	} else {
		m->seed += 0x9e3779b97f4a7c15ULL;
		z = m->seed;
		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
		z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
		z ^= z >> 31;
	}
	return limit ? z % limit : z;
}

static inline u64 model_size(const struct model *m, unsigned int level)
{
	return 1ULL << m->format->shift[level];
}

static inline bool model_is_at(const struct model *m,
			       const struct model_value *value,
			       unsigned int level)
{
	if (!level)
		return value->levels & MODEL_LAST;
	return value->levels & (level < m->format->leaf_levels ? MODEL_HUGE :
								 MODEL_ABOVE);
}

/* Not if the format asks the tree for the bit, and hardware keeps none. */
static inline bool model_has_accessed(const struct model *m)
{
	return m->tree.accessed || m->format->fmt->accessed;
}

static inline bool model_overlaps(u64 first, u64 size, u64 start, u64 end)
{
	return first < end && start < first + size;
}

static inline void __rcu *model_entryp(const struct model *m,
				       const struct model_table *table,
				       u64 page)
{
	return (void __rcu *)(table->entries +
			      ((page - table->base) >>
			       m->format->shift[table->level]) *
			      pgwalk_size(m->format->fmt));
}

/* The place of an entry in the copy that a walk is compared with. */
static inline void __rcu *model_in_copy(struct model *m,
					const struct model_mapping *map)
{
	return (void __rcu *)(m->copy +
			      ((__force char *)map->entryp - m->arena));
}

static inline size_t model_table_size(const struct model *m, unsigned int level)
{
	const struct model_format *format = m->format;
	u64 pages = level < format->top ? model_size(m, level + 1) :
					  format->pages;
	size_t size = (pages >> format->shift[level]) * pgwalk_size(format->fmt);

	return (size + format->table_size - 1) & ~(format->table_size - 1);
}

static inline struct model_table *
model_add_table(struct model *m, u64 base, unsigned int level)
{
	struct model_table *table = &m->table[m->nr_tables++];
	size_t size = model_table_size(m, level);
	size_t done = pgwalk_size(m->format->fmt);

	/* Hardware has them aligned to their size. */
	m->used = (m->used + size - 1) / size * size;
	table->base = base;
	table->level = level;
	table->entries = m->arena + m->used;
	m->used += size;
	/* One empty entry, and twice as many each time. */
	m->format->store((void __rcu *)table->entries, m->format->empty);
	for (; done < size; done *= 2)
		memcpy(table->entries + done, table->entries,
		       done < size - done ? done : size - done);
	return table;
}

static inline bool model_has_room(const struct model *m, unsigned int level)
{
	return m->nr_tables < MODEL_TABLES &&
	       m->used + model_table_size(m, level) <= MODEL_ARENA;
}

/* An entry that points to @table. */
static inline u64 model_link(const struct model *m,
			     const struct model_table *table)
{
	u64 pa = model_to_phys(table->entries);

	if (m->format->relative)
		pa -= model_to_phys(m->arena);
	return pa | m->format->table;
}

/* The table of @level in which @page is found. Adds it if need be. */
static inline struct model_table *
model_table_at(struct model *m, u64 page, unsigned int level)
{
	struct model_table *table, *parent;
	u64 base;

	if (level == m->format->top)
		return &m->table[0];

	base = page & ~(model_size(m, level + 1) - 1);
	for (table = m->table; table < m->table + m->nr_tables; table++) {
		if (table->level == level && table->base == base)
			return table;
	}

	parent = model_table_at(m, page, level + 1);
	if (!parent || !model_has_room(m, level))
		return NULL;
	table = model_add_table(m, base, level);
	m->format->store(model_entryp(m, parent, page), model_link(m, table));
	return table;
}

static inline bool model_is_free(const struct model *m, u64 first,
				 unsigned int level)
{
	u64 size = model_size(m, level);
	unsigned int i;

	for (i = 0; i < m->nr_mappings; i++) {
		if (model_overlaps(m->mapping[i].first,
				   model_size(m, m->mapping[i].level),
				   first, first + size))
			return false;
	}
	for (i = 0; i < m->nr_tables; i++) {
		if (m->table[i].level < level &&
		    m->table[i].base - first < size)
			return false;
	}
	return true;
}

/**
 * model_map() - put an entry into the tree
 * @m: the model
 * @page: one of the pages that the entry covers
 * @what: the entry; @what->entryp and @what->first are filled in
 *
 * Return: false if the place is taken, or if there is no room for the tables.
 */
static inline bool model_map(struct model *m, u64 page,
			     struct model_mapping what)
{
	struct model_table *table;
	unsigned int i;

	what.first = page & ~(model_size(m, what.level) - 1);
	if (m->nr_mappings == MODEL_MAPPINGS ||
	    !model_is_free(m, what.first, what.level))
		return false;
	table = model_table_at(m, page, what.level);
	if (!table)
		return false;

	what.entryp = model_entryp(m, table, page);
	m->format->store(what.entryp, what.value);
	for (i = m->nr_mappings++;
	     i && m->mapping[i - 1].first > what.first; i--)
		m->mapping[i] = m->mapping[i - 1];
	m->mapping[i] = what;
	return true;
}

/* Address and dirty bit are noise: the walker must not care, nor lose them. */
static inline u64 model_leaf_value(const struct model *m, u64 page,
				   unsigned int level, bool young)
{
	u64 noise = (page + 1) * 0x9e3779b97f4a7c15ULL;

	noise &= (m->format->address | m->format->dirty) & ~m->format->accessed;
	return m->format->leaf[level] | noise | (young ? m->format->accessed : 0);
}

static inline bool model_map_leaf(struct model *m, u64 page,
				  unsigned int level, bool young)
{
	return model_map(m, page, (struct model_mapping) {
		.value = model_leaf_value(m, page, level, young),
		.level = level,
		.type = PGWALK_LEAF,
		.answer = young ? PGWALK_YOUNG : PGWALK_OLD,
	});
}

static inline bool model_map_value(struct model *m, u64 page,
				   unsigned int level,
				   const struct model_value *value)
{
	if (!model_is_at(m, value, level) ||
	    (value->type != PGWALK_EMPTY && value->type != PGWALK_BUSY))
		return false;
	return model_map(m, page, (struct model_mapping) {
		.value = value->value,
		.level = level,
		.type = value->type,
		.answer = value->answer,
	});
}

/* Empties the tree. Keeps the random numbers and the failure. */
static inline void model_reset(struct model *m,
			       const struct model_format *format)
{
	m->format = format;
	m->nr_mappings = 0;
	m->nr_tables = 0;
	m->used = 0;
	m->hooked = false;
	m->tree = format->tree(format);
	m->tree.root = (void __rcu *)m->arena;
	model_add_table(m, 0, format->top);
}

/* Formats have no room for a context. */
static struct model *model_hooked;

static inline u64 model_load(const void __rcu *entryp)
{
	struct model *m = model_hooked;

	m->loads++;
	if (m->before_load)
		m->before_load(m, entryp);
	return pgwalk_load_raw(m->format->fmt, entryp);
}

static inline bool model_exchange(const struct pgwalk_tree *tree,
				  const struct pgwalk_entry *entry, u64 new)
{
	struct model *m = model_hooked;

	m->exchanges++;
	if (m->before_exchange)
		m->before_exchange(m, entry->entryp);
	return pgwalk_exchange(m->format->fmt, entry, new);
}

/* Count loads and exchanges from now on, and call back before they are done. */
static inline void model_hook(struct model *m,
			      void (*before_load)(struct model *m,
						  const void __rcu *entryp),
			      void (*before_exchange)(struct model *m,
						      void __rcu *entryp))
{
	model_hooked = m;
	m->hooks = *m->format->fmt;
	m->hooks.load = model_load;
	m->hooks.exchange = model_exchange;
	m->before_load = before_load;
	m->before_exchange = before_exchange;
	m->loads = 0;
	m->exchanges = 0;
	m->hooked = true;
}

static inline unsigned int model_run(struct model *m, u64 start, u64 end,
				     const struct pgwalk_young *young)
{
	if (m->hooked)
		return pgwalk_test_clear_young(&m->hooks, &m->tree, start, end,
					       young);
	return m->format->test_clear_young(&m->tree, start, end, young);
}

/* Fills a bitmap of @nbits and its guards; one word in @sparse is not 0. */
static inline void model_fill(struct model *m, unsigned long *words, u64 nbits,
			      unsigned int sparse)
{
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(nbits) + 2; i++)
		words[i] = model_random(m, sparse) ? 0 : model_random(m, 0);
}

static inline void model_fill_predicate(struct model *m,
					const struct model_walk *w,
					const struct pgwalk_young *young)
{
	if (w->predicate == MODEL_ONE) {
		memset(m->predicate, 0, sizeof(m->predicate));
		__set_bit(w->one - young->start, m->predicate + 1);
	} else if (!model_random(m, 8)) {
		memset(m->predicate, 0xff, sizeof(m->predicate));
	} else {
		model_fill(m, m->predicate, young->nbits,
			   1 + model_random(m, 16));
	}
}

/* Page by page, without a thought of how a walker might do it. */
static inline unsigned int
model_expect_mapping(struct model *m, struct model_mapping *map,
		     const struct model_walk *w,
		     const struct pgwalk_young *young)
{
	u64 end = map->first + model_size(m, map->level);
	u64 page = map->first < w->start ? w->start : map->first;
	bool wanted = !young->predicate;

	if (page >= end || page >= w->end)
		return PGWALK_OLD;

	for (; page < end && page < w->end && young->nbits; page++) {
		if (w->young && map->answer & PGWALK_YOUNG)
			__set_bit(page - young->start, m->expected + 1);
		if (young->predicate &&
		    test_bit(page - young->start, young->predicate))
			wanted = true;
	}

	if (w->clear && wanted && map->type == PGWALK_LEAF)
		m->format->store(model_in_copy(m, map),
				 map->value & ~m->format->accessed);
	return map->answer;
}

static inline unsigned int model_oracle(struct model *m,
					const struct model_walk *w,
					const struct pgwalk_young *young)
{
	unsigned int answer = PGWALK_OLD;
	unsigned int i;

	if (w->start >= w->end)
		return PGWALK_OLD;
	if (!model_has_accessed(m))
		return PGWALK_SLOW;

	for (i = 0; i < m->nr_mappings; i++) {
		answer |= model_expect_mapping(m, &m->mapping[i], w, young);
		if (answer & PGWALK_YOUNG && !w->young && !w->clear)
			break;
	}
	return answer;
}

/* After a walk the entries are what it made of them. */
static inline void model_reread(struct model *m)
{
	struct model_mapping *map;

	for (map = m->mapping; map < m->mapping + m->nr_mappings; map++) {
		map->value = pgwalk_load(m->format->fmt, map->entryp);
		if (map->type == PGWALK_LEAF)
			map->answer = map->value & m->format->accessed ?
				      PGWALK_YOUNG : PGWALK_OLD;
	}
}

/**
 * model_check() - walk, and compare with the oracle
 * @m: the model; m->answer becomes what the walk returned
 * @w: the walk
 *
 * Compares the answer, the bitmap and the words around it, and every byte of
 * every table.
 */
static inline void model_check(struct model *m, const struct model_walk *w)
{
	struct pgwalk_young young = {
		.start = w->start - w->before,
		.young = w->young ? m->young + 1 : NULL,
		.predicate = w->predicate != MODEL_ALL ? m->predicate + 1 : NULL,
		.clear = w->clear,
	};
	unsigned int expected;
	size_t words = 0;

	if (w->young || w->predicate != MODEL_ALL) {
		young.nbits = w->before;
		if (w->start < w->end)
			young.nbits += w->end - w->start;
		if (!model_expect(m, young.nbits <= MODEL_BITS))
			return;
		words = BITS_TO_LONGS(young.nbits) + 2;
		model_fill(m, m->young, young.nbits, 4);
		memcpy(m->expected, m->young, words * sizeof(long));
	}
	if (w->predicate != MODEL_ALL)
		model_fill_predicate(m, w, &young);
	memcpy(m->copy, m->arena, m->used);

	expected = model_oracle(m, w, &young);
	m->answer = model_run(m, w->start, w->end, &young);

	model_expect(m, m->answer == expected);
	model_expect(m, !memcmp(m->young, m->expected, words * sizeof(long)));
	model_expect(m, !memcmp(m->arena, m->copy, m->used));
	model_reread(m);
}

#endif /* _LOCKLESS_PGWALK_MODEL_H */
