// SPDX-License-Identifier: GPL-2.0-only
/* The oracle: what must a walk of the model find and change? And random walks. */
#include "model.h"

/* The place of an entry in the copy that a walk is compared with. */
void __rcu *model_in_copy(struct model *m, const struct model_mapping *map)
{
	return (void __rcu *)(m->copy +
			      ((__force char *)map->entryp - m->arena));
}

unsigned int model_run(struct model *m, u64 start, u64 end,
		       const struct pgwalk_young *young)
{
	if (m->hooked)
		return pgwalk_test_clear_young(&m->hooks, &m->tree, start, end,
					       young);
	return m->format->test_clear_young(&m->tree, start, end, young);
}

/* Fills a bitmap of @nbits and its guards; one word in @sparse is not 0. */
static void model_fill(struct model *m, unsigned long *words, u64 nbits,
		       unsigned int sparse)
{
	unsigned int i;

	for (i = 0; i < BITS_TO_LONGS(nbits) + 2; i++)
		words[i] = model_random(m, sparse) ? 0 : model_random(m, 0);
}

static void model_fill_predicate(struct model *m, const struct model_walk *w,
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
static unsigned int model_expect_mapping(struct model *m,
					 const struct model_mapping *map,
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

static unsigned int model_oracle(struct model *m, const struct model_walk *w,
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

/**
 * model_expect_tables() - is every byte of every table as in the copy?
 * @m: the model
 */
void model_expect_tables(struct model *m)
{
	size_t i = 0;

	if (!memcmp(m->arena, m->copy, m->used))
		return;
	while (m->arena[i] == m->copy[i])
		i++;
	KUNIT_FAIL_AND_ABORT(m->test, "byte %#zx of the tables is %#x, not %#x",
			     i, m->arena[i] & 0xff, m->copy[i] & 0xff);
}

/* After a walk the entries are what it made of them. */
static void model_reread(struct model *m)
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
void model_check(struct model *m, const struct model_walk *w)
{
	struct pgwalk_young young = {
		.start = w->start - w->before,
		.young = w->young ? m->young + 1 : NULL,
		.predicate = w->predicate != MODEL_ALL ? m->predicate + 1 : NULL,
		.clear = w->clear,
	};
	unsigned int expected;
	size_t i, words = 0;

	if (w->young || w->predicate != MODEL_ALL) {
		young.nbits = w->before;
		if (w->start < w->end)
			young.nbits += w->end - w->start;
		KUNIT_ASSERT_LE(m->test, young.nbits, MODEL_BITS);
		words = BITS_TO_LONGS(young.nbits) + 2;
		model_fill(m, m->young, young.nbits, 4);
		memcpy(m->expected, m->young, words * sizeof(long));
	}
	if (w->predicate != MODEL_ALL)
		model_fill_predicate(m, w, &young);
	memcpy(m->copy, m->arena, m->used);

	expected = model_oracle(m, w, &young);
	m->answer = model_run(m, w->start, w->end, &young);

	KUNIT_ASSERT_EQ(m->test, m->answer, expected);
	for (i = 0; i < words; i++)
		KUNIT_ASSERT_EQ_MSG(m->test, m->young[i], m->expected[i],
				    "word %zu of %zu", i, words);
	model_expect_tables(m);
	model_reread(m);
}

static const struct model_value *model_random_value(struct model *m)
{
	unsigned int nr = 0;

	while (m->format->values[nr].name)
		nr++;
	return &m->format->values[model_random(m, nr)];
}

/* Leaves, markers and holes of all sizes, near each other. */
void model_scatter(struct model *m)
{
	u64 mask = m->format->pages - 1;
	unsigned int i;
	u64 page = 0;

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
			model_map_value(m, page, level, model_random_value(m));
	}
}

/* Entries side by side from @page on that are much the same, but for a few. */
void model_dense_at(struct model *m, u64 page)
{
	unsigned int kind = model_random(m, 3), rare = 1 + model_random(m, 64);
	unsigned int i;

	for (i = 0; i < MODEL_MAPPINGS && page < m->format->pages; i++, page++) {
		if (!model_random(m, rare))
			model_map_value(m, page, 0, model_random_value(m));
		else
			model_map_leaf(m, page, 0,
				       kind == 2 ? model_random(m, 2) : kind);
	}
}

/* Likewise, across the end of some table or of the address space. */
void model_dense(struct model *m)
{
	u64 end = model_random(m, 4) ?
		  model_size(m, 1) * (1 + model_random(m, 4)) : m->format->pages;

	model_dense_at(m, end - model_random(m, MODEL_MAPPINGS));
}

/* One range among what these two left behind. */
void model_check_random(struct model *m)
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
