// SPDX-License-Identifier: GPL-2.0-only
/*
 * Young pages and bitmaps. Comments name the bugs that a case guards against; all
 * of them were in a patch once, or nearly.
 */
#include "model.h"

/* A young leaf, and a young page on either side. */
static void build_leaf(struct model *m, u64 page)
{
	u64 size = model_size(m, m->level);

	model_map_leaf(m, page, m->level, true);
	if (page)
		model_map_leaf(m, page - 1, 0, true);
	if (page + size < m->format->pages)
		model_map_leaf(m, page + size, 0, true);
}

/* All that a caller can ask for on one range. */
static void check_options(struct model *m, struct model_walk w, u64 page)
{
	unsigned int option;

	for (option = 0; option < 16; option++) {
		w.young = option & 1;
		w.clear = option & 2;
		w.predicate = option & 4 ? MODEL_ONE :
			      option & 8 ? MODEL_RANDOM : MODEL_ALL;
		w.one = option & 8 ? w.start : w.end - 1;
		model_reset(m, m->format);
		build_leaf(m, page);
		model_check(m, &w);
	}
}

/*
 * b, c: a leaf that starts before the range, or reports one page only.
 * l: the last leaf of an unaligned range.
 */
static void young_edges(struct kunit *test)
{
	struct model *m = test->priv;
	u64 size = model_size(m, m->level);
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
			check_options(m, walks[j], page);
	}
}

/* a: predicate bits counted from the wrong end of the range. */
static void young_idle_tail(struct kunit *test)
{
	struct model *m = test->priv;
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
static void young_wrap(struct kunit *test)
{
	struct model *m = test->priv;
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
static void young_twice(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned long bits[2] = { };
	struct pgwalk_young young = { .nbits = 8, .young = bits };

	model_map_leaf(m, 0, m->level, true);
	KUNIT_ASSERT_EQ(test, model_run(m, 0, 8, &young), PGWALK_YOUNG);
	bits[1] = bits[0];
	KUNIT_ASSERT_EQ(test, model_run(m, 0, 8, &young), PGWALK_YOUNG);
	KUNIT_ASSERT_EQ(test, bits[0], m->level ? 0xff : 1);
	KUNIT_ASSERT_EQ(test, bits[0], bits[1]);

	/* An old page takes nothing back. */
	m->format->store(m->mapping[0].entryp,
			 m->mapping[0].value & ~m->format->accessed);
	KUNIT_ASSERT_EQ(test, model_run(m, 0, 8, &young), PGWALK_OLD);
	KUNIT_ASSERT_EQ(test, bits[0], bits[1]);
}

/* The first young page answers for all. */
static void young_stop(struct kunit *test)
{
	struct model *m = test->priv;

	model_map_leaf(m, 1, 0, true);
	model_map_leaf(m, 2, 0, true);
	model_hook(m, NULL, NULL);
	model_check(m, &(struct model_walk) { .end = 2 * PGWALK_LINE });
	KUNIT_ASSERT_EQ(test, m->loads, m->format->top + PGWALK_LINE);
	KUNIT_ASSERT_EQ(test, m->exchanges, 0);
}

/* A format that knows its bit must not ask the tree for it. */
static void young_no_bit(struct kunit *test)
{
	struct model *m = test->priv;

	m->tree.accessed = 0;
	model_map_leaf(m, 0, 0, true);
	model_hook(m, NULL, NULL);
	model_check(m, &(struct model_walk) {
		.end = 8, .young = true, .clear = true });
	KUNIT_ASSERT_EQ(test, m->answer, model_has_accessed(m) ? PGWALK_YOUNG :
								 PGWALK_SLOW);
	KUNIT_ASSERT_EQ(test, m->exchanges, model_has_accessed(m));
}

/* k: a marker written, or its bits taken for those of hardware. */
static void young_markers(struct kunit *test)
{
	struct model *m = test->priv;
	const struct model_value *v;
	unsigned int level;

	for (v = m->format->values; v->name; v++) {
		for (level = 0; level <= m->format->top; level++) {
			model_reset(m, m->format);
			if (!model_map_value(m, 0, level, v))
				continue;
			model_check(m, &(struct model_walk) {
				.end = 3, .young = true, .clear = true });
			KUNIT_ASSERT_EQ_MSG(test, m->answer, v->answer,
					    "%s, level %u", v->name, level);
		}
	}
}

/* Random ranges of random trees. */
static void young_random(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int i, j;

	for (i = 0; i < 64; i++) {
		model_reset(m, m->format);
		model_scatter(m);
		for (j = 0; j < 32; j++)
			model_check_random(m);
	}
}

static struct kunit_case young_cases[] = {
	KUNIT_CASE_PARAM(young_edges, model_each_level),
	KUNIT_CASE_PARAM(young_idle_tail, model_each_format),
	KUNIT_CASE_PARAM(young_wrap, model_each_format),
	KUNIT_CASE_PARAM(young_twice, model_each_level),
	KUNIT_CASE_PARAM(young_stop, model_each_format),
	KUNIT_CASE_PARAM(young_no_bit, model_each_format),
	KUNIT_CASE_PARAM(young_markers, model_each_format),
	KUNIT_CASE_PARAM(young_random, model_each_format),
	{ }
};

static struct kunit_suite young_suite = {
	.name = "pgwalk_young",
	MODEL_SUITE,
	.test_cases = young_cases,
};

kunit_test_suite(young_suite);
