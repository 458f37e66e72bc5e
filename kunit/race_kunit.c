// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writers that change an entry between the moment when the walker sees it and its
 * exchange, or between two entries of a line. Each case names the mistake that it
 * guards against.
 */
#include "model.h"

/**
 * struct race - what the other side does
 * @change: makes a new value of the entry
 * @lost: the walker loses the race
 * @type: of the new value
 * @answer: of the new value
 * @at: in a line: when the walker is about to load this one
 * @map: the entry
 * @value: the new value
 */
struct race {
	u64 (*change)(struct model *m, const struct model_mapping *map);
	bool lost;
	enum pgwalk_type type;
	unsigned int answer;
	unsigned int at;
	const struct model_mapping *map;
	u64 value;
};

static u64 zap(struct model *m, const struct model_mapping *map)
{
	return m->format->empty;
}

static u64 freeze(struct model *m, const struct model_mapping *map)
{
	return m->format->frozen;
}

static u64 replace(struct model *m, const struct model_mapping *map)
{
	return model_leaf_value(m, ~map->first, map->level, true);
}

static u64 split_mapping(struct model *m, const struct model_mapping *map)
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

static u64 change_dirty(struct model *m, const struct model_mapping *map)
{
	return map->value ^ m->format->dirty;
}

static u64 clear(struct model *m, const struct model_mapping *map)
{
	return map->value & ~m->format->accessed;
}

static u64 track(struct model *m, const struct model_mapping *map)
{
	const struct model_value *v;

	for (v = m->format->values; v->name; v++) {
		if (v->answer == PGWALK_SLOW && model_is_at(m, v, map->level))
			return v->value;
	}
	KUNIT_FAIL_AND_ABORT(m->test, "no value is SLOW at level %u",
			     map->level);
	return 0;
}

static u64 clear_and_set(struct model *m, const struct model_mapping *map)
{
	m->format->store(map->entryp, map->value & ~m->format->accessed);
	return map->value;
}

/* Between "seen" and "exchanged". */
static void change_seen(struct model *m, void __rcu *entryp)
{
	struct race *race = m->hook_data;

	KUNIT_ASSERT_TRUE(m->test, entryp == race->map->entryp);
	race->value = race->change(m, race->map);
	m->format->store(entryp, race->value);
	/* The tables as the other side leaves them. */
	memcpy(m->copy, m->arena, m->used);
}

/* One young leaf, which changes; if there are others around it, they are old. */
static void race_one(struct model *m, struct race *race, u64 page, u64 end,
		     bool others)
{
	const struct pgwalk_young young = {
		.nbits = 8, .young = m->young, .clear = true,
	};
	unsigned int i;

	model_reset(m, m->format);
	m->young[0] = 0;
	for (i = 0; i < 8; i++) {
		if (i == page || others)
			model_map_leaf(m, i, m->level, i == page);
	}
	race->map = &m->mapping[others ? page : 0];
	model_hook(m, NULL, change_seen);
	m->hook_data = race;

	KUNIT_ASSERT_EQ(m->test, model_run(m, 0, end, &young), PGWALK_YOUNG);
	KUNIT_ASSERT_EQ(m->test, m->young[0], m->level ? 0xff : BIT_ULL(page));
	KUNIT_ASSERT_EQ(m->test, m->exchanges, 1);
	if (!race->lost)
		m->format->store(model_in_copy(m, race->map),
				 race->value & ~m->format->accessed);
	model_expect_tables(m);
}

/* Between two loads of a line. */
static void change_line(struct model *m, const void __rcu *entryp)
{
	struct race *race = m->hook_data;

	if (entryp != m->mapping[race->at].entryp)
		return;
	race->value = race->change(m, race->map);
	m->format->store(race->map->entryp, race->value);
}

/* A line of young leaves, of which the one at @page changes. */
static void race_line(struct model *m, struct race *race, unsigned int page)
{
	const struct pgwalk_young young = {
		.nbits = PGWALK_LINE, .young = m->young, .clear = true,
	};
	bool seen = page < race->at;
	bool leaf = seen || (race->type == PGWALK_LEAF &&
			     race->answer == PGWALK_YOUNG);
	unsigned int i, answer = PGWALK_YOUNG;
	unsigned long bits = GENMASK(PGWALK_LINE - 1, 0);

	model_reset(m, m->format);
	m->young[0] = 0;
	for (i = 0; i < PGWALK_LINE; i++)
		model_map_leaf(m, i, 0, true);
	race->map = &m->mapping[page];
	model_hook(m, change_line, NULL);
	m->hook_data = race;
	memcpy(m->copy, m->arena, m->used);

	if (!seen)
		answer |= race->answer;
	if (!seen && !(race->answer & PGWALK_YOUNG))
		bits &= ~BIT_ULL(page);
	KUNIT_ASSERT_EQ(m->test, model_run(m, 0, PGWALK_LINE, &young), answer);
	KUNIT_ASSERT_EQ(m->test, m->young[0], bits);
	KUNIT_ASSERT_EQ(m->test, m->exchanges, PGWALK_LINE - !leaf);

	for (i = 0; i < PGWALK_LINE; i++)
		m->format->store(model_in_copy(m, &m->mapping[i]),
				 m->mapping[i].value & ~m->format->accessed);
	if (!leaf || (seen && race->lost))
		m->format->store(model_in_copy(m, race->map), race->value);
	else
		m->format->store(model_in_copy(m, race->map),
				 race->value & ~m->format->accessed);
	model_expect_tables(m);
}

static void race(struct kunit *test, struct race race)
{
	struct model *m = test->priv;
	unsigned int page;

	if (m->level) {
		race_one(m, &race, 0, 8, false);
		return;
	}
	for (page = 0; page < PGWALK_LINE; page++) {
		race_one(m, &race, page, PGWALK_LINE, false);
		race_one(m, &race, page, PGWALK_LINE, true);
		if (page < PGWALK_LINE - 1)
			race_one(m, &race, page, page + 1, true);
		for (race.at = 0; race.at < PGWALK_LINE; race.at++)
			race_line(m, &race, page);
	}
}

/* h, j: youth lost with the exchange. */
static void race_zapped(struct kunit *test)
{
	race(test, (struct race) { zap, true, PGWALK_EMPTY, PGWALK_OLD });
}

/* k: a marker changed, so that its owner does not know it. */
static void race_frozen(struct kunit *test)
{
	const struct model *m = test->priv;

	if (m->format->frozen)
		race(test, (struct race) {
			freeze, true, PGWALK_BUSY, PGWALK_YOUNG });
	else
		race(test, (struct race) {
			freeze, true, PGWALK_EMPTY, PGWALK_OLD });
}

/* A bit taken from an address in the table's entry. */
static void race_split(struct kunit *test)
{
	race(test, (struct race) { split_mapping, true });
}

/* The other page's bit taken, and nobody told. */
static void race_replaced(struct kunit *test)
{
	race(test, (struct race) { replace, true, PGWALK_LEAF, PGWALK_YOUNG });
}

/* 5.1.9: a dirty bit lost, or one that was collected back again. */
static void race_dirty(struct kunit *test)
{
	race(test, (struct race) {
		change_dirty, true, PGWALK_LEAF, PGWALK_YOUNG });
}

/* The bit of the loser flipped back, or not reported. */
static void race_cleared(struct kunit *test)
{
	race(test, (struct race) { clear, true, PGWALK_LEAF, PGWALK_OLD });
}

/* 5.1.8: a leaf without a bit of its own written without the lock. */
static void race_tracked(struct kunit *test)
{
	race(test, (struct race) { track, true, PGWALK_BUSY, PGWALK_SLOW });
}

/* The same value again: nothing was lost. */
static void race_set_again(struct kunit *test)
{
	race(test, (struct race) {
		clear_and_set, false, PGWALK_LEAF, PGWALK_YOUNG });
}

/*
 * When the walker is about to exchange its second entry, the table goes from its
 * parent, then its entries go.
 */
static void unlink_table(struct model *m, void __rcu *entryp)
{
	unsigned int i;

	if (m->exchanges != 2)
		return;
	m->format->store(model_entryp(m, &m->table[m->nr_tables - 2], 0),
			 m->format->empty);
	for (i = 0; i < m->nr_mappings; i++)
		m->format->store(m->mapping[i].entryp, m->format->frozen);
	memcpy(m->copy, m->arena, m->used);
}

/* Nothing of a table that was unlinked is written, nor anything beyond it read. */
static void race_unlinked(struct kunit *test)
{
	struct model *m = test->priv;
	u64 size = model_size(m, 1);
	const struct pgwalk_young young = {
		.nbits = 2 * size, .young = m->young, .clear = true,
	};
	unsigned int i;

	memset(m->young, 0, sizeof(m->young));
	for (i = 0; i < 8; i++)
		model_map_leaf(m, i, 0, true);
	model_hook(m, NULL, unlink_table);
	KUNIT_ASSERT_EQ(test, model_run(m, 0, 2 * size, &young), PGWALK_YOUNG);
	/* All were seen as leaves. */
	KUNIT_ASSERT_EQ(test, m->young[0], 0xff);
	KUNIT_ASSERT_EQ(test, m->exchanges, 8);
	model_expect_tables(m);
}

static struct kunit_case race_cases[] = {
	KUNIT_CASE_PARAM(race_zapped, model_each_level),
	KUNIT_CASE_PARAM(race_frozen, model_each_level),
	KUNIT_CASE_PARAM(race_split, model_each_huge),
	KUNIT_CASE_PARAM(race_replaced, model_each_level),
	KUNIT_CASE_PARAM(race_dirty, model_each_level),
	KUNIT_CASE_PARAM(race_cleared, model_each_level),
	KUNIT_CASE_PARAM(race_tracked, model_each_level),
	KUNIT_CASE_PARAM(race_set_again, model_each_level),
	KUNIT_CASE_PARAM(race_unlinked, model_each_format),
	{ }
};

static struct kunit_suite race_suite = {
	.name = "pgwalk_race",
	MODEL_SUITE,
	.test_cases = race_cases,
};

kunit_test_suite(race_suite);
