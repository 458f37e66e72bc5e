/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The page tables of KVM's TDP MMU on x86: EPT (Intel SDM volume 3C, section
 * "The Extended Page Table Mechanism", table "Format of an EPT Page-Table
 * Entry" and its siblings) and nested page tables in the format of long mode
 * (AMD APM volume 2, sections 5.3 "Long-Mode Page Translation" and 15.25
 * "Nested Paging").
 *
 * Whether an entry maps anything is told by a bit that both formats leave to
 * software, so that one decoder serves both; they differ in the position of the
 * accessed bit.
 */
#ifndef _LOCKLESS_PGWALK_FORMATS_X86_TDP_H
#define _LOCKLESS_PGWALK_FORMATS_X86_TDP_H

#include <lockless_pgwalk/format.h>

#define X86_TDP_LEVEL_LG2	9

/* EPT: bit 8, if bit 6 of EPTP enables it. NPT: bit 5, always kept. */
#define X86_TDP_EPT_ACCESSED	BIT_ULL(8)
#define X86_TDP_NPT_ACCESSED	BIT_ULL(5)

/* Maps a page at levels 1 and 2, reserved above; EPT and NPT alike. */
#define X86_TDP_LARGE		BIT_ULL(7)

/* Software: the entry is a leaf or a table. All of hardware's bits may be 0. */
#define X86_TDP_PRESENT		BIT_ULL(11)

/* Software: accesses to this leaf are tracked by taking its permissions. */
#define X86_TDP_AD_MASK		GENMASK_ULL(53, 52)
#define X86_TDP_AD_DISABLED	BIT_ULL(52)

/* Software: nothing here. Bit 63 suppresses #VE, which matters to EPT only. */
#define X86_TDP_NONPRESENT	BIT_ULL(63)

/*
 * Software: the entry is being torn down, alone or with its whole table. Both
 * accessed bits are set in this value, so it must never be taken for a leaf.
 */
#define X86_TDP_FROZEN		(X86_TDP_NONPRESENT | 0x5a0)

/* Bits 51:12. Parts of it may be taken, for memory encryption say. */
#define X86_TDP_ADDRESS		GENMASK_ULL(51, 12)

/* Level of the root: 3 with four levels, 4 with five. */
#define X86_TDP_TOP(levels)	((levels) - 1U)

/* Size of the address space in pages: 48 or 57 bits. */
#define X86_TDP_PAGES(levels)	BIT_ULL((levels) * X86_TDP_LEVEL_LG2)

static __always_inline unsigned int x86_tdp_shift(unsigned int level)
{
	return level * X86_TDP_LEVEL_LG2;
}

static __always_inline enum pgwalk_type
x86_tdp_decode(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (!(entry & X86_TDP_PRESENT))
		return entry & ~X86_TDP_NONPRESENT ? PGWALK_BUSY : PGWALK_EMPTY;

	if (level && !(entry & X86_TDP_LARGE))
		return PGWALK_TABLE;

	/* No format has leaves of 512 GB or more. */
	if (level > 2)
		return PGWALK_BUSY;

	if ((entry & X86_TDP_AD_MASK) == X86_TDP_AD_DISABLED)
		return PGWALK_BUSY;

	return PGWALK_LEAF;
}

/*
 * A leaf that is BUSY keeps no accessed bit: ask with the lock held.  What was
 * frozen may have been young, and may be in use on, by a large leaf in place of
 * its table: not to know is to say young, which keeps a page a little longer,
 * where old might evict it.  What is left is a reserved entry that makes the
 * guest's access to a device exit, or garbage: no memory, so old.
 */
static __always_inline enum pgwalk_answer
x86_tdp_busy(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (entry & X86_TDP_PRESENT)
		return PGWALK_SLOW;

	return entry == X86_TDP_FROZEN ? PGWALK_YOUNG : PGWALK_OLD;
}

static __always_inline u64
x86_tdp_child(const struct pgwalk_tree *tree, u64 entry)
{
	return entry & tree->address;
}

static __always_inline u64 x86_tdp_accessed(const struct pgwalk_tree *tree)
{
	return tree->accessed;
}

/* A frozen entry has the accessed bit, wherever that is. */
static __always_inline u64 x86_tdp_look(const struct pgwalk_tree *tree)
{
	return tree->accessed | X86_TDP_AD_DISABLED;
}

/**
 * X86_TDP_FORMAT - what all formats derived from this one have in common
 *
 * To be completed with &pgwalk_format.load and &pgwalk_format.exchange, the two
 * that touch memory. &pgwalk_tree.accessed and &pgwalk_tree.address must be
 * given.
 */
#define X86_TDP_FORMAT							\
	.entry_size	= sizeof(u64),					\
	.shift		= x86_tdp_shift,				\
	.decode		= x86_tdp_decode,				\
	.busy		= x86_tdp_busy,					\
	.child		= x86_tdp_child,				\
	.accessed	= x86_tdp_accessed,				\
	.look		= x86_tdp_look

static const struct pgwalk_format __maybe_unused x86_tdp_format = {
	X86_TDP_FORMAT,
	.load		= pgwalk_load64,
	.exchange	= pgwalk_exchange64,
};

#endif /* _LOCKLESS_PGWALK_FORMATS_X86_TDP_H */
