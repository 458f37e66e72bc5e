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

/* log2 of the entries of a table. */
#define X86_TDP_BITS		9

/* EPT: bit 8, if bit 6 of EPTP enables it. NPT: bit 5, always kept. */
#define X86_TDP_EPT_ACCESSED	BIT_ULL(8)
#define X86_TDP_NPT_ACCESSED	BIT_ULL(5)

/* Maps a page at levels 1 and 2, reserved above; EPT and NPT alike. */
#define X86_TDP_LARGE		BIT_ULL(7)

/* Software: the entry is a leaf or a table. All of hardware's bits may be 0. */
#define X86_TDP_PRESENT		BIT_ULL(11)

/* Software: nothing here. Bit 63 suppresses #VE, which matters to EPT only. */
#define X86_TDP_NONPRESENT	BIT_ULL(63)

/* Hardware's bits may all be 0 in a leaf or a table. Only levels 0 to 2 have leaves. */
static __always_inline enum pgwalk_type
x86_tdp_decode(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (!(entry & X86_TDP_PRESENT))
		return entry & ~X86_TDP_NONPRESENT ? PGWALK_BUSY : PGWALK_EMPTY;

	if (level && !(entry & X86_TDP_LARGE))
		return PGWALK_TABLE;

	return entry & tree->tracked ? PGWALK_BUSY : PGWALK_LEAF;
}

/*
 * A leaf that is BUSY keeps no accessed bit: ask with the lock held.  What is
 * owned may have been young, and may be in use on, by a large leaf in place of
 * its table: not to know is to say young, which keeps a page a little longer,
 * where old might evict it.  What is left is a reserved entry that makes the
 * guest's access to a device exit, or garbage: no memory, so old.
 */
static __always_inline enum pgwalk_answer
x86_tdp_busy(const struct pgwalk_tree *tree, u64 entry,
	     unsigned int level __maybe_unused)
{
	if (entry & X86_TDP_PRESENT)
		return PGWALK_SLOW;

	return entry == tree->owned ? PGWALK_YOUNG : PGWALK_OLD;
}

/* Who owns an entry makes it look accessed, so no more bits need a look. */
#define X86_TDP_FORMAT							\
	.bits		= X86_TDP_BITS,					\
	.leaf_levels	= 3,						\
	.width		= PGWALK_64,					\
	.leaf_mask	= X86_TDP_PRESENT,				\
	.leaf_value	= X86_TDP_PRESENT,				\
	.decode		= x86_tdp_decode,				\
	.busy		= x86_tdp_busy

static const struct pgwalk_format __maybe_unused x86_tdp_format = {
	X86_TDP_FORMAT,
};

/**
 * x86_tdp_tree() - a page table of the TDP MMU
 * @root: its root
 * @levels: 4 or 5
 * @accessed: X86_TDP_EPT_ACCESSED, X86_TDP_NPT_ACCESSED, or 0 if EPT keeps none
 * @address: where the address of a table is: bits 51:12, of which a part may be
 *	taken, for memory encryption say
 * @frozen: the value of an entry that is being torn down, alone or with its
 *	table. It has both accessed bits set and is not X86_TDP_PRESENT
 * @untracked: the bit of leaves whose accesses are tracked by taking their
 *	permissions, as there are no accessed bits
 *
 * Return: the tree to pass to a walk.
 */
static __always_inline struct pgwalk_tree
x86_tdp_tree(void __rcu *root, unsigned int levels, u64 accessed, u64 address,
	     u64 frozen, u64 untracked)
{
	return (struct pgwalk_tree) {
		.root = root,
		.top = levels - 1,
		.pages = BIT_ULL(levels * X86_TDP_BITS),
		.accessed = accessed,
		.address = address,
		.owned = frozen,
		.tracked = untracked,
	};
}

#endif /* _LOCKLESS_PGWALK_FORMATS_X86_TDP_H */
