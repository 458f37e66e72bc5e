/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Stage-2 translation tables of arm64, as KVM builds them (Arm ARM, DDI 0487,
 * sections D8.3 "Translation table descriptor formats" and D8.5 "Hardware
 * updates to the translation tables"), for each of the three granules.
 *
 * The architecture counts levels from the root, with level 3 the last; here as
 * everywhere in this library the last level is 0. The access flag is the
 * accessed bit, whether it is set by hardware or, where FEAT_HAFDBS is missing,
 * by KVM when an access faults because it is clear.
 */
#ifndef _LOCKLESS_PGWALK_FORMATS_ARM64_S2_H
#define _LOCKLESS_PGWALK_FORMATS_ARM64_S2_H

#include <lockless_pgwalk/format.h>

/* Without this bit hardware ignores all others. */
#define ARM64_S2_VALID		BIT_ULL(0)

/* A table, or a page at level 0; a block without it, which level 0 has not. */
#define ARM64_S2_TABLE		BIT_ULL(1)

/* The access flag, AF. */
#define ARM64_S2_ACCESSED	BIT_ULL(10)

/* One of a group of entries whose attributes must be equal. */
#define ARM64_S2_CONTIGUOUS	BIT_ULL(52)

/*
 * An invalid entry maps nothing, whatever else it says, the owner of the page
 * for example; but if it is locked, it is about to map something.
 */
static __always_inline enum pgwalk_type
arm64_s2_decode(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (!(entry & ARM64_S2_VALID))
		return entry & tree->owned ? PGWALK_BUSY : PGWALK_EMPTY;

	if (level && entry & ARM64_S2_TABLE)
		return PGWALK_TABLE;

	/* Hardware takes a block at level 0 for invalid. */
	if (!level && !(entry & ARM64_S2_TABLE))
		return PGWALK_EMPTY;

	return entry & ARM64_S2_CONTIGUOUS ? PGWALK_BUSY : PGWALK_LEAF;
}

/*
 * A locked entry is being changed this moment, by someone who has a use for it:
 * young. What else is BUSY is valid, but of a kind that KVM does not make
 * today: ask who holds the lock.
 */
static __always_inline enum pgwalk_answer
arm64_s2_busy(const struct pgwalk_tree *tree __maybe_unused, u64 entry,
	      unsigned int level __maybe_unused)
{
	return entry & ARM64_S2_VALID ? PGWALK_SLOW : PGWALK_YOUNG;
}

/* Granules of 4 and 16 KB: bits 9:8 are bits 51:50, if there is LPA2. */
static __always_inline u64
arm64_s2_child(const struct pgwalk_tree *tree, u64 entry)
{
	u64 address = entry & tree->address;
	u64 high = address & GENMASK_ULL(9, 8);

	return (address ^ high) | high << (50 - 8);
}

/* 64 KB: bits 15:12 are bits 51:48, if there is LPA. */
static __always_inline u64
arm64_s2_64k_child(const struct pgwalk_tree *tree, u64 entry)
{
	u64 address = entry & tree->address;
	u64 high = address & GENMASK_ULL(15, 12);

	return (address ^ high) | high << (48 - 12);
}

#define ARM64_S2_FORMAT							\
	.width		= PGWALK_64,					\
	.accessed	= ARM64_S2_ACCESSED,				\
	.look		= ARM64_S2_CONTIGUOUS,				\
	.leaf_mask	= ARM64_S2_VALID | ARM64_S2_TABLE | ARM64_S2_CONTIGUOUS, \
	.leaf_value	= ARM64_S2_VALID | ARM64_S2_TABLE,		\
	.decode		= arm64_s2_decode,				\
	.busy		= arm64_s2_busy

/* Blocks of 2 MB and 1 GB. KVM does not use those of 512 GB, which LPA2 has. */
static const struct pgwalk_format __maybe_unused arm64_s2_4k_format = {
	.bits		= 9,
	.leaf_levels	= 3,
	ARM64_S2_FORMAT,
	.child		= arm64_s2_child,
};

/* Blocks of 32 MB. KVM does not use those of 64 GB, which LPA2 has. */
static const struct pgwalk_format __maybe_unused arm64_s2_16k_format = {
	.bits		= 11,
	.leaf_levels	= 2,
	ARM64_S2_FORMAT,
	.child		= arm64_s2_child,
};

/* Blocks of 512 MB. KVM does not use those of 4 TB, which LPA has. */
static const struct pgwalk_format __maybe_unused arm64_s2_64k_format = {
	.bits		= 13,
	.leaf_levels	= 2,
	ARM64_S2_FORMAT,
	.child		= arm64_s2_64k_child,
};

/**
 * arm64_s2_tree() - a stage-2 table
 * @root: its root. Up to 16 tables may be concatenated there
 * @granule: log2 of the bytes of a page: 12, 14 or 16, as the format has it
 * @start_level: where the walk starts, as the architecture counts: -1 to 3
 * @ia_bits: size of the address space
 * @wide: addresses have 52 bits: FEAT_LPA2, or FEAT_LPA with pages of 64 KB
 * @locked: the bit that says in an invalid entry that somebody is replacing it,
 *	break-before-make. It may be the access flag of valid ones, so no bit of a
 *	leaf may be cleared but by compare-and-exchange; if it is another one, it
 *	is worth a look as well
 *
 * Return: the tree to pass to a walk.
 */
static __always_inline struct pgwalk_tree
arm64_s2_tree(void __rcu *root, unsigned int granule, int start_level,
	      unsigned int ia_bits, bool wide, u64 locked)
{
	/*
	 * In place up to bit 47. LPA2 has bits 49:48 there, too, and 51:50 in 9:8;
	 * LPA has bits 51:48 in 15:12.
	 */
	u64 address = GENMASK_ULL(47, granule);

	if (wide && granule == 16)
		address |= GENMASK_ULL(15, 12);
	else if (wide)
		address |= GENMASK_ULL(49, 48) | GENMASK_ULL(9, 8);

	return (struct pgwalk_tree) {
		.root = root,
		.top = 3U - start_level,
		.pages = BIT_ULL(ia_bits - granule),
		.address = address,
		.owned = locked,
		.tracked = locked & ~ARM64_S2_ACCESSED,
	};
}

#endif /* _LOCKLESS_PGWALK_FORMATS_ARM64_S2_H */
