/* SPDX-License-Identifier: GPL-2.0-only */
/* G-stage tables of riscv, for the model. */
#ifndef _LOCKLESS_PGWALK_MODEL_RISCV_GSTAGE_H
#define _LOCKLESS_PGWALK_MODEL_RISCV_GSTAGE_H

#include <lockless_pgwalk/formats/riscv_gstage.h>

#include "../model.h"

/*
 * RISC-V Instruction Set Manual, volume II, figures "Sv39 page table entry" and
 * "Sv39x4 guest physical address". Names are those of the kernel's pgtable-bits.h
 * and pgtable-64.h, with G in front.
 */
#define GPTE_PRESENT		BIT_ULL(0)
#define GPTE_READ		BIT_ULL(1)
#define GPTE_WRITE		BIT_ULL(2)
#define GPTE_EXEC		BIT_ULL(3)
#define GPTE_USER		BIT_ULL(4)
#define GPTE_GLOBAL		BIT_ULL(5)
#define GPTE_ACCESSED		BIT_ULL(6)
#define GPTE_DIRTY		BIT_ULL(7)
#define GPTE_PFN		GENMASK_ULL(53, 10)
/* For software, reserved, or a memory type. */
#define GPTE_OTHER		(GENMASK_ULL(62, 54) | GENMASK_ULL(9, 8))
#define GPTE_NAPOT		BIT_ULL(63)
#define GPTE_AD			(GPTE_ACCESSED | GPTE_DIRTY)
#define GPTE_LEAF		(GPTE_PRESENT | GPTE_READ | GPTE_WRITE | GPTE_USER)

static const struct model_value model_riscv_gstage_values[] = {
	{ "zero", 0, ANYWHERE, PGWALK_EMPTY, PGWALK_OLD },
	{ "not valid, all other bits", ~GPTE_PRESENT, ANYWHERE, PGWALK_EMPTY,
	  PGWALK_OLD },
	{ "not valid, else an accessed leaf", (GPTE_LEAF ^ GPTE_PRESENT) | GPTE_AD,
	  ANYWHERE, PGWALK_EMPTY, PGWALK_OLD },
	{ "accessed table where only pages can be",
	  GPTE_PRESENT | GPTE_PFN | GPTE_AD, AT_LAST, PGWALK_EMPTY, PGWALK_OLD },
	{ "written, not read", GPTE_PRESENT | GPTE_WRITE | GPTE_AD, ANYWHERE,
	  PGWALK_EMPTY, PGWALK_OLD },
	{ "written and executed, not read",
	  (GPTE_LEAF ^ GPTE_READ) | GPTE_EXEC | GPTE_AD, ANYWHERE,
	  PGWALK_EMPTY, PGWALK_OLD },
	{ "one of several", GPTE_LEAF | GPTE_NAPOT | GPTE_AD, ANYWHERE,
	  PGWALK_BUSY, PGWALK_SLOW },
	/* Another one of them may have its accessed bit. */
	{ "one of several, not accessed", GPTE_LEAF | GPTE_NAPOT, ANYWHERE,
	  PGWALK_BUSY, PGWALK_SLOW },
	{ "accessed leaf where KVM makes none", GPTE_LEAF | GPTE_AD, AT_ABOVE,
	  PGWALK_BUSY, PGWALK_SLOW },
	{ "leaf", GPTE_LEAF | GPTE_EXEC | GPTE_PFN, NOT_ABOVE, PGWALK_LEAF,
	  PGWALK_OLD },
	{ "leaf, only read", GPTE_PRESENT | GPTE_READ, NOT_ABOVE, PGWALK_LEAF,
	  PGWALK_OLD },
	{ "leaf, only executed", GPTE_PRESENT | GPTE_EXEC, NOT_ABOVE,
	  PGWALK_LEAF, PGWALK_OLD },
	{ "leaf, all bits that do not matter",
	  GPTE_LEAF | GPTE_GLOBAL | GPTE_OTHER, NOT_ABOVE, PGWALK_LEAF,
	  PGWALK_OLD },
	{ "table", GPTE_PRESENT, NOT_LAST, PGWALK_TABLE, PGWALK_OLD },
	{ "table, bits where leaves have attributes",
	  GPTE_PRESENT | GPTE_USER | GPTE_GLOBAL | GPTE_AD, NOT_LAST,
	  PGWALK_TABLE, PGWALK_OLD },
	{ }
};

static unsigned int
model_riscv_gstage_young(const struct pgwalk_tree *tree, u64 start, u64 end,
			 const struct pgwalk_young *young)
{
	return pgwalk_test_clear_young(&riscv_gstage_format, tree, start, end,
				       young);
}

static struct pgwalk_tree
model_riscv_gstage_tree(const struct model_format *format)
{
	return riscv_gstage_tree(NULL, format->top + 1);
}

/* Addresses are two bits below their place. */
#define MODEL_RISCV_GSTAGE						\
	.fmt = &riscv_gstage_format,					\
	.test_clear_young = model_riscv_gstage_young,			\
	.store = model_store64,						\
	.values = model_riscv_gstage_values,				\
	.tree = model_riscv_gstage_tree,				\
	.table_size = 4096,						\
	.leaf_levels = 3,						\
	.shift = { 0, 9, 18, 27, 36 },					\
	.accessed = GPTE_ACCESSED,					\
	.dirty = GPTE_DIRTY,						\
	.address = GPTE_PFN,						\
	.high = GPTE_PFN,						\
	.high_shift = 2,						\
	.present = GPTE_PRESENT,					\
	.table = GPTE_PRESENT,						\
	.leaf = { GPTE_LEAF, GPTE_LEAF, GPTE_LEAF }

static const struct model_format model_riscv_gstage[] = {
	{
		.name = "riscv, Sv39x4", MODEL_RISCV_GSTAGE,
		.top = 2, .pages = BIT_ULL(41 - 12),
	},
	{
		.name = "riscv, Sv48x4", MODEL_RISCV_GSTAGE,
		.top = 3, .pages = BIT_ULL(50 - 12),
	},
	{
		.name = "riscv, Sv57x4", MODEL_RISCV_GSTAGE,
		.top = 4, .pages = BIT_ULL(59 - 12),
	},
	{ .next = MODEL_FORMATS },
};

#undef MODEL_FORMATS
#define MODEL_FORMATS		model_riscv_gstage

#endif /* _LOCKLESS_PGWALK_MODEL_RISCV_GSTAGE_H */
