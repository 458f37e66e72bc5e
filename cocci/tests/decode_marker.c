// SPDX-License-Identifier: GPL-2.0-only
/* Samples for decode_marker.cocci. Never compiled. */

/* The decoders in this file know this marker, or should. */
#define FROZEN_SPTE	(NONPRESENT | 0x5a0)

static enum pgwalk_type never_asks(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (!entry)
		return PGWALK_EMPTY;
	if (level && !(entry & LARGE))
		return PGWALK_TABLE;
	return PGWALK_LEAF; /* BUG */
}

static enum pgwalk_type asks_too_late(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (!level)
		return PGWALK_LEAF; /* BUG */
	if (!(entry & PRESENT))
		return entry ? PGWALK_BUSY : PGWALK_EMPTY;
	return entry & LARGE ? PGWALK_LEAF : PGWALK_TABLE;
}

static __always_inline enum pgwalk_type
asks_for_accessed(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (entry & ACCESSED)
		return level ? PGWALK_TABLE : PGWALK_LEAF; /* BUG */
	return PGWALK_EMPTY;
}

static enum pgwalk_type one_way(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (level > 2) {
		if (entry & VALID)
			return PGWALK_TABLE;
		return PGWALK_EMPTY;
	}
	return PGWALK_LEAF; /* BUG */
}

/* Near misses. */

static enum pgwalk_type asks(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (!(entry & PRESENT))
		return entry ? PGWALK_BUSY : PGWALK_EMPTY;
	if (level && !(entry & LARGE))
		return PGWALK_TABLE;
	return PGWALK_LEAF;
}

static enum pgwalk_type is_told(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (entry == tree->owned)
		return PGWALK_BUSY;
	return level ? PGWALK_TABLE : PGWALK_LEAF;
}

static enum pgwalk_type knows(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	if (entry == FROZEN_SPTE)
		return PGWALK_BUSY;
	return level ? PGWALK_TABLE : PGWALK_LEAF;
}

static enum pgwalk_type helper(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	bool valid = kvm_pte_valid(entry);

	if (!valid)
		return entry ? PGWALK_BUSY : PGWALK_EMPTY;
	return PGWALK_LEAF;
}

static enum pgwalk_type in_one(const struct pgwalk_tree *tree, u64 entry, unsigned int level)
{
	return entry & VALID ? PGWALK_LEAF : PGWALK_EMPTY;
}

static int no_decoder(u64 entry)
{
	return PGWALK_LEAF;
}
