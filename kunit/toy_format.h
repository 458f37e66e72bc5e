/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A format that no hardware has, and that has what the others have not: entries
 * of 4 bytes, in either order, in tables of 8, of 32 and of 4 entries; three of the
 * latter side by side as the root; leaves at every level, the root included;
 * a lock marker that is the accessed bit alone; and a bit that makes an entry
 * worth a look, which a leaf may have as well.
 */
#ifndef _LOCKLESS_PGWALK_TOY_FORMAT_H
#define _LOCKLESS_PGWALK_TOY_FORMAT_H

#include <lockless_pgwalk/format.h>

#include <linux/kernel.h>

#include <asm/page.h>

#define TOY_PRESENT		0x01U
#define TOY_TABLE		0x02U
#define TOY_TRACKED		0x04U
/* Writable; or, if not present, being moved by who has the lock. */
#define TOY_SOFTWARE		0x20U
#define TOY_DIRTY		0x40U
#define TOY_ACCESSED		0x80U
#define TOY_LOCKED		TOY_ACCESSED

/* Of a table, counted from the root: tables are aligned to 256 bytes. */
#define TOY_OFFSET		0xffffff00U

#define TOY_PAGES		(3ULL << (3 + 5 + 2))

static __always_inline enum pgwalk_type
toy_decode(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (!entry)
		return PGWALK_EMPTY;
	if (!(entry & TOY_PRESENT))
		return PGWALK_BUSY;
	if (level && entry & TOY_TABLE)
		return PGWALK_TABLE;
	return entry & TOY_TRACKED ? PGWALK_BUSY : PGWALK_LEAF;
}

static __always_inline enum pgwalk_answer
toy_busy(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (entry & (TOY_PRESENT | TOY_SOFTWARE))
		return PGWALK_SLOW;
	return entry == tree->owned ? PGWALK_YOUNG : PGWALK_OLD;
}

static __always_inline u64
toy_child(const struct pgwalk_tree *tree, u64 entry)
{
	return __pa((__force void *)tree->root) + (entry & TOY_OFFSET);
}

#define TOY_FORMAT							\
	.bits		= 5,						\
	.last_bits	= 3,						\
	.leaf_levels	= 3,						\
	.look		= TOY_TRACKED | TOY_SOFTWARE,			\
	.leaf_mask	= TOY_PRESENT | TOY_TRACKED,			\
	.leaf_value	= TOY_PRESENT,					\
	.decode		= toy_decode,					\
	.busy		= toy_busy,					\
	.child		= toy_child

static const struct pgwalk_format toy_format = {
	.width		= PGWALK_BE32,
	TOY_FORMAT,
};

/* The same in the order of the CPU. */
static const struct pgwalk_format toy_cpu_format = {
	.width		= PGWALK_32,
	TOY_FORMAT,
};

static __always_inline struct pgwalk_tree toy_tree(void __rcu *root,
						   u64 accessed)
{
	return (struct pgwalk_tree) {
		.root = root,
		.top = 2,
		.pages = TOY_PAGES,
		.accessed = accessed,
		.owned = TOY_LOCKED,
	};
}

#endif /* _LOCKLESS_PGWALK_TOY_FORMAT_H */
