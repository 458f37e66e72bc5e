/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is tested of every format. Comments name the bugs that a case guards
 * against; all of them were in a patch once, or nearly.
 */
#ifndef _LOCKLESS_PGWALK_MODEL_CASES_H
#define _LOCKLESS_PGWALK_MODEL_CASES_H

#include "model.h"
#include "model_formats.h"

/**
 * struct model_case - a case
 * @name: what holds if it passes
 * @run: the case. The tree is empty when it is called
 * @each_level: call it once per level that has leaves
 * @min_level: beginning with this one
 * @change: for a race, what the other side makes of the entry
 * @lost: for a race, the walker loses it
 */
struct model_case {
	const char *name;
	void (*run)(struct model *m, const struct model_case *c,
		    unsigned int level);
	bool each_level;
	unsigned int min_level;
	u64 (*change)(struct model *m, const struct model_mapping *map);
	bool lost;
};

/**
 * struct model_suite - cases that belong together
 * @name: of the suite
 * @cases: the cases, the last one without a name
 */
struct model_suite {
	const char *name;
	const struct model_case *cases;
};

/* The entry formats ------------------------------------------------------- */

static inline void format_values(struct model *m, const struct model_case *c,
				 unsigned int level)
{
	const struct pgwalk_format *fmt = m->format->fmt;
	const struct model_value *v;
	struct pgwalk_entry entry;

	for (v = m->format->values; v->name; v++) {
		for (level = 0; level <= m->format->top; level++) {
			if (!model_is_at(m, v, level))
				continue;
			if (pgwalk_decode(fmt, &m->tree, v->value, level) != v->type)
				model_met(m, false, v->name, level);
			entry = (struct pgwalk_entry) {
				.seen = v->value, .level = level,
			};
			if (v->type == PGWALK_BUSY &&
			    pgwalk_busy(fmt, &m->tree, &entry) != v->answer)
				model_met(m, false, v->name, level);
		}
	}
}

static inline void format_geometry(struct model *m, const struct model_case *c,
				   unsigned int level)
{
	const struct pgwalk_format *fmt = m->format->fmt;

	for (level = 0; level <= m->format->top; level++)
		model_expect(m, pgwalk_shift(fmt, level) == m->format->shift[level]);
	model_expect(m, pgwalk_accessed(fmt, &m->tree) == m->format->accessed);
	model_expect(m, m->tree.top == m->format->top);
	model_expect(m, m->tree.pages == m->format->pages);
	if (m->tree.address)
		model_expect(m, m->tree.address == m->format->address);
}

static inline void model_expect_child(struct model *m, u64 entry)
{
	u64 address = entry & m->format->address & ~m->format->high;

	address |= (entry & m->format->high) << m->format->high_shift;
	if (m->format->relative)
		address += model_to_phys(m->arena);
	model_expect(m, pgwalk_child(m->format->fmt, &m->tree, entry) == address);
}

/* By value: memory may not have addresses that need the upper bits. */
static inline void format_child(struct model *m, const struct model_case *c,
				unsigned int level)
{
	const struct pgwalk_format *fmt = m->format->fmt;
	unsigned int i;

	for (i = 0; i < pgwalk_size(fmt) * 8; i++) {
		model_expect_child(m, BIT_ULL(i));
		model_expect_child(m, ~BIT_ULL(i));
		model_expect_child(m, model_random(m, 0));
	}
	model_expect(m, pgwalk_child(fmt, &m->tree, model_link(m, &m->table[0])) ==
			model_to_phys(m->arena));
}

static inline void model_expect_marker(struct model *m, u64 value)
{
	enum pgwalk_type type;
	unsigned int level;

	value &= ~m->format->present;
	if (pgwalk_size(m->format->fmt) == sizeof(u32))
		value = (u32)value;
	for (level = 0; level <= m->format->top; level++) {
		type = pgwalk_decode(m->format->fmt, &m->tree, value, level);
		model_expect(m, type == PGWALK_EMPTY || type == PGWALK_BUSY);
	}
}

static inline void format_present(struct model *m, const struct model_case *c,
				  unsigned int level)
{
	unsigned int i;

	for (i = 0; i < 1 << 12; i++) {
		model_expect_marker(m, i);
		model_expect_marker(m, i | m->format->empty);
		model_expect_marker(m, model_random(m, 0));
	}
}

/* k: a marker that a walker takes for an accessed leaf, and then changes. */
static inline void format_frozen(struct model *m, const struct model_case *c,
				 unsigned int level)
{
	u64 frozen = m->format->frozen;

	if (!frozen)
		return;
	model_expect(m, (frozen & m->format->accessed) == m->format->accessed);
	for (level = 0; level <= m->format->top; level++)
		model_expect(m, pgwalk_decode(m->format->fmt, &m->tree, frozen, level)
				== PGWALK_BUSY);
}

static inline void format_exchange(struct model *m, const struct model_case *c,
				   unsigned int level)
{
	const struct pgwalk_format *fmt = m->format->fmt;
	unsigned int size = pgwalk_size(fmt);
	struct pgwalk_entry entry = {
		.entryp = (void __rcu *)(m->arena + size),
	};
	unsigned int i;
	u64 value;

	for (i = 0; i < size * 8; i++) {
		memset(m->arena, 0x5a, 3 * size);
		value = model_random(m, 0) >> (64 - size * 8);
		m->format->store(entry.entryp, value);
		model_expect(m, pgwalk_load(fmt, entry.entryp) == value);

		entry.seen = value ^ BIT_ULL(i);
		model_expect(m, !pgwalk_exchange(fmt, &entry, 0));
		model_expect(m, pgwalk_load(fmt, entry.entryp) == value);
		entry.seen = value;
		model_expect(m, pgwalk_exchange(fmt, &entry, ~value));
		value = ~value << (64 - size * 8) >> (64 - size * 8);
		model_expect(m, pgwalk_load(fmt, entry.entryp) == value);
		model_expect(m, !memcmp(m->arena, m->arena + 2 * size, size));
	}
}

/* A byte order that the model and the format have wrong in the same way. */
static inline void format_bytes(struct model *m, const struct model_case *c,
				unsigned int level)
{
	const struct pgwalk_young young = { .clear = true };
	const char *const *bytes = m->format->bytes;
	unsigned int size = pgwalk_size(m->format->fmt);

	if (!bytes[0])
		return;
	/* The root is a last-level table. */
	m->tree.top = 0;
	memcpy(m->arena, bytes[0], size);
	model_expect(m, model_run(m, 0, 1, &young) == PGWALK_YOUNG);
	model_expect(m, !memcmp(m->arena, bytes[1], size));
	model_expect(m, model_run(m, 0, 1, &young) == PGWALK_OLD);
}

static const struct model_case format_cases[] = {
	{ "every value is what its writer means", format_values },
	{ "geometry", format_geometry },
	{ "which bits are the address of a table", format_child },
	{ "nothing without the present bit is a leaf or a table",
	  format_present },
	{ "a frozen entry is never a leaf", format_frozen },
	{ "load and exchange", format_exchange },
	{ "byte by byte", format_bytes },
	{ }
};

/* The walk ---------------------------------------------------------------- */

/* Leaves, markers and holes of all sizes, near each other. */
static inline void model_scatter(struct model *m)
{
	u64 mask = m->format->pages - 1;
	unsigned int nr_values = 0;
	unsigned int i;
	u64 page = 0;

	while (m->format->values[nr_values].name)
		nr_values++;

	for (i = 0; i < 40; i++) {
		unsigned int level = model_random(m, 2 * MODEL_LEVELS);

		if (!model_random(m, 8))
			page = model_random(m, 0);
		else if (!model_random(m, 8))
			page = model_random(m, 2) - 1;
		if (level > m->format->top || (level == 2 && i % 8))
			level = 0;
		page += model_random(m, 4 * model_size(m, level));
		page = m->format->pages & mask ? page % m->format->pages :
						 page & mask;

		if (model_random(m, 4) && level < m->format->leaf_levels)
			model_map_leaf(m, page, level, model_random(m, 3));
		else
			model_map_value(m, page, level, m->format->values +
					model_random(m, nr_values));
	}
}

static inline void walk_order(struct model *m, const struct model_case *c,
			      unsigned int level)
{
	const struct pgwalk_format *fmt = m->format->fmt;
	const struct model_mapping *map = m->mapping;
	u64 pages = m->format->pages;
	struct pgwalk_iter iter;
	u64 pos = 0;

	model_scatter(m);
	pgwalk_for_each(fmt, &m->tree, iter, 0, ~0ULL) {
		model_expect(m, iter.entry.pos == pos);
		model_expect(m, iter.entry.next > pos);
		model_expect(m, pgwalk_load(fmt, iter.entry.entryp) == iter.entry.seen);
		if (map < m->mapping + m->nr_mappings && map->first == pos) {
			model_expect(m, iter.entry.entryp == map->entryp);
			model_expect(m, iter.entry.level == map->level);
			model_expect(m, iter.entry.type == map->type);
			map++;
		} else {
			model_expect(m, iter.entry.type == PGWALK_EMPTY);
		}
		pos = iter.entry.next;
	}
	model_expect(m, pos == pages);
	model_expect(m, map == m->mapping + m->nr_mappings);
}

/* d: holes walked page by page, steps that overshoot. */
static inline void walk_holes(struct model *m, const struct model_case *c,
			      unsigned int level)
{
	unsigned int top = m->format->top;
	u64 entries = m->format->pages >> m->format->shift[top];

	model_hook(m, NULL, NULL);
	model_check(m, &(struct model_walk) { .end = ~0ULL });
	model_expect(m, m->loads == entries);

	for (level = 0; level < top; level++)
		entries += model_size(m, level + 1) >> m->format->shift[level];
	model_map_leaf(m, m->format->pages / 3, 0, false);
	m->loads = 0;
	model_check(m, &(struct model_walk) { .end = ~0ULL });
	/* Down to each table, and up again at its end. */
	model_expect(m, m->loads <= entries + 2 * top * (top + 1));
}

static inline void walk_descents(struct model *m, const struct model_case *c,
				 unsigned int level)
{
	unsigned int top = m->format->top;
	u64 size = model_size(m, 1);

	model_map_leaf(m, size - 1, 0, false);
	model_map_leaf(m, size, 0, true);
	model_hook(m, NULL, NULL);
	model_check(m, &(struct model_walk) { .end = size, .young = true });
	model_expect(m, m->loads == top + size);

	m->loads = 0;
	model_check(m, &(struct model_walk) {
		.start = size - 2, .end = size + 3, .young = true });
	model_expect(m, m->loads == 2 * top + 5);
}

/* n: an end that wraps around. */
static inline void walk_ends(struct model *m, const struct model_case *c,
			     unsigned int level)
{
	u64 pages = m->format->pages;
	const struct model_walk walks[] = {
		{ .start = pages - 1, .end = pages },
		{ .start = pages - 1, .end = pages + 64 },
		{ .start = pages - 1, .end = ~0ULL },
		{ .start = 0, .end = ~0ULL },
		{ .start = pages - 2, .end = pages - 1 },
		{ .start = 0, .end = 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(walks); i++) {
		struct model_walk w = walks[i];

		model_reset(m, m->format);
		model_map_leaf(m, pages - 1, 0, true);
		model_check(m, &w);
		w.clear = true;
		model_check(m, &w);
		model_check(m, &w);
	}
}

static inline void walk_nothing(struct model *m, const struct model_case *c,
				unsigned int level)
{
	u64 pages = m->format->pages;
	const struct model_walk walks[] = {
		{ .start = 0, .end = 0 },
		{ .start = 5, .end = 5, .before = 5, .young = true },
		{ .start = 5, .end = 4, .before = 5, .young = true },
		{ .start = pages, .end = pages + 1, .young = true },
		{ .start = pages, .end = ~0ULL },
		{ .start = ~0ULL, .end = 0 },
		{ .start = ~0ULL - 1, .end = ~0ULL, .young = true },
	};
	unsigned int i;

	for (i = 0; i < 8; i++)
		model_map_leaf(m, i, 0, true);
	model_hook(m, NULL, NULL);
	for (i = 0; i < ARRAY_SIZE(walks); i++) {
		struct model_walk w = walks[i];

		w.clear = true;
		model_check(m, &w);
	}
	model_expect(m, !m->loads);
}

static const struct model_case walk_cases[] = {
	{ "each entry once, in order", walk_order },
	{ "a hole is one step", walk_holes },
	{ "one descent per table", walk_descents },
	{ "ends of the address space", walk_ends },
	{ "ranges with nothing in them", walk_nothing },
	{ }
};

/* Young pages and bitmaps ------------------------------------------------- */

/* All that a caller can ask for on one range. */
static inline void model_check_options(struct model *m, struct model_walk w,
				       void (*build)(struct model *m, u64 page,
						     unsigned int level),
				       u64 page, unsigned int level)
{
	unsigned int option;

	for (option = 0; option < 16; option++) {
		w.young = option & 1;
		w.clear = option & 2;
		w.predicate = option & 4 ? MODEL_ONE :
			      option & 8 ? MODEL_RANDOM : MODEL_ALL;
		w.one = option & 8 ? w.start : w.end - 1;
		model_reset(m, m->format);
		build(m, page, level);
		model_check(m, &w);
	}
}

/* A young leaf, and a young page on either side. */
static inline void build_leaf(struct model *m, u64 page, unsigned int level)
{
	u64 size = model_size(m, level);

	model_map_leaf(m, page, level, true);
	if (page)
		model_map_leaf(m, page - 1, 0, true);
	if (page + size < m->format->pages)
		model_map_leaf(m, page + size, 0, true);
}

/*
 * b, c: a leaf that starts before the range, or reports one page only.
 * l: the last leaf of an unaligned range.
 */
static inline void young_edges(struct model *m, const struct model_case *c,
			       unsigned int level)
{
	u64 size = model_size(m, level);
	const u64 first[] = { 0, 3 * size, m->format->pages - size };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(first); i++) {
		u64 page = first[i];
		u64 low = page ? page - 1 : 0;
		u64 last = page + size - 1;
		const struct model_walk walks[] = {
			{ .start = low, .end = page + 1 },
			{ .start = last, .end = last + 2 },
			{ .start = page, .end = last + 1 },
			{ .start = low, .end = last + 2, .before = 3 },
			{ .start = page + size / 2, .end = page + size / 2 + 1,
			  .before = 64 },
			{ .start = page + size / 3, .end = last + 1,
			  .before = 65 },
		};
		unsigned int j;

		for (j = 0; j < ARRAY_SIZE(walks); j++)
			model_check_options(m, walks[j], build_leaf, page,
					    level);
	}
}

/* a: predicate bits counted from the wrong end of the range. */
static inline void young_idle_tail(struct model *m, const struct model_case *c,
				   unsigned int level)
{
	static const u64 young[] = {
		BIT_ULL(63) | BIT_ULL(5), BIT_ULL(5), BIT_ULL(5) | BIT_ULL(20),
		BIT_ULL(4) | BIT_ULL(5) | BIT_ULL(6),
	};
	unsigned int i, page;

	for (i = 0; i < ARRAY_SIZE(young); i++) {
		struct model_walk w = {
			.start = 64, .end = 128, .young = true, .clear = true,
			.predicate = MODEL_ONE, .one = 64 + 5,
		};

		model_reset(m, m->format);
		for (page = 0; page < MODEL_MAPPINGS; page++)
			model_map_leaf(m, 64 + page, 0, young[i] >> page & 1);
		model_map_leaf(m, 64 + 63, 0, young[i] >> 63);
		model_check(m, &w);
		w.predicate = MODEL_ALL;
		model_check(m, &w);
	}
}

/* The mapping of a bitmap may start where page numbers are negative. */
static inline void young_wrap(struct model *m, const struct model_case *c,
			      unsigned int level)
{
	struct model_walk w = {
		.start = 2, .before = 2 + 37, .end = 2 + 70, .young = true,
		.predicate = MODEL_RANDOM, .clear = true,
	};
	unsigned int i;

	for (i = 0; i < 32; i++) {
		model_reset(m, m->format);
		model_map_leaf(m, 64, 1, true);
		model_map_leaf(m, model_random(m, 4), 0, true);
		model_map_leaf(m, model_random(m, 64), 0, true);
		model_check(m, &w);
	}
}

/* e: bits that flip when a page is reported a second time. */
static inline void young_twice(struct model *m, const struct model_case *c,
			       unsigned int level)
{
	unsigned long bits[2] = { };
	struct pgwalk_young young = { .nbits = 8, .young = bits };

	model_map_leaf(m, 0, level, true);
	model_expect(m, model_run(m, 0, 8, &young) == PGWALK_YOUNG);
	bits[1] = bits[0];
	model_expect(m, model_run(m, 0, 8, &young) == PGWALK_YOUNG);
	model_expect(m, bits[0] && bits[0] == bits[1]);

	/* An old page takes nothing back. */
	m->format->store(m->mapping[0].entryp,
			 m->mapping[0].value & ~m->format->accessed);
	model_expect(m, model_run(m, 0, 8, &young) == PGWALK_OLD);
	model_expect(m, bits[0] == bits[1]);
}

static inline void young_stop(struct model *m, const struct model_case *c,
			      unsigned int level)
{
	model_map_leaf(m, 1, 0, true);
	model_map_leaf(m, 2, 0, true);
	model_hook(m, NULL, NULL);
	model_check(m, &(struct model_walk) { .end = 2 * PGWALK_LINE });
	model_expect(m, m->loads == m->format->top + PGWALK_LINE);
	model_expect(m, !m->exchanges);
}

/* A format that knows its bit must not ask the tree for it. */
static inline void young_no_bit(struct model *m, const struct model_case *c,
				unsigned int level)
{
	m->tree.accessed = 0;
	model_map_leaf(m, 0, 0, true);
	model_hook(m, NULL, NULL);
	model_check(m, &(struct model_walk) {
		.end = 8, .young = true, .clear = true });
	model_expect(m, m->answer == (model_has_accessed(m) ? PGWALK_YOUNG :
							      PGWALK_SLOW));
	model_expect(m, m->exchanges == model_has_accessed(m));
}

/* k: a marker written, or its bits taken for those of hardware. */
static inline void young_markers(struct model *m, const struct model_case *c,
				 unsigned int level)
{
	const struct model_value *v;

	for (v = m->format->values; v->name; v++) {
		for (level = 0; level <= m->format->top; level++) {
			model_reset(m, m->format);
			if (!model_map_value(m, 0, level, v))
				continue;
			model_check(m, &(struct model_walk) {
				.end = 3, .young = true, .clear = true });
			model_expect(m, m->answer == v->answer);
		}
	}
}

/* One range among what model_scatter() left behind. */
static inline void model_check_random(struct model *m)
{
	struct model_walk w = {
		.young = model_random(m, 4),
		.clear = model_random(m, 2),
		.predicate = model_random(m, 2) ? MODEL_RANDOM : MODEL_ALL,
	};
	const struct model_mapping *map;
	u64 length = 1;

	if (!m->nr_mappings)
		return;
	map = &m->mapping[model_random(m, m->nr_mappings)];

	switch (model_random(m, 8)) {
	case 0:
		length = model_random(m, MODEL_BITS - 200);
		break;
	case 1:
		length = model_size(m, map->level) & (MODEL_BITS / 2 - 1);
		break;
	case 2:
		w.young = false;
		w.predicate = MODEL_ALL;
		length = model_random(m, 0);
		break;
	default:
		length = model_random(m, 200);
	}

	w.start = map->first + model_random(m, 2 * model_size(m, map->level));
	w.start -= model_random(m, 4) ? 0 : model_random(m, w.start + 1);
	w.end = w.start + length;
	w.before = model_random(m, 2) ? model_random(m, 200) : 0;
	model_check(m, &w);
}

static inline void young_random(struct model *m, const struct model_case *c,
				unsigned int level)
{
	unsigned int i, j;

	for (i = 0; i < 64 && !m->failure; i++) {
		model_reset(m, m->format);
		model_scatter(m);
		for (j = 0; j < 32 && !m->failure; j++)
			model_check_random(m);
	}
}

static const struct model_case young_cases[] = {
	{ "a leaf at the edges of a range", young_edges, .each_level = true },
	{ "an idle tail of the range", young_idle_tail },
	{ "a bitmap that starts below page 0", young_wrap },
	{ "pages reported twice", young_twice, .each_level = true },
	{ "the first young page answers for all", young_stop },
	{ "no accessed bit", young_no_bit },
	{ "entries that are no leaf", young_markers },
	{ "random ranges of random trees", young_random },
	{ }
};

/* Races between "seen" and "exchanged" ------------------------------------ */

static inline u64 race_zap(struct model *m, const struct model_mapping *map)
{
	return m->format->empty;
}

static inline u64 race_freeze(struct model *m, const struct model_mapping *map)
{
	return m->format->frozen;
}

static inline u64 race_replace(struct model *m, const struct model_mapping *map)
{
	return model_leaf_value(m, ~map->first, map->level, true);
}

static inline u64 race_split(struct model *m, const struct model_mapping *map)
{
	struct model_table *table;
	unsigned int i;

	table = model_add_table(m, map->first, map->level - 1);
	for (i = 0; i < 8; i++)
		m->format->store((void __rcu *)(table->entries +
						i * pgwalk_size(m->format->fmt)),
				 model_leaf_value(m, i, map->level - 1, i & 1));
	return model_link(m, table);
}

static inline u64 race_dirty(struct model *m, const struct model_mapping *map)
{
	return map->value ^ m->format->dirty;
}

static inline u64 race_cleared(struct model *m, const struct model_mapping *map)
{
	return map->value & ~m->format->accessed;
}

static inline u64 race_track(struct model *m, const struct model_mapping *map)
{
	const struct model_value *v = m->format->values;

	while (v->answer != PGWALK_SLOW || !model_is_at(m, v, map->level))
		v++;
	return v->value;
}

static inline u64 race_again(struct model *m, const struct model_mapping *map)
{
	m->format->store(map->entryp, map->value & ~m->format->accessed);
	return map->value;
}

static inline void race_change(struct model *m, void __rcu *entryp)
{
	const struct model_case *c = m->hook_data;

	model_expect(m, entryp == m->mapping[0].entryp);
	m->format->store(entryp, c->change(m, &m->mapping[0]));
	/* The tables as the other side leaves them. */
	memcpy(m->copy, m->arena, sizeof(m->copy));
}

static inline void race_run(struct model *m, const struct model_case *c,
			    unsigned int level)
{
	const struct pgwalk_young young = {
		.nbits = 8, .young = m->young, .clear = true,
	};
	const struct model_mapping *map = &m->mapping[0];

	memset(m->arena, 0, sizeof(m->arena));
	model_reset(m, m->format);
	memset(m->young, 0, sizeof(m->young));
	model_map_leaf(m, 0, level, true);
	model_hook(m, NULL, race_change);
	m->hook_data = c;

	model_expect(m, model_run(m, 0, 8, &young) == PGWALK_YOUNG);
	model_expect(m, m->young[0] == (level ? 0xff : 1));
	model_expect(m, m->exchanges == 1);

	if (!c->lost)
		m->format->store(model_in_copy(m, map),
				 map->value & ~m->format->accessed);
	model_expect(m, !memcmp(m->arena, m->copy, sizeof(m->copy)));
}

/* The parent of the table that is being walked goes, then its entries go. */
static inline void race_unlink(struct model *m, const void __rcu *entryp)
{
	unsigned int i;

	if (entryp != m->mapping[2].entryp)
		return;
	m->format->store(model_entryp(m, &m->table[m->nr_tables - 2], 0),
			 m->format->empty);
	for (i = 0; i < m->nr_mappings; i++)
		m->format->store(m->mapping[i].entryp, m->format->frozen);
	memcpy(m->copy, m->arena, sizeof(m->copy));
}

static inline void race_table(struct model *m, const struct model_case *c,
			      unsigned int level)
{
	u64 size = model_size(m, 1);
	const struct pgwalk_young young = {
		.nbits = 2 * size, .young = m->young, .clear = true,
	};
	unsigned int i;

	memset(m->young, 0, sizeof(m->young));
	for (i = 0; i < 8; i++)
		model_map_leaf(m, i, 0, true);
	model_hook(m, race_unlink, NULL);
	model_expect(m, model_run(m, 0, 2 * size, &young) == PGWALK_YOUNG);
	/* Two leaves, and the markers that are young. */
	model_expect(m, m->young[0] == (m->format->frozen ? 0xff : 3));
	model_expect(m, m->exchanges == 2);
	model_expect(m, !memcmp(m->arena, m->copy, m->used));
}

#define RACE(name, min_level, change, lost) \
	{ name, race_run, true, min_level, change, lost }

static const struct model_case race_cases[] = {
	/* h, j: youth lost with the exchange. */
	RACE("zapped", 0, race_zap, true),
	/* k: a marker changed, so that its owner does not know it. */
	RACE("frozen", 0, race_freeze, true),
	/* A bit taken from an address in the table's entry. */
	RACE("split", 1, race_split, true),
	/* The other page's bit taken, and nobody told. */
	RACE("replaced by another leaf", 0, race_replace, true),
	/* 5.1.9: a dirty bit lost, or one that was collected back again. */
	RACE("dirty bit changed", 0, race_dirty, true),
	/* The bit of the loser flipped back, or not reported. */
	RACE("cleared by another walker", 0, race_cleared, true),
	/* 5.1.8: a leaf without a bit of its own written without the lock. */
	RACE("tracked", 0, race_track, true),
	/* The same value again: nothing was lost. */
	RACE("cleared and set again", 0, race_again, false),
	{ "its table unlinked", race_table },
	{ }
};

/* Running them ------------------------------------------------------------ */

static const struct model_suite model_suites[] = {
	{ "pgwalk_format", format_cases },
	{ "pgwalk_walk", walk_cases },
	{ "pgwalk_young", young_cases },
	{ "pgwalk_race", race_cases },
};

/**
 * struct model_param - a case, its format and its level
 * @format: the format
 * @c: the case
 * @level: the level, if &model_case.each_level
 */
struct model_param {
	const struct model_format *format;
	const struct model_case *c;
	unsigned int level;
};

/* The parameters that follow @p; the first ones if @p->format is NULL. */
static inline bool model_next_param(const struct model_suite *suite,
				    struct model_param *p)
{
	if (!p->format) {
		p->format = model_formats;
		p->c = suite->cases;
		p->level = p->c->min_level;
		return true;
	}
	if (p->c->each_level && ++p->level < p->format->leaf_levels)
		return true;
	if (!(++p->c)->name) {
		p->c = suite->cases;
		p->format++;
	}
	p->level = p->c->min_level;
	return p->format < model_formats + ARRAY_SIZE(model_formats);
}

static inline void model_describe(const struct model_param *p, char *text,
				  size_t size)
{
	if (p->c->each_level)
		snprintf(text, size, "%s: %s, level %u", p->format->name,
			 p->c->name, p->level);
	else
		snprintf(text, size, "%s: %s", p->format->name, p->c->name);
}

static inline void model_run_case(struct model *m, const struct model_param *p)
{
	m->seed = 1;
	m->input = NULL;
	m->failure = NULL;
	model_reset(m, p->format);
	p->c->run(m, p->c, p->level);
}

#endif /* _LOCKLESS_PGWALK_MODEL_CASES_H */
