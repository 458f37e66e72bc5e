/* SPDX-License-Identifier: GPL-2.0-only */
/* The page tables of the TDP MMU of x86, for the model. */
#ifndef _LOCKLESS_PGWALK_MODEL_X86_TDP_H
#define _LOCKLESS_PGWALK_MODEL_X86_TDP_H

#include <lockless_pgwalk/formats/x86_tdp.h>

#include "../model.h"

/* arch/x86/kvm/mmu/spte.h */
#define SPTE_MMU_PRESENT	BIT_ULL(11)
#define SPTE_AD_DISABLED	BIT_ULL(52)
#define SPTE_AD_WRPROT		BIT_ULL(53)
#define SPTE_NONPRESENT		BIT_ULL(63)
#define SPTE_LARGE		BIT_ULL(7)
#define SPTE_FROZEN		(SPTE_NONPRESENT | 0x5a0)
#define SPTE_MMIO_GEN		(GENMASK_ULL(62, 52) | GENMASK_ULL(10, 3))
#define SPTE_PFN		GENMASK_ULL(51, 12)
/* Readable, writable, executable or user: bits 2:0 in both formats. */
#define SPTE_RWX		7ULL
/* What access tracking saves: R and X. */
#define SPTE_SAVED		(5ULL << 54)

#define SPTE_LEAF		(SPTE_MMU_PRESENT | SPTE_RWX)
#define SPTE_HUGE		(SPTE_LEAF | SPTE_LARGE)
#define SPTE_TABLE		SPTE_LEAF
/* A and D, wherever the format has them. */
#define SPTE_ALL_AD		(BIT_ULL(5) | BIT_ULL(6) | BIT_ULL(8) | BIT_ULL(9))

static const struct model_value model_x86_tdp_values[] = {
	{ "zero", 0, ANYWHERE, PGWALK_EMPTY, PGWALK_OLD },
	{ "non-present, #VE suppressed", SPTE_NONPRESENT, ANYWHERE,
	  PGWALK_EMPTY, PGWALK_OLD },
	{ "frozen", SPTE_FROZEN, ANYWHERE, PGWALK_BUSY, PGWALK_YOUNG },
	/* W and X without R is a misconfiguration. */
	{ "MMIO on EPT", 6, ANYWHERE, PGWALK_BUSY, PGWALK_OLD },
	{ "MMIO on EPT, all of the generation", 6 | SPTE_MMIO_GEN | SPTE_PFN,
	  ANYWHERE, PGWALK_BUSY, PGWALK_OLD },
	/* Present to hardware, with a reserved address bit. */
	{ "MMIO on NPT", 1 | BIT_ULL(51), ANYWHERE, PGWALK_BUSY, PGWALK_OLD },
	{ "MMIO on NPT, accessed bits in the generation",
	  1 | BIT_ULL(51) | SPTE_ALL_AD, ANYWHERE, PGWALK_BUSY, PGWALK_OLD },
	{ "frozen, one accessed bit taken", SPTE_FROZEN & ~BIT_ULL(8),
	  ANYWHERE, PGWALK_BUSY, PGWALK_OLD },
	{ "tracked leaf", SPTE_MMU_PRESENT | SPTE_AD_DISABLED | SPTE_SAVED,
	  AT_LAST, PGWALK_BUSY, PGWALK_SLOW },
	{ "tracked leaf with stale accessed bits",
	  SPTE_LEAF | SPTE_AD_DISABLED | SPTE_ALL_AD, AT_LAST, PGWALK_BUSY,
	  PGWALK_SLOW },
	{ "tracked huge leaf",
	  SPTE_MMU_PRESENT | SPTE_LARGE | SPTE_AD_DISABLED | SPTE_SAVED,
	  AT_HUGE, PGWALK_BUSY, PGWALK_SLOW },
	{ "leaf where none can be", SPTE_HUGE | SPTE_ALL_AD, AT_ABOVE,
	  PGWALK_BUSY, PGWALK_SLOW },
	{ "leaf", SPTE_LEAF | SPTE_PFN, AT_LAST, PGWALK_LEAF, PGWALK_OLD },
	{ "leaf with bit 7, a memory type on NPT", SPTE_HUGE, AT_LAST,
	  PGWALK_LEAF, PGWALK_OLD },
	{ "leaf, write-protected for the dirty log",
	  SPTE_LEAF | SPTE_AD_WRPROT, AT_LAST, PGWALK_LEAF, PGWALK_OLD },
	{ "huge leaf", SPTE_HUGE | SPTE_ALL_AD, AT_HUGE, PGWALK_LEAF,
	  PGWALK_OLD },
	{ "huge leaf, write-protected", SPTE_HUGE | SPTE_AD_WRPROT, AT_HUGE,
	  PGWALK_LEAF, PGWALK_OLD },
	{ "table", SPTE_TABLE, NOT_LAST, PGWALK_TABLE, PGWALK_OLD },
	{ "table of tracked leaves", SPTE_TABLE | SPTE_AD_DISABLED,
	  NOT_LAST, PGWALK_TABLE, PGWALK_OLD },
	{ "accessed table", SPTE_TABLE | SPTE_ALL_AD, NOT_LAST,
	  PGWALK_TABLE, PGWALK_OLD },
	{ }
};

static unsigned int
model_x86_tdp_young(const struct pgwalk_tree *tree, u64 start, u64 end,
		    const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&x86_tdp_format, tree, start, end,
				       young);
}

/* The bits of the tree are the model's, so that its own constructor is tested. */
static struct pgwalk_tree model_x86_tdp_tree(const struct model_format *format)
{
	return x86_tdp_tree(NULL, format->top + 1, format->accessed,
			    format->address, SPTE_FROZEN, SPTE_AD_DISABLED);
}

#define MODEL_X86_TDP_BUT_ADDRESS					\
	.tree = model_x86_tdp_tree,					\
	.fmt = &x86_tdp_format,						\
	.test_clear_young = model_x86_tdp_young,			\
	.store = model_store64,						\
	.values = model_x86_tdp_values,					\
	.table_size = 4096,						\
	.leaf_levels = 3,						\
	.shift = { 0, 9, 18, 27, 36 },					\
	.present = SPTE_MMU_PRESENT,					\
	.empty = SPTE_NONPRESENT,					\
	.frozen = SPTE_FROZEN,						\
	.tracked = SPTE_AD_DISABLED,					\
	.leaf = { SPTE_LEAF, SPTE_HUGE, SPTE_HUGE }

#define MODEL_X86_TDP							\
	MODEL_X86_TDP_BUT_ADDRESS,					\
	.address = SPTE_PFN,						\
	.table = SPTE_TABLE

static const struct model_format model_x86_tdp[] = {
	{
		.name = "EPT, 4 levels", MODEL_X86_TDP,
		.top = 3, .pages = BIT_ULL(36),
		.accessed = BIT_ULL(8), .dirty = BIT_ULL(9),
	},
	{
		.name = "EPT, 5 levels", MODEL_X86_TDP,
		.top = 4, .pages = BIT_ULL(45),
		.accessed = BIT_ULL(8), .dirty = BIT_ULL(9),
	},
	{
		.name = "NPT, 4 levels", MODEL_X86_TDP,
		.top = 3, .pages = BIT_ULL(36),
		.accessed = BIT_ULL(5), .dirty = BIT_ULL(6),
	},
	{
		/* One bit of the address means that the page is encrypted. */
		.name = "NPT, 5 levels, SME", MODEL_X86_TDP_BUT_ADDRESS,
		.address = SPTE_PFN & ~BIT_ULL(47),
		.table = SPTE_TABLE | BIT_ULL(47),
		.top = 4, .pages = BIT_ULL(45),
		.accessed = BIT_ULL(5), .dirty = BIT_ULL(6),
	},
	{ .next = MODEL_FORMATS },
};

#undef MODEL_FORMATS
#define MODEL_FORMATS		model_x86_tdp

#endif /* _LOCKLESS_PGWALK_MODEL_X86_TDP_H */
