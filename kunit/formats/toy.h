/* SPDX-License-Identifier: GPL-2.0-only */
/* The format that no hardware has, for the model. */
#ifndef _LOCKLESS_PGWALK_MODEL_TOY_H
#define _LOCKLESS_PGWALK_MODEL_TOY_H

#include "../model.h"
#include "../toy_format.h"

static const struct model_value model_toy_values[] = {
	{ "zero", 0, ANYWHERE, PGWALK_EMPTY, PGWALK_OLD },
	{ "locked", 0x80, ANYWHERE, PGWALK_BUSY, PGWALK_YOUNG },
	{ "garbage", 0xffffffc0, ANYWHERE, PGWALK_BUSY, PGWALK_OLD },
	{ "tracked leaf", 0x85, ANYWHERE, PGWALK_BUSY, PGWALK_SLOW },
	{ "page that is being moved", 0x20, ANYWHERE, PGWALK_BUSY, PGWALK_SLOW },
	{ "writable leaf", 0x21, ANYWHERE, PGWALK_LEAF, PGWALK_OLD },
	{ "leaf", 0xffffff01, ANYWHERE, PGWALK_LEAF, PGWALK_OLD },
	{ "leaf that would be a table above", 3, AT_LAST, PGWALK_LEAF,
	  PGWALK_OLD },
	{ "table", 3, AT_HUGE, PGWALK_TABLE, PGWALK_OLD },
	{ }
};

static unsigned int
model_toy_young(const struct pgwalk_tree *tree, u64 start, u64 end,
		const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&toy_format, tree, start, end, young);
}

static unsigned int
model_toy_cpu_young(const struct pgwalk_tree *tree, u64 start, u64 end,
		    const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&toy_cpu_format, tree, start, end,
				       young);
}

static struct pgwalk_tree model_toy_tree(const struct model_format *format)
{
	return toy_tree(NULL, format->accessed);
}

#define MODEL_TOY							\
	.tree = model_toy_tree,						\
	.values = model_toy_values,					\
	.table_size = 4096,						\
	.top = 2,							\
	.leaf_levels = 3,						\
	.shift = { 0, 3, 8 },						\
	.pages = 3072,							\
	.accessed = 0x80,						\
	.dirty = 0x40,							\
	.address = 0xffffff00,						\
	.relative = true,						\
	.present = 1,							\
	.frozen = 0x80,							\
	.table = 3,							\
	.leaf = { 1, 1, 1 }

static const struct model_format model_toy[] = {
	{
		.name = "toy", MODEL_TOY,
		.fmt = &toy_format,
		.test_clear_young = model_toy_young,
		.store = model_store_be32,
		.bytes = { "\x00\x00\x12\x81", "\x00\x00\x12\x01" },
	},
	{
		.name = "toy, order of the CPU", MODEL_TOY,
		.fmt = &toy_cpu_format,
		.test_clear_young = model_toy_cpu_young,
		.store = model_store32,
	},
	{ .next = MODEL_FORMATS },
};

#undef MODEL_FORMATS
#define MODEL_FORMATS		model_toy

#endif /* _LOCKLESS_PGWALK_MODEL_TOY_H */
