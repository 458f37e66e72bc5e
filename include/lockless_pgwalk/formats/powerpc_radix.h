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

/* Level of the root. */
#define POWERPC_RADIX_TOP	3U

/* Size of the address space in pages: 52 bits. */
#define POWERPC_RADIX_4K_PAGES	BIT_ULL(52 - 12)
#define POWERPC_RADIX_64K_PAGES	BIT_ULL(52 - 16)

static __always_inline unsigned int powerpc_radix_4k_shift(unsigned int level)
{
	return level * 9;
}

/* A last-level table has 32 entries, so that the one above maps 2 MB here, too. */
static __always_inline unsigned int powerpc_radix_64k_shift(unsigned int level)
{
	return level ? level * 9 - 4 : 0;
}

/*
 * Leaves are pages, 2 MB and 1 GB. What is valid and neither that nor a table is
 * not made by KVM. A leaf that hardware ignores for the moment was copied from
 * the page table of a process, where a huge page was just being split.
 */
static __always_inline enum pgwalk_type
powerpc_radix_decode(const struct pgwalk_tree *tree, u64 entry,
		     unsigned int level)
{
	bool leaf = entry & POWERPC_RADIX_LEAF;

	if (!(entry & POWERPC_RADIX_VALID))
		return leaf ? PGWALK_BUSY : PGWALK_EMPTY;

	if (leaf)
		return level < POWERPC_RADIX_TOP ? PGWALK_LEAF : PGWALK_BUSY;

	return level ? PGWALK_TABLE : PGWALK_BUSY;
}

/* Ask who holds the lock. */
static __always_inline enum pgwalk_answer
powerpc_radix_busy(const struct pgwalk_tree *tree, u64 entry,
		   unsigned int level)
{
	return PGWALK_SLOW;
}

static __always_inline u64
powerpc_radix_child(const struct pgwalk_tree *tree, u64 entry)
{
	return entry & POWERPC_RADIX_ADDRESS;
}

static __always_inline u64
powerpc_radix_accessed(const struct pgwalk_tree *tree)
{
	return POWERPC_RADIX_ACCESSED;
}

/**
 * POWERPC_RADIX_FORMAT - what the formats of both page sizes have in common
 *
 * &pgwalk_tree.accessed and &pgwalk_tree.address are not looked at.
 */
#define POWERPC_RADIX_FORMAT						\
	.entry_size	= sizeof(u64),					\
	.load		= pgwalk_load_be64,				\
	.decode		= powerpc_radix_decode,				\
	.busy		= powerpc_radix_busy,				\
	.child		= powerpc_radix_child,				\
	.accessed	= powerpc_radix_accessed,			\
	.exchange	= pgwalk_exchange_be64

static const struct pgwalk_format __maybe_unused powerpc_radix_4k_format = {
	POWERPC_RADIX_FORMAT,
	.shift		= powerpc_radix_4k_shift,
};

static const struct pgwalk_format __maybe_unused powerpc_radix_64k_format = {
	POWERPC_RADIX_FORMAT,
	.shift		= powerpc_radix_64k_shift,
};

#endif /* _LOCKLESS_PGWALK_FORMATS_POWERPC_RADIX_H */
