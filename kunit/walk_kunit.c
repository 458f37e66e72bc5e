// SPDX-License-Identifier: GPL-2.0-only
/* Which entries does a walk visit, and by how many loads? */
#include "model.h"

/* Each entry once, in order. */
static void walk_order(struct kunit *test)
{
	struct model *m = test->priv;
	const struct pgwalk_format *fmt = m->format->fmt;
	const struct model_mapping *map = m->mapping;
	struct pgwalk_iter iter;
	u64 pos = 0;

	model_scatter(m);
	pgwalk_for_each(fmt, &m->tree, iter, 0, ~0ULL) {
		KUNIT_ASSERT_EQ(test, iter.entry.pos, pos);
		KUNIT_ASSERT_GT(test, iter.entry.next, pos);
		KUNIT_ASSERT_EQ(test, iter.entry.seen,
				pgwalk_load(fmt, iter.entry.entryp));
		if (map < m->mapping + m->nr_mappings && map->first == pos) {
			KUNIT_ASSERT_TRUE(test, iter.entry.entryp == map->entryp);
			KUNIT_ASSERT_EQ(test, iter.entry.level, map->level);
			KUNIT_ASSERT_EQ(test, iter.entry.type, map->type);
			map++;
		} else {
			KUNIT_ASSERT_EQ(test, iter.entry.type, PGWALK_EMPTY);
		}
		pos = iter.entry.next;
	}
	KUNIT_ASSERT_EQ(test, pos, m->format->pages);
	KUNIT_ASSERT_EQ(test, map - m->mapping, m->nr_mappings);
}

/* d: holes walked page by page, steps that overshoot. */
static void walk_holes(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int level, top = m->format->top;
	u64 entries = m->format->pages >> m->format->shift[top];

	model_hook(m, NULL, NULL);
	model_check(m, &(struct model_walk) { .end = ~0ULL });
	KUNIT_ASSERT_EQ(test, m->loads, entries);

	for (level = 0; level < top; level++)
		entries += model_size(m, level + 1) >> m->format->shift[level];
	model_map_leaf(m, m->format->pages / 3, 0, false);
	m->loads = 0;
	model_check(m, &(struct model_walk) { .end = ~0ULL });
	/* Down to each table, and up again at its end. */
	KUNIT_ASSERT_LE(test, m->loads, entries + 2 * top * (top + 1));
}

/* One descent per table. */
static void walk_descents(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int top = m->format->top;
	u64 size = model_size(m, 1);

	model_map_leaf(m, size - 1, 0, false);
	model_map_leaf(m, size, 0, true);
	model_hook(m, NULL, NULL);
	model_check(m, &(struct model_walk) { .end = size, .young = true });
	KUNIT_ASSERT_EQ(test, m->loads, top + size);

	m->loads = 0;
	model_check(m, &(struct model_walk) {
		.start = size - 2, .end = size + 3, .young = true });
	KUNIT_ASSERT_EQ(test, m->loads, 2 * top + 5);
}

/* l: what is left of a range behind the end of a table. */
static void walk_tables(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int level;

	for (level = 1; level < m->format->top; level++) {
		u64 end = model_size(m, level + 1);

		model_reset(m, m->format);
		/* The last entry of this table is empty. */
		model_map_leaf(m, end - 2 * model_size(m, level), 0, true);
		model_map_leaf(m, end, 0, true);
		model_check(m, &(struct model_walk) {
			.start = end - 1, .end = end + 1, .young = true,
			.clear = true });
	}
}

/* n: an end that wraps around. */
static void walk_ends(struct kunit *test)
{
	struct model *m = test->priv;
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

/* Ranges with nothing in them. */
static void walk_nothing(struct kunit *test)
{
	struct model *m = test->priv;
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
	KUNIT_ASSERT_EQ(test, m->loads, 0);
}

static struct kunit_case walk_cases[] = {
	KUNIT_CASE_PARAM(walk_order, model_each_format),
	KUNIT_CASE_PARAM(walk_holes, model_each_format),
	KUNIT_CASE_PARAM(walk_descents, model_each_format),
	KUNIT_CASE_PARAM(walk_tables, model_each_format),
	KUNIT_CASE_PARAM(walk_ends, model_each_format),
	KUNIT_CASE_PARAM(walk_nothing, model_each_format),
	{ }
};

static struct kunit_suite walk_suite = {
	.name = "pgwalk_walk",
	MODEL_SUITE,
	.test_cases = walk_cases,
};

kunit_test_suite(walk_suite);
