/* SPDX-License-Identifier: GPL-2.0-only */
/* Stage-2 tables of arm64, for the model. */
#ifndef _LOCKLESS_PGWALK_MODEL_ARM64_S2_H
#define _LOCKLESS_PGWALK_MODEL_ARM64_S2_H

#include <lockless_pgwalk/formats/arm64_s2.h>

#include "../model.h"

/*
 * Arm ARM, D8.3 "Translation table descriptor formats"; what software has, from
 * arch/arm64/include/asm/kvm_pgtable.h.
 */
#define S2PTE_VALID		BIT_ULL(0)
/* A table or a page, not a block. */
#define S2PTE_TYPE		BIT_ULL(1)
#define S2PTE_MEMATTR		GENMASK_ULL(5, 2)
#define S2PTE_R			BIT_ULL(6)
#define S2PTE_W			BIT_ULL(7)
/* With LPA2, bits of the address. */
#define S2PTE_SH		GENMASK_ULL(9, 8)
#define S2PTE_AF		BIT_ULL(10)
#define S2PTE_DBM		BIT_ULL(51)
#define S2PTE_CONTIGUOUS	BIT_ULL(52)
#define S2PTE_XN		GENMASK_ULL(54, 53)
#define S2PTE_SW		GENMASK_ULL(58, 55)
/* In a table, attributes of a leaf mean nothing. */
#define S2PTE_IGNORED		(GENMASK_ULL(58, 51) | GENMASK_ULL(11, 10) | \
				 GENMASK_ULL(7, 2))
#define S2PTE_LOCKED		BIT_ULL(10)
#define S2PTE_OWNER		GENMASK_ULL(9, 2)

#define S2PTE_BLOCK		(S2PTE_VALID | S2PTE_MEMATTR | S2PTE_R | \
				 S2PTE_SH)
#define S2PTE_PAGE		(S2PTE_BLOCK | S2PTE_TYPE)
#define S2PTE_LINK		(S2PTE_VALID | S2PTE_TYPE)

static const struct model_value model_arm64_s2_values[] = {
	{ "zero", 0, ANYWHERE, PGWALK_EMPTY, PGWALK_OLD },
	{ "owned by the hypervisor", BIT_ULL(2), ANYWHERE, PGWALK_EMPTY,
	  PGWALK_OLD },
	{ "owned, all of the owner's bits", S2PTE_OWNER, ANYWHERE,
	  PGWALK_EMPTY, PGWALK_OLD },
	{ "invalid, all other bits", ~(S2PTE_VALID | S2PTE_LOCKED), ANYWHERE,
	  PGWALK_EMPTY, PGWALK_OLD },
	{ "locked", S2PTE_LOCKED, ANYWHERE, PGWALK_BUSY, PGWALK_YOUNG },
	{ "locked, the owner noted", S2PTE_LOCKED | S2PTE_OWNER, ANYWHERE,
	  PGWALK_BUSY, PGWALK_YOUNG },
	{ "locked, all other bits", ~S2PTE_VALID, ANYWHERE, PGWALK_BUSY,
	  PGWALK_YOUNG },
	/* Reserved: hardware takes it for invalid. */
	{ "block where only pages can be", S2PTE_BLOCK, AT_LAST, PGWALK_EMPTY,
	  PGWALK_OLD },
	{ "accessed block where only pages can be",
	  S2PTE_BLOCK | S2PTE_W | S2PTE_AF | S2PTE_CONTIGUOUS, AT_LAST,
	  PGWALK_EMPTY, PGWALK_OLD },
	{ "block where KVM makes none", S2PTE_BLOCK, AT_ABOVE, PGWALK_BUSY,
	  PGWALK_SLOW },
	{ "accessed block where KVM makes none", S2PTE_BLOCK | S2PTE_AF,
	  AT_ABOVE, PGWALK_BUSY, PGWALK_SLOW },
	{ "contiguous page", S2PTE_PAGE | S2PTE_CONTIGUOUS | S2PTE_AF, AT_LAST,
	  PGWALK_BUSY, PGWALK_SLOW },
	/* Another entry of the group may have its access flag. */
	{ "contiguous page, not accessed", S2PTE_PAGE | S2PTE_CONTIGUOUS,
	  AT_LAST, PGWALK_BUSY, PGWALK_SLOW },
	{ "contiguous block", S2PTE_BLOCK | S2PTE_CONTIGUOUS | S2PTE_AF,
	  NOT_LAST, PGWALK_BUSY, PGWALK_SLOW },
	{ "page", S2PTE_PAGE | S2PTE_W, AT_LAST, PGWALK_LEAF, PGWALK_OLD },
	{ "page, of nothing but its type", S2PTE_VALID | S2PTE_TYPE, AT_LAST,
	  PGWALK_LEAF, PGWALK_OLD },
	{ "page, write-protected, dirty state kept by hardware",
	  S2PTE_PAGE | S2PTE_DBM, AT_LAST, PGWALK_LEAF, PGWALK_OLD },
	{ "page, not executable, bits of software",
	  S2PTE_PAGE | S2PTE_XN | S2PTE_SW, AT_LAST, PGWALK_LEAF, PGWALK_OLD },
	{ "block", S2PTE_BLOCK | S2PTE_W, AT_HUGE, PGWALK_LEAF, PGWALK_OLD },
	{ "block, of nothing but its type", S2PTE_VALID, AT_HUGE, PGWALK_LEAF,
	  PGWALK_OLD },
	{ "block, not executable, bits of software",
	  S2PTE_BLOCK | S2PTE_XN | S2PTE_SW, AT_HUGE, PGWALK_LEAF, PGWALK_OLD },
	{ "table", S2PTE_LINK, NOT_LAST, PGWALK_TABLE, PGWALK_OLD },
	{ "table, bits where leaves have attributes",
	  S2PTE_LINK | S2PTE_IGNORED, NOT_LAST, PGWALK_TABLE, PGWALK_OLD },
	{ }
};

static unsigned int
model_arm64_s2_4k_young(const struct pgwalk_tree *tree, u64 start, u64 end,
			const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&arm64_s2_4k_format, tree, start, end,
				       young);
}

static unsigned int
model_arm64_s2_16k_young(const struct pgwalk_tree *tree, u64 start, u64 end,
			 const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&arm64_s2_16k_format, tree, start, end,
				       young);
}

static unsigned int
model_arm64_s2_64k_young(const struct pgwalk_tree *tree, u64 start, u64 end,
			 const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&arm64_s2_64k_format, tree, start, end,
				       young);
}

static struct pgwalk_tree model_arm64_s2_tree(const struct model_format *format)
{
	unsigned int granule = 12, bits = 0;

	while (format->table_size >> granule > 1)
		granule += 2;
	while (format->pages >> bits > 1)
		bits++;
	return arm64_s2_tree(NULL, granule, 3 - (int)format->top,
			     bits + granule, format->high, S2PTE_LOCKED);
}

/* Hardware that keeps dirty state does so by giving write permission. */
#define MODEL_ARM64_S2							\
	.tree = model_arm64_s2_tree,					\
	.store = model_store64,						\
	.values = model_arm64_s2_values,				\
	.accessed = S2PTE_AF,						\
	.dirty = S2PTE_W,						\
	.present = S2PTE_VALID,						\
	.frozen = S2PTE_LOCKED,						\
	.table = S2PTE_LINK,						\
	.leaf = { S2PTE_PAGE, S2PTE_BLOCK, S2PTE_BLOCK }

#define MODEL_ARM64_S2_4K						\
	MODEL_ARM64_S2,							\
	.fmt = &arm64_s2_4k_format,					\
	.test_clear_young = model_arm64_s2_4k_young,			\
	.table_size = 4096,						\
	.shift = { 0, 9, 18, 27, 36 }

#define MODEL_ARM64_S2_16K						\
	MODEL_ARM64_S2,							\
	.fmt = &arm64_s2_16k_format,					\
	.test_clear_young = model_arm64_s2_16k_young,			\
	.table_size = 16384,						\
	.leaf_levels = 2,						\
	.shift = { 0, 11, 22, 33 }

#define MODEL_ARM64_S2_64K						\
	MODEL_ARM64_S2,							\
	.fmt = &arm64_s2_64k_format,					\
	.test_clear_young = model_arm64_s2_64k_young,			\
	.table_size = 65536,						\
	.leaf_levels = 2,						\
	.shift = { 0, 13, 26 }

static const struct model_format model_arm64_s2[] = {
	{
		.name = "arm64, 4 KB, 34 bits: 16 tables at start level 2",
		MODEL_ARM64_S2_4K,
		.top = 1, .leaf_levels = 2, .pages = BIT_ULL(22),
		.address = GENMASK_ULL(47, 12),
	},
	{
		.name = "arm64, 4 KB, 40 bits: 2 tables at start level 1",
		MODEL_ARM64_S2_4K,
		.top = 2, .leaf_levels = 3, .pages = BIT_ULL(28),
		.address = GENMASK_ULL(47, 12),
	},
	{
		.name = "arm64, 4 KB, 48 bits",
		MODEL_ARM64_S2_4K,
		.top = 3, .leaf_levels = 3, .pages = BIT_ULL(36),
		.address = GENMASK_ULL(47, 12),
	},
	{
		.name = "arm64, 4 KB, LPA2, 52 bits: 16 tables at start level 0",
		MODEL_ARM64_S2_4K,
		.top = 3, .leaf_levels = 3, .pages = BIT_ULL(40),
		.address = GENMASK_ULL(49, 12) | GENMASK_ULL(9, 8),
		.high = GENMASK_ULL(9, 8), .high_shift = 50 - 8,
	},
	{
		/* KVM concatenates tables instead. */
		.name = "arm64, 4 KB, LPA2, 52 bits: start level -1",
		MODEL_ARM64_S2_4K,
		.top = 4, .leaf_levels = 3, .pages = BIT_ULL(40),
		.address = GENMASK_ULL(49, 12) | GENMASK_ULL(9, 8),
		.high = GENMASK_ULL(9, 8), .high_shift = 50 - 8,
	},
	{
		.name = "arm64, 16 KB, 40 bits: 16 tables at start level 2",
		MODEL_ARM64_S2_16K,
		.top = 1, .pages = BIT_ULL(26),
		.address = GENMASK_ULL(47, 14),
	},
	{
		.name = "arm64, 16 KB, 48 bits: 2 tables at start level 1",
		MODEL_ARM64_S2_16K,
		.top = 2, .pages = BIT_ULL(34),
		.address = GENMASK_ULL(47, 14),
	},
	{
		.name = "arm64, 16 KB, LPA2, 52 bits",
		MODEL_ARM64_S2_16K,
		.top = 3, .pages = BIT_ULL(38),
		.address = GENMASK_ULL(49, 14) | GENMASK_ULL(9, 8),
		.high = GENMASK_ULL(9, 8), .high_shift = 50 - 8,
	},
	{
		.name = "arm64, 64 KB, 43 bits: 2 tables at start level 2",
		MODEL_ARM64_S2_64K,
		.top = 1, .pages = BIT_ULL(27),
		.address = GENMASK_ULL(47, 16),
	},
	{
		.name = "arm64, 64 KB, LPA, 52 bits",
		MODEL_ARM64_S2_64K,
		.top = 2, .pages = BIT_ULL(36),
		.address = GENMASK_ULL(47, 12),
		.high = GENMASK_ULL(15, 12), .high_shift = 48 - 12,
	},
	{ .next = MODEL_FORMATS },
};

#undef MODEL_FORMATS
#define MODEL_FORMATS		model_arm64_s2

#endif /* _LOCKLESS_PGWALK_MODEL_ARM64_S2_H */
