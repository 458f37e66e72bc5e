/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The formats under test. Their bits are written down here once more, as the
 * manuals and the kernel have them: the model must not believe the headers.
 */
#ifndef _LOCKLESS_PGWALK_MODEL_FORMATS_H
#define _LOCKLESS_PGWALK_MODEL_FORMATS_H

#include <lockless_pgwalk/formats/arm64_s2.h>
#include <lockless_pgwalk/formats/powerpc_radix.h>
#include <lockless_pgwalk/formats/x86_tdp.h>

#include "model.h"
#include "toy_format.h"

static unsigned int
model_x86_tdp_young(const struct pgwalk_tree *tree, u64 start, u64 end,
		    const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&x86_tdp_format, tree, start, end,
				       young);
}

static inline void model_store64(void __rcu *entryp, u64 value)
{
	WRITE_ONCE(*(__force u64 *)entryp, value);
}

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

#define AT_LAST			MODEL_LAST
#define AT_HUGE			MODEL_HUGE
#define AT_ABOVE		MODEL_ABOVE
#define NOT_LAST		(AT_HUGE | AT_ABOVE)
#define ANYWHERE		(AT_LAST | NOT_LAST)

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

#define NOT_ABOVE		(AT_LAST | AT_HUGE)

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

static inline void model_store_be64(void __rcu *entryp, u64 value)
{
	WRITE_ONCE(*(__force pgwalk_be64 *)entryp, cpu_to_be64(value));
}

static unsigned int
model_toy_young(const struct pgwalk_tree *tree, u64 start, u64 end,
		const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&toy_format, tree, start, end, young);
}

static inline void model_store_be32(void __rcu *entryp, u64 value)
{
	WRITE_ONCE(*(__force pgwalk_be32 *)entryp, cpu_to_be32((u32)value));
}

static const struct model_value model_toy_values[] = {
	{ "zero", 0, ANYWHERE, PGWALK_EMPTY, PGWALK_OLD },
	{ "locked", 0x80, ANYWHERE, PGWALK_BUSY, PGWALK_YOUNG },
	{ "garbage", 0xffffffc0, ANYWHERE, PGWALK_BUSY, PGWALK_OLD },
	{ "tracked leaf", 0x85, ANYWHERE, PGWALK_BUSY, PGWALK_SLOW },
	{ "leaf", 0xffffff01, ANYWHERE, PGWALK_LEAF, PGWALK_OLD },
	{ "leaf that would be a table above", 3, AT_LAST, PGWALK_LEAF,
	  PGWALK_OLD },
	{ "table", 3, AT_HUGE, PGWALK_TABLE, PGWALK_OLD },
	{ }
};

/* The bits of the tree are the model's, so that its own constructor is tested. */
static struct pgwalk_tree model_x86_tdp_tree(const struct model_format *format)
{
	return x86_tdp_tree(NULL, format->top + 1, format->accessed,
			    format->address, SPTE_FROZEN, SPTE_AD_DISABLED);
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

static struct pgwalk_tree
model_powerpc_radix_tree(const struct model_format *format)
{
	return powerpc_radix_tree(NULL, format->table_size < 4096 ? 16 : 12);
}

static struct pgwalk_tree model_toy_tree(const struct model_format *format)
{
	return toy_tree(NULL, format->accessed);
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
	.leaf = { SPTE_LEAF, SPTE_HUGE, SPTE_HUGE }

#define MODEL_X86_TDP							\
	MODEL_X86_TDP_BUT_ADDRESS,					\
	.address = SPTE_PFN,						\
	.table = SPTE_TABLE

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

static const struct model_format model_formats[] = {
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
	{
		.name = "toy", .fmt = &toy_format, .tree = model_toy_tree,
		.table_size = 4096,
		.test_clear_young = model_toy_young,
		.store = model_store_be32, .values = model_toy_values,
		.bytes = { "\x00\x00\x12\x81", "\x00\x00\x12\x01" },
		.top = 2, .leaf_levels = 3, .shift = { 0, 3, 8 },
		.pages = 3072, .accessed = 0x80, .dirty = 0x40,
		.address = 0xffffff00, .relative = true, .present = 1,
		.frozen = 0x80, .table = 3, .leaf = { 1, 1, 1 },
	},
};

#endif /* _LOCKLESS_PGWALK_MODEL_FORMATS_H */
