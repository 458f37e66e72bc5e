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
 * Software, in an invalid entry: somebody is replacing it, break-before-make.
 * The same bit as the access flag, so such an entry must never be taken for a
 * leaf, and no bit of a leaf may be cleared but by compare-and-exchange.
 */
#define ARM64_S2_LOCKED		BIT_ULL(10)

/*
 * Where the address of a table is: in place up to bit 47; with 52-bit addresses
 * up to bit 49 and bits 51:50 in bits 9:8 (FEAT_LPA2, granules of 4 and 16 KB),
 * or bits 51:48 in bits 15:12 (FEAT_LPA, 64 KB).
 */
#define ARM64_S2_4K_ADDRESS		GENMASK_ULL(47, 12)
#define ARM64_S2_4K_ADDRESS_LPA2	(GENMASK_ULL(49, 12) | GENMASK_ULL(9, 8))
#define ARM64_S2_16K_ADDRESS		GENMASK_ULL(47, 14)
#define ARM64_S2_16K_ADDRESS_LPA2	(GENMASK_ULL(49, 14) | GENMASK_ULL(9, 8))
#define ARM64_S2_64K_ADDRESS		GENMASK_ULL(47, 16)
#define ARM64_S2_64K_ADDRESS_LPA	GENMASK_ULL(47, 12)

/*
 * Level of the root, for a walk that starts at @start_level of the architecture,
 * -1 to 3. Up to 16 tables may be concatenated there.
 */
#define ARM64_S2_TOP(start_level)	(3U - (start_level))

/* Size of the address space in pages. */
#define ARM64_S2_4K_PAGES(ia_bits)	BIT_ULL((ia_bits) - 12)
#define ARM64_S2_16K_PAGES(ia_bits)	BIT_ULL((ia_bits) - 14)
#define ARM64_S2_64K_PAGES(ia_bits)	BIT_ULL((ia_bits) - 16)

static __always_inline unsigned int arm64_s2_4k_shift(unsigned int level)
{
	return level * 9;
}

static __always_inline unsigned int arm64_s2_16k_shift(unsigned int level)
{
	return level * 11;
}

static __always_inline unsigned int arm64_s2_64k_shift(unsigned int level)
{
	return level * 13;
}

/*
 * An invalid entry maps nothing, whatever else it says, the owner of the page
 * for example; but if it is locked, it is about to map something.
 */
static __always_inline enum pgwalk_type
arm64_s2_decode(u64 entry, unsigned int level, unsigned int highest_block)
{
	if (!(entry & ARM64_S2_VALID))
		return entry & ARM64_S2_LOCKED ? PGWALK_BUSY : PGWALK_EMPTY;

	if (level && entry & ARM64_S2_TABLE)
		return PGWALK_TABLE;

	/* Hardware takes a block at level 0 for invalid. */
	if (!level && !(entry & ARM64_S2_TABLE))
		return PGWALK_EMPTY;

	if (level > highest_block || entry & ARM64_S2_CONTIGUOUS)
		return PGWALK_BUSY;

	return PGWALK_LEAF;
}

/* Blocks of 2 MB and 1 GB. KVM does not use those of 512 GB, which LPA2 has. */
static __always_inline enum pgwalk_type
arm64_s2_4k_decode(const struct pgwalk_tree *tree, u64 entry,
		   unsigned int level)
{
	return arm64_s2_decode(entry, level, 2);
}

/* Blocks of 32 MB. KVM does not use those of 64 GB, which LPA2 has. */
static __always_inline enum pgwalk_type
arm64_s2_16k_decode(const struct pgwalk_tree *tree, u64 entry,
		    unsigned int level)
{
	return arm64_s2_decode(entry, level, 1);
}

/* Blocks of 512 MB. KVM does not use those of 4 TB, which LPA has. */
static __always_inline enum pgwalk_type
arm64_s2_64k_decode(const struct pgwalk_tree *tree, u64 entry,
		    unsigned int level)
{
	return arm64_s2_decode(entry, level, 1);
}

/*
 * A locked entry is being changed this moment, by someone who has a use for it:
 * young. What else is BUSY is valid, but of a kind that KVM does not make
 * today: ask who holds the lock.
 */
static __always_inline enum pgwalk_answer
arm64_s2_busy(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	return entry & ARM64_S2_VALID ? PGWALK_SLOW : PGWALK_YOUNG;
}

/* 4 and 16 KB: bits 9:8 are bits 51:50, if &pgwalk_tree.address has them. */
static __always_inline u64
arm64_s2_child(const struct pgwalk_tree *tree, u64 entry)
{
	u64 address = entry & tree->address;
	u64 high = address & GENMASK_ULL(9, 8);

	return (address ^ high) | high << (50 - 8);
}

/* 64 KB: bits 15:12 are bits 51:48, likewise. */
static __always_inline u64
arm64_s2_64k_child(const struct pgwalk_tree *tree, u64 entry)
{
	u64 address = entry & tree->address;
	u64 high = address & GENMASK_ULL(15, 12);

	return (address ^ high) | high << (48 - 12);
}

static __always_inline u64 arm64_s2_accessed(const struct pgwalk_tree *tree)
{
	return ARM64_S2_ACCESSED;
}

/* A locked entry has the bit that is the access flag of others. */
static __always_inline u64 arm64_s2_look(const struct pgwalk_tree *tree)
{
	return ARM64_S2_ACCESSED | ARM64_S2_CONTIGUOUS;
}

/**
 * ARM64_S2_FORMAT - what the formats of all granules have in common
 *
 * &pgwalk_tree.address must be given; &pgwalk_tree.accessed is not looked at.
 */
#define ARM64_S2_FORMAT							\
	.entry_size	= sizeof(u64),					\
	.load		= pgwalk_load64,				\
	.busy		= arm64_s2_busy,				\
	.accessed	= arm64_s2_accessed,				\
	.look		= arm64_s2_look,				\
	.exchange	= pgwalk_exchange64

static const struct pgwalk_format __maybe_unused arm64_s2_4k_format = {
	ARM64_S2_FORMAT,
	.shift		= arm64_s2_4k_shift,
	.decode		= arm64_s2_4k_decode,
	.child		= arm64_s2_child,
};

static const struct pgwalk_format __maybe_unused arm64_s2_16k_format = {
	ARM64_S2_FORMAT,
	.shift		= arm64_s2_16k_shift,
	.decode		= arm64_s2_16k_decode,
	.child		= arm64_s2_child,
};

static const struct pgwalk_format __maybe_unused arm64_s2_64k_format = {
	ARM64_S2_FORMAT,
	.shift		= arm64_s2_64k_shift,
	.decode		= arm64_s2_64k_decode,
	.child		= arm64_s2_64k_child,
};

#endif /* _LOCKLESS_PGWALK_FORMATS_ARM64_S2_H */
