// SPDX-License-Identifier: GPL-2.0-only
/* Are formats what hardware and KVM put into entries? */
#include "model.h"

/* Every value is what its writer means. */
static void format_values(struct kunit *test)
{
	struct model *m = test->priv;
	const struct pgwalk_format *fmt = m->format->fmt;
	struct pgwalk_entry entry = { };
	const struct model_value *v;

	for (v = m->format->values; v->name; v++) {
		for (entry.level = 0; entry.level <= m->format->top; entry.level++) {
			if (!model_is_at(m, v, entry.level))
				continue;
			entry.seen = v->value;
			KUNIT_ASSERT_EQ_MSG(test, v->type,
					    pgwalk_decode(fmt, &m->tree, v->value,
							  entry.level),
					    "%s, level %u", v->name, entry.level);
			if (v->type == PGWALK_BUSY)
				KUNIT_ASSERT_EQ_MSG(test, v->answer,
						    pgwalk_busy(fmt, &m->tree, &entry),
						    "%s, level %u", v->name,
						    entry.level);
		}
	}
}

static void format_geometry(struct kunit *test)
{
	struct model *m = test->priv;
	const struct pgwalk_format *fmt = m->format->fmt;
	unsigned int level;

	for (level = 0; level <= m->format->top; level++)
		KUNIT_ASSERT_EQ_MSG(test, pgwalk_shift(fmt, level),
				    m->format->shift[level], "level %u", level);
	KUNIT_ASSERT_EQ(test, pgwalk_accessed(fmt, &m->tree),
			m->format->accessed);
}

/* What a format leaves open is in the tree, and nowhere else. */
static void format_tree(struct kunit *test)
{
	struct model *m = test->priv;
	const struct pgwalk_format *fmt = m->format->fmt;

	KUNIT_ASSERT_EQ(test, m->tree.top, m->format->top);
	KUNIT_ASSERT_EQ(test, m->tree.pages, m->format->pages);
	KUNIT_ASSERT_EQ(test, m->tree.accessed,
			fmt->accessed ? 0 : m->format->accessed);
	KUNIT_ASSERT_EQ(test, m->tree.owned, m->format->frozen);
	KUNIT_ASSERT_EQ(test, m->tree.tracked, m->format->tracked);
	if (!m->format->relative)
		KUNIT_ASSERT_EQ(test, m->tree.address,
				fmt->address ? 0 : m->format->address);
}

/* A format that says where a bit is means it, whatever a tree says. */
static void format_first(struct kunit *test)
{
	struct model *m = test->priv;
	struct pgwalk_format fmt = *m->format->fmt;
	struct pgwalk_tree tree = m->tree;

	fmt.accessed = BIT_ULL(3);
	fmt.address = GENMASK_ULL(31, 28);
	fmt.child = NULL;
	fmt.busy = NULL;
	tree.accessed = BIT_ULL(2);
	tree.address = GENMASK_ULL(30, 24);
	KUNIT_ASSERT_EQ(test, pgwalk_accessed(&fmt, &tree), BIT_ULL(3));
	KUNIT_ASSERT_EQ(test, pgwalk_child(&fmt, &tree, ~0ULL),
			GENMASK_ULL(31, 28));
	KUNIT_ASSERT_EQ(test, pgwalk_busy(&fmt, &tree, &(struct pgwalk_entry) { }),
			PGWALK_SLOW);
	fmt.accessed = 0;
	fmt.address = 0;
	KUNIT_ASSERT_EQ(test, pgwalk_accessed(&fmt, &tree), BIT_ULL(2));
	KUNIT_ASSERT_EQ(test, pgwalk_child(&fmt, &tree, ~0ULL),
			GENMASK_ULL(30, 24));
}

static void expect_child(struct model *m, u64 entry)
{
	u64 address = entry & m->format->address & ~m->format->high;

	address |= (entry & m->format->high) << m->format->high_shift;
	if (m->format->relative)
		address += model_to_phys(m->arena);
	KUNIT_ASSERT_EQ_MSG(m->test, address,
			    pgwalk_child(m->format->fmt, &m->tree, entry),
			    "entry %#llx", (unsigned long long)entry);
}

/* By value: memory may not have addresses that need the upper bits. */
static void format_child(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int i;

	for (i = 0; i < pgwalk_size(m->format->fmt) * 8; i++) {
		expect_child(m, BIT_ULL(i));
		expect_child(m, ~BIT_ULL(i));
		expect_child(m, model_random(m, 0));
	}
	KUNIT_ASSERT_EQ(test, model_to_phys(m->arena),
			pgwalk_child(m->format->fmt, &m->tree,
				     model_link(m, &m->table[0])));
}

static void expect_no_leaf(struct model *m, u64 value)
{
	unsigned int level;
	enum pgwalk_type type;

	value &= ~m->format->present;
	if (pgwalk_size(m->format->fmt) == sizeof(u32))
		value = (u32)value;
	for (level = 0; level <= m->format->top; level++) {
		type = pgwalk_decode(m->format->fmt, &m->tree, value, level);
		if (type == PGWALK_LEAF || type == PGWALK_TABLE)
			KUNIT_FAIL_AND_ABORT(m->test, "type %d of %#llx, level %u",
					     type, (unsigned long long)value,
					     level);
	}
}

/* Nothing without the present bit is a leaf or a table. */
static void format_present(struct kunit *test)
{
	struct model *m = test->priv;
	unsigned int i;

	for (i = 0; i < 1 << 12; i++) {
		expect_no_leaf(m, i);
		expect_no_leaf(m, i | m->format->empty);
		expect_no_leaf(m, model_random(m, 0));
	}
}

/* k: a marker that a walker takes for an accessed leaf, and then changes. */
static void format_frozen(struct kunit *test)
{
	struct model *m = test->priv;
	u64 frozen = m->format->frozen;
	unsigned int level;

	if (!frozen)
		return;
	KUNIT_ASSERT_EQ(test, frozen & m->format->accessed, m->format->accessed);
	for (level = 0; level <= m->format->top; level++)
		KUNIT_ASSERT_EQ(test, PGWALK_BUSY,
				pgwalk_decode(m->format->fmt, &m->tree, frozen,
					      level));
}

static bool is_worth_a_look(const struct model *m, u64 value)
{
	return value & (m->format->accessed | m->format->fmt->look |
			m->tree.tracked);
}

static bool is_plain(const struct model *m, u64 value)
{
	return !(value & m->tree.tracked) &&
	       (value & m->format->fmt->leaf_mask) == m->format->fmt->leaf_value;
}

static void expect_masks(struct model *m, u64 value)
{
	const struct pgwalk_format *fmt = m->format->fmt;
	struct pgwalk_entry entry = {
		.seen = pgwalk_size(fmt) == sizeof(u32) ? (u32)value : value,
	};
	enum pgwalk_answer answer = PGWALK_OLD;

	entry.type = pgwalk_decode(fmt, &m->tree, entry.seen, 0);
	if (entry.type == PGWALK_BUSY)
		answer = pgwalk_busy(fmt, &m->tree, &entry);
	if (is_plain(m, entry.seen))
		KUNIT_ASSERT_EQ_MSG(m->test, entry.type, PGWALK_LEAF, "%#llx",
				    (unsigned long long)entry.seen);
	if (!is_worth_a_look(m, entry.seen))
		KUNIT_ASSERT_EQ_MSG(m->test, answer, PGWALK_OLD, "%#llx",
				    (unsigned long long)entry.seen);
}

/* What lines are told by says of each entry what its meaning says. */
static void format_masks(struct kunit *test)
{
	struct model *m = test->priv;
	const struct model_value *v;
	unsigned int i, j;

	KUNIT_ASSERT_EQ(test, m->format->fmt->leaf_value &
			      ~m->format->fmt->leaf_mask, 0);
	for (v = m->format->values; v->name; v++) {
		if (model_is_at(m, v, 0))
			expect_masks(m, v->value);
	}
	/* Leaves with one bit more or less, and with two. */
	for (i = 0; i < 64; i++) {
		for (j = 0; j < 64; j++)
			expect_masks(m, model_leaf_value(m, j, 0, i & 1) ^
					BIT_ULL(i) ^ BIT_ULL(j));
	}
}

static void expect_entry(struct model *m, const struct pgwalk_entry *entry,
			 u64 value)
{
	KUNIT_ASSERT_EQ(m->test, value,
			pgwalk_load(m->format->fmt, entry->entryp));
}

static void format_exchange(struct kunit *test)
{
	struct model *m = test->priv;
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
		expect_entry(m, &entry, value);

		entry.seen = value ^ BIT_ULL(i);
		KUNIT_ASSERT_FALSE(test, pgwalk_exchange(fmt, &entry, 0));
		expect_entry(m, &entry, value);
		entry.seen = value;
		KUNIT_ASSERT_TRUE(test, pgwalk_exchange(fmt, &entry, ~value));
		value = ~value << (64 - size * 8) >> (64 - size * 8);
		expect_entry(m, &entry, value);
		KUNIT_ASSERT_FALSE(test, memcmp(m->arena, m->arena + 2 * size,
						size));
	}
}

/* A byte order that the model and the format have wrong in the same way. */
static void format_bytes(struct kunit *test)
{
	const struct pgwalk_young young = { .clear = true };
	struct model *m = test->priv;
	const char *const *bytes = m->format->bytes;
	unsigned int size = pgwalk_size(m->format->fmt);

	if (!bytes[0])
		return;
	/* The root is a last-level table. */
	m->tree.top = 0;
	memcpy(m->arena, bytes[0], size);
	KUNIT_ASSERT_EQ(test, model_run(m, 0, 1, &young), PGWALK_YOUNG);
	KUNIT_ASSERT_FALSE(test, memcmp(m->arena, bytes[1], size));
	KUNIT_ASSERT_EQ(test, model_run(m, 0, 1, &young), PGWALK_OLD);
}

static struct kunit_case format_cases[] = {
	KUNIT_CASE_PARAM(format_values, model_each_format),
	KUNIT_CASE_PARAM(format_geometry, model_each_format),
	KUNIT_CASE_PARAM(format_tree, model_each_format),
	KUNIT_CASE_PARAM(format_first, model_each_format),
	KUNIT_CASE_PARAM(format_child, model_each_format),
	KUNIT_CASE_PARAM(format_present, model_each_format),
	KUNIT_CASE_PARAM(format_frozen, model_each_format),
	KUNIT_CASE_PARAM(format_masks, model_each_format),
	KUNIT_CASE_PARAM(format_exchange, model_each_format),
	KUNIT_CASE_PARAM(format_bytes, model_each_format),
	{ }
};

static struct kunit_suite format_suite = {
	.name = "pgwalk_format",
	MODEL_SUITE,
	.test_cases = format_cases,
};

kunit_test_suite(format_suite);
