// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model: its tables and what is put into them, and what all suites of it
 * share.
 */
#include "model.h"

#include <linux/debug_locks.h>
#include <linux/gfp.h>
#include <linux/panic.h>

/* Below @limit, any if that is 0: splitmix64, or what a fuzzer wants. */
u64 model_random(struct model *m, u64 limit)
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

static bool model_overlaps(u64 first, u64 size, u64 start, u64 end)
{
	return first < end && start < first + size;
}

void __rcu *model_entryp(const struct model *m,
			 const struct model_table *table, u64 page)
{
	return (void __rcu *)(table->entries +
			      ((page - table->base) >>
			       m->format->shift[table->level]) *
			      pgwalk_size(m->format->fmt));
}

static size_t model_table_size(const struct model *m, unsigned int level)
{
	const struct model_format *format = m->format;
	u64 pages = level < format->top ? model_size(m, level + 1) :
					  format->pages;
	size_t size = (pages >> format->shift[level]) * pgwalk_size(format->fmt);

	return (size + format->table_size - 1) & ~(format->table_size - 1);
}

struct model_table *model_add_table(struct model *m, u64 base,
				    unsigned int level)
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

static bool model_has_room(const struct model *m, unsigned int level)
{
	return m->nr_tables < MODEL_TABLES &&
	       m->used + model_table_size(m, level) <= MODEL_ARENA;
}

/* An entry that points to @table. */
u64 model_link(const struct model *m, const struct model_table *table)
{
	u64 pa = model_to_phys(table->entries);
	u64 high;

	if (m->format->relative)
		pa -= model_to_phys(m->arena);
	high = pa & m->format->high << m->format->high_shift;
	return (pa ^ high) | high >> m->format->high_shift | m->format->table;
}

/* The table of @level in which @page is found. Adds it if need be. */
static struct model_table *
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

static bool model_is_free(const struct model *m, u64 first, unsigned int level)
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
bool model_map(struct model *m, u64 page, struct model_mapping what)
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
u64 model_leaf_value(const struct model *m, u64 page, unsigned int level,
		     bool young)
{
	u64 noise = (page + 1) * 0x9e3779b97f4a7c15ULL;

	noise &= (m->format->address | m->format->dirty) & ~m->format->accessed;
	return m->format->leaf[level] | noise | (young ? m->format->accessed : 0);
}

bool model_map_leaf(struct model *m, u64 page, unsigned int level, bool young)
{
	return model_map(m, page, (struct model_mapping) {
		.value = model_leaf_value(m, page, level, young),
		.level = level,
		.type = PGWALK_LEAF,
		.answer = young ? PGWALK_YOUNG : PGWALK_OLD,
	});
}

bool model_map_value(struct model *m, u64 page, unsigned int level,
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

/* Empties the tree. Keeps the random numbers. */
void model_reset(struct model *m, const struct model_format *format)
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

static u64 model_load(const void __rcu *entryp)
{
	struct model *m = model_hooked;

	KUNIT_ASSERT_LE(m->test, (__force char *)entryp - m->arena +
				 pgwalk_size(m->format->fmt), m->used);
	m->loads++;
	if (m->before_load)
		m->before_load(m, entryp);
	return pgwalk_load_raw(m->format->fmt, entryp);
}

static bool model_exchange(const struct pgwalk_tree *tree,
			   const struct pgwalk_entry *entry, u64 new)
{
	struct model *m = model_hooked;

	m->exchanges++;
	if (m->before_exchange)
		m->before_exchange(m, entry->entryp);
	if (m->format->fmt->exchange)
		return m->format->fmt->exchange(tree, entry, new);
	return pgwalk_exchange(m->format->fmt, entry, new);
}

/* Count loads and exchanges from now on, and call back before they are done. */
void model_hook(struct model *m,
		void (*before_load)(struct model *m, const void __rcu *entryp),
		void (*before_exchange)(struct model *m, void __rcu *entryp))
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

/* Suites ------------------------------------------------------------------ */

static struct model *model;
static unsigned long taint;
static int locks_are_checked;

int model_suite_init(struct kunit_suite *suite)
{
	/* Must be aligned to the largest table, and not in vmalloc space. */
	model = alloc_pages_exact(sizeof(*model), GFP_KERNEL | __GFP_ZERO);
	return model ? 0 : -ENOMEM;
}

void model_suite_exit(struct kunit_suite *suite)
{
	free_pages_exact(model, sizeof(*model));
}

/**
 * struct model_param - what a case is run for
 * @format: a format
 * @nr: its number
 * @level: one of its levels
 */
struct model_param {
	const struct model_format *format;
	unsigned int nr;
	unsigned int level;
};

int model_init(struct kunit *test)
{
	const struct model_param *param = test->param_value;

	taint = get_taint();
	locks_are_checked = debug_locks;
	test->priv = model;
	model->test = test;
	model->seed = 1;
	model->level = param->level;
	model_reset(model, param->format);
	return 0;
}

/*
 * A warning or a lockdep report does not fail a test by itself. The first
 * warning is seen here, unless somebody else has had it.
 */
void model_exit(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, get_taint(), taint);
	KUNIT_ASSERT_EQ(test, debug_locks, locks_are_checked);
}

/* Levels from @first up to, but not including, @end, or the leaves' if that is 0. */
static const void *model_next(const void *prev, unsigned int first,
			      unsigned int end, char *desc)
{
	static struct model_param param;

	if (!prev)
		param = (struct model_param) { model_format(0), 0, first };
	else if (++param.level >= (end ?: param.format->leaf_levels))
		param = (struct model_param) {
			model_format(param.nr + 1), param.nr + 1, first
		};
	if (!param.format)
		return NULL;
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, end ? "%s" : "%s, level %u",
		 param.format->name, param.level);
	return &param;
}

const void *model_each_format(MODEL_TEST const void *prev, char *desc)
{
	return model_next(prev, 0, 1, desc);
}

const void *model_each_level(MODEL_TEST const void *prev, char *desc)
{
	return model_next(prev, 0, 0, desc);
}

const void *model_each_huge(MODEL_TEST const void *prev, char *desc)
{
	return model_next(prev, 1, 0, desc);
}
