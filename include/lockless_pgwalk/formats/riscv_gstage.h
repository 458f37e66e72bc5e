/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * G-stage page tables of riscv: those that translate the addresses of a guest
 * (RISC-V Instruction Set Manual, volume II, chapter "Hypervisor Extension",
 * section "Guest Physical Address Translation"; its entries are those of chapter
 * "Supervisor-Level ISA", sections "Sv39", "Sv48" and "Sv57", with "Svnapot").
 *
 * The accessed bit is set by hardware (Svadu) or, where an access faults because
 * it is clear, by the hypervisor (Svade).
 */
#ifndef _LOCKLESS_PGWALK_FORMATS_RISCV_GSTAGE_H
#define _LOCKLESS_PGWALK_FORMATS_RISCV_GSTAGE_H

#include <lockless_pgwalk/format.h>

/* V: without it hardware ignores all others. R, W, X: a table has none of them. */
#define RISCV_GSTAGE_VALID	BIT_ULL(0)
#define RISCV_GSTAGE_READ	BIT_ULL(1)
#define RISCV_GSTAGE_WRITE	BIT_ULL(2)
#define RISCV_GSTAGE_RWX	GENMASK_ULL(3, 1)

/* A. */
#define RISCV_GSTAGE_ACCESSED	BIT_ULL(6)

/* PPN: bits 55:12 of the address of a table or page. */
#define RISCV_GSTAGE_PPN	GENMASK_ULL(53, 10)

/* N: one of several entries that map as one. */
#define RISCV_GSTAGE_NAPOT	BIT_ULL(63)

/*
 * What always faults maps nothing: a table where the walk ends, and to write but
 * not to read. So do a misaligned leaf and one with a reserved bit or memory
 * type; nobody makes these, and hardware never sets their A: leaves, and old.
 *
 * An access may set A in any entry of a NAPOT range, so one alone tells little.
 */
static __always_inline enum pgwalk_type
riscv_gstage_decode(const struct pgwalk_tree *tree __maybe_unused, u64 entry,
		    unsigned int level)
{
	if (!(entry & RISCV_GSTAGE_VALID))
		return PGWALK_EMPTY;

	if (!(entry & RISCV_GSTAGE_RWX))
		return level ? PGWALK_TABLE : PGWALK_EMPTY;

	if (entry & RISCV_GSTAGE_WRITE && !(entry & RISCV_GSTAGE_READ))
		return PGWALK_EMPTY;

	return entry & RISCV_GSTAGE_NAPOT ? PGWALK_BUSY : PGWALK_LEAF;
}

static __always_inline u64
riscv_gstage_child(const struct pgwalk_tree *tree __maybe_unused, u64 entry)
{
	return (entry & RISCV_GSTAGE_PPN) << 2;
}

/* Leaves of 2 MB and 1 GB. KVM does not use those of 512 GB and more. */
static const struct pgwalk_format __maybe_unused riscv_gstage_format = {
	.bits		= 9,
	.leaf_levels	= 3,
	.width		= PGWALK_64,
	.accessed	= RISCV_GSTAGE_ACCESSED,
	.address	= RISCV_GSTAGE_PPN,
	.look		= RISCV_GSTAGE_NAPOT,
	.leaf_mask	= RISCV_GSTAGE_VALID | RISCV_GSTAGE_READ |
			  RISCV_GSTAGE_NAPOT,
	.leaf_value	= RISCV_GSTAGE_VALID | RISCV_GSTAGE_READ,
	.decode		= riscv_gstage_decode,
	.child		= riscv_gstage_child,
};

/**
 * riscv_gstage_tree() - a G-stage page table
 * @root: its root, of 16 KB: four times the entries of other tables
 * @levels: 3, 4 or 5, for Sv39x4, Sv48x4 and Sv57x4
 *
 * Return: the tree to pass to a walk.
 */
static __always_inline struct pgwalk_tree
riscv_gstage_tree(void __rcu *root, unsigned int levels)
{
	return (struct pgwalk_tree) {
		.root = root,
		.top = levels - 1,
		.pages = BIT_ULL(levels * 9 + 2),
	};
}

#endif /* _LOCKLESS_PGWALK_FORMATS_RISCV_GSTAGE_H */
