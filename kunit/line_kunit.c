// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries of last-level tables are looked at by the line. Is each page answered
 * for as if its entry had been alone, and each entry read once?
 */
#include <lockless_pgwalk/formats/arm64_s2.h>

#include "model.h"

/* What is beside an entry in its line. */
enum beside {
	EMPTY,
	OLD,
	YOUNG,
	SAME,
};

/* All that a caller can ask for, by number. */
#define OPTIONS		12

static void set_options(struct model_walk *w, unsigned int option)
{
	w->young = option & 1;
	w->clear = option & 2;
	w->predicate = option / 4;
	w->one = w->start + option % (w->end - w->start);
}

/* Last-level entries that were read in this walk. */
static unsigned long seen[BITS_TO_LONGS(MODEL_ARENA / 4)];

static void read_once(struct model *m, const void __rcu *entryp)
{
	size_t offset = (__force char *)entryp - m->arena;
	const struct model_table *table = m->table;

	/* The last one that does not begin behind it. */
	while (table + 1 < m->table + m->nr_tables &&
	       table[1].entries <= (__force char *)entryp)
		table++;
	if (table->level)
		return;
	KUNIT_ASSERT_FALSE(m->test, test_bit(offset / 4, seen));
	__set_bit(offset / 4, seen);
}

/* Checks a walk of tables that are all there. */
static void check_reads(struct model *m, const struct model_walk *w)
{
	u64 end = w->end < m->format->pages ? w->end : m->format->pages;
	u64 tables = 1;

	if (m->format->top)
		tables += (end - 1) / model_size(m, 1) -
			  w->start / model_size(m, 1);
	memset(seen, 0, sizeof(seen));
	model_hook(m, read_once, NULL);
	model_check(m, w);
	KUNIT_ASSERT_EQ(m->test, m->loads,
			end - w->start + tables * m->format->top);
	m->hooked = false;
}

/* Leaves of nothing but their type, which a mask that is wrong does not hit. */
static void map_beside(struct model *m, u64 page, enum beside beside)
{
	u64 accessed = beside == YOUNG ? m->format->accessed : 0;

	if (beside == EMPTY)
		return;
	model_map(m, page, (struct model_mapping) {
		.value = m->format->leaf[0] | accessed,
		.type = PGWALK_LEAF,
		.answer = accessed ? PGWALK_YOUNG : PGWALK_OLD,
	});
}

static void map_any(struct model *m, u64 page, const struct model_value *v,
		    bool young)
{
	struct model_mapping map = {
		.value = v->value, .type = v->type, .answer = v->answer,
	};

	if (v->type == PGWALK_LEAF) {
		map.value &= ~m->format->accessed;
		if (young) {
			map.value |= m->format->accessed;
			map.answer = PGWALK_YOUNG;
		}
	}
	model_map(m, page, map);
}

/* An entry of each kind, at each place of a line. */
static void line_values(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int beside, i, page, option = 0;
	const struct model_value *v;

	for (v = m->format->values; v->name; v++) {
		if (!model_is_at(m, v, 0))
			continue;
		for (i = 0; i < (SAME + 1) * 2 * PGWALK_LINE; i++) {
			struct model_walk w = { .end = PGWALK_LINE };

			beside = i / 2 / PGWALK_LINE;
			model_reset(m, m->format);
			for (page = 0; page < PGWALK_LINE; page++) {
				if (beside == SAME || page == i % PGWALK_LINE)
					map_any(m, page, v, i / PGWALK_LINE & 1);
				else
					map_beside(m, page, beside);
			}
			set_options(&w, option++ % OPTIONS);
			model_check(m, &w);
		}
	}
}

/* Of all leaves in a line, these are young. */
static void line_patterns(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int pattern, page;

	for (pattern = 0; pattern < 1 << PGWALK_LINE; pattern++) {
		struct model_walk w = { .end = PGWALK_LINE };

		model_reset(m, m->format);
		for (page = 0; page < PGWALK_LINE; page++)
			model_map_leaf(m, page, 0, pattern >> page & 1);
		set_options(&w, (pattern * 5 + pattern / OPTIONS) % OPTIONS);
		model_check(m, &w);
	}
}

/* The bits of a line may lie in two words, and begin at any bit. */
static void line_words(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int before, i;

	for (before = 0; before < 2 * BITS_PER_LONG; before++) {
		struct model_walk w = {
			.start = model_random(m, PGWALK_LINE),
			.before = before,
		};

		w.end = w.start + PGWALK_LINE + model_random(m, 24);
		for (i = 0; i < 4; i++) {
			model_reset(m, m->format);
			model_dense_at(m, 0);
			set_options(&w, 3 + 4 * (i % 3));
			model_check(m, &w);
		}
	}
}

/* A range begins and ends within lines and across the end of a table. */
static void line_range(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int start, length, option = 0;
	u64 end = model_size(m, 1);

	while (end < 3 * PGWALK_LINE)
		end *= 2;
	for (start = 0; start < 18; start++) {
		for (length = 1; length < 2 * PGWALK_LINE + 3; length++) {
			struct model_walk w = { .start = end - start };

			w.end = w.start + length;
			set_options(&w, option++ % OPTIONS);
			/* Asked for no page, it may stop. */
			w.young |= !w.clear;
			model_reset(m, m->format);
			model_dense_at(m, end - 3 * PGWALK_LINE);
			check_reads(m, &w);
		}
	}
}

/* The last table of the address space. Nothing is behind it. */
static void line_top(struct kunit *test)
{
	struct model *m = test->priv;
	u64 end = m->format->pages;
	unsigned int start, option = 0;

	for (start = 1; start <= 3 * PGWALK_LINE; start++) {
		struct model_walk w = {
			.start = end - start,
			.end = start % 3 ? end + start % 3 - 1 : ~0ULL,
		};

		set_options(&w, option++ % 4);
		w.young |= !w.clear && w.end != ~0ULL;
		if (w.end == ~0ULL) {
			/* No bitmap is that large. */
			w.young = false;
			w.clear = true;
		}
		model_reset(m, m->format);
		model_dense_at(m, end - 2 * start);
		check_reads(m, &w);
	}
}

/* A root of last-level entries, of a size that is no multiple of a line's. */
static void line_root(struct kunit *test)
{
	struct model *m = test->priv;
	struct model_format format = *m->format;
	unsigned int pages;

	format.top = 0;
	for (pages = 1; pages < 3 * PGWALK_LINE; pages++) {
		struct model_walk w = {
			.end = pages + 5, .young = true, .clear = true,
		};

		format.pages = pages;
		model_reset(m, &format);
		m->tree.top = 0;
		m->tree.pages = pages;
		model_dense_at(m, 0);
		check_reads(m, &w);
	}
}

/* Who only asks whether anything is young reads no more than he must. */
static void line_stop(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int page;

	for (page = 0; page < 4 * PGWALK_LINE; page++) {
		unsigned int lines = page / PGWALK_LINE + 1, i;

		model_reset(m, m->format);
		model_map_leaf(m, page, 0, true);
		model_map_leaf(m, page + PGWALK_LINE, 0, true);
		for (i = 0; i < page; i += PGWALK_LINE)
			model_map_leaf(m, i, 0, false);
		model_hook(m, NULL, NULL);
		model_check(m, &(struct model_walk) { .end = 6 * PGWALK_LINE });
		KUNIT_ASSERT_EQ(test, m->answer, PGWALK_YOUNG);
		/* A table of one line has a way down for each. */
		KUNIT_ASSERT_EQ(test, m->loads, lines * PGWALK_LINE +
			m->format->top * (page / model_size(m, 1) + 1));
	}
}

/* Only what is both young and wanted is written, and once. */
static void line_exchanges(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int beside, i, page;

	for (beside = EMPTY; beside <= YOUNG; beside++) {
		for (i = 0; i < PGWALK_LINE; i++) {
			struct model_walk w = {
				.end = PGWALK_LINE, .clear = true, .one = i,
			};

			model_reset(m, m->format);
			for (page = 0; page < PGWALK_LINE; page++)
				map_beside(m, page, page == i ? YOUNG : beside);
			model_hook(m, NULL, NULL);
			w.predicate = MODEL_ONE;
			w.one = (i + 1) % PGWALK_LINE;
			model_check(m, &w);
			KUNIT_ASSERT_EQ(test, m->exchanges, beside == YOUNG);
			w.one = i;
			model_check(m, &w);
			KUNIT_ASSERT_EQ(test, m->exchanges, 1 + (beside == YOUNG));
			w.predicate = MODEL_ALL;
			model_check(m, &w);
			KUNIT_ASSERT_EQ(test, m->exchanges,
					beside == YOUNG ? PGWALK_LINE : 1);
		}
	}
}

/* Random ranges of random lines. */
static void line_random(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int i, j;

	for (i = 0; i < 64; i++) {
		model_reset(m, m->format);
		model_dense(m);
		for (j = 0; j < 16; j++)
			model_check_random(m);
	}
}

/*
 * A marker that is not the accessed bit is worth a look as well: stage 2 of arm64,
 * where an entry that is being replaced has a type in its highest bits.
 */
static void line_marker(struct kunit *test)
{
	const u64 locked = BIT_ULL(60), other = BIT_ULL(61);
	const u64 page = ARM64_S2_VALID | ARM64_S2_TABLE;
	u64 entries[PGWALK_LINE];
	const struct pgwalk_tree tree =
		arm64_s2_tree((__force void __rcu *)entries, 12, 3, 15, false,
			      locked);
	unsigned long found[BITS_TO_LONGS(64)];
	const struct pgwalk_young young = {
		.nbits = 64, .young = found, .clear = true,
	};
	unsigned int i, j, beside;

	for (i = 0; i < 4 * PGWALK_LINE; i++) {
		beside = i / PGWALK_LINE;
		for (j = 0; j < PGWALK_LINE; j++)
			entries[j] = beside & 1 ? page | ARM64_S2_ACCESSED : 0;
		entries[i % PGWALK_LINE] = beside & 2 ? other : locked;
		found[0] = 0;
		pgwalk_test_clear_young(&arm64_s2_4k_format, &tree, 0,
					PGWALK_LINE, &young);
		for (j = 0; j < PGWALK_LINE; j++) {
			if (j == i % PGWALK_LINE) {
				KUNIT_ASSERT_EQ(test, test_bit(j, found),
						!(beside & 2));
				KUNIT_ASSERT_EQ(test, entries[j],
						beside & 2 ? other : locked);
			} else {
				KUNIT_ASSERT_EQ(test, test_bit(j, found),
						beside & 1);
				KUNIT_ASSERT_EQ(test, entries[j],
						beside & 1 ? page : 0);
			}
		}
	}
}

static struct kunit_case line_cases[] = {
	KUNIT_CASE_PARAM(line_values, model_each_format),
	KUNIT_CASE_PARAM(line_patterns, model_each_format),
	KUNIT_CASE_PARAM(line_words, model_each_format),
	KUNIT_CASE_PARAM(line_range, model_each_format),
	KUNIT_CASE_PARAM(line_top, model_each_format),
	KUNIT_CASE_PARAM(line_root, model_each_format),
	KUNIT_CASE_PARAM(line_stop, model_each_format),
	KUNIT_CASE_PARAM(line_exchanges, model_each_format),
	KUNIT_CASE_PARAM(line_random, model_each_format),
	{ }
};

static struct kunit_suite line_suite = {
	.name = "pgwalk_line",
	MODEL_SUITE,
	.test_cases = line_cases,
};

kunit_test_suite(line_suite);

static struct kunit_case marker_cases[] = {
	KUNIT_CASE(line_marker),
	{ }
};

static struct kunit_suite marker_suite = {
	.name = "pgwalk_marker",
	.test_cases = marker_cases,
};

kunit_test_suite(marker_suite);
