/* SPDX-License-Identifier: GPL-2.0-only */
/* Radix trees of powerpc, for the model. */
#ifndef _LOCKLESS_PGWALK_MODEL_POWERPC_RADIX_H
#define _LOCKLESS_PGWALK_MODEL_POWERPC_RADIX_H

#include <lockless_pgwalk/formats/powerpc_radix.h>

#include "../model.h"

/*
 * Power ISA 3.0B, Book III, 5.7.10.2 "Radix Tree Page Directory Entry" and what
 * follows there; what software has, from
 * arch/powerpc/include/asm/book3s/64/pgtable.h.
 */
#define RPTE_VALID		BIT_ULL(63)
#define RPTE_LEAF		BIT_ULL(62)
/* A leaf that is not valid while it is being changed. Processes have these. */
#define RPTE_INVALID		BIT_ULL(61)
#define RPTE_SW			(BIT_ULL(61) | GENMASK_ULL(11, 9))
#define RPTE_RPN		GENMASK_ULL(56, 12)
#define RPTE_R			BIT_ULL(8)
#define RPTE_C			BIT_ULL(7)
#define RPTE_ATT		GENMASK_ULL(5, 4)
#define RPTE_RWX		7ULL
/* Of a table: where it is, and log2 of its entries. */
#define RPTE_NLB		GENMASK_ULL(59, 8)
#define RPTE_NLS		GENMASK_ULL(4, 0)

#define RPTE_PAGE		(RPTE_VALID | RPTE_LEAF | RPTE_RWX)
#define RPTE_TABLE		(RPTE_VALID | 9)

static const struct model_value model_powerpc_radix_values[] = {
	{ "zero", 0, ANYWHERE, PGWALK_EMPTY, PGWALK_OLD },
	{ "address of a table, and no more", RPTE_NLB, ANYWHERE, PGWALK_EMPTY,
	  PGWALK_OLD },
	{ "table that is not valid, all other bits",
	  ~(RPTE_VALID | RPTE_LEAF), ANYWHERE, PGWALK_EMPTY, PGWALK_OLD },
	{ "leaf that is not valid at present",
	  (RPTE_PAGE ^ RPTE_VALID) | RPTE_INVALID | RPTE_RPN | RPTE_R, ANYWHERE,
	  PGWALK_BUSY, PGWALK_SLOW },
	{ "leaf that is not valid, of nothing but its type", RPTE_LEAF,
	  ANYWHERE, PGWALK_BUSY, PGWALK_SLOW },
	{ "leaf that is not valid, all other bits", ~RPTE_VALID, ANYWHERE,
	  PGWALK_BUSY, PGWALK_SLOW },
	{ "table where only pages can be", RPTE_TABLE | RPTE_NLB, AT_LAST,
	  PGWALK_BUSY, PGWALK_SLOW },
	{ "leaf where KVM makes none", RPTE_PAGE, AT_ABOVE, PGWALK_BUSY,
	  PGWALK_SLOW },
	{ "accessed leaf where KVM makes none", RPTE_PAGE | RPTE_R | RPTE_C,
	  AT_ABOVE, PGWALK_BUSY, PGWALK_SLOW },
	{ "leaf", RPTE_PAGE | RPTE_RPN, NOT_ABOVE, PGWALK_LEAF, PGWALK_OLD },
	{ "leaf, of nothing but its type", RPTE_VALID | RPTE_LEAF, NOT_ABOVE,
	  PGWALK_LEAF, PGWALK_OLD },
	{ "leaf, bits of software and memory type",
	  RPTE_PAGE | RPTE_SW | RPTE_ATT, NOT_ABOVE, PGWALK_LEAF, PGWALK_OLD },
	{ "table", RPTE_TABLE, NOT_LAST, PGWALK_TABLE, PGWALK_OLD },
	{ "table, all of its bits", RPTE_VALID | RPTE_NLB | RPTE_NLS, NOT_LAST,
	  PGWALK_TABLE, PGWALK_OLD },
	{ "table of 32 entries, R in its address", RPTE_VALID | RPTE_R | 5,
	  NOT_LAST, PGWALK_TABLE, PGWALK_OLD },
	{ }
};

static unsigned int
model_powerpc_radix_4k_young(const struct pgwalk_tree *tree, u64 start, u64 end,
			     const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&powerpc_radix_4k_format, tree, start,
				       end, young);
}

static unsigned int
model_powerpc_radix_64k_young(const struct pgwalk_tree *tree, u64 start,
			      u64 end, const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&powerpc_radix_64k_format, tree, start,
				       end, young);
}

static struct pgwalk_tree
model_powerpc_radix_tree(const struct model_format *format)
{
	return powerpc_radix_tree(NULL, format->table_size < 4096 ? 16 : 12);
}

/* R is where the address of a table can be, too: that of 32 entries. */
#define MODEL_POWERPC_RADIX						\
	.tree = model_powerpc_radix_tree,				\
	.store = model_store_be64,					\
	.values = model_powerpc_radix_values,				\
	.bytes = {							\
		"\xc0\x00\x00\x00\x12\x34\x01\x87",			\
		"\xc0\x00\x00\x00\x12\x34\x00\x87",			\
	},								\
	.top = 3,							\
	.leaf_levels = 3,						\
	.accessed = RPTE_R,						\
	.dirty = RPTE_C,						\
	.address = RPTE_NLB,						\
	.present = RPTE_VALID,						\
	.table = RPTE_TABLE,						\
	.leaf = { RPTE_PAGE, RPTE_PAGE, RPTE_PAGE }

static const struct model_format model_powerpc_radix[] = {
	{
		.name = "powerpc, 4 KB, 52 bits", MODEL_POWERPC_RADIX,
		.fmt = &powerpc_radix_4k_format,
		.test_clear_young = model_powerpc_radix_4k_young,
		.table_size = 4096,
		.shift = { 0, 9, 18, 27 }, .pages = BIT_ULL(40),
	},
	{
		.name = "powerpc, 64 KB, 52 bits", MODEL_POWERPC_RADIX,
		.fmt = &powerpc_radix_64k_format,
		.test_clear_young = model_powerpc_radix_64k_young,
		.table_size = 256,
		.shift = { 0, 5, 14, 23 }, .pages = BIT_ULL(36),
	},
	{ .next = MODEL_FORMATS },
};

#undef MODEL_FORMATS
#define MODEL_FORMATS		model_powerpc_radix

#endif /* _LOCKLESS_PGWALK_MODEL_POWERPC_RADIX_H */
