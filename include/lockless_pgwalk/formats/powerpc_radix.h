/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Partition-scoped radix trees of powerpc, as KVM-HV builds them (Power ISA 3.0B,
 * Book III, sections 5.7.10 "Radix Tree Translation" and 5.7.12 "Reference and
 * Change Recording"; the geometry is Linux's, radix-4k.h and radix-64k.h). There
 * is one format for pages of 4 KB and one for pages of 64 KB.
 *
 * Entries are big-endian in memory, whatever the byte order of the CPU.
 */
#ifndef _LOCKLESS_PGWALK_FORMATS_POWERPC_RADIX_H
#define _LOCKLESS_PGWALK_FORMATS_POWERPC_RADIX_H

#include <lockless_pgwalk/format.h>

/* Without this bit hardware ignores all others. */
#define POWERPC_RADIX_VALID	BIT_ULL(63)

/* A leaf; a table without it. */
#define POWERPC_RADIX_LEAF	BIT_ULL(62)

/* The reference bit, R. Hardware sets it, or KVM if hardware asks for that. */
#define POWERPC_RADIX_ACCESSED	BIT_ULL(8)

/* Where the address of a table is: the next-level base, NLB. */
#define POWERPC_RADIX_ADDRESS	GENMASK_ULL(59, 8)

/*
 * Leaves are pages, 2 MB and 1 GB. What is valid and neither that nor a table is
 * not made by KVM. A leaf that hardware ignores for the moment was copied from
 * the page table of a process, where a huge page was just being split.
 */
static __always_inline enum pgwalk_type
powerpc_radix_decode(const struct pgwalk_tree *tree __maybe_unused, u64 entry,
		     unsigned int level)
{
	bool leaf = entry & POWERPC_RADIX_LEAF;

	if (!(entry & POWERPC_RADIX_VALID))
		return leaf ? PGWALK_BUSY : PGWALK_EMPTY;

	if (leaf)
		return PGWALK_LEAF;

	return level ? PGWALK_TABLE : PGWALK_BUSY;
}

#define POWERPC_RADIX_FORMAT						\
	.leaf_levels	= 3,						\
	.width		= PGWALK_BE64,					\
	.accessed	= POWERPC_RADIX_ACCESSED,			\
	.address	= POWERPC_RADIX_ADDRESS,			\
	.look		= POWERPC_RADIX_VALID | POWERPC_RADIX_LEAF,	\
	.leaf_mask	= POWERPC_RADIX_VALID | POWERPC_RADIX_LEAF,	\
	.leaf_value	= POWERPC_RADIX_VALID | POWERPC_RADIX_LEAF,	\
	.decode		= powerpc_radix_decode

static const struct pgwalk_format __maybe_unused powerpc_radix_4k_format = {
	.bits		= 9,
	POWERPC_RADIX_FORMAT,
};

/* A last-level table has 32 entries, so that the one above maps 2 MB here, too. */
static const struct pgwalk_format __maybe_unused powerpc_radix_64k_format = {
	.bits		= 9,
	.last_bits	= 5,
	POWERPC_RADIX_FORMAT,
};

/**
 * powerpc_radix_tree() - a radix tree of a guest, of four levels and 52 bits
 * @root: its root
 * @page_shift: log2 of the bytes of a page: 12 or 16, as the format has it
 *
 * Return: the tree to pass to a walk.
 */
static __always_inline struct pgwalk_tree
powerpc_radix_tree(void __rcu *root, unsigned int page_shift)
{
	return (struct pgwalk_tree) {
		.root = root,
		.top = 3,
		.pages = BIT_ULL(52 - page_shift),
	};
}

#endif /* _LOCKLESS_PGWALK_FORMATS_POWERPC_RADIX_H */
